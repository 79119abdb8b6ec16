"""Damaged logs: what is whole in them counts, and what is not is said."""

import bz2
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import harness
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CASES = Path(__file__).parent / "cases"
BOM, NUL = b"\xef\xbb\xbf", b"\0"


def line(number: int) -> bytes:
    """Return a line with an event of its own."""
    event = {
        "event": "CONVERSATION_ENGAGED",
        "timestamp": 1_793_610_904_120 + number,
        "data": {"payload": {"sid": f"s{number}", "id": "d1"}},
    }
    return json.dumps(event).encode() + b"\n"


def lines(first: int, end: int) -> bytes:
    """Return lines with the events of a range."""
    return b"".join(map(line, range(first, end)))


def account(data: bytes) -> Any:
    """Return the `input` of a report on a log."""
    return harness.run("completion", "-f", "json", "-q", stdin=data).json["input"]


# -- compressed members and text -----------------------------------------------------------------

STREAMS = {
    "gzip, then text": gzip.compress(lines(0, 6)) + lines(6, 12),
    "text, then gzip": lines(0, 6) + gzip.compress(lines(6, 12)),
    "text, gzip, text": lines(0, 4) + gzip.compress(lines(4, 8)) + lines(8, 12),
    "members of three formats": gzip.compress(lines(0, 4))
    + bz2.compress(lines(4, 8))
    + lzma.compress(lines(8, 12)),
    "NULs behind a member": gzip.compress(lines(0, 12)) + NUL * 5000,
    "NULs between members": gzip.compress(lines(0, 6)) + NUL * 9 + gzip.compress(lines(6, 12)),
}


@pytest.mark.parametrize("name", STREAMS)
def test_members_and_text_follow_one_another(name: str) -> None:
    result = harness.run("completion", "-f", "json", stdin=STREAMS[name])

    assert (12, 12) == (result.json["input"]["records"], result.json["input"]["events"])
    assert "warning" not in result.err


def test_bytes_behind_a_member_that_are_no_text_are_ignored_and_said() -> None:
    data = gzip.compress(lines(0, 12)) + b"\1GARBAGE\2"
    result = harness.run("completion", "-f", "json", stdin=data)

    assert 12 == result.json["input"]["events"]
    assert "trailing bytes were ignored behind its gzip data" in result.err
    assert "cut off" not in result.err
    assert 3 == harness.run("completion", "--strict", stdin=data).status


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress])
def test_a_long_file_that_goes_on_compressed_is_read_to_its_end(
    packed: Any, tmp_path: Path
) -> None:
    many = 20_000
    assert len(lines(0, many)) > 2 << 20, "as long as files that are read in ranges"
    data = lines(0, many) + packed(lines(many, many + 500)) + lines(many + 500, many + 700)
    (tmp_path / "dc.log").write_bytes(data)
    result = harness.run("completion", tmp_path / "dc.log", "-f", "json")

    assert (many + 700, {}) == (
        result.json["input"]["events"],
        {reason: n for reason, n in result.json["input"]["rejected"].items() if n},
    )


def test_a_log_that_was_continued_compressed_is_ingested_once(tmp_path: Path) -> None:
    log, store = tmp_path / "dc.log", tmp_path / "store"
    for data in (lines(0, 9), lines(0, 9) + gzip.compress(lines(9, 20))):
        log.write_bytes(data)
        assert 0 == harness.run("ingest", log, "--store", store).status
    found = harness.run("completion", "--store", store, "-f", "json", "-q").json["input"]

    assert (20, 20, 0) == (found["records"], found["events"], found["duplicates"])


# -- NULs, byte order marks, lost line ends ------------------------------------------------------


@pytest.mark.parametrize("mark", [NUL, BOM, NUL * 5000, BOM + NUL, b" \t" + NUL + b"\r" + BOM])
@pytest.mark.parametrize("many", [3, 3000], ids=["line by line", "by the column"])
def test_marks_around_records_harm_none(mark: bytes, many: int) -> None:
    each = [mark + line(n) if n % 3 else line(n)[:-1] + mark + b"\n" for n in range(many)]
    found = account(b"".join(each))

    assert (many, many) == (found["records"], found["events"])


@pytest.mark.parametrize("mark", [NUL, BOM, b"\r" + NUL + b" ", NUL * (3 << 20)])
def test_lines_of_nothing_but_marks_are_blank(mark: bytes) -> None:
    found = account(line(0) + mark + b"\n" + line(1) + mark)

    assert (4, 2, 2) == (found["records"], found["events"], found["blank"])


@pytest.mark.parametrize("is_file", [False, True], ids=["pipe", "file"])
def test_megabytes_of_nuls_before_a_record_do_not_make_it_too_long(
    is_file: bool, tmp_path: Path
) -> None:
    data = NUL * (5 << 20) + lines(0, 3) + NUL * (3 << 20) + lines(3, 6)
    (tmp_path / "dc.log").write_bytes(data)
    found = (
        harness.run("completion", tmp_path / "dc.log", "-f", "json", "-q").json["input"]
        if is_file
        else account(data)
    )

    assert (6, 6) == (found["records"], found["events"])


def test_marks_in_a_text_are_a_part_of_it() -> None:
    event = json.loads(line(0))
    event["data"]["payload"]["name"] = "a\ufeffb"
    text = json.dumps(event, ensure_ascii=False).encode() + b"\n"
    (row,) = harness.run("events", "-f", "ndjson", "-q", stdin=BOM + text).ndjson

    assert "a\ufeffb" == row["conversation"]
    assert 1 == account(line(1) + text.replace(BOM, NUL))["rejected"]["invalid_json"]


def test_marks_before_what_is_over_lines_harm_none() -> None:
    pretty = b"".join(
        NUL * 9 + json.dumps(json.loads(line(n)), indent=1).encode() + b"\n" for n in range(9)
    )

    assert 9 == account(BOM + pretty)["events"]


PAIRS = {
    "nothing": b"",
    "spaces": b" \t ",
    "a comma": b" , ",
    "NULs": NUL * 4096,
    "a byte order mark": BOM,
    "a record separator": b"\x1e",
}


@pytest.mark.parametrize("between", PAIRS)
@pytest.mark.parametrize("many", [4, 2000], ids=["line by line", "by the column"])
def test_a_lost_line_end_between_records_harms_none(between: str, many: int) -> None:
    glued = line(many)[:-1] + PAIRS[between] + line(many + 1)
    data = lines(0, many) + glued + line(many + 2)
    found = account(data)
    rows = harness.run("events", "-f", "ndjson", "-q", stdin=data).ndjson

    assert (many + 3, many + 3) == (found["records"], found["events"])
    assert [many, many + 1, many + 1, many + 2] == [row["line"] for row in rows][-4:]


def test_half_a_record_takes_its_line_with_it_and_no_other() -> None:
    data = lines(0, 3) + line(3)[:-1] + line(4)[:-9] + b"\n" + lines(5, 8)
    found = account(data)

    assert (6, 1) == (found["events"], found["rejected"]["invalid_json"])


def test_what_stands_beside_a_record_on_its_line_is_counted_by_itself() -> None:
    data = lines(0, 3) + b'{"a":1}' + line(3)[:-1] + b'[{"a":1},' + line(4)[:-1] + b"]\n"
    found = account(data)

    assert (7, 5, 2) == (found["records"], found["events"], found["rejected"]["no_event"])


# -- properties ----------------------------------------------------------------------------------

GOOD = st.integers(0, 9).map(lambda n: line(n)[:-1])
AROUND = st.sampled_from([b"", NUL, BOM, NUL * 9, BOM + b" ", b"\r", b"\t" + NUL])


@pytest.mark.records
@given(st.lists(st.tuples(AROUND, GOOD, AROUND), min_size=1, max_size=9))
@settings(max_examples=40, deadline=None)
def test_marks_change_no_figure(parts: list[tuple[bytes, bytes, bytes]]) -> None:
    clean = account(b"".join(record + b"\n" for _, record, _ in parts))
    marked = account(b"".join(b"".join(part) + b"\n" for part in parts))

    assert clean == marked


def test_nuls_within_a_record_are_no_json_and_cost_their_size() -> None:
    data = b"{" + NUL * (8 << 20) + b"}\n"

    assert account(line(1) + data + line(2))["rejected"]["too_long"] == 1


# -- what strangers write ------------------------------------------------------------------------


@pytest.mark.parametrize("many", [1, 2000], ids=["line by line", "by the column"])
def test_texts_have_limits(many: int) -> None:
    long = "é" * 5000
    payload = {"id": long, "name": long, "type": long, "uiType": long, "agentID": long}
    event = json.loads(line(many))
    event |= {"page": f"https://x.example/{long}?q", "data": {"payload": {"sid": "a", **payload}}}
    other = {"event": f"other.{long}", "data": {"payload": {"sid": "a"}}}
    data = lines(0, many) + json.dumps(event).encode() + b"\n" + json.dumps(other).encode() + b"\n"
    row = harness.run("events", "-f", "ndjson", "-q", stdin=data).ndjson[-1]

    short = "é" * 511 + "…"
    names = ("conversation_id", "conversation", "type", "ui_type", "agent_id")
    assert [short] * 5 == [row[name] for name in names]
    assert ("https://x.example/" + long)[:2047] + "…" == row["page"]
    assert {("other." + long)[:127] + "…": 1} == account(data)["unknown_events"]


@pytest.mark.parametrize("sid", ["x" * 512, "é" * 256, "x" * 513, "é" * 257])
@pytest.mark.parametrize("many", [1, 2000], ids=["line by line", "by the column"])
def test_a_sid_has_512_bytes_at_most(sid: str, many: int) -> None:
    event = json.loads(line(many))
    event["data"]["payload"]["sid"] = sid
    data = lines(0, many) + json.dumps(event, ensure_ascii=False).encode() + b"\n"
    found = account(data)
    is_too_long = len(sid.encode()) > 512

    assert (many + (not is_too_long), int(is_too_long)) == (
        found["events"],
        found["rejected"]["too_long"],
    )


@pytest.mark.parametrize("many", [1, 2000], ids=["line by line", "by the column"])
def test_numbers_that_are_equal_are_one_session_and_one_id(many: int) -> None:
    def spelled(sid: str, number: str) -> bytes:
        return (
            b'{"event":"CONVERSATION_ENGAGED","timestamp":1793610904120,'
            b'"data":{"payload":{"sid":%s,"id":%s}}}\n' % (sid.encode(), number.encode())
        )

    spellings = [("7.0", "1e2"), ("7.00", "100.0"), ("7", "100"), ("70e-1", "1000E-1")]
    data = b"".join(spelled(*each) for each in spellings)
    data += b"".join(spelled(str(n + 10), "100") for n in range(many))
    rows = harness.run("sessions", "-f", "ndjson", "-q", stdin=data).ndjson

    assert many + 1 == len(rows)
    assert 1 == len(harness.run("completion", "-f", "ndjson", "-q", stdin=data).ndjson)


@pytest.mark.parametrize("time", ['"1970-01-01T00:00:00Z"', "0", '"0001-01-01T00:00:00Z"', "-1"])
@pytest.mark.parametrize("many", [3, 2000], ids=["line by line", "by the column"])
def test_an_ancient_event_makes_no_rows_of_days(time: str, many: int) -> None:
    odd = line(many).replace(b"1793610904%d" % (120 + many), time.encode())
    odd = odd if b'"timestamp": 179' not in odd else _replace_time(odd, time)
    log = lines(0, many) + odd
    report = harness.run("completion", "--by", "day", "-f", "json", "-v", stdin=log)

    assert 2 == len(report.json["rows"])
    found = report.json["input"]
    assert (many + 1, 1, 1, 0) == tuple(
        found[key] for key in ("events", "untimed", "ancient", "future")
    )
    assert "1 event without a usable timestamp, 1 of them before 2015" in report.err


def _replace_time(data: bytes, time: str) -> bytes:
    head, _, rest = data.partition(b'"timestamp": ')
    return head + b'"timestamp": ' + time.encode() + rest[rest.index(b",") :]


def test_alerts_and_check_know_ancient_timestamps(tmp_path: Path) -> None:
    data = lines(0, 3) + _replace_time(line(3), "0")
    log, store = tmp_path / "dc.log", tmp_path / "store"
    log.write_bytes(data)
    check = harness.run("check", log, "--fail-if", "ancient > 0", "-f", "json")

    assert 4 == check.status
    assert "ancient" in check.json["findings"]
    assert 0.25 == check.json["ancient_share"]
    assert [{"file": str(log), "line": 4, "form": "ancient"}] == check.json["untimed_lines"]
    explained = harness.run("explain", "s3", log, "-f", "json", "-q").json
    assert explained["sessions"][0]["events"][0]["ancient"] is True
    assert "before 2015" in harness.run("explain", "s3", log).text
    assert 0 == harness.run("ingest", log, "--store", store).status
    assert 1 == harness.run("completion", "--store", store, "-f", "json").json["input"]["ancient"]


# -- damaged files that 0.1.0 fell short on: twelve events in three sessions ---------------------


DAMAGED = sorted(
    path for number in (41, 43, 44, 48, 55, 56, 81, 196, 197) for path in CASES.glob(f"{number}-*")
)


@pytest.mark.parametrize("path", DAMAGED, ids=lambda path: path.name)
def test_a_damaged_log_has_all_its_twelve_events(path: Path) -> None:
    summary = harness.run("summary", path, "-f", "json", "-q").json["reports"]
    completion, abandonment, chats = (report["total"] for report in summary)
    account = summary[0]["input"]

    assert (account["events"], account["untimed"], completion["sessions"]) == (12, 0, 3)
    assert (completion["completed"], completion["median_seconds_to_complete"]) == (1, 60)
    assert (abandonment["closed"], abandonment["median_seconds_to_abandon"]) == (1, 40)
    assert (chats["accepted"], chats["median_wait_seconds"]) == (1, 30)
    assert chats["median_chat_seconds"] == 300


@pytest.mark.parametrize("name", ["150-epoch0.ndjson", "151-year1.ndjson"])
def test_a_time_before_dynamic_chat_makes_no_days(name: str) -> None:
    report = harness.run("completion", CASES / name, "--by", "day", "-f", "json", "-q").json

    assert (report["input"]["ancient"], len(report["rows"]) < 4) == (1, True)
