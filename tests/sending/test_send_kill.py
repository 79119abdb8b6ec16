"""`kill -9` at random moments of a run that sends: every event arrives, and only batches that were
under way arrive twice; of Adobe Analytics, which can be asked, none does.

`DCEVENTS_KILLS=1000 pytest -m sends tests/sending/test_send_kill.py -s` kills as often, and says
what came of it.
"""

import os
import random
import re
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import harness
import pytest
import sends
import standins

KILLS = int(os.environ.get("DCEVENTS_KILLS", "6"))
SEED = int(os.environ.get("DCEVENTS_KILL_SEED", "1"))
SESSIONS = {"ga4": 600, "adobe-edge": 600, "adobe-analytics": 4000}
"""Of Adobe Analytics two files."""
EVENTS = ("triggered", "engaged", "completed")
UNDER_WAY = {"ga4": 8 * len(EVENTS), "adobe-edge": 8 * 100, "adobe-analytics": 0}
"""Events that may be under way at a kill, or not yet in the ledger: a request each of eight
connections.
"""


@pytest.fixture(autouse=True)
def virtual_time() -> None:
    """None: processes of their own have the clock of the machine."""


def write_log(path: Path, sessions: int) -> set[str]:
    """Write a log of the last hour; return what is to arrive."""
    start = time.time() - 3600
    lines = []
    for session in range(sessions):
        for number, kind in enumerate(EVENTS):
            moment = datetime.fromtimestamp(start + 0.5 * session + 0.1 * number, UTC)
            lines.append(f"{moment:%Y-%m-%dT%H:%M:%S.%f} s{session:04} {kind} name=Pricing")
    path.write_bytes(harness.log("\n".join(lines)))
    return {f"s{session:04} {kind}" for session in range(sessions) for kind in EVENTS}


@pytest.mark.sends
@pytest.mark.parametrize("name", list(sends.PLATFORMS))
def test_killed_runs_go_on_where_they_were(name: str, tmp_path: Path) -> None:
    dice = random.Random(SEED)
    duplicates = killed = rounds = 0
    took = 0.7
    while killed < KILLS:
        rounds += 1
        log, state = tmp_path / f"{rounds}.log", tmp_path / f"state-{rounds}"
        expected = write_log(log, SESSIONS[name])
        standin = sends.PLATFORMS[name][0]()
        rate = ("--rate", {"ga4": "1500", "adobe-edge": "40"}.get(name, "1000"))
        arguments = sends.command(name, standin, log, "--state", state, "-q", *rate)
        before = killed
        for _ in range(8):
            running = harness.start(*arguments, env=standins.SECRETS)
            time.sleep(took * dice.uniform(0.5, 1.1))
            running.send_signal(signal.SIGKILL)
            was_killed = running.wait() == -signal.SIGKILL
            killed += was_killed
            took = min(3.0, took * (1.02 if was_killed else 0.9))
            if not was_killed:
                break
        done = harness.spawn(*arguments, env=standins.SECRETS)
        standin.close()

        assert (0, "", []) == (done.status, done.err, standin.faults)
        assert expected == {identify(event) for event in standin.events}
        twice = sum(standin.accepted.values()) - len(standin.accepted)
        assert twice <= (killed - before) * UNDER_WAY[name]
        duplicates += twice
    print(f"\n{name}: {killed} kills, {rounds} logs, {duplicates} events twice")  # noqa: T201


@pytest.mark.sends
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_waits_for_answers(number: int, tmp_path: Path) -> None:
    """So nothing is sent twice."""
    dice = random.Random(SEED)
    log, state = tmp_path / "dc.log", tmp_path / "state"
    expected = write_log(log, 600)
    standin = standins.Ga4()
    arguments = sends.command("ga4", standin, log, "--state", state, "-q", "--rate", "600")
    statuses = set()
    for _ in range(3):
        running = harness.start(*arguments, env=standins.SECRETS, stderr=subprocess.PIPE)
        before = standin.requests
        while standin.requests == before:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.2))
        running.send_signal(number)
        _, err = running.communicate(timeout=30)
        assert err == b""
        statuses.add(running.returncode)
    done = harness.spawn(*arguments, env=standins.SECRETS)
    standin.close()

    assert statuses <= {128 + number, 0}
    assert done.status == 0, done.err
    assert expected == {identify(event) for event in standin.events}
    assert {*standin.accepted.values()} == {1}


def identify(event: dict[str, object]) -> str:
    """The session and the kind of an event, whichever platform has it."""
    text = str(event)
    (sid,) = set(re.findall(r"'(s[0-9]{4})'", text))
    (kind,) = [kind for kind in EVENTS if f"'chat_{kind}'" in text]
    return f"{sid} {kind}"
