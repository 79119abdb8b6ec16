"""Find the JSON of a line that has text before it."""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from dcevents.reading.framing.decoding import (
    NoJsonValueError,
    decode,
    decode_at,
    repair_surrogates,
)
from dcevents.reading.framing.sequences import (
    End,
    Item,
    Kind,
    Sequence,
    SequenceEnds,
    begins_with_object,
    read_sequence,
)
from dcevents.reading.framing.tokens import Status, ValueScan
from dcevents.reading.json_value import SEPARATORS

MAX_PLACES: Final = 8
"""Places of a line at which its JSON may begin."""

HasEvent = Callable[[Any], bool]

_PLACE = re.compile(r"[{\[](?=[ \t]*+[\"{}\[\]])")
_QUOTES_AND_BRACKETS = re.compile(r"[\"'{}\[\]]")
_BRACKETS = re.compile(r"[{}\[\]]")
_ONLY_CLOSING = re.compile(f"[{SEPARATORS}\\]}}]*+\\Z")
_CLOSING = {"{": "}", "[": "]"}
_QUOTED = re.compile(r'"(?:[^"\\]++|\\.)*+("?)')
_KEY = re.compile(r"([\w.@$-]++)[=:][ \t]?\Z")
_MAX_KEY_CHARACTERS = 128
_OPENS_AT_END = re.compile(r"\{[ \t\r]*+\Z")


class Found(NamedTuple):
    """JSON on a line with a prefix: its values, and the character at which what follows begins.

    `rest` is the line's end, or the beginning of what is to be read like a line of its own.
    """

    items: list[Item]
    rest: int


def find_json(ends: SequenceEnds, has_event: HasEvent, begin: int = 0) -> Found | None:
    """Return the JSON behind the prefix of a line.

    None where none of the places holds any.

    `ends` are those of its text. The line, or what is left of it, begins at `begin`.

    The text has gone through `repair_surrogates`.
    """
    text = ends.text
    tried, at, fallback = 0, begin, None
    while tried < MAX_PLACES and (place := _PLACE.search(text, at)):
        tried, at = tried + 1, place.start() + 1
        try:
            _, end = decode_at(text, place.start())
        except NoJsonValueError:
            continue
        found = _found_at(ends, (begin, place.start(), end), has_event)
        if found and any(item.is_object for item in found.items):
            return found
        fallback = fallback or found
        at = end
    return fallback


def _found_at(
    ends: SequenceEnds, places: tuple[int, int, int], has_event: HasEvent
) -> Found | None:
    """Return the records of the JSON at a place, if what follows it is permitted.

    `places` are those of the prefix, of the JSON, and of what follows.
    """
    text, (_, at, end) = ends.text, places
    items = _shift(read_sequence(text[at:end]), at)
    if _may_end(ends, places, has_event):
        return Found(items, len(text))
    # A line end that is lost between two events must cost neither, behind prefixes too.
    if any(has_event(item.value) for item in items) and _holds_event(text, end, has_event):
        return Found(items, end)
    return None


def _shift(sequence: Sequence, by: int) -> list[Item]:
    return [item._replace(at=item.at + by, end=item.end + by) for item in sequence.items]


def _may_end(ends: SequenceEnds, places: tuple[int, int, int], has_event: HasEvent) -> bool:
    """Return whether a value's end is permitted by what follows on the line."""
    text, (_, _, end) = ends.text, places
    if not _QUOTES_AND_BRACKETS.search(text, end) or _closes(text, places):
        return True
    if ends.find_end(end)[0] is not End.WHOLE:
        return False
    following = ends.read(end)
    return not following.closed and not any(has_event(item.value) for item in following.items)


def _closes(text: str, places: tuple[int, int, int]) -> bool:
    """Return whether a line ends with the closing brackets of those its prefix has opened."""
    begin, at, end = places
    rest = _ONLY_CLOSING.match(text, end)
    if rest is None:
        return False
    opened: list[str] = []
    for match in _BRACKETS.finditer(text, begin, at):
        if match[0] in _CLOSING:
            opened.append(_CLOSING[match[0]])
        elif opened and opened[-1] == match[0]:
            opened.pop()
    signs = [sign for sign in rest[0] if sign not in SEPARATORS]
    return signs == opened[: -len(signs) - 1 : -1]


def _holds_event(text: str, at: int, has_event: HasEvent) -> bool:
    """Return whether one of the next places holds a value with an event."""
    for _ in range(MAX_PLACES):
        place = _PLACE.search(text, at)
        if place is None:
            return False
        at = place.start() + 1
        try:
            value, at = decode_at(text, place.start())
        except NoJsonValueError:
            continue
        if has_event(value):
            return True
    return False


def find_opening(text: str) -> int | None:
    """Return the place of a `{` at the end of a line, whose value goes on over lines."""
    match = _OPENS_AT_END.search(text)
    return match.start() if match else None


def find_places(text: str) -> list[int]:
    """Return the first places at which the JSON of a line may begin."""
    places = (match.start() for match in _PLACE.finditer(text))
    return [place for place, _ in zip(places, range(MAX_PLACES), strict=False)]


def find_quoted(text: str, is_body_key: Callable[[str], bool]) -> Item | None:
    """Return the quoted JSON text of a line."""
    places, _ = _find_quotes(text)
    named = [at for at in places if is_body_key(_key_before(text, at))]
    for at in named or (places if len(places) == 1 else []):
        try:
            value, end = decode_at(text, at)
            if isinstance(decode(value), (dict, list)):
                return Item(Kind.SCALAR, at, end, value)
        except NoJsonValueError:
            continue
    return None


def find_cut_quoted(text: str) -> int | None:
    """Return the place of a quoted JSON text that the end of an input cuts off."""
    _, cut = _find_quotes(text)
    if cut is not None and text.startswith(("{", "["), cut + 1):
        return cut
    return None


def _find_quotes(text: str) -> tuple[list[int], int | None]:
    """Return where quoted texts begin, and where one that does not end does."""
    places: list[int] = []
    at = text.find('"')
    while at >= 0:
        match = _QUOTED.match(text, at)
        if match is None or not match[1]:
            return places, at
        places.append(at)
        at = text.find('"', match.end())
    return places, None


def _key_before(text: str, at: int) -> str:
    """Return the key to which a quoted text is the value.

    "" without one.
    """
    match = _KEY.search(text, max(0, at - _MAX_KEY_CHARACTERS), at)
    return match[1] if match else ""


def find_cut(text: str, *, has_prefix: bool = False) -> int | None:
    """Return the character at which a value begins that a text's end cuts off.

    Else None.

    `has_prefix` says that text stands before, on the same line.
    """
    text = repair_surrogates(text)
    sequence = read_sequence(text)
    if sequence.end is End.WHOLE:
        return None
    if sequence.end is not End.BROKEN and is_cut(text, sequence.stop):
        return sequence.stop
    if begins_with_object(text) and not has_prefix:
        return None
    at = next((at for at in find_places(text) if is_cut(text, at)), find_opening(text))
    return find_cut_quoted(text) if at is None else at


def is_cut(text: str, at: int) -> bool:
    """Return whether what begins at a place is a value of which the end is missing."""
    status, _ = ValueScan().read(text[at:].encode(), 0, 0)
    return status in {Status.OPEN, Status.CUT}
