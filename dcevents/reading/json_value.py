"""JSON as RFC 8259 has it, and nothing more: text to values and back.

Numbers keep their spelling, of two equal keys the first wins, half a surrogate pair is U+FFFD.
"""

import json
import re
from json.scanner import make_scanner
from typing import Any, Final, NoReturn

MAX_LEVELS: Final = 512
"""Objects and arrays in one another that are read."""
MAX_NUMBER_DIGITS: Final = 40
"""Digits of a number's plain decimal; a longer number stays as it was spelled."""
SPACE: Final = " \t\r\n"
"""What may stand between the parts of JSON."""
SEPARATORS: Final = SPACE + ",\x1e\x00\ufeff"
"""What may stand between the values of a log."""
SEPARATOR_BYTES: Final = SEPARATORS.encode()
"""The bytes of these, for `strip`."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_LEVELS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)
_NO_BRACKETS = bytes(set(range(1 << 8)).difference(b"[]{}"))
_ROUND = bytes.maketrans(b"[]{}", b"()()")
_ESCAPED = "\x01"
"""Stands for an escape: JSON has no such character."""
_FEW_LEVELS = 16
"""Levels that most values have no more of."""
_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_MAX_EXPONENT_DIGITS = 6


class JsonNumber(str):
    """A JSON number as its text, so that `0012`-like and 30-digit ids come through unharmed."""

    __slots__ = ()


def is_number(value: object) -> bool:
    """Return whether a decoded value was a JSON number: a kind of str, but no plain str."""
    return isinstance(value, str) and type(value) is not str


def decode(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value that a text is.

    Raise ValueError for none, or nested too deeply.
    """
    value, end = decode_at(text, len(text) - len(text.lstrip(SPACE)))
    if text[end:].strip(SPACE):
        raise ValueError("more text behind the value")
    return value


def decode_sequence(text: str) -> list[Any]:
    """Return the JSON values of a text with separators between them.

    Raise ValueError.
    """
    if is_too_deep(text):
        raise ValueError(f"nested in more than {MAX_LEVELS} levels")
    values = []
    at = _skip_separators(text, 0)
    while at < len(text):
        value, at = _decode_at(text, at)
        values.append(value)
        at = _skip_separators(text, at)
    return values


def decode_at(text: str, at: int) -> tuple[Any, int]:
    """Return the JSON value that begins at a place, and its end.

    Raise ValueError for none.
    """
    if is_too_deep(text, at):
        raise ValueError(f"nested in more than {MAX_LEVELS} levels")
    return _decode_at(text, at)


def _decode_at(text: str, at: int) -> tuple[Any, int]:
    """Return the value at a place of a text, and its end."""
    try:
        value, end = scan_value(text, at)
    except StopIteration:
        raise ValueError("no value begins here") from None
    return (_mend(value) if "\\u" in text[at:end] else value), end


def is_too_deep(text: str, at: int = 0, end: int | None = None) -> bool:
    """Return whether a part of a text has more levels than are read."""
    end = len(text) if end is None else end
    if end - at <= MAX_LEVELS:
        return False
    if text.count("[", at, end) + text.count("{", at, end) <= MAX_LEVELS:
        return False
    if _is_shallow(text[at:end]):
        return False
    level = 0
    for match in _LEVELS.finditer(text, at, end):
        level += bool(match[1]) - bool(match[2])
        if level > MAX_LEVELS:
            return True
    return False


def _is_shallow(text: str) -> bool:
    """Return whether brackets pair up in as many levels as are read; False where that is long."""
    plain = text.replace(r"\\", _ESCAPED).replace(r"\"", _ESCAPED)
    outside = "".join(plain.split('"')[::2])
    if "\\" in outside or _ESCAPED in outside:
        return False  # no JSON: quotes are not as they seem
    brackets = outside.encode(errors="replace").translate(_ROUND, _NO_BRACKETS)
    for _ in range(_FEW_LEVELS):
        brackets = brackets.replace(b"()", b"")
    return not brackets


def mend_surrogates(text: str) -> str:
    """Return a text in which half surrogate pairs are U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def write_scalar(value: object) -> str | None:
    """Return a scalar's text.

    None for null, the empty string, objects and arrays.
    """
    if isinstance(value, str):
        return plain_decimal(value) if is_number(value) else mend_surrogates(value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None


def plain_decimal(spelled: str) -> str:
    """Return a number without exponent and needless zeros: 7.0 is 7, 1e2 is 100, -0.0 is 0.

    Whole numbers stay as they are spelled, and what would need over 40 digits.
    """
    match = _DECIMAL.fullmatch(spelled)
    if match is None or (match[3] is None and match[4] is None):
        return str(spelled)
    whole, fraction, exponent = match[2], match[3] or "", match[4] or "0"
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0"
    if len(exponent.lstrip("+-0")) > _MAX_EXPONENT_DIGITS:
        return str(spelled)
    plain = _place_point(digits, int(exponent) - len(fraction))
    return match[1] + plain if plain else str(spelled)


def _place_point(digits: str, exponent: int) -> str | None:
    """Return digits × 10^exponent as a plain decimal.

    None for over 40 digits.
    """
    short = digits.rstrip("0")
    exponent += len(digits) - len(short)
    if max(len(short) + exponent, len(short), 1 - exponent) > MAX_NUMBER_DIGITS:
        return None
    if exponent >= 0:
        return short + "0" * exponent
    padded = short.zfill(1 - exponent)
    return f"{padded[:exponent]}.{padded[exponent:]}"


def write_json(value: object) -> str:
    """Return the JSON text of a decoded value, its numbers as they were spelled."""
    if is_number(value):
        return str(value)
    # Loops: generators and map would need twice the stack for each level.
    if isinstance(value, dict):
        members = []
        for key, member in value.items():
            members.append(f"{write_json(key)}:{write_json(member)}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(write_json(item))  # noqa: PERF401 - as above
        return "[" + ",".join(items) + "]"
    if isinstance(value, str):
        return json.dumps(mend_surrogates(value), ensure_ascii=False)
    return json.dumps(value)


def _skip_separators(text: str, at: int) -> int:
    """Return the place of the next character that is no separator."""
    while at < len(text) and text[at] in SEPARATORS:
        at += 1
    return at


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _take_first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of which the first of equal keys wins."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    first = dict(reversed(pairs))
    return {key: first[key] for key in found}


def _mend(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value without half surrogate pairs, in keys too."""
    if isinstance(value, dict):
        return _take_first([(mend_surrogates(key), _mend(each)) for key, each in value.items()])
    if isinstance(value, list):
        return [_mend(item) for item in value]
    return mend_surrogates(value) if type(value) is str else value


_decoder = json.JSONDecoder(
    object_pairs_hook=_take_first,
    parse_int=JsonNumber,
    parse_float=JsonNumber,
    parse_constant=_refuse_constant,
)
scan_value = make_scanner(_decoder)  # type: ignore[arg-type]  # anything with its attributes
"""Returns the value that begins at a place of a text, and its end: neither depth nor half surrogate
pairs are looked at. Raises StopIteration, ValueError and RecursionError."""
