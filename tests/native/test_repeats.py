"""Repeated facts are found in C, and by polars where there is no library, as sets find them."""

import polars as pl
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents import native
from dcevents.model.packed.packing import NO_PACKED_FACTS
from dcevents.model.packed.repeats import drop_known, estimate_distinct, order_facts

Fact = tuple[int, int]

MAX_WORD = (1 << 64) - 1
PIECES = st.lists(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 4), st.just(300)),
            st.one_of(st.integers(0, 40), st.sampled_from([MAX_WORD, MAX_WORD - 1])),
        ),
        max_size=60,
    ),
    max_size=3,
)


def frame_pieces(pieces: list[list[Fact]]) -> pl.DataFrame:
    """Packed facts, each list of which is a piece by itself."""
    frames = [pl.DataFrame(each, NO_PACKED_FACTS.schema, orient="row") for each in pieces]
    return pl.concat([NO_PACKED_FACTS, *frames])


@pytest.fixture(params=["c", "python"], autouse=True)
def choice(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(native.VARIABLE, request.param)


@given(pieces=PIECES, more=PIECES)
@try_examples(40)
def test_known_facts_are_dropped_and_the_others_stay_as_they_are(
    pieces: list[list[Fact]], more: list[list[Fact]]
) -> None:
    known, facts = order_facts(frame_pieces(pieces)), frame_pieces(more)
    distinct = {fact for piece in pieces for fact in piece}

    assert known.rows() == sorted(distinct)
    assert known.n_chunks() == 1
    assert drop_known(facts, known).rows() == [row for row in facts.rows() if row not in distinct]


def test_columns_in_different_pieces_are_looked_up() -> None:
    sids = pl.concat([pl.Series([1, 2], dtype=pl.UInt32), pl.Series([3], dtype=pl.UInt32)])
    facts = pl.DataFrame(
        {"sid": sids, "time_and_attributes": pl.Series([7, 8, 9], dtype=pl.UInt64)}
    )

    assert drop_known(facts, order_facts(facts.head(2))).rows() == [(3, 9)]
    assert order_facts(facts).rows() == [(1, 7), (2, 8), (3, 9)]


@pytest.mark.parametrize("times", [1, 3, 40])
def test_different_facts_are_estimated_however_often_they_are_repeated(times: int) -> None:
    facts = frame_pieces([[(n, n) for n in range(first, first + 500)] for first in (0, 500)])

    estimate = estimate_distinct(pl.concat([facts] * times))

    assert estimate == pytest.approx(1000, rel=0.1)
