"""Facts → one row for each conversation, with its outcome, and one for each live-chat attempt (definitions 2 and 4).

Pure: frames in, frames out. Times are milliseconds since 1970 (UTC), durations milliseconds; null is none.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import polars as pl

from dcevents.model import attempts
from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    INITIATED,
    INPUT_EMAIL,
    INPUT_PHONE,
    KINDS,
    LIVE_CHAT_KINDS,
    MEETING_BOOKED,
    OUTCOMES,
    STEP_KINDS,
    TRIGGERED,
)
from dcevents.model.facts import Facts
from dcevents.model.moments import UNTIMED

_NO_EVENT_MS: Final = 1 << 61
"""Where a smallest timestamp is looked for: no such event, not even an untimed one."""
_NO_TIME_MS: Final = -(1 << 60)
"""Where a largest is looked for: none with a timestamp."""

OUTCOME_TYPE = pl.Enum(OUTCOMES)
_KIND_BITS = {kind: 1 << kind for kind in range(len(KINDS))}


def add_ranks(attributes: pl.DataFrame) -> pl.DataFrame:
    """Contents with `conv_id` (rank of the id by code point, 0 without one), `agent` (likewise), `bit` of the kind."""
    return attributes.with_columns(
        pl.col("conversation_id").rank("dense").fill_null(0).cast(pl.UInt32).alias("conv_id"),
        pl.col("agent_id").rank("dense").cast(pl.UInt32).alias("agent"),
        pl.col("kind").replace_strict(_KIND_BITS, return_dtype=pl.UInt16).alias("bit"),
    )


def _combine_bits(*kinds: int) -> int:
    return sum(1 << kind for kind in kinds)


@dataclass(frozen=True)
class Fold:
    """A log's conversations and attempts as they stood at `as_of` (milliseconds; null: no timed event)."""

    facts: Facts
    as_of: int | None
    idle_ms: int = 1_800_000

    @cached_property
    def attributes(self) -> pl.DataFrame:
        """By code: kind, id code (`conv_id`: rank of the id by code point, 0 without one), and the texts."""
        said = self.facts.vocabulary.list_attributes()
        return add_ranks(
            pl.DataFrame(
                {
                    "kind": pl.Series([each.kind for each in said], dtype=pl.UInt8),
                    "conversation_id": pl.Series([each.id for each in said], dtype=pl.String),
                    "conversation": pl.Series([each.name for each in said], dtype=pl.String),
                    "type": pl.Series([each.type for each in said], dtype=pl.String),
                    "ui_type": pl.Series([each.ui_type for each in said], dtype=pl.String),
                    "page": pl.Series([each.page for each in said], dtype=pl.String),
                    "agent_id": pl.Series([each.agent for each in said], dtype=pl.String),
                    "agent_name": pl.Series([each.agent_name for each in said], dtype=pl.String),
                }
            )
        )

    def select_events(self, where: pl.Expr | None = None) -> pl.DataFrame:
        """Facts with `conv` (number of the session and, lowest, of the id), `kind`, its `bit`, `said`, `ts`.

        FUTURE is UNTIMED here. `where` is of the columns of `said`, and never null: most of what is asked for is
        little, and all is several times the facts.
        """
        chosen = None if where is None else self.attributes.select(where.alias("chosen"))["chosen"]
        return self._add_kinds(self.facts.to_frame(chosen))

    def _add_kinds(self, facts: pl.DataFrame) -> pl.DataFrame:
        conv_id = self.attributes["conv_id"].gather(facts["said"])
        return facts.select(
            self.make_key(pl.lit(conv_id)),
            self.attributes["kind"].gather(facts["said"]).alias("kind"),
            self.attributes["bit"].gather(facts["said"]).alias("bit"),
            "said",
            pl.min_horizontal("ts", UNTIMED).alias("ts"),
        )

    @cached_property
    def _id_capacity(self) -> int:
        """Numbers that there are for ids, a power of two."""
        return 1 << self.facts.vocabulary.count_id_bits()

    def make_key(self, id_rank: pl.Expr) -> pl.Expr:
        """UInt64 `conv` from the number of a session (column sid) and that of an id."""
        return (pl.col("sid") // self._id_capacity * self._id_capacity + id_rank).alias("conv")

    def split_key(self, key: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """The `sid` and the `conv_id` of a `conv`; the bits of an id are 0 in this number of a session."""
        return (key // self._id_capacity * self._id_capacity).alias("sid"), (
            key % self._id_capacity
        ).cast(pl.UInt32).alias("conv_id")

    def add_key_parts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows with a `conv`, and its `sid` and `conv_id`."""
        return frame.with_columns(*self.split_key(pl.col("conv")))

    @cached_property
    def attempts_before_clock(self) -> pl.DataFrame:
        """One row for each attempt, whatever the time: see `attempts.attempts`; `agent` is a rank into `agents`."""
        return attempts.find_attempts(self._select_chat_events())

    @cached_property
    def attempts(self) -> pl.DataFrame:
        """One row for each attempt: see `attempts.decided`; `agent` is a rank into `agents`."""
        return attempts.decide_attempts(self.attempts_before_clock, self.as_of)

    def find_timeouts(self) -> pl.DataFrame:
        """One row for each TIMEOUT of an attempt: see `attempts.timeouts`."""
        return attempts.find_timeouts(self._select_chat_events())

    def _select_chat_events(self) -> pl.DataFrame:
        """The live-chat and CLOSED events of conversations with a live-chat event, with `agent`."""
        events = self.select_events(pl.col("kind").is_in([*LIVE_CHAT_KINDS, CLOSED]))
        chats = events.filter(pl.col("kind") != CLOSED).select("conv").unique()
        events = events.join(chats, on="conv", how="semi")
        agents = self.attributes["agent"].gather(events["said"]).alias("agent")
        return events.with_columns(agents)

    def find_agent_namings(self) -> pl.DataFrame:
        """said (a code that names an agent), and the latest `ts` at which it was; null: never at a known time."""
        last = self.select_events(_HAS_AGENT_NAME).group_by("said").agg(_take_latest(pl.col("ts")))
        return last.with_columns(pl.when(pl.col("ts") > _NO_TIME_MS).then("ts"))

    @cached_property
    def agents(self) -> pl.DataFrame:
        """agent (rank), agent_id, and the name it is shown with (definitions 4)."""
        named = self.attributes.with_row_index("said").filter(_HAS_AGENT_NAME)
        events = (
            self.find_agent_namings()
            .join(named.select("said", "kind", "agent", "agent_name"), on="said")
            .select(
                "agent",
                pl.col("agent_name").alias("name"),
                (pl.col("kind") == INITIATED).alias("accepted"),
                "ts",
            )
        )
        names = (
            events.sort("agent", "accepted", "ts", "name")
            .group_by("agent")
            .last()
            .select("agent", "name")
        )
        ids = self.attributes.select("agent", "agent_id").drop_nulls().unique()
        return ids.join(names, on="agent", how="left").select(
            "agent", "agent_id", pl.col("name").alias("agent_name")
        )

    @cached_property
    def conversations(self) -> pl.DataFrame:
        """One row for each conversation: conv, sid, conv_id, times, what happened, outcome. See `texts` for names."""
        # The walk over live chats is done beside the fold, which needs it only for its outcomes.
        with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
            beside = pool.submit(lambda: (self._summarise_attempts(), self._count_meetings()))
            return pl.concat(
                pool.map(
                    lambda i: self.decide_outcomes(self._fold_shard(i, *beside.result())),
                    range(self.facts.shard_count),
                )
            )

    def lift_window(self) -> "Fold":
        """The same with what the window leaves out, where it is left out."""
        return self

    def fold_before_clock(self) -> pl.DataFrame:
        """One row for each conversation, whatever the time: `outcome` is what it is, or will be unless it goes on.

        Columns: conv, sid, conv_id, started_at, engaged_at, completed_at, last_at (milliseconds or null), engaged,
        gave_email, gave_phone, closed_last (bool), meetings, live_chats, outcome.
        """
        beside = self._summarise_attempts(), self._count_meetings()
        return pl.concat(self._fold_shard(i, *beside) for i in range(self.facts.shard_count))

    def decide_outcomes(self, conversations: pl.DataFrame) -> pl.DataFrame:
        """States as they stood at `as_of`: some are open (definitions 2)."""
        recent = pl.lit(self.as_of, pl.Int64) - pl.col("last_at") < self.idle_ms
        waiting = self.attempts.filter(pl.col("outcome") == "waiting")["conv"].unique()
        if not waiting.is_empty():
            recent |= pl.col("conv").is_in(waiting.implode()) & pl.col("last_at").is_not_null()
        outcome = pl.col("outcome").to_physical()
        is_open = (
            recent.fill_null(value=False)
            & ~pl.col("closed_last")
            & (outcome > OUTCOMES.index("open"))
        )
        decided = (
            pl.when(is_open).then(_number_outcome("open")).otherwise(outcome).cat.to(OUTCOME_TYPE)
        )
        return conversations.with_columns(decided.alias("outcome")).drop("closed_last")

    def _fold_shard(self, i: int, chats: pl.DataFrame, meetings: pl.DataFrame) -> pl.DataFrame:
        folded = self._aggregate_facts(self.facts.select_shard(i))
        # Few conversations have a live chat or a meeting: only those are looked up.
        special = pl.col("seen") & _combine_bits(*LIVE_CHAT_KINDS, MEETING_BOOKED) > 0
        looked_up = folded.filter(special).join(chats, on="conv", how="left")
        looked_up = looked_up.join(meetings, on="conv", how="left").with_columns(
            *(pl.col(name).fill_null(0) for name in ("live_chats", "meetings")),
            *(pl.col(name).fill_null(value=False) for name in ("served", "missed")),
        )
        plain = folded.filter(~special).with_columns(
            *(pl.lit(0, pl.UInt32).alias(name) for name in ("live_chats", "meetings")),
            *(pl.lit(value=False).alias(name) for name in ("served", "missed")),
        )
        parts = (looked_up, plain.select(looked_up.columns))
        return pl.concat([self._derive_columns(part.lazy()).collect() for part in parts])

    def _aggregate_facts(self, facts: pl.DataFrame) -> pl.DataFrame:
        kind, ts = pl.col("kind"), pl.col("ts")
        shown = kind == TRIGGERED
        timed = ts < UNTIMED
        answer = ~shown & (kind != CLOSED)
        return (
            self._add_kinds(facts)
            .lazy()
            .group_by("conv")
            .agg(
                ts.min().alias("first"),
                pl.when(shown).then(ts).otherwise(_NO_EVENT_MS).min().alias("shown"),
                pl.when(~shown & timed).then(ts).otherwise(_NO_TIME_MS).max().alias("active"),
                pl.when(answer).then(ts).otherwise(_NO_EVENT_MS).min().alias("engaged_at"),
                pl.when(kind == COMPLETED)
                .then(ts)
                .otherwise(_NO_EVENT_MS)
                .min()
                .alias("completed_at"),
                pl.when(kind == CLOSED)
                .then(pl.when(timed).then(ts).otherwise(_NO_TIME_MS))
                .max()
                .alias("closed_at"),
                pl.col("bit").bitwise_or().alias("seen"),
            )
            .collect(engine="streaming")
        )

    def _summarise_attempts(self) -> pl.DataFrame:
        outcome = pl.col("outcome")
        return self.attempts.group_by("conv").agg(
            pl.len().cast(pl.UInt32).alias("live_chats"),
            pl.col("accepted").any().alias("served"),
            (outcome == "missed").any().alias("missed"),
        )

    def _count_meetings(self) -> pl.DataFrame:
        events = self.select_events(pl.col("kind") == MEETING_BOOKED)
        agents = self.attributes["agent"].gather(events["said"]).alias("agent")
        events = events.with_columns(agents).unique(["conv", "ts", "agent"])
        return events.group_by("conv").agg(pl.len().cast(pl.UInt32).alias("meetings"))

    def _derive_columns(self, folded: pl.LazyFrame) -> pl.LazyFrame:
        seen, active, closed_at = pl.col("seen"), pl.col("active"), pl.col("closed_at")
        timed = folded.with_columns(
            pl.when(pl.col("first") < UNTIMED).then("first").alias("started_at"),
            _null_untimed(
                pl.max_horizontal(active, pl.when(pl.col("shown") < UNTIMED).then("shown"))
            ).alias("last_at"),
            _null_untimed(pl.col("engaged_at")).alias("engaged_at"),
            _null_untimed(pl.col("completed_at")).alias("completed_at"),
            (seen & ~pl.lit(_combine_bits(TRIGGERED, CLOSED), pl.UInt16) > 0).alias("engaged"),
            (closed_at.is_not_null() & ((closed_at == _NO_TIME_MS) | (active <= closed_at))).alias(
                "closed_last"
            ),
            *(_has_kind(seen, kind).alias(name) for name, kind in _FLAG_KINDS.items()),
        )
        return timed.select(
            "conv",
            *self.split_key(pl.col("conv")),
            "started_at",
            "engaged_at",
            "completed_at",
            "last_at",
            "engaged",
            "gave_email",
            "gave_phone",
            "meetings",
            "live_chats",
            "closed_last",
            _apply_outcome_rules().alias("outcome"),
        )

    def find_last_steps(self, conversations: pl.DataFrame | None = None) -> pl.DataFrame:
        """conv → last_step (definitions 2), of all conversations, or of these (conv, engaged)."""
        kind, ts = pl.col("kind"), pl.col("ts")
        firsts = (
            self.select_events(kind.is_in(STEP_KINDS))
            .lazy()
            .filter(ts < UNTIMED)
            .group_by("conv", "kind")
            .agg(ts.min())
            .group_by("conv")
            .agg((ts * 16 + kind.cast(pl.Int64)).max().alias("step"))
            .collect(engine="streaming")
        )
        step = (pl.col("step") % 16).cast(pl.UInt8)
        otherwise = pl.when("engaged").then(pl.lit("engaged")).otherwise(pl.lit("triggered"))
        named = step.replace_strict(dict(enumerate(KINDS)), default=None, return_dtype=pl.String)
        steps = (
            (self.conversations if conversations is None else conversations)
            .select("conv", "engaged")
            .join(firsts, on="conv", how="left", maintain_order="left")
        )
        return steps.select("conv", pl.coalesce(named, otherwise).alias("last_step"))

    def add_text(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """A frame with `conv` and `conv_id`, and its conversations' `conversation` (name), `type`, … or `page`."""
        constant = self.find_constant_texts(column)
        frame = frame.join(constant, on="conv_id", how="left", maintain_order="left")
        changing = pl.col(column).is_not_null() & ~pl.col("conv_id").is_in(
            constant["conv_id"].implode()
        )
        if self.attributes.filter(changing).is_empty():
            return frame
        chosen = self.choose_texts(column, changing)
        frame = frame.join(chosen, on="conv", how="left", maintain_order="left")
        return frame.with_columns(pl.coalesce(column, "chosen").alias(column)).drop("chosen")

    def choose_texts(self, column: str, has_text: pl.Expr) -> pl.DataFrame:
        """conv → chosen, the text of conversations with contents for which `changing` is true."""
        values = self.attributes.with_row_index("said").filter(has_text).select("said", column)
        events = self.select_events(has_text).lazy().join(values.lazy(), on="said")
        return _choose_text(events, column).collect(engine="streaming").rename({column: "chosen"})

    def find_constant_texts(self, column: str) -> pl.DataFrame:
        """conv_id → the one text that all its events have."""
        texts = self.attributes.group_by("conv_id").agg(
            pl.col(column).n_unique().alias("texts"),
            pl.col(column).first(),
            pl.col(column).null_count().alias("none"),
        )
        return texts.filter((pl.col("texts") == 1) & (pl.col("none") == 0)).select(
            "conv_id", column
        )

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """The sids of numbers."""
        return self.facts.look_up_sids(numbers)

    @cached_property
    def conversation_ids(self) -> pl.DataFrame:
        """conv_id → conversation_id."""
        return self.attributes.select("conv_id", "conversation_id").unique()


_HAS_AGENT_NAME = pl.col("agent_name").is_not_null() & pl.col("agent").is_not_null()
_FLAG_KINDS = {
    "gave_email": INPUT_EMAIL,
    "gave_phone": INPUT_PHONE,
    "booked": MEETING_BOOKED,
    "is_completed": COMPLETED,
}


def _take_latest(ts: pl.Expr) -> pl.Expr:
    return pl.when(ts < UNTIMED).then(ts).otherwise(_NO_TIME_MS).max()


def _null_untimed(ts: pl.Expr) -> pl.Expr:
    return pl.when(ts.is_between(_NO_TIME_MS, UNTIMED, closed="none")).then(ts)


def _has_kind(seen: pl.Expr, kind: int) -> pl.Expr:
    return seen & pl.lit(1 << kind, pl.UInt16) > 0


def _apply_outcome_rules() -> pl.Expr:
    rules = (
        ("completed", pl.col("is_completed")),
        ("served", pl.col("served")),
        ("booked", pl.col("booked")),
        ("unanswered", pl.col("missed")),
        ("left_queue", pl.col("live_chats") > 0),
        ("closed", pl.col("engaged") & pl.col("closed_last")),
        ("dropped", pl.col("engaged")),
        ("dismissed", pl.col("closed_last")),
    )
    chosen = _number_outcome("ignored")
    for name, fits in reversed(rules):
        chosen = pl.when(fits).then(_number_outcome(name)).otherwise(chosen)
    return chosen.cat.to(OUTCOME_TYPE)


def _number_outcome(outcome: str) -> pl.Expr:
    return pl.lit(OUTCOMES.index(outcome), pl.UInt8)


def _choose_text(events: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """The text of the latest (`page`: the earliest) event that has one; ties by kind, then by text."""
    timed = pl.col("ts") < UNTIMED
    place = pl.col("ts") * 16 + pl.col("kind").cast(pl.Int64)
    if column == "page":
        place = pl.when(timed).then(place).otherwise(UNTIMED * 4)
        best, text = pl.col("place").min(), pl.col(column).min()
    else:
        place = pl.when(timed).then(place).otherwise(_NO_TIME_MS * 4)
        best, text = pl.col("place").max(), pl.col(column).max()
    placed = events.select("conv", place.alias("place"), column)
    winners = placed.group_by("conv").agg(best.alias("place"))
    return placed.join(winners, on=["conv", "place"], how="semi").group_by("conv").agg(text)
