"""JSON text → values, as RFC 8259 has it and nothing more.

Numbers keep their spelling.
"""

import json
import re
from json.scanner import make_scanner
from typing import Any, Final, NoReturn

from dcevents.reading.json_value import JsonNumber

MAX_LEVELS: Final = 512
"""Objects and arrays in one another that are read: no stack is too small for so many."""

_NO_UTF8 = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` has them: text may hold some, values none."""
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_LEVELS = re.compile(r'"(?:[^"\\]++|\\.)*+"|([\[{])|([\]}])', re.DOTALL)


class NoJsonValueError(ValueError):
    """No JSON value begins at a place."""


def _refuse_constant(name: str) -> NoReturn:
    raise NoJsonValueError(name)


def _keep_first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of pairs in order.

    Of equal keys the first wins.
    """
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    first = dict(reversed(pairs))
    return {key: first[key] for key in found}


_scan = make_scanner(
    json.JSONDecoder(  # type: ignore[arg-type]  # anything with a decoder's attributes will do
        object_pairs_hook=_keep_first,
        parse_int=JsonNumber,
        parse_float=JsonNumber,
        parse_constant=_refuse_constant,
    )
)


def repair_surrogates(text: str) -> str:
    """Return JSON text with U+FFFD for each half of a surrogate pair.

    Its length stays.
    """
    if "\\u" not in text or not _HALF_PAIR.search(text):
        return text
    return _ESCAPE.sub(lambda match: r"\ufffd" if match[1] else match[0], text)


def decode_at(text: str, at: int) -> tuple[Any, int]:
    """Return the JSON value that begins at a place, and its end.

    The text must have gone through `repair_surrogates`. Raises NoJsonValueError.
    """
    try:
        value, end = _scan(text, at)
    except (StopIteration, ValueError, RecursionError):
        raise NoJsonValueError(at) from None
    if not text.isascii() and _NO_UTF8.search(text, at, end):
        raise NoJsonValueError(at)
    if text.startswith(("{", "["), at) and _is_too_deep(text, at, end):
        raise NoJsonValueError(at)
    return value, end


def decode(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value that a text is. Raises NoJsonValueError."""
    repaired = repair_surrogates(text).strip(" \t\r\n")
    value, end = decode_at(repaired, 0)
    if end != len(repaired):
        raise NoJsonValueError(end)
    return value


def _is_too_deep(text: str, at: int, end: int) -> bool:
    if end - at <= MAX_LEVELS:
        return False
    if text.count("[", at, end) + text.count("{", at, end) <= MAX_LEVELS:
        return False
    level = 0
    for match in _LEVELS.finditer(text, at, end):
        level += bool(match[1]) - bool(match[2])
        if level > MAX_LEVELS:
            return True
    return False
