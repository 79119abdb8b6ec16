"""Golden cases, each with its reason; and costs that a stranger can cause."""

import os
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from framed import EVENT, has_event, read

from dcevents.reading.framing import FramedRecord
from dcevents.reading.framing.reader import Framing
from dcevents.reading.judge.keys import is_body_key
from dcevents.reading.sources.members import Members

pytestmark = pytest.mark.records

CASES = tomllib.loads(
    Path(__file__).with_name("golden").joinpath("framing.toml").read_text(encoding="utf-8")
)["case"]
SHARED = Path(__file__).parent / "cases"
MIB = 1 << 20
LONG_SCALARS = (b'"' + b"x" * 61 + b'",') * (MIB // 32)
E1 = (EVENT % "a").encode()


def spell(record: FramedRecord) -> str:
    """Return a record as the cases write it."""
    index = f"[{record.index}]" if record.index else ""
    words = [f"{record.line}{index}", str(record.bucket or "''")]
    if record.value is not None:
        words.append(record.raw.decode().replace(EVENT % "a", "EVENT"))
    if record.prefix and record.bucket is None:
        words.append(f"'{record.prefix}'".replace(EVENT % "a", "EVENT"))
    return " ".join(words)


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_golden_case(case: dict[str, Any]) -> None:
    data = case["input"].replace("EVENT", EVENT % "a").encode()
    data = data.removeprefix(b"\n") if data.startswith((b"\n2025", b'\n{"log"')) else data
    assert case["records"] == [spell(record) for record in read(data)[0]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1,"a":2}', {"a": "1"}),
        ('{"a":0012e400,"b":12345678901234567890}', None),
        ('{"a":12345678901234567890.50e+7}', {"a": "12345678901234567890.50e+7"}),
        (r'{"a":"\ud83d\ude00 \ud83d x \\ud83d"}', {"a": "\U0001f600 \ufffd x \\ud83d"}),
        ('{"a":' * 511 + "{}" + "}" * 511, ...),
        ('{"a":' * 512 + "{}" + "}" * 512, None),
        ("[" * 100_000, None),
    ],
    ids=["equal keys", "no number", "spelling", "surrogates", "512 levels", "513 levels", "deep"],
)
def test_values_are_read_strictly(text: str, value: Any) -> None:
    (record,) = read(text.encode() + b"\nx\n")[0][:1]
    assert (record.bucket == "invalid_json") == (value is None)
    if value is not ... and value is not None:
        assert record.value == value


def test_a_line_that_is_no_utf8_is_rejected_alone() -> None:
    records, _ = read(E1 + b'\n{"a":"\xfc"}\n{"a":\n"\xe4"}\n' + E1 + b'\n{"a":"\xc3')
    assert [spell(record)[:14] for record in records] == [
        "1 '' EVENT", "2 invalid_utf8", "3 invalid_json", "4 invalid_utf8", "5 '' EVENT",
        "6 incomplete",
    ]  # fmt: skip


def wrap(size: int) -> bytes:
    """Return a JSON object of so many bytes."""
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (wrap(MIB), ["1 ''"]),
        (wrap(MIB + 1), ["1 too_long"]),
        (b"[" + wrap(MIB + 1) + b"," + E1 + b"]", ["1[1] too_long", "1[2] ''"]),
        (E1 + b"," + wrap(MIB + 1) + b"," + E1, ["1[1] ''", "1[2] too_long", "1[3] ''"]),
        (b"[" + b",".join([E1] * 20_000) + b"]", [f"1[{n}] ''" for n in range(1, 20_001)]),
        (b"\0" * (3 * MIB) + E1, ["1 ''"]),
        (b"\0" * (3 * MIB), ["1 blank"]),
        (b"[" + LONG_SCALARS + b"1]", ["1 too_long"]),
        (b"[" + LONG_SCALARS + E1 + b"]", ["1 ''"]),
        (b"x" * (MIB + 1) + E1, ["1 too_long"]),
        (b'{"a":\n"' + b"x" * MIB + b'"}', ["1 too_long", "2 too_long"]),
        (E1 + b" " * 2 * MIB, ["1 ''"]),
        (b'{"a":"' + b"\\u0041" * MIB, ["1 too_long"]),
    ],
    ids=["1 MiB", "1 MiB and a byte", "a member", "between values", "array of any length",
         "NULs before", "NULs", "scalars", "scalars, then an object", "a long prefix",
         "over lines", "spaces behind", "cut off"],
)  # fmt: skip
def test_long_records(data: bytes, expected: list[str]) -> None:
    records, _ = read(data + b"\n" + E1 + b"\n", step=300_007)
    assert [*expected, "2 ''" if expected[-1][0] == "1" else "3 ''"] == [
        " ".join(spell(record).split(" ")[:2]) for record in records
    ]


EXPORTS = {
    "on one line": (b'{"host":"h","results":[', b",", b'],"more":1}'),
    "over lines": (b'{\n"host":"h",\n"results":[\n', b",\n", b']\n,"more":1}'),
    "nested": (b'{"a":[{"host":"h","b":[{"c":[', b",", b"]}]}]}"),
}


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("step", [70_001, 1 << 24])
def test_lists_in_an_object_may_be_of_any_length(name: str, step: int) -> None:
    begin, comma, end = EXPORTS[name]
    members = [b'{\n"n":%d,"x":"%s"}' % (n, b"y" * 900) for n in range(3000)]
    if name != "over lines":
        members = [member.replace(b"\n", b"") for member in members]
    data = begin + comma.join(members) + end + b"\n" + E1 + b"\n"
    records, _ = read(data, step=step)
    assert len(records) == len(members) + 1
    for record, member in zip(records, members, strict=False):
        assert data[record.start : record.end] == member
        assert b'"host":"h"' in record.raw
        assert record.raw.count(b'"n":') == 1
        assert record.bucket is None
    assert records[-1].raw == E1
    assert records[-1].line == data.count(b"\n")


def test_a_long_object_that_is_cut_off_keeps_its_whole_members() -> None:
    member = b'{"n":1,"x":"%s"}' % (b"y" * 900)
    data = b'{"results":[' + b",".join([member] * 3000)
    records, resume = read(data + b',{"n":')
    assert [record.bucket for record in records] == [None] * 3000 + ["incomplete"]
    assert resume.offset == 0


def test_a_broken_long_object_costs_the_line_on_which_it_breaks() -> None:
    member = b'{"n":1,"x":"%s"}' % (b"y" * 900)
    data = b'{"results":[\n' + b",\n".join([member] * 3000) + b",\nx\n" + E1 + b"\n"
    buckets = [record.bucket for record in read(data)[0]]
    assert buckets == [None] * 3000 + ["too_long", None]


def test_a_character_that_is_cut_off_costs_no_event_before_it() -> None:
    records, _ = read(b"[" + E1 + b"[{" + E1 + b"\xc3")
    assert [(record.bucket, record.raw) for record in records] == [(None, E1)] * 2


def _flood() -> Iterator[tuple[str, bytes]]:
    yield "braces", b"{}\n" * 25_000
    yield "braces on one line", b"{}" * 25_000
    yield "open braces", b"{\n" * 25_000
    yield "open arrays", b"[\n" * 25_000
    yield "an open brace flood on one line", b"{" * 120_000 + b"\n"
    yield "an open bracket flood on one line", b"[" * 120_000 + b"\n"
    yield "nested members over lines", b'{"a":\n' * 15_000
    yield "nested arrays of scalars", b"[1,\n" * 15_000
    yield "a broken value over many lines", b'{"a":[\n' + b'{"b":1},\n' * 15_000 + b"x\n"
    yield "many broken values over many lines", b'{"a":[\n' * 500 + b'{"b":1},\n' * 15_000 + b"x\n"
    yield "values over lines, none whole", b'{"a":1,\n"b":{\n"c":2\n},\n' * 5_000
    yield "lists over lines, none whole", b'{"a":[\n' * 250 + b'{"b":"' + b"x" * MIB + b'"}\n'
    yield "long members in one another", b'{"a":[' * 250 + b"[" + LONG_SCALARS + b"\n"
    yield "places", b'x {"a":[{"b":[{"c":[{"d":[' * 5_000 + b"\n"
    yield "quotes", b'x "' + b'\\"' * 120_000 + b"\n"
    yield "a word", b"x" * 120_000 + b"\n"
    yield "backslashes", b'{"a":"' + b"\\" * 250_001 + b"\n"
    yield "parts without an end", b"2025-11-03T09:00:00Z stdout P x\n" * 5_000
    yield "events behind a prefix", b'x":1},' + b",".join([E1] * 6_000) + b',{"a":bad}\n'
    yield "events behind prefixes", (b"x " + E1) * 6_000 + b"\n"


@pytest.mark.parametrize(("data"), [pytest.param(d, id=name) for name, d in _flood()])
def test_costs_are_linear(data: bytes) -> None:
    begin = time.process_time()
    read(data, step=1 << 16)
    # Quadratic, most of these would take minutes; linear, about a second.
    assert time.process_time() - begin < 8


def test_memory_does_not_grow_with_an_array() -> None:
    framing, largest = Framing(has_event, is_body_key=is_body_key), 0
    framing.feed(b"[" + E1)
    for _ in range(20):
        framing.feed((b"," + E1) * 2000)
        largest = max(largest, framing._buffer.end - framing._buffer._begin)
    assert largest <= 2 * MIB


SHARED_NAMES = [
    "01-canonical.ndjson", "41-nul-gap-same-line.ndjson", "43-nul-after-newline-each.ndjson",
    "44-gz-trailing-garbage.ndjson.gz", "48-gz-then-plain.ndjson.gz", "55-bom-mid.ndjson",
    "56-bom-each.ndjson", "70-console-chrome.log", "71-console-vm.log", "81-glued.ndjson",
    "116-heroku.log", "117-pm2.log", "118-pm2-ts.log", "119-log4j.log", "120-python-logging.log",
    "121-laravel.log", "122-apache-error.log", "196-cat-gz-plain.bin", "197-cat-plain-gz.bin",
    "29-haproxy-logfmt.log",
]  # fmt: skip


@pytest.mark.parametrize("name", SHARED_NAMES)
def test_shared_cases_hold_twelve_records(name: str) -> None:
    members = Members()
    raw = (SHARED / name).read_bytes()
    records, _ = read(b"".join([*members.feed(raw), *members.finish()]))
    events = [record for record in records if not record.bucket]
    assert len(events) == 12
    assert all(record.bucket in {None, "blank"} for record in records)
    assert all(has_event(record.value) for record in events)


@pytest.mark.parametrize("name", sorted(os.listdir(SHARED / "crash")))
def test_crash_cases_are_sound(name: str) -> None:
    records, _ = read((SHARED / "crash" / name).read_bytes())
    assert records
    assert not any(record.bucket for record in records)
