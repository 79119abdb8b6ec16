"""Live chat: requests for an agent, what became of them, how long visitors waited and talked (definitions 4)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.model.events import ATTEMPT_OUTCOMES
from dcevents.reports._grouped import build_grouped_table, list_metric_figures
from dcevents.reports._metrics import (
    CONVERSATION_KEYS,
    Metric,
    define_count,
    define_rate,
    define_seconds,
)
from dcevents.reports._report import Report
from dcevents.tables import Table

if TYPE_CHECKING:
    from dcevents.analysis.view import View

_TITLES = {
    "missed": "Missed",
    "left": "Left",
    "waiting": "Wait\u00ading",
    "ended": "Ended",
    "timed_out": "Timed out",
}
_TITLES |= {"closed": "Closed", "ongoing": "On\u00adgoing", "no_end": "No end"}
assert set(_TITLES) == set(ATTEMPT_OUTCOMES)  # noqa: S101 - a typing error here would be silent


def _count_outcome(name: str) -> Metric:
    rank = int(name in ("missed", "left"))
    return define_count(name, _TITLES[name], lambda col: (col("outcome") == name).sum(), rank=rank)


def _define_spread(what: str, title: str) -> tuple[Metric, ...]:
    """Mean, median and 90th percentile of a column of milliseconds."""

    def known(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        return col(what).is_not_null()

    return (
        define_seconds(
            f"mean_{what}_seconds",
            f"Mean {title}",
            lambda col: col(what).mean(),
            where=known,
            rank=0,
        ),
        define_seconds(
            f"median_{what}_seconds",
            f"Median {title}",
            lambda col: col(what).quantile(0.5, "linear"),
            where=known,
        ),
        define_seconds(
            f"p90_{what}_seconds",
            f"P90 {title}",
            lambda col: col(what).quantile(0.9, "linear"),
            where=known,
        ),
    )


def _count_final(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
    return col("requests") - col("waiting")


_METRICS = (
    define_count("requests", "Re\u00adquests", lambda col: col("conv").len()),
    define_count("accepted", "Ac\u00adcepted", lambda col: col("accepted").sum()),
    define_rate("acceptance_rate", "Ac\u00adcept\u00adance rate", "accepted", _count_final),
    *map(_count_outcome, _TITLES),
    *_define_spread("wait", "wait"),
    define_count("in_time", "In time", lambda col: col("in_time").sum(), is_hidden=True),
    define_rate("service_level", "Ser\u00advice level", "in_time", _count_final),
    *_define_spread("chat", "chat"),
    define_count("peak_concurrent", "Peak chats", lambda col: col("peak").max()),
)


def _make_tables(view: "View", by: Sequence[str]) -> list[Table]:
    return [build_grouped_table("live-chat", view, view.select_attempts(by), by, _METRICS)]


REPORT = Report(
    name="live-chat",
    help="Requests for an agent: accepted, missed, waits, lengths.",
    example="dcevents live-chat logs/ --by hour --tz Europe/Berlin",
    make=_make_tables,
    default_by="agent",
    by_keys=("agent", *CONVERSATION_KEYS),
    order=40,
    needs_sids=False,
    rated=True,
    figures=list_metric_figures(_METRICS),
    of_chats=True,
)
