"""A page of a table as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from dcevents.render._cells import is_left_aligned
from dcevents.show import measure_width

if TYPE_CHECKING:
    from dcevents.tables import Column


def lay_out_page(
    columns: Sequence[Column],
    headings: Sequence[list[str]],
    body: Sequence[Sequence[str]],
    last_line: Sequence[str] | None,
    widths: Sequence[int],
) -> str:
    """Return the lines of a page, without columns of width 0."""
    shown = [i for i, width in enumerate(widths) if width]
    rule = ["-" * widths[i] for i in shown]
    lines = [*body] if last_line is None else [*body, last_line]
    cells = [[_cut_cell(row[i], widths[i]) for i in shown] for row in lines]
    if last_line is not None:
        cells.insert(-1, rule)
    # Headings as rows: as headings, tabulate would make each column wider by two.
    text = tabulate(
        [*_stack_headings([headings[i] for i in shown]), rule, *cells],
        tablefmt="plain",
        colalign=["left" if is_left_aligned(columns[i]) else "right" for i in shown],
        disable_numparse=True,
    )
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _stack_headings(headings: Sequence[list[str]]) -> list[list[str]]:
    """Return the rows of the headings, which stand on the rule."""
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
