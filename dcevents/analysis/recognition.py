"""Recognised envelopes: in words, as JSON, as a `[map]`."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from dcevents.reading.envelopes import CANONICAL, OTHER, PREFIX_TIME, Envelope, EnvelopeCount
from dcevents.reading.hints import find_missing_parts
from dcevents.reading.judge.mapping import ITSELF, Mapping
from dcevents.reading.log import Log
from dcevents.settings import MAPPED_FIELDS, MAPPED_PLACES
from dcevents.show import format_count, make_visible, measure_width

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

Pairs = Sequence[tuple[str, str]]


def name_envelope(envelope: Envelope) -> str:
    """Return the name of an envelope, for people."""
    if envelope == OTHER:
        return "all others"
    if _is_canonical(envelope):
        return "canonical"
    path = envelope.event if "." in envelope.event else envelope.payload or ""
    wrapper = path.split(".")[0].removesuffix("[]")
    return _WRAPPER_NAMES.get(wrapper) or _PAYLOAD_NAMES.get(envelope.payload or "", "other keys")


def _is_canonical(envelope: Envelope) -> bool:
    """Return whether records are canonical, perhaps behind other text."""
    is_alike = envelope[:4] == CANONICAL[:4] and envelope.sid == CANONICAL.sid
    return envelope.is_canonical or (envelope.prefix and is_alike)


def rank_envelopes(log: Log) -> list[tuple[Envelope, EnvelopeCount]]:
    """Return the envelopes of a log with their counts, the most frequent first.

    Whether a user's map found parts makes no difference here.
    """
    counts: dict[Envelope, EnvelopeCount] = {}
    for envelope, count in log.envelopes.items():
        key = envelope._replace(mapped=())
        before = counts.get(key)
        counts[key] = before.add(count) if before else count
    return sorted(counts.items(), key=lambda item: (-item[1].records, _get_place(item[1])))


def _get_place(count: EnvelopeCount) -> tuple[int, int]:
    return count.file, count.line


def is_all_canonical(log: Log) -> bool:
    """Return whether all events of a log are in canonical records."""
    return all(envelope.is_canonical for envelope in log.envelopes)


def build_envelopes_json(log: Log) -> list[dict[str, Any]]:
    """Return the envelopes of a log, each with its number of records and the first of them."""
    return [
        {
            "shape": name_envelope(envelope),
            "event": envelope.event,
            "timestamp": envelope.timestamp,
            "page": envelope.page,
            "payload": envelope.payload,
            "sid": envelope.sid,
            "prefix": envelope.prefix,
            "row": envelope.is_row,
            "records": count.records,
            "file": log.inputs[count.file].name,
            "line": count.line,
        }
        for envelope, count in rank_envelopes(log)
    ]


def build_recognition_json(log: Log) -> dict[str, Any]:
    """Return the members of `input` that say how a log was read.

    None where all is canonical.
    """
    return {} if is_all_canonical(log) else {"envelopes": build_envelopes_json(log)}


def describe_recognition(log: Log, room: int | None = None) -> str | None:
    """Describe how a log was read; None for a canonical one.

    `read as: flat (event in event, time in ts)`; without the paths where that has more than
    `room` columns.
    """
    if is_all_canonical(log):
        return None
    envelopes = [envelope for envelope, _ in rank_envelopes(log)]
    shown = [_describe_envelope(each) for each in envelopes[:_MAX_SHOWN_ENVELOPES]]
    if more := len(envelopes) - len(shown):
        shown[-1] += f", and {format_count(more, 'more shape')}"
    line = f"read as: {', '.join(shown)}"
    if room is None or measure_width(line) <= room:
        return line
    names = dict.fromkeys(map(_name_recognised, envelopes))
    return f"read as: {', '.join(names)}"


def list_envelopes(log: Log) -> list[str]:
    """Describe each envelope with its number of records and the first of them."""
    return [
        f"{format_count(count.records, 'record')}: {_describe_envelope(envelope)}, "
        f"first {make_visible(log.inputs[count.file].name)}:{count.line}"
        for envelope, count in rank_envelopes(log)
    ]


def _name_recognised(envelope: Envelope) -> str:
    """Return the name of an envelope, and whether it is in a row or behind other text."""
    if envelope == OTHER:
        return name_envelope(envelope)
    where = (
        " in rows of CSV" if envelope.is_row else " behind other text" if envelope.prefix else ""
    )
    is_canonical = _is_canonical(envelope)
    return f"{'canonical records' if is_canonical else name_envelope(envelope)}{where}"


def _describe_envelope(envelope: Envelope) -> str:
    """Describe an envelope by its name and paths."""
    name = _name_recognised(envelope)
    if _is_canonical(envelope) or envelope == OTHER:
        return name
    paths = {
        "event": envelope.event,
        "time": envelope.timestamp,
        "page": envelope.page,
        "payload": envelope.payload,
    }
    shown = [
        f"{part} in {_describe_path(path)}" for part, path in paths.items() if path is not None
    ]
    if envelope.sid != CANONICAL.sid:
        shown.append(f"sid in {make_visible(envelope.sid)}")
    return f"{name} ({', '.join(shown)})"


def _describe_path(path: str) -> str:
    if path == PREFIX_TIME:
        return "the text before the record"
    return make_visible(path) or "the record"


def list_unfound_parts(log: Log, paths: Pairs) -> list[tuple[str, str]]:
    """Return the parts of a user's map that no record of a log has, with their paths.

    A log without events shows nothing, nor do names at the mapped place that are unknown: what is
    wrong with these is said elsewhere.
    """
    found = {part for envelope in log.envelopes for part in envelope.mapped}
    # Where events were recognised, the map may have had nothing to do.
    recognised = {place for envelope in log.envelopes for place in _list_paths(envelope)}
    missing = (place for place in paths if place[0] not in found)
    unfound = [place for place in missing if place not in recognised]
    has_names = log.account.tally["unknown_event"] > 0 and "event" in dict(unfound)
    return unfound if log.envelopes and not has_names else []


def explain_missing(log: Log, paths: Pairs) -> str | None:
    """Say at which places of a map the first records of a log without events have nothing."""
    mapping = Mapping(tuple(paths))
    found = [find_missing_parts(each, mapping) for each in log.account.unrecognised_inputs.values()]
    missing = [
        f"{part}={make_visible(path)}"
        for part, path in paths
        if found and all(part in each for each in found)
    ]
    return f"--map: nothing is at {', '.join(missing)}" if missing else None


def explain_unfound(option: str, parts: Pairs) -> str:
    """Say that no event has anything at the places that a user's map names."""
    places = ", ".join(f"{part}={make_visible(path)}" for part, path in parts)
    return (
        f"{option}: no event has anything at {places}; "
        "see what is recognised: dcevents check --show-map"
    )


# -- a map ---------------------------------------------------------------------------------------


def format_map(log: Log, paths: Pairs = (), names: Pairs = ()) -> str:
    """Format a `[map]` of a TOML file.

    Of several envelopes the most frequent that is not canonical counts, others are comments.
    `paths` and `names` are what the user gave: of fields of the payload, and of names of events.
    """
    ranked = [envelope for envelope, _ in rank_envelopes(log) if envelope != OTHER]
    envelopes = sorted(ranked, key=lambda each: each.is_canonical)
    if not envelopes:
        return "# nothing was recognised\n"
    fields = [(part, path) for part, path in paths if part in MAPPED_FIELDS]
    tables: list[str] = []
    for number, envelope in enumerate(envelopes):
        comment = "# " if number else ""
        lines = ["[map]", *_format_pairs([*_list_paths(envelope), *fields])]
        tables += [f"# {name_envelope(envelope)}", *(f"{comment}{line}" for line in lines), ""]
    events = [
        f"{json.dumps(name, ensure_ascii=False)} = {json.dumps(meaning)}" for name, meaning in names
    ]
    return "\n".join([*tables, *(["[map.events]", *events, ""] if events else [])])


def _list_paths(envelope: Envelope) -> list[tuple[str, str]]:
    """Return the parts of an envelope that have a place, and their paths."""
    return [
        (part, path or ITSELF)
        for part in MAPPED_PLACES
        if (path := getattr(envelope, part)) is not None and path != PREFIX_TIME
    ]


def _format_pairs(paths: Iterable[tuple[str, str]]) -> list[str]:
    """Format parts and paths as lines of TOML."""
    return [f"{part} = {json.dumps(path)}" for part, path in paths]
