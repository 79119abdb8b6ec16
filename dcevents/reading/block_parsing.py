"""Blocks of lines to their records, in threads.

The scanner will replace this module.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from dcevents.model.events import UNREADABLE_REASONS
from dcevents.model.moments import UNTIMED
from dcevents.reading.parsing import mixed, records
from dcevents.reading.parsing.mixed import Bad, LineOutcomes
from dcevents.reading.parsing.parse import Parsed, Parser, Reject
from dcevents.reading.parsing.rows import Rows
from dcevents.reading.sources.block_lines import BlockLoader, LineRun
from dcevents.reading.sources.inputs import Extent
from dcevents.reading.sources.marks import strip_marks

_MAX_THREADS = 8
_AHEAD_BLOCKS = 2
"""Blocks that are read ahead, beside one for each thread."""


class RejectedRecord(NamedTuple):
    """A row of a block that is not counted."""

    row: int
    member: int
    """Number of the record in its line; 0 where it is the only one."""
    reject: Reject
    raw: bytes


@dataclass
class ReadRecords:
    """Records of a block, or within its lines."""

    rows: Rows
    parsed: Parsed
    outer: Rows | None = None
    """The block's lines, where these records are within lines."""
    earlier_records: int = 0
    """Records of the first line that came in blocks before."""
    marked: bytes | None = None
    """The block's lines with their NULs and byte order marks, where these were stripped."""

    def list_rejects(self) -> list[RejectedRecord]:
        """List rejected records, each with its line in the block."""
        if not self.parsed.rejects:
            return []
        rows = pl.DataFrame(
            {"row": [reject.row for reject in self.parsed.rejects]}, schema={"row": pl.UInt32}
        )
        places = self.locate_rows(rows).select("line", pl.col("member").fill_null(0)).iter_rows()
        marked = self.marked.split(b"\n") if self.marked else []
        return [
            RejectedRecord(line, member, reject, self._find_raw(reject, marked[line : line + 1]))
            for (line, member), reject in zip(places, self.parsed.rejects, strict=True)
        ]

    def _find_raw(self, reject: Reject, marked: Sequence[bytes]) -> bytes:
        """Return a rejected record as it stands in the input.

        `marked` is its line, where marks were stripped in the block.
        """
        raw = self.rows.raw(reject.row, reject.raw)
        is_line = any(strip_marks(line + b"\n") == raw + b"\n" for line in marked)
        return marked[0] if is_line else raw

    def has_event(self, first: int, end: int | None) -> bool:
        """Return whether an event is on lines of a range.

        Without an end the range goes to the last line.
        """
        for rows, _ in self.parsed.parts:
            lines = self.locate_rows(rows.select("row"))["line"]
            is_here = lines >= first
            if (is_here if end is None else is_here & (lines < end)).any():
                return True
        return False

    def locate_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add columns `line` and `member` to rows.

        `line` is the number of the block's lines before the row.
        """
        located = _locate_in_lines(rows, self.rows)
        if self.outer is None:
            goes_on = self.earlier_records or self.rows.on_last_line
            return self._number_over_blocks(located) if goes_on else located
        inner = located.drop("row").rename({"line": "row", "member": "inner_member"})
        outer = _locate_in_lines(inner, self.outer)
        return outer.with_columns(member="inner_member").drop("inner_member")

    def _number_over_blocks(self, located: pl.DataFrame) -> pl.DataFrame:
        """Assign numbers to records of lines that continue in other blocks."""
        line, member = pl.col("line"), pl.col("member").fill_null(1)
        ends = (line == self.rows.lines) & (self.rows.on_last_line > 0)
        begins = (line == 0) & (self.earlier_records > 0)
        number = pl.when(begins).then(member + self.earlier_records).when(ends).then(member)
        return located.with_columns(number.otherwise("member").alias("member"))


def _locate_in_lines(rows: pl.DataFrame, lines: Rows) -> pl.DataFrame:
    """Add `line` and `member` to rows of a block."""
    places = lines.places
    if places is None:
        return rows.with_columns(
            pl.col("row").cast(pl.UInt64).alias("line"), pl.lit(None, pl.UInt32).alias("member")
        )
    row = pl.col("row")
    return rows.with_columns(row.cast(pl.UInt32)).with_columns(
        pl.lit(places[name]).gather(row).alias(name) for name in ("line", "member")
    )


class ParsedBlock(NamedTuple):
    """The records of a block."""

    runs: Sequence[LineRun]
    parts: list[ReadRecords]
    """The block's records; then those within its lines."""
    problem: str | None
    """Reason why lines of the one input are missing here; later blocks of it do not count."""
    extent: Extent | None
    """The read part of the one input with this block, where it is known by blocks."""


def parse_blocks(blocks: Iterator[BlockLoader], parser: Parser) -> Iterator[ParsedBlock]:
    """Yield parsed blocks in order.

    The first is parsed alone: the parser learns from it.
    """
    first = next(blocks, None)
    if first is None:
        return
    yield parse_block(first, parser)
    workers = min(_MAX_THREADS, (os.cpu_count() or 1) + 1)
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[ParsedBlock]] = deque()
        try:
            for block in blocks:
                under_way.append(pool.submit(parse_block, block, parser))
                if len(under_way) >= workers + _AHEAD_BLOCKS:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def parse_block(load: BlockLoader, parser: Parser) -> ParsedBlock:
    """Load and parse a block, and records within its lines."""
    data, runs, unterminated, framing, problem, extent = load()
    bare = strip_marks(data)
    marked, data = (None if bare is data else data), bare
    clock = parser.limits.clock
    rows = framing.rows(data, unterminated, clock) if framing else Rows(data, unterminated)
    parsed = parser.parse(rows.data, rows.unterminated)
    if rows.exactly and _is_wrong(rows, parsed):
        rows = rows.exactly()
        parsed = parser.parse(rows.data, rows.unterminated)
    if recut := _recut_lines(data, runs, rows, parsed, parser):
        rows = recut
        parsed = parser.parse(rows.data, rows.unterminated)
    parts = [ReadRecords(rows, parsed, marked=marked)]
    parts += [ReadRecords(inner, inner_parsed, rows) for inner, inner_parsed in parsed.within]
    if parsed.several:
        several = records.several(parsed.several, parser.known)
        parts.append(ReadRecords(several, parser.parse(several.data), rows))
    return ParsedBlock(runs, parts, problem, extent)


def _is_wrong(rows: Rows, parsed: Parsed) -> bool:
    """Return whether rows were guessed wrongly.

    They are no JSON then, or have no time.
    """
    is_invalid = any(parsed.tally[bucket] for bucket in (*UNREADABLE_REASONS, "incomplete"))
    is_untimed = bool((parsed.rows["ts"] >= UNTIMED).any())
    return rows.is_wrong(invalid=is_invalid, untimed=is_untimed)


def _recut_lines(
    data: bytes, runs: Sequence[LineRun], rows: Rows, parsed: Parsed, parser: Parser
) -> Rows | None:
    """Cut lines again where some are no records.

    None where all are.
    """
    bad = [Bad(row, reason) for row, reason, raw in parsed.rejects if mixed.may_go_on(reason, raw)]
    bad += [Bad(row, "incomplete") for row in rows.unterminated if parsed.tally["incomplete"]]
    if rows.lines is not None or not bad:
        return None
    good = sorted([*parsed.rows["row"].to_list(), *(row for row, _ in parsed.several)])
    heights = [run.lines or 0 for run in runs]
    return mixed.again(data, heights, rows, LineOutcomes(sorted(bad), good), parser.known)
