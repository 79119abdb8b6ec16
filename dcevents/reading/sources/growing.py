"""Logs that are read on as they grow.

Their first and last bytes identify them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dcevents.reading.sources import sizes
from dcevents.reading.sources.decompression import HEAD_BYTES, UnpackedChunks, is_compressed
from dcevents.reading.sources.inputs import (
    START,
    Extent,
    OpenInput,
    Resume,
    SeenBytes,
    join_tail,
    take_bytes,
)
from dcevents.reading.sources.members import find_member


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

    def __init__(
        self,
        chunks: Iterator[bytes | memoryview],
        resume: Resume,
        *,
        by_line: bool = True,
        after: SeenBytes = START,
    ) -> None:
        self._chunks = chunks
        self._resume = resume
        self._after = after
        self._by_line = by_line
        self._head, self._tail = b"", after.data
        self._end = max(resume.begin, after.end)
        self._tails = dict.fromkeys((size for size in resume.sizes if size == 0), b"")
        # Chunks that begin behind bytes that were read are of a log that was recognised.
        self.is_recognised = after.end > 0
        """Whether the input was read up to the place where its new bytes begin."""

    def __iter__(self) -> Iterator[bytes | memoryview]:
        begin, (at, before) = self._resume.begin, self._after
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
            self._note_end(before, chunk, at)
            before = join_tail(before, chunk, len(chunk))
            if end > begin:
                yield chunk[max(0, begin - at) :]
            at = end
        self.is_recognised |= not begin and not self._resume.head

    def _is_resumed_after(self, tail: bytes) -> bool:
        """Return whether the input's head, and its tail, are those by which it was recognised."""
        resume = self._resume
        return self._head.startswith(resume.head) and tail.endswith(resume.tail)

    def _note_end(self, before: bytes, chunk: bytes | memoryview, at: int) -> None:
        """Note the end of a chunk's last whole line.

        The chunk begins at a place of the input.
        """
        begin = self._resume.begin
        end = at + (
            find_line_end(chunk) if self._by_line else _measure_before_closing_brackets(chunk)
        )
        if end > max(at, begin):
            self._end, self._tail = end, join_tail(before, chunk, end - at)
        elif at < begin <= at + len(chunk):
            self._tail = join_tail(before, chunk, begin - at)

    def make_extent(self, rest: bytes = b"") -> Extent:
        """Return the extent, once the last chunk is taken."""
        if not self.is_recognised:
            return Extent()
        return Extent(self._end, rest, self._head, self._tail, self._tails, self._by_line)


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
    tracked = TrackedChunks(unpacked, Resume(begin=size, sizes=(size,)))
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


def _measure_before_closing_brackets(chunk: bytes | memoryview) -> int:
    """Return the size of a chunk up to the brackets that close it.

    A log that is written anew with more records has them further on.
    """
    tail = bytes(chunk[-sizes.TAIL_BYTES :])
    return len(chunk) - len(tail) + len(tail.rstrip(b"]} \t\r\n"))
