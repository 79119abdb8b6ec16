"""Rejected records among the lines that a scanner has taken: their places and bytes."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from dcevents.reading.json_value import SEPARATOR_BYTES
from dcevents.reading.scanner.block import (
    SEVERAL,
    LineStatus,
    Run,
    ScannedBlock,
    find_entries,
)
from dcevents.reading.sources.buffers import BlockBytes, cut_bytes

_OBJECT_REASONS: Final = {"no_event", "no_sid"}
_NO_RUN: Final = Run(LineStatus.OTHER, 0, 0, 0, 0, 0)


class TakenReject(NamedTuple):
    """A rejected record: its line in the block, its number there, its bytes."""

    line: int
    number: int
    """0 where it is the only one."""
    raw: bytes


class _Value(NamedTuple):
    """The bytes of the lines of a value, and numbers of those of its records that are no event."""

    raw: bytes
    numbers: Sequence[int]
    """Empty where it is one record."""
    first_entry: int


class TakenRejects:
    """Finds rejected records, to be asked in the order of their entries."""

    def __init__(self, data: BlockBytes, scanned: ScannedBlock) -> None:
        self._data = data
        self._scanned = scanned
        self._lines = memoryview(scanned.others.lines).cast("B").cast("I")
        self._event_lines = memoryview(scanned.events.lines).cast("B").cast("I")
        self._run = _NO_RUN
        self._line, self._at = 0, 0
        """The line that was asked about last, and where it begins."""
        self._value: _Value | None = None

    def find(self, entry: int, reason: str) -> TakenReject:
        """Return the record of an entry of lines that are no event."""
        line = self._lines[entry]
        if self._value is None or line != self._line:
            self._go_to(line)
            self._value = self._read_value(line, entry)
        value = self._value
        raw = value.raw.strip(SEPARATOR_BYTES) if reason in _OBJECT_REASONS else value.raw
        number = value.numbers[entry - value.first_entry] if value.numbers else 0
        return TakenReject(line, number, raw)

    def _go_to(self, line: int) -> None:
        if line >= self._run.first_line + self._run.lines:
            self._run = self._scanned.runs.find_line(line)
            self._line, self._at = self._run.first_line, self._run.begin
        for _ in range(line - self._line):
            self._at = self._data.index(b"\n", self._at) + 1
        self._line = line

    def _read_value(self, line: int, entry: int) -> _Value:
        """Return the value of the line that was gone to; an entry is of one of its records."""
        end = self._data.index(b"\n", self._at)
        if self._run.status is LineStatus.SEVERAL_OVER_LINES:
            end = self._run.end - 1
        elif self._run.status is LineStatus.OBJECTS_OVER_LINES:
            for _ in range(self._find_last_line(line, entry) - line):
                end = self._data.index(b"\n", end + 1)
        raw = cut_bytes(self._data, self._at, end)
        if self._run.status not in SEVERAL:
            return _Value(raw, (), entry)
        numbers, first = self._number_others(line)
        # All records of the value have the same bytes.
        return _Value(raw.strip(SEPARATOR_BYTES), numbers, first)

    def _find_last_line(self, line: int, entry: int) -> int:
        """Return the last line of a value: others may follow in its run."""
        following = self._lines[entry + 1 : entry + 2], self._find_events(line)
        behind = [each[0] for each in following if each]
        return min([self._run.first_line + self._run.lines, *behind]) - 1

    def _find_events(self, line: int) -> memoryview:
        """Return the line of the first event behind a line."""
        place = bisect_right(self._event_lines, line)
        return self._event_lines[place : place + 1]

    def _number_others(self, line: int) -> tuple[Sequence[int], int]:
        """Return the numbers of a line's records that are no event, and the first one's entry."""
        lines = range(line, line + 1)
        events = find_entries(self._scanned.events.lines, lines)
        others = find_entries(self._scanned.others.lines, lines)
        members = memoryview(self._scanned.events.members).cast("B").cast("I")
        taken = set(members[events.start : events.stop])
        count = len(events) + len(others)
        return [number for number in range(1, count + 1) if number not in taken], others.start
