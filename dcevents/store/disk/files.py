"""A store's files, which never change, and the manifest that names them."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from typing import IO, Final, Literal

import polars as pl

from dcevents.errors import OutputError, StoreError
from dcevents.folders import TEMPORARY_PREFIX, report_write_failures
from dcevents.store.disk import checksum, lock, manifest, segment
from dcevents.store.disk.checksum import FileRecord
from dcevents.store.disk.folder import StoreFolder
from dcevents.store.disk.manifest import Manifest

SEGMENTS_FOLDER = "segments"
_WRITTEN_PREFIXES = (
    f"{SEGMENTS_FOLDER}/",
    "attributes-",
    "superseded-",
    "ledger-",
    "pending-",
)
_STORE_PREFIXES = (
    "lost+found",
    *_WRITTEN_PREFIXES,
    SEGMENTS_FOLDER,
    manifest.MANIFEST_NAME,
    manifest.COPY_NAME,
    TEMPORARY_PREFIX,
    lock.WRITER_LOCK_NAME,
    lock.READERS_LOCK_NAME,
    "sent-",  # what `send` remembers
)
"""Beginnings of the names that may lie in a store."""
CHANGED = "its content has changed"
_COMPRESSIONS: Final[Mapping[str, Literal["lz4", "uncompressed"]]] = {
    # Read of all segments: in half the time, for a quarter more room.
    "conversations.parquet": "lz4",
    # Hashes, which grow no smaller.
    f"{segment.CONVERSATION_SIDS}.parquet": "uncompressed",
}
"""How files are packed that are not by zstd."""


# -- the manifest --------------------------------------------------------------------------------


def load_manifest(folder: StoreFolder, name: str = manifest.MANIFEST_NAME) -> Manifest:
    """Return the manifest of a store.

    Raises StoreError where there is none, it is damaged, or it or its copy is not the user's own.
    """
    path = folder.locate(name)
    try:
        # What replaces the manifest one day is not to be another's either.
        folder.check_file(manifest.COPY_NAME)
        data = folder.read_file(name)
    except FileNotFoundError as error:
        if folder.has_file(manifest.COPY_NAME) or name == manifest.COPY_NAME:
            raise StoreError(f"{path}: missing; {_advise(folder)}") from error
        raise StoreError(
            f"{folder}: no store; make one with dcevents ingest LOGS --store {folder}"
        ) from error
    except OSError as error:
        raise StoreError(f"{path}: {_describe_error(error)}") from error
    return manifest.parse_manifest(data, str(path), _advise(folder))


def find_manifest_damage(folder: StoreFolder, name: str) -> str | None:
    """Return the damage of the manifest, or of its copy, in words; None where it is sound.

    Raises StoreError where it is not the user's own, or of a version that is not read.
    """
    folder.check_file(name)
    try:
        load_manifest(folder, name)
    except manifest.StoreVersionError:
        raise
    except StoreError as error:
        return str(error).removeprefix(f"{folder.locate(name)}: ").split("; ")[0]
    return None


def find_copy_damage(folder: StoreFolder, current: Manifest) -> str | None:
    """Return the damage of the manifest's copy, which stores of version 2 do not have, in words.

    Raises StoreError where it is not the user's own.
    """
    if current.version < manifest.FIRST_VERSION_WITH_COPY:
        return None
    return find_manifest_damage(folder, manifest.COPY_NAME)


def load_or_create(folder: StoreFolder, *, keep_events: bool) -> Manifest:
    """Return the manifest of a store, perhaps a new one, with all CRC-32s.

    Raises StoreError where the manifest is missing and its files are there: they would be removed.
    """
    if folder.has_file(manifest.MANIFEST_NAME):
        found = load_manifest(folder)
        if not found.generation:
            return replace(found, keeps_events=keep_events)
        return add_checksums(folder, found)
    if any(name.startswith(_WRITTEN_PREFIXES) for name in list_files(folder)):
        raise StoreError(
            f"{folder.locate(manifest.MANIFEST_NAME)}: missing, while files of a store are there; "
            f"{_advise(folder)}"
        )
    new = Manifest(secrets.token_hex(16), keeps_events=keep_events)
    write_manifest(folder, new)
    return new


def add_checksums(folder: StoreFolder, found: Manifest) -> Manifest:
    """Return a manifest with the CRC-32 of each file, which stores of version 2 do not have.

    Raises StoreError where a file is damaged.
    """
    known = {name: record for name, record in found.files.items() if record.crc is not None}
    added = {}
    for name in found.files.keys() - known.keys():
        with open_undamaged(folder, found, name) as file:
            added[name] = checksum.record_bytes(file.read())
    return replace(found, files={**known, **added}) if added else found


def check_folder(folder: StoreFolder) -> None:
    """Raise StoreError where a folder has other things in it, and no manifest."""
    names = folder.list_names()
    others = [name for name in names if not name.startswith(_STORE_PREFIXES)]
    if others and manifest.MANIFEST_NAME not in names:
        raise StoreError(f"{folder}: no store, and not empty ({others[0]}); name a new folder")


def write_manifest(folder: StoreFolder, new: Manifest) -> None:
    """Replace the manifest, then its copy, which `store repair` goes back to."""
    data = new.to_json()
    if folder.has_file(manifest.MANIFEST_NAME) and not folder.has_file(manifest.COPY_NAME):
        # No store of a version that has copies is ever without one.
        restore_copy(folder)
    for name in (manifest.MANIFEST_NAME, manifest.COPY_NAME):
        with report_write_failures(folder.locate(name)):
            folder.replace_file(name, data)


def restore_copy(folder: StoreFolder) -> None:
    """Put what the manifest is in the place of its copy."""
    data = folder.read_file(manifest.MANIFEST_NAME)
    with report_write_failures(folder.locate(manifest.COPY_NAME)):
        folder.replace_file(manifest.COPY_NAME, data)


# -- reading -------------------------------------------------------------------------------------


def open_undamaged(folder: StoreFolder, current: Manifest, name: str) -> IO[bytes]:
    """Open a file of the store, held against its checksum.

    Raises StoreError where it is not as it was written.
    """
    try:
        file = open(folder.open_file(name), "rb")  # noqa: SIM115 - the caller closes it
        if checksum.is_as_written(file.fileno(), current.files[name]):
            return file
        file.close()
    except OSError as error:
        damage = _describe_error(error)
        raise StoreError(f"{folder.locate(name)}: {damage}; {_advise(folder)}") from error
    raise StoreError(f"{folder.locate(name)}: {CHANGED}; {_advise(folder)}")


def read_undamaged(folder: StoreFolder, current: Manifest, name: str) -> bytes:
    """Read a file of the store. Raises StoreError, as `open_undamaged`."""
    with open_undamaged(folder, current, name) as file:
        return file.read()


def find_damage(
    folder: StoreFolder, files: Mapping[str, FileRecord], *, in_full: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield damaged files: name, and damage in words; by their BLAKE2b `in_full`."""
    for name, record in sorted(files.items()):
        try:
            with open(folder.open_file(name), "rb") as file:
                is_sound = checksum.is_as_written(file.fileno(), record, in_full=in_full)
        except OSError as error:
            yield name, _describe_error(error)
        else:
            if not is_sound:
                yield name, CHANGED


@contextlib.contextmanager
def report_damage(folder: StoreFolder) -> Iterator[None]:
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
            raise StoreError(f"{folder.locate(name)}: {damage}; {_advise(folder)}") from error
        raise


def _advise(folder: StoreFolder) -> str:
    return f"run dcevents store repair {folder}"


def _describe_error(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


# -- writing -------------------------------------------------------------------------------------


class StoreWriter:
    """A writer of files, which `commit_manifest` makes part of the store."""

    def __init__(self, folder: StoreFolder, committed: Manifest) -> None:
        self.folder = folder
        self.committed = committed
        """The manifest as it is on disk."""
        self.new_files: dict[str, FileRecord] = {}
        """Files that the manifest does not name yet."""

    @property
    def generation(self) -> int:
        """Return the number of the generation that is being written."""
        return self.committed.generation + 1

    def write_file(self, name: str, data: bytes) -> str:
        """Write a file so that it is on disk.

        Return its name. Raises OutputError.
        """
        self.new_files[name] = self._write_bytes(name, data)
        return name

    def _write_bytes(self, name: str, data: bytes) -> FileRecord:
        with report_write_failures(self.folder.locate(name)):
            inner = name.rpartition("/")[0]
            for folder in (SEGMENTS_FOLDER, inner) if inner else ():
                self.folder.make_folder(folder)
            self.folder.write_file(name, data)
        return checksum.record_bytes(data)

    def write_frames(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """Write frames as Parquet, by the names of their files.

        Two at a time: one waits for the disk while the other is packed. Raises OutputError.
        """
        with ThreadPoolExecutor(2) as pool:
            records = pool.map(self._write_frame, frames, frames.values())
            self.new_files |= dict(zip(frames, records, strict=True))

    def write_frame(self, name: str, frame: pl.DataFrame) -> str:
        """Write a frame as Parquet.

        Return the file's name. Raises OutputError.
        """
        self.new_files[name] = self._write_frame(name, frame)
        return name

    def _write_frame(self, name: str, frame: pl.DataFrame) -> FileRecord:
        data = BytesIO()
        compression = _COMPRESSIONS.get(name.rpartition("/")[2])
        if compression is None:
            frame.write_parquet(data, compression="zstd", compression_level=1)
        else:
            frame.write_parquet(data, compression=compression)
        return self._write_bytes(name, data.getvalue())

    def write_attributes(self, attributes: pl.DataFrame) -> str:
        """Write attributes, all or new ones; return the file's name."""
        return self.write_frame(f"attributes-{self.generation:06}.parquet", attributes)

    def write_superseded(self, superseded: pl.DataFrame) -> str | None:
        """Write the superseded rows.

        Return the file's name, None where there are none.
        """
        if superseded.is_empty():
            return None
        return self.write_frame(f"superseded-{self.generation:06}.parquet", superseded)

    def write_pending(self, pending: pl.Series) -> str | None:
        """Write the pending sessions.

        Return the file's name, None where there are none.
        """
        if pending.is_empty():
            return None
        frame = pending.alias("sid").sort().to_frame()
        return self.write_frame(f"pending-{self.generation:06}.parquet", frame)

    def write_ledger(self, data: bytes) -> str:
        """Write a text of the ledger; return the file's name."""
        return self.write_file(f"ledger-{self.generation:06}.json", data)

    def commit_manifest(self, after: Manifest) -> Manifest:
        """Commit a manifest with the files that it names."""
        named = after.list_own_files({**self.committed.files, **self.new_files})
        successor = after.make_successor(named)
        folders = {name.rpartition("/")[0] for name in self.new_files}
        with report_write_failures(self.folder.path):
            for inner in folders | {SEGMENTS_FOLDER, ""}:
                with contextlib.suppress(FileNotFoundError):
                    self.folder.sync(inner)
        write_manifest(self.folder, successor)
        self.committed, self.new_files = successor, {}
        return successor


def restore_manifest(folder: StoreFolder) -> Manifest:
    """Put the manifest's copy in its place; return it.

    Raises StoreError where the copy is damaged as well.
    """
    found = load_manifest(folder, manifest.COPY_NAME)
    # As it is: an older dcevents reads it, if it is of one.
    data = folder.read_file(manifest.COPY_NAME)
    with report_write_failures(folder.locate(manifest.MANIFEST_NAME)):
        folder.replace_file(manifest.MANIFEST_NAME, data)
    return found


def name_segment(number: int, part: int = 0) -> str:
    """Return the folder of a segment."""
    return f"{SEGMENTS_FOLDER}/{number:06}" + (f"-{part}" if part else "")


# -- leftovers -----------------------------------------------------------------------------------


def list_leftovers(folder: StoreFolder, current: Manifest) -> list[str]:
    """Return the files that the manifest does not name.

    They are of earlier generations, or of runs that ended early.
    """
    prefixes = (*_WRITTEN_PREFIXES, TEMPORARY_PREFIX)
    return [
        name
        for name in list_files(folder)
        if name.startswith(prefixes) and name not in current.files
    ]


def remove_leftovers(folder: StoreFolder, current: Manifest) -> list[str]:
    """Remove files that the manifest does not name, unless the store is read.

    Return those that are still there. Who holds the store for writing is the only one to write a
    manifest.
    """
    found = list_leftovers(folder, current)
    with lock.exclude_readers(folder) as has_no_readers:
        if not has_no_readers:
            return found
        if found:
            _renew_copy(folder)
        for name in found:
            with contextlib.suppress(OSError):
                folder.remove_file(name)
        for inner in folder.list_names(SEGMENTS_FOLDER):
            with contextlib.suppress(OSError):
                folder.remove_folder(f"{SEGMENTS_FOLDER}/{inner}")
    return list_leftovers(folder, current)


def _renew_copy(folder: StoreFolder) -> None:
    """Have the manifest's copy name no file that goes: a killed run may have left a former one.

    Raises StoreError where the manifest is damaged.
    """
    if not folder.has_file(manifest.COPY_NAME):
        return
    load_manifest(folder)
    names = (manifest.MANIFEST_NAME, manifest.COPY_NAME)
    if len({folder.read_file(name) for name in names}) > 1:
        with contextlib.suppress(OutputError):  # A full disk: what goes makes room.
            restore_copy(folder)


def remove_late_leftovers(folder: StoreFolder) -> None:
    """Remove files that were to go while the store was read, where nobody holds it now."""
    if not list_leftovers(folder, load_manifest(folder)):
        return
    with lock.hold_if_free(folder) as is_held:
        if is_held:
            # Another run may have written since.
            remove_leftovers(folder, load_manifest(folder))


def list_files(folder: StoreFolder) -> Iterator[str]:
    """Yield the names of all files in a store, and of its segments."""
    yield from (name for name in folder.list_names() if name != SEGMENTS_FOLDER)
    for inner in folder.list_names(SEGMENTS_FOLDER):
        for name in folder.list_names(f"{SEGMENTS_FOLDER}/{inner}"):
            yield f"{SEGMENTS_FOLDER}/{inner}/{name}"
