"""Parts of lines that are made in layers: what records say, JSON, and oddities in turns."""

from __future__ import annotations

import json
import random
import re
from typing import Any

Record = dict[str, Any]

EVENTS = ["CONVERSATION_ENGAGED", "CONVERSATION_CLOSED", "conversationTriggered", "chat_engaged"]
TIMES = ["2025-11-03T09:00:00Z", "2025-11-03 09:00:01.5+01:00", 1762160400123, "1762160400"]
NO_TIMES = ["1970-01-01T00:00:00Z", "soon", "", None]
NAMES = [
    "Pricing",
    "Über uns",
    "🎉 50 % + more",
    'say "hi"',
    "a\\b",
    "a\tb\nc",
    "???>>>",
    "d=1&e=2",
]
READY = {"event": "adobedx.conversations.ready"}
OTHERS = {"event": "CONVERSATION_COMPLETED", "sid": "other", "id": "other", "uiType": "popup"}
"""Another's event."""
ANOTHER = json.dumps(OTHERS)
JUNK = [
    *(None, "", 7, True, "x", {}, [], [1], {"a": {"b": "c"}}, ["x", "y"], "{}", "[INFO] up", "a=b"),
    *('{"a":1}', '"x"', "%7B%22a%22%3A1%7D", "eyJhIjoxLCJiIjoyfQ==", "{x"),
]


class Deck:
    """Oddities by their names: each comes once before one comes again."""

    def __init__(self, pick: random.Random) -> None:
        self._random = pick
        self._left: dict[str, list[int]] = {}

    def draw(self, name: str, values: list[Any]) -> Any:
        """Return the next of some values, which are as many each time."""
        left = self._left.setdefault(name, [])
        if not left:
            left += self._random.sample(range(len(values)), len(values))
        return values[left.pop()]


class Layer:
    """What one layer makes of a value."""

    def __init__(self, pick: random.Random) -> None:
        self.random = pick
        self.deck = Deck(pick)

    def put(self, value: Any, *, is_odd: bool) -> Any:
        """Return an object in which the value lies."""
        raise NotImplementedError


def shuffle(pick: random.Random, value: Any) -> Any:
    """Return a value with the members of its objects in another order."""
    if isinstance(value, list):
        return [shuffle(pick, each) for each in value]
    if not isinstance(value, dict):
        return value
    members = [(key, shuffle(pick, each)) for key, each in value.items()]
    pick.shuffle(members)
    return dict(members)


def write(pick: random.Random, value: Any) -> str:
    """Return JSON, of ASCII or not."""
    return json.dumps(value, ensure_ascii=pick.random() < 0.5)


def break_json(pick: random.Random, text: str) -> list[str]:
    """Return JSON with a text of it escaped, a key of it twice, or broken."""
    keys = {*re.findall(r'(?<=")[a-zA-Z_]+(?=":)', text), "sid"}
    texts = {*re.findall(r'(?<=")[a-zA-Z_]+(?=")', text), "sid"}
    key, each = pick.choice(sorted(keys)), pick.choice(sorted(texts))
    escaped = f"\\u{ord(each[0]):04x}{each[1:]}"
    return [
        *(text.replace(f'"{each}"', f'"{escaped}"', 1), text.replace(f'"{each}"', f'"{escaped}"')),
        *(text.replace(f'"{key}":', f'"{key}": "twice", "{key}":', 1), text.replace(" ", "\t", 1)),
        *(text.replace(f'"{key}":', f'"{key}": null, "{key}":', 1), text.replace('"', "'", 1)),
        *(
            text.replace('"s', '"\\ud800s', 1),
            text.replace('": ', '" : ', 1),
            text.replace("}", ",}", 1),
        ),
    ]
