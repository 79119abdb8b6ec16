"""Lines that a scanner has taken, but for those that were read record by record after all."""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

from dcevents.model.events import REJECT_REASONS
from dcevents.reading.framing import ResumePoint
from dcevents.reading.json_value import SEPARATOR_BYTES
from dcevents.reading.read_block import MemberList, ReadBlock, RejectedRecord
from dcevents.reading.scanner import (
    ALONE,
    NO_NAME,
    OTHER_BUCKETS,
    SEVERAL,
    LineStatus,
    Run,
    Runs,
    ScannedBlock,
    StructureCount,
    TakenEvents,
    TakenOthers,
)
from dcevents.reading.scanner.block import Buffer
from dcevents.reading.scanner.long_lists import NO_NUMBER, ScannedMembers
from dcevents.reading.sources.buffers import BlockBytes

if TYPE_CHECKING:
    from dcevents.reading.records import NumberedMembers

_FED: Final = 0xFF
"""Stands for the bucket of a line that is read record by record after all."""
_SPAN_FIELDS: Final = 6
"""Numbers of each of `TakenOthers.rejected_spans`."""
_IGNORED: Final = [OTHER_BUCKETS.index(name) for name in ("widget_ready", "unknown_event")]
_OBJECT_REASONS: Final = {"no_event", "no_sid"}
_EVENT_STATUSES: Final = (
    LineStatus.EVENT,
    LineStatus.EVENT_ALONE,
    LineStatus.EVENT_OVER_LINES,
    *sorted(SEVERAL),
)


@dataclass
class FedEntries:
    """Entries of columns whose lines were read record by record after all."""

    events: list[range] = field(default_factory=list)
    others: list[range] = field(default_factory=list)

    def add_lines(self, scanned: ScannedBlock, run: Run, lines: range) -> None:
        """Add the entries of some lines of a run."""
        if run.status is not LineStatus.OTHER:
            self.events.append(find_entries(scanned.events.lines, lines))
        if run.status is LineStatus.OTHER or run.status in SEVERAL:
            self.others.append(find_entries(scanned.others.lines, lines))

    def add_all(self, scanned: ScannedBlock, lines: range) -> None:
        """Add all entries of some lines."""
        self.events.append(find_entries(scanned.events.lines, lines))
        self.others.append(find_entries(scanned.others.lines, lines))


def find_entries(column: Buffer, lines: range) -> range:
    """Return the entries of some lines in a column of lines."""
    numbers = memoryview(column).cast("B").cast("I")
    return range(bisect_left(numbers, lines.start), bisect_left(numbers, lines.stop))


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
    if not fed:
        return [each for each in (*events.envelopes, *events.prefixed) if each.events]
    numbers = memoryview(events.structures).cast("B").cast("H")
    lines = memoryview(events.lines).cast("B").cast("I")
    left_out = {entry for each in fed for entry in each}
    found: dict[tuple[int, bool], list[int]] = {}
    for status in _EVENT_STATUSES:
        has_prefix = status in ALONE
        for run in runs.list_of(status):
            entries = range(run.first_entry, run.first_entry + run.entries)
            if status in SEVERAL:
                run_lines = range(run.first_line, run.first_line + run.lines)
                entries = find_entries(events.lines, run_lines)
            for entry in entries:
                if entry not in left_out:
                    count = found.setdefault((numbers[entry], has_prefix), [0, lines[entry]])
                    count[0] += 1
                    count[1] = min(count[1], lines[entry])
    structures = [each.structure for each in events.envelopes]
    return [
        StructureCount(structures[number], count, first, has_prefix)
        for (number, has_prefix), (count, first) in found.items()
    ]


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

    def count_buckets(self) -> dict[str, int]:
        """Count lines by bucket or reason."""
        counts = ((name, self._buckets.count(n)) for n, name in enumerate(OTHER_BUCKETS))
        return {name: count for name, count in counts if count}

    def count_unknown(self) -> dict[str, tuple[int, int]]:
        """Return for each name of an unknown event its first line, and how many have it."""
        numbers = memoryview(self._others.names).cast("B").cast("I").tolist()
        if _FED in self._buckets:
            pairs = zip(numbers, self._buckets, strict=True)
            numbers = [NO_NAME if bucket == _FED else number for number, bucket in pairs]
        found = _count_names(numbers, self._lines, self._others.unknown_names)
        return {name: (self._first_line + line, count) for name, line, count in found}

    def find_first_ignored(self) -> int | None:
        """Return the first line that is an unknown event, or the widget's."""
        place = _find_ignored(self._buckets)
        return None if place is None else self._first_line + self._lines[place]

    def list_rejects(
        self, data: BlockBytes, runs: Runs, wanted: int | None
    ) -> list[RejectedRecord]:
        """Return the first rejected lines, so many of them or all, with their bytes."""
        found: list[RejectedRecord] = []
        is_rejected = self._buckets.translate(_IS_REJECTED)
        entry = is_rejected.find(1)
        run, line, at = Run(LineStatus.OTHER, 0, 0, 0, 0, 0), 0, 0
        while entry >= 0 and (wanted is None or len(found) < wanted):
            if self._lines[entry] >= run.first_line + run.lines:
                run = runs.find_line(self._lines[entry])
                line, at = run.first_line, run.begin
            for _ in range(self._lines[entry] - line):
                at = data.index(b"\n", at) + 1
            line = self._lines[entry]
            reason = OTHER_BUCKETS[self._buckets[entry]]
            if span := self._find_span(entry):
                member, prefix, prefix_end, begin, end = span
                raw = bytes(data[prefix:prefix_end] + data[begin:end])
            else:
                member, raw = 0, bytes(data[at : data.index(b"\n", at)])
                raw = raw.strip(SEPARATOR_BYTES) if reason in _OBJECT_REASONS else raw
            found.append(RejectedRecord(self._first_line + line, member, reason, raw))
            entry = is_rejected.find(1, entry + 1)
        return found

    def _find_span(self, entry: int) -> list[int]:
        """Return which record of its line a rejected one is, and where its bytes lie.

        Nothing for one that is all of its line.
        """
        entries = self._spans[::_SPAN_FIELDS]
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
    numbers = [NO_NUMBER] * len(members)
    for each in found:
        taken = range(each.taken.first, each.taken.stop)
        numbers[taken.start : taken.stop] = members.number(
            taken, each.count, has_neighbour=each.taken.has_neighbour
        )
    runs = [range(each.taken.first, each.taken.stop) for each in found]
    events = select_entries(
        members.scanned.events, [find_entries(members.scanned.events.lines, run) for run in runs]
    )
    lines = memoryview(events.lines).cast("B").cast("I").tolist()
    own = memoryview(events.members).cast("B").cast("I").tolist() or [0] * len(lines)
    places = [_place_member(numbers[line], each) for line, each in zip(lines, own, strict=True)]
    events = replace(
        events,
        lines=array("I", [members.lines[line] for line in lines]).tobytes(),
        members=array("I", places).tobytes(),
    )
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


def _count_lines(events: TakenEvents, first_line: int) -> list[StructureCount]:
    """Return which structures events have, and the first line of each."""
    numbers = memoryview(events.structures).cast("B").cast("H").tolist()
    lines, places = (memoryview(each).cast("I") for each in (events.lines, events.members))
    firsts = {number: at for at, number in reversed([*enumerate(numbers)])}
    found = Counter(numbers)
    return [
        StructureCount(
            events.envelopes[number].structure,
            found[number],
            first_line + lines[at],
            first_member=places[at],
        )
        for number, at in firsts.items()
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
        return self._find_line(member), _place_member(self._numbers[member], 0)

    def list_rejects(self, wanted: int | None) -> list[RejectedRecord]:
        """Return the first rejected records, so many of them or all, with their bytes."""
        is_rejected = self._buckets.translate(_IS_REJECTED)
        members = (self._lines[at] for at in range(len(is_rejected)) if is_rejected[at])
        buckets = (bucket for bucket in self._buckets if _IS_REJECTED[bucket])
        pairs = zip(members, buckets, strict=True)
        return [
            RejectedRecord(
                self._find_line(member),
                _place_member(self._numbers[member], 0),
                OTHER_BUCKETS[bucket],
                self._members.read_raw(member),
            )
            for member, bucket in islice(pairs, wanted)
        ]


def _place_member(number: int, own: int) -> int:
    """Return the number of a record on its line, 0 for the only one; `own` is in its member."""
    return 0 if number == NO_NUMBER else number + (own or 1)
