"""Logs that change at any moment while they are read: rotated, emptied, cut, written anew.

A fault happens right before a call to the system by which an input is read, the so-many-th of a
run. Lines are numbered, and each says its number in every part, so that two halves of lines that
become one can be told.
"""

import contextlib
import gzip
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import harness

from dcevents.reading.sources import inputs, sizes
from dcevents.store import intake

_LINE = harness.log("09:00:00 s@ engaged id=d@ name=Pricing-@ page=https://x/@ agent=a@")


def write_lines(begin: int, end: int) -> bytes:
    """Return lines of a log by number."""
    return b"".join(_LINE.replace(b"@", b"%05d" % n) for n in range(begin, end))


def list_numbers(data: bytes) -> set[int]:
    """Return the numbers of whole lines."""
    return {int(each) for each in re.findall(rb'"agentID":"a(\d+)"\}\}\}', data)}


@dataclass
class Logs:
    """A folder with a log, its rotated predecessors, and all that was ever written."""

    folder: Path
    next_number: int = 0
    written: set[int] = field(default_factory=set)
    contents: list[set[int]] = field(default_factory=list)
    """Numbers of the log's lines at each moment: as it was, and after each fault."""

    @property
    def path(self) -> Path:
        """The log that is written to."""
        return self.folder / "dc.log"

    def make_lines(self, count: int) -> bytes:
        """Return lines with numbers that no line had before."""
        begin, self.next_number = self.next_number, self.next_number + count
        self.written.update(range(begin, self.next_number))
        return write_lines(begin, self.next_number)

    def append(self, count: int) -> None:
        """Append lines to the log."""
        with self.path.open("ab") as file:
            file.write(self.make_lines(count))

    def note_content(self) -> None:
        """Note what the log holds now."""
        self.contents.append(list_numbers(self.path.read_bytes()))

    def list_on_disk(self) -> set[int]:
        """Return the numbers of all lines in the folder."""
        found = set[int]()
        for path in self.folder.iterdir():
            data = path.read_bytes()
            found |= list_numbers(gzip.decompress(data) if path.suffix == ".gz" else data)
        return found

    def shift(self) -> None:
        """Rename rotated logs, as before each rotation."""
        for number in range(9, 0, -1):
            for ending in ("", ".gz"):
                path = self.folder / f"dc.log.{number}{ending}"
                if path.exists():
                    path.rename(self.folder / f"dc.log.{number + 1}{ending}")


# -- faults ---------------------------------------------------------------------------------------


def rename(logs: Logs, count: int) -> None:
    """Rename the log; begin another."""
    logs.shift()
    logs.path.rename(logs.folder / "dc.log.1")
    logs.path.write_bytes(logs.make_lines(count))


def copy_and_truncate(logs: Logs, count: int) -> None:
    """Copy the log and empty it; go on in the same file."""
    logs.shift()
    shutil.copy2(logs.path, logs.folder / "dc.log.1")
    os.truncate(logs.path, 0)
    logs.append(count)


def copy_and_leave_a_hole(logs: Logs, count: int) -> None:
    """Copy the log and empty it, while its writer goes on at its former place."""
    logs.shift()
    shutil.copy2(logs.path, logs.folder / "dc.log.1")
    size = logs.path.stat().st_size
    os.truncate(logs.path, 0)
    if count:
        os.truncate(logs.path, size)
        with logs.path.open("ab") as file:
            file.write(b"\n" + logs.make_lines(count))


def copy_and_halve(logs: Logs, count: int) -> None:
    """Copy the log and cut it in its midst; go on behind that."""
    logs.shift()
    shutil.copy2(logs.path, logs.folder / "dc.log.1")
    os.truncate(logs.path, logs.path.stat().st_size // 2)
    with logs.path.open("ab") as file:
        file.write(b"\n" + logs.make_lines(count))


def compress(logs: Logs, count: int) -> None:
    """Compress the log in its place; begin another."""
    logs.shift()
    (logs.folder / "dc.log.1.gz").write_bytes(gzip.compress(logs.path.read_bytes()))
    logs.path.unlink()
    logs.path.write_bytes(logs.make_lines(count))


def append(logs: Logs, count: int) -> None:
    """Write on, the last line not to its end."""
    more = logs.make_lines(count)
    with logs.path.open("ab") as file:
        file.write(more[:-1])
        file.flush()
        file.write(more[-1:])


def empty(logs: Logs, count: int) -> None:
    """Empty the log without a copy; go on in the same file."""
    os.truncate(logs.path, 0)
    logs.append(count)


KEEPING: Sequence[Callable[[Logs, int], None]] = [
    rename, copy_and_truncate, copy_and_leave_a_hole, copy_and_halve, compress, append,
]  # fmt: skip
"""Faults after which each line is still in some file."""
FAULTS = [*KEEPING, empty]


@dataclass(frozen=True)
class Fault:
    """What happens to logs before a call of a run."""

    call: int
    act: Callable[[Logs, int], None]
    lines: int
    """Lines that are written then."""


class _FaultyCalls:
    """The calls by which inputs are read, and faults before some of them."""

    def __init__(self, logs: Logs, faults: Sequence[Fault]) -> None:
        self._logs = logs
        self._faults = sorted(faults, key=lambda fault: fault.call)
        self._calls = 0
        self._lock = threading.Lock()
        logs.note_content()

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        if name not in ("open", "pread", "readv", "fstat"):
            return found

        def call(*given: Any, **named: Any) -> Any:
            with self._lock:
                self._calls += 1
                while self._faults and self._faults[0].call <= self._calls:
                    fault = self._faults.pop(0)
                    fault.act(self._logs, fault.lines)
                    self._logs.note_content()
                return found(*given, **named)

        return call


@contextlib.contextmanager
def changing(logs: Logs, faults: Sequence[Fault]) -> Iterator[None]:
    """Have faults happen while logs are read, in blocks of a few lines."""
    with contextlib.ExitStack() as stack:
        for name, size in (
            ("FIRST_BLOCK_BYTES", 1000),
            ("BLOCK_BYTES", 2000),
            ("TAIL_BYTES", 600),
        ):
            stack.enter_context(mock.patch.object(sizes, name, size))
        stack.enter_context(mock.patch.object(intake, "HEAD_BYTES", 600))
        stack.enter_context(mock.patch.object(inputs, "os", _FaultyCalls(logs, faults)))
        yield
