"""`--fail-if`: what is told, of which rows, and the exit status;
held to the JSON report of the same run.
"""

import contextlib
import json
import operator
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents import reports
from dcevents.analysis import alerts
from dcevents.errors import UsageError
from dcevents.settings import Alert
from dcevents.tables import Column

SITE = str(harness.ROOT / "sample_logs" / "site")
DAY = f"{SITE}/dc.log"
"""The shortest of them."""
REPORTS = reports.load_reports()
GROUPED = [name for name, each in REPORTS.items() if each.by_keys]
LISTINGS = ["sessions", "conversations", "chats", "events"]
KEYS = {
    "sessions": ["sid"],
    "conversations": ["sid", "conversation_id", "conversation"],
    "chats": ["sid", "conversation_id", "conversation", "attempt"],
    "events": ["sid", "file", "line"],
}
OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
BASES = {
    "engagement_rate": lambda row: row["triggered"],
    "completion_rate": lambda row: row["engaged"] - row["open"],
    "conversion_rate": lambda row: row["engaged"],
    "abandonment_rate": lambda row: row["engaged"] - row["open"],
    "acceptance_rate": lambda row: row["requests"] - row["waiting"],
    "service_level": lambda row: row["requests"] - row["waiting"],
}
"""Of how many a rate is, by definitions 3 and 4."""

# Conversation d1: 1 of 3 completed; d2: 1 of 1; d3: nobody engaged, so that its rate is null.
LOG = harness.log(
    """
09:00:00 a engaged id=d1 name=Pricing
09:00:01 a completed id=d1 name=Pricing
09:00:02 b engaged id=d1 name=Pricing
09:00:02 c engaged id=d1 name=Pricing
09:00:03 d engaged id=d2 name=Demo
09:00:33 d completed id=d2 name=Demo
09:00:04 e triggered id=d3
2026-11-05T00:00:00Z e closed id=d3
"""
)
PRICING = 'conversation="Pricing" conversation_id="d1"'
DEMO = 'conversation="Demo" conversation_id="d2"'
THIRD = 'conversation=null conversation_id="d3"'
RATE, COUNT, SECONDS = Column("r", "rate", ""), Column("n", "count", ""), Column("s", "seconds", "")


def told(*arguments: str, stdin: bytes | None = LOG) -> list[str]:
    """The alerts of a run, which says nothing else, and exits as it has to."""
    result = harness.run(*arguments, "-q", stdin=stdin)
    lines = result.err.splitlines()
    assert all(line.startswith("dcevents: alert: ") for line in lines), result.err
    assert (4 if lines else 0) == result.status
    return [line.removeprefix("dcevents: alert: ") for line in lines]


# -- which rows ------------------------------------------------------------------------------------

CASES = [
    pytest.param(
        ["completion_rate < 50%"],
        [f"completion_rate 0.333333 < 0.5, base 3: {PRICING}"],
        id="one row",
    ),
    pytest.param(
        ["completion_rate < 0.4", "engaged == 4"],
        [f"completion_rate 0.333333 < 0.4, base 3: {PRICING}", "engaged 4 == 4: total"],
        id="several, in their order",
    ),
    pytest.param(
        ["completion_rate<=.5"],
        [
            f"completion_rate 0.333333 <= 0.5, base 3: {PRICING}",
            "completion_rate 0.5 <= 0.5, base 4: total",
        ],
        id="a row and the total",
    ),
    pytest.param(
        ["completion_rate == 33.3333%"],
        [f"completion_rate 0.333333 == 0.333333, base 3: {PRICING}"],
        id="as it is written, not as it is",
    ),
    pytest.param(
        ["completion_rate >= 0"],
        [
            f"completion_rate 0.333333 >= 0, base 3: {PRICING}",
            f"completion_rate 1 >= 0, base 1: {DEMO}",
            "completion_rate 0.5 >= 0, base 4: total",
        ],
        id="null never trips",
    ),
    pytest.param(
        ["completion_rate != 100%", "median_seconds_to_complete > 0.5m"],
        [
            f"completion_rate 0.333333 != 1, base 3: {PRICING}",
            "completion_rate 0.5 != 1, base 4: total",
        ],
        id="a duration that is not longer",
    ),
    pytest.param(
        ["median_seconds_to_complete>=30s"],
        [f"median_seconds_to_complete 30 >= 30: {DEMO}"],
        id="a duration",
    ),
    pytest.param(["engaged = 0"], [f"engaged 0 == 0: {THIRD}"], id="= is =="),
    pytest.param(["completion.engaged > 3"], ["engaged 4 > 3: total"], id="with the report's name"),
    pytest.param(["engaged > 4"], [], id="nothing"),
]


@pytest.mark.parametrize(("rules", "expected"), CASES)
def test_each_row_and_total_that_is_so_is_told(rules: list[str], expected: list[str]) -> None:
    assert expected == told("completion", *(f"--fail-if={rule}" for rule in rules))


@pytest.mark.parametrize(
    ("least", "bases"),
    [("0", [3, 1, 4]), ("1", [3, 1, 4]), ("2", [3, 4]), ("3", [3, 4]), ("4", [4]), ("5", [])],
)
def test_rates_of_few_do_not_trip(least: str, bases: list[int]) -> None:
    lines = told("completion", "--fail-if", "completion_rate >= 0", "--min-base", least)

    assert [f"base {base}" for base in bases] == [
        each for line in lines for each in re.findall(r"base \d+", line)
    ]


def test_counts_and_durations_of_few_do_trip() -> None:
    rules = ["--fail-if=engaged == 1", "--fail-if=median_seconds_to_complete >= 30"]

    assert len(told("completion", *rules, "--min-base", "1000")) == 2


def test_bounds_have_the_base_of_their_rate() -> None:
    rule = ("completion", "--intervals", "--fail-if", "completion_rate_low > 0", "--min-base")

    assert ["base 4: total"] == [line.partition(", ")[2] for line in told(*rule, "4")]
    assert [] == told(*rule, "5")


def test_days_on_which_nothing_happened_trip_by_their_counts() -> None:
    rules = ["--fail-if", "triggered < 1", "--fail-if", "engagement_rate < 1%"]

    assert [f'triggered 0 < 1: day="2026-11-0{day}"' for day in (1, 3)] == told(
        "completion", "--by", "day", "--since", "2026-11-01", "--until", "2026-11-04", *rules
    )


def test_of_nothing_the_total_is_nothing() -> None:
    rules = [
        "--fail-if",
        "triggered < 1",
        "--fail-if",
        "completion_rate < 100%",
        "--fail-if",
        "sessions > 0",
    ]

    assert ["triggered 0 < 1: total"] == told("completion", *rules, stdin=b"")


def test_by_all_there_is_only_the_total() -> None:
    assert ["engaged 4 > 0: total"] == told("completion", "--by", "all", "--fail-if", "engaged > 0")


def test_the_summary_has_the_metrics_of_its_parts() -> None:
    rules = [
        "--fail-if",
        "dropped > 3",
        "--fail-if",
        "completion.engaged > 3",
        "--fail-if",
        "acceptance_rate < 1",
    ]

    assert ["completion.engaged 4 > 3: total"] == told("summary", *rules)


def test_a_listing_has_the_number_of_its_rows() -> None:
    assert ["rows 3 > 2: total"] == told(
        "conversations", "--conversation", "Pricing", "--fail-if", "rows > 2"
    )
    assert ["rows 0 == 0: total"] == told("chats", "--fail-if", "rows == 0")


def test_check_has_numbers_of_its_own() -> None:
    # rejected, a session over 24 hours, days without events, the feed has stopped, starts that were
    # not seen
    rules = [
        "rejected > 0",
        "findings > 0",
        "cut_off > 0",
        "events < 9",
        "silent_seconds > 25d",
        "untimed_share > 0",
    ]
    result = harness.run(
        "check", "-q", *(f"--fail-if={rule}" for rule in rules), stdin=LOG + b"oh\n[]\n"
    )

    assert [
        "dcevents: alert: rejected 2 > 0: total",
        "dcevents: alert: findings 5 > 0: total",
        "dcevents: alert: events 8 < 9: total",
        "dcevents: alert: silent_seconds 2246400 > 2160000: total",
    ] == result.err.splitlines()
    assert (4, True) == (result.status, result.text.startswith("Check"))


# -- against the JSON report -----------------------------------------------------------------------


def by_hand(
    report: dict[str, Any], keys: list[str], metric: str, op: str, number: float, least: int
) -> Iterator[str]:
    """Where a report breaks a rule: its rows by their keys, then the total."""
    rate = re.sub("_(low|high)$", "", metric)
    for row in [*report["rows"], report["total"]]:
        if row is not None and row[metric] is not None and OPERATORS[op](row[metric], number):
            base = (
                all_abandoned(report)
                if rate == "share"
                else BASES[rate](row)
                if rate in BASES
                else None
            )
            if base is None or base >= least:
                texts = (json.dumps(row[key], ensure_ascii=False) for key in keys if key in row)
                where = (
                    " ".join(f"{key}={text}" for key, text in zip(keys, texts, strict=False))
                    or "total"
                )
                yield where


def all_abandoned(report: dict[str, Any]) -> int:
    """The base of shares."""
    count: int = report["total"]["abandoned"]
    return count


BY = [
    ("completion", "conversation"),
    ("completion", "week"),
    ("abandonment", "last-step"),
    ("abandonment", "page"),
    ("live-chat", "agent"),
    ("live-chat", "hour"),
    ("completion", "weekday"),
    ("live-chat", "ui-type"),
]
MADE: dict[tuple[str, str], dict[str, Any]] = {}


def made(command: str, by: str) -> dict[str, Any]:
    """The JSON report of the sample logs, with intervals, made once."""
    if (command, by) not in MADE:
        options = ["--by", by, "--intervals"] if by else []
        MADE[command, by] = harness.run(command, DAY, *options, "-f", "json", "-q").json
    return MADE[command, by]


@given(st.data())
@try_examples(5)
def test_what_trips_is_what_the_json_report_says(data: st.DataObject) -> None:
    command, by = data.draw(st.sampled_from(BY))
    report = made(command, by)
    metric = data.draw(st.sampled_from(list(report["total"])))
    values = sorted(
        {row[metric] for row in [*report["rows"], report["total"]] if row[metric] is not None}
    )
    number = data.draw(st.sampled_from([0, 1, *values]))
    op = data.draw(st.sampled_from(list(OPERATORS)))
    least = data.draw(st.sampled_from([0, 1, 20, 21, 30, 100]))
    rule = f"{metric} {op} {number if number >= 1e-3 else format(number, '.12f')}"
    options = ["--by", by, "--intervals", "--fail-if", rule, "--min-base", str(least)]

    lines = told(command, DAY, *options, stdin=None)

    keys = [name for name in report["rows"][0] if name not in report["total"]]
    assert list(by_hand(report, keys, metric, op, number, least)) == [
        line.split(": ", 1)[1] for line in lines
    ]


@pytest.mark.parametrize("command", LISTINGS)
def test_what_trips_of_a_listing_is_what_its_json_says(command: str) -> None:
    report = made(command, "")
    for column in REPORTS[command].figures:
        if column.name != "rows":
            values = sorted(
                row[column.name] for row in report["rows"] if row[column.name] is not None
            )
            middle = values[len(values) // 2]

            lines = told(command, DAY, "--fail-if", f"{column.name} >= {middle}", stdin=None)

            expected = list(by_hand(report, KEYS[command], column.name, ">=", middle, 0))
            assert expected == [line.split(": ", 1)[1] for line in lines]


@pytest.mark.parametrize(
    "command", [name for name, each in REPORTS.items() if each.figures or each.parts]
)
def test_every_figure_that_is_offered_is_there(command: str) -> None:
    parts = REPORTS[command].parts
    figures = [
        (part.name, column) for part in parts or [REPORTS[command]] for column in part.figures
    ]
    for needs in {column.required_options for _, column in figures}:
        options = " ".join(needs).split()
        if command == "summary" and "--by" in options:
            continue
        named = {
            f"{part}.{column.name}": column
            for part, column in figures
            if column.required_options == needs
        }
        rules = [f"{name} {test}" for name, column in named.items() for test in always(column)]
        if "--compare" in options:
            options[options.index("--compare")] = "--compare=previous"
            options.append("--period=2026-W46")

        lines = told(command, SITE, *options, *(f"--fail-if={rule}" for rule in rules), stdin=None)

        shown = {line.partition(" ")[0] for line in lines}
        assert {name if parts else name.partition(".")[2] for name in named} == shown


def always(column: Column) -> list[str]:
    """Conditions of which any value of a figure meets one."""
    if column.words:
        return [f"== {word}" for word in column.words]
    return [">= 0", "< 0"] if column.is_change else [">= 0"]


@pytest.mark.parametrize("command", [*GROUPED, *LISTINGS])
def test_every_number_that_is_shown_is_offered(command: str) -> None:
    options = ["--by", "last-step"] if command == "abandonment" else []
    options += ["--intervals"] if REPORTS[command].has_rates else []
    report = harness.run(command, DAY, *options, "-f", "json", "-q").json
    # By type, since True is an int.
    numbers = {
        name for row in report["rows"] for name, value in row.items() if type(value) in (int, float)
    }

    assert numbers <= {column.name for column in REPORTS[command].figures}


# -- manners ---------------------------------------------------------------------------------------


def test_the_report_is_written_and_then_it_fails(tmp_path: Path) -> None:
    rule = ["--fail-if", "engaged > 0"]
    name = tmp_path / "report.csv"
    plain = harness.spawn("completion", "-f", "csv", stdin=LOG)

    piped = harness.spawn("completion", "-f", "csv", *rule, stdin=LOG)
    filed = harness.spawn("completion", *rule, "-q", "-o", name, stdin=LOG)

    assert (4, plain.out) == (piped.status, piped.out)
    assert piped.err == plain.err + filed.err, "the alerts stand behind the account"
    assert (4, b"", plain.out) == (filed.status, filed.out, name.read_bytes())
    assert 3 == filed.err.count("\n")


def test_what_is_refused_is_refused_as_ever(tmp_path: Path) -> None:
    name = tmp_path / "report.csv"
    options = ["--fail-if", "engaged > 0", "--max-rejects", "0", "-q", "-o", str(name)]

    result = harness.run("completion", *options, stdin=LOG + b"oh\n")
    checked = harness.run("check", "--fail-if", "rejected > 0", "-q", stdin=b"oh\n")

    assert (3, False, False) == (result.status, "alert" in result.err, name.exists())
    assert (3, False) == (checked.status, "alert" in checked.err)


def test_a_report_that_cannot_be_written_tells_no_alert(tmp_path: Path) -> None:
    result = harness.run(
        "completion", "--fail-if", "engaged > 0", "-q", "-o", tmp_path / "no" / "x.csv", stdin=LOG
    )

    assert (1, False) == (result.status, "alert" in result.err)


def test_a_reader_that_goes_away_is_told_nothing() -> None:
    command = harness.command("events", DAY, "-q", "-f", "ndjson", "--fail-if", "rows > 1")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()

        assert b"" == running.stderr.read()
        assert 0 == running.wait(timeout=60)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param(
            "\x1b[31m\u202e\x7fred", '"\\u001b[31m\\u202e\\u007fred"', id="what acts on a terminal"
        ),
        pytest.param(
            'a"\ndcevents: alert: b: total', '"a\\"\\ndcevents: alert: b: total"', id="forged lines"
        ),
        pytest.param("Größe 大", '"Größe 大"', id="other scripts"),
        pytest.param("x" * 61, f'"{"x" * 60}…"', id="a long name"),
        pytest.param("42", '"42"', id="a text of digits"),
    ],
)
def test_names_are_one_value_and_harmless(name: str, shown: str) -> None:
    log = LOG.replace(b'"Demo"', json.dumps(name).encode())

    assert [f'completion_rate 1 == 1, base 1: conversation={shown} conversation_id="d2"'] == told(
        "completion", "--fail-if", "completion_rate == 100%", stdin=log
    )


# -- usage -----------------------------------------------------------------------------------------

USAGE = [
    (
        "completion",
        "",
        "a rule is METRIC OP NUMBER, as 'sessions < 5'; OP is one of < <= > >= == !=",
    ),
    ("completion", "engaged", "a rule is METRIC OP NUMBER"),
    ("completion", "engaged < 5 of 6", "a rule is METRIC OP NUMBER"),
    ("completion", "engaged <> 5", "a rule is METRIC OP NUMBER"),
    ("completion", "engaged ! 5", "a rule is METRIC OP NUMBER"),
    ("completion", "complete_rate < 5", "no metric complete_rate; did you mean completion_rate or"),
    (
        "completion",
        "zzz < 5",
        "no metric zzz; there are sessions, triggered, engaged, engagement_rate, completed,",
    ),
    ("completion", "conversation == 5", "no metric conversation"),
    ("completion", "live-chat.requests > 5", "no metric live-chat.requests"),
    (
        "completion",
        "completion_rate_low < 0.5",
        "completion_rate_low is only there with --intervals",
    ),
    ("abandonment", "share_low < 0.5", "share_low is only there with --by last-step --intervals"),
    ("summary", "share < 0.5", "share is only there with --by last-step"),
    (
        "summary",
        "engaged < 5",
        "engaged is in more than one report; write completion.engaged or abandonment.engaged",
    ),
    (
        "summary",
        "closed<5",
        "closed is in more than one report; write abandonment.closed or live-chat.closed",
    ),
    ("live-chat", "requests < 5%", "requests is a count: write 5"),
    ("live-chat", "requests < five", "requests is a count: write 5"),
    ("live-chat", "requests < nan", "requests is a count: write 5"),
    ("live-chat", "requests < 1e3", "requests is a count: write 5"),
    ("live-chat", "requests < " + "9" * 400, "requests is a count: write 5"),
    ("live-chat", "acceptance_rate < 5m", "acceptance_rate is a rate: write 0.4 or 40%"),
    (
        "live-chat",
        "acceptance_rate < 40",
        "acceptance_rate is a rate, from 0 to 1; for 40 percent write 40%",
    ),
    (
        "live-chat",
        "acceptance_rate < 101%",
        "acceptance_rate is a rate, from 0 to 1; 101% is 1.01; write 40% or 0.4",
    ),
    (
        "live-chat",
        "mean_wait_seconds < 5%",
        "mean_wait_seconds is a duration: write 90, 90s, 5m, 1.5h or 2d",
    ),
    ("check", "reject > 0", "no metric reject; did you mean rejected"),
    ("events", "sid > 0", "no metric sid; there are line, rows"),
]


@pytest.mark.parametrize(
    ("command", "rule", "why"), USAGE, ids=[f"{name}: {rule[:30]}" for name, rule, _ in USAGE]
)
def test_what_means_nothing_is_wrong_usage(command: str, rule: str, why: str) -> None:
    result = harness.run(command, "--fail-if", rule, stdin=LOG)

    assert (2, b"", 1) == (result.status, result.out, result.err.count("\n"))
    assert f"dcevents: --fail-if '{rule}': {why}" in result.err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--min-base", "5"], "--min-base is for --fail-if: give both"),
        (["--min-base", "-5", "--fail-if", "engaged < 5"], "--min-base: '-5' is no number of"),
        (["--min-base", "5%", "--fail-if", "engaged < 5"], "--min-base: '5%' is no number of"),
    ],
)
def test_a_base_that_means_nothing_is_wrong_usage(options: list[str], why: str) -> None:
    result = harness.run("completion", *options, stdin=LOG)

    assert (2, True) == (result.status, result.err.startswith(f"dcevents: {why}"))


def test_a_map_has_no_alerts() -> None:
    result = harness.run("check", "--show-map", "--fail-if", "rejected > 0", stdin=LOG)

    assert (2, "dcevents: --show-map prints no report: it does not go with --fail-if\n") == (
        result.status,
        result.err,
    )


def test_options_are_only_where_they_mean_something() -> None:
    helps = {name: harness.run(name, "--help").text for name in REPORTS}

    assert {"explain"} == {name for name, text in helps.items() if "--fail-if" not in text}
    assert {"summary", *GROUPED} == {name for name, text in helps.items() if "--min-base" in text}


@pytest.mark.parametrize(
    ("column", "text", "number"),
    [
        (COUNT, "5", 5),
        (COUNT, "-5", -5),
        (COUNT, "0.5", 0.5),
        (RATE, "7%", 0.07),
        (RATE, "0.7%", 0.007),
        (RATE, "14.285714%", 0.14285714),
        (RATE, ".5", 0.5),
        (RATE, "100%", 1),
        (SECONDS, "90", 90),
        (SECONDS, "1.5", 1.5),
        (SECONDS, "1.5m", 90),
        (SECONDS, "-90s", -90),
        (SECONDS, "26h", 93_600),
        (SECONDS, "1w", 604_800),
    ],
)
def test_numbers_are_read_exactly(column: Column, text: str, number: float) -> None:
    expected = Alert("x", column.name, "<", number)
    assert expected == alerts.parse_rule(f" {column.name}<{text} ", {"x": [column]}, ())


@given(st.integers(0, 100_000_000))
def test_a_percentage_is_the_rate_that_is_written_with_these_digits(millionths: int) -> None:
    percent = f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}%"
    assert (
        alerts.parse_rule(f"r == {percent}", {"x": [RATE]}, ()).threshold
        == millionths / 100_000_000
    )


@given(st.text(max_size=20))
def test_any_rule_is_read_or_refused(rule: str) -> None:
    with contextlib.suppress(UsageError):
        assert alerts.parse_rule(rule, {"x": [RATE, COUNT, SECONDS]}, ()).report == "x"
