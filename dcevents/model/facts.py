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
from dcevents.model.sessions import NUMBER, Sids

FACTS = {"sid": NUMBER, "said": pl.UInt32, "ts": pl.Int64}
"""Columns of a fact; `ts` in milliseconds, or UNTIMED or FUTURE."""

# Time and code in one number: times from 1970 to 2109 and 4 million codes fit. What does not is kept as it is.
_PACKED = {"sid": NUMBER, "what": pl.UInt64}
_CODES: Final = 1 << 22
_NEVER: Final = (1 << 42) - 2
_SHIFT: Final = UNTIMED - _NEVER

_LEAST = 1 << 21
_LEAST_SIDS = 1 << 19
_GAIN = 0.75
"""Repeated facts, or sessions, are dropped where no more than this part of them is left."""
_UNDIVIDED = 1 << 20
_SHARDS = 8
_SPREAD: Final = 0x9E3779B97F4A7C15

_NOTHING = pl.DataFrame(schema=_PACKED)
_NONE_WIDE = pl.DataFrame(schema=FACTS)


class Distinct(NamedTuple):
    """How many different events there are, how many of them without a timestamp, how many since it was `future`."""

    events: int
    untimed: int
    future: int


class _Part(NamedTuple):
    """Some facts, those that fit packed, and the sessions they are of."""

    packed: pl.DataFrame
    wide: pl.DataFrame
    sids: Sids


class Facts:
    """A growing set of facts. It holds at most two million, or twice as many rows as there are different ones;
    and of sessions half a million, or four times as many.
    """

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = Vocabulary() if vocabulary is None else vocabulary
        self.earliest: int | None = None
        self.latest: int | None = None
        """Of the timestamps, milliseconds."""
        self.height = 0
        """Rows, repeated ones too."""
        self._fresh: list[_Part] = []
        self._packed = _NOTHING
        self._wide = _NONE_WIDE
        self._sids: list[Sids] = []
        self._known = 0
        self._forgotten = False
        self._bits = 0
        self._most_rows, self._most_sids = _LEAST, _LEAST_SIDS

    def add(self, rows: pl.DataFrame, sessions: Sids) -> None:
        """Take in facts; columns beside those of a fact are dropped. `sessions` has the sids of all of them."""
        if rows.is_empty():
            return
        self._reach(rows["ts"])
        self._fresh.append(_packed(rows, sessions))
        self.height += rows.height
        self._known += sessions.numbers.len()
        if self.height >= self._most_rows:
            self.compact(_GAIN)
        if self._known >= self._most_sids:
            self._unite()

    def _reach(self, ts: pl.Series) -> None:
        least: Any = ts.min()
        most: Any = ts.max()
        if most >= UNTIMED:
            most = ts.filter(ts < UNTIMED).max()
        if most is not None:
            self.earliest = least if self.earliest is None else min(least, self.earliest)
            self.latest = most if self.latest is None else max(most, self.latest)

    @property
    def shards(self) -> int:
        """In how many parts it is worth while to look at the facts: so they need less memory, and more of the cache."""
        self.settle()
        return _SHARDS if self.height > _UNDIVIDED else 1

    def shard(self, i: int) -> pl.DataFrame:
        """The facts of a part of the sessions, some perhaps more than once: what comes of them does not mind."""
        own = self._own(i)
        return pl.concat([_unpacked(self._packed.filter(own)), self._wide.filter(own)])

    def _own(self, i: int) -> pl.Expr:
        least, most = ((1 << 64) * each // self.shards for each in (i, i + 1))
        return pl.col("sid").is_between(pl.lit(least, NUMBER), pl.lit(most - 1, NUMBER))

    def frame(self, said: pl.Series | None = None) -> pl.DataFrame:
        """The facts; only those for whose code a list of truths has one."""
        self.settle()
        packed, wide = self._packed, self._wide
        if said is not None:
            packed = packed.filter(said.gather(packed["what"] % _CODES))
            wide = wide.filter(said.gather(wide["said"]))
        return pl.concat([_unpacked(packed), wide])

    # -- sessions ----------------------------------------------------------------------------------------------

    def sessions(self) -> Sids:
        """The sessions of the facts, each once."""
        self.settle()
        if self._forgotten:
            raise ValueError("the sids were forgotten")
        if len(self._sids) != 1:
            self._sids = [sids.united(self._sids)]
            self._known = self._sids[0].numbers.len()
        return self._sids[0]

    def forget_sids(self) -> None:
        """Keep no text of sessions, where no report shows one: nor can facts be added then."""
        self.settle()
        self._sids, self._known, self._forgotten = [], 0, True

    def sid_texts(self, numbers: pl.Series) -> pl.Series:
        """The sids of sessions' numbers, of which the bits that `id_bits` tells of do not matter."""
        high = pl.col("sid") // (1 << self.vocabulary.id_bits())
        known = self.sessions().frame().with_columns(high)
        wanted = pl.DataFrame({"sid": numbers}).with_columns(high)
        return wanted.join(known, on="sid", how="left", maintain_order="left")["text"]

    def settle(self) -> None:
        """Make sure that each number is that of one session, also without the bits that `id_bits` tells of."""
        numbering = self.vocabulary.sids
        bits = self.vocabulary.id_bits()
        if self._forgotten or (not self._fresh and bits == self._bits):
            return
        if numbering.burnt:
            self._renumber(numbering)
        while shared := sids.clashes([*self._sids, *(part.sids for part in self._fresh)], bits):
            numbering.burn(shared)
            self._renumber(numbering)
        self._bits = bits
        self._absorb()

    def _renumber(self, numbering: sids.Numbering) -> None:
        old = sids.united(self._sids)
        self._packed = sids.renumbered(self._packed, old, numbering)
        self._wide = sids.renumbered(self._wide, old, numbering)
        self._sids = [sids.now(old, numbering)]
        self._fresh = [_renumbered(part, numbering) for part in self._fresh]

    def _absorb(self) -> None:
        self._packed = pl.concat([self._packed, *(part.packed for part in self._fresh)])
        self._wide = pl.concat([self._wide, *(part.wide for part in self._fresh)])
        self._sids += [part.sids for part in self._fresh]
        self._fresh = []

    def _unite(self) -> None:
        """Keep each session once, if many are there more often."""
        parts = [*self._sids, *(part.sids for part in self._fresh)]
        different = pl.concat([part.numbers for part in parts]).n_unique()
        self._most_sids = max(_LEAST_SIDS, 4 * different)
        if different < _GAIN * self._known:
            self.settle()
            self._sids = sids.once_each(self._sids)
            self._known = different

    # -- sets --------------------------------------------------------------------------------------------------

    def merge(self, other: "Facts") -> "Facts":
        """The union of two states, each with a vocabulary of its own; neither is changed."""
        union = Facts()
        for facts in (self, other):
            union.vocabulary.sids.burn(facts.vocabulary.sids.burnt)
            union.add(facts.translated(union.vocabulary), facts.sessions())
        union.compact()
        return union

    def translated(self, target: Vocabulary) -> pl.DataFrame:
        """The facts in the codes of another vocabulary; the numbers of sessions are as they were."""
        frame = self.frame()
        codes = [target.code(said) for said in self.vocabulary.said()]
        return frame.with_columns(
            pl.Series(codes, dtype=pl.UInt32).gather(frame["said"]).alias("said")
        )

    def compact(self, gain: float = 1) -> None:
        """Drop repeated facts, if no more than this part of all is left then."""
        packed = pl.concat([self._packed, *(part.packed for part in self._fresh)])
        wide = pl.concat([self._wide, *(part.wide for part in self._fresh)])
        different = self._ones(packed, wide).n_unique()
        self._most_rows = max(_LEAST, 2 * different)
        if different <= gain * self.height:
            self.settle()
            facts = pl.concat([self.shard(i).unique() for i in range(self.shards)])
            part = _packed(facts, sids.NONE)
            self._packed, self._wide, self.height = part.packed, part.wide, facts.height
            # Contents may differ in more than what tells events apart.
            self._most_rows = max(self._most_rows, 2 * self.height)

    def distinct(self) -> Distinct:
        """Counts of events as definitions 1 tells them apart: (kind, timestamp, sid, id, agent).

        An event is known by 64 bits here, which no other figure hangs on.
        """
        total = [0, 0, 0]
        for i in range(self.shards):
            own = self._own(i)
            packed, wide = self._packed.filter(own), self._wide.filter(own)
            late = packed.filter(pl.col("what") >= _NEVER * _CODES)
            future = late.filter(pl.col("what") >= (_NEVER + 1) * _CODES)
            for n, some in enumerate((packed, late, future)):
                # Those that do not fit have other times, or come with other contents.
                others = wide if n == 0 else wide.filter(pl.col("ts") >= (UNTIMED, FUTURE)[n - 1])
                total[n] += self._ones(some, others).n_unique()
        return Distinct(*total)

    def _ones(self, packed: pl.DataFrame, wide: pl.DataFrame) -> pl.Series:
        """A number for each event; UNTIMED and FUTURE are the same time."""
        said = self.vocabulary.identities().hash()
        time = pl.min_horizontal(pl.col("what") // _CODES, pl.lit(_NEVER, NUMBER)) * pl.lit(
            _SPREAD, NUMBER
        )
        ts = pl.col("ts")
        wide_time = (
            pl.when(ts >= UNTIMED).then(_NEVER).when(ts >= _NEVER).then(ts + 2).otherwise(ts)
        )
        moment = wide_time.reinterpret(signed=False) * pl.lit(_SPREAD, NUMBER)
        ones = packed.select(
            pl.col("sid") + time + pl.lit(said).gather(pl.col("what") % _CODES)
        ).to_series()
        if wide.is_empty():
            return ones
        return ones.append(
            wide.select(pl.col("sid") + moment + pl.lit(said).gather(pl.col("said"))).to_series()
        )


def _packed(rows: pl.DataFrame, sessions: Sids) -> _Part:
    said, ts = pl.col("said"), pl.col("ts")
    time = pl.when(ts < UNTIMED).then(ts).otherwise(ts - _SHIFT).cast(pl.UInt64, strict=False)
    fits = (said < _CODES) & (ts >= 0) & ((ts < _NEVER) | (ts >= UNTIMED))
    packed = rows.select("sid", (time * _CODES + said).alias("what"), fits.alias("fits"))
    if packed["fits"].all():
        return _Part(packed.drop("fits"), _NONE_WIDE, sessions)
    return _Part(
        packed.filter("fits").drop("fits"), rows.select(*FACTS).filter(~packed["fits"]), sessions
    )


def _unpacked(packed: pl.DataFrame) -> pl.DataFrame:
    time = (pl.col("what") // _CODES).cast(pl.Int64)
    return packed.select(
        "sid",
        (pl.col("what") % _CODES).cast(pl.UInt32).alias("said"),
        pl.when(time < _NEVER).then(time).otherwise(time + _SHIFT).alias("ts"),
    )


def _renumbered(part: _Part, numbering: sids.Numbering) -> _Part:
    packed, wide = (
        sids.renumbered(rows, part.sids, numbering) for rows in (part.packed, part.wide)
    )
    return _Part(packed, wide, sids.now(part.sids, numbering))
