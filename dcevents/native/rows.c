#include "rows.h"

#include <stdbool.h>
#include <string.h>

enum { BYTE_ORDER_MARK = 0xEF, LONGEST_ESCAPE = 6 };

/* How a cell, or a row, ends. */
enum ending { WELL, BROKEN, ODD };

/* One row that is being read. */
struct row {
    const uint8_t *at, *end;
    uint8_t *out, *out_end;
    bool is_written; /* cells beyond those of the header are not */
    bool has_text, has_doubt;
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

static bool put_key(struct row *row, const struct dcevents_row_form *form, uint32_t number)
{
    uint32_t begin = form->key_offsets[number];
    return put(row, form->keys + begin, form->key_offsets[number + 1] - begin);
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

/* Note whether a byte is text: what is blank is not, and bytes of marks or of no UTF-8 may not be. */
static void note_byte(struct row *row, uint8_t byte)
{
    if (byte >= 0x80) {
        bool is_doubtful = byte < 0xC2 || byte > 0xF4 || byte == BYTE_ORDER_MARK;
        row->has_text |= !is_doubtful;
        row->has_doubt |= is_doubtful;
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

/* Return what follows a row of CRs. */
static const uint8_t *pass_returns(const struct row *row)
{
    const uint8_t *next = row->at;
    while (next < row->end && *next == '\r')
        next++;
    return next;
}

/* Read a cell up to the delimiter or line end behind it; `at` is left there. */
static enum ending read_plain_cell(struct row *row, uint8_t delimiter)
{
    while (row->at < row->end) {
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

static enum ending read_quoted_cell(struct row *row, uint8_t delimiter)
{
    for (row->at++; row->at < row->end; row->at++) {
        uint8_t byte = *row->at;
        if (byte == '"') {
            row->at++;
            if (row->at < row->end && *row->at == '"') {
                if (!put_byte(row, '"'))
                    return ODD;
                continue;
            }
            if (row->at < row->end && *row->at == delimiter)
                return WELL;
            const uint8_t *next = pass_returns(row);
            if (next == row->end)
                return ODD;
            if (*next != '\n')
                return BROKEN;
            row->at = next;
            return WELL;
        }
        row->lines += byte == '\n';
        if (!put_byte(row, byte))
            return ODD;
    }
    return ODD;
}

static enum ending read_cell(struct row *row, uint8_t delimiter)
{
    bool is_quoted = row->at < row->end && *row->at == '"';
    return is_quoted ? read_quoted_cell(row, delimiter) : read_plain_cell(row, delimiter);
}

static void pass_marks(struct row *row)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    for (;;) {
        if (row->at < row->end && *row->at == 0)
            row->at++;
        else if (row->end - row->at >= 3 && memcmp(row->at, mark, sizeof mark) == 0)
            row->at += sizeof mark;
        else
            return;
    }
}

/* Read the cells of a row and count them; `at` is left on its line end, or where it breaks. */
static enum ending read_cells(struct row *row, const struct dcevents_row_form *form,
                              uint32_t *cells)
{
    for (*cells = 0;; row->at++) {
        row->is_written = *cells < form->width;
        if (row->is_written && !put_key(row, form, *cells))
            return ODD;
        const uint8_t *cell = row->out;
        enum ending ending = read_cell(row, form->delimiter);
        if (ending != WELL)
            return ending;
        uint64_t size = (uint64_t)(row->out - cell);
        if (*cells == 0 && size == form->first_name_size &&
            memcmp(cell, form->first_name, size) == 0 && row->has_text)
            return ODD;
        ++*cells;
        if (*row->at == '\n')
            return WELL;
    }
}

static const uint8_t *find_line_end(const uint8_t *at, const uint8_t *end)
{
    return memchr(at, '\n', (size_t)(end - at));
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
static void reject(struct dcevents_row_target *target, const uint8_t *data, const uint8_t *end,
                   uint32_t lines, bool is_utf8)
{
    uint32_t *entry = target->rejects + 3 * (uint64_t)target->rejected++;
    entry[0] = target->line;
    entry[1] = target->line += lines;
    entry[2] = is_utf8 ? DCEVENTS_INVALID_ROW : DCEVENTS_INVALID_UTF8;
    target->read = (uint64_t)(end - data);
}

/* Read the next row; return false if it is odd. */
static bool read_row(const struct dcevents_row_form *form, const uint8_t *data, uint64_t size,
                     bool is_utf8, struct dcevents_row_target *target)
{
    const uint8_t *begin = data + target->read;
    struct row row = {
        .at = begin,
        .end = data + size,
        .out = target->lines + target->written,
        .out_end = target->lines + target->capacity,
    };
    pass_marks(&row);
    uint32_t cells = 0;
    enum ending ending = read_cells(&row, form, &cells);
    if (ending == ODD)
        return false;
    const uint8_t *last = find_line_end(row.at, row.end);
    if (last == NULL || (uint64_t)(last - begin) > form->max_row_bytes)
        return false;
    if (ending == BROKEN) {
        /* Reading goes on with the line behind the one on which the row began. */
        const uint8_t *first = find_line_end(begin, row.end);
        reject(target, data, first + 1, 1, is_utf8 || is_utf8_text(begin, first));
        return true;
    }
    uint32_t lines = row.lines + 1;
    if (!row.has_text) {
        if (row.has_doubt)
            return false;
        target->blank++;
        target->line += lines;
        target->read = (uint64_t)(last + 1 - data);
        return true;
    }
    is_utf8 = is_utf8 || is_utf8_text(begin, last);
    if (cells != form->width || !is_utf8) {
        reject(target, data, last + 1, lines, is_utf8);
        return true;
    }
    row.is_written = true;
    if (!put_key(&row, form, form->width))
        return false;
    target->numbers[target->rows++] = target->line;
    target->line += lines;
    target->read = (uint64_t)(last + 1 - data);
    target->written = (uint64_t)(row.out - target->lines);
    return true;
}

void dcevents_read_rows(const struct dcevents_row_form *form, const uint8_t *data, uint64_t size,
                        int is_utf8, struct dcevents_row_target *target)
{
    target->rows = target->rejected = target->blank = 0;
    target->read = target->written = 0;
    while (target->read < size && target->rows < target->max_rows &&
           target->rejected < target->max_rows && read_row(form, data, size, is_utf8, target))
        ;
}
