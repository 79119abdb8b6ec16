"""Inputs → a log: its facts, and an account of every line. Blocks are parsed in threads, counted in order."""

import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl

from dcevents import sources
from dcevents.events import REJECT_REASONS
from dcevents.facts import Facts
from dcevents.parse import UNTIMED, Parsed, Parser
from dcevents.sources import Block, Input

_AHEAD = 2
_MOST_NAMES = 1000
_SHOWN = 20

PLACED = {"sid": pl.UInt32, "said": pl.UInt32, "ts": pl.Int64, "form": pl.UInt8, "file": pl.UInt32, "line": pl.UInt64}
"""Columns of events with their places: `file` is the input's number, `line` counts from 1.

`form` is how the timestamp is written, null where the parser was not asked for it.
"""


class Place(NamedTuple):
    """A rejected line."""

    file: str
    line: int
    reason: str


@dataclass
class Account:
    """Where the lines went: every record is in exactly one bucket (definitions 1)."""

    files: int = 0
    records: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    rejects: list[Place] = field(default_factory=list)
    """The first of the rejected lines."""
    events: int = 0
    """Different ones; this and what follows is known after `Log.count`."""
    untimed: int = 0
    future: int = 0

    @property
    def rejected(self) -> dict[str, int]:
        """Rejected lines by reason, of all reasons."""
        return {reason: self.tally[reason] for reason in REJECT_REASONS}

    @property
    def ignored(self) -> int:
        """Lines that are no events of a conversation."""
        return self.tally["widget_ready"] + self.tally["unknown_event"]

    @property
    def duplicates(self) -> int:
        """Accepted lines that said again what another had said."""
        return self.tally["event"] - self.events

    def unknown_names(self) -> dict[str, int]:
        """Unknown events by name, most frequent first; from the first 1,000 names on as `other`."""
        return dict(sorted(self.unknown.items(), key=lambda item: (-item[1], item[0])))


@dataclass
class Log:
    """A log that was read. `placed` is there where it was asked for, in the order of inputs and lines."""

    inputs: list[Input]
    facts: Facts
    account: Account
    placed: pl.DataFrame | None = None
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _counted: bool = False

    def count(self) -> None:
        """Complete the account: how many different events there are. Most reports neither need it nor wait for it."""
        with self._counting:
            if not self._counted:
                self.account.events, self.account.untimed, self.account.future = self.facts.distinct()
                self._counted = True

    def latest(self) -> int | None:
        """The latest timestamp of the accepted events, milliseconds."""
        ts = self.facts.frame()["ts"]
        latest: Any = ts.filter(ts < UNTIMED).max()
        return None if latest is None else int(latest)

    def earliest(self) -> int | None:
        """The earliest timestamp of the accepted events, milliseconds."""
        earliest: Any = self.facts.frame()["ts"].min()
        return int(earliest) if earliest is not None and earliest < UNTIMED else None


def read(
    inputs: Sequence[Input],
    parser: Parser,
    progress: Callable[[int], None],
    *,
    placed: bool = False,
    keep: Callable[[Place, bytes], None] | None = None,
) -> Log:
    """Read all inputs; `keep` is told each rejected line, in order. Raises InputError for one that cannot be read."""
    log = Log(list(inputs), Facts(parser.vocabulary), Account(files=len(inputs)))
    places: list[pl.DataFrame] = []
    lines_before: Counter[int] = Counter()
    for block, parsed in _parsed(sources.blocks(inputs, progress), parser):
        starts = _starts(block, parsed, lines_before)
        _count(log, parsed)
        if parsed.rejects and (keep or len(log.account.rejects) < _SHOWN):
            _keep(log, parsed, starts, keep)
        log.facts.add(parsed.rows)
        if placed:
            places.append(_placed(parsed.rows, starts))
    if placed:
        log.placed = pl.concat([pl.DataFrame(schema=PLACED), *places])
    return log


def _parsed(blocks: Iterator[Block], parser: Parser) -> Iterator[tuple[Block, Parsed]]:
    """Blocks with what they hold, in order. The first is parsed alone: the others profit from what it teaches."""
    first = next(blocks, None)
    if first is None:
        return
    yield first, _parse(first, parser)
    workers = min(8, (os.cpu_count() or 1) + 1)
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[tuple[Block, Future[Parsed]]] = deque()
        try:
            for block in blocks:
                under_way.append((block, pool.submit(_parse, block, parser)))
                if len(under_way) >= workers + _AHEAD:
                    done, future = under_way.popleft()
                    yield done, future.result()
            while under_way:
                done, future = under_way.popleft()
                yield done, future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _parse(block: Block, parser: Parser) -> Parsed:
    return parser.parse(*block.load())


class _Start(NamedTuple):
    """From this row of a block on: the input, and how many of its lines came before."""

    row: int
    file: int
    before: int


def _starts(block: Block, parsed: Parsed, lines_before: Counter[int]) -> list[_Start]:
    starts, row = [], 0
    for file, lines in block.pieces:
        starts.append(_Start(row, file, lines_before[file]))
        height = parsed.lines if lines is None else lines
        lines_before[file] += height
        row += height
    return starts


def _count(log: Log, parsed: Parsed) -> None:
    account = log.account
    account.records += parsed.records
    account.tally += parsed.tally
    for name, (_, lines) in sorted(parsed.unknown.items(), key=lambda item: item[1]):
        known = name in account.unknown or len(account.unknown) < _MOST_NAMES
        account.unknown[name if known else "other"] += lines


def _keep(log: Log, parsed: Parsed, starts: list[_Start], keep: Callable[[Place, bytes], None] | None) -> None:
    """Note where the first rejected lines are; hand all of them on to `keep`."""
    first = log.account.rejects
    following = iter(starts)
    start = next(following)
    after = next(following, None)
    for reject in sorted(parsed.rejects):
        while after and after.row <= reject.row:
            start, after = after, next(following, None)
        place = Place(log.inputs[start.file].name, start.before + reject.row - start.row + 1, reject.reason)
        if len(first) < _SHOWN:
            first.append(place)
        elif not keep:
            return
        if keep:
            keep(place, reject.raw)


def _placed(rows: pl.DataFrame, starts: list[_Start]) -> pl.DataFrame:
    places = pl.DataFrame(starts, schema={"start": pl.UInt32, "file": pl.UInt32, "before": pl.UInt64}, orient="row")
    placed = rows.sort("row").join_asof(places, left_on="row", right_on="start", strategy="backward")
    line = pl.col("before") + pl.col("row") - pl.col("start") + 1
    form = pl.col("form") if "form" in placed.columns else pl.lit(None, pl.UInt8).alias("form")
    return placed.select("sid", "said", "ts", form, "file", line.alias("line"))
