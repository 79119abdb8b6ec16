"""A table for people, a page at a time: widths, names, hosts, bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from dcevents.render._cells import describe_origin, find_origins, format_columns, format_total
from dcevents.render._layout import (
    emphasise,
    lay_out_page,
    lay_out_rule,
    measure_headings,
    shade,
    soften,
)
from dcevents.render._texts import choose_cut, find_common_origin, strip_origin
from dcevents.render._widths import (
    COLUMN_GAP,
    MAX_CODE_HEADING_WIDTH,
    fit_columns,
    measure_columns,
    measure_line,
    narrow_columns,
    split_heading,
)
from dcevents.show import NO_FIGURE, format_number, make_visible, measure_width
from dcevents.tables import ESSENTIAL, Column

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Table

_PAGE_ROWS = 5000
"""Rows that are laid out together, under a heading of their own."""
_GRID_HEADING_WIDTH = MAX_CODE_HEADING_WIDTH
"""The width to which the values above a grid are cut."""
_GRID_KEY_WIDTH = 20
"""The width that the names beside a grid have at least, before it is divided."""
_BAR_WIDTHS = range(6, 13)
_MIN_BARS = 2
"""Of one rate there is nothing to compare."""
_BLOCKS = " ▏▎▍▌▋▊▉█"
"""Bars of so many eighths of a column."""


class LaidOutTable(NamedTuple):
    """A table as text."""

    remarks: Sequence[str]
    """Lines above it."""
    pages: Iterator[str]
    hidden: Sequence[str]
    """The names of columns that there was no room for."""


def lay_out_table(table: Table, context: RenderContext, *, is_dense: bool) -> LaidOutTable:
    """Return a table's text. The first page decides the widths of all.

    A grid that is too wide goes on below, with its keys again.
    """
    if table.grid_of is None:
        return _lay_out_part(table, context, is_dense=is_dense)
    table, remark = _shorten_grid_headings(table)
    parts = [_lay_out_part(part, context, is_dense=is_dense) for part in _divide(table, context)]
    pages = (piece for i, part in enumerate(parts) for piece in (["\n"] * (i > 0), part.pages))
    remarks = [*parts[0].remarks, *([remark] if remark else [])]
    return LaidOutTable(remarks, chain.from_iterable(pages), ())


def _shorten_grid_headings(table: Table) -> tuple[Table, str | None]:
    """Return a grid whose headings fit, and a line about a host that they are without."""
    figures = [column for column in table.columns if column.name not in table.keys]
    addresses = [each.title for each in figures if "://" in each.title]
    found, remark = find_common_origin(pl.Series(addresses, dtype=pl.String)), None
    if found is not None:
        remark = f"Columns: {describe_origin(found)}"
        figures = [each._replace(title=strip_origin(each.title, found[0])) for each in figures]
    cut = choose_cut([each.title for each in figures], _GRID_HEADING_WIDTH, at_end=False)
    figures = [each._replace(title=_shorten_heading(each.title, cut)) for each in figures]
    keys = [column for column in table.columns if column.name in table.keys]
    return replace(table, columns=[*keys, *figures]), remark


def _shorten_heading(title: str, cut: Callable[[str], str]) -> str:
    visible = make_visible(title)
    lines = split_heading(visible)
    is_narrow = all(measure_width(line) <= _GRID_HEADING_WIDTH for line in lines)
    return visible if is_narrow else cut(visible)


def _divide(table: Table, context: RenderContext) -> Iterator[Table]:
    """Yield the parts of a grid that fit beside its keys, as even as can be."""
    keys = [column for column in table.columns if column.name in table.keys]
    figures = [column for column in table.columns if column.name not in table.keys]
    (cells,) = format_columns(table, context, table.rows.height)
    body = _add_total(cells, format_total(table, context))
    wanted = measure_columns([split_heading(each.title) for each in table.columns], body)
    widths = dict(zip([column.name for column in table.columns], wanted, strict=True))
    narrow = [
        min(widths[each.name], _GRID_KEY_WIDTH) if each.is_text else widths[each.name]
        for each in keys
        if each.name_column is None
    ]
    room = None if context.width is None else context.width - measure_line(narrow)
    parts: list[list[Column]] = [[]]
    used = 0
    for figure in figures:
        width = widths[figure.name] + COLUMN_GAP
        if room is not None and parts[-1] and used + width > room:
            parts.append([])
            used = 0
        parts[-1].append(figure)
        used += width
    size = -(-len(figures) // len(parts))
    even = [figures[i : i + size] for i in range(0, len(figures), size)]
    fits = room is None or all(
        sum(widths[each.name] + COLUMN_GAP for each in part) <= room for part in even
    )
    for part in even if fits else parts:
        yield replace(table, columns=[*keys, *part])


def _lay_out_part(table: Table, context: RenderContext, *, is_dense: bool) -> LaidOutTable:
    origins, remarks = find_origins(table)
    pages = format_columns(table, context, _PAGE_ROWS, origins)
    page = next(pages)
    total = format_total(table, context)
    columns = _rank_columns(table, page)
    names = _pair_names(columns)
    headings = [split_heading(column.title) for column in columns]
    body = _put_ids_for_names(page, names)
    wanted = measure_columns(headings, _add_total(body, total))
    widths = fit_columns(columns, wanted, narrow_columns(columns, wanted, body), context.width)
    hidden = [column.name for column, width in zip(columns, widths, strict=True) if not width]
    written = _Pages(
        table,
        [(name, id_) for name, id_ in names if not widths[id_]],
        _Shape(columns, headings, widths),
        _make_bar(table, columns, widths, context),
        total,
        uses_colour=context.uses_colour,
        is_dense=is_dense,
    )
    shown = [remark for name, remark in remarks.items() if name not in hidden]
    return LaidOutTable(shown, written.write(page, pages), hidden)


def _add_total(body: Sequence[list[str]], total: list[str] | None) -> Sequence[list[str]]:
    """Return the cells of columns with those of the total."""
    if total is None:
        return body
    return [[*cells, cell] for cells, cell in zip(body, total, strict=True)]


class _Shape(NamedTuple):
    """Columns, their headings in lines, and their widths."""

    columns: Sequence[Column]
    headings: Sequence[list[str]]
    widths: Sequence[int]


class _Pages(NamedTuple):
    """Holds what all pages of a table have in common."""

    table: Table
    names: Sequence[tuple[int, int]]
    """Places of names, and of the hidden ids that stand for missing ones."""
    shape: _Shape
    bar: _Bar | None
    total: list[str] | None
    uses_colour: bool
    is_dense: bool

    def write(
        self, page: list[list[str]] | None, pages: Iterator[list[list[str]]]
    ) -> Iterator[str]:
        """Yield the lines of all pages, the total below the last."""
        rates = iter(() if self.bar is None else self.table.rows[self.bar.column])
        shape = self.shape if self.bar is None else self.bar.insert(self.shape)
        while page is not None:
            following = next(pages, None)
            cells, total = _put_ids_for_names(page, self.names), self.total
            if following is not None:
                total = None
            if self.bar is not None:
                cells = self.bar.draw(cells, rates)
                total = total and [each for (each,) in self.bar.draw([[c] for c in total], [None])]
            laid_out = lay_out_page(*shape[:2], cells, total, shape.widths)
            height = measure_headings(shape.headings, shape.widths)
            yield from (self._emphasise(line) for line in laid_out[:height])
            yield self._soften(laid_out[height])
            body = laid_out[height + 1 :][: len(page[0])]
            yield "\n".join(body) + "\n"
            if following is None and self.table.hidden_rows:
                yield f"… {format_number(self.table.hidden_rows)} more\n"
            if total is not None:
                yield "" if self.is_dense else self._soften(lay_out_rule(shape.widths))
                yield self._emphasise(laid_out[-1])
            page = following

    def _emphasise(self, line: str) -> str:
        return emphasise(line, uses_colour=self.uses_colour) + "\n"

    def _soften(self, line: str) -> str:
        return soften(line, uses_colour=self.uses_colour) + "\n"


# -- names and ids ------------------------------------------------------------------------------


def _rank_columns(table: Table, body: Sequence[list[str]]) -> list[Column]:
    """Return the columns; ids are essential where rows have the same names."""
    columns = list(table.columns)
    ids = {i for i, column in enumerate(columns) if column.name_column is not None}
    if not ids:
        return columns
    keys = [i for i, column in enumerate(columns) if column.name in table.keys and i not in ids]
    named = _put_ids_for_names(body, _pair_names(columns))
    different = len(set(zip(*(named[i] for i in keys), strict=True))) if keys else 1
    if different == len(named[0]):
        return columns
    return [
        column._replace(priority=ESSENTIAL) if i in ids else column
        for i, column in enumerate(columns)
    ]


def _pair_names(columns: Sequence[Column]) -> list[tuple[int, int]]:
    """Return the places of names, each with that of its id."""
    places = {column.name: i for i, column in enumerate(columns)}
    return [
        (places[column.name_column], i)
        for i, column in enumerate(columns)
        if column.name_column is not None and column.name_column in places
    ]


def _put_ids_for_names(
    body: Sequence[list[str]], names: Sequence[tuple[int, int]]
) -> list[list[str]]:
    """Return the cells of columns with ids in place of names that there are not."""
    columns = list(body)
    for name, id_ in names:
        if NO_FIGURE not in columns[name]:
            continue
        pairs = zip(columns[name], columns[id_], strict=True)
        columns[name] = [id_ if cell == NO_FIGURE else cell for cell, id_ in pairs]
    return columns


# -- bars ---------------------------------------------------------------------------------------


class _Bar(NamedTuple):
    """A bar for the main rate, from 0 to 100 %: beside it, or in colour behind it."""

    column: str
    place: int
    """That of the rate."""
    width: int
    is_behind: bool

    def insert(self, shape: _Shape) -> _Shape:
        """Return columns, headings and widths with those of a bar beside the rate."""
        if self.is_behind:
            return shape
        columns, headings, widths = shape
        i = self.place + 1
        return _Shape(
            [*columns[:i], Column("", "day", ""), *columns[i:]],
            [*headings[:i], [""], *headings[i:]],
            [*widths[:i], self.width, *widths[i:]],
        )

    def draw(self, body: Sequence[list[str]], rates: Iterable[float | None]) -> list[list[str]]:
        """Return the cells of columns with the bars of rates, one of which is taken for each."""
        before, cells, after = body[: self.place], body[self.place], body[self.place + 1 :]
        pairs = [(cell, rate or 0) for cell, rate in zip(cells, rates, strict=False)]
        if self.is_behind:
            shaded = [shade(cell.rjust(self.width), rate) for cell, rate in pairs]
            return [*before, shaded, *after]
        return [*before, cells, [self._draw_bar(rate) for _, rate in pairs], *after]

    def _draw_bar(self, rate: float) -> str:
        eighths = round(rate * self.width * 8)
        return "█" * (eighths // 8) + _BLOCKS[eighths % 8].strip()


def _make_bar(
    table: Table, columns: Sequence[Column], widths: Sequence[int], context: RenderContext
) -> _Bar | None:
    """Return the bar of the main rate, on a terminal.

    Beside the rate where there is room; else behind it, if there are colours.
    """
    place = next((i for i, column in enumerate(columns) if column.is_main), None)
    if place is None or context.width is None or not context.is_interactive:
        return None
    name, room = columns[place].name, context.width - measure_line(widths) - COLUMN_GAP
    if not widths[place] or table.rows[name].count() < _MIN_BARS:
        return None
    if room >= _BAR_WIDTHS.start:
        return _Bar(name, place, min(room, _BAR_WIDTHS.stop - 1), is_behind=False)
    return _Bar(name, place, widths[place], is_behind=True) if context.uses_colour else None
