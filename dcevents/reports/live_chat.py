"""Live chat: requests, outcomes, waits and talks (definitions 4)."""

from typing import Any

from dcevents.model.events import ATTEMPT_OUTCOMES
from dcevents.reports._change_columns import list_verdict_figures
from dcevents.reports._grouping import Grouping, MainRate, define_grouped_report, select_attempts
from dcevents.reports._metrics import (
    CONVERSATION_KEYS,
    Metric,
    define_count,
    define_rate,
    define_seconds,
    list_metric_figures,
)
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Column

_OUTCOME_TITLES = {
    "missed": "Missed",
    "left": "Left",
    "waiting": "Waiting",
    "ended": "Ended",
    "timed_out": "Timed out",
}
_OUTCOME_TITLES |= {"closed": "Closed", "ongoing": "Ongoing", "no_end": "No end"}
# A typing error here would be silent.
assert set(_OUTCOME_TITLES) == set(ATTEMPT_OUTCOMES)  # noqa: S101


def _count_outcome(name: str) -> Metric:
    priority = int(name in ("missed", "left"))
    return define_count(
        name,
        _OUTCOME_TITLES[name],
        lambda col: col("outcome") == name,
        priority=priority,
    )


def _define_spread(name: str, title: str) -> tuple[Metric, ...]:
    """Return mean, median and 90th percentile of a column of milliseconds."""

    def is_known(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        return col(name).is_not_null()

    return (
        define_seconds(
            f"mean_{name}_seconds",
            f"Mean {title}",
            lambda col: col(name).mean(),
            row_filter=is_known,
            priority=0,
        ),
        define_seconds(
            f"median_{name}_seconds",
            f"Median {title}",
            lambda col: col(name).quantile(0.5, "linear"),
            row_filter=is_known,
        ),
        define_seconds(
            f"p90_{name}_seconds",
            f"P90 {title}",
            lambda col: col(name).quantile(0.9, "linear"),
            row_filter=is_known,
        ),
    )


def _count_final(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    return col("requests") - col("waiting")


def _find_peak(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    """Return the most chats at one moment, of chats of more than 0 s."""
    # In one number each, so that at one moment ends come before starts.
    steps = (col("accepted_at") * 2 + 1).append(col("ended_at") * 2).sort()
    return ((steps & 1) * 2 - 1).cum_sum().max()


_METRICS = (
    define_count("requests", "Requests", priority=ESSENTIAL),
    define_count("accepted", "Accepted", lambda col: col("accepted"), priority=2),
    define_rate("acceptance_rate", "Acceptance rate", "accepted", _count_final, is_main=True),
    *map(_count_outcome, _OUTCOME_TITLES),
    *_define_spread("wait", "wait"),
    define_count("in_time", "In time", lambda col: col("in_time"), is_hidden=True),
    define_rate("service_level", "Service level", "in_time", _count_final),
    *_define_spread("chat", "chat"),
    Metric(
        Column("peak_concurrent", "count", "Peak chats"),
        _find_peak,
        row_filter=lambda col: col("chat") > 0,
    ),
)
GROUPING = Grouping(
    "live-chat",
    _METRICS,
    select_attempts,
    default_by="agent",
    main_rate=MainRate("acceptance_rate", is_divided=True),
    charts=[Chart("rates", ("acceptance_rate",)), Chart("counts", ("requests", "missed"))],
)

REPORT = Report(
    name="live-chat",
    help="Requests for an agent: accepted, missed, waits, lengths.",
    example="dcevents live-chat logs/ --by hour --tz Europe/Berlin",
    make=define_grouped_report(GROUPING),
    default_by="agent",
    by_keys=("agent", *CONVERSATION_KEYS),
    order=40,
    needs_sids=False,
    figures=[*list_metric_figures(_METRICS), *list_verdict_figures(is_divided=True)],
    can_compare=True,
    selects="attempts",
)
