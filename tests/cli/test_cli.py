"""The command line as users, scripts and cron see it: every command and format, exit statuses,
messages, processes.

Commands and formats come from the registries, so that a new one is tested by itself.
"""

import functools
import gzip
import os
import pty
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import harness
import pytest
from choosing import EVERY, combine, marks_of
from shown import rows_of, texts_of

from dcevents import __version__, render, reports

COMMANDS = list(reports.load_reports())
FORMATS = list(render.load_formats())
EXPECTED_COMMANDS = {
    "summary", "completion", "abandonment", "live-chat", "sessions", "conversations", "chats",
    "events",
    "check",
    "explain",
}  # fmt: skip
EXPECTED_FORMATS = {
    "table", "csv", "tsv", "json", "ndjson", "markdown", "html", "svg", "png", "xlsx", "parquet",
}  # fmt: skip

LOG = harness.log(
    """
09:00:00 a triggered name=Pricing
09:00:10 a engaged name=Pricing
09:00:20 a live_chat_requested agent=ag1 agent_name=Ann
09:00:30 a live_chat_initiated agent=ag1 agent_name=Ann
09:01:30 a live_chat_ended agent=ag1
"""
)
BOOKED = LOG + harness.log("09:02:00 a meeting_booked agent=ag1")
MANY = b"".join(LOG.replace(b'"sid":"a"', b'"sid":"s%d"' % n) for n in range(5000))

any_command = pytest.mark.parametrize("command", COMMANDS)
FIRST_COMMANDS = ("summary", "completion", "check")
"""Those that the README's command tries in every format."""
any_command_and_format = pytest.mark.parametrize(
    ("command", "format_"),
    [
        pytest.param(name, each, marks=marks_of(each if name not in FIRST_COMMANDS else ""))
        for name in COMMANDS
        for each in harness.formats(name)
    ],
)


def has_format(command: str, format_: str) -> bool:
    """Return whether a command has a format."""
    return format_ in harness.formats(command)


DOCUMENTS = [name for name, each in reports.load_reports().items() if each.is_document]
"""The commands that print no rows."""


def test_the_commands_and_formats_of_the_contract_are_there() -> None:
    assert set(COMMANDS) >= EXPECTED_COMMANDS
    assert set(FORMATS) >= EXPECTED_FORMATS


# -- the floor: every command, every format, nothing to report -------------------------------------


NOTHING: dict[str, tuple[bytes, list[str]]] = {
    "an empty file": (b"", []),
    "blank lines": (b"\n \t\r\n\n", []),
    "an empty window": (LOG, ["--until", "2020-01-01"]),
    "a window after it": (LOG, ["--since", "2026-11-03", "--until", "2026-11-10"]),
    "a filter that nothing fits": (LOG, ["--conversation", "Nobody"]),
    "as of a time before it": (LOG, ["--as-of", "2020-01-01"]),
    "only the widget's own event": (harness.log("- - ready"), []),
    "only a line that is still being written": (b'{"event":"CONVERSATION_EN', []),
}


@functools.cache
def shown_help(command: str) -> str:
    """Return the help of a command."""
    return harness.run(command, "--help").text


def can_be_empty(command: str, format_: str, nothing: str) -> bool:
    """Return whether a command has the format, and the option that selects nothing."""
    _, options = NOTHING[nothing]
    offered = not options or options[0] in shown_help(command)
    return offered and format_ in harness.formats(command)


@combine(
    ("command", "format_", "nothing"), COMMANDS, FORMATS, NOTHING, possible=can_be_empty, at_once=1
)
def test_nothing_to_report(command: str, format_: str, nothing: tuple[bytes, list[str]]) -> None:
    log, options = nothing
    result = harness.run(*harness.words(command), "-f", format_, *options, stdin=log)

    assert result.status == 0
    if command in DOCUMENTS:
        assert texts_of(format_, result.out)
        return
    rows = rows_of(format_, result.out)
    if command == "summary" and format_ in ("csv", "tsv", "ndjson", "parquet"):
        assert rows, "the long form is of totals, which are there also of nothing"
    else:
        assert [] == rows
    selected = bool(options) and options[0] != "--as-of"
    assert result.err.count("\n") == 1 + selected, "the account, and what selects nothing"


CHATS = harness.log(
    """
09:00 a live_chat_requested name=Pricing type=dialogue ui=popup page=/p agent=ag1 agent_name=Ann
09:01 a live_chat_initiated id=d1 agent=ag1
2026-11-05T09:00Z b engaged id=d2 name=Demo
"""
)
FITS_NOTHING = "fits nothing in all that was read"
LOG_IS_OF = "the log covers 2026-11-02 to 2026-11-05"

EMPTY = [
    pytest.param(
        "summary --conversation Demo --type dialogue",
        "no conversation fits --conversation 'Demo' and --type 'dialogue' at once",
        id="each selects something, but not both",
    ),
    pytest.param(
        "conversations --outcome completed",
        "no conversation matches --outcome 'completed'",
        id="an outcome",
    ),
    pytest.param(
        "chats --outcome missed",
        "no live chat matches --outcome 'missed'",
        id="an outcome of live chat",
    ),
    pytest.param(
        "chats --conversation Demo",
        "no live chat fits --conversation 'Demo'",
        id="one without live chat",
    ),
    pytest.param(
        "completion --since 2026-11-06",
        f"no conversation starts in the window (from 2026-11-06); {LOG_IS_OF}",
        id="a window after the log",
    ),
    pytest.param(
        "live-chat --period 2026-11-05",
        f"no live chat starts in the window (2026-11-05); {LOG_IS_OF}",
        id="a window with conversations, but no live chat",
    ),
    pytest.param(
        "completion --until 2026-11-02 --tz Asia/Tokyo --by day",
        f"no conversation starts in the window (until 2026-11-01); {LOG_IS_OF}",
        id="a window before it, in a zone",
    ),
    pytest.param(
        "completion --period 2026-11-05 --conversation Pricing",
        "no conversation fits --conversation 'Pricing' and the window (2026-11-05) at once",
        id="a window and a filter",
    ),
]


@pytest.mark.parametrize(("command", "told"), EMPTY)
def test_what_selects_nothing_is_named(command: str, told: str) -> None:
    """On standard error: the report is what it was, and so is the status."""
    result = harness.run(*command.split(), stdin=CHATS)
    for_programs = harness.run(*command.split(), "-f", "json", stdin=CHATS)

    assert (result.status, for_programs.status) == (0, 0)
    assert result.text.rstrip().endswith("\n\nNothing to report.")
    assert result.err == f"dcevents: {told}\ndcevents: 3 events of 3 records\n"
    assert result.err == for_programs.err
    assert harness.run(*command.split(), "-q", stdin=CHATS).err == ""


THERE_ARE = "there are 'Demo', 'Pricing', 'd1'"
UNMATCHED = [
    pytest.param(
        "completion --conversation Foo*",
        [f"--conversation 'Foo*' fits nothing in all that was read; {THERE_ARE}"],
        id="a pattern",
    ),
    pytest.param(
        "completion --conversation pricng --conversation Demo",
        ["--conversation 'pricng' fits nothing in all that was read; did you mean 'Pricing'?"],
        id="a slip beside a name",
    ),
    pytest.param(
        "completion --conversation Demo --period 2026-11-02 --type x",
        ["--type 'x' fits nothing in all that was read; there is 'dialogue'"],
        id="what fits outside of the window fits",
    ),
    pytest.param(
        "events --ui-type inline",
        ["--ui-type 'inline' fits nothing in all that was read; there is 'popup'"],
        id="a UI type",
    ),
    pytest.param(
        "sessions --page a --page b --page c --page d",
        ["--page 'a' or 'b' or 'c' or … fits nothing in all that was read; there is '/p'"],
        id="many",
    ),
    pytest.param(
        "completion --conversation x --agent Anna",
        [
            f"--conversation 'x' {FITS_NOTHING}; {THERE_ARE}",
            "--agent 'Anna' fits nothing in all that was read; did you mean 'Ann'?",
        ],
        id="two options",
    ),
]


@pytest.mark.parametrize(("command", "told"), UNMATCHED)
def test_what_fits_nothing_is_said_also_in_quiet_runs(command: str, told: list[str]) -> None:
    """The report is written, and the status is what it was."""
    result = harness.run(*command.split(), stdin=CHATS)
    quiet = harness.run(*command.split(), "-q", stdin=CHATS)

    warnings = [f"dcevents: warning: {line}" for line in told]
    assert quiet.err.splitlines() == warnings
    assert result.err.splitlines() == [*warnings, "dcevents: 3 events of 3 records"]
    assert (result.status, quiet.status) == (0, 0)
    assert quiet.out == result.out


def test_agents_are_offered_once_each_those_with_most_live_chats_first() -> None:
    accepted = (("1", "Zoe"), ("2", "Bob"), ("3", "Bob"), ("3", "Bob"), ("4", "Ann"), ("4", "Ann"))
    chats = "".join(
        f"09:00:0{n} s{n} live_chat_requested\n"
        f"09:00:0{n} s{n} live_chat_initiated agent={agent} agent_name={name}\n"
        for n, (agent, name) in enumerate(accepted)
    )

    told = harness.run("chats", "--agent", "xyz", "-q", stdin=harness.log(chats)).err

    offered = "there are 'Ann', 'Bob', 'Zoe'"
    assert told == f"dcevents: warning: --agent 'xyz' {FITS_NOTHING}; {offered}\n"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        pytest.param("", "dcevents: no record was read\n", id="there is nothing to select from"),
        pytest.param(
            "09:00 a engaged",
            f"dcevents: warning: --conversation 'x' {FITS_NOTHING}; there is 'd1'\n"
            "dcevents: no live chat in the log\ndcevents: 1 event of 1 record\n",
            id="none",
        ),
    ],
)
def test_a_filter_is_not_to_blame_for_what_the_log_lacks(log: str, told: str) -> None:
    assert harness.run("chats", "--conversation", "x", stdin=harness.log(log)).err == told


def test_a_window_selects_nothing_without_timestamps() -> None:
    told = harness.run("completion", "--since", "2020-01-01", stdin=harness.log("- a engaged")).err

    assert (
        "no conversation starts in the window (from 2020-01-01); no event has a timestamp\n" in told
    )


@any_command_and_format
def test_something_to_report(command: str, format_: str) -> None:
    result = harness.run(*harness.words(command), "-f", format_, stdin=BOOKED)

    assert result.status == 0
    is_said = command in DOCUMENTS and texts_of(format_, result.out)
    assert rows_of(format_, result.out) or is_said
    assert result.err == "dcevents: 6 events of 6 records\n"


BY = [(report.name, key) for report in reports.load_reports().values() for key in report.by_keys]


@combine(
    ("command", "key", "format_", "log"),
    [name for name, each in reports.load_reports().items() if each.by_keys],
    [*dict.fromkeys(key for _, key in BY)],
    FORMATS,
    {"a log": BOOKED, "nothing": b""},
    possible=lambda command, key, *_: (command, key) in BY,
    at_once=1,
)
def test_every_key_in_every_format(command: str, key: str, format_: str, log: bytes) -> None:
    result = harness.run(command, "--by", key, "-f", format_, "-q", stdin=log)

    assert (result.status, result.err) == (0, "")
    assert bool(rows_of(format_, result.out)) == bool(log and key != "last-step")


@pytest.mark.parametrize(
    "command", ["completion", "abandonment", "live-chat", "funnel", "meetings"]
)
def test_the_keys_of_the_contract_are_there(command: str) -> None:
    keys = {
        "conversation",
        "type",
        "ui-type",
        "page",
        "day",
        "week",
        "month",
        "hour",
        "weekday",
        "all",
    }
    more = {
        "abandonment": {"last-step"},
        "live-chat": {"agent"},
        "meetings": {"agent"},
    }.get(command, set())

    assert set(reports.load_reports()[command].by_keys) >= keys | more


@combine(("command", "format_"), COMMANDS, FORMATS, possible=has_format, at_once=1)
def test_the_same_input_gives_the_same_bytes(command: str, format_: str) -> None:
    site = harness.ROOT / "sample_logs" / "site"
    logs = (site / "dc.log", site / "dc.log-20261108.gz")

    one, other = (harness.run(*harness.words(command), *logs, "-f", format_) for _ in range(2))

    assert one == other


# -- help ------------------------------------------------------------------------------------------


@any_command
def test_help_has_an_example_and_fits_its_screen(command: str) -> None:
    result = harness.run(command, "--help")

    assert (result.status, result.err) == (0, "")
    lines = result.text.splitlines()
    assert any(line.startswith("  Example: ") and f"dcevents {command}" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 45


@any_command
def test_the_example_of_help_works(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "day.ndjson.gz").write_bytes(gzip.compress(LOG))
    monkeypatch.chdir(tmp_path)
    example = reports.load_reports()[command].example
    words = shlex.split(example.rpartition("|")[2].partition(">")[0])
    operands = [
        str(path)
        for word in words
        for path in (tmp_path.glob(word) if "*" in word and "/" in word else [word])
    ]

    result = harness.run(*operands[1:], stdin=LOG if "|" in example else None)

    assert operands[0] == "dcevents"
    assert result.status == 0
    assert result.out or [*tmp_path.glob("*.csv")]


def test_the_group_names_every_command_and_an_example() -> None:
    result = harness.run("--help")

    assert (result.status, result.err) == (0, "")
    assert all(f"\n  {command} " in result.text for command in COMMANDS)
    assert "  Example: dcevents " in result.text
    assert max(map(len, result.text.splitlines())) <= 80
    assert len(result.text.splitlines()) <= 28, "a line for each, on a screen"


@pytest.mark.parametrize("arguments", [["--help"], ["completion", "--help"], ["events", "-h"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    result = harness.spawn(*arguments, python=["-X", "importtime"])

    assert result.status == 0
    imported = {line.rpartition("|")[2].strip() for line in result.err.splitlines()}
    assert "click" in imported
    assert not {"polars", "tabulate", "hypothesis"} & {name.partition(".")[0] for name in imported}


def test_version_names_what_decides_the_figures() -> None:
    result = harness.run("--version")

    assert (result.status, result.err) == (0, "")
    assert result.text.startswith(f"dcevents {__version__} (polars ")
    assert f"Python {sys.version.split()[0]}" in result.text
    assert result.text.count("\n") == 1


# -- bad usage -------------------------------------------------------------------------------------

BAD_USAGE = [
    pytest.param(["nope"], "nope", id="no such command"),
    pytest.param(["--nope"], "--nope", id="no such option of the group"),
    pytest.param(["completion", "--nope"], "--nope", id="no such option"),
    pytest.param(["completion", "--since"], "--since", id="no value"),
    pytest.param(["completion", "--by", "moon"], "--by", id="no such key"),
    pytest.param(["live-chat", "--by", "last-step"], "--by", id="a key of another report"),
    pytest.param(["sessions", "--by", "day"], "--by", id="a listing has no keys"),
    pytest.param(["completion", "--by", "all", "--by", "day"], "--by all", id="all goes alone"),
    pytest.param(["completion", "-f", "xml"], "--format", id="no such format"),
    pytest.param(["completion", "--excel", "-f", "json"], "--excel", id="excel is CSV"),
    pytest.param(["completion", "--delimiter", ";;"], "--delimiter", id="a delimiter of two"),
    pytest.param(["completion", "--delimiter", '"'], "--delimiter", id="a quote as delimiter"),
    pytest.param(["completion", "--tz", "Mars/Olympus"], "--tz", id="no such zone"),
    pytest.param(["completion", "--idle", "soon"], "--idle", id="no duration"),
    pytest.param(["completion", "-o", ""], "--output", id="no name for the output"),
]


@pytest.mark.parametrize(("arguments", "mentioned"), BAD_USAGE)
def test_bad_usage_is_one_line_and_status_2(arguments: list[str], mentioned: str) -> None:
    result = harness.run(*arguments, stdin=LOG)

    assert (2, b"") == (result.status, result.out)
    assert result.err.startswith("dcevents: ")
    assert mentioned in result.err
    assert result.err.count("\n") == 1


def test_bad_usage_is_told_before_anything_is_read(tmp_path: Path) -> None:
    assert harness.run("completion", tmp_path / "missing.log", "--tz", "Mars/Olympus").status == 2


def test_without_a_command_there_is_help_and_status_2() -> None:
    result = harness.run()

    assert (2, b"") == (result.status, result.out)
    assert result.err.startswith("Usage: dcevents ")


@any_command
def test_without_an_operand_and_with_nothing_on_standard_input_there_is_short_help(
    command: str,
) -> None:
    result = harness.run(command)

    assert (2, b"") == (result.status, result.out)
    assert f"dcevents {command}" in result.err
    assert result.err.count("\n") <= 3


def test_a_terminal_on_standard_input_is_not_waited_for() -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            harness.command("completion"),
            stdin=theirs,
            capture_output=True,
            check=False,
            timeout=30,
        )
    finally:
        os.close(ours)
        os.close(theirs)

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"dcevents completion" in done.stderr


def test_a_closed_standard_input_is_not_read() -> None:
    shell = f"exec {shlex.join(harness.command('completion'))} <&-"

    done = subprocess.run(
        ["sh", "-c", shell], capture_output=True, check=False, timeout=30, cwd=harness.ROOT
    )

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr


# -- inputs that cannot be had ---------------------------------------------------------------------


@any_command
@pytest.mark.parametrize("before", [True, False], ids=["a good one before it", "alone"])
def test_a_missing_file_is_named_and_nothing_is_reported(
    command: str,
    before: bool,
    tmp_path: Path,
) -> None:
    good, target = tmp_path / "good.log", tmp_path / "report.json"
    good.write_bytes(LOG)
    target.write_text("old", encoding="utf-8")
    operands = [*([good] if before else []), tmp_path / "missing.log"]

    shown = harness.run(*harness.words(command), *operands)
    written = harness.run(*harness.words(command), *operands, "-o", target)

    message = f"dcevents: {tmp_path / 'missing.log'}: no such file or directory\n"
    assert (1, b"", message) == (shown.status, shown.out, shown.err)
    assert (1, b"", message) == (written.status, written.out, written.err)
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == [good, target]


def test_an_operand_without_a_name_is_missing_too() -> None:
    # As in: dcevents completion "$UNSET". It must not read the working directory.
    result = harness.run("completion", "", stdin=LOG)

    assert result.status in (1, 2)
    assert result.out == b""
    assert result.err.count("\n") == 1


def test_a_name_with_escape_sequences_is_shown_without() -> None:
    result = harness.run("completion", "\x1b[31mlog\n\u202e")

    assert (1, b"") == (result.status, result.out)
    assert result.err == r"dcevents: \x1b[31mlog\n\u202e: no such file or directory" + "\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_read_is_named(what: str, tmp_path: Path) -> None:
    locked = tmp_path / what
    locked.mkdir() if what == "folder" else locked.write_bytes(LOG)
    locked.chmod(0)

    result = harness.run("completion", locked)

    locked.chmod(0o700)
    assert (1, b"", f"dcevents: {locked}: permission denied\n") == (
        result.status,
        result.out,
        result.err,
    )


UNUSABLE = [
    pytest.param(b"hello\nworld\n", "2 lines", "not JSON", id="text"),
    pytest.param(b'{"a":1}\n', "1 line", "without an event", id="JSON of something else"),
    pytest.param(b"[]\n", "1 line", "no JSON object", id="arrays"),
    pytest.param(
        b'{"event":"purchase","data":{"payload":{"sid":"a"}}}\n',
        "1 line",
        "purchase",
        id="other events",
    ),
    pytest.param(
        b'{"event":"CONVERSATION_ENGAGED"}\n',
        "1 line",
        "without a sid",
        id="events without a session",
    ),
    pytest.param(b"\x01" * 100 + b"\n", "1 line", "not JSON", id="binary"),
    pytest.param(b"x" * (1 << 20) + b"x\n", "1 line", "longer than 1 MiB", id="one long line"),
]


@pytest.mark.parametrize(("log", "lines", "found"), UNUSABLE)
def test_lines_but_no_event_is_status_3_and_says_what_was_found(
    log: bytes, lines: str, found: str, tmp_path: Path
) -> None:
    target = tmp_path / "report.csv"
    target.write_text("old", encoding="utf-8")

    result = harness.run("completion", "-o", target, stdin=log)

    assert (3, b"") == (result.status, result.out)
    assert result.err.startswith("dcevents: ")
    assert result.err.count("\n") == 1
    assert lines in result.err
    assert found in result.err
    assert target.read_text(encoding="utf-8") == "old"


def test_one_event_among_other_lines_is_a_log() -> None:
    assert (
        harness.run("completion", stdin=b"hello\n" + LOG.splitlines(keepends=True)[0]).status == 0
    )


def test_names_of_other_events_do_not_reach_the_terminal_raw() -> None:
    result = harness.run("completion", stdin=b'{"event":"\\u001b]0;x\\u0007"}\n')

    assert result.status == 3
    assert not {"\x1b", "\x07"} & set(result.err)


# -- messages --------------------------------------------------------------------------------------


def test_the_account_is_a_line_that_says_whether_it_matters(tmp_path: Path) -> None:
    log = LOG + LOG + harness.log("- - ready\n09:00 a RATED\n| x\n| {}\n|  ") + b'{"event":"CONV'
    (tmp_path / "a.log").write_bytes(log)

    assert harness.run("completion", stdin=log).err == (
        "dcevents: 5 events of 16 records; 5 repeated, 2 of other kinds, 1 blank, 1 unfinished, "
        "2 unreadable (13 %: figures are too low)\n"
    )
    told = harness.run("completion", tmp_path, "--by", "page").err
    assert told.endswith(f" too low): dcevents check {tmp_path}\n"), "what says more"
    assert "dcevents check" not in harness.run("check", tmp_path).err, "it says it all"
    (tmp_path / "a.log").write_bytes(LOG)
    assert harness.run("completion", tmp_path).err == "dcevents: 5 events of 5 records\n"


def test_the_account_in_full_sums_up() -> None:
    log = LOG + LOG + harness.log("- - ready\n09:00 a RATED\n| x\n| {}\n|  ") + b'{"event":"CONV'

    result = harness.run("completion", "-v", stdin=log)

    assert result.status == 0
    assert result.err == (
        "dcevents: 16 records = 5 events + 5 duplicates + 2 ignored (1 unknown: RATED) + 1 blank + "
        "1 incomplete"
        " + 2 rejected (line 13: not JSON, line 14: without an event)\n"
    )


def test_the_account_names_files_where_there_are_several(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LOG)
    (tmp_path / "b.log").write_bytes(LOG + b"x\n" * 1200)

    result = harness.run("completion", tmp_path, "--verbose")

    place = tmp_path / "b.log"
    assert result.err == (
        "dcevents: 1,210 records = 5 events + 5 duplicates"
        f" + 1,200 rejected ({place}:6: not JSON, {place}:7: not JSON, …)\n"
    )


def test_the_account_says_what_has_no_time() -> None:
    log = harness.log(
        "09:00 a engaged\n- a engaged\n2027-01-01T00:00Z a engaged\n2027-01-01T00:00Z b engaged"
    )

    result = harness.run("completion", "-v", stdin=log)

    assert "\ndcevents: 4 records = 3 events + 1 duplicate" in result.err
    assert "2 events without a usable timestamp" in result.err
    assert (
        "1 events" not in harness.run("completion", "-v", stdin=log[: log.rindex(b'{"event"')]).err
    )


@combine(("command", "format_"), COMMANDS, FORMATS, possible=has_format, at_once=1)
def test_quiet_is_silent(command: str, format_: str) -> None:
    assert harness.run(*harness.words(command), "-q", "-f", format_, stdin=LOG + b"x\n").err == ""


def test_quiet_still_tells_of_failures_and_of_inputs_that_were_cut_off(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(LOG)[:-9])

    assert harness.run("completion", "-q", tmp_path / "missing").err.count("\n") == 1
    assert harness.run("completion", "-q", cut).err.startswith(f"dcevents: warning: {cut}: ")
    assert harness.run("completion", "-q", stdin=b"x\n").err.count("\n") == 1


@pytest.mark.parametrize(
    ("env", "arguments", "start"),
    [
        pytest.param({"DCEVENTS_FORMAT": "csv"}, [], b"day,sessions,", id="the format"),
        pytest.param(
            {"DCEVENTS_FORMAT": "csv"},
            ["-f", "tsv"],
            b"day\tsessions\t",
            id="the option outranks it",
        ),
        pytest.param({"DCEVENTS_FORMAT": ""}, [], b"Completion by day", id="set to nothing"),
    ],
)
def test_the_environment_stands_in_for_the_format(
    env: dict[str, str], arguments: list[str], start: bytes
) -> None:
    assert harness.run("completion", "--by", "day", *arguments, stdin=LOG, env=env).out.startswith(
        start
    )


@pytest.mark.parametrize(
    ("env", "arguments", "expected"),
    [
        pytest.param({}, [], "UTC", id="absent"),
        pytest.param({"DCEVENTS_TZ": "Asia/Tokyo"}, [], "Asia/Tokyo", id="set"),
        pytest.param(
            {"DCEVENTS_TZ": "Asia/Tokyo"},
            ["--tz", "Europe/Berlin"],
            "Europe/Berlin",
            id="outranked",
        ),
        pytest.param({"TZ": "Asia/Tokyo"}, [], "UTC", id="the system's zone does not count"),
    ],
)
def test_the_environment_stands_in_for_the_zone(
    env: dict[str, str], arguments: list[str], expected: str
) -> None:
    assert (
        harness.run("completion", "-f", "json", *arguments, stdin=LOG, env=env).json["tz"]
        == expected
    )


@pytest.mark.parametrize("name", ["DCEVENTS_TZ", "DCEVENTS_FORMAT"])
def test_a_bad_environment_is_bad_usage(name: str) -> None:
    result = harness.run("completion", stdin=LOG, env={name: "nonsense"})

    assert (2, b"") == (result.status, result.out)
    assert "nonsense" in result.err


# -- processes -------------------------------------------------------------------------------------


def piped(before: str, *arguments: str, after: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run `before | dcevents … after` in a shell that says the status of dcevents on standard
    error.
    """
    mine = shlex.join(harness.command(*arguments))
    script = f"{before} {{ {mine}; echo status $? >&2; }} {after}"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["sh", "-c", script],
        capture_output=True,
        check=False,
        timeout=60,
        cwd=harness.ROOT,
        env=env,
    )


def test_a_pipe_into_csv(tmp_path: Path) -> None:
    day = tmp_path / "day.ndjson.gz"
    day.write_bytes(gzip.compress(LOG))

    done = piped(f"gzip -dc {day} |", "completion", "-f", "csv")

    header, row = done.stdout.decode().splitlines()
    assert header.startswith("conversation,conversation_id,sessions,")
    assert row.startswith("Pricing,d1,1,1,1,1.0,")
    assert done.stderr.decode() == "dcevents: 5 events of 5 records\nstatus 0\n"


@pytest.mark.pairwise
@pytest.mark.parametrize("format_", FORMATS if EVERY else ["table", "csv", "ndjson"])
def test_a_reader_that_goes_away_ends_it_quietly(format_: str, tmp_path: Path) -> None:
    big = tmp_path / "big.log"
    big.write_bytes(MANY)

    done = piped("", "events", str(big), "-q", "-f", format_, after="| head -c 10")

    assert len(done.stdout) == 10
    assert done.stderr.decode() == "status 0\n"


def test_a_full_disk_is_told_in_one_line() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")

    done = piped(f"printf '%s' {shlex.quote(LOG.decode())} |", "completion", after="> /dev/full")

    assert done.stderr.decode().splitlines()[-2:] == [
        "dcevents: standard output: no space left on device",
        "status 1",
    ]
    assert b"Traceback" not in done.stderr


def test_a_closed_standard_output_is_told_in_one_line() -> None:
    done = piped(f"printf '%s' {shlex.quote(LOG.decode())} |", "completion", "-q", after=">&-")

    assert b"Traceback" not in done.stderr
    assert done.stderr.decode().splitlines()[-1] == "status 1"
    assert done.stderr.count(b"\n") == 2


def test_standard_input_may_be_a_file(tmp_path: Path) -> None:
    log = tmp_path / "x"
    log.write_bytes(LOG)

    done = piped("", "completion", "-f", "csv", "-q", after=f"< {log}")

    assert done.stdout.count(b"\n") == 2
    assert done.stderr.decode() == "status 0\n"


def test_with_operands_standard_input_is_not_touched(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(LOG)
    read, write = os.pipe()
    try:
        # A pipe that nobody writes to and nobody closes: reading it would hang.
        done = subprocess.run(
            harness.command("completion", log),
            stdin=read,
            capture_output=True,
            check=False,
            timeout=30,
        )
    finally:
        os.close(read)
        os.close(write)

    assert done.returncode == 0


SIGNALS = [
    pytest.param(signal.SIGINT, 130, id="SIGINT"),
    pytest.param(signal.SIGTERM, 143, id="SIGTERM"),
    pytest.param(signal.SIGHUP, 129, id="SIGHUP: its terminal is closed"),
]


@pytest.fixture
def terminals_end_runs() -> Iterator[None]:
    """Also where these tests run under nohup, whose children ignore what it ignores."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("terminals_end_runs")
@pytest.mark.parametrize(("sent", "status"), SIGNALS)
def test_a_signal_while_reading_leaves_nothing_behind(
    sent: signal.Signals, status: int, tmp_path: Path
) -> None:
    target = tmp_path / "report.csv"
    target.write_text("old", encoding="utf-8")
    running = harness.start(
        "completion",
        "-o",
        target,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdin
    running.stdin.write(MANY)  # more than a pipe holds: once it is all taken, the reading has begun
    running.stdin.flush()

    running.send_signal(sent)
    out, err = running.communicate(timeout=30)

    assert (status, b"") == (running.returncode, out)
    assert b"Traceback" not in err
    assert err.count(b"\n") <= 1
    assert target.read_text(encoding="utf-8") == "old"
    assert [target] == list(tmp_path.iterdir())


WAIT = """
import os, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
import polars
from dcevents.cli.inputs import let_interrupts_end_waits
let_interrupts_end_waits()
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
threading.Event().wait()
"""


def test_an_interrupt_ends_a_run_that_waits_for_its_input() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WAIT], capture_output=True, check=False, timeout=30
    )

    assert b"KeyboardInterrupt" in done.stderr


@pytest.mark.usefixtures("terminals_end_runs")
@pytest.mark.parametrize(("sent", "status"), SIGNALS)
def test_a_signal_while_writing_leaves_no_temporary_file(
    sent: signal.Signals, status: int, tmp_path: Path
) -> None:
    # Many rows, so that a signal sent when the temporary file is first seen surely comes in the
    # midst of writing.
    target, log = tmp_path / "out" / "events.json", tmp_path / "big.log"
    log.write_bytes(
        MANY * 4 + b"".join(MANY.replace(b'"id":"d1"', b'"id":"e%d"' % n) for n in range(4))
    )
    target.parent.mkdir()
    target.write_text("old", encoding="utf-8")
    running = harness.start(
        "events", log, "-o", target, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    harness.until(lambda: len(list(target.parent.iterdir())) > 1 or running.poll() is not None)
    assert running.poll() is None, "it was over before it could be interrupted"

    harness.check_stopped(running, sent, status, old=target)


def test_under_nohup_a_terminal_may_be_closed(tmp_path: Path) -> None:
    command = ["nohup", *harness.command("completion", "-q", "-f", "csv")]
    env = {**os.environ, "PYTHONPATH": str(harness.ROOT)}
    running = subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, env=env, cwd=tmp_path)
    assert running.stdin
    running.stdin.write(MANY)
    running.stdin.flush()

    running.send_signal(signal.SIGHUP)
    out, _ = running.communicate(timeout=60)

    assert (running.returncode, out.count(b"\n")) == (0, 2)


def test_nothing_but_the_report_is_on_standard_output_of_a_process() -> None:
    result = harness.spawn("completion", "-f", "json", stdin=LOG + b"x\n")

    assert result.status == 0
    assert result.json["schema"] == "dcevents.completion/1"
    assert result.err.startswith("dcevents: 5 events of 6 records")


@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
def test_messages_on_a_terminal_are_plain(terminal: str, tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(LOG + b'{"event":"\\u001b[31m"}\n')
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": terminal, "NO_COLOR": "1", "PYTHONPATH": str(harness.ROOT)}

    done = subprocess.run(
        harness.command("summary", log),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        check=False,
        env=env,
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)

    assert done.returncode == 0
    assert b"Summary" in shown
    assert b"5 events of 6 records; 1 of other kinds" in shown
    assert b"\x1b" not in shown


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # Linux says so when the other side of a terminal is closed
        return b""


def test_a_table_on_a_terminal_is_cut_to_its_width(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(LOG)
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(harness.ROOT)}

    subprocess.run(
        harness.command("completion", log, "-q"), stdin=theirs, stdout=theirs, check=True, env=env
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)

    lines = shown.decode().splitlines()
    assert max(map(len, lines[:-1])) <= 80, "all but the command that may be copied"
    assert "Too narrow for: " in shown.decode()
    piped_lines = harness.run("completion", log, "-q").text.splitlines()
    assert max(map(len, piped_lines)) > 80, "what is no terminal gets all columns"
