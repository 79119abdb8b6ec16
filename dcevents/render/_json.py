"""JSON text of values and rows, for the formats that are JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dcevents.render._format import list_rows
from dcevents.show import escape_json, format_timestamp

if TYPE_CHECKING:
    from dcevents.tables import Table


def encode_json(value: object) -> str:
    """JSON text that is safe to show."""
    return escape_json(
        json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    )


def encode_rows(table: Table) -> Iterator[str]:
    """Each row as a JSON object."""
    names = [column.name for column in table.columns]
    times = [i for i, column in enumerate(table.columns) if column.kind == "time"]
    for part in list_rows(table):
        for row in part:
            cells = list(row)
            for i in times:
                cells[i] = format_timestamp(cells[i])
            yield encode_json(dict(zip(names, cells, strict=True)))
