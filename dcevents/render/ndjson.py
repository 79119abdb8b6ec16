"""One JSON object a row, one row a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.render._format import Format, RenderContext
from dcevents.render._json import encode_json, encode_rows
from dcevents.render._long import LONG_COLUMNS, list_figures, list_totals, slice_labelled_rows
from dcevents.show import format_timestamp

if TYPE_CHECKING:
    from dcevents.tables import Column, Table


def _write_tables(tables: Sequence[Table], _context: RenderContext) -> Iterator[str]:
    if len(tables) == 1:
        for row in encode_rows(tables[0]):
            yield row + "\n"
        return
    for report, column, value in list_totals(tables):
        yield _encode_line(report, column, value, None)
    for table in tables:
        figures = list_figures(table)
        for labels, part in slice_labelled_rows(table):
            cells = part.select([column.name for column in figures]).iter_rows()
            for label, values in zip(labels, cells, strict=True):
                for column, value in zip(figures, values, strict=True):
                    yield _encode_line(table.name, column, value, label)


def _encode_line(
    report_name: str,
    column: Column,
    value: Any,  # noqa: ANN401 - a cell
    label: str | None,
) -> str:
    shown = format_timestamp(value) if column.kind == "time" else value
    cells = report_name, column.name, shown, label
    return encode_json(dict(zip(LONG_COLUMNS, cells, strict=True))) + "\n"


FORMAT = Format("ndjson", (".ndjson", ".jsonl"), _write_tables, 50, writes_parts=True)
