"""Bits that flip on a disk: a report on damage is none, and what follows from facts is mended.

`DCEVENTS_FLIPS=10000 pytest -m harm tests/store/test_store_damage.py -s` flips as many bits, and
says what came of them.
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import pytest
import stores
from upkeep import FIRST, SECOND, account, done, figures, sound

FLIPS = int(os.environ.get("DCEVENTS_FLIPS", "200")) // 2
SEED = int(os.environ.get("DCEVENTS_FLIP_SEED", "1"))
AHEAD = '2026-12-09T09:00:00Z z engaged\n| {"event":"acme"}\n| {broken'
"""What the stores of versions 2 and 3 have beside FIRST and SECOND."""
COMMANDS = ("summary", "conversations", "live-chat", "sessions", "check", "ingest")


def flip(path: Path, bit: int) -> None:
    """Flip a bit of a file."""
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def flip_in_midst(store: Path, name: str) -> Path:
    """Flip a bit in the middle of a file of a store, and return the file."""
    path = min(store.rglob(name))
    flip(path, path.stat().st_size * 4)
    return path


def list_parts(store: Path) -> list[Path]:
    """Return all files with something in them."""
    return sorted(each for each in store.rglob("*") if each.is_file() and each.stat().st_size)


def run_command(command: str, store: Path, log: Path) -> tuple[int, str, str]:
    """Return what a command makes of a store: status, what it says, and messages."""
    if command == "ingest":
        result = harness.run("ingest", log, "--store", store, "-q")
        if result.status == 0:
            result = harness.run("summary", "--store", store, "-q", "-f", "json")
        return result.status, result.text, result.err
    result = harness.run(command, "--store", store, "-q", "-f", "json")
    return result.status, result.text, result.err


@pytest.mark.harm
@pytest.mark.parametrize("half", [0, 1])
def test_no_flipped_bit_is_a_figure(
    half: int, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    dice = random.Random(2 * SEED + half)
    take(FIRST, "--keep-events")
    take(SECOND + "2026-12-01T20:00:00Z b input_phone\n2026-12-09T09:00:00Z z engaged")
    more = tmp_path / "more.log"
    more.write_bytes(harness.log("09:04:00 a input_email\n12:00:00 c closed id=d2"))
    other = tmp_path / "other"
    expected = {}
    for command in COMMANDS:
        shutil.copytree(store, other)
        expected[command] = run_command(command, other, more)[1]
        shutil.rmtree(other)
    seen: Counter[str] = Counter()
    for _ in range(FLIPS):
        shutil.copytree(store, other)
        path = dice.choice(list_parts(other))
        flip(path, dice.randrange(path.stat().st_size * 8))
        command = dice.choice(COMMANDS)
        status, text, err = run_command(command, other, more)
        if status == 0:
            assert text == expected[command], (path, command)
        else:
            assert (status, text, err.count("\n")) == (1, "", 1), (path, command, err)
            assert path.name in err
            assert "run dcevents store repair" in err or "newer dcevents" in err
        seen["told" if status else "not read, or no matter"] += 1
        shutil.rmtree(other)
    print(f"\n{dict(seen)}")  # noqa: T201
    assert seen["told"] > FLIPS // 4


def often(*names: str) -> list[Any]:
    """Return cases of which only the first is always tried."""
    return [names[0], *(pytest.param(name, marks=pytest.mark.harm) for name in names[1:])]


@pytest.mark.parametrize("name", often("conversations.parquet", "manifest.json", "superseded-*"))
def test_what_follows_from_facts_is_made_anew(
    name: str, store: Path, take: Callable[..., Any]
) -> None:
    take(FIRST, "--keep-events")
    take(SECOND)
    expected = figures("--store", store), account(store)
    path = flip_in_midst(store, name)
    told = harness.run("summary", "--store", store, "-q")
    assert (told.status, told.out, told.err.count("\n")) == (1, b"", 1)
    assert f"{path}: " in told.err
    assert f"run dcevents store repair {store}" in told.err

    mended = done("store", "repair", store)

    assert mended.text == f"{store}: repaired\n"
    assert f"{path}: its content has changed" in mended.err
    assert (figures("--store", store), account(store)) == expected
    assert sound(store)
    assert done("store", "repair", store).text == f"{store}: sound\n"


@pytest.mark.harm
@pytest.mark.parametrize("name", often("facts.parquet", "ledger-*", "attributes-*", "sids.parquet"))
def test_what_is_lost_is_read_again(
    name: str, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    take(SECOND)
    expected = figures("--store", store)
    flip_in_midst(store, name)
    before = {path: path.read_bytes() for path in list_parts(store)}

    refused = harness.run("store", "repair", store)
    assert (refused.status, refused.out) == (1, b"")
    assert "1 damaged file cannot be made anew" in refused.err
    after = {path: path.read_bytes() for path in list_parts(store)}
    for path in (store / "lock", store / "readers"):
        before.pop(path, None), after.pop(path, None)
    assert before == after

    left = done("store", "repair", store, "--drop-damaged")
    assert "read again what is missing: dcevents ingest " in left.text
    report = harness.run("summary", "--store", store, "-q")
    assert (report.status, report.out) == (1, b"")
    assert "facts are missing since store repair" in report.err

    again = ["--again"] if name == "ledger-*" else []
    done("ingest", *sorted(tmp_path.glob("*.log")), "--store", store, "-q", *again)
    assert figures("--store", store) == expected
    assert sound(store)


def unpack_version(version: int, store: Path) -> None:
    """Make a store of an older version."""
    shutil.unpack_archive(Path(__file__).with_name(f"version_{version}.zip"), store)
    for path in (store, *store.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("version", [pytest.param(2, marks=pytest.mark.harm), 3])
@pytest.mark.harm
def test_an_older_store_is_read_and_goes_on_as_one_of_today(
    version: int, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    unpack_version(version, store)
    expected, counts = figures("--store", store), account(store)
    (tmp_path / "both.log").write_bytes(harness.log(FIRST + SECOND + AHEAD))
    assert figures(tmp_path / "both.log") == expected
    flipped = tmp_path / "flipped"
    shutil.copytree(store, flipped)
    flip_in_midst(flipped, "conversations.parquet")
    assert harness.run("summary", "--store", flipped, "-q").status == 1

    take(FIRST, "-q")

    assert account(store)["events"] == counts["events"] == 14
    assert all(each.crc is not None for each in stores.list_own_files(store).values())
    assert figures("--store", store) == expected
    assert sound(store)

    take("2026-11-04T09:00:00Z b closed\n2026-11-04T09:00:00Z g engaged", "-q")
    done("store", "compact", store)

    logs = sorted(tmp_path.glob("*.log"))
    assert figures("--store", store) == figures(*logs)
    assert [*store.rglob("conversation_sids.parquet")]
    assert sound(store)


@pytest.mark.parametrize("version", [pytest.param(2, marks=pytest.mark.harm), 3])
def test_an_older_store_is_sound_wherever_its_first_run_ends(
    version: int,
    store: Path,
    tmp_path: Path,
    take: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A copy of the manifest that version 2 has not is missing at no moment of version 4."""
    unpack_version(version, store)
    moments: list[Path] = []
    replace = os.replace

    def replace_and_copy(*names: str, **folders: Any) -> None:
        replace(*names, **folders)
        moments.append(tmp_path / "moments" / str(len(moments)))
        shutil.copytree(store, moments[-1])

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_and_copy)
        take("2026-11-04T09:00:00Z g engaged", "-q")

    assert len(moments) >= 2
    assert all(sound(moment) for moment in moments)


@pytest.mark.parametrize("name", ["manifest.json", "manifest-copy.json"])
def test_the_manifest_of_version_3_is_held_and_made_anew_as_it_was(name: str, store: Path) -> None:
    """Also an older dcevents reads it then."""
    unpack_version(3, store)
    whole = (store / name).read_bytes()
    assert sound(store)

    (store / name).write_bytes(b"{}")

    assert not sound(store)
    done("store", "repair", store)
    assert (store / name).read_bytes() == whole
    assert sound(store)
