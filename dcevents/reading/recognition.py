"""What was recognised in a log: for standard error, for the JSON output, for `check`, and as a `[map]` to keep."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dcevents import show
from dcevents.reading.log import Log
from dcevents.reading.parsing.envelopes import CANONICAL, PREFIX_TIME, Shape
from dcevents.show import make_visible

_WRAPPER_NAMES = {
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
_PAYLOAD_NAMES = {
    "": "flat",
    "payload": "event.data alone",
    "properties": "analytics (Segment, RudderStack, Mixpanel, PostHog)",
    "event_properties": "Amplitude",
    "data.payload": "the canonical payload",
}
_MAX_SHOWN_ENVELOPES = 3


def name_envelope(shape: Shape) -> str:
    """What a shape is called."""
    if shape._replace(prefix="") == CANONICAL:
        return "canonical"
    outer = shape.event.split(".")[0] if "." in shape.event else (shape.payload or "").split(".")[0]
    return _WRAPPER_NAMES.get(outer) or _PAYLOAD_NAMES.get(shape.payload or "", "other keys")


def list_envelopes(log: Log) -> list[Shape]:
    """The shapes of a log's events, in order; none where all are canonical."""
    found = sorted(
        {shape or CANONICAL for shape in log.envelopes},
        key=lambda shape: [text or "" for text in shape],
    )
    return [] if found == [CANONICAL] else found


def count_framings(log: Log) -> dict[str, int]:
    """How records lie in the inputs, where they are not lines: how many are such."""
    return dict(Counter(source.framing_name for source in log.inputs if source.framing_name))


def build_recognition_json(log: Log) -> dict[str, Any]:
    """Members of `input` in the JSON format; none where all is canonical."""
    found = [
        {"shape": name_envelope(shape), **shape._asdict(), "prefix": shape.prefix or None}
        for shape in list_envelopes(log)
    ]
    return {
        **({"envelopes": found} if found else {}),
        **({"styles": count_framings(log)} if count_framings(log) else {}),
    }


def describe_recognition(log: Log) -> str | None:
    """`read as: flat (event, timestamp, page); in an array of records`; None where all is canonical."""
    found = list_envelopes(log)
    told = [_describe_envelope(shape) for shape in found[:_MAX_SHOWN_ENVELOPES]]
    more = (
        f", and {show.format_count(len(found) - _MAX_SHOWN_ENVELOPES, 'more shape')}"
        if len(found) > _MAX_SHOWN_ENVELOPES
        else ""
    )
    lying = [
        f"{style} ({show.format_count(n, 'input')})" if log.account.files > 1 else style
        for style, n in count_framings(log).items()
    ]
    parts = [*([", ".join(told) + more] if told else []), *lying]
    return f"read as: {'; '.join(parts)}" if parts else None


def _describe_envelope(shape: Shape) -> str:
    if shape == CANONICAL:
        return "canonical lines"
    paths = {
        "event": shape.event,
        "time": shape.timestamp,
        "page": shape.page,
        "payload": shape.payload,
    }
    shown = [
        f"{part} in {_describe_path(path)}" for part, path in paths.items() if path is not None
    ]
    behind = f" behind a prefix of {shape.prefix}" if shape.prefix else ""
    return f"{name_envelope(shape)}{behind} ({', '.join(shown)})"


def _describe_path(path: str) -> str:
    return "the prefix" if path == PREFIX_TIME else make_visible(path) if path else "the record"


def format_map(log: Log, names: Sequence[tuple[str, str]] = ()) -> str:
    """A TOML file's `[map]`; of several shapes the others are comments. `names`: what events were said to mean."""
    found = sorted(
        {shape or CANONICAL for shape in log.envelopes},
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
        tables += [f"# {name_envelope(shape)}", *(comment + line for line in ("[map]", *lines)), ""]
    events = [
        f"{json.dumps(event, ensure_ascii=False)} = {json.dumps(meaning)}"
        for event, meaning in names
    ]
    return "\n".join([*tables, *(["[map.events]", *events, ""] if events else [])])
