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
    from dcevents.reading.sources import Found, Input
    from dcevents.render import Circumstances
    from dcevents.reports._report import Report
    from dcevents.settings import Settings, Taking
    from dcevents.store.disk.state import State
    from dcevents.store.run import Done
    from dcevents.tables import Document, Table

ALERTED = 4
"""Exit status: the report is written, and something about it is not as it should be."""
HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def _version() -> str:
    import platform  # noqa: PLC0415
    from importlib.metadata import version  # noqa: PLC0415

    return (
        f"dcevents {__version__} (polars {version('polars')}, Python {platform.python_version()})"
    )


def _show_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        output.to_standard_output([_version() + "\n"])
        ctx.exit()


class _Commands(click.Group):
    """The reports, each made into a command when it is asked for: making all takes longer than running one.

    After them come the commands that report nothing.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*reports.load(), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        report = reports.load().get(cmd_name)
        return _command(report) if report else super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Commands"):
            lines = [(report.name, report.help) for report in reports.load().values()]
            formatter.write_dl(
                [*lines, *((name, each.short_help or "") for name, each in self.commands.items())]
            )


@click.group(cls=_Commands, context_settings=HELP)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show versions.",
)
def cli() -> None:
    """\b
    Completion, abandonment and live chat, from logs of Adobe Dynamic Chat.
    SOURCE is a file, a directory, or - for standard input; compressed or not.
    Example: dcevents summary sample_logs/site
    """


def _command(report: Report) -> click.Command:
    def callback(**given: Any) -> int:  # noqa: ANN401 - click's values
        return _run(report, given)

    callback.__doc__ = f"{report.help}\n\n\b\nExample: {report.example}"
    command = _decorated(callback, options.for_report(report))
    return click.command(report.name, context_settings=HELP)(command)


def _decorated(
    callback: Callable[..., int], decorators: Sequence[options.Decorator]
) -> Callable[..., int]:
    decorated: Any = callback
    for decorate in reversed(decorators):
        decorated = decorate(decorated)
    return cast("Callable[..., int]", decorated)


def _snippet(**given: Any) -> int:  # noqa: ANN401 - click's values
    """JavaScript for the page that loads Dynamic Chat: it sends every event to a log.

    \b
    Example: dcevents snippet --endpoint /dc-events > snippet.html
    """
    output.to_standard_output([snippet.text(snippet.Snippet(**given))])
    return 0


cli.command(
    "snippet",
    context_settings=HELP,
    short_help="JavaScript for the page: it sends the events to a log.",
)(_decorated(_snippet, options.FOR_SNIPPET))


def _ingest(**given: Any) -> int:  # noqa: ANN401 - click's values
    """Take in what is new in logs, for reports from the store.

    \b
    Example: dcevents ingest /var/log/dc --store /var/lib/dcevents -q
    """
    from dcevents.cli import rejects  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.reading import sources  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.store.disk import files  # noqa: PLC0415
    from dcevents.store.run import run  # noqa: PLC0415

    taking = options.taking(given)
    # Removing something reads nothing: standard input may be a list of whom to forget.
    removes = bool(taking.forget) or taking.cut_off is not None
    operands = given["source"] or (
        ["-"] if not removes and sources.standard_input_is_given() else []
    )
    if not operands and not removes:
        raise click.UsageError(
            "no input: name a file or directory, as in: dcevents ingest logs/ --store store/"
        )
    if not operands:
        # To remove something makes no store.
        files.load(Path(taking.store))
        if sources.standard_input_is_given() and not taking.quiet:
            _say("standard input is not read; name it: -")
    found = sources.find(operands)
    _check_targets(None, taking.rejects, found)
    _spare(taking.store, {"--rejects": taking.rejects})
    _tell_found(found, operands, quiet=taking.quiet)
    with _progress(found, quiet=taking.quiet) as progress, rejects.into(taking.rejects) as keep:
        done = run(taking, found.inputs, lambda: sources.find(operands).inputs, progress, keep)
    for source in done.read.inputs:
        _mention_problem(source)
    for warning in done.removed.unknown:
        _say(f"warning: {warning}")
    if taking.changes:
        output.to_standard_output(f"{line}\n" for line in done.moved)
    if not taking.quiet:
        _tell_ingested(taking, done, len(found.inputs))
    return 0


def _tell_ingested(taking: Taking, done: Done, inputs: int) -> None:
    """Say what there is to know of a run that is not told to be quiet."""
    from dcevents.reading import account, recognised  # noqa: PLC0415

    new = f"{taking.store} is a new store" if done.is_new else None
    shapes = ((read.inputs[0].name, recognised.in_words(read)) for read in done.logs)
    for line in (*done.removed.done, new, *(f"{name}: {words}" for name, words in shapes if words)):
        if line:
            _say(line)
    if inputs:
        how = "read again" if taking.again else "with something new"
        logs = f"{show.things(len(done.logs), 'log')} of {inputs:,} {how}"
        _say(f"{logs}: {account.in_words(done.read.account)}")
    for line in account.strangers(done.read, named=True):
        _say(line)


cli.command(
    "ingest",
    context_settings=HELP,
    short_help="Take in what is new in logs, into a store for reports.",
)(_decorated(_ingest, options.for_ingest()))


@cli.group(
    "store",
    context_settings=HELP,
    short_help="What a store holds, whether it is sound; make it smaller.",
)
def _store() -> None:
    """What a store holds, whether it is sound; make it smaller.

    \b
    Example: dcevents store info /var/lib/dcevents
    """


def _info(directory: str) -> int:
    """What a store holds, and how it is kept."""
    from dcevents.store.info import lines  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.store.reading import opened  # noqa: PLC0415

    output.to_standard_output(
        f"{show.visible(line)}\n" for line in lines(opened(directory), options.clock())
    )
    return 0


def _verify(directory: str) -> int:
    """Whether a store is sound, and its rows are what its events come to."""
    from dcevents.store.disk import lock  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.store.reading import opened  # noqa: PLC0415
    from dcevents.store.verify import faults  # noqa: PLC0415

    with lock.reading(Path(directory)):
        found = list(faults(opened(directory), options.clock()))
    for fault in found:
        _say(fault)
    if found:
        raise StoreError(
            f"{directory}: damaged; restore it from a backup, or ingest the logs into a new store"
        )
    output.to_standard_output([f"{show.visible(directory)}: sound\n"])
    return 0


def _compact(directory: str, lock_wait: str) -> int:
    """Make a store's files fewer and smaller; it says the same."""
    from dcevents.store.run import compacted  # noqa: PLC0415 - polars, not before it is needed

    was, now = compacted(
        Path(directory), options.duration(lock_wait, "--lock-wait"), options.clock()
    )
    sizes = [show.number(sum(size for size, _ in each.files.values())) for each in (was, now)]
    output.to_standard_output([f"{show.visible(directory)}: {sizes[0]} → {sizes[1]} bytes\n"])
    return 0


for _name, _command_of_store in (("info", _info), ("verify", _verify), ("compact", _compact)):
    _store.command(_name, context_settings=HELP, short_help=_command_of_store.__doc__)(
        _decorated(_command_of_store, options.for_store(_name))
    )


def _run(report: Report, given: dict[str, Any]) -> int:
    """One report, from options to output. Returns the exit status."""
    config = options.settings(report, given)
    target = options.target(report, given, config)
    with _what_is_read(report, config, target, given) as (view, stale):
        return _reported(report, view, target, stale, only_map=given.get("show_map", False))


@contextlib.contextmanager
def _what_is_read(
    report: Report, config: Settings, target: options.Target, given: dict[str, Any]
) -> Iterator[tuple[View, Sequence[str]]]:
    """What a report is made of, and what there is to alert of."""
    from dcevents.analysis.view import View  # noqa: PLC0415 - polars, not before it is needed

    if given["store"] is None:
        log = _read(report, config, target, _operands(report, given["source"]))
        yield View(log, _fold(log, config), config), ()
        return
    from dcevents.store import reading  # noqa: PLC0415
    from dcevents.store.disk import files, lock  # noqa: PLC0415

    _spare(given["store"], {"--output": target.output, "--rejects": target.rejects})
    with lock.reading(Path(given["store"])), files.damage_told(Path(given["store"])):
        state = reading.opened(given["store"])
        reading.require_events(state, config, listing=report.name == "events")
        if lacks := reading.left_out(state, config):
            _say(f"warning: {lacks}")
        if given["source"] and options.is_usual_store() and not target.quiet:
            _say(f"read with the store {given['store']}, which DCEVENTS_STORE names")
        whole = reading.is_asked_for_events(state, config, placed=report.placed)
        parser = (
            _parser(report, config, state, believing=not whole)
            if whole or given["source"]
            else None
        )
        beside = _read(report, config, target, given["source"], parser) if given["source"] else None
        found = (
            reading.whole(state, beside, parser, config)
            if whole and parser
            else reading.kept(state, beside, config)
        )
        yield View(*found, config), reading.stale(state, config)


def _reported(
    report: Report, view: View, target: options.Target, stale: Sequence[str], *, only_map: bool
) -> int:
    log, config = view.log, view.settings
    reason = _refused(log, config, "exit 3, " if report.of_anything else "no report is made, ")
    if reason and not report.of_anything:
        raise UnusableInputError(reason)
    made = None if only_map else _made(report, view)
    pieces = (
        _as_map(log, config)
        if made is None
        else target.format.write(made, _circumstances(report, view, target))
    )
    if target.output is None:
        output.to_standard_output(pieces)
    else:
        output.to_file(target.output, pieces)
    if not target.quiet:
        _tell(report, view, made)
    if reason:
        raise UnusableInputError(reason)
    return _alert([*stale, *(alerts.tripped(made, config) if made is not None else [])])


def _alert(lines: Iterable[str]) -> int:
    """Say each alert, also to those who want it quiet. Returns the exit status: 4 if there is any."""
    status = 0
    for line in lines:
        _say(f"alert: {line}")
        status = ALERTED
    return status


def _as_map(log: Log, config: Settings) -> Iterable[str]:
    from dcevents.reading.recognised import as_map  # noqa: PLC0415

    return [as_map(log, config.names)]


def _made(report: Report, view: View) -> list[Table] | Document:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not for `--help`

    with ThreadPoolExecutor(1) as pool:
        counted = pool.submit(view.log.count)
        made = report.make(view, view.settings.by)
        counted.result()
    return made


def _tell(report: Report, view: View, made: list[Table] | Document | None) -> None:
    """Say why there is nothing in a report, if so, and where every line went."""
    from dcevents.analysis.selection import why_empty  # noqa: PLC0415
    from dcevents.reading import account, recognised  # noqa: PLC0415

    if isinstance(made, list) and all(table.rows.is_empty() for table in made):
        reason = why_empty(view, of_chats=report.of_chats)
        if reason is not None:
            _say(reason)
    view.log.count()
    of_log = view.log
    for message in (
        recognised.in_words(of_log),
        account.in_words(of_log.account),
        *account.beside(of_log),
    ):
        if message:
            _say(message)


def _operands(report: Report, given: Sequence[str]) -> Sequence[str]:
    from dcevents.reading.sources import standard_input_is_given  # noqa: PLC0415

    if given or standard_input_is_given():
        return given or ["-"]
    command = " ".join(["dcevents", report.name, *map(str.upper, report.operands)])
    raise click.UsageError(
        f"no input: name a file or directory, or pipe events in, as in: {command} logs/"
    )


def _read(
    report: Report,
    config: Settings,
    target: options.Target,
    operands: Sequence[str],
    parser: Parser | None = None,
) -> Log:
    from dcevents.cli import rejects  # noqa: PLC0415 - polars, not before it is needed
    from dcevents.reading import log, sources  # noqa: PLC0415 - polars, not before it is needed

    found = sources.find(operands)
    _check_targets(target, target.rejects, found)
    _tell_found(found, operands, quiet=target.quiet)
    own = _parser(report, config) if parser is None else parser
    with _progress(found, quiet=target.quiet) as progress, rejects.into(target.rejects) as keep:
        read = log.read(found.inputs, own, progress, placed=report.placed, keep=keep)
    if not report.sids and parser is None:
        read.facts.forget_sids()
    _mention_problems(read)
    return read


def _parser(
    report: Report, config: Settings, state: State | None = None, *, believing: bool = False
) -> Parser:
    """What reads a report's logs, those beside a store with its codes."""
    from dcevents.model.attributes import Vocabulary  # noqa: PLC0415
    from dcevents.reading.parsing.envelopes import Known  # noqa: PLC0415
    from dcevents.reading.parsing.parse import Limits, Parser  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    known = Known(config.paths, config.names)
    limits = Limits(config.as_of, config.now, believing=believing)
    vocabulary = state.vocabulary() if state else Vocabulary()
    return Parser(
        limits, vocabulary, keep_query=config.keep_query, in_full=report.placed, known=known
    )


def _tell_found(found: Found, operands: Sequence[str], *, quiet: bool) -> None:
    if found.passed_over and not quiet:
        _say(f"passed over {show.things(found.passed_over, 'file')} (no log by name or content)")
    if not found.inputs and operands and not quiet:
        _say(f"no log in {', '.join(operands)}")


@contextlib.contextmanager
def _progress(found: Found, *, quiet: bool) -> Iterator[Progress]:
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


def _refused(log: Log, config: Settings, so: str) -> str | None:
    """Why what was read is not good enough."""
    from dcevents.reading.account import intolerable, unusable  # noqa: PLC0415

    found = intolerable(log, config.tolerance) if config.tolerance else None
    return unusable(log) or (so + found if found else None)


def _check_targets(target: options.Target | None, rejects: str | None, found: Found) -> None:
    """Raises UsageError where what is written would destroy what is read, or mix. Without a target, all is."""
    for option, name in (("--output", target.output if target else None), ("--rejects", rejects)):
        if name is not None and found.would_lose(name):
            raise UsageError(f"{option}: {name} is one of the inputs; write to another file")
        if name is not None and output.loses_messages(name):
            raise UsageError(f"{option}: standard error goes to {name} too; name another file")
    if target and target.rejects is not None and output.would_mix(target.rejects, target.output):
        where = "standard output" if target.output is None else target.output
        raise UsageError(f"--rejects: the report goes to {where} too; name another file")


def _spare(store: str, targets: Mapping[str, str | None]) -> None:
    """Raises UsageError where something is to be written over a store's files; `targets`: option → file."""
    for option, name in targets.items():
        if name is not None and output.is_within(name, store):
            raise UsageError(f"{option}: {name} is in the store; write to another folder")


def _fold(log: Log, config: Settings) -> Fold:
    from dcevents.model.conversations import Fold  # noqa: PLC0415

    return Fold(
        log.facts, log.facts.latest if config.as_of is None else config.as_of, config.idle_ms
    )


def _circumstances(report: Report, view: View, target: options.Target) -> Circumstances:
    from dcevents.reading import recognised  # noqa: PLC0415
    from dcevents.reading.account import as_json  # noqa: PLC0415
    from dcevents.render import Circumstances  # noqa: PLC0415

    config = view.settings
    shown = target.output is None and os.isatty(1)
    since, until = show.timestamp(config.window.since), show.timestamp(config.window.until)
    meta = {
        "version": __version__,
        "as_of": show.timestamp(view.fold.as_of),
        "tz": config.tz.key,
        "window": {"since": since, "until": until},
        "input": {**as_json(view.log.account), **recognised.as_json(view.log)},
    }
    return Circumstances(
        report.name,
        meta,
        config.tz,
        period=show.period(config.window.since, config.window.until, config.tz) or view.span(),
        width=shutil.get_terminal_size().columns if shown else None,
        terminal=shown or output.is_terminal(target.output),
        guard=target.guard,
        excel=target.excel,
        delimiter=target.delimiter,
    )


def _mention_problems(log: Log) -> None:
    for source in log.inputs:
        # Where nothing was read, the refusal says so.
        if source.problem or log.account.records:
            _mention_problem(source)


def _mention_problem(source: Input) -> None:
    if source.lacks:
        rest = "" if source.foreign else "; what could be read is counted"
        _say(f"warning: {source.name}: {source.lacks}{rest}")


def _say(message: str) -> None:
    output.say("dcevents: " + show.visible(message))


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the exit status comes back (interface: Exit status)."""
    try:
        return _dispatched(arguments)
    except BaseException as error:
        if not _is_of_memory(error):
            raise
        _say("not enough memory; a limit may be in force (ulimit -v)")
        return 1


def _dispatched(arguments: Sequence[str]) -> int:
    """As `run`; what is raised are mistakes of ours, or comes of the machine."""
    try:
        with cli.make_context("dcevents", list(arguments)) as context:
            status: int | None = cli.invoke(context)
            return status or 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        output.say(error.format_message())
        return 2
    except click.ClickException as error:
        _say(_usage(error))
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


def _is_of_memory(error: BaseException) -> bool:
    """Whether an error comes of too little memory, or too few threads; polars ends some processes without asking."""
    # Of Python, and of polars, whose panics are no Exceptions.
    no_thread = str(error).startswith(("can't start new thread", "could not spawn threads"))
    # What comes of polars where it could only be loaded in part.
    in_part = isinstance(error, ImportError | NameError | SystemError) and _memory_is_limited()
    return isinstance(error, MemoryError) or no_thread or in_part


def _memory_is_limited() -> bool:
    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "dcevents"
    return f"{error.format_message().rstrip('.')}; see {path} --help"


def _terminate(number: int, _frame: object) -> NoReturn:
    raise Terminated(number)


def _unraised(found: sys.UnraisableHookArgs) -> None:
    """Tell of errors that cannot be raised, but not of a signal that came again while the run was being ended by it:
    polars raises Ctrl-C in the thread that it works for, too.
    """
    if not issubclass(found.exc_type, KeyboardInterrupt | Terminated):
        sys.__unraisablehook__(found)


def _expect_little_memory() -> None:
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
    if _memory_is_limited():
        _expect_little_memory()
    sys.unraisablehook = _unraised
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)
    # A terminal that is closed; nohup has it ignored.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _terminate)
    status = run(sys.argv[1:])
    # All is written; taking the interpreter down in order takes longer than a small report.
    os._exit(status)
