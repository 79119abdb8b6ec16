"""Facts grouped by conversation, by the library in C, or where there is none by polars.

What is found here is mechanical: the first and the last times of some kinds, numbers of different
events, events in order. What that means is for `conversations`, `attempts` and `outcomes` to say.
"""

from typing import NamedTuple

import polars as pl

from dcevents.model import native_grouping
from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    LIVE_CHAT_KINDS,
    MEETING_BOOKED,
    STEP_KINDS,
    TRIGGERED,
)
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.native_grouping import NO_EVENT_MS, NO_STEP, NO_TIME_MS
from dcevents.model.packed.packing import FactPart
from dcevents.native import load_library


class DistinctCounts(NamedTuple):
    """Counts of distinct events.

    `untimed` are among `events`, `future` and `ancient` among `untimed`.
    """

    events: int = 0
    untimed: int = 0
    future: int = 0
    ancient: int = 0

    def __add__(self, other: tuple[int, ...]) -> "DistinctCounts":  # type: ignore[override]
        return DistinctCounts(*map(int.__add__, self, other))


class GroupedPart(NamedTuple):
    """The conversations of some sessions."""

    conversations: pl.DataFrame
    """One row each, in the order of keys. Columns: conversation_key, first_at (UNTIMED without
    a timed event), shown_at, engaged_at, completed_at (of the first TRIGGERED, of the first
    event but these and CLOSED, of the first COMPLETED; NO_EVENT_MS without one), active_at,
    closed_at (of the last timed event but TRIGGERED, of the last timed CLOSED; NO_TIME_MS
    without one), meetings, kind_bits, step (the step kind whose first timed event is latest;
    NO_STEP without one).
    """
    chat_events: pl.DataFrame
    """The live-chat and closed events of conversations with a live chat, each once, in order.

    Columns: conversation_key, ts (milliseconds or UNTIMED), agent (null without one), kind.
    """
    counts: DistinctCounts


def group_part(part: FactPart, codes: pl.DataFrame, id_bits: int) -> GroupedPart:
    """Group facts by conversation.

    `codes` has by code the kind, the rank of the conversation's id (id_rank), which takes so many
    bits of a key, and the number of the agent from 1 on (agent), null without one.
    """
    if (library := load_library()) is not None:
        conversations, chat_events, counts = native_grouping.group_part(
            library, part, codes, id_bits
        )
        return GroupedPart(conversations, chat_events, DistinctCounts(*counts))
    events = _convert_to_events(part.to_frame(), codes, id_bits)
    different = _drop_equal(events.with_columns(pl.min_horizontal("ts", UNTIMED)))
    counts = _count_events(_drop_equal(events))
    return GroupedPart(_find_times(different), _order_chat_events(different), counts)


def count_part(part: FactPart, codes: pl.DataFrame) -> DistinctCounts:
    """Count the different events of facts (definitions 1); `codes` as for `group_part`."""
    if (library := load_library()) is not None:
        return DistinctCounts(*native_grouping.count_part(library, part, codes))
    events = _convert_to_events(part.to_frame(), codes, id_bits=32)
    return _count_events(_drop_equal(events))


def choose_texts(
    part: FactPart, codes: pl.DataFrame, id_bits: int, *, latest: bool
) -> pl.DataFrame:
    """Choose the text of each conversation that has one (definitions 2).

    `codes` has, beside the columns for `group_part`, `rank`: that of a text, 0 without one. The
    text is that of the latest event, else that of the earliest. Events without a text do not count,
    untimed ones only if no timed one has a text. At the same time the later kind and the greater
    text are chosen; of the earliest the earlier and the lesser.
    Returns columns conversation_key and rank.
    """
    if (library := load_library()) is not None:
        return native_grouping.choose_texts(library, part, codes, id_bits, latest=latest)
    facts = part.to_frame()
    events = _convert_to_events(facts, codes, id_bits)
    is_timed = pl.col("ts") < UNTIMED
    order = {
        "is_timed": is_timed if latest else ~is_timed,
        "ts": pl.when(is_timed).then("ts"),
        "kind": pl.when(is_timed).then("kind"),
    }
    ranked = events.with_columns(codes["rank"][facts["attributes"]], **order)
    ranked = ranked.filter(pl.col("rank") > 0).sort(*order, "rank", descending=latest)
    chosen = ranked.group_by("conversation_key", maintain_order=True).first()
    return chosen.select("conversation_key", "rank")


def find_last_times(part: FactPart, code_count: int) -> pl.DataFrame:
    """Return the last `ts` of the facts of each code in `attributes`; null: none has one.

    Codes are below `code_count`; those without facts have no row.
    """
    if (library := load_library()) is not None:
        last = native_grouping.find_last_times(library, part, code_count)
        found = pl.DataFrame({"ts": last}).with_row_index("attributes")
        found = found.filter(pl.col("ts") >= NO_TIME_MS)
    else:
        timed = pl.when(pl.col("ts") < UNTIMED).then("ts").otherwise(NO_TIME_MS)
        found = part.to_frame().group_by("attributes").agg(timed.max())
    return found.with_columns(pl.when(pl.col("ts") > NO_TIME_MS).then("ts"))


def drop_repeats(part: FactPart, code_count: int) -> pl.DataFrame:
    """Return each fact once, in the order of session, time and code, each below `code_count`."""
    if (library := load_library()) is not None:
        return native_grouping.drop_repeats(library, part, code_count)
    return _drop_equal(part.to_frame()).sort("sid", "ts", "attributes")


# -- by polars -----------------------------------------------------------------------------------


def _drop_equal(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.lazy().unique().collect(engine="streaming")


def _convert_to_events(facts: pl.DataFrame, codes: pl.DataFrame, id_bits: int) -> pl.DataFrame:
    """Return columns conversation_key, kind, agent and ts of facts."""
    of_facts = codes.select("kind", "agent", "id_rank")[facts["attributes"]]
    key = facts["sid"].cast(pl.UInt64) * (1 << id_bits) + of_facts["id_rank"]
    return of_facts.select(key.alias("conversation_key"), "kind", "agent", facts["ts"])


def _count_events(events: pl.DataFrame) -> DistinctCounts:
    """Count events, each of which comes once for each time that is none."""
    ts = pl.col("ts")
    untimed = events.filter(ts >= UNTIMED)
    timed, without_time = events.height - untimed.height, untimed.drop("ts").unique().height
    reasons = (untimed.filter(ts == reason).height for reason in (FUTURE, ANCIENT))
    return DistinctCounts(timed + without_time, without_time, *reasons)


def _find_times(events: pl.DataFrame) -> pl.DataFrame:
    """Return `GroupedPart.conversations` of different events."""
    kind, ts = pl.col("kind"), pl.col("ts")
    is_shown, is_closed = kind == TRIGGERED, kind == CLOSED
    timed = pl.when(ts < UNTIMED).then(ts).otherwise(NO_TIME_MS)
    kind_bit = pl.lit(2, pl.UInt16).pow(kind).cast(pl.UInt16)
    grouped = events.lazy().group_by("conversation_key")
    times = grouped.agg(
        ts.min().alias("first_at"),
        _find_earliest(is_shown).alias("shown_at"),
        _find_earliest(~is_shown & ~is_closed).alias("engaged_at"),
        _find_earliest(kind == COMPLETED).alias("completed_at"),
        pl.when(~is_shown).then(timed).otherwise(NO_TIME_MS).max().alias("active_at"),
        pl.when(is_closed).then(timed).otherwise(NO_TIME_MS).max().alias("closed_at"),
        (kind == MEETING_BOOKED).sum().cast(pl.UInt32).alias("meetings"),
        kind_bit.bitwise_or().alias("kind_bits"),
    )
    return (
        times.join(_find_steps(events.lazy()), on="conversation_key", how="left")
        .with_columns(pl.col("step").fill_null(NO_STEP))
        .sort("conversation_key")
        .collect(engine="streaming")
    )


def _find_earliest(condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(pl.col("ts")).otherwise(NO_EVENT_MS).min()


def _find_steps(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return conversation_key and step of conversations that have one."""
    kind, ts = pl.col("kind"), pl.col("ts")
    first = events.filter(kind.is_in(STEP_KINDS) & (ts < UNTIMED))
    first = first.group_by("conversation_key", "kind").agg(ts.min())
    step = kind.filter(ts == ts.max()).max().alias("step")
    return first.group_by("conversation_key").agg(step)


def _order_chat_events(events: pl.DataFrame) -> pl.DataFrame:
    """Return `GroupedPart.chat_events` of different events."""
    chats = events.filter(pl.col("kind").is_in([*LIVE_CHAT_KINDS, CLOSED]))
    with_live_chat = chats.filter(pl.col("kind") != CLOSED).select("conversation_key").unique()
    chats = chats.join(with_live_chat, on="conversation_key", how="semi")
    ordered = chats.sort("conversation_key", "ts", "kind", "agent", nulls_last=False)
    return ordered.select("conversation_key", "ts", "agent", "kind")
