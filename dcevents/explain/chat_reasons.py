"""Why a conversation's live-chat attempts are what they are (definitions 4), event by event. Pure.

What became of an attempt is not decided here: outcomes come from `conversations`, and the walk is that of `attempts`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcevents.explain.timeline import EventText, LoggedEvent, find_first, find_last_timed
from dcevents.model.attempts import (
    ACCEPT_ROLE,
    END_ROLE,
    LETTER_OF_KIND,
    ONGOING_MS,
    REPEAT_MS,
    REQUEST_ROLE,
    START_ROLE,
    WAITING_MS,
    walk_signature,
)
from dcevents.model.events import CLOSED, ENDED, INITIATED, REQUESTED, TIMEOUT
from dcevents.show import format_duration

_FIRST_END = "the first of ended, timeout and closed in it is"
ATTEMPT_RULES = {
    "ended": f"accepted; {_FIRST_END} live_chat_ended",
    "timed_out": f"accepted; {_FIRST_END} live_chat_request_timeout: the visitor stopped answering",
    "closed": f"accepted; {_FIRST_END} closed: the visitor closed the widget",
    "ongoing": "accepted, not ended, the conversation's last, its latest timestamp less than 10 minutes before as of",
    "no_end": "accepted, not ended, and not ongoing",
    "missed": f"not accepted; {_FIRST_END} live_chat_request_timeout: no agent took it",
    "left": f"not accepted; {_FIRST_END} closed, or there is none of them and it is not waiting",
    "waiting": "not accepted, not ended, the conversation's last, its latest timestamp less than 300 s before as of",
}
"""The rule of each attempt outcome, in words."""

_MAX_LISTED_TIMEOUTS = 5
"""Timeouts that a late accept cancels, and that are named with it: there may be as many as events."""


@dataclass(frozen=True, slots=True)
class ExplainedAttempt:
    """An attempt with the events that made it what it is."""

    number: int
    outcome: str
    events: Sequence[LoggedEvent]
    requested_by: LoggedEvent | None
    accepted_by: LoggedEvent | None
    ended_by: LoggedEvent | None
    is_accepted: bool
    reason: EventText

    @property
    def agent_by(self) -> LoggedEvent | None:
        """The event that its agent is taken from."""
        if self.accepted_by is not None and self.accepted_by.agent is not None:
            return self.accepted_by
        return find_first(event for event in reversed(self.events) if event.agent is not None)


def explain_attempts(
    events: Sequence[LoggedEvent], rows: Sequence[Mapping[str, Any]], as_of: int | None
) -> list[ExplainedAttempt]:
    """The attempts of one conversation, from its events in order and its rows of `Fold.attempts`.

    The events are told what they did: `attempt` and `notes`.
    """
    chat = [event for event in events if event.kind in LETTER_OF_KIND]
    if all(event.kind == CLOSED for event in chat):
        return []
    teller = _WalkNarrator(chat)
    for i, event in enumerate(chat):
        number = teller.walk.attempt_of_event[i]
        event.attempt_number = None if number < 0 else number + 1
        if note := teller.explain_event(i):
            event.notes.append(note)
    return [teller.explain_attempt(n, row, as_of) for n, row in enumerate(rows)]


def build_signature(chat_events: Sequence[LoggedEvent]) -> str:
    """The letters of live-chat and CLOSED events, as `attempts.walk` takes them."""
    letters, before = [], None
    for event in chat_events:
        near = before is not None and before.ts is not None and event.ts is not None
        near = near and _measure_distance(before, event) <= REPEAT_MS
        letter = LETTER_OF_KIND[event.kind]
        letters.append(letter.lower() if near else letter)
        before = before if event.kind == CLOSED else event
    return "".join(letters)


def _measure_distance(before: LoggedEvent | None, event: LoggedEvent) -> int:
    return (event.ts or 0) - ((before and before.ts) or 0)


class _WalkNarrator:
    """Says what each event of one walk did."""

    def __init__(self, chat: Sequence[LoggedEvent]) -> None:
        self.chat_events = chat
        self.signature = build_signature(chat)
        self.walk = walk_signature(self.signature)
        self.members: list[list[int]] = [[] for _ in self.walk.provisional_outcomes]
        self.timeouts: list[list[int]] = [[] for _ in self.walk.provisional_outcomes]
        self.role_indices: dict[tuple[int, int], int] = {}
        self.previous_indices: list[int | None] = []
        self.latest_attempts: list[int] = []
        prev, latest = None, -1
        for i, n in enumerate(self.walk.attempt_of_event):
            latest = max(latest, n)
            self.latest_attempts.append(latest)
            self.previous_indices.append(prev)
            # A CLOSED that ended no attempt is not even prev.
            prev = prev if chat[i].kind == CLOSED and n < 0 else i
            if n >= 0:
                self.members[n].append(i)
                if chat[i].kind == TIMEOUT:
                    self.timeouts[n].append(i)
            self.role_indices |= {
                (n, role): i
                for role in (ACCEPT_ROLE, END_ROLE, REQUEST_ROLE)
                if self.walk.roles_of_event[i] & role
            }

    def explain_attempt(
        self, n: int, row: Mapping[str, Any], as_of: int | None
    ) -> ExplainedAttempt:
        """The attempt numbered `n` from 0, with its row of `Fold.attempts`."""
        events = [self.chat_events[i] for i in self.members[n]]
        accepted, ended = self._find_role_event(n, ACCEPT_ROLE), self._find_role_event(n, END_ROLE)
        why: EventText = (
            ("accepted at ", accepted) if accepted else ("no live_chat_initiated in it",)
        )
        if row["accepted"] and accepted is None:
            why = ("live_chat_initiated is missing, but only a talk with an agent ends so",)
        if ended is not None:
            why += (f"; {ended.name} at ", ended)
        else:
            why += (
                "; ",
                *self._explain_age(n, events, as_of, ONGOING_MS if row["accepted"] else WAITING_MS),
            )
        requested = self._find_role_event(n, REQUEST_ROLE)
        return ExplainedAttempt(
            n + 1, row["outcome"], events, requested, accepted, ended, row["accepted"], why
        )

    def _explain_age(
        self, n: int, events: Sequence[LoggedEvent], as_of: int | None, limit: int
    ) -> EventText:
        """Whether an attempt without an end is over by the clock."""
        if n + 1 < len(self.walk.provisional_outcomes):
            return (f"nothing ended it, and attempt {n + 2} follows",)
        latest = find_last_timed(events)
        if latest is None or latest.ts is None or as_of is None:
            return ("nothing ended it, and it has no timestamp",)
        age = format_duration((as_of - latest.ts) / 1000)
        return (
            "nothing ended it; its latest event, at ",
            latest,
            f", is {age} before as of; limit {limit // 1000} s",
        )

    def _find_role_event(self, n: int, role: int) -> LoggedEvent | None:
        place = self.role_indices.get((n, role))
        return None if place is None else self.chat_events[place]

    def explain_event(self, i: int) -> EventText:
        """What the event did; empty where there is nothing to say."""
        tell = {
            REQUESTED: self._explain_request,
            INITIATED: self._explain_accept,
            TIMEOUT: self._explain_timeout,
            ENDED: self._explain_end,
        }
        return tell.get(self.chat_events[i].kind, self._explain_close)(i)

    def _explain_request(self, i: int) -> EventText:
        n, before = self.walk.attempt_of_event[i] + 1, self._find_previous(i)
        if not self.walk.roles_of_event[i] & START_ROLE and before is not None:
            return (
                f"a repeat, {self._describe_distance(before, i)} after the request at ",
                before,
                f": still attempt {n}",
            )
        if before is not None and before.kind == REQUESTED:
            return (f"starts attempt {n}: no repeat, {self._describe_gap(before, i)} ", before)
        return (f"starts attempt {n}",)

    def _explain_accept(self, i: int) -> EventText:
        n, before = self.walk.attempt_of_event[i], self._find_previous(i)
        roles = self.walk.roles_of_event[i]
        if not roles & ACCEPT_ROLE:
            return (
                f"attempt {n + 1} had been accepted at ",
                self._find_role_event(n, ACCEPT_ROLE) or self.chat_events[i],
            )
        cancelled = [self.chat_events[j] for j in self.timeouts[n] if j < i]
        if cancelled:
            return (
                f"late accept of attempt {n + 1}: cancels the timeout at ",
                *_list_events(cancelled),
            )
        if not roles & START_ROLE:
            return (f"accepts attempt {n + 1}",)
        if before is not None and before.kind == TIMEOUT and self.signature[i].isupper():
            return (
                f"starts attempt {n + 1}: no late accept, {self._describe_gap(before, i)} ",
                before,
            )
        return (f"starts attempt {n + 1}: no request comes before it",)

    def _explain_timeout(self, i: int) -> EventText:
        n, accepted = self.walk.attempt_of_event[i], self._is_accepted_before(i)
        if n < 0:
            return self._explain_too_late(i)
        if self.walk.roles_of_event[i] & END_ROLE:
            did = "ends" if accepted else f"{self._describe_start(i)}times out"
            became = "the visitor stopped answering" if accepted else "no agent took it"
            return (f"{did} attempt {n + 1}: {became}",)
        later = self._find_role_event(n, ACCEPT_ROLE)
        if later is not None and not accepted:
            return (f"times out attempt {n + 1}, but is cancelled by the late accept at ", later)
        return (f"attempt {n + 1} had timed out before",)

    def _explain_end(self, i: int) -> EventText:
        n = self.walk.attempt_of_event[i]
        if n < 0:
            return self._explain_too_late(i)
        if not self.walk.roles_of_event[i] & END_ROLE:
            return (
                f"no talk: attempt {n + 1} had timed out at ",
                self._find_role_event(n, END_ROLE) or self.chat_events[i],
            )
        if self._is_accepted_before(i):
            return (f"ends attempt {n + 1}",)
        return (
            f"{self._describe_start(i)}ends attempt {n + 1}, which an agent must have accepted: that event is missing",
        )

    def _explain_close(self, i: int) -> EventText:
        n = self.walk.attempt_of_event[i]
        if n >= 0:
            return (f"ends attempt {n + 1}",)
        return self._explain_too_late(i) if self.latest_attempts[i] >= 0 else ()

    def _explain_too_late(self, i: int) -> EventText:
        """Said of an event that finds the latest attempt ended, or timed out unaccepted."""
        n = self.latest_attempts[i]
        place = self.role_indices.get((n, END_ROLE), i)
        # A timeout that a late accept cancelled only afterwards has no role.
        end = self.chat_events[
            place if place < i else self.timeouts[n][bisect_left(self.timeouts[n], i) - 1]
        ]
        how = "timed out" if end.kind == TIMEOUT else "ended"
        prev = "" if self.chat_events[i].kind == CLOSED else ": changes only prev"
        return (f"no part of attempt {n + 1}, which had {how} at ", end, prev)

    def _describe_start(self, i: int) -> str:
        return "starts and " if self.walk.roles_of_event[i] & START_ROLE else ""

    def _is_accepted_before(self, i: int) -> bool:
        """Whether the attempt of an event was accepted before it."""
        return self.role_indices.get((self.walk.attempt_of_event[i], ACCEPT_ROLE), i) < i

    def _find_previous(self, i: int) -> LoggedEvent | None:
        """`prev` of definitions 4."""
        place = self.previous_indices[i]
        return None if place is None else self.chat_events[place]

    def _describe_distance(self, before: LoggedEvent, i: int) -> str:
        return format_duration(_measure_distance(before, self.chat_events[i]) / 1000)

    def _describe_gap(self, before: LoggedEvent, i: int) -> str:
        if before.ts is None or self.chat_events[i].ts is None:
            return "untimed, so at no known distance from"
        return f"{self._describe_distance(before, i)}, more than 300 s, after"


def _list_events(events: Sequence[LoggedEvent]) -> EventText:
    """The first places of events; each of the others says by itself what became of it."""
    parts: list[str | LoggedEvent] = []
    for event in events[:_MAX_LISTED_TIMEOUTS]:
        parts += [", ", event] if parts else [event]
    return (
        (*parts, f" and {len(events) - _MAX_LISTED_TIMEOUTS:,} more")
        if len(events) > _MAX_LISTED_TIMEOUTS
        else tuple(parts)
    )
