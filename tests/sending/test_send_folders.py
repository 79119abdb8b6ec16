"""Folders of `--state` and `--out` are their owner's alone: others could hide there what was sent,
or have it sent again.
"""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import harness
import pytest
import sends
import standins
from open_folders import make_open_folder
from sends import Send

OTHER = 54321
"""The number of another user."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
ALL = ((), ("--status",), ("--dry-run",), ("--again",))


@pytest.fixture
def platform() -> str:
    return "ga4"


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that anybody may write to, as /tmp."""
    with make_open_folder(0o1777) as folder:
        yield folder


def refuse(send: Callable[..., harness.Result], message: str) -> None:
    """Each use ends with exit status 1 and this message."""
    for arguments in ALL:
        told = send(*arguments, "-q")
        assert (1, f"dcevents: {message}\n") == (told.status, told.err)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_state_that_others_may_write_to_is_refused(
    mode: int, send: Send, standin: standins.Standin, tmp_path: Path
) -> None:
    send("--conversation", "d2")
    state, before = tmp_path / "state", standin.requests
    state.chmod(mode)

    refuse(
        send,
        f"{state}: other users may write to it; see that all is as it should be there, "
        f"then keep them out: chmod -R go-w {state}",
    )
    assert standin.requests == before


@needs_root
@pytest.mark.parametrize("name", ["", "sent-ga4-G-ABC123DEF4-events.ledger"])
def test_a_state_of_another_user_is_refused(
    name: str, send: Send, standin: standins.Standin, tmp_path: Path
) -> None:
    send("--conversation", "d2")
    path, before = tmp_path / "state" / name, standin.requests
    os.chown(path, OTHER, OTHER)

    refuse(
        send,
        f"{path}: it belongs to another user; run dcevents as that user, or name another folder",
    )
    assert standin.requests == before


@needs_root
def test_a_lock_of_another_user_is_refused(send: Send, tmp_path: Path) -> None:
    send("--conversation", "d2")
    (lock,) = (tmp_path / "state").glob("*.lock")
    os.chown(lock, OTHER, OTHER)

    assert f"{lock}: it belongs to another user" in send().err


@pytest.mark.parametrize("suffix", ["", ".lock", ".new"])
def test_no_link_is_followed(suffix: str, send: Send, tmp_path: Path) -> None:
    """Neither for the ledger, its lock nor what a killed run has left of a new one."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    state = tmp_path / "state"
    state.mkdir(0o700)
    link = state / f"sent-ga4-G-ABC123DEF4-events.ledger{suffix}"
    link.symlink_to(victim)
    told = send()

    assert victim.read_text() == "precious"
    if suffix == ".new":
        assert told.status == 0
    else:
        assert f"{link}: a link, and a folder has none; see who may write there" in told.err
        assert told.status == 1


def test_an_empty_folder_becomes_its_owners_alone(send: Send, tmp_path: Path) -> None:
    """As one that is made for a store."""
    state = tmp_path / "state"
    state.mkdir(0o777)
    state.chmod(0o777)

    assert send().status == 0
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def write_files(log: Path, out: Path, state: Path) -> harness.Result:
    """Write files for others to upload."""
    options = ("--report-suite", "examplersid", "--state", state, "--out", out, "-q")
    return harness.run("send", "adobe-analytics", log, *options)


def test_files_are_not_written_where_others_may_write(log: Path, shared: Path) -> None:
    (shared / "theirs").write_text("x")
    told = write_files(log, shared, shared / "state")

    assert told.status == 1
    assert f"{shared}: other users may write to it; see that all is as it should" in told.err
    assert not list(shared.glob("*.csv.gz"))


@needs_root
def test_files_are_not_written_into_another_users_folder(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(0o755)
    os.chown(out, OTHER, OTHER)
    told = write_files(log, out, tmp_path / "state")

    assert told.status == 1
    assert f"{out}: it belongs to another user; run dcevents as that user" in told.err
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("inner", [".", "files", "files/new"])
def test_files_are_not_written_among_the_logs(inner: str, log: Path, tmp_path: Path) -> None:
    """There the next run would read them, and send what they hold once more."""
    logs = tmp_path / "logs"
    (logs / "files").mkdir(parents=True)
    log.rename(logs / "dc.log")
    told = write_files(logs, logs / inner, tmp_path / "state")

    assert told.status == 2
    assert f"--out: {logs / inner} is in {logs}; write to another folder" in told.err
    assert {path.name for path in logs.rglob("*")} == {"dc.log", "files"}


def test_a_link_in_place_of_a_file_is_replaced(log: Path, tmp_path: Path) -> None:
    out, victim = tmp_path / "out", tmp_path / "victim"
    write_files(log, out, tmp_path / "state")
    (file,) = out.iterdir()
    content = file.read_bytes()
    victim.write_text("precious")
    file.unlink()
    file.symlink_to(victim)
    told = write_files(log, out, tmp_path / "other")

    assert (0, "precious") == (told.status, victim.read_text())
    assert (False, content) == (file.is_symlink(), file.read_bytes())


@pytest.mark.parametrize("option", ["--state", "--out"])
def test_a_file_in_place_of_a_folder_is_said(option: str, log: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    other = {"--state": "--out", "--out": "--state"}[option]
    suite = ("--report-suite", "examplersid")
    options = (*suite, option, file, other, tmp_path / "other")
    told = harness.run("send", "adobe-analytics", log, *options, "-q")

    assert told.status == 1
    assert told.err == f"dcevents: {file}: file exists\n"


def test_a_status_makes_no_folder(log: Path, tmp_path: Path) -> None:
    standin = standins.Ga4(harness.CLOCK.timestamp())
    told = sends.run("ga4", standin, log, "--state", tmp_path / "state", "--status")
    standin.close()

    assert (1, False) == (told.status, (tmp_path / "state").exists())
