"""Legends: what each colour is, above a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.render.charts.canvas import PARTS

if TYPE_CHECKING:
    from dcevents.render.charts.canvas import Drawing, Ink
    from dcevents.tables import Column


def write_parts_legend(
    drawing: Drawing, columns: Sequence[Column], numbers: Sequence[Sequence[float]]
) -> None:
    """Write what the colours of parts are, without parts that no row has."""
    entries = zip(columns, PARTS, numbers, strict=False)
    write_legend(drawing, [(each.title, ink) for each, ink, values in entries if any(values)])


def write_legend(drawing: Drawing, entries: Sequence[tuple[str, Ink]]) -> None:
    """Write colours and words in lines, in the order of the drawing."""
    box, x = drawing.font_size * 0.8, 0.0
    y = drawing.height + drawing.line * 0.8
    for words, ink in entries:
        room = box * 1.4 + drawing.measure_text(words) + drawing.font_size
        if x and x + room > drawing.width:
            x, y = 0.0, y + drawing.line
        drawing.draw_rectangle(ink, (x, y - box * 0.9, box, box))
        drawing.write_text(words, x + box * 1.4, y, ink="soft")
        x += room
    drawing.height = y + drawing.line * 0.5
