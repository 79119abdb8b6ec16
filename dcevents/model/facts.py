"""A log as a set of facts, from which all figures follow.

A fact takes 16 bytes: the session (its number), the event's attributes (their code in the
`Vocabulary`), and the time. The state is the *set* of facts, so merging is union: idempotent,
commutative and associative by nature. Any order, overlap or split of a log's lines gives
the same set.
"""

from typing import Any, Final, NamedTuple

import polars as pl

from dcevents.model.attributes import Vocabulary
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.sessions import (
    NO_SESSIONS,
    NUMBER_TYPE,
    Numbering,
    Sessions,
    deduplicate_sessions,
    find_collisions,
    renumber_rows,
    renumber_sessions,
    unite_sessions,
)

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
"""Rows that may be held before repeated facts are looked for; 16 bytes each."""
_MIN_SESSION_LIMIT = 1 << 19
"""Sessions that may be held before repeated ones are looked for."""
_MAX_DISTINCT_SHARE = 0.75
"""Repeated facts, or sessions, are dropped if at most this share of the rows stays."""

_MAX_UNSHARDED_ROWS = 1 << 20
_SHARD_COUNT = 8

_HASH_MULTIPLIER: Final = 0x9E3779B97F4A7C15
"""2^64 divided by the golden ratio, made odd: spreads times over 64 bits.

Source: D. E. Knuth, The Art of Computer Programming 3, section 6.4 (Fibonacci hashing).
"""

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


class _FactChunk(NamedTuple):
    """Facts, packed where they fit, and the sessions that they belong to."""

    packed: pl.DataFrame
    wide: pl.DataFrame
    sessions: Sessions


class Facts:
    """A growing set of facts.

    Repeated rows are dropped from time to time: at most two million rows are held, or twice
    the distinct facts; and half a million sessions, or four times the distinct sessions.
    """

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = Vocabulary() if vocabulary is None else vocabulary
        self.earliest_ms: int | None = None
        """The first timestamp; None: no event has one."""
        self.latest_ms: int | None = None
        """The last timestamp; None: no event has one."""
        self.row_count = 0
        """Rows, repeated ones too."""
        self._new_chunks: list[_FactChunk] = []
        self._packed = _NO_PACKED_FACTS
        self._wide = _NO_WIDE_FACTS
        self._sessions: list[Sessions] = []
        self._session_count = 0
        self._has_forgotten_sids = False
        self._id_bits = 0
        self._row_limit, self._session_limit = _MIN_ROW_LIMIT, _MIN_SESSION_LIMIT

    def add_rows(self, rows: pl.DataFrame, sessions: Sessions) -> None:
        """Add facts; `sessions` has the sids of all of them.

        Columns of `rows` that are not in FACT_SCHEMA are dropped.
        """
        if rows.is_empty():
            return
        self._extend_range(rows["ts"])
        self._new_chunks.append(_pack_rows(rows, sessions))
        self.row_count += rows.height
        self._session_count += sessions.numbers.len()
        if self.row_count >= self._row_limit:
            self.drop_repeats(_MAX_DISTINCT_SHARE)
        if self._session_count >= self._session_limit:
            self._deduplicate_sessions()

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
            packed, wide = self._concat_chunks()
            time = packed["time_and_attributes"] // _MAX_PACKED_CODES
            times: list[Any] = [each.filter(each <= clock).max() for each in (time, wide["ts"])]
            latest = max((each for each in times if each is not None), default=None)
        return clock if latest is None else latest

    @property
    def shard_count(self) -> int:
        """Count the shards: smaller frames need less memory and fit a cache."""
        self.resolve_collisions()
        return _SHARD_COUNT if self.row_count > _MAX_UNSHARDED_ROWS else 1

    def select_shard(self, number: int) -> pl.DataFrame:
        """Return the facts of one shard; facts may be repeated."""
        is_in_shard = self._is_in_shard(number)
        packed, wide = self._packed.filter(is_in_shard), self._wide.filter(is_in_shard)
        return pl.concat([_unpack_rows(packed), wide])

    def _is_in_shard(self, number: int) -> pl.Expr:
        first, end = ((1 << 64) * each // self.shard_count for each in (number, number + 1))
        return pl.col("sid").is_between(pl.lit(first, NUMBER_TYPE), pl.lit(end - 1, NUMBER_TYPE))

    def to_frame(self, wanted: pl.Series | None = None) -> pl.DataFrame:
        """Return the facts; `wanted` (bool by code) selects by attributes."""
        self.resolve_collisions()
        packed, wide = self._packed, self._wide
        if wanted is not None:
            codes = packed["time_and_attributes"] % _MAX_PACKED_CODES
            packed = packed.filter(wanted.gather(codes))
            wide = wide.filter(wanted.gather(wide["attributes"]))
        return pl.concat([_unpack_rows(packed), wide])

    # -- sessions ------------------------------------------------------------------------------

    def list_sessions(self) -> Sessions:
        """Return the sessions of the facts, each once."""
        self.resolve_collisions()
        if self._has_forgotten_sids:
            raise ValueError("the sids were forgotten")
        if len(self._sessions) != 1:
            self._sessions = [unite_sessions(self._sessions)]
            self._session_count = self._sessions[0].numbers.len()
        return self._sessions[0]

    def forget_sids(self) -> None:
        """Drop the sids, which some reports never show; no facts can follow."""
        self.resolve_collisions()
        self._sessions, self._session_count, self._has_forgotten_sids = [], 0, True

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of numbers; their lowest `count_id_bits` bits may be any."""
        high = pl.col("sid") // (1 << self.vocabulary.count_id_bits())
        known = self.list_sessions().to_frame().with_columns(high)
        requested = pl.DataFrame({"sid": numbers}).with_columns(high)
        return requested.join(known, on="sid", how="left", maintain_order="left")["text"]

    def resolve_collisions(self) -> None:
        """Renumber sessions until each number has one sid, lowest bits aside.

        The lowest `count_id_bits` bits are replaced by the rank of a conversation's id.
        """
        numbering = self.vocabulary.numbering
        id_bits = self.vocabulary.count_id_bits()
        if self._has_forgotten_sids or (not self._new_chunks and id_bits == self._id_bits):
            return
        if numbering.reserved:
            self._renumber_sessions(numbering)
        while collisions := find_collisions(self._list_session_parts(), id_bits):
            numbering.reserve_numbers(collisions)
            self._renumber_sessions(numbering)
        self._id_bits = id_bits
        self._absorb_chunks()

    def _list_session_parts(self) -> list[Sessions]:
        return [*self._sessions, *(chunk.sessions for chunk in self._new_chunks)]

    def _renumber_sessions(self, numbering: Numbering) -> None:
        sessions = unite_sessions(self._sessions)
        self._packed = renumber_rows(self._packed, sessions, numbering)
        self._wide = renumber_rows(self._wide, sessions, numbering)
        self._sessions = [renumber_sessions(sessions, numbering)]
        self._new_chunks = [_renumber_chunk(chunk, numbering) for chunk in self._new_chunks]

    def _absorb_chunks(self) -> None:
        self._packed, self._wide = self._concat_chunks()
        self._sessions = self._list_session_parts()
        self._new_chunks = []

    def _concat_chunks(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        packed = pl.concat([self._packed, *(chunk.packed for chunk in self._new_chunks)])
        return packed, pl.concat([self._wide, *(chunk.wide for chunk in self._new_chunks)])

    def _deduplicate_sessions(self) -> None:
        """Keep each session once, if enough of them are repeated."""
        distinct = pl.concat([part.numbers for part in self._list_session_parts()]).n_unique()
        self._session_limit = max(_MIN_SESSION_LIMIT, 4 * distinct)
        if distinct < _MAX_DISTINCT_SHARE * self._session_count:
            self.resolve_collisions()
            self._sessions = deduplicate_sessions(self._sessions)
            self._session_count = distinct

    # -- sets ----------------------------------------------------------------------------------

    def merge(self, other: "Facts") -> "Facts":
        """Return the union of two states; both stay unchanged."""
        union = Facts()
        for facts in (self, other):
            union.vocabulary.numbering.reserve_numbers(facts.vocabulary.numbering.reserved)
            union.add_rows(facts.translate_codes(union.vocabulary), facts.list_sessions())
        union.drop_repeats()
        return union

    def translate_codes(self, target: Vocabulary) -> pl.DataFrame:
        """Return the facts in the codes of another vocabulary."""
        frame = self.to_frame()
        codes = [target.assign_code(each) for each in self.vocabulary.list_attributes()]
        translated = pl.Series(codes, dtype=pl.UInt32).gather(frame["attributes"])
        return frame.with_columns(translated.alias("attributes"))

    def drop_repeats(self, max_share: float = 1) -> None:
        """Drop repeated facts, if at most `max_share` of the rows are distinct."""
        distinct = self._hash_events(*self._concat_chunks()).n_unique()
        self._row_limit = max(_MIN_ROW_LIMIT, 2 * distinct)
        if distinct <= max_share * self.row_count:
            self.resolve_collisions()
            shards = (self.select_shard(number) for number in range(self.shard_count))
            facts = pl.concat([shard.unique() for shard in shards])
            chunk = _pack_rows(facts, NO_SESSIONS)
            self._packed, self._wide, self.row_count = chunk.packed, chunk.wide, facts.height
            # Facts of one event may differ in attributes that do not identify it.
            self._row_limit = max(self._row_limit, 2 * self.row_count)

    def count_distinct(self) -> DistinctCounts:
        """Count events, distinct by kind, timestamp, sid, id and agent (definitions 1).

        Events are compared by hashes of 64 bits; no other figure depends on these.
        """
        number, ts = pl.col("time_and_attributes"), pl.col("ts")
        first_untimed = _PACKED_UNTIMED * _MAX_PACKED_CODES
        counts = [0, 0, 0, 0]
        for shard in range(self.shard_count):
            is_in_shard = self._is_in_shard(shard)
            packed, wide = self._packed.filter(is_in_shard), self._wide.filter(is_in_shard)
            untimed = packed.filter(number >= first_untimed)
            reason = number // _MAX_PACKED_CODES - _PACKED_UNTIMED + UNTIMED
            groups = (
                (packed, wide),
                (untimed, wide.filter(ts >= UNTIMED)),
                (untimed.filter(reason == FUTURE), wide.filter(ts == FUTURE)),
                (untimed.filter(reason == ANCIENT), wide.filter(ts == ANCIENT)),
            )
            for i, group in enumerate(groups):
                counts[i] += self._hash_events(*group).n_unique()
        return DistinctCounts(*counts)

    def _hash_events(self, packed: pl.DataFrame, wide: pl.DataFrame) -> pl.Series:
        """Hash each event; UNTIMED, FUTURE and ANCIENT are the same time."""
        identities = pl.lit(self.vocabulary.number_identities().hash())
        multiplier = pl.lit(_HASH_MULTIPLIER, NUMBER_TYPE)
        number, ts = pl.col("time_and_attributes"), pl.col("ts")
        time = pl.min_horizontal(number // _MAX_PACKED_CODES, pl.lit(_PACKED_UNTIMED, NUMBER_TYPE))
        wide_time = (
            pl.when(ts >= UNTIMED)
            .then(_PACKED_UNTIMED)
            .when(ts >= _PACKED_UNTIMED)
            .then(ts + 3)  # Not to be taken for the packed times that mean no time.
            .otherwise(ts)
            .reinterpret(signed=False)
        )
        hashes = packed.select(
            pl.col("sid") + time * multiplier + identities.gather(number % _MAX_PACKED_CODES)
        ).to_series()
        if wide.is_empty():
            return hashes
        wide_hashes = wide.select(
            pl.col("sid") + wide_time * multiplier + identities.gather(pl.col("attributes"))
        )
        return hashes.append(wide_hashes.to_series())


def _pack_rows(rows: pl.DataFrame, sessions: Sessions) -> _FactChunk:
    code, ts = pl.col("attributes"), pl.col("ts")
    time = pl.when(ts < UNTIMED).then(ts).otherwise(ts - _UNTIMED_SHIFT)
    number = time.cast(pl.UInt64, strict=False) * _MAX_PACKED_CODES + code
    fits = (code < _MAX_PACKED_CODES) & (ts >= 0) & ((ts < _PACKED_UNTIMED) | (ts >= UNTIMED))
    packed = rows.select("sid", number.alias("time_and_attributes"), fits.alias("fits"))
    if packed["fits"].all():
        return _FactChunk(packed.drop("fits"), _NO_WIDE_FACTS, sessions)
    wide = rows.select(*FACT_SCHEMA).filter(~packed["fits"])
    return _FactChunk(packed.filter("fits").drop("fits"), wide, sessions)


def _unpack_rows(packed: pl.DataFrame) -> pl.DataFrame:
    number = pl.col("time_and_attributes")
    time = (number // _MAX_PACKED_CODES).cast(pl.Int64)
    return packed.select(
        "sid",
        (number % _MAX_PACKED_CODES).cast(pl.UInt32).alias("attributes"),
        pl.when(time < _PACKED_UNTIMED).then(time).otherwise(time + _UNTIMED_SHIFT).alias("ts"),
    )


def _renumber_chunk(chunk: _FactChunk, numbering: Numbering) -> _FactChunk:
    return _FactChunk(
        renumber_rows(chunk.packed, chunk.sessions, numbering),
        renumber_rows(chunk.wide, chunk.sessions, numbering),
        renumber_sessions(chunk.sessions, numbering),
    )
