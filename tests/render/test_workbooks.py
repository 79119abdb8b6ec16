"""Workbooks and Parquet: typed figures that are JSON's, and texts that stay texts
(interface.md, "Looking").
"""

import io
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import harness
import openpyxl
import polars as pl
import pytest
from shown import rows_of

from dcevents import reports
from dcevents.cli import formats
from dcevents.render import _workbook

SITE = harness.ROOT / "sample_logs" / "site"
LOG = harness.log(
    """
09:00:00 a triggered name=Pricing page=https://x.example/p
09:00:10.500 a engaged
09:01:40 a completed
09:10:00 b engaged id=d2 name=Zoo
09:10:07.001 b meeting_booked id=d2 agent=ag1 agent_name=Ann
"""
)


def book_of(*arguments: Any, **more: Any) -> Any:
    """The workbook of a report."""
    result = harness.run(*arguments, "-f", "xlsx", "-q", **more)
    assert (result.status, result.err) == (0, "")
    return openpyxl.load_workbook(io.BytesIO(result.out))


def cells_of(sheet: Any, heading: str) -> list[Any]:
    """The cells below a heading."""
    (place,) = [cell.column for cell in sheet[1] if cell.value == heading]
    return [row[place - 1] for row in sheet.iter_rows(min_row=2)]


# -- workbooks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "report",
    [
        "completion",
        *(
            pytest.param(each, marks=pytest.mark.looks)
            for each in ("abandonment", "live-chat", "meetings")
        ),
    ],
)
def test_figures_of_a_sheet_are_those_of_json(report: str) -> None:
    made = harness.run(report, SITE, "-f", "json", "-q").json
    sheet = book_of(report, SITE)[report]
    columns = reports.load_reports()[report].list_columns(made["by"], [])

    rows = [*made["rows"], made["total"]]
    for column in columns:
        if column.kind in ("count", "rate"):
            values = [cell.value for cell in cells_of(sheet, column.title)]
            assert values == [row[column.name] for row in rows], column.name


def test_kinds_of_cells() -> None:
    sheet = book_of("completion", stdin=LOG, env={"DCEVENTS_TZ": "Europe/Berlin"})["completion"]

    (rate, *_), (count, *_), (seconds, *_) = (
        cells_of(sheet, name)
        for name in ("Completion rate", "Triggered", "Median time to complete")
    )
    assert (rate.value, rate.number_format) == (1, "0.0%")
    assert (count.value, count.number_format) == (1, "#,##0")
    assert seconds.number_format == "[m]:ss"
    assert seconds.value == timedelta(seconds=89.5)


def test_times_are_dates_in_the_zone_that_was_asked_for() -> None:
    sheet = book_of("conversations", "--tz", "Europe/Berlin", stdin=LOG)["conversations"]
    days = book_of("completion", "--by", "day", stdin=LOG)["completion"]

    assert cells_of(sheet, "Started")[0].value.isoformat() == "2026-11-02T10:00:00"
    assert cells_of(days, "Day")[0].value.isoformat() == "2026-11-02T00:00:00"
    assert cells_of(days, "Day")[0].number_format == "yyyy-mm-dd"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("=1+1", id="a formula"),
        pytest.param("@SUM(A1)", id="an old formula"),
        pytest.param("007", id="leading zeros"),
        pytest.param("4e5", id="a number"),
        pytest.param("2026-11-02", id="a date"),
        pytest.param("https://x.example/", id="a link"),
        pytest.param("<b>&amp;", id="markup"),
    ],
)
def test_text_is_text(text: str) -> None:
    log = harness.log("09:00 a engaged name=TEXT id=TEXT").replace(b"TEXT", text.encode())

    sheet = book_of("completion", stdin=log)["completion"]

    for heading in ("Conversation", "ID"):
        cell = cells_of(sheet, heading)[0]
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


@pytest.mark.parametrize("text", ["<r>&</r>", "<r><t>a</t></r></si><si><r><t>b</t></r>"])
def test_a_text_is_no_markup_of_the_library_that_writes_it(text: str) -> None:
    log = harness.log("09:00 a engaged name=TEXT\n09:00 b engaged name=Zoo id=z")

    sheet = book_of("completion", stdin=log.replace(b"TEXT", text.encode()))["completion"]

    assert {cell.value for cell in cells_of(sheet, "Conversation")} >= {f"{text} ", "Zoo"}


def test_the_heading_stays_and_filters_leave_the_total_alone() -> None:
    sheet = book_of("completion", stdin=LOG)["completion"]

    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:N3"
    assert [cell.value for cell in sheet["A"]] == ["Conversation", "Pricing", "Zoo", "Total"]
    assert all(sheet.column_dimensions[letter].width >= 7 for letter in "ABCDEF")


def test_verdicts_are_marked_beside_their_word() -> None:
    sheet = book_of("completion", SITE, "--period", "2026-W46", "--compare", "previous")[
        "completion"
    ]

    rules = [rule for each in sheet.conditional_formatting for rule in each.rules]
    assert {rule.formula[0] for rule in rules} == {'"better"', '"worse"', '"new"', '"gone"'}
    assert {cell.value for cell in cells_of(sheet, "Verdict")} <= {"unclear", "same", "new"}


def test_a_summary_has_a_sheet_a_report_and_says_what_columns_mean() -> None:
    book = book_of("summary", stdin=LOG)
    about = {row[0].value: row[1].value for row in book["about"].iter_rows()}

    assert book.sheetnames == ["completion", "abandonment", "live-chat", "about"]
    assert about["Report"] == "Summary, 2026-11-02 (UTC)"
    assert about["Completion rate"].startswith("Completed, of the engaged ones")


def test_a_grid_has_its_row_of_totals() -> None:
    options = ["--by", "weekday", "--by", "hour", "--grid", "triggered"]

    sheet = book_of("completion", *options, stdin=LOG)["completion"]

    assert [row[-1].value for row in sheet.iter_rows(min_row=2)] == [2, 0, 0, 0, 0, 0, 0, 2]


def test_the_moment_in_a_workbook_is_the_clocks_or_that_of_the_environment() -> None:
    made = book_of("completion", stdin=LOG).properties.created
    dated = book_of("completion", stdin=LOG, env={"SOURCE_DATE_EPOCH": "1700000000"})

    assert made == harness.CLOCK.replace(tzinfo=None)
    assert dated.properties.created.isoformat() == "2023-11-14T22:13:20"


def test_a_sheet_that_would_lose_rows_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workbook, "_MAX_SHEET_ROWS", 1)
    log = harness.log("09:00 a engaged\n09:00 b engaged")

    result = harness.run("sessions", "-f", "xlsx", stdin=log)

    assert (result.status, result.out) == (1, b"")
    assert "sessions has 2 rows, and a sheet has room for 1: narrow the window" in result.err


# -- Parquet ---------------------------------------------------------------------------------------


def frame_of(*arguments: Any, **more: Any) -> pl.DataFrame:
    """The Parquet file of a report."""
    result = harness.run(*arguments, "-f", "parquet", "-q", **more)
    assert (result.status, result.err) == (0, "")
    return pl.read_parquet(io.BytesIO(result.out))


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["completion"], id="grouped"),
        pytest.param(["completion", "--by", "day", "--by", "hour"], id="in time"),
        pytest.param(["conversations"], id="a listing"),
        pytest.param(["events"], id="events"),
        pytest.param(["usage"], id="months"),
    ],
)
def test_rows_and_types_are_those_of_the_contract_also_of_nothing(arguments: list[str]) -> None:
    rows = harness.report(LOG, *arguments)["rows"]

    frame, empty = (frame_of(*arguments, stdin=log) for log in (LOG, b""))

    assert [{n: as_json(v) for n, v in row.items()} for row in frame.rows(named=True)] == rows
    assert frame.schema == empty.schema
    assert empty.is_empty()
    types = dict(frame.schema)
    assert types.get("day", pl.Date) == pl.Date
    assert types.get("started_at", TIME) == types.get("timestamp", TIME) == TIME
    assert all(each == pl.Float64 for name, each in types.items() if name.endswith("_rate"))


TIME = pl.Datetime("ms", "UTC")


def as_json(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def test_a_summary_is_long_and_keeps_words_apart_from_numbers() -> None:
    options = ["--period", "2026-W46", "--compare", "previous"]

    frame = frame_of("summary", SITE, *options)

    assert frame.columns == ["report", "metric", "value", "row", "words"]
    total = frame.filter(pl.col("row").is_null(), metric="triggered", report="completion")
    words = frame.filter(metric="verdict", report="completion")
    assert total["value"].to_list() == [556.0]
    assert words["words"].null_count() == 0
    assert words["value"].null_count() == words.height


# -- where they go ---------------------------------------------------------------------------------

BINARY = ("xlsx", "parquet", "png")


@pytest.mark.looks
@pytest.mark.parametrize("format_", BINARY)
def test_the_same_input_options_and_clock_give_the_same_bytes(format_: str) -> None:
    one, other = (harness.run("live-chat", SITE, "-f", format_, "-q").out for _ in range(2))

    assert one == other


@pytest.mark.parametrize("format_", BINARY)
def test_bytes_go_to_a_file_whole(format_: str, tmp_path: Path) -> None:
    target = tmp_path / f"report.{format_}"
    target.write_text("old", encoding="utf-8")

    result = harness.run("completion", "-o", target, "-q", stdin=LOG)

    assert (result.status, result.out, result.err) == (0, b"", "")
    assert rows_of(format_, target.read_bytes())
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("format_", BINARY)
def test_no_terminal_gets_bytes(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda fd: fd == 1)

    result = harness.run("completion", "-f", format_, stdin=LOG)
    other = harness.run("completion", "-f", format_, "-o", "/dev/stdout", stdin=LOG)

    expected = (
        f"dcevents: --format {format_} is no text for a terminal: name a file, as in -o report"
    )
    assert (result.status, result.out) == (other.status, other.out) == (2, b"")
    assert result.err == other.err == f"{expected}.{format_}\n"


@pytest.mark.parametrize(
    ("format_", "extra"),
    [
        pytest.param("html", "charts", id="html"),
        pytest.param("png", "charts", id="png"),
        pytest.param("xlsx", "excel", id="xlsx"),
    ],
)
def test_a_missing_extra_is_named_before_anything_is_read(
    format_: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _name: None)

    result = harness.run("completion", "no-such-file", "-f", format_)

    told = f"dcevents: {format_} needs {extra}: pip install 'dcevents[{extra}]'\n"
    assert (result.status, result.out, result.err) == (2, b"", told)


@pytest.mark.parametrize("format_", ["svg", "parquet", "csv"])
def test_other_formats_need_no_extra(format_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda _name: None)

    assert harness.run("completion", "-f", format_, "-q", stdin=LOG).status == 0


def test_other_workbooks_are_named_by_what_is_written() -> None:
    result = harness.run("completion", "-o", "report.xls", stdin=LOG)

    assert (result.status, result.out) == (2, b"")
    assert result.err.startswith("dcevents: --output: report.xls: workbooks are written as .xlsx")
