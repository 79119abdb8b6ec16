"""Sessions go by numbers, in the order in which their sids come: the table in C and that in Python
give the same ones, and give the sids back as they were.
"""

import array

import polars as pl
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents import native
from dcevents.model.vocabulary import Sessions

SIDS = st.lists(
    st.one_of(
        st.text(max_size=3),
        st.text(st.sampled_from('ab\n\0"\\ß€😀'), min_size=8, max_size=16),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    ),
    max_size=80,
)


def make_both(monkeypatch: pytest.MonkeyPatch) -> list[Sessions]:
    """A table in C, where there is a library, and one in Python."""
    both = []
    for choice in ("", "python"):
        monkeypatch.setenv(native.VARIABLE, choice)
        both.append(Sessions())
    return both


def pack(texts: list[str]) -> tuple[bytes, bytes]:
    """Texts one after the other, and their offsets."""
    offsets = array.array("I", [0])
    for text in texts:
        offsets.append(offsets[-1] + len(text.encode()))
    return "".join(texts).encode(), offsets.tobytes()


@given(parts=st.lists(st.tuples(SIDS, st.booleans()), max_size=4))
@try_examples(20)
def test_both_tables_number_sids_as_a_dictionary_does(parts: list[tuple[list[str], bool]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        both = make_both(monkeypatch)
    numbers: dict[str, int] = {}
    for texts, is_packed in parts:
        expected = [numbers.setdefault(text, len(numbers)) for text in texts]
        for sessions in both:
            if is_packed:
                assert sessions.numbers.number_packed(*pack(texts)).tolist() == expected
                continue
            found = sessions.number_sids(texts)
            assert found.to_list() == expected
            assert found.dtype == pl.UInt32
    for sessions in both:
        assert sessions.list_sids().to_list() == list(numbers)
        assert len(sessions.numbers) == len(numbers)
        wanted = pl.Series(sorted(numbers.values(), reverse=True), dtype=pl.UInt32)
        assert sessions.look_up(wanted).to_list() == [*reversed(numbers)]
        assert {text: sessions.find_number(text) for text in numbers} == numbers
        assert sessions.find_number("x" * 300) is None


@pytest.mark.usefixtures("scanner")
def test_sids_may_come_in_slices_and_in_chunks() -> None:
    sessions = Sessions()
    texts = pl.Series([f"{'session ' * (n % 3)}{n}" for n in range(5000)])
    assert sessions.number_sids(texts[10:20]).to_list() == [*range(10)]
    chunks = pl.concat([texts[15:25], texts[:5]], rechunk=False)
    assert sessions.number_sids(chunks).to_list() == [*range(5, 20)]
    assert sessions.number_sids(texts).n_unique() == len(sessions.numbers) == 5000
    numbers = pl.concat([pl.Series([3, 4]), pl.Series([0])], rechunk=False)
    assert sessions.look_up(numbers).to_list() == texts.gather([13, 14, 10]).to_list()
    assert sessions.look_up(numbers[1:]).to_list() == texts.gather([14, 10]).to_list()


@pytest.mark.usefixtures("scanner")
def test_numbers_stay_where_the_table_grows_and_where_it_is_gone() -> None:
    sessions = Sessions()
    texts = pl.Series([f"{n:x}" * 5 for n in range(20_000)])
    first = [sessions.number_sids(texts[n : n + 700]) for n in range(0, texts.len(), 700)]
    assert pl.concat(first).to_list() == sessions.number_sids(texts).to_list()
    sids = sessions.list_sids()
    del sessions
    assert sids.to_list() == texts.to_list()


@pytest.mark.usefixtures("scanner")
def test_forgotten_sids_are_not_asked_for() -> None:
    sessions = Sessions()
    sessions.number_sids(["a"])
    sessions.forget_texts()
    with pytest.raises(ValueError, match="forgotten"):
        sessions.list_sids()
