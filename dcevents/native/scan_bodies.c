/* Texts in texts: JSON in a string, behind a prefix, encoded, in a form. */
#include "scan_walk.h"

static int walk_form(scanner *s, const u8 *text, const u8 *end, enum text_kind kind, unsigned level);

/* -- texts in texts --------------------------------------------------------------------------- */

/* What a walk has made so far, to go back to. */
typedef struct {
    u32 form_length, slots_count, skipped_count, containers, arena_length;
    u32 members_count, splits_count, known_names, traced_count;
} walk_mark;

static walk_mark mark_walk(const scanner *s)
{
    walk_mark mark = {s->form_length, s->slots_count, s->skipped_count, s->containers,
                      s->arena_length, s->members_count, s->splits_count, s->known_names,
                      s->traced_count};
    return mark;
}

static void go_back(scanner *s, const walk_mark *mark)
{
    s->status = WALK_OK;
    s->form_length = mark->form_length;
    s->slots_count = mark->slots_count;
    s->skipped_count = mark->skipped_count;
    s->containers = mark->containers;
    s->arena_length = mark->arena_length;
    s->members_count = mark->members_count;
    s->splits_count = mark->splits_count;
    s->known_names = mark->known_names;
    s->traced_count = mark->traced_count;
}

/* Walk one value of a text: an object, an array, or a text again. */
static const u8 *walk_text_value(scanner *s, const u8 *at, unsigned level)
{
    if (*at == '{') return put_byte(s, TOKEN_OBJECT) ? walk_object(s, at + 1, 0, level + 1) : NULL;
    if (*at == '[')
        return put_byte(s, TOKEN_ARRAY) ? walk_array(s, at + 1, KEY_BODY, level + 1) : NULL;
    return *at == '"' ? walk_scalar(s, at, KEY_BODY, level + 1) : NULL;
}

/* Return whether the object walked last is like the first of its text, and neither has anything that
   matters: so many of them say what one says. */
static int is_again(const scanner *s, u32 first, u32 last, u32 slots_begin)
{
    u32 length = s->form_length - last;
    return last == first + length && s->slots_count == slots_begin
        && !memcmp(s->form + first, s->form + last, length);
}

/* Put objects without names into the form as one that has nothing. They might have the sid of a name
   beside them, but not where the record has none: see `walk_once`. */
static int put_nameless(scanner *s, const walk_mark *mark)
{
    go_back(s, mark);
    s->has_nameless = 1;
    s->traced_count = UNTRACED;
    return put_byte(s, TOKEN_OBJECT) && put_byte(s, 0)
        && put_byte(s, TOKEN_OBJECT_END | END_HAS_OTHER);
}

/* Walk the values of a text up to its end: one, or several records. */
static int walk_text_values(scanner *s, const u8 *at, const u8 *end, unsigned level)
{
    u32 form_begin = s->form_length, slots_begin = s->slots_count, known = s->known_names;
    u32 members_count = s->members_count, first_split = s->splits_count, count = 0;
    u32 first = NO_NUMBER, last = NO_NUMBER;
    walk_mark mark = mark_walk(s);
    int are_objects = 1, has_again = 0, was_dirty = s->is_dirty;
    u32 gaps = s->gaps;
    u32 named = s->named_count, texts = s->texts_count;
    while (at < end) {
        u32 begin = s->form_length, slots = s->slots_count, splits = s->splits_count;
        u32 traced = s->traced_count, containers = s->containers;
        const u8 *text = at;
        are_objects = are_objects && *at == '{';
        at = walk_text_value(s, at, level);
        if (!at || at > end) return 0;
        if (are_objects && is_again(s, form_begin, begin, slots_begin)) {
            s->form_length = begin;
            has_again = 1;
            at = skip_separators(at, end);
            continue;
        }
        list_member member = {.gap_begin = begin, .form_begin = begin, .form_end = s->form_length,
                              .slots_begin = slots, .slots_end = s->slots_count, .number = count++,
                              .splits_begin = splits, .splits_end = s->splits_count,
                              .traced_begin = traced, .next = NO_NUMBER,
                              .containers = s->containers - containers, .text = text,
                              .text_end = at};
        cut_trace(s, &member);
        if (!add_member(s, &member, &last)) return 0;
        if (first == NO_NUMBER) first = last;
        at = skip_separators(at, end);
    }
    if (count > 1 && has_again) return 0;
    if (has_again) s->traced_count = UNTRACED;
    if (count == 1) {
        if (first_split == s->splits_count) s->members_count = members_count;
        return 1;
    }
    if (!are_objects) return 0;
    if (known == s->known_names) {
        int holds_nothing = named == s->named_count && texts == s->texts_count && was_dirty == s->is_dirty;
        return holds_nothing && put_nameless(s, &mark);
    }
    split *added = add_split(s, form_begin, slots_begin, first, first_split, 1);
    if (!added) return 0;
    added->are_all_containers = 1;
    added->gaps_before = gaps;
    return 1;
}

/* Walk a text that is JSON values; return 0, with the form as it was, for any other. */
static int walk_json_text(scanner *s, const u8 *at, const u8 *end, enum text_kind kind,
                          unsigned level)
{
    walk_mark mark = mark_walk(s);
    int allows_line_feed = s->allows_line_feed, is_walked = 0;
    s->allows_line_feed = 1;
    s->text_levels++;
    u32 place = s->form_length;
    if (put_byte(s, kind)) {
        u32 splits = s->splits_count;
        is_walked = walk_text_values(s, at, end, level);
        if (is_walked && s->splits_count > splits && s->splits[s->splits_count - 1].is_text
            && s->splits[s->splits_count - 1].form_begin == place + 1)
            s->form[place] |= ONE_OF_SEVERAL;
    }
    s->text_levels--;
    s->allows_line_feed = allows_line_feed;
    if (!is_walked) go_back(s, &mark);
    return is_walked;
}

/* Return a text in the arena, where zeros are behind it; NULL where there is no room. */
static const u8 *place_text(scanner *s, const u8 *text, size_t length)
{
    if (text >= s->arena && text < s->arena + ARENA_BYTES) return text;
    u8 *copy = take_arena(s, length);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    keep_in_arena(s, length);
    return copy;
}

/* Note where the text is walked that was traced last. */
static void trace_place(scanner *s, const u8 *text, const u8 *end)
{
    if (!s->traced_count || s->traced_count > MAX_TRACED) return;
    s->traced[s->traced_count - 1].text = text;
    s->traced[s->traced_count - 1].text_end = end;
}

/* Walk a text that is JSON from its beginning on. */
static int walk_plain_text(scanner *s, const u8 *at, const u8 *end, unsigned level)
{
    size_t length = (size_t)(end - at);
    at = place_text(s, at, length);
    if (!at) return 0;
    trace_place(s, at, at + length);
    return walk_json_text(s, at, at + length, TEXT_JSON, level);
}

int are_values(scanner *s, const u8 *at, const u8 *place)
{
    int types = 0;
    u32 count = 0;
    while (at && (at = skip_separators(at, place)) < place)
        at = *at == '[' ? skip_container(s, at + 1, '[', 1, &types, &count)
                        : walk_plain_scalar(s, at);
    int is_certain = !at && s->status != WALK_DOUBT;
    s->status = WALK_OK;
    return !is_certain;
}

/* Walk a text that has other text before its JSON, all on one line. */
static int walk_prefixed_text(scanner *s, const u8 *at, const u8 *end, unsigned level)
{
    size_t length = (size_t)(end - at);
    at = place_text(s, at, length);
    if (!at) return 0;
    end = at + length;
    const u8 *place = find_json_place(at, end);
    if (!place || *place != '{' || memchr(at, '\n', (size_t)(place - at))) return 0;
    u32 traced = s->traced_count;
    if (are_values(s, at, place)) return 0;
    s->traced_count = traced;
    trace_value(s, VALUE_PREFIX, at, place, 0, 0);
    int allows_line_feed = s->allows_line_feed;
    s->allows_line_feed = 0;
    s->text_levels++;
    const u8 *rest = put_byte(s, TEXT_BEHIND_PREFIX) ? walk_text_value(s, place, level) : NULL;
    s->text_levels--;
    s->allows_line_feed = allows_line_feed;
    if (!rest || rest > end) return 0;
    const u8 *last = end;
    while (last > rest && last[-1] == '\n') last--;
    for (; rest < last; rest++)
        if (*rest == '\n' || strchr("\"'{}[]", *rest ? *rest : 'x')) return 0;
    return 1;
}

/* Walk a text that stands for another one, which is JSON. */
static int walk_encoded_text(scanner *s, const u8 *text, size_t length, enum text_kind kind,
                             unsigned level)
{
    u8 *plain = take_arena(s, length);
    if (!plain) return 0;
    size_t size = kind == TEXT_BASE64 ? decode_base64(text, length, plain)
                                      : decode_percent(text, length, plain);
    if (!size) return 0;
    keep_in_arena(s, size);
    const u8 *end = plain + size, *at = skip_separators(plain, end);
    trace_place(s, plain, end);
    if (at == end || (*at != '{' && *at != '[' && *at != '"')) return 0;
    return walk_json_text(s, at, end, kind, level);
}

int is_form_by_keys(const u8 *text, const u8 *end)
{
    const u8 *sign = memchr(text, '=', (size_t)(end - text));
    return sign && !memchr(text, '%', (size_t)(sign - text)) && memchr(text, '&', (size_t)(end - text));
}

int walk_text(scanner *s, const slot *holder, unsigned level)
{
    const u8 *text = holder->text, *end = text + holder->length;
    const u8 *at = skip_separators(text, end);
    if (at == end || s->text_levels >= MAX_TEXT_LEVELS) return 0;
    walk_mark mark = mark_walk(s);
    int is_walked = 0;
    if (*at == '{' || *at == '[' || *at == '"') {
        is_walked = walk_plain_text(s, at, end, level);
        if (is_walked || *at != '[') goto ended;
        go_back(s, &mark);
    }
    if (memchr(at, '{', (size_t)(end - at)) || *at == '[') {
        is_walked = walk_prefixed_text(s, at, end, level);
    } else if (!memchr(at, '[', (size_t)(end - at))) {
        is_walked = walk_encoded_text(s, text, holder->length, TEXT_BASE64, level);
        if (is_walked) goto ended;
        go_back(s, &mark);
        if (is_base64(text, holder->length)) goto ended;
        if (is_percent_encoded(text, holder->length))
            is_walked = walk_encoded_text(s, text, holder->length, TEXT_PERCENT, level);
        else if (memchr(at, '=', (size_t)(end - at)))
            is_walked = !may_be_base64(text, holder->length) /* over lines */
                && walk_form(s, text, end, TEXT_FORM, level);
    }
ended:
    if (!is_walked) go_back(s, &mark);
    return is_walked;
}

int walk_query(scanner *s, const slot *holder, unsigned level)
{
    const u8 *at = holder->text, *end = at + holder->length;
    walk_mark mark = mark_walk(s);
    if (s->text_levels >= MAX_TEXT_LEVELS || !find_query(&at, &end)) return 0;
    int is_walked = walk_form(s, at, end, TEXT_QUERY, level);
    if (!is_walked) go_back(s, &mark);
    return is_walked;
}

/* -- forms ---------------------------------------------------------------------------------- */

/* Return a part of a form without its encoding; NULL where that is no text. */
static const u8 *decode_part(scanner *s, const u8 *text, size_t *length)
{
    u8 *plain = take_arena(s, *length);
    if (!plain) return NULL;
    *length = decode_percent(text, *length, plain);
    keep_in_arena(s, *length);
    return is_valid_utf8(plain, *length) ? plain : NULL;
}

/* Put a field of a form into the form of the record. */
static int put_field(scanner *s, const u8 *key, size_t length, const u8 *value, size_t value_length,
                     unsigned level, object_state *state)
{
    key = decode_part(s, key, &length);
    if (!key || length > MAX_KEY_BYTES) return 0;
    u32 flags = find_flags(s, key, length);
    state->members++;
    if (flags & KEY_DOTTED) {
        const u8 *dot = memchr(key, '.', length);
        if (was_skipped(s, state, key, (size_t)(dot - key))) return 0;
        state->has_dotted = 1;
    }
    late_key late = {key, length, state, 0};
    int matters = (flags & KEY_MATTERS) != 0;
    u32 entry = s->traced_count;
    trace_value(s, VALUE_FIELD, value, value + value_length, flags, 0);
    if (matters || s->is_late) {
        value = decode_part(s, value, &value_length);
        if (!value) return 0;
    }
    put_text put = {0};
    if (matters && !put_key(s, key, length)) return 0;
    if (matters && !put_string(s, value, value_length, 0, flags, level, &put)) return 0;
    if (!matters && s->is_late && !put_late_string(s, value, value_length, 0, flags, level, &late, &put))
        return 0;
    trace_field(s, entry, &put);
    if (matters) return 1;
    if (late.is_put) return !was_skipped(s, state, key, length);
    state->state |= END_HAS_OTHER;
    note_skipped(s, state, key, length);
    return 1;
}

/* Walk a text that is a form: `key=value&…`. */
static int walk_form(scanner *s, const u8 *text, const u8 *end, enum text_kind kind, unsigned level)
{
    object_state state = {.first_skipped = s->skipped_count};
    const u8 *at = text;
    if (!trim_form(&at, &end)) return 0;
    if (!put_byte(s, kind) || !put_byte(s, TOKEN_OBJECT)) return 0;
    s->text_levels++;
    int is_first = 1, is_form = 1;
    while (is_form && at < end) {
        const u8 *key = at;
        while (at < end && is_form_key(*at)) at++;
        const u8 *key_end = at, *value = at, *next = at;
        while (next < end && *next != '&') next++;
        if (at < next && *at == '=' && key < key_end) value = at + 1;
        else is_form = at == next && !is_first;
        if (is_form && key < key_end)
            is_form = put_field(s, key, (size_t)(key_end - key), value, (size_t)(next - value),
                                level + 1, &state);
        at = next < end ? next + 1 : end;
        is_first = 0;
    }
    s->text_levels--;
    return is_form && !is_first && end_object(s, text, &state) != NULL;
}
