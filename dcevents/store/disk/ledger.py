"""The logs that a store has read, known by their content.

A log is its unpacked content. It is recognised by its beginning, and by the bytes before the place
up to which it was read: so it stays the same log when it grows, is renamed, compressed or copied.
In doubt it is another log, and read from its beginning. That changes no figure, since a store's
facts are a set.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final

from dcevents.reading.framing import ResumePoint

HEAD_BYTES: Final = 1 << 16
"""Bytes that a log is known by: at its beginning, and before the place up to which it was read."""
_LEDGER_SCHEMA = "dcevents.ledger"
_MAX_FILES_PER_LOG = 4
"""Files that a log was last found in: a copy and its original, compressed or not."""
_FINGERPRINT_BYTES = 12


@dataclass(frozen=True)
class RecordCounts:
    """Counts of a log's records by bucket."""

    records: int = 0
    tally: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    rejects: tuple[tuple[int, str, int | None], ...] = ()
    """The first rejected records: line, reason, index."""


@dataclass(frozen=True)
class KnownLog:
    """A log that was read."""

    file_name: str
    """The file that it was last found in."""
    head_fingerprint: str
    """Fingerprint of its first `head_bytes` bytes."""
    head_bytes: int
    tail_fingerprint: str
    """Fingerprint of the last bytes before the place of `resume`, HEAD_BYTES at most."""
    resume: ResumePoint
    """The place, unpacked, up to which its records are sure, and how they go on there."""
    sure: RecordCounts
    rest: RecordCounts
    """Counts of what is behind that place, which the next run reads again."""
    first_clock_ms: int | None = None
    """The clock of the first reading, by which times without a year go."""
    rereads: int = 0
    """How often it was read anew from its beginning."""
    file_fingerprints: tuple[str, ...] = ()
    """Fingerprints of whole files that held this log and nothing more."""


def compute_fingerprint(data: bytes | memoryview) -> str:
    """Return a fingerprint of 96 bits.

    Equal ones by chance change no figure.
    """
    return blake2b(data, digest_size=_FINGERPRINT_BYTES).hexdigest()


class Ledger:
    """All logs that were read.

    A log's number is its place.
    """

    def __init__(self, logs: Iterable[KnownLog] = ()) -> None:
        self.logs = list(logs)
        self._number_by_file: dict[str, int] = {}
        self._numbers_by_head: dict[int, dict[str, list[int]]] = {}
        """Length of a head → its fingerprint → numbers of logs."""
        for number, log in enumerate(self.logs):
            self._index_log(number, log)

    def _index_log(self, number: int, log: KnownLog) -> None:
        self._number_by_file |= dict.fromkeys(log.file_fingerprints, number)
        heads = self._numbers_by_head.setdefault(log.head_bytes, {})
        heads.setdefault(log.head_fingerprint, []).append(number)

    def find_by_file(self, file: str) -> int | None:
        """Find the log that a file with this fingerprint holds."""
        return self._number_by_file.get(file)

    def find_by_head(self, head: bytes) -> list[int]:
        """Find the logs with this beginning, the longest first."""
        found: list[int] = []
        running, at = blake2b(digest_size=_FINGERPRINT_BYTES), 0
        for size in sorted(each for each in self._numbers_by_head if each <= len(head)):
            running.update(head[at:size])
            at = size
            found += self._numbers_by_head[size].get(running.hexdigest(), [])
        return sorted(found, key=self.measure_log, reverse=True)

    def measure_log(self, number: int) -> tuple[int, int]:
        """Return a log's length: bytes that were read, bytes of its head."""
        return self.logs[number].resume.offset, self.logs[number].head_bytes

    def put_log(self, log: KnownLog, number: int | None = None) -> int:
        """Add a log, or replace the one with this number.

        Return its number.
        """
        if number is None:
            self.logs.append(log)
            number = len(self.logs) - 1
        else:
            former = self.logs[number]
            self._numbers_by_head[former.head_bytes][former.head_fingerprint].remove(number)
            self.logs[number] = log
        self._index_log(number, log)
        return number

    def note_file(self, number: int, name: str, file: str) -> None:
        """Note that a file holds a log and nothing more."""
        log = self.logs[number]
        others = (each for each in log.file_fingerprints if each != file)
        fingerprints = (*others, file)[-_MAX_FILES_PER_LOG:]
        self.put_log(replace(log, file_name=name, file_fingerprints=fingerprints), number)

    def to_json(self) -> bytes:
        """Return the text of the file: its schema, then the logs."""
        rows = ({"schema": _LEDGER_SCHEMA}, *map(asdict, self.logs))
        return "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in rows).encode()


def parse_ledger(data: bytes) -> Ledger:
    """Parse the text of a ledger."""
    return Ledger(_parse_log(json.loads(line)) for line in data.splitlines()[1:])


def _parse_log(found: dict[str, Any]) -> KnownLog:
    counts = {name: _parse_counts(found[name]) for name in ("sure", "rest")}
    fingerprints = tuple(found["file_fingerprints"])
    resume = ResumePoint(**found["resume"])
    return KnownLog(**{**found, "resume": resume, "file_fingerprints": fingerprints, **counts})


def _parse_counts(found: dict[str, Any]) -> RecordCounts:
    rejects: Sequence[Any] = found.pop("rejects")
    places = tuple((line, reason, index) for line, reason, index in rejects)
    return RecordCounts(**found, rejects=places)
