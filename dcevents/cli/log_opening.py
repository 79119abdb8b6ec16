"""Logs that a report begins to read. Imports no polars: long files are scanned while that is."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

import click

from dcevents.cli.inputs import open_reading
from dcevents.cli.targets import check_rejects_apart, check_targets
from dcevents.cli.wording.messages import say_skipped_inputs
from dcevents.cli.wording.mistakes import looks_like_source
from dcevents.model.numbers.codes import Codes
from dcevents.reading.judge import Mapping
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources.operands import find_inputs, is_standard_input_given

if TYPE_CHECKING:
    from types import TracebackType

    from dcevents.cli.values import OutputSettings
    from dcevents.reading.sources.operands import FoundInputs
    from dcevents.reports._report import Report
    from dcevents.settings import Settings


def choose_operands(
    report: Report, given: Sequence[str], first: Sequence[str] = ()
) -> Sequence[str]:
    """Return the operands of a report, or standard input. Raises UsageError without both.

    `first` are the operands before those that name inputs.
    """
    if given or is_standard_input_given():
        return given or ["-"]
    command = " ".join(["dcevents", report.name, *map(str.upper, report.operands)])
    if first and looks_like_source(first[0]):
        raise click.UsageError(
            f"'{first[0]}' is an input, and a {report.operands[0]} comes before it; "
            f"write: {command} {shlex.quote(first[0])}"
        )
    raise click.UsageError(
        f"no input: name a file or directory, or pipe events in, as in: {command} logs/"
    )


def make_read_settings(
    report: Report, settings: Settings, *, believes_clock: bool = False
) -> ReadSettings:
    """Return what a report wants to know of logs."""
    return ReadSettings(
        settings.clock_ms,
        settings.as_of_ms,
        believes_clock=believes_clock,
        keeps_query=settings.keeps_query,
        in_full=report.needs_locations,
        mapping=Mapping(settings.mapped_paths, settings.mapped_names),
    )


class OpenedLogs(AbstractContextManager["OpenedLogs"]):
    """Inputs that are about to be read; what is open for that is closed at the end of a block.

    Rejected lines are kept where the block ends without an error.
    """

    def __init__(self, found: FoundInputs, reading: ReadSettings, output: OutputSettings) -> None:
        self.found = found
        self.codes = Codes()
        with ExitStack() as opening:
            progress, self.keep_reject = opening.enter_context(
                open_reading(found, output.rejects_file, is_quiet=output.is_quiet)
            )
            self._scanning = [Scanning(found.inputs, reading, progress)]
            self._open = opening.pop_all()

    def begin(self) -> None:
        """Have the first blocks scanned meanwhile, and made facts by `codes`."""
        self._scanning[0].begin(self.codes)

    def take_scanning(self) -> Scanning:
        """Return the blocks, once: what they take is free when they are read."""
        return self._scanning.pop()

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.__exit__(error_type, error, traceback)


def open_logs(operands: Sequence[str], reading: ReadSettings, output: OutputSettings) -> OpenedLogs:
    """Find the inputs of a report and open what it takes to read them."""
    found = find_inputs(operands)
    check_targets(found, {"--output": output.output_file, "--rejects": output.rejects_file})
    check_rejects_apart(output.rejects_file, output.output_file)
    say_skipped_inputs(found, is_quiet=output.is_quiet)
    found.require_logs()
    return OpenedLogs(found, reading, output)
