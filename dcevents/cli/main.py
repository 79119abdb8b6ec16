"""The command line: options in, report out, and the one boundary where errors become messages and exit statuses."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import click

from dcevents import __version__, output, reports, show, snippet
from dcevents.analysis import alerts
from dcevents.cli import options
from dcevents.errors import DcError, StoreError, Terminated, UnusableInputError, UsageError

if TYPE_CHECKING:
    from dcevents.analysis.view import View
    from dcevents.cli.progress import Progress
    from dcevents.model.conversations import Fold
    from dcevents.reading.log import Log
    from dcevents.reading.parsing.parse import Parser
    from dcevents.reading.sources import FoundInputs, Input
    from dcevents.render import RenderContext
    from dcevents.reports._report import Report
    from dcevents.settings import IngestSettings, Settings
    from dcevents.store.disk.state import StoreState
    from dcevents.store.run import RunResult
    from dcevents.tables import Document, Table

ALERT_STATUS = 4
"""Exit status: the report is written, and something about it is not as it should be."""
CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _describe_versions() -> str:
    import platform  # noqa: PLC0415
    from importlib.metadata import version  # noqa: PLC0415

    return (
        f"dcevents {__version__} (polars {version('polars')}, Python {platform.python_version()})"
    )


def _print_versions(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        output.write_to_stdout([_describe_versions() + "\n"])
        ctx.exit()


class CommandGroup(click.Group):
    """The reports, each made into a command when it is asked for: making all takes longer than running one.

    After them come the commands that report nothing.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*reports.load_reports(), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        report = reports.load_reports().get(cmd_name)
        return _make_report_command(report) if report else super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Commands"):
            lines = [(report.name, report.help) for report in reports.load_reports().values()]
            formatter.write_dl(
                [*lines, *((name, each.short_help or "") for name, each in self.commands.items())]
            )


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


def _make_report_command(report: Report) -> click.Command:
    def callback(**given: Any) -> int:  # noqa: ANN401 - click's values
        return run_report(report, given)

    callback.__doc__ = f"{report.help}\n\n\b\nExample: {report.example}"
    command = _apply_options(callback, options.build_report_options(report))
    return click.command(report.name, context_settings=CONTEXT_SETTINGS)(command)


def _apply_options(
    callback: Callable[..., int], decorators: Sequence[options.Decorator]
) -> Callable[..., int]:
    decorated: Any = callback
    for decorate in reversed(decorators):
        decorated = decorate(decorated)
    return cast("Callable[..., int]", decorated)


def _print_snippet(**given: Any) -> int:  # noqa: ANN401 - click's values
    """JavaScript for the page that loads Dynamic Chat: it sends every event to a log.

    \b
    Example: dcevents snippet --endpoint /dc-events > snippet.html
    """
    output.write_to_stdout([snippet.make_script(snippet.SnippetSettings(**given))])
    return 0


cli.command(
    "snippet",
    context_settings=CONTEXT_SETTINGS,
    short_help="JavaScript for the page: it sends the events to a log.",
)(_apply_options(_print_snippet, options.SNIPPET_OPTIONS))


def _ingest_logs(**given: Any) -> int:  # noqa: ANN401 - click's values
    """Take in what is new in logs, for reports from the store.

    \b
    Example: dcevents ingest /var/log/dc --store /var/lib/dcevents -q
    """
    from dcevents.cli import rejects  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.reading import sources  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.store.disk import files  # noqa: PLC0415
    from dcevents.store.run import run_ingest  # noqa: PLC0415

    taking = options.parse_ingest_settings(given)
    # Removing something reads nothing: standard input may be a list of whom to forget.
    removes = bool(taking.forgotten_sids) or taking.keep_from_ms is not None
    operands = given["source"] or (
        ["-"] if not removes and sources.is_standard_input_given() else []
    )
    if not operands and not removes:
        raise click.UsageError(
            "no input: name a file or directory, as in: dcevents ingest logs/ --store store/"
        )
    if not operands:
        # To remove something makes no store.
        files.load_manifest(Path(taking.store))
        if sources.is_standard_input_given() and not taking.is_quiet:
            _say("standard input is not read; name it: -")
    found = sources.find_inputs(operands)
    check_targets(None, taking.rejects_file, found)
    protect_store(taking.store, {"--rejects": taking.rejects_file})
    _tell_passed_over(found, operands, quiet=taking.is_quiet)
    with (
        _show_progress(found, quiet=taking.is_quiet) as progress,
        rejects.open_rejects_file(taking.rejects_file) as keep,
    ):
        done = run_ingest(
            taking, found.inputs, lambda: sources.find_inputs(operands).inputs, progress, keep
        )
    for source in done.log.inputs:
        _warn_of_input(source)
    for warning in done.removed.not_found:
        _say(f"warning: {warning}")
    if taking.prints_changes:
        output.write_to_stdout(f"{line}\n" for line in done.moved)
    if not taking.is_quiet:
        _tell_run(taking, done, len(found.inputs))
    return 0


def _tell_run(taking: IngestSettings, done: RunResult, inputs: int) -> None:
    """Say what there is to know of a run that is not told to be quiet."""
    from dcevents.reading import account_words, recognition  # noqa: PLC0415

    new = f"{taking.store} is a new store" if done.is_new else None
    shapes = ((read.inputs[0].name, recognition.describe_recognition(read)) for read in done.logs)
    for line in (
        *done.removed.removed,
        new,
        *(f"{name}: {words}" for name, words in shapes if words),
    ):
        if line:
            _say(line)
    if inputs:
        how = "read again" if taking.reads_again else "with something new"
        logs = f"{show.format_count(len(done.logs), 'log')} of {inputs:,} {how}"
        _say(f"{logs}: {account_words.describe_account(done.log.account)}")
    for line in account_words.describe_unrecognised(done.log, named=True):
        _say(line)


cli.command(
    "ingest",
    context_settings=CONTEXT_SETTINGS,
    short_help="Take in what is new in logs, into a store for reports.",
)(_apply_options(_ingest_logs, options.build_ingest_options()))


@cli.group(
    "store",
    context_settings=CONTEXT_SETTINGS,
    short_help="What a store holds, whether it is sound; make it smaller.",
)
def _store_group() -> None:
    """What a store holds, whether it is sound; make it smaller.

    \b
    Example: dcevents store info /var/lib/dcevents
    """


def _print_info(directory: str) -> int:
    """What a store holds, and how it is kept."""
    from dcevents.store.info import describe_store  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.store.query import open_store  # noqa: PLC0415

    output.write_to_stdout(
        f"{show.make_visible(line)}\n"
        for line in describe_store(open_store(directory), options.read_clock())
    )
    return 0


def _verify_store(directory: str) -> int:
    """Whether a store is sound, and its rows are what its events come to."""
    from dcevents.store.disk import lock  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.store.query import open_store  # noqa: PLC0415
    from dcevents.store.verify import find_faults  # noqa: PLC0415

    with lock.hold_for_reading(Path(directory)):
        found = list(find_faults(open_store(directory), options.read_clock()))
    for fault in found:
        _say(fault)
    if found:
        raise StoreError(
            f"{directory}: damaged; restore it from a backup, or ingest the logs into a new store"
        )
    output.write_to_stdout([f"{show.make_visible(directory)}: sound\n"])
    return 0


def _compact_store(directory: str, lock_wait: str) -> int:
    """Make a store's files fewer and smaller; it says the same."""
    from dcevents.store.run import compact_store  # noqa: PLC0415 - polars, not before it is needed

    was, now = compact_store(
        Path(directory), options.parse_duration(lock_wait, "--lock-wait"), options.read_clock()
    )
    sizes = [
        show.format_number(sum(size for size, _ in each.files.values())) for each in (was, now)
    ]
    output.write_to_stdout([f"{show.make_visible(directory)}: {sizes[0]} → {sizes[1]} bytes\n"])
    return 0


for _name, _command_of_store in (
    ("info", _print_info),
    ("verify", _verify_store),
    ("compact", _compact_store),
):
    _store_group.command(
        _name, context_settings=CONTEXT_SETTINGS, short_help=_command_of_store.__doc__
    )(_apply_options(_command_of_store, options.build_store_options(_name)))


def run_report(report: Report, given: dict[str, Any]) -> int:
    """One report, from options to output. Returns the exit status."""
    config = options.parse_settings(report, given)
    target = options.parse_output_settings(report, given, config)
    with _open_view(report, config, target, given) as (view, stale):
        return _write_report(report, view, target, stale, only_map=given.get("show_map", False))


@contextlib.contextmanager
def _open_view(
    report: Report, config: Settings, target: options.OutputSettings, given: dict[str, Any]
) -> Iterator[tuple[View, Sequence[str]]]:
    """What a report is made of, and what there is to alert of."""
    from dcevents.analysis.view import View  # noqa: PLC0415 - polars, not before it is needed

    if given["store"] is None:
        log = _read_logs(report, config, target, _choose_operands(report, given["source"]))
        yield View(log, _fold_log(log, config), config), ()
        return
    from dcevents.store import query  # noqa: PLC0415
    from dcevents.store.disk import files, lock  # noqa: PLC0415

    protect_store(
        given["store"], {"--output": target.output_file, "--rejects": target.rejects_file}
    )
    with lock.hold_for_reading(Path(given["store"])), files.report_damage(Path(given["store"])):
        state = query.open_store(given["store"])
        query.require_events(state, config, listing=report.name == "events")
        if lacks := query.describe_missing_days(state, config):
            _say(f"warning: {lacks}")
        if given["source"] and options.is_store_from_environment() and not target.is_quiet:
            _say(f"read with the store {given['store']}, which DCEVENTS_STORE names")
        whole = query.is_based_on_events(state, config, placed=report.needs_locations)
        parser = (
            _make_parser(report, config, state, believing=not whole)
            if whole or given["source"]
            else None
        )
        beside = (
            _read_logs(report, config, target, given["source"], parser) if given["source"] else None
        )
        found = (
            query.read_events(state, beside, parser, config)
            if whole and parser
            else query.read_conversations(state, beside, config)
        )
        yield View(*found, config), query.describe_staleness(state, config)


def _write_report(
    report: Report,
    view: View,
    target: options.OutputSettings,
    stale: Sequence[str],
    *,
    only_map: bool,
) -> int:
    log, config = view.log, view.settings
    reason = _explain_refusal(
        log, config, "exit 3, " if report.of_anything else "no report is made, "
    )
    if reason and not report.of_anything:
        raise UnusableInputError(reason)
    made = None if only_map else _make_report(report, view)
    pieces = (
        _format_map(log, config)
        if made is None
        else target.format.write(made, _make_context(report, view, target))
    )
    if target.output_file is None:
        output.write_to_stdout(pieces)
    else:
        output.replace_file(target.output_file, pieces)
    if not target.is_quiet:
        _tell_account(report, view, made)
    if reason:
        raise UnusableInputError(reason)
    return _say_alerts([*stale, *(alerts.find_triggered(made, config) if made is not None else [])])


def _say_alerts(lines: Iterable[str]) -> int:
    """Say each alert, also to those who want it quiet. Returns the exit status: 4 if there is any."""
    status = 0
    for line in lines:
        _say(f"alert: {line}")
        status = ALERT_STATUS
    return status


def _format_map(log: Log, config: Settings) -> Iterable[str]:
    from dcevents.reading.recognition import format_map  # noqa: PLC0415

    return [format_map(log, config.mapped_names)]


def _make_report(report: Report, view: View) -> list[Table] | Document:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not for `--help`

    with ThreadPoolExecutor(1) as pool:
        counted = pool.submit(view.log.count_events)
        made = report.make(view, view.settings.by)
        counted.result()
    return made


def _tell_account(report: Report, view: View, made: list[Table] | Document | None) -> None:
    """Say why there is nothing in a report, if so, and where every line went."""
    from dcevents.analysis.selection import explain_empty  # noqa: PLC0415
    from dcevents.reading import account_words, recognition  # noqa: PLC0415

    if isinstance(made, list) and all(table.rows.is_empty() for table in made):
        reason = explain_empty(view, of_chats=report.of_chats)
        if reason is not None:
            _say(reason)
    view.log.count_events()
    of_log = view.log
    for message in (
        recognition.describe_recognition(of_log),
        account_words.describe_account(of_log.account),
        *account_words.describe_other_unrecognised(of_log),
    ):
        if message:
            _say(message)


def _choose_operands(report: Report, given: Sequence[str]) -> Sequence[str]:
    from dcevents.reading.sources import is_standard_input_given  # noqa: PLC0415

    if given or is_standard_input_given():
        return given or ["-"]
    command = " ".join(["dcevents", report.name, *map(str.upper, report.operands)])
    raise click.UsageError(
        f"no input: name a file or directory, or pipe events in, as in: {command} logs/"
    )


def _read_logs(
    report: Report,
    config: Settings,
    target: options.OutputSettings,
    operands: Sequence[str],
    parser: Parser | None = None,
) -> Log:
    from dcevents.cli import rejects  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.reading import log, sources  # noqa: PLC0415 - polars, not before it is needed

    found = sources.find_inputs(operands)
    check_targets(target, target.rejects_file, found)
    _tell_passed_over(found, operands, quiet=target.is_quiet)
    own = _make_parser(report, config) if parser is None else parser
    with (
        _show_progress(found, quiet=target.is_quiet) as progress,
        rejects.open_rejects_file(target.rejects_file) as keep,
    ):
        read = log.read_log(
            found.inputs, own, progress, locate=report.needs_locations, keep_reject=keep
        )
    if not report.needs_sids and parser is None:
        read.facts.forget_sids()
    _warn_of_inputs(read)
    return read


def _make_parser(
    report: Report, config: Settings, state: StoreState | None = None, *, believing: bool = False
) -> Parser:
    """What reads a report's logs, those beside a store with its codes."""
    from dcevents.model.attributes import Vocabulary  # noqa: PLC0415
    from dcevents.reading.parsing.envelopes import Known  # noqa: PLC0415
    from dcevents.reading.parsing.parse import Limits, Parser  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    known = Known(config.mapped_paths, config.mapped_names)
    limits = Limits(config.as_of_ms, config.clock_ms, believing=believing)
    vocabulary = state.make_vocabulary() if state else Vocabulary()
    return Parser(
        limits,
        vocabulary,
        keep_query=config.keeps_query,
        in_full=report.needs_locations,
        known=known,
    )


def _tell_passed_over(found: FoundInputs, operands: Sequence[str], *, quiet: bool) -> None:
    if found.skipped_files and not quiet:
        _say(
            f"passed over {show.format_count(found.skipped_files, 'file')} (no log by name or content)"
        )
    if not found.inputs and operands and not quiet:
        _say(f"no log in {', '.join(operands)}")


@contextlib.contextmanager
def _show_progress(found: FoundInputs, *, quiet: bool) -> Iterator[Progress]:
    from dcevents.cli.progress import Progress  # noqa: PLC0415

    shown = (
        not quiet
        and sys.stderr is not None
        and sys.stderr.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
    )
    progress = Progress([source.size for source in found.inputs], shown=shown)
    try:
        yield progress
    finally:
        progress.close()


def _explain_refusal(log: Log, config: Settings, so: str) -> str | None:
    """Why what was read is not good enough."""
    from dcevents.reading.account_words import explain_intolerable, explain_unusable  # noqa: PLC0415

    found = explain_intolerable(log, config.tolerance) if config.tolerance else None
    return explain_unusable(log) or (so + found if found else None)


def check_targets(
    target: options.OutputSettings | None, rejects: str | None, found: FoundInputs
) -> None:
    """Raises UsageError where what is written would destroy what is read, or mix. Without a target, all is."""
    for option, name in (
        ("--output", target.output_file if target else None),
        ("--rejects", rejects),
    ):
        if name is not None and found.is_nonempty_input(name):
            raise UsageError(f"{option}: {name} is one of the inputs; write to another file")
        if name is not None and output.is_standard_error(name):
            raise UsageError(f"{option}: standard error goes to {name} too; name another file")
    if (
        target
        and target.rejects_file is not None
        and output.is_same_target(target.rejects_file, target.output_file)
    ):
        where = "standard output" if target.output_file is None else target.output_file
        raise UsageError(f"--rejects: the report goes to {where} too; name another file")


def protect_store(store: str, targets: Mapping[str, str | None]) -> None:
    """Raises UsageError where something is to be written over a store's files; `targets`: option → file."""
    for option, name in targets.items():
        if name is not None and output.is_within(name, store):
            raise UsageError(f"{option}: {name} is in the store; write to another folder")


def _fold_log(log: Log, config: Settings) -> Fold:
    from dcevents.model.conversations import Fold  # noqa: PLC0415

    return Fold(
        log.facts,
        log.facts.latest_ms if config.as_of_ms is None else config.as_of_ms,
        config.idle_ms,
    )


def _make_context(report: Report, view: View, target: options.OutputSettings) -> RenderContext:
    from dcevents.reading import recognition  # noqa: PLC0415
    from dcevents.reading.account_words import build_account_json  # noqa: PLC0415
    from dcevents.render import RenderContext  # noqa: PLC0415

    config = view.settings
    shown = target.output_file is None and os.isatty(1)
    since, until = (
        show.format_timestamp(config.window.since),
        show.format_timestamp(config.window.until),
    )
    meta = {
        "version": __version__,
        "as_of": show.format_timestamp(view.fold.as_of),
        "tz": config.tz.key,
        "window": {"since": since, "until": until},
        "input": {
            **build_account_json(view.log.account),
            **recognition.build_recognition_json(view.log),
        },
    }
    return RenderContext(
        report.name,
        meta,
        config.tz,
        period=show.format_period(config.window.since, config.window.until, config.tz)
        or view.describe_days(),
        terminal_width=shutil.get_terminal_size().columns if shown else None,
        is_terminal=shown or output.is_terminal(target.output_file),
        guards_formulas=target.guards_formulas,
        excel=target.excel,
        delimiter=target.delimiter,
    )


def _warn_of_inputs(log: Log) -> None:
    for source in log.inputs:
        # Where nothing was read, the refusal says so.
        if source.problem or log.account.records:
            _warn_of_input(source)


def _warn_of_input(source: Input) -> None:
    if source.unread_reason:
        rest = "" if source.foreign_format else "; what could be read is counted"
        _say(f"warning: {source.name}: {source.unread_reason}{rest}")


def _say(message: str) -> None:
    output.write_message("dcevents: " + show.make_visible(message))


def run_command_line(arguments: Sequence[str]) -> int:
    """Run the command line; the exit status comes back (interface: Exit status)."""
    try:
        return _dispatch_command(arguments)
    except BaseException as error:
        if not _is_out_of_memory(error):
            raise
        _say("not enough memory; a limit may be in force (ulimit -v)")
        return 1


def _dispatch_command(arguments: Sequence[str]) -> int:
    """As `run`; what is raised are mistakes of ours, or comes of the machine."""
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
        _say(_format_usage_error(error))
        return 2
    except DcError as error:
        _say(str(error))
        return error.status
    except BrokenPipeError:
        return 0
    except OSError as error:
        # Of help, which click writes.
        _say(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}")
        return 1
    except (KeyboardInterrupt, click.Abort):
        return 130
    except Terminated as end:
        return end.status


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether an error comes of too little memory, or too few threads; polars ends some processes without asking."""
    # Of Python, and of polars, whose panics are no Exceptions.
    no_thread = str(error).startswith(("can't start new thread", "could not spawn threads"))
    # What comes of polars where it could only be loaded in part.
    in_part = isinstance(error, ImportError | NameError | SystemError) and _is_memory_limited()
    return isinstance(error, MemoryError) or no_thread or in_part


def _is_memory_limited() -> bool:
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _format_usage_error(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "dcevents"
    return f"{error.format_message().rstrip('.')}; see {path} --help"


def _raise_terminated(number: int, _frame: object) -> NoReturn:
    raise Terminated(number)


def _report_unraisable(found: sys.UnraisableHookArgs) -> None:
    """Tell of errors that cannot be raised, but not of a signal that came again while the run was being ended by it:
    polars raises Ctrl-C in the thread that it works for, too.
    """
    if not issubclass(found.exc_type, KeyboardInterrupt | Terminated):
        sys.__unraisablehook__(found)


def _prepare_for_little_memory() -> None:
    """Have polars fail in few words: it warns before an error that says the same, and twenty thousand times of a
    thread of its allocator's that could not be started.
    """
    warnings.filterwarnings("ignore", "Polars binary is missing")
    os.environ.setdefault("_RJEM_MALLOC_CONF", "background_thread:false")


def main() -> NoReturn:
    """The `dcevents` command."""
    # Almost nothing here makes cycles; looking for them would cost a tenth of a short run.
    gc.set_threshold(100_000, 50, 50)
    output.hold_standard_descriptors()
    if _is_memory_limited():
        _prepare_for_little_memory()
    sys.unraisablehook = _report_unraisable
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _raise_terminated)
    # A terminal that is closed; nohup has it ignored.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _raise_terminated)
    status = run_command_line(sys.argv[1:])
    # All is written; taking the interpreter down in order takes longer than a small report.
    os._exit(status)
