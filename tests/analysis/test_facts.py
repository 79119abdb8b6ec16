"""The folded state is a set: merging is idempotent, commutative and associative;
the parts give the whole.
"""

import polars as pl
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents.model import facts as facts_module
from dcevents.model.attributes import Attributes
from dcevents.model.facts import Facts
from dcevents.model.grouping import DistinctCounts
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.numbers import packed_events
from dcevents.model.packed import packing
from dcevents.model.vocabulary import Vocabulary

Fact = tuple[str, int, str | None, str, int]

some_facts = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2", "s3"]),
        st.integers(0, 10),
        st.sampled_from([None, "d1", "d2"]),
        st.sampled_from(["Pricing", "Prices"]),
        st.sampled_from([1, 2, 3, UNTIMED, FUTURE, ANCIENT]),
    ),
    max_size=20,
)


some_texts = st.sampled_from([None, "a", "b", "\0"])
some_attributes = st.lists(
    st.builds(
        Attributes, st.integers(0, 3), *(some_texts for _ in range(len(Attributes._fields) - 1))
    ),
    max_size=12,
    unique=True,
)


@given(some_attributes, some_attributes)
def test_a_table_of_attributes_is_numbered_as_one_by_one(
    first: list[Attributes], more: list[Attributes]
) -> None:
    one_by_one, at_once = Vocabulary(first), Vocabulary()
    schema = dict.fromkeys(Attributes._fields, pl.String) | {"kind": pl.UInt8}

    at_once.assign_rows(pl.DataFrame(first, schema=schema, orient="row"))

    assert one_by_one.assign_codes(more) == at_once.assign_codes(more)
    assert one_by_one.list_attributes() == at_once.list_attributes()
    assert at_once.list_rows().rows() == [tuple(each) for each in at_once.list_attributes()]
    assert at_once.list_rows().schema == schema


def folded(facts: list[Fact]) -> Facts:
    """A state, with a vocabulary of its own."""
    state = Facts()
    for sid, kind, conversation, name, ts in facts:
        code = state.vocabulary.assign_code(
            Attributes(kind, conversation, name, None, None, None, "a1", None, None)
        )
        add(state, [sid], [code], [ts])
    return state


def add(state: Facts, sids: list[str], codes: list[int], ts: list[int]) -> None:
    """Add facts, as a block of lines would."""
    numbers = state.vocabulary.sessions.number_sids(sids)
    columns = {"sid": numbers, "attributes": codes, "ts": ts}
    state.add_rows(pl.DataFrame(columns, schema=packing.FACT_SCHEMA))


def content(state: Facts) -> set[tuple[str, Attributes, int]]:
    """What a state says, whatever its codes."""
    frame, attributes = state.to_frame(), state.vocabulary.list_attributes()
    sids = state.look_up_sids(frame["sid"])
    return {
        (sid, attributes[code], ts)
        for sid, code, ts in zip(sids, frame["attributes"], frame["ts"], strict=True)
    }


@given(a=some_facts, b=some_facts, c=some_facts)
@try_examples(12)
def test_merging_is_union(a: list[Fact], b: list[Fact], c: list[Fact]) -> None:
    x, y, z = map(folded, (a, b, c))
    assert content(x.merge(y)) == content(x) | content(y) == content(folded(a + b))
    assert content(x.merge(x)) == content(x)
    assert content(x.merge(y)) == content(y.merge(x))
    assert content(x.merge(y).merge(z)) == content(x.merge(y.merge(z)))
    assert (
        x.merge(y).count_distinct() == y.merge(x).count_distinct() == folded(a + b).count_distinct()
    )


def test_other_names_make_no_other_event_and_times_not_believed_are_none() -> None:
    facts: list[Fact] = [
        ("s1", 1, "d1", "Pricing", 5),
        ("s1", 1, "d1", "Prices", 5),
        ("s1", 1, "d1", "Pricing", UNTIMED),
        ("s1", 1, "d1", "Prices", FUTURE),
        ("s1", 1, "d2", "Prices", FUTURE),
        ("s1", 1, "d1", "Prices", ANCIENT),
        ("s2", 1, "d1", "Pricing", 5),
    ]
    assert folded(facts).count_distinct() == DistinctCounts(
        events=4, untimed=2, future=2, ancient=1
    )


def test_times_and_contents_that_fit_into_no_word_are_facts_as_any() -> None:
    times = [
        -62_135_596_800_000,
        -1,
        0,
        (1 << 42) - 4,
        (1 << 42) - 3,
        (1 << 42) - 2,
        (1 << 42) - 1,
        253_402_300_799_999,
        UNTIMED,
        FUTURE,
        ANCIENT,
    ]
    facts: list[Fact] = [(sid, 1, "d1", "Pricing", ts) for sid in ("s1", "s2") for ts in times]
    state = folded(facts + facts[:5])
    assert content(state) == content(folded(facts)) != set()
    assert {ts for _, _, ts in content(state)} == set(times)
    assert state.count_distinct() == DistinctCounts(
        events=2 * (len(times) - 2), untimed=2, future=2, ancient=2
    )


def test_more_contents_than_fit_into_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_events, "CODE_BITS", 1)
    facts: list[Fact] = [
        ("s1", kind, "d1", name, ts)
        for kind in range(4)
        for name in "ab"
        for ts in (1, UNTIMED, FUTURE, ANCIENT)
    ]
    state = folded(facts)
    assert content(state) == {("s1", attributes, ts) for _, attributes, ts in content(state)}
    assert state.count_distinct() == DistinctCounts(events=8, untimed=4, future=4, ancient=4)


@pytest.mark.parametrize(
    "together", [True, False], ids=["each line twenty times", "the whole log twenty times"]
)
def test_repeated_facts_do_not_pile_up(*, together: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "_MIN_ROW_LIMIT", 1000)
    monkeypatch.setattr(facts_module, "_MIN_LATE_LIMIT", 100)
    state = Facts()
    code = state.vocabulary.assign_code(
        Attributes(0, "d1", None, None, None, None, None, None, None)
    )
    rows = [(f"s{n}", code, n) for n in range(1500)]
    repeated = [row for row in rows for _ in range(20)] if together else rows * 20
    heights = []
    for i in range(0, len(repeated), 500):
        sids, codes, ts = map(list, zip(*repeated[i : i + 500], strict=True))
        add(state, sids, codes, ts)
        heights.append(state.row_count)
    assert max(heights) <= (2.1 if together else 1.4) * 1500
    assert state.count_distinct().events == 1500
