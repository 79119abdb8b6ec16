"""Segments made into fewer, and without what a later one has anew. Nothing that a store says changes by that."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import polars as pl

from dcevents.errors import StoreError
from dcevents.model.sessions import NUMBER_TYPE
from dcevents.store.disk import files, segment
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.manifest import Manifest, SegmentInfo
from dcevents.store.disk.segment import ATTEMPTS_SCHEMA, TABLE_SCHEMAS, Segment
from dcevents.store.disk.state import StoreState

_DERIVED_TABLES: Final = ("agents", "loose")
"""Tables that follow from the others."""
SEGMENTS_PER_MERGE: Final = 8
_SMALLEST_SEGMENT_FACTS: Final = 1 << 12
_LARGE_SEGMENT_FACTS: Final = 1 << 18
"""Facts from which on a segment is left as it is: reading it costs more than opening it."""
MAX_MERGED_FACTS: Final = 1 << 22
"""Facts of a segment that comes of all of them: so many fit into memory with all that is made of them."""


TimeRange = tuple[int | None, int | None]
"""The earliest and the latest timestamp, milliseconds."""


def choose_segments(manifest: Manifest) -> list[SegmentInfo]:
    """The segments that are to be merged: many of about one size, none large."""
    sizes: dict[int, list[SegmentInfo]] = {}
    for part in manifest.segments:
        if part.fact_count < _LARGE_SEGMENT_FACTS:
            sizes.setdefault(_classify_size(part.fact_count), []).append(part)
    return next((parts for parts in sizes.values() if len(parts) >= SEGMENTS_PER_MERGE), [])


def _classify_size(facts: int) -> int:
    return max(facts, _SMALLEST_SEGMENT_FACTS).bit_length() // SEGMENTS_PER_MERGE.bit_length()


def compact_segments(
    writer: StoreWriter, state: StoreState, segments: Sequence[SegmentInfo], clock: int
) -> Manifest:
    """Merge segments into one, or several large ones; the new manifest comes back. Raises OutputError, StoreError."""
    require_undamaged(state, segments)
    names = {part.name for part in segments}
    written_at = max(part.written_at for part in segments)
    made = [
        write_segment(
            writer,
            files.name_segment(writer.generation, number),
            merged,
            _join_time_ranges(segments),
            written_at,
        )
        for number, merged in enumerate(merge_in_ranges(state, segments, clock))
    ]
    rest = tuple(part for part in state.segments if part.name not in names)
    dead = state.superseded.filter(~pl.col("segment").is_in(list(names)))
    after = replace(
        writer.committed, segments=(*made, *rest), superseded_file=write_superseded(writer, dead)
    )
    gone = {name for name in writer.committed.files if name.rpartition("/")[0] in names}
    return writer.commit_manifest(
        after,
        removed_files=frozenset(
            gone | ({writer.committed.superseded_file or ""} - {after.superseded_file})
        ),
    )


def require_undamaged(state: StoreState, segments: Sequence[SegmentInfo]) -> None:
    """Raises StoreError where a segment's files are not as they were written: that is not to be written again."""
    names = {part.name for part in segments}
    own = {
        name: of for name, of in state.manifest.files.items() if name.rpartition("/")[0] in names
    }
    for name, what in files.find_damage(state.folder, own):
        raise StoreError(f"{state.folder / name}: {what}; see dcevents store verify {state.folder}")


def write_superseded(writer: StoreWriter, superseded: pl.DataFrame) -> str | None:
    """Write which rows are dead; the name of the file comes back, if there are some."""
    return (
        None
        if superseded.is_empty()
        else writer.write_frame(f"dead-{writer.generation:06}.parquet", superseded)
    )


def write_segment(
    writer: StoreWriter, name: str, tables: Segment, time_range: TimeRange, written_at: int
) -> SegmentInfo:
    """Write the tables of a segment."""
    for table, frame in tables.collect_tables().items():
        writer.write_frame(f"{name}/{table}.parquet", frame)
    sids = pl.concat([tables.conversations["sid"], tables.loose["sid"]])
    least, most = (int(sids.min()), int(sids.max())) if sids.len() else (0, 0)  # type: ignore[arg-type]
    last: Any = tables.facts["ts"].to_physical().max()
    return SegmentInfo(
        name,
        tables.facts.height,
        tables.conversations.height,
        least,
        most,
        *time_range,
        written_at,
        last,
    )


def compute_time_range(tables: Segment, clock: int) -> TimeRange:
    """The earliest and the latest timestamp in a segment that are believed."""
    facts = tables.facts.filter(~segment.is_future(clock))["ts"]
    times = pl.concat(
        [facts, tables.conversations["started_at"], tables.conversations["last_at"]]
    ).to_physical()
    return times.min(), times.max()  # type: ignore[return-value]


def _join_time_ranges(parts: Sequence[SegmentInfo]) -> TimeRange:
    first = min((part.earliest for part in parts if part.earliest is not None), default=None)
    return first, max((part.latest for part in parts if part.latest is not None), default=None)


def merge_in_ranges(
    state: StoreState, segments: Sequence[SegmentInfo], clock: int
) -> Iterator[Segment]:
    """The segments that come of some; each has the sessions with numbers in a range."""
    pieces = max(1, -(-sum(part.fact_count for part in segments) // MAX_MERGED_FACTS))
    edges = [(1 << 64) * i // pieces for i in range(pieces + 1)]
    numbers = [state.segments.index(part) for part in segments]
    for least, after in pairwise(edges):
        own = pl.col("sid").is_between(pl.lit(least, NUMBER_TYPE), pl.lit(after - 1, NUMBER_TYPE))
        yield merge_segments(state, numbers, lambda _, frame, own=own: frame.filter(own), clock)  # type: ignore[misc]


def merge_segments(
    state: StoreState,
    numbers: Sequence[int],
    keep_rows: Callable[[str, pl.DataFrame], pl.DataFrame],
    clock: int,
) -> Segment:
    """What is live in some segments (by their places), of the rows that are `left` of each table."""
    found: dict[str, list[pl.DataFrame]] = {
        name: [segment.make_empty_table(name)]
        for name in TABLE_SCHEMAS
        if name not in _DERIVED_TABLES
    }
    for number in numbers:
        for name, frames in found.items():
            frame = state.read_table(state.segments[number], name)
            if name in ("conversations", "attempts"):
                frame = state.drop_superseded(
                    number, frame, frame["row"] if name == "attempts" else None
                )
            frames.append(keep_rows(name, frame))
    tables = {name: pl.concat(frames) for name, frames in found.items()}
    conversations = tables["conversations"].sort("sid", "said")
    rows = conversations.select("sid", "said").with_row_index("row")
    attempts = tables["attempts"].drop("row").join(rows, on=["sid", "said"], how="left")
    facts = tables["facts"].unique().sort("sid", "ts", "said")
    return Segment(
        facts=facts,
        sids=tables["sids"].unique().sort("sid"),
        conversations=conversations,
        attempts=attempts.select(*ATTEMPTS_SCHEMA).sort("row", "attempt"),
        agents=segment.list_agents(facts, state.attributes, clock),
        events=tables["events"].unique().sort("file", "line", "member"),
        loose=facts.select("sid")
        .unique()
        .filter(~pl.col("sid").is_in(conversations["sid"].implode()))
        .sort("sid"),
    )
