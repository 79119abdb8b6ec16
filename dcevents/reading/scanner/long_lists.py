"""Members of a long list, scanned like lines of a log: each with what is around the list."""

import ctypes
import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from dcevents.reading.scanner.block import OBJECT_BUCKETS, LineStatus, Scanner, TakenEvents
from dcevents.reading.scanner.native import FoundMembers, NativeScanner

_SPARE_BYTES: Final = 1 << 16
_MAX_AROUND_BYTES: Final = 1 << 14
"""Where more is around a list, a scan of it for each member would cost too much."""
_LINE_ENDS: Final = re.compile(rb"\n[ \t\r\n]*+")
_PLACE_NUMBERS: Final = 4
NO_NUMBER: Final = 0xFFFF_FFFF


class ScannedMembers:
    """Objects beside each other, from some byte of an input on, and what a scanner read of them."""

    def __init__(
        self,
        data: bytes,
        around: tuple[bytes, bytes],
        found: FoundMembers,
        library: ctypes.CDLL,
    ) -> None:
        self._data, self._around = data, around
        self._library = library
        places = array("I")
        places.frombytes(found.places)
        self._lines = places[2::_PLACE_NUMBERS]
        self.begins: Sequence[int] = places[0::_PLACE_NUMBERS]
        self.ends: Sequence[int] = places[1::_PLACE_NUMBERS]
        self.lines: Sequence[int] = self._lines
        """Line feeds before each begins."""
        self.end_lines: Sequence[int] = places[3::_PLACE_NUMBERS]
        self.scanned = found.scanned
        self.stop = found.stop
        """Where no further one was found."""
        self.is_open = found.is_open
        """There may be more once more bytes come."""
        self._are_on_own_lines = found.are_alone

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
    def counts(self) -> "array[int] | None":
        """How many records each holds; None where each is one."""
        if LineStatus.SEVERAL not in self.scanned.runs.statuses:
            return None
        columns = (self.scanned.events.lines, self.scanned.others.lines)
        numbers = Counter(n for each in columns for n in memoryview(each).cast("B").cast("I"))
        return array("I", [numbers[line] for line in range(len(self))])

    def count_on_last_line(self, first: int, stop: int) -> int:
        """Count the records of some that begin on the line on which the last of them does."""
        begin = bisect_left(self.lines, self.lines[stop - 1], first, stop)
        return sum(self.counts[begin:stop]) if self.counts else stop - begin

    @property
    def are_alone(self) -> bool:
        """Return whether each is one record, and begins on a line of its own."""
        return self._are_on_own_lines and self.counts is None

    def number(self, found: Sequence[tuple[range, int, bool]]) -> "array[int]":
        """Return of each the number before that of its first record, on the line where it begins.

        NO_NUMBER for the only record of a line, and where none is asked for: of some members, how
        many records begin before the first on its line, and whether another record does.
        """
        numbers = array("I", [NO_NUMBER]) * len(self)
        lines, records = _find_place(self._lines), _find_place(self.counts)
        for taken, count, has_neighbour in found:
            if has_neighbour or not self.are_alone:
                self._library.dc_number_members(
                    *(lines, len(self), records, taken.start, taken.stop, count, has_neighbour),
                    _find_place(numbers),
                )
        return numbers

    def place_events(
        self, events: TakenEvents, numbers: "array[int]"
    ) -> tuple["array[int]", "array[int]"]:
        """Return the lines of events, and their numbers on these; `numbers` are their members'."""
        lines, own = array("I"), array("I")
        lines.frombytes(events.lines)
        own.frombytes(events.members or bytes(len(events.lines)))
        self._library.dc_place_events(
            *(_find_place(self._lines), _find_place(numbers), len(self)),
            *(_find_place(lines), _find_place(own), len(lines)),
        )
        return lines, own


def _find_place(numbers: "array[int] | None") -> int | None:
    """Return where numbers lie in memory."""
    return numbers.buffer_info()[0] if numbers else None


class MemberScanner:
    """Scans the members of long lists."""

    def __init__(self, scanner: NativeScanner) -> None:
        self._scanner = scanner

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
        found = self._scanner.scan_members(data, (before, behind), room, is_list=is_list)
        return ScannedMembers(data, around, found, self._scanner.library)


def make_member_scanner(scanner: Scanner) -> MemberScanner | None:
    """Return what scans members by a scanner; None for one that is not in C, or goes by a map."""
    if not isinstance(scanner, NativeScanner) or scanner.has_map:
        return None
    return MemberScanner(scanner)
