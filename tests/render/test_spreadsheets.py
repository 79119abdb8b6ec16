"""Files for spreadsheets of any country: formulas, ids, decimals, and the long form
(interface.md, "Output").
"""

import csv
import io
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import harness
import polars as pl
import pytest
from choosing import choose_some
from hypothesis import example, given
from hypothesis import strategies as st

from dcevents import render
from dcevents.render._format import RenderContext
from dcevents.tables import Column, Table, choose_labels

SITE = str(harness.ROOT / "sample_logs" / "site")

# -- the guard -------------------------------------------------------------------------------------

FORMULA_STARTS = "=+-@＝＋－＠"  # noqa: RUF001 - full-width forms
GUARDED = [
    pytest.param("a;=1", "a;'=1", id="behind a semicolon"),
    pytest.param("a,+1", "a,'+1", id="behind a comma"),
    pytest.param("a\t@x", "a\t'@x", id="behind a TAB"),
    pytest.param("＝1", "'＝1", id="full-width"),  # noqa: RUF001
    pytest.param("a,＋1;－2\t＠3", "a,'＋1;'－2\t'＠3", id="full-width behind each"),  # noqa: RUF001
    pytest.param("a,\t\t=1", "a,'\t'\t'=1", id="TABs behind a comma"),
    pytest.param("\t=1", "'\t'=1", id="a TAB first, a formula behind it"),
    pytest.param("a;\rb", "a;'\rb", id="a CR behind a semicolon"),
    pytest.param("a\n=1", "a\n'=1", id="where a line begins, within a cell"),
    pytest.param('a,"=1,', "a,\"'=1,", id="behind a comma and a quote"),
    pytest.param("a, =1", "a, =1", id="a space first is no formula"),
    pytest.param("a-b=c+d@e.example", "a-b=c+d@e.example", id="within a word"),
    pytest.param("a,b;c\td", "a,b;c\td", id="separators alone"),
]


def write(texts: list[str], format_: str = "csv", *, is_code: bool = False, **more: Any) -> str:
    """A table of one column between two numbers, as a format writes it."""
    columns = [
        Column("n", "count", "N"),
        Column("text", "text", "T", is_code=is_code),
        Column("rate", "rate", "R"),
    ]
    size = len(texts)
    rows = pl.DataFrame({"n": [1] * size, "text": texts, "rate": [-0.5] * size})
    context = RenderContext("x", {}, ZoneInfo("UTC"), **more)
    return "".join(
        render.load_formats()[format_].write_tables([Table("x", columns, rows)], context)
    )


def read(text: str, delimiter: str = ",") -> list[list[str]]:
    """The cells of separated values."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize(("text", "cell"), GUARDED)
def test_the_guard_knows_every_separator(text: str, cell: str) -> None:
    assert read(write([text]))[1] == ["1", cell, "-0.5"]
    assert read(write([text], "tsv"), "\t")[1] == ["1", cell, "-0.5"]
    assert read(write([text], guards_formulas=False))[1] == ["1", text, "-0.5"]


def guard_naively(text: str) -> str:
    """A text, guarded a character at a time."""
    guarded = ""
    for i, character in enumerate(text):
        separator = text[:i].rstrip('"')[-1:]
        starts_formula = character in FORMULA_STARTS and separator in ("", *",;\t\r\n")
        if starts_formula and not separator:
            starts_formula = i == 0
        starts_blank = character in "\t\r\n" and (i == 0 or text[i - 1] in ",;\t")
        guarded += ("'" if starts_formula or starts_blank else "") + character
    return guarded


TEXTS = st.lists(st.text("=+-@＝,;\t\r\n\"'a1 ", max_size=8), min_size=1, max_size=4)  # noqa: RUF001
FORMATS: dict[tuple[str, str], dict[str, Any]] = {
    ("csv", ","): {},
    ("csv", ";"): {"delimiter": ";"},
    ("csv", "; with decimal commas"): {"delimiter": ";", "decimal": ","},
    ("csv", "|"): {"delimiter": "|", "excel": True},
    ("tsv", "\t"): {},
}


@given(texts=TEXTS)
def test_the_guard_is_that_of_the_model(texts: list[str]) -> None:
    assert [row[1] for row in read(write(texts))[1:]] == [guard_naively(text) for text in texts]


@pytest.mark.parametrize("delimiter", choose_some([";", ",", "\t"], 3, "looks"))
@given(texts=TEXTS)
@example(texts=['a,"=1+1,b'])
@example(texts=["a\n=1"])
@pytest.mark.looks
def test_no_cell_is_a_formula_whatever_separator_is_taken(delimiter: str, texts: list[str]) -> None:
    for (format_, _), options in FORMATS.items():
        for row in read(write(texts, format_, **options), delimiter):
            for cell in row:
                # No text holds a 0: that is the number behind the text.
                assert not cell.startswith((*FORMULA_STARTS,)) or cell.startswith("-0")


def test_headings_are_guarded_too() -> None:
    log = harness.log("09:00 a engaged id=d1 name==x\n09:00 a engaged id=d2 name=a;=1").replace(
        b'"name":x', b'"name":"=x"'
    )
    grid = ["--by", "type", "--by", "conversation", "--grid", "engaged"]

    text = harness.run("completion", *grid, "-f", "csv", "-q", stdin=log).text

    assert read(text)[0] == ["type", "'=x", "a;'=1", "Total"]


# -- ids -------------------------------------------------------------------------------------------

CONVERTED = [
    "007", "12", "4e872096", "12345678901234567890", "2-3", "3/4", "1.2", "1.2.3", "12:30",
    "5%", "(5)", "1 1/2", "2026-11-02", "9 PM", "9:30a", "MAR-1", "SEPT2", "1-Okt", "2 févr. 2026",
    "mai 5", "€5", "1,5", "１２",  # noqa: RUF001
]  # fmt: skip
UNCONVERTED = [
    "dlg-101", "d1", "deadbeef", "5d1c9f0e", "march", "e", "-", "a-1", "0x1F", "marble-3b", "9 pmx",
    "", "flow_2",
]  # fmt: skip


@pytest.mark.parametrize("text", CONVERTED)
def test_ids_that_look_like_numbers_or_dates_stay_text(text: str) -> None:
    kept = read(write([text], excel=True, is_code=True))[1][1]

    assert kept == f'="{text}"'
    assert read(write([text], is_code=True))[1][1] == text, "only with --excel"
    assert read(write([text], excel=True))[1][1] == text, "only ids"


@pytest.mark.parametrize("text", UNCONVERTED)
def test_ids_that_are_text_stay_as_they_are(text: str) -> None:
    written = write([text], excel=True, is_code=True, guards_formulas=False)

    assert read(written)[1][1] == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        pytest.param("-5", "'-5", id="a guarded id is text already"),
        pytest.param("2,-3", "2,'-3", id="guarded within"),
        pytest.param("1" * 256, "'" + "1" * 256, id="longer than texts in formulas"),
    ],
)
def test_other_ids_stay_text_too(text: str, cell: str) -> None:
    assert read(write([text], excel=True, is_code=True))[1][1] == cell


def test_reports_keep_ids_under_excel() -> None:
    log = harness.log(
        """
09:00 007 engaged id=2-3 name=Pricing
09:01 007 live_chat_requested id=2-3 agent=4e872096 agent_name=Ann
09:02 008 engaged id=12 name=Pricing
"""
    )
    (header, *rows) = read(harness.run("chats", "--excel", "-q", stdin=log).text)
    chat = dict(zip([header[0].removeprefix("\ufeff"), *header[1:]], rows[0], strict=True))
    grid = ["--by", "type", "--by", "conversation", "--grid", "engaged", "--excel"]
    hours = ["--by", "type", "--by", "hour", "--grid", "engaged", "--excel"]

    assert (chat["sid"], chat["conversation_id"], chat["agent_id"]) == (
        '="007"', '="2-3"', '="4e872096"',
    )  # fmt: skip
    assert chat["attempt"] == "1"
    assert read(harness.run("completion", *grid, "-q", stdin=log).text)[0] == [
        "\ufefftype", '="12"', '="2-3"', "Total",
    ]  # fmt: skip
    assert read(harness.run("completion", *hours, "-q", stdin=log).text)[0][1:3] == ["0", "1"]


# -- decimals --------------------------------------------------------------------------------------


def test_decimal_commas_are_in_numbers_only() -> None:
    options = ["completion", SITE, "--by", "page", "--intervals", "-f", "csv", "-q"]
    usual = read(harness.run(*options).text)

    commas = read(harness.run(*options, "--decimal", ",", "--delimiter", ";").text, ";")

    texts = usual[0].index("page")
    assert commas[0] == usual[0]
    assert any("," in cell for row in commas for cell in row)
    assert commas[1:] == [
        [cell if i == texts else cell.replace(".", ",") for i, cell in enumerate(row)]
        for row in usual[1:]
    ]


@pytest.mark.parametrize(
    ("options", "start"),
    [
        pytest.param(["-f", "csv", "--delimiter", ";"], 'a;"0,5"', id="csv"),
        pytest.param(["--excel", "--delimiter", ";"], 'a;"0,5"', id="excel"),
        pytest.param(["-f", "tsv"], 'a\t"0,5"', id="tsv"),
    ],
)
def test_decimal_commas_in_every_separated_format(options: list[str], start: str) -> None:
    log = harness.log("09:00 s engaged name=a\n09:00 t engaged name=a\n09:01 t completed name=a")

    grid = ["--by", "conversation", "--by", "type", "--grid", "completion_rate"]
    more = ["--as-of", "2026-11-04", "--decimal", ","]
    text = harness.run("completion", *grid, *more, *options, "-q", stdin=log).text

    delimiter = start[1]
    row = text.splitlines()[1].split(delimiter)
    assert delimiter.join([row[0], row[2]]) == start


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["-f", "csv", "--decimal", ","], "add --delimiter ';'", id="two commas"),
        pytest.param(["-f", "csv", "--decimal", "x"], "write , or .", id="no decimal mark"),
        pytest.param(["-f", "json", "--decimal", ","], "CSV and TSV", id="no separated values"),
        pytest.param(["--decimal", ","], "--format table", id="a table"),
    ],
)
def test_decimal_marks_that_fit_nothing_are_wrong_usage(options: list[str], said: str) -> None:
    result = harness.run("completion", SITE, *options)

    assert (result.status, result.out) == (2, b"")
    assert said in result.err


# -- the long form ---------------------------------------------------------------------------------

SUMMARISED = ("completion", "abandonment", "live-chat")
LONG = ["report", "metric", "value", "row"]


def list_long(json: dict[str, Any], label: Callable[[dict[str, Any]], str]) -> list[dict[str, Any]]:
    """The long form of a summary, from its JSON: totals first."""
    parts = [(part["schema"].split(".")[1].split("/")[0], part) for part in json["reports"]]
    lines: list[tuple[Any, ...]] = [
        (name, metric, value, None)
        for name, part in parts
        for metric, value in part["total"].items()
    ]
    lines += [
        (name, metric, value, label(row))
        for name, part in parts
        for row in part["rows"]
        for i, (metric, value) in enumerate(row.items())
        if i >= len(("conversation", "conversation_id"))
    ]
    return [dict(zip(LONG, line, strict=True)) for line in lines]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param([], id="plain"),
        pytest.param(["--intervals"], id="with intervals"),
        pytest.param(["--top", "2"], id="the first rows"),
        pytest.param(["--period", "2026-W46", "--compare", "previous"], id="compared"),
        pytest.param(["--since", "2027-01-01"], id="of nothing"),
    ],
)
def test_the_long_form_has_totals_then_rows(options: list[str]) -> None:
    about = ["summary", SITE, *options, "--no-formula-guard", "-q"]
    made = harness.run(*about, "-f", "json").json

    long = list_long(made, lambda row: row.get("conversation") or row["agent"])

    assert long == harness.run(*about, "-f", "ndjson").ndjson
    texts = [["" if cell is None else str(cell) for cell in line.values()] for line in long]
    for format_, delimiter in (("csv", ","), ("tsv", "\t")):
        text = harness.run(*about, "-f", format_).text
        assert read(text, delimiter) == [LONG, *texts]


def test_rows_of_the_long_form_have_labels_of_their_own() -> None:
    log = harness.log(
        """
09:00 a engaged id=d1 name=Demo
09:00 b engaged id=d2 name=Demo
09:00 c engaged id=Pricing name=-
09:00 d engaged id=d4 name=Pricing
09:00 e engaged id=-
09:00 f engaged id=d6 name=d1
09:00 g engaged id=007 name=-
"""
    )

    lines = harness.run("summary", "-f", "ndjson", "-q", stdin=log).ndjson
    found = [each["row"] for each in lines if each["metric"] == "sessions"]
    cells = read(harness.run("summary", "--excel", "-q", stdin=log).text)

    assert found[0] is None
    assert sorted(found[1:]) == ["007", "Pricing", "d1", "d2", "d4", "d6", "–"]
    assert '="007"' in {row[3] for row in cells[1:]}


@given(
    pairs=st.dictionaries(
        st.none() | st.text("ab", max_size=2), st.none() | st.text("ab", max_size=2), max_size=6
    )
)
def test_labels_are_all_different(pairs: dict[str | None, str | None]) -> None:
    labels = choose_labels([*pairs.values()], [*pairs])

    assert len(set(labels)) == len(pairs)
    names = [*pairs.values()]
    for (id_, name), label in zip(pairs.items(), labels, strict=True):
        assert label in ("–" if id_ is None else id_, name)
        if name and names.count(name) == 1 and name not in pairs:
            assert label == name
