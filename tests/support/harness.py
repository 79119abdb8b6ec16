"""How tests run dcevents, and how they write logs in few words.
Nothing here knows how dcevents does it.

`run` calls the command line in this process, with real file descriptors 0, 1 and 2: quick, and the
clock stands still. `spawn` starts a process, for what only a process has: pipes, signals, an exit
status.
"""

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NoReturn
from unittest import mock

from dcevents import render, reports
from dcevents.cli.main import run_command_line as dispatch

ROOT = Path(__file__).parents[2]
CLOCK = datetime.fromisoformat("2026-12-01T00:00:00Z")
"""When the tests take place."""
DAY = "2026-11-02"
"""The day of a time without one in a compact log: a Monday."""

_PAYLOAD = {"agent": "agentID", "agent_name": "agentName", "ui": "uiType", "meeting": "meetingInfo"}
_UNWANTED = re.compile(
    "DCEVENTS_(?!SCANNER).*|PYTHONUNBUFFERED|COLUMNS|LINES|TERM|NO_COLOR|FORCE_COLOR"
)
_CLOCK_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?")


def is_json(text: str) -> bool:
    """Whether a text is JSON, all of it."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


# -- logs ------------------------------------------------------------------------------------------


def log(compact: str) -> bytes:
    """A log of canonical lines from a compact one.

    Each line is `TIME SID EVENT [key=value …]`: `09:00:05 a engaged name=Pricing`. A TIME of the
    clock is on `DAY` in UTC, any other text is taken as it is; EVENT is a kind (`engaged`) or, with
    a capital or a dot in it, an event's name. `-` is absent, `=12` the JSON value 12. The payload's
    id is d1 if nothing else is said. What stands behind `| ` is a line as it is.
    """
    return "".join(_line(line) + "\n" for line in compact.split("\n") if line.strip()).encode()


def _line(compact: str) -> str:
    if compact.startswith("| "):
        return compact[2:]
    moment, sid, kind, *pairs = shlex.split(compact)
    known = re.fullmatch(r"[a-z_]+", kind)
    name = (
        "adobedx.conversations.ready"
        if kind == "ready"
        else f"CONVERSATION_{kind.upper()}"
        if known
        else kind
    )
    given = dict(pair.split("=", 1) for pair in pairs)
    page = given.pop("page", "-")
    payload = {
        "sid": sid,
        "id": given.pop("id", "d1"),
        **{_PAYLOAD.get(key, key): v for key, v in given.items()},
    }
    parts = {
        "event": name,
        "timestamp": f"{DAY}T{moment}Z" if _CLOCK_TIME.fullmatch(moment) else moment,
        "page": page,
    }
    return f'{{{_members(parts)},"data":{{"payload":{{{_members(payload)}}}}}}}'


def _members(values: Mapping[str, str]) -> str:
    return ",".join(f'"{key}":{_value(value)}' for key, value in values.items() if value != "-")


def _value(text: str) -> str:
    return text[1:] if text.startswith("=") else json.dumps(text, ensure_ascii=False)


def kind(name: str) -> bool:
    """Whether a name is, loosely, one of a conversation's events or the widget's."""
    return re.search("conversation", name, re.IGNORECASE) is not None and not name.startswith(
        ("ticket", "CONVERSATION_RATED")
    )


# -- runs ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    status: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """Standard output."""
        return self.out.decode()

    @property
    def json(self) -> Any:
        """Standard output as JSON; what is none fails."""
        return json.loads(self.out, parse_constant=_no_constant)

    @property
    def ndjson(self) -> list[dict[str, Any]]:
        """Standard output as JSON a line."""
        return [json.loads(line, parse_constant=_no_constant) for line in self.out.splitlines()]


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def run(
    *arguments: str | Path,
    stdin: bytes | None = None,
    clock: datetime = CLOCK,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run dcevents in this process. Standard input is a file with `stdin`, or /dev/null."""
    with (
        _descriptors(stdin) as (out, err),
        _surroundings(env or {}),
        mock.patch("time.time", return_value=clock.timestamp()),
    ):
        status = _dispatched([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
    return Result(status, _content(out), _content(err).decode())


def _dispatched(arguments: list[str]) -> int:
    try:
        return dispatch(arguments)
    except Exception:  # noqa: BLE001 - as Python itself ends a process
        traceback.print_exc()
        return 1


def words(command: str) -> list[str]:
    """A command with operands of its own, where it has any: `*`, which fits all."""
    return [command, *("*" for _ in reports.load_reports()[command].operands)]


def formats(command: str) -> tuple[str, ...]:
    """The formats of a command: of documents those that the contract names."""
    return (
        ("table", "json", "html")
        if reports.load_reports()[command].is_document
        else tuple(render.load_formats())
    )


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def check_stopped(running: "subprocess.Popen[bytes]", sent: int, status: int, *, old: Path) -> None:
    """Send a signal: the run ends with that status, quietly,
    and the file that says `old` stands alone as it was.
    """
    running.send_signal(sent)
    out, err = running.communicate(timeout=30)

    assert (status, b"") == (running.returncode, out)
    assert b"Traceback" not in err
    assert old.read_text(encoding="utf-8") == "old"
    assert [old] == list(old.parent.iterdir())


def report(log: bytes, *arguments: str, is_warned: bool = False, **more: Any) -> Any:
    """The JSON report of a log that is good, or of which also a quiet run warns."""
    result = run(*arguments, "-f", "json", "-q", stdin=log, **more)
    assert (result.status, bool(result.err)) == (0, is_warned)
    warning = "dcevents: warning: standard input: "
    assert all(line.startswith(warning) for line in result.err.splitlines())
    return result.json


def spawn(
    *arguments: str | Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    python: Sequence[str] = (),
) -> Result:
    """Run dcevents in a process of its own, `stdin` coming from a pipe."""
    done = subprocess.run(
        command(*arguments, python=python),
        input=stdin,
        env=_environment(env),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr.decode())


def start(
    *arguments: str | Path, env: Mapping[str, str] | None = None, **more: Any
) -> subprocess.Popen[bytes]:
    """Start dcevents in a process of its own."""
    return subprocess.Popen(command(*arguments), env=_environment(env), **more)


def end_with(*arguments: str | Path) -> NoReturn:
    """What a process does that was begun for one run."""
    os._exit(dispatch([str(argument) for argument in arguments]))


def command(*arguments: str | Path, python: Sequence[str] = ()) -> list[str]:
    """The command line of dcevents, whether it is installed or not."""
    return [sys.executable, *python, "-m", "dcevents", *map(str, arguments)]


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not _UNWANTED.fullmatch(name)}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, **(more or {})}


@contextlib.contextmanager
def _surroundings(more: Mapping[str, str]) -> Iterator[None]:
    """The variables of `_environment`, and after it those that there were."""
    changed = {name for name in os.environ if _UNWANTED.fullmatch(name)} | {*more}
    before = {name: os.environ.pop(name, None) for name in changed}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _descriptors(stdin: bytes | None) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Files as the descriptors 0, 1 and 2, with sys.stdout and sys.stderr on top;
    those of 1 and 2 come back.
    """
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(_input(stdin)), _temporary(), _temporary()]
        for fd, file in enumerate(files):
            saved = os.dup(fd)
            stack.callback(os.close, saved)
            stack.callback(os.dup2, saved, fd)
            os.dup2(file.fileno(), fd)
        for name, fd in (("stdout", 1), ("stderr", 2)):
            stream = stack.enter_context(open(fd, "w", encoding="utf-8", closefd=False))
            stack.enter_context(mock.patch.object(sys, name, stream))
        try:
            yield files[1], files[2]
        except BaseException:
            for file in files[1:]:
                file.close()
            raise


def _input(stdin: bytes | None) -> IO[bytes]:
    if stdin is None:
        return Path(os.devnull).open("rb")
    file = _temporary()
    file.write(stdin)
    file.seek(0)
    return file


def _temporary() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _content(file: IO[bytes]) -> bytes:
    with file:
        file.seek(0)
        return file.read()
