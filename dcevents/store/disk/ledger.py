"""The logs that a store has read: known by what is in them, not by what they are called or where they lie.

A log is its unpacked content. It is recognised by its beginning, and by what stands before the place up to which it
was read; so it stays the same log when it grows, is renamed, compressed or copied. Where that is in doubt it is another
log, and read from its beginning: that cannot change a figure, since a store's facts are a set.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final

HEAD_BYTES: Final = 1 << 16
"""Bytes of a log's beginning, and before the place up to which it was read, that it is known by."""
_LEDGER_SCHEMA = "dcevents.ledger"
_MAX_FILES_PER_LOG = 4
"""Files that a log was last found in: of a copy and its original, of what was compressed."""


@dataclass(frozen=True)
class RecordCounts:
    """Where a log's records went; added up, of all of them."""

    records: int = 0
    tally: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    rejects: tuple[tuple[int, str, int | None], ...] = ()
    """The first rejected records: line, reason, index."""


@dataclass(frozen=True)
class KnownLog:
    """A log that was read, up to its last whole line."""

    file_name: str
    """Of the file that it was last found in."""
    head_fingerprint: str
    """Fingerprint of its first `head_size` bytes."""
    head_bytes: int
    tail_fingerprint: str
    """Fingerprint of the last bytes, HEAD at most, of those that were read."""
    read_bytes: int
    """Bytes that were read, unpacked."""
    line_count: int
    read: RecordCounts
    rest: RecordCounts
    """Of what stands behind the last whole line."""
    is_resumable: bool = True
    """Whether it may be read on from there; else its records are no lines, and it is read from its beginning."""
    rereads: int = 0
    """How often it was read anew from its beginning."""
    files: tuple[str, ...] = ()
    """Fingerprints of whole files that held this and nothing more."""


def compute_fingerprint(data: bytes | memoryview) -> str:
    """64 bits are plenty: what is alike by chance is read again, or has been read."""
    return blake2b(data, digest_size=12).hexdigest()


class Ledger:
    """All logs that were read; a log's number is its place."""

    def __init__(self, logs: Iterable[KnownLog] = ()) -> None:
        self.logs = list(logs)
        self._number_by_file: dict[str, int] = {}
        self._numbers_by_head: dict[int, dict[str, list[int]]] = {}
        for number, log in enumerate(self.logs):
            self._index_log(number, log)

    def _index_log(self, number: int, log: KnownLog) -> None:
        self._number_by_file |= dict.fromkeys(log.files, number)
        self._numbers_by_head.setdefault(log.head_bytes, {}).setdefault(
            log.head_fingerprint, []
        ).append(number)

    def find_by_file(self, file: str) -> int | None:
        """The log that a whole file was found to hold."""
        return self._number_by_file.get(file)

    def find_by_head(self, head: bytes) -> list[int]:
        """The logs that begin as these first HEAD bytes do, the longest first."""
        found: list[int] = []
        running, at = blake2b(digest_size=12), 0
        for size in sorted(each for each in self._numbers_by_head if each <= len(head)):
            running.update(head[at:size])
            at = size
            found += self._numbers_by_head[size].get(running.hexdigest(), [])
        return sorted(found, key=self.measure_log, reverse=True)

    def measure_log(self, number: int) -> tuple[int, int]:
        """What logs are the longer by that begin alike; of those without a whole line, what is known of their first."""
        return self.logs[number].read_bytes, self.logs[number].head_bytes

    def put_log(self, log: KnownLog, number: int | None = None) -> int:
        """A log anew, or what is known of one now; its number comes back."""
        if number is None:
            self.logs.append(log)
            number = len(self.logs) - 1
        else:
            was = self.logs[number]
            self._numbers_by_head[was.head_bytes][was.head_fingerprint].remove(number)
            self.logs[number] = log
        self._index_log(number, log)
        return number

    def note_file(self, number: int, name: str, file: str) -> None:
        """Note that a log was found in a file, and nothing more."""
        log = self.logs[number]
        files = (*(each for each in log.files if each != file), file)[-_MAX_FILES_PER_LOG:]
        self.put_log(replace(log, file_name=name, files=files), number)

    def to_json(self) -> bytes:
        """The text of the file: what it is, so that it is taken for no log itself, and a line for each log."""
        rows = ({"schema": _LEDGER_SCHEMA}, *map(asdict, self.logs))
        return "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in rows).encode()


def parse_ledger(data: bytes) -> Ledger:
    """The ledger in a file."""
    return Ledger(_parse_log(json.loads(line)) for line in data.splitlines()[1:])


def _parse_log(found: dict[str, Any]) -> KnownLog:
    tallies = {name: _parse_counts(found[name]) for name in ("read", "rest")}
    return KnownLog(**{**found, "files": tuple(found["files"]), **tallies})


def _parse_counts(found: dict[str, Any]) -> RecordCounts:
    rejects: Sequence[Any] = found.pop("rejects")
    return RecordCounts(
        **found, rejects=tuple((line, reason, index) for line, reason, index in rejects)
    )
