"""Looking after a store: `store info`, `store verify`, `store compact`."""

import os
import shlex
from pathlib import Path

from dcevents.cli.values import read_clock
from dcevents.cli.wording.messages import say
from dcevents.cli.wording.screen import choose_width
from dcevents.errors import StoreError
from dcevents.output import write_to_stdout
from dcevents.sending._ledger import find_damaged_ledgers
from dcevents.show import format_count, format_number, format_timestamp, make_visible
from dcevents.store import run
from dcevents.store.disk.manifest import Manifest
from dcevents.store.query import hold_store
from dcevents.store.upkeep import repair
from dcevents.store.upkeep.info import describe_store
from dcevents.store.upkeep.verify import find_faults


def print_info(directory: str) -> int:
    """Print what a store holds; return the exit status."""
    with hold_store(directory) as state:
        width = choose_width(None, is_on_terminal=os.isatty(1))
        lines = list(describe_store(state, read_clock(), width))
    write_to_stdout(f"{line}\n" for line in lines)
    return 0


def verify_store(directory: str) -> int:
    """Check a store, and what it remembers of sending; print that it is sound.

    Return the exit status.

    Raises StoreError after a message for each fault.
    """
    with hold_store(directory) as state:
        faults = list(find_faults(state, read_clock()))
        damaged_ledgers = list(find_damaged_ledgers(state.folder))
    for fault in (*faults, *damaged_ledgers):
        say(fault)
    if faults:
        raise StoreError(f"{directory}: damaged; run dcevents store repair {directory}")
    if damaged_ledgers:
        raise StoreError(f"{directory}: sound, but for what it remembers of dcevents send")
    write_to_stdout([f"{make_visible(directory)}: sound\n"])
    return 0


def repair_store(directory: str, lock_wait_ms: int, *, drops_damaged: bool) -> int:
    """Repair a store, and print what was done; return the exit status.

    Raises StoreError where logs are to be read again first.
    """
    found = repair.repair_store(
        Path(directory), lock_wait_ms, read_clock(), drops_damaged=drops_damaged
    )
    for name, damage in found.damage.items():
        say(f"{directory}/{name}: {damage}")
    logs = " ".join(map(shlex.quote, found.logs))
    again = f"dcevents ingest {logs} --store {shlex.quote(directory)}"
    if not found.is_mended:
        raise StoreError(
            f"{directory}: {format_count(len(found.lost), 'damaged file')} cannot be made anew; "
            f"see that {logs} can be read again, then: dcevents store repair {directory} "
            f"--drop-damaged && {again}"
        )
    made = "sound" if not found.damage else "repaired"
    left = f"; read again what is missing: {again}" if found.lost else ""
    write_to_stdout([f"{make_visible(directory)}: {made}{make_visible(left)}\n"])
    return 0


def compact_store(directory: str, lock_wait_ms: int) -> int:
    """Make a store smaller, print its sizes; return the exit status."""
    before, after = run.compact_store(Path(directory), lock_wait_ms, read_clock())
    sizes = f"{_format_size(before)} → {_format_size(after)} bytes"
    write_to_stdout([f"{make_visible(directory)}: {sizes}\n"])
    return 0


def print_cut_off(directory: str) -> int:
    """Print the time before which nothing is kept; return the exit status."""
    with hold_store(directory) as state:
        cut_off = state.manifest.cut_off
    found = "all is kept" if cut_off is None else f"nothing is kept that ended {_before(cut_off)}"
    write_to_stdout([f"{make_visible(directory)}: {found}\n"])
    return 0


def reset_cut_off(directory: str, lock_wait_ms: int) -> int:
    """Let a store take in what is old again; return the exit status."""
    former = run.reset_cut_off(Path(directory), lock_wait_ms)
    again = f"; dcevents ingest LOGS --store {directory} --again brings back what logs have"
    reset = "there was no cut-off" if former is None else f"no cut-off any more{again}"
    write_to_stdout([f"{make_visible(directory)}: {reset}\n"])
    return 0


def _before(ms: int) -> str:
    return f"before {format_timestamp(ms)}"


def _format_size(manifest: Manifest) -> str:
    return format_number(sum(each.size for each in manifest.files.values()))
