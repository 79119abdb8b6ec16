"""Metrics of grouped reports: plain data with functions of columns; no import of polars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dcevents.tables import Column


@dataclass(frozen=True)
class Metric:
    """A figure of a grouped report. `value` makes it from the rows of a group, or with `derived` from other figures.

    The function is given `polars.col`.
    """

    column: Column
    value: Callable[[Any], Any]
    is_derived: bool = False
    is_hidden: bool = False
    """Needed by other figures only."""
    row_filter: Callable[[Any], Any] | None = None
    """The rows that it is made of, if not all."""
    value_within_id: Callable[[Any], Any] | None = None
    """The same figure, made more cheaply, where all rows of a group have one conversation id."""
    companions: tuple[Metric, ...] = ()
    """Figures that follow from the same ones: of a rate its base, and the bounds of its interval."""


def define_count(
    name: str,
    title: str,
    value: Callable[[Any], Any],
    *,
    rank: int = 1,
    **more: Any,  # noqa: ANN401
) -> Metric:
    """A number of things; `more` as in `Metric`."""
    return Metric(Column(name, "count", title, rank), value, **more)


def define_rate(
    name: str, title: str, part: str, base: Callable[[Any], Any], rank: int = 1
) -> Metric:
    """A part of a base, made of other figures; null where the base is 0. Base and bounds stand `beside` it."""

    def value(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        return _replace_infinite(col(part) / base(col))

    def bound(which: int) -> Callable[[Any], Any]:
        return lambda col: _replace_infinite(compute_wilson_bounds(col(part), base(col))[which])

    beside = (
        Metric(Column(f"{name}_base", "count", ""), base, is_derived=True, is_hidden=True),
        Metric(
            Column(f"{name}_low", "rate", "95% low", rank, bounded_rate=name),
            bound(0),
            is_derived=True,
        ),
        Metric(
            Column(f"{name}_high", "rate", "95% high", rank, bounded_rate=name),
            bound(1),
            is_derived=True,
        ),
    )
    return Metric(
        Column(name, "rate", title, rank, f"{name}_base"), value, is_derived=True, companions=beside
    )


def _replace_infinite(quotient: Any) -> Any:  # noqa: ANN401
    return quotient.replace([float("nan"), float("inf")], None)


def compute_wilson_bounds(part: Any, whole: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """The bounds of Wilson's 95 % score interval of a rate, from expressions of counts; NaN where `whole` is 0.

    E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212. They are 0 and 1 exactly where
    the rate is, and the rate never lies outside.
    """
    n = whole.cast(float)
    p = part / n
    middle = (p + NORMAL_QUANTILE * NORMAL_QUANTILE / (2 * n)) / (
        1 + NORMAL_QUANTILE * NORMAL_QUANTILE / n
    )
    half = (
        NORMAL_QUANTILE
        / (1 + NORMAL_QUANTILE * NORMAL_QUANTILE / n)
        * (p * (1 - p) / n + NORMAL_QUANTILE * NORMAL_QUANTILE / (4 * n * n)).sqrt()
    )
    return (middle - half).clip(0, p), (middle + half).clip(p, 1)


def define_seconds(
    name: str,
    title: str,
    value: Callable[[Any], Any],
    *,
    where: Callable[[Any], Any],
    rank: int = 1,
) -> Metric:
    """A duration, from one in milliseconds, of the rows for which `where` is true."""
    return Metric(
        Column(name, "seconds", title, rank), lambda col: value(col) / 1000, row_filter=where
    )


NORMAL_QUANTILE: Final = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: 95 % lie between -Z and Z."""

TIME_KEYS = ("day", "week", "month", "hour", "weekday")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

KEY_COLUMNS = {
    "conversation": (
        Column("conversation", "text", "Conversation"),
        Column("conversation_id", "text", "ID"),
    ),
    "agent": (Column("agent", "text", "Agent"), Column("agent_id", "text", "Agent ID")),
    "type": (Column("type", "text", "Type"),),
    "ui-type": (Column("ui_type", "text", "UI type"),),
    "page": (Column("page", "text", "Page"),),
    "last-step": (Column("last_step", "text", "Last step"),),
    "day": (Column("day", "day", "Day"),),
    "week": (Column("week", "day", "Week of"),),
    "month": (Column("month", "day", "Month"),),
    "hour": (Column("hour", "number", "Hour"),),
    "weekday": (Column("weekday", "day", "Weekday"),),
    "all": (),
}
"""Key columns by the name that `--by` has for them."""

CONVERSATION_KEYS = ("conversation", "type", "ui-type", "page", *TIME_KEYS, "all")
