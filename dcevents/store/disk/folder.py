"""A store's folder."""

from pathlib import Path
from typing import ClassVar

from dcevents.errors import StoreError
from dcevents.folders import OwnFolder


class StoreFolder(OwnFolder):
    """The folder of a store."""

    noun: ClassVar = "store"


def open_folder(path: Path) -> StoreFolder:
    """Open the folder of a store.

    Raises StoreError where there is none, and where it is not the user's alone.
    """
    try:
        return StoreFolder.open(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(
            f"{path}: no store; make one with dcevents ingest LOGS --store {path}"
        ) from error
    except OSError as error:
        raise StoreError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def make_folder(path: Path) -> StoreFolder:
    """Open the folder of a store, perhaps a new one: see `OwnFolder.make`."""
    return StoreFolder.make(path)
