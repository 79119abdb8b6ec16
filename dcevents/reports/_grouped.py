"""Grouped tables: a row for each group of conversations or attempts, in one window or in two."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from dcevents.reports._comparison import compare_rows, compare_totals, list_comparison_columns
from dcevents.reports._for_people import simplify_comparison
from dcevents.reports._gathering import FigureRequest, GatheredSide, gather_sides
from dcevents.reports._keys import (
    PAIR,
    add_names,
    fill_buckets,
    list_group_columns,
    sort_rows,
)
from dcevents.reports._measuring import derive_figures, fill_counts, measure_sides
from dcevents.reports._metrics import KEY_COLUMNS, Metric, add_companions
from dcevents.tables import Column, Table

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View
    from dcevents.reports._grouping import Grouping


def build_grouped_tables(
    groupings: Sequence[Grouping], view: View, by: Sequence[str]
) -> list[Table]:
    """Return the tables of groupings of the same rows, which the first one selects."""
    sides = gather_sides(FigureRequest.of(groupings, by), view)
    with ThreadPoolExecutor(len(groupings)) as pool:
        return list(pool.map(lambda each: _build_table(each, sides, view, by), groupings))


def _build_table(
    grouping: Grouping, sides: Sequence[GatheredSide], view: View, by: Sequence[str]
) -> Table:
    """Return rows by key and the total; with `--compare` the changes, too."""
    settings = view.settings
    # Charts draw bounds where tables do not show them.
    metrics = add_companions(grouping.metrics, with_intervals=True)
    total = _measure_total(grouping, sides, by, view)
    rows = _measure_rows(grouping, sides, by, view)
    keys = [column for key in by for column in KEY_COLUMNS[key]]
    unfolding = grouping.unfolding
    if unfolding is not None:
        keys += unfolding.keys
        rows = unfolding.unfold(rows, [side.ending for side in sides])
    rows = derive_figures(rows, total, sides, metrics)
    total = derive_figures(total, total, sides, metrics) if unfolding is None else total.clear()
    shown = add_companions(grouping.metrics, with_intervals=settings.shows_intervals)
    columns = [metric.column for metric in shown if not metric.is_hidden]
    total_columns: Sequence[Column] = ()
    if settings.compared is not None:
        with_intervals = settings.shows_intervals
        columns, total_columns = list_comparison_columns(grouping, with_intervals=with_intervals)
        rows = compare_rows(rows, grouping, with_intervals=with_intervals)
        if unfolding is None:
            total = compare_totals(total, sides, grouping, with_intervals=with_intervals)
    bounds = [
        metric.column.name
        for metric in metrics
        if metric.column.bounded_rate and not metric.column.is_change
    ]
    layout = _Layout(keys, columns, total_columns, bounds)
    return _make_table(grouping, view, by, layout, (rows, total))


class _Layout(NamedTuple):
    """The columns of a table: keys, figures, figures of the total only, and unshown ones."""

    keys: Sequence[Column]
    figures: Sequence[Column]
    total_figures: Sequence[Column]
    unshown: Sequence[str]


def _make_table(
    grouping: Grouping,
    view: View,
    by: Sequence[str],
    layout: _Layout,
    measured: tuple[pl.DataFrame, pl.DataFrame],
) -> Table:
    """Return the table of rows and a total (one row or none), which are `measured`."""
    key_columns, figures, total_figures, unshown = layout
    rows, total = measured
    keys = [column.name for column in key_columns]
    numbers = [column.name for column in figures]
    numbers += [column.base_column for column in figures if column.base_column]
    in_total = [*numbers, *(column.name for column in total_figures)]
    table = Table(
        grouping.name,
        [*key_columns, *figures],
        rows.select(*keys, *dict.fromkeys([*numbers, *unshown])),
        tuple(by),
        total.select(*dict.fromkeys(in_total)).row(0, named=True) if total.height else None,
        keys=keys,
        total_columns=total_figures,
        charts=grouping.charts,
    )
    if view.settings.compared is not None:
        table.simplify = lambda made: simplify_comparison(made, grouping)
    return table


def _measure_total(
    grouping: Grouping, sides: Sequence[GatheredSide], by: Sequence[str], view: View
) -> pl.DataFrame:
    """Return the figures of all rows."""
    if grouping.select_for_total is not None:
        sides = gather_sides(FigureRequest.of_total(grouping, grouping.select_for_total, by), view)
    others = [metric for metric in grouping.measured if metric.count_all is None]
    measured = measure_sides(sides, (), others)
    for metric in grouping.measured:
        if metric.count_all is not None:
            counts = {side.ending: metric.count_all(view, side.row_keys) for side in sides}
            name = metric.column.name
            measured = measured.with_columns(
                **{f"{name}{ending}": count for ending, count in counts.items()}
            )
    return fill_counts(measured, sides, grouping.measured)


def _measure_rows(
    grouping: Grouping, sides: Sequence[GatheredSide], by: Sequence[str], view: View
) -> pl.DataFrame:
    """Return the figures of each group, with its keys' columns, sorted."""
    metrics: Sequence[Metric] = grouping.measured
    keys = list_group_columns(by)
    if PAIR in sides[0].keys:
        keys.append(PAIR)
    is_empty = all(side.row_keys.is_empty() for side in sides)
    rows = measure_sides(sides, keys, metrics)
    rows = rows.clear() if is_empty else rows
    rows = add_names(rows, [side.names for side in sides], keys, view)
    rows = fill_buckets(rows, by, view.settings) if not is_empty else rows
    rows = fill_counts(rows, sides, metrics)
    return sort_rows(rows, by, metrics[0].column.name)
