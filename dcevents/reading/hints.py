"""Hints about inputs that are no log of Dynamic Chat.

They follow from the first bytes, or from the first rejected records.
"""

import csv
import json
import re
from collections.abc import Sequence

from dcevents.model.events import find_kind
from dcevents.show import make_visible

SAMPLE_BYTES = 1 << 12
"""Bytes of a record that are looked at."""

_BODILESS_HINT = (
    "it looks like an access log without bodies: "
    "have the server log the body of requests (docs/envelopes.md)"
)
_BODIES_HINT = (
    "it looks like an access log with bodies in its lines: "
    "have the server log JSON (docs/capture.md)"
)
_QUOTES_HINT = (
    "it looks like JSON within JSON, its quotes not escaped as JSON has it: "
    "nginx needs log_format escape=json"
)
_HAR_HINT = (
    "it looks like a HAR file: "
    "try jq -c '.log.entries[].request.postData.text | fromjson?' FILE | dcevents …"
)
_PREFIX_HINT = "it looks like JSON behind other text: cut that off first, as with sed 's/^[^{]*//'"
_ACCESS_LINE = rb'(?:\S+ )?\S+ \S+ \S+ \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[^\]]+\] "[A-Z]+ '
_HINTS_BY_START = (
    (
        rb"(?i)<(?:!doctype )?html",
        "it looks like a web page (HTML), perhaps of a login: fetch the log again",
    ),
    (rb"<[?a-zA-Z]", "it looks like XML: export it as JSON instead"),
    (
        _ACCESS_LINE + rb'.*\{(?:\\x22|\\?")',
        _BODIES_HINT,
    ),
    (_ACCESS_LINE, _BODILESS_HINT),
    (
        rb'\{.*"\{(?:\\x22|")',
        _QUOTES_HINT,
    ),
    (rb"\{'[^']*': ", "it looks like dicts as Python prints them: write them with json.dumps"),
    (
        rb"__CURSOR=|__REALTIME_TIMESTAMP=",
        "it looks like a journal's export: use journalctl -o json",
    ),
    (
        rb'\{\s*"log"\s*:\s*\{\s*"version"',
        _HAR_HINT,
    ),
)
"""Beginnings of a first record with their hints; the first that fits counts."""
_HINTS_BY_LINES = (
    (rb"(?:.* )?[\w.]+=.* [\w.]+=", "it looks like logfmt (key=value): log JSON instead"),
    (rb"---\s*$|[\s-]*[\w.-]+:(?:\s|$)", "it looks like YAML: export it as JSON instead"),
)
"""Beginnings of all records with their hints; the first that fits counts."""
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
_MIN_REQUEST_KEYS = 2
"""Keys of a request that a record of an access log has."""
_BODY_KEYS = {"body", "request_body", "requestBody"}
_HEADING_PATTERN = re.compile(r"[A-Za-z_][\w .-]*")
_KEY_PATTERN = re.compile(r'"([A-Za-z_@$][\w.$@-]*)"\s*:')
_MAX_SHOWN_KEYS = 12
_MAX_KEY_CHARS = 40
_MAX_KEY_DOTS = 2
"""Objects in objects whose keys are shown."""


def find_hint(samples: Sequence[bytes]) -> str | None:
    """Say what rejected records look like, and what to do.

    `samples` are the first SAMPLE_BYTES of each.
    """
    if not samples:
        return None
    first = samples[0].lstrip(b"\xef\xbb\xbf \t")
    found = next((hint for start, hint in _HINTS_BY_START if re.match(start, first)), None)
    return found or _hint_from_objects(samples) or _hint_from_lines(samples)


def _hint_from_lines(samples: Sequence[bytes]) -> str | None:
    """Say what lines that are no JSON look like."""
    texts = [sample.decode("utf-8", "replace").rstrip() for sample in samples]
    if any(text.startswith(("{", "[")) for text in texts):
        return None
    behind = [text[text.index("{") :] for text in texts if "{" in text]
    if any(isinstance(_decode_sample(text), dict) for text in behind):
        return _PREFIX_HINT
    for mark, name in (("\t", "TSV"), (",", "CSV"), (";", "CSV")):
        if _is_table(texts, mark):
            return f"it looks like a {name}: export it as JSON instead"
    return next(
        (hint for line, hint in _HINTS_BY_LINES if all(re.match(line, each) for each in samples)),
        None,
    )


def _is_table(texts: Sequence[str], mark: str) -> bool:
    """Return whether lines have equally many cells.

    A table has three columns, or two with headings.
    """
    try:
        rows = list(csv.reader(texts, delimiter=mark))
    except csv.Error:
        return False
    widths = {len(row) for row in rows}
    has_headings = all(_HEADING_PATTERN.fullmatch(cell) for cell in rows[0])
    return len(rows) > 1 and len(widths) == 1 and min(widths) >= (2 if has_headings else 3)


def _hint_from_objects(samples: Sequence[bytes]) -> str | None:
    """Say what JSON objects look like that are no events."""
    objects = [found for sample in samples if isinstance(found := _decode_sample(sample), dict)]
    if not objects:
        return _hint_from_document(samples[0])
    keys = list(dict.fromkeys(key for each in objects for key in _list_key_paths(each)))
    if set(keys) & _REQUEST_KEYS and _is_bodiless_log(objects):
        return _BODILESS_HINT
    if any(_has_event_name(each) for each in objects):
        return (
            f"its events have no sid: their keys are {_join_keys(keys)}; "
            "say where the payload is with --map payload=KEY"
        )
    return _hint_from_keys(keys)


def _hint_from_document(sample: bytes) -> str | None:
    """Say what an object longer than a sample looks like."""
    if len(sample) < SAMPLE_BYTES or not sample.lstrip().startswith((b"{", b"[")):
        return None
    keys = _KEY_PATTERN.findall(sample.decode("utf-8", "replace"))
    return _hint_from_keys(list(dict.fromkeys(keys))) if keys else None


def _hint_from_keys(keys: Sequence[str]) -> str:
    return (
        f"it is JSON, but no event of Dynamic Chat: its keys are {_join_keys(keys)}; "
        "say where the event is with --map event=KEY"
    )


def _join_keys(keys: Sequence[str]) -> str:
    shown = [make_visible(key[:_MAX_KEY_CHARS]) for key in keys[:_MAX_SHOWN_KEYS]]
    return ", ".join(shown) + (", …" if len(keys) > _MAX_SHOWN_KEYS else "")


def _is_bodiless_log(objects: Sequence[dict[str, object]]) -> bool:
    """Return whether all objects are requests, and none has a body."""
    if any(set(each) & _BODY_KEYS for each in objects):
        return False
    return all(len(set(each) & _REQUEST_KEYS) >= _MIN_REQUEST_KEYS for each in objects)


def _has_event_name(record: dict[str, object]) -> bool:
    name = record.get("event")
    return isinstance(name, str) and find_kind(name, has_sid=True) is not None


def _list_key_paths(record: dict[str, object], before: str = "") -> list[str]:
    """List the paths of an object's keys, three levels deep.

    Texts that are JSON objects count as such.
    """
    paths = []
    for key, value in record.items():
        is_text = isinstance(value, str) and value.lstrip().startswith("{")
        inner = _decode_sample(str(value)) if is_text else value
        if isinstance(inner, dict) and inner and before.count(".") < _MAX_KEY_DOTS:
            paths += _list_key_paths(inner, f"{before}{key}.")
        else:
            paths.append(before + key)
    return paths


def _decode_sample(sample: bytes | str) -> object:
    """Decode JSON; None for what is none."""
    try:
        return json.loads(sample)
    except (ValueError, RecursionError):
        return None


# -- bytes that are no text ---------------------------------------------------------------------

_UNPACK_ADVICE = "which is to be unpacked first"
_EXPORT_ADVICE = "which is to be exported as JSON lines first"
_CONVERT_ADVICE = "which is to be converted first: iconv -f UTF-{0} -t UTF-8"
_WORKBOOK_NAMES = (b"[Content_Types].xml", b"xl/")
_FORMATS_BY_START = (
    (b"PK\x03\x04", f"a zip archive, {_UNPACK_ADVICE}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive, {_UNPACK_ADVICE}"),
    (b"Rar!\x1a\x07", f"a rar archive, {_UNPACK_ADVICE}"),
    (b"\x04\x22\x4d\x18", f"compressed by lz4, {_UNPACK_ADVICE}"),
    (b"PAR1", f"a Parquet file, {_EXPORT_ADVICE}"),
    (b"Obj\x01", f"an Avro file, {_EXPORT_ADVICE}"),
    (b"SQLite format 3\0", f"an SQLite database, {_EXPORT_ADVICE}"),
    (b"LPKSHHRH", "a file of journald, which is to be printed first: journalctl -o json --file"),
    (b"\xff\xfe\0\0", "UTF-32 text, " + _CONVERT_ADVICE.format(32)),
    (b"\0\0\xfe\xff", "UTF-32 text, " + _CONVERT_ADVICE.format(32)),
    (b"\xff\xfe", "UTF-16 text, " + _CONVERT_ADVICE.format(16)),
    (b"\xfe\xff", "UTF-16 text, " + _CONVERT_ADVICE.format(16)),
)
"""First bytes of files, with the format and advice; the first that fits counts."""


def describe_foreign_format(head: bytes) -> str | None:
    """Name the format of an input that is no text, with advice.

    `head` is its beginning.
    """
    if head[257:262] == b"ustar":
        inside = "a gzip inside a tar" if b"\x1f\x8b\x08" in head else "a tar archive"
        return f"{inside}, {_UNPACK_ADVICE}: tar -xf"
    if head.startswith(b"PK\x03\x04") and any(name in head[:2048] for name in _WORKBOOK_NAMES):
        return f"an Excel workbook, {_EXPORT_ADVICE}"
    found = next((name for start, name in _FORMATS_BY_START if head.startswith(start)), None)
    return found or _describe_unmarked_utf16(head[:64])


def _describe_unmarked_utf16(head: bytes) -> str | None:
    """Recognise UTF-16 without its byte order mark.

    Every other byte of JSON is 0.
    """
    for order, zeros, others in (("16LE", head[1::2], head[::2]), ("16BE", head[::2], head[1::2])):
        if zeros and not any(zeros) and others[:1] in (b"{", b"["):
            return f"UTF-16 text, {_CONVERT_ADVICE.format(order)}"
    return None
