"""Cells and headings as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dcevents.render._format import SLICE_ROWS
from dcevents.render._texts import find_common_origin, strip_origin
from dcevents.show import (
    NO_FIGURE,
    format_duration,
    format_local_time,
    format_number,
    format_percent,
    format_small_rate,
    make_visible,
)

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Column, Table


_SMALL_BASE = 30
"""Rates of fewer conversations or requests are shown with their number."""


def format_cell(
    value: Any,  # noqa: ANN401 - any cell
    column: Column,
    context: RenderContext,
    base: int | None = None,
) -> str:
    """Return a value in people's words.

    A rate of a small `base` is shown with it: `36 % of 25`.
    """
    if value is None:
        return NO_FIGURE
    if column.kind == "rate":
        if base is not None and base < _SMALL_BASE:
            return format_small_rate(value, base)
        return format_percent(value)
    if column.kind == "seconds":
        return format_duration(value)
    if column.kind == "count":
        return format_number(value)
    if column.kind == "time":
        return format_local_time(value, context.tz) or NO_FIGURE
    if column.kind == "flag":
        return "yes" if value else "no"
    return make_visible(str(value))


def format_rows(
    table: Table, context: RenderContext, origins: Mapping[str, str] | None = None
) -> Iterator[list[str]]:
    """Yield the rows of a table in people's words.

    `origins`: by column, the scheme and host that addresses are shown without.
    """
    places = {name: i for i, name in enumerate(table.rows.columns)}
    cells = [
        (places[column.name], column, places[column.base_column] if column.base_column else None)
        for column in table.columns
    ]
    hosts = [(i, origins[each.name]) for i, each, _ in cells if origins and each.name in origins]
    # Not as the other formats round them: 100 % stands only where it is exactly true.
    for part in table.rows.iter_slices(SLICE_ROWS):
        for row in part.iter_rows():
            values = list(row)
            for i, origin in hosts:
                values[i] = row[i] and strip_origin(row[i], origin)
            yield [
                format_cell(values[i], column, context, None if base is None else row[base])
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
    figure = f": {table.grid_of.lower()}" if table.grid_of else ""
    return f"{_format_name(table.name)}{figure}{by}{period}"


def _format_name(report_name: str) -> str:
    return report_name.replace("-", " ").capitalize()


def format_period_suffix(context: RenderContext) -> str:
    """Return `, 2026-11-02 to 2026-11-08 (Europe/Berlin)`; nothing without a period."""
    compared = f", before: {context.compared_period}" if context.compared_period else ""
    return f", {context.period} ({context.tz.key}){compared}" if context.period else ""


def find_origins(table: Table) -> tuple[dict[str, str], dict[str, str]]:
    """Return the common host of each column of addresses, and a line that says so."""
    origins, remarks = {}, {}
    for column in table.columns:
        found = find_common_origin(table.rows[column.name]) if column.is_address else None
        if found is not None:
            origins[column.name] = found[0]
            remarks[column.name] = f"{column.title}: {describe_origin(found)}"
    return origins, remarks


def describe_origin(found: tuple[str, bool]) -> str:
    """Return which host addresses are shown without, from `find_common_origin`."""
    origin, has_all = found
    return f"{'all' if has_all else 'where no site is named,'} on {make_visible(origin)}"
