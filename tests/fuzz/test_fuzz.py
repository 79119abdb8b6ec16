"""A short search for lines and logs that are read wrongly;
`tests/fuzz/fuzz.py` searches for as long as wanted.
"""

import os
import subprocess
import sys

import harness
import pytest

TIMES = int(os.environ.get("DCEVENTS_FUZZ", "1"))
"""How many times as many logs as usual are tried."""


def searched(*arguments: str, before: str = "pass") -> subprocess.CompletedProcess[str]:
    """A run of the fuzzer, with something changed in the program before."""
    folder = harness.ROOT / "tests" / "fuzz"
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); sys.argv[0] = 'fuzz'; import fuzz; "
        f"{before}; fuzz.main()"
    )
    env = {**harness._environment(None), "POLARS_MAX_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=env,
        capture_output=True,
        check=False,
        timeout=1200,
        text=True,
    )


@pytest.mark.fuzz
@pytest.mark.parametrize(("name", "runs"), [("lines", 120), ("program", 25)])
def test_a_short_search_finds_no_fault(name: str, runs: int) -> None:
    """The same logs each time, as long as program and mutations are the same;
    guided where atheris is installed.
    """
    runs *= TIMES
    done = searched(name, "--runs", str(runs), "--seconds", "1000")

    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.startswith(f"{name}: {runs} logs of ")


FAULTS = [
    pytest.param(
        "lines",
        "from dcevents.reading.judge import events; events.MAX_SID_BYTES = 4",
        id="sids that are cut elsewhere",
    ),
    pytest.param(
        "program",
        "from dcevents.reading import read_settings; "
        "read_settings.ReadSettings.last_believed_ms = 1_793_610_905_000",
        id="times that are not believed",
    ),
]


@pytest.mark.fuzz
@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_a_search_finds_a_fault(name: str, fault: str) -> None:
    done = searched(
        name, "--blind", "--seed", "4", "--seconds", "300", "--runs", "2000", before=fault
    )

    assert done.returncode != 0
    assert "the log: " in done.stderr
