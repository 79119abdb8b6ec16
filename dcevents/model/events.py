"""Kinds of events and outcomes, as plain data.

Matching, docs and tests follow from them.
Source: Adobe's callback reference, as docs/definitions.md, section 1, repeats it.
"""

from typing import NamedTuple


class EventKind(NamedTuple):
    """A kind of event that Dynamic Chat reports."""

    key: str
    """Its key in Adobe's `Enum.Events`."""
    kind: str
    """Its short name in reports."""
    meaning: str


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
"""All kinds; of events with equal timestamps the earlier kind comes first (definitions 2)."""

READY_EVENT = "adobedx.conversations.ready"

PAYLOAD_KEYS = ("name", "id", "type", "uiType", "sid", "agentName", "agentID")
"""Keys of a payload that Adobe documents."""
MEETING_INFO_KEY = "meetingInfo"
"""One more key, in bookings."""

KINDS = tuple(event.kind for event in EVENT_KINDS)
"""Short names; the number of a kind is its place in this tuple, in the whole program."""

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
"""Kinds that `last_step` can name (definitions 2)."""

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
"""Outcomes of conversations, in the order of their rules (definitions 2)."""

ABANDONED_OUTCOMES = ("unanswered", "left_queue", "closed", "dropped")
"""Neighbours in OUTCOMES."""

OUTCOME_GROUPS = {"abandoned": ABANDONED_OUTCOMES}
"""Names that stand for several outcomes."""

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
"""Outcomes of live-chat attempts (definitions 4)."""

REJECT_REASONS = (
    *("too_long", "invalid_utf8", "invalid_json", "not_an_object", "no_event", "no_sid"),
)
"""Reasons to reject a line, in the order in which they are tried (definitions 1)."""
