"""The same events in every shape that sites log them in, the same bytes for the same events;
standard library only.

python -m samples.envelopes --shape docker                 a day of the sample logs in one shape
python -m samples.envelopes --shape docker big.ndjson      a whole log

Each shape follows the page that is named beside it. `samples/collect.py` has programs write theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from samples.envelopes import (
    amazon,
    analytics,
    clouds,
    collectors,
    consoles,
    databases,
    loggers,
    pages,
    platforms,
    queues,
    servers,
)
from samples.envelopes._writing import (
    SNAKE,
    Event,
    Shape,
    batches,
    bsd,
    iso,
    later,
    lines,
    millis,
    moment,
    name_kind,
    payload,
    pretty,
    text,
)

__all__ = [
    "KINDS",
    "SHAPES",
    "SNAKE",
    "Event",
    "Shape",
    "batches",
    "bsd",
    "iso",
    "later",
    "lines",
    "millis",
    "moment",
    "name_kind",
    "payload",
    "pretty",
    "read",
    "text",
]

KINDS: Final[Mapping[str, Mapping[str, Shape]]] = {
    "Pages and a site's own code": pages.SHAPES,
    "Framings": pages.FRAMINGS,
    "Web servers and functions": servers.SHAPES,
    "Loggers, as JSON": loggers.SHAPES,
    "Loggers and consoles, as text": consoles.SHAPES,
    "Containers and agents": collectors.SHAPES,
    "Log platforms": platforms.SHAPES,
    "AWS": amazon.SHAPES,
    "Other clouds": clouds.SHAPES,
    "Queues and streams": queues.SHAPES,
    "Databases and warehouses": databases.SHAPES,
    "Analytics": analytics.SHAPES,
}
SHAPES: Final[Mapping[str, Shape]] = {
    name: shape for shapes in KINDS.values() for name, shape in shapes.items()
}


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
