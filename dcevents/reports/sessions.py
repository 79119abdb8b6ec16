"""A row for each sid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dcevents.model.events import OUTCOMES
from dcevents.reports._listing import define_listing, define_parts, list_column_figures
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Column

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View

_COLUMNS = (
    Column("sid", "text", "Session", ESSENTIAL, narrow_width=12, is_code=True),
    Column("started_at", "time", "Started", priority=2),
    Column("last_at", "time", "Last active", priority=0),
    Column("duration_seconds", "seconds", "Duration"),
    Column("conversations", "count", "Conversations"),
    Column("engaged", "count", "Engaged"),
    Column("completed", "count", "Completed"),
    Column("emails", "count", "Gave e-mail", priority=0),
    Column("phones", "count", "Gave phone", priority=0),
    Column("meetings", "count", "Meetings booked"),
    Column("live_chats", "count", "Live chats"),
    Column("outcome", "text", "Outcome", ESSENTIAL),
)


def _list_rows(view: View) -> pl.DataFrame:
    from dcevents.reports._sessions import list_sessions  # noqa: PLC0415 - polars

    return list_sessions(view)


def _list_parts(view: View) -> Iterator[pl.DataFrame]:
    from dcevents.reports._sessions import list_sessions_in_parts  # noqa: PLC0415 - polars

    return list_sessions_in_parts(view)


REPORT = Report(
    name="sessions",
    help="A row for each session: times, conversations, best outcome.",
    example="dcevents sessions logs/ --period yesterday -o sessions-{date}.csv",
    make=define_listing(
        "sessions",
        _COLUMNS,
        _list_rows,
        keys=("sid",),
        chart=Chart("tally", ("outcome",)),
    ),
    make_parts=define_parts("sessions", _COLUMNS, _list_parts, keys=("sid",)),
    figures=list_column_figures(_COLUMNS),
    columns=_COLUMNS,
    order=50,
    filters=("conversation", "type", "ui_type", "page", "agent", "outcome"),
    outcomes=OUTCOMES,
)
