"""Kernel locks on open files: a dead process holds none."""

import contextlib
import fcntl
import os
from datetime import UTC, datetime


def try_lock(fd: int, operation: int) -> bool:
    """Lock an open file, if nobody else does; return whether it is locked."""
    try:
        fcntl.flock(fd, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_holder(fd: int) -> None:
    """Write who holds the lock.

    A full disk does not keep anybody from holding it.
    """
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode(), 0)


def describe_holder(fd: int, doing: str) -> str:
    """Return `another run holds the store (process 1234 since 2026-11-02T01:00:00Z)`."""
    pid, _, since = os.pread(fd, 100, 0).decode("ascii", "replace").strip().partition(" ")
    named = f" (process {pid} since {since})" if pid.isdigit() else ""
    return f"another run {doing}{named}"
