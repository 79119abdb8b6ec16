"""The same twelve events in every wrapping, and ordinary logs that hold none."""

import json
from typing import Any

import judging
import model
import pytest
import scanned
import wrappings

from dcevents.reading.json_value import decode
from dcevents.reading.judge import (
    Event,
    Finding,
    WidgetReady,
    judge_value,
)
from samples import envelopes
from samples.envelopes import Event as Written

pytestmark = pytest.mark.records

EVENTS = wrappings.make_events()


def say(finding: Finding) -> tuple[object, ...]:
    """Return what an event is: kind, sid, id, milliseconds."""
    event = finding.outcome
    assert isinstance(event, Event), finding
    return event.kind, event.sid, event.id, event.time.ms


def expected(event: Written, name: str = "canonical") -> tuple[object, ...]:
    """Return the same of a canonical event, as a wrapping keeps it."""
    kept = envelopes.SHAPES[name].keep(event)
    said = envelopes.payload(kept)
    ms = envelopes.millis(envelopes.moment(kept))
    return envelopes.name_kind(kept).lower(), said["sid"], said["id"], ms


@pytest.mark.parametrize("name", wrappings.WRAPPERS)
def test_twelve_wrapped_events_in_a_list_are_twelve(name: str) -> None:
    value = decode(json.dumps([wrappings.wrap(name, e, n) for n, e in enumerate(EVENTS)]))

    found = [say(finding) for finding in judge_value(value, judging.CONTEXT)]

    assert [expected(event, name) for event in EVENTS] == found


NOT_IN_THE_MODEL = {"fluent-bit-stdout", "segment", "segment-batch", "rudderstack"}
"""A number beside an object in a list of lists is a time, and `context.page` a page, of which
definitions say nothing.
"""


@pytest.mark.parametrize("name", sorted(envelopes.SHAPES.keys() - NOT_IN_THE_MODEL))
def test_the_model_reads_each_wrapping_as_the_package_does(name: str) -> None:
    """The model of reading, which knows nothing of the package, says the same of the whole log."""
    traffic = wrappings.choose_traffic()[:4]

    read = model.read_log(envelopes.SHAPES[name].write(traffic), judging.CLOCK_MS)

    shape = envelopes.SHAPES[name]
    wanted = [wrappings.keep_values(shape, event) for event in traffic]
    fields = ("kind", "sid", "id", "name", "type", "ui_type", "page", "agent_id", "agent_name")
    columns = ("kind", "sid", "conversation_id", "conversation", "type", "ui_type", "page")
    found = [
        (judging.iso(each.ts_ms), *(getattr(each, field) for field in fields))
        for each in read.events
    ]
    assert sorted(
        (row["timestamp"], *(row[column] for column in (*columns, "agent_id", "agent")))
        for row in wanted
    ) == sorted(found)


FORM = "event=CONVERSATION_CLOSED&sid=s1&id=d1"
JUNK: dict[str, list[Any]] = {
    "an access log as JSON": [
        {
            "time": judging.MONDAY,
            "remote_addr": "192.0.2.1",
            "request": "GET /?q=conversation+completed&event=chat_closed HTTP/1.1",
            "status": 200,
            "http_referer": "https://x.example/?event=CONVERSATION_ENGAGED&sid=s",
            "http_user_agent": "CONVERSATION_ENGAGED",
        }
    ],
    "a logger's lines": [
        {"level": 30, "time": 1762160400000, "pid": 1, "name": "web", "msg": "closed"},
        {"level": "info", "event": "closed", "name": "db", "session_id": "x", "id": 7},
        {"event": "user logged in", "level": "info", "timestamp": judging.MONDAY, "sid": "x"},
        {"event": "engaged", "clutch": 3, "vehicle": {"id": "v"}},
    ],
    "Segment": [
        {
            "type": "track",
            "event": "Order Completed",
            "properties": {"id": "o1", "name": "Order", "type": "order"},
            "context": {"session_id": "x"},
        },
        {"type": "page", "name": "Conversation", "properties": {"url": "/conversation-closed"}},
    ],
    "GA4": [
        {
            "event_name": "session_start",
            "event_timestamp": "1762160400000000",
            "event_params": [
                {"key": "ga_session_id", "value": {"int_value": "1762160400"}},
                {"key": "page_title", "value": {"string_value": "Conversation engaged"}},
            ],
        }
    ],
    "another chat": [
        {
            "event": "ticket.conversation.closed",
            "id": "t1",
            "conversation_id": "c",
            "session_id": "x",
        },
        {
            "topic": "conversation.admin.closed",
            "data": {"item": {"type": "conversation", "id": "1"}},
        },
        {"event": "message_created", "conversation": {"id": 1, "status": "closed"}, "sid": "x"},
        {"event": "conversation_status_changed", "id": 1, "status": "completed", "sid": "x"},
        {"AccountSid": "AC", "ConversationSid": "CH", "EventType": "onConversationUpdated"},
    ],
    "Stripe": [
        {
            "id": "evt_1",
            "object": "event",
            "type": "checkout.session.completed",
            "created": 1762160400,
        }
    ],
    "GitHub": [
        {
            "action": "closed",
            "issue": {"id": 1, "title": "Conversation closed"},
            "sender": {"id": 1},
        },
        {"action": "completed", "workflow_run": {"id": 1, "name": "CI", "event": "push"}},
    ],
    "journald": [
        {"__REALTIME_TIMESTAMP": "1762160400000000", "MESSAGE": "Session 1 closed.", "_PID": "1"}
    ],
    "Kubernetes": [
        {
            "kind": "Event",
            "type": "Normal",
            "reason": "Completed",
            "metadata": {"name": "x", "uid": "y"},
        },
        {"kind": "Pod", "metadata": {"name": "conversation"}, "status": {"phase": "Completed"}},
    ],
    "CloudTrail": [
        {
            "eventName": "AssumeRole",
            "eventTime": judging.MONDAY,
            "eventID": "x",
            "eventType": "AwsApiCall",
        }
    ],
    "a Windows log": [{"EventID": 4624, "Channel": "Security", "SubjectUserSid": "S-1-5-18"}],
    "an agenda": [{"kind": "calendar#event", "id": "x", "summary": "CONVERSATION", "start": {}}],
    "configuration": [{"events": ["CONVERSATION_ENGAGED", "CONVERSATION_CLOSED"], "sid": "x"}],
    "addresses of pages": [
        {"url_path": "/", "url_query": FORM, "event_type": 1, "event_name": "click"},
        {"event": "page_view", "page_urlquery": FORM, "refr_urlquery": FORM, "useragent": FORM},
        {"actionDetails": [{"type": "event", "eventAction": "click", "url": f"/?{FORM}"}]},
        {"request": "GET / HTTP/1.1", "http_referrer": f"https://x.example/?{FORM}"},
        {"context": {"page": {"search": f"?{FORM}"}, "campaign": {}}, "utm_content": FORM},
        {"location": {"search": FORM}, "hash": f"#{FORM}", "gclid": FORM, "sessionId": "x"},
    ],
    "plain values": [1, "x", None, [], {}, [[]], "CONVERSATION_ENGAGED", ["CONVERSATION_ENGAGED"]],
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_stays_junk(name: str) -> None:
    for value in (*JUNK[name], JUNK[name], {"records": JUNK[name]}):
        for finding in judge_value(decode(json.dumps(value)), judging.CONTEXT):
            assert not isinstance(finding.outcome, Event | WidgetReady), value
        scanned.check_block(f"{json.dumps(value)}\n".encode(), context=judging.CONTEXT)
