"""Blocks of lines of which some are no records by themselves → the same, with the records in
their place.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from dcevents.model.events import UNREADABLE_REASONS
from dcevents.reading.parsing import partial
from dcevents.reading.parsing.regions import regions
from dcevents.reading.parsing.rows import Rows, places_on

if TYPE_CHECKING:
    from dcevents.reading.parsing.envelopes import Known


class Bad(NamedTuple):
    """A line that is no event, and why."""

    row: int
    reason: str


class _Instead(NamedTuple):
    """These records, each with its row, stand instead of those rows."""

    gone: Sequence[int]
    records: Sequence[tuple[int, bytes]]


class LineOutcomes(NamedTuple):
    """What lines turned out to be, in order.

    No events, and why.

    Events, or lines that hold records.
    """

    bad: Sequence[Bad]
    good: Sequence[int]

    def part(self, first: int, end: int) -> LineOutcomes:
        """Return the same of the lines of an input."""
        good = self.good[bisect_left(self.good, first) : bisect_left(self.good, end)]
        bad = [each._replace(row=each.row - first) for each in self.bad if first <= each.row < end]
        return LineOutcomes(bad, [row - first for row in good])


def may_go_on(reason: str, line: bytes) -> bool:
    """Return whether a line that was rejected may be a part of a record, or hold some.

    For little time.
    """
    return reason in (*UNREADABLE_REASONS, "too_long") or (
        reason == "no_event" and partial.is_unended(line)
    )


def again(
    data: bytes, heights: Sequence[int], rows: Rows, seen: LineOutcomes, known: Known
) -> Rows | None:
    """Lines that were read as `rows`, cut again.

    None where each line is a record, or will not be one.

    `heights` are the numbers of lines of the inputs in them, where they are of several.
    """
    lines = data.removesuffix(b"\n").split(b"\n")
    ends = list(accumulate(heights)) if len(heights) > 1 else [len(lines)]
    found: list[_Instead] = []
    for first, end in pairwise([0, *ends]):
        part = seen.part(first, end) if len(heights) > 1 else seen
        found += [
            _moved(each, first)
            for each in (_found(lines[first:end], part, known) if part.bad else ())
        ]
    return _instead(rows, found) if found else None


def _found(lines: Sequence[bytes], seen: LineOutcomes, known: Known) -> Iterator[_Instead]:
    """Return what stands instead of lines of one input."""
    gone: set[int] = set()
    parts = [row for row, reason in seen.bad if partial.may_begin(lines[row])]
    for each in partial.joined(lines, parts, {*seen.good}) if parts else ():
        gone.update(each.rows)
        yield _Instead(each.rows, [(each.rows[0], each.text)])
    begins = [row for row, reason in seen.bad if reason != "no_event" and row not in gone]
    for region in regions(lines, begins, seen.good, known):
        yield _Instead(range(region.first, region.end), region.records)


def _moved(each: _Instead, by: int) -> _Instead:
    return _Instead(
        [row + by for row in each.gone], [(row + by, text) for row, text in each.records]
    )


def _instead(rows: Rows, found: Sequence[_Instead]) -> Rows:
    """Rows with others in the place of some of them."""
    lines = rows.texts()
    records = {each.gone[0]: each.records for each in found}
    gone = {row for each in found for row in each.gone}
    texts: list[bytes] = []
    places: list[int] = []
    made: set[int] = set()
    unterminated: set[int] = set()
    for row, line in enumerate(lines):
        here = records.get(row, [] if row in gone else [(row, line)])
        if row in gone:
            made.update(range(len(texts), len(texts) + len(here)))
        texts += [text for _, text in here]
        places += [place for place, _ in here]
        if row in rows.unterminated:
            unterminated.add(len(texts) - 1)
    raw = lambda row, text: (  # noqa: E731
        text.replace(b"\r", b"\n") if row in made else rows.raw(places[row], text)
    )
    return Rows(
        b"".join(text + b"\n" for text in texts),
        unterminated,
        lines=len(lines),
        find_places=lambda: places_on(places),
        find_raw=raw,
    )
