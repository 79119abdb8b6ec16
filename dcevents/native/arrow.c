#include "arrow.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Bytes before the memory, with the number of its owners; a multiple of any alignment. */
#define HEADER_BYTES 64
/* Zero bytes behind the memory. */
#define PADDING_BYTES 64

struct header {
    atomic_size_t owners;
};

struct columns {
    void *memory;
    const void *buffers[3];
};

static struct header *find_header(void *memory) {
    return (struct header *)(void *)((unsigned char *)memory - HEADER_BYTES);
}

void *dcevents_allocate(uint64_t size) {
    if (size > SIZE_MAX - HEADER_BYTES - PADDING_BYTES) return NULL;
    unsigned char *all = malloc((size_t)size + HEADER_BYTES + PADDING_BYTES);
    if (!all) return NULL;
    memset(all + HEADER_BYTES + size, 0, PADDING_BYTES);
    struct header *header = (struct header *)(void *)all;
    atomic_init(&header->owners, 1);
    return all + HEADER_BYTES;
}

void *dcevents_shrink(void *memory, uint64_t size) {
    unsigned char *all = realloc(find_header(memory), (size_t)size + HEADER_BYTES + PADDING_BYTES);
    if (!all) return memory;
    memset(all + HEADER_BYTES + size, 0, PADDING_BYTES);
    return all + HEADER_BYTES;
}

void dcevents_give_memory_back(void) {
#ifdef __GLIBC__
    /* By itself it grows with the largest block that was freed. */
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    malloc_trim(0);
#endif
}

void dcevents_share(void *memory) {
    atomic_fetch_add_explicit(&find_header(memory)->owners, 1, memory_order_relaxed);
}

void dcevents_release(void *memory) {
    if (!memory) return;
    struct header *header = find_header(memory);
    if (atomic_fetch_sub_explicit(&header->owners, 1, memory_order_acq_rel) == 1) free(header);
}

static void release_array(struct ArrowArray *array) {
    struct columns *columns = array->private_data;
    dcevents_release(columns->memory);
    free(columns);
    array->release = NULL;
}

static int make_array(struct ArrowArray *array, void *memory, const void *second, const void *third,
                      int64_t length) {
    struct columns *columns = malloc(sizeof *columns);
    if (!columns) return -1;
    dcevents_share(memory);
    columns->memory = memory;
    columns->buffers[0] = NULL;
    columns->buffers[1] = second;
    columns->buffers[2] = third;
    memset(array, 0, sizeof *array);
    array->length = length;
    array->n_buffers = third ? 3 : 2;
    array->buffers = columns->buffers;
    array->release = release_array;
    array->private_data = columns;
    return 0;
}

int dcevents_make_array(struct ArrowArray *array, void *memory, const void *values,
                        int64_t length) {
    return make_array(array, memory, values, NULL, length);
}

int dcevents_make_text_array(struct ArrowArray *array, void *memory, const void *offsets,
                             const void *values, int64_t length) {
    return make_array(array, memory, offsets, values, length);
}

static void release_schema(struct ArrowSchema *schema) { schema->release = NULL; }

void dcevents_make_schema(struct ArrowSchema *schema, const char *format) {
    memset(schema, 0, sizeof *schema);
    schema->format = format;
    schema->name = "";
    schema->release = release_schema;
}

void dcevents_drop_array(struct ArrowArray *array) {
    if (array->release) array->release(array);
}

void dcevents_drop_schema(struct ArrowSchema *schema) {
    if (schema->release) schema->release(schema);
}
