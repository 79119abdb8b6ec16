"""Bounds of rates: Wilson's 95 % interval (definitions 3), beside every rate there is;
and the mark of small ones.
"""

import csv
import io
import re
from math import isnan, sqrt
from typing import Any
from zoneinfo import ZoneInfo

import harness
import polars as pl
import pytest
from choosing import EVERY, combine, marks_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shown import texts_of

from dcevents import render, reports
from dcevents.analysis.intervals import NORMAL_QUANTILE, compute_wilson_bounds
from dcevents.render._format import RenderContext
from dcevents.tables import Column, Table

RATED = [report.name for report in reports.load_reports().values() if report.has_rates]
GROUPED = [name for name in RATED if reports.load_reports()[name].by_keys]
BY = [(name, key) for name in GROUPED for key in reports.load_reports()[name].by_keys]
SITE = str(harness.ROOT / "sample_logs" / "site")
DAY = f"{SITE}/dc.log"
"""The shortest of them that has it all."""


def bounds(part: int, whole: int) -> tuple[Any, Any]:
    """What the program has for a part of a whole."""
    low, high = compute_wilson_bounds(pl.col("part"), pl.col("whole"))
    counts = pl.DataFrame(
        {"part": [part], "whole": [whole]}, schema={"part": pl.UInt32, "whole": pl.UInt32}
    )
    return counts.select(low.alias("low"), high.alias("high")).row(0)


# Newcombe, Two-sided confidence intervals for the single proportion (Statistics in Medicine 17,
# 1998), table I, method 3.
PUBLISHED = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("part", "whole", "low", "high"), PUBLISHED)
def test_the_bounds_are_those_that_were_published(
    part: int, whole: int, low: float, high: float
) -> None:
    assert (low, high) == tuple(round(bound, 4) for bound in bounds(part, whole))


def test_where_there_is_nothing_there_are_no_bounds() -> None:
    assert all(map(isnan, bounds(0, 0))), "NaN, of which a report makes null"


def by_bisection(part: int, whole: int, *, upper: bool) -> float:
    """The p furthest from part / whole that a score test of level 5 % does not reject;
    by looking for it.
    """
    rate = part / whole
    near, far = rate, 1.0 if upper else 0.0
    for _ in range(200):
        p = (near + far) / 2
        if abs(rate - p) <= NORMAL_QUANTILE * sqrt(p * (1 - p) / whole):
            near = p
        else:
            far = p
    return near


counts = st.integers(1, 4_000_000_000).flatmap(
    lambda whole: st.tuples(st.integers(0, whole), st.just(whole))
)
small = st.integers(1, 40).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@settings(deadline=None)
@given(st.one_of(small, counts))
@example((0, 1))
@example((1, 1))
@example((4_000_000_000, 4_000_000_000))
def test_the_bounds_are_where_the_score_test_begins_to_reject(count: tuple[int, int]) -> None:
    part, whole = count

    low, high = bounds(part, whole)

    assert 0 <= low <= part / whole <= high <= 1
    assert low == pytest.approx(by_bisection(part, whole, upper=False), abs=1e-7)
    assert high == pytest.approx(by_bisection(part, whole, upper=True), abs=1e-7)
    assert (low == 0) == (part == 0)
    assert (high == 1) == (part == whole)


def rates(columns: list[str]) -> list[str]:
    """The rates among columns."""
    return [
        name
        for name in columns
        if name.endswith("_rate") or name in ("service_level", "share", "of_first", "of_previous")
    ]


@combine(
    ("report", "key"),
    GROUPED,
    [*dict.fromkeys(key for _, key in BY)],
    possible=lambda *each: each in BY,
    at_once=1,
)
def test_every_rate_is_followed_by_its_bounds(report: str, key: str) -> None:
    plain = harness.run(report, DAY, "--by", key, "-f", "csv", "-q").text
    full = harness.run(report, DAY, "--by", key, "-f", "csv", "-q", "--intervals").text

    expected = plain.splitlines()[0].split(",")
    for name in rates(expected):
        at = expected.index(name) + 1
        expected[at:at] = [f"{name}_low", f"{name}_high"]
    rows = list(csv.DictReader(io.StringIO(full)))
    assert full.splitlines()[0].split(",") == expected
    assert rates(expected)
    assert [
        {n: v for n, v in row.items() if not n.endswith(("_low", "_high"))} for row in rows
    ] == list(csv.DictReader(io.StringIO(plain)))
    for row in rows:
        for name in rates(expected):
            low, rate, high = (row[f"{name}{end}"] for end in ("_low", "", "_high"))
            assert (rate == "") == (low == "") == (high == "")
            assert not rate or 0 <= float(low) <= float(rate) <= float(high) <= 1
            assert all(len(bound) <= len("0.123456") for bound in (low, high))


FORMATS = [pytest.param(each, marks=marks_of(each)) for each in render.load_formats()]


@combine(("report", "format_"), RATED, [*render.load_formats()], at_once=1)
def test_every_format_has_them(report: str, format_: str) -> None:
    made = harness.run(report, DAY, "-f", format_, "-q", "--intervals").out

    words = {
        "table": "95 % +95 %",
        "markdown": r"\| 95 % low \| 95 % high \|",
        "html": "95 % low95 % high",
        "xlsx": "95 % low\n95 % high",
        "svg": "",
        "png": "",
    }
    assert re.search(words.get(format_, "(_rate|of_previous)_low"), texts_of(format_, made))


@pytest.mark.parametrize("format_", FORMATS)
def test_without_the_option_there_are_none(format_: str) -> None:
    made = harness.run("summary", DAY, "-f", format_, "-q").out

    # The sentence below a chart says what its thin lines are.
    words = texts_of(format_, made).replace("its 95 % interval", "")
    assert not re.search("_low|_high|_base|95 %", words)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_bases_of_marks_are_in_no_format(format_: str) -> None:
    options = ["--by", "last-step", "--intervals", "-f", format_, "-q"]

    made = harness.run("abandonment", DAY, *options).out

    assert "_base" not in texts_of(format_, made)


def test_the_headline_of_the_summary_has_the_bounds() -> None:
    text = harness.run("summary", SITE, "-q", "--intervals").text

    # 338 of 1,120; 134 and 145 of 338; 64 of 78.
    assert "Engagement   30.2 % [27.6 %, 32.9 %]: 338 of 1,120 conversations" in text
    assert "Completion   39.6 % [34.6 %, 44.9 %]: 134 of 338 engaged" in text
    assert "Abandonment  42.9 % [37.7 %, 48.2 %]: 145 of 338; " in text
    assert "Live chat    82.1 % [72.1 %, 89.0 %]: 64 of 78 requests accepted" in text


@pytest.mark.parametrize("report", sorted(set(reports.load_reports()) - set(RATED)))
def test_a_report_without_rates_has_no_such_option(report: str) -> None:
    result = harness.run(report, "--intervals", stdin=b"")

    assert result.status == 2
    assert "--intervals" in result.err


@pytest.mark.parametrize("report", GROUPED)
def test_a_narrow_table_has_both_bounds_of_a_rate_or_none(
    report: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.isatty", lambda _: True)
    seen = set()
    for columns in range(60, 200, 9 if EVERY else 23):
        text = harness.run(report, DAY, "--intervals", "-q", env={"COLUMNS": str(columns)}).text
        hidden = set(re.findall(r"\w+", text.partition("Too narrow for: ")[2]))
        lows, highs = (
            {name.removesuffix(end) for name in hidden if name.endswith(end)}
            for end in ("_low", "_high")
        )
        assert lows == highs
        assert set(rates(sorted(hidden))) <= lows, "no bounds without their rate"
        seen.add(len(lows))

    figures = reports.load_reports()[report].figures
    usual = [each for each in figures if each.base_column and not each.required_options]
    minor = [each for each in usual if not each.is_main]
    assert len(seen) > 1 or not minor, "some widths have room for more than others"


# -- marks -----------------------------------------------------------------------------------------


def sessions(completed: int, engaged: int, more: str = "") -> bytes:
    """A log of so many sessions."""
    lines = [f"09:00 s{n} engaged{more}\n" for n in range(engaged)]
    return harness.log(
        "".join([*lines, *(f"09:01 s{n} completed{more}\n" for n in range(completed))])
    )


@pytest.mark.parametrize("options", [[], ["--intervals"]], ids=["plain", "with bounds"])
@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_a_rate_of_fewer_than_30_is_shown_with_their_number(
    format_: str, options: list[str]
) -> None:
    log = sessions(10, 30) + sessions(10, 29, " id=d2")

    text = harness.run(
        "completion", "-f", format_, "--as-of", "2026-11-03", *options, stdin=log
    ).text.replace("\\", "")

    many, few, total = (
        next(line for line in text.splitlines() if each in line) for each in ("d1", "d2", "Total")
    )
    assert "33.3 %" in many
    assert "34 % of 29" in few
    assert " of " not in many + total
    assert few.count(" of 29") == 3, "the three rates, and none of their bounds"


def test_the_total_is_shown_so_too() -> None:
    (total,) = (
        line
        for line in harness.run(
            "completion", "--as-of", "2026-11-03", stdin=sessions(3, 9)
        ).text.splitlines()
        if "Total" in line
    )

    assert "33 % of 9" in total


@pytest.mark.parametrize("format_", ["table", "markdown"])
@pytest.mark.parametrize(
    "log",
    [sessions(10, 30), harness.log("09:00 a triggered"), b""],
    ids=["of 30", "no rate", "nothing"],
)
def test_where_there_is_no_rate_of_few_none_is_shown_so(format_: str, log: bytes) -> None:
    text = harness.run("abandonment", "-f", format_, "--as-of", "2026-11-03", stdin=log).text

    assert " % of " not in text


@pytest.mark.parametrize("format_", ["csv", "tsv", "json", "ndjson"])
def test_formats_for_programs_have_no_marks(format_: str) -> None:
    assert " of 3" not in harness.run("completion", "-f", format_, stdin=sessions(1, 3)).text


def test_a_rate_that_rounds_to_all_is_not_shown_as_all() -> None:
    columns = [Column("some_rate", "rate", "Rate", base_column="some_base")]
    rows = pl.DataFrame({"some_rate": [1 - 1e-9, 1e-9, 1.0], "some_base": [10**9] * 3})
    about = RenderContext("any", {}, ZoneInfo("UTC"))

    text = "".join(
        render.load_formats()["table"].write_tables([Table("any", columns, rows)], about)
    )

    assert ["99.9 %", "0.1 %", "100 %"] == [line.strip() for line in text.splitlines()[-3:]]
