"""Logs of several framings given together are read like each of them alone, in any order.

`mixtures` holds the beginnings of twelve logs that were once a traceback together.
"""

import functools
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

CASES = Path(__file__).parent / "mixtures"
NAMES = sorted(path.name for path in CASES.iterdir())
_COPIES = 15
"""So many lines are in the twelve that layouts of lines are learned."""

Account = dict[str, Any]


def lengthen(data: bytes) -> bytes:
    """Return a log with each of its records for several sessions."""
    if data.startswith(b'"'):
        inner = b"".join(_rename(data, n)[2:-3] + b"," for n in range(_COPIES))
        return b'"[' + inner[:-1] + b']"\n'
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return mark + b"".join(_rename(data.removeprefix(mark), n) for n in range(_COPIES))


def _rename(data: bytes, number: int) -> bytes:
    return re.sub(rb"[0-9a-f]{8}(?=-[0-9a-f]{4}-)", b"%08x" % (number * 7919), data)


def write_logs(folder: Path, names: Sequence[str]) -> list[Path]:
    """Write logs into a folder; return their paths."""
    for name in names:
        data = (CASES / name).read_bytes()
        (folder / name).write_bytes(lengthen(data if data.endswith(b"\n") else data + b"\n"))
    return [folder / name for name in names]


def read(paths: Sequence[Path]) -> tuple[list[str], Account]:
    """Return the listed events without their files, and the counts of records by bucket."""
    listed = harness.run("events", *paths, "-f", "ndjson", "-q")
    checked = harness.run("check", *paths, "-f", "json", "-q")
    assert "Traceback" not in listed.err + checked.err
    assert checked.status in (0, 3)
    rows = [json.loads(line) for line in listed.out.splitlines()]
    found = [json.dumps({**row, "file": Path(row["file"]).name}) for row in rows]
    account = checked.json["input"]
    counts = {name: account[name] for name in ("records", "events", "duplicates", "ignored")}
    return sorted(found), {**counts, "rejected": account["rejected"]}


@functools.cache
def read_alone(name: str) -> tuple[list[str], Account]:
    """Return what a log says alone."""
    with tempfile.TemporaryDirectory() as folder:
        return read(write_logs(Path(folder), [name]))


def check_together(names: Sequence[str]) -> None:
    """Read logs together: what each says alone comes out."""
    with tempfile.TemporaryDirectory() as folder:
        rows, account = read(write_logs(Path(folder), names))
    alone = [read_alone(name) for name in names]
    assert rows == sorted(row for found, _ in alone for row in found)
    for bucket, count in account.items():
        counts = [counted[bucket] for _, counted in alone]
        assert _sum(count) == sum(map(_sum, counts)), bucket


def _sum(count: Any) -> int:
    return sum(map(_sum, count.values())) if isinstance(count, dict) else int(count)


@pytest.mark.parametrize("order", [1, -1])
def test_all_together_say_what_each_says_alone(order: int) -> None:
    check_together(NAMES[::order])


@try_examples(5)
@given(st.lists(st.sampled_from(NAMES), min_size=2, unique=True))
def test_some_in_any_order_say_what_each_says_alone(names: list[str]) -> None:
    check_together(names)


@try_examples(3)
@given(st.permutations(NAMES))
def test_all_in_any_order_say_what_each_says_alone(names: list[str]) -> None:
    check_together(names)


# -- damaged, wrapped and compressed logs, and what is none, in any order --------------------------

SHARED = sorted(path for path in (Path(__file__).parent / "cases").rglob("*") if path.is_file())
SCANNERS = st.sampled_from(["c", "python"])


def read_identities(paths: Sequence[Path], scanner: str) -> tuple[set[str], Account]:
    """Return what events differ in, wherever they stand, and the counts of records by bucket."""
    env = {"DCEVENTS_SCANNER": scanner}
    listed = harness.run("events", *paths, "-f", "ndjson", "-q", env=env)
    checked = harness.run("check", *paths, "-f", "json", "-q", env=env)
    assert "Traceback" not in listed.err + checked.err
    keys = ("kind", "timestamp", "sid", "conversation_id", "agent_id")
    rows = [json.loads(line) for line in listed.out.splitlines()]
    account = checked.json["input"]
    counts = {name: account[name] for name in ("records", "blank", "incomplete", "ignored")}
    accepted = account["events"] + account["duplicates"]
    found = {json.dumps([row[key] for key in keys]) for row in rows}
    return found, {**counts, "rejected": account["rejected"], "accepted": accepted}


@try_examples(3)
@given(st.lists(st.sampled_from(SHARED), min_size=2, max_size=5, unique=True), SCANNERS)
def test_logs_of_any_kind_in_any_order_are_read_like_each_alone(
    paths: list[Path], scanner: str
) -> None:
    found, account = read_identities(paths, scanner)
    alone = [read_identities([path], scanner) for path in paths]

    assert found == set().union(*(each for each, _ in alone))
    for bucket, count in account.items():
        assert _sum(count) == sum(_sum(counted[bucket]) for _, counted in alone), bucket
