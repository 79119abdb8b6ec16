"""What all shapes share: parts of events, forms of times, and ways to make a shape."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypedDict, Unpack

Event = dict[str, Any]
Wrap = Callable[[Event, int], object]
"""Makes of an event, and its number, the JSON value that a system writes."""
Writer = Callable[[Sequence[Event]], bytes]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SNAKE: Final = {
    "uiType": "ui_type",
    "agentID": "agent_id",
    "agentName": "agent_name",
    "meetingInfo": "meeting_info",
}
MEETING: Final = frozenset({"meetingInfo"})


class Kept(TypedDict, total=False):
    """What a system keeps of an event, as in `Shape`."""

    clock: Literal["page", "server"]
    resolution_ms: int
    loses: frozenset[str]
    rewrites: frozenset[str]
    has_other_records: bool


@dataclass(frozen=True)
class Shape:
    """How a system writes events: what it makes of them, and what it keeps."""

    system: str
    write: Writer
    page: str
    """The page that describes what the system writes."""
    wrap: Wrap | None = None
    """For a system that writes a JSON value for each event: the value."""
    clock: Literal["page", "server"] = "page"
    """Whose time an event has."""
    resolution_ms: int = 1
    loses: frozenset[str] = frozenset()
    """Keys of the canonical event that are not kept."""
    rewrites: frozenset[str] = frozenset()
    """Keys of the canonical event whose value is kept, but spelled otherwise."""
    has_other_records: bool = False
    """True where the system writes headings or the like as well, which are rejected."""

    def keep(self, event: Event) -> Event:
        """Return the canonical event that is left of one."""
        when = later(event) if self.clock == "server" else moment(event)
        floored = millis(when) // self.resolution_ms * self.resolution_ms
        kept = {**event, "timestamp": iso(EPOCH + timedelta(milliseconds=floored))}
        left = {key: value for key, value in payload(event).items() if key not in self.loses}
        kept["data"] = {"payload": left}
        return {key: value for key, value in kept.items() if key not in self.loses}


# -- ways to make a shape --------------------------------------------------------------------------


def text(value: object) -> str:
    """Return JSON as browsers write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def lines(values: Iterable[object]) -> bytes:
    """Return one JSON value a line."""
    return "".join(text(value) + "\n" for value in values).encode()


def pretty(value: object, indent: int = 2) -> bytes:
    """Return JSON over several lines."""
    return json.dumps(value, indent=indent, ensure_ascii=False).encode() + b"\n"


def each(system: str, page: str, wrap: Wrap, **kept: Unpack[Kept]) -> Shape:
    """Return a shape that has a JSON value a line."""

    def write(events: Sequence[Event]) -> bytes:
        return lines(wrap(event, n) for n, event in enumerate(events))

    return Shape(system, write, page, wrap, **kept)


def behind(
    system: str,
    page: str,
    prefix: str | Callable[[Event, int], str],
    *,
    said: Callable[[Event], object] | None = None,
    tail: str = "",
    **kept: Unpack[Kept],
) -> Shape:
    """Return a shape that has text before the JSON of each line.

    Where the clock is the server's, the JSON says no time.
    """
    inner = said or (untimed if kept.get("clock") == "server" else _take_whole)

    def write(events: Sequence[Event]) -> bytes:
        written = []
        for n, event in enumerate(events):
            before = prefix if isinstance(prefix, str) else prefix(event, n)
            written.append(f"{before}{text(inner(event))}{tail}\n")
        return "".join(written).encode()

    return Shape(system, write, page, **kept)


def together(system: str, page: str, gather: Writer, **kept: Unpack[Kept]) -> Shape:
    """Return a shape that writes all events at once."""
    return Shape(system, gather, page, **kept)


def batches(
    events: Sequence[Event], sizes: Sequence[int] = (3, 1, 8, 5, 2)
) -> Iterator[list[Event]]:
    """Yield events in batches of several sizes."""
    at = n = 0
    while at < len(events):
        size = sizes[n % len(sizes)]
        yield list(events[at : at + size])
        at, n = at + size, n + 1


# -- parts of events -------------------------------------------------------------------------------


def _take_whole(event: Event) -> Event:
    return event


def payload(event: Event) -> Event:
    """Return what an event says of its conversation; nothing of the ready event."""
    found: Event = event.get("data", {}).get("payload", {})
    return found


def spread(event: Event, rest: Event, holder: str | None = None) -> Event:
    """Return an event's name, time and page, and with it what is given, under a key or beside."""
    parts: Event = {key: event[key] for key in ("event", "timestamp", "page") if key in event}
    return {**parts, **({holder: rest} if holder else rest)} if rest else parts


def flat(event: Event) -> Event:
    """Return an event of one level."""
    return spread(event, payload(event))


def untimed(event: Event) -> Event:
    """Return an event without its time."""
    return {key: value for key, value in event.items() if key != "timestamp"}


def scalars(values: Event) -> Event:
    """Return the members that are no objects, for systems that keep texts and numbers only."""
    return {key: value for key, value in values.items() if not isinstance(value, dict | list)}


def name_kind(event: Event) -> str:
    """Return the kind of an event, in capitals: `ENGAGED`."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+", "_", event["event"]).upper()
    return split.rpartition("CONVERSATION_")[2].rpartition("CONVERSATIONS_")[2]


# -- times -----------------------------------------------------------------------------------------


def moment(event: Event) -> datetime:
    """Return the time of an event."""
    stamp = event["timestamp"]
    if str(stamp).isdigit():
        return EPOCH + timedelta(milliseconds=int(stamp))
    return datetime.fromisoformat(stamp).astimezone(UTC)


def later(event: Event) -> datetime:
    """Return when a server got an event: a little later than it happened."""
    ms = millis(moment(event))
    return moment(event) + timedelta(
        milliseconds=20 + ms * 7919 % 900, microseconds=ms * 104729 % 1000
    )


def iso(when: datetime, timespec: str = "milliseconds") -> str:
    """Return a time as ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def plain(when: datetime, timespec: str = "milliseconds") -> str:
    """Return a time as databases and loggers write it: a space, no zone."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec)


def comma(event: Event) -> str:
    """Return a server's time with a comma before its milliseconds."""
    return plain(later(event)).replace(".", ",")


def late(event: Event) -> str:
    """Return a server's time as ISO 8601."""
    return iso(later(event))


def nano(event: Event, n: int = 0) -> str:
    """Return a server's time with nanoseconds."""
    return f"{iso(later(event), 'microseconds')[:-1]}{n % 1000:03d}Z"


def millis(when: datetime) -> int:
    """Return milliseconds since 1970."""
    return (when - EPOCH) // timedelta(milliseconds=1)


def stamp(event: Event) -> int:
    """Return the milliseconds since 1970 at which an event happened."""
    return millis(moment(event))


def late_stamp(event: Event) -> int:
    """Return the milliseconds since 1970 at which a server got an event."""
    return millis(later(event))


def seconds(ms: int) -> str:
    """Return seconds with three decimals of milliseconds."""
    return f"{ms // 1000}.{ms % 1000:03d}"


def bsd(when: datetime) -> str:
    """Return a time as BSD's syslog has it."""
    utc = when.astimezone(UTC)
    return f"{utc:%b} {utc.day:2d} {utc:%H:%M:%S}"


def local(when: datetime) -> str:
    """Return a time as access logs have it."""
    return f"{when.astimezone(UTC):%d/%b/%Y:%H:%M:%S +0000}"


# -- forms of values -------------------------------------------------------------------------------


def b64(value: str) -> str:
    """Return base64 of a text."""
    return base64.b64encode(value.encode()).decode()


def change_keys(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON of which every key is changed."""
    if isinstance(value, dict):
        return {change(key): change_keys(each, change) for key, each in value.items()}
    return value


def capitals(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON of which every key begins with a capital letter, as .NET writes it."""
    return change_keys(value, lambda key: key[:1].upper() + key[1:])


def type_values(value: Any, names: dict[type, str], of_object: Callable[[Event], Event]) -> Event:  # noqa: ANN401
    """Return JSON with the type of each value: `{"S": "a text"}`."""
    if isinstance(value, dict):
        return of_object({key: type_values(each, names, of_object) for key, each in value.items()})
    if type(value) in (int, float) and type(value) not in names:
        return {names[str]: str(value)}
    return {names[type(value)]: str(value) if type(value) is int else value}


def dynamo(value: object) -> Event:
    """Return DynamoDB's typed JSON."""
    return type_values(value, {str: "S", int: "N", bool: "BOOL"}, lambda members: {"M": members})


def firestore(value: object) -> Event:
    """Return Firestore's typed JSON."""
    return type_values(
        value,
        {str: "stringValue", int: "integerValue", bool: "booleanValue"},
        lambda members: {"mapValue": {"fields": members}},
    )


def otlp(value: object) -> Event:
    """Return OTLP's AnyValue."""
    return type_values(
        value,
        {str: "stringValue", int: "intValue", bool: "boolValue"},
        lambda members: {
            "kvlistValue": {"values": [{"key": k, "value": v} for k, v in members.items()]}
        },
    )
