"""Run dcevents side by side with what a user would pick instead,
and print ratios of time and memory.

python benchmarks/run.py                         every scenario of 10^6 events or fewer
python benchmarks/run.py whole-10m memory-10m    these
python benchmarks/run.py --scale 0.01 whole-1m   a try, with a hundredth of the events

Whole processes, taking turns, medians. Before a rival is timed, its figures are compared with those
of dcevents: where they differ, it says so and exits with 1. Standard library only; README.md says
what is what.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import re
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from data import Data
from measuring import ROOT, Sample, race
from scenarios import LARGE, SCENARIOS, Bench, Contest

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    made.add_argument("--scale", type=float, default=1.0, help="the share of all events to take")
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
    data = Data(directory.resolve(), options.seed)
    bench = Bench(program, data, options.repeats, options.scale)
    print(f"{machine()}\n")
    header = COLUMNS.split(", ")
    print_row(header)
    print_row(["---"] * len(header))
    for name in names:
        for contest in SCENARIOS[name](bench):
            print_row(cells_of(contest))


if __name__ == "__main__":
    main()
