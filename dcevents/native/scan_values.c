/* Values under keys that matter: their slots, and their bytes in the form. */
#include "scan_walk.h"

u8 *take_arena(scanner *s, size_t length)
{
    if (length + READ_AHEAD > ARENA_BYTES - s->arena_length) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    return s->arena + s->arena_length;
}

void keep_in_arena(scanner *s, size_t length)
{
    REQUIRE(s->arena_length + length + READ_AHEAD <= ARENA_BYTES);
    memset(s->arena + s->arena_length + length, 0, READ_AHEAD);
    s->arena_length += (u32)length + READ_AHEAD;
}

static event_name find_name(scanner *s, const u8 *text, size_t length)
{
    if (length > NAME_CACHE_BYTES) return classify_name(s->lists, text, length);
    name_entry *entry = &s->names[hash_bytes(&s->seed, text, length) & (NAME_CACHE - 1)];
    if (entry->length != length || !is_same(entry->bytes, text, length)) {
        entry->name = classify_name(s->lists, text, length);
        entry->length = (u8)length;
        memcpy(entry->bytes, text, length);
    }
    return entry->name;
}

#define LAST_LETTERS(one, two, three) ((u32)(one) | (u32)(two) << 8 | (u32)(three) << 16)

static inline int ends_like_name(const u8 *text, size_t length)
{
    while (length && !is_digit(text[length - 1]) && !is_lower(to_lower(text[length - 1]))) length--;
    if (length < 8) return 0;
    const u8 *last = text + length - 3;
    switch (LAST_LETTERS(to_lower(last[0]), to_lower(last[1]), to_lower(last[2]))) {
    case LAST_LETTERS('r', 'e', 'd'): case LAST_LETTERS('g', 'e', 'd'): case LAST_LETTERS('a', 'i', 'l'):
    case LAST_LETTERS('o', 'n', 'e'): case LAST_LETTERS('k', 'e', 'd'): case LAST_LETTERS('t', 'e', 'd'):
    case LAST_LETTERS('o', 'u', 't'): case LAST_LETTERS('d', 'e', 'd'): case LAST_LETTERS('s', 'e', 'd'):
    case LAST_LETTERS('a', 'd', 'y'): return 1;
    default: return 0;
    }
}

int may_be_full_name(const word_list *lists, const u8 *text, size_t length)
{
    return lists[WORDS_GIVEN_NAME].length || ends_like_name(text, length);
}

/* -- scalars in the form ---------------------------------------------------------------------- */

u32 find_late_flags(scanner *s, const u8 *text, size_t length, u32 flags)
{
    u32 late = 0;
    if (!length) return 0;
    if (!(flags & (KEY_NO_NAME | KEY_NAME)) && may_be_full_name(s->lists, text, length)) {
        event_name name = find_name(s, text, length);
        if (name.class_ == CLASS_FULL_NAME || name.class_ == CLASS_READY_NAME) late |= KEY_NAME;
    }
    if (!(flags & (KEY_NO_TEXT | KEY_BODY)) && may_hold_values(text, length)) late |= KEY_BODY;
    if ((flags & KEY_REQUEST) && may_hold_request(s->lists, text, length)) late |= KEY_BODY;
    if (late) s->is_dirty = 1;
    return late;
}

static unsigned class_name(scanner *s, slot *holder, u32 flags)
{
    if (!(flags & KEY_EVENT) && !may_be_full_name(s->lists, holder->text, holder->length))
        return CLASS_OTHER_NAME;
    event_name name = find_name(s, holder->text, holder->length);
    int is_full = name.class_ == CLASS_FULL_NAME || name.class_ == CLASS_READY_NAME;
    if (!is_full && !(flags & KEY_EVENT)) return CLASS_OTHER_NAME;
    holder->kind = name.kind;
    s->known_names += name.kind != KIND_NONE;
    return name.class_;
}

/* Return 0 where the time's class is not certain. */
static int class_time(scanner *s, slot *holder, int is_number, unsigned *bits)
{
    enum time_class found
        = parse_time(holder->text, holder->length, is_number, &holder->ms, &holder->form);
    if (found == TIME_DOUBT) {
        s->status = WALK_DOUBT;
        return 0;
    }
    *bits |= (unsigned)found << TIME_SHIFT;
    return 1;
}

/* Return whether a text is white space only: no name of an event. */
static int is_blank(const u8 *text, size_t length)
{
    for (size_t at = 0; at < length; at++)
        if (text[at] != ' ' && text[at] != '\t' && text[at] != '\r' && text[at] != '\n') return 0;
    return 1;
}

const u8 *unescape_text(scanner *s, const u8 *text, size_t *length)
{
    u8 *plain = take_arena(s, *length);
    if (!plain) return NULL;
    *length = unescape(text, *length, plain);
    keep_in_arena(s, *length);
    return plain;
}

slot *add_string(scanner *s, const u8 *text, size_t length, u32 flags, unsigned *byte)
{
    slot *added = add_slot(s, text, length, length ? CLASS_STRING : CLASS_EMPTY, flags);
    *byte = CLASS_EMPTY;
    if (!added || !length) return added;
    /* Whether an event's sid is too long decides which of two events is the record's. */
    u32 part = (flags & KEY_PART_BITS) >> KEY_PART_SHIFT;
    int may_be_sid = part == PART_SID || part == PART_SESSION || (flags & KEY_TYPE);
    int is_blank_name = (flags & KEY_EVENT) && is_blank(text, length);
    int is_in_doubt = (s->in_full && (flags & KEY_MEETING)) || (length > MAX_SID_BYTES && may_be_sid)
        || (is_blank_name && (flags & KEY_TIME));
    if (is_in_doubt) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    unsigned bits = is_blank_name ? BLANK_NAME : 0;
    if (flags & KEY_NAME) added->class_ = (u8)class_name(s, added, flags);
    if ((flags & KEY_TIME) && !class_time(s, added, 0, &bits)) return NULL;
    if ((flags & KEY_PAGE) && (s->keep_query || (*text != '?' && *text != '#'))) bits |= PAGE_BIT;
    *byte = added->class_ | bits;
    return added;
}

/* Return the first byte behind what is white space to Python's str, as far as that is ASCII. */
static u8 find_first_sign(const u8 *text, size_t length)
{
    size_t at = 0;
    while (at < length && ((text[at] >= 9 && text[at] <= 13) || (text[at] >= 28 && text[at] <= 32)))
        at++;
    return at < length ? text[at] : 0;
}

int is_request_line(const u8 *text, size_t length, u32 flags)
{
    u8 first = find_first_sign(text, length);
    return (flags & KEY_REQUEST) && first != '{' && first != '[';
}

int is_unsure_request(const u8 *text, size_t length, u32 flags)
{
    return (flags & KEY_REQUEST) && find_first_sign(text, length) >= 0x80
        && may_hold_values(text, length);
}

int may_be_body(const word_list *lists, const u8 *text, size_t length, u32 flags)
{
    if (is_unsure_request(text, length, flags)) return 1;
    return is_request_line(text, length, flags) ? may_hold_request(lists, text, length)
                                                : may_hold_values(text, length);
}

enum { MAX_DECIMAL_DIGITS = 40, MAX_SPELLED_DIGITS = 64, MAX_DECIMAL_BYTES = 48 };

/* Write a number with a fraction or an exponent as its plain decimal (definitions 1): 7.0 is 7,
   1e2 is 100. Return its length; 0 where it is long, which the judge decides. */
static size_t write_decimal(const u8 *text, size_t length, u8 *out)
{
    const u8 *at = text, *end = text + length;
    u8 digits[MAX_SPELLED_DIGITS];
    int count = 0, fraction = 0, exponent = 0, is_behind_point = 0;
    int is_negative = *at == '-';
    if (is_negative) at++;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            is_behind_point = 1;
            continue;
        }
        fraction += is_behind_point;
        if (!count && *at == '0') continue;
        if (count == MAX_SPELLED_DIGITS) return 0;
        digits[count++] = *at;
    }
    if (!count) {
        *out = '0';
        return 1;
    }
    if (at < end) {
        int is_minus = *++at == '-';
        if (is_minus || *at == '+') at++;
        for (; at < end; at++) {
            if (exponent >= 100000) return 0;
            exponent = exponent * 10 + (*at - '0');
        }
        if (is_minus) exponent = -exponent;
    }
    exponent -= fraction;
    while (digits[count - 1] == '0') count--, exponent++;
    if (count + exponent > MAX_DECIMAL_DIGITS || count > MAX_DECIMAL_DIGITS
        || 1 - exponent > MAX_DECIMAL_DIGITS)
        return 0;
    u8 *begin = out;
    if (is_negative) *out++ = '-';
    int point = count + exponent; /* digits before the point */
    if (point <= 0) {
        *out++ = '0';
        *out++ = '.';
        for (; point < 0; point++) *out++ = '0';
        memcpy(out, digits, (size_t)count);
        return (size_t)(out + count - begin);
    }
    for (int digit = 0; digit < point || digit < count; digit++) {
        if (digit == point) *out++ = '.';
        *out++ = digit < count ? digits[digit] : '0';
    }
    REQUIRE(out - begin <= MAX_DECIMAL_BYTES);
    return (size_t)(out - begin);
}

/* Return how many bytes of a number are its plain decimal already: zeros may be left out behind its point.
   0 for a number that is spelled in another way. */
static size_t match_decimal(const u8 *text, size_t length)
{
    if (*text < '1' || *text > '9' || length > MAX_DECIMAL_DIGITS) return 0;
    size_t point = 0;
    for (size_t at = 1; at < length; at++) {
        if (text[at] == '.') point = at;
        else if (!is_digit(text[at])) return 0;
    }
    while (point && text[length - 1] == '0') length--;
    return length - 1 == point ? point : length;
}

slot *add_number(scanner *s, const u8 *text, size_t length, int is_whole, u32 flags, unsigned *byte)
{
    slot *added = add_slot(s, text, length, CLASS_NUMBER, flags);
    unsigned bits = 0;
    if (!added) return NULL;
    if (s->in_full && (flags & KEY_MEETING)) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    added->is_whole = is_whole ? IS_SPELLED_WHOLE : IS_NOT_WHOLE;
    if ((flags & KEY_TIME) && !class_time(s, added, 1, &bits)) return NULL;
    size_t decimal_length = is_whole ? length : match_decimal(text, length);
    if (decimal_length) {
        added->length = (u32)decimal_length;
        if (!is_whole) added->is_whole = IS_WHOLE;
    } else {
        u8 *plain = take_arena(s, MAX_DECIMAL_BYTES);
        if (!plain) return NULL;
        size_t plain_length = write_decimal(text, length, plain);
        keep_in_arena(s, plain_length);
        if (plain_length) {
            added->text = plain;
            added->length = (u32)plain_length;
            added->is_whole = IS_WHOLE;
        }
    }
    if (flags & KEY_PAGE) bits |= PAGE_BIT;
    *byte = CLASS_NUMBER | bits;
    return added;
}

slot *add_word(scanner *s, const u8 *text, size_t length, u32 flags, unsigned *byte)
{
    int is_null = *text == 'n';
    slot *added = add_slot(s, text, length, is_null ? CLASS_NULL : CLASS_WORD, flags);
    if (!added) return NULL;
    if (!is_null && s->in_full && (flags & KEY_MEETING)) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    *byte = is_null ? CLASS_NULL : CLASS_WORD | (flags & KEY_PAGE ? PAGE_BIT : 0u);
    return added;
}
