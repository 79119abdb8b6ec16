"""Lines of hostile records, many a second: keys that matter in odd places, texts that may say all.

Plain random numbers, no strategies: a scanner that knows a form must read thousands of other
records of it.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
from typing import Any
from urllib.parse import quote, urlencode

from generate_records import HOSTILE_KEYS
from layered_lines import make_pairs, make_texts

MORE_KEYS = [
    *("Event", "eventName", "event_type", "user_event", "name", "type", "dc_id", "chatName"),
    *("conversation_name", "dialogueId", "SID", "chat_sid", "payload", "data", "props", "context"),
    *("string", "N", "_seconds", "_nanoseconds", "nanos", "stringValue", "mapValue", "fields"),
    *("values", "arrayValue", "long", "key", "field", "value", "data.payload.sid", "event.name"),
    *("data.event", "log", "raw", "content", "severity", "request_uri", "args", "query", "uri"),
    *("href", "location", "current_url", "occurredAt", "t", "created", "client_time", "stream"),
    *("über", "ключ", "logged_at", "timeStamp", "start", "x-sid", "$sid", "session", "a", "b", "c"),
]
KEYS = [*HOSTILE_KEYS, *MORE_KEYS]
NAMES = [
    *("CONVERSATION_TRIGGERED", "CONVERSATION_CLOSED", "conversationEngaged", "closed", "Engaged"),
    *("adobedx.conversations.ready", "chat_live_timeout", "Dynamic Chat: Conversation Completed"),
    *("CONVERSATION_RATED", "page_view", "dc_open", "chat", "events", "enum_chat", "click"),
    *("conversation closed!", "CONVERSATION_ENGAGED ", "conversation_chat_closed"),
]
TIMES = [
    *("2025-11-03T09:00:00Z", "2025-11-03 09:00:00.5+01:00", "1970-01-01T00:00:00Z", "1762160400"),
    *("2025-11-03T24:00:00Z", "2025-13-03T09:00:00Z", "03/Nov/2025:09:00:00 +0000", "1e5", "-5"),
    *("Mon, 03 Nov 2025 08:00:00 GMT", "2025-11-03T09:00Z", "2099-01-01T00:00:00,5", "17:00"),
    *("1762160400.123", "1762160400123", "1762160400123456", "1762160400123456789", "+1762160400"),
    *("2025-11-03T09:00:60.9Z", "2025-11-03T09:00:00 UTC", "2014-12-31T23:59:59.999Z", "soon"),
    *("Mon Nov 03 2025 09:00:00 GMT+0100 (CET)", "00001762160400", "2025-02-29T00:00:00Z"),
]
TEXTS = [
    *("", "x", "a b", "https://e.com/p?q#f", "?q", "#f", "{}", "[1]", "{x", "[INFO] up", '"x"'),
    *("a=b", "event=CONVERSATION_CLOSED&sid=z", "%7B%22a%22%3A1%7D", "sid-1", "d1", "dialogue"),
    *("popup", "ümläut 🎉", "tab\tand\nline", 'quote"back\\slash', "\x00", "e" * 513, "é" * 513),
    *("GET /?event=CONVERSATION_CLOSED&sid=zz HTTP/1.1", "hello world this is text", "info"),
]
PREFIXES = [
    *(
        "Nov  3 09:15:02 host app[9]: ",
        "[INFO] ",
        "2025-11-03T09:00:00Z ",
        "[12] ",
        "1762160400.1 ",
    ),
    *("2025-11-03T09:00:00Z stdout F ", "2025-11-03T09:00:00Z stdout P ", "tag: [17.1, ", "x {a} "),
    *(
        '"a" 12 ',
        "true, ",
        "] ",
        "[",
        '127.0.0.1 - - "GET / HTTP" 200 ',
        "msg=",
        "x [] ",
        "f{ ",
        "[x ",
    ),
    *("été ", "body=", "'", "\\", "t", "1 2 3 ", "[1] [2] ", "-", "null:", "x {", "[[ ", "a]b} "),
]
SUFFIXES = [
    "",
    "",
    " from x in 0.1s",
    "]",
    " ]",
    "}",
    "12",
    " true",
    " dc.js:12:13",
    "'",
    ' "x"',
    "x{",
    "\r",
]
JUNK = [
    *(
        "INFO started",
        "[INFO] up",
        "12",
        "true",
        '"text"',
        "[1, 2]",
        "a {",
        "a {x}",
        "12 {x}",
        "[",
        "]",
    ),
    *(
        'say "hi"',
        'say "[hi]"',
        'body="{\\"a\\":1}"',
        "x [] y",
        "[a] [b]",
        "-",
        "t",
        "[12",
        "été",
        "x\\",
    ),
    *(
        '"abc',
        "1.2.3.4 - -",
        "[1.5",
        "tru",
        "{}",
        "{} {}",
        "x {}",
        "[{}",
        '"a" "b"',
        'a "b" {',
        "n\0",
    ),
]
BEGUN = [
    '{"a":',
    '{"a":',
    '{"a":[',
    '{"a":1,',
    "{",
    '{"a":{"b":1,',
    '{"a":[1,',
    ' {"a"',
    '{"a',
    '{"a":"',
]
"""Values that may go on."""
NUMBERS = [0, -1, 7, 12, 1762160400, 1762160400123, 1.5, 1e300, 7.0, True, False, None]


class HostileLines:
    """Makes lines; `rate` is how often a value is one that may say something."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._last: Any = {}

    def line(self) -> bytes:
        """Return a line without its LF."""
        pick = self.random
        if pick.random() < 0.8:
            value = self.vary(self._last)
        else:
            value = self._last = self.record()
            if pick.random() < 0.2:
                value = self._last = self.wrap(value)
        separators = pick.choice([(",", ":"), (", ", ": ")])
        text = json.dumps(value, ensure_ascii=pick.random() < 0.5, separators=separators)
        if pick.random() < 0.05:
            text = text.replace("/", "\\/").replace("e", "\\u0065", pick.randrange(3))
        if pick.random() < 0.15:
            text = pick.choice(PREFIXES) + text + pick.choice(SUFFIXES)
        elif pick.random() < 0.05:
            text = pick.choice(JUNK) + pick.choice(SUFFIXES)
        elif pick.random() < 0.1:
            text = pick.choice(BEGUN)
        line = text.encode()
        if pick.random() < 0.15:
            line = self.damage(line)
        return line.replace(b"\n", b"")

    def damage(self, line: bytes) -> bytes:
        """Return a line with a byte less, more, or another."""
        pick = self.random
        at, other = pick.randrange(len(line) + 1), pick.choice(b' ,{}[]":\\\0\x1e\xff\xc3ux1')
        how = pick.randrange(5)
        if how == 0:
            return line[:at]
        if how == 1:
            return line[:at] + bytes([other]) + line[at:]
        if how == 2:
            return line[:at] + line[at + 1 :]
        if how == 3:
            return bytes([other]) + line + pick.choice([b"", b"\r", b" ,", b"\0", b"x", b"{"])
        return pick.choice([b"\xef\xbb\xbf", b"\x1e", b"\0\0", b" ", b","]) + line

    def record(self) -> dict[str, Any]:
        """Return a record, most often with an event and some junk, its keys in any order."""
        pick = self.random
        payload = {
            key: self.text() if pick.random() < 0.2 else value
            for key, value in (
                ("name", "Pricing"),
                ("id", "d1"),
                ("type", "dialogue"),
                ("uiType", "popup"),
                ("sid", f"s{pick.randrange(9)}"),
                ("agentID", "a1"),
                ("agentName", "Anna"),
                ("meetingInfo", pick.choice([{"at": "x"}, "", None, [1], [], {"S": ""}])),
            )
            if pick.random() < 0.75
        }
        event = {"event": pick.choice(NAMES), "timestamp": pick.choice(TIMES), "page": self.text()}
        how = pick.randrange(6)
        if how < 3:
            record: dict[str, Any] = {**event, "data": {"payload": payload}}
        elif how == 3:
            record = {**event, **payload}
        elif how == 4:
            record = {**event, pick.choice(KEYS): payload}
        else:
            record = {"event": pick.choice(NAMES)}
        places = [record, payload]
        for _ in range(pick.choice([0, 0, 1, 1, 2, 3, 6])):
            pick.choice(places)[pick.choice(KEYS)] = self.value(2)
        if pick.random() < 0.4:
            record = self.shuffle(record)
        return record

    def wrap(self, value: Any) -> Any:
        """Return a record in another, as an object, a list, or a text."""
        pick = self.random
        key = pick.choice(KEYS)
        inner = pick.choice(
            [
                *(value, [value], [value, value], json.dumps(value), json.dumps([value])),
                *(json.dumps(value) + "\n", f"x {json.dumps(value)}", {"a": value, "b": value}),
                base64.b64encode(json.dumps(value).encode()).decode(),
                quote(json.dumps(value)),
                urlencode({"event": "CONVERSATION_CLOSED", "sid": "f"}),
            ]
        )
        outer = {key: inner}
        for _ in range(pick.randrange(3)):
            outer[pick.choice(KEYS)] = self.value(1)
        return self.shuffle(outer)

    def shuffle(self, value: Any) -> Any:
        """Return a value with the keys of all objects in another order."""
        if not isinstance(value, dict):
            return value
        members = [(key, self.shuffle(each)) for key, each in value.items()]
        self.random.shuffle(members)
        return dict(members)

    def vary(self, value: Any) -> Any:
        """Return the same keys with other texts here and there, in another order now and then."""
        pick = self.random
        if isinstance(value, dict):
            members = [(key, self.vary(each)) for key, each in value.items()]
            if pick.random() < 0.2:
                pick.shuffle(members)
            return dict(members)
        if isinstance(value, list):
            return [self.vary(each) for each in value]
        if isinstance(value, str) and pick.random() < 0.2:
            return self.text()
        return value

    def text(self) -> str:
        """Return a text that says something, or nothing."""
        return self.random.choice(self.random.choice([NAMES, TIMES, TEXTS, TEXTS]))

    def value(self, depth: int) -> Any:
        """Return any JSON value."""
        pick = self.random
        how = pick.randrange(10)
        if how < 5 or depth == 0:
            return self.text()
        if how < 7:
            return pick.choice(NUMBERS)
        if how == 7:
            return [self.value(depth - 1) for _ in range(pick.randrange(4))]
        size = pick.randrange(4)
        return {pick.choice(KEYS): self.value(depth - 1) for _ in range(size)}


LIST_KEYS = [
    *("records", "events", "batch", "data", "message", "body", "logs", "payload", "items", "tags"),
    *("event", "value", "doc", "line", "headers", "answers", "page", "meetingInfo"),
]


class Lists:
    """Lines of several records: lists of a few kinds of members, in a few kinds of surroundings."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._made = made = HostileLines(seed)
        pick = self.random
        plain = {"event": "CONVERSATION_ENGAGED", "data": {"payload": {"sid": "s", "id": "d"}}}
        self.members: list[Any] = [
            plain,
            *(made.record() for _ in range(pick.choice([1, 1, 2, 3]))),
            *pick.sample(
                [
                    {"event": "adobedx.conversations.ready"},
                    {"event": "page_view", "name": "x"},
                    {"event": "closed", "sid": "s1"},
                    {"event": "CONVERSATION_CLOSED"},
                    {"name": "x"},
                    {},
                    1,
                    "x",
                    json.dumps(plain),
                    [plain],
                    ["x", json.dumps(plain)],
                    ["x", json.dumps(plain)],
                    {"logs": [plain, {"event": "page_view"}]},
                    {"key": "event", "value": "CONVERSATION_CLOSED"},
                    {"doc": json.dumps(plain)},
                    {"doc": plain},
                ],
                pick.choice([0, 1, 1, 2]),
            ),
        ]
        self.around = [self.surround() for _ in range(pick.choice([1, 1, 2]))]
        self.is_outer = pick.random() < 0.35
        self.quiet = [{"event": "page_view"}, {"event": "adobedx.conversations.ready"}, {"a": 1}]
        """Members that are no events of conversations."""

    def surround(self) -> list[Any]:
        """Return steps from a list of members to a line's value, the innermost first."""
        pick = self.random
        steps: list[Any] = []
        for _ in range(pick.choice([1, 1, 1, 2, 3])):
            how = pick.choice(["object", "object", "object", "text", "lines", "base64", "list"])
            others = self._made.record() if pick.random() < 0.4 else {"id": 1, "time": "x"}
            few = pick.sample(sorted(others), pick.randrange(min(3, len(others)) + 1))
            if pick.random() < 0.15:
                others = {"event": "closed", "sid": "s9", "uiType": "popup"}
                few = sorted(others)
            steps.append((how, pick.choice(LIST_KEYS), {key: others[key] for key in few}))
        return steps

    def line(self) -> bytes:
        """Return a line."""
        pick = self.random
        value: Any = self.list()
        if self.is_outer:
            joined = pick.choice([",", " ", "", ", ", "\x1e"]).join(map(json.dumps, value))
            return pick.choice([joined, f"[{joined}]", f"[{joined}]", f"[[{joined}]]"]).encode()
        for step in pick.choice(self.around):
            value = self.put(value, *step)
        return json.dumps(value, ensure_ascii=pick.random() < 0.5).encode()

    def list(self) -> list[Any]:
        """Return a list of members."""
        pick = self.random
        count = pick.choice([1, 1, 2, 2, 2, 3, 4])
        if pick.random() < 0.2:
            return [pick.choice(self.quiet) for _ in range(count)]
        members = [*self.members, pick.choice(self.quiet)]
        return [self._made.vary(pick.choice(members)) for _ in range(count)]

    def put(self, value: Any, how: str, key: str, others: dict[str, Any]) -> Any:
        """Return an object that holds a list, or an object that does, under a key."""
        pick = self.random
        if how == "text":
            value = json.dumps(value)
        elif how == "lines" and isinstance(value, list):
            value = "\n".join(map(json.dumps, value)) + pick.choice(["", "\n"])
        elif how == "base64":
            value = base64.b64encode(json.dumps(value).encode()).decode()
        elif how == "list":
            value = [value, *([self.list()] if pick.random() < 0.3 else [])]
        before = {each: other for each, other in others.items() if each < key}
        return {**before, key: value, **others}


def make_lists(seed: int, lines: int) -> bytes:
    """Return a block of lines of several records."""
    lists = Lists(seed)
    return b"".join(lists.line() + b"\n" for _ in range(lines))


SPELLED_TIMES = [
    *("03/Nov/2025:09:00:00 +0000", "29/Feb/2023:09:00:00 +0000", "31/Dec/2025:23:59:60 -0100"),
    *("Mon, 03 Nov 2025 08:00:00 GMT", "3 Nov 2025 08:00 EST", "Sat, 3 May 2014 08:00:00 pdt"),
    *("sun,03 dec 2025 08:00:00 +01:00 (x)", "Thu, 03 Nov 0000 08:00:00 Z"),
    *("Mon Nov 03 2025 09:00:00 GMT+0100 (CET)", "Sun Feb 29 2024 24:00:00 UTC-0330"),
    *("03/Nov/2025:09:00 +0000", "Mon Nov 03 2025 09:00 GMT+0100", "03 nov 2025 09:00 -0130"),
    *(
        f"3 Nov 2025 08:00:00 {zone}"
        for zone in ["Z", "UT", "UTC", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"]
    ),
    *("03/Nov/2025:09:00:00 +24:00", "2025-11-03T09:00:00.5+01:00", "1762160400.25"),
]
TIME_SIGNS = "0159:/ ,+-()aNovSutgmTz.\u00e9\u017f\u0130\u0131\u212a"
"""Signs of times, and letters that Python takes for ASCII's in another case."""


def make_times(seed: int, count: int) -> list[str]:
    """Return times in all forms, most of them damaged in a place or two."""
    pick, found = random.Random(seed), []
    for _ in range(count):
        text = pick.choice(SPELLED_TIMES)
        for _ in range(pick.choice([0, 0, 1, 1, 2, 3])):
            at, sign = pick.randrange(len(text) + 1), pick.choice(TIME_SIGNS)
            others = (text[at + 1 :], sign + text[at:], sign + text[at + 1 :])
            swapped = text[at : at + 1].swapcase() + text[at + 1 :]
            text = text[:at] + pick.choice([*others, swapped])
        found.append(text)
    return found


def make_block(seed: int, lines: int) -> bytes:
    """Return a block of such lines."""
    made = HostileLines(seed)
    return b"".join(made.line() + b"\n" for _ in range(lines))


class Families:
    """Lines of small records, many of one form: a few keys, of which each may stand anywhere."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        pick = self.random
        core = ["event", "sid", "data", "payload", "name", "type", "timestamp", "id", "page"]
        self.keys = [*pick.sample(core, 3), *pick.sample(KEYS, pick.randrange(1, 5))]
        self.texts = [
            *pick.sample(NAMES, 3),
            *pick.sample(TIMES, 2),
            *pick.sample(TEXTS, 3),
            "s1",
            '{"event":"CONVERSATION_CLOSED","sid":"t"}',
        ]

    def line(self) -> bytes:
        """Return one JSON object."""
        return self.write(self.members(2, is_root=True)).encode()

    def members(self, depth: int, *, is_root: bool = False) -> list[tuple[str, Any]]:
        """Return the members of an object, equal keys now and then."""
        pick = self.random
        count = pick.choice([0, 1, 1, 2, 2, 3, 4])
        found = [(pick.choice(self.keys), self.value(depth)) for _ in range(count)]
        if pick.random() < 0.93:
            found = list(dict(found).items())
        if is_root and pick.random() < 0.8:
            for key, texts in (("event", NAMES[:5]), ("sid", ["s1", "s2"])):
                if all(each != key for each, _ in found):
                    found.insert(pick.randrange(len(found) + 1), (key, pick.choice(texts)))
        return found

    def value(self, depth: int) -> Any:
        """Return a value: objects as lists of members, arrays as tuples."""
        pick = self.random
        how = pick.random()
        if how < 0.55 or depth == 0:
            return pick.choice(self.texts)
        if how < 0.68:
            return pick.choice(NUMBERS)
        if how < 0.82:
            return tuple(self.value(depth - 1) for _ in range(pick.choice([0, 1, 1, 2, 3])))
        if how < 0.85:
            key = pick.choice(["key", "name", "field"])
            return tuple(
                [(key, pick.choice([*self.keys, 1])), ("value", self.value(0))]
                for _ in range(pick.choice([1, 1, 2]))
            )
        return self.members(depth - 1)

    def write(self, value: Any) -> str:
        """Return the JSON text of a value."""
        if isinstance(value, list):
            members = (f"{json.dumps(key)}:{self.write(each)}" for key, each in value)
            return "{" + ",".join(members) + "}"
        if isinstance(value, tuple):
            return "[" + ",".join(self.write(each) for each in value) + "]"
        return json.dumps(value, ensure_ascii=False)


def make_family(seed: int, lines: int) -> bytes:
    """Return a block of lines of one family."""
    family = Families(seed)
    return b"".join(family.line() + b"\n" for _ in range(lines))


def make_mixture(seed: int, lines: int) -> list[bytes]:
    """Return a log of lines, values over lines, arrays, halves of them, cut into blocks."""
    made, pick = HostileLines(seed), random.Random(seed)
    parts = []
    for _ in range(lines):
        value = made.vary(made.record())
        line = json.dumps(value).encode()
        how = pick.randrange(10)
        if how < 3:
            parts.append(json.dumps(value, indent=pick.choice([0, 1, 2])).encode())
        elif how == 3:
            whole = json.dumps([value, made.record()], indent=1).encode()
            parts.append(whole[: pick.choice([len(whole), pick.randrange(len(whole))])])
        elif how == 4:
            whole = json.dumps(value, indent=1).encode()
            at = pick.randrange(len(whole))
            parts.append(whole[:at] + pick.choice([b"", b"\n", line, b"\n" + line]) + whole[at:])
        elif how == 5:
            parts.append(pick.choice([b"[", b"]", b"{", b'{"a":', b"", b",", b"x {", b"]}", b'"']))
        else:
            parts.append(pick.choice([line, line + b",", made.line(), made.line()]))
    data = b"\n".join(parts) + pick.choice([b"\n", b""])
    ends = [at + 1 for at, byte in enumerate(data) if byte == 10 and pick.random() < 0.05]
    cuts = [0, *ends, len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(cuts) if begin < end]


BLOCKS = (make_block, make_family, make_lists, make_texts, make_pairs)
"""Makers of blocks, each of a seed and a number of lines."""
