"""Folders outside those of a test, which are its user's alone."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def make_open_folder(mode: int) -> Iterator[Path]:
    """Yield a folder with this mode; remove it afterwards."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(mode)
    yield folder
    shutil.rmtree(folder)
