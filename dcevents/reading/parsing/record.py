"""One line of a log, read by itself: what it says, or why it is not counted. The reference for the fast path.

Pure functions of text; no I/O. Strict JSON (`strict`), as definitions 1 asks; `locate` is the one place that knows
where a record keeps its event name, time, page and payload, and asks `envelopes` where that is not the usual one.
"""

from typing import Any, Final, NamedTuple

from dcevents.model.attributes import Attributes
from dcevents.model.events import READY_KIND, find_kind
from dcevents.reading.parsing import envelopes, prefixes
from dcevents.reading.parsing.envelopes import CANONICAL, NOTHING, Known, Located, Search, Shape
from dcevents.reading.strict import (
    MAX_LEVELS,
    BrokenLine,
    Number,
    decode_json,
    encode_json,
    read_scalar,
    scan_value,
)

__all__ = [
    "CANONICAL", "MAX_LEVELS", "MAX_LINE", "NOTHING", "SEVERAL", "Known", "Located", "Number", "Record",
    "Search", "Shape",
    "cut_query", "decode_json", "encode_json", "judge", "locate", "members", "read", "read_scalar",
]  # fmt: skip

MAX_LINE: Final = 1 << 20
"""Bytes of the longest line that is read, without its line end."""
SEVERAL: Final = "several"
"""The bucket of a line that holds several records: each is counted by itself."""


class Record(NamedTuple):
    """A line's bucket (`event`, `widget_ready`, `unknown_event`, `blank`, SEVERAL, a reason to reject) and content."""

    bucket: str
    event_name: str | None = None
    timestamp: str | None = None
    sid: str | None = None
    said: Attributes | None = None
    shape: Shape | None = None
    """Where it was found; None for the canonical place."""
    asked: tuple[str, ...] = ()
    """Texts whose content decided where things are: another text in their place might say something else."""


_SPACE = " \t\r\n"
_SEPARATOR = "\x1e"
"""Begins each record of a JSON text sequence (RFC 7464)."""


def locate(
    record: dict[str, Any], known: Known = NOTHING
) -> tuple[Located, tuple[str, ...]] | None:
    """Where a record keeps its parts, and which texts decided that; None where it holds several records."""
    if not known.paths and envelopes.is_canonical(record):
        return envelopes.canonical(record), ()
    search = Search(known)
    found = search.locate(record)
    if found is None and search.members(record):
        return None
    found = found or search.unknown(record)
    if found is None or (not found.payload and found.shape and found.shape.event == "event"):
        found = envelopes.canonical(record)
    return found, tuple(search.asked)


def read(line: str, *, now: int | None = None, known: Known = NOTHING, **settings: bool) -> Record:
    """The record of one decoded line, without its LF. `now` is the clock, by which a prefix's year is told."""
    text = line.strip(_SPACE).removeprefix(_SEPARATOR).lstrip(_SPACE)
    if not text:
        return Record("blank")
    try:
        value, end = scan_value(text, 0)
    except ValueError:
        return _prefixed(text, now, known, **settings)
    if end != len(text):
        return _prefixed(text, now, known, **settings)
    return judge(value, known=known, **settings)


def _prefixed(text: str, now: int | None, known: Known, **settings: bool) -> Record:
    """The record of a line that is no JSON by itself, but may be behind a known prefix."""
    prefix = prefixes.prefix_of(text)
    if prefix is None:
        return Record("invalid_json")
    try:
        value, end = scan_value(text, prefix.end)
    except ValueError:
        return Record("invalid_json")
    if end != len(text):
        return Record("invalid_json")
    if isinstance(value, dict) and prefix.time:
        value.setdefault(envelopes.PREFIX_TIME, prefixes.dated(prefix.time, now))
    found = judge(value, known=known, **settings)
    return found._replace(shape=(found.shape or CANONICAL)._replace(prefix=prefix.name))


def members(line: str, known: Known = NOTHING) -> list[str]:
    """The records of a line that holds several, each as JSON text; none where the line is not JSON."""
    text = line.strip(_SPACE).removeprefix(_SEPARATOR).lstrip(_SPACE)
    search = Search(known)
    # A JSON text holds what the string says.
    inner = _decode_text(text) if text.startswith('"') else None
    values = search.opened(text if inner is None else inner)
    found = search.members(values[0] if len(values) == 1 else values)
    return [
        value if isinstance(value, BrokenLine) else encode_json(value) for value in found or values
    ]


def _decode_text(text: str) -> str | None:
    """Return the string that a JSON text is; None for anything else."""
    try:
        value = decode_json(text)
    except ValueError:
        return None
    return str(value) if isinstance(value, str) and not isinstance(value, Number) else None


def judge(
    value: object, *, keep_query: bool = False, with_meeting: bool = False, known: Known = NOTHING
) -> Record:
    """The record of one line's JSON value."""
    if isinstance(value, list | str):
        value = Search(known).record(value)
    if not isinstance(value, dict):
        batch = isinstance(value, list) and len(value) > 1 and Search(known).members(value)
        return Record(SEVERAL if batch else "not_an_object")
    where = locate(value, known)
    if where is None:
        return Record(SEVERAL)
    found, asked = where
    name = read_scalar(found.event)
    if name is None or not name.strip(_SPACE):
        return Record("no_event", asked=asked)
    sid = read_scalar(found.payload.get("sid"))
    kind = find_kind(known.meaning(name), has_sid=sid is not None)
    if kind is None:
        return Record("unknown_event", name, shape=found.shape, asked=asked)
    if kind == READY_KIND:
        return Record("widget_ready", name, shape=found.shape, asked=asked)
    if sid is None:
        return Record("no_sid", name, shape=found.shape, asked=asked)
    said = _said(kind, found, keep_query=keep_query, with_meeting=with_meeting)
    return Record("event", name, read_scalar(found.timestamp), sid, said, found.shape, asked)


def _said(kind: int, found: Located, *, keep_query: bool, with_meeting: bool) -> Attributes:
    get = found.payload.get
    page = read_scalar(found.page)
    return Attributes(
        kind,
        read_scalar(get("id")),
        read_scalar(get("name")),
        read_scalar(get("type")),
        read_scalar(get("uiType")),
        page if keep_query or page is None else cut_query(page),
        read_scalar(get("agentID")),
        read_scalar(get("agentName")),
        _meeting(get("meetingInfo")) if with_meeting else None,
    )


def cut_query(page: str) -> str | None:
    """A URL without its query and fragment; None if nothing is left."""
    return page.partition("?")[0].partition("#")[0] or None


def _meeting(value: object) -> str | None:
    return None if value is None else encode_json(value)
