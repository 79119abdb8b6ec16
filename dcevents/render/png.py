"""The main chart of a report alone, for slides: a picture of dots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext

if TYPE_CHECKING:
    from dcevents.tables import Table


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[bytes]:
    from dcevents.render.charts.raster import write_png  # noqa: PLC0415 - an extra

    return write_png(tables, context)


FORMAT = Format(
    "png",
    (".png",),
    _write_tables,
    64,
    writes_grids=True,
    is_binary=True,
    extra="charts",
    modules=("vl_convert",),
)
