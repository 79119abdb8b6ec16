"""Lines that a container's runtime has cut after 16 KiB → the line that was written.

CRI (containerd, CRI-O) tags all parts but the last with `P`; Docker's json-file leaves the line
end out of `log`. Parts of standard output and standard error may lie between each other.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.decoding import NoJsonValueError, decode
from dcevents.reading.framing.prefixes import HasEvent, find_cut
from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.framing.segments import LineSegment, is_event_line
from dcevents.reading.json_value import JsonNumber

MAX_LINES: Final = 1000
"""Lines among which the parts of one must lie."""
MAX_SPAN_BYTES: Final = 1 << 21
"""Bytes among which they must lie."""

_CRI = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]+(?:Z|[+-][0-9:]+) (stdout|stderr) )([PF]) ?", re.DOTALL
)
_BEFORE = re.compile(rb"^(?:[ \t\r\0,\x1e]|\xef\xbb\xbf)++")
_DOCKER = b'{"log":"'


class LinePart(NamedTuple):
    """A part of a line: the stream that it is of, and its text."""

    stream: object
    is_last: bool
    text: bytes
    head: bytes
    """What CRI writes before the text, but for the tag."""
    value: dict[str, Any] | None
    """The object in which Docker keeps the text."""


def read_part(line: bytes) -> LinePart | None:
    """Return the part of a line that a line is, perhaps its last.

    None for any other line.
    """
    line = _BEFORE.sub(b"", line, count=1)
    if match := _CRI.match(line):
        text = line[match.end() :]
        return LinePart(match[2], match[3] == b"F", text, match[1], None)
    if line.startswith(_DOCKER):
        return _read_docker(line)
    return None


def is_first(part: LinePart) -> bool:
    """Return whether a line's further parts must follow."""
    if part.is_last:
        return False
    return part.value is None or find_cut(part.text.decode()) is not None


def _read_docker(line: bytes) -> LinePart | None:
    try:
        value = decode(line.rstrip(b", \t\r").decode())
    except (NoJsonValueError, UnicodeDecodeError):
        return None
    text = value.get("log") if isinstance(value, dict) else None
    if not isinstance(text, str) or isinstance(text, JsonNumber) or "stream" not in value:
        return None
    return LinePart(
        ("docker", str(value["stream"])), text.endswith("\n"), text.encode(), b"", value
    )


def join_parts(parts: list[LinePart]) -> tuple[bytes, dict[str, Any] | None]:
    """Return the line of which these are the parts: its text, or Docker's object around it."""
    text = b"".join(part.text for part in parts)
    first = parts[0]
    if first.value is None:
        return first.head + b"F " + text, None
    return text, {**first.value, "log": text.decode()}


class Gathered(Enum):
    """Say what became of the search for the parts of a line."""

    WAITS = "for more of the input"
    WHOLE = "the last part is found"
    TOO_LONG = "more than the longest record"
    BROKEN_OFF = "by a line that is an event by itself"
    LOST = "the last part is not near"
    CUT_OFF = "by the end of the input"


@dataclass(slots=True)
class Gathering:
    """The parts of a line that were found up to `at`.

    Other lines may lie between.
    """

    segment: LineSegment
    parts: list[LinePart]
    spans: list[tuple[int, int]]
    at: int
    lines: int = 1
    size: int = field(default=0)

    def read_on(
        self, buffer: Buffer, taken: dict[int, int], has_event: HasEvent, *, is_final: bool
    ) -> Gathered:
        """Look through further lines for parts of the same stream."""
        while True:
            end = buffer.find_line_end(self.at)
            last = buffer.end if end is None else end
            if self.lines >= MAX_LINES or last - self.segment.begin > MAX_SPAN_BYTES:
                return Gathered.LOST
            if end is None and not (is_final and self.at < buffer.end):
                return Gathered.CUT_OFF if is_final else Gathered.WAITS
            if self.at not in taken:
                outcome = self._take(buffer.read(self.at, last), has_event)
                if outcome is not None:
                    return outcome
            if self.size > MAX_RECORD_BYTES:
                return Gathered.TOO_LONG
            self.at, self.lines = min(last + 1, buffer.end), self.lines + 1

    def _take(self, line: bytes, has_event: HasEvent) -> Gathered | None:
        """Take a line if it is a part; return what ends the search.

        Docker says of no line that it is a part: what is an event by itself is none.
        """
        part = read_part(line)
        if part is None or part.stream != self.parts[0].stream:
            return None
        if part.value is not None and is_event_line(line, has_event):
            return Gathered.BROKEN_OFF
        self.parts.append(part)
        self.spans.append((self.at, self.at + len(line)))
        self.size += len(part.text)
        return Gathered.WHOLE if part.is_last else None
