/* Events of a block as facts: numbers of their attributes and sessions, and packed times. */
#ifndef DCEVENTS_PACKING_H
#define DCEVENTS_PACKING_H

#include "texts.h"

/* Numbers of a row of attributes: kind, dialogue, page, agent, meeting. */
#define DCEVENTS_ROW_NUMBERS 5

/* A row has a number that no translation knows; or a result has an entry that is none. */
#define DCEVENTS_NO_ENTRY (-4)

/* What a number in a column of rows is to become. */
struct dcevents_translation {
    const uint32_t *numbers;
    uint64_t count;
};

/* Write the numbers of `count` rows, the numbers of which are translated first; NULL: as they are.
 *
 * Returns 0 or a result that is no number; rows before the fault keep their numbers.
 */
DCEVENTS_EXPORT int dcevents_number_rows(struct dcevents_texts *table, const uint32_t *rows,
                                         uint64_t count,
                                         const struct dcevents_translation *translations,
                                         uint32_t *numbers);

/* The events of a block, and what their numbers stand for. */
struct dcevents_events {
    uint64_t count;
    const uint32_t *sessions, *attributes; /* numbers of the block */
    const int64_t *times;
    struct dcevents_translation session_numbers, codes;
    int64_t last_believed, as_of; /* later times are in the future; later than is asked for */
    int64_t untimed, future;      /* stand for a time; all from `untimed` on are none */
    int64_t packed_untimed;       /* as a packed time */
    uint32_t code_bits;
};

/* The facts of a block. `sids` and `words` have room for all events. */
struct dcevents_packed {
    uint32_t *sids;
    uint64_t *words; /* the time, and the code in the low bits */
    uint64_t count, later, untimed;
    int64_t first, last; /* of the times; `first` is the later where there is none */
    uint64_t wide; /* 1 if a fact does not fit: then the others are worth nothing */
};

DCEVENTS_EXPORT int dcevents_pack_facts(const struct dcevents_events *events,
                                        struct dcevents_packed *facts);

#endif
