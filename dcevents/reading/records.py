"""Read the bytes of one input into judged records."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from dcevents.reading.framing import Bucket, FramedRecord, ResumePoint
from dcevents.reading.framing.buffer import Chunk
from dcevents.reading.framing.reader import Framing
from dcevents.reading.framing.records import (
    PassedLines,
    PassLines,
    ReadMembers,
    TakenMembers,
)
from dcevents.reading.framing.sequences import OuterArrays
from dcevents.reading.judge import (
    Context,
    Event,
    Outcome,
    Rejection,
    UnknownEvent,
    WidgetReady,
    is_body_key,
    judge_value,
)

_ANY_CLOCK: Final = Context(clock_ms=0)
"""Whether a value is an event does not depend on the time of the run."""
_NO_REJECTIONS: Final = {Bucket.BLANK, Bucket.INCOMPLETE}


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One record: where it is, its bucket, and what it says.

    `start` and `end` are byte offsets of the value that holds the record, with the text around
    it, or of the rejected line; `more` are further spans of a line that a runtime has cut.
    `index` counts from 1 where several records begin on a line, those in lists counted.
    """

    line: int
    start: int
    end: int
    bucket: str
    """`blank`, `incomplete`, `rejected`, `ignored` or `events`; the log tells what is later, or
    a duplicate."""
    reason: str | None = None
    """Of what is rejected or ignored."""
    index: int | None = None
    outcome: Outcome | None = None
    """None for lines that the judge is not asked about."""
    more: tuple[tuple[int, int], ...] = ()
    raw: bytes = field(default=b"", repr=False, compare=False)
    """Of what is rejected: the value's own bytes, or the rejected line's."""
    prefix: str = field(default="", repr=False, compare=False)
    """The text before the value on its line."""

    @property
    def event(self) -> Event | None:
        """Return the event that the record is; None for any other."""
        return self.outcome if isinstance(self.outcome, Event) else None


@dataclass(frozen=True, slots=True)
class NumberedMembers:
    """Members of a list that were read elsewhere, and the numbers of their records."""

    taken: TakenMembers
    count: int
    """Records that begin on the first one's line before it."""


class RecordReader:
    """The records of one input.

    Feed chunks, then finish; each gives the records found so far.

    Lines that a faster reader has taken are given to `pass_event_lines` in their place.
    """

    def __init__(
        self,
        context: Context,
        *,
        begin: ResumePoint | None = None,
        read_members: ReadMembers | None = None,
        pass_lines: PassLines | None = None,
    ) -> None:
        """Begin to read; members of long lists that `read_members` takes are in `members`."""
        self._context = context
        self.members: list[NumberedMembers] = []
        any_clock = Context(clock_ms=0, mapping=context.mapping)
        self._framing = Framing(
            partial(has_event, context=any_clock),
            begin=begin,
            is_body_key=is_body_key,
            read_members=read_members,
            pass_lines=pass_lines,
        )
        self._resume = self._framing.resume
        self._line, self._count = self._resume.line, self._resume.count

    @property
    def resume(self) -> ResumePoint:
        """Return where a later run reads on, so that both together are one reading."""
        return self._resume

    @property
    def read_to(self) -> int:
        """Return the end of the last value or line that was read whole."""
        return self._framing.read_to

    def feed(self, chunk: Chunk) -> list[ReadRecord]:
        """Take the next bytes; return the records that are sure by now."""
        return self._take_sure(self._framing.feed(chunk))

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is open that a next line might belong to."""
        return self._framing.is_idle

    @property
    def is_in_value(self) -> bool:
        """Return whether a value over lines is open."""
        return self._framing.is_in_value

    @property
    def is_in_list(self) -> bool:
        """Return whether a long list is open, of which members have been read."""
        return self._framing.is_in_list

    @property
    def may_be_in_list(self) -> bool:
        """Return whether one is open, or an object over lines that may hold one."""
        return self._framing.may_be_in_list

    def find_last_line(self) -> int | None:
        """Return the line on which what was fed ends, while a long list is open; None else."""
        return self._framing.find_last_line()

    @property
    def is_between_lines(self) -> bool:
        """Return whether nothing but arrays is open."""
        return self._framing.is_between_lines

    @property
    def arrays(self) -> OuterArrays:
        """Return a copy of what is known of outer arrays."""
        return self._framing.arrays

    def pass_members(self, passed: PassedLines) -> None:
        """Pass over lines that were read elsewhere, where nothing but arrays is open before them.

        Raise ValueError where something else is.
        """
        self._framing.pass_members(passed)
        self._note_passed()

    def _note_passed(self) -> None:
        """Note where a later run reads on, and how many records are before on that line."""
        resume = self._framing.resume
        has_none = self._line != resume.line or self._count == 0
        if has_none and resume.count and resume.offset != self._resume.offset:
            self._line, self._count = resume.line, resume.count
        self._note_resume()

    def pass_lines(self, lines: int, size: int) -> None:
        """Pass over whole lines that were read elsewhere, of so many bytes.

        Each is by itself a record, in whatever bucket, or several. Raise ValueError where
        something is open.
        """
        self._framing.pass_lines(lines, size)
        self._note_resume()

    def pass_event_lines(self, data: bytes) -> list[ReadRecord]:
        """Pass over lines that were read elsewhere.

        Return other records that are sure by now.

        Each line, with its LF, is one object that is an event, between lines any object, with
        separators around but no brackets: it ends whatever is open, as if it had been fed. Raise
        ValueError within a line.
        """
        found = list(self._judge(self._framing.pass_event_lines(data)))
        self._note_passed()
        return found

    def finish(self) -> list[ReadRecord]:
        """Return the last records.

        Those from `resume` on a later run gives again.
        """
        return list(self._judge(self._framing.finish()))

    def _take_sure(self, framed: list[FramedRecord]) -> list[ReadRecord]:
        """Return the records of framed values, and note where a later run reads on."""
        records = list(self._judge(framed))
        self._note_resume()
        return records

    def _note_resume(self) -> None:
        resume = self._framing.resume
        if resume.offset != self._resume.offset:
            is_here = resume.count > 0 and resume.line == self._line
            self._resume = replace(resume, count=self._count) if is_here else resume

    def _judge(self, framed: Iterable[FramedRecord]) -> Iterator[ReadRecord]:
        """Yield the records of framed values, numbered where a line has several."""
        for each in framed:
            if each.line != self._line:
                self._line, self._count = each.line, 0
            if each.taken:
                self._pass_members(each.taken)
                continue
            outcomes = self._find_outcomes(each)
            is_numbered = each.index is not None or len(outcomes) > 1
            for outcome in outcomes:
                self._count += 1
                yield _make_record(each, outcome, self._count if is_numbered else None)

    def _pass_members(self, taken: TakenMembers) -> None:
        self.members.append(NumberedMembers(taken, self._count))
        on_last = taken.members.count_on_last_line(taken.first, taken.stop)
        is_same = taken.first_line == taken.last_line
        self._line, self._count = taken.last_line, on_last + (self._count if is_same else 0)

    def _find_outcomes(self, framed: FramedRecord) -> list[Outcome | None]:
        """Return what the records of a framed value say.

        None for a line without a value.
        """
        if framed.bucket is not None:
            return [None]
        found = judge_value(framed.value, self._context, framed.prefix)
        return [finding.outcome for finding in found]


def has_event(value: Any, context: Context = _ANY_CLOCK) -> bool:  # noqa: ANN401 - any JSON value
    """Return whether one of the records of a JSON value is an event.

    An array without objects is one record that is none, whatever its texts hold.
    """
    if isinstance(value, list) and not _holds_object(value):
        return False
    return any(isinstance(each.outcome, Event) for each in judge_value(value, context))


def _holds_object(values: list[Any]) -> bool:
    return any(
        isinstance(each, dict) or (isinstance(each, list) and _holds_object(each))
        for each in values
    )


def _make_record(framed: FramedRecord, outcome: Outcome | None, index: int | None) -> ReadRecord:
    bucket, reason = (
        _find_bucket(framed.bucket) if outcome is None else find_outcome_bucket(outcome)
    )
    return ReadRecord(
        framed.line,
        framed.start,
        framed.end,
        bucket,
        reason,
        index,
        outcome,
        framed.more,
        framed.raw if bucket == "rejected" else b"",
        framed.prefix,
    )


def _find_bucket(bucket: Bucket | None) -> tuple[str, str | None]:
    """Return the bucket of a record without a value, and the reason of a rejected one."""
    assert bucket is not None  # noqa: S101 - the judge is asked about all others
    return (str(bucket), None) if bucket in _NO_REJECTIONS else ("rejected", str(bucket))


def find_outcome_bucket(outcome: Outcome) -> tuple[str, str | None]:
    """Return the bucket of what a record says, and the reason of a rejected or ignored one."""
    match outcome:
        case Rejection(reason):
            return "rejected", reason
        case WidgetReady():
            return "ignored", "widget_ready"
        case UnknownEvent():
            return "ignored", "unknown_event"
        case Event():
            return "events", None
