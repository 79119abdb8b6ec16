"""JSON values, read strictly (RFC 8259), and what their scalars say: definitions 1."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field

MAX_LEVELS = 512

# "Nesting deeper than 512 levels may be invalid_json": one frame a level, and those of the tests.
sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))


class Num(str):
    """Hold a JSON number as it is spelled."""

    __slots__ = ()


@dataclass(eq=False)
class Obj:
    """Hold the members of an object in document order; `prefix` is the text before its JSON."""

    pairs: list[tuple[str, Value]] = field(default_factory=list)
    prefix: str = ""
    #: Whether the object was the text of a body key.
    from_text: bool = False
    #: The object's own text.
    source: str = ""
    #: The offset of the object in the text that was read.
    start: int = 0
    #: Whether the object was the record's own request line.
    is_request: bool = False
    #: Whether the object is a form with "a full event name and a sid": an event by itself.
    is_form: bool = False
    #: What of its texts and lists says nothing: "" none, "other" texts under other keys,
    #: "flat" all but the record itself, "all".
    closed: str = ""
    #: The object before its keys with dots were split.
    undotted: Obj | None = None

    def get(self, key: str) -> Value:
        """Return the value of a key as it is spelled, None if there is none."""
        return next((value for name, value in self.pairs if name == key), None)


# A text is str, a number Num; an array is a list.
Value = Obj | list["Value"] | str | bool | None


class BadJSONError(ValueError):
    """The text is no JSON."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class CutError(ValueError):
    """The text ends before the value does."""


WHITE = " \t\r\n"
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
BEGUN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)?(?:(?<=[0-9])\.[0-9]*)?(?:(?<=[0-9])[eE][+-]?)?")
ESCAPES = {
    '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
}  # fmt: skip


def skip_white(text: str, position: int) -> int:
    """Return the position of the next character that is no white space."""
    while position < len(text) and text[position] in WHITE:
        position += 1
    return position


def parse_value(text: str, position: int, level: int = 1) -> tuple[Value, int]:
    """Return the value that begins at a position, and its end. Raises BadJSONError, CutError."""
    position = skip_white(text, position)
    if position >= len(text):
        raise CutError
    character = text[position]
    if character in "{[" and level > MAX_LEVELS:
        raise BadJSONError(position)
    if character == "{":
        return _parse_object(text, position, level)
    if character == "[":
        return _parse_array(text, position, level)
    if character == '"':
        return parse_string(text, position)
    for word, value in (("true", True), ("false", False), ("null", None)):
        if text.startswith(word, position):
            return value, position + len(word)
        if word.startswith(text[position:]):
            raise CutError
    return _parse_number(text, position)


def _parse_number(text: str, position: int) -> tuple[Num, int]:
    """Return the number at a position as it is spelled."""
    match = NUMBER.match(text, position)
    begun = BEGUN_NUMBER.match(text, position)
    if begun is not None and begun.end() == len(text) > position and match is None:
        raise CutError
    if match is None:
        raise BadJSONError(position)
    return Num(match[0]), match.end()


def _parse_object(text: str, start: int, level: int) -> tuple[Obj, int]:
    """Return the object at a position. "Of two equal keys in one object the first wins"."""
    found = Obj(start=start)
    position = skip_white(text, start + 1)
    if text[position : position + 1] == "}":
        found.source = text[start : position + 1]
        return found, position + 1
    while True:
        position = skip_white(text, position)
        if position >= len(text):
            raise CutError
        key, position = parse_string(text, position)
        position = _expect(text, position, ":")
        value, position = parse_value(text, position, level + 1)
        if all(key != name for name, _ in found.pairs):
            found.pairs.append((key, value))
        position = _expect(text, position, ",}")
        if text[position - 1] == "}":
            found.source = text[start:position]
            return found, position


def _parse_array(text: str, start: int, level: int) -> tuple[list[Value], int]:
    """Return the array at a position."""
    found: list[Value] = []
    position = skip_white(text, start + 1)
    if text[position : position + 1] == "]":
        return found, position + 1
    while True:
        value, position = parse_value(text, position, level + 1)
        found.append(value)
        position = _expect(text, position, ",]")
        if text[position - 1] == "]":
            return found, position


def _expect(text: str, position: int, characters: str) -> int:
    """Return the position behind one of some characters, white space before it skipped."""
    position = skip_white(text, position)
    if position >= len(text):
        raise CutError
    if text[position] not in characters:
        raise BadJSONError(position)
    return position + 1


def parse_string(text: str, position: int) -> tuple[str, int]:
    """Return the string at a position. Bytes that are no UTF-8 (surrogates here) are no JSON."""
    if text[position] != '"':
        raise BadJSONError(position)
    position += 1
    units: list[str] = []
    while position < len(text):
        character = text[position]
        if character == '"':
            return join_units("".join(units)), position + 1
        if character < " " or "\ud800" <= character <= "\udfff":
            raise BadJSONError(position)
        if character != "\\":
            units.append(character)
            position += 1
            continue
        if position + 1 >= len(text):
            raise CutError
        escape = text[position + 1]
        if escape in ESCAPES:
            units.append(ESCAPES[escape])
            position += 2
            continue
        digits = text[position + 2 : position + 6]
        if escape != "u" or not re.fullmatch("[0-9A-Fa-f]*", digits):
            raise BadJSONError(position)
        if len(digits) < 4:
            raise CutError
        units.append(chr(int(digits, 16)))
        position += 6
    raise CutError


def join_units(text: str) -> str:
    r"""Return a text with whole characters: "half a surrogate pair is read as U+FFFD"."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


# --- What scalars say -----------------------------------------------------------------------


def number_text(number: str) -> str:
    """Return what a number stands for.

    "A number with a fraction or an exponent is its plain decimal without exponent and needless
    zeros: 7.0 is `7`, 1e2 is `100`, -0.0 is `0`; over 40 digits as spelled".
    """
    if not re.search("[.eE]", number):
        return number
    match = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?", number)
    assert match is not None
    sign, before, after, power = match.groups(default="")
    if (before + after).strip("0") == "":
        return "0"
    if len(power.lstrip("+-0")) > 6 or len(before + after) > 10_000:
        return number
    digits = before + after
    exponent = int(power or "0") - len(after)
    if exponent >= 0:
        plain = digits + "0" * exponent
    else:
        padded = digits.rjust(1 - exponent, "0")
        plain = f"{padded[:exponent]}.{padded[exponent:]}".rstrip("0").rstrip(".")
    whole, _, fraction = plain.partition(".")
    plain = (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
    if len(plain.replace(".", "")) > 40:
        return number
    return sign + plain


def scalar_text(value: Value, *, in_array: bool = False) -> str | None:
    """Return what a value says, None if it is as if absent.

    "Numbers and true / false stand for their JSON text; null, the empty string, objects and
    arrays are as if absent." With `in_array`, "an array of one scalar is that scalar".
    """
    if in_array and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Num):
        return number_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value != "":
        return value
    return None


def shorten(text: str | None, limit: int) -> str | None:
    """Return a text of at most `limit` code points.

    "Of a longer one the first n - 1 and `…` stand for it".
    """
    if text is None or len(text) <= limit:
        return text
    return text[: limit - 1] + "…"


def has_object(value: Value) -> bool:
    """Return whether a value is an object or an array with one, however deep."""
    if isinstance(value, list):
        return any(has_object(item) for item in value)
    return isinstance(value, Obj)
