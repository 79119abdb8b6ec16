/* Rows of CSV to lines of JSON. Python reads those at the end, or that need more room. */
#ifndef DCEVENTS_ROWS_H
#define DCEVENTS_ROWS_H

#include <stdint.h>

#include "version.h"

/* How rows are written. */
struct dcevents_row_form {
    const uint8_t *keys;         /* before each cell: `{"a":"`, `","b":"`; and behind the last */
    const uint32_t *key_offsets; /* width + 2 of them */
    const uint8_t *header;       /* the header as a line of JSON: a row that repeats it is none */
    uint32_t header_size;
    uint32_t width; /* cells of the header */
    uint32_t max_row_bytes;
    uint8_t delimiter;
};

/* Why a row is rejected. */
enum { DCEVENTS_INVALID_ROW = 0, DCEVENTS_INVALID_UTF8 = 1, DCEVENTS_TOO_LONG = 2 };

/* Lines within quotes that lead to the same end of a row, on whichever of them it gets there.
 *
 * Where a row breaks, reading goes on with its second line, which may open a quote as well: so what
 * was found out about these lines is kept, and none of them is walked again for each row.
 */
struct dcevents_open_lines {
    uint64_t first;  /* place of the first of them in the data */
    uint64_t last;   /* of the last: it was not walked yet, or the row ends on it */
    uint64_t end;    /* of the row, without its line end */
    uint32_t ending; /* how it ends; 0 if that was not found out yet */
};

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
    uint32_t is_open; /* the row that begins there goes on behind the data, within quotes */
    uint64_t read;  /* place behind what was read */
    uint64_t written;
};

/* Read rows, from `target->read` and `target->line` on, until one goes on behind the data or finds
 * no room.
 *
 * `is_utf8` says that the data are known to be. `open_lines` are of these data; zeros at first.
 */
DCEVENTS_EXPORT void dcevents_read_rows(const struct dcevents_row_form *form, const uint8_t *data,
                                        uint64_t size, int is_utf8,
                                        struct dcevents_open_lines *open_lines,
                                        struct dcevents_row_target *target);

#endif
