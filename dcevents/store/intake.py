"""Intake of an input: its log, and the log's new records."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import polars as pl

from dcevents.model.facts import Facts
from dcevents.model.moments import UNTIMED
from dcevents.model.texts import NUMBER_TYPE
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.judge import Mapping
from dcevents.reading.log import KeepReject, Log, read_growing_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.sources import growing
from dcevents.reading.sources.inputs import (
    Extent,
    Input,
    InputResult,
    OpenInput,
    ProgressCallback,
    Resume,
)
from dcevents.store.accounts import add_counts, summarise_records
from dcevents.store.disk.ledger import (
    HEAD_BYTES,
    KnownLog,
    Ledger,
    RecordCounts,
    compute_begin_fingerprint,
    compute_fingerprint,
)
from dcevents.store.disk.state import StoreState


@dataclass(frozen=True)
class IngestOptions:
    """The options of a run; `clock` in milliseconds since 1970."""

    clock: int
    mapping: Mapping
    report_progress: ProgressCallback
    keep_reject: KeepReject | None = None
    is_reread: bool = False
    """Whether logs are read from their beginning, whatever was read before."""
    is_at_once: bool = False
    """Whether nothing is written before all is read, since it may be refused."""


@dataclass(frozen=True)
class OpenStore:
    """A store under its lock, and what its logs are read by."""

    state: StoreState
    ledger: Ledger
    settings: ReadSettings
    vocabulary: Vocabulary
    """The store's codes, and new ones."""


@dataclass(frozen=True)
class Intake:
    """An input that was looked into, with its logs."""

    source: Input
    file: str | None = None
    """Fingerprint of the file as it lies on disk; None for a pipe, and for a file that changed."""
    number: int | None = None
    """Number of the log, where the store knew it."""
    has_known_events: bool = False
    """Whether the log was recognised before it was read, and had events."""
    is_reread: bool = False
    """Whether what was read is accounted for already."""
    results: tuple[InputResult, ...] = ()
    known: KnownLog | None = None
    """The log as the ledger is to know it; None where nothing was read."""
    logs: tuple[Log, ...] = ()
    """Its records that are sure, and those that the next run reads again.

    Small files that were read together have theirs in an intake behind them, which has no results.
    """
    has_changed: bool = False
    """Whether the file changed since it was found: what it held may be in another one."""
    lost_head: bytes = b""
    """The beginning of a log that was not read to its end, since its file changed."""

    @property
    def has_records(self) -> bool:
        """Return whether something of the log was read."""
        if self.logs or self.known is None:
            return any(log.account.records for log in self.logs)
        return bool(self.known.sure.records or self.known.rest.records)

    def drop_problems(self) -> "Intake":
        """Return the intake without the reasons why not all was read."""
        results = (each._replace(problem=None) for each in self.results)
        return replace(self, results=tuple(results))

    def drop_facts(self) -> "Intake":
        """Return the intake without facts, lines, heads and tails."""
        logs = (
            replace(each, inputs=_drop_extents(each.inputs), facts=Facts(), located=None)
            for each in self.logs
        )
        return replace(self, results=tuple(_drop_extents(self.results)), logs=tuple(logs))


def _drop_extents(results: Sequence[InputResult]) -> list[InputResult]:
    return [each._replace(extent=Extent()) for each in results]


@dataclass(frozen=True)
class _FoundLog:
    """The log that an input is found to be before reading."""

    number: int | None = None
    file: str | None = None


@dataclass(frozen=True)
class Recognition:
    """A log of the ledger that an input was recognised as."""

    number: int | None = None
    tail: bytes = b""
    """The bytes before the place up to which the log was read."""
    has_more: bool = True


def open_store(state: StoreState, ledger: Ledger, options: IngestOptions) -> OpenStore:
    """Return a store as logs are read into it."""
    settings = ReadSettings(
        options.clock,
        believes_clock=True,
        in_full=state.manifest.keeps_events,
        mapping=options.mapping,
    )
    return OpenStore(state, ledger, settings, state.make_vocabulary())


def take_in_pipe(store: OpenStore, source: Input, options: IngestOptions) -> Intake:
    """Read a pipe, which is recognised afterwards.

    Raises InputError.
    """
    sizes = [each.resume.offset for each in store.ledger.logs.values()]
    return _read_new_records(store, source, options, _FoundLog(), Resume(sizes=sizes))


@dataclass(frozen=True)
class SeenFile:
    """A file that was looked into before it is read."""

    file: OpenInput
    source: Input
    fingerprint: str
    identity: growing.FileIdentity
    recognised: Recognition
    has_changed: bool
    """Whether it changed since it was found."""

    @property
    def is_new(self) -> bool:
        """Return whether no known log is in it."""
        return self.recognised.number is None


def look_into_file(
    store: OpenStore, source: Input, options: IngestOptions, skipped: Collection[str] = ()
) -> SeenFile | Intake | None:
    """Look whether a file has something new.

    Return the intake of a file without anything new, None for a fingerprint to skip. Raises
    InputError.
    """
    file = OpenInput(source)
    has_changed = file.problem is not None
    source = file.describe_again()
    identity = growing.read_identity(file)
    fingerprint = compute_fingerprint(identity.state)
    if fingerprint in skipped:
        return None
    number = store.ledger.find_by_file(fingerprint)
    if number is not None and not options.is_reread:
        options.report_progress(source.size or 0)
        has_events = _has_events(store.ledger.logs[number])
        return Intake(source, fingerprint, number, has_events, has_changed=has_changed)
    found = _recognise(store.ledger, file, identity.head)
    return SeenFile(file, source, fingerprint, identity, found, has_changed)


def take_in_file(store: OpenStore, seen: SeenFile, options: IngestOptions) -> Intake:
    """Read the new records of a file. Raises InputError."""
    number = seen.recognised.number
    intake = _read_more(store, seen.file, seen.identity, seen.recognised, options)
    has_known_events = number is not None and _has_events(store.ledger.logs[number])
    return replace(
        intake,
        has_changed=seen.has_changed or intake.has_changed,
        has_known_events=has_known_events,
    )


def _read_more(
    store: OpenStore,
    file: OpenInput,
    identity: growing.FileIdentity,
    found: Recognition,
    options: IngestOptions,
) -> Intake:
    """Read what a recognised file has more than was read before."""
    source, fingerprint = file.source, compute_fingerprint(identity.state)
    if found.number is None or found.has_more or options.is_reread:
        resume = _choose_resume(store.ledger, found, options)._replace(head=identity.head)
        known = _FoundLog(found.number, fingerprint)
        intake = _read_new_records(store, source, options, known, resume)
    else:
        options.report_progress(source.size or 0)
        intake = Intake(source, fingerprint, found.number)
    if any(each.has_changed for each in intake.results):
        return replace(intake, file=None, has_changed=True, lost_head=identity.head)
    if growing.read_state(file) != identity.state:
        # A copy may have the same fingerprint, and more in it than was read.
        is_grown = file.read_status().st_size > (source.size or 0)
        return replace(intake, file=None, has_changed=not is_grown)
    return intake


def _has_events(known: KnownLog) -> bool:
    return any(counts.tally.get("event", 0) > 0 for counts in (known.sure, known.rest))


def _recognise(ledger: Ledger, file: OpenInput, head: bytes) -> Recognition:
    """Recognise the log of a file by what is in it."""
    for number in ledger.find_by_head(head):
        known = ledger.logs[number]
        before = growing.read_tail_before(file, known.resume.offset)
        if before is not None and compute_fingerprint(before.tail) == known.tail_fingerprint:
            return Recognition(number, before.tail, before.has_more)
    return Recognition()


def _choose_resume(ledger: Ledger, found: Recognition, options: IngestOptions) -> Resume:
    """Return the place to read on from."""
    known = None if found.number is None else ledger.logs[found.number]
    if known and known.resume.offset and not options.is_reread:
        return Resume(known.resume, tail=found.tail)
    return Resume()


def _read_new_records(
    store: OpenStore, source: Input, options: IngestOptions, identity: _FoundLog, resume: Resume
) -> Intake:
    """Read an input from a place on."""
    former = None if identity.number is None else store.ledger.logs[identity.number]
    read = read_growing_log(
        source._replace(resume=resume),
        store.settings._replace(first_clock_ms=former.first_clock_ms if former else None),
        store.vocabulary,
        options.report_progress,
        keep_reject=options.keep_reject,
    )
    results = tuple(read.sure.inputs)
    intake = Intake(
        source,
        identity.file,
        identity.number,
        is_reread=former is not None and not resume.begin,
        results=results,
    )
    extent = results[0].extent
    if not extent.end and not extent.rest_bytes:
        return intake
    logs = tuple(account_forgotten(store, log) for log in read)
    counts = (summarise_records(each.account) for each in logs)
    known = describe_log(store, former, ReadLog(results[0], resume, *counts), options.clock)
    number = intake.number
    if number is None and extent.tails:
        number = _find_read_log(store.ledger, known, extent)
    return replace(intake, known=known, number=number, logs=logs)


def strip_head(head: bytes) -> bytes:
    """Return the beginning that a log of these bytes is known by.

    An array that is written anew with more members goes on before its closing brackets.
    """
    return head.rstrip(b"]} \t\r\n") or head


class ReadLog(NamedTuple):
    """Holds what was read of a log, and the counts of these records."""

    result: InputResult
    resume: Resume
    sure: RecordCounts
    rest: RecordCounts


def describe_log(store: OpenStore, former: KnownLog | None, read: ReadLog, clock: int) -> KnownLog:
    """Return a log as the ledger is to know it, by what it knew and what was read."""
    extent = read.result.extent
    begun = extent.head[: min(HEAD_BYTES, max(extent.end, extent.rest_bytes))]
    begun = strip_head(begun)
    before = former if read.resume.begin else None
    rereads = former.rereads + 1 if former else 0
    run = store.state.manifest.generation + 1
    return KnownLog(
        file_name=read.result.name,
        head_fingerprint=compute_fingerprint(begun),
        head_bytes=len(begun),
        tail_fingerprint=compute_fingerprint(extent.tail),
        resume=extent.resume,
        sure=add_counts(before.sure, read.sure) if before else read.sure,
        rest=read.rest,
        first_clock_ms=former.first_clock_ms if former else clock,
        rereads=before.rereads if before else rereads,
        file_fingerprints=former.file_fingerprints if former else (),
        read_at=clock,
        begin_fingerprint=compute_begin_fingerprint(begun),
        runs=(former.runs[0] if former and former.runs else run, run),
    )


def _find_read_log(ledger: Ledger, known: KnownLog, extent: Extent) -> int | None:
    """Return the number of a pipe's log, by what was read."""
    for number in sorted(ledger.logs, key=ledger.measure_log, reverse=True):
        each = ledger.logs[number]
        tail = extent.tails.get(each.resume.offset)
        if (
            tail is not None
            and each.head_bytes <= known.head_bytes
            and compute_fingerprint(tail) == each.tail_fingerprint
            and compute_fingerprint(extent.head[: each.head_bytes]) == each.head_fingerprint
        ):
            return number
    return None


def find_forgotten(store: OpenStore, log: Log) -> pl.Series:
    """Return the numbers of a log's sessions that the store has forgotten."""
    forgotten = store.state.manifest.forgotten_sids
    if not forgotten or not log.facts.row_count:
        return pl.Series("sid", dtype=NUMBER_TYPE)
    sessions = log.facts.list_sessions()
    numbers = store.state.make_numbering().number_sids(sessions["text"])
    return sessions["sid"].filter(numbers.is_in(list(forgotten)))


def account_forgotten(store: OpenStore, log: Log) -> Log:
    """Return a log whose account counts events of forgotten sessions as `forgotten`."""
    theirs = find_forgotten(store, log)
    if theirs.is_empty():
        return log
    facts = log.facts.to_frame().filter(pl.col("sid").is_in(theirs.implode()))
    identities = store.vocabulary.number_identities()
    identity = identities.gather(facts["attributes"]).alias("identity")
    n = facts.select("sid", identity, pl.min_horizontal("ts", UNTIMED)).n_unique()
    tally = Counter(log.account.tally)
    tally.update({"forgotten": n, "event": -n})
    return replace(log, account=replace(log.account, tally=tally))
