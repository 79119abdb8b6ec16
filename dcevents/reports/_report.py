"""A report: a subcommand as plain data, without an import of polars."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from dcevents.reports._metrics import KEY_COLUMNS
from dcevents.tables import Column, Document, Table

if TYPE_CHECKING:
    from dcevents.analysis.view import View

Option = Literal["window", "as_of", "idle", "service_level", "keep_query", "show_map", "package"]
"""Options that a report may have or not.

`window` is --since, --until and --period; `package` is --package and --limit.
"""
Maker = Callable[["View", Sequence[str]], "list[Table] | Document"]
"""Makes a report of a view, by the keys of `--by`."""
PartsMaker = Callable[["View"], Table]
"""Makes the table of a listing in parts, of a view."""
PageMaker = Callable[["View", Sequence[Table]], "list[Table]"]
"""Makes the tables of a page, of a view and the tables of its report."""


class Report(NamedTuple):
    """A subcommand and its making, found by `reports.load_reports`."""

    name: str
    help: str
    example: str
    make: Maker
    make_page: PageMaker | None = None
    """Makes all that a page shows, where that is more than its tables."""
    make_parts: PartsMaker | None = None
    """Makes its table in parts, where there may be more rows than are to be held at once."""
    default_by: str | None = None
    by_keys: tuple[str, ...] = ()
    """What `--by` may be; without any there is no such option."""
    order: int = 100
    """The place in lists of commands: lower numbers first."""
    filters: tuple[str, ...] = ("conversation", "type", "ui_type", "page", "agent")
    outcomes: tuple[str, ...] = ()
    """What `--outcome` may be, where it is one of the filters."""
    options: tuple[Option, ...] = ("window", "as_of", "idle", "service_level", "keep_query")
    figures: Sequence[Column] = ()
    """What `--fail-if` may be about; without any there is no such option."""
    parts: Sequence[Report] = ()
    """The reports that it is put together from, whose figures are its own."""
    columns: Sequence[Column] = ()
    """Of a report without `--by`: the columns of its rows."""
    has_single_lines: bool = True
    """There is one line for each combination of keys, which may stand in a cell: `--grid`."""
    can_compare: bool = False
    """Shows the figures of another window beside its own: `--compare`."""
    is_document: bool = False
    """Makes a `Document`, so it is offered in the formats that can write one."""
    operands: tuple[str, ...] = ()
    """Operands of its own, before SOURCE: see `Settings.operands`."""
    selects: Literal["conversations", "attempts"] = "conversations"
    """The rows that window and filters select, for the message where none is left."""
    needs_sids: bool = True
    """Shows sids, so their texts are kept while logs are read."""
    needs_locations: bool = False
    """Shows files and lines, so those of each event are kept while logs are read."""
    needs_stored_events: bool = False
    """Lists single events, so it is refused where a store does not keep them."""
    needs_usable_input: bool = True
    """Is not written where the input is unusable; a report about the input is."""

    @property
    def figures_by_part(self) -> dict[str, Sequence[Column]]:
        """Return the figures for `--fail-if` by the name of their part."""
        return {part.name: part.figures for part in self.parts or [self]}

    @property
    def has_rows(self) -> bool:
        """Return whether it is one table, whose rows can be sorted."""
        return not self.is_document and not self.parts

    @property
    def has_figures(self) -> bool:
        """Return whether there is anything for `--fail-if`."""
        return any(self.figures_by_part.values())

    @property
    def has_rates(self) -> bool:
        """Return whether it has rates, so `--intervals` and `--min-base`."""
        figures = [figure for part in self.figures_by_part.values() for figure in part]
        return any(figure.bounded_rate for figure in figures)

    def list_columns(self, by: Sequence[str], options: Collection[str]) -> list[Column]:
        """Return the columns of its rows, by keys and the options that bring some in.

        Of a report that is put together: those of its parts, each once.
        """
        if self.parts:
            parts = (part.list_columns([part.default_by or "all"], options) for part in self.parts)
            found = {each.name: each for columns in parts for each in columns}
            return [*found.values()]
        keys = [column for key in by for column in KEY_COLUMNS[key]]
        every = self.columns or [*keys, *self.figures]
        return [each for each in every if set(each.required_options) <= set(options)]

    def make_tables(self, view: View, by: Sequence[str]) -> list[Table]:
        """Return its tables; raises TypeError for a document."""
        made = self.make(view, by)
        if isinstance(made, Document):
            raise TypeError(f"{self.name} is a document")
        return made
