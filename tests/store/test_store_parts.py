"""Reports of more conversations than are to be held at once are made of parts of a store;
nothing in them changes by that.
"""

import shlex
from pathlib import Path
from typing import Any

import harness
import pytest
from upkeep import FIRST, LATE, SECOND, done

from dcevents.store import stored_fold
from dcevents.store.stored_fold import StoredFold

RENAMED = """
2026-11-03T09:00:00Z z triggered id=d3 name=Tour page=/b type=dialogue
2026-11-03T09:00:00Z y triggered id=d3 name=Rundgang page=/a
2026-11-03T09:00:05Z y engaged id=d3
2026-11-03T09:10:00Z y input_email id=d3
2026-11-04T09:00:00Z x live_chat_requested id=d3 name=Tour agent=8 agent_name=Bo
2026-11-04T09:00:20Z x completed id=d3 name=Tour
- a triggered id=d9
"""
LAST = """
2026-11-05T09:00:00Z w triggered id=d3 name=Tour
2026-11-05T09:00:07Z w engaged
2026-11-05T09:00:09Z y closed id=d3
2026-11-05T09:00:09Z a engaged id=d4
"""
EXTRA = """
2026-11-03T09:00:00Z d completed
2026-11-05T10:30:00Z extra triggered page=/c
- untimed triggered
"""
IN_PARTS = [
    "summary",
    "summary extra.ndjson --until 2026-11-05",
    "summary --since 2026-11-03 --until 2026-11-05 --compare previous --intervals",
    "completion",
    "completion --by all",
    "completion --by page --by day",
    "completion --by day --since 2026-11-03 --until 2026-11-06 --compare previous",
    "completion --by type extra.ndjson",
    "abandonment --by last-step",
    "abandonment --by week --by conversation --intervals",
]
WHOLE = ["completion --conversation T*", "completion --agent Bo", "funnel", "live-chat --by day"]
"""What a pattern fits hangs on all conversations, and steps and attempts lie elsewhere."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of several runs, and an extra log."""
    folder = tmp_path_factory.mktemp("parts")
    for compact_log in (FIRST, SECOND + RENAMED, LATE, LAST):
        (folder / "day.log").write_bytes(harness.log(compact_log))
        done("ingest", folder / "day.log", "--store", folder / "store")
    (folder / "extra.ndjson").write_bytes(harness.log(EXTRA))
    return folder


@pytest.mark.parametrize(
    ("options", "is_in_parts"),
    [*((each, True) for each in IN_PARTS), *((each, False) for each in WHOLE)],
)
def test_a_report_of_parts_is_that_of_all(
    options: str,
    is_in_parts: bool,
    filled: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(filled)
    command = [*shlex.split(options), "--store", "store", "-f", "json"]
    expected = done(*command)
    parts: list[Any] = []
    add_conversation_ids = StoredFold._add_conversation_ids

    def note_part(self: StoredFold, rows: Any) -> Any:
        parts.append(self.state.only_segments)
        return add_conversation_ids(self, rows)

    monkeypatch.setattr(stored_fold, "_PART_ROWS", 1)
    monkeypatch.setattr(StoredFold, "_add_conversation_ids", note_part)
    found = done(*command)

    assert (found.out, found.err) == (expected.out, expected.err)
    assert (len(set(parts) - {None}) > 1) == is_in_parts
