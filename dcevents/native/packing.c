#include "packing.h"

#include <string.h>

#define ROW_BYTES (DCEVENTS_ROW_NUMBERS * sizeof(uint32_t))
/* Rows that are translated and numbered together. */
#define BATCH 256

static int translate_row(const struct dcevents_translation *translations, const uint32_t *row,
                         uint32_t *translated) {
    for (int column = 0; column < DCEVENTS_ROW_NUMBERS; column++) {
        const struct dcevents_translation *known = &translations[column];
        translated[column] = row[column];
        if (!known->numbers) continue;
        if (row[column] >= known->count) return DCEVENTS_NO_ENTRY;
        translated[column] = known->numbers[row[column]];
    }
    return 0;
}

int dcevents_number_rows(struct dcevents_texts *table, const uint32_t *rows, uint64_t count,
                         const struct dcevents_translation *translations, uint32_t *numbers) {
    uint32_t translated[BATCH * DCEVENTS_ROW_NUMBERS], offsets[BATCH + 1];
    for (uint32_t i = 0; i <= BATCH; i++) offsets[i] = i * (uint32_t)ROW_BYTES;
    for (uint64_t done = 0; done < count;) {
        uint64_t size = count - done < BATCH ? count - done : BATCH;
        for (uint64_t i = 0; i < size; i++) {
            const uint32_t *row = rows + (done + i) * DCEVENTS_ROW_NUMBERS;
            int fault = translate_row(translations, row, translated + i * DCEVENTS_ROW_NUMBERS);
            if (fault) return fault;
        }
        int fault = dcevents_number_packed(table, (const uint8_t *)translated, size * ROW_BYTES,
                                           offsets, size, numbers + done);
        if (fault) return fault;
        done += size;
    }
    return 0;
}

int dcevents_pack_facts(const struct dcevents_events *events, struct dcevents_packed *facts) {
    uint64_t count = 0, later = 0, untimed = 0;
    int64_t first = INT64_MAX, last = INT64_MIN;
    const uint64_t end_code = (uint64_t)1 << events->code_bits;
    for (uint64_t i = 0; i < events->count; i++) {
        uint32_t session = events->sessions[i], attributes = events->attributes[i];
        if (session >= events->session_numbers.count || attributes >= events->codes.count)
            return DCEVENTS_NO_ENTRY;
        uint32_t code = events->codes.numbers[attributes];
        int64_t time = events->times[i];
        if (time > events->last_believed) {
            untimed++;
            if (time < events->untimed) time = events->future;
        } else if (time > events->as_of) {
            later++;
            continue;
        }
        if (time >= events->untimed)
            time = time - events->untimed + events->packed_untimed;
        else if (time < 0 || time >= events->packed_untimed) {
            facts->wide = 1;
            return 0;
        } else {
            if (time < first) first = time;
            if (time > last) last = time;
        }
        if (code >= end_code) {
            facts->wide = 1;
            return 0;
        }
        facts->sids[count] = events->session_numbers.numbers[session];
        facts->words[count++] = (uint64_t)time << events->code_bits | code;
    }
    facts->count = count;
    facts->later = later;
    facts->first = first;
    facts->last = last;
    facts->untimed = untimed;
    return 0;
}
