/* Rows of CSV to lines of JSON. Python reads the few that are odd. */
#ifndef DCEVENTS_ROWS_H
#define DCEVENTS_ROWS_H

#include <stdint.h>

#include "version.h"

/* How rows are written. */
struct dcevents_row_form {
    const uint8_t *keys;         /* before each cell: `{"a":"`, `","b":"`; and behind the last */
    const uint32_t *key_offsets; /* width + 2 of them */
    const uint8_t *first_name;   /* the header's first cell: a row that begins so is odd */
    uint32_t first_name_size;
    uint32_t width; /* cells of the header */
    uint32_t max_row_bytes;
    uint8_t delimiter;
};

/* Why a row is rejected. */
enum { DCEVENTS_INVALID_ROW = 0, DCEVENTS_INVALID_UTF8 = 1 };

/* Where rows go, and what was found. */
struct dcevents_row_target {
    uint8_t *lines;    /* lines of JSON */
    uint64_t capacity; /* bytes for these */
    uint32_t *numbers; /* of the line on which each row begins */
    uint32_t *rejects; /* three numbers each: first line, the line behind, why */
    uint32_t max_rows; /* room in `numbers` and `rejects` */
    uint32_t rows;
    uint32_t rejected;
    uint32_t blank; /* rows without text */
    uint32_t line;  /* number of the line that is read next */
    uint64_t read;  /* bytes that were read */
    uint64_t written;
};

/* Read rows, from `target->line` on, until one is odd, goes on behind the data, or finds no room.
 *
 * `is_utf8` says that the data are known to be. A row is odd if it begins like the header, has more
 * than `max_row_bytes`, or no text but perhaps a byte order mark.
 */
DCEVENTS_EXPORT void dcevents_read_rows(const struct dcevents_row_form *form, const uint8_t *data,
                                        uint64_t size, int is_utf8,
                                        struct dcevents_row_target *target);

#endif
