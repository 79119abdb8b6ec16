"""Where reports go: standard output, or a file that is replaced whole or left as it was."""

import contextlib
import errno
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from dcevents.errors import OutputError

_PREFIX, _SUFFIX = ".dcevents-", ".tmp"
"""Of temporary files: hidden, so that no directory of logs shows them, and short, however long the file's name is."""
_STALE = 86_400
"""Seconds: nobody writes for so long. Not less, since a process may have been stopped and go on."""
_STREAMS = {"-": 1, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTORS = ("/dev/fd", "/proc/self/fd")
_MOST_LINKS = 40


def hold_standard_descriptors() -> None:
    """Where 0, 1 or 2 is closed, hold its number, so that no file gets it and is taken for a stream."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            # Opened for the wrong direction: use of it fails, as of one that is closed.
            os.open(os.devnull, os.O_RDONLY if fd else os.O_WRONLY)
    if sys.stdout is None:
        # So that help, which click would else write nowhere, fails too.
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as the process lives


def descriptor(name: str) -> int | None:
    """The open descriptor that a name stands for: `-`, /dev/stdout, /dev/fd/5, or a link to one of these.

    It is written to as it is: a shell may have opened it for appending, or as a pipe that has no path.
    """
    for _ in range(_MOST_LINKS):
        if (stream := _STREAMS.get(name)) is not None:
            return stream
        base = os.path.basename(name)
        try:
            folder = os.path.realpath(os.path.dirname(name))
            if re.fullmatch("[0-9]+", base) and folder in map(os.path.realpath, _DESCRIPTORS):
                return int(base)
            name = os.path.join(folder, os.readlink(os.path.join(folder, base)))
        except OSError:  # no link, or nothing there, not even a working directory
            return None
    return None


def to_standard_output(text: Iterable[str]) -> None:
    """Write pieces of text as UTF-8. A reader that goes away (`| head`) raises BrokenPipeError.

    Raises OutputError where they cannot be written.
    """
    try:
        _write(1, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output: {(error.strerror or str(error)).lower()}") from error


def _write(fd: int, text: Iterable[str]) -> None:
    for piece in text:
        _write_all(fd, _encoded(piece))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def to_file(name: str, text: Iterable[str]) -> None:
    """Replace a file by pieces of text: a temporary file beside it, fsync, rename; else it stays as it was.

    A link is followed; what is no regular file (a terminal, a pipe, /dev/stdout) is written to as it is. Mode and
    owner stay. Raises OutputError.
    """
    with _failures_named(name), _as_it_is(name) as fd:
        if fd is None:
            _replace(Path(os.path.realpath(name)), _before(name), text)
        else:
            _write(fd, text)


@contextlib.contextmanager
def _as_it_is(name: str) -> Iterator[int | None]:
    """Where what a name stands for is written to as it is; None for a file, which is replaced."""
    fd = descriptor(name)
    before = _before(name) if fd is None else None
    if before is None or stat.S_ISREG(before.st_mode):
        yield fd
    else:
        with open(name, "wb", buffering=0) as file:
            yield file.fileno()


@contextlib.contextmanager
def _failures_named(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        folder = os.path.dirname(name) if isinstance(error, FileNotFoundError) else ""
        reason = (
            f"there is no folder {folder}" if folder else (error.strerror or str(error)).lower()
        )
        raise OutputError(f"{name}: {reason}") from error


def is_within(name: str, folder: str) -> bool:
    """Whether a file is in a folder, or would be if it were written."""
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(name)).parents


def is_terminal(name: str | None) -> bool:
    """Whether a file that is named is a terminal, or may be one."""
    try:
        return name is not None and stat.S_ISCHR(os.stat(name).st_mode)
    except OSError:
        return False


def _before(name: str) -> os.stat_result | None:
    """What is there; None where there is nothing yet. Raises OSError where no file can or may be written."""
    try:
        before = os.stat(name)
    except FileNotFoundError:
        if name.endswith("/"):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        return None
    # A rename would ask nobody.
    if stat.S_ISREG(before.st_mode) and not os.access(name, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return before


def _replace(path: Path, before: os.stat_result | None, text: Iterable[str]) -> None:
    with _in_its_place(path) as file:
        for piece in text:
            file.write(_encoded(piece))
        file.flush()
        _take_after(file.fileno(), before)


@contextlib.contextmanager
def _in_its_place(path: Path) -> Iterator[BinaryIO]:
    """A file beside another, of mode 0600, that takes its place if the block ends well, and else goes."""
    _sweep(path.parent)
    # Named before it is there: a signal may come as soon as it is.
    temporary = path.parent / f"{_PREFIX}{os.urandom(8).hex()}{_SUFFIX}"
    try:
        with open(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb"
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    with contextlib.suppress(OSError):
        sync_folder(path.parent)


def _sweep(folder: Path) -> None:
    """Remove what runs that were killed have left: temporary files that nobody has written to for a day."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE:
                        os.unlink(entry.path)


def _take_after(fd: int, before: os.stat_result | None) -> None:
    """Mode and owner of the file that is replaced, or what a new file gets."""
    if before is None:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(fd, 0o666 & ~mask)
        return
    for owner in (before.st_uid, -1):
        with contextlib.suppress(OSError):
            os.fchown(fd, owner, before.st_gid)
    os.fchmod(fd, stat.S_IMODE(before.st_mode))


@contextlib.contextmanager
def to_private_file(name: str) -> Iterator[Callable[[str], None]]:
    """What writes text to a file that only its owner may read. Where the block fails, an old one stays as it was.

    What is no regular file is written to as it is, for as long as somebody reads it. Raises OutputError.
    """
    with _failures_named(name), _as_it_is(name) as fd:
        if fd is not None:
            yield _to_whoever_reads(fd)
            return
        with _in_its_place(Path(os.path.realpath(name))) as file:
            yield lambda text: _write_whole(file, text)


def _write_whole(file: BinaryIO, text: str) -> None:
    file.write(_encoded(text))


def _to_whoever_reads(fd: int) -> Callable[[str], None]:
    gone = False

    def write(text: str) -> None:
        nonlocal gone
        if not gone:
            try:
                _write_all(fd, _encoded(text))
            except BrokenPipeError:
                gone = True

    return write


def would_mix(one: str, other: str | None) -> bool:
    """Whether what is written to two files (None: to standard output) would get into one."""
    first, second = map(_place, (one, "-" if other is None else other))
    return first == second != _identity(os.devnull)


def loses_messages(name: str) -> bool:
    """Whether a file that is to be replaced is the one that standard error goes to."""
    return descriptor(name) is None and os.path.isfile(name) and _identity(name) == _identity(2)


def _place(name: str) -> tuple[int, int] | str | None:
    """What tells apart where names lead: the identity of what is there, or else the path."""
    fd = descriptor(name)
    if (found := _identity(name if fd is None else fd)) is not None:
        return found
    with contextlib.suppress(OSError):
        return os.path.realpath(name)
    return name


def _identity(file: str | int) -> tuple[int, int] | None:
    """What tells an existing file from all others; None for one that does not exist."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def sync_folder(folder: Path) -> None:
    """Have what was made, renamed or removed in a folder on disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def say(message: str) -> None:
    """A message on standard error, if there is one."""
    with contextlib.suppress(OSError, ValueError):
        _write_all(2, _encoded(message + "\n"))
