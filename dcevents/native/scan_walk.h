/* What the parts of a walk share: single steps, and the functions that call one another.

   A walk's functions return the place behind what was walked, NULL as the scanner's status says. */
#ifndef DCEVENTS_SCAN_WALK_H
#define DCEVENTS_SCAN_WALK_H

#include "scan.h"

static inline const u8 *stop(scanner *s, enum walk_status status)
{
    s->status = status;
    return NULL;
}

/* Stop at a byte that cannot stand there: the line's end, behind which a value may go on, or not. */
static inline const u8 *stop_at(scanner *s, const u8 *at)
{
    return stop(s, *at == '\n' ? WALK_UNFINISHED : WALK_BROKEN);
}

/* -- scalars as they are spelled -------------------------------------------------------------- */

/* Return the length of the escape at a backslash; 0 for none. */
static inline unsigned match_escape(const u8 *at)
{
    switch (at[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return 2;
    case 'u':
        return hex_digits[at[2]] && hex_digits[at[3]] && hex_digits[at[4]] && hex_digits[at[5]] ? 6 : 0;
    default: return 0;
    }
}

/* Return the closing quote of the string whose text begins at `at`; NULL where it is none. */
__attribute__((always_inline)) static inline const u8 *match_string(const u8 *at, int *has_escapes)
{
    at = skip_plain(at);
    while (*at != '"') {
        unsigned size = 0;
        if (*at == '\\') {
            size = match_escape(at);
            *has_escapes = 1;
        } else if (*at >= 0x80) {
            size = match_utf8(at);
        }
        if (!size) return NULL;
        at = skip_plain(at + size);
    }
    return at;
}

__attribute__((always_inline)) static inline const u8 *
walk_string(scanner *s, const u8 *at, int *has_escapes)
{
    const u8 *end = match_string(at, has_escapes);
    return end ? end : stop(s, WALK_BROKEN);
}

static inline const u8 *walk_digits(const u8 *at)
{
    while (is_digit(*at)) at++;
    return at;
}

/* Return the place behind a number; NULL where it is none. */
static inline const u8 *match_number(const u8 *at, int *is_whole)
{
    *is_whole = 1;
    if (*at == '-') at++;
    if (!is_digit(*at)) return NULL;
    at = *at == '0' ? at + 1 : walk_digits(at);
    if (*at == '.') {
        *is_whole = 0;
        if (!is_digit(at[1])) return NULL;
        at = walk_digits(at + 1);
    }
    if (*at == 'e' || *at == 'E') {
        *is_whole = 0;
        at++;
        if (*at == '+' || *at == '-') at++;
        if (!is_digit(*at)) return NULL;
        at = walk_digits(at);
    }
    return at;
}

static inline const u8 *walk_number(scanner *s, const u8 *at, int *is_whole)
{
    const u8 *end = match_number(at, is_whole);
    return end ? end : stop(s, WALK_BROKEN);
}

/* Return the place behind true, false or null; NULL where it is none. */
static inline const u8 *match_word(const u8 *at)
{
    if (!memcmp(at, "true", 4) || !memcmp(at, "null", 4)) return at + 4;
    return memcmp(at, "false", 5) ? NULL : at + 5;
}

static inline const u8 *walk_word(scanner *s, const u8 *at)
{
    const u8 *end = match_word(at);
    return end ? end : stop(s, WALK_BROKEN);
}

/* -- white space and separators ----------------------------------------------------------------- */

const u8 *skip_spaces(scanner *s, const u8 *at);
const u8 *skip_separators(const u8 *at, const u8 *end);

static inline const u8 *skip_space(scanner *s, const u8 *at)
{
    return *at > ' ' ? at : skip_spaces(s, at);
}

/* -- objects and arrays ----------------------------------------------------------------------- */

typedef struct {
    u64 hashes; /* a bit for each key that was passed over */
    u32 first_skipped;
    unsigned state;
    int has_dotted;
    int has_own, has_own_form; /* a key of the record's own; in the form as such */
    u32 members;
    int has_pair_key, has_pair_value;
    const u8 *value_key; /* of a list of pairs: the key of the present pair's value */
    size_t value_key_length;
} object_state;

/* A key that is put into the form only with what stands under it. */
typedef struct {
    const u8 *text;
    size_t length;
    const object_state *state;
    int is_put;
} late_key;

/* A text in the form: the place of its byte there, its slot, what it is before it is entered, and its
   flags with those that the late stages have found. No flags: there is none. */
typedef struct {
    u32 place, slot, flags;
    unsigned byte;
} put_text;

/* -- the form and its slots ---------------------------------------------------------------------- */

static inline int put_byte(scanner *s, unsigned byte)
{
    if (s->form_length >= s->form_limit) {
        s->status = WALK_DOUBT;
        return 0;
    }
    s->form[s->form_length++] = (u8)byte;
    return 1;
}

static inline int put_key(scanner *s, const u8 *key, size_t length)
{
    REQUIRE(length <= MAX_KEY_BYTES);
    if (s->form_length + length + 1 > s->form_limit) {
        s->status = WALK_DOUBT;
        return 0;
    }
    s->form[s->form_length] = (u8)(length + 1);
    copy_text(s->form + s->form_length + 1, key, length);
    s->form_length += (u32)length + 1;
    return 1;
}

static inline slot *add_slot(scanner *s, const u8 *text, size_t length, unsigned class_, u32 flags)
{
    if (s->slots_count >= MAX_WALKED_SLOTS) {
        s->status = WALK_DOUBT;
        return NULL;
    }
    s->named_count += (flags & KEY_NAME) != 0;
    slot *added = &s->slots[s->slots_count++];
    added->text = text;
    added->length = (u32)length;
    added->class_ = (u8)class_;
    added->kind = KIND_NONE;
    added->form = FORM_ABSENT;
    added->is_whole = IS_WHOLE;
    added->ms = 0;
    return added;
}

/* Note a value that was walked, for `learn_path`. */
static inline void trace_value(scanner *s, enum value_type type, const u8 *begin, const u8 *end,
                               u32 flags, unsigned byte)
{
    if (s->traced_count >= MAX_TRACED) {
        s->traced_count = UNTRACED;
        return;
    }
    u32 said = flags & KEY_MATTERS ? flags : 0, key_flags = s->is_late ? flags : NOT_LATE;
    traced_value traced = {.begin = begin, .end = end, .flags = said, .key_flags = key_flags,
                           .type = (u8)type, .byte = (u8)byte};
    s->traced[s->traced_count++] = traced;
}

enum { MAX_PACKED_KINDS = 4 };

/* Return the kinds of the events that a record's values name, where several do: which they are matters, and
   their classes do not say. 0 for one or none; of more than MAX_PACKED_KINDS the last. */
static inline u32 pack_kinds(const scanner *s)
{
    u32 kinds = 0, count = 0;
    for (u32 number = 0; number < s->slots_count; number++) {
        if (s->slots[number].kind == KIND_NONE) continue;
        kinds = kinds << 8 | (s->slots[number].kind + 1u);
        count++;
    }
    return count > 1 ? kinds : 0;
}

/* Drop the values of a list's member where there is no room for those of many more: a path has them of the
   first ones. A record of so many values has no path but as a list. */
static inline void cut_trace(scanner *s, list_member *member)
{
    member->traced_end = s->traced_count;
    if (s->traced_count <= MAX_TRACED / 2 || s->traced_count > MAX_TRACED) return;
    if (!s->gaps++) s->first_gap = member->traced_begin;
    s->traced_count = member->traced_end = member->traced_begin;
}

/* -- values under keys (scan_values.c) ---------------------------------------------------------- */

/* Return room for a text and zeros behind it; NULL where there is none. */
u8 *take_arena(scanner *s, size_t length);
void keep_in_arena(scanner *s, size_t length);
/* Return a text without escapes, which lasts as long as the walk; NULL where there is no room. */
const u8 *unescape_text(scanner *s, const u8 *text, size_t *length);
/* Return the flags that a text has for the late stages: it may be a full name, JSON, a form, though
   its key is not listed. */
u32 find_late_flags(scanner *s, const u8 *text, size_t length, u32 flags);
/* Make the slot of a value under a key that matters, and its byte in the form. Return NULL where
   that is for the judge to say. Of a text it is not said yet whether it is entered. */
slot *add_string(scanner *s, const u8 *text, size_t length, u32 flags, unsigned *byte);
slot *add_number(scanner *s, const u8 *text, size_t length, int is_whole, u32 flags, unsigned *byte);
slot *add_word(scanner *s, const u8 *text, size_t length, u32 flags, unsigned *byte);
/* Return whether a text under a key of bodies may be a request line, which is no JSON. */
int is_request_line(const u8 *text, size_t length, u32 flags);
/* Return whether that depends on a sign that may be white space to Python, and matters. */
int is_unsure_request(const u8 *text, size_t length, u32 flags);
/* Return whether a text under a key of bodies may hold something that the judge would enter. */
int may_be_body(const word_list *lists, const u8 *text, size_t length, u32 flags);

/* -- keys of members (scan_member_keys.c) --------------------------------------------------------- */

/* Put a member's key into the form; in a list of pairs, the key of its value too. */
int put_member_key(scanner *s, const object_state *state, const u8 *key, size_t length);
/* Return whether a key that leads to more stands in the form as one of the record's own: the first such
   key of an object, but not of pairs, in a text, or where it may be a part of one with dots. */
int is_own_form(const scanner *s, const object_state *state, u32 flags);
/* Put what stands for such a key. */
int put_own_key(scanner *s, object_state *state, const u8 *key, size_t length);
void note_skipped(scanner *s, object_state *state, const u8 *key, size_t length);
/* Return whether a key may be one that the object had before, and that was passed over. */
int was_skipped(const scanner *s, const object_state *state, const u8 *key, size_t length);

/* -- objects and arrays (scan_walk.c) ----------------------------------------------------------- */

const u8 *walk_object(scanner *s, const u8 *at, u32 inherited, unsigned level);
const u8 *walk_array(scanner *s, const u8 *at, u32 flags, unsigned level);
const u8 *walk_scalar(scanner *s, const u8 *at, u32 flags, unsigned level);
const u8 *walk_member(scanner *s, const u8 *at, u32 flags, unsigned level, object_state *state,
                      const u8 *key, size_t length);
const u8 *end_object(scanner *s, const u8 *at, const object_state *state);
/* Walk a meeting, which is an object or array (scan_meetings.c). */
const u8 *walk_meeting(scanner *s, const u8 *at, unsigned level);
/* Walk what an object or array holds, of which nothing matters; `brace` is its opening. */
const u8 *skip_container(scanner *s, const u8 *at, u8 brace, unsigned level, int *types, u32 *count);
/* Put a text into the form. */
int put_string(scanner *s, const u8 *text, size_t length, int has_escapes, u32 flags, unsigned level,
               put_text *put);
/* Put a text under a key that does not matter into the form where a late stage may find something; `put`
   stays as it is for any other. */
int put_late_string(scanner *s, const u8 *text, size_t length, int has_escapes, u32 flags,
                    unsigned level, late_key *key, put_text *put);
/* Complete the trace of a text that was entered: how it is read, and where it ends (scan_learn.c). */
void trace_entered(scanner *s, traced_value *traced, const slot *added, u8 kind);
/* Complete the trace of a field of a form. */
void trace_field(scanner *s, u32 entry, const put_text *put);
/* Complete the trace of a text. */
void trace_text(scanner *s, u32 entry, const put_text *put);
/* Look at what stands between a value and the end of a text that is no name: return 1 where the value is the
   text's last word, 0 where a word behind it shows that it is no name, and a negative number where that is
   not told. */
int find_last_word(const word_list *lists, const u8 *at, const u8 *end);
/* Note a member behind the one before, `last`, which is then it. */
int add_member(scanner *s, const list_member *member, u32 *last);

/* -- texts in texts (scan_bodies.c) -------------------------------------------------------------- */

/* Walk a text that is JSON, behind a prefix, encoded, or a form; return 0, with the form as it was,
   for any other. */
int walk_text(scanner *s, const slot *holder, unsigned level);
/* Return whether the text before a place may be values, which are no prefix then. */
int are_values(scanner *s, const u8 *at, const u8 *place);
/* Return whether no text that has these keys is base64 or percent-encoded as a whole. */
int is_form_by_keys(const u8 *text, const u8 *end);
/* Walk the form in a request line; return 0, with the record's form as it was, for any other text. */
int walk_query(scanner *s, const slot *holder, unsigned level);

/* -- lists of pairs (scan_pairs.c) --------------------------------------------------------------- */

/* Return whether all members of an array are pairs; `at` is the first. */
int are_pairs(scanner *s, const u8 *at, unsigned level);
/* Walk an array of pairs, which is an object; `at` is its first member. */
const u8 *walk_pairs(scanner *s, const u8 *at, unsigned level);

#endif
