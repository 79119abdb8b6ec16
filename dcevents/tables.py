"""Tables and documents: what a report makes and a format writes. Plain data; polars is imported by neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dcevents.show import DECIMALS, round_figure

if TYPE_CHECKING:
    import polars as pl

ColumnKind = Literal["text", "count", "rate", "seconds", "time", "flag", "day", "number"]
"""How a column's values are written: rates and seconds are rounded, times are milliseconds since 1970."""


@dataclass(frozen=True)
class Column:
    """A column of a report: its name (a contract), kind, and people's heading.

    Soft hyphens (U+00AD) in `title` say where a narrow heading may be divided.
    """

    name: str
    kind: ColumnKind
    title: str
    priority: int = 1
    """On a narrow terminal columns of rank 0 go first, those of rank 2 last."""
    base_column: str | None = None
    """Of a rate: where a table's rows and total have, unshown, of how many it is."""
    bounded_rate: str | None = None
    """Of a bound: the rate that it is of, whose two bounds are shown together or not at all."""
    required_options: tuple[str, ...] = ()
    """Of a report's figures: options without which it is not there, as on the command line."""

    @property
    def is_text(self) -> bool:
        """Whether its values may be strangers' words."""
        return self.kind == "text"


@dataclass
class Table:
    """A report's result: rows in order, and the total of grouped reports. Both may have more than `columns` shows."""

    name: str
    columns: Sequence[Column]
    rows: pl.DataFrame
    by: Sequence[str] = ()
    total: Mapping[str, Any] | None = None
    headline: Sequence[tuple[str, str]] = ()
    command_options: str = ""
    """What its columns need on the command line, with a space before it."""
    keys: Sequence[str] = ()
    """Columns that say which row it is."""


@dataclass(frozen=True)
class Section:
    """A part of a document for people: sentences, then figures with their labels, then a table; each may be absent."""

    title: str
    """Its heading; none in front of everything else."""
    paragraphs: Sequence[str] = ()
    """Paragraphs, which are filled to the width that there is."""
    figures: Sequence[tuple[str, str]] = ()
    """Label and text of each line."""
    table: Table | None = None


@dataclass(frozen=True)
class Document:
    """A report that is no table: what programs are given, and the same for people.

    Texts of sections may be strangers' words: formats make them safe to show.
    """

    title: str
    """The heading, to which formats add the period and the zone."""
    members: Mapping[str, Any]
    """What the JSON object has beside the envelope: plain data, rates and seconds rounded, times as text."""
    sections: Sequence[Section]
    figures: Mapping[str, float | None] = field(default_factory=dict)
    """What alerts may be on: the values of its report's `figures`, rounded."""


def round_column(column: Column) -> pl.Expr:
    """A column's values as formats other than tables write them."""
    import polars as pl  # noqa: PLC0415 - not for `--help`

    values = pl.col(column.name)
    if column.kind not in DECIMALS:
        return values
    return values.cast(pl.Float64).round(DECIMALS[column.kind]) + 0.0


def round_total(table: Table) -> dict[str, Any] | None:
    """The total of a table, rounded the same."""
    if table.total is None:
        return None
    return {
        c.name: _round_cell(table.total[c.name], c) for c in table.columns if c.name in table.total
    }


def _round_cell(value: Any, column: Column) -> Any:  # noqa: ANN401 - a cell
    return (
        value if value is None or column.kind not in DECIMALS else round_figure(value, column.kind)
    )
