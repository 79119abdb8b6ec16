"""Where reports go: standard output, or a file that is replaced whole or left as it was."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from dcevents.errors import OutputError


def to_standard_output(text: Iterable[str]) -> None:
    """Write pieces of text as UTF-8. A reader that goes away (`| head`) raises BrokenPipeError.

    Raises OutputError where they cannot be written.
    """
    try:
        for piece in text:
            _write_all(1, piece.encode("utf-8", "backslashreplace"))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output: {(error.strerror or str(error)).lower()}") from error


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def to_file(name: str, text: Iterable[str]) -> None:
    """Replace a file by pieces of text: a temporary file beside it, fsync, rename; else it stays as it was.

    A link is followed; what is no regular file (a terminal, a pipe) is written to as it is. Mode and owner stay.
    Raises OutputError.
    """
    path = Path(os.path.realpath(name))
    with _failures_named(name):
        before = path.stat() if path.exists() else None
        if before is not None and not stat.S_ISREG(before.st_mode):
            _append(path, text)
        else:
            _replace(path, before, text)


@contextlib.contextmanager
def _failures_named(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise BrokenPipeError from error
        raise OutputError(f"{name}: {(error.strerror or str(error)).lower()}") from error


def _append(path: Path, text: Iterable[str]) -> None:
    with path.open("wb", buffering=0) as file:
        for piece in text:
            _write_all(file.fileno(), piece.encode("utf-8", "backslashreplace"))


def _replace(path: Path, before: os.stat_result | None, text: Iterable[str]) -> None:
    with _in_its_place(path) as file:
        for piece in text:
            file.write(piece.encode("utf-8", "backslashreplace"))
        file.flush()
        _take_after(file.fileno(), before)


@contextlib.contextmanager
def _in_its_place(path: Path) -> Iterator[BinaryIO]:
    """A file beside another, of mode 0600, that takes its place if the block ends well, and else goes."""
    import tempfile  # noqa: PLC0415 - slow to import, and not for `--help`

    fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _take_after(fd: int, before: os.stat_result | None) -> None:
    """Mode and owner of the file that is replaced, or what a new file gets."""
    if before is None:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(fd, 0o666 & ~mask)
        return
    with contextlib.suppress(OSError):
        os.fchown(fd, before.st_uid, before.st_gid)
    os.fchmod(fd, stat.S_IMODE(before.st_mode))


@contextlib.contextmanager
def to_private_file(name: str) -> Iterator[Callable[[str], None]]:
    """What writes text to a file that only its owner may read. Where the block fails, an old one stays as it was.

    `-` is standard output. What is no regular file is written to as it is, for as long as somebody reads it.
    Raises OutputError.
    """
    with _failures_named(name), contextlib.ExitStack() as stack:
        fd = _standard(name)
        if fd is None and os.path.exists(name) and not os.path.isfile(name):
            fd = stack.enter_context(open(name, "wb", buffering=0)).fileno()
        if fd is not None:
            yield _to_whoever_reads(fd)
            return
        file = stack.enter_context(_in_its_place(Path(os.path.realpath(name))))
        yield lambda text: _write_whole(file, text)


def _write_whole(file: BinaryIO, text: str) -> None:
    file.write(text.encode("utf-8", "backslashreplace"))


def _to_whoever_reads(fd: int) -> Callable[[str], None]:
    gone = False

    def write(text: str) -> None:
        nonlocal gone
        if not gone:
            try:
                _write_all(fd, text.encode("utf-8", "backslashreplace"))
            except BrokenPipeError:
                gone = True

    return write


def _standard(name: str) -> int | None:
    """The descriptor of standard output or error, if that is what a name stands for (`-`, `/dev/stderr`)."""
    return 1 if name == "-" else next((fd for fd in (1, 2) if _identity(name) == _identity(fd) is not None), None)


def would_mix(one: str, other: str | None) -> bool:
    """Whether what is written to two files (None: to standard output) would get into one."""
    places = [1 if name in (None, "-") else name for name in (one, other)]
    first, second = map(_identity, places)
    if first is None and second is None:
        return os.path.realpath(one) == os.path.realpath(other or "")
    return first == second != _identity(os.devnull)


def _identity(file: str | int) -> tuple[int, int] | None:
    """What tells an existing file from all others; None for one that does not exist."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def say(message: str) -> None:
    """A message on standard error, if there is one."""
    with contextlib.suppress(OSError, ValueError):
        _write_all(2, (message + "\n").encode("utf-8", "backslashreplace"))
