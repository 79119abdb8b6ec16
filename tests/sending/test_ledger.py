"""The ledger holds what was written to it, whatever happens to its last block."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import choosing
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcevents.errors import StoreError
from dcevents.sending import _ledger
from dcevents.sending._ledger import (
    FORGOTTEN,
    REFUSED,
    SENT,
    UNDER_WAY,
    Entry,
    LedgerName,
    SendLedger,
    look_up,
)

EVENTS = LedgerName("ga4", "G-ABC123", "events")
OUTCOMES = LedgerName("ga4", "G-ABC123", "conversations")


def record(number: int, content: int | None = None) -> bytes:
    parts = [number, 7 * number] if content is None else [number, 7 * number, content]
    return b"".join(part.to_bytes(8, "little") for part in parts)


def identities(numbers: Sequence[int]) -> pl.DataFrame:
    columns = {"high": list(numbers), "low": [7 * number for number in numbers]}
    return pl.DataFrame(columns, schema={"high": pl.UInt64, "low": pl.UInt64})


def states(folder: Path, name: LedgerName, numbers: Sequence[int]) -> dict[int, Any]:
    found = look_up(folder, name, identities(numbers))
    return {
        row["high"]: (bytes([row["kind"]]), row["content"]) for row in found.iter_rows(named=True)
    }


def append(folder: Path, name: LedgerName, *entries: Entry) -> None:
    with SendLedger.open(folder, name) as ledger:
        ledger.append(entries)


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([SENT, REFUSED, UNDER_WAY, FORGOTTEN]),
        st.lists(st.integers(0, 12), max_size=5, unique=True),
    ),
    max_size=8,
)


@choosing.try_examples(12)
@given(entries=ENTRIES, torn=st.integers(0, 40), most=st.sampled_from([0, 3, 100]))
def test_of_each_identity_the_last_entry_counts(
    entries: list[tuple[bytes, list[int]]],
    torn: int,
    most: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Held to a dictionary; a block that is torn is as if it had not been written."""
    folder = tmp_path_factory.mktemp("state")
    expected: dict[int, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ledger, "_MAX_BLOCKS", most)
        for kind, numbers in entries:
            append(folder, EVENTS, Entry(kind, [record(number) for number in numbers]))
            expected |= dict.fromkeys(numbers, (kind, None))
        path = folder / EVENTS.file_name
        with SendLedger.open(folder, EVENTS) as ledger:
            whole = path.stat().st_size
            ledger.append([Entry(SENT, [record(99), record(98)])])
            os.truncate(path, max(whole, path.stat().st_size - 1 - torn))
        append(folder, EVENTS, Entry(REFUSED, [record(97)]))
        expected[97] = (REFUSED, None)

    found = states(folder, EVENTS, range(100))
    if most:
        assert found == expected
    else:
        # Written anew, batches under way that have arrived since are gone.
        assert {key: value for key, value in found.items() if value[0] != UNDER_WAY} == {
            key: value for key, value in expected.items() if value[0] != UNDER_WAY
        }


def test_content_is_kept_with_outcomes(tmp_path: Path) -> None:
    append(tmp_path, OUTCOMES, Entry(SENT, [record(1, 11), record(2, 22)]))
    append(tmp_path, OUTCOMES, Entry(SENT, [record(1, 12)]))

    assert {1: (SENT, 12), 2: (SENT, 22)} == states(tmp_path, OUTCOMES, [1, 2, 3])


def test_a_batch_under_way_that_has_arrived_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        records = [record(number), record(1000 + number)]
        append(tmp_path, EVENTS, Entry(UNDER_WAY, records), Entry(SENT, records))
    append(tmp_path, EVENTS, Entry(UNDER_WAY, [record(5000)]))
    path = tmp_path / EVENTS.file_name
    before = path.stat().st_size
    monkeypatch.setattr(_ledger, "_MAX_BLOCKS", 10)
    append(tmp_path, EVENTS)

    assert path.stat().st_size < before / 2
    expected = dict.fromkeys([*range(40), *range(1000, 1040)], (SENT, None))
    assert {**expected, 5000: (UNDER_WAY, None)} == states(tmp_path, EVENTS, range(6000))


@pytest.mark.parametrize("place", [3, 60, 100])
def test_damage_is_no_torn_end(place: int, tmp_path: Path) -> None:
    for number in range(20):
        append(tmp_path, EVENTS, Entry(SENT, [record(number)]))
    path = tmp_path / EVENTS.file_name
    data = bytearray(path.read_bytes())
    data[-place - 100 if place > 3 else place] ^= 0x55
    path.write_bytes(data)

    with pytest.raises(StoreError, match=r"damaged at byte|not what was sent"):
        append(tmp_path, EVENTS)


def test_zeros_that_a_crash_has_left_are_cut_off(tmp_path: Path) -> None:
    append(tmp_path, EVENTS, Entry(SENT, [record(1)]))
    with (tmp_path / EVENTS.file_name).open("ab") as file:
        file.write(bytes(5000))
    append(tmp_path, EVENTS, Entry(SENT, [record(2)]))

    assert {1: (SENT, None), 2: (SENT, None)} == states(tmp_path, EVENTS, [1, 2, 3])


def test_a_ledger_is_of_one_destination(tmp_path: Path) -> None:
    other = LedgerName("ga4", "G-OTHER", "events")
    append(tmp_path, EVENTS, Entry(SENT, [record(1)]))
    append(tmp_path, other)
    (tmp_path / EVENTS.file_name).rename(tmp_path / other.file_name)

    with pytest.raises(StoreError, match="not what was sent to ga4 G-OTHER"):
        append(tmp_path, other)


@pytest.fixture
def names() -> list[str]:
    odd = ["a/b", "..", "ä", "x" * 300, "a,b"]
    return [LedgerName("adobe-analytics", each, "events").file_name for each in odd]


def test_no_destination_leads_out_of_the_folder(names: list[str]) -> None:
    assert len(set(names)) == len(names)
    assert all(Path(name).name == name and len(name) < 100 for name in names)
    assert json.dumps(names).isascii()
