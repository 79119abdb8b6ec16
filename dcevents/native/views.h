/* Texts of an Arrow array of views (format `vu`). */
#ifndef DCEVENTS_VIEWS_H
#define DCEVENTS_VIEWS_H

#include <stdbool.h>

#include "arrow.h"

struct text {
    const uint8_t *bytes;
    uint64_t size;
};

/* Up to 12 bytes lie within the view. */
#define MAX_INLINED 12
struct view {
    int32_t size;
    union {
        uint8_t inlined[MAX_INLINED];
        struct {
            uint8_t prefix[4];
            int32_t buffer, offset;
        } outside;
    } place;
};

/* Return whether an array may be one of views, and has no nulls. */
static inline bool has_views(const struct ArrowArray *array) {
    return array->n_buffers >= 3 && array->length >= 0 && array->null_count <= 0;
}

/* Find the text of a row; false for one that lies outside its buffer. */
static inline bool read_view(const struct ArrowArray *array, int64_t row, struct text *text) {
    const struct view *view = (const struct view *)array->buffers[1] + array->offset + row;
    /* Buffers: validity, views, the texts, and the sizes of these. */
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    int32_t buffer = view->place.outside.buffer, offset = view->place.outside.offset;
    if (view->size < 0) return false;
    text->size = (uint64_t)view->size;
    text->bytes = view->place.inlined;
    if (view->size <= MAX_INLINED) return true;
    if (buffer < 0 || buffer >= array->n_buffers - 3) return false;
    if (offset < 0 || (int64_t)offset + view->size > sizes[buffer]) return false;
    text->bytes = (const uint8_t *)array->buffers[2 + buffer] + offset;
    return true;
}

#endif
