"""Tables and documents as plain data for the template: texts only, which it escapes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dcevents.render._cells import (
    find_origins,
    format_cell,
    format_rows,
    format_total,
    is_left_aligned,
)
from dcevents.render.charts.columns import list_silent_rows, shows_weekends
from dcevents.render.charts.draw import describe_chart, draw_inline
from dcevents.render.charts.rows import MAX_BARS, drop_untimed, find_column, is_in_time, read_days
from dcevents.show import format_number, make_visible

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Chart, Column, Table

MAX_PAGE_ROWS: Final = 500
"""Rows of a table on a page; all are in CSV."""
_MAX_CELL: Final = 400
"""Characters of a cell."""
_OPEN_ROWS: Final = 60
"""Rows up to which a table beside a chart is unfolded."""
_BAR_FORMS: Final = ("rates", "counts", "parts")


@dataclass(frozen=True)
class Cell:
    """A cell: its text, and its class: `t` from the left, `w` in lines, too; none: a number."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class TablePart:
    """A table of a page."""

    caption: str
    headings: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None
    key_count: int
    """Columns that head a row."""
    more: str
    """What says how many rows are left out."""
    remarks: Sequence[str]
    """Lines above it."""
    is_open: bool


@dataclass(frozen=True)
class Figure:
    """A chart of a page, and what it shows."""

    title: str
    svg: Markup
    words: str


@dataclass(frozen=True)
class Block:
    """A table, its charts, its notes, and the command that makes it."""

    figures: Sequence[Figure] = ()
    table: TablePart | None = None
    notes: Sequence[str] = ()
    command: str = ""


@dataclass(frozen=True)
class SectionPart:
    """A part of a page under a heading."""

    title: str
    anchor: str
    blocks: list[Block] = field(default_factory=list)
    paragraphs: Sequence[str] = ()
    figures: Sequence[tuple[str, str]] = ()


def build_sections(tables: Sequence[Table], context: RenderContext) -> list[SectionPart]:
    """Return the sections of tables; those without a heading of their own get their name."""
    found: list[SectionPart] = []
    for table in tables:
        title = table.section or _name_table(table)
        if not found or found[-1].title != title:
            found.append(SectionPart(title, make_anchor(title)))
        found[-1].blocks.append(build_block(table, context))
    return found


def make_anchor(title: str) -> str:
    """Return the part of an address that leads to a heading."""
    return re.sub("[^a-z0-9]+", "-", title.lower()).strip("-") or "part"


def _name_table(table: Table) -> str:
    by = " by " + ", ".join(table.by) if table.by and tuple(table.by) != ("all",) else ""
    figure = f": {table.grid_of.lower()}" if table.grid_of else ""
    return f"{table.name.replace('-', ' ').capitalize()}{figure}{by}"


def build_block(table: Table, context: RenderContext) -> Block:
    """Return a table for people with the charts of its figures."""
    people = table.for_people()
    figures = [
        Figure(
            describe_chart(table, chart),
            Markup(svg),  # noqa: S704
            " ".join(_list_sentences(table, chart, context)),
        )
        for chart in _choose_charts(table)
        # Drawn shapes: texts in them are escaped where they are drawn.
        if (svg := draw_inline(table, chart, context)) is not None
    ]
    return Block(
        figures, build_table(people, context, has_charts=bool(figures)), people.notes,
        _format_command(table, context),
    )  # fmt: skip


def _choose_charts(table: Table) -> Sequence[Chart]:
    return table.charts[:1] if table.grid_of else table.charts


def build_table(table: Table, context: RenderContext, *, has_charts: bool) -> TablePart:
    """Return the first rows of a table in people's words."""
    shown = min(table.rows.height, MAX_PAGE_ROWS)
    hidden = table.hidden_rows + table.rows.height - shown
    columns = _drop_ids(table)
    first = replace(table, rows=table.rows.head(shown), columns=columns)
    total = format_total(first, context) if shown else None
    origins, remarks = find_origins(first)
    return TablePart(
        _name_table(table),
        [Cell(_name_column(each), _choose_style(each)) for each in columns],
        [_make_cells(row, columns) for row in format_rows(first, context, origins)],
        None if total is None else _make_cells(total, columns),
        sum(1 for each in columns if each.name in table.keys and not each.name_column),
        f"… {format_number(hidden)} more" if hidden else "",
        [*remarks.values()],
        # Of a listing the rows are what matters.
        is_open=not has_charts or not table.by or shown <= _OPEN_ROWS,
    )


def _name_column(column: Column) -> str:
    # A table on a terminal leaves out what its values say themselves.
    return make_visible(column.title) or column.name.replace("_", " ").capitalize()


def _drop_ids(table: Table) -> list[Column]:
    """Return the columns without ids whose names tell all rows apart."""
    kept = []
    for column in table.columns:
        names = table.rows[column.name_column] if column.name_column else None
        is_needed = names is None or names.null_count() or names.n_unique() < names.len()
        if is_needed or len(table.by) != 1:
            kept.append(column)
    return kept


def _make_cells(texts: Sequence[str], columns: Sequence[Column]) -> list[Cell]:
    return [
        Cell(text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}…", _choose_style(column))
        for text, column in zip(texts, columns, strict=True)
    ]


def _choose_style(column: Column) -> str:
    if not is_left_aligned(column):
        return ""
    return "t w" if column.is_text else "t"


def _list_sentences(table: Table, chart: Chart, context: RenderContext) -> Iterator[str]:
    """Yield what a chart's shapes are, and what it is of."""
    table = drop_untimed(table)
    column = find_column(table, chart.figures[0])
    total = table.total or {}
    if column is not None and chart.form != "parts" and total.get(column.name) is not None:
        base = f" of {format_number(total[column.base_column])}" if column.base_column else ""
        yield f"In all: {format_cell(total[column.name], column, context)}{base}."
    if chart.form == "rates" and not table.grid_of:
        shape = "Line" if is_in_time(table) else "Bars"
        band = "band" if is_in_time(table) else "thin lines"
        yield f"{shape}: the rate; {band}: its 95 % interval."
    if shows_weekends(table):
        yield "Grey stripes are weekends."
    if read_days(table) is not None:
        if silent := len(list_silent_rows(table)):
            yield f"Brown stripes: {silent} with nothing to count here."
    elif table.rows.height > MAX_BARS and not is_in_time(table) and chart.form in _BAR_FORMS:
        yield f"The first {MAX_BARS} of {format_number(table.rows.height + table.hidden_rows)}."


def _format_command(table: Table, context: RenderContext) -> str:
    """Return the command that makes a table; none where its input cannot be read again."""
    if context.arguments is None:
        return ""
    name, *options = table.command or (table.name,)
    given = _drop_options(context.arguments, table.unfit_options)
    hidden = table.hidden_rows or table.rows.height > MAX_PAGE_ROWS
    more = ["-f", "csv"] if hidden else []
    return make_visible(shlex.join(["dcevents", name, *options, *given, *more]))


def _drop_options(words: Sequence[str], unfit: Sequence[str]) -> list[str]:
    """Return the words of a command line without some options and their values."""
    following = iter(words)
    kept: list[str] = []
    for word in following:
        if word in unfit:
            next(following, None)
        elif word.partition("=")[0] not in unfit:
            kept.append(word)
    return kept
