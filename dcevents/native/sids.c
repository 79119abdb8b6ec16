#include "sids.h"
#include "views.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NOT_TEXTS (-3)

/* -- BLAKE2b ------------------------------------------------------------------------------------ */

#define BLOCK_BYTES 128
#define DIGEST_BYTES 8

static const uint64_t initial[8] = {
    0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
};

static const uint8_t orders[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/* What was hashed so far: all but the last block, which may be full. */
struct hashing {
    uint64_t state[8];
    uint64_t compressed; /* bytes */
    uint8_t block[BLOCK_BYTES];
    size_t filled;
};

static inline uint64_t load_word(const uint8_t *at) {
    /* Compilers know this for one load, the same in a loop they do not. */
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24
           | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48
           | (uint64_t)at[7] << 56;
}

static inline uint64_t rotate(uint64_t word, unsigned bits) {
    return word >> bits | word << (64 - bits);
}

#define INLINED __attribute__((always_inline)) static inline

INLINED void stir(uint64_t *v, int a, int b, int c, int d, uint64_t one, uint64_t two) {
    v[a] += v[b] + one;
    v[d] = rotate(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 24);
    v[a] += v[b] + two;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 63);
}

/* A round, inlined with its order: compilers know all places then. Of twelve rounds the last have the
 * orders of the first. */
INLINED void stir_all(uint64_t *v, const uint64_t *words, const uint8_t *order) {
    stir(v, 0, 4, 8, 12, words[order[0]], words[order[1]]);
    stir(v, 1, 5, 9, 13, words[order[2]], words[order[3]]);
    stir(v, 2, 6, 10, 14, words[order[4]], words[order[5]]);
    stir(v, 3, 7, 11, 15, words[order[6]], words[order[7]]);
    stir(v, 0, 5, 10, 15, words[order[8]], words[order[9]]);
    stir(v, 1, 6, 11, 12, words[order[10]], words[order[11]]);
    stir(v, 2, 7, 8, 13, words[order[12]], words[order[13]]);
    stir(v, 3, 4, 9, 14, words[order[14]], words[order[15]]);
}

static void compress(struct hashing *hashing, const uint8_t *block, uint64_t size, bool is_last) {
    uint64_t v[16], words[16];
    hashing->compressed += size;
    for (int i = 0; i < 16; i++) words[i] = load_word(block + 8 * i);
    for (int i = 0; i < 8; i++) v[i] = hashing->state[i], v[i + 8] = initial[i];
    v[12] ^= hashing->compressed; /* never 2^64 bytes */
    if (is_last) v[14] = ~v[14];
    stir_all(v, words, orders[0]);
    stir_all(v, words, orders[1]);
    stir_all(v, words, orders[2]);
    stir_all(v, words, orders[3]);
    stir_all(v, words, orders[4]);
    stir_all(v, words, orders[5]);
    stir_all(v, words, orders[6]);
    stir_all(v, words, orders[7]);
    stir_all(v, words, orders[8]);
    stir_all(v, words, orders[9]);
    stir_all(v, words, orders[0]);
    stir_all(v, words, orders[1]);
    for (int i = 0; i < 8; i++) hashing->state[i] ^= v[i] ^ v[i + 8];
}

static void add_bytes(struct hashing *hashing, const uint8_t *bytes, size_t size) {
    while (size) {
        if (hashing->filled == BLOCK_BYTES) {
            compress(hashing, hashing->block, BLOCK_BYTES, false);
            hashing->filled = 0;
        }
        size_t some = BLOCK_BYTES - hashing->filled;
        if (some > size) some = size;
        memcpy(hashing->block + hashing->filled, bytes, some);
        hashing->filled += some;
        bytes += some;
        size -= some;
    }
}

static void begin_hashing(struct hashing *hashing, const uint8_t *key, uint32_t key_size) {
    memset(hashing, 0, sizeof *hashing);
    memcpy(hashing->state, initial, sizeof initial);
    hashing->state[0] ^= 0x01010000u ^ (uint64_t)key_size << 8 ^ DIGEST_BYTES;
    if (!key_size) return;
    memcpy(hashing->block, key, key_size);
    hashing->filled = BLOCK_BYTES;
}

static uint64_t end_hashing(struct hashing *hashing) {
    memset(hashing->block + hashing->filled, 0, BLOCK_BYTES - hashing->filled);
    compress(hashing, hashing->block, hashing->filled, true);
    return hashing->state[0];
}

int dcevents_hash_sids(const struct ArrowArray *array, const uint8_t *key, uint32_t key_size,
                       const uint8_t *salt, uint32_t salt_size, uint64_t *numbers) {
    if (key_size > DCEVENTS_MAX_KEY_BYTES || salt_size > DCEVENTS_MAX_SALT_BYTES) return NOT_TEXTS;
    if (!has_views(array)) return NOT_TEXTS;
    struct hashing begun;
    begin_hashing(&begun, key, key_size);
    add_bytes(&begun, salt, salt_size);
    for (int64_t i = 0; i < array->length; i++) {
        struct text text;
        if (!read_view(array, i, &text)) return NOT_TEXTS;
        struct hashing hashing = begun;
        add_bytes(&hashing, text.bytes, text.size);
        numbers[i] = end_hashing(&hashing);
    }
    return 0;
}

/* -- the search --------------------------------------------------------------------------------- */

/* For each wanted number so many bits say whether one with the same leading bits is wanted: at
 * least so many, so that at most an eighth of all other numbers are looked for. They are to stay in
 * the processor's cache. */
#define BITS_PER_NUMBER 8
#define MIN_BITS 10 /* 2^10 of them */

struct dcevents_wanted {
    const uint64_t *numbers;
    uint64_t count;
    uint64_t *bits; /* by the leading bits of a number */
    uint32_t *begins; /* where numbers with these leading bits begin; fewer bits */
    unsigned shift, begin_shift;
};

void dcevents_free_wanted(struct dcevents_wanted *wanted) {
    if (!wanted) return;
    free(wanted->bits);
    free(wanted->begins);
    free(wanted);
}

static bool fill_wanted(struct dcevents_wanted *wanted) {
    uint64_t filled = 0;
    for (uint64_t i = 0; i < wanted->count; i++) {
        uint64_t number = wanted->numbers[i], at = number >> wanted->shift;
        if (i && number < wanted->numbers[i - 1]) return false;
        wanted->bits[at / 64] |= (uint64_t)1 << at % 64;
        uint64_t begin = number >> wanted->begin_shift;
        while (filled <= begin) wanted->begins[filled++] = (uint32_t)i;
    }
    uint64_t end = ((uint64_t)1 << (64 - wanted->begin_shift)) + 1;
    while (filled < end) wanted->begins[filled++] = (uint32_t)wanted->count;
    return true;
}

struct dcevents_wanted *dcevents_new_wanted(const uint64_t *numbers, uint64_t count) {
    if (count > UINT32_MAX) return NULL;
    unsigned log = MIN_BITS;
    while ((uint64_t)1 << log < count * BITS_PER_NUMBER) log++;
    struct dcevents_wanted *wanted = calloc(1, sizeof *wanted);
    if (!wanted) return NULL;
    *wanted = (struct dcevents_wanted){.numbers = numbers, .count = count};
    wanted->shift = 64 - log;
    wanted->begin_shift = 64 - (log - 3); /* about one number each */
    wanted->bits = calloc(((size_t)1 << log) / 64, sizeof *wanted->bits);
    wanted->begins = calloc(((size_t)1 << (log - 3)) + 1, sizeof *wanted->begins);
    if (wanted->bits && wanted->begins && fill_wanted(wanted)) return wanted;
    dcevents_free_wanted(wanted);
    return NULL;
}

static bool is_wanted(const struct dcevents_wanted *wanted, uint64_t number) {
    const uint32_t *begin = &wanted->begins[number >> wanted->begin_shift];
    for (uint32_t i = begin[0]; i < begin[1]; i++) {
        if (wanted->numbers[i] >= number) return wanted->numbers[i] == number;
    }
    return false;
}

uint64_t dcevents_find_wanted(const struct dcevents_wanted *wanted, const uint64_t *numbers,
                              uint64_t count, uint32_t *places) {
    uint64_t possible = 0, found = 0;
    /* All that may be wanted first, without a branch; then those that are. */
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = numbers[i] >> wanted->shift;
        places[possible] = (uint32_t)i;
        possible += wanted->bits[at / 64] >> at % 64 & 1;
    }
    for (uint64_t i = 0; i < possible; i++) {
        if (is_wanted(wanted, numbers[places[i]])) places[found++] = places[i];
    }
    return found;
}
