"""`--compare` as users and scripts see it: columns, formats, alerts, tables for people."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import EVERY, combine
from shown import texts_of

from dcevents import render, reports

SITE = str(harness.ROOT / "sample_logs" / "site")
COMPARED = [name for name, each in reports.load_reports().items() if each.can_compare]
GROUPED = [name for name in COMPARED if name != "summary"]
WEEKS = ("--period", "2026-W46", "--compare", "previous")
BY = [(name, key) for name in GROUPED for key in reports.load_reports()[name].by_keys]


def sessions(day: str, completed: int, engaged: int, dialogue: str = "d1") -> str:
    """So many sessions on a day."""
    lines = [f"{day}T09:00Z {dialogue}-{day}-{n} engaged id={dialogue}" for n in range(engaged)]
    lines += [
        f"{day}T09:01Z {dialogue}-{day}-{n} completed id={dialogue}" for n in range(completed)
    ]
    return "\n".join(lines) + "\n"


BEFORE, NOW = "2026-11-03", "2026-11-10"
LOG = harness.log(
    sessions(BEFORE, 40, 100)
    + sessions(NOW, 10, 100)
    + sessions(BEFORE, 10, 100, "d2")
    + sessions(NOW, 40, 100, "d2")
    + sessions(BEFORE, 5, 10, "d3")
    + sessions(NOW, 9, 10, "d3")
    + sessions(BEFORE, 1, 4, "old")
    + sessions(NOW, 1, 4, "young")
)
OPTIONS = (*WEEKS, "--as-of", "2026-11-20")


def expected_columns(plain: list[str], keys: int, *, verdict: bool) -> list[str]:
    """The columns of a comparison with intervals, from those without."""
    found = plain[:keys]
    for name in plain[keys:]:
        found.append(name)
        is_rate = name.endswith("_rate") or name in ("service_level", "share", "of_first")
        is_rate |= name == "of_previous"
        if is_rate:
            found += [f"{name}_low", f"{name}_high"]
        found.append(f"{name}_before")
        if not name.endswith("_at"):
            found.append(f"{name}_change")
        if is_rate:
            found += [f"{name}_change_low", f"{name}_change_high"]
    return [*found, "verdict"] if verdict else found


@combine(
    ("report", "key"),
    GROUPED,
    [*dict.fromkeys(key for _, key in BY)],
    possible=lambda *each: each in BY,
    at_once=1,
)
def test_every_figure_is_followed_by_what_it_was_and_its_change(report: str, key: str) -> None:
    period = WEEKS[:2]
    plain = harness.run(report, SITE, "--by", key, *period, "-f", "csv", "-q").text
    full = harness.run(report, SITE, "--by", key, *WEEKS, "--intervals", "-f", "csv", "-q").text

    header, rows = plain.splitlines()[0].split(","), list(csv.DictReader(io.StringIO(full)))
    count = {"conversation": 2, "agent": 2, "all": 0}.get(key, 1) + (report == "funnel")
    assert full.splitlines()[0].split(",") == expected_columns(
        header, count, verdict=not (report == "meetings" and key == "agent")
    )
    for row in rows:
        for name in header[count:]:
            now, before, change = (row.get(f"{name}{end}") for end in ("", "_before", "_change"))
            if now and before and change is not None:
                assert float(now) - float(before) == pytest.approx(float(change), abs=2e-3)


@pytest.mark.parametrize("report", GROUPED)
def test_the_figures_are_those_of_the_report_without_it(report: str) -> None:
    plain = harness.run(report, SITE, *WEEKS[:2], "-f", "json", "-q").json
    former = harness.run(report, SITE, "--period", "2026-W45", "-f", "json", "-q").json
    both = harness.run(report, SITE, *WEEKS, "-f", "json", "-q").json
    keys = [name for name in ("conversation_id", "agent_id", "step") if name in plain["rows"][0]]

    def by_keys(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
        return {tuple(row[key] for key in keys): row for row in rows}

    now, before, found = (by_keys(each["rows"]) for each in (plain, former, both))
    assert list(found) == [*now, *(key for key in found if key not in now)]
    assert set(found) == {*now, *before}
    for key, row in now.items():
        assert row == {name: found[key][name] for name in row}
    for key, row in before.items():
        figures = {name: value for name, value in row.items() if f"{name}_before" in found[key]}
        assert figures == {name: found[key][f"{name}_before"] for name in figures}
    if plain["total"]:
        assert plain["total"] == {name: both["total"][name] for name in plain["total"]}


FORMATS = [name for name, format_ in render.load_formats().items() if EVERY or not format_.extra]
"""Those of pages, pictures and workbooks take longer."""


@combine(("report", "format_"), COMPARED, FORMATS, at_once=1)
def test_every_format_has_the_comparison(report: str, format_: str) -> None:
    result = harness.run(report, SITE, *WEEKS, "-f", format_, "-q")

    assert (result.status, result.err) == (0, "")
    words = {
        "table": r"Before",
        "markdown": r"\| Before \|",
        "html": "Before",
        "svg": "before|Counted|Meetings|Steps",
        "png": "",
        "xlsx": "before",
    }
    assert re.search(words.get(format_, "_before"), texts_of(format_, result.out))


@combine(("report", "format_"), COMPARED, FORMATS, at_once=1)
def test_without_the_option_there_is_none(report: str, format_: str) -> None:
    made = harness.run(report, SITE, *WEEKS[:2], "-f", format_, "-q").out

    assert not re.search("_before|_change|verdict|compare|Before", texts_of(format_, made))


def test_two_windows_without_anything_have_no_rows() -> None:
    for report in GROUPED:
        made = harness.report(b"", report, *OPTIONS)
        assert made["rows"] == []


def test_verdicts_are_of_each_row_and_of_the_total() -> None:
    made = harness.report(LOG, "completion", *OPTIONS)

    assert {row["conversation_id"]: row["verdict"] for row in made["rows"]} == {
        "d1": "worse",
        "d2": "better",
        "d3": "unclear",
        "old": "gone",
        "young": "new",
    }
    assert made["total"]["verdict"] == "unclear"
    abandonment = harness.report(LOG, "abandonment", *OPTIONS)
    assert [row["verdict"] for row in abandonment["rows"][:2]] == ["worse", "better"]


def test_a_fall_that_traffic_has_caused_is_no_worse_dialogue() -> None:
    log = harness.log(
        sessions(BEFORE, 80, 100)
        + sessions(NOW, 80, 100)
        + sessions(BEFORE, 1, 10, "d2")
        + sessions(NOW, 40, 400, "d2")
    )

    total = harness.report(log, "completion", *OPTIONS)["total"]

    assert total["verdict"] == "worse"
    assert total["within_change"] == 0
    assert total["mix_change"] == total["completion_rate_change"] == pytest.approx(-0.496364)


def test_the_summary_has_the_parts_of_each_change() -> None:
    lines = harness.run("summary", SITE, *WEEKS, "-f", "csv", "-q").text.splitlines()
    names = [line.split(",")[:2] for line in lines]

    for report in ("completion", "abandonment", "live-chat"):
        for metric in ("verdict", "mix_change", "within_change"):
            assert [report, metric] in names


# -- alerts ----------------------------------------------------------------------------------------


def told(*rules: str, more: tuple[str, ...] = ()) -> list[str]:
    """The alerts of a comparison by conversation."""
    options = [f"--fail-if={rule}" for rule in rules]
    result = harness.run("completion", *OPTIONS, *options, *more, "-q", stdin=LOG)
    assert result.status == (4 if result.err else 0)
    return [line.removeprefix("dcevents: alert: ") for line in result.err.splitlines()]


def test_a_part_is_of_what_a_count_was() -> None:
    assert told("completed_change <= -75%") == [
        'completed_change -0.75 <= -0.75: conversation=null conversation_id="d1"',
        'completed_change -1 <= -0.75: conversation=null conversation_id="old"',
    ]
    assert told("completed_change > 100%") == [
        'completed_change 3 > 1: conversation=null conversation_id="d2"'
    ]
    assert told("sessions_change == 4") == [
        'sessions_change 4 == 4: conversation=null conversation_id="young"'
    ]


def test_of_a_rate_it_is_points() -> None:
    assert told("completion_rate_change < -5%") == [
        'completion_rate_change -0.3 < -0.05, base 100: conversation=null conversation_id="d1"'
    ]
    assert told("completion_rate_change > 0.35", more=("--min-base", "11")) == []
    assert len(told("completion_rate_change > 0.35", more=("--min-base", "10"))) == 1


def test_a_verdict_is_a_condition_too() -> None:
    assert told("verdict == worse", "verdict = new") == [
        'verdict worse == worse: conversation=null conversation_id="d1"',
        'verdict new == new: conversation=null conversation_id="young"',
    ]


def test_what_is_surely_worse_by_the_bounds() -> None:
    (line,) = told("completion_rate_change_high < 0", more=("--intervals",))

    assert line.startswith("completion_rate_change_high -0.182789 < 0, base 100: ")
    assert line.endswith('conversation_id="d1"')


WRONG = [
    (
        "sessions_change < -5x",
        "sessions_change is a count: write 5, or a part of what it was: -50%",
    ),
    ("completion_rate_change < -1.5", "is a rate, from -1 to 1"),
    ("completion_rate < -5%", "is a rate, from 0 to 1"),
    ("sessions < 5%", "sessions is a count: write 5"),
    ("verdict == bad", "verdict is == or != one of worse, gone"),
    ("verdict > worse", "verdict is == or != one of"),
]


@pytest.mark.parametrize(("rule", "message"), WRONG)
def test_what_is_no_condition_is_wrong_usage(rule: str, message: str) -> None:
    result = harness.run("completion", *OPTIONS, "--fail-if", rule, stdin=LOG)

    assert (result.status, result.out) == (2, b"")
    assert message in result.err


def test_changes_need_the_option() -> None:
    result = harness.run("completion", "--fail-if", "triggered_change < 0", stdin=LOG)

    assert result.status == 2
    assert "triggered_change is only there with --compare" in result.err


# -- tables ----------------------------------------------------------------------------------------


def test_people_get_the_main_figures_and_a_word_where_it_is_certain() -> None:
    text = harness.run("completion", *OPTIONS, "-q", stdin=LOG).text

    assert text.startswith(
        "Completion by conversation, 2026-11-09 to 2026-11-15 (UTC), "
        "before: 2026-11-02 to 2026-11-08\n"
    )
    lines = {line.split()[1]: line for line in text.splitlines() if line.startswith("–")}
    assert re.search(r"10\.0 % +40\.0 % +-30\.0 +▼ worse$", lines["d1"])
    assert re.search(r"40\.0 % +10\.0 % +\+30\.0 +▲ better$", lines["d2"])
    assert re.search(r"90 % of 10 +50 % of 10 +\+40\.0$", lines["d3"])
    assert lines["young"].endswith(" new")
    assert lines["old"].endswith(" gone")
    assert "one is marked by chance alone" in text.replace("\n", " ")


def test_where_no_change_is_certain_the_table_says_so() -> None:
    log = harness.log(sessions(BEFORE, 40, 100) + sessions(NOW, 38, 100))

    text = harness.run("completion", *OPTIONS, "-q", stdin=log).text

    assert "No rate has changed by more than chance alone may do" in text
    assert "▲" not in text


def test_what_is_only_new_is_no_change_by_chance() -> None:
    log = harness.log(sessions(NOW, 38, 100))

    assert "chance" not in harness.run("completion", *OPTIONS, "-q", stdin=log).text


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (NOW, "no conversation starts in the window before (2026-11-02 to 2026-11-08); "),
        (BEFORE, "no conversation starts in the window (2026-11-09 to 2026-11-15); "),
    ],
)
def test_a_window_without_conversations_is_said(day: str, told: str) -> None:
    result = harness.run("completion", *OPTIONS, stdin=harness.log(sessions(day, 5, 10)))

    assert (result.status, f"{told}the log covers {day}\n" in result.err) == (0, True)


def test_the_headline_of_the_summary_has_what_has_changed() -> None:
    log = harness.log(sessions(BEFORE, 40, 100) + sessions(NOW, 10, 80))

    text = harness.run("summary", *OPTIONS, "-q", stdin=log).text

    assert (
        "Changes      sessions -20.0 % (100 before), "
        "completion rate -27.5 points, ▼ worse (40.0 % before); engaged -20.0 % (100 before), "
    ) in text


def test_the_summary_says_once_what_its_tables_have_in_common() -> None:
    text = harness.run("summary", *OPTIONS, "-q", stdin=LOG).text

    assert text.replace("\n", " ").count("one is marked by chance alone") == 1


def test_what_is_bad_when_it_rises_has_an_arrow_up_and_is_worse() -> None:
    text = harness.run("abandonment", *OPTIONS, "-q", stdin=LOG).text

    assert re.search(r" d1 .*\+30\.0 +▲ worse$", text, re.MULTILINE)


def test_markdown_has_the_same_table() -> None:
    text = harness.run("completion", *OPTIONS, "-q", "-f", "markdown", stdin=LOG).text

    assert re.search(r"^\| – \| d1 \| 100 \| 100 \| .* \| ▼ worse \|$", text, re.MULTILINE)


def test_a_renamed_dialogue_is_one_row_under_its_name_of_now() -> None:
    log = harness.log(
        f"{BEFORE}T09:00Z a engaged id=d1 name=Old\n{NOW}T09:00Z b engaged id=d1 name=New\n"
        f"{BEFORE}T09:00Z c engaged id=d2 name=Gone\n"
    )

    rows = harness.report(log, "completion", *OPTIONS)["rows"]

    assert [(row["conversation"], row["sessions"], row["sessions_before"]) for row in rows] == [
        ("New", 1, 1),
        ("Gone", 0, 1),
    ]


# -- stores ----------------------------------------------------------------------------------------


@pytest.mark.harm
def test_a_store_is_read_over_both_windows(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number, day in enumerate((BEFORE, NOW)):
        path = tmp_path / f"{number}.log"
        path.write_bytes(harness.log(sessions(day, 1, 3)))
        assert harness.run("ingest", path, "--store", store, "-q").status == 0

    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    for report in GROUPED:
        of_logs, of_store = (
            harness.run(report, *source, *OPTIONS, "-f", "csv", "-q").text
            for source in (logs, ("--store", store))
        )
        assert of_logs == of_store
