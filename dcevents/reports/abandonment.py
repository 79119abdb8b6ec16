"""Abandonment: who engaged and left before the end (definitions 3)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.reports._change_columns import list_verdict_figures
from dcevents.reports._grouping import Grouping, MainRate, group_rows, select_conversations
from dcevents.reports._metrics import (
    CONVERSATION_KEYS,
    Metric,
    define_count,
    define_rate,
    define_seconds,
    define_share,
    list_metric_figures,
)
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Table

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View


def _count_outcome(name: str, title: str, priority: int = 1) -> Metric:
    return define_count(name, title, lambda col: col("outcome") == name, priority=priority)


def _is_abandoned(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    return col("abandoned")


def _define_time_to_abandon(name: str, title: str, quantile: float) -> Metric:
    return define_seconds(
        f"{name}_seconds_to_abandon",
        f"{title} time to abandon",
        lambda col: (col("last_at") - col("engaged_at")).quantile(quantile, "linear"),
        row_filter=_is_abandoned,
    )


_METRICS = (
    define_count("engaged", "Engaged", lambda col: col("engaged"), priority=ESSENTIAL),
    define_count("abandoned", "Abandoned", _is_abandoned, priority=2),
    define_rate(
        "abandonment_rate",
        "Abandonment rate",
        "abandoned",
        lambda col: col("engaged") - col("open"),
        is_main=True,
    ),
    _count_outcome("closed", "Closed"),
    _count_outcome("dropped", "Dropped"),
    _count_outcome("unanswered", "Unanswered"),
    _count_outcome("left_queue", "Left queue"),
    define_count(
        "abandoned_with_contact",
        "Gave contact",
        lambda col: col("abandoned") & (col("gave_email") | col("gave_phone")),
    ),
    _count_outcome("completed", "Completed", priority=0),
    _count_outcome("served", "Served by agent", priority=0),
    _count_outcome("booked", "Booked only", priority=0),
    define_count(
        "open",
        "Engaged, open",
        lambda col: (col("outcome") == "open") & col("engaged"),
        priority=0,
    ),
    _define_time_to_abandon("median", "Median", 0.5),
    _define_time_to_abandon("p90", "P90", 0.9),
)
ENDINGS_CHART = Chart(
    "parts",
    ("completed", "served", "booked", "open", "closed", "dropped", "unanswered", "left_queue"),
    title="How conversations end",
)
"""How engaged conversations end, from the best to the worst."""
_SHARE = define_share("share", "Share", "abandoned", priority=ESSENTIAL)

GROUPING = Grouping(
    "abandonment",
    _METRICS,
    select_conversations,
    is_of_conversations=True,
    main_rate=MainRate("abandonment_rate", is_good_up=False, is_divided=True),
    charts=[Chart("rates", ("abandonment_rate",)), ENDINGS_CHART],
)


def _select_abandoned(view: "View", by: Sequence[str]) -> "pl.DataFrame":
    """Return the abandoned conversations: only those are asked at which step they were left."""
    frame = view.select_conversations(by)
    return frame.filter(frame["abandoned"])


def _make_share_main() -> tuple[Metric, ...]:
    """Return the figures by last step: of abandoned conversations the rate is 100 % everywhere."""
    rest = [
        each._replace(column=each.column._replace(priority=0, is_main=False))
        if each.column.is_main
        else each
        for each in _METRICS
    ]
    return (*rest, _SHARE._replace(column=_SHARE.column._replace(is_main=True)))


_BY_LAST_STEP = GROUPING._replace(
    metrics=_make_share_main(),
    select=_select_abandoned,
    charts=[Chart("counts", ("abandoned",))],
)


def _make_tables(view: "View", by: Sequence[str]) -> list[Table]:
    return group_rows(_BY_LAST_STEP if "last-step" in by else GROUPING, view, by)


REPORT = Report(
    name="abandonment",
    help="Who engaged and left before the end: how, when, where.",
    example="dcevents abandonment logs/*.gz --since 7d --by last-step",
    make=_make_tables,
    default_by="conversation",
    by_keys=(*CONVERSATION_KEYS[:4], "last-step", *CONVERSATION_KEYS[4:]),
    order=30,
    needs_sids=False,
    figures=[
        *list_metric_figures(_METRICS),
        *list_metric_figures([_SHARE], "--by last-step"),
        *list_verdict_figures(is_divided=True),
    ],
    can_compare=True,
)
