"""A folder of the user's alone, held open: a store, and what is sent.

All that is in it is reached from there, never through links, and is of the user alone: what others
could have put there is neither read nor written.
"""

import contextlib
import errno
import os
import shlex
import stat
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar, Final, Self

from dcevents.errors import OutputError, StoreError

TEMPORARY_PREFIX: Final = ".dcevents-"
_FOLDER_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE_MODE: Final = 0o600
_FOLDER_MODE: Final = 0o700


class OwnFolder:
    """A folder that only its owner may write to.

    Names are relative to it: `manifest.json`, `segments/000001/facts.parquet`.
    """

    noun: ClassVar = "folder"
    """What it is to people."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd
        weakref.finalize(self, os.close, fd)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a folder. Raises OSError, and StoreError where it is not the user's alone."""
        found = cls(path, os.open(path, _FOLDER_FLAGS))
        found._require_own(os.fstat(found._fd), path)
        return found

    @classmethod
    def make(cls, path: Path) -> Self:
        """Open a folder, perhaps a new one, which only its owner may open.

        So is one that was there, and empty. Raises OutputError where it cannot be made, else as
        `open`.
        """
        with report_write_failures(path):
            is_new = not path.exists()
            path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            if is_new:
                _sync_parent(path)
            elif os.stat(path).st_uid == os.geteuid() and not os.listdir(path):
                path.chmod(_FOLDER_MODE)
        try:
            return cls.open(path)
        except OSError as error:
            raise StoreError(f"{path}: {(error.strerror or str(error)).lower()}") from error

    def __str__(self) -> str:
        return str(self.path)

    def locate(self, name: str) -> Path:
        """Return the path of a file, for messages."""
        return self.path / name

    # -- reading ---------------------------------------------------------------------------------

    def open_file(self, name: str) -> int:
        """Open a file for reading; return its descriptor.

        Raises OSError, and StoreError where others may have written it.
        """
        # What is no file after all, as a fifo, is not waited for.
        flags = os.O_RDONLY | os.O_NONBLOCK
        return self._open_own(name, flags)

    def read_file(self, name: str) -> bytes:
        """Read a file. Raises OSError and StoreError, as `open_file`."""
        with open(self.open_file(name), "rb") as file:
            return file.read()

    def check_file(self, name: str) -> None:
        """Raise StoreError where a file is a link, or others may have written it, if it is there.

        Raises OSError where it cannot be opened.
        """
        with contextlib.suppress(FileNotFoundError):
            os.close(self.open_file(name))

    def list_names(self, inner: str = "") -> list[str]:
        """Return the sorted names in the folder, or in one inside it; none where there is none."""
        try:
            with self._open_inner(inner) as fd:
                return sorted(os.listdir(fd))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def has_file(self, name: str) -> bool:
        """Return whether there is something of this name."""
        try:
            with self._open_parent(name) as (parent, base):
                os.stat(base, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    # -- writing ---------------------------------------------------------------------------------

    def make_folder(self, name: str) -> None:
        """Make a folder inside, unless it is there. Raises OSError."""
        with self._open_parent(name) as (parent, base), contextlib.suppress(FileExistsError):
            os.mkdir(base, _FOLDER_MODE, dir_fd=parent)

    def write_file(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Write a new file, whole or in pieces, so that it is on disk. Raises OSError.

        One of that name, left by a run that ended early, is removed first.
        """
        with self._open_parent(name) as (parent, base):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(base, dir_fd=parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(base, flags, _FILE_MODE, dir_fd=parent), "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                file.flush()
                os.fsync(file.fileno())

    def replace_file(
        self, name: str, data: bytes | Iterable[bytes], temporary: str | None = None
    ) -> None:
        """Replace a file by another at once, on disk too. Raises OSError.

        `temporary`: the name that it has until then.
        """
        temporary = temporary or f"{TEMPORARY_PREFIX}{os.urandom(8).hex()}.tmp"
        try:
            self.write_file(temporary, data)
            os.replace(temporary, name, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=self._fd)
            raise
        self.sync()

    def remove_file(self, name: str) -> None:
        """Remove a file. Raises OSError."""
        with self._open_parent(name) as (parent, base):
            os.unlink(base, dir_fd=parent)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder inside. Raises OSError."""
        with self._open_parent(name) as (parent, base):
            os.rmdir(base, dir_fd=parent)

    def sync(self, inner: str = "") -> None:
        """Write new, renamed and removed names to disk. Raises OSError."""
        with self._open_inner(inner) as fd:
            try:
                os.fsync(fd)
            except OSError as error:
                if error.errno != errno.EINVAL:  # so say file systems that need no such call
                    raise

    def open_for_writing(self, name: str) -> int:
        """Open a file that is there for reading and writing; return its descriptor.

        Raises OSError and StoreError, as `open_file`.
        """
        return self._open_own(name, os.O_RDWR | os.O_NONBLOCK)

    def open_lock_file(self, name: str, *, makes: bool) -> int:
        """Open a file to lock, perhaps a new one; return its descriptor.

        Raises OSError and StoreError, as `open_file`.
        """
        flags = os.O_RDWR | os.O_CREAT if makes else os.O_RDONLY
        return self._open_own(name, flags | os.O_NONBLOCK)

    # -- names -----------------------------------------------------------------------------------

    def _open_own(self, name: str, flags: int) -> int:
        """Open a file that only its owner may write to."""
        with self._open_parent(name) as (parent, base), self._explain_links(name):
            flags |= os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(base, flags, _FILE_MODE, dir_fd=parent)
        try:
            self._require_regular(os.fstat(fd), self.locate(name))
            self._require_own(os.fstat(fd), self.locate(name))
        except BaseException:
            os.close(fd)
            raise
        return fd

    @contextlib.contextmanager
    def _open_parent(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield the descriptor of the folder that a file is in, and the file's name there."""
        inner, _, base = name.rpartition("/")
        with self._open_inner(inner) as fd:
            yield fd, base

    @contextlib.contextmanager
    def _open_inner(self, name: str) -> Iterator[int]:
        fd, reached = os.dup(self._fd), ""
        try:
            for part in name.split("/") if name else ():
                reached = f"{reached}/{part}".removeprefix("/")
                with self._explain_links(reached):
                    inner = os.open(part, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=fd)
                os.close(fd)
                fd = inner
                self._require_own(os.fstat(fd), self.locate(reached))
            yield fd
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def _explain_links(self, name: str) -> Iterator[None]:
        """Raise StoreError where a name is a link."""
        try:
            yield
        except OSError as error:
            is_link = error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)
            if is_link and self.locate(name).is_symlink():
                raise StoreError(
                    f"{self.locate(name)}: a link, and a {self.noun} has none; "
                    "see who may write there, and restore it from a backup"
                ) from error
            raise

    def _require_regular(self, status: os.stat_result, path: Path) -> None:
        """Raise StoreError for what is no regular file: a fifo, say."""
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{path}: no regular file, as all of a {self.noun} are")

    def _require_own(self, status: os.stat_result, path: Path) -> None:
        """Raise StoreError where a file or folder is another user's, or others may write to it.

        What root has is taken: root may do all.
        """
        if status.st_uid not in (os.geteuid(), 0):
            raise StoreError(
                f"{path}: it belongs to another user; run dcevents as that user, or name another "
                f"{self.noun}"
            )
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StoreError(
                f"{path}: other users may write to it; see that all is as it should be there, "
                f"then keep them out: chmod -R go-w {shlex.quote(str(path))}"
            )


def _sync_parent(path: Path) -> None:
    """Write the name of a new folder to disk, where its parent may be opened."""
    with contextlib.suppress(OSError):
        fd = os.open(path.absolute().parent, _FOLDER_FLAGS)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


@contextlib.contextmanager
def report_write_failures(path: Path) -> Iterator[None]:
    """Raise OutputError, naming the path, for failures to write."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
