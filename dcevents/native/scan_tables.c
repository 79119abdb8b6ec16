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
    if (!table->count) return;
    memset(table->places, 0, table->places_count * sizeof *table->places);
    /* Few places stay in the cache: as many as were needed, and all that lie in between are free. */
    while (table->places_count > 1024 && table->count < table->places_count / 8)
        table->places_count /= 2;
    table->count = 0;
}

static int widen_table(text_table *table)
{
    size_t wanted = table->places_count * 4;
    text_place *places = calloc(wanted, sizeof *places);
    if (!places) return 0;
    for (size_t old = 0; old < table->places_count; old++) {
        const text_place *moved = &table->places[old];
        if (!moved->number) continue;
        size_t at = moved->hash & (wanted - 1);
        while (places[at].number) at = (at + 1) & (wanted - 1);
        places[at] = *moved;
    }
    free(table->places);
    table->places = places;
    table->places_count = wanted;
    return 1;
}

static u32 add_text(text_table *table, text_place *place, u32 hash, const u8 *text, size_t length)
{
    size_t begin = table->offsets[table->count], end = begin + length;
    if (end > UINT32_MAX / 2 || table->count >= NO_NUMBER - 2) return NO_NUMBER;
    while (end + READ_AHEAD > table->bytes_capacity) {
        u8 *bytes = grow_array(table->bytes, &table->bytes_capacity, table->bytes_capacity, 1);
        if (!bytes) return NO_NUMBER;
        table->bytes = bytes;
    }
    u32 *offsets = grow_array(table->offsets, &table->offsets_capacity, table->count + 1u,
                              sizeof *offsets);
    if (!offsets) return NO_NUMBER;
    table->offsets = offsets;
    memcpy(table->bytes + begin, text, length);
    table->count++;
    table->offsets[table->count] = (u32)end;
    place->hash = hash;
    place->begin = (u32)begin;
    place->end = (u32)end;
    place->number = table->count;
    return table->count - 1;
}

/* Return the place of a text, or the free one that would be its. */
static text_place *find_text_place(const text_table *table, u32 hash, const u8 *text, size_t length)
{
    for (size_t at = hash;; at++) {
        text_place *place = &table->places[at & (table->places_count - 1)];
        if (!place->number) return place;
        if (place->hash == hash && place->end - place->begin == length
            && is_same(table->bytes + place->begin, text, length))
            return place;
    }
}

u32 find_text(const text_table *table, u32 hash, const u8 *text, size_t length)
{
    return find_text_place(table, hash, text, length)->number - 1;
}

u32 number_hashed(text_table *table, u32 hash, const u8 *text, size_t length)
{
    if (table->count >= table->places_count / 2 && !widen_table(table)) return NO_NUMBER;
    text_place *place = find_text_place(table, hash, text, length);
    if (place->number) return place->number - 1;
    return add_text(table, place, hash, text, length);
}

u32 number_text(text_table *table, const hash_seed *seed, const u8 *text, size_t length)
{
    return number_hashed(table, hash_text(seed, text, length), text, length);
}

/* -- pairs of numbers ------------------------------------------------------------------------- */

int open_pairs(pair_table *table, size_t places_count)
{
    memset(table, 0, sizeof *table);
    table->places_count = places_count;
    table->places = calloc(places_count, sizeof *table->places);
    return table->places != NULL;
}

void close_pairs(pair_table *table)
{
    free(table->places);
    free(table->pairs);
    memset(table, 0, sizeof *table);
}

void empty_pairs(pair_table *table)
{
    memset(table->places, 0, table->places_count * sizeof *table->places);
    table->count = 0;
}

static int widen_pairs(pair_table *table, const hash_seed *seed)
{
    pair_table wider = *table;
    wider.places_count *= 2;
    wider.places = calloc(wider.places_count, sizeof *wider.places);
    if (!wider.places) return 0;
    for (size_t old = 0; old < table->places_count; old++) {
        const pair_place *moved = &table->places[old];
        if (!moved->number) continue;
        size_t at = place_pair(&wider, seed, moved->one, moved->two);
        while (wider.places[at].number) at = (at + 1) & (wider.places_count - 1);
        wider.places[at] = *moved;
    }
    free(table->places);
    *table = wider;
    return 1;
}

u32 number_pair(pair_table *table, const hash_seed *seed, u32 one, u32 two)
{
    if (table->count >= table->places_count / 2 && !widen_pairs(table, seed)) return NO_NUMBER;
    for (size_t at = place_pair(table, seed, one, two);; at++) {
        pair_place *place = &table->places[at & (table->places_count - 1)];
        if (place->number) {
            if (place->one == one && place->two == two) return place->number - 1;
            continue;
        }
        u32 *pairs = grow_array(table->pairs, &table->pairs_capacity, 2 * (size_t)table->count + 1,
                                sizeof *pairs);
        if (!pairs || table->count >= NO_NUMBER - 2) return NO_NUMBER;
        table->pairs = pairs;
        pairs[2 * (size_t)table->count] = one;
        pairs[2 * (size_t)table->count + 1] = two;
        table->count++;
        pair_place added = {one, two, table->count};
        *place = added;
        return table->count - 1;
    }
}
