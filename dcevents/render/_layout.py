"""A page of a table as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from dcevents.render._cells import is_left_aligned
from dcevents.render._texts import choose_cut

if TYPE_CHECKING:
    from dcevents.tables import Column

_BOLD, _FAINT, _SHADED, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[97;44m", "\x1b[0m"


def lay_out_page(
    columns: Sequence[Column],
    headings: Sequence[list[str]],
    body: Sequence[Sequence[str]],
    total: Sequence[str] | None,
    widths: Sequence[int],
) -> list[str]:
    """Return the lines of a page, without columns of width 0.

    Headings, a rule, the rows, and the total if there is one.
    """
    shown = [i for i, width in enumerate(widths) if width]
    lines = [*body] if total is None else [*body, total]
    cells = _cut_cells([columns[i] for i in shown], lines, shown, widths)
    rule = ["─" * widths[i] for i in shown]
    # Headings as rows: as headings, tabulate would make each column wider by two.
    text = tabulate(
        [*_stack_headings([headings[i] for i in shown]), rule, *cells],
        tablefmt="plain",
        colalign=["left" if is_left_aligned(columns[i]) else "right" for i in shown],
        disable_numparse=True,
    )
    return [line.rstrip() for line in text.splitlines()]


def _cut_cells(
    columns: Sequence[Column],
    lines: Sequence[Sequence[str]],
    shown: Sequence[int],
    widths: Sequence[int],
) -> list[tuple[str, ...]]:
    """Return the shown cells of lines, texts cut to the width of their column.

    Numbers are never cut: where a later page has greater ones, its columns are wider.
    """
    found = []
    for column, i in zip(columns, shown, strict=True):
        cells = [line[i] for line in lines]
        if column.is_text:
            cut = choose_cut(cells, widths[i], at_end=column.is_code)
            cells = list(map(cut, cells))
        found.append(cells)
    return list(zip(*found, strict=True))


def lay_out_rule(widths: Sequence[int]) -> str:
    """Return the line between rows and total."""
    return "  ".join("─" * width for width in widths if width)


def emphasise(line: str, *, uses_colour: bool) -> str:
    """Return a line of headings or totals, bold on a terminal."""
    return f"{_BOLD}{line}{_PLAIN}" if uses_colour and line else line


def soften(line: str, *, uses_colour: bool) -> str:
    """Return a rule or a note, faint on a terminal."""
    return f"{_FAINT}{line}{_PLAIN}" if uses_colour and line else line


def shade(cell: str, share: float) -> str:
    """Return a cell with a colour behind a share of its width."""
    end = round(share * len(cell))
    return f"{_SHADED}{cell[:end]}{_PLAIN}{cell[end:]}" if end else cell


def _stack_headings(headings: Sequence[list[str]]) -> list[list[str]]:
    """Return headings as rows of cells; short ones are empty above."""
    height = max(map(len, headings))
    padded = [[""] * (height - len(lines)) + lines for lines in headings]
    return [[lines[i] for lines in padded] for i in range(height)]
