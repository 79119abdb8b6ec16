"""The run of `ingest`. Imports polars."""

from collections.abc import Sequence
from pathlib import Path

import click

from dcevents.analysis import account_words, recognition
from dcevents.analysis.input_warnings import list_input_warnings
from dcevents.cli.inputs import open_reading, settle_imports
from dcevents.cli.targets import check_targets, protect_store
from dcevents.cli.wording.messages import say, say_skipped_inputs, warn, warn_of_input
from dcevents.errors import StoreError
from dcevents.output import write_to_stdout
from dcevents.reading.sources.operands import find_inputs, is_standard_input_given
from dcevents.reports._changes import describe_changes
from dcevents.settings import IngestSettings, Settings
from dcevents.show import format_count, make_visible
from dcevents.store.disk import files
from dcevents.store.disk.folder import open_folder
from dcevents.store.query import describe_old_rules
from dcevents.store.run import RunResult, plan_expiry, run_ingest


def ingest_logs(settings: IngestSettings, given: Sequence[str]) -> int:
    """Take in new events of logs; return the exit status."""
    settle_imports()
    if settings.is_dry_run:
        return _print_expiry(settings)
    operands = _choose_operands(settings, given)
    found = find_inputs(operands)
    check_targets(found, {"--rejects": settings.rejects_file})
    protect_store(settings.store, {"--rejects": settings.rejects_file})
    say_skipped_inputs(found, is_quiet=settings.is_quiet)
    found.require_logs()
    opened = open_reading(found, settings.rejects_file, is_quiet=settings.is_quiet)
    with opened as (progress, keep_reject):
        run = run_ingest(
            settings,
            found.inputs,
            lambda: find_inputs(operands).inputs,
            progress,
            keep_reject,
        )
        with run as result:
            changes = _list_changes(settings, result) if settings.prints_changes else []
    for source in result.log.inputs:
        warn_of_input(source)
    warn(result.removal.warnings)
    warnings = list_input_warnings(result.logs)
    warn([*warnings, *_list_unfound(settings, result)])
    if settings.prints_changes:
        write_to_stdout(f"{line}\n" for line in changes)
    if not settings.is_quiet:
        _say_result(settings, result, len(found.inputs))
        if not warnings:
            for line in account_words.describe_unrecognised(result.log, named=True):
                say(line)
    if result.removal.refusal is not None:
        raise StoreError(result.removal.refusal)
    return 0


def _print_expiry(settings: IngestSettings) -> int:
    """Print what `--keep` would remove; return the exit status."""
    plan = plan_expiry(settings)
    doubts = "".join(f"; {each}: needs --yes" for each in plan.doubts if plan.removed)
    write_to_stdout([f"{make_visible(settings.store)}: {plan.describe()} would go{doubts}\n"])
    return 0


def _choose_operands(settings: IngestSettings, given: Sequence[str]) -> Sequence[str]:
    """Return the operands; none where something is only removed."""
    # A run that removes something does not read standard input unless it is named: it may be a
    # list of sids to forget.
    removes = bool(settings.forgotten_sids) or settings.keep_from_ms is not None
    if given:
        return given
    if not removes:
        if is_standard_input_given():
            return ["-"]
        raise click.UsageError(
            "no input: name a file or directory, as in: dcevents ingest logs/ --store store/"
        )
    # Removing something makes no store.
    files.load_manifest(open_folder(Path(settings.store)))
    if is_standard_input_given() and not settings.is_quiet:
        say("standard input is not read; to read it, name it as -")
    return []


def _list_unfound(settings: IngestSettings, result: RunResult) -> list[str]:
    """Return what options say of the logs and no event that was read has."""
    demanded = [each for each in settings.mapped_paths if each[0] in settings.demanded_parts]
    unfound = [set(recognition.list_unfound_parts(log, demanded)) for log in result.logs]
    everywhere = set.intersection(*unfound) if unfound else set()
    found = [each for each in demanded if each in everywhere]
    return [recognition.explain_unfound("--map", found)] if found else []


def _list_changes(settings: IngestSettings, result: RunResult) -> Sequence[str]:
    """Return a line for each final day that the run has changed."""
    chosen = Settings(settings.clock_ms, settings.tz, idle_ms=settings.idle_ms)
    return list(describe_changes(result.before, result.after, chosen))


def _say_result(settings: IngestSettings, result: RunResult, inputs: int) -> None:
    """Say what was removed, recognised and counted."""
    for line in result.removal.removed:
        say(line)
    if rules := describe_old_rules(result.after):
        say(rules)
    if result.is_new:
        say(f"{settings.store} is a new store")
    for log in result.logs:
        if words := recognition.describe_recognition(log):
            say(f"{log.inputs[0].name}: {words}")
    if inputs:
        how = "read again" if settings.reads_again else "with something new"
        # A log may have been read in a file that was gone when inputs were looked for again.
        every = max(result.log_count, result.log.account.files)
        logs = f"{format_count(result.log_count, 'log')} of {every:,} {how}"
        say(f"{logs}: {account_words.describe_account(result.log.account)}")
