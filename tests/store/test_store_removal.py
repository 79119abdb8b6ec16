"""What is removed is gone, or is said to be still there, and goes with the next command."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import harness
import polars as pl
import pytest
from upkeep import FIRST, SECOND, content, done, sound

from dcevents.store import compact
from dcevents.store.disk import lock
from dcevents.store.disk.folder import open_folder
from dcevents.store.disk.segment import Segment

NEXT = [
    ["completion", "-q", "--store"],
    ["store", "info"],
    ["store", "verify"],
    ["store", "compact"],
    ["store", "repair"],
    ["store", "cut-off"],
    ["store", "cut-off", "--reset"],
    ["ingest", "--keep", "25months", "--dry-run", "--store"],
    ["ingest", "--forget", "nobody", "-q", "--store"],
]


@pytest.mark.parametrize(
    "command",
    [NEXT[0], *(pytest.param(each, marks=pytest.mark.harm) for each in NEXT[1:])],
    ids=" ".join,
)
def test_what_a_reader_holds_goes_with_the_next_command(
    command: list[str], store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST, "-q")
    take(SECOND, "-q")
    with lock.hold_for_reading(open_folder(store)):
        forgot = done("ingest", "--store", store, "--forget", "c", "-q")
        assert "/only-of-c" in content(store).decode(errors="replace")
        info = done("store", "info", store).text

    assert forgot.err.count("\n") == 1
    assert "with what was removed may still be read; the next command removes them" in forgot.err
    assert "to go       " in info
    assert "of former states, once no report reads them" in info

    assert harness.run(*command, store).status == 0

    assert "/only-of-c" not in content(store).decode(errors="replace")
    assert "to go" not in done("store", "info", store).text
    assert sound(store)


@pytest.mark.harm
def test_a_report_removes_nothing_beside_another_or_a_writer(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST, "-q")
    folder = open_folder(store)
    with lock.hold_for_reading(folder):
        done("ingest", "--store", store, "--forget", "c", "-q")
        done("summary", "--store", store, "-q")
        assert "to go" in done("store", "info", store).text
    with lock.hold_for_writing(folder):
        done("summary", "--store", store, "-q")
        assert "to go" in done("store", "info", store).text
    done("summary", "--store", store, "-q")
    assert "to go" not in done("store", "info", store).text


_OLD_AND_NEW = """
2026-10-02T09:00:00Z secret engaged id=old
2026-10-02T09:00:00Z other engaged id=old
2026-11-20T09:00:00Z other completed id=old
"""


def let_first_expire(take: Callable[..., Any]) -> None:
    """Have a store lose the first conversation of a session, and keep a later one."""
    take(_OLD_AND_NEW, "-q")
    take("2026-11-20T09:00:00Z secret engaged id=new\n2027-06-01T09:00:00Z secret closed id=new")
    take("2026-11-21T09:00:00Z x engaged", "--keep", "30d", "--yes")


@pytest.fixture(params=["as it is", "as older dcevents wrote it"])
def expired(
    request: pytest.FixtureRequest,
    store: Path,
    take: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A store that has lost the first conversation of a session, and kept a later one."""

    def drop_orphans_without_facts(*arguments: Any) -> Segment:
        tables = merge(*arguments)
        with_facts = pl.col("sid").is_in(tables.facts["sid"].implode())
        return replace(tables, orphans=tables.orphans.filter(with_facts))

    merge = compact.merge_segments
    with monkeypatch.context() as patched:
        if request.param != "as it is":
            patched.setattr(compact, "merge_segments", drop_orphans_without_facts)
        let_first_expire(take)
    return store


def test_a_session_whose_first_conversation_expired_is_forgotten_whole(expired: Path) -> None:
    assert done("completion", "--store", expired, "-q", "-f", "json").json["total"]["sessions"] == 3

    done("ingest", "--store", expired, "--forget", "secret", "-q")

    assert done("completion", "--store", expired, "-q", "-f", "json").json["total"]["sessions"] == 2
    sids = [pl.read_parquet(each) for each in expired.glob("segments/*/sids.parquet")]
    assert {"other", "x"} == {*pl.concat(sids)["text"]}
    assert sound(expired)


def test_a_session_whose_first_conversation_expired_expires_whole(
    expired: Path, take: Callable[..., Any]
) -> None:
    take("2026-11-30T10:00:00Z other closed id=old", "-q")
    done("ingest", "--store", expired, "--keep", "5d", "--yes", "-q")

    assert done("completion", "--store", expired, "-q", "-f", "json").json["total"]["sessions"] == 1
    assert sound(expired)


def test_an_event_ahead_is_counted_whose_session_has_lost_its_first_conversation(
    store: Path, take: Callable[..., Any]
) -> None:
    let_first_expire(take)
    for days, future in ((0, 1), (300, 0)):
        clock = harness.CLOCK + timedelta(days=days)
        found = harness.run("sessions", "--store", store, "-q", "-f", "json", clock=clock).json

        assert (found["input"]["events"], found["input"]["future"]) == (5, future)
    assert {each["sid"]: each["last_at"] for each in found["rows"]}["secret"].startswith("2027-06")


def test_attributes_that_are_blank_alike_keep_their_places(
    store: Path, take: Callable[..., Any]
) -> None:
    take(
        "09:00:00 a engaged id=x page=/1\n09:00:01 a engaged id=x page=/2\n"
        "09:00:02 b engaged id=y page=/3\n09:00:02 c engaged id=z page=/4",
        "-q",
    )
    done("ingest", "--store", store, "--forget", "a", "-q")
    take("09:00:05 c completed id=z page=/4\n09:00:06 d engaged id=new page=/9", "-q")

    rows = done("conversations", "--store", store, "-f", "ndjson", "-q").ndjson
    assert {row["sid"]: (row["conversation_id"], row["page"]) for row in rows} == {
        "b": ("y", "/3"),
        "c": ("z", "/4"),
        "d": ("new", "/9"),
    }
    assert sound(store)


def test_before_the_first_run_has_ended_there_is_nothing_to_report(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    (tmp_path / "none.log").write_text("x\n")
    assert harness.run("ingest", tmp_path / "none.log", "--store", store).status == 3

    commands: list[list[str | Path]] = [["summary", "--store", store], ["store", "info", store]]
    for command in commands:
        result = harness.run(*command)
        assert (result.status, result.out) == (1, b"")
        assert result.err == (
            f"dcevents: {store}: nothing was taken in yet; see whether the first dcevents ingest "
            "still runs\n"
        )
    take("", "-q")
    assert harness.run("summary", "--store", store).status == 0
