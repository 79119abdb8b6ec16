"""What loggers write that write JSON."""

from samples.envelopes._writing import (
    MEETING,
    Event,
    Shape,
    capitals,
    comma,
    each,
    flat,
    late,
    late_stamp,
    later,
    moment,
    payload,
    scalars,
    stamp,
    text,
    untimed,
)

PINO = "https://github.com/pinojs/pino/blob/main/docs/api.md"
WINSTON = "https://github.com/winstonjs/winston#formats"
MONOLOG = "https://github.com/Seldaek/monolog/blob/main/doc/message-structure.md"
LOG4J = "https://logging.apache.org/log4j/2.x/manual/json-template-layout.html"
STRUCTLOG = "https://www.structlog.org/en/stable/api.html#structlog.processors.JSONRenderer"
PYTHON_JSON = "https://nhairs.github.io/python-json-logger/latest/"


def _pino(event: Event, **more: object) -> Event:
    return {"level": 30, "time": late_stamp(event), "pid": 1, "hostname": "web1", **more}


def _monolog(event: Event, message: str, context: object) -> Event:
    return {
        "message": message,
        "context": context,
        "level": 200,
        "level_name": "INFO",
        "channel": "app",
        "datetime": later(event).isoformat(timespec="microseconds"),
        "extra": {},
    }


SHAPES: dict[str, Shape] = {
    "pino": each(
        "pino, the event as the merging object",
        PINO,
        lambda e, _: {**_pino(e), "name": "web", **e, "msg": "dc"},
    ),
    "pino-message": each("pino, the event as a text", PINO, lambda e, _: _pino(e, msg=text(e))),
    "pino-child": each(
        "pino, the event under a key, no time of its own",
        PINO,
        lambda e, _: _pino(e, dc=untimed(e), msg="dc"),
        clock="server",
    ),
    "pino-http": each(
        "pino-http, the body of the request",
        "https://github.com/pinojs/pino-http#readme",
        lambda e, n: _pino(
            e,
            req={
                "id": n,
                "method": "POST",
                "url": "/dc",
                "headers": {"content-type": "application/json"},
                "body": e,
            },
            res={"statusCode": 204},
            responseTime=3,
            msg="request completed",
        ),
    ),
    "bunyan": each(
        "bunyan",
        "https://github.com/trentm/node-bunyan#log-record-fields",
        lambda e, _: {
            "name": "web",
            "hostname": "web1",
            "pid": 7,
            "level": 30,
            "dc": e,
            "msg": "",
            "time": late(e),
            "v": 0,
        },
    ),
    "winston-message": each(
        "winston, the event as a text",
        WINSTON,
        lambda e, _: {"level": "info", "message": text(e), "timestamp": late(e)},
    ),
    "winston-object": each(
        "winston, the event as the message",
        WINSTON,
        lambda e, _: {"level": "info", "message": untimed(e), "timestamp": late(e)},
        clock="server",
    ),
    "winston-meta": each(
        "winston, the event as `meta`",
        WINSTON,
        lambda e, _: {"level": "info", "message": "dc", "meta": e, "timestamp": late(e)},
    ),
    "winston-splat": each(
        "winston, the payload beside the message",
        WINSTON,
        lambda e, _: {
            "level": "info",
            "message": e["event"],
            **payload(e),
            "page": e.get("page"),
            "timestamp": e["timestamp"],
        },
    ),
    "log4js": each(
        "log4js with a JSON layout",
        "https://log4js-node.github.io/log4js-node/layouts.html#adding-your-own-layouts",
        lambda e, _: {
            "startTime": late(e),
            "categoryName": "dc",
            "level": {"level": 20000, "levelStr": "INFO"},
            "data": [text(e)],
        },
    ),
    "morgan-json": each(
        "morgan with a format function",
        "https://github.com/expressjs/morgan#using-a-custom-format-function",
        lambda e, _: {
            "method": "POST",
            "url": "/dc",
            "status": 204,
            "date": f"{later(e):%a, %d %b %Y %H:%M:%S} GMT",
            "body": e,
        },
    ),
    "monolog": each("Monolog's JsonFormatter", MONOLOG, lambda e, _: _monolog(e, "dc", e)),
    "monolog-named": each(
        "Monolog, the event as the message",
        MONOLOG,
        lambda e, _: _monolog(e, e["event"], {**payload(e), "page": e.get("page")}),
        clock="server",
    ),
    "monolog-extra": each(
        "Monolog, the event as `extra`",
        MONOLOG,
        lambda e, _: {**_monolog(e, "dc", []), "extra": {"dc": e}},
    ),
    "serilog": each(
        "Serilog's compact JSON",
        "https://github.com/serilog/serilog-formatting-compact#format-details",
        lambda e, _: {
            "@t": late(e),
            "@mt": "Chat {@Event}",
            "@l": "Information",
            "Event": capitals(e),
        },
        rewrites=MEETING,
    ),
    "serilog-json": each(
        "Serilog's JSON",
        "https://github.com/serilog/serilog-formatting-elasticsearch",
        lambda e, _: {
            "Timestamp": late(e),
            "Level": "Information",
            "MessageTemplate": "Chat {@Event}",
            "Properties": {"Event": capitals(untimed(e)), "SourceContext": "Web.Dc"},
        },
        clock="server",
        rewrites=MEETING,
    ),
    "nlog": each(
        "NLog's JsonLayout",
        "https://github.com/NLog/NLog/wiki/JsonLayout",
        lambda e, _: {
            "time": late(e),
            "level": "INFO",
            "properties": {"dc": text(e)},
        },
    ),
    "dotnet-console": each(
        ".NET's JSON console",
        "https://learn.microsoft.com/en-us/dotnet/core/extensions/console-log-formatter#json",
        lambda e, n: {
            "Timestamp": late(e),
            "EventId": n,
            "LogLevel": "Information",
            "Category": "Web.Dc",
            "Message": text(e),
            "State": {"Message": text(e), "{OriginalFormat}": "{Body}"},
        },
    ),
    "logback": each(
        "logback with Logstash's encoder",
        "https://github.com/logfellow/logstash-logback-encoder#standard-fields",
        lambda e, _: {
            "@timestamp": late(e),
            "@version": "1",
            "message": text(e),
            "logger_name": "com.example.Chat",
            "thread_name": "http-1",
            "level": "INFO",
            "level_value": 20000,
        },
    ),
    "log4j2": each(
        "Log4j's JsonLayout",
        "https://logging.apache.org/log4j/2.x/manual/json-layout.html",
        lambda e, _: {
            "instant": {"epochSecond": late_stamp(e) // 1000, "nanoOfSecond": 0},
            "thread": "main",
            "level": "INFO",
            "loggerName": "dc",
            "message": text(e),
            "endOfBatch": False,
        },
    ),
    "log4j2-template": each(
        "Log4j's JsonTemplateLayout (EcsLayout)",
        LOG4J,
        lambda e, _: {
            "@timestamp": late(e),
            "ecs.version": "1.2.0",
            "log.level": "INFO",
            "message": text(e),
            "process.thread.name": "main",
            "log.logger": "dc",
        },
    ),
    "log4j2-map": each(
        "Log4j's MapMessage",
        LOG4J,
        lambda e, _: {
            "timeMillis": late_stamp(e),
            "level": "INFO",
            "loggerName": "dc",
            "message": scalars({"event": e["event"], **payload(e)}),
        },
        clock="server",
        loses=MEETING | {"page"},
    ),
    "quarkus": each(
        "Quarkus' JSON logging",
        "https://quarkus.io/guides/logging#json-logging",
        lambda e, n: {
            "timestamp": later(e).isoformat(),
            "sequence": n,
            "loggerName": "com.example.Dc",
            "level": "INFO",
            "message": text(e),
            "threadName": "executor-1",
            "mdc": {},
            "hostName": "web1",
        },
    ),
    "structlog": each(
        "structlog, the event under a key",
        STRUCTLOG,
        lambda e, _: {"body": e, "event": "dc", "level": "info", "timestamp": late(e)},
    ),
    "structlog-event": each(
        "structlog, the event's name as its event",
        STRUCTLOG,
        lambda e, _: {
            **payload(e),
            "page": e.get("page"),
            "event": e["event"],
            "level": "info",
            "timestamp": late(e),
        },
        clock="server",
    ),
    "loguru": each(
        "loguru with serialize=True",
        "https://loguru.readthedocs.io/en/stable/overview.html#structured-logging-as-needed",
        lambda e, _: {
            "text": f"{comma(e)} | INFO | dc:log:1 - {text(e)}\n",
            "record": {
                "elapsed": {"repr": "0:00:01.000000", "seconds": 1.0},
                "exception": None,
                "extra": {},
                "file": {"name": "dc.py", "path": "/srv/dc.py"},
                "function": "log",
                "level": {"icon": "i", "name": "INFO", "no": 20},
                "line": 1,
                "message": text(e),
                "module": "dc",
                "name": "dc",
                "process": {"id": 1, "name": "MainProcess"},
                "thread": {"id": 1, "name": "MainThread"},
                "time": {
                    "repr": str(later(e)),
                    "timestamp": later(e).timestamp(),
                },
            },
        },
    ),
    "python-json-logger": each(
        "python-json-logger, the event as `extra`",
        PYTHON_JSON,
        lambda e, _: {"asctime": comma(e), "levelname": "INFO", "message": "dc", "dc": e},
    ),
    "python-json-logger-dict": each(
        "python-json-logger, the event as the message",
        PYTHON_JSON,
        lambda e, _: {"message": None, "asctime": comma(e), "levelname": "INFO", **e},
    ),
    "lograge": each(
        "Rails with lograge",
        "https://github.com/roidrage/lograge#readme",
        lambda e, _: {
            "method": "POST",
            "path": "/dc",
            "format": "json",
            "controller": "DcController",
            "action": "create",
            "status": 204,
            "duration": 1.2,
            "params": e,
            "time": late(e),
        },
    ),
    "semantic-logger": each(
        "Ruby's Semantic Logger",
        "https://logger.rocketjob.io/appenders.html",
        lambda e, _: {
            "host": "web1",
            "application": "Web",
            "timestamp": late(e),
            "level": "info",
            "name": "Dc",
            "message": "dc",
            "payload": e,
        },
    ),
    "slog": each(
        "Go's slog",
        "https://pkg.go.dev/log/slog#JSONHandler",
        lambda e, _: {"time": later(e).isoformat(), "level": "INFO", "msg": "dc", "body": text(e)},
    ),
    "slog-group": each(
        "Go's slog, the payload as a group",
        "https://pkg.go.dev/log/slog#Group",
        lambda e, _: {
            "time": late(e),
            "level": "INFO",
            "msg": e["event"],
            "page": e.get("page"),
            "payload": payload(e),
        },
        clock="server",
    ),
    "zap": each(
        "zap",
        "https://pkg.go.dev/go.uber.org/zap#hdr-Choosing_a_Logger",
        lambda e, _: {
            "level": "info",
            "ts": later(e).timestamp(),
            "caller": "web/dc.go:12",
            "msg": "dc",
            "body": e,
        },
    ),
    "zerolog": each(
        "zerolog",
        "https://github.com/rs/zerolog#readme",
        lambda e, _: {"level": "info", "dc": e, "time": later(e).timestamp() // 1, "message": "dc"},
    ),
    "logrus": each(
        "logrus",
        "https://github.com/sirupsen/logrus#fields",
        lambda e, _: {
            "level": "info",
            "msg": e["event"],
            **payload(e),
            "page": e.get("page"),
            "time": f"{later(e):%Y-%m-%dT%H:%M:%SZ}",
        },
        clock="server",
        resolution_ms=1000,
    ),
    "tracing": each(
        "Rust's tracing",
        "https://docs.rs/tracing-subscriber/latest/tracing_subscriber/fmt/format/struct.Json.html",
        lambda e, _: {
            "timestamp": late(e),
            "level": "INFO",
            "fields": {"message": "dc", "body": text(e)},
            "target": "web",
        },
    ),
    "logger-json": each(
        "Elixir's LoggerJSON",
        "https://hexdocs.pm/logger_json/LoggerJSON.Formatters.Basic.html",
        lambda e, _: {
            "message": text(e),
            "metadata": {"pid": "#PID<0.1.0>"},
            "severity": "info",
            "time": late(e),
        },
    ),
    "ecs-logging": each(
        "Elastic's loggers",
        "https://www.elastic.co/guide/en/ecs-logging/overview/current/intro.html",
        lambda e, _: {
            "@timestamp": late(e),
            "log.level": "info",
            "message": "dc",
            "ecs": {"version": "1.6.0"},
            "dc": e,
        },
    ),
    "powertools": each(
        "AWS Lambda Powertools",
        "https://docs.aws.amazon.com/powertools/python/latest/core/logger/",
        lambda e, _: {
            "level": "INFO",
            "location": "log:12",
            "message": e,
            "timestamp": comma(e) + "+0000",
            "service": "dc",
        },
    ),
    "express-body": each(
        "a handler that logs `req.body`",
        "https://expressjs.com/en/api.html#req.body",
        lambda e, n: {"id": n, "ip": "192.0.2.1", "at": late(e), "req": {"body": flat(e)}},
    ),
    "stackdriver-winston": each(
        "Bunyan for Cloud Logging",
        "https://cloud.google.com/logging/docs/setup/nodejs",
        lambda e, _: {
            "severity": "INFO",
            "message": "dc",
            "metadata": {"dc": e},
            "timestamp": {"seconds": stamp(e) // 1000, "nanos": moment(e).microsecond * 1000},
        },
    ),
}
