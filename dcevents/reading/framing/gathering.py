"""The first part of a line that a runtime has cut → the lines with its other parts."""

from dataclasses import dataclass, field
from enum import Enum

from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.parts import MAX_LINES, MAX_SPAN_BYTES, Part, read_part
from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.framing.segments import Segment


class Gathered(Enum):
    """What became of the search for the parts of a line."""

    WAITS = "for more of the input"
    WHOLE = "the last part is found"
    TOO_LONG = "more than the longest record"
    LOST = "the last part is not near"
    CUT_OFF = "by the end of the input"


@dataclass(slots=True)
class Gathering:
    """The parts of a line that were found up to `at`; other lines may lie between."""

    segment: Segment
    parts: list[Part]
    spans: list[tuple[int, int]]
    at: int
    lines: int = 1
    size: int = field(default=0)

    def read_on(self, buffer: Buffer, taken: dict[int, int], *, is_final: bool) -> Gathered:
        """Look through further lines for parts of the same stream."""
        while True:
            end = buffer.find_line_end(self.at)
            last = buffer.end if end is None else end
            if self.lines >= MAX_LINES or last - self.segment.begin > MAX_SPAN_BYTES:
                return Gathered.LOST
            if end is None and not (is_final and self.at < buffer.end):
                return Gathered.CUT_OFF if is_final else Gathered.WAITS
            if self.at not in taken and self._take(buffer.read(self.at, last)):
                return Gathered.WHOLE
            if self.size > MAX_RECORD_BYTES:
                return Gathered.TOO_LONG
            self.at, self.lines = min(last + 1, buffer.end), self.lines + 1

    def _take(self, line: bytes) -> bool:
        """Take a line if it is a part; return whether it is the last one."""
        part = read_part(line)
        if part is None or part.stream != self.parts[0].stream:
            return False
        self.parts.append(part)
        self.spans.append((self.at, self.at + len(line)))
        self.size += len(part.text)
        return part.is_last
