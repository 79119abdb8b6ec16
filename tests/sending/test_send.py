"""`dcevents send`: what arrives, once, and what is said of the rest."""

import csv
import io
import json
import stat
from pathlib import Path

import harness
import pytest
import sends
import standins
from sends import Send

from dcevents.sending import load_platforms

DUE = {"ga4": 7, "adobe-edge": 8, "adobe-analytics": 8}
"""Events of the log that platforms take: Google none that is older than 72 h."""


# -- once ------------------------------------------------------------------------------------------


def test_events_arrive_once_within_all_limits(
    platform: str, standin: standins.Standin, send: Send
) -> None:
    first = send()
    again = send()

    assert (0, 0) == (first.status, again.status), first.err + again.err
    assert standin.faults == []
    assert standin.busiest <= load_platforms()[platform].limits.parallel_requests
    assert set(standin.accepted.values()) == {1}
    assert DUE[platform] == len(standin.accepted)
    assert f": {DUE[platform]} events sent to " in first.err
    assert ": 0 events sent to " in again.err
    assert f"{DUE[platform]} sent before" in again.err
    assert "1 without a time" in again.err
    assert ("1 older than 72 h" in again.err) == (platform == "ga4")


def test_what_was_sent_under_other_filters_stays_sent(
    platform: str, standin: standins.Standin, send: Send
) -> None:
    assert send("--conversation", "d2", "-q").err == ""
    assert sum(standin.accepted.values()) == 4
    send("--since", "2026-11-29")

    assert sum(standin.accepted.values()) == 7 == len(standin.accepted)
    assert send("-q").status == 0
    assert sum(standin.accepted.values()) == DUE[platform]


def test_again_sends_what_was_sent(standin: standins.Standin, send: Send) -> None:
    send()
    send("--again", "--conversation", "d2")

    assert sorted(standin.accepted.values(), reverse=True)[:5] == [2, 2, 2, 2, 1]


def test_events_of_a_store_are_remembered_there(
    platform: str, standin: standins.Standin, log: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    assert harness.run("ingest", log, "--store", store, "-q").status == 0
    env = {**standins.SECRETS, "DCEVENTS_STORE": str(store)}

    for _ in range(2):
        assert sends.run(platform, standin, env=env).status == 0
        assert harness.run("ingest", log, "--again", "--store", store, "-q").status == 0
    assert harness.run("store", "verify", store).status == 0
    with_log = sends.run(platform, standin, log, env=env)

    assert ": 0 events sent" in with_log.err
    assert [1] * DUE[platform] == [*standin.accepted.values()]
    ledgers = [path for path in store.iterdir() if path.name.startswith("sent-")]
    assert ledgers
    assert {stat.S_IMODE(path.stat().st_mode) for path in ledgers} == {0o600}


def test_a_state_of_its_own_is_for_its_owner_alone(send: Send, tmp_path: Path) -> None:
    send()

    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert modes == {0o600}


def test_a_state_may_become_a_store(send: Send, log: Path, tmp_path: Path) -> None:
    send()
    state = tmp_path / "state"

    assert harness.run("ingest", log, "--store", state, "-q").status == 0
    assert ": 0 events sent" in send("--store", state).err


def test_configured_defaults_of_reports_do_no_harm(send: Send, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[defaults]\nformat = "csv"\ntz = "Europe/Berlin"\n')

    assert send("--config", config).status == 0


def test_what_was_read_is_said(send: Send) -> None:
    assert "9 events of 10 records" in send("--dry-run").err
    assert "1 repeated" in send("--dry-run").err
    assert send("--dry-run", "-q").err == ""


def test_what_follows_from_unknown_visitors_is_said(
    send: Send, platform: str, log: Path, tmp_path: Path
) -> None:
    """Where something is sent; a store has no ids that an option could name."""
    note = "each chat session is a new visitor to"
    store = tmp_path / "store"
    harness.run("ingest", log, "--store", store, "-q")
    option = "--client-id" if platform == "ga4" else "--visitor-id"

    assert f"{option} names ids that logs have" in send("--dry-run").err
    assert note not in send("--status").err
    assert note in send().err
    assert note not in send().err
    options = {"ga4": "--measurement-id G-ABC123", "adobe-edge": "--datastream ebebf826-a01f"}
    given = options.get(platform, "--report-suite examplersid").split()
    told = harness.run("send", platform, *given, "--store", store, "--dry-run")
    assert f"{note} {load_platforms()[platform].title}, without a campaign\n" in told.err


@pytest.mark.parametrize("name", ["--api-secret", "--token", "--client-secret"])
def test_a_secret_as_an_option_is_answered_by_the_file(name: str, log: Path) -> None:
    command = "ga4" if name == "--api-secret" else "adobe-edge"
    told = harness.run("send", command, log, name, "hush-Hush_31")

    assert (2, False) == (told.status, "hush-Hush_31" in told.err)
    assert told.err == f"dcevents: no option {name}; did you mean --secret-file?\n"


# -- looking ---------------------------------------------------------------------------------------


def test_status_says_what_is_sent_and_due(platform: str, send: Send) -> None:
    def counts() -> dict[str, int]:
        assert before.json["refused_reasons"] == {}
        return {key: value for key, value in before.json.items() if isinstance(value, int)}

    before = send("--status", "-f", "json")
    assert before.status == 1
    old = 8 - DUE[platform]
    nothing = {"sent": 0, "refused": 0, "untimed": 1, "not_final": 0, "changed": 0}
    assert {**nothing, "due": DUE[platform], "too_old": old} == counts()
    send("--conversation", "d2")
    before = send("--status", "-f", "json")
    assert {**nothing, "sent": 4, "due": DUE[platform] - 4, "too_old": old} == counts()
    send()
    last = send("--status")
    assert last.status == 0
    assert f"sent      {DUE[platform]:>12}\n" in last.text


def test_a_status_says_where_nothing_is_remembered(
    standin: standins.Standin, platform: str, log: Path, send: Send, tmp_path: Path
) -> None:
    """Such as in a folder whose name is misspelt: else all would seem to be due."""
    send()
    known = send("--status")
    elsewhere = send("--status", "--what", "conversations")
    misspelt = sends.run(platform, standin, log, "--state", tmp_path / "stat", "--status")
    unnamed = sends.run(platform, standin, log, "--status")

    assert "remembered" not in known.err
    assert f"/state: no conversations sent to {platform} " in elsewhere.err
    assert f"/stat: no events sent to {platform} " in misspelt.err
    assert "what was sent is not known: name its folder with --state" in unnamed.err


def test_a_dry_run_prints_the_requests_and_sends_nothing(
    platform: str, standin: standins.Standin, log: Path
) -> None:
    shown = sends.run(platform, standin, log, "--dry-run")

    assert (0, 0) == (shown.status, standin.requests)
    assert len(shown.ndjson) == {"ga4": 2}.get(platform, 1)
    assert {request["method"] for request in shown.ndjson} == {"POST"}
    text = json.dumps(shown.ndjson)
    assert text.count("chat_engaged") >= 1
    assert not any(secret in shown.text for secret in standins.SECRETS.values())


def test_agents_are_named_only_where_asked_for(standin: standins.Standin, send: Send) -> None:
    def shown(*arguments: str) -> str:
        return send("--dry-run", *arguments).text

    assert "a7" in shown()
    assert "Ann" not in shown()
    assert "Ann" in shown("--with-agents")
    assert standin.requests == 0


def test_an_agents_address_is_a_name(log: Path, send: Send) -> None:
    log.write_bytes(log.read_bytes().replace(b"a7", b"ann@example.com"))

    assert "ann@example" not in send("--dry-run").text
    assert "ann@example" in send("--dry-run", "--with-agents").text


# -- outcomes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "name", "count"),
    [("conversations", "chat_outcome", 3), ("attempts", "chat_attempt", 1)],
)
def test_outcomes_are_sent_once_they_are_final(
    what: str, name: str, count: int, platform: str, standin: standins.Standin, send: Send
) -> None:
    """Session `a` may still go on: its last event is 15 hours old."""
    shown = send("--what", what)
    sent = sum(standin.accepted.values())

    assert (0, []) == (shown.status, standin.faults), shown.err
    assert sent == count - (1 if what == "conversations" else 0) - (
        1 if platform == "ga4" and what == "conversations" else 0
    )
    assert all(name in json.dumps(event) for event in standin.events)
    assert ("1 not final yet" in shown.err) == (what == "conversations")


def test_an_outcome_that_changes_is_counted_and_not_sent_again(
    standin: standins.Standin, send: Send, log: Path
) -> None:
    send("--what", "conversations")
    before = sum(standin.accepted.values())
    with log.open("ab") as file:
        file.write(harness.log("2026-11-29T10:06:00Z b completed id=d2"))

    assert "1 changed since they were sent" in send("--what", "conversations").err
    assert before == sum(standin.accepted.values())


# -- the mapping of Adobe Analytics ----------------------------------------------------------------


def test_the_example_of_a_mapping_works(log: Path) -> None:
    example = harness.ROOT / "examples" / "adobe-analytics" / "mapping.toml"
    options = ("--report-suite", "examplersid", "--dry-run", "--mapping", example)
    (request,) = harness.run("send", "adobe-analytics", log, *options).ndjson
    rows = list(csv.DictReader(io.StringIO(request["body"])))
    engaged = [row for row in rows if row["linkName"] == "chat_engaged"]

    assert [("event2", "Pricing", "Pricing")] == [
        (row["events"], row["eVar1"], row["prop1"]) for row in engaged
    ]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ('[events]\nchat_x = "event1"', "no event 'chat_x'"),
        ('[events]\nchat_engaged = "purchase"', "'purchase' is none of event1"),
        ('[columns]\neVar251 = "chat_name"', "no column 'eVar251'"),
        ('[columns]\nuserAgent = "chat_name"', "no column 'userAgent'"),
        ('[columns]\neVar1 = "name"', "no value 'name'"),
        ("[columns]\neVar1 = 1", "has lines as name"),
        ("[other]", "only [events] and [columns] are known"),
        ("[", "no TOML"),
    ],
)
def test_a_mapping_that_says_nothing_is_refused(
    mapping: str, message: str, log: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(mapping)
    options = ("--report-suite", "examplersid", "--dry-run", "--mapping", file)
    told = harness.run("send", "adobe-analytics", log, *options)

    assert told.status == 2
    assert message in told.err


# -- wrong usage -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ga4", "--measurement-id", "UA-1"], "--measurement-id: 'UA-1' is none"),
        (["ga5", "--measurement-id", "G-ABC123"], "ga5"),
        (["ga4", "--measurement-id", "G-ABC123"], "what is sent has to be remembered"),
        (["ga4"], "--measurement-id"),
        (["ga4", "--measurement-id", "G-ABC123", "--rate", "0", "--dry-run"], "--rate: '0'"),
        (
            ["ga4", "--measurement-id", "G-ABC123", "--ads-consent", "maybe"],
            "--ads-consent: 'maybe'",
        ),
        (
            ["ga4", "--measurement-id", "G-ABC123", "--endpoint", "http://example.com/mp"],
            "it has to begin with https://",
        ),
        (
            ["ga4", "--measurement-id", "G-ABC123", "--endpoint", "https://u:p@example.com/"],
            "without user, query and fragment",
        ),
        (
            ["ga4", "--measurement-id", "G-ABC123", "--dry-run", "--status"],
            "--dry-run and --status are two different things",
        ),
        (["adobe-edge", "--datastream", "x y"], "--datastream: 'x y'"),
        (["adobe-analytics", "--report-suite", "a/b"], "--report-suite: 'a/b'"),
        (["adobe-edge", "--datastream", "ebebf826-a01f", "--check"], "--check"),
    ],
)
def test_wrong_usage_is_answered_by_one_line(arguments: list[str], message: str, log: Path) -> None:
    told = harness.run("send", *arguments, log)

    assert told.status == 2
    assert message in told.err
    assert told.err.count("\n") == 1


def test_a_store_that_is_none_is_not_made(tmp_path: Path) -> None:
    store = tmp_path / "store"
    options = ("--measurement-id", "G-ABC123", "--store", store)
    told = harness.run("send", "ga4", *options, env=standins.SECRETS)

    assert (1, False) == (told.status, store.exists())
    assert "no store" in told.err
