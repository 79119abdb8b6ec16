"""Abandonment: who engaged and left before the end, how, after how long, and where (definitions 3)."""

from typing import Any

from dcevents.reports._grouped import SHARE, list_metric_figures, make_conversations_report
from dcevents.reports._metrics import (
    CONVERSATION_KEYS,
    Metric,
    define_count,
    define_rate,
    define_seconds,
)
from dcevents.reports._report import Report


def _is_abandoned(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    return col("abandoned")


def _count_outcome(name: str, title: str, rank: int = 1) -> Metric:
    return define_count(name, title, lambda col: (col("outcome") == name).sum(), rank=rank)


def _define_time_to_abandon(name: str, title: str, quantile: float) -> Metric:
    return define_seconds(
        f"{name}_seconds_to_abandon",
        f"{title} time to aban\u00addon",
        lambda col: (col("last_at") - col("engaged_at")).quantile(quantile, "linear"),
        where=_is_abandoned,
    )


_METRICS = (
    define_count("engaged", "En\u00adgaged", lambda col: col("engaged").sum()),
    define_count("abandoned", "Aban\u00addoned", lambda col: col("abandoned").sum()),
    define_rate(
        "abandonment_rate",
        "Aban\u00addon\u00adment rate",
        "abandoned",
        lambda col: col("engaged") - col("open"),
    ),
    _count_outcome("closed", "Closed"),
    _count_outcome("dropped", "Drop\u00adped"),
    _count_outcome("unanswered", "Un\u00adan\u00adswered"),
    _count_outcome("left_queue", "Left queue"),
    define_count(
        "abandoned_with_contact",
        "Gave con\u00adtact",
        lambda col: (col("abandoned") & (col("gave_email") | col("gave_phone"))).sum(),
    ),
    _count_outcome("completed", "Com\u00adpleted", rank=0),
    _count_outcome("served", "Served", rank=0),
    _count_outcome("booked", "Booked", rank=0),
    define_count(
        "open", "Open", lambda col: ((col("outcome") == "open") & col("engaged")).sum(), rank=0
    ),
    _define_time_to_abandon("median", "Median", 0.5),
    _define_time_to_abandon("p90", "P90", 0.9),
)

REPORT = Report(
    name="abandonment",
    help="Who engaged and left before the end: how, when, where.",
    example="dcevents abandonment logs/*.gz --since 7d --by last-step",
    make=make_conversations_report("abandonment", _METRICS),
    default_by="conversation",
    by_keys=(*CONVERSATION_KEYS[:4], "last-step", *CONVERSATION_KEYS[4:]),
    order=30,
    needs_sids=False,
    rated=True,
    figures=[*list_metric_figures(_METRICS), *list_metric_figures([SHARE], "--by last-step")],
)
