"""Files of sending: a lock on a ledger, and files that are replaced whole."""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from dcevents.errors import BusyError
from dcevents.folders import report_write_failures
from dcevents.locks import describe_holder, try_lock, write_holder
from dcevents.output import sync_folder


@contextlib.contextmanager
def hold_lock(path: Path, where: str) -> Iterator[None]:
    """Hold a kernel lock while the block runs; a dead process holds none.

    Raises BusyError, which names the holder.
    """
    with report_write_failures(path):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if not try_lock(fd, fcntl.LOCK_EX):
            holder = describe_holder(fd, f"sends to {where}")
            raise BusyError(f"{path.parent}: {holder}; try again later")
        write_holder(fd)
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
