"""What tests of `send` share: a log, and a stand-in for each platform."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import harness
import pytest
import sends
import standins

from dcevents.sending import adobe_analytics


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of the day before the clock of the tests, with all that is not to be sent twice."""
    path = tmp_path / "dc.log"
    path.write_bytes(
        harness.log(
            """
            2026-11-30T09:00:00.120Z a triggered name=Pricing page=https://www.example.com/pricing
            2026-11-30T09:00:05Z a engaged name=Pricing page=https://www.example.com/pricing
            2026-11-30T09:00:05Z a engaged name=Pricing page=https://www.example.com/pricing
            2026-11-30T09:00:09Z a completed name=Pricing page=https://www.example.com/pricing
            2026-11-29T10:00:00Z b triggered id=d2
            2026-11-29T10:00:05Z b live_chat_requested id=d2 agent=a7 agent_name=Ann
            2026-11-29T10:00:20Z b live_chat_initiated id=d2 agent=a7 agent_name=Ann
            2026-11-29T10:05:20Z b live_chat_ended id=d2 agent=a7 agent_name=Ann
            2026-11-01T10:00:00Z old triggered
            - untimed triggered
            """
        )
    )
    return path


@pytest.fixture(
    params=[
        name if name == "ga4" else pytest.param(name, marks=pytest.mark.sends)
        for name in sends.PLATFORMS
    ]
)
def platform(request: pytest.FixtureRequest) -> str:
    """The name of each platform."""
    name: str = request.param
    return name


@pytest.fixture
def standin(platform: str) -> Iterator[standins.Standin]:
    """A stand-in for the platform, by the clock of the tests."""
    made = sends.PLATFORMS[platform][0](harness.CLOCK.timestamp())
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def no_slow_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adobe Analytics takes one request a second: tests would wait for it."""
    made = adobe_analytics.PLATFORM
    limits = replace(made.limits, requests_per_second=None)
    monkeypatch.setattr(adobe_analytics, "PLATFORM", replace(made, limits=limits))


@pytest.fixture
def send(platform: str, standin: standins.Standin, log: Path, tmp_path: Path) -> sends.Send:
    """Sends the log to the stand-in, and remembers it in a folder."""

    def run_once(*arguments: str | Path, source: Path = log) -> harness.Result:
        return sends.run(platform, standin, source, "--state", tmp_path / "state", *arguments)

    return run_once
