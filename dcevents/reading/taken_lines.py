"""Lines that a scanner has taken, but for those that were read record by record after all."""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from dcevents.model.events import REJECT_REASONS
from dcevents.reading.framing import ResumePoint
from dcevents.reading.read_block import MemberList, ReadBlock, RejectedRecord
from dcevents.reading.scanner import (
    ALONE,
    NO_NAME,
    OTHER_BUCKETS,
    TOLD_BY_LINES,
    LineStatus,
    Run,
    Runs,
    ScannedBlock,
    StructureCount,
    TakenEvents,
    TakenOthers,
)
from dcevents.reading.scanner.block import Buffer, find_entries
from dcevents.reading.scanner.long_lists import NO_NUMBER, ScannedMembers
from dcevents.reading.scanner.rejects import TakenRejects
from dcevents.reading.sources.buffers import BlockBytes

if TYPE_CHECKING:
    from dcevents.reading.records import NumberedMembers

_FED: Final = 0xFF
"""Stands for the bucket of a line that is read record by record after all."""
_SPAN_FIELDS: Final = 6
"""Numbers of each of `TakenOthers.rejected_spans`."""
_UNKNOWN: Final = re.compile(re.escape(bytes([OTHER_BUCKETS.index("unknown_event")])))
_REJECTED: Final = re.compile(rb"\x01")
"""Where `_IS_REJECTED` says so."""
_IGNORED: Final = [OTHER_BUCKETS.index(name) for name in ("widget_ready", "unknown_event")]


@dataclass
class FedEntries:
    """Entries of columns whose lines were read record by record after all."""

    events: list[range] = field(default_factory=list)
    others: list[range] = field(default_factory=list)

    def add_lines(self, scanned: ScannedBlock, run: Run, lines: range) -> None:
        """Add the entries of some lines of a run."""
        if run.status is not LineStatus.OTHER:
            self.events.append(find_entries(scanned.events.lines, lines))
        if run.status is LineStatus.OTHER or run.status in TOLD_BY_LINES:
            self.others.append(find_entries(scanned.others.lines, lines))

    def add_all(self, scanned: ScannedBlock, lines: range) -> None:
        """Add all entries of some lines."""
        self.events.append(find_entries(scanned.events.lines, lines))
        self.others.append(find_entries(scanned.others.lines, lines))


def drop_entries(events: TakenEvents, fed: Sequence[range]) -> TakenEvents:
    """Return the events of a block but for some entries."""
    if not fed:
        return events
    ends = [0, *(each.stop for each in fed)]
    begins = [*(each.start for each in fed), events.count]
    kept = [range(end, begin) for end, begin in zip(ends, begins, strict=True)]
    return select_entries(events, kept)


def select_entries(events: TakenEvents, kept: Sequence[range]) -> TakenEvents:
    """Return some events of a block; sids and combinations stay."""

    def select(column: Buffer, size: int) -> bytes:
        view = memoryview(column).cast("B")
        return b"".join(view[each.start * size : each.stop * size] for each in kept)

    return replace(
        events,
        count=sum(map(len, kept)),
        lines=select(events.lines, 4),
        sessions=select(events.sessions, 4),
        attributes=select(events.attributes, 4),
        times=select(events.times, 8),
        forms=select(events.forms, 1),
        structures=select(events.structures, 2),
        members=select(events.members, 4),
    )


def count_structures(events: TakenEvents, runs: Runs, fed: Sequence[range]) -> list[StructureCount]:
    """Return which structures the events of a block have, with text before them or without."""
    left_out = {entry for each in fed for entry in each}
    if len(left_out) == events.count:
        return []
    counts = {
        (number, has_prefix): each
        for has_prefix, counted in ((False, events.envelopes), (True, events.prefixed))
        for number, each in enumerate(counted)
        if each.events
    }
    if left_out:
        _leave_out(counts, _PlacedStructures(events, runs), left_out)
    return [each for each in counts.values() if each.events]


class _PlacedStructures:
    """Says of each event of a block its structure, and whether text is before it."""

    def __init__(self, events: TakenEvents, runs: Runs) -> None:
        self.lines = memoryview(events.lines).cast("B").cast("I")
        self._numbers = memoryview(events.structures).cast("B").cast("H")
        self._members = memoryview(events.members).cast("B").cast("I")
        self._runs = runs
        self._has_prefixes = any(status in runs.statuses for status in ALONE)

    def find_member(self, entry: int) -> int:
        """Return which record of its line an event is; 0 for the only one."""
        return self._members[entry] if self._members else 0

    def find(self, entry: int) -> tuple[int, bool]:
        """Return the number of an event's structure, and whether text is before it."""
        number, has_prefix = self._numbers[entry], False
        if self._has_prefixes:
            has_prefix = self._runs.find_line(self.lines[entry]).status in ALONE
        return number, has_prefix


def _leave_out(
    counts: dict[tuple[int, bool], StructureCount], placed: _PlacedStructures, left_out: set[int]
) -> None:
    """Take some events out of counts; where one was the first, another is."""
    without_first = set()
    for entry in left_out:
        key = placed.find(entry)
        each = counts[key]
        counts[key] = each._replace(events=each.events - 1)
        if (placed.lines[entry], placed.find_member(entry)) == (each.first_line, each.first_member):
            without_first.add(key)
    without_first = {key for key in without_first if counts[key].events}
    entries = (entry for entry in range(len(placed.lines)) if entry not in left_out)
    for entry in entries if without_first else ():
        key = placed.find(entry)
        if key in without_first:
            first_line, member = placed.lines[entry], placed.find_member(entry)
            counts[key] = counts[key]._replace(first_line=first_line, first_member=member)
            without_first.discard(key)
            if not without_first:
                return


class OtherLines:
    """The lines of a block that are no event, but for those that were fed."""

    def __init__(self, others: TakenOthers, fed: Sequence[range], first_line: int) -> None:
        buckets = bytearray(others.buckets)
        for each in fed:
            buckets[each.start : each.stop] = bytes([_FED]) * len(each)
        self._buckets = bytes(buckets)
        self._others = others
        self._lines = memoryview(others.lines).cast("B").cast("I")
        self._first_line = first_line
        self._spans = memoryview(others.rejected_spans).cast("B").cast("I")
        self._span_entries = self._spans[::_SPAN_FIELDS]

    def count_buckets(self) -> dict[str, int]:
        """Count lines by bucket or reason."""
        counts = ((name, self._buckets.count(n)) for n, name in enumerate(OTHER_BUCKETS))
        return {name: count for name, count in counts if count}

    def count_unknown(self) -> dict[str, tuple[int, int]]:
        """Return for each name of an unknown event its first line, and how many have it."""
        if not self._others.unknown_names:
            return {}
        entries = [match.start() for match in _UNKNOWN.finditer(self._buckets)]
        numbers = [*map(memoryview(self._others.names).cast("B").cast("I").__getitem__, entries)]
        lines = [*map(self._lines.__getitem__, entries)]
        found = _count_names(numbers, lines, self._others.unknown_names)
        return {name: (self._first_line + line, count) for name, line, count in found}

    def find_first_ignored(self) -> int | None:
        """Return the first line that is an unknown event, or the widget's."""
        place = _find_ignored(self._buckets)
        return None if place is None else self._first_line + self._lines[place]

    def list_rejects(
        self, data: BlockBytes, scanned: ScannedBlock, wanted: int | None
    ) -> list[RejectedRecord]:
        """Return the first rejected records, so many of them or all, with their bytes."""
        are_rejected = self._buckets.translate(_IS_REJECTED)
        if wanted == 0 or 1 not in are_rejected:
            return []
        entries = (match.start() for match in _REJECTED.finditer(are_rejected))
        rejects, found = TakenRejects(data, scanned), list[RejectedRecord]()
        for entry in islice(entries, wanted):
            reason = OTHER_BUCKETS[self._buckets[entry]]
            if span := self._span_entries and self._find_span(entry):
                number, prefix, prefix_end, begin, end = span
                line, raw = self._lines[entry], bytes(data[prefix:prefix_end] + data[begin:end])
            else:
                line, number, raw = rejects.find(entry, reason)
            found.append(RejectedRecord(self._first_line + line, number, reason, raw))
        return found

    def _find_span(self, entry: int) -> list[int]:
        """Return which record of its line a rejected one is, and where its bytes lie.

        Nothing for one that is all of its line.
        """
        entries = self._span_entries
        place = bisect_left(entries, entry)
        if place == len(entries) or entries[place] != entry:
            return []
        return self._spans[_SPAN_FIELDS * place + 1 : _SPAN_FIELDS * (place + 1)].tolist()


def _count_names(
    numbers: Sequence[int], lines: Sequence[int], names: Sequence[str]
) -> Iterator[tuple[str, int, int]]:
    """Yield each name of an unknown event, the first of its lines, and how many have it."""
    counts = Counter(numbers)
    counts.pop(NO_NAME, None)
    firsts = dict(zip(reversed(numbers), reversed(lines), strict=True)) if counts else {}
    return ((names[number], firsts[number], count) for number, count in counts.items())


def _find_ignored(buckets: bytes) -> int | None:
    """Return the place of the first bucket of an unknown event, or the widget's."""
    places = [place for each in _IGNORED if (place := buckets.find(each)) >= 0]
    return min(places, default=None)


_IS_REJECTED: Final = bytes(
    number < len(OTHER_BUCKETS) and OTHER_BUCKETS[number] in REJECT_REASONS
    for number in range(1 << 8)
)


def split_block(block: ReadBlock, resume: ResumePoint) -> tuple[ReadBlock, ReadBlock]:
    """Return the part of a block before a place, and that behind."""
    before = block._replace(
        records=[record for record in block.records if record.start < resume.offset],
        lists=[each for each in block.lists if each.begin < resume.offset],
    )
    behind = [record for record in block.records if record.start >= resume.offset]
    lines = memoryview(block.events.lines).cast("B").cast("I")
    find = bisect_left if resume.is_line_start else bisect_right
    first, count = find(lines, resume.line - block.first_line), block.events.count
    lists = [each for each in block.lists if each.begin >= resume.offset]
    after = ReadBlock(block.file, behind, block.first_line, lists=lists)
    if first == count:
        return before, after
    before = before._replace(events=select_entries(block.events, [range(first)]))
    return before, after._replace(events=select_entries(block.events, [range(first, count)]))


# -- members of long lists -------------------------------------------------------------------------


def list_members(found: "Sequence[NumberedMembers]", wanted: int | None) -> list[MemberList]:
    """Return what members say that were taken, together those that were read at once.

    Of rejected ones the first so many are given with their bytes, or all.
    """
    groups = groupby(found, key=lambda each: id(each.taken.members))
    return [_list_group([*group], wanted) for _, group in groups]


def _list_group(found: "Sequence[NumberedMembers]", wanted: int | None) -> MemberList:
    first = found[0].taken
    members = first.members
    assert isinstance(members, ScannedMembers)  # noqa: S101 - nobody else takes any
    runs = [range(each.taken.first, each.taken.stop) for each in found]
    has_neighbours = (each.taken.has_neighbour for each in found)
    counts = (each.count for each in found)
    numbers = members.number([*zip(runs, counts, has_neighbours, strict=True)])
    events = select_entries(
        members.scanned.events, [find_entries(members.scanned.events.lines, run) for run in runs]
    )
    events = _place_events(events, members, numbers)
    others = _MemberOthers(found, members, numbers)
    return MemberList(
        first.start,
        first.line,
        events,
        _count_lines(events, first.line),
        others.count_buckets(),
        others.count_unknown(),
        others.find_first_ignored(),
        others.list_rejects(wanted),
    )


def _place_events(
    events: TakenEvents, members: ScannedMembers, numbers: "array[int]"
) -> TakenEvents:
    """Return events of members with their lines, and their numbers on these."""
    lines, places = members.place_events(events, numbers)
    return replace(events, lines=lines.tobytes(), members=places.tobytes())


def _count_lines(events: TakenEvents, first_line: int) -> list[StructureCount]:
    """Return which structures events have, and the first line of each."""
    packed = bytes(events.structures)
    is_one = packed == packed[:2] * events.count
    numbers = memoryview(packed[:2] if is_one else packed).cast("H").tolist()
    lines, places = (memoryview(each).cast("I") for each in (events.lines, events.members))
    counts = dict.fromkeys(numbers, events.count) if is_one else Counter(numbers)
    found = ((number, count, numbers.index(number)) for number, count in counts.items())
    return [
        StructureCount(
            events.envelopes[number].structure,
            count,
            first_line + lines[at],
            first_member=places[at],
        )
        for number, count, at in found
    ]


class _MemberOthers:
    """The records in members of a list that are no event."""

    def __init__(
        self, found: "Sequence[NumberedMembers]", members: ScannedMembers, numbers: Sequence[int]
    ) -> None:
        others = members.scanned.others
        self._members = members
        self._numbers = numbers
        self._first = found[0].taken
        lines = memoryview(others.lines).cast("B").cast("I")
        runs = (range(each.taken.first, each.taken.stop) for each in found)
        entries = [entry for run in runs for entry in find_entries(others.lines, run)]
        self._lines = [lines[entry] for entry in entries]
        self._buckets = bytes(others.buckets[entry] for entry in entries)
        names = memoryview(others.names).cast("B").cast("I")
        self._names = [names[entry] for entry in entries]
        self._texts = others.unknown_names

    def count_buckets(self) -> dict[str, int]:
        """Count records by bucket or reason."""
        return {OTHER_BUCKETS[bucket]: count for bucket, count in Counter(self._buckets).items()}

    def count_unknown(self) -> dict[str, tuple[int, int]]:
        """Return for each name of an unknown event its first line, and how many have it."""
        found = _count_names(self._names, self._lines, self._texts)
        return {name: (self._find_line(member), count) for name, member, count in found}

    def _find_line(self, member: int) -> int:
        return self._first.line + self._members.lines[member]

    def find_first_ignored(self) -> tuple[int, int] | None:
        """Return line and number of the first that is an unknown event, or the widget's."""
        place = _find_ignored(self._buckets)
        if place is None:
            return None
        member = self._lines[place]
        return self._find_line(member), self._find_number(place)

    def _find_number(self, place: int) -> int:
        """Return the number of an entry's record on its line, 0 for the only one."""
        member = self._lines[place]
        number, counts = self._numbers[member], self._members.counts
        if number == NO_NUMBER or counts is None:
            return _place_member(number, 0)
        found = self._members.scanned.events
        events = find_entries(found.lines, range(member, member + 1))
        numbers = memoryview(found.members).cast("B").cast("I")[events.start : events.stop]
        others = [own for own in range(1, counts[member] + 1) if own not in numbers]
        own = others[place - bisect_left(self._lines, member)] if counts[member] > 1 else 0
        return _place_member(number, own)

    def list_rejects(self, wanted: int | None) -> list[RejectedRecord]:
        """Return the first rejected records, so many of them or all, with their bytes."""
        is_rejected = self._buckets.translate(_IS_REJECTED)
        places = (at for at in range(len(is_rejected)) if is_rejected[at])
        return [
            RejectedRecord(
                self._find_line(self._lines[at]),
                self._find_number(at),
                OTHER_BUCKETS[self._buckets[at]],
                self._members.read_raw(self._lines[at]),
            )
            for at in islice(places, wanted)
        ]


def _place_member(number: int, own: int) -> int:
    """Return the number of a record on its line, 0 for the only one; `own` is in its member."""
    return 0 if number == NO_NUMBER else number + (own or 1)
