"""Figures of dcevents and of a rival, held to one another before times are."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from measuring import ROOT, Job, fail, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    Row = dict[str, Any]

# What must agree: of each report the key of its rows, and the figures.
KEYS = {"completion": "conversation_id", "abandonment": "conversation_id", "live-chat": "agent_id"}
WHOLE = {
    "completion": "triggered engaged completed emails phones meetings open "
    "median_seconds_to_complete",
    "abandonment": "engaged abandoned closed dropped unanswered left_queue abandoned_with_contact "
    "completed"
    " served booked open median_seconds_to_abandon p90_seconds_to_abandon",
    "live-chat": "requests accepted missed left waiting ended timed_out closed ongoing no_end"
    " median_wait_seconds p90_wait_seconds median_chat_seconds p90_chat_seconds peak_concurrent",
}
SECONDS_APART = 1e-3 + 1e-9  # both sides are rounded to the millisecond


def output(job: Job) -> str:
    """Run a job and return what it prints."""
    done = subprocess.run(job.argv, capture_output=True, encoding="utf-8", cwd=ROOT, check=False)
    if done.returncode:
        fail(f"{job.name}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def differences(report: str, fields: str, ours: list[Row], theirs: list[Row]) -> Iterator[str]:
    """Yield a line for each figure of a report that is not the same on both sides."""
    key = KEYS[report]
    left, right = ({row[key]: row for row in rows} for rows in (ours, theirs))
    for value in sorted(left.keys() ^ right.keys(), key=str):
        one = "dcevents" if value in left else "the rival"
        yield f"{report}, {key} {value}: a row of {one} only"
    for value in sorted(left.keys() & right.keys(), key=str):
        for field in fields.split():
            one, other = left[value][field], right[value][field]
            if not same(one, other):
                yield f"{report}, {key} {value}, {field}: dcevents {one}, the rival {other}"


def same(one: float | None, other: float | None) -> bool:
    """Return whether two figures agree: counts are equal,
    seconds are at most a millisecond apart.
    """
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and abs(one - other) <= SECONDS_APART
    return one == other


def stop_at(rival: str, path: Path, found: Sequence[str]) -> None:
    """End with exit status 1 where figures differ."""
    if found:
        shown = "\n  ".join(found[:20])
        fail(f"{rival} and dcevents differ on {path.name} in {len(found)} figures:\n  {shown}")
    note(f"{rival} and dcevents agree on {path.name}")
