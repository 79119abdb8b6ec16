"""A log as a set of facts, from which all figures follow.

A fact takes 12 bytes: the session (its number), the event's attributes (their code in the
`Vocabulary`), and the time. The state is the *set* of facts, so merging is union: idempotent,
commutative and associative by nature. Any order, overlap or split of a log's lines gives
the same set.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil
from typing import Any, NamedTuple

import polars as pl

from dcevents.model.grouping import DistinctCounts, count_part, drop_repeats, find_last_times
from dcevents.model.moments import UNTIMED
from dcevents.model.numbers.packed_events import PackedEvents
from dcevents.model.packed.packing import (
    END_OF_SIDS,
    NO_PACKED_FACTS,
    NO_WIDE_FACTS,
    FactPart,
    frame_packed,
    pack_rows,
    unpack_codes,
    unpack_rows,
    unpack_times,
)
from dcevents.model.packed.repeats import drop_known, estimate_distinct, order_facts
from dcevents.model.vocabulary import Vocabulary

_MIN_ROW_LIMIT = 1 << 21
"""Rows that may be held before repeated facts are looked for; 12 bytes each."""
_MIN_LATE_LIMIT = 1 << 18
"""The same for rows of sessions that had facts before: a log that is read again has no others."""
_MIN_REPEATED_SHARE = 0.25
"""Repeated facts are dropped if they are this share of the rows; of late rows, half."""
_MAX_PIECES = 64
"""Blocks whose facts are left as they lie in memory when they are added."""
_PART_ROWS = 1 << 18
"""Facts of a part at most, about."""
_SLICE_ROWS = 1 << 16
"""Facts that are looked at together for whether a part needs them."""


class Facts:
    """A growing set of facts, by the sessions and attributes of a vocabulary.

    Repeated rows are dropped from time to time, and from then on before they are added. Rows of
    sessions that had facts before are looked at soon, others once there are two million, or twice
    as many as the last time.
    """

    def __init__(self, vocabulary: Vocabulary | None = None) -> None:
        self.vocabulary = Vocabulary() if vocabulary is None else vocabulary
        self.earliest_ms: int | None = None
        """The first timestamp; None: no event has one."""
        self.latest_ms: int | None = None
        """The last timestamp; None: no event has one."""
        self.row_count = 0
        """Rows, repeated ones too."""
        self._packed_parts = [NO_PACKED_FACTS]
        self._wide_parts = [NO_WIDE_FACTS]
        self._known = NO_PACKED_FACTS
        """The first of the packed facts, once repeated ones were dropped: each once, in order."""
        self._row_limit = _MIN_ROW_LIMIT
        self._late_rows, self._late_limit = 0, _MIN_LATE_LIMIT
        self._end_sid = 0
        """More than the number of any session of packed facts."""
        self._counts: DistinctCounts | None = None

    def add_rows(self, rows: pl.DataFrame) -> None:
        """Add facts.

        Columns of `rows` that are not in FACT_SCHEMA are dropped.
        """
        if rows.is_empty():
            return
        timed = rows["ts"].filter(rows["ts"] < UNTIMED)
        first: Any = timed.min()
        last: Any = timed.max()
        if first is not None:
            self._extend_range(first, last)
        packed, wide = pack_rows(rows)
        if not wide.is_empty():
            self._wide_parts.append(wide)
        self._add_packed(packed, rows.height)

    def add_packed(self, packed: Sequence[PackedEvents]) -> None:
        """Add packed facts, those of one block or more."""
        # A frame of thousands of pieces costs more than a copy.
        facts = pl.concat(map(frame_packed, packed), rechunk=len(packed) > _MAX_PIECES)
        if facts.is_empty():
            return
        first_ms, last_ms = (
            min(each.first_ms for each in packed),
            max(each.last_ms for each in packed),
        )
        if first_ms <= last_ms:
            self._extend_range(first_ms, last_ms)
        self._add_packed(facts, facts.height)

    def _add_packed(self, packed: pl.DataFrame, row_count: int) -> None:
        """Add packed facts, so many with wide ones that were added."""
        self._counts = None
        if not self._known.is_empty():
            before = packed.height
            packed = drop_known(packed, self._known)
            row_count -= before - packed.height
        self._count_late(packed)
        self._packed_parts.append(packed)
        self.row_count += row_count
        if self._late_rows >= self._late_limit:
            self._look_for_repeats(self._late_rows // 2)
        elif self.row_count >= self._row_limit:
            self._look_for_repeats(int(_MIN_REPEATED_SHARE * self.row_count))

    def _count_late(self, packed: pl.DataFrame) -> None:
        """Count the facts of sessions that others had before."""
        sids = packed["sid"]
        last: Any = sids.max()
        if last is not None:
            self._late_rows += int((sids < self._end_sid).sum())
            self._end_sid = max(self._end_sid, last + 1)

    def _look_for_repeats(self, wanted: int) -> None:
        """Drop repeated facts if there are so many, about."""
        packed, _ = self._concat_parts()
        if estimate_distinct(packed) <= packed.height - wanted:
            self.drop_repeats()
        self._row_limit = max(_MIN_ROW_LIMIT, 2 * self.row_count)
        self._late_rows, self._late_limit = 0, max(_MIN_LATE_LIMIT, self.row_count // 2)

    def _extend_range(self, first: int, last: int) -> None:
        self.earliest_ms = first if self.earliest_ms is None else min(first, self.earliest_ms)
        self.latest_ms = last if self.latest_ms is None else max(last, self.latest_ms)

    def choose_as_of(self, given: int | None, clock: int) -> int:
        """Return the moment that reports look from (definitions 2).

        It is the given one, else the latest timestamp that is not after the clock, else the clock.
        """
        if given is not None:
            return given
        latest = self.latest_ms
        if latest is not None and latest > clock:
            packed, wide = self._concat_parts()
            both = (unpack_times(packed), wide["ts"])
            times: list[Any] = [each.filter(each <= clock).max() for each in both]
            latest = max((each for each in times if each is not None), default=None)
        return clock if latest is None else latest

    def split_by_session(self) -> list[FactPart]:
        """Return the facts in parts of whole sessions: smaller frames fit a cache."""
        packed, wide = self._concat_parts()
        lasts: list[Any] = [frame["sid"].max() for frame in (packed, wide)]
        end = max((last + 1 for last in lasts if last is not None), default=0)
        count = max(1, ceil(self.row_count / _PART_ROWS))
        bounds = [end * n // count for n in range(count + 1)]
        slices = _list_slices(packed)
        return [
            FactPart(_select_slices(slices, first, last), wide, first, last)
            for first, last in pairwise(bounds)
        ]

    def find_last_times(self) -> pl.DataFrame:
        """Return the last `ts` of the facts of each code in `attributes`; null: none has one."""
        packed, wide = self._concat_parts()
        part = FactPart(packed, wide, 0, END_OF_SIDS)
        return find_last_times(part, len(self.vocabulary))

    def to_frame(self, wanted: pl.Series | None = None) -> pl.DataFrame:
        """Return the facts; `wanted` (bool by code) selects by attributes."""
        packed, wide = self._concat_parts()
        if wanted is not None:
            packed = packed.filter(wanted.gather(unpack_codes(packed)))
            wide = wide.filter(wanted.gather(wide["attributes"]))
        return unpack_rows(packed, wide)

    def _concat_parts(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        for parts in (self._packed_parts, self._wide_parts):
            if len(parts) > 1:
                parts[:] = [pl.concat(parts)]
        return self._packed_parts[0], self._wide_parts[0]

    # -- sessions ------------------------------------------------------------------------------

    def list_sessions(self) -> pl.DataFrame:
        """Return columns sid and text, the sid itself, of the sessions that have facts."""
        packed, wide = self._concat_parts()
        numbers = pl.concat([packed["sid"], wide["sid"]]).unique().sort()
        return pl.DataFrame({"sid": numbers, "text": self.look_up_sids(numbers)})

    def forget_sids(self) -> None:
        """Drop the sids, which some reports never show; no session can follow."""
        self.vocabulary.sessions.forget_texts()

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of sessions' numbers."""
        return self.vocabulary.sessions.look_up(numbers)

    # -- sets ----------------------------------------------------------------------------------

    def merge(self, other: "Facts") -> "Facts":
        """Return the union of two states; both stay unchanged."""
        union = Facts()
        for facts in (self, other):
            union.add_rows(facts.translate_numbers(union.vocabulary))
        union.drop_repeats()
        return union

    def translate_numbers(self, target: Vocabulary) -> pl.DataFrame:
        """Return the facts in the numbers of sessions, and the codes, of another vocabulary."""
        frame = self.to_frame()
        numbers = target.sessions.number_sids(self.vocabulary.sessions.list_sids())
        codes = [target.assign_code(each) for each in self.vocabulary.list_attributes()]
        translated = pl.Series(codes, dtype=pl.UInt32).gather(frame["attributes"])
        return frame.with_columns(
            numbers.gather(frame["sid"]).alias("sid"), translated.alias("attributes")
        )

    def drop_repeats(self) -> None:
        """Drop repeated facts."""
        packed, wide = self._concat_parts()
        self._known = order_facts(packed)
        self._packed_parts, self._wide_parts = [self._known], [wide.unique()]
        self.row_count = self._known.height + self._wide_parts[0].height

    def to_distinct_frame(self) -> pl.DataFrame:
        """Return each fact once; those of a session stand together."""
        code_count = len(self.vocabulary)
        return pl.concat(drop_repeats(part, code_count) for part in self.split_by_session())

    def note_counts(self, counts: DistinctCounts) -> None:
        """Note what `count_distinct` would find, and a fold has found."""
        self._counts = counts

    def count_distinct(self) -> DistinctCounts:
        """Count events, distinct by kind, timestamp, sid, id and agent (definitions 1)."""
        if self._counts is None:
            codes = self.vocabulary.tabulate_identities()
            parts = self.split_by_session()
            self._counts = sum((count_part(part, codes) for part in parts), DistinctCounts())
        return self._counts


class _Slice(NamedTuple):
    """Some facts, and the first and the last of their sessions."""

    facts: pl.DataFrame
    first_sid: int
    last_sid: int


def _list_slices(packed: pl.DataFrame) -> list[_Slice]:
    """Return packed facts in slices: sessions that are near in a log are near in number."""
    slices = packed.iter_slices(_SLICE_ROWS)
    bounds: Any = ((each, each["sid"].min(), each["sid"].max()) for each in slices if each.height)
    return [_Slice(*each) for each in bounds]


def _select_slices(slices: Sequence[_Slice], first_sid: int, end_sid: int) -> pl.DataFrame:
    """Return the facts of slices that have some of these sessions."""
    wanted = (
        each.facts for each in slices if each.first_sid < end_sid and each.last_sid >= first_sid
    )
    return pl.concat([NO_PACKED_FACTS, *wanted])
