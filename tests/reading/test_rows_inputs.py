"""CSV as inputs: in small blocks, as they grow, compressed, in folders, on standard input."""

from __future__ import annotations

import contextlib
import csv
import gzip
import importlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import harness
import model
import polars as pl
import pytest
import reading_cases
from choosing import try_examples
from hypothesis import assume, given
from hypothesis import strategies as st
from reading_cases import CLOCK_MS, Case
from row_reading import texts, to_bytes, write_rows

from dcevents.model.vocabulary import Vocabulary
from dcevents.reading import scanning
from dcevents.reading.judge import Context
from dcevents.reading.log import Log, read_growing_log, read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.rows import table_reading
from dcevents.reading.rows.headers import search_table
from dcevents.reading.scanner import PureScanner
from dcevents.reading.sources import frames, sizes
from dcevents.reading.sources.inputs import Input, Resume

CASES = reading_cases.load_cases("rows.toml")
TWELVE = Path(__file__).parent / "cases" / "01-canonical.ndjson"
KEYS = ("name", "id", "type", "uiType", "sid", "agentID", "agentName")
CONTEXT = Context(clock_ms=CLOCK_MS)
SETTINGS = ReadSettings(CLOCK_MS, in_full=True)


def make_input(path: Path, resume: Resume | None = None) -> Input:
    status = path.stat()
    return Input("x", path, status.st_size, (status.st_dev, status.st_ino), resume)


def in_blocks(size: int) -> Any:
    return mock.patch.multiple(sizes, BLOCK_BYTES=size, FIRST_BLOCK_BYTES=size)


def read(path: Path, *, is_pure: bool = False, block_bytes: int = 1 << 20) -> Any:
    """Return all that a log says, in Python only if it `is_pure`."""
    rejects: list[Any] = []
    with in_blocks(block_bytes), contextlib.ExitStack() as stack:
        if is_pure:
            for module, name, value in (
                (scanning, "make_scanner", PureScanner()),
                (table_reading, "make_native_rows", None),
            ):
                stack.enter_context(mock.patch.object(module, name, return_value=value))
        log = read_log(
            scanning.Scanning([make_input(path)], SETTINGS, lambda _: None),
            Vocabulary(),
            keep_reject=lambda place, raw: rejects.append((place, raw)),
        )
    return describe(log), rejects


def describe(log: Log) -> Any:
    """Return what a log says, sessions by their sids."""
    log.count_events()
    account = {**vars(log.account), "tally": {k: n for k, n in log.account.tally.items() if n}}
    assert log.located is not None
    sids = log.facts.look_up_sids(log.located["sid"]).to_list()
    attributes = log.facts.vocabulary.list_attributes()
    rows = [
        (sid, attributes[row.pop("attributes")], row | {"sid": None})
        for sid, row in zip(sids, log.located.iter_rows(named=True), strict=True)
    ]
    return account, rows, log.envelopes


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_a_case_in_small_blocks_by_either_scanner(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(case.data)

    found = read(path)

    if len(case.data) < 1 << 16:
        assert found == read(path, block_bytes=20)
    assert found == read(path, is_pure=True)
    expected = model.read_log(case.data, CLOCK_MS)
    tally = Counter(record.reason or record.bucket for record in expected.records)
    tally["event"] = tally.pop("events", 0) + tally.pop("duplicates", 0)
    assert {name: n for name, n in tally.items() if n} == found[0][0]["tally"]


@try_examples(20)
@given(texts, st.sampled_from([10, 60, 300]))
def test_any_text_in_small_blocks_by_either_scanner(
    tmp_path_factory: pytest.TempPathFactory, text: str, block_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("logs") / "x"
    path.write_bytes(to_bytes(text))

    assert read(path) == read(path, is_pure=True, block_bytes=block_bytes)


@try_examples(20)
@given(texts, st.floats(0, 1), st.sampled_from([10, 60, 1 << 20]))
def test_a_growing_csv_is_read_on_as_if_at_once(
    tmp_path_factory: pytest.TempPathFactory, text: str, cut: float, block_bytes: int
) -> None:
    """While an input grows, a last line without its end does not show that it is a CSV."""
    path, data = tmp_path_factory.mktemp("logs") / "x", to_bytes(text)
    kinds = [search_table(data, CONTEXT, is_whole=each).table for each in (True, False)]
    assume(kinds[0] == kinds[1])
    rows, tally, resume = [], Counter[str](), Resume()
    with in_blocks(block_bytes):
        for size in (int(cut * len(data)), len(data)):
            path.write_bytes(data[:size])
            log = read_growing_log(make_input(path, resume), SETTINGS, Vocabulary(), lambda _: None)
            rows += describe(log.sure)[1]
            tally += log.sure.account.tally
            extent = log.sure.inputs[0].extent
            if extent.head:
                assert extent.end + extent.rest_bytes == size
                resume = Resume(extent.resume, head=extent.head, tail=extent.tail)
    tally += log.rest.account.tally
    (account, expected, _), _ = read(path)

    assert (account["tally"], expected) == (+tally, rows + describe(log.rest)[1])


# --- The program -----------------------------------------------------------------------------


def list_events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in TWELVE.read_text(encoding="utf-8").splitlines()]


def write_columns(delimiter: str = ",", **form: Any) -> bytes:
    """Return the twelve events with Adobe's keys as columns."""
    rows = [["Timestamp", "Event", "Page", *KEYS]]
    for event in list_events():
        payload = event["data"]["payload"]
        times = [event["timestamp"], event["event"], event.get("page", "")]
        rows.append([*times, *(payload.get(key, "") for key in KEYS)])
    return write_rows(rows, delimiter, **form)


def write_column_of_json(name: str, delimiter: str = ",", **form: Any) -> bytes:
    """Return the twelve events as JSON in a column, between those of a collector."""
    rows = [["@timestamp", name, "@logStream", "message_id"]]
    for number, event in enumerate(list_events()):
        rows.append(["2025-11-04 01:02:03.000", json.dumps(event), "web/1", str(number)])
    return write_rows(rows, delimiter, **form)


EXPORTS = {
    "columns": write_columns(),
    "spreadsheet": b"\xef\xbb\xbf" + write_columns(";"),
    "sep": b"sep=;\r\n" + write_columns(";"),
    "tsv": write_columns("\t", lineterminator="\n"),
    "pipes": write_columns("|"),
    "all quoted": write_columns(quoting=csv.QUOTE_ALL),
    "logs insights": write_column_of_json("@message"),
    "splunk": write_column_of_json("_raw", quoting=csv.QUOTE_ALL),
    "any name": write_column_of_json("Was", ";"),
    "psql without quotes": write_column_of_json(
        "payload", "\t", quoting=csv.QUOTE_NONE, quotechar=None
    ),
    "compressed": gzip.compress(write_columns()),
}


def figures(*arguments: Any, **more: Any) -> Any:
    result = harness.run("summary", *arguments, "-f", "json", "-q", **more)
    assert result.status == 0, result.err
    return [(each["rows"], each["total"]) for each in result.json["reports"]]


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_says_what_the_log_says(name: str, tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_bytes(EXPORTS[name])

    (account, rows, _), rejects = read(path)

    assert ({"event": 12}, 0, []) == (account["tally"], account["untimed"], rejects)
    says = [(sid, attributes, row["ts"]) for sid, attributes, row in rows]
    assert says == [(sid, attributes, row["ts"]) for sid, attributes, row in read(TWELVE)[0][1]]


def test_standard_input_may_be_an_export() -> None:
    assert figures(TWELVE) == figures("-", stdin=EXPORTS["spreadsheet"])


@pytest.mark.parametrize("name", ["columns", "psql without quotes"])
def test_a_map_that_was_recognised_gives_the_same_figures(name: str, tmp_path: Path) -> None:
    path, config = tmp_path / "export", tmp_path / "map.toml"
    path.write_bytes(EXPORTS[name])

    config.write_bytes(harness.run("check", path, "--show-map", "-q").out)

    assert figures(path) == figures(path, "--config", config)


@pytest.mark.parametrize(("name", "shape"), [("tsv", "flat"), ("splunk", "other keys")])
def test_it_is_said_that_records_are_rows(name: str, shape: str, tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_bytes(EXPORTS[name])

    checked = harness.run("check", path, "-f", "json")

    assert f"dcevents: read as: {shape} in rows of CSV" in checked.err
    assert [(True, 12)] == [(each["row"], each["records"]) for each in checked.json["envelopes"]]
    assert f"12 records: {shape} in rows of CSV" in harness.run("check", path, "-q").text


def test_a_folder_has_exports_by_their_content(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(EXPORTS["columns"])
    (tmp_path / "b.csv").write_bytes(b"name,mail\nx,y\n")
    listing = harness.run("events", TWELVE, "-f", "csv", "-q").out
    (tmp_path / "c.csv").write_bytes(listing)

    found = harness.run("check", tmp_path, "-f", "json")

    assert 12 == found.json["input"]["records"]
    assert [("b.csv", "no log by name or content"), ("c.csv", "a report of dcevents")] == [
        (Path(each["file"]).name, each["reason"]) for each in found.json["passed_over"]
    ]


def test_a_listing_of_events_is_read_where_it_is_named() -> None:
    listing = harness.run("events", TWELVE, "-f", "csv", "-q").out

    account = harness.report(listing, "check")["input"]

    assert (12, 12, 0) == (account["records"], account["events"], account["untimed"])


def test_events_have_the_line_on_which_their_row_begins(tmp_path: Path) -> None:
    data = b'event,name,sid\nCONVERSATION_ENGAGED,"a\nb",s1\n\nCONVERSATION_CLOSED,,s1\n'
    path = tmp_path / "x"
    path.write_bytes(data)

    rows = harness.run("events", path, "-f", "ndjson", "-q").ndjson
    explained = harness.run("explain", "s1", path, "-q").text

    assert [2, 5] == [row["line"] for row in rows]
    assert f"{path}:2" in explained or "x:2" in explained


def test_rejected_rows_are_kept_as_they_are(tmp_path: Path) -> None:
    data = (
        b'event,sid\nCONVERSATION_ENGAGED,s1\nCONVERSATION_ENGAGED,"a\nb",c\n'
        b'x,"y" z\nCONVERSATION_CLOSED,\n\xff,s1\n'
    )
    rejects = tmp_path / "rejects"

    harness.run("check", "-", "--rejects", rejects, "-q", stdin=data)

    rows = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [
        (3, "invalid_row", 'CONVERSATION_ENGAGED,"a\nb",c'),
        (5, "invalid_row", 'x,"y" z'),
        (6, "no_sid", "CONVERSATION_CLOSED,"),
        (7, "invalid_utf8", None),
    ] == [(row["line"], row["reason"], row.get("raw")) for row in rows]


def test_a_store_reads_an_export_on_as_it_grows(tmp_path: Path) -> None:
    path, store = tmp_path / "dc.log", tmp_path / "store"
    data = write_columns(lineterminator="\n")
    for size in (5, 200, 501, len(data)):
        path.write_bytes(data[:size])
        harness.run("ingest", path, "--store", store, "-q")

    assert figures(TWELVE) == figures("--store", store)
    account = harness.run("check", "--store", store, "-f", "json", "-q").json["input"]
    assert (12, 12) == (account["records"], account["events"])


# --- Parquet files and workbooks -------------------------------------------------------------


def make_frame() -> pl.DataFrame:
    """Return the twelve events, a row each."""
    return pl.DataFrame(
        [
            {"timestamp": event["timestamp"], "event": event["event"], "page": event.get("page")}
            | {key: event["data"]["payload"].get(key) for key in KEYS}
            for event in list_events()
        ]
    )


def write_parquet(path: Path) -> None:
    times = pl.col("timestamp").str.to_datetime(time_zone="UTC")
    make_frame().with_columns(times, raw=pl.lit(b"\xff")).write_parquet(path)


def write_nested_parquet(path: Path) -> None:
    rows = [
        {"insertId": str(number), "jsonPayload": row} for number, row in enumerate(list_events())
    ]
    pl.DataFrame(rows).write_parquet(path)


def write_workbook(path: Path) -> None:
    times = pl.col("timestamp").str.to_datetime(time_zone="UTC").dt.replace_time_zone(None)
    with importlib.import_module("xlsxwriter").Workbook(path) as book:
        pl.DataFrame({"made by": ["someone"]}).write_excel(book, worksheet="About")
        make_frame().with_columns(times).write_excel(book, worksheet="Export")


@pytest.mark.parametrize("write", [write_parquet, write_nested_parquet, write_workbook])
def test_a_file_of_rows_says_what_the_log_says(write: Any, tmp_path: Path) -> None:
    path = tmp_path / "export"
    write(path)

    account = harness.run("check", path, "-f", "json", "-q").json["input"]

    assert (12, 12, 0) == (account["records"], account["events"], account["untimed"])
    assert figures(TWELVE) == figures(path)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (write_parquet, "a Parquet file, which reports read from a file"),
        (write_workbook, "an Excel workbook, which is read from a file"),
    ],
)
def test_a_file_of_rows_is_neither_piped_nor_ingested(
    write: Any, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "export"
    write(path)

    piped = harness.run("summary", "-", stdin=path.read_bytes())
    ingested = harness.run("ingest", path, "--store", tmp_path / "store")

    assert f"standard input: it is {said}" in piped.err
    assert f"{path}: it is {said}" in ingested.err


def test_a_workbook_without_the_extra_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "export"
    write_workbook(path)
    monkeypatch.setattr(frames, "find_spec", lambda _: None)

    result = harness.run("summary", path)

    assert (3, 1) == (result.status, result.err.count("\n"))
    assert "pip install 'dcevents[excel]'; or save its sheet as CSV" in result.err


@pytest.mark.parametrize("write", [write_parquet, write_workbook])
def test_a_file_of_rows_that_is_damaged_is_refused(write: Any, tmp_path: Path) -> None:
    path = tmp_path / "export"
    write(path)
    path.write_bytes(path.read_bytes()[:-100])

    result = harness.run("summary", path)

    assert (3, 1) == (result.status, result.err.count("\n"))
    assert re.search(r": it is an? [\w ]+ that cannot be read: ", result.err)
