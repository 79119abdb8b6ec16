"""Records with something between them that is no line end, or with line ends in them → one
record a row.

Arrays, over many lines or on one; objects written one after the other; pretty-printed ones;
lists in an object. The texts between records are learned from the beginning of an input, up to
the next record's first key: its quote can stand in no string. Where a record has a list of
objects that begin alike, a cut there leaves rows that are no JSON, and the block is cut again
by what JSON says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dcevents.reading.parsing import listed
from dcevents.reading.parsing.envelopes import Known, Search
from dcevents.reading.parsing.listed import Lists
from dcevents.reading.parsing.places import LISTS, is_canonical
from dcevents.reading.parsing.record import MAX_LINE
from dcevents.reading.parsing.rows import Rows, places_on
from dcevents.reading.strict import is_too_deep, scan_value

if TYPE_CHECKING:
    import polars as pl

HEAD: Final = 1 << 16
"""Bytes of an input by which its style is told."""
_KEPT = MAX_LINE + 2
_LONG = 4 * _KEPT
"""Bytes without a seam after which a record is taken for too long."""
_TAIL = 1 << 16
_MOST_SEAMS = 6
_MOST_LISTS = 20
"""Lists in the first record that are tried: records lie in one of the first."""
_LEVELS = 4
"""Objects in one another that may be around a list of records."""
_SEEN = 200
_MIN_RECORDS_BY_LINE = 8
_WINDOW = 1 << 9
"""Characters that are looked at first."""
_WORD = 16
"""More characters than a word, or an escape, of JSON has."""
_BLANK_OR_SEPARATOR = b" \t\r\n\x1e"
_FIELDS = rb'\[\s*\{\s*"field"\s*:'
"""A row of CloudWatch Insights begins so: pairs of field and value."""
RECORD = re.compile(rb"\{|" + _FIELDS)
LIST = re.compile(rb"\[\s*(?=\{|" + _FIELDS + rb")")
_KEY = re.compile(rb'(?:\[\s*)?\{\s*"[^"\\]*"\s*:')
_GLUE = re.compile(rb'(?:[\s,\]}\x1e]|\[(?!\s*\{\s*"field"\s*:))*')
_MEMBER = rb'"[^"\\]*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[\w.+-]+|\[\s*(?:"[^"\\]*"[\s,]*)*\])\s*,\s*'
_LIST_KEY = rb"(?:(?:" + _MEMBER + rb')+"(?:' + "|".join(LISTS).encode() + rb')"|"[A-Za-z_]+")'
_WRAPPED = re.compile(rb"\{\s*" + _LIST_KEY + rb"\s*:\s*\[\s*(?=\{|" + _FIELDS + rb")")
"""The beginning of an object around records: its list comes first, or behind members with other
values.
"""


class Span(NamedTuple):
    """Where a record is."""

    start: int
    end: int


class Seam(NamedTuple):
    """The end of a record, what stands between.

    And the beginning of the next up to its first key.
    """

    text: bytes
    begin: int
    """Where in it the next record begins."""

    @property
    def end(self) -> bytes:
        """The end of a record and what stands between."""
        return self.text[: self.begin]

    def folded(self) -> Seam:
        """Return the same on one line."""
        return Seam(_folded(self.text), self.begin)


@dataclass(frozen=True)
class Stream:
    """The style of an input: what stands before its first record.

    And the seams between them.
    """

    name: str
    start: bytes
    seams: tuple[Seam, ...]
    known: Known
    is_first: bool = False
    """Whether it is about the first part of an input."""
    is_last: bool = False
    by_line: bool = False

    def rows(self, data: bytes, unterminated: Collection[int], now: int) -> Rows:  # noqa: ARG002
        """The records of a part, cut at the seams."""
        if self.is_last or not self.seams:
            return self.exactly(data, unterminated)
        begin = self._begin(data)
        end = self._end(data)
        cut = data[begin:end] if begin or end < len(data) else data
        if (lists := _lists(self.seams)) and (made := lists.rows(cut)) is not None:
            return self._listed(
                data,
                made,
                data.count(b"\n", 0, begin),
                data.count(b"\n", end) + cut.endswith(b"\n"),
            )
        # Each of these takes time for every byte: what is not needed is left out.
        lines = data.count(b"\n")
        cut = _folded(cut) if lines else cut
        for seam in map(Seam.folded, self.seams):
            cut = cut.replace(seam.text, seam.text[:1] + b"\n" + seam.text[seam.begin :])
        return Rows(
            cut,
            lines=lines,
            on_last_line=self._on_last_line(data, begin, end) if lines else 0,
            exactly=lambda: self.exactly(data),
            find_places=lambda: _places(data, self._walked(_folded(data), begin, cut)),
            find_raw=_unfolded,
        )

    def _listed(self, data: bytes, made: pl.DataFrame, before: int, after: int) -> Rows:
        """The records of lists on lines of their own.

        With as many line ends before them and behind them.
        """
        on = made["on"] + before
        last: Any = on.max()
        return Rows(
            made.select("line"),
            lines=last + after,
            on_last_line=0 if after else (on == last).sum(),
            exactly=lambda: self.exactly(data),
            find_places=lambda: places_on(on.to_list()),
        )

    def _on_last_line(self, data: bytes, begin: int, end: int) -> int:
        """Return how many records begin behind the last line end.

        Before an end.
        """
        last, begins = data.rfind(b"\n"), {seam.text: seam.begin for seam in self.seams}
        seams = re.compile(b"|".join(map(re.escape, begins)))
        found = seams.finditer(data, max(0, last + 1 - max(begins.values())))
        return (last < begin) + sum(
            last < match.start() + begins[match[0]] < end for match in found
        )

    def exactly(self, data: bytes, unterminated: Collection[int] = ()) -> Rows:
        """The records of a part, as JSON has them."""
        within = data if self.is_last else data[: self._end(data)]
        spans = list(_spans(within, self._begin(data), self.seams, self.known, self.start))
        last_line = data.rfind(b"\n")
        cut = b"".join(_folded(data[start:end]) + b"\n" for start, end in spans)
        return Rows(
            cut,
            {len(spans) - 1} if unterminated and spans and spans[-1].end == len(data) else (),
            lines=data.count(b"\n"),
            on_last_line=0 if self.is_last else sum(span.start > last_line for span in spans),
            find_places=lambda: _places(data, [span.start for span in spans]),
            find_raw=_unfolded,
        )

    def boundary(self, data: bytes) -> int | None:
        """Return where one of the last records begins.

        A whole event if there is one.

        None where that is not known.
        """
        last = end = self._last_seam(data, len(data))
        for _ in range(_SEEN):
            if not end or is_event(data, end, self.known):
                break
            end = self._last_seam(data, end)
        found = end or last
        if found or len(data) < _LONG:
            return found
        return max(
            (span.start for span in _spans(data, self._begin(data), (), self.known)), default=0
        ) or len(data)

    def _last_seam(self, data: bytes, end: int) -> int | None:
        """Return where the last record begins before an end."""
        seams = ((data.rfind(seam.text, 0, end), seam.begin) for seam in self.seams)
        return max((at + size for at, size in seams if at >= 0), default=None)

    def _end(self, data: bytes) -> int:
        """Return where the last record of a part ends.

        What stands between it and the next is of no record.
        """
        return len(data) - max(
            (seam.begin - 1 for seam in self.seams if data.endswith(seam.end)), default=0
        )

    def _begin(self, data: bytes) -> int:
        return len(self.start) if self.is_first and data.startswith(self.start) else 0

    def _walked(self, data: bytes, at: int, cut: bytes) -> list[int]:
        """Return where the rows begin that were cut at seams."""
        seams, starts = [seam.folded() for seam in self.seams], []
        for row in cut.split(b"\n"):
            starts.append(at)
            at += len(row)
            at += next((seam.begin - 1 for seam in seams if data.startswith(seam.text, at - 1)), 0)
        return starts


def style_of(head: bytes, known: Known) -> Stream | None:
    """The style of an input that begins with JSON.

    None where its records are its lines.
    """
    begin = _opening(head, known)
    if begin is None or _is_by_line(
        head, begin, list(_objects(head, begin, known, _MIN_RECORDS_BY_LINE))
    ):
        return None
    spans = list(_objects(head, begin, known, _SEEN))
    between = [head[one.end : other.start] for one, other in pairwise(spans)]
    within = any(b"\n" in head[span.start : span.end] for span in spans)
    start = head[:begin]
    return Stream(_in_words(start, between, within=within), start, _seams(head, spans), known)


def _lists(seams: Sequence[Seam]) -> Lists | None:
    """How records on lines are written that are in lists.

    Each line in one of its own or all in one.
    """
    outer, *inner = seams
    closing, line_end, opening = outer.end[1:].partition(b"\n")
    key = outer.text[outer.begin :]
    if (
        len(inner) > 1
        or not line_end
        or b"\n" in b"".join((opening, key, *(seam.text for seam in inner)))
    ):
        return None
    if any(seam.text[seam.begin :] != key for seam in inner):
        return None
    seam = next(
        (listed.ListSeam(_text(each.text[:1]), _text(each.end[1:]), _text(key)) for each in inner),
        None,
    )
    return Lists(_text(opening), _text(closing.rstrip(b"\r")), seam)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _is_by_line(head: bytes, begin: int, spans: Sequence[Span]) -> bool:
    """Return whether most of the first records are each on a line of their own, with nothing
    around them.
    """
    between = [head[one.end : other.start] for one, other in pairwise(spans)]
    on_lines = sum(b"\n" in glue for glue in between)
    folded = sum(b"\n" in head[span.start : span.end] for span in spans)
    return (
        2 * folded <= len(spans)
        and not head[:begin].strip(_BLANK_OR_SEPARATOR)
        and 2 * on_lines >= len(between)
    )


def _in_words(start: bytes, between: Sequence[bytes], *, within: bool) -> str:
    if b"{" in start:
        return "lists of records in objects"
    if b"[" in start:
        return (
            "arrays of records" if any(b"]" in glue for glue in between) else "an array of records"
        )
    return "records over several lines" if within else "records without line ends between them"


# -- where records are
# -------------------------------------------------------------------------------------------


def _opening(head: bytes, known: Known) -> int | None:
    """Return where the first record of an input begins.

    At its beginning, in an array, or in one that is in an object.
    """
    at = len(head) - len(head.lstrip(_BLANK_OR_SEPARATOR))
    if head.startswith(b"[", at) and _is_line(head, at):
        # An array that ends with its line, before lines that are objects: of many lines, one that
        # is wrong.
        return None
    if head.startswith(b"[", at):
        begin = _after_glue(head, at)
        return begin if is_event(head, begin, known) else None
    found = value_at(head, at)
    if found and (is_canonical(found[0]) or not Search(known).members(found[0])):
        return at
    if found and b"\n" not in head[at : found[1]]:
        # One line: of many that begin alike, or to be read by itself.
        return _inner(head, at, known)
    inner = list_within(head, at, known)
    return at if inner is None and found else inner


def list_within(head: bytes, at: int, known: Known) -> int | None:
    """Return where the first record of a list begins that is in the object there.

    HEAD bytes of it will do.
    """
    matches = islice(LIST.finditer(head, at, sound_end(head, at)), _MOST_LISTS)
    lists = (match for match in matches if _may_open(head[at : match.start()]))
    return next((match.end() for match in lists if is_event(head, match.end(), known)), None)


def sound_end(head: bytes, at: int) -> int:
    """Up to where a text.

    Or the value that it begins with, is JSON.
    """
    end = at
    for size in (_WINDOW, 1 << 12, HEAD):
        text = head[at : at + size].decode("latin-1")
        try:
            return scan_value(text, 0)[1] + at
        except ValueError as error:
            end = min(len(head), int(getattr(error, "pos", 0)) + at + _WORD)
            if not _may_go_on(error, size):
                break
    return end


def _is_line(head: bytes, at: int) -> bool:
    """Return whether the first line is JSON by itself.

    And the next one an object by itself.

    Or the other way round.
    """
    first, _, rest = head[at:].partition(b"\n")
    following = next((line for line in rest.split(b"\n") if line.strip(_BLANK_OR_SEPARATOR)), b"")
    return all(_closes(line, b"") for line in (first, following)) and following.lstrip(
        _BLANK_OR_SEPARATOR
    ).startswith(b"{")


def _may_open(text: bytes) -> bool:
    """Return whether a list may stand behind a text.

    In an object.
    """
    return any(_closes(text + b"[", b"]" + b"}" * levels) for levels in range(1, _LEVELS + 1))


def closing(start: bytes, data: bytes, at: int) -> int | None:
    """Return where a text ends that began with `start`.

    Its last record before `at`.

    None where it does not end with that.

    What begins in another part is not known: then any object that ends so will do.
    """
    tail = data[at : at + HEAD]
    if not tail.lstrip().startswith(b"]"):
        return None
    others = [b'{"":' * level + b"[" for level in range(_LEVELS, 0, -1)]
    starts = [start, *others] if b"{" in start else [*others, start]
    return next(
        (
            at + end - len(each)
            for each in starts
            if (end := _value_end(each + tail)) and end > len(each)
        ),
        None,
    )


def _value_end(text: bytes) -> int | None:
    """Return where the JSON value ends that begins there."""
    try:
        return scan_value(
            text.decode("latin-1"), len(text) - len(text.lstrip(_BLANK_OR_SEPARATOR))
        )[1]
    except ValueError:
        return None


def _closes(start: bytes, end: bytes) -> bool:
    """Return whether two texts are JSON together, or nothing."""
    text = (start + end).decode("utf-8", "replace").strip(" \t\r\n\x1e\ufeff")
    try:
        return not text or scan_value(text, 0)[1] == len(text)
    except ValueError:
        return False


def _inner(data: bytes, at: int, known: Known) -> int | None:
    """Return where the first record is of an object that begins with a list of them."""
    match = _WRAPPED.match(data, at)
    return match.end() if match and is_event(data, match.end(), known) else None


def _after_glue(data: bytes, at: int) -> int:
    glue = _GLUE.match(data, at)
    return glue.end() if glue else at


def is_event(data: bytes, at: int, known: Known) -> bool:
    """Return whether the record that begins there is an event.

    Or holds some.
    """
    found = value_at(data, at)
    return found is not None and bool(Search(known).members([found[0]]))


def value_at(data: bytes, at: int) -> tuple[Any, int] | None:
    """The record that begins there, and where it ends.

    None where none does.
    """
    found = looked_at(data, at)
    return None if isinstance(found, int) else found


def looked_at(data: bytes, at: int) -> tuple[Any, int] | int:
    """The record that begins there, and where it ends.

    Or how many bytes were looked at to see that none does.

    Read as Latin-1, in which bytes and characters are at the same places, and whatever is between
    quotes is text.
    """
    size = _WINDOW
    while RECORD.match(data, at):
        text = data[at : at + size].decode("latin-1")
        if is_too_deep(text):
            # Not for what stands on other lines.
            text = text.partition("\n")[0]
        try:
            value, end = scan_value(text, 0)
        except ValueError as error:
            if at + size >= len(data) or size > _KEPT or not _may_go_on(error, size):
                return size
            size *= 8
        else:
            return value, at + end
    return 0


def _may_go_on(error: ValueError, size: int) -> bool:
    """Return whether more text could mend what is wrong.

    It is at the end of so many characters, or with a string there.
    """
    return getattr(error, "pos", 0) >= size - _WORD or getattr(error, "msg", "").startswith(
        "Unterminated string"
    )


def _objects(data: bytes, at: int, known: Known, most: int) -> Iterator[Span]:
    """The first records from there on.

    As far as they are JSON.
    """
    for _ in range(most):
        found = value_at(data, at)
        if found is None:
            return
        yield Span(at, found[1])
        at = _after_glue(data, found[1])
        at = _inner(data, at, known) or at


def _seams(head: bytes, spans: Sequence[Span]) -> tuple[Seam, ...]:
    """The seams between records; none where they vary."""
    found: dict[Seam, None] = {}
    for one, other in pairwise(spans):
        if key := _KEY.match(head, other.start):
            found[Seam(head[one.end - 1 : key.end()], other.start - one.end + 1)] = None
    # The longest first: one may be a part of another.
    longest_first = sorted(found, key=lambda seam: len(seam.text), reverse=True)
    return tuple(longest_first) if len(found) <= _MOST_SEAMS else ()


def _spans(
    data: bytes, at: int, seams: Sequence[Seam], known: Known, start: bytes = b""
) -> Iterator[Span]:
    """Return where the records are: objects.

    Or what is none and ends at a line end or a seam.

    `start` is what they are in.
    """
    before = at
    while (at := _after_glue(data, at)) < len(data):
        inner = _inner(data, at, known)
        found = None if inner else value_at(data, at)
        if inner := inner or _within(data, at, found, known):
            start, before, at = data[at:inner], inner, inner
            continue
        if not found and (end := closing(start, data, before)):
            start, before, at = b"", end, end
            continue
        end = found[1] if found else _resumed(data, at, seams)
        yield Span(at, end)
        before = at = end


def _within(data: bytes, at: int, found: tuple[Any, int] | None, known: Known) -> int | None:
    """Return where the first record is of an object that has a list of them, on many lines or
    longer than a record.
    """
    if found and (
        b"\n" not in data[at : found[1]]
        or not LIST.search(data, at, found[1])
        or is_canonical(found[0])
    ):
        return None
    within = list_within(data[at : at + HEAD], 0, known) if data.startswith(b"{", at) else None
    return None if within is None else at + within


def _resumed(data: bytes, at: int, seams: Sequence[Seam]) -> int:
    """Return where what is no record ends."""
    ends = [end + 1 for seam in seams if (end := data.find(seam.text, at)) >= 0]
    line = data.find(b"\n", at)
    return min([*ends, *([line] if line >= 0 else [])], default=len(data))


def _places(data: bytes, starts: Sequence[int]) -> pl.DataFrame:
    """PLACES of records that begin there."""
    lines, before, at = [], 0, 0
    for start in starts:
        before += data.count(b"\n", at, start)
        at = start
        lines.append(before)
    return places_on(lines)


def _folded(text: bytes) -> bytes:
    """A text on one line."""
    return text.replace(b"\n", b"\r")


def _unfolded(_: int, text: bytes) -> bytes:
    return text.replace(b"\r", b"\n")


# -- parts
# --------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A part of a stream that begins and ends with a record, and its style."""

    data: bytes
    terminated: bool
    style: Stream


def parts(style: Stream, chunks: Iterator[bytes | memoryview]) -> Iterator[Part]:
    """Chunks of an input, cut where records begin."""
    rest = b""
    style = replace(style, is_first=True)
    for chunk in chunks:
        tail = bytes(chunk[-_TAIL:])
        found = style.boundary(tail) if style.seams else None
        if found and len(chunk) > len(tail):
            # The usual case: copied once.
            end = len(chunk) - len(tail) + found
            yield Part(b"".join((rest, chunk[:end])), True, style)
            rest, style = bytes(chunk[end:]), replace(style, is_first=False)
            continue
        rest += bytes(chunk)
        end = style.boundary(rest) or 0
        if end:
            yield Part(rest[:end], True, style)
            rest, style = rest[end:], replace(style, is_first=False)
    if rest:
        yield Part(rest, rest.endswith(b"\n"), replace(style, is_last=True))
