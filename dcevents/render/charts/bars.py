"""Bars from left to right, a row each: rates with their intervals, numbers, and parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dcevents.render.charts.axes import Axis, choose_axis
from dcevents.render.charts.canvas import PARTS, Drawing, Ink
from dcevents.render.charts.legend import write_legend, write_parts_legend
from dcevents.render.charts.rows import (
    MAX_BARS,
    find_column,
    keep_first,
    list_former_rates,
    list_numbers,
    list_rates,
    read_total_rate,
    write_labels,
)
from dcevents.show import format_duration, format_number, format_percent, format_small_rate

if TYPE_CHECKING:
    from dcevents.tables import Chart, Column, Table

_LABEL_SHARE: Final = 0.34
"""The part of the width that labels may take."""
_SMALL_BASE: Final = 30


@dataclass(frozen=True)
class _Frame:
    """Hold where rows and bars are."""

    drawing: Drawing
    left: float
    right: float
    top: float
    row: float
    """The height of a row."""
    bottom: float
    axis: Axis

    def find_x(self, value: float) -> float:
        """Return where a number is from the left."""
        return self.left + self.axis.place(value) * (self.right - self.left)

    def find_middle(self, place: int) -> float:
        """Return the middle of a row from above."""
        return self.top + (place + 0.5) * self.row

    def draw_bar(self, place: int, value: float, ink: Ink = "accent", start: float = 0.0) -> None:
        """Draw a bar of a row, from a number to another."""
        x, height = self.find_x(start), self.row * 0.62
        box = (x, self.find_middle(place) - height / 2, self.find_x(start + value) - x, height)
        self.drawing.draw_rectangle(ink, box)


def draw_rate_bars(drawing: Drawing, table: Table, chart: Chart) -> None:
    """Draw the rate of each row with its interval, and a line for that of all."""
    column = find_column(table, chart.figures[0])
    if column is None:
        return
    rates = list_rates(table, column)
    places, _ = keep_first(table, MAX_BARS)
    former = list_former_rates(table, column)
    if former is not None:
        write_legend(drawing, [("now", "part2"), ("before", "bad")])
    bounds = [rates[i].high or rates[i].value or 0 for i in places]
    bounds += [former[i] or 0 for i in places] if former is not None else []
    frame = _lay_out(drawing, table, column, max([*bounds, chart.limit or 0]))
    for i in places:
        rate = rates[i]
        if rate.value is not None:
            frame.draw_bar(i, rate.value, "part2")
        if rate.low is not None and rate.high is not None:
            y = frame.find_middle(i)
            ends = [(frame.find_x(rate.low), y), (frame.find_x(rate.high), y)]
            drawing.draw_line("ink", ends, width=1.4)
            for x, _y in ends:
                drawing.draw_line("ink", [(x, y - frame.row * 0.14), (x, y + frame.row * 0.14)])
        if former is not None and (before := former[i]) is not None:
            x, y, half = frame.find_x(before), frame.find_middle(i), frame.row * 0.31
            drawing.draw_line("bad", [(x, y - half), (x, y + half)], width=3)
        _write_value(frame, i, _write_rate(rate.value, rate.base))
    if (total := read_total_rate(table, column)) is not None:
        _draw_limit(frame, total, f"- - - all: {format_percent(total)}")


def draw_number_bars(drawing: Drawing, table: Table, chart: Chart) -> None:
    """Draw the first figure of each row; a second one is a part of it."""
    columns = [each for name in chart.figures if (each := find_column(table, name)) is not None]
    if not columns:
        return
    numbers = [list_numbers(table, column.name) for column in columns]
    places, _ = keep_first(table, MAX_BARS)
    if len(columns) > 1:
        write_legend(drawing, [(c.title, ink) for c, ink in zip(columns, _PAIR, strict=False)])
    greatest = max([numbers[0][i] for i in places] + [chart.limit or 0])
    frame = _lay_out(drawing, table, columns[0], greatest)
    for i in places:
        for values, ink in zip(numbers, _PAIR, strict=False):
            frame.draw_bar(i, values[i], ink)
        _write_value(frame, i, _write_figure(numbers[0][i], columns[0]))
    if chart.limit is not None:
        _draw_limit(frame, chart.limit, chart.limit_words)


_PAIR: Final[tuple[Ink, Ink]] = ("accent", "part6")


def draw_part_bars(drawing: Drawing, table: Table, chart: Chart) -> None:
    """Draw the parts of each row, one behind the other."""
    columns = [each for name in chart.figures if (each := find_column(table, name)) is not None]
    if not columns:
        return
    numbers = [list_numbers(table, column.name) for column in columns[: len(PARTS)]]
    write_parts_legend(drawing, columns, numbers)
    sums = [sum(values) for values in zip(*numbers, strict=True)]
    places, _ = keep_first(table, MAX_BARS)
    frame = _lay_out(drawing, table, columns[0], max(sums[i] for i in places))
    for i in places:
        start = 0.0
        for values, ink in zip(numbers, PARTS, strict=False):
            frame.draw_bar(i, values[i], ink, start)
            start += values[i]
            if values[i]:
                x, y, half = frame.find_x(start), frame.find_middle(i), frame.row * 0.31
                drawing.draw_line("paper", [(x, y - half), (x, y + half)])
        _write_value(frame, i, _write_figure(sums[i], columns[0]))


def draw_word_bars(drawing: Drawing, words: Sequence[tuple[str, int]], column: Column) -> None:
    """Draw how many rows have each word."""
    greatest = max(count for _, count in words)
    frame = _lay_out_rows(drawing, [word for word, _ in words], column, greatest)
    for i, (_, count) in enumerate(words):
        frame.draw_bar(i, count)
        _write_value(frame, i, format_number(count))


# -- layout -------------------------------------------------------------------------------------


def _lay_out(drawing: Drawing, table: Table, column: Column, greatest: float) -> _Frame:
    room = drawing.count_characters(drawing.width * _LABEL_SHARE)
    places, more = keep_first(table, MAX_BARS)
    first = replace(table, rows=table.rows.head(len(places)))
    frame = _lay_out_rows(drawing, write_labels(first, room), column, greatest)
    if more:
        words = f"and {format_number(more)} more, in the table"
        drawing.write_text(words, 0, drawing.height + drawing.font_size, ink="soft")
        drawing.height += drawing.line
    return frame


def _lay_out_rows(
    drawing: Drawing, labels: Sequence[str], column: Column, greatest: float
) -> _Frame:
    """Write labels and the axis; return where bars go."""
    left = max(drawing.measure_text(label) for label in labels) + drawing.font_size * 0.7
    left = min(left, drawing.width * (_LABEL_SHARE + 0.03))
    room = drawing.measure_text("100.0 %" if column.kind != "rate" else "36 % of 29")
    row = drawing.line * 1.3
    top = drawing.height + drawing.line * 0.4
    axis, bottom = choose_axis(greatest, column), top + row * len(labels)
    frame = _Frame(drawing, left, drawing.width - room - 6, top, row, bottom, axis)
    ticks = axis.ticks if len(axis.ticks) * room * 0.8 < frame.right - left else [0.0, axis.end]
    for tick in ticks:
        x = frame.find_x(tick)
        drawing.draw_line("grid", [(x, top), (x, bottom)])
        y = bottom + drawing.font_size * 1.1
        drawing.write_text(axis.write(tick), x, y, ink="soft", anchor="middle")
    for i, label in enumerate(labels):
        y = frame.find_middle(i) + drawing.font_size * 0.35
        drawing.write_text(label, left - drawing.font_size * 0.5, y, anchor="end")
    drawing.height = bottom + drawing.line * 1.2
    return frame


def _draw_limit(frame: _Frame, value: float, words: str) -> None:
    """Draw a line across all rows, and what it is."""
    drawing, x = frame.drawing, frame.find_x(value)
    drawing.draw_line("mark", [(x, frame.top), (x, frame.bottom)], width=1.5, dashes="4 3")
    y = drawing.height + drawing.font_size * 0.9
    drawing.write_text(words, frame.left, y, ink="mark")
    drawing.height += drawing.line


def _write_value(frame: _Frame, place: int, text: str) -> None:
    drawing = frame.drawing
    y = frame.find_middle(place) + drawing.font_size * 0.35
    drawing.write_text(text, drawing.width, y, anchor="end")


def _write_rate(value: float | None, base: int | None) -> str:
    if value is not None and base is not None and base < _SMALL_BASE:
        return format_small_rate(value, base)
    return format_percent(value)


def _write_figure(value: float, column: Column) -> str:
    if column.kind == "seconds":
        return format_duration(value)
    return format_percent(value) if column.kind == "rate" else format_number(round(value))
