"""Logs of values over lines, as programs indent them, and what is read of them."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from dcevents.model.vocabulary import Vocabulary
from dcevents.reading import scanning as scanning_module
from dcevents.reading.log import Log, read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanner import PureScanner
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources import sizes
from dcevents.reading.sources.inputs import Input

CLOCK_MS = 1_796_083_200_000
PAYLOAD = {"name": "Pricing", "id": "d1", "type": "dialogue", "uiType": "popup"}


def make_event(sid: object, kind: str = "CONVERSATION_ENGAGED", **more: object) -> dict[str, Any]:
    """Return a canonical event."""
    time = "2026-11-02T09:15:04.120Z"
    payload = {**PAYLOAD, "sid": sid}
    return {
        "event": kind,
        "timestamp": time,
        "page": "https://e.example/p?q=1",
        "data": {"payload": payload},
        **more,
    }


MEETINGS: tuple[Any, ...] = (
    *({"M": {}}, {"M": {"a": {"S": "x"}}}, {"M": {"M": {}}}, {"M": None}, {"M": {}, "x": None}),
    *({"M": {}, "S": ""}, {"M": [1]}, {"S": ""}, {"M": "x"}, {"x": 1}, {}, [], ["x"], [1, 2]),
)
RECORDS: tuple[Any, ...] = (
    make_event("s1"),
    make_event("s2", "CONVERSATION_TRIGGERED"),
    make_event("s3", "conversationClosed", answer="CONVERSATION_ENGAGED"),
    make_event(4),
    make_event("x" * 600),
    make_event("é\ud800"),
    make_event("s5", note='{"event":"x"}'),
    make_event("s6", lines=["a", "b"], more=[1, 2, {"k": "v"}]),
    make_event("s7", texts=["CONVERSATION_CLOSED", json.dumps(make_event("s8"))]),
    {"message": json.dumps(make_event("s9")), "level": "info", "time": 1_793_700_000_000},
    {"message": "START of a request", "level": "info"},
    {"event": "adobedx.conversations.ready", "timestamp": "2026-11-02T09:15:04Z"},
    {"event": "SOMETHING_ELSE", "sid": "s10"},
    {"event": "acme.opened"},
    {"event": "CONVERSATION_ENGAGED", "ts": "2026-02-01T00:00:00Z"},
    {"event": "CONVERSATION_CLOSED", "data": {"payload": {"sid": ["s11"]}}},
    {"_index": "dc", "_source": make_event("s12")},
    {"_index": "dc", "_source": {"level": "warn", "code": 3}},
    {"other": 1},
    {"other": [], "deep": {"er": [[], {}]}},
    {},
    {"events": [make_event("s13"), make_event("s14", "CONVERSATION_CLOSED")]},
    {"events": [make_event("s15"), {}, {"m": 1}, {"event": "acme.opened"}, {"message": "x"}]},
    {"S": {"event": "x"}},
    *(
        {
            "event": "CONVERSATION_MEETING_BOOKED",
            "data": {"payload": {"sid": "m", "meetingInfo": m}},
        }
        for m in MEETINGS
    ),
)
ODD_RECORDS: tuple[Any, ...] = ([], [1, "x"], "text", None, 3, [{}], [make_event("s16")], True)


def write_value(value: object, rng: random.Random) -> str:
    """Return JSON, indented in some way."""
    indent = rng.choice((2, 2, 4, 1, "\t", 0, None))
    separators = rng.choice((None, (",", ":"), (",", ": ")))
    return json.dumps(value, indent=indent, separators=separators, ensure_ascii=rng.random() < 0.5)


def write_aside(text: str, around: str = '{"z": TEXT}') -> str:
    """Return an event over lines, with a text on a line of its own."""
    lines = json.dumps(make_event("aside"), indent=1)[:-2] + ',\n "x": [\n' + around + "\n]\n}"
    return lines.replace("TEXT", json.dumps(text))


AROUNDS = (
    '{"z": TEXT}',
    '{"z": TEXT},',
    "TEXT",
    "1, TEXT",
    '[{"z": TEXT}]',
    '{"z": TEXT, "n":\n1}',
)
TEXTS = ("", "a", "b", "long enough for an event", json.dumps(make_event("text")), '{"event":"x"}')


def write_document(records: Sequence[object], rng: random.Random) -> str:
    """Return records one behind the other, in an array, or in a list of an object."""
    match rng.randrange(7):
        case 6:
            around = rng.choice(AROUNDS)
            return "\n".join(write_aside(rng.choice(TEXTS), around) for _ in records)
        case 0:
            return rng.choice(("\n", "\n", ",\n", "\n\n", "", " ")).join(
                write_value(each, rng) for each in records
            )
        case 1:
            return write_value(records, rng)
        case 2:
            found = {"total": len(records), "hits": records}
            return write_value({"took": 3, "hits": found, "shards": []}, rng)
        case 3:
            return write_value({"sid": "around", "page": "/around", "r": records, "b": [1]}, rng)
        case 4:
            return write_value({"a": [{"b": records}, {"b": [{}]}], "level": "info"}, rng)
        case _:
            inner = [write_value(each, rng).replace("\n", "\n  ") for each in records]
            return "[\n  " + ",\n  ".join(inner) + rng.choice(("\n]", "\n],", "", "]"))


def write_log(rng: random.Random) -> bytes:
    """Return a log of some documents, perhaps broken, and of lines between them."""
    pieces: list[str] = []
    for _ in range(rng.randint(1, 4)):
        records = [rng.choice(RECORDS) for _ in range(rng.randint(0, rng.choice((2, 6, 30))))]
        if rng.random() < 0.2:
            records.insert(rng.randint(0, len(records)), rng.choice(ODD_RECORDS))
        pieces.append(break_text(write_document(records, rng), rng))
        if rng.random() < 0.3:
            pieces.append(rng.choice(("", "x", "{", "}", "]", "[", json.dumps(make_event("one")))))
    text = "\n".join(pieces) + rng.choice(("\n", "\n", ""))
    if rng.random() < 0.2:
        text = text.replace("\n", "\r\n")
    return text.encode(errors="surrogatepass")


def break_text(text: str, rng: random.Random) -> str:
    """Return a text that is broken somewhere, most times not."""
    if rng.random() < 0.6:
        return text
    at = rng.randint(0, len(text))
    match rng.randrange(5):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + text[at + rng.randint(1, 40) :]
        case 2:
            return text[:at] + "\n" + json.dumps(make_event("between")) + "\n" + text[at:]
        case 3:
            return text[:at] + rng.choice('{}[]",:\n\x00é\\') + text[at:]
        case _:
            return text.replace("\n", rng.choice(("\n\n", "\n \t", "\n,")), rng.randint(1, 3))


def read(path: Path, block_bytes: int, *, is_pure: bool, in_full: bool) -> Any:
    """Return all that a log says, read in blocks of some size with a scanner or without."""
    reading = ReadSettings(CLOCK_MS, None, in_full=in_full)
    rejects: list[Any] = []
    status = path.stat()
    given = Input("x", path, status.st_size, (status.st_dev, status.st_ino), None)
    with _set_up(block_bytes, is_pure=is_pure):
        log = read_log(
            Scanning([given], reading, lambda _: None),
            Vocabulary(),
            keep_reject=lambda place, raw: rejects.append((place, raw)),
        )
    return describe(log, in_full=in_full), rejects


@contextlib.contextmanager
def _set_up(block_bytes: int, *, is_pure: bool) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for name in ("BLOCK_BYTES", "FIRST_BLOCK_BYTES"):
            stack.enter_context(mock.patch.object(sizes, name, block_bytes))
        if is_pure:
            pure = mock.Mock(return_value=PureScanner())
            stack.enter_context(mock.patch.object(scanning_module, "make_scanner", pure))
        yield


def describe(log: Log, *, in_full: bool) -> Any:
    """Return all that a log says, sessions by their sids."""
    if not in_full:
        return count_records(log), log.envelopes
    account, rows, envelopes = describe_in_full(log)
    return account, sorted(rows, key=str), envelopes


def describe_in_full(log: Log) -> tuple[dict[str, Any], list[Any], Any]:
    """Return account, events in their order and envelopes of a log that was read in full."""
    located = log.located
    assert located is not None
    sids = log.facts.look_up_sids(located["sid"]).to_list()
    attributes = log.facts.vocabulary.list_attributes()
    rows = [
        (sid, attributes[row.pop("attributes")], row | {"sid": None})
        for sid, row in zip(sids, located.iter_rows(named=True), strict=True)
    ]
    return count_records(log), rows, log.envelopes


def count_records(log: Log) -> dict[str, Any]:
    """Return the account of a log, without the buckets that are empty."""
    log.count_events()
    return {**vars(log.account), "tally": {k: n for k, n in log.account.tally.items() if n}}
