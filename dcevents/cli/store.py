"""Looking after a store: `store info`, `store verify`, `store compact`."""

from pathlib import Path

from dcevents.cli.values import read_clock
from dcevents.cli.wording.messages import say
from dcevents.errors import StoreError
from dcevents.output import write_to_stdout
from dcevents.show import format_number, make_visible
from dcevents.store import run
from dcevents.store.disk import lock
from dcevents.store.disk.manifest import Manifest
from dcevents.store.info import describe_store
from dcevents.store.query import open_store
from dcevents.store.verify import find_faults


def print_info(directory: str) -> int:
    """Print what a store holds; return the exit status."""
    lines = describe_store(open_store(directory), read_clock())
    write_to_stdout(f"{make_visible(line)}\n" for line in lines)
    return 0


def verify_store(directory: str) -> int:
    """Check a store and print that it is sound.

    Return the exit status.

    Raises StoreError after a message for each fault.
    """
    with lock.hold_for_reading(Path(directory)):
        faults = list(find_faults(open_store(directory), read_clock()))
    for fault in faults:
        say(fault)
    if faults:
        raise StoreError(
            f"{directory}: damaged; restore it from a backup, or ingest the logs into a new store"
        )
    write_to_stdout([f"{make_visible(directory)}: sound\n"])
    return 0


def compact_store(directory: str, lock_wait_ms: int) -> int:
    """Make a store smaller, print its sizes; return the exit status."""
    before, after = run.compact_store(Path(directory), lock_wait_ms, read_clock())
    sizes = f"{_format_size(before)} → {_format_size(after)} bytes"
    write_to_stdout([f"{make_visible(directory)}: {sizes}\n"])
    return 0


def _format_size(manifest: Manifest) -> str:
    return format_number(sum(size for size, _ in manifest.files.values()))
