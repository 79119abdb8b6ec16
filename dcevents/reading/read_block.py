"""What a block of an input holds. Plain data, on its way from reading to counting."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from dcevents.reading.framing import ResumePoint
from dcevents.reading.records import ReadRecord
from dcevents.reading.scanner import TakenEvents
from dcevents.reading.scanner.block import Buffer


class RejectedRecord(NamedTuple):
    """A record that is not counted, and its bytes."""

    line: int
    member: int
    """Number of the record in its line; 0 where it is the only one."""
    reason: str
    raw: bytes


class ReadBlock(NamedTuple):
    """What a block of an input holds: records that were read one by one, and lines taken."""

    file: int
    """Number of the input."""
    records: Sequence[ReadRecord]
    first_line: int = 1
    """Number of the line from which lines of `events` and `envelopes` are counted."""
    events: TakenEvents = TakenEvents()
    buckets: Mapping[str, int] = {}
    """Numbers of lines that are no event, by bucket or reason."""
    unknown: Mapping[str, tuple[int, int]] = {}
    """By name of an unknown event: the first line that has it, and how many have."""
    first_ignored: int | None = None
    """The first line that is an unknown event, or the widget's."""
    rejects: Sequence[RejectedRecord] = ()
    """Rejected lines that were taken, as many as were asked for."""

    def find_first_good(self) -> tuple[int, int] | None:
        """Return line and member of a block's first record that is neither blank nor rejected."""
        good = (each for each in self.records if each.bucket not in ("blank", "rejected"))
        places = [(record.line, record.index or 0) for record in islice(good, 1)]
        if self.events.count:
            lines = memoryview(self.events.lines).cast("B").cast("I")
            places.append((self.first_line + lines[0], 0))
        if self.first_ignored is not None:
            places.append((self.first_ignored, 0))
        return min(places, default=None)


def split_block(block: ReadBlock, resume: ResumePoint) -> tuple[ReadBlock, ReadBlock]:
    """Return the part of a block before a place, and that behind."""
    records: tuple[list[ReadRecord], list[ReadRecord]] = [], []
    for record in block.records:
        records[record.start >= resume.offset].append(record)
    lines = memoryview(block.events.lines).cast("B").cast("I")
    find = bisect_left if resume.is_line_start else bisect_right
    first = find(lines, resume.line - block.first_line)
    before = block._replace(records=records[0], events=_slice_events(block.events, 0, first))
    after = ReadBlock(block.file, records[1], block.first_line)
    if first < block.events.count:
        events = _slice_events(block.events, first, block.events.count)
        after = after._replace(events=replace(events, envelopes=()))
    return before, after


def _slice_events(events: TakenEvents, begin: int, end: int) -> TakenEvents:
    """Return some events of a block; sids and combinations stay."""
    if begin == 0 and end == events.count:
        return events
    return replace(
        events,
        count=end - begin,
        lines=_slice_column(events.lines, 4, begin, end),
        sessions=_slice_column(events.sessions, 4, begin, end),
        attributes=_slice_column(events.attributes, 4, begin, end),
        times=_slice_column(events.times, 8, begin, end),
        forms=_slice_column(events.forms, 1, begin, end),
        structures=_slice_column(events.structures, 2, begin, end),
    )


def _slice_column(column: Buffer, size: int, begin: int, end: int) -> memoryview:
    return memoryview(column).cast("B")[begin * size : end * size]
