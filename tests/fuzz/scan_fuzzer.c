/* Searches for blocks of bytes that the scanner reads wrongly: libFuzzer's harness.

   Built and run by .ci/native. DCEVENTS_SCAN_SETUP names a file of scan_setup.py: the words of the
   judge's tables, and rules that the judge has given for the forms of the seeds.

   Each input is scanned in memory of just its size, so that the sanitizers see each byte that is
   read beyond. Then what was taken is held to a validator that was written apart, as plainly as can
   be, and to each line scanned alone. */
#include <stdio.h>

#include "scan.h"

scanner *dc_open_scanner(u64 one, u64 two, int keep_query, int in_full, i64 year_clock_ms);
int dc_set_words(scanner *s, u32 list, const u8 *bytes, u32 length);
int dc_add_rule(scanner *s, const u8 *form, u32 length, const rule *added);
const scan_result *dc_scan_block(scanner *s, const u8 *data, size_t length);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

enum { SETTINGS = 4 }; /* keep_query or not, in_full or not */
#define CLOCK_MS ((i64)1772366400000) /* of scan_setup.py */
static scanner *block_scanners[SETTINGS], *line_scanners[SETTINGS];

/* -- a validator, as plain as can be: RFC 8259 and UTF-8, from the text of the standards ----------- */

typedef struct {
    const u8 *at, *end;
} cursor;

static int is_utf8(const u8 *at, const u8 *end)
{
    while (at < end) {
        unsigned first = *at++, more, value;
        if (first < 0x80) continue;
        if (first >= 0xC0 && first < 0xE0) more = 1, value = first & 0x1F;
        else if (first >= 0xE0 && first < 0xF0) more = 2, value = first & 0x0F;
        else if (first >= 0xF0 && first < 0xF8) more = 3, value = first & 0x07;
        else return 0;
        unsigned least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
        for (; more; more--) {
            if (at == end || (*at & 0xC0) != 0x80) return 0;
            value = value << 6 | (*at++ & 0x3F);
        }
        if (value < least || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return 0;
    }
    return 1;
}

static int is_next(cursor *c, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length)) return 0;
    c->at += length;
    return 1;
}

static void skip_space(cursor *c)
{
    while (c->at < c->end && strchr(" \t\r\n", *c->at) && *c->at) c->at++;
}

static int skip_digits(cursor *c)
{
    const u8 *begin = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') c->at++;
    return c->at > begin;
}

static int read_number(cursor *c)
{
    (void)is_next(c, "-");
    if (!is_next(c, "0") && !skip_digits(c)) return 0;
    if (is_next(c, ".") && !skip_digits(c)) return 0;
    if (is_next(c, "e") || is_next(c, "E")) {
        if (!is_next(c, "+")) (void)is_next(c, "-");
        return skip_digits(c);
    }
    return 1;
}

static int read_string(cursor *c)
{
    if (!is_next(c, "\"")) return 0;
    while (c->at < c->end) {
        u8 byte = *c->at++;
        if (byte == '"') return 1;
        if (byte < 0x20) return 0;
        if (byte != '\\') continue;
        if (c->at == c->end) return 0;
        byte = *c->at++;
        if (byte == 'u') {
            for (int digit = 0; digit < 4; digit++, c->at++)
                if (c->at == c->end || !*c->at || !strchr("0123456789abcdefABCDEF", *c->at)) return 0;
        } else if (!byte || !strchr("\"\\/bfnrt", byte)) {
            return 0;
        }
    }
    return 0;
}

static int read_value(cursor *c);

static int read_members(cursor *c, int is_object)
{
    const char *close = is_object ? "}" : "]";
    skip_space(c);
    if (is_next(c, close)) return 1;
    for (;;) {
        skip_space(c);
        if (is_object) {
            if (!read_string(c)) return 0;
            skip_space(c);
            if (!is_next(c, ":")) return 0;
        }
        skip_space(c);
        if (!read_value(c)) return 0;
        skip_space(c);
        if (is_next(c, close)) return 1;
        if (!is_next(c, ",")) return 0;
    }
}

static int read_value(cursor *c)
{
    if (is_next(c, "{")) return read_members(c, 1);
    if (is_next(c, "[")) return read_members(c, 0);
    if (c->at < c->end && *c->at == '"') return read_string(c);
    return is_next(c, "true") || is_next(c, "false") || is_next(c, "null") || read_number(c);
}

/* -- what a line is ---------------------------------------------------------------------------- */

/* Skip what may stand around a value; return whether there was more than a blank line has. */
static int skip_separators(cursor *c)
{
    int has_signs = 0;
    while (c->at < c->end) {
        if (strchr(" \t\r,\x1E\n", *c->at) || !*c->at) has_signs |= *c->at == ',' || *c->at == 0x1E;
        else if (c->end - c->at >= 3 && !memcmp(c->at, "\xEF\xBB\xBF", 3)) c->at += 2;
        else break;
        c->at++;
    }
    return has_signs;
}

static int is_one_object(const u8 *begin, const u8 *end)
{
    cursor c = {begin, end};
    skip_separators(&c);
    if (!is_utf8(begin, end) || c.at == c.end || *c.at != '{' || !read_value(&c)) return 0;
    skip_separators(&c);
    return c.at == c.end;
}

/* Return whether all between separators and brackets of arrays are values. */
static int are_values(const u8 *begin, const u8 *end)
{
    cursor c = {begin, end};
    if (!is_utf8(begin, end)) return 0;
    for (;;) {
        skip_separators(&c);
        if (c.at == c.end) return 1;
        if (is_next(&c, "[") || is_next(&c, "]")) continue;
        if (!read_value(&c)) return 0;
    }
}

/* Return whether a line has text before what may be its JSON. */
static int has_prefix(const u8 *begin, const u8 *end)
{
    cursor c = {begin, end};
    skip_separators(&c);
    return c.at < c.end && *c.at != '{';
}

static int is_blank(const u8 *begin, const u8 *end)
{
    cursor c = {begin, end};
    return !skip_separators(&c) && c.at == c.end;
}

/* -- what was taken, held to the line ------------------------------------------------------------ */

static int is_several(u32 status)
{
    return status == LINE_SEVERAL || status == LINE_SEVERAL_OVER_LINES || status == LINE_SEVERAL_ALONE;
}

static int is_event(u32 status)
{
    return status == LINE_EVENT || status == LINE_EVENT_ALONE;
}

static void check_text(const u8 *bytes, const u32 *offsets, u32 number, size_t limit)
{
    u32 begin = offsets[number], end = offsets[number + 1];
    CHECK(begin <= end && end - begin <= limit);
    CHECK(is_utf8(bytes + begin, bytes + end));
}

static void check_entry(const scan_result *found, u32 entry, u32 line)
{
    CHECK(found->event_lines[entry] == line);
    u32 session = found->event_sessions[entry], attributes = found->event_attributes[entry];
    CHECK(session < found->sids_count && attributes < found->combinations_count);
    check_text(found->sid_bytes, found->sid_offsets, session, MAX_SID_BYTES);
    CHECK(found->sid_offsets[session] < found->sid_offsets[session + 1]);
    u32 action = found->combinations[2 * attributes], page = found->combinations[2 * attributes + 1];
    CHECK(action < found->actions_count && (page == NO_NUMBER || page < found->pages_count));
    u32 kind = found->actions[2 * action], speakers = found->actions[2 * action + 1];
    CHECK(kind < KIND_READY && speakers < found->speakers_count);
    u32 dialogue = found->speakers[2 * speakers], agent = found->speakers[2 * speakers + 1];
    CHECK(dialogue < found->dialogues_count && (agent == NO_NUMBER || agent < found->agents_count));
    if (page != NO_NUMBER)
        check_text(found->page_bytes, found->page_offsets, page, MAX_PAGE_CHARACTERS * 4);
    CHECK(found->event_forms[entry] <= FORM_PREFIX);
    CHECK(found->event_structures[entry] < found->structures_count);
    i64 ms = found->event_times[entry];
    CHECK(ms == UNTIMED_MS || ms == ANCIENT_MS || (ms >= ANCIENT_BEFORE_MS && ms < UNTIMED_MS));
}

static void check_event(const scan_result *found, u32 entry, u32 line, const u8 *begin, const u8 *end)
{
    check_entry(found, entry, line);
    CHECK(found->event_members[entry] == 0);
    CHECK(has_prefix(begin, end) ? is_utf8(begin, end) : is_one_object(begin, end));
    CHECK(found->event_forms[entry] != FORM_PREFIX || has_prefix(begin, end));
}

static void check_other(const scan_result *found, u32 entry, u32 line, const u8 *begin, const u8 *end)
{
    CHECK(found->other_lines[entry] == line);
    u32 name = found->other_names[entry];
    u8 bucket = found->other_buckets[entry];
    CHECK((name != NO_NUMBER) == (bucket == OTHER_UNKNOWN_EVENT));
    if (bucket == OTHER_BLANK) CHECK(is_blank(begin, end));
    else if (bucket == OTHER_INVALID_UTF8) CHECK(!is_utf8(begin, end));
    else if (bucket == OTHER_INVALID_JSON) CHECK(is_utf8(begin, end) && !is_one_object(begin, end));
    else CHECK(has_prefix(begin, end) ? is_utf8(begin, end) : is_one_object(begin, end));
    if (bucket != OTHER_UNKNOWN_EVENT) return;
    CHECK(name < found->names_count);
    check_text(found->name_bytes, found->name_offsets, name, MAX_UNKNOWN_NAME_CHARACTERS * 4 + 3);
}

/* A line alone is what it is among others. But half a value may need the line behind it. */
static void check_alone(scanner *alone, u32 status, int has_event, const scan_result *found, u32 entry,
                        const u8 *begin, const u8 *end, u32 lines)
{
    size_t size = (size_t)(end - begin);
    u8 *copy = malloc(size ? size : 1);
    CHECK(copy);
    memcpy(copy, begin, size);
    const scan_result *one = dc_scan_block(alone, copy, size);
    free(copy);
    CHECK(one && one->lines == lines);
    /* Lines may be set aside as those of one value. */
    if (status == LINE_ASIDE) return;
    /* A value over lines may be left to Python at one time and taken at another. */
    if (lines > 1 && (one->runs_count > 1 || one->runs[0].status == LINE_ASIDE)) return;
    CHECK(one->runs_count == 1);
    u32 status_alone = one->runs[0].status;
    if (status == LINE_OTHER && found->other_buckets[entry] == OTHER_INVALID_JSON)
        CHECK(status_alone == LINE_ASIDE || one->other_buckets[0] == OTHER_INVALID_JSON);
    else
        CHECK(status_alone == status);
    if (has_event) {
        CHECK(one->events_count == 1);
        CHECK(one->event_times[0] == found->event_times[entry]);
        CHECK(one->event_forms[0] == found->event_forms[entry]);
        CHECK(one->event_structures[0] == found->event_structures[entry]);
        u32 session = found->event_sessions[entry], place = found->sid_offsets[session];
        u32 length = found->sid_offsets[session + 1] - place;
        CHECK(one->sid_offsets[1] == length);
        CHECK(!memcmp(one->sid_bytes, found->sid_bytes + place, length));
    } else if (status != LINE_ASIDE && status_alone == status) {
        CHECK(one->others_count == 1);
        CHECK(one->other_buckets[0] == found->other_buckets[entry]);
    }
}

/* Several records: each in its place, the same as of the line alone. */
static void check_several(const scan_result *found, scanner *alone, u32 line, const u8 *begin,
                          const u8 *end, u32 lines, u32 *events, u32 *others)
{
    u32 first = *events, first_other = *others, last = 0;
    CHECK(has_prefix(begin, end) ? is_utf8(begin, end) : are_values(begin, end));
    for (; *events < found->events_count && found->event_lines[*events] == line; *events += 1) {
        check_entry(found, *events, line);
        CHECK(found->event_members[*events] > last || *events == first);
        last = found->event_members[*events];
    }
    for (; *others < found->others_count && found->other_lines[*others] == line; *others += 1) {
        u8 bucket = found->other_buckets[*others];
        CHECK(bucket == OTHER_WIDGET_READY || bucket == OTHER_UNKNOWN_EVENT
              || bucket == OTHER_NO_EVENT || bucket == OTHER_NO_SID);
    }
    u32 count = *events - first, other_count = *others - first_other;
    CHECK(count + other_count && last <= count + other_count);
    CHECK((last == 0) == (count + other_count == 1 || !count));
    size_t size = (size_t)(end - begin);
    u8 *copy = malloc(size);
    CHECK(copy);
    memcpy(copy, begin, size);
    const scan_result *one = dc_scan_block(alone, copy, size);
    free(copy);
    CHECK(one && one->lines == lines);
    if (lines > 1 && one->runs_count > 1) return;
    CHECK(one->runs_count == 1 && is_several(one->runs[0].status));
    CHECK(one->events_count == count && one->others_count == other_count);
    for (u32 entry = 0; entry < count; entry++) {
        CHECK(one->event_members[entry] == found->event_members[first + entry]);
        CHECK(one->event_times[entry] == found->event_times[first + entry]);
        CHECK(one->event_structures[entry] == found->event_structures[first + entry]);
    }
}

/* Values over lines, one object each: the first entry behind a value is that of the next. */
static void check_objects(const scan_result *found, scanner *alone, const run *each, const u8 *data,
                          u32 *events, u32 *others)
{
    const u8 *begin = data + each->begin;
    u32 stop = each->first_line + each->lines;
    for (u32 number = each->first_line; number < stop;) {
        int has_event = *events < found->events_count && found->event_lines[*events] == number;
        u32 entry = has_event ? (*events)++ : (*others)++;
        CHECK(has_event || (entry < found->others_count && found->other_lines[entry] == number));
        u32 next = stop;
        if (*events < found->events_count && found->event_lines[*events] < next)
            next = found->event_lines[*events];
        if (*others < found->others_count && found->other_lines[*others] < next)
            next = found->other_lines[*others];
        CHECK(next > number + 1);
        const u8 *end = begin;
        for (u32 line = number; line < next; line++) {
            const u8 *feed = memchr(end, '\n', (size_t)(data + each->end - end));
            CHECK(feed);
            end = feed + 1;
        }
        if (has_event) check_event(found, entry, number, begin, end);
        else check_other(found, entry, number, begin, end);
        CHECK(is_one_object(begin, end));
        check_alone(alone, each->status, has_event, found, entry, begin, end, next - number);
        begin = end;
        number = next;
    }
    CHECK(begin == data + each->end);
}

/* Rejected records of lines of several: in their order, each with bytes of the block. */
static void check_rejected(const scan_result *found, size_t size)
{
    u32 next = 0;
    for (u32 at = 0; at < found->rejected_spans_count; at++) {
        const rejected_span *each = &found->rejected_spans[at];
        CHECK(each->entry >= next && each->entry < found->others_count);
        u8 bucket = found->other_buckets[each->entry];
        CHECK(bucket == OTHER_NO_EVENT || bucket == OTHER_NO_SID);
        CHECK(each->prefix_begin <= each->prefix_end && each->prefix_end <= each->begin);
        CHECK(each->begin < each->end && each->end <= size);
        next = each->entry + 1;
    }
}

static void check_lines(const scan_result *found, scanner *alone, const u8 *data, size_t size)
{
    u32 number = 0, events = 0, others = 0;
    size_t place = 0;
    for (u32 at = 0; at < found->runs_count; at++) {
        const run *each = &found->runs[at];
        CHECK(each->first_line == number && each->begin == place && each->lines);
        CHECK(each->status <= LINE_SEVERAL_ALONE);
        if (is_event(each->status)) CHECK(each->first_entry == events);
        if (each->status == LINE_OTHER) CHECK(each->first_entry == others);
        if (each->status == LINE_SEVERAL_OVER_LINES) {
            CHECK(each->end > place && each->end <= size && each->lines > 1);
            check_several(found, alone, number, data + place, data + each->end, each->lines, &events,
                          &others);
            place = each->end;
            number += each->lines;
            continue;
        }
        if (each->status == LINE_OBJECTS_OVER_LINES) {
            CHECK(each->end > place && each->end <= size && each->lines > 1);
            check_objects(found, alone, each, data, &events, &others);
            place = each->end;
            number += each->lines;
            continue;
        }
        for (u32 line = 0; line < each->lines; line++, number++) {
            CHECK(place < size);
            const u8 *begin = data + place, *feed = memchr(begin, '\n', size - place);
            const u8 *end = feed ? feed + 1 : data + size;
            if (is_several(each->status)) {
                check_several(found, alone, number, begin, end, 1, &events, &others);
                place = (size_t)(end - data);
                continue;
            }
            u32 entry = is_event(each->status) ? events : others;
            if (is_event(each->status)) check_event(found, events++, number, begin, end);
            if (each->status == LINE_OTHER) check_other(found, others++, number, begin, end);
            check_alone(alone, each->status, is_event(each->status), found, entry, begin, end, 1);
            place = (size_t)(end - data);
        }
        CHECK(each->end == place);
    }
    CHECK(place == size && number == found->lines);
    CHECK(events == found->events_count && others == found->others_count);
    check_rejected(found, size);
}

/* -- libFuzzer's door ------------------------------------------------------------------------------ */

static u8 *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    CHECK(file && !fseek(file, 0, SEEK_END));
    *size = (size_t)ftell(file);
    u8 *bytes = malloc(*size);
    CHECK(bytes && !fseek(file, 0, SEEK_SET) && fread(bytes, 1, *size, file) == *size);
    fclose(file);
    return bytes;
}

static u32 read_u32(const u8 **at)
{
    u32 number;
    memcpy(&number, *at, sizeof number);
    *at += sizeof number;
    return number;
}

static scanner *set_up(const u8 *at, const u8 *end, u64 seed, int settings)
{
    scanner *s = dc_open_scanner(seed, ~seed, settings & 1, settings >> 1, CLOCK_MS);
    CHECK(s);
    for (u32 list = 0; list < WORD_LISTS; list++) {
        u32 length = read_u32(&at);
        CHECK(dc_set_words(s, list, at, length));
        at += length;
    }
    while (at < end) {
        u32 length = read_u32(&at);
        rule each;
        memcpy(&each, at + length, sizeof each);
        CHECK(dc_add_rule(s, at, length, &each));
        at += length + sizeof each;
    }
    return s;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    const char *path = getenv("DCEVENTS_SCAN_SETUP");
    CHECK(path);
    size_t size;
    u8 *bytes = read_file(path, &size);
    for (int settings = 0; settings < SETTINGS; settings++) {
        block_scanners[settings] = set_up(bytes, bytes + size, 1, settings);
        line_scanners[settings] = set_up(bytes, bytes + size, 2, settings);
    }
    free(bytes);
    return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    int settings = size ? data[size - 1] % SETTINGS : 0;
    u8 *copy = malloc(size ? size : 1);
    CHECK(copy);
    memcpy(copy, data, size);
    const scan_result *found = dc_scan_block(block_scanners[settings], copy, size);
    CHECK(found);
    check_lines(found, line_scanners[settings], copy, size);
    free(copy);
    return 0;
}
