"""Removal for good of sessions and of old conversations."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from dcevents.store import compact
from dcevents.store.accounts import add_removed
from dcevents.store.disk import files, segment
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.manifest import Manifest, SegmentInfo
from dcevents.store.disk.state import StoreState
from dcevents.store.merge import EventCounts, count_events


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
        pending_sessions=tuple(sid for sid in manifest.pending_sessions if sid not in {*numbers}),
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
    before, state, gone = writer.committed, removal.state, removal.conversations
    if gone.is_empty():
        return before if after == before else writer.commit_manifest(after)
    every = state.read_facts(removal.rows)
    facts, left = _keep_removed(removal, every), _drop_removed(removal, every)
    vanished = gone["sid"].filter(~gone["sid"].is_in(left["sid"].implode())).unique()
    rewritten = _rewrite_segments(writer, removal, vanished)
    segments = (rewritten.get(each.name, each) for each in state.segments)
    superseded = state.superseded.filter(~pl.col("segment").is_in(list(rewritten)))
    pending = _find_pending(removal, before, after, left)
    identities = state.make_vocabulary().number_identities()
    count_before = _count_final(removal, identities, every, before.pending_sessions)
    change = _count_final(removal, identities, left, pending) - count_before
    removed = count_events(facts, identities, removal.clock).events
    after = replace(
        after,
        pending_sessions=pending,
        segments=tuple(each for each in segments if each is not None),
        superseded_file=writer.write_superseded(superseded),
        event_count=after.event_count + change.events,
        untimed_count=after.untimed_count + change.untimed,
        ancient_count=after.ancient_count + change.ancient,
        salts=_drop_salts(state, after, vanished),
        removed_events=add_removed(after.removed_events, {removal.reason: removed}),
    )
    after = replace(after, attributes_file=_write_attributes(writer, state, after, facts))
    return writer.commit_manifest(after, removed_files=_find_obsolete(before, after, rewritten))


def _find_obsolete(
    before: Manifest, after: Manifest, rewritten: dict[str, SegmentInfo | None]
) -> frozenset[str]:
    """Return the files that rewritten segments and tables replace."""
    former = {before.superseded_file, before.attributes_file}
    former -= {after.superseded_file, after.attributes_file}
    inside = {name for name in before.files if name.rpartition("/")[0] in rewritten}
    return frozenset({*inside, *(name for name in former if name is not None)})


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
    with_lines = _find_segments_with_lines(state, removal.conversations["sid"])
    numbers = sorted({*removal.rows["segment"], *with_lines})
    compact.require_undamaged(state, [state.segments[number] for number in numbers])
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
    return compact.write_segment(writer, name, tables, time_range, former.written_at)


def _find_segments_with_lines(state: StoreState, sids: pl.Series) -> Iterator[int]:
    """Yield the segments with lines of sessions, also repeated ones."""
    for number, each in enumerate(state.segments):
        lines = state.read_table(each, "events", ["sid"])["sid"]
        if lines.is_in(sids.implode()).any():
            yield number


def _find_pending(
    removal: _Removal, before: Manifest, after: Manifest, left: pl.DataFrame
) -> tuple[int, ...]:
    """Return the sessions that stay pending."""
    # Rows were computed by the clock of the last run: this one's later clock makes none final.
    then = min(removal.clock, before.last_clock or removal.clock)
    waiting = {*left.filter(segment.is_future(then))["sid"]}
    touched = {*removal.rows["sid"]}
    return tuple(sid for sid in after.pending_sessions if sid in waiting or sid not in touched)


def _count_final(
    removal: _Removal, identities: pl.Series, facts: pl.DataFrame, pending: Sequence[int]
) -> EventCounts:
    """Count the events of facts, without those of pending sessions."""
    final = facts.filter(~pl.col("sid").is_in(list(pending)))
    return count_events(final, identities, removal.clock)


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
) -> str | None:
    """Write the attributes without those that only removed facts had.

    Return the file's name.
    """
    files_then = {**writer.committed.files, **writer.new_files}
    left = StoreState(state.folder, replace(after, files=files_then))
    used = segment.collect_codes(left.read_tables("facts", ["attributes"]), ["attributes"])
    gone = facts["attributes"].unique()
    unused = gone.filter(~gone.is_in(used.implode()))
    if unused.is_empty():
        return after.attributes_file
    conversations, attempts = left.read_tables("conversations"), left.read_tables("attempts")
    attributes = segment.blank_attributes(
        state.attributes, unused, list(conversations), list(attempts)
    )
    return writer.write_attributes(attributes)
