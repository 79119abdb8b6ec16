"""Events on their way into facts: columns that grow, and frames of them."""

from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal

import polars as pl

from dcevents.model.attributes import Attributes, Vocabulary
from dcevents.model.events import KINDS
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.texts import NUMBER_TYPE
from dcevents.native import arrow, load_library
from dcevents.reading.judge import Event, Time
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanner import SidTexts, TakenEvents
from dcevents.reading.scanner.block import Buffer
from dcevents.reading.timestamps import FORMS, LAST_MS

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
_MAX_PENDING_ROWS: Final = 1 << 16
"""Events that are held in lists before a frame is made of them."""
_MAX_SMALL_ROWS: Final = 1 << 9
"""Events of a block that are not worth a frame of their own."""
_MAX_COMBINATION_LISTS: Final = 32
"""Lists of a scanner's attributes whose codes are remembered: more than there are threads."""
_KIND_NUMBERS: Final = {kind: number for number, kind in enumerate(KINDS)}
_MOMENTS: Final = {"future": FUTURE, "ancient": ANCIENT}
_FORM_NUMBERS: Final = {form: number for number, form in enumerate(FORMS)}


class _Columns:
    """Columns of events, one entry for each."""

    def __init__(self) -> None:
        self.sids: list[str] = []
        self.codes = array("I")
        self.times = array("q")
        self.forms = array("B")
        self.files = array("I")
        self.lines = array("Q")
        self.members = array("I")
        """0 for a record that is the only one on its line."""


class EventRows:
    """Events that were read, as frames: many at once, since each frame costs as much as an event.

    Events after as-of are left out.
    """

    def __init__(self, vocabulary: Vocabulary, settings: ReadSettings) -> None:
        self._vocabulary = vocabulary
        self._settings = settings
        self._pending = _Columns()
        self._frames: list[pl.DataFrame] = []
        self._codes = CombinationCodes(vocabulary)
        self.untimed = 0
        """Events without a usable timestamp so far."""

    def add_event(self, event: Event, file: int, line: int, member: int | None) -> bool:
        """Add an event; return False for one that is later than as-of."""
        ts, as_of = _find_moment(event.time), self._settings.as_of_ms
        if as_of is not None and as_of < ts < UNTIMED:
            return False
        self.untimed += ts >= UNTIMED
        attributes = _make_attributes(event, in_full=self._settings.in_full)
        pending = self._pending
        pending.sids.append(event.sid)
        pending.codes.append(self._vocabulary.assign_code(attributes))
        pending.times.append(ts)
        pending.forms.append(_FORM_NUMBERS[event.time.form])
        pending.files.append(file)
        pending.lines.append(line)
        pending.members.append(member or 0)
        self._flush_full()
        return True

    def add_taken(self, events: TakenEvents, file: int, first_line: int) -> int:
        """Add the events of a block; return how many of them are later than as-of.

        `first_line` is the number of the block's first line.
        """
        if events.count <= _MAX_SMALL_ROWS:
            return self._add_small(events, file, first_line) if events.count else 0
        frame = self._make_taken_frame(events, file, first_line)
        self._frames.append(frame)
        self.untimed += int((frame["ts"] >= UNTIMED).sum())
        return events.count - frame.height

    def _add_small(self, events: TakenEvents, file: int, first_line: int) -> int:
        """Add events one by one: of many small inputs."""
        last, as_of = self._settings.last_believed_ms, self._settings.as_of_ms
        codes = self._codes.list_codes(events.combinations)
        sids, later, pending = list_sids(events.sids), 0, self._pending
        for line, session, attributes, ts, form in zip(
            memoryview(events.lines).cast("B").cast("I"),
            memoryview(events.sessions).cast("B").cast("I"),
            memoryview(events.attributes).cast("B").cast("I"),
            memoryview(events.times).cast("B").cast("q"),
            memoryview(events.forms).cast("B"),
            strict=True,
        ):
            moment = FUTURE if last < ts < UNTIMED else ts
            if as_of is not None and as_of < moment < UNTIMED:
                later += 1
                continue
            self.untimed += moment >= UNTIMED
            pending.sids.append(sids[session])
            pending.codes.append(codes[attributes])
            pending.times.append(moment)
            pending.forms.append(form)
            pending.files.append(file)
            pending.lines.append(first_line + line)
            pending.members.append(0)
        self._flush_full()
        return later

    def _make_taken_frame(self, events: TakenEvents, file: int, first_line: int) -> pl.DataFrame:
        numbers = self._vocabulary.sessions.number_packed(*_cut_packed(events.sids))
        codes = pl.Series(self._codes.list_codes(events.combinations), dtype=pl.UInt32)
        rows = pl.DataFrame(
            {
                "sid": numbers.gather(_make_series(events.sessions, "I", pl.UInt32)),
                "attributes": codes.gather(_make_series(events.attributes, "I", pl.UInt32)),
                "ts": _make_series(events.times, "q", pl.Int64),
            }
        )
        if self._settings.in_full:
            line = _make_series(events.lines, "I", pl.UInt32).cast(pl.UInt64) + first_line
            rows = rows.with_columns(
                _make_series(events.forms, "B", pl.UInt8).alias("form"),
                pl.lit(file, pl.UInt32).alias("file"),
                line.alias("line"),
                pl.lit(None, pl.UInt32).alias("member"),
            )
        return self._believe_times(rows)

    def _believe_times(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows without times that are not believed, and without those after as-of."""
        ts = pl.col("ts")
        last, as_of = self._settings.last_believed_ms, self._settings.as_of_ms
        is_future = (ts > last) & (ts < UNTIMED)
        rows = rows.with_columns(pl.when(is_future).then(FUTURE).otherwise(ts).alias("ts"))
        return rows if as_of is None else rows.filter((ts <= as_of) | (ts >= UNTIMED))

    def _flush_full(self) -> None:
        if len(self._pending.sids) >= _MAX_PENDING_ROWS:
            self._flush_pending()

    def _flush_pending(self) -> None:
        pending, self._pending = self._pending, _Columns()
        if not pending.sids:
            return
        numbers = self._vocabulary.sessions.number_sids(pending.sids)
        columns = {"sid": numbers, "attributes": pending.codes, "ts": pending.times}
        if self._settings.in_full:
            members = [member or None for member in pending.members]
            columns |= {"form": pending.forms, "file": pending.files, "line": pending.lines}
            columns |= {"member": members}
        schema = {name: LOCATED_COLUMNS[name] for name in columns}
        self._frames.append(pl.DataFrame(columns, schema=schema))

    def take_frames(self, *, is_all: bool = True) -> list[pl.DataFrame]:
        """Return events that were added, and forget them.

        Those of which no frame is made yet only where all are wanted.
        """
        if is_all:
            self._flush_pending()
        frames, self._frames = self._frames, []
        return frames


class CombinationCodes:
    """Codes of attributes that scanners have numbered by themselves, each in lists of its own."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._known: dict[int, tuple[Sequence[Attributes], array[int]]] = {}
        """By the identity of a list: the list, and the codes of its members so far."""

    def list_codes(self, combinations: Sequence[Attributes]) -> Sequence[int]:
        """Return the codes of combinations: a list that grows, or another one."""
        _, codes = self._known.pop(id(combinations), (None, array("I")))
        known = len(codes)
        codes.extend(map(self._vocabulary.assign_code, combinations[known:]))
        self._known[id(combinations)] = combinations, codes
        if len(self._known) > _MAX_COMBINATION_LISTS:
            del self._known[next(iter(self._known))]
        return codes


def list_sids(sids: SidTexts) -> list[str]:
    """Return distinct sids as texts."""
    packed = bytes(sids.packed)
    offsets = memoryview(sids.offsets).cast("B").cast("I")
    if packed.isascii():
        text = packed.decode("ascii")
        return [text[begin:end] for begin, end in pairwise(offsets[: sids.count + 1])]
    return [packed[begin:end].decode() for begin, end in pairwise(offsets[: sids.count + 1])]


def _make_series(
    buffer: Buffer, form: Literal["B", "I", "q"], dtype: type[pl.DataType]
) -> pl.Series:
    """Return a column of numbers that lie in a buffer."""
    library, view = load_library(), memoryview(buffer).cast("B").cast(form)
    if library is None:
        return pl.Series(view.tolist(), dtype=dtype)
    return arrow.copy_bytes(library, view).make_series(dtype, len(view))


def _cut_packed(sids: SidTexts) -> tuple[memoryview, memoryview]:
    """Return texts and offsets of sids without what may lie behind them."""
    return memoryview(sids.packed), memoryview(sids.offsets).cast("B")[: 4 * (sids.count + 1)]


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
