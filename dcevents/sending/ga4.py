"""Google Analytics 4, by its Measurement Protocol.

Pages: https://developers.google.com/analytics/devguides/collection/protocol/ga4/ (`sending-events`
for limits, `reference` for the body, `validating-events` for the check), and for the lengths of
`page_location` https://support.google.com/analytics/answer/9267744.
"""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from dcevents.errors import UsageError
from dcevents.model.events import GA4_VALUE_LIMIT
from dcevents.sending._encoding import encode_json, fit_values, hash_sid, read_object, read_text
from dcevents.sending._platform import (
    Answer,
    Destination,
    Limits,
    Platform,
    PlatformOption,
    Request,
    SendBatch,
    SendItem,
    is_page,
    judge_status,
)

API_SECRET: Final = "DCEVENTS_GA4_API_SECRET"  # noqa: S105 - its name
_MAX_PAGE_LETTERS: Final = 1000
"""Of `page_location`; other values have GA4_VALUE_LIMIT."""
_ENGAGEMENT_MS: Final = 1
"""Without `engagement_time_msec` and `session_id`, no activity is shown (sending-events)."""
_CONSENTS: Final = ("denied", "granted")
_LIMITS: Final = Limits(
    items=25,  # sending-events, Limitations: events of a request
    body_bytes=130_000,  # the same: the body is smaller than 130 kB
    age_ms=72 * 3_600_000,  # the same: events can be backdated up to 72 hours
)


def make_client_id(sid: str) -> str:
    """Return a client id for a session, of the form that Google's own have."""
    number = int.from_bytes(hash_sid(sid, 8), "big")
    return f"{number >> 32}.{number & 0xFFFFFFFF}"


def make_session_id(sid: str) -> int:
    """Return a session's number: `session_id` is one of digits."""
    return int.from_bytes(hash_sid(sid, 8), "big") % 9_000_000_000 + 1_000_000_000


def read_client_id(text: str) -> str:
    """Return a client's id, also of the cookie `_ga`: `GA1.1.1234567890.1700000000`."""
    found = re.fullmatch(r"GA[0-9]\.[0-9]+\.([0-9]+\.[0-9]+)", text)
    return text if found is None else found[1]


def read_session_id(text: str | None) -> int | None:
    """Return a session's number, also of a cookie `_ga_ABC123DEF4`; None for what is none.

    Such cookies are `GS1.1.1700000123.4.1.…` or `GS2.1.s1700000123$o4$g1$…`.
    """
    found = re.fullmatch(r"(?:GS[0-9]\.[0-9]+\.s?)?([0-9]{1,15})(?:[.$].*)?", text or "")
    return None if found is None else int(found[1])


def _encode_item(item: SendItem, destination: Destination) -> str:
    params: dict[str, Any] = dict(fit_values(item, destination, GA4_VALUE_LIMIT))
    if item.page:
        params["page_location"] = item.page[:_MAX_PAGE_LETTERS]
    session = read_session_id(item.visitor.session)
    params["session_id"] = make_session_id(item.sid) if session is None else session
    params["engagement_time_msec"] = _ENGAGEMENT_MS
    return encode_json({"name": item.name, "timestamp_micros": item.ts * 1000, "params": params})


def _choose_group(item: SendItem, _destination: Destination) -> str:
    """Return the client id: a request has one (reference)."""
    return read_client_id(item.visitor.id) if item.visitor.id else make_client_id(item.sid)


def _build_body(batch: SendBatch, destination: Destination, more: str = "") -> bytes:
    state = str(destination.options.get("ads_consent") or _CONSENTS[0]).upper()
    consent = {"ad_user_data": state, "ad_personalization": state}
    events = ",".join(each.text for each in batch.encoded)
    head = f'"client_id":{encode_json(batch.group)},"consent":{encode_json(consent)}'
    return f'{{{head}{more},"events":[{events}]}}'.encode()


def _build_request(batch: SendBatch, destination: Destination) -> Request:
    return _make_request(destination.endpoint, _build_body(batch, destination), destination)


def _make_request(url: str, body: bytes, destination: Destination) -> Request:
    return Request(
        "POST",
        url,
        query={"measurement_id": destination.id},
        headers={"Content-Type": "application/json"},
        body=body,
        shown_body=read_object(body),
        secret_query={"api_secret": API_SECRET},
    )


def _is_own_answer(answer: Answer) -> bool:
    """Return whether Google answers: it has no HTTP error codes (validating-events).

    A container of Tag Manager answers likewise, with what it likes, but no page.
    """
    return 200 <= answer.status < 300 and not is_page(answer)


def _build_check(batch: SendBatch, destination: Destination) -> Request:
    """Build a request to the debug endpoint, which says what is wrong and stores nothing."""
    parts = urlsplit(destination.endpoint)
    url = urlunsplit(parts._replace(path="/debug" + parts.path))
    strict = ',"validation_behavior":"ENFORCE_RECOMMENDATIONS"'
    return _make_request(url, _build_body(batch, destination, strict), destination)


def _list_faults(answer: Answer) -> Sequence[str]:
    found = read_object(answer.body).get("validationMessages", [])
    if "validationMessages" not in read_object(answer.body):
        return [f"it answers {answer.status} and checks nothing: is the endpoint Google's?"]
    return [
        f"{read_text(each.get('fieldPath'))}: {read_text(each.get('description'))}"
        for each in (found if isinstance(found, list) else [])
        if isinstance(each, dict)
    ]


def _check_destination(destination: Destination) -> None:
    if not re.fullmatch("G-[A-Z0-9]{4,20}", destination.id):
        raise UsageError(
            f"--measurement-id: '{destination.id}' is none; "
            "Google shows it as G-ABC123DEF4, under Data streams"
        )
    consent = destination.options.get("ads_consent")
    if consent not in _CONSENTS:
        raise UsageError(f"--ads-consent: '{consent}' is neither denied nor granted")


PLATFORM = Platform(
    name="ga4",
    title="Google Analytics 4",
    help="Send to Google Analytics 4, by its Measurement Protocol.",
    example="dcevents send ga4 --store /var/lib/dcevents --measurement-id G-ABC123DEF4",
    options=(
        PlatformOption(
            "--measurement-id", "ID", "The web stream's: G-ABC123DEF4.", is_required=True
        ),
        PlatformOption(
            "--ads-consent", "STATE", "Use for ads: denied or granted.  [denied]", default="denied"
        ),
        PlatformOption("--client-id", "PATH", "Where logs have Google's: context.ga_client_id."),
        PlatformOption("--session-id", "PATH", "Where logs have the id of Google's session."),
    ),
    id_parameter="measurement_id",
    endpoint="https://www.google-analytics.com/mp/collect",
    secrets=((API_SECRET,),),
    limits=_LIMITS,
    encode_item=_encode_item,
    build_request=_build_request,
    judge_answer=judge_status,
    is_own_answer=_is_own_answer,
    choose_group=_choose_group,
    visitor_options={"id": "client_id", "session": "session_id"},
    visitor_pattern="[!-~]{1,100}",
    check_destination=_check_destination,
    build_check=_build_check,
    list_faults=_list_faults,
)
