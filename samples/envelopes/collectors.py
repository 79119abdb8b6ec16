"""What containers, agents and log platforms make of a line."""

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    each,
    iso,
    late,
    late_stamp,
    later,
    millis,
    nano,
    otlp,
    payload,
    scalars,
    seconds,
    text,
    untimed,
)

DOCKER = "https://docs.docker.com/engine/logging/drivers/json-file/"
FLUENT = "https://docs.fluentbit.io/manual/data-pipeline/outputs/output_formats"
ELASTIC = "https://www.elastic.co/guide/en/elasticsearch/reference/current"
BEATS = "https://www.elastic.co/guide/en/beats/filebeat/current"
SPLUNK = "https://docs.splunk.com/Documentation/Splunk/latest"
HEC = f"{SPLUNK}/Data/FormateventsforHTTPEventCollector"
LOKI = "https://grafana.com/docs/loki/latest/reference/loki-http-api/"
OTLP = "https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"
GELF = "https://go2docs.graylog.org/current/getting_in_log_data/gelf.html"
DATADOG = "https://docs.datadoghq.com/api/latest/logs/"


def _otlp(event: Event, body: object) -> Event:
    """Return a line of OTLP: a request with one log record."""
    record = {
        "timeUnixNano": f"{late_stamp(event)}000000",
        "observedTimeUnixNano": f"{late_stamp(event) + 9}000000",
        "severityText": "INFO",
        "body": body,
    }
    service = {"key": "service.name", "value": {"stringValue": "web"}}
    scopes = [{"scope": {"name": "dc"}, "logRecords": [record]}]
    return {"resourceLogs": [{"resource": {"attributes": [service]}, "scopeLogs": scopes}]}


def _journal(event: Event, message: object) -> Event:
    return {
        "__REALTIME_TIMESTAMP": str(millis(later(event)) * 1000),
        "_HOSTNAME": "web1",
        "_PID": "7",
        "PRIORITY": "6",
        "MESSAGE": message,
    }


SHAPES: dict[str, Shape] = {
    "docker": each(
        "Docker's json-file",
        DOCKER,
        lambda e, n: {"log": text(e) + "\n", "stream": "stdout", "time": nano(e, n)},
    ),
    "docker-logger": each(
        "Docker, a logger's line with a prefix",
        DOCKER,
        lambda e, n: {
            "log": f"INFO [dc] {text(untimed(e))}\n",
            "stream": "stdout",
            "time": nano(e, n),
        },
        clock="server",
    ),
    "docker-nested": each(
        "Docker, a logger's JSON with JSON",
        DOCKER,
        lambda e, n: {
            "log": text({"level": "info", "message": text(e), "timestamp": late(e)}) + "\n",
            "stream": "stdout",
            "time": nano(e, n),
        },
    ),
    "fluent-bit": each(
        "Fluent Bit",
        FLUENT,
        lambda e, _: {"date": later(e).timestamp(), "log": text(e)},
    ),
    "fluent-bit-json": each(
        "Fluent Bit, the line parsed", FLUENT, lambda e, _: {"date": later(e).timestamp(), **e}
    ),
    "fluent-bit-kubernetes": each(
        "Fluent Bit in Kubernetes",
        "https://docs.fluentbit.io/manual/data-pipeline/filters/kubernetes",
        lambda e, _: {
            "@timestamp": late(e),
            "log": text(untimed(e)),
            "stream": "stdout",
            "kubernetes": {
                "pod_name": "web-1",
                "namespace_name": "web",
                "host": "node1",
                "labels": {"app": "dc", "name": "web"},
            },
        },
        clock="server",
    ),
    "fluentd": each(
        "Fluentd as JSON",
        "https://docs.fluentd.org/formatter/json",
        lambda e, _: {"message": text(e), "tag": "dc.web", "time": iso(later(e), "seconds")},
    ),
    "vector": each(
        "Vector's file source",
        "https://vector.dev/docs/reference/configuration/sources/file/",
        lambda e, n: {
            "file": "/var/log/dc.log",
            "host": "web1",
            "message": text(e),
            "source_type": "file",
            "timestamp": nano(e, n),
        },
    ),
    "vector-http": each(
        "Vector's HTTP source, decoded",
        "https://vector.dev/docs/reference/configuration/sources/http_server/",
        lambda e, _: {**e, "path": "/dc", "source_type": "http_server"},
    ),
    "filebeat": each(
        "Filebeat",
        f"{BEATS}/exported-fields.html",
        lambda e, n: {
            "@timestamp": late(e),
            "@metadata": {"beat": "filebeat", "type": "_doc", "version": "8.15.0"},
            "log": {"offset": n, "file": {"path": "/var/log/dc.log"}},
            "message": text(e),
            "input": {"type": "filestream"},
            "host": {"name": "web1"},
            "agent": {"id": "x", "name": "web1", "type": "filebeat"},
            "ecs": {"version": "8.0.0"},
        },
    ),
    "filebeat-decoded": each(
        "Filebeat with decode_json_fields",
        f"{BEATS}/decode-json-fields.html",
        lambda e, _: {
            "@timestamp": late(e),
            "json": e,
            "host": {"name": "web1"},
            "agent": {"id": "x", "name": "web1", "type": "filebeat"},
            "ecs": {"version": "8.0.0"},
        },
    ),
    "ecs": each(
        "Elastic Common Schema, event.original",
        "https://www.elastic.co/guide/en/ecs/current/ecs-event.html",
        lambda e, _: {
            "@timestamp": late(e),
            "event": {"original": text(e), "dataset": "dc", "created": late(e)},
            "message": "dc",
        },
    ),
    "logstash": each(
        "Logstash's json_lines",
        "https://www.elastic.co/guide/en/logstash/current/plugins-codecs-json_lines.html",
        lambda e, _: {
            "@version": "1",
            "@timestamp": late(e),
            "host": {"hostname": "web1"},
            "message": text(e),
            "tags": ["dc"],
            "type": "log",
        },
    ),
    "otlp": each(
        "OpenTelemetry, an object as the body",
        OTLP,
        lambda e, _: _otlp(e, otlp(e)),
        rewrites=MEETING,
    ),
    "otlp-text": each(
        "OpenTelemetry, a text as the body",
        OTLP,
        lambda e, _: _otlp(e, {"stringValue": text(untimed(e))}),
        clock="server",
    ),
    "otel-flat": each(
        "OpenTelemetry's collector, as a log",
        "https://opentelemetry.io/docs/specs/otel/logs/data-model/",
        lambda e, _: {
            "Timestamp": f"{late_stamp(e)}000000",
            "SeverityText": "INFO",
            "Body": untimed(e),
            "Resource": {"service.name": "web"},
        },
        clock="server",
    ),
    "gelf": each(
        "GELF",
        GELF,
        lambda e, _: {
            "version": "1.1",
            "host": "web1",
            "short_message": text(e),
            "timestamp": late_stamp(e) / 1000,
            "level": 6,
        },
    ),
    "gelf-fields": each(
        "GELF with fields of its own",
        GELF,
        lambda e, _: {
            "version": "1.1",
            "host": "web1",
            "short_message": e["event"],
            "timestamp": float(seconds(late_stamp(e))),
            "level": 6,
            "_event": e["event"],
            "_page": e.get("page"),
            **{f"_{key}": value for key, value in scalars(payload(e)).items()},
        },
        clock="server",
        loses=MEETING,
    ),
    "journald-json": each(
        "journalctl -o json",
        "https://systemd.io/JOURNAL_EXPORT_FORMATS/",
        lambda e, _: _journal(e, text(e)),
    ),
    "syslog-ng-json": each(
        "syslog-ng's format-json",
        "https://syslog-ng.github.io/admin-guide/110_Template_and_rewrite/"
        "000_Customize_message_format/004_Template_functions",
        lambda e, _: {
            "PROGRAM": "dc",
            "PRIORITY": "info",
            "MESSAGE": text(untimed(e)),
            "HOST": "web1",
            "ISODATE": later(e).isoformat(timespec="seconds"),
        },
        clock="server",
        resolution_ms=1000,
    ),
    "rsyslog-json": each(
        "rsyslog's jsonmesg",
        "https://www.rsyslog.com/doc/configuration/properties.html",
        lambda e, _: {
            "msg": " " + text(untimed(e)),
            "timereported": later(e).isoformat(timespec="microseconds"),
            "hostname": "web1",
            "syslogtag": "dc:",
            "programname": "dc",
        },
        clock="server",
    ),
    "nxlog": each(
        "NXLog's to_json",
        "https://docs.nxlog.co/refman/current/xm/json.html",
        lambda e, _: {
            "EventReceivedTime": late(e),
            "SourceModuleName": "in",
            "SourceModuleType": "im_file",
            "Message": text(e),
            "Hostname": "web1",
        },
    ),
    "promtail": each(
        "Grafana Alloy and Promtail, packed",
        "https://grafana.com/docs/loki/latest/send-data/promtail/stages/pack/",
        lambda e, _: {"_entry": text(e), "container": "web", "level": "info"},
    ),
}
