"""Inputs of a log, their bytes, and findings about them."""

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dcevents.errors import InputError, MissingInputError
from dcevents.reading.framing import BEGINNING, ResumePoint
from dcevents.reading.sources import sizes

ProgressCallback: TypeAlias = Callable[[int], None]
"""Takes the number of bytes that were read, as they lie on disk."""

CUT_SHORT = "it was cut short while it was read"
REPLACED = "another log took its place while it was read"
_CHANGES = (CUT_SHORT, REPLACED)
"""Problems of inputs that changed under the reader: what is missing may be in another file."""


class SeenBytes(NamedTuple):
    """Bytes that were seen right before a place of a file.

    A log only grows: where they are no longer there, the file holds another one.
    """

    end: int
    data: bytes


START = SeenBytes(0, b"")
"""The beginning of a file, before which nothing is."""


class Resume(NamedTuple):
    """The place from which a growing input is read on."""

    point: ResumePoint = BEGINNING
    """The bytes before it, unpacked, are passed over; how records go on there."""
    sizes: Collection[int] = ()
    """Places before which the last bytes are wanted (`Extent.tails`)."""
    head: bytes = b""
    """First bytes, unpacked, that it was recognised by: nothing is read where they differ."""
    tail: bytes = b""
    """The last bytes before `begin`, unpacked; as `head`."""

    @property
    def begin(self) -> int:
        """Return how many bytes are passed over."""
        return self.point.offset


class Input(NamedTuple):
    """A file, or standard input (`path` is None)."""

    name: str
    path: Path | None
    size: int | None = None
    """Bytes of a regular file."""
    identity: tuple[int, int] | None = None
    """(device, inode) of a regular file."""
    resume: Resume | None = None
    """Set for a growing input, which a later run reads on."""

    @property
    def is_long_file(self) -> bool:
        """Return whether it is a file that threads are to read."""
        long = min(sizes.LONG_FILE_BYTES, 2 * sizes.FIRST_BLOCK_BYTES)
        return self.path is not None and self.size is not None and self.size >= long


class Extent(NamedTuple):
    """The read part of a growing input.

    Its bytes identify the input at the next reading. Nothing of an input was read that is not the
    log which was recognised.
    """

    resume: ResumePoint = BEGINNING
    """Where a later run reads on: records before it are sure."""
    rest_bytes: int = 0
    """Bytes behind that place that were read."""
    head: bytes = b""
    """The first TAIL_BYTES."""
    tail: bytes = b""
    """The last TAIL_BYTES before the place of `resume`."""
    tails: Mapping[int, bytes] = {}
    """The last TAIL_BYTES before each place of `Resume.sizes`."""

    @property
    def end(self) -> int:
        """Return the place where a later run reads on."""
        return self.resume.offset


NOTHING_READ = Extent()


class InputResult(NamedTuple):
    """An input with what reading found out about it."""

    source: Input
    foreign_format: str | None = None
    """Format and advice, for what is no text: nothing of it is read."""
    problem: str | None = None
    """Reason why only a part could be read."""
    extent: Extent = NOTHING_READ

    @property
    def name(self) -> str:
        """The input's name."""
        return self.source.name

    @property
    def has_changed(self) -> bool:
        """True if the input changed under the reader."""
        return self.problem in _CHANGES

    @property
    def unread_reason(self) -> str | None:
        """Reason why not all was read; None where all was."""
        return f"it is {self.foreign_format}" if self.foreign_format else self.problem


class OpenInput:
    """An open input, closed when its last block is dropped.

    Threads read blocks later than they are yielded.
    """

    def __init__(self, source: Input) -> None:
        """Open an input. Raises InputError."""
        self.source = source
        self.problem: str | None = None
        """Reason why not all was read; known once the last chunk is taken."""
        self._seen = START
        # A signal may end the run while a fifo waits for its writer: then nothing is to be closed.
        self._fd = -1
        try:
            self._fd = (
                0 if source.path is None else os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
            )
        except OSError as error:
            raise make_input_error(source.name, error) from error
        self._is_file = source.path is not None and source.size is not None
        if self._is_file:
            self.problem = self._find_change()

    def __del__(self) -> None:
        if self._fd > 0:
            os.close(self._fd)

    def _find_change(self) -> str | None:
        """Return what happened to the file since it was found.

        None for nothing.
        """
        status = self.read_status()
        if self.source.identity not in (None, (status.st_dev, status.st_ino)):
            return REPLACED
        return CUT_SHORT if status.st_size < (self.source.size or 0) else None

    def read_status(self) -> os.stat_result:
        """Return the file's size, time and kind."""
        return os.fstat(self._fd)

    def read_at(self, size: int, offset: int) -> bytes:
        """Read up to so many bytes at a place.

        Raises InputError.
        """
        try:
            return os.pread(self._fd, size, offset)
        except OSError as error:
            raise make_input_error(self.source.name, error) from error

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Read bytes at a place into a buffer; return how many.

        Raises InputError.
        """
        try:
            return os.preadv(self._fd, [buffer], offset)
        except OSError as error:
            raise make_input_error(self.source.name, error) from error

    def describe_again(self) -> Input:
        """Describe the file as it is now, and take it for the input from now on."""
        status = self.read_status()
        identity = status.st_dev, status.st_ino
        self.source = self.source._replace(size=status.st_size, identity=identity)
        return self.source

    def is_still_there(self, seen: SeenBytes) -> bool:
        """Return whether the file still has bytes that were seen.

        Then all before them is as it was, too. Raises InputError.
        """
        data = seen.data
        return self.read_at(len(data), seen.end - len(data)) == data

    def read_seen_before(self, end: int) -> SeenBytes:
        """Read the last TAIL_BYTES before a place. Raises InputError."""
        begin = max(0, end - sizes.TAIL_BYTES)
        return SeenBytes(end, self.read_at(end - begin, begin))

    def read_chunks(
        self, progress: ProgressCallback | None = None, *, after: SeenBytes | None = None
    ) -> Iterator[memoryview]:
        """Yield full chunks, each overwritten by the next.

        Reading begins behind bytes that were seen, where they are given. It ends with a `problem`
        where the file holds another log than before. Raises InputError.
        """
        if after is not None:
            os.lseek(self._fd, after.end, os.SEEK_SET)
        self._seen = after or START
        # A small file needs no large buffer, nor two calls.
        size = self.source.size
        largest = sizes.BLOCK_BYTES if size is None else min(sizes.BLOCK_BYTES, size + 1)
        if not self._is_file:
            _widen_pipe(self._fd)
        buffer = memoryview(bytearray(largest))
        wanted = min(sizes.FIRST_BLOCK_BYTES, largest)
        while True:
            filled = self._fill_buffer(buffer[:wanted])
            if filled:
                yield buffer[:filled]
                # Reported last, since unpacking a compressed chunk takes long.
                if progress:
                    progress(filled)
            if filled < wanted:
                return
            wanted = largest

    def _fill_buffer(self, buffer: memoryview) -> int:
        """Fill a buffer unless the input ends; return the size."""
        filled = 0
        while filled < len(buffer):
            try:
                size = os.readv(self._fd, [buffer[filled:]])
            except OSError as error:
                raise make_input_error(self.source.name, error) from error
            if self._is_file and not self._note_read(buffer[filled : filled + size]):
                break
            if not size:
                break
            filled += size
        return filled

    def _note_read(self, data: memoryview) -> bool:
        """Note bytes that were read; return whether they follow those before."""
        at = self._seen.end
        if not data:
            is_short = at < (self.source.size or 0)
            self.problem = self.problem or (CUT_SHORT if is_short else None)
        elif at and not self.is_still_there(self._seen):
            self.problem = REPLACED
            return False
        else:
            tail = join_tail(self._seen.data, data, len(data))
            self._seen = SeenBytes(at + len(data), tail)
        return True


def make_input_error(name: str | Path, error: Exception) -> InputError:
    """Make an InputError of a system's error."""
    if isinstance(error, ValueError):
        return InputError(f"{name}: not a file name")
    text = error.strerror if isinstance(error, OSError) else str(error)
    kind = MissingInputError if isinstance(error, FileNotFoundError) else InputError
    return kind(f"{name}: {(text or str(error)).lower()}")


def join_tail(before: bytes, data: bytes | memoryview, end: int) -> bytes:
    """Return the last TAIL_BYTES before a place in data.

    `before` are the bytes before the data.
    """
    tail = bytes(data[max(0, end - sizes.TAIL_BYTES) : end])
    return (before + tail)[-sizes.TAIL_BYTES :]


def take_bytes(chunks: Iterator[bytes | memoryview], size: int) -> Iterator[bytes | memoryview]:
    """Yield the first bytes of chunks."""
    for chunk in chunks:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


def _widen_pipe(fd: int) -> None:
    """Let a pipe hold more, so that both ends wait less."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - not on Windows

        if stat.S_ISFIFO(os.fstat(fd).st_mode):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, sizes.FIRST_BLOCK_BYTES)
