"""What framing gives: records in order, and the place from which a later run reads on."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from dcevents.reading.framing.buffer import Buffer
    from dcevents.reading.framing.tokens import ValueScan

MAX_RECORD_BYTES: Final = 1 << 20
"""Bytes of the longest record that is read."""


class Bucket(StrEnum):
    """Why a record says nothing, in the order in which reasons go (definitions, section 1)."""

    BLANK = "blank"
    INCOMPLETE = "incomplete"
    TOO_LONG = "too_long"
    INVALID_UTF8 = "invalid_utf8"
    INVALID_JSON = "invalid_json"
    NOT_AN_OBJECT = "not_an_object"


class CutObjects(Protocol):
    """Objects beside each other that a faster reader was asked about, each alone."""

    begins: Sequence[int]
    """Where each begins in the bytes that were given."""
    ends: Sequence[int]
    lines: Sequence[int]
    """How many lines end before each begins, and before each ends."""
    end_lines: Sequence[int]
    stop: int
    """Where no further one was found."""
    is_open: bool
    """There may be more once more bytes come."""

    def __len__(self) -> int:
        """Count the objects."""

    def read_raw(self, number: int) -> bytes:
        """Return one with what is around."""

    def find_behind(self, end: int) -> int | None:
        """Return which begins behind one that ends at a byte; None where none ends there."""

    def find_aside(self, first: int) -> int:
        """Return the first from one on that is to be read by itself; how many there are if none."""

    def count_on_last_line(self, first: int, stop: int) -> int:
        """Count the records of some that begin on the line on which the last of them does."""


ReadMembers = Callable[[bytes, tuple[bytes, bytes], bool], CutObjects | None]
"""Reads the objects in some bytes, each between two texts: those of a list, or along a line."""


class PassLines(Protocol):
    """Passes over lines within a value over lines, as long as nothing on them is odd."""

    def __call__(
        self, scan: "ValueScan", buffer: "Buffer", at: int, last: int, *, is_array: bool
    ) -> tuple[int, int]:
        """Return how many lines from a place on are passed over, and their bytes.

        The scan goes on behind them. None ends behind `last`, none ends the value.
        """

    def pass_tokens(self, scan: "ValueScan", buffer: "Buffer", at: int, end: int) -> int:
        """Return how many bytes from a place on are passed over, along a line, before `end`.

        The scan goes on behind them. The value does not end there.
        """


class PassedLines(NamedTuple):
    """Lines that were read elsewhere, before which only arrays may be open."""

    lines: int
    size: int
    open_arrays: int
    """Behind them."""
    has_comma: bool
    """Another member may follow there."""
    behind: bytes | None = None
    """What follows the last object, with its LF; None if another line is last."""
    records: int = 0
    """How many begin on the last line."""
    is_closing: bool = False
    """They are nothing but brackets: a later run reads on before them."""


class TakenMembers(NamedTuple):
    """Objects that a faster reader has taken, from `first` to before `stop`."""

    members: CutObjects
    first: int
    stop: int
    line: int
    """On which the bytes begin that `members` counts from."""
    start: int
    """Where the first begins in the input."""
    has_neighbour: bool = False
    """Another record begins on the line of the first, before it."""

    @property
    def end(self) -> int:
        """Return where the last ends in the input."""
        return self.start + self.members.ends[self.stop - 1] - self.members.begins[self.first]

    @property
    def first_line(self) -> int:
        """Return the line on which the first begins."""
        return self.line + self.members.lines[self.first]

    @property
    def last_line(self) -> int:
        """Return the line on which the last begins."""
        return self.line + self.members.lines[self.stop - 1]


@dataclass(frozen=True, slots=True)
class FramedRecord:
    """One record. `bucket` is None for one that the judge is to be asked about.

    `start` and `end` are byte offsets in the input: of the value with the prefix before it and
    the text behind it, or of the rejected line. `more` are the further spans of a line that a
    container's runtime has cut. `index` counts from 1 where several records begin on a line.
    """

    line: int
    start: int
    end: int
    bucket: Bucket | None = None
    index: int | None = None
    value: Any = None
    prefix: str = ""
    raw: bytes = field(default=b"", repr=False)
    """The value's own bytes, or the rejected line's, at most MAX_RECORD_BYTES of them."""
    more: tuple[tuple[int, int], ...] = ()
    taken: TakenMembers | None = None
    """The objects that this stands for, of which nothing else is known here."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """The place and state from which a later run reads on.

    A record that begins at `offset` or behind is provisional: the later run gives it again.
    """

    offset: int = 0
    line: int = 1
    count: int = 0
    """Records that begin on the line before `offset`."""
    is_line_start: bool = True
    open_arrays: int = 0
    """Outer arrays with objects that are open there."""
    has_comma: bool = False
    """A comma or bracket stands behind the last value, so that the array may go on."""


BEGINNING: Final = ResumePoint()
"""The beginning of an input."""


@dataclass(slots=True)
class HeldRecords:
    """Records of a line.

    `count` says how many of it have been given already.
    """

    count: int = 0
    records: list[FramedRecord] = field(default_factory=list)

    def add(self, records: Iterable[FramedRecord]) -> None:
        """Hold records of the line."""
        self.records += records

    def give(self) -> list[FramedRecord]:
        """Return the records, numbered where the line has several."""
        records, self.records = self.records, []
        if self.count + len(records) > 1:
            numbered = enumerate(records, self.count + 1)
            records = [replace(record, index=number) for number, record in numbered]
        self.count += len(records)
        return records

    def pass_members(self, taken: TakenMembers) -> FramedRecord:
        """Return what stands for objects that were taken: the first begins on the line."""
        lines, stop = taken.members.lines, taken.stop
        placed = taken._replace(has_neighbour=self.count > 0)
        on_last_line = stop - bisect_left(lines, lines[stop - 1], taken.first, stop)
        is_same = taken.first_line == taken.last_line
        self.count = on_last_line + (self.count if is_same else 0)
        return FramedRecord(taken.first_line, taken.start, taken.end, taken=placed)

    def pass_along(self, found: Iterable[FramedRecord | TakenMembers]) -> list[FramedRecord]:
        """Return what stands for several objects along the line."""
        records = []
        for each in found:
            if isinstance(each, TakenMembers):
                records.append(self.pass_members(each))
            else:
                self.count += 1
                records.append(replace(each, index=self.count))
        return records
