"""Read the JSON values of a line between separators and brackets."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

from dcevents.reading.framing.decoding import NoJsonValueError, decode_at
from dcevents.reading.json_value import MAX_LEVELS, SEPARATORS

BLANKS: Final = " \t\r\0\ufeff"
_SPACE = re.compile(f"[{SEPARATORS}]*+")
_BEFORE_OBJECT = re.compile(f"[{SEPARATORS}\\[\\]]*+")
_AFTER_SCALAR = re.compile(f"[{SEPARATORS}\\[\\]{{}}]|\\Z")
_BEGINNINGS = '{"tfn-0123456789'
_PAIR_NAMES = ("key", "name", "field")


class Kind(Enum):
    """Say what a value is to the records of its line."""

    OBJECT = "a record, or several to the judge"
    PAIRS = "an array of keys and values, which is an object"
    ARRAY = "an array without objects"
    SCALAR = "a number, a string, true, false or null"


class Item(NamedTuple):
    """A value on a line, and the characters that it takes."""

    kind: Kind
    at: int
    end: int
    value: Any

    @property
    def is_object(self) -> bool:
        """Return whether the item is an object, so that scalars beside are text."""
        return self.kind in {Kind.OBJECT, Kind.PAIRS}


class End(Enum):
    """How a sequence of values ends."""

    WHOLE = "with the line"
    VALUE = "at a value that does not end on the line, or is none"
    ARRAY = "with the line, in an array without objects so far"
    PAIRS = "with the line, in an array of keys and values"
    BROKEN = "at what is no value"


_AT_LINE_END = (End.WHOLE, End.ARRAY, End.PAIRS)


class Sequence(NamedTuple):
    """The values of a line.

    `stop` is the character at which what is told by `end` begins.
    """

    items: list[Item]
    end: End
    stop: int
    closed: int
    """Outer arrays of earlier lines that are closed on the line."""
    opened: int
    """Outer arrays that are open at its end."""
    around: int
    """Those of them that lie around what begins at `stop`."""
    reached: int
    """The character that was reached: `stop`, or in an array that begins there."""
    has_comma: bool
    """A comma or an opening bracket stands behind the last value."""


class _Array:
    """An array that is open: where it begins, and what it has held so far."""

    __slots__ = ("at", "first", "has_objects", "is_pairs", "members")

    def __init__(self, at: int, first: int) -> None:
        self.at = at
        self.first = first
        self.members = 0
        self.has_objects = False
        self.is_pairs = True


def is_pair(value: object) -> bool:
    """Return whether an object is a key and its value, one of a list that is an object."""
    if not isinstance(value, dict) or not 2 <= len(value) <= 3 or "value" not in value:
        return False
    return any(type(value.get(name)) is str for name in _PAIR_NAMES)


def skip_separators(text: str, at: int) -> int:
    """Return the place behind white space, commas, record separators, NULs, BOMs."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def has_only_separators(text: str) -> bool:
    """Return whether a text is nothing but separators and brackets of arrays."""
    return _BEFORE_OBJECT.fullmatch(text) is not None


def begins_with_object(text: str) -> bool:
    """Return whether a line itself begins with `{`: it has no prefix then."""
    return text.startswith("{", skip_separators(text, 0))


def read_sequence(text: str, begin: int = 0) -> Sequence:
    """Return the values of a line from a place on.

    `repair_surrogates` was applied to it.
    """
    return _SequenceReader(text, begin).read()


class _SequenceReader:
    """One walk over a line.

    Each value is decoded once, an array without objects once more.
    """

    def __init__(self, text: str, begin: int) -> None:
        self.text = text
        self.begin = begin
        self.items: list[Item] = []
        self.arrays: list[_Array] = []
        self.closed = 0
        self.reached = 0

    def read(self) -> Sequence:
        text, at = self.text, self.begin
        while (at := skip_separators(text, at)) < len(text):
            try:
                at = self._read_at(at)
            except NoJsonValueError:
                return self._stop_at(at)
        for array in self.arrays:
            if array.is_pairs and array.members:
                return self._sequence(End.PAIRS, array.at)
        scalars = self._find_scalar_array()
        if scalars is not None:
            return self._sequence(End.ARRAY, scalars.at)
        return self._sequence(End.WHOLE, at)

    def _stop_at(self, at: int) -> Sequence:
        """Return the values before a place at which none is read whole."""
        self.reached = at
        if self.text[at] not in _BEGINNINGS:
            return self._sequence(End.BROKEN, at)
        array = self._find_scalar_array()
        if self.text[at] != "{" and array is not None:
            at = array.at
        return self._sequence(End.VALUE, at)

    def _find_scalar_array(self) -> _Array | None:
        """Return the outermost open array that has no objects, nor has any within."""
        found = None
        for array in reversed(self.arrays):
            if array.has_objects:
                break
            found = array
        return found

    def _sequence(self, end: End, stop: int) -> Sequence:
        around = sum(array.at < stop for array in self.arrays)
        opened = len(self.arrays)
        reached = len(self.text) if end in _AT_LINE_END else self.reached
        behind = self.items[-1].end if self.items else self.begin
        has_comma = any(sign in self.text[behind:reached] for sign in ",[")
        return Sequence(self.items, end, stop, self.closed, opened, around, reached, has_comma)

    def _read_at(self, at: int) -> int:
        """Take the bracket or the value at a place.

        Return its end. Raises NoJsonValueError.
        """
        sign = self.text[at]
        if sign == "[":
            if len(self.arrays) >= MAX_LEVELS:
                raise NoJsonValueError(at)
            if self.arrays:
                self.arrays[-1].is_pairs = False
            self.arrays.append(_Array(at, len(self.items)))
            return at + 1
        if sign == "]":
            return self._close_array(at)
        value, end = decode_at(self.text, at)
        if sign != "{" and not _AFTER_SCALAR.match(self.text, end):
            raise NoJsonValueError(at)
        self._add_value(value, at, end)
        return end

    def _add_value(self, value: object, at: int, end: int) -> None:
        is_object = isinstance(value, dict)
        if self.arrays:
            array = self.arrays[-1]
            array.members += 1
            array.has_objects |= is_object
            array.is_pairs = array.is_pairs and is_pair(value)
        if is_object or not self.arrays:
            self.items.append(Item(Kind.OBJECT if is_object else Kind.SCALAR, at, end, value))

    def _close_array(self, at: int) -> int:
        if not self.arrays:
            self.closed += 1
            return at + 1
        array = self.arrays.pop()
        if array.has_objects and array.is_pairs:
            self._replace_items(Kind.PAIRS, array, at)
        elif not array.has_objects and not self.arrays:
            self._replace_items(Kind.ARRAY, array, at)
        if self.arrays:
            self.arrays[-1].has_objects |= array.has_objects
        return at + 1

    def _replace_items(self, kind: Kind, array: _Array, at: int) -> None:
        """Put the array in the place of its members.

        Raises NoJsonValueError if it is no JSON.
        """
        value, end = decode_at(self.text, array.at)
        if end != at + 1:
            raise NoJsonValueError(array.at)
        self.items[array.first :] = [Item(kind, array.at, end, value)]


class _TracingReader(_SequenceReader):
    """A walk that notes from which places on another would end as it does.

    From a place within an array, arrays in this one may be outermost: they must be JSON then.
    """

    def __init__(self, text: str, begin: int) -> None:
        super().__init__(text, begin)
        self.places: list[int] = []

    def read(self) -> Sequence:
        sequence = super().read()
        is_too_deep = self.text.startswith("[", sequence.reached)
        if sequence.end is End.WHOLE or is_too_deep:
            self.places.clear()
        self._drop_behind(sequence.stop)
        return sequence

    def _read_at(self, at: int) -> int:
        end = super()._read_at(at)
        self.places.append(end)
        return end

    def _close_array(self, at: int) -> int:
        array = self.arrays[-1] if self.arrays else None
        try:
            end = super()._close_array(at)
        except NoJsonValueError:
            self._drop_behind(array.at if array else at)
            raise
        if array and self.arrays and not array.has_objects and not self._is_json(array, end):
            self._drop_behind(self.arrays[-1].at)
        return end

    def _is_json(self, array: _Array, end: int) -> bool:
        """Return whether an array without objects is JSON, where objects are before it."""
        try:
            return self.arrays[-1].has_objects and decode_at(self.text, array.at)[1] == end
        except NoJsonValueError:
            return False

    def _drop_behind(self, place: int) -> None:
        while self.places and self.places[-1] > place:
            self.places.pop()


class SequenceEnds:
    """How the sequences end that begin at several places of one text.

    What one has walked the next does not walk again: a line may hold thousands of values, and of
    each it is asked what follows.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._begin = -1
        self._sequence = Sequence([], End.WHOLE, 0, 0, 0, 0, 0, has_comma=False)
        self._places: list[int] = []

    def read(self, begin: int) -> Sequence:
        """Return the values from a place on."""
        if begin != self._begin:
            reader = _TracingReader(self.text, begin)
            self._begin, self._sequence, self._places = begin, reader.read(), reader.places
        return self._sequence

    def find_end(self, begin: int) -> tuple[End, int]:
        """Return how the sequence from a place on ends, and its `stop`."""
        number = bisect_left(self._places, begin)
        is_known = number < len(self._places) and self._places[number] == begin
        sequence = self._sequence if is_known else self.read(begin)
        return sequence.end, sequence.stop


def find_records(text: str, items: list[Item], stop: int) -> Iterator[tuple[Item, int, int]]:
    """Yield each item that is a record, and the characters between which its text lies.

    Scalars and arrays of scalars beside an object are its text: those before it, and behind
    the last object those up to `stop`.
    """
    objects = [item for item in items if item.is_object]
    if not objects:
        yield from ((item, item.at, item.end) for item in items)
        return
    behind = 0
    for item in objects:
        is_last = item is objects[-1]
        begin = begin_of_text(text, behind, item.at)
        yield item, begin, _end_of_text(text, item.end, stop) if is_last else item.end
        behind = item.end


def begin_of_text(text: str, behind: int, at: int) -> int:
    """Return where the text before a value begins.

    The value's place where there is none.
    """
    if has_only_separators(text[behind:at]):
        return at
    return skip_separators(text, behind)


def _end_of_text(text: str, end: int, stop: int) -> int:
    if has_only_separators(text[end:stop]):
        return end
    return end + len(text[end:stop].rstrip(SEPARATORS))


@dataclass(slots=True)
class OuterArrays:
    """How many are open.

    Brackets are only separators, so that a lost one costs nothing.
    """

    count: int = 0
    has_comma: bool = False
    """A comma or bracket stands behind the last value, so that another member may follow."""

    def hold(self, text: str, items: list[Item]) -> bool:
        """Return whether values of a line are members of an array that goes on."""
        return bool(items) and self.goes_on(text[: items[0].at])

    def goes_on(self, before: str) -> bool:
        """Return whether a value behind some text of a line is a member."""
        return self.count > 0 and (self.has_comma or "," in before)

    def note(self, text: str, sequence: Sequence, opened: int) -> None:
        """Count the arrays that a line closes, and those that it opens."""
        if sequence.items and not self.hold(text, sequence.items):
            # No comma between two values: the array has ended, its bracket is lost.
            self.count = 0
        self.count = max(0, self.count - sequence.closed) + opened
        self.has_comma = sequence.has_comma or (self.has_comma and not sequence.items)

    def pass_objects(self, before: bytes, *, has_comma_behind: bool) -> None:
        """Count the arrays around objects of a line: those before them that it opens."""
        if not self.goes_on(before.decode()):
            self.count = 0
        self.count += before.count(b"[")
        self.has_comma = has_comma_behind
