"""Listings: one row for each conversation, session, attempt or event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from dcevents.tables import Chart, Column, Table

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View
    from dcevents.reports._report import Maker, PartsMaker


_FIGURE_KINDS = ("count", "rate", "seconds", "number")


def list_column_figures(columns: Sequence[Column]) -> list[Column]:
    """Return the numbers of a listing, and its number of rows."""
    return [
        *(column for column in columns if column.kind in _FIGURE_KINDS),
        Column("rows", "count", "Rows"),
    ]


def define_listing(
    name: str,
    columns: Sequence[Column],
    rows: Callable[[View], pl.DataFrame],
    keys: Sequence[str],
    chart: Chart,
) -> Maker:
    """Return a report's `make` that shows a frame.

    `keys` are the columns that identify a row.
    """

    def make_tables(view: View, _by: Sequence[str]) -> list[Table]:
        shown = rows(view).select(column.name for column in columns)
        return [Table(name, columns, shown, keys=keys, charts=[chart])]

    return make_tables


def define_parts(
    name: str,
    columns: Sequence[Column],
    parts: Callable[[View], Iterator[pl.DataFrame]],
    keys: Sequence[str],
) -> PartsMaker:
    """Return a report's `make_parts` that shows frames, of which there is at least one.

    The first with rows is made at once, and those behind it as they are written. `keys` are the
    columns that identify a row.
    """

    def make_table(view: View) -> Table:
        rest = iter(parts(view))
        first = next(rest)
        while first.is_empty() and (further := next(rest, None)) is not None:
            first = further
        return Table(name, columns, first, keys=keys, parts=chain([first], rest))

    return make_table
