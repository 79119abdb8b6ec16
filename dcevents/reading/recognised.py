"""What was recognised in a log: for standard error, for the JSON output, for `check`, and as a `[map]` to keep."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dcevents import show
from dcevents.reading.log import Log
from dcevents.reading.parsing.envelopes import CANONICAL, PREFIX_TIME, Shape
from dcevents.show import visible

_NAMES = {
    "_source": "Elasticsearch hits",
    "jsonPayload": "Cloud Logging",
    "textPayload": "Cloud Logging, JSON as text",
    "log": "a container's log (Docker, Fluent Bit)",
    "message": "a collector's message (Vector, CloudWatch)",
    "@message": "CloudWatch Insights",
    "MESSAGE": "journald, as JSON",
    "body": "request bodies (nginx, Lambda)",
    "request_body": "request bodies",
    "detail": "detail of a CustomEvent",
    "event": "whole events",
}
_PAYLOADS = {
    "": "flat",
    "payload": "event.data alone",
    "properties": "analytics (Segment, RudderStack, Mixpanel, PostHog)",
    "event_properties": "Amplitude",
    "data.payload": "the canonical payload",
}
_SHOWN = 3


def name(shape: Shape) -> str:
    """What a shape is called."""
    if shape._replace(prefix="") == CANONICAL:
        return "canonical"
    outer = shape.event.split(".")[0] if "." in shape.event else (shape.payload or "").split(".")[0]
    return _NAMES.get(outer) or _PAYLOADS.get(shape.payload or "", "other keys")


def shapes(log: Log) -> list[Shape]:
    """The shapes of a log's events, in order; none where all are canonical."""
    found = sorted(
        {shape or CANONICAL for shape in log.shapes},
        key=lambda shape: [text or "" for text in shape],
    )
    return [] if found == [CANONICAL] else found


def styles(log: Log) -> dict[str, int]:
    """How records lie in the inputs, where they are not lines: how many are such."""
    return dict(Counter(source.style for source in log.inputs if source.style))


def as_json(log: Log) -> dict[str, Any]:
    """Members of `input` in the JSON format; none where all is canonical."""
    found = [
        {"shape": name(shape), **shape._asdict(), "prefix": shape.prefix or None}
        for shape in shapes(log)
    ]
    return {
        **({"envelopes": found} if found else {}),
        **({"styles": styles(log)} if styles(log) else {}),
    }


def in_words(log: Log) -> str | None:
    """`read as: flat (event, timestamp, page); in an array of records`; None where all is canonical."""
    found = shapes(log)
    told = [_told(shape) for shape in found[:_SHOWN]]
    more = f", and {show.things(len(found) - _SHOWN, 'more shape')}" if len(found) > _SHOWN else ""
    lying = [
        f"{style} ({show.things(n, 'input')})" if log.account.files > 1 else style
        for style, n in styles(log).items()
    ]
    parts = [*([", ".join(told) + more] if told else []), *lying]
    return f"read as: {'; '.join(parts)}" if parts else None


def _told(shape: Shape) -> str:
    if shape == CANONICAL:
        return "canonical lines"
    paths = {
        "event": shape.event,
        "time": shape.timestamp,
        "page": shape.page,
        "payload": shape.payload,
    }
    shown = [f"{part} in {_path(path)}" for part, path in paths.items() if path is not None]
    behind = f" behind a prefix of {shape.prefix}" if shape.prefix else ""
    return f"{name(shape)}{behind} ({', '.join(shown)})"


def _path(path: str) -> str:
    return "the prefix" if path == PREFIX_TIME else visible(path) if path else "the record"


def as_map(log: Log, names: Sequence[tuple[str, str]] = ()) -> str:
    """A TOML file's `[map]`; of several shapes the others are comments. `names`: what events were said to mean."""
    found = sorted(
        {shape or CANONICAL for shape in log.shapes},
        key=lambda each: (each == CANONICAL, str(each)),
    )
    if not found:
        return "# nothing was recognised\n"
    tables = []
    for number, shape in enumerate(found):
        paths = {part: getattr(shape, part) for part in ("event", "timestamp", "page", "payload")}
        lines = [
            f"{part} = {json.dumps(path or '.')}"
            for part, path in paths.items()
            if path not in (None, PREFIX_TIME)
        ]
        comment = "# " if number else ""
        tables += [f"# {name(shape)}", *(comment + line for line in ("[map]", *lines)), ""]
    events = [
        f"{json.dumps(event, ensure_ascii=False)} = {json.dumps(meaning)}"
        for event, meaning in names
    ]
    return "\n".join([*tables, *(["[map.events]", *events, ""] if events else [])])
