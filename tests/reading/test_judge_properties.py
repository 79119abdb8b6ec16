"""Properties of the judge: what is around an event changes nothing, what visitors write is none."""

import base64
import json
import os
from typing import Any
from urllib.parse import quote

import judging
import pytest
import scanned
import wrappings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcevents.reading.json_value import decode
from dcevents.reading.judge import Event, WidgetReady, judge_value
from dcevents.reading.judge.records import Judge
from dcevents.reading.scanner import make_scanner
from samples.envelopes import payload as payload_of

pytestmark = pytest.mark.records

settings.register_profile(
    "judge",
    max_examples=int(os.environ.get("DCEVENTS_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("judge")

EVENTS = wrappings.make_events()
ANOTHER = {
    "event": "CONVERSATION_COMPLETED",
    "timestamp": "2025-06-01T00:00:00Z",
    "page": "https://evil.example/",
    "data": {"payload": {"sid": "evil", "id": "evil", "name": "evil", "uiType": "evil"}},
}
NAMES = ["CONVERSATION_COMPLETED", "Conversation closed", "chat_engaged", "engaged", "completed"]
HOSTILE = st.sampled_from(
    [
        *NAMES,
        "adobedx.conversations.ready",
        json.dumps(ANOTHER),
        json.dumps([ANOTHER]),
        json.dumps(json.dumps(ANOTHER)),
        "hello " + json.dumps(ANOTHER),
        base64.b64encode(json.dumps(ANOTHER).encode()).decode(),
        quote(json.dumps(ANOTHER)),
        "event=CONVERSATION_COMPLETED&sid=evil",
        "https://x.example/?event=CONVERSATION_COMPLETED&sid=evil",
        "2025-06-01T00:00:00Z",
        "evil",
    ]
)
"""Texts that a visitor may write."""
SCALARS = HOSTILE | st.none() | st.booleans() | st.integers(0, 2 * 10**12) | st.text(max_size=5)


def nest(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return objects and lists of any depth with these keys."""
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


ANY_KEY = st.sampled_from(
    [
        *("event", "action", "type", "name", "sid", "id", "uiType", "agentID", "meetingInfo"),
        *("timestamp", "time", "page", "url", "message", "body", "data", "payload", "label"),
        *("context", "items", "value", "key", "S", "M", "$date", "a.b", "level", "request"),
        *("session_id", "conversation_id", "headers", "answer", "x"),
    ]
)
CANONICAL_KEYS = {"event", "timestamp", "page", "data", "_raw", "original"}
FOREIGN = st.sampled_from(
    [
        *("ctx", "meta", "user", "geo", "tags", "experiments", "request_id", "event_id", "user_id"),
        *("ga_session_id", "connect.sid", "title", "referrer", "user_agent", "cookies", "headers"),
        *("answer", "comment", "host", "screen", "start_time", "expires_at", "utm", "n", "q1"),
    ]
)
"""Keys that say nothing of an event."""
PLAIN = [
    *("flat", "capitals", "docker", "pino", "segment", "bunyan", "whole-event", "nginx", "beacon"),
    *("winston-message", "pino-http", "pubsub", "snowflake"),
]
OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just("other"),
        "name": st.just("other"),
        "sid": st.just("evil"),
        "session_id": st.just("evil"),
        "time": st.just("2025-06-01T00:00:00Z"),
        "note": HOSTILE,
    },
)
"""Objects of others: another's id, name, session, time, an event as text."""

BESIDE = nest(FOREIGN) | OTHERS | st.lists(OTHERS, max_size=2)


SCANNER = make_scanner(judging.CONTEXT, in_full=False)
"""One for all examples: a rule that it made of one record reads those that look like it."""


def say(value: Any, prefix: str = "") -> list[str]:
    """Return what the records of a value say."""
    return judging.judge(json.dumps(value), prefix)


def check_scanned(*values: Any) -> None:
    """Hold the scanner to the judge: a line each, twice, so that rules are made and applied."""
    lines = [f"{json.dumps(value)}\n".encode() for value in (*values, *values)]
    scanned.check_block(b"".join(lines), SCANNER, judging.CONTEXT)


@given(event=st.sampled_from(EVENTS), noise=st.dictionaries(ANY_KEY, nest(ANY_KEY), max_size=5),
       first=st.booleans())  # fmt: skip
def test_whatever_is_around_a_canonical_event_changes_nothing(
    event: dict[str, Any],
    noise: dict[str, Any],
    first: bool,
) -> None:
    around = {key: value for key, value in noise.items() if key not in CANONICAL_KEYS}
    wider = {**around, **event} if first else {**event, **around}

    assert say(event) == say(wider)
    check_scanned(event, wider)


@given(event=st.sampled_from(EVENTS), noise=st.dictionaries(ANY_KEY, nest(ANY_KEY), max_size=5))
def test_whatever_is_in_a_canonical_payload_changes_nothing(
    event: dict[str, Any], noise: dict[str, Any]
) -> None:
    payload = payload_of(event)
    kept = {"agentID": "x", "agentName": "x", "meetingInfo": 1, **payload}
    inside = {key: value for key, value in noise.items() if key not in kept}
    event = {**event, "data": {"payload": kept}}
    wider = {**event, "data": {"payload": {**inside, **kept}}}

    assert say(event) == say(wider)
    check_scanned(event, wider)


@given(name=st.sampled_from(PLAIN), number=st.integers(0, 11),
       noise=st.dictionaries(FOREIGN, BESIDE, max_size=4),
       first=st.booleans())  # fmt: skip
def test_what_is_foreign_beside_an_event_changes_nothing(
    name: str,
    number: int,
    noise: dict[str, Any],
    first: bool,
) -> None:
    value = wrappings.wrap(name, EVENTS[number], number)
    alone, *_ = say(value)
    wider = {**noise, **value} if first else {**value, **noise}

    assert [alone] == say(wider)
    check_scanned(value, wider)


VISITOR_KEYS = (
    "page", "url", "page_url", "referrer", "user_agent", "title", "answer", "comment", "agentName",
    "meetingInfo", "cookie", "search", "lastMessage", "url_query", "page_urlquery", "refr_urlquery",
    "page_search", "pageFragment", "hash", "utm_content", "utm_term", "gclid", "location.search",
)  # fmt: skip


@given(written=st.dictionaries(st.sampled_from(VISITOR_KEYS), HOSTILE, max_size=6),
       name=st.sampled_from(["page_view", "CONVERSATION_RATED", "chat_message"]))  # fmt: skip
def test_what_a_visitor_writes_is_no_event(written: dict[str, str], name: str) -> None:
    payload = {"sid": "s", "id": "d", "name": "Pricing", "uiType": "popup"}
    records: list[dict[str, Any]] = [
        {"time": judging.MONDAY, "status": 200, **written},
        {"event": name, "timestamp": judging.MONDAY, "data": {"payload": {**payload, **written}}},
        {"event": name, **payload, **written},
        {"event": name, "sid": "s", **written},
        {"level": "info", "msg": "visit", "visitor": written},
    ]
    for record in records:
        for finding in judge_value(decode(json.dumps(record)), judging.CONTEXT):
            assert not isinstance(finding.outcome, Event | WidgetReady)
    plain = [dict.fromkeys(record, "x") for record in records]
    check_scanned(*plain, *records)


@given(event=st.sampled_from(EVENTS),
       written=st.dictionaries(st.text(min_size=1, max_size=6), HOSTILE, max_size=4))  # fmt: skip
def test_answers_in_an_unknown_event_of_adobes_are_no_event(
    event: dict[str, Any], written: dict[str, str]
) -> None:
    payload = {"answers": written, "message": json.dumps(ANOTHER), **payload_of(event)}
    record = {**event, "event": "CONVERSATION_RATED", "data": {"payload": payload}}

    assert ["unknown_event CONVERSATION_RATED"] == say(record)
    check_scanned(event, record)


@given(value=nest(ANY_KEY))
def test_any_value_is_judged_and_always_the_same(value: Any) -> None:
    found = say(value)

    assert found
    assert found == say(value)
    check_scanned(value, {"body": value}, {"x": [value, value]}, {"message": json.dumps(value)})


@given(value=nest(ANY_KEY).filter(lambda value: isinstance(value, dict)))
def test_a_record_says_the_same_alone_among_others_and_as_text(value: dict[str, Any]) -> None:
    other = EVENTS[0]
    alone = say(value)

    assert [*say(other), *alone, *say(other)] == say([other, value, other])
    assert alone == say(json.dumps(value))
    check_scanned(value, [other, value, other], json.dumps(value))


@given(event=st.sampled_from(EVENTS), prefix=st.sampled_from(["", "2025-06-01T00:00:00Z ", "x "]))
def test_a_prefix_changes_nothing_of_a_timed_event(event: dict[str, Any], prefix: str) -> None:
    assert say(event) == say(event, prefix)


PLAIN_TEXTS = (
    st.sampled_from(["a", " ", "", "x" * 600, "\ud83d\ude00é", '{"a":1}', *NAMES]) | SCALARS
)
PLAIN_TIMES = st.sampled_from(
    ["2026-11-02T09:15:04.120Z", "1793610904120", "2099-01-01T00:00:00Z", "2001-01-01", "soon", ""]
)
PLAIN_PAGES = st.sampled_from(["https://e.com/x?y#z", "?x", "/p", "", "p" * 3000]) | SCALARS
PREFIXES = st.sampled_from(
    [
        "",
        "INFO ",
        "2026-11-02T09:15:04Z dc: ",
        "Nov  3 09:00:00 web1: ",
        "1762160405 ",
        "2001-01-01 00:00 ",
    ]
)


@given(
    st.sampled_from([event["event"] for event in EVENTS] + [*NAMES, "adobedx.conversations.ready"]),
    st.dictionaries(
        st.sampled_from(["id", "name", "type", "uiType", "agentID", "agentName", "meetingInfo"]),
        PLAIN_TEXTS,
        max_size=5,
    ),
    st.sampled_from(["s1", "s" * 600, "é"]),
    st.fixed_dictionaries(
        {}, optional={"timestamp": PLAIN_TIMES, "page": PLAIN_PAGES, "x": SCALARS}
    ),
    PREFIXES,
)
def test_a_plain_record_is_read_as_any_other(
    name: str, parts: dict[str, Any], sid: str, others: dict[str, Any], prefix: str
) -> None:
    record = {"event": name, **others, "data": {"payload": {**parts, "sid": sid}}}
    value = decode(json.dumps(record))

    found = judge_value(value, judging.CONTEXT, prefix)

    assert Judge(judging.CONTEXT, prefix).judge(value) == found
