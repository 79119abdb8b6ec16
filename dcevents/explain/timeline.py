"""The events of one session in order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dcevents.model.events import KINDS

if TYPE_CHECKING:
    from dcevents.model.attributes import Attributes


Disbelief = Literal["future", "ancient"]
"""Reasons not to believe a timestamp (definitions 1)."""


@dataclass(eq=False, slots=True)
class LoggedEvent:
    """An accepted record, with its place in the log."""

    ts: int | None
    """Milliseconds since 1970; None without a usable timestamp."""
    disbelief: Disbelief | None
    """Why the timestamp counts as none, where it can be read."""
    attributes: Attributes
    file: str
    line: int
    member: int | None = None
    """The number of the record on its line; None if it is the only one."""
    gap_ms: int | None = None
    """Milliseconds since the timed event before, if this one is timed too."""
    duplicate_of: LoggedEvent | None = None
    """The equal event that counts instead; None if this one counts."""
    attempt_number: int | None = None
    """The live-chat attempt of its conversation that it belongs to: 1, 2, …"""
    notes: list[EventText] = field(default_factory=list)
    """Sentences about its effect."""

    @property
    def place(self) -> str:
        """Return the line, with the number of the record: `12` or `12[3]`."""
        return f"{self.line}" if self.member is None else f"{self.line}[{self.member}]"

    @property
    def kind(self) -> int:
        """Return the number of the kind."""
        return self.attributes.kind

    @property
    def name(self) -> str:
        """Return the short name of the kind."""
        return KINDS[self.attributes.kind]

    @property
    def agent(self) -> str | None:
        """Return the identity of the agent."""
        return self.attributes.agent


EventText = tuple[str | LoggedEvent, ...]
"""Words and events; whoever writes the text decides how to name an event's file and line."""


def make_sort_key(event: LoggedEvent) -> tuple[Any, ...]:
    """Return the key that orders the events of a conversation (definitions 2).

    By time, then kind, then agent; untimed events come last.
    """
    return (event.ts is None, event.ts or 0, event.kind, event.agent is not None, event.agent or "")


def order_and_annotate_lines(lines: Iterable[LoggedEvent]) -> list[LoggedEvent]:
    """Return the events of a session in order, with `gap_ms` and `duplicate_of` filled in.

    `lines` are in the order of file and line: the first of several duplicates counts.
    """

    def make_session_key(event: LoggedEvent) -> tuple[Any, ...]:
        identity = event.attributes.id
        return (*make_sort_key(event), identity is not None, identity or "")

    ordered = sorted(lines, key=make_session_key)
    counted: dict[tuple[Any, ...], LoggedEvent] = {}
    previous_ts: int | None = None
    for event in ordered:
        identity = (event.ts, event.kind, event.attributes.id, event.agent)
        first = counted.setdefault(identity, event)
        event.duplicate_of = None if first is event else first
        if event.ts is not None:
            event.gap_ms = None if previous_ts is None else event.ts - previous_ts
            previous_ts = event.ts
    return ordered


def group_counted_events(lines: Sequence[LoggedEvent]) -> dict[str | None, list[LoggedEvent]]:
    """Return by conversation id the events that are no duplicates, in order."""
    groups: dict[str | None, list[LoggedEvent]] = {}
    for event in lines:
        if event.duplicate_of is None:
            groups.setdefault(event.attributes.id, []).append(event)
    return groups


def find_first(events: Iterable[LoggedEvent]) -> LoggedEvent | None:
    """Return the first event; None without events."""
    return next(iter(events), None)


def find_last_timed(events: Sequence[LoggedEvent]) -> LoggedEvent | None:
    """Return the last event that has a timestamp."""
    return find_first(event for event in reversed(events) if event.ts is not None)
