"""Days whose figures were final, and have moved: since events came in late."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from dcevents import show, times
from dcevents.reports import abandonment, completion, live_chat
from dcevents.settings import Settings, Window
from dcevents.store import reading
from dcevents.store.segment import TIME
from dcevents.store.state import State
from dcevents.view import View

_RATES = (
    (completion.REPORT, "completion_rate", "completion"),
    (abandonment.REPORT, "abandonment_rate", "abandonment"),
    (live_chat.REPORT, "acceptance_rate", "acceptance"),
)
_COUNTS = ((completion.REPORT, "triggered", "conversation"), (live_chat.REPORT, "requests", "live chat"))


def moved(before: State, after: State, settings: Settings) -> Iterator[str]:
    """`2026-11-20 completion 41.2 % → 43.0 %, 6 late events`: a line for each day that was final before and is other.

    A day is final when the latest event is later than its end by the idle limit.
    """
    latest = reading.latest(before.manifest)
    if latest is None:
        return
    late = _late(before, after, settings.tz)
    reads = [reading.kept(state, None, settings) for state in (before, after)] if late else []
    for day in sorted(late):
        window = Window(times.midnight(day, settings.tz), times.midnight(day + timedelta(days=1), settings.tz))
        if window.until is not None and window.until + settings.idle_ms <= latest:
            was, now = (_figures(View(*read, replace(settings, window=window))) for read in reads)
            if differences := list(_differences(was, now)):
                yield f"{day} {', '.join(differences)}, {show.things(late[day], 'late event')}"


def _late(before: State, after: State, tz: ZoneInfo) -> dict[date, int]:
    """Local days on which conversations with new events started, now or formerly; and how many events these are."""
    names = {part.name for part in before.parts}
    new = [part for part in after.parts if part.name not in names]
    found: dict[date, int] = {}
    for part in new:
        rows = after.table(part, "conversations", ["sid", "said", "started_at"])
        facts = after.table(part, "facts", ["sid", "said"])
        ids = after.said["id"].rank("dense").fill_null(0)
        of = [frame.with_columns(ids.gather(frame["said"]).alias("id")) for frame in (facts, rows)]
        days = of[0].join(of[1], on=["sid", "id"]).select(_day(pl.col("started_at"), tz).alias("day"))
        for day, n in days.drop_nulls().group_by("day").len().iter_rows():
            found[day] = found.get(day, 0) + n
        # A conversation that began earlier than was known has moved from one day to another.
        for day in _left(before, rows, tz):
            found.setdefault(day, 0)
    return found


def _left(before: State, rows: pl.DataFrame, tz: ZoneInfo) -> set[date]:
    """The days on which conversations of these sessions formerly started."""
    former = before.rows_of(rows["sid"].unique()).drop_nulls("row")
    days: set[date] = set()
    for number in former["segment"].unique():
        mine = former.filter(pl.col("segment") == number)["row"]
        table = before.table(before.parts[number], "conversations", ["started_at"])
        days |= set(table[mine.to_list()].select(_day(pl.col("started_at"), tz)).to_series().drop_nulls())
    return days


def _day(ts: pl.Expr, tz: ZoneInfo) -> pl.Expr:
    return ts.cast(TIME).dt.convert_time_zone(tz.key).dt.date()


def _figures(view: View) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {}
    for report, name, _ in (*_RATES, *_COUNTS):
        (table,) = report.tables(view, ("all",))
        found[name] = (table.total or {}).get(name)
    return found


def _differences(was: dict[str, float | int | None], now: dict[str, float | int | None]) -> Iterator[str]:
    for _, name, title in _RATES:
        if was[name] != now[name]:
            yield f"{title} {show.percent(was[name])} → {show.percent(now[name])}"
    for _, name, title in _COUNTS:
        one, other = was[name] or 0, now[name] or 0
        if one != other:
            yield f"{one:,} → {show.things(int(other), title)}"
