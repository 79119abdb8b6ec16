"""A `kill -9` before any call of a command that changes a store: the store is as before or as
after, and the command, run once more, ends what was begun.

`DCEVENTS_KILLS=1000 pytest -m kills tests/store/test_store_killed_commands.py` kills as often.
"""

import os
import random
import shutil
from pathlib import Path

import harness
import pytest
import stores
from killed import kill_at_call
from upkeep import FIRST, SECOND, done

KILLS = int(os.environ.get("DCEVENTS_KILLS", "24"))
SEED = int(os.environ.get("DCEVENTS_KILL_SEED", "1"))
MOST_CALLS = 70
"""Calls of a command on so small a store, at most: some commands have fewer."""

COMMANDS = {
    "compact": ["store", "compact", "STORE"],
    "forget": ["ingest", "--forget", "a", "-q", "--store", "STORE"],
    "keep": ["ingest", "--keep", "28d", "--yes", "-q", "--store", "STORE"],
    "cut-off": ["store", "cut-off", "--reset", "STORE"],
    "repair conversations": ["store", "repair", "STORE"],
    "repair manifest": ["store", "repair", "STORE"],
    "repair facts": ["store", "repair", "--drop-damaged", "STORE"],
}
DAMAGED = {
    "repair conversations": "segments/*/conversations.parquet",
    "repair manifest": "manifest.json",
    "repair facts": "segments/*/facts.parquet",
}


def prepare(store: Path, folder: Path, name: str) -> list[str]:
    """Make a store for a command; return the command."""
    for number, compact_log in enumerate((FIRST, SECOND)):
        log = folder / f"{number}.log"
        log.write_bytes(harness.log(compact_log))
        done("ingest", log, "--store", store, "-q")
    if name == "cut-off":
        done(*(str(store) if each == "STORE" else each for each in COMMANDS["keep"]))
    if name in DAMAGED:
        path = min(store.glob(DAMAGED[name]))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    return COMMANDS[name]


def describe(store: Path) -> object:
    """Return all that is seen of a store."""
    found = [
        harness.run(report, "--store", store, "-q", "-f", "json")
        for report in ("chats", "sessions")
    ]
    cut_off = harness.run("store", "cut-off", store)
    return [(each.status, each.text, each.err) for each in (*found, cut_off)]


def list_left(store: Path) -> set[str]:
    """Return the files that are not of a store."""
    own = {"manifest.json", "manifest-copy.json", "lock", "readers", *stores.list_own_files(store)}
    return {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()} - own


@pytest.mark.kills
@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_leaves_a_store_as_before_or_as_after(
    name: str, store: Path, tmp_path: Path
) -> None:
    dice, base, call, ended = random.Random(SEED), tmp_path / "base", 0, MOST_CALLS
    command = [str(store) if each == "STORE" else each for each in prepare(store, tmp_path, name)]
    shutil.copytree(store, base)
    before = describe(store)
    shutil.rmtree(store)
    shutil.copytree(base, store)
    done(*command)
    after = describe(store)
    for _ in range(-(-KILLS // len(COMMANDS))):
        shutil.rmtree(store)
        shutil.copytree(base, store)
        was_killed = kill_at_call(call, *command)
        assert was_killed or call, "each command changes something"
        assert describe(store) in (before, after)
        done(*command)
        assert (describe(store), list_left(store)) == (after, set())
        ended = ended if was_killed else min(ended, call)
        call = dice.randrange(ended)
