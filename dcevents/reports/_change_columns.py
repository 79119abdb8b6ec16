"""Columns that `--compare` brings: what a figure was, its change, the verdict. Without polars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dcevents.tables import Column

FORMER: Final = "_before"
"""Ends the names of the figures of the other window."""
_OPTION: Final = ("--compare",)
_CHANGING_KINDS: Final = ("count", "rate", "seconds")

VERDICTS: Final = ("worse", "gone", "unclear", "same", "new", "better")
"""What may be said of a change, what asks for attention first."""
VERDICT_COLUMN: Final = Column(
    "verdict", "word", "Verdict", words=VERDICTS, required_options=_OPTION
)

DIVISION_COLUMNS: Final = (
    Column("mix_change", "rate", "By the mix", is_change=True, required_options=_OPTION),
    Column("within_change", "rate", "Within them", is_change=True, required_options=_OPTION),
)
"""The parts of the change of an overall rate."""


def list_verdict_figures(*, is_divided: bool) -> list[Column]:
    """Return the figures of a report that has a main rate, beside the changes."""
    return [VERDICT_COLUMN, *(DIVISION_COLUMNS if is_divided else ())]


def list_change_columns(column: Column, *, with_intervals: bool) -> list[Column]:
    """Return the columns behind a figure: before, change, and the bounds of a rate's change."""
    name, title = column.name, column.title
    former_base = column.base_column and f"{column.base_column}{FORMER}"
    former = column._replace(
        name=f"{name}{FORMER}",
        title=f"{title} before",
        priority=0,
        is_main=False,
        base_column=former_base,
        required_options=_OPTION,
    )
    if column.kind not in _CHANGING_KINDS:
        return [former]
    change_base = column.base_column and f"{name}_change_base"
    change = Column(
        f"{name}_change",
        column.kind,
        f"{title} change",
        0,
        change_base,
        former_column=former.name,
        is_change=True,
        required_options=_OPTION,
    )
    return [former, change, *(_list_bounds(change) if with_intervals else ())]


def _list_bounds(change: Column) -> Sequence[Column]:
    return [
        Column(
            f"{change.name}_{end}",
            "rate",
            f"95 % {end}",
            0,
            bounded_rate=change.name,
            is_change=True,
            required_options=("--compare", "--intervals"),
        )
        for end in ("low", "high")
    ]
