"""Small new files, read together: cloud functions write one a request.

Each is a log of its own all the same. Reading a few bytes by itself costs more than reading them.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from dcevents.errors import InputError
from dcevents.model.facts import Facts
from dcevents.reading.account import Account, RejectedLine
from dcevents.reading.log import GrowingLogs, Log, read_growing_logs
from dcevents.reading.sources.inputs import Input, InputResult, Resume
from dcevents.store.accounts import join_accounts, summarise_records
from dcevents.store.disk.ledger import HEAD_BYTES
from dcevents.store.intake import (
    IngestOptions,
    Intake,
    OpenStore,
    ReadLog,
    SeenFile,
    describe_log,
    find_forgotten,
    strip_head,
)

_MAX_FILES: Final = 2000
_MAX_BYTES: Final = 1 << 24
_BEGIN_BYTES: Final = 128
"""Bytes of a beginning by which those that begin alike are sought."""


class SmallFile(NamedTuple):
    """A new file that waits for others."""

    source: Input
    fingerprint: str
    head: bytes
    """Its first bytes, unpacked: mostly all."""
    status: tuple[int, int]
    """Its size and time of writing when it was looked into."""


class WaitingFiles:
    """Small files that are to be read together, in order."""

    def __init__(self) -> None:
        self._files: list[SmallFile] = []
        self._bytes = 0
        self._long_heads: dict[bytes, list[bytes]] = {}
        """By their first bytes."""
        self._short_heads: dict[int, set[bytes]] = {}
        """By their length."""

    @property
    def is_full(self) -> bool:
        """Return whether the files are to be read before another one is added."""
        return len(self._files) >= _MAX_FILES or self._bytes >= _MAX_BYTES

    def add(self, seen: SeenFile) -> None:
        """Add a file, which need not stay open."""
        source = seen.source._replace(resume=Resume(head=seen.identity.head))
        status = seen.file.read_status()
        self._files.append(
            SmallFile(
                source,
                seen.fingerprint,
                seen.identity.head,
                (status.st_size, status.st_mtime_ns),
            )
        )
        self._bytes += seen.source.size or 0
        head = strip_head(seen.identity.head)
        if len(head) < _BEGIN_BYTES:
            self._short_heads.setdefault(len(head), set()).add(head)
        else:
            self._long_heads.setdefault(head[:_BEGIN_BYTES], []).append(head)

    def has_beginning_of(self, head: bytes) -> bool:
        """Return whether one of the files may be known by a beginning of these bytes."""
        alike = self._long_heads.get(head[:_BEGIN_BYTES], ())
        shorts = self._short_heads.items()
        return any(map(head.startswith, alike)) or any(head[:n] in heads for n, heads in shorts)

    def take_all(self) -> list[SmallFile]:
        """Return the files, and forget them."""
        files = self._files
        self.__init__()  # type: ignore[misc]
        return files


class ReadFiles(NamedTuple):
    """Files that were read together."""

    intakes: Sequence[Intake]
    """One for each file, with what was found out about it."""
    whole: Intake
    """The logs of all files together; their inputs are the files in their order."""


def is_small(seen: SeenFile) -> bool:
    """Return whether a file may be read with others: new, small, and not changing."""
    size = seen.source.size or 0
    is_short = len(seen.identity.head) < HEAD_BYTES  # unpacked, too
    return seen.is_new and is_short and 0 < size <= HEAD_BYTES and not seen.has_changed


def read_together(
    store: OpenStore, files: Sequence[SmallFile], options: IngestOptions
) -> ReadFiles | None:
    """Read small files.

    Return None where each has to be read by itself: one is gone, or has forgotten sessions.
    """
    rejects: list[tuple[RejectedLine, bytes]] = []

    def keep_reject(line: RejectedLine, raw: bytes) -> None:
        rejects.append((line, raw))

    try:
        read = read_growing_logs(
            [each.source for each in files],
            store.settings,
            store.vocabulary,
            options.report_progress,
            keep_reject=keep_reject if options.keep_reject else None,
        )
    except InputError:
        return None
    if not find_forgotten(store, read.log).is_empty():
        return None
    if options.keep_reject:
        for line, raw in rejects:
            options.keep_reject(line, raw)
    intakes = [
        _describe_intake(store, each, result, accounts, options.clock)
        for each, result, accounts in zip(files, read.log.inputs, read.accounts, strict=True)
    ]
    return ReadFiles(intakes, _join_logs(files[0].source, read))


def _describe_intake(
    store: OpenStore,
    file: SmallFile,
    result: InputResult,
    accounts: tuple[Account, Account],
    clock: int,
) -> Intake:
    """Return the intake of a file, without its log."""
    extent = result.extent
    intake = Intake(file.source, results=(result,))
    if result.has_changed:
        return replace(intake, has_changed=True, lost_head=file.head)
    if not extent.end and not extent.rest_bytes:
        return intake
    counts = (summarise_records(each) for each in accounts)
    known = describe_log(store, None, ReadLog(result, Resume(), *counts), clock)
    is_whole = extent.head == file.head and not result.problem and _is_unchanged(file)
    if is_whole:
        known = replace(known, file_fingerprints=(file.fingerprint,))
    fingerprint = file.fingerprint if is_whole else None
    return replace(intake, file=fingerprint, known=known, has_changed=not is_whole)


def _is_unchanged(file: SmallFile) -> bool:
    try:
        status = os.stat(file.source.path or "")
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == file.status


def _join_logs(source: Input, read: GrowingLogs) -> Intake:
    """Return the logs of all files as one intake."""
    sure, rest = (
        join_accounts([(0, pair[place]) for pair in read.accounts], len(read.accounts))
        for place in (0, 1)
    )
    logs = (replace(read.log, account=sure), Log([*read.log.inputs], Facts(), rest))
    return Intake(source, logs=logs)
