/* Lines like one that was walked: the same bytes between values, and values of the same classes.

   A walk depends on nothing else, so such a line has the same form, and the same rule. What is
   not found here is walked.

   Of a list of records the form of each is made of what is before the list, of the member and of what is
   behind, and of nothing else (see scan_lists.c): so a rule is that of the steps at the member's end and
   at the record's, each of which has all steps before it. A walk makes records of the members if they are
   several, not all pairs, and one names an event; all are objects or arrays in the form, as those of the
   list were that the steps are of. */
#include "scan_walk.h"

enum { LOOKED_AT_LINES = 128, MIN_PAUSE_LINES = 64, MAX_PAUSE_LINES = 8192 };

int open_paths(path_tree *paths)
{
    paths->steps = calloc(MAX_STEPS, sizeof *paths->steps);
    paths->bytes = calloc(MAX_PATH_BYTES + READ_AHEAD, 1);
    paths->steps_count = PATH_TREES;
    paths->list_rules = calloc(MAX_LIST_RULES, sizeof *paths->list_rules);
    paths->next_pause = MIN_PAUSE_LINES;
    return paths->steps && paths->bytes && paths->list_rules;
}

void forget_list_rules(path_tree *paths)
{
    memset(paths->list_rules, 0, MAX_LIST_RULES * sizeof *paths->list_rules);
    paths->list_rules_count = 0;
}

void look_for_paths(path_tree *paths)
{
    paths->pause = paths->tried = paths->found = 0;
    paths->next_pause = MIN_PAUSE_LINES;
}

void close_paths(path_tree *paths)
{
    free(paths->steps);
    free(paths->bytes);
    free(paths->list_rules);
}

void empty_paths(path_tree *paths)
{
    memset(paths->steps, 0, PATH_TREES * sizeof *paths->steps);
    paths->steps_count = PATH_TREES;
    paths->bytes_count = 0;
    paths->is_full = 0;
    forget_list_rules(paths);
}

/* -- following ---------------------------------------------------------------------------------- */

/* Return whether the late stages look at a text as at that of a step. Of one that is entered it is told by
   what follows that it holds values. */
static int is_late_alike(scanner *s, const path_step *step, const u8 *text, size_t length, int is_entered)
{
    u32 flags = step->key_flags;
    if (is_entered && !(flags & KEY_NO_TEXT)) {
        flags |= KEY_BODY;
        flags |= find_late_flags(s, text, length, (flags | KEY_NO_TEXT) & ~(u32)KEY_REQUEST);
    } else {
        flags |= find_late_flags(s, text, length, flags);
    }
    return (flags & KEY_MATTERS ? flags : 0) == step->flags;
}

/* Return whether nothing is asked of a text. */
static inline int is_any(const path_step *step) { return !step->flags && step->key_flags == NOT_LATE; }

/* Return whether a text has the class that a step wants. */
__attribute__((always_inline)) static inline int has_class(scanner *s, const path_step *step,
                                                           const u8 *text, size_t length,
                                                           int is_entered)
{
    unsigned byte = 0;
    if (step->key_flags != NOT_LATE && !is_late_alike(s, step, text, length, is_entered)) return 0;
    return !step->flags || (add_string(s, text, length, step->flags, &byte) && byte == step->byte);
}

/* … and is none that would be entered. */
__attribute__((always_inline)) static inline int is_of_class(scanner *s, const path_step *step,
                                                             const u8 *text, size_t length)
{
    if (!has_class(s, step, text, length, 0)) return 0;
    return !(step->flags & KEY_BODY) || !length || !may_be_body(s->lists, text, length, step->flags);
}

/* Return the end of a string that has no escapes of its own; NULL for any other. In a text that is read
   as it is spelled, backslashes stand before its quote. */
static const u8 *find_end(const u8 *at, unsigned backslashes)
{
    at = skip_plain(at);
    while (*at >= 0x80) {
        unsigned size = match_utf8(at);
        if (!size) return NULL;
        at = skip_plain(at + size);
    }
    for (unsigned number = 0; number < backslashes; number++)
        if (at[number] != '\\') return NULL;
    return at[backslashes] == '"' ? at : NULL;
}

static const u8 *follow_string(scanner *s, const path_step *step, const u8 *at)
{
    int has_escapes = 0;
    const u8 *end = walk_string(s, at, &has_escapes);
    if (!end || is_any(step)) return end;
    size_t length = (size_t)(end - at);
    if (has_escapes && !(at = unescape_text(s, at, &length))) return NULL;
    return is_of_class(s, step, at, length) ? end : NULL;
}

/* Read a string in a text that is read as it is spelled. */
static const u8 *follow_spelled(scanner *s, const path_step *step, const u8 *at)
{
    const u8 *end = find_end(at, step->backslashes);
    if (!end || is_any(step)) return end;
    return is_of_class(s, step, at, (size_t)(end - at)) ? end : NULL;
}

/* Where a field's value ends, and where in it percents and pluses are. */
typedef struct {
    const u8 *end;
    u64 signs; /* a bit for each of its first FIELD_SIGNS bytes */
    int is_encoded;
} found_field;

enum { FIELD_SIGNS = 64 };

/* Find the end of a field's value, and its percents and pluses. It ends before all that might end a form or a
   query elsewhere, or make its text another one: white space, quotes, backslashes, & # ? { [ and what is
   beyond ASCII. */
static inline found_field find_field(const u8 *begin)
{
    found_field found = {begin, 0, 0};
#if defined(__SSE2__)
    for (const u8 *at = begin;; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i signs = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('%')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('+')));
        /* Up to &, but for ! % (which differ in one bit) and $; beyond ASCII. */
        __m128i inner = _mm_or_si128(
            _mm_cmpeq_epi8(_mm_andnot_si128(_mm_set1_epi8(4), bytes), _mm_set1_epi8('!')),
            _mm_cmpeq_epi8(bytes, _mm_set1_epi8('$')));
        __m128i ends = _mm_andnot_si128(inner, _mm_cmplt_epi8(bytes, _mm_set1_epi8('&' + 1)));
        /* { and [ differ in one bit. */
        __m128i upper = _mm_andnot_si128(_mm_set1_epi8(0x20), bytes);
        ends = _mm_or_si128(
            _mm_or_si128(_mm_or_si128(ends, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('?'))),
                         _mm_cmpeq_epi8(upper, _mm_set1_epi8('['))),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F))));
        unsigned end = (unsigned)_mm_movemask_epi8(ends);
        unsigned found_signs = (unsigned)_mm_movemask_epi8(signs);
        if (end) found_signs &= (end & (~end + 1)) - 1;
        found.is_encoded |= found_signs != 0;
        if (at - begin < FIELD_SIGNS) found.signs |= (u64)found_signs << (at - begin);
        if (!end) continue;
        found.end = at + __builtin_ctz(end);
        return found;
    }
#else
    const u8 *at = begin;
    for (; *at > ' ' && *at < 0x7F && !strchr("\"#&?{[\\", *at); at++) {
        if (*at != '%' && *at != '+') continue;
        found.is_encoded = 1;
        if (at - begin < FIELD_SIGNS) found.signs |= (u64)1 << (at - begin);
    }
    found.end = at;
    return found;
#endif
}

/* Return a field's value as it is meant; NULL where that is no text. */
static const u8 *read_field(scanner *s, const u8 *at, size_t *length, const found_field *field)
{
    if (!field->is_encoded) return at;
    u8 *plain = take_arena(s, *length);
    int is_ascii = 0;
    if (!plain) return NULL;
    *length = *length <= FIELD_SIGNS ? decode_signs(at, *length, field->signs, plain, &is_ascii)
                                     : decode_percent(at, *length, plain);
    keep_in_arena(s, *length);
    return is_ascii || is_valid_utf8(plain, *length) ? plain : NULL;
}

/* Read a field's value up to what stands behind it. */
static const u8 *follow_field(scanner *s, const path_step *step, const u8 *at)
{
    found_field field = find_field(at);
    if (is_any(step)) return field.end;
    size_t length = (size_t)(field.end - at);
    const u8 *text = read_field(s, at, &length, &field);
    return text && is_of_class(s, step, text, length) ? field.end : NULL;
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

/* Return whether JSON may begin at a bracket, as `find_json_place` has it; a negative number where that is
   not certain. */
static int may_begin_json(const u8 *at, unsigned backslashes)
{
    const u8 *next = at + 1;
    while (*next == ' ') next++;
    if (*next == '"') return backslashes ? -1 : 1;
    if (*next == '\\') return backslashes && find_end(next, backslashes) == next ? 1 : -1;
    if (*next < ' ' || *next >= 0x80) return -1;
    return *next == '{' || *next == '[' || *next == '}' || *next == ']';
}

static const u8 *follow_key(scanner *s, const u8 *at)
{
    const u8 *end = find_end(at, 0);
    return end && is_own_key(s->lists, &s->filter, at, (size_t)(end - at)) ? end : NULL;
}

/* Read the text before JSON in a text, up to its brace. */
static const u8 *follow_prefix(scanner *s, const path_step *step, const u8 *begin)
{
    const u8 *at = begin;
    for (;;) {
        if (*at == '"' || *at == '\\' || *at < ' ') return NULL;
        unsigned size = *at < 0x80 ? 1 : match_utf8(at);
        if (!size) return NULL;
        int may_begin = *at == '{' || *at == '[' ? may_begin_json(at, step->backslashes) : 0;
        if (may_begin < 0 || (may_begin && *at == '[')) return NULL;
        /* A text that begins with a brace has no text before its JSON. */
        if (may_begin && *skip_separators(begin, at) == '{') return NULL;
        if (may_begin) return are_values(s, begin, at) ? NULL : at;
        at += size;
    }
}

/* A text that was entered: where what it stands in goes on behind it, and where that ends. */
typedef struct {
    const u8 *next, *end;
} entered_text;

typedef struct {
    const u8 *at, *end; /* of the line, or of the text entered last */
    const u8 *value_end; /* where the value read last ends */
    entered_text texts[MAX_TEXT_LEVELS];
    u32 level;
    const u8 *spelled[MAX_TEXT_LEVELS]; /* texts that are read as they are spelled */
    u32 spelled_count;
} follower;

static void go_into(follower *f, const u8 *behind, const u8 *text, size_t length)
{
    entered_text entered = {behind, f->end};
    f->texts[f->level++] = entered;
    f->at = text;
    f->end = text + length;
}

/* Enter a text; return 0 for one of another class. */
static int enter_text(scanner *s, const path_step *step, const u8 *at, follower *f)
{
    int has_escapes = 0;
    const u8 *end = walk_string(s, at, &has_escapes);
    if (!end || !has_escapes || f->level == MAX_TEXT_LEVELS) return 0;
    size_t length = (size_t)(end - at);
    const u8 *text = unescape_text(s, at, &length);
    if (!text) return 0;
    /* A record that is a text has no key. */
    int is_root = !step->flags;
    if (!is_root && !has_class(s, step, text, length, *text == '{')) return 0;
    go_into(f, end, text, length);
    return 1;
}

/* Enter a text that is encoded. */
static int enter_encoded(scanner *s, const path_step *step, const u8 *at, follower *f)
{
    const u8 *end = find_end(at, step->backslashes);
    if (!end || f->level == MAX_TEXT_LEVELS) return 0;
    size_t length = (size_t)(end - at), size;
    if (!has_class(s, step, at, length, 1)) return 0;
    u8 *plain = take_arena(s, length);
    if (!plain) return 0;
    if (step->type == VALUE_BASE64) {
        size = decode_base64(at, length, plain);
    } else {
        if (memchr(at, '{', length) || memchr(at, '[', length) || !is_percent_encoded(at, length))
            return 0;
        size = decode_percent(at, length, plain);
    }
    if (!size) return 0;
    keep_in_arena(s, size);
    go_into(f, end, plain, size);
    return 1;
}

/* Enter the value of a field. */
static int enter_field(scanner *s, const path_step *step, const u8 *at, follower *f)
{
    found_field field = find_field(at);
    size_t length = (size_t)(field.end - at);
    /* As it is spelled it holds no brace. */
    if (!field.is_encoded || f->level == MAX_TEXT_LEVELS) return 0;
    const u8 *text = read_field(s, at, &length, &field);
    if (!text || !has_class(s, step, text, length, *text == '{')) return 0;
    go_into(f, field.end, text, length);
    return 1;
}

/* Begin a text that is read as it is spelled: what is asked of it is asked at its end. */
static int begin_spelled(scanner *s, const path_step *step, const u8 *at, follower *f)
{
    if (f->spelled_count == MAX_TEXT_LEVELS || !add_slot(s, at, 0, step->byte & 15u, step->flags)) return 0;
    if (step->flags & KEY_EVENT) {
        if (s->lists[WORDS_GIVEN_NAME].length) return 0;
        int is_like = begins_like_adobes(s->lists, &s->seed, s->beginnings, at);
        if (is_like < 0 || (is_like ? CLASS_LIKE_ADOBES : CLASS_OTHER_NAME) != (step->byte & 15)) return 0;
    }
    f->spelled[f->spelled_count++] = at;
    f->at = at;
    return 1;
}

static int end_spelled(const word_list *lists, const path_step *step, const u8 *at, follower *f)
{
    /* Another value of the text may follow. */
    if (!f->spelled_count || find_end(at, step->backslashes) != at) return 0;
    const u8 *text = f->spelled[f->spelled_count - 1];
    if (step->byte & END_IS_NO_NAME) {
        /* The last word is that of the value before, which has no escapes. */
        const u8 *last = f->value_end;
        if ((step->byte & END_IS_OF_LIST) && find_last_word(lists, last, at) != 1) return 0;
        while (last > text && !is_digit(last[-1]) && !is_lower(to_lower(last[-1])))
            if (*--last == '\\') return 0;
        if (may_be_full_name(lists, text, (size_t)(last - text))) return 0;
    }
    if ((step->byte & END_IS_SHORT) && at - text > MAX_SID_BYTES) return 0;
    if ((step->byte & END_IS_LONG) && at - text < MAX_BEGINNING) return 0;
    if ((step->byte & END_IS_REQUEST) && !may_hold_request(lists, text, (size_t)(at - text))) return 0;
    f->spelled_count--;
    f->at = at;
    return 1;
}

/* Note the member of a list that ends here. */
static int end_followed(scanner *s, const path_step *step)
{
    if (s->members_count + 1 >= MAX_MEMBERS) return 0;
    list_member *member = &s->members[s->members_count++];
    member->end_step = (u32)(step - s->paths.steps);
    member->slots_end = member[1].slots_begin = s->slots_count;
    return 1;
}

/* Read the value of a step at a place, and go on behind it; return 0 for one of another class. */
static int follow_value(scanner *s, const path_step *step, const u8 *at, follower *f)
{
    switch ((enum value_type)step->type) {
    case VALUE_STRING:
        f->at = step->backslashes ? follow_spelled(s, step, at) : follow_string(s, step, at);
        return f->at != NULL;
    case VALUE_NUMBER: return (f->at = follow_number(s, step, at)) != NULL;
    case VALUE_WORD: return (f->at = follow_word(s, step, at)) != NULL;
    case VALUE_FIELD: return (f->at = follow_field(s, step, at)) != NULL;
    case VALUE_KEY: return (f->at = follow_key(s, at)) != NULL;
    case VALUE_FIELD_TEXT: return enter_field(s, step, at, f);
    case VALUE_PREFIX: return (f->at = follow_prefix(s, step, at)) != NULL;
    case VALUE_TEXT: return enter_text(s, step, at, f);
    case VALUE_BASE64:
    case VALUE_PERCENT: return enter_encoded(s, step, at, f);
    case VALUE_SPELLED: return begin_spelled(s, step, at, f);
    case VALUE_SPELLED_END: return end_spelled(s->lists, step, at, f);
    case VALUE_TEXT_END:
        if (!f->level || at != f->end) return 0;
        f->at = f->texts[--f->level].next;
        f->end = f->texts[f->level].end;
        return 1;
    case VALUE_LIST:
        s->members_count = 0;
        s->members[0].slots_begin = s->slots_count;
        f->at = at;
        return 1;
    case VALUE_MEMBER_END:
        f->at = at;
        return end_followed(s, step);
    case VALUE_FORM:
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

/* Return the step at the end of the record's path; 0 for none. */
static u32 find_path(scanner *s, u32 root, const u8 *begin, const u8 *end, const u8 **behind)
{
    path_tree *paths = &s->paths;
    follower f;
    f.at = f.value_end = begin;
    f.end = end;
    f.level = f.spelled_count = 0;
    u32 *link = &paths->steps[root].child, *before = NULL;
    s->slots_count = s->arena_length = s->known_names = s->splits_count = 0;
    while (*link) {
        path_step *step = &paths->steps[*link];
        const u8 *at = f.at;
        u32 slots_count = s->slots_count, arena_length = s->arena_length;
        /* What lies behind a text is another's: its bytes are not looked at. */
        int is_here = step->length <= (size_t)(f.end - at)
            && is_same(at, paths->bytes + step->begin, step->length);
        /* Members of a list name one kind each, with what is around: see `learn_list`. */
        int is_end = is_here && step->type == VALUE_END
            && (root >= PATHS_LISTS || !step->flags || step->flags == pack_kinds(s));
        if (is_end || (is_here && follow_value(s, step, at + step->length, &f))) {
            if (step->is_dropped) s->slots_count = slots_count;
            count_step(paths->steps, link, before);
            if (is_end) {
                *behind = at + step->length;
                s->is_pair = step->byte;
                return (u32)(step - paths->steps);
            }
            if (step->type == VALUE_MEMBER_END) step = &paths->steps[step->more];
            else if (step->type != VALUE_LIST) f.value_end = f.at;
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
    return 0;
}

/* -- lists of records ----------------------------------------------------------------------------- */

/* Return the place of a rule, which is free if there is none. */
static list_rule *place_list_rule(const scanner *s, u32 member, u32 end)
{
    u64 hash = mix(((u64)member << 32 | end) ^ s->seed.two, s->seed.one | 1);
    for (size_t at = (size_t)(hash >> 20);; at++) {
        list_rule *place = &s->paths.list_rules[at & (MAX_LIST_RULES - 1)];
        int is_found = place->member == member && place->end == end;
        if (is_found || !place->member) return place;
    }
}

void keep_list_rule(scanner *s, u32 member, u32 end, u32 rule)
{
    path_tree *paths = &s->paths;
    list_rule *place = place_list_rule(s, member, end);
    if (!place->member && paths->list_rules_count == MAX_LIST_RULES / 2) {
        paths->is_full = 1;
        return;
    }
    paths->list_rules_count += !place->member;
    list_rule kept = {member, end, rule};
    *place = kept;
}

/* Find the rules of a list's members that were followed; NO_NUMBER where one has none. */
static u32 find_list_rules(scanner *s, u32 end)
{
    const path_step *steps = s->paths.steps;
    const list_rule *found = NULL;
    unsigned known = 0;
    u32 containers = steps[end].flags; /* of a text: all of them count for each member */
    if (s->members_count < 2) return NO_NUMBER; /* another form */
    for (u32 number = 0; number < s->members_count; number++) {
        list_member *member = &s->members[number];
        u32 step = member->end_step;
        if (!found || found->member != step) found = place_list_rule(s, step, end);
        if (!found->member) return NO_NUMBER;
        member->rule = found->rule;
        known |= steps[step].byte;
        containers += steps[step].flags;
        if (containers > MAX_CONTAINERS) return NO_NUMBER;
    }
    int are_records = (known & MEMBER_NAMES_EVENT) && (known & MEMBER_IS_NO_PAIR);
    return are_records ? RULES_OF_MEMBERS : NO_NUMBER;
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

u32 follow_path(scanner *s, const u8 *at, const u8 *end, const u8 **behind)
{
    path_tree *paths = &s->paths;
    if (paths->pause) {
        paths->pause--;
        return NO_NUMBER;
    }
    s->slots = s->walked_slots;
    u32 rule = NO_NUMBER, first = s->prefers_late ? PATHS_LATE : 0;
    if (paths->prefers_lists) first += PATHS_LISTS;
    for (u32 root = 0; root < PATH_TREES && rule == NO_NUMBER; root++) {
        /* Where lines of late have needed a late walk, most go on to. */
        u32 tree = root ^ first;
        /* A list behind text is for the judge. */
        if (!paths->steps[tree].child || (tree >= PATHS_LISTS && s->has_prefix)) continue;
        s->is_late = (tree & PATHS_LATE) != 0;
        u32 last = find_path(s, tree, at, end, behind);
        if (last) rule = tree < PATHS_LISTS ? paths->steps[last].rule : find_list_rules(s, last);
        if (rule != NO_NUMBER) paths->prefers_lists = tree >= PATHS_LISTS;
    }
    note_path(paths, rule != NO_NUMBER);
    return rule;
}
