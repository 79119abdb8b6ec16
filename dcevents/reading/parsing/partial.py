"""Lines that a container's runtime cut after 16 KiB → the lines that were written. Pure.

CRI (containerd, CRI-O) tags all parts but the last with `P`, Docker's json-file leaves the line
end out of `log`. The parts of standard output and of standard error may stand between each
other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from dcevents.reading.parsing.record import MAX_LINE
from dcevents.reading.strict import Number, decode_json, encode_json

_CRI = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.,]+(?:Z|[+-][0-9:]+) (stdout|stderr) )([PF]) ?(.*)",
    re.DOTALL,
)
_DOCKER = re.compile(rb'\{"log":"')
_ENDED = b'\\n","'
_OPENS = ("{", "[")
_NEAR = 1 << 15
"""Bytes in which there is a part if a line goes on behind them."""
_TAG = 64
"""Bytes among which CRI's tag is."""
_MAX_PARTS = 1000
"""Lines among which the parts of one are."""


class Joined(NamedTuple):
    """The rows of a line's parts.

    And the line as it would stand there in one.
    """

    rows: Sequence[int]
    text: bytes


class _Part(NamedTuple):
    """A part of a line: the stream it is of.

    Whether it is the last, its text, and what makes a line of a text.
    """

    stream: object
    is_last: bool
    text: str
    whole: Callable[[str], str]


def is_unended(line: bytes) -> bool:
    """Return whether a line of Docker's has JSON that goes on."""
    return line.startswith((b'{"log":"{', b'{"log":"[')) and _ENDED not in line


def may_begin(line: bytes) -> bool:
    """Return whether a line may be the first part of one.

    For little time.
    """
    return b" P " in line[:_TAG] or is_unended(line)


def begun(text: bytes) -> int | None:
    """Return where the parts begin, in some lines.

    Of a line that ends behind them.

    None where there is none.
    """
    if not any(may_begin(line) for line in text[-_NEAR:].split(b"\n")):
        return None
    open_since: dict[object, int] = {}
    at = 0
    for line in text.split(b"\n"):
        if part := _part(line):
            open_since.setdefault(part.stream, at)
            if part.is_last:
                del open_since[part.stream]
        at += len(line) + 1
    return min(open_since.values(), default=None)


def joined(lines: Sequence[bytes], rows: Iterable[int], good: Collection[int]) -> Iterator[Joined]:
    """Lines whose first parts are among some rows, in order.

    `good` rows are events, and no parts.
    """
    done: set[int] = set()
    for row in rows:
        if (
            row in done
            or not (first := _part(lines[row]))
            or first.is_last
            or not first.text.startswith(_OPENS)
        ):
            continue
        parts = list(_parts(lines, row, first))
        done.update(at for at, _ in parts)
        text = "".join(part.text for _, part in parts)
        if parts[-1][1].is_last and _is_json(text) and not any(at in good for at, _ in parts):
            yield Joined(
                [at for at, _ in parts], first.whole(text).encode("utf-8", "surrogateescape")
            )


def _parts(lines: Sequence[bytes], row: int, first: _Part) -> Iterator[tuple[int, _Part]]:
    """The parts of a line.

    Up to its last one if that is not far away.
    """
    yield row, first
    size = len(lines[row])
    for at in range(row + 1, min(row + _MAX_PARTS, len(lines))):
        part = _part(lines[at])
        if part and part.stream == first.stream:
            yield at, part
            size += len(lines[at])
            if part.is_last or size > MAX_LINE:
                return


def _part(line: bytes) -> _Part | None:
    return _of_cri(line) or _of_docker(line)


def _of_cri(line: bytes) -> _Part | None:
    match = _CRI.match(line)
    if not match:
        return None
    before, stream, tag, text = (
        group.decode("utf-8", "surrogateescape") for group in match.groups()
    )
    return _Part(
        stream,
        tag == "F",
        text.removesuffix("\r") if tag == "F" else text,
        lambda text: f"{before}F {text}",
    )


def _of_docker(line: bytes) -> _Part | None:
    if not _DOCKER.match(line):
        return None
    try:
        value = decode_json(line.decode())
    except ValueError:
        return None
    text = value.get("log")
    if not isinstance(text, str) or isinstance(text, Number) or "stream" not in value:
        return None
    return _Part(
        ("docker", str(value["stream"])),
        text.endswith("\n"),
        text,
        lambda text: encode_json({**value, "log": text}),
    )


def _is_json(text: str) -> bool:
    try:
        decode_json(text)
    except ValueError:
        return False
    return True
