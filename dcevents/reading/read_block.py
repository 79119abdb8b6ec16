"""What a block of an input holds. Plain data, on its way from reading to counting."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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


class MemberList(NamedTuple):
    """Holds what members of a long list say that were taken."""

    begin: int
    """Where the first begins in the input."""
    first_line: int
    """Number of the line from which lines of `events` are counted."""
    events: TakenEvents
    structures: Sequence[StructureCount]
    """Of the events, their first lines counted from 0 on."""
    buckets: Mapping[str, int]
    unknown: Mapping[str, tuple[int, int]]
    first_ignored: tuple[int, int] | None
    """Line and member."""
    rejects: Sequence[RejectedRecord]


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
    """The first line taken that is an unknown event, or the widget's."""
    rejects: Sequence[RejectedRecord] = ()
    """Rejected lines that were taken, as many as were asked for."""
    header: bytes = b""
    """The first line of a CSV, which is no record."""
    packed: PackedEvents | None = None
    """The facts of `events`, whose columns are let go then."""
    lists: Sequence[MemberList] = ()
    """Members of long lists that were taken."""

    @property
    def has_taken_event(self) -> bool:
        """Return whether one of the events was taken."""
        return self.events.count > 0 or any(each.events.count for each in self.lists)

    def list_events(self) -> Iterator[tuple[TakenEvents, int]]:
        """Yield the events that were taken, and the lines from which theirs are counted."""
        yield self.events, self.first_line
        yield from ((each.events, each.first_line) for each in self.lists)

    def list_structures(self) -> Iterator[StructureCount]:
        """Yield the structures of events that were taken, with the numbers of their lines."""
        for structures, first_line in (
            (self.structures, self.first_line),
            *((each.structures, 0) for each in self.lists),
        ):
            for each in structures:
                yield each._replace(first_line=first_line + each.first_line)

    def count_taken(self) -> Counter[str]:
        """Count the records taken that are no event, by bucket or reason."""
        counts = Counter(self.buckets)
        for each in self.lists:
            counts.update(each.buckets)
        return counts

    def count_unknown(self) -> dict[str, tuple[int, int]]:
        """Return the names of unknown events taken: the first line, and how many have it."""
        found = dict(self.unknown)
        for each in self.lists:
            for name, (line, count) in each.unknown.items():
                first, before = found.get(name, (line, 0))
                found[name] = min(first, line), before + count
        return found

    def list_rejects(self) -> list[RejectedRecord]:
        """Return the rejected records taken, as many as were asked for; lists come last."""
        return [*self.rejects, *(reject for each in self.lists for reject in each.rejects)]

    def find_first_good(self) -> tuple[int, int] | None:
        """Return line and member of a block's first record that is neither blank nor rejected."""
        good = (each for each in self.records if each.bucket not in ("blank", "rejected"))
        places = [(record.line, record.index or 0) for record in islice(good, 1)]
        if self.events.count:
            lines = memoryview(self.events.lines).cast("B").cast("I")
            places.append((self.first_line + lines[0], 0))
        if self.first_ignored is not None:
            places.append((self.first_ignored, 0))
        for each in self.lists:
            events = each.events
            if events.count:
                line, member = (memoryview(c).cast("I")[0] for c in (events.lines, events.members))
                places.append((each.first_line + line, member))
            places += [each.first_ignored] if each.first_ignored else []
        return min(places, default=None)
