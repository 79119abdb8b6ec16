"""Metrics of grouped reports: functions of columns, without polars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from dcevents.tables import ESSENTIAL, Column, Table

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View
    from dcevents.reports._report import Maker

Expression = Callable[[Any], Any]
"""Makes an expression of polars from `polars.col`, which it is given."""


@dataclass(frozen=True)
class Metric:
    """A figure of a grouped report, and its computation."""

    column: Column
    value: Expression
    """Computes it from the rows of a group, or with `is_derived` from other figures."""
    is_derived: bool = False
    is_hidden: bool = False
    """Needed by other figures only."""
    row_filter: Expression | None = None
    """The rows that it is computed from, if not all."""
    value_within_id: Expression | None = None
    """Computes the same more cheaply where all rows of a group have one conversation id."""
    add_column: Callable[[pl.DataFrame, Sequence[str]], pl.DataFrame] | None = None
    """Adds to the rows what `value` needs and only all rows of a group tell; given the keys."""
    total_of: str | None = None
    """A figure whose total `value` needs, as the column `total_<figure>`."""
    companions: tuple[Metric, ...] = ()
    """Figures from the same ones: of a rate its base, and the bounds of its interval."""


@dataclass(frozen=True)
class Grouping:
    """A grouped table: its name, metrics, and usual key."""

    name: str
    metrics: Sequence[Metric]
    default_by: str = "conversation"


def group_rows(
    grouping: Grouping, view: View, frame: pl.DataFrame, by: Sequence[str]
) -> list[Table]:
    """Return the grouped table of conversations or attempts.

    `frame` has the columns of the keys.
    """
    from dcevents.reports._grouped import build_grouped_table  # noqa: PLC0415 - polars

    return [build_grouped_table(grouping, view, frame, by)]


def define_conversations_report(grouping: Grouping) -> Maker:
    """Return a report's `make` that groups conversations."""

    def make_tables(view: View, by: Sequence[str]) -> list[Table]:
        return group_rows(grouping, view, view.select_conversations(by), by)

    return make_tables


# -- kinds of metrics ---------------------------------------------------------------------------


def define_count(
    name: str,
    title: str,
    value: Expression,
    *,
    priority: int = 1,
    **more: Any,  # noqa: ANN401 - fields of Metric
) -> Metric:
    """Return a number of things; `more` are fields of `Metric`."""
    return Metric(Column(name, "count", title, priority), value, **more)


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
    return Metric(column, compute_rate, is_derived=True, total_of=total_of, companions=companions)


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


def _replace_infinite(quotient: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    return quotient.replace([float("nan"), float("inf")], None)


NORMAL_QUANTILE: Final = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: 95 % lie between -Z and Z."""


def compute_wilson_bounds(part: Any, whole: Any) -> tuple[Any, Any]:  # noqa: ANN401 - as above
    """Return the bounds of a rate's 95 % interval, by Wilson.

    Expressions of counts to expressions; NaN where `whole` is 0. The bounds are 0 and 1 exactly
    where the rate is, and the rate never lies outside.
    E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    n, z = whole.cast(float), NORMAL_QUANTILE
    p = part / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).sqrt()
    return (middle - half).clip(0, p), (middle + half).clip(p, 1)


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
    """Return the columns of metrics, with the options they need."""
    every = add_companions(metrics, with_intervals=True)
    columns = [metric.column for metric in every if not metric.is_hidden]
    return [
        replace(
            each,
            required_options=(*options, *(["--intervals"] if each.bounded_rate else [])),
        )
        for each in columns
    ]


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
