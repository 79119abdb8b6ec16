"""Files of sending: a lock on a ledger, and files that are replaced whole."""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from dcevents.errors import BusyError, OutputError
from dcevents.output import sync_folder


@contextlib.contextmanager
def hold_lock(path: Path, where: str) -> Iterator[None]:
    """Hold a kernel lock while the block runs; a dead process holds none.

    Raises BusyError, which names the holder.
    """
    with name_failures(path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(fd, 100, 0).decode("ascii", "replace").strip()
            named = f" (process {holder})" if holder else ""
            raise BusyError(
                f"{path.parent}: another run sends to {where}{named}; try again later"
            ) from error
        # A full disk does not keep anybody from holding it.
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 0)
            holder = f"{os.getpid()} since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
            os.pwrite(fd, holder.encode(), 0)
        yield
    finally:
        os.close(fd)


def replace_bytes(path: Path, parts: Iterable[bytes]) -> None:
    """Replace a file of mode 0600, or make it; it is on disk before it has its name."""
    # Its own name: a run on a store removes temporary files of other names.
    temporary = path.with_name(f"{path.name}.new")
    # What a killed run has left there, or somebody else has put there, is not written into.
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


@contextlib.contextmanager
def name_failures(path: Path) -> Iterator[None]:
    """Raise OutputError, naming the path, for failures to read or write."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{path}: {reason}") from error
