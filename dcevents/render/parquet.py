"""Parquet: typed columns, for what analysts load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext

if TYPE_CHECKING:
    from dcevents.tables import Table


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[bytes]:
    from dcevents.render._parquet import write_parquet  # noqa: PLC0415 - polars

    return write_parquet(tables, context)


FORMAT = Format("parquet", (".parquet",), _write_tables, 80, is_binary=True)
