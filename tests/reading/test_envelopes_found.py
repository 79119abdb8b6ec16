"""Envelopes: how the place of an event is written, and how envelopes are counted."""

import json
from typing import Any

import harness
import pytest
from judging import CONTEXT, MONDAY

from dcevents.reading.envelopes import (
    CANONICAL,
    MAX_ENVELOPES,
    OTHER,
    Envelope,
    EnvelopeCount,
    add_envelopes,
    describe_envelope,
)
from dcevents.reading.json_value import decode
from dcevents.reading.judge import Event, judge_value

PAYLOAD = {"sid": "s", "id": "d"}
RECORD = {
    "event": "CONVERSATION_ENGAGED",
    "timestamp": MONDAY,
    "page": "/",
    "data": {"payload": PAYLOAD},
}


def describe(value: Any, prefix: str = "") -> Envelope:
    """Return the envelope of the first record of a value."""
    finding = judge_value(decode(json.dumps(value)), CONTEXT, prefix)[0]
    assert isinstance(finding.outcome, Event)
    return describe_envelope(finding.outcome.structure, has_prefix=bool(prefix))


@pytest.mark.parametrize("absent", ["", "timestamp", "page"])
def test_a_canonical_record_is_one_envelope_whatever_it_lacks(absent: str) -> None:
    record = {key: value for key, value in RECORD.items() if key != absent}

    assert describe(record) == describe([record]) == CANONICAL


NAMED = {"event": "CONVERSATION_ENGAGED"}
WRAPPED = {"key": "event", "value": {"string_value": "CONVERSATION_ENGAGED"}}


@pytest.mark.parametrize(
    ("value", "envelope"),
    [
        (
            {"log": json.dumps(RECORD)},
            ("log.event", "log.timestamp", "log.page", "log.data.payload"),
        ),
        ({**NAMED, **PAYLOAD, "ts": MONDAY}, ("event", "ts", None, "")),
        ({**NAMED, "payload.sid": "s"}, ("event", None, None, "payload")),
        ({**NAMED, "x.payload.sid": "s"}, ("event", None, None, "x.payload")),
        ({**NAMED, "p": {"sid": {"stringValue": "s"}}}, ("event", None, None, "p")),
        ({**NAMED, "p": {"sid": ["s"]}}, ("event", None, None, "p")),
        (
            {"params": [WRAPPED, {"key": "sid", "value": {"string_value": "s"}}]},
            ("params.event.value.string_value", None, None, "params"),
        ),
        (
            {"logs": [{"message": json.dumps(RECORD)}, {"message": "x"}]},
            (
                "logs[].message.event",
                "logs[].message.timestamp",
                "logs[].message.page",
                "logs[].message.data.payload",
            ),
        ),
        (RECORD | {"page": None, "url": "/x"}, ("event", "timestamp", "url", "data.payload")),
        (RECORD | {"timestamp": 0, "at": MONDAY}, ("event", "at", "page", "data.payload")),
    ],
)
def test_an_envelope_says_where_parts_are(value: Any, envelope: tuple[str | None, ...]) -> None:
    assert envelope == describe(value)[:4]
    assert not describe(value).is_canonical


def test_a_prefix_is_said_and_its_time() -> None:
    untimed = {key: value for key, value in RECORD.items() if key != "timestamp"}

    assert "prefix" == describe(untimed, f"{MONDAY} INFO: ").timestamp
    assert "timestamp" == describe(RECORD, f"{MONDAY} INFO: ").timestamp
    assert describe(RECORD, "INFO: ").prefix
    assert describe(untimed, "INFO: ").timestamp is None


def test_counts_add_up_and_keep_the_first_place() -> None:
    one, two = EnvelopeCount(3, 0, 7), EnvelopeCount(4, 1, 1)
    many = {Envelope(f"e{number}", None, None, None): one for number in range(MAX_ENVELOPES)}

    assert {CANONICAL: EnvelopeCount(7, 0, 7)} == add_envelopes({CANONICAL: one}, {CANONICAL: two})
    more = add_envelopes(many, {CANONICAL: two, Envelope("x", None, None, None): one})
    assert MAX_ENVELOPES + 1 == len(more)
    assert EnvelopeCount(7, 0, 7) == more[OTHER]


@pytest.mark.usefixtures("scanner")
def test_of_shapes_that_begin_on_one_line_the_first_on_it_comes_first() -> None:
    """Whichever the scanner has seen first: it learns from all of a block before it reads one."""
    record = {
        "event": "CONVERSATION_CLOSED",
        "timestamp": "2026-11-02T09:15:44Z",
        "page": "/p",
        "data": {"payload": {"id": "d1", "sid": "s"}},
    }
    untimed = {**record, "timestamp": None}
    quoted = f"time=1 msg={json.dumps(json.dumps(record))}"
    listed = json.dumps([{"a": 1}, [untimed, untimed], record])
    lines = (f"x {listed}\n", f"{quoted}\n")

    report = harness.run("check", "-f", "json", stdin="".join(lines).encode()).json

    found = report["input"]["envelopes"]
    assert [(each["timestamp"], each["line"]) for each in found] == [(None, 1), ("timestamp", 1)]
