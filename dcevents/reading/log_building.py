"""Records on their way into a log: counted by bucket, events as rows."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import polars as pl

from dcevents.model.events import KINDS, REJECT_REASONS
from dcevents.model.facts import Facts
from dcevents.model.numbers.packed_events import PackedEvents
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.account import (
    MAX_SHOWN_REJECTS,
    MAX_UNRECOGNISED_INPUTS,
    SAME_LINE,
    SAMPLE_BYTES,
    Account,
    InputCounts,
    RejectedLine,
)
from dcevents.reading.envelopes import (
    Envelope,
    EnvelopeCount,
    add_envelopes,
    describe_envelope,
)
from dcevents.reading.event_rows import LOCATED_COLUMNS, EventFrame, EventRows
from dcevents.reading.judge import Rejection, Structure, UnknownEvent
from dcevents.reading.judge.findings import NO_EVENT, NO_SID, NOT_AN_OBJECT, TOO_LONG
from dcevents.reading.read_block import ReadBlock, RejectedRecord
from dcevents.reading.read_settings import ReadSettings

if TYPE_CHECKING:
    from dcevents.reading.records import ReadRecord

_MIN_ROWS: Final = 1 << 18
"""Events that are added at once: each time costs as much as some thousands of them."""
_MAX_SAMPLES: Final = 5
"""Rejected records that are kept of an unrecognised input."""
_REJECT_REASONS: Final = frozenset(REJECT_REASONS)
_MAX_REMEMBERED_STRUCTURES: Final = 10_000
_MAX_EXAMINED: Final = 1000
"""Rejected records of an input that are searched for names."""

_NAMELESS: Final = (NO_EVENT, NOT_AN_OBJECT)

KeepReject = Callable[[RejectedLine, bytes], None]
"""Takes each rejected record with its text, in order."""


@cache
def _compile_full_name() -> re.Pattern[bytes]:
    """Return what names an event. Few logs have rejected records."""
    kinds = "|".join(kind.replace("_", "[^a-z0-9]{0,3}") for kind in KINDS)
    return re.compile(f"(?i)conversations?[^a-z0-9]{{0,3}}(?:{kinds})".encode())


class _NamedRejects:
    """The rejected records of one input that name an event, as far as they are searched."""

    def __init__(self) -> None:
        self.examined = 0
        self.named = 0
        self.first_line: int | None = None

    def add(self, rejects: Iterable[RejectedRecord]) -> None:
        """Search rejected records, in order, until enough are."""
        for each in rejects:
            if self.examined == _MAX_EXAMINED:
                return
            self.examined += 1
            is_searched = each.reason not in _NAMELESS
            if each.reason == NO_SID or (is_searched and _compile_full_name().search(each.raw)):
                self.named += 1
                self.first_line = each.line if self.first_line is None else self.first_line

    def estimate(self, rejects: int) -> int:
        """Return how many of so many rejected records name an event, by those searched."""
        if rejects <= self.examined or not self.examined:
            return self.named
        return rejects * self.named // self.examined


@dataclass
class _InputFindings:
    """Holds what an input has shown so far."""

    file: int
    is_candidate: bool
    """Whether rejected records may show that the input is no log."""
    has_event: bool = False
    is_begun: bool = False
    samples: list[bytes] = field(default_factory=list)
    """The first rejected records; those of one line are one sample."""
    sampled_line: int = 0
    counts: InputCounts = field(default_factory=InputCounts)
    rejects: int = 0
    named: _NamedRejects = field(default_factory=_NamedRejects)
    estimate: int = 0

    def add_samples(self, rejects: Sequence[RejectedRecord], header: bytes) -> None:
        """Add the first rejected records, until there are enough, behind the header of a CSV."""
        if header and rejects and not self.samples:
            self.samples = [header[:SAMPLE_BYTES]]
        for each in rejects:
            raw, is_same_line = each.raw[:SAMPLE_BYTES], each.line == self.sampled_line
            if is_same_line and len(self.samples[-1]) < SAMPLE_BYTES:
                self.samples[-1] += SAME_LINE + raw
            elif len(self.samples) < _MAX_SAMPLES and not is_same_line:
                self.samples.append(raw)
                self.sampled_line = each.line
            else:
                return


class LogBuilder:
    """The records of a log, or of a part of it, as they come in."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        settings: ReadSettings,
        names: Sequence[str],
        keep_reject: KeepReject | None,
        *,
        is_held: bool = False,
    ) -> None:
        """Begin a log; one that is held makes no facts before `finish`."""
        self.account = Account(files=len(names))
        self.envelopes: dict[Envelope, EnvelopeCount] = {}
        self.facts = Facts(vocabulary)
        self._settings = settings
        self._names = names
        self._keep_reject = keep_reject
        self._vocabulary = vocabulary
        self.rows = EventRows(vocabulary, settings)
        self._only_counts = False
        self._is_held = is_held
        self._frames: list[EventFrame] = []
        """Events that are no facts yet."""
        self._frame_rows = 0
        self._located: list[pl.DataFrame] = []
        self.input_counts: dict[int, InputCounts] = {}
        """By the input's number."""
        self._input = _InputFindings(0, is_candidate=False)
        self._block_envelopes: dict[Envelope, tuple[EnvelopeCount, tuple[int, int]]] = {}
        self._envelope_of: dict[tuple[Structure, bool, bool], Envelope] = {}
        self._is_table = False

    def only_count(self, rows: EventRows) -> None:
        """Only count records from now on: another builder makes facts of their rows."""
        self.rows, self._only_counts = rows, True

    # -- inputs ----------------------------------------------------------------------------------

    def begin_input(self, file: int, *, is_resumed: bool) -> None:
        """Begin to take the records of an input."""
        noted = len(self.account.unrecognised_inputs)
        is_candidate = not is_resumed and noted < MAX_UNRECOGNISED_INPUTS
        counts = InputCounts(is_resumed=is_resumed)
        self._input = _InputFindings(file, is_candidate, counts=counts)
        self.input_counts[file] = counts

    @property
    def has_event(self) -> bool:
        """Return whether the present input has held an event."""
        return self._input.has_event

    def end_input(self) -> None:
        """Note an input that begins with a rejected record, and holds no event.

        Any rejected record counts for the only input of a log.
        """
        found = self._input
        if found.is_candidate and found.samples and not found.has_event:
            self.account.unrecognised_inputs[found.file] = found.samples

    def _note_input(self, block: ReadBlock, rejects: Sequence[RejectedRecord]) -> None:
        found = self._input
        is_event = (record.event is not None for record in block.records)
        found.has_event = found.has_event or block.has_taken_event or any(is_event)
        if not found.is_candidate:
            return
        first_good = block.find_first_good()
        if not found.is_begun and (rejects or first_good):
            found.is_begun = True
            is_rejected = rejects and (first_good is None or rejects[0][:2] < first_good)
            found.is_candidate = bool(is_rejected) or len(self._names) == 1
        found.add_samples(rejects, block.header)

    # -- records ---------------------------------------------------------------------------------

    @property
    def wanted_rejects(self) -> int | None:
        """Return how many more rejected lines are wanted with their bytes; None for all."""
        if self._keep_reject:
            return None
        missing = MAX_SHOWN_REJECTS - len(self.account.first_rejects)
        unexamined = _MAX_EXAMINED - self._input.named.examined
        return max(missing, _MAX_SAMPLES - len(self._input.samples), unexamined)

    def add_block(self, block: ReadBlock) -> None:
        """Add what a block holds."""
        unknown = block.count_unknown()
        rejects = block.list_rejects()
        self._block_envelopes, self._is_table = {}, bool(block.header)
        tally, untimed = block.count_taken(), self.rows.untimed
        for record in block.records:
            bucket = self._add_record(block.file, record, unknown, rejects)
            tally[bucket] += 1
        if block.rejects or block.lists:
            rejects.sort(key=_get_place)
        self._add_taken(block, tally)
        self.account.records += tally.total()
        self.account.tally.update(tally)
        self.account.count_unknown_events(unknown)
        self._note_input(block, rejects)
        self._count_input(tally, self.rows.untimed - untimed, rejects)
        self._keep_rejects(block.file, rejects)
        self._add_envelopes()
        self._take_frames(is_all=False)

    def _count_input(
        self, tally: Counter[str], untimed: int, rejects: Sequence[RejectedRecord]
    ) -> None:
        """Add a block's numbers of records to its input's."""
        found, counts = self._input, self._input.counts
        counts.records += tally.total() - tally["blank"] - tally["incomplete"]
        counts.events += tally["event"] + tally["later"]
        counts.untimed += untimed
        counts.ready += tally["widget_ready"]
        found.rejects += sum(count for name, count in tally.items() if name in _REJECT_REASONS)
        found.named.add(rejects)
        before, found.estimate = found.estimate, found.named.estimate(found.rejects)
        counts.named_rejects += found.estimate - before
        if counts.first_named_reject is None:
            counts.first_named_reject = found.named.first_line

    def _add_record(
        self,
        file: int,
        record: "ReadRecord",
        unknown: dict[str, tuple[int, int]],
        rejects: list[RejectedRecord],
    ) -> str:
        """Add a record; return its bucket, or why it is rejected or ignored.

        The name of an unknown event, and the bytes of a rejected record, are added to lists.
        """
        event = record.event
        if event is not None:
            is_kept = self.rows.add_event(event, file, record.line, record.index)
            self._count_envelope(event.structure, record, file)
            return "event" if is_kept else "later"
        bucket = record.reason or record.bucket
        if isinstance(record.outcome, UnknownEvent):
            first, count = unknown.get(record.outcome.name, (record.line, 0))
            unknown[record.outcome.name] = min(first, record.line), count + 1
        elif record.bucket == "rejected":
            self.account.long_sids += record.outcome == Rejection(TOO_LONG)
            raw = record.prefix.encode(errors="surrogateescape") + record.raw
            rejects.append(RejectedRecord(record.line, record.index or 0, bucket, raw))
        return bucket

    def _add_taken(self, block: ReadBlock, tally: Counter[str]) -> None:
        """Add the events that a scanner has taken, and their numbers to a tally."""
        if not block.has_taken_event:
            return
        for events, first_line in block.list_events():
            if block.packed and events is block.events:
                later = self.rows.add_packed(block.packed)
            else:
                later = self.rows.add_taken(events, block.file, first_line) if events.count else 0
            tally["event"] += events.count - later
            tally["later"] += later
        for each in block.list_structures():
            envelope = self._find_envelope(each.structure, has_prefix=each.has_prefix)
            count = EnvelopeCount(each.events, block.file, each.first_line)
            self._count(envelope, count, each.first_member)

    def _keep_rejects(self, file: int, rejects: Sequence[RejectedRecord]) -> None:
        """Note the first rejected records; pass all to `keep_reject`."""
        first_rejects = self.account.first_rejects
        for line, member, reason, raw in rejects:
            is_noted = len(first_rejects) < MAX_SHOWN_REJECTS
            if not is_noted and not self._keep_reject:
                return
            rejected = RejectedLine(self._names[file], line, reason, member or None)
            if is_noted:
                first_rejects.append(rejected)
            if self._keep_reject:
                self._keep_reject(rejected, raw)

    # -- envelopes -------------------------------------------------------------------------------

    def _count_envelope(self, structure: Structure, record: "ReadRecord", file: int) -> None:
        envelope = self._find_envelope(structure, has_prefix=bool(record.prefix.strip()))
        self._count(envelope, EnvelopeCount(1, file, record.line), record.index or 0)

    def _find_envelope(self, structure: Structure, *, has_prefix: bool) -> Envelope:
        key = structure, has_prefix, self._is_table
        found = self._envelope_of.get(key)
        if found is None:
            if len(self._envelope_of) >= _MAX_REMEMBERED_STRUCTURES:
                self._envelope_of.clear()
            found = describe_envelope(structure, has_prefix=has_prefix, is_row=self._is_table)
            self._envelope_of[key] = found
        return found

    def _count(self, envelope: Envelope, count: EnvelopeCount, member: int) -> None:
        """Count records of a block; the first is the member of its line that is given."""
        place = count.line, member
        before = self._block_envelopes.get(envelope)
        if before is not None:
            records, place = before[0].records + count.records, min(before[1], place)
            count = EnvelopeCount(records, count.file, place[0])
        self._block_envelopes[envelope] = count, place

    def _add_envelopes(self) -> None:
        """Add the envelopes of a block, in the order of their first lines."""
        if self._block_envelopes:
            found = sorted(self._block_envelopes.items(), key=lambda item: item[1][1])
            counts = {envelope: count for envelope, (count, _) in found}
            self.envelopes = add_envelopes(self.envelopes, counts)

    # -- rows ------------------------------------------------------------------------------------

    def _take_frames(self, *, is_all: bool) -> None:
        """Make facts of events, unless they are held."""
        if self._only_counts:
            return
        self._add_frames(self.rows.take_frames(is_all=is_all))
        if self._is_held or not self._frames or (self._frame_rows < _MIN_ROWS and not is_all):
            return
        rows = [each for each in self._frames if isinstance(each, pl.DataFrame)]
        packed = [each for each in self._frames if isinstance(each, PackedEvents)]
        if rows:
            self.facts.add_rows(pl.concat(rows))
        if packed:
            self.facts.add_packed(packed)
        if self._settings.in_full:
            self._located += rows
        self._frames, self._frame_rows = [], 0

    def _add_frames(self, frames: Sequence[EventFrame]) -> None:
        self._frames += frames
        self._frame_rows += sum(frame.height for frame in frames)

    def absorb(self, other: "LogBuilder") -> None:
        """Take over the records that are held elsewhere, and follow these."""
        account, more = self.account, other.account
        account.records += more.records
        account.tally += more.tally
        account.long_sids += more.long_sids
        for name, records in more.unknown_events.items():
            account.count_unknown_event(name, records)
        account.first_rejects += more.first_rejects
        del account.first_rejects[MAX_SHOWN_REJECTS:]
        self.envelopes = add_envelopes(self.envelopes, other.envelopes)
        self._input.has_event |= other.has_event
        for file, counts in other.input_counts.items():
            self.input_counts.setdefault(file, InputCounts()).add(counts)
        self._add_frames(other.take_held())
        other.forget_counts()

    def take_account(self) -> Account:
        """Return the account of what was read since the last one was taken."""
        account, self.account = self.account, Account(files=1)
        return account

    def take_findings(self, other: "LogBuilder") -> None:
        """Take over what an input has shown of which all records are held elsewhere."""
        self._input = other._input  # noqa: SLF001 - of the same class
        self.input_counts[self._input.file] = self._input.counts

    def forget_counts(self) -> None:
        """Begin to count anew: what was counted is counted elsewhere."""
        self.account, self.envelopes = Account(files=len(self._names)), {}
        self._input.counts = InputCounts(is_resumed=self._input.counts.is_resumed)
        self.input_counts = {self._input.file: self._input.counts}

    def take_held(self) -> list[EventFrame]:
        """Return all events that are held, and forget them."""
        self._take_frames(is_all=True)
        frames, self._frames, self._frame_rows = self._frames, [], 0
        return frames

    def finish(self) -> pl.DataFrame | None:
        """Make facts of all events; return the located ones in the order of inputs and lines."""
        self._is_held = False
        self._take_frames(is_all=True)
        self._vocabulary.codes.forget_columns()
        if not self._settings.in_full:
            return None
        frame = pl.concat([pl.DataFrame(schema=LOCATED_COLUMNS), *self._located])
        return frame.sort("file", "line", "member")


_get_place = itemgetter(0, 1)
