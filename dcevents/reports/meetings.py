"""Meetings: who books them, with whom, and how soon (definitions 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.reports._change_columns import list_verdict_figures
from dcevents.reports._grouping import Grouping, MainRate, group_rows
from dcevents.reports._metrics import (
    CONVERSATION_KEYS,
    define_count,
    define_rate,
    define_seconds,
    define_sum,
    define_time,
    list_metric_figures,
)
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View
    from dcevents.tables import Table


def _has_booked(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    return col("bookings") > 0


_METRICS = (
    define_sum("meetings", "Meetings booked", "bookings", priority=ESSENTIAL),
    define_count("conversations", "Conversations with one", _has_booked),
    define_count("engaged", "Engaged", lambda col: col("engaged"), is_hidden=True),
    define_rate(
        "booking_rate", "Booking rate", "conversations", lambda col: col("engaged"), is_main=True
    ),
    define_seconds(
        "median_seconds_to_book",
        "Median time to book",
        lambda col: (col("booked_at") - col("engaged_at")).quantile(0.5, "linear"),
        row_filter=_has_booked,
    ),
    define_time("first_at", "First", lambda col: col("booked_at").min(), priority=0),
    define_time("last_at", "Last", lambda col: col("last_booked_at").max(), priority=0),
)


def _select_conversations(view: View, by: Sequence[str]) -> pl.DataFrame:
    return view.select_bookings([key for key in by if key != "agent"])


def _select_bookings(view: View, by: Sequence[str]) -> pl.DataFrame:
    return view.select_bookings(by)


_GROUPING = Grouping(
    "meetings",
    _METRICS,
    _select_conversations,
    default_by="agent",
    main_rate=MainRate("booking_rate"),
    charts=[Chart("counts", ("meetings",))],
)
_BY_AGENT = _GROUPING._replace(
    select=_select_bookings,
    select_for_total=_select_conversations,
    main_rate=MainRate("booking_rate", is_in_rows=False),
)


def _make_tables(view: View, by: Sequence[str]) -> list[Table]:
    return group_rows(_BY_AGENT if "agent" in by else _GROUPING, view, by)


REPORT = Report(
    name="meetings",
    help="Meetings that visitors booked: with whom, how many, how soon.",
    options=("window", "as_of", "idle", "keep_query"),
    example="dcevents meetings logs/ --by conversation --period last-month",
    make=_make_tables,
    default_by="agent",
    by_keys=("agent", *CONVERSATION_KEYS),
    order=45,
    needs_sids=False,
    figures=[*list_metric_figures(_METRICS), *list_verdict_figures(is_divided=False)],
    can_compare=True,
)
