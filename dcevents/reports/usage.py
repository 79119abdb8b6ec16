"""Usage: how much of Adobe's monthly allowance of conversations is taken up (definitions 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Column, Table

if TYPE_CHECKING:
    from dcevents.analysis.view import View

_COLUMNS = (
    Column("month", "day", "Month", ESSENTIAL),
    Column("engaged", "count", "Engaged", ESSENTIAL),
    Column("live_chats", "count", "Live chats"),
    Column("counted", "count", "Counted", priority=2),
    Column("limit", "count", "Limit"),
    Column("share", "rate", "Of the limit", ESSENTIAL, is_main=True),
    Column("reaches_90_on", "day", "90 % on"),
    Column("reaches_100_on", "day", "100 % on"),
    Column("covered_from", "day", "Covered from", priority=0),
)


def _make_tables(view: View, by: Sequence[str]) -> list[Table]:
    from dcevents.reports._usage import measure_months  # noqa: PLC0415 - polars

    return [Table("usage", _COLUMNS, measure_months(view), tuple(by), keys=["month"])]


REPORT = Report(
    name="usage",
    help="Engaged conversations a month against the package's limit.",
    example="dcevents usage logs/ --tz America/Los_Angeles",
    make=_make_tables,
    default_by="month",
    order=47,
    options=("window", "as_of", "idle", "keep_query", "package"),
    needs_sids=False,
    columns=_COLUMNS,
    figures=[column for column in _COLUMNS if column.kind in ("count", "rate")],
)
