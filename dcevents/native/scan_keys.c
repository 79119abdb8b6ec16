/* What keys may mean, by the judge's tables. */
#include "scan.h"

int has_word(const word_list *words, const u8 *text, size_t length)
{
    if (!length) return 0;
    for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u) {
        const u8 *word = words->bytes + at + 1;
        if (words->bytes[at] == length && *word == *text && !memcmp(word, text, length)) return 1;
    }
    return 0;
}

static int ends_with_word(const word_list *words, const u8 *text, size_t length)
{
    if (!length) return 0;
    for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u) {
        size_t size = words->bytes[at];
        const u8 *word = words->bytes + at + 1;
        if (size > length || word[size - 1] != text[length - 1]) continue;
        if (!memcmp(word, text + length - size, size)) return 1;
    }
    return 0;
}

static int begins_with_word(const word_list *words, const u8 *text, size_t length)
{
    for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u) {
        size_t size = words->bytes[at];
        if (size <= length && !memcmp(words->bytes + at + 1, text, size)) return 1;
    }
    return 0;
}

static int is_separator(u8 byte)
{
    return byte == '_' || byte == '-' || byte == '$' || byte == '@' || byte == ' ';
}

static size_t fold_key(const u8 *key, size_t length, u8 *out)
{
    size_t size = 0;
    for (size_t at = 0; at < length; at++) {
        out[size] = to_lower(key[at]);
        size += !is_separator(key[at]);
    }
    return size;
}

int is_body_key(const word_list *lists, const u8 *key, size_t length)
{
    u8 folded[MAX_KEY_BYTES + 1];
    if (length > MAX_KEY_BYTES) return 0;
    return has_word(&lists[WORDS_BODY], folded, fold_key(key, length, folded));
}

/* Return whether the last word of a key, as humps and separators part them, is in a list. */
static int has_last_word(const word_list *words, const u8 *key, size_t length)
{
    u8 folded[MAX_KEY_BYTES + 1];
    while (length && is_separator(key[length - 1])) length--;
    size_t begin = length;
    while (begin && !is_separator(key[begin - 1])) {
        begin--;
        int is_hump = begin && is_upper(key[begin])
            && (is_lower(key[begin - 1]) || is_digit(key[begin - 1]));
        if (is_hump) break;
    }
    size_t size = fold_key(key + begin, length - begin, folded);
    return has_word(words, folded, size);
}

/* Return whether a folded key is, after any row of words, one of Adobe's; or a conversation's. */
static int is_adobes(const word_list *lists, const u8 *key, size_t length, int *is_conversation,
                     const u8 **part, const u8 **rest, size_t *rest_length)
{
    u8 is_reached[MAX_KEY_BYTES + 1] = {1};
    int found = 0;
    *is_conversation = 0;
    for (size_t at = 0; at < length; at++) {
        if (!is_reached[at]) continue;
        if (has_word(&lists[WORDS_ADOBE], key + at, length - at)) {
            *rest = key + at;
            *rest_length = length - at;
            found = 1;
        }
        const word_list *before = &lists[WORDS_BEFORE_ADOBE];
        for (u32 word = 0; word < before->length; word += before->bytes[word] + 1u) {
            size_t size = before->bytes[word];
            if (size <= length - at && !memcmp(before->bytes + word + 1, key + at, size))
                is_reached[at + size] = 1;
        }
        const word_list *middle = &lists[WORDS_CONVERSATION];
        for (u32 word = 0; word < middle->length; word += middle->bytes[word] + 1u) {
            size_t size = middle->bytes[word];
            if (size < length - at && !memcmp(middle->bytes + word + 1, key + at, size)
                && has_word(&lists[WORDS_CONVERSATION_PART], key + at + size, length - at - size)) {
                int is_name = has_word(&lists[WORDS_NAME], key + at + size, length - at - size);
                *is_conversation = is_name ? 2 : 1;
                *part = key + at + size;
            }
        }
    }
    return found;
}

/* Lists whose words are whole keys, and lists whose words are ends of keys. */
static const u8 whole_lists[] = {
    WORDS_EVENT, WORDS_NAME, WORDS_BODY, WORDS_VISITOR, WORDS_NO_NAME, WORDS_REQUEST,
    WORDS_TIME_ALONE, WORDS_PAGE, WORDS_PLAIN, WORDS_PAIR, WORDS_PAIR_VALUE,
};
static const u8 end_lists[] = {WORDS_EVENT_END, WORDS_NEVER_ENTERED_END, WORDS_TIME_END};
static const u8 last_lists[] = {
    WORDS_EVENT_END, WORDS_NEVER_ENTERED_END, WORDS_TIME_END, WORDS_TIME_LAST,
};
static const u8 beginning_lists[] = {WORDS_ADOBE, WORDS_BEFORE_ADOBE, WORDS_CONVERSATION};

static u32 mark_letter(u8 byte) { return (u32)1 << (byte & 31); }

/* Mark the letter before the last, by the last, of each word. */
static void mark_ends(const word_list *words, u32 *ends)
{
    for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u) {
        const u8 *end = words->bytes + at + words->bytes[at] + 1;
        ends[end[-1] & 31] |= mark_letter(end[-2]);
    }
}

void fill_key_filter(const word_list *lists, key_filter *filter)
{
    memset(filter, 0, sizeof *filter);
    for (size_t number = 0; number < sizeof whole_lists; number++) {
        const word_list *words = &lists[whole_lists[number]];
        for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u)
            filter->whole[words->bytes[at] & 63] |= mark_letter(words->bytes[at + 1]);
    }
    for (size_t number = 0; number < sizeof end_lists; number++)
        mark_ends(&lists[end_lists[number]], filter->ends);
    for (size_t number = 0; number < sizeof last_lists; number++)
        mark_ends(&lists[last_lists[number]], filter->last);
    for (size_t number = 0; number < sizeof beginning_lists; number++) {
        const word_list *words = &lists[beginning_lists[number]];
        for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u)
            filter->beginnings |= mark_letter(words->bytes[at + 1]);
    }
    const word_list *words = &lists[WORDS_NEVER_TIME];
    for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u)
        filter->never_time[words->bytes[at + 1] & 31] |= mark_letter(words->bytes[at + 2]);
}

/* Return whether a folded key is in none of the lists, by its length and its letters at the ends:
   so it is with most keys that nothing is known of. Time's words and types are not asked. */
static int is_out_of_lists(const key_filter *filter, const u8 *folded, size_t size)
{
    if (size < 2) return 0;
    u32 first = mark_letter(folded[0]);
    return !(filter->beginnings & first) && !(filter->whole[size & 63] & first)
        && !(filter->ends[folded[size - 1] & 31] & mark_letter(folded[size - 2]));
}

/* Return 1 more than the place of a word in the list of Adobe's keys. */
static u32 find_part(const word_list *lists, const u8 *word, size_t length)
{
    u32 number = 1;
    const word_list *words = &lists[WORDS_ADOBE];
    for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u, number++)
        if (words->bytes[at] == length && !memcmp(words->bytes + at + 1, word, length))
            return number;
    return 0;
}

static u32 find_time_flags(const word_list *lists, const u8 *key, size_t length,
                           const u8 *folded, size_t size)
{
    int is_time = ends_with_word(&lists[WORDS_TIME_END], folded, size)
        || begins_with_word(&lists[WORDS_TIME_BEGINNING], folded, size)
        || has_word(&lists[WORDS_TIME_ALONE], folded, size)
        || has_last_word(&lists[WORDS_TIME_LAST], key, length);
    return is_time ? KEY_TIME : 0;
}

static u32 find_part_flags(const word_list *lists, const key_filter *filter, const u8 *key,
                           size_t length)
{
    u8 folded[MAX_KEY_BYTES + 1];
    size_t size = fold_key(key, length, folded);
    u32 flags = find_time_flags(lists, key, length, folded, size);
    if (has_word(&lists[WORDS_TYPE], key, length)) flags |= KEY_TYPE | KEY_PLAIN;
    if (is_out_of_lists(filter, folded, size)) return flags;
    int is_conversation = 0;
    const u8 *rest = folded, *part = folded;
    size_t rest_length = 0;
    if (is_adobes(lists, folded, size, &is_conversation, &part, &rest, &rest_length)) {
        flags |= KEY_PLAIN | KEY_NO_TEXT;
        /* A name or type may be the event's. */
        if (has_word(&lists[WORDS_NAME], rest, rest_length)) flags |= KEY_NAME;
        if (has_word(&lists[WORDS_NEVER_NAME], rest, rest_length)) flags |= KEY_NO_NAME;
        flags |= find_part(lists, rest, rest_length) << KEY_PART_SHIFT;
        if (rest_length == 11 && !memcmp(rest, "meetinginfo", 11)) flags |= KEY_MEETING;
    }
    if (is_conversation) {
        flags |= KEY_PLAIN | KEY_NO_TEXT;
        flags |= find_part(lists, part, (size_t)(folded + size - part)) << KEY_PART_SHIFT;
    }
    if (is_conversation == 2) flags |= KEY_NAME;
    if (has_word(&lists[WORDS_PLAIN], folded, size)) flags |= KEY_PLAIN | KEY_PART_BITS;
    if (has_word(&lists[WORDS_NAME], folded, size)) flags |= KEY_NAME;
    if (has_word(&lists[WORDS_EVENT], folded, size)
        || ends_with_word(&lists[WORDS_EVENT_END], folded, size))
        flags |= KEY_NAME | KEY_EVENT;
    if (has_word(&lists[WORDS_BODY], folded, size)) flags |= KEY_BODY;
    if (has_word(&lists[WORDS_PAGE], folded, size)) flags |= KEY_PAGE | KEY_NO_NAME;
    if (has_word(&lists[WORDS_PAIR], folded, size)) flags |= KEY_PAIR;
    if (has_word(&lists[WORDS_PAIR_VALUE], folded, size)) flags |= KEY_VALUE;
    if (has_word(&lists[WORDS_REQUEST], folded, size)) flags |= KEY_REQUEST;
    int is_visitors = has_word(&lists[WORDS_VISITOR], folded, size);
    int is_never = ends_with_word(&lists[WORDS_NEVER_ENTERED_END], folded, size);
    if (is_visitors) flags |= KEY_NO_TEXT;
    if (is_never) flags |= KEY_NO_TEXT;
    if (is_visitors || is_never || has_word(&lists[WORDS_NO_NAME], folded, size))
        flags |= KEY_NO_NAME;
    /* Request parameters may be objects, which count at last: they are walked. */
    if ((is_visitors || is_never) && !(flags & (KEY_MATTERS | KEY_REQUEST))) flags |= KEY_CLOSED;
    return flags;
}

/* -- keys that a record has of its own ----------------------------------------------------------- */

enum { MIN_DIGITS_IN_ROW = 3, MIN_ID = 8, MIN_MIXED_ID = 20 };

/* Return whether a key looks like an id, as `is_like_id` of judge/keys.py has it. */
static int is_like_id(const u8 *key, size_t length, int *has_digit)
{
    size_t digits = 0, row = 0, hex = 0, lower = 0, upper = 0, dashes = 0;
    if (!length || memchr(key, '.', length)) return 0;
    for (size_t at = 0; at < length; at++) {
        digits += (size_t)is_digit(key[at]);
        row = is_digit(key[at]) ? row + 1 : 0;
        if (row == MIN_DIGITS_IN_ROW || (digits && !at)) return *has_digit = 1;
        hex += hex_digits[key[at]] != 0;
        lower += (size_t)is_lower(key[at]);
        upper += (size_t)is_upper(key[at]);
        dashes += key[at] == '-';
    }
    *has_digit = digits > 0;
    if (key[0] == '-') return digits || length >= MIN_ID;
    if (digits && hex + dashes == length) return length >= MIN_ID;
    int is_mixed = digits + lower + upper == length && lower && upper;
    return is_mixed && length >= MIN_MIXED_ID && (digits || 4 * upper >= length);
}

/* Return whether a word that keys of no event's times have may begin somewhere in a folded key. */
static int has_never_time(const word_list *lists, const key_filter *filter, const u8 *folded, size_t size)
{
    for (size_t at = 0; at + 1 < size; at++)
        if ((filter->never_time[folded[at] & 31] & mark_letter(folded[at + 1]))
            && begins_with_word(&lists[WORDS_NEVER_TIME], folded + at, size - at))
            return 1;
    return 0;
}

/* Return whether a key may mean something by its end, or as one of times. One with a digit means nothing else:
   none of the lists' words has one. */
static int may_mean_something(const word_list *lists, const key_filter *filter, const u8 *key, size_t length)
{
    u8 folded[MAX_KEY_BYTES + 1];
    size_t size = fold_key(key, length, folded), run = 0, longest = 0;
    for (size_t at = 0; at < size; at++) {
        run = is_digit(folded[at]) ? 0 : run + 1;
        if (run > longest) longest = run;
    }
    /* Words have two letters at least. */
    if (longest < 2) return 0;
    if (run > 1 && (filter->last[folded[size - 1] & 31] & mark_letter(folded[size - 2]))
        && (ends_with_word(&lists[WORDS_EVENT_END], folded, size)
            || ends_with_word(&lists[WORDS_NEVER_ENTERED_END], folded, size)
            || find_time_flags(lists, key, length, folded, size)))
        return 1;
    return begins_with_word(&lists[WORDS_TIME_BEGINNING], folded, size)
        || has_never_time(lists, filter, folded, size);
}

static int has_mapped_keys(const word_list *lists)
{
    for (int list = WORDS_MAPPED_STEP; list < WORDS_GIVEN_NAME; list++)
        if (lists[list].length) return 1;
    return 0;
}

int is_own_key(const word_list *lists, const key_filter *filter, const u8 *key, size_t length)
{
    int has_digit = 0;
    /* To a map any key may mean something. */
    if (length > MAX_KEY_BYTES || has_mapped_keys(lists)) return 0;
    if (!is_like_id(key, length, &has_digit)) return 0;
    if (!has_digit && find_part_flags(lists, filter, key, length)) return 0;
    return !may_mean_something(lists, filter, key, length);
}

/* -- what keys mean ------------------------------------------------------------------------------- */

/* Return the flags of a key with what it means to the user's map, by the lists that have it, as it is spelled.
   Whatever else a key of a path means, what is under it is looked at. */
static u32 add_mapped_flags(const word_list *lists, const u8 *key, size_t length, u32 flags)
{
    static const struct {
        u8 list;
        u32 added, removed;
    } meanings[] = {
        {WORDS_MAPPED_STEP, KEY_BODY, KEY_CLOSED | KEY_NO_TEXT},
        {WORDS_MAPPED_EVENT, KEY_PLAIN | KEY_NAME | KEY_EVENT, KEY_CLOSED | KEY_NO_NAME},
        {WORDS_MAPPED_SID, KEY_PLAIN | PART_SID << KEY_PART_SHIFT, KEY_CLOSED | KEY_PART_BITS},
        {WORDS_MAPPED_FIELD, KEY_PLAIN, KEY_CLOSED},
        {WORDS_MAPPED_TIME, KEY_PLAIN | KEY_TIME, KEY_CLOSED},
        {WORDS_MAPPED_PAGE, KEY_PLAIN | KEY_PAGE, KEY_CLOSED},
    };
    for (size_t number = 0; number < sizeof meanings / sizeof *meanings; number++)
        if (has_word(&lists[meanings[number].list], key, length))
            flags = (flags & ~meanings[number].removed) | meanings[number].added;
    return flags;
}

/* Add what a key and any row of its parts, which dots part, mean to the user's map. */
static u32 add_flags_of_parts(const word_list *lists, const u8 *key, size_t length, u32 flags)
{
    for (size_t begin = 0; begin < length; begin++) {
        if (begin && key[begin - 1] != '.') continue;
        for (size_t end = begin + 1; end <= length; end++)
            if (end == length || key[end] == '.')
                flags = add_mapped_flags(lists, key + begin, end - begin, flags);
    }
    return flags;
}

static u32 find_flags_of_key(const word_list *lists, const key_filter *filter, const u8 *key,
                             size_t length)
{
    u32 flags = find_part_flags(lists, filter, key, length);
    const u8 *dot = length ? memchr(key, '.', length) : NULL;
    if (!dot) return !flags && is_own_key(lists, filter, key, length) ? KEY_OWN : flags;
    /* The last part alone, or the last two, may be the key: each may matter. */
    for (size_t at = length; at > 0; at--)
        if (key[at - 1] == '.') {
            u32 last = find_part_flags(lists, filter, key + at, length - at);
            u32 never = KEY_NO_NAME | KEY_NO_TEXT | KEY_CLOSED;
            flags = ((flags | last) & ~never) | (flags & last & never);
            break;
        }
    return (flags & ~(u32)KEY_CLOSED) | KEY_DOTTED;
}

u32 find_key_flags(const word_list *lists, const key_filter *filter, const u8 *key, size_t length)
{
    u32 flags = find_flags_of_key(lists, filter, key, length);
    return has_mapped_keys(lists) ? add_flags_of_parts(lists, key, length, flags) : flags;
}
