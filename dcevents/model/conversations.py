"""The fold of a log's facts (definitions 2 and 4).

Pure: frames in, frames out. Times are milliseconds since 1970 (UTC), null without one.
"""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

import polars as pl

from dcevents.model.attempts import decide_attempts, find_attempts, find_timeouts
from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    ENGAGED,
    INPUT_EMAIL,
    INPUT_PHONE,
    KINDS,
    MEETING_BOOKED,
    TRIGGERED,
)
from dcevents.model.facts import Facts
from dcevents.model.fold import (
    HAS_AGENT_NAME,
    TEXT_COLUMNS,
    add_ranks,
    add_text,
    find_constant_texts,
    list_conversation_ids,
    name_agents,
)
from dcevents.model.grouping import DistinctCounts, choose_texts, group_part
from dcevents.model.moments import UNTIMED
from dcevents.model.native_grouping import NO_STEP, NO_TIME_MS
from dcevents.model.outcomes import choose_provisional_outcome, decide_outcomes
from dcevents.model.packed.packing import FactPart
from dcevents.model.texts import NUMBER_TYPE, rank_texts

_CONVERSATION_COLUMNS = (
    "conversation_key", "sid", "id_rank", "started_at", "engaged_at", "completed_at", "last_at",
    "engaged", "gave_email", "gave_phone", "meetings", "live_chats", "closed_last", "outcome",
    "step",
)  # fmt: skip

_FLAG_KINDS = {
    "gave_email": INPUT_EMAIL,
    "gave_phone": INPUT_PHONE,
    "has_booked": MEETING_BOOKED,
    "has_completed": COMPLETED,
}
"""Columns that say whether a conversation has an event of a kind."""


_P = TypeVar("_P")
_T = TypeVar("_T")


def _map_in_threads(function: Callable[[_P], _T], parts: Sequence[_P]) -> list[_T]:
    """Return what a function makes of each part: the library and polars need no lock of Python."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, parts))


class _Folded(NamedTuple):
    """Holds what a fold has found."""

    conversations: pl.DataFrame
    provisional_attempts: pl.DataFrame
    attempts: pl.DataFrame
    chat_events: pl.DataFrame


class _FoldedPart(NamedTuple):
    """Holds the same of some sessions, and how many events these have."""

    conversations: pl.DataFrame
    provisional_attempts: pl.DataFrame
    attempts: pl.DataFrame
    chat_events: pl.DataFrame
    counts: DistinctCounts


@dataclass(frozen=True)
class FactFold:
    """The fold of a log's facts.

    `as_of` is None for a fold that is to be stored.
    """

    facts: Facts
    as_of: int | None
    idle_ms: int = 1_800_000
    has_ranked_texts: bool = False
    """True: `attributes` have ranks by code point in place of conversations' texts."""
    _chosen_ranks: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = field(
        default_factory=dict, init=False, repr=False
    )
    """By column what `choose_texts` has found."""

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """Return the attributes by code, with the columns of `add_ranks`."""
        frame = add_ranks(self.facts.vocabulary.tabulate_attributes())
        if not self.has_ranked_texts:
            return frame
        return frame.with_columns(rank_texts(frame[column]) for column in TEXT_COLUMNS)

    # -- events --------------------------------------------------------------------------------

    def select_events(self, where: pl.Expr | None = None) -> pl.DataFrame:
        """Return events: conversation_key, kind, kind_bit, attributes (code), ts.

        `ts` is UNTIMED instead of FUTURE. `where` selects by the columns of `attributes`, and is
        never null: few events are needed as a rule, and all take several times the facts.
        """
        wanted = None if where is None else self.attributes.select(where.alias("wanted"))["wanted"]
        return self._convert_to_events(self.facts.to_frame(wanted))

    def _convert_to_events(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Convert facts to the columns of `select_events`."""
        codes = facts["attributes"]
        return facts.select(
            self.make_key(pl.lit(self.attributes["id_rank"].gather(codes))),
            self.attributes["kind"].gather(codes).alias("kind"),
            self.attributes["kind_bit"].gather(codes).alias("kind_bit"),
            "attributes",
            pl.min_horizontal("ts", UNTIMED).alias("ts"),
        )

    def _add_agents(self, events: pl.DataFrame) -> pl.DataFrame:
        agents = self.attributes["agent"].gather(events["attributes"])
        return events.with_columns(agents.alias("agent"))

    # -- keys of conversations -----------------------------------------------------------------

    @cached_property
    def _id_bits(self) -> int:
        """Count the bits of a key that are the rank's."""
        return self.facts.vocabulary.count_id_bits()

    def make_key(self, id_rank: pl.Expr) -> pl.Expr:
        """Make the conversation_key of a session (column sid) and a rank.

        It is a UInt64; the rank takes its lowest bits.
        """
        key = pl.col("sid").cast(pl.UInt64) * (1 << self._id_bits) + id_rank
        return key.alias("conversation_key")

    def split_key(self, key: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """Return the sid and id_rank of a key."""
        sid = (key // (1 << self._id_bits)).cast(NUMBER_TYPE)
        id_rank = (key % (1 << self._id_bits)).cast(pl.UInt32)
        return sid.alias("sid"), id_rank.alias("id_rank")

    def add_key_parts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add sid and id_rank to rows with a conversation_key."""
        return frame.with_columns(*self.split_key(pl.col("conversation_key")))

    # -- live chats ----------------------------------------------------------------------------

    @property
    def provisional_attempts(self) -> pl.DataFrame:
        """Return one row for each attempt, with its provisional outcome.

        See `find_attempts`; `agent` is a rank.
        """
        return self._folded.provisional_attempts

    @property
    def attempts(self) -> pl.DataFrame:
        """Return one row for each attempt: see `decide_attempts`; `agent` is a rank."""
        return self._folded.attempts

    def find_timeouts(self) -> pl.DataFrame:
        """Return one row for each timeout of an attempt: see `attempts.find_timeouts`."""
        return find_timeouts(self._folded.chat_events)

    def find_agent_namings(self) -> pl.DataFrame:
        """Return attributes (codes that name an agent) and their latest `ts`.

        `ts` is null without a timed event.
        """
        names = self.attributes.with_row_index("attributes").filter(HAS_AGENT_NAME)
        return self.facts.find_last_times().join(names.select("attributes"), on="attributes")

    @cached_property
    def agents(self) -> pl.DataFrame:
        """Return agent (rank), agent_id and the name to show (definitions 4)."""
        return name_agents(self.attributes, self.find_agent_namings())

    # -- conversations -------------------------------------------------------------------------

    @property
    def conversations(self) -> pl.DataFrame:
        """Return one row for each conversation, with its outcome at `as_of`.

        Columns: those of `Fold.conversations`, sid, closed_last (bool) and step (see
        `grouping.GroupedPart`).
        """
        return self._folded.conversations

    @property
    def session_count(self) -> int | None:
        """Return None: nobody has counted them."""
        return None

    def add_sids(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows of `conversations`: they have the column."""
        return frame

    def split_by_start(self) -> "Iterator[FactFold]":
        """Yield this fold: what it is made of is held anyway."""
        yield self

    def map_parts(
        self, function: "Callable[[FactFold], _T]", _columns: Collection[str]
    ) -> list[_T]:
        """Return what a function makes of this fold: what it is made of is held anyway."""
        return [function(self)]

    def keep_in_part(self, sessions: pl.DataFrame) -> pl.DataFrame:
        """Return all rows: this fold is no part of another."""
        return sessions

    def lift_window(self) -> "FactFold":
        """Return this fold: it has no window."""
        return self

    @cached_property
    def _folded(self) -> _Folded:
        """Return the fold of all facts, made in parts: what is made on the way is of a few only."""
        parts = _map_in_threads(self._fold_part, self.facts.split_by_session())
        self.facts.note_counts(sum((each.counts for each in parts), DistinctCounts()))
        conversations, attempts, decided, chat_events, _ = zip(*parts, strict=True)
        # Different sids are counted without sorting then.
        by_sid = pl.concat(conversations).with_columns(pl.col("sid").set_sorted())
        return _Folded(by_sid, pl.concat(attempts), pl.concat(decided), pl.concat(chat_events))

    def _fold_part(self, part: FactPart) -> "_FoldedPart":
        """Return the fold of whole sessions; conversations are in the order of their keys."""
        codes = self.attributes.select("kind", "id_rank", "agent")
        grouped = group_part(part, codes, self._id_bits)
        attempts = find_attempts(grouped.chat_events)
        decided = decide_attempts(attempts, self.as_of)
        groups = _add_live_chats(grouped.conversations, _summarise_attempts(decided))
        conversations = decide_outcomes(
            self._derive_columns(groups), decided, self.as_of, self.idle_ms
        )
        return _FoldedPart(conversations, attempts, decided, grouped.chat_events, grouped.counts)

    # -- single events -------------------------------------------------------------------------

    def list_bookings(self) -> pl.DataFrame:
        """Return the different bookings: conversation_key, ts (null untimed), agent (rank)."""
        events = self._add_agents(self.select_events(pl.col("kind") == MEETING_BOOKED))
        timed = pl.when(pl.col("ts") < UNTIMED).then("ts").alias("ts")
        return events.select("conversation_key", timed, "agent").unique()

    def find_first_times(self, kinds: Collection[int]) -> pl.DataFrame:
        """Return conversation_key → first_at: the first timed event of any of the kinds."""
        events = self.select_events(pl.col("kind").is_in(kinds)).lazy()
        timed = events.filter(pl.col("ts") < UNTIMED).group_by("conversation_key")
        return timed.agg(pl.col("ts").min().alias("first_at")).collect(engine="streaming")

    def _derive_columns(self, groups: pl.DataFrame) -> pl.DataFrame:
        derived, outcome = self._derivations
        found = groups.lazy().with_columns(derived).with_columns(outcome)
        return found.select(_CONVERSATION_COLUMNS).collect()

    @cached_property
    def _derivations(self) -> tuple[list[pl.Expr], pl.Expr]:
        """Return the columns of conversations that follow from groups, and then the outcome.

        They are made once: polars takes milliseconds for that.
        """
        kind_bits = pl.col("kind_bits")
        active_at, closed_at = pl.col("active_at"), pl.col("closed_at")
        timed_shown_at = pl.when(pl.col("shown_at") < UNTIMED).then("shown_at")
        has_closed = _has_kind(kind_bits, CLOSED)
        is_untimed_close = closed_at == NO_TIME_MS
        answers = kind_bits & ~pl.lit(_combine_bits(TRIGGERED, CLOSED), pl.UInt16)
        derived = [
            *self.split_key(pl.col("conversation_key")),
            pl.when(pl.col("first_at") < UNTIMED).then("first_at").alias("started_at"),
            _null_untimed(pl.max_horizontal(active_at, timed_shown_at)).alias("last_at"),
            _null_untimed(pl.col("engaged_at")),
            _null_untimed(pl.col("completed_at")),
            (answers > 0).alias("engaged"),
            (has_closed & (is_untimed_close | (active_at <= closed_at))).alias("closed_last"),
            *(_has_kind(kind_bits, kind).alias(name) for name, kind in _FLAG_KINDS.items()),
        ]
        return derived, choose_provisional_outcome().alias("outcome")

    def find_last_steps(self) -> pl.DataFrame:
        """Return conversation_key → last_step (definitions 2)."""
        keys = self.conversations.select("conversation_key")
        return keys.with_columns(self.list_last_steps().cast(pl.String))

    def list_last_steps(self) -> pl.Series:
        """Return `last_step` of each of `conversations` (KINDS)."""
        otherwise = pl.when("engaged").then(ENGAGED).otherwise(TRIGGERED)
        step = pl.when(pl.col("step") == NO_STEP).then(otherwise).otherwise("step")
        kinds = pl.Series("last_step", KINDS, dtype=pl.Enum(KINDS))
        return kinds.gather(self.conversations.select(step).to_series())

    # -- texts ---------------------------------------------------------------------------------

    def add_text(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """Add the conversation's name, type, uiType or page to rows."""
        return add_text(frame, self.attributes, column, self.choose_texts)

    def choose_texts(self, column: str, has_text: pl.Expr) -> pl.DataFrame:
        """Return conversation_key → chosen: its text, of attributes that fit `has_text`.

        Whoever asks for a column again gets what was found before.
        """
        if column not in self._chosen_ranks:
            self._chosen_ranks[column] = self._choose_ranks(column, has_text)
        chosen, of_ranks = self._chosen_ranks[column]
        return chosen.join(of_ranks, on="rank", how="left", maintain_order="left").drop("rank")

    def _choose_ranks(self, column: str, has_text: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return conversation_key → rank of its text, and rank → chosen, the text."""
        texts = self.attributes.select(pl.when(has_text).then(column)).to_series()
        # Texts of a fold that is to be stored are ranks already.
        rank = rank_texts(texts) if texts.dtype == pl.String else texts
        rank = rank.fill_null(0).alias("rank")
        codes = self.attributes.select("kind", "id_rank", "agent", rank)

        def choose(part: FactPart) -> pl.DataFrame:
            return choose_texts(part, codes, self._id_bits, latest=column != "page")

        chosen = pl.concat(_map_in_threads(choose, self.facts.split_by_session()))
        return chosen, pl.DataFrame([rank, texts.alias("chosen")]).unique("rank")

    def find_constant_texts(self, column: str) -> pl.DataFrame:
        """Return id_rank → its text, of ids that have only one."""
        return find_constant_texts(self.attributes, column)

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of sessions' numbers."""
        return self.facts.look_up_sids(numbers)

    @cached_property
    def conversation_ids(self) -> pl.DataFrame:
        """Return id_rank → conversation_id."""
        return list_conversation_ids(self.attributes)


def _summarise_attempts(attempts: pl.DataFrame) -> pl.DataFrame:
    """Sum up the attempts of each conversation, in the order of keys."""
    outcome = pl.col("outcome")
    summed = attempts.group_by("conversation_key").agg(
        pl.len().cast(pl.UInt32).alias("live_chats"),
        pl.col("accepted").any().alias("has_accepted_attempt"),
        (outcome == "missed").any().alias("has_missed_attempt"),
    )
    return summed.sort("conversation_key")


def _add_live_chats(groups: pl.DataFrame, chats: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of `chats` to conversations: both are in the order of keys.

    Few conversations have a live chat: a join of all would take several times as long.
    """
    if groups.is_empty():
        return groups.clear().hstack(chats.drop("conversation_key").clear())
    keys, key = groups["conversation_key"], pl.col("conversation_key")
    chats = chats.filter(key.is_between(keys[0], keys[-1]))
    places = keys.search_sorted(chats["conversation_key"])
    nothing = {"live_chats": 0, "has_accepted_attempt": False, "has_missed_attempt": False}
    return groups.with_columns(
        pl.repeat(value, groups.height, dtype=chats.schema[name], eager=True)
        .scatter(places, chats[name])
        .alias(name)
        for name, value in nothing.items()
    )


def _combine_bits(*kinds: int) -> int:
    return sum(1 << kind for kind in kinds)


def _has_kind(kind_bits: pl.Expr, kind: int) -> pl.Expr:
    return kind_bits & pl.lit(1 << kind, pl.UInt16) > 0


def _null_untimed(ts: pl.Expr) -> pl.Expr:
    return pl.when(ts.is_between(NO_TIME_MS, UNTIMED, closed="none")).then(ts)
