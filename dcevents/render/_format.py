"""A format: tables or a document to text. Formats know no report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dcevents.tables import round_values

if TYPE_CHECKING:
    import polars as pl

    from dcevents.tables import Document, Table

SLICE_ROWS = 20_000
"""Rows that are written at once."""


@dataclass(frozen=True)
class RenderContext:
    """A report's name and input, and the output's properties."""

    report_name: str
    meta: Mapping[str, Any]
    """`version`, `as_of`, `tz`, `window` and `input` as the JSON format has them."""
    tz: ZoneInfo
    period: str | None = None
    """The window in words, for tables."""
    compared_period: str | None = None
    """The window that it is compared with, likewise."""
    width: int | None = None
    """Columns that a line may take; None: as many as it needs."""
    is_terminal: bool = False
    """A terminal is, or may be, written to: texts are made safe for it."""
    is_interactive: bool = False
    """Somebody reads the output on a terminal, a screen at a time."""
    uses_colour: bool = False
    arguments: Sequence[str] | None = None
    """Options and operands that select what is shown; None where the input is gone once read."""
    guards_formulas: bool = True
    excel: bool = False
    delimiter: str = ","
    decimal: str = "."
    """Between whole numbers and decimals, in separated values."""


@dataclass(frozen=True)
class Format:
    """A value of `--format`."""

    name: str
    suffixes: tuple[str, ...]
    write_tables: Callable[[Sequence[Table], RenderContext], Iterator[str]]
    order: int
    """The place in lists of formats: lower numbers first."""
    write_document: Callable[[Document, RenderContext], Iterator[str]] | None = None
    """Writes documents, in a format that can."""
    writes_grids: bool = False
    """Writes grids; else their tables stay long."""
    is_for_screens: bool = False
    """Is read on a terminal, a screen at a time."""

    def write(self, made: Sequence[Table] | Document, context: RenderContext) -> Iterator[str]:
        """Return a report as pieces of text.

        Raises ValueError for a document in a format that writes none.
        """
        if isinstance(made, Sequence):
            return self.write_tables(made, context)
        if self.write_document is None:
            raise ValueError(f"{context.report_name} is a document, which {self.name} cannot write")
        return self.write_document(made, context)


def slice_rows(table: Table) -> Iterator[pl.DataFrame]:
    """Yield a table's rounded rows, some at a time.

    As formats other than tables write them.
    """
    for part in table.rows.iter_slices(SLICE_ROWS):
        yield part.select([round_values(part[column.name], column) for column in table.columns])


def list_rows(table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Yield a table's rows as tuples, some at a time."""
    for part in slice_rows(table):
        yield part.rows()
