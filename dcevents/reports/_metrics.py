"""Metrics of grouped reports: functions of columns, without polars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dcevents.analysis.intervals import compute_wilson_bounds
from dcevents.reports._change_columns import list_change_columns
from dcevents.tables import ESSENTIAL, Column

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View

Expression = Callable[[Any], Any]
"""Makes an expression of polars from `polars.col`, which it is given."""

ROWS = "rows"
"""Column of tallies: how many rows are alike."""


class Metric(NamedTuple):
    """A figure of a grouped report, and its computation."""

    column: Column
    value: Expression
    """Computes it from the rows of a group, or with `is_derived` from other figures."""
    is_derived: bool = False
    is_of_tallies: bool = False
    """Computed from tallies, rows that are alike, with their number `ROWS` in place of each."""
    summed: str | None = None
    """A column of which tallies have the sum, as `sum_<column>`."""
    is_hidden: bool = False
    """Needed by other figures only."""
    row_filter: Expression | None = None
    """The rows that it is computed from, if not all."""
    value_within_id: Expression | None = None
    """Computes the same from tallies where all rows of a group have one conversation id."""
    count_all: Callable[[View, pl.DataFrame], int] | None = None
    """Counts the same in all selected rows more cheaply."""
    total_of: str | None = None
    """A figure whose total `value` needs, as the column `total_<figure>`."""
    companions: tuple[Metric, ...] = ()
    """Figures from the same ones: of a rate its base, and the bounds of its interval."""
    part: str | None = None
    """Of a rate: the figure that is the part; the column's `base_column` is the whole."""


# -- kinds of metrics ---------------------------------------------------------------------------


def define_count(
    name: str,
    title: str,
    condition: Expression | None = None,
    *,
    priority: int = 1,
    is_hidden: bool = False,
) -> Metric:
    """Return the number of rows, or of those for which a condition holds."""

    def count_rows(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        rows = col(ROWS)
        return (rows if condition is None else rows.filter(condition(col))).sum()

    column = Column(name, "count", title, priority)
    return Metric(column, count_rows, is_of_tallies=True, is_hidden=is_hidden)


def define_sum(name: str, title: str, column: str, *, priority: int = 1) -> Metric:
    """Return the sum of a column of whole numbers."""
    return Metric(
        Column(name, "count", title, priority),
        lambda col: col(f"sum_{column}").sum(),
        is_of_tallies=True,
        summed=column,
    )


def define_rate(  # noqa: PLR0913 - three of them by name
    name: str,
    title: str,
    part: str,
    base: Expression,
    *,
    priority: int = 1,
    is_main: bool = False,
    total_of: str | None = None,
) -> Metric:
    """Return a part of a base; null where that is 0.

    Both are made of other figures. The companions are the base and the bounds. `is_main`: the
    report is about this rate.
    """
    priority = ESSENTIAL if is_main else priority

    def compute_rate(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        return _replace_infinite(col(part) / base(col))

    def make_bound(which: int) -> Expression:
        return lambda col: _replace_infinite(
            compute_wilson_bounds(col(part), base(col))[which],
        )

    low = Column(f"{name}_low", "rate", "95 % low", priority, bounded_rate=name)
    high = Column(f"{name}_high", "rate", "95 % high", priority, bounded_rate=name)
    base_column = Column(f"{name}_base", "count", "")
    companions = (
        Metric(base_column, base, is_derived=True, is_hidden=True, total_of=total_of),
        Metric(low, make_bound(0), is_derived=True, total_of=total_of),
        Metric(high, make_bound(1), is_derived=True, total_of=total_of),
    )
    column = Column(name, "rate", title, priority, base_column.name, is_main=is_main)
    return Metric(
        column,
        compute_rate,
        is_derived=True,
        total_of=total_of,
        companions=companions,
        part=part,
    )


def define_share(name: str, title: str, part: str, *, priority: int = 1) -> Metric:
    """Return a row's part of the total of another figure."""
    return define_rate(
        name, title, part, lambda col: col(f"total_{part}"), priority=priority, total_of=part
    )


def define_seconds(
    name: str, title: str, value: Expression, *, row_filter: Expression, priority: int = 1
) -> Metric:
    """Return a duration of the rows that a filter selects.

    `value` is in milliseconds.
    """
    column = Column(name, "seconds", title, priority)
    return Metric(column, lambda col: value(col) / 1000, row_filter=row_filter)


def define_time(name: str, title: str, value: Expression, *, priority: int = 1) -> Metric:
    """Return a time, in milliseconds since 1970."""
    return Metric(Column(name, "time", title, priority), value)


def _replace_infinite(quotient: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    return quotient.replace([float("nan"), float("inf")], None)


# -- the figures that alerts may be about -------------------------------------------------------


def add_companions(metrics: Sequence[Metric], *, with_intervals: bool) -> list[Metric]:
    """Return metrics with bases, and with bounds where shown."""
    return [
        each
        for metric in metrics
        for each in (
            metric,
            *(other for other in metric.companions if other.is_hidden or with_intervals),
        )
    ]


def list_metric_figures(metrics: Sequence[Metric], *options: str) -> list[Column]:
    """Return the columns of metrics and of their changes, with the options they need."""
    columns = [column for metric in metrics for column in list_columns(metric, with_intervals=True)]
    return [
        each._replace(required_options=(*options, *each.required_options))
        for each in columns
        if each.kind != "time"
    ]


def list_columns(metric: Metric, *, with_intervals: bool) -> list[Column]:
    """Return the columns of a metric: itself, its bounds, and its change with its bounds."""
    bounds = [
        other.column._replace(required_options=("--intervals",))
        for other in metric.companions
        if with_intervals and not other.is_hidden
    ]
    changes = list_change_columns(metric.column, with_intervals=bool(bounds))
    return [] if metric.is_hidden else [metric.column, *bounds, *changes]


# -- keys ---------------------------------------------------------------------------------------

TIME_KEYS = ("day", "week", "month", "hour", "weekday")

KEY_COLUMNS = {
    "conversation": (
        Column("conversation", "text", "Conversation", ESSENTIAL),
        Column("conversation_id", "text", "ID", 0, name_column="conversation", is_code=True),
    ),
    "agent": (
        Column("agent", "text", "Agent", ESSENTIAL),
        Column("agent_id", "text", "Agent ID", 0, name_column="agent", is_code=True),
    ),
    "type": (Column("type", "text", "Type", ESSENTIAL),),
    "ui-type": (Column("ui_type", "text", "UI type", ESSENTIAL),),
    "page": (Column("page", "text", "Page", ESSENTIAL, is_address=True),),
    "last-step": (Column("last_step", "text", "Last step", ESSENTIAL, narrow_width=25),),
    "day": (Column("day", "day", "Day", ESSENTIAL),),
    "week": (Column("week", "day", "Week of", ESSENTIAL),),
    "month": (Column("month", "day", "Month", ESSENTIAL),),
    "hour": (Column("hour", "number", "Hour", ESSENTIAL),),
    "weekday": (Column("weekday", "day", "Weekday", ESSENTIAL),),
    "all": (),
}
"""Key columns by the name that `--by` has for them."""

CONVERSATION_KEYS = ("conversation", "type", "ui-type", "page", *TIME_KEYS, "all")
