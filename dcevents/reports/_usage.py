"""The months of `usage`: what was counted, and when a package's limit is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate, zip_longest
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dcevents.analysis.time_keys import add_time_keys
from dcevents.reports._change_columns import FORMER
from dcevents.settings import Window
from dcevents.times import convert_to_datetime, list_buckets

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.settings import Settings

_DAY: Final = timedelta(days=1)
_MIN_COVERED_DAYS: Final = 3
"""Days of a month from which the rest of it is estimated."""
_THRESHOLDS: Final = {"reaches_90_on": (9, 10), "reaches_100_on": (1, 1)}
"""Parts of the limit, as fractions, by the column that says when they are reached."""
_SCHEMA: Final = {
    "month": pl.String,
    "engaged": pl.Int64,
    "live_chats": pl.Int64,
    "counted": pl.Int64,
    "limit": pl.Int64,
    "share": pl.Float64,
    **dict.fromkeys(_THRESHOLDS, pl.String),
    "covered_from": pl.String,
}


_CHANGING: Final = ("engaged", "live_chats", "counted", "limit", "share")
"""Figures that have a change."""


@dataclass(frozen=True)
class _Coverage:
    """The days that are known: from the first one on, up to that of the report's moment."""

    first: date | None
    last: date | None
    is_up_to_date: bool
    """The window does not end before the moment."""


@dataclass(frozen=True)
class _Month:
    """Holds what was counted in a month, by day."""

    first: date
    counted: dict[date, int]

    @property
    def last(self) -> date:
        """Return the last day."""
        return (self.first.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY

    def find_reached(self, needed: int, out_of: int) -> date | None:
        """Return the day on which the sum is at least `needed` / `out_of`."""
        days = sorted(self.counted)
        sums = accumulate(self.counted[day] for day in days)
        return next(
            (day for day, sum_ in zip(days, sums, strict=True) if sum_ * out_of >= needed), None
        )

    def estimate_reached(self, needed: int, out_of: int, coverage: _Coverage) -> date | None:
        """Return the day on which it will be, if the month goes on as so far."""
        begin, counted = self.find_covered(coverage), sum(self.counted.values())
        today = coverage.last
        if begin is None or today is None or not coverage.is_up_to_date or counted <= 0:
            return None
        days = (today - begin).days + 1
        if not self.first <= today <= self.last or days < _MIN_COVERED_DAYS:
            return None
        # Rounded up, in whole numbers.
        needed_days = -(-needed * days // (out_of * counted))
        reached = begin + (needed_days - 1) * _DAY
        return reached if reached <= self.last else None

    def find_covered(self, coverage: _Coverage) -> date | None:
        """Return the first covered day."""
        if coverage.first is None or coverage.first > self.last:
            return None
        return max(self.first, coverage.first)


def measure_months(view: View) -> pl.DataFrame:
    """Return a row for each month, in order; what has no start comes last."""
    days = _count_days(view)
    settings = view.settings
    names = days["month"].drop_nulls()
    first, last = (names.min(), names.max()) if names.len() else (None, None)
    months = list_buckets("month", first, last, settings.window, settings.tz)
    rows = list(_list_months(days, months if days.height else [], view))
    untimed = days.filter(pl.col("month").is_null())
    if untimed.height:
        rows.append(_sum_days(untimed, settings))
    return pl.DataFrame(rows, schema=_SCHEMA)


def measure_compared_months(view: View, compared: Window) -> pl.DataFrame:
    """Return the months of both windows side by side, by place, with the changes.

    A month without a counterpart stands under its own name.
    """
    settings = view.settings._replace(compared=None)
    since, until = settings.window.since, settings.window.until
    closed = Window(since, settings.now_ms if until is None else until)
    sides = []
    for window, listed in ((settings.window, closed), (compared, compared)):
        of_window = replace(view, settings=settings._replace(window=window))
        months = list_buckets("month", None, None, listed, settings.tz)
        sides.append((_count_days(of_window), months, of_window))
    if all(days.is_empty() for days, *_ in sides):
        sides = []
    found = [list(_list_months(*side)) for side in sides]
    rows = [_lay_beside(now or {}, before or {}) for now, before in zip_longest(*found)]
    changes = {f"{name}_change": _SCHEMA[name] for name in _CHANGING}
    former = {f"{name}{FORMER}": kind for name, kind in _SCHEMA.items() if name != "month"}
    return pl.DataFrame(rows, schema={**_SCHEMA, **former, **changes}).sort("month")


def _lay_beside(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of two months, one of which may be none."""
    row = {**dict.fromkeys(_SCHEMA), **now, "month": (now or before)["month"]}
    row |= {f"{name}{FORMER}": before.get(name) for name in _SCHEMA if name != "month"}
    for name in _CHANGING:
        is_known = bool(now) and bool(before)
        row[f"{name}_change"] = now[name] - before[name] if is_known else None
    return row


def _count_days(view: View) -> pl.DataFrame:
    """Return engaged conversations and those with an accepted chat, by month and day."""
    frame = view.select_conversations(("month", "day"))
    accepted = view.fold.attempts.filter("accepted")["conversation_key"].unique()
    frame = add_time_keys(frame, ("month", "day"), view.settings.tz)
    return frame.group_by("month", "day").agg(
        pl.col("engaged").sum().cast(pl.Int64),
        pl.col("conversation_key").is_in(accepted.implode()).sum().cast(pl.Int64).alias("chats"),
    )


def _find_coverage(view: View) -> _Coverage:
    settings, as_of = view.settings, view.fold.as_of
    starts = [view.log.facts.earliest_ms, settings.window.since]
    known = [convert_to_datetime(ms, settings.tz).date() for ms in starts if ms is not None]
    until = settings.window.until
    return _Coverage(
        max(known, default=None) if starts[0] is not None else None,
        None if as_of is None else convert_to_datetime(as_of, settings.tz).date(),
        is_up_to_date=until is None or (as_of is not None and as_of < until),
    )


def _list_months(days: pl.DataFrame, months: Sequence[str], view: View) -> Iterator[dict[str, Any]]:
    settings, coverage = view.settings, _find_coverage(view)
    limit = settings.package_limit
    for name in months:
        rows = days.filter(pl.col("month") == name)
        summed = _sum_days(rows, settings)
        by_day = {
            date.fromisoformat(day): _count(engaged, chats, settings)
            for _, day, engaged, chats in rows.iter_rows()
        }
        month = _Month(date.fromisoformat(f"{name}-01"), by_day)
        for column, (part, out_of) in _THRESHOLDS.items():
            needed = limit * part
            reached = month.find_reached(needed, out_of)
            reached = reached or month.estimate_reached(needed, out_of, coverage)
            summed[column] = reached and reached.isoformat()
        begin = month.find_covered(coverage)
        is_whole = begin is None or begin == month.first
        covered_from = None if is_whole or begin is None else begin.isoformat()
        yield {
            **summed,
            "month": name,
            "limit": limit,
            "share": summed["counted"] / limit,
            "covered_from": covered_from,
        }


def _sum_days(rows: pl.DataFrame, settings: Settings) -> dict[str, Any]:
    """Return the counts of days; without a month there is no limit."""
    engaged, chats = rows.select(pl.col("engaged", "chats").sum()).row(0)
    return {
        **dict.fromkeys(_SCHEMA),
        "engaged": engaged,
        "live_chats": chats,
        "counted": _count(engaged, chats, settings),
    }


def _count(engaged: int, chats: int, settings: Settings) -> int:
    """Return what the package counts."""
    return engaged + chats if settings.package == "select" else engaged
