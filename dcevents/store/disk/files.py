"""A store's folder: files that are written once and never change, and a manifest that takes its predecessor's place."""

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

_SEGMENTS = "segments"
_WRITTEN = (f"{_SEGMENTS}/", "said-", "dead-", "ledger-")
_MEND = "restore it from a backup, or ingest the logs into a new store"
_OURS = ("lost+found", *_WRITTEN, _SEGMENTS, manifest.NAME, ".dcevents-", lock.WRITER, lock.READERS)


def load(folder: Path) -> Manifest:
    """The manifest of the store in a folder. Raises StoreError where there is none."""
    path = folder / manifest.NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StoreError(
            f"{folder}: no store; make one with dcevents ingest LOGS --store {folder}"
        ) from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: {_reason(error)}") from error
    return manifest.read(text, str(path))


def content(folder: Path, of: Manifest, name: str) -> bytes:
    """A file of the store, as it was written. Raises StoreError."""
    for _, what in damage(folder, {name: of.files[name]}):
        raise StoreError(f"{folder / name}: {what}; {_MEND}")
    return (folder / name).read_bytes()


def load_or_begin(folder: Path, *, keep_events: bool) -> Manifest:
    """The manifest of a store, or of a new one, in which nothing was written yet.

    Raises StoreError where there is only what a manifest has named: nothing is to take that for left over.
    """
    if (folder / manifest.NAME).exists():
        found = load(folder)
        return found if found.generation else replace(found, keeps_events=keep_events)
    if any(name.startswith(_WRITTEN) for name in _files(folder)):
        raise StoreError(
            f"{folder / manifest.NAME}: it is missing, and what it names is there; {_MEND}"
        )
    new = Manifest(secrets.token_hex(16), keeps_events=keep_events)
    with output.to_private_file(str(folder / manifest.NAME)) as write:
        write(new.as_json())
    return new


def prepare(folder: Path) -> None:
    """Make the folder of a store, if it is not there; what is in it is its owner's alone.

    Raises StoreError where it has other things in it, OutputError where it cannot be made.
    """
    names = _names(folder)
    others = [name for name in names if not name.startswith(_OURS)]
    if others and manifest.NAME not in names:
        raise StoreError(f"{folder}: no store, and not empty ({others[0]}); name a new folder")
    with failures_of(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _SEGMENTS).mkdir(mode=0o700, exist_ok=True)
        if not names:
            folder.chmod(0o700)


class Writer:
    """Adds files to a store. They are part of it once a manifest that names them is `commit`ted."""

    def __init__(self, folder: Path, before: Manifest) -> None:
        self.folder = folder
        self.before = before
        self.added: dict[str, tuple[int, str]] = {}

    @property
    def number(self) -> int:
        """Of the generation that is being written."""
        return self.before.generation + 1

    def put(self, name: str, data: bytes) -> str:
        """A new file, on disk when this returns; its name comes back. Raises OutputError."""
        path = self.folder / name
        with failures_of(path):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
        self.added[name] = (len(data), digest(data))
        return name

    def put_frame(self, name: str, frame: pl.DataFrame) -> str:
        """The same of a frame, as Parquet."""
        data = BytesIO()
        frame.write_parquet(data, compression="zstd", compression_level=1)
        return self.put(name, data.getvalue())

    def commit(self, after: Manifest, *, without: frozenset[str] = frozenset()) -> Manifest:
        """Make `after`, with the files put and the former ones but for `without`, what the store is."""
        kept = {name: of for name, of in self.before.files.items() if name not in without}
        whole = after.next(files={**kept, **self.added})
        for folder in {(self.folder / name).parent for name in self.added} | {
            self.folder / _SEGMENTS,
            self.folder,
        }:
            with contextlib.suppress(FileNotFoundError):
                output.sync_folder(folder)
        with output.to_private_file(str(self.folder / manifest.NAME)) as write:
            write(whole.as_json())
        self.before, self.added = whole, {}
        return whole


def segment(number: int, part: int = 0) -> str:
    """The folder of a segment."""
    return f"{_SEGMENTS}/{number:06}" + (f"-{part}" if part else "")


def sweep(folder: Path, current: Manifest) -> None:
    """Remove what the manifest does not name: older states, and what runs that ended early have left."""
    with lock.unread(folder) as free:
        if not free:
            return
        for name in _files(folder):
            if name.startswith(_WRITTEN) and name not in current.files:
                with contextlib.suppress(OSError):
                    (folder / name).unlink()
        for inner in _names(folder / _SEGMENTS):
            with contextlib.suppress(OSError):
                (folder / _SEGMENTS / inner).rmdir()


def _files(folder: Path) -> Iterator[str]:
    yield from (name for name in _names(folder) if name != _SEGMENTS)
    for inner in _names(folder / _SEGMENTS):
        for name in _names(folder / _SEGMENTS / inner):
            yield f"{_SEGMENTS}/{inner}/{name}"


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def digest(data: bytes) -> str:
    """The BLAKE2b of a file."""
    return blake2b(data, digest_size=16).hexdigest()


def damage(folder: Path, files: Mapping[str, tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Files that are not as they were written, and what is wrong with them."""
    for name, (_, expected) in sorted(files.items()):
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            yield name, _reason(error)
        else:
            if digest(data) != expected:
                yield name, "its content has changed"


@contextlib.contextmanager
def damage_told(folder: Path) -> Iterator[None]:
    """Have failures that come of a damaged file told as such. Raises StoreError."""
    try:
        yield
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        ArithmeticError,
        LookupError,
        ValueError,
    ) as error:
        for name, what in damage(folder, load(folder).files):
            raise StoreError(f"{folder / name}: {what}; {_MEND}") from error
        raise


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else "not a text"


@contextlib.contextmanager
def failures_of(path: Path) -> Iterator[None]:
    """Have failures to write told by the path."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{error.filename or path}: {(error.strerror or str(error)).lower()}"
        ) from error
