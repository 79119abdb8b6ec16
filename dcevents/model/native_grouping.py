"""The library's grouping of facts: `native/grouping.h`."""

import ctypes
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import polars as pl

from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    LIVE_CHAT_KINDS,
    MEETING_BOOKED,
    STEP_KINDS,
    TRIGGERED,
)
from dcevents.model.moments import UNTIMED
from dcevents.model.numbers import packed_events
from dcevents.model.packed.packing import FACT_SCHEMA, FactPart
from dcevents.model.texts import NUMBER_TYPE
from dcevents.native import arrow
from dcevents.native.memory import Memory

NO_EVENT_MS: Final = 1 << 61
"""The first time of no events; more than UNTIMED, which is that of untimed ones."""
NO_TIME_MS: Final = -(1 << 60)
"""The last time of events of which none has one."""
NO_STEP: Final = 255
"""In a column of steps: there is none."""

_GROUP_COLUMNS: Final[dict[str, Any]] = {
    "conversation_key": pl.UInt64,
    "first_at": pl.Int64,
    "shown_at": pl.Int64,
    "engaged_at": pl.Int64,
    "completed_at": pl.Int64,
    "active_at": pl.Int64,
    "closed_at": pl.Int64,
    "meetings": pl.UInt32,
    "kind_bits": pl.UInt16,
    "step": pl.UInt8,
}
_CHAT_COLUMNS: Final[dict[str, Any]] = {
    "conversation_key": pl.UInt64,
    "ts": pl.Int64,
    "agent": pl.UInt32,
    "kind": pl.UInt8,
}
_TEXT_COLUMNS: Final[dict[str, Any]] = {"conversation_key": pl.UInt64, "rank": pl.UInt32}
_FACT_COLUMNS: Final[dict[str, Any]] = {
    "ts": pl.Int64,
    "sid": NUMBER_TYPE,
    "attributes": pl.UInt32,
}
_INVALID_FACT: Final = -2
_NO_FACT_MS: Final = -(1 << 61)


class _Facts(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_uint64),
        ("sids", ctypes.c_void_p),
        ("packed", ctypes.c_void_p),
        ("codes", ctypes.c_void_p),
        ("times", ctypes.c_void_p),
    )


class _Settings(ctypes.Structure):
    _fields_ = (
        ("first_sid", ctypes.c_uint64),
        ("end_sid", ctypes.c_uint64),
        ("id_ranks", ctypes.c_void_p),
        ("agents", ctypes.c_void_p),
        ("kinds", ctypes.c_void_p),
        ("text_ranks", ctypes.c_void_p),
        ("code_count", ctypes.c_uint64),
        ("untimed", ctypes.c_int64),
        ("packed_untimed", ctypes.c_int64),
        ("no_event", ctypes.c_int64),
        ("no_time", ctypes.c_int64),
        ("code_bits", ctypes.c_uint32),
        ("id_bits", ctypes.c_uint32),
        ("live_chat_kinds", ctypes.c_uint16),
        ("step_kinds", ctypes.c_uint16),
        ("shown", ctypes.c_uint8),
        ("closed", ctypes.c_uint8),
        ("completed", ctypes.c_uint8),
        ("booked", ctypes.c_uint8),
        ("makes_groups", ctypes.c_uint8),
        ("makes_facts", ctypes.c_uint8),
        ("takes_latest", ctypes.c_uint8),
    )


class _Table(ctypes.Structure):
    _fields_ = (
        ("rows", ctypes.c_uint64),
        ("columns", ctypes.c_void_p * len(_GROUP_COLUMNS)),
    )


class _Grouping(ctypes.Structure):
    _fields_ = (
        ("groups", _Table),
        ("chats", _Table),
        ("texts", _Table),
        ("facts", _Table),
        ("events", ctypes.c_uint64),
        ("untimed", ctypes.c_uint64),
        ("second_untimed", ctypes.c_uint64),
        ("third_untimed", ctypes.c_uint64),
    )

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Return the fields of `grouping.DistinctCounts`."""
        return self.events, self.untimed, self.second_untimed, self.third_untimed


def group_part(
    library: ctypes.CDLL, part: FactPart, codes: pl.DataFrame, id_bits: int
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[int, int, int, int]]:
    """Return the fields of `grouping.GroupedPart`."""
    found = _call_library(library, part, codes, _Settings(id_bits=id_bits, makes_groups=1))
    chats = _make_frame(library, found.chats, _CHAT_COLUMNS)
    agent = pl.col("agent")
    return (
        _make_frame(library, found.groups, _GROUP_COLUMNS),
        chats.with_columns(pl.when(agent > 0).then(agent)),
        found.counts,
    )


def count_part(
    library: ctypes.CDLL, part: FactPart, codes: pl.DataFrame
) -> tuple[int, int, int, int]:
    """Return the fields of `grouping.DistinctCounts`."""
    return _call_library(library, part, codes, _Settings()).counts


def choose_texts(
    library: ctypes.CDLL, part: FactPart, codes: pl.DataFrame, id_bits: int, *, latest: bool
) -> pl.DataFrame:
    """Return columns conversation_key and rank of conversations that have a text."""
    settings = _Settings(id_bits=id_bits, takes_latest=latest)
    found = _call_library(library, part, codes, settings)
    return _make_frame(library, found.texts, _TEXT_COLUMNS)


def find_last_times(library: ctypes.CDLL, part: FactPart, code_count: int) -> pl.Series:
    """Return by code the last time of its facts.

    NO_TIME_MS where none has one; less than that where there are no facts.
    """
    times = array("q", [_NO_FACT_MS]) * code_count
    settings = _Settings(
        code_bits=packed_events.CODE_BITS,
        code_count=code_count,
        untimed=UNTIMED,
        packed_untimed=packed_events.PACKED_UNTIMED,
        no_time=NO_TIME_MS,
    )
    with ExitStack() as opened:
        chunks = _open_chunks(opened, part)
        result = library.dcevents_find_last_times(
            chunks,
            ctypes.c_uint64(len(chunks)),
            ctypes.byref(settings),
            ctypes.c_void_p(times.buffer_info()[0]),
        )
    _check_result(result)
    return arrow.copy_numbers(times, pl.Int64)


def drop_repeats(library: ctypes.CDLL, part: FactPart, code_count: int) -> pl.DataFrame:
    """Return each fact once, in FACT_SCHEMA."""
    nothing = pl.repeat(0, code_count, dtype=pl.UInt32, eager=True)
    codes = pl.DataFrame(dict.fromkeys(("id_rank", "agent", "kind"), nothing))
    found = _call_library(library, part, codes, _Settings(makes_facts=1))
    return _make_frame(library, found.facts, _FACT_COLUMNS).select(*FACT_SCHEMA)


def _call_library(
    library: ctypes.CDLL, part: FactPart, codes: pl.DataFrame, settings: _Settings
) -> _Grouping:
    """Group a part; `settings` says what is wanted."""
    found = _Grouping()
    settings.first_sid, settings.end_sid = part.first_sid, part.end_sid
    settings.untimed, settings.packed_untimed = UNTIMED, packed_events.PACKED_UNTIMED
    settings.no_event, settings.no_time = NO_EVENT_MS, NO_TIME_MS
    settings.code_bits, settings.code_count = packed_events.CODE_BITS, codes.height
    settings.live_chat_kinds = sum(1 << kind for kind in LIVE_CHAT_KINDS)
    settings.step_kinds = sum(1 << kind for kind in STEP_KINDS)
    settings.shown, settings.closed = TRIGGERED, CLOSED
    settings.completed, settings.booked = COMPLETED, MEETING_BOOKED
    with ExitStack() as opened:
        settings.id_ranks = _open_column(opened, codes["id_rank"].cast(pl.UInt32))
        settings.agents = _open_column(opened, codes["agent"].cast(pl.UInt32).fill_null(0))
        if "rank" in codes.columns:
            settings.text_ranks = _open_column(opened, codes["rank"].cast(pl.UInt32))
        settings.kinds = _open_column(opened, codes["kind"].cast(pl.UInt8))
        chunks = _open_chunks(opened, part)
        result = library.dcevents_group_facts(
            chunks,
            ctypes.c_uint64(len(chunks)),
            ctypes.byref(settings),
            ctypes.byref(found),
        )
    _check_result(result)
    return found


def _check_result(result: int) -> None:
    if result == _INVALID_FACT:
        raise ValueError("a fact has attributes that are none")
    if result:
        raise MemoryError


def _open_chunks(opened: ExitStack, part: FactPart) -> "ctypes.Array[_Facts]":
    """Return the chunks of a part's facts, which stay open for a while."""
    chunks = [
        *_open_facts(opened, part.packed, ("sids", "packed")),
        *_open_facts(opened, part.wide, ("sids", "codes", "times")),
    ]
    return (_Facts * len(chunks))(*chunks)


def _open_column(opened: ExitStack, column: pl.Series) -> int:
    """Return the address of a column's values."""
    _, chunks = opened.enter_context(arrow.open_series(column.rechunk()))
    return arrow.find_values(chunks[0], column.dtype) if chunks else 0


def _open_facts(opened: ExitStack, frame: pl.DataFrame, names: tuple[str, ...]) -> Iterator[_Facts]:
    """Yield the chunks of a frame, whose columns are those that names say."""
    if frame.is_empty():
        return
    lengths = [list(map(len, column.get_chunks())) for column in frame]
    columns = frame if lengths.count(lengths[0]) == len(lengths) else frame.rechunk()
    found = [opened.enter_context(arrow.open_series(column))[1] for column in columns]
    for chunks in zip(*found, strict=True):
        addresses = map(arrow.find_values, chunks, frame.dtypes)
        yield _Facts(count=chunks[0].length, **dict(zip(names, addresses, strict=True)))


def _make_frame(library: ctypes.CDLL, table: _Table, columns: dict[str, Any]) -> pl.DataFrame:
    found = [
        arrow.make_series(Memory(library, address), dtype, table.rows).alias(name)
        for (name, dtype), address in zip(columns.items(), table.columns, strict=False)
    ]
    return pl.DataFrame(found)
