/* Repeated facts: about how many there are, and which are among known ones. */
#ifndef DCEVENTS_REPEATS_H
#define DCEVENTS_REPEATS_H

#include "arrow.h"

/* Packed facts: the session of each, and time and code in one number. */
struct dcevents_packed_facts {
    uint64_t count;
    const uint32_t *sids;
    const uint64_t *words;
};

/* Put each of the facts once, in the order of session and number, into memory of their own.
 *
 * Sessions are below `end_sid`. Returns 0, or -1 without memory, or for a session that is not.
 */
DCEVENTS_EXPORT int dcevents_order_facts(const struct dcevents_packed_facts *chunks,
                                         uint64_t chunk_count, uint64_t end_sid,
                                         struct dcevents_packed_facts *ordered);

/* Write for each fact 0 if it is among the known ones, else 1.
 *
 * Known facts are in the order of session and number. Facts that are near each other in the order
 * of known ones are found soon.
 */
DCEVENTS_EXPORT void dcevents_find_new_facts(const struct dcevents_packed_facts *known,
                                             const struct dcevents_packed_facts *facts,
                                             uint8_t *is_new);

/* Set for each fact a bit of `bit_count`, a power of two: the same for equal facts, by a seed that
 * nobody can guess. Returns how many bits were not set before.
 */
DCEVENTS_EXPORT uint64_t dcevents_mark_facts(const struct dcevents_packed_facts *facts,
                                             uint64_t seed, uint64_t more_seed, uint8_t *bits,
                                             uint64_t bit_count);

#endif
