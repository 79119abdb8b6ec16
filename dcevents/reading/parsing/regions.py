"""Lines that are no JSON by themselves → the records that they are together, or that one of
them holds.

An input of lines may change on its way: pretty-printed text, an array over several lines, or
objects without line ends between them, put behind lines with `cat`. Such a *region* begins with
a line that was rejected, and ends with a line; it is one JSON text or several, each beginning
on the line on which the one before ended. What is not sure to be a region stays what it is:
lines, each rejected by itself. So does a region that would swallow a line that is an event.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, count
from operator import add
from typing import Any, NamedTuple

from dcevents.reading.parsing import partial, prefixes
from dcevents.reading.parsing.envelopes import NOTHING, Known, Search
from dcevents.reading.parsing.places import is_canonical
from dcevents.reading.parsing.record import MAX_LINE
from dcevents.reading.parsing.streams import (
    HEAD,
    LIST,
    Span,
    closing,
    is_event,
    list_within,
    looked_at,
    sound_end,
)

__all__ = ["Region", "cut", "regions"]

_LINE_BLANK = b" \t\r"
_PREFIX = 1 << 9
"""Bytes of the longest prefix that is looked for."""
_MAX_BRACKETS = 3
"""Canonical objects that are records although they share a line: two are a line that is no JSON
(definitions 1).
"""
_LEAST = 1 << 20
"""Bytes that may be looked at in vain, beside as many as there are."""
_OFTEN = 80
"""How often text is looked at, at most, to find the list in an object."""
_PAGE = 1 << 10
"""Bytes that a look counts for at least."""
_INNER = b'",:]}'
"""What a line of JSON begins with that is not the first of a text."""
_VALUE = b'{["-0123456789tfn'
_NEXT = {b"{": b'"', b"[": _VALUE, b":": _VALUE, b",": _VALUE}
"""What the second line of a text begins with, by what the first ends with."""
_BEHIND_VALUE = b",:]}"
"""The same, where that is a value."""
_GLUED = re.compile(rb'[}\]][ \t\r]*(?:[{\[\x1e]|[^\s,}\]:"\\][^"{}\[\]]*[{\[])')
"""What stands in a line behind an object, perhaps with a prefix, and before another record."""
_OPEN = re.compile(rb'(?:\[(?!\s*\{\s*"field"\s*:)\s*){1,8}')
_WITHIN = (*(bytes([byte]) for byte in b" \t" + _INNER + b"{["),)
"""What the lines of a text over several begin with."""
_BEGIN = re.compile(rb"^[ \t]*(?=[{\[])", re.MULTILINE)
_MAX_REGION_LINES = 200
"""Lines that are tried as the beginning of a record."""
_COMMA = re.compile(rb"\s*,\s*")
_SPACE = re.compile(rb"[ \t\r]*")
_LINES = re.compile(rb"\s*")


class Region(NamedTuple):
    """Rows from `first` up to `end` are these records.

    Each with the row on which it begins, LF in it as CR.
    """

    first: int
    end: int
    records: Sequence[tuple[int, bytes]]


class _Text(NamedTuple):
    """One JSON text: its records, and where it ends."""

    spans: Sequence[Span]
    end: int
    is_sure: bool
    """Whether it can be nothing but a text that is no line."""
    is_event: bool = True
    is_canonical: bool = False
    """Whether it is one record at the canonical place, with nothing before it."""


def regions(
    lines: Sequence[bytes], bad: Sequence[int], good: Sequence[int], known: Known
) -> Iterator[Region]:
    """The regions of some lines, in order.

    `bad` are the rejected ones, `good` those that are events.
    """
    candidates = [
        row
        for row in bad
        if _may_begin(lines[row], lines[row + 1] if row + 1 < len(lines) else b"")
    ]
    if not candidates:
        return
    starts = list(map(add, accumulate(map(len, lines), initial=0), count()))
    data = b"\n".join([*lines, b""])
    look = _Look(data, known)
    end = 0
    for row in candidates:
        spans = look.region(starts[row]) if row >= end and look.budget else []
        last = bisect_left(starts, look.end)
        if not spans:
            look.budget = max(0, look.budget - _PAGE)
        elif _swallows_none(data, spans, [starts[each] for each in _between(good, row, last)]):
            end = last
            yield Region(
                row, end, [(bisect_right(starts, a) - 1, _folded(data[a:b])) for a, b in spans]
            )


def _may_begin(line: bytes, following: bytes) -> bool:
    """Return whether a line may be the first of a region.

    Most broken ones may not.
    """
    if line[:_PREFIX].lstrip(_LINE_BLANK)[:1] in _INNER:
        return False
    if len(line) > MAX_LINE or _GLUED.search(line):
        return True
    last, first = line.rstrip(_LINE_BLANK)[-1:], following[:_PREFIX].lstrip(_LINE_BLANK)[:1]
    if last == b"," and first == b"{" and not line.endswith((b"},", b"},\r")):
        # Behind a comma there are objects in lists only.
        return b"[" in line
    return bool(last and first) and first in _NEXT.get(last, _BEHIND_VALUE)


def cut(lines: bytes) -> int:
    """Return where lines are best cut, so that no record is.

    Behind the last, or before one that lies over several of them.
    """
    last = lines.rfind(b"\n", 0, len(lines) - 1) + 1
    if parts := partial.begun(lines):
        return parts
    if lines[last : last + 1] not in _WITHIN or not isinstance(looked_at(lines, last), int):
        in_list = lines.endswith((b",\n", b",\r\n")) and is_event(lines, last, NOTHING)
        return last if last and in_list else len(lines)
    begins = [(match.start(), match.end()) for match in _BEGIN.finditer(lines)][-_MAX_REGION_LINES:]
    return next(
        (begin for begin, at in reversed(begins) if is_event(lines, at, NOTHING)), 0
    ) or len(lines)


def _between(rows: Sequence[int], first: int, end: int) -> Sequence[int]:
    return rows[bisect_left(rows, first) : bisect_left(rows, end)]


def _folded(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r")


def _swallows_none(data: bytes, spans: Sequence[Span], good: Sequence[int]) -> bool:
    """Return whether each of the lines that begin there is a record of its own."""
    ends = {span.start: span.end for span in spans}
    for start in good:
        line = data[start : data.index(b"\n", start)]
        begin = start + len(line) - len(line.lstrip(_LINE_BLANK + b"\x1e"))
        if ends.get(begin, len(data)) > start + len(line):
            return False
    return True


class _Look:
    """A look at lines that are none.

    What is looked at in vain is bounded: `budget`, in bytes.
    """

    def __init__(self, data: bytes, known: Known) -> None:
        self.data = data
        self.known = known
        self.budget = len(data) + _LEAST
        self.end = 0

    def region(self, at: int) -> list[Span]:
        """The records of the region that begins there, up to `end`.

        None where that is not sure to be one.
        """
        begin, spans, texts = at, list[Span](), list[_Text]()
        while text := self._text(self._behind_space(at)):
            texts.append(text)
            spans += text.spans
            at = self._behind_space(text.end)
            if self._is_line_end(at):
                break
        else:
            # What else stands on their line is a broken record. Long lines may have been cut
            # short: all or nothing.
            if self._line_end(at) - max(begin, self.data.rfind(b"\n", begin, at)) > MAX_LINE:
                return []
            spans.append(Span(at, self._line_end(at)))
        self.end = self._line_end(at)
        return spans if self._is_sure(texts, self.data[begin:at]) else []

    def _is_sure(self, texts: Sequence[_Text], region: bytes) -> bool:
        if any(text.is_sure for text in texts):
            return True
        events = [text.is_canonical for text in texts if text.is_event]
        several = len(events) >= _MAX_BRACKETS or (len(events) > 1 and not all(events))
        return several and b"\n" not in region

    def _text(self, at: int) -> _Text | None:
        """The JSON text that begins there, perhaps behind a prefix."""
        begin = self._behind_prefix(at)
        found = self._value(begin)
        if found is None:
            return self._list(begin)
        value, end = found
        folded, too_long = b"\n" in self.data[begin:end], end - begin > MAX_LINE
        search, canonical = Search(self.known), isinstance(value, dict) and is_canonical(value)
        if (folded or too_long) and not canonical and search.members(value):
            return self._list(begin)
        comma = _COMMA.match(self.data, end)
        if comma and (folded or b"\n" in comma[0]):
            # In an array whose beginning is not here.
            return self._members(b"[", begin)
        if too_long:
            return None
        said = folded or bool(search.members([value]) or search.members(value))
        return _Text([Span(at, end)], end, folded and bool(value), said, canonical and begin == at)

    def _list(self, at: int) -> _Text | None:
        """An array of records, or an object with one.

        Of which only as much is looked at as is needed.
        """
        if opened := _OPEN.match(self.data, at):
            begin = opened.end() if is_event(self.data, opened.end(), self.known) else None
        elif self.data.startswith(b"{", at) and self.budget:
            begin = self._list_within(at)
        else:
            return None
        if begin is None:
            return None
        return self._members(self.data[at:begin], begin)

    def _list_within(self, at: int) -> int | None:
        head = self.data[at : at + HEAD]
        sound = sound_end(head, 0)
        if not LIST.search(head, 0, sound):
            return None
        within = list_within(head[:sound], 0, self.known)
        if within is None:
            self.budget = max(0, self.budget - _OFTEN * sound)
        return None if within is None else at + within

    def _members(self, start: bytes, begin: int) -> _Text:
        """The records of a list that has begun with `start`."""
        spans: list[Span] = []
        commas, at, end = 0, begin, begin
        while True:
            if found := self._value(at):
                end = found[1]
                spans.append(Span(at, end))
                comma = _COMMA.match(self.data, end)
                if not comma:
                    break
                commas, at, end = commas + 1, comma.end(), self.data.index(b",", end) + 1
            elif spans and (following := self._behind_broken(at)):
                end = self._line_end(at)
                spans.append(Span(at, end))
                at = following
            else:
                break
        closed = closing(start, self.data, end)
        goes_on = commas > 1 or (commas > 0 and at >= len(self.data))
        folded = any(b"\n" in self.data[span.start : span.end] for span in spans)
        is_sure = (
            goes_on
            or folded
            or (closed is not None and (len(spans) > 1 or closed - begin > MAX_LINE))
        )
        return _Text(spans, closed or end, is_sure)

    def _behind_broken(self, at: int) -> int | None:
        """Return where a list goes on behind a line that is a broken record of it.

        None where it does not.
        """
        if self._is_line_end(at) or self.data.startswith(b"]", at):
            return None
        end = self._line_end(at)
        blank = _LINES.match(self.data, end)
        following = blank.end() if blank else end
        return (
            following if self.data.startswith(b"]", following) or self._value(following) else None
        )

    # -- the text
    # ----------------------------------------------------------------------------------------------

    def _value(self, at: int) -> tuple[Any, int] | None:
        found = looked_at(self.data, at) if self.budget else 0
        if isinstance(found, int):
            self.budget = max(0, self.budget - found)
            return None
        return found

    def _behind_space(self, at: int) -> int:
        space = _SPACE.match(self.data, at)
        return space.end() if space else at

    def _behind_prefix(self, at: int) -> int:
        """Return where JSON begins behind what a collector writes before it.

        The same place without that.
        """
        if self.data.startswith((b"{", b"[{"), at):
            return at
        if self.data.startswith(b"\x1e", at):
            return self._behind_space(at + 1)
        text = self.data[at : at + _PREFIX].partition(b"\n")[0].decode("utf-8", "surrogateescape")
        prefix = prefixes.prefix_of(text)
        return at + len(text[: prefix.end].encode("utf-8", "surrogateescape")) if prefix else at

    def _is_line_end(self, at: int) -> bool:
        return at >= len(self.data) or self.data.startswith(b"\n", at)

    def _line_end(self, at: int) -> int:
        end = self.data.find(b"\n", at)
        return len(self.data) if end < 0 else end
