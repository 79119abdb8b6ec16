"""Sessions of a log, explained: found by a pattern, told line by line, with the reasons for each outcome.

Outcomes, times and names are those of the reports: they come from a `Fold` and a `View` of nothing but these sessions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import polars as pl

from dcevents.analysis.view import View, matching
from dcevents.explain import reasons, timeline
from dcevents.explain.timeline import Event
from dcevents.model.conversations import Fold
from dcevents.model.facts import Facts
from dcevents.model.moments import FUTURE, UNTIMED
from dcevents.settings import Window

if TYPE_CHECKING:
    from dcevents.explain.reasons import Conversation

MOST = 100
"""Sessions that are explained at once."""
_NEAREST = 3
_ALIKE = 4


@dataclass(frozen=True)
class Session:
    """A session: its lines in order, repeated ones too, and its conversations in the order of their start."""

    sid: str
    lines: Sequence[Event]
    conversations: Sequence[Conversation]


@dataclass(frozen=True)
class Explained:
    """The sessions that fit a pattern: how many, and the first of them by start, explained."""

    pattern: str
    of: int
    """Sessions in the log."""
    matched: int
    sessions: Sequence[Session]
    nearest: Sequence[str]
    """Where none fits: sids that look like the pattern."""
    agents: Mapping[str, str | None]
    """The name that each agent is shown with."""


def explain(view: View, pattern: str) -> Explained:
    """The session whose sid the pattern is; else those that it fits as a glob."""
    facts = view.log.facts.frame()
    one = view.log.facts.vocabulary.sids.numbers([pattern])
    found = facts.filter(pl.col("sid") == one[0])
    if not found.is_empty() and view.log.facts.sid_texts(one)[0] == pattern:
        return _explained(view, pattern, 0, found)
    codes = facts["sid"].unique()
    texts = view.log.facts.sid_texts(codes)
    fitting = texts.is_in(matching([pattern], texts.to_list()))
    found = facts.filter(pl.col("sid").is_in(codes.filter(fitting).implode()))
    if found.is_empty():
        return Explained(pattern, codes.len(), 0, [], nearest(pattern, texts.to_list()), {})
    return _explained(view, pattern, codes.len(), found)


def nearest(pattern: str, sids: Sequence[str]) -> list[str]:
    """Sids that one may have meant: those that contain the pattern, else those that begin like it."""
    meant = pattern.rstrip("…").strip("*").lower()
    if len(meant) < _ALIKE:
        return []
    within = [sid for sid in sids if meant in sid.lower()]
    alike = within or [sid for sid in sids if sid[:_ALIKE].lower() == meant[:_ALIKE]]
    return sorted(alike, key=lambda sid: (-_shared(sid.lower(), meant), sid))[:_NEAREST]


def _shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginnings."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _explained(view: View, pattern: str, of: int, found: pl.DataFrame) -> Explained:
    """The first sessions of those that the facts `found` are of."""
    starts = found.group_by("sid").agg(pl.min_horizontal("ts", UNTIMED).min())
    first = (
        starts.with_columns(view.log.facts.sid_texts(starts["sid"]).alias("text"))
        .sort("ts", "text")
        .head(MOST)
    )
    part = _part_of(view, found.filter(pl.col("sid").is_in(first["sid"].implode())))
    lines = _lines(view, first)
    conversations = _conversations(part, lines)
    names = [
        event.agent for session in lines.values() for event in session if event.agent is not None
    ]
    return Explained(
        pattern,
        of,
        starts.height,
        [Session(sid, lines[sid], conversations.get(sid, [])) for sid in first["text"]],
        [],
        _agents(view, names),
    )


def _part_of(view: View, facts: pl.DataFrame) -> View:
    """The view of some sessions' facts, as of the same time, with everything selected."""
    some = Facts(view.log.facts.vocabulary)
    some.add(facts, view.log.facts.sessions())
    settings = replace(view.settings, window=Window(), filters={})
    return View(
        replace(view.log, facts=some), Fold(some, view.fold.as_of, view.fold.idle_ms), settings
    )


def _lines(view: View, sessions: pl.DataFrame) -> dict[str, list[Event]]:
    """Sid → its lines in order."""
    if view.log.placed is None:
        raise ValueError("the log was read without places")
    said = view.log.facts.vocabulary.said()
    names = [each.name for each in view.log.inputs]
    placed = view.log.placed.filter(pl.col("sid").is_in(sessions["sid"].implode()))
    placed = placed.join(sessions.select("sid", "text"), on="sid").sort("file", "line", "member")
    found: dict[str, list[Event]] = {}
    for sid, code, ts, file, line, member in placed.select(
        "text", "said", "ts", "file", "line", "member"
    ).iter_rows():
        event = Event(
            ts if ts < UNTIMED else None, ts == FUTURE, said[code], names[file], line, member
        )
        found.setdefault(sid, []).append(event)
    return {sid: timeline.in_order(lines) for sid, lines in found.items()}


def _conversations(
    part: View, lines: Mapping[str, Sequence[Event]]
) -> dict[str, list[Conversation]]:
    """Sid → its conversations, in the order of the listing."""
    attempts: dict[int, list[dict[str, Any]]] = {}
    for row in part.chat_rows().sort("conv", "attempt").iter_rows(named=True):
        attempts.setdefault(row["conv"], []).append(row)
    events = {sid: timeline.by_conversation(each) for sid, each in lines.items()}
    found: dict[str, list[Conversation]] = {}
    for row in part.conversation_rows().iter_rows(named=True):
        mine = events[row["sid"]][row["conversation_id"]]
        explained = reasons.conversation(
            mine, row, attempts.get(row["conv"], []), part.fold.as_of, part.fold.idle_ms
        )
        found.setdefault(row["sid"], []).append(explained)
    return found


def _agents(view: View, agents: Sequence[str]) -> dict[str, str | None]:
    """Agent → the name it is shown with, by all its events in the log."""
    wanted = set(agents)
    if not wanted:
        return {}
    said = [
        code for code, each in enumerate(view.log.facts.vocabulary.said()) if each.agent in wanted
    ]
    theirs = view.log.facts.frame().filter(pl.col("said").is_in(said))
    names = _part_of(view, theirs).fold.agents
    return {
        agent: name
        for agent, name in names.select("agent_id", "agent_name").iter_rows()
        if agent in wanted
    }
