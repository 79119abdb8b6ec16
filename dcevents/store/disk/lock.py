"""Kernel locks on a store, for its writer and its readers."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from typing import Final

from dcevents.errors import BusyError, StoreError
from dcevents.folders import report_write_failures
from dcevents.locks import describe_holder, try_lock, write_holder
from dcevents.store.disk.folder import StoreFolder

WRITER_LOCK_NAME: Final = "lock"
"""The file that a writer locks; its text names the writer, for people."""
READERS_LOCK_NAME: Final = "readers"
_RETRY_SECONDS = 0.05
_LEAST_WAIT_MS: Final = 500
"""A report that ends holds the lock for a moment, to remove what could not go before."""


@contextlib.contextmanager
def hold_for_writing(folder: StoreFolder, wait_ms: int = 0) -> Iterator[None]:
    """Hold the store's lock while the block runs.

    Raises BusyError, which names the holder.
    """
    fd = _open_lock_file(folder, WRITER_LOCK_NAME)
    try:
        until = time.monotonic() + max(wait_ms, _LEAST_WAIT_MS) / 1000
        while not try_lock(fd, fcntl.LOCK_EX):
            if time.monotonic() >= until:
                holder = describe_holder(fd, "holds the store")
                raise BusyError(
                    f"{folder}: {holder}; try again later, or wait with --lock-wait 60s"
                )
            time.sleep(_RETRY_SECONDS)
        write_holder(fd)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def hold_for_reading(folder: StoreFolder) -> Iterator[None]:
    """Keep the manifest's files from removal while the block runs.

    It waits for nobody, and no writer waits for it.
    """
    try:
        # The file is not made here: a folder that is no store stays as it was.
        fd = folder.open_lock_file(READERS_LOCK_NAME, makes=False)
    except OSError:
        yield
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def exclude_readers(folder: StoreFolder) -> Iterator[bool]:
    """Yield whether the store has no readers.

    Then none can begin while the block runs.

    Readers are not waited for.
    """
    fd = _open_lock_file(folder, READERS_LOCK_NAME)
    try:
        yield try_lock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


@contextlib.contextmanager
def hold_if_free(folder: StoreFolder) -> Iterator[bool]:
    """Yield whether the store's lock is held for the block; nobody is waited for.

    It is not where another run holds it, or the lock may not be opened.
    """
    try:
        fd = folder.open_lock_file(WRITER_LOCK_NAME, makes=True)
    except (OSError, StoreError):
        yield False
        return
    try:
        yield try_lock(fd, fcntl.LOCK_EX)
    finally:
        os.close(fd)


def _open_lock_file(folder: StoreFolder, name: str) -> int:
    with report_write_failures(folder.locate(name)):
        return folder.open_lock_file(name, makes=True)
