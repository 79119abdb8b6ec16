"""Cells and headings as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.show import NONE, duration, local_time, number, percent, visible

if TYPE_CHECKING:
    from dcevents.render._format import Circumstances
    from dcevents.tables import Column, Table


_FEW = 30
_MARK = "*"
_SLICE = 20_000


def cell(value: Any, column: Column, about: Circumstances, base: int | None = None) -> str:  # noqa: ANN401 - any cell
    """A value in people's words; a rate on a small `base` with a mark, before it so that the figures stay in line."""
    if value is None:
        return NONE
    if column.kind == "rate":
        return (_MARK if base is not None and base < _FEW else "") + percent(value)
    if column.kind == "seconds":
        return duration(value)
    if column.kind == "count":
        return number(value)
    if column.kind == "time":
        return local_time(value, about.tz) or NONE
    if column.kind == "flag":
        return "yes" if value else "no"
    return visible(str(value))


def lines(table: Table, about: Circumstances) -> Iterator[list[str]]:
    """The rows of a table, in words."""
    places = {name: i for i, name in enumerate(table.rows.columns)}
    cells = [
        (places[column.name], column, places[column.base] if column.base else None)
        for column in table.columns
    ]
    # Not as the other formats round them: 100 % stands only where it is exactly true.
    for part in table.rows.iter_slices(_SLICE):
        for row in part.iter_rows():
            yield [
                cell(row[i], column, about, None if base is None else row[base])
                for i, column, base in cells
            ]


def total_line(table: Table, about: Circumstances) -> list[str] | None:
    """The total in words, named in the first column; None where there is none or it would stand alone."""
    if table.total is None or not table.by or tuple(table.by) == ("all",):
        return None
    total = table.total
    figures = [
        cell(total[column.name], column, about, total[column.base] if column.base else None)
        if column.name in total
        else ""
        for column in table.columns
    ]
    return ["Total", *figures[1:]]


def footnote(table: Table, columns: Sequence[Column]) -> str | None:
    """What the mark of the rates in some of the columns means; None where there is none."""
    bases = [table.rows[column.base] for column in columns if column.base]
    few = any(base.is_between(1, _FEW - 1).any() for base in bases)
    return f"{_MARK} a rate of fewer than {_FEW}" if few else None


def is_left(column: Column) -> bool:
    """Whether a column reads from the left."""
    return column.kind in ("text", "day", "time", "flag")


def captions(table: Table, about: Circumstances) -> str:
    """What a table shows, in one line."""
    title = {"live-chat": "Live chat"}.get(table.name, table.name.capitalize())
    by = " by " + ", ".join(table.by) if table.by and tuple(table.by) != ("all",) else ""
    # The summary's headline says it once for all its tables.
    return f"{title}{by}" + (when(about) if about.name == table.name else "")


def when(about: Circumstances) -> str:
    """`, 2026-11-02 to 2026-11-08 (Europe/Berlin)`: what a table's times are and are of."""
    return f", {about.period} ({about.tz.key})" if about.period else ""
