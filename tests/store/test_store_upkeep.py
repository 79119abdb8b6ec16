"""What is done to a store beside taking logs in: removing, compacting, verifying; days that moved;
alerts; versions.
"""

import os
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import harness
import polars as pl
import pytest
import stores
from upkeep import FIRST, LATE, REPORTS, SECOND, account, content, done, figures, sound, sums_up

from dcevents.store import compact
from dcevents.store.disk import checksum, lock, manifest
from dcevents.store.disk.folder import open_folder

# -- removing --------------------------------------------------------------------------------------


def test_what_is_forgotten_is_gone_and_does_not_come_back(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    take(SECOND)
    everything = account(store)

    done("ingest", "--store", store, "--forget", "c", "-q")
    take(FIRST + LATE, "--again", "-q")

    (tmp_path / "rest.log").write_bytes(harness.log("\n".join(
        line for line in (FIRST + SECOND + LATE).splitlines() if " c " not in line
    )))  # fmt: skip
    assert figures(tmp_path / "rest.log") == figures("--store", store)
    assert b"/only-of-c" not in content(store)
    assert not re.search(rb'"text":"c"', content(store))
    assert sound(store)
    now = account(store)
    assert sums_up(now)
    assert now["ignored"]["forgotten"] >= 2
    assert everything["events"] - 2 + 1 == now["events"]


def test_what_was_removed_and_what_was_not_there_is_said(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    take(SECOND)

    forgot = done("ingest", "--store", store, "--forget", "b", "--forget", "nobody")
    expired = done("ingest", "--store", store, "--keep", "28d", "--yes")

    assert forgot.err.splitlines() == [
        (
            f"dcevents: warning: no session 'nobody' in {store}; "
            "lines of it that come later are left out"
        ),
        "dcevents: forgot 1 session (5 events)",
    ]
    assert (
        expired.err
        == "dcevents: removed 2 conversations that ended before 2026-11-03T00:00:00.000Z\n"
    )
    assert "nobody" in done("ingest", "--store", store, "--forget", "nobody", "-q").err
    assert done("ingest", "--store", store, "--keep", "28d", "--yes", "-q").err == ""


def test_to_remove_something_makes_no_store(store: Path) -> None:
    for options in (["--forget", "a"], ["--keep", "28d"]):
        result = harness.run("ingest", "--store", store, *options)
        assert result.status == 1
        assert (
            result.err
            == f"dcevents: {store}: no store; make one with dcevents ingest LOGS --store {store}\n"
        )
    assert not store.exists()


def test_a_log_without_lines_yet_begins_a_store(store: Path, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "dc.log").touch()

    assert done("ingest", tmp_path / "logs", "--store", store, "-q").err == ""
    assert account(store)["records"] == 0


def test_a_new_store_is_said_to_be_one(store: Path, take: Callable[..., Any]) -> None:
    said = f"dcevents: {store} is a new store\n"

    assert said in take(FIRST).err
    assert said not in take(SECOND).err


@pytest.mark.harm
def test_a_timestamp_in_the_future_keeps_nothing(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(
        FIRST + "2099-01-01T00:00:00Z a input_email name=Pricing\n2099-01-01T00:00:00Z x triggered"
    )
    take(SECOND + "2099-01-01T00:00:00Z d input_email name=Pricing")

    done("ingest", "--store", store, "--keep", "28d", "--yes", "-q")
    left = figures("--store", store)
    done("ingest", tmp_path, "--store", store, "--again", "-q")

    kept = [row["sid"] for row in done("conversations", "--store", store, "-f", "ndjson").ndjson]
    assert sorted(kept) == ["b", "d", "e", "x"]
    assert left == figures("--store", store)
    assert sums_up(account(store))
    assert account(store)["future"] == 2
    assert sound(store)


@pytest.mark.parametrize(
    ("window", "status"),
    [
        (["--period", "2026-11-02"], 2),
        (["--period", "2026-11"], 0),
        (["--period", "2026-11-03"], 0),
        ([], 0),
    ],
)
def test_days_that_are_not_kept_are_no_quiet_days(
    window: list[str], status: int, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    take(SECOND)
    done("ingest", "--store", store, "--keep", "28d", "--yes", "-q")
    (tmp_path / "r.csv").write_text("good")

    result = harness.run("completion", "--store", store, *window, "-q", "-o", tmp_path / "r.csv")

    assert result.status == status
    assert ((tmp_path / "r.csv").read_text() == "good") == (status == 2)
    assert (f"{store}: nothing is kept of what ended before 2026-11-03" in result.err) == (
        window[1:] in (["2026-11-02"], ["2026-11"])
    )


def test_forgetting_with_events_kept_takes_the_lines_too(
    store: Path, take: Callable[..., Any]
) -> None:
    meeting = '11:01:00 c meeting_booked id=d2 "meeting=c@example.com"'
    take(FIRST + meeting, "--keep-events")
    take(SECOND)
    assert b"c@example.com" in content(store)

    done("ingest", "--store", store, "--forget", "c", "-q")

    assert b"c@example.com" not in content(store)
    sids = {row["sid"] for row in done("events", "--store", store, "-f", "ndjson").ndjson}
    assert sids == {"a", "b", "d", "e"}
    assert sound(store)


def test_to_forget_who_is_not_there_is_kept_in_mind(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST)

    done("ingest", "--store", store, "--forget", "f", "-q")
    take(LATE, "-q")

    assert {row["sid"] for row in done("sessions", "--store", store, "-f", "ndjson").ndjson} == {
        "a",
        "b",
        "c",
    }
    assert account(store)["ignored"]["forgotten"] == 1


def test_what_is_older_goes_and_is_not_taken_in_again(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    take(SECOND)

    # The tests' clock says 2026-12-01: what ended before 2026-11-03 is older.
    done("ingest", "--store", store, "--keep", "28d", "--yes", "-q")
    removed = figures("--store", store)
    take(FIRST, "-q")
    done("ingest", tmp_path / "0.log", "--store", store, "--again", "-q")

    kept = [row["sid"] for row in done("conversations", "--store", store, "-f", "ndjson").ndjson]
    assert sorted(kept) == ["b", "d", "e"], "b went on after the cut-off, e has no time"
    assert removed == figures("--store", store)
    assert sums_up(account(store))
    assert sound(store)
    (row,) = [
        row
        for row in done("conversations", "--store", store, "-f", "ndjson").ndjson
        if row["sid"] == "b"
    ]
    assert (row["started_at"], row["live_chats"]) == ("2026-11-02T10:00:00.000Z", 1), (
        "whole, or not at all"
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--keep", "soon"],
        ["--keep", "0d"],
        ["--keep", "20d", "--dedupe-window", "30d"],
        ["--dedupe-window", "x"],
    ],
    ids=" ".join,
)
def test_ages_that_mean_nothing_are_wrong_usage(
    options: list[str], store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)

    result = harness.run("ingest", "--store", store, *options)

    assert result.status == 2
    assert options[0] in result.err


# -- compacting ------------------------------------------------------------------------------------


@pytest.mark.harm
def test_compacting_changes_nothing_that_is_said(store: Path, take: Callable[..., Any]) -> None:
    for part in (FIRST, SECOND, LATE):
        take(part, "--keep-events")
    was, lines = figures("--store", store), done("events", "--store", store).out
    accounted = account(store)

    result = done("store", "compact", store)

    assert "bytes" in result.text
    assert figures("--store", store) == was
    assert done("events", "--store", store).out == lines
    assert account(store) == accounted
    assert sound(store)
    assert len(list((store / "segments").iterdir())) == 1
    take(FIRST + "\n13:00:00 a input_email")
    assert figures("--store", store) != was
    assert sound(store)


@pytest.mark.harm
def test_small_segments_are_merged_by_themselves(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    every = [
        f"{hour:02}:00:00 s{hour % 5} triggered\n{hour:02}:00:09 s{hour % 5} engaged"
        for hour in range(20)
    ]
    for part in every:
        take(part)

    (tmp_path / "all.log").write_bytes(harness.log("\n".join(every)))
    assert len(list((store / "segments").iterdir())) < compact.SEGMENTS_PER_MERGE
    assert figures(tmp_path / "all.log") == figures("--store", store)
    assert sound(store)


@pytest.mark.harm
def test_many_facts_are_compacted_into_several_segments(
    store: Path, take: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in (FIRST, SECOND, LATE):
        take(part)
    was = figures("--store", store)

    monkeypatch.setattr(compact, "MAX_MERGED_FACTS", 4)
    done("store", "compact", store)

    assert len(list((store / "segments").iterdir())) > 1
    assert figures("--store", store) == was
    assert sound(store)


# -- verifying -------------------------------------------------------------------------------------


def test_a_changed_file_is_found(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST)
    (path,) = store.rglob("facts.parquet")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    result = harness.run("store", "verify", store)

    assert result.status == 1
    assert f"{path}: its content has changed" in result.err


def test_a_store_that_was_read_by_older_rules_says_so_until_all_is_read_again(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    stores.change_manifest(store, reading_rules=0)
    again = f"dcevents ingest LOGS --store {store} --again"
    told = f"dcevents: {store}: its logs were read by older rules; {again} reads them by today's\n"
    commands: list[list[str | Path]] = [
        ["completion", "--store", store],
        ["ingest", tmp_path / "0.log", "--store", store],
    ]
    for command in commands:
        assert told in done(*command).err
        assert done(*command, "-q").err == ""
    assert f"older ones: {again} reads" in done("store", "info", store).text

    done("ingest", tmp_path / "0.log", "--store", store, "--again")

    assert told not in done("completion", "--store", store).err
    assert "older ones" not in done("store", "info", store).text


def test_long_properties_go_on_below_each_other_on_a_narrow_screen(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    whole = done("store", "info", store).text

    narrow = harness.run("store", "info", store, env={"COLUMNS": "40"}).text

    assert narrow.replace("\n" + 12 * " ", " ") == whole
    assert all(len(line) <= 40 or str(store) in line for line in narrow.splitlines())
    assert [line for line in whole.splitlines() if len(line) > 40 and str(store) not in line]


def test_files_that_the_copy_of_the_manifest_needs_go_after_it_is_renewed(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST, "-q")
    take(SECOND, "-q")
    copy = store / "manifest-copy.json"
    former, expected = copy.read_bytes(), figures("--store", store)
    with lock.hold_for_reading(open_folder(store)):
        done("store", "compact", store)
    # As a run leaves it that is killed between the manifest and its copy.
    copy.write_bytes(former)
    done("summary", "--store", store, "-q")

    (store / "manifest.json").write_bytes(b"{}")
    done("store", "repair", store)

    assert figures("--store", store) == expected
    assert sound(store)


def test_many_attempts_alike_are_sound(store: Path, take: Callable[..., Any]) -> None:
    """Attempts of a session are told by their numbers, in whatever order sids are hashed."""
    take(
        "\n".join(
            f"09:{minute:02d}:{second + after:02d} s{minute} {kind} agent=a"
            for minute in range(40)
            for second in (0, 20, 40)
            for after, kind in enumerate(("live_chat_requested", "live_chat_request_timeout"))
        ),
        "-q",
    )

    assert harness.run("store", "verify", store).text == f"{store}: sound\n"


@pytest.mark.parametrize("damage", ["its content has changed", "missing"])
def test_a_damaged_copy_of_the_manifest_is_found_and_made_anew(
    damage: str, store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    copy = store / "manifest-copy.json"
    whole = copy.read_bytes()
    copy.unlink() if damage == "missing" else copy.write_bytes(whole.replace(b"a", b"b"))

    result = harness.run("store", "verify", store)

    assert (result.status, result.out) == (1, b"")
    assert f"dcevents: {copy}: {damage}\n" in result.err
    assert f"dcevents: {copy}: {damage}\n" == done("store", "repair", store).err
    assert copy.read_bytes() == whole
    assert sound(store)


def test_a_missing_file_is_found_and_a_report_says_where_to_look(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (path,) = store.rglob("conversations.parquet")
    path.unlink()

    verified, reported = (
        harness.run("store", "verify", store),
        harness.run("completion", "--store", store),
    )

    assert (verified.status, reported.status) == (1, 1)
    assert str(path) in verified.err
    assert f"dcevents store repair {store}" in reported.err
    assert len(reported.err.splitlines()) == 1


def test_rows_that_are_not_what_the_facts_come_to_are_found(
    store: Path, take: Callable[..., Any]
) -> None:

    take(FIRST)
    (path,) = store.rglob("conversations.parquet")
    pl.read_parquet(path).with_columns(meetings=pl.col("meetings") + 1).write_parquet(path)
    name = str(path.relative_to(store))
    own = {**stores.list_own_files(store), name: checksum.record_bytes(path.read_bytes())}
    stores.change_manifest(store, files=own)

    result = harness.run("store", "verify", store)

    assert result.status == 1
    assert "conversations differ from those computed from its events" in result.err


# -- days that moved -------------------------------------------------------------------------------


def test_final_days_that_moved_are_named_with_their_figures(take: Callable[..., Any]) -> None:
    assert take(FIRST, "--changes").out == b"", "nothing was final before"
    take(SECOND)

    result = take(LATE, "--changes", "-q")

    assert result.err == ""
    rates = "completion 33.3 % → 66.7 %, abandonment 33.3 % → 0 %"
    assert result.text == f"2026-11-02 {rates}, 3 → 4 conversations, 2 late events\n"


def test_a_day_that_is_not_over_or_does_not_change_is_not_named(take: Callable[..., Any]) -> None:
    take(FIRST)

    assert take(LATE, "--changes").out == b"", "of the latest day"
    take(SECOND)
    assert take(FIRST, "--changes").out == b"", "nothing new"


def test_days_are_those_of_the_zone(take: Callable[..., Any]) -> None:
    take(FIRST)
    take(SECOND)

    # At 15:30 in UTC it is the next day in Tokyo, which is over, too; at 23:30 in UTC, of the day
    # after, it is not.
    assert take("15:30:00 g triggered", "--changes", "--tz", "Asia/Tokyo").text.startswith(
        "2026-11-03 1 → 2 conv"
    )
    assert take("2026-11-03T16:00:00Z h triggered", "--changes", "--tz", "Asia/Tokyo").out == b""
    assert take("15:40:00 i triggered", "--changes").text.startswith(
        "2026-11-02 4 → 5 conversations"
    )


# -- alerts ----------------------------------------------------------------------------------------


def test_a_store_without_news_is_an_alert(
    store: Path, take: Callable[..., Any], tmp_path: Path
) -> None:
    take(FIRST)
    later = datetime.fromisoformat("2026-12-02T03:00:00Z")
    assert (
        harness.run("ingest", tmp_path / "0.log", "--store", store, "-q", clock=later).status == 0
    )
    out = tmp_path / "report.csv"
    result = harness.run(
        "completion", "--store", store, "--stale", "26h", "-q", "-o", out, clock=later
    )

    assert result.status == 4
    assert out.exists()
    since = "since 2026-12-01T00:00:00.000Z; last looked for some at 2026-12-02T03:00:00.000Z"
    assert result.err == f"dcevents: alert: stale: {store} took in no new event {since}\n"
    assert done("completion", "--store", store, "--stale", "26h", "-q").err == ""


def test_stale_is_about_a_store(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(harness.log(FIRST))

    result = harness.run("completion", tmp_path / "a.log", "--stale", "26h")

    assert (result.status, "--stale is for --store" in result.err) == (2, True)


# -- versions, and folders that are none -----------------------------------------------------------


def test_a_newer_store_is_refused(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST)
    stores.change_manifest(store, version=manifest.STORE_VERSION + 1)

    results = [
        harness.run("ingest", "--store", store, "--forget", "a"),
        harness.run("summary", "--store", store),
    ]

    for result in results:
        assert result.status == 1
        assert "written by a newer dcevents" in result.err


def test_an_older_store_is_refused(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST)
    stores.change_manifest(store, version=1)

    results = [
        harness.run("ingest", "--store", store, "--forget", "a"),
        harness.run("summary", "--store", store),
    ]

    for result in results:
        assert (result.status, len(result.err.splitlines())) == (1, 1)
        here = manifest.STORE_VERSION
        assert f"written by an older dcevents (store version 1, here {here})" in result.err


def test_a_store_of_a_newer_version_is_not_set_back_by_its_copy(
    store: Path, take: Callable[..., Any]
) -> None:
    """A newer dcevents that is killed between the two leaves the copy of the version before."""
    take(FIRST)
    stores.change_manifest(store, version=manifest.STORE_VERSION + 1)
    newer = (store / "manifest.json").read_bytes()

    result = harness.run("store", "repair", store)

    assert (result.status, result.out) == (1, b"")
    assert "written by a newer dcevents" in result.err
    assert (store / "manifest.json").read_bytes() == newer


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[" * 9999, '{"schema":"other","version":1}', "\0"]
)
def test_what_is_no_manifest_is_said_to_be_none(
    text: str, store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (store / manifest.MANIFEST_NAME).write_text(text)

    result = harness.run("summary", "--store", store)

    assert (result.status, len(result.err.splitlines())) == (1, 1)
    assert "no manifest of a store" in result.err


def test_a_folder_with_other_things_is_not_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-my-aunt.txt").write_text("Dear aunt")
    (tmp_path / "a.log").write_bytes(harness.log(FIRST))

    result = harness.run("ingest", tmp_path / "a.log", "--store", tmp_path / "letters")

    assert result.status == 1
    assert "no store, and not empty (to-my-aunt.txt)" in result.err
    assert os.listdir(tmp_path / "letters") == ["to-my-aunt.txt"]


def test_a_report_without_a_store_says_how_to_make_one(tmp_path: Path) -> None:
    result = harness.run("summary", "--store", tmp_path / "none")

    assert result.status == 1
    assert "no store; make one with dcevents ingest" in result.err
    assert not (tmp_path / "none").exists()


def test_a_store_can_be_moved(store: Path, tmp_path: Path, take: Callable[..., Any]) -> None:
    take(FIRST)
    was = figures("--store", store)

    shutil.move(store, tmp_path / "elsewhere")

    assert figures("--store", tmp_path / "elsewhere") == was
    assert sound(tmp_path / "elsewhere")


def test_what_only_the_forgotten_said_can_be_said_by_another_in_the_same_run(
    store: Path, tmp_path: Path, take: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    take(FIRST)
    done("ingest", "--store", store, "--forget", "c", "-q")
    for name, sid in (("x", "c"), ("y", "z")):
        (tmp_path / f"{name}.ndjson").write_bytes(
            harness.log(f"11:00:00 {sid} triggered id=d7 name=Own page=/own")
        )

    # Each log is written by itself.
    monkeypatch.setattr("dcevents.store.ingest.BATCH_FACTS", 1)
    done("ingest", tmp_path / "x.ndjson", tmp_path / "y.ndjson", "--store", store, "-q")

    (row,) = [
        row
        for row in done("conversations", "--store", store, "-f", "ndjson").ndjson
        if row["sid"] == "z"
    ]
    assert (row["conversation"], row["page"]) == ("Own", "/own")
    assert sound(store)


def test_a_visitor_whose_clock_is_ahead_does_not_keep_a_store_from_saying_how_it_is_now(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    # It is 2026-12-01T00:00:00Z.
    take(FIRST)
    take(
        "2026-11-30T23:50:00Z k triggered\n2026-12-01T00:20:00Z k engaged\n"
        "2026-12-01T00:30:00Z m triggered"
    )
    logs = (tmp_path / "0.log", tmp_path / "1.log")

    for report in REPORTS:
        on_store, on_logs = (
            done(report, *sources, "--as-of", "now", "-f", "json").json
            for sources in (("--store", store), logs)
        )
        assert on_store == on_logs
    assert harness.run("summary", "--store", store, "--as-of", "2026-11-30").status == 2


# -- what is taken in ------------------------------------------------------------------------------


def test_a_log_without_an_event_of_dynamic_chat_is_refused(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    was = account(store)
    (tmp_path / "passwd.txt").write_text("root:x:0:0:root:/root:/bin/sh\n")

    result = harness.run("ingest", tmp_path / "passwd.txt", "--store", store)

    assert result.status == 3
    assert "no event of Dynamic Chat in 1 line" in result.err
    assert account(store) == was


def test_a_log_of_something_else_does_not_keep_others_out(store: Path, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "access.log").write_text("GET / 200\n")
    (tmp_path / "logs" / "dc.log").write_bytes(harness.log(FIRST))

    done("ingest", tmp_path / "logs", "--store", store, "-q")

    assert (account(store)["events"], account(store)["rejected"]["invalid_json"]) == (9, 1)


@pytest.mark.parametrize("quiet", [["-q"], []])
def test_what_cannot_be_read_is_named_also_to_those_who_want_it_quiet(
    quiet: list[str], store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "a.log").write_bytes(harness.log(SECOND))
    (logs / "b.log").write_bytes(harness.log(LATE).decode().encode("utf-16"))
    (logs / "c.log").write_text(
        '192.0.2.1 - - [02/Nov/2026:09:15:05 +0000] "POST /dc HTTP/1.1" 204 0 "-" "x"\n' * 9
    )

    alone = harness.run("ingest", logs / "b.log", "--store", store, *quiet)
    among = done("ingest", logs, "--store", store, *quiet)

    assert (alone.status, alone.err.count("\n")) == (3, 1)
    assert "UTF-16" in alone.err
    assert f"warning: {logs / 'b.log'}: it is " in among.err
    said = f"warning: {logs / 'c.log'}: no event in 9 records: it looks like an access log"
    assert said in among.err


def test_a_store_is_no_log(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST)

    for command in (("summary", store), ("ingest", store, "--store", store)):
        result = harness.run(*command, "-q")
        assert (result.status, result.err) == (
            1,
            f"dcevents: {store}: a store, not logs; read it with --store {store}\n",
        )


def test_what_is_forgotten_is_not_shown_from_logs_beside(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST, "--keep-events")
    done("ingest", "--store", store, "--forget", "c", "-q")
    log = tmp_path / "0.log"

    for report in ("events", "sessions", "conversations"):
        shown = done(report, "--store", store, log, "-f", "json").json
        assert {row["sid"] for row in shown["rows"]} == {"a", "b"}
        assert sums_up(shown["input"])
    assert harness.run("explain", "c", log, "--store", store).status == 1


def test_a_variable_may_name_the_store(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (tmp_path / "x.log").write_bytes(harness.log(SECOND))
    env = {"DCEVENTS_STORE": str(store)}

    of_store = harness.run("completion", "-f", "csv", env=env)
    of_log = harness.run("completion", tmp_path / "x.log", "-f", "csv", env=env)
    of_both = harness.run("completion", tmp_path / "x.log", "--store", store, "-f", "csv", env=env)

    assert of_store.out == harness.run("completion", "--store", store, "-f", "csv").out
    assert of_log.out == harness.run("completion", tmp_path / "x.log", "-f", "csv").out
    assert "Prices,d1,4,4" in of_both.text
    assert len({of_store.out, of_log.out, of_both.out}) == 3
    assert harness.run("store", "verify", env=env).text == f"{store}: sound\n"


NOT_READ = "standard input is not read, but the store"


@pytest.mark.parametrize(
    ("arguments", "is_store", "is_told"),
    [
        pytest.param([], True, True, id="nothing named"),
        pytest.param(["-q"], True, False, id="quiet"),
        pytest.param(["-"], False, False, id="standard input named"),
    ],
)
def test_a_pipe_beside_a_store_of_the_environment_is_read_where_it_is_named(
    store: Path, take: Callable[..., Any], arguments: list[str], is_store: bool, is_told: bool
) -> None:
    take(FIRST)
    env, log = {"DCEVENTS_STORE": str(store)}, harness.log(SECOND)
    of_store = harness.run("completion", "--store", store, "-f", "csv").out
    of_pipe = harness.run("completion", "-f", "csv", stdin=log).out

    result = harness.spawn("completion", "-f", "csv", *arguments, stdin=log, env=env)

    assert result.out == (of_store if is_store else of_pipe)
    assert (NOT_READ in result.err) == is_told


def test_an_empty_pipe_beside_a_store_of_the_environment_is_no_news(
    store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)

    result = harness.spawn("completion", "-f", "csv", env={"DCEVENTS_STORE": str(store)})

    assert NOT_READ not in result.err
    assert result.status == 0


def test_the_age_of_a_store_of_the_environment_is_not_asked_beside_a_source(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (tmp_path / "x.log").write_bytes(harness.log(SECOND))
    env = {"DCEVENTS_STORE": str(store)}

    result = harness.run("completion", tmp_path / "x.log", "--stale", "26h", env=env)

    assert result.status == 2
    assert result.err == "dcevents: --stale is for --store: give both\n"


def test_a_known_log_may_have_a_night_without_events(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    with (tmp_path / "0.log").open("a") as log:
        log.write("cut of\n")

    done("ingest", tmp_path / "0.log", "--store", store, "-q")

    assert account(store)["rejected"]["invalid_json"] == 1


def test_a_store_among_the_logs_is_not_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_bytes(harness.log(FIRST))
    inside = tmp_path / "logs" / "store"

    for _ in range(2):
        done("ingest", tmp_path / "logs", "--store", inside, "-q")

    assert account(inside)["files"] == 1
    assert done("summary", tmp_path / "logs", "-q", "-f", "json").json["input"]["records"] == 9


def test_too_many_rejects_take_nothing_in(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    was = account(store)
    (tmp_path / "bad.log").write_bytes(harness.log(SECOND + "\n| {broken"))

    result = harness.run("ingest", tmp_path / "bad.log", "--store", store, "--max-rejects", "0")

    assert result.status == 3
    assert "nothing is taken in, by --max-rejects 0: 1 of 5 records rejected" in result.err
    assert account(store) == was
    done("ingest", tmp_path / "bad.log", "--store", store, "-q")
    assert account(store)["records"] == was["records"] + 5
