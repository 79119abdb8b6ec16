/* Growing arrays, hashes with a seed, and tables of texts. */
#include "scan.h"

void *grow_array(void *array, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity) return array;
    size_t wanted = *capacity ? *capacity * 2 : 1024;
    if (wanted <= count) wanted = count + 1;
    if (wanted > SIZE_MAX / size) return NULL;
    void *grown = realloc(array, wanted * size);
    if (grown) *capacity = wanted;
    return grown;
}

static inline u64 read_word(const u8 *at)
{
    u64 word;
    memcpy(&word, at, 8);
    return word;
}

static inline u64 read_rest(const u8 *at, size_t length)
{
    u64 word = 0;
    memcpy(&word, at, length);
    return word;
}

/* Mix two words into one: both halves of their product. */
static inline u64 mix(u64 one, u64 two)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)one * two;
    return (u64)product ^ (u64)(product >> 64);
#else
    u64 low_one = (u32)one, high_one = one >> 32, low_two = (u32)two, high_two = two >> 32;
    u64 middle = high_one * low_two + ((low_one * low_two) >> 32);
    u64 carry = (u32)middle + low_one * high_two;
    u64 high = high_one * high_two + (middle >> 32) + (carry >> 32);
    return (one * two) ^ high;
#endif
}

u64 hash_bytes(const hash_seed *seed, const u8 *bytes, size_t length)
{
    u64 hash = seed->one ^ (u64)length;
    while (length > 16) {
        hash = mix(read_word(bytes) ^ seed->two, read_word(bytes + 8) ^ hash);
        bytes += 16;
        length -= 16;
    }
    u64 first, second = 0;
    if (length >= 8) {
        first = read_word(bytes);
        second = read_word(bytes + length - 8);
    } else {
        first = read_rest(bytes, length);
    }
    hash = mix(first ^ seed->two, second ^ hash);
    return mix(hash, seed->one | 1);
}

int open_table(text_table *table, size_t places_count)
{
    memset(table, 0, sizeof *table);
    table->places_count = places_count;
    table->places = calloc(places_count, sizeof *table->places);
    table->offsets = grow_array(NULL, &table->offsets_capacity, 1, sizeof *table->offsets);
    table->bytes = grow_array(NULL, &table->bytes_capacity, 4096, 1);
    if (!table->places || !table->offsets || !table->bytes) return 0;
    table->offsets[0] = 0;
    return 1;
}

void close_table(text_table *table)
{
    free(table->places);
    free(table->offsets);
    free(table->bytes);
    memset(table, 0, sizeof *table);
}

void empty_table(text_table *table)
{
    if (table->count) memset(table->places, 0, table->places_count * sizeof *table->places);
    table->count = 0;
}

static int widen_table(text_table *table)
{
    size_t wanted = table->places_count * 4;
    u64 *places = calloc(wanted, sizeof *places);
    if (!places) return 0;
    for (size_t old = 0; old < table->places_count; old++) {
        u64 entry = table->places[old];
        if (!entry) continue;
        size_t place = (size_t)(entry >> 32) & (wanted - 1);
        while (places[place]) place = (place + 1) & (wanted - 1);
        places[place] = entry;
    }
    free(table->places);
    table->places = places;
    table->places_count = wanted;
    return 1;
}

static u32 add_text(text_table *table, size_t place, u64 upper, const u8 *text, size_t length)
{
    size_t begin = table->offsets[table->count], end = begin + length;
    if (end > UINT32_MAX / 2 || table->count >= NO_NUMBER - 2) return NO_NUMBER;
    while (end > table->bytes_capacity) {
        u8 *bytes = grow_array(table->bytes, &table->bytes_capacity, table->bytes_capacity, 1);
        if (!bytes) return NO_NUMBER;
        table->bytes = bytes;
    }
    u32 *offsets = grow_array(table->offsets, &table->offsets_capacity, table->count + 1u,
                              sizeof *offsets);
    if (!offsets) return NO_NUMBER;
    table->offsets = offsets;
    memcpy(table->bytes + begin, text, length);
    table->places[place] = upper | (table->count + 1u);
    table->count++;
    table->offsets[table->count] = (u32)end;
    return table->count - 1;
}

u32 number_text(text_table *table, const hash_seed *seed, const u8 *text, size_t length)
{
    if (table->count >= table->places_count / 2 && !widen_table(table)) return NO_NUMBER;
    u64 hash = hash_bytes(seed, text, length);
    /* The place comes from bits that are kept, so that a wider table finds it again. */
    u64 upper = hash & 0xFFFFFFFF00000000u;
    size_t place = (size_t)(upper >> 32) & (table->places_count - 1);
    for (;; place = (place + 1) & (table->places_count - 1)) {
        u64 entry = table->places[place];
        if (!entry) return add_text(table, place, upper, text, length);
        if ((entry & 0xFFFFFFFF00000000u) != upper) continue;
        u32 number = (u32)entry - 1;
        u32 begin = table->offsets[number];
        if (table->offsets[number + 1] - begin == length
            && !memcmp(table->bytes + begin, text, length))
            return number;
    }
}
