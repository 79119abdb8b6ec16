"""JSON text of values and rows, for the formats that are JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dcevents.render._format import list_rows
from dcevents.show import escape_json, format_timestamp
from dcevents.tables import round_total

if TYPE_CHECKING:
    from dcevents.tables import Table


def encode_json(value: object) -> str:
    """Return JSON text that is safe to show."""
    return escape_json(
        json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    )


def encode_total(table: Table) -> str:
    """Return the total as a JSON object; null without one."""
    total = round_total(table)
    if total is None:
        return encode_json(None)
    times = {column.name for column in table.every_column if column.kind == "time"}
    cells = {name: format_timestamp(v) if name in times else v for name, v in total.items()}
    return encode_json(cells)


def encode_rows(table: Table) -> Iterator[str]:
    """Yield each row as a JSON object."""
    names = [column.name for column in table.columns]
    times = [i for i, column in enumerate(table.columns) if column.kind == "time"]
    for part in list_rows(table):
        for row in part:
            cells = list(row)
            for i in times:
                cells[i] = format_timestamp(cells[i])
            yield encode_json(dict(zip(names, cells, strict=True)))
