"""Rows of CSV: the package and the model on golden cases, and on texts that hypothesis makes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import harness
import model
import pytest
import reading_cases
from choosing import try_examples
from hypothesis import assume, given
from hypothesis import strategies as st
from model import rows
from model.record import Judge, Settings
from reading_cases import CLOCK_MS, Case
from row_reading import EVENT, read_rows, tell_model, tell_pieces, tell_records, texts, to_bytes

from dcevents.native import load_library
from dcevents.reading.judge import Context
from dcevents.reading.records import RecordReader
from dcevents.reading.rows import cells, native, splitting, table_reading
from dcevents.reading.rows.forms import RowForm
from dcevents.reading.rows.headers import find_header, search_table
from dcevents.reading.rows.native import NativeRows
from dcevents.reading.rows.splitting import SplitRows, split_rows
from dcevents.reading.rows.table_search import NO_TABLE
from dcevents.reading.sources import sizes

CONTEXT = Context(clock_ms=CLOCK_MS)
MODEL_JUDGE = Judge(Settings(CLOCK_MS))
CASES = reading_cases.load_cases("rows.toml")


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_the_model_reads_the_case(case: Case) -> None:
    read = model.read_log(case.data, CLOCK_MS)

    found = [
        reading_cases.describe(record, expected)
        for record, expected in zip(read.records, case.expected, strict=False)
    ]
    assert [reading_cases.plain(expected) for expected in case.expected] == found
    assert len(case.expected) == len(read.records)


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_the_package_reads_the_case_as_the_model(case: Case) -> None:
    records = read_rows(case.data, CONTEXT)

    is_table = not any(each.endswith("invalid_json") for each in case.expected)
    assert is_table == (records is not None)
    if records is not None:
        assert tell_model(model.read_log(case.data, CLOCK_MS)) == tell_records(records)


# --- Texts that hypothesis makes -------------------------------------------------------------


@try_examples(30)
@given(texts)
def test_any_text_is_read_as_by_the_model(text: str) -> None:
    data = to_bytes(text)

    records = read_rows(data, CONTEXT)

    pieces = rows.frame_rows(data, MODEL_JUDGE)
    assert (pieces is None) == (records is None)
    if pieces is not None and records is not None:
        assert tell_pieces(pieces, CONTEXT) == tell_records(records)


@try_examples(20)
@given(texts, st.lists(st.integers(0, 2000), max_size=6))
def test_pieces_make_no_difference(text: str, cuts: list[int]) -> None:
    data = to_bytes(text)
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    pieces = [data[begin:end] for begin, end in pairwise([0, *ends])]

    assert read_rows(data, CONTEXT) == read_rows(data, CONTEXT, pieces)


@try_examples(30)
@given(texts, st.integers(0, 3))
def test_rows_in_c_are_those_of_python(text: str, before: int) -> None:
    data = to_bytes(text)
    table = find_header(data)
    assume(table is not None)
    assert table is not None
    rows_of = data[table.size :]
    cut = rows_of[min(before, rows_of.count(b"\n")) :]

    assert split_by_python(cut, table.form) == split_by_c(cut, table.form)


# --- Rows within quotes that are longer than they may be ---------------------------------------

OPENING_LINES = ('a","b\n', '"\n', 'x"y\n', "a,b\n", '""\n', '","\n', 'a"\r\r\n', '"a","é\n', "\n")
quoted_lines = st.lists(st.sampled_from(OPENING_LINES), max_size=24).map("".join)


@try_examples(40)
@given(quoted_lines, st.integers(4, 60), st.integers(0, 30))
def test_long_rows_in_c_are_those_of_python(text: str, limit: int, more: int) -> None:
    form = RowForm(",", ("event", "sid"))

    with limit_rows(limit):
        by_python = split_by_python(to_bytes(text), form, more)
        by_c = split_by_c(to_bytes(text), form, more)

    assert by_python == by_c


@try_examples(40)
@given(st.one_of(quoted_lines.map(lambda text: f"event,sid\n{text}"), texts), st.integers(20, 60))
def test_long_rows_are_read_as_by_the_model(text: str, limit: int) -> None:
    data = to_bytes(text)

    with limit_rows(limit):
        records = read_rows(data, CONTEXT)
        pieces = rows.frame_rows(data, MODEL_JUDGE)

    if pieces is not None and records is not None:
        assert tell_pieces(pieces, CONTEXT) == tell_records(records)


@pytest.mark.parametrize("last", ["", 'x"y\n', '"\n', "CONVERSATION_ENGAGED,s1\n"])
def test_no_line_is_walked_for_each_row_before_it(last: str) -> None:
    text = 'a","b\n' * 400 + last
    form = RowForm(",", ("event", "sid"))
    with mock.patch.object(cells, "split_cells", wraps=cells.split_cells) as split:
        splitting.split_rows(text.encode(), form, find_last_event=lambda rows: len(rows) - 1)

    assert split.call_count <= 8 * 400


@contextmanager
def limit_rows(size: int) -> Iterator[None]:
    """Have rows be too long that have more bytes."""
    with ExitStack() as patches:
        for module in (splitting, native, table_reading):
            patches.enter_context(mock.patch.object(module, "MAX_RECORD_BYTES", size))
        patches.enter_context(mock.patch.object(rows, "MIB", size))
        yield


def split_by_python(data: bytes, form: RowForm, more: int = 0) -> tuple[Any, ...]:
    return tell_rows(split_rows(data, form, more_bytes=more))


def split_by_c(data: bytes, form: RowForm, more: int = 0) -> tuple[Any, ...]:
    library = load_library()
    native_rows = NativeRows(library, form) if library else None
    return tell_rows(split_rows(data, form, more_bytes=more, native=native_rows))


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 100_000])
def test_rows_that_find_no_room_are_written_by_python(size: int) -> None:
    rows_of = (b'CONVERSATION_ENGAGED,"' + b"\x01" * size + b'"\n') * 3
    form = RowForm(",", ("event", "sid"))
    library = load_library()

    found = split_rows(rows_of, form, native=NativeRows(library, form) if library else None)

    assert [{"event": "CONVERSATION_ENGAGED", "sid": "\x01" * size}] * 3 == tell_rows(found)[0]


def tell_rows(found: SplitRows) -> tuple[Any, ...]:
    """Return all that splitting has found."""
    objects = [json.loads(line) for line in b"".join(found.objects).splitlines()]
    blank = sum(row.bucket == "blank" for row in found.odd) + found.blank
    odd = [row for row in (*found.odd, *found.list_rejects()) if row.bucket != "blank"]
    return objects, found.lines.tolist(), blank, sorted(odd), found.open_line


# --- What is no CSV --------------------------------------------------------------------------

LOGS = [
    path
    for folder in ("sample_logs/site", "sample_logs/envelopes", "tests/reading/cases")
    for path in sorted((harness.ROOT / folder).iterdir())
    if path.is_file() and not path.stem.startswith(("real-psql", "real-sqlite", "real-pandas"))
    if path.stem.removeprefix("real-mariadb-") not in {"batch", "columns", "raw"}
]


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name)
def test_a_log_of_lines_is_no_csv(path: Path) -> None:
    head = path.read_bytes()[: sizes.TAIL_BYTES]

    assert NO_TABLE == search_table(head, CONTEXT, is_whole=True)


FIRST_LINES = (
    *("Server started", "Hello, you", "INFO\tstarted", "time,level,message", "event,sid", "a;b"),
    *("event|sid|message", "message", "time\tmessage", "# Fields: date,time,event,sid", "x,y,z"),
)
PREFIXES = (
    *("", "INFO ", "2025-11-03 09:00:05,120 INFO app: ", "INFO\t", "a,b,", "x;", "|", "time\tdc\t"),
    *('"app" ', "[12] dc: ", "event,sid "),
)


@pytest.mark.parametrize("first", FIRST_LINES)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_event_of_lines_is_lost_behind_a_line_like_a_header(first: str, prefix: str) -> None:
    data = f"{first}\n{prefix}{EVENT}\n{prefix}{EVENT}\n".encode()
    reader = RecordReader(CONTEXT)

    records = read_rows(data, CONTEXT)
    of_lines = [*reader.feed(data), *reader.finish()]

    found = of_lines if records is None else records
    assert [each.line for each in of_lines if each.event] == [
        each.line for each in found if each.event
    ]
