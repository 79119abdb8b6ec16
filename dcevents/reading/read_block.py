"""What a block of an input holds. Plain data, on its way from reading to counting."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from dcevents.model.numbers.packed_events import PackedEvents
from dcevents.reading.scanner import StructureCount, TakenEvents

if TYPE_CHECKING:
    from dcevents.reading.records import ReadRecord


class RejectedRecord(NamedTuple):
    """A record that is not counted, and its bytes."""

    line: int
    member: int
    """Number of the record in its line; 0 where it is the only one."""
    reason: str
    raw: bytes


class ReadBlock(NamedTuple):
    """Holds the records of a block that were read one by one, and the lines taken."""

    file: int
    """Number of the input."""
    records: "Sequence[ReadRecord]"
    first_line: int = 1
    """Number of the line from which lines of `events` and `structures` are counted."""
    events: TakenEvents = TakenEvents()
    structures: Sequence[StructureCount] = ()
    """Of the events that were taken."""
    buckets: Mapping[str, int] = {}
    """Numbers of lines that are no event, by bucket or reason."""
    unknown: Mapping[str, tuple[int, int]] = {}
    """By name of an unknown event: the first line that has it, and how many have."""
    first_ignored: int | None = None
    """The first line that is an unknown event, or the widget's."""
    rejects: Sequence[RejectedRecord] = ()
    """Rejected lines that were taken, as many as were asked for."""
    header: bytes = b""
    """The first line of a CSV, which is no record."""
    packed: PackedEvents | None = None
    """The facts of `events`, whose columns are let go then."""

    def find_first_good(self) -> tuple[int, int] | None:
        """Return line and member of a block's first record that is neither blank nor rejected."""
        good = (each for each in self.records if each.bucket not in ("blank", "rejected"))
        places = [(record.line, record.index or 0) for record in islice(good, 1)]
        if self.events.count:
            lines = memoryview(self.events.lines).cast("B").cast("I")
            places.append((self.first_line + lines[0], 0))
        if self.first_ignored is not None:
            places.append((self.first_ignored, 0))
        return min(places, default=None)
