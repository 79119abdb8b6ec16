#include "repeats.h"
#include "hashes.h"

#include <stdbool.h>
#include <stdlib.h>

/* So many facts of a session are sorted by insertion: most are in order already. */
#define MAX_INSERTED 24

typedef const struct dcevents_packed_facts *facts_t;

/* -- each once ---------------------------------------------------------------------------------- */

static int compare_words(const void *one, const void *two) {
    uint64_t first = *(const uint64_t *)one, second = *(const uint64_t *)two;
    return (first > second) - (first < second);
}

static void sort_words(uint64_t *words, uint64_t count) {
    if (count > MAX_INSERTED) {
        qsort(words, count, sizeof *words, compare_words);
        return;
    }
    for (uint64_t i = 1; i < count; i++) {
        uint64_t word = words[i], at = i;
        for (; at && word < words[at - 1]; at--) words[at] = words[at - 1];
        words[at] = word;
    }
}

/* Sort the facts of each session, and move different ones together. `ends` are where the sessions'
 * facts end, and become where the different ones do.
 */
static uint64_t drop_repeats(uint64_t *words, uint64_t *ends, uint64_t end_sid) {
    uint64_t kept = 0;
    for (uint64_t sid = 0, begin = 0; sid < end_sid; sid++) {
        uint64_t end = ends[sid], first = kept;
        sort_words(words + begin, end - begin);
        for (uint64_t i = begin; i < end; i++) {
            if (kept == first || words[i] != words[kept - 1]) words[kept++] = words[i];
        }
        ends[sid] = kept;
        begin = end;
    }
    return kept;
}

/* Put the facts of each session together. `places` has one more than there are sessions: it is
 * where the facts of each begin, behind a 0, and becomes where they end.
 */
static bool place_words(facts_t chunks, uint64_t chunk_count, uint64_t end_sid, uint64_t *places,
                        uint64_t *words) {
    for (uint64_t c = 0; c < chunk_count; c++) {
        for (uint64_t i = 0; i < chunks[c].count; i++) {
            if (chunks[c].sids[i] >= end_sid) return false;
            places[chunks[c].sids[i] + 1]++;
        }
    }
    for (uint64_t sid = 0; sid < end_sid; sid++) places[sid + 1] += places[sid];
    for (uint64_t c = 0; c < chunk_count; c++) {
        for (uint64_t i = 0; i < chunks[c].count; i++) {
            words[places[chunks[c].sids[i]]++] = chunks[c].words[i];
        }
    }
    return true;
}

static uint32_t *write_sids(const uint64_t *ends, uint64_t end_sid, uint64_t count) {
    uint32_t *sids = dcevents_allocate(count * sizeof *sids);
    for (uint64_t sid = 0, i = 0; sids && sid < end_sid; sid++) {
        for (; i < ends[sid]; i++) sids[i] = (uint32_t)sid;
    }
    return sids;
}

int dcevents_order_facts(facts_t chunks, uint64_t chunk_count, uint64_t end_sid,
                         struct dcevents_packed_facts *ordered) {
    uint64_t count = 0;
    for (uint64_t c = 0; c < chunk_count; c++) count += chunks[c].count;
    uint64_t *places = calloc(end_sid + 1, sizeof *places);
    uint64_t *words = dcevents_allocate(count * sizeof *words);
    uint32_t *sids = NULL;
    if (places && words && place_words(chunks, chunk_count, end_sid, places, words)) {
        count = drop_repeats(words, places, end_sid);
        sids = write_sids(places, end_sid, count);
    }
    if (sids) {
        words = dcevents_shrink(words, count * sizeof *words);
        *ordered = (struct dcevents_packed_facts){count, sids, words};
    } else {
        dcevents_release(words);
    }
    free(places);
    return sids ? 0 : -1;
}

/* -- new ones ----------------------------------------------------------------------------------- */

static inline bool is_before(facts_t facts, uint64_t at, uint32_t sid, uint64_t word) {
    uint32_t other = facts->sids[at];
    return other < sid || (other == sid && facts->words[at] < word);
}

/* Return the first place of a fact that is not before one. It is looked for around `near`, in
 * steps that double.
 */
static uint64_t find_place(facts_t facts, uint64_t near, uint32_t sid, uint64_t word) {
    /* All facts before `low` are before it, and none from `high` on. */
    uint64_t low = 0, high = facts->count;
    bool is_behind = near < high && is_before(facts, near, sid, word);
    if (is_behind) low = near + 1;
    else high = near;
    for (uint64_t step = 1; low < high && step < high - low; step *= 2) {
        uint64_t at = is_behind ? low + step - 1 : high - step;
        bool is_low = is_before(facts, at, sid, word);
        if (is_low) low = at + 1;
        else high = at;
        if (is_low != is_behind) break;
    }
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (is_before(facts, middle, sid, word)) low = middle + 1;
        else high = middle;
    }
    return low;
}

void dcevents_find_new_facts(facts_t known, facts_t facts, uint8_t *is_new) {
    uint64_t place = 0;
    for (uint64_t i = 0; i < facts->count; i++) {
        uint32_t sid = facts->sids[i];
        uint64_t word = facts->words[i];
        place = find_place(known, place, sid, word);
        is_new[i] = place == known->count || known->sids[place] != sid ||
                    known->words[place] != word;
    }
}

/* -- how many ----------------------------------------------------------------------------------- */

uint64_t dcevents_mark_facts(facts_t facts, uint64_t seed, uint64_t more_seed, uint8_t *bits,
                             uint64_t bit_count) {
    uint64_t found = 0;
    for (uint64_t i = 0; i < facts->count; i++) {
        uint64_t hash = mix(facts->words[i] ^ seed, facts->sids[i] ^ more_seed);
        uint64_t bit = mix(hash, seed | 1) & (bit_count - 1);
        uint8_t mark = (uint8_t)(1u << (bit & 7));
        found += !(bits[bit >> 3] & mark);
        bits[bit >> 3] |= mark;
    }
    return found;
}
