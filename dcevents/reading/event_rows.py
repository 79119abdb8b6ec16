"""Events on their way into facts: columns that grow, and frames of them."""

from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import polars as pl

from dcevents.model.attributes import Attributes
from dcevents.model.events import KINDS
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.numbers.packed_events import PackedEvents
from dcevents.model.texts import NUMBER_TYPE
from dcevents.model.vocabulary import Vocabulary
from dcevents.native import arrow
from dcevents.reading.judge import Event, Time
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanner import SidTexts, TakenEvents
from dcevents.reading.scanner.packing import cut_packed, number_events, pack_numbered
from dcevents.reading.timestamps import FORMS, LAST_MS

if TYPE_CHECKING:
    from dcevents.reading.scanner.block import Buffer

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

`member` is the record's number in its line, null where it is the only one. `form` is how the
timestamp is written, null where the reader was not asked for it.
"""
EventFrame = pl.DataFrame | PackedEvents
_MAX_PENDING_ROWS: Final = 1 << 16
"""Events that are held in lists before a frame is made of them."""
_MAX_TINY_ROWS: Final = 1 << 8
"""Events of a block whose sids are not worth to be numbered by themselves."""
_MAX_SMALL_ROWS: Final = 1 << 12
"""Events of a block that are not worth a frame of their own, where they cannot be packed."""
NumberBuffer: TypeAlias = "Buffer | array[int]"
_KIND_NUMBERS: Final = {kind: number for number, kind in enumerate(KINDS)}
_MOMENTS: Final = {"future": FUTURE, "ancient": ANCIENT}
_FORM_NUMBERS: Final = {form: number for number, form in enumerate(FORMS)}


class _Columns:
    """Columns of events, one entry for each."""

    def __init__(self) -> None:
        self.codes = array("I")
        self.times = array("q")
        self.forms = array("B")
        self.files = array("I")
        self.lines = array("Q")
        self.members = array("I")
        """0 for a record that is the only one on its line."""

    def make_frame(self, numbers: pl.Series, *, in_full: bool) -> pl.DataFrame:
        """Return the columns with the numbers of the sessions."""
        columns = {
            "sid": numbers,
            "attributes": arrow.copy_numbers(self.codes, pl.UInt32),
            "ts": arrow.copy_numbers(self.times, pl.Int64),
        }
        if in_full:
            members = arrow.copy_numbers(self.members, pl.UInt32)
            columns |= {
                "form": arrow.copy_numbers(self.forms, pl.UInt8),
                "file": arrow.copy_numbers(self.files, pl.UInt32),
                "line": arrow.copy_numbers(self.lines, pl.UInt64),
                "member": members.set(members == 0, None),
            }
        return pl.DataFrame(columns)


class EventRows:
    """Events that were read, as frames: many at once, since each frame costs as much as an event.

    Events after as-of are left out.
    """

    def __init__(self, vocabulary: Vocabulary, settings: ReadSettings) -> None:
        self._vocabulary = vocabulary
        self._settings = settings
        self._records, self._sids = _Columns(), list[str]()
        """Events that were read record by record, or of tiny blocks, and their sids."""
        self._taken, self._sessions = _Columns(), array("I")
        """Events that a scanner has taken, and the numbers of their sessions."""
        self._frames: list[EventFrame] = []
        self.untimed = 0
        """Events without a usable timestamp so far."""

    def add_event(self, event: Event, file: int, line: int, member: int | None) -> bool:
        """Add an event; return False for one that is later than as-of."""
        ts, as_of = _find_moment(event.time), self._settings.as_of_ms
        if as_of is not None and as_of < ts < UNTIMED:
            return False
        self.untimed += ts >= UNTIMED
        attributes = _make_attributes(event, in_full=self._settings.in_full)
        columns = self._records
        self._sids.append(event.sid)
        columns.codes.append(self._vocabulary.assign_code(attributes))
        columns.times.append(ts)
        if self._settings.in_full:
            columns.forms.append(_FORM_NUMBERS[event.time.form])
            columns.files.append(file)
            columns.lines.append(line)
            columns.members.append(member or 0)
        self._flush_full()
        return True

    def add_taken(self, events: TakenEvents, file: int, first_line: int) -> int:
        """Add the events of a block; return how many of them are later than as-of.

        `first_line` is the number of the block's first line.
        """
        if not events.count:
            return 0
        if events.count <= _MAX_TINY_ROWS:
            codes = self._vocabulary.codes.list_codes(events.combinations)
            sids = _list_sids(events.sids)
            self._sids.extend([sids[n] for n in _read_numbers(events.sessions, "I")])
            self._extend(self._records, events, codes, file, first_line)
            self._flush_full()
            return self._count_few_late(_read_numbers(events.times, "q"))
        numbered = number_events(events, self._vocabulary.codes)
        packed = pack_numbered(numbered, self._settings)
        if packed:
            return self.add_packed(packed)
        numbers, codes = numbered.session_numbers, numbered.codes
        if events.count > _MAX_SMALL_ROWS:
            rows = self._make_rows(events, numbers, codes, file, first_line)
            later = self._count_late(rows["ts"])
            self._frames.append(self._believe_times(rows))
            return later
        self._sessions.extend([numbers[n] for n in _read_numbers(events.sessions, "I")])
        self._extend(self._taken, events, codes, file, first_line)
        self._flush_full()
        return self._count_few_late(_read_numbers(events.times, "q"))

    def add_packed(self, packed: PackedEvents) -> int:
        """Add the facts of a block; return how many of its events are later than as-of."""
        self._frames.append(packed)
        self.untimed += packed.untimed
        return packed.later

    def _extend(
        self,
        columns: _Columns,
        events: TakenEvents,
        codes: "array[int]",
        file: int,
        first_line: int,
    ) -> None:
        """Add events to columns, all but their sessions."""
        columns.codes.extend([codes[n] for n in _read_numbers(events.attributes, "I")])
        columns.times.frombytes(events.times)
        if self._settings.in_full:
            columns.forms.frombytes(events.forms)
            columns.files.extend([file] * events.count)
            columns.lines.extend([first_line + n for n in _read_numbers(events.lines, "I")])
            if events.members:
                columns.members.frombytes(events.members)
            else:
                columns.members.extend([0] * events.count)

    def _count_few_late(self, times: Sequence[int]) -> int:
        """Note untimed events; return how many are later than as-of."""
        last, as_of = self._settings.last_believed_ms, self._settings.as_of_ms
        self.untimed += sum([ts > last for ts in times])
        return 0 if as_of is None else sum([as_of < ts <= last for ts in times])

    def _count_late(self, ts: pl.Series) -> int:
        last, as_of = self._settings.last_believed_ms, self._settings.as_of_ms
        self.untimed += int((ts > last).sum())
        return 0 if as_of is None else int(((ts > as_of) & (ts <= last)).sum())

    def _make_rows(
        self,
        events: TakenEvents,
        numbers: "array[int]",
        codes: "array[int]",
        file: int,
        first_line: int,
    ) -> pl.DataFrame:
        code_of = arrow.copy_numbers(codes, pl.UInt32)
        columns = {
            "sid": arrow.copy_numbers(numbers, NUMBER_TYPE).gather(
                arrow.copy_numbers(events.sessions, pl.UInt32)
            ),
            "attributes": code_of.gather(arrow.copy_numbers(events.attributes, pl.UInt32)),
            "ts": arrow.copy_numbers(events.times, pl.Int64),
        }
        if self._settings.in_full:
            columns |= {
                "form": arrow.copy_numbers(events.forms, pl.UInt8),
                "file": pl.repeat(file, events.count, dtype=pl.UInt32, eager=True),
                "line": arrow.copy_numbers(events.lines, pl.UInt32).cast(pl.UInt64) + first_line,
                "member": _make_members(events),
            }
        return pl.DataFrame(columns)

    def _believe_times(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows without times that are not believed, and without those after as-of."""
        ts = pl.col("ts")
        last, as_of = self._settings.last_believed_ms, self._settings.as_of_ms
        if (rows["ts"] > last).any():
            is_future = (ts > last) & (ts < UNTIMED)
            rows = rows.with_columns(pl.when(is_future).then(FUTURE).otherwise(ts).alias("ts"))
        return rows if as_of is None else rows.filter((ts <= as_of) | (ts >= UNTIMED))

    def _flush_full(self) -> None:
        if len(self._sids) >= _MAX_PENDING_ROWS:
            self._flush_records()
        if len(self._sessions) >= _MAX_PENDING_ROWS:
            self._flush_taken()

    def _flush_records(self) -> None:
        if self._sids:
            numbers = self._vocabulary.sessions.number_sids(self._sids)
            rows = self._records.make_frame(numbers, in_full=self._settings.in_full)
            self._frames.append(self._believe_times(rows))
            self._records, self._sids = _Columns(), []

    def _flush_taken(self) -> None:
        if self._sessions:
            numbers = arrow.copy_numbers(self._sessions, NUMBER_TYPE)
            rows = self._taken.make_frame(numbers, in_full=self._settings.in_full)
            self._frames.append(self._believe_times(rows))
            self._taken, self._sessions = _Columns(), array("I")

    def take_frames(self, *, is_all: bool = True) -> list[EventFrame]:
        """Return events that were added, and forget them.

        Those of which no frame is made yet only where all are wanted.
        """
        if is_all:
            self._flush_records()
            self._flush_taken()
        frames, self._frames = self._frames, []
        return frames


def _make_members(events: TakenEvents) -> pl.Series:
    """Return the number of each event in its line, null for the only one."""
    if not events.members:
        return pl.repeat(None, events.count, dtype=pl.UInt32, eager=True)
    members = arrow.copy_numbers(events.members, pl.UInt32)
    return members.set(members == 0, None)


def _read_numbers(buffer: NumberBuffer, form: Literal["B", "I", "Q", "q"]) -> memoryview:
    return memoryview(buffer).cast("B").cast(form)


def _list_sids(sids: SidTexts) -> list[str]:
    """Return distinct sids as texts."""
    packed, offsets = cut_packed(sids)
    return [str(packed[begin:end], "utf-8") for begin, end in pairwise(offsets.cast("I"))]


def _find_moment(time: Time) -> int:
    """Return an event's time as it stands in a column."""
    if time.ms is not None:
        return min(time.ms, LAST_MS)
    return _MOMENTS.get(time.status, UNTIMED)


def _make_attributes(event: Event, *, in_full: bool) -> Attributes:
    return Attributes(
        _KIND_NUMBERS[event.kind],
        event.id,
        event.name,
        event.type,
        event.ui_type,
        event.page,
        event.agent_id,
        event.agent_name,
        event.meeting_info if in_full else None,
    )
