"""Several tables in the long form: report, metric, value, row. Totals first, with no row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.render._format import slice_rows
from dcevents.tables import choose_labels, round_total

if TYPE_CHECKING:
    import polars as pl

    from dcevents.tables import Column, Table

LONG_COLUMNS = ("report", "metric", "value", "row")


def list_totals(tables: Sequence[Table]) -> Iterator[tuple[str, Column, Any]]:
    """Yield report, column and value of each total."""
    for table in tables:
        figures = round_total(table) or {}
        for column in table.every_column:
            if column.name in figures:
                yield table.name, column, figures[column.name]


def list_figures(table: Table) -> list[Column]:
    """Return the columns of a table behind its keys."""
    return [column for column in table.columns if column.name not in table.keys]


def slice_labelled_rows(table: Table) -> Iterator[tuple[list[str], pl.DataFrame]]:
    """Yield a table's rounded rows, some at a time, with a label for each.

    There are none of a table without figures.
    """
    if not list_figures(table):
        return
    labels = label_rows(table)
    start = 0
    for part in slice_rows(table):
        yield labels[start : start + part.height], part
        start += part.height


def label_rows(table: Table) -> list[str]:
    """Return a text for each row: of its keys the names, or ids where names are alike."""
    keys = [column for column in table.columns if column.name in table.keys]
    id_of = {column.name_column: column for column in keys if column.name_column}
    ids = {column.name for column in id_of.values()}
    parts = [
        choose_labels(
            table.rows[column.name].to_list(),
            table.rows[id_of.get(column.name, column).name].to_list(),
        )
        for column in keys
        if column.name not in ids
    ]
    return [", ".join(texts) for texts in zip(*parts, strict=True)] or ["all"] * table.rows.height
