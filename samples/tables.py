"""Write a log as CSV, as databases and log platforms export it.

python -m samples.tables [--json] [SOURCE] > dc.csv

Adobe's keys are columns, or with --json an event is a column of JSON. SOURCE has canonical lines.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from samples import envelopes

PAYLOAD = ("name", "id", "type", "uiType", "sid", "agentName", "agentID")
COLUMNS = ("event", "timestamp", "page", *PAYLOAD)


def list_cells(event: envelopes.Event) -> list[str | None]:
    """Return an event as cells under COLUMNS."""
    payload = event.get("data", {}).get("payload", {})
    top = [event["event"], event["timestamp"], event.get("page")]
    return [*top, *(payload.get(key) for key in PAYLOAD)]


def write_columns(events: Iterable[envelopes.Event]) -> str:
    """Return events as rows with Adobe's keys as columns."""
    return _write([COLUMNS, *map(list_cells, events)])


def write_json(events: Iterable[envelopes.Event]) -> str:
    """Return events as rows with a column of JSON."""
    texts = enumerate(map(envelopes.text, events))
    return _write([("id", "host", "message"), *((str(n), "web1", text) for n, text in texts)])


def _write(rows: Iterable[Sequence[str | None]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def main() -> None:
    """Write a log as CSV."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "source", nargs="?", type=Path, help="canonical lines; default: a day of the sample logs"
    )
    parser.add_argument("--json", action="store_true", help="write a column of JSON")
    options = parser.parse_args()
    default = Path(__file__).parents[1] / "sample_logs" / "site" / "dc.log"
    with open(options.source or default, "rb") as source:
        events = envelopes.read(source)
    write = write_json if options.json else write_columns
    sys.stdout.buffer.write(write(events).encode())


if __name__ == "__main__":
    main()
