"""Whole lines to rows of cells, as RFC 4180 has them, exactly.

Python's `csv` reads what is well; the rows that it refuses are read here, cell by cell.
"""

import codecs
import csv
import io
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import accumulate
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.rows.forms import Cells, RowForm
from dcevents.reading.rows.native import REASONS, NativeRows

BLANK: Final = " \t\r\n\0\ufeff"
"""What blank rows are made of, beside delimiters."""
MARKS: Final = "\ufeff\0"
"""What may stand before a row, and is passed over."""
BLANK_ROW: Final = "blank"
INCOMPLETE: Final = "incomplete"
TOO_LONG: Final = "too_long"
INVALID_UTF8: Final = "invalid_utf8"
INVALID_ROW: Final = "invalid_row"

_FIRST_VISIBLE: Final = "!"
"""A text that is not less than this begins with a character that is not blank."""
_NO_UTF8: Final = re.compile("[\udc80-\udcff]")
_MAX_CHARACTER_BYTES: Final = 4

HoldsEvent = Callable[[Cells], bool]
"""Tells of as many cells as there are names whether they are an event."""


class OddRow(NamedTuple):
    """A row that has no cells to be read, by its lines."""

    line: int
    """Number of the first line, from 0 on."""
    end: int
    """Number of the line behind the last."""
    bucket: str
    """`blank`, `incomplete`, or why it is rejected."""


class Lines:
    """Whole lines of an input, as bytes and, where they are asked for, as texts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.count = data.count(b"\n") + (not data.endswith(b"\n") if data else 0)

    @cached_property
    def _decoded(self) -> tuple[str, bool]:
        try:
            return self.data.decode(), True
        except UnicodeDecodeError:
            return self.data.decode(errors="surrogateescape"), False

    @property
    def text(self) -> str:
        """The lines as one text: each byte that is no UTF-8 stands as half a pair."""
        return self._decoded[0]

    @property
    def is_utf8(self) -> bool:
        """Return whether the bytes are UTF-8."""
        return self._decoded[1]

    @cached_property
    def texts(self) -> list[str]:
        """The lines, each with its end."""
        return io.StringIO(self.text, newline="\n").readlines()

    @cached_property
    def _ends(self) -> list[int]:
        ends = list(accumulate(len(line) + 1 for line in self.data.split(b"\n")))
        ends[-1] -= 1
        return ends

    def find_offset(self, line: int) -> int:
        """Return where a line begins."""
        return self._ends[line - 1] if line else 0

    def read_raw(self, line: int, end: int) -> bytes:
        """Return the bytes of lines, without the end of the last."""
        raw = self.data[self.find_offset(line) : self.find_offset(end)]
        return raw.removesuffix(b"\n").rstrip(b"\r")


@dataclass
class SplitRows:
    """The rows of some lines, which are numbered from 0 on."""

    source: Lines
    form: RowForm
    objects: list[bytes] = field(default_factory=list)
    """Rows with as many cells as the header, as lines of JSON."""
    lines: "array[int]" = field(default_factory=lambda: array("I"))
    """Number of the first line of each of these rows."""
    odd: list[OddRow] = field(default_factory=list)
    """Other rows that were read in Python."""
    rejects: "array[int]" = field(default_factory=lambda: array("I"))
    """Rejected rows that were read in C (`NativeResult.rejects`)."""
    blank: int = 0
    """Number of rows without text that were read in C."""
    open_line: int | None = None
    """First line of a row that goes on behind the last line."""

    def list_rejects(self) -> Iterator[OddRow]:
        """Yield the rejected rows that were read in C."""
        numbers = iter(self.rejects)
        for line, end, reason in zip(numbers, numbers, numbers, strict=True):
            yield OddRow(line, end, REASONS[reason])

    def read_row(self, line: int) -> tuple[Cells, int]:
        """Return the cells of a row that was found, and the line behind it."""
        cells, end = _split_cells(self.source.texts, line, self.form.delimiter, lambda _: False)
        assert isinstance(cells, list)  # noqa: S101 - it was found
        return cells, end


class _Ending(Enum):
    """Say why a row has no cells."""

    OPEN = 1
    """A quoted cell has not ended."""
    BROKEN = 2
    """A quoted cell has text behind it."""
    TOO_LONG = 3


def split_rows(
    data: bytes,
    form: RowForm,
    *,
    more_bytes: int = 0,
    holds_event: HoldsEvent | None = None,
    native: NativeRows | None = None,
) -> SplitRows:
    """Return the rows of whole lines.

    `more_bytes` of a line behind them are there. `holds_event` is given for the last lines of an
    input: a row that never ends is broken off before a line that is an event by itself. `native`
    reads rows about which nothing is odd.
    """
    lines = Lines(data)
    return _Splitter(lines, form, more_bytes, holds_event, native).split()


class _Splitter:
    """The rows of some lines, one after the other."""

    def __init__(
        self,
        lines: Lines,
        form: RowForm,
        more_bytes: int,
        holds_event: HoldsEvent | None,
        native: NativeRows | None,
    ) -> None:
        self._lines = lines
        self._form, self._names = form, list(form.names)
        self._more_bytes, self._holds_event = more_bytes, holds_event
        self._native = native
        self._found = SplitRows(lines, form)

    @cached_property
    def _has_marks(self) -> bool:
        return any(mark in self._lines.text for mark in MARKS)

    @cached_property
    def _has_long(self) -> bool:
        longest = max(map(len, self._lines.texts), default=0)
        return longest * _MAX_CHARACTER_BYTES > MAX_RECORD_BYTES

    def split(self) -> SplitRows:
        """Return the rows."""
        at, offset = 0, 0
        while at < self._lines.count:
            if self._native:
                data, is_utf8 = self._lines.data, self._lines.is_utf8
                rows = self._native.read(data, offset, at, is_utf8=is_utf8)
                self._found.objects.append(rows.objects)
                self._found.lines.frombytes(rows.numbers)
                self._found.rejects.frombytes(rows.rejects)
                self._found.blank += rows.blank
                at, offset = rows.line, offset + rows.read
            else:
                at = self._read_plain(at)
            if at < self._lines.count:
                at = self._read_odd(at)
                offset = self._lines.find_offset(at) if self._native else 0
        return self._found

    def _read_plain(self, at: int) -> int:
        """Read rows up to one that needs a closer look; return its first line."""
        if not self._lines.is_utf8 or self._has_marks or self._has_long:
            return at
        begin, width, names = at, len(self._names), self._names
        written, count = list[str](), self._lines.count
        add_object, add_line = written.append, self._found.lines.append
        template, encode = self._form.template, encode_basestring
        reader = csv.reader(self._list_from(at), delimiter=self._form.delimiter, strict=True)
        try:
            for cells in reader:
                end = at + reader.line_num
                if (
                    len(cells) != width
                    or cells[0] < _FIRST_VISIBLE
                    or cells == names
                    or end != begin + 1
                    or end == count
                ):
                    break
                add_object(template % tuple(map(encode, cells)))
                add_line(begin)
                begin = end
        except csv.Error:
            pass
        self._found.objects.append("".join(written).encode())
        return begin

    def _list_from(self, at: int) -> Iterator[str]:
        texts = self._lines.texts
        return iter(texts) if not at else map(texts.__getitem__, range(at, len(texts)))

    def _is_short(self, begin: int, end: int) -> bool:
        if len(self._lines.data) <= MAX_RECORD_BYTES:
            return True
        return len(self._lines.read_raw(begin, end)) <= MAX_RECORD_BYTES

    # -- rows that need a closer look ------------------------------------------------------------

    def _read_odd(self, at: int) -> int:
        """Read one row; return the line behind it, or behind the one that is rejected."""
        cells, end = self._split_row(at)
        if isinstance(cells, list):
            self._add(cells, at, end)
            return end
        if cells is _Ending.OPEN and self._holds_event is None:
            self._found.open_line = at
            return self._lines.count
        if cells is _Ending.OPEN and not self._hides_event(at + 1):
            self._found.odd.append(OddRow(at, self._lines.count, INCOMPLETE))
            return self._lines.count
        reason = TOO_LONG if cells is _Ending.TOO_LONG else INVALID_ROW
        self._found.odd.append(OddRow(at, at + 1, self._find_reason(at, reason)))
        return at + 1

    def _find_reason(self, line: int, reason: str) -> str:
        if self._has_long and not self._is_short(line, line + 1):
            return TOO_LONG
        is_text = reason == TOO_LONG or _NO_UTF8.search(self._lines.texts[line]) is None
        return reason if is_text else INVALID_UTF8

    def _hides_event(self, begin: int) -> bool:
        """Return whether one of the last lines is by itself a row with an event."""
        return any(
            cells is not None
            and len(cells) == len(self._names)
            and self._holds_event is not None
            and self._holds_event(cells)
            for cells in (
                split_line(each, self._form.delimiter) for each in self._lines.texts[begin:]
            )
        )

    def _split_row(self, at: int) -> tuple[Cells | _Ending, int]:
        """Return the cells of a row, or why it has none, and the line behind it."""
        cells, end = _split_cells(
            self._lines.texts, at, self._form.delimiter, lambda end: self._is_long(at, end)
        )
        is_long = cells is _Ending.OPEN and self._is_long(at, end, self._more_bytes)
        is_long |= cells is not _Ending.OPEN and end > at + 1 and not self._is_short(at, end)
        return (_Ending.TOO_LONG if is_long else cells), end

    def _is_long(self, begin: int, end: int, more: int = 0) -> bool:
        """Return whether lines that hold no whole row are longer than a row may be."""
        if len(self._lines.data) + more <= MAX_RECORD_BYTES:
            return False
        size = self._lines.find_offset(end) - self._lines.find_offset(begin)
        return size + more > MAX_RECORD_BYTES

    def _add(self, cells: Cells, begin: int, end: int) -> None:
        """Add a row, or what is wrong with it."""
        if not "".join(cells).strip(BLANK):
            self._found.odd.append(OddRow(begin, end, BLANK_ROW))
        elif bucket := self._find_fault(cells, begin, end):
            self._found.odd.append(OddRow(begin, end, bucket))
        elif cells != self._names:
            written = self._form.template % tuple(map(encode_basestring, cells))
            self._found.objects.append(written.encode())
            self._found.lines.append(begin)

    def _find_fault(self, cells: Cells, begin: int, end: int) -> str | None:
        """Return why a row is none; None for a row."""
        if self._has_long and len(self._lines.read_raw(begin, end)) > MAX_RECORD_BYTES:
            return TOO_LONG
        is_cut = end == self._lines.count and not self._lines.data.endswith(b"\n")
        if is_cut and (len(cells) < len(self._names) or _ends_within_character(self._lines.data)):
            return INCOMPLETE
        if not self._lines.is_utf8 and any(map(_NO_UTF8.search, cells)):
            return INVALID_UTF8
        return None if len(cells) == len(self._names) else INVALID_ROW


def split_line(line: str, delimiter: str) -> Cells | None:
    """Return the cells of a row on one line; None for a line that is none."""
    cells, _ = _split_cells([line], 0, delimiter, lambda _: False)
    return cells if isinstance(cells, list) else None


def _split_cells(
    lines: Sequence[str], at: int, delimiter: str, is_long: Callable[[int], bool]
) -> tuple[Cells | _Ending, int]:
    """Return the cells of the row that begins on a line, or why it has none.

    And the line behind. `is_long` tells of the line behind some lines without a whole row.
    """
    text, place, cells = lines[at].lstrip(MARKS), 0, list[str]()
    while True:
        if not text.startswith('"', place):
            stop = text.find(delimiter, place)
            if stop < 0:
                cells.append(text[place:].removesuffix("\n").rstrip("\r"))
                return cells, at + 1
            cells.append(text[place:stop])
            place = stop + 1
            continue
        parts, place = list[str](), place + 1
        while (end := _find_cell_end(text, place)) is None:
            parts.append(text[place:])
            at += 1
            if at == len(lines) or is_long(at):
                return (_Ending.OPEN if at == len(lines) else _Ending.TOO_LONG), at
            text, place = lines[at], 0
        parts.append(text[place:end])
        cells.append("".join(parts).replace('""', '"'))
        if not text[end + 1 :].strip("\r\n"):
            return cells, at + 1
        if text[end + 1] != delimiter:
            return _Ending.BROKEN, at + 1
        place = end + 2


def _find_cell_end(text: str, begin: int) -> int | None:
    """Return the place of the quote that ends a cell; None where none does."""
    at = text.find('"', begin)
    while at >= 0 and text[at + 1 : at + 2] == '"':
        at = text.find('"', at + 2)
    return None if at < 0 else at


def _ends_within_character(data: bytes) -> bool:
    """Return whether bytes end in the middle of a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(data[-_MAX_CHARACTER_BYTES:])
    return bool(decoder.getstate()[0])
