"""One row a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext, list_totals
from dcevents.render._json import encode_json, encode_rows

if TYPE_CHECKING:
    from dcevents.tables import Table


def _write_tables(tables: Sequence[Table], _about: RenderContext) -> Iterator[str]:
    if len(tables) == 1:
        for row in encode_rows(tables[0]):
            yield row + "\n"
        return
    for report, metric, value, _ in list_totals(tables):
        yield encode_json({"report": report, "metric": metric, "value": value}) + "\n"


FORMAT = Format("ndjson", (".ndjson", ".jsonl"), _write_tables, 50)
