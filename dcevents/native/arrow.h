/* The structures of the Arrow C data interface, and memory that several arrays share.
 *
 * Source: https://arrow.apache.org/docs/format/CDataInterface.html
 */
#ifndef DCEVENTS_ARROW_H
#define DCEVENTS_ARROW_H

#include <stddef.h>
#include <stdint.h>

#include "version.h"

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

/* Memory of `size` bytes, and of as many zero bytes behind it as a scan may look ahead.
 * It has one owner; NULL without memory.
 */
DCEVENTS_EXPORT void *dcevents_allocate(uint64_t size);

/* Return memory that nobody shares with fewer bytes; its beginning stays. */
void *dcevents_shrink(void *memory, uint64_t size);

/* Add an owner of memory from dcevents_allocate. */
DCEVENTS_EXPORT void dcevents_share(void *memory);

/* End the ownership of one owner; the last one frees the memory. NULL is nobody's. */
DCEVENTS_EXPORT void dcevents_release(void *memory);

/* Give free memory back to the system, and from now on large blocks as soon as they are free. */
DCEVENTS_EXPORT void dcevents_give_memory_back(void);

/* Make an array of fixed-size values at `values`, which lie in `memory`; the array is one more
 * owner of it. Returns 0, or -1 without memory for that.
 */
DCEVENTS_EXPORT int dcevents_make_array(struct ArrowArray *array, void *memory, const void *values,
                                        int64_t length);

/* Make an array of texts: `offsets` (length + 1 of 64 bits, from 0) and the bytes at `values`. */
DCEVENTS_EXPORT int dcevents_make_text_array(struct ArrowArray *array, void *memory,
                                             const void *offsets, const void *values,
                                             int64_t length);

/* Make a schema of a type, a text that outlives it. */
DCEVENTS_EXPORT void dcevents_make_schema(struct ArrowSchema *schema, const char *format);

/* Let an array, or a schema, go, if nobody has taken it over. */
DCEVENTS_EXPORT void dcevents_drop_array(struct ArrowArray *array);
DCEVENTS_EXPORT void dcevents_drop_schema(struct ArrowSchema *schema);

#endif
