#include "ranks.h"
#include "views.h"

#include <stdlib.h>
#include <string.h>

#define KEY_BYTES 8

/* A text, and some bytes of it: the first ones that are not known to be the same. */
struct item {
    uint64_t key;
    uint32_t number;
};

struct sorting {
    const struct dcevents_texts *table;
    struct item *spare; /* room for as many as there are texts */
};

/* Read up to eight bytes from a place on, the first one highest; zeros behind the end. */
static uint64_t read_key(struct text text, uint64_t depth) {
    uint64_t size = text.size - depth, key = 0;
    if (size > KEY_BYTES) size = KEY_BYTES;
    for (uint64_t i = 0; i < size; i++) key |= (uint64_t)text.bytes[depth + i] << (56 - 8 * i);
    return key;
}

/* Sort by one byte of the keys; nothing moves where it is the same in all. */
static void sort_by_byte(struct item *items, uint64_t count, struct item *spare, int shift) {
    uint64_t places[256] = {0}, place = 0;
    for (uint64_t i = 0; i < count; i++) places[items[i].key >> shift & 0xFF]++;
    if (places[items[0].key >> shift & 0xFF] == count) return;
    for (int byte = 0; byte < 256; byte++) {
        uint64_t size = places[byte];
        places[byte] = place;
        place += size;
    }
    for (uint64_t i = 0; i < count; i++) spare[places[items[i].key >> shift & 0xFF]++] = items[i];
    memcpy(items, spare, count * sizeof *items);
}

/* Insertion is faster for few; it keeps the order of equal keys as well. */
static void sort_few(struct item *items, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        struct item item = items[i];
        uint64_t at = i;
        for (; at && item.key < items[at - 1].key; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static void sort_by_key(struct sorting *sorting, struct item *items, uint64_t count) {
    if (count <= 48) {
        sort_few(items, count);
        return;
    }
    for (int shift = 0; shift < 64; shift += 8) sort_by_byte(items, count, sorting->spare, shift);
}

/* Put texts that end at a depth or before first, the shorter ones before: they differ in the zeros at
 * their ends only, so they are few. Return how many there are.
 */
static uint64_t take_ended(struct sorting *sorting, struct item *items, uint64_t count,
                           uint64_t depth) {
    uint64_t ended = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct item item = items[i];
        uint64_t size = dcevents_read_text(sorting->table, item.number).size, at = ended;
        if (size > depth) continue;
        items[i] = items[ended++];
        for (; at && dcevents_read_text(sorting->table, items[at - 1].number).size > size; at--) {
            items[at] = items[at - 1];
        }
        items[at] = item;
    }
    return ended;
}

/* Sort texts that are the same up to a depth, which none of them ends before. */
static void sort_texts(struct sorting *sorting, struct item *items, uint64_t count,
                       uint64_t depth) {
    for (uint64_t i = 0; i < count; i++) {
        items[i].key = read_key(dcevents_read_text(sorting->table, items[i].number), depth);
    }
    sort_by_key(sorting, items, count);
    depth += KEY_BYTES;
    for (uint64_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && items[end].key == items[begin].key; end++) continue;
        if (end - begin < 2) continue;
        uint64_t ended = take_ended(sorting, items + begin, end - begin, depth);
        if (end - begin - ended > 1) {
            sort_texts(sorting, items + begin + ended, end - begin - ended, depth);
        }
    }
}

int dcevents_rank_texts(const struct dcevents_texts *table, uint32_t *ranks) {
    uint64_t count = dcevents_count_texts(table);
    if (!count) return 0;
    struct item *items = malloc(2 * count * sizeof *items);
    if (!items) return DCEVENTS_NO_MEMORY;
    for (uint64_t i = 0; i < count; i++) items[i].number = (uint32_t)i;
    struct sorting sorting = {table, items + count};
    sort_texts(&sorting, items, count, 0);
    for (uint64_t i = 0; i < count; i++) ranks[items[i].number] = (uint32_t)i;
    free(items);
    return 0;
}
