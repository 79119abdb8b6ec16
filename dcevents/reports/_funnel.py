"""The steps of the funnel: their times, and a line for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from dcevents.model.events import INPUT_EMAIL, INPUT_PHONE, MEETING_BOOKED, TRIGGERED

if TYPE_CHECKING:
    from dcevents.model.fold import Fold

_PLACE = "step_place"


class _Step(NamedTuple):
    """A step, what it follows, and the figure of those still open before it."""

    name: str
    previous: str | None
    still_open: str | None


_STEPS = (
    _Step("triggered", None, None),
    _Step("engaged", "triggered", "open_before_engaged"),
    _Step("contact", "engaged", None),
    _Step("completed", "engaged", "open_before_completed"),
    _Step("meeting", "engaged", None),
)


def add_step_times(frame: pl.DataFrame, fold: Fold) -> pl.DataFrame:
    """Add the milliseconds from the step before to each step of conversations."""
    engaged_at = pl.col("engaged_at")
    moments = {
        "triggered_at": [TRIGGERED],
        "contact_at": [INPUT_EMAIL, INPUT_PHONE],
        "meeting_at": [MEETING_BOOKED],
    }
    for name, kinds in moments.items():
        times = fold.find_first_times(kinds).rename({"first_at": name})
        frame = frame.join(times, on="conversation_key", how="left")
    return frame.with_columns(
        (engaged_at - pl.col("triggered_at")).alias("to_engaged"),
        (pl.col("contact_at") - engaged_at).alias("to_contact"),
        (pl.col("completed_at") - engaged_at).alias("to_completed"),
        (pl.col("meeting_at") - engaged_at).alias("to_meeting"),
    )


def unfold_steps(groups: pl.DataFrame, endings: Sequence[str]) -> pl.DataFrame:
    """Return a line for each group and step, in their order.

    Figures of lines, with each ending: conversations, first, previous, lost,
    median_seconds_from_previous. `previous` and `lost` are null where there is no such thing.
    """
    numbered = groups.with_row_index("group_place")
    lines = [
        numbered.with_columns(
            pl.lit(step.name).alias("step"),
            pl.lit(place).alias(_PLACE),
            *(each for ending in endings for each in _describe_step(step, ending)),
        )
        for place, step in enumerate(_STEPS)
    ]
    return pl.concat(lines).sort("group_place", _PLACE)


def _describe_step(step: _Step, ending: str) -> list[pl.Expr]:
    def count(name: str | None) -> pl.Expr:
        return pl.lit(None, pl.Int64) if name is None else pl.col(f"{name}{ending}").cast(pl.Int64)

    lost = count(step.previous) - count(step.name) - count(step.still_open)
    seconds = pl.lit(None, pl.Float64)
    if step.previous is not None:
        seconds = pl.col(f"{step.name}_seconds{ending}").cast(pl.Float64)
    figures = {
        "conversations": count(step.name),
        "first": count("triggered"),
        "previous": count(step.previous),
        "lost": lost,
        "median_seconds_from_previous": seconds,
    }
    return [value.alias(f"{name}{ending}") for name, value in figures.items()]
