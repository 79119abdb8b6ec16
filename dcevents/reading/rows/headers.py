"""The header of a CSV, known by what it says and by the rows under it, never by a file's name."""

import heapq
import re
from itertools import islice
from typing import Final, NamedTuple

from dcevents.reading.json_value import decode
from dcevents.reading.judge import Context, is_body_key
from dcevents.reading.judge.keys import (
    NOT_SID,
    PAGE,
    SESSION,
    fold_key,
    is_event_key,
    is_plainly_conversation,
    is_time_key,
    match_adobe_key,
)
from dcevents.reading.records import RecordReader, has_event
from dcevents.reading.rows.cells import MARKS, split_line
from dcevents.reading.rows.forms import RowForm
from dcevents.reading.rows.native import make_native_rows
from dcevents.reading.rows.splitting import (
    BLANK_ROW,
    SplitRows,
    split_rows,
)
from dcevents.reading.rows.table_search import TableSearch
from dcevents.reading.sources import sizes

DELIMITERS: Final = (",", ";", "\t", "|")
_SEPARATOR_LINE: Final = re.compile(rb"(?:\xef\xbb\xbf|\0)*sep=([,;\t|])\r?\n", re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""
_NAME: Final = re.compile(r"[^\W\d][^{}\[\]\"\0-\x1f]*|[@$_#.][^{}\"\0-\x1f]*|")
"""A header's cell; an index of rows has none."""
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
_QUOTED_OBJECT: Final = re.compile(rb'"\s*[{\[][\s\[{]*""')
"""The beginning of JSON as only a cell of CSV has it, with its quotes doubled."""
_BLANK_LINES: Final = re.compile(rb"(?:[ \t\r\0]*(?:\xef\xbb\xbf[ \t\r\0]*)*\n)*")
_MAX_NAME_CHARACTERS: Final = 200
_MAX_HEADER_BYTES: Final = 1 << 14
_MAX_ROWS: Final = 100
"""First rows, or lines before them, that say whether an input is a CSV."""


class RowHeader(NamedTuple):
    """The header of an input, by which its rows are read."""

    form: RowForm
    size: int
    """Bytes up to the first row."""
    lines: int
    """Lines up to the first row."""
    blank: int = 0
    """Blank lines before the header."""


def search_table(head: bytes, context: Context, *, is_whole: bool) -> TableSearch:
    """Look for a header in the first bytes of an input.

    Under a header are an event key and a sid, or a row that is an event, or JSON in its cells as
    only CSV writes it. A line that is an event by itself before the first row is none's header.
    """
    table = find_header(head)
    if table is None:
        return TableSearch(None)
    may_grow = not is_whole and len(head) < sizes.TAIL_BYTES
    end = len(head) if is_whole else head.rfind(b"\n") + 1
    if end < table.size:
        return TableSearch(None, is_open=may_grow)
    found = _split_head(head[table.size : end], table)
    if _has_event_line(found, context):
        return TableSearch(None)
    if _has_event_row(found, table.form, context):
        return TableSearch(table)
    if _names_events(table.form.names):
        return TableSearch(table, is_open=may_grow and not found.lines)
    return TableSearch(None, is_open=may_grow)


def has_event_row(head: bytes, table: RowHeader, context: Context) -> bool:
    """Return whether a row in an input's first bytes is an event."""
    found = _split_head(head[table.size :], table)
    rows = (found.read_row(line) for line in found.lines)
    return any(has_event(table.form.make_object(cells), context) for cells, _ in rows)


def _split_head(rows: bytes, table: RowHeader) -> SplitRows:
    native = make_native_rows(table.form)
    return split_rows(rows, table.form, find_last_event=lambda _: -1, native=native)


def find_header(head: bytes) -> RowHeader | None:
    """Return the first line of an input as a header; None where it cannot be one."""
    blank = _BLANK_LINES.match(head)
    begin = blank.end() if blank else 0
    told = _SEPARATOR_LINE.match(head, begin)
    size = told.end() if told else begin
    end = head.find(b"\n", size, size + _MAX_HEADER_BYTES)
    if end < 0 and len(head) - size > _MAX_HEADER_BYTES:
        return None
    line = head[size:end] if end >= 0 else head[size : size + _MAX_HEADER_BYTES]
    # Names that are no UTF-8 stand over columns that may still be read.
    text = line.decode(errors="replace").rstrip("\r").lstrip(MARKS)
    delimiter = told[1].decode() if told else _find_delimiter(text)
    names = split_line(text, delimiter)
    if not names or not any(names) or not all(map(_NAME.fullmatch, names)):
        return None
    if max(map(len, names)) > _MAX_NAME_CHARACTERS:
        # Rows would be written with it, each of them.
        return None
    size = end + 1 if end >= 0 else len(head)
    form = RowForm(delimiter, tuple(names))
    return RowHeader(form, size, head.count(b"\n", 0, size), head.count(b"\n", 0, begin))


def _find_delimiter(header: str) -> str:
    """Return the delimiter that a header has most often outside quotes."""
    bare = _QUOTED.sub("", header)
    return max(DELIMITERS, key=bare.count)


def _names_events(names: tuple[str, ...]) -> bool:
    """Return whether a header has an event key and a sid."""
    keys = [name.rpartition(".")[2] for name in names if fold_key(name) != NOT_SID]
    has_sid = any(match_adobe_key(key) == "sid" for key in keys) or (
        any(fold_key(key) == SESSION for key in keys) and any(map(is_plainly_conversation, keys))
    )
    return has_sid and any(map(is_event_key, keys))


def _has_event_line(found: SplitRows, context: Context) -> bool:
    """Return whether lines before the first row hold an event as JSON."""
    first = found.lines[0] if found.lines else found.source.count
    odd = heapq.merge(found.odd, found.list_rejects())
    before = (row for row in odd if row.line < first and row.bucket != BLANK_ROW)
    raws = (found.source.read_raw(row.line, row.end) for row in islice(before, _MAX_ROWS))
    lines = b"".join(raw + b"\n" for raw in raws)
    reader = RecordReader(context)
    return any(record.event for record in (*reader.feed(lines), *reader.finish()))


def _has_event_row(found: SplitRows, form: RowForm, context: Context) -> bool:
    """Return whether a row is an event, or has JSON as only a cell has it."""
    is_known = bool(context.mapping) or any(map(_is_known, form.names))
    for line in found.lines[:_MAX_ROWS]:
        cells, end = found.read_row(line)
        raw = found.source.read_raw(line, end)
        if _QUOTED_OBJECT.search(raw) and any(map(_is_object, cells)):
            return True
        if is_known and has_event(form.make_object(cells), context):
            return True
    return False


def _is_object(cell: str) -> bool:
    try:
        return isinstance(decode(cell), dict | list)
    except ValueError:
        return False


def _is_known(name: str) -> bool:
    """Return whether a name is one that records of events have."""
    key = name.rpartition(".")[2]
    return (
        is_body_key(key)
        or is_event_key(key)
        or is_time_key(key)
        or match_adobe_key(key) is not None
        or is_plainly_conversation(key)
        or fold_key(key) in PAGE
    )
