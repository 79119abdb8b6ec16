"""Names of events: loose spellings to Dynamic Chat's kinds (definitions 1, "Event names")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dcevents.model.events import KINDS, READY_EVENT

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
"""What the snippet's `--forward` writes behind `chat_`, and the kinds that they stand for."""
MAX_EVENT_NAME_CHARACTERS: Final = 512
"""A longer text is no known name: the longest rows of words that anybody writes are far shorter."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^A-Za-z0-9]+")
_ROW = f"(?:(?:{'|'.join(WORDS_BEFORE)})_)*?"
_GENERIC = ("enum", "event", "events")
_LIKE_ADOBES = re.compile(
    f"(?:(?:{'|'.join(_GENERIC)})_)*"
    f"(?:conversation|{'|'.join(word for word in WORDS_BEFORE if word not in _GENERIC)})(?:_|$)"
)
_FULL = re.compile(
    f"{_ROW}(?:conversations?_(?P<kind>{'|'.join(KINDS)})"
    f"|(?:chat|dc|dynamicchat)_(?P<after>{'|'.join(KINDS)})"
    f"|chat_(?P<short>{'|'.join(LIVE_CHAT_SHORT)}))"
)


def normalize_name(text: str) -> str:
    """Return a name in lower case with single `_` between its words."""
    return _OTHER.sub("_", _HUMP.sub("_", text)).strip("_").lower()


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
    match = _FULL.fullmatch(name)
    if match is None:
        return None
    return match["kind"] or match["after"] or LIVE_CHAT_SHORT[match["short"]]


def is_like_adobes(text: str) -> bool:
    """Return whether a name begins as Adobe's do: with `conversation`, `chat`, `dc`, …"""
    return _LIKE_ADOBES.match(normalize_name(text[:MAX_EVENT_NAME_CHARACTERS])) is not None


def match_name(text: str) -> str | None:
    """Return the kind of a full name, or of a kind alone."""
    if len(text) > MAX_EVENT_NAME_CHARACTERS:
        return None
    name = normalize_name(text)
    return name if name in KINDS else match_full_name(text)


@dataclass(frozen=True)
class KnownNames:
    """Names that events may have: those of Dynamic Chat, and those that the user gave."""

    given: Mapping[str, str] = field(default_factory=dict)
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
