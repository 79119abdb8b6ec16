"""Hints about inputs that are no log of Dynamic Chat: what they look like, and what to do.

They follow from the first bytes, or from the first rejected records.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from dcevents.reading.account import SAMPLE_BYTES
from dcevents.reading.hinting.texts import ESCAPED_HINT, describe_printed, has_escaped_quotes
from dcevents.reading.json_value import is_number
from dcevents.reading.judge import (
    Context,
    Event,
    Mapping,
    Rejection,
    judge_value,
    list_missing_parts,
)
from dcevents.reading.judge.findings import MAX_SID_BYTES, NO_SID, TOO_LONG
from dcevents.reading.judge.keys import (
    SESSION,
    fold_key,
    is_body_key,
    is_event_key,
    is_time_key,
    match_adobe_key,
)
from dcevents.reading.judge.texts import decode_text
from dcevents.reading.rows import row_hints
from dcevents.show import make_visible

_ANY_CLOCK = Context(clock_ms=0)

_BODILESS_HINT = (
    "it looks like an access log without bodies: "
    "have the server log the body of requests (docs/envelopes.md)"
)
_BODIES_HINT = (
    "it looks like an access log with bodies in its lines: "
    "have the server log JSON (docs/capture.md), or try "
    r"""perl -pe 's/(?:\\x|%)([0-9A-F]{2})/chr hex $1/ge || s/\\"/"/g; s/"(\{.*\})"/$1/' """
    "FILE | dcevents …"
)
_QUERIES_HINT = (
    "it looks like an access log with events in the queries of its requests: "
    "have the server log JSON (docs/capture.md), or try "
    r"""sed -E 's/.*\[([^]]+)\] "[A-Z]+ ([^ "]+).*/{"time":"\1","uri":"\2"}/' """
    "FILE | dcevents …"
)
_EMPTY_BODIES_HINT = (
    "it looks like an access log in which all bodies are empty: nginx has $request_body only where "
    "a location passes the request on (proxy_pass), of bodies that fit into client_body_buffer_size"
)
_CUT_BODIES_HINT = (
    "its bodies are cut off after {} characters: raise the limit of what writes or passes on "
    "its lines (rsyslog: maxMessageSize)"
)
_QUOTES_HINT = (
    "it looks like JSON within JSON, its quotes not escaped as JSON has it: "
    "nginx needs log_format escape=json; for what there is, try "
    r"""perl -pe 's/\\x5C/\\\\/g; s/\\x22/\\"/g; s/\\x0A/\\n/g; """
    r"""s/\\x([0-9A-F]{2})/chr hex $1/ge; s/"(\{".*\})"/$1/' FILE | dcevents …"""
)
_LONG_SIDS_HINT = (
    f"its events have sids of over {MAX_SID_BYTES} bytes, which are none of Dynamic Chat's: "
    "log the payload as it comes"
)
_HAR_HINT = (
    "it looks like a HAR file in which no request has an event in its body: "
    "save one while somebody uses the chat, with content"
)
_PREFIX_HINT = "it looks like JSON behind other text: cut that off first, as with sed 's/^[^{]*//'"
_COLOUR_HINT = (
    "it is coloured as for a terminal: take the colours out with "
    r"perl -pe 's/\e\[[0-9;]*m//g' FILE | dcevents …"
)
LATIN_HINT = (
    "it is not UTF-8, perhaps Latin-1: convert it with "
    "iconv -f ISO-8859-1 -t UTF-8 FILE | dcevents …"
)
_ACCESS_LINE = rb'(?:\S+ )?\S+ \S+ \S+ \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[^\]]+\] "[A-Z]+ '
_HINTS_BY_START = (
    (
        rb"(?i)<(?:!doctype )?html",
        "it looks like a web page (HTML), perhaps of a login: fetch the log again",
    ),
    (rb"<[?a-zA-Z]", "it looks like XML: export it as JSON instead"),
    (rb".*\x1b\[[0-9;]*m", _COLOUR_HINT),
    (_ACCESS_LINE + rb'.*(?:\{(?:\\x22|\\?")|%7B%22)', _BODIES_HINT),
    (_ACCESS_LINE + rb'[^"]*[?&][^" =]+=(?i:[^" &]*conversation)', _QUERIES_HINT),
    (_ACCESS_LINE, _BODILESS_HINT),
    (rb'\{.*"\{(?:\\x22|")', _QUOTES_HINT),
    (
        rb"__CURSOR=|__REALTIME_TIMESTAMP=",
        "it looks like a journal's export: use journalctl -o json",
    ),
    (rb'\{\s*"log"\s*:\s*\{\s*"version"', _HAR_HINT),
)
"""Beginnings of a first record with their hints; the first that fits counts."""
_LOGFMT_LINE = r"(?:.* )?[\w.]+=.* [\w.]+="
_LOGFMT_HINT = (
    "it looks like logfmt (key=value): log JSON instead, or try python3 -c 'import json, re, sys; "
    r"""[print(json.dumps({key: value.strip("\"") for key, value in """
    r"""re.findall(r"([\w.]+)=(\"[^\"]*\"|\S*)", line)})) for line in sys.stdin]' """
    "< FILE | dcevents …"
)
_YAML = (r"---\s*$|[\s-]*[\w.-]+:(?:\s|$)", "it looks like YAML: export it as JSON instead")
_REQUEST_KEYS = {
    "request",
    "requesturi",
    "status",
    "remoteaddr",
    "httpuseragent",
    "method",
    "uri",
    "path",
}
"""Keys of requests, folded."""
_MIN_REQUEST_KEYS = 2
"""Keys of a request that a record of an access log has."""
_EMPTY_BODIES = {None, "", "-"}
_MAX_NAME_CHARS = 64
"""A longer text is no name of an event."""
_KEY_PATTERN = re.compile(r'"([A-Za-z_@$][\w.$@-]*)"\s*:')
_MAX_SHOWN_KEYS = 12
_MAX_KEY_CHARS = 40
_MAX_KEY_DOTS = 2
"""Objects in objects whose keys are shown."""

Member = tuple[str, object]
"""The path of a key, and what stands there."""


def find_hint(samples: Sequence[bytes]) -> str | None:
    """Say what rejected records look like, and what to do.

    `samples` are the first SAMPLE_BYTES of each.
    """
    if not samples:
        return None
    first = samples[0].lstrip(b"\xef\xbb\xbf \t\r\n")
    found = next((hint for start, hint in _HINTS_BY_START if re.match(start, first)), None)
    texts = [text for sample in samples if (text := _decode_sample(sample)) is not None]
    objects = [found for text in texts for found in _list_objects(text)]
    if found or any(map(_is_event, objects)):
        return found
    lines = [text.strip() for text in texts]
    if len(texts) == len(samples) and row_hints.is_headed(lines):
        return row_hints.describe_rows(lines)
    return _hint_from_objects(texts, objects) or _hint_from_texts(samples)


def find_missing_parts(samples: Sequence[bytes], mapping: Mapping) -> list[str]:
    """Return the parts of a user's map that rejected records have nothing of.

    None of them where the samples show no objects.
    """
    texts = [text.strip() for sample in samples if (text := _decode_sample(sample)) is not None]
    if row_hints.is_headed(texts):
        return row_hints.find_missing_parts(texts, mapping)
    objects = [found for text in texts for found in _list_objects(text)]
    missing = [{*list_missing_parts(each, mapping)} for each in objects]
    return [part for part, _ in mapping.paths if missing and all(part in each for each in missing)]


# -- texts ---------------------------------------------------------------------------------------


def _hint_from_texts(samples: Sequence[bytes]) -> str | None:
    """Say what lines that are no JSON look like."""
    texts = [sample.decode("utf-8", "replace").strip() for sample in samples]
    if found := describe_printed(texts):
        return found
    if _is_json_in_latin1(samples):
        return LATIN_HINT
    if any(text.startswith(("{", "[")) for text in texts):
        return _hint_from_document(samples[0])
    if all(re.match(_LOGFMT_LINE, text) for text in texts):
        return _LOGFMT_HINT
    return row_hints.describe_rows(texts) or (
        _YAML[1] if all(re.match(_YAML[0], text) for text in texts) else None
    )


def _is_json_in_latin1(samples: Sequence[bytes]) -> bool:
    """Return whether a record that is not UTF-8 would be JSON in Latin-1."""
    return any(
        _decode_sample(sample) is None and any(_list_objects(sample.decode("latin-1")))
        for sample in samples
    )


def _decode_sample(sample: bytes) -> str | None:
    """Return a sample as text, without a character that its end cuts; None if not UTF-8."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return None


# -- objects -------------------------------------------------------------------------------------


def _hint_from_objects(texts: Sequence[str], objects: Sequence[dict[str, Any]]) -> str | None:
    """Say what the JSON objects in texts look like that are no events; None for other lines."""
    if not objects:
        return None
    if hint := _hint_from_requests(objects):
        return hint
    lacking = [each for each in objects if _is_rejected(each, NO_SID)]
    if lacking:
        return _hint_from_sids(lacking)
    if any(_is_rejected(each, TOO_LONG) for each in objects):
        return _LONG_SIDS_HINT
    members = (value for each in objects for _, value in _list_members(each))
    if any(isinstance(each, str) and has_escaped_quotes(each) for each in members):
        return ESCAPED_HINT
    if any(text.lstrip().startswith("{") for text in texts):
        return _hint_from_keys(objects)
    return _PREFIX_HINT if any(map(_names_event, objects)) else _hint_from_keys(objects)


def _list_objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a record, also behind other text."""
    contents = decode_text(text)
    parts = contents.parts if contents and contents.how == "json" else ()
    yield from (part.value for part in parts if isinstance(part.value, dict))


def _is_event(record: dict[str, Any]) -> bool:
    """Return whether a record is an event: then it was rejected for its length, or among others."""
    return any(isinstance(each.outcome, Event) for each in judge_value(record, _ANY_CLOCK))


def _is_rejected(record: dict[str, Any], reason: str) -> bool:
    """Return whether a record names an event and is rejected all the same, for a reason."""
    return any(each.outcome == Rejection(reason) for each in judge_value(record, _ANY_CLOCK))


def _names_event(record: dict[str, Any]) -> bool:
    """Return whether a key that names events has a text."""
    return any(is_event_key(_get_key(path)) for path, _ in _list_members(record))


def _hint_from_requests(objects: Sequence[dict[str, Any]]) -> str | None:
    """Say what is wrong with the bodies of requests; None for other objects, or bodies."""
    for each in objects:
        if len({fold_key(key) for key in each} & _REQUEST_KEYS) < _MIN_REQUEST_KEYS:
            return None
    bodies = [
        value
        for each in objects
        for path, value in _list_members(each)
        if any(map(is_body_key, path.split("."))) or "{" in str(value)
    ]
    if not bodies:
        return _BODILESS_HINT
    if all(not isinstance(body, dict | list) and body in _EMPTY_BODIES for body in bodies):
        return _EMPTY_BODIES_HINT
    begun = [body for body in bodies if isinstance(body, str) and body.lstrip().startswith("{")]
    if begun and not any(_decode(body) is not None for body in begun):
        return _CUT_BODIES_HINT.format(f"{max(map(len, begun)):,}")
    return None


def _hint_from_sids(objects: Sequence[dict[str, Any]]) -> str:
    """Say why events have no sid."""
    members = [member for each in objects for member in _list_members(each)]
    for path, value in members:
        key = _get_key(path)
        if match_adobe_key(key) != "sid" and fold_key(key) != SESSION:
            continue
        shown = make_visible(path)
        if value is None or value == "":
            return f"its events have no sid: {shown} is empty; log the payload as it comes"
        if isinstance(value, dict | list):
            return f"its events have no sid: {shown} is no text; log the payload as it comes"
        return f"its events have no sid where one counts: if {shown} is it, say --map sid={shown}"
    return (
        f"its events have no sid: their keys are {_join_keys(members)}; "
        "if one of them is the session's, say which with --map sid=KEY"
    )


def _hint_from_document(sample: bytes) -> str | None:
    """Say what an object longer than a sample looks like."""
    if len(sample) < SAMPLE_BYTES:
        return None
    keys = _KEY_PATTERN.findall(sample.decode("utf-8", "replace"))
    return _describe_keys([(key, "") for key in dict.fromkeys(keys)]) if keys else None


def _hint_from_keys(objects: Sequence[dict[str, Any]]) -> str:
    """Say which keys objects have; that a map helps only where a text may be an event's name."""
    members = [member for each in objects for member in _list_members(each)]
    described = _describe_keys(members)
    if not any(_may_be_name(path, value) for path, value in members):
        return described
    return (
        f"{described}; if one of them names the event, say so with "
        "--map event=KEY --map-event NAME=KIND"
    )


def _may_be_name(path: str, value: object) -> bool:
    """Return whether a text might be an event's name."""
    key = _get_key(path)
    is_name = isinstance(value, str) and not is_number(value) and 0 < len(value) <= _MAX_NAME_CHARS
    return is_name and not is_time_key(key) and fold_key(key) not in _REQUEST_KEYS


def _describe_keys(members: Sequence[Member]) -> str:
    if not members:
        return "it is JSON, but no event of Dynamic Chat: its objects are empty"
    return f"it is JSON, but no event of Dynamic Chat: its keys are {_join_keys(members)}"


def _join_keys(members: Sequence[Member]) -> str:
    keys = list(dict.fromkeys(path for path, _ in members))
    shown = [make_visible(key[:_MAX_KEY_CHARS]) for key in keys[:_MAX_SHOWN_KEYS]]
    return ", ".join(shown) + (", …" if len(keys) > _MAX_SHOWN_KEYS else "")


def _get_key(path: str) -> str:
    return path.rpartition(".")[2]


def _list_members(record: dict[str, Any], before: str = "") -> Iterator[Member]:
    """Yield the paths of an object's keys, three levels deep, and what stands there.

    Texts that are JSON objects count as such.
    """
    for key, value in record.items():
        is_text = isinstance(value, str) and value.lstrip().startswith("{")
        inner = _decode(str(value)) if is_text else value
        if isinstance(inner, dict) and inner and before.count(".") < _MAX_KEY_DOTS:
            yield from _list_members(inner, f"{before}{key}.")
        else:
            yield before + key, value


def _decode(text: str) -> object:
    """Return what a JSON text says; None for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
