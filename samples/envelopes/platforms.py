"""What log platforms hold, answer and export."""

from collections.abc import Sequence

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    each,
    late,
    late_stamp,
    lines,
    nano,
    payload,
    pretty,
    scalars,
    stamp,
    text,
    together,
    untimed,
)

ELASTIC = "https://www.elastic.co/guide/en/elasticsearch/reference/current"
SPLUNK = "https://docs.splunk.com/Documentation/Splunk/latest"
HEC = f"{SPLUNK}/Data/FormateventsforHTTPEventCollector"
LOKI = "https://grafana.com/docs/loki/latest/reference/loki-http-api/"
DATADOG = "https://docs.datadoghq.com/api/latest/logs/"


def _hit(event: Event, n: int) -> Event:
    """Return a hit of Elasticsearch."""
    source = {"@timestamp": late(event), **event}
    return {"_index": "dc-2026.11", "_id": f"h{n:06x}", "_score": 1.0, "_source": source}


def _search(events: Sequence[Event]) -> bytes:
    found = {
        "total": {"value": len(events), "relation": "eq"},
        "max_score": 1.0,
        "hits": [_hit(event, n) for n, event in enumerate(events)],
    }
    shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
    return pretty({"took": 5, "timed_out": False, "_shards": shards, "hits": found})


def _bulk(events: Sequence[Event]) -> bytes:
    return lines(each for n, e in enumerate(events) for each in ({"index": {"_id": f"h{n}"}}, e))


def _fields(event: Event, n: int) -> Event:
    """Return a hit of Elasticsearch with `fields`, in which every value is a list."""
    said = {f"data.payload.{key}": [value] for key, value in scalars(payload(event)).items()}
    own = {key: [event[key]] for key in ("event", "timestamp", "page") if key in event}
    return {"_index": "dc", "_id": f"h{n}", "_score": None, "fields": {**own, **said}}


def _loki(events: Sequence[Event]) -> list[Event]:
    values = [[f"{late_stamp(e)}000000", text(e)] for e in events]
    return [{"stream": {"app": "dc", "host": "web1"}, "values": values}]


def _datadog(event: Event, n: int, **attributes: object) -> Event:
    return {
        "id": f"AQAAAY{n:08x}",
        "type": "log",
        "attributes": {
            "timestamp": late(event),
            "host": "web1",
            "service": "web",
            "status": "info",
            "tags": ["env:prod"],
            **attributes,
        },
    }


SHAPES: dict[str, Shape] = {
    "elasticsearch": each("Elasticsearch's hits", f"{ELASTIC}/mapping-source-field.html", _hit),
    "elasticsearch-fields": each(
        "Elasticsearch's `fields`",
        f"{ELASTIC}/search-fields.html",
        _fields,
        loses=MEETING,
    ),
    "elasticsearch-search": together(
        "an answer of Elasticsearch", f"{ELASTIC}/search-search.html", _search
    ),
    "splunk": each(
        "Splunk's REST export",
        f"{SPLUNK}/RESTREF/RESTsearch#search.2Fv2.2Fjobs.2Fexport",
        lambda e, n: {
            "preview": False,
            "offset": n,
            "result": {"_raw": text(e), "_time": late(e), "host": "web1", "sourcetype": "_json"},
        },
    ),
    "splunk-results": together(
        "Splunk's results as JSON",
        f"{SPLUNK}/RESTREF/RESTsearch",
        lambda events: text(
            {
                "preview": False,
                "init_offset": 0,
                "messages": [],
                "fields": [{"name": "_raw"}, {"name": "_time"}],
                "results": [{"_raw": text(e), "_time": late(e)} for e in events],
            }
        ).encode(),
    ),
    "splunk-hec": each(
        "Splunk's HTTP Event Collector",
        HEC,
        lambda e, _: {
            "time": late_stamp(e) / 1000,
            "host": "web1",
            "source": "dc",
            "sourcetype": "_json",
            "event": e,
        },
    ),
    "splunk-hec-text": each(
        "Splunk's HTTP Event Collector, a text",
        HEC,
        lambda e, _: {
            "time": late_stamp(e) / 1000,
            "sourcetype": "_json",
            "event": text(untimed(e)),
        },
        clock="server",
    ),
    "papertrail": each(
        "Papertrail",
        "https://www.papertrail.com/help/search-api/",
        lambda e, n: {
            "id": str(n),
            "received_at": late(e),
            "display_received_at": "Nov 03 09:00:00",
            "source_name": "web1",
            "program": "web",
            "severity": "Info",
            "message": text(e),
        },
    ),
    "loki": each("Loki's push", LOKI, lambda e, _: {"streams": _loki([e])}),
    "loki-query": each(
        "an answer of Loki",
        LOKI,
        lambda e, _: {
            "status": "success",
            "data": {"resultType": "streams", "result": _loki([e]), "stats": {"summary": {}}},
        },
    ),
    "logcli": each(
        "logcli -o jsonl, Grafana's export",
        "https://grafana.com/docs/loki/latest/query/logcli/",
        lambda e, n: {"labels": {"app": "dc"}, "line": text(e), "timestamp": nano(e, n)},
    ),
    "graylog": each(
        "Graylog's export",
        "https://go2docs.graylog.org/current/making_sense_of_your_log_data/export_results.html",
        lambda e, n: {
            "_id": f"{n}",
            "gl2_source_input": "5f",
            "source": "web1",
            "message": text(e),
            "timestamp": late(e),
        },
    ),
    "datadog": each(
        "Datadog's search",
        DATADOG,
        lambda e, n: {"data": [_datadog(e, n, message="chat", attributes=e)]},
    ),
    "datadog-message": each(
        "Datadog's search, the line unparsed",
        DATADOG,
        lambda e, n: {"data": [_datadog(e, n, message=text(untimed(e)))]},
        clock="server",
    ),
    "datadog-archive": each(
        "Datadog's archives",
        "https://docs.datadoghq.com/logs/log_configuration/archives/#format-of-the-archives",
        lambda e, n: {
            "_id": f"A{n}",
            "date": late(e),
            "service": "web",
            "host": "web1",
            "attributes": e,
            "source": "nodejs",
            "status": "info",
            "tags": [],
        },
    ),
    "new-relic": each(
        "New Relic's logs",
        "https://docs.newrelic.com/docs/logs/log-api/introduction-log-api/",
        lambda e, _: {
            "timestamp": late_stamp(e),
            "logtype": "dc",
            "message": text(e),
            "entity.guid": "x",
            "hostname": "web1",
        },
    ),
    "new-relic-flat": each(
        "New Relic's logs, the message parsed",
        "https://docs.newrelic.com/docs/logs/ui-data/parsing/",
        lambda e, _: {
            "timestamp": late_stamp(e),
            "event": e["event"],
            "page": e.get("page"),
            **{f"data.payload.{key}": value for key, value in payload(e).items()},
            "newrelic.source": "api.logs",
        },
        clock="server",
    ),
    "new-relic-event": each(
        "a custom event of New Relic",
        "https://docs.newrelic.com/docs/data-apis/ingest-apis/event-api/introduction-event-api/",
        lambda e, _: {
            "eventType": "DynamicChat",
            "timestamp": stamp(e),
            "eventAction": e["event"],
            "page": e.get("page"),
            **{f"dc.{key}": value for key, value in scalars(payload(e)).items()},
        },
        loses=MEETING,
    ),
    "sumo-logic": each(
        "Sumo Logic's search API",
        "https://help.sumologic.com/docs/api/search-job/",
        lambda e, n: {
            "map": {
                "_raw": text(e),
                "_messagetime": str(late_stamp(e)),
                "_sourcename": "dc",
                "_messageid": str(n),
            }
        },
    ),
    "better-stack": each(
        "Better Stack",
        "https://betterstack.com/docs/logs/ingesting-data/http/logs/",
        lambda e, _: {"dt": late(e), "level": "info", "message": "dc", "dc": e},
    ),
    "axiom": each(
        "Axiom",
        "https://axiom.co/docs/send-data/ingest",
        lambda e, n: {"_rowId": f"r{n}", "_sysTime": late(e), "_time": late(e), "data": e},
    ),
    "mezmo": each(
        "Mezmo (LogDNA)",
        "https://docs.mezmo.com/docs/exporting-logs",
        lambda e, n: {
            "_account": "x",
            "_ts": late_stamp(e),
            "_app": "web",
            "_line": text(e),
            "_id": str(n),
        },
    ),
    "loggly": each(
        "Loggly",
        "https://documentation.solarwinds.com/en/success_center/loggly/content/admin/"
        "api-retrieving-data.htm",
        lambda e, n: {
            "id": f"l{n}",
            "timestamp": late_stamp(e),
            "logmsg": text(e),
            "event": {"json": e},
            "tags": ["dc"],
        },
    ),
    "humio": each(
        "LogScale (Humio)",
        "https://library.humio.com/logscale-api/api-search-query.html",
        lambda e, n: {
            "@timestamp": late_stamp(e),
            "@rawstring": text(e),
            "@id": f"h{n}",
            "#type": "json",
        },
    ),
    "dynatrace": each(
        "Dynatrace",
        "https://docs.dynatrace.com/docs/discover-dynatrace/references/dynatrace-api/"
        "environment-api/log-monitoring-v2",
        lambda e, _: {
            "timestamp": late_stamp(e),
            "status": "INFO",
            "content": text(e),
            "event.type": "LOG",
        },
    ),
    "coralogix": each(
        "Coralogix",
        "https://coralogix.com/docs/developer-portal/apis/log-ingestion/coralogix-rest-api/",
        lambda e, _: {
            "applicationName": "web",
            "logEntries": [{"timestamp": late_stamp(e), "severity": 3, "text": text(e)}],
        },
    ),
    "cribl": each(
        "Cribl",
        "https://docs.cribl.io/stream/event-model/",
        lambda e, _: {"_raw": text(e), "_time": late_stamp(e) / 1000, "source": "dc.log"},
    ),
    "honeycomb": each(
        "Honeycomb",
        "https://api-docs.honeycomb.io/api/events",
        lambda e, _: {
            "time": late(e),
            "data": {"event": e["event"], "page": e.get("page"), **payload(e)},
            "samplerate": 1,
        },
        clock="server",
    ),
    "sentry": each(
        "a breadcrumb of Sentry",
        "https://develop.sentry.dev/sdk/event-payloads/breadcrumbs/",
        lambda e, _: {
            "breadcrumbs": {
                "values": [
                    {
                        "timestamp": stamp(e) / 1000,
                        "category": "chat",
                        "message": e["event"],
                        "data": {**payload(e), "page": e.get("page")},
                    }
                ]
            }
        },
    ),
}
