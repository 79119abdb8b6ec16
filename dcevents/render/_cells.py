"""Cells and headings as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.render._format import SLICE_ROWS
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
"""Rates of fewer conversations or requests are marked."""
_SMALL_BASE_MARK = "*"


def format_cell(
    value: Any,  # noqa: ANN401 - any cell
    column: Column,
    context: RenderContext,
    base: int | None = None,
) -> str:
    """Return a value in people's words.

    A rate of a small `base` has a mark, before it so that the figures stay in line.
    """
    if value is None:
        return NO_FIGURE
    if column.kind == "rate":
        mark = _SMALL_BASE_MARK if base is not None and base < _SMALL_BASE else ""
        return mark + format_percent(value)
    if column.kind == "seconds":
        return format_duration(value)
    if column.kind == "count":
        return format_number(value)
    if column.kind == "time":
        return format_local_time(value, context.tz) or NO_FIGURE
    if column.kind == "flag":
        return "yes" if value else "no"
    return make_visible(str(value))


def format_rows(table: Table, context: RenderContext) -> Iterator[list[str]]:
    """Yield the rows of a table in people's words."""
    places = {name: i for i, name in enumerate(table.rows.columns)}
    cells = [
        (places[column.name], column, places[column.base_column] if column.base_column else None)
        for column in table.columns
    ]
    # Not as the other formats round them: 100 % stands only where it is exactly true.
    for part in table.rows.iter_slices(SLICE_ROWS):
        for row in part.iter_rows():
            yield [
                format_cell(row[i], column, context, None if base is None else row[base])
                for i, column, base in cells
            ]


def format_total(table: Table, context: RenderContext) -> list[str] | None:
    """Return the total in words, named in the first column.

    None where there is no total, or no row beside it.
    """
    if table.total is None or not table.by or tuple(table.by) == ("all",):
        return None
    total = table.total
    figures = [
        format_cell(
            total[column.name],
            column,
            context,
            total[column.base_column] if column.base_column else None,
        )
        if column.name in total
        else ""
        for column in table.columns
    ]
    return ["Total", *figures[1:]]


def format_footnote(table: Table, columns: Sequence[Column]) -> str | None:
    """Return the meaning of the mark, where a rate has it."""
    bases = [table.rows[column.base_column] for column in columns if column.base_column]
    has_mark = any(base.is_between(1, _SMALL_BASE - 1).any() for base in bases)
    return f"{_SMALL_BASE_MARK} a rate of fewer than {_SMALL_BASE}" if has_mark else None


def is_left_aligned(column: Column) -> bool:
    """Return whether a column reads from the left."""
    return column.kind in ("text", "word", "day", "time", "flag")


def format_headline_title(context: RenderContext) -> str:
    """Return the title above a headline, with the period."""
    return _format_name(context.report_name) + format_period_suffix(context)


def format_caption(table: Table, context: RenderContext) -> str:
    """Return the title of a table: report, keys and period."""
    by = " by " + ", ".join(table.by) if table.by and tuple(table.by) != ("all",) else ""
    # A report of several tables has the period once, above its headline.
    period = format_period_suffix(context) if context.report_name == table.name else ""
    return f"{_format_name(table.name)}{by}{period}"


def _format_name(report_name: str) -> str:
    return report_name.replace("-", " ").capitalize()


def format_period_suffix(context: RenderContext) -> str:
    """Return `, 2026-11-02 to 2026-11-08 (Europe/Berlin)`; nothing without a period."""
    compared = f", before: {context.compared_period}" if context.compared_period else ""
    return f", {context.period} ({context.tz.key}){compared}" if context.period else ""
