"""Batches of new facts, written into a store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from dcevents.model.facts import Facts
from dcevents.model.moments import DAY_MS
from dcevents.reading.log import LOCATED_COLUMNS
from dcevents.reading.read_settings import READING_RULES
from dcevents.store import compact
from dcevents.store.accounts import add_removed, sum_counts, sum_ledger
from dcevents.store.disk import files, segment
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.ledger import Ledger
from dcevents.store.disk.manifest import ALL_LOGS, STORE_VERSION, Manifest
from dcevents.store.disk.state import StoreState
from dcevents.store.ingestion import Batch, Ingestion
from dcevents.store.intake import (
    OpenStore,
)
from dcevents.store.merge import MergeResult, MergeSettings, merge_facts

_MAX_PARTS = 8
"""Files of attributes, and of the ledger: more are written anew as one."""
_LARGE_LEDGER_BYTES = 1 << 18
"""A smaller ledger is written anew each time."""
_FAR_AHEAD_MS = 35 * DAY_MS
"""A machine may be off for weeks; a clock that is further ahead is taken for a wrong one."""


def write_batch(run: Ingestion) -> Ingestion:
    """Write what was read into the store.

    Raises OutputError where it cannot be written.
    """
    state, clock = run.store.state, run.options.clock
    former, writer = state.manifest, StoreWriter(state.folder, state.manifest)
    merged = merge_facts(
        state,
        run.batch.facts,
        state.make_numbering(),
        MergeSettings(clock),
        events=_join_lines(run.batch.lines) if run.store.settings.in_full else None,
    )
    _drop_old_logs(run)
    expired = run.expired_events + merged.removed_events["expired"]
    is_read_by_rules = not former.generation or (run.options.is_reread and run.has_inputs)
    after = replace(
        _write_files(writer, run.store, merged, clock),
        salts=merged.numbering.salts,
        account=sum_ledger(run.store.ledger),
        lost_logs=() if is_read_by_rules else _list_lost_logs(former, run.store.ledger),
        event_count=former.event_count + merged.count_change.events,
        untimed_count=former.untimed_count + merged.count_change.untimed,
        ancient_count=former.ancient_count + merged.count_change.ancient,
        removed_events=_sum_removed(run, merged, expired),
        last_clock=clock,
        reading_rules=READING_RULES if is_read_by_rules else former.reading_rules,
        looked_at=clock if run.has_inputs else former.looked_at,
        new_events_at=former.new_events_at if merged.segment.facts.is_empty() else clock,
    )
    is_far_ahead = after.trusted_clock is not None and after.is_clock_ahead(clock, _FAR_AHEAD_MS)
    trusted = after.trusted_clock if is_far_ahead else clock
    committed = writer.commit_manifest(replace(after, trusted_clock=trusted))
    store = replace(run.store, state=StoreState(state.folder, committed))
    if any(merged.removed_events.values()):
        # Codes of attributes that only removed events had are not the store's any more.
        store = replace(store, vocabulary=store.state.make_vocabulary())
    # What was written is numbered by the store.
    store.vocabulary.renew_sessions()
    return replace(
        run,
        store=store,
        batch=Batch(Facts(store.vocabulary)),
        new_events=run.new_events + merged.new_events,
        expired_events=expired,
    )


def _drop_old_logs(run: Ingestion) -> None:
    """Drop logs from the ledger that were last read before the cut-off, and are not there now.

    Their records stay counted. Stored lines name their logs, so these are kept.
    """
    manifest, known_logs = run.store.state.manifest, run.store.ledger
    if manifest.cut_off is None or manifest.keeps_events or not run.has_inputs:
        return
    there = {each.number for each in run.intakes}
    old = [
        number
        for number, log in known_logs.logs.items()
        if 0 < log.read_at < manifest.cut_off and number not in there
    ]
    if old:
        logs = [known_logs.logs[number] for number in old]
        pieces = [counts for log in logs for counts in (log.sure, log.rest)]
        known_logs.drop_logs(old, sum_counts([known_logs.dropped, *pieces]))


def _list_lost_logs(former: Manifest, known_logs: Ledger) -> tuple[str, ...]:
    """Return the names of logs that are still to be read again since a repair."""
    if not former.lost_logs:
        return ()
    lost = tuple(each.file_name for each in known_logs.logs.values() if each.is_lost)
    # Without a ledger it is not known which logs there were.
    return former.lost_logs if not lost and ALL_LOGS in former.lost_logs else lost


def _join_lines(lines: Sequence[pl.DataFrame]) -> pl.DataFrame:
    schema = {**LOCATED_COLUMNS, "reading": pl.UInt32, "text": pl.String}
    return pl.concat([pl.DataFrame(schema=schema).drop("sid"), *lines], how="diagonal")


def _sum_removed(run: Ingestion, merged: MergeResult, expired: int) -> Mapping[str, int]:
    """Return how many events the store has removed, by reason."""
    removed = run.store.state.manifest.removed_events
    read = {each.number for each in run.intakes if each.known}
    if run.options.is_reread and len(read) == len(run.store.ledger.logs):
        # Everything was read again: the forgotten are among what was read.
        return {"expired": expired}
    if run.batch.is_reread:
        # Of logs that were read again they are counted: they would be duplicates one time less.
        return removed
    return add_removed(removed, {"expired": merged.removed_events["expired"]})


def _write_files(
    writer: StoreWriter, store: OpenStore, merged: MergeResult, clock: int
) -> Manifest:
    """Write the files of new facts; return a manifest with their names."""
    former, made = store.state.manifest, merged.segment
    added = []
    if made.collect_tables():
        time_range = merged.earliest, merged.latest
        name = files.name_segment(writer.generation)
        added = [compact.write_segment(writer, name, made, time_range, clock)]
    superseded_file, attributes_files = former.superseded_file, former.attributes_files
    if not merged.superseded.is_empty():
        rows = pl.concat([store.state.superseded, merged.superseded])
        superseded_file = writer.write_superseded(rows.sort("segment", "row"))
    if len(store.vocabulary) > store.state.attributes.height:
        attributes_files = _write_attributes(writer, store, made)
    return replace(
        former,
        segments=(*former.segments, *added),
        superseded_file=superseded_file,
        attributes_files=attributes_files,
        ledger_files=_write_ledger(writer, store.ledger),
        **write_pending(writer, store.state, merged.pending),
    )


def write_pending(writer: StoreWriter, state: StoreState, pending: pl.Series) -> dict[str, Any]:
    """Write the pending sessions, where they are others; return the manifest's members."""
    if pending.sort().equals(state.pending.sort()) and not state.manifest.pending_sessions:
        return {}
    return {"pending_file": writer.write_pending(pending), "pending_sessions": ()}


def _write_ledger(writer: StoreWriter, known_logs: Ledger) -> tuple[str, ...]:
    """Write what is new in the ledger; return the names of its files."""
    former = writer.committed
    if former.ledger_files and not known_logs.has_changes:
        return former.ledger_files
    if known_logs.is_to_rewrite:
        return (writer.write_ledger(known_logs.format_all()),)
    sizes = [former.files[name].size for name in former.ledger_files]
    if not sizes or sizes[0] < _LARGE_LEDGER_BYTES or former.version < STORE_VERSION:
        return (writer.write_ledger(known_logs.format_all()),)
    is_full = len(sizes) >= _MAX_PARTS or sum(sizes[1:]) > sizes[0] // 2
    if is_full:
        return (writer.write_ledger(known_logs.format_all()),)
    return (*former.ledger_files, writer.write_ledger(known_logs.format_changes()))


def _write_attributes(
    writer: StoreWriter, store: OpenStore, made: segment.Segment
) -> tuple[str, ...]:
    """Write new attributes; return the names of all files of attributes."""
    former = store.state.manifest.attributes_files
    attributes = _list_attributes(store, made)
    if len(former) < _MAX_PARTS:
        begin = store.state.attributes.height
        return (*former, writer.write_attributes(attributes[begin:]))
    return (writer.write_attributes(attributes),)


def _list_attributes(store: OpenStore, made: segment.Segment) -> pl.DataFrame:
    """Return all attributes, old and new.

    New attributes that no stored event has are blank, so that nothing of left-out events stays.
    """
    attributes = segment.tabulate_attributes(store.vocabulary)
    begin = store.state.attributes.height
    new = pl.int_range(begin, attributes.height, dtype=pl.UInt32, eager=True)
    used = segment.collect_codes([made.facts, made.events], ["attributes"])
    unused = new.filter(~new.is_in(used.implode()))
    if unused.is_empty():
        return attributes
    return segment.blank_attributes(attributes, unused, [made.conversations], [made.attempts])
