"""Whole lines to rows, and what is no row.

Python's `csv` reads what is well; the rows that it refuses are read cell by cell.
"""

import codecs
import csv
import io
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, takewhile
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.rows.cells import (
    MARKS,
    Ending,
    OpenLines,
    join_lines,
    split_cells,
    split_line,
)
from dcevents.reading.rows.forms import Cells, RowForm
from dcevents.reading.rows.native import REASONS, NativeBlock, NativeRows

BLANK: Final = " \t\r\n\0\ufeff"
"""What blank rows are made of, beside delimiters."""
BLANK_ROW: Final = "blank"
INCOMPLETE: Final = "incomplete"
TOO_LONG: Final = "too_long"
INVALID_UTF8: Final = "invalid_utf8"
INVALID_ROW: Final = "invalid_row"

_FIRST_VISIBLE: Final = "!"
"""A text that is not less than this begins with a character that is not blank."""
_NO_UTF8: Final = re.compile("[\udc80-\udcff]")
_MAX_CHARACTER_BYTES: Final = 4

_IS_UNSURE: Final = re.compile(r"NULL|\\")
"""Part of a line that may have a cell to be written anew."""

FindLastEvent = Callable[[Sequence[Cells]], int]
"""Finds the last of some rows that is an event, by its place; -1 if none is. Each has as many cells
as there are names.
"""


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
        self._text_end = (0, 0)
        """A line that was asked for, and where the text before it ends."""

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

    def measure(self, line: int, end: int) -> int:
        """Return how many bytes lines have, without the end of the last."""
        if self._text_end[0] != end:
            last = self.read_raw(end - 1, end)
            self._text_end = end, self.find_offset(end - 1) + len(last)
        return self._text_end[1] - self.find_offset(line)

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
        return join_lines(self.source.texts, line, self.form.delimiter)


def split_rows(
    data: bytes,
    form: RowForm,
    *,
    more_bytes: int = 0,
    find_last_event: FindLastEvent | None = None,
    native: NativeRows | None = None,
) -> SplitRows:
    """Return the rows of whole lines.

    `more_bytes` of a line behind them are there. `find_last_event` is given for the last lines of
    an input: a row that never ends is broken off before a line that is an event by itself. `native`
    reads rows about which nothing is odd.
    """
    lines = Lines(data)
    return _Splitter(lines, form, more_bytes, find_last_event, native).split()


class _Splitter:
    """The rows of some lines, one after the other."""

    def __init__(
        self,
        lines: Lines,
        form: RowForm,
        more_bytes: int,
        find_last_event: FindLastEvent | None,
        native: NativeRows | None,
    ) -> None:
        self._lines = lines
        self._form, self._names = form, list(form.names)
        self._more_bytes, self._find_last_event = more_bytes, find_last_event
        self._native = native
        self._found = SplitRows(lines, form)

    @cached_property
    def _open_lines(self) -> "OpenLines":
        return OpenLines(self._lines.texts, self._form.delimiter)

    @cached_property
    def _has_marks(self) -> bool:
        return any(mark in self._lines.text for mark in MARKS)

    @cached_property
    def _has_long(self) -> bool:
        longest = max(map(len, self._lines.texts), default=0)
        return longest * _MAX_CHARACTER_BYTES > MAX_RECORD_BYTES

    def split(self) -> SplitRows:
        """Return the rows."""
        if self._native:
            block = self._native.open_block(self._lines.data, is_utf8=self._lines.is_utf8)
        at = 0
        while at < self._lines.count:
            ending = None
            if self._native:
                at, ending = self._read_native(block, at)
            else:
                at = self._read_plain(at)
            if at < self._lines.count:
                at = self._read_odd(at, ending)
        return self._found

    def _read_native(self, block: NativeBlock, at: int) -> tuple[int, "Ending | None"]:
        """Read rows in C up to one that needs a closer look; return its first line.

        And how it ends, if that was found out.
        """
        rows = block.read(self._lines.find_offset(at), at)
        self._found.objects.append(rows.objects)
        self._found.lines.frombytes(rows.numbers)
        self._found.rejects.frombytes(rows.rejects)
        self._found.blank += rows.blank
        return rows.line, Ending.OPEN if rows.is_open else None

    def _read_plain(self, at: int) -> int:
        """Read rows up to one that needs a closer look; return its first line."""
        if not self._lines.is_utf8 or self._has_marks or self._has_long:
            return at
        begin, width, names = at, len(self._names), self._names
        written, count = list[str](), self._lines.count
        add_object, add_line = written.append, self._found.lines.append
        template, encode = self._form.template, encode_basestring

        def list_lines() -> Iterator[str]:
            # A row that goes on is not read here, and may go on far.
            texts = self._lines.texts
            return (texts[line] for line in takewhile(lambda line: line == begin, range(at, count)))

        reader = csv.reader(list_lines(), delimiter=self._form.delimiter, strict=True)
        try:
            for cells in reader:
                end = at + reader.line_num
                if (
                    len(cells) != width
                    or _IS_UNSURE.search(self._lines.texts[begin])
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

    def _is_short(self, begin: int, end: int) -> bool:
        if len(self._lines.data) <= MAX_RECORD_BYTES:
            return True
        return self._lines.measure(begin, end) <= MAX_RECORD_BYTES

    # -- rows that need a closer look ------------------------------------------------------------

    def _read_odd(self, at: int, ending: Ending | None) -> int:
        """Read one row; return the line behind it, or behind the one that is rejected."""
        if ending is None:
            ending = self._find_ending(at)
        if ending is Ending.OPEN and self._is_long(at, self._lines.count, self._more_bytes):
            ending = Ending.TOO_LONG
        if ending is Ending.WELL:
            cells, end = self._found.read_row(at)
            self._add(cells, at, end)
            return end
        if ending is Ending.OPEN and self._find_last_event is None:
            self._found.open_line = at
            return self._lines.count
        if ending is Ending.OPEN and self._last_event_line <= at:
            self._found.odd.append(OddRow(at, self._lines.count, INCOMPLETE))
            return self._lines.count
        reason = TOO_LONG if ending is Ending.TOO_LONG else INVALID_ROW
        self._found.odd.append(OddRow(at, at + 1, self._find_reason(at, reason)))
        return at + 1

    def _find_reason(self, line: int, reason: str) -> str:
        if self._has_long and not self._is_short(line, line + 1):
            return TOO_LONG
        is_text = reason == TOO_LONG or _NO_UTF8.search(self._lines.texts[line]) is None
        return reason if is_text else INVALID_UTF8

    @cached_property
    def _last_event_line(self) -> int:
        """The last line that is by itself a row with an event; -1 if none is."""
        rows, numbers = list[Cells](), list[int]()
        for number, text in enumerate(self._lines.texts):
            cells = split_line(text, self._form.delimiter)
            if cells is not None and len(cells) == len(self._names):
                rows.append(cells)
                numbers.append(number)
        found = self._find_last_event(rows) if self._find_last_event else -1
        return numbers[found] if found >= 0 else -1

    def _find_ending(self, at: int) -> Ending:
        """Return how the row ends that begins on a line."""
        _, ending = split_cells(self._lines.texts[at].lstrip(MARKS), self._form.delimiter)
        if ending is not Ending.OPEN:
            return ending
        ending, end = self._open_lines.find_end(at + 1, lambda end: self._is_long(at, end))
        is_whole = ending not in (Ending.OPEN, Ending.TOO_LONG)
        return Ending.TOO_LONG if is_whole and not self._is_short(at, end) else ending

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


def _ends_within_character(data: bytes) -> bool:
    """Return whether bytes end in the middle of a character."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    decoder.decode(data[-_MAX_CHARACTER_BYTES:])
    return bool(decoder.getstate()[0])
