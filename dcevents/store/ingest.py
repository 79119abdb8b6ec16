"""Inputs of `ingest`, read in their order, and written in batches."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from dcevents.errors import InputError, MissingInputError
from dcevents.reading.sources.inputs import Input
from dcevents.store.ingestion import Batch, Ingestion, add_intake, join_batch, number_lines
from dcevents.store.intake import (
    Intake,
    SeenFile,
    look_into_file,
    take_in_file,
    take_in_pipe,
)
from dcevents.store.small_files import (
    ReadFiles,
    SmallFile,
    WaitingFiles,
    is_small,
    read_together,
)
from dcevents.store.writing import write_batch

_MAX_LOOKS = 4
"""How often inputs are looked for at most, where files are renamed and emptied meanwhile."""
BATCH_FACTS = 4_000_000
"""Facts of a batch: a backlog of years needs no more memory than some days."""


def read_inputs(
    run: Ingestion, inputs: Sequence[Input], look_again: Callable[[], Sequence[Input]]
) -> Ingestion:
    """Read the new records of inputs.

    All but the last batch is written. Where a file is gone before it is opened, or changes while
    it is read, as in a rotation, `look_again` returns the present inputs; those that were read are
    passed over. Raises InputError.
    """
    reading = _Reading(replace(run, has_inputs=bool(inputs)))
    for look in range(_MAX_LOOKS):
        is_last = look == _MAX_LOOKS - 1
        is_complete = reading.read_inputs(inputs, is_first_look=look == 0, is_last_look=is_last)
        if is_complete or is_last:
            break
        inputs = look_again()
    return replace(_settle_changes(reading.finish()), file_count=len(inputs))


class _Reading:
    """Inputs on their way into a run: small files wait for others."""

    def __init__(self, run: Ingestion) -> None:
        self._run = run
        self._intakes = [*run.intakes]
        self._waiting = WaitingFiles()
        self._is_complete = True

    def finish(self) -> Ingestion:
        """Return the run with all that was read."""
        return replace(self._run, intakes=tuple(self._intakes))

    def read_inputs(
        self, inputs: Sequence[Input], *, is_first_look: bool, is_last_look: bool
    ) -> bool:
        """Read inputs, but for those that were read before.

        Return whether none of them was gone, or has changed meanwhile. Raises InputError.
        """
        self._is_complete = True
        skipped = set() if is_first_look else {each.file for each in self._intakes if each.file}
        for source in inputs:
            if source.path is not None and source.size is not None:
                self._read_file(source, skipped, is_last_look=is_last_look)
            elif is_first_look:
                self._read_waiting()
                self._add(take_in_pipe(self._run.store, source, self._run.options))
        self._read_waiting()
        return self._is_complete

    def _read_file(self, source: Input, skipped: set[str], *, is_last_look: bool) -> None:
        """Read a file, or have it wait; note if it is gone before the last look."""
        store, options = self._run.store, self._run.options
        try:
            seen = look_into_file(store, source, options, skipped)
            if isinstance(seen, SeenFile) and self._waiting.has_beginning_of(seen.identity.head):
                self._read_waiting()
                # It may be one of those that waited, or go on with one.
                seen = look_into_file(store, source, options, skipped)
            if isinstance(seen, SeenFile):
                if is_small(seen):
                    self._waiting.add(seen)
                    if self._waiting.is_full:
                        self._read_waiting()
                    return
                # Rejected lines are kept in the order of inputs.
                self._read_waiting()
                seen = take_in_file(store, seen, options)
        except InputError:
            if is_last_look or (source.path is not None and source.path.exists()):
                raise
            self._is_complete = False
            return
        if seen is not None:
            self._add(seen)

    def _read_waiting(self) -> None:
        """Read the small files that wait. Raises InputError."""
        files = self._waiting.take_all()
        if not files:
            return
        read = read_together(self._run.store, files, self._run.options)
        if read is not None:
            self._add_together(read)
            return
        for each in files:
            self._read_alone(each)

    def _read_alone(self, file: SmallFile) -> None:
        source = file.source._replace(resume=None)
        try:
            seen = look_into_file(self._run.store, source, self._run.options)
        except MissingInputError:
            self._is_complete = False
            return
        if isinstance(seen, SeenFile):
            seen = take_in_file(self._run.store, seen, self._run.options)
        if seen is not None:
            self._add(seen)

    def _add(self, intake: Intake) -> None:
        """Add an input to the ledger and to the batch, which may be full."""
        batch, added = add_intake(self._run, intake)
        self._intakes.append(added)
        self._is_complete &= not intake.has_changed
        self._set_batch(batch)

    def _add_together(self, read: ReadFiles) -> None:
        """Add files that were read together, as `_add`."""
        known_logs = self._run.store.ledger
        numbers = []
        for each in read.intakes:
            number = None if each.known is None else known_logs.put_log(each.known)
            numbers.append(number or 0)
            self._intakes.append(replace(each.drop_facts(), number=number))
            self._is_complete &= not each.has_changed
        self._intakes.append(read.whole.drop_facts())
        lines = [number_lines(read.whole.logs[0], pl.Series(numbers, dtype=pl.UInt32), 0)]
        self._set_batch(join_batch(self._run.batch, read.whole.logs, lines))

    def _set_batch(self, batch: Batch) -> None:
        self._run = replace(self._run, batch=batch)
        if batch.facts.row_count >= BATCH_FACTS and not self._run.options.is_at_once:
            self._run = write_batch(self.finish())


def _settle_changes(run: Ingestion) -> Ingestion:
    """Return a run without the problems of logs that were found again in other files."""
    settled = [*run.intakes]
    for place, each in enumerate(run.intakes):
        if each.lost_head and _is_found_again(run, each.lost_head, run.intakes[place + 1 :]):
            settled[place] = each.drop_problems()
    return replace(run, intakes=tuple(settled))


def _is_found_again(run: Ingestion, head: bytes, later: Sequence[Intake]) -> bool:
    """Return whether later inputs hold a log that begins so, to its end."""
    numbers = run.store.ledger.find_by_head(head)
    return any(
        each.number in numbers and not any(result.problem for result in each.results)
        for each in later
    )
