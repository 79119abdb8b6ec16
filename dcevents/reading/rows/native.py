"""Rows of CSV to lines of JSON in C, called through ctypes."""

import ctypes
from itertools import accumulate
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from dcevents.native import load_library
from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.rows.forms import RowForm

_MIN_BYTES: Final = 1 << 16
REASONS: Final = ("invalid_row", "invalid_utf8", "too_long")
"""Why rows are rejected in C."""
_GROWTH: Final = 3
"""Bytes of JSON for one of CSV; rows for which that is too few are written by Python."""


class _Form(ctypes.Structure):
    _fields_ = (
        ("keys", ctypes.c_char_p),
        ("key_offsets", ctypes.c_void_p),
        ("header", ctypes.c_char_p),
        ("header_size", ctypes.c_uint32),
        ("width", ctypes.c_uint32),
        ("max_row_bytes", ctypes.c_uint32),
        ("delimiter", ctypes.c_uint8),
    )


class _OpenLines(ctypes.Structure):
    _fields_ = (
        ("first", ctypes.c_uint64),
        ("last", ctypes.c_uint64),
        ("end", ctypes.c_uint64),
        ("ending", ctypes.c_uint32),
    )


class _Target(ctypes.Structure):
    _fields_ = (
        ("lines", ctypes.c_void_p),
        ("capacity", ctypes.c_uint64),
        ("numbers", ctypes.c_void_p),
        ("rejects", ctypes.c_void_p),
        ("max_rows", ctypes.c_uint32),
        ("rows", ctypes.c_uint32),
        ("rejected", ctypes.c_uint32),
        ("blank", ctypes.c_uint32),
        ("line", ctypes.c_uint32),
        ("is_open", ctypes.c_uint32),
        ("read", ctypes.c_uint64),
        ("written", ctypes.c_uint64),
    )


class NativeResult(NamedTuple):
    """Rows up to one that Python reads."""

    objects: bytes
    """Those with as many cells as the header, as lines of JSON."""
    numbers: bytes
    """UInt32: the line on which each of them begins."""
    rejects: bytes
    """UInt32, three for each rejected row: its line, the line behind it, its place in REASONS."""
    blank: int
    """Number of rows without text."""
    line: int
    """Number of the line behind all of them."""
    read: int
    """The place behind them in the data."""
    is_open: bool
    """True if the next row goes on behind the data, within quotes."""


class NativeRows:
    """Reads rows under one header."""

    def __init__(self, library: ctypes.CDLL, form: RowForm) -> None:
        self._read = library.dcevents_read_rows
        self._read.restype = None
        self._read.argtypes = (
            *(ctypes.POINTER(_Form), ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int),
            *(ctypes.POINTER(_OpenLines), ctypes.POINTER(_Target)),
        )
        names = [encode_basestring(name) for name in form.names]
        keys = [f'{{{names[0]}:"', *(f'",{name}:"' for name in names[1:]), '"}\n']
        packed = [key.encode() for key in keys]
        offsets = [0, *accumulate(map(len, packed))]
        self._offsets = (ctypes.c_uint32 * len(offsets))(*offsets)
        header = (form.template % tuple(names)).encode()
        self._form = _Form(
            b"".join(packed),
            ctypes.cast(self._offsets, ctypes.c_void_p),
            header,
            len(header),
            len(names),
            MAX_RECORD_BYTES,
            ord(form.delimiter),
        )
        self._lines = (ctypes.c_uint8 * 0)()
        self._numbers = (ctypes.c_uint32 * 0)()
        self._rejects = (ctypes.c_uint32 * 0)()

    def open_block(self, data: bytes, *, is_utf8: bool) -> "NativeBlock":
        """Return what reads the rows of some lines."""
        return NativeBlock(self, data, is_utf8=is_utf8)

    def read(
        self, data: bytes, open_lines: _OpenLines, begin: int, line: int, *, is_utf8: bool
    ) -> NativeResult:
        """Read the rows from a place on, which is the beginning of a line."""
        self._make_room(len(data) - begin)
        target = _Target(
            ctypes.cast(self._lines, ctypes.c_void_p),
            len(self._lines),
            ctypes.cast(self._numbers, ctypes.c_void_p),
            ctypes.cast(self._rejects, ctypes.c_void_p),
            len(self._numbers),
            line=line,
            read=begin,
        )
        self._read(self._form, data, len(data), is_utf8, open_lines, target)
        return NativeResult(
            ctypes.string_at(self._lines, target.written),
            ctypes.string_at(self._numbers, 4 * target.rows),
            ctypes.string_at(self._rejects, 12 * target.rejected),
            target.blank,
            target.line,
            target.read,
            bool(target.is_open),
        )

    def _make_room(self, size: int) -> None:
        if len(self._lines) < _MIN_BYTES + _GROWTH * size:
            self._lines = (ctypes.c_uint8 * (_MIN_BYTES + _GROWTH * size))()
            # A row has as many bytes as cells at least.
            count = size // self._form.width + 1
            self._numbers = (ctypes.c_uint32 * count)()
            self._rejects = (ctypes.c_uint32 * (3 * count))()


class NativeBlock:
    """Reads the rows of some lines, from one place after the other on."""

    def __init__(self, rows: NativeRows, data: bytes, *, is_utf8: bool) -> None:
        self._rows, self._data, self._is_utf8 = rows, data, is_utf8
        self._open_lines = _OpenLines()

    def read(self, begin: int, line: int) -> NativeResult:
        """Read rows up to one that goes on behind the lines, or needs more room."""
        return self._rows.read(self._data, self._open_lines, begin, line, is_utf8=self._is_utf8)


def make_native_rows(form: RowForm) -> NativeRows | None:
    """Return what reads rows in C; None where there is no library."""
    library = load_library()
    return NativeRows(library, form) if library else None
