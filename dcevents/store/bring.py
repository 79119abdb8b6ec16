"""New facts to a store: what is new of them, and what comes of the conversations that they are of. Nothing is written.

Whatever the lines came in, in whatever order and however often, what a store says afterwards is the same: the facts
are a set, and each conversation that gets one is computed anew from all of its facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from dcevents.parse import UNTIMED, Vocabulary
from dcevents.store import segment
from dcevents.store.segment import FACTS, Segment
from dcevents.store.state import DEAD, State

if TYPE_CHECKING:
    from dcevents.conversations import Fold
    from dcevents.facts import Facts
    from dcevents.store.keys import Keys

_FACT = list(FACTS)


class Counts(NamedTuple):
    """Different events, and those of them without a usable timestamp."""

    events: int
    untimed: int

    def __sub__(self, other: Counts) -> Counts:
        return Counts(self.events - other.events, self.untimed - other.untimed)


class Brought(NamedTuple):
    """What new facts come to."""

    segment: Segment
    dead: pl.DataFrame
    """DEAD: rows of earlier segments that the segment has anew."""
    new: int
    """Events that were not there before."""
    more: Counts
    """How many more events there are, of settled sessions; perhaps fewer."""
    unsettled: pl.Series
    """Sessions with a timestamp that is not believed yet, and what they come to by this clock."""
    of_unsettled: Counts
    future: int
    earliest: int | None
    latest: int | None
    """Of the timestamps of all conversations in the segment."""
    dropped: int
    """Events of sessions that were to be forgotten."""


def bring(
    state: State, facts: Facts, keys: Keys, clock: int, *, events: pl.DataFrame | None = None, for_good: bool = True
) -> Brought:
    """What facts come to, whose contents have the store's codes.

    `events` are accepted lines with their places (PLACED, and `text`, the sid), if they are to be kept.
    `keys` may be told to move sids that the store's would share a number with. Not `for_good`, what comes of sessions
    that are not settled is all there: nobody will ask again.
    """
    return _Bringing(state, facts.vocabulary, keys, clock, for_good=for_good).run(facts, events)


class _Bringing:
    """The steps, with what they share."""

    def __init__(self, state: State, vocabulary: Vocabulary, keys: Keys, clock: int, *, for_good: bool) -> None:
        self.state = state
        self.for_good = for_good
        self.vocabulary = vocabulary
        self.keys = keys
        self.clock = clock
        self.before = pl.Series("sid", state.manifest.unsettled, dtype=pl.UInt64)
        said = vocabulary.said()
        ids: dict[str | None, int] = {}
        self.ids = pl.Series([ids.setdefault(each.id, len(ids)) for each in said], dtype=pl.UInt32)
        self.identities = vocabulary.identities()

    def run(self, facts: Facts, events: pl.DataFrame | None) -> Brought:
        """All of it."""
        sids = facts.sessions().texts()
        fresh, rows, texts = self._known(sids)
        new = self._table(facts, fresh)
        new, forgotten = _split(new, pl.col("sid").is_in(list(self.state.manifest.forgotten)))
        old = self.state.facts_of(rows)
        new = new.join(old, on=_FACT, how="anti", nulls_equal=True)
        changed = pl.concat([new["sid"], self.before]).unique()
        every = pl.concat([old, new]).filter(pl.col("sid").is_in(changed.implode()))
        unsettled = every.filter(segment.is_future(self.clock))["sid"].unique()
        touched = self._touched(new)
        theirs = self._of(touched, every)
        table = self._segment(new, theirs, every, unsettled, texts)
        named = rows["sid"].unique()
        table.sids = texts.join(pl.DataFrame({"sid": changed}), on="sid", how="semi").filter(
            ~pl.col("sid").is_in(named.implode())
        )
        if events is not None:
            table.events = self._lines(events, fresh)
        believed = theirs.filter(~segment.is_future(self.clock))["ts"].to_physical()
        is_unsettled = pl.col("sid").is_in(unsettled.implode())
        before = old.filter(pl.col("sid").is_in(changed.implode()))
        return Brought(
            table,
            self._dead(rows, touched),
            self._counts(every).events - self._counts(before).events,
            self._counts(every.filter(~is_unsettled))
            - self._counts(before.filter(~pl.col("sid").is_in(self.before.implode()))),
            unsettled,
            self._counts(every.filter(is_unsettled)),
            self._future(every),
            _least(believed),
            _most(believed),
            self._counts(forgotten).events,
        )

    # -- sessions ------------------------------------------------------------------------------------------------

    def _known(self, sids: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Numbers and texts of the sids; the store's rows of them and of unsettled ones; numbers and texts of both."""
        while True:
            fresh = self.keys.numbered(sids)
            rows = self.state.rows_of(pl.concat([fresh["sid"], self.before]).unique())
            stored = self.state.texts_of(rows)
            both = fresh.join(stored, on="sid", suffix="_stored")
            others = both.filter(pl.col("text") != pl.col("text_stored"))["text"]
            if others.is_empty():
                # Only now: of two new texts of one number the second moves, of a new and a known one the new.
                others = fresh.sort("text").filter(~pl.col("sid").is_first_distinct())["text"]
            if others.is_empty():
                return fresh, rows, pl.concat([fresh, stored]).unique("sid")
            self.keys.move(others)

    def _table(self, facts: Facts, fresh: pl.DataFrame) -> pl.DataFrame:
        """Facts as a table, each once."""
        numbers = facts.sessions().frame().rename({"sid": "number"}).join(fresh, on="text")
        rows = facts.frame().rename({"sid": "number"}).join(numbers.select("number", "sid"), on="number")
        return segment.stored(rows.select("sid", "said", "ts").unique())

    def _lines(self, events: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
        kept = events.join(fresh, on="text").filter(~pl.col("sid").is_in(list(self.state.manifest.forgotten)))
        return segment.stored(kept).select(*segment.EVENTS)

    # -- conversations -------------------------------------------------------------------------------------------

    def _touched(self, new: pl.DataFrame) -> pl.DataFrame:
        """Conversations that are to be computed anew: those with new facts, and all of unsettled sessions."""
        conversations = self._with_id(new).select("sid", "id").unique()
        return conversations.filter(~pl.col("sid").is_in(self.before.implode()))

    def _of(self, touched: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows (with `sid`, `said`) of these conversations."""
        named = self._with_id(rows)
        unsettled = pl.col("sid").is_in(self.before.implode())
        anew = named.filter(~unsettled).join(touched, on=["sid", "id"], how="semi")
        return pl.concat([anew, named.filter(unsettled)]).drop("id")

    def _with_id(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(self.ids.gather(rows["said"]).alias("id"))

    def _segment(
        self, new: pl.DataFrame, theirs: pl.DataFrame, every: pl.DataFrame, unsettled: pl.Series, texts: pl.DataFrame
    ) -> Segment:
        conversations, attempts = self._tables(theirs, texts)
        waits = pl.col("sid").is_in(unsettled.implode())
        again = pl.col("sid").is_in(self.before.implode())
        # What an agent was called by sessions that are not settled counts when they are.
        naming = pl.concat([new.filter(~waits & ~again), every.filter(again if self.for_good else again | waits)])
        naming = naming.filter(~waits) if self.for_good else naming
        agents = segment.agents(self._fold(naming.filter(self._names_agent(naming)), texts))
        facts = new.select(_FACT).sort("sid", "ts", "said")
        return Segment(facts, texts, conversations, attempts, agents, segment.none("events"))

    def _tables(self, facts: pl.DataFrame, texts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        theirs = texts.join(facts.select("sid").unique(), on="sid", how="semi")
        return segment.tables(self._fold(facts, theirs), theirs)

    def _fold(self, facts: pl.DataFrame, texts: pl.DataFrame) -> Fold:
        return segment.fold(facts, texts, self.vocabulary, self.clock)

    def _names_agent(self, rows: pl.DataFrame) -> pl.Series:
        named = pl.Series([each.agent_name is not None for each in self.vocabulary.said()], dtype=pl.Boolean)
        return named.gather(rows["said"])

    def _dead(self, rows: pl.DataFrame, touched: pl.DataFrame) -> pl.DataFrame:
        """The store's rows of the conversations that are computed anew."""
        gone = self._of(touched, self.state.said_of(rows))
        names = pl.Series([part.name for part in self.state.parts], dtype=pl.String)
        gone = gone.select(names.gather(gone["segment"]).alias("segment"), "row")
        return gone.join(self.state.dead, on=list(DEAD), how="anti")

    # -- counts --------------------------------------------------------------------------------------------------

    def _counts(self, facts: pl.DataFrame) -> Counts:
        """How many events facts are (definitions 1)."""
        read = segment.read_back(facts, self.clock)
        ts = pl.min_horizontal("ts", UNTIMED)
        different = read.select("sid", self.identities.gather(facts["said"]).alias("identity"), ts.alias("ts")).unique()
        return Counts(different.height, different.filter(pl.col("ts") >= UNTIMED).height)

    def _future(self, facts: pl.DataFrame) -> int:
        return self._counts(facts.filter(segment.is_future(self.clock))).events


def _split(frame: pl.DataFrame, chosen: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    return frame.filter(~chosen), frame.filter(chosen)


def _least(ts: pl.Series) -> int | None:
    return None if ts.is_empty() else ts.min()  # type: ignore[return-value]


def _most(ts: pl.Series) -> int | None:
    return None if ts.is_empty() else ts.max()  # type: ignore[return-value]
