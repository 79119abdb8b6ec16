/* Keys of members: what they may mean, how they stand in the form, and which came before. */
#include "scan_walk.h"

u32 find_flags(scanner *s, const u8 *key, size_t length)
{
    if (!length) return find_key_flags(s->lists, &s->filter, key, 0);
    if (length > KEY_CACHE_BYTES) return find_key_flags(s->lists, &s->filter, key, length);
    /* Most lines have the keys of the line before. */
    u16 *guess = &s->key_guesses[s->keys_count++ & (KEY_GUESSES - 1)];
    key_entry *entry = &s->keys[*guess];
    if (entry->length == length && is_same(entry->bytes, key, length)) return entry->flags;
    *guess = (u16)(hash_bytes(&s->seed, key, length) & (KEY_CACHE - 1));
    entry = &s->keys[*guess];
    if (entry->length != length || !is_same(entry->bytes, key, length)) {
        entry->flags = find_key_flags(s->lists, &s->filter, key, length);
        entry->length = (u8)length;
        memcpy(entry->bytes, key, length);
    }
    return entry->flags;
}

/* -- in the form ---------------------------------------------------------------------------------- */

int put_member_key(scanner *s, const object_state *state, const u8 *key, size_t length)
{
    if (!put_key(s, key, length)) return 0;
    return !state->value_key || put_key(s, state->value_key, state->value_key_length);
}

int is_own_form(const scanner *s, const object_state *state, u32 flags)
{
    return (flags & KEY_OWN) && !state->has_own && !state->has_dotted && !state->value_key
        && !s->text_levels;
}

int put_own_key(scanner *s, object_state *state, const u8 *key, size_t length)
{
    static const u8 own[16] = {OWN_KEY};
    /* A key that has escapes is not read here. */
    if (key[length] == '"') trace_value(s, VALUE_KEY, key, key + length, 0, 0);
    else s->traced_count = UNTRACED;
    state->has_own_form = 1;
    return put_key(s, own, 1);
}

/* -- before ---------------------------------------------------------------------------------------- */

static u64 mark_key(const u8 *key, size_t length)
{
    unsigned ends = length ? key[0] * 7u + key[length - 1] * 31u : 0;
    return (u64)1 << ((ends + length) & 63);
}

void note_skipped(scanner *s, object_state *state, const u8 *key, size_t length)
{
    state->hashes |= mark_key(key, length);
    if (s->skipped_count < MAX_SKIPPED_KEYS) {
        s->skipped[s->skipped_count].key = key;
        s->skipped[s->skipped_count].length = (u32)length;
    }
    s->skipped_count++;
}

int was_skipped(const scanner *s, const object_state *state, const u8 *key, size_t length)
{
    if (!(state->hashes & mark_key(key, length))) return 0;
    if (s->skipped_count > MAX_SKIPPED_KEYS || s->skipped_count - state->first_skipped > 256)
        return 1;
    for (u32 number = state->first_skipped; number < s->skipped_count; number++) {
        const skipped_key *other = &s->skipped[number];
        if (other->length == length && !memcmp(other->key, key, length)) return 1;
    }
    return 0;
}
