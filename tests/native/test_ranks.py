"""Texts are ranked in C, and in Python where there is no library, as Python sorts them."""

import polars as pl
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents import native
from dcevents.model.texts import rank_texts

PREFIXES = st.sampled_from(["", "dlg-", "the same beginning of all texts"])
ENDS = st.lists(st.one_of(st.none(), st.text("ab\0é𝄞\uffff", min_size=1, max_size=20)), max_size=80)


@pytest.mark.parametrize("choice", ["c", "python"])
@given(prefix=PREFIXES, ends=ENDS)
@try_examples(40)
def test_ranks_are_places_among_different_texts(
    choice: str, prefix: str, ends: list[str | None]
) -> None:
    texts = [None if end is None else prefix + end for end in ends]
    different = sorted({text for text in texts if text is not None})

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(native.VARIABLE, choice)
        ranks = rank_texts(pl.Series(texts, dtype=pl.String)).to_list()

    assert ranks == [None if text is None else different.index(text) + 1 for text in texts]
