"""Logs that are read on as they grow.

Their first and last bytes identify them.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from dcevents.reading.framing import ResumePoint
from dcevents.reading.sources import sizes
from dcevents.reading.sources.decompression import HEAD_BYTES, UnpackedChunks, is_compressed
from dcevents.reading.sources.inputs import (
    START,
    Extent,
    OpenInput,
    Resume,
    join_tail,
    take_bytes,
)
from dcevents.reading.sources.members import find_member

_MAX_OPEN_BYTES: Final = 8 << 20
"""More than a value or a line can be long before it is known what it is."""


class FileIdentity(NamedTuple):
    """Bytes by which a log, and an unchanged file, are recognised."""

    head: bytes
    """The first TAIL_BYTES, unpacked."""
    state: bytes
    """Size, time of writing, and both ends of the file as it lies on disk."""


class TailBefore(NamedTuple):
    """The last TAIL_BYTES before a place in an input, unpacked."""

    tail: bytes
    has_more: bool
    """True if there are bytes after the place."""


class TrackedChunks:
    """The new chunks of a growing input.

    There are none where the input is not the log that was recognised (`Resume.head`, `tail`).
    """

    def __init__(self, chunks: Iterator[bytes | memoryview], resume: Resume) -> None:
        self._chunks = chunks
        self._resume = resume
        self._head = b""
        self._tails = dict.fromkeys((size for size in resume.sizes if size == 0), b"")
        self.is_recognised = False
        """Whether the input was read up to the place where its new bytes begin."""

    def __iter__(self) -> Iterator[bytes | memoryview]:
        begin, at, before = self._resume.begin, 0, b""
        waiting = sorted(size for size in self._resume.sizes if size > 0)
        for chunk in self._chunks:
            end = at + len(chunk)
            self._head = self._head or bytes(chunk[: sizes.TAIL_BYTES])
            if not self.is_recognised and end >= begin:
                tail = join_tail(before, chunk, begin - at)
                self.is_recognised = self._is_resumed_after(tail)
                if not self.is_recognised:
                    return
            while waiting and waiting[0] <= end:
                size = waiting.pop(0)
                self._tails[size] = join_tail(before, chunk, size - at)
            before = join_tail(before, chunk, len(chunk))
            if end > begin:
                yield chunk[max(0, begin - at) :]
            at = end
        self.is_recognised |= not begin and not self._resume.head

    def _is_resumed_after(self, tail: bytes) -> bool:
        """Return whether the input's head, and its tail, are those by which it was recognised."""
        resume = self._resume
        return self._head.startswith(resume.head) and tail.endswith(resume.tail)

    def make_extent(self) -> Extent:
        """Return the bytes by which the input is known, once the last chunk is taken."""
        return Extent(head=self._head, tails=self._tails) if self.is_recognised else Extent()


class ReadBytes:
    """The last bytes that were read of a growing input.

    So many are kept as may lie between the place where a later run reads on and the last byte,
    and TAIL_BYTES more.
    """

    def __init__(self, resume: Resume) -> None:
        self._blocks = [resume.tail]
        self._size = len(resume.tail)
        self.end = self._marked = resume.begin
        self._tail = resume.tail

    def add(self, data: bytes) -> None:
        """Add the next bytes."""
        self._blocks.append(data)
        self._size += len(data)
        self.end += len(data)

    def find_tail(self, offset: int) -> bytes:
        """Return the last TAIL_BYTES before a place, at or behind the last one asked for."""
        if offset != self._marked:
            self._tail = self._join_before(offset)
            self._marked = offset
        while self._size - len(self._blocks[0]) > _MAX_OPEN_BYTES + sizes.TAIL_BYTES:
            self._size -= len(self._blocks.pop(0))
        return self._tail

    def _join_before(self, offset: int) -> bytes:
        parts, end, missing = list[bytes](), self.end, sizes.TAIL_BYTES
        for block in reversed(self._blocks):
            size = len(block)
            last = min(size, offset - (end - size))
            if last > 0 and missing > 0:
                parts.append(block[max(0, last - missing) : last])
                missing -= len(parts[-1])
            end -= size
        return b"".join(reversed(parts))


def read_identity(file: OpenInput) -> FileIdentity:
    """Read the bytes by which a file is recognised. Raises InputError."""
    head = file.read_at(sizes.TAIL_BYTES, 0)
    if is_compressed(head) or find_member(head) is not None:
        chunks = iter(UnpackedChunks(file.read_chunks(after=START)))
        head = b"".join(take_bytes(chunks, sizes.TAIL_BYTES))
    return FileIdentity(head, read_state(file))


def read_state(file: OpenInput) -> bytes:
    """Read `FileIdentity.state` of a file. Raises InputError."""
    status = file.read_status()
    head = file.read_at(sizes.TAIL_BYTES, 0)
    tail = file.read_at(sizes.TAIL_BYTES, max(0, status.st_size - sizes.TAIL_BYTES))
    return b"%d %d " % (status.st_size, status.st_mtime_ns) + head + tail


def read_tail_before(file: OpenInput, size: int) -> TailBefore | None:
    """Read the last bytes before a place.

    None for a shorter input. Raises InputError.
    """
    if not is_compressed(file.read_at(HEAD_BYTES, 0)):
        seen = file.read_seen_before(size)
        has_more = bool(file.read_at(1, size))
        is_whole = len(seen.data) == min(size, sizes.TAIL_BYTES)
        return TailBefore(seen.data, has_more) if is_whole else None
    unpacked = iter(UnpackedChunks(file.read_chunks(after=START)))
    tracked = TrackedChunks(unpacked, Resume(ResumePoint(size), sizes=(size,)))
    has_more = any(len(chunk) > 0 for chunk in tracked)
    tails = tracked.make_extent().tails
    return TailBefore(tails[size], has_more) if size in tails else None


def find_line_end(chunk: bytes | memoryview) -> int:
    """Return the place after the last LF; 0 without one.

    The end is searched first: a memoryview cannot be searched without a copy.
    """
    for tail in (bytes(chunk[-sizes.TAIL_BYTES :]), bytes(chunk)):
        found = tail.rfind(b"\n")
        if found >= 0:
            return len(chunk) - len(tail) + found + 1
    return 0
