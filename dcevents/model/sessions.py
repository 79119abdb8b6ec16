"""Sessions: sids, and their numbers 0, 1, 2 … in the order in which the sids come.

The table of sids is one in C, or where there is no library one of Python's. Both compare sids as
texts, so no two of them ever share a number, and no number changes.
"""

import ctypes
import secrets
import threading
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Protocol

import polars as pl

from dcevents.native import arrow, load_library

NUMBER_TYPE: Final = pl.UInt32
_NUMBER_BYTES: Final = 4
_TOO_MANY: Final = -2
"""Result of the library: there are 2^32 sids."""


class _Table(Protocol):
    """A table of sids."""

    def number_sids(self, texts: pl.Series) -> pl.Series:
        """Return the numbers of sids; new ones get the next numbers."""

    def number_packed(self, texts: memoryview, offsets: memoryview) -> pl.Series:
        """Return the numbers of sids, each from one of the 32-bit offsets to the next."""

    def find_number(self, text: str) -> int | None:
        """Return the number of a sid; None if it has none."""

    def look_up(self, numbers: pl.Series | None) -> pl.Series:
        """Return the sids of numbers, or all sids."""

    def __len__(self) -> int: ...


class Sessions:
    """Sids and their numbers; safe for threads.

    Numbers follow the order of calls, so that only one thread is to number sids, in the order of
    the log.
    """

    def __init__(self) -> None:
        self._table: _Table | None = _make_table()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._require_table())

    def number_sids(self, texts: pl.Series | Sequence[str]) -> pl.Series:
        """Return the number of each sid, which may repeat; none is null."""
        with self._lock:
            return self._require_table().number_sids(pl.Series(texts, dtype=pl.String))

    def number_packed(self, texts: bytes | memoryview, offsets: bytes | memoryview) -> pl.Series:
        """Return the numbers of sids that lie one after the other.

        `offsets` (UInt32, native) has one more than there are sids. Texts are UTF-8.
        """
        packed = memoryview(texts).cast("B"), memoryview(offsets).cast("B").cast("I")
        with self._lock:
            return self._require_table().number_packed(*packed)

    def find_number(self, text: str) -> int | None:
        """Return the number of a sid; None if it has none."""
        with self._lock:
            return self._require_table().find_number(text)

    def look_up(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of numbers."""
        with self._lock:
            return self._require_table().look_up(numbers.cast(NUMBER_TYPE))

    def list_sids(self) -> pl.Series:
        """Return all sids, in the order of their numbers."""
        with self._lock:
            return self._require_table().look_up(None)

    def forget_texts(self) -> None:
        """Drop the sids, which some reports never show; no sid can be numbered any more."""
        with self._lock:
            self._table = None

    def _require_table(self) -> _Table:
        if self._table is None:
            raise ValueError("the sids were forgotten")
        return self._table


def _make_table() -> _Table:
    library = load_library()
    return _PythonTable() if library is None else _NativeTable(library)


class _PythonTable:
    """A table in a dictionary."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number_sids(self, texts: pl.Series) -> pl.Series:
        return self._number_texts(texts.to_list())

    def number_packed(self, texts: memoryview, offsets: memoryview) -> pl.Series:
        bounds = pairwise(offsets.tolist())
        return self._number_texts([str(texts[begin:end], "utf-8") for begin, end in bounds])

    def _number_texts(self, texts: list[str]) -> pl.Series:
        numbers = self._numbers
        return pl.Series(
            [numbers.setdefault(text, len(numbers)) for text in texts], dtype=NUMBER_TYPE
        )

    def find_number(self, text: str) -> int | None:
        return self._numbers.get(text)

    def look_up(self, numbers: pl.Series | None) -> pl.Series:
        sids = pl.Series(list(self._numbers), dtype=pl.String)
        return sids if numbers is None else sids.gather(numbers)


class _NativeTable:
    """A table of the library."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.dcevents_new_sessions.restype = ctypes.c_void_p
        library.dcevents_copy_sids.restype = ctypes.c_void_p
        library.dcevents_find_session.restype = ctypes.c_int64
        library.dcevents_count_sessions.restype = ctypes.c_uint64
        seeds = (ctypes.c_uint64(secrets.randbits(64)) for _ in range(2))
        self._table = ctypes.c_void_p(library.dcevents_new_sessions(*seeds))
        if not self._table:
            raise MemoryError

    def __del__(self) -> None:
        if hasattr(self, "_table"):
            self._library.dcevents_free_sessions(self._table)

    def __len__(self) -> int:
        return int(self._library.dcevents_count_sessions(self._table))

    def number_sids(self, texts: pl.Series) -> pl.Series:
        numbers = self._allocate_numbers(texts.len())
        done = 0
        with arrow.open_series(texts) as (form, chunks):
            if form != arrow.TEXT_VIEW_FORMAT or texts.null_count():
                raise ValueError("sids are texts")
            for chunk in chunks:
                end = ctypes.c_void_p(numbers.address + _NUMBER_BYTES * done)
                _check(self._library.dcevents_number_views(self._table, ctypes.byref(chunk), end))
                done += chunk.length
        return numbers.make_series(NUMBER_TYPE, done)

    def number_packed(self, texts: memoryview, offsets: memoryview) -> pl.Series:
        count = len(offsets) - 1
        numbers = self._allocate_numbers(count)
        with arrow.open_bytes(texts) as text_bytes, arrow.open_bytes(offsets) as places:
            _check(
                self._library.dcevents_number_packed(
                    self._table,
                    text_bytes,
                    ctypes.c_uint64(len(texts)),
                    places,
                    ctypes.c_uint64(count),
                    ctypes.c_void_p(numbers.address),
                )
            )
        return numbers.make_series(NUMBER_TYPE, count)

    def _allocate_numbers(self, count: int) -> arrow.Memory:
        return arrow.allocate(self._library, _NUMBER_BYTES * count)

    def find_number(self, text: str) -> int | None:
        data = text.encode()
        found: int = self._library.dcevents_find_session(
            self._table, data, ctypes.c_uint64(len(data))
        )
        return None if found < 0 else found

    def look_up(self, numbers: pl.Series | None) -> pl.Series:
        if numbers is None:
            return self._copy_sids(None, len(self))
        with arrow.open_series(numbers) as (_, chunks):
            parts = [
                self._copy_sids(ctypes.c_void_p(arrow.find_values(each, NUMBER_TYPE)), each.length)
                for each in chunks
            ]
        return pl.concat([pl.Series(dtype=pl.String), *parts])

    def _copy_sids(self, numbers: Any, count: int) -> pl.Series:  # noqa: ANN401
        address = self._library.dcevents_copy_sids(self._table, numbers, ctypes.c_uint64(count))
        return arrow.Memory(self._library, address).make_texts(count)


def _check(result: int) -> None:
    """Raise the error that a result of the library stands for."""
    if result == _TOO_MANY:
        raise OverflowError("there are too many sessions")
    if result:
        raise MemoryError
