"""Inputs to a log: facts, and an account.

Lines of scanned blocks are counted in order: what the scanner has taken as it is, all else record
by record.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from dcevents.model.facts import Facts
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.account import Account, InputCounts
from dcevents.reading.envelopes import Envelope, EnvelopeCount
from dcevents.reading.event_rows import LOCATED_COLUMNS
from dcevents.reading.framing import BEGINNING, ResumePoint
from dcevents.reading.input_reading import InputReading
from dcevents.reading.log_building import KeepReject, LogBuilder
from dcevents.reading.read_block import ReadBlock
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.rows.table_search import NO_TABLE, TableSearch
from dcevents.reading.scanning import ScannedInput, Scanning
from dcevents.reading.sources.folders import SkippedFile
from dcevents.reading.sources.inputs import Extent, Input, InputResult, ProgressCallback
from dcevents.reading.taken_lines import split_block

__all__ = [
    "LOCATED_COLUMNS",
    "GrowingLog",
    "GrowingLogs",
    "KeepReject",
    "Log",
    "read_growing_log",
    "read_growing_logs",
    "read_log",
]


@dataclass
class Log:
    """A log that was read."""

    inputs: list[InputResult]
    facts: Facts
    account: Account
    located: pl.DataFrame | None = None
    """Events with file and line, in the order of inputs and lines, where they were asked for."""
    envelopes: dict[Envelope, EnvelopeCount] = field(default_factory=dict)
    """Where records keep their events: how many keep them so, and the first."""
    input_counts: dict[int, InputCounts] = field(default_factory=dict)
    """Numbers of records by the input's number; none for what a store holds."""
    skipped: Sequence[SkippedFile] = ()
    """Files of folders that were passed over."""
    has_lines: bool = True
    """True if `located` has lines of files; else it has numbers of events in their sessions."""
    is_counted: bool = False
    """True once the account is complete."""
    _count_lock: threading.Lock = field(default_factory=threading.Lock)

    def count_events(self) -> None:
        """Complete the account by the numbers of different events.

        Most reports neither need these figures nor wait for them.
        """
        with self._count_lock:
            if not self.is_counted:
                counts = self.facts.count_distinct()
                self.account.events, self.account.untimed = counts.events, counts.untimed
                self.account.future, self.account.ancient = counts.future, counts.ancient
                self.is_counted = True


class GrowingLog(NamedTuple):
    """A log that goes on: records that are sure, and those that a later run reads again."""

    sure: Log
    rest: Log


def read_log(
    scanning: Scanning, vocabulary: Vocabulary, *, keep_reject: KeepReject | None = None
) -> Log:
    """Read all inputs. Raises InputError for one that cannot be read."""
    if scanning.codes not in (None, vocabulary.codes):
        raise ValueError("facts of the log have numbers of another vocabulary")
    names = [each.name for each in scanning.inputs]
    builder = LogBuilder(vocabulary, scanning.settings, names, keep_reject)
    return _make_log(_LogReader(scanning, builder).read(), builder)


def read_growing_log(
    source: Input,
    settings: ReadSettings,
    vocabulary: Vocabulary,
    progress: ProgressCallback,
    *,
    keep_reject: KeepReject | None = None,
) -> GrowingLog:
    """Read an input from its `resume` on. Raises InputError where it cannot be read."""
    sure, rest = (
        LogBuilder(vocabulary, settings, [source.name], keep_reject, is_held=is_held)
        for is_held in (False, True)
    )
    results = _LogReader(Scanning([source], settings, progress), sure, rest).read()
    return GrowingLog(_make_log(results, sure), _make_log(results, rest))


class GrowingLogs(NamedTuple):
    """Several growing logs, read at once: their accounts are apart, their facts are not."""

    log: Log
    """All records that are sure, and the facts of all records."""
    accounts: Sequence[tuple[Account, Account]]
    """Accounts of each log: of its records that are sure, and of the others."""


def read_growing_logs(
    sources: Sequence[Input],
    settings: ReadSettings,
    vocabulary: Vocabulary,
    progress: ProgressCallback,
    *,
    keep_reject: KeepReject | None = None,
) -> GrowingLogs:
    """Read inputs from their `resume` on, as `read_growing_log` reads one.

    For many small ones this takes a tenth of the time. Raises InputError.
    """
    names = [each.name for each in sources]
    sure = LogBuilder(vocabulary, settings, names, keep_reject)
    rest = LogBuilder(vocabulary, settings, names, keep_reject, is_held=True)
    rest.only_count(sure.rows)
    accounts: list[tuple[Account, Account]] = []

    def end_log() -> None:
        accounts.append((sure.take_account(), rest.take_account()))

    results = _LogReader(Scanning(sources, settings, progress), sure, rest, end_log).read()
    return GrowingLogs(_make_log(results, sure), accounts)


def _make_log(results: Sequence[InputResult], builder: LogBuilder) -> Log:
    located = builder.finish()
    return Log(
        [*results],
        builder.facts,
        builder.account,
        located,
        builder.envelopes,
        builder.input_counts,
    )


class _LogReader:
    """Inputs on their way into a log, in order."""

    def __init__(
        self,
        scanning: Scanning,
        builder: LogBuilder,
        rest: LogBuilder | None = None,
        end_log: Callable[[], None] | None = None,
    ) -> None:
        """Begin to read; `rest` is for records of a growing input that are not sure.

        `end_log` is called behind each input.
        """
        self._scanning = scanning
        self._builder, self._rest = builder, rest
        self._end_log = end_log
        self._reading: InputReading | None = None
        self._problem: str | None = None
        self._is_over = False
        """Whether later blocks of the input do not count."""
        self._has_read = False
        self._resume = BEGINNING

    def read(self) -> list[InputResult]:
        """Read all inputs; return the findings about each."""
        results: list[InputResult] = []
        for each in self._scanning:
            framing = NO_TABLE if isinstance(each, InputResult) else each.framing
            reading = self._reading or self._begin_input(len(results), framing)
            if isinstance(each, InputResult):
                results.append(self._end_input(reading, each))
                self._reading = None
                if self._end_log:
                    self._end_log()
            elif not self._is_over:
                self._read_block(reading, each)
                self._scanning.give_back(each)
        return results

    def _read_block(self, reading: InputReading, block: ScannedInput) -> None:
        self._has_read |= bool(block.begin or block.data or block.passed_bytes)
        self._add_block(reading.read_block(block, self._builder.wanted_rejects), reading.resume)
        self._scanning.is_in_list = reading.may_be_in_list
        self._problem, self._is_over = block.problem, block.problem is not None
        if block.rest and not self._is_over:
            for following in block.rest:
                self._read_block(reading, self._scanning.scan(following))
            self._problem, self._is_over = block.rest.problem, True

    def _begin_input(self, number: int, framing: TableSearch) -> InputReading:
        scanning = self._scanning
        source = scanning.inputs[number]
        self._reading = InputReading(number, source, scanning.context, scanning.scanner, framing)
        self._problem, self._is_over, self._has_read = None, False, False
        self._resume = self._reading.resume
        for builder in (self._builder, self._rest):
            if builder:
                builder.begin_input(number, is_resumed=self._resume.offset > 0)
        return self._reading

    def _end_input(self, reading: InputReading, result: InputResult) -> InputResult:
        last = reading.finish(self._builder.wanted_rejects)
        if last.records or last.lists or self._rest:
            self._add_block(last, reading.resume)
        if self._rest and reading.is_held:
            self._builder.take_findings(self._rest)
        if self._rest is None or not self._rest.has_event:
            self._builder.end_input()
        extent = reading.complete_extent(result.extent) if self._has_read else Extent()
        return result._replace(problem=self._problem or result.problem, extent=extent)

    def _add_block(self, block: ReadBlock, resume: ResumePoint) -> None:
        if self._rest is None:
            self._builder.add_block(block)
            return
        if resume.offset != self._resume.offset:
            # All that was given before this block lies before the new place.
            self._resume = resume
            self._builder.absorb(self._rest)
        sure, rest = split_block(block, resume)
        self._builder.add_block(sure)
        self._rest.add_block(rest)
