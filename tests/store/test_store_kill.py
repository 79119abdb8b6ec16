"""`kill -9` at random moments of ingest, a full disk, two runs at once: a store is as it was
before, or as after.

`DCEVENTS_KILLS=1000 pytest -m kills tests/store/test_store_kill.py -s` kills as often, and says
what came of it.
"""

import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import harness
import power
import pytest
import stores
from killed import FORKED
from stores import lines, sids

from dcevents.reports._sessions import list_sessions
from dcevents.store.disk import lock
from dcevents.store.disk.folder import open_folder

pytestmark = pytest.mark.kills

KILLS = int(os.environ.get("DCEVENTS_KILLS", "24"))
SEED = int(os.environ.get("DCEVENTS_KILL_SEED", "1"))
_AT_ONCE = 60
"""Kills after which what came of them is compared, and a new store is begun."""


def records(store: Path) -> int:
    """How many records a store accounts for: 0 where there is none yet.
    All that it shows has to go with them.
    """
    if not (store / "manifest.json").exists():
        return 0
    assert stores.find_damage(store) == []
    if not stores.list_own_files(store):
        return 0
    result = harness.run("sessions", "--store", store, "-f", "json", "-q")
    assert (result.status, result.err) == (0, "")
    found: int = result.json["input"]["records"]
    assert [row["sid"] for row in result.json["rows"]] == [f"s{n:06d}" for n in range(found)]
    assert result.json["input"]["events"] == found
    return found


@pytest.mark.kills
def test_a_store_is_as_before_or_as_after_a_kill(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    seen: Counter[str] = Counter()
    # The first run waits for modules to be read; it tells nothing about the others.
    took, warm = 0.0, 0
    while seen["killed"] < KILLS:
        folder = tmp_path / f"{seen['stores']}"
        folder.mkdir()
        log, store = folder / "dc.log", folder / "store"
        seen["stores"] += 1
        written = before = 0
        aim = min(KILLS, seen["killed"] + _AT_ONCE)
        while seen["killed"] < aim:
            more = dice.choice([1, 50, 2000])
            with log.open("ab") as file:
                file.write(sids(written, written + more))
            written += more
            begun = time.monotonic()
            running = FORKED.Process(
                target=harness.end_with, args=("ingest", folder, "--store", store, "-q")
            )
            running.start()
            if took and dice.random() < 0.5:
                time.sleep(took * dice.uniform(0, 1.1))
                running.kill()
            elif took:
                # Half of them while the store is written.
                wait_for_change(store, running, dice.choice([1, 1, 2]))
                time.sleep(dice.choice([0, 0, dice.uniform(0, 0.01), dice.uniform(0, 0.1)]))
                running.kill()
            running.join()
            assert running.exitcode in (0, -signal.SIGKILL)
            killed = running.exitcode == -signal.SIGKILL
            seen["killed" if killed else "over before"] += 1
            # How long a run takes hangs on what else the machine does: the aim follows.
            took = took * (1.03 if killed else 0.9) if took else (time.monotonic() - begun) * warm
            warm = 1
            found = records(store)
            assert found in (before, written)
            seen["as after" if found == written else "as before"] += killed
            seen["with something left"] += killed and is_untidy(store)
            before = found
        stores.ingest(store, folder)
        assert find_leftovers(store) == set()
        for report in ("summary", "conversations"):
            assert stores.figures(report, log) == stores.figures(report, "--store", store)

    print(f"\n{dict(seen)}")  # noqa: T201
    assert seen["as after"] + seen["as before"] >= KILLS


def wait_for_change(store: Path, running: BaseProcess, times: int) -> None:
    """Until a run has begun to write (1), or its manifest has taken the place of the last one (2),
    or it is over.
    """
    for _ in range(times):
        before = shape(store)
        while running.is_alive() and shape(store) == before:
            time.sleep(0.0005)


def shape(store: Path) -> tuple[list[str], int]:
    """What changes when something is added to a store, and when that becomes a part of it."""
    manifest, segments = store / "manifest.json", store / "segments"
    return sorted(
        os.listdir(segments)
    ) if segments.exists() else [], manifest.exists() and manifest.stat().st_ino


def is_untidy(store: Path) -> bool:
    """Whether there is something in the store that is not of it."""
    return find_leftovers(store) != set()


def find_leftovers(store: Path) -> set[str]:
    """Return what is not of a store: replaced, or left by a run that ended early."""
    if not (store / "manifest.json").exists():
        return {store.name} if store.exists() else set()
    own = {"manifest.json", "manifest-copy.json", "lock", "readers", *stores.list_own_files(store)}
    return {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()} - own


# -- power -----------------------------------------------------------------------------------------

POWER_CUTS = int(os.environ.get("DCEVENTS_POWER_CUTS", "60"))


def test_what_a_power_loss_leaves_is_a_store_as_before_or_as_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # fsync is what this is about
    dice = random.Random(SEED)
    store, log, left = tmp_path / "store", tmp_path / "dc.log", tmp_path / "left"
    runs: list[tuple[str, list[str | Path], int]] = [
        ("first", ["ingest", log], 50),
        ("more", ["ingest", log], 90),
        ("forget", ["ingest", "--forget", "s000010"], 90),
        ("compact", ["store", "compact"], 90),
        ("again", ["ingest", log, "--again"], 90),
    ]
    seen: Counter[str] = Counter()
    before = 0
    for name, arguments, written in runs:
        log.write_bytes(sids(0, written))
        watch = power.Watch(store)
        of_store = [store] if arguments[0] == "store" else ["--store", store, "-q"]
        with watch.watching():
            assert harness.run(*arguments, *of_store).status == 0
        moments = [*watch.moments, watch.disk]
        for cut in range(max(1, POWER_CUTS // len(runs))):
            power.leave(moments[cut % len(moments)], left, dice)
            found = count_left(left)
            assert found in (before, written), (name, cut)
            seen[f"{name}: {'as after' if found == written else 'as before'}"] += 1
            # And the next run goes on from there.
            if cut % 5 == 0:
                stores.ingest(left, log)
                assert count_left(left) == written
        before = written
    print(f"\n{dict(seen)}")  # noqa: T201


def count_left(store: Path) -> int:
    """Return how many records a store has that the power was cut of; all of it has to be sound."""
    if not (store / "manifest.json").exists():
        return 0
    assert stores.find_damage(store) == []
    if not stores.list_own_files(store):
        return 0
    result = harness.run("sessions", "--store", store, "-f", "json", "-q")
    assert (result.status, result.err) == (0, "")
    return int(result.json["input"]["records"])


# -- a full disk -----------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_on_a_full_disk_a_store_stays_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    store, log, filler = small_disk / "store", tmp_path / "dc.log", small_disk / "filler"
    log.write_bytes(sids(0, 100))
    stores.ingest(store, log)
    log.write_bytes(sids(0, 5000))
    for free in (0, 1, 2, 5, 8, 12, 16):
        with filler.open("wb", buffering=0) as file:
            _fill(file.fileno(), small_disk, free)
        result = stores.ingest(store, log, status=1)
        assert result.err.count("\n") == 1
        assert "no space left on device" in result.err
        assert (records(store), is_untidy(store)) == (100, False)
        filler.unlink()
    stores.ingest(store, log)
    assert records(store) == 5000


def _fill(fd: int, disk: Path, free: int) -> None:
    """Leave so many pages of 4 KiB."""
    left = os.statvfs(disk).f_bfree - free
    os.write(fd, bytes(4096 * max(0, left)))


def test_where_no_file_may_be_so_large_a_store_stays_as_it_was(tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "dc.log"
    log.write_bytes(sids(0, 100))
    stores.ingest(store, log)
    log.write_bytes(sids(0, 5000))
    largest = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (1000, 3000, 20_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, largest[1]))
        try:
            result = harness.run("ingest", log, "--store", store, "-q")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, largest)
        assert (result.status, result.out, result.err.count("\n")) == (1, b"", 1), result.err
        assert "file too large" in result.err
        assert (records(store), is_untidy(store)) == (100, False)
    stores.ingest(store, log)
    assert records(store) == 5000


def test_a_store_that_may_not_be_written_to_is_told_of_in_a_line(tmp_path: Path) -> None:
    log = tmp_path / "dc.log"
    log.write_bytes(sids(0, 3))
    for store, status in ((log, 1), (log / "store", 1), (tmp_path, 1)):
        result = stores.ingest(store, log, status=status)
        assert result.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dc.log"]
    for store in (tmp_path / "none", tmp_path):
        result = harness.run("completion", "--store", store)
        assert (result.status, result.err.count("\n")) == (1, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dc.log"]


# -- two at once -----------------------------------------------------------------------------------


def test_a_second_run_gives_up_at_once_and_names_the_first(tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "dc.log"
    log.write_bytes(sids(0, 3))
    stores.ingest(store, log)
    log.write_bytes(sids(0, 5))
    with lock.hold_for_writing(open_folder(store)):
        result = harness.spawn("ingest", log, "--store", store, "-q")
        assert (result.status, result.out) == (75, b"")
        assert f"another run holds the store (process {os.getpid()} since 2" in result.err
        assert result.err.count("\n") == 1
        assert records(store) == 3
    stores.ingest(store, log)
    assert records(store) == 5


def test_a_run_waits_for_another_if_it_is_told_to(tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "dc.log"
    log.write_bytes(sids(0, 3))
    stores.ingest(store, log)
    log.write_bytes(sids(0, 5))
    with lock.hold_for_writing(open_folder(store)):
        waiting = harness.start(
            "ingest", log, "--store", store, "-q", "--lock-wait", "60s", stderr=subprocess.PIPE
        )
        result = stores.ingest(store, log, "--lock-wait", "1s", status=75)
        assert "process " in result.err
        assert waiting.poll() is None
    assert waiting.communicate(timeout=60)[1] == b""
    assert (waiting.returncode, records(store)) == (0, 5)


def test_of_many_runs_at_once_each_works_or_is_told(tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "dc.log"
    log.write_bytes(sids(0, 2000))
    runs = [
        harness.start("ingest", log, "--store", store, "-q", stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    ended = [(run.communicate(timeout=60), run.returncode) for run in runs]
    assert {status for _, status in ended} <= {0, 75}
    assert 0 in {status for _, status in ended}
    assert all(bool(err) == (status == 75) for (_, err), status in ended)
    assert records(store) == 2000


def test_a_report_during_an_ingest_is_of_before_or_after(tmp_path: Path) -> None:
    store, log = tmp_path / "store", tmp_path / "dc.log"
    log.write_bytes(sids(0, 10))
    stores.ingest(store, log)
    stop = threading.Event()
    found: list[int] = []

    def read() -> None:
        while not stop.is_set():
            found.append(_records_shown(store))

    code = (
        "import sys; sys.path[:0] = sys.argv[3:]\n"
        "import harness, stores; from pathlib import Path\n"
        "for n in range(2, 14):\n"
        "    Path(sys.argv[1]).write_bytes(stores.sids(0, n * 10))\n"
        "    stores.ingest(Path(sys.argv[2]), sys.argv[1])\n"
    )
    path = [str(Path(stores.__file__).parent), str(harness.ROOT)]
    writer = subprocess.Popen([sys.executable, "-c", code, log, store, *path])
    reader = threading.Thread(target=read)
    reader.start()
    status = writer.wait(timeout=120)
    stop.set()
    reader.join()
    assert status == 0
    assert found == sorted(found)
    assert all(n % 10 == 0 for n in found)
    assert records(store) == 130


def test_an_ingest_waits_for_a_report_that_removes_what_could_not_go_before(
    tmp_path: Path,
) -> None:
    store, log = tmp_path / "store", tmp_path / "dc.log"
    log.write_bytes(sids(0, 10))
    stores.ingest(store, log)
    log.write_bytes(sids(0, 20))
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.hold_if_free(open_folder(store)) as is_free:
            assert is_free
            is_held.set()
            is_over.wait(0.1)

    report = threading.Thread(target=hold)
    report.start()
    is_held.wait()
    stores.ingest(store, log)
    is_over.set()
    report.join()

    assert records(store) == 20


def _records_shown(store: Path) -> int:
    """What a report says while others write: its rows go with its account."""
    with lock.hold_for_reading(open_folder(store)):
        found = stores.view(store, now=int(harness.CLOCK.timestamp() * 1000))
        rows = list_sessions(found)
    assert rows.height == found.log.account.records == found.log.account.events
    return rows.height


def test_what_is_in_a_store_is_its_owner_s_alone(tmp_path: Path) -> None:
    (tmp_path / "dc.log").write_bytes(lines(0, 60))
    (tmp_path / "there").mkdir(mode=0o755)
    for name in ("store", "there"):
        stores.ingest(tmp_path / name, tmp_path / "dc.log", "--keep-events")
        stores.figures("summary", "--store", tmp_path / name)
        for path in (tmp_path / name, *(tmp_path / name).rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
