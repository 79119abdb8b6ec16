"""What is set against what, and the ratios that must and should be reached."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from figures import WHOLE, differences, output, stop_at
from measuring import ROOT, Job
from shapes import BROKEN, HOSTILE, ORDINARY

sys.path.insert(0, str(ROOT))

from samples.envelopes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from data import Data, Kind

HERE = Path(__file__).resolve().parent
RIVALS = HERE / "rivals"
MILLION, TEN_MILLION = 1_000_000, 10_000_000
KINDS: tuple[Kind, ...] = ("plain", "varied")
TABLES = ("csv", "csv-json")
"""Kinds of CSV: Adobe's keys as columns, and a column of JSON. What they cost is only said."""
COSTLY = {"ga4", "ga4-forwarded", "insights", "otlp"}
"""Shapes of samples/envelopes whose records are lists of pairs: what they cost is only said."""


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


class Limit(NamedTuple):
    """A column of `Sample`, and the ratios that it must and should not exceed."""

    judged: str
    must: float
    aim: float | None = None


@dataclass(frozen=True)
class Bench:
    """How dcevents is called, on what data, how often;
    its methods make the contests of the scenarios.

    `scale` is the share of the events that each scenario is meant for.
    """

    dcevents: tuple[str, ...]
    data: Data
    repeats: int
    scale: float = 1.0

    # -- jobs --------------------------------------------------------------------------------------

    def ours(self, command: str, *sources: Path, name: str = "", piped: Path | None = None) -> Job:
        """Return dcevents with a report as JSON."""
        operands = ["-"] if piped else map(str, sources)
        argv = (*self.dcevents, command, "-q", "-f", "json", *operands)
        return Job(name or f"dcevents {command}", argv, piped)

    def duckdb(self, path: Path, kind: str = "plain", *, piped: bool = False) -> Job:
        """Return the careful script: the whole job."""
        source = "/dev/stdin" if piped else str(path)
        lines = ("--lines", kind) if kind in {"varied", *TABLES} else ()
        argv = (sys.executable, str(RIVALS / "duckdb_job.py"), *lines, source)
        return Job("DuckDB", argv, path if piped else None)

    def events(self, number: int, kind: Kind = "plain", *, bad: float = 0, copies: int = 1) -> Path:
        """Return a file of that many events, or of the share of them that was asked for."""
        return self.data.events(self._scaled(number), kind, bad=bad, copies=copies)

    def _scaled(self, number: int) -> int:
        return max(100, round(number * self.scale))

    def rounds(self, number: int) -> int:
        """Return how often a job on that many events is run."""
        return self.repeats if number <= MILLION else min(3, self.repeats)

    # -- figures first -----------------------------------------------------------------------------

    def check(self, rival: Job, path: Path) -> None:
        """Compare the rival's reports with those of dcevents on that file."""
        theirs = json.loads(output(rival))
        found: list[str] = []
        for report, fields in WHOLE.items():
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
        found = [
            f"{name} lines: {counted[name]}, not {expected[name]}"
            for name in counted
            if counted[name] != expected[name]
        ]
        for row in report["rows"]:
            key, completed = row["conversation_id"], row["completed"]
            seen = lines[key, "CONVERSATION_COMPLETED"]
            if not completed <= seen <= 1.05 * completed + 5:
                found.append(f"{key}: {seen} COMPLETED lines, {completed} completed")
        stop_at(rival.name, path, found)

    def _check_read(self, path: Path) -> None:
        """Stop where lines were rejected, which may be fast."""
        account = json.loads(output(self.ours("completion", path)))["input"]
        rejected = sum(account["rejected"].values())
        found = [f"{rejected} of {account['records']} records are rejected"] if rejected else []
        stop_at("its shape", path, found)

    # -- contests ----------------------------------------------------------------------------------

    def whole(self, scenario: str, number: int, *limits: Limit) -> Iterator[Contest]:
        """Set the three reports from a file against DuckDB."""
        for kind in KINDS:
            path = self.events(number, kind)
            yield from self._whole(f"{scenario} {kind}", path, kind, number, limits)

    def held_out(self, scenario: str, *limits: Limit) -> Iterator[Contest]:
        """Set the three reports from lines that nothing was tuned with against DuckDB."""
        path = self.data.held_out(self._scaled(MILLION))
        yield from self._whole(scenario, path, "held-out", MILLION, limits)

    def csv(self, scenario: str) -> Iterator[Contest]:
        """Set the three reports from rows of CSV against DuckDB's, and against canonical lines."""
        plain = self.events(MILLION)
        lines = self.ours("summary", plain, name="canonical lines")
        for kind in TABLES:
            path = self.data.tabled(plain, kind)
            rival, ours = self.duckdb(path, kind), self.ours("summary", path, name=kind)
            check_once(self, rival, path)
            for other in (rival, lines):
                for judged in ("wall", "cpu"):
                    yield Contest(f"{scenario} {kind}", ours, other, self.repeats, judged)

    def _whole(
        self, scenario: str, path: Path, kind: str, number: int, limits: Iterable[Limit]
    ) -> Iterator[Contest]:
        rival = self.duckdb(path, kind)
        check_once(self, rival, path)
        for limit in limits:
            yield Contest(scenario, self.ours("summary", path), rival, self.rounds(number), *limit)

    def stdin(self, scenario: str, limit: Limit) -> Iterator[Contest]:
        """Set the three reports from standard input against DuckDB."""
        for kind in KINDS:
            path = self.events(TEN_MILLION, kind)
            check_once(self, self.duckdb(path, kind), path)
            ours, other = self.ours("summary", piped=path), self.duckdb(path, kind, piped=True)
            yield Contest(f"{scenario} {kind}", ours, other, self.rounds(TEN_MILLION), *limit)

    def jq(self, scenario: str, limit: Limit) -> Iterator[Contest]:
        """Set the completion report against lines counted by jq, which does less."""
        for kind in KINDS:
            path = self.events(MILLION, kind)
            wrapped = ("wrapped",) if kind == "varied" else ()
            rival = Job("jq", ("sh", str(RIVALS / "jq_job.sh"), str(path), *wrapped))
            self.check_lines(rival, path)
            ours = self.ours("completion", path)
            yield Contest(f"{scenario} {kind}", ours, rival, self.repeats, *limit)

    def repeat(self, scenario: str, limit: Limit) -> Iterator[Contest]:
        """Set the same lines 20 times against once: memory must not grow with the lines."""
        for kind in KINDS:
            once, often = (self.events(MILLION, kind, copies=copies) for copies in (1, 20))
            other = self.ours("summary", once, name="the lines once")
            ours, rounds = self.ours("summary", often), self.rounds(20 * MILLION)
            yield Contest(f"{scenario} {kind}", ours, other, rounds, *limit)

    def source(
        self, scenario: str, make_job: Callable[[Path], Job], limit: Limit
    ) -> Iterator[Contest]:
        """Set the three reports from another kind of source against a plain file."""
        for kind in KINDS:
            path = self.events(MILLION, kind)
            other = self.ours("summary", path, name="plain file")
            yield Contest(f"{scenario} {kind}", make_job(path), other, self.repeats, *limit)

    def bad_lines(self, scenario: str, limits: dict[float, float]) -> Iterator[Contest]:
        """Set broken lines among the good ones against good ones only."""
        for kind in KINDS:
            clean = self.ours("summary", self.events(MILLION, kind), name="clean lines")
            for share, must in limits.items():
                ours = self.ours("summary", self.events(MILLION, kind, bad=share))
                name = f"{scenario} {kind} {share * 100:g} %"
                yield Contest(name, ours, clean, self.repeats, must=must)

    def shapes(self, scenario: str, must: float, aim: float) -> Iterator[Contest]:
        """Set logs of one variety each against the plain one: CPU for each byte."""
        plain = self.data.shape("plain", self._scaled(MILLION // 2))
        other = self.ours("summary", plain, name="plain")
        for shape in ORDINARY:
            path = self.data.shape(shape, self._scaled(MILLION // 2))
            self._check_read(path)
            size = path.stat().st_size / plain.stat().st_size
            limit = Limit("cpu", round(must * size, 2), round(aim * size, 2))
            ours = self.ours("summary", path, name=shape)
            yield Contest(f"{scenario} {shape}", ours, other, min(3, self.repeats), *limit)

    def hostile(self, scenario: str) -> Iterator[Contest]:
        """Set what somebody may send to be a nuisance against plain lines of as many bytes."""
        plain = self.data.shape("plain", self._scaled(MILLION // 10))
        for shape in (*BROKEN, *HOSTILE):
            number = MILLION // 10 if shape in BROKEN else MILLION // 3000
            path = self.data.shape(shape, self._scaled(number))
            ours = self.ours("check", path, name=shape)
            other = self.ours("check", plain, name="plain")
            size = path.stat().st_size / plain.stat().st_size
            yield Contest(f"{scenario} {shape}", ours, other, 1, "cpu", round(1.5 * size, 2))

    def envelopes(self, scenario: str, must: float, aim: float) -> Iterator[Contest]:
        """Set reading the same events in each shape against canonical lines: CPU for each byte,
        and for no fewer bytes than they have.
        """
        plain = self.events(MILLION // 10)
        canonical = self.data.enveloped(plain, "canonical")
        for shape in SHAPES:
            path = self.data.enveloped(plain, shape)
            size = max(1, path.stat().st_size / canonical.stat().st_size)
            limits = None if shape in COSTLY else (round(must * size, 2), round(aim * size, 2))
            ours, other = (
                Job(name, (sys.executable, str(HERE / "read_alone.py"), str(file)), has_clock=True)
                for name, file in ((shape, path), ("canonical", canonical))
            )
            yield Contest(f"{scenario} {shape}", ours, other, 1, "cpu", *(limits or ()))

    def scanner(self, scenario: str, limit: Limit) -> Iterator[Contest]:
        """Set the scanner alone against DuckDB's reader of the same fields: one thread each."""
        for kind in KINDS:
            path = str(self.events(MILLION, kind))
            ours, other = (
                Job(name, (sys.executable, str(script), path), has_clock=True)
                for name, script in (
                    ("scanner", HERE / "scan_alone.py"),
                    ("DuckDB's read_json", RIVALS / "duckdb_scan.py"),
                )
            )
            yield Contest(f"{scenario} {kind}", ours, other, self.repeats, *limit)

    def start_up(self, scenario: str, ours: Job, module: str, limit: Limit) -> Iterator[Contest]:
        """Set what is over at once against the import that it cannot do without."""
        other = Job(f"import {module}", (sys.executable, "-c", f"import {module}"))
        yield Contest(scenario, ours, other, 4 * self.repeats, *limit)


@cache
def check_once(bench: Bench, rival: Job, path: Path) -> None:
    """Compare DuckDB's figures with those of dcevents, once for each file."""
    bench.check(rival, path)


def _time(must: float, aim: float) -> tuple[Limit, Limit]:
    return Limit("wall", must, aim), Limit("cpu", must, aim)


SCENARIOS: dict[str, Callable[[Bench], Iterator[Contest]]] = {
    "whole-1m": lambda b: b.whole("whole-1m", MILLION, *_time(0.6, 0.45), Limit("rss", 0.7)),
    "held-out-1m": lambda b: b.held_out("held-out-1m", *_time(0.6, 0.45), Limit("rss", 0.7)),
    "scanner": lambda b: b.scanner("scanner", Limit("wall", 0.5, 0.33)),
    "csv-1m": lambda b: b.csv("csv-1m"),
    "jq-1m": lambda b: b.jq("jq-1m", Limit("wall", 0.1)),
    "gzip": lambda b: b.source(
        "gzip", lambda path: b.ours("summary", b.data.gzipped(path)), Limit("wall", 1.1)
    ),
    "zstd": lambda b: b.source(
        "zstd", lambda path: b.ours("summary", b.data.zstandard(path)), Limit("wall", 1.1)
    ),
    "pipe": lambda b: b.source(
        "pipe", lambda path: b.ours("summary", piped=path), Limit("wall", 1.05)
    ),
    "thousand-files": lambda b: b.source(
        "thousand-files",
        lambda path: b.ours("summary", b.data.parts(path, 1000)),
        Limit("wall", 1.15),
    ),
    "help": lambda b: b.start_up(
        "help", Job("dcevents --help", (*b.dcevents, "--help")), "click", Limit("wall", 2)
    ),
    "small": lambda b: b.start_up(
        "small", b.ours("summary", b.data.events(1000)), "polars", Limit("wall", 1.35)
    ),
    "bad-lines": lambda b: b.bad_lines("bad-lines", {0.0001: 1.05, 0.01: 1.2, 0.2: 1.8}),
    "shapes": lambda b: b.shapes("shapes", 1.5, 1.2),
    "hostile": lambda b: b.hostile("hostile"),
    "envelopes": lambda b: b.envelopes("envelopes", 1.3, 1.2),
    "whole-10m": lambda b: b.whole("whole-10m", TEN_MILLION, *_time(0.55, 0.4)),
    "memory-10m": lambda b: b.whole("memory-10m", TEN_MILLION, Limit("rss", 0.6, 0.4)),
    "stdin-10m": lambda b: b.stdin("stdin-10m", Limit("wall", 0.5, 0.35)),
    "repeat-20": lambda b: b.repeat("repeat-20", Limit("rss", 1.15, 1.05)),
}
LARGE = ("shapes", "hostile", "envelopes", "whole-10m", "memory-10m", "stdin-10m", "repeat-20")
"""Scenarios that are left out where none is named."""
