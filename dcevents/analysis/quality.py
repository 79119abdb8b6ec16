"""The quality of a log (definitions 5).

Pure: a log that was read with places, and its fold, in; frames and plain values out. Times are
milliseconds since 1970 (UTC), durations milliseconds; None is unknown.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from dcevents.model.conversations import FactFold
from dcevents.model.events import CLOSED, ENGAGED, TRIGGERED
from dcevents.model.moments import ANCIENT, DAY_MS, FUTURE, UNTIMED
from dcevents.reading.log import Log
from dcevents.reading.timestamps import FORMS

PEAK_SECONDS = (100, 200, 300, 600)
"""Seconds after which Dynamic Chat gives up.

100, 200 and 300: a request that one, two or three agents did not take; 600: an idle chat.
Source: docs/definitions.md, section 5.
"""
_REQUEST_PEAK_SECONDS = PEAK_SECONDS[:3]
_MIN_NEAR_MS, _MAX_NEAR_MS = 950, 1100
"""Milliseconds for each second of a peak between which a delay is near the peak."""

_MIN_KNOWN_TIMEOUTS = 10
"""Timeouts with a known delay without which the log does not show a reading."""
_MIN_REQUEST_SHARE, _MAX_VISITOR_SHARE = 0.8, 0.2
"""Shares of delays near the peaks of requests, from which and up to which a reading holds."""

_USUAL_SILENCE_DAYS = 28
_STOPPED_FACTOR = 2
"""A feed has stopped if it is silent for more than so many times its usual silence …"""
_MIN_STOPPED_MS = 3_600_000
"""… and for longer than this."""
MAX_SHOWN_SILENCES = 3

TimeoutReading = Literal["request", "visitor", "both", "too_few"]
"""The meaning of TIMEOUT at a site: no agent took the request; the visitor stopped answering;
one or the other; unknown.
"""


def drop_duplicates(log: Log) -> pl.DataFrame:
    """Return the located events in order, of duplicates the first.

    Columns: sid, attributes, ts (milliseconds, or a moment that is none), form, file, line.
    Raises ValueError if the log was read without places.
    """
    if log.located is None:
        raise ValueError("the log was read without places")
    if not log.account.duplicates:
        return log.located
    identities = log.facts.vocabulary.number_identities()
    key = {
        "identity": pl.lit(identities).gather(pl.col("attributes")),
        "time": pl.min_horizontal("ts", UNTIMED),
    }
    events = log.located.with_columns(**key)
    return events.unique(["sid", *key], keep="first", maintain_order=True).drop(*key)


def count_forms(events: pl.DataFrame) -> dict[str, int]:
    """Count events by the form of their timestamp; forms without events too."""
    counts = dict(events["form"].value_counts().iter_rows())
    return {name: counts.get(number, 0) for number, name in enumerate(FORMS)}


def list_untimed(events: pl.DataFrame, limit: int) -> list[tuple[int, int, str]]:
    """Return file, line and form (or `future`, `ancient`) of untimed events."""
    reasons = {FUTURE: "future", ANCIENT: "ancient"}
    untimed = events.filter(pl.col("ts") >= UNTIMED).head(limit)
    return [
        (file, line, reasons.get(ts) or FORMS[form])
        for file, line, form, ts in untimed.select("file", "line", "form", "ts").iter_rows()
    ]


class LineOrder(NamedTuple):
    """Events on a later line than a later event."""

    out_of_order: int
    step_back_ms: int | None
    """The greatest distance back to the latest event on an earlier line."""
    files: list[tuple[int, int, int]]
    """For each input with such events: its number, their count, the step back; most first."""


def measure_order(events: pl.DataFrame) -> LineOrder:
    """Count events that are earlier than one on an earlier line."""
    ts = pl.col("ts")
    timed = events.lazy().filter(ts < UNTIMED)
    steps = timed.select("file", (ts.cum_max().over("file") - ts).alias("step_back"))
    of_files = (
        steps.filter(pl.col("step_back") > 0)
        .group_by("file")
        .agg(pl.len().alias("events"), pl.col("step_back").max())
    )
    files = of_files.collect().sort(-pl.col("events").cast(pl.Int64), "file").rows()
    step_back = max((step for _, _, step in files), default=None)
    return LineOrder(sum(count for _, count, _ in files), step_back, files)


class Starts(NamedTuple):
    """Counts of conversations, and of those whose beginning is not in the log."""

    conversations: int
    start_not_seen: int
    engaged: int
    engagement_implied: int


def count_missing_starts(fold: FactFold) -> Starts:
    """Count conversations without TRIGGERED, and engaged ones without ENGAGED."""
    bits = (
        fold.select_events()
        .lazy()
        .group_by("conversation_key")
        .agg(pl.col("kind_bit").bitwise_or())
        .collect(engine="streaming")["kind_bit"]
    )
    engaged = bits.filter((bits & (0xFFFF - (1 << TRIGGERED) - (1 << CLOSED))) > 0)
    return Starts(
        bits.len(), _count_without(bits, TRIGGERED), engaged.len(), _count_without(engaged, ENGAGED)
    )


def _count_without(bits: pl.Series, kind: int) -> int:
    return int(((bits & (1 << kind)) == 0).sum())


class SessionLengths(NamedTuple):
    """Counts of sessions, and of those that last longer than 24 hours."""

    sessions: int
    over_a_day: int
    longest: list[tuple[str, int]]
    """The longest of those over a day: sid, milliseconds."""


def measure_sessions(fold: FactFold, limit: int) -> SessionLengths:
    """Measure sessions from first to last timestamp; name the longest."""
    ts = pl.col("ts")
    timed = pl.when(ts < UNTIMED).then(ts)
    spans = (
        fold.facts.to_frame()
        .lazy()
        .group_by("sid")
        .agg((timed.max() - timed.min()).alias("span"))
        .collect()
    )
    long = spans.filter(pl.col("span") > DAY_MS)
    named = long.with_columns(fold.look_up_sids(long["sid"]).alias("sid"))
    longest = named.sort(-pl.col("span"), "sid").head(limit)
    return SessionLengths(spans.height, long.height, longest.rows())


def find_several_names(fold: FactFold, key: str, name: str) -> list[tuple[str, list[str]]]:
    """Find identities with several names in the log, with all names.

    `key` and `name` are columns: conversation_id and conversation, or agent_id and agent_name.
    """
    codes = fold.facts.to_frame()["attributes"].unique()
    pairs = fold.attributes[codes].select(key, name).drop_nulls().unique()
    names = pairs.group_by(key).agg(pl.col(name).sort())
    several = names.filter(pl.col(name).list.len() > 1).sort(key)
    return [(identity, list(its_names)) for identity, its_names in several.iter_rows()]


@dataclass(frozen=True)
class Coverage:
    """The times and days with events, and those without."""

    first_ms: int | None
    last_ms: int | None
    day_count: int
    """Local days from the first to the last event, both counted."""
    gaps: list[tuple[Any, Any, int]]
    """Runs of days without an event: first day, last day, number of days."""
    silences: list[tuple[int, int]]
    """The longest times from one event to the next, longest first: from, to."""
    last_before_clock_ms: int | None
    """The last event that is not after the clock; where all are, the last."""
    usual_silence_ms: int | None
    """The longest silence that ended in the 28 days up to that event."""


def measure_coverage(events: pl.DataFrame, clock: int, tz: ZoneInfo) -> Coverage:
    """Find the days (in `tz`) and times without events."""
    ts = events["ts"].filter(events["ts"] < UNTIMED).unique().sort()
    if ts.is_empty():
        return Coverage(None, None, 0, [], [], None, None)
    first, last = int(ts[0]), int(ts[-1])
    # One event of a clock that is ahead must not hide that all others have stopped.
    before_clock: Any = ts.filter(ts <= clock).max() or last
    silences = pl.DataFrame({"from": ts[:-1], "to": ts[1:]}).with_columns(
        (pl.col("to") - pl.col("from")).alias("ms")
    )
    begin = before_clock - _USUAL_SILENCE_DAYS * DAY_MS
    recent = silences.filter((pl.col("to") > begin) & (pl.col("to") <= before_clock))
    usual: Any = recent["ms"].max()
    longest = silences.sort(-pl.col("ms"), "from").head(MAX_SHOWN_SILENCES)
    days = _list_local_days(ts, tz)
    gaps = _find_gaps(days)
    day_count = days.len() + sum(length for *_, length in gaps)
    shown = longest.select("from", "to").rows()
    return Coverage(first, last, day_count, gaps, shown, before_clock, usual)


def _list_local_days(ts: pl.Series, tz: ZoneInfo) -> pl.Series:
    """Return the distinct local days of times, in order, within the calendar."""
    local = ts.cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(tz.key)
    return local.filter(local.dt.year().is_between(1, 9999)).dt.date().unique().sort()


def _find_gaps(days: pl.Series) -> list[tuple[Any, Any, int]]:
    before, after = pl.col("before"), pl.col("after")
    neighbours = pl.DataFrame({"before": days[:-1], "after": days[1:]}).with_columns(
        ((after - before).dt.total_days() - 1).alias("days")
    )
    empty = neighbours.filter(pl.col("days") > 0)
    return empty.select(before.dt.offset_by("1d"), after.dt.offset_by("-1d"), "days").rows()


class Feed(NamedTuple):
    """The silence from the last event to the clock; None: unknown."""

    silent_ms: int | None
    has_stopped: bool | None
    """True: it is much longer than usual."""


def measure_feed(coverage: Coverage, clock: int) -> Feed:
    """Measure the silence from the last event to the clock."""
    if coverage.last_before_clock_ms is None:
        return Feed(None, None)
    silent_ms = max(0, clock - coverage.last_before_clock_ms)
    if coverage.usual_silence_ms is None:
        return Feed(silent_ms, None)
    limit_ms = max(_MIN_STOPPED_MS, _STOPPED_FACTOR * coverage.usual_silence_ms)
    return Feed(silent_ms, silent_ms > limit_ms)


class TimeoutDelays(NamedTuple):
    """Timeouts, and how long after a request or an accept they came."""

    timeout_count: int
    known_delays: pl.Series
    """Milliseconds, of the timeouts for which both times are known."""

    def count_near(self, seconds: int) -> int:
        """Count the delays near so many seconds: 95 % to 110 %."""
        first, last = _MIN_NEAR_MS * seconds, _MAX_NEAR_MS * seconds
        return int(self.known_delays.is_between(first, last).sum())

    def compute_quantile(self, share: float) -> float | None:
        """Return a quantile in milliseconds, interpolated linearly; None without delays."""
        return self.known_delays.quantile(share, "linear")


class Timeouts(NamedTuple):
    """The timeouts of requests that nobody had accepted, and those of chats."""

    after_request: TimeoutDelays
    after_accept: TimeoutDelays

    @property
    def reading(self) -> TimeoutReading:
        """Return the reading of TIMEOUT that the log supports (definitions 5)."""
        known = self.after_request.known_delays.len() + self.after_accept.known_delays.len()
        if known < _MIN_KNOWN_TIMEOUTS:
            return "too_few"
        share = sum(map(self.after_request.count_near, _REQUEST_PEAK_SECONDS)) / known
        if share >= _MIN_REQUEST_SHARE:
            return "request"
        return "visitor" if share <= _MAX_VISITOR_SHARE else "both"


def measure_timeouts(fold: FactFold) -> Timeouts:
    """Measure the delays of timeouts, after requests and after accepts apart."""
    timeouts = fold.find_timeouts()
    groups = (timeouts.filter(~pl.col("accepted")), timeouts.filter("accepted"))
    return Timeouts(*(TimeoutDelays(each.height, each["ms"].drop_nulls()) for each in groups))


class Quality(NamedTuple):
    """The quality of a log; its account is apart."""

    timestamp_forms: dict[str, int]
    """Events by the form of their timestamp; empty for a store without lines."""
    untimed_lines: list[tuple[int, int, str]]
    """File, line and form of the first untimed events; empty for a store without lines."""
    order: LineOrder | None
    """None for a store without lines."""
    starts: Starts
    sessions: SessionLengths
    ids_with_several_names: list[tuple[str, list[str]]]
    agents_with_several_names: list[tuple[str, list[str]]]
    coverage: Coverage
    feed: Feed
    timeouts: Timeouts


def assess_quality(log: Log, fold: FactFold, clock: int, tz: ZoneInfo, limit: int) -> Quality:
    """Assess a log as of `clock`.

    Name `limit` untimed events and long sessions.
    """
    events = drop_duplicates(log)
    coverage = measure_coverage(events, clock, tz)
    return Quality(
        timestamp_forms=count_forms(events) if log.has_lines else {},
        untimed_lines=list_untimed(events, limit) if log.has_lines else [],
        order=measure_order(events) if log.has_lines else None,
        starts=count_missing_starts(fold),
        sessions=measure_sessions(fold, limit),
        ids_with_several_names=find_several_names(fold, "conversation_id", "conversation"),
        agents_with_several_names=find_several_names(fold, "agent_id", "agent_name"),
        coverage=coverage,
        feed=measure_feed(coverage, clock),
        timeouts=measure_timeouts(fold),
    )
