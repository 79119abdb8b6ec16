"""What an input looks like that is no log of Dynamic Chat, told from its first rejected records. Pure."""

import csv
import json
import re
from collections.abc import Sequence

from dcevents.model.events import find_kind
from dcevents.show import make_visible

SAMPLE_BYTES = 1 << 12
"""Bytes of a record that are looked at."""
_BODILESS_HINT = "it looks like an access log without bodies: have the server log the body of requests (docs/envelopes.md)"
_ACCESS_LINE = rb'(?:\S+ )?\S+ \S+ \S+ \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[^\]]+\] "[A-Z]+ '
_HINTS_BY_START = (
    (
        rb"(?i)<(?:!doctype )?html",
        "it looks like a web page (HTML), perhaps of a login: fetch the log again",
    ),
    (rb"<[?a-zA-Z]", "it looks like XML: export it as JSON instead"),
    (
        _ACCESS_LINE + rb'.*\{(?:\\x22|\\?")',
        "it looks like an access log with bodies in its lines: have the server log JSON (docs/capture.md)",
    ),
    (_ACCESS_LINE, _BODILESS_HINT),
    (
        rb'\{.*"\{(?:\\x22|")',
        "it looks like JSON within JSON, its quotes not escaped as JSON has it: nginx needs log_format escape=json",
    ),
    (rb"\{'[^']*': ", "it looks like dicts as Python prints them: write them with json.dumps"),
    (
        rb"__CURSOR=|__REALTIME_TIMESTAMP=",
        "it looks like a journal's export: use journalctl -o json",
    ),
    (
        rb'\{\s*"log"\s*:\s*\{\s*"version"',
        "it looks like a HAR file: try jq -c '.log.entries[].request.postData.text | fromjson?' FILE | dcevents …",
    ),
)
"""How a first record begins, and what that looks like; the first that fits counts."""
_HINTS_BY_LINES = (
    (rb"(?:.* )?[\w.]+=.* [\w.]+=", "it looks like logfmt (key=value): log JSON instead"),
    (rb"---\s*$|[\s-]*[\w.-]+:(?:\s|$)", "it looks like YAML: export it as JSON instead"),
)
"""The same of all records."""
_REQUEST_KEYS = {
    "request",
    "request_uri",
    "status",
    "remote_addr",
    "http_user_agent",
    "method",
    "uri",
    "path",
}
_BODY_KEYS = {"body", "request_body", "requestBody"}
_HEADING_PATTERN = re.compile(r"[A-Za-z_][\w .-]*")
_KEY_PATTERN = re.compile(r'"([A-Za-z_@$][\w.$@-]*)"\s*:')
_MAX_SHOWN_KEYS = 12
_MAX_KEY_CHARS = 40


def find_hint(samples: Sequence[bytes]) -> str | None:
    """What rejected records look like, by their first SAMPLE bytes, and what to do; None where nothing is known."""
    if not samples:
        return None
    first = samples[0].lstrip(b"\xef\xbb\xbf \t")
    found = next((looks for start, looks in _HINTS_BY_START if re.match(start, first)), None)
    return found or _hint_from_objects(samples) or _hint_from_lines(samples)


def _hint_from_lines(samples: Sequence[bytes]) -> str | None:
    texts = [sample.decode("utf-8", "replace").rstrip() for sample in samples]
    if any(text.startswith(("{", "[")) for text in texts):
        return None
    if any(
        "{" in text and isinstance(_decode_sample(text[text.index("{") :]), dict) for text in texts
    ):
        return "it looks like JSON behind other text: cut that off first, as with sed 's/^[^{]*//'"
    for mark, name in (("\t", "TSV"), (",", "CSV"), (";", "CSV")):
        if _is_table(texts, mark):
            return f"it looks like a {name}: export it as JSON instead"
    return next(
        (looks for line, looks in _HINTS_BY_LINES if all(re.match(line, each) for each in samples)),
        None,
    )


def _is_table(texts: Sequence[str], mark: str) -> bool:
    """Whether lines have as many cells each: three or more, or two under headings."""
    try:
        rows = list(csv.reader(texts, delimiter=mark))
    except csv.Error:
        return False
    widths = {len(row) for row in rows}
    headings = all(_HEADING_PATTERN.fullmatch(cell) for cell in rows[0])
    return len(rows) > 1 and len(widths) == 1 and min(widths) >= (2 if headings else 3)


def _hint_from_objects(samples: Sequence[bytes]) -> str | None:
    objects = [found for sample in samples if isinstance(found := _decode_sample(sample), dict)]
    if not objects:
        return _hint_from_document(samples[0])
    keys = list(dict.fromkeys(key for each in objects for key in _list_key_paths(each)))
    if (
        set(keys) & _REQUEST_KEYS
        and not any(set(each) & _BODY_KEYS for each in objects)
        and _is_request_log(objects)
    ):
        return _BODILESS_HINT
    if any(_has_event_name(each) for each in objects):
        return f"its events have no sid: their keys are {_join_keys(keys)}; say where the payload is with --map payload=KEY"
    return _hint_from_keys(keys)


def _hint_from_document(sample: bytes) -> str | None:
    """The same of an object that is longer than a sample."""
    if len(sample) < SAMPLE_BYTES or not sample.lstrip().startswith((b"{", b"[")):
        return None
    keys = _KEY_PATTERN.findall(sample.decode("utf-8", "replace"))
    return _hint_from_keys(list(dict.fromkeys(keys))) if keys else None


def _hint_from_keys(keys: Sequence[str]) -> str:
    said = "it is JSON, but no event of Dynamic Chat: its keys are"
    return f"{said} {_join_keys(keys)}; say where the event is with --map event=KEY"


def _join_keys(keys: Sequence[str]) -> str:
    return ", ".join(make_visible(key[:_MAX_KEY_CHARS]) for key in keys[:_MAX_SHOWN_KEYS]) + (
        ", …" if len(keys) > _MAX_SHOWN_KEYS else ""
    )


def _is_request_log(objects: Sequence[dict[str, object]]) -> bool:
    return all(len(set(each) & _REQUEST_KEYS) >= 2 for each in objects)


def _has_event_name(record: dict[str, object]) -> bool:
    name = record.get("event")
    return isinstance(name, str) and find_kind(name, has_sid=True) is not None


def _list_key_paths(value: dict[str, object], before: str = "") -> list[str]:
    """Its keys, and those of objects in it, also such as are text, three levels deep."""
    found = []
    for key, member in value.items():
        inner = (
            _decode_sample(member)
            if isinstance(member, str) and member.lstrip().startswith("{")
            else member
        )
        deeper = isinstance(inner, dict) and inner and before.count(".") < 2
        found += (
            _list_key_paths(inner, f"{before}{key}.")
            if deeper and isinstance(inner, dict)
            else [before + key]
        )
    return found


def _decode_sample(sample: bytes | str) -> object:
    try:
        return json.loads(sample)
    except (ValueError, RecursionError):
        return None
