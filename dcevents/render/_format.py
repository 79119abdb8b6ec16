"""What a format is: tables, or a document, and their circumstances → pieces of text. Formats know no report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dcevents.tables import round_column, round_total

if TYPE_CHECKING:
    import polars as pl

    from dcevents.tables import Column, Document, Table

_SLICE_ROWS = 20_000


@dataclass(frozen=True)
class RenderContext:
    """How and of what a report was made."""

    report_name: str
    meta: Mapping[str, Any]
    """`version`, `as_of`, `tz`, `window` and `input` as the JSON format has them."""
    tz: ZoneInfo
    period: str | None = None
    """The window in words, for tables."""
    terminal_width: int | None = None
    """Columns of the terminal that is written to; None where it is none."""
    is_terminal: bool = False
    guards_formulas: bool = True
    excel: bool = False
    delimiter: str = ","


@dataclass(frozen=True)
class Format:
    """A value of `--format`."""

    name: str
    suffixes: tuple[str, ...]
    write_tables: Callable[[Sequence[Table], RenderContext], Iterator[str]]
    order: int
    write_document: Callable[[Document, RenderContext], Iterator[str]] | None = None
    """How documents are written, in a format that can."""

    def write(self, made: Sequence[Table] | Document, about: RenderContext) -> Iterator[str]:
        """What a report has made, as text. A document in a format that cannot write any is a ValueError."""
        if isinstance(made, Sequence):
            return self.write_tables(made, about)
        if self.write_document is None:
            raise ValueError(f"{about.report_name} is a document, which {self.name} cannot write")
        return self.write_document(made, about)


def slice_rows(table: Table) -> Iterator[pl.DataFrame]:
    """A table's rows, some at a time, rates rounded to 6 decimals and seconds to 3."""
    columns = [round_column(column) for column in table.columns]
    yield from (part.select(columns) for part in table.rows.iter_slices(_SLICE_ROWS))


def list_rows(table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """The same as tuples."""
    for part in slice_rows(table):
        yield part.rows()


def list_totals(tables: Sequence[Table]) -> Iterator[tuple[str, str, Any, Column]]:
    """Several tables as (report, metric, value, column), of their totals: how `summary` is written in rows."""
    for table in tables:
        figures = round_total(table) or {}
        for column in table.columns:
            if column.name in figures:
                yield table.name, column.name, figures[column.name], column
