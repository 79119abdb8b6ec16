"""Golden cases: small logs, each with a `why`, and the figures that definitions.md gives them.

The cases are data, in `golden/*.toml`. What is expected was worked out from the definitions by
hand; never paste what the program printed. A case's `log` is a compact log (`harness.log`);
`expect` has for a command line the rows of its JSON report, all of them and in order, of as many
columns as the case cares for; `total` the same for the total, `input` for the account of the input,
`members` for members of a document. The cells are JSON, or else text.
"""

import json
import shlex
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import harness
import naive
import naive_check
import naive_reports
import pytest
from choosing import EVERY
from model.times import timestamp_ms

FOLDER = Path(__file__).parent / "golden"


class Case(NamedTuple):
    """A case, and one command of it."""

    case: dict[str, Any]
    part: str
    command: str


def all_cases() -> list[tuple[str, dict[str, Any]]]:
    """Name and content of every case."""
    return [
        (f"{path.stem}: {case['name']}", case)
        for path in sorted(FOLDER.glob("*.toml"))
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    ]


def cases(part: str) -> list[Any]:
    """The commands that all cases have something to say of."""
    return [
        pytest.param(Case(case, part, command), id=f"{name}: {command}")
        for name, case in all_cases()
        for command in case.get(part, {})
    ]


def log_of(case: dict[str, Any]) -> bytes:
    """The case's log in bytes."""
    data = harness.log(case["log"])
    if case.get("latin1"):
        data = data.decode().encode("latin-1")
    if case.get("crlf"):
        data = data.replace(b"\n", b"\r\n")
    if case.get("unterminated"):
        data = data.removesuffix(b"\n")
    return b"\xef\xbb\xbf" + data if case.get("bom") else data


def table(text: str) -> list[dict[str, Any]]:
    """Rows of a table in text: a line of names, and a line for each row."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [dict(zip(lines[0], map(_cell, line), strict=True)) for line in lines[1:]]


def _cell(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def wanted(case: Case) -> list[dict[str, Any]]:
    """The rows that a case expects."""
    return table(case.case[case.part][case.command])


def shown(
    rows: list[dict[str, Any]], expected: list[dict[str, Any]], columns: str
) -> list[dict[str, Any]]:
    """Rows of the columns that are expected."""
    names = expected[0] if expected else [name.strip() for name in columns.strip().split("|")]
    return [{name: row[name] for name in names} for row in rows]


def made(case: Case) -> Any:
    """The report that a case asks for."""
    return make_report(log_of(case.case), case.command)


def make_report(log: bytes, command: str) -> Any:
    """Return a report of a log, of which a quiet run may warn: cases hold what is odd."""
    result = harness.run(*shlex.split(command), "-f", "json", "-q", stdin=log)
    assert result.status == 0
    assert all(line.startswith("dcevents: ") for line in result.err.splitlines())
    return result.json


@pytest.mark.parametrize("case", cases("expect"))
def test_the_rows_are_those_worked_out_by_hand(case: Case) -> None:
    expected = wanted(case)

    actual = shown(made(case)["rows"], expected, case.case["expect"][case.command])

    assert expected == actual, case.case["why"]


@pytest.mark.parametrize("case", cases("total"))
def test_the_total_is_the_one_worked_out_by_hand(case: Case) -> None:
    (expected,) = wanted(case)

    actual = made(case)["total"]

    assert expected == {name: actual[name] for name in expected}, case.case["why"]


@pytest.mark.parametrize("case", cases("input"))
def test_every_line_lands_in_the_bucket_that_the_definitions_name(case: Case) -> None:
    expected = case.case["input"][case.command]

    actual = made(case)["input"]

    rejected = {reason: n for reason, n in actual["rejected"].items() if n}
    assert expected == {
        name: rejected if name == "rejected" else actual[name] for name in expected
    }, case.case["why"]
    buckets = ("blank", "incomplete", "later", "duplicates", "events")
    nested = sum(rejected.values()) + sum(actual["ignored"].values())
    assert actual["records"] == sum(actual[name] for name in buckets) + nested


@pytest.mark.parametrize("case", cases("members"))
def test_the_members_of_a_document_are_those_worked_out_by_hand(case: Case) -> None:
    expected = case.case["members"][case.command]

    assert expected == part_of(expected, made(case)), case.case["why"]


@pytest.mark.parametrize("case", cases("members"))
def test_the_model_has_the_same_members(case: Case) -> None:
    expected = case.case["members"][case.command]
    options = shlex.split(case.command)[1:]
    tz = dict(zip(options[::2], options[1::2], strict=True)).get("--tz", "UTC")
    read = naive.read([("standard input", log_of(case.case))], now_ms=_NOW)

    actual = naive_check.check(read, ["standard input"], clock_ms=_NOW, tz=tz)

    assert expected == part_of(expected, actual), case.case["why"]


def part_of(expected: Any, actual: Any) -> Any:
    """The members of `actual` that are expected."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: part_of(value, actual.get(key)) for key, value in expected.items()}
    return actual


def orderless(case: Case) -> bool:
    """Whether it does not matter which line is the first or the last one."""
    return not (
        case.command.startswith("events") or case.case.get("bom") or case.case.get("unterminated")
    )


ORDERLESS = [each for each in cases("expect") if orderless(each.values[0])]


@pytest.mark.pairwise
@pytest.mark.parametrize("case", ORDERLESS if EVERY else ORDERLESS[::5])
def test_the_order_of_lines_and_their_repetition_change_no_row(case: Case) -> None:
    backwards = b"".join(reversed(log_of(case.case).splitlines(keepends=True)))
    expected = wanted(case)

    twice = make_report(backwards * 2, case.command)["rows"]

    assert expected == shown(twice, expected, case.case["expect"][case.command]), case.case["why"]


# -- the same cases for the model that other tests compare the program with ------------------------


_MODELLED = {"--by", "--tz", "--as-of", "--idle", "--service-level", "--package", "--limit"}
_REPORTS = {
    "completion": (naive.completion, "conversation"),
    "abandonment": (naive.abandonment, "conversation"),
    "funnel": (naive_reports.funnel, "all"),
    "meetings": (naive_reports.meetings, "agent"),
}
_SECONDS = {"s": 1, "m": 60}
_NOW = int(harness.CLOCK.timestamp() * 1000)


def modelled(case: Case) -> bool:
    """Whether the model knows all options of a command."""
    options = [word for word in shlex.split(case.command) if word.startswith("--")]
    return set(options) <= _MODELLED and not case.command.startswith("events")


def model_rows(data: bytes, command: str) -> list[dict[str, Any]]:
    """The rows that the model has for a command."""
    name, *words = shlex.split(command)
    pairs = list(zip(words[::2], words[1::2], strict=True))
    options = {"--tz": "UTC", "--idle": "30m", "--service-level": "60s", **dict(pairs)}
    by = [value for option, value in pairs if option == "--by"]
    idle, service_level = _seconds(options["--idle"]), _seconds(options["--service-level"])
    read = naive.read([("log", data)], now_ms=_NOW, as_of_ms=_moment(options.get("--as-of")))
    if name == "live-chat":
        return naive.live_chat(read, by or ["agent"], options["--tz"], service_level)
    if name == "usage":
        package, limit = options.get("--package", "select"), int(options.get("--limit", "250"))
        return naive_reports.usage(read, options["--tz"], package, limit, idle)
    if name in _REPORTS:
        make, usual = _REPORTS[name]
        return make(read, by or [usual], options["--tz"], idle)
    if name == "chats":
        return naive.attempts(read)
    return naive.sessions(read, idle) if name == "sessions" else naive.conversations(read, idle)


def _seconds(duration: str) -> float:
    return float(duration[:-1]) * _SECONDS[duration[-1]]


def _moment(text: str | None) -> int | None:
    if text == "now":
        return _NOW
    return None if text is None else timestamp_ms(text if "T" in text else f"{text}T00:00")


def written(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the model as the JSON format writes it."""
    return {name: _written(name, value) for name, value in row.items()}


def _written(name: str, value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3 if "seconds" in name else 6)
    if name.endswith("_at") and value is not None:
        return (
            (naive.EPOCH + value * naive.MILLISECOND)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )
    return value


@pytest.mark.parametrize("case", [each for each in cases("expect") if modelled(each.values[0])])
def test_the_model_says_the_same(case: Case) -> None:
    expected = wanted(case)

    actual = [written(row) for row in model_rows(log_of(case.case), case.command)]

    assert expected == shown(actual, expected, case.case["expect"][case.command]), case.case["why"]


# -- the cases themselves --------------------------------------------------------------------------


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in all_cases()])
def test_a_case_says_why_it_is_there_and_expects_something(case: dict[str, Any]) -> None:
    assert len(case["why"].split()) >= 4
    assert case.get("expect") or case.get("total") or case.get("input") or case.get("members")
    known = {
        "name",
        "why",
        "log",
        "expect",
        "total",
        "input",
        "members",
        "crlf",
        "bom",
        "unterminated",
        "latin1",
    }
    assert set(case) <= known
