"""Logs that grow, rotate, are compressed, copied, cut short and put back:
a store knows each line of them once.
"""

import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import stores
from choosing import EVERY, combine
from harness import run
from stores import lines

from dcevents.reading.sources import sizes
from dcevents.store import intake

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Steps = Iterator[Mapping[str, bytes]]
"""After each step: what logs there are and ever were, by any name, each with all that it says."""


class Folder:
    """A folder of logs, and what is done there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def write(self, name: str, data: bytes) -> None:
        """A file anew, in place."""
        (self / name).write_bytes(data)

    def add(self, name: str, data: bytes) -> None:
        """Something more at the end."""
        with (self / name).open("ab") as file:
            file.write(data)

    def move(self, name: str, to: str) -> None:
        """Another name for a file."""
        (self / name).rename(self / to)

    def replace(self, name: str, data: bytes) -> None:
        """Another file in the place of one."""
        self.write(".new", data)
        self.move(".new", name)

    def compress(self, name: str, to: str, how: Callable[[bytes], bytes] = gzip.compress) -> None:
        """What `gzip` does."""
        self.write(to, how((self / name).read_bytes()))
        shutil.copystat(self / name, self / to)
        (self / name).unlink()


def appended(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 40))
    yield {"a": lines(0, 40)}
    logs.add("a.log", lines(40, 41))
    yield {"a": lines(0, 41)}
    logs.add("a.log", lines(41, 90))
    yield {"a": lines(0, 90)}


def renamed(logs: Folder) -> Steps:
    yield from appended(logs)
    logs.move("a.log", "a.log.1")
    yield {"a": lines(0, 90)}
    logs.add("a.log.1", lines(90, 95))
    logs.write("a.log", lines(100, 130))
    yield {"a": lines(0, 95), "b": lines(100, 130)}
    logs.move("a.log.1", "a.log.2")
    logs.move("a.log", "a.log.1")
    logs.write("a.log", lines(130, 140))
    yield {"a": lines(0, 95), "b": lines(100, 130), "c": lines(130, 140)}


def compressed(logs: Folder) -> Steps:
    yield from renamed(logs)
    logs.compress("a.log.2", "a.log.2.gz")
    logs.compress("a.log.1", "a.log.1.zst", zstd.compress)
    yield {"a": lines(0, 95), "b": lines(100, 130), "c": lines(130, 140)}


def compressed_with_more(logs: Folder) -> Steps:
    yield from renamed(logs)
    logs.add("a.log.2", lines(95, 99))
    logs.compress("a.log.2", "a.log.2.gz")
    logs.add("a.log.1", lines(141, 145))
    logs.compress("a.log.1", "a.log.1.zst", zstd.compress)
    yield {"a": lines(0, 99), "b": lines(100, 130) + lines(141, 145), "c": lines(130, 140)}


def compressed_log_that_grows(logs: Folder) -> Steps:
    logs.write("a.log.gz", gzip.compress(lines(0, 40)))
    yield {"a": lines(0, 40)}
    logs.add("a.log.gz", gzip.compress(lines(40, 80)))
    yield {"a": lines(0, 80)}


def compressed_again(logs: Folder) -> Steps:
    logs.write("a.log.gz", gzip.compress(lines(0, 40)))
    yield {"a": lines(0, 40)}
    logs.write("a.log.gz", gzip.compress(lines(0, 40), 1))
    yield {"a": lines(0, 40)}


def half_compressed(logs: Folder) -> Steps:
    """Its compressor is still at it, and the log is there yet."""
    whole = lines(0, 90)
    logs.write("a.log", whole)
    yield {"a": whole}
    packed = gzip.compress(whole)
    logs.write("a.log.gz", packed)
    yield {"a": whole}
    (logs / "a.log").unlink()
    yield {"a": whole}


def copy_and_truncate(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    logs.add("a.log", lines(60, 70))
    logs.write("a.log.1", lines(0, 70))
    logs.write("a.log", b"")
    yield {"a": lines(0, 70)}
    logs.add("a.log", lines(70, 75))
    yield {"a": lines(0, 70), "b": lines(70, 75)}


def copy_seen_with_its_original(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    logs.write("a.log.1", lines(0, 60))
    yield {"a": lines(0, 60)}
    logs.write("a.log", lines(60, 75))
    yield {"a": lines(0, 60), "b": lines(60, 75)}


def copies_at_once(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 60))
    logs.write("a.log.1", lines(0, 60))
    logs.write("b.log.gz", gzip.compress(lines(0, 60)))
    yield {"a": lines(0, 60)}
    logs.add("a.log.1", lines(60, 75))
    yield {"a": lines(0, 75)}


def truncated_and_refilled(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    logs.write("a.log", lines(60, 75))
    yield {"a": lines(0, 60), "b": lines(60, 75)}
    logs.write("a.log", lines(80, 200))
    yield {"a": lines(0, 60), "b": lines(60, 75), "c": lines(80, 200)}


def replaced(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    logs.replace("a.log", lines(60, 120))
    yield {"a": lines(0, 60), "b": lines(60, 120)}


def changed_in_its_midst(logs: Folder) -> Steps:
    """Of the same size, as sed -i leaves it: another log, of which much is there twice."""
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    other = lines(0, 50) + lines(50, 60).replace(b"s", b"t")
    logs.replace("a.log", other)
    yield {"a": lines(0, 60), "b": other}


def put_back(logs: Folder) -> Steps:
    """From a backup of a moment that a run has seen, with its time or without."""
    logs.write("a.log", lines(0, 60))
    shutil.copy2(logs / "a.log", logs / ".backup")
    yield {"a": lines(0, 60)}
    logs.add("a.log", lines(60, 90))
    yield {"a": lines(0, 90)}
    shutil.copy2(logs / ".backup", logs / "a.log")
    yield {"a": lines(0, 90)}


def put_back_and_gone_on(logs: Folder) -> Steps:
    """From a backup of a moment that no run has seen: another log that begins alike,
    which repeats some lines.
    """
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    logs.write("a.log", lines(0, 50))
    yield {"a": lines(0, 60), "b": lines(0, 50)}
    logs.add("a.log", lines(100, 110))
    yield {"a": lines(0, 60), "b": lines(0, 50) + lines(100, 110)}


def two_that_begin_alike(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 20))
    yield {"a": lines(0, 20)}
    logs.write("b.log", lines(0, 20) + lines(30, 40))
    yield {"b": lines(0, 20) + lines(30, 40)}
    logs.add("a.log", lines(50, 60))
    yield {"a": lines(0, 20) + lines(50, 60), "b": lines(0, 20) + lines(30, 40)}


def linked(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    (logs / "hard.log").hardlink_to(logs / "a.log")
    (logs / "soft.log").symlink_to(logs / "a.log")
    yield {"a": lines(0, 60)}
    logs.add("a.log", lines(60, 70))
    yield {"a": lines(0, 70)}
    (logs / "a.log").unlink()
    (logs / "soft.log").unlink()
    yield {"a": lines(0, 70)}


def incomplete(logs: Folder) -> Steps:
    cut = len(lines(0, 41)) - 30
    logs.write("a.log", lines(0, 41)[:cut])
    yield {"a": lines(0, 41)[:cut]}
    logs.write("b.log", b'{"eve')
    yield {"a": lines(0, 41)[:cut], "b": b'{"eve'}
    logs.add("a.log", lines(0, 41)[cut:-1])
    yield {"a": lines(0, 41)[:-1], "b": b'{"eve'}
    logs.add("a.log", b"\n" + lines(41, 50))
    yield {"a": lines(0, 50), "b": b'{"eve'}
    logs.add("b.log", b'nt":"acme"}')
    yield {"a": lines(0, 50), "b": b'{"event":"acme"}'}


def never_completed(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 41)[:-1])
    yield {"a": lines(0, 41)[:-1]}
    logs.move("a.log", "a.log.1")
    logs.write("a.log", lines(50, 60)[:-1])
    yield {"a": lines(0, 41)[:-1], "b": lines(50, 60)[:-1]}
    logs.compress("a.log.1", "a.log.1.gz")
    logs.add("a.log", b"\n")
    yield {"a": lines(0, 41)[:-1], "b": lines(50, 60)}


def empty(logs: Folder) -> Steps:
    logs.write("a.log", b"")
    logs.write("b.log", b"")
    logs.write("c.log.gz", gzip.compress(b""))
    yield {}
    logs.add("b.log", lines(0, 20))
    yield {"b": lines(0, 20)}
    logs.add("a.log", lines(20, 40))
    logs.write("c.log", lines(40, 60))
    yield {"a": lines(20, 40), "b": lines(0, 20), "c": lines(40, 60)}


def empty_beside_one_that_begins(logs: Folder) -> Steps:
    logs.write("b.log", b"")
    yield {}
    logs.add("b.log", lines(0, 1)[:26])
    yield {"b": lines(0, 1)[:26]}
    logs.write("a.log", b"")
    logs.add("b.log", lines(0, 20)[26:])
    yield {"b": lines(0, 20)}


def with_mark_and_crlf(logs: Folder) -> Steps:
    first, more = (
        b"\xef\xbb\xbf" + lines(0, 30).replace(b"\n", b"\r\n"),
        lines(30, 60).replace(b"\n", b"\r\n"),
    )
    logs.write("a.log", first)
    yield {"a": first}
    logs.add("a.log", more)
    yield {"a": first + more}
    logs.add("a.log", lines(60, 61).replace(b"\n", b"\r"))
    yield {"a": first + more + lines(60, 61).replace(b"\n", b"\r")}
    logs.write("b.log", b"\xef\xbb\xbf")
    yield {"a": first + more + lines(60, 61).replace(b"\n", b"\r"), "b": b"\xef\xbb\xbf"}
    logs.add("b.log", lines(70, 80))
    yield {
        "a": first + more + lines(60, 61).replace(b"\n", b"\r"),
        "b": b"\xef\xbb\xbf" + lines(70, 80),
    }


LONG = b'{"x":"' + b"x" * 1_500_000


def a_long_line(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 30) + LONG)
    yield {"a": lines(0, 30) + LONG}
    logs.add("a.log", b"x" * 2_000_000)
    yield {"a": lines(0, 30) + LONG}
    logs.write("b.log", lines(70, 80))
    yield {"a": lines(0, 30) + LONG, "b": lines(70, 80)}
    logs.add("a.log", b'"}\n' + lines(30, 60))
    yield {"a": lines(0, 30) + LONG + b"\n" + lines(30, 60), "b": lines(70, 80)}
    logs.compress("a.log", "a.log.gz")
    yield {"a": lines(0, 30) + LONG + b"\n" + lines(30, 60), "b": lines(70, 80)}


def long_lines_only(logs: Folder) -> Steps:
    logs.write("b.log", lines(70, 80))
    yield {"b": lines(70, 80)}
    logs.write("a.log", LONG + LONG)
    yield {"a": LONG, "b": lines(70, 80)}
    logs.add("a.log", b"\n" + lines(0, 4) + LONG + LONG + b"\n" + LONG)
    yield {"a": LONG + b"\n" + lines(0, 4) + LONG + b"\n" + LONG, "b": lines(70, 80)}
    logs.add("a.log", b"\n" + lines(4, 9))
    yield {
        "a": LONG + b"\n" + lines(0, 4) + LONG + b"\n" + LONG + b"\n" + lines(4, 9),
        "b": lines(70, 80),
    }


def pretty(begin: int, end: int, indent: int | None = 1) -> bytes:
    """A JSON array of what lines say."""
    records = [json.loads(each) for each in lines(begin, end).splitlines() if b"broken" not in each]
    return json.dumps(records, indent=indent).encode() + b"\n"


def array_rewritten(logs: Folder, indent: int | None = 1) -> Steps:
    logs.write("a.json", pretty(0, 1, indent))
    yield {"a": pretty(0, 1, indent)}
    logs.write("a.json", pretty(0, 30, indent))
    yield {"a": pretty(0, 30, indent)}
    logs.write("a.json", pretty(0, 60, indent))
    yield {"a": pretty(0, 60, indent)}
    logs.compress("a.json", "a.json.gz")
    logs.write("b.log", lines(100, 110))
    yield {"a": pretty(0, 60, indent), "b": lines(100, 110)}


def array_on_one_line(logs: Folder) -> Steps:
    yield from array_rewritten(logs, None)


def objects_over_many_lines(logs: Folder) -> Steps:
    whole = b"".join(
        json.dumps(each, indent=1).encode() + b"\n" for each in json.loads(pretty(0, 60))
    )
    for cut in (700, 1500, 1501, len(whole)):
        logs.write("a.json", whole[:cut])
        yield {"a": whole[:cut]}


def behind_a_prefix(logs: Folder) -> Steps:
    whole = b"".join(
        b"2026-11-02T09:00:00Z web-1 " + each for each in lines(0, 60).splitlines(keepends=True)
    )
    for cut in (1500, 1501, len(whole)):
        logs.write("a.log", whole[:cut])
        yield {"a": whole[:cut]}


def own_reports(logs: Folder) -> Steps:
    logs.write("a.log", lines(0, 60))
    yield {"a": lines(0, 60)}
    for name in ("summary.json", "completion.ndjson", "events.ndjson", "conversations.ndjson"):
        assert run(
            name.split(".")[0], logs / "a.log", "-q", "-o", logs / name, "-f", name.split(".")[1]
        ).status in (
            0,
            2,
        )
    assert (
        run(
            "events",
            logs / "a.log",
            "-q",
            "--rejects",
            logs / "rejects.ndjson",
            "-o",
            logs / "x.csv",
        ).status
        == 0
    )
    yield {"a": lines(0, 60)}


EVERY_WAY = [
    appended, renamed, compressed, compressed_with_more, compressed_log_that_grows,
    compressed_again, half_compressed,
    copy_and_truncate, copy_seen_with_its_original, copies_at_once, truncated_and_refilled,
    replaced,
    changed_in_its_midst, put_back, put_back_and_gone_on, two_that_begin_alike, linked, incomplete,
    never_completed,
    empty, empty_beside_one_that_begins, with_mark_and_crlf, a_long_line, long_lines_only,
    array_rewritten,
    array_on_one_line,    objects_over_many_lines, behind_a_prefix, own_reports,
]  # fmt: skip


FEW_WAYS = EVERY_WAY[3::5]
"""Those that are always tried."""


def shorten_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have logs read as if they were long: by ranges, known by less than all that they are."""
    for name, size in (
        ("FIRST_BLOCK_BYTES", 1000),
        ("BLOCK_BYTES", 2000),
        ("TAIL_BYTES", 600),
    ):
        monkeypatch.setattr(sizes, name, size)
    monkeypatch.setattr(intake, "HEAD_BYTES", 600)


@combine(
    ("steps", "how"),
    {steps.__name__: steps for steps in EVERY_WAY if EVERY or steps in FEW_WAYS},
    ["whole", "in small blocks"],
    at_once=1,
)
def test_each_line_counts_once(
    steps: Callable[[Folder], Steps], how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "in small blocks":
        shorten_blocks(monkeypatch)
    logs, alone = Folder(tmp_path / "logs"), Folder(tmp_path / "alone")
    for each in (logs, alone):
        each.path.mkdir()
    store = tmp_path / "store"
    for contents in steps(logs):
        expected = read_once(alone, contents)
        stores.ingest(store, logs.path)
        assert expected == figures("--store", store)
        if EVERY:
            assert has_nothing_new(logs.path, store)
    assert has_nothing_new(logs.path, store)
    assert expected == figures("--store", store)
    assert chats(alone.path) == chats("--store", store)


def has_nothing_new(logs: Path, store: Path) -> bool:
    """Take the logs in once more, and return whether none of them had anything new."""
    return " 0 logs of " in " " + run("ingest", logs, "--store", store).err.splitlines()[-1]


def read_once(alone: Folder, contents: Mapping[str, bytes]) -> Any:
    """Return what one reading of these logs says."""
    for path in alone.path.iterdir():
        path.unlink()
    for name, data in (contents or {"none": b""}).items():
        alone.write(f"{name}.log", data)
    return figures(alone.path)


def figures(*where: str | Path) -> Any:
    """Return all conversations, with the account of the input."""
    return stores.figures("conversations", *where, alike=False)


def chats(*where: str | Path) -> Any:
    """Return all attempts of live chats, with the account of the input."""
    return stores.figures("chats", *where, alike=False)


def test_a_log_is_known_by_any_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Folder(tmp_path).write("a.log", lines(0, 60))
    (tmp_path / "other").symlink_to(tmp_path)
    for path in ("a.log", tmp_path / "a.log", tmp_path / "other" / "a.log", "other/./a.log"):
        stores.ingest(tmp_path / "store", path)
        assert stores.figures("completion", "--store", tmp_path / "store")["input"]["records"] == 60


@pytest.mark.rotations
def test_standard_input_is_known_again(tmp_path: Path) -> None:
    alone = Folder(tmp_path / "alone")
    alone.path.mkdir()
    logs, store = Folder(tmp_path), tmp_path / "store"
    logs.write("empty.log", b"")
    logs.write("a.log", lines(0, 30))
    stores.ingest(store, logs / "empty.log", logs / "a.log")
    for stdin in (lines(0, 30), lines(0, 60)[:-20], lines(0, 90), lines(0, 90)):
        stores.ingest(store, "-", stdin=stdin)
        assert read_once(alone, {"a": stdin}) == figures("--store", store)
    logs.add("a.log", lines(30, 90))
    stores.ingest(store, logs / "a.log")
    assert read_once(alone, {"a": lines(0, 90)}) == figures("--store", store)
    stores.ingest(store, "-", stdin=lines(100, 110))
    assert read_once(alone, {"a": lines(0, 90), "b": lines(100, 110)}) == figures("--store", store)


def test_a_store_among_the_logs_is_no_log(tmp_path: Path) -> None:
    logs, store = Folder(tmp_path), tmp_path / "store.log"
    logs.write("a.log", lines(0, 60))
    for _ in range(2):
        stores.ingest(store, tmp_path)
        assert stores.figures("completion", "--store", store)["input"]["files"] == 1
    os.unlink(store / "manifest.json")
    assert stores.figures("completion", tmp_path)["input"]["records"] == 60


def test_what_lies_in_a_file_is_not_lost_where_offsets_are_wrong(tmp_path: Path) -> None:
    """A log whose beginning and whose tail are those of another, but for what no run may go by:
    its size.
    """
    logs, store = Folder(tmp_path), tmp_path / "store"
    logs.write("a.log", lines(0, 60))
    stores.ingest(store, logs / "a.log")
    logs.write("b.log", lines(0, 30) + lines(200, 230) + lines(30, 60))
    stores.ingest(store, logs / "b.log")
    expected: Any = stores.figures("completion", logs / "a.log", logs / "b.log")
    assert expected == stores.figures("completion", "--store", store)
