"""One run of `ingest`: under the lock, in order, each step whole before the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dcevents import log
from dcevents.account import intolerable, unusable
from dcevents.envelopes import Known
from dcevents.errors import OutputError, StoreError, UnusableInputError
from dcevents.facts import Facts
from dcevents.log import Log, Place
from dcevents.store import files, lock
from dcevents.store.ingest import Ingest, Ingested, Wanted

if TYPE_CHECKING:
    from dcevents.settings import Taking
    from dcevents.sources import Input


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
        wanted = Wanted(
            taking.clock,
            Known(taking.paths, taking.names),
            progress,
            keep,
            again=taking.again,
            at_once=taking.tolerance is not None,
        )
        ingest = Ingest(folder, manifest, wanted)
        try:
            read = ingest.read(inputs)
            _refuse(taking, read)
            ingest.write()
        except OutputError:
            # A disk that is full is not to stay so because of what is half written.
            files.sweep(folder, ingest.writer.before)
            raise
        return Done(read.account, read.logs)


def _refuse(taking: Taking, read: Ingested) -> None:
    """Raises UnusableInputError where what was read is not good enough."""
    every = Log([source for each in read.logs for source in each.inputs], Facts(), read.account)
    found = intolerable(every, taking.tolerance) if taking.tolerance else None
    nothing = None if read.are_known else unusable(every)
    if reason := nothing or (f"nothing is taken in, {found}" if found else None):
        raise UnusableInputError(reason)
