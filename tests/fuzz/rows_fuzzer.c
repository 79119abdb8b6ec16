/* Searches for rows of CSV that are read wrongly: libFuzzer's harness. Built and run by .ci/native.

   The first byte of an input says how much room there is, and the delimiter; the others are rows. All
   memory has just its size, so that the sanitizers see each byte beyond. What was read lies within
   the data, is whole lines, and is the same with less room, as far as that goes, and row by row,
   where nothing is known of the lines before. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

static const char KEYS[] = "{\"event\":\"\",\"sid\":\"\"}\n";
static const uint32_t KEY_OFFSETS[] = {0, 10, 19, 22};
static const char HEADER[] = "{\"event\":\"event\",\"sid\":\"sid\"}\n";

static struct dcevents_row_target read_rows(const uint8_t *data, uint64_t size, uint64_t capacity,
                                            uint32_t max_rows, int flags, uint64_t begin)
{
    const struct dcevents_row_form form = {
        (const uint8_t *)KEYS, KEY_OFFSETS, (const uint8_t *)HEADER, sizeof HEADER - 1, 2, 100,
        flags & 2 ? '\t' : ','};
    struct dcevents_open_lines open_lines = {0};
    struct dcevents_row_target target = {
        .read = begin,
        .lines = malloc(capacity + !capacity),
        .capacity = capacity,
        .numbers = malloc(4 * (uint64_t)max_rows),
        .rejects = malloc(12 * (uint64_t)max_rows),
        .max_rows = max_rows,
    };
    dcevents_read_rows(&form, data, size, flags & 1, &open_lines, &target);
    CHECK(target.read <= size && target.written <= capacity);
    CHECK(target.rows <= max_rows && target.rejected <= max_rows);
    CHECK(target.read == 0 || data[target.read - 1] == '\n');
    CHECK(target.written == 0 || target.lines[target.written - 1] == '\n');
    uint32_t lines = 0, rows = 0;
    for (uint64_t at = begin; at < target.read; at++) lines += data[at] == '\n';
    for (uint64_t at = 0; at < target.written; at++) rows += target.lines[at] == '\n';
    CHECK(lines == target.line && rows == target.rows);
    return target;
}

static void free_target(struct dcevents_row_target target)
{
    free(target.lines);
    free(target.numbers);
    free(target.rejects);
}

/* Read row by row, each as if nothing had been read before. */
static void check_each(const uint8_t *rows, size_t size, int flags, struct dcevents_row_target all)
{
    uint32_t line = 0, taken = 0, rejected = 0, blank = 0;
    for (uint64_t read = 0; read < all.read;) {
        struct dcevents_row_target one = read_rows(rows, size, 8 * size + 64, 1, flags, read);
        CHECK(one.read > read);
        for (uint32_t n = 0; n < one.rows; n++, taken++)
            CHECK(taken < all.rows && all.numbers[taken] == line + one.numbers[n]);
        for (uint32_t n = 0; n < one.rejected; n++, rejected++) {
            const uint32_t *entry = all.rejects + 3 * (size_t)rejected;
            CHECK(rejected < all.rejected && entry[0] == line + one.rejects[0]);
            CHECK(entry[1] == line + one.rejects[1] && entry[2] == one.rejects[2]);
        }
        line += one.line;
        blank += one.blank;
        read = one.read;
        free_target(one);
    }
    CHECK(taken == all.rows && rejected == all.rejected && blank == all.blank && line == all.line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    uint8_t *rows = malloc(size - 1 + !(size - 1));
    memcpy(rows, data + 1, size - 1);
    int flags = data[0] & 3;
    struct dcevents_row_target all = read_rows(rows, size - 1, 8 * size + 64, (uint32_t)size, flags, 0);
    struct dcevents_row_target some = read_rows(rows, size - 1, data[0], 1 + data[0] / 8, flags, 0);
    check_each(rows, size - 1, flags, all);
    CHECK(some.read <= all.read && some.rows <= all.rows && some.rejected <= all.rejected);
    CHECK(memcmp(some.lines, all.lines, some.written) == 0);
    CHECK(memcmp(some.numbers, all.numbers, 4 * (size_t)some.rows) == 0);
    CHECK(memcmp(some.rejects, all.rejects, 12 * (size_t)some.rejected) == 0);
    free_target(all);
    free_target(some);
    free(rows);
    return 0;
}
