"""What tests of envelopes share: events to wrap, and the systems that wrap one at a time."""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import harness

from samples import envelopes
from samples.envelopes import Event, Shape, payload

SITE = harness.ROOT / "sample_logs" / "site"
WRAPPERS = {name: shape for name, shape in envelopes.SHAPES.items() if shape.wrap}
"""Shapes of systems that write a JSON value for each event."""


def wrap(name: str, event: Event, number: int) -> Any:
    """Return the JSON value that a system writes for an event."""
    made = WRAPPERS[name].wrap
    assert made
    return json.loads(json.dumps(made(event, number)))


def make_events() -> list[Event]:
    """Return twelve events in three sessions: one completed, one served, one closed."""
    path = harness.ROOT / "tests" / "reading" / "cases" / "01-canonical.ndjson"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_site() -> Iterator[Event]:
    """Yield the timed events of conversations of the sample logs, in order of time."""
    for path in sorted(SITE.iterdir(), key=lambda path: (path.name == "dc.log", path.name)):
        data = path.read_bytes()
        lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
        yield from (event for event in envelopes.read(lines) if harness.kind(event["event"]))


def choose_traffic() -> list[Event]:
    """Return one event of each kind, and one with a hostile name, each with other values."""
    chosen: dict[str, Event] = {}
    for event in read_site():
        if re.fullmatch("CONVERSATION_[A-Z_]+", event["event"]):
            is_hostile = payload(event)["id"] == "dlg-999"
            chosen.setdefault("hostile" if is_hostile else event["event"], event)
    return list(chosen.values())


def rename_session(event: Event, sid: str) -> Event:
    """Return an event with another sid."""
    return {**event, "data": {"payload": {**payload(event), "sid": sid}}}


def keep_values(shape: Shape, event: Event) -> dict[str, Any]:
    """Return what a shape keeps of an event, as `events` shows it.

    A value that is kept in another spelling is None, as in `drop_rewritten`.
    """
    kept = shape.keep(event)
    said = payload(kept)
    meeting = said.get("meetingInfo")
    row = {
        "timestamp": kept["timestamp"],
        "kind": envelopes.name_kind(event).lower(),
        "sid": said["sid"],
        "conversation_id": said.get("id"),
        "conversation": said.get("name"),
        "type": said.get("type"),
        "ui_type": said.get("uiType"),
        "page": kept["page"].partition("?")[0] if "page" in kept else None,
        "agent_id": said.get("agentID"),
        "agent": said.get("agentName"),
        "meeting_info": None if meeting is None else envelopes.text(meeting),
    }
    return drop_rewritten(shape, row)


def drop_rewritten(shape: Shape, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of `events` without its place, and without values in another spelling."""
    left = {key: value for key, value in row.items() if key not in ("file", "line")}
    return left | ({"meeting_info": None} if "meetingInfo" in shape.rewrites else {})
