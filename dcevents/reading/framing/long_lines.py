"""A line of more than the longest record → its values, window by window.

The rest is too long.

A window is as long as the longest record. Values that are whole in it are records, whatever
follows; a value that is longer than the window is read past, and is one record (`too_long`).
"""

import codecs
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dcevents.reading.framing.attempts import WORD_BYTES, AttemptOutcome
from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.framing.segments import LineSegment
from dcevents.reading.framing.sequences import End, Item, Sequence
from dcevents.reading.framing.tokens import Status, ValueScan
from dcevents.reading.json_value import SEPARATORS

WINDOW_BYTES: Final = MAX_RECORD_BYTES + 1
_STEP_BYTES: Final = 1 << 16


class LongWindow(NamedTuple):
    """Hold what a window has: values that are whole, up to the character `stop`."""

    segment: LineSegment
    items: list[Item]
    stop: int
    is_value: bool
    """Whether an object or a string begins there that is longer than a window."""
    is_readable: bool


def read_window(line: int, begin: int, data: bytes) -> LongWindow:
    """Return what the first bytes of a long line hold."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return LongWindow(LineSegment(line, begin, data), [], 0, is_value=False, is_readable=False)
    segment = LineSegment(line, begin, data if text.isascii() else text.encode())
    text, sequence = segment.text or "", segment.sequence
    items, stop = _whole_items(text, sequence)
    is_readable = stop > 0 and sequence.end is not End.BROKEN
    is_value = stop == 0 and sequence.end is End.VALUE and text.startswith(("{", '"'))
    return LongWindow(segment, items, stop, is_value, is_readable)


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
