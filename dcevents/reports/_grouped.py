"""Grouped reports: conversations or attempts by keys, one row a group, and the total."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dcevents.reports._metrics import KEY_COLUMNS, TIME_KEYS, WEEKDAYS, Metric, define_rate
from dcevents.tables import Column, Table

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View


def make_conversations_report(
    name: str, metrics: Sequence[Metric]
) -> Callable[[View, Sequence[str]], list[Table]]:
    """A report's `make` that groups conversations."""

    def make(view: View, by: Sequence[str]) -> list[Table]:
        return [build_grouped_table(name, view, view.select_conversations(by), by, metrics)]

    return make


def list_metric_figures(metrics: Sequence[Metric], *needs: str) -> list[Column]:
    """All that a report may show of metrics, which are there with some options only."""
    columns = [
        metric.column for metric in _add_companions(metrics, intervals=True) if not metric.is_hidden
    ]
    return [
        replace(each, required_options=(*needs, *(["--intervals"] if each.bounded_rate else [])))
        for each in columns
    ]


def build_grouped_table(
    name: str, view: View, frame: pl.DataFrame, by: Sequence[str], metrics: Sequence[Metric]
) -> Table:
    """Rows by key and the total. `frame`: one row a conversation or attempt, with the keys' columns."""
    import polars as pl  # noqa: PLC0415 - not before a report is made

    metrics = _add_companions(metrics, intervals=view.settings.shows_intervals)
    if "last-step" in by:
        frame = frame.filter(pl.col("abandoned"))
    total = _measure_groups(frame, (), metrics)
    keyed = _add_time_keys(frame, by, view)
    keys = [_find_group_column(key) for key in by if key != "all"]
    table = _measure_groups(keyed, keys if not frame.is_empty() else ["conv"], metrics)
    columns = [column for key in by for column in KEY_COLUMNS[key]]
    table = (
        _add_names(table, keyed, keys, view)
        if not frame.is_empty()
        else _clear_rows(table, columns)
    )
    if len(keys) == 1 and keys[0] in TIME_KEYS and not frame.is_empty():
        table = _fill_buckets(table, keys[0], metrics, view)
    table = _sort_rows(table, by, metrics[0].column.name)
    if "last-step" in by:
        share = _add_companions([SHARE], intervals=view.settings.shows_intervals)
        metrics = [*metrics, *share]
        whole = pl.lit(total["abandoned"].item()).alias(_WHOLE)
        table, total = table.with_columns(whole), total.with_columns(whole)
        expressions = [metric.value(pl.col).alias(metric.column.name) for metric in share]
        table, total = table.with_columns(expressions), total.with_columns(expressions)
    shown = [metric.column for metric in metrics if not metric.is_hidden]
    unshown = [column.base_column for column in shown if column.base_column]
    named, numbers = (
        [column.name for column in columns],
        [*(column.name for column in shown), *unshown],
    )
    rows, figures_of_all = table.select(*named, *numbers), total.select(numbers).row(0, named=True)
    usual = ("agent",) if name == "live-chat" else ("conversation",)
    options = "".join(f" --by {key}" for key in by) if tuple(by) != usual else ""
    options += " --intervals" if view.settings.shows_intervals else ""
    return Table(
        name,
        [*columns, *shown],
        rows,
        tuple(by),
        figures_of_all,
        command_options=options,
        keys=named,
    )


def _add_companions(metrics: Sequence[Metric], *, intervals: bool) -> list[Metric]:
    """Metrics with the bases of rates, and their bounds where these are asked for."""
    return [
        each
        for metric in metrics
        for each in (
            metric,
            *(other for other in metric.companions if other.is_hidden or intervals),
        )
    ]


_WHOLE = "all_abandoned"
SHARE = define_rate("share", "Share", "abandoned", lambda col: col(_WHOLE), rank=2)
"""A row's part of all abandoned conversations."""


def _find_group_column(key: str) -> str:
    return {"conversation": "conv_id", "agent": "agent_id"}.get(key, key.replace("-", "_"))


def _measure_groups(
    frame: pl.DataFrame, keys: Sequence[str], metrics: Sequence[Metric]
) -> pl.DataFrame:
    """The metrics of each group; of everything without keys."""
    import polars as pl  # noqa: PLC0415

    if any(metric.column.name == "peak_concurrent" for metric in metrics):
        frame = _add_peaks(frame, keys)
    within = "conv_id" in keys and "outcome" in frame.columns
    direct = [
        ((within and metric.value_within_id) or metric.value)(pl.col).alias(metric.column.name)
        for metric in metrics
        if not metric.is_derived and metric.row_filter is None
    ]
    # Counts of millions of rows by few keys: as a stream they need no lists of rows for each group. Without keys it
    # would look for different sessions in a table of all, where sorting them is cheaper.
    measured = (
        frame.lazy().group_by(keys).agg(direct).collect(engine="streaming")
        if keys
        else frame.select(direct)
    )
    for where in dict.fromkeys(
        metric.row_filter for metric in metrics if metric.row_filter is not None
    ):
        some = [m.value(pl.col).alias(m.column.name) for m in metrics if m.row_filter is where]
        rows = frame.lazy().filter(where(pl.col))
        if keys:
            found = rows.group_by(keys).agg(some).collect()
            measured = measured.join(found, on=keys, how="left", nulls_equal=True)
        else:
            measured = measured.hstack(rows.select(some).collect())
    derived = [
        metric.value(pl.col).alias(metric.column.name) for metric in metrics if metric.is_derived
    ]
    counts = [
        pl.col(m.column.name).fill_null(0)
        for m in metrics
        if m.column.kind == "count" and not m.is_derived
    ]
    return measured.with_columns(counts).with_columns(derived)


def _add_peaks(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """`peak`: in each row of attempts, the most chats of its group at one moment (definitions 4)."""
    import polars as pl  # noqa: PLC0415

    chats = frame.filter(pl.col("chat") > 0)
    starts = chats.select(*keys, pl.col("accepted_at").alias("at"), pl.lit(1).alias("step"))
    ends = chats.select(*keys, pl.col("ended_at").alias("at"), pl.lit(-1).alias("step"))
    steps = pl.concat([starts, ends]).sort("at", "step")
    if not keys:
        return frame.with_columns(pl.lit(steps["step"].cum_sum().max() or 0).alias("peak"))
    peaks = steps.group_by(keys, maintain_order=True).agg(
        pl.col("step").cum_sum().max().alias("peak")
    )
    return frame.join(peaks, on=keys, how="left", nulls_equal=True)


def _add_time_keys(frame: pl.DataFrame, by: Sequence[str], view: View) -> pl.DataFrame:
    """With the columns of time keys, from `started_at` in the zone asked for."""
    import polars as pl  # noqa: PLC0415

    local = (
        pl.col("started_at")
        .cast(pl.Datetime("ms", "UTC"))
        .dt.convert_time_zone(view.settings.tz.key)
    )
    # Local years that the calendar does not have belong to no bucket.
    local = pl.when(local.dt.year().is_between(1, 9999)).then(local)
    week = local.dt.date() - pl.duration(days=local.dt.weekday() - 1)
    keys = {
        "day": local.dt.strftime("%Y-%m-%d"),
        "week": week.dt.strftime("%Y-%m-%d"),
        "month": local.dt.strftime("%Y-%m"),
        "hour": local.dt.hour().cast(pl.Int64),
        "weekday": local.dt.weekday().replace_strict(
            dict(enumerate(WEEKDAYS, 1)), return_dtype=pl.Enum(WEEKDAYS)
        ),
    }
    return frame.with_columns(expr.alias(key) for key, expr in keys.items() if key in by)


def _add_names(
    table: pl.DataFrame, frame: pl.DataFrame, keys: Sequence[str], view: View
) -> pl.DataFrame:
    """With the names that belong to ids."""
    import polars as pl  # noqa: PLC0415

    if "conv_id" in keys:
        names = view.name_groups(table.select(keys), frame, keys)
        table = table.join(names, on=keys, how="left", nulls_equal=True).join(
            view.fold.conversation_ids, on="conv_id", how="left"
        )
    if "agent_id" in keys:
        names = view.fold.agents.select("agent_id", pl.col("agent_name").alias("agent"))
        table = table.join(names, on="agent_id", how="left")
    return table


def _clear_rows(table: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415

    return table.clear().with_columns(
        pl.lit(None, pl.String).alias(column.name) for column in columns
    )


def _fill_buckets(
    table: pl.DataFrame, key: str, metrics: Sequence[Metric], view: View
) -> pl.DataFrame:
    """With rows for the buckets in which nothing happened."""
    import polars as pl  # noqa: PLC0415

    buckets = pl.DataFrame(
        {key: pl.Series(_list_key_values(table, key, view), dtype=table.schema[key])}
    )
    counts = [pl.col(m.column.name).fill_null(0) for m in metrics if m.column.kind == "count"]
    untimed = table.filter(pl.col(key).is_null())
    return pl.concat([buckets.join(table, on=key, how="left").with_columns(counts), untimed])


def _list_key_values(table: pl.DataFrame, key: str, view: View) -> list[Any]:
    if key == "hour":
        return list(range(24))
    if key == "weekday":
        return list(WEEKDAYS)
    from dcevents.times import list_buckets  # noqa: PLC0415

    present = table[key].drop_nulls()
    first, last = (present.min(), present.max()) if present.len() else (None, None)
    return list_buckets(key, first, last, view.settings.window, view.settings.tz)


def _sort_rows(table: pl.DataFrame, by: Sequence[str], first: str) -> pl.DataFrame:
    """Time keys ascending; then rows without a key last, the largest first, ties by key."""
    import polars as pl  # noqa: PLC0415

    times = [pl.col(key) for key in by if key in TIME_KEYS]
    identities = {"conversation": "conversation_id", "agent": "agent_id"}
    others = [
        pl.col(identities.get(key, key.replace("-", "_")))
        for key in by
        if key not in (*TIME_KEYS, "all")
    ]
    lacking = [pl.any_horizontal(other.is_null() for other in others)] if others else []
    order = [*times, *lacking, *([-pl.col(first).cast(pl.Int64)] if others else []), *others]
    return table.sort(order, nulls_last=True) if order else table
