/* Texts: characters, escapes, and whether one may hold what the judge would find in it. */
#include "scan.h"

const u8 *skip_ascii(const u8 *at, const u8 *end)
{
    for (; end - at >= 8; at += 8) {
        u64 bytes;
        memcpy(&bytes, at, 8);
        if (bytes & 0x8080808080808080u) break;
    }
    while (at < end && *at < 0x80) at++;
    return at;
}

int is_valid_utf8(const u8 *text, size_t length)
{
    const u8 *end = text + length, *at = skip_ascii(text, end);
    while (at < end) {
        u8 bytes[4] = {0};
        memcpy(bytes, at, (size_t)(end - at) < 4 ? (size_t)(end - at) : 4);
        unsigned size = match_utf8(bytes);
        if (!size) return 0;
        at = skip_ascii(at + size, end);
    }
    return 1;
}

size_t count_characters(const u8 *text, size_t length)
{
    size_t count = 0;
    for (size_t at = 0; at < length; at++) count += (text[at] & 0xC0) != 0x80;
    return count;
}

size_t find_character(const u8 *text, size_t length, size_t characters)
{
    size_t at = 0;
    for (; at < length; at++)
        if ((text[at] & 0xC0) != 0x80 && characters-- == 0) break;
    return at;
}

static unsigned read_hex(const u8 *text)
{
    unsigned value = 0;
    for (int at = 0; at < 4; at++) value = value * 16 + hex_digits[text[at]] - 1u;
    return value;
}

static size_t write_character(unsigned code, u8 *out)
{
    if (code < 0x80) {
        out[0] = (u8)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (u8)(0xC0 | code >> 6);
        out[1] = (u8)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (u8)(0xE0 | code >> 12);
        out[1] = (u8)(0x80 | (code >> 6 & 0x3F));
        out[2] = (u8)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (u8)(0xF0 | code >> 18);
    out[1] = (u8)(0x80 | (code >> 12 & 0x3F));
    out[2] = (u8)(0x80 | (code >> 6 & 0x3F));
    out[3] = (u8)(0x80 | (code & 0x3F));
    return 4;
}

/* Copy a text up to its first backslash, and up to 15 bytes more; return how many there are. */
static size_t copy_plain(u8 *out, const u8 *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        memcpy(out + at, text + at, 16);
#if defined(__SSE2__)
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
        if (mask) {
            at += (size_t)__builtin_ctz(mask);
            break;
        }
        at += 16;
#else
        size_t end = at + 16;
        while (at < end && text[at] != '\\') at++;
        if (at < end) break;
#endif
    }
    return at < length ? at : length;
}

size_t unescape(const u8 *text, size_t length, u8 *out)
{
    size_t at = 0, size = 0;
    while (at < length) {
        size_t plain = copy_plain(out + size, text + at, length - at);
        at += plain;
        size += plain;
        if (at == length) break;
        u8 sign = text[at + 1];
        at += 2;
        switch (sign) {
        case 'b': out[size++] = '\b'; break;
        case 'f': out[size++] = '\f'; break;
        case 'n': out[size++] = '\n'; break;
        case 'r': out[size++] = '\r'; break;
        case 't': out[size++] = '\t'; break;
        case 'u': {
            unsigned code = read_hex(text + at);
            at += 4;
            if (code >= 0xD800 && code < 0xE000) {
                unsigned low = 0;
                if (code < 0xDC00 && at + 6 <= length && text[at] == '\\' && text[at + 1] == 'u')
                    low = read_hex(text + at + 2);
                if (low >= 0xDC00 && low < 0xE000) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    at += 6;
                } else {
                    code = 0xFFFD; /* half a pair */
                }
            }
            size += write_character(code, out + size);
            break;
        }
        default: out[size++] = sign;
        }
    }
    return size;
}

static int is_in(u8 byte, const char *signs)
{
    return byte && strchr(signs, byte) != NULL;
}

/* White space to Python's str: what may not be is as good as what is. */
static int may_be_space(u8 byte) { return byte <= ' ' || byte >= 0x80; }

/* What bytes may mean in a text that stands for another. */
enum byte_class {
    BYTE_OPENS = 1 << 0,   /* { [ */
    BYTE_PERCENT = 1 << 1,
    BYTE_QUOTE = 1 << 2,
    BYTE_EQUALS = 1 << 3,
    BYTE_SPACE = 1 << 4,   /* or perhaps white space: see `may_be_space` */
    BYTE_BASE64 = 1 << 5,
    BYTE_OTHER = 1 << 6,
};

enum { MIN_BASE64_SIGNS = 14 /* without those that fill it up */ };

static const u8 byte_classes[256] = {
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 64, 4, 64, 64, 2, 64, 64, 64, 64, 64, 32, 64, 32, 64, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 64, 64, 64, 8, 64, 64,
    64, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 1, 64, 64, 64, 32,
    64, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 1, 64, 64, 64, 64,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
};

/* Return whether what the signs of base64 in a text stand for is UTF-8 that may say something. Of nearly
   all texts the first bytes are not. */
static int stands_for_text(const u8 *text, size_t length)
{
    u32 bits = 0, count = 0;
    u8 window[4] = {0};
    unsigned held = 0, follow = 0;
    int may_say = 0;
    for (size_t at = 0; at < length; at++) {
        u8 value = base64_values[text[at]];
        if (value >= 64) continue;
        bits = bits << 6 | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        u8 plain = (u8)(bits >> count);
        may_say |= plain == '{' || plain == '[' || plain == '"' || plain == '=';
        /* UTF-8, character by character. */
        if (!held) {
            if (plain < 0x80) continue;
            if (plain < 0xC2 || plain > 0xF4) return 0;
            follow = plain >= 0xF0 ? 4 : plain >= 0xE0 ? 3 : 2;
        } else if ((plain & 0xC0) != 0x80) {
            return 0;
        }
        window[held++] = plain;
        if (held < follow) continue;
        if (match_utf8(window) != follow) return 0;
        held = 0;
        memset(window, 0, sizeof window);
    }
    return may_say && !held;
}

int may_be_base64(const u8 *text, size_t length)
{
    size_t signs = 0;
    int has_end = 0;
    if (length < MIN_BASE64_SIGNS || !stands_for_text(text, length)) return 0;
    for (size_t at = 0; at < length; at++) {
        u8 class_ = byte_classes[text[at]];
        if (class_ == BYTE_BASE64) {
            if (has_end) return 0;
            signs++;
        } else if (class_ == BYTE_EQUALS) {
            has_end = 1;
        } else if (class_ != BYTE_SPACE) {
            return 0;
        }
    }
    return signs + (has_end ? 2u : 0u) >= 16;
}

static int may_be_form(const u8 *text, size_t length)
{
    const u8 *sign = memchr(text, '=', length);
    if (!sign) return 0;
    const u8 *at = text;
    while (at < sign && may_be_space(*at)) at++;
    if (at < sign && *at == '?') at++;
    if (at == sign) return 0;
    for (; at < sign; at++)
        if (!is_digit(*at) && !is_upper(*at) && !is_lower(*at) && !is_in(*at, "_.$@[]%+-"))
            return 0;
    return 1;
}

/* Return whether a bracket in a text may begin JSON. */
static int may_hold_json(const u8 *text, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        if (text[at] != '{' && text[at] != '[') continue;
        u8 next = at + 1 < length ? text[at + 1] : 'x';
        if (is_in(next, "\"{[]}") || may_be_space(next)) return 1;
    }
    return 0;
}

/* Return whether a text has a bracket or a quote that is percent-encoded. */
static int may_be_percent(const u8 *text, size_t length)
{
    for (size_t at = 0; at + 2 < length; at++) {
        if (text[at] != '%') continue;
        u8 high = text[at + 1], low = to_lower(text[at + 2]);
        if ((high == '7' && low == 'b') || (high == '5' && low == 'b') || (high == '2' && low == '2'))
            return 1;
    }
    return 0;
}

/* Return whether a text has any of { [ % " =. READ_AHEAD bytes are behind it. */
static int has_signs(const u8 *text, size_t length)
{
#if defined(__SSE2__)
    for (size_t at = 0; at < length; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        /* { and [ differ in one bit. */
        __m128i upper = _mm_andnot_si128(_mm_set1_epi8(0x20), bytes);
        __m128i found = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(upper, _mm_set1_epi8('[')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%'))),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('='))));
        unsigned mask = (unsigned)_mm_movemask_epi8(found);
        if (length - at < 16) mask &= (1u << (length - at)) - 1;
        if (mask) return 1;
    }
    return 0;
#else
    unsigned found = 0;
    for (size_t at = 0; at < length; at++) found |= byte_classes[text[at]];
    return (found & (BYTE_OPENS | BYTE_PERCENT | BYTE_QUOTE | BYTE_EQUALS)) != 0;
#endif
}

int may_hold_values(const u8 *text, size_t length)
{
    unsigned found = 0;
    if (!has_signs(text, length)) return may_be_base64(text, length);
    for (size_t at = 0; at < length; at++) found |= byte_classes[text[at]];
    if ((found & BYTE_OPENS) && may_hold_json(text, length)) return 1;
    if ((found & BYTE_PERCENT) && may_be_percent(text, length)) return 1;
    if (found & BYTE_QUOTE) {
        size_t first = 0;
        while (first < length && (may_be_space(text[first]) || text[first] == ',')) first++;
        if (first < length && text[first] == '"') return 1;
    }
    if ((found & BYTE_EQUALS) && may_be_form(text, length)) return 1;
    return !(found & ~(unsigned)(BYTE_BASE64 | BYTE_SPACE | BYTE_EQUALS))
        && may_be_base64(text, length);
}

int may_hold_request(const word_list *lists, const u8 *text, size_t length)
{
    static const char *const ends[] = {
        "triggered", "engaged", "email", "phone", "booked", "requested",
        "initiated", "timeout", "ended", "completed", "closed", "ready",
    };
    if (!memchr(text, '=', length)) return 0;
    if (memchr(text, '%', length) || lists[WORDS_GIVEN_NAME].length) return 1;
    for (size_t number = 0; number < sizeof ends / sizeof *ends; number++) {
        size_t size = strlen(ends[number]);
        for (size_t at = 0; at + size <= length; at++) {
            size_t same = 0;
            while (same < size && to_lower(text[at + same]) == (u8)ends[number][same]) same++;
            if (same == size) return 1;
        }
    }
    return 0;
}
