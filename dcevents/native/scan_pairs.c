/* Lists of pairs of a key and a value, each of which is an object. */
#include "scan_walk.h"

enum { PAIR_KEY, PAIR_NAME, PAIR_FIELD, PAIR_VALUE, PAIR_PARTS };

/* The parts of a pair as they are spelled: keys, and where their values begin. */
typedef struct {
    const u8 *key, *at;
    size_t length;
} pair_part;

enum { MAX_PAIR_MEMBERS = 3 };

/* A pair: its parts, and where the values of all its members begin, in their order. */
typedef struct {
    pair_part parts[PAIR_PARTS];
    const u8 *values[MAX_PAIR_MEMBERS];
    u32 count;
} pair;

/* Return which part of a pair a key is; PAIR_PARTS for none. */
static int find_pair_part(const u8 *key, size_t length)
{
    static const char *const parts[] = {"key", "name", "field", "value"};
    u8 folded[8];
    size_t size = 0;
    for (size_t at = 0; at < length; at++) {
        if (key[at] && strchr("_-$@ ", key[at])) continue;
        if (size == sizeof folded) return PAIR_PARTS;
        folded[size++] = to_lower(key[at]);
    }
    for (int part = 0; part < PAIR_PARTS; part++)
        if (size == strlen(parts[part]) && !memcmp(folded, parts[part], size)) return part;
    return PAIR_PARTS;
}

/* Walk past a value of which nothing is kept. */
static const u8 *skip_value(scanner *s, const u8 *at, unsigned level)
{
    int types = 0, is_late = s->is_late;
    u32 count = 0;
    if (*at == '{' || *at == '[') return skip_container(s, at + 1, *at, level, &types, &count);
    s->is_late = 0;
    at = walk_scalar(s, at, 0, level);
    s->is_late = is_late;
    return at;
}

/* Find the parts of a pair, its brace before `at`; return the place behind it. NULL with a status that
   is fine for an object that is no pair: it has too many members that are no part of one. */
static const u8 *find_pair(scanner *s, const u8 *at, unsigned level, pair *p)
{
    u32 others = 0;
    pair_part other = {NULL, NULL, 0};
    at = skip_space(s, at);
    if (*at == '}') return at + 1;
    for (;;) {
        int has_escapes = 0;
        if (*at != '"') return stop_at(s, at);
        const u8 *key = at + 1, *end = walk_string(s, key, &has_escapes);
        if (!end) return NULL;
        if (has_escapes) return stop(s, WALK_DOUBT);
        at = skip_space(s, end + 1);
        if (*at != ':') return stop_at(s, at);
        at = skip_space(s, at + 1);
        pair_part found = {key, at, (size_t)(end - key)};
        int part = find_pair_part(key, found.length);
        pair_part *same = part < PAIR_PARTS ? &p->parts[part] : &other;
        int is_again = same->key && same->length == found.length
            && !memcmp(same->key, key, found.length);
        /* Of equal keys the first wins: how many there are is for the judge to say. */
        if (is_again) return stop(s, WALK_DOUBT);
        others += part == PAIR_PARTS;
        if (others > 1 || p->count == MAX_PAIR_MEMBERS) return NULL;
        p->values[p->count++] = at;
        if (!same->key) *same = found;
        at = skip_value(s, at, level + 1);
        if (!at) return NULL;
        at = skip_space(s, at);
        if (*at == '}') return at + 1;
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
}

/* Return the part that is a pair's key; NULL where an object is no pair. */
static const pair_part *find_pair_name(const pair *p)
{
    const pair_part *parts = p->parts;
    if (!parts[PAIR_VALUE].key) return NULL;
    for (int part = PAIR_KEY; part <= PAIR_FIELD; part++)
        if (parts[part].key && *parts[part].at == '"') return &parts[part];
    return NULL;
}

int are_pairs(scanner *s, const u8 *at, unsigned level)
{
    for (;;) {
        pair found = {0};
        if (*at != '{') return 0;
        at = find_pair(s, at + 1, level + 1, &found);
        if (!at || !find_pair_name(&found)) return 0;
        at = skip_space(s, at);
        if (*at == ']') return 1;
        if (*at != ',') return 0;
        at = skip_space(s, at + 1);
    }
}

/* Put a pair into the form as a member of an object; return 0 where that fails. Its key is none of the
   values that a path reads: a path compares its bytes. */
static int put_pair(scanner *s, const pair *p, unsigned level, object_state *state)
{
    int has_escapes = 0;
    const pair_part *name = find_pair_name(p), *value = &p->parts[PAIR_VALUE];
    const u8 *key = name->at + 1, *end = walk_string(s, key, &has_escapes);
    if (!end) return 0;
    size_t length = (size_t)(end - key);
    if (has_escapes && !(key = unescape_text(s, key, &length))) return 0;
    /* Of equal keys of pairs each counts. */
    if (length > MAX_KEY_BYTES || value->length > MAX_KEY_BYTES || was_skipped(s, state, key, length)) {
        s->status = WALK_DOUBT;
        return 0;
    }
    state->value_key = value->key;
    state->value_key_length = value->length;
    u32 flags = find_flags(s, key, length), skipped = s->skipped_count;
    for (u32 number = 0; number < p->count; number++) {
        const u8 *at = p->values[number];
        if (at == name->at) continue;
        if (at != value->at) at = skip_value(s, at, level + 1);
        else at = walk_member(s, at, flags, level, state, key, length);
        if (!at) return 0;
    }
    if (s->skipped_count == skipped) note_skipped(s, state, key, length);
    return 1;
}

const u8 *walk_pairs(scanner *s, const u8 *at, unsigned level)
{
    object_state state = {.first_skipped = s->skipped_count};
    s->form[s->form_length - 1] = TOKEN_OBJECT | IS_PAIRS;
    for (;;) {
        pair found = {0};
        u32 traced_count = s->traced_count;
        s->traced_count = UNTRACED;
        const u8 *end = find_pair(s, at + 1, level + 1, &found);
        REQUIRE(end);
        s->traced_count = traced_count;
        if (!put_pair(s, &found, level, &state)) return NULL;
        at = skip_space(s, end);
        if (*at == ']') break;
        at = skip_space(s, at + 1);
    }
    at = end_object(s, at, &state);
    s->is_pair = 0;
    return at;
}
