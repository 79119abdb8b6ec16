"""The run of a report, from settings to output. Imports polars."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from dcevents import __version__, show
from dcevents.analysis import account_line, account_words, alerts, recognition
from dcevents.analysis.arrangement import arrange_tables
from dcevents.analysis.input_warnings import list_input_warnings
from dcevents.analysis.selection import (
    describe_renamed,
    describe_several_ids,
    describe_unfitting,
    explain_empty,
    explain_empty_side,
)
from dcevents.analysis.view import View
from dcevents.cli.inputs import (
    has_waiting_input,
    settle_imports,
)
from dcevents.cli.log_opening import OpenedLogs, make_read_settings, open_logs
from dcevents.cli.options import find_unasked_store_origin
from dcevents.cli.targets import protect_store
from dcevents.cli.wording.messages import (
    find_room,
    say,
    say_alerts,
    warn,
    warn_of_inputs,
)
from dcevents.cli.wording.screen import choose_width, uses_colour
from dcevents.errors import UnusableInputError
from dcevents.model.conversations import FactFold
from dcevents.model.vocabulary import Vocabulary
from dcevents.native import give_memory_back
from dcevents.output import is_terminal, replace_file, write_to_stdout
from dcevents.reading import log
from dcevents.render import RenderContext
from dcevents.reports._grid import make_grid
from dcevents.reports._meanings import MEANINGS

if TYPE_CHECKING:
    from dcevents.cli.values import OutputSettings
    from dcevents.output import Pieces
    from dcevents.reading.log import Log
    from dcevents.reports._report import Report
    from dcevents.settings import Settings, Window
    from dcevents.tables import Document, Table


_SCREEN_ROWS = 5
"""Rows of each table of a report of several, on a terminal."""


_LONG_LOG_EVENTS = 1 << 17
"""Events whose reading has needed so much memory that to give it back is worth the time."""


class StoreSource(NamedTuple):
    """A store, and extra logs, that a report is made from."""

    store: str
    operands: Sequence[str]


def run_report(
    report: Report,
    settings: Settings,
    output: OutputSettings,
    source: OpenedLogs | StoreSource,
    *,
    only_map: bool,
) -> int:
    """Read, make and write a report; return the exit status.

    With `only_map` only the map of the input is written.
    """
    settle_imports()
    with open_view(report, settings, output, source) as (view, staleness):
        made = _write_report(report, view, output, only_map=only_map)
        triggered = [] if made is None else alerts.find_triggered(made, settings)
        return say_alerts([*staleness, *triggered])


# -- reading ------------------------------------------------------------------------------------


@contextlib.contextmanager
def open_view(
    report: Report, settings: Settings, output: OutputSettings, source: OpenedLogs | StoreSource
) -> Iterator[tuple[View, Sequence[str]]]:
    """Yield the view of a report, and alerts about its store."""
    if isinstance(source, OpenedLogs):
        read = _read_logs(source, Vocabulary(codes=source.codes))
        if not report.needs_sids:
            read.facts.forget_sids()
        if read.facts.row_count >= _LONG_LOG_EVENTS:
            give_memory_back()
        as_of = read.facts.choose_as_of(settings.as_of_ms, settings.clock_ms)
        yield View(read, FactFold(read.facts, as_of, settings.idle_ms), settings), ()
    else:
        with _open_store_view(report, settings, output, source) as found:
            yield found


@contextlib.contextmanager
def _open_store_view(
    report: Report,
    settings: Settings,
    output: OutputSettings,
    source: StoreSource,
) -> Iterator[tuple[View, Sequence[str]]]:
    """Yield the view of a store and its extra logs, with alerts.

    The store is not changed meanwhile.
    """
    # Most reports are made from logs, and are to begin at once.
    from dcevents.store import query  # noqa: PLC0415

    store, operands = source
    protect_store(store, {"--output": output.output_file, "--rejects": output.rejects_file})
    with query.hold_store(store) as state:
        query.require_facts(state)
        query.require_events(state, settings, listing=report.needs_stored_events)
        for window in settings.windows:
            if missing := query.describe_missing_days(state, settings._replace(window=window)):
                say(f"warning: {missing}")
                break
        if not output.is_quiet and (rules := query.describe_old_rules(state)):
            say(rules)
        origin = find_unasked_store_origin()
        if origin and has_waiting_input() and not output.is_quiet:
            say(f"standard input is not read, but the store {store} of {origin}; - reads it")
        needs_events = query.is_based_on_events(
            state, settings, needs_locations=report.needs_locations
        )
        extra_log = vocabulary = None
        if operands or needs_events:
            vocabulary = state.make_vocabulary()
        if operands and vocabulary:
            reading = make_read_settings(report, settings, believes_clock=not needs_events)
            extra_log = _read_logs(open_logs(operands, reading, output), vocabulary)
        if needs_events and vocabulary:
            found = query.read_events(state, extra_log, vocabulary, settings)
        else:
            reaching = settings._replace(window=settings.reach)
            found = query.read_conversations(state, extra_log, reaching)
        yield View(*found, settings), query.describe_staleness(state, settings)


def _read_logs(opened: OpenedLogs, vocabulary: Vocabulary) -> Log:
    with opened:
        read = log.read_log(opened.take_scanning(), vocabulary, keep_reject=opened.keep_reject)
    warn_of_inputs(read)
    warn(list_input_warnings([read]))
    return replace(read, skipped=opened.found.skipped)


# -- writing ------------------------------------------------------------------------------------


def _write_report(
    report: Report, view: View, output: OutputSettings, *, only_map: bool
) -> list[Table] | Document | None:
    """Write a report and return it; None for only the map."""
    refusal = explain_refusal(report, view)
    if refusal and report.needs_usable_input:
        raise UnusableInputError(refusal)
    made = None if only_map else _make_report(report, view, output)
    pieces: Pieces
    if made is None:
        settings = view.settings
        pieces = [recognition.format_map(view.log, settings.mapped_paths, settings.mapped_names)]
    else:
        context = _make_context(report, view, output)
        shown = _complete_page(report, view, made, output)
        pieces = output.format.write(_arrange_report(report, view, shown, output), context)
    if output.output_file is None:
        write_to_stdout(pieces)
    else:
        replace_file(output.output_file, pieces)
    warn(describe_unfitting(view))
    if not output.is_quiet:
        _say_account(report, view, made, output)
    if refusal:
        raise UnusableInputError(refusal)
    return made


def explain_refusal(report: Report, view: View) -> str | None:
    """Return why the input is not good enough, if so."""
    tolerance = view.settings.tolerance
    found = account_words.explain_intolerable(view.log, tolerance) if tolerance else None
    consequence = "no report is made" if report.needs_usable_input else "exit 3"
    intolerable = f"{consequence}, {found}" if found else None
    unusable = account_words.explain_unusable(view.log)
    if unusable is None:
        return _explain_unfound(view) or intolerable
    paths = [each for each in view.settings.mapped_paths if each[0] in view.settings.demanded_parts]
    missing = recognition.explain_missing(view.log, paths)
    return f"{missing}; {unusable}" if missing else unusable


def _explain_unfound(view: View) -> str | None:
    """Return which places that options name no event has, if any."""
    found = recognition.list_unfound_parts(view.log, view.settings.mapped_paths)
    demanded = [each for each in found if each[0] in view.settings.demanded_parts]
    return recognition.explain_unfound("--map", demanded) if demanded else None


def _make_report(report: Report, view: View, output: OutputSettings) -> list[Table] | Document:
    made: list[Table] | Document
    if report.make_parts is not None and _is_written_in_parts(view.settings, output):
        made = [report.make_parts(view)]
    else:
        made = report.make(view, view.settings.by)
    # Most reports have counted the events by the way.
    view.log.count_events()
    return made


def _is_written_in_parts(settings: Settings, output: OutputSettings) -> bool:
    """Return whether nothing needs all rows at once."""
    wanted = settings.arrangement
    needs_all = settings.alerts or wanted.sort is not None or wanted.top is not None
    return output.format.writes_parts and not needs_all


def _complete_page(
    report: Report, view: View, made: list[Table] | Document, output: OutputSettings
) -> list[Table] | Document:
    """Return what a format shows: of a page more than alerts are about."""
    if isinstance(made, list) and output.format.is_page and report.make_page is not None:
        return report.make_page(view, made)
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
    if report.parts and wanted.top is None and _is_read_on_terminal(output):
        wanted = wanted._replace(top=_SCREEN_ROWS)
    return arrange_tables(made, wanted)


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
        made_at_ms=output.made_at_ms,
        meanings=MEANINGS,
        account_command=_write_check_command(report, output),
    )


def _write_check_command(report: Report, output: OutputSettings) -> str | None:
    """Return the command that says more about the input; None where it cannot be read again."""
    # A report about the input says it all.
    arguments = output.input_arguments if report.needs_usable_input else None
    return None if arguments is None else shlex.join(["dcevents", "check", *arguments])


def _build_window_json(window: Window) -> dict[str, str | None]:
    since, until = show.format_timestamp(window.since), show.format_timestamp(window.until)
    return {"since": since, "until": until}


def _say_account(
    report: Report, view: View, made: list[Table] | Document | None, output: OutputSettings
) -> None:
    """Say why a report is empty, and how lines were counted."""
    if isinstance(made, list) and all(table.rows.is_empty() for table in made):
        reason = explain_empty(view, of_chats=report.selects == "attempts")
    elif view.settings.compared is not None:
        reason = explain_empty_side(view, of_chats=report.selects == "attempts")
    else:
        reason = None
    if reason is not None:
        say(reason)
    for several in describe_several_ids(view, of_chats=report.selects == "attempts"):
        say(several)
    if isinstance(made, list) and _shows_one_name(view, made):
        renamed = describe_renamed(view)
        if renamed is not None:
            say(renamed)
    view.log.count_events()
    unfound = recognition.list_unfound_parts(view.log, view.settings.mapped_paths)
    for message in (
        recognition.explain_unfound("[map]", unfound) if unfound else None,
        recognition.describe_recognition(view.log, None if output.is_verbose else find_room()),
        describe_account(report, view.log, output),
    ):
        if message:
            say(message)


def _shows_one_name(view: View, made: Sequence[Table]) -> bool:
    """Return whether rows of dialogues show one name each; listings show every one."""
    return not view.settings.is_listing and any("conversation" in table.keys for table in made)


def describe_account(report: Report, read: Log, output: OutputSettings) -> str:
    """Return how records were counted: in one line, or with `--verbose` in full."""
    if output.is_verbose:
        return account_words.describe_account(read.account)
    command = _write_check_command(report, output)
    return account_line.describe_briefly(read.account, command, find_room())
