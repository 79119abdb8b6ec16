"""Facts in as few bytes as they need.

Most facts are *packed*, in 12 bytes: time and code fit into one number, from 1970 to 2109 and for
4 million codes. Facts that do not fit are kept *wide*, in the columns of FACT_SCHEMA.
"""

import ctypes
from array import array
from typing import Final, NamedTuple

import polars as pl

from dcevents.model.moments import FUTURE, UNTIMED
from dcevents.model.texts import NUMBER_TYPE, Translation, check_result
from dcevents.native import arrow

FACT_SCHEMA = {"sid": NUMBER_TYPE, "attributes": pl.UInt32, "ts": pl.Int64}
"""Columns of a fact; `ts` in milliseconds, or UNTIMED, FUTURE or ANCIENT."""

CODE_BITS: Final = 22
"""The bits of a code in a packed number; those above are the time's."""
PACKED_UNTIMED: Final = (1 << 64 - CODE_BITS) - 3
"""UNTIMED as a packed time; FUTURE is one more, ANCIENT two."""
_UNTIMED_SHIFT: Final = UNTIMED - PACKED_UNTIMED

END_OF_SIDS: Final = 1 << 32
"""More than any number of a session."""
_FAR_MS: Final = (1 << 63) - 1
"""Later than any time."""

NO_WIDE_FACTS: Final = pl.DataFrame(schema=FACT_SCHEMA)
NO_PACKED_FACTS: Final = pl.DataFrame(schema={"sid": NUMBER_TYPE, "time_and_attributes": pl.UInt64})


class FactPart(NamedTuple):
    """The facts of the sessions from `first_sid` to `end_sid`, which is not among them.

    The frames may have facts of other sessions, too.
    """

    packed: pl.DataFrame
    wide: pl.DataFrame
    first_sid: int
    end_sid: int

    def to_frame(self) -> pl.DataFrame:
        """Return the facts in FACT_SCHEMA; they may be repeated."""
        sid = pl.col("sid").cast(pl.UInt64)
        is_inside = (sid >= self.first_sid) & (sid < self.end_sid)
        return unpack_rows(self.packed.filter(is_inside), self.wide.filter(is_inside))


def pack_rows(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the packed facts, and those that stay wide."""
    code, ts = pl.col("attributes"), pl.col("ts")
    time = pl.when(ts < UNTIMED).then(ts).otherwise(ts - _UNTIMED_SHIFT)
    number = time.cast(pl.UInt64, strict=False) * (1 << CODE_BITS) + code
    fits = (code < 1 << CODE_BITS) & (ts >= 0) & ((ts < PACKED_UNTIMED) | (ts >= UNTIMED))
    packed = rows.select("sid", number.alias("time_and_attributes"), fits.alias("fits"))
    if packed["fits"].all():
        return packed.drop("fits"), NO_WIDE_FACTS
    wide = rows.select(*FACT_SCHEMA).filter(~packed["fits"])
    return packed.filter("fits").drop("fits"), wide


def unpack_rows(packed: pl.DataFrame, wide: pl.DataFrame) -> pl.DataFrame:
    """Return facts in FACT_SCHEMA."""
    number = pl.col("time_and_attributes")
    time = (number // (1 << CODE_BITS)).cast(pl.Int64)
    unpacked = packed.select(
        "sid",
        (number % (1 << CODE_BITS)).cast(pl.UInt32).alias("attributes"),
        restore_untimed(time).alias("ts"),
    )
    return pl.concat([unpacked, wide])


def restore_untimed(time: pl.Expr) -> pl.Expr:
    """Return packed times (Int64) as they stand in facts."""
    return pl.when(time < PACKED_UNTIMED).then(time).otherwise(time + _UNTIMED_SHIFT)


def unpack_codes(packed: pl.DataFrame) -> pl.Series:
    """Return the codes of packed facts."""
    return packed["time_and_attributes"] % (1 << CODE_BITS)


def unpack_times(packed: pl.DataFrame) -> pl.Series:
    """Return the times of packed facts, those that are none beyond 2109."""
    return packed["time_and_attributes"] // (1 << CODE_BITS)


class EventNumbers(NamedTuple):
    """Columns of events whose sessions and attributes have numbers of their own."""

    sessions: bytes
    """UInt32: places in `session_numbers`."""
    attributes: bytes
    """UInt32: places in `codes`."""
    times: bytes
    """Int64: milliseconds, UNTIMED or ANCIENT."""
    session_numbers: "array[int]"
    codes: "array[int]"


class PackedEvents(NamedTuple):
    """Facts of events, and how many of the events are none, or untimed."""

    facts: pl.DataFrame
    first_ms: int
    """The first of their times; later than the last where no event has one."""
    last_ms: int
    later: int
    """Events after as-of, which are left out."""
    untimed: int

    @property
    def height(self) -> int:
        """Return how many facts there are."""
        return self.facts.height


class _Events(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_uint64),
        ("sessions", ctypes.c_char_p),
        ("attributes", ctypes.c_char_p),
        ("times", ctypes.c_char_p),
        ("session_numbers", Translation),
        ("codes", Translation),
        ("last_believed", ctypes.c_int64),
        ("as_of", ctypes.c_int64),
        ("untimed", ctypes.c_int64),
        ("future", ctypes.c_int64),
        ("packed_untimed", ctypes.c_int64),
        ("code_bits", ctypes.c_uint32),
    )


class _PackedFacts(ctypes.Structure):
    _fields_ = (
        ("sids", ctypes.c_void_p),
        ("words", ctypes.c_void_p),
        ("count", ctypes.c_uint64),
        ("later", ctypes.c_uint64),
        ("untimed", ctypes.c_uint64),
        ("first", ctypes.c_int64),
        ("last", ctypes.c_int64),
        ("wide", ctypes.c_uint64),
    )


def pack_events(
    library: ctypes.CDLL, events: EventNumbers, last_believed_ms: int, as_of_ms: int | None
) -> PackedEvents | None:
    """Return the packed facts of events; None if some of them have to be wide.

    Times after `last_believed_ms` are FUTURE.
    """
    size = len(events.sessions)
    sids, words = arrow.allocate(library, size), arrow.allocate(library, 2 * size)
    given = _Events(
        count=size // ctypes.sizeof(ctypes.c_uint32),
        sessions=events.sessions,
        attributes=events.attributes,
        times=events.times,
        session_numbers=Translation.of(events.session_numbers),
        codes=Translation.of(events.codes),
        last_believed=last_believed_ms,
        as_of=_FAR_MS if as_of_ms is None else as_of_ms,
        untimed=UNTIMED,
        future=FUTURE,
        packed_untimed=PACKED_UNTIMED,
        code_bits=CODE_BITS,
    )
    found = _PackedFacts(sids=sids.address, words=words.address)
    check_result(library.dcevents_pack_facts(ctypes.byref(given), ctypes.byref(found)))
    if found.wide:
        return None
    facts = {
        "sid": sids.make_series(NUMBER_TYPE, found.count),
        "time_and_attributes": words.make_series(pl.UInt64, found.count),
    }
    return PackedEvents(pl.DataFrame(facts), found.first, found.last, found.later, found.untimed)
