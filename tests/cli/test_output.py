"""Where reports go: written whole or not at all, in place of what was there."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import harness
import pytest

from dcevents import output
from dcevents.errors import OutputError

LOG = harness.log("09:00 a engaged name=Köln")


def failing() -> Iterator[str]:
    """A report that breaks off."""
    yield "half"
    raise RuntimeError("broken off")


def test_a_new_file_has_the_report_and_the_usual_mode(tmp_path: Path) -> None:
    target = tmp_path / "report.csv"
    mask = os.umask(0o027)
    try:
        result = harness.run("completion", "-o", target, stdin=LOG)
    finally:
        os.umask(mask)

    assert (0, b"") == (result.status, result.out)
    assert target.read_text(encoding="utf-8").startswith("conversation,conversation_id,sessions,")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [target] == list(tmp_path.iterdir())


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "report.csv"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o604)

    assert harness.run("completion", "-o", target, stdin=LOG).status == 0

    assert stat.S_IMODE(target.stat().st_mode) == 0o604
    assert "old" not in target.read_text(encoding="utf-8")
    assert [target] == list(tmp_path.iterdir())


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "report.json", tmp_path / "latest.json"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)

    assert harness.run("completion", "-o", link, stdin=LOG).status == 0

    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith('{"schema":"dcevents.completion/1"')


def test_a_report_that_breaks_off_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("old", encoding="utf-8")

    with pytest.raises(RuntimeError, match="broken off"):
        output.replace_file(str(target), failing())

    assert target.read_text(encoding="utf-8") == "old"
    assert [target] == list(tmp_path.iterdir())


def test_the_old_report_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "report.txt"
    target.write_text("old", encoding="utf-8")
    seen: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in ("new ", "report"):
            seen.append(target.read_text(encoding="utf-8"))
            yield piece

    output.replace_file(str(target), pieces())

    assert seen == ["old", "old"]
    assert target.read_text(encoding="utf-8") == "new report"


def test_the_report_is_on_the_disk_before_it_takes_the_old_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(fd: int) -> None:
        done.append("fsync")
        sync(fd)

    def noted_replace(old: str, new: str | Path) -> None:
        done.append("replace")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)

    output.replace_file(str(tmp_path / "report.txt"), ["new"])

    assert done[:2] == ["fsync", "replace"]


def test_the_temporary_file_stands_beside_the_report_so_that_the_rename_is_atomic(
    tmp_path: Path,
) -> None:
    target = tmp_path / "report.txt"
    beside: list[int] = []

    def pieces() -> Iterator[str]:
        beside.append(len(list(tmp_path.iterdir())))
        yield "new"

    output.replace_file(str(target), pieces())

    assert beside == [1]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("missing/report.csv", "there is no folder {}/missing", id="no such folder"),
        pytest.param("file/report.csv", "not a directory", id="a folder that is a file"),
        pytest.param("folder", "is a directory", id="a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")

    result = harness.run("completion", "-o", tmp_path / name, "-q", stdin=LOG)

    assert (1, b"") == (result.status, result.out)
    assert result.err == f"dcevents: {tmp_path / name}: {reason.format(tmp_path)}\n"
    assert sorted(tmp_path.iterdir()) == [tmp_path / "file", tmp_path / "folder"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(OutputError, match=r"report\.txt: permission denied"):
        output.replace_file(str(tmp_path / "report.txt"), ["new"])


def test_what_is_no_regular_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()

    assert harness.run("completion", "-f", "csv", "-o", pipe, stdin=LOG).status == 0

    reader.join(10)
    assert read
    assert read[0].splitlines()[1].startswith("Köln,d1,1,1,1,")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param([], "2026-12-01", id="today"),
        pytest.param(["--tz", "America/New_York"], "2026-11-30", id="today in the zone"),
        pytest.param(["--period", "last-week"], "2026-11-23", id="the first day of the window"),
        pytest.param(
            ["--since", "2026-11-02", "--tz", "Europe/Berlin"], "2026-11-02", id="… in the zone"
        ),
        pytest.param(["--until", "2026-11-02"], "2026-12-01", id="a window without a first day"),
    ],
)
def test_the_date_in_the_name_is_the_first_day(
    tmp_path: Path, options: list[str], expected: str
) -> None:
    assert (
        harness.run(
            "completion", "-o", tmp_path / "r-{date}-{date}.csv", *options, stdin=LOG
        ).status
        == 0
    )

    assert [tmp_path / f"r-{expected}-{expected}.csv"] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "start"),
    [
        pytest.param("r.csv", "conversation,", id="csv"),
        pytest.param("r.tsv", "conversation\t", id="tsv"),
        pytest.param("r.json", '{"schema"', id="json"),
        pytest.param("r.ndjson", '{"conversation"', id="ndjson"),
        pytest.param("r.jsonl", '{"conversation"', id="jsonl"),
        pytest.param("r.md", "**Completion", id="markdown"),
        pytest.param("r.CSV", "conversation,", id="capitals"),
        pytest.param("r.txt", "Completion", id="text"),
        pytest.param("r", "Completion", id="no ending"),
        pytest.param(".csv", "Completion", id="a hidden name is no ending"),
    ],
)
def test_the_format_is_taken_from_the_ending(tmp_path: Path, name: str, start: str) -> None:
    assert harness.run("completion", "-o", tmp_path / name, stdin=LOG).status == 0

    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)


@pytest.mark.parametrize("name", ["r.csv", "r.pdf"])
def test_the_format_that_is_asked_for_outranks_the_ending(tmp_path: Path, name: str) -> None:
    assert harness.run("completion", "-o", tmp_path / name, "-f", "json", stdin=LOG).status == 0

    assert (tmp_path / name).read_text(encoding="utf-8").startswith('{"schema"')


@pytest.mark.parametrize("name", ["report.pdf", "r.csv.old", "r.{date}", "old.pdf", "link.pdf"])
def test_an_ending_of_no_format_is_wrong_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "old.pdf").write_text("old")
    (tmp_path / "link.pdf").symlink_to(tmp_path / "gone.pdf")

    for command, endings in (("completion", ".txt, .csv, "), ("check", ".txt, .json\n")):
        result = harness.run(command, "-o", tmp_path / name, stdin=LOG)

        assert (result.status, result.out, result.err.count("\n")) == (2, b"", 1)
        assert "no format has the ending ." in result.err
        assert f"end the name with {endings.rstrip()}" in result.err
    assert {each.name for each in tmp_path.iterdir()} == {"old.pdf", "link.pdf"}
    assert (tmp_path / "old.pdf").read_text() == "old"


def test_what_is_no_regular_file_gets_a_table(tmp_path: Path) -> None:
    (tmp_path / "null.pdf").symlink_to("/dev/null")

    assert harness.run("completion", "-o", tmp_path / "null.pdf", stdin=LOG).status == 0
    assert harness.run("completion", "-o", "/dev/null", stdin=LOG).status == 0
