"""The same twelve events in the wrappings of many systems: a table of small functions.

Each takes a canonical event and its number and gives the JSON value that the system writes.
The page behind each is named where there is one; the others are what their loggers print.
"""

# ruff: noqa: ARG005 - each wrapping is told the event and its number

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

Event = dict[str, Any]


def make_events() -> list[Event]:
    """Return twelve events in three sessions: one completed, one served, one closed."""
    plan = [
        ("TRIGGERED", "09:00:00", "s1", "d1"),
        ("ENGAGED", "09:00:05", "s1", "d1"),
        ("INPUT_EMAIL", "09:00:30", "s1", "d1"),
        ("COMPLETED", "09:01:05", "s1", "d1"),
        ("TRIGGERED", "10:00:00", "s2", "d1"),
        ("ENGAGED", "10:00:10", "s2", "d1"),
        ("LIVE_CHAT_REQUESTED", "10:00:20", "s2", "d1"),
        ("LIVE_CHAT_INITIATED", "10:00:50", "s2", "d1"),
        ("LIVE_CHAT_ENDED", "10:05:50", "s2", "d1"),
        ("TRIGGERED", "11:00:00", "s3", "d2"),
        ("ENGAGED", "11:00:10", "s3", "d2"),
        ("CLOSED", "11:00:50", "s3", "d2"),
    ]
    return [_make_event(*row) for row in plan]


def _make_event(kind: str, clock: str, sid: str, ident: str) -> Event:
    payload = {"name": "Pricing", "id": ident, "type": "dialogue", "uiType": "popup", "sid": sid}
    if "LIVE" in kind:
        payload |= {"agentID": "a1", "agentName": "Anna"}
    return {
        "event": f"CONVERSATION_{kind}",
        "timestamp": f"2025-11-03T{clock}Z",
        "page": "https://www.example.com/p",
        "data": {"payload": payload},
    }


def text(value: object) -> str:
    """Return JSON as browsers write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def payload(event: Event) -> Event:
    """Return an event's payload."""
    found: Event = event["data"]["payload"]
    return found


def moment(event: Event) -> datetime:
    """Return the time of an event."""
    return datetime.fromisoformat(event["timestamp"])


def millis(event: Event) -> int:
    """Return the milliseconds since 1970 of an event."""
    return int(moment(event).timestamp()) * 1000


def late(event: Event) -> str:
    """Return a collector's time: some seconds later."""
    return datetime.fromtimestamp(millis(event) / 1000 + 3, UTC).isoformat()


def untimed(event: Event) -> Event:
    """Return an event without its time."""
    return {key: value for key, value in event.items() if key != "timestamp"}


def flat(event: Event) -> Event:
    """Return an event of one level."""
    return {**{key: event[key] for key in ("event", "timestamp", "page")}, **payload(event)}


def b64(value: str) -> str:
    """Return base64 of a text."""
    return base64.b64encode(value.encode()).decode()


def capitals(value: object) -> object:
    """Return JSON of which every key begins with a capital letter, as .NET writes it."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: capitals(each) for key, each in value.items()}
    return value


def typed(value: object) -> object:
    """Return DynamoDB's typed JSON."""
    if isinstance(value, dict):
        return {"M": {key: typed(each) for key, each in value.items()}}
    return {"S": value}


def firestore(value: object) -> object:
    """Return Firestore's typed JSON."""
    if isinstance(value, dict):
        return {"mapValue": {"fields": {key: firestore(each) for key, each in value.items()}}}
    return {"stringValue": value}


def otlp(value: object) -> object:
    """Return OTLP's AnyValue."""
    if isinstance(value, dict):
        pairs = [{"key": key, "value": otlp(each)} for key, each in value.items()]
        return {"kvlistValue": {"values": pairs}}
    return {"stringValue": value}


def ga4(event: Event, n: int) -> Event:
    """Return a row of GA4's export in BigQuery."""
    null = {"string_value": None, "int_value": None, "float_value": None, "double_value": None}
    said = {
        "page_location": event["page"],
        "ga_session_id": str(1762160400 + n),
        **payload(event),
    }
    return {
        "event_date": "20251103",
        "event_timestamp": str(millis(event) * 1000),
        "event_name": event["event"].lower(),
        "event_params": [
            {"key": key, "value": {**null, "string_value": value}} for key, value in said.items()
        ],
        "user_pseudo_id": "u.1",
        "platform": "WEB",
    }


def ga4_forwarded(event: Event, n: int) -> Event:
    """Return the same of what `snippet --forward ga4` sends."""
    short = {"TRIGGERED": "chat_triggered", "LIVE_CHAT_REQUESTED": "chat_live_requested"}
    kind = event["event"].removeprefix("CONVERSATION_")
    live = {"LIVE_CHAT_INITIATED": "chat_live_initiated", "LIVE_CHAT_ENDED": "chat_live_ended"}
    name = {**short, **live}.get(kind, f"chat_{kind.lower()}")
    keys = {"name": "conversation_name", "id": "conversation_id", "type": "conversation_type"}
    said = {keys.get(key, key): value for key, value in payload(event).items()}
    said = {("chat_sid" if key == "sid" else key): value for key, value in said.items()}
    return {
        "event_timestamp": str(millis(event) * 1000 + n),
        "event_name": name,
        "event_params": [{"key": key, "value": {"string_value": v}} for key, v in said.items()],
    }


def xdm(event: Event, n: int) -> Event:
    """Return an event of Adobe's Edge Network."""
    return {
        "xdm": {
            "eventType": "web.webinteraction.linkClicks",
            "timestamp": event["timestamp"],
            "identityMap": {"ECID": [{"id": f"{n}", "primary": True}]},
            "web": {"webPageDetails": {"URL": event["page"], "name": "p"}},
        },
        "data": {"event": event["event"], "payload": payload(event)},
    }


def snowplow(event: Event, n: int) -> Event:
    """Return a self-describing event of Snowplow, enriched."""
    schema = "iglu:com.example/dc/jsonschema/1-0-0"
    inner = {"schema": schema, "data": {"event": event["event"], **payload(event)}}
    return {
        "app_id": "site",
        "event": "unstruct",
        "event_id": f"e{n}",
        "collector_tstamp": late(event),
        "derived_tstamp": event["timestamp"],
        "unstruct_event": {"schema": "iglu:com.snowplow/unstruct_event", "data": inner},
    }


WRAPPINGS: dict[str, Callable[[Event, int], Any]] = {
    "canonical": lambda e, n: e,
    "data as JSON text": lambda e, n: {**e, "data": text(e["data"])},
    "payload as JSON text": lambda e, n: {**e, "data": {"payload": text(payload(e))}},
    "encoded": lambda e, n: text(e),
    "encoded twice": lambda e, n: text(text(e)),
    "flat": lambda e, n: flat(e),
    "flat with a row's id": lambda e, n: {
        "id": n + 1,
        "name": "app",
        "created_at": late(e),
        **{key: e[key] for key in ("event", "timestamp")},
        **{f"conversation_{key}": payload(e)[key] for key in ("id", "name", "type")},
        "sid": payload(e)["sid"],
    },
    "GTM's dataLayer": lambda e, n: {
        "event": "dynamicChat",
        "eventCategory": "Dynamic Chat",
        "eventAction": e["event"],
        "dc": payload(e),
        "gtm.uniqueEventId": n,
        "ts": millis(e),
    },
    "capitals": lambda e, n: capitals(e),
    "Azure Application Insights": lambda e, n: {
        "time": e["timestamp"],
        "itemType": "customEvent",
        "name": e["event"],
        "customDimensions": payload(e),
        "operation_Id": f"x{n}",
    },
    "Azure diagnostic records": lambda e, n: {
        "records": [
            {
                "time": e["timestamp"],
                "category": "AppEvents",
                "Name": e["event"],
                "Properties": payload(e),
            }
        ]
    },
    "Azure Log Analytics tables": lambda e, n: {
        "tables": [
            {
                "name": "PrimaryResult",
                "columns": [
                    {"name": "timestamp", "type": "datetime"},
                    {"name": "message", "type": "string"},
                ],
                "rows": [[late(e), text(e)]],
            }
        ]
    },
    "SQS": lambda e, n: {"Messages": [{"MessageId": str(n), "Body": text(e)}]},
    "SNS": lambda e, n: {
        "Type": "Notification",
        "MessageId": f"m{n}",
        "Message": text(e),
        "Timestamp": late(e),
    },
    "SNS in SQS in Lambda": lambda e, n: {
        "Records": [
            {
                "messageId": f"m{n}",
                "body": text({"Type": "Notification", "Message": text(e), "Timestamp": late(e)}),
                "attributes": {"SentTimestamp": str(millis(e) + 500)},
            }
        ]
    },
    "Snowflake": lambda e, n: {"RECORD_CONTENT": {k.upper(): v for k, v in flat(e).items()}},
    "GA4 in BigQuery": ga4,
    "GA4, forwarded": ga4_forwarded,
    "GA4, flat": lambda e, n: {
        "event_name": e["event"].lower(),
        "event_timestamp": str(millis(e) * 1000),
        "chat_name": "Pricing",
        "chat_id": payload(e)["id"],
        "chat_sid": payload(e)["sid"],
        "page_location": e["page"],
    },
    "Datadog": lambda e, n: {
        "data": [
            {
                "id": f"A{n}",
                "type": "log",
                "attributes": {
                    "timestamp": late(e),
                    "service": "web",
                    "status": "info",
                    "message": "chat",
                    "attributes": e,
                },
            }
        ]
    },
    "Express body": lambda e, n: {
        "level": 30,
        "time": millis(e) + 12,
        "req": {"id": n, "method": "POST", "url": "/dc", "headers": {"x": "y"}, "body": e},
        "msg": "request",
    },
    "pino": lambda e, n: {
        "level": 30,
        "time": millis(e) + 12,
        "pid": 1,
        "hostname": "w",
        "name": "web",
        "msg": "dc",
        **{key: e[key] for key in ("event", "data")},
        "timestamp": e["timestamp"],
    },
    "bunyan": lambda e, n: {
        "name": "web",
        "hostname": "w",
        "pid": 7,
        "level": 30,
        "dc": e,
        "msg": "",
        "time": late(e),
        "v": 0,
    },
    "winston message": lambda e, n: {"level": "info", "message": text(e), "timestamp": late(e)},
    "winston meta": lambda e, n: {
        "level": "info",
        "message": "dc",
        "meta": e,
        "timestamp": late(e),
    },
    "winston splat": lambda e, n: {
        "level": "info",
        "message": e["event"],
        **payload(e),
        "timestamp": e["timestamp"],
    },
    "log4js": lambda e, n: {
        "startTime": late(e),
        "categoryName": "dc",
        "level": {"level": 20000, "levelStr": "INFO"},
        "data": [text(e)],
    },
    "Monolog": lambda e, n: {
        "message": "dc",
        "context": e,
        "level": 200,
        "level_name": "INFO",
        "channel": "app",
        "datetime": late(e),
        "extra": [],
    },
    "Monolog, named": lambda e, n: {
        "message": e["event"],
        "context": {**payload(e), "occurred_at": e["timestamp"]},
        "level": 200,
        "channel": "app",
        "datetime": late(e),
    },
    "Serilog": lambda e, n: {
        "@t": late(e),
        "@mt": "{@Event}",
        "@l": "Information",
        "Event": capitals(e),
    },
    "NLog": lambda e, n: {"time": late(e), "level": "INFO", "properties": {"dc": text(e)}},
    "logback": lambda e, n: {
        "@timestamp": late(e),
        "@version": "1",
        "message": text(e),
        "logger_name": "c.a.Chat",
        "thread_name": "http-1",
        "level": "INFO",
    },
    "log4j2": lambda e, n: {
        "instant": {"epochSecond": 1762160400, "nanoOfSecond": 0},
        "thread": "main",
        "level": "INFO",
        "loggerName": "dc",
        "message": text(e),
    },
    "structlog": lambda e, n: {
        "event": "dc event",
        "level": "info",
        "timestamp": late(e),
        "body": e,
    },
    "structlog, its event ours": lambda e, n: {
        **payload(e),
        "event": e["event"],
        "level": "info",
        "occurred_at": e["timestamp"],
        "timestamp": late(e),
    },
    "python-json-logger": lambda e, n: {
        "asctime": late(e),
        "levelname": "INFO",
        "message": "",
        "extra": e,
    },
    "Rails lograge": lambda e, n: {
        "method": "POST",
        "path": "/dc",
        "controller": "DcController",
        "action": "create",
        "status": 204,
        "params": e,
        "time": late(e),
    },
    "GELF": lambda e, n: {
        "version": "1.1",
        "host": "w1",
        "short_message": text(e),
        "timestamp": millis(e) / 1000 + 0.2,
        "level": 6,
    },
    "GELF fields": lambda e, n: {
        "version": "1.1",
        "host": "w1",
        "short_message": e["event"],
        "timestamp": millis(e) / 1000,
        "level": 6,
        "_event": e["event"],
        **{f"_{key}": value for key, value in payload(e).items()},
    },
    "Docker": lambda e, n: {"log": text(e) + "\n", "stream": "stdout", "time": late(e)},
    "Docker behind a prefix": lambda e, n: {
        "log": f"{late(e)} INFO [dc] {text(e)}\n",
        "stream": "stdout",
        "time": late(e),
    },
    "Kubernetes, Fluent Bit": lambda e, n: {
        "@timestamp": late(e),
        "log": text(e),
        "kubernetes": {"pod_name": "web-1", "host": "n1", "labels": {"app": "dc", "name": "web"}},
    },
    "Vector": lambda e, n: {
        "file": "/var/log/dc.log",
        "host": "w",
        "message": text(e),
        "timestamp": late(e),
    },
    "Filebeat": lambda e, n: {
        "@timestamp": late(e),
        "@metadata": {"beat": "filebeat", "type": "_doc"},
        "log": {"offset": n, "file": {"path": "/var/log/dc.log"}},
        "message": text(e),
        "host": {"name": "w"},
        "agent": {"id": "x", "name": "w", "type": "filebeat"},
    },
    "Filebeat, decoded": lambda e, n: {
        "@timestamp": late(e),
        "json": e,
        "host": {"name": "w"},
        "agent": {"id": "x", "name": "w", "type": "filebeat"},
        "ecs": {"version": "8"},
    },
    "ECS": lambda e, n: {
        "@timestamp": late(e),
        "event": {"original": text(e), "dataset": "dc", "created": late(e)},
        "message": "x",
    },
    "Elasticsearch": lambda e, n: {
        "_index": "dc",
        "_id": f"h{n}",
        "_source": {"@timestamp": late(e), **e},
    },
    "Elasticsearch fields": lambda e, n: {
        "_index": "dc",
        "_id": f"h{n}",
        "fields": {
            "event": [e["event"]],
            "timestamp": [e["timestamp"]],
            **{f"data.payload.{key}": [value] for key, value in payload(e).items()},
        },
    },
    "Splunk": lambda e, n: {
        "preview": False,
        "offset": n,
        "result": {"_raw": text(e), "_time": late(e), "host": "w"},
    },
    "Splunk HEC": lambda e, n: {
        "time": millis(e) / 1000 + 1,
        "sourcetype": "_json",
        "host": "w",
        "event": e,
    },
    "Splunk HEC, a text": lambda e, n: {
        "time": millis(e) / 1000 + 1,
        "sourcetype": "_json",
        "event": text(e),
    },
    "Papertrail": lambda e, n: {
        "id": str(n),
        "received_at": late(e),
        "program": "web",
        "message": text(e),
    },
    "Loki": lambda e, n: {
        "streams": [{"stream": {"app": "dc"}, "values": [[f"{millis(e)}000000", text(e)]]}]
    },
    "Loki's answer": lambda e, n: {
        "status": "success",
        "data": {
            "resultType": "streams",
            "result": [{"stream": {"app": "dc"}, "values": [[f"{millis(e)}000000", text(e)]]}],
        },
    },
    "Grafana's logcli": lambda e, n: {
        "labels": {"app": "dc"},
        "line": text(e),
        "timestamp": late(e),
    },
    "OTLP body": lambda e, n: {
        "resourceLogs": [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]
                },
                "scopeLogs": [
                    {
                        "scope": {"name": "dc"},
                        "logRecords": [{"timeUnixNano": f"{millis(e)}000000", "body": otlp(e)}],
                    }
                ],
            }
        ]
    },
    "OTLP text": lambda e, n: {
        "resourceLogs": [
            {
                "scopeLogs": [
                    {
                        "logRecords": [
                            {
                                "timeUnixNano": f"{millis(e)}000000",
                                "observedTimeUnixNano": f"{millis(e) + 9}000000",
                                "severityText": "INFO",
                                "body": {"stringValue": text(e)},
                            }
                        ]
                    }
                ]
            }
        ]
    },
    "EventBridge": lambda e, n: {
        "version": "0",
        "id": f"i{n}",
        "detail-type": e["event"],
        "source": "site.dc",
        "time": late(e),
        "detail": {"timestamp": e["timestamp"], **payload(e)},
    },
    "EventBridge, whole": lambda e, n: {
        "version": "0",
        "id": f"i{n}",
        "detail-type": "dc",
        "source": "site",
        "time": late(e),
        "detail": e,
    },
    "CloudWatch subscription": lambda e, n: {
        "messageType": "DATA_MESSAGE",
        "owner": "1",
        "logEvents": [{"id": "3750", "timestamp": millis(e) + 7, "message": text(e)}],
    },
    "CloudWatch Insights": lambda e, n: {
        "results": [
            [
                {"field": "@timestamp", "value": "2025-11-03 12:00:00.000"},
                {"field": "@message", "value": text(e)},
                {"field": "@ptr", "value": "x"},
            ]
        ]
    },
    "API Gateway": lambda e, n: {
        "resource": "/dc",
        "httpMethod": "POST",
        "headers": {"Content-Type": "text/plain"},
        "requestContext": {"requestId": f"r{n}", "requestTimeEpoch": millis(e) + 9},
        "body": text(e),
        "isBase64Encoded": False,
    },
    "API Gateway, base64": lambda e, n: {
        "httpMethod": "POST",
        "requestContext": {"requestId": f"r{n}"},
        "body": b64(text(e)),
        "isBase64Encoded": True,
    },
    "Kinesis": lambda e, n: {
        "Records": [
            {
                "kinesis": {
                    "partitionKey": "p",
                    "data": b64(text(e)),
                    "approximateArrivalTimestamp": millis(e) / 1000 + 1,
                },
                "eventSource": "aws:kinesis",
                "eventID": f"s{n}",
                "eventName": "aws:kinesis:record",
            }
        ]
    },
    "Firehose": lambda e, n: {
        "requestId": f"r{n}",
        "timestamp": millis(e) + 9,
        "records": [{"data": b64(text(e))}],
    },
    "Pub/Sub": lambda e, n: {
        "message": {"data": b64(text(e)), "messageId": "1", "publishTime": late(e)},
        "subscription": "x",
    },
    "Cloud Logging": lambda e, n: {
        "insertId": f"i{n}",
        "jsonPayload": e,
        "severity": "INFO",
        "timestamp": late(e),
        "receiveTimestamp": late(e),
    },
    "Cloud Logging, text": lambda e, n: {
        "insertId": f"i{n}",
        "textPayload": text(e),
        "severity": "INFO",
        "timestamp": late(e),
    },
    "CloudEvents": lambda e, n: {
        "specversion": "1.0",
        "id": f"c{n}",
        "source": "/site",
        "type": e["event"],
        "time": e["timestamp"],
        "datacontenttype": "application/json",
        "data": payload(e),
    },
    "Cloudflare's tail": lambda e, n: {
        "outcome": "ok",
        "eventTimestamp": millis(e) + 5,
        "logs": [{"message": [e], "level": "log", "timestamp": millis(e) + 4}],
        "event": {"request": {"url": "https://x/dc"}},
    },
    "Cloudflare's tail, text": lambda e, n: {
        "outcome": "ok",
        "logs": [{"message": ["dc", text(e)], "level": "log", "timestamp": millis(e) + 4}],
    },
    "Vercel": lambda e, n: {
        "id": f"v{n}",
        "message": text(e),
        "timestamp": millis(e) + 3,
        "type": "stdout",
        "source": "lambda",
    },
    "Netlify": lambda e, n: {"ts": late(e), "type": "functions", "level": "info", "msg": text(e)},
    "Kafka console": lambda e, n: {"key": None, "value": e, "timestamp": millis(e) + 30},
    "kcat": lambda e, n: {
        "topic": "dc",
        "partition": 0,
        "offset": n,
        "tstype": "create",
        "ts": millis(e) + 30,
        "key": None,
        "payload": text(e),
    },
    "Kafka Connect": lambda e, n: {
        "schema": {"type": "string", "optional": False},
        "payload": text(e),
    },
    "Debezium": lambda e, n: {
        "payload": {
            "before": None,
            "after": {"id": n + 1, "body": text(e), "created_at": millis(e) + 9},
            "source": {"name": "db", "ts_ms": millis(e) + 20, "table": "dc"},
            "op": "c",
            "ts_ms": millis(e) + 40,
        }
    },
    "Avro": lambda e, n: {
        "event": {"string": e["event"]},
        "timestamp": {"long": millis(e)},
        **{key: {"string": value} for key, value in payload(e).items()},
    },
    "Mongo": lambda e, n: {
        "_id": {"$oid": f"65430000000000000000{n:04d}"},
        **e,
        "timestamp": {"$date": e["timestamp"]},
    },
    "Mongo, canonical": lambda e, n: {
        "_id": {"$oid": f"65430000000000000000{n:04d}"},
        **e,
        "timestamp": {"$date": {"$numberLong": str(millis(e))}},
    },
    "DynamoDB": lambda e, n: {"Item": {key: typed(value) for key, value in e.items()}},
    "DynamoDB stream": lambda e, n: {
        "eventID": f"x{n}",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": millis(e) / 1000 + 1,
            "NewImage": {key: typed(value) for key, value in e.items()},
        },
    },
    "CouchDB": lambda e, n: {
        "id": f"x{n}",
        "key": f"x{n}",
        "value": {"rev": "1-x"},
        "doc": {"_id": f"x{n}", **e},
    },
    "Firestore": lambda e, n: {
        "document": {
            "name": f"projects/p/databases/(default)/documents/dc/{n}",
            "fields": {key: firestore(value) for key, value in e.items()},
            "createTime": late(e),
            "updateTime": late(e),
        }
    },
    "Firestore, exported": lambda e, n: {
        **flat(e),
        "timestamp": {"_seconds": millis(e) // 1000, "_nanoseconds": 0},
    },
    "Firebase": lambda e, n: {"events": {f"-N{n}": e}},
    "Redis stream": lambda e, n: {"id": f"{millis(e) + 9}-0", "message": {"event": text(e)}},
    "PostgreSQL": lambda e, n: {"id": n + 1, "inserted_at": late(e), "doc": e},
    "PostgreSQL, text": lambda e, n: {"id": n + 1, "inserted_at": late(e), "doc": text(e)},
    "New Relic": lambda e, n: {
        "timestamp": millis(e) + 9,
        "logtype": "dc",
        "message": text(e),
        "entity.guid": "x",
        "hostname": "w",
    },
    "New Relic custom event": lambda e, n: {
        "eventType": "DynamicChat",
        "timestamp": millis(e),
        "eventAction": e["event"],
        **{f"dc.{key}": value for key, value in payload(e).items()},
    },
    "XDM": xdm,
    "Tealium": lambda e, n: {
        "tealium_event": e["event"],
        "tealium_timestamp_epoch": millis(e) // 1000,
        **{f"dc_{key}": value for key, value in payload(e).items()},
    },
    "mParticle": lambda e, n: {
        "events": [
            {
                "event_type": "custom_event",
                "data": {
                    "event_name": e["event"],
                    "custom_event_type": "other",
                    "timestamp_unixtime_ms": str(millis(e)),
                    "custom_attributes": payload(e),
                    "session_uuid": "x",
                },
            }
        ],
        "batch_id": n,
        "timestamp_unixtime_ms": millis(e) + 999,
    },
    "Snowplow": snowplow,
    "Segment": lambda e, n: {
        "type": "track",
        "event": e["event"],
        "messageId": f"m{n}",
        "anonymousId": "a",
        "properties": payload(e),
        "context": {"page": {"url": e["page"]}, "library": {"name": "analytics.js"}},
        "timestamp": e["timestamp"],
        "sentAt": late(e),
        "receivedAt": late(e),
    },
    "Heap": lambda e, n: {
        "event": e["event"],
        "identity": "x",
        "timestamp": e["timestamp"],
        "properties": {**payload(e), "session_id": "x"},
    },
    "Matomo-like": lambda e, n: {
        "idVisit": n,
        "serverTimestamp": millis(e) // 1000 + 5,
        "actionDetails": [
            {
                "type": "event",
                "eventCategory": "Dynamic Chat",
                "eventAction": e["event"],
                "timestamp": millis(e) // 1000,
                "customData": payload(e),
            }
        ],
    },
    "PostHog": lambda e, n: {
        "uuid": f"u{n}",
        "event": e["event"],
        "distinct_id": "p",
        "properties": text({**payload(e), "$current_url": e["page"]}),
        "timestamp": e["timestamp"],
        "created_at": late(e),
    },
    "Umami": lambda e, n: {
        "sessionId": "umami",
        "eventName": e["event"],
        "createdAt": e["timestamp"],
        "eventData": payload(e),
    },
    "form": lambda e, n: {"time": late(e), "body": urlencode(flat(e))},
    "form, a field": lambda e, n: {"time": late(e), "body": f"data={quote(text(e))}"},
    "form, percent": lambda e, n: {"time": late(e), "body": quote(text(e))},
    "pixel": lambda e, n: {
        "time": late(e),
        "request": f"GET /dc.gif?{urlencode(flat(e))} HTTP/1.1",
        "status": 200,
    },
    "pixel, URI": lambda e, n: {"ts": late(e), "request_uri": f"/dc.gif?{urlencode(flat(e))}"},
    "pixel, taken apart": lambda e, n: {
        "requestContext": {"time": "x"},
        "queryStringParameters": flat(e),
        "body": None,
    },
    "nginx": lambda e, n: {
        "time_local": "03/Nov/2025:12:00:00 +0000",
        "remote_addr": "192.0.2.1",
        "request": "POST /dc HTTP/1.1",
        "request_time": "0.003",
        "request_body": text(e),
    },
    "Caddy": lambda e, n: {
        "level": "info",
        "ts": millis(e) / 1000 + 1,
        "logger": "http.log.access",
        "msg": "handled request",
        "request": {
            "method": "POST",
            "uri": "/dc",
            "headers": {"Cookie": ["REDACTED"]},
            "body": text(e),
        },
    },
    "HAR": lambda e, n: {
        "log": {
            "version": "1.2",
            "entries": [
                {
                    "startedDateTime": late(e),
                    "request": {
                        "method": "POST",
                        "url": "https://x.example/dc",
                        "headers": [{"name": "Accept", "value": "*/*"}],
                        "postData": {"mimeType": "application/json", "text": text(e)},
                    },
                }
            ],
        }
    },
    "the browser's event": lambda e, n: {
        "type": "message",
        "data": {"event": e["event"], "data": e["data"]},
        "timeStamp": 12.5,
        "time": e["timestamp"],
    },
    "event.data": lambda e, n: {"origin": "https://x", "event": {"data": e}, "received": late(e)},
    "CustomEvent": lambda e, n: {
        "type": e["event"],
        "isTrusted": False,
        "timeStamp": 12.5,
        "detail": untyped(e),
    },
    "whole event": lambda e, n: {
        "event": {"type": e["event"], "data": e["data"]},
        "timestamp": e["timestamp"],
    },
    "batch": lambda e, n: {"sent_at": late(e), "events": [e]},
    "batch as a text": lambda e, n: {"body": text([e])},
    "lines as a text": lambda e, n: {"body": text(e) + "\n"},
    "JavaScript's toString": lambda e, n: {
        **e,
        "timestamp": f"{moment(e):%a %b %d %Y %H:%M:%S} GMT+0000 (UTC)",
    },
    "toUTCString": lambda e, n: {
        **e,
        "timestamp": f"{moment(e):%a, %d %b %Y %H:%M:%S} GMT",
    },
    "collector's time alone": lambda e, n: {**untimed(e), "received_at": e["timestamp"]},
}


def untyped(event: Event) -> Event:
    """Return what a CustomEvent carries that has the event's name as its type."""
    return {key: value for key, value in event.items() if key != "event"}
