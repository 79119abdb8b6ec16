"""Values that begin in a text of any kind: escapes are repaired and bytes that are no UTF-8 told
before `json_value` reads them.
"""

import re
from typing import Any

from dcevents.reading.json_value import SPACE, is_too_deep, scan_value

NO_UTF8 = re.compile("[\udc80-\udcff]")
"""Bytes that are no UTF-8, as `surrogateescape` has them: text may hold some, values none."""
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class NoJsonValueError(ValueError):
    """No JSON value begins at a place."""


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
        value, end = scan_value(text, at)
    except (StopIteration, ValueError, RecursionError):
        raise NoJsonValueError(at) from None
    if not text.isascii() and NO_UTF8.search(text, at, end):
        raise NoJsonValueError(at)
    if text.startswith(("{", "["), at) and is_too_deep(text, at, end):
        raise NoJsonValueError(at)
    return value, end


def decode(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value that a text is. Raises NoJsonValueError."""
    repaired = repair_surrogates(text).strip(SPACE)
    value, end = decode_at(repaired, 0)
    if end != len(repaired):
        raise NoJsonValueError(end)
    return value
