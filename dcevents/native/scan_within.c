/* Lines within a value that goes on over lines: passed over, as long as nothing on them is odd.

   The rules are those of `reading/framing/tokens.py` and `attempts.py`, which read all other lines: the first
   of a value and its last, broken ones, and those that may be an event by themselves. */
#include "scan_walk.h"

enum { MAX_OPEN = 512 /* MAX_LEVELS of reading/json_value.py */ };
#define NO_PLACE UINT64_MAX

/* What may come next, numbered as in tokens.py. */
enum expected { VALUE, VALUE_OR_CLOSE, KEY, KEY_OR_CLOSE, COLON, COMMA_OR_CLOSE };

/* What is known of a value after some of its text: see ValueScan. */
typedef struct {
    u64 openers[MAX_OPEN]; /* where its open brackets lie in the input */
    u64 first_object;      /* NO_PLACE for none so far */
    u32 count, expected;
    u8 brackets[MAX_OPEN];
} open_value;

static int takes_value(const open_value *v)
{
    return v->expected == VALUE || v->expected == VALUE_OR_CLOSE;
}

static int open_bracket(open_value *v, u8 bracket, u64 place)
{
    if (!takes_value(v) || v->count == MAX_OPEN) return 0;
    v->openers[v->count] = place;
    v->brackets[v->count++] = bracket;
    if (bracket == '{' && v->first_object == NO_PLACE) v->first_object = place;
    v->expected = bracket == '{' ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
    return 1;
}

/* Close the innermost bracket; return 0 where that is no JSON, or ends the value. */
static int close_bracket(open_value *v, u8 bracket)
{
    int may_close = v->expected == VALUE_OR_CLOSE || v->expected == KEY_OR_CLOSE
        || v->expected == COMMA_OR_CLOSE;
    if (!may_close || v->count < 2) return 0;
    if (v->brackets[v->count - 1] != (bracket == '}' ? '{' : '[')) return 0;
    v->count--;
    v->expected = COMMA_OR_CLOSE;
    return 1;
}

/* Take a comma or colon; return 0 where none may stand. */
static int take_sign(open_value *v, u8 sign)
{
    if (v->expected != (sign == ',' ? COMMA_OR_CLOSE : COLON) || !v->count) return 0;
    int is_next_key = sign == ',' && v->brackets[v->count - 1] == '{';
    v->expected = is_next_key ? KEY : VALUE;
    return 1;
}

/* Take a string, number or word; return the place behind it, NULL where none may stand. */
static const u8 *take_scalar(open_value *v, const u8 *at)
{
    int ignored = 0, is_key = v->expected == KEY || v->expected == KEY_OR_CLOSE;
    if (!takes_value(v) && !(is_key && *at == '"')) return NULL;
    v->expected = is_key ? COLON : COMMA_OR_CLOSE;
    if (*at == '"') {
        const u8 *end = match_string(at + 1, &ignored);
        return end ? end + 1 : NULL;
    }
    return *at == '-' || is_digit(*at) ? match_number(at, &ignored) : match_word(at);
}

/* Take a token, or a byte of white space, which lies at `place` in the input; return the place behind it, NULL
   for one that is odd, or ends the value. */
static const u8 *take_token(open_value *v, const u8 *at, u64 place)
{
    switch (*at) {
    case ' ': case '\t': case '\r': return at + 1;
    case '{': case '[': return open_bracket(v, *at, place) ? at + 1 : NULL;
    case '}': case ']': return close_bracket(v, *at) ? at + 1 : NULL;
    case ',': case ':': return take_sign(v, *at) ? at + 1 : NULL;
    default: return take_scalar(v, at);
    }
}

/* Take a line; return its line feed, NULL for one that is odd, or ends the value. */
static const u8 *take_line(open_value *v, const u8 *at, u64 place, int is_array)
{
    const u8 *begin = at;
    while (*at != '\n') {
        /* An array with an object is none that is a value: its members are. */
        if (is_array && *at == '{') return NULL;
        at = take_token(v, at, place + (u64)(at - begin));
        if (!at) return NULL;
    }
    return at;
}

static void copy_value(open_value *to, const open_value *from)
{
    memcpy(to->openers, from->openers, from->count * sizeof *from->openers);
    memcpy(to->brackets, from->brackets, from->count);
    to->first_object = from->first_object;
    to->count = from->count;
    to->expected = from->expected;
}

/* Pass over the next lines of a value, which lie at `place` in the input; none that ends behind `last`
   is one of them. Return how many bytes they have, and set how many they are. READ_AHEAD bytes follow
   the bytes given. */
DC_EXPORT u32 dc_pass_lines_within(open_value *v, const u8 *data, u32 length, u64 place, u64 last,
                                   int is_array, u32 *lines)
{
    open_value before;
    u32 begin = 0;
    if (place <= last && length > last - place + 1) length = (u32)(last - place + 1);
    while (length && data[length - 1] != '\n') length--;
    *lines = 0;
    if (place > last || v->count > MAX_OPEN) return 0;
    while (begin < length) {
        const u8 *at = data + begin;
        if (find_event_line(at, data + length - 1) == MAY_BE_EVENT_LINE) break;
        copy_value(&before, v);
        const u8 *feed = take_line(v, at, place + begin, is_array);
        if (!feed) {
            copy_value(v, &before);
            break;
        }
        REQUIRE(feed < data + length);
        begin = (u32)(feed - data) + 1;
        *lines += 1;
    }
    return begin;
}

/* Pass over the next tokens of a value along a line, which lie at `place` in the input. Return how many bytes
   they have: there is more behind them. READ_AHEAD bytes follow the bytes given. */
DC_EXPORT u32 dc_pass_tokens(open_value *v, const u8 *data, u32 length, u64 place)
{
    const u8 *at = data, *end = data + length;
    if (v->count > MAX_OPEN) return 0;
    while (end - at > 1 && *at != '\n') {
        u32 expected = v->expected;
        const u8 *next = take_token(v, at, place + (u64)(at - data));
        if (!next || next >= end) {
            /* It is odd, or goes on. */
            v->expected = expected;
            break;
        }
        at = next;
    }
    return (u32)(at - data);
}
