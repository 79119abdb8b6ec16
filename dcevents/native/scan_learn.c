/* Paths of lines that were walked: the bytes between their values, as steps of a tree.

   JSON in a string has steps as it is spelled there: what it says need not be written without the
   string's escapes to be read. Where a value in it has escapes itself, the text is entered. */
#include "scan_walk.h"

/* -- what a walk has found ------------------------------------------------------------------------ */

/* Return whether a form is one whatever its values are: see `find_field_end`. One with a field that is JSON
   is, as that has percents behind an equals sign. */
static int is_always_form(const scanner *s, const traced_value *traced)
{
    if (is_form_by_keys(traced->begin, traced->end)) return 1;
    const traced_value *last = s->traced + s->traced_count;
    for (const traced_value *each = traced; each < last; each++)
        if (each->type == VALUE_FIELD_TEXT) return 1;
    return 0;
}

void trace_entered(scanner *s, traced_value *traced, const slot *added, u8 kind)
{
    int is_as_spelled = added->text == traced->begin;
    kind &= (u8)~ONE_OF_SEVERAL;
    if ((kind == TEXT_JSON || kind == TEXT_BEHIND_PREFIX) && !is_as_spelled) {
        traced->type = VALUE_TEXT;
        traced->text = added->text;
        traced->text_end = added->text + added->length;
    } else if (kind == TEXT_JSON) {
        traced->type = VALUE_TEXT; /* without escapes it holds no strings */
    } else if ((kind == TEXT_FORM || kind == TEXT_QUERY) && is_as_spelled) {
        traced->type = VALUE_FORM;
        traced->text_end = traced->end;
        if (kind == TEXT_FORM && s->traced_count <= MAX_TRACED && !is_always_form(s, traced))
            s->traced_count = UNTRACED;
    } else if ((kind == TEXT_BASE64 || kind == TEXT_PERCENT) && is_as_spelled) {
        traced->type = kind == TEXT_BASE64 ? VALUE_BASE64 : VALUE_PERCENT;
    } else {
        s->traced_count = UNTRACED;
    }
    if (s->traced_count <= MAX_TRACED)
        trace_value(s, VALUE_TEXT_END, traced->text_end, traced->text_end, 0, 0);
}

void trace_text(scanner *s, u32 entry, const put_text *put)
{
    if (s->traced_count > MAX_TRACED || !put->flags) return;
    traced_value *traced = &s->traced[entry];
    const slot *added = &s->slots[put->slot];
    traced->byte = (u8)put->byte;
    traced->flags = put->flags & KEY_MATTERS ? put->flags : 0;
    if (added->class_ == CLASS_TEXT) trace_entered(s, traced, added, s->form[put->place + 1]);
}

void trace_field(scanner *s, u32 entry, const put_text *put)
{
    int is_entered = put->flags && s->slots[put->slot].class_ == CLASS_TEXT;
    if (s->traced_count > MAX_TRACED || !is_entered) {
        trace_text(s, entry, put);
        return;
    }
    traced_value *traced = &s->traced[entry];
    const slot *added = &s->slots[put->slot];
    traced->type = VALUE_FIELD_TEXT;
    traced->byte = (u8)put->byte;
    traced->flags = put->flags & KEY_MATTERS ? put->flags : 0;
    traced->text = added->text;
    traced->text_end = added->text + added->length;
    if (s->form[put->place + 1] != TEXT_JSON || *added->text != '{') s->traced_count = UNTRACED;
    else trace_value(s, VALUE_TEXT_END, traced->text_end, traced->text_end, 0, 0);
}

/* -- steps ------------------------------------------------------------------------------------------ */

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
            && step->backslashes == wanted->backslashes && step->key_flags == wanted->key_flags
            && step->is_dropped == wanted->is_dropped
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

/* How far a text was read, and how far that is as it is spelled in the string that holds it. */
typedef struct {
    const u8 *plain, *spelled;
} spelled_place;

/* A line, or a text that is entered. */
typedef struct {
    const u8 *at, *value_end; /* behind the step or value read last */
    spelled_place texts[MAX_TEXT_LEVELS]; /* that are read as they are spelled in it, each in the last */
    u32 texts_count;
} buffer;

/* A text that has not ended yet. */
typedef struct {
    u8 type, asked; /* bits of the byte of VALUE_SPELLED_END */
    int has_slot;
} open_text;

typedef struct {
    scanner *s;
    u32 step, slots_count;
    const rule *rule;  /* NULL for a list of records: */
    const split *list; /* which has so many slots before it, the member that is read, NULL for none, */
    u32 before;        /* … and whether what is behind it is read */
    const list_member *member;
    int is_behind;
    int is_spelled, is_trial;
    buffer buffers[MAX_TEXT_LEVELS + 1];
    u32 level;
    open_text open[MAX_TEXT_LEVELS];
    u32 open_count;
} learner;

/* Return where a place of the text read last is spelled in its buffer; NULL where that is not told. */
static const u8 *find_spelled(buffer *b, const u8 *at)
{
    for (u32 number = b->texts_count; number-- > 0;) {
        spelled_place *text = &b->texts[number];
        for (; text->plain < at; text->plain++) {
            if (*text->spelled == '\\' && *++text->spelled == 'u') return NULL;
            text->spelled++;
        }
        if (text->plain != at) return NULL;
        at = text->spelled;
    }
    return at;
}

static unsigned count_backslashes(const buffer *b) { return (1u << b->texts_count) - 1; }

/* Add a step up to a place of the buffer. */
static int add_to_path(learner *l, const u8 *begin, const path_step *wanted)
{
    buffer *b = &l->buffers[l->level];
    REQUIRE(begin >= b->at);
    if (!l->is_trial)
        l->step = add_step(&l->s->paths, l->step, b->at, (size_t)(begin - b->at), wanted);
    b->at = b->value_end = begin;
    return l->is_trial || l->step != 0;
}

static int open_a_text(learner *l, const traced_value *value, unsigned asked)
{
    if (l->open_count == MAX_TEXT_LEVELS) return 0;
    open_text added = {value->type, (u8)asked, value->flags != 0};
    l->open[l->open_count++] = added;
    return 1;
}

static int has_slot(const rule *r, u32 number)
{
    for (int which = 0; which < RULE_SLOTS; which++)
        if (r->slots[which] == (int)number) return 1;
    return 0;
}

/* Return whether a rule of the record takes the slot that is next. */
static int is_next_taken(const learner *l)
{
    const scanner *s = l->s;
    if (l->rule) return has_slot(l->rule, l->slots_count);
    if (l->member) return has_slot(&s->rules[l->member->rule], l->slots_count);
    for (u32 at = l->list->first_member; at != NO_NUMBER; at = s->members[at].next) {
        const list_member *m = &s->members[at];
        u32 own = l->is_behind ? m->slots_end - m->slots_begin : 0;
        if (m->rule != NO_NUMBER && has_slot(&s->rules[m->rule], l->slots_count + own)) return 1;
    }
    return 0;
}

/* Return what is to be asked of a text at its end, so that all else is told by its beginning; a negative
   number where it is not. */
static int find_asked(const learner *l, const traced_value *value, int is_behind_prefix)
{
    u32 part = (value->flags & KEY_PART_BITS) >> KEY_PART_SHIFT, key_flags = value->key_flags;
    u32 other = KEY_TIME | KEY_MEETING;
    if ((value->flags & other) || part == PART_SID || part == PART_SESSION) return -1;
    if (!value->is_dropped && is_next_taken(l)) return -1;
    int asked = (value->flags & KEY_NAME) || !(key_flags & KEY_NO_NAME) ? END_IS_NO_NAME : 0;
    if (value->flags & KEY_TYPE) asked |= END_IS_SHORT;
    if (value->flags & KEY_EVENT) {
        unsigned class_ = value->byte & 15u;
        if (class_ != CLASS_LIKE_ADOBES && class_ != CLASS_OTHER_NAME) return -1;
        asked |= END_IS_LONG;
    }
    if (key_flags == NOT_LATE || (key_flags & KEY_BODY)) return asked;
    if (value->type == VALUE_FORM) return asked | (key_flags & KEY_REQUEST ? END_IS_REQUEST : 0);
    if (is_behind_prefix) return key_flags & (KEY_NO_TEXT | KEY_REQUEST) ? -1 : asked;
    /* Whatever follows, it may hold values: see `may_hold_values`. */
    int is_told = value->text[0] == '{' || (value->text[0] == '[' && value->text[1] == '{');
    return is_told && !(key_flags & KEY_NO_TEXT) ? asked : -1;
}

/* Begin a text that is read as it is spelled from `begin` on. */
static int begin_spelled(learner *l, const traced_value *value, const u8 *begin)
{
    buffer *b = &l->buffers[l->level];
    path_step wanted = {.type = VALUE_SPELLED, .flags = value->flags, .key_flags = value->key_flags,
                        .byte = value->byte, .is_dropped = value->is_dropped};
    const traced_value *next = value + 1;
    int is_behind_prefix = next->type == VALUE_PREFIX && value->type == VALUE_TEXT;
    int asked = value->flags ? find_asked(l, value, is_behind_prefix) : 0;
    /* A request line is no text before JSON. */
    if (is_behind_prefix && (value->flags & KEY_REQUEST)) return 0;
    if (asked < 0 || (value->flags && !add_to_path(l, begin, &wanted))) return 0;
    l->slots_count += value->flags && !value->is_dropped;
    if (!open_a_text(l, value, (unsigned)asked)) return 0;
    if (value->type == VALUE_FORM) return 1;
    spelled_place text = {value->text, value->begin};
    REQUIRE(b->texts_count < MAX_TEXT_LEVELS);
    b->texts[b->texts_count++] = text;
    return 1;
}

enum { NAME_END = 3, MIN_NAME = 8 };

int find_last_word(const word_list *lists, const u8 *at, const u8 *end)
{
    u8 text[MIN_NAME + NAME_END] = "--------";
    u32 count = 0, word = 0;
    for (; at < end; at++) {
        u8 sign = *at == '\\' ? *at++ : *at; /* what escapes stand for is no letter */
        memmove(text + MIN_NAME, text + MIN_NAME + 1, NAME_END - 1);
        text[MIN_NAME + NAME_END - 1] = sign;
        count++;
        if (!is_digit(sign) && !is_lower(to_lower(sign))) continue;
        word = count;
        if (may_be_full_name(lists, text, sizeof text)) return -1;
    }
    return word ? (word < NAME_END ? -1 : 0) : 1;
}

static int end_text(learner *l, const u8 *end)
{
    buffer *b = &l->buffers[l->level];
    REQUIRE(l->open_count);
    open_text text = l->open[--l->open_count];
    if (text.type == VALUE_FORM || (text.type == VALUE_TEXT && l->is_spelled)) {
        int is_asked = text.asked & END_IS_NO_NAME ? find_last_word(l->s->lists, b->value_end, end) : 0;
        int is_of_list = (text.asked & END_IS_NO_NAME) && b->at != b->value_end;
        if (is_asked < 0 || (is_of_list && !is_asked)) return 0;
        path_step wanted = {.type = VALUE_SPELLED_END, .byte = text.asked};
        if (is_of_list) wanted.byte |= END_IS_OF_LIST;
        if (!is_asked) wanted.byte &= (u8)~END_IS_NO_NAME;
        unsigned outer = text.type == VALUE_TEXT; /* of which the quotes are spelled as in the one around */
        wanted.backslashes = (u8)((1u << (b->texts_count - outer)) - 1);
        if (text.has_slot && !add_to_path(l, end, &wanted)) return 0;
        b->texts_count -= outer;
        return 1;
    }
    path_step wanted = {.type = VALUE_TEXT_END};
    if (!add_to_path(l, end, &wanted)) return 0;
    l->level--;
    return 1;
}

/* Return whether a string has no escapes of its own, as it is spelled in texts. */
static int is_spelled_plainly(const u8 *at, const u8 *end, unsigned backslashes)
{
    if (memchr(at, '\\', (size_t)(end - at))) return 0;
    for (unsigned number = 0; number < backslashes; number++)
        if (end[number] != '\\') return 0;
    return end[backslashes] == '"';
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

static int learn_value(learner *l, const traced_value *value)
{
    buffer *b = &l->buffers[l->level];
    enum value_type type = (enum value_type)value->type;
    const u8 *begin = find_spelled(b, value->begin);
    if (!begin) return 0;
    if (type == VALUE_TEXT_END) return end_text(l, begin);
    int is_scalar = type == VALUE_NUMBER || type == VALUE_WORD || type == VALUE_KEY;
    int is_string = !is_scalar && !l->level && !b->texts_count;
    if (is_string && begins_line(b->at, begin)) return 0;
    if (type == VALUE_FORM || (type == VALUE_TEXT && l->is_spelled))
        return begin_spelled(l, value, begin);
    const u8 *end = find_spelled(b, value->end);
    if (!end) return 0;
    path_step wanted = {.type = value->type, .flags = value->flags, .key_flags = value->key_flags,
                        .byte = value->byte, .is_dropped = value->is_dropped};
    if (type == VALUE_STRING || type == VALUE_BASE64 || type == VALUE_PERCENT || type == VALUE_PREFIX)
        wanted.backslashes = (u8)count_backslashes(b);
    if (wanted.backslashes && type != VALUE_PREFIX
        && !is_spelled_plainly(begin, end, wanted.backslashes))
        return 0;
    if (!add_to_path(l, begin, &wanted)) return 0;
    l->slots_count += value->flags && !value->is_dropped;
    b->at = b->value_end = end;
    if (type != VALUE_TEXT && type != VALUE_BASE64 && type != VALUE_PERCENT && type != VALUE_FIELD_TEXT)
        return 1;
    if (!open_a_text(l, value, 0)) return 0;
    buffer entered = {.at = value->text, .value_end = value->text};
    l->buffers[++l->level] = entered;
    return 1;
}

/* Return whether an end of a path can say which kinds of events a record's values name. */
static int has_few_kinds(const scanner *s)
{
    u32 count = 0;
    for (u32 number = 0; number < s->slots_count; number++) count += s->slots[number].kind != KIND_NONE;
    return s->known_names <= 1 || (count == s->known_names && count <= MAX_PACKED_KINDS);
}

/* Add a line to a tree; only find out whether that is possible as a trial. */
static int learn_line(scanner *s, u32 root, const u8 *begin, const u8 *end, u32 rule, int is_trial)
{
    int is_spelled = root % PATHS_LATE == PATHS_SPELLED;
    learner l = {.s = s, .step = root, .rule = &s->rules[rule], .is_spelled = is_spelled,
                 .is_trial = is_trial};
    l.buffers[0].at = l.buffers[0].value_end = begin;
    for (u32 number = 0; number < s->traced_count; number++)
        if (!learn_value(&l, &s->traced[number])) return 0;
    path_step wanted = {.type = VALUE_END, .rule = rule, .byte = (u8)s->is_pair, .flags = pack_kinds(s)};
    REQUIRE(!l.level && !l.open_count);
    return add_to_path(&l, end, &wanted);
}

void learn_path(scanner *s, const u8 *begin, const u8 *end, u32 rule)
{
    if (s->paths.pause || s->traced_count > MAX_PATH_VALUES || s->gaps || s->has_short_line
        || !has_few_kinds(s))
        return;
    u32 root = s->was_late ? PATHS_LATE : 0;
    root += learn_line(s, root + PATHS_SPELLED, begin, end, rule, 1) ? PATHS_SPELLED : PATHS_PLAIN;
    learn_line(s, root, begin, end, rule, 0);
}

/* -- lists of records ----------------------------------------------------------------------------- */

static u32 count_names(const slot *slots, u32 begin, u32 end)
{
    u32 known = 0;
    for (; begin < end; begin++) known += slots[begin].kind != KIND_NONE;
    return known;
}

/* Return whether a list may have a path; take the rules away of members that may have none. */
static int prepare_list(scanner *s, const split *list)
{
    const slot *slots = s->walked_slots;
    u32 outside = count_names(slots, 0, list->slots_begin)
        + count_names(slots, list->slots_end, s->record_slots);
    u32 rules = 0, values = s->traced_count - list->traced_end;
    if (values + s->members[list->first_member].traced_begin > MAX_PATH_VALUES) return 0;
    for (u32 at = list->first_member; at != NO_NUMBER; at = s->members[at].next) {
        list_member *m = &s->members[at];
        /* Of objects that say nothing several are one in a text. */
        if (m->slots_begin == m->slots_end) return 0;
        values = m->traced_end - m->traced_begin;
        int is_whole = values && values <= MAX_PATH_VALUES && m->traced_end <= s->first_gap;
        if (!is_whole || outside + count_names(slots, m->slots_begin, m->slots_end) > 1)
            m->rule = NO_NUMBER;
        rules += m->rule != NO_NUMBER;
    }
    return rules > 0;
}

static int learn_values(learner *l, u32 begin, u32 end)
{
    for (u32 number = begin; number < end; number++)
        if (!learn_value(l, &l->s->traced[number])) return 0;
    return 1;
}

/* Add a step without a value at a place. */
static int add_mark(learner *l, const u8 *at, const path_step *wanted)
{
    buffer *b = &l->buffers[l->level];
    const u8 *value_end = b->value_end;
    at = find_spelled(b, at);
    int is_added = at && add_to_path(l, at, wanted);
    b->value_end = value_end;
    return is_added;
}

/* Go on behind a member that is left out. */
static int pass_member(learner *l, const list_member *m)
{
    buffer *b = &l->buffers[l->level];
    b->value_end = find_spelled(b, m->text);
    b->at = find_spelled(b, m->text_end);
    return b->at != NULL;
}

static int learn_member(learner *l, list_member *m)
{
    const slot *slots = l->s->walked_slots;
    path_step wanted = {.type = VALUE_MEMBER_END, .flags = l->list->is_text ? m->containers : 0};
    if (count_names(slots, m->slots_begin, m->slots_end)) wanted.byte |= MEMBER_NAMES_EVENT;
    if (l->list->is_text || !m->may_be_pair) wanted.byte |= MEMBER_IS_NO_PAIR;
    l->member = m;
    l->slots_count = l->before;
    if (!learn_values(l, m->traced_begin, m->traced_end)) return 0;
    if (l->slots_count - l->before != m->slots_end - m->slots_begin) return 0;
    if (!add_mark(l, m->text_end, &wanted)) return 0;
    m->end_step = l->step;
    return 1;
}

/* Return the step that is before all members of a list but the first, and before what is behind it. */
static u32 find_more(path_tree *paths, u32 list)
{
    if (!paths->steps[list].more && paths->steps_count < MAX_STEPS) {
        memset(&paths->steps[paths->steps_count], 0, sizeof *paths->steps);
        paths->steps[list].more = paths->steps_count++;
    }
    if (!paths->steps[list].more) paths->is_full = 1;
    return paths->steps[list].more;
}

/* Add what is behind a list to its tree, and all rules. */
static int learn_behind(learner *l, const u8 *end)
{
    scanner *s = l->s;
    u32 outside = l->list->is_text ? s->containers : 0;
    for (u32 at = l->list->first_member; at != NO_NUMBER && outside; at = s->members[at].next)
        outside -= s->members[at].containers;
    l->member = NULL;
    l->is_behind = 1;
    l->slots_count = l->before;
    if (!learn_values(l, l->list->traced_end, s->traced_count)) return 0;
    if (l->slots_count - l->before != s->record_slots - l->list->slots_end) return 0;
    REQUIRE(!l->level && !l->open_count);
    path_step wanted = {.type = VALUE_END, .flags = outside, .byte = (u8)s->is_pair};
    if (!add_to_path(l, end, &wanted)) return 0;
    for (u32 at = l->list->first_member; at != NO_NUMBER && !l->is_trial; at = s->members[at].next)
        if (s->members[at].rule != NO_NUMBER)
            keep_list_rule(s, s->members[at].end_step, l->step, s->members[at].rule);
    return 1;
}

/* Add a line with a list of records to a tree, or find out whether that is possible. */
static int learn_list_line(scanner *s, const split *list, u32 root, const u8 *begin, const u8 *end,
                           int is_trial)
{
    const list_member *first = &s->members[list->first_member];
    learner l = {.s = s, .step = root, .list = list, .is_spelled = root % PATHS_LATE == PATHS_SPELLED,
                 .is_trial = is_trial};
    path_step wanted = {.type = VALUE_LIST};
    l.buffers[0].at = l.buffers[0].value_end = begin;
    /* A list begins behind its first brace, by which it differs from other things. */
    if (!learn_values(&l, 0, first->traced_begin) || !add_mark(&l, first->text + 1, &wanted)) return 0;
    l.before = l.slots_count;
    if (l.before != list->slots_begin) return 0;
    u32 list_step = l.step, more = is_trial ? 0 : find_more(&s->paths, list_step);
    if (!is_trial && !more) return 0;
    for (u32 at = list->first_member; at != NO_NUMBER; at = s->members[at].next) {
        list_member *m = &s->members[at];
        int is_learned = m->rule == NO_NUMBER ? pass_member(&l, m) : learn_member(&l, m);
        if (!is_learned) return 0;
        if (!is_trial && m->rule != NO_NUMBER) s->paths.steps[m->end_step].more = more;
        l.step = more;
    }
    return learn_behind(&l, end);
}

void learn_list(scanner *s, const u8 *begin, const u8 *end)
{
    const split *list = s->splits;
    if (s->paths.pause || s->traced_count > MAX_TRACED || s->has_short_line || s->splits_count != 1)
        return;
    /* Whether there is a late text is said of the record, not of a member. */
    if (s->is_dirty || !list->are_all_containers) return;
    if (list->gaps_before || list->gaps != s->gaps || !prepare_list(s, list)) return;
    u32 root = PATHS_LISTS + (s->was_late ? PATHS_LATE : 0);
    int is_spelled = learn_list_line(s, list, root + PATHS_SPELLED, begin, end, 1);
    root += is_spelled ? PATHS_SPELLED : PATHS_PLAIN;
    s->paths.prefers_lists |= learn_list_line(s, list, root, begin, end, 0);
}
