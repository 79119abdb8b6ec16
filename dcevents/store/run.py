"""One run of `ingest`: under the lock, in order, each step whole before the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcevents import show
from dcevents.errors import OutputError, StoreError, UnusableInputError
from dcevents.model.facts import Facts
from dcevents.reading.account_words import explain_intolerable, explain_unusable
from dcevents.reading.log import Log, RejectedLine
from dcevents.reading.parsing.envelopes import Known
from dcevents.reading.sources import Input
from dcevents.settings import IngestSettings, Settings
from dcevents.store import changes, compact, remove
from dcevents.store.disk import files, lock
from dcevents.store.disk.manifest import Manifest
from dcevents.store.disk.state import StoreState
from dcevents.store.ingest import Ingest, IngestOptions, IngestResult


@dataclass
class RemovalMessages:
    """What a run was told to remove, in words: what it has removed, and what it has not, since it is not there."""

    removed: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)


@dataclass
class RunResult:
    """What a run has done."""

    log: Log
    """All that was read as one, without what it says."""
    logs: list[Log]
    """The same by log, of which something was read."""
    moved: list[str]
    """The days whose final figures are others now."""
    removed: RemovalMessages
    is_new: bool
    """Whether it began the store."""


def run_ingest(
    settings: IngestSettings,
    inputs: Sequence[Input],
    look_again: Callable[[], Sequence[Input]],
    report_progress: Callable[[int], None],
    keep_reject: Callable[[RejectedLine, bytes], None] | None,
) -> RunResult:
    """Take in what is new. Raises InputError, StoreError, BusyError, UnusableInputError and OutputError."""
    folder = Path(settings.store)
    files.prepare_folder(folder)
    with lock.hold_for_writing(folder, settings.lock_wait_ms), files.report_damage(folder):
        manifest = files.load_or_create(folder, keep_events=settings.keeps_events)
        if settings.keeps_events and not manifest.keeps_events:
            raise StoreError(
                f"{folder}: this store was begun without --keep-events; begin a new one with it"
            )
        files.remove_leftovers(folder, manifest)
        try:
            kept, removed = _remove_unwanted(settings, folder, manifest)
            ingest = Ingest(folder, kept, _wanted(settings, report_progress, keep_reject))
            read = ingest.read(inputs, look_again)
            _require_usable(settings, read)
            after = ingest.write().after
            report_settings = Settings(settings.clock_ms, settings.tz, idle_ms=settings.idle_ms)
            states = StoreState(folder, kept), StoreState(folder, after)
            moved = (
                list(changes.describe_changes(*states, report_settings))
                if settings.prints_changes
                else []
            )
            files.remove_leftovers(folder, _compact_due_segments(folder, after, settings.clock_ms))
        except OutputError:
            # A disk that is full is not to stay so because of what is half written.
            files.remove_leftovers(folder, files.load_manifest(folder))
            raise
        return RunResult(
            _join_logs(read), read.logs, moved, removed, is_new=not manifest.generation
        )


def compact_store(folder: Path, wait_ms: int, clock: int) -> tuple[Manifest, Manifest]:
    """Make a store's segments as few as they can be. Returns what it was and what it is."""
    before = files.load_manifest(folder)
    with lock.hold_for_writing(folder, wait_ms), files.report_damage(folder):
        before = files.load_manifest(folder)
        files.remove_leftovers(folder, before)
        state = StoreState(folder, before)
        after = (
            compact.compact_segments(
                files.StoreWriter(folder, before), state, state.segments, clock
            )
            if state.segments
            else before
        )
        files.remove_leftovers(folder, after)
        return before, after


def _wanted(
    taking: IngestSettings,
    progress: Callable[[int], None],
    keep: Callable[[RejectedLine, bytes], None] | None,
) -> IngestOptions:
    known = Known(taking.mapped_paths, taking.mapped_names)
    return IngestOptions(
        taking.clock_ms,
        known,
        progress,
        keep,
        is_reread=taking.reads_again,
        is_at_once=taking.tolerance is not None,
    )


def _remove_unwanted(
    taking: IngestSettings, folder: Path, manifest: Manifest
) -> tuple[Manifest, RemovalMessages]:
    """The store without what it is not to keep."""
    removed, before = RemovalMessages(), manifest
    if taking.forgotten_sids:
        manifest = _forget_sessions(taking, StoreState(folder, manifest), removed)
    last = max(
        (each for each in (taking.keep_from_ms, manifest.cut_off) if each is not None), default=None
    )
    if last is not None:
        manifest = _expire_conversations(taking, StoreState(folder, manifest), last, removed)
    if manifest != before:
        files.remove_leftovers(folder, manifest)
    return manifest, removed


def _forget_sessions(
    taking: IngestSettings, state: StoreState, removed: RemovalMessages
) -> Manifest:
    folder, there = state.folder, remove.find_known_sids(state, taking.forgotten_sids)
    after = remove.forget_sessions(
        files.StoreWriter(folder, state.manifest), state, taking.forgotten_sids, taking.clock_ms
    )
    events = after.removed_events.get("forgotten", 0) - state.manifest.removed_events.get(
        "forgotten", 0
    )
    if there:
        removed.removed.append(
            f"forgot {show.format_count(len(there), 'session')} ({show.format_count(events, 'event')})"
        )
    removed.not_found += [
        f"no session '{sid}' in {folder}; lines of it that come later are left out"
        for sid in dict.fromkeys(taking.forgotten_sids)
        if sid not in there
    ]
    return after


def _expire_conversations(
    taking: IngestSettings, state: StoreState, last: int, removed: RemovalMessages
) -> Manifest:
    after = remove.expire_conversations(
        files.StoreWriter(state.folder, state.manifest), state, last, taking.clock_ms
    )
    if gone := state.conversation_count - StoreState(state.folder, after).conversation_count:
        removed.removed.append(
            f"removed {show.format_count(gone, 'conversation')} that ended before {show.format_timestamp(last)}"
        )
    return after


def _compact_due_segments(folder: Path, manifest: Manifest, clock: int) -> Manifest:
    """The store with its small segments merged where there are many."""
    while parts := compact.choose_segments(manifest):
        manifest = compact.compact_segments(
            files.StoreWriter(folder, manifest), StoreState(folder, manifest), parts, clock
        )
    return manifest


def _require_usable(taking: IngestSettings, read: IngestResult) -> None:
    """Raises UnusableInputError where what was read is not good enough."""
    every = _join_logs(read)
    if not read.are_known and (reason := explain_unusable(every)):
        raise UnusableInputError(reason)
    if taking.tolerance and (found := explain_intolerable(every, taking.tolerance)):
        raise UnusableInputError(f"nothing is taken in, {found}")


def _join_logs(read: IngestResult) -> Log:
    return Log(read.inputs, Facts(), read.account, is_counted=True)
