"""One line of a log, read by itself: what it says, or why it is not counted.

The reference for the fast path.

Pure functions of text; no I/O. Strict JSON (`strict`), as definitions 1 asks; `locate` is the one
place that knows where a record keeps its event name, time, page and payload, and asks `envelopes`
where that is not the usual one.
"""

from typing import Any, Final, NamedTuple

from dcevents.model.attributes import Attributes
from dcevents.model.events import READY_KIND, find_kind
from dcevents.reading.parsing import envelopes, prefixes
from dcevents.reading.parsing.envelopes import CANONICAL, NOTHING, Known, Located, Search, Shape
from dcevents.reading.sources.marks import SPACE_AND_MARKS
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
    "CANONICAL",
    "MAX_LEVELS",
    "MAX_LINE",
    "MAX_SID_BYTES",
    "NOTHING",
    "SEVERAL",
    "Known",
    "Located",
    "Number",
    "Record",
    "Search",
    "Shape",
    "cut_query",
    "decode_json",
    "encode_json",
    "judge",
    "locate",
    "members",
    "read",
    "read_scalar",
]  # fmt: skip

MAX_SID_BYTES: Final = 512
MAX_TEXT_CHARACTERS: Final = 512
"""Characters of names, ids, types and agents."""
MAX_PAGE_CHARACTERS: Final = 2048
MAX_UNKNOWN_NAME_CHARACTERS: Final = 128
MAX_LINE: Final = 1 << 20
"""Bytes of the longest line that is read, without its line end."""
SEVERAL: Final = "several"
"""The bucket of a line that holds several records: each is counted by itself."""


class Record(NamedTuple):
    """A line's bucket (`event`, `widget_ready`, `unknown_event`, `blank`, SEVERAL, a reason to
    reject) and content.
    """

    bucket: str
    event_name: str | None = None
    timestamp: str | None = None
    sid: str | None = None
    said: Attributes | None = None
    shape: Shape | None = None
    """Where it was found; None for the canonical place."""
    asked: tuple[str, ...] = ()
    """Texts whose content decided where things are: another text in their place might say
    something else.
    """


_SPACE = " \t\r\n"
_RECORD_SEPARATOR_TEXT = "\x1e"
"""Begins each record of a JSON text sequence (RFC 7464)."""


def locate(
    record: dict[str, Any], known: Known = NOTHING
) -> tuple[Located, tuple[str, ...]] | None:
    """Return where a record keeps its parts.

    And which texts decided that.

    None where it holds several records.
    """
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
    """The record of one decoded line, without its LF.

    `now` is the clock, by which a prefix's year is told.
    """
    text = _strip_line(line)
    if not text:
        return Record("blank")
    try:
        value, end = scan_value(text, 0)
    except ValueError:
        return _prefixed(text, now, known, **settings)
    if end == len(text):
        return judge(value, known=known, **settings)
    values = _find_values(text, known)
    if not values:
        return _prefixed(text, now, known, **settings)
    # Of several a line end between whole values was lost.
    return Record(SEVERAL) if len(values) > 1 else judge(values[0], known=known, **settings)


def _prefixed(text: str, now: int | None, known: Known, **settings: bool) -> Record:
    """The record of a line that is no JSON by itself.

    But may be behind a known prefix.
    """
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
    """The records of a line that holds several.

    Each as JSON text.

    None where the line is not JSON.
    """
    text = _strip_line(line)
    search = Search(known)
    if len(values := _find_values(text, known)) > 1:
        return [record for value in values for record in _list_records(value, known)]
    # A JSON text holds what the string says.
    inner = _decode_text(text) if text.startswith('"') else None
    values = search.opened(text if inner is None else inner)
    found = search.members(values[0] if len(values) == 1 else values)
    return [_spell_record(record) for record in found or values]


def _strip_line(line: str) -> str:
    """Return a line without what may stand before its first value and behind its last."""
    return line.strip(SPACE_AND_MARKS).removeprefix(_RECORD_SEPARATOR_TEXT).lstrip(SPACE_AND_MARKS)


def _find_values(text: str, known: Known) -> list[Any]:
    """Return the objects, and the lists with some.

    That a line is made of.

    None where the line is not of values alone.
    """
    values = Search(known).opened(text) if text.startswith(("{", "[")) and "\n" not in text else []
    return [value for value in values if isinstance(value, dict) or _holds_objects(value)]


def _holds_objects(value: object) -> bool:
    """Return whether a value is a list with an object."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _list_records(value: object, known: Known) -> list[str]:
    """Return the records of one of a line's values.

    Each as JSON text.

    They are those of a list or a batch, or the value itself.
    """
    record = Search(known).record(value)
    if isinstance(record, list):
        return [_spell_record(item) for item in record if isinstance(item, dict)]
    found = Search(known).members(record) if judge(record, known=known).bucket == SEVERAL else None
    return [_spell_record(each) for each in found or [record]]


def _spell_record(value: object) -> str:
    """Return a record's text; a broken line's is its own."""
    return value if isinstance(value, BrokenLine) else encode_json(value)


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
        name = cut_text(name, MAX_UNKNOWN_NAME_CHARACTERS)
        return Record("unknown_event", name, shape=found.shape, asked=asked)
    if kind == READY_KIND:
        return Record("widget_ready", name, shape=found.shape, asked=asked)
    if sid is None:
        return Record("no_sid", name, shape=found.shape, asked=asked)
    if len(sid) > MAX_SID_BYTES or len(sid.encode()) > MAX_SID_BYTES:
        return Record("too_long", name, shape=found.shape, asked=asked)
    said = _said(kind, found, keep_query=keep_query, with_meeting=with_meeting)
    # A number stays one: it may have an exponent.
    is_number = isinstance(found.timestamp, Number)
    timestamp = found.timestamp if is_number else read_scalar(found.timestamp)
    return Record("event", name, timestamp, sid, said, found.shape, asked)


def _said(kind: int, found: Located, *, keep_query: bool, with_meeting: bool) -> Attributes:
    get = found.payload.get
    return Attributes(
        kind,
        _read_text(get("id")),
        _read_text(get("name")),
        _read_text(get("type")),
        _read_text(get("uiType")),
        _read_page(found.page, keep_query=keep_query),
        _read_text(get("agentID")),
        _read_text(get("agentName")),
        _meeting(get("meetingInfo")) if with_meeting else None,
    )


def _read_text(value: object) -> str | None:
    """Return a scalar's text.

    Within its limit; None where it says nothing.
    """
    text = read_scalar(value)
    return None if text is None else cut_text(text, MAX_TEXT_CHARACTERS)


def _read_page(value: object, *, keep_query: bool) -> str | None:
    """Return a page within its limit; None where nothing is left."""
    page = read_scalar(value)
    page = page if keep_query or page is None else cut_query(page)
    return None if page is None else cut_text(page, MAX_PAGE_CHARACTERS)


def cut_text(text: str, limit: int) -> str:
    """Return a text; of one over the limit the first characters and `…`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut_query(page: str) -> str | None:
    """A URL without its query and fragment; None if nothing is left."""
    return page.partition("?")[0].partition("#")[0] or None


def _meeting(value: object) -> str | None:
    return None if value is None else encode_json(value)
