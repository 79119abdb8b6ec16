"""A funnel: a bar for each step, with its part of the first and what was lost before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dcevents.render.charts.canvas import PARTS, Drawing
from dcevents.render.charts.rows import list_numbers
from dcevents.show import format_number, format_percent

if TYPE_CHECKING:
    from dcevents.tables import Chart, Table

_MAX_DRAWN_STEPS: Final = 8


def draw_steps(drawing: Drawing, table: Table, chart: Chart) -> None:
    """Draw the steps of the first key. Figures: the number, its part of the first, and lost."""
    number, share, lost = chart.figures
    words = next(each for each in table.columns if each.words)
    known = [*dict.fromkeys(table.rows[words.name].to_list())][:_MAX_DRAWN_STEPS]
    numbers, shares = list_numbers(table, number), table.rows[share].to_list()
    losses = table.rows[lost].to_list()
    greatest = max(numbers) or 1.0
    left = max(drawing.measure_text(each) for each in known) + drawing.font_size
    room = drawing.measure_text("1,234,567  100.0 %")
    row = drawing.line * 2.1
    top = drawing.height + drawing.line * 0.3
    for i, step in enumerate(known):
        y = top + i * row
        height = row * 0.5
        width = (drawing.width - left - room) * numbers[i] / greatest
        text = y + height / 2 + drawing.font_size * 0.35
        drawing.write_text(step.capitalize(), left - drawing.font_size * 0.5, text, anchor="end")
        drawing.draw_rectangle(PARTS[min(i, 2)], (left, y, max(width, 1.0), height))
        number_end = drawing.width - drawing.measure_text("100.0 %") - drawing.font_size * 0.5
        drawing.write_text(format_number(round(numbers[i])), number_end, text, anchor="end")
        drawing.write_text(format_percent(shares[i]), drawing.width, text, anchor="end")
        if losses[i]:
            below = y + height + drawing.font_size * 1.05
            drawing.write_text(f"{format_number(losses[i])} lost", left, below, ink="bad")
    drawing.height = top + row * len(known)
