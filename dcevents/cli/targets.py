"""Checks of files to be written: no input, no store, not twice the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dcevents import output
from dcevents.errors import UsageError

if TYPE_CHECKING:
    from dcevents.reading.sources.operands import FoundInputs


def check_targets(found: FoundInputs, targets: Mapping[str, str | None]) -> None:
    """Raise UsageError where a target is an input or standard error.

    `targets`: file by option.
    """
    for option, name in targets.items():
        if name is not None and found.is_nonempty_input(name):
            raise UsageError(f"{option}: {name} is one of the inputs; write to another file")
        if name is not None and output.is_standard_error(name):
            raise UsageError(f"{option}: standard error goes to {name} too; name another file")


def check_rejects_apart(rejects_file: str | None, output_file: str | None) -> None:
    """Raise UsageError where rejected lines and report would share a file."""
    if rejects_file is not None and output.is_same_target(rejects_file, output_file):
        where = "standard output" if output_file is None else output_file
        raise UsageError(f"--rejects: the report goes to {where} too; name another file")


def protect_store(store: str, targets: Mapping[str, str | None]) -> None:
    """Raise UsageError where a target lies in the store.

    `targets`: file by option.
    """
    for option, name in targets.items():
        if name is not None and output.is_within(name, store):
            raise UsageError(f"{option}: {name} is in the store; write to another folder")
