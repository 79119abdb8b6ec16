"""Recognised envelopes and framings: in words, as JSON, as a `[map]`."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from dcevents.reading.log import Log
from dcevents.reading.parsing.envelopes import CANONICAL, PREFIX_TIME, Shape
from dcevents.show import format_count, make_visible

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
"""Names of envelopes by the outermost key around the event."""
_PAYLOAD_NAMES = {
    "": "flat",
    "payload": "event.data alone",
    "properties": "analytics (Segment, RudderStack, Mixpanel, PostHog)",
    "event_properties": "Amplitude",
    "data.payload": "the canonical payload",
}
"""Names of envelopes by the path of the payload."""
_MAX_SHOWN_ENVELOPES = 3
_MAPPED_PARTS = ("event", "timestamp", "page", "payload")


def name_envelope(envelope: Shape) -> str:
    """Return the name of an envelope, for people."""
    if envelope._replace(prefix="") == CANONICAL:
        return "canonical"
    path = envelope.event if "." in envelope.event else envelope.payload or ""
    wrapper = path.split(".")[0]
    return _WRAPPER_NAMES.get(wrapper) or _PAYLOAD_NAMES.get(envelope.payload or "", "other keys")


def list_envelopes(log: Log) -> list[Shape]:
    """List the envelopes of a log, in order.

    None where all are canonical.
    """
    found = sorted(
        {envelope or CANONICAL for envelope in log.envelopes},
        key=lambda envelope: [text or "" for text in envelope],
    )
    return [] if found == [CANONICAL] else found


def count_framings(log: Log) -> dict[str, int]:
    """Count inputs by framing, but those of lines."""
    return dict(Counter(result.framing.name for result in log.inputs if result.framing))


def build_recognition_json(log: Log) -> dict[str, Any]:
    """Build members of `input` in the JSON format.

    None where all is canonical.
    """
    envelopes = [
        {"shape": name_envelope(each), **each._asdict(), "prefix": each.prefix or None}
        for each in list_envelopes(log)
    ]
    framings = count_framings(log)
    return {
        **({"envelopes": envelopes} if envelopes else {}),
        **({"styles": framings} if framings else {}),
    }


def describe_recognition(log: Log) -> str | None:
    """Describe how a log was read; None for a canonical one.

    `read as: flat (event in event, time in ts); an array of records`
    """
    envelopes = list_envelopes(log)
    shown = [_describe_envelope(each) for each in envelopes[:_MAX_SHOWN_ENVELOPES]]
    if more := len(envelopes) - len(shown):
        shown[-1] += f", and {format_count(more, 'more shape')}"
    framings = [
        f"{name} ({format_count(n, 'input')})" if log.account.files > 1 else name
        for name, n in count_framings(log).items()
    ]
    parts = [*([", ".join(shown)] if shown else []), *framings]
    return f"read as: {'; '.join(parts)}" if parts else None


def _describe_envelope(envelope: Shape) -> str:
    """Describe an envelope by its name and paths."""
    if envelope == CANONICAL:
        return "canonical lines"
    paths = {
        "event": envelope.event,
        "time": envelope.timestamp,
        "page": envelope.page,
        "payload": envelope.payload,
    }
    shown = [
        f"{part} in {_describe_path(path)}" for part, path in paths.items() if path is not None
    ]
    behind = f" behind a prefix of {envelope.prefix}" if envelope.prefix else ""
    return f"{name_envelope(envelope)}{behind} ({', '.join(shown)})"


def _describe_path(path: str) -> str:
    if path == PREFIX_TIME:
        return "the prefix"
    return make_visible(path) or "the record"


def format_map(log: Log, mapped_names: Sequence[tuple[str, str]] = ()) -> str:
    """Format a `[map]` of a TOML file.

    Of several envelopes the others are comments.
    `mapped_names` are names of events and their meanings, as the user gave them.
    """
    found = sorted(
        {envelope or CANONICAL for envelope in log.envelopes},
        key=lambda each: (each == CANONICAL, str(each)),
    )
    if not found:
        return "# nothing was recognised\n"
    tables = []
    for number, envelope in enumerate(found):
        comment = "# " if number else ""
        lines = [f"{comment}{line}" for line in ("[map]", *_format_paths(envelope))]
        tables += [f"# {name_envelope(envelope)}", *lines, ""]
    events = [
        f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(meaning)}"
        for name, meaning in mapped_names
    ]
    return "\n".join([*tables, *(["[map.events]", *events, ""] if events else [])])


def _format_paths(envelope: Shape) -> list[str]:
    """Format the paths of an envelope as lines of TOML."""
    paths = {part: getattr(envelope, part) for part in _MAPPED_PARTS}
    return [
        f"{part} = {json.dumps(path or '.')}"
        for part, path in paths.items()
        if path not in (None, PREFIX_TIME)
    ]
