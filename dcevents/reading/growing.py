"""Logs that are read on as they grow.

Their first and last bytes identify them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dcevents.reading import sizes
from dcevents.reading.decompression import HEAD_BYTES, UnpackedChunks, is_compressed
from dcevents.reading.inputs import Extent, Input, OpenInput, Resume, take_bytes


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
    """The new chunks of a growing input."""

    def __init__(
        self, chunks: Iterator[bytes | memoryview], resume: Resume, *, by_line: bool = True
    ) -> None:
        self._chunks = chunks
        self._resume = resume
        self._by_line = by_line
        self._head = self._tail = b""
        self._end = resume.begin
        self._tails = dict.fromkeys((size for size in resume.sizes if size == 0), b"")

    def __iter__(self) -> Iterator[bytes | memoryview]:
        begin, at, before = self._resume.begin, 0, b""
        waiting = sorted(size for size in self._resume.sizes if size > 0)
        for chunk in self._chunks:
            end = at + len(chunk)
            self._head = self._head or bytes(chunk[: sizes.TAIL_BYTES])
            while waiting and waiting[0] <= end:
                size = waiting.pop(0)
                self._tails[size] = _join_tail(before, chunk, size - at)
            self._note_end(before, chunk, at)
            before = _join_tail(before, chunk, len(chunk))
            if end > begin:
                yield chunk[max(0, begin - at) :]
            at = end

    def _note_end(self, before: bytes, chunk: bytes | memoryview, at: int) -> None:
        """Note the end of a chunk's last whole line.

        The chunk begins at a place of the input.
        """
        begin = self._resume.begin
        end = at + (
            find_line_end(chunk) if self._by_line else _measure_before_closing_brackets(chunk)
        )
        if end > max(at, begin):
            self._end, self._tail = end, _join_tail(before, chunk, end - at)
        elif at < begin <= at + len(chunk):
            self._tail = _join_tail(before, chunk, begin - at)

    def make_extent(self, rest: bytes = b"") -> Extent:
        """Return the extent, once the last chunk is taken."""
        return Extent(self._end, rest, self._head, self._tail, self._tails, self._by_line)


def read_identity(source: Input) -> FileIdentity:
    """Read the bytes by which a file is recognised. Raises InputError."""
    file = OpenInput(source)
    status = file.read_status()
    head = file.read_at(sizes.TAIL_BYTES, 0)
    tail = file.read_at(sizes.TAIL_BYTES, max(0, status.st_size - sizes.TAIL_BYTES))
    state = b"%d %d " % (status.st_size, status.st_mtime_ns) + head + tail
    if is_compressed(head):
        chunks = iter(UnpackedChunks(file.read_chunks()))
        head = b"".join(take_bytes(chunks, sizes.TAIL_BYTES))
    return FileIdentity(head, state)


def read_tail_before(source: Input, size: int) -> TailBefore | None:
    """Read the last bytes before a place.

    None for a shorter input. Raises InputError.
    """
    file = OpenInput(source)
    begin = max(0, size - sizes.TAIL_BYTES)
    if not is_compressed(file.read_at(HEAD_BYTES, 0)):
        tail = file.read_at(size - begin, begin)
        has_more = bool(file.read_at(1, size))
        return TailBefore(tail, has_more) if len(tail) == size - begin else None
    unpacked = iter(UnpackedChunks(file.read_chunks()))
    tracked = TrackedChunks(unpacked, Resume(begin=size, sizes=(size,)))
    has_more = any(len(chunk) > 0 for chunk in tracked)
    tails = tracked.make_extent().tails
    return TailBefore(tails[size], has_more) if size in tails else None


def measure_extent(file: OpenInput, begin: int) -> Extent:
    """Return the extent of a plain file's whole lines.

    Reading begins at a place.
    """
    size = file.read_status().st_size
    end = _find_last_line_end(file, begin, size)
    rest = file.read_at(max(0, min(sizes.KEPT_LINE_BYTES, size - end)), end)
    tail = file.read_at(min(sizes.TAIL_BYTES, end), max(0, end - sizes.TAIL_BYTES))
    return Extent(end, rest, tail=tail)


def find_line_end(chunk: bytes | memoryview) -> int:
    """Return the place after the last LF; 0 without one.

    The end is searched first: a memoryview cannot be searched without a copy.
    """
    for tail in (bytes(chunk[-sizes.TAIL_BYTES :]), bytes(chunk)):
        found = tail.rfind(b"\n")
        if found >= 0:
            return len(chunk) - len(tail) + found + 1
    return 0


def _find_last_line_end(file: OpenInput, begin: int, end: int) -> int:
    """Return the place after the last LF in a range.

    The beginning of the range, where there is none.
    """
    while end > begin:
        window = max(begin, end - sizes.TAIL_BYTES)
        found = file.read_at(end - window, window).rfind(b"\n")
        if found >= 0:
            return window + found + 1
        end = window
    return begin


def _join_tail(before: bytes, chunk: bytes | memoryview, end: int) -> bytes:
    """Return the last TAIL_BYTES before a place in a chunk.

    `before` are the bytes before the chunk.
    """
    tail = bytes(chunk[max(0, end - sizes.TAIL_BYTES) : end])
    return (before + tail)[-sizes.TAIL_BYTES :]


def _measure_before_closing_brackets(chunk: bytes | memoryview) -> int:
    """Return the size of a chunk up to the brackets that close it.

    A log that is written anew with more records has them further on.
    """
    tail = bytes(chunk[-sizes.TAIL_BYTES :])
    return len(chunk) - len(tail) + len(tail.rstrip(b"]} \t\r\n"))
