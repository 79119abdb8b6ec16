"""Members of a long list, scanned like lines of a log: each with what is around the list."""

import ctypes
import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from dcevents.reading.scanner.block import (
    OBJECT_BUCKETS,
    LineStatus,
    ScannedBlock,
    Scanner,
)
from dcevents.reading.scanner.native import READ_AHEAD, NativeScanner
from dcevents.reading.sources.buffers import BlockBuffers

_ZEROS: Final = bytes(READ_AHEAD)
_SPARE_BYTES: Final = 1 << 16
_MAX_AROUND_BYTES: Final = 1 << 14
"""Where more is around a list, a scan of it for each member would cost too much."""
_LINE_ENDS: Final = re.compile(rb"\n[ \t\r\n]*+")
_PLACE_NUMBERS: Final = 4
NO_NUMBER: Final = -1


class _CutResult(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("count", "size", "stop", "is_open"))


class ScannedMembers:
    """Objects beside each other, from some byte of an input on, and what a scanner read of them."""

    def __init__(
        self,
        data: bytes,
        around: tuple[bytes, bytes],
        places: "array[int]",
        scanned: ScannedBlock,
    ) -> None:
        """Take the numbers of the places, one behind the other."""
        self._data, self._around = data, around
        self.begins: Sequence[int] = places[0::_PLACE_NUMBERS]
        self.ends: Sequence[int] = places[1::_PLACE_NUMBERS]
        self.lines: Sequence[int] = places[2::_PLACE_NUMBERS]
        """Line feeds before each begins."""
        self.end_lines: Sequence[int] = places[3::_PLACE_NUMBERS]
        self.scanned = scanned
        self.stop = 0
        """Where no further one could be cut."""
        self.is_open = False
        """There may be more once more bytes come."""

    def __len__(self) -> int:
        return len(self.ends)

    def read_raw(self, number: int) -> bytes:
        """Return one with what is around."""
        before, behind = self._around
        return before + self._data[self.begins[number] : self.ends[number]] + behind

    def find_behind(self, end: int) -> int | None:
        """Return which begins behind one that ends at a byte; None where none ends there."""
        number = bisect_left(self.ends, end)
        return number + 1 if number < len(self.ends) and self.ends[number] == end else None

    @cached_property
    def _asides(self) -> Sequence[int]:
        """Those that are to be read one by one, in order."""
        buckets, found = bytes(self.scanned.others.buckets), list[int]()
        if not buckets.translate(None, OBJECT_BUCKETS):
            runs = self.scanned.runs.list_of(LineStatus.ASIDE)
            return [n for run in runs for n in range(run.first_line, run.first_line + run.lines)]
        for run in self.scanned.runs:
            lines = range(run.first_line, run.first_line + run.lines)
            if run.status is LineStatus.ASIDE:
                found += lines
            elif run.status is LineStatus.OTHER:
                entries = range(run.first_entry, run.first_entry + run.lines)
                pairs = zip(lines, entries, strict=True)
                found += [line for line, entry in pairs if buckets[entry] not in OBJECT_BUCKETS]
        return found

    def find_aside(self, first: int) -> int:
        """Return the first from one on that is to be read by itself; how many there are if none."""
        place = bisect_left(self._asides, first)
        return self._asides[place] if place < len(self._asides) else len(self)

    @cached_property
    def counts(self) -> Sequence[int] | None:
        """How many records each holds; None where each is one."""
        if LineStatus.SEVERAL not in self.scanned.runs.statuses:
            return None
        columns = (self.scanned.events.lines, self.scanned.others.lines)
        numbers = Counter(n for each in columns for n in memoryview(each).cast("B").cast("I"))
        return [numbers[line] for line in range(len(self))]

    def count_on_last_line(self, first: int, stop: int) -> int:
        """Count the records of some that begin on the line on which the last of them does."""
        begin = bisect_left(self.lines, self.lines[stop - 1], first, stop)
        return sum(self.counts[begin:stop]) if self.counts else stop - begin

    @cached_property
    def are_alone(self) -> bool:
        """Say whether each is one record, and begins on a line of its own."""
        return self.counts is None and len(set(self.lines)) == len(self.lines)

    def number(self, taken: range, count: int, *, has_neighbour: bool) -> Sequence[int]:
        """Return the number before that of the first record of each, on the line where it begins.

        NO_NUMBER for the only record of a line. `count` records begin before the first on its line.
        """
        lines, first, stop = self.lines, taken.start, taken.stop
        if self.are_alone and not has_neighbour:
            return [NO_NUMBER] * len(taken)
        is_line = lines[first] == lines[stop - 1] and (has_neighbour or self._has_next(first))
        if is_line and self.counts is None:
            return range(count, count + len(taken))
        numbers, before = list[int](), -1 if not has_neighbour else lines[first]
        for member in taken:
            line, records = lines[member], self.counts[member] if self.counts else 1
            is_again = line == before
            count = count if is_again or member == first else 0
            is_numbered = is_again or records > 1 or self._has_next(member)
            numbers.append(count if is_numbered else NO_NUMBER)
            count, before = count + records, line
        return numbers

    def _has_next(self, member: int) -> bool:
        """Return whether the next one begins on the same line."""
        return member + 1 < len(self) and self.lines[member] == self.lines[member + 1]


class MemberScanner:
    """Scans the members of long lists."""

    def __init__(self, scanner: NativeScanner) -> None:
        self._scanner = scanner
        self._buffers = BlockBuffers()
        self._cut = scanner.library.dc_cut_members
        self._cut.restype = None
        self._cut.argtypes = (
            *(ctypes.c_char_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_uint32),
            *(ctypes.c_char_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32),
            *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p),
        )

    def scan(
        self,
        data: bytes,
        around: tuple[bytes, bytes],
        is_list: bool,  # noqa: FBT001
    ) -> ScannedMembers | None:
        """Return the objects that some bytes hold, each read as alone between two texts.

        In a list one comma is before each, and they may lie over lines; else they are values of a
        line. None where too much is around them.
        """
        # Line ends are white space here: strings have none.
        before, behind = (_LINE_ENDS.sub(b" ", each) for each in around)
        if len(before) + len(behind) > _MAX_AROUND_BYTES:
            return None
        # With nothing around, there is room for all: a window is taken whole or not at all.
        room = (len(data) + len(data) // 2 if is_list else 2 * len(data)) + _SPARE_BYTES
        most = min(len(data) // 2, room // (len(before) + len(behind) + len("{}\n"))) + 1
        out = self._buffers.take(room)
        places, result = (ctypes.c_uint32 * (_PLACE_NUMBERS * most))(), _CutResult()
        self._cut(
            *(data + _ZEROS, len(data), before, len(before), behind, len(behind), is_list),
            *(ctypes.byref(ctypes.c_char.from_buffer(out)), room),
            *(places, most, ctypes.byref(result)),
        )
        del out[result.size :]
        numbers = array("I")
        numbers.frombytes(memoryview(places).cast("B")[: 4 * _PLACE_NUMBERS * result.count])
        found = ScannedMembers(data, around, numbers, self._scanner.scan(out))
        self._buffers.give_back(out)
        found.stop, found.is_open = result.stop, bool(result.is_open)
        return found


def make_member_scanner(scanner: Scanner) -> MemberScanner | None:
    """Return what scans members by a scanner; None for one that is not in C, or goes by a map."""
    if not isinstance(scanner, NativeScanner) or scanner.has_map:
        return None
    return MemberScanner(scanner)
