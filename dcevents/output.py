"""Output: standard output, or a file that is replaced whole or stays as it was."""

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

Pieces = Iterable[str] | Iterable[bytes]
"""What is written one after another: all text, or all bytes."""

_TEMPORARY_PREFIX, _TEMPORARY_SUFFIX = ".dcevents-", ".tmp"
"""Hidden, so that no directory of logs shows temporary files; short, beside files of long names."""
_STALE_SECONDS = 86_400
"""Nobody writes for so long. Not less, since a process may have been stopped and go on."""
_STREAM_DESCRIPTORS = {"-": 1, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR_FOLDERS = ("/dev/fd", "/proc/self/fd")
_MAX_LINKS = 40


def hold_standard_descriptors() -> None:
    """Hold the numbers 0, 1 and 2 where they are closed.

    Else a file could get one of them, and be taken for a stream.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            # Opened for the wrong direction: use of it fails, as of one that is closed.
            os.open(os.devnull, os.O_RDONLY if fd else os.O_WRONLY)
    if sys.stdout is None:
        # So that help, which click would else write nowhere, fails too. For the process's lifetime.
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def find_descriptor(name: str) -> int | None:
    """Return the open descriptor of `-`, /dev/stdout, /dev/fd/5, or a link there.

    It is written to as it is: a shell may have opened it for appending, or as a pipe, which has no
    path.
    """
    for _ in range(_MAX_LINKS):
        if (stream := _STREAM_DESCRIPTORS.get(name)) is not None:
            return stream
        base = os.path.basename(name)
        try:
            folder = os.path.realpath(os.path.dirname(name))
            folders = map(os.path.realpath, _DESCRIPTOR_FOLDERS)
            if re.fullmatch("[0-9]+", base) and folder in folders:
                return int(base)
            name = os.path.join(folder, os.readlink(os.path.join(folder, base)))
        except OSError:  # no link, or nothing there, not even a working directory
            return None
    return None


def write_to_stdout(pieces: Pieces) -> None:
    """Write pieces of bytes, or of text as UTF-8. Raises OutputError.

    A reader that goes away (`| head`) raises BrokenPipeError.
    """
    try:
        _write_pieces(1, pieces)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output: {(error.strerror or str(error)).lower()}") from error


def _write_pieces(fd: int, pieces: Pieces) -> None:
    for piece in pieces:
        _write_all(fd, _encode_piece(piece))


def _encode_piece(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else _encode_text(piece)


def _encode_text(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def replace_file(name: str, pieces: Pieces) -> None:
    """Replace a file by pieces of text or bytes, or leave it as it was.

    A temporary file beside it, fsync, rename. A link is followed; a terminal, a pipe and other
    special files are written to as they are. Mode and owner stay. Raises OutputError.
    """
    with _name_failures(name), _open_special_file(name) as fd:
        if fd is None:
            _replace_by_pieces(Path(os.path.realpath(name)), _stat_target(name), pieces)
        else:
            _write_pieces(fd, pieces)


@contextlib.contextmanager
def _open_special_file(name: str) -> Iterator[int | None]:
    """Yield the descriptor of a special file.

    None for a file to replace.
    """
    fd = find_descriptor(name)
    before = _stat_target(name) if fd is None else None
    if before is None or stat.S_ISREG(before.st_mode):
        yield fd
    else:
        with open(name, "wb", buffering=0) as file:
            yield file.fileno()


@contextlib.contextmanager
def _name_failures(name: str) -> Iterator[None]:
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
    """Return whether a file is, or would be, in a folder."""
    return Path(os.path.realpath(folder)) in Path(os.path.realpath(name)).parents


def is_terminal(name: str | None) -> bool:
    """Return whether a named file is a terminal, or may be one."""
    try:
        return name is not None and stat.S_ISCHR(os.stat(name).st_mode)
    except OSError:
        return False


def _stat_target(name: str) -> os.stat_result | None:
    """Return the status of a file to be written.

    None for a new one.

    Raises OSError where no file can or may be written.
    """
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


def _replace_by_pieces(path: Path, before: os.stat_result | None, pieces: Pieces) -> None:
    with _open_replacement(path) as file:
        for piece in pieces:
            file.write(_encode_piece(piece))
        file.flush()
        _copy_mode_and_owner(file.fileno(), before)


@contextlib.contextmanager
def _open_replacement(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file, of mode 0600, that replaces another.

    It takes the other's place if the block ends well, and else is removed.
    """
    _remove_stale_files(path.parent)
    # Named before it is there: a signal may come as soon as it is.
    temporary = path.parent / f"{_TEMPORARY_PREFIX}{os.urandom(8).hex()}{_TEMPORARY_SUFFIX}"
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


def _remove_stale_files(folder: Path) -> None:
    """Remove temporary files of killed runs, a day after the last write."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_TEMPORARY_PREFIX) and entry.name.endswith(_TEMPORARY_SUFFIX):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE_SECONDS:
                        os.unlink(entry.path)


def _copy_mode_and_owner(fd: int, before: os.stat_result | None) -> None:
    """Set mode and owner of the replaced file, or those of a new file."""
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
def open_private_file(name: str) -> Iterator[Callable[[str], None]]:
    """Yield a function that writes text to a file for its owner alone.

    Where the block fails, an old file stays as it was. A stream is written to as it is, for as long
    as somebody reads it. Raises OutputError, also for a fifo and for what another user has put
    there.
    """
    _require_private_target(name)
    with _name_failures(name), _open_special_file(name) as fd:
        if fd is not None:
            yield _make_pipe_writer(fd)
            return
        with _open_replacement(Path(os.path.realpath(name))) as file:
            yield lambda text: _write_text(file, text)


def _require_private_target(name: str) -> None:
    """Raise OutputError where strangers' lines might reach somebody, or somebody's file."""
    if find_descriptor(name) is not None:
        return
    with contextlib.suppress(OSError):
        for status in (os.lstat(name), os.stat(name)):
            if stat.S_ISFIFO(status.st_mode):
                raise OutputError(f"{name}: a fifo, whose reader may never come; name a file")
            if status.st_uid not in (os.geteuid(), 0):
                raise OutputError(f"{name}: it belongs to another user; name another file")


def _write_text(file: BinaryIO, text: str) -> None:
    file.write(_encode_text(text))


def _make_pipe_writer(fd: int) -> Callable[[str], None]:
    is_gone = False

    def write_while_read(text: str) -> None:
        nonlocal is_gone
        if not is_gone:
            try:
                _write_all(fd, _encode_text(text))
            except BrokenPipeError:
                is_gone = True

    return write_while_read


def is_same_target(one: str, other: str | None) -> bool:
    """Return whether two outputs would get into one file.

    None is standard output.
    """
    first, second = map(_identify_target, (one, "-" if other is None else other))
    return first == second != _identify_file(os.devnull)


def is_standard_error(name: str) -> bool:
    """Return whether a name is a regular file that standard error goes to."""
    return (
        find_descriptor(name) is None
        and os.path.isfile(name)
        and _identify_file(name) == _identify_file(2)
    )


def _identify_target(name: str) -> tuple[int, int] | str | None:
    """Return the identity of the file that a name leads to, or else its path."""
    fd = find_descriptor(name)
    if (found := _identify_file(name if fd is None else fd)) is not None:
        return found
    with contextlib.suppress(OSError):
        return os.path.realpath(name)
    return name


def _identify_file(file: str | int) -> tuple[int, int] | None:
    """Return the identity of a file; None where there is none."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def sync_folder(folder: Path) -> None:
    """Write a folder's new, renamed and removed names to disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_message(message: str) -> None:
    """Write a line on standard error, if there is one."""
    with contextlib.suppress(OSError, ValueError):
        _write_all(2, _encode_text(message + "\n"))
