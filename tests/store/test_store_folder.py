"""A store is its owner's alone: what others have put there, or could, is refused, not touched."""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness
import pytest
import stores
from open_folders import make_open_folder
from upkeep import FIRST, SECOND, done, sound

from dcevents.store.disk import lock
from dcevents.store.disk.folder import open_folder

OTHER = 54321
"""The number of another user."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that anybody may write to, and nobody may take others' files from, as /tmp."""
    with make_open_folder(0o1777) as folder:
        yield folder


@contextlib.contextmanager
def as_other() -> Iterator[None]:
    """Be another user for a while."""
    os.seteuid(OTHER)
    try:
        yield
    finally:
        os.seteuid(0)


def list_commands(store: Path, log: Path) -> list[list[str | Path]]:
    """Return all that can be done with a store."""
    return [
        ["summary", "--store", store, "-q"],
        ["ingest", log, "--store", store, "-q"],
        ["ingest", "--store", store, "--forget", "a", "-q"],
        ["ingest", "--store", store, "--keep", "28d", "--dry-run"],
        *(["store", name, store] for name in ("info", "verify", "repair", "compact", "cut-off")),
        ["store", "cut-off", store, "--reset"],
    ]


def read_all(*folders: Path) -> dict[Path, tuple[bytes, int]]:
    """Return the content and the mode of all files, links and folders but locks."""
    return {
        path: (
            os.fsencode(path.readlink()) if path.is_symlink()
            else b"" if not path.is_file() or path.name in ("lock", "readers")
            else path.read_bytes(),
            path.lstat().st_mode,
        )
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.name not in ("lock", "readers")
    }  # fmt: skip


def refuse_all(store: Path, log: Path, *folders: Path) -> set[str]:
    """Hold that nothing can be done with a store, and nothing is touched; return what is said."""
    before = read_all(store, *folders)
    said = set()
    for command in list_commands(store, log):
        result = harness.run(*command)
        assert (result.status, result.out, result.err.count("\n")) == (1, b"", 1), (command, result)
        assert read_all(store, *folders) == before, command
        said.add(result.err)
    return said


@pytest.mark.harm
def test_where_others_may_write_is_no_store(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    for mode in (0o1777, 0o770, 0o702):
        store.chmod(mode)
        (said,) = refuse_all(store, tmp_path / "0.log")
        assert said.startswith(f"dcevents: {store}: other users may write to it; see that")
    store.chmod(0o755)
    assert sound(store)
    (store / "segments").chmod(0o777)
    for command in list_commands(store, tmp_path / "0.log")[:5]:
        result = harness.run(*command)
        assert (result.status, result.out) == (1, b"")
        assert f"{store}/segments: other users may write to it" in result.err


def test_a_file_that_others_may_write_is_refused(store: Path, take: Callable[..., Any]) -> None:
    take(FIRST)
    for name in ("manifest.json", "segments/000001/facts.parquet"):
        (store / name).chmod(0o606)
        result = harness.run("explain", "a", "--store", store)
        assert (result.status, result.out) == (1, b"")
        assert f"{store}/{name}: other users may write to it" in result.err
        (store / name).chmod(0o600)
    assert sound(store)


def test_a_new_store_in_an_empty_folder_is_closed(store: Path, take: Callable[..., Any]) -> None:
    store.mkdir(mode=0o777)
    store.chmod(0o777)

    take(FIRST)

    assert stat.S_IMODE(store.stat().st_mode) == 0o700


@needs_root
def test_the_folder_of_another_user_is_refused(shared: Path) -> None:
    store, log = shared / "store", shared / "dc.log"
    log.write_bytes(harness.log(FIRST))
    log.chmod(0o644)
    stores.ingest(store, log)
    os.chown(store, OTHER, OTHER)
    store.chmod(0o755)
    (said,) = refuse_all(store, log)
    assert said == (
        f"dcevents: {store}: it belongs to another user; run dcevents as that user, or name "
        "another store\n"
    )
    # Neither is root's folder a store that another may write to; it may be read, if it is open.
    os.chown(store, 0, 0)
    with as_other():
        result = harness.run("ingest", log, "--store", store, "-q")
        assert (result.status, "permission denied" in result.err) == (1, True)
        assert harness.run("ingest", log, "--store", shared / "own", "-q").status == 0
    assert harness.run("summary", "--store", shared / "own").status == 1


@needs_root
def test_a_file_of_another_user_is_refused(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    for name in ("manifest.json", "lock", "readers"):
        os.chown(store / name, OTHER, OTHER)
        result = harness.run("ingest", tmp_path / "0.log", "--store", store, "-q")
        assert result.status == 1
        assert f"{store}/{name}: it belongs to another user" in result.err
        os.chown(store / name, 0, 0)


@pytest.mark.harm
def test_no_link_is_followed(store: Path, tmp_path: Path, take: Callable[..., Any]) -> None:
    take(FIRST)
    take(SECOND)
    kept, victims = tmp_path / "kept", tmp_path / "victims"
    shutil.copytree(store, kept)
    victims.mkdir()
    names = [str(path.relative_to(store)) for path in sorted(store.rglob("*"))]
    for number, name in enumerate(names):
        shutil.rmtree(store)
        shutil.copytree(kept, store)
        victim, path = victims / str(number), store / name
        if path.is_dir():
            shutil.move(path, victim)
        else:
            # A sound file: what tells the store is that there is a link, not what it leads to.
            shutil.copy(path, victim)
            path.unlink()
        path.symlink_to(victim)
        before = read_all(victims)
        statuses = set()
        commands: list[list[str | Path]] = [
            ["ingest", tmp_path / "0.log", "--store", store, "-q", "--again"],
            ["store", "compact", store],
            ["store", "verify", store],
            ["store", "repair", store],
            ["conversations", "--store", store, "-q"],
        ]
        for command in commands:
            result = harness.run(*command)
            statuses.add(result.status)
            assert result.status == 0 or "a link, and a store has none" in result.err, result.err
            assert read_all(victims) == before, name
            assert path.is_symlink(), name
        assert 1 in statuses, name


@pytest.mark.parametrize("name", ["manifest.json", "manifest-copy.json"])
def test_a_linked_manifest_is_refused_by_all(
    name: str, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    """Nothing reads the copy but `repair`: a link there is a stranger's work all the same."""
    take(FIRST)
    shutil.move(store / name, tmp_path / "victim")
    (store / name).symlink_to(tmp_path / "victim")

    (said,) = refuse_all(store, tmp_path / "0.log", tmp_path)

    assert f"{store}/{name}: a link, and a store has none; see who may write there" in said


def test_files_to_come_are_not_written_through_links(
    store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("ledger-000002.json", "attributes-000002.parquet", "superseded-000002.parquet"):
        (store / name).symlink_to(victim)

    # A report keeps them from being removed as leftovers before they are written.
    with lock.hold_for_reading(open_folder(store)):
        take(SECOND, "-q")

    assert victim.read_text() == "mine"
    assert sound(store)


@pytest.mark.parametrize("name", ["manifest.json", "lock", "readers", "ledger-000001.json"])
def test_a_fifo_is_refused_and_not_waited_for(
    name: str, store: Path, tmp_path: Path, take: Callable[..., Any]
) -> None:
    take(FIRST)
    (store / name).unlink()
    os.mkfifo(store / name, 0o600)

    result = harness.run("ingest", tmp_path / "0.log", "--store", store, "-q", "--again")

    assert (result.status, result.err.count("\n")) == (1, 1)
    assert f"{store}/{name}: no regular file, as all of a store are" in result.err


def test_rejects_go_to_no_fifo_and_nobody_else_s_file(
    shared: Path, store: Path, tmp_path: Path
) -> None:
    log = tmp_path / "dc.log"
    log.write_bytes(harness.log(FIRST + "| {broken"))
    os.mkfifo(shared / "fifo")
    targets = {"fifo": "a fifo, whose reader may never come"}
    if os.geteuid() == 0:
        (shared / "theirs").write_text("theirs")
        os.chown(shared / "theirs", OTHER, OTHER)
        (tmp_path / "mine").write_text("mine")
        (shared / "link").symlink_to(tmp_path / "mine")
        os.chown(shared / "link", OTHER, OTHER, follow_symlinks=False)
        targets |= dict.fromkeys(("theirs", "link"), "it belongs to another user")
    for name, reason in targets.items():
        commands: list[list[str | Path]] = [["ingest", log, "--store", store], ["summary", log]]
        for command in commands:
            result = harness.run(*command, "-q", "--rejects", shared / name)
            assert (result.status, result.out) == (1, b"")
            assert f"{shared / name}: {reason}" in result.err
    if os.geteuid() == 0:
        assert ((shared / "theirs").read_text(), (tmp_path / "mine").read_text()) == (
            "theirs",
            "mine",
        )
    done("ingest", log, "--store", store, "-q", "--rejects", tmp_path / "rejects")
    assert (tmp_path / "rejects").read_text().count("\n") == 1
