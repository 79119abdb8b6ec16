"""Outcomes of conversations: the table of rules in docs/definitions.md, section 2.

The first rule that fits decides. All rules but `open` depend on the events alone; they give a
*provisional* outcome. `open` depends on the time of the report, and takes the place of the
outcomes below it in the table.
"""

import polars as pl

from dcevents.model.events import OUTCOMES

OUTCOME_TYPE = pl.Enum(OUTCOMES)

_PROVISIONAL_RULES = (
    ("completed", pl.col("has_completed")),
    ("served", pl.col("has_accepted_attempt")),
    ("booked", pl.col("has_booked")),
    ("unanswered", pl.col("has_missed_attempt")),
    ("left_queue", pl.col("live_chats") > 0),
    ("closed", pl.col("engaged") & pl.col("closed_last")),
    ("dropped", pl.col("engaged")),
    ("dismissed", pl.col("closed_last")),
)
_OTHERWISE = "ignored"


def choose_provisional_outcome() -> pl.Expr:
    """Return the outcome of conversations, by the first rule that fits."""
    number = _number_outcome(_OTHERWISE)
    for outcome, rule in reversed(_PROVISIONAL_RULES):
        number = pl.when(rule).then(_number_outcome(outcome)).otherwise(number)
    return number.cat.to(OUTCOME_TYPE)


def decide_outcomes(
    conversations: pl.DataFrame, attempts: pl.DataFrame, as_of: int | None, idle_ms: int
) -> pl.DataFrame:
    """Decide which conversations are open at a time.

    `as_of` is in milliseconds; None: no conversation is open. `conversations` have provisional
    outcomes, and `closed_last`.
    """
    number = pl.col("outcome").to_physical()
    is_open = (
        _is_recent(attempts, as_of, idle_ms).fill_null(value=False)
        & ~pl.col("closed_last")
        & (number > OUTCOMES.index("open"))
    )
    decided = pl.when(is_open).then(_number_outcome("open")).otherwise(number)
    outcome = decided.cat.to(OUTCOME_TYPE).alias("outcome")
    return conversations.with_columns(outcome)


def _is_recent(attempts: pl.DataFrame, as_of: int | None, idle_ms: int) -> pl.Expr:
    """Return whether a conversation is recent (definitions 2): active, or waiting for an agent."""
    is_active = pl.lit(as_of, pl.Int64) - pl.col("last_at") < idle_ms
    waiting = attempts.filter(pl.col("outcome") == "waiting")["conversation_key"].unique()
    if waiting.is_empty():
        return is_active
    is_waiting = pl.col("conversation_key").is_in(waiting.implode())
    return is_active | (is_waiting & pl.col("last_at").is_not_null())


def _number_outcome(outcome: str) -> pl.Expr:
    return pl.lit(OUTCOMES.index(outcome), pl.UInt8)
