"""Strict JSON (RFC 8259): text to values and back.

Numbers keep their spelling.
"""

import json
import re
from json.scanner import make_scanner
from typing import Any, Final, NoReturn

from dcevents.reading.json_value import plain_decimal

MAX_LEVELS: Final = 512
"""Objects and arrays in one another that are read: few enough for any stack."""
SPACE: Final = " \t\r\n"
"""White space between the parts of JSON."""

_SURROGATE_PATTERN = re.compile("[\ud800-\udfff]")
_BRACKET_PATTERN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|([\[{])|([\]}])', re.DOTALL)


class Number(str):
    """A JSON number as its text: long ids stay exact."""

    __slots__ = ()


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _keep_first_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; of equal keys the first wins."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    first = dict(reversed(pairs))
    return {key: first[key] for key in found}


_decoder = json.JSONDecoder(
    object_pairs_hook=_keep_first_members,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_reject_constant,
)
# Typed for a JSONEncoder's context, but anything with a decoder's attributes will do.
_scan_json = make_scanner(_decoder)  # type: ignore[arg-type]


def decode_json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Decode a text that is one JSON value. Raises ValueError."""
    value, end = scan_value(text, len(text) - len(text.lstrip(SPACE)))
    if text[end:].strip(SPACE):
        raise ValueError("more text follows the value")
    return value


class BrokenLine(str):
    """A line that is no JSON object or array.

    Other lines of the same text are.
    """

    __slots__ = ()


def scan_value(text: str, at: int) -> tuple[Any, int]:
    """Return the JSON value at a place, and its end.

    Raises ValueError.
    """
    if is_too_deep(text):
        raise ValueError(f"nested in more than {MAX_LEVELS} levels")
    return scan_shallow_value(text, at)


def scan_shallow_value(text: str, at: int) -> tuple[Any, int]:
    """Return the JSON value at a place, unchecked for depth.

    A text of many values is checked once (`is_too_deep`). Raises NoValueError.
    """
    # json.loads would make a message for each line that is no JSON, which nobody reads.
    try:
        value, end = _scan_json(text, at)
    except StopIteration as stop:
        raise NoValueError(stop.value) from None
    return value, end


class NoValueError(ValueError):
    """No value at `pos`. Without a message, which costs time."""

    @property
    def pos(self) -> int:
        """The place without a value."""
        return int(self.args[0])


def is_too_deep(text: str) -> bool:
    """Return whether a text has more than MAX_LEVELS."""
    if len(text) <= MAX_LEVELS or text.count("[") + text.count("{") <= MAX_LEVELS:
        return False
    level = 0
    for match in _BRACKET_PATTERN.finditer(text):
        level += bool(match[1]) - bool(match[2])
        if level > MAX_LEVELS:
            return True
    return False


def read_scalar(value: object) -> str | None:
    """Return a JSON scalar as text, a number as its plain decimal.

    None for null, the empty string, objects and arrays: they count as absent.
    """
    if isinstance(value, Number):
        return plain_decimal(value)
    if isinstance(value, str):
        if value.isascii():
            return value or None
        return _SURROGATE_PATTERN.sub("\ufffd", value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None


def encode_json(value: object) -> str:
    """Encode a decoded value, its numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    # Loops, since generators and map need twice the stack for each level.
    if isinstance(value, dict):
        members = []
        for key, member in value.items():
            members.append(f"{encode_json(key)}:{encode_json(member)}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(encode_json(item))  # noqa: PERF401
        return "[" + ",".join(items) + "]"
    if isinstance(value, str):
        return json.dumps(_SURROGATE_PATTERN.sub("\ufffd", value), ensure_ascii=False)
    return json.dumps(value)
