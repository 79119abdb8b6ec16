"""Live-chat attempts of all conversations at once: docs/definitions.md, section 4.

Frames in, frames out. `walk` has the rules; each distinct signature is walked once, and its
walk is laid beside the events of all conversations that have it.
"""

from array import array
from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from dcevents.model.events import ATTEMPT_OUTCOMES, CLOSED, TIMEOUT
from dcevents.model.moments import UNTIMED
from dcevents.model.numbers.tables import make_text_table
from dcevents.model.texts import NUMBER_TYPE, list_texts
from dcevents.model.walk import (
    ACCEPT_ROLE,
    END_ROLE,
    LETTER_OF_KIND,
    PENDING_CHAT,
    PENDING_REQUEST,
    PROVISIONAL_OUTCOMES,
    REPEAT_MS,
    REQUEST_ROLE,
    START_ROLE,
    SignatureWalk,
    walk_signature,
)
from dcevents.native import arrow

WAITING_MS = 300_000
"""A pending request is `waiting` while its latest event is younger."""
ONGOING_MS = 600_000
"""A pending chat is `ongoing` while its latest event is younger."""

PROVISIONAL_OUTCOME_TYPE = pl.Enum(PROVISIONAL_OUTCOMES)
ATTEMPT_OUTCOME_TYPE = pl.Enum(ATTEMPT_OUTCOMES)

_FINAL_OUTCOME_NAMES: Final = {PENDING_CHAT: "no_end", PENDING_REQUEST: "left"}
"""What an attempt without an end is once it is old enough."""
_FINAL_OUTCOMES: Final = pl.Series(
    [ATTEMPT_OUTCOMES.index(_FINAL_OUTCOME_NAMES.get(each, each)) for each in PROVISIONAL_OUTCOMES],
    dtype=pl.UInt8,
)
"""The number of the outcome, by that of the provisional one."""
_ARE_ACCEPTED: Final = pl.Series(
    [each in ("ended", "timed_out", "closed", PENDING_CHAT) for each in PROVISIONAL_OUTCOMES]
)
"""Whether an attempt is accepted, by the number of its provisional outcome."""

_LOWER_CASE_BIT: Final = 0x20
"""Set in ASCII's lower-case letters."""
_ATTEMPT_KEY = ("conversation_key", "attempt")


def find_attempts(events: pl.DataFrame) -> pl.DataFrame:
    """Form the attempts of conversations, before the clock is asked.

    `events` are all live-chat and closed events of conversations with a live chat, each once,
    ordered by conversation, time, kind and agent (none first). Their columns: conversation_key (any
    key), kind (its number), ts (milliseconds or UNTIMED), agent (any number, or null). Columns of
    the result: conversation_key, attempt (1, 2, …), started_at, requested_at, accepted_at,
    ended_at, latest_at (milliseconds or null), agent, provisional_outcome (see `walk`), is_last
    (of its conversation).
    """
    rows, walks = _walk_conversations(events)
    attempts = rows.group_by(_ATTEMPT_KEY, maintain_order=True).agg(*_aggregate_attempts())
    outcomes = _tabulate_provisional_outcomes(walks)
    attempts = attempts.join(
        outcomes, on=["walk_number", "attempt"], how="left", maintain_order="left"
    )
    return attempts.drop("walk_number").with_columns((pl.col("attempt") + 1).cast(pl.UInt32))


def find_timeouts(events: pl.DataFrame) -> pl.DataFrame:
    """Measure each timeout of an attempt (definitions 5); `events` as for `find_attempts`.

    Columns: accepted (bool: after the accept that counts), ms: milliseconds from that accept,
    else from the attempt's first request; null if one of the two times is unknown.
    Timeouts after the end of an attempt change nothing and are left out.
    """
    rows, _ = _walk_conversations(events)
    time = _null_untimed()
    is_accept, is_request = _has_role(ACCEPT_ROLE), _has_role(REQUEST_ROLE)
    return (
        rows.with_columns(
            is_accept.cast(pl.UInt32)
            .cum_sum()
            .over(_ATTEMPT_KEY)
            .cast(pl.Boolean)
            .alias("accepted"),
            pl.when(is_accept).then(time).max().over(_ATTEMPT_KEY).alias("accepted_at"),
            pl.when(is_request).then(time).max().over(_ATTEMPT_KEY).alias("requested_at"),
        )
        .filter(pl.col("kind") == TIMEOUT)
        .select(
            "accepted",
            (time - pl.when("accepted").then("accepted_at").otherwise("requested_at")).alias("ms"),
        )
    )


def decide_attempts(attempts: pl.DataFrame, as_of: int | None) -> pl.DataFrame:
    """Decide the outcomes of attempts at a time (milliseconds; null: unknown).

    Columns `accepted` (bool) and `outcome` (an Enum) replace provisional_outcome, latest_at and
    is_last.
    """
    provisional = pl.col("provisional_outcome").to_physical()
    age = pl.lit(as_of, dtype=pl.Int64) - pl.col("latest_at")
    may_go_on = (pl.col("is_last") & age.is_not_null()).fill_null(value=False)
    is_ongoing = may_go_on & (age < ONGOING_MS) & _is_provisionally(PENDING_CHAT)
    is_waiting = may_go_on & (age < WAITING_MS) & _is_provisionally(PENDING_REQUEST)
    outcome = (
        pl.when(is_ongoing)
        .then(_number_outcome("ongoing"))
        .when(is_waiting)
        .then(_number_outcome("waiting"))
        .otherwise(pl.lit(_FINAL_OUTCOMES).gather(provisional))
    )
    return attempts.with_columns(
        pl.lit(_ARE_ACCEPTED).gather(provisional).alias("accepted"),
        outcome.cat.to(ATTEMPT_OUTCOME_TYPE).alias("outcome"),
    ).drop("provisional_outcome", "latest_at", "is_last")


def _is_provisionally(outcome: str) -> pl.Expr:
    return pl.col("provisional_outcome").to_physical() == PROVISIONAL_OUTCOMES.index(outcome)


def _number_outcome(outcome: str) -> pl.Expr:
    return pl.lit(ATTEMPT_OUTCOMES.index(outcome), pl.UInt8)


def _walk_conversations(events: pl.DataFrame) -> tuple[pl.DataFrame, list[SignatureWalk]]:
    """Walk all conversations; return the events of attempts, and the walks.

    The events are in order, with more columns: attempt, roles, walk_number.
    """
    letters = bytes(events.select(_derive_letters()).to_series().to_list())
    keys = events["conversation_key"]
    begins = (keys != keys.shift(1)).fill_null(value=True).arg_true()
    offsets = array("I", [*begins.to_list(), len(letters)])
    signatures = make_text_table()
    walk_numbers = signatures.number_packed(memoryview(letters), memoryview(offsets))
    walks = [walk_signature(signature) for signature in list_texts(signatures)]
    of_conversations = _tabulate_walks(walks)[arrow.copy_numbers(walk_numbers, NUMBER_TYPE)]
    of_events = of_conversations.explode("attempt", "roles")
    beside = pl.concat([events, of_events], how="horizontal")
    return beside.filter(pl.col("attempt") >= 0), walks


def _derive_letters() -> pl.Expr:
    """Return the letter of each event, in ASCII."""
    kind, ts, key = pl.col("kind"), pl.col("ts"), pl.col("conversation_key")
    of_live_chat = pl.when(kind != CLOSED)
    previous_key = of_live_chat.then(key).shift(1).forward_fill()
    previous_ts = of_live_chat.then(ts).shift(1).forward_fill()
    is_near = (previous_key == key) & (ts - previous_ts <= REPEAT_MS) & (ts < UNTIMED)
    letters = {kind: ord(letter) for kind, letter in LETTER_OF_KIND.items()}
    letter = kind.replace_strict(letters, return_dtype=pl.UInt8)
    return pl.when(is_near).then(letter | _LOWER_CASE_BIT).otherwise(letter)


def _tabulate_walks(walks: Sequence[SignatureWalk]) -> pl.DataFrame:
    """Make a row for each walk.

    Columns: walk_number, attempt and roles (lists, by event).
    """
    columns = {
        "walk_number": pl.Series(range(len(walks)), dtype=pl.UInt32),
        "attempt": pl.Series([walk.attempt_of_event for walk in walks], dtype=pl.List(pl.Int32)),
        "roles": pl.Series([walk.roles_of_event for walk in walks], dtype=pl.List(pl.UInt8)),
    }
    return pl.DataFrame(columns)


def _tabulate_provisional_outcomes(walks: Sequence[SignatureWalk]) -> pl.DataFrame:
    rows = [
        (walk_number, attempt, outcome, attempt == len(walk.provisional_outcomes) - 1)
        for walk_number, walk in enumerate(walks)
        for attempt, outcome in enumerate(walk.provisional_outcomes)
    ]
    schema: dict[str, Any] = {
        "walk_number": pl.UInt32,
        "attempt": pl.Int32,
        "provisional_outcome": PROVISIONAL_OUTCOME_TYPE,
        "is_last": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _aggregate_attempts() -> list[pl.Expr]:
    accepting_agent = pl.when(_has_role(ACCEPT_ROLE)).then(pl.col("agent")).drop_nulls().first()
    return [
        pl.col("walk_number").first(),
        _take_time_of(START_ROLE).alias("started_at"),
        _take_time_of(REQUEST_ROLE).alias("requested_at"),
        _take_time_of(ACCEPT_ROLE).alias("accepted_at"),
        _take_time_of(END_ROLE).alias("ended_at"),
        _null_untimed().max().alias("latest_at"),
        accepting_agent.fill_null(pl.col("agent").drop_nulls().last()).alias("agent"),
    ]


def _take_time_of(role: int) -> pl.Expr:
    return pl.when(_has_role(role)).then(_null_untimed()).max()


def _has_role(role: int) -> pl.Expr:
    return (pl.col("roles") & role) > 0


def _null_untimed() -> pl.Expr:
    return pl.when(pl.col("ts") < UNTIMED).then(pl.col("ts"))
