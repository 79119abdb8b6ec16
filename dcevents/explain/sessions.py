"""Sessions of a log, explained: found by a pattern, told line by line, with the reasons for each outcome.

Outcomes, times and names are those of the reports: they come from a `Fold` and a `View` of nothing but these sessions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import polars as pl

from dcevents.analysis.view import View, match_patterns
from dcevents.explain import reasons, timeline
from dcevents.explain.timeline import LoggedEvent
from dcevents.model.conversations import Fold
from dcevents.model.facts import Facts
from dcevents.model.moments import FUTURE, UNTIMED
from dcevents.settings import Window

if TYPE_CHECKING:
    from dcevents.explain.reasons import ExplainedConversation

MAX_EXPLAINED_SESSIONS = 100
"""Sessions that are explained at once."""
_MAX_SUGGESTED_SIDS = 3
_MIN_SHARED_CHARACTERS = 4


@dataclass(frozen=True)
class ExplainedSession:
    """A session: its lines in order, repeated ones too, and its conversations in the order of their start."""

    sid: str
    lines: Sequence[LoggedEvent]
    conversations: Sequence[ExplainedConversation]


@dataclass(frozen=True)
class Explanation:
    """The sessions that fit a pattern: how many, and the first of them by start, explained."""

    pattern: str
    session_count: int
    """Sessions in the log."""
    matched_count: int
    sessions: Sequence[ExplainedSession]
    suggested_sids: Sequence[str]
    """Where none fits: sids that look like the pattern."""
    agent_names: Mapping[str, str | None]
    """The name that each agent is shown with."""


def explain_sessions(view: View, pattern: str) -> Explanation:
    """The session whose sid the pattern is; else those that it fits as a glob."""
    facts = view.log.facts.to_frame()
    one = view.log.facts.vocabulary.numbering.number_sids([pattern])
    found = facts.filter(pl.col("sid") == one[0])
    if not found.is_empty() and view.log.facts.look_up_sids(one)[0] == pattern:
        return _explain_found(view, pattern, 0, found)
    codes = facts["sid"].unique()
    texts = view.log.facts.look_up_sids(codes)
    fitting = texts.is_in(match_patterns([pattern], texts.to_list()))
    found = facts.filter(pl.col("sid").is_in(codes.filter(fitting).implode()))
    if found.is_empty():
        return Explanation(pattern, codes.len(), 0, [], suggest_sids(pattern, texts.to_list()), {})
    return _explain_found(view, pattern, codes.len(), found)


def suggest_sids(pattern: str, sids: Sequence[str]) -> list[str]:
    """Sids that one may have meant: those that contain the pattern, else those that begin like it."""
    meant = pattern.rstrip("…").strip("*").lower()
    if len(meant) < _MIN_SHARED_CHARACTERS:
        return []
    within = [sid for sid in sids if meant in sid.lower()]
    alike = within or [
        sid
        for sid in sids
        if sid[:_MIN_SHARED_CHARACTERS].lower() == meant[:_MIN_SHARED_CHARACTERS]
    ]
    return sorted(alike, key=lambda sid: (-_count_shared_characters(sid.lower(), meant), sid))[
        :_MAX_SUGGESTED_SIDS
    ]


def _count_shared_characters(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _explain_found(view: View, pattern: str, of: int, found: pl.DataFrame) -> Explanation:
    """The first sessions of those that the facts `found` are of."""
    starts = found.group_by("sid").agg(pl.min_horizontal("ts", UNTIMED).min())
    first = (
        starts.with_columns(view.log.facts.look_up_sids(starts["sid"]).alias("text"))
        .sort("ts", "text")
        .head(MAX_EXPLAINED_SESSIONS)
    )
    part = _restrict_view(view, found.filter(pl.col("sid").is_in(first["sid"].implode())))
    lines = _collect_lines(view, first)
    conversations = _explain_conversations(part, lines)
    names = [
        event.agent for session in lines.values() for event in session if event.agent is not None
    ]
    return Explanation(
        pattern,
        of,
        starts.height,
        [ExplainedSession(sid, lines[sid], conversations.get(sid, [])) for sid in first["text"]],
        [],
        _name_agents(view, names),
    )


def _restrict_view(view: View, facts: pl.DataFrame) -> View:
    """The view of some sessions' facts, as of the same time, with everything selected."""
    some = Facts(view.log.facts.vocabulary)
    some.add_rows(facts, view.log.facts.list_sessions())
    settings = replace(view.settings, window=Window(), filters={})
    return View(
        replace(view.log, facts=some), Fold(some, view.fold.as_of, view.fold.idle_ms), settings
    )


def _collect_lines(view: View, sessions: pl.DataFrame) -> dict[str, list[LoggedEvent]]:
    """Sid → its lines in order."""
    if view.log.located is None:
        raise ValueError("the log was read without places")
    said = view.log.facts.vocabulary.list_attributes()
    names = [each.name for each in view.log.inputs]
    placed = view.log.located.filter(pl.col("sid").is_in(sessions["sid"].implode()))
    placed = placed.join(sessions.select("sid", "text"), on="sid").sort("file", "line", "member")
    found: dict[str, list[LoggedEvent]] = {}
    for sid, code, ts, file, line, member in placed.select(
        "text", "said", "ts", "file", "line", "member"
    ).iter_rows():
        event = LoggedEvent(
            ts if ts < UNTIMED else None, ts == FUTURE, said[code], names[file], line, member
        )
        found.setdefault(sid, []).append(event)
    return {sid: timeline.order_lines(lines) for sid, lines in found.items()}


def _explain_conversations(
    part: View, lines: Mapping[str, Sequence[LoggedEvent]]
) -> dict[str, list[ExplainedConversation]]:
    """Sid → its conversations, in the order of the listing."""
    attempts: dict[int, list[dict[str, Any]]] = {}
    for row in part.list_chats().sort("conv", "attempt").iter_rows(named=True):
        attempts.setdefault(row["conv"], []).append(row)
    events = {sid: timeline.group_by_conversation(each) for sid, each in lines.items()}
    found: dict[str, list[ExplainedConversation]] = {}
    for row in part.list_conversations().iter_rows(named=True):
        mine = events[row["sid"]][row["conversation_id"]]
        explained = reasons.explain_conversation(
            mine, row, attempts.get(row["conv"], []), part.fold.as_of, part.fold.idle_ms
        )
        found.setdefault(row["sid"], []).append(explained)
    return found


def _name_agents(view: View, agents: Sequence[str]) -> dict[str, str | None]:
    """Agent → the name it is shown with, by all its events in the log."""
    wanted = set(agents)
    if not wanted:
        return {}
    said = [
        code
        for code, each in enumerate(view.log.facts.vocabulary.list_attributes())
        if each.agent in wanted
    ]
    theirs = view.log.facts.to_frame().filter(pl.col("said").is_in(said))
    names = _restrict_view(view, theirs).fold.agents
    return {
        agent: name
        for agent, name in names.select("agent_id", "agent_name").iter_rows()
        if agent in wanted
    }
