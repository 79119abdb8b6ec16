"""Inputs of a log, their bytes, and findings about them."""

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dcevents.errors import InputError
from dcevents.reading import sizes

if TYPE_CHECKING:
    from dcevents.reading.parsing.records import Style

ProgressCallback: TypeAlias = Callable[[int], None]
"""Takes the number of bytes that were read, as they lie on disk."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The place from which a growing input is read on."""

    begin: int = 0
    """Unpacked bytes that are passed over."""
    lines: int = 0
    """Lines in these bytes."""
    sizes: Collection[int] = ()
    """Places before which the last bytes are wanted (`Extent.tails`)."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file, or standard input (`path` is None)."""

    name: str
    path: Path | None
    size: int | None = None
    """Bytes of a regular file."""
    resume: Resume | None = None
    """Set for a growing input: a last line without its LF is then left out."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The read part of a growing input.

    Its bytes identify the input at the next reading.
    """

    end: int = 0
    """End of the last whole line; of records that are no lines, of the last record."""
    rest: bytes = b""
    """Bytes after `end`, cut short where they are many."""
    head: bytes = b""
    """The first TAIL_BYTES, where the input was read in order from its beginning."""
    tail: bytes = b""
    """The last TAIL_BYTES before `end`."""
    tails: Mapping[int, bytes] = field(default_factory=dict)
    """The last TAIL_BYTES before each place of `Resume.sizes`."""
    by_line: bool = True
    """True if reading can continue at `end`."""


@dataclass(frozen=True, slots=True)
class InputResult:
    """An input with what reading found out about it."""

    source: Input
    foreign_format: str | None = None
    """Format and advice, for what is no text: nothing of it is read."""
    problem: str | None = None
    """Reason why only a part could be read."""
    framing: "Style | None" = None
    """How records lie in the input; None where they are its lines."""
    extent: Extent = Extent()

    @property
    def name(self) -> str:
        """The input's name."""
        return self.source.name

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
        self._is_own = source.path is not None
        try:
            self._fd = (
                0 if source.path is None else os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
            )
        except OSError as error:
            self._is_own = False
            raise make_input_error(source.name, error) from error

    def __del__(self) -> None:
        if self._is_own:
            os.close(self._fd)

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

    def read_chunks(
        self, progress: ProgressCallback | None = None, *, offset: int | None = None
    ) -> Iterator[memoryview]:
        """Yield full chunks, each overwritten by the next.

        Reading begins at `offset` where it is given. Raises InputError.
        """
        if offset is not None:
            os.lseek(self._fd, offset, os.SEEK_SET)
        # A small file needs no large buffer, nor two calls.
        size = self.source.size
        largest = sizes.BLOCK_BYTES if size is None else min(sizes.BLOCK_BYTES, size + 1)
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
            if not size:
                break
            filled += size
        return filled


def make_input_error(name: str | Path, error: Exception) -> InputError:
    """Make an InputError of a system's error."""
    if isinstance(error, ValueError):
        return InputError(f"{name}: not a file name")
    text = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(f"{name}: {(text or str(error)).lower()}")


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
