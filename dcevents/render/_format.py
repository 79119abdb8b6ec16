"""A format: tables or a document to text or bytes. Formats know no report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from dcevents.tables import round_values

if TYPE_CHECKING:
    import polars as pl

    from dcevents.tables import Document, Table

Piece = TypeVar("Piece", str, bytes)
"""What a format writes."""
SLICE_ROWS = 20_000
"""Rows that are written at once."""


class RenderContext(NamedTuple):
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
    account_command: str | None = None
    """The command that says more about the input; None where that is gone once read."""
    guards_formulas: bool = True
    excel: bool = False
    delimiter: str = ","
    decimal: str = "."
    """Between whole numbers and decimals, in separated values."""
    made_at_ms: int = 0
    """The moment of the run, for formats that say when they were made."""
    meanings: Mapping[str, str] = {}
    """By the name of a column, what is counted, in a sentence."""


class Format(NamedTuple, Generic[Piece]):
    """A value of `--format`."""

    name: str
    suffixes: tuple[str, ...]
    write_tables: Callable[[Sequence[Table], RenderContext], Iterator[Piece]]
    order: int
    """The place in lists of formats: lower numbers first."""
    write_document: Callable[[Document, RenderContext], Iterator[Piece]] | None = None
    """Writes documents, in a format that can."""
    writes_parts: bool = False
    """Writes rows as they come, so that a table may have `parts`."""
    writes_grids: bool = False
    """Writes grids; else their tables stay long."""
    is_for_screens: bool = False
    """Is read on a terminal, a screen at a time."""
    is_page: bool = False
    """Shows all that a report has for a page, and not its tables only."""
    is_binary: bool = False
    """Its pieces are bytes, which no terminal is sent."""
    extra: str | None = None
    """The extra of the package that has its `modules`; None: it needs none."""
    modules: tuple[str, ...] = ()
    """What has to be installed, as it is imported."""

    def write(self, made: Sequence[Table] | Document, context: RenderContext) -> Iterator[Piece]:
        """Return a report as pieces of text or bytes.

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
    for rows in [table.rows] if table.parts is None else table.parts:
        for part in rows.iter_slices(SLICE_ROWS):
            yield part.select([round_values(part[column.name], column) for column in table.columns])


def list_rows(table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Yield a table's rows as tuples, some at a time."""
    for part in slice_rows(table):
        yield part.rows()
