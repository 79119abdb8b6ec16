"""Grouped tables: a row for each group of conversations or attempts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from dcevents.analysis.time_keys import WEEKDAYS, add_time_keys
from dcevents.reports._metrics import (
    KEY_COLUMNS,
    TIME_KEYS,
    Grouping,
    Metric,
    add_companions,
)
from dcevents.tables import Column, Table
from dcevents.times import list_buckets

if TYPE_CHECKING:
    from dcevents.analysis.view import View

_GROUP_COLUMNS = {"conversation": "id_rank", "agent": "agent_id"}
"""Columns of rows by the key that groups by them, where the names differ."""
_ID_COLUMNS = {"conversation": "conversation_id", "agent": "agent_id"}
"""Columns of tables by the key that they identify, where the names differ."""


def build_grouped_table(
    grouping: Grouping, view: View, frame: pl.DataFrame, by: Sequence[str]
) -> Table:
    """Return rows by key and the total.

    `frame`: one row a conversation or attempt, with the columns of the keys.
    """
    with_intervals = view.settings.shows_intervals
    metrics = add_companions(grouping.metrics, with_intervals=with_intervals)
    of_groups = [metric for metric in metrics if metric.total_of is None]
    columns = [column for key in by for column in KEY_COLUMNS[key]]
    total = _measure_groups(frame, (), of_groups)
    rows = _measure_rows(frame, by, of_groups, view)
    rows = _sort_rows(rows, by, of_groups[0].column.name)
    rows, total = _measure_shares([metric for metric in metrics if metric.total_of], rows, total)
    shown = [metric.column for metric in metrics if not metric.is_hidden]
    keys = [column.name for column in columns]
    numbers = [column.name for column in shown]
    numbers += [column.base_column for column in shown if column.base_column]
    return Table(
        grouping.name,
        [*columns, *shown],
        rows.select(*keys, *numbers),
        tuple(by),
        total.select(numbers).row(0, named=True),
        keys=keys,
    )


def _measure_rows(
    frame: pl.DataFrame, by: Sequence[str], metrics: Sequence[Metric], view: View
) -> pl.DataFrame:
    """Return the metrics of each group, with its keys' columns."""
    keys = [_GROUP_COLUMNS.get(key, key.replace("-", "_")) for key in by if key != "all"]
    frame = add_time_keys(frame, by, view.settings.tz)
    if frame.is_empty():
        names = [column.name for key in by for column in KEY_COLUMNS[key]]
        return _clear_rows(_measure_groups(frame, ["conversation_key"], metrics), names)
    rows = _add_names(_measure_groups(frame, keys, metrics), frame, keys, view)
    if len(keys) == 1 and keys[0] in TIME_KEYS:
        return _fill_buckets(rows, keys[0], metrics, view)
    return rows


def _clear_rows(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    return rows.clear().with_columns(pl.lit(None, pl.String).alias(name) for name in names)


# -- metrics ------------------------------------------------------------------------------------


def _measure_groups(
    frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[Metric]
) -> pl.DataFrame:
    """Return the metrics of each group; without keys, of all rows."""
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
    derived = [_name_value(metric) for metric in metrics if metric.is_derived]
    counts = [metric.column for metric in metrics if not metric.is_derived]
    return measured.with_columns(_fill_counts(counts)).with_columns(derived)


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


def _fill_counts(columns: Sequence[Column]) -> list[pl.Expr]:
    return [pl.col(column.name).fill_null(0) for column in columns if column.kind == "count"]


def _measure_shares(
    metrics: Sequence[Metric], rows: pl.DataFrame, total: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add the metrics that need the total of another one."""
    names = dict.fromkeys(metric.total_of for metric in metrics if metric.total_of is not None)
    totals = [pl.lit(total[name].item()).alias(f"total_{name}") for name in names]
    values = [_name_value(metric) for metric in metrics]
    return (
        rows.with_columns(totals).with_columns(values),
        total.with_columns(totals).with_columns(values),
    )


# -- keys ---------------------------------------------------------------------------------------


def _add_names(
    table: pl.DataFrame, frame: pl.DataFrame, keys: Sequence[str], view: View
) -> pl.DataFrame:
    """Add the names that belong to ids."""
    if "id_rank" in keys:
        names = view.name_groups(table.select(keys), frame, keys)
        table = table.join(names, on=keys, how="left", nulls_equal=True).join(
            view.fold.conversation_ids, on="id_rank", how="left"
        )
    if "agent_id" in keys:
        names = view.fold.agents.select("agent_id", pl.col("agent_name").alias("agent"))
        table = table.join(names, on="agent_id", how="left")
    return table


def _fill_buckets(
    table: pl.DataFrame, key: str, metrics: Sequence[Metric], view: View
) -> pl.DataFrame:
    """Add rows for the buckets of time in which nothing happened."""
    values = pl.Series(_list_key_values(table, key, view), dtype=table.schema[key])
    counts = _fill_counts([metric.column for metric in metrics])
    filled = pl.DataFrame({key: values}).join(table, on=key, how="left").with_columns(counts)
    untimed = table.filter(pl.col(key).is_null())
    return pl.concat([filled, untimed])


def _list_key_values(table: pl.DataFrame, key: str, view: View) -> list[Any]:
    if key == "hour":
        return list(range(24))
    if key == "weekday":
        return list(WEEKDAYS)
    present = table[key].drop_nulls()
    first, last = (present.min(), present.max()) if present.len() else (None, None)
    return list_buckets(key, first, last, view.settings.window, view.settings.tz)


def _sort_rows(table: pl.DataFrame, by: Sequence[str], metric: str) -> pl.DataFrame:
    """Sort rows by time keys, then by size, then by other keys.

    Rows without a key are last.
    """
    times = [pl.col(key) for key in by if key in TIME_KEYS]
    others = [
        pl.col(_ID_COLUMNS.get(key, key.replace("-", "_")))
        for key in by
        if key not in (*TIME_KEYS, "all")
    ]
    lacking = [pl.any_horizontal(other.is_null() for other in others)] if others else []
    sizes = [-pl.col(metric).cast(pl.Int64)] if others else []
    order = [*times, *lacking, *sizes, *others]
    return table.sort(order, nulls_last=True) if order else table
