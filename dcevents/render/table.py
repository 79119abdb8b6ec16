"""For people: headings in words, percentages, durations, a total; cut to the terminal where there is one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from dcevents.render._cells import (
    format_caption,
    format_footnote,
    format_period_suffix,
    format_rows,
    format_total,
    is_left_aligned,
)
from dcevents.render._format import Format, RenderContext
from dcevents.show import make_visible, measure_width

if TYPE_CHECKING:
    from dcevents.tables import Column, Document, Section, Table

_COLUMN_GAP = 2
_NARROW_WIDTH = 20
_MIN_TEXT_WIDTH = 10
_MIN_SHOWN_COLUMNS = 3
_PAGE_ROWS = 5000
"""Rows that are laid out together, under a heading of their own."""
_INDENT = "  "
_DEFAULT_WIDTH = 80
"""The width to which sentences are filled where there is no terminal."""


def _write_tables(tables: Sequence[Table], about: RenderContext) -> Iterator[str]:
    for table in tables:
        if table.headline:
            yield _write_headline(table.headline, about)
    for i, table in enumerate(tables):
        yield ("\n" if i or table.headline else "") + format_caption(table, about) + "\n\n"
        yield from _write_table(
            table, about, f"dcevents {table.name}{table.command_options} -f csv"
        )


def _write_document(document: Document, about: RenderContext) -> Iterator[str]:
    yield make_visible(document.title) + format_period_suffix(about) + "\n"
    for section in document.sections:
        yield "\n" + (f"{make_visible(section.title)}\n" if section.title else "")
        yield from _write_section(section, about)


def _write_section(section: Section, about: RenderContext) -> Iterator[str]:
    """A section below its heading, to which it is indented."""
    indent = _INDENT if section.title else ""
    room = (about.terminal_width or _DEFAULT_WIDTH) - len(indent)
    for paragraph in section.paragraphs:
        yield textwrap.indent(_fill_paragraph(paragraph, room), indent)
    labels = max((measure_width(make_visible(label)) for label, _ in section.figures), default=0)
    for label, text in section.figures:
        yield textwrap.indent(
            _fill_paragraph(text, room, f"{_pad_text(make_visible(label), labels)}  "), indent
        )
    if section.table is not None:
        yield "\n" if section.paragraphs or section.figures else ""
        limited = replace(
            about, terminal_width=about.terminal_width and about.terminal_width - len(indent)
        )
        for piece in _write_table(section.table, limited, f"dcevents {about.report_name} -f json"):
            yield textwrap.indent(piece, indent)


def _fill_paragraph(text: str, room: int, label: str = "") -> str:
    """A paragraph, or the text beside a label, in lines of at most so many columns."""
    hanging = " " * measure_width(label)
    return (
        textwrap.fill(
            make_visible(text),
            max(room, len(label) + _NARROW_WIDTH),
            initial_indent=label,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
    )


def _pad_text(text: str, room: int) -> str:
    return text + " " * (room - measure_width(text))


def _write_headline(figures: Sequence[tuple[str, str]], about: RenderContext) -> str:
    title = "Summary" + format_period_suffix(about)
    room = max(len(label) for label, _ in figures)
    return "\n".join([title, "", *(f"{label:<{room}}  {text}" for label, text in figures)]) + "\n"


def _write_table(table: Table, about: RenderContext, instead: str) -> Iterator[str]:
    """A table's lines; `instead` is the command that has all columns, where there are too many."""
    if table.rows.is_empty():
        yield "Nothing to report.\n"
        return
    body = format_rows(table, about)
    page = list(islice(body, _PAGE_ROWS))
    last = format_total(table, about)
    all_lines = page if last is None else [*page, last]
    headings = [column.title.replace("\u00ad", "").split(" ") for column in table.columns]
    if _measure_excess(_measure_columns(headings, all_lines), about.terminal_width):
        headings = [_divide_heading(column.title) for column in table.columns]
    widths = _fit_columns(
        table.columns, _measure_columns(headings, all_lines), about.terminal_width
    )
    while page:
        following = list(islice(body, _PAGE_ROWS))
        yield _lay_out_page(table.columns, headings, page, None if following else last, widths)
        page = following
    if note := format_footnote(
        table, [column for column, room in zip(table.columns, widths, strict=True) if room]
    ):
        yield f"\n{note}\n"
    hidden = [column.name for column, room in zip(table.columns, widths, strict=True) if room == 0]
    if hidden:
        note = f"Too narrow for: {', '.join(hidden)}. They are in: {instead}"
        yield "\n" + textwrap.fill(note, about.terminal_width or 80, break_on_hyphens=False) + "\n"


def _divide_heading(title: str) -> list[str]:
    """A heading's lines, its words divided where they may be."""
    lines = []
    for word in title.split(" "):
        *parts, rest = word.split("\u00ad")
        lines += [f"{part}-" for part in parts] + [rest]
    return lines


def _measure_columns(headings: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(*map(measure_width, lines), *(measure_width(row[i]) for row in body))
        for i, lines in enumerate(headings)
    ]


def _fit_columns(columns: Sequence[Column], wanted: Sequence[int], room: int | None) -> list[int]:
    """The width of each column; 0 for one that is not shown. Long texts give way first, then the lesser columns."""
    widths = list(wanted)
    _narrow_texts(widths, columns, room, _NARROW_WIDTH)
    narrowed, hidden = list(widths), []
    for i in sorted(range(1, len(columns)), key=lambda i: (columns[i].priority, -i)):
        if _measure_excess(widths, room) and sum(map(bool, widths)) > _MIN_SHOWN_COLUMNS:
            hidden.append(_find_companions(columns, i))
            _set_widths(widths, hidden[-1], [0] * len(widths))
    _restore_columns(
        widths,
        [group for group in reversed(hidden) if columns[group[0]].priority],
        columns,
        narrowed,
        room,
    )
    _narrow_texts(widths, columns, room, _MIN_TEXT_WIDTH)
    return widths


def _restore_columns(
    widths: list[int],
    hidden: Sequence[Sequence[int]],
    columns: Sequence[Column],
    wanted: Sequence[int],
    room: int | None,
) -> None:
    """Show hidden columns for which there is room after all: a wide one that went last may have left it."""
    for group in hidden:
        _set_widths(widths, group, wanted)
        for i in group:
            if columns[i].is_text:
                widths[i] = max(
                    min(widths[i], _MIN_TEXT_WIDTH), widths[i] - _measure_excess(widths, room)
                )
        if _measure_excess(widths, room):
            _set_widths(widths, group, [0] * len(widths))


def _set_widths(widths: list[int], group: Sequence[int], wanted: Sequence[int]) -> None:
    for i in group:
        widths[i] = wanted[i]


def _find_companions(columns: Sequence[Column], i: int) -> list[int]:
    """The columns that go with one: of a bound the other one, which says nothing by itself."""
    rate = columns[i].bounded_rate
    return [
        j
        for j, column in enumerate(columns)
        if j == i or (rate is not None and column.bounded_rate == rate)
    ]


def _narrow_texts(
    widths: list[int], columns: Sequence[Column], room: int | None, least: int
) -> None:
    texts = [i for i, column in enumerate(columns) if column.is_text]
    for i in sorted(texts, key=lambda i: -widths[i]):
        if widths[i] > least:
            widths[i] = max(least, widths[i] - _measure_excess(widths, room))


def _measure_excess(widths: Sequence[int], room: int | None) -> int:
    """By how much the columns are too wide."""
    needed = sum(each + _COLUMN_GAP for each in widths if each) - _COLUMN_GAP
    return max(0, needed - room) if room is not None else 0


def _lay_out_page(
    columns: Sequence[Column],
    headings: Sequence[list[str]],
    body: Sequence[Sequence[str]],
    last: Sequence[str] | None,
    widths: Sequence[int],
) -> str:
    from tabulate import tabulate  # noqa: PLC0415 - not for `--help`

    shown = [i for i, room in enumerate(widths) if room]
    rule = ["-" * widths[i] for i in shown]
    ending = [] if last is None else [rule, [_cut_cell(last[i], widths[i]) for i in shown]]
    # Headings as rows: as headings, tabulate would make each column wider by two.
    text = tabulate(
        [
            *_stack_headings([headings[i] for i in shown]),
            rule,
            *([_cut_cell(row[i], widths[i]) for i in shown] for row in body),
            *ending,
        ],
        tablefmt="plain",
        colalign=["left" if is_left_aligned(columns[i]) else "right" for i in shown],
        disable_numparse=True,
    )
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _stack_headings(headings: Sequence[list[str]]) -> list[list[str]]:
    """The rows of the headings, which stand on the rule."""
    height = max(map(len, headings))
    padded = [[""] * (height - len(lines)) + lines for lines in headings]
    return [[lines[i] for lines in padded] for i in range(height)]


def _cut_cell(cell: str, room: int) -> str:
    if measure_width(cell) <= room:
        return cell
    kept = cell
    while measure_width(kept) > room - 1:
        kept = kept[:-1]
    return kept + "…"


FORMAT = Format("table", (".txt",), _write_tables, 10, _write_document)
