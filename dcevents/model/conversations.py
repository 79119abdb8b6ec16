"""The fold of a log's facts (definitions 2 and 4).

Pure: frames in, frames out. Times are milliseconds since 1970 (UTC), null without one.
"""

import os
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import polars as pl

from dcevents.model.attempts import decide_attempts, find_attempts, find_timeouts
from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    INPUT_EMAIL,
    INPUT_PHONE,
    KINDS,
    LIVE_CHAT_KINDS,
    MEETING_BOOKED,
    STEP_KINDS,
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
from dcevents.model.moments import UNTIMED
from dcevents.model.outcomes import choose_provisional_outcome, decide_outcomes

_NO_EVENT_MS: Final = 1 << 61
"""The least timestamp of no events; more than UNTIMED, which is that of untimed ones."""
_NO_TIME_MS: Final = -(1 << 60)
"""The greatest timestamp of events of which none has one."""

_KIND_FACTOR: Final = 16
"""A time times this, and a kind's number added, sorts events by time and then by kind."""

_CONVERSATION_COLUMNS = (
    "conversation_key", "sid", "id_rank", "started_at", "engaged_at", "completed_at", "last_at",
    "engaged", "gave_email", "gave_phone", "meetings", "live_chats", "closed_last", "outcome",
)  # fmt: skip

_FLAG_KINDS = {
    "gave_email": INPUT_EMAIL,
    "gave_phone": INPUT_PHONE,
    "has_booked": MEETING_BOOKED,
    "has_completed": COMPLETED,
}
"""Columns that say whether a conversation has an event of a kind."""


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

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """Return the attributes by code, with the columns of `add_ranks`."""
        rows = self.facts.vocabulary.list_attributes()
        texts = {
            "conversation_id": [each.id for each in rows],
            "conversation": [each.name for each in rows],
            "type": [each.type for each in rows],
            "ui_type": [each.ui_type for each in rows],
            "page": [each.page for each in rows],
            "agent_id": [each.agent for each in rows],
            "agent_name": [each.agent_name for each in rows],
        }
        kinds = pl.Series("kind", [each.kind for each in rows], dtype=pl.UInt8)
        frame = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))
        frame = add_ranks(frame.with_columns(kinds))
        if not self.has_ranked_texts:
            return frame
        return frame.with_columns(pl.col(*TEXT_COLUMNS).rank("dense").cast(pl.UInt32))

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
    def _id_capacity(self) -> int:
        """Count the ranks that fit into a key: a power of two."""
        return 1 << self.facts.vocabulary.count_id_bits()

    def make_key(self, id_rank: pl.Expr) -> pl.Expr:
        """Make the conversation_key of a session (column sid) and a rank.

        It is a UInt64. The rank takes the place of the lowest bits of the session's number.
        """
        key = pl.col("sid") // self._id_capacity * self._id_capacity + id_rank
        return key.alias("conversation_key")

    def split_key(self, key: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """Return the sid (its lowest bits are 0) and id_rank of a key."""
        sid = key // self._id_capacity * self._id_capacity
        id_rank = (key % self._id_capacity).cast(pl.UInt32)
        return sid.alias("sid"), id_rank.alias("id_rank")

    def add_key_parts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add sid and id_rank to rows with a conversation_key."""
        return frame.with_columns(*self.split_key(pl.col("conversation_key")))

    # -- live chats ----------------------------------------------------------------------------

    @cached_property
    def provisional_attempts(self) -> pl.DataFrame:
        """Return one row for each attempt, with its provisional outcome.

        See `find_attempts`; `agent` is a rank.
        """
        return find_attempts(self._select_chat_events())

    @cached_property
    def attempts(self) -> pl.DataFrame:
        """Return one row for each attempt: see `decide_attempts`; `agent` is a rank."""
        return decide_attempts(self.provisional_attempts, self.as_of)

    def find_timeouts(self) -> pl.DataFrame:
        """Return one row for each timeout of an attempt: see `attempts.find_timeouts`."""
        return find_timeouts(self._select_chat_events())

    def _select_chat_events(self) -> pl.DataFrame:
        """Return the live-chat and closed events of conversations with a live chat."""
        events = self.select_events(pl.col("kind").is_in([*LIVE_CHAT_KINDS, CLOSED]))
        with_live_chat = events.filter(pl.col("kind") != CLOSED).select("conversation_key").unique()
        return self._add_agents(events.join(with_live_chat, on="conversation_key", how="semi"))

    def find_agent_namings(self) -> pl.DataFrame:
        """Return attributes (codes that name an agent) and their latest `ts`.

        `ts` is null without a timed event.
        """
        ts = pl.col("ts")
        latest = pl.when(ts < UNTIMED).then(ts).otherwise(_NO_TIME_MS).max()
        namings = self.select_events(HAS_AGENT_NAME).group_by("attributes").agg(latest)
        return namings.with_columns(pl.when(ts > _NO_TIME_MS).then("ts"))

    @cached_property
    def agents(self) -> pl.DataFrame:
        """Return agent (rank), agent_id and the name to show (definitions 4)."""
        return name_agents(self.attributes, self.find_agent_namings())

    # -- conversations -------------------------------------------------------------------------

    @cached_property
    def conversations(self) -> pl.DataFrame:
        """Return one row for each conversation, with its outcome at `as_of`."""
        counts = self._summarise_attempts(), self._count_meetings()
        with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
            shards = pool.map(
                lambda number: self._decide_outcomes(self._fold_shard(number, *counts)),
                range(self.facts.shard_count),
            )
            return pl.concat(shards)

    def lift_window(self) -> "FactFold":
        """Return this fold: it has no window."""
        return self

    def fold_provisional_conversations(self) -> pl.DataFrame:
        """Fold facts to one row for each conversation, with its provisional outcome.

        Columns: conversation_key, sid, id_rank, started_at, engaged_at, completed_at, last_at
        (milliseconds or null), engaged, gave_email, gave_phone, closed_last (bool), meetings,
        live_chats, outcome.
        """
        counts = self._summarise_attempts(), self._count_meetings()
        shards = range(self.facts.shard_count)
        return pl.concat(self._fold_shard(number, *counts) for number in shards)

    def _decide_outcomes(self, conversations: pl.DataFrame) -> pl.DataFrame:
        return decide_outcomes(conversations, self.attempts, self.as_of, self.idle_ms)

    def _fold_shard(self, number: int, chats: pl.DataFrame, meetings: pl.DataFrame) -> pl.DataFrame:
        groups = self._aggregate_facts(self.facts.select_shard(number))
        # Few conversations have a live chat or a meeting: only these are joined.
        is_joined = pl.col("kind_bits") & _combine_bits(*LIVE_CHAT_KINDS, MEETING_BOOKED) > 0
        joined = groups.filter(is_joined).join(chats, on="conversation_key", how="left")
        joined = joined.join(meetings, on="conversation_key", how="left").with_columns(
            pl.col("live_chats", "meetings").fill_null(0),
            pl.col("has_accepted_attempt", "has_missed_attempt").fill_null(value=False),
        )
        others = groups.filter(~is_joined).with_columns(
            live_chats=pl.lit(0, pl.UInt32),
            meetings=pl.lit(0, pl.UInt32),
            has_accepted_attempt=pl.lit(value=False),
            has_missed_attempt=pl.lit(value=False),
        )
        parts = (joined, others.select(joined.columns))
        return pl.concat([self._derive_columns(part.lazy()).collect() for part in parts])

    def _aggregate_facts(self, facts: pl.DataFrame) -> pl.DataFrame:
        """Group facts by conversation; times may be those of no event."""
        kind, ts = pl.col("kind"), pl.col("ts")
        is_shown, is_closed = kind == TRIGGERED, kind == CLOSED
        timed = pl.when(ts < UNTIMED).then(ts).otherwise(_NO_TIME_MS)
        return (
            self._convert_to_events(facts)
            .lazy()
            .group_by("conversation_key")
            .agg(
                ts.min().alias("first_at"),
                _find_earliest(is_shown).alias("shown_at"),
                pl.when(~is_shown).then(timed).otherwise(_NO_TIME_MS).max().alias("active_at"),
                _find_earliest(~is_shown & ~is_closed).alias("engaged_at"),
                _find_earliest(kind == COMPLETED).alias("completed_at"),
                pl.when(is_closed).then(timed).max().alias("closed_at"),
                pl.col("kind_bit").bitwise_or().alias("kind_bits"),
            )
            .collect(engine="streaming")
        )

    def _summarise_attempts(self) -> pl.DataFrame:
        outcome = pl.col("outcome")
        return self.attempts.group_by("conversation_key").agg(
            pl.len().cast(pl.UInt32).alias("live_chats"),
            pl.col("accepted").any().alias("has_accepted_attempt"),
            (outcome == "missed").any().alias("has_missed_attempt"),
        )

    def _count_meetings(self) -> pl.DataFrame:
        count = pl.len().cast(pl.UInt32)
        return self.list_bookings().group_by("conversation_key").agg(count.alias("meetings"))

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

    def _derive_columns(self, groups: pl.LazyFrame) -> pl.LazyFrame:
        kind_bits = pl.col("kind_bits")
        active_at, closed_at = pl.col("active_at"), pl.col("closed_at")
        timed_shown_at = pl.when(pl.col("shown_at") < UNTIMED).then("shown_at")
        is_untimed_close = closed_at == _NO_TIME_MS
        return (
            groups.with_columns(
                *self.split_key(pl.col("conversation_key")),
                pl.when(pl.col("first_at") < UNTIMED).then("first_at").alias("started_at"),
                _null_untimed(pl.max_horizontal(active_at, timed_shown_at)).alias("last_at"),
                _null_untimed(pl.col("engaged_at")),
                _null_untimed(pl.col("completed_at")),
                (kind_bits & ~pl.lit(_combine_bits(TRIGGERED, CLOSED), pl.UInt16) > 0).alias(
                    "engaged"
                ),
                (closed_at.is_not_null() & (is_untimed_close | (active_at <= closed_at))).alias(
                    "closed_last"
                ),
                *(_has_kind(kind_bits, kind).alias(name) for name, kind in _FLAG_KINDS.items()),
            )
            .with_columns(choose_provisional_outcome().alias("outcome"))
            .select(_CONVERSATION_COLUMNS)
        )

    def find_last_steps(self, conversations: pl.DataFrame | None = None) -> pl.DataFrame:
        """Return conversation_key → last_step (definitions 2).

        `conversations` has conversation_key and engaged; all conversations without it.
        """
        kind, ts = pl.col("kind"), pl.col("ts")
        latest_steps = (
            self.select_events(kind.is_in(STEP_KINDS))
            .lazy()
            .filter(ts < UNTIMED)
            .group_by("conversation_key", "kind")
            .agg(ts.min())
            .group_by("conversation_key")
            .agg((ts * _KIND_FACTOR + kind.cast(pl.Int64)).max().alias("step"))
            .collect(engine="streaming")
        )
        step = (pl.col("step") % _KIND_FACTOR).cast(pl.UInt8)
        names = step.replace_strict(dict(enumerate(KINDS)), default=None, return_dtype=pl.String)
        otherwise = pl.when("engaged").then(pl.lit("engaged")).otherwise(pl.lit("triggered"))
        rows = self.conversations if conversations is None else conversations
        return (
            rows.select("conversation_key", "engaged")
            .join(latest_steps, on="conversation_key", how="left", maintain_order="left")
            .select("conversation_key", pl.coalesce(names, otherwise).alias("last_step"))
        )

    # -- texts ---------------------------------------------------------------------------------

    def add_text(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """Add the conversation's name, type, uiType or page to rows."""
        return add_text(frame, self.attributes, column, self.choose_texts)

    def choose_texts(self, column: str, has_text: pl.Expr) -> pl.DataFrame:
        """Return conversation_key → chosen: its text, of attributes that fit `has_text`."""
        texts = self.attributes.with_row_index("attributes").filter(has_text)
        events = self.select_events(has_text).lazy()
        events = events.join(texts.select("attributes", column).lazy(), on="attributes")
        return _choose_text(events, column).collect(engine="streaming").rename({column: "chosen"})

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


def _combine_bits(*kinds: int) -> int:
    return sum(1 << kind for kind in kinds)


def _has_kind(kind_bits: pl.Expr, kind: int) -> pl.Expr:
    return kind_bits & pl.lit(1 << kind, pl.UInt16) > 0


def _find_earliest(condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(pl.col("ts")).otherwise(_NO_EVENT_MS).min()


def _null_untimed(ts: pl.Expr) -> pl.Expr:
    return pl.when(ts.is_between(_NO_TIME_MS, UNTIMED, closed="none")).then(ts)


def _choose_text(events: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """Choose the text of the latest event, for `page` of the earliest.

    Events without a text do not count, untimed ones only if no timed one has a text. At the
    same time the later kind and the greater text are chosen; for `page` the earlier and the
    lesser (definitions 2).
    """
    ts = pl.col("ts")
    position = ts * _KIND_FACTOR + pl.col("kind").cast(pl.Int64)
    if column == "page":
        # UNTIMED itself, times the factor, would not fit into 64 bits.
        position = pl.when(ts < UNTIMED).then(position).otherwise(UNTIMED * 4)
        best, text = pl.col("position").min(), pl.col(column).min()
    else:
        position = pl.when(ts < UNTIMED).then(position).otherwise(_NO_TIME_MS * 4)
        best, text = pl.col("position").max(), pl.col(column).max()
    positions = events.select("conversation_key", position.alias("position"), column)
    winners = positions.group_by("conversation_key").agg(best.alias("position"))
    return (
        positions.join(winners, on=["conversation_key", "position"], how="semi")
        .group_by("conversation_key")
        .agg(text)
    )
