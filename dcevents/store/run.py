"""One run of `ingest`: under the lock, in order, each step whole before the next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dcevents import log
from dcevents.account import intolerable, unusable
from dcevents.envelopes import Known
from dcevents.errors import OutputError, StoreError, UnusableInputError
from dcevents.facts import Facts
from dcevents.log import Log, Place
from dcevents.settings import Settings, Taking
from dcevents.sources import Input
from dcevents.store import changes, compact, files, lock, remove
from dcevents.store.ingest import Ingest, Ingested, Wanted
from dcevents.store.manifest import Manifest
from dcevents.store.state import State


@dataclass
class Done:
    """What a run has done: the account of what it read, the logs that had something new, the days that moved."""

    account: log.Account
    logs: list[Log]
    moved: list[str] = field(default_factory=list)


def run(
    taking: Taking,
    inputs: Sequence[Input],
    progress: Callable[[int], None],
    keep: Callable[[Place, bytes], None] | None,
) -> Done:
    """Take in what is new. Raises InputError, StoreError, BusyError, UnusableInputError and OutputError."""
    folder = Path(taking.store)
    files.prepare(folder)
    with lock.writing(folder, taking.wait_ms):
        manifest = files.load_or_new(folder, keep_events=taking.keep_events)
        if taking.keep_events and not manifest.keeps_events:
            raise StoreError(f"{folder}: this store was begun without --keep-events; begin a new one with it")
        files.sweep(folder, manifest)
        try:
            manifest = _removed(taking, folder, manifest)
            ingest = Ingest(folder, manifest, _wanted(taking, progress, keep))
            read = ingest.read(inputs)
            _refuse(taking, read)
            after = ingest.write().after
            settings = Settings(taking.clock, taking.tz, idle_ms=taking.idle_ms)
            states = State(folder, manifest), State(folder, after)
            moved = list(changes.moved(*states, settings)) if taking.changes else []
            files.sweep(folder, _tidied(folder, after, taking.clock))
        except OutputError:
            # A disk that is full is not to stay so because of what is half written.
            files.sweep(folder, files.load_or_new(folder, keep_events=False))
            raise
        return Done(read.account, read.logs, moved)


def compacted(folder: Path, wait_ms: int, clock: int) -> tuple[Manifest, Manifest]:
    """Make a store's segments as few as they can be. Returns what it was and what it is."""
    before = files.load(folder)
    with lock.writing(folder, wait_ms):
        before = files.load(folder)
        files.sweep(folder, before)
        state = State(folder, before)
        after = compact.compact(files.Writer(folder, before), state, state.parts, clock) if state.parts else before
        files.sweep(folder, after)
        return before, after


def _wanted(taking: Taking, progress: Callable[[int], None], keep: Callable[[Place, bytes], None] | None) -> Wanted:
    known = Known(taking.paths, taking.names)
    return Wanted(taking.clock, known, progress, keep, again=taking.again, at_once=taking.tolerance is not None)


def _removed(taking: Taking, folder: Path, manifest: Manifest) -> Manifest:
    """The store without what it is not to keep."""
    if taking.forget:
        manifest = remove.forget(files.Writer(folder, manifest), State(folder, manifest), taking.forget, taking.clock)
    last = max((each for each in (taking.cut_off, manifest.cut_off) if each is not None), default=None)
    if last is not None:
        manifest = remove.expire(files.Writer(folder, manifest), State(folder, manifest), last, taking.clock)
    if taking.forget or last is not None:
        files.sweep(folder, manifest)
    return manifest


def _tidied(folder: Path, manifest: Manifest, clock: int) -> Manifest:
    """The store with its small segments merged where there are many."""
    while parts := compact.due(manifest):
        manifest = compact.compact(files.Writer(folder, manifest), State(folder, manifest), parts, clock)
    return manifest


def _refuse(taking: Taking, read: Ingested) -> None:
    """Raises UnusableInputError where what was read is not good enough."""
    every = Log([source for each in read.logs for source in each.inputs], Facts(), read.account)
    if not read.are_known and (reason := unusable(every)):
        raise UnusableInputError(reason)
    if taking.tolerance and (found := intolerable(every, taking.tolerance)):
        raise UnusableInputError(f"nothing is taken in, {found}")
