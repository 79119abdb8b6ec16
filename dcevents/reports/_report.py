"""A report: a subcommand as plain data, so that describing one costs no import of polars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcevents.tables import Column, Document, Table

if TYPE_CHECKING:
    from dcevents.analysis.view import View


@dataclass(frozen=True)
class Report:
    """A subcommand: what it prints and how it is computed. Found by `dcevents.reports.load`."""

    name: str
    help: str
    example: str
    make: Callable[[View, Sequence[str]], list[Table] | Document]
    default_by: str | None = None
    by_keys: tuple[str, ...] = ()
    order: int = 100
    """Where it stands in lists of commands."""
    filters: tuple[str, ...] = ("conversation", "type", "ui_type", "page", "agent")
    outcomes: tuple[str, ...] = ()
    """What `--outcome` may be; none where there is no such option."""
    of_chats: bool = False
    """Whether its rows are made of live-chat attempts, which a window selects by their own start."""
    needs_locations: bool = False
    """Whether it shows files and lines, so that these are kept."""
    needs_sids: bool = True
    """Whether it shows sids, so that their texts are kept."""
    rated: bool = False
    """Whether it shows rates, so that there are `--intervals` and `--min-base`."""
    figures: Sequence[Column] = ()
    """What `--fail-if` may be about; without any there is no such option."""
    parts: Sequence[Report] = ()
    """The reports that it is put together from, whose figures are its own."""
    is_document: bool = False
    """Whether it makes a `Document`, so that it is offered in the formats that can write one."""
    operands: tuple[str, ...] = ()
    """Operands of its own, which stand before SOURCE: see `Settings.operands`."""
    without: tuple[str, ...] = ()
    """Options that mean nothing to it, so that it does not have them: names as in `options`, `window` for its three."""
    shows_map: bool = False
    """Whether it has `--show-map`."""
    of_anything: bool = False
    """Whether it is written also where the input is unusable: it says what was found instead."""

    def make_tables(self, view: View, by: Sequence[str]) -> list[Table]:
        """What it makes, of a report that makes tables; of another it is a TypeError."""
        made = self.make(view, by)
        if isinstance(made, Document):
            raise TypeError(f"{self.name} is a document")
        return made
