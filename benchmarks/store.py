"""What a night costs with a store that has taken in two days, and with one of three months;
and reports from it.

python benchmarks/store.py                   90 days of 10^6 events: twenty minutes, 12 GB
python benchmarks/store.py --days 6 --lines 20000 a try

Days are made by days.py and taken in one by one, by dcevents and by DuckDB
(rivals/duckdb_store.py). Then single nights are run again on what was there before them, and
reports on a store of 10^7 conversations. As in run.py: whole processes, taking turns, medians,
ratios; figures are compared first.
"""

from __future__ import annotations

import argparse
import compileall
import json
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

import days
from figures import WHOLE, differences, output, stop_at
from measuring import MIB, ROOT, Job, note, renew
from run import COLUMNS, cells_of, machine, print_row
from scenarios import RIVALS, Contest

if TYPE_CHECKING:
    from collections.abc import Iterator

CONVERSATIONS = 10_000_000
LATE_NIGHT = 80
"""Nights after which a store is as large as the limits of its last night are meant for."""
PER_NIGHT = 450_000
"""Conversations that a day of 10^6 lines adds at least."""


@dataclass(frozen=True)
class Nights:
    """A folder with the days' logs, and what both stores were before some nights: `dcevents-N`,
    `duckdb-N`.
    """

    folder: Path
    dcevents: tuple[str, ...]
    days: int
    lines: int

    @property
    def large(self) -> int:
        """The first day after which there are 10^7 conversations, if there is one."""
        return min(self.days, -(-CONVERSATIONS * days.LINES // (PER_NIGHT * self.lines)))

    def packed(self, day: int) -> Path:
        """The log of a day, as it is kept."""
        return self.folder / days.name(day)

    def log(self, day: int) -> Path:
        """The log of a day, unpacked; only the last one that was asked for is kept,
        and the second day's.
        """
        path = self.folder / f"day-{day:03}.ndjson"
        if not path.exists():
            for other in self.folder.glob("day-*.ndjson"):
                if other != self.folder / "day-002.ndjson":
                    other.unlink()
            with days.zstd().open(self.packed(day), "rb") as source, path.open("wb") as out:
                shutil.copyfileobj(source, out, MIB)
        return path

    def kept(self, program: str, day: int) -> Path:
        """What a store was after a day."""
        return self.folder / f"{program}-{day}"

    def ours(self, *arguments: str | Path, store: Path) -> tuple[str, ...]:
        """The command line of dcevents on a store."""
        return (*self.dcevents, *map(str, arguments), "--store", str(store), "-q")

    def theirs(self, store: Path, *logs: Path) -> tuple[str, ...]:
        """The command line of DuckDB on a store."""
        return (sys.executable, str(RIVALS / "duckdb_store.py"), str(store), *map(str, logs))

    def make(self) -> None:
        """Take in all days, and keep what the stores were after the first,
        the last and the one in between.
        """
        days.write(self.folder, self.days + 1, seed=1, lines=self.lines)
        kept = {1, self.large, self.days}
        if all(
            self.kept(program, day).exists() for program in ("dcevents", "duckdb") for day in kept
        ):
            return
        with tempfile.TemporaryDirectory(dir=self.folder) as beside:
            ours, theirs = Path(beside, "dcevents"), Path(beside, "duckdb")
            for day in range(1, self.days + 1):
                log = self.log(day)
                output(Job("dcevents ingest", self.ours("ingest", log, store=ours)))
                output(Job("DuckDB", self.theirs(theirs, log)))
                if day in kept:
                    note(f"day {day} is taken in")
                    renew(ours, self.kept("dcevents", day))
                    renew(theirs, self.kept("duckdb", day))

    def check(self, day: int) -> None:
        """Compare the figures of the two stores."""
        reports = json.loads(output(Job("DuckDB", self.theirs(self.kept("duckdb", day)))))
        found: list[str] = []
        for report, fields in WHOLE.items():
            ours = output(
                Job("dcevents", self.ours(report, "-f", "json", store=self.kept("dcevents", day)))
            )
            found += differences(
                report, fields, json.loads(ours)["rows"], reports[report.replace("-", "_")]
            )
        stop_at("DuckDB", self.kept("duckdb", day), found)

    # -- jobs --------------------------------------------------------------------------------------

    def night(self, day: int) -> tuple[Job, Job]:
        """What it takes to take in a day's log, where all before it were taken in."""
        log, ours, theirs = self.log(day), self.folder / "dcevents", self.folder / "duckdb"
        return (
            Job(
                f"night {day}",
                self.ours("ingest", log, store=ours),
                fresh=(self.kept("dcevents", day - 1), ours),
            ),
            Job(
                f"DuckDB, night {day}",
                self.theirs(theirs, log),
                fresh=(self.kept("duckdb", day - 1), theirs),
            ),
        )

    def with_summary(self, day: int) -> Job:
        """A night, and the three reports over everything after it."""
        night, _ = self.night(day)
        report = self.ours("summary", "-f", "json", store=self.folder / "dcevents")
        both = f"{shlex.join(night.argv)} && {shlex.join(report)}"
        return Job(f"{night.name} and summary", ("sh", "-c", both), fresh=night.fresh)

    def again(self, day: int) -> tuple[Job, Job]:
        """The three reports from all logs up to a day, read again."""
        logs = [str(self.packed(each)) for each in range(1, day + 1)]
        return (
            Job("reading all again", (*self.dcevents, "summary", "-f", "json", "-q", *logs)),
            Job("DuckDB, all again", (sys.executable, str(RIVALS / "duckdb_job.py"), *logs)),
        )

    def reports(self, day: int) -> tuple[Job, Job, Job, Job]:
        """From what was kept after a day: summary, the same of DuckDB, the day before the last,
        all conversations.
        """
        store = self.kept("dcevents", day)
        as_of = json.loads(
            output(Job("dcevents", self.ours("completion", "-f", "json", store=store)))
        )["as_of"]
        csv = self.folder / "conversations.csv"
        return (
            Job("summary", self.ours("summary", "-f", "json", store=store)),
            Job("DuckDB, three reports", self.theirs(self.kept("duckdb", day))),
            Job(
                "completion of a day", self.ours("completion", "--period", as_of[:10], store=store)
            ),
            Job("conversations", self.ours("conversations", "-o", csv, store=store)),
        )


def contests(nights: Nights, rounds: int) -> Iterator[Contest]:
    """Each in its turn; its logs and stores are there as long as it runs."""
    last = nights.days + 1
    second, its_second = nights.night(2)
    yield Contest("night-2", second, its_second, rounds, must=1.2)
    night, its_night = nights.night(last)
    late = last > LATE_NIGHT
    yield Contest(f"night-{last}", night, its_night, rounds, must=0.4 if late else None)
    yield Contest(
        f"night-{last}-peak", night, its_night, rounds, judged="rss", must=0.3 if late else None
    )
    yield Contest("growth", night, second, rounds, must=1.25, aim=1.1)
    yield Contest("growth of DuckDB", its_night, its_second, rounds)
    summary, three, of_a_day, listing = nights.reports(nights.large)
    yield Contest(f"reports-{nights.large}", summary, three, rounds, must=0.3)
    yield Contest(f"day-{nights.large}", of_a_day, summary, rounds)
    yield Contest(f"listing-{nights.large}", listing, summary, 1, judged="rss", must=1.0)
    both = nights.with_summary(last)
    for other in nights.again(last):
        yield Contest(f"again-{last}", both, other, 1)


def size(path: Path) -> str:
    """How much is in a file or a folder."""
    files = [each for each in (path, *path.rglob("*")) if each.is_file()]
    return f"{sum(each.stat().st_size for each in files) / 1e6:.0f} MB"


def main() -> None:
    """Take in what is not there yet, then print a row for each contest as it ends."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--lines", type=int, default=days.LINES, help="of a day; 1000000")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where days and stores are kept")
    options = parser.parse_args()
    compileall.compile_dir(ROOT / "dcevents", quiet=1)
    data = options.data or Path(tempfile.gettempdir(), "dcevents-benchmarks")
    folder = data.resolve() / f"days-{options.lines}"
    nights = Nights(folder, (sys.executable, "-m", "dcevents"), options.days, options.lines)
    nights.make()
    nights.check(nights.large)
    print(f"{machine()}\n")
    for day in sorted({1, nights.large, nights.days}):
        sizes = [
            f"{program} {size(nights.kept(program, day))}" for program in ("dcevents", "duckdb")
        ]
        print(f"After day {day}: {', '.join(sizes)}.")
    print()
    print_row(COLUMNS.split(", "))
    print_row(["---"] * len(COLUMNS.split(", ")))
    for contest in contests(nights, options.repeats):
        print_row(cells_of(contest))


if __name__ == "__main__":
    main()
