"""A window over a store: segments that do not reach into it are not read,
and nothing that is said changes by that.
"""

from pathlib import Path

import harness
import pytest

MONDAY = """
09:00:00 a triggered id=d2 name=P*
09:00:10 a engaged id=d2 name=P*
10:00:05 b live_chat_requested agent=7 agent_name=A*
10:00:50 b live_chat_initiated agent=7 agent_name=A*
"""
TUESDAY = """
2026-11-03T09:00:00Z c triggered name=Pricing
2026-11-03T09:00:03Z c engaged name=Pricing
"""
WEDNESDAY = """
2026-11-04T09:00:00Z d live_chat_requested agent=8 agent_name=Anna
2026-11-04T09:00:50Z d live_chat_initiated agent=8 agent_name=Anna
2026-11-04T09:10:00Z b live_chat_ended agent=7 agent_name=A*
"""
TUESDAYS = ("--period", "2026-11-03")
WEDNESDAYS = ("--period", "2026-11-04")


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """A log of each day."""
    paths = []
    for number, compact_log in enumerate((MONDAY, TUESDAY, WEDNESDAY)):
        paths.append(tmp_path / f"{number}.log")
        paths[-1].write_bytes(harness.log(compact_log))
    return paths


@pytest.fixture
def store(logs: list[Path], tmp_path: Path) -> Path:
    """A store that took in one log after the other."""
    folder = tmp_path / "store"
    for path in logs:
        assert harness.run("ingest", path, "--store", folder, "-q").status == 0
    return folder


def rows(*arguments: str | Path) -> object:
    """The rows of a report."""
    result = harness.run(*arguments, "-q", "-f", "json")
    assert result.status == 0, result.err
    return result.json["rows"]


def test_reads_only_segments_that_reach_into_the_window(store: Path) -> None:
    whole = rows("completion", "--store", store, *TUESDAYS)
    (store / "segments/000001/conversations.parquet").unlink()
    assert rows("completion", "--store", store, *TUESDAYS) == whole != []
    assert harness.run("completion", "--store", store).status != 0


def test_a_conversation_that_goes_on_later_is_found_where_it_began(
    store: Path, logs: list[Path]
) -> None:
    window = ("--period", "2026-11-02")
    assert rows("live-chat", "--store", store, *window) == rows("live-chat", *logs, *window) != []
    assert rows("conversations", "--store", store, *window) == rows("conversations", *logs, *window)


def test_a_pattern_selects_the_same_of_a_store_as_of_its_logs(
    store: Path, logs: list[Path]
) -> None:
    # A conversation that another day has is named `P*`, as a pattern is.
    for pattern in "P*", "P*g", "*", "pricing":
        filtered = ("--conversation", pattern, *TUESDAYS)
        of_logs = rows("completion", *logs, *filtered)
        assert rows("completion", "--store", store, *filtered) == of_logs != []


@pytest.mark.parametrize(
    "window", [TUESDAYS, WEDNESDAYS, ("--since", "2026-12-01"), ("--until", "2026-01-01")]
)
@pytest.mark.parametrize("report", ["live-chat", "completion", "sessions"])
def test_says_the_same_of_an_empty_window(
    report: str, window: tuple[str, ...], store: Path, logs: list[Path]
) -> None:
    said = [
        harness.run(report, *source, *window, "-q").err for source in (logs, ("--store", store))
    ]
    assert said[0] == said[1]
