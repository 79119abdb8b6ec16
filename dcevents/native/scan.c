/* Scan a block of lines: each line that one rule reads for certain, alone, is taken. */
#include "scan.h"

enum {
    COUNTS = 4, /* of each structure */
    SID_PLACES = 1 << 12,
    FEW_PLACES = 1 << 6, /* small tables stay in the cache */
    FORM_PLACES = 1 << 12,
    MAX_LASTING_TEXTS = 1 << 20,
    MAX_LASTING_BYTES = 64 << 20,
    MAX_DIALOGUE_BYTES = 4 * (MAX_TEXT_CHARACTERS * 4 + 8) + 16,
};

enum line_outcome {
    TAKEN_EVENT,
    TAKEN_ALONE,
    TAKEN_OVER_LINES,
    TAKEN_SEVERAL,
    TAKEN_SEVERAL_OVER_LINES,
    TAKEN_OTHER,
    SET_ASIDE,
    IS_UNFINISHED,
    NO_MEMORY,
};

typedef struct {
    const u8 *begin, *end; /* without its LF */
    u32 offset;            /* in the block */
} line;

/* -- columns ---------------------------------------------------------------------------------- */

#define GROW(column, columns, number) \
    do { \
        void *grown = grow_array((columns)->column, &(columns)->capacity[number], \
                                 (columns)->count, sizeof *(columns)->column); \
        if (!grown) return 0; \
        (columns)->column = grown; \
    } while (0)

static int grow_events(event_columns *events)
{
    if (events->count < events->capacity[7]) return 1;
    GROW(lines, events, 0);
    GROW(sessions, events, 1);
    GROW(attributes, events, 2);
    GROW(times, events, 3);
    GROW(forms, events, 4);
    GROW(structures, events, 5);
    GROW(members, events, 6);
    GROW(pages, events, 7);
    return 1;
}

static int add_other(scanner *s, u32 number, enum other_bucket bucket, u32 name)
{
    other_columns *others = &s->others;
    if (others->count >= others->capacity[2]) {
        GROW(lines, others, 0);
        GROW(names, others, 1);
        GROW(buckets, others, 2);
    }
    others->lines[others->count] = number;
    others->names[others->count] = name;
    others->buckets[others->count] = (u8)bucket;
    others->count++;
    return 1;
}

/* Add a line to the run of its neighbours; its entry is in the columns already. */
static int add_to_run(scanner *s, enum line_status status, u32 number, size_t begin, size_t end)
{
    if (s->runs_count) {
        run *last = &s->runs[s->runs_count - 1];
        int is_alone = status == LINE_EVENT_OVER_LINES || status == LINE_SEVERAL_OVER_LINES;
        if (last->status == (u32)status && !is_alone) {
            last->lines++;
            last->end = (u32)end;
            return 1;
        }
    }
    run *runs = grow_array(s->runs, &s->runs_capacity, s->runs_count, sizeof *runs);
    if (!runs) return 0;
    s->runs = runs;
    size_t entries = status == LINE_OTHER ? s->others.count : s->events.count;
    int has_none = status == LINE_ASIDE || status >= LINE_SEVERAL;
    size_t first_entry = has_none ? 0 : entries - 1;
    run added = {(u32)status, number, 1, (u32)begin, (u32)end, (u32)first_entry};
    runs[s->runs_count++] = added;
    return 1;
}

/* -- texts of an event ------------------------------------------------------------------------ */

/* Return the text of a slot of a rule; NULL where the rule has none. */
static const slot *find_slot(const scanner *s, const rule *r, enum rule_slot which)
{
    int number = r->slots[which];
    if (number < 0) return NULL;
    REQUIRE((u32)number < s->slots_count);
    return &s->slots[number];
}

/* Append a text behind its length, which is 0 for none; of a longer one its beginning and `…`. */
static u8 *pack_text(u8 *out, const slot *text, size_t limit)
{
    if (!text) {
        *out++ = 0;
        *out++ = 0;
        return out;
    }
    size_t length = text->length;
    int is_long = length > limit && count_characters(text->text, length) > limit;
    if (is_long) length = find_character(text->text, length, limit - 1);
    size_t said = length + (is_long ? 3u : 0u) + 1;
    out[0] = (u8)(said & 0xFF);
    out[1] = (u8)(said >> 8);
    out += 2;
    copy_text(out, text->text, length);
    out += length;
    if (is_long) {
        memcpy(out, "\xE2\x80\xA6", 3);
        out += 3;
    }
    return out;
}

static size_t find_page_length(const scanner *s, const slot *page)
{
    size_t length = page->length;
    if (s->keep_query) return length;
    const u8 *hash = memchr(page->text, '#', length);
    if (hash) length = (size_t)(hash - page->text);
    const u8 *query = memchr(page->text, '?', length);
    return query ? (size_t)(query - page->text) : length;
}

static u32 number_page(scanner *s, const slot *page)
{
    slot cut = *page;
    cut.length = (u32)find_page_length(s, page);
    if (cut.length <= MAX_PAGE_CHARACTERS)
        return number_text(&s->pages, &s->seed, cut.text, cut.length);
    u8 packed[MAX_PAGE_CHARACTERS * 4 + 24];
    const u8 *end = pack_text(packed, &cut, MAX_PAGE_CHARACTERS);
    REQUIRE(end <= packed + sizeof packed);
    return number_text(&s->pages, &s->seed, packed + 2, (size_t)(end - packed) - 2);
}

/* Number the texts of an event: kind, dialogue and agent in `action`, and its page. */
static int number_texts(scanner *s, const rule *r, u8 kind, u32 *action, u32 *page_number)
{
    u8 packed[MAX_DIALOGUE_BYTES], *end = packed;
    for (int which = SLOT_ID; which <= SLOT_UI_TYPE; which++)
        end = pack_text(end, find_slot(s, r, (enum rule_slot)which), MAX_TEXT_CHARACTERS);
    REQUIRE(end <= packed + sizeof packed);
    u32 dialogue = number_text(&s->dialogues, &s->seed, packed, (size_t)(end - packed));
    if (dialogue == NO_NUMBER) return 0;
    u32 agent = NO_NUMBER;
    const slot *id = find_slot(s, r, SLOT_AGENT_ID), *name = find_slot(s, r, SLOT_AGENT_NAME);
    if (id || name) {
        end = pack_text(pack_text(packed, id, MAX_TEXT_CHARACTERS), name, MAX_TEXT_CHARACTERS);
        agent = number_text(&s->agents, &s->seed, packed, (size_t)(end - packed));
        if (agent == NO_NUMBER) return 0;
    }
    u32 speakers = number_pair(&s->speakers, &s->seed, dialogue, agent);
    if (speakers == NO_NUMBER) return 0;
    *action = number_pair(&s->actions, &s->seed, kind, speakers);
    *page_number = NO_NUMBER;
    const slot *page = find_slot(s, r, SLOT_PAGE);
    if (!page) return *action != NO_NUMBER;
    *page_number = number_page(s, page);
    return *action != NO_NUMBER && *page_number != NO_NUMBER;
}

/* Return whether the texts that a rule takes are as they are said: no number to be written anew. */
static int has_plain_texts(const scanner *s, const rule *r)
{
    for (int which = SLOT_EVENT; which < RULE_SLOTS; which++) {
        const slot *text = which == SLOT_TIME ? NULL : find_slot(s, r, (enum rule_slot)which);
        if (text && !text->is_whole) return 0;
    }
    return 1;
}

static enum line_outcome take_event(scanner *s, const rule *r)
{
    const slot *event = find_slot(s, r, SLOT_EVENT), *sid = find_slot(s, r, SLOT_SID);
    const slot *time = find_slot(s, r, SLOT_TIME);
    if (!event || !sid || event->kind >= KIND_READY || sid->length > MAX_SID_BYTES)
        return SET_ASIDE;
    if (!has_plain_texts(s, r)) return SET_ASIDE;
    event_columns *events = &s->events;
    if (!grow_events(events)) return NO_MEMORY;
    size_t entry = events->count;
    u32 hash = hash_text(&s->seed, sid->text, sid->length);
    prefetch_text(&s->sids, hash);
    u32 action = 0, page = 0;
    if (!number_texts(s, r, event->kind, &action, &page)) return NO_MEMORY;
    u32 session = number_hashed(&s->sids, hash, sid->text, sid->length);
    if (session == NO_NUMBER) return NO_MEMORY;
    REQUIRE(r->structure < s->structures_count);
    events->lines[entry] = s->lines;
    events->members[entry] = s->is_several ? ++s->line_records : 0;
    events->sessions[entry] = session;
    events->attributes[entry] = action;
    events->pages[entry] = page;
    int has_time = time && !r->ms;
    events->times[entry] = has_time ? time->ms : r->ms ? r->ms : UNTIMED_MS;
    events->forms[entry] = r->form != FORM_OF_SLOT ? r->form : time ? time->form : FORM_ABSENT;
    events->structures[entry] = r->structure;
    events->count++;
    return TAKEN_EVENT;
}

static enum line_outcome take_unknown(scanner *s, const rule *r)
{
    const slot *name = find_slot(s, r, SLOT_EVENT);
    if (!name || !name->is_whole) return SET_ASIDE;
    u8 packed[MAX_UNKNOWN_NAME_CHARACTERS * 4 + 24];
    const u8 *end = pack_text(packed, name, MAX_UNKNOWN_NAME_CHARACTERS);
    REQUIRE(end <= packed + sizeof packed);
    u32 number = number_text(&s->unknown_names, &s->seed, packed + 2, (size_t)(end - packed) - 2);
    int is_added = number != NO_NUMBER && add_other(s, s->lines, OTHER_UNKNOWN_EVENT, number);
    s->line_records++;
    return is_added ? TAKEN_OTHER : NO_MEMORY;
}

static enum line_outcome take_other(scanner *s, enum other_bucket bucket)
{
    s->line_records++;
    return add_other(s, s->lines, bucket, NO_NUMBER) ? TAKEN_OTHER : NO_MEMORY;
}

/* -- one line --------------------------------------------------------------------------------- */

/* Skip what may stand around a value on its line. */
static const u8 *skip_around(const u8 *at, int *has_signs)
{
    for (;;) {
        if (*at == ' ' || *at == '\t' || *at == '\r' || *at == 0) {
            at++;
        } else if (*at == ',' || *at == 0x1E) {
            *has_signs = 1;
            at++;
        } else if (at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF) {
            at += 3;
        } else {
            return at;
        }
    }
}

/* Note a form that has no rule yet, once, with its first line. */
static enum line_outcome note_form(scanner *s, const u8 *form, u32 length, const line *l,
                                   const u8 *at, const u8 *end)
{
    if (!s->is_late && !s->is_new) {
        s->needs_late = 1;
        return SET_ASIDE;
    }
    if (s->new_form_table.count >= MAX_NEW_FORMS) return SET_ASIDE;
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
    forms[number].value_begin = l->offset + (u32)(at - l->begin);
    forms[number].value_length = (u32)(end - at);
    memcpy(forms[number].numbers, s->numbers, sizeof s->numbers);
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
    if (r->kind != RULE_EVENT && s->last_line_feed && !s->is_several) return SET_ASIDE;
    /* Of several records on a line none may be rejected: each would need bytes of its own. */
    int is_rejected = r->kind == RULE_NO_EVENT || r->kind == RULE_NO_SID;
    if (is_rejected && s->is_several) return SET_ASIDE;
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

/* Keep a rule, or a copy for another order of keys; return its number. */
static u32 keep_rule(scanner *s, const u8 *form, u32 length, const rule *added)
{
    u32 count = s->rule_forms.count;
    rule *rules = grow_array(s->rules, &s->rules_capacity, count, sizeof *rules);
    if (!rules) return NO_NUMBER;
    s->rules = rules;
    u32 number = number_text(&s->rule_forms, &s->seed, form, length);
    if (number != NO_NUMBER) s->rules[number] = *added;
    return number;
}

/* A record on its line. */
typedef struct {
    const line *l;
    const u8 *at, *end;
} place;

/* Find the rule that the form has in another order of its keys; TAKEN_OTHER where there is one. */
static enum line_outcome find_in_order(scanner *s, const place *p, rule *found)
{
    u8 form[MAX_FORM_BYTES];
    u16 slots[MAX_SLOTS];
    u32 length = 0;
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
        if (!s->is_late && !r->is_late) s->walked_rule = number;
        return apply_rule(s, r);
    }
    rule found;
    enum line_outcome outcome = find_in_order(s, p, &found);
    return outcome == TAKEN_OTHER ? apply_rule(s, &found) : outcome;
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
static int take_list_member(scanner *s, const one_record *one, void *more)
{
    list_place *list = more;
    rule found;
    enum line_outcome outcome = TAKEN_OTHER;
    for (int is_beside = 0; is_beside < 2; is_beside++) {
        /* The member before may have left it otherwise. */
        unsigned token = s->form[one->token] & ~(unsigned)BESIDE_EVENT;
        s->form[one->token] = (u8)(token | (is_beside ? BESIDE_EVENT : 0u));
        u32 number = find_rule(s);
        if (number != NO_NUMBER) found = s->rules[number];
        else outcome = find_in_order(s, list->p, &found);
        if (outcome == NO_MEMORY) list->has_no_memory = 1;
        if (outcome != TAKEN_OTHER) return 0;
        int is_event = found.kind == RULE_EVENT
            && (is_own(one, found.slots[SLOT_EVENT]) || is_own(one, found.slots[SLOT_SID]));
        if (is_beside && found.kind != RULE_READY && found.kind != RULE_UNKNOWN) return 0;
        if (is_beside || is_event) break;
    }
    outcome = apply_rule(s, &found);
    list->has_no_memory |= outcome == NO_MEMORY;
    return outcome == TAKEN_EVENT || outcome == TAKEN_OTHER;
}

/* Take all records of the lists in one. */
static enum line_outcome take_list_members(scanner *s, const place *p)
{
    list_place list = {p, 0};
    int was_several = s->is_several;
    if (s->has_prefix) return SET_ASIDE;
    s->is_several = 1;
    int is_taken = take_each(s, take_list_member, &list);
    s->is_several = was_several;
    if (list.has_no_memory) return NO_MEMORY;
    return is_taken ? TAKEN_SEVERAL : SET_ASIDE;
}

/* Return whether a line is as Docker writes it, its text not known to be whole. */
static int is_of_docker(const scanner *s, const u8 *at)
{
    if (memcmp(at, "{\"log\":\"", 8)) return 0;
    return !s->slots_count || s->slots[0].class_ != CLASS_TEXT;
}

/* Return whether a line may be a part of one that Docker has cut: its text has no line end. */
static int may_be_part(const scanner *s, const u8 *at)
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

static enum line_outcome reject_line(scanner *s, const line *l)
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
static enum line_outcome take_record(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    place p = {l, at, end};
    size_t events = s->events.count, others = s->others.count;
    u32 records = s->line_records;
    int was_late = s->is_late;
    s->needs_late = s->is_new = 0;
    enum line_outcome outcome = take_walked(s, &p);
    int is_settled = was_late ? !s->is_dirty : !s->needs_late;
    if (was_late && s->is_dirty && outcome != SET_ASIDE) is_settled = s->needs_late = 1;
    for (int step = 0; step < 2 - was_late && outcome == SET_ASIDE && !is_settled; step++) {
        s->events.count = events;
        s->others.count = others;
        s->line_records = records;
        /* Behind a walk that was late one that is not, and the other way round. */
        s->is_new = step == 1 || was_late;
        outcome = take_anew(s, &p, !s->is_new);
        is_settled = s->is_late && !s->is_dirty;
    }
    s->is_late = s->prefers_late = s->needs_late;
    return outcome;
}

/* -- several values on a line ----------------------------------------------------------------- */

enum { MAX_LINE_ARRAYS = 8 };

/* The arrays around a value of a line. */
typedef struct {
    u32 count;
    u8 has_objects[MAX_LINE_ARRAYS], are_pairs[MAX_LINE_ARRAYS];
} line_arrays;

/* Note a bracket of an array around values; return 0 where it makes them something else. */
static int note_bracket(line_arrays *a, u8 bracket)
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

/* Take the objects of a line one by one, of which the first, up to `end`, has been walked. */
static enum line_outcome take_values(scanner *s, const line *l, const u8 *at, const u8 *end)
{
    line_arrays arrays = {0};
    int has_signs = 0;
    for (;;) {
        if (!end) {
            at = skip_around(at, &has_signs);
            if (at >= l->end) return arrays.count ? SET_ASIDE : TAKEN_SEVERAL;
            if (*at == '[' || *at == ']') {
                if (!note_bracket(&arrays, *at++)) return SET_ASIDE;
                continue;
            }
            end = *at == '{' ? walk_record(s, at) : NULL;
            if (!end) return SET_ASIDE;
        }
        if (arrays.count) {
            arrays.has_objects[arrays.count - 1] = 1;
            arrays.are_pairs[arrays.count - 1] &= (u8)s->is_pair;
        }
        enum line_outcome outcome = take_record(s, l, at, end);
        if (outcome == NO_MEMORY) return outcome;
        if (outcome != TAKEN_EVENT && outcome != TAKEN_OTHER && outcome != TAKEN_SEVERAL)
            return SET_ASIDE;
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

/* Give up what has been taken of a line. */
static void leave_records(scanner *s)
{
    s->events.count = s->first_event;
    s->others.count = s->first_other;
    s->line_records = 0;
}

/* Count the events of a line by where they keep their parts; one alone has no number. */
static void count_events(scanner *s, int has_prefix)
{
    event_columns *events = &s->events;
    if (s->line_records == 1 && events->count > s->first_event)
        events->members[s->first_event] = 0;
    for (size_t entry = s->first_event; entry < events->count; entry++) {
        u32 *counts = s->structure_counts + COUNTS * (size_t)events->structures[entry];
        if (has_prefix) counts += COUNTS / 2;
        if (!counts[0]++) counts[1] = s->lines;
    }
}

/* Return whether a line is one number, word, or string that holds no values, and nothing around. */
static int is_lone_scalar(scanner *s, const line *l)
{
    const u8 *end = walk_plain_scalar(s, l->begin);
    if (end != l->end) return 0;
    int has_escapes = memchr(l->begin, '\\', (size_t)(end - l->begin)) != NULL;
    return *l->begin != '"'
        || (!has_escapes && !may_hold_values(l->begin + 1, (size_t)(end - l->begin) - 2));
}

/* Take a record that is like one before. */
static enum line_outcome take_path(scanner *s, const u8 *begin, const u8 *end)
{
    u32 number = follow_path(s, begin, end);
    if (number == NO_NUMBER) return SET_ASIDE;
    enum line_outcome outcome = apply_rule(s, &s->rules[number]);
    if (outcome == SET_ASIDE) leave_records(s);
    else s->is_late = s->prefers_late = 0;
    return outcome;
}

/* Take a record that has been walked, from `at` to `end`, and keep its path: from `begin` to the end
   of its line. */
static enum line_outcome take_and_learn(scanner *s, const line *l, const u8 *begin, const u8 *at,
                                        const u8 *end)
{
    enum line_outcome outcome = take_record(s, l, at, end);
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER;
    /* Of a line that might be a part, it matters how its text ends. */
    if (is_taken && !is_of_docker(s, at) && s->walked_rule != NO_NUMBER)
        learn_path(s, begin, l->end, s->walked_rule);
    return outcome;
}

/* Take the record at a place of a line that has text before it, or scalars. */
static enum line_outcome take_behind_prefix(scanner *s, const line *l, const u8 *place, int is_text)
{
    int has_signs = 0;
    enum line_outcome outcome = take_path(s, place, l->end);
    if (outcome != SET_ASIDE) return outcome;
    const u8 *end = walk_record(s, place);
    if (!end) return SET_ASIDE;
    /* What a path goes over must be nothing but the record: other lines have it without a prefix. */
    if (skip_around(end, &has_signs) == l->end) return take_and_learn(s, l, place, place, end);
    int may_end = may_end_line(s->prefix_begin, place, end, l->end)
        || (is_text && are_empty_values(end, l->end));
    if (!may_end || !is_valid_utf8(end, (size_t)(l->end - end))) return SET_ASIDE;
    /* What is rejected would need bytes of its own. */
    s->is_several = 1;
    outcome = take_record(s, l, place, end);
    s->is_several = 0;
    return outcome;
}

/* Take the only member of an array that stands behind text and ends its line, unless it is rejected. */
static enum line_outcome take_only_member(scanner *s, const line *l, const u8 *at)
{
    int has_signs = 0;
    const u8 *end = walk_record(s, at), *rest = end;
    while (rest && (*rest == ' ' || *rest == '\t')) rest++;
    if (!rest || *rest != ']' || skip_around(rest + 1, &has_signs) != l->end || s->is_pair)
        return SET_ASIDE;
    s->is_several = 1;
    enum line_outcome outcome = take_record(s, l, at, end);
    s->is_several = 0;
    return outcome;
}

/* Take a record that is a text, unless it is rejected; behind it may be other text. */
static enum line_outcome take_text(scanner *s, const line *l, const u8 *at, int may_have_rest)
{
    int has_signs = 0;
    enum line_outcome outcome = take_path(s, at, l->end);
    if (outcome != SET_ASIDE) return outcome;
    const u8 *end = walk_record(s, at);
    if (!end) return SET_ASIDE;
    if (skip_around(end, &has_signs) == l->end) return take_and_learn(s, l, at, at, end);
    if (!may_have_rest || !is_valid_utf8(end, (size_t)(l->end - end))) return SET_ASIDE;
    return take_record(s, l, at, end);
}

/* Scan a line that is a text, which is a record. */
static enum line_outcome scan_text(scanner *s, const line *l, const u8 *at)
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
static enum line_outcome scan_prefixed(scanner *s, const line *l, const u8 *begin)
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

static enum line_outcome scan_line(scanner *s, const line *l)
{
    int has_signs = 0;
    const u8 *at = *l->begin == '{' ? l->begin : skip_around(l->begin, &has_signs);
    if (at < l->end && *at == '{') {
        enum line_outcome taken = take_path(s, l->begin, l->end);
        if (taken != SET_ASIDE) return taken;
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
    return may_be_part(s, at) ? SET_ASIDE : take_and_learn(s, l, l->begin, at, end);
}

/* -- a block ---------------------------------------------------------------------------------- */

/* Return a line with room behind: near the block's end a copy. */
static int place_line(scanner *s, const u8 *data, size_t begin, size_t end, size_t length, line *l)
{
    l->begin = data + begin;
    l->end = data + end;
    l->offset = (u32)begin;
    if (length - end >= READ_AHEAD) return 1;
    size_t size = end - begin;
    while (s->tail_capacity < size + READ_AHEAD + 1) {
        u8 *tail = grow_array(s->tail, &s->tail_capacity, s->tail_capacity, 1);
        if (!tail) return 0;
        s->tail = tail;
    }
    memcpy(s->tail, data + begin, size);
    memset(s->tail + size, 0, READ_AHEAD + 1);
    s->tail[size] = '\n';
    l->begin = s->tail;
    l->end = s->tail + size;
    return 1;
}

static void begin_block(scanner *s)
{
    s->runs_count = s->events.count = s->others.count = 0;
    s->lines = 0;
    empty_table(&s->sids);
    empty_table(&s->unknown_names);
    empty_table(&s->new_form_table);
    if (s->structures_count)
        memset(s->structure_counts, 0, COUNTS * (size_t)s->structures_count * sizeof(u32));
    text_table *lasting[] = {&s->dialogues, &s->pages, &s->agents};
    size_t texts = s->combinations.count, bytes = 0;
    for (int number = 0; number < 3; number++) {
        texts += lasting[number]->count;
        bytes += lasting[number]->offsets[lasting[number]->count];
    }
    if (texts < MAX_LASTING_TEXTS && bytes < MAX_LASTING_BYTES) return;
    for (int number = 0; number < 3; number++) empty_table(lasting[number]);
    empty_pairs(&s->speakers);
    empty_pairs(&s->actions);
    empty_pairs(&s->combinations);
    s->generation++;
}

/* Lines right before the one that is read, each the beginning of a value that may go on. */
typedef struct {
    u32 lines;
    size_t begin, end;
} open_lines;

/* Settle lines whose values do not end: behind them comes an event, or they are set aside. None of
   these values ends on a later of the lines, as the brace that begins that one is not closed. */
static int settle_open(scanner *s, const u8 *data, open_lines *open, int is_event)
{
    u32 number = s->lines - open->lines;
    for (size_t begin = open->begin; open->lines; number++, open->lines--) {
        const u8 *feed = memchr(data + begin, '\n', open->end - begin);
        REQUIRE(feed);
        size_t end = (size_t)(feed - data) + 1;
        if (is_event && !add_other(s, number, OTHER_INVALID_JSON, NO_NUMBER)) return 0;
        if (!add_to_run(s, is_event ? LINE_OTHER : LINE_ASIDE, number, begin, end)) return 0;
        begin = end;
    }
    return 1;
}

static enum line_status find_status(enum line_outcome outcome)
{
    if (outcome == TAKEN_EVENT) return LINE_EVENT;
    if (outcome == TAKEN_ALONE) return LINE_EVENT_ALONE;
    if (outcome == TAKEN_OVER_LINES) return LINE_EVENT_OVER_LINES;
    if (outcome == TAKEN_SEVERAL) return LINE_SEVERAL;
    if (outcome == TAKEN_SEVERAL_OVER_LINES) return LINE_SEVERAL_OVER_LINES;
    return outcome == TAKEN_OTHER ? LINE_OTHER : LINE_ASIDE;
}

enum { END_BYTES = MAX_LINE_BYTES + READ_AHEAD };

/* A block while its lines are scanned. */
typedef struct {
    const u8 *data;
    size_t length;
    size_t no_value_to; /* a value that began before it went on to there, and broke */
    size_t end_begin;   /* where the part of it begins that is copied, with room behind */
    int has_end;
} block;

/* Return where a value over lines may be walked, and set the last line feed that it may cross; NULL
   for none. Near the block's end that is in a copy. */
static const u8 *place_value(scanner *s, block *b, size_t begin, const u8 **limit)
{
    const u8 *first = b->data + begin;
    if (begin < b->end_begin) {
        *limit = first + MAX_LINE_BYTES;
    } else {
        size_t size = b->length - b->end_begin;
        if (!s->end) s->end = malloc(END_BYTES + READ_AHEAD);
        if (!s->end) return NULL;
        if (!b->has_end) {
            memcpy(s->end, b->data + b->end_begin, size);
            memset(s->end + size, 0, READ_AHEAD);
            b->has_end = 1;
        }
        first = s->end + (begin - b->end_begin);
        *limit = s->end + size - 1;
    }
    while (*limit > first && **limit != '\n') *limit -= 1;
    return *limit > first ? first : NULL;
}

/* Scan a value that goes on behind its first line, which is `l`; `next` is where it was left. */
static enum line_outcome scan_over_lines(scanner *s, block *b, const line *l, size_t *next)
{
    int has_signs = 0;
    const u8 *limit = NULL, *first = NULL;
    if (l->offset >= b->no_value_to) first = place_value(s, b, l->offset, &limit);
    if (!first || first + (l->end - l->begin) >= limit) return IS_UNFINISHED;
    const u8 *at = skip_around(first, &has_signs);
    line whole = {first, limit, l->offset};
    s->last_line_feed = limit;
    const u8 *end = walk_record(s, at);
    if (!end) b->no_value_to = l->offset + (size_t)(s->last_crossed ? s->last_crossed - first : 0) + 1;
    enum line_outcome outcome = IS_UNFINISHED;
    const u8 *rest = end ? skip_around(end, &has_signs) : NULL;
    if (rest && *rest == '\n') outcome = take_record(s, &whole, at, end);
    s->last_line_feed = NULL;
    if (outcome == NO_MEMORY) return outcome;
    if (outcome != TAKEN_EVENT && outcome != TAKEN_SEVERAL) {
        leave_records(s);
        return IS_UNFINISHED;
    }
    *next = l->offset + (size_t)(rest - first) + 1;
    return outcome == TAKEN_EVENT ? TAKEN_OVER_LINES : TAKEN_SEVERAL_OVER_LINES;
}

/* Scan the line or value at `begin`, up to `next`. */
static enum line_outcome scan_next(scanner *s, block *b, size_t begin, size_t *next)
{
    line l;
    const u8 *found = memchr(b->data + begin, '\n', b->length - begin);
    size_t end = found ? (size_t)(found - b->data) : b->length;
    *next = found ? end + 1 : b->length;
    if (!found || end - begin > MAX_LINE_BYTES) return SET_ASIDE;
    if (!place_line(s, b->data, begin, end, b->length, &l)) return NO_MEMORY;
    s->first_event = s->events.count;
    s->first_other = s->others.count;
    s->line_records = 0;
    enum line_outcome outcome = scan_line(s, &l);
    if (outcome == SET_ASIDE) leave_records(s);
    if (outcome == IS_UNFINISHED) outcome = scan_over_lines(s, b, &l, next);
    count_events(s, outcome == TAKEN_ALONE);
    return outcome;
}

static u32 count_lines(const u8 *at, const u8 *end)
{
    u32 lines = 0;
    for (; at < end; lines++) {
        const u8 *found = memchr(at, '\n', (size_t)(end - at));
        at = found ? found + 1 : end;
    }
    return lines;
}

static int scan_lines(scanner *s, const u8 *data, size_t length)
{
    open_lines open = {0, 0, 0};
    block b = {data, length, 0, length > END_BYTES ? length - END_BYTES : 0, 0};
    for (size_t begin = 0, next = 0; begin < length; begin = next) {
        enum line_outcome outcome = scan_next(s, &b, begin, &next);
        int goes_on = outcome == IS_UNFINISHED && open.lines
            && next - open.begin <= MAX_LINE_BYTES / 2;
        if (outcome == NO_MEMORY) return 0;
        if (!goes_on && !settle_open(s, data, &open, outcome == TAKEN_EVENT)) return 0;
        if (outcome == IS_UNFINISHED) {
            if (!open.lines) open.begin = begin;
            open.lines++;
            open.end = next;
        } else if (!add_to_run(s, find_status(outcome), s->lines, begin, next)) {
            return 0;
        }
        int is_long = outcome == TAKEN_OVER_LINES || outcome == TAKEN_SEVERAL_OVER_LINES;
        u32 lines = is_long ? count_lines(data + begin, data + next) : 1;
        if (lines > 1) s->runs[s->runs_count - 1].lines = lines;
        s->lines += lines;
    }
    return settle_open(s, data, &open, 0);
}

enum { PAIRS_AHEAD = 16 };

/* Number the attributes of a block's events, which are pairs of an action and a page until then: many
   at once, since each may have to be fetched from memory. */
static int number_attributes(scanner *s)
{
    event_columns *events = &s->events;
    pair_table *table = &s->combinations;
    for (size_t entry = 0; entry < events->count; entry++) {
        size_t ahead = entry + PAIRS_AHEAD;
        if (ahead < events->count)
            __builtin_prefetch(&table->places[place_pair(table, &s->seed, events->attributes[ahead],
                                                         events->pages[ahead])]);
        u32 number = number_pair(table, &s->seed, events->attributes[entry], events->pages[entry]);
        if (number == NO_NUMBER) return 0;
        events->attributes[entry] = number;
    }
    return 1;
}

static void fill_result(scanner *s)
{
    scan_result *out = &s->result;
    out->runs = s->runs;
    out->event_lines = s->events.lines;
    out->event_sessions = s->events.sessions;
    out->event_attributes = s->events.attributes;
    out->event_times = s->events.times;
    out->event_forms = s->events.forms;
    out->event_structures = s->events.structures;
    out->event_members = s->events.members;
    out->other_lines = s->others.lines;
    out->other_names = s->others.names;
    out->other_buckets = s->others.buckets;
    out->sid_bytes = s->sids.bytes;
    out->sid_offsets = s->sids.offsets;
    out->name_bytes = s->unknown_names.bytes;
    out->name_offsets = s->unknown_names.offsets;
    out->form_bytes = s->new_form_table.bytes;
    out->new_forms = s->new_forms;
    out->speakers = s->speakers.pairs;
    out->actions = s->actions.pairs;
    out->combinations = s->combinations.pairs;
    out->dialogue_bytes = s->dialogues.bytes;
    out->dialogue_offsets = s->dialogues.offsets;
    out->page_bytes = s->pages.bytes;
    out->page_offsets = s->pages.offsets;
    out->agent_bytes = s->agents.bytes;
    out->agent_offsets = s->agents.offsets;
    out->structure_counts = s->structure_counts;
    out->runs_count = (u32)s->runs_count;
    out->lines = s->lines;
    out->events_count = (u32)s->events.count;
    out->others_count = (u32)s->others.count;
    out->sids_count = s->sids.count;
    out->names_count = s->unknown_names.count;
    out->new_forms_count = s->new_form_table.count;
    out->speakers_count = s->speakers.count;
    out->actions_count = s->actions.count;
    out->combinations_count = s->combinations.count;
    out->dialogues_count = s->dialogues.count;
    out->pages_count = s->pages.count;
    out->agents_count = s->agents.count;
    out->structures_count = s->structures_count;
    out->generation = s->generation;
}

/* -- the door --------------------------------------------------------------------------------- */

DC_EXPORT void dc_close_scanner(scanner *s)
{
    if (!s) return;
    text_table *tables[] = {&s->rule_forms, &s->dialogues, &s->pages, &s->agents, &s->sids,
                            &s->unknown_names, &s->new_form_table};
    for (size_t number = 0; number < sizeof tables / sizeof *tables; number++)
        close_table(tables[number]);
    close_pairs(&s->speakers);
    close_pairs(&s->actions);
    close_pairs(&s->combinations);
    for (int number = 0; number < WORD_LISTS; number++) free(s->lists[number].bytes);
    event_columns *events = &s->events;
    void *arrays[] = {s->arena, s->end, s->walked_form, s->walked_slots, s->members, s->splits, s->order,
                      s->rules, s->new_forms, s->runs, s->structure_counts, s->tail,
                      events->lines, events->sessions, events->attributes, events->times,
                      events->forms, events->structures, events->members, events->pages,
                      s->others.lines, s->others.names, s->others.buckets};
    for (size_t number = 0; number < sizeof arrays / sizeof *arrays; number++)
        free(arrays[number]);
    close_paths(&s->paths);
    free(s);
}

/* Return a scanner; NULL where there is no memory. The seeds are secret: whoever writes the log
   must not know which texts hash alike. */
DC_EXPORT scanner *dc_open_scanner(u64 one, u64 two, int keep_query, int in_full, i64 year_clock_ms)
{
    scanner *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->seed.one = one;
    s->seed.two = two;
    s->keep_query = keep_query;
    s->in_full = in_full;
    s->year_clock_ms = year_clock_ms;
    s->arena = malloc(ARENA_BYTES);
    s->walked_form = malloc(MAX_WALKED_BYTES + 16);
    s->walked_slots = malloc(MAX_WALKED_SLOTS * sizeof *s->walked_slots);
    s->members = malloc(MAX_MEMBERS * sizeof *s->members);
    s->splits = malloc(MAX_SPLITS * sizeof *s->splits);
    int has_room = s->arena && s->walked_form && s->walked_slots && s->members && s->splits;
    int is_open = has_room && open_paths(&s->paths) && open_table(&s->rule_forms, FORM_PLACES)
        && open_table(&s->dialogues, FEW_PLACES) && open_table(&s->pages, FEW_PLACES)
        && open_table(&s->agents, FEW_PLACES) && open_pairs(&s->speakers, FEW_PLACES)
        && open_pairs(&s->actions, FEW_PLACES) && open_pairs(&s->combinations, FEW_PLACES)
        && open_table(&s->sids, SID_PLACES) && open_table(&s->unknown_names, 1024)
        && open_table(&s->new_form_table, 512);
    if (is_open) return s;
    dc_close_scanner(s);
    return NULL;
}

/* Fill a list of words, each behind a byte that is its length; return 0 where that fails. */
DC_EXPORT int dc_set_words(scanner *s, u32 list, const u8 *bytes, u32 length)
{
    if (list >= WORD_LISTS) return 0;
    for (u32 at = 0; at < length; at += bytes[at] + 1u)
        if (bytes[at] >= length - at) return 0;
    u8 *copy = malloc(length ? length : 1);
    if (!copy) return 0;
    memcpy(copy, bytes, length);
    free(s->lists[list].bytes);
    s->lists[list].bytes = copy;
    s->lists[list].length = length;
    fill_key_filter(s->lists, &s->filter);
    return 1;
}

/* Add the rule of a form; return 0 where there is no memory. */
DC_EXPORT int dc_add_rule(scanner *s, const u8 *form, u32 length, const rule *added)
{
    if (length > MAX_FORM_BYTES || keep_rule(s, form, length, added) == NO_NUMBER) return 0;
    while (s->structures_count <= added->structure
           || s->structures_count <= added->prefix_structure) {
        u32 *counts = grow_array(s->structure_counts, &s->structure_capacity,
                                 COUNTS * ((size_t)s->structures_count + 1), sizeof *counts);
        if (!counts) return 0;
        s->structure_counts = counts;
        memset(counts + COUNTS * (size_t)s->structures_count, 0, COUNTS * sizeof *counts);
        s->structures_count++;
    }
    return 1;
}

/* Scan a block; return what was found, valid until the next, or NULL where there is no memory. */
DC_EXPORT const scan_result *dc_scan_block(scanner *s, const u8 *data, size_t length)
{
    if (length > UINT32_MAX / 2) return NULL;
    begin_block(s);
    if (!scan_lines(s, data, length) || !number_attributes(s)) return NULL;
    fill_result(s);
    return &s->result;
}

/* Write what the combinations from a number on consist of: kind, dialogue, page, agent, meeting.
 * 0 is none of a page, an agent or a meeting; the numbers of their texts are one less. */
DC_EXPORT void dc_list_combinations(const scanner *s, u32 begin, u32 *rows)
{
    for (u32 number = begin; number < s->combinations.count; number++, rows += 5) {
        u32 action = s->combinations.pairs[2 * (size_t)number];
        u32 page = s->combinations.pairs[2 * (size_t)number + 1];
        REQUIRE(action < s->actions.count);
        u32 speakers = s->actions.pairs[2 * (size_t)action + 1];
        REQUIRE(speakers < s->speakers.count);
        rows[0] = s->actions.pairs[2 * (size_t)action];
        rows[1] = s->speakers.pairs[2 * (size_t)speakers];
        rows[2] = page == NO_NUMBER ? 0 : page + 1;
        u32 agent = s->speakers.pairs[2 * (size_t)speakers + 1];
        rows[3] = agent == NO_NUMBER ? 0 : agent + 1;
        rows[4] = 0;
    }
}
