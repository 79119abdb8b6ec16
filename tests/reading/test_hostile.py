"""Rubbish and malice in a log: every line accounted for, good lines unharmed,
text back to the character.
"""

import csv
import gc
import gzip
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import choose_some, try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents.errors import Terminated
from dcevents.reading import scanning
from dcevents.reading.json_value import decode
from dcevents.reading.judge.timestamps import parse_timestamp
from dcevents.reading.records import has_event
from dcevents.reading.sources import sizes
from dcevents.reading.timestamps import LAST_MS

GOOD = harness.log(
    """
09:00:00 a triggered name=Pricing
09:00:10 a engaged name=Pricing
09:00:20 a input_email
09:01:00 a completed
09:02:00 b triggered id=d2 name=Demo
09:02:30 b engaged id=d2 name=Demo agent=ag1
09:03:00 b closed id=d2
"""
)
GOOD_LINES = GOOD.splitlines(keepends=True)
EVENT = (
    b'{"event":"CONVERSATION_ENGAGED","timestamp":"2026-11-02T09:15:04.120Z",'
    b'"data":{"payload":{"sid":"x","id":%s}}}'
)

# -- JSON, of our own making -----------------------------------------------------------------------

VALID = [
    b'""', b'" "', b'"\\u0000"', b'"\\u0022\\/\\b\\f\\n\\r\\t"', b'"\\uD834\\uDD1E"',
    b'"\xf0\x9d\x84\x9e"', b'"\x7f"',
    b'"\xc2\x80\xe2\x80\xa8\xe2\x80\xa9"', b'"\xef\xbf\xbf"', b'"\\ud800"', b'"\\udc00\\ud800"',
    b'"\\ud800x"',
    b"0", b"-0", b"0e1", b"0e+1", b"1E22", b"-0.0", b"1e-2", b"123.456e78", b"1e9999", b"-1e-9999",
    b"9" * 10_000,
    b"0." + b"1" * 10_000, b"true", b"false", b"null", b"[]", b"{}", b"[[[]]]", b'{"":0}',
    b'{"a":1,"a":2}',
    b'{"\\u0061":[null,1,"x",{"b":false}]}', b" \t1\r ", b"[ ]", b"{ }", b'"//"', b'"/*x*/"',
    b"[" * 400 + b"]" * 400,
]  # fmt: skip
"""Values that stand where one may."""

INVALID = [
    b"", b"'x'", b'"', b'"\\"', b'"\\x"', b'"\\u12"', b'"\\u12G4"', b'"\\U00e9"', b'"\x00"',
    b'"\x1f"', b'"\t"', b'"\xff"',
    b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xe2\x82"', b"01", b"-01", b"-",
    b"+1", b"1.", b".1",
    b"1.e1", b"1e", b"1e+", b"0x1", b"1_000", b"1 000", b"NaN", b"-NaN", b"Infinity", b"-Infinity",
    b"True", b"nul",
    b"undefined", b"[1,]", b"[,1]", b"[1 2]", b"[", b"]", b"[1", b"[1}", b"{", b"}", b'{"a"}',
    b'{"a":}', b'{"a":1,}',
    b"{a:1}", b"{1:1}", b'{"a" 1}', b'{"a":1:2}', b"{,}", b"1//x", b"/*x*/1", b"1,", b"1 1",
    b"\xa01", b"\xc2\xa01",
    b"\xe2\x80\xa81", b"\xef\xbb\xbf1", b"\x0c1", b"\xef\xbc\x91", b"1\x00",
    b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000,
]  # fmt: skip
"""What is no value."""


@pytest.mark.parametrize("value", VALID, ids=lambda value: repr(value[:30]))
def test_valid_json_is_an_event_wherever_it_stands(value: bytes) -> None:
    line = EVENT % (b'"d","x":' + value)

    assert has_event(decode(line.decode()))
    assert harness.report(GOOD + line + b"\n", "chats")["input"]["events"] == len(GOOD_LINES) + 1


def test_what_is_no_json_is_rejected_line_by_line_and_nothing_else_is() -> None:
    lines = [EVENT % (b'"d","x":' + value) for value in INVALID] + [
        value for value in INVALID if value.strip()
    ]
    log = b"".join(GOOD_LINES[n % len(GOOD_LINES)] + line + b"\n" for n, line in enumerate(lines))
    no_text = sum(line.decode(errors="replace") != line.decode(errors="ignore") for line in lines)
    bare = {b"\xef\xbb\xbf1": 1, b"1\x00": 1, b"1,": 1, b"1 1": 2, b"[": 0, b"]": 0}
    assert {*bare} < {*lines}, "by themselves these are values between separators, or none"
    values = sum(bare.values())

    for around in (b"", GOOD * 200):
        report = harness.report(around + log + around, "completion", is_warned=not around)
        account = report["input"]
        assert account["rejected"] == {
            **account["rejected"],
            "invalid_utf8": no_text,
            "invalid_json": len(lines) - no_text - len(bare),
            "not_an_object": values,
        }
        rejected = len(lines) - len(bare) + values
        assert account["records"] == account["events"] + account["duplicates"] + rejected
        assert report["rows"] == harness.report(GOOD, "completion")["rows"]


# -- strings ---------------------------------------------------------------------------------------

NAUGHTY = [
    "undefined", "null", "NULL", "None", "nil", "true", "NaN", "0", "0012", "1e5", "1E400", "-0",
    "+1", "1,204", "0x1F", "1/0",
    "٠١٢", "½", "=1+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", '"', '""',
    "'", "a,b", "a;b", "a\tb",
    "a\nb", "a\r\nb", "a|b", "\\", "\\\\", "\\n", "\\u0041", "a\x00b", "\x01\x02",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07",
    "\x1b]8;;https://x.example\x07link\x1b]8;;\x07", "\x9b31m", "\x9d0;x\x9c", "\x7f", "\x85",
    "\u2028\u2029", "\u202eevil\u202c",
    "\u2066x\u2069", "\u061c", "\ufeffx", "\u200b", "a\u0301\u0302\u0303", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "日本語", "שלום", "﷽", "ﬀ", "İ", "ß", "ﾊﾟ",
    "\U0010ffff", "\ufffe", "\ufffd", "<script>alert(1)</script>", "<img src=x onerror=y>",
    "' OR 1=1 --", "; rm -rf /", "$(id)",
    "`id`", "%s%n", "{0}", "{{7*7}}", "${x}", "../../etc/passwd", "C:\\x", "file:///x", "CON",
    " leading", "trailing ", "   ", "\xa0",
    "x" * 500, "sid", "event", "payload", "**b** _i_ ~~s~~ `c` [l](javascript:x) ![i](y)", "# h",
    "| --- |", "&lt;", "&#x41;",
    "-----", "Total", "other", "–", "\x7fdcevents0\x7f", "9800027182818284590452353602874713526",
]  # fmt: skip


def naughty_log(*, ascii_only: bool) -> bytes:
    """Each string as everything that a conversation says."""
    lines = []
    for text in NAUGHTY:
        payload = {
            "sid": text,
            "id": text,
            "name": text,
            "type": text,
            "uiType": text,
            "agentID": text,
            "agentName": text,
        }
        line = {
            "event": "CONVERSATION_ENGAGED",
            "timestamp": "2026-11-02T09:00:00.000Z",
            "page": f"p:{text}",
        }
        lines.append(
            json.dumps({**line, "data": {"payload": payload}}, ensure_ascii=ascii_only) + "\n"
        )
    return "".join(lines).encode()


def said(row: dict[str, Any]) -> tuple[str, ...]:
    """The texts of a row."""
    return tuple(
        row[name] or ""
        for name in (
            "sid",
            "conversation_id",
            "conversation",
            "type",
            "ui_type",
            "agent_id",
            "agent",
        )
    )


@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "raw"])
@pytest.mark.parametrize("around", [0, 300], ids=["line by line", "by the column"])
def test_texts_come_back_to_the_character(ascii_only: bool, around: int) -> None:
    more = [GOOD_LINES[1].replace(b'"sid":"a"', b'"sid":"s%d"' % n) for n in range(around)]
    log = b"".join(more) + naughty_log(ascii_only=ascii_only) + b"".join(more)
    expected = {(text,) * 7 for text in NAUGHTY}
    pages = {f"p:{text}".partition("?")[0].partition("#")[0] for text in NAUGHTY}

    rows = harness.report(log, "events")["rows"]
    text = harness.run("events", "-f", "csv", "--no-formula-guard", "-q", stdin=log).text
    cells = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))

    for found in (rows, cells):
        ours = [row for row in found if row["agent_id"]]
        assert {said(row) for row in ours} == expected
        assert {row["page"] for row in ours} == pages


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_no_text_forges_a_row_or_a_cell(format_: str) -> None:
    lines = harness.run(
        "events", "-f", format_, "-q", stdin=naughty_log(ascii_only=True)
    ).text.splitlines()
    rows = lines[-len(NAUGHTY) :]

    assert {re.findall(r"standard input[ |]+([0-9]+)[ |]*$", row)[0] for row in rows} == set(
        map(str, range(1, len(rows) + 1))
    )
    assert len(lines) - len(rows) <= 6, "a title, and headings"
    if format_ == "markdown":
        assert (
            len({row.replace("\\\\", "").replace("\\|", "").count("|") for row in lines[2:]}) == 1
        )


@pytest.mark.parametrize("format_", ["csv", "tsv"])
@pytest.mark.parametrize("where", ["standard output", "--output"])
def test_csv_that_goes_to_a_terminal_is_made_visible(
    format_: str, where: str, tmp_path: Path
) -> None:
    """Files and pipes get the text as it is: programs read them."""
    log = tmp_path / "x.log"
    log.write_bytes(naughty_log(ascii_only=True))
    ours, theirs = pty.openpty()
    more = ["-o", os.ttyname(theirs)] if where == "--output" else []
    running = harness.start(
        "events", log, "-q", "-f", format_, *more, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)

    assert running.wait() == 0
    assert shown.count(b"\n") == len(NAUGHTY) + 1
    assert not {*range(32), 127} & {*shown} - {*b"\r\n", *(b"\t" if format_ == "tsv" else b"")}
    assert b"\xc2\x9b" not in shown
    assert "\u202e".encode() not in shown


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # Linux says so when the other side of a terminal is closed
        return b""


# -- bad lines among good ones ---------------------------------------------------------------------

BAD = st.one_of(
    # No line of separators, which is no record, and no mark of UTF-16, which is no log.
    st.binary(max_size=60).map(lambda data: b"~" + data.replace(b"\n", b" ")),
    st.sampled_from([EVENT % (b'"d","x":' + value) for value in INVALID if len(value) < 100]),
    st.sampled_from(
        [
            b"\x00" * 4096,
            b"[1]",
            b"{}",
            b'{"event":"RATED"}',
            b'{"event":" "}',
            EVENT.replace(b'"x"', b'""') % b"1",
        ]
    ),
    st.sampled_from([line[:-9] for line in GOOD_LINES]),
)


@try_examples(6)
@given(data=st.data(), times=st.sampled_from([1, 1, 200]))
def test_bad_lines_at_any_position_never_change_the_figures_of_the_good_ones(
    data: st.DataObject, times: int
) -> None:
    """A good line comes last: half a value at the end of a log takes blank lines into it."""
    lines = GOOD_LINES * times
    expected = harness.report(b"".join(lines), "summary")
    # Ten that name an event would be warned of.
    bad = data.draw(st.lists(BAD, max_size=9))
    for line in bad:
        lines.insert(data.draw(st.integers(0, len(lines) - 1)), line + b"\n")

    actual = harness.report(b"".join(lines), "summary")

    for name in ("rows", "total"):
        assert [each[name] for each in actual["reports"]] == [
            each[name] for each in expected["reports"]
        ]
    account = actual["input"]
    assert account["records"] == expected["input"]["records"] + len(bad)
    assert (account["events"], account["duplicates"]) == (
        expected["input"]["events"],
        expected["input"]["duplicates"],
    )


# -- nesting and numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("opening", ["[", '{"a":'], ids=["arrays", "objects"])
@pytest.mark.parametrize(("levels", "events"), [(509, 1), (510, 0), (990, 0), (100_000, 0)])
@pytest.mark.parametrize("times", choose_some([1, 60], 2, "records"))
def test_nesting_is_read_up_to_512_levels_by_every_report(
    opening: str, levels: int, events: int, times: int
) -> None:
    """The listing of events writes `meetingInfo` as JSON: what can be read can be written,
    in any thread.
    """
    times = 1 if levels > 10_000 else times  # a log of 100 MB
    nested = opening * levels + "1" + {"[": "]"}.get(opening, "}") * levels
    line = EVENT % f'"d","meetingInfo":{nested}'.encode()

    for command in ("events", "completion"):
        report = harness.report(
            GOOD + (line + b"\n") * times, command, is_warned=not events and times > 1
        )
        assert report["input"]["rejected"]["invalid_json"] == (0 if events else times)
        if command == "events" and events:
            assert report["rows"][-1]["meeting_info"] == nested


def test_brackets_in_texts_are_no_nesting() -> None:
    line = EVENT % (b'"d","x":"' + b'[{\\"' * 2000 + b'"')

    assert harness.report(GOOD + line, "chats")["input"]["events"] == len(GOOD_LINES) + 1


def test_of_two_equal_keys_the_first_wins_and_keeps_its_place() -> None:
    line = EVENT % b'"d","meetingInfo":{"b":1,"a":2,"b":3}'

    assert harness.report(line, "events")["rows"][0]["meeting_info"] == '{"b":1,"a":2}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1e99999999999999999999", LAST_MS, id="an exponent beyond all arithmetic"),
        pytest.param("1e-99999999999999999999", 0, id="… below it"),
        pytest.param("-1e-99999999999999999999", -1, id="… floored"),
        pytest.param("0e99999999999999999999", 0, id="zero whatever the exponent"),
        pytest.param("1e" + "0" * 30 + "1", 10_000, id="an exponent of many digits that is small"),
        pytest.param("9" * 10_000, LAST_MS, id="10,000 digits"),
        pytest.param("1." + "9" * 10_000, 1999, id="10,000 decimals"),
    ],
)
def test_numbers_of_any_size_are_timestamps_or_none(text: str, expected: int | None) -> None:
    found = parse_timestamp(text, number=True)
    assert expected == (found and min(found.ms, LAST_MS))


# -- memory ----------------------------------------------------------------------------------------


def peak(*arguments: str | Path, stdin: Any = None) -> tuple[int, str]:
    """Peak memory in MB of a run, and what it says on standard error."""
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], "
        "stdout=subprocess.DEVNULL); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *harness.command(*arguments)],
        stdin=stdin, capture_output=True, check=True, timeout=600, cwd=harness.ROOT,
    )  # fmt: skip
    return int(done.stdout) // (
        1 << 20 if sys.platform == "darwin" else 1 << 10
    ), done.stderr.decode()


@pytest.mark.memory
@pytest.mark.parametrize(
    "unit",
    [b"\n", b"\0", b" ", b"x\n" * 32 + b"\n" * 4032],
    ids=["line ends", "NUL", "spaces", "short lines"],
)
def test_a_gzip_bomb_takes_no_more_memory_than_any_log(unit: bytes, tmp_path: Path) -> None:
    """A block of the shortest lines once took 2 GB: each took the room of a long one."""
    bomb = tmp_path / "x.log.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        file.write(GOOD)
        for _ in range(8):
            file.write(unit * ((1 << 20) // len(unit)))

    used, message = peak("completion", bomb)

    assert bomb.stat().st_size < 1 << 20
    assert ": 7 events of " in message
    assert used < 500


@pytest.mark.memory
def test_a_gzip_bomb_of_a_gigabyte_is_never_whole_in_memory(tmp_path: Path) -> None:
    """Written as 64 members, which is a gzip as any other."""
    bomb = tmp_path / "x.log.gz"
    bomb.write_bytes(
        gzip.compress(GOOD)
        + gzip.compress(b"\0" * (16 << 20)) * 64
        + gzip.compress(b"\n" + GOOD_LINES[0])
    )

    used, message = peak("completion", bomb)

    assert bomb.stat().st_size < 4 << 20
    assert ": 7 events of 9 records; 1 repeated, 1 blank" in message
    assert used < 500


def test_nul_blocks_of_a_crash_cost_no_line() -> None:
    log = b"".join(GOOD_LINES[:3]) + b"\0" * 8192 + b"".join(GOOD_LINES[3:]) + b"\0" * 4096

    account = harness.report(log, "chats")["input"]

    assert (account["events"], account["blank"], account["records"]) == (7, 1, 8)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_very_many_short_lines_are_all_counted(packed: bool, tmp_path: Path) -> None:
    """They come in smaller blocks: places of events and half a line at the end are as ever."""
    log = (
        b"\n" * 300_000
        + GOOD_LINES[0]
        + b"x\n\n" * 70_000
        + GOOD_LINES[1]
        + b"\r\n \n" * 100_000
        + b'{"event":'
    )
    (tmp_path / "x.log").write_bytes(gzip.compress(log, 1) if packed else log)

    report = harness.run("events", tmp_path, "-q", "-f", "json").json

    account = report["input"]
    assert [row["line"] for row in report["rows"]] == [300_001, 440_002]
    assert (account["records"], account["blank"], account["incomplete"]) == (640_003, 570_000, 1)
    assert (account["rejected"]["invalid_json"], account["events"]) == (70_000, 2)


# -- files that change -----------------------------------------------------------------------------


def test_a_file_that_vanishes_before_it_is_opened_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dcevents.cli import log_opening  # noqa: PLC0415
    from dcevents.reading.sources import operands  # noqa: PLC0415

    (tmp_path / "x.log").write_bytes(GOOD)
    find = operands.find_inputs

    def found(given: Any) -> Any:
        result = find(given)
        (tmp_path / "x.log").unlink()
        return result

    monkeypatch.setattr(log_opening, "find_inputs", found)
    result = harness.run("completion", tmp_path / "x.log")

    assert (result.status, result.out) == (1, b"")
    assert result.err == f"dcevents: {tmp_path / 'x.log'}: no such file or directory\n"


@pytest.mark.parametrize("change", ["shrinks", "is removed", "grows"])
def test_a_file_that_changes_while_it_is_read(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many blocks: threads are ahead by some.
    for name in ("BLOCK_BYTES", "FIRST_BLOCK_BYTES"):
        monkeypatch.setattr(sizes, name, 1 << 17)
    path = tmp_path / "x.log"
    lines = [GOOD_LINES[1].replace(b'"sid":"a"', b'"sid":"s%06d"' % n) for n in range(20_000)]
    path.write_bytes(b"".join(lines))
    scan_block = scanning.scan_block
    done: list[bool] = []

    def once(block: Any, scanner: Any, *, is_in_list: bool) -> Any:
        if not done:
            done.append(True)
            if change == "shrinks":
                os.truncate(path, path.stat().st_size // 2)
            elif change == "is removed":
                path.unlink()
            else:
                with path.open("ab") as file:
                    file.write(GOOD)
        return scan_block(block, scanner, is_in_list=is_in_list)

    monkeypatch.setattr(scanning, "scan_block", once)
    result = harness.run("completion", path, "-f", "json")

    events = result.json["input"]["events"]
    assert result.status == 0
    assert ("cut short while it was read; what could be read is counted" in result.err) == (
        change == "shrinks"
    )
    assert 5000 < events < 15_000 if change == "shrinks" else events == 20_000


def test_a_loop_of_links_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop.log").symlink_to(tmp_path / "loop.log")

    result = harness.run("completion", tmp_path / "loop.log")

    assert (result.status, result.err) == (
        1,
        f"dcevents: {tmp_path / 'loop.log'}: too many levels of symbolic links\n",
    )


@pytest.mark.parametrize("name", ["loop.log", ".loop.log", "loop"])
def test_a_loop_of_links_in_a_folder_is_passed_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).symlink_to(name)
    (tmp_path / "other.log").symlink_to(tmp_path / "x.log" / "below")
    (tmp_path / "x.log").write_bytes(GOOD)

    result = harness.run("completion", tmp_path, "-f", "json")

    assert (result.status, result.json["input"]["files"]) == (0, 1)
    assert "passed over 2 files" in result.err


def test_a_signal_while_a_fifo_is_opened_ends_the_run_quietly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fifo has no writer: opening it waits, and a handler ends the wait."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    open_file, unraisable = os.open, list[Any]()

    def wait_for_writer(name: Any, *flags: Any) -> int:
        if name == path:
            raise Terminated(signal.SIGTERM)
        return open_file(name, *flags)

    monkeypatch.setattr(os, "open", wait_for_writer)
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    result = harness.run("completion", path)
    gc.collect()

    assert unraisable == []
    assert (result.status, result.out, result.err) == (143, b"", "")
