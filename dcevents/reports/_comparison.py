"""Changes between the figures of two windows, and the verdict on them (definitions 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from dcevents.analysis.compare import RateChange, divide_change, judge_change
from dcevents.analysis.intervals import Share, compute_newcombe_bounds
from dcevents.reports._change_columns import DIVISION_COLUMNS, FORMER, VERDICT_COLUMN
from dcevents.reports._measuring import fill_counts, measure_sides
from dcevents.reports._metrics import Metric, list_columns

if TYPE_CHECKING:
    from dcevents.reports._gathering import GatheredSide
    from dcevents.reports._grouping import Grouping, MainRate
    from dcevents.tables import Column


def list_comparison_columns(
    grouping: Grouping, *, with_intervals: bool
) -> tuple[list[Column], list[Column]]:
    """Return the columns of rows, and those of the total only."""
    columns = [
        column
        for metric in grouping.metrics
        for column in list_columns(metric, with_intervals=with_intervals)
    ]
    main_rate = grouping.main_rate
    if main_rate is None:
        return columns, []
    division = DIVISION_COLUMNS if main_rate.is_divided else ()
    if main_rate.is_in_rows:
        return [*columns, VERDICT_COLUMN], [*division]
    return columns, [VERDICT_COLUMN, *division]


def compare_rows(rows: pl.DataFrame, grouping: Grouping, *, with_intervals: bool) -> pl.DataFrame:
    """Add changes, their bounds, and the verdict to rows with the figures of both windows."""
    changes: list[pl.Expr] = []
    for metric in grouping.metrics:
        if not metric.is_hidden:
            changes += _list_changes(metric, with_intervals=with_intervals)
    rows = rows.with_columns(changes)
    if grouping.main_rate is None:
        return rows
    main = next(each for each in grouping.metrics if each.column.name == grouping.main_rate.name)
    count = grouping.metrics[0].column.name
    rate = RateChange(
        _find_share(main), _find_share(main, FORMER), is_good_up=grouping.main_rate.is_good_up
    )
    verdict = judge_change(rate, pl.col(count), pl.col(f"{count}{FORMER}"))
    return rows.with_columns(verdict.alias(VERDICT_COLUMN.name))


def _list_changes(metric: Metric, *, with_intervals: bool) -> list[pl.Expr]:
    """Return the expressions of a figure's change."""
    column = metric.column
    now, before = pl.col(column.name), pl.col(f"{column.name}{FORMER}")
    change_name = f"{column.name}_change"
    if column.kind == "count":
        return [(now.cast(pl.Int64) - before.cast(pl.Int64)).alias(change_name)]
    if column.kind not in ("rate", "seconds"):
        return []
    found = [(now - before).alias(change_name)]
    if column.base_column is None:
        return found
    base, base_before = pl.col(column.base_column), pl.col(f"{column.base_column}{FORMER}")
    least = pl.when(base <= base_before).then(base).when(base > base_before).then(base_before)
    found.append(least.alias(f"{change_name}_base"))
    if with_intervals:
        bounds = compute_newcombe_bounds(_find_share(metric), _find_share(metric, FORMER))
        for end, bound in zip(("low", "high"), bounds, strict=True):
            known = bound.replace(float("nan"), None)
            found.append(known.alias(f"{change_name}_{end}"))
    return found


def _find_share(rate: Metric, ending: str = "") -> Share:
    """Return the part and the whole of a rate, in the window of an ending."""
    return Share(pl.col(f"{rate.part}{ending}"), pl.col(f"{rate.column.base_column}{ending}"))


# -- totals -------------------------------------------------------------------------------------


def compare_totals(
    total: pl.DataFrame, sides: Sequence[GatheredSide], grouping: Grouping, *, with_intervals: bool
) -> pl.DataFrame:
    """Add changes to the total (one row), and what the change of its main rate is made of."""
    total = compare_rows(total, grouping, with_intervals=with_intervals)
    main_rate = grouping.main_rate
    if main_rate is None or not main_rate.is_divided or total.is_empty():
        return total
    division = divide_change(_measure_ids(sides, grouping, main_rate))
    return total.with_columns(
        pl.lit(value, pl.Float64).alias(column.name)
        for column, value in zip(DIVISION_COLUMNS, division, strict=True)
    )


def _measure_ids(sides: Sequence[GatheredSide], grouping: Grouping, rate: MainRate) -> pl.DataFrame:
    """Return part and whole of the main rate, for each conversation id and window."""
    main = next(metric for metric in grouping.metrics if metric.column.name == rate.name)
    base = main.companions[0]
    inputs = [main.part, *_list_inputs(base)]
    measured = [metric for metric in grouping.metrics if metric.column.name in inputs]
    ids = fill_counts(measure_sides(sides, ["id_rank"], measured), sides, measured)
    return ids.select(
        expr
        for side in sides
        for expr in (
            side.col(main.part or "").alias(f"part{side.ending}"),
            base.value(side.col).alias(f"whole{side.ending}"),
        )
    )


def _list_inputs(metric: Metric) -> list[str]:
    """Return the figures that a derived one is computed from."""
    names: list[str] = []

    def take_column(name: str) -> pl.Expr:
        names.append(name)
        return pl.col(name)

    metric.value(take_column)
    return names
