"""Tables as Parquet: times, days and figures with types of their own."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dcevents.render._long import (
    LONG_COLUMNS,
    list_figures,
    list_totals,
    slice_labelled_rows,
)
from dcevents.tables import round_values

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Column, Table

_NAMED_DAYS: Final = ("month", "weekday")
"""Columns of the kind `day` whose values are names, and no dates."""
_NUMBER_KINDS: Final = ("count", "rate", "seconds", "number")
_TYPES: Final = {"count": pl.Int64, "rate": pl.Float64, "seconds": pl.Float64, "flag": pl.Boolean}
"""Types by kind, also where a table has no rows to tell them."""


def write_parquet(tables: Sequence[Table], context: RenderContext) -> Iterator[bytes]:
    """Yield a Parquet file of a table, or of several in the long form."""
    frame = _convert_table(tables[0]) if len(tables) == 1 else _lengthen_tables(tables)
    buffer = io.BytesIO()
    about = {"dcevents.report": context.report_name, "dcevents.tz": context.tz.key}
    frame.write_parquet(buffer, metadata=about)
    yield buffer.getvalue()


def _convert_table(table: Table) -> pl.DataFrame:
    return pl.DataFrame([_convert_values(table.rows[each.name], each) for each in table.columns])


def _convert_values(values: pl.Series, column: Column) -> pl.Series:
    """Return a column with the type of its kind."""
    if column.kind == "time":
        return values.cast(pl.Int64).cast(pl.Datetime("ms", "UTC"))
    if column.kind in _TYPES:
        return round_values(values, column).cast(_TYPES[column.kind])
    if column.kind == "number":
        return values.cast(pl.Int64)
    texts = values.cast(pl.String)
    is_date = column.kind == "day" and column.name not in _NAMED_DAYS
    return texts.str.to_date("%Y-%m-%d") if is_date else texts


def _lengthen_tables(tables: Sequence[Table]) -> pl.DataFrame:
    """Return report, metric, value (a number) and row, and words; totals first, without a row."""
    names = (*LONG_COLUMNS, "words")
    types = (pl.String, pl.String, pl.Float64, pl.String, pl.String)
    schema = dict(zip(names, types, strict=True))
    totals = [
        (name, each.name, *_split_words(each, value), None)
        for name, each, value in list_totals(tables)
    ]
    columns = ("report", "metric", "value", "words", "row")
    parts = [pl.DataFrame(totals, {name: schema[name] for name in columns}, orient="row")]
    for table in tables:
        for labels, rows in slice_labelled_rows(table):
            # A row's figures stand together.
            figures = [_pick_figure(rows, each, labels) for each in list_figures(table)]
            long = pl.concat(figures).sort("place", maintain_order=True)
            long = long.with_columns(pl.lit(table.name).alias("report"))
            parts.append(long.select(columns))
    return pl.concat(parts).select(names)


def _split_words(column: Column, value: Any) -> tuple[float | None, str | None]:  # noqa: ANN401
    if column.kind in _NUMBER_KINDS:
        return value, None
    return None, None if value is None else str(value)


def _pick_figure(rows: pl.DataFrame, column: Column, labels: Sequence[str]) -> pl.DataFrame:
    """Return one figure of all rows, with their places and labels."""
    values, is_number = rows[column.name], column.kind in _NUMBER_KINDS
    nothing = pl.Series([None] * rows.height)
    return pl.DataFrame(
        {
            "place": range(rows.height),
            "metric": pl.Series([column.name] * rows.height, dtype=pl.String),
            "value": (values if is_number else nothing).cast(pl.Float64),
            "words": (nothing if is_number else values).cast(pl.String),
            "row": pl.Series(labels, dtype=pl.String),
        }
    )
