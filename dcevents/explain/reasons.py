"""Why a conversation's outcome is what it is: each rule of definitions 2, whether it fits, and on what evidence. Pure.

The outcome itself comes from `conversations`; a property test holds the first rule that fits here to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from dcevents.explain import chat_reasons
from dcevents.explain.timeline import EventText, LoggedEvent, find_first, find_last_timed
from dcevents.model.events import (
    CLOSED,
    COMPLETED,
    ENGAGED,
    KINDS,
    MEETING_BOOKED,
    OUTCOMES,
    STEP_KINDS,
    TRIGGERED,
)
from dcevents.show import format_count, format_duration

if TYPE_CHECKING:
    from dcevents.explain.chat_reasons import ExplainedAttempt


class OutcomeRule(NamedTuple):
    """A rule of the table of outcomes: its words and its meaning."""

    words: str
    meaning: str


OUTCOME_RULES = {
    "completed": OutcomeRule("it has completed", "reached the end, whatever came after"),
    "served": OutcomeRule("a live-chat attempt is accepted", "handed to an agent"),
    "booked": OutcomeRule("it has meeting_booked", "booked a meeting, whatever came after"),
    "open": OutcomeRule(
        "recent, and not closed last",
        "may still go on: in neither the completion rate nor the abandonment rate",
    ),
    "unanswered": OutcomeRule("a live-chat attempt is missed", "asked for an agent, none came"),
    "left_queue": OutcomeRule(
        "it has a live-chat attempt", "asked for an agent, left before one came"
    ),
    "closed": OutcomeRule("engaged, closed last", "closed it midway"),
    "dropped": OutcomeRule("engaged", "went silent: a closed tab sends nothing"),
    "dismissed": OutcomeRule("closed last", "closed it without a response"),
    "ignored": OutcomeRule("otherwise", "shown, never answered"),
}
"""By outcome, as docs/definitions.md has them."""


class Reason(NamedTuple):
    """A rule that was tried: whether it fits, and why."""

    outcome: str
    fits: bool
    text: EventText

    @property
    def number(self) -> int:
        """The rule's number in the table of outcomes."""
        return OUTCOMES.index(self.outcome) + 1


@dataclass(frozen=True)
class ExplainedConversation:
    """A conversation with its reasons. `row` is that of the `conversations` listing."""

    row: Mapping[str, Any]
    events: Sequence[LoggedEvent]
    """Those that count, in order."""
    attempts: Sequence[ExplainedAttempt]
    attempt_rows: Sequence[Mapping[str, Any]]
    """Those of the `chats` listing, one for each attempt."""
    as_of: int | None
    idle_ms: int

    @cached_property
    def started_by(self) -> LoggedEvent | None:
        """The event of `started_at`."""
        return find_first(event for event in self.events if event.ts is not None)

    @cached_property
    def engaged_by(self) -> LoggedEvent | None:
        """The event that engages it."""
        return find_first(event for event in self.events if event.kind not in (TRIGGERED, CLOSED))

    @property
    def is_engagement_implied(self) -> bool:
        """Whether something else than ENGAGED came first, or alone."""
        return self.engaged_by is not None and self.engaged_by.kind != ENGAGED

    @cached_property
    def last_by(self) -> LoggedEvent | None:
        """The event of `last_at`."""
        shown = find_first(event for event in self.events if event.kind == TRIGGERED)
        return find_last_timed(
            [event for event in self.events if event.kind != TRIGGERED or event is shown]
        )

    @cached_property
    def last_step_by(self) -> LoggedEvent | None:
        """The first timed event of the kind that `last_step` names, if it is one of the steps."""
        steps = (
            event for event in self.events if event.kind in STEP_KINDS and event.ts is not None
        )
        return find_first(event for event in steps if event.name == self.row["last_step"])

    @cached_property
    def closed_by(self) -> LoggedEvent | None:
        """The latest CLOSED: the latest timed one, if there is one."""
        closes = [event for event in self.events if event.kind == CLOSED]
        return find_last_timed(closes) or find_first(closes)

    @cached_property
    def continued_by(self) -> LoggedEvent | None:
        """The latest event after the latest CLOSED that shows that the visitor had not left."""
        closed_at = None if self.closed_by is None else self.closed_by.ts
        last = find_last_timed([event for event in self.events if event.kind != TRIGGERED])
        if closed_at is None or last is None or last.ts is None:
            return None
        return last if last.ts > closed_at else None

    @property
    def is_closed_last(self) -> bool:
        """Definitions 2."""
        return self.closed_by is not None and self.continued_by is None

    @cached_property
    def reasons(self) -> list[Reason]:
        """All rules in order, each by itself; the first that fits decides."""
        engaged = self.engaged_by is not None
        return [
            self._check_kind("completed", COMPLETED),
            self._check_served(),
            self._check_kind("booked", MEETING_BOOKED),
            self._check_open(),
            self._check_unanswered(),
            Reason("left_queue", bool(self.attempts), self._count_attempts()),
            Reason(
                "closed",
                engaged and self.is_closed_last,
                self._describe_closed() if engaged else self._describe_engaged(),
            ),
            Reason("dropped", engaged, self._describe_engaged()),
            Reason("dismissed", self.is_closed_last, self._describe_closed()),
            Reason("ignored", fits=True, text=("nothing else fits",)),
        ]

    @property
    def deciding_reason(self) -> Reason:
        """The rule of the outcome."""
        return next(reason for reason in self.reasons if reason.outcome == self.row["outcome"])

    @property
    def earlier_reasons(self) -> list[Reason]:
        """The rules before that, which do not fit."""
        return self.reasons[: self.deciding_reason.number - 1]

    # -- one rule each ---------------------------------------------------------------------------------------

    def _check_kind(self, outcome: str, kind: int) -> Reason:
        event = find_first(event for event in self.events if event.kind == kind)
        why: EventText = (
            (f"no {KINDS[kind]} event",) if event is None else (f"{event.name} at ", event)
        )
        return Reason(outcome, event is not None, why)

    def _check_served(self) -> Reason:
        accepted = next((attempt for attempt in self.attempts if attempt.is_accepted), None)
        return Reason("served", accepted is not None, self._describe_attempt(accepted, "accepted"))

    def _check_open(self) -> Reason:
        last = self.last_by
        waiting = self._find_attempt("waiting")
        if last is None or last.ts is None or self.as_of is None:
            return Reason("open", fits=False, text=("without a timestamp it is not recent",))
        age = self.as_of - last.ts
        recent = age < self.idle_ms
        word, limit = "recent" if recent else "not recent", format_duration(self.idle_ms / 1000)
        why: EventText = (
            f"{word}: last active {format_duration(age / 1000)} before as of, at ",
            last,
            f"; --idle is {limit}",
        )
        if waiting is not None and not recent:
            why = (f"recent: attempt {waiting.number} is waiting",)
        is_recent = recent or waiting is not None
        closed = (
            ("; but " if self.is_closed_last else "; ", *self._describe_closed())
            if is_recent and self.closed_by
            else ()
        )
        return Reason("open", is_recent and not self.is_closed_last, (*why, *closed))

    def _check_unanswered(self) -> Reason:
        missed = self._find_attempt("missed")
        return Reason("unanswered", missed is not None, self._describe_attempt(missed, "missed"))

    def _describe_attempt(self, attempt: ExplainedAttempt | None, state: str) -> EventText:
        if attempt is not None:
            return (f"attempt {attempt.number} is {state}",)
        return (f"no attempt is {state}",) if self.attempts else self._count_attempts()

    def _find_attempt(self, outcome: str) -> ExplainedAttempt | None:
        return next((attempt for attempt in self.attempts if attempt.outcome == outcome), None)

    def _count_attempts(self) -> EventText:
        return (
            (format_count(len(self.attempts), "attempt"),) if self.attempts else ("no live chat",)
        )

    def _describe_closed(self) -> EventText:
        if self.closed_by is None:
            return ("never closed",)
        if self.continued_by is None or self.continued_by.ts is None or self.closed_by.ts is None:
            return ("closed last, at ", self.closed_by)
        later = format_duration((self.continued_by.ts - self.closed_by.ts) / 1000)
        return (
            "closed at ",
            self.closed_by,
            f", but {self.continued_by.name} {later} later, at ",
            self.continued_by,
        )

    def _describe_engaged(self) -> EventText:
        if self.engaged_by is None:
            return ("not engaged: nothing but triggered and closed",)
        return (f"{self.engaged_by.name} at ", self.engaged_by)


def explain_conversation(
    events: Sequence[LoggedEvent],
    row: Mapping[str, Any],
    attempt_rows: Sequence[Mapping[str, Any]],
    as_of: int | None,
    idle_ms: int,
) -> ExplainedConversation:
    """A conversation explained; its events are told what they did."""
    attempts = chat_reasons.explain_attempts(events, attempt_rows, as_of)
    found = ExplainedConversation(row, events, attempts, attempt_rows, as_of, idle_ms)
    _add_notes(found)
    return found


def _add_notes(conversation: ExplainedConversation) -> None:
    shown = [event for event in conversation.events if event.kind == TRIGGERED]
    for event in shown[1:]:
        event.notes.append(("shown again, which is no activity",))
    if conversation.engaged_by is not None and conversation.is_engagement_implied:
        conversation.engaged_by.notes.insert(
            0, ("engages it: this cannot come before the first response",)
        )
