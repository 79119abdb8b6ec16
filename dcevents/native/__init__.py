"""The library of C functions, which reads logs fast. Without it, Python does the same, slowly."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import Literal

from dcevents.errors import DcError, UsageError

ABI = 16
"""The interface that Python expects of the library: DCEVENTS_ABI of version.h."""
VARIABLE = "DCEVENTS_SCANNER"
LIBRARY = Path(__file__).with_name("libdcevents.so")


def load_library() -> ctypes.CDLL | None:
    """Return the library; None where Python is to do its work.

    Raises UsageError where DCEVENTS_SCANNER is neither `c` nor `python`, DcError where it asks for
    a library that cannot be loaded, or where the library is of another version than the package.
    """
    choice = _read_choice()
    if choice == "python":
        return None
    found = _open_library()
    if isinstance(found, ctypes.CDLL):
        return found
    if choice == "c":
        raise DcError(f"{VARIABLE}=c: {found}")
    return None


def draw_seed() -> int:
    """Return 64 bits that nobody can guess."""
    # `secrets` does the same, but imports what signs messages: 2 ms of each run.
    return int.from_bytes(os.urandom(8))


def give_memory_back() -> None:
    """Give the memory back that reading has needed, and have columns do so from now on.

    Small blocks that stay hold the large ones between them, which are free.
    """
    if (library := load_library()) is not None:
        library.dcevents_give_memory_back()


def describe_scanner() -> str:
    """Return which scanner reads logs, and why where that is the slow one."""
    if load_library() is not None:
        return "C scanner"
    reason = f"{VARIABLE}=python" if _read_choice() == "python" else _open_library()
    return f"pure Python scanner: {reason}"


def _read_choice() -> Literal["c", "python"] | None:
    match os.environ.get(VARIABLE, ""):
        case "":
            return None
        case "c":
            return "c"
        case "python":
            return "python"
        case other:
            raise UsageError(f"{VARIABLE}={other}: neither c nor python")


@cache
def _open_library() -> ctypes.CDLL | str:
    """Return the library, or the reason why there is none."""
    if not LIBRARY.exists():
        return "no C library was built when dcevents was installed"
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        return f"{LIBRARY} cannot be loaded ({error})"
    if _read_abi(library) != ABI or _is_outdated():
        raise DcError(f"{LIBRARY} is of another version of dcevents: reinstall dcevents")
    return library


def _is_outdated() -> bool:
    """Return whether sources, which only checkouts have beside the library, are newer."""
    built = LIBRARY.stat().st_mtime_ns
    return any(source.stat().st_mtime_ns > built for source in LIBRARY.parent.glob("*.[ch]"))


def _read_abi(library: ctypes.CDLL) -> int | None:
    try:
        return int(library.dcevents_abi())
    except AttributeError:
        return None
