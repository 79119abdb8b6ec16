/* Members of a long list, or objects beside each other on a long line, written as lines of their own.

   What is around a list its members share (definitions, rule 9): each line has it around its member.
   Only the ends of objects are found here; whether they are JSON is for the scan of the lines. */
#include "scan.h"

/* Where a member lies in the bytes given, and on which of their lines it begins and ends. */
typedef struct {
    u32 begin, end, line, end_line;
} cut_member;

typedef struct {
    u32 count;
    u32 size;    /* of the lines */
    u32 stop;    /* where no further member could be cut */
    u32 is_open; /* … as the bytes end there, or the room does */
} cut_result;

typedef struct {
    const u8 *end;       /* of the bytes, where zeros are */
    const u8 *last_feed; /* the last line feed that may be crossed; NULL for none */
    u8 *out, *out_end;
    u32 lines; /* crossed so far */
    int is_open;
} cutter;

/* Bytes outside strings of which nothing hangs. */
static int is_plain_byte(u8 byte)
{
    return byte > ' ' && byte != '"' && byte != '{' && byte != '}';
}

static int is_space(u8 byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

/* Return the place behind white space; NULL at a line that may be an event by itself. */
static const u8 *cross_space(cutter *c, const u8 *at)
{
    for (; is_space(*at); at++) {
        if (*at != '\n') continue;
        if (!c->last_feed || at >= c->last_feed) {
            c->is_open = c->last_feed != NULL;
            return NULL;
        }
        if (find_event_line(at + 1, c->last_feed) == MAY_BE_EVENT_LINE) return NULL;
        c->lines++;
    }
    return at;
}

static int copy_bytes(cutter *c, const u8 *from, const u8 *end)
{
    size_t size = (size_t)(end - from);
    if (size > (size_t)(c->out_end - c->out)) {
        c->is_open = 1;
        return 0;
    }
    memcpy(c->out, from, size);
    c->out += size;
    return 1;
}

/* Return the place behind the string whose quote is at `at`; NULL where it does not end. */
static const u8 *skip_string(cutter *c, const u8 *at)
{
    at = skip_plain(at + 1);
    while (*at != '"') {
        size_t size = *at == '\\' ? 2 : 1;
        if (*at < 0x20 || (size == 2 && at[1] < 0x20)) {
            c->is_open = at + size > c->end;
            return NULL;
        }
        at = skip_plain(at + size);
    }
    return at + 1;
}

/* Copy text without its line feeds: in their place stand spaces. */
static int copy_line(cutter *c, const u8 *from, const u8 *end)
{
    u8 *at = c->out;
    if (!copy_bytes(c, from, end)) return 0;
    while ((at = memchr(at, '\n', (size_t)(c->out - at)))) *at = ' ';
    return 1;
}

/* Copy the object whose brace is at `at`; return the place behind it. NULL where it does not end, or for
   a byte that cannot stand there. */
static const u8 *copy_object(cutter *c, const u8 *at)
{
    const u8 *from = at;
    u32 depth = 0;
    for (;;) {
        while (is_plain_byte(*at)) at++;
        if (*at == '"') {
            at = skip_string(c, at);
            if (!at) return NULL;
        } else if (*at == '{') {
            depth++;
            at++;
        } else if (*at == '}') {
            at++;
            if (!--depth) return copy_line(c, from, at) ? at : NULL;
        } else if (is_space(*at)) {
            at = cross_space(c, at);
            if (!at) return NULL;
        } else {
            c->is_open = at >= c->end;
            return NULL;
        }
    }
}

/* Skip to the next object: in a list over white space and one comma, else along a line. */
static const u8 *find_next(cutter *c, const u8 *at, int is_list)
{
    if (!is_list) {
        while (*at == ' ' || *at == '\t' || *at == '\r' || *at == ',') at++;
    } else {
        at = cross_space(c, at);
        if (!at || *at != ',') return at;
        at = cross_space(c, at + 1);
    }
    return at;
}

/* Write so many of the objects in some bytes as lines, each between two texts. The bytes begin behind
   a member of a list, or anywhere along a line, and READ_AHEAD zeros follow them. */
DC_EXPORT void dc_cut_members(const u8 *data, u32 length, const u8 *before, u32 before_length,
                              const u8 *behind, u32 behind_length, int is_list, u8 *out, u32 room,
                              cut_member *members, u32 most, cut_result *result)
{
    cutter c = {data + length, NULL, out, out + room, 0, 0};
    const u8 *at = data;
    u32 count = 0, size = 0;
    for (const u8 *feed = c.end; is_list && feed > data && !c.last_feed; feed--)
        if (feed[-1] == '\n') c.last_feed = feed - 1;
    memset(result, 0, sizeof *result);
    for (; count < most; count++) {
        const u8 *begin = find_next(&c, at, is_list), *end = NULL;
        if (begin && *begin != '{') c.is_open = begin >= c.end;
        if (!begin || *begin != '{' || (is_list && !memchr(at, ',', (size_t)(begin - at)))) break;
        cut_member *m = &members[count];
        m->line = c.lines;
        if (copy_bytes(&c, before, before + before_length)) end = copy_object(&c, begin);
        if (!end || !copy_bytes(&c, behind, behind + behind_length)) break;
        static const u8 feed = '\n';
        if (!copy_bytes(&c, &feed, &feed + 1)) break;
        m->begin = (u32)(begin - data);
        m->end = (u32)(end - data);
        m->end_line = c.lines;
        at = end;
        size = (u32)(c.out - out);
    }
    result->count = count;
    result->size = size;
    result->stop = (u32)(at - data);
    result->is_open = count == most || c.is_open;
}
