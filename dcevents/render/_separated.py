"""Separated values, quoted, and guarded against formulas of spreadsheets.

By the column: a listing may have millions of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dcevents.render._format import RenderContext, list_totals, slice_rows
from dcevents.show import format_local_time, make_visible
from dcevents.tables import round_total

if TYPE_CHECKING:
    from dcevents.tables import Column, Table

_FORMULA_PATTERN: Final = r"^[=+\-@\t\r\n]"
_QUOTED_CHARACTERS: Final = ',;"\t\r\n'
_PLAIN_FLOATS: Final = 1e-4, 1e15
"""Between these polars and Python write floats alike; others Python writes with its exponent."""


def write_separated(
    tables: Sequence[Table], context: RenderContext, delimiter: str
) -> Iterator[str]:
    """Yield header and rows; several tables as report, metric, value."""

    def write_lines(columns: Sequence[pl.Series]) -> str:
        cells = [_quote_cells(cells.alias(str(i)), delimiter) for i, cells in enumerate(columns)]
        made = pl.DataFrame(cells).select(pl.concat_str(pl.all(), separator=delimiter) + end)
        return "".join(made.to_series())

    end = "\r\n" if context.excel else "\n"
    yield "\ufeff" if context.excel else ""
    if len(tables) != 1:
        yield write_lines([pl.Series([name]) for name in ("report", "metric", "value")])
        for report, metric, value, column in list_totals(tables):
            cell = _format_cells(pl.Series([value]), column, context)
            yield write_lines([pl.Series([report]), pl.Series([metric]), cell])
        return
    (table,) = tables
    yield write_lines(_list_headers(table, context))
    for part in slice_rows(table):
        yield write_lines(
            [_format_cells(part[column.name], column, context) for column in table.columns]
        )
    if table.grid_of is not None:
        yield write_lines(_format_totals(table, context))


def _list_headers(table: Table, context: RenderContext) -> list[pl.Series]:
    """Return the names of columns; in a grid the values of its second key."""
    names = [column.name for column in table.columns]
    if table.grid_of is None:
        return [pl.Series([name]) for name in names]
    titles = [each.title if each.name not in table.keys else each.name for each in table.columns]
    return [_format_texts(pl.Series([title]), context) for title in titles]


def _format_totals(table: Table, context: RenderContext) -> list[pl.Series]:
    """Return the row of a grid's totals, named in the first column."""
    total = round_total(table) or {}
    keys = ["Total", *("" for _ in table.keys[1:])]
    figures = [column for column in table.columns if column.name in total]
    return [
        *(pl.Series([key]) for key in keys),
        *(_format_cells(pl.Series([total[each.name]]), each, context) for each in figures),
    ]


def _quote_cells(cells: pl.Series, delimiter: str) -> pl.Series:
    needs_quotes = cells.str.contains_any([*_QUOTED_CHARACTERS, delimiter])
    if not needs_quotes.any():
        return cells
    text = pl.lit(cells)
    inside = pl.format('"{}"', text.str.replace_all('"', '""', literal=True))
    return pl.select(pl.when(needs_quotes).then(inside).otherwise(text)).to_series()


def _format_cells(values: pl.Series, column: Column, context: RenderContext) -> pl.Series:
    """Return a column as text, empty where there is no value."""
    if column.kind == "time" and context.excel:
        return _map_values(values, lambda value: format_local_time(value, context.tz) or "")
    if column.kind == "time":
        return values.cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").fill_null("")
    if column.is_text:
        return _format_texts(values.cast(pl.String), context)
    return _format_numbers(values).fill_null("")


def _format_texts(values: pl.Series, context: RenderContext) -> pl.Series:
    values = _map_values(values, make_visible) if context.is_terminal else values.fill_null("")
    formulas = values.str.contains(_FORMULA_PATTERN) if context.guards_formulas else None
    if formulas is None or not formulas.any():
        return values
    return values.zip_with(~formulas, "'" + values)


def _format_numbers(values: pl.Series) -> pl.Series:
    if not values.dtype.is_float():
        return values.cast(pl.String)
    least, greatest = _PLAIN_FLOATS
    is_plain = values.abs().is_between(least, greatest, closed="left") | (values == 0)
    return values.cast(pl.String) if is_plain.all() else _map_values(values, str)


def _map_values(values: pl.Series, write: Callable[[Any], str]) -> pl.Series:
    return pl.Series(["" if value is None else write(value) for value in values], dtype=pl.String)
