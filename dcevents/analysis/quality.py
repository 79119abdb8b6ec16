"""The quality of a log (definitions 5): what is odd about its events, as figures.

Pure: a log that was read with places, and its fold, in; frames and plain values out. Times are milliseconds since
1970 (UTC), durations milliseconds; null is none.
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from dcevents.model.conversations import Fold
from dcevents.model.events import CLOSED, ENGAGED, TRIGGERED
from dcevents.model.moments import DAY_MS, FUTURE, UNTIMED
from dcevents.reading.log import Log
from dcevents.reading.timestamps import FORMS

PEAK_SECONDS = (100, 200, 300, 600)
"""Seconds after which Dynamic Chat gives up: one agent, two agents, three; an idle chat."""
_REQUEST_PEAK_SECONDS = PEAK_SECONDS[:3]
_MIN_NEAR_MS, _MAX_NEAR_MS = 950, 1100
"""Milliseconds for each second of a peak between which a duration is near it."""
_MIN_KNOWN_TIMEOUTS = 10
_MIN_REQUEST_SHARE, _MAX_VISITOR_SHARE = 0.8, 0.2

_USUAL_SILENCE_DAYS = 28
_STOPPED_FACTOR = 2
_MIN_STOPPED_MS = 3_600_000
MAX_SHOWN_SILENCES = 3

TimeoutReading = Literal["request", "visitor", "both", "too_few"]
"""What TIMEOUT means at a site: nobody took the request; the visitor stopped answering; either; unknown."""


def drop_duplicates(log: Log) -> pl.DataFrame:
    """The events (of duplicates the first line) in the order of lines: sid, said, ts, form, file, line.

    `ts` may be UNTIMED or FUTURE.
    """
    if log.located is None:
        raise ValueError("the log was read without places")
    if not log.account.duplicates:
        return log.located
    identity = log.facts.vocabulary.number_identities()
    same = {
        "identity": pl.lit(identity).gather(pl.col("said")),
        "moment": pl.min_horizontal("ts", UNTIMED),
    }
    marked = log.located.with_columns(**same)
    return marked.unique(["sid", *same], keep="first", maintain_order=True).drop(*same)


def count_forms(events: pl.DataFrame) -> dict[str, int]:
    """Events by the form of their timestamp, of all forms."""
    counts = dict(events["form"].value_counts().iter_rows())
    return {name: counts.get(number, 0) for number, name in enumerate(FORMS)}


def list_untimed(events: pl.DataFrame, limit: int) -> list[tuple[int, int, str]]:
    """The first events without a usable timestamp: file, line, and its form or `future`."""
    found = events.filter(pl.col("ts") >= UNTIMED).head(limit).select("file", "line", "form", "ts")
    return [
        (file, line, "future" if ts == FUTURE else FORMS[form])
        for file, line, form, ts in found.iter_rows()
    ]


class LineOrder(NamedTuple):
    """Events that stand behind a later one: how many, and the farthest distance to the latest before them."""

    out_of_order: int
    step_back_ms: int | None
    files: list[tuple[int, int, int]]
    """File, events and step back of each input that has some, the most first."""


def measure_order(events: pl.DataFrame) -> LineOrder:
    """Events that are earlier than one on an earlier line of the same input."""
    timed = events.lazy().filter(pl.col("ts") < UNTIMED)
    back = timed.select("file", (pl.col("ts").cum_max().over("file") - pl.col("ts")).alias("back"))
    found = (
        back.filter(pl.col("back") > 0)
        .group_by("file")
        .agg(pl.len().alias("events"), pl.col("back").max())
    )
    files = found.collect().sort(-pl.col("events").cast(pl.Int64), "file").rows()
    return LineOrder(
        sum(n for _, n, _ in files), max((step for _, _, step in files), default=None), files
    )


class Starts(NamedTuple):
    """Conversations, and those whose beginning is not in the log."""

    conversations: int
    start_not_seen: int
    engaged: int
    engagement_implied: int


def count_starts(fold: Fold) -> Starts:
    """Conversations without TRIGGERED, and engaged ones without ENGAGED."""
    bits = (
        fold.select_events()
        .lazy()
        .group_by("conv")
        .agg(pl.col("bit").bitwise_or())
        .collect(engine="streaming")["bit"]
    )
    engaged = bits.filter((bits & (0xFFFF - (1 << TRIGGERED) - (1 << CLOSED))) > 0)
    return Starts(
        bits.len(), _count_without(bits, TRIGGERED), engaged.len(), _count_without(engaged, ENGAGED)
    )


def _count_without(bits: pl.Series, kind: int) -> int:
    return int(((bits & (1 << kind)) == 0).sum())


class SessionLengths(NamedTuple):
    """Sessions, and those that last longer than 24 hours, the longest of them with their milliseconds."""

    sessions: int
    over_a_day: int
    longest: list[tuple[str, int]]


def measure_sessions(fold: Fold, limit: int) -> SessionLengths:
    """Sessions by the time from their first event to their last."""
    ts = pl.col("ts")
    timed = pl.when(ts < UNTIMED).then(ts)
    spans = (
        fold.facts.to_frame()
        .lazy()
        .group_by("sid")
        .agg((timed.max() - timed.min()).alias("span"))
        .collect()
    )
    over = spans.filter(pl.col("span") > DAY_MS)
    named = over.with_columns(fold.look_up_sids(over["sid"]).alias("sid")).sort(
        -pl.col("span"), "sid"
    )
    return SessionLengths(spans.height, over.height, named.head(limit).rows())


def find_several_names(fold: Fold, key: str, name: str) -> list[tuple[str, list[str]]]:
    """The `conversation_id` (name `conversation`) or `agent_id` (`agent_name`) with more than one name: all of them."""
    used = (
        fold.attributes[fold.facts.to_frame()["said"].unique()]
        .select(key, name)
        .drop_nulls()
        .unique()
    )
    several = (
        used.group_by(key).agg(pl.col(name).sort()).filter(pl.col(name).list.len() > 1).sort(key)
    )
    return [(identity, list(names)) for identity, names in several.iter_rows()]


@dataclass(frozen=True)
class Coverage:
    """When there are events, and when not."""

    first_ms: int | None
    last_ms: int | None
    day_count: int
    """Days from the first to the last event, in the zone asked for."""
    gaps: list[tuple[Any, Any, int]]
    """First day, last day and number of the days between without an event."""
    silences: list[tuple[int, int]]
    """The longest times from one event to the next, longest first: from, to."""
    usual_silence_ms: int | None
    """The longest of the 28 days before the last event."""


def measure_coverage(events: pl.DataFrame, tz: ZoneInfo) -> Coverage:
    """Days and times without events."""
    ts = events["ts"].filter(events["ts"] < UNTIMED).unique().sort()
    if ts.is_empty():
        return Coverage(None, None, 0, [], [], None)
    first, last = int(ts[0]), int(ts[-1])
    steps = pl.DataFrame({"from": ts[:-1], "to": ts[1:]}).with_columns(
        (pl.col("to") - pl.col("from")).alias("ms")
    )
    longest: Any = steps.filter(pl.col("to") > last - _USUAL_SILENCE_DAYS * DAY_MS)["ms"].max()
    silences = (
        steps.sort(-pl.col("ms"), "from").head(MAX_SHOWN_SILENCES).select("from", "to").rows()
    )
    days = _list_local_days(ts, tz)
    between = pl.DataFrame({"before": days[:-1], "after": days[1:]}).with_columns(
        ((pl.col("after") - pl.col("before")).dt.total_days() - 1).alias("days")
    )
    empty = between.filter(pl.col("days") > 0)
    gaps = empty.select(
        pl.col("before").dt.offset_by("1d"), pl.col("after").dt.offset_by("-1d"), "days"
    ).rows()
    whole = days.len() + int(empty["days"].sum())
    return Coverage(first, last, whole, gaps, silences, longest)


def _list_local_days(ts: pl.Series, tz: ZoneInfo) -> pl.Series:
    """The different local days of sorted times, those outside the calendar aside."""
    local = ts.cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(tz.key)
    return local.filter(local.dt.year().is_between(1, 9999)).dt.date().unique().sort()


class Feed(NamedTuple):
    """The silence from the last event to the clock, and whether it is much longer than is usual; null: unknown."""

    silent_ms: int | None
    has_stopped: bool | None


def measure_feed(coverage: Coverage, clock: int) -> Feed:
    """Whether the log may have ended too early."""
    if coverage.last_ms is None:
        return Feed(None, None)
    silent = max(0, clock - coverage.last_ms)
    if coverage.usual_silence_ms is None:
        return Feed(silent, None)
    return Feed(silent, silent > max(_MIN_STOPPED_MS, _STOPPED_FACTOR * coverage.usual_silence_ms))


class TimeoutDelays(NamedTuple):
    """How long after something TIMEOUT came: how many did, of how many it is known, and these durations."""

    timeout_count: int
    known_delays: pl.Series

    def count_near(self, seconds: int) -> int:
        """How many came about so many seconds after it."""
        return int(
            self.known_delays.is_between(_MIN_NEAR_MS * seconds, _MAX_NEAR_MS * seconds).sum()
        )

    def compute_quantile(self, share: float) -> float | None:
        """Milliseconds, interpolated linearly; of nothing, None."""
        return self.known_delays.quantile(share, "linear")


class Timeouts(NamedTuple):
    """The TIMEOUTs of requests that nobody had accepted, and those of chats."""

    after_request: TimeoutDelays
    after_accept: TimeoutDelays

    @property
    def reading(self) -> TimeoutReading:
        """Which of Adobe's two readings of TIMEOUT the log supports."""
        known = self.after_request.known_delays.len() + self.after_accept.known_delays.len()
        if known < _MIN_KNOWN_TIMEOUTS:
            return "too_few"
        share = sum(map(self.after_request.count_near, _REQUEST_PEAK_SECONDS)) / known
        return (
            "request"
            if share >= _MIN_REQUEST_SHARE
            else "visitor"
            if share <= _MAX_VISITOR_SHARE
            else "both"
        )


def measure_timeouts(fold: Fold) -> Timeouts:
    """When TIMEOUTs came."""
    found = fold.find_timeouts()
    parts = (found.filter(~pl.col("accepted")), found.filter("accepted"))
    return Timeouts(*(TimeoutDelays(part.height, part["ms"].drop_nulls()) for part in parts))


class Quality(NamedTuple):
    """All that there is to say of a log, beside its account."""

    timestamp_forms: dict[str, int]
    untimed_lines: list[tuple[int, int, str]]
    order: LineOrder | None
    """These are known of lines only: a store may keep none. Then they are empty."""
    starts: Starts
    sessions: SessionLengths
    ids_with_several_names: list[tuple[str, list[str]]]
    agents_with_several_names: list[tuple[str, list[str]]]
    coverage: Coverage
    feed: Feed
    timeouts: Timeouts


def assess_quality(log: Log, fold: Fold, clock: int, tz: ZoneInfo, limit: int) -> Quality:
    """The quality of a log as of `clock`; `named` says how many of untimed events and long sessions are named."""
    found = drop_duplicates(log)
    covered = measure_coverage(found, tz)
    return Quality(
        count_forms(found) if log.has_lines else {},
        list_untimed(found, limit) if log.has_lines else [],
        measure_order(found) if log.has_lines else None,
        count_starts(fold),
        measure_sessions(fold, limit),
        find_several_names(fold, "conversation_id", "conversation"),
        find_several_names(fold, "agent_id", "agent_name"),
        covered,
        measure_feed(covered, clock),
        measure_timeouts(fold),
    )
