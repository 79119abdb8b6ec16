"""New facts to a store: what is new of them, and what comes of the conversations that they are of. Nothing is written.

Whatever the lines came in, in whatever order and however often, what a store says afterwards is the same: the facts
are a set, and each conversation that gets one is computed anew from all of its facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import polars as pl

from dcevents.model.attributes import Vocabulary
from dcevents.model.facts import Facts
from dcevents.model.moments import UNTIMED
from dcevents.model.sessions import NUMBER_TYPE
from dcevents.store.disk import segment
from dcevents.store.disk.numbering import StoreNumbering
from dcevents.store.disk.segment import FACTS_SCHEMA, Segment
from dcevents.store.disk.state import SUPERSEDED_SCHEMA, StoreState

_FACT_COLUMNS = list(FACTS_SCHEMA)


class EventCounts(NamedTuple):
    """Different events, and those of them without a usable timestamp."""

    events: int
    untimed: int

    def __sub__(self, other: "EventCounts") -> "EventCounts":
        return EventCounts(self.events - other.events, self.untimed - other.untimed)


class MergeResult(NamedTuple):
    """What new facts come to."""

    segment: Segment
    superseded: pl.DataFrame
    """DEAD: rows of earlier segments that the segment has anew."""
    new_events: int
    """Events that were not there before."""
    count_change: EventCounts
    """How many more events there are, of settled sessions; perhaps fewer."""
    pending: pl.Series
    """Sessions with a timestamp that is not believed yet, and what they come to by this clock."""
    pending_counts: EventCounts
    future_events: int
    earliest: int | None
    latest: int | None
    """Of the timestamps of all conversations in the segment."""
    removed_events: Mapping[str, int]
    """Events that were left out: `forgotten`, of sessions that were to be, and `expired`, of before the cut-off."""
    later_events: int
    """Events that are later than is asked for."""


@dataclass(frozen=True)
class MergeSettings:
    """When it is: the clock of a run, and up to when it is asked for, if that is another time."""

    clock: int
    until: int | None = None
    is_permanent: bool = True
    """Whether what comes of it is to be kept; else nobody will ask again for what is not settled."""


def merge_facts(
    state: StoreState,
    facts: Facts,
    numbering: StoreNumbering,
    settings: MergeSettings,
    *,
    events: pl.DataFrame | None = None,
) -> MergeResult:
    """What facts come to, whose contents have the store's codes.

    `events` are accepted lines with their places (PLACED, and `text`, the sid), if they are to be kept.
    `keys` may be told to move sids that the store's would share a number with. Sessions that are not settled are
    computed anew where something has changed, or all of them, if it is not for good; and so are those with events
    later than is asked for.
    """
    return _Bringing(state, facts.vocabulary, numbering, settings).run(facts, events)


class _Bringing:
    """The steps, with what they share."""

    def __init__(
        self, state: StoreState, vocabulary: Vocabulary, keys: StoreNumbering, moment: MergeSettings
    ) -> None:
        self.state = state
        self.moment = moment
        self.vocabulary = vocabulary
        self.keys = keys
        self.clock = moment.clock
        self.uncounted = pl.Series("sid", state.manifest.unsettled, dtype=NUMBER_TYPE)
        self.before = pl.concat([self.uncounted, self._later()]).unique()
        self.said = segment.tabulate_attributes(vocabulary.list_attributes())
        self.ids = segment.number_conversation_ids(self.said)
        self.identities = vocabulary.number_identities()

    def _later(self) -> pl.Series:
        """Sessions with events later than is asked for."""
        until = self.moment.until
        if until is None:
            return pl.Series("sid", dtype=NUMBER_TYPE)
        # Not believed when a segment was written, perhaps, and so not its `latest`.
        parts = [
            part
            for part in self.state.segments
            if part.latest_of_all is not None and part.latest_of_all > until
        ]
        facts = pl.concat(
            [
                segment.make_empty_table("facts"),
                *(self.state.read_table(part, "facts") for part in parts),
            ]
        )
        return facts.filter(pl.col("ts").to_physical() > until)["sid"]

    def run(self, facts: Facts, events: pl.DataFrame | None) -> MergeResult:
        """All of it."""
        sessions = facts.list_sessions()
        fresh, rows, texts = self._known(sessions.list_sids())
        new = self._table(facts, pl.DataFrame({"number": sessions.numbers, "sid": fresh["sid"]}))
        new, forgotten = _split_rows(new, pl.col("sid").is_in(list(self.state.manifest.forgotten)))
        old = self.state.read_facts(rows)
        new = new.join(old, on=_FACT_COLUMNS, how="anti", nulls_equal=True)
        expired = self._expired(new, old)
        new, gone = self._of(expired, new, but=True), self._of(expired, new)
        waiting = self._due(new, old)
        changed = pl.concat([new["sid"], self.before]).unique()
        before = old.filter(pl.col("sid").is_in(changed.implode()))
        every = pl.concat([before, new])
        touched = self._touched(new, before)
        theirs, _ = _split_rows(pl.concat([self._of(touched, before), new]), self._is_later())
        every, later = _split_rows(every, self._is_later())
        unsettled = every.filter(segment.is_future(self.clock))["sid"].unique()
        table = self._segment(new, theirs, every, texts)
        table.sids = texts.join(pl.DataFrame({"sid": changed}), on="sid", how="semi").join(
            rows, on="sid", how="anti"
        )
        if events is not None:
            table.events = self._of(expired, self._lines(events, fresh), but=True)
        believed = theirs.filter(~segment.is_future(self.clock))["ts"].to_physical()
        settled, of_unsettled = self._counts_by(every, unsettled)
        was, of_uncounted = self._counts_by(before, self.uncounted)
        return MergeResult(
            table,
            self._dead(rows, touched),
            settled.events + of_unsettled.events - was.events - of_uncounted.events,
            settled - was,
            pl.concat([unsettled, waiting]),
            of_unsettled,
            self._future(every),
            _find_earliest(believed),
            _find_latest(believed),
            {"forgotten": self._counts(forgotten).events, "expired": self._counts(gone).events},
            self._counts(later).events,
        )

    # -- sessions ------------------------------------------------------------------------------------------------

    def _known(self, sids: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Numbers and texts of the sids; the store's rows of them and of unsettled ones; numbers and texts of both."""
        while True:
            fresh = self.keys.tabulate_sids(sids)
            rows = self.state.find_rows(pl.concat([fresh["sid"], self.before]).unique())
            stored = self.state.read_sids(rows)
            both = fresh.join(stored, on="sid", suffix="_stored")
            others = both.filter(pl.col("text") != pl.col("text_stored"))["text"]
            if others.is_empty():
                # Only now: of two new texts of one number the second moves, of a new and a known one the new.
                others = fresh.sort("text").filter(~pl.col("sid").is_first_distinct())["text"]
            if others.is_empty():
                return fresh, rows, pl.concat([fresh, stored]).unique("sid")
            self.keys.change_numbers(others)

    def _due(self, new: pl.DataFrame, old: pl.DataFrame) -> pl.Series:
        """Leave aside unsettled sessions of which nothing has changed, if they are not asked for; they come back."""
        if not self.moment.is_permanent:
            return self.before.clear()
        then = self.state.manifest.last_clock or 0
        moved = old.filter(segment.is_future(then) & ~segment.is_future(self.clock))["sid"]
        due = self.before.is_in(pl.concat([moved, new["sid"]]).implode())
        waiting, self.before = self.before.filter(~due), self.before.filter(due)
        return waiting

    def _table(self, facts: Facts, numbers: pl.DataFrame) -> pl.DataFrame:
        """Facts as a table, each once; `numbers`: of sessions, as facts have it, and the store's `sid`."""
        rows = facts.to_frame().rename({"sid": "number"}).join(numbers, on="number")
        return segment.store_times(_drop_duplicates(rows.select("sid", "said", "ts")))

    def _lines(self, events: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
        kept = events.join(fresh, on="text").filter(
            ~pl.col("sid").is_in(list(self.state.manifest.forgotten))
        )
        return segment.store_times(kept).select(*segment.EVENTS_SCHEMA)

    # -- conversations -------------------------------------------------------------------------------------------

    def _touched(self, new: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
        """Conversations with facts from `before` that are to be computed anew: those with new facts too, and all of
        unsettled sessions.
        """
        further = new.join(before, on="sid", how="semi")
        unsettled = before.filter(pl.col("sid").is_in(self.before.implode()))
        return self._with_id(pl.concat([further, unsettled])).select("sid", "id").unique()

    def _expired(self, new: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
        """Conversations with new facts that were over before the cut-off, by all believed ones: `sid`, `id`."""
        cut_off = self.state.manifest.cut_off
        if cut_off is None:
            return self._with_id(new.clear()).select("sid", "id")
        every = self._with_id(pl.concat([old, new])).filter(~segment.is_future(self.clock))
        latest = every.group_by("sid", "id").agg(pl.col("ts").max().to_physical())
        return latest.filter(pl.col("ts") < cut_off).drop("ts")

    def _of(
        self, conversations: pl.DataFrame, rows: pl.DataFrame, *, but: bool = False
    ) -> pl.DataFrame:
        """The rows (with `sid`, `said`) of these conversations, or all `but` theirs."""
        how: Literal["anti", "semi"] = "anti" if but else "semi"
        return self._with_id(rows).join(conversations, on=["sid", "id"], how=how).drop("id")

    def _with_id(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(self.ids.gather(rows["said"]).alias("id"))

    def _segment(
        self, new: pl.DataFrame, theirs: pl.DataFrame, every: pl.DataFrame, texts: pl.DataFrame
    ) -> Segment:
        own = texts.join(theirs, on="sid", how="semi")
        folded = segment.fold_facts(theirs, own, self.vocabulary, self.clock)
        conversations, attempts = segment.compute_tables(folded, own)
        again = every.filter(pl.col("sid").is_in(self.before.implode()))
        agents = segment.list_agents(pl.concat([new, again]), self.said, self.clock)
        facts = new.select(_FACT_COLUMNS).sort("sid", "ts", "said")
        return Segment(
            facts, texts, conversations, attempts, agents, segment.make_empty_table("events")
        )

    def _dead(self, rows: pl.DataFrame, touched: pl.DataFrame) -> pl.DataFrame:
        """The store's rows of the conversations that are computed anew."""
        gone = self._of(touched, self.state.add_attribute_codes(rows))
        names = pl.Series([part.name for part in self.state.segments], dtype=pl.String)
        gone = gone.select(names.gather(gone["segment"]).alias("segment"), "row")
        return gone.join(self.state.superseded, on=list(SUPERSEDED_SCHEMA), how="anti")

    # -- counts --------------------------------------------------------------------------------------------------

    def _counts(self, facts: pl.DataFrame) -> EventCounts:
        return count_events(facts, self.identities, self.clock)

    def _counts_by(self, facts: pl.DataFrame, sids: pl.Series) -> tuple[EventCounts, EventCounts]:
        """Those of all other sessions, and of these."""
        others, theirs = _split_rows(facts, pl.col("sid").is_in(sids.implode()))
        return self._counts(others), self._counts(theirs)

    def _is_later(self) -> pl.Expr:
        until = self.moment.until
        later = pl.lit(value=False) if until is None else pl.col("ts").to_physical() > until
        return later.fill_null(value=False) & ~segment.is_future(self.clock)

    def _future(self, facts: pl.DataFrame) -> int:
        return self._counts(facts.filter(segment.is_future(self.clock))).events


def count_events(facts: pl.DataFrame, identities: pl.Series, clock: int) -> EventCounts:
    """How many events facts are (definitions 1)."""
    read = segment.restore_times(facts, clock)
    ts = pl.min_horizontal("ts", UNTIMED)
    different = _drop_duplicates(
        read.select("sid", identities.gather(facts["said"]).alias("identity"), ts.alias("ts"))
    )
    return EventCounts(different.height, different.filter(pl.col("ts") >= UNTIMED).height)


def _drop_duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    """Each row once. As a stream that takes a third of the time."""
    return rows.lazy().unique().collect(engine="streaming")


def _split_rows(frame: pl.DataFrame, chosen: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    return frame.filter(~chosen), frame.filter(chosen)


def _find_earliest(ts: pl.Series) -> int | None:
    return None if ts.is_empty() else ts.min()  # type: ignore[return-value]


def _find_latest(ts: pl.Series) -> int | None:
    return None if ts.is_empty() else ts.max()  # type: ignore[return-value]
