"""Reports that read single events of a store: steps, bookings, and two windows at once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
from choosing import try_examples
from histories import START, histories, line
from hypothesis import given
from hypothesis import strategies as st
from stores import list_messages

DAY_MS = 86_400_000
COMMANDS = [
    "funnel",
    "funnel --by conversation",
    "funnel --by page --period 2026-W45 --compare previous",
    "meetings",
    "meetings --by day",
    "meetings --since 2026-11-02 --compare previous",
    "usage --limit 3",
    "usage --since 2026-11-01 --package prime --limit 2",
    "summary --since 2026-11-02 --compare previous --intervals",
]
CLOCK = datetime.fromtimestamp(START / 1000 + 20 * 86_400, UTC)


def lines_of(history: Sequence[dict[str, Any]], days: Sequence[int]) -> list[bytes]:
    """Lines whose events lie on several days; some are dated ahead of the clock."""
    moved = []
    for number, event in enumerate(history):
        ts, day = event["ts"], days[number % len(days)]
        moved.append(line({**event, "ts": None if ts is None else ts + day * DAY_MS}))
    return moved


@given(history=histories(), data=st.data())
@try_examples(3)
def test_a_store_says_what_its_logs_say(history: list[dict[str, Any]], data: st.DataObject) -> None:
    days = data.draw(st.lists(st.sampled_from([-9, -2, 0, 0, 1, 5, 40]), min_size=1, max_size=5))
    lines = lines_of(history, days)
    cut = data.draw(st.integers(0, len(lines)))
    command = data.draw(st.sampled_from(COMMANDS)).split()
    with TemporaryDirectory() as folder:
        logs, store = [Path(folder, name) for name in ("a.log", "b.log")], Path(folder, "store")
        for path, part in zip(logs, (lines[:cut], lines[cut:]), strict=True):
            path.write_bytes(b"".join(part))
            harness.run("ingest", path, "--store", store, "-q", clock=CLOCK)

        of_logs, of_store = (
            harness.run(*command, *source, "-f", "csv", "-q", clock=CLOCK)
            for source in (logs, ("--store", store))
        )

    assert (of_logs.status, list_messages(of_logs)) == (0, [])
    assert of_logs.text == of_store.text
