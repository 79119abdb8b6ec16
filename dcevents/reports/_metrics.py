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
    derived: bool = False
    hidden: bool = False
    """Needed by other figures only."""
    where: Callable[[Any], Any] | None = None
    """The rows that it is made of, if not all."""
    within_id: Callable[[Any], Any] | None = None
    """The same figure, made more cheaply, where all rows of a group have one conversation id."""
    beside: tuple[Metric, ...] = ()
    """Figures that follow from the same ones: of a rate its base, and the bounds of its interval."""


def count(
    name: str,
    title: str,
    value: Callable[[Any], Any],
    *,
    rank: int = 1,
    **more: Any,  # noqa: ANN401
) -> Metric:
    """A number of things; `more` as in `Metric`."""
    return Metric(Column(name, "count", title, rank), value, **more)


def rate(name: str, title: str, part: str, base: Callable[[Any], Any], rank: int = 1) -> Metric:
    """A part of a base, made of other figures; null where the base is 0. Base and bounds stand `beside` it."""

    def value(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        return _or_null(col(part) / base(col))

    def bound(which: int) -> Callable[[Any], Any]:
        return lambda col: _or_null(wilson(col(part), base(col))[which])

    beside = (
        Metric(Column(f"{name}_base", "count", ""), base, derived=True, hidden=True),
        Metric(Column(f"{name}_low", "rate", "95% low", rank, bounds=name), bound(0), derived=True),
        Metric(
            Column(f"{name}_high", "rate", "95% high", rank, bounds=name), bound(1), derived=True
        ),
    )
    return Metric(
        Column(name, "rate", title, rank, f"{name}_base"), value, derived=True, beside=beside
    )


def _or_null(quotient: Any) -> Any:  # noqa: ANN401
    return quotient.replace([float("nan"), float("inf")], None)


def wilson(part: Any, whole: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """The bounds of Wilson's 95 % score interval of a rate, from expressions of counts; NaN where `whole` is 0.

    E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212. They are 0 and 1 exactly where
    the rate is, and the rate never lies outside.
    """
    n = whole.cast(float)
    p = part / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * (p * (1 - p) / n + Z * Z / (4 * n * n)).sqrt()
    return (middle - half).clip(0, p), (middle + half).clip(p, 1)


def seconds(
    name: str,
    title: str,
    value: Callable[[Any], Any],
    *,
    where: Callable[[Any], Any],
    rank: int = 1,
) -> Metric:
    """A duration, from one in milliseconds, of the rows for which `where` is true."""
    return Metric(Column(name, "seconds", title, rank), lambda col: value(col) / 1000, where=where)


Z: Final = 1.959963984540054
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
