"""What `--keep` may remove unasked, and what clocks that jump do to a store: nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import harness
import pytest
from upkeep import account, done, figures, sound, sums_up

CLOCK = harness.CLOCK
"""2026-12-01T00:00:00Z, the clock of runs."""
HOUR = timedelta(hours=1)


def days(*moments: str) -> str:
    """Return a log with a session for each day of a month and year, as 11-20."""
    return "\n".join(f"2026-{each}T10:00:00Z v{each} engaged" for each in moments)


def list_sids(store: Path, clock: datetime = CLOCK) -> list[str]:
    """Return the sids that a store shows."""
    result = harness.run("sessions", "--store", store, "-f", "ndjson", "-q", clock=clock)
    assert result.status == 0, result.err
    return sorted(row["sid"] for row in result.ndjson)


OLD = days("10-01")
RECENT = days(*(f"11-{day}" for day in range(11, 31)))
"""Twenty sessions, of which one is less than a tenth."""


def test_a_tenth_goes_unasked_and_more_does_not(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(f"{OLD}\n{days('10-02', '10-03')}\n{RECENT}", "-q")
    new = tmp_path / "new.log"
    new.write_bytes(harness.log(days("12-01")))

    refused = harness.run("ingest", new, "--store", store, "--keep", "28d", "-q")

    assert (refused.status, refused.out) == (1, b"")
    assert refused.err == (
        f"dcevents: {store}: nothing was removed: 3 conversations of 24 that ended before "
        "2026-11-03T00:00:00.000Z would go, and that is more than a tenth; look with --dry-run, "
        "then add --yes\n"
    )
    assert len(list_sids(store)) == 24, "what is new is there all the same"
    assert "v12-01" in list_sids(store)
    done("ingest", "--store", store, "--keep", "59d", "-q")
    assert len(list_sids(store)) == 22, "two of them are a tenth at most"
    done("ingest", "--store", store, "--keep", "28d", "--yes", "-q")
    assert len(list_sids(store)) == 21
    assert sound(store)


def test_a_dry_run_says_what_would_go_and_writes_nothing(
    store: Path, take: Callable[..., Any]
) -> None:
    take(f"{OLD}\n{RECENT}", "-q")
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}

    said = done("ingest", "--store", store, "--keep", "28d", "--dry-run").text
    much = done("ingest", "--store", store, "--keep", "10d", "--dry-run").text

    assert said == (
        f"{store}: 1 conversation of 21 that ended before 2026-11-03T00:00:00.000Z would go\n"
    )
    assert much.endswith("would go; that is more than a tenth: needs --yes\n")
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    for option in ("--dry-run", "--yes"):
        wrong = harness.run("ingest", "--store", store, option)
        assert (wrong.status, f"{option} is for --keep" in wrong.err) == (2, True)


@pytest.mark.harm
@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(days=3650)])
def test_a_clock_that_is_ahead_removes_nothing_unasked(
    ahead: timedelta, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(f"{OLD}\n{RECENT}", "-q")
    more = tmp_path / "more.log"
    more.write_bytes(harness.log(days("11-29").replace("v11", "w11")))
    wrong, age = CLOCK + ahead, ["--keep", "28d"]

    # By a run of a day or two ahead the next one is borne out: a machine may have been off.
    for arguments in ([more, *age], age, age)[: 1 if ahead.days < 3 else 3]:
        refused = harness.run("ingest", *arguments, "--store", store, "-q", clock=wrong)
        assert (refused.status, refused.err.count("\n")) == (1, 1)
        assert "nothing was removed" in refused.err
        assert f"the clock, {wrong:%Y-%m-%dT%H:%M:%S}.000Z, is more than a day ahead" in refused.err
    assert len(list_sids(store)) == 22
    # The right clock again: nothing has changed for it.
    more.write_bytes(more.read_bytes() + harness.log(days("11-30").replace("v11", "x11")))
    done("ingest", more, "--store", store, *age, "-q")
    assert len(list_sids(store)) == 22
    assert {"w11-29", "x11-30"} < {*list_sids(store)}
    assert sound(store)


def test_on_a_clock_that_is_far_ahead_runs_do_not_bear_one_another_out(
    store: Path, take: Callable[..., Any]
) -> None:
    take(f"{OLD}\n{RECENT}", "-q")
    wrong = CLOCK + timedelta(days=100)
    for night in range(3):
        clock = wrong + timedelta(days=night)
        assert harness.run("ingest", store.parent, "--store", store, "-q", clock=clock).status == 0
    keep = ["--keep", "155d"]
    refused = harness.run("ingest", "--store", store, *keep, "-q", clock=clock + HOUR)
    assert (refused.status, len(list_sids(store, clock))) == (1, 21)


def test_a_quiet_site_is_no_wrong_clock(store: Path, take: Callable[..., Any]) -> None:
    take(f"{OLD}\n{RECENT}", "-q")
    for night in range(1, 6):
        clock = CLOCK + timedelta(days=night, minutes=night)
        assert harness.run("ingest", store.parent, "--store", store, "-q", clock=clock).status == 0
    removed = harness.run("ingest", "--store", store, "--keep", "35d", "-q", clock=clock + HOUR)
    assert (removed.status, len(list_sids(store, clock))) == (0, 20)


@pytest.mark.harm
def test_a_cut_off_can_be_taken_back(store: Path, tmp_path: Path, take: Callable[..., Any]) -> None:
    take(f"{OLD}\n{RECENT}", "-q")
    assert done("store", "cut-off", store).text == f"{store}: all is kept\n"
    done("ingest", "--store", store, "--keep", "10d", "--yes", "-q")
    assert "that ended before 2026-11-21T00:00:00.000Z" in done("store", "cut-off", store).text

    said = done("store", "cut-off", store, "--reset").text
    assert "no cut-off any more; dcevents ingest LOGS" in said
    done("ingest", tmp_path / "0.log", "--store", store, "--again", "-q")

    assert len(list_sids(store)) == 21
    assert (account(store)["ignored"].get("expired", 0), sums_up(account(store))) == (0, True)
    assert "there was no cut-off" in done("store", "cut-off", store, "--reset").text


def test_the_first_run_of_a_store_may_leave_out_what_is_old(
    store: Path, take: Callable[..., Any]
) -> None:
    take(f"{days('10-01', '10-02', '10-03')}\n{days('11-29', '11-30')}", "--keep", "28d", "-q")

    assert list_sids(store) == ["v11-29", "v11-30"]
    assert sound(store)


def test_no_clock_makes_a_store_blind(store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(harness.log(days("11-20")))
    ahead = datetime.fromisoformat("2030-01-01T00:00:00Z")
    done_then = harness.run("ingest", tmp_path / "a.log", "--store", store, "-q", clock=ahead)
    assert done_then.status == 0

    result = harness.run("completion", "--store", store, "--stale", "26h", "-q")

    assert result.status == 4
    assert "took in no new event since 2026-11-20T10:00:00.000Z" in result.err


@pytest.mark.harm
@pytest.mark.parametrize("keeps", [(), ("--keep-events",)], ids=["conversations", "events"])
def test_what_a_clock_ahead_believed_is_believed_no_more(
    keeps: tuple[str, ...], store: Path, tmp_path: Path
) -> None:
    log, more = tmp_path / "a.log", tmp_path / "b.log"
    log.write_bytes(
        harness.log(
            "2026-11-20T10:00:00Z a engaged\n2028-01-01T10:00:00Z a completed\n"
            "2028-01-02T10:00:00Z a completed\n2029-01-01T10:00:00Z b engaged\n"
            "2029-01-01T10:00:00Z b live_chat_requested agent=7 agent_name=Ann\n"
            "2026-11-21T10:00:00Z c engaged"
        )
    )
    more.write_bytes(harness.log("2026-11-22T10:00:00Z c completed"))
    ahead = datetime.fromisoformat("2030-01-01T00:00:00Z")
    assert harness.run("ingest", log, "--store", store, *keeps, "-q", clock=ahead).status == 0
    assert figures(log) == figures("--store", store)
    assert account(store)["future"] == 3

    done("ingest", log, more, "--store", store, "-q")

    assert figures(log, more) == figures("--store", store)
    expected = done("check", log, more, "-f", "json", "-q").json["input"]
    found = account(store)
    for name in ("events", "untimed", "future", "duplicates"):
        assert (name, found[name]) == (name, expected[name])
    assert sound(store)
    done("ingest", "--store", store, "--forget", "a", "-q")
    assert sound(store)
    # And by the clock ahead all of it is believed again.
    assert harness.run("ingest", log, "--store", store, "-q", clock=ahead).status == 0
    found = harness.run("check", "--store", store, "-f", "json", "-q", clock=ahead).json["input"]
    assert (found["future"], sums_up(found)) == (0, True)


@pytest.mark.parametrize("options", [["--max-rejects", "0"], ["--max-rejects", "0.01"]])
def test_what_anyone_can_post_stops_no_night(
    options: list[str], store: Path, tmp_path: Path
) -> None:
    log = tmp_path / "dc.log"
    long_sid = '{"event":"CONVERSATION_ENGAGED","data":{"payload":{"sid":"%s"}}}' % ("s" * 600)
    lines = [f"| {each}" for each in ('"x"', '{"received":"now","body":"{broken"}', "[1]")]
    log.write_bytes(harness.log("\n".join([days("11-20"), *lines, f"| {long_sid}"])))

    done("ingest", log, "--store", store, "-q", *options)

    assert list_sids(store) == ["v11-20"]
    log.write_bytes(log.read_bytes() + b'{"torn\n' + harness.log(days("11-21")))
    refused = harness.run("ingest", log, "--store", store, "-q", *options)
    assert (refused.status, "1 of 2 records rejected" in refused.err) == (3, True)
    assert list_sids(store) == ["v11-20"]
