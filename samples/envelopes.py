"""The same events in every shape that sites log them in, the same bytes for the same events;
standard library only.

python -m samples.envelopes --shape docker                 a day of the sample logs in one shape
python -m samples.envelopes --shape docker big.ndjson      a whole log

Each shape follows the page that is named beside it. `samples/collect.py` has programs write theirs.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Event = dict[str, Any]
Writer = Callable[["Sequence[Event]"], bytes]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ADOBE = (
    "https://experienceleague.adobe.com/docs/marketo/using/product-docs/demand-generation/"
    "dynamic-chat/setup-and-configuration/callback-functions.html"
)
SNAKE = {
    "uiType": "ui_type",
    "agentID": "agent_id",
    "agentName": "agent_name",
    "meetingInfo": "meeting_info",
}


@dataclass(frozen=True)
class Shape:
    """A way to log events: what it makes of them, the page that describes it,
    whether it keeps milliseconds.
    """

    write: Writer
    page: str
    fine: bool = True


def text(value: object) -> str:
    """Return JSON as browsers write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def lines(values: Iterable[object]) -> bytes:
    """Return one JSON value a line."""
    return "".join(text(value) + "\n" for value in values).encode()


def each(change: Callable[[Event, int], object]) -> Writer:
    """Return a shape that has a JSON value a line; `change` is told the event and its number."""
    return lambda events: lines(change(event, n) for n, event in enumerate(events))


def behind(
    prefix: Callable[[Event, int], str], said: Callable[[Event], object] = lambda event: event
) -> Writer:
    """Return a shape that has a prefix before the JSON of each line."""
    return lambda events: "".join(
        f"{prefix(event, n)}{text(said(event))}\n" for n, event in enumerate(events)
    ).encode()


def payload(event: Event) -> Event:
    """Return what an event says of its conversation; nothing of the ready event."""
    found: Event = event.get("data", {}).get("payload", {})
    return found


def moment(event: Event) -> datetime:
    """Return the time of an event."""
    stamp = event["timestamp"]
    if str(stamp).isdigit():
        return EPOCH + timedelta(milliseconds=int(stamp))
    return datetime.fromisoformat(stamp)


def later(event: Event, n: int) -> datetime:
    """Return when a collector got an event: a little later than it happened."""
    return moment(event) + timedelta(
        milliseconds=20 + n * 7919 % 900, microseconds=n * 104729 % 1000
    )


def iso(when: datetime, timespec: str = "milliseconds") -> str:
    """Return a time as ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def nano(event: Event, n: int) -> str:
    """Return a collector's time with nanoseconds."""
    return f"{iso(later(event, n), 'microseconds')[:-1]}{n % 1000:03d}Z"


def millis(when: datetime) -> int:
    """Return milliseconds since 1970."""
    return (when - EPOCH) // timedelta(milliseconds=1)


def bsd(when: datetime) -> str:
    """Return a time as BSD's syslog has it."""
    return (
        f"{when.astimezone(UTC):%b} {when.astimezone(UTC).day:2d} {when.astimezone(UTC):%H:%M:%S}"
    )


def spread(event: Event, rest: Event, holder: str | None = None) -> Event:
    """Return an event's name, time and page, and with it what is given, under a key or beside."""
    parts: Event = {key: event[key] for key in ("event", "timestamp", "page") if key in event}
    return {**parts, **({holder: rest} if holder else rest)} if rest else parts


def untimed(event: Event) -> Event:
    """Return an event without its time."""
    return {key: value for key, value in event.items() if key != "timestamp"}


def batches(
    events: Sequence[Event], sizes: Sequence[int] = (3, 1, 8, 5, 2)
) -> Iterator[list[Event]]:
    """Yield events in batches of several sizes."""
    at = n = 0
    while at < len(events):
        size = sizes[n % len(sizes)]
        yield list(events[at : at + size])
        at, n = at + size, n + 1


def whole(event: Event) -> Event:
    """Return the event that Dynamic Chat calls a listener with, in an object of the site's."""
    rest: Event = {key: event[key] for key in ("timestamp", "page") if key in event}
    return {"event": {"type": event["event"], "data": event.get("data")}, **rest}


def segment(event: Event, n: int) -> Event:
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
        "sentAt": iso(later(event, n)),
        "receivedAt": iso(later(event, n)),
    }


def mixpanel(event: Event, n: int, unit: int = 1) -> Event:
    """Return a line of Mixpanel's raw export, its time in units of so many milliseconds."""
    own = {
        "time": millis(moment(event)) // unit,
        "distinct_id": f"$device:{n % 97}",
        "$current_url": event.get("page"),
        "$insert_id": f"i{n:08x}",
        "mp_processing_time_ms": millis(later(event, n)),
    }
    return {"event": event["event"], "properties": {**own, **payload(event)}}


def amplitude(event: Event, n: int) -> Event:
    """Return a line of Amplitude's export."""
    when = moment(event).astimezone(UTC).replace(tzinfo=None)
    return {
        "event_type": event["event"],
        "event_time": when.isoformat(" ", "microseconds"),
        "event_id": n,
        "$insert_id": f"i{n:08x}",
        "client_event_time": when.isoformat(" ", "microseconds"),
        "device_id": f"d{n % 97}",
        "session_id": 1793000000000 + zlib.crc32(str(payload(event).get("sid")).encode()),
        "server_received_time": later(event, n).replace(tzinfo=None).isoformat(" ", "microseconds"),
        "event_properties": {**payload(event), "page": event.get("page")},
        "platform": "Web",
    }


def posthog(event: Event, n: int, *, encoded: bool = False) -> Event:
    """Return a line of PostHog's batch export."""
    properties: Any = {**payload(event), "$current_url": event.get("page"), "$lib": "web"}
    when = moment(event).astimezone(UTC)
    return {
        "uuid": f"018b-{n:012x}",
        "event": event["event"],
        "distinct_id": f"p{n % 97}",
        "properties": text(properties) if encoded else properties,
        "timestamp": when.isoformat(timespec="microseconds"),
        "created_at": iso(later(event, n), "microseconds"),
    }


def nginx(event: Event, n: int, said: Event) -> Event:
    """Return a line of nginx with `escape=json`."""
    return {
        "time": later(event, n).astimezone(UTC).isoformat(timespec="seconds"),
        "remote_addr": f"192.0.2.{n % 250}",
        "request": "POST /dc-events HTTP/1.1",
        "status": "204",
        "body": text(said),
    }


def nginx_lines(events: Sequence[Event], n: int) -> Event:
    """Return the same of a request with several lines, as a page sends them that gathers events."""
    return {**nginx(events[0], n, {}), "body": "".join(text(event) + "\n" for event in events)}


def aws_lambda(event: Event, n: int, *, encoded: bool = False) -> Event:
    """Return a proxy event of API Gateway."""
    body = text(event)
    return {
        "resource": "/dc-events",
        "path": "/dc-events",
        "httpMethod": "POST",
        "headers": {"Content-Type": "text/plain"},
        "requestContext": {"requestId": f"r-{n:06x}", "requestTimeEpoch": millis(later(event, n))},
        "body": base64.b64encode(body.encode()).decode() if encoded else body,
        "isBase64Encoded": encoded,
    }


def http_api(event: Event, n: int) -> Event:
    """Return an event of an HTTP API or a function's URL: payload format 2.0."""
    when = later(event, n).astimezone(UTC)
    request = {
        "http": {
            "method": "POST",
            "path": "/dc-events",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
        },
        "requestId": f"r-{n:06x}",
        "time": f"{when:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": millis(when),
    }
    return {
        "version": "2.0",
        "routeKey": "POST /dc-events",
        "rawPath": "/dc-events",
        "rawQueryString": "",
        "headers": {"content-type": "text/plain"},
        "requestContext": request,
        "body": text(event),
        "isBase64Encoded": False,
    }


def subscription(batch: Sequence[Event]) -> Event:
    """Return what CloudWatch Logs sends to a subscriber, unpacked."""
    logged = [
        {"id": f"3750{n:052d}", "timestamp": millis(later(e, n)), "message": text(e)}
        for n, e in enumerate(batch)
    ]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "dc",
        "logStream": "web",
        "subscriptionFilters": ["dc"],
        "logEvents": logged,
    }


def cloudwatch(event: Event, n: int) -> Event:
    """Return an event of `aws logs filter-log-events`."""
    return {
        "logStreamName": "dc/1",
        "timestamp": millis(later(event, n)),
        "message": text(event),
        "ingestionTime": millis(later(event, n)) + 900,
        "eventId": f"3750{n:012d}",
    }


def insights(event: Event, n: int) -> list[Event]:
    """Return a row of `aws logs get-query-results`."""
    when = later(event, n).replace(tzinfo=None).isoformat(" ", "milliseconds")
    fields = {"@timestamp": when, "@message": text(event), "@ptr": f"Cm{n:08x}"}
    return [{"field": field, "value": value} for field, value in fields.items()]


def hit(event: Event, n: int) -> Event:
    """Return a hit of Elasticsearch."""
    return {
        "_index": "dc-2026.11",
        "_id": f"h{n:06x}",
        "_score": 1.0,
        "_source": {"@timestamp": iso(later(event, n)), **event},
    }


def vector(event: Event, n: int) -> Event:
    """Return a line of Vector's file source."""
    return {
        "file": "/var/log/dc.log",
        "host": "web1",
        "message": text(event),
        "source_type": "file",
        "timestamp": nano(event, n),
    }


def cloud(event: Event, n: int, key: str, said: object) -> Event:
    """Return a log entry of Cloud Logging."""
    return {
        "insertId": f"i{n:06x}",
        key: said,
        "resource": {"type": "cloud_run_revision"},
        "severity": "INFO",
        "timestamp": nano(event, n),
        "logName": "projects/example/logs/dc",
        "receiveTimestamp": nano(event, n),
    }


def pretty(value: object, indent: int = 2) -> bytes:
    """Return JSON over several lines."""
    return json.dumps(value, indent=indent, ensure_ascii=False).encode() + b"\n"


NGINX = "https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format"
FLUENT = "https://docs.fluentbit.io/manual/data-pipeline/outputs/output_formats"
AWS_DOCS = "https://docs.aws.amazon.com"
GATEWAY = f"{AWS_DOCS}/apigateway/latest/developerguide"
ELASTIC = "https://www.elastic.co/guide/en/elasticsearch/reference/current"
KUBERNETES = "https://github.com/kubernetes"
AWS = "https://docs.aws.amazon.com/cli/latest/reference/logs/filter-log-events.html"
RFC5424 = "https://www.rfc-editor.org/rfc/rfc5424#section-6"
RFC3164 = "https://www.rfc-editor.org/rfc/rfc3164#section-4"
SEGMENT = "https://www.twilio.com/docs/segment/connections/spec/common"
MIXPANEL = "https://docs.mixpanel.com/reference/raw-event-export.md"
POSTHOG = "https://posthog.com/docs/data-pipelines/batch-exports/s3"
CUSTOM = "https://developer.mozilla.org/en-US/docs/Web/API/CustomEvent/detail"
CLOUD = "https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry"
SHAPES: dict[str, Shape] = {
    "canonical": Shape(lines, ADOBE),
    "event-data": Shape(each(lambda e, _: spread(e, payload(e), "payload")), ADOBE),
    "whole-event": Shape(each(lambda e, _: whole(e)), ADOBE),
    "detail": Shape(
        each(
            lambda e, _: {
                "type": e["event"],
                "isTrusted": False,
                "timeStamp": 1234.5,
                "detail": untyped(e),
            }
        ),
        CUSTOM,
    ),
    "flat": Shape(each(lambda e, _: spread(e, payload(e))), ADOBE),
    "dotted": Shape(
        each(lambda e, _: spread(e, {f"payload.{k}": v for k, v in payload(e).items()})), ADOBE
    ),
    "snake-case": Shape(
        each(
            lambda e, _: {
                "event_name": e["event"],
                "timestamp": e["timestamp"],
                "page_url": e.get("page"),
                **{SNAKE.get(k, k): v for k, v in payload(e).items()},
            }
        ),
        ADOBE,
    ),
    "gtm": Shape(
        each(
            lambda e, n: {
                "event": e["event"],
                "dc": payload(e),
                "timestamp": e["timestamp"],
                "page": e.get("page"),
                "gtm": {"uniqueEventId": n},
            }
        ),
        "https://developers.google.com/tag-platform/tag-manager/datalayer",
    ),
    "encoded": Shape(
        each(lambda e, _: text(e)), "https://www.rfc-editor.org/rfc/rfc8259#section-7"
    ),
    "batch-array": Shape(
        lambda events: lines(batches(events)), "https://www.rfc-editor.org/rfc/rfc8259#section-5"
    ),
    "batch-events": Shape(
        lambda events: lines({"events": batch} for batch in batches(events)),
        "https://www.rfc-editor.org/rfc/rfc8259#section-5",
    ),
    "array": Shape(
        lambda events: text(list(events)).encode(),
        "https://www.rfc-editor.org/rfc/rfc8259#section-5",
    ),
    "array-lines": Shape(
        lambda events: b"[\n" + b",\n".join(text(e).encode() for e in events) + b"\n]\n",
        "https://www.rfc-editor.org/rfc/rfc8259#section-5",
    ),
    "array-pretty": Shape(
        lambda events: pretty(list(events)), "https://www.rfc-editor.org/rfc/rfc8259#section-2"
    ),
    "pretty": Shape(
        lambda events: b"".join(pretty(e, 4) for e in events), "https://jqlang.org/manual/"
    ),
    "firehose": Shape(
        lambda events: b"".join(text(e).encode() for e in events),
        "https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html",
    ),
    "json-seq": Shape(
        lambda events: b"".join(b"\x1e" + text(e).encode() + b"\n" for e in events),
        "https://www.rfc-editor.org/rfc/rfc7464",
    ),
    "nginx": Shape(each(lambda e, n: nginx(e, n, e)), NGINX),
    "nginx-lines": Shape(
        lambda events: lines(nginx_lines(batch, n) for n, batch in enumerate(batches(events))),
        NGINX,
    ),
    "nginx-seconds": Shape(
        each(
            lambda e, n: {
                **nginx(e, 0, untimed(e)),
                "time": f"{moment(e).astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}",
            }
        ),
        NGINX,
        fine=False,
    ),
    "docker": Shape(
        each(lambda e, n: {"log": text(e) + "\n", "stream": "stdout", "time": nano(e, n)}),
        "https://docs.docker.com/engine/logging/drivers/json-file/",
    ),
    "compose": Shape(
        behind(lambda e, n: "web-1  | "),
        "https://docs.docker.com/reference/cli/docker/compose/logs/",
    ),
    "cri": Shape(
        behind(lambda e, n: f"{nano(e, n)} stdout F "),
        f"{KUBERNETES}/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
    ),
    "kubectl": Shape(
        behind(lambda e, n: f"{nano(e, n)} "),
        "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/",
    ),
    "kubectl-prefix": Shape(
        behind(lambda e, n: f"[pod/web-5d8f7c9b6-{n % 3}/web] "),
        "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_logs/",
    ),
    "fluent-bit": Shape(
        each(lambda e, n: {"date": later(e, n).timestamp(), "log": text(e)}), FLUENT
    ),
    "fluent-bit-json": Shape(each(lambda e, n: {"date": later(e, n).timestamp(), **e}), FLUENT),
    "vector": Shape(each(vector), "https://vector.dev/docs/reference/configuration/sources/file/"),
    "cloudwatch-export": Shape(
        behind(lambda e, n: f"{iso(later(e, n))} "),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3Export.html",
    ),
    "cloudwatch-filter": Shape(
        lambda events: pretty(
            {"events": [cloudwatch(e, n) for n, e in enumerate(events)], "searchedLogStreams": []},
            4,
        ),
        AWS,
    ),
    "cloudwatch-subscription": Shape(
        lambda events: b"".join(text(subscription(batch)).encode() for batch in batches(events)),
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html",
    ),
    "insights": Shape(
        lambda events: pretty(
            {
                "results": [insights(e, n) for n, e in enumerate(events)],
                "statistics": {
                    "recordsMatched": len(events) * 1.0,
                    "recordsScanned": 99.0,
                    "bytesScanned": 9999.0,
                },
                "status": "Complete",
            },
            4,
        ),
        f"{AWS_DOCS}/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html",
    ),
    "cloud-json": Shape(each(lambda e, n: cloud(e, n, "jsonPayload", e)), CLOUD),
    "cloud-text": Shape(each(lambda e, n: cloud(e, n, "textPayload", text(e))), CLOUD),
    "elasticsearch": Shape(each(hit), f"{ELASTIC}/mapping-source-field.html"),
    "elasticsearch-search": Shape(
        lambda events: pretty(
            {
                "took": 5,
                "timed_out": False,
                "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
                "hits": {
                    "total": {"value": len(events), "relation": "eq"},
                    "max_score": 1.0,
                    "hits": [hit(e, n) for n, e in enumerate(events)],
                },
            }
        ),
        f"{ELASTIC}/search-search.html",
    ),
    "lambda": Shape(each(aws_lambda), f"{GATEWAY}/set-up-lambda-proxy-integrations.html"),
    "lambda-base64": Shape(
        each(lambda e, n: aws_lambda(e, n, encoded=True)),
        f"{GATEWAY}/set-up-lambda-proxy-integrations.html",
    ),
    "lambda-http": Shape(each(http_api), f"{GATEWAY}/http-api-develop-integrations-lambda.html"),
    "syslog": Shape(
        behind(lambda e, n: f"{bsd(later(e, n))} web1 dc-events[{700 + n % 9}]: "), RFC3164
    ),
    "syslog-seconds": Shape(
        behind(lambda e, n: f"{bsd(moment(e))} web1 dc-events[{700 + n % 9}]: ", untimed),
        RFC3164,
        fine=False,
    ),
    "syslog-5424": Shape(
        behind(lambda e, n: f"<134>1 {iso(later(e, n), 'microseconds')} web1 dc-events 700 - - "),
        RFC5424,
    ),
    "journald": Shape(
        behind(lambda e, n: f"{bsd(later(e, n))} web1 dc-events[700]: "),
        "https://www.freedesktop.org/software/systemd/man/latest/journalctl.html",
    ),
    "journald-json": Shape(
        each(
            lambda e, n: {
                "__REALTIME_TIMESTAMP": str(millis(later(e, n)) * 1000),
                "_HOSTNAME": "web1",
                "MESSAGE": text(e),
            }
        ),
        "https://systemd.io/JOURNAL_EXPORT_FORMATS/",
    ),
    "segment": Shape(each(segment), SEGMENT),
    "rudderstack": Shape(
        each(lambda e, n: {**segment(e, n), "channel": "web", "rudderId": f"r{n:06x}"}),
        "https://www.rudderstack.com/docs/event-spec/standard-events/track/",
    ),
    "mixpanel": Shape(each(mixpanel), MIXPANEL),
    "mixpanel-seconds": Shape(each(lambda e, n: mixpanel(e, n, 1000)), MIXPANEL, fine=False),
    "amplitude": Shape(each(amplitude), "https://amplitude.com/docs/apis/analytics/export"),
    "posthog": Shape(each(posthog), POSTHOG),
    "posthog-text": Shape(each(lambda e, n: posthog(e, n, encoded=True)), POSTHOG),
}


def untyped(event: Event) -> Event:
    """Return what a CustomEvent carries that has the event's name as its type."""
    return {key: value for key, value in event.items() if key != "event"}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def read(source: Iterable[bytes]) -> list[Event]:
    """Return the canonical lines that say an event of a conversation, or the widget's, and when."""
    found = []
    for line in source:
        try:
            event = json.loads(line, parse_constant=_no_constant)
            moment(event)
        except (ValueError, KeyError, TypeError):
            continue
        if (
            isinstance(event.get("data", {}), dict)
            and isinstance(event.get("event"), str)
            and moment(event).year == 2026
        ):
            found.append(event)
    return found


def main() -> None:
    """Write a log in one shape."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "source", nargs="?", type=Path, help="canonical lines; default: a day of the sample logs"
    )
    made.add_argument("--shape", choices=SHAPES, default="canonical")
    options = made.parse_args()
    default = Path(__file__).parent.parent / "sample_logs" / "site" / "dc.log"
    with open(options.source or default, "rb") as source:
        events = read(source)
    sys.stdout.buffer.write(SHAPES[options.shape].write(events))


if __name__ == "__main__":
    main()
