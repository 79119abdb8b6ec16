"""A store's numbers of sids, and the search for them: by the library and without it the same."""

import secrets
from hashlib import blake2b

import polars as pl
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from dcevents import native
from dcevents.store.disk.numbering import STORED_NUMBER_TYPE, StoreNumbering
from dcevents.store.disk.search import ROW_TYPE, search_for

SECRET = "00112233445566778899aabbccddeeff"
# Around the lengths at which BLAKE2b begins a block, with the 4 bytes of the salt.
LENGTHS = (0, 1, 11, 12, 13, 123, 124, 125, 251, 252, 253, 512)


def hash_text(text: str, salt: int = 0) -> int:
    """Return the number that a text has by definition."""
    data = salt.to_bytes(4, "little") + text.encode()
    digest = blake2b(data, digest_size=8, key=bytes.fromhex(SECRET)).digest()
    return int.from_bytes(digest, "little")


def number(texts: list[str], salts: dict[str, int] | None = None) -> list[int]:
    """Return the numbers that a store gives."""
    numbering = StoreNumbering(SECRET, salts or {})
    return numbering.number_sids(pl.Series(texts, dtype=pl.String)).to_list()


@pytest.mark.usefixtures("scanner")
def test_numbers_are_those_of_earlier_stores() -> None:
    texts = ["".join("aé漢"[n % 3] for n in range(length)) for length in LENGTHS]

    assert number(texts) == [hash_text(text) for text in texts]


@pytest.mark.usefixtures("scanner")
def test_a_salted_sid_alone_has_another_number() -> None:
    assert number(["a", "b", "c"], {"b": 3}) == [hash_text("a"), hash_text("b", 3), hash_text("c")]


@pytest.mark.usefixtures("scanner")
def test_many_sids_keep_their_order() -> None:
    texts = [f"session-{n}" for n in range(300_000)]

    numbers = number(texts)

    assert len(numbers) == len(texts)
    assert numbers[::29_989] == [hash_text(text) for text in texts[::29_989]]


@pytest.mark.usefixtures("scanner")
def test_columns_in_pieces_are_numbered_and_searched_like_whole_ones() -> None:
    texts = pl.concat([pl.Series(["a", "b"]), pl.Series(["c" * 40]), pl.Series(["d"])])
    numbers = StoreNumbering(SECRET, {}).number_sids(texts[1:])
    assert numbers.to_list() == [hash_text(text) for text in ("b", "c" * 40, "d")]
    pieces = pl.concat([numbers[:1], numbers[1:]], rechunk=False)

    with search_for(numbers[1:]) as find_places:
        assert find_places(pieces).to_list() == [1, 2]


NUMBERS = st.one_of(st.integers(0, 20), st.integers(0, (1 << 64) - 1), st.just((1 << 64) - 1))


@given(wanted=st.lists(NUMBERS, max_size=40), others=st.lists(NUMBERS, max_size=40))
@try_examples(20)
def test_the_search_finds_all_that_is_wanted(wanted: list[int], others: list[int]) -> None:
    stored = [*others, *wanted[::2], *others[:3]]
    expected = [place for place, each in enumerate(stored) if each in wanted]
    for library in ("", "python"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(native.VARIABLE, library)
            with search_for(pl.Series(wanted, dtype=STORED_NUMBER_TYPE)) as find_places:
                found = find_places(pl.Series(stored, dtype=STORED_NUMBER_TYPE))

        assert_series_equal(found, pl.Series(expected, dtype=ROW_TYPE), check_names=False)


@pytest.mark.usefixtures("scanner")
def test_a_search_for_many_numbers_finds_the_few_that_are_stored() -> None:
    wanted = [secrets.randbits(64) for _ in range(50_000)]
    stored = [secrets.randbits(64) for _ in range(50_000)]
    stored[::1000] = wanted[::1000]

    with search_for(pl.Series(wanted, dtype=STORED_NUMBER_TYPE)) as find_places:
        found = find_places(pl.Series(stored, dtype=STORED_NUMBER_TYPE))

    assert found.to_list() == [*range(0, 50_000, 1000)]
