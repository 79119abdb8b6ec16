"""For people: headings in words, percentages, durations, a total; cut to the terminal where there is one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from dcevents.render._cells import captions, footnote, is_left, lines, total_line, when
from dcevents.render._format import Circumstances, Format
from dcevents.show import visible, width

if TYPE_CHECKING:
    from dcevents.tables import Column, Document, Section, Table

_GAP = 2
_NARROW = 20
_NARROWEST = 10
_FEWEST = 3
_PAGE = 5000
"""Rows that are laid out together, under a heading of their own."""
_INDENT = "  "
_PAPER = 80
"""The width to which sentences are filled where there is no terminal."""


def _render(tables: Sequence[Table], about: Circumstances) -> Iterator[str]:
    for table in tables:
        if table.headline:
            yield _headline(table.headline, about)
    for i, table in enumerate(tables):
        yield ("\n" if i or table.headline else "") + captions(table, about) + "\n\n"
        yield from _table(table, about, f"dcevents {table.name}{table.options} -f csv")


def _document(document: Document, about: Circumstances) -> Iterator[str]:
    yield visible(document.title) + when(about) + "\n"
    for section in document.sections:
        yield "\n" + (f"{visible(section.title)}\n" if section.title else "")
        yield from _section(section, about)


def _section(section: Section, about: Circumstances) -> Iterator[str]:
    """A section below its heading, to which it is indented."""
    indent = _INDENT if section.title else ""
    room = (about.width or _PAPER) - len(indent)
    for paragraph in section.text:
        yield textwrap.indent(_filled(paragraph, room), indent)
    labels = max((width(visible(label)) for label, _ in section.figures), default=0)
    for label, text in section.figures:
        yield textwrap.indent(_filled(text, room, f"{_padded(visible(label), labels)}  "), indent)
    if section.table is not None:
        yield "\n" if section.text or section.figures else ""
        limited = replace(about, width=about.width and about.width - len(indent))
        for piece in _table(section.table, limited, f"dcevents {about.name} -f json"):
            yield textwrap.indent(piece, indent)


def _filled(text: str, room: int, label: str = "") -> str:
    """A paragraph, or the text beside a label, in lines of at most so many columns."""
    hanging = " " * width(label)
    return (
        textwrap.fill(
            visible(text),
            max(room, len(label) + _NARROW),
            initial_indent=label,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
    )


def _padded(text: str, room: int) -> str:
    return text + " " * (room - width(text))


def _headline(figures: Sequence[tuple[str, str]], about: Circumstances) -> str:
    title = "Summary" + when(about)
    room = max(len(label) for label, _ in figures)
    return "\n".join([title, "", *(f"{label:<{room}}  {text}" for label, text in figures)]) + "\n"


def _table(table: Table, about: Circumstances, instead: str) -> Iterator[str]:
    """A table's lines; `instead` is the command that has all columns, where there are too many."""
    if table.rows.is_empty():
        yield "Nothing to report.\n"
        return
    body = lines(table, about)
    page = list(islice(body, _PAGE))
    last = total_line(table, about)
    all_lines = page if last is None else [*page, last]
    headings = [column.title.replace("\u00ad", "").split(" ") for column in table.columns]
    if _excess(_widths(headings, all_lines), about.width):
        headings = [_divided(column.title) for column in table.columns]
    widths = _fitting(table.columns, _widths(headings, all_lines), about.width)
    while page:
        following = list(islice(body, _PAGE))
        yield _laid_out(table.columns, headings, page, None if following else last, widths)
        page = following
    if note := footnote(
        table, [column for column, room in zip(table.columns, widths, strict=True) if room]
    ):
        yield f"\n{note}\n"
    hidden = [column.name for column, room in zip(table.columns, widths, strict=True) if room == 0]
    if hidden:
        note = f"Too narrow for: {', '.join(hidden)}. They are in: {instead}"
        yield "\n" + textwrap.fill(note, about.width or 80, break_on_hyphens=False) + "\n"


def _divided(title: str) -> list[str]:
    """A heading's lines, its words divided where they may be."""
    lines = []
    for word in title.split(" "):
        *parts, rest = word.split("\u00ad")
        lines += [f"{part}-" for part in parts] + [rest]
    return lines


def _widths(headings: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(*map(width, lines), *(width(row[i]) for row in body))
        for i, lines in enumerate(headings)
    ]


def _fitting(columns: Sequence[Column], wanted: Sequence[int], room: int | None) -> list[int]:
    """The width of each column; 0 for one that is not shown. Long texts give way first, then the lesser columns."""
    widths = list(wanted)
    _narrow(widths, columns, room, _NARROW)
    narrowed, hidden = list(widths), []
    for i in sorted(range(1, len(columns)), key=lambda i: (columns[i].rank, -i)):
        if _excess(widths, room) and sum(map(bool, widths)) > _FEWEST:
            hidden.append(_together(columns, i))
            _show(widths, hidden[-1], [0] * len(widths))
    _fill(
        widths,
        [group for group in reversed(hidden) if columns[group[0]].rank],
        columns,
        narrowed,
        room,
    )
    _narrow(widths, columns, room, _NARROWEST)
    return widths


def _fill(
    widths: list[int],
    hidden: Sequence[Sequence[int]],
    columns: Sequence[Column],
    wanted: Sequence[int],
    room: int | None,
) -> None:
    """Show hidden columns for which there is room after all: a wide one that went last may have left it."""
    for group in hidden:
        _show(widths, group, wanted)
        for i in group:
            if columns[i].is_text:
                widths[i] = max(min(widths[i], _NARROWEST), widths[i] - _excess(widths, room))
        if _excess(widths, room):
            _show(widths, group, [0] * len(widths))


def _show(widths: list[int], group: Sequence[int], wanted: Sequence[int]) -> None:
    for i in group:
        widths[i] = wanted[i]


def _together(columns: Sequence[Column], i: int) -> list[int]:
    """The columns that go with one: of a bound the other one, which says nothing by itself."""
    rate = columns[i].bounds
    return [
        j
        for j, column in enumerate(columns)
        if j == i or (rate is not None and column.bounds == rate)
    ]


def _narrow(widths: list[int], columns: Sequence[Column], room: int | None, least: int) -> None:
    texts = [i for i, column in enumerate(columns) if column.is_text]
    for i in sorted(texts, key=lambda i: -widths[i]):
        if widths[i] > least:
            widths[i] = max(least, widths[i] - _excess(widths, room))


def _excess(widths: Sequence[int], room: int | None) -> int:
    """By how much the columns are too wide."""
    needed = sum(each + _GAP for each in widths if each) - _GAP
    return max(0, needed - room) if room is not None else 0


def _laid_out(
    columns: Sequence[Column],
    headings: Sequence[list[str]],
    body: Sequence[Sequence[str]],
    last: Sequence[str] | None,
    widths: Sequence[int],
) -> str:
    from tabulate import tabulate  # noqa: PLC0415 - not for `--help`

    shown = [i for i, room in enumerate(widths) if room]
    rule = ["-" * widths[i] for i in shown]
    ending = [] if last is None else [rule, [_cut(last[i], widths[i]) for i in shown]]
    # Headings as rows: as headings, tabulate would make each column wider by two.
    text = tabulate(
        [
            *_stacked([headings[i] for i in shown]),
            rule,
            *([_cut(row[i], widths[i]) for i in shown] for row in body),
            *ending,
        ],
        tablefmt="plain",
        colalign=["left" if is_left(columns[i]) else "right" for i in shown],
        disable_numparse=True,
    )
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _stacked(headings: Sequence[list[str]]) -> list[list[str]]:
    """The rows of the headings, which stand on the rule."""
    height = max(map(len, headings))
    padded = [[""] * (height - len(lines)) + lines for lines in headings]
    return [[lines[i] for lines in padded] for i in range(height)]


def _cut(cell: str, room: int) -> str:
    if width(cell) <= room:
        return cell
    kept = cell
    while width(kept) > room - 1:
        kept = kept[:-1]
    return kept + "…"


FORMAT = Format("table", (".txt",), _render, 10, _document)
