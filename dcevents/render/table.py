"""Tables and documents for people, fitted to the width of the output.

Headings in words, percentages, durations, a total.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dcevents.render._cells import format_caption, format_headline_title, format_period_suffix
from dcevents.render._format import Format, RenderContext
from dcevents.show import make_visible, measure_width

if TYPE_CHECKING:
    from dcevents.tables import Document, Section, Table

_INDENT = "  "
_DEFAULT_WIDTH = 80
"""The width to which sentences are filled where there is no other."""
_NO_LIMIT = 10_000
"""Columns of a line of figures, where there is no width."""
_MIN_TEXT_WIDTH = 20
"""Columns that a text has beside a label, however long the label."""


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    tables = _say_notes_once([table.for_people() for table in tables if not table.is_hidden])
    is_dense = context.is_interactive and len(tables) > 1
    for table in tables:
        if table.headline:
            yield _format_headline(table.headline, context, is_dense=is_dense)
    is_whole = True
    for i, table in enumerate(tables):
        yield "\n" if i or table.headline else ""
        caption = format_caption(table, context)
        hidden = yield from _write_table(table, context, caption, is_dense=is_dense)
        is_whole &= not (hidden or table.hidden_rows)
    if is_dense and not is_whole:
        yield f"\nMore rows and columns: {_name_reports(tables, context)}\n"


def _say_notes_once(tables: Sequence[Table]) -> list[Table]:
    """Return the tables, each with the notes that none before it has."""
    said: set[str] = set()
    found = []
    for table in tables:
        found.append(replace(table, notes=[note for note in table.notes if note not in said]))
        said.update(table.notes)
    return found


def _format_headline(
    figures: Sequence[tuple[str, str]], context: RenderContext, *, is_dense: bool
) -> str:
    room = max(len(label) for label, _ in figures)
    width = context.width or _NO_LIMIT
    lines = [_fill_paragraph(text, width, f"{label:<{room}}  ") for label, text in figures]
    title = _fill_paragraph(format_headline_title(context), width)
    return "".join([title, "" if is_dense else "\n", *lines])


def _name_reports(tables: Sequence[Table], context: RenderContext) -> str:
    """Return the command of the first report, and the names of others."""
    names = [table.name for table in tables]
    if context.arguments is None:
        return f"the same with {', '.join(names)}"
    return f"{_format_command(names[0], context.arguments)} (or {', '.join(names[1:])})"


def _format_command(report_name: str, arguments: Sequence[str], *options: str) -> str:
    """Return a command line that can be run as it is printed."""
    return make_visible(shlex.join(["dcevents", report_name, *arguments, *options]))


# -- documents ----------------------------------------------------------------------------------


def _write_document(document: Document, context: RenderContext) -> Iterator[str]:
    yield make_visible(document.title) + format_period_suffix(context) + "\n"
    for section in document.sections:
        yield "\n" + (f"{make_visible(section.title)}\n" if section.title else "")
        yield from _write_section(section, context)


def _write_section(section: Section, context: RenderContext) -> Iterator[str]:
    """Yield a section, indented below its heading."""
    indent = _INDENT if section.title else ""
    room = (context.width or _DEFAULT_WIDTH) - len(indent)
    for paragraph in section.paragraphs:
        yield textwrap.indent(_fill_paragraph(paragraph, room), indent)
    labels = [make_visible(label) for label, _ in section.figures]
    label_width = max(map(measure_width, labels), default=0)
    for label, (_, text) in zip(labels, section.figures, strict=True):
        padded = label + " " * (label_width - measure_width(label))
        yield textwrap.indent(_fill_paragraph(text, room, f"{padded}  "), indent)
    if section.table is not None:
        yield "\n" if section.paragraphs or section.figures else ""
        width = context.width and context.width - len(indent)
        narrowed = context._replace(width=width)
        for piece in _write_table(section.table, narrowed, "", of_document=True):
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


def _write_table(
    table: Table,
    context: RenderContext,
    caption: str,
    *,
    is_dense: bool = False,
    of_document: bool = False,
) -> Generator[str, None, Sequence[str]]:
    """Yield a table's lines, below its caption, and what is left out of it.

    Return the names of columns that are left out.
    """
    if table.rows.is_empty():
        yield f"{_fill_paragraph(caption, context.width or _NO_LIMIT)}\n" if caption else ""
        yield "Nothing to report.\n"
        return ()
    from dcevents.render._pages import lay_out_table  # noqa: PLC0415 - tabulate

    made = lay_out_table(table, context, is_dense=is_dense)
    captions = [line for line in (caption, *made.remarks) if line]
    above = [_fill_paragraph(line, context.width or _NO_LIMIT) for line in captions]
    yield from above
    yield "\n" if above and not is_dense else ""
    yield from made.pages
    for note in table.notes:
        yield ("" if is_dense else "\n") + _fill_paragraph(note, context.width or _DEFAULT_WIDTH)
    if made.hidden and not is_dense:
        options = ["-f", "json" if of_document else "csv"]
        name = context.report_name if of_document else table.name
        narrow = f"Too narrow for: {', '.join(made.hidden)}."
        yield "\n" + _fill_paragraph(narrow, context.width or _DEFAULT_WIDTH)
        if context.arguments is None:
            yield f"All columns: the same with {shlex.join(options)}\n"
        else:
            yield f"All columns: {_format_command(name, context.arguments, *options)}\n"
    return made.hidden


FORMAT = Format(
    "table",
    (".txt",),
    _write_tables,
    10,
    _write_document,
    writes_grids=True,
    is_for_screens=True,
)
