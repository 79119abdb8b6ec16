"""Figures of groups of rows, in one window or in two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import polars as pl

from dcevents.reports._gathering import GatheredSide, is_of_tallies
from dcevents.reports._keys import PAIR

if TYPE_CHECKING:
    from dcevents.reports._metrics import Metric


def measure_sides(
    sides: Sequence[GatheredSide], keys: Sequence[str], metrics: Sequence[Metric]
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


def _measure_side(
    side: GatheredSide, keys: Sequence[str], metrics: Sequence[Metric]
) -> pl.DataFrame:
    measured = [metric for metric in metrics if not metric.is_derived]
    counts = [metric for metric in measured if is_of_tallies(metric, keys)]
    found = _compute_values(side.tallies, keys, counts)
    others = [metric for metric in measured if metric not in counts]
    for row_filter in dict.fromkeys(metric.row_filter for metric in others):
        some = [metric for metric in others if metric.row_filter is row_filter]
        theirs = _compute_values(side.rows[row_filter], keys, some, as_stream=row_filter is None)
        if keys:
            found = found.join(theirs, on=keys, how="left", nulls_equal=True)
        else:
            found = found.hstack(theirs)
    names = {name: f"{name}{side.ending}" for name in found.columns if name not in keys}
    return found.rename(names)


def _compute_values(
    frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[Metric], *, as_stream: bool = False
) -> pl.DataFrame:
    """Return figures of groups, from rows or tallies.

    As a stream, millions of rows by few keys need no lists of rows for each group.
    """
    is_within_id = "id_rank" in keys
    values = []
    for metric in metrics:
        value = (is_within_id and metric.value_within_id) or metric.value
        values.append(value(pl.col).alias(metric.column.name))
    if not keys:
        return frame.select(values)
    engine: Literal["streaming", "in-memory"] = "streaming" if as_stream else "in-memory"
    return frame.lazy().group_by(keys).agg(values).collect(engine=engine)


def fill_counts(
    rows: pl.DataFrame, sides: Sequence[GatheredSide], metrics: Sequence[Metric]
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
    sides: Sequence[GatheredSide],
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
