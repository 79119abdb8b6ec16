"""A table's chart as a drawing: which form it takes, by what its rows are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from dcevents.render._cells import format_caption, format_period_suffix
from dcevents.render.charts.bars import (
    draw_number_bars,
    draw_part_bars,
    draw_rate_bars,
    draw_word_bars,
)
from dcevents.render.charts.canvas import Drawing
from dcevents.render.charts.columns import (
    draw_number_columns,
    draw_part_columns,
    draw_rate_line,
)
from dcevents.render.charts.heat import draw_heat, read_grid, read_pairs
from dcevents.render.charts.rows import (
    count_words,
    drop_untimed,
    find_column,
    is_in_time,
    list_keys,
)
from dcevents.render.charts.steps import draw_steps
from dcevents.show import make_visible

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Chart, Table

INLINE_WIDTH: Final = 380.0
INLINE_FONT: Final = 12.0
SLIDE_WIDTH: Final = 960.0
SLIDE_FONT: Final = 17.0
_MARGIN_LINES: Final = 1.0
_MAX_WORDS: Final = 12
_ACROSS: Final = {"rates": draw_rate_bars, "counts": draw_number_bars, "parts": draw_part_bars}
_IN_TIME: Final = {
    "rates": draw_rate_line,
    "counts": draw_number_columns,
    "parts": draw_part_columns,
}


def draw_inline(table: Table, chart: Chart, context: RenderContext) -> str | None:
    """Return a chart for a page, whose colours are classes; None where there is none to draw."""
    drawing = Drawing(INLINE_WIDTH, INLINE_FONT, has_classes=True)
    if not _draw_form(drawing, table, chart, context):
        return None
    return drawing.write_svg(f"{describe_chart(table, chart)}. The table has its figures.")


def draw_main_chart(tables: Sequence[Table], context: RenderContext) -> str:
    """Return the first chart of a report with its title, for slides."""
    table = next(
        (each for each in tables if (each.charts or each.grid_of) and not each.is_hidden), None
    )
    drawing = Drawing(SLIDE_WIDTH, SLIDE_FONT, has_classes=False)
    drawing.height = drawing.line
    title, is_drawn = format_period_suffix(context).removeprefix(", "), False
    chart = table.charts[0] if table is not None and table.charts else None
    if table is not None:
        caption = format_caption(table, context).removesuffix(format_period_suffix(context))
        named = caption if chart is None or table.grid_of else describe_chart(table, chart)
        drawing.write_text(named, 0, drawing.height, is_bold=True)
        drawing.height += drawing.line
    drawing.write_text(title, 0, drawing.height, ink="soft")
    drawing.height += drawing.line * 0.6
    if table is not None and chart is not None:
        is_drawn = _draw_form(drawing, table, chart, context)
    if not is_drawn:
        drawing.write_text("Nothing to report.", 0, drawing.height + drawing.line)
        drawing.height += drawing.line * 2
    drawing.height += drawing.line * _MARGIN_LINES
    return drawing.write_svg(f"{context.report_name} {title}".strip())


def describe_chart(table: Table, chart: Chart) -> str:
    """Return what a chart shows: `Completion rate by day`."""
    if table.grid_of:
        return f"{table.grid_of} by {', '.join(table.by)}"
    column = find_column(table, chart.figures[0])
    title = chart.title or (make_visible(column.title) if column is not None else table.name)
    if chart.form == "tally":
        return f"{table.name.capitalize()} by {title.lower()}"
    by = ", ".join(table.by) if tuple(table.by) != ("all",) else ""
    return f"{title} by {by}" if by else title


def _draw_form(drawing: Drawing, table: Table, chart: Chart, context: RenderContext) -> bool:
    """Draw a chart; return whether there is anything to draw."""
    table = drop_untimed(table)
    if table.rows.is_empty():
        return False
    if table.grid_of:
        figure = next(each for each in table.columns if each.name not in table.keys)
        draw_heat(drawing, read_grid(table), figure, None, context)
        return True
    column = find_column(table, chart.figures[0])
    if column is None:
        return False
    if chart.form == "tally":
        words = count_words(table.rows[column.name])[:_MAX_WORDS]
        draw_word_bars(drawing, words, column)
    elif chart.form == "steps" and len(list_keys(table)) == 1:
        draw_steps(drawing, table, chart)
    elif (pairs := read_pairs(table, chart)) is not None:
        second = find_column(table, chart.figures[1]) if len(chart.figures) > 1 else None
        is_part = second if chart.form == "heat" else None
        draw_heat(drawing, pairs, column, is_part, context)
    elif chart.form == "steps":
        draw_number_bars(drawing, table, chart._replace(figures=chart.figures[:1]))
    elif chart.form == "spread":
        draw_number_columns(drawing, table, chart)
    else:
        forms = _IN_TIME if is_in_time(table) else _ACROSS
        forms[chart.form](drawing, table, chart)
    return True
