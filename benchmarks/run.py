"""Run dcevents side by side with what a user would pick instead,
and print ratios of time and memory.

python benchmarks/run.py                         every scenario of 10^6 events or fewer
python benchmarks/run.py whole-10m memory-10m    these

Whole processes, taking turns, medians. Before a rival is timed, its figures are compared with those
of dcevents: where they differ, it says so and exits with 1. Standard library only; README.md says
what is what.
"""

from __future__ import annotations

import argparse
import compileall
import gzip
import hashlib
import importlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Row = dict[str, Any]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
GENERATOR = ROOT / "samples" / "generate.py"
RIVALS = HERE / "rivals"
MIB = 1 << 20
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere

# What must agree: of each report the key of its rows, and the figures.
KEYS = {"completion": "conversation_id", "abandonment": "conversation_id", "live-chat": "agent_id"}
WHOLE = {
    "completion": "triggered engaged completed emails phones meetings open "
    "median_seconds_to_complete",
    "abandonment": "engaged abandoned closed dropped unanswered left_queue abandoned_with_contact "
    "completed"
    " served booked open median_seconds_to_abandon p90_seconds_to_abandon",
    "live-chat": "requests accepted missed left waiting ended timed_out closed ongoing no_end"
    " median_wait_seconds p90_wait_seconds median_chat_seconds p90_chat_seconds peak_concurrent",
}
SECONDS_APART = 1e-3 + 1e-9  # both sides are rounded to the millisecond


# Measuring


@dataclass(frozen=True)
class Job:
    """A command to time; `piped` is a file that `cat` feeds to its standard input.

    `fresh` are what is there before each run, a file or a folder, and where the command finds it.
    """

    name: str
    argv: tuple[str, ...]
    piped: Path | None = None
    fresh: tuple[Path, Path] | None = None


class Sample(NamedTuple):
    """What one run took: seconds, seconds of CPU, and its peak resident memory in MB."""

    wall: float
    cpu: float
    rss: float


def measure(job: Job) -> Sample:
    """Run a job once. Wall is from its start, `cat` included, to its end;
    CPU and memory are its own.
    """
    if job.fresh:
        renew(*job.fresh)
    with tempfile.TemporaryFile() as errors:
        start = perf_counter()
        feeder = subprocess.Popen(["cat", job.piped], stdout=subprocess.PIPE) if job.piped else None
        source = feeder.stdout if feeder else subprocess.DEVNULL
        process = subprocess.Popen(
            job.argv, stdin=source, stdout=subprocess.DEVNULL, stderr=errors, cwd=ROOT
        )
        if feeder and feeder.stdout:
            feeder.stdout.close()  # or `cat` would never learn that its reader has gone
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if feeder:
            feeder.wait()
        if process.returncode:
            errors.seek(0)
            fail(
                f"{job.name}: exit {process.returncode}\n"
                f"{errors.read().decode(errors='replace')[-2000:]}"
            )
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * RSS_UNIT / 1e6)


@cache
def race(jobs: tuple[Job, ...], rounds: int) -> tuple[Sample, ...]:
    """Let the jobs take turns, and return the medians of each.
    Scenarios with the same race run it once.
    """
    parts = [part for job in jobs for part in (*job.argv, job.piped or "", *(job.fresh or ())[:1])]
    for path in {Path(part) for part in parts}:
        warm(path)
    samples: dict[Job, list[Sample]] = {job: [] for job in jobs}
    for _ in range(rounds):
        for job in jobs:
            samples[job].append(measure(job))
    return tuple(Sample(*map(median, zip(*samples[job], strict=True))) for job in jobs)


def warm(path: Path) -> None:
    """Read a file, or those in a directory, so that they are in the page cache;
    leave all else alone.
    """
    buffer = bytearray(MIB)
    for file in (each for each in [path, *path.rglob("*")] if each.is_file()):
        with open(file, "rb", buffering=0) as stream:
            while stream.readinto(buffer):
                pass


def renew(kept: Path, copy: Path) -> None:
    """Put a copy in the place of another. A folder's files are linked: they are replaced,
    never changed.
    """
    if copy.is_dir():
        shutil.rmtree(copy)
    if kept.is_dir():
        shutil.copytree(
            kept, copy, copy_function=os.link, ignore=shutil.ignore_patterns("lock", "readers")
        )
    else:
        shutil.copyfile(kept, copy)


def fail(message: str) -> NoReturn:
    """End with exit status 1."""
    sys.exit(f"run.py: {message}")


# Data


@dataclass(frozen=True)
class Data:
    """Files made by generate.py, kept in a directory under names that tell how they were made."""

    directory: Path
    seed: int

    def events(self, number: int, *, bad: float = 0, copies: int = 1) -> Path:
        """Return a file of that many events, with broken lines between them,
        written several times over.
        """
        asked = {"--events": number, "--seed": self.seed, "--bad": bad, "--copies": copies}
        options = [text for option, value in asked.items() for text in (option, str(value))]
        made_by = hashlib.sha256(GENERATOR.read_bytes()).hexdigest()[:8]
        path = self.directory / f"{number}-seed{self.seed}-bad{bad}-x{copies}-{made_by}.ndjson"

        def write(target: Path) -> None:
            with open(target, "wb") as out:
                subprocess.run([sys.executable, str(GENERATOR), *options], stdout=out, check=True)

        return self.once(path, write)

    def gzipped(self, path: Path) -> Path:
        """Return it compressed as gzip does by default."""

        def write(target: Path) -> None:
            with open(path, "rb") as source, gzip.open(target, "wb", compresslevel=6) as out:
                shutil.copyfileobj(source, out, MIB)

        return self.once(path.with_name(path.name + ".gz"), write)

    def zstandard(self, path: Path) -> Path:
        """Return it compressed as zstd does by default."""

        def write(target: Path) -> None:
            name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
            zstd: Any = importlib.import_module(name)  # a dependency of dcevents
            with open(path, "rb") as source, zstd.open(target, "wb") as out:
                shutil.copyfileobj(source, out, MIB)

        return self.once(path.with_name(path.name + ".zst"), write)

    def shaped(self, path: Path, shape: str) -> Path:
        """Return the same events in a shape of envelopes.py."""
        script = GENERATOR.with_name("envelopes.py")
        made_by = hashlib.sha256(script.read_bytes()).hexdigest()[:8]

        def write(target: Path) -> None:
            with open(target, "wb") as out:
                subprocess.run(
                    [sys.executable, str(script), "--shape", shape, str(path)],
                    stdout=out,
                    check=True,
                )

        return self.once(path.with_name(f"{path.stem}-{shape}-{made_by}.log"), write)

    def parts(self, path: Path, number: int) -> Path:
        """Return a directory with the same lines in that many files."""

        def write(target: Path) -> None:
            target.mkdir()
            with open(path, "rb") as source:
                each = -(-sum(1 for _ in source) // number)
                source.seek(0)
                for part in range(number):
                    (target / f"part-{part:06d}.ndjson").write_bytes(b"".join(islice(source, each)))

        return self.once(path.with_name(f"{path.name}-{number}-parts"), write)

    def once(self, path: Path, write: Callable[[Path], None]) -> Path:
        """Return the path; what is not there yet is written beside it first and then renamed."""
        if not path.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            note(f"making {path.name}")
            with tempfile.TemporaryDirectory(dir=self.directory) as beside:
                write(Path(beside, path.name))
                os.replace(Path(beside, path.name), path)
        return path


def note(message: str) -> None:
    """Say on standard error what goes on."""
    print(message, file=sys.stderr, flush=True)


# Comparing figures


def output(job: Job) -> str:
    """Run a job and return what it prints."""
    done = subprocess.run(job.argv, capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    if done.returncode:
        fail(f"{job.name}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def differences(report: str, fields: str, ours: list[Row], theirs: list[Row]) -> Iterator[str]:
    """Yield a line for each figure of a report that is not the same on both sides."""
    key = KEYS[report]
    left, right = ({row[key]: row for row in rows} for rows in (ours, theirs))
    for value in sorted(left.keys() ^ right.keys(), key=str):
        one = "dcevents" if value in left else "the rival"
        yield f"{report}, {key} {value}: a row of {one} only"
    for value in sorted(left.keys() & right.keys(), key=str):
        for field in fields.split():
            one, other = left[value][field], right[value][field]
            if not same(one, other):
                yield f"{report}, {key} {value}, {field}: dcevents {one}, the rival {other}"


def same(one: float | None, other: float | None) -> bool:
    """Return whether two figures agree: counts are equal,
    seconds are at most a millisecond apart.
    """
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and abs(one - other) <= SECONDS_APART
    return one == other


def stop_at(rival: str, path: Path, found: Sequence[str]) -> None:
    """End with exit status 1 where figures differ."""
    if found:
        shown = "\n  ".join(found[:20])
        fail(f"{rival} and dcevents differ on {path.name} in {len(found)} figures:\n  {shown}")
    note(f"{rival} and dcevents agree on {path.name}")


# Scenarios


@dataclass(frozen=True)
class Contest:
    """Two jobs, the column of `Sample` that is judged,
    and the ratios that it must and should not exceed.
    """

    scenario: str
    ours: Job
    other: Job
    rounds: int
    judged: str = "wall"
    must: float | None = None
    aim: float | None = None


@dataclass(frozen=True)
class Bench:
    """How dcevents is called, on what data, how often;
    its methods make the contests of the scenarios.
    """

    dcevents: tuple[str, ...]
    data: Data
    repeats: int

    def ours(self, command: str, *sources: Path, name: str = "", piped: Path | None = None) -> Job:
        """Return dcevents with a report as JSON."""
        operands = ["-"] if piped else map(str, sources)
        argv = (*self.dcevents, command, "-q", "-f", "json", *operands)
        return Job(name or f"dcevents {command}", argv, piped)

    def check(self, rival: Job, path: Path, reports: dict[str, str]) -> None:
        """Compare the rival's reports with those of dcevents on that file."""
        theirs = json.loads(output(rival))
        found: list[str] = []
        for report, fields in reports.items():
            rows = json.loads(output(self.ours(report, path)))["rows"]
            found += differences(report, fields, rows, theirs[report.replace("-", "_")])
        stop_at(rival.name, path, found)

    def check_lines(self, rival: Job, path: Path) -> None:
        """Compare the lines that jq counts: all, the ready event's, and, loosely,
        COMPLETED for each id.
        """
        lines: Counter[tuple[str, str]] = Counter()
        for row in output(rival).splitlines():
            count, _, rest = row.strip().partition(" ")
            key, event = rest.split("\t")
            lines[key, event] += int(count)
        report = json.loads(output(self.ours("completion", path)))
        accounted = report["input"]
        ready = accounted["ignored"]["widget_ready"]
        counted = {"ready": lines["null", "adobedx.conversations.ready"], "all": lines.total()}
        expected = {"ready": ready, "all": accounted["events"] + accounted["duplicates"] + ready}
        found = [f"{name} lines: {counted[name]}, not {expected[name]}" for name in counted]
        found = found if counted != expected else []
        for row in report["rows"]:
            seen, completed = (
                lines[row["conversation_id"], "CONVERSATION_COMPLETED"],
                row["completed"],
            )
            if not completed <= seen <= 1.05 * completed + 5:
                found.append(
                    f"{row['conversation_id']}: {seen} COMPLETED lines, {completed} completed"
                )
        stop_at(rival.name, path, found)

    def duckdb(self, path: Path, piped: Path | None = None) -> Job:
        """Return the careful script: the whole job."""
        return Job("DuckDB", (sys.executable, str(RIVALS / "duckdb_job.py"), str(path)), piped)

    def whole(
        self, scenario: str, number: int, must: float, aim: float, judged: str
    ) -> list[Contest]:
        """Set the three reports from a file against DuckDB."""
        path, rounds = self.data.events(number), self.rounds(number)
        checked_duckdb(self, path)
        return [
            Contest(
                scenario, self.ours("summary", path), self.duckdb(path), rounds, judged, must, aim
            )
        ]

    def rounds(self, number: int) -> int:
        """Return how often a job on that many events is run."""
        return self.repeats if number <= 1_000_000 else min(3, self.repeats)

    def stdin(self, scenario: str) -> list[Contest]:
        """Set the three reports from standard input against DuckDB."""
        path = self.data.events(10_000_000)
        checked_duckdb(self, path)
        ours, other = self.ours("summary", piped=path), self.duckdb(Path("/dev/stdin"), piped=path)
        return [Contest(scenario, ours, other, self.rounds(10_000_000), must=0.6, aim=0.4)]

    def jq(self, scenario: str) -> list[Contest]:
        """Set the completion report against lines counted by jq, which does less."""
        path = plain(self)
        rival = Job("jq", ("sh", str(RIVALS / "jq_job.sh"), str(path)))
        self.check_lines(rival, path)
        return [Contest(scenario, self.ours("completion", path), rival, self.repeats, must=0.1)]

    def repeat(self, scenario: str) -> list[Contest]:
        """Set the same lines 20 times against once: memory must not grow with the lines."""
        once, often = (self.data.events(1_000_000, copies=copies) for copies in (1, 20))
        ours, other = self.ours("summary", often), self.ours("summary", once, name="the lines once")
        return [Contest(scenario, ours, other, self.rounds(20_000_000), "rss", 1.6, 1.1)]

    def source(self, scenario: str, ours: Job, must: float) -> list[Contest]:
        """Set the three reports from another kind of source against a plain file."""
        other = self.ours("summary", plain(self), name="plain file")
        return [Contest(scenario, ours, other, self.repeats, must=must)]

    def bad_lines(self, scenario: str) -> list[Contest]:
        """Set broken lines among the good ones against good ones only."""
        clean = self.ours("summary", plain(self), name="clean lines")
        contests = []
        for share, must in (0.0001, 1.5), (0.01, 2.5), (0.2, 4.0):
            ours = self.ours("summary", self.data.events(1_000_000, bad=share))
            contests.append(
                Contest(f"{scenario} {share * 100:g} %", ours, clean, self.repeats, must=must)
            )
        return contests

    def envelopes(self, scenario: str) -> list[Contest]:
        """Set the same events in other shapes against canonical lines: 1.5 times as long,
        where as many bytes.
        """
        canonical = self.data.shaped(plain(self), "canonical")
        contests = []
        for shape in SHAPES:
            path = self.data.shaped(plain(self), shape)
            must = round(1.5 * max(1, path.stat().st_size / canonical.stat().st_size), 2)
            ours = self.ours("summary", path, name=shape)
            other = self.ours("summary", canonical, name="canonical")
            contests.append(
                Contest(f"{scenario} {shape}", ours, other, min(3, self.repeats), must=must)
            )
        return contests

    def start_up(
        self, scenario: str, ours: Job, module: str, must: float, aim: float
    ) -> list[Contest]:
        """Set what is over at once against the import that it cannot do without."""
        other = Job(f"import {module}", (sys.executable, "-c", f"import {module}"))
        return [Contest(scenario, ours, other, 4 * self.repeats, must=must, aim=aim)]


@cache
def checked_duckdb(bench: Bench, path: Path) -> None:
    """Compare DuckDB's figures with those of dcevents, once for each file."""
    bench.check(bench.duckdb(path), path, WHOLE)


SHAPES = (
    "event-data", "whole-event", "flat", "dotted", "batch-array", "batch-events", "array",
    "array-lines",
    "array-pretty", "firehose", "json-seq", "nginx", "nginx-lines", "docker", "compose", "cri",
    "fluent-bit", "vector",
    "cloudwatch-export", "cloudwatch-filter", "insights", "cloud-json", "elasticsearch", "lambda",
    "lambda-base64",
    "syslog", "syslog-seconds", "segment", "mixpanel", "amplitude", "posthog",
)  # fmt: skip
"""Shapes whose cost for an event is set against that of the canonical one."""


def plain(bench: Bench) -> Path:
    """Return the file of 10^6 events."""
    return bench.data.events(1_000_000)


SCENARIOS: dict[str, Callable[[Bench], list[Contest]]] = {
    "whole-1m": lambda b: b.whole("whole-1m", 1_000_000, 1.0, 0.7, "wall"),
    "jq-1m": lambda b: b.jq("jq-1m"),
    "gzip": lambda b: b.source("gzip", b.ours("summary", b.data.gzipped(plain(b))), 1.15),
    "zstd": lambda b: b.source("zstd", b.ours("summary", b.data.zstandard(plain(b))), 1.15),
    "pipe": lambda b: b.source("pipe", b.ours("summary", piped=plain(b)), 1.1),
    "thousand-files": lambda b: b.source(
        "thousand-files", b.ours("summary", b.data.parts(plain(b), 1000)), 1.3
    ),
    "help": lambda b: b.start_up(
        "help", Job("dcevents --help", (*b.dcevents, "--help")), "click", 2.5, 2
    ),
    "small": lambda b: b.start_up(
        "small", b.ours("summary", b.data.events(1000)), "polars", 1.6, 1.3
    ),
    "envelopes": lambda b: b.envelopes("envelopes"),
    "bad-lines": lambda b: b.bad_lines("bad-lines"),
    "whole-10m": lambda b: b.whole("whole-10m", 10_000_000, 1.0, 0.7, "wall"),
    "memory-10m": lambda b: b.whole("memory-10m", 10_000_000, 0.8, 0.5, "rss"),
    "stdin-10m": lambda b: b.stdin("stdin-10m"),
    "repeat-20": lambda b: b.repeat("repeat-20"),
}
LARGE = ("envelopes", "whole-10m", "memory-10m", "stdin-10m", "repeat-20")


# The table


COLUMNS = "scenario, dcevents, against, n, wall s, wall, CPU, peak MB, peak, must, aim, reached"


def cells_of(contest: Contest) -> Sequence[str]:
    """Run a contest and return its cells: medians, and the ratio dcevents / other;
    the judged one is bold.
    """
    ours, other = race((contest.ours, contest.other), contest.rounds)
    ratios = {name: mine / its for name, mine, its in zip(Sample._fields, ours, other, strict=True)}
    shown = {name: f"{ratio:.2f}" for name, ratio in ratios.items()}
    shown[contest.judged] = f"**{shown[contest.judged]}**"
    limits = [f"≤ {limit:g}" if limit else "" for limit in (contest.must, contest.aim)]
    seconds, memory = f"{ours.wall:.2f} / {other.wall:.2f}", f"{ours.rss:.0f} / {other.rss:.0f}"
    cells = (
        contest.ours.name.removeprefix("dcevents "),
        contest.other.name,
        str(contest.rounds),
        seconds,
    )
    times = (shown["wall"], shown["cpu"], memory, shown["rss"])
    return (contest.scenario, *cells, *times, *limits, verdict(ratios[contest.judged], contest))


def verdict(ratio: float, contest: Contest) -> str:
    """Say whether the ratio is as good as it must be, or as it should be."""
    if contest.must is None:
        return ""
    if ratio > contest.must:
        return "missed"
    return "aim" if contest.aim and ratio <= contest.aim else "must"


def print_row(cells: Sequence[str]) -> None:
    """Print a row of the markdown table at once."""
    print(f"| {' | '.join(cells)} |", flush=True)


def machine() -> str:
    """Return what the figures depend on: processor, system, versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = re.search(
            r"^model name\s*: (.*)", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE
        )
        model = found[1] if found else model
    parts = [
        model,
        f"{os.cpu_count()} CPUs",
        platform.system(),
        f"Python {platform.python_version()}",
    ]
    for package in "polars", "duckdb":
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"no {package}")
    return ", ".join(parts)


def parser() -> argparse.ArgumentParser:
    """Return the command line's description."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names, large = ", ".join(SCENARIOS), ", ".join(LARGE)
    made.add_argument("scenario", nargs="*", help=f"of {names}; default: all but {large}")
    made.add_argument(
        "--repeats", type=int, default=5, metavar="N", help="5; above 10^6 events at most 3"
    )
    made.add_argument("--data", type=Path, metavar="DIR", help="where the generated data are kept")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument(
        "--dcevents", type=Path, metavar="PATH", help="default: this Python's -m dcevents"
    )
    return made


def main() -> None:
    """Run the scenarios and print a row for each contest as it ends."""
    options = parser().parse_args()
    names = options.scenario or [name for name in SCENARIOS if name not in LARGE]
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        parser().error(f"no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    program = (
        (str(options.dcevents.resolve()),)
        if options.dcevents
        else (sys.executable, "-m", "dcevents")
    )
    directory = options.data or Path(tempfile.gettempdir(), "dcevents-benchmarks")
    # As pip does when it installs: a checkout may have no byte code, and no leave to keep it.
    compileall.compile_dir(ROOT / "dcevents", quiet=1)
    bench = Bench(program, Data(directory.resolve(), options.seed), options.repeats)
    print(f"{machine()}\n")
    header = COLUMNS.split(", ")
    print_row(header)
    print_row(["---"] * len(header))
    for name in names:
        for contest in SCENARIOS[name](bench):
            print_row(cells_of(contest))


if __name__ == "__main__":
    main()
