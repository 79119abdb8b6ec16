"""One input that is a CSV, block by block: rows by the scanner, and all else row by row."""

import re
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Final, NamedTuple

from dcevents.model.events import REJECT_REASONS
from dcevents.reading.framing import ResumePoint
from dcevents.reading.framing.records import MAX_RECORD_BYTES
from dcevents.reading.judge import Context, judge_value
from dcevents.reading.read_block import ReadBlock, RejectedRecord
from dcevents.reading.records import ReadRecord, find_outcome_bucket, has_event
from dcevents.reading.rows.forms import Cells
from dcevents.reading.rows.headers import RowHeader
from dcevents.reading.rows.native import REASONS, make_native_rows
from dcevents.reading.rows.splitting import (
    BLANK_ROW,
    INCOMPLETE,
    OddRow,
    SplitRows,
    split_rows,
)
from dcevents.reading.rows.table_search import TableSearch
from dcevents.reading.scanner import (
    OTHER_BUCKETS,
    LineStatus,
    Scanner,
    TakenEvents,
    TakenOthers,
)
from dcevents.reading.scanner.block import Buffer
from dcevents.reading.taken_lines import OtherLines

_LEADING_MARKS: Final = re.compile(rb"(?:\xef\xbb\xbf|\0)*")
_BLANK_BYTES: Final = b" \t\r\0"
_REJECTED: Final = [OTHER_BUCKETS.index(name) for name in OTHER_BUCKETS if name in REJECT_REASONS]


class _Piece(NamedTuple):
    """Rows, and where their lines begin in the input."""

    found: SplitRows
    offset: int
    line: int
    dropped: int
    """Bytes of the first line that were not kept."""

    def find_offset(self, line: int) -> int:
        """Return where a line of the piece begins in the input."""
        return self.offset + self.found.source.find_offset(line) + (self.dropped if line else 0)


class TableReading:
    """The rows of one input."""

    def __init__(
        self,
        number: int,
        framing: TableSearch,
        begin: ResumePoint,
        context: Context,
        scanner: Scanner,
    ) -> None:
        """Begin to read. Raises ValueError for an input that is no CSV."""
        table = framing.table
        if table is None:
            raise ValueError("no header")
        self._number = number
        self._form = table.form
        self._context = context
        self._scanner = scanner
        # What is read in C counts before the place where a later run reads on.
        self._native = None if framing.is_open else make_native_rows(table.form)
        self._header = table if begin.offset < table.size else None
        """The header, until it is passed over."""
        self._offset, self._line = begin.offset, begin.line
        """The first row that is not read yet."""
        self._unread = b""
        """Its bytes; of a line that is too long the first."""
        self._dropped = 0
        """Further bytes of that line."""

    @property
    def resume(self) -> ResumePoint:
        """Return where a later run reads on."""
        return ResumePoint(self._offset, self._line)

    def read_block(self, data: bytes, wanted_rejects: int | None) -> ReadBlock:
        """Return what the rows say that end in the next bytes.

        Of rejected rows that the scanner has read the first so many are given with their bytes, or
        all.
        """
        data = self._unread + data
        if self._header and len(data) < self._header.size - self._offset:
            self._unread = data
            return ReadBlock(self._number, ())
        before: list[ReadRecord] = []
        if self._header:
            data = data[self._header.size - self._offset :]
            before = self._pass_header(self._header)
        end = data.rfind(b"\n") + 1
        more = len(data) - end
        found = split_rows(data[:end], self._form, more_bytes=more, native=self._native)
        piece = _Piece(found, self._offset, self._line, self._dropped)
        self._keep_unread(piece, data, end)
        block = self._judge_piece(piece, wanted_rejects)
        return block._replace(records=[*before, *block.records]) if before else block

    def _pass_header(self, header: RowHeader) -> list[ReadRecord]:
        """Pass over the header; return the blank lines before it."""
        blank = [] if self._offset else [*range(1, header.blank + 1)]
        self._offset, self._line, self._header = header.size, header.lines + 1, None
        return [ReadRecord(line, 0, 0, BLANK_ROW) for line in blank]

    def _keep_unread(self, piece: _Piece, data: bytes, end: int) -> None:
        """Keep the bytes behind the last whole row."""
        found = piece.found
        end = end if found.open_line is None else found.source.find_offset(found.open_line)
        if end:
            lines = data.count(b"\n", 0, end)
            self._offset, self._line = piece.offset + end + piece.dropped, self._line + lines
            self._dropped = 0
        unread = data[end:]
        if len(unread) > MAX_RECORD_BYTES and b"\n" not in unread:
            marks = _LEADING_MARKS.match(unread)
            kept = unread[marks.end() if marks else 0 :]
            # What makes a line no blank one is kept as well.
            behind = kept[MAX_RECORD_BYTES:]
            kept = kept[:MAX_RECORD_BYTES] + (behind.lstrip(_BLANK_BYTES) or behind)[:1]
            self._dropped += len(unread) - len(kept)
            unread = kept
        self._unread = unread

    def finish(self) -> ReadBlock:
        """Return the last records of the input."""
        if self._header or not self._unread:
            return ReadBlock(self._number, ())
        found = split_rows(self._unread, self._form, find_last_event=self._find_last_event)
        piece = _Piece(found, self._offset, self._line, self._dropped)
        records = self._list_records(piece, range(len(found.lines)))
        return ReadBlock(self._number, records, header=self._form.write_header())

    def _find_last_event(self, rows: Sequence[Cells]) -> int:
        """Return the place of the last row that is an event; -1 if none is."""
        lines = (self._form.template % tuple(map(encode_basestring, cells)) for cells in rows)
        scanned = self._scanner.scan("".join(lines).encode(errors="surrogateescape"))
        last = max(memoryview(scanned.events.lines).cast("B").cast("I"), default=-1)
        any_clock = Context(clock_ms=0, mapping=self._context.mapping)
        for run in reversed([*scanned.runs.list_of(LineStatus.ASIDE)]):
            for number in reversed(range(run.first_line, run.first_line + run.lines)):
                if number <= last:
                    return last
                if has_event(self._form.make_object(rows[number]), any_clock):
                    return number
        return last

    # -- rows that the scanner has read ----------------------------------------------------------

    def _judge_piece(self, piece: _Piece, wanted_rejects: int | None) -> ReadBlock:
        lines = piece.found.lines
        scanned = self._scanner.scan(b"".join(piece.found.objects))
        aside = scanned.runs.list_of(LineStatus.ASIDE)
        numbers = [
            number for run in aside for number in range(run.first_line, run.first_line + run.lines)
        ]
        taken = replace(scanned.others, lines=_pick_lines(scanned.others.lines, lines))
        others = OtherLines(taken, (), piece.line)
        events = _place_events(scanned.events, lines)
        return ReadBlock(
            self._number,
            self._list_records(piece, numbers),
            piece.line,
            events,
            [each for each in events.envelopes if each.events],
            Counter(others.count_buckets()) + _count_rows(piece.found),
            others.count_unknown(),
            others.find_first_ignored(),
            [
                *_list_rejects(piece, scanned.others, wanted_rejects),
                *_list_rejected_rows(piece, wanted_rejects),
            ],
            self._form.write_header(),
        )

    # -- rows that are read one by one -----------------------------------------------------------

    def _list_records(self, piece: _Piece, numbers: Sequence[int]) -> list[ReadRecord]:
        """Return the records of some rows, and of those that have no cells."""
        records = [_make_odd_record(piece, row) for row in piece.found.odd]
        for number in numbers:
            records += self._judge_row(piece, number)
        return sorted(records, key=attrgetter("line")) if piece.found.odd else records

    def _judge_row(self, piece: _Piece, number: int) -> Iterator[ReadRecord]:
        found = piece.found
        line = found.lines[number]
        cells, end = found.read_row(line)
        value = self._form.make_object(cells)
        outcomes = [each.outcome for each in judge_value(value, self._context)]
        for index, outcome in enumerate(outcomes, 1):
            bucket, reason = find_outcome_bucket(outcome)
            yield ReadRecord(
                piece.line + line,
                piece.find_offset(line),
                piece.find_offset(end),
                bucket,
                reason,
                index if len(outcomes) > 1 else None,
                outcome,
                raw=found.source.read_raw(line, end) if bucket == "rejected" else b"",
            )


def _make_odd_record(piece: _Piece, row: OddRow) -> ReadRecord:
    """Return the record of a row without cells to be read."""
    is_rejected = row.bucket not in (BLANK_ROW, INCOMPLETE)
    raw = piece.found.source.read_raw(row.line, row.end)[:MAX_RECORD_BYTES]
    return ReadRecord(
        piece.line + row.line,
        piece.find_offset(row.line),
        piece.find_offset(row.end),
        "rejected" if is_rejected else row.bucket,
        row.bucket if is_rejected else None,
        raw=raw if is_rejected else b"",
    )


def _list_rejects(
    piece: _Piece, others: TakenOthers, wanted: int | None
) -> Iterator[RejectedRecord]:
    """Yield the first rejected rows that the scanner has read, so many of them or all."""
    if not any(each in bytes(others.buckets) for each in _REJECTED):
        return
    numbers, count = memoryview(others.lines).cast("B").cast("I"), 0
    for number, bucket in zip(numbers, bytes(others.buckets), strict=True):
        if bucket in _REJECTED and (wanted is None or count < wanted):
            count += 1
            line = piece.found.lines[number]
            _, end = piece.found.read_row(line)
            raw = piece.found.source.read_raw(line, end)
            yield RejectedRecord(piece.line + line, 0, OTHER_BUCKETS[bucket], raw)


def _count_rows(found: SplitRows) -> Counter[str]:
    """Count the rows that were read in C and are no events, by bucket or reason."""
    reasons = found.rejects[2::3]
    counts = {reason: reasons.count(number) for number, reason in enumerate(REASONS)}
    return Counter({BLANK_ROW: found.blank, **counts})


def _list_rejected_rows(piece: _Piece, wanted: int | None) -> Iterator[RejectedRecord]:
    """Yield the first rejected rows that were read in C, so many of them or all."""
    for row in islice(piece.found.list_rejects(), wanted):
        raw = piece.found.source.read_raw(row.line, row.end)[:MAX_RECORD_BYTES]
        yield RejectedRecord(piece.line + row.line, 0, row.bucket, raw)


def _place_events(events: TakenEvents, lines: "array[int]") -> TakenEvents:
    """Return events with the lines of their rows."""
    envelopes = [
        each._replace(first_line=lines[each.first_line]) if each.events else each
        for each in events.envelopes
    ]
    return replace(events, lines=_pick_lines(events.lines, lines), envelopes=envelopes)


def _pick_lines(numbers: Buffer, lines: "array[int]") -> Buffer:
    """Return the lines of rows, given by their numbers."""
    if lines and lines[0] == 0 and lines[-1] == len(lines) - 1:
        return numbers
    return array("I", [lines[n] for n in memoryview(numbers).cast("B").cast("I")]).tobytes()
