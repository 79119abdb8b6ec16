"""Logs with lists of more than the longest record, and what is read of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from scanned import CONTEXT, expect_event, list_events

from dcevents.reading.judge import UnknownEvent
from dcevents.reading.read_block import MemberList, ReadBlock
from dcevents.reading.records import ReadRecord, RecordReader
from dcevents.reading.scanner import (
    ScannedBlock,
    Scanner,
    make_line_passer,
    make_member_scanner,
)
from dcevents.reading.scanner.block import Runs
from dcevents.reading.taken_lines import list_members

if TYPE_CHECKING:
    from dcevents.reading.framing import ResumePoint

PAD = b'{"pad":"' + b"x" * 400_000 + b'"}'
PADS = 3
"""So many are more than the longest record, and two of them less."""


class Reading(NamedTuple):
    """What was read of a log, in any order: two readings of it compare."""

    events: list[tuple[int, int, tuple[Any, ...]]]
    """Line, number on it, what the event says."""
    counts: Counter[str]
    """Of all other records, by bucket or reason."""
    unknown: dict[str, tuple[int, int]]
    """First line and number of the records of each unknown event."""
    rejects: list[tuple[int, int, str, bytes]]
    resumes: list[ResumePoint]
    """Where a later run reads on, behind each piece."""
    first_good: tuple[int, int] | None


def read_pieces(
    data: bytes, cuts: Iterable[int] = (), scanner: Scanner | None = None
) -> tuple[Reading, int]:
    """Return what was read of a log that comes in pieces, and how many events a scanner took."""
    members = make_member_scanner(scanner) if scanner else None
    reader = RecordReader(
        CONTEXT,
        read_members=members.scan if members else None,
        pass_lines=make_line_passer(scanner) if scanner else None,
    )
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    records: list[ReadRecord] = []
    resumes = []
    for begin, end in pairwise(places):
        records += reader.feed(data[begin:end])
        resumes.append(reader.resume)
    records += reader.finish()
    lists = list_members(reader.members, None)
    return make_reading(records, lists, resumes), sum(each.events.count for each in lists)


def make_reading(
    records: Sequence[ReadRecord], lists: Sequence[MemberList], resumes: list[ResumePoint]
) -> Reading:
    """Return what compares of records, and of members that were taken."""
    block = ReadBlock(0, records, 0, lists=lists)
    counts, unknown, rejects = block.count_taken(), block.count_unknown(), block.list_rejects()
    events = [
        (each.first_line + line, member, entry)
        for each in lists
        for line, found in list_events(ScannedBlock(Runs(), 0, each.events)).items()
        for member, entry in found
    ]
    found = [(each.line, each.member, each.reason, each.raw) for each in rejects]
    for record in records:
        number = record.index or 0
        if record.event:
            events.append((record.line, number, expect_event(record.event)))
            continue
        counts[record.reason or record.bucket] += 1
        if isinstance(record.outcome, UnknownEvent):
            line, count = unknown.get(record.outcome.name, (record.line, 0))
            unknown[record.outcome.name] = min(line, record.line), count + 1
        if record.bucket == "rejected":
            found.append((record.line, number, str(record.reason), record.raw))
    first_good = block.find_first_good()
    return Reading(
        sorted(events, key=lambda event: (event[:2], str(event))),
        counts,
        unknown,
        sorted(found),
        resumes,
        first_good,
    )
