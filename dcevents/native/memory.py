"""Memory of the library in C, and bytes that are lent to it. It knows no polars."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Any


class Memory:
    """Memory of the library that this object owns, perhaps beside columns."""

    def __init__(self, library: ctypes.CDLL, address: int | None) -> None:
        if not address:
            raise MemoryError
        self.library = library
        self.address = address
        self._release = library.dcevents_release

    def __del__(self) -> None:
        if hasattr(self, "_release"):
            self._release(ctypes.c_void_p(self.address))


def allocate(library: ctypes.CDLL, size: int) -> Memory:
    """Return memory of `size` bytes."""
    library.dcevents_allocate.restype = ctypes.c_void_p
    return Memory(library, library.dcevents_allocate(ctypes.c_uint64(size)))


def copy_bytes(library: ctypes.CDLL, data: bytes | bytearray | memoryview) -> Memory:
    """Copy bytes into memory of the library."""
    size = memoryview(data).nbytes
    memory = allocate(library, size)
    with open_bytes(data) as lent:
        ctypes.memmove(memory.address, lent, size)
    return memory


@contextlib.contextmanager
def open_bytes(data: bytes | bytearray | memoryview) -> Iterator[Any]:
    """Yield bytes as a pointer that C may read in the block."""
    view = memoryview(data).cast("B")
    # ctypes lends the memory of bytes, and that of what can be written to.
    yield bytes(view) if view.readonly else (ctypes.c_char * len(view)).from_buffer(view)
