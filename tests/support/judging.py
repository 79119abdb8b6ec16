"""What the tests of the judge share: a clock, and findings as short texts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dcevents.reading.json_value import decode
from dcevents.reading.judge import (
    Context,
    Event,
    Finding,
    Rejection,
    UnknownEvent,
    WidgetReady,
    judge_value,
)

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "reading" / "golden"
CLOCK_MS = int(datetime(2026, 11, 29, tzinfo=UTC).timestamp() * 1000)
CONTEXT = Context(clock_ms=CLOCK_MS)
MONDAY = "2025-11-03T09:00:00Z"


def iso(ms: int | None) -> str:
    """Return milliseconds as ISO 8601 in UTC; an empty text for none."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def judge(value: Any, prefix: str = "", context: Context = CONTEXT) -> list[str]:
    """Return the findings of a value, or of a JSON text, as short texts."""
    decoded = decode(value if isinstance(value, str) else json.dumps(value))
    return [write_finding(finding) for finding in judge_value(decoded, context, prefix)]


def write_finding(finding: Finding) -> str:
    """Return a finding as `engaged sid=s1 id=d1 at=…`, `rejected no_sid`, …"""
    outcome = finding.outcome
    if isinstance(outcome, WidgetReady):
        return "widget_ready"
    if isinstance(outcome, UnknownEvent):
        return f"unknown_event {outcome.name}"
    if isinstance(outcome, Rejection):
        return f"rejected {outcome.reason}"
    return write_event(outcome)


def write_event(event: Event) -> str:
    """Return an event as a short text, what it lacks left out."""
    said = {
        "sid": event.sid,
        "id": event.id,
        "name": event.name,
        "type": event.type,
        "ui": event.ui_type,
        "agent": event.agent_id,
        "agent_name": event.agent_name,
        "meeting": event.meeting_info,
        "page": event.page,
        "at": iso(event.time.ms),
        "time": event.time.status if event.time.status in {"ancient", "future"} else None,
    }
    return " ".join([event.kind, *(f"{key}={text}" for key, text in said.items() if text)])
