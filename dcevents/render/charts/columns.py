"""Figures side by side in time: rates as lines with their intervals, numbers as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from dcevents.render.charts.axes import Axis, choose_axis
from dcevents.render.charts.canvas import PARTS, Drawing, Ink
from dcevents.render.charts.legend import write_legend, write_parts_legend
from dcevents.render.charts.rows import (
    find_column,
    list_numbers,
    list_rates,
    read_days,
    write_labels,
)

if TYPE_CHECKING:
    from dcevents.render.charts.rows import Rate
    from dcevents.tables import Chart, Column, Table

_HEIGHT_SHARE: Final = 0.42
"""The height of a plot as a part of its width."""
_MAX_DOTS: Final = 62
"""Rows up to which each has a dot."""
_MAX_WEEKENDS: Final = 190
"""Days up to which weekends are shown."""
_WEEK_DAYS: Final = 7
_LEAST_GAPPED: Final = 4.0
"""The width of columns from which there are gaps between them."""
_PAIR: Final[tuple[Ink, Ink]] = ("accent", "part6")


@dataclass(frozen=True)
class Plot:
    """Hold where columns of equal width and a vertical axis are."""

    drawing: Drawing
    left: float
    top: float
    bottom: float
    count: int
    axis: Axis

    @property
    def step(self) -> float:
        """Return the width of a column with its gap."""
        return (self.drawing.width - self.left - 2) / self.count

    def find_x(self, place: float) -> float:
        """Return where a column begins."""
        return self.left + place * self.step

    def find_y(self, value: float) -> float:
        """Return how far down a number is."""
        return self.bottom - self.axis.place(value) * (self.bottom - self.top)

    def draw_column(self, place: int, value: float, ink: Ink, start: float = 0.0) -> None:
        """Draw a column, from a number to another."""
        y = self.find_y(start + value)
        # A single column is no slab.
        width = min(
            self.step * (0.68 if self.step > _LEAST_GAPPED else 1), self.drawing.width * 0.12
        )
        x = self.find_x(place + 0.5) - width / 2
        box = (x, y, width, self.find_y(start) - y)
        self.drawing.draw_rectangle(ink, box)


def draw_rate_line(drawing: Drawing, table: Table, chart: Chart) -> None:
    """Draw a rate in time as a line in the band of its interval; without figures there is a gap."""
    column = find_column(table, chart.figures[0])
    if column is None:
        return
    rates = list_rates(table, column)
    greatest = max((rate.high or rate.value or 0.0 for rate in rates), default=0.0)
    plot = lay_out_plot(drawing, column, min(greatest, 1.0) or 1.0, len(rates))
    draw_days(plot, table)
    _draw_ticks(plot)
    for run in _split_runs(rates):
        middles = [(plot.find_x(i + 0.5), rate) for i, rate in run]
        upper = [(x, plot.find_y(r.high)) for x, r in middles if r.high is not None]
        lower = [(x, plot.find_y(r.low)) for x, r in middles if r.low is not None]
        if len(upper) > 1:
            drawing.draw_area("veil", [*upper, *reversed(lower)])
        line = [(x, plot.find_y(r.value)) for x, r in middles if r.value is not None]
        if len(line) > 1:
            drawing.draw_line("accent", line, width=1.8 if plot.step > _LEAST_GAPPED else 1.0)
        elif upper and lower:
            drawing.draw_line("veil", [*upper, *lower], width=5)
        for x, y in line if len(rates) <= _MAX_DOTS or len(line) == 1 else ():
            drawing.draw_dot("accent", x, y, 2.2)
    write_row_labels(plot, table)


def draw_number_columns(drawing: Drawing, table: Table, chart: Chart) -> None:
    """Draw the first figure of each row as a column; a second one is a part of it."""
    columns = [each for name in chart.figures if (each := find_column(table, name)) is not None]
    if not columns:
        return
    if len(columns) > 1:
        write_legend(drawing, [(c.title, ink) for c, ink in zip(columns, _PAIR, strict=False)])
    numbers = [list_numbers(table, column.name) for column in columns]
    limit = 0.0 if chart.limit is None or chart.form == "spread" else chart.limit
    greatest = max([*numbers[0], limit])
    plot = lay_out_plot(drawing, columns[0], greatest, len(numbers[0]))
    draw_days(plot, table)
    _draw_ticks(plot)
    for values, ink in zip(numbers, _PAIR, strict=False):
        for i, value in enumerate(values):
            plot.draw_column(i, value, ink)
    write_row_labels(plot, table)
    if chart.limit is not None:
        if chart.form == "spread":
            x = plot.find_x(chart.limit)
            ends = [(x, plot.top), (x, plot.bottom)]
        else:
            y = plot.find_y(chart.limit)
            ends = [(plot.left, y), (drawing.width, y)]
        drawing.draw_line("mark", ends, width=1.5, dashes="4 3")
        words = f"- - - {chart.limit_words}"
        drawing.write_text(words, plot.left, drawing.height + drawing.font_size, ink="mark")
        drawing.height += drawing.line * 1.2


def draw_part_columns(drawing: Drawing, table: Table, chart: Chart) -> None:
    """Draw the parts of each row in time, one on the other."""
    columns = [each for name in chart.figures if (each := find_column(table, name)) is not None]
    if not columns:
        return
    numbers = [list_numbers(table, column.name) for column in columns[: len(PARTS)]]
    write_parts_legend(drawing, columns, numbers)
    sums = [sum(values) for values in zip(*numbers, strict=True)]
    plot = lay_out_plot(drawing, columns[0], max(sums), len(sums))
    draw_days(plot, table)
    _draw_ticks(plot)
    starts = [0.0] * len(sums)
    for values, ink in zip(numbers, PARTS, strict=False):
        for i, value in enumerate(values):
            if value:
                plot.draw_column(i, value, ink, starts[i])
                starts[i] += value
    write_row_labels(plot, table)


def _split_runs(rates: Sequence[Rate]) -> Iterator[list[tuple[int, Rate]]]:
    """Yield rows that follow one another and have a rate."""
    run: list[tuple[int, Rate]] = []
    for i, rate in enumerate(rates):
        if rate.value is not None:
            run.append((i, rate))
        elif run:
            yield run
            run = []
    if run:
        yield run


# -- layout -------------------------------------------------------------------------------------


def lay_out_plot(drawing: Drawing, column: Column, greatest: float, count: int) -> Plot:
    """Return where columns go, below what is drawn already."""
    axis = choose_axis(greatest, column)
    left = max(drawing.measure_text(axis.write(tick)) for tick in axis.ticks) + 8
    top = drawing.height + drawing.font_size * 0.8
    bottom = top + drawing.width * _HEIGHT_SHARE
    drawing.height = bottom
    return Plot(drawing, left, top, bottom, max(1, count), axis)


def _draw_ticks(plot: Plot) -> None:
    drawing = plot.drawing
    for tick in plot.axis.ticks:
        y = plot.find_y(tick)
        ink: Ink = "soft" if tick == 0 else "grid"
        drawing.draw_line(ink, [(plot.left, y), (drawing.width, y)])
        words = plot.axis.write(tick)
        drawing.write_text(
            words, plot.left - 6, y + drawing.font_size * 0.35, ink="soft", anchor="end"
        )


def draw_days(plot: Plot, table: Table) -> None:
    """Shade weekends, and days of which the log has nothing."""
    height = plot.bottom - plot.top
    if shows_weekends(table):
        for i, day in enumerate(read_days(table) or ()):
            if day.weekday() >= _WEEK_DAYS - 2:
                box = (plot.find_x(i), plot.top, plot.step, height)
                plot.drawing.draw_rectangle("band", box)
    for i in list_silent_rows(table) if read_days(table) else ():
        plot.drawing.draw_rectangle("gap", (plot.find_x(i), plot.top, plot.step, height))


def shows_weekends(table: Table) -> bool:
    """Return whether a table is by day, and not of so many that weekends are no stripes."""
    days = read_days(table)
    if days is None or len(days) > _MAX_WEEKENDS:
        return False
    return len(days) == 1 or days[1] - days[0] == timedelta(days=1)


def list_silent_rows(table: Table) -> list[int]:
    """Return the places of rows of which all counts are 0."""
    names = [
        each.name
        for each in table.columns
        if each.kind == "count" and not each.is_change and not each.name.endswith("_before")
    ]
    rows = zip(*(table.rows[name].to_list() for name in names), strict=True)
    return [i for i, counts in enumerate(rows) if not any(counts)] if names else []


def write_row_labels(plot: Plot, table: Table) -> None:
    """Write the labels of as many rows as there is room for."""
    days = read_days(table)
    labels = _write_days(days) if days else write_labels(table, 12)
    drawing = plot.drawing
    widest = max((drawing.measure_text(label) for label in labels), default=0)
    every = max(1, -int(-(widest + drawing.font_size) // plot.step))
    if days and every > 1 and days[-1] - days[0] < timedelta(days=len(days)):
        every = -(-every // _WEEK_DAYS) * _WEEK_DAYS if every > _WEEK_DAYS // 2 else every
    y, end = plot.bottom + drawing.font_size * 1.25, 0.0
    for i in range(0, len(labels), every):
        x, half = plot.find_x(i + 0.5), drawing.measure_text(labels[i]) / 2
        drawing.draw_line("soft", [(x, plot.bottom), (x, plot.bottom + 3)])
        x = min(max(x, half), drawing.width - half)
        if x - half >= end:
            drawing.write_text(labels[i], x, y, ink="soft", anchor="middle")
            end = x + half
    drawing.height = plot.bottom + drawing.line * 1.4


def _write_days(days: Sequence[date]) -> list[str]:
    is_within_year = days[0].year == days[-1].year
    return [each.isoformat()[5:] if is_within_year else each.isoformat() for each in days]
