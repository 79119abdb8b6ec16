"""Days whose figures were final, and have moved: since events came in late."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from dcevents import show, times
from dcevents.analysis.view import View
from dcevents.reports import abandonment, completion, live_chat
from dcevents.settings import Settings, Window
from dcevents.store import query
from dcevents.store.disk.segment import TIME_TYPE
from dcevents.store.disk.state import StoreState
from dcevents.tables import Column

_COMPARED_REPORTS = (completion.REPORT, abandonment.REPORT, live_chat.REPORT)
_RATE_TITLES = {
    "completion_rate": "completion",
    "abandonment_rate": "abandonment",
    "acceptance_rate": "acceptance",
}
_COUNT_TITLES = {"triggered": "conversation", "requests": "live chat"}
DayFigures = dict[str, tuple[Column, Any]]
_MAX_OTHER_FIGURES = 3
"""Figures that are named where none of these has moved."""


def describe_changes(before: StoreState, after: StoreState, settings: Settings) -> Iterator[str]:
    """`2026-11-20 completion 41.2 % → 43.0 %, 6 late events`: a line for each day that was final before and is other.

    A day is final when the latest event, and the clock, are later than its end by the idle limit.
    """
    last = query.find_latest(before.manifest)
    if last is None:
        return
    # A visitor's clock may be ahead of the day.
    latest = min(last, before.manifest.last_clock or last)
    late = _find_late_days(before, after, settings.tz)
    reads = (
        [query.read_conversations(state, None, settings) for state in (before, after)]
        if late
        else []
    )
    for day in sorted(late):
        window = Window(
            times.find_midnight(day, settings.tz),
            times.find_midnight(day + timedelta(days=1), settings.tz),
        )
        if window.until is not None and window.until + settings.idle_ms <= latest:
            was, now = (
                _compute_figures(View(*read, replace(settings, window=window))) for read in reads
            )
            if differences := list(_describe_differences(was, now)):
                events = [show.format_count(late[day], "late event")] if late[day] else []
                yield f"{day} {', '.join([*differences, *events])}"


def _find_late_days(before: StoreState, after: StoreState, tz: ZoneInfo) -> dict[date, int]:
    """Local days on which conversations with new events started, now or formerly; and how many events these are."""
    names = {part.name for part in before.segments}
    new = [part for part in after.segments if part.name not in names]
    found: dict[date, int] = {}
    for part in new:
        rows = after.read_table(part, "conversations", ["sid", "said", "started_at"])
        facts = after.read_table(part, "facts", ["sid", "said"])
        ids = after.attributes["id"].rank("dense").fill_null(0)
        of = [frame.with_columns(ids.gather(frame["said"]).alias("id")) for frame in (facts, rows)]
        days = (
            of[0]
            .join(of[1], on=["sid", "id"])
            .select(_to_local_day(pl.col("started_at"), tz).alias("day"))
        )
        for day, n in days.drop_nulls().group_by("day").len().iter_rows():
            found[day] = found.get(day, 0) + n
        # A conversation that began earlier than was known has moved from one day to another.
        for day in _find_former_days(before, rows, tz):
            found.setdefault(day, 0)
    return found


def _find_former_days(before: StoreState, rows: pl.DataFrame, tz: ZoneInfo) -> set[date]:
    """The days on which conversations of these sessions formerly started."""
    former = before.find_rows(rows["sid"].unique()).drop_nulls("row")
    days: set[date] = set()
    for number in former["segment"].unique():
        mine = former.filter(pl.col("segment") == number)["row"]
        table = before.read_table(before.segments[number], "conversations", ["started_at"])
        days |= set(
            table[mine.to_list()]
            .select(_to_local_day(pl.col("started_at"), tz))
            .to_series()
            .drop_nulls()
        )
    return days


def _to_local_day(ts: pl.Expr, tz: ZoneInfo) -> pl.Expr:
    return ts.cast(TIME_TYPE).dt.convert_time_zone(tz.key).dt.date()


def _compute_figures(view: View) -> DayFigures:
    """Name → column and value of each figure."""
    found: DayFigures = {}
    for report in _COMPARED_REPORTS:
        (table,) = report.make_tables(view, ("all",))
        found |= {
            column.name: (column, (table.total or {}).get(column.name)) for column in table.columns
        }
    return found


def _describe_differences(was: DayFigures, now: DayFigures) -> Iterator[str]:
    """What has moved: the rates, and of how many they are; where none of these has, some of the others."""
    said = {name: (_format_figure(*was[name]), _format_figure(*now[name])) for name in now}
    moved = {
        name: both for name, both in said.items() if was[name] != now[name] and both[0] != both[1]
    }
    told = [
        f"{title} {' → '.join(moved[name])}"
        for name, title in _RATE_TITLES.items()
        if name in moved
    ]
    for name, title in _COUNT_TITLES.items():
        if name in moved:
            told.append(f"{moved[name][0]} → {show.format_count(now[name][1] or 0, title)}")
    titles = {name: now[name][0].title.replace("\u00ad", "").lower() for name in moved}
    others = [f"{titles[name]} {' → '.join(both)}" for name, both in moved.items()]
    yield from told or [
        *others[:_MAX_OTHER_FIGURES],
        *(["…"] if len(others) > _MAX_OTHER_FIGURES else []),
    ]


def _format_figure(column: Column, value: Any) -> str:  # noqa: ANN401 - a figure
    if column.kind == "rate":
        return show.format_percent(value)
    return (
        show.format_duration(value) if column.kind == "seconds" else show.format_number(value or 0)
    )
