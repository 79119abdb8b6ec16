"""What a scanner gives: which lines of a block it has read, and what these say.

Plain data.
"""

import re
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final, NamedTuple, Protocol, overload

from dcevents.model.attributes import AttributeColumns
from dcevents.reading.judge import Structure
from dcevents.reading.sources.buffers import BlockBytes

Buffer = bytes | bytearray | memoryview
"""Numbers of one size, one behind the other, in the machine's order of bytes."""

OTHER_BUCKETS: Final = (
    "blank",
    "widget_ready",
    "unknown_event",
    "no_event",
    "no_sid",
    "invalid_json",
    "invalid_utf8",
    "not_an_object",
)
"""Buckets and reasons of lines that are no event."""
OBJECT_BUCKETS: Final = bytes(
    OTHER_BUCKETS.index(name) for name in ("widget_ready", "unknown_event", "no_event", "no_sid")
)
"""Numbers of the buckets of lines that are one object."""
NO_NAME: Final = 0xFFFF_FFFF
"""In `TakenOthers.names`: the line has no unknown event's name."""


_RUN: Final = struct.Struct("=2B2x5I")
_RUN_BYTES: Final = _RUN.size


class LineStatus(IntEnum):
    """Say what a scanner has made of a line."""

    ASIDE = 0
    """Nothing: its bytes are to be read record by record."""
    EVENT = 1
    """One record, which is an event, with separators around but no brackets."""
    OTHER = 2
    """One record that is none, if nothing is open that the line might belong to."""
    EVENT_ALONE = 3
    """One record, which is an event, behind text: as EVENT if nothing is open that the line might
    belong to; else its bytes are to be read, and its entry is to be left out."""
    OBJECTS_OVER_LINES = 4
    """The lines of values over lines, each one object that is one record, with separators around
    but no brackets. Else as SEVERAL."""
    SEVERAL = 5
    """Records that are events, or ignored: several on each line, or one in a list or a text. Lines
    that might belong to what is open are to be read, and their entries to be left out."""
    SEVERAL_OVER_LINES = 6
    """The lines of one value that holds such records: a run of its own, else as SEVERAL."""
    SEVERAL_ALONE = 7
    """Several records behind text, or a rejected one in an array there: else as SEVERAL."""


_STATUSES: Final = tuple(LineStatus)
SEVERAL: Final = frozenset(
    (LineStatus.SEVERAL, LineStatus.SEVERAL_OVER_LINES, LineStatus.SEVERAL_ALONE)
)
TOLD_BY_LINES: Final = SEVERAL | {LineStatus.OBJECTS_OVER_LINES}
"""Statuses of runs whose entries are those of their lines, in both columns."""
ALONE: Final = frozenset((LineStatus.EVENT_ALONE, LineStatus.SEVERAL_ALONE))
"""Of lines that have text before their records."""


class Effect(IntEnum):
    """Say what lines do to arrays that are open before them, if nothing else is."""

    UNKNOWN = 0
    """Their bytes are to be read."""
    NONE = 1
    """Nothing: they are blank."""
    TEXT = 2
    """Another member may follow, as if they ended with a comma."""
    APART = 3
    """Objects that have no comma before them: arrays before them have ended."""
    JOINED = 4
    """Objects, each behind a comma, or over lines: the next members."""
    OPENS = 5
    """A line that is the bracket of an array, before one that is an object: never two in a run."""
    CLOSES = 6
    """A line that is a bracket, and perhaps a comma: never two in a run."""


_EFFECTS: Final = tuple(Effect)
_PASSED: Final = re.compile(rb"[^\0]*+")


class Run(NamedTuple):
    """Neighbouring lines of one status and effect."""

    status: LineStatus
    first_line: int
    """Number of the first in the block, from 0 on."""
    lines: int
    begin: int
    """Where the first begins in the block's bytes."""
    end: int
    """Where the last ends, behind its LF."""
    first_entry: int
    """Of the first line, its place in the columns; 0 for ASIDE, and where lines tell entries."""
    effect: Effect = Effect.UNKNOWN

    @property
    def entries(self) -> int:
        """Return how many entries the lines have: one each, unless the lines tell them."""
        has_none = self.status is LineStatus.ASIDE or self.status in TOLD_BY_LINES
        return 0 if has_none else self.lines


class Runs(Sequence[Run]):
    """Runs in order, kept as numbers: there may be one for each line."""

    def __init__(self, packed: bytes = b"") -> None:
        """Take the fields of each run, one behind the other, as the scanner in C has them."""
        self._packed = packed
        self.statuses = packed[::_RUN_BYTES]
        """One byte for each run, to be searched."""
        self.effects = packed[1::_RUN_BYTES]
        """Likewise."""
        self._fields = memoryview(packed).cast("I")

    @classmethod
    def pack(cls, runs: Iterable[Run]) -> "Runs":
        """Return runs as they are kept here."""
        return cls(b"".join(_RUN.pack(run.status, run.effect, *run[1:-1]) for run in runs))

    def __len__(self) -> int:
        return len(self.statuses)

    @overload
    def __getitem__(self, index: int) -> Run: ...

    @overload
    def __getitem__(self, index: slice) -> list[Run]: ...

    def __getitem__(self, index: int | slice) -> Run | list[Run]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        fields = _RUN.unpack_from(self._packed, place * _RUN_BYTES)
        status, effect, first_line, lines, begin, end, first_entry = fields
        return Run(
            *(_STATUSES[status], first_line, lines, begin, end, first_entry, _EFFECTS[effect])
        )

    def list_of(self, status: LineStatus) -> Iterator[Run]:
        """Yield the runs of a status, in order."""
        place = self.statuses.find(status)
        while place >= 0:
            yield self[place]
            place = self.statuses.find(status, place + 1)

    def find_line(self, line: int) -> Run:
        """Return the run that a line belongs to."""
        return self[bisect_right(self._list_field(1), line) - 1]

    def find_place(self, begin: int) -> int:
        """Return the place of the run that begins at some byte of the block, or before it."""
        return bisect_right(self._list_field(3), begin) - 1

    def _list_field(self, field: int) -> memoryview:
        """Return a field of all runs."""
        return self._fields[field :: _RUN_BYTES // 4]

    def find_unpassed(self, begin: int) -> int:
        """Return the place of the next run whose effect is not known."""
        match = _PASSED.match(self.effects, begin)
        return match.end() if match else begin

    def find_effect(self, effect: Effect, begin: int, stop: int) -> int:
        """Return the place of the next run of an effect before one; that one's where none is."""
        found = self.effects.find(effect, begin, stop)
        return stop if found < 0 else found

    def find(self, status: LineStatus, begin: int) -> int:
        """Return the place of the next run of a status; the number of runs where none is."""
        found = self.statuses.find(status, begin)
        return len(self) if found < 0 else found


class StructureCount(NamedTuple):
    """Counts the events of a block that have a structure, and says where the first is."""

    structure: Structure
    events: int
    first_line: int
    has_prefix: bool = False
    """Whether there is text before them."""
    first_member: int = 0
    """Which record of its line the first is; 0 where that is not known."""


@dataclass(frozen=True)
class SidTexts:
    """Distinct sids: their UTF-8 one behind the other, and where each begins and ends."""

    packed: Buffer = b""
    offsets: Buffer = b"\0\0\0\0"
    """UInt32, one more than there are sids."""
    count: int = 0


@dataclass(frozen=True)
class TakenEvents:
    """Columns of the events that were read, one entry for each, in the order of lines."""

    count: int = 0
    lines: Buffer = b""
    """UInt32: number of the line in the block, from 0 on."""
    sessions: Buffer = b""
    """UInt32: number in `sids`."""
    attributes: Buffer = b""
    """UInt32: number in `combinations`."""
    times: Buffer = b""
    """Int64: milliseconds since 1970, UNTIMED or ANCIENT; what is in the future is not decided."""
    forms: Buffer = b""
    """UInt8: number in `timestamps.FORMS`."""
    structures: Buffer = b""
    """UInt16: number in `envelopes`."""
    members: Buffer = b""
    """UInt32: number among the records of its line, 0 for the only one; empty where all are."""
    sids: SidTexts = field(default_factory=SidTexts)
    combinations: AttributeColumns = field(default_factory=AttributeColumns)
    """Distinct attributes. Columns that grow, the same for several blocks: what a caller makes of
    their rows it makes of new ones only."""
    envelopes: Sequence[StructureCount] = ()
    """Of each structure the events that have no text before them."""
    prefixed: Sequence[StructureCount] = ()
    """Of each structure those that have, in the same order."""


@dataclass(frozen=True)
class TakenOthers:
    """Columns of the lines that are no event, one entry for each, in the order of lines."""

    count: int = 0
    lines: Buffer = b""
    """UInt32: number of the line in the block, from 0 on."""
    buckets: Buffer = b""
    """UInt8: number in OTHER_BUCKETS."""
    names: Buffer = b""
    """UInt32: number in `unknown_names`, or NO_NAME."""
    unknown_names: Sequence[str] = ()
    """Distinct names of unknown events."""
    rejected_spans: Buffer = b""
    """Six UInt32 for each rejected record of a line that may have several: its entry, its number
    among the records of its line, 0 for the only one, and where in the block the text before it
    begins and ends, and its own bytes."""


class ScannedBlock(NamedTuple):
    """A block's lines: runs in order, without gaps, and what was read of them."""

    runs: Runs
    lines: int
    """Lines of the block, with one that has no LF."""
    events: TakenEvents = TakenEvents()
    others: TakenOthers = TakenOthers()

    def let_go(self) -> "ScannedBlock":
        """Return the block without the columns of which facts were made."""
        events = replace(
            self.events,
            sessions=b"",
            attributes=b"",
            times=b"",
            forms=b"",
            sids=SidTexts(),
            combinations=AttributeColumns(),
        )
        return self._replace(events=events)

    @property
    def size(self) -> int:
        """Return how many bytes the columns take, and the sids."""
        events, others = self.events, self.others
        columns = (
            *(events.lines, events.sessions, events.attributes, events.times, events.forms),
            *(events.structures, events.members, events.sids.packed, events.sids.offsets),
            *(others.lines, others.buckets, others.names, others.rejected_spans),
        )
        return sum(memoryview(each).nbytes for each in columns)


class Scanner(Protocol):
    """Reads blocks of lines; several threads may ask it at once."""

    def scan(self, data: BlockBytes) -> ScannedBlock:
        """Return what the lines of a block say, as far as that is certain of each alone."""


def find_entries(column: Buffer, lines: range) -> range:
    """Return the entries of some lines in a column of lines."""
    numbers = memoryview(column).cast("B").cast("I")
    return range(bisect_left(numbers, lines.start), bisect_left(numbers, lines.stop))


def find_lines(column: Buffer, lines: range) -> Sequence[int]:
    """Return those of some lines that have an entry in a column of lines."""
    entries = find_entries(column, lines)
    return memoryview(column).cast("B").cast("I")[entries.start : entries.stop].tolist()
