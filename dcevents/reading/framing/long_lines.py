"""A line of more than the longest record → its values, window by window.

The rest is too long.

A window is as long as the longest record. Values that are whole in it are records, whatever
follows; a value that is longer than the window is read past, and is one record (`too_long`).
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dcevents.reading.framing.attempts import WORD_BYTES, AttemptOutcome
from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.decoding import NoJsonValueError, decode
from dcevents.reading.framing.records import (
    MAX_RECORD_BYTES,
    CutObjects,
    FramedRecord,
    ReadMembers,
    TakenMembers,
)
from dcevents.reading.framing.segments import LineSegment
from dcevents.reading.framing.sequences import End, Item, Sequence
from dcevents.reading.framing.tokens import Status, ValueScan
from dcevents.reading.json_value import SEPARATORS

WINDOW_BYTES: Final = MAX_RECORD_BYTES + 1
_STEP_BYTES: Final = 1 << 16
_HEAD = re.compile(rb"[ \t\r,\[]*+")
_BETWEEN = re.compile(rb"[ \t\r,]*+")
_TAIL = re.compile(rb"[ \t\r,\]]*+\Z")


class LongWindow(NamedTuple):
    """Hold what a window has: values that are whole, up to the character `stop`."""

    segment: LineSegment
    items: list[Item]
    stop: int
    is_value: bool
    """Whether an object or a string begins there that is longer than a window."""
    is_readable: bool


def read_window(
    line: int, begin: int, data: bytes, read_members: ReadMembers | None = None
) -> LongWindow:
    """Return what the first bytes of a long line hold."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return LongWindow(LineSegment(line, begin, data), [], 0, is_value=False, is_readable=False)
    segment = LineSegment(line, begin, data if text.isascii() else text.encode())
    if read_members and data.startswith(b"{") and _is_open_object(data, read_members):
        return LongWindow(segment, [], 0, is_value=True, is_readable=False)
    text, sequence = segment.text or "", segment.sequence
    items, stop = _whole_items(text, sequence)
    is_readable = stop > 0 and sequence.end is not End.BROKEN
    is_value = stop == 0 and sequence.end is End.VALUE and text.startswith(("{", '"'))
    return LongWindow(segment, items, stop, is_value, is_readable)


def _is_open_object(data: bytes, read_members: ReadMembers) -> bool:
    """Return whether the object with which bytes begin does not end there: nobody decodes it."""
    found = read_members(data, (b"", b""), False)
    return found is not None and found.is_open and not len(found)


def _whole_items(text: str, sequence: Sequence) -> tuple[list[Item], int]:
    """Return the values of a window, but for a number at its end, which may go on."""
    items, stop = sequence.items, sequence.reached
    if items and items[-1].end == len(text) and not items[-1].is_object:
        return items[:-1], items[-1].at
    if stop == len(text):
        stop = len(text.rstrip(WORD_BYTES.decode()))
    return items, stop


def has_value(text: str) -> bool:
    """Return whether a text is more than separators."""
    return bool(text.strip(SEPARATORS + "[]"))


class LineMembers(NamedTuple):
    """Objects along a line that a faster reader was asked about, as many as a window has."""

    head: bytes
    """Separators and brackets before the first."""
    members: CutObjects
    others: dict[int, FramedRecord]
    """Those that were not taken."""
    begin: int
    """Where the bytes begin that `members` counts from."""
    line: int
    size: int
    """Up to where the line was read, from the head on."""
    has_comma: bool
    """Behind the last."""

    def list_records(self) -> "Iterator[FramedRecord | TakenMembers]":
        """Yield what stands for the objects, in order."""
        members, number = self.members, 0
        while number < len(members):
            stop = members.find_aside(number)
            if stop > number:
                start = self.begin + members.begins[number]
                yield TakenMembers(members, number, stop, self.line, start)
            if stop in self.others:
                yield self.others[stop]
            number = stop + 1


def read_line_members(
    line: int, begin: int, data: bytes, read_members: ReadMembers, *, is_rest: bool
) -> LineMembers | None:
    """Return the objects of a window, or of a line's rest, of which nothing else is in it.

    None where there is anything else: it is for `read_window`, or all is to be read like a line.
    """
    head = _HEAD.match(data)
    size = head.end() if head else 0
    if is_rest and b"[" in data[:size]:
        return None
    members = read_members(data[size:], (b"", b""), False)
    if members is None or len(members) <= 1:
        return None
    behind = size + members.stop
    between = _BETWEEN.match(data, behind)
    stop = between.end() if between else behind
    if is_rest:
        if not _TAIL.match(data, behind):
            return None
        stop = behind
    elif not members.is_open or not (stop == len(data) or data.startswith(b"{", stop)):
        return None
    others = _read_others(members, data, size, LineSegment(line, begin, data))
    if others is None:
        return None
    has_comma = b"," in data[behind:stop]
    return LineMembers(data[:size], members, others, begin + size, line, stop, has_comma)


def _read_others(
    members: CutObjects, data: bytes, size: int, segment: LineSegment
) -> dict[int, FramedRecord] | None:
    """Return the records of objects that were not taken; None where one of them is none."""
    found, number = {}, members.find_aside(0)
    while number < len(members):
        at, end = size + members.begins[number], size + members.ends[number]
        raw = data[at:end]
        try:
            value = decode(raw.decode())
        except (NoJsonValueError, UnicodeDecodeError):
            return None
        begin = segment.begin
        found[number] = FramedRecord(segment.line, begin + at, begin + end, value=value, raw=raw)
        number = members.find_aside(number + 1)
    return found


@dataclass(slots=True)
class LongValue:
    """An object or string of more than the longest record on one line, read past up to `at`."""

    segment: LineSegment
    at: int
    scan: ValueScan = field(default_factory=ValueScan)

    @property
    def is_object(self) -> bool:
        """Return whether the value is an object, not a string."""
        return self.segment.data.startswith(b"{")

    def read_on(self, buffer: Buffer, *, is_final: bool) -> AttemptOutcome:
        """Read past the value.

        BROKEN where it is none, or the line ends within it.
        """
        while True:
            line_end = buffer.find_line_end(self.at)
            last = buffer.end if line_end is None else line_end
            is_last = last - self.at <= _STEP_BYTES
            if is_last and line_end is None and not is_final:
                return AttemptOutcome.WAITS
            data = buffer.read(self.at, min(last, self.at + _STEP_BYTES))
            if not is_last:
                data = data.rstrip(WORD_BYTES) or data
            status = self._take(data)
            if status is Status.CLOSED:
                return AttemptOutcome.CLOSED
            if status in {Status.BROKEN, Status.TOO_DEEP} or is_last:
                return AttemptOutcome.BROKEN
            buffer.drop_before(self.at)

    def _take(self, data: bytes) -> Status:
        begin = self.at
        status, place = self.scan.read(data, 0, self.at)
        if status is Status.CUT:
            place = self.scan.enter_string(data, place)
        self.at += place
        return Status.BROKEN if self.at == begin else status
