"""A listing of more conversations than are to be held at once is written in parts, as it is made;
nothing in it changes by that, and a failure leaves what was there.
"""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import polars as pl
import pytest
from choosing import choose_some
from upkeep import FIRST, LATE, SECOND, done

from dcevents.store import stored_fold
from dcevents.store.disk.state import StoreState

MORE = """
2026-11-03T09:00:00Z z triggered id=d3 name=Tour
2026-11-03T09:00:00Z y triggered id=d3 name=Tour
2026-11-03T09:00:00Z y triggered id=d2 name=Other
- a triggered id=d9
- 0 closed id=d9
2026-11-05T10:00:00Z a engaged id=d4
2026-11-05T10:00:00Z g live_chat_requested agent=8 agent_name=Bo
"""
EXTRA = """
2026-11-02T10:30:00Z extra triggered
2026-11-03T09:00:00Z d completed
- untimed triggered
"""
CASES = [
    ("-f csv", True),
    ("-f tsv extra.ndjson --since 2026-11-03", True),
    ("-f json extra.ndjson --until 2026-11-03", True),
    ("-f csv --since 2026-11-02T10:00:00Z --until 2026-11-03T09:00:01Z", True),
    ("-f ndjson extra.ndjson --outcome dismissed --columns outcome,started_at", True),
    ("-f csv --period 2026-11-04", False),
    ("-f csv --conversation Pricing", False),
    ("-f csv --sort duration_seconds", False),
    ("-f csv --top 2", False),
    ("-f json --fail-if 'rows > 100'", False),
    ("-f markdown", False),
]
"""Options, and whether the rows are written in parts."""
LISTINGS = [
    *(("conversations", *case) for case in CASES),
    *(("sessions", *case) for case in CASES[:6]),
]


@pytest.fixture
def filled(store: Path, take: Callable[..., Any]) -> Path:
    """A store of several runs, with conversations that went on, and some without a time."""
    for compact_log in (FIRST, SECOND + MORE, LATE):
        take(compact_log)
    return store


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let a part have few conversations; return the windows of parts that are made."""
    seen: list[Any] = []
    cut_to = StoreState.cut_to

    def note_window(self: StoreState, window: Any) -> StoreState:
        seen.append(window)
        return cut_to(self, window)

    monkeypatch.setattr(stored_fold, "_PART_ROWS", 3)
    monkeypatch.setattr(StoreState, "cut_to", note_window)
    return seen


@pytest.mark.parametrize(
    ("report", "options", "is_in_parts"),
    choose_some([pytest.param(*each) for each in LISTINGS], 3, "harm"),
)
def test_a_listing_in_parts_is_the_listing(
    report: str,
    options: str,
    is_in_parts: bool,
    filled: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("extra.ndjson").write_bytes(harness.log(EXTRA))
    command = [report, "--store", str(filled), *shlex.split(options)]
    expected = done(*command)
    parts = request.getfixturevalue("parts")

    found = done(*command)

    assert (found.out, found.err) == (expected.out, expected.err)
    assert (len(parts) > 1) == is_in_parts


def test_damage_is_found_before_the_first_row(filled: Path, parts: list[Any]) -> None:
    path = min(filled.rglob("sids.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    result = harness.run("conversations", "--store", filled, "-q", "-f", "csv")
    assert (result.status, result.out, result.err.count("\n")) == (1, b"", 1)
    assert parts == []


def test_a_file_stays_as_it_was_where_a_later_part_fails(
    filled: Path, tmp_path: Path, parts: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parts == []
    target = tmp_path / "report.csv"
    target.write_text("old")
    read = StoreState.look_up_sids

    def fail_at_last(self: StoreState, sids: pl.Series) -> pl.Series:
        if self.window.until is None:
            raise MemoryError
        return read(self, sids)

    monkeypatch.setattr(StoreState, "look_up_sids", fail_at_last)
    result = harness.run("conversations", "--store", filled, "-q", "-o", target)
    assert (result.status, result.out, result.err.count("\n")) == (1, b"", 1)
    assert target.read_text() == "old"
    assert not list(tmp_path.glob(".dcevents-*"))
