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
from dcevents.model.sessions import NUMBER
from dcevents.settings import Window
from dcevents.store.disk import segment
from dcevents.store.disk.manifest import Manifest, Part
from dcevents.store.disk.segment import Segment

DEAD: Final = {"segment": pl.String, "row": pl.UInt32}
"""Rows of conversations that a later segment has anew."""
NO_WINDOW: Final = Window()
_ROWS: Final = {"sid": NUMBER, "segment": pl.UInt32, "row": pl.UInt32}


def _itself(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def _reaches(part: Part, window: Window) -> bool:
    """Whether something in a segment may have started in a window."""
    if not window:
        return True
    if part.earliest is None or part.latest is None:
        return False
    begins = window.until is None or part.earliest < window.until
    return begins and (window.since is None or part.latest >= window.since)


@dataclass(frozen=True)
class State:
    """A store as a manifest has it, and perhaps a segment that is in no store: of logs beside it."""

    folder: Path
    manifest: Manifest
    beside: Segment | None = None
    beside_dead: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DEAD))
    beside_said: pl.DataFrame | None = None
    """All contents, if there are more than the store has."""
    window: Window = NO_WINDOW
    """Of conversations and attempts only those that start in it are asked for; others may be left out."""

    @property
    def parts(self) -> Sequence[Part]:
        """The segments of the store."""
        return self.manifest.segments

    @cached_property
    def offsets(self) -> list[int]:
        """How many rows of conversations are before each segment, and before the one beside."""
        return [0, *accumulate(part.conversations for part in self.parts)]

    @property
    def height(self) -> int:
        """How many conversations the store has."""
        return sum(part.conversations for part in self.parts) - self.dead.height

    # -- contents ------------------------------------------------------------------------------------------------

    @cached_property
    def said(self) -> pl.DataFrame:
        """All contents; a content's code is its row."""
        if self.beside_said is not None:
            return self.beside_said
        name = self.manifest.said
        return pl.DataFrame(schema=segment.SAID) if name is None else self._read(name)

    def vocabulary(self) -> Vocabulary:
        """The contents' codes, to go on from."""
        return segment.vocabulary(self.said)

    # -- tables --------------------------------------------------------------------------------------------------

    def table(self, part: Part, name: str, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """A table of a segment. Raises StoreError where it is damaged."""
        path = f"{part.name}/{name}.parquet"
        found = self._read(path, columns) if path in self.manifest.files else segment.none(name)
        return found.select(columns) if columns else found

    def tables(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """A table of each segment, the one beside too."""
        for number in range(len(self.parts) + (self.beside is not None)):
            yield self._numbered(name, number, columns)

    def _numbered(self, name: str, number: int, columns: Sequence[str] | None) -> pl.DataFrame:
        """A table of the segment in this place; behind the last one is the one beside."""
        if number < len(self.parts):
            part = self.parts[number]
            is_left_out = name in ("conversations", "attempts") and not _reaches(part, self.window)
            return (
                segment.none(name).select(columns or pl.all())
                if is_left_out
                else self.table(part, name, columns)
            )
        found: pl.DataFrame = getattr(self.beside, name)
        return found.select(columns) if columns else found

    def live(
        self, columns: Sequence[str], then: Callable[[pl.DataFrame], pl.DataFrame] = _itself
    ) -> pl.DataFrame:
        """The rows of all conversations as they are now, with `conv`, the row's number in all segments.

        `then` is done with those of each segment, as long as they are in the processor's cache.
        """

        def part(number: int) -> pl.DataFrame:
            frame = self._numbered("conversations", number, columns)
            begin = self.offsets[number]
            conv = pl.int_range(begin, begin + frame.height, dtype=pl.UInt32, eager=True).alias(
                "conv"
            )
            return then(self.without_dead(number, frame.with_columns(conv)))

        none = (
            segment.none("conversations")
            .select(columns)
            .with_columns(pl.lit(0, pl.UInt32).alias("conv"))
        )
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return pl.concat(
                [then(none), *pool.map(part, range(len(self.parts) + (self.beside is not None)))]
            )

    def without_dead(
        self, number: int, frame: pl.DataFrame, row: pl.Series | None = None
    ) -> pl.DataFrame:
        """The rows of a segment's table that are of conversations no later segment has anew.

        `row` is the conversation's of each; none, where these are the rows themselves.
        """
        dead = self._dead_of[number] if number < len(self._dead_of) else None
        if dead is None or frame.is_empty():
            return frame
        is_live = pl.repeat(value=True, n=self.parts[number].conversations, eager=True).scatter(
            dead, False
        )
        return frame.filter(is_live if row is None else is_live.gather(row))

    @cached_property
    def dead(self) -> pl.DataFrame:
        """The rows of conversations that a later segment has anew."""
        name = self.manifest.dead
        return pl.DataFrame(schema=DEAD) if name is None else self._read(name)

    @cached_property
    def _dead_of(self) -> list[pl.Series | None]:
        by = dict(
            pl.concat([self.dead, self.beside_dead]).group_by("segment").agg("row").iter_rows()
        )
        return [
            pl.Series(by[part.name], dtype=pl.UInt32) if part.name in by else None
            for part in self.parts
        ]

    # -- sessions ------------------------------------------------------------------------------------------------

    def rows_of(self, sids: pl.Series) -> pl.DataFrame:
        """Where there is something of sessions: columns `sid`, `segment` (its place), `row` of a conversation, which
        may have been computed anew since; null, where the segment has none of the session.
        """
        parts = [n for n in range(len(self.parts)) if self._may_have(n, sids)]
        loose = [
            self._loose(n, sids)
            for n in parts
            if f"{self.parts[n].name}/loose.parquet" in self.manifest.files
        ]
        return pl.concat([pl.DataFrame(schema=_ROWS), *self._rows(parts, sids), *loose])

    def _loose(self, number: int, sids: pl.Series) -> pl.DataFrame:
        found = self.table(self.parts[number], "loose").filter(pl.col("sid").is_in(sids.implode()))
        return found.with_columns(
            pl.lit(number, pl.UInt32).alias("segment"), pl.lit(None, pl.UInt32).alias("row")
        )

    def _rows(self, parts: Sequence[int], sids: pl.Series) -> Iterator[pl.DataFrame]:
        parts = [n for n in parts if self.parts[n].conversations]
        if not parts:
            return
        paths = [self.folder / f"{self.parts[n].name}/conversations.parquet" for n in parts]
        wanted = pl.LazyFrame({"sid": sids})
        scan = (
            pl.scan_parquet(paths, row_index_name="at")
            .select("sid", "at")
            .join(wanted, on="sid", how="semi")
        )
        rows = self._collected(scan, f"{self.parts[parts[0]].name}/conversations.parquet").sort(
            "at"
        )
        begins = [0, *accumulate(self.parts[n].conversations for n in parts)]
        places = [bisect_right(begins, at) - 1 for at in rows["at"]]
        yield rows.select(
            "sid",
            pl.Series("segment", [parts[place] for place in places], dtype=pl.UInt32),
            (pl.col("at") - pl.Series([begins[place] for place in places], dtype=pl.UInt32)).alias(
                "row"
            ),
        )

    def _may_have(self, number: int, sids: pl.Series) -> bool:
        part = self.parts[number]
        return bool(sids.is_between(part.least, part.most).any())

    def facts_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The facts of the sessions that `rows_of` found."""
        return pl.concat([segment.none("facts"), *self._of(rows, "facts")])

    def said_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that `rows_of` found, with `said`."""
        parts = [rows.clear().with_columns(pl.lit(None, pl.UInt32).alias("said"))]
        rows = rows.drop_nulls("row")
        for number in sorted(rows["segment"].unique()):
            mine = rows.filter(pl.col("segment") == number)
            said = self.table(self.parts[number], "conversations", ["said"])["said"]
            parts.append(mine.with_columns(said.gather(mine["row"])))
        return pl.concat(parts)

    def texts_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The sids of the sessions that `rows_of` found: `sid`, `text`."""
        return pl.concat([segment.none("sids"), *self._of(rows, "sids")])

    def _of(self, rows: pl.DataFrame, name: str) -> Iterator[pl.DataFrame]:
        """The rows of a table that the segments have of the sessions that `rows_of` found there."""
        for (number,), theirs in rows.group_by("segment", maintain_order=True):
            path = f"{self.parts[number].name}/{name}.parquet"
            if path in self.manifest.files:
                # As a scan it unpacks the other columns of few rows only.
                scan = pl.scan_parquet(self.folder / path)
                yield self._collected(
                    scan.filter(pl.col("sid").is_in(theirs["sid"].unique().implode())), path
                )

    def texts(self, sids: pl.Series) -> pl.Series:
        """The sid of each number."""
        known = pl.concat([segment.none("sids"), *self.tables("sids")])
        wanted = pl.DataFrame({"sid": sids})
        if wanted.height < known.height:
            known = known.join(wanted.unique(), on="sid", how="semi")
        return wanted.join(known, on="sid", how="left", maintain_order="left")["text"]

    # -- files ---------------------------------------------------------------------------------------------------

    def _read(self, name: str, columns: Collection[str] | None = None) -> pl.DataFrame:
        path = self.folder / name
        try:
            return pl.read_parquet(path, columns=list(columns) if columns else None)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._damaged(str(path), error) from error

    def _collected(self, scan: pl.LazyFrame, name: str) -> pl.DataFrame:
        try:
            return scan.collect(engine="streaming")
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._damaged(str(self.folder / name), error) from error

    def _damaged(self, path: str, error: Exception) -> StoreError:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        return StoreError(f"{path}: {what}; see dcevents store verify {self.folder}")
