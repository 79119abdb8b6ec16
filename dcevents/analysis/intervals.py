"""Intervals of rates and of their changes: what chance alone may do (definitions 3 and 6).

Expressions of polars to expressions, without an import of polars.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

NORMAL_QUANTILE: Final = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: 95 % lie between -Z and Z."""


class Bounds(NamedTuple):
    """The bounds of a 95 % interval."""

    low: Any
    high: Any


class Share(NamedTuple):
    """A part and the whole that it is of: expressions of counts."""

    part: Any
    whole: Any


def compute_wilson_bounds(part: Any, whole: Any) -> Bounds:  # noqa: ANN401 - expressions
    """Return the bounds of a rate's 95 % interval, by Wilson.

    NaN where `whole` is 0. The bounds are 0 and 1 exactly where the rate is, and the rate never
    lies outside.
    E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    n, z = whole.cast(float), NORMAL_QUANTILE
    p = part / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).sqrt()
    return Bounds((middle - half).clip(0, p), (middle + half).clip(p, 1))


def compute_newcombe_bounds(now: Share, before: Share) -> Bounds:
    """Return the bounds of the 95 % interval of a change of a rate, by Newcombe.

    NaN where a whole is 0. R. G. Newcombe (1998), method 10, Statistics in Medicine 17, 873-890.
    """
    rate, rate_before = (each.part / each.whole.cast(float) for each in (now, before))
    bounds, bounds_before = (compute_wilson_bounds(*each) for each in (now, before))
    change = rate - rate_before
    down = ((rate - bounds.low) ** 2 + (bounds_before.high - rate_before) ** 2).sqrt()
    up = ((bounds.high - rate) ** 2 + (rate_before - bounds_before.low) ** 2).sqrt()
    return Bounds(change - down, change + up)
