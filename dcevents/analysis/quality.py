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

PEAKS = (100, 200, 300, 600)
"""Seconds after which Dynamic Chat gives up: one agent, two agents, three; an idle chat."""
_REQUEST_PEAKS = PEAKS[:3]
_EARLY, _LATE = 950, 1100
"""Milliseconds for each second of a peak between which a duration is near it."""
_FEWEST_TIMEOUTS = 10
_MOST, _FEW = 0.8, 0.2

_USUAL_DAYS = 28
_USUAL_TIMES = 2
_LEAST_SILENCE = 3_600_000
SILENCES = 3

Reading = Literal["request", "visitor", "both", "too_few"]
"""What TIMEOUT means at a site: nobody took the request; the visitor stopped answering; either; unknown."""


def events(log: Log) -> pl.DataFrame:
    """The events (of duplicates the first line) in the order of lines: sid, said, ts, form, file, line.

    `ts` may be UNTIMED or FUTURE.
    """
    if log.placed is None:
        raise ValueError("the log was read without places")
    if not log.account.duplicates:
        return log.placed
    identity = log.facts.vocabulary.identities()
    same = {
        "identity": pl.lit(identity).gather(pl.col("said")),
        "moment": pl.min_horizontal("ts", UNTIMED),
    }
    marked = log.placed.with_columns(**same)
    return marked.unique(["sid", *same], keep="first", maintain_order=True).drop(*same)


def forms(events: pl.DataFrame) -> dict[str, int]:
    """Events by the form of their timestamp, of all forms."""
    counts = dict(events["form"].value_counts().iter_rows())
    return {name: counts.get(number, 0) for number, name in enumerate(FORMS)}


def untimed(events: pl.DataFrame, most: int) -> list[tuple[int, int, str]]:
    """The first events without a usable timestamp: file, line, and its form or `future`."""
    found = events.filter(pl.col("ts") >= UNTIMED).head(most).select("file", "line", "form", "ts")
    return [
        (file, line, "future" if ts == FUTURE else FORMS[form])
        for file, line, form, ts in found.iter_rows()
    ]


class Order(NamedTuple):
    """Events that stand behind a later one: how many, and the farthest distance to the latest before them."""

    events: int
    step_back: int | None
    files: list[tuple[int, int, int]]
    """File, events and step back of each input that has some, the most first."""


def order(events: pl.DataFrame) -> Order:
    """Events that are earlier than one on an earlier line of the same input."""
    timed = events.lazy().filter(pl.col("ts") < UNTIMED)
    back = timed.select("file", (pl.col("ts").cum_max().over("file") - pl.col("ts")).alias("back"))
    found = (
        back.filter(pl.col("back") > 0)
        .group_by("file")
        .agg(pl.len().alias("events"), pl.col("back").max())
    )
    files = found.collect().sort(-pl.col("events").cast(pl.Int64), "file").rows()
    return Order(
        sum(n for _, n, _ in files), max((step for _, _, step in files), default=None), files
    )


class Starts(NamedTuple):
    """Conversations, and those whose beginning is not in the log."""

    conversations: int
    start_not_seen: int
    engaged: int
    engagement_implied: int


def starts(fold: Fold) -> Starts:
    """Conversations without TRIGGERED, and engaged ones without ENGAGED."""
    bits = (
        fold.events()
        .lazy()
        .group_by("conv")
        .agg(pl.col("bit").bitwise_or())
        .collect(engine="streaming")["bit"]
    )
    engaged = bits.filter((bits & (0xFFFF - (1 << TRIGGERED) - (1 << CLOSED))) > 0)
    return Starts(bits.len(), _without(bits, TRIGGERED), engaged.len(), _without(engaged, ENGAGED))


def _without(bits: pl.Series, kind: int) -> int:
    return int(((bits & (1 << kind)) == 0).sum())


class Sessions(NamedTuple):
    """Sessions, and those that last longer than 24 hours, the longest of them with their milliseconds."""

    sessions: int
    over_a_day: int
    longest: list[tuple[str, int]]


def sessions(fold: Fold, most: int) -> Sessions:
    """Sessions by the time from their first event to their last."""
    ts = pl.col("ts")
    timed = pl.when(ts < UNTIMED).then(ts)
    spans = (
        fold.facts.frame()
        .lazy()
        .group_by("sid")
        .agg((timed.max() - timed.min()).alias("span"))
        .collect()
    )
    over = spans.filter(pl.col("span") > DAY_MS)
    named = over.with_columns(fold.sid_texts(over["sid"]).alias("sid")).sort(-pl.col("span"), "sid")
    return Sessions(spans.height, over.height, named.head(most).rows())


def several_names(fold: Fold, key: str, name: str) -> list[tuple[str, list[str]]]:
    """The `conversation_id` (name `conversation`) or `agent_id` (`agent_name`) with more than one name: all of them."""
    used = fold.said[fold.facts.frame()["said"].unique()].select(key, name).drop_nulls().unique()
    several = (
        used.group_by(key).agg(pl.col(name).sort()).filter(pl.col(name).list.len() > 1).sort(key)
    )
    return [(identity, list(names)) for identity, names in several.iter_rows()]


@dataclass(frozen=True)
class Coverage:
    """When there are events, and when not."""

    first: int | None
    last: int | None
    days: int
    """Days from the first to the last event, in the zone asked for."""
    gaps: list[tuple[Any, Any, int]]
    """First day, last day and number of the days between without an event."""
    silences: list[tuple[int, int]]
    """The longest times from one event to the next, longest first: from, to."""
    usual: int | None
    """The longest of the 28 days before the last event."""


def coverage(events: pl.DataFrame, tz: ZoneInfo) -> Coverage:
    """Days and times without events."""
    ts = events["ts"].filter(events["ts"] < UNTIMED).unique().sort()
    if ts.is_empty():
        return Coverage(None, None, 0, [], [], None)
    first, last = int(ts[0]), int(ts[-1])
    steps = pl.DataFrame({"from": ts[:-1], "to": ts[1:]}).with_columns(
        (pl.col("to") - pl.col("from")).alias("ms")
    )
    longest: Any = steps.filter(pl.col("to") > last - _USUAL_DAYS * DAY_MS)["ms"].max()
    silences = steps.sort(-pl.col("ms"), "from").head(SILENCES).select("from", "to").rows()
    days = _days(ts, tz)
    between = pl.DataFrame({"before": days[:-1], "after": days[1:]}).with_columns(
        ((pl.col("after") - pl.col("before")).dt.total_days() - 1).alias("days")
    )
    empty = between.filter(pl.col("days") > 0)
    gaps = empty.select(
        pl.col("before").dt.offset_by("1d"), pl.col("after").dt.offset_by("-1d"), "days"
    ).rows()
    whole = days.len() + int(empty["days"].sum())
    return Coverage(first, last, whole, gaps, silences, longest)


def _days(ts: pl.Series, tz: ZoneInfo) -> pl.Series:
    """The different local days of sorted times, those outside the calendar aside."""
    local = ts.cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(tz.key)
    return local.filter(local.dt.year().is_between(1, 9999)).dt.date().unique().sort()


class Feed(NamedTuple):
    """The silence from the last event to the clock, and whether it is much longer than is usual; null: unknown."""

    silent: int | None
    stopped: bool | None


def feed(coverage: Coverage, clock: int) -> Feed:
    """Whether the log may have ended too early."""
    if coverage.last is None:
        return Feed(None, None)
    silent = max(0, clock - coverage.last)
    if coverage.usual is None:
        return Feed(silent, None)
    return Feed(silent, silent > max(_LEAST_SILENCE, _USUAL_TIMES * coverage.usual))


class Spread(NamedTuple):
    """How long after something TIMEOUT came: how many did, of how many it is known, and these durations."""

    timeouts: int
    known: pl.Series

    def near(self, peak: int) -> int:
        """How many came about so many seconds after it."""
        return int(self.known.is_between(_EARLY * peak, _LATE * peak).sum())

    def quantile(self, part: float) -> float | None:
        """Milliseconds, interpolated linearly; of nothing, None."""
        return self.known.quantile(part, "linear")


class Timeouts(NamedTuple):
    """The TIMEOUTs of requests that nobody had accepted, and those of chats."""

    requested: Spread
    initiated: Spread

    @property
    def reading(self) -> Reading:
        """Which of Adobe's two readings of TIMEOUT the log supports."""
        known = self.requested.known.len() + self.initiated.known.len()
        if known < _FEWEST_TIMEOUTS:
            return "too_few"
        share = sum(map(self.requested.near, _REQUEST_PEAKS)) / known
        return "request" if share >= _MOST else "visitor" if share <= _FEW else "both"


def timeouts(fold: Fold) -> Timeouts:
    """When TIMEOUTs came."""
    found = fold.timeouts()
    parts = (found.filter(~pl.col("accepted")), found.filter("accepted"))
    return Timeouts(*(Spread(part.height, part["ms"].drop_nulls()) for part in parts))


class Quality(NamedTuple):
    """All that there is to say of a log, beside its account."""

    forms: dict[str, int]
    untimed: list[tuple[int, int, str]]
    order: Order | None
    """These are known of lines only: a store may keep none. Then they are empty."""
    starts: Starts
    sessions: Sessions
    ids: list[tuple[str, list[str]]]
    agents: list[tuple[str, list[str]]]
    coverage: Coverage
    feed: Feed
    timeouts: Timeouts


def assess(log: Log, fold: Fold, clock: int, tz: ZoneInfo, named: int) -> Quality:
    """The quality of a log as of `clock`; `named` says how many of untimed events and long sessions are named."""
    found = events(log)
    covered = coverage(found, tz)
    return Quality(
        forms(found) if log.lined else {},
        untimed(found, named) if log.lined else [],
        order(found) if log.lined else None,
        starts(fold),
        sessions(fold, named),
        several_names(fold, "conversation_id", "conversation"),
        several_names(fold, "agent_id", "agent_name"),
        covered,
        feed(covered, clock),
        timeouts(fold),
    )
