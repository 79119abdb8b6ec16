"""Stores and clocks: as of, and timestamps that are not believed, as from the logs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import harness
import pytest
from upkeep import account, done, figures, sound, sums_up

AHEAD = """
2026-11-29T23:00:00Z a engaged
2026-11-29T23:20:00Z b live_chat_requested
2026-11-30T08:00:00Z c engaged
"""
ODD = """
2026-11-02T09:00:00Z a engaged
1970-01-01T00:00:00Z a completed
=0 a completed
0001-01-01T00:00:00Z b engaged
2099-01-01T00:00:00Z b completed
never c engaged
"""
CLOCK = harness.CLOCK
"""2026-12-01T00:00:00Z, the clock of runs."""
EVENING = CLOCK - timedelta(days=1, minutes=20)


def looks_from(*arguments: str | Path, clock: datetime) -> Any:
    """Return the moment of a report, and the outcomes that it sees."""
    found = harness.run("conversations", *arguments, "-f", "json", "-q", clock=clock).json
    return found["as_of"], {row["sid"]: row["outcome"] for row in found["rows"]}


@pytest.mark.parametrize("keeps", [(), ("--keep-events",)], ids=["conversations", "events"])
def test_one_event_dated_ahead_moves_the_as_of_of_no_store(
    store: Path, tmp_path: Path, keeps: tuple[str, ...]
) -> None:
    log = tmp_path / "dc.log"
    log.write_bytes(harness.log(AHEAD))
    assert 0 == harness.run("ingest", log, "--store", store, *keeps, clock=EVENING).status
    expected = ("2026-11-29T23:20:00.000Z", {"a": "open", "b": "open", "c": "open"})

    assert expected == looks_from(log, clock=EVENING)
    assert expected == looks_from("--store", store, clock=EVENING)
    assert 0 == harness.run("store", "compact", store).status
    assert expected == looks_from("--store", store, clock=EVENING)
    assert looks_from(log, clock=CLOCK) == looks_from("--store", store, clock=CLOCK)
    assert "2026-11-30T08:00:00.000Z" == looks_from("--store", store, clock=CLOCK)[0]


def test_logs_beside_a_store_have_the_same_as_of(store: Path, tmp_path: Path) -> None:
    log, more = tmp_path / "dc.log", tmp_path / "more.log"
    log.write_bytes(harness.log("2026-11-29T22:00:00Z a engaged"))
    more.write_bytes(harness.log(AHEAD))
    assert 0 == harness.run("ingest", log, "--store", store, clock=EVENING).status

    both = looks_from("--store", store, more, clock=EVENING)
    assert looks_from(log, more, clock=EVENING) == both
    assert "2026-11-29T23:20:00.000Z" == both[0]


@pytest.mark.parametrize("text", ["", "never a engaged", "1970-01-01T00:00Z a engaged"])
def test_without_a_time_the_clock_is_as_of(store: Path, tmp_path: Path, text: str) -> None:
    log = tmp_path / "dc.log"
    log.write_bytes(harness.log(text))
    assert harness.run("ingest", log, "--store", store).status in (0, 3)

    assert "2026-12-01T00:00:00.000Z" == looks_from(log, clock=CLOCK)[0]
    assert "2026-12-01T00:00:00.000Z" == looks_from("--store", store, clock=CLOCK)[0]


@pytest.mark.harm
@pytest.mark.parametrize("keeps", [(), ("--keep-events",)], ids=["conversations", "events"])
def test_what_is_not_believed_is_counted_as_from_the_log(
    store: Path, tmp_path: Path, take: Callable[..., Any], keeps: tuple[str, ...]
) -> None:
    take(ODD, *keeps)
    first = account(store)
    take("2014-01-01T00:00:00Z d engaged\n2026-11-03T09:00:00Z b engaged")
    done("store", "compact", store)
    now = account(store)

    names = ("events", "duplicates", "untimed", "future", "ancient")
    assert (5, 1, 4, 1, 2) == tuple(first[name] for name in names)
    assert (7, 1, 5, 1, 3) == tuple(now[name] for name in names)
    assert sums_up(now)
    assert sound(store)
    assert figures(*sorted(tmp_path.glob("*.log"))) == figures("--store", store)
    done("ingest", "--store", store, "--forget", "b", "-q")
    left = account(store)
    assert (4, 3, 0, 2) == tuple(left[name] for name in ("events", *names[2:]))
    assert sound(store)


def test_an_ancient_time_expires_no_conversation(store: Path, take: Callable[..., Any]) -> None:
    take("2026-11-20T09:00:00Z a engaged\n0 a completed\n0 b engaged\nnever c engaged")
    done("ingest", "--store", store, "--keep", "28d", "--yes", "-q")

    rows = done("conversations", "--store", store, "-f", "ndjson").ndjson
    assert ["a", "b", "c"] == sorted(row["sid"] for row in rows)
    assert 2 == account(store)["ancient"]
