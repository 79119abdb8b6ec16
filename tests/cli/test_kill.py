"""`kill -9` at random moments of runs with --output: the old report or the new one, whole, and
nothing else to see.

`DCEVENTS_KILLS=2000 pytest -m kills tests/cli/test_kill.py -s` kills as often, and says what
came of it.
"""

import os
import random
import signal
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import harness
import pytest

KILLS = int(os.environ.get("DCEVENTS_KILLS", "24"))
SEED = int(os.environ.get("DCEVENTS_KILL_SEED", "1"))


def history(name: str, events: int) -> bytes:
    """A log of so many events, none like another."""
    line = harness.log(f"09:00:00 SID engaged name={name} id=ID")
    return b"".join(
        line.replace(b"SID", b"s%d" % n).replace(b"ID", b"d%d" % n) for n in range(events)
    )


@pytest.mark.kills
def test_a_report_is_never_torn_nor_missing(tmp_path: Path) -> None:
    """A listing of 2,000 rows, so that writing takes a part of the time that can be hit."""
    folder, target = tmp_path / "reports", tmp_path / "reports" / "events.csv"
    folder.mkdir()
    logs = [tmp_path / "one.log", tmp_path / "other.log"]
    whole = []
    took = 0.0
    for log in logs:
        log.write_bytes(history(log.stem, 2000))
        before = time.monotonic()
        assert harness.spawn("events", log, "-o", target, "-q").status == 0
        took = time.monotonic() - before
        whole.append(target.read_bytes())
    dice = random.Random(SEED)
    seen: Counter[str] = Counter()
    now = 1

    while seen["killed"] < KILLS:
        running = harness.start("events", logs[1 - now], "-o", target, "-q")
        # Half of them late, where the report is written.
        time.sleep(took * (dice.uniform(0, 1.1) if dice.random() < 0.5 else dice.uniform(0.7, 1.1)))
        running.send_signal(signal.SIGKILL)
        killed = running.wait() == -signal.SIGKILL
        seen["killed" if killed else "over before"] += 1
        # How long a run takes hangs on what else the machine does: the aim follows.
        took *= 1.03 if killed else 0.9
        found = target.read_bytes()
        assert found in whole, f"torn: {len(found)} bytes"
        if found == whole[1 - now]:
            seen["new report"] += 1
            now = 1 - now
        others = [path for path in folder.iterdir() if path != target]
        assert all(path.name.startswith(".dcevents-") for path in others)
        assert len(others) <= 1
        seen["temporary files"] += len(others)
        for path in others:
            path.unlink()

    print(f"\n{dict(seen)}")  # noqa: T201
    assert seen["new report"] > 0


def test_what_a_killed_run_has_left_is_no_log_and_goes_after_a_day(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(history("x", 1))
    stale, fresh, other = (
        tmp_path / name
        for name in (".dcevents-abcdefgh.tmp", ".dcevents-12345678.tmp", ".mine.tmp")
    )
    for path in (stale, fresh, other):
        path.write_bytes(history("half", 2)[:-20])
    for path in (stale, other):
        os.utime(path, (time.time() - 90_000,) * 2)

    result = harness.run(
        "completion", tmp_path, "-o", tmp_path / "report.csv", "-q", clock=datetime.now(UTC)
    )

    assert (0, "") == (result.status, result.err)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        fresh.name,
        other.name,
        "report.csv",
        "x.log",
    ]
    assert harness.run("completion", tmp_path, "-f", "json", "-q").json["input"]["events"] == 1
