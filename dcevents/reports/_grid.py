"""A grid: one figure by two keys, the second key's values as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from dcevents.analysis.arrangement import arrange_table
from dcevents.reports._metrics import KEY_COLUMNS, TIME_KEYS
from dcevents.tables import ESSENTIAL, Column, Table, choose_labels

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.reports._report import Report
    from dcevents.settings import Arrangement

_MAX_COLUMNS = 20
"""Values of a key that is not time that have a column of their own."""
_TOTAL = "Total"
Figure = tuple[Any, int | None]
"""The value of a cell, and the base of a rate."""


class _Heading(NamedTuple):
    """A column of the grid: its place, heading, and figures by the row's key."""

    name: str
    title: str
    figures: Mapping[Any, Figure]
    total: Figure


def make_grid(report: Report, view: View, table: Table, arrangement: Arrangement) -> Table:
    """Return the grid of a report's table by two keys.

    Totals are computed from the conversations, never summed.
    """
    first, second = table.by
    figure = next(column for column in table.columns if column.name == arrangement.grid)
    if "last-step" in table.by:
        view = replace(view, is_of_abandoned=True)
    rows = _make_table(report, view, first)
    columns = _make_table(report, view, second)
    headings = _list_headings(table, columns, figure)
    if second not in TIME_KEYS and len(headings) > _MAX_COLUMNS:
        rest = _make_rest(report, view, columns, first)
        heading = f"{len(headings) - _MAX_COLUMNS:,} others"
        headings = [
            *headings[:_MAX_COLUMNS],
            _Heading(
                "rest", heading, _list_figures(rest, first, figure), _read_total(rest, figure)
            ),
        ]
    totals = _Heading(
        "total", _TOTAL, _list_figures(rows, first, figure), _read_total(table, figure)
    )
    arranged = arrange_table(rows, arrangement._replace(columns=()))
    return _lay_out_grid(table, arranged, first, figure, [*headings, totals])


def _make_table(report: Report, view: View, key: str) -> Table:
    (table,) = report.make_tables(view, (key,))
    return table


def _make_rest(report: Report, view: View, columns: Table, first: str) -> Table:
    """Return the table by the first key of what has none of the largest second keys."""
    (second,) = columns.by
    values = columns.rows[_find_id(second)].head(_MAX_COLUMNS).to_list()
    return _make_table(report, replace(view, left_out={second: values}), first)


def _find_id(key: str) -> str:
    """Return the column that identifies the rows of a key."""
    return KEY_COLUMNS[key][-1].name


def _list_headings(table: Table, columns: Table, figure: Column) -> list[_Heading]:
    """Return a heading for each value of the second key, with the figures of its cells."""
    first, second = table.by
    first_id, second_id = _find_id(first), _find_id(second)
    cells: dict[Any, dict[Any, Figure]] = {}
    base = figure.base_column
    for row in table.rows.iter_rows(named=True):
        found = cells.setdefault(row[second_id], {})
        found[row[first_id]] = row[figure.name], row[base] if base else None
    totals = _list_figures(columns, second, figure)
    ids = columns.rows[second_id].to_list()
    names = columns.rows[KEY_COLUMNS[second][0].name].to_list()
    titles = choose_labels(names, ids, [_TOTAL])
    return [
        _Heading(f"column_{i}", title, cells.get(value, {}), totals[value])
        for i, (title, value) in enumerate(zip(titles, ids, strict=True))
    ]


def _list_figures(table: Table, key: str, figure: Column) -> dict[Any, Figure]:
    base = figure.base_column
    bases = table.rows[base].to_list() if base else [None] * table.rows.height
    pairs = zip(table.rows[figure.name].to_list(), bases, strict=True)
    return dict(zip(table.rows[_find_id(key)].to_list(), pairs, strict=True))


def _read_total(table: Table, figure: Column) -> Figure:
    total = table.total or {}
    return total.get(figure.name), total.get(figure.base_column) if figure.base_column else None


def _lay_out_grid(
    table: Table, rows: Table, first: str, figure: Column, headings: Sequence[_Heading]
) -> Table:
    """Return the table of a grid; nothing counts 0, and has no rate."""
    nothing: Figure = (0 if figure.kind == "count" else None, None)
    ids = rows.rows[_find_id(first)].to_list()
    keys = KEY_COLUMNS[first]
    series = [rows.rows[column.name] for column in keys]
    columns, total = [], {}
    for heading in headings:
        cells = [heading.figures.get(each, nothing) for each in ids]
        base = f"{heading.name}_base" if figure.base_column else None
        column = Column(
            heading.name,
            figure.kind,
            heading.title,
            ESSENTIAL,
            base,
            has_logged_title=table.by[1] not in TIME_KEYS and heading.name != "total",
        )
        values, bases = [value for value, _ in cells], [each for _, each in cells]
        dtype = rows.rows.schema[figure.name]
        series.append(pl.Series(column.name, values, dtype=dtype))
        total[column.name] = heading.total[0]
        if base:
            series.append(pl.Series(base, bases, dtype=pl.Int64))
            total[base] = heading.total[1]
        columns.append(column)
    return replace(
        table,
        columns=[*keys, *columns],
        rows=pl.DataFrame(series),
        total=total,
        keys=[column.name for column in keys],
        hidden_rows=rows.hidden_rows,
        total_columns=(),
        grid_of=figure.title,
        simplify=None,
    )
