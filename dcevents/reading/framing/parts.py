"""Lines that a container's runtime has cut after 16 KiB → the line that was written.

CRI (containerd, CRI-O) tags all parts but the last with `P`; Docker's json-file leaves the line
end out of `log`. Parts of standard output and standard error may lie between each other.
"""

import re
from typing import Any, Final, NamedTuple

from dcevents.reading.framing.cuts import find_cut
from dcevents.reading.framing.decoding import NoValueError, Number, decode

MAX_LINES: Final = 1000
"""Lines among which the parts of one must lie."""
MAX_SPAN_BYTES: Final = 1 << 21
"""Bytes among which they must lie."""

_CRI = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]+(?:Z|[+-][0-9:]+) (stdout|stderr) )([PF]) ?", re.DOTALL
)
_BLANK = re.compile(rb"^(?:[ \t\r\0]|\xef\xbb\xbf)++")
_DOCKER = b'{"log":"'


class Part(NamedTuple):
    """A part of a line: the stream that it is of, and its text."""

    stream: object
    is_last: bool
    text: bytes
    head: bytes
    """What CRI writes before the text, but for the tag."""
    value: dict[str, Any] | None
    """The object in which Docker keeps the text."""


def read_part(line: bytes) -> Part | None:
    """Return the part of a line that a line is, perhaps its last; None for any other line."""
    line = _BLANK.sub(b"", line, count=1)
    if match := _CRI.match(line):
        text = line[match.end() :]
        return Part(match[2], match[3] == b"F", text, match[1], None)
    if line.startswith(_DOCKER):
        return _read_docker(line)
    return None


def is_first(part: Part) -> bool:
    """Return whether a line's further parts must follow."""
    if part.is_last:
        return False
    return part.value is None or find_cut(part.text.decode()) is not None


def _read_docker(line: bytes) -> Part | None:
    try:
        value = decode(line.rstrip(b", \t\r").decode())
    except (NoValueError, UnicodeDecodeError):
        return None
    text = value.get("log") if isinstance(value, dict) else None
    if not isinstance(text, str) or isinstance(text, Number) or "stream" not in value:
        return None
    return Part(("docker", str(value["stream"])), text.endswith("\n"), text.encode(), b"", value)


def join_parts(parts: list[Part]) -> tuple[bytes, dict[str, Any] | None]:
    """Return the line of which these are the parts: its text, or Docker's object around it."""
    text = b"".join(part.text for part in parts)
    first = parts[0]
    if first.value is None:
        return first.head + b"F " + text, None
    return text, {**first.value, "log": text.decode()}
