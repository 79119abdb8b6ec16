"""Repair of a damaged store: what follows from its facts is made anew.

What is lost has to be read again from logs; the ledger knows which.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.framing import BEGINNING
from dcevents.store import compact
from dcevents.store.accounts import EventCounts, count_events, sum_ledger
from dcevents.store.disk import files, lock, manifest, segment
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.folder import StoreFolder, open_folder
from dcevents.store.disk.ledger import Ledger, RecordCounts, compute_fingerprint, parse_ledger
from dcevents.store.disk.manifest import ALL_LOGS, Manifest, SegmentInfo
from dcevents.store.disk.segment import Segment
from dcevents.store.disk.state import StoreState

_DERIVED_FILES: Final = (
    "conversations",
    segment.CONVERSATION_SIDS,
    "attempts",
    "agents",
    "orphans",
)


@dataclass(frozen=True)
class Repair:
    """Says what was found, and what was done about it."""

    damage: Mapping[str, str] = field(default_factory=dict)
    """Damaged files, and their damage in words."""
    lost: tuple[str, ...] = ()
    """Damaged files that nothing else of the store has."""
    logs: tuple[str, ...] = ()
    """Logs to read again because of that."""
    is_mended: bool = True
    """False where something is lost, and nothing was done."""


@dataclass(frozen=True)
class _Rebuilding:
    """The sound tables that segments are made of, and the clock of the last run."""

    state: StoreState
    lost: Collection[str]
    sids: pl.DataFrame
    vocabulary: Vocabulary
    clock: int


def repair_store(path: Path, wait_ms: int, clock: int, *, drops_damaged: bool) -> Repair:
    """Make anew what follows from a store's facts.

    With `drops_damaged` what is lost is left out, and its logs are read again by the next run that
    finds them; else nothing is done where something is lost. Raises StoreError, BusyError and
    OutputError.
    """
    folder = open_folder(path)
    with lock.hold_for_writing(folder, wait_ms):
        current, damage = _mend_manifest(folder)
        found = dict(files.find_damage(folder, current.files, in_full=True))
        damage |= found
        if not found:
            files.remove_leftovers(folder, current)
            return Repair(damage)
        lost = _list_lost(current, found)
        known_logs = _read_ledger(folder, current, found)
        numbers = _find_concerned(current, known_logs, lost)
        names = [known_logs.logs[n].file_name for n in numbers] if known_logs else [ALL_LOGS]
        repair = Repair(damage, tuple(lost), tuple(names) if lost else ())
        if lost and not drops_damaged:
            return replace(repair, is_mended=False)
        marked = current
        if lost:
            # First of all: a repair that is ended in between leaves a store that says so.
            marked = _mark_logs(StoreWriter(folder, current), known_logs, numbers, repair.logs)
        sound = {name: record for name, record in marked.files.items() if name not in found}
        state = StoreState(folder, replace(marked, files=sound))
        after = _rebuild_store(StoreWriter(folder, marked), state, lost, clock)
        if lost and known_logs is None:
            # Only now it is known how many events are left.
            after = _mark_logs(StoreWriter(folder, after), None, numbers, repair.logs)
        files.remove_leftovers(folder, after)
    return repair


# -- what is damaged -----------------------------------------------------------------------------


def _mend_manifest(folder: StoreFolder) -> tuple[Manifest, dict[str, str]]:
    """Return the manifest, by its copy if need be, and which of the two was damaged."""
    damage = files.find_manifest_damage(folder, manifest.MANIFEST_NAME)
    if damage and folder.has_file(manifest.COPY_NAME):
        return files.restore_manifest(folder), {manifest.MANIFEST_NAME: damage}
    current = files.load_manifest(folder)
    damage = files.find_copy_damage(folder, current)
    if damage:
        files.restore_copy(folder)
    return current, {manifest.COPY_NAME: damage} if damage else {}


def _list_lost(current: Manifest, damaged: Collection[str]) -> list[str]:
    """Return the damaged files that do not follow from others."""
    derived = {current.superseded_file, current.pending_file}
    lost = []
    for name in damaged:
        folder, _, table = name.removesuffix(".parquet").rpartition("/")
        follows = name in derived or (folder and table in _DERIVED_FILES)
        events = f"{folder}/events.parquet"
        if table == "facts" and events in current.files and events not in damaged:
            follows = True
        if not follows:
            lost.append(name)
    return lost


def _read_ledger(folder: StoreFolder, current: Manifest, damaged: Collection[str]) -> Ledger | None:
    """Return the ledger; None where it is damaged."""
    if not {*damaged}.isdisjoint(current.ledger_files):
        return None
    return parse_ledger(
        files.read_undamaged(folder, current, name) for name in current.ledger_files
    )


def _find_concerned(
    current: Manifest, known_logs: Ledger | None, lost: Collection[str]
) -> list[int]:
    """Return the numbers of logs whose records are lost."""
    if known_logs is None:
        return []
    if not {*lost}.isdisjoint(current.attributes_files):
        return [*known_logs.logs]
    segments = []
    for each in current.segments:
        if f"{each.name}/sids.parquet" in lost:
            # Its sessions may have facts of later runs, too.
            segments.append(replace(each, last_run=None))
        elif any(name.startswith(f"{each.name}/") for name in lost):
            segments.append(each)
    return [
        number
        for number, log in known_logs.logs.items()
        if any(_is_of_runs(each, log.runs) for each in segments)
    ]


def _is_of_runs(info: SegmentInfo, runs: tuple[int, int] | None) -> bool:
    """Return whether a segment may have records of a log that was read by some runs."""
    if runs is None or runs[1] < info.first_run:
        return runs is None
    return info.last_run is None or runs[0] <= info.last_run


# -- what is made anew ---------------------------------------------------------------------------


def _rebuild_store(
    writer: StoreWriter, state: StoreState, lost: Collection[str], clock: int
) -> Manifest:
    """Write all segments anew from the facts that are there; return the manifest."""
    current = state.manifest
    has_attributes = {*lost}.isdisjoint(current.attributes_files)
    if not has_attributes:
        state = replace(state, manifest=replace(current, attributes_files=(), segments=()))
    if not {*lost}.isdisjoint(current.ledger_files):
        # Events name their logs by numbers of the ledger.
        lost = {*lost, *(name for name in current.files if name.endswith("/events.parquet"))}
    rebuilding = _Rebuilding(
        state,
        lost,
        state.read_all_sids(),
        state.make_vocabulary(),
        current.last_clock or clock,
    )
    facts = _read_facts(rebuilding)
    is_pending = segment.is_future(rebuilding.clock)
    pending = facts.filter(is_pending)["sid"].unique()
    total, made = EventCounts(0, 0, 0), list[SegmentInfo]()
    for number, rows in enumerate(compact.split_by_sessions(facts)):
        tables = _make_tables(rebuilding, rows)
        if not tables.collect_tables():
            continue
        info = compact.write_segment(
            writer,
            files.name_segment(writer.generation, number),
            tables,
            compact.compute_time_range(tables, rebuilding.clock),
            max((each.written_at for each in state.segments), default=clock),
        )
        made.append(compact.join_runs(info, state.segments))
        final = rows.filter(~pl.col("sid").is_in(pending.implode()))
        total += count_events(final, rebuilding.vocabulary.number_identities(), rebuilding.clock)
    return writer.commit_manifest(
        replace(
            current,
            segments=tuple(made),
            attributes_files=current.attributes_files if has_attributes else (),
            superseded_file=None,
            pending_file=writer.write_pending(pending),
            pending_sessions=(),
            event_count=total.events,
            untimed_count=total.untimed,
            ancient_count=total.ancient,
        )
    )


def _read_facts(rebuilding: _Rebuilding) -> pl.DataFrame:
    """Read the facts of known sessions; those of a damaged table from events, if these are kept."""
    state, parts = rebuilding.state, [segment.make_empty_table("facts")]
    for each in state.segments:
        own = f"{each.name}/facts.parquet" in state.manifest.files
        table = "facts" if own else "events"
        parts.append(state.read_table(each, table, list(segment.FACTS_SCHEMA)))
    facts = pl.concat(parts).unique()
    return facts.join(rebuilding.sids, on="sid", how="semi").sort("sid", "ts", "attributes")


def _make_tables(rebuilding: _Rebuilding, facts: pl.DataFrame) -> Segment:
    """Compute the tables of a segment with some sessions' facts."""
    state, clock = rebuilding.state, rebuilding.clock
    sessions = facts.select("sid").unique()
    own = rebuilding.sids.join(sessions, on="sid", how="semi").unique("sid").sort("sid")
    conversations, attempts = segment.compute_anew(facts, own["sid"], rebuilding.vocabulary, clock)
    names = [f"{each.name}/events.parquet" for each in state.segments]
    events = [
        state.read_table(each, "events").join(sessions, on="sid", how="semi")
        for each, name in zip(state.segments, names, strict=True)
        if name not in rebuilding.lost
    ]
    return Segment(
        facts,
        own,
        conversations,
        attempts,
        segment.list_agents(facts, state.attributes, clock),
        pl.concat([segment.make_empty_table("events"), *events]).unique().sort("file", "line"),
    )


def _mark_logs(
    writer: StoreWriter, known_logs: Ledger | None, numbers: Sequence[int], names: tuple[str, ...]
) -> Manifest:
    """Have the next run read logs again from their beginning; return the manifest."""
    current = writer.committed
    if known_logs is None:
        known_logs = Ledger()
        events = current.event_count
        known_logs.drop_logs([], RecordCounts(events, {"event": events} if events else {}))
    for number in numbers:
        known_logs.put_log(
            replace(
                known_logs.logs[number],
                resume=BEGINNING,
                tail_fingerprint=compute_fingerprint(b""),
                file_fingerprints=(),
                is_lost=True,
            ),
            number,
        )
    return writer.commit_manifest(
        replace(
            current,
            ledger_files=(writer.write_ledger(known_logs.format_all()),),
            account=sum_ledger(known_logs),
            lost_logs=names,
        )
    )
