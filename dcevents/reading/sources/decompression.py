"""Compressed inputs to their content: members and plain text, in any order.

The format is recognised by content (`members`).
"""

from collections.abc import Iterator
from typing import Final

from dcevents.reading.sources import sizes
from dcevents.reading.sources.members import (
    MAX_MAGIC_BYTES,
    Members,
    Problem,
    Trouble,
    find_format,
)

HEAD_BYTES: Final = MAX_MAGIC_BYTES
"""Bytes of an input's beginning by which `is_compressed` decides."""


class UnpackedChunks:
    """The chunks of an input, unpacked where they are compressed."""

    def __init__(self, chunks: Iterator[memoryview]) -> None:
        self._chunks = chunks
        self._members = Members()

    @property
    def problem(self) -> str | None:
        """Reason why only a part could be unpacked.

        Known once the last chunk is taken.
        """
        problem = self._members.problem
        return describe_problem(problem) if problem else None

    def __iter__(self) -> Iterator[bytes | memoryview]:
        return _gather_chunks(self._unpack())

    def _unpack(self) -> Iterator[bytes | memoryview]:
        for chunk in self._chunks:
            yield from self._members.feed(chunk)
        yield from self._members.finish()


def is_compressed(head: bytes) -> bool:
    """Return whether an input that begins so is compressed."""
    return find_format(head) is not None


def describe_problem(problem: Problem) -> str:
    """Describe what is wrong with compressed data."""
    if problem.trouble is Trouble.TRAILING:
        return f"trailing bytes were ignored behind its {problem.format} data"
    return f"its {problem.format} data are {problem.trouble}"


def _gather_chunks(parts: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Join small parts to chunks of a block's size."""
    gathered, size = list[bytes](), 0
    wanted = min(sizes.FIRST_BLOCK_BYTES, sizes.BLOCK_BYTES)
    for part in parts:
        # Of plain chunks some last bytes may be held back: they might begin a member.
        is_enough = size + len(part) >= wanted - MAX_MAGIC_BYTES
        if is_enough and not gathered:
            yield part
        else:
            # A view is overwritten when the next chunk is read.
            gathered.append(bytes(part))
            size += len(part)
            if is_enough:
                yield b"".join(gathered)
        if is_enough:
            gathered, size, wanted = [], 0, sizes.BLOCK_BYTES
    if gathered:
        yield b"".join(gathered)
