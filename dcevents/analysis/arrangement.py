"""The rows and columns of a table that are written: `--sort`, `--top`, `--columns`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from dcevents.errors import UsageError

if TYPE_CHECKING:
    from dcevents.settings import Arrangement
    from dcevents.tables import Column, Table


def arrange_tables(tables: Sequence[Table], arrangement: Arrangement) -> list[Table]:
    """Return tables with the rows and columns that are wanted. Totals stay of all.

    Of several tables, people do not get those that have none of the wanted figures, and those that
    have not the column to sort by stay in their order.
    """
    if len(tables) == 1:
        return [arrange_table(tables[0], arrangement)]
    arranged = []
    for table in tables:
        names = {column.name for column in table.columns}
        figures = names.intersection(arrangement.columns).difference(table.keys)
        sort = arrangement.sort if arrangement.sort in names else None
        if table.is_in_order:
            wanted = arrangement._replace(sort=None, top=None)
        else:
            wanted = arrangement._replace(sort=sort)
        found = arrange_table(table, wanted)
        is_hidden = bool(arrangement.columns) and not figures
        arranged.append(replace(found, is_hidden=is_hidden))
    first = next((i for i, table in enumerate(arranged) if not table.is_hidden), 0)
    arranged[first] = replace(arranged[first], headline=tables[0].headline)
    return arranged


def arrange_table(table: Table, arrangement: Arrangement) -> Table:
    """Return a table with the rows and columns that are wanted."""
    if arrangement.sort is not None:
        table = _sort_rows(table, arrangement.sort, is_ascending=arrangement.is_ascending)
    if arrangement.top is not None:
        table = keep_first_rows(table, arrangement.top)
    return _choose_columns(table, arrangement.columns) if arrangement.columns else table


def _sort_rows(table: Table, name: str, *, is_ascending: bool) -> Table:
    """Sort rows by a column, ties in the order that they have; nulls last."""
    column = next((each for each in table.columns if each.name == name), None)
    if column is None:
        raise UsageError(f"--sort: there is no column {name} here")
    key = _rank_words(column) if column.words else pl.col(name)
    # The words' first is what asks for attention first.
    is_descending = is_ascending if column.words else not is_ascending
    rows = table.rows.sort(key, descending=is_descending, nulls_last=True, maintain_order=True)
    return replace(table, rows=rows)


def _rank_words(column: Column) -> pl.Expr:
    places = {word: i for i, word in enumerate(column.words)}
    return (
        pl.col(column.name)
        .cast(pl.String)
        .replace_strict(places, default=None, return_dtype=pl.Int64)
    )


def keep_first_rows(table: Table, count: int) -> Table:
    """Return a table's first rows; of a table of several lines for each key, the first keys."""
    words = {column.name for column in table.columns if column.words}
    keys = [name for name in table.keys if name not in words]
    if keys == list(table.keys) or not keys:
        hidden = max(0, table.rows.height - count)
        return replace(table, rows=table.rows.head(count), hidden_rows=table.hidden_rows + hidden)
    numbers = table.rows.select(pl.struct(keys).rank("dense")).to_series()
    order = numbers.unique(maintain_order=True)
    kept = numbers.is_in(order.head(count).implode())
    hidden = max(0, order.len() - count)
    rows = table.rows.filter(kept)
    return replace(table, rows=rows, hidden_rows=table.hidden_rows + hidden)


def _choose_columns(table: Table, names: Sequence[str]) -> Table:
    """Return a table with only some figures behind the key columns, in their order."""
    places = {column.name: column for column in table.columns}
    keys = [column for column in table.columns if column.name in table.keys]
    figures = [places[name] for name in names if name in places and name not in table.keys]
    # People get what was asked for, too.
    return replace(table, columns=[*keys, *figures], total_columns=(), simplify=None)
