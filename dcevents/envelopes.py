"""Where a record keeps its event name, time, page and payload: envelopes are recognised, not configured. Pure.

The canonical place comes first and costs nothing. Everywhere else an event is looked for by its name: in the record
itself, and in what the keys in `_WRAPPERS` hold, objects or JSON as text. Where both the event and what is wrapped
around it carry a time, the inner one is the event's own.
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dcevents.events import READY_KIND, kind_of, loose
from dcevents.prefixes import prefix_of
from dcevents.strict import SPACE, Number, scalar, scan

_EVENT_KEYS = (
    "event", "eventName", "event_name", "eventType", "event_type", "dcEvent", "dc_event", "type", "name", "kind",
    "action",
)  # fmt: skip
_NAMES = 7
"""The first of them name events, whatever they are called."""
_NOT_WITH_SID = frozenset({"type", "name"})
"""Beside a sid these are the conversation's."""
_WRAPPERS = (
    "event", "detail", "data", "payload", "message", "msg", "log", "body", "request_body", "requestBody",
    "jsonPayload", "textPayload", "_source", "@message", "MESSAGE", "properties", "event_properties", "record",
    "result", "_raw", "original", "log_processed", "content", "line", "json", "dc", "dynamicChat", "dynamic_chat",
)  # fmt: skip
_PAYLOADS = tuple(tuple(path.split(".")) if path else () for path in (
    "data.payload", "payload", "data", "detail.payload", "detail.data.payload", "detail", "properties.payload",
    "properties.data.payload", "properties", "event_properties.payload", "event_properties", "eventProperties",
    "params.payload", "params", "attributes", "dc.payload", "dc", "dcPayload", "dc_payload", "dynamicChat.payload",
    "dynamicChat", "dynamic_chat.payload", "dynamic_chat", "eventData", "event_data", "",
))  # fmt: skip
_TIMES = (
    "timestamp", "time", "ts", "at", "occurredAt", "occurred_at", "eventTime", "event_time", "client_event_time",
    "originalTimestamp", "datetime", "date", "created_at", "createdAt", "@timestamp",
)  # fmt: skip
_COLLECTOR_TIMES = (
    *_TIMES, "sentAt", "receivedAt", "receiveTimestamp", "server_received_time", "ingestionTime", "_time",
    "__REALTIME_TIMESTAMP", "time_iso8601", "msec", "requestTimeEpoch", "timeEpoch", "dcevents:prefix",
)  # fmt: skip
_PAGES = (
    "page", "page_url", "pageUrl", "pageURL", "page_location", "url", "href", "location", "$current_url",
    "current_url",
)  # fmt: skip
_COLLECTOR_PAGES = ("page", "page_url", "pageUrl", "pageURL", "page_location", "href")
_LISTS = (
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
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "sid": ("session_id", "sessionId", "sessionID"),
    "id": ("conversation_id", "conversationId", "conversationID", "dialogue_id", "dialogueId"),
    "name": ("conversation_name", "conversationName"),
    "type": ("conversation_type", "conversationType"),
    "uiType": ("ui_type",),
    "agentID": ("agent_id", "agentId"),
    "agentName": ("agent_name",),
    "meetingInfo": ("meeting_info",),
}
_RENAMED = frozenset(alias for aliases in _ALIASES.values() for alias in aliases)
_CONVERSATION = _RENAMED.difference(_ALIASES["sid"]) | {"id", "uiType"}
_SIDS = ("sid", *_ALIASES["sid"])
PREFIX_TIME = "dcevents:prefix"
"""The key under which the time of a line's prefix is kept: it is looked at last."""
_DEEPEST = 5
_MOST = 64
"""Objects of one record that are looked at."""


class Shape(NamedTuple):
    """Where a kind of record keeps its parts: paths with dots between keys; None is nowhere, '' the record itself."""

    event: str
    timestamp: str | None
    page: str | None
    payload: str | None
    prefix: str = ""
    """What stands before the JSON, by name."""


CANONICAL = Shape("event", "timestamp", "page", "data.payload")


class Located(NamedTuple):
    """The parts of a record, as JSON values. `shape` is None for the canonical place."""

    event: Any
    timestamp: Any
    page: Any
    payload: Mapping[str, Any]
    shape: Shape | None = None


class Known(NamedTuple):
    """What the user said of their log: paths by part, and names of events (loosely) with the names that they mean."""

    paths: tuple[tuple[str, str], ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    def path(self, part: str) -> str | None:
        """The path given for a part."""
        return dict(self.paths).get(part)

    def meaning(self, name: str) -> str:
        """The name that an event's name stands for."""
        return dict(self.names).get(loose(name), name) if self.names else name


NOTHING = Known()


class Search:
    """One record, searched. `asked` gathers the texts whose content, not only their place, decided something."""

    def __init__(self, known: Known = NOTHING) -> None:
        self.known = known
        self.asked: list[str] = []

    def locate(self, record: dict[str, Any]) -> Located | None:
        """The parts of the one event that a record is; None where nothing in it is one."""
        if self.known.paths and (found := self._given(record)):
            return found
        without_sid = None
        for core in self._cores(record):
            found = self._event_in(core)
            if found and (scalar(found.payload.get("sid")) is not None or self._is_ready(found.event)):
                return found
            without_sid = without_sid or found
        return without_sid

    def unknown(self, record: dict[str, Any]) -> Located | None:
        """The parts of what is an event by its keys, but of another kind; None without a name of one."""
        for core in self._cores(record):
            for key in _EVENT_KEYS[:_NAMES]:
                name = scalar(core.value.get(key))
                if name is not None and name.strip(SPACE):
                    self.asked.append(name)
                    return self._located(core, key, self._payload(core.value) or _Place({}, (), None))
        return None

    def members(self, value: object) -> list[Any] | None:
        """The records that one value holds; None where it holds none, or is one."""
        for items in self._lists(value):
            records = [self.record(item) for item in items]
            if records and any(isinstance(each, dict) and self._is_event(each) for each in records):
                return records
        return None

    def record(self, item: object) -> Any:  # noqa: ANN401 - any JSON value
        """A member of a list as a record: text as what it says, Insights' pairs of field and value as one object."""
        if isinstance(item, str) and not isinstance(item, Number):
            inner = self.opened(item)
            return inner[0] if len(inner) == 1 else item
        if isinstance(item, list) and item and all(isinstance(each, dict) and "field" in each for each in item):
            return {str(each["field"]): each.get("value") for each in item}
        return item

    def opened(self, text: str) -> list[Any]:
        """The objects and arrays that a text is made of, also behind a known prefix; of anything else, none."""
        begin = _start(text)
        if begin is None:
            return []
        values = []
        try:
            while begin < len(text):
                value, end = scan(text, begin)
                values.append(value)
                begin = len(text) - len(text[end:].lstrip(SPACE + ",\x1e"))
        except ValueError:
            return []
        return values if all(isinstance(value, dict | list) for value in values) else []

    # -- the search ----------------------------------------------------------------------------------------------

    def _is_event(self, record: dict[str, Any]) -> bool:
        name = scalar(record.get("event"))
        if name is not None and self._kind(name, has_sid=True) is not None:
            return True
        return self.locate(record) is not None

    def _cores(self, record: dict[str, Any]) -> Iterator[_Core]:
        """The objects in which an event may be, the outermost first."""
        waiting = deque([_Core(nested(record), (), "")])
        for _ in range(_MOST):
            if not waiting:
                return
            core = waiting.popleft()
            yield core
            if len(core.around) < _DEEPEST:
                waiting.extend(self._within(core))

    def _within(self, core: _Core) -> Iterator[_Core]:
        for key in _WRAPPERS:
            inner = self._object(core.value, key) if key in core.value else None
            if inner is not None:
                yield _Core(nested(inner), (core.value, *core.around), _joined(core.path, key))

    def _object(self, holder: Mapping[str, Any], key: str) -> dict[str, Any] | None:
        """The object that stands under a key, or that the text there is."""
        value = holder.get(key)
        if isinstance(value, str) and not isinstance(value, Number):
            if holder.get("isBase64Encoded") is True:
                self.asked.append(value)
                value = _plain(value)
            values = self.opened(value)
            value = values[0] if len(values) == 1 else None
        return value if isinstance(value, dict) else None

    def _event_in(self, core: _Core) -> Located | None:
        value = core.value
        names = [(key, name) for key in _EVENT_KEYS if (name := scalar(value.get(key))) is not None]
        if not names:
            return None
        self.asked += [name for _, name in names]
        place = self._payload(value)
        flat = any(value.get(key) is not None for key in _SIDS)
        for key, name in names:
            if flat and key in _NOT_WITH_SID:
                continue
            if self._kind(name, has_sid=place is not None and key not in _NOT_WITH_SID) is not None:
                return self._located(core, key, place or _Place({}, (), None))
        return None

    def _is_ready(self, event: object) -> bool:
        name = scalar(event)
        return name is not None and self._kind(name, has_sid=False) == READY_KIND

    def _kind(self, name: str, *, has_sid: bool) -> int | None:
        return kind_of(self.known.meaning(name), has_sid=has_sid)

    def _payload(self, value: Mapping[str, Any]) -> _Place | None:
        """The payload of an event: the first place that has a session."""
        for path in _PAYLOADS:
            if path and path[0] not in value:
                continue
            chain = self._chain(value, path)
            if chain and _has_session(chain[-1]):
                return _Place(chain[-1], tuple(reversed(chain[:-1])), ".".join(path))
        return None

    def _chain(self, value: Mapping[str, Any], path: tuple[str, ...]) -> list[Mapping[str, Any]]:
        """The objects on a path, the first one aside unless the path is empty; none if it leads nowhere."""
        chain: list[Mapping[str, Any]] = []
        for key in path:
            inner = self._object(chain[-1] if chain else value, key)
            if inner is None:
                return []
            chain.append(inner)
        return chain or [value]

    def _located(self, core: _Core, key: str, place: _Place) -> Located:
        inside = () if place.value is core.value else (place.value, *place.around)
        prefixes = _paths(core.path, place.path)
        own = _first(zip((*inside, core.value), prefixes, strict=False), _TIMES)
        time = own or self._around(core, _COLLECTOR_TIMES) or _first([(core.value, core.path)], _COLLECTOR_TIMES)
        page = _page(zip((*inside, core.value), prefixes, strict=False)) or self._around(core, _COLLECTOR_PAGES)
        shape = Shape(
            _joined(core.path, key),
            time and time[0],
            page and page[0],
            None if place.path is None else _joined(core.path, place.path),
        )
        return Located(core.value[key], time and time[1], page and page[1], renamed(place.value), shape)

    def _around(self, core: _Core, keys: Sequence[str]) -> tuple[str, Any] | None:
        """What the collectors say, the nearest first."""
        paths = _outer(core.path, len(core.around))
        for value, path in zip(core.around, paths, strict=True):
            request = value.get("requestContext")
            both = ((value, path), (request if isinstance(request, dict) else {}, _joined(path, "requestContext")))
            if found := _first(both, keys):
                return found
        return None

    # -- batches -------------------------------------------------------------------------------------------------

    def _lists(self, value: object, level: int = 0) -> Iterator[list[Any]]:
        if isinstance(value, list):
            yield value
        elif isinstance(value, dict) and level < _DEEPEST:
            for key in (*_LISTS, *_WRAPPERS):
                inner = value.get(key)
                if isinstance(inner, str) and not isinstance(inner, Number):
                    inner = self._texts(value, inner)
                if isinstance(inner, dict | list):
                    yield from self._lists(inner, level + 1)

    def _texts(self, holder: Mapping[str, Any], text: str) -> Any:  # noqa: ANN401 - any JSON value
        if holder.get("isBase64Encoded") is True:
            self.asked.append(text)
            text = _plain(text)
        values = self.opened(text)
        return values[0] if len(values) == 1 else values

    # -- what the user said ----------------------------------------------------------------------------------------

    def _given(self, record: dict[str, Any]) -> Located | None:
        """The parts at the paths that were given, the others as they are recognised; None without an event there."""
        value = nested(record)
        paths = dict(self.known.paths)
        path = paths.get("event", "event")
        event = self.at(value, path)
        if scalar(event) is None:
            return None
        holder, _, key = path.rpartition(".")
        inner = self.at(value, holder) if holder else value
        core = _Core(nested(inner) if isinstance(inner, dict) else value, (value,) if holder else (), holder)
        place = self._payload(core.value) or _Place({}, (), None)
        if key not in core.value:
            core.value[key] = event
        found = self._located(core, key, place)
        parts = {part: self.at(value, paths[part]) for part in ("timestamp", "page", "payload") if part in paths}
        payload = parts.get("payload", found.payload)
        shape = found.shape._replace(**{**paths, "event": path}) if found.shape else None
        return Located(
            event,
            parts.get("timestamp", found.timestamp),
            parts.get("page", found.page),
            renamed(payload) if isinstance(payload, dict) else {},
            shape,
        )

    def at(self, value: object, path: str) -> Any:  # noqa: ANN401 - any JSON value
        """What stands at a path, through texts that are JSON; None where it leads nowhere. `.` is the value itself."""
        for key in path.split(".") if path not in ("", ".") else ():
            if isinstance(value, str) and not isinstance(value, Number):
                inner = self.opened(value)
                value = inner[0] if len(inner) == 1 else None
            if not isinstance(value, dict):
                return None
            value = value.get(key)
        if isinstance(value, str) and not isinstance(value, Number) and len(inner := self.opened(value)) == 1:
            return inner[0]
        return value


class _Core(NamedTuple):
    """An object that may be an event; those around it, the nearest first; the path to it."""

    value: dict[str, Any]
    around: tuple[Mapping[str, Any], ...]
    path: str


class _Place(NamedTuple):
    """A payload, the objects between it and its event, the nearest first, and the path from there."""

    value: Mapping[str, Any]
    around: tuple[Mapping[str, Any], ...]
    path: str | None


def is_canonical(record: Mapping[str, Any]) -> bool:
    """Whether a record has its event, and what it says, where the canonical line has them, be they right or wrong."""
    event, data = record.get("event"), record.get("data")
    if not isinstance(event, str | bool) or ("data" not in record) or not str(event).strip(SPACE):
        return False
    return not isinstance(data, dict) or "payload" in data or scalar(data.get("sid")) is None


def canonical(record: Mapping[str, Any]) -> Located:
    """The parts at the canonical place."""
    data = record.get("data")
    payload = data.get("payload") if isinstance(data, dict) else None
    found = renamed(payload) if isinstance(payload, dict) else {}
    time = record.get("timestamp")
    return Located(record.get("event"), record.get(PREFIX_TIME) if time is None else time, record.get("page"), found)


def renamed(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A payload with keys in snake_case or camelCase by Adobe's names; Adobe's own come first."""
    if _RENAMED.isdisjoint(payload):
        return payload
    others = {
        key: next((payload[alias] for alias in aliases if alias in payload), None) for key, aliases in _ALIASES.items()
    }
    return {**{key: value for key, value in others.items() if value is not None}, **payload}


def _has_session(payload: Mapping[str, Any]) -> bool:
    """Whether there is a sid. A session by another name may be anybody's, but for one beside a conversation's keys."""
    if scalar(payload.get("sid")) is not None:
        return True
    others = any(scalar(payload.get(key)) is not None for key in _ALIASES["sid"])
    return others and not _CONVERSATION.isdisjoint(payload)


def nested(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose keys have dots in them, as objects in objects; any other as it is."""
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


def _start(text: str) -> int | None:
    """Where the JSON of a text begins; None where it is none."""
    begin = len(text) - len(text.lstrip(SPACE + "\x1e"))
    if text[begin : begin + 1] in ("{", "["):
        return begin
    prefix = prefix_of(text)
    return prefix.end if prefix else None


def _plain(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _joined(*keys: str) -> str:
    return ".".join(filter(None, keys))


def _paths(path: str, inner: str | None) -> list[str]:
    """The paths of a payload and of what is around it, up to its event."""
    keys = inner.split(".") if inner else []
    return [_joined(path, *keys[:end]) for end in range(len(keys), -1, -1)]


def _outer(path: str, levels: int) -> list[str]:
    keys = path.split(".")
    return [".".join(keys[: len(keys) - 1 - level]) for level in range(levels)]


def _first(places: Iterable[tuple[Mapping[str, Any], str]], keys: Sequence[str]) -> tuple[str, Any] | None:
    """The path and the value of the first key that says something."""
    for value, path in places:
        for key in keys:
            if scalar(value.get(key)) is not None:
                return _joined(path, key), value[key]
    return None


def _page(places: Iterable[tuple[Mapping[str, Any], str]]) -> tuple[str, Any] | None:
    for value, path in places:
        context = value.get("context")
        page = context.get("page") if isinstance(context, dict) else value.get("page")
        inner = [(page, _joined(path, "context" if context else "", "page"))] if isinstance(page, dict) else []
        if found := _first([(value, path)], _PAGES) or _first(inner, ("url", "href")):
            return found
    return None
