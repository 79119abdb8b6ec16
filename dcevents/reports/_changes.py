"""Days whose final figures late events have changed."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from dcevents import show, times
from dcevents.analysis.view import View
from dcevents.reports import abandonment, completion, live_chat
from dcevents.settings import Settings, Window
from dcevents.store import query
from dcevents.store.changes import count_late_events
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
"""Name → column and value of each figure of a day."""
_MAX_OTHER_FIGURES = 3
"""Figures that are named where no rate and no count of these has changed."""


def describe_changes(before: StoreState, after: StoreState, settings: Settings) -> Iterator[str]:
    """Yield a line for each final day that has changed.

    As in `2026-11-20 completion 41.2 % → 43.0 %, 6 late events`. A day is final when the latest
    event, and the clock, are later than its end by the idle limit.
    """
    latest = before.manifest.find_latest()
    late = count_late_events(before, after, settings.tz) if latest is not None else {}
    if latest is None or not late:
        return
    # A visitor's clock may be ahead of the day.
    latest = min(latest, before.manifest.last_clock or latest)
    reads = [query.read_conversations(state, None, settings) for state in (before, after)]
    for read in reads:
        _ = read.fold.conversations  # Held for all days, and not read for each.
    for day in sorted(late):
        window = _make_window(day, settings)
        if window.until is not None and window.until + settings.idle_ms <= latest:
            chosen = settings._replace(window=window)
            former, current = (_compute_figures(View(*read, chosen)) for read in reads)
            if differences := list(_describe_differences(former, current)):
                events = [show.format_count(late[day], "late event")] if late[day] else []
                yield f"{day} {', '.join([*differences, *events])}"


def _make_window(day: date, settings: Settings) -> Window:
    next_day = day + timedelta(days=1)
    return Window(times.find_midnight(day, settings.tz), times.find_midnight(next_day, settings.tz))


def _compute_figures(view: View) -> DayFigures:
    found: DayFigures = {}
    for report in _COMPARED_REPORTS:
        (table,) = report.make_tables(view, ("all",))
        totals = table.total or {}
        found |= {column.name: (column, totals.get(column.name)) for column in table.columns}
    return found


def _describe_differences(former: DayFigures, current: DayFigures) -> Iterator[str]:
    """Yield changed rates and the counts they are of.

    Without any, some of the other figures.
    """
    changed = {}
    for name, figure in current.items():
        words = _format_figure(*former[name]), _format_figure(*figure)
        if former[name] != figure and words[0] != words[1]:
            changed[name] = words
    rates = [
        f"{title} {' → '.join(changed[name])}"
        for name, title in _RATE_TITLES.items()
        if name in changed
    ]
    counts = [
        f"{changed[name][0]} → {show.format_count(current[name][1] or 0, title)}"
        for name, title in _COUNT_TITLES.items()
        if name in changed
    ]
    titles = {name: current[name][0].title.lower() for name in changed}
    others = [f"{titles[name]} {' → '.join(words)}" for name, words in changed.items()]
    if len(others) > _MAX_OTHER_FIGURES:
        others = [*others[:_MAX_OTHER_FIGURES], "…"]
    yield from [*rates, *counts] or others


def _format_figure(column: Column, value: Any) -> str:  # noqa: ANN401 - a figure
    if column.kind == "rate":
        return show.format_percent(value)
    if column.kind == "seconds":
        return show.format_duration(value)
    return show.format_number(value or 0)
