"""Columns from C to polars and back, without a copy, through the Arrow PyCapsule protocol.

Source: https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html
Memory that polars takes over is let go by a function in C: polars drops columns in threads of its
own, which must not wait for Python's.
"""

from __future__ import annotations

import contextlib
import ctypes
from array import array
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import polars as pl

from dcevents.native import load_library
from dcevents.native.memory import Memory, allocate, copy_bytes

_FORMATS: Final[dict[Any, tuple[bytes, int]]] = {
    pl.UInt8: (b"C", 1),
    pl.UInt16: (b"S", 2),
    pl.UInt32: (b"I", 4),
    pl.UInt64: (b"L", 8),
    pl.Int64: (b"l", 8),
}
"""Formats of Arrow, and bytes of a value, by the types of polars."""
_BUFFER_FORMS: Final[dict[Any, Literal["B", "H", "I", "Q", "q"]]] = {
    pl.UInt8: "B",
    pl.UInt16: "H",
    pl.UInt32: "I",
    pl.UInt64: "Q",
    pl.Int64: "q",
}
"""Formats of Python's buffers, by the types of polars."""
_TEXT_FORMAT: Final = b"U"
_TEXT_VIEW_FORMAT: Final = b"vu"
"""The format of polars' own texts."""

_ARRAY_NAME, _SCHEMA_NAME, _STREAM_NAME = b"arrow_array", b"arrow_schema", b"arrow_array_stream"


class ArrowSchema(ctypes.Structure):
    """The type of an array: `struct ArrowSchema`."""

    _fields_ = (
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class ArrowArray(ctypes.Structure):
    """An array: `struct ArrowArray`."""

    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


class _ArrowStream(ctypes.Structure):
    _fields_ = (
        ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)),
        ("get_last_error", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    )


_new_capsule = ctypes.PYFUNCTYPE(
    ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p
)(("PyCapsule_New", ctypes.pythonapi))
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def find_values(chunk: ArrowArray, dtype: Any) -> int:  # noqa: ANN401
    """Return the address of the values of a chunk."""
    address: int = chunk.buffers[1] or 0
    return address + _FORMATS[dtype][1] * int(chunk.offset)


def make_series(
    memory: Memory,
    dtype: Any,  # noqa: ANN401
    length: int,
    offset: int = 0,
) -> pl.Series:
    """Return a column of `length` values that lie at an offset."""
    array, values = ArrowArray(), ctypes.c_void_p(memory.address + offset)
    made = memory.library.dcevents_make_array(
        ctypes.byref(array), ctypes.c_void_p(memory.address), values, ctypes.c_int64(length)
    )
    return _import_series(memory.library, made, array, _FORMATS[dtype][0])


def make_texts(memory: Memory, length: int, offset: int = 0) -> pl.Series:
    """Return a column of texts: `length` + 1 offsets of 64 bits, and the texts behind them."""
    array, offsets = ArrowArray(), memory.address + offset
    made = memory.library.dcevents_make_text_array(
        ctypes.byref(array),
        ctypes.c_void_p(memory.address),
        ctypes.c_void_p(offsets),
        ctypes.c_void_p(offsets + 8 * (length + 1)),
        ctypes.c_int64(length),
    )
    return _import_series(memory.library, made, array, _TEXT_FORMAT)


def _import_series(library: ctypes.CDLL, made: int, array: ArrowArray, form: bytes) -> pl.Series:
    if made != 0:
        raise MemoryError
    return pl.Series(_Column(library, array, form))


def copy_numbers(
    data: bytes | bytearray | memoryview | array[int],
    dtype: Any,  # noqa: ANN401
) -> pl.Series:
    """Return a column of numbers that lie one behind the other, in the machine's order of bytes."""
    numbers = memoryview(data).cast("B").cast(_BUFFER_FORMS[dtype])
    library = load_library()
    if library is None:
        return pl.Series(numbers.tolist(), dtype=dtype)
    return make_series(copy_bytes(library, numbers), dtype, len(numbers))


class _Column:
    """An array of the library that somebody can take over."""

    def __init__(self, library: ctypes.CDLL, array: ArrowArray, form: bytes) -> None:
        self._library, self._array, self._schema = library, array, ArrowSchema()
        library.dcevents_make_schema(ctypes.byref(self._schema), form)
        self._form = form

    def __del__(self) -> None:
        self._library.dcevents_drop_array(ctypes.byref(self._array))

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Return capsules of schema and array, which live as long as this object."""
        schema = _new_capsule(ctypes.addressof(self._schema), _SCHEMA_NAME, None)
        return schema, _new_capsule(ctypes.addressof(self._array), _ARRAY_NAME, None)


def number_texts(
    library: ctypes.CDLL,
    texts: pl.Series,
    dtype: Any,  # noqa: ANN401
    number_chunk: Callable[[ArrowArray, int], None],
) -> pl.Series:
    """Return a number for each text of a column without nulls.

    `number_chunk` has those of a chunk written to an address. Raises ValueError for other columns.
    """
    size, done = _FORMATS[dtype][1], 0
    numbers = allocate(library, size * texts.len())
    with open_series(texts) as (form, chunks):
        if form != _TEXT_VIEW_FORMAT or texts.null_count():
            raise ValueError("not a column of texts")
        for chunk in chunks:
            number_chunk(chunk, numbers.address + size * done)
            done += chunk.length
    return make_series(numbers, dtype, done)


@contextlib.contextmanager
def open_series(series: pl.Series) -> Iterator[tuple[bytes, list[ArrowArray]]]:
    """Yield the format of a column and its chunks, which C may read in the block."""
    capsule = series.__arrow_c_stream__(None)
    address = _get_pointer(capsule, _STREAM_NAME)
    stream = _ArrowStream.from_address(address)
    schema, chunks = ArrowSchema(), list[ArrowArray]()
    try:
        if stream.get_schema(address, ctypes.addressof(schema)):
            raise MemoryError
        while True:
            chunk = ArrowArray()
            if stream.get_next(address, ctypes.addressof(chunk)):
                raise MemoryError
            if not chunk.release:
                break
            chunks.append(chunk)
        yield schema.format, chunks
    finally:
        for structure in (schema, *chunks):
            if structure.release:
                release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(structure.release)
                release(ctypes.addressof(structure))
