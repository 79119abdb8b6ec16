/* Facts, grouped by conversation.
 *
 * What is found is mechanical: times of the first and the last event of some kinds, numbers of
 * events that differ, events in order. What kinds and times mean is for Python to say.
 */
#ifndef DCEVENTS_GROUPING_H
#define DCEVENTS_GROUPING_H

#include "arrow.h"

#define DCEVENTS_MAX_KINDS 16

/* Columns of conversations, in this order. */
enum dcevents_group_column {
    DCEVENTS_KEY,          /* u64: the session's number and the id's rank */
    DCEVENTS_FIRST_AT,     /* i64, like all times: of the first event; untimed without a timed one */
    DCEVENTS_SHOWN_AT,     /* of the first event of the kind `shown`; no_event without one */
    DCEVENTS_ENGAGED_AT,   /* of the first event of neither `shown` nor `closed` */
    DCEVENTS_COMPLETED_AT, /* of the first event of the kind `completed` */
    DCEVENTS_ACTIVE_AT,    /* of the last timed event that is not `shown`; no_time without one */
    DCEVENTS_CLOSED_AT,    /* of the last timed event of the kind `closed`; no_time without one */
    DCEVENTS_MEETINGS,     /* u32: events of the kind `booked` */
    DCEVENTS_KINDS,        /* u16: the bits of the kinds of all events */
    DCEVENTS_LAST_STEP,    /* u8: the step kind whose first timed event is latest; 255 without one */
    DCEVENTS_GROUP_COLUMNS
};

/* Columns of the chat events: those that differ, of conversations with a live chat, in order. */
enum dcevents_chat_column {
    DCEVENTS_CHAT_KEY,   /* u64 */
    DCEVENTS_CHAT_TS,    /* i64: milliseconds or untimed */
    DCEVENTS_CHAT_AGENT, /* u32: 0 without one */
    DCEVENTS_CHAT_KIND,  /* u8 */
    DCEVENTS_CHAT_COLUMNS
};

/* Columns of the texts of conversations that have one, in this order. */
enum dcevents_text_column {
    DCEVENTS_TEXT_KEY,  /* u64 */
    DCEVENTS_TEXT_RANK, /* u32 */
    DCEVENTS_TEXT_COLUMNS
};

/* Columns of the distinct facts. */
enum dcevents_fact_column {
    DCEVENTS_FACT_TS,   /* i64 */
    DCEVENTS_FACT_SID,  /* u32 */
    DCEVENTS_FACT_CODE, /* u32 */
    DCEVENTS_FACT_COLUMNS
};

/* Facts: `packed` has time and code of each in one number, or they are in `codes` and `times`. */
struct dcevents_facts {
    uint64_t count;
    const uint32_t *sids;
    const uint64_t *packed;
    const uint32_t *codes;
    const int64_t *times;
};

struct dcevents_grouping_settings {
    uint64_t first_sid, end_sid; /* facts of other sessions are passed over */
    const uint32_t *id_ranks;    /* by code: the rank of the conversation's id */
    const uint32_t *agents;      /* by code: the agent, 0 without one */
    const uint8_t *kinds;        /* by code, below DCEVENTS_MAX_KINDS */
    const uint32_t *text_ranks;  /* by code: the rank of a text, 0 without one; or NULL */
    uint64_t code_count;
    int64_t untimed;        /* the first of the times that are none */
    int64_t packed_untimed; /* the same as a packed time */
    int64_t no_event, no_time;
    uint32_t code_bits, id_bits; /* of a packed fact, and of a key: the lowest ones */
    uint16_t live_chat_kinds, step_kinds; /* bits */
    uint8_t shown, closed, completed, booked; /* kinds */
    uint8_t makes_groups, makes_facts;        /* what is wanted: conversations and chats; facts */
    uint8_t takes_latest; /* of texts: the latest, of equally late ones the greatest; else the
                           * earliest, of these the least */
};

struct dcevents_table {
    uint64_t rows;
    void *columns[DCEVENTS_GROUP_COLUMNS]; /* each with one owner; NULL where it was not wanted */
};

struct dcevents_grouping {
    struct dcevents_table groups, chats, texts, facts;
    /* Events that differ by conversation, kind, time and agent, times that are none being one
     * time; those of such times; those of the second and of the third of such times. */
    uint64_t events, untimed, second_untimed, third_untimed;
};

#define DCEVENTS_INVALID_FACT (-2)

/* Group facts of the sessions in a range. The result's memory is the caller's to release.
 * Returns 0, -1 without memory, or DCEVENTS_INVALID_FACT for a code that is none.
 */
DCEVENTS_EXPORT int dcevents_group_facts(const struct dcevents_facts *chunks, uint64_t chunk_count,
                                         const struct dcevents_grouping_settings *settings,
                                         struct dcevents_grouping *grouping);

/* Put into `times`, by code, the last time of its facts if that is later than what stands there;
 * an untimed fact has `no_time`. Returns 0, or DCEVENTS_INVALID_FACT for a code that is none.
 */
DCEVENTS_EXPORT int dcevents_find_last_times(const struct dcevents_facts *chunks,
                                             uint64_t chunk_count,
                                             const struct dcevents_grouping_settings *settings,
                                             int64_t *times);

#endif
