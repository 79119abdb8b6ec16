"""Rejected lines: set aside whole and in order,
and how many of them a report may be made without.
"""

import base64
import gzip
import json
import os
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents import reports
from dcevents.cli import rejects
from dcevents.reading import log_building
from dcevents.reading.account import RejectedLine

COMMANDS = list(reports.load_reports())
GOOD = harness.log("09:00 a engaged")
BAD = GOOD + b'x\n\n[1]\n{}\n{"event":"CONVERSATION_ENGAGED"}\n'
"""An event, a blank line, and a rejected line of each reason but one."""
REJECTED = [
    {"file": "standard input", "line": 2, "reason": "invalid_json", "raw": "x"},
    {"file": "standard input", "line": 4, "reason": "not_an_object", "raw": "[1]"},
    {"file": "standard input", "line": 5, "reason": "no_event", "raw": "{}"},
    {
        "file": "standard input",
        "line": 6,
        "reason": "no_sid",
        "raw": '{"event":"CONVERSATION_ENGAGED"}',
    },
]


def rows(path: Path) -> list[dict[str, Any]]:
    """What a file of rejected lines holds."""
    return [json.loads(line) for line in path.read_bytes().splitlines(keepends=True)]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "rejects.ndjson"


# -- the lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_sets_rejected_lines_aside(command: str, target: Path) -> None:
    plain = harness.run(*harness.words(command), stdin=BAD)

    assert harness.run(*harness.words(command), "--rejects", target, stdin=BAD) == plain

    assert rows(target) == REJECTED
    assert [list(row) for row in rows(target)] == [["file", "line", "reason", "raw"]] * 4


def test_what_is_not_rejected_is_not_there(target: Path) -> None:
    log = (
        harness.log("09:00 a engaged\n09:00 a engaged\n- a RATED\n- - ready\n| ")
        + b'{"event":"CONV'
    )

    assert harness.run("completion", "--rejects", target, stdin=log).status == 0

    assert target.read_bytes() == b"", "an old one would mislead"


@pytest.mark.parametrize("scanner", ["", "python"], ids=["the usual scanner", "in Python"])
def test_records_behind_text_have_it_and_their_number(
    scanner: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if scanner:
        monkeypatch.setenv("DCEVENTS_SCANNER", scanner)
    text = b"[0] dc: [[1793783704.5, "
    log = text + b"{}], " + GOOD.strip() + b', { "a": 1 }]\n' + b"dc: [3, {}]\n"

    assert harness.run("completion", "--rejects", target, "-q", stdin=log).status == 0

    assert [(row["line"], row.get("index"), row["raw"]) for row in rows(target)] == [
        (1, 1, f"{text.decode()}{{}}"),
        (1, 3, f'{text.decode()}{{ "a": 1 }}'),
        (2, None, "dc: [3, {}"),
    ]


KEPT = rejects.MAX_RAW_BYTES
RAW = [
    pytest.param(b"x\r", {"raw": "x"}, id="CR LF is no part of a line"),
    pytest.param(b"x\r\r", {"raw": "x\r"}, id="one CR is"),
    pytest.param(b"\0x\0y\0 ", {"raw": "\0x\0y\0 "}, id="NULs"),
    pytest.param("\ufeffx\ufeff".encode(), {"raw": "\ufeffx\ufeff"}, id="byte order marks"),
    pytest.param(
        "\x1b[31m\u202e\u2028é😀".encode(),
        {"raw": "\x1b[31m\u202e\u2028é😀"},
        id="what acts on terminals",
    ),
    pytest.param(b"a\xffb", {"raw_base64": base64.b64encode(b"a\xffb").decode()}, id="not UTF-8"),
    pytest.param(b"x" * KEPT, {"raw": "x" * KEPT}, id="as much as is kept"),
    pytest.param(b"x" * (KEPT + 9), {"raw": "x" * KEPT}, id="more"),
    pytest.param(
        b"x" * (KEPT - 1) + "é".encode(), {"raw": "x" * (KEPT - 1)}, id="cut within a character"
    ),
    pytest.param(
        b"x" * (KEPT - 1) + b"\xc3",
        {"raw_base64": base64.b64encode(b"x" * (KEPT - 1) + b"\xc3").decode()},
        id="half a character at the end, by itself",
    ),
]


@pytest.mark.parametrize(("line", "raw"), RAW)
def test_a_line_is_kept_as_it_was(line: bytes, raw: dict[str, str], target: Path) -> None:
    assert (
        harness.run("completion", "--rejects", target, "-q", stdin=GOOD + line + b"\n").status == 0
    )

    reason = "invalid_utf8" if "raw_base64" in raw else "invalid_json"
    assert rows(target) == [{"file": "standard input", "line": 2, "reason": reason, **raw}]
    text = target.read_text(encoding="utf-8")
    assert not {"\x1b", "\u202e", "\u2028", "\0"} & set(text), "not even in a terminal does it act"
    assert text.count("\n") == 1


@pytest.mark.usefixtures("scanner")
@pytest.mark.parametrize("value", [r'{"a":"\udc00"}', '{\n"a":1,\n"b":2\n}'])
def test_half_a_surrogate_pair_before_a_record_is_kept_as_it_is_written(
    value: str, target: Path
) -> None:
    line = rb"2026-11-02 a \ud800 " + value.encode()

    harness.run("completion", "--rejects", target, "-q", stdin=GOOD + line + b"\n")

    assert [row["raw"] for row in rows(target)] == [line.decode()]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_every_line_can_be_had_back(line: bytes) -> None:
    row = json.loads(rejects.format_reject(RejectedLine("f", 1, "invalid_json"), line))

    raw = row["raw"].encode() if "raw" in row else base64.b64decode(row["raw_base64"])
    assert raw == line.removesuffix(b"\r")


LONG = (1 << 20) + 1


@pytest.mark.parametrize(
    ("line", "begin"),
    [
        pytest.param(b"y" * LONG, "y" * KEPT, id="a little too long"),
        pytest.param(b"y" * 20_000_000, "y" * KEPT, id="longer than a block"),
        pytest.param(b" " * 20_000_000 + b"y", " " * KEPT, id="beginning with spaces"),
    ],
)
@pytest.mark.parametrize("size", [0, 12_000_000], ids=["short log", "long log"])
def test_of_a_line_that_is_too_long_the_beginning_is_kept(
    line: bytes, begin: str, size: int, target: Path, tmp_path: Path
) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(
        GOOD + b" " * (size % 997) + b"\n" + GOOD * (size // len(GOOD)) + line + b"\n" + GOOD
    )

    result = harness.run("completion", log, "--rejects", target, "-v")

    (row,) = rows(target)
    assert (row["reason"], row["raw"]) == ("too_long", begin)
    assert f"line {row['line']}: longer than 1 MiB" in result.err


def test_they_come_in_the_order_of_the_input_however_it_is_read(
    tmp_path: Path, target: Path
) -> None:
    # A long file in many blocks, bad lines of all shapes in it, and small files.
    folder = tmp_path / "logs"
    folder.mkdir()
    good = [GOOD.replace(b'"sid":"a"', b'"sid":"s%d"' % n) for n in range(120_000)]
    for n in range(0, len(good), 97):
        # Objects without a name, other objects, not UTF-8.
        blank, other = good[n].replace(b"CONVERSATION_ENGAGED", b""), b'{"bad":%d}\n' % n
        good[n] = (
            blank,
            blank,
            other,
            good[n].replace(b"d1", b"\xff") if n > len(good) // 2 else other,
        )[n % 4]
    (folder / "a.log").write_bytes(b"".join(good))
    for n in range(30):
        (folder / f"b{n:02}.log").write_bytes(b"x\n" * (n % 3) + GOOD + b"y\n")

    result = harness.run("completion", folder, "--rejects", target, "-f", "json")

    found = rows(target)
    expected = [(str(folder / "a.log"), n + 1) for n in range(0, len(good), 97)]
    for n in range(30):
        name = str(folder / f"b{n:02}.log")
        expected += [(name, line) for line in [*range(1, n % 3 + 1), n % 3 + 2]]
    assert [(row["file"], row["line"]) for row in found] == expected
    assert len(found) == sum(result.json["input"]["rejected"].values())


@try_examples(6)
@given(st.lists(st.sampled_from([GOOD, b"x\n", b"\n", b"{}\n", b"[\xff\n"]), max_size=30))
def test_each_rejected_record_is_there_once(tmp_path: Path, lines: list[bytes]) -> None:
    target = tmp_path / "r"

    result = harness.run(
        "completion", "--rejects", target, "-f", "json", stdin=GOOD + b"".join(lines)
    )

    bad = [n for n, line in enumerate(lines, 2) if line not in (GOOD, b"\n")]
    assert [row["line"] for row in rows(target)] == bad
    assert sum(result.json["input"]["rejected"].values()) == len(bad)


def test_where_nothing_is_asked_for_nothing_is_made_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        log_building,
        "RejectedLine",
        lambda *_: pytest.fail("no more than the first places are needed"),
    )
    monkeypatch.setattr(log_building, "MAX_SHOWN_REJECTS", 0)

    assert harness.run("completion", stdin=BAD).status == 0


# -- the file --------------------------------------------------------------------------------------


def test_only_its_owner_may_read_it(target: Path) -> None:
    mask = os.umask(0)
    try:
        harness.run("completion", "--rejects", target, stdin=BAD)
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        target.chmod(0o666)
        harness.run("completion", "--rejects", target, stdin=BAD)
    finally:
        os.umask(mask)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [target] == list(target.parent.iterdir())


def test_a_link_is_followed(target: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(target)

    harness.run("completion", "--rejects", link, stdin=BAD)

    assert link.is_symlink()
    assert len(rows(target)) == 4


@pytest.mark.parametrize("log", [b"x\n", BAD], ids=["no event at all", "too many"])
def test_it_is_there_when_the_input_is_refused(log: bytes, target: Path) -> None:
    result = harness.run("completion", "--rejects", target, "--max-rejects", "1", stdin=log)

    assert (3, b"") == (result.status, result.out)
    assert rows(target)[0]["raw"] == "x"


def test_a_run_that_fails_leaves_the_old_one(target: Path, tmp_path: Path) -> None:
    target.write_text("old", encoding="utf-8")
    bad = tmp_path / "bad.log"
    bad.write_bytes(BAD)

    assert harness.run("completion", bad, tmp_path / "missing.log", "--rejects", target).status == 1

    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == [bad, target]


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_leaves_the_old_one(
    sent: signal.Signals, status: int, target: Path
) -> None:
    target.write_text("old", encoding="utf-8")
    running = harness.start(
        "completion",
        "--rejects",
        target,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdin
    running.stdin.write(BAD * 2000)
    running.stdin.flush()
    harness.until(lambda: len(list(target.parent.iterdir())) > 1)

    harness.check_stopped(running, sent, status, old=target)


def test_one_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result = harness.run("completion", "--rejects", tmp_path / "no" / "r", stdin=BAD)

    assert (1, b"") == (result.status, result.out)
    assert (
        result.err == f"dcevents: {tmp_path / 'no' / 'r'}: there is no folder {tmp_path / 'no'}\n"
    )


def test_a_full_disk_is_told_in_one_line() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")

    result = harness.run("completion", "--rejects", "/dev/full", stdin=BAD)

    assert (1, b"", "dcevents: /dev/full: no space left on device\n") == (
        result.status,
        result.out,
        result.err,
    )


def test_the_date_in_its_name_is_that_of_the_report(tmp_path: Path) -> None:
    harness.run(
        "completion", "--rejects", tmp_path / "{date}.bad", "--period", "2026-11-02", stdin=BAD
    )

    assert [tmp_path / "2026-11-02.bad"] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["rejects.ndjson", "rejects.log"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_folder_that_holds_one_is_read_without_it(
    name: str,
    packed: bool,
    tmp_path: Path,
) -> None:
    (tmp_path / "dc.log").write_bytes(GOOD + b"\1" * 900_000 + b"\n" + BAD)
    before = harness.run("completion", tmp_path, "--rejects", tmp_path / name, "-f", "json")
    if packed:
        (tmp_path / name).write_bytes(gzip.compress((tmp_path / name).read_bytes()))

    again = harness.run("completion", tmp_path, "--rejects", tmp_path / name, "-f", "json")

    assert (again.status, again.json) == (0, before.json)
    assert "passed over 1 file" in again.err
    assert rows(tmp_path / name)[0]["raw"] == "\1" * KEPT


def test_an_empty_one_in_the_folder_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "dc.log").write_bytes(GOOD)

    for _ in range(3):
        assert (
            harness.run("completion", tmp_path, "--rejects", tmp_path / "rejects.ndjson").status
            == 0
        )


@pytest.mark.parametrize("option", ["--rejects", "--output"])
def test_an_input_is_not_written_over(option: str, tmp_path: Path) -> None:
    log, link = tmp_path / "dc.log", tmp_path / "link"
    log.write_bytes(BAD)
    link.symlink_to(log)

    for source, name in ((log, log), (tmp_path, log), (log, link), (link, log)):
        result = harness.run("completion", source, option, name, "-f", "json")
        assert (2, b"") == (result.status, result.out)
        assert (
            result.err
            == f"dcevents: {option}: {name} is one of the inputs; write to another file\n"
        )
    assert log.read_bytes() == BAD


@pytest.mark.parametrize("exists", [False, True], ids=["new", "old"])
def test_the_report_and_the_rejected_lines_go_to_different_files(
    exists: bool,
    tmp_path: Path,
) -> None:
    target = tmp_path / "x"
    if exists:
        target.write_text("old", encoding="utf-8")

    result = harness.run("completion", "-o", target, "--rejects", tmp_path / "." / "x", stdin=BAD)

    assert (2, b"") == (result.status, result.out)
    assert result.err.startswith("dcevents: --rejects: ")
    assert [target] == (list(tmp_path.iterdir()) or [target])


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_is_the_reports_unless_that_goes_elsewhere(
    name: str, tmp_path: Path
) -> None:
    mixed = harness.run("completion", "--rejects", name, stdin=BAD)
    apart = harness.run("completion", "--rejects", name, "-o", tmp_path / "r.csv", "-q", stdin=BAD)

    assert (2, b"") == (mixed.status, mixed.out)
    assert (
        mixed.err
        == "dcevents: --rejects: the report goes to standard output too; name another file\n"
    )
    assert (0, "") == (apart.status, apart.err)
    assert apart.ndjson == REJECTED
    assert (tmp_path / "r.csv").read_text(encoding="utf-8").count("\n") == 2


def test_nothing_mixes_in_the_null_device() -> None:
    done = subprocess.run(
        [*harness.command("completion", "-", "--rejects", os.devnull)],
        input=BAD,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        cwd=harness.ROOT,
    )

    assert done.returncode == 0


def test_a_reader_of_them_that_goes_away_does_not_cost_the_report(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            harness.command("completion", "-", "--rejects", "-", "-o", tmp_path / "r.csv", "-q"),
            input=BAD,
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
            cwd=harness.ROOT,
        )
    finally:
        os.close(write)

    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "r.csv").exists()


# -- how many are too many -------------------------------------------------------------------------

TEN = GOOD * 6 + b"x\n" * 4
"""Ten records, four of them rejected."""

LIMITS = [
    pytest.param("4", 0, id="as many"),
    pytest.param("3", 3, id="fewer"),
    pytest.param("0", 3, id="none"),
    pytest.param("1", 3, id="1 is one record"),
    pytest.param("40%", 0, id="that share"),
    pytest.param("39.9%", 3, id="less than that share"),
    pytest.param("0%", 3, id="0 %"),
    pytest.param("100%", 0, id="all"),
    pytest.param("0.4", 0, id="0.4 is 40 %"),
    pytest.param(".4", 0, id="without the zero"),
    pytest.param("0.399999", 3, id="a little less"),
    pytest.param("0.0", 3, id="0.0"),
    pytest.param("0.5", 0, id="0.5 is half of them"),
]


@pytest.mark.parametrize(("limit", "status"), LIMITS)
def test_more_rejected_records_than_that_and_there_is_no_report(
    limit: str, status: int, tmp_path: Path
) -> None:
    target = tmp_path / "report.csv"
    target.write_text("old", encoding="utf-8")

    result = harness.run("completion", "-o", target, "-q", "--max-rejects", limit, stdin=TEN)

    assert (status, b"") == (result.status, result.out)
    assert (target.read_text(encoding="utf-8") == "old") == (status == 3)
    assert result.err == (
        f"dcevents: no report is made, by --max-rejects {limit}: 4 of 10 records rejected (line 7: "
        f"not JSON, "
        "line 8: not JSON, line 9: not JSON, line 10: not JSON)\n"
        if status
        else ""
    )


def test_a_refusal_names_the_first_five_places() -> None:
    message = harness.run("completion", "--max-rejects", "3", stdin=GOOD + b"x\n" * 9).err

    places = ", ".join(f"line {n}: not JSON" for n in range(2, 7))
    assert (
        message
        == f"dcevents: no report is made, by --max-rejects 3: 9 of 10 records rejected ({places}, "
        f"…)\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("options", [["--max-rejects", "0"], ["--strict"]], ids=["max", "strict"])
def test_every_command_can_guard_a_pipeline(command: str, options: list[str]) -> None:
    bad = harness.run(*harness.words(command), *options, stdin=BAD)

    # `check` says what is wrong; all others keep silent rather than be wrong.
    assert (3, command == "check") == (bad.status, bool(bad.out))
    assert bad.err.count("\n") == 1 + (command == "check")
    assert harness.run(*harness.words(command), *options, stdin=GOOD).status == 0
    assert harness.run(*harness.words(command), *options, stdin=b"").status == 0


@pytest.mark.parametrize(
    "limit",
    [
        "",
        "x",
        "-1",
        "+1",
        "1.0",
        "1.5",
        "5,0",
        "101%",
        "100.1%",
        "%",
        "0.",
        ".",
        "1e3",
        "nan",
        "٣",
        "9" * 5000,
    ],
)
def test_what_is_no_limit_is_bad_usage(limit: str) -> None:
    result = harness.run("completion", f"--max-rejects={limit}", stdin=GOOD)

    assert (2, b"") == (result.status, result.out)
    assert result.err.startswith("dcevents: --max-rejects: ")


def test_a_share_is_exact() -> None:
    # In floating point 0.29 of 100 is less than 29.
    assert (
        harness.run("completion", "--max-rejects", "0.29", stdin=GOOD * 71 + b"x\n" * 29).status
        == 0
    )
    assert (
        harness.run("completion", "--max-rejects", "29%", stdin=GOOD * 71 + b"x\n" * 29).status == 0
    )
    assert (
        harness.run("completion", "--max-rejects", "0.29", stdin=GOOD * 70 + b"x\n" * 29).status
        == 3
    )


def test_a_log_of_nothing_else_is_told_as_such_first() -> None:
    assert (
        "no event of Dynamic Chat"
        in harness.run("completion", "--max-rejects", "0", stdin=b"x\n").err
    )


# -- strict ----------------------------------------------------------------------------------------


def test_strict_counts_unknown_events_too() -> None:
    result = harness.run(
        "completion", "--strict", stdin=GOOD + harness.log("- a RATED\n- a RATED\n- - ready")
    )

    assert (3, b"") == (result.status, result.out)
    assert result.err == "dcevents: no report is made, by --strict: 2 unknown events (RATED)\n"
    assert (
        harness.run(
            "completion", "--max-rejects", "0", stdin=GOOD + harness.log("- a RATED")
        ).status
        == 0
    )


def test_strict_counts_inputs_that_are_cut_off(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(GOOD)[:-9])

    strict = harness.run("completion", cut, "--strict")

    assert (3, b"") == (strict.status, strict.out)
    assert strict.err.splitlines()[-1] == (
        f"dcevents: no report is made, by --strict: 1 input not read to the end "
        f"({cut}: its gzip data are cut off)"
    )
    assert harness.run("completion", cut, "--max-rejects", "0").status == 0


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(b'{"event":"CONV', id="a last line that is still being written"),
        pytest.param(b"\n", id="a blank line"),
        pytest.param(GOOD, id="a duplicate"),
        pytest.param(harness.log("- - ready"), id="the widget's own event"),
        pytest.param(harness.log("- a engaged"), id="an untimed event"),
    ],
)
def test_strict_lets_pass_what_is_no_fault(more: bytes) -> None:
    assert harness.run("completion", "--strict", stdin=GOOD + more).status == 0


def test_strict_says_all_that_it_found() -> None:
    result = harness.run("completion", "--strict", stdin=BAD + harness.log("- a RATED"))

    assert result.err == (
        "dcevents: no report is made, by --strict: 4 of 7 records rejected (line 2: not JSON, "
        "line 4: no JSON object, line 5: without an event, line 6: without a sid); "
        "1 unknown event (RATED)\n"
    )


def test_strict_and_a_limit_do_not_go_together() -> None:
    result = harness.run("completion", "--strict", "--max-rejects", "5", stdin=GOOD)

    assert (2, b"") == (result.status, result.out)
    assert "--strict" in result.err
