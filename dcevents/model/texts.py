"""Numbers of texts in columns of polars: see `tables`."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from dcevents.model.numbers.tables import NativeTable, PythonTable, TextTable, make_text_table
from dcevents.native import arrow

NUMBER_TYPE: Final = pl.UInt32


def number_texts(table: TextTable, texts: pl.Series | Sequence[str]) -> pl.Series:
    """Return the number of each text, which may repeat; none is null."""
    texts = pl.Series(texts, dtype=pl.String)
    if isinstance(table, PythonTable):
        return pl.Series(table.number_list(texts.to_list()), dtype=NUMBER_TYPE)
    return arrow.number_texts(table.library, texts, NUMBER_TYPE, table.number_views)


def look_up_texts(table: TextTable, numbers: pl.Series) -> pl.Series:
    """Return the texts of numbers."""
    if isinstance(table, PythonTable):
        return list_texts(table).gather(numbers)
    with arrow.open_series(numbers) as (_, chunks):
        parts = [
            _copy_texts(table, arrow.find_values(each, NUMBER_TYPE), each.length) for each in chunks
        ]
    return pl.concat([pl.Series(dtype=pl.String), *parts])


def list_texts(table: TextTable) -> pl.Series:
    """Return all texts, in the order of their numbers."""
    if isinstance(table, PythonTable):
        return pl.Series(table.list_texts(), dtype=pl.String)
    return _copy_texts(table, None, len(table))


def list_members(table: TextTable, width: int, member: int) -> pl.Series:
    """Return one of the texts of each value, null for none: see `packed_texts`."""
    if isinstance(table, PythonTable):
        texts = pl.Series(table.list_members(width, member), dtype=pl.String)
    else:
        texts = arrow.make_texts(table.copy_members(width, member), len(table))
    return texts.set(texts == "", None)


def rank_texts(texts: pl.Series) -> pl.Series:
    """Return the rank of each text by code point, from 1 on; null for null. None is empty."""
    table = make_text_table()
    numbers = number_texts(table, texts.fill_null(""))
    ranks = arrow.copy_numbers(table.list_ranks(), NUMBER_TYPE)
    # The empty text is the first, where it stands for null.
    found = ranks.gather(numbers) + (0 if texts.null_count() else 1)
    return found.set(texts.is_null(), None).alias(texts.name)


def _copy_texts(table: NativeTable, numbers: int | None, count: int) -> pl.Series:
    return arrow.make_texts(table.copy_texts(numbers, count), count)
