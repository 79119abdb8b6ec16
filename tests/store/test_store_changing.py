"""Logs that change while they are read: no line is lost, none is counted twice, none is made up."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import harness
import pytest
from changing import (
    FAULTS,
    KEEPING,
    Fault,
    Logs,
    changing,
    copy_and_truncate,
    rename,
    write_lines,
)
from choosing import try_examples
from hypothesis import example, given
from hypothesis import strategies as st

pytestmark = pytest.mark.rotations

ROTATIONS = int(os.environ.get("DCEVENTS_ROTATIONS", "10"))
_CALLS = 60
"""Calls by which a run reads the logs here, about."""


def list_faults(acts: Sequence[object], most: int = 3) -> st.SearchStrategy[list[Fault]]:
    """Return a strategy of faults at any moments of a run."""
    fault = st.builds(
        Fault, st.integers(0, _CALLS), st.sampled_from(acts), st.sampled_from([0, 1, 30, 90])
    )
    return st.lists(fault, min_size=1, max_size=most)


@contextmanager
def make_logs(lines: int) -> Iterator[tuple[Logs, Path]]:
    """Yield a folder with a log of so many lines, and a place for a store."""
    with tempfile.TemporaryDirectory() as folder:
        logs = Logs(Path(folder) / "logs")
        logs.folder.mkdir()
        logs.append(lines)
        yield logs, Path(folder) / "store"


def ingest(logs: Logs, store: Path, faults: Sequence[Fault] = ()) -> harness.Result:
    """Take logs in; faults may happen meanwhile."""
    with changing(logs, faults):
        result = harness.run("ingest", logs.folder, "--store", store)
    assert (result.status, result.out) == (0, b""), result.err
    return result


def list_events(*where: str | Path) -> list[int]:
    """Return the numbers of events, which say the same number in all that they say."""
    listed = harness.run("conversations", *where, "-f", "ndjson", "-q")
    assert "Traceback" not in listed.err
    numbers = []
    for row in listed.ndjson:
        (number,) = {row["sid"][1:], row["conversation_id"][1:], row["conversation"][8:]}
        numbers.append(int(number))
    return sorted(numbers)


@try_examples(12)
@given(st.integers(0, 60), list_faults(KEEPING), list_faults(KEEPING, 1))
def test_no_line_is_lost_that_is_still_in_some_file(
    known_lines: int, faults: list[Fault], later_faults: list[Fault]
) -> None:
    with make_logs(known_lines) as (logs, store):
        if known_lines:
            ingest(logs, store)
        logs.append(70)
        for each in (faults, later_faults):
            ingest(logs, store, each)
        assert set(list_events("--store", store)) <= logs.written
        assert ingest(logs, store).err.count("warning") == 0
        assert list_events("--store", store) == sorted(logs.written)
        assert "0 logs of" in ingest(logs, store).err


@try_examples(8)
@given(st.integers(0, 60), list_faults(FAULTS))
def test_a_store_says_what_was_written_and_all_that_is_left(
    known_lines: int, faults: list[Fault]
) -> None:
    with make_logs(known_lines) as (logs, store):
        if known_lines:
            ingest(logs, store)
        logs.append(70)
        ingest(logs, store, faults)
        ingest(logs, store)
        stored = set(list_events("--store", store))
        assert logs.list_on_disk() <= stored <= logs.written


@try_examples(8)
@example(known_lines=1, call=12, lines=0, is_renamed=False)
@given(st.integers(0, 60), st.integers(0, _CALLS), st.sampled_from([0, 1, 30, 90]), st.booleans())
def test_no_line_is_counted_twice(
    known_lines: int, call: int, lines: int, is_renamed: bool
) -> None:
    with make_logs(known_lines) as (logs, store):
        if known_lines:
            ingest(logs, store)
        logs.append(70)
        ingest(logs, store, [Fault(call, rename if is_renamed else copy_and_truncate, lines)])
        ingest(logs, store)
        account = harness.run("summary", "--store", store, "-f", "json", "-q").json["reports"][0][
            "input"
        ]
        assert (account["records"], account["duplicates"]) == (len(logs.written), 0)


@try_examples(15)
@given(list_faults(FAULTS, 2))
def test_a_report_is_whole_or_says_that_a_log_changed(faults: list[Fault]) -> None:
    with make_logs(70) as (logs, _):
        with changing(logs, faults):
            result = harness.run("conversations", logs.path, "-f", "ndjson", "-q")
        assert result.status in (0, 3)
        found = {int(row["sid"][1:]) for row in result.ndjson}
        growing = zip(logs.contents, logs.contents[1:], strict=False)
        if found not in logs.contents and not any(one < found < two for one, two in growing if one):
            assert re.fullmatch(
                r"dcevents: warning: .*dc\.log: (it was cut short|another log took its place) "
                r"while it was read; what could be read is counted\n",
                result.err,
            )


@pytest.mark.parametrize("lines", [0, 1])
def test_a_report_says_that_its_log_was_emptied_before_it_was_read(lines: int) -> None:
    with make_logs(70) as (logs, _):
        with changing(logs, [Fault(0, copy_and_truncate, lines)]):
            result = harness.run("completion", logs.path, "-f", "json", "-q")
        warning = "it was cut short while it was read; what could be read is counted"
        assert (result.status, result.json["input"]["events"]) == (0, lines)
        assert result.err == f"dcevents: warning: {logs.path}: {warning}\n"


def test_what_a_copy_holds_is_found_at_once_and_not_warned_of() -> None:
    with make_logs(70) as (logs, store):
        result = ingest(logs, store, [Fault(30, copy_and_truncate, 5)])
        assert "warning" not in result.err
        assert "dcevents: 2 logs of 2 with something new: " in result.err
        assert list_events("--store", store) == sorted(logs.written)


# -- processes ------------------------------------------------------------------------------------


def rotate_while_read(folder: Path, seconds: float, *, is_copied: bool) -> None:
    """Rotate a log as soon as `ingest` has it open; the next run has all."""
    (folder / "logs").mkdir(parents=True)
    path, store = folder / "logs" / "dc.log", folder / "store"
    path.write_bytes(write_lines(0, 40_000))
    if is_copied:
        shutil.copy(path, folder / "copy")
    running = harness.start("ingest", path.parent, "--store", store, "-q", stderr=-1)
    harness.until(lambda: running.poll() is not None or is_open(running.pid, path))
    time.sleep(seconds)
    if is_copied:
        (folder / "copy").rename(folder / "logs" / "dc.log.1")
        os.truncate(path, 0)
    else:
        path.rename(folder / "logs" / "dc.log.1")
        path.write_bytes(b"")
    with path.open("ab") as file:
        file.write(write_lines(40_000, 40_010))
    _, err = running.communicate(timeout=120)
    assert running.returncode == 0
    assert b"Traceback" not in err
    assert harness.spawn("ingest", path.parent, "--store", store, "-q").err == ""
    found = harness.run("completion", "--by", "all", "--store", store, "-f", "json", "-q").json
    assert found["input"]["events"] == found["rows"][0]["sessions"] == 40_010
    assert found["input"]["duplicates"] == 0


def is_open(process: int, path: Path) -> bool:
    """Return whether a process has a file open."""
    folder = f"/proc/{process}/fd"
    try:
        return any(os.readlink(f"{folder}/{fd}") == str(path) for fd in os.listdir(folder))
    except OSError:
        return False


@pytest.mark.parametrize("is_copied", [True, False])
def test_a_rotation_while_a_process_reads_loses_nothing(is_copied: bool, tmp_path: Path) -> None:
    rotate_while_read(tmp_path, 0.002, is_copied=is_copied)


@pytest.mark.rotations
def test_a_rotation_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    for number in range(ROTATIONS):
        rotate_while_read(tmp_path / str(number), number % 7 * 0.003, is_copied=number % 3 > 0)
