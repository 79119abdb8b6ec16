"""What a log says, as a set of facts: the folded state that everything else is computed from.

A fact is 16 bytes: who (the session's code), what was said (a code in the `Vocabulary`: kind, dialogue, names,
page, agent) and when. The state is the *set* of facts, so merging is union: idempotent, commutative and
associative by nature. Whatever order, overlap or split the lines came in, the set is the same.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import polars as pl

from dcevents.parse import FUTURE, UNTIMED, Vocabulary

FACTS = {"sid": pl.UInt32, "said": pl.UInt32, "ts": pl.Int64}
"""Columns of a fact; `ts` in milliseconds, or UNTIMED or FUTURE."""

_LEAST = 1 << 22
_PARTS = 8


class Distinct(NamedTuple):
    """How many different events there are, how many of them without a timestamp, how many since it was `future`."""

    events: int
    untimed: int
    future: int


class Facts:
    """A growing set of facts. It holds at most four million, or four times as many rows as there are different ones."""

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = vocabulary or Vocabulary()
        self._frames: list[pl.DataFrame] = []
        self._height = 0
        self._limit = _LEAST

    def add(self, rows: pl.DataFrame) -> None:
        """Take in facts; columns beside those of a fact are dropped."""
        if rows.is_empty():
            return
        self._frames.append(rows.select(*FACTS))
        self._height += rows.height
        if self._height >= self._limit:
            self.compact()

    def frame(self) -> pl.DataFrame:
        """The facts, some perhaps more than once: what is computed from them does not mind."""
        if len(self._frames) != 1:
            self._frames = [pl.concat([pl.DataFrame(schema=FACTS), *self._frames])]
        return self._frames[0]

    @property
    def height(self) -> int:
        """Rows of `frame`."""
        return self._height

    def by_session(self, parts: int) -> Iterable[pl.DataFrame]:
        """The facts in parts of whole sessions, so that working on them takes a part of the memory."""
        frame = self.frame()
        if parts == 1 or frame.is_empty():
            yield frame
            return
        highest: Any = frame["sid"].max()
        step = int(highest) // parts + 1
        for i in range(parts):
            yield frame.filter((pl.col("sid") >= i * step) & (pl.col("sid") < (i + 1) * step))

    def merge(self, other: "Facts") -> "Facts":
        """The union of two states, each with a vocabulary of its own; neither is changed."""
        union = Facts()
        for facts in (self, other):
            union.add(facts.translated(union.vocabulary))
        union.compact()
        return union

    def translated(self, target: Vocabulary) -> pl.DataFrame:
        """The facts in the codes of another vocabulary."""
        frame = self.frame()
        codes = [target.code(said) for said in self.vocabulary.said()]
        sids = target.sid_codes(self.vocabulary.sid_texts(frame["sid"]))
        return frame.with_columns(
            sids.alias("sid"), pl.Series(codes, dtype=pl.UInt32).gather(frame["said"]).alias("said")
        )

    def compact(self) -> None:
        """Drop repeated facts; look again later where that gained little."""
        before = self._height
        parts = [part.unique() for part in self.by_session(_PARTS)]
        self._frames = [pl.concat(parts)]
        self._height = self._frames[0].height
        self._limit = max(_LEAST, self._height * (2 if self._height < 0.75 * before else 4))

    def distinct(self) -> Distinct:
        """Counts of events as definitions 1 tells them apart: (kind, timestamp, sid, id, agent)."""
        identity = self.vocabulary.identities()
        total = Distinct(0, 0, 0)
        for part in self.by_session(_PARTS if self._height > _LEAST else 1):
            total = Distinct(*map(sum, zip(total, _distinct(part, identity), strict=True)))
        return total


def _distinct(facts: pl.DataFrame, identity: pl.Series) -> Distinct:
    # Two 64-bit numbers hold an identity exactly; as one of 128 they are counted without sorting or hashing text.
    who_what = pl.col("sid").cast(pl.Int128) * 2**30 + pl.lit(identity).gather(pl.col("said"))
    one = who_what * 2**64 + pl.min_horizontal(pl.col("ts"), UNTIMED)
    ones = facts.select(one.alias("one")).to_series()
    untimed = ones.filter(facts["ts"] >= UNTIMED)
    future = ones.filter(facts["ts"] == FUTURE)
    return Distinct(*(each.n_unique() if each.len() else 0 for each in (ones, untimed, future)))
