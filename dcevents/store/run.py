"""A run of `ingest`, step by step, under the lock."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dcevents import show
from dcevents.analysis.account_words import explain_intolerable, explain_unusable
from dcevents.errors import OutputError, StoreError, UnusableInputError
from dcevents.model.facts import Facts
from dcevents.reading.judge import Mapping
from dcevents.reading.log import KeepReject, Log
from dcevents.reading.sources.inputs import Input, ProgressCallback
from dcevents.settings import IngestSettings
from dcevents.store import compact, query, remove
from dcevents.store.disk import files, lock
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.folder import StoreFolder, make_folder, open_folder
from dcevents.store.disk.manifest import Manifest
from dcevents.store.disk.state import StoreState
from dcevents.store.ingest import read_inputs
from dcevents.store.ingestion import Ingestion, begin_ingestion
from dcevents.store.intake import IngestOptions
from dcevents.store.upkeep import expiry
from dcevents.store.writing import write_batch


@dataclass(frozen=True)
class RemovalMessages:
    """Sentences about what a run was told to remove."""

    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What was not there, or is still to go."""
    refusal: str | None = None
    """Why nothing was removed that `--keep` says is too old; the run fails in the end."""
    is_due: bool = False
    """Whether that is decided once what is new has been read."""


@dataclass(frozen=True)
class RunResult:
    """The outcome of a run."""

    log: Log
    """All that was read as one log, without its facts."""
    logs: list[Log]
    """Each log of which something was read; small files are one."""
    log_count: int
    """Logs of which something was read."""
    before: StoreState
    """The store without what was to be removed, before anything was read."""
    after: StoreState
    """The store with what is new, before old conversations were removed."""
    removal: RemovalMessages
    is_new: bool
    """Whether the run began the store."""


@contextlib.contextmanager
def run_ingest(
    settings: IngestSettings,
    inputs: Sequence[Input],
    look_again: Callable[[], Sequence[Input]],
    report_progress: ProgressCallback,
    keep_reject: KeepReject | None,
) -> Iterator[RunResult]:
    """Write new records of logs into the store.

    Both states of the store can be read in the block. The store is locked until the block ends.
    Raises InputError, StoreError, BusyError, UnusableInputError and OutputError.
    """
    folder = make_folder(Path(settings.store))
    files.check_folder(folder)
    with lock.hold_for_writing(folder, settings.lock_wait_ms), files.report_damage(folder):
        manifest = files.load_or_create(folder, keep_events=settings.keeps_events)
        if settings.keeps_events and not manifest.keeps_events:
            raise StoreError(
                f"{folder}: this store was begun without --keep-events; begin a new one with it"
            )
        files.remove_leftovers(folder, manifest)
        try:
            before, removal = _remove_unwanted(settings, folder, manifest)
            options = _make_options(settings, report_progress, keep_reject)
            run = read_inputs(begin_ingestion(folder, before, options), inputs, look_again)
            _require_usable(settings, run)
            run = write_batch(run)
            is_new = not manifest.generation
            last, removal = _expire_at_last(settings, before, run.store.state, removal)
            yield RunResult(
                _join_logs(run),
                run.logs,
                run.log_count,
                StoreState(folder, before),
                run.store.state,
                removal,
                is_new=is_new,
            )
            _compact_due_segments(last, settings.clock_ms)
        except OutputError:
            # Half-written files are not to keep a full disk full.
            files.remove_leftovers(folder, files.load_manifest(folder))
            raise


def compact_store(path: Path, wait_ms: int, clock: int) -> tuple[Manifest, Manifest]:
    """Merge a store's segments into as few as possible.

    Return its manifests before and after.
    """
    folder = open_folder(path)
    files.load_manifest(folder)
    with lock.hold_for_writing(folder, wait_ms), files.report_damage(folder):
        before = files.add_checksums(folder, files.load_manifest(folder))
        files.remove_leftovers(folder, before)
        state = StoreState(folder, before)
        if not state.segments:
            return before, before
        writer = StoreWriter(folder, before)
        after = compact.compact_segments(
            writer, state, state.segments, clock, drops_attributes=True
        )
        files.remove_leftovers(folder, after)
        return before, after


def _make_options(
    settings: IngestSettings, report_progress: ProgressCallback, keep_reject: KeepReject | None
) -> IngestOptions:
    return IngestOptions(
        settings.clock_ms,
        Mapping(settings.mapped_paths, settings.mapped_names),
        report_progress,
        keep_reject,
        is_reread=settings.reads_again,
        is_at_once=settings.tolerance is not None,
    )


def _require_usable(settings: IngestSettings, run: Ingestion) -> None:
    """Raise UnusableInputError where a run's logs are refused."""
    log = _join_logs(run)
    if not run.has_known_logs and (reason := explain_unusable(log)):
        raise UnusableInputError(reason)
    # Anyone can post what is no event: that is no reason to take in nothing from then on.
    if settings.tolerance and (
        reason := explain_intolerable(log, settings.tolerance, only_lines=True)
    ):
        raise UnusableInputError(f"nothing is taken in, {reason}")


def _join_logs(run: Ingestion) -> Log:
    return Log(run.results, Facts(), run.sum_account(), is_counted=True)


def _compact_due_segments(state: StoreState, clock: int) -> None:
    """Merge small segments where there are many.

    Remove files that the store does not need.
    """
    while due := compact.choose_segments(state.manifest):
        writer = StoreWriter(state.folder, state.manifest)
        manifest = compact.compact_segments(writer, state, due, clock)
        state = StoreState(state.folder, manifest)
    files.remove_leftovers(state.folder, state.manifest)


# -- removal -------------------------------------------------------------------------------------


def _remove_unwanted(
    settings: IngestSettings, folder: StoreFolder, manifest: Manifest
) -> tuple[Manifest, RemovalMessages]:
    """Remove from a store what it was told not to keep.

    Return its manifest and messages. What `--keep` says waits for the newest events, where it
    would need a confirmation without them.
    """
    before, removed, warnings = manifest, list[str](), list[str]()
    if settings.forgotten_sids:
        state = StoreState(folder, manifest)
        known = remove.find_known_sids(state, settings.forgotten_sids)
        manifest = remove.forget_sessions(
            StoreWriter(folder, manifest), state, settings.forgotten_sids, settings.clock_ms
        )
        warnings = _describe_unknown(settings, known)
        removed += _describe_forgotten(state.manifest, manifest, known)
    state = StoreState(folder, manifest)
    wanted, is_due = settings.keep_from_ms, False
    if wanted is not None and not settings.is_confirmed:
        plan = expiry.plan_expiry(state, wanted, settings.clock_ms)
        is_due = bool(plan.doubts)
    cut_offs = [None if is_due else wanted, manifest.cut_off]
    manifest, expired = _expire(state, cut_offs, settings.clock_ms)
    if manifest != before:
        left = files.remove_leftovers(folder, manifest)
        warnings += _describe_left(folder, left)
    return manifest, RemovalMessages((*removed, *expired), tuple(warnings), is_due=is_due)


def _expire_at_last(
    settings: IngestSettings, before: Manifest, state: StoreState, removal: RemovalMessages
) -> tuple[StoreState, RemovalMessages]:
    """Remove what is too old by the newest events as well, or say why not.

    Return the store, and the messages.
    """
    if settings.keep_from_ms is None or not removal.is_due:
        return state, removal
    # This run's own clock bears nothing out.
    known = replace(state.manifest, trusted_clock=before.trusted_clock)
    plan = expiry.plan_expiry(
        replace(state, manifest=known),
        settings.keep_from_ms,
        settings.clock_ms,
        is_new=not before.generation,
    )
    if plan.doubts:
        refusal = None
        if plan.removed:
            refusal = (
                f"{settings.store}: nothing was removed: {plan.describe()} would go, and "
                f"{', and '.join(plan.doubts)}; look with --dry-run, then add --yes"
            )
        return state, replace(removal, refusal=refusal)
    manifest, expired = _expire(state, [plan.cut_off], settings.clock_ms)
    return StoreState(state.folder, manifest), replace(
        removal, removed=(*removal.removed, *expired)
    )


def _expire(
    state: StoreState, cut_offs: Sequence[int | None], clock: int
) -> tuple[Manifest, list[str]]:
    """Remove what ended before the latest of some times; return the manifest, and messages."""
    given = [each for each in cut_offs if each is not None]
    if not given:
        return state.manifest, []
    writer = StoreWriter(state.folder, state.manifest)
    manifest = remove.expire_conversations(writer, state, max(given), clock)
    return manifest, [*_describe_expired(state, StoreState(state.folder, manifest), max(given))]


def plan_expiry(settings: IngestSettings) -> expiry.Expiry:
    """Return what `--keep` would remove from a store as it is. Raises StoreError."""
    with query.hold_store(settings.store) as state:
        return expiry.plan_expiry(state, settings.keep_from_ms or 0, settings.clock_ms)


def reset_cut_off(path: Path, wait_ms: int) -> int | None:
    """Let a store take in old conversations again; return the former cut-off.

    Raises StoreError, BusyError and OutputError.
    """
    folder = open_folder(path)
    files.load_manifest(folder)
    with lock.hold_for_writing(folder, wait_ms), files.report_damage(folder):
        manifest = files.add_checksums(folder, files.load_manifest(folder))
        if manifest.cut_off is not None:
            StoreWriter(folder, manifest).commit_manifest(replace(manifest, cut_off=None))
        files.remove_leftovers(folder, files.load_manifest(folder))
        return manifest.cut_off


def _describe_left(folder: StoreFolder, left: Sequence[str]) -> list[str]:
    """Say which files with something that was removed a report still reads."""
    if not left:
        return []
    held = f"{show.format_count(len(left), 'file')} with what was removed"
    return [f"{folder}: {held} may still be read; the next command removes them"]


def _describe_unknown(settings: IngestSettings, known: set[str]) -> list[str]:
    return [
        f"no session '{sid}' in {settings.store}; lines of it that come later are left out"
        for sid in dict.fromkeys(settings.forgotten_sids)
        if sid not in known
    ]


def _describe_forgotten(before: Manifest, after: Manifest, known: set[str]) -> Iterator[str]:
    counts = [each.removed_events.get("forgotten", 0) for each in (before, after)]
    events = show.format_count(counts[1] - counts[0], "event")
    if known:
        yield f"forgot {show.format_count(len(known), 'session')} ({events})"


def _describe_expired(before: StoreState, after: StoreState, cut_off: int) -> Iterator[str]:
    if removed := before.conversation_count - after.conversation_count:
        conversations = show.format_count(removed, "conversation")
        yield f"removed {conversations} that ended before {show.format_timestamp(cut_off)}"
