"""What the scanner takes of a block, held line by line to the records of each line alone."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from columns import read_row

from dcevents.model.attributes import Attributes
from dcevents.model.events import KINDS
from dcevents.model.moments import ANCIENT, UNTIMED
from dcevents.reading.envelopes import name_own_keys
from dcevents.reading.framing import FramedRecord
from dcevents.reading.framing.decoding import decode
from dcevents.reading.json_value import SEPARATOR_BYTES
from dcevents.reading.judge import (
    Context,
    Event,
    Structure,
    UnknownEvent,
    judge_value,
    write_path,
)
from dcevents.reading.records import ReadRecord, RecordReader, _make_record
from dcevents.reading.scanner import (
    NO_NAME,
    OTHER_BUCKETS,
    TOLD_BY_LINES,
    LineStatus,
    Run,
    ScannedBlock,
    Scanner,
    make_scanner,
)
from dcevents.reading.scanner.block import find_entries
from dcevents.reading.timestamps import FORMS

if TYPE_CHECKING:
    from dcevents.reading.judge.nodes import Path

EVENTS = (LineStatus.EVENT, LineStatus.EVENT_ALONE)
MAX_BEGUN = 8
"""Lines of half a value that may stand before an event."""
TAKEN = (*EVENTS, *TOLD_BY_LINES)
CONTEXT = Context(clock_ms=1_772_366_400_000)


def numbers(column: Any, kind: Any) -> list[int]:
    return list(memoryview(column).cast("B").cast(kind))


def list_sids(block: ScannedBlock) -> list[str]:
    sids = block.events.sids
    offsets = numbers(sids.offsets, "I")[: sids.count + 1]
    packed = bytes(sids.packed)
    return [packed[at:end].decode() for at, end in pairwise(offsets)]


Entry = tuple[Any, ...]


def list_events(block: ScannedBlock) -> dict[int, list[tuple[int, Entry]]]:
    """Return what the events of each line say, each behind its number among the line's records.

    Sid, attributes, time, form, structure.
    """
    taken = block.events
    sids = list_sids(block)
    members = numbers(taken.members, "I") or [0] * taken.count
    found: dict[int, list[tuple[int, Entry]]] = {}
    for line, member, session, attributes, ms, form, structure in zip(
        numbers(taken.lines, "I"),
        members,
        numbers(taken.sessions, "I"),
        numbers(taken.attributes, "I"),
        numbers(taken.times, "q"),
        numbers(taken.forms, "B"),
        numbers(taken.structures, "H"),
        strict=True,
    ):
        entry = (
            sids[session],
            read_row(taken.combinations, attributes),
            ms,
            FORMS[form],
            describe(taken.envelopes[structure].structure),
        )
        found.setdefault(line, []).append((member, entry))
    return found


Other = tuple[str, str | None]


def list_others(block: ScannedBlock) -> dict[int, list[Other]]:
    """Return what the records of each line that are no events say: bucket or reason, and name."""
    taken = block.others
    found: dict[int, list[Other]] = {}
    for line, bucket, name in zip(
        numbers(taken.lines, "I"),
        numbers(taken.buckets, "B"),
        numbers(taken.names, "I"),
        strict=True,
    ):
        text = None if name == NO_NAME else taken.unknown_names[name]
        found.setdefault(line, []).append((OTHER_BUCKETS[bucket], text))
    return found


def describe(structure: Structure) -> Structure:
    """Return a structure as it is told: without numbers of members, and only what is used."""

    def tell(path: Path | None) -> Any:
        return None if path is None else write_path(name_own_keys(path))

    return structure._replace(
        event=tell(structure.event),
        fields=tuple((part, tell(path)) for part, path in structure.fields),
        time=tell(structure.time),
        page=tell(structure.page),
        times=tuple(map(tell, structure.times)),
        pages=tuple(map(tell, structure.pages)),
    )


def read_alone(data: bytes, context: Context = CONTEXT) -> list[ReadRecord]:
    reader = RecordReader(context)
    return [*reader.feed(data), *reader.finish()]


def judge_alone(data: bytes, context: Context = CONTEXT) -> list[ReadRecord]:
    """Return the records of a line that is one JSON value: as above, in a tenth of the time."""
    text = data.decode()
    found = judge_value(decode(text), context)
    framed = FramedRecord(1, 0, len(text))
    numbered = len(found) > 1
    return [
        _make_record(framed, each.outcome, number if numbered else None)
        for number, each in enumerate(found, 1)
    ]


Read = Callable[[bytes, Context], list[ReadRecord]]


def expect_event(event: Event) -> tuple[Any, ...]:
    """Return what a scanner says of an event, from what the judge says."""
    attributes = Attributes(
        KINDS.index(event.kind),
        event.id,
        event.name,
        event.type,
        event.ui_type,
        event.page,
        event.agent_id,
        event.agent_name,
        None,
    )
    time = event.time
    ms = {"ancient": ANCIENT, "untimed": UNTIMED}.get(time.status, time.ms)
    return event.sid, attributes, ms, time.form, describe(event.structure)


def check_block(
    data: bytes,
    scanner: Scanner | None = None,
    context: Context = CONTEXT,
    read: Read = read_alone,
) -> Counter[LineStatus]:
    """Hold a block to its lines alone; return how many lines have which status.

    It is scanned more than once: what was learned from a line must not change what it says.
    """
    scanner = scanner or make_scanner(context, in_full=False)
    first = scanner.scan(data)
    scanner.scan(data)
    block = scanner.scan(data)
    lines = split_lines(data)
    assert list(block.runs) == list(first.runs)
    assert list_events(block) == list_events(first)
    assert list_others(block) == list_others(first)
    assert block.lines == len(lines)
    events, others = list_events(block), list_others(block)
    several_events = several_others = prefixed_events = 0
    found: Counter[LineStatus] = Counter()
    for run in walk_runs(block, lines):
        found[run.status] += run.entries or run.lines
        if run.status is LineStatus.SEVERAL_OVER_LINES:
            number = run.first_line
            said = events.get(number, []), others.get(number, [])
            whole = b"".join(lines[number : number + run.lines])
            check_several(whole, *said, context, read)
            several_events += len(said[0])
            several_others += len(said[1])
            continue
        if run.status is LineStatus.OBJECTS_OVER_LINES:
            for number, whole in split_values(lines, run, {*events, *others}):
                if number in events:
                    check_event(whole, events[number][0][1], context, read)
                else:
                    check_other(whole, others[number][0], [], context, read)
                several_events += number in events
                several_others += number in others
            continue
        for number in range(run.first_line, run.first_line + run.lines):
            if run.status in {LineStatus.EVENT, LineStatus.EVENT_ALONE}:
                check_event(lines[number], events[number][0][1], context, read)
            elif run.status in {LineStatus.SEVERAL, LineStatus.SEVERAL_ALONE}:
                said = events.get(number, []), others.get(number, [])
                check_several(lines[number], *said, context, read)
                if run.status is LineStatus.SEVERAL_ALONE:
                    check_spans(block, data, lines[number], number, context)
                    prefixed_events += len(said[0])
                several_events += len(said[0])
                several_others += len(said[1])
            elif run.status is LineStatus.OTHER:
                following = lines[number + 1 : number + 1 + MAX_BEGUN]
                check_other(lines[number], others[number][0], following, context, read)
    taken = sum(found[status] for status in EVENTS)
    assert block.events.count == taken + several_events
    assert block.others.count == found[LineStatus.OTHER] + several_others
    prefixed = sum(each.events for each in block.events.prefixed)
    unprefixed = sum(each.events for each in block.events.envelopes)
    assert prefixed == found[LineStatus.EVENT_ALONE] + prefixed_events
    assert prefixed + unprefixed == block.events.count
    return found


def split_lines(data: bytes) -> list[bytes]:
    """Return lines with their LF."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def walk_runs(block: ScannedBlock, lines: list[bytes]) -> Iterator[Run]:
    """Yield runs, which are in order and without gaps."""
    number, place = 0, 0
    entries = {"events": 0, "others": 0}
    for run in block.runs:
        assert (run.first_line, run.begin) == (number, place)
        assert run.lines > 0
        assert run.end - run.begin == sum(map(len, lines[number : number + run.lines]))
        lines_of_run = range(run.first_line, run.first_line + run.lines)
        if run.status in TOLD_BY_LINES:
            entries["events"] += len(find_entries(block.events.lines, lines_of_run))
            entries["others"] += len(find_entries(block.others.lines, lines_of_run))
        elif run.status is not LineStatus.ASIDE:
            columns = "others" if run.status is LineStatus.OTHER else "events"
            assert run.first_entry == entries[columns]
            entries[columns] += run.entries
        yield run
        number, place = number + run.lines, run.end
    assert number == len(lines)


def split_values(lines: list[bytes], run: Run, taken: set[int]) -> Iterator[tuple[int, bytes]]:
    """Yield values over lines, each with the line that it begins on: one that was taken."""
    stop = run.first_line + run.lines
    begins = [number for number in range(run.first_line, stop) if number in taken]
    assert begins[0] == run.first_line
    for number, behind in pairwise([*begins, stop]):
        yield number, b"".join(lines[number:behind])


def check_event(line: bytes, said: tuple[Any, ...], context: Context, read: Read) -> None:
    records = read(line, context)
    assert [(each.bucket, each.index, each.line) for each in records] == [("events", None, 1)], line
    event = records[0].event
    assert event is not None
    check_event_said(event, said, context, line)


def check_event_said(event: Event, said: Entry, context: Context, line: bytes) -> None:
    expected = expect_event(event)
    if event.time.status == "future":
        assert said[2] > context.clock_ms + 86_400_000, line
        said, expected = (*said[:2], *said[3:]), (*expected[:2], *expected[3:])
    assert said == expected, line


def check_several(
    line: bytes,
    events: list[tuple[int, Entry]],
    others: list[Other],
    context: Context,
    read: Read,
) -> None:
    """Hold the records of a line to what was taken, each in its place."""
    records = read(line, context)
    assert events or others, line
    assert len(records) == len(events) + len(others), line
    for member, said in events:
        record = records[max(member, 1) - 1]
        assert (record.index or 0) == member, line
        assert record.event is not None, line
        check_event_said(record.event, said, context, line)
    found = [record for record in records if record.event is None]
    assert [say_other(record) for record in found] == others, line
    for record in found:
        # Rejected records of a list have the bytes of all of it.
        assert not record.raw or record.prefix or record.raw == line.strip(SEPARATOR_BYTES), line


def check_spans(
    block: ScannedBlock, data: bytes, line: bytes, number: int, context: Context
) -> None:
    """Hold the bytes of the rejected records of an array behind text to those of the line alone."""
    lines = numbers(block.others.lines, "I")
    found = [
        (member, data[prefix_begin:prefix_end] + data[begin:end])
        for entry, member, prefix_begin, prefix_end, begin, end in struct.iter_unpack(
            "=6I", block.others.rejected_spans
        )
        if lines[entry] == number
    ]
    rejected = [each for each in read_alone(line, context) if each.bucket == "rejected"]
    assert found == [(each.index or 0, each.prefix.encode() + each.raw) for each in rejected], line


def check_other(
    line: bytes, said: Other, following: list[bytes], context: Context, read: Read
) -> None:
    records = read(line, context)
    if [each.bucket for each in records] == ["incomplete"]:
        # Half a value, which the next line that is an event breaks off.
        whole = b"".join([line, *following])
        records = [each for each in read_alone(whole, context) if each.line == 1]
    assert len(records) == 1, line
    record = records[0]
    assert record.index is None, line
    assert said == say_other(record), line
    if record.raw and record.reason in {"no_event", "no_sid"} and b"\\ud" not in line:
        # Its bytes are taken to be those of its line; halves of pairs are written otherwise.
        raw = record.prefix.encode(errors="surrogateescape") + record.raw
        assert line.strip(SEPARATOR_BYTES) == raw, line


def say_other(record: ReadRecord) -> Other:
    unknown = record.outcome.name if isinstance(record.outcome, UnknownEvent) else None
    return record.reason or record.bucket, unknown


Said = tuple[int, str, str | None]


def say_read(record: ReadRecord, line: int = 0) -> Said:
    """Return what compares of a record: its line, bucket and reason, what it says."""
    event = record.event
    said = None if event is None else str(expect_event(event)[:2])
    if isinstance(record.outcome, UnknownEvent):
        said = record.outcome.name
    return line or record.line, record.reason or record.bucket, said


class CombinedReading:
    """The records of a log of which a scanner takes what it can, as the package reads it."""

    def __init__(self, scanner: Scanner, context: Context = CONTEXT) -> None:
        self._scanner = scanner
        self._reader = RecordReader(context)
        self._line = 1
        self.records: list[Said] = []

    def read_block(self, data: bytes) -> None:
        """Read lines, each with its LF but for the last of the log."""
        block = self._scanner.scan(data)
        events, others = list_events(block), list_others(block)
        for run in block.runs:
            if run.status is LineStatus.ASIDE:
                self._note(self._reader.feed(data[run.begin : run.end]))
            elif self._reader.is_idle:
                self._reader.pass_lines(run.lines, run.end - run.begin)
                self._take(range(run.first_line, run.first_line + run.lines), events, others)
            elif run.status is LineStatus.EVENT:
                self._note(self._reader.pass_event_lines(data[run.begin : run.end]))
                self._take(range(run.first_line, run.first_line + run.lines), events, others)
            else:
                self._note(self._reader.feed(data[run.begin : run.end]))
        self._line += data.count(b"\n")

    def finish(self) -> list[Said]:
        """Return all records in order."""
        self._note(self._reader.finish())
        return sorted(self.records, key=str)

    def _note(self, records: list[ReadRecord]) -> None:
        self.records += map(say_read, records)

    def _take(
        self,
        lines: range,
        events: dict[int, list[tuple[int, Entry]]],
        others: dict[int, list[Other]],
    ) -> None:
        for line in lines:
            for _, said in events.get(line, []):
                self.records.append((self._line + line, "events", str(said[:2])))
            for other in others.get(line, []):
                self.records.append((self._line + line, *other))


def check_reading(blocks: list[bytes], scanner: Scanner | None = None) -> None:
    """Hold a log that a scanner helps to read to the same log without."""
    combined = CombinedReading(scanner or make_scanner(CONTEXT, in_full=False))
    for block in blocks:
        combined.read_block(block)
    expected = sorted(map(say_read, read_alone(b"".join(blocks))), key=str)
    assert combined.finish() == expected
