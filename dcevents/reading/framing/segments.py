"""A line or its rest: its text, values and records."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from dcevents.reading.framing.decoding import NO_UTF8, repair_surrogates
from dcevents.reading.framing.prefixes import HasEvent
from dcevents.reading.framing.records import MAX_RECORD_BYTES, Bucket, FramedRecord
from dcevents.reading.framing.sequences import (
    BLANKS,
    End,
    Item,
    Kind,
    Sequence,
    SequenceEnds,
    find_records,
    read_sequence,
    skip_separators,
)
from dcevents.reading.json_value import SEPARATOR_BYTES

_MAX_CUT_BYTES = 3
"""Bytes of a character of which the last is missing."""


class LineSegment:
    """A run of bytes without a line end: `begin` is its offset in the input."""

    def __init__(self, line: int, begin: int, data: bytes) -> None:
        self.line = line
        self.begin = begin
        self.data = data
        self._mapped = (0, 0)
        self._errors = "strict"
        self._cut_bytes = 0

    @property
    def end(self) -> int:
        """Return the offset behind its last byte."""
        return self.begin + len(self.data)

    @cached_property
    def text(self) -> str | None:
        """Return its characters, half surrogate pairs repaired.

        None if it is no UTF-8.
        """
        return None if self._written is None else repair_surrogates(self._written)

    @cached_property
    def _written(self) -> str | None:
        """Return its characters as they are, as many as `text` has."""
        try:
            return self.data.decode(errors=self._errors)
        except UnicodeDecodeError:
            return None

    def cut(self, begin: int, end: int) -> str:
        """Return a part of its characters as they are written, half surrogate pairs too."""
        return (self._written or "")[begin:end]

    @property
    def is_utf8(self) -> bool:
        """Return whether all of its bytes are characters."""
        return self._errors == "strict" and self.text is not None

    def escape_bytes(self, *, is_cut: bool) -> "LineSegment":
        """Return the same bytes, read so that those that are no UTF-8 may be in its text.

        Where it is cut the last ones may be part of a character.
        """
        escaped = LineSegment(self.line, self.begin, self.data)
        escaped._errors = "surrogateescape"
        escaped._cut_bytes = _MAX_CUT_BYTES if is_cut else 0
        return escaped

    @cached_property
    def sequence(self) -> Sequence:
        """Return the values in it, as if there were no prefix."""
        return read_sequence(self.text or "")

    @cached_property
    def ends(self) -> SequenceEnds:
        """Return how the sequences from places in it on end."""
        return SequenceEnds(self.text or "")

    def is_invalid_from(self, character: int) -> bool:
        """Return whether bytes from a character on are no UTF-8, whatever may follow them."""
        return character <= self._last_invalid

    @cached_property
    def _last_invalid(self) -> int:
        """Return the last character that is no UTF-8, but for a cut one; -1 without one."""
        if self._errors == "strict":
            return -1
        text = self.text or ""
        found = NO_UTF8.finditer(text, 0, max(len(text) - self._cut_bytes, 0))
        return max((match.start() for match in found), default=-1)

    @property
    def is_blank(self) -> bool:
        """Return whether it is only spaces, tabs, CR, NUL, byte order marks."""
        return self.text is not None and not self.text.strip(BLANKS)

    def offset_of(self, character: int) -> int:
        """Return the offset in the input of a character."""
        text = self.text or ""
        if len(text) == len(self.data):
            return self.begin + character
        known, size = self._mapped if self._mapped[0] <= character else (0, 0)
        size += len(text[known:character].encode(errors=self._errors))
        self._mapped = (character, size)
        return self.begin + size

    def reject(self, bucket: Bucket, *, end: int | None = None) -> FramedRecord:
        """Return the record of a line that cannot be read."""
        raw = self.data[:MAX_RECORD_BYTES]
        return FramedRecord(
            self.line, self.begin, self.end if end is None else end, bucket, raw=raw
        )

    def read_records(self, items: list[Item], stop: int) -> Iterator[FramedRecord]:
        """Yield the records of some values of a line.

        Scalars beside objects are text.
        """
        for item, begin, end in find_records(self.text or "", items, stop):
            yield self._record(item, begin, end)

    def read_prefixed(self, items: list[Item], begin: int, end: int) -> Iterator[FramedRecord]:
        """Yield the records of JSON behind a prefix, which all of them share.

        The text from `begin` to `end` is theirs: the prefix is the first's, the rest the last's.
        """
        text = self.text or ""
        shared = [item for item in items if item.is_object] or items
        begin = skip_separators(text, begin)
        prefix = self.cut(begin, items[0].at)
        for number, item in enumerate(shared):
            first = begin if number == 0 else item.at
            last = end if number == len(shared) - 1 else item.end
            record = self._record(item, first, last)
            yield replace(record, prefix=prefix)

    def _record(self, item: Item, begin: int, end: int) -> FramedRecord:
        start = self.offset_of(begin)
        at, value_end = self.offset_of(item.at), self.offset_of(item.end)
        raw = self.data[at - self.begin : value_end - self.begin]
        if len(raw) > MAX_RECORD_BYTES:
            raw = raw[:MAX_RECORD_BYTES]
            return FramedRecord(self.line, start, value_end, Bucket.TOO_LONG, raw=raw)
        return FramedRecord(
            self.line,
            start,
            self.offset_of(end),
            find_bucket(item),
            value=item.value,
            prefix=self.cut(begin, item.at),
            raw=raw,
        )


def find_bucket(item: Item) -> Bucket | None:
    """Return None for what the judge is asked about: objects, and texts that may hold some."""
    if item.is_object or (type(item.value) is str and item.kind is Kind.SCALAR):
        return None
    return Bucket.NOT_AN_OBJECT


def is_event_line(data: bytes, has_event: HasEvent) -> bool:
    """Return whether a line is by itself whole values, of which one has an event."""
    ends = data.strip(SEPARATOR_BYTES + b"[]")
    if ends[:1] not in {b"{", b'"'} or ends[-1:] not in {b"}", b'"'}:
        return False
    segment = LineSegment(0, 0, data)
    if segment.text is None:
        return False
    if segment.sequence.end is End.VALUE or segment.sequence.end is End.BROKEN:
        return False
    return any(has_event(item.value) for item in segment.sequence.items)
