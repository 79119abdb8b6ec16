"""A store's folder: files that never change, and a manifest."""

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import polars as pl

from dcevents import output
from dcevents.errors import OutputError, StoreError
from dcevents.store.disk import lock, manifest
from dcevents.store.disk.manifest import Manifest

_SEGMENTS_FOLDER = "segments"
_WRITTEN_PREFIXES = (f"{_SEGMENTS_FOLDER}/", "attributes-", "superseded-", "ledger-")
_TEMPORARY_PREFIX = ".dcevents-"
_REPAIR_HINT = "restore it from a backup, or ingest the logs into a new store"
_STORE_PREFIXES = (
    "lost+found",
    *_WRITTEN_PREFIXES,
    _SEGMENTS_FOLDER,
    manifest.MANIFEST_NAME,
    _TEMPORARY_PREFIX,
    lock.WRITER_LOCK_NAME,
    lock.READERS_LOCK_NAME,
    "sent-",  # what `send` remembers
)
"""Beginnings of the names that may lie in a store."""


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest of the store in a folder.

    Raises StoreError where there is none.
    """
    path = folder / manifest.MANIFEST_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StoreError(
            f"{folder}: no store; make one with dcevents ingest LOGS --store {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: {_describe_error(error)}") from error
    return manifest.parse_manifest(text, str(path))


def read_undamaged(folder: Path, current: Manifest, name: str) -> bytes:
    """Read a file of the store.

    Raises StoreError where it is not as it was written.
    """
    for _, damage in find_damage(folder, {name: current.files[name]}):
        raise StoreError(f"{folder / name}: {damage}; {_REPAIR_HINT}")
    return (folder / name).read_bytes()


def load_or_create(folder: Path, *, keep_events: bool) -> Manifest:
    """Return the manifest of a store, perhaps a new one.

    Raises StoreError where the manifest is missing and its files are there: they would be removed.
    """
    if (folder / manifest.MANIFEST_NAME).exists():
        found = load_manifest(folder)
        return found if found.generation else replace(found, keeps_events=keep_events)
    if any(name.startswith(_WRITTEN_PREFIXES) for name in _list_files(folder)):
        raise StoreError(
            f"{folder / manifest.MANIFEST_NAME}: missing, while files of a store are there; "
            f"{_REPAIR_HINT}"
        )
    new = Manifest(secrets.token_hex(16), keeps_events=keep_events)
    with output.open_private_file(str(folder / manifest.MANIFEST_NAME)) as write:
        write(new.to_json())
    return new


def prepare_folder(folder: Path) -> None:
    """Make the folder of a store, if it is not there.

    Only its owner may open a new one. Raises StoreError where other things lie in it, OutputError
    where it cannot be made.
    """
    names = _list_names(folder)
    others = [name for name in names if not name.startswith(_STORE_PREFIXES)]
    if others and manifest.MANIFEST_NAME not in names:
        raise StoreError(f"{folder}: no store, and not empty ({others[0]}); name a new folder")
    with report_write_failures(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _SEGMENTS_FOLDER).mkdir(mode=0o700, exist_ok=True)
        if not names:
            folder.chmod(0o700)


class StoreWriter:
    """A writer of files, which `commit_manifest` makes part of the store."""

    def __init__(self, folder: Path, committed: Manifest) -> None:
        self.folder = folder
        self.committed = committed
        """The manifest as it is on disk."""
        self.new_files: dict[str, tuple[int, str]] = {}
        """Size and BLAKE2b of files that the manifest does not name yet."""

    @property
    def generation(self) -> int:
        """Return the number of the generation that is being written."""
        return self.committed.generation + 1

    def write_file(self, name: str, data: bytes) -> str:
        """Write a file so that it is on disk.

        Return its name. Raises OutputError.
        """
        path = self.folder / name
        with report_write_failures(path):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
        self.new_files[name] = (len(data), compute_digest(data))
        return name

    def write_frame(self, name: str, frame: pl.DataFrame) -> str:
        """Write a frame as Parquet.

        Return the file's name. Raises OutputError.
        """
        data = BytesIO()
        frame.write_parquet(data, compression="zstd", compression_level=1)
        return self.write_file(name, data.getvalue())

    def write_attributes(self, attributes: pl.DataFrame) -> str:
        """Write the table of attributes; return the file's name."""
        return self.write_frame(f"attributes-{self.generation:06}.parquet", attributes)

    def write_superseded(self, superseded: pl.DataFrame) -> str | None:
        """Write the superseded rows.

        Return the file's name, None where there are none.
        """
        if superseded.is_empty():
            return None
        return self.write_frame(f"superseded-{self.generation:06}.parquet", superseded)

    def write_ledger(self, data: bytes) -> str:
        """Write the text of the ledger; return the file's name."""
        return self.write_file(f"ledger-{self.generation:06}.json", data)

    def commit_manifest(
        self, after: Manifest, *, removed_files: frozenset[str] = frozenset()
    ) -> Manifest:
        """Commit a manifest with all files but the removed ones."""
        former = self.committed.files
        others = {name: of for name, of in former.items() if name not in removed_files}
        successor = after.make_successor({**others, **self.new_files})
        folders = {(self.folder / name).parent for name in self.new_files}
        for folder in folders | {self.folder / _SEGMENTS_FOLDER, self.folder}:
            with contextlib.suppress(FileNotFoundError):
                output.sync_folder(folder)
        with output.open_private_file(str(self.folder / manifest.MANIFEST_NAME)) as write:
            write(successor.to_json())
        self.committed, self.new_files = successor, {}
        return successor


def name_segment(number: int, part: int = 0) -> str:
    """Return the folder of a segment."""
    return f"{_SEGMENTS_FOLDER}/{number:06}" + (f"-{part}" if part else "")


def remove_leftovers(folder: Path, current: Manifest) -> None:
    """Remove files that the manifest does not name, unless they are read.

    They are of earlier generations, or of runs that ended early: who holds the store for writing
    is the only one to write a manifest.
    """
    with lock.exclude_readers(folder) as has_no_readers:
        if not has_no_readers:
            return
        for name in _list_files(folder):
            is_ours = name.startswith((*_WRITTEN_PREFIXES, _TEMPORARY_PREFIX))
            if is_ours and name not in current.files:
                with contextlib.suppress(OSError):
                    (folder / name).unlink()
        for inner in _list_names(folder / _SEGMENTS_FOLDER):
            with contextlib.suppress(OSError):
                (folder / _SEGMENTS_FOLDER / inner).rmdir()


def _list_files(folder: Path) -> Iterator[str]:
    yield from (name for name in _list_names(folder) if name != _SEGMENTS_FOLDER)
    for inner in _list_names(folder / _SEGMENTS_FOLDER):
        for name in _list_names(folder / _SEGMENTS_FOLDER / inner):
            yield f"{_SEGMENTS_FOLDER}/{inner}/{name}"


def _list_names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def compute_digest(data: bytes) -> str:
    """Return the BLAKE2b of a file, hexadecimal."""
    return blake2b(data, digest_size=16).hexdigest()


def find_damage(folder: Path, files: Mapping[str, tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Yield damaged files: name, and damage in words."""
    for name, (_, expected) in sorted(files.items()):
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            yield name, _describe_error(error)
        else:
            if compute_digest(data) != expected:
                yield name, "its content has changed"


@contextlib.contextmanager
def report_damage(folder: Path) -> Iterator[None]:
    """Raise StoreError for failures that a damaged file explains."""
    try:
        yield
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        ArithmeticError,
        LookupError,
        ValueError,
    ) as error:
        for name, damage in find_damage(folder, load_manifest(folder).files):
            raise StoreError(f"{folder / name}: {damage}; {_REPAIR_HINT}") from error
        raise


def _describe_error(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not a text"


@contextlib.contextmanager
def report_write_failures(path: Path) -> Iterator[None]:
    """Raise OutputError, naming the path, for failures to write."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{error.filename or path}: {reason}") from error
