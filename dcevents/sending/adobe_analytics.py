"""Adobe Analytics, by its Bulk Data Insertion API: files of rows, in order of time.

Pages: https://developer.adobe.com/analytics-collection-apis/methods/bulk-data-insertion/
(`file-format`, `column-reference`, `endpoints`, `visitor-groups`, `troubleshooting`).
"""

import csv
import gzip
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dcevents.errors import UsageError
from dcevents.model.events import ADOBE_VALUE_LIMIT, EVENT_KINDS, name_forwarded_event
from dcevents.sending._encoding import (
    ECID_PATTERN,
    OUTCOME_NAMES,
    VALUE_NAMES,
    cut_bytes,
    fit_values,
    hash_sid,
    read_object,
    read_text,
)
from dcevents.sending._platform import (
    Answer,
    Destination,
    Fate,
    Limits,
    Platform,
    PlatformOption,
    Request,
    SendBatch,
    SendItem,
    Verdict,
    judge_status,
)
from dcevents.sending._secrets import API_KEY, CLIENT_ID, CLIENT_SECRET, TOKEN

_LIMITS: Final = Limits(
    items=10_000,  # visitor-groups: usual files have 5,000 to 50,000 rows
    # file-format: 1 GB, and 100 MB compressed; so much is held in memory.
    body_bytes=32_000_000,
    requests_per_second=1,  # endpoints: a cap of one request per second
    parallel_requests=1,  # visitor-groups: the files of a group one at a time, in order
)
_USER_AGENT: Final = "dcevents"
"""`userAgent` is required, and logs have none."""
_FIXED_COLUMNS: Final = (
    *("reportSuiteID", "timestamp", "visitorID", "marketingCloudVisitorID"),
    *("linkType", "linkName", "pageURL", "events"),
)
_LAST_COLUMN: Final = "userAgent"
"""Never empty: no row may end with a comma (file-format)."""
_MAPPED_COLUMN = re.compile(
    "eVar(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|250)|prop(?:[1-9]|[1-6][0-9]|7[0-5])"
    "|list[1-3]|hier[1-5]|channel|server|campaign|pageName"
)
"""Columns that a mapping may fill (column-reference)."""
_SUCCESS_EVENT = re.compile("event[1-9][0-9]{0,3}")
_MAX_VALUE_BYTES: Final = {"prop": 100}


# -- the mapping -----------------------------------------------------------------------------------


def _check_mapping(mapping: Mapping[str, Any]) -> None:
    """Raise UsageError for what no mapping can say."""
    unknown = mapping.keys() - {"events", "columns"}
    if unknown:
        raise UsageError(f"--mapping: only [events] and [columns] are known, not {min(unknown)}")
    names = {
        *(name_forwarded_event(event.kind) for event in EVENT_KINDS),
        *OUTCOME_NAMES.values(),
    }
    for name, event in _read_table(mapping, "events").items():
        if name not in names:
            raise UsageError(f"--mapping: [events]: no event '{name}'; {', '.join(sorted(names))}")
        if not all(_SUCCESS_EVENT.fullmatch(part) for part in event.split(",")):
            raise UsageError(f"--mapping: [events]: '{event}' is none of event1 to event1000")
    for column, value in _read_table(mapping, "columns").items():
        if not _MAPPED_COLUMN.fullmatch(column):
            raise UsageError(f"--mapping: [columns]: no column '{column}'; write eVar1 or prop1")
        if value not in VALUE_NAMES:
            raise UsageError(
                f"--mapping: [columns]: no value '{value}'; {', '.join(VALUE_NAMES)} are"
            )


def _read_table(mapping: Mapping[str, Any], name: str) -> dict[str, str]:
    table = mapping.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise UsageError(f'--mapping: [{name}] has lines as name = "text"')
    return table


# -- rows and files --------------------------------------------------------------------------------


def _list_columns(destination: Destination) -> list[str]:
    context = [f"contextData.{name}" for name in VALUE_NAMES]
    return [*_FIXED_COLUMNS, *context, *_read_table(destination.mapping, "columns"), _LAST_COLUMN]


def _encode_item(item: SendItem, destination: Destination) -> str:
    values: dict[str, Any] = dict(fit_values(item, destination, ADOBE_VALUE_LIMIT))
    for name, value in values.items():
        if isinstance(value, bool):
            values[name] = str(value).lower()
    events = _read_table(destination.mapping, "events").get(item.name, "")
    cells = [
        destination.id,
        item.ts // 1000,  # column-reference: milliseconds are not allowed
        "" if item.visitor.id else hash_sid(item.sid, 16).hex(),
        item.visitor.id or "",
        "o",
        item.name,
        item.page or "",
        events,
        *(values.get(name, "") for name in VALUE_NAMES),
        *(
            _cut_value(str(values.get(value, "")), column)
            for column, value in _read_table(destination.mapping, "columns").items()
        ),
        _USER_AGENT,
    ]
    return _format_row(cells)


def _cut_value(text: str, column: str) -> str:
    """Return a text cut to what a column keeps: 100 bytes of a prop, 255 of others."""
    return cut_bytes(text, _MAX_VALUE_BYTES.get(column.rstrip("0123456789"), ADOBE_VALUE_LIMIT))


_IN_ONE_LINE: Final = {0: None, ord("\r"): " ", ord("\n"): " "}


def _format_row(cells: Sequence[Any]) -> str:
    """Return a row by RFC 4180, in one line, without a NUL, which no reader of CSV takes."""
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow(
        cell.translate(_IN_ONE_LINE) if isinstance(cell, str) else cell for cell in cells
    )
    return row.getvalue()


def _build_text(batch: SendBatch, destination: Destination) -> str:
    header = _format_row(_list_columns(destination))
    return header + "".join(each.text for each in batch.encoded)


def _build_file(batch: SendBatch, destination: Destination) -> tuple[str, bytes]:
    """Return a file's name, which begins with its first second, and its compressed content."""
    first = batch.encoded[0].item.ts // 1000
    content = gzip.compress(_build_text(batch, destination).encode(), mtime=0)
    return f"{first}-{batch.key[:16]}.csv.gz", content


# -- requests --------------------------------------------------------------------------------------


def _choose_group_id(destination: Destination) -> str:
    return destination.options.get("visitor_group") or f"{destination.id}-dcevents"


def _make_headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {{{TOKEN}}}", "x-api-key": f"{{{API_KEY}}}"}


def _build_upload(
    url: str, batch: SendBatch, destination: Destination, *, has_key: bool
) -> Request:
    name, content = _build_file(batch, destination)
    boundary = f"dcevents-{batch.key}"
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/gzip\r\n\r\n"
    )
    headers = {
        "Accept": "application/json",
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "x-adobe-vgid": _choose_group_id(destination),
    }
    if has_key:
        headers["x-adobe-idempotency-key"] = batch.key
    return Request(
        "POST",
        url,
        headers=headers,
        body=head.encode() + content + f"\r\n--{boundary}--\r\n".encode(),
        shown_body=_build_text(batch, destination),
        secret_headers=_make_headers(),
    )


def _build_request(batch: SendBatch, destination: Destination) -> Request:
    return _build_upload(destination.endpoint, batch, destination, has_key=True)


def _build_check(batch: SendBatch, destination: Destination) -> Request:
    return _build_upload(f"{destination.endpoint}/validate", batch, destination, has_key=False)


def _build_lookup(batch: SendBatch, destination: Destination) -> Request:
    """Build a request that asks whether a file has arrived (endpoints, Idempotency key lookup)."""
    url = f"{destination.endpoint}/key/{batch.key}"
    return Request("GET", url, secret_headers=_make_headers())


_REASONS: Final = ("error", "processing_log", "message")
"""Members that say what is wrong: of this API, and of the gateway before it."""
_OWN_MEMBERS: Final = {"error", "status_code", "file_id", "idempotency_key"}


def _is_own_answer(answer: Answer) -> bool:
    """Return whether the API answers: with an object that it documents (endpoints)."""
    return not _OWN_MEMBERS.isdisjoint(read_object(answer.body))


def _judge_answer(answer: Answer) -> Verdict:
    verdict = judge_status(answer)
    found = read_object(answer.body)
    said = next(filter(None, (read_text(found.get(name)) for name in _REASONS)), "")
    if verdict.fate is not Fate.ACCEPTED:
        return verdict._replace(reason=f"{verdict.reason}: {said}" if said else verdict.reason)
    if not answer.body:
        return Verdict(Fate.RETRY, "its answer broke off")
    rows, invalid = found.get("rows"), found.get("invalid_rows", 0)
    invalid = invalid if isinstance(invalid, int) else 0
    if found.get("status_code") == "REJECTED" or (invalid and invalid == rows):
        return Verdict(Fate.REFUSED, f"it takes no row: {said}")
    return Verdict(Fate.ACCEPTED, said, max(0, invalid))


def _list_faults(answer: Answer) -> Sequence[str]:
    found = read_object(answer.body)
    if "success" in found:
        return []
    return [read_text(found.get("error")) or f"it answers {answer.status}"]


def _check_destination(destination: Destination) -> None:
    if not re.fullmatch("[A-Za-z0-9._-]{1,40}(,[A-Za-z0-9._-]{1,40})*", destination.id):
        raise UsageError(
            f"--report-suite: '{destination.id}' is no id of a report suite; "
            "Adobe shows it in the Report Suite Manager"
        )
    group = _choose_group_id(destination)
    if not re.fullmatch("[A-Za-z0-9._,-]{1,200}", group):
        raise UsageError(f"--visitor-group: '{group}' is no name; write letters and digits")
    _check_mapping(destination.mapping)


PLATFORM = Platform(
    name="adobe-analytics",
    title="Adobe Analytics",
    help="Send to Adobe Analytics, by Bulk Data Insertion.",
    example="dcevents send adobe-analytics --store /var/lib/dcevents --report-suite examplersid",
    options=(
        PlatformOption("--report-suite", "ID", "The suite; it takes timestamps.", is_required=True),
        PlatformOption("--visitor-group", "NAME", "Files of a group are in order.  [ID-dcevents]"),
        PlatformOption("--visitor-id", "PATH", "Where logs have the ECID: context.ecid."),
        PlatformOption("--mapping", "FILE", "TOML: success events, eVars and props."),
    ),
    id_parameter="report_suite",
    endpoint="https://analytics-collection.adobe.io/aa/collect/v1/events",
    secrets=((TOKEN, API_KEY), (CLIENT_ID, CLIENT_SECRET)),
    limits=_LIMITS,
    encode_item=_encode_item,
    build_request=_build_request,
    judge_answer=_judge_answer,
    is_own_answer=_is_own_answer,
    visitor_options={"id": "visitor_id"},
    visitor_pattern=ECID_PATTERN,
    check_destination=_check_destination,
    build_check=_build_check,
    list_faults=_list_faults,
    build_lookup=_build_lookup,
    build_file=_build_file,
)
