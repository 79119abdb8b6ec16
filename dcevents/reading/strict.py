"""JSON as RFC 8259 has it, and nothing more: text to values and back. Pure; numbers keep their spelling."""

import json
import re
from json.scanner import make_scanner
from typing import Any, Final, NoReturn

MAX_LEVELS: Final = 512
"""Objects and arrays in one another that are read: no stack is too small for them, wherever the reader runs."""
SPACE: Final = " \t\r\n"
"""What may stand between the parts of JSON."""

_SURROGATE_PATTERN = re.compile("[\ud800-\udfff]")
_BRACKET_PATTERN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|([\[{])|([\]}])', re.DOTALL)


class Number(str):
    """A JSON number as its text, so that `0012`-like and 30-digit ids come through unharmed."""

    __slots__ = ()


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _keep_first_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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
_scan_json = make_scanner(_decoder)  # type: ignore[arg-type]  # anything with a decoder's attributes will do


def decode_json(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value that a text is. Raises ValueError for what is none, or nested too deeply."""
    value, end = scan_value(text, len(text) - len(text.lstrip(SPACE)))
    if text[end:].strip(SPACE):
        raise ValueError("something stands behind the value")
    return value


class BrokenLine(str):
    """A line that is no JSON object or array, among lines that are."""

    __slots__ = ()


def scan_value(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins there, and where it ends. Raises ValueError where none does, or it is too deep."""
    if is_too_deep(text):
        raise ValueError(f"nested in more than {MAX_LEVELS} levels")
    return scan_shallow_value(text, at)


def scan_shallow_value(text: str, at: int) -> tuple[Any, int]:
    """The same in a text that is known to be not too deep: it need not be looked through for each of its values."""
    # Without the words for what is wrong with a line, which nobody reads.
    try:
        value, end = _scan_json(text, at)
    except StopIteration as stop:
        raise NoValueError(stop.value) from None
    return value, end


class NoValueError(ValueError):
    """No value begins at `pos`. Cheaper than one with words."""

    @property
    def pos(self) -> int:
        """Where there is none."""
        return int(self.args[0])


def is_too_deep(text: str) -> bool:
    """Whether a text has too many levels to be read."""
    if len(text) <= MAX_LEVELS or text.count("[") + text.count("{") <= MAX_LEVELS:
        return False
    level = 0
    for match in _BRACKET_PATTERN.finditer(text):
        level += bool(match[1]) - bool(match[2])
        if level > MAX_LEVELS:
            return True
    return False


def read_scalar(value: object) -> str | None:
    """A JSON scalar as text; None for null, the empty string, objects and arrays (as if absent)."""
    if isinstance(value, str):
        if type(value) is str and value.isascii():
            return value or None
        return _SURROGATE_PATTERN.sub("\ufffd", value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None


def encode_json(value: object) -> str:
    """JSON text of a decoded value, its numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    # Loops: generators and map would need twice the stack for each level.
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
