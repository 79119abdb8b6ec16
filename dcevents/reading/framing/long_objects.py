"""An object of more than the longest record → the members of its lists, one at a time.

What lies around a list is shared, siblings are not: a member's record is the object with all its
lists emptied but for that member. So a list may be of any length; what is around it may not.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from dcevents.reading.framing.attempts import WORD_BYTES, Outcome
from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.decoding import NoValueError, decode
from dcevents.reading.framing.prefixes import HasEvent
from dcevents.reading.framing.records import MAX_RECORD_BYTES, Bucket, Record
from dcevents.reading.framing.segments import Segment
from dcevents.reading.framing.tokens import Status, ValueScan

MAX_AROUND_BYTES = MAX_RECORD_BYTES // 2
"""Bytes around the lists of an object, so that there is room for their members."""
_STEP_BYTES = 1 << 16
_CLOSING = bytes.maketrans(b"{[", b"}]")


class _Member(NamedTuple):
    at: int
    line: int
    scan: ValueScan


@dataclass(slots=True)
class LongObject:
    """An object that is read up to `at` on `line`; `records` are those of its last members."""

    segment: Segment
    prefix: str
    at: int
    line: int
    scan: ValueScan = field(default_factory=ValueScan)
    around: bytearray = field(default_factory=bytearray)
    records: list[Record] = field(default_factory=list)
    has_members: bool = False
    _is_last_window: bool = False
    _is_behind_member: bool = False
    """The comma that follows is a member's, and no part of what is around."""
    _skips_member: bool = False
    """The member has no lists, and is longer than a record: it is read past."""
    _member: _Member | None = None
    _passed: _Member | None = None
    """A member that is longer than a record, and where the scan of it stopped."""
    _entered: list[tuple[int, int]] = field(default_factory=list)
    """Of members that were entered: how many brackets lie around, and how many bytes."""

    def read_on(self, buffer: Buffer, has_event: HasEvent, *, is_final: bool) -> Outcome:
        """Read further, up to the end of a member or the object; WAITS for more input.

        HOLDS_OBJECTS says that `records` are to be taken, and `read_on` to be called again.
        """
        while True:
            data = self._window(buffer, is_final=is_final)
            if data is None:
                return Outcome.WAITS
            if not data:
                return Outcome.CUT_OFF
            outcome = (
                self._read_member(self._member, data, buffer)
                if self._member
                else self._read_around(data, has_event)
            )
            if outcome is not Outcome.WAITS:
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

    def _window(self, buffer: Buffer, *, is_final: bool) -> bytes | None:
        """Return the next bytes, cut where no number or word is; None if there are too few."""
        end = self.at + _STEP_BYTES
        if self._member and not self._skips_member:
            end = min(end, self._member.at + MAX_RECORD_BYTES)
        if buffer.end < end and not is_final:
            return None
        self._is_last_window = end < self.at + _STEP_BYTES and buffer.end >= end
        data = buffer.read(self.at, min(end, buffer.end))
        return (data.rstrip(WORD_BYTES) or data) if buffer.end > end else data

    def _advance(self, data: bytes, size: int) -> bytes:
        taken = data[:size]
        self.at += size
        self.line += taken.count(b"\n")
        return taken

    def _read_around(self, data: bytes, has_event: HasEvent) -> Outcome:
        """Read what lies around the lists, up to the next member."""
        status, size = self.scan.read(data, 0, self.at, stops_at_members=True)
        if status is Status.CUT:
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
            return Outcome.CLOSED
        if len(self.around) > MAX_AROUND_BYTES:
            return Outcome.TOO_LONG
        if status is Status.MEMBER:
            return self._begin_member(has_event)
        goes_on = status in {Status.OPEN, Status.CUT} and size > 0
        return Outcome.WAITS if goes_on else Outcome.BROKEN

    def _begin_member(self, has_event: HasEvent) -> Outcome:
        if not self.has_members and self._is_event(has_event):
            return Outcome.TOO_LONG
        scan, passed = ValueScan(), self._passed
        self._member = _Member(self.at, self.line, scan)
        if passed and self.at in passed.scan.openers:
            scan = passed.scan.without_outer(passed.scan.openers.index(self.at))
            self._member = _Member(self.at, self.line, scan)
            self.at, self.line = passed.at, passed.line
        return Outcome.WAITS

    def _is_event(self, has_event: HasEvent) -> bool:
        """Return whether what is around is an event: its lists are not looked into then."""
        try:
            return has_event(decode((bytes(self.around) + self._closing()).decode()))
        except (NoValueError, UnicodeDecodeError):
            return True

    def _closing(self) -> bytes:
        return bytes(self.scan.brackets[::-1]).translate(_CLOSING)

    def _read_member(self, member: _Member, data: bytes, buffer: Buffer) -> Outcome:
        status, size = member.scan.read(data, 0, self.at)
        if status is Status.CUT:
            size = member.scan.enter_string(data, size)
        self._advance(data, size)
        if status is Status.CLOSED:
            self.scan.pass_member()
            self._member, self.has_members, self._is_behind_member = None, True, True
            self.records = [self._record(member, buffer)]
            return Outcome.HOLDS_OBJECTS
        if status not in {Status.OPEN, Status.CUT}:
            return Outcome.BROKEN
        if self._is_last_window:
            self._enter_member(member)
        elif not size:
            return Outcome.CUT_OFF
        return Outcome.WAITS

    def _enter_member(self, member: _Member) -> None:
        """Look for lists within a member that is longer than a record."""
        if b"[" not in member.scan.brackets:
            self._skips_member = True
            return
        self._passed = _Member(self.at, self.line, member.scan)
        self._entered.append((len(self.scan.openers), len(self.around)))
        self.scan.read(b"{", 0, member.at)
        self.around += b"{"
        self.at, self.line, self._member = member.at + 1, member.line, None

    def _record(self, member: _Member, buffer: Buffer) -> Record:
        if self._skips_member:
            self._skips_member = False
            return Record(member.line, member.at, self.at, Bucket.TOO_LONG, prefix=self.prefix)
        text = buffer.read(member.at, self.at)
        raw = bytes(self.around) + text + self._closing()
        try:
            value, bucket = decode(raw.decode()), None
        except UnicodeDecodeError:
            value, bucket = None, Bucket.INVALID_UTF8
        except NoValueError:
            value, bucket = None, Bucket.INVALID_JSON
        if len(text) + len(self.around) > MAX_RECORD_BYTES:
            value, bucket, raw = None, Bucket.TOO_LONG, raw[:MAX_RECORD_BYTES]
        return Record(
            member.line, member.at, self.at, bucket, value=value, prefix=self.prefix, raw=raw
        )
