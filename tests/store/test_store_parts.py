"""Reports of more conversations than are to be held at once are made of parts of a store;
they say what the logs say.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import polars as pl
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
    "completion --by all",
    "completion --by page --by day",
    "completion --by day --since 2026-11-03 --until 2026-11-06 --compare previous",
    "completion --by type extra.ndjson",
    "completion --period 2026-11-03 --compare 2026-10-01",
    "abandonment --by last-step",
]
WHOLE = ["completion --conversation T*", "completion --agent Bo", "funnel", "live-chat --by day"]
"""What a pattern fits depends on all conversations, and steps and attempts lie elsewhere."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs, a store of them whose columns lie in many pieces, and an extra log."""
    folder = tmp_path_factory.mktemp("parts")
    write_parquet = pl.DataFrame.write_parquet

    def write_pieces(frame: pl.DataFrame, file: Any, **options: Any) -> None:
        write_parquet(frame, file, **options, row_group_size=2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pl.DataFrame, "write_parquet", write_pieces)
        for number, compact_log in enumerate((FIRST, SECOND + RENAMED, LATE, LAST)):
            path = folder / f"{number}.log"
            path.write_bytes(harness.log(compact_log))
            done("ingest", path, "--store", folder / "store")
    (folder / "extra.ndjson").write_bytes(harness.log(EXTRA))
    return folder


def list_figures(result: harness.Result) -> Iterator[Any]:
    """Rows and total of each table, and what is said of names and of windows."""
    for table in result.json.get("reports", [result.json]):
        yield table["rows"], table["total"]
    yield from re.findall(r"(?:no conversation|dialogues with)[^;]*", result.err)


@pytest.mark.parametrize(
    ("options", "is_in_parts"),
    [*((each, True) for each in IN_PARTS), *((each, False) for each in WHOLE)],
)
def test_a_report_of_parts_is_that_of_the_logs(
    options: str, is_in_parts: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    command = [*shlex.split(options), "-f", "json"]
    expected = list(list_figures(done(*command, *sorted(folder.glob("*.log")))))
    parts: list[Any] = []
    add_conversation_ids = StoredFold._add_conversation_ids

    def note_part(self: StoredFold, rows: pl.DataFrame) -> pl.DataFrame:
        parts.append(self.state.only_segments)
        return add_conversation_ids(self, rows)

    monkeypatch.setattr(stored_fold, "_PART_ROWS", 1)
    monkeypatch.setattr(StoredFold, "_add_conversation_ids", note_part)

    found = list(list_figures(done(*command, "--store", "store")))

    assert found == expected
    assert (len(set(parts) - {None}) > 1) == is_in_parts
