"""The command line: commands, signals, and the boundary of errors.

Only here errors become messages and exit statuses (interface: Exit status).
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from dcevents import __version__, output, reports
from dcevents.cli.commands import load_commands
from dcevents.cli.options import (
    CONTEXT_SETTINGS,
    apply_options,
    build_report_options,
    choose_store,
)
from dcevents.cli.values import parse_output_settings, parse_settings
from dcevents.cli.wording.help_pages import HELP_COMMAND, ReportCommand
from dcevents.cli.wording.hints import list_input_arguments, list_repeatable_arguments
from dcevents.cli.wording.messages import say
from dcevents.cli.wording.mistakes import (
    describe_forgotten_command,
    describe_mistake,
    looks_like_source,
)
from dcevents.errors import DcError, Terminated

if TYPE_CHECKING:
    from dcevents.reports._report import Report


def _describe_versions() -> str:
    import platform  # noqa: PLC0415 - few ask for it
    from importlib.metadata import version  # noqa: PLC0415

    from dcevents.native import describe_scanner  # noqa: PLC0415 - as above

    python = platform.python_version()
    scanner = describe_scanner()
    return f"dcevents {__version__} (polars {version('polars')}, Python {python}, {scanner})"


def _print_versions(ctx: click.Context, _param: click.Parameter, *value: bool) -> None:
    if any(value):
        output.write_to_stdout([_describe_versions() + "\n"])
        ctx.exit()


class CommandGroup(click.Group):
    """The reports, then the commands of `cli.commands`.

    A report's command is made when it is asked for: making all takes longer than running one.
    """

    # ruff: noqa: ARG002, D102 - the signatures are click's.

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*reports.load_reports(), *load_commands()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == HELP_COMMAND.name:
            return HELP_COMMAND
        report = reports.find_report(cmd_name)
        return _make_report_command(report) if report else load_commands().get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if looks_like_source(args[0]) and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(
                describe_forgotten_command(self.list_commands(ctx)[0], args), ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lines = [(report.name, report.help) for report in reports.load_reports().values()]
        lines += [(name, command.short_help or "") for name, command in load_commands().items()]
        with formatter.section("Commands"):
            formatter.write_dl(lines)


def _make_report_command(report: Report) -> click.Command:
    def run_command(**given: Any) -> int:  # noqa: ANN401 - click's values
        given["store"] = choose_store(given)
        settings = parse_settings(report, given)
        context = click.get_current_context()
        output_settings = parse_output_settings(report, given, settings)._replace(
            repeatable_arguments=list_repeatable_arguments(context),
            input_arguments=list_input_arguments(context),
        )
        only_map = given.get("show_map", False)
        if given["store"] is not None:
            from dcevents.cli.report import StoreSource, run_report  # noqa: PLC0415 - polars

            source = StoreSource(given["store"], given["source"])
            return run_report(report, settings, output_settings, source, only_map=only_map)
        # Not for `--help`.
        from dcevents.cli.log_opening import (  # noqa: PLC0415
            choose_operands,
            make_read_settings,
            open_logs,
        )

        reading = make_read_settings(report, settings)
        operands = choose_operands(report, given["source"], settings.operands)
        with open_logs(operands, reading, output_settings) as opened:
            opened.begin()
            from dcevents.cli.report import run_report  # noqa: PLC0415 - polars, while C scans

            return run_report(report, settings, output_settings, opened, only_map=only_map)

    run_command.__doc__ = f"\b\n{report.help}\nExample: {report.example}"
    command = apply_options(run_command, build_report_options(report))
    settings = CONTEXT_SETTINGS
    return click.command(report.name, cls=ReportCommand, context_settings=settings)(command)


@click.group(cls=CommandGroup, context_settings=CONTEXT_SETTINGS)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_versions,
    help="Show versions.",
)
def cli() -> None:
    """\b
    Completion, abandonment and live chat, from logs of Adobe Dynamic Chat.
    SOURCE is a file, a directory, or - for standard input; compressed or not.
    Example: dcevents summary sample_logs/site
    """


# -- the error boundary -------------------------------------------------------------------------


def run_command_line(arguments: Sequence[str]) -> int:
    """Run a command; return the exit status (interface: Exit status)."""
    try:
        return _dispatch_command(arguments)
    except BaseException as error:
        if not _is_out_of_memory(error):
            raise
        say("not enough memory; a limit may be in force (ulimit -v)")
        return 1


def _dispatch_command(arguments: Sequence[str]) -> int:
    """Run a command; return the exit status of an expected failure.

    Other exceptions are faults of dcevents or of the machine.
    """
    try:
        with cli.make_context("dcevents", list(arguments)) as context:
            status: int | None = cli.invoke(context)
            return status or 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        output.write_message(error.format_message())
        return 2
    except click.ClickException as error:
        say(describe_mistake(error))
        return 2
    except DcError as error:
        say(str(error))
        return error.status
    except BrokenPipeError:
        return 0
    except OSError as error:
        # Help that could not be written: click writes it, so no OutputError is raised.
        say(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}")
        return 1
    except (KeyboardInterrupt, click.Abort):
        return 130
    except Terminated as end:
        return end.status


def _is_out_of_memory(error: BaseException) -> bool:
    """Return whether too little memory, or too few threads, caused an error.

    Errors of Python, and of polars, whose panics are no Exceptions. Some processes polars ends
    without an error.
    """
    lacks_threads = str(error).startswith(("can't start new thread", "could not spawn threads"))
    # Raised by polars where memory was enough for only a part of it.
    is_half_loaded = isinstance(error, ImportError | NameError | SystemError)
    return (
        isinstance(error, MemoryError) or lacks_threads or (is_half_loaded and _is_memory_limited())
    )


def _is_memory_limited() -> bool:
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


# -- the process --------------------------------------------------------------------------------

_AGAIN_SECONDS = 0.05
"""Seconds after which a signal is taken once more that nothing could take."""
_ENDING_SECONDS = 2.0
"""Seconds that a run has to put things in order once a signal has come, whatever comes then."""


class SignalEnd:
    """The end of a run by a signal: the first one is raised, and those that follow are not heard.

    Raised once more, they would come up within what the first one has begun.
    """

    def __init__(self) -> None:
        self._number = 0
        """The signal that was raised; 0: none."""
        self._deaf_until = 0.0

    def handle_signals(self) -> None:
        """Take signals from now on."""
        sys.unraisablehook = self.report_unraisable
        sys.excepthook = self.report_uncaught
        signal.signal(signal.SIGALRM, self._take_again)
        signal.signal(signal.SIGINT, self._take_signal)
        signal.signal(signal.SIGTERM, self._take_signal)
        # Sent when the terminal is closed; under nohup it is ignored, and has to stay so.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._take_signal)

    def _take_signal(self, number: int, _frame: object) -> None:
        now = time.monotonic()
        if now < self._deaf_until:
            return
        if self._number:
            os._exit(128 + self._number)
        self._deaf_until = now + _ENDING_SECONDS
        self._number = number
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated(number)

    def _take_again(self, _number: int, frame: object) -> None:
        number, self._number, self._deaf_until = self._number, 0, 0.0
        if number:
            self._take_signal(number, frame)

    def report_unraisable(self, found: sys.UnraisableHookArgs) -> None:
        """Write errors that cannot be raised, but not those of signals, which are taken once more.

        In the middle of an import, for one, Python drops what a signal raises. polars raises Ctrl-C
        in the threads that it works for, too: there it is nobody's.
        """
        if not issubclass(found.exc_type, KeyboardInterrupt | Terminated):
            sys.__unraisablehook__(found)
        elif threading.current_thread() is threading.main_thread():
            self._deaf_until = time.monotonic() + _ENDING_SECONDS
            error = found.exc_value
            self._number = error.number if isinstance(error, Terminated) else signal.SIGINT
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)

    def report_uncaught(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Write errors that nothing has caught, but end quietly by a signal.

        What it has broken off may fail in other ways, too.
        """
        if isinstance(error, Terminated):
            os._exit(error.status)
        if isinstance(error, KeyboardInterrupt):
            os._exit(128 + signal.SIGINT)
        if self._number:
            os._exit(128 + self._number)
        sys.__excepthook__(kind, error, trace)


def _silence_polars_memory_warnings() -> None:
    """Keep polars from warning where memory is limited.

    It would warn before an error that says the same, and twenty thousand times that a thread of its
    allocator could not be started.
    """
    warnings.filterwarnings("ignore", "Polars binary is missing")
    os.environ.setdefault("_RJEM_MALLOC_CONF", "background_thread:false")


def main() -> NoReturn:
    """Run `dcevents` as a process of its own."""
    # Almost nothing here makes cycles; looking for them would cost a tenth of a short run.
    gc.set_threshold(100_000, 50, 50)
    output.hold_standard_descriptors()
    if _is_memory_limited():
        _silence_polars_memory_warnings()
    SignalEnd().handle_signals()
    status = run_command_line(sys.argv[1:])
    # All is written; taking the interpreter down in order takes longer than a small report.
    os._exit(status)
