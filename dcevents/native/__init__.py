"""The library in C, if it was built: plain functions on bytes, called through ctypes."""

import ctypes
import os
from functools import cache
from pathlib import Path

_LIBRARY = Path(__file__).with_name("libdcevents.so")


@cache
def load_library() -> ctypes.CDLL | None:
    """Return the library in C; None where it was not built, or Python is to be used."""
    if os.environ.get("DCEVENTS_SCANNER") == "python" or not _LIBRARY.exists():
        return None
    return ctypes.CDLL(str(_LIBRARY))
