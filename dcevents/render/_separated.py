"""Separated values, quoted, and guarded against formulas of spreadsheets.

By the column: a listing may have millions of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dcevents.render._format import RenderContext, slice_rows
from dcevents.render._long import LONG_COLUMNS, list_figures, list_totals, slice_labelled_rows
from dcevents.render._spreadsheets import guard_formulas, keep_as_text
from dcevents.show import format_local_time, make_visible
from dcevents.tables import round_total

if TYPE_CHECKING:
    from dcevents.tables import Column, Table

_QUOTED_CHARACTERS: Final = ',;"\t\r\n'
_PLAIN_FLOATS: Final = 1e-4, 1e15
"""Between these polars and Python write floats alike; others Python writes with its exponent."""


def write_separated(
    tables: Sequence[Table], context: RenderContext, delimiter: str
) -> Iterator[str]:
    """Yield header and rows; several tables in the long form."""

    def write_lines(columns: Sequence[pl.Series]) -> str:
        cells = [_quote_cells(cells.alias(str(i)), delimiter) for i, cells in enumerate(columns)]
        made = pl.DataFrame(cells).select(pl.concat_str(pl.all(), separator=delimiter) + end)
        return "".join(made.to_series())

    end = "\r\n" if context.excel else "\n"
    yield "\ufeff" if context.excel else ""
    if len(tables) != 1:
        for lines in _lengthen_tables(tables, context):
            yield write_lines(lines)
        return
    (table,) = tables
    yield write_lines(_list_headers(table, context))
    for part in slice_rows(table):
        yield write_lines(
            [_format_cells(part[column.name], column, context) for column in table.columns]
        )
    if table.grid_of is not None:
        yield write_lines(_format_totals(table, context))


def _lengthen_tables(
    tables: Sequence[Table], context: RenderContext
) -> Iterator[Sequence[pl.Series]]:
    """Yield the columns of the long form, some lines at a time."""
    yield [pl.Series([name]) for name in LONG_COLUMNS]
    for report, column, value in list_totals(tables):
        cell = _format_cells(pl.Series([value]), column, context)
        yield [pl.Series([report]), pl.Series([column.name]), cell, pl.Series([""])]
    for table in tables:
        figures = list_figures(table)
        names = [column.name for column in figures]
        for labels, part in slice_labelled_rows(table):
            cells = [_format_cells(part[each.name], each, context) for each in figures]
            texts = _format_texts(pl.Series(labels, dtype=pl.String), context, is_id=True)
            values = pl.DataFrame([each.alias(str(i)) for i, each in enumerate(cells)])
            yield [
                pl.Series([table.name] * (part.height * len(names))),
                pl.Series(names * part.height),
                values.select(pl.concat_list(pl.all())).to_series().explode(),
                pl.select(pl.lit(texts).repeat_by(len(names))).to_series().explode(),
            ]


def _list_headers(table: Table, context: RenderContext) -> list[pl.Series]:
    """Return the names of columns; in a grid the values of its second key."""
    names = [column.name for column in table.columns]
    if table.grid_of is None:
        return [pl.Series([name]) for name in names]
    titles = [
        (each.name, False) if each.name in table.keys else (each.title, each.has_logged_title)
        for each in table.columns
    ]
    return [_format_texts(pl.Series([title]), context, is_id=is_id) for title, is_id in titles]


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
        return _format_texts(values.cast(pl.String), context, is_id=column.is_code)
    return _format_numbers(values, context.decimal).fill_null("")


def _format_texts(values: pl.Series, context: RenderContext, *, is_id: bool) -> pl.Series:
    """Return texts that are safe to open, ids as they are in spreadsheets, too."""
    values = _map_values(values, make_visible) if context.is_terminal else values.fill_null("")
    values = guard_formulas(values) if context.guards_formulas else values
    return keep_as_text(values) if is_id and context.excel else values


def _format_numbers(values: pl.Series, decimal: str) -> pl.Series:
    if not values.dtype.is_float():
        return values.cast(pl.String)
    least, greatest = _PLAIN_FLOATS
    is_plain = values.abs().is_between(least, greatest, closed="left") | (values == 0)
    texts = values.cast(pl.String) if is_plain.all() else _map_values(values, str)
    return texts if decimal == "." else texts.str.replace(".", decimal, literal=True)


def _map_values(values: pl.Series, write: Callable[[Any], str]) -> pl.Series:
    return pl.Series(["" if value is None else write(value) for value in values], dtype=pl.String)
