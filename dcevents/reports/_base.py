"""What a report is: plain data with functions of columns, so that describing one costs no import of polars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import polars as pl

    from dcevents.view import View

Kind = Literal["text", "count", "rate", "seconds", "time", "flag", "day", "number"]
"""How a column's values are written: rates and seconds are rounded, times are milliseconds since 1970."""


@dataclass(frozen=True)
class Column:
    """A column of a report: its name (a contract), kind, and people's heading.

    Soft hyphens (U+00AD) in `title` say where a narrow heading may be divided.
    """

    name: str
    kind: Kind
    title: str
    rank: int = 1
    """On a narrow terminal columns of rank 0 go first, those of rank 2 last."""
    base: str | None = None
    """Of a rate: where a table's rows and total have, unshown, of how many it is."""
    bounds: str | None = None
    """Of a bound: the rate that it is of, whose two bounds are shown together or not at all."""
    needs: tuple[str, ...] = ()
    """Of a report's figures: options without which it is not there, as on the command line."""

    @property
    def is_text(self) -> bool:
        """Whether its values may be strangers' words."""
        return self.kind == "text"


@dataclass(frozen=True)
class Metric:
    """A figure of a grouped report. `value` makes it from the rows of a group, or with `derived` from other figures.

    The function is given `polars.col`.
    """

    column: Column
    value: Callable[[Any], Any]
    derived: bool = False
    hidden: bool = False
    """Needed by other figures only."""
    where: Callable[[Any], Any] | None = None
    """The rows that it is made of, if not all."""
    within_id: Callable[[Any], Any] | None = None
    """The same figure, made more cheaply, where all rows of a group have one conversation id."""
    beside: tuple[Metric, ...] = ()
    """Figures that follow from the same ones: of a rate its base, and the bounds of its interval."""


@dataclass
class Table:
    """A report's result: rows in order, and the total of grouped reports. Both may have more than `columns` shows."""

    name: str
    columns: Sequence[Column]
    rows: pl.DataFrame
    by: Sequence[str] = ()
    total: Mapping[str, Any] | None = None
    headline: Sequence[tuple[str, str]] = ()
    options: str = ""
    """What its columns need on the command line, with a space before it."""
    keys: Sequence[str] = ()
    """Columns that say which row it is."""


@dataclass(frozen=True)
class Section:
    """A part of a document for people: sentences, then figures with their labels, then a table; each may be absent."""

    title: str
    """Its heading; none in front of everything else."""
    text: Sequence[str] = ()
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


@dataclass(frozen=True)
class Report:
    """A subcommand: what it prints and how it is computed. Found by `dcevents.reports.load`."""

    name: str
    help: str
    example: str
    make: Callable[[View, Sequence[str]], list[Table] | Document]
    default_by: str | None = None
    by: tuple[str, ...] = ()
    order: int = 100
    """Where it stands in lists of commands."""
    filters: tuple[str, ...] = ("conversation", "type", "ui_type", "page", "agent")
    outcomes: tuple[str, ...] = ()
    """What `--outcome` may be; none where there is no such option."""
    of_chats: bool = False
    """Whether its rows are made of live-chat attempts, which a window selects by their own start."""
    placed: bool = False
    """Whether it shows files and lines, so that these are kept."""
    sids: bool = True
    """Whether it shows sids, so that their texts are kept."""
    rated: bool = False
    """Whether it shows rates, so that there are `--intervals` and `--min-base`."""
    figures: Sequence[Column] = ()
    """What `--fail-if` may be about; without any there is no such option."""
    parts: Sequence[Report] = ()
    """The reports that it is put together from, whose figures are its own."""
    document: bool = False
    """Whether it makes a `Document`, so that it is offered in the formats that can write one."""
    operands: tuple[str, ...] = ()
    """Operands of its own, which stand before SOURCE: see `Settings.operands`."""
    without: tuple[str, ...] = ()
    """Options that mean nothing to it, so that it does not have them: names as in `options`, `window` for its three."""
    shows_map: bool = False
    """Whether it has `--show-map`."""
    of_anything: bool = False
    """Whether it is written also where the input is unusable: it says what was found instead."""

    def tables(self, view: View, by: Sequence[str]) -> list[Table]:
        """What it makes, of a report that makes tables; of another it is a TypeError."""
        made = self.make(view, by)
        if isinstance(made, Document):
            raise TypeError(f"{self.name} is a document")
        return made


def count(name: str, title: str, value: Callable[[Any], Any], *, rank: int = 1, **more: Any) -> Metric:  # noqa: ANN401
    """A number of things; `more` as in `Metric`."""
    return Metric(Column(name, "count", title, rank), value, **more)


def rate(name: str, title: str, part: str, base: Callable[[Any], Any], rank: int = 1) -> Metric:
    """A part of a base, made of other figures; null where the base is 0. Base and bounds stand `beside` it."""

    def value(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        return _or_null(col(part) / base(col))

    def bound(which: int) -> Callable[[Any], Any]:
        return lambda col: _or_null(wilson(col(part), base(col))[which])

    beside = (
        Metric(Column(f"{name}_base", "count", ""), base, derived=True, hidden=True),
        Metric(Column(f"{name}_low", "rate", "95% low", rank, bounds=name), bound(0), derived=True),
        Metric(Column(f"{name}_high", "rate", "95% high", rank, bounds=name), bound(1), derived=True),
    )
    return Metric(Column(name, "rate", title, rank, f"{name}_base"), value, derived=True, beside=beside)


def _or_null(quotient: Any) -> Any:  # noqa: ANN401
    return quotient.replace([float("nan"), float("inf")], None)


def wilson(part: Any, whole: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """The bounds of Wilson's 95 % score interval of a rate, from expressions of counts; NaN where `whole` is 0.

    E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212. They are 0 and 1 exactly where
    the rate is, and the rate never lies outside.
    """
    n = whole.cast(float)
    p = part / n
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * (p * (1 - p) / n + Z * Z / (4 * n * n)).sqrt()
    return (middle - half).clip(0, p), (middle + half).clip(p, 1)


def seconds(
    name: str, title: str, value: Callable[[Any], Any], *, where: Callable[[Any], Any], rank: int = 1
) -> Metric:
    """A duration, from one in milliseconds, of the rows for which `where` is true."""
    return Metric(Column(name, "seconds", title, rank), lambda col: value(col) / 1000, where=where)


Z: Final = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: 95 % lie between -Z and Z."""

TIME_KEYS = ("day", "week", "month", "hour", "weekday")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

KEY_COLUMNS = {
    "conversation": (Column("conversation", "text", "Conversation"), Column("conversation_id", "text", "ID")),
    "agent": (Column("agent", "text", "Agent"), Column("agent_id", "text", "Agent ID")),
    "type": (Column("type", "text", "Type"),),
    "ui-type": (Column("ui_type", "text", "UI type"),),
    "page": (Column("page", "text", "Page"),),
    "last-step": (Column("last_step", "text", "Last step"),),
    "day": (Column("day", "day", "Day"),),
    "week": (Column("week", "day", "Week of"),),
    "month": (Column("month", "day", "Month"),),
    "hour": (Column("hour", "number", "Hour"),),
    "weekday": (Column("weekday", "day", "Weekday"),),
    "all": (),
}
"""Key columns by the name that `--by` has for them."""

CONVERSATION_KEYS = ("conversation", "type", "ui-type", "page", *TIME_KEYS, "all")
