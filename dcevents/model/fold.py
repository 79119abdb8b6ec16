"""A fold: conversations and attempts as of a moment (definitions 2 and 4).

Analysis and reports know the protocol `Fold` only. `conversations.FactFold` computes a fold from
facts; a store's fold is read from stored rows. What both derive alike is a function here.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol, Self, TypeVar

import polars as pl

from dcevents.model.events import INITIATED, KINDS
from dcevents.model.texts import rank_texts

_T = TypeVar("_T")

_KIND_BITS = {kind: 1 << kind for kind in range(len(KINDS))}
TEXT_COLUMNS = ("conversation", "type", "ui_type", "page")
"""Texts of a conversation; its events may differ in them."""
HAS_AGENT_NAME = pl.col("agent_name").is_not_null() & pl.col("agent").is_not_null()
"""True for the rows of `Fold.attributes` that name an agent."""


class Fold(Protocol):
    """Conversations and attempts as of a moment; times are in milliseconds."""

    @property
    def as_of(self) -> int | None:
        """Return the moment; None for a fold that is to be stored."""

    @property
    def idle_ms(self) -> int:
        """Return the silence after which a conversation is not open."""

    @property
    def attributes(self) -> pl.DataFrame:
        """Return the attributes by code, with the columns of `add_ranks`."""

    @property
    def conversations(self) -> pl.DataFrame:
        """Return one row for each conversation.

        Columns: conversation_key (UInt64), id_rank, started_at, engaged_at, completed_at, last_at
        (null without a time), engaged, gave_email, gave_phone, meetings, live_chats, outcome.
        """

    @property
    def session_count(self) -> int | None:
        """Return how many sessions `conversations` are of; None: these have to be counted."""

    def add_sids(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add `sid`, the session's number, to rows of `conversations` that do not have it."""

    @property
    def attempts(self) -> pl.DataFrame:
        """Return one row for each attempt: see `attempts.decide_attempts`."""

    @property
    def agents(self) -> pl.DataFrame:
        """Return agent (rank), agent_id and agent_name."""

    @property
    def conversation_ids(self) -> pl.DataFrame:
        """Return id_rank → conversation_id."""

    def split_by_start(self) -> Iterator[Self]:
        """Yield folds of some conversations each, by their start, or the fold itself.

        Those without a start are in the last. There is one at least; some may be empty.
        """

    def map_parts(self, function: Callable[[Self], _T], columns: Collection[str]) -> list[_T]:
        """Return what a function makes of folds of some conversations each, in any order.

        Their `conversations` have conversation_key, id_rank, outcome and at least these columns.
        There is this fold alone where all conversations are held anyway.
        """

    def keep_in_part(self, sessions: pl.DataFrame) -> pl.DataFrame:
        """Keep the rows that start in this part of a fold: see `split_by_start`."""

    def lift_window(self) -> Self:
        """Return the fold with the conversations outside its window too."""

    def add_key_parts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add `sid` and `id_rank` to rows of `attempts`."""

    def add_text(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """Add the conversation's text (`conversation`, `type`, `ui_type`, `page`) to rows.

        The rows have `conversation_key` and `id_rank`.
        """

    def find_constant_texts(self, column: str) -> pl.DataFrame:
        """Return id_rank → its text, of ids that have only one."""

    def find_last_steps(self) -> pl.DataFrame:
        """Return conversation_key → last_step (definitions 2)."""

    def find_first_times(self, kinds: Collection[int]) -> pl.DataFrame:
        """Return conversation_key → first_at: the first timed event of any of the kinds."""

    def list_bookings(self) -> pl.DataFrame:
        """Return the different bookings: conversation_key, ts (null untimed), agent (rank)."""

    def look_up_sids(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of sessions' numbers."""


# -- derived alike from facts and from stored rows -----------------------------------------------


def add_ranks(attributes: pl.DataFrame) -> pl.DataFrame:
    """Add `id_rank`, `agent` and `kind_bit` to attributes.

    `id_rank` is the rank of the conversation's id by code point, 0 without one; `agent` the rank
    of the agent's id; `kind_bit` the bit of the kind.
    """
    return attributes.with_columns(
        rank_texts(attributes["conversation_id"]).fill_null(0).alias("id_rank"),
        rank_texts(attributes["agent_id"]).alias("agent"),
        pl.col("kind").replace_strict(_KIND_BITS, return_dtype=pl.UInt16).alias("kind_bit"),
    )


def name_agents(attributes: pl.DataFrame, namings: pl.DataFrame) -> pl.DataFrame:
    """Choose the name of each agent (definitions 4).

    `namings`: attributes (codes that name an agent), ts (the latest of each, or null). The
    latest accept decides, else the latest event; at the same time the greater text.
    """
    named = attributes.with_row_index("attributes").filter(HAS_AGENT_NAME)
    is_accept = (pl.col("kind") == INITIATED).alias("is_accept")
    named = named.select("attributes", "agent", "agent_name", is_accept)
    # Few names, whatever the pages that they are seen on: these are sorted.
    names = ("agent", "is_accept", "agent_name")
    events = namings.join(named, on="attributes").group_by(names).agg(pl.col("ts").max())
    latest = events.sort("agent", "is_accept", "ts", "agent_name").group_by("agent").last()
    ids = attributes.select("agent", "agent_id").drop_nulls().unique()
    return ids.join(latest.select("agent", "agent_name"), on="agent", how="left")


def list_conversation_ids(attributes: pl.DataFrame) -> pl.DataFrame:
    """Return id_rank → conversation_id."""
    return attributes.select("id_rank", "conversation_id").unique()


def find_constant_texts(attributes: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return id_rank → its text, of ids that have only one."""
    texts = attributes.group_by("id_rank").agg(
        pl.col(column).n_unique().alias("text_count"),
        pl.col(column).first(),
        pl.col(column).null_count().alias("null_count"),
    )
    is_constant = (pl.col("text_count") == 1) & (pl.col("null_count") == 0)
    return texts.filter(is_constant).select("id_rank", column)


def find_choosable_texts(
    attributes: pl.DataFrame, column: str, constant: pl.DataFrame
) -> pl.Expr | None:
    """Return which attributes have a text, but for ids with a constant one; None for none."""
    is_constant = pl.col("id_rank").is_in(constant["id_rank"].implode())
    has_text = pl.col(column).is_not_null() & ~is_constant
    return None if attributes.filter(has_text).is_empty() else has_text


def add_text(
    frame: pl.DataFrame,
    attributes: pl.DataFrame,
    column: str,
    choose_texts: Callable[[str, pl.Expr], pl.DataFrame],
) -> pl.DataFrame:
    """Add the conversation's text to rows with `conversation_key` and `id_rank`.

    `choose_texts(column, has_text)` returns conversation_key → chosen, for conversations with
    attributes for which `has_text` is true; only ids with several texts need it.
    """
    constant = find_constant_texts(attributes, column)
    frame = frame.join(constant, on="id_rank", how="left", maintain_order="left")
    has_text = find_choosable_texts(attributes, column, constant)
    if has_text is None:
        return frame
    chosen = choose_texts(column, has_text)
    frame = frame.join(chosen, on="conversation_key", how="left", maintain_order="left")
    return frame.with_columns(pl.coalesce(column, "chosen").alias(column)).drop("chosen")


def find_latest_names(
    fold: Fold, frame: pl.DataFrame, keys: Sequence[str], id_ranks: pl.Series
) -> pl.DataFrame:
    """Return keys → last_at, conversation: names of groups of conversations with some ids.

    The name is that of the conversation with the latest `last_at` that has one.
    """
    columns = dict.fromkeys([*keys, "conversation_key", "id_rank", "last_at"])
    rows = frame.clear() if id_ranks.is_empty() else frame
    rows = rows.select(*columns).filter(pl.col("id_rank").is_in(id_ranks.implode()))
    if rows.is_empty():
        named = rows.with_columns(pl.lit(None, pl.String).alias("conversation"))
    else:
        named = fold.add_text(rows, "conversation").drop_nulls("conversation")
    return take_latest_names(named, keys).select(*keys, "last_at", "conversation")


def take_latest_names(names: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return the row of each group with the latest `last_at`, of these the greatest name."""
    in_order = names.sort("last_at", "conversation", nulls_last=False)
    return in_order.group_by(keys, maintain_order=True).last()
