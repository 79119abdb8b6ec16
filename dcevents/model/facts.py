"""A log as a set of facts, from which all figures follow.

A fact takes 12 bytes: the session (its number), the event's attributes (their code in the
`Vocabulary`), and the time. The state is the *set* of facts, so merging is union: idempotent,
commutative and associative by nature. Any order, overlap or split of a log's lines gives
the same set.
"""

from typing import Any, Final, NamedTuple

import polars as pl

from dcevents.model.attributes import Vocabulary
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.sessions import NUMBER_TYPE

FACT_SCHEMA = {"sid": NUMBER_TYPE, "attributes": pl.UInt32, "ts": pl.Int64}
"""Columns of a fact; `ts` in milliseconds, or UNTIMED, FUTURE or ANCIENT."""

# Most facts are packed: time and code fit into one number, from 1970 to 2109 and for 4 million
# codes. Facts that do not fit are kept *wide*, in the columns of FACT_SCHEMA.
_PACKED_SCHEMA = {"sid": NUMBER_TYPE, "time_and_attributes": pl.UInt64}
_MAX_PACKED_CODES: Final = 1 << 22
_PACKED_UNTIMED: Final = (1 << 42) - 3
"""UNTIMED as a packed time; FUTURE is one more, ANCIENT two."""
_UNTIMED_SHIFT: Final = UNTIMED - _PACKED_UNTIMED

_MIN_ROW_LIMIT = 1 << 21
"""Rows that may be held before repeated facts are looked for; 12 bytes each."""

_MAX_UNSHARDED_ROWS = 1 << 20
_SHARD_COUNT = 8

_NO_PACKED_FACTS = pl.DataFrame(schema=_PACKED_SCHEMA)
_NO_WIDE_FACTS = pl.DataFrame(schema=FACT_SCHEMA)


class DistinctCounts(NamedTuple):
    """Counts of distinct events.

    `untimed` are among `events`, `future` and `ancient` among `untimed`.
    """

    events: int
    untimed: int
    future: int
    ancient: int


class Facts:
    """A growing set of facts, by the sessions and attributes of a vocabulary.

    Repeated rows are dropped from time to time: at most two million rows are held, or twice
    the distinct facts.
    """

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = Vocabulary() if vocabulary is None else vocabulary
        self.earliest_ms: int | None = None
        """The first timestamp; None: no event has one."""
        self.latest_ms: int | None = None
        """The last timestamp; None: no event has one."""
        self.row_count = 0
        """Rows, repeated ones too."""
        self._packed_parts = [_NO_PACKED_FACTS]
        self._wide_parts = [_NO_WIDE_FACTS]
        self._row_limit = _MIN_ROW_LIMIT

    def add_rows(self, rows: pl.DataFrame) -> None:
        """Add facts.

        Columns of `rows` that are not in FACT_SCHEMA are dropped.
        """
        if rows.is_empty():
            return
        self._extend_range(rows["ts"])
        packed, wide = _pack_rows(rows)
        self._packed_parts.append(packed)
        if not wide.is_empty():
            self._wide_parts.append(wide)
        self.row_count += rows.height
        if self.row_count >= self._row_limit:
            self.drop_repeats()
            self._row_limit = max(_MIN_ROW_LIMIT, 2 * self.row_count)

    def _extend_range(self, ts: pl.Series) -> None:
        first: Any = ts.min()
        last: Any = ts.max()
        if last >= UNTIMED:
            last = ts.filter(ts < UNTIMED).max()
        if last is not None:
            self.earliest_ms = first if self.earliest_ms is None else min(first, self.earliest_ms)
            self.latest_ms = last if self.latest_ms is None else max(last, self.latest_ms)

    def choose_as_of(self, given: int | None, clock: int) -> int:
        """Return the moment that reports look from (definitions 2).

        It is the given one, else the latest timestamp that is not after the clock, else the clock.
        """
        if given is not None:
            return given
        latest = self.latest_ms
        if latest is not None and latest > clock:
            packed, wide = self._concat_parts()
            time = packed["time_and_attributes"] // _MAX_PACKED_CODES
            times: list[Any] = [each.filter(each <= clock).max() for each in (time, wide["ts"])]
            latest = max((each for each in times if each is not None), default=None)
        return clock if latest is None else latest

    @property
    def shard_count(self) -> int:
        """Count the shards: smaller frames need less memory and fit a cache."""
        return _SHARD_COUNT if self.row_count > _MAX_UNSHARDED_ROWS else 1

    def select_shard(self, number: int) -> pl.DataFrame:
        """Return the facts of one shard; facts may be repeated.

        A session is in one shard, with all of its facts.
        """
        packed, wide = self._concat_parts()
        if self.shard_count > 1:
            is_in_shard = pl.col("sid") % self.shard_count == number
            packed, wide = packed.filter(is_in_shard), wide.filter(is_in_shard)
        return pl.concat([_unpack_rows(packed), wide])

    def to_frame(self, wanted: pl.Series | None = None) -> pl.DataFrame:
        """Return the facts; `wanted` (bool by code) selects by attributes."""
        packed, wide = self._concat_parts()
        if wanted is not None:
            codes = packed["time_and_attributes"] % _MAX_PACKED_CODES
            packed = packed.filter(wanted.gather(codes))
            wide = wide.filter(wanted.gather(wide["attributes"]))
        return pl.concat([_unpack_rows(packed), wide])

    def _concat_parts(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        for parts in (self._packed_parts, self._wide_parts):
            if len(parts) > 1:
                parts[:] = [pl.concat(parts)]
        return self._packed_parts[0], self._wide_parts[0]

    # -- sessions ------------------------------------------------------------------------------

    def list_sessions(self) -> pl.DataFrame:
        """Return columns sid and text, the sid itself, of the sessions that have facts."""
        packed, wide = self._concat_parts()
        numbers = pl.concat([packed["sid"], wide["sid"]]).unique().sort()
        return pl.DataFrame({"sid": numbers, "text": self.look_up_sids(numbers)})

    def forget_sids(self) -> None:
        """Drop the sids, which some reports never show; no session can follow."""
        self.vocabulary.sessions.forget_texts()

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of sessions' numbers."""
        return self.vocabulary.sessions.look_up(numbers)

    # -- sets ----------------------------------------------------------------------------------

    def merge(self, other: "Facts") -> "Facts":
        """Return the union of two states; both stay unchanged."""
        union = Facts()
        for facts in (self, other):
            union.add_rows(facts.translate_numbers(union.vocabulary))
        union.drop_repeats()
        return union

    def translate_numbers(self, target: Vocabulary) -> pl.DataFrame:
        """Return the facts in the numbers of sessions, and the codes, of another vocabulary."""
        frame = self.to_frame()
        numbers = target.sessions.number_sids(self.vocabulary.sessions.list_sids())
        codes = [target.assign_code(each) for each in self.vocabulary.list_attributes()]
        translated = pl.Series(codes, dtype=pl.UInt32).gather(frame["attributes"])
        return frame.with_columns(
            numbers.gather(frame["sid"]).alias("sid"), translated.alias("attributes")
        )

    def drop_repeats(self) -> None:
        """Drop repeated facts."""
        shards = (self.select_shard(number).unique() for number in range(self.shard_count))
        packed, wide = _pack_rows(pl.concat(shards))
        self._packed_parts, self._wide_parts = [packed], [wide]
        self.row_count = packed.height + wide.height

    def count_distinct(self) -> DistinctCounts:
        """Count events, distinct by kind, timestamp, sid, id and agent (definitions 1)."""
        identities = self.vocabulary.number_identities()
        counts = [0, 0, 0, 0]
        for shard in range(self.shard_count):
            facts = self.select_shard(shard)
            ts = pl.col("ts")
            events = facts.select("sid", identities.gather(facts["attributes"]), "ts")
            untimed = events.filter(ts >= UNTIMED)
            groups = (
                events.with_columns(pl.min_horizontal(ts, UNTIMED)),
                untimed.drop("ts"),
                untimed.filter(ts == FUTURE),
                untimed.filter(ts == ANCIENT),
            )
            for i, group in enumerate(groups):
                counts[i] += group.lazy().unique().collect(engine="streaming").height
        return DistinctCounts(*counts)


def _pack_rows(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the packed facts, and those that stay wide."""
    code, ts = pl.col("attributes"), pl.col("ts")
    time = pl.when(ts < UNTIMED).then(ts).otherwise(ts - _UNTIMED_SHIFT)
    number = time.cast(pl.UInt64, strict=False) * _MAX_PACKED_CODES + code
    fits = (code < _MAX_PACKED_CODES) & (ts >= 0) & ((ts < _PACKED_UNTIMED) | (ts >= UNTIMED))
    packed = rows.select("sid", number.alias("time_and_attributes"), fits.alias("fits"))
    if packed["fits"].all():
        return packed.drop("fits"), _NO_WIDE_FACTS
    wide = rows.select(*FACT_SCHEMA).filter(~packed["fits"])
    return packed.filter("fits").drop("fits"), wide


def _unpack_rows(packed: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("time_and_attributes")
    time = (number // _MAX_PACKED_CODES).cast(pl.Int64)
    return packed.select(
        "sid",
        (number % _MAX_PACKED_CODES).cast(pl.UInt32).alias("attributes"),
        pl.when(time < _PACKED_UNTIMED).then(time).otherwise(time + _UNTIMED_SHIFT).alias("ts"),
    )
