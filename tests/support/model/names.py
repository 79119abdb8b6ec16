"""Event names: definitions 1, "Event names are matched loosely"."""

from __future__ import annotations

import re

LIVE_CHAT = {
    "live_requested": "live_chat_requested",
    "live_initiated": "live_chat_initiated",
    "live_ended": "live_chat_ended",
    "live_timeout": "live_chat_request_timeout",
}
#: The short kinds of the table, the ready event aside.
KINDS = {
    "triggered", "engaged", "completed", "closed", "input_phone", "input_email", "meeting_booked",
    *LIVE_CHAT.values(),
}  # fmt: skip
#: "Also after any row of these words".
WORDS = {
    "adobe", "adobedx", "dx", "dynamic", "dynamicchat", "chat", "chatbot", "dc", "enum", "event",
    "events", "conversations",
}  # fmt: skip
READY = "adobedx_conversations_ready"


def normal_name(spelling: str) -> str:
    """Return a name as it is matched.

    "An ASCII lower-case letter or digit before an upper-case letter is split by `_`, runs of
    characters other than ASCII letters and digits become `_`, outer `_` go, case is ignored."
    """
    split = re.sub(r"([a-z0-9])(?=[A-Z])", r"\1_", spelling)
    return re.sub(r"[^A-Za-z0-9]+", "_", split).strip("_").lower()


def full_kind(spelling: str) -> str | None:
    """Return the kind of a full name, "ready" for the ready event, None for any other text.

    "A full name is `conversation_` or `conversations_` and a kind, also after any row of these
    words; `live_requested`, … after `chat` are full names of the live-chat kinds, and so is any
    kind after `chat`, `dc` or `dynamicchat`." The row may be empty and may stand before all.
    """
    name = normal_name(spelling)
    if name == READY:
        return "ready"
    for kind in KINDS:
        for head in ("conversation", "conversations", "chat", "dc", "dynamicchat"):
            if _is_after_row(name, f"{head}_{kind}"):
                return kind
    for short, kind in LIVE_CHAT.items():
        if _is_after_row(name, f"chat_{short}"):
            return kind
    return None


def _is_after_row(name: str, end: str) -> bool:
    """Return whether a name is `end`, with any row of the words before it."""
    if name == end:
        return True
    if not name.endswith("_" + end):
        return False
    row = name.removesuffix("_" + end)
    return all(word in WORDS for word in row.split("_"))


def is_like_adobes(spelling: str) -> bool:
    """Return whether a name begins as Adobe's do: with `conversation`, `chat`, `dc`, …"""
    words = normal_name(spelling).split("_")
    while words and words[0] in {"enum", "event", "events"}:
        words.pop(0)
    return bool(words) and words[0] in WORDS | {"conversation"}


def event_kind(spelling: str, *, has_sid: bool) -> str | None:
    """Return the kind of a name under a key that names events.

    "A kind alone is a name only under a key that names events, in a record with a sid."
    """
    kind = full_kind(spelling)
    if kind is None and has_sid and normal_name(spelling) in KINDS:
        return normal_name(spelling)
    return kind
