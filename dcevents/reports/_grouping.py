"""Grouped reports as plain data, without an import of polars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View
    from dcevents.reports._metrics import Metric
    from dcevents.reports._report import Maker
    from dcevents.tables import Chart, Column, Table

Selector = Callable[["View", Sequence[str]], "pl.DataFrame"]
"""Selects the rows to group, with the columns of keys; given the keys of `--by`."""


class MainRate(NamedTuple):
    """The rate by which a report judges what has changed."""

    name: str
    is_good_up: bool = True
    is_divided: bool = False
    """Its change is divided over conversation ids, into mix and within."""
    is_in_rows: bool = True
    """Rows have it; else only the total has."""


class Unfolding(NamedTuple):
    """Rows of several lines for each group, as steps; there is no total."""

    measured: Sequence[Metric]
    """Figures of a group; the first sorts the groups."""
    keys: Sequence[Column]
    """Columns that tell the lines of a group apart."""
    unfold: Callable[[pl.DataFrame, Sequence[str]], pl.DataFrame]
    """Makes lines of groups; given the endings of their figures' names."""


class Grouping(NamedTuple):
    """A grouped table: its name, metrics, rows, and usual key."""

    name: str
    metrics: Sequence[Metric]
    select: Selector
    default_by: str = "conversation"
    main_rate: MainRate | None = None
    unfolding: Unfolding | None = None
    select_for_total: Selector | None = None
    """Selects the rows that the total is of, if these are others."""
    is_of_conversations: bool = False
    """Its rows are selected conversations, and no row depends on another."""
    charts: Sequence[Chart] = ()
    """Pictures that suit its tables, the main one first."""

    @property
    def measured(self) -> Sequence[Metric]:
        """Return the figures that are computed for each group."""
        return self.metrics if self.unfolding is None else self.unfolding.measured


def group_rows(grouping: Grouping, view: View, by: Sequence[str]) -> list[Table]:
    """Return the grouped table of conversations or attempts."""
    return group_same_rows([grouping], view, by)


def group_same_rows(groupings: Sequence[Grouping], view: View, by: Sequence[str]) -> list[Table]:
    """Return the grouped tables of the same rows, which the first grouping selects.

    What has the same name in two of them is the same.
    """
    from dcevents.reports._grouped import build_grouped_tables  # noqa: PLC0415 - polars

    return build_grouped_tables(groupings, view, by)


def define_grouped_report(grouping: Grouping) -> Maker:
    """Return a report's `make` that groups rows."""

    def make_tables(view: View, by: Sequence[str]) -> list[Table]:
        return group_rows(grouping, view, by)

    return make_tables


def select_conversations(view: View, by: Sequence[str]) -> pl.DataFrame:
    """Return the selected conversations."""
    return view.select_conversations(by)


def select_attempts(view: View, by: Sequence[str]) -> pl.DataFrame:
    """Return the selected attempts."""
    return view.select_attempts(by)
