"""One line of a log, read by itself: what it says, or why it is not counted. The reference for the fast path.

Pure functions of text; no I/O. Strict JSON (RFC 8259), as definitions 1 asks; `locate` is the one place that
knows where a line keeps its event name, time, page and payload.
"""

import json
import re
from collections.abc import Mapping
from json.scanner import make_scanner
from typing import Any, Final, NamedTuple, NoReturn

from dcevents.events import READY_KIND, kind_of

MAX_LINE: Final = 1 << 20
"""Bytes of the longest line that is read, without its line end."""
MAX_LEVELS: Final = 512
"""Objects and arrays in one another that are read: no stack is too small for them, wherever the reader runs."""


WRAPPED: Final = "wrapped"
"""Of a record: see there."""


class Number(str):
    """A JSON number as its text, so that `0012`-like and 30-digit ids come through unharmed."""

    __slots__ = ()


class Located(NamedTuple):
    """The four parts of a line, as JSON values."""

    event: Any
    timestamp: Any
    page: Any
    payload: Mapping[str, Any]


class Said(NamedTuple):
    """What an event says apart from its session and time: the unit that is interned, once for many events."""

    kind: int
    id: str | None
    name: str | None
    type: str | None
    ui_type: str | None
    page: str | None
    agent_id: str | None
    agent_name: str | None
    meeting_info: str | None

    @property
    def agent(self) -> str | None:
        """The agent's identity: the id, or where there is none the name."""
        return self.agent_id or self.agent_name


class Record(NamedTuple):
    """A line's bucket (`event`, `widget_ready`, `unknown_event`, `blank` or a reason to reject) and content.

    `WRAPPED` is no bucket: the line is a server's, and holds the lines of `body`.
    """

    bucket: str
    event_name: str | None = None
    timestamp: str | None = None
    sid: str | None = None
    said: Said | None = None
    body: str | None = None


_SURROGATE = re.compile("[\ud800-\udfff]")
_LEVELS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|([\[{])|([\]}])', re.DOTALL)
_SPACE = " \t\r\n"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    first = dict(reversed(pairs))
    return {key: first[key] for key in found}


_decoder = json.JSONDecoder(
    object_pairs_hook=_first_wins, parse_int=Number, parse_float=Number, parse_constant=_no_constant
)
_scan = make_scanner(_decoder)  # type: ignore[arg-type]  # anything with a decoder's attributes will do


def decode(line: str) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value of a line, its numbers as `Number`. Raises ValueError for what is none, or nested too deeply."""
    if _too_deep(line):
        raise ValueError(f"nested in more than {MAX_LEVELS} levels")
    return _decoder.decode(line)


def _too_deep(line: str) -> bool:
    if len(line) <= MAX_LEVELS or line.count("[") + line.count("{") <= MAX_LEVELS:
        return False
    level = 0
    for match in _LEVELS.finditer(line):
        level += bool(match[1]) - bool(match[2])
        if level > MAX_LEVELS:
            return True
    return False


def locate(line: dict[str, Any]) -> Located:
    """Where the canonical line keeps its parts; other envelopes are added here."""
    data = line.get("data")
    payload = data.get("payload") if isinstance(data, dict) else None
    return Located(
        line.get("event"), line.get("timestamp"), line.get("page"), payload if isinstance(payload, dict) else {}
    )


def scalar(value: object) -> str | None:
    """A JSON scalar as text; None for null, the empty string, objects and arrays (as if absent)."""
    if isinstance(value, str):
        if type(value) is str and value.isascii():
            return value or None
        return _SURROGATE.sub("\ufffd", value) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None


def read(line: str, *, keep_query: bool = False, with_meeting: bool = False) -> Record:
    """The record of one decoded line, without its LF."""
    text = line.strip(_SPACE)
    if not text:
        return Record("blank")
    if _too_deep(text):
        return Record("invalid_json")
    # As `decode` does it, without the words for what is wrong with a line, which nobody reads.
    try:
        value, end = _scan(text, 0)
    except (ValueError, StopIteration):
        return Record("invalid_json")
    if end != len(text):
        return Record("invalid_json")
    return judge(value, keep_query=keep_query, with_meeting=with_meeting)


def within(body: str) -> list[bytes]:
    """The lines of a body that a server has logged as a JSON string; one that is empty is a blank line."""
    return _SURROGATE.sub("\ufffd", body).removesuffix("\n").encode().split(b"\n")


def judge(value: object, *, keep_query: bool = False, with_meeting: bool = False) -> Record:
    """The record of one line's JSON value."""
    if not isinstance(value, dict):
        return Record("not_an_object")
    found = locate(value)
    name = scalar(found.event)
    if name is None or not name.strip(_SPACE):
        body = value.get("body")
        return Record(WRAPPED, body=body) if type(body) is str and "event" not in value else Record("no_event")
    sid = scalar(found.payload.get("sid"))
    kind = kind_of(name, has_sid=sid is not None)
    if kind is None:
        return Record("unknown_event", name)
    if kind == READY_KIND:
        return Record("widget_ready", name)
    if sid is None:
        return Record("no_sid", name)
    said = _said(kind, found, keep_query=keep_query, with_meeting=with_meeting)
    return Record("event", name, scalar(found.timestamp), sid, said)


def _said(kind: int, found: Located, *, keep_query: bool, with_meeting: bool) -> Said:
    get = found.payload.get
    page = scalar(found.page)
    return Said(
        kind,
        scalar(get("id")),
        scalar(get("name")),
        scalar(get("type")),
        scalar(get("uiType")),
        page if keep_query or page is None else cut_query(page),
        scalar(get("agentID")),
        scalar(get("agentName")),
        _meeting(get("meetingInfo")) if with_meeting else None,
    )


def cut_query(page: str) -> str | None:
    """A URL without its query and fragment; None if nothing is left."""
    return page.partition("?")[0].partition("#")[0] or None


def _meeting(value: object) -> str | None:
    return None if value is None else compact(value)


def compact(value: object) -> str:
    """JSON text of a decoded value, its numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    # Loops: generators and map would need twice the stack for each level.
    if isinstance(value, dict):
        members = []
        for key, member in value.items():
            members.append(f"{compact(key)}:{compact(member)}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(compact(item))  # noqa: PERF401
        return "[" + ",".join(items) + "]"
    if isinstance(value, str):
        return json.dumps(_SURROGATE.sub("\ufffd", value), ensure_ascii=False)
    return json.dumps(value)
