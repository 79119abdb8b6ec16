"""Inputs → a log: its facts, and an account of every line. Blocks are parsed in threads, counted in order."""

import os
import threading
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from operator import attrgetter
from typing import NamedTuple

import polars as pl

from dcevents.model.events import REJECT_REASONS
from dcevents.model.facts import Facts
from dcevents.model.moments import UNTIMED
from dcevents.model.sessions import NUMBER, Sids, renumbered
from dcevents.reading import sources
from dcevents.reading.hints import SAMPLE
from dcevents.reading.parsing import mixed, records
from dcevents.reading.parsing.mixed import Bad, Seen
from dcevents.reading.parsing.parse import Parsed, Parser, Reject
from dcevents.reading.parsing.record import Shape
from dcevents.reading.parsing.rows import Rows
from dcevents.reading.sources import Block, Input, Piece

_AHEAD = 2
_MOST_NAMES = 1000
_SHOWN = 20
_BEGIN = 5

PLACED = {
    "sid": NUMBER, "said": pl.UInt32, "ts": pl.Int64, "form": pl.UInt8, "file": pl.UInt32, "line": pl.UInt64,
    "member": pl.UInt32,
}  # fmt: skip
"""Columns of events with their places: `file` is the input's number, `line` counts from 1.

`member` is which of the records of that line it is, null where there is only one. `form` is
how the timestamp is written, null where the parser was not asked for it.
"""


class Place(NamedTuple):
    """A rejected line."""

    file: str
    line: int
    reason: str
    member: int | None = None
    """Which of the records of that line it is; None where there is only one."""

    def as_json(self) -> dict[str, str | int]:
        """`file`, `line`, `index` where the line has several records, and `reason`."""
        index = {} if self.member is None else {"index": self.member}
        return {"file": self.file, "line": self.line, **index, "reason": self.reason}

    def __str__(self) -> str:
        return f"{self.line}" if self.member is None else f"{self.line}[{self.member}]"


@dataclass
class Account:
    """Where the lines went: every record is in exactly one bucket (definitions 1)."""

    files: int = 0
    records: int = 0
    tally: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    rejects: list[Place] = field(default_factory=list)
    """The first of the rejected lines."""
    strangers: dict[int, list[bytes]] = field(default_factory=dict)
    """Inputs by number, the first rejected lines of each that has no event; none of one in which one came later."""
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
        """Lines that are no events of a conversation, or of one that a store was to forget."""
        return self.tally["widget_ready"] + self.tally["unknown_event"] + sum(self.removed.values())

    @property
    def removed(self) -> dict[str, int]:
        """Events that a store has `forgotten`, since it was told to, or that are `expired`."""
        return {name: self.tally[name] for name in ("forgotten", "expired") if self.tally[name]}

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
    shapes: set[Shape | None] = field(default_factory=set)
    """Where events were found; None is the canonical place."""
    lined: bool = True
    """Whether `placed` has the lines of files; else it has the numbers of events in their sessions."""
    lines: int = 0
    """Of the last input, those before it that were read another time included."""
    counted: bool = False
    """Whether the account is complete from the beginning."""
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        """Complete the account: how many different events there are. Most reports neither need it nor wait for it."""
        with self._counting:
            if not self.counted:
                self.account.events, self.account.untimed, self.account.future = (
                    self.facts.distinct()
                )
                self.counted = True


def read(  # noqa: PLR0913 - all but three by name
    inputs: Sequence[Input],
    parser: Parser,
    progress: Callable[[int], None],
    *,
    placed: bool = False,
    keep: Callable[[Place, bytes], None] | None = None,
    lines_before: int = 0,
) -> Log:
    """Read all inputs; `keep` is told each rejected line, in order. Raises InputError for one that cannot be read.

    `lines_before` is how many lines of the first input were read before: where it is read on from there.
    """
    return _read(
        inputs,
        sources.blocks(inputs, progress, parser.known),
        parser,
        lines_before,
        placed=placed,
        keep=keep,
    )


def read_rest(
    source: Input,
    parser: Parser,
    *,
    placed: bool = False,
    keep: Callable[[Place, bytes], None] | None = None,
    lines_before: int = 0,
) -> Log:
    """What stands behind the last whole line of an input that was followed: a line that its writer may go on with."""
    rest = source.followed.rest if source.followed else b""
    blocks = [sources.rest(rest, source.own_style)] if rest else []
    return _read([source], iter(blocks), parser, lines_before, placed=placed, keep=keep)


def _read(  # noqa: PLR0913 - of one place only
    inputs: Sequence[Input],
    blocks: Iterator[Block],
    parser: Parser,
    before: int,
    *,
    placed: bool,
    keep: Callable[[Place, bytes], None] | None,
) -> Log:
    log = Log(list(inputs), Facts(parser.vocabulary), Account(files=len(inputs)))
    places: list[list[tuple[pl.DataFrame, Sids]]] = []
    lines_before: Counter[int] = Counter({0: before})
    begun: Counter[int] = Counter()
    for pieces, found in _parsed(blocks, parser):
        starts = _starts(pieces, found[0], lines_before)
        _go_on(found, starts[0].file, begun)
        for each in found:
            _count(log, each.parsed)
        rejects = sorted(reject for each in found for reject in each.rejects())
        _note_strangers(log, found, starts, rejects)
        for each in found:
            for rows, sids in each.parsed.parts:
                log.facts.add(rows, sids)
        if placed:
            places.append(
                [
                    (_placed(each.in_lines(some), starts), of)
                    for each in found
                    for some, of in each.parsed.parts
                ]
            )
        if rejects and (keep or len(log.account.rejects) < _SHOWN):
            _keep(log, rejects, starts, keep)
    log.shapes = parser.found_in()
    log.lines = lines_before[len(inputs) - 1]
    log.facts.settle()
    if placed:
        log.placed = pl.concat(
            [pl.DataFrame(schema=PLACED), *(_in_order(parts, parser) for parts in places)]
        )
    return log


def _in_order(parts: list[tuple[pl.DataFrame, Sids]], parser: Parser) -> pl.DataFrame:
    frames = [renumbered(rows, sids, parser.vocabulary.sids) for rows, sids in parts]
    return pl.concat([pl.DataFrame(schema=PLACED), *frames]).sort("file", "line", "member")


class _Rejected(NamedTuple):
    """A row of a block that is not counted, and which of its records."""

    row: int
    member: int
    reject: Reject
    raw: bytes


@dataclass
class _Read:
    """What a block holds, or those of its lines that hold several records each (`within`, then)."""

    rows: Rows
    parsed: Parsed
    within: Rows | None = None
    begun: int = 0
    """Records of its first line that came before it."""

    def rejects(self) -> list[_Rejected]:
        """Its rejected records, each with its line in the block."""
        if not self.parsed.rejects:
            return []
        rows = pl.DataFrame(
            {"row": [reject.row for reject in self.parsed.rejects]}, schema={"row": pl.UInt32}
        )
        places = self.in_lines(rows).select("line", pl.col("member").fill_null(0)).iter_rows()
        return [
            _Rejected(line, member, reject, self.rows.raw(reject.row, reject.raw))
            for (line, member), reject in zip(places, self.parsed.rejects, strict=True)
        ]

    def has_event(self, first: int, end: int | None) -> bool:
        """Whether one is on these lines of the block; all that follow the first, if there is no end."""
        for rows, _ in self.parsed.parts:
            lines = self.in_lines(rows.select("row"))["line"]
            if (
                (lines >= first).any()
                if end is None
                else lines.is_between(first, end, closed="left").any()
            ):
                return True
        return False

    def in_lines(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of it, with `line`, how many lines of the block are before, and `member`."""
        found = _in_lines(rows, self.rows)
        if self.within is None:
            return self._over_blocks(found) if self.begun or self.rows.on_last_line else found
        of_row = found.drop("row").rename({"line": "row", "member": "own"})
        return (
            _in_lines(of_row, self.within).with_columns(pl.col("own").alias("member")).drop("own")
        )

    def _over_blocks(self, found: pl.DataFrame) -> pl.DataFrame:
        """Numbers for records on lines that lie in other blocks too, also where here they are the only ones."""
        line, member = pl.col("line"), pl.col("member").fill_null(1)
        ends = (line == self.rows.lines) & (self.rows.on_last_line > 0)
        begins = (line == 0) & (self.begun > 0)
        number = (
            pl.when(begins).then(member + self.begun).when(ends).then(member).otherwise("member")
        )
        return found.with_columns(number.alias("member"))


def _go_on(found: list[_Read], file: int, begun: Counter[int]) -> None:
    """Let the members of a line that goes on over several blocks be counted on."""
    read = found[0]
    read.begun = begun[file]
    if read.rows.lines == 0:
        begun[file] += read.parsed.lines
    else:
        begun[file] = read.rows.on_last_line


def _in_lines(rows: pl.DataFrame, cut: Rows) -> pl.DataFrame:
    places = cut.places
    if places is None:
        return rows.with_columns(
            pl.col("row").cast(pl.UInt64).alias("line"), pl.lit(None, pl.UInt32).alias("member")
        )
    here = rows.with_columns(pl.col("row").cast(pl.UInt32))
    return here.with_columns(
        pl.lit(places["line"]).gather(pl.col("row")).alias("line"),
        pl.lit(places["member"]).gather(pl.col("row")).alias("member"),
    )


def _parsed(
    blocks: Iterator[Block], parser: Parser
) -> Iterator[tuple[Sequence[Piece], list[_Read]]]:
    """Blocks with what they hold, in order. The first is parsed alone: the others profit from what it teaches."""
    first = next(blocks, None)
    if first is None:
        return
    yield _parse(first, parser)
    workers = min(8, (os.cpu_count() or 1) + 1)
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[tuple[Sequence[Piece], list[_Read]]]] = deque()
        try:
            for block in blocks:
                under_way.append(pool.submit(_parse, block, parser))
                if len(under_way) >= workers + _AHEAD:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _parse(block: Block, parser: Parser) -> tuple[Sequence[Piece], list[_Read]]:
    """What a block holds, and behind that what those of its lines hold that have several records each."""
    data, pieces, unterminated, style = block()
    rows = (
        style.rows(data, unterminated, parser.limits.clock) if style else Rows(data, unterminated)
    )
    parsed = parser.parse(rows.data, rows.unterminated)
    invalid = parsed.tally["invalid_json"] + parsed.tally["incomplete"] > 0
    if rows.exactly and rows.is_wrong(
        invalid=invalid, untimed=bool((parsed.rows["ts"] >= UNTIMED).any())
    ):
        rows = rows.exactly()
        parsed = parser.parse(rows.data, rows.unterminated)
    if again := _again(data, pieces, rows, parsed, parser):
        rows = again
        parsed = parser.parse(rows.data, rows.unterminated)
    read = [_Read(rows, parsed), *(_Read(inner, held, rows) for inner, held in parsed.within)]
    if parsed.several:
        several = records.several(parsed.several, parser.known)
        read.append(_Read(several, parser.parse(several.data), rows))
    return pieces, read


def _again(
    data: bytes, pieces: Sequence[Piece], rows: Rows, parsed: Parsed, parser: Parser
) -> Rows | None:
    """Lines cut again where some are no records by themselves; None where there are none."""
    bad = [Bad(row, reason) for row, reason, raw in parsed.rejects if mixed.may_go_on(reason, raw)]
    bad += [Bad(row, "incomplete") for row in rows.unterminated if parsed.tally["incomplete"]]
    if rows.lines is not None or not bad:
        return None
    good = sorted([*parsed.rows["row"].to_list(), *(row for row, _ in parsed.several)])
    return mixed.again(
        data, [piece.lines or 0 for piece in pieces], rows, Seen(sorted(bad), good), parser.known
    )


class _Start(NamedTuple):
    """From this row of a block on: the input, and how many of its lines came before."""

    row: int
    file: int
    before: int


def _starts(pieces: Sequence[Piece], read: _Read, lines_before: Counter[int]) -> list[_Start]:
    starts, row = [], 0
    all_lines = read.parsed.lines if read.rows.lines is None else read.rows.lines
    for file, lines in pieces:
        starts.append(_Start(row, file, lines_before[file]))
        height = all_lines if lines is None else lines
        lines_before[file] += height
        row += height
    return starts


def _count(log: Log, parsed: Parsed) -> None:
    account = log.account
    account.records += parsed.lines - len(parsed.several) - parsed.opened
    account.tally += parsed.tally
    for name, (_, lines) in sorted(parsed.unknown.items(), key=lambda item: item[1]):
        known = name in account.unknown or len(account.unknown) < _MOST_NAMES
        account.unknown[name if known else "other"] += lines


def _note_strangers(
    log: Log, found: list[_Read], starts: list[_Start], rejects: list[_Rejected]
) -> None:
    """Note the inputs that begin with a rejected line and hold no event; of one alone, any rejected line will do."""
    strangers, alone = log.account.strangers, len(log.inputs) == 1
    ends = [start.row for start in starts[1:]]
    for start, end in zip_longest(starts, ends):
        first = bisect_left(rejects, start.row, key=_row)
        last = len(rejects) if end is None else bisect_left(rejects, end, key=_row)
        begins = start.before == 0 and first < last and (alone or rejects[first].row == start.row)
        begins = begins and len(strangers) < _SHOWN
        has_event = (begins or start.file in strangers) and any(
            each.has_event(start.row, end) for each in found
        )
        if start.file in strangers:
            strangers[start.file] = [] if has_event else strangers[start.file]
        elif begins and not has_event:
            strangers[start.file] = [each.raw[:SAMPLE] for each in rejects[first:last][:_BEGIN]]


_row = attrgetter("row")


def _keep(
    log: Log,
    rejects: list[_Rejected],
    starts: list[_Start],
    keep: Callable[[Place, bytes], None] | None,
) -> None:
    """Note where the first rejected lines are; hand all of them on to `keep`."""
    first = log.account.rejects
    following = iter(starts)
    start = next(following)
    after = next(following, None)
    for row, member, reject, raw in rejects:
        while after and after.row <= row:
            start, after = after, next(following, None)
        line = start.before + row - start.row + 1
        place = Place(log.inputs[start.file].name, line, reject.reason, member or None)
        if len(first) < _SHOWN:
            first.append(place)
        elif not keep:
            return
        if keep:
            keep(place, raw)


def _placed(rows: pl.DataFrame, starts: list[_Start]) -> pl.DataFrame:
    places = pl.DataFrame(
        starts, schema={"start": pl.UInt32, "file": pl.UInt32, "before": pl.UInt64}, orient="row"
    )
    within = rows.with_columns(pl.col("line").cast(pl.UInt32).alias("within"))
    placed = within.sort("within", "member").join_asof(
        places, left_on="within", right_on="start", strategy="backward"
    )
    line = pl.col("before") + pl.col("within") - pl.col("start") + 1
    form = pl.col("form") if "form" in placed.columns else pl.lit(None, pl.UInt8).alias("form")
    return placed.select("sid", "said", "ts", form, "file", line.alias("line"), "member")
