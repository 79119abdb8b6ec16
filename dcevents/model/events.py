"""Kinds of events, the names that they go by, and outcomes: plain data.

Source: Adobe's callback reference, as docs/definitions.md, section 1, repeats it.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple


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
    *("too_long", "invalid_utf8", "invalid_json", "invalid_row", "not_an_object", "no_event"),
    "no_sid",
)
"""Reasons to reject a line, in the order in which they are tried (definitions 1)."""

# -- loose spellings (definitions 1, "Event names") ----------------------------------------------

READY: Final = "ready"
"""The kind of the widget's own event, which is no event of a conversation."""
WORDS_BEFORE: Final = (
    *("adobe", "adobedx", "dx", "dynamic", "dynamicchat", "chat", "chatbot", "dc"),
    *("enum", "event", "events", "conversations"),
)
"""Words of which any row may stand before a full name."""
LIVE_CHAT_SHORT: Final = {
    "live_requested": "live_chat_requested",
    "live_initiated": "live_chat_initiated",
    "live_ended": "live_chat_ended",
    "live_timeout": "live_chat_request_timeout",
}
"""What `name_forwarded_event` writes behind `chat_`, and the kinds that they stand for."""
FORWARDED_PREFIX: Final = "chat_"
"""Before names of events and of their values on analytics platforms."""
FORWARDED_VALUES: Final = {
    "sid": "sid",
    "id": "id",
    "name": "name",
    "type": "type",
    "ui_type": "uiType",
    "agent_id": "agentID",
}
"""Values of events on analytics platforms, and their keys in a payload."""
GA4_VALUE_LIMIT: Final = 100
"""Letters of a value that Google Analytics 4 keeps, counted as in a URL."""
ADOBE_VALUE_LIMIT: Final = 255
"""Letters of a value that Adobe Analytics keeps in context data and eVars, counted likewise."""
MAX_EVENT_NAME_CHARACTERS: Final = 512
"""A longer text is no known name: the longest rows of words that anybody writes are far shorter."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^A-Za-z0-9]+")
_ROW = f"(?:(?:{'|'.join(WORDS_BEFORE)})_)*?"
_GENERIC = ("enum", "event", "events")


@cache
def _compile_beginning() -> re.Pattern[str]:
    """Return how names like Adobe's begin. Compiled when asked for: `--help` needs none."""
    before = "|".join(word for word in WORDS_BEFORE if word not in _GENERIC)
    return re.compile(f"(?:(?:{'|'.join(_GENERIC)})_)*(?:conversation|{before})(?:_|$)")


@cache
def _compile_full_name() -> re.Pattern[str]:
    kinds = "|".join(KINDS)
    return re.compile(
        f"{_ROW}(?:conversations?_(?P<kind>{kinds})"
        f"|(?:chat|dc|dynamicchat)_(?P<after>{kinds})"
        f"|chat_(?P<short>{'|'.join(LIVE_CHAT_SHORT)}))"
    )


def normalize_name(text: str) -> str:
    """Return a name in lower case with single `_` between its words."""
    return _OTHER.sub("_", _HUMP.sub("_", text)).strip("_").lower()


def name_forwarded_event(kind: str) -> str:
    """Return an event's name on analytics platforms: `chat_live_timeout`.

    At most 40 letters, as platforms allow; this one is `live_chat_request_timeout`.
    """
    shorter = next((short for short, long in LIVE_CHAT_SHORT.items() if long == kind), kind)
    return FORWARDED_PREFIX + shorter


READY_NAME: Final = normalize_name(READY_EVENT)
"""The name of the widget's own event, normalised."""


def match_full_name(text: str) -> str | None:
    """Return the kind that a full name stands for, wherever the name is found.

    Else None.
    """
    if len(text) > MAX_EVENT_NAME_CHARACTERS:
        return None
    name = normalize_name(text)
    if name == READY_NAME:
        return READY
    match = _compile_full_name().fullmatch(name)
    if match is None:
        return None
    return match["kind"] or match["after"] or LIVE_CHAT_SHORT[match["short"]]


def is_like_adobes(text: str) -> bool:
    """Return whether a name begins as Adobe's do: with `conversation`, `chat`, `dc`, …"""
    return _compile_beginning().match(normalize_name(text[:MAX_EVENT_NAME_CHARACTERS])) is not None


def match_name(text: str) -> str | None:
    """Return the kind of a full name, or of a kind alone."""
    if len(text) > MAX_EVENT_NAME_CHARACTERS:
        return None
    name = normalize_name(text)
    return name if name in KINDS else match_full_name(text)


class KnownNames(NamedTuple):
    """Names that events may have: those of Dynamic Chat, and those that the user gave."""

    given: Mapping[str, str] = {}
    """Kinds by normalised name."""

    def match_given(self, text: str) -> str | None:
        """Return the kind that the user gave a name."""
        if not self.given or len(text) > MAX_EVENT_NAME_CHARACTERS:
            return None
        return self.given.get(normalize_name(text))

    def match_full(self, text: str) -> str | None:
        """Return the kind of a full name, or of one that the user gave."""
        return self.match_given(text) or match_full_name(text)

    def match(self, text: str) -> str | None:
        """Return the kind of any known name, also of a kind alone."""
        return self.match_given(text) or match_name(text)


ADOBE_NAMES: Final = KnownNames()
"""The names of Dynamic Chat alone."""
