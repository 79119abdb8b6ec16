"""The funnel: how many conversations go how far, and how long each step takes (definitions 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.reports._change_columns import list_verdict_figures
from dcevents.reports._grouping import Grouping, MainRate, Unfolding, define_grouped_report
from dcevents.reports._metrics import (
    CONVERSATION_KEYS,
    Metric,
    define_count,
    define_rate,
    list_metric_figures,
)
from dcevents.reports._report import Report
from dcevents.tables import ESSENTIAL, Chart, Column

if TYPE_CHECKING:
    import polars as pl

    from dcevents.analysis.view import View

STEPS = ("triggered", "engaged", "contact", "completed", "meeting")
"""The path is triggered, engaged, completed; the others are side steps of the engaged."""
_STEP_COLUMN = Column("step", "word", "Step", ESSENTIAL, words=STEPS)


def _define_median(step: str, value: str) -> Metric:
    """Return the median of a column of milliseconds, in seconds; negative ones are left out."""

    def is_possible(col: Any) -> Any:  # noqa: ANN401 - polars is not imported here
        return col(value) >= 0

    return Metric(
        Column(f"{step}_seconds", "seconds", ""),
        lambda col: col(value).quantile(0.5, "linear") / 1000,
        row_filter=is_possible,
    )


_MEASURED = (
    define_count("triggered", ""),
    define_count("engaged", "", lambda col: col("engaged")),
    define_count("contact", "", lambda col: col("gave_email") | col("gave_phone")),
    define_count("completed", "", lambda col: col("outcome") == "completed"),
    define_count("meeting", "", lambda col: col("meetings") > 0),
    define_count(
        "open_before_engaged",
        "",
        lambda col: (col("outcome") == "open") & ~col("engaged"),
    ),
    define_count(
        "open_before_completed",
        "",
        lambda col: (col("outcome") == "open") & col("engaged"),
    ),
    *(_define_median(step, f"to_{step}") for step in STEPS[1:]),
)

_METRICS = (
    Metric(Column("conversations", "count", "Conversations", ESSENTIAL), lambda col: col("part")),
    define_rate("of_first", "Of the first", "conversations", lambda col: col("first")),
    define_rate(
        "of_previous",
        "Of the previous",
        "conversations",
        lambda col: col("previous"),
        is_main=True,
    ),
    Metric(Column("lost", "count", "Lost"), lambda col: col("lost")),
    Metric(
        Column("median_seconds_from_previous", "seconds", "Median time from previous"),
        lambda col: col("median_seconds_from_previous"),
    ),
)


CHARTS = (Chart("steps", ("conversations", "of_first", "lost"), title="Steps"),)


def _select(view: View, by: Sequence[str]) -> pl.DataFrame:
    from dcevents.reports._funnel import add_step_times  # noqa: PLC0415 - polars

    return add_step_times(view.select_conversations(by), view.fold)


def _unfold(groups: pl.DataFrame, endings: Sequence[str]) -> pl.DataFrame:
    from dcevents.reports._funnel import unfold_steps  # noqa: PLC0415 - polars

    return unfold_steps(groups, endings)


_GROUPING = Grouping(
    "funnel",
    _METRICS,
    _select,
    default_by="all",
    main_rate=MainRate("of_previous"),
    charts=CHARTS,
    unfolding=Unfolding(_MEASURED, (_STEP_COLUMN,), _unfold),
)

REPORT = Report(
    name="funnel",
    help="How many conversations go how far, and where they are lost.",
    options=("window", "as_of", "idle", "keep_query"),
    example="dcevents funnel logs/ --period last-month --compare previous",
    make=define_grouped_report(_GROUPING),
    default_by="all",
    by_keys=CONVERSATION_KEYS,
    order=25,
    needs_sids=False,
    figures=[*list_metric_figures(_METRICS), *list_verdict_figures(is_divided=False)],
    has_single_lines=False,
    can_compare=True,
)
