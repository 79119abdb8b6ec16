"""Where a record keeps its event name, time, page and payload: envelopes are recognised, not
configured. Pure.

The canonical place comes first and costs nothing. Everywhere else an event is looked for by its
name: in the record itself, and in what the keys in `_WRAPPERS` hold, objects or JSON as text.
Where both the event and what is wrapped around it carry a time, the inner one is the event's
own.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dcevents.model.events import READY_KIND, find_kind
from dcevents.reading.parsing.places import (
    CANONICAL,
    COLLECTOR_PAGES,
    COLLECTOR_TIMES,
    DEEPEST,
    ENCODED,
    EVENT_KEYS,
    LISTS,
    MOST,
    NAMING,
    NOT_WITH_SID,
    NOTHING,
    PAYLOADS,
    PREFIX_TIME,
    SIDS,
    TIMES,
    WRAPPERS,
    Known,
    Located,
    Shape,
    canonical,
    first_of,
    from_base64,
    has_session,
    is_canonical,
    joined,
    nested,
    page_of,
    paths_around,
    paths_to,
    renamed,
    start_of,
)
from dcevents.reading.strict import (
    SPACE,
    BrokenLine,
    Number,
    is_too_deep,
    read_scalar,
    scan_shallow_value,
    scan_value,
)

__all__ = [
    "CANONICAL",
    "NOTHING",
    "PREFIX_TIME",
    "Known",
    "Located",
    "Search",
    "Shape",
    "canonical",
    "is_canonical",
]


_SPACE = re.compile(f"[{SPACE},\x1e\0\ufeff]*")


class Search:
    """One record, searched.

    `asked` gathers the texts whose content, not only their place, decided something.
    """

    def __init__(self, known: Known = NOTHING) -> None:
        self.known = known
        self.asked: list[str] = []

    def locate(self, record: dict[str, Any]) -> Located | None:
        """The parts of the one event that a record is.

        None where nothing in it is one.
        """
        if self.known.paths and (found := self._given(record)):
            return found
        without_sid = None
        for core in self._cores(record):
            found = self._event_in(core)
            if found and (
                read_scalar(found.payload.get("sid")) is not None or self._is_ready(found.event)
            ):
                return found
            without_sid = without_sid or found
        return without_sid

    def unknown(self, record: dict[str, Any]) -> Located | None:
        """The parts of what is an event by its keys.

        But of another kind.

        None without a name of one.
        """
        data = record.get("data")
        if isinstance(data, dict) and "payload" in data:
            # A canonical line without its event.
            return None
        for core in self._cores(record):
            for key in EVENT_KEYS[:NAMING]:
                name = read_scalar(core.value.get(key))
                if name is not None and name.strip(SPACE):
                    self.asked.append(name)
                    return self._located(
                        core, key, self._payload(core.value) or _Place({}, (), None)
                    )
        return None

    def members(self, value: object) -> list[Any] | None:
        """The records that one value holds.

        None where it holds none, or is one.
        """
        for items in self._lists(value):
            records = [self.record(item) for item in items]
            if records and any(isinstance(each, dict) and self._is_event(each) for each in records):
                return records
        return None

    def record(self, item: object) -> Any:  # noqa: ANN401 - any JSON value
        """A member of a list as a record.

        Text as what it says, Insights' pairs of field and value as one object.
        """
        if isinstance(item, str) and not isinstance(item, Number):
            inner = self.opened(item)
            return inner[0] if len(inner) == 1 else item
        if (
            isinstance(item, list)
            and item
            and all(isinstance(each, dict) and "field" in each for each in item)
        ):
            return {str(each["field"]): each.get("value") for each in item}
        return item

    def opened(self, text: str) -> list[Any]:
        """The objects and arrays that a text is made of.

        Also behind a known prefix.

        Of anything else, none.

        Of several lines, those that are neither are `Broken`, so that they harm no other.
        """
        begin = start_of(text)
        if begin is None:
            return _by_line(text) if "\n{" in text else []
        values = []
        if is_too_deep(text):
            return _by_line(text)
        try:
            while begin < len(text):
                value, end = scan_shallow_value(text, begin)
                values.append(value)
                begin = _SPACE.match(text, end).end()  # type: ignore[union-attr]
        except ValueError:
            return _by_line(text)
        return values if all(isinstance(value, dict | list) for value in values) else _by_line(text)

    # -- the search
    # ----------------------------------------------------------------------------------------------

    def _is_event(self, record: dict[str, Any]) -> bool:
        name = read_scalar(record.get("event"))
        if name is not None and self._kind(name, has_sid=True) is not None:
            return True
        return self.locate(record) is not None

    def _cores(self, record: dict[str, Any]) -> Iterator[_Core]:
        """The objects in which an event may be, the outermost first."""
        waiting = deque([_Core(nested(record), (), "")])
        for _ in range(MOST):
            if not waiting:
                return
            core = waiting.popleft()
            yield core
            if len(core.around) < DEEPEST:
                waiting.extend(self._within(core))

    def _within(self, core: _Core) -> Iterator[_Core]:
        for key in WRAPPERS:
            inner = self._object(core.value, key) if key in core.value else None
            if inner is not None:
                yield _Core(nested(inner), (core.value, *core.around), joined(core.path, key))

    def _object(self, holder: Mapping[str, Any], key: str) -> dict[str, Any] | None:
        """The object that stands under a key.

        Or that the text there is.
        """
        value = holder.get(key)
        if isinstance(value, str) and not isinstance(value, Number):
            values = self.opened(self._decoded(holder, value))
            value = values[0] if len(values) == 1 else None
        return value if isinstance(value, dict) else None

    def _decoded(self, holder: Mapping[str, Any], text: str) -> str:
        """A text of an object that may say that its texts are encoded."""
        if holder.get(ENCODED) is not True:
            return text
        self.asked.append(text)
        return from_base64(text)

    def _event_in(self, core: _Core) -> Located | None:
        value = core.value
        names = [
            (key, name) for key in EVENT_KEYS if (name := read_scalar(value.get(key))) is not None
        ]
        if not names:
            return None
        self.asked += [name for _, name in names]
        place = self._payload(value)
        flat = any(value.get(key) is not None for key in SIDS)
        for key, name in names:
            if flat and key in NOT_WITH_SID:
                continue
            if self._kind(name, has_sid=place is not None and key not in NOT_WITH_SID) is not None:
                return self._located(core, key, place or _Place({}, (), None))
        return None

    def _is_ready(self, event: object) -> bool:
        name = read_scalar(event)
        return name is not None and self._kind(name, has_sid=False) == READY_KIND

    def _kind(self, name: str, *, has_sid: bool) -> int | None:
        return find_kind(self.known.meaning(name), has_sid=has_sid)

    def _payload(self, value: Mapping[str, Any]) -> _Place | None:
        """The payload of an event.

        The first place that has a session.
        """
        for path in PAYLOADS:
            if path and path[0] not in value:
                continue
            chain = self._chain(value, path)
            if chain and has_session(chain[-1]):
                return _Place(chain[-1], tuple(reversed(chain[:-1])), ".".join(path))
        return None

    def _chain(self, value: Mapping[str, Any], path: tuple[str, ...]) -> list[Mapping[str, Any]]:
        """The objects on a path.

        The first one aside unless the path is empty.

        None if it leads nowhere.
        """
        chain: list[Mapping[str, Any]] = []
        for key in path:
            inner = self._object(chain[-1] if chain else value, key)
            if inner is None:
                return []
            chain.append(inner)
        return chain or [value]

    def _located(self, core: _Core, key: str, place: _Place) -> Located:
        inside = () if place.value is core.value else (place.value, *place.around)
        prefixes = paths_to(core.path, place.path)
        own = first_of(zip((*inside, core.value), prefixes, strict=False), TIMES)
        time = (
            own
            or self._around(core, COLLECTOR_TIMES)
            or first_of([(core.value, core.path)], COLLECTOR_TIMES)
        )
        page = page_of(zip((*inside, core.value), prefixes, strict=False)) or self._around(
            core, COLLECTOR_PAGES
        )
        shape = Shape(
            joined(core.path, key),
            time and time[0],
            page and page[0],
            None if place.path is None else joined(core.path, place.path),
        )
        return Located(
            core.value[key], time and time[1], page and page[1], renamed(place.value), shape
        )

    def _around(self, core: _Core, keys: Sequence[str]) -> tuple[str, Any] | None:
        """Return what the collectors say, the nearest first."""
        paths = paths_around(core.path, len(core.around))
        for value, path in zip(core.around, paths, strict=True):
            request = value.get("requestContext")
            both = (
                (value, path),
                (request if isinstance(request, dict) else {}, joined(path, "requestContext")),
            )
            if found := first_of(both, keys):
                return found
        return None

    # -- batches
    # ----------------------------------------------------------------------------------------------

    def _lists(self, value: object, level: int = 0) -> Iterator[list[Any]]:
        if isinstance(value, list):
            yield value
        elif isinstance(value, dict) and level < DEEPEST:
            for key in (*LISTS, *WRAPPERS):
                inner = value.get(key)
                if isinstance(inner, str) and not isinstance(inner, Number):
                    inner = self._texts(value, inner)
                if isinstance(inner, dict | list):
                    yield from self._lists(inner, level + 1)

    def _texts(self, holder: Mapping[str, Any], text: str) -> Any:  # noqa: ANN401 - any JSON value
        values = self.opened(self._decoded(holder, text))
        return values[0] if len(values) == 1 else values

    # -- what the user said
    # ----------------------------------------------------------------------------------------

    def _given(self, record: dict[str, Any]) -> Located | None:
        """The parts at the paths that were given.

        The others as they are recognised.

        None without an event there.
        """
        value = nested(record)
        paths = dict(self.known.paths)
        path = paths.get("event", "event")
        event = self.at(value, path)
        if read_scalar(event) is None:
            return None
        holder, _, key = path.rpartition(".")
        inner = self.at(value, holder) if holder else value
        core = _Core(
            nested(inner) if isinstance(inner, dict) else value, (value,) if holder else (), holder
        )
        place = self._payload(core.value) or _Place({}, (), None)
        if key not in core.value:
            core.value[key] = event
        found = self._located(core, key, place)
        parts = {
            part: self.at(value, paths[part])
            for part in ("timestamp", "page", "payload")
            if part in paths
        }
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
        """Return what stands at a path, through texts that are JSON.

        None where it leads nowhere. `.` is the value itself.
        """
        holder: Mapping[str, Any] = {}
        for key in path.split(".") if path not in ("", ".") else ():
            if isinstance(value, str) and not isinstance(value, Number):
                inner = self.opened(self._decoded(holder, value))
                value = inner[0] if len(inner) == 1 else None
            if not isinstance(value, dict):
                return None
            holder, value = value, value.get(key)
        if isinstance(value, str) and not isinstance(value, Number):
            inner = self.opened(self._decoded(holder, value))
            return inner[0] if len(inner) == 1 else value
        return value


def _by_line(text: str) -> list[Any]:
    """Return what each line of a text says.

    Those without JSON as they are.

    None where no line has an object or array.
    """
    values: list[Any] = []
    for line in filter(None, (line.strip(SPACE + "\x1e") for line in text.split("\n"))):
        try:
            value, end = scan_value(line, 0)
        except ValueError:
            value, end = None, 0
        values.append(
            value if end == len(line) and isinstance(value, dict | list) else BrokenLine(line)
        )
    return (
        values
        if len(values) > 1 and any(not isinstance(value, BrokenLine) for value in values)
        else []
    )


class _Core(NamedTuple):
    """An object that may be an event.

    Those around it, the nearest first; the path to it.
    """

    value: dict[str, Any]
    around: tuple[Mapping[str, Any], ...]
    path: str


class _Place(NamedTuple):
    """A payload, the objects between it and its event.

    The nearest first, and the path from there.
    """

    value: Mapping[str, Any]
    around: tuple[Mapping[str, Any], ...]
    path: str | None
