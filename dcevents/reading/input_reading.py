"""One input, block by block: what the scanner has taken, and all else record by record.

The scanner says what is certain of a line alone. Whether a line is alone, framing knows: where
nothing is open, lines that were taken are passed over. Most logs have no other lines: what reads
records is imported for the first input that needs it.
"""

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from dcevents.reading.framing import PassedLines, ResumePoint
from dcevents.reading.json_value import SEPARATOR_BYTES
from dcevents.reading.judge import Context
from dcevents.reading.read_block import MemberList, ReadBlock
from dcevents.reading.rows.table_search import NO_TABLE, TableSearch
from dcevents.reading.scanner import (
    Effect,
    LineStatus,
    Run,
    ScannedBlock,
    Scanner,
    make_line_passer,
    make_member_scanner,
)
from dcevents.reading.scanner.block import find_lines
from dcevents.reading.scanner.passed_lines import count_last_records, cut_behind, list_passed
from dcevents.reading.scanning import ScannedInput
from dcevents.reading.sources.buffers import BlockBytes, cut_bytes
from dcevents.reading.sources.growing import ReadBytes
from dcevents.reading.sources.inputs import Extent, Input, Resume
from dcevents.reading.taken_lines import (
    FedEntries,
    OtherLines,
    count_structures,
    drop_entries,
    list_members,
)

if TYPE_CHECKING:
    from dcevents.reading.records import ReadRecord, RecordReader
    from dcevents.reading.rows.table_reading import TableReading

_ENDS_LIST: Final = (LineStatus.EVENT, LineStatus.EVENT_ALONE, LineStatus.SEVERAL)
"""Of lines that may end what is open before them."""
_LIST_BYTES: Final = 1 << 20
_FIRST_LIST_BYTES: Final = 1 << 16
"""Of an object that may hold one."""
_LINES_BYTES: Final = 1 << 12
"""Of a value over lines, as long as it is not known to be long."""


class InputReading:
    """The records of one input."""

    def __init__(
        self,
        number: int,
        source: Input,
        context: Context,
        scanner: Scanner,
        framing: TableSearch = NO_TABLE,
    ) -> None:
        resume = source.resume or Resume()
        self._number = number
        self._context = context
        self._scanner = scanner
        self._members = make_member_scanner(scanner)
        self._line_passer = make_line_passer(scanner)
        self._passed_to = resume.point
        """Where records are read by `_open_reader`, once some are."""
        self._opened_reader: RecordReader | None = None
        if not _is_between_lines(resume.point):
            self._open_reader()
        self._table: TableReading | None = None
        if framing.table:
            from dcevents.reading.rows import table_reading  # noqa: PLC0415 - few logs are rows

            self._table = table_reading.TableReading(
                number, framing, resume.point, context, scanner
            )
        self._held = resume.point if framing.is_open else None
        """While the input may turn out to be a CSV, or none: a later run reads it anew."""
        self._line = resume.point.line
        """Number of the line on which the next block begins."""
        self._read_bytes = ReadBytes(resume) if source.resume else None

    @property
    def resume(self) -> ResumePoint:
        """Return where a later run reads on."""
        if self._held:
            return self._held
        reader = self._table or self._opened_reader
        return reader.resume if reader else self._passed_to

    @property
    def is_held(self) -> bool:
        """Return whether a later run reads all of it anew."""
        return self._held is not None

    @property
    def may_be_in_list(self) -> bool:
        """Return whether a long list is open whose members are scanned, or seems to begin."""
        reader = self._opened_reader
        return self._members is not None and reader is not None and reader.may_be_in_list

    def _open_reader(self) -> "RecordReader":
        """Return what reads records, from the lines on that were passed over."""
        if self._opened_reader is None:
            from dcevents.reading.records import RecordReader  # noqa: PLC0415 - few logs need it

            read_members = self._members.scan if self._members else None
            self._opened_reader = RecordReader(
                self._context,
                begin=self._passed_to,
                read_members=read_members,
                pass_lines=self._line_passer,
            )
        return self._opened_reader

    @property
    def _is_idle(self) -> bool:
        """Return whether nothing is open that a next line might belong to."""
        return self._opened_reader is None or self._opened_reader.is_idle

    def _find_window(self, before: int) -> int:
        """Return how many bytes to feed at once: as long as a value is open, more and more.

        0 where none is, `before` is what there were last.
        """
        reader = self._opened_reader
        if reader is None or reader.is_idle or not reader.is_in_value:
            return 0
        return _LIST_BYTES if reader.is_in_list else min(2 * before or _LINES_BYTES, _LIST_BYTES)

    def read_block(self, block: ScannedInput, wanted_rejects: int | None) -> ReadBlock:
        """Return what the next block holds.

        Of rejected lines that the scanner has taken the first so many are given with their bytes,
        or all.
        """
        if self._table:
            read = self._table.read_block(bytes(block.data), wanted_rejects)
            self._note_bytes(block)
            return read
        records = self._open_reader().feed(block.begin) if block.begin else []
        self._line += block.begin.endswith(b"\n")
        whole = block
        if block.first_line is not None:
            block = self._scan_behind_list(block, block.first_line, records)
        scanned, fed = block.scanned, FedEntries()
        if block.passed_bytes:
            self._pass_over(scanned.lines, block.passed_bytes)
        else:
            records += self._read_runs(block.data, scanned, fed)
        others = OtherLines(scanned.others, fed.others, self._line)
        rejects = others.list_rejects(block.data, scanned, wanted_rejects)
        read = ReadBlock(
            self._number,
            records,
            self._line,
            drop_entries(scanned.events, fed.events),
            count_structures(scanned.events, scanned.runs, fed.events),
            others.count_buckets(),
            others.count_unknown(),
            others.find_first_ignored(),
            rejects,
            packed=block.packed,
            lists=self._list_members(wanted_rejects),
        )
        has_end = block.data.endswith(b"\n") or not block.data
        self._line += scanned.lines - (not has_end)
        self._note_bytes(whole)
        return read

    def _scan_behind_list(
        self, block: ScannedInput, first_line: int, records: "list[ReadRecord]"
    ) -> ScannedInput:
        """Return what is behind the long list that is open, scanned; add the records before.

        A line begins at `first_line`.
        """
        data, at = block.data, 0
        while at < len(data) and (self.may_be_in_list or at < first_line):
            size = _LIST_BYTES if self._open_reader().is_in_list else _FIRST_LIST_BYTES
            end = max(at + size, first_line) if self.may_be_in_list else first_line
            end = data.find(b"\n", end - 1) + 1 or len(data)
            with memoryview(data)[at:end] as piece:
                records += self._open_reader().feed(piece)
            at = end
        last_line = self._open_reader().find_last_line() if at else None
        self._line = last_line or self._line + data.count(b"\n", 0, at)
        data = cut_bytes(data, at, len(data)) if at else data
        return block._replace(data=data, scanned=self._scanner.scan(data))

    def _read_runs(
        self, data: BlockBytes, scanned: ScannedBlock, fed: FedEntries
    ) -> "Iterator[ReadRecord]":
        """Yield the records of runs, but for those of lines that count as they were taken.

        Entries of lines that do not are added to `fed`.
        """
        place, window, runs = 0, 0, scanned.runs
        while place < len(runs):
            run = runs[place]
            window = self._find_window(window)
            is_within = window == _LIST_BYTES or run.end - run.begin <= window
            if window and is_within and run.status not in _ENDS_LIST:
                place = yield from self._feed_window(data, scanned, place, window, fed)
                continue
            if self._is_idle and run.status is not LineStatus.ASIDE:
                place = runs.find(LineStatus.ASIDE, place)
                self._pass_lines(data, scanned, runs[place - 1], run.first_line, run.begin)
                continue
            is_aside, may_pass = run.status is LineStatus.ASIDE, self._may_pass(run.effect)
            if is_aside and (run.effect is Effect.UNKNOWN or not may_pass):
                yield from self._open_reader().feed(cut_bytes(data, run.begin, run.end))
                place += 1
                continue
            line, at = run.first_line, run.begin
            if not may_pass:
                line, at = yield from self._feed_run(data, scanned, run, fed)
            if at < run.end and run.effect is not Effect.UNKNOWN:
                place = self._pass_members(data, scanned, place, line, at)
                continue
            if at < run.end:
                self._pass_lines(data, scanned, run, line, at)
            place += 1

    def _may_pass(self, effect: Effect) -> bool:
        """Return whether lines that were taken say the same behind what is open."""
        reader = self._open_reader()
        return reader.is_idle if effect is Effect.UNKNOWN else reader.is_between_lines

    def _feed_run(
        self, data: BlockBytes, scanned: ScannedBlock, run: Run, fed: FedEntries
    ) -> "Generator[ReadRecord, None, tuple[int, int]]":
        """Yield the records of lines or values that may belong to what is open.

        Return the line behind these, and where it begins.
        """
        reader, line, at = self._open_reader(), run.first_line, run.begin
        if run.status is LineStatus.EVENT:
            while at < run.end and not self._may_pass(run.effect):
                begin, at, line = at, data.index(b"\n", at) + 1, line + 1
                yield from reader.pass_event_lines(cut_bytes(data, begin, at))
            return line, at
        begins = _list_begins(scanned, run)
        place, values = 0, 1
        while place < len(begins) and not self._may_pass(run.effect):
            place += values
            values *= 2
            begin, stop = at, begins[place] if place < len(begins) else run.first_line + run.lines
            for _ in range(stop - line):
                at = data.index(b"\n", at) + 1
            yield from reader.feed(cut_bytes(data, begin, at))
            line = stop
        fed.add_lines(scanned, run, range(run.first_line, line))
        return line, at

    def _feed_window(
        self, data: BlockBytes, scanned: ScannedBlock, place: int, window: int, fed: FedEntries
    ) -> "Generator[ReadRecord, None, int]":
        """Yield the records of lines in an open value; return the place of the next run."""
        runs = scanned.runs
        first = runs[place]
        end = max(runs.find_place(first.begin + window), place + 1)
        end = min(end, *(runs.find(status, place) for status in _ENDS_LIST))
        if window < _LIST_BYTES:
            # What is fed with the bracket of an array would leave that open.
            end = runs.find_effect(Effect.OPENS, place + 1, end)
        last = runs[end - 1]
        yield from self._open_reader().feed(cut_bytes(data, first.begin, last.end))
        fed.add_all(scanned, range(first.first_line, last.first_line + last.lines))
        return end

    def _pass_members(
        self, data: BlockBytes, scanned: ScannedBlock, place: int, line: int, begin: int
    ) -> int:
        """Pass over lines before which only arrays are open, from a line of a run on.

        Return the place of the next run.
        """
        reader = self._open_reader()
        rest = _cut_run(scanned.runs[place], line, begin)
        found, stop = list_passed(data, scanned, rest, place, reader.arrays)
        for passed in found:
            reader.pass_members(passed)
        return stop

    def _pass_lines(
        self, data: BlockBytes, scanned: ScannedBlock, last: Run, line: int, begin: int
    ) -> None:
        """Pass over lines that were taken, from a line up to the last of a run.

        An array may be written anew with more members: it is known up to its bracket.
        """
        lines, size = last.first_line + last.lines - line, last.end - begin
        is_several = last.status is LineStatus.SEVERAL
        last_line = max(data.rfind(b"\n", begin, last.end - 1) + 1, begin)
        line_end = data[last_line : last.end].rstrip(SEPARATOR_BYTES) if is_several else b""
        if not line_end.endswith(b"]"):
            self._pass_over(lines, size)
            return
        behind, records = cut_behind(data, last, begin), count_last_records(scanned, last)
        self._open_reader().pass_members(
            PassedLines(lines, size, 0, b"," in behind, behind, records)
        )

    def _pass_over(self, lines: int, size: int) -> None:
        """Pass over whole lines that are a record each, or several; nothing is open before them."""
        if self._opened_reader:
            self._opened_reader.pass_lines(lines, size)
        else:
            before = self._passed_to
            self._passed_to = ResumePoint(before.offset + size, before.line + lines)

    def finish(self, wanted_rejects: int | None) -> ReadBlock:
        """Return the last records of the input."""
        if self._table:
            return self._table.finish()
        reader = self._opened_reader
        records = reader.finish() if reader else []
        return ReadBlock(self._number, records, lists=self._list_members(wanted_rejects))

    def _list_members(self, wanted_rejects: int | None) -> list[MemberList]:
        """Return the members of long lists that were taken since these were listed."""
        reader = self._opened_reader
        if reader is None or not reader.members:
            return []
        found, reader.members = reader.members, []
        return list_members(found, wanted_rejects)

    # -- growing inputs --------------------------------------------------------------------------

    def _note_bytes(self, block: ScannedInput) -> None:
        """Note the bytes by which the input is known at the place where a later run reads on."""
        if self._read_bytes:
            self._read_bytes.add(bytes(block.begin))
            self._read_bytes.add(bytes(block.data))
            self._read_bytes.find_tail(self.resume.offset)

    def complete_extent(self, extent: Extent) -> Extent:
        """Return the extent of what was read; nothing of it where no byte was."""
        read, resume = self._read_bytes, self.resume
        if read is None:
            return Extent()
        tail = read.find_tail(resume.offset)
        return extent._replace(resume=resume, rest_bytes=read.end - resume.offset, tail=tail)


def _is_between_lines(point: ResumePoint) -> bool:
    """Return whether nothing is open at a place, and no record is before it on its line."""
    return point == ResumePoint(point.offset, point.line)


def _list_begins(scanned: ScannedBlock, run: Run) -> Sequence[int]:
    """Return the lines on which the values of a run begin."""
    lines = range(run.first_line, run.first_line + run.lines)
    if run.status is LineStatus.SEVERAL_OVER_LINES:
        return lines[:1]
    if run.status is not LineStatus.OBJECTS_OVER_LINES:
        return lines
    columns = (scanned.events.lines, scanned.others.lines)
    return sorted(line for each in columns for line in find_lines(each, lines))


def _cut_run(run: Run, line: int, begin: int) -> Run:
    """Return the lines of a run from one on."""
    return run._replace(
        first_line=line, lines=run.first_line + run.lines - line, begin=begin, first_entry=0
    )
