"""Operands and bytes: what is read, in which form, how often,
and what is passed over (interface.md, "SOURCE").
"""

import bz2
import gzip
import itertools
import json
import lzma
import os
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import EVERY, combine

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1 << 20

LOG = harness.log(
    """
09:00:00 a triggered name=Pricing
09:00:10 a engaged
09:00:20 a input_email
09:00:30 a live_chat_requested agent=ag1 agent_name=Ann
09:00:40 a live_chat_initiated agent=ag1 agent_name=Ann
09:01:40 a live_chat_ended agent=ag1
09:00:00 b triggered id=d2
-        b meeting_booked id=d2
09:03:00 b closed id=d2
| not JSON
- - ready
09:04:00 c completed id=-
"""
)
LINES = LOG.splitlines(keepends=True)
SITE = harness.ROOT / "sample_logs" / "site"

Compress = Callable[[bytes], bytes]

COMPRESSIONS: dict[str, Compress] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstd.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
compressions = pytest.mark.parametrize("compress", COMPRESSIONS.values(), ids=COMPRESSIONS)
compressed_ones = pytest.mark.parametrize(
    "compress",
    [pytest.param(compress, id=name) for name, compress in COMPRESSIONS.items() if name != "plain"],
)


def read(*operands: str | Path, command: str = "completion", stdin: bytes | None = None) -> Any:
    """The JSON report of operands that are good."""
    result = harness.run(command, *operands, "-f", "json", "-q", stdin=stdin)
    assert (result.status, result.err) == (0, "")
    return result.json


def figures(report: Any) -> Any:
    """What must not depend on how the log was packed: rows, total,
    and the account but for the number of files.
    """
    return report["rows"], report["total"], {**report["input"], "files": None}


EXPECTED = {
    command: figures(read(command=command, stdin=LOG))
    for command in ("completion", "live-chat", "sessions")
}


# -- forms of one input ----------------------------------------------------------------------------


@combine(
    ("compress", "name", "command"),
    COMPRESSIONS,
    ["x.ndjson", "x.gz", "x.zst", "x.bz2", "x.xz", "x.json", "x"],
    ["completion", "live-chat", "sessions"],
    at_once=1,
)
def test_compression_is_told_by_content_not_by_name(
    compress: Compress, name: str, command: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(compress(LOG))

    assert EXPECTED[command] == figures(read(tmp_path / name, command=command))


@compressions
def test_standard_input_may_be_compressed(compress: Compress) -> None:
    assert EXPECTED["completion"] == figures(read(stdin=compress(LOG)))
    assert EXPECTED["completion"] == figures(read("-", stdin=compress(LOG)))


@compressions
def test_a_pipe_says_the_same(compress: Compress) -> None:
    result = harness.spawn("completion", "-f", "json", "-q", stdin=compress(LOG))

    assert (result.status, result.err) == (0, "")
    assert EXPECTED["completion"] == figures(result.json)


@compressions
def test_concatenated_members_are_one_input(compress: Compress, tmp_path: Path) -> None:
    # Cut in the midst of a line: members know nothing of lines.
    cuts = [0, 100, 101, len(LOG) // 2, len(LOG)]
    members = [compress(LOG[start:end]) for start, end in itertools.pairwise(cuts)]
    (tmp_path / "x.log").write_bytes(b"".join(members))

    assert EXPECTED["completion"] == figures(read(tmp_path / "x.log"))


@compressed_ones
def test_an_empty_member_in_between_is_nothing(compress: Compress, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(
        compress(b"") + compress(LOG[:500]) + compress(b"") + compress(LOG[500:])
    )

    assert EXPECTED["completion"] == figures(read(tmp_path / "x.log"))


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
def test_padding_behind_the_data_is_nothing(compress: Compress, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(compress(LOG) + b"\0" * 512)

    assert EXPECTED["completion"] == figures(read(tmp_path / "x.log"))


@compressed_ones
@pytest.mark.parametrize(
    "inner", [b"", b"\n", b" \n\r\n"], ids=["nothing", "a line end", "blank lines"]
)
def test_a_compressed_file_of_nothing_is_an_empty_log(
    compress: Compress, inner: bytes, tmp_path: Path
) -> None:
    (tmp_path / "x.log").write_bytes(compress(inner))

    report = read(tmp_path / "x.log")

    assert report["rows"] == []
    assert report["input"]["records"] == report["input"]["blank"] == inner.count(b"\n")


# -- cut off and damaged ---------------------------------------------------------------------------

NOISE = random.Random(2).randbytes(20_000).hex()
"""Hard to compress, so that a cut file has something before the cut."""
BIG = b"".join(
    line.replace(b'"id":"d1"', b'"id":"d%d","x":"%s"' % (n, NOISE[n * 8 : n * 8 + 64].encode()))
    for n in range(2000)
    for line in [LINES[1]]
)


@compressed_ones
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_cut_off_input_counts_as_far_as_it_goes(
    compress: Compress, share: float, tmp_path: Path
) -> None:
    path = tmp_path / "growing.log"
    packed = compress(BIG)
    path.write_bytes(packed[: int(len(packed) * share)])

    result = harness.run("completion", path, "--by", "all", "-f", "json")

    assert result.status == 0
    assert result.err.startswith(f"dcevents: warning: {path}: its ")
    assert result.err.splitlines()[0].endswith("cut off; what could be read is counted")
    account = result.json["input"]
    assert account["incomplete"] <= 1
    assert account["rejected"]["invalid_json"] == 0
    # bzip2 and xz give whole blocks only; gzip and zstd give nearly all that is there.
    assert account["events"] < 2000
    if compress is gzip.compress:
        assert account["events"] > 2000 * share * 0.7


@pytest.mark.parametrize("missing", range(1, 9))
def test_a_gzip_without_its_whole_trailer_has_all_its_lines_and_a_warning(
    missing: int, tmp_path: Path
) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(LOG)[:-missing])

    result = harness.run("completion", path, "-f", "json")

    assert result.status == 0
    assert "warning" in result.err
    assert EXPECTED["completion"] == figures(result.json)


@pytest.mark.parametrize("size", range(1, 19))
def test_a_gzip_that_has_only_just_begun_is_cut_off(size: int, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LOG)
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(LOG)[:size])

    result = harness.run("completion", tmp_path, "-f", "json")

    assert result.status == 0
    assert result.json["input"]["events"] == 10
    assert str(tmp_path / "b.log.gz") in result.err or size == 1, (
        "of one byte nobody can say what it is"
    )


@compressed_ones
def test_a_damaged_input_counts_as_far_as_it_goes(compress: Compress, tmp_path: Path) -> None:
    path, packed = tmp_path / "x.log", bytearray(compress(BIG))
    middle = len(packed) // 2
    packed[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(packed)

    result = harness.run("completion", path, "--by", "all", "-f", "json")

    assert result.status == 0
    assert result.err.startswith(f"dcevents: warning: {path}: its ")
    assert "damaged; what could be read is counted" in result.err
    assert result.json["input"]["events"] <= 2000
    if compress is gzip.compress:
        assert result.json["input"]["events"] > 2000 * 0.3, (
            "what stands before the damage can be read"
        )


def test_a_wrong_checksum_is_damage(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(LOG))
    packed[-6] ^= 1
    (tmp_path / "x.gz").write_bytes(packed)

    result = harness.run("completion", tmp_path / "x.gz", "-f", "json")

    assert result.status == 0
    assert result.err.splitlines()[0].startswith(
        f"dcevents: warning: {tmp_path / 'x.gz'}: its gzip data are damaged"
    )
    assert EXPECTED["completion"] == figures(result.json)


def test_garbage_behind_the_data_is_damage_and_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(LOG) + b"garbage")

    result = harness.run("completion", tmp_path / "x.gz", "-f", "json")

    assert result.status == 0
    assert "warning" in result.err
    assert EXPECTED["completion"] == figures(result.json)


def test_a_cut_off_input_does_not_touch_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LINES[0])
    (tmp_path / "b.log").write_bytes(gzip.compress(BIG)[:-4000])
    (tmp_path / "c.log").write_bytes(LINES[-1])

    result = harness.run("events", tmp_path, "-f", "json")

    files = {row["file"] for row in result.json["rows"]}
    assert files == {str(tmp_path / name) for name in ("a.log", "b.log", "c.log")}


# -- line ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        pytest.param(
            LINES[-1].removesuffix(b"\n"), {"incomplete": 0, "events": 10}, id="a whole event"
        ),
        pytest.param(
            LINES[-1].removesuffix(b"}\n"), {"incomplete": 1, "events": 9}, id="half an event"
        ),
        pytest.param(
            LINES[-1].replace(b"\n", b"\r"), {"incomplete": 0, "events": 10}, id="half a CRLF"
        ),
        pytest.param(b"   ", {"blank": 1, "incomplete": 0}, id="spaces"),
        pytest.param(b'"K\xc3', {"incomplete": 1}, id="half a character"),
        pytest.param(
            b"x" * (MIB + 1), {"incomplete": 0}, id="too long, which is a reason of its own"
        ),
        pytest.param(b"7", {"incomplete": 0}, id="a number: JSON, but no object"),
    ],
)
@compressions
def test_a_last_line_without_its_line_end(
    tail: bytes, expected: dict[str, int], compress: Compress, tmp_path: Path
) -> None:
    (tmp_path / "x.log").write_bytes(compress(b"".join(LINES[:-1]) + tail))

    account = read(tmp_path / "x.log")["input"]

    assert account["records"] == len(LINES)
    assert expected == {name: account[name] for name in expected}


def test_every_input_may_end_in_half_a_line(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "c.log"):
        (tmp_path / name).write_bytes(LINES[0] + b'{"event":')

    account = read(tmp_path)["input"]

    assert (account["records"], account["incomplete"], account["events"]) == (6, 3, 1)


def test_half_a_line_is_not_joined_with_the_next_input(tmp_path: Path) -> None:
    half = len(LINES[1]) // 2
    (tmp_path / "a.log").write_bytes(LINES[0] + LINES[1][:half])
    (tmp_path / "b.log").write_bytes(LINES[1][half:] + LINES[2])

    account = read(tmp_path)["input"]

    assert (account["events"], account["incomplete"], account["rejected"]["invalid_json"]) == (
        2,
        1,
        1,
    )


def test_every_input_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + LOG)
    (tmp_path / "c.log").write_bytes(b"\xef\xbb\xbf")
    (tmp_path / "d.log").write_bytes(gzip.compress(b"\xef\xbb\xbf" + LOG))

    account = read(tmp_path)["input"]

    assert account["rejected"]["invalid_json"] == 3, "the line that is no JSON, three times"
    assert (account["events"], account["duplicates"]) == (10, 20)


def test_lines_end_at_lf_only() -> None:
    odd = "\u2028\u2029\u0085\v\f"
    log = (
        LINES[0].replace(b"Pricing", odd.encode()).replace(b"\v\f", b"\\u000b\\u000c")
        + LINES[1]
        + b"{}\r{}\n"
    )

    report = read(stdin=log, command="events")

    assert report["rows"][0]["conversation"] == odd
    rejected = report["input"]["rejected"]
    assert (report["input"]["records"], rejected["no_event"]) == (4, 2), "CR is but white space"


# -- long lines ------------------------------------------------------------------------------------


def padded(size: int, pad: str = "x") -> bytes:
    """An event of so many bytes without its line end."""
    line = LINES[1].removesuffix(b"\n")
    head = line[:-1] + b',"pad":"'
    return head + pad.encode() * (size - len(head) - 2) + b'"}'


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=["LF", "CRLF", "no line end"])
@pytest.mark.parametrize(
    ("size", "good"),
    [
        pytest.param(MIB - 1, True, id="less than 1 MiB"),
        pytest.param(MIB, True, id="1 MiB"),
        pytest.param(MIB + 1, False, id="a byte more"),
        pytest.param(4 * MIB + 7, False, id="more than a block"),
    ],
)
def test_the_limit_of_a_line_is_1_mib_without_its_line_end(
    size: int,
    good: bool,
    end: bytes,
) -> None:
    log = LINES[0] + padded(size) + end

    account = read(stdin=log)["input"]

    assert account["records"] == 2
    assert account["events"] == 1 + good
    assert account["rejected"]["too_long"] == (not good)


@compressions
def test_a_line_of_20_mb_costs_one_reject_and_no_neighbour(
    compress: Compress, tmp_path: Path
) -> None:
    log = b"".join(LINES[:3]) + padded(20_000_000) + b"\n" + b"".join(LINES[3:])
    (tmp_path / "x.log").write_bytes(compress(log))

    rows, total, account = figures(read(tmp_path / "x.log"))

    expected_rows, expected_total, expected = EXPECTED["completion"]
    assert (expected_rows, expected_total) == (rows, total)
    assert account == {
        **expected,
        "records": expected["records"] + 1,
        "rejected": {**expected["rejected"], "too_long": 1},
    }


@pytest.mark.parametrize(
    ("line", "bucket"),
    [
        pytest.param(b" " * (3 * MIB), "blank", id="blank, however long"),
        pytest.param(b" " * (3 * MIB) + b"{", "too_long", id="spaces, and something at the end"),
        pytest.param(b"[" * (3 * MIB), "too_long", id="what would be invalid besides"),
        pytest.param(b"\xff" * (2 * MIB), "too_long", id="what is not even text"),
    ],
)
def test_the_first_reason_that_fits_a_long_line(line: bytes, bucket: str) -> None:
    account = read(stdin=LINES[0] + line + b"\n" + LINES[1])["input"]

    found = {"blank": account["blank"], "too_long": account["rejected"]["too_long"]}
    assert found == {"blank": 0, "too_long": 0, bucket: 1}
    assert (account["records"], account["events"]) == (3, 2)


@pytest.mark.parametrize("depth", [100, 500])
def test_nesting_within_the_limit_is_valid(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    line = LINES[1].replace(b'"sid"', b'"deep":%s,"sid"' % nested)

    assert read(stdin=LINES[0] + line)["input"]["events"] == 2


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_nesting_beyond_it_is_no_crash_and_no_loss(depth: int) -> None:
    line = LINES[1].replace(b'"sid"', b'"deep":%s%s,"sid"' % (b"[" * depth, b"]" * depth))

    account = read(stdin=LINES[0] + line + LINES[2])["input"]

    assert account["records"] == 3
    assert account["events"] + account["rejected"]["invalid_json"] == 3
    assert account["events"] >= 2


# -- many parts ------------------------------------------------------------------------------------


def test_parts_of_a_split_file_in_any_order_say_the_same(tmp_path: Path) -> None:
    parts = [LINES[i : i + 3] for i in range(0, len(LINES), 3)]
    paths = [tmp_path / f"part{n}" for n in range(len(parts))]
    for n, (path, lines) in enumerate(zip(paths, parts, strict=True)):
        path.write_bytes(list(COMPRESSIONS.values())[n % 5](b"".join(lines)))

    for order, command in zip(itertools.permutations(paths), itertools.cycle(EXPECTED)):
        assert EXPECTED[command] == figures(read(*order, command=command))


def test_the_sites_parts_in_another_order_say_the_same() -> None:
    files = sorted(path for path in SITE.iterdir() if path.name.startswith("dc.log"))
    expected = read(SITE, command="summary")

    actual = read(*reversed(files), command="summary")

    assert [each["rows"] for each in expected["reports"]] == [
        each["rows"] for each in actual["reports"]
    ]
    assert [each["total"] for each in expected["reports"]] == [
        each["total"] for each in actual["reports"]
    ]
    assert expected["input"] == actual["input"]
    assert expected["input"]["files"] == len(files) > 3


def test_an_overlap_of_parts_is_only_duplicates(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"".join(LINES[:8]))
    (tmp_path / "b").write_bytes(b"".join(LINES[4:]))

    rows, total, account = figures(read(tmp_path / "a", tmp_path / "b"))

    assert EXPECTED["completion"][:2] == (rows, total)
    assert (account["events"], account["duplicates"]) == (10, 4)


def test_a_thousand_small_files_are_one_log(tmp_path: Path) -> None:
    lines = [LINES[1].replace(b'"sid":"a"', b'"sid":"s%d"' % n) for n in range(1000)]
    for n, line in enumerate(lines):
        (tmp_path / f"{n:04}.log").write_bytes(line if n % 2 else gzip.compress(line))

    report = read(tmp_path, command="events")

    assert figures(read(stdin=b"".join(lines))) == figures(read(tmp_path))
    assert report["input"]["files"] == 1000
    places = {(row["sid"], Path(row["file"]).stem, row["line"]) for row in report["rows"]}
    assert places == {(f"s{n}", f"{n:04}", 1) for n in range(1000)}


def test_files_and_lines_of_events_are_where_they_stand(tmp_path: Path) -> None:
    long = b"".join(b'{"event":"OTHER","n":%d}\n' % n for n in range(60_000))
    contents = {
        "a.log": LINES[0] + b"\n" + LINES[1],
        "b.log": long + LINES[2],
        "c.log": b"x\n\n" + LINES[3],
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)

    rows = read(tmp_path, command="events")["rows"]

    found = {row["kind"]: (Path(row["file"]).name, row["line"]) for row in rows}
    assert found == {
        "triggered": ("a.log", 1),
        "engaged": ("a.log", 3),
        "input_email": ("b.log", 60_001),
        "live_chat_requested": ("c.log", 3),
    }


def test_of_duplicates_the_first_by_file_and_line_is_listed(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LINES[1])
    (tmp_path / "b.log").write_bytes(LINES[0] + LINES[1] + LINES[0])

    rows = read(tmp_path / "b.log", tmp_path / "a.log", command="events")["rows"]

    assert [(Path(row["file"]).name, row["line"]) for row in rows] == [("b.log", 1), ("b.log", 2)]


# -- operands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "way",
    ["twice", "another spelling", "a link", "a hard link", "its directory too", "standard input"],
)
def test_a_file_reached_twice_is_read_once(way: str, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(LOG)
    other = {
        "twice": path,
        "another spelling": tmp_path / ".." / tmp_path.name / "x.log",
        "a link": tmp_path / "link",
        "a hard link": tmp_path / "hard",
        "its directory too": tmp_path,
        "standard input": Path("-"),
    }[way]
    if way == "a link":
        other.symlink_to(path)
    if way == "a hard link":
        other.hardlink_to(path)

    if way == "standard input":
        with path.open("rb") as file:
            running = harness.start(
                "completion", path, "-", "-f", "json", "-q", stdin=file, stdout=-1
            )
            out, _ = running.communicate(timeout=60)
        report = json.loads(out)
    else:
        report = read(path, other)

    assert report["input"]["files"] == 1
    assert EXPECTED["completion"] == figures(report)


def test_two_files_of_the_same_content_are_two_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(LOG)

    account = read(tmp_path / "a", tmp_path / "b")["input"]

    assert (account["files"], account["events"], account["duplicates"]) == (2, 10, 10)


def test_standard_input_among_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"".join(LINES[:5]))

    report = read(tmp_path / "a", "-", stdin=b"".join(LINES[5:]))

    assert report["input"]["files"] == 2
    assert EXPECTED["completion"] == figures(report)


LOGS = [
    "x.ndjson",
    "x.jsonl",
    "x.json",
    "x.log",
    "dc.log.1",
    "dc.log-20261101.gz",
    "a.json.bak",
    "b.log.2.zst",
    "c.ndjson~",
]
OTHERS = ["README.md", "notes.txt", "log", "json", "x.LOGS", "access_log", "x.csv"]
OTHER_OBJECTS = b'{"kind": "other", "n": 1}\n{"kind": "another", "n": 2}\n'


@pytest.mark.parametrize("name", LOGS)
def test_a_directory_is_searched_for_names_of_logs(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(LOG)

    result = harness.run("completion", tmp_path, "-f", "json")

    assert EXPECTED["completion"] == figures(result.json)
    assert "passed over" not in result.err


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_of_a_directory_are_searched_for_events(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(LINES[0])
    (tmp_path / name).write_bytes(b"some notes\n" + LOG)

    result = harness.run("completion", tmp_path, "-f", "json")

    assert result.json["rows"] == EXPECTED["completion"][0]
    assert result.json["input"]["files"] == 2
    assert "passed over" not in result.err


@compressions
def test_compressed_files_are_searched_too(compress: Compress, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(compress(LOG))

    assert EXPECTED["completion"] == figures(read(tmp_path))


@pytest.mark.parametrize("name", OTHERS)
def test_other_files_of_a_directory_are_passed_over_and_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(LINES[0])
    (tmp_path / name).write_text("CONVERSATION_ENGAGED is an event\n")
    (tmp_path / ".hidden").write_bytes(LOG)

    result = harness.run("completion", tmp_path, "-f", "json")

    assert (result.json["input"]["files"], result.json["input"]["records"]) == (1, 1)
    first, *_ = result.err.splitlines()
    assert first.startswith("dcevents: passed over 2 files (")
    assert f"{tmp_path / name}: no log by name or content" in first
    assert f"{tmp_path / '.hidden'}: hidden" in first
    assert harness.run("completion", tmp_path, "-q").err == ""


def test_of_many_files_that_are_passed_over_three_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(LINES[0])
    for number in range(5):
        (tmp_path / f"n{number}.txt").write_bytes(OTHER_OBJECTS)

    said = harness.run("completion", tmp_path).err
    quiet = harness.run("completion", tmp_path, "-q").err

    assert f"dcevents: passed over 5 files ({tmp_path}/n0.txt: no log by name or content, " in said
    assert "n2.txt: no log by name or content, …)" in said
    warnings = [line for line in said.splitlines(keepends=True) if " warning: " in line]
    assert quiet == "".join(warnings)
    assert quiet.splitlines()[0] == (
        f"dcevents: warning: {tmp_path}/n0.txt: passed over, though it holds JSON objects; "
        "if it is a log, name the file as SOURCE"
    )
    assert len(warnings) == 4
    assert "2 more files with JSON objects passed over likewise" in warnings[3]


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_that_is_named_is_read_whatever_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(LOG)

    assert EXPECTED["completion"] == figures(read(tmp_path / name))


def test_a_directory_is_read_recursively_in_name_order(tmp_path: Path) -> None:
    for name in ("b.log", "a/z.log", "a/b/c.log", "a.log", "c/d.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(LINES[0].replace(b'"id":"d1"', f'"id":"{name}"'.encode()))
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "x.log").write_bytes(
        b"".join((tmp_path / n).read_bytes() for n in ("b.log", "c/d.log"))
    )

    rows = read(tmp_path, command="events")["rows"]

    files = {
        row["conversation_id"]: Path(row["file"]).relative_to(tmp_path).as_posix() for row in rows
    }
    assert files == {
        "a/b/c.log": "a/b/c.log",
        "a/z.log": "a/z.log",
        "a.log": "a.log",
        "b.log": "again/x.log",  # of duplicates the first: again/ comes before b.log
        "c/d.log": "again/x.log",
    }


def test_hidden_files_and_linked_directories_are_left_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "logs", tmp_path / "outside"
    for folder in (inside, outside, inside / ".git"):
        folder.mkdir()
        (folder / "x.log").write_bytes(LINES[0])
    (inside / ".hidden.log").write_bytes(LOG)
    (outside / "y.log").write_bytes(LOG)
    (inside / "linked").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    (inside / "linked.log").symlink_to(outside / "x.log")
    (inside / "broken.log").symlink_to(tmp_path / "nothing")

    result = harness.run("completion", inside, "-f", "json")

    assert result.status == 0
    assert result.json["input"]["files"] == 2, "x.log, and the linked file"
    assert result.json["input"]["events"] == 1
    assert result.err.startswith("dcevents: passed over ")


def test_a_linked_or_hidden_operand_is_read(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.log").write_bytes(LOG)
    (tmp_path / "linked").symlink_to(tmp_path / ".hidden")

    for operand in (tmp_path / ".hidden", tmp_path / "linked", tmp_path / ".hidden" / "x.log"):
        assert EXPECTED["completion"] == figures(read(operand))


def test_special_files_of_a_directory_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(LOG)
    os.mkfifo(tmp_path / "pipe.log")

    result = harness.run("completion", tmp_path, "-f", "json")

    assert EXPECTED["completion"] == figures(result.json)
    assert result.err.startswith("dcevents: passed over 1 file ")


def test_a_pipe_that_is_named_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    running = harness.start("completion", tmp_path / "pipe", "-f", "json", "-q", stdout=-1)
    (tmp_path / "pipe").write_bytes(LOG)
    out, _ = running.communicate(timeout=60)

    assert EXPECTED["completion"] == figures(json.loads(out))


LOGLESS = [
    pytest.param({}, "no log in this folder; is it mounted, and the right one?", id="empty"),
    pytest.param(
        {"README.md": b"nothing", "a/.x.log": LOG},
        "no log in this folder, 2 files passed over; if one is a log, name the file as SOURCE",
        id="of others",
    ),
]
"""Files of a folder, and what is said of it."""


@pytest.mark.parametrize(("files", "said"), LOGLESS)
@pytest.mark.parametrize("command", ["completion", "summary", "check", "ingest"])
def test_a_folder_without_logs_is_an_error(
    command: str, files: dict[str, bytes], said: str, tmp_path: Path
) -> None:
    folder, store = tmp_path / "logs", tmp_path / "store"
    folder.mkdir()
    (tmp_path / "x.log").write_bytes(LOG)
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    more: list[str | Path] = ["--store", store] if command == "ingest" else []

    for operands in ([folder], [tmp_path / "x.log", folder], [tmp_path, folder]):
        result = harness.run(command, *operands, *more, "-q")
        assert (result.status, result.out) == (1, b"")
        assert result.err == f"dcevents: {folder}: {said}\n"
    assert not store.exists()
    assert harness.run(command, tmp_path, *more, "-q").status == 0, "logs elsewhere below it"


def test_files_of_a_folder_without_logs_are_named(tmp_path: Path) -> None:
    (tmp_path / "november.txt").write_bytes(OTHER_OBJECTS)

    first, second, third = harness.run("completion", tmp_path).err.splitlines()

    assert first.startswith(f"dcevents: passed over 1 file ({tmp_path}/november.txt: no log by ")
    assert second.startswith(f"dcevents: warning: {tmp_path}/november.txt: passed over, though ")
    assert third.startswith(f"dcevents: {tmp_path}: no log in this folder, 1 file passed over; ")


def test_an_empty_file_by_the_name_of_a_log_is_one(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"")

    assert read(tmp_path)["rows"] == []


REPORTS = {
    "summary": ("x.json", "json"),
    "summary in rows": ("x.ndjson", "ndjson"),
    **{
        f"{report} as {format_}": (f"x.{format_}", format_)
        for report in (
            "completion",
            "abandonment",
            "live-chat",
            "sessions",
            "conversations",
            "chats",
            "events",
        )
        for format_ in ("json", "ndjson")
    },
    "abandonment --by last-step": ("x.ndjson", "ndjson"),
    "completion --by all": ("x.jsonl", "ndjson"),
    "live-chat --by hour": ("x.jsonl", "ndjson"),
}
"""Commands, up to ` as ` or ` in `, each with the name of its file and the format in that."""


@combine(("report", "compress"), REPORTS.keys(), COMPRESSIONS, at_once=1)
def test_reports_of_dcevents_itself_are_passed_over(
    report: str, compress: Compress, tmp_path: Path
) -> None:
    name, format_ = REPORTS[report]
    arguments = [*re.split(" as | in ", report)[0].split(), "-f", format_]
    (tmp_path / "x.log").write_bytes(LOG)
    abandoned = harness.log("09:00 d engaged\n10:00 e engaged")
    assert harness.run(*arguments, "-o", tmp_path / "report", stdin=LOG + abandoned).status == 0
    (tmp_path / name).write_bytes(compress((tmp_path / "report").read_bytes()))
    (tmp_path / "report").unlink()

    result = harness.run("completion", tmp_path, "-f", "json")

    assert EXPECTED["completion"] == figures(result.json)
    assert result.json["input"]["files"] == 1
    assert result.err.startswith("dcevents: passed over 1 file ")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b'{"sid":"a","outcome":"x"}', id="keys of a row and an event"),
        pytest.param(b'{"report":"r","metric":"m","value":1}', id="keys of a summary"),
        pytest.param(b'{"schema":"other/1"}', id="another schema"),
    ],
)
def test_a_log_that_looks_like_a_report_is_read(line: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(line[:-1] + b"," + LINES[0][1:] + LOG)

    assert read(tmp_path)["input"]["records"] == 1 + len(LINES)


def test_a_report_that_is_named_is_read_and_has_no_events(tmp_path: Path) -> None:
    harness.run("sessions", "-o", tmp_path / "x.ndjson", stdin=LOG)

    result = harness.run("completion", tmp_path / "x.ndjson")

    assert (3, b"") == (result.status, result.out)


def test_an_output_in_the_directory_that_is_read_does_not_feed_itself(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(LOG)

    runs = [
        harness.run("sessions", tmp_path, "-o", tmp_path / "report.ndjson", "-q") for _ in range(2)
    ]

    assert [each.status for each in runs] == [0, 0]
    rows = [
        json.loads(line)
        for line in (tmp_path / "report.ndjson").read_text(encoding="utf-8").splitlines()
    ]
    assert rows == EXPECTED["sessions"][0]


@pytest.mark.pairwise
def test_names_that_are_not_utf_8_are_read_and_shown(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/k\xf6ln.log"
    try:
        Path(os.fsdecode(name)).write_bytes(LOG)
    except OSError:
        pytest.skip("this file system wants UTF-8")

    told = harness.run("events", "-f", "csv", stdin=LOG).err.rpartition(": dcevents check")[0]
    for format_ in ("table", "json", *(("csv", "ndjson", "markdown") if EVERY else ())):
        result = harness.spawn("events", tmp_path, "-f", format_)
        assert result.status == 0
        assert result.err.startswith(told)
        assert "ln.log" in result.text.replace("\\", "")


@pytest.mark.parametrize(
    "first", [{"sid": "a", "outcome": "x"}, {"file": "a.js", "line": 1, "reason": "oops"}]
)
def test_a_log_is_no_report_for_a_few_keys_of_its_first_line(
    first: dict[str, object], tmp_path: Path
) -> None:
    (tmp_path / "dc.log").write_bytes(
        json.dumps(first).encode() + b"\n" + harness.log("09:00 a triggered")
    )

    account = harness.run("summary", tmp_path, "-f", "json", "-q").json["input"]

    assert (2, 1) == (account["records"], account["events"])
