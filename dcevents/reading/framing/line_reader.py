"""Read a line into records, or begin a value over lines."""

from dcevents.reading.framing.attempts import Attempt, AttemptOutcome, Failure, adopt_failure
from dcevents.reading.framing.decoding import NoJsonValueError, decode
from dcevents.reading.framing.long_lines import read_line_members
from dcevents.reading.framing.position import Position
from dcevents.reading.framing.prefixes import (
    Found,
    find_cut,
    find_json,
    find_opening,
    find_quoted,
    is_cut,
)
from dcevents.reading.framing.records import (
    MAX_RECORD_BYTES,
    Bucket,
    FramedRecord,
    PassLines,
    ReadMembers,
    ResumePoint,
)
from dcevents.reading.framing.segments import LineSegment, find_bucket
from dcevents.reading.framing.sequences import (
    End,
    Item,
    Kind,
    begin_of_text,
    begins_with_object,
    has_only_separators,
    is_pair,
)
from dcevents.reading.framing.tokens import ValueScan


class LineReader(Position):
    """Reads lines one at a time, and values over lines."""

    _attempt: Attempt | None = None
    _failure: Failure | None = None
    _rest_at: int | None = None
    _read_members: ReadMembers | None = None
    _pass_lines: PassLines | None = None
    _taken: dict[int, int]
    """Where lines begin that were read as parts of an earlier one, and end."""

    # -- one line ------------------------------------------------------------------------------

    def _read_segment(self, segment: LineSegment, *, is_cut: bool) -> None:
        if segment.is_blank:
            self._take_blank(segment.end)
        elif segment.text is None:
            self._read_invalid(segment, is_cut=is_cut)
        elif is_cut:
            self._read_cut(segment)
        else:
            self._read_ended(segment)

    def _read_ended(self, segment: LineSegment) -> None:
        sequence = segment.sequence
        if sequence.end is End.WHOLE:
            self._take_values(segment, len(segment.text or ""))
        elif sequence.end is End.VALUE and (segment.text or "").startswith("{", sequence.stop):
            self._try_value(segment, Kind.OBJECT, sequence.stop)
        elif sequence.end is End.ARRAY:
            self._try_value(segment, Kind.ARRAY, sequence.stop)
        elif sequence.end is End.PAIRS:
            self._try_value(segment, Kind.PAIRS, sequence.stop)
        else:
            self._read_prefixed(segment, sequence.stop)

    def _take_values(self, segment: LineSegment, stop: int) -> None:
        """Take the values of a line that ends behind them.

        Stop where the line is to be held.
        """
        self._held.add(self._records_before(segment, stop))
        before = self._arrays.count
        self._note_arrays(segment, segment.sequence.opened)
        closing = self._find_closing(segment, before)
        self._end_line(segment.end)
        if closing:
            self._closing = self._at, closing[0]

    def _find_closing(
        self, segment: LineSegment, open_before: int
    ) -> tuple[ResumePoint | None] | None:
        """Return the place behind a line's values if an array is closed there, or may go on.

        Nothing in its place for a line without values, None for any other line.
        """
        sequence, text = segment.sequence, segment.text or ""
        behind = sequence.items[-1].end if sequence.items else 0
        closed = text.count("]", behind)
        is_open = self._arrays.count > 0 and not self._arrays.has_comma
        if "[" in text[behind:] or sequence.end is not End.WHOLE or not (closed or is_open):
            return None
        if not sequence.items:
            return (None,)
        if sequence.closed == 0:
            open_behind = self._arrays.count + closed
        elif sequence.closed == closed == open_before - self._arrays.count:
            open_behind = open_before
        else:
            return None
        count = self._held.count + len(self._held.records)
        return (self._make_resume(segment.offset_of(behind), count, open_behind),)

    def _note_arrays(self, segment: LineSegment, opened: int) -> None:
        self._arrays.note(segment.text or "", segment.sequence, opened)

    def _records_before(self, segment: LineSegment, stop: int) -> list[FramedRecord]:
        """Return the records of the values before a character of a line."""
        items = [item for item in segment.sequence.items if item.at < stop]
        text = segment.text or ""
        if not any(item.is_object for item in items):
            is_beside_objects = self._scalars or self._held.count
            if is_beside_objects or self._arrays.hold(text, items):
                return []
        return list(segment.read_records(items, stop))

    def _read_prefixed(self, segment: LineSegment, tried: int | None = None) -> None:
        """Read a line that is no sequence of values: JSON with text before, or none.

        `tried` is the character at which no value begins, as is known already.
        """
        text = segment.text or ""
        if self._has_no_prefix(segment):
            self._reject(segment, Bucket.INVALID_JSON)
        elif found := find_json(segment.ends, self._has_event):
            self._take_prefixed(segment, found, tried)
        elif (opening := find_opening(text)) not in {None, tried} and opening is not None:
            self._start_attempt(segment, Kind.OBJECT, opening, 0, has_prefix=True)
        else:
            self._read_quoted(segment)

    def _take_prefixed(self, segment: LineSegment, found: Found, tried: int | None) -> None:
        """Take JSON behind a prefix, and further such on the line as long as it goes on.

        What is left, read like a line of its own, would come to that again.
        """
        text, begin = segment.text or "", 0
        self._arrays.has_comma = True
        while True:
            records = segment.read_prefixed(found.items, begin, found.rest)
            self._held.add(records)
            begin = found.rest
            if begin == len(text):
                self._end_line(segment.end)
                return
            following = None
            if self._has_prefix_at(segment, begin, tried):
                following = find_json(segment.ends, self._has_event, begin)
            if following is None:
                self._rest_at = segment.offset_of(begin)
                self._move_to(self._rest_at)
                return
            found = following

    def _has_prefix_at(self, segment: LineSegment, begin: int, tried: int | None) -> bool:
        """Return whether what is left of a line, behind JSON, is known to be text before JSON."""
        if segment.is_invalid_from(begin):
            return True
        end, stop = segment.ends.find_end(begin)
        return end is End.BROKEN or (end in {End.VALUE, End.ARRAY} and stop == tried)

    def _is_rest(self, segment: LineSegment) -> bool:
        """Return whether a segment follows a prefix and its JSON on their line."""
        return segment.begin == self._rest_at

    def _has_no_prefix(self, segment: LineSegment) -> bool:
        """Return whether a line itself begins with `{`: broken is broken then."""
        return begins_with_object(segment.text or "") and not self._is_rest(segment)

    def _read_quoted(self, segment: LineSegment) -> None:
        """Read a line without JSON of its own: a quoted text that is JSON, or none."""
        text = segment.text or ""
        item = find_quoted(text, self._is_body_key)
        if item is None:
            self._reject(segment, Bucket.INVALID_JSON)
            return
        records = segment.read_prefixed([item], 0, len(text))
        self._held.add(list(records))
        self._end_line(segment.end)

    # -- objects along a long line ------------------------------------------------------------

    def _take_along_line(self, end: int, *, is_rest: bool) -> bool:
        """Take the objects up to some byte of a long line by a faster reader.

        Return False, and take none, where there is anything else.
        """
        if self._read_members is None or self._held.records:
            return False
        data = self._buffer.read(self._at, end)
        found = read_line_members(self._line, self._at, data, self._read_members, is_rest=is_rest)
        if found is None:
            return False
        self._out += self._held.pass_along(found.list_records())
        self._arrays.pass_objects(found.head, has_comma_behind=found.has_comma)
        self._move_to(self._at + found.size)
        return True

    # -- a value over lines --------------------------------------------------------------------

    def _try_value(self, segment: LineSegment, kind: Kind, stop: int) -> None:
        text, items = segment.text or "", segment.sequence.items
        behind = max((item.end for item in items if item.is_object and item.at < stop), default=0)
        self._start_attempt(segment, kind, stop, begin_of_text(text, behind, stop))

    def _start_attempt(
        self, segment: LineSegment, kind: Kind, stop: int, begin: int, *, has_prefix: bool = False
    ) -> None:
        opener = segment.offset_of(stop)
        attempt = Attempt(
            segment,
            kind,
            opener,
            begin,
            stop,
            ValueScan(),
            opener,
            segment.line,
            self._taken,
            has_prefix,
            pass_lines=self._pass_lines,
        )
        outcome = adopt_failure(self._failure, attempt) if self._failure else None
        if outcome is None:
            self._attempt = attempt
        else:
            self._settle(attempt, outcome)

    def _read_attempt(self, attempt: Attempt, *, is_final: bool) -> bool:
        outcome = attempt.read_on(self._buffer, self._has_event, is_final=is_final)
        if outcome is AttemptOutcome.WAITS:
            return False
        self._attempt = None
        self._settle(attempt, outcome)
        return True

    def _settle(self, attempt: Attempt, outcome: AttemptOutcome) -> None:
        """Make records of what an attempt has come to."""
        if outcome is AttemptOutcome.CLOSED:
            outcome = self._take_value(attempt)
        if outcome is AttemptOutcome.CUT_OFF:
            self._take_incomplete(attempt.segment, attempt.stop, attempt.begin)
        elif outcome is AttemptOutcome.HOLDS_OBJECTS:
            self._take_values(attempt.segment, len(attempt.segment.text or ""))
        elif outcome in {AttemptOutcome.BROKEN, AttemptOutcome.TOO_LONG}:
            self._failure = attempt.failure or self._failure
            if outcome is not AttemptOutcome.TOO_LONG or not self._start_long_object(attempt):
                self._break_off(attempt, outcome)

    def _start_long_object(self, attempt: Attempt) -> bool:
        """Look for lists in an object that is too long.

        Return whether that is possible.
        """
        raise NotImplementedError

    def _take_value(self, attempt: Attempt) -> AttemptOutcome:
        """Take a value that ends on a later line.

        Return BROKEN if it is none after all.
        """
        raw = self._buffer.read(attempt.opener, attempt.at)
        try:
            value = decode(raw.decode())
        except (NoJsonValueError, UnicodeDecodeError):
            return AttemptOutcome.BROKEN
        kind = attempt.kind
        if kind is Kind.PAIRS and not all(map(is_pair, value)):
            return AttemptOutcome.HOLDS_OBJECTS
        if kind is Kind.OBJECT and not isinstance(value, dict):
            kind = Kind.SCALAR
        segment, text = attempt.segment, attempt.segment.text or ""
        self._held.add(self._records_before(segment, attempt.begin))
        bucket = find_bucket(Item(kind, 0, 0, value))
        record = FramedRecord(
            attempt.segment.line,
            segment.offset_of(attempt.begin),
            attempt.at,
            bucket,
            value=value,
            prefix=segment.cut(attempt.begin, attempt.stop),
            raw=raw,
        )
        is_member = segment.sequence.around > 0 or self._arrays.goes_on(text[: attempt.stop])
        if kind is not Kind.ARRAY or not is_member:
            self._held.add([record])
        self._arrays.note(text, segment.sequence, segment.sequence.around)
        self._arrays.has_comma = False
        self._out += self._held.give()
        self._line, self._held.count = attempt.line, 0
        self._blank = self._scalars = None  # of the line on which the value began
        self._move_to(attempt.at)
        return AttemptOutcome.CLOSED

    def _take_incomplete(self, segment: LineSegment, stop: int, begin: int) -> None:
        """Take what the end of the input cuts off, and the whole values before it."""
        begun = self._buffer.read(segment.offset_of(stop), self._buffer.end)
        is_array = segment.sequence.end is End.ARRAY
        if is_array and has_only_separators(begun.decode(errors="replace")):
            # Brackets and nothing more: a line of separators is no record.
            self._take_values(segment, stop)
            self._at = self._buffer.end
            return
        self._held.add(self._records_before(segment, begin))
        end = self._buffer.end
        raw = self._buffer.read(segment.offset_of(stop), end)[:MAX_RECORD_BYTES]
        start = segment.offset_of(begin)
        prefix = segment.cut(begin, stop)
        self._held.add(
            [FramedRecord(segment.line, start, end, Bucket.INCOMPLETE, prefix=prefix, raw=raw)]
        )
        self._at = end

    def _break_off(self, attempt: Attempt, outcome: AttemptOutcome) -> None:
        """Reject the line on which a value began that cannot be read."""
        segment = attempt.segment
        text = segment.text or ""
        if outcome is AttemptOutcome.TOO_LONG:
            self._reject(segment, Bucket.TOO_LONG)
        elif attempt.kind is Kind.PAIRS or has_only_separators(text[attempt.stop :]):
            # A broken array holds nothing: its brackets are passed over, its lines read alone.
            self._held.add(self._records_before(segment, len(text)))
            is_outer = attempt.kind is Kind.PAIRS
            sequence = segment.sequence
            self._note_arrays(segment, sequence.opened if is_outer else sequence.around)
            self._end_line(segment.end)
        elif attempt.has_prefix:
            self._read_quoted(segment)
        else:
            self._read_prefixed(segment, attempt.stop)

    # -- the end of the input ------------------------------------------------------------------

    def _read_cut(self, segment: LineSegment) -> None:
        """Read a line that the end of the input cuts off, perhaps in a value."""
        text = segment.text or ""
        sequence = segment.sequence
        is_array = sequence.end is End.ARRAY
        if sequence.end is End.WHOLE or (is_array and has_only_separators(text[sequence.stop :])):
            self._take_values(segment, len(text))
            return
        if sequence.end is not End.BROKEN and is_cut(text, sequence.stop):
            items = [item for item in sequence.items if item.is_object]
            behind = max((item.end for item in items if item.at < sequence.stop), default=0)
            self._take_incomplete(
                segment, sequence.stop, begin_of_text(text, behind, sequence.stop)
            )
        elif self._has_no_prefix(segment) or find_json(segment.ends, self._has_event):
            self._read_prefixed(segment, sequence.stop)
        elif (stop := find_cut(text, has_prefix=self._is_rest(segment))) is not None:
            self._take_incomplete(segment, stop, 0)
        else:
            self._read_prefixed(segment)

    def _read_invalid(self, segment: LineSegment, *, is_cut: bool) -> None:
        """Read a line that is no UTF-8: rejected, unless its end is cut within a character."""
        try:
            segment.data.decode()
        except UnicodeDecodeError as error:
            if is_cut and error.reason == "unexpected end of data":
                whole = LineSegment(segment.line, segment.begin, segment.data[: error.start])
                if whole.data:
                    self._read_segment(whole, is_cut=True)
                is_rest_left = self._at > segment.begin and self._at == self._rest_at
                if not is_rest_left:
                    self._at = segment.end
                return
        # Bytes that are no UTF-8 may stand in the text before a value, not in one.
        self._read_prefixed(segment.escape_bytes(is_cut=is_cut))
