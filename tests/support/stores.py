"""Stores in tests: filled by runs of the command line,
and compared with one reading of the same logs.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from harness import Result, log, run

from dcevents.analysis.view import View
from dcevents.settings import Settings, Window
from dcevents.store import query
from dcevents.store.disk import files, manifest
from dcevents.store.disk.checksum import FileRecord, compute_crc
from dcevents.store.disk.folder import open_folder

KINDS = (
    "triggered",
    "engaged",
    "live_chat_requested",
    "live_chat_initiated",
    "input_email",
    "completed",
    "closed",
)


def moment(millis: int) -> datetime:
    """A clock that stands there."""
    return datetime.fromtimestamp(millis / 1000, UTC)


def ingest(store: Path, *arguments: str | Path, status: int = 0, **more: Any) -> Result:
    """A run of `ingest`, quiet: so nothing is said where all is well."""
    result = run("ingest", *arguments, "--store", store, "-q", **more)
    assert (result.status, result.out) == (status, b""), result.err
    assert status or not list_messages(result), result.err
    return result


def list_messages(result: Result) -> list[str]:
    """Return what a run says, but for what it warns of inputs however quiet it is."""
    warnings = (": no event in ", "have no usable timestamp", "though they name an event")
    lines = result.err.splitlines()
    return [line for line in lines if not any(each in line for each in warnings)]


def figures(*arguments: str | Path, alike: bool = True, **more: Any) -> Any:
    """The JSON of a report that is good, without what differs between a store and its logs.

    That is how records lie, which a store does not keep; if not `alike`, the number of files too.
    """
    result = run(*arguments, "-f", "json", "-q", **more)
    assert (result.status, list_messages(result)) == (0, []), result.err
    found = json.loads(result.out)
    for each in (found, *found.get("reports", ())):
        for name in ("envelopes", *(() if alike else ("files",))):
            each.get("input", {}).pop(name, None)
            each.pop(name, None)
    return found


def text(*arguments: str | Path, **more: Any) -> str:
    """What a good report prints, of JSON without what differs between a store and its logs:
    how records lie.
    """
    result = run(*arguments, **more)
    assert (result.status, list_messages(result)) == (0, []), result.err
    return re.sub(r'"envelopes":\[[^\]]*\],?', "", result.text)


def view(
    store: Path,
    *,
    now: int,
    as_of: int | None = None,
    window: Window | None = None,
    tz: str = "UTC",
    of_events: bool = False,
) -> View:
    """What the program makes of a store: of its conversations, or of its events."""
    settings = Settings(clock_ms=now, tz=ZoneInfo(tz), window=window or Window(), as_of_ms=as_of)
    with query.hold_store(str(store)) as state:
        read = (
            query.read_events(state, None, state.make_vocabulary(), settings)
            if of_events
            else query.read_conversations(state, None, settings)
        )
        read.log.count_events()
        return View(read.log, read.fold, settings)


def find_damage(store: Path) -> list[tuple[str, str]]:
    """Return the damaged files of a store, by their whole digests."""
    folder = open_folder(store)
    return list(files.find_damage(folder, files.load_manifest(folder).files, in_full=True))


def list_own_files(store: Path) -> dict[str, FileRecord]:
    """Return the files that a store's manifest names."""
    return dict(files.load_manifest(open_folder(store)).files)


def change_manifest(store: Path, **changes: Any) -> None:
    """Change members of a manifest, as if it had been written so."""
    path = store / manifest.MANIFEST_NAME
    members = {**json.loads(path.read_text()), **changes}
    del members["crc32"]
    begin = json.dumps(members, separators=(",", ":")).encode()[:-1]
    path.write_bytes(begin + b',"crc32":"%08x"}\n' % compute_crc(begin))


def known(contents: Sequence[bytes], more: bytes) -> list[bytes]:
    """Logs that were read, as sorted by none: a content anew is a log that goes on,
    or another one.
    """
    begun = [each for each in contents if more.startswith(each[: each.rfind(b"\n") + 1])]
    former = max(begun, key=len, default=None)
    return [*(each for each in contents if each is not former), more]


def lines(begin: int, end: int) -> bytes:
    """Lines of a log by number, no two of them alike: most are events of some sessions,
    a few are nothing.
    """
    return b"".join(map(_line, range(begin, end)))


def _line(n: int) -> bytes:
    if n % 11 == 7:
        return b'{"event":"acme.opened","n":%d}\n' % n
    if n % 13 == 5:
        return b'{"broken":%d\n' % n
    time = f"{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}"
    return log(
        f"{time} s{n % 9} {KINDS[n * n % 7]} id=d{n % 3} name=Prices-{n % 4} agent=a{n % 5} "
        f"page=https://x/{n}"
    )


def sids(begin: int, end: int) -> bytes:
    """Lines of sessions by number, each of one event."""
    line = log("09:00:00 SID engaged name=Pricing agent=a1 page=https://x/")
    return b"".join(line.replace(b"SID", b"s%06d" % n) for n in range(begin, end))
