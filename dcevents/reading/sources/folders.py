"""Folders to the logs in them, by name or content, and the files that are none."""

import errno
import json
import os
import re
import stat
from pathlib import Path
from typing import Final, NamedTuple

from dcevents.errors import InputError
from dcevents.reading.rows.table_search import find_header_names
from dcevents.reading.sources import sizes
from dcevents.reading.sources.decompression import UnpackedChunks, is_compressed
from dcevents.reading.sources.foreign_formats import describe_foreign_format
from dcevents.reading.sources.inputs import Input, OpenInput, make_input_error

_LOG_SUFFIXES = (".ndjson", ".jsonl", ".json", ".log")
_REPORT_HEAD_BYTES = (1 << 12, 1 << 20)
"""Bytes of a file's beginning that are looked at: a line of rejected lines is long."""
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
"""Keys of rows that dcevents itself writes as NDJSON or CSV."""
_OBJECT: Final = re.compile(rb'(?m)^[\s\[,]*\{\s*"[^"]*"\s*:')
"""The beginning of a JSON object on a line."""


class SkippedFile(NamedTuple):
    """A file of a folder that is passed over."""

    name: str
    reason: str
    has_objects: bool = False
    """True if it begins with JSON objects, and dcevents did not write it."""


def list_logs(folder: Path) -> tuple[list[Path], list[SkippedFile]]:
    """Return the logs of a folder in name order, and the files that are none.

    Stores and hidden or linked folders are left out. Raises InputError.
    """
    logs: list[Path] = []
    skipped: list[SkippedFile] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise make_input_error(folder, error) from error
    for entry in entries:
        kind = _find_kind(entry)
        if entry.name.startswith("."):
            skipped += [] if kind == stat.S_IFDIR else [_skip(entry, "hidden")]
        elif kind == stat.S_IFDIR:
            if not entry.is_symlink() and not is_store(entry.path):
                inner_logs, inner_skipped = list_logs(Path(entry.path))
                logs += inner_logs
                skipped += inner_skipped
        elif kind != stat.S_IFREG:
            skipped.append(_skip(entry, "no regular file"))
        elif (found := _look_into(entry, path := Path(entry.path))) is None:
            logs.append(path)
        else:
            skipped.append(found)
    return logs, skipped


def is_store(folder: str) -> bool:
    """Return whether a folder is one of dcevents' own stores."""
    try:
        with open(os.path.join(folder, "manifest.json"), "rb") as file:
            return file.read(len(_STORE_MANIFEST_START)) == _STORE_MANIFEST_START
    except OSError:
        return False


def _skip(entry: os.DirEntry[str], reason: str, *, has_objects: bool = False) -> SkippedFile:
    # A name that is not UTF-8 cannot be written into a report.
    name = os.fsencode(entry.path).decode("utf-8", "backslashreplace")
    return SkippedFile(name, reason, has_objects)


def _look_into(entry: os.DirEntry[str], path: Path) -> SkippedFile | None:
    """Return why a regular file is passed over; None for a log, by its name or its content."""
    if any(suffix in entry.name for suffix in _LOG_SUFFIXES):
        is_report = _is_report(_read_report_head(path))
        return _skip(entry, "a report of dcevents") if is_report else None
    try:
        head = _read_head(path, sizes.TAIL_BYTES)
    except InputError:
        return _skip(entry, "it cannot be read")
    if _is_report(head):
        return _skip(entry, "a report of dcevents")
    # Most logs are known by their names.
    from dcevents.reading.sources.contents import has_event  # noqa: PLC0415

    if describe_foreign_format(head) is None and has_event(head):
        return None
    return _skip(entry, "no log by name or content", has_objects=bool(_OBJECT.search(head)))


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


def _is_report(head: bytes) -> bool:
    """Return whether dcevents wrote a file that begins so."""
    if head.lstrip().startswith(_REPORT_STARTS):
        return True
    names = find_header_names(head)
    try:
        first = names or json.loads(head.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    is_row = isinstance(first, dict | tuple) and "event" not in first
    return is_row and any(keys <= set(first) for keys in _REPORT_KEYS)


def _read_report_head(path: Path) -> bytes:
    """Return a file's beginning, unpacked.

    It holds the first line, unless the line is very long.
    """
    head = b""
    for size in _REPORT_HEAD_BYTES:
        head = _read_head(path, size)
        if b"\n" in head:
            break
    return head


def _read_head(path: Path, size: int) -> bytes:
    """Return the first bytes of a file, unpacked. Raises InputError."""
    head = OpenInput(Input(str(path), path)).read_at(size, 0)
    if not is_compressed(head):
        return head
    unpacked = next(iter(UnpackedChunks(iter([memoryview(head)]))), b"")
    return bytes(unpacked[:size])
