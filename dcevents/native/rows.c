#include "rows.h"

#include <stdbool.h>
#include <string.h>

enum { FIRST_VISIBLE = 0x21, BYTE_ORDER_MARK = 0xEF, LONGEST_ESCAPE = 6 };

/* One row that is being written. */
struct row {
    const uint8_t *at, *end;
    uint8_t *out, *out_end;
    bool has_text;
    uint32_t lines; /* line ends in it */
};

static bool put(struct row *row, const uint8_t *bytes, uint64_t size)
{
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

static bool put_byte(struct row *row, uint8_t byte)
{
    if (byte >= FIRST_VISIBLE && byte != BYTE_ORDER_MARK && (byte < 0x80 || byte >= 0xC2))
        row->has_text = true;
    if (byte < 0x20 || byte == '"' || byte == '\\')
        return put_escaped(row, byte);
    if (row->out == row->out_end)
        return false;
    *row->out++ = byte;
    return true;
}

/* Write a cell up to the delimiter or line end behind it; `at` is left there. */
static bool put_plain_cell(struct row *row, uint8_t delimiter)
{
    for (; row->at < row->end; row->at++) {
        uint8_t byte = *row->at;
        if (byte == delimiter || byte == '\n')
            return true;
        if (byte == '\r') {
            const uint8_t *next = row->at;
            while (next < row->end && *next == '\r')
                next++;
            if (next == row->end || *next != '\n')
                return false;
            row->at = next;
            return true;
        }
        if (!put_byte(row, byte))
            return false;
    }
    return false;
}

static bool put_quoted_cell(struct row *row, uint8_t delimiter)
{
    for (row->at++; row->at < row->end; row->at++) {
        uint8_t byte = *row->at;
        if (byte == '"') {
            row->at++;
            if (row->at < row->end && *row->at == '"') {
                if (!put_byte(row, '"'))
                    return false;
                continue;
            }
            while (row->at < row->end && *row->at == '\r')
                row->at++;
            if (row->at == row->end)
                return false;
            /* A CR belongs to a line end only. */
            return *row->at == '\n' || (*row->at == delimiter && row->at[-1] != '\r');
        }
        row->lines += byte == '\n';
        if (!put_byte(row, byte))
            return false;
    }
    return false;
}

static bool put_cell(struct row *row, uint8_t delimiter)
{
    bool is_quoted = row->at < row->end && *row->at == '"';
    return is_quoted ? put_quoted_cell(row, delimiter) : put_plain_cell(row, delimiter);
}

/* Write a row; `at` is left behind its line end. */
static bool put_row(struct row *row, const struct dcevents_row_form *form)
{
    const uint8_t *begin = row->at;
    if (*begin == 0 || *begin == BYTE_ORDER_MARK)
        return false;
    for (uint32_t number = 0; number < form->width; number++) {
        if (!put_key(row, form, number))
            return false;
        const uint8_t *cell = row->out;
        if (!put_cell(row, form->delimiter))
            return false;
        uint64_t size = (uint64_t)(row->out - cell);
        if (number == 0 && size == form->first_name_size &&
            memcmp(cell, form->first_name, size) == 0)
            return false;
        if ((*row->at == '\n') != (number == form->width - 1))
            return false;
        row->at++;
    }
    row->lines++;
    return row->has_text && (uint64_t)(row->at - begin) <= form->max_row_bytes &&
           put_key(row, form, form->width);
}

void dcevents_write_rows(const struct dcevents_row_form *form, const uint8_t *data, uint64_t size,
                         struct dcevents_row_target *target)
{
    target->rows = 0;
    target->read = target->written = 0;
    while (target->read < size && target->rows < target->max_rows) {
        struct row row = {
            .at = data + target->read,
            .end = data + size,
            .out = target->lines + target->written,
            .out_end = target->lines + target->capacity,
        };
        if (!put_row(&row, form))
            return;
        target->numbers[target->rows++] = target->line;
        target->line += row.lines;
        target->read = (uint64_t)(row.at - data);
        target->written = (uint64_t)(row.out - target->lines);
    }
}
