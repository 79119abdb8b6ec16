"""Rows of a table as charts need them: a label, and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from dcevents.render._long import label_rows
from dcevents.render._texts import choose_cut, find_common_origin, strip_origin
from dcevents.show import make_visible

if TYPE_CHECKING:
    from dcevents.tables import Column, Table

MAX_BARS: Final = 15
"""Rows that are drawn as bars; the first are the largest."""
_DATE_LENGTH: Final = 10
_WORD_CHARACTERS: Final = 24


class Rate(NamedTuple):
    """A rate, the bounds of its interval, and the number it is a part of."""

    value: float | None
    low: float | None
    high: float | None
    base: int | None


def find_column(table: Table, name: str) -> Column | None:
    """Return a column of a table by its name."""
    return next((each for each in table.columns if each.name == name), None)


def list_keys(table: Table) -> list[Column]:
    """Return the key columns, without those of ids."""
    return [each for each in table.columns if each.name in table.keys and not each.name_column]


def list_rates(table: Table, column: Column) -> list[Rate]:
    """Return the rates of all rows; without bounds where there are none."""
    names = (column.name, f"{column.name}_low", f"{column.name}_high", column.base_column)
    nothing = [None] * table.rows.height
    series = [
        table.rows[name].to_list() if name and name in table.rows.columns else nothing
        for name in names
    ]
    return [Rate(*values) for values in zip(*series, strict=True)]


def list_former_rates(table: Table, column: Column) -> list[float | None] | None:
    """Return what the rates of all rows were in a window compared with; None without one."""
    name = f"{column.name}_before"
    return table.rows[name].to_list() if name in table.rows.columns else None


def read_total_rate(table: Table, column: Column) -> float | None:
    """Return the rate of all rows."""
    value = (table.total or {}).get(column.name)
    return None if value is None else float(value)


def list_numbers(table: Table, name: str) -> list[float]:
    """Return the numbers of a column, 0 for none."""
    return [float(value or 0) for value in table.rows[name].to_list()]


def count_words(values: pl.Series) -> list[tuple[str, int]]:
    """Return how often each value is there, the most frequent first, ties by their text."""
    counts = values.drop_nulls().cast(pl.String).value_counts().rows()
    ordered = sorted(counts, key=lambda row: (-row[1], row[0]))
    return [(make_visible(word)[:_WORD_CHARACTERS], count) for word, count in ordered]


def write_labels(table: Table, room: int) -> list[str]:
    """Return a label for each row, cut to so many characters and different where they can be."""
    keys = list_keys(table)
    labels = [make_visible(each) for each in label_rows(table)]
    if len(keys) == 1 and keys[0].is_address:
        found = find_common_origin(table.rows[keys[0].name])
        if found is not None:
            labels = [strip_origin(each, make_visible(found[0])) for each in labels]
    cut = choose_cut(labels, room, at_end=False)
    return [cut(each) for each in labels]


def read_days(table: Table) -> list[date] | None:
    """Return the days of a table by day or week; None of any other table."""
    keys = list_keys(table)
    if len(keys) != 1 or keys[0].kind != "day":
        return None
    texts = [str(each) for each in table.rows[keys[0].name].to_list()]
    if not texts or not all(len(each) == _DATE_LENGTH for each in texts):
        return None
    # Sorted by a figure, days are no time line.
    return [date.fromisoformat(each) for each in texts] if texts == sorted(texts) else None


def drop_untimed(table: Table) -> Table:
    """Return a table in time without the row of what has no time, which has no place in it."""
    keys = list_keys(table)
    if len(keys) != 1 or keys[0].kind not in ("day", "number"):
        return table
    return replace(table, rows=table.rows.filter(table.rows[keys[0].name].is_not_null()))


def is_in_time(table: Table) -> bool:
    """Return whether rows follow one another in time: by day, month, hour, …"""
    keys = list_keys(table)
    if len(keys) != 1 or keys[0].kind not in ("day", "number"):
        return False
    return table.rows[keys[0].name].is_sorted()


def keep_first(table: Table, count: int) -> tuple[Sequence[int], int]:
    """Return the places of the rows that are drawn, and the number of others."""
    height = table.rows.height
    return range(min(height, count)), max(0, height - count) + table.hidden_rows
