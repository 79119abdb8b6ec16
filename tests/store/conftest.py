"""A store, and what takes logs in."""

import os
from collections.abc import Callable
from pathlib import Path

import harness
import pytest
from upkeep import done


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk keeps when the power goes is not seen here, and waiting for it is long."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store's folder, with nothing in it."""
    return tmp_path / "store"


@pytest.fixture
def take(store: Path, tmp_path: Path) -> Callable[..., harness.Result]:
    """What takes a compact log in, as a file of its own."""

    def taking(compact_log: str, *options: str) -> harness.Result:
        path = tmp_path / f"{len(list(tmp_path.glob('*.log')))}.log"
        path.write_bytes(harness.log(compact_log))
        return done("ingest", path, "--store", store, *options)

    return taking
