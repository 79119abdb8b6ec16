"""Lists of pairs that are objects, lists of records under keys, and all that is odd in them."""

from __future__ import annotations

import random
from typing import Any

from layers import ANOTHER, NAMES, OTHERS, READY, TIMES, Layer, Record

HOLDERS = ["event_params", "params", "attributes", "data", "payload", "properties", "body", "x"]
CLOSED_HOLDERS = ["headers", "cookies", "page", "meetingInfo"]


class Pairs(Layer):
    """A value whose innermost objects, or the outermost, are lists of keys and values."""

    def __init__(self, pick: random.Random) -> None:
        super().__init__(pick)
        names = [
            ("key", "value"),
            ("name", "Value"),
            ("field", "value"),
            ("Key", "VALUE"),
            ("name", "_value"),
        ]
        self.key, self.value = pick.choice(names)
        self.holder = pick.choice(pick.choice([HOLDERS] * 11 + [CLOSED_HOLDERS]))
        self.type = pick.choice(
            ["", "", "S", "stringValue", "string_value", "string", "text", "$date"]
        )
        self.nulls: Record = pick.choice([{}, {"int_value": None}, {"x": None, "nanos": 5}])
        self.third = pick.choice([None, None, "type", "x"])
        self.what = pick.choice(["whole", "whole", "inner", "apart"])
        self.is_deep = pick.random() < 0.3
        self.is_turned = pick.random() < 0.3

    def put(self, value: Any, *, is_odd: bool) -> Any:
        """Return an object in which objects are lists of pairs."""
        if not isinstance(value, dict):
            return {self.holder: value}
        if self.what == "whole":
            return {self.holder: self.list_pairs(value, is_odd=is_odd)}
        for key, each in value.items():
            if isinstance(each, dict) and each and self.what == "inner":
                return {**value, key: self.list_pairs(each, is_odd=is_odd)}
        outer = {key: each for key, each in value.items() if key in {"event", "label", "sid"}}
        if self.what == "inner":
            outer.pop("sid", None)
        inner = {key: each for key, each in value.items() if key not in outer}
        return {**outer, self.holder: self.list_pairs(inner, is_odd=is_odd)}

    def list_pairs(self, value: Record, *, is_odd: bool) -> list[Any]:
        """Return an object as a list of pairs; in an odd one a pair is odd, or none."""
        pick = self.random
        found: list[Any] = [self.make_pair(key, each) for key, each in value.items()]
        if not is_odd:
            return found
        at = pick.randrange(len(found)) if found else 0
        pair = found[at] if found else self.make_pair("sid", "p")
        how = self.deck.draw("how", ["more", "more", "changed", "changed", "again", "order"])
        if how == "more":
            more = self.deck.draw("more", self.list_members(pair))
            found.insert(pick.choice([at, 0, len(found)]), more)
        elif how == "changed":
            found[at : at + 1] = [self.deck.draw("changed", self.change_pair(pair))]
        elif how == "again":
            key = self.deck.draw("again", [str(pair[self.key]), "sid", "event", "timestamp", "zz"])
            found.insert(pick.choice([0, at, len(found)]), self.make_pair(key, pick.choice(NAMES)))
        else:
            pick.shuffle(found)
        return found

    def make_pair(self, key: str, value: Any) -> Record:
        """Return a key and its value, perhaps typed."""
        if isinstance(value, dict) and self.is_deep:
            value = [self.make_pair(inner, each) for inner, each in value.items()]
        elif self.type and isinstance(value, str):
            value = {self.type: value, **self.nulls}
        pair: Record = {self.key: key, self.value: value}
        if self.third:
            pair[self.third] = "x"
        return dict(reversed(pair.items())) if self.is_turned else pair

    def list_members(self, pair: Record) -> list[Any]:
        """Return members of a list that are another kind of pair, or none."""
        name, value = self.key, self.value
        return [
            *(1, "x", None, {}, [], [pair], {name: "a"}, {value: "a"}, {name: 1, value: "s"}, pair),
            *({"key": None, value: "n"}, {"name": "n", "field": "sid", value: "f"}, {name: "sid"}),
            *({"key": 1, "name": "sid", value: "k"}, {"key": "sid", "name": "n", value: "k"}),
            *(
                {"key": 1, "name": "timestamp", value: TIMES[0]},
                {"key": "zz", "name": "timestamp", value: 1},
            ),
            *({"a": 1, name: "sid", value: "v"}, {"a": 1, "b": 2, name: "sid", value: "v"}),
            *({"a": 1, "b": 2, "c": 3, name: "k", value: "v"}, {name: "x.sid", value: "y"}),
            *(
                {name: "sid.x", value: "y"},
                {name: "data.payload.sid", value: "y"},
                {name: "zz", value: 1},
            ),
            *({name: "sid", value: "v", value.swapcase(): "w"}, {name: "", value: "v"}),
            *({name: key, value: ANOTHER} for key in ["answer", "message", "q", "list", "headers"]),
            *({name: key, value: OTHERS} for key in ["q", "x", "page", "meetingInfo"]),
            *(
                {name: "event", value: "CONVERSATION_CLOSED"},
                {name: "label2", value: "CONVERSATION_CLOSED"},
            ),
            *({name: "list", value: [OTHERS]}, {name: "sid", value: ["l"]}, {name: "é", value: 1}),
            *(
                {name: "S", value: "x"},
                {name: "sid", value: {"S": "t", "N": "1"}},
                {name: "k\u0000", value: 1},
            ),
        ]

    def change_pair(self, pair: Record) -> list[Any]:
        """Return a pair with something odd."""
        name, value = self.key, self.value
        key, said = str(pair[name]), pair[value]
        return [
            *(
                {**pair, "more": 1},
                {**pair, "more": 1, "most": 2},
                {**pair, name: 7},
                {**pair, "more": {}},
            ),
            *(
                {**pair, name: key.upper()},
                {**pair, name: f"chat_{key}"},
                {**pair, name: f"data.{key}"},
            ),
            *(
                {**pair, name: "zz"},
                {**pair, name: "yy"},
                {**pair, name: f"{key}.x"},
                {**pair, name: f"a.{key}"},
            ),
            *(
                {**pair, value: None},
                {**pair, value: ""},
                {**pair, value: [said]},
                {**pair, value: said},
            ),
            *(
                {**pair, value: {"S": "t", "x": "y"}},
                {**pair, value: {"S": None}},
                {**pair, value: {}},
            ),
            *(
                {**pair, value: {"value": said}},
                {**pair, value: {"N": "7", "y": None}},
                {**pair, value: [[]]},
            ),
            *(
                {**pair, "name": "n"},
                {**pair, "Key": "k"},
                {**pair, "field": "f"},
                {**pair, "_key": "z"},
            ),
            *(
                {name.title(): key, value: said},
                {name: key},
                [pair],
                {f"{name}_": key, value: said},
            ),
            *(
                {f"${name}": key, value: 1},
                {**pair, name: f"{key} "},
                {**pair, name: f"{key}\u0000"},
            ),
            dict(reversed(pair.items())),
        ]


class Keyed(Layer):
    """A list of whole records under keys, as Kafka's and others' exports have them."""

    def __init__(self, pick: random.Random) -> None:
        super().__init__(pick)
        self.key = pick.choice(["key", "key", "name", "id"])
        self.holder = pick.choice(["records", "data", "x", "body"])
        self.count = pick.choice([1, 2])

    def put(self, value: Any, *, is_odd: bool) -> Any:
        """Return an object with a list of keys and records."""
        found: list[Any] = [
            {self.key: f"k{number}", "value": value} for number in range(self.count)
        ]
        if is_odd:
            more = self.deck.draw("more", self.list_members(value))
            found.insert(self.random.choice([0, len(found)]), more)
        return {self.holder: found}

    def list_members(self, value: Any) -> list[Any]:
        """Return members beside others, or in their place."""
        key = self.key
        values = [
            OTHERS,
            READY,
            {"event": "page_view"},
            {"a": 1},
            {},
            [],
            1,
            "x",
            None,
            ANOTHER,
            [OTHERS],
        ]
        return [
            *({key: "k9", "value": each} for each in values),
            {"value": value},
            value,
            1,
            "x",
            [],
            {},
            *({key: each, "value": value} for each in [None, 1, "sid", "q", "page", "k0", ""]),
            *(
                {"event": "page_view", key: "k", "value": 1},
                {key: "event", "value": "CONVERSATION_CLOSED"},
            ),
            *(
                {key: "k", "value": value, "timestamp": 1},
                {key: "k", "value": value, "a": 1, "b": 2},
            ),
            {**READY, key: "k", "value": 1},
        ]
