"""Removal for good of sessions and of old conversations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from dcevents.store import compact
from dcevents.store.accounts import EventCounts, add_removed, count_events
from dcevents.store.disk import files, segment
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.manifest import Manifest, SegmentInfo
from dcevents.store.disk.state import StoreState
from dcevents.store.writing import write_pending


@dataclass(frozen=True)
class _Removal:
    """Conversations to remove, and what all steps read."""

    state: StoreState
    clock: int
    conversation_ids: pl.Series
    """Attributes code → number of the conversation's id."""
    rows: pl.DataFrame
    """The store's rows of the sessions concerned."""
    conversations: pl.DataFrame
    """`sid`, `id` of what is removed."""
    reason: Literal["forgotten", "expired"]


def forget_sessions(
    writer: StoreWriter, state: StoreState, sids: Sequence[str], clock: int
) -> Manifest:
    """Remove sessions.

    Lines of theirs that are read later are left out. Of a sid only its keyed hash stays.
    """
    manifest = writer.committed
    numbers = state.make_numbering().number_sids(pl.Series(sids, dtype=pl.String)).unique()
    rows = state.find_rows(numbers)
    ids = segment.number_conversation_ids(state.attributes)
    facts = state.read_facts(rows)
    theirs = facts.select("sid", ids.gather(facts["attributes"]).alias("id")).unique()
    after = replace(
        manifest,
        forgotten_sids=tuple(sorted({*manifest.forgotten_sids, *numbers})),
    )
    return _remove_conversations(
        writer, _Removal(state, clock, ids, rows, theirs, "forgotten"), after
    )


def find_known_sids(state: StoreState, sids: Sequence[str]) -> set[str]:
    """Return those of the sids that the store has a session of."""
    numbered = state.make_numbering().tabulate_sids(pl.Series(sids, dtype=pl.String))
    rows = state.find_rows(numbered["sid"].unique())
    return set(numbered.join(rows, on="sid", how="semi")["text"])


def expire_conversations(
    writer: StoreWriter, state: StoreState, cut_off: int, clock: int
) -> Manifest:
    """Remove conversations that ended before a time.

    Their later lines are left out.
    """
    manifest = writer.committed
    last = max(cut_off, manifest.cut_off or cut_off)
    ids = segment.number_conversation_ids(state.attributes)
    rows, older = _find_older(state, ids, last, clock)
    removal = _Removal(state, clock, ids, rows, older, "expired")
    return _remove_conversations(writer, removal, replace(manifest, cut_off=last))


def count_older(state: StoreState, cut_off: int, clock: int) -> int:
    """Return how many conversations ended before a time."""
    ids = segment.number_conversation_ids(state.attributes)
    return _find_older(state, ids, cut_off, clock)[1].unique().height


def _find_older(
    state: StoreState, ids: pl.Series, cut_off: int, clock: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of sessions, and their conversations without events from `cut_off` on.

    Columns of the conversations: `sid`, `id`. Timestamps that the clock does not believe do not
    count. A conversation without a time is as old as its segment.
    """
    found = [segment.make_empty_table("conversations").select("sid", "attributes")]
    for number, each in enumerate(state.segments):
        if each.earliest is None or each.earliest < cut_off:
            rows = state.read_table(each, "conversations", ["sid", "attributes", "last_at"])
            is_older = (pl.col("last_at").to_physical() < cut_off).fill_null(
                value=each.written_at < cut_off
            )
            live = state.drop_superseded(number, rows)
            found.append(live.filter(is_older).drop("last_at"))
    older = pl.concat(found)
    candidates = older.select("sid", ids.gather(older["attributes"]).alias("id"))
    rows = state.find_rows(candidates["sid"].unique())
    # A dialogue that was shown again is no activity, but it is something later.
    facts = state.read_facts(rows).filter(~segment.is_future(clock))
    latest = (
        facts.with_columns(ids.gather(facts["attributes"]).alias("id"))
        .group_by("sid", "id")
        .agg(pl.col("ts").max())
    )
    later = latest.filter(pl.col("ts").to_physical() >= cut_off)
    return rows, candidates.join(later, on=["sid", "id"], how="anti")


# -- steps ---------------------------------------------------------------------------------------


def _remove_conversations(writer: StoreWriter, removal: _Removal, after: Manifest) -> Manifest:
    """Write the segments with removed conversations anew, without them.

    Return the manifest.
    """
    state, gone = removal.state, removal.conversations
    if gone.is_empty():
        if after == writer.committed:
            return after
        return writer.commit_manifest(replace(after, **write_pending(writer, state, state.pending)))
    every = state.read_facts(removal.rows)
    facts, left = _keep_removed(removal, every), _drop_removed(removal, every)
    vanished = gone["sid"].filter(~gone["sid"].is_in(left["sid"].implode())).unique()
    rewritten = _rewrite_segments(writer, removal, vanished)
    segments = (rewritten.get(each.name, each) for each in state.segments)
    superseded = state.superseded.filter(~pl.col("segment").is_in(list(rewritten)))
    pending = _find_pending(removal, vanished, left)
    identities = state.make_vocabulary().number_identities()
    count_before = _count_final(removal, identities, every, state.pending)
    change = _count_final(removal, identities, left, pending) - count_before
    removed = count_events(facts, identities, removal.clock).events
    after = replace(
        after,
        segments=tuple(each for each in segments if each is not None),
        superseded_file=writer.write_superseded(superseded),
        event_count=after.event_count + change.events,
        untimed_count=after.untimed_count + change.untimed,
        ancient_count=after.ancient_count + change.ancient,
        salts=_drop_salts(state, after, vanished),
        removed_events=add_removed(after.removed_events, {removal.reason: removed}),
    )
    return writer.commit_manifest(
        replace(
            after,
            attributes_files=_write_attributes(writer, state, after, facts),
            **write_pending(writer, state, pending),
        )
    )


def _drop_salts(state: StoreState, manifest: Manifest, vanished: pl.Series) -> dict[str, int]:
    """Return the salts without those of vanished sessions."""
    texts = state.read_all_sids()
    gone = {*texts.filter(pl.col("sid").is_in(vanished.implode()))["text"]}
    return {text: salt for text, salt in manifest.salts.items() if text not in gone}


def _rewrite_segments(
    writer: StoreWriter, removal: _Removal, vanished: pl.Series
) -> dict[str, SegmentInfo | None]:
    """Write the segments with something to remove.

    Return name → new segment, if any is left.
    """
    state = removal.state
    # Also repeated lines, and sids that an older dcevents left where nothing else of them is.
    with_lines = _find_segments_with(state, "events", removal.conversations["sid"])
    with_sids = _find_segments_with(state, "sids", vanished)
    numbers = sorted({*removal.rows["segment"], *with_lines, *with_sids})
    return {
        state.segments[number].name: _rewrite_segment(writer, removal, number, vanished)
        for number in numbers
    }


def _rewrite_segment(
    writer: StoreWriter, removal: _Removal, number: int, vanished: pl.Series
) -> SegmentInfo | None:
    """Write a segment without what is removed.

    Return None where nothing is left of it.
    """

    def keep_rows(name: str, frame: pl.DataFrame) -> pl.DataFrame:
        if name == "sids":
            return frame.filter(~pl.col("sid").is_in(vanished.implode()))
        return _drop_removed(removal, frame)

    former = removal.state.segments[number]
    tables = compact.merge_segments(removal.state, [number], keep_rows, removal.clock)
    if not tables.collect_tables():
        return None
    name = files.name_segment(writer.generation, number)
    time_range = compact.compute_time_range(tables, removal.clock)
    written = compact.write_segment(writer, name, tables, time_range, former.written_at)
    return compact.join_runs(written, [former])


def _find_segments_with(state: StoreState, table: str, sids: pl.Series) -> Iterator[int]:
    """Yield the segments with rows of sessions in a table."""
    for number, each in enumerate(state.segments):
        if state.read_table(each, table, ["sid"])["sid"].is_in(sids.implode()).any():
            yield number


def _find_pending(removal: _Removal, vanished: pl.Series, left: pl.DataFrame) -> pl.Series:
    """Return the sessions that stay pending."""
    pending = removal.state.pending
    waiting = left.filter(segment.is_future(_get_counting_clock(removal)))["sid"]
    others = ~pending.is_in(pl.concat([removal.rows["sid"], vanished]).implode())
    return pending.filter(others | pending.is_in(waiting.implode()))


def _count_final(
    removal: _Removal, identities: pl.Series, facts: pl.DataFrame, pending: pl.Series
) -> EventCounts:
    """Count the events of facts, without those of pending sessions."""
    final = facts.filter(~pl.col("sid").is_in(pending.implode()))
    return count_events(final, identities, _get_counting_clock(removal))


def _get_counting_clock(removal: _Removal) -> int:
    """Return the clock by which the store's rows and counts were made: that of the last run."""
    return removal.state.manifest.last_clock or removal.clock


def _keep_removed(removal: _Removal, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows (`sid`, `attributes`) of the removed conversations."""
    return _join_removed(removal, rows, "semi")


def _drop_removed(removal: _Removal, rows: pl.DataFrame) -> pl.DataFrame:
    """Drop the rows (`sid`, `attributes`) of the removed conversations."""
    return _join_removed(removal, rows, "anti")


def _join_removed(
    removal: _Removal, rows: pl.DataFrame, how: Literal["semi", "anti"]
) -> pl.DataFrame:
    ids = removal.conversation_ids.gather(rows["attributes"]).alias("id")
    found = rows.with_columns(ids).join(
        removal.conversations, on=["sid", "id"], how=how, maintain_order="left"
    )
    return found.drop("id")


def _write_attributes(
    writer: StoreWriter, state: StoreState, after: Manifest, facts: pl.DataFrame
) -> tuple[str, ...]:
    """Write the attributes without those that only removed facts had.

    Return the names of their files.
    """
    files_then = {**writer.committed.files, **writer.new_files}
    left = StoreState(state.folder, replace(after, files=files_then))
    used = segment.collect_codes(left.read_tables("facts", ["attributes"]), ["attributes"])
    gone = facts["attributes"].unique()
    unused = gone.filter(~gone.is_in(used.implode()))
    if unused.is_empty():
        return after.attributes_files
    conversations, attempts = left.read_tables("conversations"), left.read_tables("attempts")
    attributes = segment.blank_attributes(
        state.attributes, unused, list(conversations), list(attempts)
    )
    return (writer.write_attributes(attributes),)
