"""Keys and paths: under which keys records keep what, and small functions of objects. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dcevents.model.events import normalise_name
from dcevents.reading.parsing.prefixes import prefix_of
from dcevents.reading.strict import SPACE, read_scalar

EVENT_KEYS = (
    "event", "eventName", "event_name", "eventType", "event_type", "dcEvent", "dc_event", "type",
    "name", "kind",
    "action",
)  # fmt: skip
NAMING = 7
"""The first of them name events, whatever they are called."""
NOT_WITH_SID = frozenset({"type", "name"})
"""Beside a sid these are the conversation's."""
WRAPPERS = (
    "event", "detail", "data", "payload", "message", "msg", "log", "body", "request_body",
    "requestBody",
    "jsonPayload", "textPayload", "_source", "@message", "MESSAGE", "properties",
    "event_properties", "record",
    "short_message", "result", "_raw", "original", "log_processed", "content", "line", "json", "dc",
    "dynamicChat", "dynamic_chat",
)  # fmt: skip
PAYLOADS = tuple(tuple(path.split(".")) if path else () for path in (
    "data.payload", "payload", "data", "detail.payload", "detail.data.payload", "detail",
    "properties.payload",
    "properties.data.payload", "properties", "event_properties.payload", "event_properties",
    "eventProperties",
    "params.payload", "params", "attributes", "dc.payload", "dc", "dcPayload", "dc_payload",
    "dynamicChat.payload",
    "dynamicChat", "dynamic_chat.payload", "dynamic_chat", "eventData", "event_data", "",
))  # fmt: skip
TIMES = (
    "timestamp", "time", "ts", "at", "occurredAt", "occurred_at", "eventTime", "event_time",
    "client_event_time",
    "originalTimestamp", "datetime", "date", "created_at", "createdAt", "@timestamp",
)  # fmt: skip
COLLECTOR_TIMES = (
    "requestTimeEpoch", "timeEpoch", *TIMES, "sentAt", "receivedAt", "receiveTimestamp",
    "server_received_time",
    "ingestionTime", "_time",
    "__REALTIME_TIMESTAMP", "time_iso8601", "msec", "ISODATE", "dcevents:prefix",
)  # fmt: skip
PAGES = (
    "page", "page_url", "pageUrl", "pageURL", "page_location", "url", "href", "location",
    "$current_url",
    "current_url",
)  # fmt: skip
COLLECTOR_PAGES = ("page", "page_url", "pageUrl", "pageURL", "page_location", "href")
LISTS = (
    "events",
    "batch",
    "records",
    "Records",
    "logEvents",
    "hits",
    "results",
    "data",
    "messages",
    "items",
    "entries",
)
ALIASES: Mapping[str, tuple[str, ...]] = {
    "sid": ("session_id", "sessionId", "sessionID"),
    "id": ("conversation_id", "conversationId", "conversationID", "dialogue_id", "dialogueId"),
    "name": ("conversation_name", "conversationName"),
    "type": ("conversation_type", "conversationType"),
    "uiType": ("ui_type",),
    "agentID": ("agent_id", "agentId"),
    "agentName": ("agent_name",),
    "meetingInfo": ("meeting_info",),
}
ENCODED = "isBase64Encoded"
"""Says of an object that its texts are in base64."""
ENTERED = frozenset({
    *WRAPPERS, *LISTS, *(key for path in PAYLOADS for key in path), "requestContext", "context",
    "page",
})  # fmt: skip
"""Objects and lists under other keys are not looked into."""
RENAMED = frozenset(alias for aliases in ALIASES.values() for alias in aliases)
CONVERSATION = RENAMED.difference(ALIASES["sid"]) | {"id", "uiType"}
SIDS = ("sid", *ALIASES["sid"])
PREFIX_TIME = "dcevents:prefix"
"""The key under which the time of a line's prefix is kept: it is looked at last."""
DEEPEST = 5
MOST = 64
"""Objects of one record that are looked at."""


class Shape(NamedTuple):
    """Where a kind of record keeps its parts.

    Paths with dots between keys.

    None is nowhere, '' the record itself.
    """

    event: str
    timestamp: str | None
    page: str | None
    payload: str | None
    prefix: str = ""
    """What stands before the JSON, by name."""


CANONICAL = Shape("event", "timestamp", "page", "data.payload")


class Located(NamedTuple):
    """The parts of a record, as JSON values.

    `shape` is None for the canonical place.
    """

    event: Any
    timestamp: Any
    page: Any
    payload: Mapping[str, Any]
    shape: Shape | None = None


class Known(NamedTuple):
    """What the user said of their log: paths by part.

    And names of events (loosely) with the names that they mean.
    """

    paths: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    def path(self, part: str) -> str | None:
        """The path given for a part."""
        return dict(self.paths).get(part)

    def meaning(self, name: str) -> str:
        """The name that an event's name stands for."""
        return dict(self.names).get(normalise_name(name), name) if self.names else name


NOTHING = Known()

CANONICAL_KEYS = {"event", "timestamp", "page", "data", PREFIX_TIME}


def is_canonical(record: Mapping[str, Any]) -> bool:
    """Return whether a record has the keys of a canonical line in their places, whatever is
    there: right, wrong or nothing.
    """
    if "data" not in record:
        return False
    data = record["data"]
    if "event" not in record:
        return isinstance(data, dict) and "payload" in data and record.keys() <= CANONICAL_KEYS
    return not isinstance(data, dict) or "payload" in data or read_scalar(data.get("sid")) is None


def canonical(record: Mapping[str, Any]) -> Located:
    """The parts at the canonical place."""
    data = record.get("data")
    payload = data.get("payload") if isinstance(data, dict) else None
    found = renamed(payload) if isinstance(payload, dict) else {}
    time = record.get("timestamp")
    return Located(
        record.get("event"),
        record.get(PREFIX_TIME) if time is None else time,
        record.get("page"),
        found,
    )


def renamed(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A payload with keys in snake_case or camelCase by Adobe's names.

    Adobe's own come first.
    """
    if RENAMED.isdisjoint(payload):
        return payload
    others = {
        key: next((payload[alias] for alias in aliases if alias in payload), None)
        for key, aliases in ALIASES.items()
    }
    return {**{key: value for key, value in others.items() if value is not None}, **payload}


def has_session(payload: Mapping[str, Any]) -> bool:
    """Return whether there is a sid.

    A session by another name may be anybody's, but for one beside a conversation's keys.
    """
    if read_scalar(payload.get("sid")) is not None:
        return True
    others = any(read_scalar(payload.get(key)) is not None for key in ALIASES["sid"])
    return others and not CONVERSATION.isdisjoint(payload)


def nested(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose keys have dots in them.

    As objects in objects.

    Any other as it is.
    """
    if not any("." in key for key in record):
        return record
    made: dict[str, Any] = {key: value for key, value in record.items() if "." not in key}
    for path, value in record.items():
        *outer, last = path.split(".")
        holder: Any = made
        for key in outer:
            holder = holder.setdefault(key, {}) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder.setdefault(last, value)
    return made


def start_of(text: str) -> int | None:
    """Return where the JSON of a text begins.

    None where it is none.
    """
    begin = len(text) - len(text.lstrip(SPACE + "\x1e"))
    if text[begin : begin + 1] in ("{", "["):
        return begin
    prefix = prefix_of(text)
    return prefix.end if prefix else None


def from_base64(text: str) -> str:
    """The text that is encoded.

    None where it is no base64, or no text.
    """
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def joined(*keys: str) -> str:
    """A path of keys, the empty ones aside."""
    return ".".join(filter(None, keys))


def paths_to(path: str, inner: str | None) -> list[str]:
    """The paths of a payload and of what is around it.

    Up to its event.
    """
    keys = inner.split(".") if inner else []
    return [joined(path, *keys[:end]) for end in range(len(keys), -1, -1)]


def paths_around(path: str, levels: int) -> list[str]:
    """The paths of what is around the end of a path.

    The nearest first.
    """
    keys = path.split(".")
    return [".".join(keys[: len(keys) - 1 - level]) for level in range(levels)]


def first_of(
    places: Iterable[tuple[Mapping[str, Any], str]], keys: Sequence[str]
) -> tuple[str, Any] | None:
    """The path and the value of the first key that says something."""
    for value, path in places:
        for key in keys:
            if read_scalar(value.get(key)) is not None:
                return joined(path, key), value[key]
    return None


def page_of(places: Iterable[tuple[Mapping[str, Any], str]]) -> tuple[str, Any] | None:
    """The path and the value of the first page, `context.page.url` too."""
    for value, path in places:
        context = value.get("context")
        page = context.get("page") if isinstance(context, dict) else value.get("page")
        inner = (
            [(page, joined(path, "context" if context else "", "page"))]
            if isinstance(page, dict)
            else []
        )
        if found := first_of([(value, path)], PAGES) or first_of(inner, ("url", "href")):
            return found
    return None
