"""The tables of a store at one generation."""

import os
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import accumulate
from typing import IO, Any, Final

import polars as pl

from dcevents.model.vocabulary import Vocabulary
from dcevents.settings import NO_WINDOW, Window
from dcevents.store.disk import files, segment
from dcevents.store.disk.folder import StoreFolder
from dcevents.store.disk.manifest import Manifest, SegmentInfo
from dcevents.store.disk.numbering import STORED_NUMBER_TYPE, StoreNumbering
from dcevents.store.disk.reach import is_in_reach, list_chunks, select_starts
from dcevents.store.disk.search import FindPlaces, search_for
from dcevents.store.disk.segment import CONVERSATION_SIDS, CONVERSATIONS_SCHEMA, Segment

SUPERSEDED_SCHEMA: Final = {"segment": pl.String, "row": pl.UInt32}
"""Rows of conversations that later segments replace."""
_ROW: Final = "row"
_ROWS_SCHEMA: Final = {"sid": STORED_NUMBER_TYPE, "segment": pl.UInt32, "row": pl.UInt32}


def _locate_conversations(info: SegmentInfo) -> tuple[str, str]:
    """Return the files with a segment's conversations, and with their sids."""
    return f"{info.name}/conversations.parquet", f"{info.name}/{CONVERSATION_SIDS}.parquet"


def _return_unchanged(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


@dataclass(frozen=True)
class StoreState:
    """A store at one generation, perhaps with a segment of extra logs."""

    folder: StoreFolder
    manifest: Manifest
    extra_segment: Segment | None = None
    extra_superseded: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=SUPERSEDED_SCHEMA)
    )
    extra_attributes: pl.DataFrame | None = None
    """All attributes, where the extra logs have some that the store has not."""
    window: Window = NO_WINDOW
    """Conversations and attempts that start outside of it may be left out."""
    is_cut: bool = False
    """Whether conversations outside of the window are left out.

    Where it has no end, those without a start are in it.
    """
    only_segments: range | None = None
    """Places of the segments whose conversations are read, where these are not all."""

    @property
    def segments(self) -> Sequence[SegmentInfo]:
        """Return the segments of the store."""
        return self.manifest.segments

    @cached_property
    def row_offsets(self) -> list[int]:
        """Return how many conversations' rows come before each segment."""
        return [0, *accumulate(each.conversation_count for each in self.segments)]

    @property
    def conversation_count(self) -> int:
        """Return how many conversations the store has."""
        return sum(each.conversation_count for each in self.segments) - self.superseded.height

    def cut_to(self, window: Window) -> "StoreState":
        """Return the store with the conversations that start in a window only.

        Where it has no end, those without a start are in it.
        """
        return self._share_read(replace(self, window=window, is_cut=True))

    def split_by_segments(self, min_rows: int) -> "list[StoreState]":
        """Return the store in parts, each with the conversations of some segments only.

        A part has as many rows at least, but for the last one.
        """
        _ = self._superseded_rows  # Read once, and not by the threads of all parts.
        parts, begin, rows = [], 0, 0
        for number in self._list_numbers():
            rows += self._count_rows_in_reach(number)
            if rows >= min_rows:
                parts.append(range(begin, number + 1))
                begin, rows = number + 1, 0
        if rows or not parts:
            parts.append(range(begin, len(self._list_numbers())))
        return [self._share_read(replace(self, only_segments=part)) for part in parts]

    def _count_rows_in_reach(self, number: int) -> int:
        """Return how many conversations of a segment are to be read for the window."""
        if number == len(self.segments) and self.extra_segment is not None:
            return self.extra_segment.conversations.height
        return self.segments[number].conversation_count if self._is_in_reach(number) else 0

    def _share_read(self, part: "StoreState") -> "StoreState":
        """Give a part what was read: no such property depends on the window or on segments."""
        part.__dict__.update({key: each for key, each in vars(self).items() if key not in _FIELDS})
        return part

    def _list_numbers(self) -> range:
        """Return the places of all segments, the extra one last."""
        return range(len(self.segments) + (self.extra_segment is not None))

    @property
    def is_whole(self) -> bool:
        """Return whether the conversations of all segments are read, whatever their start."""
        return self.only_segments is None and not self.is_cut and not self.window

    def verify_files(self, names: Sequence[str]) -> None:
        """Raise StoreError where a file of segments with one of these names is damaged."""
        for name in self.manifest.files:
            if name.rpartition("/")[2] in [f"{each}.parquet" for each in names]:
                self._open_file(name).close()

    # -- attributes ------------------------------------------------------------------------------

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """Return all attributes; their code is their row."""
        if self.extra_attributes is not None:
            return self.extra_attributes
        none = pl.DataFrame(schema=segment.ATTRIBUTES_SCHEMA)
        return pl.concat([none, *map(self._read_file, self.manifest.attributes_files)])

    def make_vocabulary(self) -> Vocabulary:
        """Return a vocabulary that goes on from the store's codes."""
        return segment.make_vocabulary(self.attributes)

    # -- tables ----------------------------------------------------------------------------------

    def read_table(
        self, info: SegmentInfo, name: str, columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Read a table of a segment.

        Raises StoreError where it is damaged.
        """
        path = f"{info.name}/{name}.parquet"
        if path not in self.manifest.files:
            found = segment.make_empty_table(name)
        elif name == "conversations":
            found = self._read_conversations(info, columns or list(CONVERSATIONS_SCHEMA))
        else:
            found = self._read_file(path, columns)
        return found.select(columns) if columns else found

    def _read_conversations(self, info: SegmentInfo, columns: Sequence[str]) -> pl.DataFrame:
        """Read some columns of a segment's conversations, which may lie in two files."""
        path, sids_path = _locate_conversations(info)
        if sids_path not in self.manifest.files:
            return self._read_file(path, columns)
        others = [name for name in columns if name != "sid"]
        parts = [self._read_file(path, others)] if others else []
        if "sid" in columns:
            parts.append(self._read_file(sids_path))
        return pl.concat(parts, how="horizontal").select(columns)

    def look_up_conversation_sids(self, keys: pl.Series) -> pl.Series:
        """Return the sid of each of some conversations, by their `conversation_key`."""
        if keys.is_empty():
            return pl.Series("sid", dtype=STORED_NUMBER_TYPE)
        bounds: list[Any] = [keys.min(), keys.max()]
        first, last = (bisect_right(self.row_offsets, bound) - 1 for bound in bounds)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            sids = pl.concat(pool.map(self._read_conversation_sids, range(first, last + 1)))
        return sids.gather(keys - self.row_offsets[first])

    def _read_conversation_sids(self, number: int) -> pl.Series:
        """Read the sid of each conversation of a segment."""
        if number == len(self.segments) and self.extra_segment is not None:
            return self.extra_segment.conversations["sid"]
        return self.read_table(self.segments[number], "conversations", ["sid"])["sid"]

    def read_tables(
        self, name: str, columns: Sequence[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield a table of each segment, the extra one last."""
        for number in self._list_numbers():
            yield self._read_nth_table(name, number, columns)

    def _read_nth_table(
        self, name: str, number: int, columns: Sequence[str] | None
    ) -> pl.DataFrame:
        if number == len(self.segments):
            found: pl.DataFrame = getattr(self.extra_segment, name)
            return found.select(columns) if columns else found
        if name in ("conversations", "attempts") and not self._is_in_reach(number):
            return segment.make_empty_table(name).select(columns or pl.all())
        return self.read_table(self.segments[number], name, columns)

    def _is_in_reach(self, number: int) -> bool:
        """Return whether a segment may have conversations of the window."""
        if number == len(self.segments) or (self.is_cut and self.window.until is None):
            return True
        return is_in_reach(self.segments[number], self.window)

    def _read_window(self, number: int, columns: Sequence[str]) -> pl.DataFrame:
        """Read the conversations of a segment in the window, with `row`, their place there."""
        is_wanted = select_starts(self.window)
        if number < len(self.segments) and self._is_in_reach(number):
            path, sids_path = _locate_conversations(self.segments[number])
            if path in self.manifest.files:
                apart = {"sid"} if sids_path in self.manifest.files else set()
                with self._open_file(path) as file:
                    # The other columns are unpacked of few rows only.
                    scan = pl.scan_parquet(file, row_index_name=_ROW).filter(is_wanted)
                    scan = scan.select(*(name for name in columns if name not in apart), _ROW)
                    found = scan.collect(engine="streaming")
                if not apart.isdisjoint(columns):
                    sids = self._read_conversation_sids(number).gather(found[_ROW])
                    found = found.with_columns(sids.alias("sid"))
                return found.select(*columns, _ROW)
        frame = self._read_nth_table("conversations", number, None).with_row_index(_ROW)
        return frame.filter(is_wanted).select(*columns, _ROW)

    def read_live_conversations(
        self,
        columns: Sequence[str],
        convert: Callable[[pl.DataFrame], pl.DataFrame] = _return_unchanged,
    ) -> pl.DataFrame:
        """Read the conversations that no later segment supersedes.

        They get `conversation_key`, the row's number in all segments. `convert` is called with
        some rows of a segment at a time, while they lie in the processor's cache.
        """

        def read_segment(number: int) -> pl.DataFrame:
            begin = self.row_offsets[number]
            if self.is_cut:
                frame = self._read_window(number, columns)
                key = (pl.col(_ROW) + begin).cast(pl.UInt32).alias("conversation_key")
                live = self.drop_superseded(number, frame, frame[_ROW])
                return convert(live.select(*columns, key))
            frame = self._read_nth_table("conversations", number, columns)
            is_live, found = self._find_live_rows(number), []
            for row, rows in list_chunks(frame):
                keys = pl.int_range(begin + row, begin + row + rows.height, dtype=pl.UInt32)
                keyed = rows.with_columns(keys.alias("conversation_key"))
                if is_live is not None:
                    keyed = keyed.filter(is_live.slice(row, rows.height))
                found.append(convert(keyed))
            return pl.concat(found)

        if found := self._map_segments(read_segment):
            return pl.concat(found)
        none = segment.make_empty_table("conversations").select(columns)
        return convert(none.with_columns(pl.lit(0, pl.UInt32).alias("conversation_key")))

    def _map_segments(self, function: Callable[[int], pl.DataFrame]) -> list[pl.DataFrame]:
        """Return what a function makes of the place of each segment."""
        if self.only_segments is not None:  # Other threads have the others.
            return list(map(function, self.only_segments))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(function, self._list_numbers()))

    def read_live_attempts(self, convert: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
        """Read the attempts of conversations that no later segment supersedes.

        They get `conversation_key`; `convert` is called with the rows of each segment.
        """

        def read_segment(number: int) -> pl.DataFrame:
            rows = self._read_nth_table("attempts", number, None)
            live = self.drop_superseded(number, rows, rows["row"])
            key = (pl.col("row") + self.row_offsets[number]).alias("conversation_key")
            return convert(live.with_columns(key).drop("row"))

        if found := self._map_segments(read_segment):
            return pl.concat(found)
        none = segment.make_empty_table("attempts").rename({"row": "conversation_key"})
        return convert(none)

    def drop_superseded(
        self, number: int, frame: pl.DataFrame, row: pl.Series | None = None
    ) -> pl.DataFrame:
        """Drop the rows of superseded conversations.

        `row` says for each row of `frame` which row its conversation is in `conversations`; without
        it `frame` is that table.
        """
        is_live = self._find_live_rows(number)
        if is_live is None or frame.is_empty():
            return frame
        return frame.filter(is_live if row is None else is_live.gather(row))

    def _find_live_rows(self, number: int) -> pl.Series | None:
        """Return for each conversation of a segment whether it is live; None where all are."""
        is_stored = number < len(self._superseded_rows)
        superseded = self._superseded_rows[number] if is_stored else None
        if superseded is None:
            return None
        count = self.segments[number].conversation_count
        return pl.repeat(value=True, n=count, eager=True).scatter(superseded, False)

    @cached_property
    def superseded(self) -> pl.DataFrame:
        """Return the rows of conversations that later segments replace."""
        name = self.manifest.superseded_file
        return pl.DataFrame(schema=SUPERSEDED_SCHEMA) if name is None else self._read_file(name)

    @cached_property
    def _superseded_rows(self) -> list[pl.Series | None]:
        every = pl.concat([self.superseded, self.extra_superseded])
        rows = dict(every.group_by("segment").agg("row").iter_rows())
        return [
            pl.Series(rows[each.name], dtype=pl.UInt32) if each.name in rows else None
            for each in self.segments
        ]

    # -- sessions --------------------------------------------------------------------------------

    @cached_property
    def pending(self) -> pl.Series:
        """Return the sessions that each run counts again by its clock."""
        name = self.manifest.pending_file
        if name is not None:
            return self._read_file(name)["sid"]
        return pl.Series("sid", self.manifest.pending_sessions, dtype=STORED_NUMBER_TYPE)

    def make_numbering(self) -> StoreNumbering:
        """Return the store's numbers of sids."""
        return StoreNumbering(self.manifest.secret, self.manifest.salts)

    def find_rows(self, sids: pl.Series) -> pl.DataFrame:
        """Find the segments and rows of sessions.

        Columns: `sid`, `segment` (its place) and `row`, which may be superseded, and is null where
        the segment has facts of the session only.
        """
        with search_for(sids) as find_places:

            def find(number: int) -> pl.DataFrame:
                return pl.concat(self._find_in_segment(number, find_places))

            homes = self._list_possible_homes(sids)
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                return pl.concat([pl.DataFrame(schema=_ROWS_SCHEMA), *pool.map(find, homes)])

    def _list_possible_homes(self, sids: pl.Series) -> list[int]:
        """Return the places of segments that may have some of these sessions."""
        ordered, infos = sids.sort(), self.segments
        bounds = (
            pl.Series([getattr(each, name) for each in infos], dtype=STORED_NUMBER_TYPE)
            for name in ("least_sid", "greatest_sid")
        )
        begins = ordered.search_sorted(next(bounds), side="left")
        ends = ordered.search_sorted(next(bounds), side="right")
        return (ends > begins).arg_true().to_list()

    def _find_in_segment(self, number: int, find_places: FindPlaces) -> Iterator[pl.DataFrame]:
        """Yield the rows of wanted sessions, and those with facts only."""
        stored = self._read_conversation_sids(number)
        rows = find_places(stored)
        at = pl.lit(number, pl.UInt32).alias("segment")
        yield pl.DataFrame({"sid": stored.gather(rows), _ROW: rows}).select("sid", at, _ROW)
        info = self.segments[number]
        if f"{info.name}/orphans.parquet" in self.manifest.files:
            orphans = self.read_table(info, "orphans")["sid"]
            found = orphans.gather(find_places(orphans)).to_frame()
            yield found.select("sid", at, pl.lit(None, pl.UInt32).alias(_ROW))

    def read_facts(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Read the facts of the sessions that `find_rows` found."""
        return pl.concat([segment.make_empty_table("facts"), *self._read_rows(rows, "facts")])

    def add_attribute_codes(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add `attributes` to the conversations that `find_rows` found."""
        parts = [rows.clear().with_columns(pl.lit(None, pl.UInt32).alias("attributes"))]
        rows = rows.drop_nulls("row")
        for number in sorted(rows["segment"].unique()):
            mine = rows.filter(pl.col("segment") == number)
            codes = self.read_table(self.segments[number], "conversations", ["attributes"])
            parts.append(mine.with_columns(codes["attributes"].gather(mine["row"])))
        return pl.concat(parts)

    def read_sids(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Read `sid` and `text` of the sessions that `find_rows` found."""
        return pl.concat([segment.make_empty_table("sids"), *self._read_rows(rows, "sids")])

    def _read_rows(self, rows: pl.DataFrame, name: str) -> Iterator[pl.DataFrame]:
        """Yield each segment's rows of the sessions found there."""
        for (number,), theirs in rows.group_by("segment", maintain_order=True):
            path = f"{self.segments[number].name}/{name}.parquet"
            if path in self.manifest.files:
                # A scan unpacks the other columns of the few rows only.
                is_wanted = pl.col("sid").is_in(theirs["sid"].unique().implode())
                with self._open_file(path) as file:
                    yield pl.scan_parquet(file).filter(is_wanted).collect(engine="streaming")

    def read_all_sids(self) -> pl.DataFrame:
        """Read `sid` and `text` of all sessions."""
        return pl.concat([segment.make_empty_table("sids"), *self.read_tables("sids")])

    def look_up_sids(self, sids: pl.Series) -> pl.Series:
        """Return the sid of each number."""
        wanted = pl.DataFrame({"sid": sids})
        if self.window:
            known = self._find_sids(wanted.unique())
        else:
            known = self.read_all_sids()
            if wanted.height < known.height:
                known = known.join(wanted.unique(), on="sid", how="semi")
        return wanted.join(known, on="sid", how="left", maintain_order="left")["text"]

    def _find_sids(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """Return `sid` and `text` of sessions, which mostly begin in the window."""
        found = [segment.make_empty_table("sids")]
        for number in sorted(self._list_numbers(), key=self._is_in_reach, reverse=True):
            known = self._read_nth_table("sids", number, None)
            found.append(known.join(wanted, on="sid", how="semi"))
            wanted = wanted.join(found[-1], on="sid", how="anti")
            if wanted.is_empty():
                break
        return pl.concat(found)

    # -- files -----------------------------------------------------------------------------------

    def _read_file(self, name: str, columns: Collection[str] | None = None) -> pl.DataFrame:
        with self._open_file(name) as file:
            return pl.read_parquet(file, columns=list(columns) if columns else None)

    def _open_file(self, name: str) -> IO[bytes]:
        """Open a file, held against its checksum. Raises StoreError where it is damaged."""
        return files.open_undamaged(self.folder, self.manifest, name)


_FIELDS: Final = frozenset(each.name for each in fields(StoreState))
