"""Numbers of texts, and of rows of numbers: 0, 1, 2 … in the order in which they come.

The tables are in C, or where there is no library in Python. They compare texts and rows as such, so
no two of them ever share a number, and no number changes. They know no polars: see `texts`.
"""

import ctypes
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, Protocol

from dcevents.model.numbers.packed_texts import unpack_value
from dcevents.native import draw_seed, load_library
from dcevents.native.memory import Memory, open_bytes

NUMBER_BYTES: Final = 4
_TOO_MANY: Final = -2
"""Result of the library: there are 2^32 texts."""
_NO_ENTRY: Final = -4
"""Result of the library: a number stands for nothing."""


def make_text_table() -> "PythonTable | NativeTable":
    """Return a table without texts."""
    library = load_library()
    return PythonTable() if library is None else NativeTable(library)


class PythonTable:
    """A table in a dictionary."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number_list(self, texts: Sequence[str]) -> list[int]:
        """Return the number of each text, which may repeat."""
        return self._number(text.encode() for text in texts)

    def number_packed(self, texts: memoryview, offsets: memoryview) -> "array[int]":
        """Return the numbers of texts, each from one of the 32-bit offsets to the next.

        The first text begins at the first byte, whatever its offset.
        """
        first = offsets[0] if offsets else 0
        bounds = pairwise(offsets.tolist())
        return array("I", self._number(bytes(texts[a - first : b - first]) for a, b in bounds))

    def _number(self, texts: Iterable[bytes]) -> list[int]:
        numbers = self._numbers
        return [numbers.setdefault(text, len(numbers)) for text in texts]

    def find_number(self, text: str) -> int | None:
        """Return the number of a text; None if it has none."""
        return self._numbers.get(text.encode())

    def list_texts(self) -> list[str]:
        """Return all texts, in the order of their numbers."""
        return [text.decode() for text in self._numbers]

    def list_ranks(self) -> "array[int]":
        """Return the rank of each text by code point, from 0 on, by its number."""
        ordered = sorted(self._numbers)
        ranks = array("I", bytes(NUMBER_BYTES * len(ordered)))
        for rank, text in enumerate(ordered):
            ranks[self._numbers[text]] = rank
        return ranks

    def list_members(self, width: int, member: int) -> list[str]:
        """Return one of the texts of each value: see `packed_texts`."""
        values = (unpack_value(packed, width) for packed in self._numbers)
        return [(value[member] if isinstance(value, tuple) else value) or "" for value in values]


class _LibraryTable:
    """A table of the library, which goes with this object."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.dcevents_new_texts.restype = ctypes.c_void_p
        library.dcevents_count_texts.restype = ctypes.c_uint64
        # Nobody can guess where a text lies.
        seeds = (ctypes.c_uint64(draw_seed()) for _ in range(2))
        self._table = ctypes.c_void_p(library.dcevents_new_texts(*seeds))
        if not self._table:
            raise MemoryError

    def __del__(self) -> None:
        if hasattr(self, "_table"):
            self._library.dcevents_free_texts(self._table)

    def __len__(self) -> int:
        return int(self._library.dcevents_count_texts(self._table))


class NativeTable(_LibraryTable):
    """Texts in a table of the library."""

    def __init__(self, library: ctypes.CDLL) -> None:
        super().__init__(library)
        library.dcevents_copy_texts.restype = ctypes.c_void_p
        library.dcevents_copy_members.restype = ctypes.c_void_p
        library.dcevents_find_text.restype = ctypes.c_int64

    @property
    def library(self) -> ctypes.CDLL:
        """Return the library that the table is of."""
        return self._library

    def number_views(self, chunk: Any, numbers: int) -> None:  # noqa: ANN401 - of ctypes
        """Write the numbers of texts, a column of polars' own, to an address."""
        address = ctypes.c_void_p(numbers)
        check_result(self._library.dcevents_number_views(self._table, ctypes.byref(chunk), address))

    def number_packed(self, texts: memoryview, offsets: memoryview) -> "array[int]":
        """Return the numbers of texts, each from one of the 32-bit offsets to the next.

        The first text begins at the first byte, whatever its offset.
        """
        count = len(offsets) - 1
        numbers = array("I", bytes(NUMBER_BYTES * count))
        with open_bytes(texts) as text_bytes, open_bytes(offsets) as places:
            check_result(
                self._library.dcevents_number_packed(
                    self._table,
                    text_bytes,
                    ctypes.c_uint64(len(texts)),
                    places,
                    ctypes.c_uint64(count),
                    ctypes.c_void_p(numbers.buffer_info()[0]),
                )
            )
        return numbers

    def find_number(self, text: str) -> int | None:
        """Return the number of a text; None if it has none."""
        data = text.encode()
        found: int = self._library.dcevents_find_text(self._table, data, ctypes.c_uint64(len(data)))
        return None if found < 0 else found

    def copy_texts(self, numbers: int | None, count: int) -> Memory:
        """Return the texts of numbers at an address, or the first texts, behind their offsets."""
        address = self._library.dcevents_copy_texts(
            self._table, ctypes.c_void_p(numbers), ctypes.c_uint64(count)
        )
        return Memory(self._library, address)

    def list_ranks(self) -> "array[int]":
        """Return the rank of each text by code point, from 0 on, by its number."""
        ranks = array("I", bytes(NUMBER_BYTES * len(self)))
        address = ctypes.c_void_p(ranks.buffer_info()[0])
        check_result(self._library.dcevents_rank_texts(self._table, address))
        return ranks

    def copy_members(self, width: int, member: int) -> Memory:
        """Return one of the texts of each value, behind their offsets: see `packed_texts`."""
        address = self._library.dcevents_copy_members(
            self._table, ctypes.c_uint32(width), ctypes.c_uint32(member)
        )
        return Memory(self._library, address)


TextTable = PythonTable | NativeTable


class RowTable(Protocol):
    """A table of rows of numbers, all of one length, and the numbers of these rows."""

    def number_rows(
        self, rows: "array[int]", translations: "Sequence[array[int] | None]"
    ) -> "array[int]":
        """Return the number of each row, which may repeat.

        What stands in a column is first translated: by its place in an array.
        """

    def list_rows(self) -> "array[int]":
        """Return all rows, in the order of their numbers."""

    def __len__(self) -> int: ...


def make_row_table(width: int) -> RowTable:
    """Return a table without rows; `width` is their length."""
    library = load_library()
    return _PythonRows(width) if library is None else _NativeRows(library, width)


class _PythonRows:
    """Rows in a dictionary."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._numbers: dict[tuple[int, ...], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number_rows(
        self, rows: "array[int]", translations: "Sequence[array[int] | None]"
    ) -> "array[int]":
        columns = [
            column if known is None else [known[number] for number in column]
            for column, known in zip(self._split(rows), translations, strict=True)
        ]
        numbers = self._numbers
        return array(
            "I", [numbers.setdefault(row, len(numbers)) for row in zip(*columns, strict=True)]
        )

    def _split(self, rows: "array[int]") -> "Iterator[array[int]]":
        return (rows[at :: self._width] for at in range(self._width))

    def list_rows(self) -> "array[int]":
        return array("I", [number for row in self._numbers for number in row])


class Translation(ctypes.Structure):
    """Says what numbers become, by their place: `struct dcevents_translation`."""

    _fields_ = (("numbers", ctypes.c_void_p), ("count", ctypes.c_uint64))

    @classmethod
    def of(cls, numbers: "array[int] | None") -> "Translation":
        """Return the translation to numbers, which have to outlive it; None changes nothing."""
        return cls() if numbers is None else cls(*numbers.buffer_info())


class _NativeRows(_LibraryTable):
    """Rows in a table of the library: each is a text of so many bytes."""

    def __init__(self, library: ctypes.CDLL, width: int) -> None:
        super().__init__(library)
        self._width = width

    def number_rows(
        self, rows: "array[int]", translations: "Sequence[array[int] | None]"
    ) -> "array[int]":
        count = len(rows) // self._width
        numbers = array("I", bytes(NUMBER_BYTES * count))
        if count:
            known = [Translation.of(each) for each in translations]
            check_result(
                self._library.dcevents_number_rows(
                    self._table,
                    ctypes.c_void_p(rows.buffer_info()[0]),
                    ctypes.c_uint64(count),
                    (Translation * len(known))(*known),
                    ctypes.c_void_p(numbers.buffer_info()[0]),
                )
            )
        return numbers

    def list_rows(self) -> "array[int]":
        size = NUMBER_BYTES * self._width * len(self)
        rows = array("I", bytes(size))
        address = ctypes.c_void_p(rows.buffer_info()[0])
        check_result(
            self._library.dcevents_copy_packed(self._table, address, ctypes.c_uint64(size))
        )
        return rows


def check_result(result: int) -> None:
    """Raise the error that a result of a function on tables stands for."""
    if result == _TOO_MANY:
        raise OverflowError("there are too many texts")
    if result == _NO_ENTRY:
        raise IndexError("a row has a number that stands for nothing")
    if result:
        raise MemoryError
