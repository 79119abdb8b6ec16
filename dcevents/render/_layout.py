"""A page of a table as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from dcevents.render._cells import is_left_aligned
from dcevents.render._texts import choose_cut
from dcevents.show import measure_widths

if TYPE_CHECKING:
    from dcevents.tables import Column

_GAP = "  "
_END = "|"
"""Stands behind cells that tabulate pads: it leaves out spaces at the end of a line."""
_ESCAPE = "\x1b"
_BOLD, _FAINT, _SHADED, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[97;44m", "\x1b[0m"


def lay_out_page(
    columns: Sequence[Column],
    headings: Sequence[list[str]],
    body: Sequence[Sequence[str]],
    total: Sequence[str] | None,
    widths: Sequence[int],
) -> list[str]:
    """Return the lines of a page, without columns of width 0.

    Headings, a rule, the rows, and the total if there is one. `body` has the cells of each column.
    """
    height = measure_headings(headings, widths)
    padded = []
    for i, width in enumerate(widths):
        if width:
            cells = [*body[i]] if total is None else [*body[i], total[i]]
            above = [""] * (height - len(headings[i])) + headings[i]
            lines = [*above, "─" * width, *_cut_cells(columns[i], cells, width)]
            padded.append(_pad_cells(lines, is_left=is_left_aligned(columns[i])))
    return [_GAP.join(line).rstrip() for line in zip(*padded, strict=True)]


def measure_headings(headings: Sequence[list[str]], widths: Sequence[int]) -> int:
    """Return how many lines the headings of shown columns take."""
    return max(len(lines) for lines, width in zip(headings, widths, strict=True) if width)


def _cut_cells(column: Column, cells: Sequence[str], width: int) -> Sequence[str]:
    """Return the cells of a column, texts cut to its width.

    Numbers are never cut: where a later page has greater ones, its columns are wider.
    """
    if not column.is_text or max(measure_widths(cells), default=0) <= width:
        return cells
    return list(map(choose_cut(cells, width, at_end=column.is_code), cells))


def _pad_cells(cells: Sequence[str], *, is_left: bool) -> list[str]:
    """Return the cells of a column, all as wide as the widest.

    Only tabulate knows how wide others than those of ASCII are; it takes ten times as long.
    """
    distinct = {cell: cell.strip() for cell in dict.fromkeys(cells)}
    plain = {cell for cell in distinct if cell.isascii() and _ESCAPE not in cell}
    odd = [cell for cell in distinct if cell not in plain]
    least = max((len(distinct[cell]) for cell in plain), default=0)
    table = [[distinct[cell], _END] for cell in odd]
    align = "left" if is_left else "right"
    text = tabulate(
        [*table, ["─" * least, _END]],
        tablefmt="plain",
        colalign=[align, "left"],
        disable_numparse=True,
    )
    *odd_lines, rule = (line.removesuffix(_GAP + _END) for line in text.splitlines())
    pad = str.ljust if is_left else str.rjust
    padded = {cell: pad(distinct[cell], len(rule)) for cell in plain}
    padded |= zip(odd, odd_lines, strict=True)
    return list(map(padded.__getitem__, cells))


def lay_out_rule(widths: Sequence[int]) -> str:
    """Return the line between rows and total."""
    return _GAP.join("─" * width for width in widths if width)


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
