"""What tests of `send` share: a log, and a stand-in for each platform."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness
import pytest
import sends
import standins
import timing

from dcevents.sending import _delivery, load_platforms


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
    assert made.too_often == 0


@pytest.fixture(autouse=True)
def virtual_time(monkeypatch: pytest.MonkeyPatch) -> timing.VirtualTime:
    """Turns and waits between tries move a clock on, which stand-ins hold rates to."""
    clock = timing.VirtualTime(harness.CLOCK.timestamp())

    def wait(pace: _delivery.Pace, seconds: float) -> bool:
        clock.wait(seconds)
        return not pace.stopped.is_set()

    monkeypatch.setattr(_delivery, "time", clock)
    monkeypatch.setattr(_delivery.Pace, "wait", wait)
    monkeypatch.setattr(standins.Standin, "monotonic", staticmethod(clock.monotonic))
    monkeypatch.setattr(standins.Standin, "rest", staticmethod(clock.wait))
    return clock


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets limits of a platform for a test."""

    def change_limits(name: str, **changes: Any) -> None:
        platforms: Any = load_platforms()
        made = platforms[name]
        changed = made._replace(limits=made.limits._replace(**changes))
        monkeypatch.setitem(platforms, name, changed)

    return change_limits


@pytest.fixture
def send(platform: str, standin: standins.Standin, log: Path, tmp_path: Path) -> sends.Send:
    """Sends the log to the stand-in, and remembers it in a folder."""

    def run_once(*arguments: str | Path, source: Path = log) -> harness.Result:
        return sends.run(platform, standin, source, "--state", tmp_path / "state", *arguments)

    return run_once
