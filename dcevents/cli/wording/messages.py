"""Messages on standard error."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dcevents.cli.wording.screen import find_message_width
from dcevents.output import write_message
from dcevents.show import format_count, make_visible

if TYPE_CHECKING:
    from dcevents.reading.log import Log
    from dcevents.reading.sources.inputs import InputResult
    from dcevents.reading.sources.operands import FoundInputs

_MAX_SHOWN_SKIPPED = 3
"""Files that are passed over and named; `check` names all."""

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


def find_room() -> int | None:
    """Return the columns that a message of one line has on the terminal; None where it is none."""
    width = find_message_width()
    return None if width is None else width - len(PROGRAM_PREFIX)


def warn(lines: Iterable[str]) -> None:
    """Write each warning, also in quiet runs."""
    for line in lines:
        say(f"warning: {line}")


def say_alerts(lines: Iterable[str]) -> int:
    """Write each alert, also in quiet runs; return the exit status."""
    status = 0
    for line in lines:
        say(f"alert: {line}")
        status = ALERT_STATUS
    return status


def say_skipped_inputs(found: FoundInputs, *, is_quiet: bool = False) -> None:
    """Say which files are passed over.

    In quiet runs only those that might be logs.
    """
    names = [f"{each.name}: {each.reason}" for each in found.skipped]
    if names and not is_quiet:
        shown = ", ".join(names[:_MAX_SHOWN_SKIPPED])
        ending = ", …" if len(names) > _MAX_SHOWN_SKIPPED else ""
        say(f"passed over {format_count(len(names), 'file')} ({shown}{ending})")
    suspect = [each.name for each in found.skipped if each.has_objects]
    for name in suspect[:_MAX_SHOWN_SKIPPED]:
        say(
            f"warning: {name}: passed over, though it holds JSON objects; "
            "if it is a log, name the file as SOURCE"
        )
    if (more := len(suspect) - _MAX_SHOWN_SKIPPED) > 0:
        say(f"warning: {format_count(more, 'more file')} with JSON objects passed over likewise")


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
