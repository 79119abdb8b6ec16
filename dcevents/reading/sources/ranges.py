"""Long plain files by ranges of whole lines, loaded in threads while the files may change.

Only ends of ranges are searched in order. The bytes before each end are kept: a range counts where
they are found again when it is loaded. So a file that was cut short, emptied or written anew in
between is read as far as it was the same log, and not any further.
"""

from typing import NamedTuple

from dcevents.reading.parsing.records import HEAD, Style
from dcevents.reading.parsing.regions import cut
from dcevents.reading.sources import sizes
from dcevents.reading.sources.block_lines import BlockLines, LineRun
from dcevents.reading.sources.growing import find_line_end
from dcevents.reading.sources.inputs import (
    CUT_SHORT,
    REPLACED,
    Extent,
    OpenInput,
    SeenBytes,
    join_tail,
)


class LongFile(NamedTuple):
    """A long plain file that is open."""

    file: OpenInput
    number: int
    head: bytes
    """Its first bytes."""
    framing: Style | None


class FileRange(NamedTuple):
    """Whole lines of a file, between two places."""

    begin: SeenBytes
    end: SeenBytes
    anchor: SeenBytes
    """While these bytes are there, the file is as it was up to `begin`."""
    is_last: bool
    """Whether the range ends with the file."""

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
        if min(self._size, len(head)) < min(HEAD, source.size or 0):
            self._is_same, file.problem = False, CUT_SHORT
        elif not self._is_same:
            file.problem = REPLACED
        elif self._size < (source.size or 0):
            file.problem = CUT_SHORT
        self.at = begin
        """The place up to which ranges were found."""

    def find_next(self, wanted: int) -> FileRange | None:
        """Find the next range, of about so many bytes.

        None at the end of the file, where it holds another log, and where no line ends for long.
        """
        while self._is_same and self.at.end < self._size:
            end = self._find_end(min(self.at.end + wanted, self._size))
            seen = None if end is None else self._read_seen_before(end)
            # Looked at last: if the log is the same now, it was so when its bytes were seen.
            self._is_same = self._file.is_still_there(self._anchor)
            if not self._is_same:
                self._file.problem = REPLACED
            elif seen is None:
                return None
            elif len(seen.data) < min(seen.end, sizes.TAIL_BYTES):
                self._file.problem = CUT_SHORT
                self._size = min(self._size - 1, self._file.read_status().st_size)
            else:
                is_last = seen.end == self._size
                found = FileRange(self.at, seen, self._anchor, is_last)
                self.at = self._anchor = seen
                return found
        return None

    @property
    def rest_bytes(self) -> int:
        """Bytes after the ranges that were found: where they are left, a line does not end."""
        return max(0, self._size - self.at.end) if self._is_same else 0

    def _read_seen_before(self, end: int) -> SeenBytes:
        # The end of the file as it was at first: it may be cut, and grow beyond that place again.
        return self._last if end == self._last.end else self._file.read_seen_before(end)

    def _find_end(self, end: int) -> int | None:
        """Find the last line end before a place.

        None where no line ends for long. The end of the file ends a line too.
        """
        if end == self._size:
            return end
        for window in (sizes.TAIL_BYTES, 2 * sizes.KEPT_LINE_BYTES):
            begin = max(self.at.end, end - window)
            lines = self._file.read_at(end - begin, begin)
            found = lines.rfind(b"\n") + 1
            if found:
                return begin + cut(lines[:found])
        return None


def load_range(long_file: LongFile, found: FileRange) -> BlockLines:
    """Load the lines of a range, as far as they are those of the log.

    Raises InputError.
    """
    file, runs = long_file.file, [LineRun(long_file.number, None)]
    data = _read_fully(file, found)
    problem = None
    if len(data) < found.size or not data.endswith(found.end.data[-found.size :]):
        # What is there may be of another log: only a beginning of the same is certain.
        problem = CUT_SHORT if len(data) < found.size else REPLACED
        if problem == REPLACED or not file.is_still_there(found.anchor):
            return BlockLines(b"", runs, (), long_file.framing, problem)
    if file.source.resume is not None:
        is_cut = found.is_last or problem is not None
        end = find_line_end(data) if is_cut else len(data)
        extent = _make_extent(long_file.head, found.begin, data, end)
        return BlockLines(data[:end], runs, (), long_file.framing, problem, extent)
    if data.endswith(b"\n") or not data or not (found.is_last or problem):
        return BlockLines(data, runs, (), long_file.framing, problem)
    return BlockLines(data + b"\n", runs, {data.count(b"\n")}, long_file.framing, problem)


def _make_extent(head: bytes, begin: SeenBytes, data: bytes, end: int) -> Extent:
    """Return the extent of a log that was read up to a place in data."""
    rest = data[end : end + sizes.KEPT_LINE_BYTES]
    return Extent(begin.end + end, rest, head, join_tail(begin.data, data, end))


def _read_fully(file: OpenInput, found: FileRange) -> bytes:
    """Read the bytes of a range, fewer where the file ends before."""
    chunks, at = [], found.begin.end
    while at < found.end.end:
        chunk = file.read_at(found.end.end - at, at)
        if not chunk:
            break
        chunks.append(chunk)
        at += len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
