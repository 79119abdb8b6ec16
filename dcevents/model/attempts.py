"""Live-chat attempts: definitions 4 as a walk over one conversation's events, and the same for all of them at once.

Conversations walk in few different ways. A conversation's *signature* has a letter for each of its live-chat and
CLOSED events, in order, and nothing else that the walk depends on; so each distinct signature is walked once, and
its result laid beside the events of all conversations that have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from dcevents.model.events import CLOSED, ENDED, INITIATED, REQUESTED, TIMEOUT
from dcevents.model.moments import UNTIMED

REPEAT_MS = 300_000
"""A REQUESTED after a REQUESTED, an INITIATED after a TIMEOUT, at most so far apart, belong together."""
WAITING_MS = 300_000
ONGOING_MS = 600_000

# Letters of a signature; a small one is at most REPEAT_MS after the live-chat event before it.
LETTER_OF_KIND = {REQUESTED: "R", INITIATED: "I", TIMEOUT: "T", ENDED: "E", CLOSED: "C"}

REQUEST_ROLE, ACCEPT_ROLE, END_ROLE, START_ROLE = 1, 2, 4, 8
"""What an event is to its attempt; an event may be several of these, or none."""


@dataclass(slots=True)
class _WalkedAttempt:
    start_index: int
    request_index: int | None = None
    is_accepted: bool = False
    accept_index: int | None = None
    timeout_index: int | None = None
    end_index: int | None = None
    provisional_outcome: str = ""
    member_indices: list[int] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """Ended: an accepted one by anything, another by ENDED or CLOSED (a TIMEOUT may be taken back)."""
        return self.end_index is not None


@dataclass(frozen=True, slots=True)
class SignatureWalk:
    """The walk over one signature: for each event its attempt (-1: none) and roles; for each attempt its verdict."""

    attempt_of_event: list[int]
    roles_of_event: list[int]
    provisional_outcomes: list[str]


def walk_signature(signature: str) -> SignatureWalk:
    """Definitions 4, literally. Verdicts: `ended`, `timed_out`, `closed`, `missed`, `left`; `accepted` and
    `asked` are for the clock to decide (`ongoing` or `no_end`; `waiting` or `left`).
    """
    found: list[_WalkedAttempt] = []
    prev = ""
    for i, letter in enumerate(signature):
        kind, near = letter.upper(), letter.islower()
        last = found[-1] if found else None
        if kind == "C":
            if last is None or last.has_ended or last.timeout_index is not None:
                continue
            _end_attempt(last, i, "closed" if last.is_accepted else "left")
        elif _is_attempt_start(kind, prev, last, near=near):
            found.append(_WalkedAttempt(i))
            _add_event(found[-1], i, kind)
        elif last is not None:
            _add_event(last, i, kind)
        prev = kind
    return _build_walk(found, len(signature))


def _is_attempt_start(kind: str, prev: str, last: _WalkedAttempt | None, *, near: bool) -> bool:
    if kind == "R":
        return not (prev == "R" and near)
    if kind == "I":
        late = (
            prev == "T"
            and near
            and last is not None
            and not last.is_accepted
            and not last.has_ended
        )
        return not (prev in ("R", "I") or late)
    return last is None


def _add_event(attempt: _WalkedAttempt, i: int, kind: str) -> None:
    if attempt.has_ended and kind in "TE":
        return
    attempt.member_indices.append(i)
    if kind == "R" and attempt.request_index is None:
        attempt.request_index = i
    elif kind == "I" and not attempt.is_accepted:
        attempt.is_accepted, attempt.accept_index, attempt.timeout_index = True, i, None
    elif kind == "T" and attempt.is_accepted:
        _end_attempt(attempt, i, "timed_out", member=False)
    elif kind == "T" and attempt.timeout_index is None:
        attempt.timeout_index = i
    elif kind == "E":
        # Only a talk with an agent ends so: without INITIATED and TIMEOUT before it, that was lost.
        attempt.is_accepted = attempt.is_accepted or attempt.timeout_index is None
        _end_attempt(attempt, i, "ended" if attempt.is_accepted else "missed", member=False)


def _end_attempt(attempt: _WalkedAttempt, i: int, verdict: str, *, member: bool = True) -> None:
    attempt.end_index, attempt.provisional_outcome = i, verdict
    if member:
        attempt.member_indices.append(i)


def _build_walk(found: list[_WalkedAttempt], size: int) -> SignatureWalk:
    attempts, roles = [-1] * size, [0] * size
    for n, attempt in enumerate(found):
        for i in attempt.member_indices:
            attempts[i] = n
        ended = attempt.end_index if attempt.timeout_index is None else attempt.timeout_index
        places = (
            (attempt.start_index, START_ROLE),
            (attempt.request_index, REQUEST_ROLE),
            (attempt.accept_index, ACCEPT_ROLE),
            (ended, END_ROLE),
        )
        for place, role in places:
            if place is not None:
                roles[place] |= role
    return SignatureWalk(attempts, roles, [_name_provisional_outcome(attempt) for attempt in found])


def _name_provisional_outcome(attempt: _WalkedAttempt) -> str:
    if attempt.timeout_index is not None:
        return "missed"
    return attempt.provisional_outcome or ("accepted" if attempt.is_accepted else "asked")


CHAT_EVENT_COLUMNS = ("conv", "kind", "ts", "agent")
"""Columns of `attempts`' input: conversation (any key), kind's number, milliseconds or UNTIMED, agent or null."""


PROVISIONAL_OUTCOME_TYPE = pl.Enum(
    ["ended", "timed_out", "closed", "missed", "left", "accepted", "asked"]
)


def find_attempts(events: pl.DataFrame) -> pl.DataFrame:
    """One row for each attempt of conversations with live-chat events, whatever the time.

    `events` holds all their live-chat and CLOSED events, repeated ones too. Columns: conv, attempt (1, 2, …),
    started_at, requested_at, accepted_at, ended_at, latest (milliseconds or null), agent, verdict (see `walk`), and
    `last`, whether it is its conversation's last.
    """
    rows, walked = _walk_conversations(events)
    found = rows.group_by("conv", "attempt", maintain_order=True).agg(*_aggregate_attempts())
    found = found.join(
        _tabulate_provisional_outcomes(walked),
        on=["walk", "attempt"],
        how="left",
        maintain_order="left",
    )
    return found.drop("walk").with_columns((pl.col("attempt") + 1).cast(pl.UInt32))


def find_timeouts(events: pl.DataFrame) -> pl.DataFrame:
    """One row for each TIMEOUT of an attempt (definitions 5), those aside that change nothing. `events` as above.

    Columns: accepted (whether the INITIATED that counts came before it), and ms: milliseconds from that INITIATED,
    else from the attempt's first REQUESTED; null where there is none or one of the two has no time.
    """
    rows, _ = _walk_conversations(events)
    attempt = ["conv", "attempt"]
    timed = pl.when(pl.col("ts") < UNTIMED).then(pl.col("ts"))
    accepts, asks = ((pl.col("roles") & role) > 0 for role in (ACCEPT_ROLE, REQUEST_ROLE))
    return (
        rows.with_columns(
            accepts.cast(pl.UInt32).cum_sum().over(attempt).cast(pl.Boolean).alias("accepted"),
            pl.when(accepts).then(timed).max().over(attempt).alias("initiated"),
            pl.when(asks).then(timed).max().over(attempt).alias("requested"),
        )
        .filter(pl.col("kind") == TIMEOUT)
        .select(
            "accepted",
            (timed - pl.when("accepted").then("initiated").otherwise("requested")).alias("ms"),
        )
    )


def _walk_conversations(events: pl.DataFrame) -> tuple[pl.DataFrame, list[SignatureWalk]]:
    """The events of attempts in order, each with its `attempt`, `roles` and its conversation's `walk`; all walks."""
    ordered = events.unique(CHAT_EVENT_COLUMNS).sort(
        "conv", "ts", "kind", "agent", nulls_last=False
    )
    ordered = ordered.with_columns(_derive_letters())
    texts = ordered.group_by("conv", maintain_order=True).agg(
        pl.col("letter").str.join("").alias("signature")
    )
    distinct = texts["signature"].unique()
    walked = [walk_signature(text) for text in distinct]
    per_event = texts.select("signature").join(
        _tabulate_walks(distinct, walked), on="signature", maintain_order="left"
    )
    laid = per_event.select("walk", "attempt", "roles").explode("attempt", "roles")
    return pl.concat([ordered, laid], how="horizontal").filter(pl.col("attempt") >= 0), walked


def _derive_letters() -> pl.Expr:
    kind, ts, conv = pl.col("kind"), pl.col("ts"), pl.col("conv")
    before = pl.when(kind != CLOSED)
    conv_before = before.then(conv).shift(1).forward_fill()
    ts_before = before.then(ts).shift(1).forward_fill()
    near = (conv_before == conv) & (ts - ts_before <= REPEAT_MS) & (ts < UNTIMED)
    letters = kind.replace_strict(LETTER_OF_KIND, return_dtype=pl.String)
    return pl.when(near).then(letters.str.to_lowercase()).otherwise(letters).alias("letter")


def _tabulate_walks(signatures: pl.Series, walked: Sequence[SignatureWalk]) -> pl.DataFrame:
    """A row for each walk: its `signature`, its number (`walk`), and for each event `attempt` and `roles`.

    Everything after this goes by the number: the text is as long as its conversation, and would be compared as
    often as that has events.
    """
    columns = {
        "signature": signatures,
        "walk": pl.Series(range(len(walked)), dtype=pl.UInt32),
        "attempt": pl.Series([each.attempt_of_event for each in walked], dtype=pl.List(pl.Int32)),
        "roles": pl.Series([each.roles_of_event for each in walked], dtype=pl.List(pl.UInt8)),
    }
    return pl.DataFrame(columns)


def _tabulate_provisional_outcomes(walked: Sequence[SignatureWalk]) -> pl.DataFrame:
    rows = [
        (number, n, verdict, n == len(each.provisional_outcomes) - 1)
        for number, each in enumerate(walked)
        for n, verdict in enumerate(each.provisional_outcomes)
    ]
    schema: dict[str, Any] = {
        "walk": pl.UInt32,
        "attempt": pl.Int32,
        "verdict": PROVISIONAL_OUTCOME_TYPE,
        "last": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _aggregate_attempts() -> list[pl.Expr]:
    timed = pl.when(pl.col("ts") < UNTIMED).then(pl.col("ts"))

    def take_time_of(role: int) -> pl.Expr:
        return pl.when((pl.col("roles") & role) > 0).then(timed).max()

    accepting = (
        pl.when((pl.col("roles") & ACCEPT_ROLE) > 0).then(pl.col("agent")).drop_nulls().first()
    )
    return [
        pl.col("walk").first(),
        take_time_of(START_ROLE).alias("started_at"),
        take_time_of(REQUEST_ROLE).alias("requested_at"),
        take_time_of(ACCEPT_ROLE).alias("accepted_at"),
        take_time_of(END_ROLE).alias("ended_at"),
        timed.max().alias("latest"),
        accepting.fill_null(pl.col("agent").drop_nulls().last()).alias("agent"),
    ]


def decide_attempts(attempts: pl.DataFrame, as_of: int | None) -> pl.DataFrame:
    """Attempts as they stood at a time: `accepted` (bool) and `outcome` in place of verdict, latest and last."""
    verdict = pl.col("verdict").cast(pl.String)
    since = pl.lit(as_of, dtype=pl.Int64) - pl.col("latest")
    recent = pl.col("last") & since.is_not_null()
    outcome = (
        pl.when(verdict == "accepted")
        .then(
            pl.when(recent & (since < ONGOING_MS))
            .then(pl.lit("ongoing"))
            .otherwise(pl.lit("no_end"))
        )
        .when(verdict == "asked")
        .then(
            pl.when(recent & (since < WAITING_MS)).then(pl.lit("waiting")).otherwise(pl.lit("left"))
        )
        .otherwise(verdict)
    )
    return attempts.with_columns(
        verdict.is_in(["ended", "timed_out", "closed", "accepted"]).alias("accepted"),
        outcome.alias("outcome"),
    ).drop("verdict", "latest", "last")
