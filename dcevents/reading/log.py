"""Inputs to a log: facts, and an account.

Blocks are parsed in threads and counted in order.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from operator import attrgetter
from typing import NamedTuple

import polars as pl

from dcevents.model.facts import Facts
from dcevents.model.texts import NUMBER_TYPE
from dcevents.reading.account import (
    MAX_SHOWN_REJECTS,
    MAX_UNRECOGNISED_INPUTS,
    Account,
    RejectedLine,
)
from dcevents.reading.block_parsing import (
    ParsedBlock,
    ReadRecords,
    RejectedRecord,
    parse_blocks,
)
from dcevents.reading.hints import SAMPLE_BYTES
from dcevents.reading.parsing.parse import Parsed, Parser
from dcevents.reading.parsing.record import Shape
from dcevents.reading.sources.block_lines import BlockLoader
from dcevents.reading.sources.blocks import BlockReader, make_last_line_block
from dcevents.reading.sources.inputs import Extent, Input, InputResult, ProgressCallback, Resume

_MAX_SAMPLES = 5
"""Rejected lines that are kept of an unrecognised input."""

LOCATED_COLUMNS = {
    "sid": NUMBER_TYPE,
    "attributes": pl.UInt32,
    "ts": pl.Int64,
    "form": pl.UInt8,
    "file": pl.UInt32,
    "line": pl.UInt64,
    "member": pl.UInt32,
}
"""Columns of located events: `file` is the input's number, `line` counts from 1.

`member` is the record's number in its line, null where it is the only one. `form` is
how the timestamp is written, null where the parser was not asked for it.
"""

KeepReject = Callable[[RejectedLine, bytes], None]
"""Takes each rejected line with its text, in order."""


@dataclass
class Log:
    """A log that was read."""

    inputs: list[InputResult]
    facts: Facts
    account: Account
    located: pl.DataFrame | None = None
    """Events with file and line, in the order of inputs and lines, where they were asked for."""
    envelopes: set[Shape | None] = field(default_factory=set)
    """Places in records where events were found; None is the canonical one."""
    has_lines: bool = True
    """True if `located` has lines of files; else it has numbers of events in their sessions."""
    last_input_lines: int = 0
    """Lines of the last input, with those that were read another time."""
    is_counted: bool = False
    """True once the account is complete."""
    _count_lock: threading.Lock = field(default_factory=threading.Lock)

    def count_events(self) -> None:
        """Complete the account by the numbers of different events.

        Most reports neither need these figures nor wait for them.
        """
        with self._count_lock:
            if not self.is_counted:
                counts = self.facts.count_distinct()
                self.account.events, self.account.untimed = counts.events, counts.untimed
                self.account.future, self.account.ancient = counts.future, counts.ancient
                self.is_counted = True


def read_log(
    inputs: Sequence[Input],
    parser: Parser,
    progress: ProgressCallback,
    *,
    locate: bool = False,
    keep_reject: KeepReject | None = None,
) -> Log:
    """Read all inputs. Raises InputError for one that cannot be read."""
    blocks = BlockReader(inputs, progress, parser.known)
    reader = _LogReader(inputs, parser, locate=locate, keep_reject=keep_reject)
    reader.read_blocks(blocks)
    return reader.make_log(blocks.results)


def read_unfinished_line(
    log: Log, parser: Parser, *, locate: bool = False, keep_reject: KeepReject | None = None
) -> Log:
    """Read the unfinished line that ends a log's only input.

    The input is a growing one: `read_log` left the line out.
    """
    (result,) = log.inputs
    source = replace(result.source, resume=Resume(lines=log.last_input_lines))
    reader = _LogReader([source], parser, locate=locate, keep_reject=keep_reject)
    if result.extent.rest:
        reader.read_blocks([make_last_line_block(result.extent.rest, result.framing)])
    return reader.make_log([result])


class _RunStart(NamedTuple):
    """The first row of an input's lines in a block."""

    row: int
    input_number: int
    lines_before: int
    """Lines of the input that came before."""


_get_row = attrgetter("row")


class _LogReader:
    """Parsed blocks on their way into a log, in order."""

    def __init__(
        self,
        inputs: Sequence[Input],
        parser: Parser,
        *,
        locate: bool,
        keep_reject: KeepReject | None,
    ) -> None:
        self._inputs = inputs
        self._parser = parser
        self._keep_reject = keep_reject
        self._facts = Facts(parser.vocabulary)
        self._account = Account(files=len(inputs))
        self._located: list[list[pl.DataFrame]] | None = [] if locate else None
        # By the input's number: why a block was not read to its end, and how far blocks were read.
        self._problems: dict[int, str] = {}
        self._extents: dict[int, Extent] = {}
        # By the input's number: its lines so far, and the records of its last line, which may
        # continue in the next block.
        self._lines_before = Counter(
            {n: source.resume.lines for n, source in enumerate(inputs) if source.resume}
        )
        self._open_line_records: Counter[int] = Counter()

    def read_blocks(self, blocks: Iterable[BlockLoader]) -> None:
        """Parse blocks and add their records."""
        for block in parse_blocks(iter(blocks), self._parser):
            self._add_block(block)

    def make_log(self, results: Sequence[InputResult]) -> Log:
        """Return the log of all blocks.

        `results` are the findings of the block reader.
        """
        envelopes = self._parser.found_in()
        inputs = [self._add_findings(number, result) for number, result in enumerate(results)]
        return Log(
            inputs,
            self._facts,
            self._account,
            self._order_located(),
            envelopes,
            last_input_lines=self._lines_before[len(results) - 1],
        )

    def _add_findings(self, number: int, result: InputResult) -> InputResult:
        """Add what was found while an input's blocks were loaded."""
        problem, extent = self._problems.get(number), result.extent
        if problem is not None or (number in self._extents and not extent.end):
            extent = self._extents.get(number, Extent())
        return replace(result, problem=problem or result.problem, extent=extent)

    def _add_block(self, block: ParsedBlock) -> None:
        """Add what a block holds, unless it is behind a gap."""
        number = block.runs[0].input_number
        if number in self._problems:
            return
        if block.extent:
            self._extents[number] = block.extent
        starts = self._find_run_starts(block)
        parts = self._continue_line(block)
        if block.problem:
            self._problems[number] = block.problem
        for part in parts:
            self._number_sids(part.parsed)
            _count_records(self._account, part.parsed)
        rejects = sorted(reject for part in parts for reject in part.list_rejects())
        self._note_unrecognised(parts, starts, rejects)
        for part in parts:
            for rows, _ in part.parsed.parts:
                self._facts.add_rows(rows)
        if self._located is not None:
            self._located.append(_locate_events(parts, starts))
        if rejects:
            self._keep_rejects(rejects, starts)

    def _number_sids(self, parsed: Parsed) -> None:
        """Put the numbers of sessions in the place of those of the block."""
        sessions = self._parser.vocabulary.sessions
        parsed.parts = [
            (rows.with_columns(sessions.number_sids(sids).gather(rows["sid"]).alias("sid")), sids)
            for rows, sids in parsed.parts
        ]

    def _find_run_starts(self, block: ParsedBlock) -> list[_RunStart]:
        """Find where the inputs of a block begin; count their lines."""
        first = block.parts[0]
        all_lines = first.parsed.lines if first.rows.lines is None else first.rows.lines
        starts, row = [], 0
        for number, lines in block.runs:
            starts.append(_RunStart(row, number, self._lines_before[number]))
            height = all_lines if lines is None else lines
            self._lines_before[number] += height
            row += height
        return starts

    def _continue_line(self, block: ParsedBlock) -> list[ReadRecords]:
        """Return a block's parts, numbered from the blocks before."""
        first, *others = block.parts
        number = block.runs[0].input_number
        earlier = self._open_line_records[number]
        if first.rows.lines == 0:
            self._open_line_records[number] += first.parsed.lines
        else:
            self._open_line_records[number] = first.rows.on_last_line
        return [replace(first, earlier_records=earlier), *others]

    def _note_unrecognised(
        self,
        parts: list[ReadRecords],
        starts: list[_RunStart],
        rejects: list[RejectedRecord],
    ) -> None:
        """Note inputs that begin with a rejected line, and hold no event.

        Any rejected line counts for the only input of a log.
        """
        noted, is_alone = self._account.unrecognised_inputs, len(self._inputs) == 1
        ends = [start.row for start in starts[1:]]
        for start, end in zip_longest(starts, ends):
            number = start.input_number
            first = bisect_left(rejects, start.row, key=_get_row)
            last = len(rejects) if end is None else bisect_left(rejects, end, key=_get_row)
            is_first = start.lines_before == 0 and first < last
            begins = is_first and (is_alone or rejects[first].row == start.row)
            begins = begins and len(noted) < MAX_UNRECOGNISED_INPUTS
            if not begins and number not in noted:
                continue
            has_event = any(part.has_event(start.row, end) for part in parts)
            if number in noted:
                noted[number] = [] if has_event else noted[number]
            elif not has_event:
                samples = rejects[first:last][:_MAX_SAMPLES]
                noted[number] = [reject.raw[:SAMPLE_BYTES] for reject in samples]

    def _keep_rejects(self, rejects: list[RejectedRecord], starts: list[_RunStart]) -> None:
        """Note the first rejected lines; pass all to `keep_reject`."""
        first_rejects = self._account.first_rejects
        following = iter(starts)
        start, after = next(following), next(following, None)
        for row, member, reject, raw in rejects:
            is_noted = len(first_rejects) < MAX_SHOWN_REJECTS
            if not is_noted and not self._keep_reject:
                return
            while after and after.row <= row:
                start, after = after, next(following, None)
            line = start.lines_before + row - start.row + 1
            name = self._inputs[start.input_number].name
            rejected = RejectedLine(name, line, reject.reason, member or None)
            if is_noted:
                first_rejects.append(rejected)
            if self._keep_reject:
                self._keep_reject(rejected, raw)

    def _order_located(self) -> pl.DataFrame | None:
        """Return located events in the order of inputs and lines."""
        if self._located is None:
            return None
        blocks = []
        for frames in self._located:
            frame = pl.concat([pl.DataFrame(schema=LOCATED_COLUMNS), *frames])
            blocks.append(frame.sort("file", "line", "member"))
        return pl.concat([pl.DataFrame(schema=LOCATED_COLUMNS), *blocks])


def _count_records(account: Account, parsed: Parsed) -> None:
    """Add parsed records to an account."""
    account.records += parsed.lines - len(parsed.several) - parsed.opened
    account.tally += parsed.tally
    for name, (_, records) in sorted(parsed.unknown.items(), key=lambda item: item[1]):
        account.count_unknown_event(name, records)


def _locate_events(parts: list[ReadRecords], starts: list[_RunStart]) -> list[pl.DataFrame]:
    """Return the located events of a block."""
    return [
        _locate_in_inputs(part.locate_rows(rows), starts)
        for part in parts
        for rows, _ in part.parsed.parts
    ]


def _locate_in_inputs(rows: pl.DataFrame, starts: list[_RunStart]) -> pl.DataFrame:
    """Return LOCATED_COLUMNS of rows with their lines in the block."""
    runs = pl.DataFrame(
        starts, schema={"start": pl.UInt32, "file": pl.UInt32, "before": pl.UInt64}, orient="row"
    )
    within = rows.with_columns(pl.col("line").cast(pl.UInt32).alias("within"))
    located = within.sort("within", "member").join_asof(
        runs, left_on="within", right_on="start", strategy="backward"
    )
    line = pl.col("before") + pl.col("within") - pl.col("start") + 1
    form = pl.col("form") if "form" in located.columns else pl.lit(None, pl.UInt8).alias("form")
    return located.select("sid", "attributes", "ts", form, "file", line.alias("line"), "member")
