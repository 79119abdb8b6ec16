"""The ledger holds what was written to it, whatever happens to its last block."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import choosing
import harness
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcevents.errors import StoreError
from dcevents.folders import OwnFolder
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
KEY = "00ff" * 8


def record(number: int, content: int | None = None) -> bytes:
    parts = [number, 7 * number] if content is None else [number, 7 * number, content]
    return b"".join(part.to_bytes(8, "little") for part in parts)


def identities(numbers: Sequence[int]) -> pl.DataFrame:
    columns = {"high": list(numbers), "low": [7 * number for number in numbers]}
    return pl.DataFrame(columns, schema={"high": pl.UInt64, "low": pl.UInt64})


def states(folder: Path, name: LedgerName, numbers: Sequence[int]) -> dict[int, Any]:
    found = look_up(OwnFolder.open(folder), name, identities(numbers))
    return {
        row["high"]: (bytes([row["kind"]]), row["content"]) for row in found.iter_rows(named=True)
    }


def append(folder: Path, name: LedgerName, *entries: Entry) -> None:
    with SendLedger.open(OwnFolder.make(folder), name) as ledger:
        ledger.append(entries)


def test_damaged_ledgers_of_a_store_are_found(tmp_path: Path) -> None:
    """What a crash has torn is none: it is cut off, and nobody was told of it."""
    log, store = tmp_path / "dc.log", tmp_path / "store"
    log.write_bytes(harness.log("09:00:00 a engaged"))
    assert harness.run("ingest", log, "--store", store, "-q").status == 0
    for name in (EVENTS, OUTCOMES):
        append(store, name, Entry(SENT, [record(1, None if name is EVENTS else 9)]))
    path = store / EVENTS.file_name
    whole = path.read_bytes()
    numbers = json.dumps({**json.loads(whole.splitlines()[0]), **dict.fromkeys(EVENTS._fields, 1)})
    headers = (b"{}\n", b"[" * 4000 + b"\n", numbers.encode() + b"\n")
    inner = whole[:-9] + b"!" + whole[-8:]
    for damaged, place in ((inner, len(whole) - 33), *((each, 0) for each in headers)):
        path.write_bytes(damaged)
        result = harness.run("store", "verify", store)
        assert (result.status, result.out) == (1, b"")
        found, told = result.err.splitlines()
        assert found.startswith(
            f"dcevents: {path}: it remembers what was sent, and is damaged (at byte {place:,}); "
        )
        assert told == f"dcevents: {store}: sound, but for what it remembers of dcevents send"
    for torn in (whole, whole[:-3], whole + bytes(7)):
        path.write_bytes(torn)
        assert harness.run("store", "verify", store).text == f"{store}: sound\n"


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
        with SendLedger.open(OwnFolder.open(folder), EVENTS) as ledger:
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
        append(tmp_path, EVENTS, Entry(UNDER_WAY, records, KEY), Entry(SENT, records))
    append(tmp_path, EVENTS, Entry(UNDER_WAY, [record(5000)], KEY))
    path = tmp_path / EVENTS.file_name
    before = path.stat().st_size
    monkeypatch.setattr(_ledger, "_MAX_BLOCKS", 10)
    append(tmp_path, EVENTS)

    assert path.stat().st_size < before / 2
    expected = dict.fromkeys([*range(40), *range(1000, 1040)], (SENT, None))
    assert {**expected, 5000: (UNDER_WAY, None)} == states(tmp_path, EVENTS, range(6000))
    (last,) = look_up(OwnFolder.open(tmp_path), EVENTS, identities([5000])).iter_rows(named=True)
    assert (last["note"], last["records"]) == (KEY, 1)


def test_a_batch_under_way_keeps_its_key(tmp_path: Path) -> None:
    append(tmp_path, OUTCOMES, Entry(UNDER_WAY, [record(1, 11), record(2, 22)], KEY))
    append(tmp_path, OUTCOMES, Entry(SENT, [record(3, 33)]))
    found = look_up(OwnFolder.open(tmp_path), OUTCOMES, identities([1, 2, 3]))

    assert {1: (KEY, 2, 11), 2: (KEY, 2, 22), 3: (None, 1, 33)} == {
        row["high"]: (row["note"], row["records"], row["content"])
        for row in found.iter_rows(named=True)
    }


@pytest.mark.parametrize("name", [EVENTS, OUTCOMES])
def test_why_is_remembered_of_what_is_refused(
    name: LedgerName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where blocks are merged; a reason may be long, and of any letters."""
    content = None if name is EVENTS else 7
    reasons = ["it answers 400: no such näme", "", "x" * 500]
    for number, reason in enumerate([*reasons, *reasons]):
        append(tmp_path, name, Entry(REFUSED, [record(number, content)], reason))
    for most in (100, 1):
        monkeypatch.setattr(_ledger, "_MAX_BLOCKS", most)
        append(tmp_path, name)
        found = look_up(OwnFolder.open(tmp_path), name, identities(range(6)))
        notes = {row["high"]: row["note"] or "" for row in found.iter_rows(named=True)}
        for number, reason in enumerate([*reasons, *reasons]):
            assert reason.startswith(notes[number])
            assert len(notes[number]) == min(len(reason), 128 if name is EVENTS else 192)


@pytest.mark.parametrize("place", [3, 60, 100])
def test_damage_is_no_torn_end(place: int, tmp_path: Path) -> None:
    for number in range(20):
        append(tmp_path, EVENTS, Entry(SENT, [record(number)]))
    path = tmp_path / EVENTS.file_name
    data = bytearray(path.read_bytes())
    data[-place - 100 if place > 3 else place] ^= 0x55
    path.write_bytes(data)

    with pytest.raises(StoreError, match=r"is damaged|not what was sent"):
        append(tmp_path, EVENTS)


def test_any_flipped_bit_of_the_last_block_is_damage(tmp_path: Path) -> None:
    """It was on disk, so what it says was sent, and would be sent again."""
    append(tmp_path, EVENTS, Entry(SENT, [record(1)]))
    path = tmp_path / EVENTS.file_name
    before = path.stat().st_size
    append(tmp_path, EVENTS, Entry(SENT, [record(2), record(3)]))
    whole = path.read_bytes()

    for bit in range(8 * before, 8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        for read in (append, lambda *_: states(tmp_path, EVENTS, [1])):
            with pytest.raises(StoreError, match=f"is damaged .at byte {before}.; restore it"):
                read(tmp_path, EVENTS)
        assert path.read_bytes() == data


@pytest.mark.parametrize("zeros", [0, 5000])
def test_what_a_crash_has_torn_is_cut_off(zeros: int, tmp_path: Path) -> None:
    """A block that ends early, or in zeros: the file was made longer, and nothing written."""
    append(tmp_path, EVENTS, Entry(SENT, [record(1)]))
    path = tmp_path / EVENTS.file_name
    before = path.stat().st_size
    append(tmp_path, EVENTS, Entry(SENT, [record(2), record(3)]))
    whole = path.read_bytes()

    for end in range(before, len(whole) - (8 if zeros else 0)):
        path.write_bytes(whole[:end] + bytes(zeros))
        assert {1: (SENT, None)} == states(tmp_path, EVENTS, [1, 2, 3])
        append(tmp_path, EVENTS, Entry(SENT, [record(4)]))
        assert {1: (SENT, None), 4: (SENT, None)} == states(tmp_path, EVENTS, [1, 2, 3, 4])


def test_an_entry_that_is_interrupted_anywhere_does_no_damage(tmp_path: Path) -> None:
    """A signal may come between any two lines; the entry is there, or it is not."""
    append(tmp_path, EVENTS, Entry(SENT, [record(1)]))
    longer, shorter = [record(number) for number in range(2, 9)], [record(10)]
    line, has_ended = 0, False
    while not has_ended:
        line += 1
        with SendLedger.open(OwnFolder.open(tmp_path), EVENTS) as ledger:
            with contextlib.suppress(KeyboardInterrupt), interrupt(SendLedger.append, line):
                ledger.append([Entry(SENT, longer)])
                has_ended = True
            ledger.append([Entry(SENT, shorter)])
        found = states(tmp_path, EVENTS, range(20))
        assert [*found] in ([1, 10], [*range(1, 9), 10])
    assert line > 5


@contextlib.contextmanager
def interrupt(function: Any, line: int) -> Iterator[None]:
    """Raise KeyboardInterrupt before the n-th line of a function."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if frame.f_code is not function.__code__:
            return None
        count += event == "line"
        if event == "line" and count == line:
            raise KeyboardInterrupt
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(former)


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
