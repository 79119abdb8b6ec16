/* Lines like one that was walked: the same bytes between values, and values of the same classes.

   A walk depends on nothing else, so such a line has the same form, and the same rule. What is
   not found here is walked. */
#include "scan_walk.h"

int open_paths(path_tree *paths)
{
    paths->steps = calloc(MAX_STEPS, sizeof *paths->steps);
    paths->bytes = calloc(MAX_PATH_BYTES + READ_AHEAD, 1);
    paths->steps_count = 1;
    return paths->steps && paths->bytes;
}

void close_paths(path_tree *paths)
{
    free(paths->steps);
    free(paths->bytes);
}

static void empty_paths(path_tree *paths)
{
    memset(paths->steps, 0, sizeof *paths->steps);
    paths->steps_count = 1;
    paths->bytes_count = 0;
}

/* -- following ---------------------------------------------------------------------------------- */

static const u8 *follow_string(scanner *s, const path_step *step, const u8 *at)
{
    int has_escapes = 0;
    const u8 *end = walk_string(s, at, &has_escapes);
    if (!end || !step->flags) return end;
    size_t length = (size_t)(end - at);
    unsigned byte = 0;
    if (has_escapes && !(at = unescape_text(s, at, &length))) return NULL;
    if (!add_string(s, at, length, step->flags, &byte) || byte != step->byte) return NULL;
    int is_body = (step->flags & KEY_BODY) && length && may_be_body(at, length, step->flags);
    return is_body ? NULL : end;
}

static const u8 *follow_number(scanner *s, const path_step *step, const u8 *at)
{
    int is_whole = 1;
    unsigned byte = 0;
    const u8 *end = walk_number(s, at, &is_whole);
    if (!end || !step->flags) return end;
    size_t length = (size_t)(end - at);
    int is_same_class = add_number(s, at, length, is_whole, step->flags, &byte) && byte == step->byte;
    return is_same_class ? end : NULL;
}

static const u8 *follow_word(scanner *s, const path_step *step, const u8 *at)
{
    unsigned byte = 0;
    const u8 *end = walk_word(s, at);
    if (!end) return NULL;
    size_t length = (size_t)(end - at);
    int is_same_class = add_word(s, at, length, step->flags, &byte) && byte == step->byte;
    return is_same_class ? end : NULL;
}

/* Read the value of a step; return the place behind it, NULL for one of another class. */
static const u8 *follow_value(scanner *s, const path_step *step, const u8 *at)
{
    if (step->type == VALUE_STRING) return follow_string(s, step, at);
    return step->type == VALUE_NUMBER ? follow_number(s, step, at) : follow_word(s, step, at);
}

static u32 find_path(scanner *s, const u8 *at, const u8 *end)
{
    const path_tree *paths = &s->paths;
    for (u32 number = paths->steps->child; number;) {
        const path_step *step = &paths->steps[number];
        if (is_same(at, paths->bytes + step->begin, step->length)) {
            const u8 *next = at + step->length;
            if (step->type == VALUE_END) {
                if (next == end) return step->rule;
            } else {
                u32 slots_count = s->slots_count;
                next = follow_value(s, step, next);
                if (next) {
                    at = next;
                    number = step->child;
                    continue;
                }
                s->slots_count = slots_count;
            }
        }
        number = step->sibling;
    }
    return NO_NUMBER;
}

enum { MAX_MISSES = 32, PAUSE_LINES = 1024 };

u32 follow_path(scanner *s, const u8 *at, const u8 *end)
{
    path_tree *paths = &s->paths;
    if (paths->pause) {
        paths->pause--;
        return NO_NUMBER;
    }
    s->slots = s->walked_slots;
    s->slots_count = s->arena_length = s->known_names = s->splits_count = 0;
    u32 rule = find_path(s, at, end);
    if (rule != NO_NUMBER) {
        paths->misses = 0;
    } else if (++paths->misses == MAX_MISSES) {
        paths->misses = 0;
        paths->pause = PAUSE_LINES;
    }
    return rule;
}

/* -- learning ----------------------------------------------------------------------------------- */

/* Return the step under another that has these bytes and this value, a new one if need be; 0 where
   there is no room. */
static u32 add_step(path_tree *paths, u32 parent, const u8 *bytes, size_t length,
                    const path_step *wanted)
{
    u32 *link = &paths->steps[parent].child;
    for (u32 siblings = 0; *link; siblings++) {
        const path_step *step = &paths->steps[*link];
        if (step->length == length && step->type == wanted->type && step->flags == wanted->flags
            && step->byte == wanted->byte && step->rule == wanted->rule
            && !memcmp(paths->bytes + step->begin, bytes, length))
            return *link;
        if (siblings == MAX_SIBLINGS) return 0;
        link = &paths->steps[*link].sibling;
    }
    if (length > MAX_STEP_BYTES || paths->steps_count == MAX_STEPS
        || length > MAX_PATH_BYTES - paths->bytes_count)
        return 0;
    path_step *added = &paths->steps[paths->steps_count];
    *added = *wanted;
    added->begin = paths->bytes_count;
    added->length = (u32)length;
    memcpy(paths->bytes + paths->bytes_count, bytes, length);
    paths->bytes_count += (u32)length;
    return *link = paths->steps_count++;
}

void learn_path(scanner *s, const u8 *begin, const u8 *end, u32 rule)
{
    path_tree *paths = &s->paths;
    /* Of several names of events, it matters which they are: their classes do not say all. */
    if (paths->pause || s->traced_count > MAX_TRACED || s->known_names > 1) return;
    u32 step = 0;
    const u8 *at = begin;
    for (u32 number = 0; number <= s->traced_count; number++) {
        const traced_value *value = &s->traced[number];
        int is_last = number == s->traced_count;
        path_step wanted = {0};
        wanted.type = is_last ? VALUE_END : value->type;
        wanted.rule = is_last ? rule : 0;
        wanted.flags = is_last ? 0 : value->flags;
        wanted.byte = is_last ? 0 : value->byte;
        const u8 *value_begin = is_last ? end : value->begin;
        REQUIRE(value_begin >= at);
        step = add_step(paths, step, at, (size_t)(value_begin - at), &wanted);
        if (!step) break;
        at = is_last ? end : value->end;
    }
    /* Where nothing fits any more, lines of today take the place of those before. */
    if (!step && paths->misses == MAX_MISSES - 1) empty_paths(paths);
}
