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

/* Take a record that ends its line, by its path or walked. Else it is set aside, and `end` is where it
   ends; NULL where there is nothing more to try. */
static enum line_outcome take_to_end(scanner *s, const line *l, const u8 *at, const u8 **end)
{
    int has_signs = 0;
    *end = NULL;
    const u8 *stop = NULL;
    enum line_outcome outcome = take_path(s, at, l->end, &stop);
    if (outcome != SET_ASIDE) return outcome;
    const u8 *walked = walk_record(s, at);
    /* What a path goes over must be nothing but the record: other lines have it without a prefix. */
    if (walked && skip_around(walked, &has_signs) == l->end)
        return take_and_learn(s, l, at, at, walked);
    *end = walked;
    return SET_ASIDE;
}

/* Take a record with more beside it, unless it is rejected: that would need bytes of its own. */
static enum line_outcome take_beside(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    int was_several = s->is_several;
    s->is_several = 1;
    enum line_outcome outcome = take_record(s, l, at, end);
    s->is_several = was_several;
    return outcome;
}

/* Take the record at a place of a line that has text before it, or scalars. */
static enum line_outcome take_behind_prefix(scanner *s, const line *l, const u8 *place, int is_text)
{
    const u8 *end;
    enum line_outcome outcome = take_to_end(s, l, place, &end);
    if (!end) return outcome;
    int may_end = may_end_line(s->prefix_begin, place, end, l->end)
        || (is_text && are_empty_values(end, l->end));
    if (!may_end || !is_valid_utf8(end, (size_t)(l->end - end))) return SET_ASIDE;
    return take_beside(s, l, place, end);
}

/* Take the only member of an array that stands behind text and ends its line, unless it is rejected. */
static enum line_outcome take_only_member(scanner *s, const line *l, const u8 *at)
{
    int has_signs = 0;
    const u8 *end = walk_record(s, at), *rest = end;
    while (rest && (*rest == ' ' || *rest == '\t')) rest++;
    if (!rest || *rest != ']' || skip_around(rest + 1, &has_signs) != l->end || s->is_pair)
        return SET_ASIDE;
    return take_beside(s, l, at, end);
}

/* Take a record that is a text, unless it is rejected; behind it may be other text. */
static enum line_outcome take_text(scanner *s, const line *l, const u8 *at, int may_have_rest)
{
    const u8 *end;
    enum line_outcome outcome = take_to_end(s, l, at, &end);
    if (!end || !may_have_rest || !is_valid_utf8(end, (size_t)(l->end - end))) return outcome;
    return take_record(s, l, at, end);
}

enum line_outcome scan_text(scanner *s, const line *l, const u8 *at)
{
    s->is_several = 1;
    enum line_outcome outcome = take_text(s, l, at, 0);
    s->is_several = 0;
    if (outcome == NO_MEMORY) return outcome;
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER || outcome == TAKEN_SEVERAL;
    return is_taken ? TAKEN_SEVERAL : SET_ASIDE;
}

/* Scan a line that has text before a quoted text, which may be a record. */
static enum line_outcome scan_quoted(scanner *s, const line *l, const u8 *begin)
{
    const u8 *quote = find_quoted(s, begin, l->end);
    if (!quote || !is_valid_utf8(begin, (size_t)(quote - begin))) return SET_ASIDE;
    s->has_prefix = s->is_several = 1;
    s->prefix_begin = begin;
    s->prefix_end = quote;
    enum line_outcome outcome = take_text(s, l, quote, 1);
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
    for (place += is_array; is_array && (*place == ' ' || *place == '\t');) place++;
    if (*place != '{') return SET_ASIDE;
    if (!is_valid_utf8(begin, (size_t)(place - begin))) return SET_ASIDE;
    s->has_prefix = 1;
    s->prefix_begin = begin;
    s->prefix_end = place;
    enum line_outcome outcome = is_array ? take_only_member(s, l, place)
                                         : take_behind_prefix(s, l, place, head == HEAD_TEXT);
    s->has_prefix = 0;
    return outcome == TAKEN_EVENT ? TAKEN_ALONE : outcome;
}
