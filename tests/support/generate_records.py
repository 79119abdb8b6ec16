"""Hypothesis strategies: hostile logs, to compare the package's reading with the model.

`facts()` are what an event says; `wrapped()` gives a record that holds such an event in one of the
wrappings, as a line of text; `logs()` gives bytes of everything at once, with damage. Junk beside
an event comes in two kinds: `unrelated_members()`, which by the definitions can say nothing beside
any event, and `hostile_members()`, which may win or lose, but alike for the package and the model.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from hypothesis import strategies as st

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCK_MS = (datetime(2026, 3, 1, 12, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)
OLDEST_MS = (datetime(2015, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)
KINDS = [
    "triggered", "engaged", "completed", "closed", "input_phone", "input_email", "meeting_booked",
    "live_chat_requested", "live_chat_initiated", "live_chat_ended", "live_chat_request_timeout",
]  # fmt: skip
NAMES = [
    "CONVERSATION_{}", "conversation_{}", "Conversation {}", "Enum.Events.CONVERSATION_{}",
    "dc_conversation_{}", "chat_{}", "Dynamic Chat: Conversation {}", "adobedx.conversations_{}",
]  # fmt: skip

Record = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """Hold what an event says."""

    kind: str
    spelling: str
    ts_ms: int
    sid: str
    id: str | None
    name: str | None
    type: str | None
    ui_type: str | None
    page: str
    agent_id: str | None
    agent_name: str | None

    @property
    def payload(self) -> Record:
        """Return the payload with Adobe's keys, absent ones aside."""
        found = {
            "name": self.name,
            "id": self.id,
            "type": self.type,
            "uiType": self.ui_type,
            "sid": self.sid,
            "agentID": self.agent_id,
            "agentName": self.agent_name,
        }
        return {key: value for key, value in found.items() if value is not None}

    @property
    def iso(self) -> str:
        """Return the time as browsers write it."""
        return iso(self.ts_ms)

    @property
    def canonical(self) -> Record:
        """Return the canonical record."""
        return {
            "event": self.spelling,
            "timestamp": self.iso,
            "page": self.page,
            "data": {"payload": self.payload},
        }

    @property
    def flat(self) -> Record:
        """Return all in one object."""
        return {"event": self.spelling, "timestamp": self.iso, "page": self.page, **self.payload}


def iso(ms: int) -> str:
    """Return a time in ISO 8601 with milliseconds."""
    moment = EPOCH + timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def dump(value: Any) -> str:
    """Return JSON as JavaScript writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


# --- Texts of strangers ----------------------------------------------------------------------

OTHER_EVENT = dump(
    {
        "event": "CONVERSATION_CLOSED",
        "timestamp": "2025-01-01T00:00:00Z",
        "page": "https://evil.example/",
        "data": {"payload": {"sid": "evil", "id": "evil", "name": "evil", "type": "t"}},
    }
)
HOSTILE_TEXTS = [
    OTHER_EVENT,
    dump(OTHER_EVENT),
    base64.b64encode(OTHER_EVENT.encode()).decode(),
    quote(OTHER_EVENT, safe=""),
    "event=CONVERSATION_CLOSED&sid=evil&id=evil",
    "https://evil.example/?event=CONVERSATION_CLOSED&sid=evil",
    f"https://evil.example/?data={quote(OTHER_EVENT, safe='')}",
    "CONVERSATION_CLOSED",
    "conversation closed",
    "closed",
    "2025-01-01T00:00:00Z",
    "1735689600",
    '{"sid":"evil"',
    '"}}}',
    "[{",
    "\\",
    "]}",
    "null",
    "7.0",
    "é\u0301\u202e\ufeff\x00\n",
    "😀" * 3,
    "a" * 513,
]


def hostile_texts() -> st.SearchStrategy[str]:
    """Return texts that visitors write: other events, times, brackets, odd characters."""
    return st.one_of(
        st.sampled_from(HOSTILE_TEXTS),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    )


def short_texts() -> st.SearchStrategy[str]:
    """Return texts of ids and names, some of them of strangers."""
    plain = st.text("abcXYZ019 -_.:/é", min_size=1, max_size=8)
    return st.one_of(plain, plain, st.sampled_from([t for t in HOSTILE_TEXTS if len(t) < 400]))


def facts() -> st.SearchStrategy[Facts]:
    """Return what events say."""
    optional = st.one_of(st.none(), short_texts())
    return st.builds(
        _facts,
        st.sampled_from(KINDS),
        st.sampled_from(NAMES),
        st.integers(OLDEST_MS, CLOCK_MS),
        st.text("abcdef0123456789-", min_size=1, max_size=8),
        optional,
        optional,
        optional,
        st.sampled_from([None, "popup", "chatbot", "inline"]),
        st.sampled_from(["https://www.example.com/p", "/", "https://e.com/ü"]),
        optional,
        optional,
    )


def _facts(kind: str, name: str, ts_ms: int, sid: str, *rest: Any) -> Facts:
    """Return facts with the event's name in one of its spellings."""
    upper = name.startswith(("CONVERSATION", "Enum"))
    spelled = name.format(kind.upper() if upper else kind)
    return Facts(kind, spelled, ts_ms, sid, *rest)


# --- Wrappings -------------------------------------------------------------------------------

#: What a wrapping makes of an event, and the facts that it keeps.
Wrapping = Callable[[Facts], tuple[str, Facts]]


def _one(make: Callable[[Facts], Any]) -> Wrapping:
    """Return a wrapping that keeps all facts, one JSON value a line."""
    return lambda event: (dump(make(event)), event)


def _no_page(make: Callable[[Facts], Any]) -> Wrapping:
    """Return a wrapping that keeps all but the page."""
    return lambda event: (dump(make(event)), replace(event, page=""))


def _line(make: Callable[[Facts], str]) -> Wrapping:
    """Return a wrapping that is a line of text."""
    return lambda event: (make(event), event)


def _mongo(event: Facts) -> Record:
    """Return an event as mongoexport writes it."""
    timestamp = {"$date": {"$numberLong": str(event.ts_ms)}}
    return {"_id": {"$oid": "654300000000000000000000"}, **event.canonical, "timestamp": timestamp}


def _dynamo(value: Any) -> Record:
    """Return a value in DynamoDB's types."""
    if isinstance(value, dict):
        return {"M": {key: _dynamo(item) for key, item in value.items()}}
    return {"S": value}


def _firestore(value: Any) -> Record:
    """Return a value in Firestore's types."""
    if isinstance(value, dict):
        return {"mapValue": {"fields": {key: _firestore(item) for key, item in value.items()}}}
    return {"stringValue": value}


def _pairs(members: Record, value: Callable[[str], Any], key: str = "key") -> list[Record]:
    """Return an object as an array of pairs."""
    return [{key: name, "value": value(item)} for name, item in members.items()]


def _ga4(event: Facts) -> Record:
    """Return an event of GA4's export to BigQuery."""

    def value(text: str) -> Record:
        return {"string_value": text, "int_value": None, "float_value": None, "double_value": None}

    session = {"key": "ga_session_id", "value": {"string_value": None, "int_value": "1762160400"}}
    return {
        "event_date": "20251103",
        "event_timestamp": str(event.ts_ms * 1000),
        "event_name": event.spelling,
        "event_params": [session, *_pairs({"page_location": event.page, **event.payload}, value)],
        "user_pseudo_id": "u.1",
    }


def _docker(event: Facts) -> Record:
    """Return a line of Docker's json-file."""
    return {"log": dump(event.canonical) + "\n", "stream": "stdout", "time": iso(event.ts_ms + 7)}


def _later(event: Facts) -> str:
    """Return the time at which a collector got an event."""
    return iso(min(event.ts_ms + 1234, CLOCK_MS))


WRAPPINGS: dict[str, Wrapping] = {
    "canonical": _one(lambda e: e.canonical),
    "flat": _one(lambda e: e.flat),
    "upper keys": _one(lambda e: {key.upper(): value for key, value in e.flat.items()}),
    "chat_ keys": _one(
        lambda e: {
            "event_name": e.spelling,
            "event_timestamp": e.ts_ms * 1000,
            "page_location": e.page,
            **{f"chat_{key}": value for key, value in e.payload.items()},
        }
    ),
    "dotted keys": _one(
        lambda e: {
            "event": e.spelling,
            "timestamp": e.iso,
            "page": e.page,
            **{f"data.payload.{key}": value for key, value in e.payload.items()},
        }
    ),
    "pino": _one(
        lambda e: {"level": 30, "time": e.ts_ms + 12, "pid": 1, "msg": "dc", "body": e.canonical}
    ),
    "winston": _one(
        lambda e: {"level": "info", "message": dump(e.canonical), "timestamp": _later(e)}
    ),
    "gelf": _one(
        lambda e: {"version": "1.1", "short_message": dump(e.canonical), "timestamp": 1762160400.2}
    ),
    "docker": _one(_docker),
    "splunk": _one(lambda e: {"_raw": dump(e.canonical), "_time": _later(e), "host": "w1"}),
    "sns": _one(
        lambda e: {"Type": "Notification", "Message": dump(e.canonical), "Timestamp": _later(e)}
    ),
    "text of payload": _one(lambda e: {**e.canonical, "data": {"payload": dump(e.payload)}}),
    "text of data": _one(lambda e: {**e.canonical, "data": dump({"payload": e.payload})}),
    "text in text": _one(lambda e: {"log": dump({"message": dump(e.canonical)})}),
    "pub/sub": _one(
        lambda e: {
            "message": {
                "data": base64.b64encode(dump(e.canonical).encode()).decode(),
                "publishTime": _later(e),
            }
        }
    ),
    "form": _one(lambda e: {"time": _later(e), "body": "data=" + quote_plus(dump(e.canonical))}),
    "form fields": _one(
        lambda e: {
            "body": urlencode(
                {"event": e.spelling, "timestamp": e.iso, "page": e.page, **e.payload}
            )
        }
    ),
    "percent": _one(lambda e: {"body": quote(dump(e.canonical), safe="")}),
    "request": _one(
        lambda e: {
            "request": "GET /dc?"
            + urlencode({"event": e.spelling, "timestamp": e.iso, "page": e.page, **e.payload})
            + " HTTP/1.1"
        }
    ),
    "segment": _no_page(
        lambda e: {
            "type": "track",
            "event": e.spelling,
            "messageId": "m-1",
            "properties": e.payload,
            "originalTimestamp": e.iso,
            "timestamp": _later(e),
            "receivedAt": _later(e),
        }
    ),
    "mixpanel": _no_page(
        lambda e: {"event": e.spelling, "properties": {"time": e.ts_ms, **e.payload}}
    ),
    "app insights": _no_page(
        lambda e: {
            "time": e.iso,
            "itemType": "customEvent",
            "name": e.spelling,
            "customDimensions": e.payload,
        }
    ),
    "ga4": _one(_ga4),
    "open telemetry": _one(
        lambda e: {
            "timeUnixNano": str(e.ts_ms * 1_000_000),
            "body": {
                "kvlistValue": {
                    "values": _pairs(
                        {"event": e.spelling, "page": e.page, **e.payload},
                        lambda text: {"stringValue": text},
                    )
                }
            },
        }
    ),
    "mongo": _one(_mongo),
    "dynamo": _one(lambda e: {"Item": _dynamo(e.canonical)["M"]}),
    "firestore": _one(lambda e: {"fields": _firestore(e.canonical)["mapValue"]["fields"]}),
    "pretty": _line(lambda e: json.dumps(e.canonical, indent=2)),
    "array": _line(lambda e: f"[{dump(e.canonical)}]"),
    "prefix": _line(lambda e: f"{_later(e)} [INFO] dc: {dump(e.canonical)}"),
    "console": _line(lambda e: f"dc.js:14 {dump(e.canonical)}"),
    "fluent bit": _line(lambda e: f"[0] dc: [1762160400.1, {dump(e.canonical)}]"),
    "monolog": _line(lambda e: f"[2025-11-03 09:00:00] dc.INFO: x {dump(e.canonical)} []"),
    "logfmt": _line(lambda e: f"level=info body={dump(dump(e.canonical))}"),
    "text line": _line(lambda e: dump(dump(e.canonical))),
    "cri": _line(lambda e: f"{_later(e)} stdout F {dump(e.canonical)}"),
}


def wrapped(name: str, event: Facts) -> tuple[str, Facts]:
    """Return an event in a wrapping, and the facts that the wrapping keeps."""
    return WRAPPINGS[name](event)


# --- Several events in one record ------------------------------------------------------------

Several = Callable[[list[Facts]], str]
SEVERAL: dict[str, Several] = {
    "list": lambda events: dump({"events": [e.canonical for e in events]}),
    "messages": lambda events: dump({"Messages": [{"Body": dump(e.canonical)} for e in events]}),
    "rows": lambda events: dump(
        {"tables": [{"name": "P", "rows": [[e.iso, dump(e.canonical)] for e in events]}]}
    ),
    "text of lines": lambda events: dump({"body": "\n".join(dump(e.canonical) for e in events)}),
    "text of an array": lambda events: dump({"body": dump([e.canonical for e in events])}),
    "line of an array": lambda events: dump(dump([e.canonical for e in events])),
    "array": lambda events: dump([e.canonical for e in events]),
    "array over lines": lambda events: (
        "[\n" + ",\n".join(dump(e.canonical) for e in events) + "\n]"
    ),
    "pretty array": lambda events: json.dumps([e.canonical for e in events], indent=2),
    "firebase": lambda events: dump(
        {f"-N{number}": e.canonical for number, e in enumerate(events)}
    ),
    "glued": lambda events: "".join(dump(e.canonical) for e in events),
    "dynamo list": lambda events: dump({"Items": {"L": [_dynamo(e.canonical) for e in events]}}),
    "kafka": lambda events: dump(
        {"records": [{"key": None, "value": e.canonical} for e in events]}
    ),
}


# --- Junk ------------------------------------------------------------------------------------

#: Keys that mean nothing, and keys under which nothing is entered.
UNRELATED_KEYS = [
    "page_title", "user_agent", "referrer", "cookies", "headers", "host", "path", "access_token",
    "request_id", "event_id", "trace", "zzz", "answer", "ip", "geo", "v", "updated_at",
    "expires_at", "start_time", "meetingTime", "timezone",
]  # fmt: skip
HOSTILE_KEYS = [
    *UNRELATED_KEYS, "id", "name", "type", "sid", "session_id", "sessionId", "connect.sid",
    "event", "action", "kind", "message", "msg", "body", "data", "payload", "value", "time", "ts",
    "timestamp", "@timestamp", "level", "received_at", "created_at", "url", "page", "uiType",
    "conversation_id", "chat_id", "agentid", "agentName", "meetingInfo", "params", "properties",
    "event_params", "items", "S", "$date", "a.b", "", "_raw", "original", "request",
]  # fmt: skip


def _values(keys: list[str]) -> st.SearchStrategy[Any]:
    """Return values of junk: texts of strangers, numbers, objects and lists with such keys."""
    scalars = st.one_of(
        hostile_texts(),
        st.sampled_from([None, True, False, 0, -1, 7, 1762160400, 1762160400000, 1.5, 1e300]),
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(keys), inner, max_size=3),
        ),
        max_leaves=6,
    )


def unrelated_members() -> st.SearchStrategy[Record]:
    """Return members that say nothing beside an event, by the definitions."""
    return st.dictionaries(st.sampled_from(UNRELATED_KEYS), _values(UNRELATED_KEYS), max_size=4)


def hostile_members() -> st.SearchStrategy[Record]:
    """Return members that may change what a record says, alike for all who read it."""
    return st.dictionaries(st.sampled_from(HOSTILE_KEYS), _values(HOSTILE_KEYS), max_size=4)


@st.composite
def hostile_records(draw: st.DrawFn) -> str:
    """Return a record with an event and junk in, around and beside it, keys in any order."""
    event = draw(facts())
    inner: Record = draw(st.sampled_from([event.canonical, event.flat, event.payload]))
    record = {**draw(hostile_members()), **inner, **draw(hostile_members())}
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.sampled_from(HOSTILE_KEYS))
        value: Any = draw(st.sampled_from([record, [record], dump(record), [dump(record), record]]))
        record = {**draw(hostile_members()), key: value, **draw(hostile_members())}
    keys = draw(st.permutations(list(record)))
    return dump({key: record[key] for key in keys})


JUNK_LINES = [
    "",
    " \t",
    "[INFO] started",
    "{",
    "}",
    "[",
    "]",
    ",",
    "[]",
    "{}",
    "null",
    "12",
    '"text"',
    "[1, 2]",
    '{"event":"CONVERSATION_EN',
    '{"event":"CONVERSATION_ENGAGED"}',
    '{"event":"CONVERSATION_RATED","data":{"payload":{"sid":"a"}}}',
    '{"event":"adobedx.conversations.ready"}',
    '{"event":"CONVERSATION_ENGAGED","timestamp":NaN}',
    'x {"a": [1, {"b": "c"}]} y',
    'x {"a": 1} {"b": 2}',
    'ing","sid":"x"}}}',
    '{"a": [',
    '  "event": "CONVERSATION_CLOSED",',
    '  "data": {"payload": {"sid": "x"}}',
    'level=info body="{\\"a\\":1}"',
    '1.2.3.4 - - [03/Nov/2025:09:00:00 +0000] "GET /?event=CONVERSATION_CLOSED&sid=x HTTP/1.1" 200',
    f"msg '{OTHER_EVENT}'",
]


def junk_lines() -> st.SearchStrategy[str]:
    """Return lines that hold no event of their own."""
    return st.sampled_from(JUNK_LINES)


# --- Logs ------------------------------------------------------------------------------------


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Return a record, or several, or junk."""
    choice = draw(st.integers(0, 9))
    if choice < 4:
        return wrapped(draw(st.sampled_from(sorted(WRAPPINGS))), draw(facts()))[0]
    if choice < 6:
        several = SEVERAL[draw(st.sampled_from(sorted(SEVERAL)))]
        return several(draw(st.lists(facts(), min_size=1, max_size=3)))
    if choice < 8:
        return draw(hostile_records())
    return draw(junk_lines())


def cut_into_parts(line: str, places: list[int], *, docker: bool) -> list[str]:
    """Return a line in the parts into which Docker or CRI cuts it."""
    ends = sorted({place % (len(line) + 1) for place in places} - {0, len(line)})
    parts = [line[a:b] for a, b in zip([0, *ends], [*ends, len(line)], strict=True)]
    if docker:
        parts[-1] += "\n"
        return [
            dump({"log": part, "stream": "stdout", "time": "2025-11-03T09:00:00Z"})
            for part in parts
        ]
    tags = ["P"] * (len(parts) - 1) + ["F"]
    return [
        f"2025-11-03T09:00:00.1Z stdout {tag} {part}" for tag, part in zip(tags, parts, strict=True)
    ]


DAMAGES = [b"\0", b"\0" * 40, b"\xef\xbb\xbf", b"\x1e", b"\xff", b"\xc3", b"{", b"}", b'"', b"\r"]


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Return a log with bytes put in, line ends lost, a part lost, or its end cut off."""
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(data)))
        what = draw(st.integers(0, 4))
        if what == 0:
            data = data[:place] + draw(st.sampled_from(DAMAGES)) + data[place:]
        elif what == 1:
            data = data[:place] + data[place:].replace(b"\n", b"", 1)
        elif what == 2:
            data = data[:place]
        elif what == 3:
            data = data[:place] + data[place + draw(st.integers(0, 60)) :]
        else:  # between lines, where crashes put them
            mark = draw(st.sampled_from(DAMAGES[:4]))
            data = data.replace(b"\n", b"\n" + mark, place % 4)
    return data


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """Return a log of anything."""
    parts: list[str] = []
    for line in draw(st.lists(lines(), max_size=5)):
        how = draw(st.integers(0, 9))
        if how == 0 and "\n" not in line:
            places = draw(st.lists(st.integers(1, 300), max_size=3))
            parts += cut_into_parts(line, places, docker=draw(st.booleans()))
        else:
            parts.append(line)
    separator = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", ",\n", "\n\x1e"]))
    text = separator.join(parts) + draw(st.sampled_from(["", "\n"]))
    return draw(damaged(text.encode()))
