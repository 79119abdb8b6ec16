"""Reasons for the outcome of a conversation: rules and their evidence. Pure.

The rules are those of definitions 2. The outcome itself comes from the fold; a test compares
it with the first rule that fits here.
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
    """A rule of the table of outcomes."""

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
"""By outcome its rule, as docs/definitions.md has it."""


class Reason(NamedTuple):
    """A rule applied to a conversation: the answer, and the evidence."""

    outcome: str
    fits: bool
    text: EventText

    @property
    def number(self) -> int:
        """Return the number of the rule in the table of outcomes."""
        return OUTCOMES.index(self.outcome) + 1


@dataclass(frozen=True)
class ExplainedConversation:
    """A conversation with the reasons for its outcome."""

    row: Mapping[str, Any]
    """Its row of the `conversations` report."""
    events: Sequence[LoggedEvent]
    """The events that count, in order."""
    attempts: Sequence[ExplainedAttempt]
    attempt_rows: Sequence[Mapping[str, Any]]
    """For each attempt its row of the `chats` report."""
    as_of: int | None
    idle_ms: int

    @cached_property
    def started_by(self) -> LoggedEvent | None:
        """Return the event of `started_at`."""
        return find_first(event for event in self.events if event.ts is not None)

    @cached_property
    def engaged_by(self) -> LoggedEvent | None:
        """Return the event of `engaged_at`."""
        return find_first(event for event in self.events if event.kind not in (TRIGGERED, CLOSED))

    @property
    def is_engagement_implied(self) -> bool:
        """Tell whether another event than ENGAGED engages it."""
        return self.engaged_by is not None and self.engaged_by.kind != ENGAGED

    @cached_property
    def last_by(self) -> LoggedEvent | None:
        """Return the event of `last_at`."""
        shown = find_first(event for event in self.events if event.kind == TRIGGERED)
        return find_last_timed(
            [event for event in self.events if event.kind != TRIGGERED or event is shown]
        )

    @cached_property
    def last_step_by(self) -> LoggedEvent | None:
        """Return the event that `last_step` names; None if it is no step."""
        steps = (
            event for event in self.events if event.kind in STEP_KINDS and event.ts is not None
        )
        return find_first(event for event in steps if event.name == self.row["last_step"])

    @cached_property
    def closed_by(self) -> LoggedEvent | None:
        """Return the latest CLOSED: a timed one, if there is one."""
        closes = [event for event in self.events if event.kind == CLOSED]
        return find_last_timed(closes) or find_first(closes)

    @cached_property
    def continued_by(self) -> LoggedEvent | None:
        """Return the latest event after `closed_by`; None: the visitor had left."""
        closed_at = None if self.closed_by is None else self.closed_by.ts
        last = find_last_timed([event for event in self.events if event.kind != TRIGGERED])
        if closed_at is None or last is None or last.ts is None:
            return None
        return last if last.ts > closed_at else None

    @property
    def is_closed_last(self) -> bool:
        """Tell whether the conversation is closed last (definitions 2)."""
        return self.closed_by is not None and self.continued_by is None

    @cached_property
    def reasons(self) -> list[Reason]:
        """Return all rules in order; the first that fits decides."""
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
        """Return the rule that gave the outcome."""
        return next(reason for reason in self.reasons if reason.outcome == self.row["outcome"])

    @property
    def earlier_reasons(self) -> list[Reason]:
        """Return the reasons before the deciding one: rules that do not fit."""
        return self.reasons[: self.deciding_reason.number - 1]

    # -- single rules --------------------------------------------------------------------------

    def _check_kind(self, outcome: str, kind: int) -> Reason:
        event = find_first(event for event in self.events if event.kind == kind)
        if event is None:
            return Reason(outcome, fits=False, text=(f"no {KINDS[kind]} event",))
        return Reason(outcome, fits=True, text=(f"{event.name} at ", event))

    def _check_served(self) -> Reason:
        accepted = next((attempt for attempt in self.attempts if attempt.is_accepted), None)
        return Reason("served", accepted is not None, self._describe_attempt(accepted, "accepted"))

    def _check_open(self) -> Reason:
        last, waiting = self.last_by, self._find_attempt("waiting")
        if last is None or last.ts is None or self.as_of is None:
            return Reason("open", fits=False, text=("without a timestamp it is not recent",))
        age_ms = self.as_of - last.ts
        is_active = age_ms < self.idle_ms
        is_recent = is_active or waiting is not None
        if waiting is not None and not is_active:
            text: EventText = (f"recent: attempt {waiting.number} is waiting",)
        else:
            word, age = "recent" if is_active else "not recent", format_duration(age_ms / 1000)
            limit = format_duration(self.idle_ms / 1000)
            text = (f"{word}: last active {age} before as of, at ", last, f"; --idle is {limit}")
        if is_recent and self.closed_by is not None:
            link = "; but " if self.is_closed_last else "; "
            text += (link, *self._describe_closed())
        return Reason("open", is_recent and not self.is_closed_last, text)

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
        count = format_count(len(self.attempts), "attempt")
        return (count if self.attempts else "no live chat",)

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
    """Explain a conversation from its events in order; add notes to them.

    `row` and `attempt_rows` are those of the `conversations` and the `chats` report.
    """
    attempts = chat_reasons.explain_attempts(events, attempt_rows, as_of)
    conversation = ExplainedConversation(row, events, attempts, attempt_rows, as_of, idle_ms)
    _add_notes(conversation)
    return conversation


def _add_notes(conversation: ExplainedConversation) -> None:
    triggers = [event for event in conversation.events if event.kind == TRIGGERED]
    for event in triggers[1:]:
        event.notes.append(("shown again, which is no activity",))
    if conversation.engaged_by is not None and conversation.is_engagement_implied:
        note = ("engages it: this cannot come before the first response",)
        conversation.engaged_by.notes.insert(0, note)
