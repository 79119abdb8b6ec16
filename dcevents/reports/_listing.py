"""Listings: one row for each thing, as a frame of the view has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dcevents.reports._base import Column, Table

if TYPE_CHECKING:
    import polars as pl

    from dcevents.view import View


def listing(
    name: str, columns: Sequence[Column], rows: Callable[[View], pl.DataFrame]
) -> Callable[[View, Sequence[str]], list[Table]]:
    """A report's `make` that shows a frame."""

    def make(view: View, _by: Sequence[str]) -> list[Table]:
        return [Table(name, columns, rows(view).select(column.name for column in columns))]

    return make
