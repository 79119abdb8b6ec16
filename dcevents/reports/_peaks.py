"""Chats at one moment (definitions 4)."""

from collections.abc import Sequence

import polars as pl


def add_peaks(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Add `peak`, the most chats of a group at one moment.

    To rows of attempts.
    """
    chats = frame.filter(pl.col("chat") > 0)
    starts = chats.select(*keys, pl.col("accepted_at").alias("at"), pl.lit(1).alias("step"))
    ends = chats.select(*keys, pl.col("ended_at").alias("at"), pl.lit(-1).alias("step"))
    steps = pl.concat([starts, ends]).sort("at", "step")
    if not keys:
        return frame.with_columns(pl.lit(steps["step"].cum_sum().max() or 0).alias("peak"))
    peaks = steps.group_by(keys, maintain_order=True).agg(
        pl.col("step").cum_sum().max().alias("peak")
    )
    return frame.join(peaks, on=keys, how="left", nulls_equal=True)
