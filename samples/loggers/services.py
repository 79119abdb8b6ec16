"""Log the events of a file with loggers of services: python services.py EVENTS FOLDER."""

import importlib
import io
import json
import logging
import sys
from pathlib import Path

SOURCE, FOLDER = map(Path, sys.argv[1:3])
EVENTS = [json.loads(line) for line in SOURCE.read_text(encoding="utf-8").splitlines()]


def log_with_ecs() -> None:
    """Log with Elastic's formatter."""
    logger, handler = logging.getLogger("ecs"), logging.FileHandler(FOLDER / "ecs-logging.log", "w")
    handler.setFormatter(importlib.import_module("ecs_logging").StdlibFormatter())
    logger.addHandler(handler)
    logger.setLevel("INFO")
    for event in EVENTS:
        logger.info("dc", extra={"dc": event})


def log_with_powertools() -> None:
    """Log with AWS' Powertools for Lambda."""
    with (FOLDER / "powertools.log").open("w", encoding="utf-8") as file:
        handler = logging.StreamHandler(file)
        module = importlib.import_module("aws_lambda_powertools")
        logger = module.Logger(service="dc", logger_handler=handler)
        for event in EVENTS:
            logger.info(event)


def log_with_opentelemetry() -> None:
    """Log with OpenTelemetry's exporter to the console."""
    logs = importlib.import_module("opentelemetry.sdk._logs")
    export = importlib.import_module("opentelemetry.sdk._logs.export")
    out = io.StringIO()
    provider = logs.LoggerProvider()
    exporter = getattr(export, "ConsoleLogRecordExporter", None) or export.ConsoleLogExporter
    provider.add_log_record_processor(export.SimpleLogRecordProcessor(exporter(out=out)))
    record = importlib.import_module("opentelemetry._logs").LogRecord
    logger = provider.get_logger("dc")
    for event in EVENTS:
        logger.emit(record(body=event, severity_text="INFO"))
    provider.shutdown()
    (FOLDER / "opentelemetry.log").write_text(out.getvalue(), encoding="utf-8")


def log_with_google() -> None:
    """Log with Google Cloud Logging's handler for containers."""
    handlers = importlib.import_module("google.cloud.logging_v2.handlers")
    with (FOLDER / "google-structured.log").open("w", encoding="utf-8") as file:
        logger = logging.getLogger("google")
        logger.addHandler(handlers.StructuredLogHandler(stream=file, project_id="example"))
        logger.setLevel("INFO")
        for event in EVENTS:
            logger.info("dc", extra={"json_fields": {"dc": event}})


log_with_ecs()
log_with_powertools()
log_with_opentelemetry()
log_with_google()
