"""One row a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Circumstances, Format, long_rows
from dcevents.render._json import row_texts, text

if TYPE_CHECKING:
    from dcevents.tables import Table


def _render(tables: Sequence[Table], _about: Circumstances) -> Iterator[str]:
    if len(tables) == 1:
        for row in row_texts(tables[0]):
            yield row + "\n"
        return
    for report, metric, value, _ in long_rows(tables):
        yield text({"report": report, "metric": metric, "value": value}) + "\n"


FORMAT = Format("ndjson", (".ndjson", ".jsonl"), _render, 50)
