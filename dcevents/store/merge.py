"""The merge of new facts with those of a store.

Nothing is written here. Facts are a set, and a conversation with a new fact is computed anew from
all of its facts: order, overlap and repetition of the lines change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import polars as pl

from dcevents.model.conversations import FactFold
from dcevents.model.facts import Facts
from dcevents.model.moments import DAY_MS
from dcevents.model.vocabulary import Vocabulary
from dcevents.store.accounts import EventCounts, count_events
from dcevents.store.disk import segment
from dcevents.store.disk.numbering import STORED_NUMBER_TYPE, StoreNumbering
from dcevents.store.disk.segment import FACTS_SCHEMA, PLACE, PLACE_TYPE, Segment
from dcevents.store.disk.state import SUPERSEDED_SCHEMA, StoreState
from dcevents.store.numbered_sessions import NumberedSessions, number_sessions

_FACT_COLUMNS = list(FACTS_SCHEMA)
_PLACED_SCHEMA = {**FACTS_SCHEMA, PLACE: PLACE_TYPE}
"""Columns of facts in a merge: `place` is that of the session in `NumberedSessions.texts`."""


@dataclass(frozen=True)
class MergeSettings:
    """The moment of a merge. Times are milliseconds since 1970."""

    clock: int
    until: int | None = None
    """Leave out later events; None takes all."""
    is_permanent: bool = True
    """Whether the result goes into the store; else it has all pending sessions computed anew."""


class MergeResult(NamedTuple):
    """The segment of new facts, and the changes with it."""

    segment: Segment
    superseded: pl.DataFrame
    """SUPERSEDED_SCHEMA: rows of earlier segments that the segment has anew."""
    new_events: int
    """Events that the store did not have before."""
    count_change: EventCounts
    """Added events of sessions that are not pending; may be negative."""
    pending: pl.Series
    """Sessions with a timestamp in the future, which the next run counts again."""
    pending_counts: EventCounts
    """Events of the pending sessions by this clock."""
    future_events: int
    earliest: int | None
    latest: int | None
    """Timestamps of all conversations in the segment, milliseconds."""
    removed_events: Mapping[str, int]
    """Events left out: `forgotten` with their session, `expired` before the cut-off."""
    later_events: int
    """Events after `MergeSettings.until`."""
    numbering: StoreNumbering
    """The store's numbers of sids, with those of new sids."""


@dataclass(frozen=True)
class _Merge:
    """The values that all steps read."""

    state: StoreState
    settings: MergeSettings
    vocabulary: Vocabulary
    attributes: pl.DataFrame
    conversation_ids: pl.Series
    """Attributes code → number of the conversation's id."""
    identities: pl.Series
    """Attributes code → number of what tells events apart."""


class _NewFacts(NamedTuple):
    """New facts, and those that are to be left out: rows of _PLACED_SCHEMA."""

    added: pl.DataFrame
    forgotten: pl.DataFrame
    expired: pl.DataFrame
    expired_conversations: pl.DataFrame
    """`sid`, `id` of conversations that ended before the cut-off."""


class _Selected(NamedTuple):
    """Facts of the changed sessions: rows of _PLACED_SCHEMA."""

    before: pl.DataFrame
    """Those that the store has."""
    every: pl.DataFrame
    """Those of the store and the new ones, up to the moment asked for."""
    later: pl.DataFrame
    touched: pl.DataFrame
    """`sid`, `id` of stored conversations to compute anew."""
    computed: pl.DataFrame
    """All facts of the conversations to compute."""
    has_new: pl.Series
    """Place of a session → whether it has new facts."""
    recounted: pl.Series
    """Sessions that are counted again whether they have new facts or not."""


def merge_facts(
    state: StoreState,
    facts: Facts,
    numbering: StoreNumbering,
    settings: MergeSettings,
    *,
    events: pl.DataFrame | None = None,
) -> MergeResult:
    """Merge facts, with the store's codes, with those of a store.

    `events` are accepted lines with their places (LOCATED_COLUMNS, and `text`, the sid), if they
    are to be stored. Pending sessions are computed anew where something has changed, or all of
    them, if the result is not permanent; so are sessions with events later than `settings.until`.
    """
    merge = _begin_merge(state, facts.vocabulary, settings)
    pending = state.pending
    disbelieved = _find_disbelieved(state, settings.clock)
    later = _find_later_sessions(state, settings.until)
    uncounted = pl.concat([pending, later, disbelieved]).unique()
    sessions = facts.list_sessions()
    numbered = number_sessions(state, numbering, sessions["text"], uncounted)
    stored = state.read_facts(numbered.rows).join(numbered.stored, on="sid")
    new = _select_new(merge, _place_facts(facts, sessions["sid"], numbered), numbered, stored)
    recounted, waiting = _split_due(merge, uncounted, new.added, stored, disbelieved)
    chosen = _select_changed(merge, new.added, stored, numbered, recounted)
    future = chosen.every.filter(segment.is_future(settings.clock))
    now_pending = future["sid"].unique()
    folded = segment.fold_facts(chosen.computed, merge.vocabulary, settings.clock)
    tables = segment.compute_tables(folded, numbered.texts["sid"])
    made = _make_segment(merge, new, chosen, numbered, tables)
    final, pending_counts = _count_changed(merge, chosen, now_pending, folded)
    was, was_pending, counted = _count_before(merge, chosen, pending)
    earliest, latest = _find_range(chosen.computed, settings.clock)
    return MergeResult(
        made if events is None else _add_lines(merge, new, numbered, made, events),
        _find_superseded(merge, numbered.rows, chosen.touched),
        final.events + pending_counts.events - was.events - was_pending.events,
        final - counted,
        pl.concat([now_pending, waiting]),
        pending_counts,
        _count_facts(merge, future).events,
        earliest,
        latest,
        {
            "forgotten": _count_facts(merge, new.forgotten).events,
            "expired": _count_facts(merge, new.expired).events,
        },
        _count_facts(merge, chosen.later).events,
        numbered.numbering,
    )


def _count_before(
    merge: _Merge, chosen: _Selected, pending: pl.Series
) -> tuple[EventCounts, EventCounts, EventCounts]:
    """Return counts of what was stored: final, pending, and final ones as they were counted."""
    state, clock = merge.state, merge.settings.clock
    was, was_pending = _count_apart(merge, chosen.before, pending, clock)
    if not is_clock_back(state, clock):
        return was, was_pending, was
    counted, _ = _count_apart(merge, chosen.before, pending, state.manifest.last_clock or 0)
    return was, was_pending, counted


def _begin_merge(state: StoreState, vocabulary: Vocabulary, settings: MergeSettings) -> _Merge:
    attributes = segment.tabulate_attributes(vocabulary)
    return _Merge(
        state,
        settings,
        vocabulary,
        attributes,
        segment.number_conversation_ids(attributes),
        vocabulary.number_identities(),
    )


# -- sessions ------------------------------------------------------------------------------------


def is_clock_back(state: StoreState, clock: int) -> bool:
    """Return whether the last run had a later clock, and may have believed too much."""
    return (state.manifest.last_clock or clock) > clock


def _find_disbelieved(state: StoreState, clock: int) -> pl.Series:
    """Return the sessions with times that the last run believed, and this clock does not."""
    limit = clock + DAY_MS if is_clock_back(state, clock) else None
    return _find_later_sessions(state, limit)


def has_uncounted(state: StoreState, clock: int) -> bool:
    """Return whether stored rows of some sessions do not hold by a clock."""
    return not state.pending.is_empty() or not _find_disbelieved(state, clock).is_empty()


def _find_later_sessions(state: StoreState, until: int | None) -> pl.Series:
    """Return the sessions with events later than a time."""
    if until is None:
        return pl.Series("sid", dtype=STORED_NUMBER_TYPE)
    # A segment's `latest` may be earlier: its clock perhaps did not believe such timestamps.
    late = [
        each
        for each in state.segments
        if each.latest_of_all is not None and each.latest_of_all > until
    ]
    facts = pl.concat(
        [segment.make_empty_table("facts"), *(state.read_table(each, "facts") for each in late)]
    )
    return facts.filter(pl.col("ts").to_physical() > until)["sid"]


def _split_due(
    merge: _Merge,
    uncounted: pl.Series,
    new: pl.DataFrame,
    stored: pl.DataFrame,
    disbelieved: pl.Series,
) -> tuple[pl.Series, pl.Series]:
    """Return the sessions to count again, and those that wait."""
    if uncounted.is_empty() or not merge.settings.is_permanent:
        return uncounted, uncounted.clear()
    last_clock = merge.state.manifest.last_clock or 0
    is_now_believed = segment.is_future(last_clock) & ~segment.is_future(merge.settings.clock)
    believed = stored.filter(is_now_believed)["sid"]
    is_due = uncounted.is_in(pl.concat([believed, new["sid"], disbelieved]).implode())
    return uncounted.filter(is_due), uncounted.filter(~is_due)


# -- facts ---------------------------------------------------------------------------------------


def _place_facts(facts: Facts, sessions: pl.Series, numbered: NumberedSessions) -> pl.DataFrame:
    """Return the facts, each once; `sessions` are their numbers, in the order of the places."""
    rows = facts.to_distinct_frame()
    places = rows["sid"]
    if not sessions.is_empty() and sessions[-1] + 1 != sessions.len():
        spread = pl.zeros(sessions[-1] + 1, dtype=PLACE_TYPE, eager=True)
        every = pl.int_range(sessions.len(), dtype=PLACE_TYPE, eager=True)
        places = spread.scatter(sessions, every).gather(places)
    sids = numbered.sessions["sid"].gather(places)
    placed = rows.with_columns(sids.alias("sid"), places.alias(PLACE))
    return segment.store_times(placed).select(*_PLACED_SCHEMA)


def _select_new(
    merge: _Merge, rows: pl.DataFrame, numbered: NumberedSessions, stored: pl.DataFrame
) -> _NewFacts:
    """Select the facts that are new to the store."""
    forgotten = rows.clear()
    if sids := merge.state.manifest.forgotten_sids:
        rows, forgotten = _split_rows(rows, pl.col("sid").is_in(list(sids)))
    new = rows
    if not stored.is_empty():
        is_known = numbered.flag_places(numbered.stored[PLACE])
        others, known = _split_rows(rows, is_known.gather(rows[PLACE]))
        more = known.join(stored, on=_FACT_COLUMNS, how="anti", nulls_equal=True)
        new = pl.concat([others, more])
    expired = _find_expired(merge, new, stored)
    if expired.is_empty():
        return _NewFacts(new, forgotten, new.clear(), expired)
    return _NewFacts(
        _drop_rows_of(merge, expired, new), forgotten, _keep_rows_of(merge, expired, new), expired
    )


def _select_changed(
    merge: _Merge,
    new: pl.DataFrame,
    stored: pl.DataFrame,
    numbered: NumberedSessions,
    recounted: pl.Series,
) -> _Selected:
    """Select the facts of changed and recounted sessions."""
    has_new = numbered.flag_places(new[PLACE])
    is_recounted = pl.col("sid").is_in(recounted.implode())
    before = stored.filter(has_new.gather(stored[PLACE]) | is_recounted)
    touched = _find_touched(merge, new, before, recounted)
    every = pl.concat([before, new])
    computed = pl.concat([_keep_rows_of(merge, touched, before), new])
    later = every.clear()
    if merge.settings.until is not None:
        is_later = _is_later(merge.settings)
        computed, (every, later) = computed.filter(~is_later), _split_rows(every, is_later)
    return _Selected(before, every, later, touched, computed, has_new, recounted)


def _is_later(settings: MergeSettings) -> pl.Expr:
    if settings.until is None:
        return pl.lit(value=False)
    is_later = pl.col("ts").to_physical() > settings.until
    return is_later.fill_null(value=False) & ~segment.is_future(settings.clock)


# -- conversations -------------------------------------------------------------------------------


def _find_touched(
    merge: _Merge, new: pl.DataFrame, before: pl.DataFrame, recounted: pl.Series
) -> pl.DataFrame:
    """Return `sid`, `id` of stored conversations to compute anew."""
    again = before.filter(pl.col("sid").is_in(recounted.implode()))
    further = new.join(before, on=PLACE, how="semi")
    return _add_id(merge, pl.concat([further, again])).select("sid", "id").unique()


def _find_expired(merge: _Merge, new: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Return `sid`, `id` of conversations over before the cut-off."""
    cut_off = merge.state.manifest.cut_off
    if cut_off is None:
        return _add_id(merge, new.clear()).select("sid", "id")
    every = _add_id(merge, pl.concat([stored, new]))
    believed = every.filter(segment.is_timed(merge.settings.clock))
    latest = believed.group_by("sid", "id").agg(pl.col("ts").max().to_physical())
    return latest.filter(pl.col("ts") < cut_off).drop("ts")


def _find_superseded(merge: _Merge, rows: pl.DataFrame, touched: pl.DataFrame) -> pl.DataFrame:
    """Return the stored rows of conversations computed anew."""
    state = merge.state
    found = _keep_rows_of(merge, touched, state.add_attribute_codes(rows))
    names = pl.Series([each.name for each in state.segments], dtype=pl.String)
    named = found.select(names.gather(found["segment"]).alias("segment"), "row")
    return named.join(state.superseded, on=list(SUPERSEDED_SCHEMA), how="anti")


def _make_segment(
    merge: _Merge,
    new: _NewFacts,
    chosen: _Selected,
    numbered: NumberedSessions,
    tables: tuple[pl.DataFrame, pl.DataFrame],
) -> Segment:
    """Make the segment of new facts, and of the conversations and attempts computed with them."""
    again = chosen.every.filter(pl.col("sid").is_in(chosen.recounted.implode()))
    return Segment(
        # Those of a session stand together, which is all that files of facts need.
        new.added.select(_FACT_COLUMNS),
        numbered.texts.filter(chosen.has_new & ~numbered.flag_places(numbered.stored[PLACE])),
        *tables,
        segment.list_agents(pl.concat([new.added, again]), merge.attributes, merge.settings.clock),
        segment.make_empty_table("events"),
    )


def _add_lines(
    merge: _Merge,
    new: _NewFacts,
    numbered: NumberedSessions,
    made: Segment,
    events: pl.DataFrame,
) -> Segment:
    """Return a segment with the accepted lines that are stored."""
    rows = _number_events(merge, events, numbered)
    return replace(made, events=_drop_rows_of(merge, new.expired_conversations, rows))


def _number_events(merge: _Merge, events: pl.DataFrame, numbered: NumberedSessions) -> pl.DataFrame:
    """Return lines with the store's sids, without forgotten sessions."""
    is_forgotten = pl.col("sid").is_in(list(merge.state.manifest.forgotten_sids))
    rows = events.join(numbered.sessions, on="text").filter(~is_forgotten)
    return segment.store_times(rows).select(*segment.EVENTS_SCHEMA)


def _keep_rows_of(merge: _Merge, conversations: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows (`sid`, `attributes`) of some conversations (`sid`, `id`)."""
    return _add_id(merge, rows).join(conversations, on=["sid", "id"], how="semi").drop("id")


def _drop_rows_of(merge: _Merge, conversations: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Drop the rows (`sid`, `attributes`) of some conversations (`sid`, `id`)."""
    return _add_id(merge, rows).join(conversations, on=["sid", "id"], how="anti").drop("id")


def _add_id(merge: _Merge, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(merge.conversation_ids.gather(rows["attributes"]).alias("id"))


# -- counts --------------------------------------------------------------------------------------


def _count_facts(merge: _Merge, facts: pl.DataFrame) -> EventCounts:
    return count_events(facts, merge.identities, merge.settings.clock)


def _count_changed(
    merge: _Merge, chosen: _Selected, pending: pl.Series, folded: FactFold
) -> tuple[EventCounts, EventCounts]:
    """Count the events of changed sessions, apart from those of pending ones, and those of these.

    A fold has counted the events of its conversations; events of different ones are different.
    """
    if not pending.is_empty():
        return _count_apart(merge, chosen.every, pending, merge.settings.clock)
    counted = folded.facts.count_distinct()
    others = _drop_rows_of(merge, chosen.touched, chosen.before).filter(~_is_later(merge.settings))
    nothing = EventCounts(0, 0, 0)
    of_fold = EventCounts(counted.events, counted.untimed, counted.ancient)
    return of_fold + _count_facts(merge, others), nothing


def _count_apart(
    merge: _Merge, facts: pl.DataFrame, sids: pl.Series, clock: int
) -> tuple[EventCounts, EventCounts]:
    """Count the events of sessions not in `sids`, and of those in it, by a clock."""
    others, theirs = _split_rows(facts, pl.col("sid").is_in(sids.implode()))
    identities = merge.identities
    return count_events(others, identities, clock), count_events(theirs, identities, clock)


def _split_rows(
    frame: pl.DataFrame, chosen: pl.Expr | pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows where an expression is false, and the others."""
    return frame.filter(~chosen), frame.filter(chosen)


def _find_range(facts: pl.DataFrame, clock: int) -> tuple[int | None, int | None]:
    """Return the earliest and the latest believed timestamp."""
    ts = pl.col("ts").to_physical().filter(segment.is_timed(clock))
    return facts.select(ts.min().alias("first"), ts.max().alias("last")).row(0)
