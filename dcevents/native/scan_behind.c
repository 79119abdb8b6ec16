/* Lines that do not begin with an object: text before their JSON, texts that are records. */
#include "scan_lines.h"

/* Return whether a line is one number, word, or string that holds no values, and nothing around. */
static int is_lone_scalar(scanner *s, const line *l)
{
    const u8 *end = walk_plain_scalar(s, l->begin);
    if (end != l->end) return 0;
    int has_escapes = memchr(l->begin, '\\', (size_t)(end - l->begin)) != NULL;
    return *l->begin != '"'
        || (!has_escapes && !may_hold_values(l->begin + 1, (size_t)(end - l->begin) - 2));
}

/* Take a record by its path or walked, if it ends its line. */
static enum line_outcome take_to_end(scanner *s, const line *l, const u8 *at)
{
    int has_signs = 0;
    const u8 *end;
    enum line_outcome outcome = take_path(s, at, l->end, &end);
    if (outcome != SET_ASIDE && skip_around(end, &has_signs) == l->end) return outcome;
    if (outcome != SET_ASIDE) leave_records(s);
    end = walk_record(s, at);
    return end && skip_around(end, &has_signs) == l->end ? take_and_learn(s, l, at, end) : SET_ASIDE;
}

/* Return whether a line may end with what is behind a record that text stands before. */
static int may_end_behind(scanner *s, const line *l, const u8 *place, const u8 *end, int is_text)
{
    int may_end = (is_text && are_empty_values(end, l->end))
        || may_end_line(s->prefix_begin, place, end, l->end);
    return may_end && is_valid_utf8(end, (size_t)(l->end - end));
}

/* Take a record with more beside it, unless it is rejected: that would need bytes of its own. */
static enum line_outcome take_beside(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    int was_several = s->is_several;
    s->is_several = 1;
    enum line_outcome outcome = take_and_learn(s, l, at, end);
    s->is_several = was_several;
    return outcome;
}

/* Take the record at a place of a line that has text before it, or scalars. */
static enum line_outcome take_behind_prefix(scanner *s, const line *l, const u8 *place, int is_text)
{
    int has_signs = 0;
    const u8 *end;
    enum line_outcome outcome = take_path(s, place, l->end, &end);
    int is_last = outcome != SET_ASIDE && skip_around(end, &has_signs) == l->end;
    s->is_text_line = is_text && is_last;
    if (is_last) return outcome;
    if (outcome == TAKEN_EVENT && may_end_behind(s, l, place, end, is_text)) return outcome;
    if (outcome != SET_ASIDE) leave_records(s);
    end = walk_record(s, place);
    if (!end) return SET_ASIDE;
    is_last = skip_around(end, &has_signs) == l->end;
    s->is_text_line = is_text && is_last;
    if (is_last) return take_and_learn(s, l, place, end);
    return may_end_behind(s, l, place, end, is_text) ? take_beside(s, l, place, end) : SET_ASIDE;
}

/* Walk a scalar beside objects, which is text; return NULL where that is not certain. */
static const u8 *walk_text_scalar(scanner *s, const u8 *at)
{
    enum { MAX_NUMBER_BYTES = 40 };
    const u8 *end = walk_plain_scalar(s, at);
    if (!end) return NULL;
    if (*at != '"') return end - at > MAX_NUMBER_BYTES ? NULL : end;
    return memchr(at, '\\', (size_t)(end - at)) ? NULL : end;
}

static u32 find_offset(const line *l, const u8 *at) { return l->offset + (u32)(at - l->begin); }

/* Take an object of an array behind text; `at` gets its end. */
static enum line_outcome take_member(scanner *s, const line *l, const u8 **at)
{
    /* All records have the text before the first. */
    if (!s->prefix_end) {
        s->prefix_end = *at;
        /* To framing, half an escaped surrogate in it is another character. */
        s->may_reject = !memchr(s->prefix_begin, '\\', (size_t)(*at - s->prefix_begin));
        s->value.prefix_begin = find_offset(l, s->prefix_begin);
        s->value.prefix_end = find_offset(l, *at);
    }
    s->value.begin = find_offset(l, *at);
    return take_object(s, l, *at, at);
}

static const u8 *skip_blanks(const u8 *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r') at++;
    return at;
}

/* Pass over the brackets that close arrays behind a member; return NULL where these are none of
   records. */
static const u8 *close_arrays(line_arrays *arrays, const u8 *at)
{
    for (at = skip_blanks(at); *at == ']' && arrays->count; at = skip_blanks(at + 1)) {
        /* An array of scalars in another is text. */
        if (arrays->count > 1 && !arrays->has_objects[arrays->count - 1]) arrays->count--;
        else if (!note_bracket(arrays, *at)) return NULL;
    }
    return at;
}

/* Take the members of an array, its bracket at `at`, which ends the line. */
static enum line_outcome take_each_member(scanner *s, const line *l, const u8 *at)
{
    line_arrays arrays = {0};
    int has_signs = 0;
    enum line_outcome outcome = SET_ASIDE;
    do {
        at = skip_blanks(at);
        if (*at == '[') {
            if (!note_bracket(&arrays, '[')) return SET_ASIDE;
            at = skip_blanks(at + 1);
            if (*at != ']') continue;
        } else if (*at == '{') {
            outcome = take_member(s, l, &at);
            if (outcome != TAKEN_EVENT && outcome != TAKEN_OTHER) return outcome;
            note_object(s, &arrays);
        } else {
            at = walk_text_scalar(s, at);
            if (!at) return SET_ASIDE;
            arrays.are_pairs[arrays.count - 1] = 0;
        }
        at = close_arrays(&arrays, at);
        if (!at || (arrays.count && *at++ != ',')) return SET_ASIDE;
    } while (arrays.count);
    return skip_around(at, &has_signs) == l->end ? outcome : SET_ASIDE;
}

/* Take the records of an array that stands behind text and ends its line. What is in it beside objects
   is text. */
static enum line_outcome take_members(scanner *s, const line *l, const u8 *at)
{
    s->is_several = 1;
    s->prefix_end = NULL;
    enum line_outcome outcome = take_each_member(s, l, at);
    s->is_several = s->may_reject = 0;
    if (outcome != TAKEN_EVENT && outcome != TAKEN_OTHER) return outcome;
    int has_rejected = s->rejected_spans_count > s->first_rejected_span;
    if (s->line_records > 1) return TAKEN_SEVERAL_ALONE;
    if (has_rejected) s->rejected_spans[s->first_rejected_span].member = 0;
    return has_rejected ? TAKEN_SEVERAL_ALONE : outcome;
}

enum line_outcome scan_text(scanner *s, const line *l, const u8 *at)
{
    s->is_several = 1;
    enum line_outcome outcome = take_to_end(s, l, at);
    s->is_several = 0;
    if (outcome == NO_MEMORY) return outcome;
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER || outcome == TAKEN_SEVERAL;
    return is_taken ? TAKEN_SEVERAL : SET_ASIDE;
}

/* Take a quoted text, by its path or walked, if it is the only JSON of its line. */
static enum line_outcome take_quoted(scanner *s, const line *l, const u8 *begin, const u8 *quote, u32 count)
{
    const u8 *end;
    enum line_outcome outcome = take_path(s, quote, l->end, &end);
    int has_path = outcome != SET_ASIDE;
    if (!has_path && !(end = walk_record(s, quote))) return SET_ASIDE;
    int is_only = is_only_quoted(s, begin, quote, count, end, l->end)
        && is_valid_utf8(end, (size_t)(l->end - end));
    if (!is_only) return SET_ASIDE;
    return has_path ? outcome : take_and_learn(s, l, quote, end);
}

/* Scan a line that has text before a quoted text, which may be a record. */
static enum line_outcome scan_quoted(scanner *s, const line *l, const u8 *begin)
{
    u32 count;
    const u8 *quote = find_quoted(begin, l->end, &count);
    if (!quote || !is_valid_utf8(begin, (size_t)(quote - begin))) return SET_ASIDE;
    s->has_prefix = s->is_several = 1;
    s->prefix_begin = begin;
    s->prefix_end = quote;
    enum line_outcome outcome = take_quoted(s, l, begin, quote, count);
    s->has_prefix = s->is_several = 0;
    return outcome == TAKEN_EVENT ? TAKEN_ALONE : outcome;
}

/* Scan a line that does not begin with an object. */
enum line_outcome scan_prefixed(scanner *s, const line *l, const u8 *begin)
{
    const u8 *reached = begin, *place = find_place(begin, l->end);
    enum line_head head = read_head(s, begin, l->end, &reached);
    if (head == HEAD_DOUBT && is_lone_scalar(s, l)) return take_other(s, OTHER_NOT_AN_OBJECT);
    if (head == HEAD_DOUBT || is_first_part(begin, place ? place : l->end)) return SET_ASIDE;
    if (!place) {
        if (head != HEAD_TEXT) return SET_ASIDE;
        return is_plain_text(begin, l->end) ? reject_line(s, l) : scan_quoted(s, l, begin);
    }
    if (head == HEAD_SCALARS && reached != place) return SET_ASIDE;
    int is_array = head == HEAD_TEXT && *place == '[';
    if (*place != '{' && !is_array) return SET_ASIDE;
    if (!is_valid_utf8(begin, (size_t)(place - begin))) return SET_ASIDE;
    s->has_prefix = 1;
    s->prefix_begin = begin;
    s->prefix_end = place;
    s->is_text_line = is_array;
    enum line_outcome outcome = is_array ? take_members(s, l, place)
                                         : take_behind_prefix(s, l, place, head == HEAD_TEXT);
    s->has_prefix = 0;
    return outcome == TAKEN_EVENT ? TAKEN_ALONE : outcome;
}
