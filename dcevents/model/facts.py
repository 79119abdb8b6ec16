"""What a log says, as a set of facts: the folded state that everything else is computed from.

A fact is 16 bytes: who (the session's number), what was said (a code in the `Vocabulary`: kind, dialogue, names,
page, agent) and when. The state is the *set* of facts, so merging is union: idempotent, commutative and
associative by nature. Whatever order, overlap or split the lines came in, the set is the same.
"""

from typing import Any, Final, NamedTuple

import polars as pl

from dcevents.model import sessions as sids
from dcevents.model.attributes import Vocabulary
from dcevents.model.moments import FUTURE, UNTIMED
from dcevents.model.sessions import NUMBER_TYPE, Sessions

FACT_SCHEMA = {"sid": NUMBER_TYPE, "said": pl.UInt32, "ts": pl.Int64}
"""Columns of a fact; `ts` in milliseconds, or UNTIMED or FUTURE."""

# Time and code in one number: times from 1970 to 2109 and 4 million codes fit. What does not is kept as it is.
_PACKED_SCHEMA = {"sid": NUMBER_TYPE, "what": pl.UInt64}
_MAX_PACKED_CODES: Final = 1 << 22
_PACKED_UNTIMED: Final = (1 << 42) - 2
_UNTIMED_SHIFT: Final = UNTIMED - _PACKED_UNTIMED

_MIN_ROW_LIMIT = 1 << 21
_MIN_SESSION_LIMIT = 1 << 19
_MAX_DISTINCT_SHARE = 0.75
"""Repeated facts, or sessions, are dropped where no more than this part of them is left."""
_MAX_UNSHARDED_ROWS = 1 << 20
_SHARD_COUNT = 8
_HASH_MULTIPLIER: Final = 0x9E3779B97F4A7C15

_NO_PACKED_FACTS = pl.DataFrame(schema=_PACKED_SCHEMA)
_NO_WIDE_FACTS = pl.DataFrame(schema=FACT_SCHEMA)


class DistinctCounts(NamedTuple):
    """How many different events there are, how many of them without a timestamp, how many since it was `future`."""

    events: int
    untimed: int
    future: int


class _FactChunk(NamedTuple):
    """Some facts, those that fit packed, and the sessions they are of."""

    packed: pl.DataFrame
    wide: pl.DataFrame
    sessions: Sessions


class Facts:
    """A growing set of facts. It holds at most two million, or twice as many rows as there are different ones;
    and of sessions half a million, or four times as many.
    """

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = Vocabulary() if vocabulary is None else vocabulary
        self.earliest_ms: int | None = None
        self.latest_ms: int | None = None
        """Of the timestamps, milliseconds."""
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
        """Take in facts; columns beside those of a fact are dropped. `sessions` has the sids of all of them."""
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
        least: Any = ts.min()
        most: Any = ts.max()
        if most >= UNTIMED:
            most = ts.filter(ts < UNTIMED).max()
        if most is not None:
            self.earliest_ms = least if self.earliest_ms is None else min(least, self.earliest_ms)
            self.latest_ms = most if self.latest_ms is None else max(most, self.latest_ms)

    @property
    def shard_count(self) -> int:
        """In how many parts it is worth while to look at the facts: so they need less memory, and more of the cache."""
        self.resolve_collisions()
        return _SHARD_COUNT if self.row_count > _MAX_UNSHARDED_ROWS else 1

    def select_shard(self, number: int) -> pl.DataFrame:
        """The facts of a part of the sessions, some perhaps more than once: what comes of them does not mind."""
        own = self._is_in_shard(number)
        return pl.concat([_unpack_rows(self._packed.filter(own)), self._wide.filter(own)])

    def _is_in_shard(self, number: int) -> pl.Expr:
        least, most = ((1 << 64) * each // self.shard_count for each in (number, number + 1))
        return pl.col("sid").is_between(pl.lit(least, NUMBER_TYPE), pl.lit(most - 1, NUMBER_TYPE))

    def to_frame(self, wanted: pl.Series | None = None) -> pl.DataFrame:
        """The facts; only those for whose code a list of truths has one."""
        self.resolve_collisions()
        packed, wide = self._packed, self._wide
        if wanted is not None:
            packed = packed.filter(wanted.gather(packed["what"] % _MAX_PACKED_CODES))
            wide = wide.filter(wanted.gather(wide["said"]))
        return pl.concat([_unpack_rows(packed), wide])

    # -- sessions ----------------------------------------------------------------------------------------------

    def list_sessions(self) -> Sessions:
        """The sessions of the facts, each once."""
        self.resolve_collisions()
        if self._has_forgotten_sids:
            raise ValueError("the sids were forgotten")
        if len(self._sessions) != 1:
            self._sessions = [sids.unite_sessions(self._sessions)]
            self._session_count = self._sessions[0].numbers.len()
        return self._sessions[0]

    def forget_sids(self) -> None:
        """Keep no text of sessions, where no report shows one: nor can facts be added then."""
        self.resolve_collisions()
        self._sessions, self._session_count, self._has_forgotten_sids = [], 0, True

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """The sids of sessions' numbers, of which the bits that `id_bits` tells of do not matter."""
        high = pl.col("sid") // (1 << self.vocabulary.count_id_bits())
        known = self.list_sessions().to_frame().with_columns(high)
        wanted = pl.DataFrame({"sid": numbers}).with_columns(high)
        return wanted.join(known, on="sid", how="left", maintain_order="left")["text"]

    def resolve_collisions(self) -> None:
        """Make sure that each number is that of one session, also without the bits that `id_bits` tells of."""
        numbering = self.vocabulary.numbering
        bits = self.vocabulary.count_id_bits()
        if self._has_forgotten_sids or (not self._new_chunks and bits == self._id_bits):
            return
        if numbering.reserved:
            self._renumber_sessions(numbering)
        while shared := sids.find_collisions(
            [*self._sessions, *(part.sessions for part in self._new_chunks)], bits
        ):
            numbering.reserve_numbers(shared)
            self._renumber_sessions(numbering)
        self._id_bits = bits
        self._absorb_chunks()

    def _renumber_sessions(self, numbering: sids.Numbering) -> None:
        old = sids.unite_sessions(self._sessions)
        self._packed = sids.renumber_rows(self._packed, old, numbering)
        self._wide = sids.renumber_rows(self._wide, old, numbering)
        self._sessions = [sids.renumber_sessions(old, numbering)]
        self._new_chunks = [_renumber_chunk(part, numbering) for part in self._new_chunks]

    def _absorb_chunks(self) -> None:
        self._packed = pl.concat([self._packed, *(part.packed for part in self._new_chunks)])
        self._wide = pl.concat([self._wide, *(part.wide for part in self._new_chunks)])
        self._sessions += [part.sessions for part in self._new_chunks]
        self._new_chunks = []

    def _deduplicate_sessions(self) -> None:
        """Keep each session once, if many are there more often."""
        parts = [*self._sessions, *(part.sessions for part in self._new_chunks)]
        different = pl.concat([part.numbers for part in parts]).n_unique()
        self._session_limit = max(_MIN_SESSION_LIMIT, 4 * different)
        if different < _MAX_DISTINCT_SHARE * self._session_count:
            self.resolve_collisions()
            self._sessions = sids.deduplicate_sessions(self._sessions)
            self._session_count = different

    # -- sets --------------------------------------------------------------------------------------------------

    def merge(self, other: "Facts") -> "Facts":
        """The union of two states, each with a vocabulary of its own; neither is changed."""
        union = Facts()
        for facts in (self, other):
            union.vocabulary.numbering.reserve_numbers(facts.vocabulary.numbering.reserved)
            union.add_rows(facts.translate_codes(union.vocabulary), facts.list_sessions())
        union.drop_repeats()
        return union

    def translate_codes(self, target: Vocabulary) -> pl.DataFrame:
        """The facts in the codes of another vocabulary; the numbers of sessions are as they were."""
        frame = self.to_frame()
        codes = [target.assign_code(said) for said in self.vocabulary.list_attributes()]
        return frame.with_columns(
            pl.Series(codes, dtype=pl.UInt32).gather(frame["said"]).alias("said")
        )

    def drop_repeats(self, max_share: float = 1) -> None:
        """Drop repeated facts, if no more than this part of all is left then."""
        packed = pl.concat([self._packed, *(part.packed for part in self._new_chunks)])
        wide = pl.concat([self._wide, *(part.wide for part in self._new_chunks)])
        different = self._hash_events(packed, wide).n_unique()
        self._row_limit = max(_MIN_ROW_LIMIT, 2 * different)
        if different <= max_share * self.row_count:
            self.resolve_collisions()
            facts = pl.concat([self.select_shard(i).unique() for i in range(self.shard_count)])
            part = _pack_rows(facts, sids.NO_SESSIONS)
            self._packed, self._wide, self.row_count = part.packed, part.wide, facts.height
            # Contents may differ in more than what tells events apart.
            self._row_limit = max(self._row_limit, 2 * self.row_count)

    def count_distinct(self) -> DistinctCounts:
        """Counts of events as definitions 1 tells them apart: (kind, timestamp, sid, id, agent).

        An event is known by 64 bits here, which no other figure hangs on.
        """
        total = [0, 0, 0]
        for i in range(self.shard_count):
            own = self._is_in_shard(i)
            packed, wide = self._packed.filter(own), self._wide.filter(own)
            late = packed.filter(pl.col("what") >= _PACKED_UNTIMED * _MAX_PACKED_CODES)
            future = late.filter(pl.col("what") >= (_PACKED_UNTIMED + 1) * _MAX_PACKED_CODES)
            for n, some in enumerate((packed, late, future)):
                # Those that do not fit have other times, or come with other contents.
                others = wide if n == 0 else wide.filter(pl.col("ts") >= (UNTIMED, FUTURE)[n - 1])
                total[n] += self._hash_events(some, others).n_unique()
        return DistinctCounts(*total)

    def _hash_events(self, packed: pl.DataFrame, wide: pl.DataFrame) -> pl.Series:
        """A number for each event; UNTIMED and FUTURE are the same time."""
        said = self.vocabulary.number_identities().hash()
        time = pl.min_horizontal(
            pl.col("what") // _MAX_PACKED_CODES, pl.lit(_PACKED_UNTIMED, NUMBER_TYPE)
        ) * pl.lit(_HASH_MULTIPLIER, NUMBER_TYPE)
        ts = pl.col("ts")
        wide_time = (
            pl.when(ts >= UNTIMED)
            .then(_PACKED_UNTIMED)
            .when(ts >= _PACKED_UNTIMED)
            .then(ts + 2)
            .otherwise(ts)
        )
        moment = wide_time.reinterpret(signed=False) * pl.lit(_HASH_MULTIPLIER, NUMBER_TYPE)
        ones = packed.select(
            pl.col("sid") + time + pl.lit(said).gather(pl.col("what") % _MAX_PACKED_CODES)
        ).to_series()
        if wide.is_empty():
            return ones
        return ones.append(
            wide.select(pl.col("sid") + moment + pl.lit(said).gather(pl.col("said"))).to_series()
        )


def _pack_rows(rows: pl.DataFrame, sessions: Sessions) -> _FactChunk:
    said, ts = pl.col("said"), pl.col("ts")
    time = (
        pl.when(ts < UNTIMED).then(ts).otherwise(ts - _UNTIMED_SHIFT).cast(pl.UInt64, strict=False)
    )
    fits = (said < _MAX_PACKED_CODES) & (ts >= 0) & ((ts < _PACKED_UNTIMED) | (ts >= UNTIMED))
    packed = rows.select("sid", (time * _MAX_PACKED_CODES + said).alias("what"), fits.alias("fits"))
    if packed["fits"].all():
        return _FactChunk(packed.drop("fits"), _NO_WIDE_FACTS, sessions)
    return _FactChunk(
        packed.filter("fits").drop("fits"),
        rows.select(*FACT_SCHEMA).filter(~packed["fits"]),
        sessions,
    )


def _unpack_rows(packed: pl.DataFrame) -> pl.DataFrame:
    time = (pl.col("what") // _MAX_PACKED_CODES).cast(pl.Int64)
    return packed.select(
        "sid",
        (pl.col("what") % _MAX_PACKED_CODES).cast(pl.UInt32).alias("said"),
        pl.when(time < _PACKED_UNTIMED).then(time).otherwise(time + _UNTIMED_SHIFT).alias("ts"),
    )


def _renumber_chunk(part: _FactChunk, numbering: sids.Numbering) -> _FactChunk:
    packed, wide = (
        sids.renumber_rows(rows, part.sessions, numbering) for rows in (part.packed, part.wide)
    )
    return _FactChunk(packed, wide, sids.renumber_sessions(part.sessions, numbering))
