"""The slow, obvious model of `check`: definitions.md, section 5, by the sentence.
It imports nothing of the package.
"""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import naive
from naive import (
    CLOSED,
    DAY_MS,
    ENGAGED,
    EPOCH,
    MILLISECOND,
    REQUESTED,
    TIMEOUT,
    TRIGGERED,
    Event,
    Log,
)

FORMS = [
    "iso_utc",
    "iso_offset",
    "iso_local",
    *(f"epoch_{unit}" for unit in ("seconds", "milliseconds", "microseconds", "nanoseconds")),
    "access_log",
    "rfc_5322",
    "javascript",
    "unreadable",
    "absent",
    "prefix",
]
HOUR_MS = 3_600_000
PEAKS = (100, 200, 300, 600)


def check(log: Log, inputs: list[str], *, clock_ms: int, tz: str) -> dict[str, Any]:
    """The keys of `check` behind `input`, but for `cut_off`."""
    made = {
        "rejected_lines": [
            {"file": f, "line": n, "reason": reason} for f, n, reason in log.rejects[:20]
        ],
        "timestamps": {form: sum(event.form == form for event in log.events) for form in FORMS},
        "untimed_share": share(log.untimed, len(log.events)),
        "future_share": share(log.future, len(log.events)),
        "ancient_share": share(log.ancient, len(log.events)),
        "untimed_lines": [
            {
                "file": event.file,
                "line": event.line,
                "form": "future" if event.future else "ancient" if event.ancient else event.form,
            }
            for event in log.events
            if event.ts is None
        ][:5],
        "order": order(log, inputs),
        "conversations": conversations(log),
        "sessions": sessions(log),
        "names": names(log),
        "days": days(log, ZoneInfo(tz)),
        "feed": feed(log, clock_ms),
        "timeouts": timeouts(log),
    }
    return {"findings": findings(log, made), **made}


def share(part: int, whole: int) -> float | None:
    """A part with 6 decimals; null of nothing."""
    return round(part / whole, 6) if whole else None


def secs(ms: Any) -> float | None:
    """Seconds with 3 decimals."""
    return None if ms is None else round(float(ms) / 1000, 3)


def text(ms: int | None) -> str | None:
    """A timestamp as JSON has it."""
    if ms is None:
        return None
    return (EPOCH + ms * MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def order(log: Log, inputs: list[str]) -> dict[str, Any]:
    """`order`."""
    rows = []
    for file in inputs:
        steps = []
        before: list[int] = []
        for event in log.events:
            if event.file != file or event.ts is None:
                continue
            if before and event.ts < max(before):
                steps.append(max(before) - event.ts)
            before.append(event.ts)
        if steps:
            rows.append((file, len(steps), max(steps)))
    rows.sort(key=lambda row: -row[1])
    return {
        "out_of_order": sum(n for _, n, _ in rows),
        "step_back_seconds": secs(max((step for _, _, step in rows), default=None)),
        "inputs": [
            {"file": file, "out_of_order": n, "step_back_seconds": secs(step)}
            for file, n, step in rows[:20]
        ],
    }


def by_conversation(log: Log) -> list[list[Event]]:
    """The events of each conversation."""
    found: dict[tuple[str, str | None], list[Event]] = {}
    for event in log.events:
        found.setdefault((event.sid, event.id), []).append(event)
    return list(found.values())


def conversations(log: Log) -> dict[str, int]:
    """`conversations`."""
    kinds = [{event.kind for event in events} for events in by_conversation(log)]
    engaged = [each for each in kinds if each - {TRIGGERED, CLOSED}]
    return {
        "conversations": len(kinds),
        "start_not_seen": sum(TRIGGERED not in each for each in kinds),
        "engaged": len(engaged),
        "engagement_implied": sum(ENGAGED not in each for each in engaged),
    }


def sessions(log: Log) -> dict[str, Any]:
    """`sessions`."""
    spans = []
    sids = sorted({event.sid for event in log.events})
    for sid in sids:
        times = [event.ts for event in log.events if event.sid == sid and event.ts is not None]
        if times and max(times) - min(times) > DAY_MS:
            spans.append((sid, max(times) - min(times)))
    spans.sort(key=lambda pair: -pair[1])
    return {
        "sessions": len(sids),
        "over_24_hours": len(spans),
        "longest": [{"sid": sid, "duration_seconds": secs(ms)} for sid, ms in spans[:5]],
    }


def names(log: Log) -> dict[str, Any]:
    """`names`: of all lines, duplicates too."""
    ids, agents = ({}, {})  # type: tuple[dict[str, set[str]], dict[str, set[str]]]
    for event in log.looks:
        if event.id is not None and event.name is not None:
            ids.setdefault(event.id, set()).add(event.name)
        if event.agent is not None and event.agent_name is not None:
            agents.setdefault(event.agent, set()).add(event.agent_name)
    several = [
        {key: sorted(found[key])[:20] for key in sorted(found) if len(found[key]) > 1}
        for found in (ids, agents)
    ]
    return {
        "ids_with_several": len(several[0]),
        "ids": [{"conversation_id": key, "names": each} for key, each in several[0].items()][:20],
        "agents_with_several": len(several[1]),
        "agents": [{"agent_id": key, "names": each} for key, each in several[1].items()][:20],
    }


def moments(log: Log) -> list[int]:
    """All different timestamps."""
    return sorted({event.ts for event in log.events if event.ts is not None})


def silences(times: list[int]) -> list[tuple[int, int]]:
    """The times from each timestamp to the next."""
    return list(pairwise(times))


def days(log: Log, zone: ZoneInfo) -> dict[str, Any]:
    """`days`."""
    times = moments(log)
    present = {(EPOCH + ms * MILLISECOND).astimezone(zone).date() for ms in times}
    gaps: list[list[date]] = []
    day, count = min(present, default=date.min), 0
    while present and day <= max(present):
        count += 1
        if day not in present:
            if gaps and gaps[-1][-1] == day - timedelta(days=1):
                gaps[-1].append(day)
            else:
                gaps.append([day])
        day += timedelta(days=1)
    longest = sorted(silences(times), key=lambda pair: pair[0] - pair[1])[:3]
    return {
        "first_event": text(times[0] if times else None),
        "last_event": text(times[-1] if times else None),
        "days": count,
        "without_events": sum(map(len, gaps)),
        "gaps": [
            {"first": str(gap[0]), "last": str(gap[-1]), "days": len(gap)} for gap in gaps[:20]
        ],
        "silences": [
            {"from": text(a), "to": text(b), "duration_seconds": secs(b - a)} for a, b in longest
        ],
    }


def feed(log: Log, clock_ms: int) -> dict[str, Any]:
    """`feed`."""
    times = moments(log)
    past = [time for time in times if time <= clock_ms] or times
    silent = max(0, clock_ms - past[-1]) if past else None
    recent = [b - a for a, b in silences(past) if b > past[-1] - 28 * DAY_MS]
    usual = max(recent, default=None)
    stopped = None if silent is None or usual is None else silent > 2 * usual and silent > HOUR_MS
    return {
        "clock": text(clock_ms),
        "silent_seconds": secs(silent),
        "usual_seconds": secs(usual),
        "stopped": stopped,
    }


def timeouts(log: Log) -> dict[str, Any]:
    """`timeouts`."""
    after_request: list[int | None] = []
    after_accept: list[int | None] = []
    for events in by_conversation(log):
        for attempt in naive.walk(
            [event for event in events if event.kind in (*naive.LIVE_CHAT, CLOSED)]
        ):
            requests = [event for event in attempt.events if event.kind == REQUESTED]
            seen: list[Event] = []
            for event in attempt.events:
                if event.kind == TIMEOUT:
                    if attempt.initiated in seen:
                        after_accept.append(distance(attempt.initiated, event))
                    else:
                        after_request.append(distance(requests[0] if requests else None, event))
                seen.append(event)
    known = [ms for ms in (*after_request, *after_accept) if ms is not None]
    m = sum(near(ms, (100, 200, 300)) for ms in after_request if ms is not None)
    return {
        "reading": reading(len(known), m),
        "after_request": spread(after_request),
        "after_accept": spread(after_accept),
    }


def distance(start: Event | None, end: Event) -> int | None:
    """Milliseconds between two events, where both are timed."""
    return None if start is None or start.ts is None or end.ts is None else end.ts - start.ts


def near(ms: int, peaks: tuple[int, ...]) -> bool:
    """Whether a distance is from 95 % to 110 % of one of these seconds."""
    return any(
        Fraction(95, 100) * peak * 1000 <= ms <= Fraction(110, 100) * peak * 1000 for peak in peaks
    )


def reading(n: int, m: int) -> str:
    """The reading of TIMEOUT, the first rule that fits."""
    if n < 10:
        return "too_few"
    if Fraction(m, n) >= Fraction(80, 100):
        return "request"
    return "visitor" if Fraction(m, n) <= Fraction(20, 100) else "both"


def spread(distances: list[int | None]) -> dict[str, Any]:
    """`after_request` or `after_accept`."""
    known = [ms for ms in distances if ms is not None]
    parts = {"p10": Fraction(1, 10), "median": Fraction(1, 2), "p90": Fraction(9, 10)}
    quantiles = {
        name: naive.quantile([ms / 1000 for ms in known], part) for name, part in parts.items()
    }
    return {
        "timeouts": len(distances),
        "known": len(known),
        **{
            f"{name}_seconds": None if value is None else round(value, 3)
            for name, value in quantiles.items()
        },
        **{f"near_{peak}": sum(near(ms, (peak,)) for ms in known) for peak in PEAKS},
        "elsewhere": sum(not near(ms, PEAKS) for ms in known),
    }


def findings(log: Log, made: dict[str, Any]) -> list[str]:
    """`findings`; `cut_off` aside."""
    conversations = made["conversations"]
    lines = log.records - log.blank - log.incomplete
    there = {
        "no_event": lines and not log.events and not log.later and not log.widget_ready,
        "rejected": log.rejects,
        "unknown_events": log.unknown_events,
        "untimed": log.untimed - log.future - log.ancient,
        "future": log.future,
        "ancient": log.ancient,
        "no_zone": made["timestamps"]["iso_local"],
        "start_not_seen": conversations["start_not_seen"] * 20 > conversations["conversations"],
        "engagement_implied": conversations["engagement_implied"] * 20 > conversations["engaged"],
        "sessions_over_24_hours": made["sessions"]["over_24_hours"],
        "days_without_events": made["days"]["without_events"],
        "feed_stopped": made["feed"]["stopped"],
    }
    return [name for name, stands_out in there.items() if stands_out]
