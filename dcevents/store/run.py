"""One run of `ingest`: under the lock, in order, each step whole before the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcevents import show
from dcevents.errors import OutputError, StoreError, UnusableInputError
from dcevents.model.facts import Facts
from dcevents.reading.account import intolerable, unusable
from dcevents.reading.log import Log, Place
from dcevents.reading.parsing.envelopes import Known
from dcevents.reading.sources import Input
from dcevents.settings import Settings, Taking
from dcevents.store import changes, compact, remove
from dcevents.store.disk import files, lock
from dcevents.store.disk.manifest import Manifest
from dcevents.store.disk.state import State
from dcevents.store.ingest import Ingest, Ingested, Wanted


@dataclass
class Removed:
    """What a run was told to remove, in words: what it has removed, and what it has not, since it is not there."""

    done: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@dataclass
class Done:
    """What a run has done."""

    read: Log
    """All that was read as one, without what it says."""
    logs: list[Log]
    """The same by log, of which something was read."""
    moved: list[str]
    """The days whose final figures are others now."""
    removed: Removed
    is_new: bool
    """Whether it began the store."""


def run(
    taking: Taking,
    inputs: Sequence[Input],
    look_again: Callable[[], Sequence[Input]],
    progress: Callable[[int], None],
    keep: Callable[[Place, bytes], None] | None,
) -> Done:
    """Take in what is new. Raises InputError, StoreError, BusyError, UnusableInputError and OutputError."""
    folder = Path(taking.store)
    files.prepare(folder)
    with lock.writing(folder, taking.wait_ms), files.damage_told(folder):
        manifest = files.load_or_begin(folder, keep_events=taking.keep_events)
        if taking.keep_events and not manifest.keeps_events:
            raise StoreError(
                f"{folder}: this store was begun without --keep-events; begin a new one with it"
            )
        files.sweep(folder, manifest)
        try:
            kept, removed = _removed(taking, folder, manifest)
            ingest = Ingest(folder, kept, _wanted(taking, progress, keep))
            read = ingest.read(inputs, look_again)
            _refuse(taking, read)
            after = ingest.write().after
            settings = Settings(taking.clock, taking.tz, idle_ms=taking.idle_ms)
            states = State(folder, kept), State(folder, after)
            moved = list(changes.moved(*states, settings)) if taking.changes else []
            files.sweep(folder, _tidied(folder, after, taking.clock))
        except OutputError:
            # A disk that is full is not to stay so because of what is half written.
            files.sweep(folder, files.load(folder))
            raise
        return Done(_whole(read), read.logs, moved, removed, is_new=not manifest.generation)


def compacted(folder: Path, wait_ms: int, clock: int) -> tuple[Manifest, Manifest]:
    """Make a store's segments as few as they can be. Returns what it was and what it is."""
    before = files.load(folder)
    with lock.writing(folder, wait_ms), files.damage_told(folder):
        before = files.load(folder)
        files.sweep(folder, before)
        state = State(folder, before)
        after = (
            compact.compact(files.Writer(folder, before), state, state.parts, clock)
            if state.parts
            else before
        )
        files.sweep(folder, after)
        return before, after


def _wanted(
    taking: Taking, progress: Callable[[int], None], keep: Callable[[Place, bytes], None] | None
) -> Wanted:
    known = Known(taking.paths, taking.names)
    return Wanted(
        taking.clock,
        known,
        progress,
        keep,
        again=taking.again,
        at_once=taking.tolerance is not None,
    )


def _removed(taking: Taking, folder: Path, manifest: Manifest) -> tuple[Manifest, Removed]:
    """The store without what it is not to keep."""
    removed, before = Removed(), manifest
    if taking.forget:
        manifest = _forgotten(taking, State(folder, manifest), removed)
    last = max(
        (each for each in (taking.cut_off, manifest.cut_off) if each is not None), default=None
    )
    if last is not None:
        manifest = _expired(taking, State(folder, manifest), last, removed)
    if manifest != before:
        files.sweep(folder, manifest)
    return manifest, removed


def _forgotten(taking: Taking, state: State, removed: Removed) -> Manifest:
    folder, there = state.folder, remove.known(state, taking.forget)
    after = remove.forget(files.Writer(folder, state.manifest), state, taking.forget, taking.clock)
    events = after.removed.get("forgotten", 0) - state.manifest.removed.get("forgotten", 0)
    if there:
        removed.done.append(
            f"forgot {show.things(len(there), 'session')} ({show.things(events, 'event')})"
        )
    removed.unknown += [
        f"no session '{sid}' in {folder}; lines of it that come later are left out"
        for sid in dict.fromkeys(taking.forget)
        if sid not in there
    ]
    return after


def _expired(taking: Taking, state: State, last: int, removed: Removed) -> Manifest:
    after = remove.expire(files.Writer(state.folder, state.manifest), state, last, taking.clock)
    if gone := state.height - State(state.folder, after).height:
        removed.done.append(
            f"removed {show.things(gone, 'conversation')} that ended before {show.timestamp(last)}"
        )
    return after


def _tidied(folder: Path, manifest: Manifest, clock: int) -> Manifest:
    """The store with its small segments merged where there are many."""
    while parts := compact.due(manifest):
        manifest = compact.compact(
            files.Writer(folder, manifest), State(folder, manifest), parts, clock
        )
    return manifest


def _refuse(taking: Taking, read: Ingested) -> None:
    """Raises UnusableInputError where what was read is not good enough."""
    every = _whole(read)
    if not read.are_known and (reason := unusable(every)):
        raise UnusableInputError(reason)
    if taking.tolerance and (found := intolerable(every, taking.tolerance)):
        raise UnusableInputError(f"nothing is taken in, {found}")


def _whole(read: Ingested) -> Log:
    return Log(read.inputs, Facts(), read.account, counted=True)
