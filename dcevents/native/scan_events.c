/* The columns of a block: what is said by each event that was taken, and by each other line. */
#include "scan_lines.h"

enum { MAX_DIALOGUE_BYTES = 4 * (MAX_TEXT_CHARACTERS * 4 + 8) + 16 };

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

int add_other(scanner *s, u32 number, enum other_bucket bucket, u32 name)
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

int add_to_run(scanner *s, const run *added)
{
    u8 status = added->status;
    if (s->runs_count) {
        run *last = &s->runs[s->runs_count - 1];
        int is_alike = last->status == status && last->effect == added->effect;
        int is_own = status == LINE_SEVERAL_OVER_LINES || added->effect >= EFFECT_OPENS;
        if (is_alike && !is_own) {
            last->lines += added->lines;
            last->end = added->end;
            return 1;
        }
    }
    run *runs = grow_array(s->runs, &s->runs_capacity, s->runs_count, sizeof *runs);
    if (!runs) return 0;
    s->runs = runs;
    size_t entries = status == LINE_OTHER ? s->others.count : s->events.count;
    int has_none = status == LINE_ASIDE || status >= LINE_OBJECTS_OVER_LINES;
    runs[s->runs_count] = *added;
    runs[s->runs_count++].first_entry = has_none ? 0 : (u32)entries - 1;
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
    for (int which = SLOT_EVENT; which <= SLOT_PAGE; which++) {
        const slot *text = which == SLOT_TIME ? NULL : find_slot(s, r, (enum rule_slot)which);
        if (text && !text->is_whole) return 0;
    }
    return 1;
}

enum { MAX_NANOSECONDS_DIGITS = 9 };

static int has_digits_alone(const slot *number)
{
    return number->class_ == CLASS_NUMBER && number->is_whole == IS_SPELLED_WHOLE
        && number->text[0] != '-';
}

/* Return the milliseconds of the nanoseconds beside a time in seconds: both are digits, or none count. */
static i64 count_beside(const slot *time, const slot *nanoseconds)
{
    i64 count = 0;
    if (!nanoseconds || time->form != FORM_EPOCH_SECONDS || !has_digits_alone(time)
        || !has_digits_alone(nanoseconds) || nanoseconds->length > MAX_NANOSECONDS_DIGITS)
        return 0;
    for (u32 at = 0; at < nanoseconds->length; at++) count = count * 10 + nanoseconds->text[at] - '0';
    return count / 1000000;
}

enum line_outcome take_event(scanner *s, const rule *r)
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
    i64 ms = r->ms ? r->ms : UNTIMED_MS;
    if (has_time) ms = time->ms + count_beside(time, find_slot(s, r, SLOT_NANOSECONDS));
    events->times[entry] = ms;
    events->forms[entry] = r->form != FORM_OF_SLOT ? r->form : time ? time->form : FORM_ABSENT;
    events->structures[entry] = r->structure;
    events->count++;
    return TAKEN_EVENT;
}

enum line_outcome take_unknown(scanner *s, const rule *r)
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

enum line_outcome take_other(scanner *s, enum other_bucket bucket)
{
    s->line_records++;
    return add_other(s, s->lines, bucket, NO_NUMBER) ? TAKEN_OTHER : NO_MEMORY;
}

enum line_outcome take_rejected(scanner *s, enum other_bucket bucket)
{
    rejected_span *spans = grow_array(s->rejected_spans, &s->rejected_spans_capacity,
                                      s->rejected_spans_count, sizeof *spans);
    if (!spans) return NO_MEMORY;
    s->rejected_spans = spans;
    enum line_outcome outcome = take_other(s, bucket);
    if (outcome != TAKEN_OTHER) return outcome;
    s->value.entry = (u32)s->others.count - 1;
    s->value.member = s->line_records;
    spans[s->rejected_spans_count++] = s->value;
    return TAKEN_OTHER;
}
