"""Logs into a store: what is new of each, and what comes of it, written so that it is there whole or not at all."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from dcevents.errors import InputError
from dcevents.model.facts import Facts
from dcevents.reading import log, sources
from dcevents.reading.log import LOCATED_COLUMNS, Log, RejectedLine
from dcevents.reading.parsing.parse import Limits, Parser
from dcevents.reading.parsing.record import Known as Places
from dcevents.reading.sources import Followed, Input
from dcevents.store import compact
from dcevents.store.disk import files, ledger, segment
from dcevents.store.disk.ledger import (
    HEAD_BYTES,
    KnownLog,
    Ledger,
    RecordCounts,
    compute_fingerprint,
)
from dcevents.store.disk.manifest import Manifest, StoredAccount
from dcevents.store.disk.numbering import StoreNumbering
from dcevents.store.disk.state import StoreState
from dcevents.store.merge import MergeResult, MergeSettings, merge_facts

BATCH_FACTS = 4_000_000
"""Facts after which what was read so far is written: so a backlog of years needs no more memory than some days."""
_MAX_STORED_REJECTS = 20
_MAX_STORED_NAMES = 1000


@dataclass(frozen=True)
class IngestOptions:
    """How logs are to be read."""

    clock: int
    places: Places
    report_progress: Callable[[int], None]
    keep_reject: Callable[[RejectedLine, bytes], None] | None = None
    is_reread: bool = False
    """Read everything from its beginning, whatever was read before."""
    is_at_once: bool = False
    """Write nothing before all is read: it may yet be refused."""


@dataclass
class IngestResult:
    """What a run has read, and the store before and after it."""

    before: Manifest
    after: Manifest
    account: log.Account = field(default_factory=log.Account)
    logs: list[Log] = field(default_factory=list)
    """Of which something was read, without their facts."""
    inputs: list[Input] = field(default_factory=list)
    """What was opened and read, be it that nothing in it could be."""
    are_known: bool = False
    """Whether one of the logs was known, and had events: what is new in it may be anything."""


class Ingest:
    """One run, under the store's lock: `read`, then `write` what is left; between them it may be refused."""

    def __init__(self, folder: Path, manifest: Manifest, wanted: IngestOptions) -> None:
        self.folder = folder
        self.wanted = wanted
        self.writer = files.StoreWriter(folder, manifest)
        self.done = IngestResult(manifest, manifest)
        self.ledger = read_ledger(folder, manifest)
        self.state = StoreState(folder, manifest)
        self.parser = self._parser()
        self.looks = self.is_second_look = False
        """Whether there are logs to look into; and whether some were gone, so that it is done again."""
        self.files_read: set[str] = set()
        self.logs_read: set[int] = set()
        self.expired = 0
        self._begin()

    def _parser(self) -> Parser:
        limits = Limits(None, self.wanted.clock, believing=True)
        in_full = self.state.manifest.keeps_events
        return Parser(
            limits, self.state.make_vocabulary(), in_full=in_full, known=self.wanted.places
        )

    def _begin(self) -> None:
        self.facts = Facts(self.parser.vocabulary)
        self.again = False
        """Whether a log was read that is accounted for already."""
        self.events = [
            pl.DataFrame(schema={**LOCATED_COLUMNS, "reading": pl.UInt32, "text": pl.String}).drop(
                "sid"
            )
        ]

    # -- reading -------------------------------------------------------------------------------------------------

    def read(
        self, inputs: Sequence[Input], look_again: Callable[[], Sequence[Input]]
    ) -> IngestResult:
        """What is new in logs. Raises InputError.

        Where a file is gone before it is opened, as in a rotation, `look_again` says what there is now.
        """
        self.looks = bool(inputs)
        read = [self._is_read(source) for source in inputs]
        if not all(read):
            self.is_second_look = True
            inputs = look_again()
            for source in inputs:
                if not self._is_read(source):
                    self._read(source)
        self.done.account.files = len(inputs)
        return self.done

    def _is_read(self, source: Input) -> bool:
        """Read an input; whether it was there."""
        try:
            self._read(source)
        except InputError:
            if source.path is None or source.path.exists():
                raise
            return False
        if self.facts.row_count >= BATCH_FACTS and not self.wanted.is_at_once:
            self.write()
        return True

    def _read(self, source: Input) -> None:
        if self.is_second_look and source.size is None:
            return
        if source.path is None or source.size is None:
            # A pipe: what is in it is known only when it was read.
            self._taken(
                source, b"", None, Followed(ask=[each.read_bytes for each in self.ledger.logs])
            )
            return
        head, same = sources.read_head(source)
        file = compute_fingerprint(same)
        if self.is_second_look and file in self.files_read:
            return
        self._look_into(source, head, file)
        self.files_read.add(file)

    def _look_into(self, source: Input, head: bytes, file: str) -> None:
        same_file = self.ledger.find_by_file(file)
        if not self.wanted.is_reread and same_file is not None:
            self._meet(same_file)
            self.ledger.note_file(same_file, source.name, file)
            self.wanted.report_progress(source.size or 0)
            return
        number, goes_on = self._number(source, head)
        self._meet(number)
        if number is None or goes_on or self.wanted.is_reread:
            self._taken(source, head, number, self._followed(number), file)
        else:
            self.ledger.note_file(number, source.name, file)
            self.wanted.report_progress(source.size or 0)

    def _meet(self, number: int | None) -> None:
        if number is not None:
            log = self.ledger.logs[number]
            self.done.are_known |= any(
                part.tally.get("event", 0) > 0 for part in (log.read, log.rest)
            )

    def _number(self, source: Input, head: bytes) -> tuple[int | None, bool]:
        """The log that an input is, as far as that was read, and whether it goes on; None for a new one."""
        for number in self.ledger.find_by_head(head):
            known = self.ledger.logs[number]
            before = sources.read_tail_before(source, known.read_bytes)
            if before is not None and compute_fingerprint(before.tail) == known.tail_fingerprint:
                return number, before.has_more
        return None, True

    def _followed(self, number: int | None) -> Followed:
        known = None if number is None else self.ledger.logs[number]
        return Followed(
            begin=known.read_bytes
            if known and known.is_resumable and not self.wanted.is_reread
            else 0
        )

    def _taken(
        self,
        source: Input,
        head: bytes,
        number: int | None,
        followed: Followed,
        file: str | None = None,
    ) -> None:
        """Read an input from where it is new, and note how far it was read."""
        source.followed = followed
        former = None if number is None else self.ledger.logs[number]
        self.again |= former is not None and not followed.begin
        before = former if followed.begin else None
        found = log.read_log(
            [source],
            self.parser,
            self.wanted.report_progress,
            locate=self.parser.in_full,
            keep_reject=self.wanted.keep_reject,
            lines_before=before.line_count if before else 0,
        )
        rest = log.read_unfinished_line(
            source,
            self.parser,
            locate=self.parser.in_full,
            keep_reject=self.wanted.keep_reject,
            lines_before=found.last_input_lines,
        )
        self.done.inputs.append(source)
        for each in (found, rest):
            self._leave_out(each)
        if not followed.end and not followed.rest:
            return
        begun = (head or followed.head)[: min(HEAD_BYTES, max(followed.end, len(followed.rest)))]
        known = KnownLog(
            file_name=source.name,
            head_fingerprint=compute_fingerprint(begun),
            head_bytes=len(begun),
            tail_fingerprint=compute_fingerprint(followed.tail),
            read_bytes=followed.end,
            line_count=found.last_input_lines,
            read=_add_counts(before.read, summarise_records(found))
            if before
            else summarise_records(found),
            rest=summarise_records(rest),
            is_resumable=followed.by_line,
            rereads=before.rereads if before else former.rereads + 1 if former else 0,
            files=former.files if former else (),
        )
        number = self._same(known, followed) if number is None else number
        number = self.ledger.put_log(known, number)
        self.logs_read.add(number)
        if file is not None:
            self.ledger.note_file(number, source.name, file)
        if found.account.records or rest.account.records:
            self.done.logs.append(replace(found, facts=Facts(), located=None))
        for each in (found, rest):
            self._take(each, number, known.rereads)

    def _same(self, known: KnownLog, followed: Followed) -> int | None:
        """The log that one is after all, now that it was read: of standard input that could not be told before."""
        for number in sorted(
            range(len(self.ledger.logs)), key=self.ledger.measure_log, reverse=True
        ):
            each = self.ledger.logs[number]
            tail = followed.tails.get(each.read_bytes)
            begins_alike = each.head_bytes <= known.head_bytes and tail is not None
            if (
                begins_alike
                and compute_fingerprint(tail or b"") == each.tail_fingerprint
                and _fingerprint_head(followed, each) == each.head_fingerprint
            ):
                return number
        return None

    def _leave_out(self, found: Log) -> None:
        """Account for events of sessions that are to be forgotten as such."""
        forgotten = self.writer.committed.forgotten
        if not forgotten or not found.facts.row_count:
            return
        sessions = found.facts.list_sessions()
        keys = StoreNumbering(self.writer.committed.secret, self.writer.committed.salts)
        theirs = sessions.numbers.filter(
            keys.number_sids(sessions.list_sids()).is_in(list(forgotten))
        )
        facts = found.facts.to_frame().filter(pl.col("sid").is_in(theirs.implode()))
        identity = (
            self.parser.vocabulary.number_identities().gather(facts["said"]).alias("identity")
        )
        n = facts.select("sid", identity, "ts").n_unique()
        found.account.tally.update({"forgotten": n, "event": -n})

    def _take(self, found: Log, number: int, reading: int) -> None:
        """Add what a log says to what is to be written, and to the run's account."""
        _extend_account(self.done.account, found.account, len(self.done.inputs) - 1)
        if not found.account.records:
            return
        sessions = found.facts.list_sessions()
        self.facts.add_rows(found.facts.to_frame(), sessions)
        if found.located is not None and not found.located.is_empty():
            of = {"file": number, "reading": reading}
            lines = found.located.with_columns(
                pl.lit(n, pl.UInt32).alias(name) for name, n in of.items()
            )
            self.events.append(lines.join(sessions.to_frame(), on="sid").drop("sid"))

    # -- writing -------------------------------------------------------------------------------------------------

    def write(self) -> IngestResult:
        """Bring what was read into the store. Raises OutputError where it cannot be written."""
        manifest = self.writer.committed
        keys = StoreNumbering(manifest.secret, manifest.salts)
        events = pl.concat(self.events, how="diagonal") if self.parser.in_full else None
        brought = merge_facts(
            self.state, self.facts, keys, MergeSettings(self.wanted.clock), events=events
        )
        after = self._put(manifest, brought)
        self.done.account.events += brought.new_events
        expired = brought.removed_events["expired"]
        self.done.account.tally.update({"expired": expired, "event": -expired})
        after = replace(
            after,
            salts=keys.salts,
            unsettled=tuple(sorted(brought.pending)),
            account=sum_accounts(self.ledger),
            event_count=manifest.event_count + brought.count_change.events,
            untimed_count=manifest.untimed_count + brought.count_change.untimed,
            removed_events=self._removed(brought),
            last_clock=self.wanted.clock,
            looked_at=self.wanted.clock if self.looks else manifest.looked_at,
            new_events_at=self.wanted.clock
            if not brought.segment.facts.is_empty()
            else manifest.new_events_at,
        )
        self.done.after = self.writer.commit_manifest(
            after, removed_files=_find_replaced_files(manifest, after)
        )
        self.state = StoreState(self.folder, self.done.after)
        if any(brought.removed_events.values()):
            # Its codes of what was left out stand for nothing now.
            self.parser = self._parser()
        self._begin()
        return self.done

    def _said(self, made: segment.Segment) -> pl.DataFrame:
        """All contents, the new ones that were left out as if they had never been said."""
        said = segment.tabulate_attributes(self.parser.vocabulary.list_attributes())
        new = pl.int_range(self.state.attributes.height, said.height, dtype=pl.UInt32, eager=True)
        lost = new.filter(
            ~new.is_in(segment.collect_codes([made.facts, made.events], ["said"]).implode())
        )
        return (
            segment.blank_attributes(said, lost, [made.conversations], [made.attempts])
            if lost.len()
            else said
        )

    def _removed(self, brought: MergeResult) -> Mapping[str, int]:
        removed = self.writer.committed.removed_events
        self.expired += brought.removed_events["expired"]
        if self.wanted.is_reread and len(self.logs_read) == len(self.ledger.logs):
            # All that there ever was: the forgotten are among what was read.
            return {"expired": self.expired}
        # Of what is read again, these are counted: then they would be taken for duplicates a second time less.
        return (
            removed
            if self.again
            else add_removed(removed, {"expired": brought.removed_events["expired"]})
        )

    def _put(self, manifest: Manifest, brought: MergeResult) -> Manifest:
        """Write the files of what was brought; the manifest with their names comes back."""
        number, dead, said = (
            self.writer.generation,
            manifest.superseded_file,
            manifest.attributes_file,
        )
        made, edges = brought.segment, (brought.earliest, brought.latest)
        parts = (
            [
                compact.write_segment(
                    self.writer, files.name_segment(number), made, edges, self.wanted.clock
                )
            ]
            if made.collect_tables()
            else []
        )
        if not brought.superseded.is_empty():
            rows = pl.concat([self.state.superseded, brought.superseded]).sort("segment", "row")
            dead = self.writer.write_frame(f"dead-{number:06}.parquet", rows)
        if len(self.parser.vocabulary) > self.state.attributes.height:
            said = self.writer.write_frame(f"said-{number:06}.parquet", self._said(made))
        logs = self.writer.write_file(f"ledger-{number:06}.json", self.ledger.to_json())
        return replace(
            manifest,
            segments=(*manifest.segments, *parts),
            superseded_file=dead,
            attributes_file=said,
            ledger_file=logs,
        )


def _fingerprint_head(followed: Followed, known: KnownLog) -> str:
    return compute_fingerprint(followed.head[: known.head_bytes])


def read_ledger(folder: Path, manifest: Manifest) -> Ledger:
    """The store's ledger."""
    return (
        Ledger()
        if manifest.ledger_file is None
        else ledger.parse_ledger(files.read_undamaged(folder, manifest, manifest.ledger_file))
    )


def _find_replaced_files(before: Manifest, after: Manifest) -> frozenset[str]:
    """Files that others take the place of."""
    was, now = (
        {each.attributes_file, each.superseded_file, each.ledger_file} for each in (before, after)
    )
    return frozenset(name for name in was - now if name is not None)


def add_removed(removed: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """How many events were removed, and why, with more of them."""
    return dict(Counter(removed) + Counter(more))


# -- accounts ----------------------------------------------------------------------------------------------------


def summarise_records(of: Log) -> RecordCounts:
    """Where a log's records went."""
    found = of.account
    rejects = tuple(
        (each.line, each.reason, each.member) for each in found.first_rejects[:_MAX_STORED_REJECTS]
    )
    return RecordCounts(
        found.records,
        {name: n for name, n in found.tally.items() if n},
        dict(found.unknown_events),
        rejects,
    )


def _add_counts(one: RecordCounts, other: RecordCounts) -> RecordCounts:
    return RecordCounts(
        one.records + other.records,
        dict(Counter(one.tally) + Counter(other.tally)),
        _count_names(one.unknown, other.unknown),
        (*one.rejects, *other.rejects)[:_MAX_STORED_REJECTS],
    )


def _count_names(*parts: object) -> dict[str, int]:
    found: Counter[str] = Counter()
    for part in parts:
        for name, n in dict(part).items():  # type: ignore[call-overload]
            found[name if name in found or len(found) < _MAX_STORED_NAMES else "other"] += n
    return dict(found)


def sum_accounts(of: Ledger) -> StoredAccount:
    """Where the records of all logs went."""
    counts: Counter[str] = Counter()
    for each in of.logs:
        counts.update(each.read.tally)
        counts.update(each.rest.tally)
    tallies = [part for each in of.logs for part in (each.read, each.rest)]
    rejects = (
        (each.file_name, *place)
        for each in of.logs
        for part in (each.read, each.rest)
        for place in part.rejects
    )
    return StoredAccount(
        files=len(of.logs),
        records=sum(each.records for each in tallies),
        tally=dict(counts),
        unknown=_count_names(*(each.unknown for each in tallies)),
        rejects=tuple(place for place, _ in zip(rejects, range(_MAX_STORED_REJECTS), strict=False)),
    )


def _extend_account(to: log.Account, more: log.Account, number: int) -> None:
    """Add the account of the input with this number among those that were read."""
    to.records += more.records
    to.tally += more.tally
    to.unknown_events = Counter(_count_names(to.unknown_events, more.unknown_events))
    to.first_rejects += more.first_rejects[: _MAX_STORED_REJECTS - len(to.first_rejects)]
    for lines in more.unrecognised_inputs.values():
        to.unrecognised_inputs[number] = lines
