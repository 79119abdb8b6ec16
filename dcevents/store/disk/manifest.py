"""What a store consists of: one small value, replaced as a whole. All that the manifest does not name is not there."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from dcevents.errors import StoreError

NAME: Final = "manifest.json"
SCHEMA: Final = "dcevents.store"
"""Comes first in the file, so that a store in a folder of logs is not taken for one."""
VERSION: Final = 1
"""Of the format; raised where what an older dcevents wrote has to be read in another way."""

MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""Version → what makes a manifest of the next one of it."""


@dataclass(frozen=True)
class Part:
    """A segment: facts that came in together, and what came of the conversations that they are of."""

    name: str
    """Its folder."""
    facts: int
    conversations: int
    """Rows, those too that a later segment has anew."""
    least: int
    most: int
    """Its sids' numbers lie between these."""
    earliest: int | None
    latest: int | None
    """Of the timestamps that were believed, milliseconds."""
    written_at: int
    last: int | None = None
    """The latest timestamp, believed or not."""


@dataclass(frozen=True)
class Account:
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
    segments: tuple[Part, ...] = ()
    files: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Each file of the store: its size and its BLAKE2b."""
    said: str | None = None
    dead: str | None = None
    ledger: str | None = None
    """Names of files: contents by code, rows that later segments have anew, logs that were read."""
    moved: Mapping[str, int] = field(default_factory=dict)
    """Sids that do not have their first number, since another has it: the turn of the one that they have."""
    unsettled: tuple[int, ...] = ()
    """Sessions with a timestamp that was not believed yet: counted anew by each run's clock."""
    account: Account = field(default_factory=Account)
    events: int = 0
    untimed: int = 0
    """Different events, of sessions that are settled."""
    forgotten: tuple[int, ...] = ()
    cut_off: int | None = None
    """Nothing is kept of conversations that ended before this."""
    removed: Mapping[str, int] = field(default_factory=dict)
    """Events that were `forgotten`, or `expired`."""
    taken_in_at: int | None = None
    """When a run last brought new events."""
    read_at: int | None = None
    """The clock by which timestamps were last believed."""
    looked_at: int | None = None
    """When a run last looked for events."""
    version: int = VERSION

    def as_json(self) -> str:
        """The text of the file."""
        return json.dumps(
            {"schema": SCHEMA, **asdict(self)}, separators=(",", ":"), ensure_ascii=False
        )

    def next(self, **changes: Any) -> "Manifest":  # noqa: ANN401 - any of the fields
        """The manifest that comes after this one."""
        return replace(self, generation=self.generation + 1, **changes)


def read(text: str, name: str) -> Manifest:
    """The manifest in a file. Raises StoreError for what is none, or of a version that is not known yet."""
    try:
        found = json.loads(text)
        version = found["version"] if found.pop("schema") == SCHEMA else 0
        if version > VERSION:
            raise StoreError(
                f"{name}: written by a newer dcevents (store version {version}, here {VERSION}); update dcevents"
            )
        while version < VERSION:
            found = MIGRATIONS[version](found)
            version += 1
        return _made(found)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        raise StoreError(
            f"{name}: no manifest of a store; restore it from a backup, or ingest into a new one"
        ) from error


def _made(found: dict[str, Any]) -> Manifest:
    segments = tuple(Part(**each) for each in found.pop("segments"))
    files = {file: (int(size), str(digest)) for file, (size, digest) in found.pop("files").items()}
    account = found.pop("account")
    rejects = tuple(
        (file, line, reason, index) for file, line, reason, index in account.pop("rejects")
    )
    found |= {key: tuple(map(int, found[key])) for key in ("unsettled", "forgotten")}
    found["version"] = VERSION
    return Manifest(
        segments=segments, files=files, account=Account(rejects=rejects, **account), **found
    )
