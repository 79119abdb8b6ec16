"""A drawing as dots, by vl-convert, which has its own fonts and needs no browser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import vl_convert

from dcevents.render.charts.draw import draw_main_chart

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Table

_SCALE: Final = 2.0
"""Dots for each unit of a drawing, for screens of today."""


def write_png(tables: Sequence[Table], context: RenderContext) -> Iterator[bytes]:
    """Yield the picture of the main chart."""
    yield vl_convert.svg_to_png(draw_main_chart(tables, context), scale=_SCALE)
