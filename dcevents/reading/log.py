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
from dcevents.model.sessions import NUMBER_TYPE, Sessions, renumber_rows
from dcevents.reading import sources
from dcevents.reading.hints import SAMPLE_BYTES
from dcevents.reading.parsing import mixed, records
from dcevents.reading.parsing.mixed import Bad, Seen
from dcevents.reading.parsing.parse import Parsed, Parser, Reject
from dcevents.reading.parsing.record import Shape
from dcevents.reading.parsing.rows import Rows
from dcevents.reading.sources import BlockLoader, Input, LineRun

_AHEAD_BLOCKS = 2
_MAX_UNKNOWN_NAMES = 1000
_MAX_SHOWN_REJECTS = 20
_MAX_SAMPLES = 5

LOCATED_COLUMNS = {
    "sid": NUMBER_TYPE, "said": pl.UInt32, "ts": pl.Int64, "form": pl.UInt8, "file": pl.UInt32, "line": pl.UInt64,
    "member": pl.UInt32,
}  # fmt: skip
"""Columns of events with their places: `file` is the input's number, `line` counts from 1.

`member` is which of the records of that line it is, null where there is only one. `form` is
how the timestamp is written, null where the parser was not asked for it.
"""


class RejectedLine(NamedTuple):
    """A rejected line."""

    file: str
    line: int
    reason: str
    member: int | None = None
    """Which of the records of that line it is; None where there is only one."""

    def to_json(self) -> dict[str, str | int]:
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
    unknown_events: Counter[str] = field(default_factory=Counter)
    first_rejects: list[RejectedLine] = field(default_factory=list)
    """The first of the rejected lines."""
    unrecognised_inputs: dict[int, list[bytes]] = field(default_factory=dict)
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

    def rank_unknown_events(self) -> dict[str, int]:
        """Unknown events by name, most frequent first; from the first 1,000 names on as `other`."""
        return dict(sorted(self.unknown_events.items(), key=lambda item: (-item[1], item[0])))


@dataclass
class Log:
    """A log that was read. `placed` is there where it was asked for, in the order of inputs and lines."""

    inputs: list[Input]
    facts: Facts
    account: Account
    located: pl.DataFrame | None = None
    envelopes: set[Shape | None] = field(default_factory=set)
    """Where events were found; None is the canonical place."""
    has_lines: bool = True
    """Whether `placed` has the lines of files; else it has the numbers of events in their sessions."""
    last_input_lines: int = 0
    """Of the last input, those before it that were read another time included."""
    is_counted: bool = False
    """Whether the account is complete from the beginning."""
    _count_lock: threading.Lock = field(default_factory=threading.Lock)

    def count_events(self) -> None:
        """Complete the account: how many different events there are. Most reports neither need it nor wait for it."""
        with self._count_lock:
            if not self.is_counted:
                self.account.events, self.account.untimed, self.account.future = (
                    self.facts.count_distinct()
                )
                self.is_counted = True


def read_log(  # noqa: PLR0913 - all but three by name
    inputs: Sequence[Input],
    parser: Parser,
    progress: Callable[[int], None],
    *,
    locate: bool = False,
    keep_reject: Callable[[RejectedLine, bytes], None] | None = None,
    lines_before: int = 0,
) -> Log:
    """Read all inputs; `keep` is told each rejected line, in order. Raises InputError for one that cannot be read.

    `lines_before` is how many lines of the first input were read before: where it is read on from there.
    """
    return _read_blocks(
        inputs,
        sources.read_blocks(inputs, progress, parser.known),
        parser,
        lines_before,
        locate=locate,
        keep_reject=keep_reject,
    )


def read_unfinished_line(
    source: Input,
    parser: Parser,
    *,
    locate: bool = False,
    keep_reject: Callable[[RejectedLine, bytes], None] | None = None,
    lines_before: int = 0,
) -> Log:
    """What stands behind the last whole line of an input that was followed: a line that its writer may go on with."""
    rest = source.followed.rest if source.followed else b""
    blocks = [sources.make_last_line_block(rest, source.framing)] if rest else []
    return _read_blocks(
        [source], iter(blocks), parser, lines_before, locate=locate, keep_reject=keep_reject
    )


def _read_blocks(  # noqa: PLR0913 - of one place only
    inputs: Sequence[Input],
    blocks: Iterator[BlockLoader],
    parser: Parser,
    before: int,
    *,
    locate: bool,
    keep_reject: Callable[[RejectedLine, bytes], None] | None,
) -> Log:
    log = Log(list(inputs), Facts(parser.vocabulary), Account(files=len(inputs)))
    places: list[list[tuple[pl.DataFrame, Sessions]]] = []
    lines_before: Counter[int] = Counter({0: before})
    begun: Counter[int] = Counter()
    for pieces, found in _parse_blocks(blocks, parser):
        starts = _find_run_starts(pieces, found[0], lines_before)
        _continue_line(found, starts[0].input_number, begun)
        for each in found:
            _count_lines(log, each.parsed)
        rejects = sorted(reject for each in found for reject in each.list_rejects())
        _note_unrecognised(log, found, starts, rejects)
        for each in found:
            for rows, sids in each.parsed.parts:
                log.facts.add_rows(rows, sids)
        if locate:
            places.append(
                [
                    (_locate_events(each.locate_rows(some), starts), of)
                    for each in found
                    for some, of in each.parsed.parts
                ]
            )
        if rejects and (keep_reject or len(log.account.first_rejects) < _MAX_SHOWN_REJECTS):
            _keep_rejects(log, rejects, starts, keep_reject)
    log.envelopes = parser.found_in()
    log.last_input_lines = lines_before[len(inputs) - 1]
    log.facts.resolve_collisions()
    if locate:
        log.located = pl.concat(
            [
                pl.DataFrame(schema=LOCATED_COLUMNS),
                *(_order_located(parts, parser) for parts in places),
            ]
        )
    return log


def _order_located(parts: list[tuple[pl.DataFrame, Sessions]], parser: Parser) -> pl.DataFrame:
    frames = [renumber_rows(rows, sids, parser.vocabulary.numbering) for rows, sids in parts]
    return pl.concat([pl.DataFrame(schema=LOCATED_COLUMNS), *frames]).sort("file", "line", "member")


class _RejectedRecord(NamedTuple):
    """A row of a block that is not counted, and which of its records."""

    row: int
    member: int
    reject: Reject
    raw: bytes


@dataclass
class _ReadRecords:
    """What a block holds, or those of its lines that hold several records each (`within`, then)."""

    rows: Rows
    parsed: Parsed
    outer: Rows | None = None
    earlier_records: int = 0
    """Records of its first line that came before it."""

    def list_rejects(self) -> list[_RejectedRecord]:
        """Its rejected records, each with its line in the block."""
        if not self.parsed.rejects:
            return []
        rows = pl.DataFrame(
            {"row": [reject.row for reject in self.parsed.rejects]}, schema={"row": pl.UInt32}
        )
        places = self.locate_rows(rows).select("line", pl.col("member").fill_null(0)).iter_rows()
        return [
            _RejectedRecord(line, member, reject, self.rows.raw(reject.row, reject.raw))
            for (line, member), reject in zip(places, self.parsed.rejects, strict=True)
        ]

    def has_event(self, first: int, end: int | None) -> bool:
        """Whether one is on these lines of the block; all that follow the first, if there is no end."""
        for rows, _ in self.parsed.parts:
            lines = self.locate_rows(rows.select("row"))["line"]
            if (
                (lines >= first).any()
                if end is None
                else lines.is_between(first, end, closed="left").any()
            ):
                return True
        return False

    def locate_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of it, with `line`, how many lines of the block are before, and `member`."""
        found = _locate_in_lines(rows, self.rows)
        if self.outer is None:
            return (
                self._number_over_blocks(found)
                if self.earlier_records or self.rows.on_last_line
                else found
            )
        of_row = found.drop("row").rename({"line": "row", "member": "own"})
        return (
            _locate_in_lines(of_row, self.outer)
            .with_columns(pl.col("own").alias("member"))
            .drop("own")
        )

    def _number_over_blocks(self, found: pl.DataFrame) -> pl.DataFrame:
        """Numbers for records on lines that lie in other blocks too, also where here they are the only ones."""
        line, member = pl.col("line"), pl.col("member").fill_null(1)
        ends = (line == self.rows.lines) & (self.rows.on_last_line > 0)
        begins = (line == 0) & (self.earlier_records > 0)
        number = (
            pl.when(begins)
            .then(member + self.earlier_records)
            .when(ends)
            .then(member)
            .otherwise("member")
        )
        return found.with_columns(number.alias("member"))


def _continue_line(found: list[_ReadRecords], file: int, begun: Counter[int]) -> None:
    """Let the members of a line that goes on over several blocks be counted on."""
    read = found[0]
    read.earlier_records = begun[file]
    if read.rows.lines == 0:
        begun[file] += read.parsed.lines
    else:
        begun[file] = read.rows.on_last_line


def _locate_in_lines(rows: pl.DataFrame, cut: Rows) -> pl.DataFrame:
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


def _parse_blocks(
    blocks: Iterator[BlockLoader], parser: Parser
) -> Iterator[tuple[Sequence[LineRun], list[_ReadRecords]]]:
    """Blocks with what they hold, in order. The first is parsed alone: the others profit from what it teaches."""
    first = next(blocks, None)
    if first is None:
        return
    yield _parse_block(first, parser)
    workers = min(8, (os.cpu_count() or 1) + 1)
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[tuple[Sequence[LineRun], list[_ReadRecords]]]] = deque()
        try:
            for block in blocks:
                under_way.append(pool.submit(_parse_block, block, parser))
                if len(under_way) >= workers + _AHEAD_BLOCKS:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _parse_block(
    block: BlockLoader, parser: Parser
) -> tuple[Sequence[LineRun], list[_ReadRecords]]:
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
    if again := _recut_lines(data, pieces, rows, parsed, parser):
        rows = again
        parsed = parser.parse(rows.data, rows.unterminated)
    read = [
        _ReadRecords(rows, parsed),
        *(_ReadRecords(inner, held, rows) for inner, held in parsed.within),
    ]
    if parsed.several:
        several = records.several(parsed.several, parser.known)
        read.append(_ReadRecords(several, parser.parse(several.data), rows))
    return pieces, read


def _recut_lines(
    data: bytes, pieces: Sequence[LineRun], rows: Rows, parsed: Parsed, parser: Parser
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


class _RunStart(NamedTuple):
    """From this row of a block on: the input, and how many of its lines came before."""

    row: int
    input_number: int
    lines_before: int


def _find_run_starts(
    pieces: Sequence[LineRun], read: _ReadRecords, lines_before: Counter[int]
) -> list[_RunStart]:
    starts, row = [], 0
    all_lines = read.parsed.lines if read.rows.lines is None else read.rows.lines
    for file, lines in pieces:
        starts.append(_RunStart(row, file, lines_before[file]))
        height = all_lines if lines is None else lines
        lines_before[file] += height
        row += height
    return starts


def _count_lines(log: Log, parsed: Parsed) -> None:
    account = log.account
    account.records += parsed.lines - len(parsed.several) - parsed.opened
    account.tally += parsed.tally
    for name, (_, lines) in sorted(parsed.unknown.items(), key=lambda item: item[1]):
        known = name in account.unknown_events or len(account.unknown_events) < _MAX_UNKNOWN_NAMES
        account.unknown_events[name if known else "other"] += lines


def _note_unrecognised(
    log: Log, found: list[_ReadRecords], starts: list[_RunStart], rejects: list[_RejectedRecord]
) -> None:
    """Note the inputs that begin with a rejected line and hold no event; of one alone, any rejected line will do."""
    strangers, alone = log.account.unrecognised_inputs, len(log.inputs) == 1
    ends = [start.row for start in starts[1:]]
    for start, end in zip_longest(starts, ends):
        first = bisect_left(rejects, start.row, key=_get_row)
        last = len(rejects) if end is None else bisect_left(rejects, end, key=_get_row)
        begins = (
            start.lines_before == 0 and first < last and (alone or rejects[first].row == start.row)
        )
        begins = begins and len(strangers) < _MAX_SHOWN_REJECTS
        has_event = (begins or start.input_number in strangers) and any(
            each.has_event(start.row, end) for each in found
        )
        if start.input_number in strangers:
            strangers[start.input_number] = [] if has_event else strangers[start.input_number]
        elif begins and not has_event:
            strangers[start.input_number] = [
                each.raw[:SAMPLE_BYTES] for each in rejects[first:last][:_MAX_SAMPLES]
            ]


_get_row = attrgetter("row")


def _keep_rejects(
    log: Log,
    rejects: list[_RejectedRecord],
    starts: list[_RunStart],
    keep_reject: Callable[[RejectedLine, bytes], None] | None,
) -> None:
    """Note where the first rejected lines are; hand all of them on to `keep`."""
    first = log.account.first_rejects
    following = iter(starts)
    start = next(following)
    after = next(following, None)
    for row, member, reject, raw in rejects:
        while after and after.row <= row:
            start, after = after, next(following, None)
        line = start.lines_before + row - start.row + 1
        place = RejectedLine(
            log.inputs[start.input_number].name, line, reject.reason, member or None
        )
        if len(first) < _MAX_SHOWN_REJECTS:
            first.append(place)
        elif not keep_reject:
            return
        if keep_reject:
            keep_reject(place, raw)


def _locate_events(rows: pl.DataFrame, starts: list[_RunStart]) -> pl.DataFrame:
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
