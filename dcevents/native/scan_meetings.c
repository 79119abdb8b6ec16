/* Meetings: whether there is one matters, not what it says. */
#include "scan_walk.h"

/* Return the value of an object's first member, which begins with some bracket; NULL for any other. */
static const u8 *find_first_value(scanner *s, const u8 *at, const char *key, u8 bracket)
{
    size_t length = strlen(key);
    at = skip_space(s, at + 1);
    if (*at != '"' || memcmp(at + 1, key, length) || at[length + 1] != '"') return NULL;
    at = skip_space(s, at + length + 2);
    if (*at != ':') return NULL;
    at = skip_space(s, at + 1);
    return *at == bracket ? at : NULL;
}

/* Return the object that is all of another, under the name of its type; NULL where that is not certain. */
static const u8 *find_typed_object(scanner *s, const u8 *at, unsigned level)
{
    int types = 0;
    u32 count = 0;
    const u8 *inner = find_first_value(s, at, "M", '{');
    if (inner) return inner;
    inner = find_first_value(s, at, "mapValue", '{');
    if (!inner || !skip_container(s, inner + 1, '{', level, &types, &count) || count != 1) return NULL;
    return find_first_value(s, inner, "fields", '{');
}

/* Return whether an object that has been passed over may be a typed value that is nothing. */
static int may_be_nothing(scanner *s, const u8 *at, unsigned level, int types, u32 count)
{
    u32 traced = s->traced_count;
    if (!types) return 0;
    const u8 *inner = count == 1 ? find_typed_object(s, at, level) : NULL;
    if (inner && !skip_container(s, inner + 1, '{', level, &types, &count)) inner = NULL;
    s->traced_count = traced;
    return !inner || types;
}

const u8 *walk_meeting(scanner *s, const u8 *at, unsigned level)
{
    int types = 0, is_object = *at == '{';
    u32 count = 0;
    if (s->in_full) return stop(s, WALK_DOUBT);
    const u8 *end = skip_container(s, at + 1, *at, level, &types, &count);
    if (!end) return NULL;
    /* A typed value, an array of one scalar may be nothing. */
    if (is_object ? may_be_nothing(s, at, level, types, count) : count == 1) return stop(s, WALK_DOUBT);
    if (!put_byte(s, is_object ? TOKEN_OBJECT : TOKEN_ARRAY)) return NULL;
    if (is_object && !put_byte(s, 0)) return NULL;
    unsigned byte = is_object ? TOKEN_OBJECT_END | END_HAS_OTHER
                              : TOKEN_ARRAY_END | 2u << END_COUNT_SHIFT;
    return put_byte(s, byte) ? end : NULL;
}
