"""Completion: who saw, engaged, reached the end (definitions 3)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dcevents.reports._change_columns import list_verdict_figures
from dcevents.reports._grouping import (
    Grouping,
    MainRate,
    define_grouped_report,
    select_conversations,
)
from dcevents.reports._metrics import (
    CONVERSATION_KEYS,
    ROWS,
    Metric,
    define_count,
    define_rate,
    define_seconds,
    define_sum,
    list_metric_figures,
)
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Column

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View

_METRICS = (
    Metric(
        Column("sessions", "count", "Sessions", ESSENTIAL),
        lambda col: col("sid").n_unique(),
        value_within_id=lambda col: col(ROWS).sum(),
        count_all=lambda view, selected: view.count_sessions(selected),
    ),
    define_count("triggered", "Triggered"),
    define_count("engaged", "Engaged", lambda col: col("engaged"), priority=2),
    define_rate("engagement_rate", "Engagement rate", "engaged", lambda col: col("triggered")),
    define_count("completed", "Completed", lambda col: col("outcome") == "completed", priority=2),
    define_rate(
        "completion_rate",
        "Completion rate",
        "completed",
        lambda col: col("engaged") - col("open"),
        is_main=True,
    ),
    define_count("emails", "Gave e-mail", lambda col: col("gave_email")),
    define_count("phones", "Gave phone", lambda col: col("gave_phone"), priority=0),
    define_sum("meetings", "Meetings booked", "meetings"),
    define_rate("conversion_rate", "E-mail rate", "emails", lambda col: col("engaged")),
    define_count(
        "open",
        "Engaged, open",
        lambda col: (col("outcome") == "open") & col("engaged"),
        priority=0,
    ),
    define_seconds(
        "median_seconds_to_complete",
        "Median time to complete",
        lambda col: (col("completed_at") - col("engaged_at")).quantile(0.5, "linear"),
        row_filter=lambda col: col("outcome") == "completed",
    ),
)


def _select_conversations(view: "View", by: Sequence[str]) -> "pl.DataFrame":
    """Return the selected conversations, with their sessions if these are counted by group."""
    selected = select_conversations(view, by)
    return selected if "conversation" in by else view.fold.add_sids(selected)


GROUPING = Grouping(
    "completion",
    _METRICS,
    _select_conversations,
    is_of_conversations=True,
    main_rate=MainRate("completion_rate", is_divided=True),
    charts=[Chart("rates", ("completion_rate",))],
)

REPORT = Report(
    name="completion",
    help="Who was shown a conversation, who engaged, who completed it.",
    example="zcat day.ndjson.gz | dcevents completion -f csv > completion.csv",
    make=define_grouped_report(GROUPING),
    default_by="conversation",
    by_keys=CONVERSATION_KEYS,
    order=20,
    needs_sids=False,
    figures=[*list_metric_figures(_METRICS), *list_verdict_figures(is_divided=True)],
    can_compare=True,
)
