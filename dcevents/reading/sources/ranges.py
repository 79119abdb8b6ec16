"""Long plain files by ranges, loaded in threads while the files may change.

Only ends of ranges are searched in order. The bytes before each end are kept: a range counts where
they are found again when it is loaded. So a file that was cut short, emptied or written anew in
between is read as far as it was the same log, and not any further.
"""

from typing import NamedTuple

from dcevents.reading.sources import sizes
from dcevents.reading.sources.buffers import BlockBuffers, BlockBytes
from dcevents.reading.sources.inputs import CUT_SHORT, REPLACED, OpenInput, SeenBytes


class LongFile(NamedTuple):
    """A long plain file that is open."""

    file: OpenInput
    head: bytes
    """The first TAIL_BYTES."""


class FileRange(NamedTuple):
    """Bytes of a file between two places, the second behind a line's end if one is near."""

    begin: SeenBytes
    end: SeenBytes
    anchor: SeenBytes
    """While these bytes are there, the file is as it was up to `begin`."""

    @property
    def size(self) -> int:
        """Bytes of the range."""
        return self.end.end - self.begin.end


class RangeFinder:
    """The ranges of a long file, one after the other."""

    def __init__(self, long_file: LongFile, begin: SeenBytes) -> None:
        file, head = long_file.file, long_file.head
        source, self._file = file.source, file
        self._size = file.read_status().st_size
        self._last = file.read_seen_before(self._size)
        wanted = source.resume.head[: len(head)] if source.resume else b""
        self._is_same = head.startswith(wanted)
        is_resumed = source.resume is not None and source.resume.begin > 0
        self._anchor = begin if is_resumed else SeenBytes(len(head), head)
        if min(self._size, len(head)) < min(sizes.TAIL_BYTES, source.size or 0):
            self._is_same, file.problem = False, CUT_SHORT
        elif not self._is_same:
            file.problem = REPLACED
        elif self._size < (source.size or 0):
            file.problem = CUT_SHORT
        self.at = begin
        """The place up to which ranges were found."""

    def find_next(self, wanted: int) -> FileRange | None:
        """Find the next range, of about so many bytes.

        None at the end of the file, and where it holds another log.
        """
        while self._is_same and self.at.end < self._size:
            end = self._find_end(min(self.at.end + wanted, self._size))
            seen = self._read_seen_before(end)
            # Looked at last: if the log is the same now, it was so when its bytes were seen.
            self._is_same = self._file.is_still_there(self._anchor)
            if not self._is_same:
                self._file.problem = REPLACED
            elif len(seen.data) < min(seen.end, sizes.TAIL_BYTES):
                self._file.problem = CUT_SHORT
                self._size = min(self._size - 1, self._file.read_status().st_size)
            else:
                found = FileRange(self.at, seen, self._anchor)
                self.at = self._anchor = seen
                return found
        return None

    def _read_seen_before(self, end: int) -> SeenBytes:
        # The end of the file as it was at first: it may be cut, and grow beyond that place again.
        return self._last if end == self._last.end else self._file.read_seen_before(end)

    def _find_end(self, end: int) -> int:
        """Find the last line's end before a place.

        The place itself where no line ends for long, and at the end of the file.
        """
        if end == self._size:
            return end
        begin = max(self.at.end, end - sizes.TAIL_BYTES)
        found = self._file.read_at(end - begin, begin).rfind(b"\n") + 1
        return begin + found if found else end


def load_range(
    long_file: LongFile, found: FileRange, buffers: BlockBuffers
) -> tuple[BlockBytes, str | None]:
    """Load the bytes of a range, as far as they are those of the log.

    Return also why some are missing. Raises InputError.
    """
    file = long_file.file
    data = buffers.take(found.size)
    del data[_read_fully(file, found, data) :]
    if len(data) == found.size and data.endswith(found.end.data[-found.size :]):
        return data, None
    # What is there may be of another log: only a beginning of the same is certain.
    problem = CUT_SHORT if len(data) < found.size else REPLACED
    is_same = problem == CUT_SHORT and file.is_still_there(found.anchor)
    return data if is_same else b"", problem


def _read_fully(file: OpenInput, found: FileRange, data: bytearray) -> int:
    """Read the bytes of a range; return how many, fewer where the file ends before."""
    size = 0
    with memoryview(data) as view:
        while size < found.size:
            read = file.read_into(view[size:], found.begin.end + size)
            if not read:
                break
            size += read
    return size
