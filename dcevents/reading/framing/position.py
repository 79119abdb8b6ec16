"""The state of reading an input."""

from collections.abc import Callable

from dcevents.reading.framing.buffer import Buffer
from dcevents.reading.framing.prefixes import HasEvent
from dcevents.reading.framing.records import Bucket, FramedRecord, HeldRecords, ResumePoint
from dcevents.reading.framing.segments import LineSegment
from dcevents.reading.framing.sequences import OuterArrays


class Position:
    """A place in an input, and the line on which it lies."""

    def __init__(
        self,
        has_event: HasEvent,
        *,
        begin: ResumePoint | None = None,
        is_body_key: Callable[[str], bool],
    ) -> None:
        self._has_event = has_event
        self._is_body_key = is_body_key
        self._resume = begin or ResumePoint()
        self._buffer = Buffer(self._resume.offset)
        self._at = self._read_to = self._resume.offset
        self._line = self._resume.line
        self._is_line_start = self._resume.is_line_start
        self._arrays = OuterArrays(self._resume.open_arrays, self._resume.has_comma)
        self._held = HeldRecords(self._resume.count)
        self._blank: LineSegment | None = None
        """The first window of a long line that is blank so far."""
        self._scalars: LineSegment | None = None
        """The first window of a long line that has no objects so far, but other values."""
        self._closing: tuple[int, ResumePoint | None] | None = None
        """Where a line has ended in an array, or closes one, and the place behind its values.

        A log that is an array may be written anew with more members: it is known up to there.
        """
        self._out: list[FramedRecord] = []

    @property
    def resume(self) -> ResumePoint:
        """Return where a later run reads on, so that both together are one reading."""
        return self._resume

    @property
    def read_to(self) -> int:
        """Return the end of the last value or line that was read whole."""
        return self._read_to

    def _mark_resume(self) -> None:
        """Note the place, as no record before can change any more."""
        is_long_line_open = (self._blank or self._scalars) and not self._held.count
        if self._held.records or is_long_line_open:
            return
        closing, self._closing = self._closing, None
        if closing is None or closing[0] != self._at:
            self._resume = self._make_resume(self._at, self._held.count, self._arrays.count)
        elif closing[1]:
            self._resume = closing[1]

    def _make_resume(self, offset: int, count: int, open_arrays: int) -> ResumePoint:
        """Return a place on the line, with so many records before it and arrays open."""
        is_start = self._is_line_start and offset == self._at
        has_comma = open_arrays > 0 and offset == self._at and self._arrays.has_comma
        return ResumePoint(offset, self._line, count, is_start, open_arrays, has_comma)

    def _reject(self, segment: LineSegment, bucket: Bucket) -> None:
        """Take a line that cannot be read.

        What arrays it has opened is not known.
        """
        if bucket is Bucket.INVALID_JSON and not segment.is_utf8:
            bucket = Bucket.INVALID_UTF8
        if self._blank:
            # The line is longer than a record, though only blanks are before the segment.
            self._held.add([self._blank.reject(Bucket.TOO_LONG, end=segment.end)])
        else:
            self._held.add([segment.reject(bucket)])
        self._arrays.has_comma = True
        self._end_line(segment.end)

    def _take_blank(self, end: int) -> None:
        """Take a line of nothing, however long.

        What follows a value on its line is none.
        """
        if self._is_line_start:
            first = self._blank or LineSegment(
                self._line, self._at, self._buffer.read(self._at, end)
            )
            self._held.add([first.reject(Bucket.BLANK, end=end)])
        elif self._arrays.count and not self._arrays.has_comma:
            self._closing = min(end + 1, self._buffer.end), None
        self._end_line(end)

    def _end_line(self, end: int) -> None:
        """Give the records of a line, and go on with the next."""
        if self._scalars and not self._held.records and not self._held.count:
            self._held.add([self._scalars.reject(Bucket.TOO_LONG, end=end)])
        self._blank = self._scalars = None
        self._out += self._held.give()
        self._at = self._read_to = min(end + 1, self._buffer.end)
        self._line, self._held.count, self._is_line_start = self._line + 1, 0, True

    def _move_to(self, offset: int) -> None:
        """Go on behind a value on the line on which it ends."""
        self._at = self._read_to = offset
        self._is_line_start = False

    def _go_to_line(self, line: int) -> None:
        """Give the records of the lines before one, if the reading is not on it yet."""
        if line != self._line:
            self._out += self._held.give()
            self._line, self._held.count = line, 0
