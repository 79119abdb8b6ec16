"""From the page to the report: what visitors do in a real browser reaches a real server, and dcevents counts it."""

import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import harness
import pytest
from capture import browser, collector, scenarios
from capture.scenarios import Scenario
from capture.stage import Stage, write_pages

MISSING = [program for program in ("chromium", "chromedriver", "nginx") if not shutil.which(program)]
pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; on Debian: apt-get install chromium-driver nginx"
)
TIMES = re.compile("seconds|_at$|as_of$|^input$")
"""Keys of a report whose values hang on when things were, and the account of its input."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[collector.Collector]:
    with collector.collector(tmp_path_factory.mktemp("nginx")) as running:
        write_pages(running.pages)
        yield running


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    with browser.browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def stage(chromium: browser.Browser, server: collector.Collector) -> Stage:
    return Stage(chromium, server)


def without_times(value: Any) -> Any:
    """A report without what depends on when things were, and without the account of its input."""
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if not TIMES.search(key)}
    return [without_times(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("scenario", [pytest.param(each, id=each.name) for each in scenarios.EVERY])
def test_what_was_played_is_what_is_counted(scenario: Scenario, stage: Stage, tmp_path: Path) -> None:
    scenario.play(stage)
    stage.wait_for(scenario.played - scenario.lost)

    lost = stage.lost()
    assert (scenario.played, scenario.lost) == (len(stage.played), len(lost))
    ideal = tmp_path / "ideal.log"
    ideal.write_text("".join(json.dumps(event) + "\n" for event in stage.played if event not in lost))
    real = tmp_path / "real.log"
    real.write_bytes(stage.collector.log.read_bytes()[stage.since :])
    assert counted(ideal) == counted(real)


def counted(log: Path) -> dict[str, Any]:
    """The figures of all reports, but for times and durations."""
    clock = datetime.now(timezone.utc) + timedelta(days=1)
    figures = {}
    for report in ("summary", "completion", "abandonment", "live-chat", "sessions", "conversations", "chats"):
        result = harness.run(report, log, "-q", "-f", "json", "--as-of", "now", "--strict", clock=clock)
        assert (result.status, result.err) == (0, "")
        figures[report] = without_times(result.json)
    return figures
