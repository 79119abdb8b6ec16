"""What a store consists of: one small value, replaced as a whole. All that the manifest does not name is not there."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from dcevents.errors import StoreError

MANIFEST_NAME: Final = "manifest.json"
MANIFEST_SCHEMA: Final = "dcevents.store"
"""Comes first in the file, so that a store in a folder of logs is not taken for one."""
STORE_VERSION: Final = 1
"""Of the format; raised where what an older dcevents wrote has to be read in another way."""

MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Version → what makes a manifest of the next one of it."""


@dataclass(frozen=True)
class SegmentInfo:
    """A segment: facts that came in together, and what came of the conversations that they are of."""

    name: str
    """Its folder."""
    fact_count: int
    conversation_count: int
    """Rows, those too that a later segment has anew."""
    least_sid: int
    greatest_sid: int
    """Its sids' numbers lie between these."""
    earliest: int | None
    latest: int | None
    """Of the timestamps that were believed, milliseconds."""
    written_at: int
    latest_of_all: int | None = None
    """The latest timestamp, believed or not."""


@dataclass(frozen=True)
class StoredAccount:
    """Where the records went (definitions 1), of all files that were read, each piece of them once."""

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
    """Names of files: contents by code, rows that later segments have anew, logs that were read."""
    salts: Mapping[str, int] = field(default_factory=dict)
    """Sids that do not have their first number, since another has it: the turn of the one that they have."""
    unsettled: tuple[int, ...] = ()
    """Sessions with a timestamp that was not believed yet: counted anew by each run's clock."""
    account: StoredAccount = field(default_factory=StoredAccount)
    event_count: int = 0
    untimed_count: int = 0
    """Different events, of sessions that are settled."""
    forgotten: tuple[int, ...] = ()
    cut_off: int | None = None
    """Nothing is kept of conversations that ended before this."""
    removed_events: Mapping[str, int] = field(default_factory=dict)
    """Events that were `forgotten`, or `expired`."""
    new_events_at: int | None = None
    """When a run last brought new events."""
    last_clock: int | None = None
    """The clock by which timestamps were last believed."""
    looked_at: int | None = None
    """When a run last looked for events."""
    version: int = STORE_VERSION

    def to_json(self) -> str:
        """The text of the file."""
        return json.dumps(
            {"schema": MANIFEST_SCHEMA, **asdict(self)}, separators=(",", ":"), ensure_ascii=False
        )

    def make_successor(self, **changes: Any) -> "Manifest":  # noqa: ANN401 - any of the fields
        """The manifest that comes after this one."""
        return replace(self, generation=self.generation + 1, **changes)


def parse_manifest(text: str, name: str) -> Manifest:
    """The manifest in a file. Raises StoreError for what is none, or of a version that is not known yet."""
    try:
        found = json.loads(text)
        version = found["version"] if found.pop("schema") == MANIFEST_SCHEMA else 0
        if version > STORE_VERSION:
            raise StoreError(
                f"{name}: written by a newer dcevents (store version {version}, here {STORE_VERSION}); update dcevents"
            )
        while version < STORE_VERSION:
            found = MIGRATIONS[version](found)
            version += 1
        return _build_manifest(found)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise StoreError(
            f"{name}: no manifest of a store; restore it from a backup, or ingest into a new one"
        ) from error


def _build_manifest(found: dict[str, Any]) -> Manifest:
    segments = tuple(SegmentInfo(**each) for each in found.pop("segments"))
    files = {file: (int(size), str(digest)) for file, (size, digest) in found.pop("files").items()}
    account = found.pop("account")
    rejects = tuple(
        (file, line, reason, index) for file, line, reason, index in account.pop("rejects")
    )
    found |= {key: tuple(map(int, found[key])) for key in ("unsettled", "forgotten")}
    found["version"] = STORE_VERSION
    return Manifest(
        segments=segments, files=files, account=StoredAccount(rejects=rejects, **account), **found
    )
