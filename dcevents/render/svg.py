"""The main chart of a report alone, for slides: SVG that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext

if TYPE_CHECKING:
    from dcevents.tables import Table


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    from dcevents.render.charts.draw import draw_main_chart  # noqa: PLC0415 - polars

    yield draw_main_chart(tables, context) + "\n"


FORMAT = Format("svg", (".svg",), _write_tables, 63, writes_grids=True)
