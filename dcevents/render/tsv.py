"""TAB-separated values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext

if TYPE_CHECKING:
    from dcevents.tables import Table


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    from dcevents.render._separated import write_separated  # noqa: PLC0415 - polars

    return write_separated(tables, context, "\t")


FORMAT = Format("tsv", (".tsv", ".tab"), _write_tables, 30, writes_parts=True, writes_grids=True)
