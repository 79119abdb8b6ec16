"""Where reports go: standard output, or a file that is replaced whole or left as it was."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

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
    try:
        before = path.stat() if path.exists() else None
        if before is not None and not stat.S_ISREG(before.st_mode):
            _append(path, text)
        else:
            _replace(path, before, text)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise BrokenPipeError from error
        raise OutputError(f"{name}: {(error.strerror or str(error)).lower()}") from error


def _append(path: Path, text: Iterable[str]) -> None:
    with path.open("wb", buffering=0) as file:
        for piece in text:
            _write_all(file.fileno(), piece.encode("utf-8", "backslashreplace"))


def _replace(path: Path, before: os.stat_result | None, text: Iterable[str]) -> None:
    import tempfile  # noqa: PLC0415 - slow to import, and not for `--help`

    fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            for piece in text:
                file.write(piece.encode("utf-8", "backslashreplace"))
            file.flush()
            _take_after(file.fileno(), before)
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
