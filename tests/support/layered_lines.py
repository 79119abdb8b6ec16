"""Lines whose records lie in layers of texts and lists of pairs, with something odd in one layer.

A scanner reads thousands of records by the rule that it made of the first one like them. So the
lines of a block are all of one make; about half of them are sound, and each of the others has one
oddity of a list that belongs to its layer: it looks like the sound ones, and may say something
else. Oddities come in turns, so that a few blocks have them all.
"""

from __future__ import annotations

import json
import random
from typing import Any

from layered_pairs import Keyed, Pairs
from layered_texts import WAYS, Text
from layers import (
    ANOTHER,
    EVENTS,
    JUNK,
    NAMES,
    NO_TIMES,
    OTHERS,
    READY,
    TIMES,
    Deck,
    Layer,
    Record,
    break_json,
    shuffle,
    write,
)


class Lines:
    """Makes the lines of a block: a record of some shape, and the layers around it."""

    def __init__(self, pick: random.Random, layers: list[Layer]) -> None:
        self.random = pick
        self.deck = Deck(pick)
        self.layers = layers
        self.shape = pick.choice(["canonical", "flat", "flat", "beside", "label"])
        self.keys = pick.sample(["name", "type", "uiType", "agentID", "agentName", "id"], 4)
        self.more = {"n": pick.choice(JUNK)} if pick.random() < 0.7 else {}
        self.is_mixed = pick.random() < 0.25
        self.times: list[Any] = pick.choice([TIMES, TIMES, NO_TIMES, []])
        self.root = pick.choice(["object"] * 12 + ["text", "list", "glued"])
        self.is_bare = pick.random() < 0.15

    def line(self) -> bytes:
        """Return a line."""
        odd: Any = None
        if self.random.random() < 0.55:
            odd = self.deck.draw(
                "layer", ["record", "record", "json", "json", "order", *self.layers * 6]
            )
        value: Any = self.record(is_odd=odd == "record")
        for layer in self.layers:
            value = layer.put(value, is_odd=layer is odd)
            value = shuffle(self.random, value) if odd == "order" or self.is_mixed else value
        if self.is_bare and len(value) == 1:
            (value,) = value.values()
        text = write(self.random, value)
        text = self.deck.draw("json", break_json(self.random, text)) if odd == "json" else text
        return self.end_line(text).encode("utf-8", "surrogatepass").replace(b"\n", b"") + b"\n"

    def end_line(self, text: str) -> str:
        """Return a line with a record and what stands around it."""
        if self.root == "text":
            return json.dumps(text)
        ends = {
            "list": ["", "", ",{}", "," + text, ", 1"],
            "glued": ["", "", " {}", text, "," + text, " 1", "x"],
        }
        end = self.deck.draw("end", ends.get(self.root, [""]))
        return f"[{text}{end}]" if self.root == "list" else f"{text}{end}"

    def record(self, *, is_odd: bool) -> Record:
        """Return the innermost record; an odd one says something else."""
        pick = self.random
        payload: Record = {key: pick.choice(NAMES) for key in self.keys}
        payload["sid"] = f"s{pick.randrange(9)}"
        name = "label" if self.shape == "label" else "event"
        event: Record = {name: pick.choice(EVENTS), "page": pick.choice(["/a", "/b?q=1#f", "/ü"])}
        if self.times:
            event["timestamp"] = pick.choice(self.times)
        if is_odd:
            place = event if pick.random() < 0.5 else payload
            groups = list_changes(name)
            group = self.deck.draw(
                "group", ["hollow", "name", "name", "time", "sid", "page", "more", "more"]
            )
            if group == "hollow":
                return {"page": "/a", "note": pick.choice(NAMES), **self.more}
            place.update(self.deck.draw(group, groups[group]))
        match self.shape:
            case "canonical":
                return {**event, "data": {"payload": payload}, **self.more}
            case "beside":
                return {**self.more, "event": event, "properties": payload}
        return {**self.more, **event, **payload}


def list_changes(name: str) -> dict[str, list[Record]]:
    """Return what may be said otherwise, or beside an event, by its kind."""
    texts = [
        "CONVERSATION_RATED",
        "page_view",
        READY["event"],
        "closed",
        "x",
        "",
        "conversation closed",
    ]
    times = ["1970-01-01T00:00:00Z", "soon", "", 0, "2099-01-01T00:00:00Z", None, "17:00"]
    return {
        "name": [{name: each} for each in texts],
        "time": [{"timestamp": each} for each in times],
        "sid": [{"sid": each} for each in ["", None, "é" * 300, 7.0, True, ["l"], {"S": "t"}]],
        "page": [{"page": each} for each in ["?q", "", None, 7, {"url": "/u"}, ANOTHER]],
        "more": [
            *(
                {key: ANOTHER}
                for key in ["msg", "more", "answer", "user_agent", "meetingInfo", "x"]
            ),
            *(
                {key: EVENTS[1]}
                for key in ["type", "name", "message", "z", "id", "title", "agentName"]
            ),
            *(
                {"chat_sid": "f"},
                {"SID": "g"},
                {"time": TIMES[0]},
                {"a.b": 1},
                {"data.payload.sid": "h"},
            ),
            *({"received_at": TIMES[0]}, {"level": "info"}, {"list": [OTHERS]}, {"x": OTHERS}),
            *(
                {"list": [OTHERS, {"a": 1}]},
                {"session_id": "i"},
                {"x": "CONVERSATION_RATED"},
                {"S": "x"},
            ),
        ],
    }


# -- blocks ---------------------------------------------------------------------------------------


def make_texts(seed: int, lines: int) -> bytes:
    """Return a block of lines with records in texts."""
    pick = random.Random(f"texts {seed}")
    layers: list[Layer] = [Text(pick, WAYS[seed % len(WAYS)])]
    while len(layers) < 5 and pick.random() < 0.25:
        layers.append(Text(pick, pick.choice(["json", "json", "behind", "field", "base64"])))
    return _make_block(Lines(pick, layers), lines)


def make_pairs(seed: int, lines: int) -> bytes:
    """Return a block of lines with records in lists of pairs."""
    pick = random.Random(f"pairs {seed}")
    layers: list[Layer] = [Keyed(pick) if seed % 4 == 3 else Pairs(pick)]
    if pick.random() < 0.2:
        layers.append(Text(pick, pick.choice(["json", "behind", "base64"])))
    elif pick.random() < 0.2:
        layers.append(Pairs(pick))
    return _make_block(Lines(pick, layers), lines)


def _make_block(made: Lines, lines: int) -> bytes:
    return b"".join(made.line() for _ in range(lines))
