"""The words of `explain`: sections for people."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from dcevents.explain.chat_reasons import ATTEMPT_RULES
from dcevents.explain.reasons import OUTCOME_RULES
from dcevents.explain.timeline import find_first, find_last_timed
from dcevents.show import format_count, format_duration, format_local_time, shorten_name
from dcevents.tables import Section

if TYPE_CHECKING:
    from dcevents.explain.chat_reasons import ExplainedAttempt
    from dcevents.explain.reasons import ExplainedConversation
    from dcevents.explain.sessions import ExplainedSession, Explanation
    from dcevents.explain.timeline import Disbelief, EventText, LoggedEvent

T = TypeVar("T")

_MAX_SESSION_LINES = 200
"""Lines of a session that are shown: the first half of them and the last."""
_MAX_SESSION_PARTS = 20
"""Conversations of a session, and attempts of a conversation, likewise."""
_UNTIMED_NOTES: Final[Mapping[Disbelief | None, str]] = {
    None: "no timestamp",
    "future": "its timestamp lies in the future, so it counts as none",
    "ancient": "its timestamp is before 2015, so it counts as none",
}
_FULL_OUTPUT_HINT = "all are in: dcevents explain -f json"


def build_sections(found: Explanation, tz: ZoneInfo, as_of: int | None) -> list[Section]:
    """Return an introduction, then each session and its conversations."""
    writer = _SessionWriter(
        found.agent_names,
        tz,
        _find_common_folder(e.file for session in found.sessions for e in session.lines),
    )
    every = [Section("", [" ".join(_introduce_sessions(found, writer, as_of))])]
    for session in found.sessions:
        every += writer.write_session(session)
    return every


def _introduce_sessions(
    found: Explanation, writer: _SessionWriter, as_of: int | None
) -> Iterator[str]:
    if not found.matched_count:
        sessions = format_count(found.session_count, "session")
        yield f"Nothing to report: {sessions}, and none that fits."
        if found.suggested_sids:
            yield f"Perhaps: {', '.join(map(shorten_name, found.suggested_sids))}."
        return
    fits = "fits" if found.matched_count == 1 else "fit"
    yield f"{format_count(found.matched_count, 'session')} {fits}."
    if found.matched_count > len(found.sessions):
        shown = len(found.sessions)
        yield f"These are the first {shown} by start; a narrower pattern shows others."
    if as_of is not None:
        yield f"As of {format_local_time(as_of, writer.tz)}."
    if writer.folder:
        yield f"Files are below {writer.folder}."


def _find_common_folder(files: Iterable[str]) -> str:
    """Return the folder of all files, with its slash; or nothing."""
    folders = {os.path.dirname(file) for file in files}
    try:
        common = os.path.commonpath(folders)
    except ValueError:
        return ""
    return common + "/" if common and common != "/" else common


def pair_attempts(
    explained: ExplainedConversation,
) -> Iterator[tuple[ExplainedAttempt, Mapping[str, Any]]]:
    """Yield each attempt of a conversation with its row."""
    return zip(explained.attempts, explained.attempt_rows, strict=True)


class _SessionWriter:
    """A writer of sessions, with times in a zone and short places.

    Places are without the folder that all files share.
    """

    def __init__(self, agents: Mapping[str, str | None], tz: ZoneInfo, folder: str) -> None:
        self.agents = agents
        self.tz = tz
        self.folder = folder

    def write_session(self, session: ExplainedSession) -> Iterator[Section]:
        """Yield a section of lines, and one for each conversation."""
        days = {self.format_time(event.ts)[:10] for event in _find_ends(session.lines)}
        day = days.pop() if len(days) == 1 else ""
        figures = list(self._write_lines(session, day))
        title = f"Session {shorten_name(session.sid)}" + (f", {day}" if day else "")
        yield Section(title, figures=figures)
        for explained in _omit_middle(session.conversations, _MAX_SESSION_PARTS):
            if isinstance(explained, int):
                left_out = format_count(explained, "conversation")
                yield Section("", [f"… {left_out} left out; {_FULL_OUTPUT_HINT}"])
            else:
                yield self._write_conversation(explained, day)

    def _write_lines(self, session: ExplainedSession, day: str) -> Iterator[tuple[str, str]]:
        shown = list(_omit_middle(session.lines, _MAX_SESSION_LINES))
        events = [event for event in shown if not isinstance(event, int)]
        kinds = max(len(event.name) for event in events)
        gaps = max(len(_format_gap(event)) for event in events)
        for event in shown:
            if isinstance(event, int):
                yield "…", f"{format_count(event, 'line')} left out; {_FULL_OUTPUT_HINT}"
                continue
            parts = [f"{event.name:<{kinds}}", self.format_place(event)]
            if len(session.conversations) > 1:
                parts.append(_format_name(event.attributes.name, event.attributes.id))
            when = self.format_time(event.ts, day) or "untimed"
            yield f"{when}  {_format_gap(event):>{gaps}}".rstrip(), "  ".join(parts)
            if notes := self._format_notes(event):
                yield "", notes

    def _format_notes(self, event: LoggedEvent) -> str:
        notes = [self.name_agent(event.agent)] if event.agent is not None else []
        notes += [self.format_text(note) for note in event.notes]
        if event.duplicate_of is not None:
            notes.append(f"a duplicate: {self.format_place(event.duplicate_of)} counts")
        if event.ts is None:
            notes.append(_UNTIMED_NOTES[event.disbelief])
        return "; ".join(notes)

    def _write_conversation(self, explained: ExplainedConversation, day: str) -> Section:
        row, decisive = explained.row, explained.deciding_reason
        rule = OUTCOME_RULES[decisive.outcome]
        figures = [
            (f"Rule {decisive.number}", f"{rule.words} ({rule.meaning})"),
            ("Because", self.format_text(decisive.text)),
            *self._list_earlier_rules(explained),
            ("Started", self._describe_moment(row["started_at"], explained.started_by, day)),
            ("Engaged", self._describe_engagement(explained, day)),
            ("Last active", self._describe_moment(row["last_at"], explained.last_by, day)),
            ("Last step", self._describe_last_step(explained)),
        ]
        for each in _omit_middle(list(pair_attempts(explained)), _MAX_SESSION_PARTS):
            if isinstance(each, int):
                left_out = format_count(each, "attempt")
                figures.append(("…", f"{left_out} left out; {_FULL_OUTPUT_HINT}"))
            else:
                figures += self._write_attempt(*each, day)
        name = _format_name(row["conversation"], row["conversation_id"])
        return Section(f"{name}: rule {decisive.number}, {row['outcome']}", figures=figures)

    def _list_earlier_rules(self, explained: ExplainedConversation) -> Iterator[tuple[str, str]]:
        """Yield the rules that did not apply, grouped by reason."""
        earlier = explained.earlier_reasons
        for text, same in groupby(earlier, lambda reason: self.format_text(reason.text)):
            reasons = list(same)
            numbers = ", ".join(str(reason.number) for reason in reasons)
            outcomes = ", ".join(reason.outcome for reason in reasons)
            yield f"Not {numbers}", f"{outcomes}: {text}"

    def _describe_last_step(self, explained: ExplainedConversation) -> str:
        step: str = explained.row["last_step"]
        event = explained.last_step_by
        if event is None:
            return step
        return f"{step}, the latest to be reached, at {self.format_place(event)}"

    def _write_attempt(
        self, attempt: ExplainedAttempt, row: Mapping[str, Any], day: str
    ) -> Iterator[tuple[str, str]]:
        rule = ATTEMPT_RULES[attempt.outcome]
        yield f"Attempt {attempt.number}", f"{attempt.outcome}: {rule}"
        if attempt.ended_by is None or (attempt.is_accepted and attempt.accepted_by is None):
            yield "", self.format_text(attempt.reason)
        moments = (
            ("requested", attempt.requested_by, None),
            ("accepted", attempt.accepted_by, "wait"),
            (_name_ending(attempt.ended_by), attempt.ended_by, "chat"),
        )
        for what, event, length in moments:
            if event is not None:
                when = self.format_time(event.ts, day) or "untimed"
                parts = [f"{what:<9}", when, self.format_place(event)]
                took_ms = row[length] if length else None
                if took_ms is not None:
                    parts.append(f"{length} {format_duration(took_ms / 1000)}")
                yield "", "  ".join(parts)
        if attempt.agent_by is not None and attempt.agent_by.agent is not None:
            yield "", self._describe_agent(attempt, attempt.agent_by.agent, attempt.agent_by)

    def _describe_agent(self, attempt: ExplainedAttempt, agent: str, event: LoggedEvent) -> str:
        is_accepting = event is attempt.accepted_by
        how = "who accepted it" if is_accepting else "the last to whom it was offered"
        return f"agent      {self.name_agent(agent)}, {how}: {self.format_place(event)}"

    def _describe_moment(self, ms: int | None, event: LoggedEvent | None, day: str) -> str:
        if event is None:
            return "never"
        when = self.format_time(ms, day) if ms is not None else "at an unknown time"
        return f"{when}, {event.name} at {self.format_place(event)}"

    def _describe_engagement(self, explained: ExplainedConversation, day: str) -> str:
        moment = self._describe_moment(explained.row["engaged_at"], explained.engaged_by, day)
        if explained.is_engagement_implied:
            return f"{moment}; implied, no engaged event comes before it"
        return moment

    def name_agent(self, agent: str) -> str:
        """Return an agent by name and id."""
        return _format_name(self.agents.get(agent), agent)

    def format_place(self, event: LoggedEvent) -> str:
        """Return `dc.log:12`."""
        return f"{event.file.removeprefix(self.folder)}:{event.place}"

    def format_text(self, text: EventText) -> str:
        """Return words with places."""
        return "".join(part if isinstance(part, str) else self.format_place(part) for part in text)

    def format_time(self, ms: int | None, day: str = "") -> str:
        """Return a time in the zone, without a day already named."""
        return (format_local_time(ms, self.tz) or "").removeprefix(day).strip()


def _find_ends(lines: Sequence[LoggedEvent]) -> list[LoggedEvent]:
    """Return the first and the last line with a timestamp."""
    ends = (find_first(event for event in lines if event.ts is not None), find_last_timed(lines))
    return [event for event in ends if event is not None]


def _omit_middle(items: Sequence[T], limit: int) -> Iterator[T | int]:
    """Yield all items, or the ends with the number between."""
    left_out = len(items) - limit
    if left_out <= 0:
        yield from items
        return
    half = limit // 2
    yield from items[:half]
    yield left_out
    yield from items[-half:]


def _format_gap(event: LoggedEvent) -> str:
    return "" if event.gap_ms is None else "+" + format_duration(event.gap_ms / 1000)


def _name_ending(event: LoggedEvent | None) -> str:
    kinds = {"live_chat_request_timeout": "timed out", "closed": "closed"}
    return "ended" if event is None else kinds.get(event.name, "ended")


def _format_name(name: str | None, identity: str | None) -> str:
    known = "without an id" if identity is None else shorten_name(identity)
    return known if name is None or name == identity else f"{shorten_name(name)} ({known})"
