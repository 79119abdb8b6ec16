"""Lines that a scanner has taken and that are no event: counted by what they are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from dcevents.model.events import REJECT_REASONS
from dcevents.reading.read_block import RejectedRecord
from dcevents.reading.scanner import NO_NAME, OTHER_BUCKETS, LineStatus, Run, TakenOthers

_FED: Final = 0xFF
"""Stands for the bucket of a line that is read record by record after all."""
_IGNORED: Final = [OTHER_BUCKETS.index(name) for name in ("widget_ready", "unknown_event")]
_OBJECT_REASONS: Final = {"no_event", "no_sid"}
_SEPARATORS: Final = b" \t\r\n,\0\x1e\xef\xbb\xbf"


class Entries:
    """Ranges of entries in columns, in order."""

    def __init__(self) -> None:
        self._ranges: list[range] = []

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __iter__(self) -> Iterator[range]:
        return iter(self._ranges)

    def add(self, begin: int, end: int) -> None:
        """Add a range behind the others."""
        if begin < end:
            self._ranges.append(range(begin, end))


class OtherLines:
    """The lines of a block that are no event, but for those that were fed."""

    def __init__(self, others: TakenOthers, fed: Entries, first_line: int) -> None:
        buckets = bytearray(others.buckets)
        for each in fed:
            buckets[each.start : each.stop] = bytes([_FED]) * len(each)
        self._buckets = bytes(buckets)
        self._others = others
        self._lines = memoryview(others.lines).cast("B").cast("I")
        self._first_line = first_line

    def count_buckets(self) -> dict[str, int]:
        """Count lines by bucket or reason."""
        counts = ((name, self._buckets.count(n)) for n, name in enumerate(OTHER_BUCKETS))
        return {name: count for name, count in counts if count}

    def count_unknown(self) -> dict[str, tuple[int, int]]:
        """Return for each name of an unknown event its first line, and how many have it."""
        numbers = memoryview(self._others.names).cast("B").cast("I").tolist()
        if _FED in self._buckets:
            pairs = zip(numbers, self._buckets, strict=True)
            numbers = [NO_NAME if bucket == _FED else number for number, bucket in pairs]
        counts = Counter(numbers)
        counts.pop(NO_NAME, None)
        firsts = dict(zip(reversed(numbers), reversed(self._lines), strict=True)) if counts else {}
        return {
            self._others.unknown_names[number]: (self._first_line + firsts[number], count)
            for number, count in counts.items()
        }

    def find_first_ignored(self) -> int | None:
        """Return the first line that is an unknown event, or the widget's."""
        places = [place for each in _IGNORED if (place := self._buckets.find(each)) >= 0]
        return self._first_line + self._lines[min(places)] if places else None

    def list_rejects(
        self, data: bytes, runs: Sequence[Run], wanted: int | None
    ) -> list[RejectedRecord]:
        """Return the first rejected lines, so many of them or all, with their bytes."""
        found: list[RejectedRecord] = []
        if not any(OTHER_BUCKETS.index(name) in self._buckets for name in _REJECTED):
            return found
        for run in runs:
            if run.status is not LineStatus.OTHER:
                continue
            at = run.begin
            for entry in range(run.first_entry, run.first_entry + run.lines):
                if wanted is not None and len(found) >= wanted:
                    return found
                end = data.index(b"\n", at) + 1
                bucket = self._buckets[entry]
                if bucket in _REJECTED_NUMBERS:
                    line = self._first_line + self._lines[entry]
                    found.append(_make_reject(line, OTHER_BUCKETS[bucket], data[at : end - 1]))
                at = end
        return found


_REJECTED: Final = [name for name in OTHER_BUCKETS if name in REJECT_REASONS]
_REJECTED_NUMBERS: Final = frozenset(OTHER_BUCKETS.index(name) for name in _REJECTED)


def _make_reject(line: int, reason: str, data: bytes) -> RejectedRecord:
    raw = data.strip(_SEPARATORS) if reason in _OBJECT_REASONS else data
    return RejectedRecord(line, 0, reason, raw)
