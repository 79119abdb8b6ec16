"""Newcombe's interval, verdicts, and the division of a change, apart from any report."""

from typing import Any

import naive_compare
import polars as pl
import pytest
from choosing import try_examples
from hypothesis import example, given
from hypothesis import strategies as st

from dcevents.analysis.compare import RateChange, divide_change, judge_change
from dcevents.analysis.intervals import Share, compute_newcombe_bounds
from dcevents.reports._change_columns import VERDICTS

NOW, BEFORE = Share(pl.col("a"), pl.col("m")), Share(pl.col("b"), pl.col("n"))

# Newcombe, Interval estimation for the difference between independent proportions (Statistics in
# Medicine 17, 1998), table II, method 10.
PUBLISHED = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]

shares = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def frame(a: int, m: int, b: int, n: int) -> pl.DataFrame:
    """The counts of a rate now and before."""
    columns = {"a": [a], "m": [m], "b": [b], "n": [n]}
    return pl.DataFrame(columns, schema=dict.fromkeys("ambn", pl.UInt32))


@pytest.mark.parametrize(("a", "m", "b", "n", "low", "high"), PUBLISHED)
def test_the_interval_is_the_one_that_was_published(
    a: int, m: int, b: int, n: int, low: float, high: float
) -> None:
    bounds = compute_newcombe_bounds(NOW, BEFORE)

    found = frame(a, m, b, n).select(low=bounds.low, high=bounds.high).row(0)

    assert (low, high) == tuple(round(bound, 4) for bound in found)


@given(shares, shares, st.tuples(st.integers(0, 2), st.integers(0, 2)), st.booleans())
@example((30, 60), (15, 30), (1, 1), True)
@example((29, 29), (30, 30), (1, 1), True)
@try_examples(200)
def test_the_verdict_is_the_model_s(
    now: tuple[int, int], before: tuple[int, int], counts: tuple[int, int], up: bool
) -> None:
    change = RateChange(NOW, BEFORE, is_good_up=up)
    verdict = judge_change(change, pl.lit(counts[0]), pl.lit(counts[1]))

    found = frame(*now, *before).select(verdict).item()

    assert naive_compare.verdict(counts, now, before, up=up) == found
    assert found in VERDICTS


VERDICT_CASES = [
    pytest.param((60, 100), (40, 100), True, "better", id="more of what is good"),
    pytest.param((60, 100), (40, 100), False, "worse", id="more of what is bad"),
    pytest.param((40, 100), (60, 100), True, "worse", id="less of what is good"),
    pytest.param((45, 100), (40, 100), True, "unclear", id="chance may do that"),
    pytest.param((4000, 10000), (4005, 10000), True, "same", id="within five points, for sure"),
    pytest.param((4800, 10000), (4500, 10000), True, "better", id="small, but more than chance"),
    pytest.param((29, 29), (0, 1000), True, "unclear", id="29 are too few, whatever they say"),
    pytest.param((30, 30), (0, 1000), True, "better", id="30 are not"),
]


@pytest.mark.parametrize(("now", "before", "up", "expected"), VERDICT_CASES)
def test_the_first_rule_that_fits_decides(
    now: tuple[int, int], before: tuple[int, int], up: bool, expected: str
) -> None:
    verdict = judge_change(RateChange(NOW, BEFORE, is_good_up=up), pl.lit(1), pl.lit(1))

    assert expected == frame(*now, *before).select(verdict).item()


def test_where_there_is_no_rate_there_is_no_verdict() -> None:
    columns: dict[str, Any] = {"a": [1], "m": [None], "b": [1], "n": [5]}
    counts = pl.DataFrame(columns, schema=dict.fromkeys("ambn", pl.UInt32))

    verdict = judge_change(RateChange(NOW, BEFORE), pl.lit(0), pl.lit(1))

    assert counts.select(verdict).item() is None


DIVISIONS = [
    pytest.param([(50, 100, 50, 100), (10, 100, 10, 100)], 0.0, 0.0, id="nothing has changed"),
    pytest.param(
        [(50, 100, 100, 200), (20, 200, 10, 100)], -0.4 / 3, 0.0, id="only the mix: traffic"
    ),
    pytest.param(
        [(40, 100, 50, 100), (0, 100, 10, 100)], 0.0, -0.1, id="only the dialogues themselves"
    ),
    pytest.param(
        [(50, 100, 50, 100), (0, 100, 0, 0)], -0.25, 0.0, id="a new one has no rate before"
    ),
    pytest.param(
        [(50, 100, 50, 100), (0, 0, 0, 100)], 0.25, 0.0, id="one that is gone keeps its rate"
    ),
]


@pytest.mark.parametrize(("ids", "mix", "within"), DIVISIONS)
def test_a_change_is_divided_into_mix_and_within(
    ids: list[tuple[int, ...]], mix: float, within: float
) -> None:
    columns = ["part", "whole", "part_before", "whole_before"]

    found = divide_change(pl.DataFrame(ids, schema=columns, orient="row"))

    assert found.mix == pytest.approx(mix)
    assert found.within == pytest.approx(within)


@given(st.lists(st.tuples(shares, shares), min_size=1, max_size=8))
@try_examples(100)
def test_the_parts_together_are_the_change(ids: list[tuple[tuple[int, int], ...]]) -> None:
    columns = ["part", "whole", "part_before", "whole_before"]
    rows = pl.DataFrame([(*now, *before) for now, before in ids], schema=columns, orient="row")
    sums = rows.sum().row(0)

    found = divide_change(rows)

    if sums[1] == 0 or sums[3] == 0:
        assert found == (None, None)
    else:
        assert found.mix is not None
        assert found.within is not None
        assert found.mix + found.within == pytest.approx(sums[0] / sums[1] - sums[2] / sums[3])
