"""The run of a report, from settings to output. Imports polars."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from dcevents import __version__, show
from dcevents.analysis import account_line, account_words, alerts, recognition
from dcevents.analysis.arrangement import arrange_table
from dcevents.analysis.selection import describe_several_ids, describe_unfitting, explain_empty
from dcevents.analysis.view import View
from dcevents.cli.inputs import collect_garbage_again, open_reading
from dcevents.cli.messages import (
    PROGRAM_PREFIX,
    say,
    say_alerts,
    say_skipped_inputs,
    warn_of_inputs,
)
from dcevents.cli.options import is_store_from_environment
from dcevents.cli.screen import choose_width, find_message_width, uses_colour
from dcevents.cli.targets import check_rejects_apart, check_targets, protect_store
from dcevents.errors import UnusableInputError
from dcevents.model.attributes import Vocabulary
from dcevents.model.conversations import FactFold
from dcevents.output import is_terminal, replace_file, write_to_stdout
from dcevents.reading import log
from dcevents.reading.parsing.envelopes import Known
from dcevents.reading.parsing.parse import Limits, Parser
from dcevents.reading.sources.operands import find_inputs, is_standard_input_given
from dcevents.render import RenderContext
from dcevents.reports._grid import make_grid
from dcevents.store import query
from dcevents.store.disk import files, lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcevents.cli.values import OutputSettings
    from dcevents.reading.log import Log
    from dcevents.reports._report import Report
    from dcevents.settings import Settings, Window
    from dcevents.tables import Document, Table


_SCREEN_ROWS = 5
"""Rows of each table of a report of several, on a terminal."""


class ReportSource(NamedTuple):
    """The operands and the store that a report is made from."""

    operands: Sequence[str]
    store: str | None


def run_report(
    report: Report,
    settings: Settings,
    output: OutputSettings,
    source: ReportSource,
    *,
    only_map: bool,
) -> int:
    """Read, make and write a report; return the exit status.

    With `only_map` only the map of the input is written.
    """
    collect_garbage_again()
    with _open_view(report, settings, output, source) as (view, staleness):
        made = _write_report(report, view, output, only_map=only_map)
        triggered = [] if made is None else alerts.find_triggered(made, settings)
        return say_alerts([*staleness, *triggered])


# -- reading ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _open_view(
    report: Report, settings: Settings, output: OutputSettings, source: ReportSource
) -> Iterator[tuple[View, Sequence[str]]]:
    """Yield the view of a report, and alerts about its store."""
    if source.store is None:
        operands = _choose_operands(report, source.operands)
        parser = _make_parser(report, settings, Vocabulary())
        read = _read_logs(report, output, operands, parser)
        if not report.needs_sids:
            read.facts.forget_sids()
        as_of = read.facts.choose_as_of(settings.as_of_ms, settings.clock_ms)
        yield View(read, FactFold(read.facts, as_of, settings.idle_ms), settings), ()
    else:
        with _open_store_view(report, settings, output, source.store, source.operands) as found:
            yield found


def _choose_operands(report: Report, given: Sequence[str]) -> Sequence[str]:
    if given or is_standard_input_given():
        return given or ["-"]
    command = " ".join(["dcevents", report.name, *map(str.upper, report.operands)])
    raise click.UsageError(
        f"no input: name a file or directory, or pipe events in, as in: {command} logs/"
    )


@contextlib.contextmanager
def _open_store_view(
    report: Report,
    settings: Settings,
    output: OutputSettings,
    store: str,
    operands: Sequence[str],
) -> Iterator[tuple[View, Sequence[str]]]:
    """Yield the view of a store and its extra logs, with alerts.

    The store is not changed meanwhile.
    """
    protect_store(store, {"--output": output.output_file, "--rejects": output.rejects_file})
    with lock.hold_for_reading(Path(store)), files.report_damage(Path(store)):
        state = query.open_store(store)
        query.require_events(state, settings, listing=report.needs_stored_events)
        for window in settings.windows:
            if missing := query.describe_missing_days(state, replace(settings, window=window)):
                say(f"warning: {missing}")
                break
        if operands and is_store_from_environment() and not output.is_quiet:
            say(f"read with the store {store}, which DCEVENTS_STORE names")
        needs_events = query.is_based_on_events(
            state, settings, needs_locations=report.needs_locations
        )
        extra_log = parser = None
        if operands or needs_events:
            parser = _make_parser(
                report, settings, state.make_vocabulary(), believing=not needs_events
            )
        if operands and parser:
            extra_log = _read_logs(report, output, operands, parser)
        if needs_events and parser:
            found = query.read_events(state, extra_log, parser, settings)
        else:
            reaching = replace(settings, window=settings.reach)
            found = query.read_conversations(state, extra_log, reaching)
        yield View(*found, settings), query.describe_staleness(state, settings)


def _make_parser(
    report: Report, settings: Settings, vocabulary: Vocabulary, *, believing: bool = False
) -> Parser:
    known = Known(settings.mapped_paths, settings.mapped_names)
    limits = Limits(settings.as_of_ms, settings.clock_ms, believing=believing)
    return Parser(
        limits,
        vocabulary,
        keep_query=settings.keeps_query,
        in_full=report.needs_locations,
        known=known,
    )


def _read_logs(
    report: Report, output: OutputSettings, operands: Sequence[str], parser: Parser
) -> Log:
    found = find_inputs(operands)
    check_targets(found, {"--output": output.output_file, "--rejects": output.rejects_file})
    check_rejects_apart(output.rejects_file, output.output_file)
    if not output.is_quiet:
        say_skipped_inputs(found, operands)
    opened = open_reading(found, output.rejects_file, is_quiet=output.is_quiet)
    with opened as (progress, keep_reject):
        read = log.read_log(
            found.inputs,
            parser,
            progress,
            locate=report.needs_locations,
            keep_reject=keep_reject,
        )
    warn_of_inputs(read)
    return read


# -- writing ------------------------------------------------------------------------------------


def _write_report(
    report: Report, view: View, output: OutputSettings, *, only_map: bool
) -> list[Table] | Document | None:
    """Write a report and return it; None for only the map."""
    refusal = _explain_refusal(report, view)
    if refusal and report.needs_usable_input:
        raise UnusableInputError(refusal)
    made = None if only_map else _make_report(report, view)
    pieces: Iterable[str]
    if made is None:
        pieces = [recognition.format_map(view.log, view.settings.mapped_names)]
    else:
        context = _make_context(report, view, output)
        pieces = output.format.write(_arrange_report(report, view, made, output), context)
    if output.output_file is None:
        write_to_stdout(pieces)
    else:
        replace_file(output.output_file, pieces)
    for unfitting in describe_unfitting(view):
        say(f"warning: {unfitting}")
    if not output.is_quiet:
        _say_account(report, view, made, output)
    if refusal:
        raise UnusableInputError(refusal)
    return made


def _explain_refusal(report: Report, view: View) -> str | None:
    """Return why the input is not good enough, if so."""
    tolerance = view.settings.tolerance
    found = account_words.explain_intolerable(view.log, tolerance) if tolerance else None
    consequence = "no report is made" if report.needs_usable_input else "exit 3"
    intolerable = f"{consequence}, {found}" if found else None
    return account_words.explain_unusable(view.log) or intolerable


def _make_report(report: Report, view: View) -> list[Table] | Document:
    with ThreadPoolExecutor(1) as pool:
        counted = pool.submit(view.log.count_events)
        made = report.make(view, view.settings.by)
        counted.result()
    return made


def _arrange_report(
    report: Report, view: View, made: list[Table] | Document, output: OutputSettings
) -> list[Table] | Document:
    """Return a report as it is written: alerts are about all of it."""
    if not isinstance(made, list):
        return made
    wanted = view.settings.arrangement
    if wanted.grid is not None and output.format.writes_grids:
        return [make_grid(report, view, table, wanted) for table in made]
    if len(made) > 1 and wanted.top is None and _is_read_on_terminal(output):
        wanted = replace(wanted, top=_SCREEN_ROWS)
    return [arrange_table(table, wanted) for table in made]


def _is_read_on_terminal(output: OutputSettings) -> bool:
    """Return whether somebody reads a table on a terminal."""
    return output.format.is_for_screens and output.output_file is None and os.isatty(1)


def _make_context(report: Report, view: View, output: OutputSettings) -> RenderContext:
    settings = view.settings
    is_on_terminal = output.output_file is None and os.isatty(1)
    window, tz = settings.window, settings.tz
    compared = settings.compared
    meta = {
        "version": __version__,
        "as_of": show.format_timestamp(view.fold.as_of),
        "tz": tz.key,
        "window": _build_window_json(window),
        **({} if compared is None else {"compare": _build_window_json(compared)}),
        "input": {
            **account_words.build_account_json(view.log.account),
            **recognition.build_recognition_json(view.log),
        },
    }
    return RenderContext(
        report.name,
        meta,
        tz,
        period=show.format_period(window.since, window.until, tz) or view.describe_days(),
        compared_period=None
        if compared is None
        else show.format_period(compared.since, compared.until, tz),
        width=choose_width(output.width, is_on_terminal=is_on_terminal),
        is_terminal=is_on_terminal or is_terminal(output.output_file),
        is_interactive=is_on_terminal,
        uses_colour=output.output_file is None and uses_colour(is_on_terminal=is_on_terminal),
        arguments=output.repeatable_arguments,
        guards_formulas=output.guards_formulas,
        excel=output.excel,
        delimiter=output.delimiter,
        decimal=output.decimal,
    )


def _build_window_json(window: Window) -> dict[str, str | None]:
    since, until = show.format_timestamp(window.since), show.format_timestamp(window.until)
    return {"since": since, "until": until}


def _say_account(
    report: Report, view: View, made: list[Table] | Document | None, output: OutputSettings
) -> None:
    """Say why a report is empty, and how lines were counted."""
    if isinstance(made, list) and all(table.rows.is_empty() for table in made):
        reason = explain_empty(view, of_chats=report.selects == "attempts")
        if reason is not None:
            say(reason)
    for several in describe_several_ids(view, of_chats=report.selects == "attempts"):
        say(several)
    view.log.count_events()
    for message in (
        recognition.describe_recognition(view.log),
        _describe_account(report, view.log, output),
        *account_words.describe_other_unrecognised(view.log),
    ):
        if message:
            say(message)


def _describe_account(report: Report, read: Log, output: OutputSettings) -> str:
    """Return how records were counted: in one line, or with `--verbose` in full."""
    if output.is_verbose:
        return account_words.describe_account(read.account)
    # A report about the input says it all.
    arguments = output.input_arguments if report.needs_usable_input else None
    command = None if arguments is None else shlex.join(["dcevents", "check", *arguments])
    width = find_message_width()
    room = None if width is None else width - len(PROGRAM_PREFIX)
    return account_line.describe_briefly(read.account, command, room)
