"""The vocabulary: kinds of events, outcomes, what they mean. Plain data; matching, docs and tests follow from it.

Source: Adobe's callback reference, as `docs/definitions.md` section 1 repeats it.
"""

import re
from typing import NamedTuple


class EventKind(NamedTuple):
    """One event of Dynamic Chat: its key in `Enum.Events`, our short name, what it means."""

    key: str
    kind: str
    meaning: str


# The order is the order of events with equal timestamps within a conversation (definitions 2).
EVENT_KINDS = (
    EventKind(
        "CONVERSATION_TRIGGERED",
        "triggered",
        "the conversation targeted at this visitor is resolved and shown",
    ),
    EventKind("CONVERSATION_ENGAGED", "engaged", "the visitor gives the first response"),
    EventKind("CONVERSATION_INPUT_EMAIL", "input_email", "the visitor gives an e-mail address"),
    EventKind("CONVERSATION_INPUT_PHONE", "input_phone", "the visitor gives a phone number"),
    EventKind(
        "CONVERSATION_MEETING_BOOKED",
        "meeting_booked",
        "the visitor books a slot in an agent's calendar",
    ),
    EventKind(
        "CONVERSATION_LIVE_CHAT_REQUESTED", "live_chat_requested", "the visitor asks for an agent"
    ),
    EventKind("CONVERSATION_LIVE_CHAT_INITIATED", "live_chat_initiated", "an agent accepts"),
    EventKind(
        "CONVERSATION_LIVE_CHAT_REQUEST_TIMEOUT",
        "live_chat_request_timeout",
        "the request or the chat timed out",
    ),
    EventKind("CONVERSATION_LIVE_CHAT_ENDED", "live_chat_ended", "the talk with the agent ends"),
    EventKind(
        "CONVERSATION_COMPLETED", "completed", "the visitor reaches the end of the conversation"
    ),
    EventKind("CONVERSATION_CLOSED", "closed", "the visitor closes it before the end"),
)
READY_EVENT = "adobedx.conversations.ready"

PAYLOAD_KEYS = ("name", "id", "type", "uiType", "sid", "agentName", "agentID")
"""What a payload has, as Adobe documents it, and one thing more in bookings:"""
MEETING_INFO_KEY = "meetingInfo"

KINDS = tuple(event.kind for event in EVENT_KINDS)
"""Short names; a kind's number everywhere in the program is its place in this tuple."""

(
    TRIGGERED,
    ENGAGED,
    INPUT_EMAIL,
    INPUT_PHONE,
    MEETING_BOOKED,
    REQUESTED,
    INITIATED,
    TIMEOUT,
    ENDED,
    COMPLETED,
    CLOSED,
) = range(len(KINDS))

LIVE_CHAT_KINDS = (REQUESTED, INITIATED, TIMEOUT, ENDED)
STEP_KINDS = (ENGAGED, INPUT_EMAIL, INPUT_PHONE, MEETING_BOOKED, *LIVE_CHAT_KINDS)
"""The kinds that `last_step` can name (definitions 2)."""

OUTCOMES = (
    "completed",
    "served",
    "booked",
    "open",
    "unanswered",
    "left_queue",
    "closed",
    "dropped",
    "dismissed",
    "ignored",
)
"""Outcomes in the order in which their rules are tried: the first that fits (definitions 2)."""

ABANDONED_OUTCOMES = ("unanswered", "left_queue", "closed", "dropped")

ATTEMPT_OUTCOMES = (
    "ended",
    "timed_out",
    "closed",
    "ongoing",
    "no_end",
    "missed",
    "left",
    "waiting",
)

REJECT_REASONS = ("too_long", "invalid_json", "not_an_object", "no_event", "no_sid")

_NAME_PREFIXES = ("", "enum_events_", "events_", "adobedx_", "adobedx_conversations_")
_KIND_OF_NAME = {
    f"{prefix}conversation_{kind}": n for n, kind in enumerate(KINDS) for prefix in _NAME_PREFIXES
}
_KIND_OF_KEY = {event.key: n for n, event in enumerate(EVENT_KINDS)}
_KIND_OF_BARE_NAME = {kind: n for n, kind in enumerate(KINDS)}
_CAMEL_CASE_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NON_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]+")

READY_KIND = -1
_NORMALISED_READY = READY_EVENT.replace(".", "_")


def normalise_name(name: str) -> str:
    """An event's name as it is compared: `Conversation Triggered` → `conversation_triggered`."""
    return _NON_ALPHANUMERIC.sub("_", _CAMEL_CASE_BOUNDARY.sub("_", name)).strip("_").lower()


def find_kind(name: str, *, has_sid: bool) -> int | None:
    """The kind's number, `READY_KIND` for the ready event, None for a name that is not Dynamic Chat's."""
    if (canonical := _KIND_OF_KEY.get(name)) is not None:
        return canonical
    text = normalise_name(name)
    if text == _NORMALISED_READY:
        return READY_KIND
    kind = _KIND_OF_NAME.get(text)
    return _KIND_OF_BARE_NAME.get(text) if kind is None and has_sid else kind
