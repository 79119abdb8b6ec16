"""A run of `ingest` so far: what was read, and what of it is not written yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import polars as pl

from dcevents.model.facts import Facts
from dcevents.reading.account import Account
from dcevents.reading.log import Log
from dcevents.reading.sources.inputs import InputResult
from dcevents.store.accounts import join_accounts
from dcevents.store.disk import files, ledger
from dcevents.store.disk.folder import StoreFolder
from dcevents.store.disk.ledger import Ledger
from dcevents.store.disk.manifest import Manifest
from dcevents.store.disk.state import StoreState
from dcevents.store.intake import (
    IngestOptions,
    Intake,
    OpenStore,
    open_store,
)


@dataclass(frozen=True)
class Batch:
    """Facts and lines that are not written yet."""

    facts: Facts
    lines: tuple[pl.DataFrame, ...] = ()
    is_reread: bool = False
    """Whether one of the logs is accounted for already."""


@dataclass(frozen=True)
class Ingestion:
    """A run of `ingest` and its store, so far."""

    before: Manifest
    options: IngestOptions
    store: OpenStore
    batch: Batch
    has_inputs: bool = False
    file_count: int = 0
    intakes: tuple[Intake, ...] = ()
    """The inputs so far, without their facts."""
    new_events: int = 0
    expired_events: int = 0

    @property
    def logs(self) -> list[Log]:
        """Return the logs of which something was read; small ones are one."""
        return [each.logs[0] for each in self.intakes if each.logs and each.has_records]

    @property
    def log_count(self) -> int:
        """Return the number of logs of which something was read.

        One that goes on in another file, as after a rotation, is still one.
        """
        return len({each.number for each in self.intakes if each.known and each.has_records})

    @property
    def results(self) -> list[InputResult]:
        """Return the inputs that were read, with their findings."""
        return [result for each in self.intakes for result in each.results]

    @property
    def has_known_logs(self) -> bool:
        """Return whether a known log had events."""
        return any(each.has_known_events for each in self.intakes)

    def sum_account(self) -> Account:
        """Return the account of all records that the run has read."""
        # An intake's logs are of the last inputs so far.
        ends = accumulate(len(each.results) for each in self.intakes)
        parts = [
            (end - len(log.inputs), log.account)
            for end, each in zip(ends, self.intakes, strict=True)
            for log in each.logs
        ]
        account = join_accounts(parts, self.file_count)
        account.events = self.new_events
        account.tally.update({"expired": self.expired_events, "event": -self.expired_events})
        return account


def begin_ingestion(folder: StoreFolder, manifest: Manifest, options: IngestOptions) -> Ingestion:
    """Return a run that has read nothing yet."""
    state = StoreState(folder, manifest)
    store = open_store(state, read_ledger(folder, manifest), options)
    return Ingestion(manifest, options, store, Batch(Facts(store.vocabulary)))


def read_ledger(folder: StoreFolder, manifest: Manifest) -> Ledger:
    """Read the store's ledger. Raises StoreError where it is damaged."""
    return ledger.parse_ledger(
        files.read_undamaged(folder, manifest, name) for name in manifest.ledger_files
    )


def add_intake(run: Ingestion, intake: Intake) -> tuple[Batch, Intake]:
    """Add an input to the ledger; return the batch with it, and the input without its facts."""
    known_logs, number = run.store.ledger, intake.number
    if intake.known is not None:
        number = known_logs.put_log(intake.known, number)
    if number is not None and intake.file is not None and (intake.known or not intake.results):
        known_logs.note_file(number, intake.source.name, intake.file)
    lines = []
    if intake.known and number is not None:
        numbers = pl.Series([number], dtype=pl.UInt32)
        lines = [number_lines(log, numbers, intake.known.rereads) for log in intake.logs]
    batch = join_batch(run.batch, intake.logs, lines, is_reread=intake.is_reread)
    return batch, replace(intake.drop_facts(), number=number)


def number_lines(log: Log, numbers: pl.Series, reading: int) -> pl.DataFrame | None:
    """Return located lines with the numbers of their logs (by input), and the texts of sids."""
    located = log.located
    if located is None or located.is_empty():
        return None
    return located.with_columns(
        numbers.gather(located["file"]).alias("file"),
        pl.lit(reading, pl.UInt32).alias("reading"),
        log.facts.look_up_sids(located["sid"]).alias("text"),
    ).drop("sid")


def join_batch(
    batch: Batch,
    logs: Sequence[Log],
    lines: Sequence[pl.DataFrame | None],
    *,
    is_reread: bool = False,
) -> Batch:
    """Return a batch with the facts of logs as well, and their lines."""
    for log in logs:
        if log.facts.row_count:
            batch.facts.add_rows(log.facts.to_frame())
    more = [each for each in lines if each is not None]
    return Batch(batch.facts, (*batch.lines, *more), batch.is_reread or is_reread)
