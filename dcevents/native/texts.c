#include "texts.h"
#include "hashes.h"
#include "views.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Texts that are hashed together, so that their slots come into the cache meanwhile. */
#define BATCH 32
#define MAX_TEXTS ((uint64_t)UINT32_MAX - 1)
#define MIN_SLOTS 1024u

struct dcevents_texts {
    hash_seed seed;
    uint8_t *bytes;
    uint64_t size, capacity;
    uint64_t *ends; /* of each text in `bytes` */
    uint64_t count, max_count;
    uint64_t *slots; /* the hash's 32 bits, and the number + 1; 0: free */
    uint64_t slot_count; /* a power of two */
};

/* -- the table ---------------------------------------------------------------------------------- */

struct text dcevents_read_text(const struct dcevents_texts *table, uint64_t number) {
    uint64_t begin = number ? table->ends[number - 1] : 0;
    return (struct text){table->bytes + begin, table->ends[number] - begin};
}

/* Return the slot of a text, or the free one where it belongs. */
static uint64_t *find_slot(const struct dcevents_texts *table, struct text text,
                           uint32_t hash) {
    uint64_t mask = table->slot_count - 1;
    for (uint64_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t *slot = &table->slots[i];
        if (!*slot) return slot;
        if (*slot >> 32 != hash) continue;
        struct text known = dcevents_read_text(table, (*slot & UINT32_MAX) - 1);
        if (known.size == text.size && !memcmp(known.bytes, text.bytes, text.size)) return slot;
    }
}

static bool grow_slots(struct dcevents_texts *table, uint64_t slot_count) {
    uint64_t *slots = calloc(slot_count, sizeof *slots), mask = slot_count - 1;
    if (!slots) return false;
    for (uint64_t i = 0; i < table->slot_count; i++) {
        uint64_t slot = table->slots[i], at = slot >> 32 & mask;
        if (!slot) continue;
        while (slots[at]) at = (at + 1) & mask;
        slots[at] = slot;
    }
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return true;
}

static bool grow(void **memory, uint64_t *capacity, uint64_t wanted, size_t unit) {
    if (wanted <= *capacity) return true;
    /* Memory that nobody has written to takes no place; what is copied does. */
    uint64_t larger = *capacity * 2;
    if (larger < wanted) larger = wanted;
    if (larger > SIZE_MAX / unit) return false;
    void *moved = realloc(*memory, (size_t)larger * unit);
    if (!moved) return false;
    *memory = moved;
    *capacity = larger;
    return true;
}

/* Make room for so many more texts of so many bytes in all. */
static int reserve(struct dcevents_texts *table, uint64_t count, uint64_t size) {
    if (table->count + count > MAX_TEXTS) return DCEVENTS_TOO_MANY;
    if (size > SIZE_MAX - table->size) return DCEVENTS_NO_MEMORY;
    void *texts = table->bytes, *ends = table->ends;
    bool has_room = grow(&texts, &table->capacity, table->size + size, 1);
    table->bytes = texts;
    has_room = has_room && grow(&ends, &table->max_count, table->count + count, 8);
    table->ends = ends;
    while (has_room && (table->count + count) / 3 * 4 > table->slot_count) {
        has_room = grow_slots(table, table->slot_count * 2);
    }
    return has_room ? 0 : DCEVENTS_NO_MEMORY;
}

static int number_batch(struct dcevents_texts *table, const struct text *texts, size_t count,
                        uint32_t *numbers) {
    uint64_t size = 0;
    for (size_t i = 0; i < count; i++) size += texts[i].size;
    int fault = reserve(table, count, size);
    if (fault) return fault;
    uint32_t hashes[BATCH];
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash_text(&table->seed, texts[i].bytes, texts[i].size);
        __builtin_prefetch(&table->slots[hashes[i] & (table->slot_count - 1)]);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t *slot = find_slot(table, texts[i], hashes[i]);
        if (!*slot) {
            if (texts[i].size) {
                memcpy(table->bytes + table->size, texts[i].bytes, texts[i].size);
            }
            table->size += texts[i].size;
            table->ends[table->count++] = table->size;
            *slot = (uint64_t)hashes[i] << 32 | table->count;
        }
        numbers[i] = (uint32_t)(*slot & UINT32_MAX) - 1;
    }
    return 0;
}

/* -- what Python calls -------------------------------------------------------------------------- */

struct dcevents_texts *dcevents_new_texts(uint64_t seed, uint64_t more_seed) {
    struct dcevents_texts *table = calloc(1, sizeof *table);
    if (!table) return NULL;
    table->seed = (hash_seed){seed, more_seed};
    table->bytes = malloc(1);
    table->capacity = 1;
    if (!table->bytes || !grow_slots(table, MIN_SLOTS)) {
        dcevents_free_texts(table);
        return NULL;
    }
    return table;
}

void dcevents_free_texts(struct dcevents_texts *table) {
    if (!table) return;
    free(table->bytes);
    free(table->ends);
    free(table->slots);
    free(table);
}

uint64_t dcevents_count_texts(const struct dcevents_texts *table) {
    return table->count;
}

int dcevents_number_packed(struct dcevents_texts *table, const uint8_t *texts, uint64_t size,
                           const uint32_t *offsets, uint64_t count, uint32_t *numbers) {
    struct text batch[BATCH];
    size_t filled = 0;
    uint32_t first = count ? offsets[0] : 0;
    for (uint64_t i = 0; i < count; i++) {
        if (offsets[i] < first || offsets[i] > offsets[i + 1] || offsets[i + 1] - first > size)
            return DCEVENTS_NOT_TEXTS;
        batch[filled++] = (struct text){texts + (offsets[i] - first), offsets[i + 1] - offsets[i]};
        if (filled == BATCH || i + 1 == count) {
            int fault = number_batch(table, batch, filled, numbers);
            if (fault) return fault;
            numbers += filled;
            filled = 0;
        }
    }
    return 0;
}

int dcevents_number_views(struct dcevents_texts *table, const struct ArrowArray *array,
                          uint32_t *numbers) {
    if (!has_views(array)) return DCEVENTS_NOT_TEXTS;
    struct text batch[BATCH];
    size_t filled = 0;
    for (int64_t i = 0; i < array->length; i++) {
        if (!read_view(array, i, &batch[filled++])) return DCEVENTS_NOT_TEXTS;
        if (filled == BATCH || i + 1 == array->length) {
            int fault = number_batch(table, batch, filled, numbers);
            if (fault) return fault;
            numbers += filled;
            filled = 0;
        }
    }
    return 0;
}

int64_t dcevents_find_text(const struct dcevents_texts *table, const uint8_t *text,
                              uint64_t size) {
    struct text wanted = {text, size};
    const uint64_t *slot = find_slot(table, wanted, hash_text(&table->seed, text, size));
    return *slot ? (int64_t)(*slot & UINT32_MAX) - 1 : DCEVENTS_NOT_TEXTS;
}

void *dcevents_copy_texts(const struct dcevents_texts *table, const uint32_t *numbers,
                         uint64_t count) {
    uint64_t size = 0;
    if (!numbers && count > table->count) return NULL;
    for (uint64_t i = 0; i < count; i++) {
        if (numbers && numbers[i] >= table->count) return NULL;
        size += dcevents_read_text(table, numbers ? numbers[i] : i).size;
    }
    if (count > (UINT64_MAX - size) / 8 - 1) return NULL;
    int64_t *offsets = dcevents_allocate((count + 1) * 8 + size);
    if (!offsets) return NULL;
    uint8_t *texts = (uint8_t *)(offsets + count + 1);
    offsets[0] = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct text text = dcevents_read_text(table, numbers ? numbers[i] : i);
        if (text.size) memcpy(texts + offsets[i], text.bytes, text.size);
        offsets[i + 1] = offsets[i] + (int64_t)text.size;
    }
    return offsets;
}

/* Return one of the texts of a value that has several. */
static struct text read_member(struct text value, uint32_t member) {
    const uint8_t *at = value.bytes, *end = value.bytes + value.size;
    for (;; member--) {
        if (end - at < 2) return (struct text){at, 0};
        uint64_t length = (uint64_t)at[0] | (uint64_t)at[1] << 8;
        at += 2;
        if (length) length--;
        if (length > (uint64_t)(end - at)) return (struct text){at, 0};
        if (!member) return (struct text){at, length};
        at += length;
    }
}

void *dcevents_copy_members(const struct dcevents_texts *table, uint32_t width, uint32_t member) {
    uint64_t size = 0, count = table->count;
    if (width == 1) return dcevents_copy_texts(table, NULL, count);
    for (uint64_t i = 0; i < count; i++) size += read_member(dcevents_read_text(table, i), member).size;
    int64_t *offsets = dcevents_allocate((count + 1) * 8 + size);
    if (!offsets) return NULL;
    uint8_t *texts = (uint8_t *)(offsets + count + 1);
    offsets[0] = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct text text = read_member(dcevents_read_text(table, i), member);
        if (text.size) memcpy(texts + offsets[i], text.bytes, text.size);
        offsets[i + 1] = offsets[i] + (int64_t)text.size;
    }
    return offsets;
}

int dcevents_copy_packed(const struct dcevents_texts *table, uint8_t *bytes, uint64_t size) {
    if (size != table->size) return DCEVENTS_NOT_TEXTS;
    if (size) memcpy(bytes, table->bytes, size);
    return 0;
}
