/* Numbers of a store's sids: 64 bits of a keyed BLAKE2b (RFC 7693); and the search for numbers.
 *
 * Nobody without the key can choose sids by their numbers, so these are spread evenly.
 */
#ifndef DCEVENTS_SIDS_H
#define DCEVENTS_SIDS_H

#include "arrow.h"

#define DCEVENTS_MAX_KEY_BYTES 64
#define DCEVENTS_MAX_SALT_BYTES 16

/* Write the number of each text of an Arrow array (format `vu`) without nulls: the first 64 bits,
 * the lowest byte first, of the hash of the salt and the text, of 8 bytes and with this key.
 * Returns 0, or -3 for what are no texts, and for a key or a salt that is too long.
 */
DCEVENTS_EXPORT int dcevents_hash_sids(const struct ArrowArray *array, const uint8_t *key,
                                       uint32_t key_size, const uint8_t *salt, uint32_t salt_size,
                                       uint64_t *numbers);

struct dcevents_wanted;

/* Prepare the search for `count` numbers in rising order, which stay where they are as long as the
 * result does. NULL without memory, for 2^32 numbers or more, and where they are in another order.
 */
DCEVENTS_EXPORT struct dcevents_wanted *dcevents_new_wanted(const uint64_t *numbers,
                                                            uint64_t count);
DCEVENTS_EXPORT void dcevents_free_wanted(struct dcevents_wanted *wanted);

/* Write the places of those of `count` numbers, at most 2^32, that are wanted, in rising order, and
 * how many these are. There is to be room for `count` places.
 */
DCEVENTS_EXPORT uint64_t dcevents_find_wanted(const struct dcevents_wanted *wanted,
                                              const uint64_t *numbers, uint64_t count,
                                              uint32_t *places);

#endif
