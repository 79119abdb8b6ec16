"""Listings: one row for each thing, as a frame of the view has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dcevents.tables import Column, Table

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View


_FIGURE_KINDS = ("count", "rate", "seconds", "number")


def list_column_figures(columns: Sequence[Column]) -> list[Column]:
    """The numbers of a listing: those of its rows, and how many rows there are."""
    return [
        *(column for column in columns if column.kind in _FIGURE_KINDS),
        Column("rows", "count", "Rows"),
    ]


def make_listing(
    name: str, columns: Sequence[Column], rows: Callable[[View], pl.DataFrame], keys: Sequence[str]
) -> Callable[[View, Sequence[str]], list[Table]]:
    """A report's `make` that shows a frame; `keys` are the columns that say which row it is."""

    def make(view: View, _by: Sequence[str]) -> list[Table]:
        return [
            Table(name, columns, rows(view).select(column.name for column in columns), keys=keys)
        ]

    return make
