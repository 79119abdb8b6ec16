"""Lines to the cells of rows, as RFC 4180 has them, exactly; and where rows within quotes end."""

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

from dcevents.reading.rows.forms import Cells

MARKS: Final = "\ufeff\0"
"""What may stand before a row, and is passed over."""
_NULLS: Final = ("NULL", "\\N")
"""Cells without quotes by which databases say that there is nothing."""
_DOUBLED_JSON: Final = re.compile(r'[{\[](?:[^\\]|\\\\(?:["/bfnrtu]|\\\\))*', re.DOTALL)
"""JSON as a dump of a database has it: its backslashes doubled, before what JSON escapes."""


class Ending(Enum):
    """Say how a row, or a line of it, ends."""

    WELL = 1
    OPEN = 2
    """A quoted cell has not ended."""
    BROKEN = 3
    """A quoted cell has text behind it."""
    TOO_LONG = 4


class OpenLines:
    """Lines within quotes that lead to the same end of a row, on whichever of them it gets there.

    Where a row breaks, reading goes on with its second line, which may open a quote as well: so
    what was found out about these lines is kept, and none of them is walked again for each row.
    """

    def __init__(self, texts: Sequence[str], delimiter: str) -> None:
        self._texts, self._delimiter = texts, delimiter
        self._first, self._last = 0, -1
        self._ending: Ending | None = None
        """How a row ends on the last of these lines; None if that line was not walked yet."""

    def find_end(self, line: int, is_long: Callable[[int], bool]) -> tuple[Ending, int]:
        """Return how a row ends that is within quotes where a line begins, and the line behind.

        `is_long` tells of the line behind some lines without a whole row.
        """
        if not self._first <= line <= self._last:
            self._first = self._last = line
            self._ending = None
        while self._ending is None:
            if self._last == len(self._texts):
                return Ending.OPEN, self._last
            if is_long(self._last):
                return Ending.TOO_LONG, self._last
            _, ending = split_cells(self._texts[self._last], self._delimiter, is_open=True)
            if ending is Ending.OPEN:
                self._last += 1
            else:
                self._ending = ending
        return self._ending, self._last + 1


def split_line(line: str, delimiter: str) -> Cells | None:
    """Return the cells of a row on one line; None for a line that is none."""
    cells, ending = split_cells(line.lstrip(MARKS), delimiter)
    return cells if ending is Ending.WELL else None


def join_lines(lines: Sequence[str], at: int, delimiter: str) -> tuple[Cells, int]:
    """Return the cells of the whole row that begins on a line, and the line behind it."""
    cells, ending = split_cells(lines[at].lstrip(MARKS), delimiter)
    parts = [cells[-1]]
    while ending is Ending.OPEN:
        at += 1
        (first, *others), ending = split_cells(lines[at], delimiter, is_open=True)
        parts.append(first)
        if others:
            cells[-1] = "".join(parts)
            cells += others
            parts = [cells[-1]]
    cells[-1] = "".join(parts)
    return cells, at + 1


def split_cells(text: str, delimiter: str, *, is_open: bool = False) -> tuple[Cells, Ending]:
    """Return the cells of a line, and how it ends.

    If a cell is open where the line begins, it is the first; if one is at the end, the last.
    """
    cells, place = list[str](), 0
    while True:
        if not is_open and not text.startswith('"', place):
            stop = text.find(delimiter, place)
            if stop < 0:
                last = text[place:].removesuffix("\n").rstrip("\r")
                return [*cells, _read_plain_cell(last, delimiter)], Ending.WELL
            cells.append(_read_plain_cell(text[place:stop], delimiter))
            place = stop + 1
            continue
        begin = place if is_open else place + 1
        is_open, end = False, _find_cell_end(text, begin)
        cells.append(text[begin:end].replace('""', '"'))
        if end is None:
            return cells, Ending.OPEN
        if text[end + 1 : end + 2] != delimiter:
            return cells, Ending.BROKEN if text[end + 1 :].strip("\r\n") else Ending.WELL
        place = end + 2


def _read_plain_cell(cell: str, delimiter: str) -> str:
    """Return what a cell without quotes says."""
    if cell in _NULLS:
        return ""
    if delimiter == "\t" and "\\" in cell and _DOUBLED_JSON.fullmatch(cell):
        return cell.replace("\\\\", "\\")
    return cell


def _find_cell_end(text: str, begin: int) -> int | None:
    """Return the place of the quote that ends a cell; None where none does."""
    at = text.find('"', begin)
    while at >= 0 and text[at + 1 : at + 2] == '"':
        at = text.find('"', at + 2)
    return None if at < 0 else at
