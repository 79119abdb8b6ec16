"""The widths of columns: texts give way first, then columns, by their priority."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.show import measure_width, measure_widths
from dcevents.tables import ESSENTIAL

if TYPE_CHECKING:
    from dcevents.tables import Column

COLUMN_GAP = 2
MAX_CODE_HEADING_WIDTH = 15
"""The width of a heading that is a code, as `input_email`, in one line."""
_GLUE = "\x1f"
"""Stands between what stays on one line: `90 %`."""
_COMFORTABLE_WIDTH = 24
"""The width that texts get before columns of the lowest priority are shown."""
_MAX_NARROW_WIDTH = 22
"""The width to which long texts are narrowed before columns are hidden."""
_WHOLE_SHARE = 0.8
"""The share of texts that stay whole meanwhile, unless they are long."""
_MIN_COLUMN_WIDTH = 6
"""The width to which texts are narrowed where essential columns do not fit."""


def split_heading(title: str) -> list[str]:
    """Return a heading's words in one line or two, as narrow as that can be.

    A long code is divided behind one of its `_`.
    """
    words = title.replace(" %", _GLUE + "%").split(" ")
    words = [word.replace(_GLUE, " ") for word in words]
    between = " "
    if len(words) == 1 and measure_width(title) > MAX_CODE_HEADING_WIDTH:
        words, between = re.split("(?<=_)(?=[^_])", title), ""
    if len(words) == 1:
        return words
    divided = [[between.join(words[:i]), between.join(words[i:])] for i in range(1, len(words))]
    return min(divided, key=lambda lines: max(map(measure_width, lines)))


def measure_columns(headings: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> list[int]:
    """Return the width that each column needs; `body` has the cells of each."""
    return [
        max(*map(measure_width, lines), *measure_widths(cells))
        for lines, cells in zip(headings, body, strict=True)
    ]


def measure_line(widths: Sequence[int]) -> int:
    """Return the width of a line of columns; 0 is hidden."""
    shown = [each for each in widths if each]
    return sum(shown) + COLUMN_GAP * (len(shown) - 1)


def narrow_columns(
    columns: Sequence[Column], wanted: Sequence[int], body: Sequence[Sequence[str]]
) -> list[int]:
    """Return the width to which each column is narrowed before others are hidden.

    Most names stay whole, unless they are long. `body` has the cells of each column.
    """
    narrow = list(wanted)
    for i, column in enumerate(columns):
        if column.is_text:
            least = column.narrow_width
            if not column.is_code and body[i]:
                of_cells = sorted(measure_widths(body[i]))
                most = of_cells[int(len(of_cells) * _WHOLE_SHARE)]
                least = max(least, min(most, _MAX_NARROW_WIDTH))
            narrow[i] = min(wanted[i], least)
    return narrow


def fit_columns(
    columns: Sequence[Column], wanted: Sequence[int], narrow: Sequence[int], room: int | None
) -> list[int]:
    """Return the width of each column; 0 for a hidden one.

    Essential columns are always shown, however narrow the room.
    """
    if room is None or measure_line(wanted) <= room:
        return list(wanted)
    widths = [
        width if column.priority >= ESSENTIAL else 0
        for column, width in zip(columns, narrow, strict=True)
    ]
    _squeeze_texts(widths, columns, room)
    _show_columns(widths, columns, narrow, room, priorities=(2, 1))
    comfortable = [min(width, max(_COMFORTABLE_WIDTH, narrow[i])) for i, width in enumerate(wanted)]
    _widen_texts(widths, columns, comfortable, room)
    _show_columns(widths, columns, narrow, room, priorities=(0,))
    _widen_texts(widths, columns, wanted, room)
    return widths


def _squeeze_texts(widths: list[int], columns: Sequence[Column], room: int) -> None:
    """Narrow essential texts, the widest first, as far as needed."""
    texts = [i for i, column in enumerate(columns) if column.is_text and widths[i]]
    for i in sorted(texts, key=lambda i: -widths[i]):
        excess = max(0, measure_line(widths) - room)
        widths[i] = max(min(widths[i], _MIN_COLUMN_WIDTH), widths[i] - excess)


def _show_columns(
    widths: list[int],
    columns: Sequence[Column],
    narrow: Sequence[int],
    room: int,
    priorities: Sequence[int],
) -> None:
    """Show the columns that there is room for, by priority, then from the left."""
    for priority in priorities:
        for group in _list_groups(columns, priority):
            tried = [narrow[i] if i in group else width for i, width in enumerate(widths)]
            if not any(widths[i] for i in group) and measure_line(tried) <= room:
                widths[:] = tried


def _list_groups(columns: Sequence[Column], priority: int) -> Iterator[list[int]]:
    """Yield the columns of a priority, both bounds of a rate together."""
    for i, column in enumerate(columns):
        if column.priority == priority:
            rate = column.bounded_rate
            yield [
                j
                for j, other in enumerate(columns)
                if j == i or (rate is not None and other.bounded_rate == rate)
            ]


def _widen_texts(
    widths: list[int], columns: Sequence[Column], wanted: Sequence[int], room: int
) -> None:
    """Give texts what is left of the room: names first, then codes."""
    texts = [i for i, column in enumerate(columns) if column.is_text and widths[i]]
    for i in sorted(texts, key=lambda i: (columns[i].is_code, i)):
        left = max(0, room - measure_line(widths))
        widths[i] = max(widths[i], min(wanted[i], widths[i] + left))
