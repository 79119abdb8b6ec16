/* Numbers of texts: 0, 1, 2 … in the order in which the texts come.
 *
 * Texts are compared byte by byte; a seeded hash only says where to look.
 */
#ifndef DCEVENTS_TEXTS_H
#define DCEVENTS_TEXTS_H

#include "arrow.h"

struct dcevents_texts;
struct text;

/* Results that are no numbers. */
#define DCEVENTS_NO_MEMORY (-1)
#define DCEVENTS_TOO_MANY (-2)
#define DCEVENTS_NOT_TEXTS (-3)

/* A new table; NULL without memory. The seed is to be one that nobody can guess. */
DCEVENTS_EXPORT struct dcevents_texts *dcevents_new_texts(uint64_t seed, uint64_t more_seed);
DCEVENTS_EXPORT void dcevents_free_texts(struct dcevents_texts *table);
DCEVENTS_EXPORT uint64_t dcevents_count_texts(const struct dcevents_texts *table);

/* Return the text of a number. */
struct text dcevents_read_text(const struct dcevents_texts *table, uint64_t number);

/* Write the numbers of texts; new ones get the next numbers.
 *
 * `count` texts lie in `texts` (`size` bytes), each from one of `offsets` (count + 1) to the next;
 * the first one begins at the first byte, whatever its offset.
 * Returns 0 or one of the results above; texts before the fault keep their numbers.
 */
DCEVENTS_EXPORT int dcevents_number_packed(struct dcevents_texts *table, const uint8_t *texts,
                                           uint64_t size, const uint32_t *offsets, uint64_t count,
                                           uint32_t *numbers);

/* The same for an Arrow array of texts (format `vu`) without nulls. */
DCEVENTS_EXPORT int dcevents_number_views(struct dcevents_texts *table,
                                          const struct ArrowArray *array, uint32_t *numbers);

/* Return the number of a text, DCEVENTS_NOT_TEXTS if it has none. */
DCEVENTS_EXPORT int64_t dcevents_find_text(const struct dcevents_texts *table,
                                              const uint8_t *text, uint64_t size);

/* Return memory with the texts of `count` numbers, all of them for numbers == NULL: `count` + 1
 * offsets of 64 bits, from 0, and behind them the texts. NULL without memory, or for a number that
 * is none.
 */
DCEVENTS_EXPORT void *dcevents_copy_texts(const struct dcevents_texts *table,
                                         const uint32_t *numbers, uint64_t count);

/* The same for one of the texts of each value: of `width` texts, each of which lies behind its
 * length + 1 in two bytes, the lower one first; one alone is all of its value.
 */
DCEVENTS_EXPORT void *dcevents_copy_members(const struct dcevents_texts *table, uint32_t width,
                                            uint32_t member);

/* Write the bytes of all texts, one behind the other; `size` is how many they have to be.
 *
 * Returns 0, or DCEVENTS_NOT_TEXTS for another size.
 */
DCEVENTS_EXPORT int dcevents_copy_packed(const struct dcevents_texts *table, uint8_t *bytes,
                                         uint64_t size);

#endif
