"""Read a value over lines to its end or break.

What a value has taken is not read anew for each value within: a failed attempt leaves behind
where it failed, and which brackets were open there. An attempt that begins with one of these
brackets would fail at the same place, and does at once; one that begins with a bracket that had
been closed ends there. So each line is scanned at most twice, however many values are open.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.prefixes import HasEvent
from dcevents.reading.framing.records import MAX_RECORD_BYTES, PassLines
from dcevents.reading.framing.segments import LineSegment, is_event_line
from dcevents.reading.framing.sequences import Kind
from dcevents.reading.framing.tokens import Status, ValueScan

_OBJECT = re.compile(rb"[ \t\r\n,\[\]]*+\{")
_MIN_PASSED_BYTES = 256
"""Bytes that are worth to be given to a faster reader."""
_MAX_PAUSE_LINES = 64
WORD_BYTES = b"0123456789.+-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Bytes of numbers and words, which may go on where a text is cut."""


class AttemptOutcome(Enum):
    """Say what became of an attempt."""

    WAITS = "for more of the input"
    CLOSED = "the value ends"
    BROKEN = "no value, or broken off"
    TOO_LONG = "more than the longest record"
    HOLDS_OBJECTS = "an array with an object: its members are records"
    CUT_OFF = "by the end of the input"


class Failure(NamedTuple):
    """Hold where an attempt failed; `is_final` if nothing within reads on."""

    at: int
    line: int
    scan: ValueScan
    outcome: AttemptOutcome
    is_final: bool


@dataclass(slots=True)
class Attempt:
    """A value from `opener` on, read up to `at` on `line`."""

    segment: LineSegment
    kind: Kind
    opener: int
    begin: int
    """The character of the segment at which the text before the value begins."""
    stop: int
    """The character of the opener."""
    scan: ValueScan
    at: int
    line: int
    foreign_lines: Collection[int] = ()
    """Where lines begin that are parts of another: no value takes them in."""
    has_prefix: bool = False
    is_first_line: bool = True
    failure: Failure | None = None
    pass_lines: PassLines | None = None
    """Passes over lines faster, as long as nothing odd is on them."""
    _next_passed: int = 0
    """Line from which `pass_lines` is asked again."""
    _pause: int = 1

    def read_on(self, buffer: Buffer, has_event: HasEvent, *, is_final: bool) -> AttemptOutcome:
        """Read further lines, as many as there are or as the value has."""
        while True:
            self._pass_lines(buffer)
            end = buffer.find_line_end(self.at)
            if end is None and not is_final and buffer.end - self.at <= MAX_RECORD_BYTES:
                return AttemptOutcome.WAITS
            is_cut = end is None
            end = buffer.end if end is None else end
            outcome = self._read_line(buffer, end, has_event, is_cut=is_cut)
            if outcome is not AttemptOutcome.WAITS:
                return outcome
            if is_cut:
                return AttemptOutcome.CUT_OFF
            self.at, self.line, self.is_first_line = end + 1, self.line + 1, False

    def _pass_lines(self, buffer: Buffer) -> None:
        """Pass over lines on which nothing is odd; where there are few, seldom."""
        if self.pass_lines is None or self.is_first_line or self.foreign_lines:
            return
        if self.line < self._next_passed or buffer.end - self.at < _MIN_PASSED_BYTES:
            return
        last = self.opener + MAX_RECORD_BYTES
        is_array = self.kind is Kind.ARRAY
        lines, size = self.pass_lines(self.scan, buffer, self.at, last, is_array=is_array)
        self.at, self.line = self.at + size, self.line + lines
        self._pause = 1 if lines > 1 else min(2 * self._pause, _MAX_PAUSE_LINES)
        self._next_passed = self.line + self._pause

    def _read_line(
        self, buffer: Buffer, end: int, has_event: HasEvent, *, is_cut: bool
    ) -> AttemptOutcome:
        """Take a line into the value.

        WAITS if the value goes on behind.
        """
        is_checked = self.is_first_line or end - self.at > MAX_RECORD_BYTES
        data = buffer.read(self.at, end)
        if not self.is_first_line and self.at in self.foreign_lines:
            return self._fail(AttemptOutcome.BROKEN, self.at)
        if not is_checked and not self._may_take(data, has_event, is_cut=is_cut):
            return self._fail(AttemptOutcome.BROKEN, self.at)
        last = self.opener + MAX_RECORD_BYTES
        if end <= last:
            return self._take(data, is_cut=is_cut)
        outcome = self._take(data[: last - self.at].rstrip(WORD_BYTES), is_cut=True)
        if outcome is not AttemptOutcome.WAITS:
            return outcome
        return self._fail(AttemptOutcome.TOO_LONG, self.at, is_final=False)

    def _take(self, data: bytes, *, is_cut: bool) -> AttemptOutcome:
        status, place = self.scan.read(data, 0, self.at)
        if self.kind is Kind.ARRAY and self.scan.first_object is not None:
            return self._fail(AttemptOutcome.HOLDS_OBJECTS, self.at)
        if status is Status.CLOSED:
            self.at += place
            return AttemptOutcome.CLOSED
        if status is Status.OPEN or (status is Status.CUT and is_cut):
            self.at += place
            return AttemptOutcome.WAITS
        is_final = status is not Status.TOO_DEEP
        return self._fail(AttemptOutcome.BROKEN, self.at + place, is_final=is_final)

    def _may_take(self, data: bytes, has_event: HasEvent, *, is_cut: bool) -> bool:
        """Return whether a line may lie within a value."""
        is_member = self.kind is Kind.ARRAY and _OBJECT.match(data)
        if not is_member and is_event_line(data, has_event):
            return False
        try:
            data.decode()
        except UnicodeDecodeError as error:
            return is_cut and error.end == len(data) and error.reason == "unexpected end of data"
        return True

    def _fail(self, outcome: AttemptOutcome, at: int, *, is_final: bool = True) -> AttemptOutcome:
        self.failure = Failure(at, self.line, self.scan, outcome, is_final)
        return outcome


def adopt_failure(failure: Failure, attempt: Attempt) -> AttemptOutcome | None:
    """Go on from an earlier failed attempt that had the same opener.

    Returns the outcome if it is known, else None.
    """
    if not attempt.opener < failure.at or attempt.opener not in failure.scan.openers:
        return None
    attempt.scan = failure.scan.without_outer(failure.scan.openers.index(attempt.opener))
    if failure.is_final:
        attempt.failure = failure._replace(scan=attempt.scan)
        return failure.outcome
    attempt.at, attempt.line, attempt.is_first_line = failure.at, failure.line, True
    return None
