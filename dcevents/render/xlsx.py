"""A workbook: a sheet a table, with numbers, percentages, durations and dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext

if TYPE_CHECKING:
    from dcevents.tables import Table


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[bytes]:
    from dcevents.render._workbook import write_workbook  # noqa: PLC0415 - an extra

    return write_workbook(tables, context)


FORMAT = Format(
    "xlsx",
    (".xlsx",),
    _write_tables,
    70,
    writes_grids=True,
    is_binary=True,
    extra="excel",
    modules=("xlsxwriter",),
)
