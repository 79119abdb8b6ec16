/* The order of texts. */
#ifndef DCEVENTS_RANKS_H
#define DCEVENTS_RANKS_H

#include "texts.h"

/* Write the rank of each text of a table, by its number: 0 for the least by its bytes.
 *
 * Returns 0, or DCEVENTS_NO_MEMORY.
 */
DCEVENTS_EXPORT int dcevents_rank_texts(const struct dcevents_texts *table, uint32_t *ranks);

#endif
