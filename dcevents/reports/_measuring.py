"""Figures of groups of rows, in one window or in two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from dcevents.reports._change_columns import FORMER

if TYPE_CHECKING:
    from dcevents.reports._metrics import Metric

PAIR = "pair"
"""In rows of two windows: says which sides a bucket of time has, where buckets are paired."""
PAIRED, ONLY_NOW, ONLY_BEFORE = 0, 1, 2


class Side(NamedTuple):
    """The rows of one window, with the columns of keys."""

    frame: pl.DataFrame
    ending: str = ""
    """Ends the names of its figures: none, or FORMER."""

    def col(self, name: str) -> pl.Expr:
        """Return the column of a figure of this window."""
        return pl.col(f"{name}{self.ending}")

    @property
    def lacks(self) -> int:
        """Return the `pair` of rows that have nothing to do with this window."""
        return ONLY_NOW if self.ending == FORMER else ONLY_BEFORE


def measure_sides(
    sides: Sequence[Side], keys: Sequence[str], metrics: Sequence[Metric]
) -> pl.DataFrame:
    """Return the figures of each group in all windows, without derived ones.

    Without keys one row. Counts of nothing are not filled in.
    """
    first, *others = (_measure_side(side, keys, metrics) for side in sides)
    for other in others:
        if keys:
            first = first.join(other, on=keys, how="full", coalesce=True, nulls_equal=True)
        else:
            first = first.hstack(other)
    return first


def _measure_side(side: Side, keys: Sequence[str], metrics: Sequence[Metric]) -> pl.DataFrame:
    frame = side.frame
    for add_column in dict.fromkeys(m.add_column for m in metrics if m.add_column is not None):
        frame = add_column(frame, keys)
    measured = _measure_all_rows(frame, keys, metrics)
    for row_filter in dict.fromkeys(m.row_filter for m in metrics if m.row_filter is not None):
        some = [_name_value(metric) for metric in metrics if metric.row_filter is row_filter]
        rows = frame.lazy().filter(row_filter(pl.col))
        if keys:
            found = rows.group_by(keys).agg(some).collect()
            measured = measured.join(found, on=keys, how="left", nulls_equal=True)
        else:
            measured = measured.hstack(rows.select(some).collect())
    names = {name: f"{name}{side.ending}" for name in measured.columns if name not in keys}
    return measured.rename(names)


def _measure_all_rows(
    frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[Metric]
) -> pl.DataFrame:
    """Return the metrics that need all rows of a group."""
    direct = [
        _name_value(metric, is_within_id="id_rank" in keys)
        for metric in metrics
        if not metric.is_derived and metric.row_filter is None
    ]
    # Counts of millions of rows by few keys: as a stream they need no lists of rows for each
    # group. Without keys a stream would look for different sessions in a table of all, where
    # sorting them is cheaper.
    if keys:
        return frame.lazy().group_by(keys).agg(direct).collect(engine="streaming")
    return frame.select(direct)


def _name_value(metric: Metric, *, is_within_id: bool = False) -> pl.Expr:
    value = (is_within_id and metric.value_within_id) or metric.value
    found: pl.Expr = value(pl.col).alias(metric.column.name)
    return found


def fill_counts(
    rows: pl.DataFrame, sides: Sequence[Side], metrics: Sequence[Metric]
) -> pl.DataFrame:
    """Put 0 for counts of nothing, but where a bucket of time is not in the window."""
    names = [m.column.name for m in metrics if m.column.kind == "count" and not m.is_derived]
    filled = []
    for side in sides:
        counts = [side.col(name).fill_null(0) for name in names]
        if PAIR in rows.columns:
            counts = [pl.when(pl.col(PAIR) != side.lacks).then(count) for count in counts]
        filled += counts
    return rows.with_columns(filled)


def derive_figures(
    rows: pl.DataFrame,
    totals: pl.DataFrame,
    sides: Sequence[Side],
    metrics: Sequence[Metric],
) -> pl.DataFrame:
    """Add the figures that are computed from others, and from their `totals` (one row)."""
    derived = [metric for metric in metrics if metric.is_derived]
    needed = dict.fromkeys(metric.total_of for metric in derived if metric.total_of is not None)
    for side in sides:
        names = [f"{name}{side.ending}" for name in needed]
        rows = rows.with_columns(
            pl.lit(totals[name].item()).alias(f"total_{name}") for name in names
        )
        rows = rows.with_columns(
            metric.value(side.col).alias(f"{metric.column.name}{side.ending}") for metric in derived
        )
    return rows
