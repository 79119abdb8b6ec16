"""The document of `explain`: members for programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dcevents.errors import NoSuchSessionError
from dcevents.explain.chat_reasons import ATTEMPT_RULES
from dcevents.explain.reasons import OUTCOME_RULES
from dcevents.explain.sessions import explain_sessions
from dcevents.reports._explain_words import build_sections, pair_attempts
from dcevents.show import format_count, format_timestamp, shorten_name
from dcevents.tables import Document

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.explain.chat_reasons import ExplainedAttempt
    from dcevents.explain.reasons import ExplainedConversation, Reason
    from dcevents.explain.sessions import Explanation
    from dcevents.explain.timeline import EventText, LoggedEvent


def make_document(view: View) -> Document:
    """Return the explanation of the sessions that the operand fits.

    Raises NoSuchSessionError for a sid, no pattern, that is not in the log.
    """
    found = explain_sessions(view, view.settings.operands[0])
    if found.session_count and not found.matched_count and not _is_glob(found.pattern):
        raise NoSuchSessionError(
            _explain_missing(found, is_past=view.settings.as_of_ms is not None)
        )
    return Document(
        f"Explanation of {found.pattern}",
        build_members(found),
        build_sections(found, view.settings.tz, view.fold.as_of),
    )


def _is_glob(pattern: str) -> bool:
    return re.search(r"[*?]|\[.+\]", pattern) is not None


def _explain_missing(found: Explanation, *, is_past: bool) -> str:
    limit = " up to --as-of" if is_past else ""
    sessions = format_count(found.session_count, "session")
    if found.begun_count:
        sids = ", ".join(map(shorten_name, found.suggested_sids))
        more = ", …" if found.begun_count > len(found.suggested_sids) else ""
        return (
            f"'{found.pattern}' begins {found.begun_count:,} of {sessions}{limit} "
            f"({sids}{more}); write more of the one that you mean"
        )
    hint = "dcevents sessions lists them"
    if found.suggested_sids:
        hint = f"did you mean {' or '.join(map(shorten_name, found.suggested_sids))}?"
    return f"no session '{found.pattern}' among {sessions}{limit}; {hint}"


def build_members(found: Explanation) -> dict[str, Any]:
    """Return the JSON object's members, named as in listings."""
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
    attributes = event.attributes
    return {
        "timestamp": format_timestamp(event.ts),
        "kind": event.name,
        "conversation_id": attributes.id,
        "conversation": attributes.name,
        "type": attributes.type,
        "ui_type": attributes.ui_type,
        "page": attributes.page,
        "agent_id": event.agent,
        "agent": agents.get(event.agent) if event.agent else None,
        "file": event.file,
        "line": event.line,
        **({} if event.member is None else {"index": event.member}),
        "gap_seconds": _convert_to_seconds(event.gap_ms),
        "future": event.disbelief == "future",
        "ancient": event.disbelief == "ancient",
        "duplicate_of": _build_place(event.duplicate_of),
        "attempt": event.attempt_number,
        "notes": [_format_plain(note) for note in event.notes],
    }


def _build_conversation(
    explained: ExplainedConversation, agents: Mapping[str, str | None]
) -> dict[str, Any]:
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


def _build_place(event: LoggedEvent | None) -> dict[str, Any] | None:
    return None if event is None else {"kind": event.name, "file": event.file, "line": event.line}


def _convert_to_seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _format_plain(text: EventText) -> str:
    return "".join(part if isinstance(part, str) else f"{part.file}:{part.place}" for part in text)
