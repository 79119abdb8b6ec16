"""The widths of columns on a terminal: texts give way first.

Then columns are hidden by their priority.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.show import measure_width

if TYPE_CHECKING:
    from dcevents.tables import Column

_COLUMN_GAP = 2
_NARROW_WIDTH = 20
"""The width to which texts are narrowed before columns are hidden."""
_MIN_COLUMN_WIDTH = 10
"""The width to which texts are narrowed where hiding columns was not enough."""
_MIN_SHOWN_COLUMNS = 3


def join_heading(title: str) -> list[str]:
    """Return a heading's lines, a word each."""
    return title.replace("\u00ad", "").split(" ")


def divide_heading(title: str) -> list[str]:
    """Return a heading's lines, its words divided where they may be."""
    lines = []
    for word in title.split(" "):
        *parts, rest = word.split("\u00ad")
        lines += [f"{part}-" for part in parts] + [rest]
    return lines


def measure_columns(headings: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> list[int]:
    """Return the width that each column needs."""
    return [
        max(*map(measure_width, lines), *(measure_width(row[i]) for row in body))
        for i, lines in enumerate(headings)
    ]


def measure_excess(widths: Sequence[int], room: int | None) -> int:
    """Return by how much columns are too wide; 0 is hidden."""
    needed = sum(each + _COLUMN_GAP for each in widths if each) - _COLUMN_GAP
    return max(0, needed - room) if room is not None else 0


def fit_columns(columns: Sequence[Column], wanted: Sequence[int], room: int | None) -> list[int]:
    """Return the width of each column; 0 for a hidden one."""
    widths = list(wanted)
    _narrow_texts(widths, columns, room, _NARROW_WIDTH)
    narrowed = list(widths)
    hidden = _hide_columns(widths, columns, room)
    shown_again = [group for group in reversed(hidden) if columns[group[0]].priority]
    _restore_columns(widths, shown_again, columns, narrowed, room)
    _narrow_texts(widths, columns, room, _MIN_COLUMN_WIDTH)
    return widths


def _narrow_texts(
    widths: list[int], columns: Sequence[Column], room: int | None, min_width: int
) -> None:
    """Narrow columns of text, the widest first, as far as needed."""
    texts = [i for i, column in enumerate(columns) if column.is_text]
    for i in sorted(texts, key=lambda i: -widths[i]):
        if widths[i] > min_width:
            widths[i] = max(min_width, widths[i] - measure_excess(widths, room))


def _hide_columns(
    widths: list[int], columns: Sequence[Column], room: int | None
) -> list[list[int]]:
    """Hide columns by priority, as far as needed; return their groups."""
    hidden = []
    for i in sorted(range(1, len(columns)), key=lambda i: (columns[i].priority, -i)):
        if measure_excess(widths, room) and sum(map(bool, widths)) > _MIN_SHOWN_COLUMNS:
            hidden.append(_find_companions(columns, i))
            _set_widths(widths, hidden[-1], [0] * len(widths))
    return hidden


def _restore_columns(
    widths: list[int],
    hidden: Sequence[Sequence[int]],
    columns: Sequence[Column],
    wanted: Sequence[int],
    room: int | None,
) -> None:
    """Show hidden columns again where there is room after all.

    A wide one that went last may have left it.
    """
    for group in hidden:
        _set_widths(widths, group, wanted)
        for i in group:
            if columns[i].is_text:
                excess = measure_excess(widths, room)
                widths[i] = max(min(widths[i], _MIN_COLUMN_WIDTH), widths[i] - excess)
        if measure_excess(widths, room):
            _set_widths(widths, group, [0] * len(widths))


def _set_widths(widths: list[int], group: Sequence[int], wanted: Sequence[int]) -> None:
    for i in group:
        widths[i] = wanted[i]


def _find_companions(columns: Sequence[Column], i: int) -> list[int]:
    """Return the columns that go with one: both bounds of a rate."""
    rate = columns[i].bounded_rate
    return [
        j
        for j, column in enumerate(columns)
        if j == i or (rate is not None and column.bounded_rate == rate)
    ]
