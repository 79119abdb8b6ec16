"""The lines of one session as a sequence that can be told: in order, duplicates known, distances measured. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dcevents.model.events import KINDS

if TYPE_CHECKING:
    from dcevents.model.attributes import Attributes


@dataclass(eq=False, slots=True)
class LoggedEvent:
    """An accepted line. Times are milliseconds since 1970; two lines are never equal, whatever they say."""

    ts: int | None
    is_future: bool
    attributes: Attributes
    file: str
    line: int
    member: int | None = None
    """Which of the records of that line it is; None where there is only one."""
    gap_ms: int | None = None
    """Milliseconds since the timed line before, if both are timed."""
    duplicate_of: LoggedEvent | None = None
    """The line that counts, where this one says it once more."""
    attempt_number: int | None = None
    """The live-chat attempt that it belongs to: 1, 2, … in its conversation."""
    notes: list[EventText] = field(default_factory=list)
    """What it did, or why it did nothing."""

    @property
    def place(self) -> str:
        """The line, and which of its records: `12`, or `12[3]`."""
        return f"{self.line}" if self.member is None else f"{self.line}[{self.member}]"

    @property
    def kind(self) -> int:
        """The kind's number."""
        return self.attributes.kind

    @property
    def name(self) -> str:
        """The kind's short name."""
        return KINDS[self.attributes.kind]

    @property
    def agent(self) -> str | None:
        """The agent's identity."""
        return self.attributes.agent


EventText = tuple[str | LoggedEvent, ...]
"""Words, with events where it is for the reader of the text to say how a place (file and line) is written."""


def make_sort_key(event: LoggedEvent) -> tuple[Any, ...]:
    """Where an event stands in its conversation (definitions 2): by time, kind, agent; untimed ones last."""
    return (event.ts is None, event.ts or 0, event.kind, event.agent is not None, event.agent or "")


def order_lines(lines: Iterable[LoggedEvent]) -> list[LoggedEvent]:
    """A session's lines, given by file and line, in order; `gap` and `counted` are filled in."""
    ordered = sorted(
        lines,
        key=lambda each: (
            *make_sort_key(each),
            each.attributes.id is not None,
            each.attributes.id or "",
        ),
    )
    counted: dict[tuple[Any, ...], LoggedEvent] = {}
    before: int | None = None
    for event in ordered:
        first = counted.setdefault((event.ts, event.kind, event.attributes.id, event.agent), event)
        event.duplicate_of = None if first is event else first
        if event.ts is not None:
            event.gap_ms = None if before is None else event.ts - before
            before = event.ts
    return ordered


def group_by_conversation(lines: Sequence[LoggedEvent]) -> dict[str | None, list[LoggedEvent]]:
    """The lines that count of each conversation, in order."""
    found: dict[str | None, list[LoggedEvent]] = {}
    for event in lines:
        if event.duplicate_of is None:
            found.setdefault(event.attributes.id, []).append(event)
    return found


def find_first(events: Iterable[LoggedEvent]) -> LoggedEvent | None:
    """The first of events in order; None of none."""
    return next(iter(events), None)


def find_last_timed(events: Sequence[LoggedEvent]) -> LoggedEvent | None:
    """The last one that has a timestamp."""
    return find_first(event for event in reversed(events) if event.ts is not None)
