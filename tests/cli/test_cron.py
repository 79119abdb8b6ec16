"""docs/cron.md, run as it stands but for its paths: by Debian's cron, by logrotate, by a shell."""

import contextlib
import getpass
import grp
import json
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import crond
import examples
import harness
import pytest
from capture.collector import collector
from open_folders import make_open_folder
from shown import page_tables, parse_page, rows_of

pytestmark = pytest.mark.cron

PAGE = (harness.ROOT / "docs" / "cron.md").read_text(encoding="utf-8")
CAPTURE = (harness.ROOT / "docs" / "capture.md").read_text(encoding="utf-8")
PROGRAM = "/usr/local/bin/dcevents"
LOGS, STORE, REPORTS, WEB = "/var/log/dc", "/var/lib/dcevents", "/srv/reports", "/srv/www"
TZ = "Europe/Berlin"
SYSTEM_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
LOGROTATE = shutil.which("logrotate", path=SYSTEM_PATH)
SITE = harness.ROOT / "sample_logs" / "site"


def blocks(language: str, start: str = "") -> list[str]:
    """The page's blocks of a language that begin so."""
    return re.findall(rf"^```{language}\n({start}.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def moved(text: str, places: Mapping[str, Any]) -> str:
    """A text of the page with other paths."""
    return re.sub("|".join(map(re.escape, places)), lambda found: str(places[found[0]]), text)


# -- cron ------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """A line of a crontab: one that sets something, or one that runs something."""

    text: str
    command: str | None
    """What runs, whenever that is."""


def crontab() -> list[Line]:
    """The lines of the page's crontab."""
    lines = "".join(block for block in blocks("text") if " {\n" not in block).splitlines()
    times = re.compile(r"(?:[0-9*/,-]+ ){5} (.+)")
    found = [Line(line, match[1] if (match := times.fullmatch(line)) else None) for line in lines]
    assert all(re.fullmatch("[A-Z_]+=.+", line.text) for line in found if not line.command)
    return found


class Night:
    """A folder in which the lines of the page run,
    each with a store and a folder for reports of its own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.program = folder / "dcevents"
        self.program.write_text(
            f'#!/bin/sh\nPYTHONPATH={harness.ROOT} exec {sys.executable} -m dcevents "$@"\n'
        )
        self.program.chmod(0o755)
        days = made_up(datetime.now(UTC))
        (self.logs / "dc.log.1").write_bytes(b"".join(days[:-3]))
        self.half = self.store("half")
        (self.logs / "dc.log").write_bytes(b"".join(days[-3:]))
        self.whole = self.store("whole")

    def store(self, name: str) -> Path:
        """A store of the logs that are there."""
        made = self.folder / name
        assert (
            harness.run("ingest", self.logs, "--store", made, "-q", clock=datetime.now(UTC)).status
            == 0
        )
        return made

    def places(self, name: str, command: str) -> dict[str, Path]:
        """Where a line runs: `ingest` on a store that lacks the last days."""
        reports, store = self.folder / f"reports-{name}", self.folder / f"store-{name}"
        reports.mkdir()
        shutil.copytree(self.half if f"ingest {LOGS}" in command else self.whole, store)
        return {
            PROGRAM: self.program,
            LOGS: self.logs,
            STORE: store,
            REPORTS: reports,
            WEB: reports,
        }


def made_up(now: datetime) -> list[bytes]:
    """The lines of each of the last seventy days, with more conversations on some,
    until a minute ago.
    """
    days = []
    for ago in range(70, -1, -1):
        moment = now - timedelta(days=ago, minutes=5)
        at = [f"{moment + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(4)]
        lines = [
            f"{at[0]} {ago}-{n} triggered\n{at[1]} {ago}-{n} engaged\n" for n in range(1 + ago % 5)
        ]
        lines += [f"{at[2]} {ago}-0 completed\n", f"{at[2]} {ago}-1 live_chat_requested\n"]
        lines += [f"{at[3]} {ago}-1 live_chat_request_timeout\n"]
        days.append(harness.log("".join(lines)))
    return days


@pytest.mark.cron
@pytest.mark.skipif(bool(crond.why_not()), reason=str(crond.why_not()))
def test_the_crontab_runs_as_it_stands(tmp_path: Path) -> None:
    """All lines in one minute, since cron has one wait for it: those that go well,
    and all that may go wrong.
    """
    night = Night(tmp_path)
    lines = crontab()
    well = {
        line: night.places(f"{n}", line.command) for n, line in enumerate(lines) if line.command
    }
    bad = troubles(night, [line.command for line in lines if line.command])
    running = [
        f"* * * * * {moved(line.command, well[line])}" if line.command else line.text
        for line in lines
    ]
    running[2:2] = [f"* * * * * {each.command}; echo $? > {each.status}" for each in bad]
    with harness.start(
        "ingest", "-", "--store", night.folder / "held", "-q", stdin=subprocess.PIPE
    ) as holder:
        harness.until((night.folder / "held" / "lock").exists)
        mails = crond.minute("".join(f"{line}\n" for line in running), tmp_path / "cron")
        holder.communicate(timeout=30)

    said = {str(mail["Subject"]): (mail["To"], mail.get_content()) for mail in mails}
    for each in bad:
        (subject,) = (subject for subject in said if each.command in subject)
        assert ("you@example.com", each.expected) == (
            said[subject][0],
            plain(said.pop(subject)[1], each.places),
        )
        assert each.row == int(each.status.read_text())
    # Whatever went well is silent, but for the report that is wanted as a mail.
    (report,) = said.values()
    assert report[0] == "marketing@example.com"
    assert report[1].startswith("Summary, ")
    made = [
        check_report(line.command, places)
        for line, places in well.items()
        if line.command and "-o" in line.command
    ]
    assert len(made) == len(well) - 2
    check_of_yesterday(made[0])


class Trouble(NamedTuple):
    """A line that goes wrong, and what the page's table says of it."""

    command: str
    places: Mapping[str, Path]
    row: int
    expected: str
    status: Path


def troubles(night: Night, commands: list[str]) -> list[Trouble]:
    """What the page's table has, brought about."""
    nightly = commands[0]
    watched = next(command for command in commands if "--fail-if" in command)
    monthly = next(command for command in commands if "--keep" in command)
    stale = {STORE: stale_store(night), LOGS: night.folder / "old"}
    (night.folder / "other").mkdir()
    (night.folder / "other" / "dc.log").write_text("127.0.0.1 GET /\n127.0.0.1 GET /\n")
    found = {
        "no such file": (nightly, {LOGS: night.folder / "nowhere"}),
        "no period": (nightly.replace("yesterday", "yestreday"), {}),
        "no event of Dynamic Chat": (nightly, {LOGS: night.folder / "other"}),
        "nothing was removed": (monthly, {STORE: old_store(night)}),
        "alert: stale": (nightly, stale),
        "alert: triggered": (watched, stale),
        "another run holds": (nightly, {STORE: night.folder / "held"}),
    }
    rows = re.findall(r"^\| (\d+) \| `(.+?)` \| .+ \|$", PAGE, re.MULTILINE)
    assert len(rows) == len(found)
    made = []
    for n, (what, (command, elsewhere)) in enumerate(found.items()):
        ((status, says),) = (row for row in rows if what in row[1])
        places = {**night.places(f"trouble-{n}", command), **elsewhere}
        made.append(
            Trouble(
                moved(command, places),
                places,
                int(status),
                plain(says, {}),
                night.folder / f"status-{n}",
            )
        )
    return made


def stale_store(night: Night) -> Path:
    """A store whose log has said nothing for days."""
    store, old = night.folder / "stale", night.folder / "old"
    old.mkdir()
    shutil.copy(night.logs / "dc.log.1", old / "dc.log")
    clock = datetime.now(UTC) - timedelta(days=2)
    assert harness.run("ingest", old, "--store", store, "-q", clock=clock).status == 0
    return store


def old_store(night: Night) -> Path:
    """A store with many conversations of years ago."""
    store, old = night.folder / "years", night.folder / "of-years"
    old.mkdir()
    shutil.copy(night.logs / "dc.log.1", old / "dc.log")
    (old / "old.log").write_bytes(
        harness.log("\n".join(f"2020-01-01T00:00:00Z old{n} engaged" for n in range(1000)))
    )
    assert harness.run("ingest", old, "--store", store, "-q", clock=datetime.now(UTC)).status == 0
    return store


def plain(mail: str, places: Mapping[str, Path]) -> str:
    """A mail with the page's paths, and 0 for every number."""
    said = moved(mail, {str(place): name for name, place in places.items()}) if places else mail
    return re.sub("[0-9]+", "0", said).rstrip("\n")


def check_report(command: str, places: Mapping[str, Path]) -> Path:
    """Hold the report of a line to one that reads the logs at that time; its file comes back."""
    (made,) = places[REPORTS].iterdir()
    clock = datetime.fromtimestamp(made.stat().st_mtime, UTC)
    words = shlex.split(command)
    words = words[len(words) - words[::-1].index(PROGRAM) :]
    for option in ("--store", "-o", "--stale"):
        if option in words:
            del words[words.index(option) : words.index(option) + 2]
    expected = made.with_name(f"expected{made.suffix}")
    done = harness.run(*words, places[LOGS], "-o", expected, clock=clock, env={"DCEVENTS_TZ": TZ})
    assert (done.status, done.err, expected.exists()) == (0, "", True)
    assert figures(expected) == figures(made)
    assert (0o600 if "umask 077" in command else 0o644) == made.stat().st_mode & 0o777
    assert places[STORE].stat().st_mode & 0o777 == 0o700
    return made


def figures(report: Path) -> Any:
    """A report, but for the moment of `--as-of now`, and for the account:
    a store's is of all that was ever read.
    """
    if report.suffix == ".html":
        return list(page_tables(parse_page(report.read_bytes())))
    if report.suffix != ".json":
        return report.read_bytes()
    found = json.loads(report.read_bytes())
    return [(each["rows"], each["total"]) for each in found["reports"]]


def check_of_yesterday(report: Path) -> None:
    """The first line's report is of the day before, and says something."""
    written = datetime.fromtimestamp(report.stat().st_mtime, ZoneInfo(TZ))
    assert f"completion-{(written - timedelta(days=1)).date()}.csv" == report.name
    assert report.read_text().count("\n") == 2


def test_the_readme_has_the_first_line_of_the_crontab() -> None:
    readme = (harness.ROOT / "README.md").read_text(encoding="utf-8")
    (zone,) = (line.text for line in crontab() if line.text.startswith("DCEVENTS_TZ"))
    first = next(line.text for line in crontab() if line.command)
    assert f"```text\n{zone}\n{first}\n```\n" in readme


@pytest.mark.looks
def test_the_example_writes_a_nights_pages(tmp_path: Path) -> None:
    night, pages = Night(tmp_path), tmp_path / "pages"
    pages.mkdir()
    script = harness.ROOT / "examples" / "nightly-page" / "nightly-page.sh"
    places = {"LOGS": night.logs, "STORE": night.half, "PAGES": pages, "DCEVENTS": night.program}

    done = subprocess.run(
        ["/bin/sh", script],
        env={"PATH": os.defpath, **{name: str(place) for name, place in places.items()}},
        capture_output=True,
        check=False,
    )

    yesterday = (datetime.now(ZoneInfo(TZ)) - timedelta(days=1)).date()
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert {each.name for each in pages.iterdir()} == {
        "index.html",
        f"day-{yesterday}.html",
        f"hours-{yesterday}.xlsx",
    }
    assert all(rows_of(each.suffix[1:], each.read_bytes()) for each in pages.iterdir())


# -- missed nights, systemd, Kubernetes ------------------------------------------------------------


def test_missed_days_are_written_from_the_store(tmp_path: Path) -> None:
    (loop,) = blocks("sh", "for day in ")
    store, reports = tmp_path / "store", tmp_path / "reports"
    reports.mkdir()
    assert harness.run("ingest", SITE, "--store", store, "-q").status == 0

    done = examples.run(moved(loop, {PROGRAM: "dcevents", STORE: store, REPORTS: reports}))

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    days = re.findall("2026-[0-9-]+", loop.splitlines()[0])
    assert [f"completion-{day}.csv" for day in days] == sorted(
        each.name for each in reports.iterdir()
    )
    for day in days:
        of_logs = harness.run("completion", SITE, "--period", day, "--tz", TZ, "-f", "csv", "-q")
        assert of_logs.out == (reports / f"completion-{day}.csv").read_bytes()
        assert of_logs.out.count(b"\n") > 1


def units(folder: Path, program: str) -> list[Path]:
    """The page's units as files, with another program."""
    made = []
    for block in blocks("ini"):
        name = re.match(r"# /etc/systemd/system/(\S+)", block)
        assert name
        made.append(folder / name[1])
        made[-1].write_text(moved(block, {PROGRAM: program}))
    return made


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="not installed: systemd-analyze")
def test_the_units_are_as_systemd_wants_them(tmp_path: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", *map(str, units(tmp_path, sys.executable))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "dcevents." in line]
    assert (0, []) == (done.returncode, ours)


def commands(how: str) -> list[list[str]]:
    """The commands that systemd or Kubernetes run, in their order, without the program."""
    if how == "systemd":
        return [
            shlex.split(line)[1:]
            for line in re.findall("^ExecStart=(.+)$", "".join(blocks("ini")), re.MULTILINE)
        ]
    return [
        json.loads(found)[1:]
        for found in re.findall(r"^ +command: (\[.+\])$", blocks("yaml")[0], re.MULTILINE)
    ]


@pytest.mark.parametrize("how", ["systemd", "kubernetes"])
def test_what_systemd_and_kubernetes_run_makes_a_report(how: str, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    now = datetime.now(UTC)
    (logs / "dc.log").write_bytes(b"".join(made_up(now)))
    places = {LOGS: logs, REPORTS: tmp_path, "/data": tmp_path}
    env = {"DCEVENTS_STORE": str(tmp_path / "store"), "DCEVENTS_TZ": TZ}

    for command in commands(how):
        words = [moved(word, places) for word in command]
        done = harness.run(*words, clock=now, env=env if how == "systemd" else {})
        assert (0, b"") == (done.status, done.out), done.err

    (report,) = tmp_path.glob("*.csv")
    assert (
        f"completion-{now.astimezone(ZoneInfo(TZ)).date() - timedelta(days=1)}.csv" == report.name
    )
    assert report.read_text().count("\n") == 2


# -- logrotate -------------------------------------------------------------------------------------

WRITER = """
import itertools, json, os, signal, sys, time
log, pid = sys.argv[1:]
opened = lambda: os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
file, stop = opened(), False

def anew(*_):
    global file
    old, file = file, opened()
    os.close(old)

def end(*_):
    global stop
    stop = True

signal.signal(signal.SIGUSR1, anew)
signal.signal(signal.SIGTERM, end)
with open(pid, "w") as place:
    place.write(str(os.getpid()))
for n in itertools.count(1):
    data = {"payload": {"sid": f"s{n}", "id": "d1"}}
    event = {"event": "CONVERSATION_TRIGGERED", "timestamp": 1793610000000 + n, "data": data}
    line = (json.dumps(event) + "\\n").encode()
    assert os.write(file, line) == len(line)
    if stop:
        sys.exit(print(n))
    time.sleep(0.001)
"""


@pytest.mark.cron
@pytest.mark.skipif(
    not LOGROTATE, reason="not installed: logrotate; on Debian: apt-get install logrotate"
)
@pytest.mark.parametrize("how", ["copytruncate", "delaycompress"])
def test_no_event_is_lost_or_counted_twice_when_logs_are_rotated(how: str, tmp_path: Path) -> None:
    (stanza,) = (block for block in blocks("text", "/var/log/dc/") if how in block)
    logs, store, pid = tmp_path / "logs", tmp_path / "store", tmp_path / "pid"
    logs.mkdir()
    log, rules = logs / "dc.log", tmp_path / "rules"
    rules.write_text(rotating(moved(stanza, {LOGS: logs, "/run/nginx.pid": pid})))
    rules.chmod(0o644)
    with writing(log, pid) as writer:
        harness.until(lambda: log.exists() and log.stat().st_size > 0)
        # A night without a run, nights with one before, while and after the log is rotated.
        for run_before, run_after in (
            (False, False),
            (False, True),
            (True, False),
            (True, True),
            (True, True),
        ):
            if run_before:
                ingest(logs, store)
            rotate(rules, writer, pausing=how == "copytruncate")
            if run_after:
                ingest(logs, store)
        writer.terminate()
        written = int(writer.communicate(timeout=30)[0])
    ingest(logs, store)
    ingest(logs, store)

    assert list(logs.glob("dc.log*.gz"))
    for source in (("--store", store), (logs,)):
        found = harness.run("completion", *source, "--by", "all", "-f", "json", "-q").json
        assert (written, written) == (found["total"]["triggered"], found["input"]["events"])
    assert (written, 0) == (found["input"]["records"], found["input"]["duplicates"])


@contextlib.contextmanager
def writing(log: Path, pid: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that writes a log. At its end it says how many events it wrote."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, log, pid], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    with make_open_folder(0o755) as folder:
        yield folder


@pytest.mark.cron
@pytest.mark.skipif(
    not LOGROTATE or not shutil.which("nginx", path=SYSTEM_PATH) or os.geteuid() != 0,
    reason="root, nginx and logrotate are needed",
)
def test_nginx_writes_a_new_log_after_a_rotation(open_folder: Path) -> None:
    """Its workers are another user's, who has to reach the new log: where they cannot, they go on
    with the old one.
    """
    logs = open_folder / "dc"
    (setup,) = re.findall(r"^ *install .*\n *install .*$", CAPTURE, re.MULTILINE)
    subprocess.run(["sh", "-ec", setup.replace(LOGS, str(logs))], check=True)
    log = logs / "dc-events.log"
    with collector(open_folder, user="www-data", log=log) as server:
        (stanza,) = (block for block in blocks("text", "/var/log/dc/") if "USR1" in block)
        places = {f"{LOGS}/dc.log": log, "/run/nginx.pid": open_folder / "nginx.pid"}
        rules = open_folder / "rules"
        rules.write_text(moved(stanza, places))
        rules.chmod(0o644)
        for sid in ("before", "after"):
            body = harness.log(f"09:00:00 {sid} engaged")
            urllib.request.urlopen(f"{server.url}/dc-events", body, timeout=10).close()
            if sid == "before":
                harness.until(lambda: log.stat().st_size > 0)
                command = [str(LOGROTATE), "--force", "--state", str(open_folder / "state")]
                subprocess.run([*command, str(rules)], timeout=60, check=True)
                time.sleep(0.5)
        harness.until(lambda: log.stat().st_size > 0)
    (rotated,) = logs.glob("dc-events.log-*")
    assert (b"before" in rotated.read_bytes(), b"after" in rotated.read_bytes()) == (True, False)
    assert {stat.S_IMODE(each.stat().st_mode) for each in (log, rotated)} == {0o640}


def rotating(stanza: str) -> str:
    """A stanza for several days in a few seconds, and for whoever runs this."""
    mine = f"create 0640 {getpass.getuser()} {grp.getgrgid(os.getegid()).gr_name}"
    stanza = re.sub(r"create 0640 \S+ \S+", mine, stanza)
    return stanza.replace("    dateext\n", "    dateext\n    dateformat -%Y%m%d-%s\n")


def rotate(rules: Path, writer: subprocess.Popen[str], *, pausing: bool) -> None:
    """A day passes, and another begins. What is written while logrotate truncates is lost,
    as the page says.
    """
    begun = int(time.time())
    harness.until(lambda: int(time.time()) > begun)
    if pausing:
        writer.send_signal(signal.SIGSTOP)
    command = [str(LOGROTATE), "--force", "--state", str(rules.with_name("state")), str(rules)]
    # Once more where the clock went back, so that there is a file of that second.
    harness.until(lambda: subprocess.run(command, timeout=60, check=False).returncode == 0)
    if pausing:
        writer.send_signal(signal.SIGCONT)


def ingest(logs: Path, store: Path) -> None:
    """Take in what is new while the log is written to."""
    done = harness.run("ingest", logs, "--store", store, "-q")
    assert (0, b"", "") == (done.status, done.out, done.err)
