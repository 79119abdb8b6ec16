/* Members of a long list, or objects beside each other on a long line, scanned where they lie.

   What is around a list its members share (definitions, rule 9): each is read as if it stood alone between
   it. Most have a path, and nothing of them is copied but what is before the list, which is put before
   each. Any other is written as a line, and walked. */
#include "scan_lines.h"

/* Where a member lies in the bytes given, and on which of their lines it begins and ends. */
typedef struct {
    u32 begin, end, line, end_line;
} placed_member;

/* What Python reads: valid until the next scan. */
typedef struct {
    const scan_result *scanned;
    const placed_member *members;
    u32 count;
    u32 stop;    /* where no further member was found */
    u32 is_open; /* … as the bytes end there, or the room does */
    u32 are_alone; /* each begins on a line of its own */
} member_result;

/* What is kept between two scans. */
typedef struct member_scan {
    path_tree paths; /* of members, up to their ends */
    u8 *bytes;
    size_t bytes_capacity;
    u8 *around; /* what the paths begin with, and what was behind the members */
    size_t around_capacity, before_length, behind_length;
    placed_member *members;
    size_t members_capacity;
} member_scan;

typedef struct {
    scanner *s;
    const u8 *before, *behind;
    size_t before_length, behind_length, room;
    const u8 *end;       /* of the bytes, where zeros are */
    const u8 *last_feed; /* the last line feed that may be crossed; NULL for none */
    u32 lines;           /* crossed so far */
    int is_open, has_short_line;
    int is_nested; /* the list is an array in an array */
} member_cursor;

/* -- where members lie ---------------------------------------------------------------------------- */

/* Bytes outside strings of which nothing hangs. */
static int is_plain_byte(u8 byte)
{
    return byte > ' ' && byte != '"' && byte != '{' && byte != '}';
}

static int is_space(u8 byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

/* Return the place behind white space; NULL at a line that may be an event by itself. */
static const u8 *cross_space(member_cursor *c, const u8 *at)
{
    for (; is_space(*at); at++) {
        if (*at != '\n') continue;
        if (!c->last_feed || at >= c->last_feed) {
            c->is_open = c->last_feed != NULL;
            return NULL;
        }
        enum event_line line = find_event_line(at + 1, c->last_feed);
        if (line == MAY_BE_EVENT_LINE) return NULL;
        c->has_short_line |= line == SHORT_LINE;
        c->lines++;
    }
    return at;
}

/* Return the place behind the string whose quote is at `at`; NULL where it does not end. */
static const u8 *skip_string(member_cursor *c, const u8 *at)
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

/* Return the place behind the object whose brace is at `at`, without validating it. NULL where it does not
   end, or for a byte that cannot stand there. */
static const u8 *skip_object(member_cursor *c, const u8 *at)
{
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
            if (!--depth) return at;
        } else if (is_space(*at)) {
            at = cross_space(c, at);
            if (!at) return NULL;
        } else {
            c->is_open = at >= c->end;
            return NULL;
        }
    }
}

/* Return whether all that is before the members ends with the brackets of two arrays. */
static int is_nested(const u8 *before, size_t length)
{
    int brackets = 0;
    while (length && brackets < 2 && (before[length - 1] == '[' || is_space(before[length - 1])))
        brackets += before[--length] == '[';
    return brackets == 2;
}

/* Return the place behind white space and a sign; NULL where there is another. */
static const u8 *cross_sign(member_cursor *c, const u8 *at, u8 sign)
{
    at = cross_space(c, at);
    if (at && *at == sign) return at + 1;
    if (at) c->is_open = at >= c->end;
    return NULL;
}

/* Skip to the next object: in a list over white space and one comma, else along a line. NULL for none. Of an
   array in an array the next may be in the one behind: what is around it is the same. */
static const u8 *find_next(member_cursor *c, const u8 *at, int is_list)
{
    if (!is_list) {
        while (*at == ' ' || *at == '\t' || *at == '\r' || *at == ',') at++;
    } else {
        at = cross_space(c, at);
        int is_in_next = at && *at == ']' && c->is_nested;
        if (is_in_next) at = cross_space(c, at + 1);
        if (at) at = cross_sign(c, at, ',');
        if (at && is_in_next) at = cross_sign(c, at, '[');
        if (at) at = cross_space(c, at);
    }
    if (at && *at != '{') c->is_open = at >= c->end;
    return at && *at == '{' ? at : NULL;
}

/* -- members that have a path --------------------------------------------------------------------- */

/* Take the member at `begin` by the path of one like it; set its end. What is before the list is put before
   it, where all has been read. */
static enum line_outcome take_in_place(member_cursor *c, u8 *begin, const u8 **end)
{
    memcpy(begin - c->before_length, c->before, c->before_length);
    /* Values end before a line feed, so what is read ends before the last one. */
    const u8 *limit = c->last_feed ? c->last_feed : c->end;
    if (begin >= limit) return SET_ASIDE;
    enum line_outcome outcome = take_path(c->s, begin - c->before_length, limit, end);
    int is_taken = outcome == TAKEN_EVENT || outcome == TAKEN_OTHER || outcome == TAKEN_SEVERAL;
    if (is_taken && c->before_length + (size_t)(*end - begin) + c->behind_length <= MAX_LINE_BYTES) {
        if (c->last_feed) c->lines += count_feeds(begin, *end);
        return outcome;
    }
    leave_records(c->s);
    return outcome == NO_MEMORY ? outcome : SET_ASIDE;
}

/* -- all others ----------------------------------------------------------------------------------- */

/* Return whether the last line of a member begins with a brace: whether it may be an event by itself is told
   behind the member only. */
static int ends_on_object_line(const u8 *begin, const u8 *end)
{
    const u8 *at = end;
    while (at > begin && at[-1] != '\n') at--;
    if (at == begin) return 0;
    while (at < end && (*at <= ' ' || *at == ',' || *at == '[' || *at == ']' || *at >= 0x80)) at++;
    return at < end && *at == '{';
}

/* Take a member as a line between what is around the list; line feeds become spaces. */
static enum line_outcome take_as_line(member_cursor *c, const u8 *begin, const u8 *end)
{
    scanner *s = c->s;
    size_t size = (size_t)(end - begin), whole = c->before_length + size + c->behind_length;
    if (whole > MAX_LINE_BYTES) return SET_ASIDE;
    u8 *line_begin = take_tail(s, whole);
    if (!line_begin) return NO_MEMORY;
    u8 *member = line_begin + c->before_length;
    memcpy(line_begin, c->before, c->before_length);
    memcpy(member, begin, size);
    memcpy(member + size, c->behind, c->behind_length);
    for (u8 *at = member; c->last_feed && (at = memchr(at, '\n', (size_t)(member + size - at)));) *at = ' ';
    line l = {line_begin, line_begin + whole, 0};
    /* One that is broken is read again, and rejected then. */
    if (walk_record(s, l.begin) != l.end || may_be_part(s, l.begin)) return SET_ASIDE;
    enum line_outcome outcome = take_record(s, &l, l.begin, l.end);
    /* Of lists in lists nothing has a path: what is around may hold one, but for objects along a line. */
    int is_list = outcome == TAKEN_SEVERAL && !c->before_length;
    int is_one = (outcome == TAKEN_EVENT || outcome == TAKEN_OTHER) && s->walked_rule != NO_NUMBER;
    if ((!is_list && !is_one) || is_of_docker(s, l.begin) || ends_on_object_line(begin, end)) return outcome;
    memcpy(member, begin, size);
    s->has_short_line = c->has_short_line;
    if (is_list) learn_list(s, l.begin, member + size);
    else learn_path(s, l.begin, member + size, s->walked_rule);
    return outcome;
}

/* Take the member at `begin` and set its end; NULL where it does not end. */
static enum line_outcome take_member(member_cursor *c, u8 *begin, const u8 **end)
{
    begin_line(c->s);
    enum line_outcome outcome = take_in_place(c, begin, end);
    if (outcome != SET_ASIDE) return outcome;
    c->has_short_line = 0;
    *end = skip_object(c, begin);
    return *end ? take_as_line(c, begin, *end) : SET_ASIDE;
}

/* -- the door ------------------------------------------------------------------------------------- */

void close_member_scan(scanner *s)
{
    member_scan *m = s->member_scan;
    if (!m) return;
    close_paths(&m->paths);
    free(m->bytes);
    free(m->around);
    free(m->members);
    free(m);
}

void look_for_member_paths(scanner *s)
{
    if (s->member_scan) look_for_paths(&s->member_scan->paths);
}

/* Return what is kept between scans; NULL where there is no memory. */
static member_scan *open_member_scan(scanner *s)
{
    if (!s->member_scan) s->member_scan = calloc(1, sizeof *s->member_scan);
    member_scan *m = s->member_scan;
    return m && (m->paths.steps || open_paths(&m->paths)) ? m : NULL;
}

/* Return an array of so many bytes, with what it held or without; NULL where there is no memory. */
static u8 *take_bytes(u8 **array, size_t *capacity, size_t size)
{
    u8 *grown = size <= *capacity ? *array : grow_array(*array, capacity, size, 1);
    if (grown) *array = grown;
    return grown;
}

/* Forget the paths if something else is around the members: of the same bytes others would be the member. */
static int note_around(member_scan *m, const member_cursor *c)
{
    size_t length = c->before_length + c->behind_length;
    if (m->around && m->before_length == c->before_length && m->behind_length == c->behind_length
        && !memcmp(m->around, c->before, c->before_length)
        && !memcmp(m->around + c->before_length, c->behind, c->behind_length))
        return 1;
    if (!take_bytes(&m->around, &m->around_capacity, length + 1)) return 0;
    memcpy(m->around, c->before, c->before_length);
    memcpy(m->around + c->before_length, c->behind, c->behind_length);
    m->before_length = c->before_length;
    m->behind_length = c->behind_length;
    empty_paths(&m->paths);
    look_for_paths(&m->paths);
    return 1;
}

/* Scan members from `at` on, one by one; return 0 where there is no memory. */
static int scan_each(member_cursor *c, member_scan *m, u8 *data, int is_list, member_result *out)
{
    scanner *s = c->s;
    u8 *at = data;
    out->are_alone = 1;
    for (;; out->count++) {
        u8 *begin = (u8 *)find_next(c, at, is_list);
        const u8 *end = NULL;
        if (!begin) break;
        placed_member *members = grow_array(m->members, &m->members_capacity, out->count, sizeof *members);
        if (!members) return 0;
        m->members = members;
        placed_member placed = {(u32)(begin - data), 0, c->lines, 0};
        enum line_outcome outcome = take_member(c, begin, &end);
        if (outcome == NO_MEMORY) return 0;
        if (!end) break;
        size_t size = c->before_length + (size_t)(end - begin) + c->behind_length + 1;
        if (outcome == SET_ASIDE || size > c->room) leave_records(s);
        if (size > c->room) {
            c->is_open = 1;
            break;
        }
        c->room -= size;
        count_events(s, 0);
        placed.end = (u32)(end - data);
        placed.end_line = c->lines;
        run added = {(u8)find_status(outcome), EFFECT_UNKNOWN, {0}, s->lines, 1, placed.begin, placed.end, 0};
        if (!add_to_run(s, &added)) return 0;
        if (out->count && members[out->count - 1].line == placed.line) out->are_alone = 0;
        members[out->count] = placed;
        s->lines++;
        at = data + placed.end;
    }
    out->stop = (u32)(at - data);
    out->members = m->members;
    out->is_open = (u32)c->is_open;
    return 1;
}

/* Scan the objects in some bytes, each as alone between two texts, until they would have more than so many
   bytes with these. The bytes begin behind a member of a list, or anywhere along a line. What was found of
   the members stands in the columns as if each were a line. Return 0 where there is no memory. */
DC_EXPORT int dc_scan_members(scanner *s, const u8 *data, u32 length, const u8 *before, u32 before_length,
                              const u8 *behind, u32 behind_length, int is_list, u32 room, member_result *out)
{
    member_cursor c = {.s = s, .before = before, .behind = behind, .before_length = before_length,
                       .behind_length = behind_length, .room = room,
                       .is_nested = is_nested(before, before_length)};
    member_scan *m = open_member_scan(s);
    memset(out, 0, sizeof *out);
    if (!m || !note_around(m, &c)) return 0;
    size_t size = (size_t)before_length + length;
    u8 *bytes = take_bytes(&m->bytes, &m->bytes_capacity, size + READ_AHEAD);
    if (!bytes) return 0;
    bytes += before_length;
    memcpy(bytes, data, length);
    memset(bytes + length, 0, READ_AHEAD);
    c.end = bytes + length;
    if (is_list) c.last_feed = memchr(bytes, '\n', length);
    if (c.last_feed)
        for (c.last_feed = c.end - 1; *c.last_feed != '\n'; c.last_feed--) {}
    path_tree of_lines = s->paths;
    int has_memory;
    s->paths = m->paths;
    s->copies_samples = 1;
    begin_block(s);
    has_memory = scan_each(&c, m, bytes, is_list, out);
    s->copies_samples = 0;
    m->paths = s->paths;
    s->paths = of_lines;
    out->scanned = has_memory ? end_block(s) : NULL;
    return out->scanned != NULL;
}

/* Number the records of some members on the lines on which these begin: of each member the number before its
   first, NO_NUMBER for the only record of a line. `records` are how many each holds, NULL for one; `count` of
   them begin before the first member on its line if it `has_neighbour`. */
DC_EXPORT void dc_number_members(const u32 *lines, u32 members, const u32 *records, u32 first, u32 stop,
                                 u32 count, int has_neighbour, u32 *numbers)
{
    REQUIRE(first < stop && stop <= members);
    for (u32 member = first; member < stop; member++) {
        int is_again = member > first ? lines[member] == lines[member - 1] : has_neighbour;
        u32 own = records ? records[member] : 1;
        if (!is_again && member > first) count = 0;
        int has_next = member + 1 < members && lines[member + 1] == lines[member];
        numbers[member] = is_again || own > 1 || has_next ? count : NO_NUMBER;
        count += own;
    }
}

/* Put lines and numbers of events in the place of their members and the numbers in these; `numbers` are those
   of dc_number_members. */
DC_EXPORT void dc_place_events(const u32 *lines, const u32 *numbers, u32 members, u32 *event_lines,
                               u32 *event_members, u32 events)
{
    for (u32 event = 0; event < events; event++) {
        u32 member = event_lines[event], own = event_members[event];
        REQUIRE(member < members);
        event_lines[event] = lines[member];
        event_members[event] = numbers[member] == NO_NUMBER ? 0 : numbers[member] + (own ? own : 1);
    }
}
