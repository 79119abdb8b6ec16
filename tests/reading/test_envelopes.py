"""The same events, written as many systems write them, give the same rows: the whole table."""

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import harness
import pytest
import wrappings
from choosing import choose_some

from samples import envelopes
from samples.envelopes import Event, Shape

Row = dict[str, Any]
TRAFFIC = wrappings.choose_traffic()
SCANNERS = ("c", "python")
LINES = envelopes.SHAPES["canonical"]


def list_events(name: str) -> list[Event]:
    """Return the events that a shape is given: the traffic, with sessions of its own."""
    return [wrappings.rename_session(e, f"{name} {n}") for n, e in enumerate(TRAFFIC)]


def write(name: str) -> bytes:
    """Return the events of a shape, in whole lines."""
    data = envelopes.SHAPES[name].write(list_events(name))
    return data if data.endswith(b"\n") else data + b"\n"


def sort_rows(rows: Iterable[Row]) -> list[str]:
    """Return rows as texts that can be compared, sorted."""
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)


def expect(shapes: Mapping[str, Shape]) -> dict[str, list[str]]:
    """Return by shape the rows that must come of its events."""
    return {
        name: sort_rows(wrappings.keep_values(shape, event) for event in list_events(name))
        for name, shape in shapes.items()
    }


def split(rows: Iterable[Row], shapes: Mapping[str, Shape]) -> dict[str, list[str]]:
    """Return by shape, of which a session's name tells, the rows of a report."""
    found: dict[str, list[Row]] = {name: [] for name in shapes}
    for row in rows:
        name = row["sid"].partition(" ")[0]
        found[name].append(wrappings.drop_rewritten(shapes[name], row))
    return {name: sort_rows(rows) for name, rows in found.items()}


def report(path: Path, scanner: str) -> Any:
    """Return the report of events, and what was read."""
    result = harness.run("events", path, "-f", "json", "-q", env={"DCEVENTS_SCANNER": scanner})
    assert result.status == 0, result.err
    return result.json


def choose(kind: str, *, with_others: bool) -> dict[str, Shape]:
    """Return the shapes of a kind that have records of no event, or that have none."""
    shapes = envelopes.KINDS[kind]
    return {name: each for name, each in shapes.items() if each.has_other_records == with_others}


def count_others(account: Mapping[str, Any]) -> int:
    """Return the number of records that are neither events nor blank."""
    left = sum(account["rejected"].values()) + sum(account["ignored"].values())
    return int(left + account["duplicates"] + account["incomplete"] + account["untimed"])


@pytest.mark.parametrize("scanner", choose_some(SCANNERS, 2, "records"))
@pytest.mark.parametrize("kind", envelopes.KINDS)
def test_each_wrapping_gives_the_canonical_rows(kind: str, scanner: str, tmp_path: Path) -> None:
    shapes = choose(kind, with_others=False)
    for name in shapes:
        (tmp_path / f"{name}.log").write_bytes(write(name))

    found = report(tmp_path, scanner)

    assert expect(shapes) == split(found["rows"], shapes)
    assert 0 == count_others(found["input"])


OTHERS = [kind for kind in envelopes.KINDS if choose(kind, with_others=True)]


@pytest.mark.parametrize("scanner", SCANNERS)
@pytest.mark.parametrize("kind", OTHERS)
def test_of_a_wrapping_with_headings_only_these_are_rejected(
    kind: str, scanner: str, tmp_path: Path
) -> None:
    shapes = choose(kind, with_others=True)
    for name in shapes:
        (tmp_path / f"{name}.log").write_bytes(write(name))

    found = report(tmp_path, scanner)

    assert expect(shapes) == split(found["rows"], shapes)
    account = found["input"]
    assert count_others(account) == sum(account["rejected"].values()) > 0


@pytest.mark.parametrize("scanner", choose_some(SCANNERS, 2, "records"))
@pytest.mark.parametrize("kind", envelopes.KINDS)
def test_wrappings_in_one_log_harm_no_neighbour(kind: str, scanner: str, tmp_path: Path) -> None:
    """Each stands between two others, and beside canonical lines."""
    shapes = envelopes.KINDS[kind]
    path = tmp_path / "mixed.log"
    line = LINES.write([wrappings.rename_session(TRAFFIC[0], "canonical 0")])
    path.write_bytes(b"".join(write(name) + line for name in shapes))

    found = report(path, scanner)

    rows = [row for row in found["rows"] if not row["sid"].startswith("canonical ")]
    others = {name: shape for name, shape in shapes.items() if name != "canonical"}
    assert expect(others) == split(rows, others)
    assert len(shapes) - 1 <= found["input"]["duplicates"]


@pytest.mark.records
@pytest.mark.parametrize("scanner", SCANNERS)
@pytest.mark.parametrize("seed", range(2))
def test_all_wrappings_in_one_log_in_any_order(seed: int, scanner: str, tmp_path: Path) -> None:
    names = [*envelopes.SHAPES]
    random.Random(seed).shuffle(names)
    path = tmp_path / "mixed.log"
    path.write_bytes(b"".join(map(write, names)))

    found = report(path, scanner)

    assert expect(envelopes.SHAPES) == split(found["rows"], envelopes.SHAPES)


def test_a_name_stands_for_one_shape() -> None:
    assert len(envelopes.SHAPES) == sum(map(len, envelopes.KINDS.values()))


def test_each_shape_names_its_system_and_its_source() -> None:
    systems = [shape.system for shape in envelopes.SHAPES.values()]

    assert len(systems) == len({*systems})
    assert all(shape.page.startswith("http") for shape in envelopes.SHAPES.values())


NOT_READY = {
    *("form", "form-untimed", "pixel", "pixel-uri", "pixel-untimed", "pixel-parameters"),
    *("ga4-forwarded", "ga4-measurement"),
}
"""Forms are events with a sid only, and the snippet forwards no ready event."""


def test_ready_events_are_known_in_each_wrapping(tmp_path: Path) -> None:
    ready = [
        {"event": "adobedx.conversations.ready", "timestamp": f"2026-11-12T08:0{minute}:00.120Z"}
        for minute in range(3)
    ]
    names = [name for name in envelopes.SHAPES if name not in NOT_READY]
    (tmp_path / "dc.log").write_bytes(LINES.write(TRAFFIC[:1]))
    for name in names:
        (tmp_path / f"{name}.log").write_bytes(envelopes.SHAPES[name].write(ready))

    account = report(tmp_path, "c")["input"]

    assert (3 * len(names), 0) == tuple(account["ignored"].values())
