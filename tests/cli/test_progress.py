"""The progress bar: on a terminal only, by bytes, in its width,
and gone when the report is there.
"""

import gzip
import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

import harness
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcevents.cli.progress import format_progress

AT_ONCE = (
    "from unittest import mock; from dcevents.cli import progress; "
    "from dcevents.cli.main import main; "
    "mock.patch.multiple(progress, _DELAY_SECONDS=0, _REDRAW_SECONDS=0).start(); main()"
)
"""dcevents, with a bar from the first byte on: nobody waits for it in tests."""
ACCOUNT = "dcevents: 20,000 events of 20,000 records"
ONE = harness.log("09:00 SID engaged")
MANY = b"".join(ONE.replace(b"SID", b"s%d" % n) for n in range(20_000))


def on_terminal(
    *arguments: str | Path,
    stdin: bytes | None = None,
    term: str | None = "xterm",
    columns: int = 80,
) -> str:
    """What a run writes to a terminal as standard error."""
    ours, theirs = pty.openpty()
    pty_size(theirs, columns)
    env = {name: value for name, value in os.environ.items() if name not in ("TERM", "COLUMNS")}
    running = subprocess.Popen(
        [sys.executable, "-c", AT_ONCE, *map(str, arguments)],
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**env, "PYTHONPATH": str(harness.ROOT), **({"TERM": term} if term else {})},
    )
    os.close(theirs)
    if running.stdin and stdin is not None:
        with running.stdin as pipe:
            pipe.write(stdin)
    written = read_all(ours)
    assert running.wait(60) == 0
    return written


def pty_size(fd: int, columns: int) -> None:
    """Make a terminal so wide."""
    import termios  # noqa: PLC0415 - not on every system

    termios.tcsetwinsize(fd, (24, columns))


def read_all(fd: int) -> str:
    """What is written to the other side of a terminal until it is closed."""
    found = b""
    try:
        while chunk := os.read(fd, 65536):
            found += chunk
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(fd)
    return found.decode()


def screen(written: str) -> list[str]:
    """The lines that are left to see, of a terminal that knows CR,
    LF and `erase to the end of the line`.
    """
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[K|[\r\n]|[^\x1b\r\n]+", written):
        if part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        else:
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part) :]
            column += len(part)
    assert "\x1b" not in written.replace("\x1b[K", ""), (
        "no cursor is hidden, nothing else is done to the terminal"
    )
    return lines


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("progress") / "x.log"
    path.write_bytes(MANY)
    return path


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_the_bar_is_by_bytes_and_goes(packed: bool, log: Path) -> None:
    one, other = log.parent / f"one-{packed}.log", log.parent / f"other-{packed}.log"
    middle = MANY.index(b"\n", len(MANY) // 4) + 1
    for path, part in ((one, MANY[:middle]), (other, MANY[middle:])):
        path.write_bytes(gzip.compress(part, 1) if packed else part)
    total = one.stat().st_size + other.stat().st_size

    written = on_terminal("completion", one, other)

    seen = [int(each) for each in re.findall("([0-9]+) %", written)]
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert int(100 * one.stat().st_size / total) in seen
    assert screen(written) == [ACCOUNT, ""]


def test_of_a_pipe_the_bytes_are_counted() -> None:
    written = on_terminal("completion", "-", stdin=MANY)

    assert f"Reading  {len(MANY) / 1e6:.0f} MB\r" in written
    assert "%" not in written
    assert screen(written) == [ACCOUNT, ""]


@pytest.mark.parametrize(
    ("arguments", "term"), [(["-q"], "xterm"), ([], "dumb"), ([], None)], ids=["-q", "dumb", "none"]
)
def test_where_it_is_not_wanted_there_is_none(
    arguments: list[str], term: str | None, log: Path
) -> None:
    written = on_terminal("completion", log, *arguments, term=term)

    assert written == ("" if arguments else f"{ACCOUNT}\r\n")


def test_what_is_no_terminal_gets_none(log: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, "completion", log],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        env={**os.environ, "TERM": "xterm"},
        cwd=harness.ROOT,
    )

    assert done.stderr.decode() == f"{ACCOUNT}\n"


@pytest.mark.parametrize("columns", [10, 30, 50, 0])
def test_it_never_wraps(columns: int, log: Path) -> None:
    written = on_terminal("completion", log, columns=columns)
    bars = re.findall(r"\r\x1b\[K([^\r\n]*)", written)

    assert any(bars)
    assert all(len(bar) < (columns or 80) for bar in bars if "dcevents" not in bar)
    lines = screen(written)
    assert " ".join(line.strip() for line in lines if line.strip()) == ACCOUNT, "between words"


def test_a_signal_leaves_no_bar() -> None:
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", AT_ONCE, "completion", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "PYTHONPATH": str(harness.ROOT)},
    )
    os.close(theirs)
    assert running.stdin
    running.stdin.write(MANY)
    running.stdin.flush()
    seen = b""
    while b"Reading" not in seen:
        assert select.select([ours], [], [], 60)[0], "there is no bar"
        seen += os.read(ours, 1024)

    running.send_signal(signal.SIGTERM)

    written = seen.decode() + read_all(ours)
    running.stdin.close()
    assert running.wait(60) == 143
    assert screen(written) == [""]


@given(
    st.integers(0, 1 << 50),
    st.none() | st.integers(0, 1 << 50),
    st.floats(0, 1e7),
    st.integers(2, 300),
)
def test_it_fits_whatever_it_is_told(
    read: int, total: int | None, seconds: float, columns: int
) -> None:
    assert len(format_progress(read, total, seconds, columns)) < columns


@pytest.mark.parametrize(
    ("read", "total", "seconds", "columns", "expected"),
    [
        pytest.param(
            50, 100, 12.0, 80, f"Reading  [{'#' * 18}{'-' * 18}]   50 %, 12s left", id="half"
        ),
        pytest.param(50, 100, 100.0, 40, "Reading  [####----]   50 %, 1m 40s left", id="narrow"),
        pytest.param(1, 3, 2.0, 24, " 33 %, 4s left", id="too narrow for a bar"),
        pytest.param(0, 3, 2.0, 80, f"Reading  [{'-' * 36}]    0 %", id="nothing yet"),
        pytest.param(
            999,
            1000,
            1.0,
            80,
            f"Reading  [{'#' * 35}-]   99 %, 1s left",
            id="100 % only when it is true",
        ),
        pytest.param(
            5, 4, 2.0, 80, f"Reading  [{'#' * 36}]  100 %, 1s left", id="a file that grew"
        ),
        pytest.param(1_234_567_890, None, 2.0, 80, "Reading  1,235 MB", id="a pipe"),
    ],
)
def test_a_bar(read: int, total: int | None, seconds: float, columns: int, expected: str) -> None:
    assert expected == format_progress(read, total, seconds, columns)


def test_a_bar_of_other_work() -> None:
    assert format_progress(1, 2, 12.0, 80, "Sending").startswith("Sending  [####")
    assert len(format_progress(1, 2, 100.0, 40, "Sending")) < 40
