"""Log the events of a file with Python's loggers: python loggers.py EVENTS FOLDER."""

import importlib
import json
import logging
import pprint
import sys
from pathlib import Path
from typing import Any

SOURCE, FOLDER = map(Path, sys.argv[1:3])
EVENTS = [json.loads(line) for line in SOURCE.read_text(encoding="utf-8").splitlines()]


def make_logger(name: str, formatter: logging.Formatter) -> logging.Logger:
    """Return a logger of the standard library's that writes a file."""
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel("INFO")
    handler = logging.FileHandler(FOLDER / f"{name}.log", "w")
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    return logger


def log_with_logging() -> None:
    """Log with the standard library, and with python-json-logger's formatter."""
    timed = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    as_json = importlib.import_module("pythonjsonlogger.json").JsonFormatter
    basic = make_logger("python-basic", logging.Formatter(logging.BASIC_FORMAT))
    asctime = make_logger("python-asctime", timed)
    as_dict = make_logger("python-dict", logging.Formatter(logging.BASIC_FORMAT))
    extra = make_logger("python-json-logger", as_json("%(asctime)s %(levelname)s %(message)s"))
    for event in EVENTS:
        basic.info(json.dumps(event))
        asctime.info(json.dumps(event, ensure_ascii=False))
        as_dict.info("event %s", event)
        extra.info("dc", extra={"dc": event})


def log_with_structlog() -> None:
    """Log with structlog's renderers."""
    structlog = importlib.import_module("structlog")
    level, time = structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso")
    renderers = {
        "structlog": structlog.processors.JSONRenderer(),
        "structlog-logfmt": structlog.processors.LogfmtRenderer(),
        "structlog-console": structlog.dev.ConsoleRenderer(colors=False),
    }
    for name, renderer in renderers.items():
        with (FOLDER / f"{name}.log").open("w", encoding="utf-8") as file:
            logger = structlog.wrap_logger(
                structlog.WriteLogger(file), processors=[level, time, renderer]
            )
            for event in EVENTS:
                logger.info("dc", body=json.dumps(event) if name == "structlog-logfmt" else event)


def log_with_loguru() -> None:
    """Log with loguru, as text and serialized."""
    logger = importlib.import_module("loguru").logger
    logger.remove()
    logger.add(FOLDER / "loguru.log")
    logger.add(FOLDER / "loguru-serialized.log", serialize=True)
    for event in EVENTS:
        logger.info("{}", json.dumps(event))  # noqa: PLE1205 - loguru's own format
    logger.remove()


def print_dicts(events: list[dict[str, Any]]) -> None:
    """Print dicts over lines."""
    with (FOLDER / "pprint.log").open("w", encoding="utf-8") as file:
        for event in events:
            pprint.pprint(event, stream=file)


if __name__ == "__main__":
    log_with_logging()
    log_with_structlog()
    log_with_loguru()
    print_dicts(EVENTS)
