#include "rows.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST_ESCAPE = 6, MARK_BYTES = 3 };

static const uint8_t MARK[MARK_BYTES] = {0xEF, 0xBB, 0xBF};

/* How a cell, or a row, ends. */
enum ending {
    UNKNOWN, /* not found out yet */
    WELL,
    BROKEN,   /* there is text behind a quoted cell */
    TOO_LONG, /* more bytes than a row may have, over lines */
    OPEN,     /* behind the data */
    ODD,      /* there is no room for it, or no line end behind it */
};

/* One row that is being read. */
struct row {
    const struct dcevents_row_form *form;
    struct dcevents_open_lines *open_lines;
    const uint8_t *data, *begin, *at, *end;
    uint8_t *out, *out_end;
    const uint8_t *mark_end; /* behind the last byte order mark */
    bool is_written;         /* cells beyond those of the header are not */
    bool has_text;
    uint32_t lines; /* line ends in it */
};

static bool put(struct row *row, const uint8_t *bytes, uint64_t size)
{
    if (!row->is_written)
        return true;
    if ((uint64_t)(row->out_end - row->out) < size)
        return false;
    memcpy(row->out, bytes, size);
    row->out += size;
    return true;
}

static bool put_key(struct row *row, uint32_t number)
{
    uint32_t begin = row->form->key_offsets[number];
    return put(row, row->form->keys + begin, row->form->key_offsets[number + 1] - begin);
}

/* Write a byte that JSON has escaped. */
static bool put_escaped(struct row *row, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t text[LONGEST_ESCAPE] = {'\\', 'u', '0', '0', 0, 0};
    if (byte == '"' || byte == '\\') {
        text[1] = byte;
        return put(row, text, 2);
    }
    text[4] = (uint8_t)digits[byte >> 4];
    text[5] = (uint8_t)digits[byte & 15];
    return put(row, text, sizeof text);
}

/* Note whether the byte that is read is text: blanks and byte order marks are not. */
static void note_byte(struct row *row, uint8_t byte)
{
    if (byte >= 0x80) {
        if (row->end - row->at >= MARK_BYTES && memcmp(row->at, MARK, MARK_BYTES) == 0)
            row->mark_end = row->at + MARK_BYTES;
        row->has_text |= row->at >= row->mark_end;
    } else {
        bool is_blank = byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == 0;
        row->has_text |= !is_blank;
    }
}

static bool put_byte(struct row *row, uint8_t byte)
{
    if (!row->has_text)
        note_byte(row, byte);
    if (byte < 0x20 || byte == '"' || byte == '\\')
        return put_escaped(row, byte);
    if (!row->is_written)
        return true;
    if (row->out == row->out_end)
        return false;
    *row->out++ = byte;
    return true;
}

/* Write the bytes that JSON has as they are, up to one that it has not or that `stop` is; return
   false if there is no room. */
static bool put_run(struct row *row, uint8_t stop)
{
    const uint8_t *begin = row->at, *at = begin;
    while (at < row->end && *at >= 0x20 && *at != '"' && *at != '\\' && *at != stop)
        at++;
    row->at = at;
    return put(row, begin, (uint64_t)(at - begin));
}

/* Return what follows a row of CRs. */
static const uint8_t *pass_returns(const struct row *row)
{
    const uint8_t *next = row->at;
    while (next < row->end && *next == '\r')
        next++;
    return next;
}

/* Read a cell up to the delimiter or line end behind it; `at` is left there. */
static enum ending read_plain_cell(struct row *row)
{
    const uint8_t delimiter = row->form->delimiter;
    while (row->at < row->end) {
        if (row->has_text && !put_run(row, delimiter))
            return ODD;
        if (row->at == row->end)
            return ODD;
        uint8_t byte = *row->at;
        if (byte == delimiter || byte == '\n')
            return WELL;
        if (byte == '\r') {
            const uint8_t *next = pass_returns(row);
            if (next == row->end)
                return ODD;
            if (*next == '\n') {
                row->at = next;
                return WELL;
            }
            for (; row->at < next; row->at++)
                if (!put_byte(row, '\r'))
                    return ODD;
            continue;
        }
        if (!put_byte(row, byte))
            return ODD;
        row->at++;
    }
    return ODD;
}

static const uint8_t *find_line_end(const uint8_t *at, const uint8_t *end)
{
    return memchr(at, '\n', (size_t)(end - at));
}

/* Return the place behind the cells of a line that begins within quotes: its line end, or where it
   breaks; NULL if it ends within quotes. */
static const uint8_t *pass_open_line(const uint8_t *at, const uint8_t *line_end, uint8_t delimiter)
{
    for (;;) {
        const uint8_t *quote = memchr(at, '"', (size_t)(line_end - at));
        if (quote == NULL)
            return NULL;
        at = quote + 1;
        if (*at == '"') {
            at++;
            continue;
        }
        while (*at == delimiter && at[1] != '"') {
            at = memchr(at + 1, delimiter, (size_t)(line_end - at - 1));
            if (at == NULL)
                return line_end;
        }
        if (*at != delimiter)
            return at;
        at += 2;
    }
}

/* Walk the last of the open lines: go on to the next, or note how the row ends. */
static void walk_open_line(const struct row *row)
{
    struct dcevents_open_lines *open = row->open_lines;
    const uint8_t *line = row->data + open->last, *line_end = find_line_end(line, row->end);
    if (line_end == NULL) {
        open->ending = line == row->end ? OPEN : ODD;
        return;
    }
    const uint8_t *at = pass_open_line(line, line_end, row->form->delimiter);
    if (at == NULL) {
        open->last = (uint64_t)(line_end + 1 - row->data);
        return;
    }
    const uint8_t *end = line_end;
    while (end > line && end[-1] == '\r')
        end--;
    open->end = (uint64_t)(end - row->data);
    open->ending = at >= end ? WELL : BROKEN;
}

/* Return how a row ends whose quoted cell goes on on the line behind `at`. */
static enum ending find_open_end(const struct row *row)
{
    struct dcevents_open_lines *open = row->open_lines;
    uint64_t line = (uint64_t)(row->at + 1 - row->data);
    uint64_t begin = (uint64_t)(row->begin - row->data), most = row->form->max_row_bytes;
    if (line < open->first || line > open->last)
        *open = (struct dcevents_open_lines){.first = line, .last = line};
    while (open->ending == UNKNOWN && open->last - begin <= most)
        walk_open_line(row);
    if (open->ending == OPEN || open->ending == ODD)
        return (enum ending)open->ending;
    if (open->ending == UNKNOWN || open->end - begin > most)
        return TOO_LONG;
    return (enum ending)open->ending;
}

static enum ending read_quoted_cell(struct row *row)
{
    for (row->at++; row->at < row->end; row->at++) {
        if (row->has_text && !put_run(row, '"'))
            return ODD;
        if (row->at == row->end)
            return ODD;
        uint8_t byte = *row->at;
        if (byte == '"') {
            row->at++;
            if (row->at < row->end && *row->at == '"') {
                if (!put_byte(row, '"'))
                    return ODD;
                continue;
            }
            if (row->at < row->end && *row->at == row->form->delimiter)
                return WELL;
            const uint8_t *next = pass_returns(row);
            if (next == row->end)
                return ODD;
            if (*next != '\n')
                return BROKEN;
            row->at = next;
            return WELL;
        }
        if (byte == '\n' && row->lines++ == 0) {
            enum ending ending = find_open_end(row);
            if (ending != WELL)
                return ending;
        }
        if (!put_byte(row, byte))
            return ODD;
    }
    return ODD;
}

/* Return whether all backslashes of a text are doubled, as a dump of a database has them: what they
   escape is what JSON escapes. */
static bool has_doubled_backslashes(const uint8_t *at, const uint8_t *end)
{
    bool is_found = false;
    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        if (end - at < 3 || at[1] != '\\')
            return false;
        bool is_pair = at[2] == '\\' && end - at > 3 && at[3] == '\\';
        if (!is_pair && (at[2] == '\\' || at[2] == 0 || strchr("\"/bfnrtu", at[2]) == NULL))
            return false;
        at += is_pair ? 4 : 3;
        is_found = true;
    }
    return is_found;
}

/* Write a cell without quotes anew if it stands for nothing, or is JSON with doubled backslashes. */
static void rewrite_plain_cell(struct row *row, const uint8_t *cell, uint8_t *out, bool had_text)
{
    const uint8_t *end = row->at;
    if (*end == '\n')
        while (end > cell && end[-1] == '\r')
            end--;
    size_t size = (size_t)(end - cell);
    if ((size == 4 && memcmp(cell, "NULL", 4) == 0) || (size == 2 && memcmp(cell, "\\N", 2) == 0)) {
        row->out = out;
        row->has_text = had_text;
        return;
    }
    bool may_be_json = row->form->delimiter == '\t' && size > 0 && (*cell == '{' || *cell == '[');
    if (!may_be_json || !has_doubled_backslashes(cell, end))
        return;
    row->out = out;
    for (; cell < end; cell++) {
        put_byte(row, *cell);
        cell += *cell == '\\';
    }
}

static enum ending read_cell(struct row *row)
{
    const uint8_t *cell = row->at;
    uint8_t *out = row->out;
    bool had_text = row->has_text;
    if (cell < row->end && *cell == '"')
        return read_quoted_cell(row);
    enum ending ending = read_plain_cell(row);
    if (ending == WELL)
        rewrite_plain_cell(row, cell, out, had_text);
    return ending;
}

static void pass_marks(struct row *row)
{
    for (;;) {
        if (row->at < row->end && *row->at == 0)
            row->at++;
        else if (row->end - row->at >= MARK_BYTES && memcmp(row->at, MARK, MARK_BYTES) == 0)
            row->at += MARK_BYTES;
        else
            return;
    }
}

/* Read the cells of a row and count them; `at` is left on its line end, or where it breaks. */
static enum ending read_cells(struct row *row, uint32_t *cells)
{
    for (*cells = 0;; row->at++) {
        row->is_written = *cells < row->form->width;
        if (row->is_written && !put_key(row, *cells))
            return ODD;
        enum ending ending = read_cell(row);
        if (ending != WELL)
            return ending;
        ++*cells;
        if (*row->at == '\n')
            return WELL;
    }
}

/* Return whether bytes are UTF-8 as RFC 3629 has it. */
static bool is_utf8_text(const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        uint8_t byte = *at++;
        if (byte < 0x80)
            continue;
        int more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
        if (byte < 0xC2 || byte > 0xF4 || end - at < more)
            return false;
        uint8_t least = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;
        uint8_t most = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;
        if (*at < least || *at > most)
            return false;
        for (int n = 1; n < more; n++)
            if (at[n] < 0x80 || at[n] > 0xBF)
                return false;
        at += more;
    }
    return true;
}

/* Note the lines of a row that is rejected, and go on behind them. */
static void reject(struct dcevents_row_target *target, uint64_t read, uint32_t lines,
                   uint32_t reason)
{
    uint32_t *entry = target->rejects + 3 * (uint64_t)target->rejected++;
    entry[0] = target->line;
    entry[1] = target->line += lines;
    entry[2] = reason;
    target->read = read;
}

/* Return why the lines of a row are rejected, up to their last line end. */
static uint32_t find_reason(const struct row *row, const uint8_t *last, bool is_utf8)
{
    while (last > row->begin && last[-1] == '\r')
        last--;
    if ((uint64_t)(last - row->begin) > row->form->max_row_bytes)
        return DCEVENTS_TOO_LONG;
    return is_utf8 || is_utf8_text(row->begin, last) ? DCEVENTS_INVALID_ROW : DCEVENTS_INVALID_UTF8;
}

/* Take a row with all its cells, up to its line end; return false if there is no room. */
static bool take_row(struct row *row, const uint8_t *last, uint32_t cells, bool is_utf8,
                     struct dcevents_row_target *target)
{
    const struct dcevents_row_form *form = row->form;
    uint32_t lines = row->lines + 1;
    uint64_t read = (uint64_t)(last + 1 - row->data);
    if (!row->has_text) {
        target->blank++;
        target->line += lines;
        target->read = read;
        return true;
    }
    uint32_t reason = find_reason(row, last, is_utf8);
    if (reason != DCEVENTS_INVALID_ROW || cells != form->width) {
        reject(target, read, lines, reason);
        return true;
    }
    const uint8_t *begin = target->lines + target->written;
    row->is_written = true;
    if (!put_key(row, form->width))
        return false;
    uint64_t size = (uint64_t)(row->out - begin);
    if (size != form->header_size || memcmp(begin, form->header, size) != 0) {
        target->numbers[target->rows++] = target->line;
        target->written += size;
    }
    target->line += lines;
    target->read = read;
    return true;
}

/* Read the next row; return false if it is odd. */
static bool read_row(const struct dcevents_row_form *form, const uint8_t *data, uint64_t size,
                     bool is_utf8, struct dcevents_open_lines *open_lines,
                     struct dcevents_row_target *target)
{
    const uint8_t *begin = data + target->read;
    struct row row = {
        .form = form,
        .open_lines = open_lines,
        .data = data,
        .begin = begin,
        .at = begin,
        .end = data + size,
        .out = target->lines + target->written,
        .out_end = target->lines + target->capacity,
        .mark_end = begin,
    };
    pass_marks(&row);
    uint32_t cells = 0;
    enum ending ending = read_cells(&row, &cells);
    target->is_open = ending == OPEN;
    if (ending == ODD || ending == OPEN)
        return false;
    if (ending == WELL)
        return take_row(&row, row.at, cells, is_utf8, target);
    /* Reading goes on with the line behind the one on which the row began. */
    const uint8_t *first = find_line_end(begin, row.end);
    if (first == NULL)
        return false;
    uint32_t reason = ending == TOO_LONG ? DCEVENTS_TOO_LONG : find_reason(&row, first, is_utf8);
    reject(target, (uint64_t)(first + 1 - data), 1, reason);
    return true;
}

void dcevents_read_rows(const struct dcevents_row_form *form, const uint8_t *data, uint64_t size,
                        int is_utf8, struct dcevents_open_lines *open_lines,
                        struct dcevents_row_target *target)
{
    target->rows = target->rejected = target->blank = 0;
    target->written = 0;
    target->is_open = 0;
    while (target->read < size && target->rows < target->max_rows &&
           target->rejected < target->max_rows &&
           read_row(form, data, size, is_utf8, open_lines, target))
        ;
}
