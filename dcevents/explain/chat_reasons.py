"""Reasons for the live-chat attempts of a conversation (definitions 4). Pure.

No attempt is decided here: outcomes come from the fold, and the walk from `model.walk`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcevents.explain.timeline import EventText, LoggedEvent, find_first, find_last_timed
from dcevents.model.attempts import ONGOING_MS, WAITING_MS
from dcevents.model.events import CLOSED, ENDED, INITIATED, REQUESTED, TIMEOUT
from dcevents.model.walk import (
    ACCEPT_ROLE,
    END_ROLE,
    LETTER_OF_KIND,
    REPEAT_MS,
    REQUEST_ROLE,
    START_ROLE,
    walk_signature,
)
from dcevents.show import format_duration

_FIRST_END = "the first of ended, timeout and closed in it is"
_LATEST = "the conversation's last, its latest timestamp less than"
ATTEMPT_RULES = {
    "ended": f"accepted; {_FIRST_END} live_chat_ended",
    "timed_out": f"accepted; {_FIRST_END} live_chat_request_timeout: the visitor stopped answering",
    "closed": f"accepted; {_FIRST_END} closed: the visitor closed the widget",
    "ongoing": f"accepted, not ended, {_LATEST} 10 minutes before as of",
    "no_end": "accepted, not ended, and not ongoing",
    "missed": f"not accepted; {_FIRST_END} live_chat_request_timeout: no agent took it",
    "left": f"not accepted; {_FIRST_END} closed, or there is none of them and it is not waiting",
    "waiting": f"not accepted, not ended, {_LATEST} 300 s before as of",
}
"""By outcome of an attempt its rule in words, as docs/definitions.md has it."""

_MAX_LISTED_TIMEOUTS = 5
"""Timeouts that the note of a late accept names; a log may have any number of them."""


@dataclass(frozen=True, slots=True)
class ExplainedAttempt:
    """A live-chat attempt with the events that decided it."""

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
        """Return the event that names the agent of the attempt."""
        if self.accepted_by is not None and self.accepted_by.agent is not None:
            return self.accepted_by
        return find_first(event for event in reversed(self.events) if event.agent is not None)


def explain_attempts(
    events: Sequence[LoggedEvent], rows: Sequence[Mapping[str, Any]], as_of: int | None
) -> list[ExplainedAttempt]:
    """Explain the attempts of a conversation, and what its events did.

    Fills in `attempt_number` and `notes` of the events.
    `events` are those of the conversation, in order; `rows` its rows of the `chats` report.
    """
    chat_events = [event for event in events if event.kind in LETTER_OF_KIND]
    if all(event.kind == CLOSED for event in chat_events):
        return []
    narrator = _WalkNarrator(chat_events)
    for index, event in enumerate(chat_events):
        number = narrator.walk.attempt_of_event[index]
        event.attempt_number = None if number < 0 else number + 1
        if note := narrator.explain_event(index):
            event.notes.append(note)
    return [narrator.explain_attempt(number, row, as_of) for number, row in enumerate(rows)]


def build_signature(chat_events: Sequence[LoggedEvent]) -> str:
    """Write live-chat and closed events as a signature for `walk_signature`."""
    letters: list[str] = []
    previous: LoggedEvent | None = None
    for event in chat_events:
        distance = None if previous is None else _measure_distance(previous, event)
        is_near = distance is not None and distance <= REPEAT_MS
        letter = LETTER_OF_KIND[event.kind]
        letters.append(letter.lower() if is_near else letter)
        if event.kind != CLOSED:
            previous = event
    return "".join(letters)


def _measure_distance(previous: LoggedEvent, event: LoggedEvent) -> int | None:
    """Return the milliseconds between two events; None if one is untimed."""
    return None if previous.ts is None or event.ts is None else event.ts - previous.ts


class _WalkNarrator:
    """The walk over one conversation's live-chat events, put into words.

    Events go by their index in `chat_events`, attempts by their number from 0.
    """

    def __init__(self, chat_events: Sequence[LoggedEvent]) -> None:
        self.chat_events = chat_events
        self.signature = build_signature(chat_events)
        self.walk = walk_signature(self.signature)
        self.member_indices: list[list[int]] = [[] for _ in self.walk.provisional_outcomes]
        self.timeout_indices: list[list[int]] = [[] for _ in self.walk.provisional_outcomes]
        self.role_indices: dict[tuple[int, int], int] = {}
        """(attempt, role) → the event with the role."""
        self.previous_indices: list[int | None] = []
        """For each event `prev` of definitions 4."""
        self.latest_attempts: list[int] = []
        """For each event the latest attempt then; -1 before the first."""
        self._trace_walk()

    def _trace_walk(self) -> None:
        previous, latest = None, -1
        for index, number in enumerate(self.walk.attempt_of_event):
            kind = self.chat_events[index].kind
            latest = max(latest, number)
            self.latest_attempts.append(latest)
            self.previous_indices.append(previous)
            # A closed event that ended no attempt is not even prev.
            previous = previous if kind == CLOSED and number < 0 else index
            if number >= 0:
                self.member_indices[number].append(index)
                if kind == TIMEOUT:
                    self.timeout_indices[number].append(index)
            for role in (ACCEPT_ROLE, END_ROLE, REQUEST_ROLE):
                if self._has_role(index, role):
                    self.role_indices[number, role] = index

    def explain_attempt(
        self, number: int, row: Mapping[str, Any], as_of: int | None
    ) -> ExplainedAttempt:
        """Explain an attempt; `row` is its row of the `chats` report."""
        events = [self.chat_events[index] for index in self.member_indices[number]]
        accepted_by = self._find_role_event(number, ACCEPT_ROLE)
        ended_by = self._find_role_event(number, END_ROLE)
        is_accepted: bool = row["accepted"]
        reason: EventText
        if accepted_by is not None:
            reason = ("accepted at ", accepted_by)
        elif is_accepted:
            reason = ("live_chat_initiated is missing, but only a talk with an agent ends so",)
        else:
            reason = ("no live_chat_initiated in it",)
        if ended_by is not None:
            reason += (f"; {ended_by.name} at ", ended_by)
        else:
            limit_ms = ONGOING_MS if is_accepted else WAITING_MS
            reason += ("; ", *self._explain_age(number, events, as_of, limit_ms))
        return ExplainedAttempt(
            number + 1,
            row["outcome"],
            events,
            self._find_role_event(number, REQUEST_ROLE),
            accepted_by,
            ended_by,
            is_accepted,
            reason,
        )

    def _explain_age(
        self, number: int, events: Sequence[LoggedEvent], as_of: int | None, limit_ms: int
    ) -> EventText:
        """Say how the clock decides an attempt without an end."""
        if number + 1 < len(self.walk.provisional_outcomes):
            return (f"nothing ended it, and attempt {number + 2} follows",)
        latest = find_last_timed(events)
        if latest is None or latest.ts is None or as_of is None:
            return ("nothing ended it, and it has no timestamp",)
        age = format_duration((as_of - latest.ts) / 1000)
        return (
            "nothing ended it; its latest event, at ",
            latest,
            f", is {age} before as of; limit {limit_ms // 1000} s",
        )

    def explain_event(self, index: int) -> EventText:
        """Say what an event did; empty if there is nothing to say."""
        explanations = {
            REQUESTED: self._explain_request,
            INITIATED: self._explain_accept,
            TIMEOUT: self._explain_timeout,
            ENDED: self._explain_end,
        }
        return explanations.get(self.chat_events[index].kind, self._explain_close)(index)

    def _explain_request(self, index: int) -> EventText:
        attempt, previous = self._name_attempt(index), self._find_previous_event(index)
        if previous is not None and not self._has_role(index, START_ROLE):
            distance = self._describe_distance(previous, index)
            return (
                f"a repeat, {distance} after the request at ",
                previous,
                f": still {attempt}",
            )
        if previous is not None and previous.kind == REQUESTED:
            gap = self._describe_gap(previous, index)
            return (f"starts {attempt}: no repeat, {gap} ", previous)
        return (f"starts {attempt}",)

    def _explain_accept(self, index: int) -> EventText:
        number, attempt = self.walk.attempt_of_event[index], self._name_attempt(index)
        previous = self._find_previous_event(index)
        if not self._has_role(index, ACCEPT_ROLE):
            accepted_by = self._find_role_event(number, ACCEPT_ROLE)
            return (f"{attempt} had been accepted at ", accepted_by or self.chat_events[index])
        earlier = [other for other in self.timeout_indices[number] if other < index]
        if earlier:
            timeouts = _list_events([self.chat_events[other] for other in earlier])
            return (f"late accept of {attempt}: cancels the timeout at ", *timeouts)
        if not self._has_role(index, START_ROLE):
            return (f"accepts {attempt}",)
        if previous is not None and previous.kind == TIMEOUT and self.signature[index].isupper():
            gap = self._describe_gap(previous, index)
            return (f"starts {attempt}: no late accept, {gap} ", previous)
        return (f"starts {attempt}: no request comes before it",)

    def _explain_timeout(self, index: int) -> EventText:
        number, attempt = self.walk.attempt_of_event[index], self._name_attempt(index)
        if number < 0:
            return self._explain_too_late(index)
        is_accepted = self._is_accepted_before(index)
        if self._has_role(index, END_ROLE):
            if is_accepted:
                return (f"ends {attempt}: the visitor stopped answering",)
            return (f"{self._describe_start(index)}times out {attempt}: no agent took it",)
        accepted_by = self._find_role_event(number, ACCEPT_ROLE)
        if accepted_by is not None and not is_accepted:
            return (
                f"times out {attempt}, but is cancelled by the late accept at ",
                accepted_by,
            )
        return (f"{attempt} had timed out before",)

    def _explain_end(self, index: int) -> EventText:
        number, attempt = self.walk.attempt_of_event[index], self._name_attempt(index)
        if number < 0:
            return self._explain_too_late(index)
        if not self._has_role(index, END_ROLE):
            timed_out_by = self._find_role_event(number, END_ROLE) or self.chat_events[index]
            return (f"no talk: {attempt} had timed out at ", timed_out_by)
        if self._is_accepted_before(index):
            return (f"ends {attempt}",)
        missing = "which an agent must have accepted: that event is missing"
        return (f"{self._describe_start(index)}ends {attempt}, {missing}",)

    def _explain_close(self, index: int) -> EventText:
        if self.walk.attempt_of_event[index] >= 0:
            return (f"ends {self._name_attempt(index)}",)
        return self._explain_too_late(index) if self.latest_attempts[index] >= 0 else ()

    def _explain_too_late(self, index: int) -> EventText:
        """Explain an event that came after the end of the latest attempt."""
        number = self.latest_attempts[index]
        end_index = self.role_indices.get((number, END_ROLE), index)
        if end_index >= index:
            # It was a timeout that a later accept cancelled: that has no role.
            timeouts = self.timeout_indices[number]
            end_index = timeouts[bisect_left(timeouts, index) - 1]
        end = self.chat_events[end_index]
        how = "timed out" if end.kind == TIMEOUT else "ended"
        effect = "" if self.chat_events[index].kind == CLOSED else ": changes only prev"
        return (f"no part of attempt {number + 1}, which had {how} at ", end, effect)

    def _name_attempt(self, index: int) -> str:
        return f"attempt {self.walk.attempt_of_event[index] + 1}"

    def _describe_start(self, index: int) -> str:
        """Return `starts and `, to go before the effect, for an event that starts an attempt."""
        return "starts and " if self._has_role(index, START_ROLE) else ""

    def _has_role(self, index: int, role: int) -> bool:
        return bool(self.walk.roles_of_event[index] & role)

    def _find_role_event(self, number: int, role: int) -> LoggedEvent | None:
        index = self.role_indices.get((number, role))
        return None if index is None else self.chat_events[index]

    def _is_accepted_before(self, index: int) -> bool:
        """Tell whether the attempt of an event was accepted before it."""
        number = self.walk.attempt_of_event[index]
        return self.role_indices.get((number, ACCEPT_ROLE), index) < index

    def _find_previous_event(self, index: int) -> LoggedEvent | None:
        """Return `prev` of an event (definitions 4)."""
        previous = self.previous_indices[index]
        return None if previous is None else self.chat_events[previous]

    def _describe_distance(self, previous: LoggedEvent, index: int) -> str:
        return format_duration((_measure_distance(previous, self.chat_events[index]) or 0) / 1000)

    def _describe_gap(self, previous: LoggedEvent, index: int) -> str:
        if _measure_distance(previous, self.chat_events[index]) is None:
            return "untimed, so at no known distance from"
        return f"{self._describe_distance(previous, index)}, more than 300 s, after"


def _list_events(events: Sequence[LoggedEvent]) -> EventText:
    """List the first events, and count the others."""
    parts: list[str | LoggedEvent] = []
    for event in events[:_MAX_LISTED_TIMEOUTS]:
        parts += [", ", event] if parts else [event]
    if len(events) > _MAX_LISTED_TIMEOUTS:
        parts.append(f" and {len(events) - _MAX_LISTED_TIMEOUTS:,} more")
    return tuple(parts)
