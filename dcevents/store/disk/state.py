"""A store's tables, read as they are needed."""

import os
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Final

import polars as pl

from dcevents.errors import StoreError
from dcevents.model.attributes import Vocabulary
from dcevents.model.sessions import NUMBER_TYPE
from dcevents.settings import Window
from dcevents.store.disk import segment
from dcevents.store.disk.manifest import Manifest, SegmentInfo
from dcevents.store.disk.segment import Segment

SUPERSEDED_SCHEMA: Final = {"segment": pl.String, "row": pl.UInt32}
"""Rows of conversations that a later segment has anew."""
NO_WINDOW: Final = Window()
_ROWS_SCHEMA: Final = {"sid": NUMBER_TYPE, "segment": pl.UInt32, "row": pl.UInt32}


def _return_unchanged(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def _is_in_reach(part: SegmentInfo, window: Window) -> bool:
    """Whether something in a segment may have started in a window."""
    if not window:
        return True
    if part.earliest is None or part.latest is None:
        return False
    begins = window.until is None or part.earliest < window.until
    return begins and (window.since is None or part.latest >= window.since)


@dataclass(frozen=True)
class StoreState:
    """A store as a manifest has it, and perhaps a segment that is in no store: of logs beside it."""

    folder: Path
    manifest: Manifest
    extra_segment: Segment | None = None
    extra_superseded: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=SUPERSEDED_SCHEMA)
    )
    extra_attributes: pl.DataFrame | None = None
    """All contents, if there are more than the store has."""
    window: Window = NO_WINDOW
    """Of conversations and attempts only those that start in it are asked for; others may be left out."""

    @property
    def segments(self) -> Sequence[SegmentInfo]:
        """The segments of the store."""
        return self.manifest.segments

    @cached_property
    def row_offsets(self) -> list[int]:
        """How many rows of conversations are before each segment, and before the one beside."""
        return [0, *accumulate(part.conversation_count for part in self.segments)]

    @property
    def conversation_count(self) -> int:
        """How many conversations the store has."""
        return sum(part.conversation_count for part in self.segments) - self.superseded.height

    # -- contents ------------------------------------------------------------------------------------------------

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """All contents; a content's code is its row."""
        if self.extra_attributes is not None:
            return self.extra_attributes
        name = self.manifest.attributes_file
        return (
            pl.DataFrame(schema=segment.ATTRIBUTES_SCHEMA)
            if name is None
            else self._read_file(name)
        )

    def make_vocabulary(self) -> Vocabulary:
        """The contents' codes, to go on from."""
        return segment.make_vocabulary(self.attributes)

    # -- tables --------------------------------------------------------------------------------------------------

    def read_table(
        self, part: SegmentInfo, name: str, columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """A table of a segment. Raises StoreError where it is damaged."""
        path = f"{part.name}/{name}.parquet"
        found = (
            self._read_file(path, columns)
            if path in self.manifest.files
            else segment.make_empty_table(name)
        )
        return found.select(columns) if columns else found

    def read_tables(
        self, name: str, columns: Sequence[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """A table of each segment, the one beside too."""
        for number in range(len(self.segments) + (self.extra_segment is not None)):
            yield self._read_nth_table(name, number, columns)

    def _read_nth_table(
        self, name: str, number: int, columns: Sequence[str] | None
    ) -> pl.DataFrame:
        """A table of the segment in this place; behind the last one is the one beside."""
        if number < len(self.segments):
            part = self.segments[number]
            is_left_out = name in ("conversations", "attempts") and not _is_in_reach(
                part, self.window
            )
            return (
                segment.make_empty_table(name).select(columns or pl.all())
                if is_left_out
                else self.read_table(part, name, columns)
            )
        found: pl.DataFrame = getattr(self.extra_segment, name)
        return found.select(columns) if columns else found

    def read_live_conversations(
        self,
        columns: Sequence[str],
        then: Callable[[pl.DataFrame], pl.DataFrame] = _return_unchanged,
    ) -> pl.DataFrame:
        """The rows of all conversations as they are now, with `conv`, the row's number in all segments.

        `then` is done with those of each segment, as long as they are in the processor's cache.
        """

        def read_segment(number: int) -> pl.DataFrame:
            frame = self._read_nth_table("conversations", number, columns)
            begin = self.row_offsets[number]
            conv = pl.int_range(begin, begin + frame.height, dtype=pl.UInt32, eager=True).alias(
                "conv"
            )
            return then(self.drop_superseded(number, frame.with_columns(conv)))

        none = (
            segment.make_empty_table("conversations")
            .select(columns)
            .with_columns(pl.lit(0, pl.UInt32).alias("conv"))
        )
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return pl.concat(
                [
                    then(none),
                    *pool.map(
                        read_segment, range(len(self.segments) + (self.extra_segment is not None))
                    ),
                ]
            )

    def drop_superseded(
        self, number: int, frame: pl.DataFrame, row: pl.Series | None = None
    ) -> pl.DataFrame:
        """The rows of a segment's table that are of conversations no later segment has anew.

        `row` is the conversation's of each; none, where these are the rows themselves.
        """
        dead = self._superseded_rows[number] if number < len(self._superseded_rows) else None
        if dead is None or frame.is_empty():
            return frame
        is_live = pl.repeat(
            value=True, n=self.segments[number].conversation_count, eager=True
        ).scatter(dead, False)
        return frame.filter(is_live if row is None else is_live.gather(row))

    @cached_property
    def superseded(self) -> pl.DataFrame:
        """The rows of conversations that a later segment has anew."""
        name = self.manifest.superseded_file
        return pl.DataFrame(schema=SUPERSEDED_SCHEMA) if name is None else self._read_file(name)

    @cached_property
    def _superseded_rows(self) -> list[pl.Series | None]:
        by = dict(
            pl.concat([self.superseded, self.extra_superseded])
            .group_by("segment")
            .agg("row")
            .iter_rows()
        )
        return [
            pl.Series(by[part.name], dtype=pl.UInt32) if part.name in by else None
            for part in self.segments
        ]

    # -- sessions ------------------------------------------------------------------------------------------------

    def find_rows(self, sids: pl.Series) -> pl.DataFrame:
        """Where there is something of sessions: columns `sid`, `segment` (its place), `row` of a conversation, which
        may have been computed anew since; null, where the segment has none of the session.
        """
        parts = [n for n in range(len(self.segments)) if self._is_possible_home(n, sids)]
        loose = [
            self._find_orphans(n, sids)
            for n in parts
            if f"{self.segments[n].name}/loose.parquet" in self.manifest.files
        ]
        return pl.concat(
            [pl.DataFrame(schema=_ROWS_SCHEMA), *self._find_conversations(parts, sids), *loose]
        )

    def _find_orphans(self, number: int, sids: pl.Series) -> pl.DataFrame:
        found = self.read_table(self.segments[number], "loose").filter(
            pl.col("sid").is_in(sids.implode())
        )
        return found.with_columns(
            pl.lit(number, pl.UInt32).alias("segment"), pl.lit(None, pl.UInt32).alias("row")
        )

    def _find_conversations(self, parts: Sequence[int], sids: pl.Series) -> Iterator[pl.DataFrame]:
        parts = [n for n in parts if self.segments[n].conversation_count]
        if not parts:
            return
        paths = [self.folder / f"{self.segments[n].name}/conversations.parquet" for n in parts]
        wanted = pl.LazyFrame({"sid": sids})
        scan = (
            pl.scan_parquet(paths, row_index_name="at")
            .select("sid", "at")
            .join(wanted, on="sid", how="semi")
        )
        rows = self._collect_scan(
            scan, f"{self.segments[parts[0]].name}/conversations.parquet"
        ).sort("at")
        begins = [0, *accumulate(self.segments[n].conversation_count for n in parts)]
        places = [bisect_right(begins, at) - 1 for at in rows["at"]]
        yield rows.select(
            "sid",
            pl.Series("segment", [parts[place] for place in places], dtype=pl.UInt32),
            (pl.col("at") - pl.Series([begins[place] for place in places], dtype=pl.UInt32)).alias(
                "row"
            ),
        )

    def _is_possible_home(self, number: int, sids: pl.Series) -> bool:
        part = self.segments[number]
        return bool(sids.is_between(part.least_sid, part.greatest_sid).any())

    def read_facts(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The facts of the sessions that `rows_of` found."""
        return pl.concat([segment.make_empty_table("facts"), *self._read_rows(rows, "facts")])

    def add_attribute_codes(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that `rows_of` found, with `said`."""
        parts = [rows.clear().with_columns(pl.lit(None, pl.UInt32).alias("said"))]
        rows = rows.drop_nulls("row")
        for number in sorted(rows["segment"].unique()):
            mine = rows.filter(pl.col("segment") == number)
            said = self.read_table(self.segments[number], "conversations", ["said"])["said"]
            parts.append(mine.with_columns(said.gather(mine["row"])))
        return pl.concat(parts)

    def read_sids(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The sids of the sessions that `rows_of` found: `sid`, `text`."""
        return pl.concat([segment.make_empty_table("sids"), *self._read_rows(rows, "sids")])

    def _read_rows(self, rows: pl.DataFrame, name: str) -> Iterator[pl.DataFrame]:
        """The rows of a table that the segments have of the sessions that `rows_of` found there."""
        for (number,), theirs in rows.group_by("segment", maintain_order=True):
            path = f"{self.segments[number].name}/{name}.parquet"
            if path in self.manifest.files:
                # As a scan it unpacks the other columns of few rows only.
                scan = pl.scan_parquet(self.folder / path)
                yield self._collect_scan(
                    scan.filter(pl.col("sid").is_in(theirs["sid"].unique().implode())), path
                )

    def look_up_sids(self, sids: pl.Series) -> pl.Series:
        """The sid of each number."""
        known = pl.concat([segment.make_empty_table("sids"), *self.read_tables("sids")])
        wanted = pl.DataFrame({"sid": sids})
        if wanted.height < known.height:
            known = known.join(wanted.unique(), on="sid", how="semi")
        return wanted.join(known, on="sid", how="left", maintain_order="left")["text"]

    # -- files ---------------------------------------------------------------------------------------------------

    def _read_file(self, name: str, columns: Collection[str] | None = None) -> pl.DataFrame:
        path = self.folder / name
        try:
            return pl.read_parquet(path, columns=list(columns) if columns else None)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._make_damage_error(str(path), error) from error

    def _collect_scan(self, scan: pl.LazyFrame, name: str) -> pl.DataFrame:
        try:
            return scan.collect(engine="streaming")
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._make_damage_error(str(self.folder / name), error) from error

    def _make_damage_error(self, path: str, error: Exception) -> StoreError:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        return StoreError(f"{path}: {what}; see dcevents store verify {self.folder}")
