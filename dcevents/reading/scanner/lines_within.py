"""Lines within a value over lines, passed over in C."""

import ctypes
from functools import cache
from typing import Final

from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.records import PassLines
from dcevents.reading.framing.tokens import ValueScan
from dcevents.reading.json_value import MAX_LEVELS
from dcevents.reading.scanner.block import Scanner
from dcevents.reading.scanner.native import READ_AHEAD, NativeScanner

_NO_PLACE: Final = (1 << 64) - 1


class _OpenValue(ctypes.Structure):
    _fields_ = (
        ("openers", ctypes.c_uint64 * MAX_LEVELS),
        ("first_object", ctypes.c_uint64),
        ("count", ctypes.c_uint32),
        ("expected", ctypes.c_uint32),
        ("brackets", ctypes.c_uint8 * MAX_LEVELS),
    )


@cache
def _declare_function(library: ctypes.CDLL) -> None:
    library.dc_pass_lines_within.restype = ctypes.c_uint32
    library.dc_pass_lines_within.argtypes = (
        *(ctypes.POINTER(_OpenValue), ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64),
        *(ctypes.c_uint64, ctypes.c_int, ctypes.POINTER(ctypes.c_uint32)),
    )


class LinesWithin:
    """Passes over lines within a value over lines."""

    def __init__(self, library: ctypes.CDLL) -> None:
        _declare_function(library)
        self._pass = library.dc_pass_lines_within

    def __call__(
        self, scan: ValueScan, buffer: Buffer, at: int, last: int, *, is_array: bool
    ) -> tuple[int, int]:
        """Return how many lines from a place on are passed over, and their bytes."""
        place, data = at - buffer.begin, buffer.data
        size, count = len(data) - place - READ_AHEAD, len(scan.openers)
        if size <= 0 or scan.is_in_string or count > MAX_LEVELS:
            return 0, 0
        value, lines = _OpenValue(count=count, expected=scan.expected), ctypes.c_uint32()
        value.openers[:count] = scan.openers
        value.brackets[:count] = scan.brackets
        value.first_object = _NO_PLACE if scan.first_object is None else scan.first_object
        passed: int = self._pass(
            value,
            ctypes.byref(ctypes.c_char.from_buffer(data, place)),
            *(min(size, _NO_PLACE >> 33), at, last, is_array, lines),
        )
        if passed:
            first = None if value.first_object == _NO_PLACE else value.first_object
            brackets = bytes(value.brackets[: value.count])
            scan.go_on(value.openers[: value.count], brackets, value.expected, first)
        return lines.value, passed


def make_line_passer(scanner: Scanner) -> PassLines | None:
    """Return what passes over lines within values; None where Python or a map is asked."""
    if not isinstance(scanner, NativeScanner) or scanner.has_map:
        return None
    return LinesWithin(scanner.library)
