"""Operands to inputs: files, folders, standard input."""

import os
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from dcevents.errors import InputError, MissingInputError
from dcevents.reading.sources.folders import SkippedFile, is_store, list_logs
from dcevents.reading.sources.inputs import Input, make_input_error
from dcevents.show import format_count

_MAX_LISTINGS = 3
"""How often folders are listed at most, where files vanish from them meanwhile."""


class FoundInputs(NamedTuple):
    """The inputs of a run, in order."""

    inputs: list[Input]
    skipped: list[SkippedFile]
    """Files of folders that are passed over."""
    identities: Collection[tuple[int, int]]
    """(device, inode) of each input."""
    folders_without_logs: Sequence[tuple[str, int]]
    """Operands that are folders without a log, and the files of each that are passed over."""

    def require_logs(self) -> None:
        """Raise InputError for the first folder without a log.

        A mount that is gone must not look like a quiet day.
        """
        for name, passed_over in self.folders_without_logs:
            if passed_over:
                raise InputError(
                    f"{name}: no log in this folder, {format_count(passed_over, 'file')} "
                    "passed over; if one is a log, name the file as SOURCE"
                )
            raise InputError(f"{name}: no log in this folder; is it mounted, and the right one?")

    def is_nonempty_input(self, name: str) -> bool:
        """Return whether a file is an input with content."""
        try:
            status = os.stat(name)
        except (OSError, ValueError):
            return False
        is_regular = stat.S_ISREG(status.st_mode)
        return is_regular and status.st_size > 0 and _identify_file(status) in self.identities


def find_inputs(operands: Sequence[str]) -> FoundInputs:
    """Find the inputs of operands, each file once.

    Raises InputError for the first that is missing or may not be read.
    """
    for _ in range(_MAX_LISTINGS - 1):
        try:
            return _find_inputs_once(operands)
        except MissingInputError:
            if not all(operand == "-" or os.path.exists(operand) for operand in operands):
                raise
            # A file was renamed after its folder was listed.
    return _find_inputs_once(operands)


def _find_inputs_once(operands: Sequence[str]) -> FoundInputs:
    inputs: list[Input] = []
    seen: set[tuple[int, int]] = set()
    skipped: list[SkippedFile] = []
    without_logs: list[tuple[str, int]] = []
    for operand in operands:
        files, others = _expand_operand(operand)
        skipped += others
        without_logs += [] if files else [(operand, len(others))]
        for file in files:
            status = os.fstat(0) if file is None else _stat_path(file)
            if _identify_file(status) not in seen:
                seen.add(_identify_file(status))
                inputs.append(_make_input(file, status))
    return FoundInputs(inputs, skipped, seen, without_logs)


def is_standard_input_given() -> bool:
    """Return whether standard input is a pipe or a file.

    It is neither on a terminal, and under cron.
    """
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _expand_operand(operand: str) -> tuple[Sequence[Path | None], list[SkippedFile]]:
    """Return an operand's files, and those that are passed over.

    None stands for standard input.
    """
    if not operand:
        raise InputError("'' is no file name; is a variable empty?")
    if operand == "-":
        return [None], []
    path = Path(operand)
    if not stat.S_ISDIR(_stat_path(path).st_mode):
        return [path], []
    if is_store(operand):
        raise InputError(f"{path}: a store, not logs; read it with --store {path}")
    return list_logs(path)


def _identify_file(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _make_input(file: Path | None, status: os.stat_result) -> Input:
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    if file is None:
        return Input("standard input", None, size)
    if size is not None and not os.access(file, os.R_OK):
        raise InputError(f"{file}: permission denied")
    # A name that is not UTF-8 can be opened, but not written into a report.
    name = os.fsencode(file).decode("utf-8", "backslashreplace")
    return Input(name, file, size, None if size is None else _identify_file(status))


def _stat_path(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except (OSError, ValueError) as error:
        raise make_input_error(path, error) from error
