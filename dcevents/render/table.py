"""For people: headings in words, percentages, durations, a total; cut to the terminal where there is one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from dcevents.render._base import Circumstances, Format
from dcevents.render._cells import captions, is_left, lines, total_line
from dcevents.show import width

if TYPE_CHECKING:
    from dcevents.reports._base import Column, Table

_GAP = 2
_NARROW = 20
_NARROWEST = 10
_PAGE = 5000
"""Rows that are laid out together, under a heading of their own."""


def _render(tables: Sequence[Table], about: Circumstances) -> Iterator[str]:
    for table in tables:
        if table.headline:
            yield _headline(table.headline, about)
    for i, table in enumerate(tables):
        yield ("\n" if i or table.headline else "") + captions(table, about) + "\n\n"
        yield from _table(table, about)


def _headline(figures: Sequence[tuple[str, str]], about: Circumstances) -> str:
    title = "Summary" + (f", {about.period}" if about.period else "")
    room = max(len(label) for label, _ in figures)
    return "\n".join([title, "", *(f"{label:<{room}}  {text}" for label, text in figures)]) + "\n"


def _table(table: Table, about: Circumstances) -> Iterator[str]:
    if table.rows.is_empty():
        yield "Nothing to report.\n"
        return
    body = lines(table, about)
    page = list(islice(body, _PAGE))
    last = total_line(table, about)
    widths = _fitting(table.columns, page if last is None else [*page, last], about.width)
    while page:
        following = list(islice(body, _PAGE))
        yield _laid_out(table.columns, page, None if following else last, widths)
        page = following
    hidden = [column.name for column, room in zip(table.columns, widths, strict=True) if room == 0]
    if hidden:
        note = f"Not shown for want of room: {', '.join(hidden)}. -f csv has all."
        yield "\n" + textwrap.fill(note, about.width or 80, break_on_hyphens=False) + "\n"


def _fitting(columns: Sequence[Column], body: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """The width of each column; 0 for one that is not shown. Long names give way first, then the rightmost."""
    widths = [max(*map(width, _heading(column)), *(width(row[i]) for row in body)) for i, column in enumerate(columns)]
    texts = [i for i, column in enumerate(columns) if column.is_text]
    for narrowest in (_NARROW, _NARROWEST):
        for i in sorted(texts, key=lambda i: -widths[i]):
            if widths[i] > narrowest:
                widths[i] = max(narrowest, widths[i] - _excess(widths, room))
    for i in range(len(columns) - 1, 1, -1):
        if _excess(widths, room) > 0:
            widths[i] = 0
    return widths


def _excess(widths: Sequence[int], room: int | None) -> int:
    """By how much the columns are too wide."""
    needed = sum(each + _GAP for each in widths if each) - _GAP
    return max(0, needed - room) if room is not None else 0


def _heading(column: Column) -> list[str]:
    """A heading's lines: one for each of its words."""
    return column.title.split(" ")


def _laid_out(
    columns: Sequence[Column], body: Sequence[Sequence[str]], last: Sequence[str] | None, widths: Sequence[int]
) -> str:
    from tabulate import SEPARATING_LINE, tabulate  # noqa: PLC0415 - not for `--help`

    shown = [i for i, room in enumerate(widths) if room]
    rows: list[list[str] | str] = [[_cut(row[i], widths[i]) for i in shown] for row in body]
    if last is not None:
        rows += [SEPARATING_LINE, [_cut(last[i], widths[i]) for i in shown]]
    text = tabulate(
        rows,
        headers=["\n".join(_heading(columns[i])) for i in shown],
        tablefmt="simple",
        colalign=["left" if is_left(columns[i]) else "right" for i in shown],
        disable_numparse=True,
    )
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _cut(cell: str, room: int) -> str:
    if width(cell) <= room:
        return cell
    kept = cell
    while width(kept) > room - 1:
        kept = kept[:-1]
    return kept + "…"


FORMAT = Format("table", (".txt",), _render, 10)
