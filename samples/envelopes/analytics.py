"""What analytics platforms and customer data platforms deliver and export."""

import zlib
from typing import Any

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    each,
    iso,
    late,
    late_stamp,
    later,
    moment,
    name_kind,
    payload,
    scalars,
    stamp,
    text,
)

SEGMENT = "https://www.twilio.com/docs/segment/connections/spec/common"
MIXPANEL = "https://docs.mixpanel.com/reference/raw-event-export.md"
POSTHOG = "https://posthog.com/docs/data-pipelines/batch-exports/s3"
GA4 = "https://support.google.com/analytics/answer/7029846"
AEP = "https://experienceleague.adobe.com/en/docs/experience-platform/xdm/classes/experienceevent"
_NULLS = {"string_value": None, "int_value": None, "float_value": None, "double_value": None}
_LIVE = {
    "LIVE_CHAT_REQUESTED": "chat_live_requested",
    "LIVE_CHAT_INITIATED": "chat_live_initiated",
    "LIVE_CHAT_ENDED": "chat_live_ended",
    "LIVE_CHAT_REQUEST_TIMEOUT": "chat_live_timeout",
}


def _said(event: Event, key: str = "page") -> Event:
    """Return the payload's texts and the page."""
    return {**scalars(payload(event)), **({key: event["page"]} if "page" in event else {})}


def _segment(event: Event, n: int) -> Event:
    """Return a `track` call as Segment and RudderStack deliver it."""
    return {
        "type": "track",
        "event": event["event"],
        "messageId": f"ajs-{n:08x}",
        "anonymousId": f"anon-{n % 97}",
        "properties": payload(event),
        "context": {"page": {"url": event.get("page")}, "library": {"name": "analytics.js"}},
        "originalTimestamp": event["timestamp"],
        "timestamp": event["timestamp"],
        "sentAt": late(event),
        "receivedAt": late(event),
    }


def _mixpanel(event: Event, n: int, unit: int = 1) -> Event:
    """Return a line of Mixpanel's raw export, its time in units of so many milliseconds."""
    own = {
        "time": stamp(event) // unit,
        "distinct_id": f"$device:{n % 97}",
        "$current_url": event.get("page"),
        "$insert_id": f"i{n:08x}",
        "mp_processing_time_ms": late_stamp(event),
    }
    return {"event": event["event"], "properties": {**own, **payload(event)}}


def _amplitude(event: Event, n: int) -> Event:
    """Return a line of Amplitude's export."""
    when = moment(event).replace(tzinfo=None).isoformat(" ", "microseconds")
    return {
        "event_type": event["event"],
        "event_time": when,
        "event_id": n,
        "$insert_id": f"i{n:08x}",
        "client_event_time": when,
        "device_id": f"d{n % 97}",
        "session_id": 1793000000000 + zlib.crc32(str(payload(event).get("sid")).encode()),
        "server_received_time": later(event).replace(tzinfo=None).isoformat(" ", "microseconds"),
        "event_properties": {**payload(event), "page": event.get("page")},
        "platform": "Web",
    }


def _posthog(event: Event, n: int, *, encoded: bool = False) -> Event:
    """Return a line of PostHog's batch export."""
    properties: Any = {**payload(event), "$current_url": event.get("page"), "$lib": "web"}
    return {
        "uuid": f"018b-{n:012x}",
        "event": event["event"],
        "distinct_id": f"p{n % 97}",
        "properties": text(properties) if encoded else properties,
        "timestamp": moment(event).isoformat(timespec="microseconds"),
        "created_at": iso(later(event), "microseconds"),
    }


def _ga4(event: Event, n: int) -> Event:
    """Return a row of GA4's export in BigQuery."""
    said = _said(event, "page_location")
    session = {"key": "ga_session_id", "value": {**_NULLS, "int_value": str(1762160400 + n)}}
    return {
        "event_date": f"{moment(event):%Y%m%d}",
        "event_timestamp": str(stamp(event) * 1000),
        "event_name": event["event"].lower(),
        "event_params": [
            session,
            *({"key": key, "value": {**_NULLS, "string_value": said[key]}} for key in said),
        ],
        "user_pseudo_id": "u.1",
        "user_properties": [],
        "platform": "WEB",
    }


def _forwarded(event: Event) -> tuple[str, Event]:
    """Return name and parameters of what `snippet --forward ga4` sends."""
    kind = name_kind(event)
    keys = {"name": "conversation_name", "id": "conversation_id", "type": "conversation_type"}
    said = {keys.get(key, key): value for key, value in _said(event, "page_location").items()}
    said = {("chat_sid" if key == "sid" else key): value for key, value in said.items()}
    return _LIVE.get(kind, f"chat_{kind.lower()}"), said


def _ga4_forwarded(event: Event, _: int) -> Event:
    name, said = _forwarded(event)
    return {
        "event_timestamp": str(stamp(event) * 1000),
        "event_name": name,
        "event_params": [{"key": k, "value": {"string_value": v}} for k, v in said.items()],
    }


def _measurement(event: Event, n: int) -> Event:
    name, said = _forwarded(event)
    return {
        "client_id": f"{n}.1",
        "timestamp_micros": stamp(event) * 1000,
        "events": [{"name": name, "params": said}],
    }


def _xdm(event: Event, n: int) -> Event:
    """Return an event of Adobe's Edge Network."""
    return {
        "xdm": {
            "eventType": "web.webinteraction.linkClicks",
            "timestamp": event["timestamp"],
            "identityMap": {"ECID": [{"id": f"{n}", "primary": True}]},
            "web": {"webPageDetails": {"URL": event.get("page"), "name": "p"}},
        },
        "data": {"event": event["event"], "page": event.get("page"), "payload": payload(event)},
    }


def _snowplow(event: Event, n: int) -> Event:
    """Return a self-describing event of Snowplow, enriched."""
    schema = "iglu:com.example/dc/jsonschema/1-0-0"
    inner = {"schema": schema, "data": {"event": event["event"], **payload(event)}}
    return {
        "app_id": "site",
        "platform": "web",
        "event": "unstruct",
        "event_id": f"e{n}",
        "derived_tstamp": event["timestamp"],
        "page_url": event.get("page"),
        "unstruct_event": {"schema": "iglu:com.snowplow/unstruct_event", "data": inner},
    }


def _snowplow_sdk(event: Event, n: int) -> Event:
    """Return an enriched event as Snowplow's analytics SDKs make JSON of it."""
    return {
        "app_id": "site",
        "platform": "web",
        "etl_tstamp": late(event),
        "collector_tstamp": late(event),
        "dvce_created_tstamp": event["timestamp"],
        "event": "unstruct",
        "event_id": f"e{n}",
        "page_url": event.get("page"),
        "contexts_com_snowplowanalytics_snowplow_web_page_1": [{"id": f"p{n}"}],
        "unstruct_event_com_example_dc_1": {"event": event["event"], **payload(event)},
        "derived_tstamp": event["timestamp"],
        "event_vendor": "com.example",
        "event_name": "dc",
        "event_format": "jsonschema",
        "event_version": "1-0-0",
    }


def _mparticle(event: Event, n: int) -> Event:
    """Return a batch of mParticle."""
    said = {
        "event_name": event["event"],
        "custom_event_type": "other",
        "timestamp_unixtime_ms": str(stamp(event)),
        "custom_attributes": _said(event),
        "session_uuid": "x",
    }
    return {
        "events": [{"event_type": "custom_event", "data": said}],
        "batch_id": n,
        "timestamp_unixtime_ms": late_stamp(event),
    }


def _matomo(event: Event, n: int) -> Event:
    """Return a visit of Matomo's."""
    action = {
        "type": "event",
        "url": event.get("page"),
        "eventCategory": "Dynamic Chat",
        "eventAction": event["event"],
        "timestamp": stamp(event) // 1000,
        "customData": scalars(payload(event)),
    }
    return {"idVisit": n, "serverTimestamp": late_stamp(event) // 1000, "actionDetails": [action]}


SHAPES: dict[str, Shape] = {
    "segment": each("Segment", SEGMENT, _segment),
    "segment-batch": each(
        "a batch of Segment's libraries",
        "https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api",
        lambda e, n: {"batch": [_segment(e, n)], "sentAt": late(e), "writeKey": "x"},
    ),
    "rudderstack": each(
        "RudderStack",
        "https://www.rudderstack.com/docs/event-spec/standard-events/track/",
        lambda e, n: {**_segment(e, n), "channel": "web", "rudderId": f"r{n:06x}"},
    ),
    "mixpanel": each("Mixpanel's raw export", MIXPANEL, _mixpanel),
    "mixpanel-seconds": each(
        "Mixpanel's raw export, in seconds",
        MIXPANEL,
        lambda e, n: _mixpanel(e, n, 1000),
        resolution_ms=1000,
    ),
    "amplitude": each(
        "Amplitude's export", "https://amplitude.com/docs/apis/analytics/export", _amplitude
    ),
    "amplitude-http": each(
        "Amplitude's HTTP API",
        "https://amplitude.com/docs/apis/analytics/http-v2",
        lambda e, n: {
            "api_key": "x",
            "events": [
                {
                    "event_type": e["event"],
                    "time": stamp(e),
                    "device_id": "d",
                    "event_id": n,
                    "session_id": -1,
                    "event_properties": {**payload(e), "page": e.get("page")},
                }
            ],
        },
    ),
    "posthog": each("PostHog's batch export", POSTHOG, _posthog),
    "posthog-text": each(
        "PostHog's batch export, properties as a text",
        POSTHOG,
        lambda e, n: _posthog(e, n, encoded=True),
    ),
    "ga4": each("GA4's export in BigQuery", GA4, _ga4, loses=MEETING),
    "ga4-forwarded": each(
        "GA4's export of what `snippet --forward ga4` sends",
        GA4,
        _ga4_forwarded,
        loses=MEETING,
    ),
    "ga4-flat": each(
        "GA4's export, parameters as columns",
        GA4,
        lambda e, _: {
            "event_name": e["event"].lower(),
            "event_timestamp": str(stamp(e) * 1000),
            **{f"chat_{key}": value for key, value in scalars(payload(e)).items()},
            "page_location": e.get("page"),
        },
        loses=MEETING,
    ),
    "ga4-measurement": each(
        "GA4's Measurement Protocol",
        "https://developers.google.com/analytics/devguides/collection/protocol/ga4",
        _measurement,
        loses=MEETING,
    ),
    "xdm": each("Adobe's Edge Network (XDM)", AEP, _xdm),
    "xdm-tenant": each(
        "Experience Platform, a field group of one's own",
        AEP,
        lambda e, n: {
            "_id": f"x{n}",
            "eventType": e["event"],
            "timestamp": e["timestamp"],
            "_example": {"dynamicChat": payload(e)},
            "web": {"webPageDetails": {"name": "p"}},
        },
        loses=frozenset({"page"}),
    ),
    "tealium": each(
        "Tealium",
        "https://docs.tealium.com/server-side/event-stream/event-attributes/",
        lambda e, _: {
            "tealium_event": e["event"],
            "tealium_timestamp_epoch": stamp(e) // 1000,
            **{f"dc_{key}": value for key, value in scalars(payload(e)).items()},
        },
        resolution_ms=1000,
        loses=MEETING | {"page"},
    ),
    "mparticle": each(
        "mParticle",
        "https://docs.mparticle.com/developers/server/json-reference/",
        _mparticle,
        loses=MEETING,
    ),
    "snowplow": each(
        "Snowplow, enriched",
        "https://docs.snowplow.io/docs/fundamentals/canonical-event/",
        _snowplow,
    ),
    "snowplow-sdk": each(
        "Snowplow's analytics SDKs",
        "https://docs.snowplow.io/docs/destinations/analytics-sdk/",
        _snowplow_sdk,
        clock="server",
    ),
    "heap": each(
        "Heap",
        "https://developers.heap.io/reference/track-1",
        lambda e, n: {
            "event": e["event"],
            "identity": "x",
            "event_id": n,
            "timestamp": e["timestamp"],
            "properties": {**payload(e), "page": e.get("page"), "session_id": "x"},
        },
    ),
    "matomo": each(
        "Matomo's visits",
        "https://developer.matomo.org/api-reference/reporting-api#Live",
        _matomo,
        resolution_ms=1000,
        loses=MEETING,
    ),
    "umami": each(
        "Umami",
        "https://umami.is/docs/api/website-stats-api",
        lambda e, _: {
            "sessionId": "umami",
            "eventName": e["event"],
            "createdAt": e["timestamp"],
            "urlPath": "/p",
            "eventData": payload(e),
        },
        loses=frozenset({"page"}),
    ),
    "plausible": each(
        "Plausible's events API",
        "https://plausible.io/docs/events-api",
        lambda e, _: {
            "name": e["event"],
            "url": e.get("page"),
            "domain": "example.com",
            "props": scalars(payload(e)),
            "time": late(e),
        },
        clock="server",
        loses=MEETING,
    ),
    "countly": each(
        "Countly",
        "https://api.count.ly/reference/i",
        lambda e, _: {
            "device_id": "d",
            "events": [
                {
                    "key": e["event"],
                    "count": 1,
                    "timestamp": stamp(e),
                    "segmentation": _said(e),
                }
            ],
        },
        loses=MEETING,
    ),
    "braze": each(
        "Braze's users/track",
        "https://www.braze.com/docs/api/endpoints/user_data/post_user_track",
        lambda e, _: {
            "events": [
                {
                    "external_id": "u",
                    "name": e["event"],
                    "time": e["timestamp"],
                    "properties": {**payload(e), "page": e.get("page")},
                }
            ]
        },
    ),
    "braze-currents": each(
        "Braze Currents",
        "https://www.braze.com/docs/user_guide/data/distribution/braze_currents/",
        lambda e, n: {
            "id": f"b{n}",
            "user_id": "u",
            "time": stamp(e) // 1000,
            "name": e["event"],
            "properties": text(_said(e)),
        },
        resolution_ms=1000,
        loses=MEETING,
    ),
    "customer-io": each(
        "Customer.io",
        "https://docs.customer.io/api/track/#operation/track",
        lambda e, _: {"name": e["event"], "timestamp": stamp(e) // 1000, "data": _said(e)},
        resolution_ms=1000,
        loses=MEETING,
    ),
    "clevertap": each(
        "CleverTap",
        "https://developer.clevertap.com/docs/upload-events-api",
        lambda e, _: {
            "identity": "u",
            "ts": stamp(e) // 1000,
            "type": "event",
            "evtName": e["event"],
            "evtData": _said(e),
        },
        resolution_ms=1000,
        loses=MEETING,
    ),
    "iterable": each(
        "Iterable",
        "https://api.iterable.com/api/docs#events_track",
        lambda e, _: {
            "email": None,
            "eventName": e["event"],
            "createdAt": stamp(e) // 1000,
            "dataFields": _said(e),
        },
        resolution_ms=1000,
        loses=MEETING,
    ),
    "jitsu": each(
        "Jitsu",
        "https://docs.jitsu.com/features/event-schema",
        lambda e, n: {
            "_timestamp": e["timestamp"],
            "eventn_ctx": {"event_id": f"j{n}"},
            "event_type": e["event"],
            **payload(e),
            "page": e.get("page"),
        },
    ),
    "datadog-rum": each(
        "an action of Datadog RUM",
        "https://docs.datadoghq.com/real_user_monitoring/browser/data_collected/",
        lambda e, n: {
            "type": "action",
            "date": stamp(e),
            "application": {"id": "a"},
            "session": {"id": f"s{n}", "type": "user"},
            "view": {"id": "v"},
            "action": {"type": "custom", "name": e["event"]},
            "context": {**payload(e), "page": e.get("page")},
        },
    ),
}
