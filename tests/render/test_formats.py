"""The formats: what scripts and spreadsheets are built on (interface.md, "Output"),
and what strangers' text may do.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import harness
import polars as pl
import pytest
from choosing import choose_some, combine
from hypothesis import given
from hypothesis import strategies as st

from dcevents import __version__, render, reports
from dcevents.render import csv as csv_format
from dcevents.render._format import RenderContext
from dcevents.show import format_timestamp, round_figure
from dcevents.tables import Column, ColumnKind, Table

# -- the contract: columns, spelled out ------------------------------------------------------------

COMPLETION = [
    "sessions",
    "triggered",
    "engaged",
    "engagement_rate",
    "completed",
    "completion_rate",
    "emails",
    "phones",
    "meetings",
    "conversion_rate",
    "open",
    "median_seconds_to_complete",
]
ABANDONMENT = [
    "engaged",
    "abandoned",
    "abandonment_rate",
    "closed",
    "dropped",
    "unanswered",
    "left_queue",
    "abandoned_with_contact",
    "completed",
    "served",
    "booked",
    "open",
    "median_seconds_to_abandon",
    "p90_seconds_to_abandon",
]
LIVE_CHAT = [
    "requests",
    "accepted",
    "acceptance_rate",
    "missed",
    "left",
    "waiting",
    "ended",
    "timed_out",
    "closed",
    "ongoing",
    "no_end",
    "mean_wait_seconds",
    "median_wait_seconds",
    "p90_wait_seconds",
    "service_level",
    "mean_chat_seconds",
    "median_chat_seconds",
    "p90_chat_seconds",
    "peak_concurrent",
]
LISTINGS = {
    "sessions": (
        "sid started_at last_at duration_seconds conversations engaged completed emails phones "
        "meetings live_chats"
        " outcome"
    ),
    "conversations": (
        "sid conversation_id conversation type ui_type page started_at engaged_at last_at "
        "duration_seconds engaged"
        " gave_email gave_phone meetings live_chats last_step outcome"
    ),
    "chats": (
        "sid conversation_id conversation attempt requested_at accepted_at ended_at agent_id agent "
        "wait_seconds"
        " chat_seconds outcome"
    ),
    "events": (
        "timestamp kind sid conversation_id conversation type ui_type page agent_id agent "
        "meeting_info file line"
    ),
}
KEYS = {
    "conversation": ["conversation", "conversation_id"],
    "agent": ["agent", "agent_id"],
    "type": ["type"],
    "ui-type": ["ui_type"],
    "page": ["page"],
    "last-step": ["last_step"],
    "day": ["day"],
    "week": ["week"],
    "month": ["month"],
    "hour": ["hour"],
    "weekday": ["weekday"],
    "all": [],
}
FUNNEL = ["conversations", "of_first", "of_previous", "lost", "median_seconds_from_previous"]
MEETINGS = [
    "meetings",
    "conversations",
    "booking_rate",
    "median_seconds_to_book",
    "first_at",
    "last_at",
]
GROUPED = {
    "completion": COMPLETION,
    "abandonment": ABANDONMENT,
    "live-chat": LIVE_CHAT,
    "funnel": FUNNEL,
    "meetings": MEETINGS,
}
DEFAULT_KEY = {
    "completion": "conversation",
    "abandonment": "conversation",
    "live-chat": "agent",
    "funnel": "conversation",
    "meetings": "agent",
}
LINE_KEYS = {"funnel": ["step"]}
"""Columns behind the keys that tell the lines of a group apart; such a report has no total."""

LOG = harness.log(
    """
09:00:00 a triggered name=Pricing type=dialogue ui=popup page=https://x.example/p
09:00:10.500 a engaged
09:00:20 a input_email
09:00:30 a live_chat_requested agent=ag1 agent_name=Ann
09:00:40 a live_chat_initiated agent=ag1 agent_name=Ann
09:01:40 a live_chat_ended agent=ag1
09:02:00 a meeting_booked meeting=soon
09:10:00 b engaged id=d2 name=Demo
09:10:07.001 b completed id=d2
09:00:00 c triggered id=-
"""
)


def first_columns(name: str, found: list[str]) -> list[str]:
    """As many of the columns found as the contract names: more may be added, behind them."""
    return found[: len(LISTINGS[name].split())]


def grouped_columns() -> Iterator[Any]:
    """(report, --by keys, columns) of every grouped report, and of pairs of keys."""
    for report, metrics in GROUPED.items():
        keys = [key for key in KEYS if key not in ("agent", "last-step")]
        more = {"abandonment": ["last-step"], "live-chat": ["agent"], "meetings": ["agent"]}
        keys += more.get(report, [])
        pairs = [["day", DEFAULT_KEY[report]], [DEFAULT_KEY[report], "hour"], ["type", "ui-type"]]
        for by in [*([key] for key in keys), *pairs]:
            columns = [
                *(column for key in by for column in KEYS[key]),
                *LINE_KEYS.get(report, []),
                *metrics,
                *(["share"] if "last-step" in by else []),
            ]
            yield pytest.param(report, by, columns, id=f"{report} by {', '.join(by)}")


@pytest.mark.parametrize(("report", "by", "columns"), choose_some(grouped_columns(), 3, "looks"))
def test_columns_of_reports_are_those_of_the_contract(
    report: str, by: list[str], columns: list[str]
) -> None:
    options = [word for key in by for word in ("--by", key)]

    made = harness.report(LOG, report, *options)
    header = harness.run(report, *options, "-f", "csv", "-q", stdin=LOG).text.splitlines()[0]

    assert header.split(",") == columns
    assert made["by"] == by
    assert all(list(row) == columns for row in made["rows"])
    assert made["rows"] or by == ["last-step"]
    assert (
        report in LINE_KEYS
        or list(made["total"])
        == GROUPED[report] + columns[sum(len(KEYS[key]) for key in by) + len(GROUPED[report]) :]
    )


@pytest.mark.parametrize("report", LISTINGS)
def test_columns_of_listings_are_those_of_the_contract(report: str) -> None:
    made = harness.report(LOG, report)
    header = harness.run(report, "-f", "csv", "-q", stdin=LOG).text.splitlines()[0].split(",")

    assert first_columns(report, header) == LISTINGS[report].split()
    assert made["rows"]
    assert all(list(row) == header for row in made["rows"])
    assert (made["total"], made["by"]) == (None, [])


@pytest.mark.parametrize("report", [*GROUPED, *LISTINGS])
@pytest.mark.parametrize("format_", ["csv", "tsv"])
def test_an_empty_report_has_the_same_header(report: str, format_: str) -> None:
    full = harness.run(report, "-f", format_, "-q", stdin=LOG).text

    assert (
        full.splitlines(keepends=True)[0]
        == harness.run(report, "-f", format_, "-q", stdin=b"").text
    )


@pytest.mark.parametrize(
    ("report", "by"),
    [pytest.param(name, [], id=name) for name in [*GROUPED, *LISTINGS]]
    + [pytest.param("abandonment", ["--by", "last-step"], id="abandonment by last-step")]
    + [pytest.param("live-chat", ["--by", "hour"], id="live-chat by hour")],
)
def test_all_formats_for_programs_say_the_same(report: str, by: list[str]) -> None:
    rows = harness.report(LOG, report, *by)["rows"]
    texts = [{name: _as_csv(value) for name, value in row.items()} for row in rows]

    assert rows == harness.run(report, *by, "-f", "ndjson", stdin=LOG).ndjson
    for format_, delimiter in (("csv", ","), ("tsv", "\t")):
        text = harness.run(report, *by, "-f", format_, stdin=LOG).text
        assert texts == list(csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True))


def _as_csv(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


# -- JSON ------------------------------------------------------------------------------------------

INPUT = {
    "files": 1,
    "records": 19,
    "blank": 2,
    "incomplete": 1,
    "rejected": {
        "too_long": 0,
        "invalid_utf8": 0,
        "invalid_json": 1,
        "invalid_row": 0,
        "not_an_object": 1,
        "no_event": 0,
        "no_sid": 0,
    },
    "ignored": {"widget_ready": 1, "unknown_event": 3},
    "unknown_events": {"RATED": 2, "LIKED": 1},
    "later": 1,
    "duplicates": 0,
    "events": 9,
    "untimed": 0,
    "future": 0,
    "ancient": 0,
}


def test_json_has_all_that_the_contract_names() -> None:
    more = harness.log("- - ready\n- a RATED\n- a RATED\n- a LIKED\n| \n| x\n| 1") + b'{"event":'

    made = harness.report(
        LOG + b"\n" + more,
        "completion",
        "--as-of",
        "2026-11-02T09:10:05Z",
        "--since",
        "2026-11-02",
        "--tz",
        "Europe/Berlin",
    )

    assert list(made) == [
        "schema",
        "version",
        "as_of",
        "tz",
        "window",
        "by",
        "input",
        "rows",
        "total",
    ]
    assert made["schema"] == "dcevents.completion/1"
    assert made["version"] == __version__
    assert made["as_of"] == "2026-11-02T09:10:05.000Z"
    assert made["tz"] == "Europe/Berlin"
    assert made["window"] == {"since": "2026-11-01T23:00:00.000Z", "until": None}
    assert made["by"] == ["conversation"]
    assert made["input"] == INPUT
    assert list(made["input"]) == list(INPUT)


def test_as_of_is_the_latest_event_where_none_is_given() -> None:
    assert harness.report(LOG, "completion")["as_of"] == "2026-11-02T09:10:07.001Z"
    clock = harness.CLOCK.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert harness.report(b"", "completion")["as_of"] == clock
    assert (
        harness.report(harness.log("- a engaged"), "completion", is_warned=True)["as_of"] == clock
    )


SUMMARISED = ("completion", "abandonment", "live-chat")


def test_summary_has_the_three_reports() -> None:
    summary = harness.report(LOG, "summary", "--since", "2026-11-02")

    single = [harness.report(LOG, name, "--since", "2026-11-02") for name in SUMMARISED]
    assert summary["schema"] == "dcevents.summary/1"
    assert single == summary["reports"]
    assert summary["input"] == single[0]["input"]
    assert not {"rows", "total"} & set(summary)


def test_unknown_events_are_named_up_to_a_thousand() -> None:
    names = "".join(f"- a EVENT_{n}\n" for n in range(1005))

    found = harness.report(harness.log(f"09:00 a engaged\n{names}- a EVENT_7"), "completion")[
        "input"
    ]

    assert found["ignored"]["unknown_event"] == 1006 == sum(found["unknown_events"].values())
    assert len(found["unknown_events"]) == 1001
    assert found["unknown_events"]["EVENT_7"] == 2
    assert found["unknown_events"]["other"] == 5


# -- values ----------------------------------------------------------------------------------------

THIRDS = harness.log(
    """
09:00:00.000 a engaged
09:00:00.001 a completed
09:00:00.000 b engaged
09:00:00.002 b completed
09:00:00.000 c input_email
09:00:00.000 d live_chat_requested
09:00:00.001 d live_chat_initiated
09:00:10.002 d live_chat_ended
09:00:00.000 e live_chat_requested
09:00:00.002 e live_chat_initiated
09:00:00.000 f live_chat_requested
09:00:00.004 f live_chat_initiated
"""
)


def numbers(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """(key, number) of everything in a JSON value."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from numbers(member, key)
    elif isinstance(value, list):
        for member in value:
            yield from numbers(member, name)
    elif isinstance(value, float):
        yield name, value


def test_rates_have_six_decimals_and_seconds_three() -> None:
    rows = harness.report(THIRDS, "live-chat", "--by", "all")["rows"]
    completion = harness.report(THIRDS, "completion", "--by", "all", "--as-of", "2026-11-03")[
        "rows"
    ]

    assert rows[0]["mean_wait_seconds"] == 0.002
    assert rows[0]["p90_wait_seconds"] == 0.004
    assert rows[0]["mean_chat_seconds"] == 10.001
    assert completion[0]["completion_rate"] == 0.333333
    assert completion[0]["conversion_rate"] == 0.166667
    assert completion[0]["median_seconds_to_complete"] in (0.001, 0.002), "1.5 ms, to either side"


@pytest.mark.parametrize("report", [*GROUPED, *LISTINGS, "summary"])
def test_no_number_has_more_decimals_than_it_should(report: str) -> None:
    site = str(harness.ROOT / "sample_logs" / "site")

    found = list(numbers(harness.run(report, site, "-f", "json", "-q").json))

    assert found or report == "events"
    assert [] == [
        (name, value)
        for name, value in found
        if value != round(value, 3 if "seconds" in name else 6)
    ]
    assert [] == [(name, value) for name, value in found if re.search("e|inf|nan", repr(value))]


MOMENTS = st.integers(-62_135_596_800_000, 253_402_300_799_999)
"""Milliseconds of the years 1 to 9999."""
WRITTEN = st.tuples(
    st.none() | MOMENTS,
    st.none() | st.floats(-3.2e11, 3.2e11).map(lambda value: round_figure(value, "seconds")),
    st.none() | st.floats(0, 1).map(lambda value: round_figure(value, "rate")) | st.just(1e-06),
    st.none() | st.booleans(),
    st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)


@given(rows=st.lists(WRITTEN, min_size=1, max_size=9))
def test_cells_are_written_as_python_writes_them(rows: list[tuple[Any, ...]]) -> None:
    kinds: tuple[ColumnKind, ...] = ("time", "seconds", "rate", "flag", "text")
    columns = [Column(name, kind, name) for name, kind in zip("abcde", kinds, strict=True)]
    types = {"a": pl.Int64, "b": pl.Float64, "c": pl.Float64, "d": pl.Boolean, "e": pl.String}
    table = Table("x", columns, pl.DataFrame(rows, schema=types, orient="row"))

    text = "".join(
        csv_format.FORMAT.write_tables(
            [table], RenderContext("x", {}, ZoneInfo("UTC"), guards_formulas=False)
        )
    )

    write: dict[str, Callable[[Any], Any]] = {
        "time": format_timestamp,
        "flag": lambda value: str(value).lower(),
    }
    expected = [
        [
            "" if cell is None else write.get(kind, str)(cell)
            for cell, kind in zip(row, kinds, strict=True)
        ]
        for row in rows
    ]
    assert expected == list(csv.reader(io.StringIO(text, newline="")))[1:]


@combine(
    ("report", "format_", "log"),
    [*GROUPED, *LISTINGS, "summary"],
    ["csv", "tsv", "json", "ndjson"],
    {"a log": LOG, "nothing": b"", "one untimed event": harness.log("- a triggered")},
)
def test_nothing_is_written_as_no_number(report: str, format_: str, log: bytes) -> None:
    text = harness.run(report, "-f", format_, stdin=log).text

    assert not re.search(r"\b(nan|inf|infinity|none)\b|-0\.0\b", text, re.IGNORECASE)


@pytest.mark.parametrize("format_", ["csv", "tsv", "json", "ndjson"])
def test_timestamps_are_utc_whatever_the_zone(format_: str) -> None:
    text = harness.run("conversations", "-f", format_, "--tz", "Asia/Tokyo", stdin=LOG).text

    assert "2026-11-02T09:00:00.000Z" in text
    assert "2026-11-02T09:00:10.500Z" in text
    assert "18:00" not in text


def test_tables_have_times_of_the_zone() -> None:
    for format_ in ("table", "markdown"):
        text = harness.run(
            "conversations", "-f", format_, "--tz", "Asia/Tokyo", stdin=LOG
        ).text.replace("\\", "")

        assert "2026-11-02 18:00:00" in text
        assert "09:00:00" not in text


# -- CSV and spreadsheets --------------------------------------------------------------------------

CELLS = [
    pytest.param("plain text", "plain text", id="as it is"),
    pytest.param("a,b", '"a,b"', id="a comma"),
    pytest.param("a;b", '"a;b"', id="a semicolon"),
    pytest.param('a"b', '"a""b"', id="a quote"),
    pytest.param("a\tb", '"a\tb"', id="a TAB"),
    pytest.param("a\rb", '"a\rb"', id="a CR"),
    pytest.param("a\nb", '"a\nb"', id="a LF"),
    pytest.param("=1+1", "'=1+1", id="a formula"),
    pytest.param("+1", "'+1", id="plus"),
    pytest.param("-1", "'-1", id="minus, in text"),
    pytest.param("@SUM(A1)", "'@SUM(A1)", id="an at sign"),
    pytest.param("\tx", '"\'\tx"', id="a TAB first"),
    pytest.param("\rx", '"\'\rx"', id="a CR first"),
    pytest.param("\nx", '"\'\nx"', id="a LF first"),
    pytest.param("=1,2", '"\'=1,2"', id="a formula with a comma"),
    pytest.param(" =1", " =1", id="a space first is no formula"),
    pytest.param("1=1", "1=1", id="not at the beginning"),
    pytest.param("'=1", "'=1", id="guarded already"),
    pytest.param("0012", "0012", id="looks like a number"),
    pytest.param("é€😀", "é€😀", id="UTF-8"),
]


def named(text: str) -> bytes:
    """A log of one conversation with a name."""
    return harness.log("09:00 a engaged id=d1 name=NAME").replace(
        b'"NAME"', json.dumps(text).encode()
    )


TEXTS = [str(each.values[0]) for each in CELLS]


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """A conversation with each text as its name, in formats for programs: d0, d1, …."""
    log = b"".join(named(text).replace(b'"d1"', b'"d%d"' % n) for n, text in enumerate(TEXTS))
    options = {
        "csv": ["-f", "csv"],
        "tsv": ["-f", "tsv"],
        "raw": ["-f", "csv", "--no-formula-guard"],
    }
    return {
        name: harness.run("completion", *more, stdin=log).text for name, more in options.items()
    }


@pytest.mark.parametrize(("text", "cell"), CELLS)
def test_cells_are_quoted_and_guarded(text: str, cell: str, written: dict[str, str]) -> None:
    n = TEXTS.index(text)

    assert f"\n{cell},d{n},1,1,1," in written["csv"]
    assert f"\n{cell}\td{n}\t1\t1\t1\t" in written["tsv"]


@pytest.mark.parametrize(("text", "cell"), CELLS)
def test_the_guard_can_be_left_out(text: str, cell: str, written: dict[str, str]) -> None:
    rows = csv.reader(io.StringIO(written["raw"], newline=""), strict=True)

    assert {row[1]: row[0] for row in rows}[f"d{TEXTS.index(text)}"] == text
    assert cell.strip('"').startswith("'") == (text[0] in "=+-@\t\r\n'")


def test_numbers_are_never_guarded() -> None:
    columns = [
        Column("text", "text", "T"),
        Column("count", "count", "C"),
        Column("some_seconds", "seconds", "S"),
    ]
    rows = pl.DataFrame({"text": ["-1"], "count": [-1], "some_seconds": [-1.5]})
    about = RenderContext("any", {}, ZoneInfo("UTC"))

    text = "".join(render.load_formats()["csv"].write_tables([Table("any", columns, rows)], about))

    assert text == "text,count,some_seconds\n'-1,-1,-1.5\n"


def test_ids_are_text_also_those_that_look_like_numbers() -> None:
    text = harness.run("conversations", "-f", "csv", stdin=harness.log("- =-1 engaged id==-5")).text

    assert "\n'-1,'-5," in text


@pytest.mark.looks
def test_the_guard_holds_for_every_column_of_text() -> None:
    hostile = '"=cmd"'
    about = "id=d name=n type=t ui=u page=p agent=g agent_name=m meeting=i"
    log = harness.log(f"09:00 a live_chat_initiated {about}\n09:01 a meeting_booked {about}")
    for value in ("a", "d", "n", "t", "u", "p", "g", "m", "i"):
        log = log.replace(f':"{value}"'.encode(), f":{hostile}".encode())

    for report in (*GROUPED, *LISTINGS):
        for key in reports.load_reports()[report].by_keys or ("",):
            by = ["--by", key] if key else []
            text = harness.run(report, *by, "-f", "csv", "-q", stdin=log).text
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert [] == [cell for cell in cells if cell.startswith("=")]
            assert "'=cmd" in cells or key in (
                "day",
                "week",
                "month",
                "hour",
                "weekday",
                "all",
                "last-step",
            )


@pytest.mark.parametrize(
    ("options", "end", "delimiter"),
    [
        pytest.param([], "\r\n", ",", id="comma"),
        pytest.param(
            ["--delimiter", ";"], "\r\n", ";", id="semicolon, as German spreadsheets want it"
        ),
        pytest.param(["-f", "csv"], "\r\n", ",", id="csv said as well"),
    ],
)
def test_excel_gets_a_file_for_a_double_click(options: list[str], end: str, delimiter: str) -> None:
    result = harness.run("conversations", "--excel", "--tz", "Europe/Berlin", *options, stdin=LOG)

    assert result.status == 0
    assert result.out.startswith(b"\xef\xbb\xbfsid" + delimiter.encode())
    lines = result.out.decode("utf-8-sig").split(end)
    assert lines.pop() == ""
    assert not any("\n" in line for line in lines)
    rows = list(csv.DictReader(lines, delimiter=delimiter))
    assert [row["started_at"] for row in rows] == [
        "2026-11-02 10:00:00",
        "2026-11-02 10:00:00",
        "2026-11-02 10:10:00",
    ]
    assert rows[0]["engaged_at"] == "2026-11-02 10:00:10"


def test_another_delimiter_is_quoted_too() -> None:
    text = harness.run("completion", "-f", "csv", "--delimiter", "|", stdin=named("a|b,c")).text

    assert text.splitlines()[0].startswith("conversation|conversation_id|")
    assert text.splitlines()[1].startswith('"a|b,c"|d1|1|')


def test_csv_is_utf_8_with_lf_and_without_a_byte_order_mark() -> None:
    out = harness.run("completion", "-f", "csv", stdin=named("Köln")).out

    assert out.startswith(b"conversation,")
    assert b"\r" not in out
    assert "Köln".encode() in out


# -- strangers' text -------------------------------------------------------------------------------

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://evil.example\x1b\\link \x9b31m "
    "\u202eright-to-left\u202c"
    " \u2066isolate\u2069 a\rb a\nb a\tb \x00 \x7f \u2028 \u2029 \u200e <b>&amp;</b> `code` | "
    "*bold* [x](javascript:y)"
)
ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def hostile_log() -> bytes:
    """A log with it in every text that a report can show, and in the names of unknown events."""
    fields = ("sid", "id", "name", "type", "uiType", "agentID", "agentName", "meetingInfo")
    payload = {field: f"{field} {HOSTILE}" for field in fields}
    events = [
        {
            "event": f"CONVERSATION_{kind}",
            "timestamp": f"2026-11-02T09:00:0{n}Z",
            "page": HOSTILE,
            "data": {"payload": payload},
        }
        for n, kind in enumerate(("LIVE_CHAT_REQUESTED", "LIVE_CHAT_INITIATED", "MEETING_BOOKED"))
    ]
    return b"".join(json.dumps(event).encode() + b"\n" for event in [*events, {"event": HOSTILE}])


def is_offered(report: str, key: str, format_: str) -> bool:
    """Return whether a report has a key, or needs none, and a format."""
    keys = reports.load_reports()[report].by_keys or ("none",)
    return key in keys and format_ in harness.formats(report)


@combine(
    ("report", "key", "format_"),
    [*reports.load_reports()],
    list(
        dict.fromkeys(
            ("none", *(key for each in GROUPED for key in reports.load_reports()[each].by_keys))
        )
    ),
    ["table", "markdown", "json", "ndjson"],
    possible=is_offered,
    at_once=1,
)
def test_nothing_that_acts_on_a_terminal_is_written(report: str, key: str, format_: str) -> None:
    by = [] if key == "none" else ["--by", key]

    result = harness.run(*harness.words(report), "-f", format_, *by, stdin=hostile_log())

    assert result.status == 0
    assert not ACTING.search(result.text)
    assert not ACTING.search(result.err)


@pytest.mark.parametrize("report", ["conversations", "chats", "events"])
@pytest.mark.parametrize("format_", ["json", "ndjson"])
def test_json_decodes_to_the_same_text(report: str, format_: str) -> None:
    result = harness.run(report, "-f", format_, stdin=hostile_log())

    rows = result.json["rows"] if format_ == "json" else result.ndjson
    assert rows
    assert all(row["conversation"] == f"name {HOSTILE}" for row in rows)
    if format_ == "json":
        assert result.json["input"]["unknown_events"] == {HOSTILE[:127] + "…": 1}


def test_csv_keeps_the_text_for_programs() -> None:
    text = harness.run("conversations", "-f", "csv", stdin=hostile_log()).out.decode()

    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["conversation"] == f"name {HOSTILE}"


def test_names_of_files_are_strangers_texts_too(tmp_path: Path) -> None:
    for name in ("a\x1b[31m\u202e.log", "b\n\x07.log"):
        (tmp_path / name).write_bytes(LOG + b"x\n")

    for format_ in ("table", "markdown", "json", "ndjson"):
        result = harness.run("events", tmp_path, "-v", "-f", format_)
        assert not ACTING.search(result.text)
        assert not ACTING.search(result.err)
        assert r"a\x1b[31m\u202e.log:11: not JSON" in result.err
    files = {row["file"] for row in harness.run("events", tmp_path, "-f", "ndjson").ndjson}
    assert files == {str(tmp_path / "a\x1b[31m\u202e.log")}


MARKUP = [
    pytest.param("a|b", r"a\|b", id="the end of a cell"),
    pytest.param("<script>", "&lt;script", id="HTML"),
    pytest.param("&lt;", "&amp;lt;", id="an entity"),
    pytest.param("`x`", r"\`x\`", id="code"),
    pytest.param("*x* _y_", r"\*x\* \_y\_", id="emphasis"),
    pytest.param("[x](y)", r"\[x\]\(y\)", id="a link"),
    pytest.param("![x](y)", r"\!\[x\]\(y\)", id="an image"),
    pytest.param("~~x~~", r"\~\~x\~\~", id="struck through"),
    pytest.param("a\\|b", r"a\\\|b", id="a backslash before"),
    pytest.param("@someone", r"\@someone", id="a mention"),
    pytest.param("plain text", "plain text", id="nothing"),
]


@pytest.mark.parametrize(("text", "cell"), MARKUP)
def test_markdown_escapes_what_would_be_markup(text: str, cell: str) -> None:
    row = harness.run("completion", "-f", "markdown", stdin=named(text)).text.splitlines()[4]

    assert row.startswith(f"| {cell}")
    assert len(re.findall(r"(?<!\\)\|", row)) == 2 + len(COMPLETION) + 1


@pytest.mark.parametrize(
    "text", ["https://evil.example/", "www.evil.example", "https://a.example/?b=c&d"]
)
def test_markdown_makes_no_link_of_an_address(text: str) -> None:
    row = harness.run("completion", "-f", "markdown", stdin=named(text)).text.splitlines()[4]

    assert text not in row
    assert not re.search(r"https?://|www\.", row)


# -- tables ----------------------------------------------------------------------------------------


def test_a_table_is_in_peoples_words() -> None:
    log = b"".join(LOG.replace(b'"sid":"', b'"sid":"%d' % n) for n in range(1200))

    text = harness.run("completion", stdin=log).text

    lines = text.splitlines()
    assert lines[0] == "Completion by conversation, 2026-11-02 (UTC)"
    assert re.search(r"^Pricing +d1 +1,200 +1,200 +1,200 +100 % ", text, re.MULTILINE)
    assert re.search(r"^Demo +d2 .* 100 % .* 7\.0s$", text, re.MULTILINE)
    assert re.search(r"^– +– +1,200 +1,200 +0 +0 % .* – .*–$", text, re.MULTILINE)
    assert re.search(r"^Total +3,600 +3,600 +2,400 +66\.7 % ", text, re.MULTILINE)
    assert max(map(len, lines)) > 120, "what is no terminal gets all columns"


@pytest.mark.parametrize("report", LISTINGS)
def test_listings_have_no_total(report: str) -> None:
    for format_ in ("table", "markdown"):
        assert "Total" not in harness.run(report, "-f", format_, stdin=LOG).text


def test_ids_are_shown_as_they_are() -> None:
    log = harness.log(
        "09:00 a engaged id=0012 name=1e5\n09:00 b engaged id=1_000 name=.5\n"
        "09:00 c engaged id=1.50 name=0x1F"
    )

    lines = harness.run("completion", stdin=log).text.splitlines()

    assert [line.split()[:2] for line in lines if re.search(r"\b1  ", line)][:3] == [
        ["1e5", "0012"],
        ["0x1F", "1.50"],
        [".5", "1_000"],
    ]


def test_wide_characters_keep_the_columns_straight() -> None:
    log = harness.log("09:00 a engaged id=d1 name=日本語\n09:00 b engaged id=d2 name=abc")

    lines = [
        line
        for line in harness.run("completion", stdin=log).text.splitlines()
        if " d1 " in line or " d2 " in line
    ]

    assert [3 + line.index(" d") if "日" in line else line.index(" d") for line in lines] == [
        lines[1].index(" d")
    ] * 2


def test_the_summary_begins_with_the_headline_figures() -> None:
    text = harness.run("summary", stdin=LOG).text
    head = text.split("\n\n")[1]

    assert text.startswith("Summary, 2026-11-02 (UTC)\n")
    assert [line.split("  ")[0] for line in head.splitlines()] == [
        "Sessions", "Engagement", "Completion", "Abandonment", "Otherwise", "Contacts", "Live chat",
    ]  # fmt: skip
    assert "66.7 %: 2 of 3 conversations" in head
    assert "median wait 10s" in head
    assert re.findall(r"^(Completion|Abandonment|Live chat) by \w+$", text, re.MULTILINE) == [
        "Completion", "Abandonment", "Live chat",
    ]  # fmt: skip


@pytest.mark.parametrize("format_", ["csv", "tsv", "ndjson", "parquet"])
def test_parts_of_the_summary_without_a_wanted_figure_are_left_out(format_: str) -> None:
    result = harness.run("summary", "--columns", "requests", "-f", format_, "-q", stdin=LOG)

    assert result.status == 0, result.err
    data = io.BytesIO(result.out)
    if format_ == "parquet":
        rows = pl.read_parquet(data)
    elif format_ == "ndjson":
        rows = pl.read_ndjson(data)
    else:
        rows = pl.read_csv(data, separator="," if format_ == "csv" else "\t")
    assert set(rows["metric"]) == {"requests"}
    assert rows["row"].n_unique() > 1, "the total and the agents"


@pytest.mark.looks
def test_many_rows_are_all_there() -> None:
    one = harness.log("09:00 SID triggered")
    log = b"".join(one.replace(b"SID", b"s%d" % n) for n in range(12_345))

    for format_ in ("table", "csv", "ndjson", "markdown"):
        text = harness.run("sessions", "-f", format_, "-q", stdin=log).text
        sids = [line for line in text.splitlines() if re.match(r's\d|\| s\d|\{"sid":"s\d', line)]
        assert len(sids) == 12_345, format_
    assert len(harness.report(log, "sessions")["rows"]) == 12_345


def test_formats_are_named_in_the_help() -> None:
    text = harness.run("completion", "--help").text

    assert all(name in text for name in render.load_formats())
