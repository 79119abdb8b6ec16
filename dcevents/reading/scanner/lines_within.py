"""Lines within a value over lines, passed over in C."""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Final

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
    library.dc_pass_tokens.restype = ctypes.c_uint32
    library.dc_pass_tokens.argtypes = (
        *(ctypes.POINTER(_OpenValue), ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64),
    )


class LinesWithin:
    """Passes over lines within a value over lines."""

    def __init__(self, library: ctypes.CDLL) -> None:
        _declare_function(library)
        self._pass = library.dc_pass_lines_within
        self._pass_tokens = library.dc_pass_tokens

    def __call__(
        self, scan: ValueScan, buffer: Buffer, at: int, last: int, *, is_array: bool
    ) -> tuple[int, int]:
        """Return how many lines from a place on are passed over, and their bytes."""
        lines = ctypes.c_uint32()

        def pass_over(value: _OpenValue, data: Any, size: int) -> int:  # noqa: ANN401 - of ctypes
            return int(self._pass(value, data, size, at, last, is_array, lines))

        passed = _go_on(scan, buffer, at, buffer.end, pass_over)
        return lines.value, passed

    def pass_tokens(self, scan: ValueScan, buffer: Buffer, at: int, end: int) -> int:
        """Return how many bytes from a place on are passed over, along a line, before `end`."""

        def pass_over(value: _OpenValue, data: Any, size: int) -> int:  # noqa: ANN401 - of ctypes
            return int(self._pass_tokens(value, data, size, at))

        return _go_on(scan, buffer, at, end, pass_over)


def _go_on(
    scan: ValueScan,
    buffer: Buffer,
    at: int,
    end: int,
    pass_over: Callable[[_OpenValue, Any, int], int],
) -> int:
    """Have a scan go on behind the bytes that are passed over from a place on; count them."""
    place, data = at - buffer.begin, buffer.data
    size, count = min(end, buffer.end - READ_AHEAD) - at, len(scan.openers)
    if size <= 0 or scan.is_in_string or count > MAX_LEVELS:
        return 0
    value = _OpenValue(count=count, expected=scan.expected)
    value.openers[:count] = scan.openers
    value.brackets[:count] = scan.brackets
    value.first_object = _NO_PLACE if scan.first_object is None else scan.first_object
    given = ctypes.byref(ctypes.c_char.from_buffer(data, place))
    passed = pass_over(value, given, min(size, _NO_PLACE >> 33))
    if passed:
        first = None if value.first_object == _NO_PLACE else value.first_object
        brackets = bytes(value.brackets[: value.count])
        scan.go_on(value.openers[: value.count], brackets, value.expected, first)
    return passed


def make_line_passer(scanner: Scanner) -> PassLines | None:
    """Return what passes over lines within values; None where Python or a map is asked."""
    if not isinstance(scanner, NativeScanner) or scanner.has_map:
        return None
    return LinesWithin(scanner.library)
