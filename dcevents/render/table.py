"""Tables and documents for people, fitted to the terminal.

Headings in words, percentages, durations, a total.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from dcevents.render._cells import (
    format_caption,
    format_footnote,
    format_headline_title,
    format_period_suffix,
    format_rows,
    format_total,
)
from dcevents.render._format import Format, RenderContext
from dcevents.render._widths import (
    divide_heading,
    fit_columns,
    join_heading,
    measure_columns,
    measure_excess,
)
from dcevents.show import make_visible, measure_width

if TYPE_CHECKING:
    from dcevents.tables import Document, Section, Table

_PAGE_ROWS = 5000
"""Rows that are laid out together, under a heading of their own."""
_INDENT = "  "
_DEFAULT_WIDTH = 80
"""The width to which sentences are filled where there is no terminal."""
_MIN_TEXT_WIDTH = 20
"""Columns that a text has beside a label, however long the label."""


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    tables = [table.for_people() for table in tables]
    for table in tables:
        if table.headline:
            yield _format_headline(table.headline, context)
    for i, table in enumerate(tables):
        yield ("\n" if i or table.headline else "") + format_caption(table, context) + "\n\n"
        command = f"dcevents {table.name}{table.command_options} -f csv"
        yield from _write_table(table, context, command)


def _format_headline(figures: Sequence[tuple[str, str]], context: RenderContext) -> str:
    room = max(len(label) for label, _ in figures)
    lines = [f"{label:<{room}}  {text}" for label, text in figures]
    return "\n".join([format_headline_title(context), "", *lines]) + "\n"


# -- documents ----------------------------------------------------------------------------------


def _write_document(document: Document, context: RenderContext) -> Iterator[str]:
    yield make_visible(document.title) + format_period_suffix(context) + "\n"
    for section in document.sections:
        yield "\n" + (f"{make_visible(section.title)}\n" if section.title else "")
        yield from _write_section(section, context)


def _write_section(section: Section, context: RenderContext) -> Iterator[str]:
    """Yield a section, indented below its heading."""
    indent = _INDENT if section.title else ""
    room = (context.terminal_width or _DEFAULT_WIDTH) - len(indent)
    for paragraph in section.paragraphs:
        yield textwrap.indent(_fill_paragraph(paragraph, room), indent)
    labels = [make_visible(label) for label, _ in section.figures]
    label_width = max(map(measure_width, labels), default=0)
    for label, (_, text) in zip(labels, section.figures, strict=True):
        padded = label + " " * (label_width - measure_width(label))
        yield textwrap.indent(_fill_paragraph(text, room, f"{padded}  "), indent)
    if section.table is not None:
        yield "\n" if section.paragraphs or section.figures else ""
        width = context.terminal_width and context.terminal_width - len(indent)
        narrowed = replace(context, terminal_width=width)
        command = f"dcevents {context.report_name} -f json"
        for piece in _write_table(section.table, narrowed, command):
            yield textwrap.indent(piece, indent)


def _fill_paragraph(text: str, room: int, label: str = "") -> str:
    """Return text in lines of `room` columns, beside a label."""
    lines = textwrap.fill(
        make_visible(text),
        max(room, len(label) + _MIN_TEXT_WIDTH),
        initial_indent=label,
        subsequent_indent=" " * measure_width(label),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines + "\n"


# -- tables -------------------------------------------------------------------------------------


def _write_table(table: Table, context: RenderContext, command: str) -> Iterator[str]:
    """Yield a table's lines; `command` shows hidden columns."""
    if table.rows.is_empty():
        yield "Nothing to report.\n"
        return
    from dcevents.render._layout import lay_out_page  # noqa: PLC0415 - tabulate

    room = context.terminal_width
    body = format_rows(table, context)
    page = list(islice(body, _PAGE_ROWS))
    total = format_total(table, context)
    all_lines = page if total is None else [*page, total]
    headings = [join_heading(column.title) for column in table.columns]
    if measure_excess(measure_columns(headings, all_lines), room):
        headings = [divide_heading(column.title) for column in table.columns]
    widths = fit_columns(table.columns, measure_columns(headings, all_lines), room)
    while page:
        following = list(islice(body, _PAGE_ROWS))
        last_line = None if following else total
        yield lay_out_page(table.columns, headings, page, last_line, widths)
        page = following
    yield from _write_notes(table, widths, context, command)


def _write_notes(
    table: Table, widths: Sequence[int], context: RenderContext, command: str
) -> Iterator[str]:
    """Yield the footnote, and the names of hidden columns."""
    shown = [column for column, width in zip(table.columns, widths, strict=True) if width]
    hidden = [column.name for column in table.columns if column not in shown]
    if note := format_footnote(table, shown):
        yield f"\n{note}\n"
    for note in table.notes:
        width = context.terminal_width or _DEFAULT_WIDTH
        yield "\n" + textwrap.fill(note, width, break_on_hyphens=False) + "\n"
    if hidden:
        note = f"Too narrow for: {', '.join(hidden)}. They are in: {command}"
        width = context.terminal_width or _DEFAULT_WIDTH
        yield "\n" + textwrap.fill(note, width, break_on_hyphens=False) + "\n"


FORMAT = Format("table", (".txt",), _write_tables, 10, _write_document)
