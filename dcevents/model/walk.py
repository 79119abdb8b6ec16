"""The walk over one conversation's live-chat events: docs/definitions.md, section 4.

A conversation's *signature* has a letter for each of its live-chat and closed events, in
order. A lower-case letter comes at most REPEAT_MS after the live-chat event before it.
The walk depends on nothing else, so conversations with equal signatures share one walk.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from dcevents.model.events import CLOSED, ENDED, INITIATED, REQUESTED, TIMEOUT

REPEAT_MS = 300_000
"""The longest distance from a request to its repeat, and from a timeout to a late accept."""

LETTER_OF_KIND = {REQUESTED: "R", INITIATED: "I", TIMEOUT: "T", ENDED: "E", CLOSED: "C"}
"""The letters of a signature: Requested, Initiated, Timeout, Ended, Closed."""

REQUEST_ROLE, ACCEPT_ROLE, END_ROLE, START_ROLE = 1, 2, 4, 8
"""Roles of an event in its attempt, as bits: an event has several of them, or none."""

PENDING_CHAT = "pending_chat"
"""Accepted and not ended: `ongoing` or `no_end`, by the time of the report."""
PENDING_REQUEST = "pending_request"
"""Neither accepted nor ended: `waiting` or `left`, by the time of the report."""

PROVISIONAL_OUTCOMES = (
    "ended",
    "timed_out",
    "closed",
    "missed",
    "left",
    PENDING_CHAT,
    PENDING_REQUEST,
)
"""Outcomes of attempts before the clock is asked: all but the last two are final."""


class SignatureWalk(NamedTuple):
    """The attempts of one signature."""

    attempt_of_event: list[int]
    """For each event the number of its attempt, from 0; -1: it belongs to none."""
    roles_of_event: list[int]
    """For each event its roles, added up."""
    provisional_outcomes: list[str]
    """For each attempt one of PROVISIONAL_OUTCOMES."""


@dataclass(slots=True)
class _WalkedAttempt:
    """An attempt during the walk; events go by their index."""

    start_index: int
    request_index: int | None = None
    is_accepted: bool = False
    accept_index: int | None = None
    timeout_index: int | None = None
    """The first timeout before the accept; a late accept cancels it."""
    end_index: int | None = None
    final_outcome: str | None = None
    member_indices: list[int] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """Tell whether it is over; a timeout before the accept ends nothing."""
        return self.end_index is not None

    @property
    def provisional_outcome(self) -> str:
        """The outcome before the clock is asked."""
        if self.timeout_index is not None:
            return "missed"
        return self.final_outcome or (PENDING_CHAT if self.is_accepted else PENDING_REQUEST)


def walk_signature(signature: str) -> SignatureWalk:
    """Form the attempts of one signature, by the rules of definitions 4."""
    attempts: list[_WalkedAttempt] = []
    previous = ""
    for index, letter in enumerate(signature):
        kind, is_near = letter.upper(), letter.islower()
        latest = attempts[-1] if attempts else None
        if kind == "C":
            if latest is None or latest.has_ended or latest.timeout_index is not None:
                continue
            latest.member_indices.append(index)
            _end_attempt(latest, index, "closed" if latest.is_accepted else "left")
        elif _is_attempt_start(kind, previous, latest, is_near=is_near):
            attempts.append(_WalkedAttempt(index))
            _add_event(attempts[-1], index, kind)
        elif latest is not None:
            _add_event(latest, index, kind)
        previous = kind
    return _build_walk(attempts, len(signature))


def _is_attempt_start(
    kind: str, previous: str, latest: _WalkedAttempt | None, *, is_near: bool
) -> bool:
    if kind == "R":
        is_repeat = previous == "R" and is_near
        return not is_repeat
    if kind == "I":
        return previous not in {"R", "I"} and not (
            previous == "T" and is_near and _is_waiting(latest)
        )
    return latest is None


def _is_waiting(attempt: _WalkedAttempt | None) -> bool:
    return attempt is not None and not attempt.is_accepted and not attempt.has_ended


def _add_event(attempt: _WalkedAttempt, index: int, kind: str) -> None:
    if attempt.has_ended and kind in "TE":
        return
    attempt.member_indices.append(index)
    if kind == "R" and attempt.request_index is None:
        attempt.request_index = index
    elif kind == "I" and not attempt.is_accepted:
        attempt.is_accepted, attempt.accept_index, attempt.timeout_index = True, index, None
    elif kind == "T" and attempt.is_accepted:
        _end_attempt(attempt, index, "timed_out")
    elif kind == "T" and attempt.timeout_index is None:
        attempt.timeout_index = index
    elif kind == "E":
        # Only a talk with an agent ends like this: an accept before it, if missing, was lost.
        attempt.is_accepted = attempt.is_accepted or attempt.timeout_index is None
        _end_attempt(attempt, index, "ended" if attempt.is_accepted else "missed")


def _end_attempt(attempt: _WalkedAttempt, index: int, outcome: str) -> None:
    attempt.end_index, attempt.final_outcome = index, outcome


def _build_walk(attempts: list[_WalkedAttempt], event_count: int) -> SignatureWalk:
    attempt_of_event, roles_of_event = [-1] * event_count, [0] * event_count
    for number, attempt in enumerate(attempts):
        for index in attempt.member_indices:
            attempt_of_event[index] = number
        is_unaccepted = attempt.timeout_index is not None
        role_indices = (
            (attempt.start_index, START_ROLE),
            (attempt.request_index, REQUEST_ROLE),
            (attempt.accept_index, ACCEPT_ROLE),
            (attempt.timeout_index if is_unaccepted else attempt.end_index, END_ROLE),
        )
        for index_of_role, role in role_indices:
            if index_of_role is not None:
                roles_of_event[index_of_role] |= role
    outcomes = [attempt.provisional_outcome for attempt in attempts]
    return SignatureWalk(attempt_of_event, roles_of_event, outcomes)
