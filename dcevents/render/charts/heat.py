"""A heat map: a number by two keys, and a second number beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl

from dcevents.render._cells import format_cell
from dcevents.render._texts import choose_cut
from dcevents.render.charts.canvas import DARK_HEATS, HEATS, Drawing, Ink
from dcevents.render.charts.rows import list_keys
from dcevents.show import format_number, make_visible

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Chart, Column, Table

_MAX_VALUES: Final = 31
_LABEL_CHARACTERS: Final = 14
_LEAST_CELL: Final = 13.0
_LEAST_CHARACTERS: Final = 4
"""Of words there are at least so many, or only some of them are written."""


class HeatMap(NamedTuple):
    """Cells by row and column, with labels in their order."""

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[int, int], tuple[Any, Any]]
    """A figure and a second one, by places."""


def read_grid(table: Table) -> HeatMap:
    """Return the cells of a grid, without its totals."""
    keys = list_keys(table)
    figures = [each for each in table.columns if each.name not in table.keys][:-1]
    rows = [
        _write_label(row[0]) for row in table.rows.select([keys[0].name]).head(_MAX_VALUES).rows()
    ]
    cells = {
        (i, j): (value, None)
        for j, figure in enumerate(figures)
        for i, value in enumerate(table.rows[figure.name].head(_MAX_VALUES).to_list())
    }
    return HeatMap(rows, [_write_label(each.title) for each in figures], cells)


def read_pairs(table: Table, chart: Chart) -> HeatMap | None:
    """Return the cells of a table by two keys; None of any other."""
    keys = list_keys(table)
    if len(keys) != 2:
        return None
    names = [key.name for key in keys]
    values = [_identify_values(table, name) for name in names]
    known = [_list_values(table, name) for name in names]
    places = [{each: i for i, each in enumerate(found)} for found in known]
    count = 2 if chart.form == "heat" else 1
    figures = [table.rows[name].to_list() for name in chart.figures[:count]]
    second = figures[1] if len(figures) > 1 else [None] * table.rows.height
    cells = {
        (places[0][row], places[1][column]): (value, other)
        for row, column, value, other in zip(*values, figures[0], second, strict=True)
    }
    rows, columns = map(_write_labels, known)
    return HeatMap(rows[:_MAX_VALUES], columns[:_MAX_VALUES], cells)


def _identify_values(table: Table, name: str) -> list[tuple[Any, Any]]:
    """Return the key of each row with its id, where there is one: two may share a name."""
    values, id_name = table.rows[name].to_list(), f"{name}_id"
    has_ids = id_name in table.rows.columns
    ids = table.rows[id_name].to_list() if has_ids else [None] * len(values)
    return list(zip(values, ids, strict=True))


def _write_labels(values: Sequence[tuple[Any, Any]]) -> list[str]:
    """Return what keys are called: those that share a name have their ids behind it."""
    names = Counter(name for name, _ in values)
    return [
        _write_label(name) if names[name] == 1 or key is None else f"{_write_label(name)} ({key})"
        for name, key in values
    ]


def _list_values(table: Table, name: str) -> list[tuple[Any, Any]]:
    """Return the different keys: all weekdays, all hours between, else as they come."""
    if f"{name}_id" in table.rows.columns:
        return list(dict.fromkeys(_identify_values(table, name)))
    return [(each, None) for each in _list_single_values(table.rows[name])]


def _list_single_values(values: pl.Series) -> list[Any]:
    different = list(dict.fromkeys(values.to_list()))
    known = [each for each in different if each is not None]
    if isinstance(values.dtype, pl.Enum):
        known = values.dtype.categories.to_list()
    elif values.dtype.is_integer() and known:
        known = list(range(min(known), max(known) + 1))
    else:
        return different
    # What has no time has neither a weekday nor an hour.
    return [*known, None] if None in different else known


def _write_label(value: object) -> str:
    text = "–" if value is None else make_visible(str(value))
    return text if len(text) <= _LABEL_CHARACTERS else f"{text[: _LABEL_CHARACTERS - 1]}…"


def draw_heat(
    drawing: Drawing, found: HeatMap, column: Column, second: Column | None, context: RenderContext
) -> None:
    """Draw a heat map; the second figure is written behind the first, where it is not 0."""
    shown = [
        float(value)
        for (i, j), (value, _) in found.cells.items()
        if value is not None and i < len(found.rows) and j < len(found.columns)
    ]
    greatest = max(shown, default=0.0)
    left = max((drawing.measure_text(row) for row in found.rows), default=0) + 6
    top = drawing.height + drawing.line
    width = (drawing.width - left) / max(1, len(found.columns))
    height = max(_LEAST_CELL, drawing.line * 1.15)
    labels = _fit_labels(drawing, found.columns, width)
    every = _choose_every(drawing, labels, width)
    for j in range(0, len(labels), every):
        x = left + (j + 0.5) * width
        y = top - drawing.font_size * 0.4
        drawing.write_text(labels[j], x, y, ink="soft", anchor="middle")
    for i, row in enumerate(found.rows):
        y = top + i * height
        middle = y + height / 2 + drawing.font_size * 0.35
        drawing.write_text(row, left - 6, middle, ink="soft", anchor="end")
        for j in range(len(found.columns)):
            value, other = found.cells.get((i, j), (None, None))
            ink = choose_heat(value, greatest)
            x = left + j * width
            drawing.draw_rectangle(ink, (x + 0.5, y + 0.5, width - 1, height - 1))
            words = _write_cell(value, other, column, context)
            if words and drawing.measure_text(words) <= width:
                over: Ink = "paper" if ink in DARK_HEATS else "ink"
                drawing.write_text(words, x + width / 2, middle, ink=over, anchor="middle")
    drawing.height = top + len(found.rows) * height
    if second is not None:
        words = f"{column.title}; of these {second.title.lower()} in brackets"
        drawing.write_text(words, left, drawing.height + drawing.font_size * 1.2, ink="soft")
        drawing.height += drawing.line


def _fit_labels(drawing: Drawing, labels: Sequence[str], width: float) -> list[str]:
    """Return labels cut to the width of a column, unless that is only for numbers."""
    room = drawing.count_characters(width - 2)
    if room < _LEAST_CHARACTERS or all(label.isdigit() for label in labels):
        return list(labels)
    cut = choose_cut(labels, room, at_end=True)
    return [cut(label) for label in labels]


def _choose_every(drawing: Drawing, labels: Sequence[str], width: float) -> int:
    widest = max((drawing.measure_text(label) for label in labels), default=0)
    return max(1, -int(-(widest + 2) // max(width, 1)))


def choose_heat(value: Any, greatest: float) -> Ink:  # noqa: ANN401 - a cell
    """Return the colour of a number; the lightest stands for nothing."""
    if not value or not greatest:
        return HEATS[0]
    last = len(HEATS) - 1
    return HEATS[min(last, 1 + int(float(value) / greatest * last * 0.999))]


def _write_cell(
    value: Any,  # noqa: ANN401 - a cell
    other: Any,  # noqa: ANN401 - a cell
    column: Column,
    context: RenderContext,
) -> str:
    if not value:
        return ""
    if column.kind == "rate":
        return f"{value * 100:.0f} %"
    words = format_cell(value, column, context)
    return f"{words} ({format_number(other)})" if other else words
