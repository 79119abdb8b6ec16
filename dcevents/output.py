"""Where reports go: standard output, or a file that is replaced whole or left as it was."""

import contextlib
import errno
import os
import re
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from dcevents.errors import OutputError

_PREFIX, _SUFFIX = ".dcevents-", ".tmp"
"""Of temporary files: hidden, so that no directory of logs shows them, and short, however long the file's name is."""
_STALE = 86_400
"""Seconds: nobody writes for so long. Not less, since a process may have been stopped and go on."""
_OWN = re.compile(r"/(?:dev|proc/self)/fd/([0-9]+)|/dev/(stdout|stderr)")
_STREAMS = {"stdout": 1, "stderr": 2}
"""Descriptors that have a name: a shell may have opened them for appending, or as a pipe that has no path."""


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
    try:
        before = _before(name)
        if own := _OWN.fullmatch(name):
            _write(int(own[1] or _STREAMS[own[2]]), text)
        elif before is None or stat.S_ISREG(before.st_mode):
            _replace(Path(os.path.realpath(name)), before, text)
        else:
            with open(name, "wb", buffering=0) as file:
                _write(file.fileno(), text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{name}: {(error.strerror or str(error)).lower()}") from error


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
    import tempfile  # noqa: PLC0415 - slow to import, and not for `--help`

    _sweep(path.parent)
    fd, temporary = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            for piece in text:
                file.write(_encoded(piece))
            file.flush()
            _take_after(file.fileno(), before)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


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
        _write_all(2, _encoded(message + "\n"))
