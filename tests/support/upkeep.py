"""A store with little in it, and what is held of it whatever is done: figures, account, files."""

from pathlib import Path
from typing import Any

import harness
import polars as pl

REPORTS = ("summary", "sessions", "conversations", "chats")

FIRST = """
09:00:00 a triggered name=Pricing page=/p
09:00:10 a engaged name=Pricing page=/p
09:01:00 a completed name=Pricing
10:00:00 b triggered name=Pricing page=/q
10:00:05 b live_chat_requested agent=7 agent_name=Ann
10:00:50 b live_chat_initiated agent=7 agent_name=Ann
10:09:00 b live_chat_ended agent=7 agent_name=Ann
11:00:00 c triggered id=d2 name=Tour page=/only-of-c
11:00:09 c engaged id=d2 name=Tour
"""
SECOND = """
2026-11-03T09:00:00Z d triggered name=Pricing
2026-11-03T09:00:03Z d engaged name=Pricing
2026-11-03T23:59:00Z b input_email name=Prices
- e triggered name=Pricing
"""
LATE = """
09:02:00 c completed id=d2 name=Tour
12:00:00 f triggered name=Pricing
"""


def done(*arguments: str | Path) -> harness.Result:
    """A run that went well."""
    result = harness.run(*arguments)
    assert result.status == 0, result.err
    return result


def figures(*sources: str | Path) -> list[Any]:
    """What the reports say, without the accounts of their inputs."""
    found = []
    for report in REPORTS:
        said = done(report, *sources, "-q", "-f", "json").json
        parts = said.get("reports", [said])
        found += [{key: part[key] for key in ("as_of", "rows", "total")} for part in parts]
    return found


def account(store: Path) -> Any:
    """The `input` object of a report on a store."""
    return done("completion", "--store", store, "-q", "-f", "json").json["input"]


def sums_up(found: Any) -> bool:
    """Whether each record is in one bucket."""
    named = ("blank", "incomplete", "later", "duplicates", "events")
    buckets = [
        *(found[name] for name in named),
        *found["rejected"].values(),
        *found["ignored"].values(),
    ]
    return bool(found["records"] == sum(buckets))


def sound(store: Path) -> bool:
    """Whether `store verify` finds no fault."""
    return harness.run("store", "verify", store).status == 0


def content(store: Path) -> bytes:
    """All that is in a store's files, unpacked."""
    tables = [pl.read_parquet(path).write_json() for path in sorted(store.rglob("*.parquet"))]
    return "".join(tables).encode() + b"".join(path.read_bytes() for path in store.glob("*.json"))
