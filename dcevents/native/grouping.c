#include "grouping.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Groups of so many events are sorted by insertion: most are in order already. */
#define MAX_INSERTED 24
#define NO_STEP 255u

struct event {
    int64_t ts;
    uint32_t code, id_rank;
};

typedef const struct dcevents_grouping_settings *settings_t;

/* Where the next row of each table goes. */
struct output {
    struct dcevents_grouping *found;
    uint64_t group, chat, text, fact;
};

struct session {
    uint32_t sid;
    struct event *events;
    uint64_t count;
};

/* -- order ------------------------------------------------------------------------------------- */

static int64_t clamp_time(settings_t settings, int64_t ts) {
    return ts < settings->untimed ? ts : settings->untimed;
}

/* Order events at the same time of one conversation: equal events come together. */
static bool is_tied_before(settings_t settings, const struct event *a, const struct event *b) {
    uint8_t kind = settings->kinds[a->code], other_kind = settings->kinds[b->code];
    if (kind != other_kind) return kind < other_kind;
    uint32_t agent = settings->agents[a->code], other_agent = settings->agents[b->code];
    if (agent != other_agent) return agent < other_agent;
    if (a->ts != b->ts) return a->ts < b->ts;
    return a->code < b->code;
}

static inline bool is_before(settings_t settings, const struct event *a, const struct event *b) {
    if (a->id_rank != b->id_rank) return a->id_rank < b->id_rank;
    int64_t ts = clamp_time(settings, a->ts), other_ts = clamp_time(settings, b->ts);
    if (ts != other_ts) return ts < other_ts;
    return is_tied_before(settings, a, b);
}

static void insert_events(settings_t settings, struct event *events, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        struct event event = events[i];
        uint64_t at = i;
        for (; at && is_before(settings, &event, &events[at - 1]); at--) events[at] = events[at - 1];
        events[at] = event;
    }
}

static void merge_runs(settings_t settings, const struct event *from, uint64_t middle, uint64_t end,
                       struct event *to) {
    uint64_t left = 0, right = middle;
    for (uint64_t i = 0; i < end; i++) {
        bool takes_right = right < end &&
                           (left == middle || is_before(settings, &from[right], &from[left]));
        to[i] = from[takes_right ? right++ : left++];
    }
}

/* Sort events; `spare` has room for as many. */
static void sort_events(settings_t settings, struct event *events, uint64_t count,
                        struct event *spare) {
    uint64_t width = MAX_INSERTED, sorted = 1;
    while (sorted < count && !is_before(settings, &events[sorted], &events[sorted - 1])) sorted++;
    if (sorted >= count) return;
    for (uint64_t i = 0; i < count; i += width) {
        insert_events(settings, events + i, count - i < width ? count - i : width);
    }
    struct event *from = events, *to = spare;
    for (; width < count; width *= 2) {
        for (uint64_t i = 0; i < count; i += 2 * width) {
            uint64_t end = count - i < 2 * width ? count - i : 2 * width;
            merge_runs(settings, from + i, end < width ? end : width, end, to + i);
        }
        struct event *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != events) memcpy(events, from, count * sizeof *events);
}

/* -- facts to sessions -------------------------------------------------------------------------- */

static int64_t unpack_time(settings_t settings, uint64_t packed) {
    int64_t time = (int64_t)(packed >> settings->code_bits);
    int64_t beyond = time - settings->packed_untimed;
    return beyond < 0 ? time : settings->untimed + beyond;
}

/* Count the facts of each session in the range: `ends[sid + 1]`. */
static void count_facts(const struct dcevents_facts *chunks, uint64_t chunk_count,
                        settings_t settings, uint64_t *ends) {
    uint64_t sid_count = settings->end_sid - settings->first_sid;
    for (uint64_t c = 0; c < chunk_count; c++) {
        for (uint64_t i = 0; i < chunks[c].count; i++) {
            uint64_t sid = chunks[c].sids[i] - settings->first_sid;
            if (sid < sid_count) ends[sid + 1]++;
        }
    }
}

/* Read code and time of a fact. */
static inline struct event read_fact(settings_t settings, const struct dcevents_facts *chunk,
                                     uint64_t number) {
    if (!chunk->packed) return (struct event){chunk->times[number], chunk->codes[number], 0};
    uint64_t packed = chunk->packed[number], mask = ((uint64_t)1 << settings->code_bits) - 1;
    return (struct event){unpack_time(settings, packed), (uint32_t)(packed & mask), 0};
}

/* Put the facts of a chunk at the places of their sessions. */
static bool place_facts(const struct dcevents_facts *chunk, settings_t settings, uint64_t *places,
                        struct event *events) {
    uint64_t sid_count = settings->end_sid - settings->first_sid;
    for (uint64_t i = 0; i < chunk->count; i++) {
        uint64_t sid = chunk->sids[i] - settings->first_sid;
        if (sid >= sid_count) continue;
        struct event event = read_fact(settings, chunk, i);
        if (event.code >= settings->code_count) return false;
        if (settings->kinds[event.code] >= DCEVENTS_MAX_KINDS) return false;
        event.id_rank = settings->id_ranks[event.code];
        events[places[sid]++] = event;
    }
    return true;
}

/* -- tables ------------------------------------------------------------------------------------- */

static const uint8_t GROUP_WIDTHS[DCEVENTS_GROUP_COLUMNS] = {8, 8, 8, 8, 8, 8, 8, 4, 2, 1};
static const uint8_t CHAT_WIDTHS[DCEVENTS_CHAT_COLUMNS] = {8, 8, 4, 1};
static const uint8_t TEXT_WIDTHS[DCEVENTS_TEXT_COLUMNS] = {8, 4};
static const uint8_t FACT_WIDTHS[DCEVENTS_FACT_COLUMNS] = {8, 4, 4};

static bool allocate_table(struct dcevents_table *table, const uint8_t *widths, int columns,
                           uint64_t rows) {
    for (int i = 0; i < columns; i++) {
        table->columns[i] = dcevents_allocate(rows * widths[i]);
        if (!table->columns[i]) return false;
    }
    return true;
}

static void release_table(struct dcevents_table *table) {
    for (int i = 0; i < DCEVENTS_GROUP_COLUMNS; i++) dcevents_release(table->columns[i]);
}

/* -- conversations ------------------------------------------------------------------------------ */

static void write_group(settings_t settings, const struct event *events, uint64_t count,
                        uint64_t key, uint32_t meetings, struct output *output) {
    int64_t first[DCEVENTS_MAX_KINDS], last[DCEVENTS_MAX_KINDS];
    for (int i = 0; i < DCEVENTS_MAX_KINDS; i++) {
        first[i] = settings->no_event;
        last[i] = settings->no_time;
    }
    uint32_t kinds = 0, last_step = NO_STEP;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t kind = settings->kinds[events[i].code];
        int64_t ts = clamp_time(settings, events[i].ts);
        bool is_timed = ts < settings->untimed;
        if (!(kinds >> kind & 1)) {
            kinds |= 1u << kind;
            first[kind] = ts;
            if (is_timed && settings->step_kinds >> kind & 1) last_step = kind;
        }
        if (is_timed) last[kind] = ts;
    }
    int64_t engaged_at = settings->no_event, active_at = settings->no_time;
    for (uint8_t kind = 0; kind < DCEVENTS_MAX_KINDS; kind++) {
        if (kind == settings->shown) continue;
        if (last[kind] > active_at) active_at = last[kind];
        if (kind != settings->closed && first[kind] < engaged_at) engaged_at = first[kind];
    }
    const struct dcevents_table *table = &output->found->groups;
    uint64_t row = output->group++;
    ((uint64_t *)table->columns[DCEVENTS_KEY])[row] = key;
    ((int64_t *)table->columns[DCEVENTS_FIRST_AT])[row] = clamp_time(settings, events[0].ts);
    ((int64_t *)table->columns[DCEVENTS_SHOWN_AT])[row] = first[settings->shown];
    ((int64_t *)table->columns[DCEVENTS_ENGAGED_AT])[row] = engaged_at;
    ((int64_t *)table->columns[DCEVENTS_COMPLETED_AT])[row] = first[settings->completed];
    ((int64_t *)table->columns[DCEVENTS_ACTIVE_AT])[row] = active_at;
    ((int64_t *)table->columns[DCEVENTS_CLOSED_AT])[row] = last[settings->closed];
    ((uint32_t *)table->columns[DCEVENTS_MEETINGS])[row] = meetings;
    ((uint16_t *)table->columns[DCEVENTS_KINDS])[row] = (uint16_t)kinds;
    ((uint8_t *)table->columns[DCEVENTS_LAST_STEP])[row] = (uint8_t)last_step;
}

static bool is_same_event(settings_t settings, const struct event *a, const struct event *b) {
    return clamp_time(settings, a->ts) == clamp_time(settings, b->ts) &&
           settings->kinds[a->code] == settings->kinds[b->code] &&
           settings->agents[a->code] == settings->agents[b->code];
}

static void write_chat_event(settings_t settings, const struct event *event, uint64_t key,
                             struct output *output) {
    const struct dcevents_table *table = &output->found->chats;
    uint64_t row = output->chat++;
    ((uint64_t *)table->columns[DCEVENTS_CHAT_KEY])[row] = key;
    ((int64_t *)table->columns[DCEVENTS_CHAT_TS])[row] = clamp_time(settings, event->ts);
    ((uint32_t *)table->columns[DCEVENTS_CHAT_AGENT])[row] = settings->agents[event->code];
    ((uint8_t *)table->columns[DCEVENTS_CHAT_KIND])[row] = settings->kinds[event->code];
}

/* Choose the text of a conversation. Events are in order of time and kind; without a timed event
 * that has a text, time and kind do not matter.
 */
static uint32_t choose_text(settings_t settings, const struct event *events, uint64_t count) {
    const struct event *best = NULL;
    uint32_t chosen = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t rank = settings->text_ranks[events[i].code];
        if (!rank) continue;
        bool is_timed = events[i].ts < settings->untimed;
        bool is_tied = best && best->ts == events[i].ts &&
                       settings->kinds[best->code] == settings->kinds[events[i].code];
        if (best && !is_timed) {
            if (best->ts < settings->untimed) break;
            is_tied = true;
        }
        if (!best || (settings->takes_latest && !is_tied)) {
            best = &events[i];
            chosen = rank;
        } else if (is_tied && (settings->takes_latest ? rank > chosen : rank < chosen)) {
            chosen = rank;
        }
    }
    return chosen;
}

static void write_text(settings_t settings, const struct event *events, uint64_t count,
                       uint64_t key, struct output *output) {
    uint32_t rank = choose_text(settings, events, count);
    if (!rank) return;
    const struct dcevents_table *table = &output->found->texts;
    uint64_t row = output->text++;
    ((uint64_t *)table->columns[DCEVENTS_TEXT_KEY])[row] = key;
    ((uint32_t *)table->columns[DCEVENTS_TEXT_RANK])[row] = rank;
}

static void write_fact(const struct event *event, uint32_t sid, struct output *output) {
    const struct dcevents_table *table = &output->found->facts;
    uint64_t row = output->fact++;
    ((int64_t *)table->columns[DCEVENTS_FACT_TS])[row] = event->ts;
    ((uint32_t *)table->columns[DCEVENTS_FACT_SID])[row] = sid;
    ((uint32_t *)table->columns[DCEVENTS_FACT_CODE])[row] = event->code;
}

/* Count the second and the third of the times that are none, once for each run of equal events. */
static void count_untimed(settings_t settings, const struct event *events, uint64_t count,
                          struct dcevents_grouping *found) {
    bool has_second = false, has_third = false;
    for (uint64_t i = 0; i < count; i++) {
        has_second |= events[i].ts == settings->untimed + 1;
        has_third |= events[i].ts == settings->untimed + 2;
    }
    found->untimed++;
    found->second_untimed += has_second;
    found->third_untimed += has_third;
}

/* Read the events of one conversation, in order. */
static void read_conversation(settings_t settings, uint32_t sid, const struct event *events,
                              uint64_t count, struct output *output) {
    uint64_t key = (uint64_t)sid << settings->id_bits | events[0].id_rank;
    uint32_t kinds = 0, meetings = 0;
    if (settings->makes_groups) {
        for (uint64_t i = 0; i < count; i++) kinds |= 1u << settings->kinds[events[i].code];
    }
    bool has_chat = kinds & settings->live_chat_kinds;
    uint32_t chat_kinds = settings->live_chat_kinds | 1u << settings->closed;
    for (uint64_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count; end++) {
            if (!is_same_event(settings, &events[begin], &events[end])) break;
        }
        uint8_t kind = settings->kinds[events[begin].code];
        output->found->events++;
        if (events[begin].ts >= settings->untimed) {
            count_untimed(settings, events + begin, end - begin, output->found);
        }
        meetings += kind == settings->booked;
        if (has_chat && chat_kinds >> kind & 1) {
            write_chat_event(settings, &events[begin], key, output);
        }
        for (uint64_t i = begin; settings->makes_facts && i < end; i++) {
            bool is_repeat = i > begin && events[i].ts == events[i - 1].ts &&
                             events[i].code == events[i - 1].code;
            if (!is_repeat) write_fact(&events[i], sid, output);
        }
    }
    if (settings->makes_groups) write_group(settings, events, count, key, meetings, output);
    if (settings->text_ranks) write_text(settings, events, count, key, output);
}

static void read_session(settings_t settings, const struct session *session,
                         struct output *output) {
    for (uint64_t begin = 0, end; begin < session->count; begin = end) {
        uint32_t id_rank = session->events[begin].id_rank;
        for (end = begin + 1; end < session->count; end++) {
            if (session->events[end].id_rank != id_rank) break;
        }
        read_conversation(settings, session->sid, session->events + begin, end - begin, output);
    }
}

/* Rows that tables have at most. */
struct sizes {
    uint64_t conversations, chat_events, facts;
};

static void measure_session(settings_t settings, const struct session *session,
                            struct sizes *sizes) {
    uint32_t chat_kinds = settings->live_chat_kinds | 1u << settings->closed, kinds = 0;
    uint64_t chat_events = 0;
    for (uint64_t i = 0; i < session->count; i++) {
        uint8_t kind = settings->kinds[session->events[i].code];
        sizes->conversations +=
            !i || session->events[i].id_rank != session->events[i - 1].id_rank;
        kinds |= 1u << kind;
        chat_events += chat_kinds >> kind & 1;
    }
    sizes->facts += session->count;
    if (kinds & settings->live_chat_kinds) sizes->chat_events += chat_events;
}

static bool allocate_tables(settings_t settings, const struct sizes *sizes,
                            struct dcevents_grouping *found) {
    bool is_done = true;
    if (settings->makes_groups) {
        is_done = allocate_table(&found->groups, GROUP_WIDTHS, DCEVENTS_GROUP_COLUMNS,
                                 sizes->conversations) &&
                  allocate_table(&found->chats, CHAT_WIDTHS, DCEVENTS_CHAT_COLUMNS,
                                 sizes->chat_events);
    }
    if (settings->text_ranks) {
        is_done = is_done && allocate_table(&found->texts, TEXT_WIDTHS, DCEVENTS_TEXT_COLUMNS,
                                            sizes->conversations);
    }
    if (settings->makes_facts) {
        is_done = is_done && allocate_table(&found->facts, FACT_WIDTHS, DCEVENTS_FACT_COLUMNS,
                                            sizes->facts);
    }
    return is_done;
}

/* Sort the events of each session, and read them. `ends` are those of the sessions. */
static bool read_sessions(settings_t settings, struct event *events, const uint64_t *ends,
                          struct event *spare, struct dcevents_grouping *found) {
    struct sizes sizes = {0, 0, 0};
    struct output output = {found, 0, 0, 0, 0};
    uint64_t sid_count = settings->end_sid - settings->first_sid;
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0, begin = 0; i < sid_count; begin = ends[i++]) {
            uint32_t sid = (uint32_t)(settings->first_sid + i);
            struct session session = {sid, events + begin, ends[i] - begin};
            if (!session.count) continue;
            if (pass) {
                read_session(settings, &session, &output);
                continue;
            }
            sort_events(settings, session.events, session.count, spare);
            measure_session(settings, &session, &sizes);
        }
        if (!pass && !allocate_tables(settings, &sizes, found)) return false;
    }
    found->groups.rows = output.group;
    found->chats.rows = output.chat;
    found->texts.rows = output.text;
    found->facts.rows = output.fact;
    return true;
}

static void release_tables(struct dcevents_grouping *grouping) {
    release_table(&grouping->groups);
    release_table(&grouping->chats);
    release_table(&grouping->texts);
    release_table(&grouping->facts);
    memset(grouping, 0, sizeof *grouping);
}

/* Group facts with memory for their order: `ends` has one more place than there are sessions. */
static int group_in_order(const struct dcevents_facts *chunks, uint64_t chunk_count,
                          settings_t settings, uint64_t *ends, struct dcevents_grouping *grouping) {
    uint64_t sid_count = settings->end_sid - settings->first_sid, most = 0;
    count_facts(chunks, chunk_count, settings, ends);
    for (uint64_t i = 1; i <= sid_count; i++) {
        if (ends[i] > most) most = ends[i];
        ends[i] += ends[i - 1];
    }
    uint64_t total = ends[sid_count];
    if (total > SIZE_MAX / sizeof(struct event) - most) return -1;
    struct event *events = malloc((total + most + 1) * sizeof *events);
    if (!events) return -1;
    int result = 0;
    /* Each `ends[i]` begins as the place of session i's first fact, and becomes that of its end. */
    for (uint64_t c = 0; c < chunk_count && !result; c++) {
        if (!place_facts(&chunks[c], settings, ends, events)) result = DCEVENTS_INVALID_FACT;
    }
    if (!result && !read_sessions(settings, events, ends, events + total, grouping)) result = -1;
    free(events);
    return result;
}

int dcevents_group_facts(const struct dcevents_facts *chunks, uint64_t chunk_count,
                         const struct dcevents_grouping_settings *settings,
                         struct dcevents_grouping *grouping) {
    memset(grouping, 0, sizeof *grouping);
    if (settings->shown >= DCEVENTS_MAX_KINDS || settings->closed >= DCEVENTS_MAX_KINDS ||
        settings->completed >= DCEVENTS_MAX_KINDS || settings->code_bits > 63 ||
        settings->id_bits > 32 || settings->first_sid > settings->end_sid) {
        return DCEVENTS_INVALID_FACT;
    }
    uint64_t *ends = calloc(settings->end_sid - settings->first_sid + 1, sizeof *ends);
    if (!ends) return -1;
    int result = group_in_order(chunks, chunk_count, settings, ends, grouping);
    free(ends);
    if (result) release_tables(grouping);
    return result;
}

int dcevents_find_last_times(const struct dcevents_facts *chunks, uint64_t chunk_count,
                             const struct dcevents_grouping_settings *settings, int64_t *times) {
    if (settings->code_bits > 63) return DCEVENTS_INVALID_FACT;
    for (uint64_t c = 0; c < chunk_count; c++) {
        for (uint64_t i = 0; i < chunks[c].count; i++) {
            struct event event = read_fact(settings, &chunks[c], i);
            if (event.code >= settings->code_count) return DCEVENTS_INVALID_FACT;
            int64_t ts = event.ts < settings->untimed ? event.ts : settings->no_time;
            if (ts > times[event.code]) times[event.code] = ts;
        }
    }
    return 0;
}
