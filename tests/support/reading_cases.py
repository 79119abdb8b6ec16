"""Golden cases of reading, from `tests/reading/golden`: for the model, and for the package.

A case has `why`, `input` and `expected`. In an input `@EV@` is a canonical event and `@EV2@` one of
another session, `@TEXT@` and `@TEXT2@` the same escaped for a JSON text, `@Q@` with doubled quotes
for a cell of CSV, `@BASE64@` and `@PERCENT@` encoded.
`@NUL@`, `@BOM@`, `@RS@`, `@CR@`, `@BAD@` (no UTF-8), `@HALF@` (half a character) and
`@MIB@` (2^20 letters) are bytes.

An expected record is `LINE[INDEX] WHAT FIELD=VALUE …`, the index only where it has one. WHAT is a
kind, `duplicate`, `ready`, `unknown`, `blank`, `incomplete`, or the reason of a rejected record.
Only the fields that are named are compared; `-` is none.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

FOLDER = Path(__file__).parent.parent / "reading" / "golden"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The clock of all golden cases.
CLOCK_MS = (datetime(2026, 3, 1, 12, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)


class Case(NamedTuple):
    """Hold a golden case."""

    why: str
    data: bytes
    expected: list[str]


def canonical(sid: str) -> str:
    """Return a canonical event of a session."""
    payload = {"name": "Pricing", "id": "d1", "type": "dialogue", "uiType": "popup", "sid": sid}
    event = {
        "event": "CONVERSATION_ENGAGED",
        "timestamp": "2025-11-03T09:00:05Z",
        "page": "https://www.example.com/p",
        "data": {"payload": payload},
    }
    return json.dumps(event, separators=(",", ":"))


def replacements() -> dict[str, bytes]:
    """Return what the words between `@` in an input stand for."""
    event, other = canonical("s1"), canonical("s2")
    return {
        "@EV@": event.encode(),
        "@EV2@": other.encode(),
        "@TEXT@": json.dumps(event)[1:-1].encode(),
        "@TEXT2@": json.dumps(other)[1:-1].encode(),
        "@Q@": event.replace('"', '""').encode(),
        "@BASE64@": base64.b64encode(event.encode()),
        "@PERCENT@": quote(event, safe="").encode(),
        "@NUL@": b"\0",
        "@BOM@": b"\xef\xbb\xbf",
        "@RS@": b"\x1e",
        "@CR@": b"\r",
        "@BAD@": b"\xff",
        "@HALF@": b"\xc3",
        "@MIB@": b"x" * 2**20,
    }


def to_bytes(text: str) -> bytes:
    """Return the bytes of a case's input."""
    data = text.encode()
    for word, found in replacements().items():
        data = data.replace(word.encode(), found)
    return data


def load_cases(file: str) -> list[Case]:
    """Return the cases of a file."""
    content = tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))
    return [
        Case(case["why"], to_bytes(case["input"]), case["expected"]) for case in content["case"]
    ]


def load_tables(file: str) -> list[tuple[str, str, str]]:
    """Return the (why, input, expected) of a file of texts."""
    content: dict[str, Any] = tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))
    return [(case["why"], case["input"], case["expected"]) for case in content["cases"]]


def to_ms(text: str) -> int:
    """Return the time of a text of a case."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def to_iso(ms: int | None) -> str:
    """Return a time as cases have it: seconds, and milliseconds where there are any."""
    if ms is None:
        return "-"
    moment = EPOCH + timedelta(milliseconds=ms)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


def describe(record: Any, expected: str) -> str:
    """Return a record as cases have it, with the fields that the expected one has."""
    what = record.bucket if record.reason is None else record.reason
    words = {
        "events": record.kind,
        "duplicates": "duplicate",
        "widget_ready": "ready",
        "unknown_event": "unknown",
    }
    place = f"{record.line}" if record.index is None else f"{record.line}[{record.index}]"
    fields = {
        "ts": to_iso(record.ts_ms),
        "time": "future" if record.future else "ancient" if record.ancient else "-",
        "ui": record.ui_type,
        "agent": record.agent_id,
        "agent_name": record.agent_name,
        "event": record.unknown,
    }
    found = [place, words.get(what, what)]
    for word in shlex.split(expected)[2:]:
        name = word.partition("=")[0]
        value = fields[name] if name in fields else getattr(record, name)
        found.append(f"{name}={'-' if value is None else value}")
    return " ".join(found)


def plain(expected: str) -> str:
    """Return an expected record without its quotes."""
    return " ".join(shlex.split(expected))


def is_index_told(expected: str) -> bool:
    """Return whether an expected record names its index."""
    return re.match(r"\d+\[", expected) is not None
