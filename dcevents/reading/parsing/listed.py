"""Lists of records on a line each → one record a row, by the column: a third of the time that
replacing takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

_NONE = (1 << 32) - 1
"""Number of no line."""


@dataclass(frozen=True)
class Lists:
    """How such lists are written.

    What stands before the first record of a line, and behind the last.
    """

    opening: str
    closing: str
    seam: ListSeam | None = None
    """What is between two records of a line; None where there is one on each."""

    def rows(self, data: bytes) -> pl.DataFrame | None:
        """`line`, a record, and `on`, how many lines are before it.

        None where a line is something else.
        """
        line = pl.col("line")
        try:
            lines = pl.scan_lines(data, name="line").collect()
        except pl.exceptions.PolarsError:
            return None
        bare = lines.select(
            line.str.strip_prefix(self.opening).str.strip_suffix(self.closing),
            on=pl.int_range(pl.len(), dtype=pl.UInt32),
        )
        if not bare.select((line.str.starts_with("{") & line.str.ends_with("}")).all()).item():
            return None
        return self.seam.cut(bare) if self.seam else bare


class ListSeam(NamedTuple):
    """The end of a record, what stands between.

    And the beginning of the next.
    """

    end: str
    between: str
    begin: str

    def cut(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines (`line`, `on`) cut at the seams."""
        rows = lines.with_columns(pl.col("line").str.split("".join(self))).explode("line")
        first, last = (rows["on"] != rows["on"].shift(n, fill_value=_NONE) for n in (1, -1))
        begin = pl.when(first).then(pl.lit("")).otherwise(pl.lit(self.begin))
        end = pl.when(last).then(pl.lit("")).otherwise(pl.lit(self.end))
        return rows.select(pl.concat_str(begin, "line", end).alias("line"), "on")
