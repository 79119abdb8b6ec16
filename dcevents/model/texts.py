"""Numbers of texts: 0, 1, 2 … in the order in which the texts come.

The table is one in C, or where there is no library one of Python's. Both compare texts as such, so
no two of them ever share a number, and no number changes.
"""

import ctypes
import secrets
from itertools import pairwise
from typing import Any, Final, Protocol

import polars as pl

from dcevents.native import arrow, load_library

NUMBER_TYPE: Final = pl.UInt32
_NUMBER_BYTES: Final = 4
_TOO_MANY: Final = -2
"""Result of the library: there are 2^32 texts."""


class TextTable(Protocol):
    """A table of texts and their numbers."""

    def number_texts(self, texts: pl.Series) -> pl.Series:
        """Return the number of each text, which may repeat; none is null."""

    def number_packed(self, texts: memoryview, offsets: memoryview) -> pl.Series:
        """Return the numbers of texts, each from one of the 32-bit offsets to the next."""

    def find_number(self, text: str) -> int | None:
        """Return the number of a text; None if it has none."""

    def look_up(self, numbers: pl.Series | None) -> pl.Series:
        """Return the texts of numbers, or all texts."""

    def __len__(self) -> int: ...


def make_text_table() -> TextTable:
    """Return a table without texts."""
    library = load_library()
    return _PythonTable() if library is None else _NativeTable(library)


class _PythonTable:
    """A table in a dictionary."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number_texts(self, texts: pl.Series) -> pl.Series:
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
        texts = pl.Series(list(self._numbers), dtype=pl.String)
        return texts if numbers is None else texts.gather(numbers)


class _NativeTable:
    """A table of the library."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.dcevents_new_texts.restype = ctypes.c_void_p
        library.dcevents_copy_texts.restype = ctypes.c_void_p
        library.dcevents_find_text.restype = ctypes.c_int64
        library.dcevents_count_texts.restype = ctypes.c_uint64
        seeds = (ctypes.c_uint64(secrets.randbits(64)) for _ in range(2))
        self._table = ctypes.c_void_p(library.dcevents_new_texts(*seeds))
        if not self._table:
            raise MemoryError

    def __del__(self) -> None:
        if hasattr(self, "_table"):
            self._library.dcevents_free_texts(self._table)

    def __len__(self) -> int:
        return int(self._library.dcevents_count_texts(self._table))

    def number_texts(self, texts: pl.Series) -> pl.Series:
        numbers = self._allocate_numbers(texts.len())
        done = 0
        with arrow.open_series(texts) as (form, chunks):
            if form != arrow.TEXT_VIEW_FORMAT or texts.null_count():
                raise ValueError("not a column of texts")
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
        found: int = self._library.dcevents_find_text(self._table, data, ctypes.c_uint64(len(data)))
        return None if found < 0 else found

    def look_up(self, numbers: pl.Series | None) -> pl.Series:
        if numbers is None:
            return self._copy_texts(None, len(self))
        with arrow.open_series(numbers) as (_, chunks):
            parts = [
                self._copy_texts(ctypes.c_void_p(arrow.find_values(each, NUMBER_TYPE)), each.length)
                for each in chunks
            ]
        return pl.concat([pl.Series(dtype=pl.String), *parts])

    def _copy_texts(self, numbers: Any, count: int) -> pl.Series:  # noqa: ANN401
        address = self._library.dcevents_copy_texts(self._table, numbers, ctypes.c_uint64(count))
        return arrow.Memory(self._library, address).make_texts(count)


def _check(result: int) -> None:
    """Raise the error that a result of the library stands for."""
    if result == _TOO_MANY:
        raise OverflowError("there are too many texts")
    if result:
        raise MemoryError
