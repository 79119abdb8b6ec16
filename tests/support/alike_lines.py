"""Lines alike: the same bytes between their values, and values that mean something else."""

import base64
import functools
import json
import random
import zlib
from typing import Any
from urllib.parse import quote, quote_plus

from hostile_lines import LIST_KEYS, NAMES, NUMBERS, TEXTS, TIMES, HostileLines, Lists

CANONICAL = {
    "event": "CONVERSATION_TRIGGERED",
    "timestamp": "2026-03-02T09:15:04.123Z",
    "page": "https://example.com/a?b=c#d",
    "level": "info",
    "message": "received",
    "request": "GET /",
    "tags": ["a", 1, None],
    "data": {
        "payload": {
            "id": "d-1",
            "name": "Welcome",
            "type": "dialogue",
            "uiType": "chatbot",
            "sid": "s-1",
            "agentID": 7.0,
            "agentName": None,
        }
    },
}
LOGGED = {
    "timestamp": "2026-03-02T09:15:04Z",
    "sid": "s-2",
    "message": "received",
    "request": "GET /",
    "name": "CONVERSATION_CLOSED",
}
_EVENT = '{"event":"CONVERSATION_ENGAGED","sid":"t","name":"other"}'
EVENT_TEXTS = [
    _EVENT,
    f"[{_EVENT}]",
    f"said: {_EVENT}",
    base64.b64encode(_EVENT.encode()).decode(),
    "event=CONVERSATION_ENGAGED&sid=t",
    "POST /collect?event=CONVERSATION_ENGAGED&sid=t HTTP/1.1",
]
SIGNS = ["", " ", "é", "\\", '"', "\n", "x" * 520, "?q", "#", "null", "{}", "s-1", "Chat Closed"]


def make_alike(seed: int, lines: int) -> bytes:
    """Return families of lines: one three times, and then that one with other values."""
    pick = random.Random(seed)
    records = HostileLines(seed)
    made: list[str] = []
    while len(made) < lines:
        record = pick.choice([CANONICAL, LOGGED, records.record()])
        wrap = pick.choice(WRAPS)
        dump = functools.partial(
            json.dumps,
            separators=pick.choice([(",", ":"), (", ", ": ")]),
            ensure_ascii=pick.random() < 0.8,
        )
        made += [dump(wrap(record, ""))] * 3
        for _ in range(8):
            end = pick.choice(ENDS) if pick.random() < 0.3 else ""
            line = dump(_change_some(wrap(_change_values(record, pick), end), pick))
            made.append(line.replace("INFO [dc] ", pick.choice(PREFIXES)))
    return "".join(line.replace("\n", " ") + "\n" for line in made[:lines]).encode(
        "utf-8", "surrogatepass"
    )


def make_in_turns(seed: int, lines: int) -> bytes:
    """Return lines of two kinds in turns, of which one may need more of its texts."""
    pick = random.Random(seed)
    made: list[str] = []
    while len(made) < lines:
        records = [CANONICAL, pick.choice([LOGGED, {}, {"message": "received"}])]
        before, behind = pick.choice([("", ""), ("dc: [[1770000000.5, {}], ", "]"), ("dc: ", "")])
        for number in range(40):
            record = records[number % 2] if pick.random() < 0.9 else pick.choice(records)
            record = _change_values(record, pick) if pick.random() < 0.1 else record
            record = _change_some(record, pick) if pick.random() < 0.1 else record
            made.append(before + json.dumps(record) + behind)
    return "".join(f"{line}\n" for line in made[:lines]).encode("utf-8", "surrogatepass")


def make_alike_lists(seed: int, lines: int) -> bytes:
    """Return lines of several records: of few members each has some, at times with other values."""
    pick = random.Random(seed)
    made: list[str] = []
    while len(made) < lines:
        lists = Lists(pick.randrange(1 << 30))
        steps = pick.choice(lists.around)
        others = [lists.members[0], LOGGED, *lists.quiet, *lists.members]
        members = [CANONICAL, *pick.sample(others, 3)]
        dump = functools.partial(json.dumps, ensure_ascii=pick.random() < 0.8)
        if pick.random() < 0.6:
            steps = [(pick.choice(["object", "lines"]), pick.choice(LIST_KEYS), {"level": "info"})]
        for _ in range(40):
            count = pick.choice([1, 2, 2, 3, 5])
            value: Any = [pick.choice(members) for _ in range(count)]
            value = _change_values(value, pick) if pick.random() < 0.2 else value
            for how, key, beside in steps:
                value = lists.put(value, how, key, _change_some(beside, pick))
            made.append(dump(value))
    return "".join(f"{line}\n" for line in made[:lines]).encode("utf-8", "surrogatepass")


ENDS = [" ", "x", ",", "{}", "]", _EVENT]
"""What may follow the JSON in a text."""


def _keep(record: Any, _: str) -> Any:
    return record


def _wrap_docker(record: Any, end: str) -> Any:
    return {
        "log": json.dumps(record) + end + "\n",
        "stream": "stdout",
        "time": "2026-03-02T09:15:05Z",
    }


def _wrap_body(record: Any, end: str) -> Any:
    return {"level": "info", "message": json.dumps(record, indent=1) + end, "n": 1}


def _wrap_twice(record: Any, end: str) -> Any:
    return _wrap_docker({"body": f" {json.dumps(record)}{end}", "level": "info"}, "")


def _wrap_text(record: Any, end: str) -> str:
    return json.dumps(record) + end


def _wrap_base64(record: Any, end: str) -> Any:
    text = json.dumps(record) + end
    encoded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    return {"message": {"data": encoded, "n": 1}, "kind": "push"}


def _wrap_percent(record: Any, end: str) -> Any:
    text = json.dumps(record) + end
    return {"body": quote(text.encode("utf-8", "surrogatepass"), safe="/"), "time": "soon"}


def _write_form(record: Any) -> str:
    """Return the scalars of a record and of its payload as a form."""
    fields = dict(record) if isinstance(record, dict) else {"body": record}
    data = fields.get("data")
    payload = data.get("payload") if isinstance(data, dict) else None
    fields |= payload if isinstance(payload, dict) else {}

    def encode(value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return quote_plus(text.encode("utf-8", "replace"))

    return "&".join(f"{encode(key)}={encode(each)}" for key, each in fields.items())


def _wrap_form(record: Any, end: str) -> Any:
    return {"body": _write_form(record) + end, "level": "info"}


def _wrap_field(record: Any, end: str) -> Any:
    text = quote(json.dumps(record).encode("utf-8", "surrogatepass"), safe="/!$|") + end
    return {"body": f"data={text}", "level": "info"}


def _wrap_field_beside(record: Any, end: str) -> Any:
    return {"body": f"v=1&{_wrap_field(record, '')['body']}&n=x%7Cy|z!{end}", "level": "info"}


def _wrap_copies(record: Any, end: str) -> Any:
    text = json.dumps(record)
    return {"message": text, "state": {"message": text + end, "format": text}}


def _wrap_request(record: Any, end: str) -> Any:
    return {"request": f"GET /dc.gif?{_write_form(record)}{end} HTTP/1.1", "status": 200}


def _wrap_uri(record: Any, end: str) -> Any:
    return {"ts": "2026-03-02T09:15:05Z", "request_uri": f"/dc?{_write_form(record)}{end}"}


def _wrap_other_key(record: Any, end: str) -> Any:
    return {"req_body": json.dumps(record) + end, "host": "web-1", "at": {"x": "y", "n": ["z"]}}


def _wrap_other_form(record: Any, end: str) -> Any:
    return {"req_body": _write_form(record) + end, "host": "web-1"}


def _wrap_name(record: Any, end: str) -> Any:
    return {"message": json.dumps([record]) + end, "name": "dc", "list": [{"a": "b"}]}


def _wrap_logged(record: Any, end: str) -> Any:
    return {"log": f"INFO [dc] {json.dumps(record)}{end}\n", "stream": "stdout"}


def _wrap_event(record: Any, end: str) -> Any:
    return {"time": 1762160400.5, "event": json.dumps(record) + end, "values": [["1", "{}"]]}


def _wrap_values(record: Any, end: str) -> Any:
    fields = [{"name": "a", "type": "b"}, {"name": "c", "type": "d"}]
    return {"fields": fields, "values": [["1762160400", json.dumps(record) + end]]}


def _wrap_deep(record: Any, end: str) -> Any:
    return {"Records": [_wrap_twice(_wrap_docker(record, ""), end)], "n": 1}


OWN_KEYS = [
    *("-N0", "-N1x", "-OaB3dE5fG7hI9jK1lM3", "evt_0001", "5d1c9f0e-0001", "c0ffee42"),
    *("aB3dE5fG7hI9jK1lM3nO5", "-OaBcdEFghIJklMNopQR", "aBcDeFgHiJkLmNoPqRsT", "17", "-1event"),
    *("2at", "3-at", "9_updated", "0time", "1url", "-7.5", "4.event", "1-End", "v2", "time-123"),
    *("-chat-sid", "-data-payload-id", "-timestamp", "-session-id"),
]
"""Keys that look like ids, and keys that mean something, or do not look like one."""


def _wrap_own_key(record: Any, end: str) -> Any:
    number = zlib.crc32(json.dumps(record).encode())
    key, other = OWN_KEYS[number % len(OWN_KEYS)], OWN_KEYS[number // 32 % len(OWN_KEYS)]
    around: dict[str, Any] = {"list": [{key: record}]} if number % 7 == 0 else {key: record}
    if number % 5 == 0:
        around[other] = [end, {"x": {}}, record, {}][number // 1024 % 4]
    return around if number % 3 == 0 else {"events": around, "n": 1}


def _wrap_pairs(record: Any, _: str) -> Any:
    """Return a list of pairs, whose values are typed and whose objects are pairs, too."""

    def type_value(value: Any) -> Any:
        if isinstance(value, dict):
            return {"kvlistValue": {"values": list_pairs(value)}}
        return {"stringValue": value} if isinstance(value, str) else value

    def list_pairs(value: Any) -> list[Any]:
        said = value.items() if isinstance(value, dict) else [("body", value)]
        return [{"key": key, "type": "t", "value": type_value(each)} for key, each in said]

    return {"attributes": list_pairs(record), "n": "x"}


def _wrap_seconds(record: Any, end: str) -> Any:
    time: dict[str, Any] = {"_seconds": 1762160400, "_nanoseconds": 120000000}
    if end:
        time |= {"nanos": 5, "x": None}
    return {"timestamp": time, "body": record}


WRAPS = [
    *(_wrap_own_key, _wrap_pairs, _wrap_seconds),
    *(_keep, _wrap_docker, _wrap_body, _wrap_twice, _wrap_text, _wrap_base64, _wrap_percent),
    *(_wrap_form, _wrap_request, _wrap_uri, _wrap_other_key, _wrap_other_form, _wrap_name),
    *(_wrap_deep, _wrap_logged, _wrap_event, _wrap_values, _wrap_field, _wrap_field_beside),
    _wrap_copies,
]
PREFIXES = [
    *("", " ", "{x} ", "[1] ", "1 2 ", '\\"a\\" ', "12:13 ", "{", "[", "[x] ", ", ", "é ", "\\t"),
]


def _change_some(record: Any, pick: random.Random) -> Any:
    """Return a record, or one whose values beside and around a text are others, too."""
    return record if pick.random() < 0.7 else _change_values(record, pick)


def _change_values(value: Any, pick: random.Random) -> Any:
    """Return a value in which some scalars are others, of the same type as a rule."""
    if isinstance(value, dict):
        return {key: _change_values(each, pick) for key, each in value.items()}
    if isinstance(value, list):
        return [_change_values(each, pick) for each in value]
    chance = pick.random()
    if chance < 0.6:
        return value
    if isinstance(value, str) or chance > 0.95:
        texts = pick.choice([NAMES, TIMES, TEXTS, SIGNS, EVENT_TEXTS])
        return str(pick.choice(texts))
    return pick.choice(NUMBERS)


_SURE = '{"event":"CONVERSATION_TRIGGERED","sid":"s",'
FAMILIES = {
    "the class of a time that is a number": [
        f'{_SURE}"timestamp":{time}}}'
        for time in ("1762160400", "1762160401", "5", "946684800", "1762160400.5", "1e400")
    ],
    "which of two names of events": [
        f'{{"event":"CONVERSATION_{one}","name":"CONVERSATION_{two}","sid":"s"}}'
        for one, two in (("CLOSED", "CLOSED"), ("ENGAGED", "CLOSED"), ("CLOSED", "ENGAGED"))
    ],
    "which of several names of events": [
        json.dumps({"message": text, "state": {"message": text, "format": text}})
        for text in (
            f'{{"event":"CONVERSATION_{kind}","sid":"s"}}' for kind in ("CLOSED", "ENGAGED")
        )
    ],
    "a form of one field": [
        json.dumps({"body": f"sessionandevent={text}", "page": page})
        for text, page in (
            (quote('{"event":"CONVERSATION_ENGAGED","sid":"s"}'), "/p"),
            (quote('{"event":"CONVERSATION_ENGAGED","sid":"t"}x'), "/q"),
            (quote(' {"event":"CONVERSATION_ENGAGED","sid":"u"}'), "/r"),
            (quote('[{"event":"CONVERSATION_ENGAGED","sid":"v"}]'), "/s"),
            ("", "/t"),
            ("=", "/u"),
            ("%7B%FF%7D", "/v"),
        )
    ],
    "the end of a field": [
        json.dumps({"body": f"event=CONVERSATION_ENGAGED&name=a{sign}b%2Bc&sid=s{n}"})
        for n, sign in enumerate("x!$|'%+&?#[{\\\"\x7f é~}^")
    ],
    "members of an array that are said once": [
        f'{_SURE}"body":["{one}","{two}"],"page":"{page}"}}'
        for one, two, page in (("b", "b", "/p"), ("c", "d", "/q"), ("", "d", "/q"))
    ],
    "an array or an object beside what names an unknown event": [
        f'{{"events":[{{"event":"page_view"}},{beside}],"id":1}}'
        for beside in ('["x"]', '{"a":1}', '[{"a":1}]', "[]", '["x",{"a":1}]')
    ],
    "the ready event in a request line": [
        f'{{"ts":"2026-03-02T09:15:05Z","request_uri":"{uri}"}}'
        for uri in ("/dc?x=adobedx.conversations.ready&sid=s", "[1]", "/dc?x=1&sid=s")
    ],
    "a typed meeting": [
        f'{_SURE}"data":{{"payload":{{"sid":"s","meetingInfo":{meeting}}}}},"page":"{page}"}}'
        for meeting, page in (
            ('{"M":{"minutes":{"N":"30"}}}', "/p"),
            ('{"M":{}}', "/q"),
            ('{"M":{"S":""}}', "/r"),
            ('{"mapValue":{"fields":{"a":{"S":"b"}}}}', "/s"),
            ('{"mapValue":{"fields":{}}}', "/t"),
            ('{"kvlistValue":{"values":[{"key":"a","value":1},{"key":"b","value":2}]}}', "/v"),
            ('{"kvlistValue":{"values":[{"S":""}]}}', "/w"),
            ('{"kvlistValue":{"values":[]}}', "/x"),
            ('{"kvlistValue":{"values":["",""],"x":1}}', "/y"),
            ('{"S":""}', "/u"),
        )
    ],
    "a typed value that leaves no trace": [
        f'{_SURE}"x":{{"N":"{number}"}},"page":"{page}"}}'
        for number, page in (("5", "/p"), ("6", "/q"), ("", "/q"), ("{}", "/q"))
    ],
    "seconds and what stands beside them": [
        f'{_SURE}"page":"/p","timestamp":{{{time}}}}}'
        for time in (
            '"_seconds":1762160400,"_nanoseconds":120999999',
            '"_seconds":1762160400,"_nanoseconds":1234567890',
            '"_seconds":1762160400,"_nanoseconds":1209.0',
            '"_seconds":1762160400,"_nanoseconds":-5000000',
            '"_seconds":1762160400.0,"_nanoseconds":120000000',
            '"_seconds":1762160400123,"_nanoseconds":120000000',
            '"_seconds":"1762160400","_nanoseconds":120000000',
            '"_seconds":1762160400,"_nanoseconds":"120000000"',
            '"_seconds":1762160400,"_nanoseconds":null',
            '"_seconds":1762160400,"_nanoseconds":{}',
            '"_seconds":1762160400,"nanos":7000000',
            '"_seconds":1762160400,"nanos":7000000,"_nanoseconds":8000000',
            '"_seconds":1762160400,"nanos":7000000,"_nanoseconds":null,"_nanoseconds":8000000',
            '"_seconds":1762160400,"_nanoseconds":120000000,"x":1',
            '"_seconds":1762160400',
        )
    ],
    "keys that a record has of its own": [
        f'{{"events":{{"{key}":{{"event":"CONVERSATION_TRIGGERED","sid":"s","page":"/p"}}{more}}}}}'
        for key, more in (
            *(("-N0", ""), ("-N1", ""), ("0event", ""), ("9-at", ""), ("-1time", "")),
            *(("5url", ""), ("-N2.x", ""), ("-1-End", ""), ("v2", ""), ("-N3\\u0041", "")),
            *(("-N0", ',"-N0":1'), ("-N1", ',"-N0":1'), ("-N1", ',"-N1":{"sid":"t"}')),
            *(("-N4", ',"-N5":{"event":"CONVERSATION_CLOSED","sid":"s"}'), ("-N6", ',"-N6.x":1')),
        )
    ],
    "a text that may hold something": [
        f'{{"event":"CONVERSATION_TRIGGERED","body":"{text}","page":"{page}",'
        '"data":{"payload":{"sid":"s"}}}'
        for text, page in (('{\\"a\\":1, x', "/p"), ('{\\"a\\":2, x', "/q"), ("hello", "/q"))
    ],
    "a text that was tried": [
        f'{_SURE}"body":"{text}","page":"{page}"}}'
        for text, page in (("[1 x", "/p"), ("[2 y", "/q"), ("[7] z", "/q"), ("[1]", "/q"))
    ],
    "pairs": [
        f'{_SURE}"list":[{{"key":"{key}","value":"{value}"}}],"page":"/p"}}'
        for key, value in (("page", "x"), ("a", "x"), ("timestamp", "5"), ("page", ""))
    ],
}
FAMILIES["white space before what is no request line"] = [
    json.dumps({"level": "info", "request": f"{begin}{_EVENT}"})
    for begin in ("\0", " ", "\n", "\x1f", "\xa0", "é", "")
]
FAMILIES["a text that was tried, in a text"] = [
    json.dumps({"log": f"{line}\n"}) for line in FAMILIES["a text that was tried"]
]
FAMILIES["a text that may hold something, in a text"] = [
    json.dumps(
        {
            "event": "CONVERSATION_TRIGGERED",
            "body": json.dumps({"body": text, "level": level}),
            "data": {"payload": {"sid": "s"}},
        }
    )
    for text, level in (('{"a":1, x', "info"), ('{"a":2, x', "warn"), ("hello", "info"))
]
"""Families in which another value may mean another rule, or other places of those behind it."""


def repeat_family(name: str) -> bytes:
    """Return the lines of a family: the first often enough to be known, and all others."""
    first, *others = FAMILIES[name]
    return "".join(f"{line}\n" for line in [first] * 4 + others * 2 + [first]).encode()
