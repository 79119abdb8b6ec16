/* Scan a block of lines, and what Python calls for it. */
#include "scan_lines.h"

enum {
    SID_PLACES = 1 << 12,
    FEW_PLACES = 1 << 6, /* small tables stay in the cache */
    FORM_PLACES = 1 << 12,
    MAX_LASTING_TEXTS = 1 << 20,
    MAX_LASTING_BYTES = 64 << 20,
};

/* -- a block ---------------------------------------------------------------------------------- */

u8 *take_tail(scanner *s, size_t size)
{
    while (s->tail_capacity < size + READ_AHEAD + 1) {
        u8 *tail = grow_array(s->tail, &s->tail_capacity, s->tail_capacity, 1);
        if (!tail) return NULL;
        s->tail = tail;
    }
    memset(s->tail + size, 0, READ_AHEAD + 1);
    s->tail[size] = '\n';
    return s->tail;
}

/* Return a line with room behind: near the block's end a copy. */
static int place_line(scanner *s, const u8 *data, size_t begin, size_t end, size_t length, line *l)
{
    l->begin = data + begin;
    l->end = data + end;
    l->offset = (u32)begin;
    if (length - end >= READ_AHEAD) return 1;
    size_t size = end - begin;
    if (!take_tail(s, size)) return 0;
    memcpy(s->tail, data + begin, size);
    l->begin = s->tail;
    l->end = s->tail + size;
    return 1;
}

void begin_block(scanner *s)
{
    s->runs_count = s->events.count = s->others.count = s->samples_count = 0;
    s->rejected_spans_count = 0;
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

enum line_status find_status(enum line_outcome outcome)
{
    if (outcome == TAKEN_EVENT) return LINE_EVENT;
    if (outcome == TAKEN_ALONE) return LINE_EVENT_ALONE;
    if (outcome == TAKEN_OVER_LINES) return LINE_OBJECTS_OVER_LINES;
    if (outcome == TAKEN_SEVERAL) return LINE_SEVERAL;
    if (outcome == TAKEN_SEVERAL_OVER_LINES) return LINE_SEVERAL_OVER_LINES;
    if (outcome == TAKEN_SEVERAL_ALONE) return LINE_SEVERAL_ALONE;
    return outcome == TAKEN_OTHER ? LINE_OTHER : LINE_ASIDE;
}

enum { END_BYTES = MAX_LINE_BYTES + READ_AHEAD, MAX_SIGN_BYTES = 64 };

/* A block while its lines are scanned. */
typedef struct {
    const u8 *data;
    size_t length;
    size_t no_value_to; /* a value that began before it went on to there, and broke */
    size_t end_begin;   /* where the part of it begins that is copied, with room behind */
    int has_end;
    int has_comma; /* another member of an array may follow behind the last line */
    u32 opened;    /* the last runs are so many brackets of arrays */
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

/* Walk a value over lines and take it; `stop` is then the line feed behind it. */
static enum line_outcome take_over_lines(scanner *s, block *b, const line *whole, const u8 **stop)
{
    int has_signs = 0;
    const u8 *at = skip_around(whole->begin, &has_signs), *end = walk_record(s, at);
    if (!end) {
        size_t crossed = s->last_crossed ? (size_t)(s->last_crossed - whole->begin) : 0;
        b->no_value_to = whole->offset + crossed + 1;
        *stop = whole->end;
        int is_open = s->status == WALK_UNFINISHED && s->has_reached_last
            && is_valid_utf8(whole->begin, (size_t)(whole->end - whole->begin));
        return is_open ? SET_ASIDE_OVER_LINES : IS_UNFINISHED;
    }
    *stop = skip_around(end, &has_signs);
    line lines = {whole->begin, *stop, whole->offset};
    if (**stop != '\n') return IS_UNFINISHED;
    enum line_outcome outcome = take_and_learn(s, &lines, at, end);
    return outcome == SET_ASIDE ? SET_ASIDE_OVER_LINES : outcome;
}

/* Scan a value that goes on behind its first line, which is `l`; `next` is where it was left. */
static enum line_outcome scan_over_lines(scanner *s, block *b, const line *l, size_t *next)
{
    const u8 *limit = NULL, *first = NULL, *stop = NULL;
    if (l->offset >= b->no_value_to) first = place_value(s, b, l->offset, &limit);
    if (!first || first + (l->end - l->begin) >= limit) return IS_UNFINISHED;
    line whole = {first, limit, l->offset};
    s->last_line_feed = limit;
    int has_signs = 0;
    enum line_outcome outcome = take_path(s, skip_around(first, &has_signs), limit, &stop);
    if (outcome != SET_ASIDE) stop = skip_around(stop, &has_signs);
    if (outcome != SET_ASIDE && *stop != '\n') {
        leave_records(s);
        outcome = SET_ASIDE;
    }
    if (outcome == SET_ASIDE) outcome = take_over_lines(s, b, &whole, &stop);
    s->last_line_feed = NULL;
    if (outcome == NO_MEMORY) return outcome;
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER || outcome == TAKEN_SEVERAL;
    if (!is_taken) leave_records(s);
    if (!is_taken && outcome != SET_ASIDE_OVER_LINES) return IS_UNFINISHED;
    *next = l->offset + (size_t)(stop - first) + 1;
    if (!is_taken) return outcome;
    return outcome == TAKEN_SEVERAL ? TAKEN_SEVERAL_OVER_LINES : TAKEN_OVER_LINES;
}

void begin_line(scanner *s)
{
    s->first_event = s->events.count;
    s->first_other = s->others.count;
    s->first_rejected_span = s->rejected_spans_count;
    s->line_records = 0;
    s->is_text_line = 0;
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
    begin_line(s);
    enum line_outcome outcome = scan_line(s, &l);
    if (outcome == SET_ASIDE) leave_records(s);
    if (outcome == IS_UNFINISHED) outcome = scan_over_lines(s, b, &l, next);
    count_events(s, outcome == TAKEN_ALONE || outcome == TAKEN_SEVERAL_ALONE);
    return outcome;
}

u32 count_feeds(const u8 *at, const u8 *end)
{
    const u64 feed = 0x0A0A0A0A0A0A0A0Au, low = 0x7F7F7F7F7F7F7F7Fu;
    u32 feeds = 0;
    for (; end - at >= 8; at += 8) {
        u64 bytes;
        memcpy(&bytes, at, 8);
        bytes ^= feed;
        /* The highest bit of each byte that is none. */
        u64 others = ((bytes & low) + low) | bytes;
        feeds += 8 - (u32)((((others & ~low) >> 7) * 0x0101010101010101u) >> 56);
    }
    for (; at < end; at++) feeds += *at == '\n';
    return feeds;
}

/* Note a run that is added. Brackets before it open arrays only if an object follows on the next line, as
   in JSON: else all of it may be another value, or none. */
static void note_opened(scanner *s, block *b, run *added)
{
    if (added->effect == EFFECT_OPENS && b->opened < MAX_LINE_ARRAYS) {
        b->opened++;
        return;
    }
    int is_object = added->effect == EFFECT_APART || added->effect == EFFECT_JOINED;
    if (b->opened && is_object) {
        const u8 *at = b->data + added->begin;
        while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '[') at++;
        is_object = *at == '{';
    }
    if (added->effect == EFFECT_OPENS) added->effect = EFFECT_UNKNOWN;
    for (; b->opened; b->opened--)
        if (!is_object) s->runs[s->runs_count - b->opened].effect = EFFECT_UNKNOWN;
}

static int add_lines(scanner *s, block *b, run added)
{
    note_opened(s, b, &added);
    return add_to_run(s, &added);
}

/* Settle lines whose values do not end: behind them comes an event, or they are set aside. None of
   these values ends on a later of the lines, as the brace that begins that one is not closed. */
static int settle_open(scanner *s, block *b, open_lines *open, int is_event)
{
    u32 number = s->lines - open->lines;
    enum line_status status = is_event ? LINE_OTHER : LINE_ASIDE;
    enum line_effect effect = is_event ? EFFECT_TEXT : EFFECT_UNKNOWN;
    if (open->lines) b->has_comma = is_event;
    for (size_t begin = open->begin; open->lines; number++, open->lines--) {
        const u8 *feed = memchr(b->data + begin, '\n', open->end - begin);
        REQUIRE(feed);
        size_t end = (size_t)(feed - b->data) + 1;
        if (is_event && !add_other(s, number, OTHER_INVALID_JSON, NO_NUMBER)) return 0;
        run added = {(u8)status, (u8)effect, {0}, number, 1, (u32)begin, (u32)end, 0};
        if (!add_lines(s, b, added)) return 0;
        begin = end;
    }
    return 1;
}

/* -- what lines do to arrays that are open before them ---------------------------------------- */

/* Return the effect of a line that has no record: a bracket of an array, or a comma, and blanks. */
static enum line_effect find_sign_effect(block *b, const u8 *at, const u8 *end)
{
    u8 bracket = 0;
    int has_comma = 0;
    for (; at < end; at++) {
        if (*at == '[' || *at == ']') {
            if (bracket || has_comma) return EFFECT_UNKNOWN;
            bracket = *at;
        } else if (*at == ',') {
            has_comma = 1;
        } else if (*at != ' ' && *at != '\t' && *at != '\r') {
            return EFFECT_UNKNOWN;
        }
    }
    if (bracket == '[' && has_comma) return EFFECT_UNKNOWN;
    b->has_comma |= has_comma || bracket == '[';
    if (bracket) return bracket == '[' ? EFFECT_OPENS : EFFECT_CLOSES;
    return has_comma ? EFFECT_TEXT : EFFECT_UNKNOWN;
}

static int is_around(u8 byte, int has_arrays)
{
    int is_bracket = byte == '[' || byte == ']';
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == ',' || byte == 0 || byte == 0x1E
        || (has_arrays && is_bracket);
}

/* Return the effect of objects, with separators around and perhaps arrays, but no text. */
static enum line_effect find_object_effect(block *b, const u8 *at, const u8 *end, int has_arrays)
{
    int is_joined = b->has_comma;
    b->has_comma = 0;
    for (; at < end && is_around(*at, has_arrays); at++) is_joined |= *at == ',';
    if (at == end || *at != '{') return EFFECT_UNKNOWN;
    int has_comma = 0;
    for (; is_around(end[-1], has_arrays); end--) has_comma |= end[-1] == ',';
    if (end[-1] != '}') return EFFECT_UNKNOWN;
    b->has_comma = has_comma;
    return is_joined ? EFFECT_JOINED : EFFECT_APART;
}

/* Return the effect of a line or value that was taken, which ends before a line feed. */
static enum line_effect find_effect(const scanner *s, block *b, enum line_outcome outcome, size_t begin,
                                    size_t end)
{
    int is_rejected = 0, is_alone = outcome == TAKEN_ALONE || outcome == TAKEN_SEVERAL_ALONE;
    if (outcome == TAKEN_OTHER) {
        u8 bucket = s->others.buckets[s->others.count - 1];
        if (bucket == OTHER_BLANK) return EFFECT_NONE;
        is_rejected = bucket == OTHER_INVALID_JSON || bucket == OTHER_INVALID_UTF8;
    }
    const u8 *at = b->data + begin;
    int is_taken = outcome < SET_ASIDE, is_text = is_rejected || s->is_text_line;
    if (outcome == SET_ASIDE && b->data[end] == '\n' && end - begin <= MAX_SIGN_BYTES) {
        enum line_effect effect = find_sign_effect(b, at, b->data + end);
        if (effect != EFFECT_UNKNOWN) return effect;
    }
    if (!is_taken || is_text || is_alone) {
        b->has_comma = is_taken && is_text;
        return b->has_comma ? EFFECT_TEXT : EFFECT_UNKNOWN;
    }
    enum line_effect effect
        = find_object_effect(b, at, b->data + end, outcome == TAKEN_SEVERAL);
    int is_long = outcome == TAKEN_OVER_LINES || outcome == TAKEN_SEVERAL_OVER_LINES;
    return is_long && effect == EFFECT_APART ? EFFECT_JOINED : effect;
}

static int scan_lines(scanner *s, const u8 *data, size_t length)
{
    open_lines open = {0, 0, 0};
    block b = {data, length, 0, length > END_BYTES ? length - END_BYTES : 0, 0, 0, 0};
    for (size_t begin = 0, next = 0; begin < length; begin = next) {
        enum line_outcome outcome = scan_next(s, &b, begin, &next);
        int goes_on = outcome == IS_UNFINISHED && open.lines
            && next - open.begin <= MAX_LINE_BYTES / 2;
        if (outcome == NO_MEMORY) return 0;
        if (!goes_on && !settle_open(s, &b, &open, outcome == TAKEN_EVENT)) return 0;
        int is_long = outcome == TAKEN_OVER_LINES || outcome == TAKEN_SEVERAL_OVER_LINES
            || outcome == SET_ASIDE_OVER_LINES;
        u32 lines = is_long ? count_feeds(data + begin, data + next) : 1;
        if (outcome == IS_UNFINISHED) {
            if (!open.lines) open.begin = begin;
            open.lines++;
            open.end = next;
        } else {
            enum line_effect effect = find_effect(s, &b, outcome, begin, next - 1);
            run added = {(u8)find_status(outcome), (u8)effect, {0}, s->lines, lines, (u32)begin,
                         (u32)next, 0};
            if (!add_lines(s, &b, added)) return 0;
        }
        s->lines += lines;
    }
    if (!settle_open(s, &b, &open, 0)) return 0;
    run none = {0};
    note_opened(s, &b, &none);
    return 1;
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
    out->rejected_spans = s->rejected_spans;
    out->sid_bytes = s->sids.bytes;
    out->sid_offsets = s->sids.offsets;
    out->name_bytes = s->unknown_names.bytes;
    out->name_offsets = s->unknown_names.offsets;
    out->form_bytes = s->new_form_table.bytes;
    out->new_forms = s->new_forms;
    out->sample_bytes = s->samples;
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
    out->rejected_spans_count = (u32)s->rejected_spans_count;
    out->generation = s->generation;
}

const scan_result *end_block(scanner *s)
{
    if (!number_attributes(s)) return NULL;
    fill_result(s);
    return &s->result;
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
                      s->rules, s->new_forms, s->samples, s->runs, s->rejected_spans,
                      s->structure_counts, s->tail,
                      events->lines, events->sessions, events->attributes, events->times,
                      events->forms, events->structures, events->members, events->pages,
                      s->others.lines, s->others.names, s->others.buckets};
    for (size_t number = 0; number < sizeof arrays / sizeof *arrays; number++)
        free(arrays[number]);
    close_paths(&s->paths);
    close_member_scan(s);
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
    if (list >= WORDS_MAPPED_STEP && length) s->has_map = 1;
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
    look_for_paths(&s->paths);
    look_for_member_paths(s);
    return 1;
}

/* Scan a block; return what was found, valid until the next, or NULL where there is no memory. */
DC_EXPORT const scan_result *dc_scan_block(scanner *s, const u8 *data, size_t length)
{
    if (length > UINT32_MAX / 2) return NULL;
    begin_block(s);
    return scan_lines(s, data, length) ? end_block(s) : NULL;
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
