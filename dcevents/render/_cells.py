"""Cells and headings as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.show import (
    NO_FIGURE,
    format_duration,
    format_local_time,
    format_number,
    format_percent,
    make_visible,
)

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Column, Table


_SMALL_BASE = 30
_SMALL_BASE_MARK = "*"
_SLICE_ROWS = 20_000


def format_cell(value: Any, column: Column, about: RenderContext, base: int | None = None) -> str:  # noqa: ANN401 - any cell
    """A value in people's words; a rate on a small `base` with a mark, before it so that the figures stay in line."""
    if value is None:
        return NO_FIGURE
    if column.kind == "rate":
        return (
            _SMALL_BASE_MARK if base is not None and base < _SMALL_BASE else ""
        ) + format_percent(value)
    if column.kind == "seconds":
        return format_duration(value)
    if column.kind == "count":
        return format_number(value)
    if column.kind == "time":
        return format_local_time(value, about.tz) or NO_FIGURE
    if column.kind == "flag":
        return "yes" if value else "no"
    return make_visible(str(value))


def format_rows(table: Table, about: RenderContext) -> Iterator[list[str]]:
    """The rows of a table, in words."""
    places = {name: i for i, name in enumerate(table.rows.columns)}
    cells = [
        (places[column.name], column, places[column.base_column] if column.base_column else None)
        for column in table.columns
    ]
    # Not as the other formats round them: 100 % stands only where it is exactly true.
    for part in table.rows.iter_slices(_SLICE_ROWS):
        for row in part.iter_rows():
            yield [
                format_cell(row[i], column, about, None if base is None else row[base])
                for i, column, base in cells
            ]


def format_total(table: Table, about: RenderContext) -> list[str] | None:
    """The total in words, named in the first column; None where there is none or it would stand alone."""
    if table.total is None or not table.by or tuple(table.by) == ("all",):
        return None
    total = table.total
    figures = [
        format_cell(
            total[column.name],
            column,
            about,
            total[column.base_column] if column.base_column else None,
        )
        if column.name in total
        else ""
        for column in table.columns
    ]
    return ["Total", *figures[1:]]


def format_footnote(table: Table, columns: Sequence[Column]) -> str | None:
    """What the mark of the rates in some of the columns means; None where there is none."""
    bases = [table.rows[column.base_column] for column in columns if column.base_column]
    few = any(base.is_between(1, _SMALL_BASE - 1).any() for base in bases)
    return f"{_SMALL_BASE_MARK} a rate of fewer than {_SMALL_BASE}" if few else None


def is_left_aligned(column: Column) -> bool:
    """Whether a column reads from the left."""
    return column.kind in ("text", "day", "time", "flag")


def format_caption(table: Table, about: RenderContext) -> str:
    """What a table shows, in one line."""
    title = {"live-chat": "Live chat"}.get(table.name, table.name.capitalize())
    by = " by " + ", ".join(table.by) if table.by and tuple(table.by) != ("all",) else ""
    # The summary's headline says it once for all its tables.
    return f"{title}{by}" + (format_period_suffix(about) if about.report_name == table.name else "")


def format_period_suffix(about: RenderContext) -> str:
    """`, 2026-11-02 to 2026-11-08 (Europe/Berlin)`: what a table's times are and are of."""
    return f", {about.period} ({about.tz.key})" if about.period else ""
