"""Explained sessions as programs and as people get them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from dcevents.explain.timeline import first, last_timed
from dcevents.show import duration, local_time, shortened, things, timestamp
from dcevents.tables import Section

if TYPE_CHECKING:
    from dcevents.explain.chat_reasons import Attempt
    from dcevents.explain.reasons import Conversation, Reason
    from dcevents.explain.sessions import Explained, Session
    from dcevents.explain.timeline import Event, Text

T = TypeVar("T")

# -- for programs ----------------------------------------------------------------------------------------------


def members(found: Explained) -> dict[str, Any]:
    """The JSON object's own members: names as in the listings, places as `file` and `line`."""
    sessions = [
        {
            "sid": session.sid,
            "events": [_event(event, found.agents) for event in session.lines],
            "conversations": [_conversation(each, found.agents) for each in session.conversations],
        }
        for session in found.sessions
    ]
    return {"pattern": found.pattern, "matched": found.matched, "sessions": sessions}


def _event(event: Event, agents: Mapping[str, str | None]) -> dict[str, Any]:
    said = event.said
    return {
        "timestamp": timestamp(event.ts),
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
        "gap_seconds": _seconds(event.gap),
        "future": event.future,
        "duplicate_of": _place(event.counted),
        "attempt": event.attempt,
        "notes": [_plain(note) for note in event.notes],
    }


def _conversation(explained: Conversation, agents: Mapping[str, str | None]) -> dict[str, Any]:
    from dcevents.explain.reasons import RULES  # noqa: PLC0415 - polars, not before a report is made

    row, decisive = explained.row, explained.decisive
    rule = RULES[decisive.outcome]
    return {
        **{
            name: row[name]
            for name in ("conversation_id", "conversation", "type", "ui_type", "page")
        },
        "outcome": row["outcome"],
        "rule": decisive.number,
        "rule_words": rule.words,
        "meaning": rule.meaning,
        "because": _plain(decisive.why),
        "earlier_rules": [_reason(reason) for reason in explained.before],
        "started_at": timestamp(row["started_at"]),
        "started_by": _place(explained.started_by),
        "engaged_at": timestamp(row["engaged_at"]),
        "engaged_by": _place(explained.engaged_by),
        "engagement_implied": explained.engagement_is_implied,
        "last_at": timestamp(row["last_at"]),
        "last_by": _place(explained.last_by),
        "last_step": row["last_step"],
        "last_step_by": _place(explained.last_step_by),
        "attempts": [_attempt(each, row, agents) for each, row in _with_rows(explained)],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"rule": reason.number, "outcome": reason.outcome, "because": _plain(reason.why)}


def _attempt(
    attempt: Attempt, row: Mapping[str, Any], agents: Mapping[str, str | None]
) -> dict[str, Any]:
    from dcevents.explain.chat_reasons import RULES  # noqa: PLC0415

    return {
        "attempt": attempt.number,
        "outcome": attempt.outcome,
        "rule_words": RULES[attempt.outcome],
        "because": _plain(attempt.why),
        "requested_at": timestamp(row["requested_at"]),
        "requested_by": _place(attempt.requested),
        "accepted_at": timestamp(row["accepted_at"]),
        "accepted_by": _place(attempt.accepted),
        "ended_at": timestamp(row["ended_at"]),
        "ended_by": _place(attempt.ended),
        "wait_seconds": _seconds(row["wait"]),
        "chat_seconds": _seconds(row["chat"]),
        "agent_id": row["agent_id"],
        "agent": agents.get(row["agent_id"]),
        "agent_by": _place(attempt.offered),
    }


def _with_rows(explained: Conversation) -> Iterator[tuple[Attempt, Mapping[str, Any]]]:
    return zip(explained.attempts, explained.attempt_rows, strict=True)


def _place(event: Event | None) -> dict[str, Any] | None:
    return None if event is None else {"kind": event.name, "file": event.file, "line": event.line}


def _seconds(millis: int | None) -> float | None:
    return None if millis is None else millis / 1000


def _plain(text: Text) -> str:
    return "".join(part if isinstance(part, str) else f"{part.file}:{part.place}" for part in text)


# -- for people ------------------------------------------------------------------------------------------------

_LINES = 200
"""The most lines of a session: the first half of them and the last."""
_PARTS = 20
"""The most conversations of a session, and attempts of a conversation, likewise."""
_INSTEAD = "all are in: dcevents explain -f json"


def sections(found: Explained, tz: ZoneInfo, as_of: int | None) -> list[Section]:
    """What was found in words, then each session and its conversations."""
    writer = _Writer(
        found.agents, tz, _folder(e.file for session in found.sessions for e in session.lines)
    )
    every = [Section("", [" ".join(_introduction(found, writer, as_of))])]
    for session in found.sessions:
        every += writer.session(session)
    return every


def _introduction(found: Explained, writer: _Writer, as_of: int | None) -> Iterator[str]:
    if not found.matched:
        yield f"Nothing to report: {things(found.of, 'session')}, and none that fits."
        if found.nearest:
            yield f"Perhaps: {', '.join(map(shortened, found.nearest))}."
        return
    yield things(found.matched, "session") + (" fits." if found.matched == 1 else " fit.")
    if found.matched > len(found.sessions):
        yield f"These are the first {len(found.sessions)} by start; a narrower pattern shows others."
    if as_of is not None:
        yield f"As of {local_time(as_of, writer.tz)}."
    if writer.folder:
        yield f"Files are below {writer.folder}."


def _folder(files: Iterable[str]) -> str:
    """The folder that all files stand in, with its slash; empty if there is none."""
    folders = {os.path.dirname(file) for file in files}
    try:
        common = os.path.commonpath(folders)
    except ValueError:
        return ""
    return common + "/" if common and common != "/" else common


class _Writer:
    """Writes times in a zone, and places without the folder that all share."""

    def __init__(self, agents: Mapping[str, str | None], tz: ZoneInfo, folder: str) -> None:
        self.agents = agents
        self.tz = tz
        self.folder = folder

    def session(self, session: Session) -> Iterator[Section]:
        """A section of lines, and one for each conversation."""
        days = {self.time(event.ts)[:10] for event in _ends(session.lines)}
        day = days.pop() if len(days) == 1 else ""
        figures = list(self._lines(session, day))
        title = f"Session {shortened(session.sid)}" + (f", {day}" if day else "")
        yield Section(title, figures=figures)
        for explained in _some(session.conversations, _PARTS):
            if isinstance(explained, int):
                yield Section("", [f"… {things(explained, 'conversation')} left out; {_INSTEAD}"])
            else:
                yield self._conversation(explained, day)

    def _lines(self, session: Session, day: str) -> Iterator[tuple[str, str]]:
        shown = list(_some(session.lines, _LINES))
        events = [event for event in shown if not isinstance(event, int)]
        kinds = max(len(event.name) for event in events)
        gaps = max(len(_gap(event)) for event in events)
        for event in shown:
            if isinstance(event, int):
                yield "…", f"{things(event, 'line')} left out; {_INSTEAD}"
                continue
            said = [f"{event.name:<{kinds}}", self.place(event)]
            if len(session.conversations) > 1:
                said.append(_name(event.said.name, event.said.id))
            yield (
                f"{self.time(event.ts, day) or 'untimed'}  {_gap(event):>{gaps}}".rstrip(),
                "  ".join(said),
            )
            if notes := self._notes(event):
                yield "", notes

    def _notes(self, event: Event) -> str:
        notes = [self.agent(event.agent)] if event.agent is not None else []
        notes += [self.text(note) for note in event.notes]
        if event.counted is not None:
            notes.append(f"a duplicate: {self.place(event.counted)} counts")
        if event.ts is None:
            notes.append(
                "its timestamp lies in the future, so it counts as none"
                if event.future
                else "no timestamp"
            )
        return "; ".join(notes)

    def _conversation(self, explained: Conversation, day: str) -> Section:
        from dcevents.explain.reasons import RULES  # noqa: PLC0415

        row, decisive = explained.row, explained.decisive
        rule = RULES[decisive.outcome]
        figures = [
            (f"Rule {decisive.number}", f"{rule.words} ({rule.meaning})"),
            ("Because", self.text(decisive.why)),
            *self._before(explained),
            ("Started", self._at(row["started_at"], explained.started_by, day)),
            ("Engaged", self._engaged(explained, day)),
            ("Last active", self._at(row["last_at"], explained.last_by, day)),
            ("Last step", self._step(explained)),
        ]
        for each in _some(list(_with_rows(explained)), _PARTS):
            if isinstance(each, int):
                figures.append(("…", f"{things(each, 'attempt')} left out; {_INSTEAD}"))
            else:
                figures += self._attempt(*each, day)
        name = _name(explained.row["conversation"], explained.row["conversation_id"])
        return Section(
            f"{name}: rule {decisive.number}, {explained.row['outcome']}", figures=figures
        )

    def _before(self, explained: Conversation) -> Iterator[tuple[str, str]]:
        """The rules before; neighbours with the same reason together."""
        for why, same in groupby(explained.before, lambda reason: self.text(reason.why)):
            reasons = list(same)
            numbers = ", ".join(str(reason.number) for reason in reasons)
            yield f"Not {numbers}", f"{', '.join(reason.outcome for reason in reasons)}: {why}"

    def _step(self, explained: Conversation) -> str:
        step, event = explained.row["last_step"], explained.last_step_by
        return (
            step if event is None else f"{step}, the latest to be reached, at {self.place(event)}"
        )

    def _attempt(
        self, attempt: Attempt, row: Mapping[str, Any], day: str
    ) -> Iterator[tuple[str, str]]:
        from dcevents.explain.chat_reasons import RULES  # noqa: PLC0415

        yield f"Attempt {attempt.number}", f"{attempt.outcome}: {RULES[attempt.outcome]}"
        if attempt.ended is None or (attempt.is_accepted and attempt.accepted is None):
            yield "", self.text(attempt.why)
        ways = (("requested", attempt.requested, None), ("accepted", attempt.accepted, "wait"))
        for what, event, length in (*ways, (_ending(attempt.ended), attempt.ended, "chat")):
            if event is not None:
                took = row[length] if length else None
                parts = [f"{what:<9}", self.time(event.ts, day) or "untimed", self.place(event)]
                yield (
                    "",
                    "  ".join(
                        [*parts, f"{length} {duration(took / 1000)}"] if took is not None else parts
                    ),
                )
        if attempt.offered is not None and attempt.offered.agent is not None:
            how = (
                "who accepted it"
                if attempt.offered is attempt.accepted
                else "the last to whom it was offered"
            )
            yield (
                "",
                f"agent      {self.agent(attempt.offered.agent)}, {how}: {self.place(attempt.offered)}",
            )

    def _at(self, millis: int | None, event: Event | None, day: str) -> str:
        if event is None:
            return "never"
        when = self.time(millis, day) if millis is not None else "at an unknown time"
        return f"{when}, {event.name} at {self.place(event)}"

    def _engaged(self, explained: Conversation, day: str) -> str:
        implied = (
            "; implied, no engaged event comes before it" if explained.engagement_is_implied else ""
        )
        return self._at(explained.row["engaged_at"], explained.engaged_by, day) + implied

    def agent(self, agent: str) -> str:
        """An agent by name and id."""
        return _name(self.agents.get(agent), agent)

    def place(self, event: Event) -> str:
        """`dc.log:12`."""
        return f"{event.file.removeprefix(self.folder)}:{event.place}"

    def text(self, text: Text) -> str:
        """Words with places."""
        return "".join(part if isinstance(part, str) else self.place(part) for part in text)

    def time(self, millis: int | None, day: str = "") -> str:
        """A time in the zone, without the day that is named already."""
        return (local_time(millis, self.tz) or "").removeprefix(day).strip()


def _ends(lines: Sequence[Event]) -> list[Event]:
    """The first and the last of the lines, which are in order, that have a timestamp."""
    ends = (first(event for event in lines if event.ts is not None), last_timed(lines))
    return [event for event in ends if event is not None]


def _some(all_of_them: Sequence[T], most: int) -> Iterator[T | int]:
    """The first and the last of many, with the number of those that are left out between them; else all."""
    left_out = len(all_of_them) - most
    if left_out <= 0:
        yield from all_of_them
        return
    half = most // 2
    yield from all_of_them[:half]
    yield left_out
    yield from all_of_them[-half:]


def _gap(event: Event) -> str:
    return "" if event.gap is None else "+" + duration(event.gap / 1000)


def _ending(event: Event | None) -> str:
    kinds = {"live_chat_request_timeout": "timed out", "closed": "closed"}
    return "ended" if event is None else kinds.get(event.name, "ended")


def _name(name: str | None, identity: str | None) -> str:
    known = "without an id" if identity is None else shortened(identity)
    return known if name is None or name == identity else f"{shortened(name)} ({known})"
