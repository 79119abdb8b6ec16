"""What a run of `send` was asked for, and what it selects. Imports polars."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dcevents.analysis.selection import describe_unfitting
from dcevents.analysis.view import View
from dcevents.cli.inputs import open_reading
from dcevents.cli.log_opening import choose_operands, make_read_settings, open_logs
from dcevents.cli.report import StoreSource, describe_account, explain_refusal, open_view
from dcevents.cli.values import OutputSettings
from dcevents.cli.wording.messages import say, warn
from dcevents.errors import DcError, StoreError, UnusableInputError, UsageError
from dcevents.folders import OwnFolder
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.judge import Mapping
from dcevents.reading.log import read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources.operands import find_inputs
from dcevents.reports._report import Report
from dcevents.sending._delivery import Network
from dcevents.sending._items import (
    VISITOR_PARTS,
    Selection,
    Visitors,
    iterate_items,
    list_visitors,
    select_items,
)
from dcevents.sending._ledger import LedgerName
from dcevents.sending._platform import UNKNOWN_VISITOR, SendBatch, SendSettings
from dcevents.sending._run import Batcher, Plan
from dcevents.sending._secrets import CLIENT_SECRET, Secrets, read_secrets
from dcevents.settings import Settings
from dcevents.show import format_count
from dcevents.store.disk.files import load_manifest
from dcevents.store.disk.folder import open_folder


class SendRun(NamedTuple):
    """One run, as it was asked for."""

    wanted: SendSettings
    report: Report
    """What is read and selected, as a report says it."""
    settings: Settings
    output: OutputSettings
    operands: Sequence[str]
    store: str | None

    @property
    def ledger_name(self) -> LedgerName:
        """Return what the ledger is about."""
        return LedgerName(self.wanted.platform.name, self.wanted.destination.id, self.wanted.what)


@contextlib.contextmanager
def open_selection(run: SendRun) -> Iterator[Selection]:
    """Yield what windows and filters select. Raises UnusableInputError."""
    with _open_view(run) as view:
        refusal = explain_refusal(run.report, view)
        if refusal:
            raise UnusableInputError(refusal)
        if not run.output.is_quiet:
            view.log.count_events()
            say(describe_account(run.report, view.log, run.output))
        visitors = {} if run.wanted.mode == "status" else _read_visitors(run)
        yield select_items(view, run.wanted.what, run.settings.clock_ms, visitors)
        warn(describe_unfitting(view))


@contextlib.contextmanager
def _open_view(run: SendRun) -> Iterator[View]:
    if run.store is not None:
        source = StoreSource(run.store, run.operands)
        with open_view(run.report, run.settings, run.output, source) as (view, _):
            yield view
        return
    reading = make_read_settings(run.report, run.settings)
    operands = choose_operands(run.report, run.operands)
    with (
        open_logs(operands, reading, run.output) as opened,
        open_view(run.report, run.settings, run.output, opened) as (view, _),
    ):
        yield view


def _read_visitors(run: SendRun) -> Visitors:
    """Return what logs know of visitors, for which they are read once more.

    Raises UsageError where there is nothing that can be read twice, or it knows none.
    """
    platform, options = run.wanted.platform, run.wanted.destination.options
    paths = {
        field: path for field, name in platform.visitor_options.items() if (path := options[name])
    }
    if not paths:
        return {}
    names = " and ".join(
        f"--{platform.visitor_options[field].replace('_', '-')}" for field in paths
    )
    operands = run.operands
    if not operands or "-" in operands:
        raise UsageError(
            f"{names}: such ids are read from logs, so name these as SOURCE; a store keeps none"
        )
    parts = tuple((VISITOR_PARTS[field], path) for field, path in paths.items())
    # Nowhere but there: an agent would else become a visitor.
    exclusive = frozenset(VISITOR_PARTS.values())
    mapping = Mapping((*run.settings.mapped_paths, *parts), run.settings.mapped_names, exclusive)
    settings = ReadSettings(run.settings.clock_ms, mapping=mapping)
    found = find_inputs(operands)
    with open_reading(found, None, is_quiet=run.output.is_quiet) as (progress, _):
        read = read_log(Scanning(found.inputs, settings, progress), Vocabulary())
    visitors = list_visitors(read.facts, platform.visitor_pattern)
    known = sum(each != UNKNOWN_VISITOR for each in visitors.values())
    if visitors and not known:
        raise UsageError(f"{names}: no event has one there; look at a line of the log")
    if not run.output.is_quiet:
        say(f"{names}: known of {known:,} of {format_count(len(visitors), 'session')}")
    return visitors


def say_unknown_visitors(run: SendRun, plan: Plan) -> None:
    """Say what follows where no option names the platform's visitors, and something is due."""
    options = run.wanted.destination.options
    names = run.wanted.platform.visitor_options
    if run.output.is_quiet or not plan.due_count or any(map(options.get, names.values())):
        return
    line = f"each chat session is a new visitor to {run.wanted.platform.title}, without a campaign"
    option = names["id"].replace("_", "-")
    say(line if run.store is not None else f"{line}: --{option} names ids that logs have")


def find_folder(run: SendRun, *, makes: bool) -> OwnFolder | None:
    """Return the folder of the ledger, perhaps a new one; None where there is none.

    Raises StoreError where it is to be a store and is none, or is not the user's alone.
    """
    if run.wanted.state is None:
        return None
    path = Path(run.wanted.state)
    if run.wanted.is_state_of_store:
        folder = open_folder(path)
        load_manifest(folder)
        return folder
    if makes:
        return OwnFolder.make(path)
    try:
        return OwnFolder.open(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def make_batches_under_way(
    batcher: Batcher, selection: Selection, plan: Plan
) -> Iterator[SendBatch]:
    """Yield the batches that an earlier run was ended with."""
    for rows, key in plan.under_way:
        yield batcher.encode_batch(iterate_items(selection, rows), key)


def open_network(run: SendRun) -> tuple[Network, Secrets]:
    """Return what makes requests, and the secrets.

    Raises UsageError where something is missing.
    """
    wanted = run.wanted
    secrets = read_secrets(wanted.platform.secrets, wanted.secret_file)
    try:
        from dcevents.sending import _tokens, _transport  # noqa: PLC0415 - they need an extra
    except ModuleNotFoundError as error:
        if error.name != "urllib3":
            raise
        raise UsageError("send needs urllib3: pip install 'dcevents[send]'") from None
    transport = _transport.Transport(secrets, wanted.platform.limits.parallel_requests)
    if CLIENT_SECRET in secrets:
        return _tokens.TokenNetwork(transport, wanted.token_endpoint), secrets
    return transport, secrets


def explain_failure(run: SendRun, secrets: Secrets, reason: str) -> DcError:
    """Return an error that has no secret in its text."""
    return DcError(secrets.redact(f"{run.wanted.platform.name}: {reason}"))


def count_items(run: SendRun, count: int) -> str:
    """Return `12 events`, or whatever is sent."""
    return format_count(count, run.wanted.what.removesuffix("s"))
