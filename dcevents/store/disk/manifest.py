"""The manifest: all that a store consists of, replaced as a whole.

A file that the manifest does not name is no part of the store.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from dcevents.errors import StoreError
from dcevents.store.disk.checksum import FileRecord, compute_crc

MANIFEST_NAME: Final = "manifest.json"
COPY_NAME: Final = "manifest-copy.json"
"""The same once more: without a manifest a store is lost."""
MANIFEST_SCHEMA: Final = "dcevents.store"
"""Comes first in the file, so that a store in a folder of logs is not taken for one."""
STORE_VERSION: Final = 4
"""Version of the format; raised when files are written that an older dcevents misreads."""
_OLDEST_VERSION: Final = 2
"""Version without CRC-32s. It is read, and written as the present one, as is version 3, which has
the sids of conversations among their other columns."""
FIRST_VERSION_WITH_COPY: Final = 3
_CRC_MEMBER: Final = re.compile(rb',"crc32":"([0-9a-f]{8})"\}\n?\Z')
"""The last member: the CRC-32 of all bytes before it."""
ALL_LOGS: Final = "all logs"
"""In `Manifest.lost_logs`: it is not known which."""
_RENAMED_MEMBERS: Final = {"attributes_file": "attributes_files", "ledger_file": "ledger_files"}
"""Members of version 2, each with one name of a file, and what they are now."""


class StoreVersionError(StoreError):
    """A store of a version that this dcevents does not read: nothing is damaged."""


@dataclass(frozen=True)
class SegmentInfo:
    """A segment: facts of one run, and their conversations' rows.

    Times are milliseconds since 1970.
    """

    name: str
    """The segment's folder."""
    fact_count: int
    conversation_count: int
    """Rows, also those that a later segment supersedes."""
    least_sid: int
    greatest_sid: int
    """Least and greatest number of its sids."""
    earliest: int | None
    latest: int | None
    """Earliest and latest timestamp that was believed."""
    written_at: int
    latest_of_all: int | None = None
    """Latest timestamp, believed or not."""
    first_run: int = 0
    last_run: int | None = None
    """Generations whose runs brought its facts; None: up to the present one."""
    session_count: int | None = None
    """Sessions that no earlier segment has; None before version 4."""


@dataclass(frozen=True)
class StoredAccount:
    """Counts of all logs' records by bucket (definitions 1)."""

    files: int = 0
    records: int = 0
    tally: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    rejects: tuple[tuple[str, int, str, int | None], ...] = ()
    """The first rejected records: file, line, reason, index."""


@dataclass(frozen=True)
class Manifest:
    """A store at one moment. Times are milliseconds since 1970."""

    secret: str
    """Key of the numbers of sids, hexadecimal."""
    keeps_events: bool = False
    generation: int = 0
    segments: tuple[SegmentInfo, ...] = ()
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    """Each file of the store."""
    attributes_files: tuple[str, ...] = ()
    """Attributes by code: each file goes on where the one before ends."""
    superseded_file: str | None = None
    ledger_files: tuple[str, ...] = ()
    """Logs that were read: each file changes what those before it say."""
    pending_file: str | None = None
    """Sessions with a timestamp in the future: each run counts them again by its clock."""
    salts: Mapping[str, int] = field(default_factory=dict)
    """Sid → salt, of sids whose number without one another sid has."""
    pending_sessions: tuple[int, ...] = ()
    """The pending sessions of a store of version 2, which has no file of them."""
    account: StoredAccount = field(default_factory=StoredAccount)
    event_count: int = 0
    untimed_count: int = 0
    ancient_count: int = 0
    """Different events of sessions that are not pending."""
    forgotten_sids: tuple[int, ...] = ()
    cut_off: int | None = None
    """Time before which conversations must have ended to be left out."""
    removed_events: Mapping[str, int] = field(default_factory=dict)
    """Reason (`forgotten`, `expired`) → number of events."""
    new_events_at: int | None = None
    """When a run last added new events."""
    last_clock: int | None = None
    """Clock by which timestamps were last believed."""
    trusted_clock: int | None = None
    """Clock of the last run that was not far ahead of the newest event and of earlier runs."""
    looked_at: int | None = None
    """When a run last looked for events."""
    reading_rules: int | None = None
    """Number of the rules that all its logs were read by (`reading.rules`); None: older ones."""
    lost_logs: tuple[str, ...] = ()
    """Logs whose facts are missing since a repair, until they are read again."""
    version: int = STORE_VERSION

    def to_json(self) -> bytes:
        """Return the text of the file."""
        members = {"schema": MANIFEST_SCHEMA, **asdict(self)}
        text = json.dumps(members, separators=(",", ":"), ensure_ascii=False)
        # A name of a file that is no text has halves of pairs: JSON has an escape for each.
        begin = text.removesuffix("}").encode("utf-8", "backslashreplace")
        return begin + b',"crc32":"%08x"}\n' % compute_crc(begin)

    def make_successor(self, files: Mapping[str, FileRecord]) -> "Manifest":
        """Return the manifest of the next generation, with these files."""
        return replace(self, generation=self.generation + 1, files=files, version=STORE_VERSION)

    def find_latest(self) -> int | None:
        """Return the latest timestamp that was believed."""
        return max((each.latest for each in self.segments if each.latest is not None), default=None)

    def is_clock_ahead(self, clock: int, by_ms: int) -> bool:
        """Return whether a clock is later by more than that than all events and earlier runs."""
        known = (self.find_latest(), self.trusted_clock)
        return all(each is None or clock - each > by_ms for each in known)

    def list_own_files(self, files: Mapping[str, FileRecord]) -> dict[str, FileRecord]:
        """Return those of some files that this manifest names."""
        named = {self.superseded_file, self.pending_file, *self.attributes_files}
        named |= {*self.ledger_files}
        segments = {each.name for each in self.segments}
        return {
            name: record
            for name, record in files.items()
            if name in named or name.rpartition("/")[0] in segments
        }


def parse_manifest(data: bytes, name: str, advice: str) -> Manifest:
    """Parse the bytes of a manifest.

    Raises StoreError for another file, for one that is damaged, and for a version that this
    dcevents does not read.
    """
    checked = _CRC_MEMBER.search(data)
    if checked and compute_crc(data[: checked.start()]) != int(checked[1], 16):
        raise StoreError(f"{name}: its content has changed; {advice}")
    try:
        found = json.loads(data.decode())
        found.pop("crc32", None)
        version = found["version"] if found.pop("schema") == MANIFEST_SCHEMA else None
        if isinstance(version, int):
            _require_version(version, name)
            if checked or version == _OLDEST_VERSION:
                return _build_manifest(found)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise _make_error(name, advice) from error
    raise _make_error(name, advice)


def _make_error(name: str, advice: str) -> StoreError:
    return StoreError(f"{name}: no manifest of a store; {advice}")


def _require_version(version: int, name: str) -> None:
    if version > STORE_VERSION:
        raise StoreVersionError(
            f"{name}: written by a newer dcevents "
            f"(store version {version}, here {STORE_VERSION}); update dcevents"
        )
    if version < _OLDEST_VERSION:
        raise StoreVersionError(
            f"{name}: written by an older dcevents "
            f"(store version {version}, here {STORE_VERSION}); ingest the logs into a new store"
        )


def _build_manifest(found: dict[str, Any]) -> Manifest:
    segments = tuple(SegmentInfo(**each) for each in found.pop("segments"))
    files = {file: FileRecord(*record) for file, record in found.pop("files").items()}
    account = found.pop("account")
    rejects = tuple(
        (file, line, reason, index) for file, line, reason, index in account.pop("rejects")
    )
    for old, new in _RENAMED_MEMBERS.items():
        if old in found:
            name = found.pop(old)
            found[new] = () if name is None else (name,)
    for name in ("pending_sessions", "forgotten_sids"):
        found[name] = tuple(map(int, found[name]))
    found["lost_logs"] = tuple(found.get("lost_logs", ()))
    for name in _RENAMED_MEMBERS.values():
        found[name] = tuple(found[name])
    return Manifest(
        segments=segments,
        files=files,
        account=StoredAccount(rejects=rejects, **account),
        **found,
    )
