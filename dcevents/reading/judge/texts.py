"""Texts that hold JSON: plain, behind a prefix, in base64, percent- and form-encoded (rule 2)."""

import base64
import binascii
import re
from dataclasses import replace
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus, unquote_to_bytes

from dcevents.reading.json_value import SEPARATORS, decode_at, decode_sequence, is_number
from dcevents.reading.judge.nodes import (
    Node,
    Object,
    Path,
    Scalar,
    TextStep,
    make_record_node,
)
from dcevents.reading.judge.places import Holder, Place

MAX_PLACES: Final = 8
"""Places of a line at which JSON behind a prefix is looked for."""
MIN_BASE64: Final = 16
"""Characters of base64 below which there is no room for an event."""

_BEGINNING = re.compile(r"[{\[](?=\s*[\"{\[\]}])")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_PERCENT_JSON = re.compile(r"%7B|%5B|%22", re.IGNORECASE)
_FORM_KEY = r"[A-Za-z0-9_.$@\[\]%+-]+"
_FORM = re.compile(rf"{_FORM_KEY}=[^&]*(?:&(?:{_FORM_KEY}(?:=[^&]*)?)?)*")
_MARKS = re.compile(r"[\"'{}\[\]]")
_CLOSERS = {"{": "}", "[": "]"}


class TextPart(NamedTuple):
    """A value that a text holds, and the text before it on its line."""

    value: Any
    prefix: str = ""


class TextContents(NamedTuple):
    """The values in a text, how they were read, and whether the text is a form."""

    parts: tuple[TextPart, ...]
    how: str
    is_form: bool = False


def decode_text(text: str) -> TextContents | None:
    """Return the JSON objects, arrays and texts in a text.

    None for a text without.
    """
    parts = _read_lines(text)
    if parts:
        return TextContents(parts, "json")
    for how, decoded in (("base64", _decode_base64(text)), ("percent", _decode_percent(text))):
        parts = _read_lines(decoded) if decoded else ()
        if parts:
            return TextContents(parts, how)
        form = _read_form(decoded) if decoded and how == "base64" else None
        if form:
            return TextContents((TextPart(form),), how, is_form=True)
    form = _read_form(text)
    return TextContents((TextPart(form),), "form", is_form=True) if form else None


def decode_query(text: str) -> TextContents | None:
    """Return the form in a request line, a URI or a query.

    None for none.
    """
    line = text.removeprefix("?")
    if " " in line:
        line = next((word for word in line.split(" ") if "?" in word or "=" in word), "")
    query = line.partition("#")[0]
    form = _read_form(query.partition("?")[2] if "?" in query else query)
    return TextContents((TextPart(form),), "form", is_form=True) if form else None


def read_request(holder: Holder) -> Object | None:
    """Return the form that a request line or a request's parameters are; None for none."""
    if isinstance(holder.node, Object):
        return replace(holder.node, is_form=True)
    if not isinstance(holder.node, Scalar) or not holder.node.is_string:
        return None
    contents = decode_query(holder.node.raw)
    nodes = make_part_nodes(contents, holder.node.path, holder.place) if contents else []
    return next((node for node, _ in nodes if isinstance(node, Object)), None)


def make_part_nodes(
    contents: TextContents, path: Path, around: Place | None
) -> list[tuple[Node, str]]:
    """Return the values in a text as nodes, each with the text before it."""
    depth = around.node.depth + 1 if around else 0
    found: list[tuple[Node, str]] = []
    for number, part in enumerate(contents.parts):
        step: Path = (*path, TextStep(contents.how))
        is_outer_list = around is None and isinstance(part.value, list)
        node = make_record_node(
            part.value,
            (*step, number) if len(contents.parts) > 1 else step,
            -1 if is_outer_list else depth,
        )
        if isinstance(node, Object):
            node.is_form = contents.is_form
        found.append((node, part.prefix))
    return found


def _read_lines(text: str) -> tuple[TextPart, ...]:
    """Return the values of a text: of the whole, else line by line."""
    if _BEGINNING.search(text) is None and not text.lstrip(SEPARATORS).startswith('"'):
        return ()
    try:
        return tuple(TextPart(value) for value in decode_sequence(text) if _holds_more(value))
    except ValueError:
        return tuple(part for line in text.split("\n") for part in _read_line(line))


def _read_line(line: str) -> tuple[TextPart, ...]:
    """Return the values of a line, perhaps behind a prefix."""
    stripped = line.strip(SEPARATORS)
    try:
        return tuple(TextPart(value) for value in decode_sequence(stripped) if _holds_more(value))
    except ValueError:
        pass
    if stripped.startswith("{"):
        return ()  # broken is broken
    for place in list(_BEGINNING.finditer(stripped))[:MAX_PLACES]:
        found = _read_behind_prefix(stripped, place.start())
        if found:
            return found
    return ()


def _read_behind_prefix(line: str, at: int) -> tuple[TextPart, ...]:
    """Return the value that begins at a place, if it reads on to a permitted end."""
    try:
        value, end = decode_at(line, at)
    except ValueError:
        return ()
    prefix, rest = line[:at], line[end:].strip(SEPARATORS)
    if not rest or _MARKS.search(rest) is None or _closes(prefix, rest):
        return (TextPart(value, prefix),)
    try:
        more = [each for each in decode_sequence(rest) if _holds_more(each)]
    except ValueError:
        return ()
    return (TextPart(value, prefix), *(TextPart(each, prefix) for each in more))


def _closes(prefix: str, rest: str) -> bool:
    """Return whether the text behind a value is the brackets that its prefix has opened."""
    opened = [_CLOSERS[each] for each in prefix if each in _CLOSERS]
    return re.sub(r"\s", "", rest) in {
        "".join(opened[-count:][::-1]) for count in range(1, len(opened) + 1)
    }


def _holds_more(value: object) -> bool:
    """Return whether a value may hold a record: numbers and words hold none."""
    if isinstance(value, str):
        return not is_number(value)
    return isinstance(value, dict | list)


def _decode_base64(text: str) -> str | None:
    """Return the UTF-8 text that base64 stands for.

    None for what is none.
    """
    packed = "".join(text.split())
    if len(packed) < MIN_BASE64 or not _BASE64.fullmatch(packed):
        return None
    plain = packed.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def _decode_percent(text: str) -> str | None:
    """Return a text without percent-encoding; None for a text that has none."""
    if _PERCENT_JSON.search(text) is None or "=" in text.split("%", 1)[0]:
        return None
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except ValueError:
        return None


def _read_form(text: str) -> dict[str, str] | None:
    """Return a form's fields, the first of equal keys.

    None for what is no form.
    """
    stripped = text.strip().removeprefix("?")
    if not _FORM.fullmatch(stripped):
        return None
    fields: dict[str, str] = {}
    for pair in stripped.split("&"):
        key, _, value = pair.partition("=")
        fields.setdefault(unquote_plus(key), unquote_plus(value))
    return fields
