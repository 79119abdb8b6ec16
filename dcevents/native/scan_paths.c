/* Lines like one that was walked: the same bytes between values, and values of the same classes.

   A walk depends on nothing else, so such a line has the same form, and the same rule. What is
   not found here is walked. */
#include "scan_walk.h"

enum { LOOKED_AT_LINES = 128, MIN_PAUSE_LINES = 64, MAX_PAUSE_LINES = 8192 };

int open_paths(path_tree *paths)
{
    paths->steps = calloc(MAX_STEPS, sizeof *paths->steps);
    paths->bytes = calloc(MAX_PATH_BYTES + READ_AHEAD, 1);
    paths->steps_count = 1;
    paths->next_pause = MIN_PAUSE_LINES;
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
    paths->is_full = 0;
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

/* A text that was entered: where what it stands in goes on behind it, and where that ends. */
typedef struct {
    const u8 *next, *end;
} entered_text;

typedef struct {
    const u8 *at, *end; /* of the line, or of the text entered last */
    entered_text texts[MAX_TEXT_LEVELS];
    u32 level;
} follower;

/* Enter a text; return 0 for one of another class. */
static int enter_text(scanner *s, const path_step *step, const u8 *at, follower *f)
{
    int has_escapes = 0;
    const u8 *end = walk_string(s, at, &has_escapes);
    if (!end || !has_escapes || f->level == MAX_TEXT_LEVELS) return 0;
    size_t length = (size_t)(end - at);
    unsigned byte = 0;
    const u8 *text = unescape_text(s, at, &length);
    if (!text) return 0;
    /* A record that is a text has no key. */
    int is_root = !step->flags;
    if (!is_root && (!add_string(s, text, length, step->flags, &byte) || byte != step->byte)) return 0;
    entered_text entered = {end, f->end};
    f->texts[f->level++] = entered;
    f->at = text;
    f->end = text + length;
    return 1;
}

/* Read the value of a step at a place, and go on behind it; return 0 for one of another class. */
static int follow_value(scanner *s, const path_step *step, const u8 *at, follower *f)
{
    switch ((enum value_type)step->type) {
    case VALUE_STRING: return (f->at = follow_string(s, step, at)) != NULL;
    case VALUE_NUMBER: return (f->at = follow_number(s, step, at)) != NULL;
    case VALUE_WORD: return (f->at = follow_word(s, step, at)) != NULL;
    case VALUE_TEXT: return enter_text(s, step, at, f);
    case VALUE_TEXT_END:
        if (!f->level || at != f->end) return 0;
        f->at = f->texts[--f->level].next;
        f->end = f->texts[f->level].end;
        return 1;
    case VALUE_END: break;
    }
    return 0;
}

/* Count a step that was taken: what is taken more often is tried before others. `link` and `before`
   refer to the step and to the one before it, if there is one. */
static void count_step(path_step *steps, u32 *link, u32 *before)
{
    u32 number = *link;
    steps[number].lines++;
    if (!before || steps[*before].lines >= steps[number].lines) return;
    *link = steps[number].sibling;
    steps[number].sibling = *before;
    *before = number;
}

static u32 find_path(scanner *s, const u8 *begin, const u8 *end, const u8 **stop)
{
    path_tree *paths = &s->paths;
    follower f = {.at = begin, .end = end};
    u32 *link = &paths->steps->child, *before = NULL;
    while (*link) {
        path_step *step = &paths->steps[*link];
        const u8 *at = f.at;
        u32 slots_count = s->slots_count, arena_length = s->arena_length;
        /* What lies behind a text is another's: its bytes are not looked at. */
        int is_here = step->length <= (size_t)(f.end - at)
            && is_same(at, paths->bytes + step->begin, step->length);
        int is_end = is_here && step->type == VALUE_END && at[step->length] == '\n';
        if (is_end || (is_here && follow_value(s, step, at + step->length, &f))) {
            count_step(paths->steps, link, before);
            if (is_end) {
                *stop = at + step->length;
                return step->rule;
            }
            link = &step->child;
            before = NULL;
        } else {
            f.at = at;
            s->slots_count = slots_count;
            s->arena_length = arena_length;
            before = link;
            link = &step->sibling;
        }
    }
    return NO_NUMBER;
}

/* Note whether a line had a path. Where most have none, looking for some costs more than it saves. */
static void note_path(path_tree *paths, int is_found)
{
    paths->found += (u32)is_found;
    if (++paths->tried < LOOKED_AT_LINES) return;
    if (paths->found < LOOKED_AT_LINES / 2) {
        paths->pause = paths->next_pause;
        if (paths->next_pause < MAX_PAUSE_LINES) paths->next_pause *= 2;
        /* Lines of today take the place of those before. */
        if (paths->is_full) empty_paths(paths);
    } else {
        paths->next_pause = MIN_PAUSE_LINES;
    }
    paths->tried = paths->found = 0;
}

u32 follow_path(scanner *s, const u8 *at, const u8 *end, const u8 **stop)
{
    path_tree *paths = &s->paths;
    if (paths->pause) {
        paths->pause--;
        return NO_NUMBER;
    }
    s->slots = s->walked_slots;
    s->slots_count = s->arena_length = s->known_names = s->splits_count = 0;
    u32 rule = find_path(s, at, end, stop);
    note_path(paths, rule != NO_NUMBER);
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
        if (siblings == MAX_SIBLINGS) {
            paths->is_full = 1;
            return 0;
        }
        link = &paths->steps[*link].sibling;
    }
    if (length > MAX_STEP_BYTES) return 0;
    if (paths->steps_count == MAX_STEPS || length > MAX_PATH_BYTES - paths->bytes_count) {
        paths->is_full = 1;
        return 0;
    }
    path_step *added = &paths->steps[paths->steps_count];
    *added = *wanted;
    added->begin = paths->bytes_count;
    added->length = (u32)length;
    memcpy(paths->bytes + paths->bytes_count, bytes, length);
    paths->bytes_count += (u32)length;
    return *link = paths->steps_count++;
}

/* Return whether the string whose text begins at `text` is the first on a line behind `at`: it may be an
   event by itself, as its text says. */
static int begins_line(const u8 *at, const u8 *text)
{
    const u8 *before = text - 1;
    while (before > at && before[-1] != '\n'
           && (before[-1] <= ' ' || before[-1] == ',' || before[-1] == '[' || before[-1] == ']'
               || before[-1] >= 0x80))
        before--;
    return before > at && before[-1] == '\n';
}

void learn_path(scanner *s, const u8 *begin, const u8 *end, u32 rule)
{
    path_tree *paths = &s->paths;
    /* Of several names of events, it matters which they are: their classes do not say all. */
    if (paths->pause || s->traced_count > MAX_TRACED || s->known_names > 1 || s->has_short_line) return;
    u32 step = 0, level = 0;
    const u8 *at = begin, *behind[MAX_TEXT_LEVELS];
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
        int is_string = !is_last && (value->type == VALUE_STRING || value->type == VALUE_TEXT);
        if (is_string && !level && begins_line(at, value_begin)) break;
        step = add_step(paths, step, at, (size_t)(value_begin - at), &wanted);
        if (!step) break;
        if (is_last) break;
        at = value->end;
        if (value->type == VALUE_TEXT) {
            if (level == MAX_TEXT_LEVELS) break;
            behind[level++] = at;
            at = value->text;
        } else if (value->type == VALUE_TEXT_END) {
            REQUIRE(level);
            at = behind[--level];
        }
    }
}
