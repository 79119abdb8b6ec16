"""Logs that differ from the plainest in one way: what may a stranger's variety cost?

python benchmarks/shapes.py SHAPE 500000 > shape.log

Each shape is a function from a number and a source of chance to a record. `ORDINARY` are those that
a site may well write; in `BROKEN` half of the lines or more are no records; `HOSTILE` are what
somebody may send who wants the reader to be slow. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Json = dict[str, Any]
Shape = Callable[[int, Random], str]

START = datetime(2026, 2, 2, tzinfo=UTC)
POST = 1 << 16
"""What a server takes in one request, in bytes."""
STEPS = ("TRIGGERED", "ENGAGED", "INPUT_EMAIL", "COMPLETED", "CLOSED")
TEXT = [
    *("my", "order", 'is "late"', "again", "C:\\temp", "and\ttabs", "two\nlines", "größer", "🙂"),
    *("{maybe}", "[not]", "now", "please", "l'été", "100 %", "</b>", "thanks"),
]


def make_event(number: int, rng: Random) -> Json:
    """Return a canonical event; five in a row share a session's number."""
    moment = (START + timedelta(milliseconds=977 * number)).isoformat(timespec="milliseconds")
    payload = {
        "name": "Pricing",
        "id": "dlg-101",
        "type": "dialogue",
        "uiType": "popup",
        "sid": f"{rng.getrandbits(32):08x}-{number // 5}",
    }
    return {
        "event": f"CONVERSATION_{STEPS[number % 5]}",
        "timestamp": moment.replace("+00:00", "Z"),
        "page": f"https://www.example.com/p/{number % 50}",
        "data": {"payload": payload},
    }


def compact(value: object) -> str:
    """Return JSON as JavaScript writes it, but in ASCII."""
    return json.dumps(value, separators=(",", ":"))


ORDINARY: dict[str, Shape] = {}
BROKEN: dict[str, Shape] = {}
HOSTILE: dict[str, Shape] = {}


def _ordinary(shape: Shape) -> Shape:
    ORDINARY[shape.__name__.removeprefix("_").replace("_", "-")] = shape
    return shape


def _broken(shape: Shape) -> Shape:
    BROKEN[shape.__name__.removeprefix("_").replace("_", "-")] = shape
    return shape


def _hostile(shape: Shape) -> Shape:
    HOSTILE[shape.__name__.removeprefix("_").replace("_", "-")] = shape
    return shape


def _change_payload(number: int, rng: Random, **members: object) -> str:
    event = make_event(number, rng)
    event["data"]["payload"] |= members
    return compact(event)


@_ordinary
def _plain(number: int, rng: Random) -> str:
    return compact(make_event(number, rng))


# -- keys, spaces, escapes -------------------------------------------------------------------------


@_ordinary
def _order_of_keys(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    payload = list(event["data"]["payload"].items())
    rng.shuffle(payload)
    members = list((event | {"data": {"payload": dict(payload)}}).items())
    rng.shuffle(members)
    return compact(dict(members))


@_ordinary
def _spaces(number: int, rng: Random) -> str:
    line = compact(make_event(number, rng))
    return re.sub(r'(?<=["}])[,:]', lambda mark: mark[0] + " " * rng.choice((0, 0, 1, 2)), line)


@_ordinary
def _new_key_each(number: int, rng: Random) -> str:
    return compact(make_event(number, rng) | {f"k{rng.getrandbits(32):08x}": 1})


@_ordinary
def _new_payload_key_each(number: int, rng: Random) -> str:
    return _change_payload(number, rng, **{f"exp_{rng.getrandbits(32):08x}": "on"})


@_ordinary
def _optional_keys(number: int, rng: Random) -> str:
    more = {f"option{n}": rng.randrange(5) for n in range(14) if rng.random() < 0.5}
    return compact(make_event(number, rng) | more)


@_ordinary
def _many_values(number: int, rng: Random) -> str:
    draw, bits = rng.randrange, rng.getrandbits
    context = {
        "ip": f"10.{draw(256)}.{draw(256)}.{draw(256)}",
        "browser": f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/{draw(999)} Chrome/{draw(200)}.0",
        "width": draw(300, 3000),
        "height": draw(300, 3000),
        "took": rng.random() * 1000,
        "latitude": rng.uniform(-90, 90),
        "request": f"{bits(128):032x}",
        "client": f"GA1.2.{bits(31)}.{bits(31)}",
        "from": f"https://r{draw(1000)}.example/{number}",
        "language": rng.choice(("de", "en", "fr", "en-US")),
        "mobile": rng.random() < 0.5,
        "count": None if rng.random() < 0.3 else draw(9),
    }
    return compact(make_event(number, rng) | {"context": context})


@_ordinary
def _lists(number: int, rng: Random) -> str:
    tags = [rng.randrange(1000) for _ in range(rng.randrange(30))]
    return compact(make_event(number, rng) | {"tags": tags})


@_ordinary
def _nested(number: int, rng: Random) -> str:
    below: Json = {}
    for _ in range(rng.randrange(20)):
        below = {f"n{rng.randrange(50)}": below}
    return _change_payload(number, rng, tree=below)


@_ordinary
def _repeated_key(number: int, rng: Random) -> str:
    line = compact(make_event(number, rng))
    return f'{line[:-1]},"event":"x{rng.getrandbits(32):08x}"}}'


@_ordinary
def _escaped_slashes(number: int, rng: Random) -> str:
    return compact(make_event(number, rng)).replace("/", "\\/")


@_ordinary
def _escaped_letters(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    event["page"] = f"https://www.example.com/prôdukt/{number % 50}"
    event["data"]["payload"]["sid"] = f"Ünï-{rng.getrandbits(32):08x}"
    return compact(event)


# -- values that no other line has -----------------------------------------------------------------


@_ordinary
def _visitor_texts(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    event["data"]["payload"]["lastMessage"] = " ".join(rng.choices(TEXT, k=rng.randrange(1, 30)))
    return json.dumps(event, separators=(",", ":"), ensure_ascii=number % 2 == 0)


@_ordinary
def _new_page_each(number: int, rng: Random) -> str:
    page = f"https://www.example.com/product/{rng.getrandbits(32):08x}/{number}"
    return compact(make_event(number, rng) | {"page": page})


@_ordinary
def _new_query_each(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    event["page"] += f"?utm={rng.getrandbits(32):08x}&gclid={rng.getrandbits(64):016x}"
    return compact(event)


@_ordinary
def _new_name_each(number: int, rng: Random) -> str:
    return _change_payload(number, rng, name=f"Name {rng.getrandbits(32):08x}")


@_ordinary
def _new_id_each(number: int, rng: Random) -> str:
    return _change_payload(number, rng, id=f"dlg-{rng.getrandbits(32):08x}")


@_ordinary
def _new_agent_each(number: int, rng: Random) -> str:
    event = make_event(number, rng) | {"event": "CONVERSATION_LIVE_CHAT_INITIATED"}
    name = f"{rng.getrandbits(32):08x}"
    event["data"]["payload"] |= {"agentName": f"Agent {name}", "agentID": f"ag-{name}"}
    return compact(event)


@_ordinary
def _new_unknown_event_each(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    return compact(event | ({"event": f"acme.{rng.getrandbits(32):08x}"} if number % 10 else {}))


@_ordinary
def _numbers_for_sids(number: int, rng: Random) -> str:
    return _change_payload(number, rng, sid=rng.random() * 10 ** rng.randrange(9))


@_ordinary
def _forms_of_times(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    iso, epoch = event["timestamp"], 1_770_000_000_000 + 977 * number
    forms = (epoch, epoch / 1000, str(epoch), iso.replace("T", " "), f"{iso[:-1]}+01:00", None)
    return compact(event | {"timestamp": rng.choice((*forms, f"{iso[:-5]}Z"))})


@_ordinary
def _spellings_of_events(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    name: str = event["event"]
    title = name.replace("_", " ").title()
    camel = title[0].lower() + title[1:].replace(" ", "")
    lower = name.lower()
    spellings = (name, lower, title, camel, lower.replace("_", "-"), f"Enum.Events.{name}")
    return compact(event | {"event": rng.choice(spellings)})


# -- texts around JSON, and in it ------------------------------------------------------------------


@_ordinary
def _in_a_text(number: int, rng: Random) -> str:
    line = compact(make_event(number, rng))
    return compact({"ts": number, "message": line, "host": f"h{number % 3}"})


@_ordinary
def _varied_in_a_text(number: int, rng: Random) -> str:
    line = _new_key_each(number, rng)
    return compact({"ts": number, "message": line, "host": f"h{rng.getrandbits(32):08x}"})


@_ordinary
def _behind_syslog(number: int, rng: Random) -> str:
    moment = f"Nov {number % 30 + 1:2} 09:15:{number % 60:02}"
    line = compact(make_event(number, rng))
    return f"{moment} host{number % 7} app[{rng.randrange(99999)}]: {line}"


@_ordinary
def _behind_any_text(number: int, rng: Random) -> str:
    words = " ".join(rng.choices(TEXT, k=3)).replace("\n", "")
    return f"{words} [{rng.randrange(99999)}]: {compact(make_event(number, rng))}"


@_ordinary
def _amid_text(number: int, rng: Random) -> str:
    line = compact(make_event(number, rng))
    return f"INFO got {number} event {line} from {rng.getrandbits(32):08x} in {rng.random():.3f}s"


# -- values over lines, and several on one ---------------------------------------------------------


@_ordinary
def _over_lines(number: int, rng: Random) -> str:
    return json.dumps(make_event(number, rng), indent=2)


@_ordinary
def _varied_over_lines(number: int, rng: Random) -> str:
    event = make_event(number, rng) | {f"k{rng.randrange(10**6)}": rng.random()}
    return json.dumps(event, indent=rng.choice((1, 2, 4)))


@_ordinary
def _lists_of_events(number: int, rng: Random) -> str:
    return compact([make_event(number, rng) for _ in range(rng.randrange(1, 4))])


# -- broken ----------------------------------------------------------------------------------------


@_broken
def _half_cut(number: int, rng: Random) -> str:
    line = compact(make_event(number, rng))
    return line if number % 2 else line[: rng.randrange(1, len(line) - 1)]


@_broken
def _half_misquoted(number: int, rng: Random) -> str:
    line = compact(make_event(number, rng))
    return line if number % 2 else line.replace('"event"', "event")


@_broken
def _most_left_open(number: int, rng: Random) -> str:
    return '{"a":' if number % 3 else compact(make_event(number, rng))


# -- hostile: each is as long as some 300 plain lines ----------------------------------------------


def _post(body: str) -> str:
    return compact({"received": "x", "body": body})


@_hostile
def _empty_objects(_number: int, _rng: Random) -> str:
    return _post("{}\n" * (POST // 4))


@_hostile
def _tiny_records(_number: int, _rng: Random) -> str:
    return _post('{"a":1}\n' * (POST // 12))


@_hostile
def _nameless_events(_number: int, _rng: Random) -> str:
    return _post('{"event":"x"}\n' * (POST // 20))


@_hostile
def _open_braces(number: int, _rng: Random) -> str:
    return '[{"a":' * (POST // 6) if number % 2 else "{[" * (POST // 2)


@_hostile
def _deep(_number: int, _rng: Random) -> str:
    deep = '{"a":' * 500 + "1" + "}" * 500
    return "[" + ",".join([deep] * (POST // len(deep))) + "]"


@_hostile
def _wide(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    return compact({f"k{n}": {} for n in range(POST // 11)} | event)


@_hostile
def _many_times(number: int, rng: Random) -> str:
    event = make_event(number, rng)
    return compact(event | {f"t{n}_at": "2026-01-01" for n in range(POST // 22)})


@_hostile
def _new_structure_each(number: int, rng: Random) -> str:
    keys = [
        f"{rng.choice(('sid', 'id', 'event', 'time'))}_{rng.getrandbits(32):x}" for _ in "12345"
    ]
    lines = [
        compact(make_event(number, rng) | {key: "x"}) for key in keys for _ in range(POST // 1200)
    ]
    return "\n".join(lines)


@_hostile
def _texts_in_texts(number: int, rng: Random) -> str:
    text = compact(make_event(number, rng))
    while len(text) < POST // 2:
        text = compact({"message": text})
    return text


SHAPES = ORDINARY | BROKEN | HOSTILE


def main() -> None:
    """Write a log of one shape to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("records", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, shape = Random(options.seed), SHAPES[options.shape]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.writelines(f"{shape(number, rng)}\n" for number in range(options.records))


if __name__ == "__main__":
    main()
