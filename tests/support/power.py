"""What a disk may hold after the power went: what was not synced is there, in part, or not at all.

A run is watched: each call that syncs, renames or removes within a folder is noted, with the
bytes. From the notes up to any moment a folder is made as it may be found afterwards: content of
files that no fsync followed is cut anywhere, zeroed or missing; changes of names that no fsync of
their folder followed have happened or not, the earlier ones first.
"""

import contextlib
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock


@dataclass
class Disk:
    """What is on disk for sure, and what is under way, at one moment of a run."""

    names: dict[str, int] = field(default_factory=dict)
    """Path → file, of names that were synced."""
    folders: set[str] = field(default_factory=set)
    changes: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Changes of names that were not: what is done (`set`, `folder`), the path, the file."""
    synced: dict[int, bytes] = field(default_factory=dict)
    """File → its content, as it was last synced."""
    written: dict[int, bytes] = field(default_factory=dict)
    """File → its content, as the program sees it."""


class Watch:
    """Notes the calls of a run that change a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.moments: list[Disk] = []
        """The disk after each call."""
        self.disk = Disk()
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_dir():
                self.disk.folders.add(name)
            else:
                number = path.stat().st_ino
                self.disk.names[name] = number
                self.disk.synced[number] = self.disk.written[number] = path.read_bytes()

    def _note(self) -> None:
        now = self.disk
        self.moments.append(
            Disk({**now.names}, {*now.folders}, [*now.changes], {**now.synced}, {**now.written})
        )

    def _find(self, path: Any, dir_fd: int | None) -> str | None:
        """Return a path below the folder; None for another."""
        base = os.readlink(f"/proc/self/fd/{dir_fd}") if dir_fd is not None else ""
        whole = Path(base, os.fsdecode(path))
        with contextlib.suppress(ValueError):
            return str(whole.relative_to(self.folder))
        return None

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is done within the block."""
        calls: dict[str, Callable[..., Any]] = {
            name: getattr(os, name) for name in ("fsync", "replace", "unlink", "mkdir", "rmdir")
        }

        def sync(fd: int) -> None:
            name = self._find(os.readlink(f"/proc/self/fd/{fd}"), None)
            if name is None:
                return
            if os.path.isdir(f"/proc/self/fd/{fd}"):
                inner = "" if name == "." else name
                mine = [each for each in self.disk.changes if _get_folder(each[1]) == inner]
                for change in mine:
                    _apply(self.disk, change)
                    self.disk.changes.remove(change)
            else:
                number = os.fstat(fd).st_ino
                data = Path(f"/proc/self/fd/{fd}").read_bytes()
                self.disk.written[number] = self.disk.synced[number] = data
                self.disk.changes.append(("set", name, number))
            self._note()

        def replace(src: Any, dst: Any, **more: Any) -> None:
            old, new = (self._find(each, more.get("src_dir_fd")) for each in (src, dst))
            calls["replace"](src, dst, **more)
            if old and new:
                number = (self.folder / new).stat().st_ino
                self.disk.changes += [("set", new, number), ("set", old, None)]
                self._note()

        def unlink(path: Any, *, dir_fd: int | None = None) -> None:
            name = self._find(path, dir_fd)
            calls["unlink"](path, dir_fd=dir_fd)
            if name:
                self.disk.changes.append(("set", name, None))
                self._note()

        def mkdir(path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
            calls["mkdir"](path, mode, dir_fd=dir_fd)
            if name := self._find(path, dir_fd):
                self.disk.changes.append(("folder", name, None))
                self._note()

        def rmdir(path: Any, *, dir_fd: int | None = None) -> None:
            calls["rmdir"](path, dir_fd=dir_fd)
            # A folder that is left is empty, and no matter.

        ours = {
            "fsync": sync, "replace": replace, "unlink": unlink, "mkdir": mkdir, "rmdir": rmdir,
        }  # fmt: skip
        with contextlib.ExitStack() as stack:
            for name, call in ours.items():
                stack.enter_context(mock.patch.object(os, name, call))
            yield


def _get_folder(name: str) -> str:
    return name.rpartition("/")[0]


def _apply(disk: Disk, change: tuple[str, str, int | None]) -> None:
    what, name, number = change
    if what == "folder":
        disk.folders.add(name)
    elif number is None:
        disk.names.pop(name, None)
    else:
        disk.names[name] = number


def leave(disk: Disk, target: Path, dice: random.Random) -> None:
    """Make a folder as it may be found after the power went at a moment.

    A journal keeps changes of names in their order, so that those up to some are there; other file
    systems keep any of them.
    """
    found = Disk({**disk.names}, {*disk.folders}, [], disk.synced, disk.written)
    kept = disk.changes[: dice.randrange(len(disk.changes) + 1)]
    if dice.random() < 0.5:
        kept = [change for change in disk.changes if dice.random() < 0.5]
    for change in kept:
        _apply(found, change)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    for name in sorted(found.folders):
        (target / name).mkdir(mode=0o700, exist_ok=True, parents=True)
    for name, number in found.names.items():
        path = target / name
        path.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
        path.write_bytes(_choose_content(found, number, dice))
        path.chmod(0o600)


def _choose_content(disk: Disk, number: int, dice: random.Random) -> bytes:
    """Return what may be in a file: what was synced, or else anything of what was written."""
    synced, written = disk.synced.get(number), disk.written.get(number, b"")
    if synced is not None and synced == written:
        return synced
    part = written[: dice.randrange(len(written) + 1)]
    return dice.choice([b"", part, part + bytes(len(written) - len(part)), written])
