"""Segments made into fewer, and without what a later one has anew. Nothing that a store says changes by that."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import polars as pl

from dcevents.errors import StoreError
from dcevents.model.sessions import NUMBER
from dcevents.store.disk import files, segment
from dcevents.store.disk.files import Writer
from dcevents.store.disk.manifest import Manifest, Part
from dcevents.store.disk.segment import ATTEMPTS, SCHEMAS, Segment
from dcevents.store.disk.state import State

_MADE: Final = ("agents", "loose")
"""Tables that follow from the others."""
FACTOR: Final = 8
_SMALLEST: Final = 1 << 12
_LARGE: Final = 1 << 18
"""Facts from which on a segment is left as it is: reading it costs more than opening it."""
MOST: Final = 1 << 22
"""Facts of a segment that comes of all of them: so many fit into memory with all that is made of them."""


Edges = tuple[int | None, int | None]
"""The earliest and the latest timestamp, milliseconds."""


def due(manifest: Manifest) -> list[Part]:
    """The segments that are to be merged: many of about one size, none large."""
    sizes: dict[int, list[Part]] = {}
    for part in manifest.segments:
        if part.facts < _LARGE:
            sizes.setdefault(_size(part.facts), []).append(part)
    return next((parts for parts in sizes.values() if len(parts) >= FACTOR), [])


def _size(facts: int) -> int:
    return max(facts, _SMALLEST).bit_length() // FACTOR.bit_length()


def compact(writer: Writer, state: State, parts: Sequence[Part], clock: int) -> Manifest:
    """Merge segments into one, or several large ones; the new manifest comes back. Raises OutputError, StoreError."""
    require_sound(state, parts)
    names = {part.name for part in parts}
    written_at = max(part.written_at for part in parts)
    made = [
        put(writer, files.segment(writer.number, number), merged, _edges(parts), written_at)
        for number, merged in enumerate(merged_in_ranges(state, parts, clock))
    ]
    rest = tuple(part for part in state.parts if part.name not in names)
    dead = state.dead.filter(~pl.col("segment").is_in(list(names)))
    after = replace(writer.before, segments=(*made, *rest), dead=put_dead(writer, dead))
    gone = {name for name in writer.before.files if name.rpartition("/")[0] in names}
    return writer.commit(
        after, without=frozenset(gone | ({writer.before.dead or ""} - {after.dead}))
    )


def require_sound(state: State, parts: Sequence[Part]) -> None:
    """Raises StoreError where a segment's files are not as they were written: that is not to be written again."""
    names = {part.name for part in parts}
    own = {
        name: of for name, of in state.manifest.files.items() if name.rpartition("/")[0] in names
    }
    for name, what in files.damage(state.folder, own):
        raise StoreError(f"{state.folder / name}: {what}; see dcevents store verify {state.folder}")


def put_dead(writer: Writer, dead: pl.DataFrame) -> str | None:
    """Write which rows are dead; the name of the file comes back, if there are some."""
    return None if dead.is_empty() else writer.put_frame(f"dead-{writer.number:06}.parquet", dead)


def put(writer: Writer, name: str, of: Segment, edges: Edges, written_at: int) -> Part:
    """Write the tables of a segment."""
    for table, frame in of.tables().items():
        writer.put_frame(f"{name}/{table}.parquet", frame)
    sids = pl.concat([of.conversations["sid"], of.loose["sid"]])
    least, most = (int(sids.min()), int(sids.max())) if sids.len() else (0, 0)  # type: ignore[arg-type]
    last: Any = of.facts["ts"].to_physical().max()
    return Part(
        name, of.facts.height, of.conversations.height, least, most, *edges, written_at, last
    )


def edges_of(of: Segment, clock: int) -> Edges:
    """The earliest and the latest timestamp in a segment that are believed."""
    facts = of.facts.filter(~segment.is_future(clock))["ts"]
    times = pl.concat(
        [facts, of.conversations["started_at"], of.conversations["last_at"]]
    ).to_physical()
    return times.min(), times.max()  # type: ignore[return-value]


def _edges(parts: Sequence[Part]) -> Edges:
    first = min((part.earliest for part in parts if part.earliest is not None), default=None)
    return first, max((part.latest for part in parts if part.latest is not None), default=None)


def merged_in_ranges(state: State, parts: Sequence[Part], clock: int) -> Iterator[Segment]:
    """The segments that come of some; each has the sessions with numbers in a range."""
    pieces = max(1, -(-sum(part.facts for part in parts) // MOST))
    edges = [(1 << 64) * i // pieces for i in range(pieces + 1)]
    numbers = [state.parts.index(part) for part in parts]
    for least, after in pairwise(edges):
        own = pl.col("sid").is_between(pl.lit(least, NUMBER), pl.lit(after - 1, NUMBER))
        yield merged(state, numbers, lambda _, frame, own=own: frame.filter(own), clock)  # type: ignore[misc]


def merged(
    state: State,
    numbers: Sequence[int],
    left: Callable[[str, pl.DataFrame], pl.DataFrame],
    clock: int,
) -> Segment:
    """What is live in some segments (by their places), of the rows that are `left` of each table."""
    found: dict[str, list[pl.DataFrame]] = {
        name: [segment.none(name)] for name in SCHEMAS if name not in _MADE
    }
    for number in numbers:
        for name, frames in found.items():
            frame = state.table(state.parts[number], name)
            if name in ("conversations", "attempts"):
                frame = state.without_dead(
                    number, frame, frame["row"] if name == "attempts" else None
                )
            frames.append(left(name, frame))
    tables = {name: pl.concat(frames) for name, frames in found.items()}
    conversations = tables["conversations"].sort("sid", "said")
    rows = conversations.select("sid", "said").with_row_index("row")
    attempts = tables["attempts"].drop("row").join(rows, on=["sid", "said"], how="left")
    facts = tables["facts"].unique().sort("sid", "ts", "said")
    return Segment(
        facts=facts,
        sids=tables["sids"].unique().sort("sid"),
        conversations=conversations,
        attempts=attempts.select(*ATTEMPTS).sort("row", "attempt"),
        agents=segment.agents(facts, state.said, clock),
        events=tables["events"].unique().sort("file", "line", "member"),
        loose=facts.select("sid")
        .unique()
        .filter(~pl.col("sid").is_in(conversations["sid"].implode()))
        .sort("sid"),
    )
