"""Rows of CSV to lines of JSON in C, called through ctypes."""

import ctypes
from itertools import accumulate
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.rows.forms import RowForm

_MIN_BYTES: Final = 1 << 16
_GROWTH: Final = 3
"""Bytes of JSON for one of CSV; rows for which that is too few are written by Python."""


class _Form(ctypes.Structure):
    _fields_ = (
        ("keys", ctypes.c_char_p),
        ("key_offsets", ctypes.c_void_p),
        ("first_name", ctypes.c_char_p),
        ("first_name_size", ctypes.c_uint32),
        ("width", ctypes.c_uint32),
        ("max_row_bytes", ctypes.c_uint32),
        ("delimiter", ctypes.c_uint8),
    )


class _Target(ctypes.Structure):
    _fields_ = (
        ("lines", ctypes.c_void_p),
        ("capacity", ctypes.c_uint64),
        ("numbers", ctypes.c_void_p),
        ("max_rows", ctypes.c_uint32),
        ("rows", ctypes.c_uint32),
        ("line", ctypes.c_uint32),
        ("read", ctypes.c_uint64),
        ("written", ctypes.c_uint64),
    )


class WrittenRows(NamedTuple):
    """Rows as lines of JSON, up to one that is odd."""

    objects: bytes
    numbers: bytes
    """UInt32: the line on which each row begins."""
    line: int
    """Number of the line behind them."""
    read: int
    """Bytes that they have."""


class NativeRows:
    """Writes rows under one header."""

    def __init__(self, library: ctypes.CDLL, form: RowForm) -> None:
        self._write = library.dcevents_write_rows
        self._write.restype = None
        self._write.argtypes = (
            *(ctypes.POINTER(_Form), ctypes.c_void_p, ctypes.c_uint64, ctypes.POINTER(_Target)),
        )
        names = [encode_basestring(name) for name in form.names]
        keys = [f'{{{names[0]}:"', *(f'",{name}:"' for name in names[1:]), '"}\n']
        packed = [key.encode() for key in keys]
        offsets = [0, *accumulate(map(len, packed))]
        self._offsets = (ctypes.c_uint32 * len(offsets))(*offsets)
        first = names[0][1:-1].encode()
        self._form = _Form(
            b"".join(packed),
            ctypes.cast(self._offsets, ctypes.c_void_p),
            first,
            len(first),
            len(names),
            MAX_RECORD_BYTES,
            ord(form.delimiter),
        )
        self._lines = (ctypes.c_uint8 * 0)()
        self._numbers = (ctypes.c_uint32 * 0)()

    def write(self, data: bytes, begin: int, line: int) -> WrittenRows:
        """Write the rows of UTF-8 from a place on, which is the beginning of a line.

        Up to one that is odd, or to the last line end.
        """
        size = len(data) - begin
        self._make_room(size)
        target = _Target(
            ctypes.cast(self._lines, ctypes.c_void_p),
            len(self._lines),
            ctypes.cast(self._numbers, ctypes.c_void_p),
            len(self._numbers),
            line=line,
        )
        address = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
        self._write(self._form, address + begin, size, target)
        return WrittenRows(
            ctypes.string_at(self._lines, target.written),
            ctypes.string_at(self._numbers, 4 * target.rows),
            target.line,
            target.read,
        )

    def _make_room(self, size: int) -> None:
        if len(self._lines) < _MIN_BYTES + _GROWTH * size:
            self._lines = (ctypes.c_uint8 * (_MIN_BYTES + _GROWTH * size))()
            # A row has as many bytes as cells at least.
            self._numbers = (ctypes.c_uint32 * (size // self._form.width + 1))()
