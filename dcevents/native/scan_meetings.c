/* Meetings: whether there is one matters, not what it says. */
#include "scan_walk.h"

/* Return the value of an object's first member, which is an object or array; NULL for any other. */
static const u8 *find_first_container(scanner *s, const u8 *at, const char *key)
{
    size_t length = strlen(key);
    at = skip_space(s, at + 1);
    if (*at != '"' || memcmp(at + 1, key, length) || at[length + 1] != '"') return NULL;
    at = skip_space(s, at + length + 2);
    if (*at != ':') return NULL;
    at = skip_space(s, at + 1);
    return *at == '{' || *at == '[' ? at : NULL;
}

/* What an object or array is under that is all of another object, by the names of types; `copy_text` reads
   beyond them. */
typedef char type_name[24];
static const type_name typed_paths[][3] = {
    {"M", "", ""},
    {"mapValue", "fields", ""},
    {"kvlistValue", "values", ""},
};
enum { TYPED_PATHS = sizeof typed_paths / sizeof *typed_paths, LIST_PATH = TYPED_PATHS - 1 };

/* Return whether an object holds nothing but another under such a path, or an array that is not empty nor one
   of a single member, which may be nothing. */
static int is_typed_object(scanner *s, const u8 *at, int path, unsigned level)
{
    int types = 0;
    u32 count = 0;
    for (int step = 0; *typed_paths[path][step]; step++) {
        if (*at != '{' || !skip_container(s, at + 1, '{', level, &types, &count) || count != 1) return 0;
        at = find_first_container(s, at, typed_paths[path][step]);
        if (!at) return 0;
    }
    if ((*at == '[') != (path == LIST_PATH)) return 0;
    return skip_container(s, at + 1, *at, level, &types, &count) && (path == LIST_PATH ? count > 1 : !types);
}

static int put_array(scanner *s)
{
    return put_byte(s, TOKEN_ARRAY) && put_byte(s, TOKEN_ARRAY_END | 2u << END_COUNT_SHIFT);
}

/* Put an object into the form that has nothing, or nothing but another one, or an array, under a path. */
static int put_object(scanner *s, const type_name *path, int is_list)
{
    const char *key = *path;
    if (!*key && is_list) return put_array(s);
    if (!put_byte(s, TOKEN_OBJECT)) return 0;
    if (*key && (!put_key(s, (const u8 *)key, strlen(key)) || !put_object(s, path + 1, is_list))) return 0;
    return put_byte(s, 0) && put_byte(s, TOKEN_OBJECT_END | (*key ? 0u : (unsigned)END_HAS_OTHER));
}

const u8 *walk_meeting(scanner *s, const u8 *at, unsigned level)
{
    int types = 0;
    u32 count = 0;
    if (s->in_full) return stop(s, WALK_DOUBT);
    const u8 *end = skip_container(s, at + 1, *at, level, &types, &count);
    if (!end) return NULL;
    if (*at == '[') {
        /* An array of one scalar may be nothing. */
        if (count == 1) return stop(s, WALK_DOUBT);
        return put_array(s) ? end : NULL;
    }
    if (!types) return put_object(s, &typed_paths[0][1], 0) ? end : NULL;
    /* A typed value may be nothing, too, but for an object. */
    u32 traced = s->traced_count;
    int path = 0;
    while (path < TYPED_PATHS && !is_typed_object(s, at, path, level)) path++;
    s->traced_count = traced;
    if (path == TYPED_PATHS) return stop(s, WALK_DOUBT);
    return put_object(s, typed_paths[path], path == LIST_PATH) ? end : NULL;
}
