"""Whole processes, taking turns: what they take in time, CPU and memory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent.parent
MIB = 1 << 20
RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere


@dataclass(frozen=True)
class Job:
    """A command to time; `piped` is a file that `cat` feeds to its standard input.

    `fresh` are what is there before each run, a file or a folder, and where the command finds it.
    With `has_clock`, the command prints the seconds and the seconds of CPU that it took itself,
    imports aside.
    """

    name: str
    argv: tuple[str, ...]
    piped: Path | None = None
    fresh: tuple[Path, Path] | None = None
    has_clock: bool = False


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
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as printed:
        start = perf_counter()
        feeder = subprocess.Popen(["cat", job.piped], stdout=subprocess.PIPE) if job.piped else None
        source = feeder.stdout if feeder else subprocess.DEVNULL
        process = subprocess.Popen(
            job.argv,
            stdin=source,
            stdout=printed if job.has_clock else subprocess.DEVNULL,
            stderr=errors,
            cwd=ROOT,
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
        printed.seek(0)
        own = [float(text) for text in printed.read().split()]
    cpu = usage.ru_utime + usage.ru_stime
    wall, cpu = own if job.has_clock else (wall, cpu)
    return Sample(wall, cpu, usage.ru_maxrss * RSS_UNIT / 1e6)


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


def note(message: str) -> None:
    """Say on standard error what goes on."""
    print(message, file=sys.stderr, flush=True)
