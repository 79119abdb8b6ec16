"""The document of `check`: members for programs, and figures for alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.analysis.account_words import build_account_json
from dcevents.analysis.quality import PEAK_SECONDS, assess_quality
from dcevents.analysis.recognition import build_envelopes_json
from dcevents.native import load_library
from dcevents.reports._check_words import build_sections, list_findings
from dcevents.show import format_timestamp, round_figure
from dcevents.tables import Document

if TYPE_CHECKING:
    from dcevents.analysis.quality import Coverage, Feed, Quality, TimeoutDelays
    from dcevents.analysis.view import View

_MAX_NAMED_LINES = 5
"""Untimed events and long sessions that are named."""
_MAX_NAMED_ITEMS = 20
"""Anything else that is named, of each kind."""


def make_document(view: View, figure_paths: Sequence[tuple[str, ...]]) -> Document:
    """Return the document, with the figures at given paths."""
    view.log.count_events()
    settings = view.settings
    clock_ms = settings.clock_ms if settings.as_of_ms is None else settings.as_of_ms
    quality = assess_quality(view.log, view.fact_fold, clock_ms, settings.tz, _MAX_NAMED_LINES)
    found = list_findings(view.log, quality)
    members = {
        "findings": list(found),
        "scanner": "python" if load_library() is None else "c",
        **_build_lines(view, quality),
        **_build_events(quality, clock_ms),
    }
    everything = {"input": build_account_json(view.log.account), **members}
    figures = {path[-1]: _read_figure(everything, path) for path in figure_paths}
    return Document("Check", members, build_sections(view, quality, found), figures)


def _read_figure(members: Any, path: Sequence[str]) -> float | None:  # noqa: ANN401 - JSON
    """Return a number at a path, or the sum or length there."""
    for key in path:
        members = (members or {}).get(key)
    if isinstance(members, dict):
        return sum(members.values())
    return len(members) if isinstance(members, list) else members


def _build_lines(view: View, quality: Quality) -> dict[str, Any]:
    log, names = view.log, [each.name for each in view.log.inputs]
    return {
        "envelopes": build_envelopes_json(log),
        "passed_over": [{"file": each.name, "reason": each.reason} for each in log.skipped],
        "cut_off": [
            {"file": each.name, "problem": each.unread_reason}
            for each in log.inputs
            if each.unread_reason
        ],
        "rejected_lines": [each.to_json() for each in log.account.first_rejects],
        "timestamps": quality.timestamp_forms,
        "untimed_share": _round_share(log.account.untimed, log.account.events),
        "future_share": _round_share(log.account.future, log.account.events),
        "ancient_share": _round_share(log.account.ancient, log.account.events),
        "untimed_lines": [
            {"file": names[file], "line": line, "form": form}
            for file, line, form in quality.untimed_lines
        ],
        "order": _build_order(quality, names),
    }


def _build_order(quality: Quality, names: Sequence[str]) -> dict[str, Any] | None:
    if quality.order is None:
        return None
    return {
        "out_of_order": quality.order.out_of_order,
        "step_back_seconds": _round_seconds(quality.order.step_back_ms),
        "inputs": [
            {
                "file": names[file],
                "out_of_order": events,
                "step_back_seconds": _round_seconds(step_back),
            }
            for file, events, step_back in quality.order.files[:_MAX_NAMED_ITEMS]
        ],
    }


def _build_events(quality: Quality, clock: int) -> dict[str, Any]:
    sessions = quality.sessions
    return {
        "conversations": quality.starts._asdict(),
        "sessions": {
            "sessions": sessions.sessions,
            "over_24_hours": sessions.over_a_day,
            "longest": [
                {"sid": sid, "duration_seconds": _round_seconds(ms)} for sid, ms in sessions.longest
            ],
        },
        "names": {
            "ids_with_several": len(quality.ids_with_several_names),
            "ids": [
                {"conversation_id": key, "names": names[:_MAX_NAMED_ITEMS]}
                for key, names in quality.ids_with_several_names[:_MAX_NAMED_ITEMS]
            ],
            "agents_with_several": len(quality.agents_with_several_names),
            "agents": [
                {"agent_id": key, "names": names[:_MAX_NAMED_ITEMS]}
                for key, names in quality.agents_with_several_names[:_MAX_NAMED_ITEMS]
            ],
        },
        "days": _build_days(quality.coverage),
        "feed": _build_feed(quality.coverage, quality.feed, clock),
        "timeouts": {
            "reading": quality.timeouts.reading,
            "after_request": _build_spread(quality.timeouts.after_request),
            "after_accept": _build_spread(quality.timeouts.after_accept),
        },
    }


def _build_days(coverage: Coverage) -> dict[str, Any]:
    return {
        "first_event": format_timestamp(coverage.first_ms),
        "last_event": format_timestamp(coverage.last_ms),
        "days": coverage.day_count,
        "without_events": sum(days for *_, days in coverage.gaps),
        "gaps": [
            {"first": first.isoformat(), "last": last.isoformat(), "days": days}
            for first, last, days in coverage.gaps[:_MAX_NAMED_ITEMS]
        ],
        "silences": [
            {
                "from": format_timestamp(start),
                "to": format_timestamp(end),
                "duration_seconds": _round_seconds(end - start),
            }
            for start, end in coverage.silences
        ],
    }


def _build_feed(coverage: Coverage, feed: Feed, clock: int) -> dict[str, Any]:
    return {
        "clock": format_timestamp(clock),
        "silent_seconds": _round_seconds(feed.silent_ms),
        "usual_seconds": _round_seconds(coverage.usual_silence_ms),
        "stopped": feed.has_stopped,
    }


def _build_spread(spread: TimeoutDelays) -> dict[str, Any]:
    near = {f"near_{peak}": spread.count_near(peak) for peak in PEAK_SECONDS}
    quantiles = {"p10": 0.1, "median": 0.5, "p90": 0.9}
    return {
        "timeouts": spread.timeout_count,
        "known": spread.known_delays.len(),
        **{
            f"{name}_seconds": _round_seconds(spread.compute_quantile(part))
            for name, part in quantiles.items()
        },
        **near,
        "elsewhere": spread.known_delays.len() - sum(near.values()),
    }


def _round_seconds(ms: float | None) -> float | None:
    return None if ms is None else round_figure(ms / 1000, "seconds")


def _round_share(part: int, whole: int) -> float | None:
    return round_figure(part / whole, "rate") if whole else None
