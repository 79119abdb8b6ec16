"""Texts that hold a record, in one of many ways, and all that may be odd in them."""

from __future__ import annotations

import base64
import json
import random
from typing import Any
from urllib.parse import quote, quote_plus

from layers import ANOTHER, READY, Layer, Record, break_json, write

BODY_KEYS = ["body", "message", "log", "data", "value", "_raw", "original", "request_body"]
OTHER_KEYS = ["doc", "blob", "line2", "text", "event", "name", "S", "string", "stringValue"]
CLOSED_KEYS = ["headers", "page", "answer", "user_agent", "token", "meetingInfo", "sid", "id"]


WAYS = ["json", "behind", "base64", "percent", "form", "field", "query", "lines"]


class Text(Layer):
    """A text under a key that says the value in one of many ways, and members beside it."""

    def __init__(self, pick: random.Random, way: str) -> None:
        super().__init__(pick)
        self.ways = [way, way, way, pick.choice([way, *WAYS])]
        self.key = pick.choice(pick.choice([BODY_KEYS] * 8 + [OTHER_KEYS] * 7 + [CLOSED_KEYS]))
        if way == "query":
            self.key = pick.choice(["request", "uri", "query_string"])
        self.field = pick.choice(["data", "x", "x", "payload"])
        self.first_field = pick.choice(["z=1&", ""])
        self.prefix = pick.choice(["[INFO] dc: ", "dc ", "2025-11-03T10:00:00Z ", "x ", "été "])
        self.others: Record = pick.choice(
            [
                *([{}] * 14),
                {"time": "2025-11-04T09:00:00Z"},
                {"level": "info", "id": 1},
                {"a": 1},
                *({"z": '{"a":1}'}, {"message": '{"event":"page_view"}'}, {"name": "api"}),
                *({"note": "x=1"}, {"note": "[1]"}, {"label": "x"}, {"sid": "around"}),
                *({"z": ANOTHER}, {"msg": ANOTHER}, {"z": f"up {ANOTHER}"}, {"msg": "{x"}),
                *({"msg": ANOTHER}, {"line": ANOTHER}, {"content": json.dumps(READY)}),
            ]
        )
        self.is_first = pick.random() < 0.5
        self.encode = pick.choice([base64.b64encode, base64.urlsafe_b64encode])

    def put(self, value: Any, *, is_odd: bool) -> Any:
        """Return an object with the text."""
        others = dict(self.others)
        is_beside = is_odd and self.deck.draw("where", [False] * 6 + [True])
        if is_beside:
            others.update(self.deck.draw("beside", _list_besides()))
        way = self.random.choice(self.ways)
        sound, odd = getattr(self, f"_write_{way}")(value)
        text = self.deck.draw(way, odd) if is_odd and not is_beside else sound
        return {self.key: text, **others} if self.is_first else {**others, self.key: text}

    def _write_json(self, value: Any) -> tuple[str, list[str]]:
        text = write(self.random, value)
        signs = [
            " ",
            "\n",
            ",",
            "\0",
            "\ufeff",
            "\u00a0",
            "x",
            "}",
            "]",
            "'",
            "\x1e",
            "1",
            "{}",
            '"x"',
        ]
        return text, [
            *(sign + text for sign in signs),
            *(text + sign for sign in signs),
            *(
                f"{text}\n{text}",
                f"{text} {ANOTHER}",
                f'{text} {{"event": "page_view"}}',
                f"{text}\n[1]",
            ),
            *(
                f"{text}\nx",
                f"[{text}]",
                f"[{text}, {text}]",
                f'[{text}, "x"]',
                text[:-1],
                f"x {text}",
            ),
            *(
                text.replace("{", "{\n", 1),
                json.dumps(text),
                f"'{text}'",
                f'"x" {text}',
                text + " tail",
            ),
            *(f"{text}\n{json.dumps(text)}", json.dumps([text]), json.dumps(json.dumps(text))),
            *break_json(self.random, text),
        ]

    def _write_behind(self, value: Any) -> tuple[str, list[str]]:
        prefix, text = self.prefix, write(self.random, value)
        prefixes = [
            *(
                "12 ",
                "true ",
                "null,",
                "12abc ",
                "a\nb ",
                "[1] ",
                '"q" ',
                "{x} ",
                "[",
                "x {",
                "'",
                "(",
                "é",
            ),
            *(
                "2025-11-03T08:00:00Z ",
                "1762160400 ",
                "x 2025/11/03 09:00:00 ",
                "Nov  3 09:00:00 h ",
                "{} ",
                '{"a":1} ',
                "[x] ",
                "\u00a0",
                "up at 9:00 ",
            ),
        ]
        rests = [
            *(
                "'",
                '"',
                "\nx",
                "\n",
                " tail",
                "]",
                "}",
                " {}",
                f"\n{ANOTHER}",
                f" {ANOTHER}",
                " []",
                "{",
            ),
            *(
                " at dc.js:12:13",
                "[x]",
                "\u00e9",
                " (x)",
                ",",
                " 12",
                "\n\n",
                ' "x"',
                " '",
                "\0",
                " true",
            ),
        ]
        return prefix + text, [
            *(each + text for each in prefixes),
            *(prefix + text + each for each in rests),
            *(
                f"[{text}]",
                f"[x {text}]",
                prefix + text[:-1],
                prefix * 2 + text,
                prefix + f"[{text}]",
            ),
            *(prefix + text.replace(",", ",\n", 1), f"{prefix}{text}\n{prefix}{text}", prefix),
        ]

    def _write_base64(self, value: Any) -> tuple[str, list[str]]:
        inner = write(self.random, value)
        text = self.encode(inner.encode()).decode()
        others = [inner + "\n", f"x {inner}", "sid=1&event=chat_closed", "{}", f"{inner}{inner}"]
        bare = text.rstrip("=")
        at = self.random.randrange(len(text))
        return text, [
            *(self.encode(each.encode()).decode() for each in others),
            *(
                bare,
                text + "=",
                text + "==",
                text[:-1],
                text[:-2],
                text[:-3],
                text[:15],
                text + "A",
            ),
            *(text[:at] + sign + text[at:] for sign in ["\n", " ", ".", "\u00a0", "="]),
            *(text + "\n", " " + text, text + "\u00a0", text[:at] + "A" + text[at + 1 :]),
            *(text.replace("A", "-", 1), text.replace("A", "/", 1), "x" + text, text + "é"),
            *([bare + "A" * (-len(bare) % 4 + 1)] * 2),
            self.encode(inner.encode("utf-16-le")).decode(),
        ]

    def _write_percent(self, value: Any) -> tuple[str, list[str]]:
        inner = write(self.random, value)
        text = quote(inner, safe=self.random.choice(["", ":,", "/"]))
        return text, [
            *(quote_plus(inner), text.replace("%20", "+"), text.replace("%7B", "%7b"), "a=" + text),
            *(
                "=" + text,
                text.replace("%22", '"', 2),
                text.replace("%7B", "{", 1),
                text + "%",
                text[:-3],
            ),
            *(
                text + "%E9",
                text + "%zz",
                text.replace("%22", "%2", 1),
                text + "x",
                "x" + text,
                "+" + text,
            ),
            *(
                quote(text),
                text + "\n",
                text + "%0A" + text,
                text + "%00",
                text + "&a=b",
                "x%20" + text,
            ),
            *(f"%E9{text}", "%0A" + text, text + "%20tail", text + "%27", quote(f"[1] {inner}")),
        ]

    def _write_form(self, value: Any) -> tuple[str, list[str]]:
        pairs = _list_fields(value)
        text = self.first_field
        text += "&".join(f"{quote_plus(key)}={quote_plus(each)}" for key, each in pairs)
        at = self.random.randrange(len(text) + 1)
        return text, [
            *(
                "?" + text,
                "??" + text,
                text + "&",
                text.replace("&", "&&", 1),
                "&" + text,
                "=x&" + text,
            ),
            *(
                f"{text}&{each}"
                for each in ["x", "sid=twice", "sid=", "na%6De=x", "timestamp=0", "z=z"]
            ),
            *(
                f"{text}&{each}"
                for each in ["data.sid=x", "name=%E9", "x=%E9", f"data={quote(ANOTHER)}"]
            ),
            *(
                f"{each}&{text}"
                for each in ["sid=twice", "event=chat_closed", "s%69d=first", "a/b=1", "a=1"]
            ),
            *(
                f"{each}&{text}"
                for each in ["sid=", "sid", "name=%E9", "z=1&z=chat_closed", "a b=1"]
            ),
            *(text + each for each in ["\n", "\u00a0", "\u2003", "é", " ", "#x", "\0"]),
            " " + text,
            *(text.replace("=", "%3D", 1), text.replace("=", "", 1), text.replace("_", "%5F", 1)),
            *(text[:at] + sign + text[at:] for sign in '/?#%+ =&é{["'),
            f"data={quote(json.dumps(dict(pairs)))}",
        ]

    def _write_field(self, value: Any) -> tuple[str, list[str]]:
        key, inner = self.field, quote(write(self.random, value))
        return f"a=1&{key}={inner}", [
            *(
                f"x={inner}",
                f"a=1&{key}={inner}&{key}=x",
                f"a=1&{key}=x&{key}={inner}",
                f"{key}={inner}",
            ),
            *(
                f"data%5B0%5D={inner}",
                f"a=1&{key}={quote(inner)}",
                f"{key}={inner}%20x",
                f"sid={inner}",
            ),
            *(
                f"page={inner}",
                f"a=1&{key}=x%20{inner}",
                f"{key}={inner}&sid=around&event=chat_closed",
            ),
            *(
                f"?a=1&{key}={inner}",
                f"a=1&{key}={inner}&message={quote(ANOTHER)}",
                f"{key} ={inner}",
            ),
            *(
                f"a=1&{key}={inner}&b={quote(ANOTHER)}",
                f"a=%E9&{key}={inner}",
                f"a=1&{key}={inner}%E9",
            ),
            *(f"a=1&{key}={inner.replace('%20', '+')}", f"a=&{key}={inner}", f"a&{key}={inner}"),
            f"a=1&{key}={quote(base64.b64encode(ANOTHER.encode()))}",
        ]

    def _write_query(self, value: Any) -> tuple[str, list[str]]:
        form, odd = self._write_form(value)
        own = [
            *(
                f"/dc?{form}",
                "?" + form,
                form,
                f"GET /dc?{form}#x=1 HTTP/1.1",
                f"/a#b?{form}",
                "{" + form,
            ),
            *(
                f"GET /a?b {form}",
                f"GET  /dc?{form} HTTP/1.1",
                f"POST /?{form}?x=1 HTTP/1.1",
                f" ?{form}",
            ),
            *(
                f"k=v /dc?{form}",
                f"/dc?a#{form}",
                f"GET /dc?{form} HTTP/1.1 ",
                "GET /dc HTTP/1.1",
                f"x{form}",
            ),
            *(
                f"GET /dc?{form}&name=x#y HTTP/1.1",
                f"GET https://e.com/dc?{form} HTTP/2",
                "GET /?a=b HTTP/1.1",
            ),
        ]
        return f"GET /dc?{form} HTTP/1.1", [
            *own,
            *own,
            *(f"GET /dc?{each} HTTP/1.1" for each in odd),
        ]

    def _write_lines(self, value: Any) -> tuple[str, list[str]]:
        text = write(self.random, value)
        others = [
            *(
                ANOTHER,
                "{}",
                "[]",
                "1",
                '"x"',
                "null",
                "x",
                '{"event": "page_view"}',
                "",
                "{",
                f"[{text}]",
            ),
            *(
                json.dumps(READY),
                '{"sid": "alone"}',
                f"x {text}",
                '{"event": "CONVERSATION_CLOSED"}',
            ),
            *(
                json.dumps(text),
                '{"a": 1}',
                text + text,
                f"{text},{text}",
                "[1] {}",
                f"{text} tail",
            ),
        ]
        return f"{text}\n{text}", [
            text,
            *(
                f"{text}{each}{text}"
                for each in ["", " ", ",", "\r\n", "\n\n", "\0", "\x1e", "\nx\n"]
            ),
            *(f"{each}\n{text}" for each in others),
            *(f"{text}\n{each}" for each in others),
            *(f"{text}\n{text}\n{each}" for each in others),
            *(f"{each}\n{each}" for each in others),
        ]


def _list_besides() -> list[Record]:
    """Return members beside a text that may say something."""
    texts = [ANOTHER, f"x {ANOTHER}", "CONVERSATION_CLOSED", "page_view", "x=1", "[1]", "{x"]
    return [{key: text} for key in ["z", "message", "headers", "request"] for text in texts]


def _list_fields(value: Any) -> list[tuple[str, str]]:
    """Return the texts of a record as fields of a form."""
    found: list[tuple[str, str]] = []
    for key, each in value.items() if isinstance(value, dict) else []:
        if isinstance(each, dict):
            found += _list_fields(each)
        elif isinstance(each, str | int | float) and not isinstance(each, bool):
            found.append((key, str(each)))
    return found
