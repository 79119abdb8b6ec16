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
LETTERS = {REQUESTED: "R", INITIATED: "I", TIMEOUT: "T", ENDED: "E", CLOSED: "C"}

FIRST_REQUEST, ACCEPT, END, START = 1, 2, 4, 8
"""What an event is to its attempt; an event may be several of these, or none."""


@dataclass(slots=True)
class _Attempt:
    first: int
    requested: int | None = None
    accepted: bool = False
    initiated: int | None = None
    timeout: int | None = None
    end: int | None = None
    verdict: str = ""
    members: list[int] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Ended: an accepted one by anything, another by ENDED or CLOSED (a TIMEOUT may be taken back)."""
        return self.end is not None


@dataclass(frozen=True, slots=True)
class Walked:
    """The walk over one signature: for each event its attempt (-1: none) and roles; for each attempt its verdict."""

    attempts: list[int]
    roles: list[int]
    verdicts: list[str]


def walk(signature: str) -> Walked:
    """Definitions 4, literally. Verdicts: `ended`, `timed_out`, `closed`, `missed`, `left`; `accepted` and
    `asked` are for the clock to decide (`ongoing` or `no_end`; `waiting` or `left`).
    """
    found: list[_Attempt] = []
    prev = ""
    for i, letter in enumerate(signature):
        kind, near = letter.upper(), letter.islower()
        last = found[-1] if found else None
        if kind == "C":
            if last is None or last.over or last.timeout is not None:
                continue
            _end(last, i, "closed" if last.accepted else "left")
        elif _starts(kind, prev, last, near=near):
            found.append(_Attempt(i))
            _join(found[-1], i, kind)
        elif last is not None:
            _join(last, i, kind)
        prev = kind
    return _result(found, len(signature))


def _starts(kind: str, prev: str, last: _Attempt | None, *, near: bool) -> bool:
    if kind == "R":
        return not (prev == "R" and near)
    if kind == "I":
        late = prev == "T" and near and last is not None and not last.accepted and not last.over
        return not (prev in ("R", "I") or late)
    return last is None


def _join(attempt: _Attempt, i: int, kind: str) -> None:
    if attempt.over and kind in "TE":
        return
    attempt.members.append(i)
    if kind == "R" and attempt.requested is None:
        attempt.requested = i
    elif kind == "I" and not attempt.accepted:
        attempt.accepted, attempt.initiated, attempt.timeout = True, i, None
    elif kind == "T" and attempt.accepted:
        _end(attempt, i, "timed_out", member=False)
    elif kind == "T" and attempt.timeout is None:
        attempt.timeout = i
    elif kind == "E":
        # Only a talk with an agent ends so: without INITIATED and TIMEOUT before it, that was lost.
        attempt.accepted = attempt.accepted or attempt.timeout is None
        _end(attempt, i, "ended" if attempt.accepted else "missed", member=False)


def _end(attempt: _Attempt, i: int, verdict: str, *, member: bool = True) -> None:
    attempt.end, attempt.verdict = i, verdict
    if member:
        attempt.members.append(i)


def _result(found: list[_Attempt], size: int) -> Walked:
    attempts, roles = [-1] * size, [0] * size
    for n, attempt in enumerate(found):
        for i in attempt.members:
            attempts[i] = n
        ended = attempt.end if attempt.timeout is None else attempt.timeout
        places = (
            (attempt.first, START),
            (attempt.requested, FIRST_REQUEST),
            (attempt.initiated, ACCEPT),
            (ended, END),
        )
        for place, role in places:
            if place is not None:
                roles[place] |= role
    return Walked(attempts, roles, [_verdict(attempt) for attempt in found])


def _verdict(attempt: _Attempt) -> str:
    if attempt.timeout is not None:
        return "missed"
    return attempt.verdict or ("accepted" if attempt.accepted else "asked")


EVENTS = ("conv", "kind", "ts", "agent")
"""Columns of `attempts`' input: conversation (any key), kind's number, milliseconds or UNTIMED, agent or null."""


VERDICT = pl.Enum(["ended", "timed_out", "closed", "missed", "left", "accepted", "asked"])


def attempts(events: pl.DataFrame) -> pl.DataFrame:
    """One row for each attempt of conversations with live-chat events, whatever the time.

    `events` holds all their live-chat and CLOSED events, repeated ones too. Columns: conv, attempt (1, 2, …),
    started_at, requested_at, accepted_at, ended_at, latest (milliseconds or null), agent, verdict (see `walk`), and
    `last`, whether it is its conversation's last.
    """
    rows, walked = _laid(events)
    found = rows.group_by("conv", "attempt", maintain_order=True).agg(*_columns())
    found = found.join(_verdicts(walked), on=["walk", "attempt"], how="left", maintain_order="left")
    return found.drop("walk").with_columns((pl.col("attempt") + 1).cast(pl.UInt32))


def timeouts(events: pl.DataFrame) -> pl.DataFrame:
    """One row for each TIMEOUT of an attempt (definitions 5), those aside that change nothing. `events` as above.

    Columns: accepted (whether the INITIATED that counts came before it), and ms: milliseconds from that INITIATED,
    else from the attempt's first REQUESTED; null where there is none or one of the two has no time.
    """
    rows, _ = _laid(events)
    attempt = ["conv", "attempt"]
    timed = pl.when(pl.col("ts") < UNTIMED).then(pl.col("ts"))
    accepts, asks = ((pl.col("roles") & role) > 0 for role in (ACCEPT, FIRST_REQUEST))
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


def _laid(events: pl.DataFrame) -> tuple[pl.DataFrame, list[Walked]]:
    """The events of attempts in order, each with its `attempt`, `roles` and its conversation's `walk`; all walks."""
    ordered = events.unique(EVENTS).sort("conv", "ts", "kind", "agent", nulls_last=False)
    ordered = ordered.with_columns(_letters())
    texts = ordered.group_by("conv", maintain_order=True).agg(
        pl.col("letter").str.join("").alias("signature")
    )
    distinct = texts["signature"].unique()
    walked = [walk(text) for text in distinct]
    per_event = texts.select("signature").join(
        _table(distinct, walked), on="signature", maintain_order="left"
    )
    laid = per_event.select("walk", "attempt", "roles").explode("attempt", "roles")
    return pl.concat([ordered, laid], how="horizontal").filter(pl.col("attempt") >= 0), walked


def _letters() -> pl.Expr:
    kind, ts, conv = pl.col("kind"), pl.col("ts"), pl.col("conv")
    before = pl.when(kind != CLOSED)
    conv_before = before.then(conv).shift(1).forward_fill()
    ts_before = before.then(ts).shift(1).forward_fill()
    near = (conv_before == conv) & (ts - ts_before <= REPEAT_MS) & (ts < UNTIMED)
    letters = kind.replace_strict(LETTERS, return_dtype=pl.String)
    return pl.when(near).then(letters.str.to_lowercase()).otherwise(letters).alias("letter")


def _table(signatures: pl.Series, walked: Sequence[Walked]) -> pl.DataFrame:
    """A row for each walk: its `signature`, its number (`walk`), and for each event `attempt` and `roles`.

    Everything after this goes by the number: the text is as long as its conversation, and would be compared as
    often as that has events.
    """
    columns = {
        "signature": signatures,
        "walk": pl.Series(range(len(walked)), dtype=pl.UInt32),
        "attempt": pl.Series([each.attempts for each in walked], dtype=pl.List(pl.Int32)),
        "roles": pl.Series([each.roles for each in walked], dtype=pl.List(pl.UInt8)),
    }
    return pl.DataFrame(columns)


def _verdicts(walked: Sequence[Walked]) -> pl.DataFrame:
    rows = [
        (number, n, verdict, n == len(each.verdicts) - 1)
        for number, each in enumerate(walked)
        for n, verdict in enumerate(each.verdicts)
    ]
    schema: dict[str, Any] = {
        "walk": pl.UInt32,
        "attempt": pl.Int32,
        "verdict": VERDICT,
        "last": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _columns() -> list[pl.Expr]:
    timed = pl.when(pl.col("ts") < UNTIMED).then(pl.col("ts"))

    def at(role: int) -> pl.Expr:
        return pl.when((pl.col("roles") & role) > 0).then(timed).max()

    accepting = pl.when((pl.col("roles") & ACCEPT) > 0).then(pl.col("agent")).drop_nulls().first()
    return [
        pl.col("walk").first(),
        at(START).alias("started_at"),
        at(FIRST_REQUEST).alias("requested_at"),
        at(ACCEPT).alias("accepted_at"),
        at(END).alias("ended_at"),
        timed.max().alias("latest"),
        accepting.fill_null(pl.col("agent").drop_nulls().last()).alias("agent"),
    ]


def decided(found: pl.DataFrame, as_of: int | None) -> pl.DataFrame:
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
    return found.with_columns(
        verdict.is_in(["ended", "timed_out", "closed", "accepted"]).alias("accepted"),
        outcome.alias("outcome"),
    ).drop("verdict", "latest", "last")
