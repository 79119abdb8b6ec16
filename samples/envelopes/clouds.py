"""What the services of clouds write, deliver and export."""

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    b64,
    each,
    late,
    late_stamp,
    later,
    nano,
    payload,
    pretty,
    scalars,
    text,
    together,
    untimed,
)

CLOUD = "https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry"
AZURE = "https://learn.microsoft.com/en-us/azure"


def _cloud(event: Event, n: int, key: str, said: object) -> Event:
    """Return an entry of Cloud Logging."""
    return {
        "insertId": f"i{n:06x}",
        key: said,
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "web"}},
        "severity": "INFO",
        "timestamp": nano(event, n),
        "logName": "projects/example/logs/dc",
        "receiveTimestamp": nano(event, n),
    }


SHAPES: dict[str, Shape] = {
    "cloud-json": each("Cloud Logging", CLOUD, lambda e, n: _cloud(e, n, "jsonPayload", e)),
    "cloud-text": each(
        "Cloud Logging, a text", CLOUD, lambda e, n: _cloud(e, n, "textPayload", text(e))
    ),
    "cloud-untimed": each(
        "Cloud Logging, no time in the event",
        CLOUD,
        lambda e, n: _cloud(e, n, "jsonPayload", {"message": "dc", "dc": untimed(e)}),
        clock="server",
    ),
    "pubsub": each(
        "Pub/Sub's push",
        "https://cloud.google.com/pubsub/docs/push",
        lambda e, n: {
            "message": {"data": b64(text(e)), "messageId": str(n), "publishTime": late(e)},
            "subscription": "projects/example/subscriptions/dc",
        },
    ),
    "pubsub-pull": together(
        "gcloud pubsub subscriptions pull",
        "https://cloud.google.com/sdk/gcloud/reference/pubsub/subscriptions/pull",
        lambda events: pretty(
            [
                {
                    "ackId": f"a{n}",
                    "message": {"data": b64(text(e)), "messageId": str(n), "publishTime": late(e)},
                }
                for n, e in enumerate(events)
            ]
        ),
    ),
    "cloudevents": each(
        "CloudEvents",
        "https://github.com/cloudevents/spec/blob/main/cloudevents/formats/json-format.md",
        lambda e, n: {
            "specversion": "1.0",
            "id": f"c{n}",
            "source": "/site",
            "type": e["event"],
            "time": e["timestamp"],
            "datacontenttype": "application/json",
            "data": {**payload(e), "page": e.get("page")},
        },
    ),
    "app-insights": each(
        "Application Insights' `customEvents`",
        f"{AZURE}/azure-monitor/app/data-model-complete",
        lambda e, n: {
            "time": e["timestamp"],
            "itemType": "customEvent",
            "name": e["event"],
            "customDimensions": {**payload(e), "page": e.get("page")},
            "operation_Id": f"x{n}",
        },
    ),
    "app-events": each(
        "Application Insights, by diagnostic settings",
        f"{AZURE}/azure-monitor/reference/tables/appevents",
        lambda e, n: {
            "time": e["timestamp"],
            "resourceId": "/SUBSCRIPTIONS/X/PROVIDERS/MICROSOFT.INSIGHTS/COMPONENTS/WEB",
            "Type": "AppEvents",
            "AppRoleName": "web",
            "ClientIP": "192.0.2.1",
            "ClientType": "Browser",
            "OperationName": "POST /dc",
            "OperationId": f"o{n}",
            "SessionId": f"x{n}",
            "UserId": f"u{n}",
            "Properties": {**scalars(payload(e)), "page": e.get("page")},
            "Name": e["event"],
            "ItemCount": 1,
        },
        loses=MEETING,
    ),
    "app-insights-envelope": each(
        "Application Insights, as its SDK sends it",
        f"{AZURE}/azure-monitor/app/api-custom-events-metrics",
        lambda e, _: {
            "time": e["timestamp"],
            "iKey": "x",
            "name": "Microsoft.ApplicationInsights.x.Event",
            "tags": {"ai.user.id": "u", "ai.session.id": "s"},
            "data": {
                "baseType": "EventData",
                "baseData": {
                    "ver": 2,
                    "name": e["event"],
                    "properties": {**payload(e), "page": e.get("page")},
                    "measurements": {},
                },
            },
        },
    ),
    "azure-records": each(
        "Azure's diagnostic records",
        f"{AZURE}/azure-monitor/essentials/resource-logs-schema",
        lambda e, _: {
            "records": [
                {
                    "time": e["timestamp"],
                    "resourceId": "/SUBSCRIPTIONS/X",
                    "category": "AppEvents",
                    "Name": e["event"],
                    "Properties": {**payload(e), "page": e.get("page")},
                }
            ]
        },
    ),
    "azure-tables": each(
        "Log Analytics' tables",
        f"{AZURE}/azure-monitor/logs/api/response-format",
        lambda e, _: {
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
    ),
    "event-grid": each(
        "Event Grid",
        f"{AZURE}/event-grid/event-schema",
        lambda e, n: [
            {
                "id": f"g{n}",
                "topic": "/subscriptions/x",
                "subject": "dc",
                "eventType": e["event"],
                "eventTime": e["timestamp"],
                "data": {**payload(e), "page": e.get("page")},
                "dataVersion": "1.0",
                "metadataVersion": "1",
            }
        ],
    ),
    "event-hubs": each(
        "Event Hubs' capture, as JSON",
        f"{AZURE}/event-hubs/event-hubs-capture-overview",
        lambda e, n: {
            "SequenceNumber": n,
            "Offset": str(n),
            "EnqueuedTimeUtc": f"{later(e):%m/%d/%Y %H:%M:%S} AM",
            "SystemProperties": {},
            "Properties": {},
            "Body": b64(text(e)),
        },
    ),
    "service-bus": each(
        "Service Bus, as Logic Apps has it",
        f"{AZURE}/connectors/connectors-create-api-servicebus",
        lambda e, n: {
            "ContentData": b64(text(e)),
            "ContentType": "application/json",
            "MessageId": f"m{n}",
            "Properties": {"EnqueuedTimeUtc": late(e)},
        },
    ),
    "cloudflare-tail": each(
        "wrangler tail, an object logged",
        "https://developers.cloudflare.com/workers/observability/logs/tail-workers/",
        lambda e, _: {
            "outcome": "ok",
            "scriptName": "dc",
            "exceptions": [],
            "logs": [{"message": [e], "level": "log", "timestamp": late_stamp(e)}],
            "eventTimestamp": late_stamp(e) - 2,
            "event": {
                "request": {"url": "https://www.example.com/dc", "method": "POST", "headers": {}}
            },
        },
    ),
    "cloudflare-tail-text": each(
        "wrangler tail, a text logged, no time in it",
        "https://developers.cloudflare.com/workers/wrangler/commands/#tail",
        lambda e, _: {
            "outcome": "ok",
            "scriptName": "dc",
            "logs": [
                {"message": ["dc", text(untimed(e))], "level": "log", "timestamp": late_stamp(e)}
            ],
        },
        clock="server",
    ),
    "cloudflare-logpush": each(
        "Cloudflare's Logpush of workers",
        "https://developers.cloudflare.com/logs/reference/log-fields/account/workers_trace_events/",
        lambda e, _: {
            "EventTimestampMs": late_stamp(e) - 2,
            "EventType": "fetch",
            "Logs": [{"Level": "log", "Message": [text(e)], "TimestampMs": late_stamp(e)}],
            "Outcome": "ok",
            "ScriptName": "dc",
        },
    ),
    "vercel": each(
        "Vercel's log drains",
        "https://vercel.com/docs/drains/reference/logs",
        lambda e, n: {
            "id": f"v{n}",
            "message": text(untimed(e)),
            "timestamp": late_stamp(e),
            "type": "stdout",
            "source": "lambda",
            "projectId": "x",
            "host": "www.example.com",
        },
        clock="server",
    ),
    "netlify": each(
        "Netlify's log drains",
        "https://docs.netlify.com/monitor-sites/log-drains/",
        lambda e, _: {"ts": late(e), "type": "functions", "level": "info", "msg": text(e)},
    ),
    "supabase": each(
        "Supabase's edge functions",
        "https://supabase.com/docs/guides/functions/logging",
        lambda e, n: {
            "id": f"s{n}",
            "event_message": text(e),
            "event_type": "Log",
            "level": "info",
            "timestamp": late_stamp(e) * 1000,
        },
    ),
    "deno": each(
        "Deno Deploy",
        "https://docs.deno.com/deploy/classic/logs/",
        lambda e, _: {"time": late(e), "level": "info", "message": text(e) + "\n", "region": "fra"},
    ),
    "oci": each(
        "Oracle's OCI Logging",
        "https://docs.oracle.com/en-us/iaas/Content/Logging/Reference/top_level_logging_format.htm",
        lambda e, n: {
            "datetime": late_stamp(e),
            "logContent": {
                "id": f"o{n}",
                "type": "com.oraclecloud.dc",
                "time": late(e),
                "data": {"message": text(e)},
                "oracle": {"loggroupid": "x"},
            },
        },
    ),
    "firebase": each(
        "Firebase's Realtime Database",
        "https://firebase.google.com/docs/database/rest/retrieve-data",
        lambda e, n: {"events": {f"-N{n}": e}},
    ),
}
