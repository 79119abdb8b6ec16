"""Who may write to a store, and who reads it: kernel locks, which go with their process however that ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dcevents.errors import BusyError, OutputError

WRITER_LOCK_NAME: Final = "lock"
READERS_LOCK_NAME: Final = "readers"
"""Files of a store that are locked; what is in them is for people."""
_RETRY_SECONDS = 0.05
"""Seconds between two tries."""


@contextlib.contextmanager
def hold_for_writing(folder: Path, wait_ms: int = 0) -> Iterator[None]:
    """Hold the store's lock for as long as the block runs. Raises BusyError, which names the holder."""
    fd = _open_lock_file(folder / WRITER_LOCK_NAME)
    try:
        until = time.monotonic() + wait_ms / 1000
        while not _try_lock(fd, fcntl.LOCK_EX):
            if time.monotonic() >= until:
                raise BusyError(
                    f"{folder}: {_describe_holder(fd)}; try again later, or wait with --lock-wait 60s"
                )
            time.sleep(_RETRY_SECONDS)
        _write_holder(fd)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def hold_for_reading(folder: Path) -> Iterator[None]:
    """Keep what the store's manifest names from being removed. Nobody waits for it, nor does it for a writer."""
    try:
        # Not made here: who names a folder that is no store finds nothing in it afterwards.
        fd = os.open(folder / READERS_LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def exclude_readers(folder: Path) -> Iterator[bool]:
    """Whether nobody reads the store; nobody begins to before the block ends."""
    fd = _open_lock_file(folder / READERS_LOCK_NAME)
    try:
        yield _try_lock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _open_lock_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutputError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _try_lock(fd: int, operation: int) -> bool:
    try:
        fcntl.flock(fd, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(fd: int) -> None:
    """Say who holds the lock; it is held all the same where the disk is full."""
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode(), 0)


def _describe_holder(fd: int) -> str:
    """`another run holds the store (process 1234 since 2026-11-02T01:00:00Z)`."""
    pid, _, since = os.pread(fd, 100, 0).decode("ascii", "replace").strip().partition(" ")
    named = f" (process {pid} since {since})" if pid.isdigit() else ""
    return f"another run holds the store{named}"
