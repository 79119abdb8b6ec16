"""Verification of a store's files and rows."""

from collections.abc import Iterator

import polars as pl

from dcevents.store import compact
from dcevents.store.accounts import EventCounts, count_events
from dcevents.store.disk import files, lock, segment
from dcevents.store.disk.manifest import COPY_NAME, SegmentInfo
from dcevents.store.disk.segment import Segment
from dcevents.store.disk.state import StoreState

_MAX_SHOWN_FILES = 20


def find_faults(state: StoreState, clock: int) -> Iterator[str]:
    """Yield the faults of a store in words.

    Raises StoreError where it cannot be read.
    """
    for name in (lock.WRITER_LOCK_NAME, lock.READERS_LOCK_NAME):
        state.folder.check_file(name)
    if damage := files.find_copy_damage(state.folder, state.manifest):
        yield f"{state.folder.locate(COPY_NAME)}: {damage}"
    damaged = list(files.find_damage(state.folder, state.manifest.files, in_full=True))
    if damaged:
        for name, damage in damaged[:_MAX_SHOWN_FILES]:
            yield f"{state.folder.locate(name)}: {damage}"
        return
    # Stored rows are by the clock of the last run, which may have been ahead.
    clock = max(clock, state.manifest.last_clock or clock)
    for each in state.segments:
        yield from _check_segment(state, each)
    yield from _check_rows(state, clock)


def _check_segment(state: StoreState, info: SegmentInfo) -> Iterator[str]:
    name = state.folder.locate(info.name)
    facts, conversations = (state.read_table(info, each) for each in ("facts", "conversations"))
    sids = state.read_table(info, "sids")
    sessions = sids.height if info.session_count is None else info.session_count
    expected = (info.fact_count, info.conversation_count, sessions)
    if (facts.height, conversations.height, sids.height) != expected:
        yield f"{name}: its numbers of rows differ from those in the manifest"
    if not state.make_numbering().number_sids(sids["text"]).equals(sids["sid"]):
        yield f"{name}/sids.parquet: numbers that do not belong to their sids"
    for table in ("facts", "conversations", "agents", "attempts"):
        codes = state.read_table(info, table, ["attributes"])["attributes"]
        if codes.len() and int(codes.max()) >= state.attributes.height:  # type: ignore[arg-type]
            yield f"{name}/{table}.parquet: attributes that the store does not have"
            return


def _check_rows(state: StoreState, clock: int) -> Iterator[str]:
    """Yield the tables whose rows differ from those computed anew."""
    total = EventCounts(0, 0, 0)
    identities = state.make_vocabulary().number_identities()
    is_final = ~pl.col("sid").is_in(state.pending.implode())
    for stored in compact.merge_in_ranges(state, state.segments, clock):
        computed = _recompute_tables(state, stored, clock)
        for name in ("conversations", "attempts"):
            rows = (
                _make_comparable(state, name, getattr(each, name).filter(is_final))
                for each in (stored, computed)
            )
            if not next(rows).equals(next(rows)):
                yield f"{state.folder}: {name} differ from those computed from its events"
        found = count_events(stored.facts.filter(is_final), identities, clock)
        total += found
    manifest = state.manifest
    expected = EventCounts(manifest.event_count, manifest.untimed_count, manifest.ancient_count)
    if total != expected:
        yield f"{state.folder}: {total.events:,} events, {expected.events:,} in the manifest"


def _make_comparable(state: StoreState, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows in order, with numbers of ids for codes.

    Several codes may have the id of a conversation, or none.
    """
    columns = [column for column in segment.TABLE_SCHEMAS[name] if column != "row"]
    ids = pl.lit(segment.number_conversation_ids(state.attributes))
    numbered = rows.select(columns).with_columns(
        ids.gather(pl.col("attributes")).alias("attributes")
    )
    # The sid, the conversation's id, and which attempt it is: no two rows have the same.
    return numbered.sort([name for name in ("sid", "attributes", "attempt") if name in columns])


def _recompute_tables(state: StoreState, stored: Segment, clock: int) -> Segment:
    """Compute the conversations and attempts of a segment's facts."""
    theirs = stored.facts.select("sid").unique()
    own = state.read_all_sids().join(theirs, on="sid", how="semi")
    conversations, attempts = segment.compute_anew(
        stored.facts, own["sid"], state.make_vocabulary(), clock
    )
    return Segment(stored.facts, own, conversations, attempts, stored.agents, stored.events)
