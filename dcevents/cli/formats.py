"""The formats of reports: which one an option or a file's ending means, and what it needs."""

import os
import re
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from dcevents import output, render
from dcevents.cli.wording.mistakes import suggest_meant
from dcevents.errors import UsageError
from dcevents.reports._report import Report

_OTHER_WORKBOOKS = (".xls", ".ods", ".numbers")


def select_formats(report: Report) -> dict[str, render.Format[Any]]:
    """Return the formats that a report is offered in, by name."""
    return {
        name: each
        for name, each in render.load_formats().items()
        if each.write_document or not report.is_document
    }


def choose_format(output_file: str | None, offered: Iterable[render.Format[Any]]) -> str:
    """Return the format that the ending of a file's name stands for.

    A name without one, or of no regular file, is a table's. Raises UsageError for other endings.
    """
    ending = os.path.splitext(output_file)[1].lower() if output_file else ""
    if ending in _OTHER_WORKBOOKS:
        raise UsageError(
            f"--output: {output_file}: workbooks are written as .xlsx; end it with that"
        )
    formats = render.load_formats().values()
    known = next((each.name for each in formats if ending in each.suffixes), None)
    if known is None and output_file and ending and _may_be_regular(output_file):
        endings = ", ".join(each.suffixes[0] for each in offered)
        raise UsageError(
            f"--output: {output_file}: no format has the ending {ending}; "
            f"name one with --format, or end the name with {endings}"
        )
    return known or "table"


def _may_be_regular(name: str) -> bool:
    """Return whether a name is of a regular file, or of none so far."""
    return os.path.isfile(name) or not os.path.exists(name)


def explain_format(report: Report, name: str, formats: Iterable[str]) -> str:
    """Return why a report is not written in a format, and what to write instead."""
    if name not in render.load_formats():
        return f"--format: no format '{name}'; {suggest_meant(name, list(formats), 'format')}"
    offered = " or ".join(formats)
    return (
        f"{report.name} is not written as {name}: name one of its formats, as in --format {offered}"
    )


# -- the store ----------------------------------------------------------------------------------


def check_format(chosen: render.Format[Any], output_file: str | None) -> None:
    """Raise UsageError where a format's extra is missing, or a terminal would get bytes."""
    if chosen.extra and any(find_spec(name) is None for name in chosen.modules):
        raise UsageError(
            f"{chosen.name} needs {chosen.extra}: pip install 'dcevents[{chosen.extra}]'"
        )
    is_shown = os.isatty(1) if output_file is None else _is_shown(output_file)
    if chosen.is_binary and is_shown:
        raise UsageError(
            f"--format {chosen.name} is no text for a terminal: name a file, as in "
            f"-o report{chosen.suffixes[0]}"
        )


def _is_shown(name: str) -> bool:
    descriptor = output.find_descriptor(name)
    if descriptor is not None:
        return os.isatty(descriptor)
    # /dev/null is no terminal, though it is a device as well.
    return output.is_terminal(name) and os.path.realpath(name) != os.devnull


def read_made_at(clock_ms: int) -> int:
    """Return when a report is made, as it says itself: SOURCE_DATE_EPOCH, or the clock.

    Milliseconds. Raises UsageError for a value that is no number of seconds.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return clock_ms
    if not re.fullmatch("[0-9]{1,11}", text):
        raise UsageError(
            f"SOURCE_DATE_EPOCH: '{text}' is no number of seconds since 1970; unset it, or set one"
        )
    return int(text) * 1000
