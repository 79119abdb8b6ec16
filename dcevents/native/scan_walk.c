/* Walk one record: validate it strictly, and write its form.

   The form has the keys that can matter, as they are spelled, nesting, and of each value under them
   its class. Two records of one form keep their event in the same places. */
#include "scan_walk.h"

const u8 *skip_separators(const u8 *at, const u8 *end)
{
    while (at < end) {
        if (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n' || *at == ',' || *at == 0x1E
            || *at == 0)
            at++;
        else if (end - at >= 3 && at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF)
            at += 3;
        else
            break;
    }
    return at;
}

/* A bound of the shortest event: a sid, and a kind under a key that names events. */
enum { MIN_EVENT_BYTES = 20 };

enum event_line find_event_line(const u8 *at, const u8 *last)
{
    while (*at != '{' && *at != '"') {
        int may_lead = (*at != '\n' && *at <= ' ') || *at == ',' || *at == '[' || *at == ']'
            || *at >= 0x80;
        if (!may_lead) return NO_EVENT_LINE;
        at++;
    }
    if (*at == '{') {
        const u8 *end = memchr(at, '\n', (size_t)(last - at) + 1);
        if (!end) return MAY_BE_EVENT_LINE;
        while (end > at + 1
               && (end[-1] <= ' ' || end[-1] == ',' || end[-1] == '[' || end[-1] == ']'
                   || end[-1] >= 0x80))
            end--;
        if (end[-1] != '}' && end[-1] != '"') return NO_EVENT_LINE;
        return end - at >= MIN_EVENT_BYTES ? MAY_BE_EVENT_LINE : SHORT_LINE;
    }
    const u8 *text = at + 1, *quote = skip_plain(text);
    while (*quote >= 0x80) quote = skip_plain(quote + 1);
    if (*quote != '"') return MAY_BE_EVENT_LINE;
    const u8 *behind = quote + 1;
    while (*behind == ' ' || *behind == '\t') behind++;
    int may_be_text = *behind != ':' && may_hold_values(text, (size_t)(quote - text));
    return may_be_text ? MAY_BE_EVENT_LINE : NO_EVENT_LINE;
}

const u8 *skip_spaces(scanner *s, const u8 *at)
{
    for (;; at++) {
        if (*at == ' ' || *at == '\t' || *at == '\r') continue;
        if (*at != '\n') return at;
        if (s->allows_line_feed) continue;
        s->has_reached_last = s->last_line_feed && at >= s->last_line_feed;
        if (!s->last_line_feed || s->has_reached_last) return at;
        enum event_line line = find_event_line(at + 1, s->last_line_feed);
        if (line == MAY_BE_EVENT_LINE || (line == SHORT_LINE && s->has_map)) return at;
        if (line == SHORT_LINE) s->has_short_line = 1;
        s->last_crossed = at;
    }
}

const u8 *walk_plain_scalar(scanner *s, const u8 *at)
{
    int ignored = 0;
    if (*at == '"') {
        const u8 *end = walk_string(s, at + 1, &ignored);
        return end ? end + 1 : NULL;
    }
    return *at == '-' || is_digit(*at) ? walk_number(s, at, &ignored) : walk_word(s, at);
}

int add_member(scanner *s, const list_member *member, u32 *last)
{
    if (s->members_count >= MAX_MEMBERS) {
        s->status = WALK_DOUBT;
        return 0;
    }
    if (*last != NO_NUMBER) s->members[*last].next = s->members_count;
    *last = s->members_count++;
    s->members[*last] = *member;
    return 1;
}

/* -- scalars in the form ---------------------------------------------------------------------- */

int put_string(scanner *s, const u8 *text, size_t length, int has_escapes, u32 flags, unsigned level,
               put_text *put)
{
    unsigned said = 0;
    if (has_escapes && !(text = unescape_text(s, text, &length))) return 0;
    if (s->is_late) flags |= find_late_flags(s, text, length, flags);
    u32 number = s->slots_count;
    slot *added = add_string(s, text, length, flags, &said);
    u32 place = s->form_length;
    if (!added || !put_byte(s, said)) return 0;
    put_text done = {place, number, flags, said};
    *put = done;
    if (!length || !(flags & KEY_BODY)) return 1;
    u32 traced = s->traced_count;
    int is_request = is_request_line(text, length, flags), class_ = added->class_;
    int is_name = class_ == CLASS_FULL_NAME || class_ == CLASS_READY_NAME
        || class_ == CLASS_KIND_ALONE;
    int is_walked = 0, may_be = 0;
    if (!is_unsure_request(text, length, flags))
        is_walked = is_request ? walk_query(s, added, level) : !is_name && walk_text(s, added, level);
    may_be = is_walked || may_be_body(s->lists, text, length, flags);
    s->texts_count += (u32)may_be;
    if (is_walked) {
        added->class_ = CLASS_TEXT;
        s->form[place] = (u8)((said & ~15u) | CLASS_TEXT);
    } else if (may_be) {
        s->form[place] = (u8)(said | DOUBT_BIT);
        s->traced_count = UNTRACED;
    } else {
        s->traced_count = traced; /* of a text that was tried */
    }
    return 1;
}

int put_late_string(scanner *s, const u8 *text, size_t length, int has_escapes, u32 flags,
                    unsigned level, late_key *key, put_text *put)
{
    u32 arena_length = s->arena_length;
    if (has_escapes && !(text = unescape_text(s, text, &length))) return 0;
    u32 late = find_late_flags(s, text, length, flags);
    if (!late) {
        s->arena_length = arena_length;
        return 1;
    }
    if (key) {
        key->is_put = 1;
        if (!put_member_key(s, key->state, key->text, key->length)) return 0;
    }
    return put_string(s, text, length, 0, flags | late, level, put);
}

/* Walk a scalar, and put it into the form if its key matters. */
const u8 *walk_scalar(scanner *s, const u8 *at, u32 flags, unsigned level)
{
    int matters = (flags & KEY_MATTERS) != 0;
    unsigned byte = 0;
    if (*at == '"') {
        int has_escapes = 0;
        const u8 *text = at + 1, *end = walk_string(s, text, &has_escapes);
        if (!end) return NULL;
        size_t length = (size_t)(end - text);
        u32 entry = s->traced_count;
        put_text put = {0};
        trace_value(s, VALUE_STRING, text, end, flags, 0);
        if (matters && !put_string(s, text, length, has_escapes, flags, level, &put)) return NULL;
        if (!matters && s->is_late
            && !put_late_string(s, text, length, has_escapes, flags, level, NULL, &put))
            return NULL;
        trace_text(s, entry, &put);
        return end + 1;
    }
    if (*at == '-' || is_digit(*at)) {
        int is_whole = 1;
        const u8 *end = walk_number(s, at, &is_whole);
        if (!end) return NULL;
        if (matters && !(add_number(s, at, (size_t)(end - at), is_whole, flags, &byte) && put_byte(s, byte)))
            return NULL;
        trace_value(s, VALUE_NUMBER, at, end, flags, byte);
        return end;
    }
    if (*at == 't' || *at == 'f' || *at == 'n') {
        const u8 *end = walk_word(s, at);
        if (!end) return NULL;
        if (!matters) return end;
        if (!add_word(s, at, (size_t)(end - at), flags, &byte) || !put_byte(s, byte)) return NULL;
        trace_value(s, VALUE_WORD, at, end, flags, byte);
        return end;
    }
    return stop_at(s, at);
}

/* -- objects and arrays that are not entered -------------------------------------------------- */

const u8 *skip_container(scanner *s, const u8 *at, u8 brace, unsigned level, int *types,
                                u32 *count)
{
    u8 closing = brace == '{' ? '}' : ']';
    *types = 0;
    *count = 0;
    if (level > MAX_LEVELS_WALKED) return stop(s, WALK_DOUBT);
    at = skip_space(s, at);
    if (*at == closing) return at + 1;
    for (;;) {
        if (brace == '{') {
            int has_escapes = 0;
            if (*at != '"') return stop_at(s, at);
            const u8 *end = walk_string(s, at + 1, &has_escapes);
            if (!end) return NULL;
            *types |= has_escapes || has_word(&s->lists[WORDS_TYPE], at + 1, (size_t)(end - at - 1));
            at = skip_space(s, end + 1);
            if (*at != ':') return stop_at(s, at);
            at = skip_space(s, at + 1);
        }
        if (*at == '{' || *at == '[') {
            int inner_types = 0;
            u32 inner_count = 0;
            at = skip_container(s, at + 1, *at, level + 1, &inner_types, &inner_count);
        } else {
            int is_late = s->is_late;
            s->is_late = 0;
            at = walk_scalar(s, at, 0, level);
            s->is_late = is_late;
        }
        if (!at) return NULL;
        *count += 1;
        at = skip_space(s, at);
        if (*at == closing) return at + 1;
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
}

/* -- members ----------------------------------------------------------------------------------- */

/* Walk an object or array under a key; what holds nothing that matters leaves no trace. */
static const u8 *walk_container(scanner *s, const u8 *at, u32 flags, unsigned level,
                                object_state *state, const u8 *key, size_t length)
{
    u32 mark = s->form_length, slots_count = s->slots_count, traced_count = s->traced_count;
    int is_object = *at == '{', is_own = is_own_form(s, state, flags);
    if (++s->containers > MAX_CONTAINERS) return stop(s, WALK_DOUBT);
    if (!(is_own ? put_own_key(s, state, key, length) : put_member_key(s, state, key, length)))
        return NULL;
    if ((flags & KEY_MEETING)) return walk_meeting(s, at, level + 1);
    if (!put_byte(s, is_object ? TOKEN_OBJECT : TOKEN_ARRAY)) return NULL;
    u32 inner = s->form_length;
    at = is_object ? walk_object(s, at + 1, flags & KEY_INHERITED, level + 1)
                   : walk_array(s, at + 1, flags, level + 1);
    if (!at) return NULL;
    is_object = (s->form[inner - 1] & 15) == TOKEN_OBJECT; /* a list of pairs is one, too */
    int is_empty = s->form_length == inner + (is_object ? 2u : 1u);
    /* So it is with a typed value under a key that does not matter. */
    u8 byte = find_typed_byte(s, inner - 1), class_ = byte & 15;
    is_empty |= class_ < CLASS_FULL_NAME && !(byte & DOUBT_BIT);
    if (is_empty && !(flags & KEY_MATTERS) && !state->has_dotted) {
        s->form_length = mark;
        s->slots_count = slots_count;
        drop_traced(s, traced_count, s->traced_count);
        note_skipped(s, state, key, length);
        state->state |= END_HAS_OTHER;
    } else if (was_skipped(s, state, key, length)) {
        return stop(s, WALK_DOUBT); /* of two equal keys the first wins */
    } else if (is_own) {
        note_skipped(s, state, key, length); /* its bytes are not in the form */
    }
    return at;
}

const u8 *walk_member(scanner *s, const u8 *at, u32 flags, unsigned level,
                             object_state *state, const u8 *key, size_t length)
{
    if (flags & KEY_DOTTED) {
        const u8 *dot = memchr(key, '.', length);
        if (was_skipped(s, state, key, (size_t)(dot - key))) return stop(s, WALK_DOUBT);
        state->has_dotted = 1;
    }
    /* What it says may hang on whether these keys are the same. */
    if (state->has_own_form && (flags & (KEY_OWN | KEY_DOTTED))) s->traced_count = UNTRACED;
    if (*at == '{' || *at == '[') {
        if (flags & KEY_CLOSED) {
            int types = 0;
            u32 count = 0;
            state->state |= END_HAS_OTHER;
            note_skipped(s, state, key, length);
            return skip_container(s, at + 1, *at, level + 1, &types, &count);
        }
        return walk_container(s, at, flags, level, state, key, length);
    }
    if (flags & KEY_MATTERS) {
        state->has_pair_key |= (flags & KEY_PAIR) && *at == '"';
        if (!put_member_key(s, state, key, length)) return NULL;
        return walk_scalar(s, at, flags, level);
    }
    state->has_pair_key |= (flags & KEY_PAIR) && *at == '"';
    late_key late = {key, length, state, 0};
    int is_null = *at == 'n';
    if (s->is_late && *at == '"') {
        int has_escapes = 0;
        const u8 *text = at + 1, *end = walk_string(s, text, &has_escapes);
        if (!end) return NULL;
        u32 entry = s->traced_count;
        put_text put = {0};
        trace_value(s, VALUE_STRING, text, end, flags, 0);
        if (!put_late_string(s, text, (size_t)(end - text), has_escapes, flags, level, &late, &put))
            return NULL;
        trace_text(s, entry, &put);
        at = end + 1;
    } else {
        at = walk_scalar(s, at, flags, level);
    }
    if (late.is_put) return was_skipped(s, state, key, length) ? stop(s, WALK_DOUBT) : at;
    state->state |= is_null ? END_HAS_NULL : END_HAS_OTHER;
    note_skipped(s, state, key, length);
    return at;
}

const u8 *end_object(scanner *s, const u8 *at, const object_state *state)
{
    s->skipped_count = state->first_skipped;
    s->is_pair = state->has_pair_key && state->has_pair_value && state->members <= 8;
    if (!put_byte(s, 0) || !put_byte(s, TOKEN_OBJECT_END | state->state)) return NULL;
    return at + 1;
}

/* Walk an object whose brace is before `at`; return the place behind it. */
const u8 *walk_object(scanner *s, const u8 *at, u32 inherited, unsigned level)
{
    object_state state = {.first_skipped = s->skipped_count};
    if (level > MAX_LEVELS_WALKED) return stop(s, WALK_DOUBT);
    at = skip_space(s, at);
    if (*at == '}') return end_object(s, at, &state);
    for (;;) {
        if (*at != '"') return stop_at(s, at);
        int has_escapes = 0;
        const u8 *key = at + 1, *end = walk_string(s, key, &has_escapes);
        if (!end) return NULL;
        size_t length = (size_t)(end - key);
        if (has_escapes && !(key = unescape_text(s, key, &length))) return NULL;
        if (length > MAX_KEY_BYTES) return stop(s, WALK_DOUBT);
        u32 flags = find_flags(s, key, length);
        if (flags & KEY_TYPE) flags |= inherited;
        at = skip_space(s, end + 1);
        if (*at != ':') return stop_at(s, at);
        at = skip_space(s, at + 1);
        state.members++;
        state.has_pair_value |= (flags & KEY_VALUE) != 0;
        at = walk_member(s, at, flags, level, &state, key, length);
        if (!at) return NULL;
        state.has_own |= (flags & KEY_OWN) != 0;
        at = skip_space(s, at);
        if (*at == '}') return end_object(s, at, &state);
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
}

/* Walk an array's member; put it into the form if it may matter. */
static const u8 *walk_item(scanner *s, const u8 *at, u32 flags, unsigned level)
{
    u32 mark = s->form_length;
    int is_object = *at == '{';
    s->is_pair = 0;
    if (!is_object && *at != '[') return walk_scalar(s, at, flags, level);
    if (++s->containers > MAX_CONTAINERS) return stop(s, WALK_DOUBT);
    if (!put_byte(s, is_object ? TOKEN_OBJECT : TOKEN_ARRAY)) return NULL;
    at = is_object ? walk_object(s, at + 1, flags & KEY_INHERITED, level + 1)
                   : walk_array(s, at + 1, flags, level + 1);
    if (!at) return NULL;
    s->is_pair = is_object && s->is_pair;
    int is_empty = s->form_length == mark + ((s->form[mark] & 15) == TOKEN_OBJECT ? 3u : 2u);
    if (is_empty && !(flags & KEY_MATTERS)) s->form_length = mark;
    return at;
}

/* An array while it is walked. */
typedef struct {
    u32 form_begin, slots_begin, members_count, first_split, known_names, keys_count;
    u32 containers, most_containers; /* before, of one member */
    u32 gaps; /* of the trace, before */
    u32 first, last, count, containers_count, objects_count, gap;
    u32 text_arrays; /* members that are arrays of texts, and no objects */
    int has_blank, has_text, holds_text, holds_objects; /* itself; itself or in arrays in it */
    int has_blank_objects;
    int has_odd_gap; /* members without a trace are not all objects of one last byte */
    u8 blank_end;    /* which is this one */
    const u8 *text;  /* behind the bracket */
} array_state;

/* Note a member that leaves no trace; if it is an object, its form is still behind the walk's. */
static void note_gap(scanner *s, array_state *a, int is_object, int is_container)
{
    u8 end = is_object ? s->form[s->form_length + 2] : 0;
    int is_alike = is_object && (!a->has_blank || end == a->blank_end);
    a->has_odd_gap |= !is_alike;
    a->blank_end = end;
    a->has_blank |= is_container;
    a->gap++;
}

/* Walk a member, and note it if it leaves a trace. */
static const u8 *walk_next_item(scanner *s, const u8 *at, u32 flags, unsigned level, array_state *a)
{
    u32 begin = s->form_length;
    int is_array = *at == '[', is_object = *at == '{', is_container = is_object || is_array;
    s->keys_count = a->keys_count;
    s->containers = a->containers;
    if (a->gap && !put_byte(s, TOKEN_SAME_AGAIN | (a->gap < MAX_GAP ? a->gap : MAX_GAP) << 4))
        return NULL;
    list_member member = {.gap_begin = begin, .form_begin = s->form_length,
                          .slots_begin = s->slots_count, .number = a->count,
                          .splits_begin = s->splits_count, .traced_begin = s->traced_count,
                          .next = NO_NUMBER, .text = at};
    at = walk_item(s, at, flags, level);
    if (!at) return NULL;
    u32 containers = s->containers - a->containers;
    if (containers > a->most_containers) a->most_containers = containers;
    a->count++;
    a->containers_count += (u32)is_container;
    if (s->form_length == member.form_begin) {
        note_gap(s, a, is_object, is_container);
        s->form_length = begin;
        a->has_blank_objects |= is_container && (!is_array || s->array_has_blank_objects);
        return at;
    }
    a->gap = 0;
    u8 byte = s->form[member.form_begin];
    a->objects_count += (byte & 15) == TOKEN_OBJECT; /* or a list of pairs */
    a->has_text |= !is_container && ((byte & 15) == CLASS_TEXT || (byte & DOUBT_BIT));
    if (is_array && (byte & 15) == TOKEN_ARRAY) {
        int has_splits = member.splits_begin < s->splits_count;
        a->text_arrays += s->array_holds_text && !s->array_holds_objects && !has_splits;
        a->holds_text |= s->array_holds_text || has_splits;
        a->holds_objects |= s->array_holds_objects;
    }
    member.form_end = s->form_length;
    member.text_end = at;
    member.slots_end = s->slots_count;
    member.splits_end = s->splits_count;
    member.containers = containers;
    member.may_be_pair = (u8)s->is_pair;
    cut_trace(s, &member);
    if (!add_member(s, &member, &a->last)) return NULL;
    if (a->first == NO_NUMBER) a->first = a->last;
    return at;
}

/* End an array: its members are records each, or members like the one before are not said again. */
static const u8 *end_array(scanner *s, const u8 *at, array_state *a)
{
    int is_split = a->containers_count > 1 && s->known_names > a->known_names;
    /* Members are records of their own, each with as many containers as are entered. */
    s->containers = a->containers + a->most_containers;
    if (s->containers > MAX_CONTAINERS) return stop(s, WALK_DOUBT);
    unsigned byte = TOKEN_ARRAY_END | (a->count < 2 ? a->count : 2) << END_COUNT_SHIFT;
    if (a->has_blank) byte |= END_HAS_BLANK;
    if (a->has_blank_objects) byte |= END_HAS_BLANK_OBJECT;
    s->array_has_blank_objects = a->has_blank_objects;
    s->array_holds_text = a->has_text || a->holds_text;
    s->array_holds_objects = a->holds_objects || a->objects_count > 0;
    if (is_split) {
        /* Whether texts beside are records, too, depends on where the others are found. */
        int are_texts = a->text_arrays == a->containers_count;
        int has_odd_blank = a->has_blank && a->has_odd_gap;
        if (has_odd_blank || a->has_text || (a->holds_text && !are_texts))
            return stop(s, WALK_DOUBT);
        s->form[a->form_begin - 1] |= ONE_OF_SEVERAL;
        split *added = add_split(s, a->form_begin, a->slots_begin, a->first, a->first_split, 0);
        if (!added) return NULL;
        if (a->has_blank) added->count = a->count;
        added->blank_end = a->blank_end;
        added->are_all_containers = !a->has_blank && a->count == a->containers_count && !a->holds_text;
        added->gaps_before = a->gaps;
        added->text = a->text;
        added->text_end = at;
    } else if (a->first_split == s->splits_count) {
        if (a->first != NO_NUMBER) collapse_members(s, a->first);
        s->members_count = a->members_count;
    }
    return put_byte(s, byte) ? at + 1 : NULL;
}

/* Walk an array whose bracket is before `at`; members of the form before are not said again. */
const u8 *walk_array(scanner *s, const u8 *at, u32 flags, unsigned level)
{
    array_state a = {.form_begin = s->form_length, .slots_begin = s->slots_count,
                     .members_count = s->members_count, .first_split = s->splits_count,
                     .known_names = s->known_names, .keys_count = s->keys_count,
                     .containers = s->containers, .gaps = s->gaps, .first = NO_NUMBER,
                     .last = NO_NUMBER, .text = at};
    if (level > MAX_LEVELS_WALKED) return stop(s, WALK_DOUBT);
    at = skip_space(s, at);
    if (*at == '{') {
        u32 traced_count = s->traced_count;
        s->traced_count = UNTRACED;
        int is_of_pairs = are_pairs(s, at, level);
        if (s->status != WALK_OK) return NULL;
        s->traced_count = traced_count;
        if (is_of_pairs) return walk_pairs(s, at, level);
    }
    while (*at != ']' || a.count) {
        at = walk_next_item(s, at, flags, level, &a);
        if (!at) return NULL;
        at = skip_space(s, at);
        if (*at == ']') break;
        if (*at != ',') return stop_at(s, at);
        at = skip_space(s, at + 1);
    }
    return end_array(s, at, &a);
}

int end_form(scanner *s)
{
    u32 known = 0;
    for (u32 number = 0; number < s->slots_count; number++)
        known += s->slots[number].kind != KIND_NONE;
    for (u32 number = 0; known > 1 && number < s->slots_count; number++)
        if (s->slots[number].kind != KIND_NONE && !put_byte(s, s->slots[number].kind)) return 0;
    return !s->is_dirty || put_byte(s, FORM_IS_LATE);
}

/* Walk a record that is a text, its quote before `at`. */
static const u8 *walk_root_text(scanner *s, const u8 *at)
{
    int has_escapes = 0;
    const u8 *end = walk_string(s, at, &has_escapes);
    if (!end) return NULL;
    size_t length = (size_t)(end - at);
    const u8 *plain = unescape_text(s, at, &length);
    if (!plain) return NULL;
    slot holder = {plain, (u32)length, CLASS_TEXT, KIND_NONE, FORM_ABSENT, 1, 0}; /* never as spelled */
    trace_value(s, VALUE_STRING, at, end, 0, 0);
    if (!put_byte(s, ROOT_IS_TEXT) || !walk_text(s, &holder, 0)) return stop(s, WALK_DOUBT);
    trace_entered(s, &s->traced[0], &holder, s->form[1]);
    return end + 1;
}

static const u8 *walk_once(scanner *s, const u8 *at)
{
    s->status = WALK_OK;
    s->form = s->walked_form;
    s->slots = s->walked_slots;
    s->form_limit = MAX_WALKED_BYTES;
    s->form_length = s->slots_count = s->skipped_count = s->containers = 0;
    s->text_levels = s->arena_length = s->keys_count = 0;
    s->members_count = s->splits_count = s->known_names = s->traced_count = 0;
    s->is_dirty = s->has_nameless = 0;
    s->named_count = s->texts_count = s->gaps = 0;
    s->first_gap = NO_NUMBER;
    s->allows_line_feed = 0;
    s->last_crossed = NULL;
    s->has_reached_last = s->has_short_line = 0;
    at = *at == '"' ? walk_root_text(s, at + 1) : walk_object(s, at + 1, 0, 1);
    if (at && s->has_nameless && s->known_names) return stop(s, WALK_DOUBT);
    /* What a map finds in lists is for the judge to say. */
    if (at && s->has_map && (s->has_nameless || s->splits_count)) return stop(s, WALK_DOUBT);
    if (!at || s->splits_count) return at;
    if (!end_form(s)) return NULL;
    if (s->form_length > MAX_FORM_BYTES || s->slots_count > MAX_SLOTS) return stop(s, WALK_DOUBT);
    return at;
}

const u8 *walk_record(scanner *s, const u8 *at)
{
    const u8 *end = walk_once(s, at);
    if (end || !s->is_late || s->status != WALK_DOUBT) return end;
    s->is_late = 0;
    return walk_once(s, at);
}
