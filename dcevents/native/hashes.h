/* Hashes with a seed that nobody can guess: they only say where to look. */
#ifndef DCEVENTS_HASHES_H
#define DCEVENTS_HASHES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint64_t one, two;
} hash_seed;

static inline uint64_t read_word(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

static inline uint64_t read_half(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

/* Mix two words into one: both halves of their product. */
static inline uint64_t mix(uint64_t one, uint64_t two)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)one * two;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t low_one = (uint32_t)one, high_one = one >> 32;
    uint64_t low_two = (uint32_t)two, high_two = two >> 32;
    uint64_t middle = high_one * low_two + ((low_one * low_two) >> 32);
    uint64_t carry = (uint32_t)middle + low_one * high_two;
    uint64_t high = high_one * high_two + (middle >> 32) + (carry >> 32);
    return (one * two) ^ high;
#endif
}

static inline uint64_t hash_bytes(const hash_seed *seed, const uint8_t *bytes, size_t length)
{
    uint64_t hash = seed->one ^ (uint64_t)length;
    while (length > 16) {
        hash = mix(read_word(bytes) ^ seed->two, read_word(bytes + 8) ^ hash);
        bytes += 16;
        length -= 16;
    }
    uint64_t first, second = 0;
    if (length >= 8) {
        first = read_word(bytes);
        second = read_word(bytes + length - 8);
    } else if (length >= 4) {
        first = read_half(bytes) << 32 | read_half(bytes + length - 4);
    } else {
        uint64_t middle = length ? (uint64_t)bytes[length / 2] << 8 : 0;
        first = length ? (uint64_t)bytes[0] << 16 | middle | bytes[length - 1] : 0;
    }
    hash = mix(first ^ seed->two, second ^ hash);
    return mix(hash, seed->one | 1);
}

static inline uint32_t hash_text(const hash_seed *seed, const uint8_t *text, size_t length)
{
    return (uint32_t)(hash_bytes(seed, text, length) >> 32);
}

#endif
