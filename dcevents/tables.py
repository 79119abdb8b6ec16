"""Tables and documents, which reports make and formats write.

Plain data, without an import of polars.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dcevents.show import DECIMALS, NO_FIGURE, round_figure

if TYPE_CHECKING:
    import polars as pl

ColumnKind = Literal["text", "word", "count", "rate", "seconds", "time", "flag", "day", "number"]
"""How values are written: rates and seconds are rounded, times are milliseconds since 1970.

Texts may be strangers'; words are the program's own.
"""


ESSENTIAL = 3
"""The priority of what no table leaves out: keys, the first count, the main rate."""


class Column(NamedTuple):
    """A column of a report: name (a contract), kind, and heading in whole words."""

    name: str
    kind: ColumnKind
    title: str
    priority: int = 1
    """In a narrow table columns of priority 0 go first, ESSENTIAL ones never."""
    base_column: str | None = None
    """Of a rate: the column of rows and total, unshown, with the number it is a part of."""
    bounded_rate: str | None = None
    """Of a bound: its rate, whose two bounds are shown together or not at all."""
    words: tuple[str, ...] = ()
    """Of a word: what it may be, in an order of its own."""
    is_change: bool = False
    """A difference, of rates in points: it may be less than 0."""
    former_column: str | None = None
    """Of a change: the column of rows and total with the figure before."""
    required_options: tuple[str, ...] = ()
    """Of a report's figures: options that bring the column in, as on the command line."""
    name_column: str | None = None
    """Of an id: the column with its name, which stands for it where there is no room."""
    narrow_width: int = 15
    """Of texts: the width that they are cut to before columns of their rank are left out."""
    is_code: bool = False
    """Of texts: known by their beginning, which is what is kept of them."""
    is_address: bool = False
    """Of texts: URLs, whose common host tables show once."""
    is_main: bool = False
    """The rate that the report is about."""
    has_logged_title: bool = False
    """The heading is a name or an id of the log."""

    @property
    def is_text(self) -> bool:
        """Return whether its values may be strangers' words."""
        return self.kind == "text"


ChartForm = Literal["rates", "counts", "parts", "steps", "heat", "tally", "spread"]
"""What a chart shows of a table's rows.

`rates`: a rate of each row, with its interval; `counts`: numbers side by side; `parts`: numbers
that add up, one on the other; `steps`: a funnel; `heat`: a number by two keys, and a second one;
`tally`: how many rows have each word; `spread`: how many lie within each span.
"""


class Chart(NamedTuple):
    """A picture that suits a table, as data: formats draw it."""

    form: ChartForm
    figures: tuple[str, ...]
    """The columns that are drawn."""
    limit: float | None = None
    """A value on the axis of figures that is marked by a line; of a spread, a place in its rows."""
    limit_words: str = ""
    """What the line is."""
    title: str = ""
    """What it shows, where that is more than its first figure."""


@dataclass(eq=False)
class Table:
    """A report's rows in order, and the total of grouped reports.

    Both may have more columns than are shown.
    """

    name: str
    columns: Sequence[Column]
    rows: pl.DataFrame
    """Of a table that is written in parts: its first rows, which say whether there are any."""
    by: Sequence[str] = ()
    total: Mapping[str, Any] | None = None
    headline: Sequence[tuple[str, str]] = ()
    """Label and text of figures to be shown above it."""
    hidden_rows: int = 0
    """Rows behind those that are shown."""
    is_hidden: bool = False
    """People do not get it: it has none of the figures that are wanted."""
    keys: Sequence[str] = ()
    """Columns that identify a row."""
    grid_of: str | None = None
    """The heading of a grid's figure. The headings of its columns are values of the log, and it
    has its row of totals in every format."""
    total_columns: Sequence[Column] = ()
    """Columns that only the total has."""
    notes: Sequence[str] = ()
    """Sentences for people, below it."""
    simplify: Callable[[Table], Table] | None = None
    """Makes the table that people get in its place."""
    charts: Sequence[Chart] = ()
    """Pictures of it, the main one first."""
    section: str = ""
    """Of a page: the heading that it stands under, with those before it."""
    command: Sequence[str] = ()
    """Of a page: the report that makes it, and options of its own."""
    is_in_order: bool = False
    """Of a page: its rows have an order of their own, and all of them are shown."""
    unfit_options: Sequence[str] = ()
    """Of a page: options of the run that this report does not have."""
    parts: Iterable[pl.DataFrame] | None = None
    """All rows in order, made as they are written; None where `rows` has them.

    Only formats that say `writes_parts` get such a table.
    """

    def for_people(self) -> Table:
        """Return the table in the form for people."""
        return self if self.simplify is None else self.simplify(self)

    @property
    def every_column(self) -> list[Column]:
        """Return the columns of rows and total."""
        return [*self.columns, *self.total_columns]


class Section(NamedTuple):
    """A part of a document for people; each field may be empty."""

    title: str
    """Its heading; none in front of everything else."""
    paragraphs: Sequence[str] = ()
    """Sentences, which are filled to the width of the output."""
    figures: Sequence[tuple[str, str]] = ()
    """Label and text of each line."""
    table: Table | None = None


@dataclass(frozen=True, eq=False)
class Document:
    """A report that is no table: for programs, and for people.

    Texts of sections may be strangers' words: formats make them safe to show.
    """

    title: str
    """The heading, to which formats add the period and the zone."""
    members: Mapping[str, Any]
    """Members of the JSON object beside the envelope: rounded, times as text."""
    sections: Sequence[Section]
    figures: Mapping[str, float | None] = field(default_factory=dict)
    """What alerts may be about: the values of its report's `figures`, rounded."""


def choose_labels(
    names: Sequence[Any], ids: Sequence[Any], others: Sequence[str] = ()
) -> list[str]:
    """Return a text for each id, all different: its name, or where that is no one's own the id.

    Each id is there once. Names that are like one of the `others` give way, too.
    """
    id_texts = [NO_FIGURE if each is None else str(each) for each in ids]
    texts = [
        id_text if name is None else str(name)
        for name, id_text in zip(names, id_texts, strict=True)
    ]
    pairs = [*zip(texts, id_texts, strict=True)]
    counts = Counter([*others, *texts, *(id_text for text, id_text in pairs if text != id_text)])
    return [text if counts[text] == 1 else id_text for text, id_text in pairs]


def round_values(values: pl.Series, column: Column) -> pl.Series:
    """Return a column's values, rounded for formats other than tables."""
    if column.kind not in DECIMALS:
        return values
    # Nothing is -0.0.
    return values.cast(float).round(DECIMALS[column.kind]) + 0.0


def round_total(table: Table) -> dict[str, Any] | None:
    """Return a table's total, rounded for formats other than tables."""
    if table.total is None:
        return None
    return {
        column.name: _round_cell(table.total[column.name], column)
        for column in table.every_column
        if column.name in table.total
    }


def _round_cell(value: Any, column: Column) -> Any:  # noqa: ANN401 - a cell
    if value is None or column.kind not in DECIMALS:
        return value
    return round_figure(value, column.kind)
