/* Lines that do not begin with an object: text before their JSON, or no JSON at all. */
#include "scan.h"

/* Return the bytes of a separator or bracket of arrays at a place; 0 for none. */
static unsigned match_separator(const u8 *at)
{
    switch (*at) {
    case ' ': case '\t': case '\r': case ',': case 0x1E: case 0: return 1;
    case 0xEF: return at[1] == 0xBB && at[2] == 0xBF ? 3 : 0;
    default: return 0;
    }
}

/* Return whether a number, string or word may end before a byte. */
static int may_follow_scalar(const u8 *at, const u8 *end)
{
    return at >= end || match_separator(at) || *at == '[' || *at == ']' || *at == '{' || *at == '}';
}

enum line_head read_head(scanner *s, const u8 *at, const u8 *end, const u8 **reached)
{
    int has_brackets = 0;
    while (at < end) {
        unsigned size = match_separator(at);
        *reached = at;
        if (size) {
            at += size;
        } else if (*at == '[' || *at == ']') {
            has_brackets = 1;
            at++;
        } else if (*at == '{') {
            return has_brackets ? HEAD_DOUBT : HEAD_SCALARS;
        } else {
            at = walk_plain_scalar(s, at);
            if (!at || !may_follow_scalar(at, end)) return HEAD_TEXT;
        }
    }
    return HEAD_DOUBT;
}

static int is_mark(u8 byte)
{
    return byte == '"' || byte == '{' || byte == '}' || byte == '[' || byte == ']';
}

/* Return the next { or [; the end for none. */
static const u8 *find_bracket(const u8 *at, const u8 *end)
{
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* They differ in one bit. */
        __m128i upper = _mm_andnot_si128(_mm_set1_epi8(0x20), bytes);
        unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(upper, _mm_set1_epi8('[')));
        if (mask) return at + __builtin_ctz(mask);
    }
#endif
    while (at < end && *at != '{' && *at != '[') at++;
    return at;
}

const u8 *find_place(const u8 *at, const u8 *end)
{
    for (; (at = find_bracket(at, end)) < end; at++) {
        const u8 *next = at + 1;
        while (*next == ' ' || *next == '\t') next++;
        if (next < end && is_mark(*next)) return at;
    }
    return NULL;
}

/* Return whether the rest of a line is the closing brackets of those that its prefix has opened. */
static int closes_prefix(const u8 *begin, const u8 *at, const u8 *rest, const u8 *end)
{
    enum { MAX_OPENED = 32 };
    u8 opened[MAX_OPENED];
    int count = 0;
    for (; begin < at; begin++) {
        if (*begin == '{' || *begin == '[') {
            if (count == MAX_OPENED) return 0;
            opened[count++] = *begin == '{' ? '}' : ']';
        } else if (count && *begin == opened[count - 1]) {
            count--;
        }
    }
    while (rest < end) {
        unsigned size = match_separator(rest);
        if (!size) {
            if (!count || *rest != opened[--count]) return 0;
            size = 1;
        }
        rest += size;
    }
    return 1;
}

int may_end_line(const u8 *begin, const u8 *at, const u8 *rest, const u8 *end)
{
    int has_marks = 0;
    for (const u8 *byte = rest; byte < end; byte++)
        has_marks |= is_mark(*byte) || *byte == '\'';
    return !has_marks || closes_prefix(begin, at, rest, end);
}

/* Return whether a line may be the first part of one that a container's runtime has cut. */
int is_first_part(const u8 *begin, const u8 *at)
{
    for (const u8 *sign = begin; (sign = memchr(sign, 'P', (size_t)(at - sign))); sign++)
        if (sign - begin >= 7 && (!memcmp(sign - 7, "stdout ", 7) || !memcmp(sign - 7, "stderr ", 7)))
            return 1;
    return 0;
}

/* Return whether a line that holds no place of JSON is none: no value goes on behind it, and no
   quoted text may be JSON. */
int is_plain_text(const u8 *at, const u8 *end)
{
    const u8 *last = end;
    while (last > at && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r')) last--;
    if (last > at && last[-1] == '{') return 0;
    const u8 *quote = memchr(at, '"', (size_t)(end - at));
    if (!quote) return 1;
    size_t rest = (size_t)(end - quote);
    return !memchr(quote, '{', rest) && !memchr(quote, '[', rest) && !memchr(quote, '\\', rest);
}

int are_empty_values(const u8 *at, const u8 *end)
{
    while (at < end) {
        unsigned size = match_separator(at);
        if (!size) size = (at[0] == '[' && at[1] == ']') || (at[0] == '{' && at[1] == '}') ? 2 : 0;
        if (!size) return 0;
        at += size;
    }
    return 1;
}

/* -- quoted texts ----------------------------------------------------------------------------- */

/* Return the quote that ends a text, whose text begins at `at`; NULL for none. */
static const u8 *find_text_end(const u8 *at, const u8 *end)
{
    for (at = skip_plain(at); at < end; at = skip_plain(at + 1)) {
        if (*at == '"') return at;
        if (*at == '\\' && ++at >= end) return NULL;
    }
    return NULL;
}

static int is_key_byte(u8 byte)
{
    return is_digit(byte) || is_lower(to_lower(byte)) || byte == '_' || byte == '.' || byte == '@'
        || byte == '$' || byte == '-';
}

/* Return whether a quoted text has a key of bodies before it: `body="`. */
static int has_body_key(const scanner *s, const u8 *begin, const u8 *quote)
{
    const u8 *last = quote;
    if (last > begin && (last[-1] == ' ' || last[-1] == '\t')) last--;
    if (last == begin || (last[-1] != '=' && last[-1] != ':')) return 0;
    const u8 *key = --last;
    while (key > begin && is_key_byte(key[-1])) key--;
    if (key > begin && key[-1] >= 0x80) return 0;
    return last - key <= KEY_CACHE_BYTES && is_body_key(s->lists, key, (size_t)(last - key));
}

/* Return the next quote of a text that may be JSON, and count those of other texts before it; NULL for none.
   `is_certain` becomes 0 where a text has no end, or where it is not told whether it is JSON. */
static const u8 *find_json_quote(const u8 *at, const u8 *end, u32 *count, int *is_certain)
{
    for (; (at = memchr(at, '"', (size_t)(end - at))); at++, *count += 1) {
        if (at[1] == '{') return at;
        int may_be_json = at[1] == '[' || at[1] == '\\' || at[1] == ' ' || at[1] == '\t' || at[1] == '\r';
        if (may_be_json || !(at = find_text_end(at + 1, end))) {
            *is_certain = 0;
            return NULL;
        }
    }
    return NULL;
}

const u8 *find_quoted(const u8 *begin, const u8 *end, u32 *count)
{
    const u8 *last = end;
    int is_certain = 1;
    while (last > begin && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r')) last--;
    if (last > begin && last[-1] == '{') return NULL;
    *count = 0;
    const u8 *found = find_json_quote(begin, end, count, &is_certain);
    return found && found > begin ? found : NULL;
}

int is_only_quoted(const scanner *s, const u8 *begin, const u8 *quote, u32 count, const u8 *rest,
                   const u8 *end)
{
    int is_certain = 1;
    if (rest[-1] != '"' || rest[-2] != '}') return 0;
    if (find_json_quote(rest, end, &count, &is_certain) || !is_certain) return 0;
    return !count || has_body_key(s, begin, quote);
}
