"""Adobe's Experience Platform Edge Network, by its API for servers: XDM.

Pages: https://developer.adobe.com/data-collection-apis/docs/endpoints/collect/ for the request and
its answers, /docs/getting-started/guardrails for limits, /docs/getting-started/authentication for
the three headers; field groups: https://github.com/adobe/xdm, experience-event/events.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from dcevents.errors import UsageError
from dcevents.model.events import ADOBE_VALUE_LIMIT, FORWARDED_PREFIX
from dcevents.sending._encoding import (
    AGENT_ID,
    AGENT_NAME,
    ECID_PATTERN,
    encode_json,
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
    Value,
    Verdict,
    judge_status,
)
from dcevents.sending._secrets import API_KEY, CLIENT_ID, CLIENT_SECRET, ORG_ID, TOKEN
from dcevents.show import format_timestamp

_LIMITS: Final = Limits(
    items=100,
    body_bytes=64 * 1024,  # guardrails: a request of plain JSON is at most 64 KB
    # guardrails: 6,000 request units a second of 8 KB and one service each; a request may be 8
    # units for each of several services.
    requests_per_second=200,
)
_INTERACTION: Final = "web.webinteraction.linkClicks"
_REPRESENTATIVE: Final = "engagement.business.representative.concierge"
_STATUS: Final = {
    "ended": ("COMPLETED", None),
    "timed_out": ("COMPLETED", "VISITOR_DROPPED_OFF"),
    "closed": ("COMPLETED", "VISITOR"),
    "no_end": ("ACCEPTED", None),
    "missed": ("REPRESENTATIVES_NOT_ACCEPTED", None),
    "left": ("EXPIRED", None),
}
"""`status` and `completedBy` of an attempt by its outcome."""
_MOMENTS: Final = {
    "initiatedAt": "requested_at",
    "acceptedAt": "accepted_at",
    "completedAt": "ended_at",
}
_NAMESPACE: Final = "FPID"
_ERROR_TYPE: Final = "https://ns.adobe.com/aep/errors/"


def make_device_id(sid: str) -> str:
    """Return an id of a first-party device, a UUID of version 4, for a session."""
    return str(UUID(bytes=hash_sid(sid, 16), version=4))


def _encode_item(item: SendItem, destination: Destination) -> str:
    values = fit_values(item, destination, ADOBE_VALUE_LIMIT)
    namespace = destination.options.get("identity_namespace") or _NAMESPACE
    identity: dict[str, Any] = {"id": make_device_id(item.sid), "primary": True}
    if item.visitor.id:
        namespace, identity = "ECID", {"id": item.visitor.id, "primary": True}
    xdm: dict[str, Any] = {
        "_id": item.identity[:16].hex(),
        "timestamp": format_timestamp(item.ts),
        "eventType": _REPRESENTATIVE if item.what == "attempts" else _INTERACTION,
        "identityMap": {namespace: [identity]},
        "web": {"webInteraction": {"name": item.name, "type": "other", "linkClicks": {"value": 1}}},
    }
    if item.page:
        xdm["web"]["webPageDetails"] = {"URL": item.page}
    if item.what == "attempts":
        xdm["engagement"] = {"businessRepresentativeInConcierge": _build_attempt(item, values)}
    # What the Web SDK sends in the page for Adobe Analytics behind it: snippet/forward/web-sdk.js.
    context = {name: _format_value(value) for name, value in values.items()}
    analytics = {"linkName": item.name, "linkType": "o", "contextData": context}
    return encode_json({"xdm": xdm, "data": {"__adobe": {"analytics": analytics}}})


def _build_attempt(item: SendItem, values: Mapping[str, Value]) -> dict[str, Any]:
    """Return an attempt in the words of the field group."""
    status, completed_by = _STATUS.get(str(values.get(f"{FORWARDED_PREFIX}outcome")), (None, None))
    talk = values.get(f"{FORWARDED_PREFIX}talk_seconds")
    details = {
        "sessionID": values.get(f"{FORWARDED_PREFIX}sid"),
        "status": status,
        **{name: format_timestamp(item.moments.get(of)) for name, of in _MOMENTS.items()},
        "durationInSeconds": round(talk) if isinstance(talk, int | float) else None,
        "completedBy": completed_by,
    }
    concierge = {
        "conciergeID": values.get(f"{FORWARDED_PREFIX}id"),
        "conciergeName": values.get(f"{FORWARDED_PREFIX}name"),
        "pageURL": item.page,
    }
    agent = {
        "businessRepresentativeID": values.get(AGENT_ID),
        "businessRepresentativeName": values.get(AGENT_NAME),
    }
    parts = {
        "conciergeConversationDetails": details,
        "conciergeDetails": concierge,
        "businessRepresentativeDetails": agent,
    }
    known = {
        name: {key: value for key, value in part.items() if value is not None}
        for name, part in parts.items()
    }
    return {name: part for name, part in known.items() if part}


def _format_value(value: Value) -> str:
    """Return a value as text, as JavaScript's String does."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _build_request(batch: SendBatch, destination: Destination) -> Request:
    body = f'{{"events":[{",".join(each.text for each in batch.encoded)}]}}'.encode()
    return Request(
        "POST",
        destination.endpoint,
        query={"datastreamId": destination.id},
        headers={"Content-Type": "application/json"},
        body=body,
        shown_body=read_object(body),
        secret_headers={
            "Authorization": f"Bearer {{{TOKEN}}}",
            "x-api-key": f"{{{API_KEY}}}",
            "x-gw-ims-org-id": f"{{{ORG_ID}}}",
        },
    )


def _judge_answer(answer: Answer) -> Verdict:
    verdict = judge_status(answer)
    title = read_text(read_object(answer.body).get("title"))
    if title and verdict.fate is not Fate.ACCEPTED:
        verdict = verdict._replace(reason=f"{verdict.reason}: {title}")
    if answer.status == 207:
        # Some service behind the datastream has failed; the events themselves were taken.
        return Verdict(Fate.ACCEPTED)
    if answer.status == 401:
        return Verdict(Fate.FAILED, "it answers 401: the token, the key or the organisation")
    return verdict


def _is_own_answer(answer: Answer) -> bool:
    """Return whether Adobe answers: with JSON or nothing, faults as problem details.

    Their `type` is an address of Adobe's (troubleshooting: Fatal errors).
    """
    found = read_object(answer.body)
    if 200 <= answer.status < 300:
        return bool(found) or not answer.body
    return read_text(found.get("type")).startswith(_ERROR_TYPE)


def _check_destination(destination: Destination) -> None:
    if not re.fullmatch("[0-9A-Za-z-]{8,64}(:[a-z]+)?", destination.id):
        raise UsageError(
            f"--datastream: '{destination.id}' is no id of a datastream; "
            "Adobe shows it under Datastreams, as ebebf826-a01f-4458-8cec-ef61de241c93"
        )


PLATFORM = Platform(
    name="adobe-edge",
    title="Adobe's Edge Network",
    help="Send to Adobe's Experience Platform Edge Network, as XDM.",
    example="dcevents send adobe-edge --store /var/lib/dcevents --datastream ebebf826-a01f-4458",
    options=(
        PlatformOption("--datastream", "ID", "The datastream's id.", is_required=True),
        PlatformOption(
            "--identity-namespace",
            "NAME",
            "Namespace of visitors' ids.  [FPID]",
            default=_NAMESPACE,
        ),
        PlatformOption("--visitor-id", "PATH", "Where logs have the ECID: context.ecid."),
    ),
    id_parameter="datastream",
    endpoint="https://server.adobedc.net/ee/v2/collect",
    secrets=((TOKEN, API_KEY, ORG_ID), (CLIENT_ID, CLIENT_SECRET, ORG_ID)),
    limits=_LIMITS,
    encode_item=_encode_item,
    build_request=_build_request,
    judge_answer=_judge_answer,
    is_own_answer=_is_own_answer,
    visitor_options={"id": "visitor_id"},
    visitor_pattern=ECID_PATTERN,
    check_destination=_check_destination,
)
