"""Operands to inputs: files, folders, standard input."""

import errno
import json
import os
import stat
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from dcevents.errors import InputError, MissingInputError
from dcevents.reading.sources import sizes
from dcevents.reading.sources.decompression import UnpackedChunks
from dcevents.reading.sources.inputs import Input, OpenInput, make_input_error

_LOG_SUFFIXES = (".ndjson", ".jsonl", ".json", ".log")
_MAX_REPORT_HEAD_BYTES = 1 << 20
"""Bytes of a file's beginning that are looked at: a line of rejected lines is long."""
_MAX_LISTINGS = 3
"""How often folders are listed at most, where files vanish from them meanwhile."""
_STORE_MANIFEST_START = b'{"schema":"dcevents.store"'
_REPORT_STARTS = (b'{"schema":"dcevents.', b'{"schema": "dcevents.')
_REPORT_KEYS = (
    {"sessions", "triggered", "engagement_rate"},
    {"abandoned", "abandonment_rate"},
    {"requests", "acceptance_rate"},
    {"sid", "started_at", "outcome"},
    {"sid", "requested_at", "outcome"},
    {"kind", "sid", "file", "line"},
    {"report", "metric", "value"},
    {"file", "line", "reason", "raw"},
    {"file", "line", "reason", "raw_base64"},
)
"""Keys of rows that dcevents itself writes as NDJSON."""


class FoundInputs(NamedTuple):
    """The inputs of a run, in order."""

    inputs: list[Input]
    skipped_files: int
    """Files of folders that are no logs by name or content."""
    identities: Collection[tuple[int, int]]
    """(device, inode) of each input."""

    def is_nonempty_input(self, name: str) -> bool:
        """Return whether a file is an input with content."""
        try:
            status = os.stat(name)
        except (OSError, ValueError):
            return False
        is_regular = stat.S_ISREG(status.st_mode)
        return is_regular and status.st_size > 0 and _identify_file(status) in self.identities


def find_inputs(operands: Sequence[str]) -> FoundInputs:
    """Find the inputs of operands, each file once.

    Raises InputError for the first that is missing or may not be read.
    """
    for _ in range(_MAX_LISTINGS - 1):
        try:
            return _find_inputs_once(operands)
        except MissingInputError:
            if not all(operand == "-" or os.path.exists(operand) for operand in operands):
                raise
            # A file was renamed after its folder was listed.
    return _find_inputs_once(operands)


def _find_inputs_once(operands: Sequence[str]) -> FoundInputs:
    inputs: list[Input] = []
    seen: set[tuple[int, int]] = set()
    skipped_files = 0
    for operand in operands:
        files, skipped = _expand_operand(operand)
        skipped_files += skipped
        for file in files:
            status = os.fstat(0) if file is None else _stat_path(file)
            if _identify_file(status) not in seen:
                seen.add(_identify_file(status))
                inputs.append(_make_input(file, status))
    return FoundInputs(inputs, skipped_files, seen)


def is_standard_input_given() -> bool:
    """Return whether standard input is a pipe or a file.

    It is neither on a terminal, and under cron.
    """
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _expand_operand(operand: str) -> tuple[Iterable[Path | None], int]:
    """Return an operand's files, and how many were skipped.

    None stands for standard input.
    """
    if not operand:
        raise InputError("'' is no file name; is a variable empty?")
    if operand == "-":
        return [None], 0
    path = Path(operand)
    if not stat.S_ISDIR(_stat_path(path).st_mode):
        return [path], 0
    if _is_store(operand):
        raise InputError(f"{path}: a store, not logs; read it with --store {path}")
    return _list_logs(path)


def _identify_file(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _make_input(file: Path | None, status: os.stat_result) -> Input:
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    if file is None:
        return Input("standard input", None, size)
    if size is not None and not os.access(file, os.R_OK):
        raise InputError(f"{file}: permission denied")
    # A name that is not UTF-8 can be opened, but not written into a report.
    name = os.fsencode(file).decode("utf-8", "backslashreplace")
    return Input(name, file, size, None if size is None else _identify_file(status))


def _stat_path(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except (OSError, ValueError) as error:
        raise make_input_error(path, error) from error


def _list_logs(folder: Path) -> tuple[list[Path], int]:
    """List a folder's logs in name order; count its other files."""
    logs, others = [], 0
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise make_input_error(folder, error) from error
    for entry in entries:
        kind = _find_kind(entry)
        if entry.name.startswith("."):
            others += kind != stat.S_IFDIR
        elif kind == stat.S_IFDIR:
            if not entry.is_symlink() and not _is_store(entry.path):
                inner_logs, inner_others = _list_logs(Path(entry.path))
                logs += inner_logs
                others += inner_others
        elif kind == stat.S_IFREG and _is_log(entry):
            logs.append(Path(entry.path))
        else:
            others += 1
    return logs, others


def _is_log(entry: os.DirEntry[str]) -> bool:
    """Return whether a folder's file is a log."""
    is_named_log = any(suffix in entry.name for suffix in _LOG_SUFFIXES)
    return is_named_log and not _is_report(entry.path)


def _find_kind(entry: os.DirEntry[str]) -> int | None:
    """Return whether a folder's entry is a folder or a file, as in `st_mode`.

    None for anything else, as for a link that leads nowhere or to itself. Raises InputError.
    """
    try:
        if entry.is_dir():
            return stat.S_IFDIR
        return stat.S_IFREG if entry.is_file() else None
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            return None
        raise make_input_error(entry.path, error) from error


def _is_store(folder: str) -> bool:
    """Return whether a folder is one of dcevents' own stores."""
    try:
        with open(os.path.join(folder, "manifest.json"), "rb") as file:
            return file.read(len(_STORE_MANIFEST_START)) == _STORE_MANIFEST_START
    except OSError:
        return False


def _is_report(path: str) -> bool:
    """Return whether dcevents wrote a file."""
    head = _read_report_head(path)
    if head.lstrip().startswith(_REPORT_STARTS):
        return True
    try:
        first = json.loads(head.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    is_row = isinstance(first, dict) and "event" not in first
    return is_row and any(keys <= first.keys() for keys in _REPORT_KEYS)


def _read_report_head(path: str) -> bytes:
    """Return a file's beginning, unpacked.

    It holds the first line, unless the line is very long.
    """
    file = OpenInput(Input(path, Path(path)))
    head = file.read_at(sizes.TAIL_BYTES, 0)
    head = head if b"\n" in head else file.read_at(_MAX_REPORT_HEAD_BYTES, 0)
    unpacked = next(iter(UnpackedChunks(iter([memoryview(head)]))), b"")
    return bytes(unpacked[:_MAX_REPORT_HEAD_BYTES])
