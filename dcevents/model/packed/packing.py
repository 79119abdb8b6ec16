"""Facts in as few bytes as they need.

Most facts are *packed*, in 12 bytes: see `packed_events`. Facts that do not fit are kept *wide*, in
the columns of FACT_SCHEMA.
"""

from typing import Final, NamedTuple

import polars as pl

from dcevents.model.moments import UNTIMED
from dcevents.model.numbers import packed_events
from dcevents.model.numbers.packed_events import PACKED_UNTIMED, PackedEvents
from dcevents.model.texts import NUMBER_TYPE
from dcevents.native import arrow

FACT_SCHEMA = {"sid": NUMBER_TYPE, "attributes": pl.UInt32, "ts": pl.Int64}
"""Columns of a fact; `ts` in milliseconds, or UNTIMED, FUTURE or ANCIENT."""

_UNTIMED_SHIFT: Final = UNTIMED - PACKED_UNTIMED

END_OF_SIDS: Final = 1 << 32
"""More than any number of a session."""

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
    number = time.cast(pl.UInt64, strict=False) * (1 << packed_events.CODE_BITS) + code
    fits = (
        (code < 1 << packed_events.CODE_BITS)
        & (ts >= 0)
        & ((ts < PACKED_UNTIMED) | (ts >= UNTIMED))
    )
    packed = rows.select("sid", number.alias("time_and_attributes"), fits.alias("fits"))
    if packed["fits"].all():
        return packed.drop("fits"), NO_WIDE_FACTS
    wide = rows.select(*FACT_SCHEMA).filter(~packed["fits"])
    return packed.filter("fits").drop("fits"), wide


def unpack_rows(packed: pl.DataFrame, wide: pl.DataFrame) -> pl.DataFrame:
    """Return facts in FACT_SCHEMA."""
    number = pl.col("time_and_attributes")
    time = (number // (1 << packed_events.CODE_BITS)).cast(pl.Int64)
    unpacked = packed.select(
        "sid",
        (number % (1 << packed_events.CODE_BITS)).cast(pl.UInt32).alias("attributes"),
        restore_untimed(time).alias("ts"),
    )
    return pl.concat([unpacked, wide])


def restore_untimed(time: pl.Expr) -> pl.Expr:
    """Return packed times (Int64) as they stand in facts."""
    return pl.when(time < PACKED_UNTIMED).then(time).otherwise(time + _UNTIMED_SHIFT)


def unpack_codes(packed: pl.DataFrame) -> pl.Series:
    """Return the codes of packed facts."""
    return packed["time_and_attributes"] % (1 << packed_events.CODE_BITS)


def unpack_times(packed: pl.DataFrame) -> pl.Series:
    """Return the times of packed facts, those that are none beyond 2109."""
    return packed["time_and_attributes"] // (1 << packed_events.CODE_BITS)


def frame_packed(events: PackedEvents) -> pl.DataFrame:
    """Return packed facts as a frame."""
    facts = {
        "sid": arrow.make_series(events.sids, NUMBER_TYPE, events.height),
        "time_and_attributes": arrow.make_series(events.words, pl.UInt64, events.height),
    }
    return pl.DataFrame(facts)
