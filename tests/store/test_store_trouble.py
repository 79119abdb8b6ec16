"""What must not happen to a store: by mistakes of its user, by damage, by clocks,
by logs that are delivered twice.
"""

import gzip
import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import EXAMPLES
from upkeep import FIRST, SECOND, account, content, done, figures, sound, sums_up

from dcevents.reading.sources import operands

# -- its files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [1, 2])
def test_a_store_without_its_manifest_is_not_begun_anew(
    runs: int, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    for part in (FIRST, SECOND)[:runs]:
        take(part)
    (store / "manifest.json").unlink()
    was = sorted(store.rglob("*"))

    result = harness.run("ingest", tmp_path / "0.log", "--store", store, "-q")

    assert (result.status, result.err.count("\n")) == (1, 1)
    assert (
        f"manifest.json: missing, while files of a store are there; "
        f"run dcevents store repair {store}" in result.err
    )
    assert sorted(store.rglob("*")) == was


def test_a_first_run_that_is_refused_binds_to_nothing(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    (tmp_path / "none.log").write_text("x\n")
    assert harness.run("ingest", tmp_path / "none.log", "--store", store).status == 3

    take(FIRST, "--keep-events")

    assert len(done("events", "--store", store, "-f", "ndjson").ndjson) == 9


@pytest.mark.parametrize(
    "text",
    [
        '{"schema":"dcevents.store","version":%s}' % version  # noqa: UP031
        for version in ('"2"', "null", "0", "-1", "1", "3")
    ]
    + ["[]", "7", '{"schema":"dcevents.store"}'],
)
@pytest.mark.parametrize("command", ["summary", "ingest"])
def test_an_odd_manifest_is_told_in_a_line(
    text: str, command: str, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (store / "manifest.json").write_text(text)

    result = harness.run(
        command, *([tmp_path / "0.log"] if command == "ingest" else []), "--store", store, "-q"
    )

    assert (result.status, result.err.count("\n")) == (1, 1)
    assert f"{store}/manifest.json: " in result.err


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-9], lambda data: data[: data.index(b"\n") + 1]]
)
def test_a_ledger_that_is_not_what_was_written_is_not_read(
    damage: Callable[[bytes], bytes], store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (ledger,) = store.glob("ledger-*")
    ledger.write_bytes(damage(ledger.read_bytes()))

    result = harness.run("ingest", tmp_path, "--store", store, "-q")

    assert (result.status, result.err.count("\n")) == (1, 1)
    assert f"{ledger}: its content has changed" in result.err


def test_damage_is_not_written_again_as_if_it_were_sound(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    for path in store.rglob("facts.parquet"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    for command in (("store", "compact", store), ("ingest", "--store", store, "--forget", "a")):
        result = harness.run(*command)
        assert (result.status, result.err.count("\n")) == (1, 1)
        assert "facts.parquet: its content has changed" in result.err


@pytest.mark.parametrize("option", ["-o", "--rejects"])
def test_nothing_is_written_over_its_files(
    option: str, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (tmp_path / "link").symlink_to(store)

    for target in (
        store / "manifest.json",
        store / "segments" / "x",
        tmp_path / "link" / "ledger-1",
    ):
        result = harness.run("completion", "--store", store, "-q", option, target)
        assert (result.status, "is in the store; write to another folder" in result.err) == (
            2,
            True,
        )
    assert (
        harness.run("ingest", tmp_path / "0.log", "--store", store, "--rejects", store / "x").status
        == 2
    )
    assert sound(store)


def test_names_that_are_no_text_are_refused(
    tmp_path: Path, store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    name = os.fsdecode(b"s\xff")

    for command in (
        ("ingest", tmp_path / "0.log", "--store", tmp_path / name),
        ("completion", "--store", tmp_path / name),
        ("ingest", "--store", store, "--forget", name),
        ("ingest", "--store", store, "--forget", ""),
    ):
        result = harness.run(*command)
        assert (result.status, result.err.count("\n")) == (2, 1)


def test_a_mount_point_may_be_a_store(store: Path, take: Callable[..., Any]) -> None:
    (store / "lost+found").mkdir(parents=True)

    take(FIRST)

    assert account(store)["events"] == 9


# -- what is removed -------------------------------------------------------------------------------


def test_to_remove_something_standard_input_is_not_read(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)

    for options in (["--forget", "a"], ["--keep", "25months"]):
        result = harness.run("ingest", "--store", store, *options, stdin=b"b\nc\n")
        assert (result.status, result.err.splitlines()[0]) == (
            0,
            "dcevents: standard input is not read; to read it, name it as -",
        )

    assert {row["sid"] for row in done("sessions", "--store", store, "-f", "ndjson").ndjson} == {
        "b",
        "c",
    }


def test_what_was_expired_and_is_forgotten_too_is_counted_once(
    store: Path, take: Callable[..., Any]
) -> None:
    log = "2020-01-01T00:00:00Z a engaged\n09:00:00 b engaged\n09:00:00 b engaged"
    take(log)
    done("ingest", "--store", store, "--keep", "90d", "--yes", "--forget", "a", "-q")

    take(log, "--again", "-q")

    assert (account(store)["events"], account(store)["duplicates"]) == (1, 1)
    assert account(store)["ignored"] == {"widget_ready": 0, "unknown_event": 0, "forgotten": 1}


def test_a_store_of_which_all_was_removed_is_an_empty_one(
    store: Path, take: Callable[..., Any]
) -> None:
    take("09:00:00 a triggered")
    done("ingest", "--store", store, "--forget", "a", "-q")
    again = take("09:00:01 a engaged")

    assert "1 record = 0 events + 1 ignored" in again.err
    assert done("sessions", "--store", store, "-f", "json").json["rows"] == []


def test_lines_that_came_twice_are_removed_too(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST, "--keep-events")
    take("12:00:00 z triggered" + FIRST)

    done("ingest", "--store", store, "--forget", "c", "-q")

    assert b"/only-of-c" not in content(store)
    shown = done("events", "--store", store, "-f", "ndjson").ndjson
    assert {row["sid"] for row in shown} == {"a", "b", "z"}
    for path in store.rglob("events.parquet"):
        assert (
            json.loads(done("check", "--store", store, "-f", "json").text)["input"]["events"] == 8
        ), path
    assert sound(store)


def test_what_is_older_does_not_come_back_where_it_came_twice(
    store: Path, take: Callable[..., Any]
) -> None:
    old = "2026-01-01T09:00:00Z anna triggered id=old\n2026-01-01T09:01:00Z anna engaged id=old\n"
    take(old + "2026-11-20T09:00:00Z anna triggered id=new", "--keep-events")
    take(old + "2026-11-20T09:05:00Z bob engaged")

    done("ingest", "--store", store, "--keep", "90d", "--yes", "-q")

    shown = done("events", "--store", store, "-f", "ndjson").ndjson
    assert [row["timestamp"][:10] for row in shown] == ["2026-11-20", "2026-11-20"]
    assert account(store)["events"] == 2


def test_contents_of_who_was_forgotten_stand_for_nobody_else_s(
    store: Path, take: Callable[..., Any]
) -> None:
    take("09:00:00 a engaged id=d1")
    take("| " + json.dumps({"event": "CONVERSATION_TRIGGERED", "timestamp": "2026-11-02T10:00:00Z",
                            "data": {"payload": {"sid": "q"}}}))  # fmt: skip

    done("ingest", "--store", store, "--forget", "a", "-q")

    assert sound(store)


@pytest.mark.parametrize("again", [["--again"], []])
def test_the_account_is_true_of_what_came_back_and_of_the_forgotten(
    again: list[str], store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take("2020-01-01T00:00:00Z c engaged\n- u triggered\n09:00:00 a triggered\n09:00:01 a engaged")
    done("ingest", "--store", store, "--keep", "90d", "--yes", "--forget", "a", "-q")
    fresh = take("2026-11-20T00:00:00Z c completed\n10:00:00 a completed\n10:00:01 a closed")
    assert "3 records = 1 event + 2 ignored" in fresh.err
    assert account(store)["ignored"]["forgotten"] == 4
    assert account(store)["duplicates"] == 0

    done("ingest", tmp_path, "--store", store, "-q", *again)

    assert account(store)["ignored"]["forgotten"] == 4
    assert account(store)["duplicates"] == 0
    assert sums_up(account(store))
    assert sound(store)


TIMES = (
    "2026-11-02T09:00:00Z",
    "2026-11-05T23:59:00Z",
    "2026-11-20T12:00:00Z",
    "2026-12-03T00:00:00Z",
    "2099-01-01T00:00:00Z",
    "-",
)


def a_log(dice: random.Random) -> str:
    """Some lines of few sessions and ids, early, late, without a time and in the future."""
    kinds = ("triggered", "engaged", "completed", "live_chat_requested", "closed")
    return "\n".join(
        f"{dice.choice(TIMES)} {dice.choice('abcd')} {dice.choice(kinds)} id={dice.choice('123')}"
        for _ in range(dice.randint(1, 12))
    )


@pytest.mark.examples
@pytest.mark.harm
@pytest.mark.parametrize("seed", range(max(1, EXAMPLES // 2)))
def test_a_store_is_sound_and_its_account_true_whatever_is_removed(
    seed: int, store: Path, tmp_path: Path
) -> None:
    dice = random.Random(seed)
    clock, forgotten = datetime(2026, 11, 21, tzinfo=UTC), set()
    logs = tmp_path / "logs"
    logs.mkdir()
    options = dice.choice([[], ["--keep-events"]])
    for step in range(7):
        clock += timedelta(hours=dice.choice([1, 30, 200]))
        what = dice.choice(["new", "forget", "keep", "again"]) if step else "new"
        arguments: list[str | Path] = [logs]
        if what == "new":
            (logs / f"{step}.log").write_bytes(harness.log(a_log(dice)))
            arguments += options if step == 0 else []
        elif what == "forget":
            forgotten.add(sid := dice.choice("abcd"))
            arguments = ["--forget", sid]
        else:
            arguments = (
                ["--keep", dice.choice(["10d", "25d"]), "--yes"]
                if what == "keep"
                else [logs, "--again"]
            )

        assert harness.run("ingest", *arguments, "--store", store, "-q", clock=clock).status == 0
        assert harness.run("store", "verify", store, clock=clock).err == ""
        found = harness.run("sessions", "--store", store, "-f", "json", "-q", clock=clock).json
        assert sums_up(found["input"])
        assert min(found["input"]["duplicates"], *found["input"]["ignored"].values()) >= 0
        assert forgotten.isdisjoint(row["sid"] for row in found["rows"])


# -- clocks ----------------------------------------------------------------------------------------


def test_what_was_believed_late_is_as_late_as_it_is(tmp_path: Path) -> None:
    log, other, store = tmp_path / "a.log", tmp_path / "b.log", tmp_path / "store"
    log.write_bytes(
        harness.log("2026-12-01T00:00:00Z a triggered\n2026-12-02T00:00:08Z a completed")
    )
    other.write_bytes(harness.log("2026-12-01T00:00:05Z b triggered"))
    later = datetime(2026, 12, 1, 0, 0, 10, tzinfo=UTC)

    done("ingest", log, "--store", store, "-q")
    assert harness.run("ingest", other, "--store", store, "-q", clock=later).status == 0

    of_store, of_logs = (
        harness.run("completion", *sources, "--as-of", "now", "-f", "json", "-q", clock=later).json
        for sources in (("--store", store), (log, other))
    )
    assert of_store["rows"] == of_logs["rows"]
    assert of_store["input"]["later"] == of_logs["input"]["later"] == 1


def test_to_remove_something_is_not_to_look_for_logs(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST)
    later = harness.CLOCK + timedelta(days=2)

    assert harness.run("ingest", "--store", store, "--keep", "25months", clock=later).status == 0
    result = harness.run("completion", "--store", store, "--stale", "26h", "-q", clock=later)

    assert result.status == 4
    assert f"last looked for some at {harness.CLOCK:%Y-%m-%dT%H}" in result.err


# -- days that moved -------------------------------------------------------------------------------


def test_a_figure_that_moves_alone_is_named(take: Callable[..., Any]) -> None:
    take(FIRST + SECOND)

    moved = take("09:00:30 a input_email name=Pricing", "--changes", "-q").text

    assert moved == "2026-11-02 gave e-mail 1 → 2, e-mail rate 33.3 % → 66.7 %, 1 late event\n"


def test_a_day_that_is_not_over_by_the_clock_is_not_final(store: Path, tmp_path: Path) -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    (tmp_path / "a.log").write_bytes(
        harness.log("09:00:00 a engaged\n2026-11-03T08:00:00Z ahead triggered")
    )
    (tmp_path / "b.log").write_bytes(harness.log("11:00:00 b engaged\n11:00:01 b completed"))

    assert harness.run("ingest", tmp_path / "a.log", "--store", store, "-q", clock=noon).status == 0
    result = harness.run(
        "ingest", tmp_path / "b.log", "--store", store, "--changes", "-q", clock=noon
    )

    assert (result.status, result.text) == (0, "")


# -- logs that move --------------------------------------------------------------------------------


def test_a_log_has_the_name_that_it_was_last_found_by(store: Path, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "dc.log").write_bytes(harness.log(FIRST + "| x"))
    done("ingest", logs, "--store", store, "-q")
    (logs / "dc.log").rename(logs / "dc.log.1")
    (logs / "dc.log").write_bytes(harness.log(SECOND))

    done("ingest", logs, "--store", store, "-q")

    (rejected,) = done("check", "--store", store, "-f", "json").json["rejected_lines"]
    assert rejected["file"] == str(logs / "dc.log.1")


@pytest.mark.parametrize("again", [["--again"], []])
@pytest.mark.parametrize("how", ["renamed", "compressed"])
def test_a_rotation_while_a_run_begins_loses_nothing(
    how: str, again: list[str], store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "dc.log").write_bytes(harness.log(FIRST))
    (logs / "dc.log.1").write_bytes(harness.log(SECOND))
    find, calls = operands.find_inputs, []

    def found(given: Any) -> Any:
        calls.append(given)
        inputs = find(given)
        if len(calls) == 1 and how == "renamed":
            (logs / "dc.log.1").rename(logs / "dc.log.2")
            (logs / "dc.log").rename(logs / "dc.log.1")
        elif len(calls) == 1:
            (logs / "dc.log.1.gz").write_bytes(gzip.compress((logs / "dc.log.1").read_bytes()))
            (logs / "dc.log.1").unlink()
        return inputs

    monkeypatch.setattr("dcevents.cli.ingest.find_inputs", found)
    result = harness.run("ingest", logs, "--store", store, *again)
    assert calls
    assert (result.status, "13 records = 13 events" in result.err) == (0, True)
    monkeypatch.undo()

    assert figures(logs) == figures("--store", store)
    shutil.rmtree(logs)
    assert harness.run("ingest", logs, "--store", store, "-q").status == 1
