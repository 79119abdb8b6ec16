"""Why a conversation's outcome is what it is: each rule of definitions 2, whether it fits, and on what evidence. Pure.

The outcome itself comes from `conversations`; a property test holds the first rule that fits here to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from dcevents.explain import chat_reasons
from dcevents.explain.timeline import Event, Text, first, last_timed
from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    ENGAGED,
    KINDS,
    MEETING_BOOKED,
    OUTCOMES,
    STEPS,
    TRIGGERED,
)
from dcevents.show import duration, things

if TYPE_CHECKING:
    from dcevents.explain.chat_reasons import Attempt


class Rule(NamedTuple):
    """A rule of the table of outcomes: its words and its meaning."""

    words: str
    meaning: str


RULES = {
    "completed": Rule("it has completed", "reached the end, whatever came after"),
    "served": Rule("a live-chat attempt is accepted", "handed to an agent"),
    "booked": Rule("it has meeting_booked", "booked a meeting, whatever came after"),
    "open": Rule(
        "recent, and not closed last",
        "may still go on: in neither the completion rate nor the abandonment rate",
    ),
    "unanswered": Rule("a live-chat attempt is missed", "asked for an agent, none came"),
    "left_queue": Rule("it has a live-chat attempt", "asked for an agent, left before one came"),
    "closed": Rule("engaged, closed last", "closed it midway"),
    "dropped": Rule("engaged", "went silent: a closed tab sends nothing"),
    "dismissed": Rule("closed last", "closed it without a response"),
    "ignored": Rule("otherwise", "shown, never answered"),
}
"""By outcome, as docs/definitions.md has them."""


class Reason(NamedTuple):
    """A rule that was tried: whether it fits, and why."""

    outcome: str
    fits: bool
    why: Text

    @property
    def number(self) -> int:
        """The rule's number in the table of outcomes."""
        return OUTCOMES.index(self.outcome) + 1


@dataclass(frozen=True)
class Conversation:
    """A conversation with its reasons. `row` is that of the `conversations` listing."""

    row: Mapping[str, Any]
    events: Sequence[Event]
    """Those that count, in order."""
    attempts: Sequence[Attempt]
    attempt_rows: Sequence[Mapping[str, Any]]
    """Those of the `chats` listing, one for each attempt."""
    as_of: int | None
    idle_ms: int

    @cached_property
    def started_by(self) -> Event | None:
        """The event of `started_at`."""
        return first(event for event in self.events if event.ts is not None)

    @cached_property
    def engaged_by(self) -> Event | None:
        """The event that engages it."""
        return first(event for event in self.events if event.kind not in (TRIGGERED, CLOSED))

    @property
    def engagement_is_implied(self) -> bool:
        """Whether something else than ENGAGED came first, or alone."""
        return self.engaged_by is not None and self.engaged_by.kind != ENGAGED

    @cached_property
    def last_by(self) -> Event | None:
        """The event of `last_at`."""
        shown = first(event for event in self.events if event.kind == TRIGGERED)
        return last_timed(
            [event for event in self.events if event.kind != TRIGGERED or event is shown]
        )

    @cached_property
    def last_step_by(self) -> Event | None:
        """The first timed event of the kind that `last_step` names, if it is one of the steps."""
        steps = (event for event in self.events if event.kind in STEPS and event.ts is not None)
        return first(event for event in steps if event.name == self.row["last_step"])

    @cached_property
    def closed_by(self) -> Event | None:
        """The latest CLOSED: the latest timed one, if there is one."""
        closes = [event for event in self.events if event.kind == CLOSED]
        return last_timed(closes) or first(closes)

    @cached_property
    def went_on_by(self) -> Event | None:
        """The latest event after the latest CLOSED that shows that the visitor had not left."""
        closed_at = None if self.closed_by is None else self.closed_by.ts
        last = last_timed([event for event in self.events if event.kind != TRIGGERED])
        if closed_at is None or last is None or last.ts is None:
            return None
        return last if last.ts > closed_at else None

    @property
    def closed_last(self) -> bool:
        """Definitions 2."""
        return self.closed_by is not None and self.went_on_by is None

    @cached_property
    def reasons(self) -> list[Reason]:
        """All rules in order, each by itself; the first that fits decides."""
        engaged = self.engaged_by is not None
        return [
            self._has("completed", COMPLETED),
            self._served(),
            self._has("booked", MEETING_BOOKED),
            self._open(),
            self._unanswered(),
            Reason("left_queue", bool(self.attempts), self._live_chat()),
            Reason(
                "closed",
                engaged and self.closed_last,
                self._closed() if engaged else self._engaged(),
            ),
            Reason("dropped", engaged, self._engaged()),
            Reason("dismissed", self.closed_last, self._closed()),
            Reason("ignored", fits=True, why=("nothing else fits",)),
        ]

    @property
    def decisive(self) -> Reason:
        """The rule of the outcome."""
        return next(reason for reason in self.reasons if reason.outcome == self.row["outcome"])

    @property
    def before(self) -> list[Reason]:
        """The rules before that, which do not fit."""
        return self.reasons[: self.decisive.number - 1]

    # -- one rule each ---------------------------------------------------------------------------------------

    def _has(self, outcome: str, kind: int) -> Reason:
        event = first(event for event in self.events if event.kind == kind)
        why: Text = (f"no {KINDS[kind]} event",) if event is None else (f"{event.name} at ", event)
        return Reason(outcome, event is not None, why)

    def _served(self) -> Reason:
        accepted = next((attempt for attempt in self.attempts if attempt.is_accepted), None)
        return Reason("served", accepted is not None, self._which(accepted, "accepted"))

    def _open(self) -> Reason:
        last = self.last_by
        waiting = self._attempt("waiting")
        if last is None or last.ts is None or self.as_of is None:
            return Reason("open", fits=False, why=("without a timestamp it is not recent",))
        age = self.as_of - last.ts
        recent = age < self.idle_ms
        word, limit = "recent" if recent else "not recent", duration(self.idle_ms / 1000)
        why: Text = (
            f"{word}: last active {duration(age / 1000)} before as of, at ",
            last,
            f"; --idle is {limit}",
        )
        if waiting is not None and not recent:
            why = (f"recent: attempt {waiting.number} is waiting",)
        is_recent = recent or waiting is not None
        closed = (
            ("; but " if self.closed_last else "; ", *self._closed())
            if is_recent and self.closed_by
            else ()
        )
        return Reason("open", is_recent and not self.closed_last, (*why, *closed))

    def _unanswered(self) -> Reason:
        missed = self._attempt("missed")
        return Reason("unanswered", missed is not None, self._which(missed, "missed"))

    def _which(self, attempt: Attempt | None, what: str) -> Text:
        if attempt is not None:
            return (f"attempt {attempt.number} is {what}",)
        return (f"no attempt is {what}",) if self.attempts else self._live_chat()

    def _attempt(self, outcome: str) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.outcome == outcome), None)

    def _live_chat(self) -> Text:
        return (things(len(self.attempts), "attempt"),) if self.attempts else ("no live chat",)

    def _closed(self) -> Text:
        if self.closed_by is None:
            return ("never closed",)
        if self.went_on_by is None or self.went_on_by.ts is None or self.closed_by.ts is None:
            return ("closed last, at ", self.closed_by)
        later = duration((self.went_on_by.ts - self.closed_by.ts) / 1000)
        return (
            "closed at ",
            self.closed_by,
            f", but {self.went_on_by.name} {later} later, at ",
            self.went_on_by,
        )

    def _engaged(self) -> Text:
        if self.engaged_by is None:
            return ("not engaged: nothing but triggered and closed",)
        return (f"{self.engaged_by.name} at ", self.engaged_by)


def conversation(
    events: Sequence[Event],
    row: Mapping[str, Any],
    attempt_rows: Sequence[Mapping[str, Any]],
    as_of: int | None,
    idle_ms: int,
) -> Conversation:
    """A conversation explained; its events are told what they did."""
    attempts = chat_reasons.attempts(events, attempt_rows, as_of)
    found = Conversation(row, events, attempts, attempt_rows, as_of, idle_ms)
    _tell(found)
    return found


def _tell(found: Conversation) -> None:
    shown = [event for event in found.events if event.kind == TRIGGERED]
    for event in shown[1:]:
        event.notes.append(("shown again, which is no activity",))
    if found.engaged_by is not None and found.engagement_is_implied:
        found.engaged_by.notes.insert(
            0, ("engages it: this cannot come before the first response",)
        )
