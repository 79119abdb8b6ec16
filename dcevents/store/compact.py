"""Compaction: segments merged into fewer, without superseded rows.

No report changes by that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import polars as pl

from dcevents.store.disk import files, segment
from dcevents.store.disk.files import StoreWriter
from dcevents.store.disk.manifest import Manifest, SegmentInfo
from dcevents.store.disk.numbering import STORED_NUMBER_TYPE
from dcevents.store.disk.segment import ATTEMPTS_SCHEMA, TABLE_SCHEMAS, Segment
from dcevents.store.disk.state import StoreState

_DERIVED_TABLES: Final = ("agents", "orphans")
"""Tables that are computed from the others."""
SEGMENTS_PER_MERGE: Final = 8
_SMALLEST_SEGMENT_FACTS: Final = 1 << 12
_LARGE_SEGMENT_FACTS: Final = 1 << 18
"""Facts from which on a segment is left as it is: reading it costs more than opening it."""
MAX_MERGED_FACTS: Final = 1 << 22
"""Facts of one merged segment: so many fit into memory with all tables made of them."""


TimeRange = tuple[int | None, int | None]
"""The earliest and the latest timestamp, milliseconds."""


def choose_segments(manifest: Manifest) -> list[SegmentInfo]:
    """Return segments to merge: many of one size, none large."""
    sizes: dict[int, list[SegmentInfo]] = {}
    for each in manifest.segments:
        if each.fact_count < _LARGE_SEGMENT_FACTS:
            sizes.setdefault(_classify_size(each.fact_count), []).append(each)
    return next((alike for alike in sizes.values() if len(alike) >= SEGMENTS_PER_MERGE), [])


def _classify_size(facts: int) -> int:
    return max(facts, _SMALLEST_SEGMENT_FACTS).bit_length() // SEGMENTS_PER_MERGE.bit_length()


def compact_segments(
    writer: StoreWriter,
    state: StoreState,
    segments: Sequence[SegmentInfo],
    clock: int,
    *,
    drops_attributes: bool = False,
) -> Manifest:
    """Merge segments into one, or several large ones.

    All segments at once may drop attributes that no row has any more: others get their codes.
    Return the new manifest. Raises OutputError, and StoreError where a segment is damaged.
    """
    former = writer.committed
    names = {each.name for each in segments}
    time_range = _join_time_ranges(segments)
    written_at = max(each.written_at for each in segments)
    numbers = _number_used(state) if drops_attributes else None
    made = [
        join_runs(
            write_segment(
                writer,
                files.name_segment(writer.generation, number),
                merged if numbers is None else _renumber_codes(merged, numbers),
                time_range,
                written_at,
            ),
            segments,
        )
        for number, merged in enumerate(merge_in_ranges(state, segments, clock))
    ]
    others = tuple(each for each in state.segments if each.name not in names)
    superseded = state.superseded.filter(~pl.col("segment").is_in(list(names)))
    superseded_file = writer.write_superseded(superseded)
    after = replace(former, segments=(*made, *others), superseded_file=superseded_file)
    if numbers is not None:
        used = state.attributes.filter(numbers.is_not_null())
        after = replace(after, attributes_files=(writer.write_attributes(used),))
    elif drops_attributes and len(former.attributes_files) > 1:
        after = replace(after, attributes_files=(writer.write_attributes(state.attributes),))
    return writer.commit_manifest(after)


def _number_used(state: StoreState) -> pl.Series | None:
    """Return code → new code, null for attributes that no row has; None where all are in use."""
    codes = [
        segment.collect_codes(state.read_tables(table, columns), columns)
        for table, columns in segment.CODE_COLUMNS.items()
    ]
    used = pl.concat(codes).unique().sort()
    if used.len() == state.attributes.height:
        return None
    numbers = pl.repeat(None, state.attributes.height, dtype=pl.UInt32, eager=True)
    new = pl.int_range(used.len(), dtype=pl.UInt32, eager=True)
    return numbers.scatter(used, new)


def _renumber_codes(tables: Segment, numbers: pl.Series) -> Segment:
    """Return tables with new codes of attributes, which are in the order of the old ones."""
    renumbered = {
        table: getattr(tables, table).with_columns(
            numbers.gather(getattr(tables, table)[column]).alias(column) for column in columns
        )
        for table, columns in segment.CODE_COLUMNS.items()
    }
    return replace(tables, **renumbered)


def join_runs(info: SegmentInfo, segments: Sequence[SegmentInfo]) -> SegmentInfo:
    """Return a segment as one with the facts of the runs of others."""
    ends = [each.last_run for each in segments]
    last = None if None in ends else max(each for each in ends if each is not None)
    return replace(info, first_run=min(each.first_run for each in segments), last_run=last)


def write_segment(
    writer: StoreWriter, name: str, tables: Segment, time_range: TimeRange, written_at: int
) -> SegmentInfo:
    """Write the tables of a segment."""
    frames = tables.collect_files()
    writer.write_frames({f"{name}/{table}.parquet": frame for table, frame in frames.items()})
    sids = pl.concat([tables.conversations["sid"], tables.orphans["sid"]])
    least: Any = sids.min()
    greatest: Any = sids.max()
    latest_of_all: Any = tables.facts["ts"].to_physical().max()
    return SegmentInfo(
        name,
        tables.facts.height,
        tables.conversations.height,
        least or 0,
        greatest or 0,
        *time_range,
        written_at,
        latest_of_all,
        writer.generation,
        writer.generation,
        tables.sids.height,
    )


def compute_time_range(tables: Segment, clock: int) -> TimeRange:
    """Return the earliest and the latest believed timestamp."""
    facts = tables.facts.filter(segment.is_timed(clock))["ts"]
    shown = tables.conversations
    times = pl.concat([facts, shown["started_at"], shown["last_at"]]).to_physical()
    return times.min(), times.max()  # type: ignore[return-value]


def _join_time_ranges(segments: Sequence[SegmentInfo]) -> TimeRange:
    earliest = [each.earliest for each in segments if each.earliest is not None]
    latest = [each.latest for each in segments if each.latest is not None]
    return min(earliest, default=None), max(latest, default=None)


def merge_in_ranges(
    state: StoreState, segments: Sequence[SegmentInfo], clock: int
) -> Iterator[Segment]:
    """Yield merged segments.

    Each has the sessions with numbers in a range.
    """
    numbers = [state.segments.index(each) for each in segments]
    for is_own in _list_ranges(sum(each.fact_count for each in segments)):
        yield merge_segments(state, numbers, _make_filter(is_own), clock)


def split_by_sessions(facts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield facts in parts of whole sessions, each for a segment of its own."""
    for is_own in _list_ranges(facts.height):
        yield facts.filter(is_own)


def _list_ranges(facts: int) -> Iterator[pl.Expr]:
    """Yield conditions for ranges of sessions, of about MAX_MERGED_FACTS facts each."""
    ranges = max(1, -(-facts // MAX_MERGED_FACTS))
    edges = [(1 << 64) * i // ranges for i in range(ranges + 1)]
    for least, after in pairwise(edges):
        yield pl.col("sid").is_between(
            pl.lit(least, STORED_NUMBER_TYPE), pl.lit(after - 1, STORED_NUMBER_TYPE)
        )


def _make_filter(condition: pl.Expr) -> Callable[[str, pl.DataFrame], pl.DataFrame]:
    return lambda _, frame: frame.filter(condition)


def merge_segments(
    state: StoreState,
    numbers: Sequence[int],
    keep_rows: Callable[[str, pl.DataFrame], pl.DataFrame],
    clock: int,
) -> Segment:
    """Merge segments (by their places) without superseded rows.

    `keep_rows(name, frame)` returns the rows of a table to keep.
    """
    tables = {
        name: _concatenate_table(state, numbers, name, keep_rows)
        for name in TABLE_SCHEMAS
        if name not in _DERIVED_TABLES
    }
    conversations = tables["conversations"].sort("sid", "attributes")
    rows = conversations.select("sid", "attributes").with_row_index("row")
    attempts = tables["attempts"].drop("row").join(rows, on=["sid", "attributes"], how="left")
    facts = tables["facts"].unique().sort("sid", "ts", "attributes")
    # Where conversations were removed, a session may have left its sid only.
    sessions = pl.concat([facts["sid"], tables["sids"]["sid"]]).unique().sort()
    return Segment(
        facts=facts,
        sids=tables["sids"].unique().sort("sid"),
        conversations=conversations,
        attempts=attempts.select(*ATTEMPTS_SCHEMA).sort("row", "attempt"),
        agents=segment.list_agents(facts, state.attributes, clock),
        events=tables["events"].unique().sort("file", "line", "member"),
        orphans=sessions.filter(~sessions.is_in(conversations["sid"].implode())).to_frame(),
    )


def _concatenate_table(
    state: StoreState,
    numbers: Sequence[int],
    name: str,
    keep_rows: Callable[[str, pl.DataFrame], pl.DataFrame],
) -> pl.DataFrame:
    frames = [segment.make_empty_table(name)]
    for number in numbers:
        frame = state.read_table(state.segments[number], name)
        if name in ("conversations", "attempts"):
            row = frame["row"] if name == "attempts" else None
            frame = state.drop_superseded(number, frame, row)
        frames.append(keep_rows(name, frame))
    return pl.concat(frames)
