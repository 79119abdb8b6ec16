"""The quality of the input (definitions 5): where every line went, what is odd about it, and what TIMEOUT means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcevents.reports._report import Report
from dcevents.show import rounded, timestamp
from dcevents.tables import Column, Document, Kind

if TYPE_CHECKING:
    from dcevents.analysis.quality import Coverage, Feed, Quality, Spread
    from dcevents.analysis.view import View

_NAMED = 5
"""Untimed events and long sessions that are named."""
_MOST = 20
"""The most of anything else that is named."""
_FIGURES = (
    *(
        ("input", name)
        for name in ("files", "records", "blank", "incomplete", "rejected", "later", "duplicates")
    ),
    *(("input", name) for name in ("events", "untimed", "future")),
    *(("input", "ignored", name) for name in ("widget_ready", "unknown_event")),
    *((name,) for name in ("findings", "cut_off", "untimed_share", "future_share")),
    *(("order", name) for name in ("out_of_order", "step_back_seconds")),
    *(
        ("conversations", name)
        for name in ("conversations", "start_not_seen", "engaged", "engagement_implied")
    ),
    *(("sessions", name) for name in ("sessions", "over_24_hours")),
    ("days", "without_events"),
    ("feed", "silent_seconds"),
)
"""Where the JSON object has what alerts may be on."""


def _figure(name: str) -> Column:
    kinds: dict[str, Kind] = {"share": "rate", "seconds": "seconds"}
    return Column(name, kinds.get(name.rpartition("_")[2], "count"), "")


def _make(view: View, _by: Sequence[str]) -> Document:
    from dcevents.analysis.quality import assess  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.reading.account import as_json  # noqa: PLC0415 - polars
    from dcevents.reports._check_words import findings, sections  # noqa: PLC0415 - much, and not for `--help`

    view.log.count()
    settings = view.settings
    clock = settings.now if settings.as_of is None else settings.as_of
    quality = assess(view.log, view.fold, clock, settings.tz, _NAMED)
    found = findings(view.log, quality)
    members = {"findings": list(found), **_of_lines(view, quality), **_of_events(quality, clock)}
    everything = {"input": as_json(view.log.account), **members}
    numbers = {path[-1]: _number(everything, path) for path in _FIGURES}
    return Document("Check", members, sections(view, quality, found), numbers)


def _number(members: Any, path: Sequence[str]) -> float | None:  # noqa: ANN401 - JSON
    """What stands there: a number, the sum of several, or how many there are."""
    for key in path:
        members = (members or {}).get(key)
    if isinstance(members, dict):
        return sum(members.values())
    return len(members) if isinstance(members, list) else members


def _of_lines(view: View, quality: Quality) -> dict[str, Any]:
    log, names = view.log, [each.name for each in view.log.inputs]
    return {
        "cut_off": [
            {"file": each.name, "problem": each.lacks} for each in log.inputs if each.lacks
        ],
        "rejected_lines": [each.as_json() for each in log.account.rejects],
        "timestamps": quality.forms,
        "untimed_share": _share(log.account.untimed, log.account.events),
        "future_share": _share(log.account.future, log.account.events),
        "untimed_lines": [
            {"file": names[file], "line": line, "form": form}
            for file, line, form in quality.untimed
        ],
        "order": _order(quality, names),
    }


def _order(quality: Quality, names: Sequence[str]) -> dict[str, Any] | None:
    if quality.order is None:
        return None
    return {
        "out_of_order": quality.order.events,
        "step_back_seconds": _seconds(quality.order.step_back),
        "inputs": [
            {"file": names[file], "out_of_order": events, "step_back_seconds": _seconds(step_back)}
            for file, events, step_back in quality.order.files[:_MOST]
        ],
    }


def _of_events(quality: Quality, clock: int) -> dict[str, Any]:
    sessions = quality.sessions
    return {
        "conversations": quality.starts._asdict(),
        "sessions": {
            "sessions": sessions.sessions,
            "over_24_hours": sessions.over_a_day,
            "longest": [
                {"sid": sid, "duration_seconds": _seconds(ms)} for sid, ms in sessions.longest
            ],
        },
        "names": {
            "ids_with_several": len(quality.ids),
            "ids": [
                {"conversation_id": key, "names": names[:_MOST]}
                for key, names in quality.ids[:_MOST]
            ],
            "agents_with_several": len(quality.agents),
            "agents": [
                {"agent_id": key, "names": names[:_MOST]} for key, names in quality.agents[:_MOST]
            ],
        },
        "days": _days(quality.coverage),
        "feed": _feed(quality.coverage, quality.feed, clock),
        "timeouts": {
            "reading": quality.timeouts.reading,
            "after_request": _spread(quality.timeouts.requested),
            "after_accept": _spread(quality.timeouts.initiated),
        },
    }


def _days(coverage: Coverage) -> dict[str, Any]:
    return {
        "first_event": timestamp(coverage.first),
        "last_event": timestamp(coverage.last),
        "days": coverage.days,
        "without_events": sum(days for *_, days in coverage.gaps),
        "gaps": [
            {"first": first.isoformat(), "last": last.isoformat(), "days": days}
            for first, last, days in coverage.gaps[:_MOST]
        ],
        "silences": [
            {
                "from": timestamp(start),
                "to": timestamp(end),
                "duration_seconds": _seconds(end - start),
            }
            for start, end in coverage.silences
        ],
    }


def _feed(coverage: Coverage, feed: Feed, clock: int) -> dict[str, Any]:
    return {
        "clock": timestamp(clock),
        "silent_seconds": _seconds(feed.silent),
        "usual_seconds": _seconds(coverage.usual),
        "stopped": feed.stopped,
    }


def _spread(spread: Spread) -> dict[str, Any]:
    from dcevents.analysis.quality import PEAKS  # noqa: PLC0415 - polars

    near = {f"near_{peak}": spread.near(peak) for peak in PEAKS}
    quantiles = {"p10": 0.1, "median": 0.5, "p90": 0.9}
    return {
        "timeouts": spread.timeouts,
        "known": spread.known.len(),
        **{f"{name}_seconds": _seconds(spread.quantile(part)) for name, part in quantiles.items()},
        **near,
        "elsewhere": spread.known.len() - sum(near.values()),
    }


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else rounded(ms / 1000, "seconds")


def _share(part: int, whole: int) -> float | None:
    return rounded(part / whole, "rate") if whole else None


REPORT = Report(
    name="check",
    help="The quality of the input, and what TIMEOUT means in it.",
    example="dcevents check logs/ --tz Europe/Berlin",
    make=_make,
    order=100,
    filters=(),
    placed=True,
    document=True,
    without=("window", "idle", "service_level", "keep_query"),
    shows_map=True,
    figures=[_figure(path[-1]) for path in _FIGURES],
    of_anything=True,
)
