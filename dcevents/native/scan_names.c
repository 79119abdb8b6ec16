/* Names of events: loose spellings to kinds (definitions 1, "Event names"). */
#include "scan.h"

enum { MAX_NAME_BYTES = 4 * MAX_NAME_CHARACTERS };

/* Letters and digits, in lower case; 0 for any other byte. */
static const u8 word_signs[256] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
    ['7'] = '7', ['8'] = '8', ['9'] = '9',
    ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g',
    ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n',
    ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u',
    ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
    ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g',
    ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n',
    ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u',
    ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};

/* Write a name in lower case with single `_` between its words; return its length. */
static size_t normalize_name(const u8 *text, size_t length, u8 *out)
{
    size_t size = 0;
    int is_apart = 0, was_small = 0; /* the byte before is a small letter or digit */
    for (size_t at = 0; at < length; at++) {
        u8 sign = word_signs[text[at]];
        int is_small = sign == text[at];
        if (sign && (is_apart || (was_small && !is_small)) && size) out[size++] = '_';
        if (sign) out[size++] = sign;
        is_apart = !sign;
        was_small = sign && is_small;
    }
    return size;
}

static size_t find_word_end(const u8 *name, size_t length, size_t at)
{
    while (at < length && name[at] != '_') at++;
    return at;
}

/* Return the number of a word in a list; -1 for none. */
static int find_word(const word_list *words, const u8 *text, size_t length)
{
    int number = 0;
    if (!length) return -1;
    for (u32 at = 0; at < words->length; at += words->bytes[at] + 1u, number++)
        if (words->bytes[at] == length && words->bytes[at + 1] == *text
            && !memcmp(words->bytes + at + 1, text, length))
            return number;
    return -1;
}

static int is_text(const u8 *text, size_t length, const char *other)
{
    return length == strlen(other) && !memcmp(text, other, length);
}

/* Return the kind of a full name: any row of words, then one that a kind follows; -1 for none. */
static int match_full_name(const word_list *lists, const u8 *name, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t end = find_word_end(name, length, at);
        if (end == length) return -1;
        const u8 *rest = name + end + 1;
        size_t rest_length = length - end - 1;
        int is_chat = is_text(name + at, end - at, "chat");
        int takes_kind = is_chat || is_text(name + at, end - at, "conversation")
            || is_text(name + at, end - at, "conversations") || is_text(name + at, end - at, "dc")
            || is_text(name + at, end - at, "dynamicchat");
        if (takes_kind) {
            int kind = find_word(&lists[WORDS_KIND], rest, rest_length);
            if (kind >= 0) return kind;
        }
        if (is_chat) {
            int number = find_word(&lists[WORDS_SHORT], rest, rest_length);
            if (number >= 0) return lists[WORDS_SHORT_KIND].bytes[2 * number + 1];
        }
        if (find_word(&lists[WORDS_BEFORE_NAME], name + at, end - at) < 0) return -1;
        at = end + 1;
    }
    return -1;
}

/* Return whether a name begins as Adobe's do: with `conversation`, `chat`, `dc`, … A negative number where
   that is not told, since its last word may be a part of one. */
static int is_like_adobes(const word_list *lists, const u8 *name, size_t length, int is_cut)
{
    size_t at = 0;
    for (;;) {
        size_t end = find_word_end(name, length, at);
        if (end == length && is_cut) return -1;
        if (find_word(&lists[WORDS_GENERIC], name + at, end - at) < 0)
            return is_text(name + at, end - at, "conversation")
                || find_word(&lists[WORDS_BEFORE_NAME], name + at, end - at) >= 0;
        if (end == length) return 0;
        at = end + 1;
    }
}

/* Return what so many bytes of a text tell. */
static int is_beginning_like(const word_list *lists, const u8 *text, size_t length)
{
    u8 name[2 * MAX_BEGINNING];
    for (size_t at = 0; at + 1 < length; at++)
        if (text[at] == '\\' && word_signs[text[at + 1]]) return -1;
    return is_like_adobes(lists, name, normalize_name(text, length, name), 1);
}

int begins_like_adobes(const word_list *lists, const hash_seed *seed, beginning_entry *known,
                       const u8 *text)
{
    beginning_entry *entry = &known[hash_bytes(seed, text, MIN_BEGINNING) & (BEGINNING_CACHE - 1)];
    if (!entry->is_known || memcmp(entry->bytes, text, MIN_BEGINNING)) {
        memcpy(entry->bytes, text, MIN_BEGINNING);
        entry->is_like = (int8_t)is_beginning_like(lists, text, MIN_BEGINNING);
        entry->is_known = 1;
    }
    /* Most times the first words are enough. */
    return entry->is_like >= 0 ? entry->is_like : is_beginning_like(lists, text, MAX_BEGINNING);
}

event_name classify_name(const word_list *lists, const u8 *text, size_t length)
{
    u8 name[2 * MAX_NAME_BYTES];
    event_name found = {CLASS_OTHER_NAME, KIND_NONE};
    int is_short = length <= MAX_NAME_CHARACTERS;
    if (!is_short) {
        is_short = count_characters(text, length) <= MAX_NAME_CHARACTERS;
        if (!is_short) length = find_character(text, length, MAX_NAME_CHARACTERS);
    }
    REQUIRE(length <= MAX_NAME_BYTES);
    if (length > MAX_BEGINNING && !may_be_full_name(lists, text, length)) {
        /* No name of an event: its beginning may say whether it is like one. */
        size_t size = normalize_name(text, MAX_BEGINNING, name);
        int is_like = is_like_adobes(lists, name, size, 1);
        if (is_like > 0) found.class_ = CLASS_LIKE_ADOBES;
        if (is_like >= 0) return found;
    }
    size_t size = normalize_name(text, length, name);
    if (is_short) {
        int given = find_word(&lists[WORDS_GIVEN_NAME], name, size);
        if (given >= 0) {
            found.kind = lists[WORDS_GIVEN_KIND].bytes[2 * given + 1];
            found.class_ = found.kind == KIND_READY ? CLASS_READY_NAME : CLASS_FULL_NAME;
            return found;
        }
        if (find_word(&lists[WORDS_READY], name, size) >= 0) {
            found.class_ = CLASS_READY_NAME;
            found.kind = KIND_READY;
            return found;
        }
        int kind = find_word(&lists[WORDS_KIND], name, size);
        if (kind >= 0) {
            found.class_ = CLASS_KIND_ALONE;
            found.kind = (u8)kind;
            return found;
        }
        kind = match_full_name(lists, name, size);
        if (kind >= 0) {
            found.class_ = CLASS_FULL_NAME;
            found.kind = (u8)kind;
            return found;
        }
    }
    if (size && is_like_adobes(lists, name, size, 0)) found.class_ = CLASS_LIKE_ADOBES;
    return found;
}
