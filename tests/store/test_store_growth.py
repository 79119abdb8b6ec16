"""What strangers can make grow in a store, and what frees it again."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import harness
import pytest
import stores
from upkeep import account, done, figures, sound, sums_up

from dcevents.store import ingestion, query, writing
from dcevents.store.disk.folder import open_folder


def name_unknown(log: int, names: int) -> str:
    """Return a log with an event, and so many of other names."""
    unknown = (json.dumps({"event": f"u{log}-{n}" + "x" * 200}) for n in range(names))
    return "\n".join([f"09:00:{log:02} a engaged", *(f"| {each}" for each in unknown)])


def find_sizes(store: Path) -> dict[str, int]:
    """Return the sizes of a store's files."""
    return {name: each.size for name, each in stores.list_own_files(store).items()}


@pytest.mark.parametrize(
    "size", [0, pytest.param(1 << 18, marks=pytest.mark.harm)], ids=["in parts", "anew"]
)
@pytest.mark.harm
def test_names_of_unknown_events_are_kept_once(
    size: int,
    store: Path,
    tmp_path: Path,
    take: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "_LARGE_LEDGER_BYTES", size)
    for log in range(5):
        take(name_unknown(log, 300), "-q")

    sizes = find_sizes(store)
    ledgers = [name for name in sizes if name.startswith("ledger-")]
    assert (len(ledgers) > 1) == (size == 0)
    assert sum(sizes[name] for name in ledgers) < 1000 * (128 + 30) + 20_000
    of_logs = done("summary", *sorted(tmp_path.glob("*.log")), "-f", "json", "-q").json["input"]
    of_store = account(store)
    for each in (of_logs, of_store):
        each.pop("envelopes", None)
    assert len(of_store["unknown_events"]) == 1001
    assert of_logs == of_store

    take(name_unknown(0, 300), "--again", "-q")
    done("ingest", tmp_path, "--store", store, "--again", "-q")
    assert account(store) == of_store


@pytest.mark.harm
def test_first_rejects_are_kept_of_all_logs_together(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    for log in range(4):
        take("\n".join([f"09:00:0{log} a engaged", *["| {broken"] * 12]), "-q")

    state = query.load_state(open_folder(store))
    logs = ingestion.read_ledger(state.folder, state.manifest).logs.values()
    assert [len(each.sure.rejects) for each in logs] == [12, 8, 0, 0]
    shown = done("check", *sorted(tmp_path.glob("*.log")), "-f", "json", "-q").json
    assert (
        done("check", "--store", store, "-f", "json", "-q").json["rejected_lines"]
        == (shown["rejected_lines"])
    )


@pytest.mark.harm
def test_attributes_are_added_and_dropped_by_compact(store: Path, take: Callable[..., Any]) -> None:
    for day in ("09-01", "10-01", "11-20", "11-21", "11-22"):
        pages = "\n".join(
            f"2026-{day}T10:00:{n:02}Z v{day} engaged page=/{day}/{n}" for n in range(9)
        )
        take(pages, "-q")
    parts = [name for name in find_sizes(store) if name.startswith("attributes-")]
    assert len(parts) == 5
    done("ingest", "--store", store, "--keep", "28d", "--yes", "-q")
    expected = figures("--store", store)

    done("store", "compact", store)

    state = query.load_state(open_folder(store))
    # One that is gone may stand for a name or type that others have: these alone are left of it.
    expected_pages = [f"/{day}/{n}" for day in ("11-20", "11-21", "11-22") for n in range(9)]
    assert sorted(state.attributes["page"].drop_nulls()) == expected_pages
    assert len(state.attributes) <= 28
    assert figures("--store", store) == expected
    assert sound(store)
    take("2026-11-23T10:00:00Z w engaged page=/11-20/3", "-q")
    assert len(query.load_state(open_folder(store)).attributes) <= 29
    assert sound(store)


@pytest.mark.harm
def test_logs_that_are_gone_and_too_old_leave_the_ledger(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take("2026-11-20T10:00:00Z a engaged\n| {broken", "-q")
    take("2026-11-21T10:00:00Z b engaged", "-q")
    (tmp_path / "0.log").unlink()
    later = harness.CLOCK + timedelta(days=100)
    new = tmp_path / "9.log"
    for night in range(2):
        clock = later + timedelta(days=night)
        new.write_bytes(harness.log(f"{clock:%Y-%m-%d}T00:00:00Z c{night} engaged"))
        keep = ["--keep", "28d", "--yes"]
        done_then = harness.run("ingest", tmp_path, "--store", store, *keep, "-q", clock=clock)
        assert done_then.status == 0, done_then.err

    state = query.load_state(open_folder(store))
    names = [
        log.file_name for log in ingestion.read_ledger(state.folder, state.manifest).logs.values()
    ]
    assert sorted(Path(name).name for name in names) == ["1.log", "9.log", "9.log"]
    found = harness.run("check", "--store", store, "-f", "json", "-q", clock=clock).json["input"]
    assert (found["files"], found["records"], sums_up(found)) == (4, 5, True)
    assert (found["events"], found["rejected"]["invalid_json"]) == (2, 1)


@pytest.mark.harm
def test_a_flood_of_the_future_does_not_fill_the_manifest(
    store: Path, take: Callable[..., Any]
) -> None:
    future = "\n".join(f"2090-01-01T10:00:00Z f{n} engaged" for n in range(2000))
    take(f"09:00:00 a engaged\n{future}", "-q")

    assert (store / "manifest.json").stat().st_size < 3000
    assert account(store)["future"] == 2000
    assert sound(store)
