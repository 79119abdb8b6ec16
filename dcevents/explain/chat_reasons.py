"""Why a conversation's live-chat attempts are what they are (definitions 4), event by event. Pure.

What became of an attempt is not decided here: outcomes come from `conversations`, and the walk is that of `attempts`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcevents.explain.timeline import Event, Text, first, last_timed
from dcevents.model.attempts import (
    ACCEPT,
    END,
    FIRST_REQUEST,
    LETTERS,
    ONGOING_MS,
    REPEAT_MS,
    START,
    WAITING_MS,
    walk,
)
from dcevents.model.events import CLOSED, ENDED, INITIATED, REQUESTED, TIMEOUT
from dcevents.show import duration

_FIRST_END = "the first of ended, timeout and closed in it is"
RULES = {
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

_LISTED = 5
"""Timeouts that a late accept cancels, and that are named with it: there may be as many as events."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt with the events that made it what it is."""

    number: int
    outcome: str
    events: Sequence[Event]
    requested: Event | None
    accepted: Event | None
    ended: Event | None
    is_accepted: bool
    why: Text

    @property
    def offered(self) -> Event | None:
        """The event that its agent is taken from."""
        if self.accepted is not None and self.accepted.agent is not None:
            return self.accepted
        return first(event for event in reversed(self.events) if event.agent is not None)


def attempts(
    events: Sequence[Event], rows: Sequence[Mapping[str, Any]], as_of: int | None
) -> list[Attempt]:
    """The attempts of one conversation, from its events in order and its rows of `Fold.attempts`.

    The events are told what they did: `attempt` and `notes`.
    """
    chat = [event for event in events if event.kind in LETTERS]
    if all(event.kind == CLOSED for event in chat):
        return []
    teller = _Teller(chat)
    for i, event in enumerate(chat):
        number = teller.walked.attempts[i]
        event.attempt = None if number < 0 else number + 1
        if note := teller.note(i):
            event.notes.append(note)
    return [teller.attempt(n, row, as_of) for n, row in enumerate(rows)]


def signature(chat: Sequence[Event]) -> str:
    """The letters of live-chat and CLOSED events, as `attempts.walk` takes them."""
    letters, before = [], None
    for event in chat:
        near = before is not None and before.ts is not None and event.ts is not None
        near = near and _apart(before, event) <= REPEAT_MS
        letter = LETTERS[event.kind]
        letters.append(letter.lower() if near else letter)
        before = before if event.kind == CLOSED else event
    return "".join(letters)


def _apart(before: Event | None, event: Event) -> int:
    return (event.ts or 0) - ((before and before.ts) or 0)


class _Teller:
    """Says what each event of one walk did."""

    def __init__(self, chat: Sequence[Event]) -> None:
        self.chat = chat
        self.letters = signature(chat)
        self.walked = walk(self.letters)
        self.members: list[list[int]] = [[] for _ in self.walked.verdicts]
        self.timeouts: list[list[int]] = [[] for _ in self.walked.verdicts]
        self.roles: dict[tuple[int, int], int] = {}
        self.before: list[int | None] = []
        self.latest: list[int] = []
        prev, latest = None, -1
        for i, n in enumerate(self.walked.attempts):
            latest = max(latest, n)
            self.latest.append(latest)
            self.before.append(prev)
            # A CLOSED that ended no attempt is not even prev.
            prev = prev if chat[i].kind == CLOSED and n < 0 else i
            if n >= 0:
                self.members[n].append(i)
                if chat[i].kind == TIMEOUT:
                    self.timeouts[n].append(i)
            self.roles |= {
                (n, role): i for role in (ACCEPT, END, FIRST_REQUEST) if self.walked.roles[i] & role
            }

    def attempt(self, n: int, row: Mapping[str, Any], as_of: int | None) -> Attempt:
        """The attempt numbered `n` from 0, with its row of `Fold.attempts`."""
        events = [self.chat[i] for i in self.members[n]]
        accepted, ended = self._with_role(n, ACCEPT), self._with_role(n, END)
        why: Text = ("accepted at ", accepted) if accepted else ("no live_chat_initiated in it",)
        if row["accepted"] and accepted is None:
            why = ("live_chat_initiated is missing, but only a talk with an agent ends so",)
        if ended is not None:
            why += (f"; {ended.name} at ", ended)
        else:
            why += (
                "; ",
                *self._age(n, events, as_of, ONGOING_MS if row["accepted"] else WAITING_MS),
            )
        requested = self._with_role(n, FIRST_REQUEST)
        return Attempt(
            n + 1, row["outcome"], events, requested, accepted, ended, row["accepted"], why
        )

    def _age(self, n: int, events: Sequence[Event], as_of: int | None, limit: int) -> Text:
        """Whether an attempt without an end is over by the clock."""
        if n + 1 < len(self.walked.verdicts):
            return (f"nothing ended it, and attempt {n + 2} follows",)
        latest = last_timed(events)
        if latest is None or latest.ts is None or as_of is None:
            return ("nothing ended it, and it has no timestamp",)
        age = duration((as_of - latest.ts) / 1000)
        return (
            "nothing ended it; its latest event, at ",
            latest,
            f", is {age} before as of; limit {limit // 1000} s",
        )

    def _with_role(self, n: int, role: int) -> Event | None:
        place = self.roles.get((n, role))
        return None if place is None else self.chat[place]

    def note(self, i: int) -> Text:
        """What the event did; empty where there is nothing to say."""
        tell = {
            REQUESTED: self._request,
            INITIATED: self._accept,
            TIMEOUT: self._timeout,
            ENDED: self._end,
        }
        return tell.get(self.chat[i].kind, self._close)(i)

    def _request(self, i: int) -> Text:
        n, before = self.walked.attempts[i] + 1, self._before(i)
        if not self.walked.roles[i] & START and before is not None:
            return (
                f"a repeat, {self._since(before, i)} after the request at ",
                before,
                f": still attempt {n}",
            )
        if before is not None and before.kind == REQUESTED:
            return (f"starts attempt {n}: no repeat, {self._far(before, i)} ", before)
        return (f"starts attempt {n}",)

    def _accept(self, i: int) -> Text:
        n, before = self.walked.attempts[i], self._before(i)
        roles = self.walked.roles[i]
        if not roles & ACCEPT:
            return (
                f"attempt {n + 1} had been accepted at ",
                self._with_role(n, ACCEPT) or self.chat[i],
            )
        cancelled = [self.chat[j] for j in self.timeouts[n] if j < i]
        if cancelled:
            return (f"late accept of attempt {n + 1}: cancels the timeout at ", *_listed(cancelled))
        if not roles & START:
            return (f"accepts attempt {n + 1}",)
        if before is not None and before.kind == TIMEOUT and self.letters[i].isupper():
            return (f"starts attempt {n + 1}: no late accept, {self._far(before, i)} ", before)
        return (f"starts attempt {n + 1}: no request comes before it",)

    def _timeout(self, i: int) -> Text:
        n, accepted = self.walked.attempts[i], self._accepted_by(i)
        if n < 0:
            return self._too_late(i)
        if self.walked.roles[i] & END:
            did = "ends" if accepted else f"{self._start(i)}times out"
            became = "the visitor stopped answering" if accepted else "no agent took it"
            return (f"{did} attempt {n + 1}: {became}",)
        later = self._with_role(n, ACCEPT)
        if later is not None and not accepted:
            return (f"times out attempt {n + 1}, but is cancelled by the late accept at ", later)
        return (f"attempt {n + 1} had timed out before",)

    def _end(self, i: int) -> Text:
        n = self.walked.attempts[i]
        if n < 0:
            return self._too_late(i)
        if not self.walked.roles[i] & END:
            return (
                f"no talk: attempt {n + 1} had timed out at ",
                self._with_role(n, END) or self.chat[i],
            )
        if self._accepted_by(i):
            return (f"ends attempt {n + 1}",)
        return (
            f"{self._start(i)}ends attempt {n + 1}, which an agent must have accepted: that event is missing",
        )

    def _close(self, i: int) -> Text:
        n = self.walked.attempts[i]
        if n >= 0:
            return (f"ends attempt {n + 1}",)
        return self._too_late(i) if self.latest[i] >= 0 else ()

    def _too_late(self, i: int) -> Text:
        """Said of an event that finds the latest attempt ended, or timed out unaccepted."""
        n = self.latest[i]
        place = self.roles.get((n, END), i)
        # A timeout that a late accept cancelled only afterwards has no role.
        end = self.chat[
            place if place < i else self.timeouts[n][bisect_left(self.timeouts[n], i) - 1]
        ]
        how = "timed out" if end.kind == TIMEOUT else "ended"
        prev = "" if self.chat[i].kind == CLOSED else ": changes only prev"
        return (f"no part of attempt {n + 1}, which had {how} at ", end, prev)

    def _start(self, i: int) -> str:
        return "starts and " if self.walked.roles[i] & START else ""

    def _accepted_by(self, i: int) -> bool:
        """Whether the attempt of an event was accepted before it."""
        return self.roles.get((self.walked.attempts[i], ACCEPT), i) < i

    def _before(self, i: int) -> Event | None:
        """`prev` of definitions 4."""
        place = self.before[i]
        return None if place is None else self.chat[place]

    def _since(self, before: Event, i: int) -> str:
        return duration(_apart(before, self.chat[i]) / 1000)

    def _far(self, before: Event, i: int) -> str:
        if before.ts is None or self.chat[i].ts is None:
            return "untimed, so at no known distance from"
        return f"{self._since(before, i)}, more than 300 s, after"


def _listed(events: Sequence[Event]) -> Text:
    """The first places of events; each of the others says by itself what became of it."""
    parts: list[str | Event] = []
    for event in events[:_LISTED]:
        parts += [", ", event] if parts else [event]
    return (
        (*parts, f" and {len(events) - _LISTED:,} more") if len(events) > _LISTED else tuple(parts)
    )
