"""Values of events as platforms take them, and stable ids of visitors."""

import json
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote

from dcevents.model.events import FORWARDED_PREFIX
from dcevents.sending._platform import Destination, SendItem, Value

ECID_PATTERN: Final = "[0-9]{38}"
"""An id of Adobe's Experience Cloud."""
AGENT_ID: Final = f"{FORWARDED_PREFIX}agent_id"
AGENT_NAME: Final = f"{FORWARDED_PREFIX}agent_name"
VALUE_COLUMNS: Final = {
    "sid": "sid",
    "conversation_id": "id",
    "conversation": "name",
    "type": "type",
    "ui_type": "ui_type",
    "attempt": "attempt",
    "outcome": "outcome",
    "last_step": "last_step",
    "engaged": "engaged",
    "gave_email": "gave_email",
    "gave_phone": "gave_phone",
    "meetings": "meetings",
    "live_chats": "live_chats",
    "duration_seconds": "duration_seconds",
    "wait_seconds": "wait_seconds",
    "chat_seconds": "talk_seconds",
    "agent_id": "agent_id",
    "agent": "agent_name",
}
"""Columns of listings, and their names as values behind `chat_`."""
VALUE_NAMES: Final = tuple(f"{FORWARDED_PREFIX}{name}" for name in VALUE_COLUMNS.values())
"""All values that an item may have."""
OUTCOME_NAMES: Final = {"conversations": "chat_outcome", "attempts": "chat_attempt"}
"""Names of items that are no events."""
_URI_SAFE = "-_.!~*'()"
"""What `encodeURIComponent` leaves beside letters and digits."""


@lru_cache(1 << 14)
def cut_text(text: str, limit: int) -> str:
    """Return the beginning of a text that has at most `limit` letters in a URL.

    So does the script in the page: see `fitted` in snippet/forward/_common.js.
    """
    if 12 * len(text) <= limit or len(quote(text, safe=_URI_SAFE)) <= limit:
        return text
    kept = 0
    for place, character in enumerate(text):
        kept += len(quote(character, safe=_URI_SAFE))
        if kept > limit:
            return text[:place]
    return text


def cut_bytes(text: str, limit: int) -> str:
    """Return the beginning of a text that has at most `limit` bytes."""
    return text.encode(errors="replace")[:limit].decode(errors="ignore")


def fit_values(item: SendItem, destination: Destination, limit: int) -> dict[str, Value]:
    """Return the values of an item that are sent, texts cut; none is empty."""
    fit: dict[str, Value] = {}
    for name, value in item.values.items():
        if not destination.names_agents and _names_agent(name, value):
            continue
        kept = cut_text(value, limit) if isinstance(value, str) else value
        if kept != "":
            fit[name] = kept
    return fit


def _names_agent(name: str, value: Value) -> bool:
    """Return whether a value says who the agent is."""
    return name == AGENT_NAME or (name == AGENT_ID and isinstance(value, str) and "@" in value)


def hash_sid(sid: str, size: int) -> bytes:
    """Return bytes that are always the same for a sid, and do not tell it."""
    return blake2b(sid.encode(), digest_size=size, person=b"dcevents-visitor").digest()


def encode_json(value: Any) -> str:  # noqa: ANN401 - what JSON has
    """Return JSON without needless spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_object(body: bytes) -> Mapping[str, Any]:
    """Return an answer's JSON object; an empty one where it has none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_text(value: Any, limit: int = 200) -> str:  # noqa: ANN401 - a stranger's JSON
    """Return the beginning of a text in an answer."""
    return value[:limit] if isinstance(value, str) else ""
