/* Rows of CSV to lines of JSON, as far as nothing about them is odd. Python reads the others. */
#ifndef DCEVENTS_ROWS_H
#define DCEVENTS_ROWS_H

#include <stdint.h>

#include "version.h"

/* How rows are written, and where they go. */
struct dcevents_row_form {
    const uint8_t *keys;         /* before each cell: `{"a":"`, `","b":"`; and behind the last */
    const uint32_t *key_offsets; /* width + 2 of them */
    const uint8_t *first_name;   /* the header's first cell: a row that begins so is odd */
    uint32_t first_name_size;
    uint32_t width; /* cells of the header */
    uint32_t max_row_bytes;
    uint8_t delimiter;
};

struct dcevents_row_target {
    uint8_t *lines;    /* lines of JSON */
    uint64_t capacity; /* bytes for these */
    uint32_t *numbers; /* of the line on which each row begins */
    uint32_t max_rows;
    uint32_t rows;
    uint32_t line; /* number of the line that is read next */
    uint64_t read; /* bytes that were read */
    uint64_t written;
};

/* Write rows, from `target->line` on, until one is odd, goes on behind the data, or finds no room.
 *
 * The data are UTF-8. A row is odd if it begins with a NUL or perhaps a byte order mark, or like
 * the header; if it has another number of cells, no visible text, broken quotes, a CR within a
 * cell that is not quoted, or more than `max_row_bytes`.
 */
DCEVENTS_EXPORT void dcevents_write_rows(const struct dcevents_row_form *form, const uint8_t *data,
                                         uint64_t size, struct dcevents_row_target *target);

#endif
