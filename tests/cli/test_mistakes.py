"""Wrong usage: what was meant is said, with a command that runs where there is one."""

import shlex
from pathlib import Path

import click
import harness
import pytest

from dcevents import reports
from dcevents.cli.main import cli
from dcevents.cli.wording.help_pages import list_grouped_names

LOG = harness.log("09:00 a engaged\n09:01 a completed")

MEANT = [
    pytest.param("complition", "no command 'complition'; did you mean completion?", id="a command"),
    pytest.param("live_chat", "no command 'live_chat'; did you mean live-chat?", id="its spelling"),
    pytest.param("comp", "no command 'comp'; did you mean completion?", id="its beginning"),
    pytest.param(
        "store comapct x", "no command 'comapct'; did you mean compact?", id="a command of a group"
    ),
    pytest.param("zzz", "no command 'zzz'; see dcevents --help", id="a command like none"),
    pytest.param(
        "help complition", "no command 'complition'; did you mean completion?", id="help for it"
    ),
    pytest.param(
        "completion --colums x", "no option --colums; did you mean --columns?", id="option"
    ),
    pytest.param(
        "sessions --by day",
        "sessions has no option --by; it belongs to completion, funnel, abandonment, live-chat, "
        "meetings",
        id="an option of others",
    ),
    pytest.param("completion --csv", "no option --csv; did you mean --format csv?", id="--csv"),
    pytest.param("check -n 5", "check has no option -n; see dcevents check --help", id="-n"),
    pytest.param("chats -n 5", "no option -n; did you mean --top?", id="-n of rows"),
    pytest.param(
        "completion --output",
        "--output needs a value; see dcevents completion --help",
        id="no value",
    ),
    pytest.param(
        "ingest logs", "ingest needs --store DIR; see dcevents ingest --help", id="no store"
    ),
    pytest.param("explain", "explain needs SID; see dcevents explain --help", id="no operand"),
    pytest.param(
        "version", "no command 'version'; did you mean --version?", id="an option as a command"
    ),
    pytest.param(
        "completion --by week,page",
        "--by: one key at a time; write: --by week --by page",
        id="two keys in one",
    ),
    pytest.param(
        "completion --by dialog", "--by: no key 'dialog'; did you mean conversation?", id="dialog"
    ),
    pytest.param(
        "funnel --by agent",
        "--by: no key 'agent'; there are conversation, type, ui-type, page, day, week, month, "
        "hour, weekday, all",
        id="a key of other reports",
    ),
    pytest.param(
        "completion -f excel", "--format: no format 'excel'; did you mean xlsx?", id="excel"
    ),
    pytest.param(
        "--by day logs",
        "--by is an option of commands; write: dcevents completion --by …",
        id="an option before the command",
    ),
    pytest.param(
        "--zzz", "dcevents has no option --zzz; see dcevents --help", id="no option at all"
    ),
    pytest.param("completion --by dya", "--by: no key 'dya'; did you mean day?", id="a key"),
    pytest.param(
        "completion --by conv", "--by: no key 'conv'; did you mean conversation?", id="a part of it"
    ),
    pytest.param(
        "completion --by xyz",
        "--by: no key 'xyz'; there are conversation, type, ui-type, page, day, week, month, "
        "hour, weekday, all",
        id="a key like none",
    ),
    pytest.param(
        "completion -f cvs", "--format: no format 'cvs'; did you mean csv?", id="a format"
    ),
    pytest.param(
        "chats --outcome mised", "--outcome: no outcome 'mised'; did you mean missed?", id="outcome"
    ),
    pytest.param(
        "completion --tz Europe/Belrin",
        "--tz: no time zone 'Europe/Belrin'; did you mean Europe/Berlin?",
        id="a zone",
    ),
    pytest.param(
        "completion --sort engagd", "--sort: no column 'engagd'; did you mean engaged?", id="column"
    ),
    pytest.param(
        "completion --sort verdict", "--sort: verdict is only there with --compare", id="verdict"
    ),
    pytest.param(
        "abandonment --columns share",
        "--columns: share is only there with --by last-step",
        id="column of a key",
    ),
    pytest.param(
        "summary --columns completion_rate_low",
        "--columns: completion_rate_low is only there with --intervals",
        id="bound of a part",
    ),
    pytest.param(
        "completion --period lastweek",
        "--period: no period 'lastweek'; did you mean last-week?",
        id="period",
    ),
    pytest.param(
        "completion --period last-week --compare prevous",
        "--compare: no period 'prevous'; did you mean previous?",
        id="compared period",
    ),
    pytest.param(
        "summary --columns engagd",
        "--columns: no column 'engagd'; did you mean engaged?",
        id="column of a part",
    ),
    pytest.param(
        "usage --package selekt",
        "--package: no package 'selekt'; did you mean select?",
        id="package",
    ),
    pytest.param(
        "snippet --endpoint /x --forward ga",
        "--forward: no platform 'ga'; did you mean ga4?",
        id="a platform",
    ),
    pytest.param(
        "completion --fail-if 'engagd < 5'",
        "--fail-if 'engagd < 5': no metric engagd; did you mean engaged?",
        id="a metric",
    ),
]


@pytest.mark.parametrize(("command", "told"), MEANT)
def test_a_mistake_is_told_with_what_may_be_meant(command: str, told: str) -> None:
    result = harness.run(*shlex.split(command), stdin=LOG)

    assert (2, b"", f"dcevents: {told}\n") == (result.status, result.out, result.err)


def test_an_input_in_place_of_a_session_is_told() -> None:
    result = harness.run("explain", "logs/a b")

    told = "'logs/a b' is an input, and a sid comes before it; write: dcevents explain SID"
    assert (result.status, result.err) == (2, f"dcevents: {told} 'logs/a b'\n")


def test_the_commands_of_a_group_are_named() -> None:
    group = cli.get_command(click.Context(cli), "store")
    assert isinstance(group, click.Group)

    told = harness.run("store", "check", "logs").err

    assert told == f"dcevents: no command 'check'; there are {', '.join(sorted(group.commands))}\n"


def test_the_rules_of_alerts_list_their_metrics() -> None:
    told = harness.run("chats", "--fail-if", "list", stdin=LOG).err

    assert told.endswith("; METRIC is one of attempt, wait_seconds, chat_seconds, rows\n")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["logs"], id="a folder"),
        pytest.param(["logs/a b.ndjson", "-f", "csv"], id="a file and options"),
        pytest.param(["./missing/x"], id="one that is not there"),
        pytest.param(["-"], id="standard input"),
    ],
)
def test_a_forgotten_command_is_written_in_front(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("logs").mkdir()
    Path("logs", "a b.ndjson").write_bytes(LOG)

    result = harness.run(*words, stdin=LOG)
    told, _, line = result.err.rstrip("\n").partition("; write: ")

    assert (result.status, told) == (2, f"dcevents: '{words[0]}' is no command, but an input")
    assert shlex.split(line) == ["dcevents", "summary", *words]
    assert harness.run(*shlex.split(line)[1:], stdin=LOG).status == (1 if "missing" in line else 0)


def test_a_forgotten_command_before_many_files_is_one_short_line() -> None:
    told = harness.run(*[f"logs/{number}.ndjson" for number in range(500)]).err

    assert told.endswith("; write: dcevents summary logs/0.ndjson …\n")


# -- help ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["", "completion", "ingest", "store", "store info"])
def test_help_is_a_command_too(words: str) -> None:
    asked = harness.run(*words.split(), "--help")

    assert asked.status == 0
    assert harness.run("help", *words.split()) == asked


@pytest.mark.parametrize("command", list(reports.load_reports()))
def test_every_option_of_a_report_has_its_group(command: str) -> None:
    made = cli.get_command(click.Context(cli), command)
    assert made is not None
    options = {param.name for param in made.params if isinstance(param, click.Option)}

    assert options <= list_grouped_names()


def test_options_are_in_groups() -> None:
    lines = harness.run("completion", "--help").text.splitlines()

    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        "Which conversations:", "Rows and figures:", "Output:", "Input:", "Alerts:"
    ]  # fmt: skip
    assert "  --since, --until TIME   " in "\n".join(lines)
