"""Messages on standard error."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dcevents.cli.screen import find_message_width
from dcevents.output import write_message
from dcevents.show import format_count, make_visible

if TYPE_CHECKING:
    from dcevents.reading.log import Log
    from dcevents.reading.sources.inputs import InputResult
    from dcevents.reading.sources.operands import FoundInputs

ALERT_STATUS = 4
"""Exit status: the report is written, and something about it is not as it should be."""


PROGRAM_PREFIX = "dcevents: "


def say(message: str) -> None:
    """Write a line, with the program's name before it.

    On a terminal it is broken between words.
    """
    line = PROGRAM_PREFIX + make_visible(message)
    width = find_message_width()
    if width is not None and len(line) > width:
        line = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
    write_message(line)


def say_alerts(lines: Iterable[str]) -> int:
    """Write each alert, also in quiet runs; return the exit status."""
    status = 0
    for line in lines:
        say(f"alert: {line}")
        status = ALERT_STATUS
    return status


def say_skipped_inputs(found: FoundInputs, operands: Sequence[str]) -> None:
    """Say how many files are no logs, and which operands hold none."""
    if found.skipped_files:
        files = format_count(found.skipped_files, "file")
        say(f"passed over {files} (no log by name or content)")
    if not found.inputs and operands:
        say(f"no log in {', '.join(operands)}")


def warn_of_inputs(log: Log) -> None:
    """Say which inputs could not be read to their end."""
    for source in log.inputs:
        # Where nothing was read, the refusal says so.
        if source.problem or log.account.records:
            warn_of_input(source)


def warn_of_input(source: InputResult) -> None:
    """Say why an input could not be read to its end."""
    if source.unread_reason:
        rest = "" if source.foreign_format else "; what could be read is counted"
        say(f"warning: {source.name}: {source.unread_reason}{rest}")
