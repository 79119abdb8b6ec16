"""Explanations of the sessions that match a pattern.

Outcomes, times and names are those of reports: they come from a `View` of these sessions alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dcevents.analysis.patterns import match_glob
from dcevents.analysis.view import View
from dcevents.explain import reasons, timeline
from dcevents.explain.timeline import Disbelief, LoggedEvent
from dcevents.model.conversations import FactFold
from dcevents.model.facts import Facts
from dcevents.model.moments import ANCIENT, FUTURE, UNTIMED
from dcevents.model.texts import NUMBER_TYPE
from dcevents.settings import Window

if TYPE_CHECKING:
    from dcevents.explain.reasons import ExplainedConversation

MAX_EXPLAINED_SESSIONS = 100
_MAX_SUGGESTED_SIDS = 3
_DISBELIEF: Final[Mapping[int, Disbelief]] = {FUTURE: "future", ANCIENT: "ancient"}
_MIN_SHARED_CHARACTERS = 4
"""A sid is suggested if so many characters at its beginning, or all of a pattern, agree."""


@dataclass(frozen=True)
class ExplainedSession:
    """A session with its events and its conversations."""

    sid: str
    lines: Sequence[LoggedEvent]
    """All events in order, duplicates too."""
    conversations: Sequence[ExplainedConversation]
    """The conversations by their start."""


@dataclass(frozen=True)
class Explanation:
    """The sessions that match a pattern, and the first of them explained."""

    pattern: str
    session_count: int
    """Sessions in the log; 0 if the pattern is a sid."""
    matched_count: int
    sessions: Sequence[ExplainedSession]
    """The first MAX_EXPLAINED_SESSIONS by their start."""
    suggested_sids: Sequence[str]
    """Sids similar to the pattern, if it matches none."""
    agent_names: Mapping[str, str | None]
    """The name to show for each agent's identity."""
    begun_count: int = 0
    """Sessions that the pattern begins, if there are several."""


def explain_sessions(view: View, pattern: str) -> Explanation:
    """Explain the session with a sid, else those that match a glob, else the one that begins so."""
    facts = view.log.facts
    rows = facts.to_frame()
    number = facts.vocabulary.sessions.find_number(pattern)
    exact = rows.filter(pl.col("sid").eq(pl.lit(number, NUMBER_TYPE)))
    if not exact.is_empty():
        return _explain_found(view, pattern, 0, exact)
    numbers = rows["sid"].unique()
    sids = facts.look_up_sids(numbers)
    matching = match_glob(pattern, sids.to_list())
    if not matching:
        begun = _find_begun(pattern, sids.to_list())
        if len(begun) != 1:
            suggested = begun[:_MAX_SUGGESTED_SIDS] or suggest_sids(pattern, sids.to_list())
            return Explanation(pattern, numbers.len(), 0, [], suggested, {}, len(begun))
        matching = set(begun)
    wanted = numbers.filter(sids.is_in(list(matching)))
    found = rows.filter(pl.col("sid").is_in(wanted.implode()))
    return _explain_found(view, pattern, numbers.len(), found)


def _find_begun(beginning: str, sids: Sequence[str]) -> list[str]:
    """Return the sids that a text begins, in order; with `…` as tables cut them: `5d…0e`."""
    head, _, tail = beginning.partition("…")
    if not head and not tail:
        return []
    shortest = len(head) + len(tail)
    return sorted(
        sid for sid in sids if sid.startswith(head) and sid.endswith(tail) and len(sid) >= shortest
    )


def suggest_sids(pattern: str, sids: Sequence[str]) -> list[str]:
    """Suggest sids that contain a pattern, else those that begin like it."""
    meant = pattern.rstrip("…").strip("*").lower()
    if len(meant) < _MIN_SHARED_CHARACTERS:
        return []
    beginning = meant[:_MIN_SHARED_CHARACTERS]
    similar = [sid for sid in sids if meant in sid.lower()]
    similar = similar or [sid for sid in sids if sid.lower().startswith(beginning)]
    similar.sort(key=lambda sid: (-_count_shared_characters(sid.lower(), meant), sid))
    return similar[:_MAX_SUGGESTED_SIDS]


def _count_shared_characters(one: str, other: str) -> int:
    """Count the characters that two texts share at their beginnings."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _explain_found(
    view: View, pattern: str, session_count: int, facts: pl.DataFrame
) -> Explanation:
    """Explain the first sessions that `facts` belong to."""
    starts = facts.group_by("sid").agg(pl.min_horizontal("ts", UNTIMED).min())
    sids = view.log.facts.look_up_sids(starts["sid"])
    first = starts.with_columns(sids.alias("text")).sort("ts", "text").head(MAX_EXPLAINED_SESSIONS)
    own_facts = facts.filter(pl.col("sid").is_in(first["sid"].implode()))
    lines = _collect_lines(view, first)
    conversations = _explain_conversations(_restrict_view(view, own_facts), lines)
    every_event = [event for events in lines.values() for event in events]
    agents = {event.agent for event in every_event if event.agent is not None}
    sessions = [
        ExplainedSession(sid, lines[sid], conversations.get(sid, [])) for sid in first["text"]
    ]
    names = _name_agents(view, agents)
    return Explanation(pattern, session_count, starts.height, sessions, [], names)


def _restrict_view(view: View, rows: pl.DataFrame) -> View:
    """Return the view of some facts, without window and filters."""
    facts = Facts(view.log.facts.vocabulary)
    facts.add_rows(rows)
    fold = FactFold(facts, view.fold.as_of, view.fold.idle_ms)
    settings = view.settings._replace(window=Window(), filters={})
    return View(replace(view.log, facts=facts), fold, settings)


def _collect_lines(view: View, sessions: pl.DataFrame) -> dict[str, list[LoggedEvent]]:
    """Return by sid its events in order; `sessions` has sid and text."""
    if view.log.located is None:
        raise ValueError("the log was read without places")
    attributes = view.log.facts.vocabulary.list_attributes()
    files = [each.name for each in view.log.inputs]
    located = view.log.located.filter(pl.col("sid").is_in(sessions["sid"].implode()))
    located = located.join(sessions.select("sid", "text"), on="sid")
    rows = located.sort("file", "line", "member").select(
        "text", "ts", "attributes", "file", "line", "member"
    )
    lines: dict[str, list[LoggedEvent]] = {}
    for sid, ts, code, file, line, member in rows.iter_rows():
        known_ts = ts if ts < UNTIMED else None
        event = LoggedEvent(
            known_ts, _DISBELIEF.get(ts), attributes[code], files[file], line, member
        )
        lines.setdefault(sid, []).append(event)
    return {sid: timeline.order_and_annotate_lines(events) for sid, events in lines.items()}


def _explain_conversations(
    view: View, lines: Mapping[str, Sequence[LoggedEvent]]
) -> dict[str, list[ExplainedConversation]]:
    """Return by sid its conversations, in the order of the `conversations` report."""
    attempt_rows: dict[int, list[dict[str, Any]]] = {}
    for row in view.list_chats().sort("conversation_key", "attempt").iter_rows(named=True):
        attempt_rows.setdefault(row["conversation_key"], []).append(row)
    groups = {sid: timeline.group_counted_events(events) for sid, events in lines.items()}
    conversations: dict[str, list[ExplainedConversation]] = {}
    for row in view.list_conversations().iter_rows(named=True):
        sid, key = row["sid"], row["conversation_key"]
        explained = reasons.explain_conversation(
            groups[sid][row["conversation_id"]],
            row,
            attempt_rows.get(key, []),
            view.fold.as_of,
            view.fold.idle_ms,
        )
        conversations.setdefault(sid, []).append(explained)
    return conversations


def _name_agents(view: View, agents: Collection[str]) -> dict[str, str | None]:
    """Return by identity the name to show, by all events of the log."""
    if not agents:
        return {}
    attributes = view.log.facts.vocabulary.list_attributes()
    codes = [code for code, each in enumerate(attributes) if each.agent in agents]
    facts = view.log.facts.to_frame().filter(pl.col("attributes").is_in(codes))
    names = _restrict_view(view, facts).fold.agents.select("agent_id", "agent_name")
    return {agent: name for agent, name in names.iter_rows() if agent in agents}
