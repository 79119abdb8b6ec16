"""Usage: how much of Adobe's monthly allowance of conversations is taken up (definitions 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dcevents.reports._change_columns import list_change_columns
from dcevents.reports._report import Report
from dcevents.settings import PACKAGE_LIMITS
from dcevents.show import format_number
from dcevents.tables import ESSENTIAL, Chart, Column, Table

if TYPE_CHECKING:
    from dcevents.analysis.view import View

_COLUMNS = (
    Column("engaged", "count", "Engaged", ESSENTIAL),
    Column("live_chats", "count", "Live chats"),
    Column("counted", "count", "Counted", priority=2),
    Column("limit", "count", "Limit"),
    Column("share", "rate", "Of the limit", ESSENTIAL, is_main=True),
    Column("reaches_90_on", "day", "90 % on"),
    Column("reaches_100_on", "day", "100 % on"),
    Column("covered_from", "day", "Covered from", priority=0),
)


_SELECT_NOTE = (
    "The limit is that of Adobe's package Select, which counts engaged conversations and live "
    "chats. For another one, give usage --package or --limit."
)
_MONTH = Column("month", "day", "Month", ESSENTIAL)
_MAIN = ("counted", "share")
"""Figures that people see beside what they were."""


def _make_tables(view: View, by: Sequence[str]) -> list[Table]:
    from dcevents.reports import _usage  # noqa: PLC0415 - polars

    compared = view.settings.compared
    if compared is None:
        columns = [_MONTH, *_COLUMNS]
        rows = _usage.measure_months(view)
    else:
        columns = [_MONTH, *_list_all_columns()]
        rows = _usage.measure_compared_months(view, compared)
        rows = rows.select(column.name for column in columns)
    table = Table("usage", columns, rows, tuple(by), keys=["month"])
    table.simplify = None if compared is None else _simplify
    table.charts = [_choose_chart(view)]
    table.notes = [_SELECT_NOTE] if _is_usual(view) and not rows.is_empty() else []
    return [table]


def _is_usual(view: View) -> bool:
    """Return whether the package and its limit are those that nobody has to name."""
    settings = view.settings
    usual = PACKAGE_LIMITS["select"]
    return settings.package == "select" and settings.package_limit == usual


def _choose_chart(view: View) -> Chart:
    limit = view.settings.package_limit
    words = f"the package's limit of {format_number(limit)} a month"
    return Chart("counts", ("counted",), limit, words)


def _list_all_columns() -> list[Column]:
    """Return each figure, what it was, and its change."""
    return [
        each
        for column in _COLUMNS
        for each in (column, *list_change_columns(column, with_intervals=False))
    ]


def _simplify(table: Table) -> Table:
    """Return the table for people: without changes, and with the former main figures only."""
    shown = [_MONTH]
    for column in _COLUMNS:
        shown.append(column)
        if column.name in _MAIN:
            (former, *_) = list_change_columns(column, with_intervals=False)
            shown.append(former._replace(title="Before", priority=column.priority))
    return replace(table, columns=shown, simplify=None)


REPORT = Report(
    name="usage",
    help="Engaged conversations a month against the package's limit.",
    example="dcevents usage logs/ --tz America/Los_Angeles",
    make=_make_tables,
    default_by="month",
    order=47,
    options=("window", "as_of", "idle", "keep_query", "package"),
    needs_sids=False,
    figures=[column for column in _list_all_columns() if column.kind in ("count", "rate")],
    columns=[_MONTH, *_list_all_columns()],
    can_compare=True,
)
