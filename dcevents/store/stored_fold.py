"""The fold of a store, read from stored rows."""

import os
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import polars as pl

from dcevents.model import fold
from dcevents.model.attempts import decide_attempts
from dcevents.model.events import MEETING_BOOKED
from dcevents.model.moments import DAY_MS, FIRST_BELIEVED_MS
from dcevents.model.outcomes import decide_outcomes
from dcevents.settings import NO_WINDOW, Window
from dcevents.store.disk import segment
from dcevents.store.disk.reach import select_starts
from dcevents.store.disk.segment import TEXT_CODE_COLUMNS
from dcevents.store.disk.state import StoreState

_STATE_COLUMNS = (
    "attributes",
    "started_at",
    "engaged_at",
    "completed_at",
    "last_at",
    "engaged",
    "gave_email",
    "gave_phone",
    "closed_last",
    "meetings",
    "live_chats",
    "outcome",
)

_NEEDED_COLUMNS = frozenset(["attributes", "last_at", "closed_last", "outcome"])
"""Those that the outcome at a moment is decided by, and the one with the id."""

_PART_ROWS = 1 << 18
"""Conversations of a part of a fold, about."""

_T = TypeVar("_T")

_SHARED = ("attributes", "attempts", "_waiting", "agents", "conversation_ids")
"""What a fold has read that is its parts' too."""


@dataclass(frozen=True)
class StoredFold:
    """A `Fold` of a store's rows.

    `conversation_key` is a row's number in all segments.
    """

    state: StoreState
    as_of: int | None
    idle_ms: int
    columns: frozenset[str] = frozenset(_STATE_COLUMNS)
    """Those of `conversations` that are wanted, beside the ones that are always there."""

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """Return the attributes by code."""
        return fold.add_ranks(segment.convert_attributes(self.state.attributes))

    @cached_property
    def conversations(self) -> pl.DataFrame:
        """Return one row for each conversation."""
        # Before threads ask for them, and for the attributes.
        attempts, waiting = self.attempts, self._waiting

        def decide_rows(rows: pl.DataFrame) -> pl.DataFrame:
            found = self._add_conversation_ids(rows).with_columns(
                pl.selectors.datetime().to_physical()
            )
            if self._is_over(found, waiting):
                return found
            return decide_outcomes(found, attempts, self.as_of, self.idle_ms)

        # A part of a listing shows them; it would look for them in all segments.
        sids = ["sid"] if self.state.is_cut else []
        columns = [name for name in _STATE_COLUMNS if name in self.columns | _NEEDED_COLUMNS]
        return self.state.read_live_conversations([*sids, *columns], decide_rows)

    @property
    def session_count(self) -> int | None:
        """Return how many sessions the store has, if all are in the fold and were counted."""
        state = self.state
        counts = [each.session_count for each in state.segments]
        if not state.is_whole or state.extra_segment is not None:
            return None
        return None if None in counts else sum(each for each in counts if each is not None)

    def add_sids(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add `sid` to rows of `conversations`."""
        if "sid" in frame.columns:
            return frame
        sids = self.state.look_up_conversation_sids(frame["conversation_key"])
        return frame.with_columns(sids.alias("sid"))

    def _is_over(self, rows: pl.DataFrame, waiting: pl.Series) -> bool:
        """Return whether no conversation of a segment can be open.

        `waiting` are the keys of those that wait for an agent.
        """
        if rows.is_empty():
            return True
        keys = rows["conversation_key"]
        if waiting.is_between(keys.min(), keys.max()).any():
            return False
        latest: Any = rows["last_at"].max()
        return latest is None or (self.as_of is not None and self.as_of - latest >= self.idle_ms)

    @cached_property
    def attempts(self) -> pl.DataFrame:
        """Return one row for each attempt, with `sid` and `id_rank`."""
        agents = self.attributes["agent"]

        def decide_rows(rows: pl.DataFrame) -> pl.DataFrame:
            agent = agents.gather(rows["agent"]).alias("agent")
            found = self._add_conversation_ids(rows.with_columns(agent))
            times = pl.selectors.datetime().to_physical()
            return decide_attempts(found.with_columns(times), self.as_of)

        _ = self.state.row_offsets, self.state.superseded  # Before threads ask for them.
        return self.state.read_live_attempts(decide_rows)

    @cached_property
    def _waiting(self) -> pl.Series:
        """Return the keys of conversations that wait for an agent."""
        return self.attempts.filter(pl.col("outcome") == "waiting")["conversation_key"]

    @cached_property
    def agents(self) -> pl.DataFrame:
        """Return agent (rank), agent_id and the name to show."""
        rows = pl.concat([segment.make_empty_table("agents"), *self.state.read_tables("agents")])
        namings = rows.group_by("attributes").agg(pl.col("ts").max().to_physical())
        return fold.name_agents(self.attributes, namings)

    @cached_property
    def conversation_ids(self) -> pl.DataFrame:
        """Return id_rank → conversation_id."""
        return fold.list_conversation_ids(self.attributes)

    def split_by_start(self) -> "Iterator[StoredFold]":
        """Yield folds of some conversations each, by their start, or the fold itself.

        Those without a start are in the last. Raises StoreError before the first where a file is
        damaged.
        """
        bounds = self._choose_bounds()
        if len(bounds) == 2:
            yield self
            return
        self.state.verify_files(["conversations", segment.CONVERSATION_SIDS, "attempts", "sids"])
        for since, until in pairwise(bounds):
            yield replace(self, state=self.state.cut_to(Window(since, until)))

    def map_parts(
        self, function: Callable[["StoredFold"], _T], columns: Collection[str]
    ) -> list[_T]:
        """Return what a function makes of folds of some conversations each, as they lie."""
        if "conversations" in vars(self) or self.state.conversation_count < 2 * _PART_ROWS:
            return [function(self)]
        _ = self.attempts, self._waiting, self.conversation_ids  # For all parts.
        shared = {key: each for key, each in vars(self).items() if key in _SHARED}

        def take_part(state: StoreState) -> _T:
            # What a part has read goes when the function is done with it.
            part = replace(self, state=state, columns=frozenset(columns))
            part.__dict__.update(shared)
            return function(part)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(take_part, self.state.split_by_segments(_PART_ROWS)))

    def keep_in_part(self, sessions: pl.DataFrame) -> pl.DataFrame:
        """Keep the rows that start in this part of a fold; all if it is no part."""
        return sessions.filter(select_starts(self.state.window)) if self.state.is_cut else sessions

    def _choose_bounds(self) -> list[int | None]:
        """Return moments between which about as many conversations start as a part has."""
        window, stored = self.state.window, len(self.state.segments)
        ends: list[int | None] = [window.since, window.until]
        if self.state.conversation_count < 2 * _PART_ROWS:
            return ends
        stride = max(1, _PART_ROWS // (4 * stored))

        def choose_some(rows: pl.DataFrame) -> pl.DataFrame:
            starts = rows["started_at"].to_physical()
            return starts.drop_nulls().sort().gather_every(stride).to_frame()

        starts = self.state.read_live_conversations(["started_at"], choose_some)["started_at"]
        if window.since is not None:
            starts = starts.filter(starts > window.since)
        if window.until is not None:
            starts = starts.filter(starts < window.until)
        inner = starts.sort().gather_every(_PART_ROWS // stride)[1:].unique().sort()
        return [ends[0], *inner, ends[1]]

    def lift_window(self) -> "StoredFold":
        """Return the fold without its window."""
        return replace(self, state=replace(self.state, window=NO_WINDOW))

    def add_key_parts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows of `attempts`: they have both columns."""
        return frame

    def add_text(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """Add the conversation's name, type, uiType or page to rows."""
        return fold.add_text(frame, self.attributes, column, self._choose_texts)

    def find_constant_texts(self, column: str) -> pl.DataFrame:
        """Return id_rank → the text of all its events."""
        return fold.find_constant_texts(self.attributes, column)

    def find_last_steps(self) -> pl.DataFrame:
        """Return conversation_key → last_step."""
        rows = self.state.read_live_conversations(["last_step"])
        return rows.with_columns(pl.col("last_step").cast(pl.String))

    def find_first_times(self, kinds: Collection[int]) -> pl.DataFrame:
        """Return conversation_key → first_at: the first timed event of any of the kinds."""
        timed = self._read_events(kinds).drop_nulls("ts")
        return timed.group_by("conversation_key").agg(pl.col("ts").min().alias("first_at"))

    def list_bookings(self) -> pl.DataFrame:
        """Return the different bookings: conversation_key, ts (null untimed), agent (rank)."""
        return self._read_events([MEETING_BOOKED]).unique()

    def _read_events(self, kinds: Collection[int]) -> pl.DataFrame:
        """Read facts of kinds: conversation_key, ts (null untimed), agent (rank).

        A believed event is not later than its conversation's `last_at`; other than that, it is
        of a clock ahead, or after the moment of the report.
        """
        is_wanted = self.attributes["kind"].is_in(list(kinds))
        parts = [
            rows.filter(is_wanted.gather(rows["attributes"]))
            for rows in self.state.read_tables("facts")
        ]
        facts = pl.concat([segment.make_empty_table("facts"), *parts])
        agent = self.attributes["agent"].gather(facts["attributes"]).alias("agent")
        conversations = self.conversations.select("conversation_key", "id_rank", "last_at")
        conversations = self.add_sids(conversations)
        ts = pl.col("ts").to_physical()
        is_timed = ts.is_between(FIRST_BELIEVED_MS, pl.col("last_at"))
        is_later = (ts > pl.col("last_at")) & (ts <= pl.lit(self.as_of, pl.Int64) + DAY_MS)
        found = self._add_conversation_ids(facts.with_columns(agent))
        found = found.join(conversations, on=["sid", "id_rank"]).filter(~is_later.fill_null(False))
        return found.select("conversation_key", pl.when(is_timed).then(ts).alias("ts"), "agent")

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of sessions' numbers."""
        return self.state.look_up_sids(numbers)

    def _choose_texts(self, column: str, has_text: pl.Expr) -> pl.DataFrame:
        code = TEXT_CODE_COLUMNS[column]
        rows = self._add_conversation_ids(self.state.read_live_conversations(["attributes", code]))
        wanted = self.attributes.filter(has_text)["id_rank"].unique()
        rows = rows.filter(pl.col("id_rank").is_in(wanted.implode()))
        return rows.select(
            "conversation_key", self.attributes[column].gather(rows[code]).alias("chosen")
        )

    def _add_conversation_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        ids = self.attributes["id_rank"]
        return rows.with_columns(ids.gather(rows["attributes"]).alias("id_rank")).drop("attributes")
