"""The bytes of one input, chunk by chunk → its records in order."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from dcevents.reading.framing.attempts import Attempt, AttemptOutcome
from dcevents.reading.framing.buffer import Chunk
from dcevents.reading.framing.line_reader import LineReader
from dcevents.reading.framing.long_lines import (
    WINDOW_BYTES,
    LongValue,
    LongWindow,
    has_value,
    read_window,
)
from dcevents.reading.framing.long_objects import LongObject
from dcevents.reading.framing.parts import Gathered, Gathering, is_first, join_parts, read_part
from dcevents.reading.framing.prefixes import HasEvent, find_json, find_quoted
from dcevents.reading.framing.records import (
    MAX_RECORD_BYTES,
    Bucket,
    FramedRecord,
    PassedLines,
    PassLines,
    ReadMembers,
    ResumePoint,
)
from dcevents.reading.framing.segments import LineSegment
from dcevents.reading.framing.sequences import Kind, OuterArrays

_BEHIND_SCALARS: Final = {b"", *(bytes([byte]) for byte in b" \t\r\n,\0\x1e]")}
"""Bytes that may follow a string or number."""
_BUCKETS: Final = {
    Gathered.TOO_LONG: Bucket.TOO_LONG,
    Gathered.LOST: Bucket.INVALID_JSON,
    Gathered.CUT_OFF: Bucket.INCOMPLETE,
}


class Framing(LineReader):
    """The records of one input.

    Feed chunks, then finish; each gives the records found so far.

    What a record is must not depend on how the input comes in: lines are read when they have
    ended, and a line that has not ended only by `finish`.
    """

    def __init__(
        self,
        has_event: HasEvent,
        *,
        begin: ResumePoint | None = None,
        is_body_key: Callable[[str], bool],
        read_members: ReadMembers | None = None,
        pass_lines: PassLines | None = None,
    ) -> None:
        super().__init__(has_event, begin=begin, is_body_key=is_body_key)
        self._read_members = read_members
        self._pass_lines = pass_lines
        self._taken = {}
        self._passed: deque[tuple[int, int]] = deque()
        """Lines that were fed but are read elsewhere, until their records have come."""
        self._gathering: Gathering | None = None
        self._long_object: LongObject | None = None
        self._long_attempt: Attempt | None = None
        """The attempt that a long object was, if it goes on over lines."""
        self._has_no_lists_before = 0
        self._long_value: LongValue | None = None
        self._skipped: LineSegment | None = None

    def feed(self, chunk: Chunk) -> list[FramedRecord]:
        """Take the next bytes; return the records that are sure by now."""
        self._buffer.add(chunk)
        while self._step(is_final=False):
            if not self._is_within() and not self._taken:
                self._mark_resume()
            self._buffer.drop_before(self._at)
        return self._give()

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is open that a next line might belong to, arrays neither."""
        return self._arrays.count == 0 and self.is_between_lines

    def pass_lines(self, lines: int, size: int) -> None:
        """Pass over whole lines that are read elsewhere, of so many bytes.

        Raise ValueError where something is open.
        """
        if not self.is_idle:
            raise ValueError("something is open before the lines to pass")
        self._arrays.has_comma = False
        self._pass_over(lines, size)

    def pass_members(self, passed: PassedLines) -> None:
        """Pass over lines that are read elsewhere, where nothing but arrays is open before them.

        Raise ValueError where something else is.
        """
        if not self.is_between_lines:
            raise ValueError("something is open before the lines to pass")
        self._arrays.count, self._arrays.has_comma = passed.open_arrays, passed.has_comma
        self._line += passed.lines - 1
        place = self._buffer.end + passed.size
        closed = (passed.behind or b"").count(b"]")
        if passed.is_closing:
            self._closing = place, None
        elif passed.behind and (closed or (passed.open_arrays and not passed.has_comma)):
            point = self._make_resume(
                place - len(passed.behind), passed.records, passed.open_arrays + closed
            )
            self._closing = place, point
        self._pass_over(1, passed.size)

    def pass_event_lines(self, data: bytes) -> list[FramedRecord]:
        """Pass over lines that are an event each; between lines, over lines of any one object.

        Return other records that are sure by now.

        They end what is open just as if they were fed: what else was begun may not take them in.
        """
        if not self._is_behind_line():
            raise ValueError("no line ends before the lines to pass")
        begin, found = 0, list[FramedRecord]()
        while begin < len(data):
            end = data.index(b"\n", begin) + 1
            line, begin = data[begin:end], end
            if self.is_between_lines:
                self._pass_object(line)
                continue
            self._passed.append((self._buffer.end, self._buffer.end + len(line)))
            found += self.feed(line)
        return found

    def _pass_object(self, line: bytes) -> None:
        """Pass over a line that is an object, with separators around."""
        before, _, _ = line.partition(b"{")
        _, _, behind = line.rpartition(b"}")
        open_arrays = self._arrays.count if self._arrays.goes_on(before.decode()) else 0
        self.pass_members(PassedLines(1, len(line), open_arrays, b"," in behind, behind, 1))

    @property
    def arrays(self) -> OuterArrays:
        """Return a copy of what is known of outer arrays."""
        return replace(self._arrays)

    def _is_behind_line(self) -> bool:
        """Return whether what has come in ends with a line."""
        if self._buffer.is_empty:
            return self._is_line_start and not self._is_within()
        return self._buffer.ends_line()

    @property
    def is_in_value(self) -> bool:
        """Return whether a value over lines is open."""
        return self._attempt is not None or self._long_object is not None

    @property
    def is_in_list(self) -> bool:
        """Return whether a long list is open, of which members have been read."""
        return self._long_object is not None and self._long_object.has_members

    @property
    def may_be_in_list(self) -> bool:
        """Return whether a long list is open, or an object over lines that may hold one."""
        attempt = self._attempt
        is_long = attempt and self._buffer.end - attempt.opener > MAX_RECORD_BYTES // 2
        return self.is_in_list or bool(is_long and attempt and attempt.kind is Kind.OBJECT)

    def find_last_line(self) -> int | None:
        """Return the line on which what has come in ends, while a long list is open; None else."""
        read = self._long_object
        if read is None or not read.has_members:
            return None
        return read.line + self._buffer.count_lines(read.at)

    @property
    def is_between_lines(self) -> bool:
        """Return whether nothing but outer arrays is open."""
        is_read = self._buffer.end == self._at and self._is_line_start
        return is_read and not self._is_within() and not self._taken

    def _pass_over(self, lines: int, size: int) -> None:
        self._line += lines
        self._buffer.pass_over(size)
        self._at = self._read_to = self._buffer.end
        self._mark_resume()

    def finish(self) -> list[FramedRecord]:
        """Return the last records: those of the line that has not ended, and what it cuts off."""
        while self._step(is_final=True):
            self._buffer.drop_before(self._at)
        self._end_input()
        return self._give()

    def _give(self) -> list[FramedRecord]:
        """Return the records found so far, without those that are read elsewhere."""
        given, self._out = self._out, []
        return [record for record in given if not self._was_passed(record)]

    def _was_passed(self, record: FramedRecord) -> bool:
        while self._passed and self._passed[0][1] <= record.start:
            self._passed.popleft()
        return bool(self._passed) and self._passed[0][0] <= record.start

    def _end_input(self) -> None:
        """Give what the last line holds, if the input ends within."""
        if self._blank and self._is_line_start:
            self._take_blank(self._buffer.end)
        elif self._held.records or self._scalars:
            self._end_line(self._buffer.end)

    def _is_within(self) -> bool:
        """Return whether something is read that has begun before."""
        within = self._attempt or self._gathering or self._long_object
        return bool(within or self._long_value or self._skipped)

    def _step(self, *, is_final: bool) -> bool:
        """Read a line, or more of a value over lines.

        Return False if more input is needed.
        """
        if self._is_within():
            return self._go_on(is_final=is_final)
        end = self._buffer.find_line_end(self._at)
        last = self._buffer.end if end is None else end
        if last - self._at > MAX_RECORD_BYTES and self._at not in self._taken:
            if not self._take_along_line(self._at + WINDOW_BYTES, is_rest=False):
                self._read_window()
            return True
        if end is None and (not is_final or self._at == last):
            return False
        if self._held.count and last > self._at and self._take_along_line(last, is_rest=True):
            return True
        segment = LineSegment(self._line, self._at, self._buffer.read(self._at, last))
        if self._taken.pop(self._at, None):
            self._end_line(segment.end)
        elif not self._start_gathering(segment):
            self._read_segment(segment, is_cut=end is None)
        return True

    def _go_on(self, *, is_final: bool) -> bool:
        """Read more of what goes on over lines, or along a line.

        Return False if more is needed.
        """
        if self._attempt:
            return self._read_attempt(self._attempt, is_final=is_final)
        if self._gathering:
            return self._read_gathering(self._gathering, is_final=is_final)
        if self._long_object:
            return self._read_long_object(self._long_object, is_final=is_final)
        if self._long_value:
            return self._read_long_value(self._long_value, is_final=is_final)
        return self._skip_line(is_final=is_final)

    # -- lines that a runtime has cut ------------------------------------------------------------

    def _start_gathering(self, segment: LineSegment) -> bool:
        """Look for the further parts of a line if it is the first.

        Return whether it is.
        """
        part = read_part(segment.data) if self._is_line_start else None
        if part is None or not is_first(part):
            return False
        spans = [(segment.begin, segment.end)]
        after = min(segment.end + 1, self._buffer.end)
        self._gathering = Gathering(segment, [part], spans, after)
        return True

    def _read_gathering(self, gathering: Gathering, *, is_final: bool) -> bool:
        outcome = gathering.read_on(self._buffer, self._taken, self._has_event, is_final=is_final)
        if outcome is Gathered.WAITS:
            return False
        self._gathering = None
        self._taken.update(gathering.spans[1:])
        raw, value = join_parts(gathering.parts)
        joined = LineSegment(gathering.segment.line, gathering.segment.begin, raw)
        if outcome in _BUCKETS:
            records = [joined.reject(_BUCKETS[outcome])]
        elif value is not None:
            records = [FramedRecord(joined.line, joined.begin, joined.end, value=value, raw=raw)]
        else:
            records = self._read_joined(joined)
        begin, end = gathering.spans[0]
        more = tuple(gathering.spans[1:])
        self._held.add(replace(record, start=begin, end=end, more=more) for record in records)
        self._arrays.has_comma = True
        self._end_line(gathering.segment.end)
        return True

    def _read_joined(self, joined: LineSegment) -> list[FramedRecord]:
        """Return the records of the line that the parts of CRI are together."""
        text = joined.text
        if text is None:
            return [joined.reject(Bucket.INVALID_UTF8)]
        if len(joined.data) > MAX_RECORD_BYTES:
            return [joined.reject(Bucket.TOO_LONG)]
        if found := find_json(joined.ends, self._has_event):
            return list(joined.read_prefixed(found.items, 0, len(text)))
        if item := find_quoted(text, self._is_body_key):
            return list(joined.read_prefixed([item], 0, len(text)))
        return [joined.reject(Bucket.INVALID_JSON)]

    # -- lines that are longer than a record -----------------------------------------------------

    def _read_window(self) -> None:
        data = self._buffer.read(self._at, self._at + WINDOW_BYTES)
        window = read_window(self._line, self._at, data, self._read_members)
        segment = window.segment
        if segment.is_blank:
            self._blank = self._blank or segment
            self._at = segment.end
        elif window.is_value and segment.data.startswith(b'"'):
            self._long_value = LongValue(segment, self._at)
        elif window.is_value:
            self._long_object = LongObject(segment, "", self._at, self._line)
        elif not window.is_readable:
            self._skipped = segment
        else:
            self._take_window(window)

    def _take_window(self, window: LongWindow) -> None:
        """Take the objects of a window; scalars beside them are no records."""
        segment, text = window.segment, window.segment.text or ""
        items = [item for item in window.items if item.is_object]
        self._held.add(segment.read_records(items, window.stop))
        self._arrays.note(text, segment.sequence, segment.sequence.opened)
        if not items and has_value(text[: window.stop]):
            self._scalars = self._scalars or segment
        if self._held.count + len(self._held.records) > 1:
            self._out += self._held.give()
        self._move_to(segment.offset_of(window.stop))

    def _start_long_object(self, attempt: Attempt) -> bool:
        scan = attempt.failure.scan if attempt.failure else attempt.scan
        if b"[" not in scan.brackets or attempt.opener < self._has_no_lists_before:
            return False
        segment = attempt.segment
        prefix = segment.cut(attempt.begin, attempt.stop)
        self._long_object = LongObject(segment, prefix, attempt.opener, segment.line)
        self._long_attempt = attempt
        return True

    def _take_members(self, long_object: LongObject, *, is_final: bool) -> bool:
        """Pass over members that a faster reader takes; return False for none.

        Of the first on a line it is not known before the second whether it is alone.
        """
        if self._read_members is None:
            return False
        taken = long_object.find_members(self._buffer, self._read_members, is_final=is_final)
        if taken is None or (taken.first_line == self._line and self._held.records):
            return False
        self._go_to_line(taken.first_line)
        long_object.pass_members(taken)
        self._out.append(self._held.pass_members(taken))
        self._line, self._at = taken.last_line, taken.end
        return True

    def _read_long_object(self, long_object: LongObject, *, is_final: bool) -> bool:
        if self._take_members(long_object, is_final=is_final):
            return True
        had_members = long_object.has_members
        outcome = long_object.read_on(
            self._buffer, self._has_event, self._pass_lines, is_final=is_final
        )
        if outcome is AttemptOutcome.HOLDS_OBJECTS:
            if self._long_attempt and not had_members:
                begin = self._long_attempt.begin
                self._held.add(self._records_before(long_object.segment, begin))
            for record in long_object.records:
                self._go_to_line(record.line)
                self._held.add([record])
            if self._held.count + len(self._held.records) > 1:
                self._out += self._held.give()
        if long_object.has_members:
            self._at, _ = long_object.place
        if outcome in {AttemptOutcome.HOLDS_OBJECTS, AttemptOutcome.WAITS}:
            return outcome is not AttemptOutcome.WAITS
        self._end_long_object(long_object, outcome)
        return True

    def _end_long_object(self, long_object: LongObject, outcome: AttemptOutcome) -> None:
        """Go on behind an object, or with the next line if the object is none."""
        attempt, self._long_object, self._long_attempt = self._long_attempt, None, None
        offset, line = long_object.place
        if not long_object.has_members:
            self._has_no_lists_before = long_object.at
            if attempt:
                self._break_off(attempt, AttemptOutcome.TOO_LONG)
            else:
                self._long_value = LongValue(long_object.segment, self._at)
        elif outcome is AttemptOutcome.CLOSED:
            self._go_to_line(line)
            self._arrays.has_comma = False
            self._move_to(offset)
        elif long_object.is_at_event_line:
            self._go_to_line(line)
            self._at, self._is_line_start = offset, True
        else:
            self._go_to_line(line)
            self._move_to(offset)
            rest = LineSegment(line, offset, self._buffer.read(offset, offset + MAX_RECORD_BYTES))
            if outcome is not AttemptOutcome.CUT_OFF:
                self._skipped = rest
            else:
                self._at = self._buffer.end
                if long_object.is_within_member:
                    self._held.add([rest.reject(Bucket.INCOMPLETE, end=self._at)])

    def _read_long_value(self, long_value: LongValue, *, is_final: bool) -> bool:
        outcome = long_value.read_on(self._buffer, is_final=is_final)
        if outcome is AttemptOutcome.WAITS:
            return False
        self._long_value = None
        if outcome is AttemptOutcome.CLOSED and not long_value.is_object:
            if self._buffer.read(long_value.at, long_value.at + 1) not in _BEHIND_SCALARS:
                self._skipped, self._at = long_value.segment, long_value.at
                return True
            self._scalars = self._scalars or long_value.segment
            self._move_to(long_value.at)
        elif outcome is AttemptOutcome.CLOSED:
            segment = long_value.segment
            self._held.add([segment.reject(Bucket.TOO_LONG, end=long_value.at)])
            self._move_to(long_value.at)
        else:
            self._skipped, self._at = long_value.segment, long_value.at
        return True

    def _skip_line(self, *, is_final: bool) -> bool:
        """Pass over the rest of a line that is too long."""
        end = self._buffer.find_line_end(self._at)
        if end is None and not is_final:
            self._at = self._buffer.end
            self._buffer.drop_before(self._at)
            return False
        segment, self._skipped = self._skipped, None
        if segment:
            end = self._buffer.end if end is None else end
            self._held.add([segment.reject(Bucket.TOO_LONG, end=end)])
            self._end_line(end)
        return True
