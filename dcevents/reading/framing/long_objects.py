"""Read the members of lists in an object of any length.

What lies around a list is shared, siblings are not: a member's record is the object with all its
lists emptied but for that member. So a list may be of any length; what is around it may not.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from dcevents.reading.framing.attempts import WORD_BYTES, AttemptOutcome
from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.decoding import NoJsonValueError, decode
from dcevents.reading.framing.prefixes import HasEvent
from dcevents.reading.framing.records import (
    MAX_RECORD_BYTES,
    Bucket,
    CutObjects,
    FramedRecord,
    PassLines,
    ReadMembers,
    TakenMembers,
)
from dcevents.reading.framing.segments import LineSegment, is_event_line
from dcevents.reading.framing.tokens import Status, ValueScan

MAX_AROUND_BYTES = MAX_RECORD_BYTES // 2
"""Bytes around the lists of an object, so that there is room for their members."""
_STEP_BYTES = 1 << 16
_FIRST_ASKED_BYTES = 1 << 13
_MAX_ASKED_BYTES = 2 * MAX_RECORD_BYTES
_FIRST_STEP_BYTES = 1 << 12
"""Of a member that may be long: what follows is passed over faster."""
MAX_REPEATS = 32
SPARE_BYTES = 1 << 24
"""What is around a list is read for each member anew: so many times the bytes of the object, and
so many bytes more. Nobody's list needs that; who asks for more asks for all the memory."""
_SPACE = b" \t\r\n"
_CLOSING_BRACKET = re.compile(rb"[ \t\r\n]*+\]")
_CLOSING = bytes.maketrans(b"{[", b"}]")


class _ListMember(NamedTuple):
    at: int
    line: int
    scan: ValueScan


class _PlacedMembers(NamedTuple):
    """Members that a faster reader has read, and the place and line where their bytes begin."""

    members: CutObjects
    begin: int
    line: int


@dataclass(slots=True)
class LongObject:
    """An object that is read up to `at` on `line`.

    `records` are those of its last members.
    """

    segment: LineSegment
    prefix: str
    at: int
    line: int
    scan: ValueScan = field(default_factory=ValueScan)
    around: bytearray = field(default_factory=bytearray)
    records: list[FramedRecord] = field(default_factory=list)
    has_members: bool = False
    _is_last_window: bool = False
    _is_line_start: bool = False
    _breaks_off: bool = False
    _passes_string: bool = False
    _repeated: int = 0
    """Bytes around lists that were read for members."""
    _is_behind_member: bool = False
    """The comma that follows is a member's, and no part of what is around."""
    _skips_member: bool = False
    """The member has no lists, and is longer than a record: it is read past."""
    _member: _ListMember | None = None
    _passed: _ListMember | None = None
    """A member that is longer than a record, and where the scan of it stopped."""
    _entered: list[tuple[int, int]] = field(default_factory=list)
    """Of members that were entered: how many brackets lie around, and how many bytes.

    A member is an object that is longer than a record, or an array.
    """
    _read: "_PlacedMembers | None" = None
    _no_members_before: int = 0
    """Where a faster reader is asked again."""
    _asked_bytes: int = _FIRST_ASKED_BYTES
    """What it is given next: a list may be short, and others may follow it."""

    def read_on(
        self,
        buffer: Buffer,
        has_event: HasEvent,
        pass_lines: PassLines | None = None,
        *,
        is_final: bool,
    ) -> AttemptOutcome:
        """Read further, up to the end of a member or the object.

        WAITS for more input.

        HOLDS_OBJECTS says that `records` are to be taken, and `read_on` to be called again.
        """
        if self._take_aside():
            return AttemptOutcome.HOLDS_OBJECTS
        while True:
            if self._is_line_start:
                outcome = self._check_line(buffer, has_event, is_final=is_final)
                if outcome is not None:
                    return outcome
            if pass_lines and self._member:
                self._pass_tokens(self._member, buffer, pass_lines)
            data = self._window(buffer, is_final=is_final)
            if data is None:
                return AttemptOutcome.WAITS
            if not data:
                return AttemptOutcome.CUT_OFF
            outcome = (
                self._read_member(self._member, data, buffer)
                if self._member
                else self._read_around(self._cut_behind_array(data), has_event)
            )
            if outcome is not AttemptOutcome.WAITS:
                return outcome

    @property
    def place(self) -> tuple[int, int]:
        """Return the offset and line from which the input is still needed."""
        if self._member and not self._skips_member:
            return self._member.at, self._member.line
        return self.at, self.line

    @property
    def is_within_member(self) -> bool:
        """Return whether a member has begun that has not ended."""
        return self._member is not None

    @property
    def is_at_event_line(self) -> bool:
        """Return whether the next line is an event, and no member lies before."""
        return self._breaks_off and self.place[0] == self.at

    # -- members that a faster reader takes ------------------------------------------------------

    def find_members(
        self, buffer: Buffer, read_members: ReadMembers, *, is_final: bool
    ) -> TakenMembers | None:
        """Return the next members, as many as a faster reader has taken; None for none."""
        if self.prefix or self._member or not self._is_behind_value:
            return None
        first = self._find_read(buffer, read_members, is_final=is_final)
        if self._read is None or first is None:
            return None
        members, begin, line = self._read
        stop = min(members.find_aside(first), len(members) - 1)
        if stop <= first or self._is_enough(stop - first):
            return None
        return TakenMembers(members, first, stop, line, begin + members.begins[first])

    def pass_members(self, taken: TakenMembers) -> None:
        """Pass over members that were found."""
        self._repeated += (taken.stop - taken.first) * len(self.around)
        self.at = taken.end
        self.line = taken.line + taken.members.end_lines[taken.stop - 1]

    def _take_aside(self) -> bool:
        """Take the next member where a faster reader has found its end, but does not read it."""
        if self._read is None or self._member or not self._is_behind_value:
            return False
        members, begin, line = self._read
        number = self._find_next(members, begin)
        if number is None or members.find_aside(number) != number or self._is_enough(1):
            return False
        raw, end = members.read_raw(number), begin + members.ends[number]
        try:
            value = decode(raw.decode())
        except (NoJsonValueError, UnicodeDecodeError):
            return False
        if len(raw) > MAX_RECORD_BYTES:
            return False
        first_line, start = line + members.lines[number], begin + members.begins[number]
        self.records = [FramedRecord(first_line, start, end, value=value, raw=raw)]
        self._repeated += len(self.around)
        self.at, self.line = end, line + members.end_lines[number]
        return True

    def _find_next(self, members: CutObjects, begin: int) -> int | None:
        """Return which member comes next of those that were read; None for none.

        What the last one's line has behind it is not known.
        """
        number = 0 if self.at == begin else members.find_behind(self.at - begin)
        return number if number is not None and number < len(members) - 1 else None

    @property
    def _is_behind_value(self) -> bool:
        """Return whether a member has just ended."""
        return self.has_members and self.scan.is_behind_member and self._is_behind_member

    def _find_read(
        self, buffer: Buffer, read_members: ReadMembers, *, is_final: bool
    ) -> int | None:
        """Return which member comes next of those that were read, or are now; None for none."""
        if self._read:
            members, begin, _ = self._read
            number = self._find_next(members, begin)
            if number is not None:
                return number
            self._read = None
        if self.at < self._no_members_before:
            return None
        if not is_final and buffer.end - self.at < _STEP_BYTES // 2:
            return None
        end = min(buffer.end, self.at + self._asked_bytes)
        around = bytes(self.around), self._closing()
        found = read_members(buffer.read(self.at, end), around, True)
        if found is None:
            self._no_members_before = self.at + MAX_RECORD_BYTES
            return None
        has_all = end == buffer.end
        self._asked_bytes = (
            min(2 * self._asked_bytes, _MAX_ASKED_BYTES) if found.is_open else _FIRST_ASKED_BYTES
        )
        if len(found) <= 1:
            behind = _STEP_BYTES if found.is_open and has_all else found.stop + 1
            self._no_members_before = self.at + behind
            return None
        self._read = _PlacedMembers(found, self.at, self.line)
        return 0

    def _is_enough(self, more: int) -> bool:
        """Return whether what is around would be read too often with so many more members."""
        repeated = self._repeated + more * len(self.around)
        return repeated > MAX_REPEATS * (self.at - self.segment.begin) + SPARE_BYTES

    def _check_line(
        self, buffer: Buffer, has_event: HasEvent, *, is_final: bool
    ) -> AttemptOutcome | None:
        """Break off before a line that is an event.

        Return None for any other line.
        """
        end = buffer.find_line_end(self.at)
        if end is None and not is_final and buffer.end - self.at <= MAX_RECORD_BYTES:
            return AttemptOutcome.WAITS
        end = buffer.end if end is None else end
        self._is_line_start = False
        if end - self.at <= MAX_RECORD_BYTES:
            self._breaks_off = is_event_line(buffer.read(self.at, end), has_event)
        return AttemptOutcome.BROKEN if self._breaks_off else None

    def _pass_tokens(self, member: _ListMember, buffer: Buffer, pass_lines: PassLines) -> None:
        """Pass over tokens of a member that is longer than most."""
        if self.at == member.at:
            return
        end = buffer.end if self._skips_member else member.at + MAX_RECORD_BYTES
        if member.scan.is_in_string:
            rest = buffer.read(self.at, min(end, self.at + _STEP_BYTES) - 1)
            self.at += member.scan.read_string(rest)
        self.at += pass_lines.pass_tokens(member.scan, buffer, self.at, end)

    def _window(self, buffer: Buffer, *, is_final: bool) -> bytes | None:
        """Return the next bytes, cut where no number or word is.

        None if there are too few.
        """
        is_first = self._member is not None and self.at == self._member.at
        end = step_end = self.at + (_FIRST_STEP_BYTES if is_first else _STEP_BYTES)
        if self._member and not self._skips_member:
            end = min(end, self._member.at + MAX_RECORD_BYTES)
        if buffer.end < end and not is_final:
            return None
        self._is_last_window = end < step_end and buffer.end >= end
        data = buffer.read(self.at, min(end, buffer.end))
        if line_end := data.find(b"\n") + 1:
            self._is_last_window = False
            return data[:line_end]
        return (data.rstrip(WORD_BYTES) or data) if buffer.end > end else data

    def _advance(self, data: bytes, size: int) -> bytes:
        taken = data[:size]
        self.at += size
        if taken.endswith(b"\n"):
            self.line += 1
            self._is_line_start = True
        return taken

    def _read_around(self, data: bytes, has_event: HasEvent) -> AttemptOutcome:
        """Read what lies around the lists, up to the next member."""
        if self._passes_string:
            return self._pass_string(data)
        status, size = self.scan.read(data, 0, self.at, stops_at_members=True)
        is_member = status is Status.CUT and self.scan.is_in_array and data[size : size + 1] == b'"'
        if is_member and size:
            status = Status.OPEN  # a window from here on says whether the string is a long one
        elif is_member:
            return self._pass_string(data)
        elif status is Status.CUT:
            size = self.scan.enter_string(data, size)
        taken = self._advance(data, size)
        while self._entered and len(self.scan.openers) <= self._entered[-1][0]:
            del self.around[self._entered.pop()[1] :]
            self._is_behind_member, taken = True, b""
        if self._is_behind_member:
            taken = taken.lstrip(b" \t\r\n,")
            self._is_behind_member = not taken
        self.around += taken
        if status is Status.CLOSED:
            return AttemptOutcome.CLOSED
        if len(self.around) > MAX_AROUND_BYTES:
            return AttemptOutcome.TOO_LONG
        if status is Status.MEMBER:
            return self._begin_member(has_event)
        goes_on = status in {Status.OPEN, Status.CUT} and size > 0
        return AttemptOutcome.WAITS if goes_on else AttemptOutcome.BROKEN

    def _cut_behind_array(self, data: bytes) -> bytes:
        """Return bytes up to the end of an array that was entered: the next one is another."""
        may_end = self._entered and self._is_behind_value and not self._passes_string
        bracket = _CLOSING_BRACKET.match(data) if may_end else None
        return data[: bracket.end()] if bracket else data

    def _pass_string(self, data: bytes) -> AttemptOutcome:
        """Pass over a long string of an array: it is no part of what its members share."""
        if not self._passes_string:
            self._is_behind_member = self._is_behind_member or self.around.endswith(b"[")
            self.around += b"" if self._is_behind_member else b"null"
        goes_on = self._passes_string
        size = self.scan.read_string(data) if goes_on else self.scan.enter_string(data, 0)
        self._advance(data, size)
        self._passes_string = self.scan.is_in_string
        return AttemptOutcome.WAITS if size else AttemptOutcome.BROKEN

    def _begin_member(self, has_event: HasEvent) -> AttemptOutcome:
        if not self.has_members and self._is_event(has_event):
            return AttemptOutcome.TOO_LONG
        self._enter_array()
        scan, passed = ValueScan(), self._passed
        self._member = _ListMember(self.at, self.line, scan)
        if passed and self.at in passed.scan.openers:
            scan = passed.scan.without_outer(passed.scan.openers.index(self.at))
            self._member = _ListMember(self.at, self.line, scan)
            self.at, self.line = passed.at, passed.line
        return AttemptOutcome.WAITS

    def _enter_array(self) -> None:
        """Note an array in an array at its first member: behind it, it is no part of the others."""
        before = self.around.rstrip(_SPACE)
        is_nested = self.scan.brackets.endswith(b"[[") and before.endswith(b"[")
        if is_nested and not self._is_behind_member:
            del self.around[len(before) :]
            self._entered.append((len(self.scan.openers) - 1, len(before) - 1))

    def _is_event(self, has_event: HasEvent) -> bool:
        """Return whether what is around is an event: its lists are not looked into then."""
        try:
            return has_event(decode((bytes(self.around) + self._closing()).decode()))
        except (NoJsonValueError, UnicodeDecodeError):
            return True

    def _closing(self) -> bytes:
        return bytes(self.scan.brackets[::-1]).translate(_CLOSING)

    def _read_member(self, member: _ListMember, data: bytes, buffer: Buffer) -> AttemptOutcome:
        status, size = member.scan.read(data, 0, self.at)
        if status is Status.CUT:
            size = member.scan.enter_string(data, size)
        self._advance(data, size)
        if status is Status.CLOSED:
            self.scan.pass_member()
            self._member, self.has_members, self._is_behind_member = None, True, True
            self._repeated += len(self.around)
            if self._repeated > MAX_REPEATS * (self.at - self.segment.begin) + SPARE_BYTES:
                return AttemptOutcome.TOO_LONG
            self.records = [self._record(member, buffer)]
            return AttemptOutcome.HOLDS_OBJECTS
        if status not in {Status.OPEN, Status.CUT}:
            return AttemptOutcome.BROKEN
        if self._is_last_window:
            self._enter_member(member)
        elif not size:
            return AttemptOutcome.CUT_OFF
        return AttemptOutcome.WAITS

    def _enter_member(self, member: _ListMember) -> None:
        """Look for lists within a member that is longer than a record."""
        if b"[" not in member.scan.brackets:
            self._skips_member = True
            return
        self._passed = _ListMember(self.at, self.line, member.scan)
        self._entered.append((len(self.scan.openers), len(self.around)))
        self.scan.read(b"{", 0, member.at)
        self.around += b"{"
        self.at, self.line, self._member = member.at + 1, member.line, None

    def _record(self, member: _ListMember, buffer: Buffer) -> FramedRecord:
        if self._skips_member:
            self._skips_member = False
            return FramedRecord(
                member.line, member.at, self.at, Bucket.TOO_LONG, prefix=self.prefix
            )
        text = buffer.read(member.at, self.at)
        raw = bytes(self.around) + text + self._closing()
        try:
            value, bucket = decode(raw.decode()), None
        except UnicodeDecodeError:
            value, bucket = None, Bucket.INVALID_UTF8
        except NoJsonValueError:
            value, bucket = None, Bucket.INVALID_JSON
        if len(text) + len(self.around) > MAX_RECORD_BYTES:
            value, bucket, raw = None, Bucket.TOO_LONG, raw[:MAX_RECORD_BYTES]
        return FramedRecord(
            member.line, member.at, self.at, bucket, value=value, prefix=self.prefix, raw=raw
        )
