"""The manifest: all that a store consists of, replaced as a whole.

A file that the manifest does not name is no part of the store.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from dcevents.errors import StoreError

MANIFEST_NAME: Final = "manifest.json"
MANIFEST_SCHEMA: Final = "dcevents.store"
"""Comes first in the file, so that a store in a folder of logs is not taken for one."""
STORE_VERSION: Final = 2
"""Version of the format; raised when files are written that an older dcevents misreads."""


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
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Each file of the store: its size and its BLAKE2b."""
    attributes_file: str | None = None
    superseded_file: str | None = None
    ledger_file: str | None = None
    """Names of files: attributes by code, superseded rows, logs that were read."""
    salts: Mapping[str, int] = field(default_factory=dict)
    """Sid → salt, of sids whose number without one another sid has."""
    pending_sessions: tuple[int, ...] = ()
    """Sessions with a timestamp in the future: each run counts them again by its clock."""
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
    looked_at: int | None = None
    """When a run last looked for events."""
    version: int = STORE_VERSION

    def to_json(self) -> str:
        """Return the text of the file."""
        members = {"schema": MANIFEST_SCHEMA, **asdict(self)}
        return json.dumps(members, separators=(",", ":"), ensure_ascii=False)

    def make_successor(self, files: Mapping[str, tuple[int, str]]) -> "Manifest":
        """Return the manifest of the next generation, with these files."""
        return replace(self, generation=self.generation + 1, files=files)


def parse_manifest(text: str, name: str) -> Manifest:
    """Parse the text of a manifest.

    Raises StoreError for another file, and for a version that this dcevents does not read.
    """
    try:
        found = json.loads(text)
        version = found["version"] if found.pop("schema") == MANIFEST_SCHEMA else None
        if isinstance(version, int):
            _require_version(version, name)
            return _build_manifest(found)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise _make_error(name) from error
    raise _make_error(name)


def _make_error(name: str) -> StoreError:
    return StoreError(
        f"{name}: no manifest of a store; restore it from a backup, "
        "or ingest the logs into a new store"
    )


def _require_version(version: int, name: str) -> None:
    if version > STORE_VERSION:
        raise StoreError(
            f"{name}: written by a newer dcevents "
            f"(store version {version}, here {STORE_VERSION}); update dcevents"
        )
    if version < STORE_VERSION:
        raise StoreError(
            f"{name}: written by an older dcevents "
            f"(store version {version}, here {STORE_VERSION}); ingest the logs into a new store"
        )


def _build_manifest(found: dict[str, Any]) -> Manifest:
    segments = tuple(SegmentInfo(**each) for each in found.pop("segments"))
    files = {file: (int(size), str(digest)) for file, (size, digest) in found.pop("files").items()}
    account = found.pop("account")
    rejects = tuple(
        (file, line, reason, index) for file, line, reason, index in account.pop("rejects")
    )
    for name in ("pending_sessions", "forgotten_sids"):
        found[name] = tuple(map(int, found[name]))
    return Manifest(
        segments=segments,
        files=files,
        account=StoredAccount(rejects=rejects, **account),
        **found,
    )
