"""Tables: what stands where there is little room, on terminals and elsewhere."""

import csv
import io
import re
import shlex
from pathlib import Path
from zoneinfo import ZoneInfo

import harness
import polars as pl
import pytest

from dcevents import render, reports
from dcevents.render._format import RenderContext
from dcevents.render._widths import split_heading
from dcevents.tables import ESSENTIAL, Column, Table

SITE = str(harness.ROOT / "sample_logs" / "site")
GROUPED = ["completion", "abandonment", "live-chat", "meetings", "funnel", "usage"]
LOG = harness.log("09:00 a engaged name=Pricing\n09:10 b engaged id=d2 name=Demo")

# -- narrow tables ---------------------------------------------------------------------------------

ALL_TITLES = ["Key", "Other", "Detail", "Wide", "Count", "Main"]
NARROW = [
    pytest.param(99, "Key Other Detail Wide Count Main", id="room for all"),
    pytest.param(90, "Key Other Detail Wide Count Main", id="long texts are cut"),
    pytest.param(56, "Key Other Wide Count Main", id="details go first"),
    pytest.param(50, "Key Other Wide Main", id="then what stands to the right"),
    pytest.param(36, "Key Other Count Main", id="a narrow column where a wide one has no room"),
    pytest.param(28, "Key Other Main", id="or none of them"),
    pytest.param(20, "Key Other Main", id="what is essential has its key cut"),
    pytest.param(8, "Key Other Main", id="and is there, whatever the width"),
]


def narrow(columns: int) -> str:
    """A table of columns of every priority, at a width."""
    titles = [
        Column("key", "text", "Key", ESSENTIAL),
        Column("other", "count", "Other", ESSENTIAL),
        Column("detail", "text", "Detail", priority=0),
        Column("wide", "text", "Wide"),
        Column("count", "count", "Count"),
        Column("main", "rate", "Main", ESSENTIAL, is_main=True),
    ]
    rows = pl.DataFrame(
        {
            "key": ["k" * 9],
            "other": [1],
            "detail": ["d" * 30],
            "wide": ["w" * 30],
            "count": [1],
            "main": [0.5],
        }
    )
    about = RenderContext("any", {}, ZoneInfo("UTC"), width=columns)
    return "".join(render.load_formats()["table"].write_tables([Table("any", titles, rows)], about))


@pytest.mark.parametrize(("columns", "shown"), NARROW)
def test_a_narrow_table_shows_what_there_is_room_for(columns: int, shown: str) -> None:
    text = narrow(columns)

    lines = text.splitlines()
    assert " ".join(lines[2].split()) == shown
    assert max(map(len, lines[2:5])) <= max(columns, 21)
    hidden = text.replace("\n", " ").partition("Too narrow for: ")[2].partition(".")[0].split(", ")
    assert {name for name in hidden if name} == {
        name.lower() for name in ALL_TITLES if name not in shown
    }


# -- names, ids, addresses -------------------------------------------------------------------------


def shown(log: bytes, *arguments: str, width: int = 80) -> str:
    """A table of a width, as people get it."""
    return harness.run(*arguments, "--width", str(width), "-q", stdin=log).text


def test_the_host_that_pages_share_is_said_once() -> None:
    log = harness.log(
        """
09:00 a engaged page=https://www.example.com/pricing
09:01 b engaged page=https://www.example.com
09:02 c engaged page=https://www.example.com/pricing/enterprise/very/long
09:03 d engaged page=https://www.example.com/pricing/enterprise/very/wide
"""
    )

    text = shown(log, "completion", "--by", "page", width=60)

    assert text.splitlines()[1] == "Page: all on https://www.example.com"
    pages = [line.split()[0] for line in text.splitlines()[6:10]]
    assert {"/", "/pricing"} <= set(pages)
    assert len(set(pages)) == 4, "what tells them apart stays"
    assert "https" not in "".join(pages)


def test_pages_of_other_hosts_keep_theirs() -> None:
    log = harness.log(
        """
09:00 a engaged page=https://www.example.com/pricing
09:01 b engaged page=https://www.example.com/demo
09:02 c engaged page=http://localhost/pricing
"""
    )

    text = shown(log, "completion", "--by", "page")

    assert "\nPage: where no site is named, on https://www.example.com\n" in text
    assert re.search("^http://localhost/pricing ", text, re.MULTILINE)
    assert re.search("^/pricing ", text, re.MULTILINE)
    text = shown(log, "completion", "--by", "page", "--page", "*localhost*")
    assert "Page: " not in text, "of one page nothing is shared"


def test_the_names_stand_for_ids_where_they_tell_rows_apart() -> None:
    log = harness.log(
        """
09:00 a engaged id=d1 name=Pricing
09:01 b engaged id=d2 name=Demo
09:02 c engaged id=d3
"""
    )

    text = shown(log, "completion")

    assert "conversation_id" in text.partition("Too narrow for")[2]
    assert [line.split()[0] for line in text.splitlines()[5:8]] == ["Pricing", "Demo", "d3"]


def test_ids_tell_rows_of_one_name_apart() -> None:
    log = harness.log("09:00 a engaged id=d1 name=Pricing\n09:01 b engaged id=d2 name=Pricing")

    for width in (20, 60, 80):
        text = shown(log, "completion", width=width)

        assert {"d1", "d2"} <= set(text.split()), width


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("report", GROUPED)
def test_no_table_leaves_out_key_first_count_or_main_rate(report: str, width: int) -> None:
    made = harness.run(report, SITE, "-q", "--width", str(width)).text

    head = made.splitlines()[2:5]
    known = reports.load_reports()[report]
    columns = known.list_columns((known.default_by or "",), ())
    essential = [column for column in columns if column.priority == ESSENTIAL]
    assert any(column.is_main for column in essential)
    for column in essential:
        assert all(any(word in line for line in head) for word in column.title.split())
    assert max(map(len, head)) <= width
    assert not re.search(r"\w- ", " ".join(head)), "words are whole"


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Median time to complete", ["Median time", "to complete"]),
        ("live_chat_request_timeout", ["live_chat_", "request_timeout"]),
        ("input_email", ["input_email"]),
        ("blog__first_party_data", ["blog__first_", "party_data"]),
        ("______________________", ["______________________"]),
        ("a long_code_beside_words", ["a", "long_code_beside_words"]),
    ],
)
def test_long_codes_are_divided_at_their_parts(title: str, lines: list[str]) -> None:
    assert split_heading(title) == lines


def test_the_headings_of_a_grid_of_steps_are_whole() -> None:
    options = ("--by", "conversation", "--by", "last-step", "--grid", "abandoned")

    text = harness.run("abandonment", SITE, *options, "--width", "60", "-q").text

    assert "live_chat_" in text
    assert "…quested" not in text


def test_a_narrow_comparison_keeps_the_change_of_the_rate() -> None:
    options = ("--by", "page", "--period", "2026-W46", "--compare", "previous")

    text = harness.run("completion", SITE, *options, "--width", "60", "-q").text

    assert re.search(r"^/pricing +86 .* 33 % of 24 .*\+5\.3$", text, re.MULTILINE)


def test_by_last_step_the_share_is_the_main_figure() -> None:
    options = ("--by", "last-step", "--width", "80", "-q")

    text = harness.run("abandonment", SITE, *options).text

    assert "abandonment_rate" in text.partition("Too narrow for: ")[2]
    assert re.search(r"^engaged +64 +64 .* 44\.1 %$", text, re.MULTILINE)


def test_by_last_step_a_comparison_has_the_rate_that_it_judges() -> None:
    options = ("--by", "last-step", "--period", "2026-W46", "--compare", "previous")

    text = harness.run("abandonment", SITE, *options, "--width", "80", "-q").text

    assert re.search(r"^engaged +24 .*100 % of 24 +100 % ", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("options", "is_said"),
    [
        pytest.param([], True, id="nobody named it"),
        pytest.param(["--limit", "500"], False, id="another limit"),
        pytest.param(["--package", "prime", "--limit", "250"], False, id="another package"),
    ],
)
def test_the_limit_of_a_package_that_nobody_named_is_explained(
    options: list[str], *, is_said: bool
) -> None:
    text = harness.run("usage", SITE, *options, "-q").text

    assert ("The limit is that of Adobe's package Select" in text) is is_said


def test_headings_take_two_lines_at_most() -> None:
    for report in reports.load_reports().values():
        for column in [*report.figures, *report.columns]:
            assert "\u00ad" not in column.title
            assert len(split_heading(column.title)) <= 2


# -- terminals -------------------------------------------------------------------------------------


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take standard output for a terminal."""
    monkeypatch.setattr("os.isatty", lambda _: True)


@pytest.mark.usefixtures("on_terminal")
def test_the_summary_fits_two_screens() -> None:
    for width in (80, 100, 120):
        text = harness.run("summary", SITE, "-q", env={"COLUMNS": str(width)}).text

        assert len(text.splitlines()) <= 2 * 24 - 2, "the command and the account stand there too"
        assert max(map(len, text.splitlines()[:-1])) <= width
        assert text.splitlines().count("… 2 more") == 2
        assert text.splitlines()[-1].startswith("More rows and columns: dcevents completion ")


@pytest.mark.usefixtures("on_terminal")
def test_the_summary_has_as_many_rows_as_are_asked_for() -> None:
    assert "… 6 more" in harness.run("summary", SITE, "-q", "--top", "1").text
    whole = harness.run("summary", SITE, "-q", "--top", "9", "--width", "300").text
    assert "… " not in whole
    assert "More rows" not in whole


def test_elsewhere_the_summary_has_all_rows() -> None:
    assert "more" not in harness.run("summary", SITE, "-q").text


@pytest.mark.usefixtures("on_terminal")
def test_hints_name_commands_that_run_as_printed() -> None:
    options = ["--by", "page", "--since", "2026-11-09", "--conversation", "P*", "--fail-if"]
    told = harness.run("completion", SITE, *options, "engaged < 1", "-q", env={"COLUMNS": "80"})

    command = told.text.splitlines()[-1].removeprefix("All columns: ")
    words = shlex.split(command)

    assert words[0] == "dcevents"
    again = harness.run(*words[1:])
    assert again.status == 0
    rows = list(csv.DictReader(io.StringIO(again.text)))
    rules = [i for i, line in enumerate(told.text.splitlines()) if line.startswith("──")]
    assert len(rows) == rules[1] - rules[0] - 1 == 6
    assert "median_seconds_to_complete" in rows[0]


def test_there_is_no_hint_to_read_standard_input_again() -> None:
    text = shown(LOG, "completion")

    assert text.splitlines()[-1] == "All columns: the same with -f csv"


@pytest.mark.usefixtures("on_terminal")
def test_colours_are_restrained_and_heeded() -> None:
    plain = harness.run("completion", SITE, "-q", env={"COLUMNS": "80", "TERM": "xterm"}).text
    assert "\x1b[1mTotal" in plain
    assert set(re.findall(r"\x1b\[[0-9;]*m", plain)) == {
        "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[97;44m",
    }  # fmt: skip
    for variables in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}, {}):
        text = harness.run("completion", SITE, "-q", env={"COLUMNS": "80", **variables}).text
        assert "\x1b" not in text
        assert re.sub(r"\x1b\[[0-9;]*m", "", plain) == text


def test_rules_are_faint_where_columns_that_are_hidden_have_longer_headings() -> None:
    command = ["conversations", SITE, "-q", "--outcome", "unanswered", "--width", "80"]
    text = harness.run(*command, env={"FORCE_COLOR": "1"}).text
    rules = [line for line in text.splitlines() if "───" in line]

    assert len(rules) == 1
    assert rules[0].startswith("\x1b[2m")
    assert text.count("\x1b[2m") == 1


def test_colours_can_be_forced_into_a_pipe_but_never_into_a_file(tmp_path: Path) -> None:
    assert "\x1b[1m" in harness.run("completion", SITE, "-q", env={"FORCE_COLOR": "1"}).text
    harness.run("completion", SITE, "-o", tmp_path / "a.txt", env={"FORCE_COLOR": "1"})
    assert "\x1b" not in (tmp_path / "a.txt").read_text()
    assert "\x1b" not in harness.run("completion", SITE, "-q").text


@pytest.mark.usefixtures("on_terminal")
def test_a_bar_beside_the_main_rate_where_there_is_room() -> None:
    lines = harness.run("completion", SITE, "-q", env={"COLUMNS": "200"}).text.splitlines()

    bars = [re.search("%  (█+[▏▎▍▌▋▊▉]?)  ", line) for line in lines[5:9]]
    # 40.8, 32.4, 45.8 and 54.5 % of twelve columns.
    assert [bar[1] if bar else "" for bar in bars] == ["████▉", "███▉", "█████▌", "██████▌"]


def test_without_a_terminal_there_are_no_bars() -> None:
    assert "█" not in harness.run("completion", SITE, "-q", "--width", "200").text


@pytest.mark.parametrize(
    ("variables", "options", "width"),
    [
        pytest.param({}, [], None, id="none"),
        pytest.param({"COLUMNS": "70"}, [], 70, id="COLUMNS"),
        pytest.param({"COLUMNS": "70"}, ["--width", "90"], 90, id="the option goes first"),
        pytest.param({"COLUMNS": "wide"}, [], None, id="COLUMNS is no number"),
    ],
)
def test_the_width_of_what_is_no_terminal(
    variables: dict[str, str], options: list[str], width: int | None
) -> None:
    text = harness.run("completion", SITE, "-q", *options, env=variables).text

    longest = max(len(line) for line in text.splitlines() if not line.startswith("All columns"))
    assert longest > 120 if width is None else width - 15 < longest <= width
