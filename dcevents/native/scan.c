/* Scan a line: one that a rule reads for certain, alone, is taken. */
#include "scan_lines.h"

/* -- one line --------------------------------------------------------------------------------- */

enum { MAX_COPIED_BYTES = 4 << 20 };

/* Note a form that has no rule yet, once, with its first line. */
static enum line_outcome note_form(scanner *s, const u8 *form, u32 length, const line *l,
                                   const u8 *at, const u8 *end)
{
    if (!s->is_late && !s->is_new) {
        s->needs_late = 1;
        return SET_ASIDE;
    }
    if (s->new_form_table.count >= MAX_NEW_FORMS) return SET_ASIDE;
    if (s->copies_samples && s->samples_count > MAX_COPIED_BYTES) return SET_ASIDE;
    u32 count = s->new_form_table.count;
    u32 number = number_text(&s->new_form_table, &s->seed, form, length);
    if (number == NO_NUMBER) return NO_MEMORY;
    new_form *forms = grow_array(s->new_forms, &s->new_forms_capacity, number, sizeof *forms);
    if (!forms) return NO_MEMORY;
    s->new_forms = forms;
    u32 clean = s->is_late && !s->is_dirty;
    /* A record without late texts tells more. */
    if (number < count && (forms[number].is_clean || !clean)) return SET_ASIDE;
    forms[number].form_begin = s->new_form_table.offsets[number];
    forms[number].form_length = length;
    u32 sample_begin = (u32)s->samples_count, sample_length = write_sample(s, at, end);
    int is_whole = !sample_length;
    if (is_whole && s->copies_samples && !(sample_length = copy_sample(s, at, end))) return NO_MEMORY;
    forms[number].is_sample = sample_length > 0;
    forms[number].value_begin = sample_length ? sample_begin : l->offset + (u32)(at - l->begin);
    forms[number].value_length = sample_length ? sample_length : (u32)(end - at);
    memcpy(forms[number].numbers, s->numbers, sizeof s->numbers);
    if (!is_whole) memset(forms[number].numbers, 0, sizeof s->numbers);
    forms[number].is_clean = clean;
    return SET_ASIDE;
}

static int has_form(const scanner *s, u32 number)
{
    const text_table *table = &s->rule_forms;
    if (number >= table->count) return 0;
    u32 begin = table->offsets[number];
    return table->offsets[number + 1] - begin == s->form_length
        && is_same(table->bytes + begin, s->form, s->form_length);
}

static u32 find_rule(scanner *s)
{
    for (int recent = 0; recent < RECENT_RULES; recent++)
        if (has_form(s, s->recent_rules[recent])) return s->recent_rules[recent];
    u32 hash = hash_text(&s->seed, s->form, s->form_length);
    u32 number = find_text(&s->rule_forms, hash, s->form, s->form_length);
    if (number == NO_NUMBER) return number;
    memmove(s->recent_rules + 1, s->recent_rules, (RECENT_RULES - 1) * sizeof number);
    s->recent_rules[0] = number;
    return number;
}

/* Take an event that has no time of its own: that of the text before it, if there is one. */
static enum line_outcome take_without_time(scanner *s, const rule *r)
{
    rule timed = *r;
    enum time_class found = find_prefix_time(s->prefix_begin, s->prefix_end, s->year_clock_ms,
                                             &timed.ms, &timed.form);
    if (found == TIME_NONE) return take_event(s, r);
    if (found != TIME_READ) return SET_ASIDE;
    timed.structure = r->prefix_structure;
    return take_event(s, &timed);
}

static enum line_outcome apply_rule(scanner *s, const rule *r)
{
    if (!s->is_late && (r->is_late || r->kind == RULE_ASIDE)) {
        s->needs_late = 1;
        return SET_ASIDE;
    }
    if (r->kind == RULE_ASIDE) return SET_ASIDE;
    s->needs_late |= r->is_late;
    int is_rejected = r->kind == RULE_NO_EVENT || r->kind == RULE_NO_SID;
    if (is_rejected && s->is_several && s->may_reject)
        return take_rejected(s, r->kind == RULE_NO_EVENT ? OTHER_NO_EVENT : OTHER_NO_SID);
    /* Of several values on a line none may be rejected: each would need bytes of its own. */
    if (is_rejected && s->is_several && !s->takes_rejects) return SET_ASIDE;
    switch ((enum rule_kind)r->kind) {
    case RULE_EVENT: return r->ms && s->has_prefix ? take_without_time(s, r) : take_event(s, r);
    case RULE_READY: return take_other(s, OTHER_WIDGET_READY);
    case RULE_UNKNOWN: return take_unknown(s, r);
    case RULE_NO_EVENT: return take_other(s, OTHER_NO_EVENT);
    case RULE_NO_SID: return take_other(s, OTHER_NO_SID);
    case RULE_ASIDE: break;
    }
    return SET_ASIDE;
}

u32 keep_rule(scanner *s, const u8 *form, u32 length, const rule *added)
{
    u32 count = s->rule_forms.count;
    rule *rules = grow_array(s->rules, &s->rules_capacity, count, sizeof *rules);
    if (!rules) return NO_NUMBER;
    s->rules = rules;
    u32 number = number_text(&s->rule_forms, &s->seed, form, length);
    if (number == NO_NUMBER) return number;
    /* Of a list's member it hangs on its rule which form is asked about. */
    if (number < count) forget_list_rules(&s->paths);
    s->rules[number] = *added;
    return number;
}

/* Find the rule that the form has in another order of its keys; TAKEN_OTHER where there is one. */
static enum line_outcome find_in_order(scanner *s, const place *p, rule *found)
{
    u8 form[MAX_FORM_BYTES];
    u16 slots[MAX_SLOTS];
    u32 length = 0;
    /* A map may prefer what stands first. */
    if (s->has_map) return note_form(s, s->form, s->form_length, p->l, p->at, p->end);
    if (!order_form(s, form, &length, slots)) return NO_MEMORY;
    u32 hash = hash_text(&s->seed, form, length);
    u32 number = find_text(&s->rule_forms, hash, form, length);
    if (number == NO_NUMBER) return note_form(s, form, length, p->l, p->at, p->end);
    *found = s->rules[number];
    for (int which = 0; which < RULE_SLOTS; which++)
        if (found->slots[which] >= 0) {
            REQUIRE((u32)found->slots[which] < s->slots_count);
            found->slots[which] = (int16_t)slots[found->slots[which]];
        }
    if (s->rule_forms.count < MAX_ORDERS
        && keep_rule(s, s->form, s->form_length, found) == NO_NUMBER)
        return NO_MEMORY;
    return TAKEN_OTHER;
}

static enum line_outcome take_one_record(scanner *s, const place *p)
{
    u32 number = find_rule(s);
    if (number != NO_NUMBER) {
        const rule *r = &s->rules[number];
        if (s->is_late || !r->is_late) s->walked_rule = number;
        s->was_late = s->is_late;
        return apply_rule(s, r);
    }
    rule found;
    enum line_outcome outcome = find_in_order(s, p, &found);
    return outcome == TAKEN_OTHER ? apply_rule(s, &found) : outcome;
}

/* What has been taken of a line so far, to go back to. */
typedef struct {
    size_t events, others, spans;
    u32 records;
} taken_mark;

static taken_mark mark_taken(const scanner *s)
{
    taken_mark mark = {s->events.count, s->others.count, s->rejected_spans_count, s->line_records};
    return mark;
}

/* Give up what has been taken behind a mark. */
static void leave_behind(scanner *s, const taken_mark *mark)
{
    s->events.count = mark->events;
    s->others.count = mark->others;
    s->rejected_spans_count = mark->spans;
    s->line_records = mark->records;
}

/* -- lists of records ------------------------------------------------------------------------- */

typedef struct {
    const place *p;
    int has_no_memory;
} list_place;

static int is_own(const one_record *one, int number)
{
    return number >= 0 && (u32)number >= one->slots_begin && (u32)number < one->slots_end;
}

/* Take a member of a list: an event of which name or sid is its own; beside one, what is none. */
static enum take_status take_list_member(scanner *s, const one_record *one, void *more)
{
    list_place *list = more;
    rule found;
    u32 number = NO_NUMBER;
    enum line_outcome outcome = TAKEN_OTHER;
    for (int is_beside = 0; is_beside < 2; is_beside++) {
        /* The member before may have left it otherwise. */
        unsigned token = s->form[one->token] & ~(unsigned)BESIDE_EVENT;
        s->form[one->token] = (u8)(token | (is_beside ? BESIDE_EVENT : 0u));
        number = find_rule(s);
        if (number != NO_NUMBER) found = s->rules[number];
        else outcome = find_in_order(s, list->p, &found);
        if (outcome == NO_MEMORY) list->has_no_memory = 1;
        int is_noted = (s->is_late || s->is_new) && s->new_form_table.count < MAX_NEW_FORMS;
        if (outcome == SET_ASIDE && is_noted) return NEEDS_RULE;
        if (outcome != TAKEN_OTHER) return NOT_TAKEN;
        int is_event = found.kind == RULE_EVENT
            && (is_own(one, found.slots[SLOT_EVENT]) || is_own(one, found.slots[SLOT_SID]));
        if (is_beside && (found.kind == RULE_EVENT || found.kind == RULE_ASIDE)) return NOT_TAKEN;
        if (is_beside || is_event) break;
    }
    if (one->member != NO_NUMBER) s->members[one->member].rule = number;
    outcome = apply_rule(s, &found);
    list->has_no_memory |= outcome == NO_MEMORY;
    return outcome == TAKEN_EVENT || outcome == TAKEN_OTHER ? IS_TAKEN : NOT_TAKEN;
}

/* Begin the members of a list; return whether the line has other records, too. */
static int begin_several(scanner *s)
{
    int was_several = s->is_several;
    s->is_several = 1;
    s->takes_rejects = !was_several;
    return was_several;
}

static void end_several(scanner *s, int was_several)
{
    s->is_several = was_several;
    s->takes_rejects = 0;
}

/* Take all records of the lists in one. */
static enum line_outcome take_list_members(scanner *s, const place *p)
{
    list_place list = {p, 0};
    if (s->has_prefix) return SET_ASIDE;
    int was_several = begin_several(s);
    s->was_late = s->is_late;
    s->record_slots = s->slots_count;
    int is_taken = take_each(s, take_list_member, &list);
    end_several(s, was_several);
    s->kept_levels = 0;
    if (list.has_no_memory) return NO_MEMORY;
    return is_taken ? TAKEN_SEVERAL : SET_ASIDE;
}

/* Take the members of a list that was found by its path, of which one is an event; none is left where that
   cannot be. */
static enum line_outcome take_followed(scanner *s)
{
    taken_mark mark = mark_taken(s);
    u32 slots_count = s->slots_count;
    int was_several = begin_several(s);
    enum line_outcome outcome = TAKEN_OTHER;
    for (u32 number = 0; number < s->members_count; number++) {
        const list_member *member = &s->members[number];
        compose_followed(s, member, slots_count);
        outcome = apply_rule(s, &s->rules[member->rule]);
        if (outcome != TAKEN_EVENT && outcome != TAKEN_OTHER) break;
    }
    end_several(s, was_several);
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER;
    if (outcome == NO_MEMORY || (is_taken && s->events.count > mark.events))
        return is_taken ? TAKEN_SEVERAL : outcome;
    leave_behind(s, &mark);
    return SET_ASIDE;
}

int is_of_docker(const scanner *s, const u8 *at)
{
    if (memcmp(at, "{\"log\":\"", 8)) return 0;
    return !s->slots_count || s->slots[0].class_ != CLASS_TEXT;
}

int may_be_part(const scanner *s, const u8 *at)
{
    if (!is_of_docker(s, at)) return 0;
    const u8 *text = at + 8, *end = skip_plain(text);
    while (*end != '"') end = *end == '\\' ? skip_plain(end + 2) : skip_plain(end + 1);
    size_t backslashes = 0;
    if (end - text >= 2 && end[-1] == 'n')
        while (end - 2 - backslashes >= text && end[-2 - (ptrdiff_t)backslashes] == '\\')
            backslashes++;
    return backslashes % 2 == 0;
}

enum line_outcome reject_line(scanner *s, const line *l)
{
    int is_text = is_valid_utf8(l->begin, (size_t)(l->end - l->begin));
    return take_other(s, is_text ? OTHER_INVALID_JSON : OTHER_INVALID_UTF8);
}

static enum line_outcome take_walked(scanner *s, const place *p)
{
    s->walked_rule = NO_NUMBER;
    if (s->splits_count) return take_list_members(s, p);
    memset(s->numbers, 0, sizeof s->numbers);
    return take_one_record(s, p);
}

/* Walk a record anew, with what only the late stages look at or without, and take it. */
static enum line_outcome take_anew(scanner *s, const place *p, int is_late)
{
    s->is_late = is_late;
    return walk_record(s, p->at) ? take_walked(s, p) : SET_ASIDE;
}

/* Take a record that has been walked. One walk is enough most times: what the line before needed. */
enum line_outcome take_record(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    place p = {l, at, end};
    taken_mark mark = mark_taken(s);
    int was_late = s->is_late;
    s->needs_late = s->is_new = 0;
    enum line_outcome outcome = take_walked(s, &p);
    int is_settled = was_late ? !s->is_dirty : !s->needs_late;
    if (was_late && s->is_dirty && outcome != SET_ASIDE) is_settled = s->needs_late = 1;
    for (int step = 0; step < 2 - was_late && outcome == SET_ASIDE && !is_settled; step++) {
        leave_behind(s, &mark);
        /* Behind a walk that was late one that is not, and the other way round. */
        s->is_new = step == 1 || was_late;
        outcome = take_anew(s, &p, !s->is_new);
        is_settled = s->is_late && !s->is_dirty;
    }
    s->is_late = s->prefers_late = s->needs_late;
    return outcome;
}

/* -- several values on a line ----------------------------------------------------------------- */

int note_bracket(line_arrays *a, u8 bracket)
{
    if (bracket == '[') {
        if (a->count == MAX_LINE_ARRAYS) return 0;
        if (a->count) a->are_pairs[a->count - 1] = 0;
        a->has_objects[a->count] = 0;
        a->are_pairs[a->count++] = 1;
        return 1;
    }
    if (!a->count || !a->has_objects[a->count - 1] || a->are_pairs[a->count - 1]) return 0;
    if (--a->count) a->has_objects[a->count - 1] = 1;
    return 1;
}

void note_object(const scanner *s, line_arrays *a)
{
    a->has_objects[a->count - 1] = 1;
    a->are_pairs[a->count - 1] &= (u8)s->is_pair;
}

/* Take the objects of a line one by one, of which the first, up to `end`, has been walked. */
static enum line_outcome take_values(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    line_arrays arrays = {0};
    int has_signs = 0;
    for (;;) {
        enum line_outcome outcome = SET_ASIDE;
        if (end) {
            outcome = take_record(s, l, at, end);
        } else {
            at = skip_around(at, &has_signs);
            if (at >= l->end) return arrays.count ? SET_ASIDE : TAKEN_SEVERAL;
            if (*at == '[' || *at == ']') {
                if (!note_bracket(&arrays, *at++)) return SET_ASIDE;
                continue;
            }
            if (*at == '{') outcome = take_object(s, l, at, &end);
        }
        if (outcome == NO_MEMORY) return outcome;
        if (outcome != TAKEN_EVENT && outcome != TAKEN_OTHER && outcome != TAKEN_SEVERAL)
            return SET_ASIDE;
        if (arrays.count) note_object(s, &arrays);
        at = end;
        end = NULL;
    }
}

/* Scan a line of several values, or of arrays. */
static enum line_outcome scan_values(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    s->is_several = 1;
    enum line_outcome outcome = take_values(s, l, at, end);
    s->is_several = 0;
    return outcome;
}

void leave_records(scanner *s)
{
    s->events.count = s->first_event;
    s->others.count = s->first_other;
    s->rejected_spans_count = s->first_rejected_span;
    s->line_records = 0;
}

/* Count the events of a line by where they keep their parts; one alone has no number. */
void count_events(scanner *s, int has_prefix)
{
    event_columns *events = &s->events;
    if (s->line_records == 1 && events->count > s->first_event)
        events->members[s->first_event] = 0;
    for (size_t entry = s->first_event; entry < events->count; entry++) {
        u32 *counts = s->structure_counts + COUNTS * (size_t)events->structures[entry];
        if (has_prefix) counts += COUNTS / 2;
        if (counts[0]++) continue;
        counts[1] = s->lines;
        counts[2] = events->members[entry];
    }
}

enum line_outcome take_path(scanner *s, const u8 *begin, const u8 *end, const u8 **behind)
{
    u32 number = follow_path(s, begin, end, behind);
    enum line_outcome outcome = SET_ASIDE;
    if (number != NO_NUMBER) {
        s->value.end = s->value.begin + (u32)(*behind - begin);
        outcome = number == RULES_OF_MEMBERS ? take_followed(s) : apply_rule(s, &s->rules[number]);
    }
    /* What is rejected beside a record says nothing of the next one. */
    int is_beside = outcome == TAKEN_OTHER && s->may_reject;
    if (outcome != SET_ASIDE && !is_beside) s->prefers_late = s->is_late;
    s->is_late = s->prefers_late;
    return outcome;
}

/* Take a record, of which the late walk was only that of the line before, by the walk that it needs: a path
   asks less of each text then. */
static enum line_outcome take_without_late(scanner *s, const place *p)
{
    taken_mark mark = mark_taken(s);
    enum line_outcome outcome = take_record(s, p->l, p->at, p->end);
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER;
    int is_needless = is_taken && s->walked_rule != NO_NUMBER && s->was_late && !s->needs_late;
    if (!is_needless || s->paths.pause) return outcome;
    leave_behind(s, &mark);
    return take_anew(s, p, 0);
}

enum line_outcome take_and_learn(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    place p = {l, at, end};
    int is_pair = s->is_pair;
    enum line_outcome outcome = take_without_late(s, &p);
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER;
    s->is_pair = is_pair;
    /* Of a line that might be a part, it matters how its text ends. */
    if (is_taken && !is_of_docker(s, at) && s->walked_rule != NO_NUMBER)
        learn_path(s, at, end, s->walked_rule);
    if (outcome == TAKEN_SEVERAL && !is_of_docker(s, at)) learn_list(s, at, end);
    return outcome;
}

enum line_outcome take_object(scanner *s, const line *l, const u8 *at, const u8 **end)
{
    enum line_outcome outcome = take_path(s, at, l->end, end);
    if (outcome != SET_ASIDE) return outcome;
    *end = walk_record(s, at);
    s->value.end = *end ? s->value.begin + (u32)(*end - at) : 0;
    return *end ? take_and_learn(s, l, at, *end) : SET_ASIDE;
}

/* Return whether a line ends with an opening brace or bracket, behind which its value goes on. */
static int opens_at_end(const line *l)
{
    const u8 *end = l->end;
    while (end > l->begin && end[-1] <= ' ') end--;
    return end > l->begin && (end[-1] == '{' || end[-1] == '[');
}

enum line_outcome scan_line(scanner *s, const line *l)
{
    int has_signs = 0;
    const u8 *at = *l->begin == '{' ? l->begin : skip_around(l->begin, &has_signs);
    if (at < l->end && *at == '{') {
        const u8 *behind;
        enum line_outcome taken = opens_at_end(l) ? SET_ASIDE : take_path(s, at, l->end, &behind);
        if (taken != SET_ASIDE) {
            if (behind == l->end || skip_around(behind, &has_signs) == l->end) return taken;
            leave_records(s);
        }
    }
    if (at >= l->end) return has_signs ? SET_ASIDE : take_other(s, OTHER_BLANK);
    if (*at == '[' || *at == '"') {
        enum line_outcome outcome
            = *at == '[' ? scan_values(s, l, at, NULL) : scan_text(s, l, at);
        if (outcome != SET_ASIDE) return outcome;
        leave_records(s);
    }
    if (*at != '{') return scan_prefixed(s, l, at);
    const u8 *end = walk_record(s, at);
    if (!end) {
        if (s->status == WALK_BROKEN) return reject_line(s, l);
        int is_open = s->status == WALK_UNFINISHED
            && is_valid_utf8(l->begin, (size_t)(l->end - l->begin));
        if (s->status == WALK_UNFINISHED && !is_open) return reject_line(s, l);
        return is_open ? IS_UNFINISHED : SET_ASIDE;
    }
    const u8 *rest = end == l->end ? end : skip_around(end, &has_signs);
    if (rest != l->end) {
        int may_go_on = *rest == '{' || *rest == '"' || *rest == '[' || *rest == ']' || *rest == '-'
            || is_digit(*rest) || *rest == 't' || *rest == 'f' || *rest == 'n';
        if (*rest == '{' || *rest == '[') return scan_values(s, l, at, end);
        return may_go_on ? SET_ASIDE : reject_line(s, l);
    }
    return may_be_part(s, at) ? SET_ASIDE : take_and_learn(s, l, at, end);
}
