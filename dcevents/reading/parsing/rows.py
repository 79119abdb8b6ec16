"""Rows that are not the lines of their input: one record each, and where they stand in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

PLACES = {"row": pl.UInt32, "line": pl.UInt64, "member": pl.UInt32}
"""Where rows stand: how many lines of the block are before, and the record's number in its
line; null: the only one.
"""


def places_on(lines: Sequence[int]) -> pl.DataFrame:
    """PLACES of records that begin on these lines of a block, in order."""
    frame = pl.DataFrame(
        {"row": range(len(lines)), "line": lines}, schema={"row": pl.UInt32, "line": pl.UInt64}
    )
    number = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("line")
    return frame.with_columns(
        pl.when(pl.len().over("line") > 1).then(number).alias("member")
    ).select(pl.col(name).cast(kind) for name, kind in PLACES.items())


@dataclass
class Rows:
    """One record a row.

    `lines` is how many line ends they are made of.
    """

    data: bytes | pl.DataFrame
    """LF behind each row; or a column `line`."""
    unterminated: Collection[int] = ()
    lines: int | None = None
    """None: as many as rows."""
    on_last_line: int = 0
    """Records behind the last line end, where the line may go on."""
    exactly: Callable[[], Rows] | None = None
    """Where this is a guess: the same, cut slowly and surely."""
    timed: bool = True
    """Whether records that have no time of their own have their collector's."""
    find_places: Callable[[], pl.DataFrame] | None = None
    find_raw: Callable[[int, bytes], bytes] | None = None

    def texts(self) -> list[bytes]:
        """Each row by itself."""
        if isinstance(self.data, bytes):
            return self.data.removesuffix(b"\n").split(b"\n")
        return [text.encode() for text in self.data["line"]]

    @cached_property
    def places(self) -> pl.DataFrame | None:
        """PLACES of all rows, in order.

        None where each row is a line.
        """
        return self.find_places() if self.find_places else None

    def raw(self, row: int, text: bytes) -> bytes:
        """Return what stands in the input where a row says `text`."""
        return self.find_raw(row, text) if self.find_raw else text

    def is_wrong(self, *, invalid: bool, untimed: bool) -> bool:
        """Return whether a guess has turned out to be one.

        By whether rows were no JSON, or had no time.
        """
        return self.exactly is not None and (invalid if self.timed else invalid or untimed)
