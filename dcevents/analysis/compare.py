"""Two windows side by side: the verdict on a change, and what it is made of (definitions 6)."""

from typing import Final, NamedTuple

import polars as pl

from dcevents.analysis.intervals import Share, compute_newcombe_bounds

MIN_JUDGED_BASE: Final = 30
"""A rate of fewer is not judged."""
NEGLIGIBLE_CHANGE: Final = 0.05
"""A change is none if its interval lies within so much of 0: 5 points."""


class RateChange(NamedTuple):
    """A rate in two windows: expressions of counts."""

    now: Share
    before: Share
    is_good_up: bool = True


def judge_change(rate: RateChange, count_now: pl.Expr, count_before: pl.Expr) -> pl.Expr:
    """Return the verdict on the change of a rate, by the first rule that fits.

    The counts say whether there is anything in a window at all. Null where a row has no rate.
    """
    bounds = compute_newcombe_bounds(rate.now, rate.before)
    has_few = pl.min_horizontal(rate.now.whole, rate.before.whole) < MIN_JUDGED_BASE
    risen, fallen = ("better", "worse") if rate.is_good_up else ("worse", "better")
    is_negligible = (bounds.low >= -NEGLIGIBLE_CHANGE) & (bounds.high <= NEGLIGIBLE_CHANGE)
    verdict = (
        pl.when((count_before == 0) & (count_now > 0))
        .then(pl.lit("new"))
        .when((count_now == 0) & (count_before > 0))
        .then(pl.lit("gone"))
        .when(has_few)
        .then(pl.lit("unclear"))
        .when(bounds.low > 0)
        .then(pl.lit(risen))
        .when(bounds.high < 0)
        .then(pl.lit(fallen))
        .when(is_negligible)
        .then(pl.lit("same"))
        .otherwise(pl.lit("unclear"))
    )
    has_rate = rate.now.whole.is_not_null() & rate.before.whole.is_not_null()
    return pl.when(has_rate).then(verdict)


class Division(NamedTuple):
    """The parts of the change of an overall rate; together they are the change."""

    mix: float | None
    """By other shares of the ids in the whole."""
    within: float | None
    """By other rates of the ids themselves."""


def divide_change(ids: pl.DataFrame) -> Division:
    """Divide the change of an overall rate into mix and within.

    `ids` has a row for each conversation id: part, whole, part_before, whole_before (counts). An
    id without a whole on one side has the rate of the other.
    """
    # Fractions of two large counts, so as floats.
    sides = ("", "_before")
    totals = ids.select(pl.col(f"whole{side}").sum() for side in sides).row(0)
    if not all(totals):
        return Division(None, None)
    rates = [pl.col(f"part{side}") / pl.col(f"whole{side}") for side in sides]
    known = [rate.replace([float("nan"), float("inf")], None) for rate in rates]
    weights = [pl.col(f"whole{side}") / total for side, total in zip(sides, totals, strict=True)]
    rate, rate_before = pl.coalesce(known), pl.coalesce(known[::-1])
    weight, weight_before = weights
    divided = ids.select(
        ((weight - weight_before) * (rate + rate_before) / 2).sum().alias("mix"),
        ((rate - rate_before) * (weight + weight_before) / 2).sum().alias("within"),
    )
    return Division(*divided.row(0))
