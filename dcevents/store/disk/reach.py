"""Conversations of a segment that a report is of, and the pieces in which they lie."""

from collections.abc import Iterator

import polars as pl

from dcevents.settings import Window
from dcevents.store.disk.manifest import SegmentInfo


def is_in_reach(info: SegmentInfo, window: Window) -> bool:
    """Return whether a conversation may have started in a window."""
    if not window:
        return True
    if info.earliest is None or info.latest is None:
        return False
    begins = window.until is None or info.earliest < window.until
    return begins and (window.since is None or info.latest >= window.since)


def select_starts(window: Window) -> pl.Expr:
    """Return whether a conversation starts in a window.

    Where it has no end, those without a start are in it.
    """
    started_at = pl.col("started_at").to_physical()
    is_wanted = pl.lit(value=True)
    if window.since is not None:
        is_wanted = started_at >= window.since
    if window.until is not None:
        return is_wanted & (started_at < window.until)
    return is_wanted | started_at.is_null()


def list_chunks(frame: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the chunks of a frame, each with the number of its first row.

    polars would copy all columns to put one beside them that is of other chunks.
    """
    begin = 0
    for height in frame.to_series().chunk_lengths():
        yield begin, frame.slice(begin, height)
        begin += height
