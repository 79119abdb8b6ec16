"""Explained sessions as programs and as people get them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from dcevents.explain.timeline import find_first, find_last_timed
from dcevents.show import (
    format_count,
    format_duration,
    format_local_time,
    format_timestamp,
    shorten_name,
)
from dcevents.tables import Section

if TYPE_CHECKING:
    from dcevents.explain.chat_reasons import ExplainedAttempt
    from dcevents.explain.reasons import ExplainedConversation, Reason
    from dcevents.explain.sessions import ExplainedSession, Explanation
    from dcevents.explain.timeline import EventText, LoggedEvent

T = TypeVar("T")

# -- for programs ----------------------------------------------------------------------------------------------


def build_members(found: Explanation) -> dict[str, Any]:
    """The JSON object's own members: names as in the listings, places as `file` and `line`."""
    sessions = [
        {
            "sid": session.sid,
            "events": [_build_event(event, found.agent_names) for event in session.lines],
            "conversations": [
                _build_conversation(each, found.agent_names) for each in session.conversations
            ],
        }
        for session in found.sessions
    ]
    return {"pattern": found.pattern, "matched": found.matched_count, "sessions": sessions}


def _build_event(event: LoggedEvent, agents: Mapping[str, str | None]) -> dict[str, Any]:
    said = event.attributes
    return {
        "timestamp": format_timestamp(event.ts),
        "kind": event.name,
        "conversation_id": said.id,
        "conversation": said.name,
        "type": said.type,
        "ui_type": said.ui_type,
        "page": said.page,
        "agent_id": event.agent,
        "agent": agents.get(event.agent) if event.agent else None,
        "file": event.file,
        "line": event.line,
        **({} if event.member is None else {"index": event.member}),
        "gap_seconds": _convert_to_seconds(event.gap_ms),
        "future": event.is_future,
        "duplicate_of": _build_place(event.duplicate_of),
        "attempt": event.attempt_number,
        "notes": [_format_plain(note) for note in event.notes],
    }


def _build_conversation(
    explained: ExplainedConversation, agents: Mapping[str, str | None]
) -> dict[str, Any]:
    from dcevents.explain.reasons import OUTCOME_RULES  # noqa: PLC0415 - polars, not before a report is made

    row, decisive = explained.row, explained.deciding_reason
    rule = OUTCOME_RULES[decisive.outcome]
    return {
        **{
            name: row[name]
            for name in ("conversation_id", "conversation", "type", "ui_type", "page")
        },
        "outcome": row["outcome"],
        "rule": decisive.number,
        "rule_words": rule.words,
        "meaning": rule.meaning,
        "because": _format_plain(decisive.text),
        "earlier_rules": [_build_reason(reason) for reason in explained.earlier_reasons],
        "started_at": format_timestamp(row["started_at"]),
        "started_by": _build_place(explained.started_by),
        "engaged_at": format_timestamp(row["engaged_at"]),
        "engaged_by": _build_place(explained.engaged_by),
        "engagement_implied": explained.is_engagement_implied,
        "last_at": format_timestamp(row["last_at"]),
        "last_by": _build_place(explained.last_by),
        "last_step": row["last_step"],
        "last_step_by": _build_place(explained.last_step_by),
        "attempts": [_build_attempt(each, row, agents) for each, row in pair_attempts(explained)],
    }


def _build_reason(reason: Reason) -> dict[str, Any]:
    return {"rule": reason.number, "outcome": reason.outcome, "because": _format_plain(reason.text)}


def _build_attempt(
    attempt: ExplainedAttempt, row: Mapping[str, Any], agents: Mapping[str, str | None]
) -> dict[str, Any]:
    from dcevents.explain.chat_reasons import ATTEMPT_RULES  # noqa: PLC0415

    return {
        "attempt": attempt.number,
        "outcome": attempt.outcome,
        "rule_words": ATTEMPT_RULES[attempt.outcome],
        "because": _format_plain(attempt.reason),
        "requested_at": format_timestamp(row["requested_at"]),
        "requested_by": _build_place(attempt.requested_by),
        "accepted_at": format_timestamp(row["accepted_at"]),
        "accepted_by": _build_place(attempt.accepted_by),
        "ended_at": format_timestamp(row["ended_at"]),
        "ended_by": _build_place(attempt.ended_by),
        "wait_seconds": _convert_to_seconds(row["wait"]),
        "chat_seconds": _convert_to_seconds(row["chat"]),
        "agent_id": row["agent_id"],
        "agent": agents.get(row["agent_id"]),
        "agent_by": _build_place(attempt.agent_by),
    }


def pair_attempts(
    explained: ExplainedConversation,
) -> Iterator[tuple[ExplainedAttempt, Mapping[str, Any]]]:
    return zip(explained.attempts, explained.attempt_rows, strict=True)


def _build_place(event: LoggedEvent | None) -> dict[str, Any] | None:
    return None if event is None else {"kind": event.name, "file": event.file, "line": event.line}


def _convert_to_seconds(millis: int | None) -> float | None:
    return None if millis is None else millis / 1000


def _format_plain(text: EventText) -> str:
    return "".join(part if isinstance(part, str) else f"{part.file}:{part.place}" for part in text)


# -- for people ------------------------------------------------------------------------------------------------

_MAX_SESSION_LINES = 200
"""The most lines of a session: the first half of them and the last."""
_MAX_SESSION_PARTS = 20
"""The most conversations of a session, and attempts of a conversation, likewise."""
_FULL_OUTPUT_HINT = "all are in: dcevents explain -f json"


def build_sections(found: Explanation, tz: ZoneInfo, as_of: int | None) -> list[Section]:
    """What was found in words, then each session and its conversations."""
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
        yield f"Nothing to report: {format_count(found.session_count, 'session')}, and none that fits."
        if found.suggested_sids:
            yield f"Perhaps: {', '.join(map(shorten_name, found.suggested_sids))}."
        return
    yield format_count(found.matched_count, "session") + (
        " fits." if found.matched_count == 1 else " fit."
    )
    if found.matched_count > len(found.sessions):
        yield f"These are the first {len(found.sessions)} by start; a narrower pattern shows others."
    if as_of is not None:
        yield f"As of {format_local_time(as_of, writer.tz)}."
    if writer.folder:
        yield f"Files are below {writer.folder}."


def _find_common_folder(files: Iterable[str]) -> str:
    """The folder that all files stand in, with its slash; empty if there is none."""
    folders = {os.path.dirname(file) for file in files}
    try:
        common = os.path.commonpath(folders)
    except ValueError:
        return ""
    return common + "/" if common and common != "/" else common


class _SessionWriter:
    """Writes times in a zone, and places without the folder that all share."""

    def __init__(self, agents: Mapping[str, str | None], tz: ZoneInfo, folder: str) -> None:
        self.agents = agents
        self.tz = tz
        self.folder = folder

    def write_session(self, session: ExplainedSession) -> Iterator[Section]:
        """A section of lines, and one for each conversation."""
        days = {self.format_time(event.ts)[:10] for event in _find_ends(session.lines)}
        day = days.pop() if len(days) == 1 else ""
        figures = list(self._write_lines(session, day))
        title = f"Session {shorten_name(session.sid)}" + (f", {day}" if day else "")
        yield Section(title, figures=figures)
        for explained in _omit_middle(session.conversations, _MAX_SESSION_PARTS):
            if isinstance(explained, int):
                yield Section(
                    "",
                    [f"… {format_count(explained, 'conversation')} left out; {_FULL_OUTPUT_HINT}"],
                )
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
            said = [f"{event.name:<{kinds}}", self.format_place(event)]
            if len(session.conversations) > 1:
                said.append(_format_name(event.attributes.name, event.attributes.id))
            yield (
                f"{self.format_time(event.ts, day) or 'untimed'}  {_format_gap(event):>{gaps}}".rstrip(),
                "  ".join(said),
            )
            if notes := self._join_notes(event):
                yield "", notes

    def _join_notes(self, event: LoggedEvent) -> str:
        notes = [self.name_agent(event.agent)] if event.agent is not None else []
        notes += [self.format_text(note) for note in event.notes]
        if event.duplicate_of is not None:
            notes.append(f"a duplicate: {self.format_place(event.duplicate_of)} counts")
        if event.ts is None:
            notes.append(
                "its timestamp lies in the future, so it counts as none"
                if event.is_future
                else "no timestamp"
            )
        return "; ".join(notes)

    def _write_conversation(self, explained: ExplainedConversation, day: str) -> Section:
        from dcevents.explain.reasons import OUTCOME_RULES  # noqa: PLC0415

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
                figures.append(
                    ("…", f"{format_count(each, 'attempt')} left out; {_FULL_OUTPUT_HINT}")
                )
            else:
                figures += self._write_attempt(*each, day)
        name = _format_name(explained.row["conversation"], explained.row["conversation_id"])
        return Section(
            f"{name}: rule {decisive.number}, {explained.row['outcome']}", figures=figures
        )

    def _list_earlier_rules(self, explained: ExplainedConversation) -> Iterator[tuple[str, str]]:
        """The rules before; neighbours with the same reason together."""
        for why, same in groupby(
            explained.earlier_reasons, lambda reason: self.format_text(reason.text)
        ):
            reasons = list(same)
            numbers = ", ".join(str(reason.number) for reason in reasons)
            yield f"Not {numbers}", f"{', '.join(reason.outcome for reason in reasons)}: {why}"

    def _describe_last_step(self, explained: ExplainedConversation) -> str:
        step, event = explained.row["last_step"], explained.last_step_by
        return (
            step
            if event is None
            else f"{step}, the latest to be reached, at {self.format_place(event)}"
        )

    def _write_attempt(
        self, attempt: ExplainedAttempt, row: Mapping[str, Any], day: str
    ) -> Iterator[tuple[str, str]]:
        from dcevents.explain.chat_reasons import ATTEMPT_RULES  # noqa: PLC0415

        yield f"Attempt {attempt.number}", f"{attempt.outcome}: {ATTEMPT_RULES[attempt.outcome]}"
        if attempt.ended_by is None or (attempt.is_accepted and attempt.accepted_by is None):
            yield "", self.format_text(attempt.reason)
        ways = (
            ("requested", attempt.requested_by, None),
            ("accepted", attempt.accepted_by, "wait"),
        )
        for what, event, length in (
            *ways,
            (_name_ending(attempt.ended_by), attempt.ended_by, "chat"),
        ):
            if event is not None:
                took = row[length] if length else None
                parts = [
                    f"{what:<9}",
                    self.format_time(event.ts, day) or "untimed",
                    self.format_place(event),
                ]
                yield (
                    "",
                    "  ".join(
                        [*parts, f"{length} {format_duration(took / 1000)}"]
                        if took is not None
                        else parts
                    ),
                )
        if attempt.agent_by is not None and attempt.agent_by.agent is not None:
            how = (
                "who accepted it"
                if attempt.agent_by is attempt.accepted_by
                else "the last to whom it was offered"
            )
            yield (
                "",
                f"agent      {self.name_agent(attempt.agent_by.agent)}, {how}: {self.format_place(attempt.agent_by)}",
            )

    def _describe_moment(self, millis: int | None, event: LoggedEvent | None, day: str) -> str:
        if event is None:
            return "never"
        when = self.format_time(millis, day) if millis is not None else "at an unknown time"
        return f"{when}, {event.name} at {self.format_place(event)}"

    def _describe_engagement(self, explained: ExplainedConversation, day: str) -> str:
        implied = (
            "; implied, no engaged event comes before it" if explained.is_engagement_implied else ""
        )
        return (
            self._describe_moment(explained.row["engaged_at"], explained.engaged_by, day) + implied
        )

    def name_agent(self, agent: str) -> str:
        """An agent by name and id."""
        return _format_name(self.agents.get(agent), agent)

    def format_place(self, event: LoggedEvent) -> str:
        """`dc.log:12`."""
        return f"{event.file.removeprefix(self.folder)}:{event.place}"

    def format_text(self, text: EventText) -> str:
        """Words with places."""
        return "".join(part if isinstance(part, str) else self.format_place(part) for part in text)

    def format_time(self, millis: int | None, day: str = "") -> str:
        """A time in the zone, without the day that is named already."""
        return (format_local_time(millis, self.tz) or "").removeprefix(day).strip()


def _find_ends(lines: Sequence[LoggedEvent]) -> list[LoggedEvent]:
    """The first and the last of the lines, which are in order, that have a timestamp."""
    ends = (find_first(event for event in lines if event.ts is not None), find_last_timed(lines))
    return [event for event in ends if event is not None]


def _omit_middle(all_of_them: Sequence[T], most: int) -> Iterator[T | int]:
    """The first and the last of many, with the number of those that are left out between them; else all."""
    left_out = len(all_of_them) - most
    if left_out <= 0:
        yield from all_of_them
        return
    half = most // 2
    yield from all_of_them[:half]
    yield left_out
    yield from all_of_them[-half:]


def _format_gap(event: LoggedEvent) -> str:
    return "" if event.gap_ms is None else "+" + format_duration(event.gap_ms / 1000)


def _name_ending(event: LoggedEvent | None) -> str:
    kinds = {"live_chat_request_timeout": "timed out", "closed": "closed"}
    return "ended" if event is None else kinds.get(event.name, "ended")


def _format_name(name: str | None, identity: str | None) -> str:
    known = "without an id" if identity is None else shorten_name(identity)
    return known if name is None or name == identity else f"{shorten_name(name)} ({known})"
