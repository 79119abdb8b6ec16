"""The logs that a store has read, known by their content.

A log is its unpacked content. It is recognised by its beginning, and by the bytes before the place
up to which it was read: so it stays the same log when it grows, is renamed, compressed or copied.
In doubt it is another log, and read from its beginning. That changes no figure, since a store's
facts are a set.

On disk a ledger is a row of files: each has the logs that changed since the one before it. When
they are many, or large beside the first, all are written anew as one.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final

from dcevents.reading.account import MAX_UNKNOWN_NAMES
from dcevents.reading.framing import BEGINNING, ResumePoint

HEAD_BYTES: Final = 1 << 16
"""Bytes that a log is known by: at its beginning, and before the place up to which it was read."""
_LEDGER_SCHEMA = "dcevents.ledger"
_MAX_FILES_PER_LOG = 4
"""Files that a log was last found in: a copy and its original, compressed or not."""
_FINGERPRINT_BYTES = 12
_BEGIN_BYTES: Final = 128
"""Bytes of a beginning by which logs are sought before their whole heads are compared."""
MAX_STORED_REJECTS: Final = 20
"""Rejected records that a store shows: those of later logs are counted only."""
OTHER_NAME: Final = "other"
"""Unknown events beyond the first names of a store."""


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
    read_at: int = 0
    """The clock when something of it was last read, milliseconds since 1970."""
    is_lost: bool = False
    """Whether its facts are missing since a repair: it is to be read again."""
    begin_fingerprint: str = ""
    """Fingerprint of the first bytes of its head; empty where it is short, or from version 2."""
    runs: tuple[int, int] | None = None
    """The first and the last generation of the store that something of it was read into."""


def compute_fingerprint(data: bytes | memoryview) -> str:
    """Return a fingerprint of 96 bits.

    Equal ones by chance change no figure.
    """
    return blake2b(data, digest_size=_FINGERPRINT_BYTES).hexdigest()


def compute_begin_fingerprint(head: bytes) -> str:
    """Return the fingerprint of a head's first bytes; empty for a short one."""
    return compute_fingerprint(head[:_BEGIN_BYTES]) if len(head) >= _BEGIN_BYTES else ""


class Ledger:
    """All logs that were read, by number."""

    def __init__(self) -> None:
        self.logs: dict[int, KnownLog] = {}
        self.dropped = RecordCounts()
        """Counts of logs that are no longer known one by one."""
        self.dropped_count = 0
        self.is_to_rewrite = False
        """Whether a file with what has changed does not say all."""
        self._names: dict[str, int] = {}
        """Names of unknown events, the first of the store, and their numbers."""
        self._stored_names = 0
        self._changed: set[int] = set()
        """Numbers of logs that the files on disk do not have so."""
        self._numbers_with_rejects: dict[int, int] = {}
        self._number_by_file: dict[str, int] = {}
        self._next_number = 0
        self._heads: dict[str, dict[int, dict[str, list[int]]]] = {}
        """Fingerprint of a beginning → length of a head → its fingerprint → numbers of logs."""

    def _index_log(self, number: int, log: KnownLog) -> None:
        self._number_by_file |= dict.fromkeys(log.file_fingerprints, number)
        heads = self._heads.setdefault(log.begin_fingerprint, {}).setdefault(log.head_bytes, {})
        heads.setdefault(log.head_fingerprint, []).append(number)
        self._next_number = max(self._next_number, number + 1)
        self._numbers_with_rejects.pop(number, None)
        if rejects := len(log.sure.rejects) + len(log.rest.rejects):
            self._numbers_with_rejects[number] = rejects

    def _remove_from_index(self, number: int) -> None:
        log = self.logs[number]
        heads = self._heads[log.begin_fingerprint][log.head_bytes]
        heads[log.head_fingerprint].remove(number)
        if not heads[log.head_fingerprint]:
            del heads[log.head_fingerprint]
        for each in log.file_fingerprints:
            if self._number_by_file.get(each) == number:
                del self._number_by_file[each]

    def find_by_file(self, file: str) -> int | None:
        """Find the log that a file with this fingerprint holds."""
        return self._number_by_file.get(file)

    def find_by_head(self, head: bytes) -> list[int]:
        """Find the logs with this beginning, the longest first."""
        found: list[int] = []
        for begin in {"", compute_begin_fingerprint(head)}:
            heads = self._heads.get(begin, {})
            running, at = blake2b(digest_size=_FINGERPRINT_BYTES), 0
            for size in sorted(each for each in heads if each <= len(head) and heads[each]):
                running.update(head[at:size])
                at = size
                found += heads[size].get(running.hexdigest(), [])
        return sorted(found, key=self.measure_log, reverse=True)

    def measure_log(self, number: int) -> tuple[int, int]:
        """Return a log's length: bytes that were read, bytes of its head."""
        return self.logs[number].resume.offset, self.logs[number].head_bytes

    def put_log(self, log: KnownLog, number: int | None = None) -> int:
        """Add a log, or replace the one with this number.

        Of unknown events only the store's first names are kept, and of rejected records the first.
        Return its number.
        """
        if number is None:
            number = self._next_number
        else:
            self._remove_from_index(number)
        log = replace(log, sure=self._limit(log.sure, number), rest=self._limit(log.rest, number))
        self.logs[number] = log
        self._index_log(number, log)
        self._changed.add(number)
        return number

    def _limit(self, counts: RecordCounts, number: int) -> RecordCounts:
        """Return counts with no more names and rejected records than a store keeps."""
        unknown: dict[str, int] = {}
        for name, records in counts.unknown.items():
            kept = name if self._number_name(name) is not None else OTHER_NAME
            unknown[kept] = unknown.get(kept, 0) + records
        before = sum(n for each, n in self._numbers_with_rejects.items() if each < number)
        rejects = counts.rejects[: max(0, MAX_STORED_REJECTS - before)]
        return replace(counts, unknown=unknown, rejects=rejects)

    def _number_name(self, name: str) -> int | None:
        """Return the number of an unknown event's name; None beyond the first names."""
        if name in self._names:
            return self._names[name]
        if name == OTHER_NAME or len(self._names) >= MAX_UNKNOWN_NAMES:
            return None
        self._names[name] = len(self._names)
        return self._names[name]

    def note_file(self, number: int, name: str, file: str) -> None:
        """Note that a file holds a log and nothing more."""
        log = self.logs[number]
        if log.file_name == name and log.file_fingerprints[-1:] == (file,):
            return
        others = (each for each in log.file_fingerprints if each != file)
        fingerprints = (*others, file)[-_MAX_FILES_PER_LOG:]
        self.put_log(replace(log, file_name=name, file_fingerprints=fingerprints), number)

    def drop_logs(self, numbers: Collection[int], total: RecordCounts) -> None:
        """Forget logs, and keep their counts: `total` has those of all dropped so far."""
        for number in numbers:
            self._remove_from_index(number)
            del self.logs[number]
        self.dropped, self.dropped_count = total, self.dropped_count + len(numbers)
        self.is_to_rewrite = True

    # -- files -----------------------------------------------------------------------------------

    @property
    def has_changes(self) -> bool:
        """Return whether the files on disk lack something."""
        return bool(self._changed) or self.is_to_rewrite

    def format_changes(self) -> bytes:
        """Return the text of a file with the logs that have changed."""
        names = [*self._names][self._stored_names :]
        rows: list[dict[str, Any]] = [{"schema": _LEDGER_SCHEMA, "names": names}]
        rows += [self._build_row(number) for number in sorted(self._changed)]
        self._note_stored()
        return _format_rows(rows)

    def format_all(self) -> bytes:
        """Return the text of one file in place of all, with the names that are in use."""
        self._names = {}
        for log in self.logs.values():
            for name in (*log.sure.unknown, *log.rest.unknown):
                self._number_name(name)
        header: dict[str, Any] = {"schema": _LEDGER_SCHEMA, "names": [*self._names]}
        if self.dropped_count or self.dropped.records:
            counts = _build_counts(self.dropped, {})
            header["dropped"] = {"logs": self.dropped_count, **counts}
        rows = [header, *(self._build_row(number) for number in sorted(self.logs))]
        self._note_stored()
        return _format_rows(rows)

    def _note_stored(self) -> None:
        self._stored_names = len(self._names)
        self._changed, self.is_to_rewrite = set(), False

    def _build_row(self, number: int) -> dict[str, Any]:
        """Return a log for JSON, without members that say nothing."""
        log = self.logs[number]
        found = {
            "name": log.file_name,
            "head": [log.head_fingerprint, log.head_bytes, log.begin_fingerprint],
            "tail": log.tail_fingerprint,
            "resume": astuple(log.resume) if log.resume != BEGINNING else None,
            "sure": _build_counts(log.sure, self._names),
            "rest": _build_counts(log.rest, self._names),
            "clock": log.first_clock_ms,
            "rereads": log.rereads,
            "files": log.file_fingerprints,
            "read_at": log.read_at,
            "runs": log.runs,
            "lost": log.is_lost,
        }
        return {"number": number, **{name: each for name, each in found.items() if each}}

    def add_file(self, data: bytes) -> None:
        """Add what a file of the ledger says."""
        lines = data.splitlines()
        header = json.loads(lines[0])
        for name in header.get("names", ()):
            self._names[name] = len(self._names)
        if dropped := header.get("dropped"):
            self.dropped_count = dropped.pop("logs")
            self.dropped = _parse_counts(dropped, [])
        names = [*self._names]
        # One call for all lines takes half the time.
        for place, row in enumerate(json.loads(b"[" + b",".join(lines[1:]) + b"]")):
            number = row.get("number", place)
            if number in self.logs:
                self._remove_from_index(number)
            self.logs[number] = _parse_log(row, names)
            self._index_log(number, self.logs[number])
        self._stored_names = len(self._names)


def parse_ledger(files: Iterable[bytes]) -> Ledger:
    """Parse the files of a ledger, in their order."""
    ledger = Ledger()
    for data in files:
        ledger.add_file(data)
    return ledger


def _format_rows(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in rows).encode()


def _build_counts(counts: RecordCounts, names: Mapping[str, int]) -> dict[str, Any]:
    """Return counts for JSON, without members that say nothing."""
    unknown = {str(names.get(name, name)): n for name, n in counts.unknown.items()}
    found = {
        "records": counts.records,
        "tally": counts.tally,
        "unknown": unknown,
        "rejects": counts.rejects,
    }
    return {name: each for name, each in found.items() if each}


def _parse_log(found: dict[str, Any], names: list[str]) -> KnownLog:
    if "file_name" in found:
        return _parse_old_log(found)
    runs = found.get("runs")
    return KnownLog(
        file_name=found["name"],
        head_fingerprint=found["head"][0],
        head_bytes=found["head"][1],
        tail_fingerprint=found["tail"],
        resume=ResumePoint(*found["resume"]) if "resume" in found else BEGINNING,
        sure=_parse_counts(found.get("sure", {}), names),
        rest=_parse_counts(found.get("rest", {}), names),
        first_clock_ms=found.get("clock"),
        rereads=found.get("rereads", 0),
        file_fingerprints=tuple(found.get("files", ())),
        read_at=found.get("read_at", 0),
        is_lost=found.get("lost", False),
        begin_fingerprint=found["head"][2],
        runs=None if runs is None else (runs[0], runs[1]),
    )


def _parse_old_log(found: dict[str, Any]) -> KnownLog:
    """Parse a log of a store of version 2."""
    counts = {name: _parse_counts(found[name], []) for name in ("sure", "rest")}
    fingerprints = tuple(found["file_fingerprints"])
    resume = ResumePoint(**found["resume"])
    return KnownLog(**{**found, "resume": resume, "file_fingerprints": fingerprints, **counts})


def _parse_counts(found: dict[str, Any], names: list[str]) -> RecordCounts:
    """Parse counts; `names` are those of the numbers of unknown events, if there are numbers."""
    unknown = {_find_name(key, names): n for key, n in found.get("unknown", {}).items()}
    rejects = tuple((line, reason, index) for line, reason, index in found.get("rejects", ()))
    return RecordCounts(found.get("records", 0), found.get("tally", {}), unknown, rejects)


def _find_name(key: str, names: list[str]) -> str:
    return names[int(key)] if names and key.isdecimal() else key
