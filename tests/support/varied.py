"""Shapes of logs that real sites vary in: each makes the line of a number.

Whatever a log's lines differ in, the scanner must take them, and say what the judge says.
"""

# ruff: noqa: D102 - a shape is what its name says

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

Record = dict[str, Any]
_KINDS = ["TRIGGERED", "ENGAGED", "INPUT_EMAIL", "COMPLETED", "CLOSED"]
_FIRST_MS = 1_770_000_000_000
_WORDS = ["quick", '"hello"', "O'Neil\\", "and\ttabs\n", "ümläut", "🎉", "then", "left"]


def dump(value: object, **options: Any) -> str:
    return json.dumps(value, separators=(",", ":"), **options)


class Shapes:
    """Lines of one log; `random` makes what differs."""

    def __init__(self, seed: int = 5) -> None:
        self.random = random.Random(seed)

    def hex(self, bits: int = 32) -> str:
        return f"{self.random.getrandbits(bits):0{bits // 4}x}"

    def record(self, number: int) -> Record:
        ms = _FIRST_MS + number * 977
        moment = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
        payload = {
            "name": "Pricing",
            "id": "dlg-101",
            "type": "dialogue",
            "uiType": "popup",
            "sid": f"{self.hex()}-{number // 5}",
        }
        return {
            "event": f"CONVERSATION_{_KINDS[number % 5]}",
            "timestamp": f"{moment[:-6]}Z",
            "page": f"https://www.example.com/p/{number % 50}",
            "data": {"payload": payload},
        }

    def plain(self, number: int) -> str:
        return dump(self.record(number))

    def shuffle(self, value: Any) -> Any:
        """Return a value with the keys of all objects in another order."""
        if not isinstance(value, dict):
            return value
        members = [(key, self.shuffle(each)) for key, each in value.items()]
        self.random.shuffle(members)
        return dict(members)

    def other_order(self, number: int) -> str:
        return dump(self.shuffle(self.record(number)))

    def spaces(self, number: int) -> str:
        line = json.dumps(self.record(number), separators=("@", "#"))
        for sign, json_sign in (("@", ","), ("#", ":")):
            parts = line.split(sign)
            line = "".join(
                part + (json_sign + " " * self.random.randrange(3) if part is not parts[-1] else "")
                for part in parts
            )
        return line

    def spaces_in_texts(self, number: int) -> str:
        line = self.plain(number)
        return "".join(
            sign + (" " * self.random.randrange(3) if sign in ",:" else "") for sign in line
        )

    def new_keys(self, number: int) -> str:
        record = self.record(number)
        record[f"k{self.hex()}"] = 1
        record["data"]["payload"][f"exp_{self.hex()}"] = "on"
        return dump(record)

    def messages(self, number: int) -> str:
        record = self.record(number)
        words = (self.random.choice(_WORDS) for _ in range(self.random.randrange(1, 30)))
        record["data"]["payload"]["lastMessage"] = " ".join(words)
        return dump(record, ensure_ascii=number % 2 == 0)

    def new_pages(self, number: int) -> str:
        record = self.record(number)
        record["page"] += f"/{self.hex()}?utm={self.hex()}&gclid={self.hex(64)}"
        return dump(record)

    def escaped_slashes(self, number: int) -> str:
        return self.plain(number).replace("/", "\\/")

    def not_ascii(self, number: int) -> str:
        record = self.record(number)
        record["page"] = f"https://www.example.com/prôdukt/{number % 50}"
        record["data"]["payload"]["sid"] = f"Ünï-{self.hex()}"
        return dump(record, ensure_ascii=number % 2 == 0)

    def surroundings(self, number: int) -> str:
        record, pick = self.record(number), self.random.randrange
        record["ctx"] = {
            "ip": f"10.{pick(256)}.{pick(256)}.{pick(256)}",
            "ua": f"Mozilla/5.0 (X11; Linux x86_64) Chrome/{pick(200)}.0.{pick(9999)}.{pick(200)}",
            "w": pick(300, 3000),
            "lat": self.random.uniform(-90, 90),
            "rid": self.hex(128),
            "ref": f"https://r{pick(1000)}.example/{number}",
            "lang": self.random.choice(["de", "en", "fr", "en-US"]),
            "mob": self.random.random() < 0.5,
            "n": None if self.random.random() < 0.3 else pick(9),
        }
        return dump(record)

    def arrays(self, number: int) -> str:
        record = self.record(number)
        size = self.random.randrange(30)
        record["tags"] = [self.random.randrange(1000) for _ in range(size)]
        record["items"] = [{"sku": self.hex(), "n": each} for each in range(size % 4)]
        return dump(record)

    def nested(self, number: int) -> str:
        record = self.record(number)
        inner = record["data"]["payload"]
        for _ in range(self.random.randrange(20)):
            inner["in"] = {f"n{self.random.randrange(50)}": 1}
            inner = inner["in"]
        return dump(record)

    def optional_keys(self, number: int) -> str:
        record = self.record(number)
        for key in range(14):
            if self.random.random() < 0.5:
                record[f"opt{key}"] = self.random.randrange(5)
        return dump(record)

    def time_forms(self, number: int) -> str:
        record = self.record(number)
        ms, iso = _FIRST_MS + number * 977, record["timestamp"]
        record["timestamp"] = self.random.choice(
            [
                *(ms, ms / 1000, str(ms), iso.replace("T", " "), iso.replace("Z", "+01:00")),
                *(iso[:-5] + "Z", None, "", "soon", 0, -5, "24:00", f"{iso[:11]}24:00:00Z"),
            ]
        )
        return dump(record)

    def text_in_text(self, number: int) -> str:
        record = self.record(number)
        record[f"k{self.random.randrange(10**6)}"] = self.random.random()
        return dump({"ts": number, "message": dump(record), "host": f"h{self.hex()}"})

    def docker(self, number: int) -> str:
        time = self.record(number)["timestamp"]
        return dump({"log": self.plain(number) + "\n", "stream": "stdout", "time": time})

    def new_names(self, number: int) -> str:
        record = self.record(number)
        record["data"]["payload"]["name"] = f"Name {self.hex()}"
        record["data"]["payload"]["id"] = f"dlg-{self.hex()}"
        return dump(record)

    def unknown_events(self, number: int) -> str:
        record = self.record(number)
        if number % 10:
            record["event"] = f"acme.ev.{self.random.randrange(50)}"
        return dump(record)

    def agents(self, number: int) -> str:
        record = self.record(number)
        record["event"] = "CONVERSATION_LIVE_CHAT_INITIATED"
        record["data"]["payload"] |= {"agentName": f"A {self.hex()}", "agentID": f"a{self.hex()}"}
        return dump(record)

    def prefixes(self, number: int) -> str:
        day, second = number % 30 + 1, number % 60
        return f"Nov {day:2d} 09:15:{second:02d} host{number % 7} app[9]: {self.plain(number)}"

    def middles(self, number: int) -> str:
        seconds = self.random.random()
        return f"INFO got {number} event {self.plain(number)} from {self.hex()} in {seconds:.3f}s"

    def cut_short(self, number: int) -> str:
        line = self.plain(number)
        return line if number % 2 else line[: self.random.randrange(1, len(line) - 1)]

    def without_quotes(self, number: int) -> str:
        line = self.plain(number)
        return line if number % 2 else line.replace('"event"', "event")

    def begun(self, number: int) -> str:
        return '{"a":' if number % 3 else self.plain(number)

    def pretty(self, number: int) -> str:
        record = self.record(number)
        record[f"k{self.random.randrange(10**6)}"] = self.random.random()
        return json.dumps(record, indent=self.random.choice([1, 2, 4]))

    def several(self, number: int) -> str:
        size = self.random.randrange(1, 4)
        return "[" + ",".join(self.plain(number) for _ in range(size)) + "]"

    def batches(self, number: int) -> str:
        size = self.random.randrange(1, 5)
        records = [self.record(number) for _ in range(size)]
        if number % 4 == 0:
            records.append({"event": "page_view", "page": f"/{number}"})
        if number % 7 == 0:
            records.insert(0, {"event": "adobedx.conversations.ready"})
        return dump({"sent": number, "events": records, "id": self.hex()})

    def glued(self, number: int) -> str:
        return self.random.choice(["", " ", ", "]).join(self.plain(number) for _ in range(2))

    def lists_in_lists(self, number: int) -> str:
        records = [{"time": number, "body": self.record(number)} for _ in range(number % 3 + 1)]
        scopes = [{"name": "dc", "logs": records} for _ in range(number % 2 + 1)]
        return dump({"resources": [{"id": self.hex(), "scopes": scopes}]})

    def body_lines(self, number: int) -> str:
        lines = "".join(f"{self.plain(number)}\n" for _ in range(number % 3 + 1))
        return dump({"received": self.record(number)["timestamp"], "body": lines})

    def base64_body(self, number: int) -> str:
        body = base64.b64encode(self.plain(number).encode()).decode()
        return dump({"id": self.hex(), "body": body, "isBase64Encoded": True})

    def form_body(self, number: int) -> str:
        record = self.record(number)
        fields = {**record["data"]["payload"], "event": record["event"], "page": record["page"]}
        return dump({"time": record["timestamp"], "body": urlencode(fields)})

    def query(self, number: int) -> str:
        record = self.record(number)
        fields = {**record["data"]["payload"], "event": record["event"], "n": number}
        request = f"GET /dc.gif?{urlencode(fields)} HTTP/1.1"
        return dump({"time": record["timestamp"], "request": request, "status": 200})

    def pairs(self, number: int) -> str:
        record = self.record(number)
        said = {"page_location": record["page"], **record["data"]["payload"], f"x{number % 9}": "y"}
        params = [{"key": key, "value": {"string_value": each}} for key, each in said.items()]
        self.random.shuffle(params)
        return dump({"event_name": record["event"].lower(), "event_params": params})

    def text_of_any_key(self, number: int) -> str:
        return dump({"id": number, "doc": self.plain(number), "host": f"h{self.hex()}"})

    def text_behind_text(self, number: int) -> str:
        return dump({"log": f"[{number}ms] dc: {self.plain(number)}\n", "stream": "stdout"})

    def encoded(self, number: int) -> str:
        return dump(self.plain(number))

    def spelled_times(self, number: int) -> str:
        record = self.record(number)
        moment = datetime.fromtimestamp(_FIRST_MS / 1000 + number, UTC)
        form = self.random.choice(
            [
                "%d/%b/%Y:%H:%M:%S +0000",
                "%a, %d %b %Y %H:%M:%S GMT",
                "%a %b %d %Y %H:%M:%S GMT+0000",
            ]
        )
        return dump({**record, "timestamp": moment.strftime(form)})

    def escaped_keys(self, number: int) -> str:
        return (
            self.plain(number).replace('"event"', '"\\u0065vent"').replace('"sid"', '"s\\u0069d"')
        )

    def number_sids(self, number: int) -> str:
        record = self.record(number)
        record["data"]["payload"]["sid"] = self.random.random() * 10 ** self.random.randrange(9)
        return dump(record)

    def spellings(self, number: int) -> str:
        record = self.record(number)
        signs = (self.random.choice([str.lower, str.upper])(sign) for sign in record["event"])
        record["event"] = "".join(signs).replace("_", self.random.choice("_- ."))
        return dump(record)

    def equal_keys(self, number: int) -> str:
        return f'{self.plain(number)[:-1]},"event":"x{self.hex()}"}}'


SHAPES: dict[str, Callable[[Shapes, int], str]] = {
    name: make
    for name, make in vars(Shapes).items()
    if callable(make) and name not in {"__init__", "hex", "record", "shuffle"}
}


def make_log(name: str, lines: int, seed: int = 5) -> bytes:
    """Return the lines of a shape."""
    shapes = Shapes(seed)
    return b"".join(SHAPES[name](shapes, number).encode() + b"\n" for number in range(lines))
