/* Texts that stand for others: base64, percent-encoding, forms. As `judge/texts.py` has them. */
#include "scan.h"

enum { MIN_BASE64 = 16 };

const u8 base64_values[256] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 62, 255, 62, 255, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 255, 255, 255, 255, 255, 255,
    255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 255, 255, 255, 255, 63,
    255, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

int is_base64(const u8 *text, size_t length)
{
    if (length < MIN_BASE64) return 0;
    for (int sign = 0; sign < 2 && text[length - 1] == '='; sign++) length--;
    for (size_t at = 0; at < length; at++)
        if (base64_values[text[at]] >= 64) return 0;
    return length % 4 != 1;
}

size_t decode_base64(const u8 *text, size_t length, u8 *out)
{
    if (length < MIN_BASE64) return 0;
    for (int sign = 0; sign < 2 && text[length - 1] == '='; sign++) length--;
    if (length % 4 == 1) return 0;
    u8 *begin = out, found = 0;
    for (; length >= 4; text += 4, length -= 4, out += 3) {
        u8 one = base64_values[text[0]], two = base64_values[text[1]];
        u8 three = base64_values[text[2]], four = base64_values[text[3]];
        found |= (u8)(one | two | three | four);
        out[0] = (u8)(one << 2 | two >> 4);
        out[1] = (u8)(two << 4 | three >> 2);
        out[2] = (u8)(three << 6 | four);
        if (found >= 64) return 0;
    }
    u32 bits = 0, count = 0;
    for (; count < length; count++) {
        u8 value = base64_values[text[count]];
        found |= value;
        bits |= (u32)value << (18 - 6 * count);
    }
    if (count > 1) *out++ = (u8)(bits >> 16);
    if (count > 2) *out++ = (u8)(bits >> 8);
    return found < 64 ? (size_t)(out - begin) : 0;
}

const u8 hex_digits[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8,
    ['8'] = 9, ['9'] = 10,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

int is_percent_encoded(const u8 *text, size_t length)
{
    const u8 *first = memchr(text, '%', length), *end = text + length;
    if (!first || memchr(text, '=', (size_t)(first - text))) return 0;
    for (const u8 *at = first; end - at >= 3; at++) {
        if (*at != '%') continue;
        u8 low = to_lower(at[2]);
        if ((at[1] == '7' || at[1] == '5') && low == 'b') return 1;
        if (at[1] == '2' && low == '2') return 1;
    }
    return 0;
}

/* Copy a text up to its first percent or plus, and up to 15 bytes more; return how many there are. */
static size_t copy_unencoded(u8 *out, const u8 *text, size_t length)
{
    size_t at = 0;
#if defined(__SSE2__)
    for (; at < length; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        _mm_storeu_si128((__m128i *)(void *)(out + at), bytes);
        unsigned mask = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('%')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('+'))));
        if (!mask) continue;
        size_t sign = at + (size_t)__builtin_ctz(mask);
        return sign < length ? sign : length;
    }
    return length;
#else
    for (; at < length && text[at] != '%' && text[at] != '+'; at++) out[at] = text[at];
    return at;
#endif
}

/* Read the sign that a percent or plus stands for; return how many bytes it is spelled in. */
static inline size_t read_sign(const u8 *text, size_t length, u8 *sign)
{
    *sign = *text == '+' ? ' ' : *text;
    if (*text != '%' || length < 3) return 1;
    unsigned high = hex_digits[text[1]], low = hex_digits[text[2]];
    if (!high || !low) return 1;
    *sign = (u8)((high - 1) << 4 | (low - 1));
    return 3;
}

size_t decode_percent(const u8 *text, size_t length, u8 *out)
{
    size_t size = 0, at = 0;
    while (at < length) {
        if (text[at] != '%' && text[at] != '+') {
            size_t plain = copy_unencoded(out + size, text + at, length - at);
            at += plain;
            size += plain;
            continue;
        }
        at += read_sign(text + at, length - at, out + size);
        size++;
    }
    return size;
}

size_t decode_signs(const u8 *text, size_t length, u64 places, u8 *out, int *is_ascii)
{
    size_t size = 0, at = 0;
    u8 found = 0;
    for (;; places &= places - 1) {
        size_t place = places ? (size_t)__builtin_ctzll(places) : length, plain = place - at;
        /* Up to 15 bytes more are copied. */
        for (size_t copied = 0; copied < plain; copied += 16)
            memcpy(out + size + copied, text + at + copied, 16);
        size += plain;
        if (!places) break;
        u8 sign;
        at = place + read_sign(text + place, length - place, &sign);
        found |= sign;
        out[size++] = sign;
    }
    *is_ascii = found < 0x80;
    return size;
}

static int is_ascii_space(u8 byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r') || (byte >= 0x1C && byte <= 0x1F);
}

int trim_form(const u8 **begin, const u8 **end)
{
    const u8 *at = *begin, *last = *end;
    while (at < last && is_ascii_space(*at)) at++;
    while (last > at && is_ascii_space(last[-1])) last--;
    if (at == last || *at >= 0x80) return 0;
    if (last[-1] >= 0x80) {
        /* Unicode has more white space, which begins with these bytes. */
        const u8 *lead = last - 1;
        while (lead > at && (*lead & 0xC0) == 0x80) lead--;
        if (*lead == 0xC2 || (*lead >= 0xE1 && *lead <= 0xE3)) return 0;
    }
    if (*at == '?') at++;
    *begin = at;
    *end = last;
    return 1;
}

int is_form_key(u8 byte)
{
    return is_digit(byte) || is_upper(byte) || is_lower(byte)
        || (byte && strchr("_.$@[]%+-", byte) != NULL);
}

int find_query(const u8 **begin, const u8 **end)
{
    const u8 *at = *begin, *last = *end;
    if (at < last && *at == '?') at++;
    if (memchr(at, ' ', (size_t)(last - at))) {
        /* The first word that has a query, or may be one. */
        const u8 *word = at, *behind = at;
        for (;; word = behind + 1) {
            if (word > last) return 0;
            behind = memchr(word, ' ', (size_t)(last - word));
            if (!behind) behind = last;
            size_t size = (size_t)(behind - word);
            if (memchr(word, '?', size) || memchr(word, '=', size)) break;
            if (behind == last) return 0;
        }
        at = word;
        last = behind;
    }
    const u8 *hash = memchr(at, '#', (size_t)(last - at));
    if (hash) last = hash;
    const u8 *mark = memchr(at, '?', (size_t)(last - at));
    *begin = mark ? mark + 1 : at;
    *end = last;
    return 1;
}

const u8 *find_json_place(const u8 *at, const u8 *end)
{
    for (; at < end; at++) {
        if (*at != '{' && *at != '[') continue;
        const u8 *next = at + 1;
        while (next < end && is_ascii_space(*next)) next++;
        if (next < end && *next >= 0x80) return NULL;
        if (next < end && strchr("\"{[]}", *next ? *next : 'x')) return at;
    }
    return NULL;
}
