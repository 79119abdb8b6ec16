"""The run of `send`. Imports polars."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from dcevents.cli.inputs import settle_imports, show_progress
from dcevents.cli.sending.inspection import inspect_selection
from dcevents.cli.sending.preparation import (
    SendRun,
    count_items,
    explain_failure,
    find_folder,
    make_batches_under_way,
    open_network,
    open_selection,
    say_unknown_visitors,
)
from dcevents.cli.wording.messages import say, warn
from dcevents.errors import UsageError
from dcevents.folders import OwnFolder
from dcevents.output import is_within
from dcevents.sending._delivery import Courier, Pace
from dcevents.sending._items import Selection, iterate_items
from dcevents.sending._ledger import SENT, Entry, SendLedger
from dcevents.sending._run import (
    Batcher,
    Deliverer,
    FileWriter,
    Plan,
    Result,
    Sender,
    forget_sent,
    make_plan,
)
from dcevents.sending._secrets import Secrets
from dcevents.show import format_count

_MAX_SHOWN_REASONS: Final = 3
_SALT_BYTES: Final = 16


def run_send(asked: SendRun) -> int:
    """Send, or say what would be sent; return the exit status."""
    settle_imports()
    settings, is_of_events = asked.settings, asked.wanted.what == "events"
    # Stored rows have no single events; outcomes are those of now, whenever the last event was.
    needs_locations = is_of_events and asked.store is not None
    as_of_ms = None if is_of_events else settings.clock_ms
    run = asked._replace(
        report=asked.report._replace(needs_locations=needs_locations),
        settings=settings._replace(as_of_ms=as_of_ms, is_listing=True),
    )
    return _send(run) if run.wanted.mode in ("send", "out") else inspect_selection(run)


# -- sending ---------------------------------------------------------------------------------------


def _send(run: SendRun) -> int:
    wanted = run.wanted
    secrets = Secrets({})
    pace = Pace(wanted.requests_per_second)
    deliverer: Deliverer
    if wanted.mode == "out":
        deliverer = _open_folder(run)
        pace = Pace(None)
    else:
        network, secrets = open_network(run)
        give_up = wanted.give_up_ms / 1000
        deliverer = Courier(wanted.platform, wanted.destination, network, pace, give_up)
    folder = find_folder(run, makes=True)
    if folder is None:
        raise UsageError("--state: name a folder that remembers what was sent")
    with SendLedger.open(folder, run.ledger_name) as ledger, open_selection(run) as selection:
        if wanted.is_again:
            forget_sent(_select_young(run, selection), ledger)
        plan = _make_plan(run, selection, ledger)
        if plan.partial_keys and isinstance(deliverer, Courier):
            _ask_for_batches(run, deliverer, ledger, plan, secrets)
            plan = _make_plan(run, selection, ledger)
        say_unknown_visitors(run, plan)
        result = _deliver(run, deliverer, ledger, pace, (selection, plan))
    return _say_result(run, secrets, selection, plan, result)


def _make_plan(run: SendRun, selection: Selection, ledger: SendLedger) -> Plan:
    return make_plan(selection, ledger.look_up, run.wanted.platform, run.settings.clock_ms)


def _ask_for_batches(
    run: SendRun, courier: Courier, ledger: SendLedger, plan: Plan, secrets: Secrets
) -> None:
    """Note what has arrived of batches of which windows and filters select only a part.

    Raises DcError where that is not to be known.
    """
    for key in plan.partial_keys:
        has_arrived, failure = courier.ask_for(key)
        if failure is not None:
            raise explain_failure(run, secrets, failure)
        if has_arrived:
            ledger.append([Entry(SENT, ledger.list_batch(key))])


def _open_folder(run: SendRun) -> FileWriter:
    """Return what writes files. Raises UsageError, OutputError, StoreError."""
    wanted = run.wanted
    if wanted.out is None or wanted.platform.build_file is None:
        raise UsageError(f"{wanted.platform.name}: it takes no files")
    # Such a file is read like a log: in a folder of logs, the next run would send it once more.
    for place in (run.store, wanted.state, *run.operands):
        if place is not None and is_within(os.path.join(wanted.out, "file"), place):
            raise UsageError(f"--out: {wanted.out} is in {place}; write to another folder")
    folder = OwnFolder.make(Path(wanted.out))
    return FileWriter(folder, wanted.platform.build_file, wanted.destination)


def _select_young(run: SendRun, selection: Selection) -> pl.DataFrame:
    """Return the rows that a platform would still take."""
    age_ms = run.wanted.platform.limits.age_ms
    if age_ms is None:
        return selection.rows
    return selection.rows.filter(pl.col("ts") >= run.settings.clock_ms - age_ms)


def _deliver(
    run: SendRun,
    deliverer: Deliverer,
    ledger: SendLedger,
    pace: Pace,
    what: tuple[Selection, Plan],
) -> Result:
    selection, plan = what
    # Files that are sent again have other keys than before. Those that others upload have the names
    # that the same rows always have.
    salt = os.urandom(_SALT_BYTES) if run.wanted.mode == "send" else b""
    batcher = Batcher(run.wanted.platform, run.wanted.destination, salt)
    sender = Sender(run.wanted.platform, deliverer, ledger, pace)
    sizes = [plan.due_count]
    with show_progress(sizes, "Sending", is_quiet=run.output.is_quiet) as progress:
        return sender.send(
            make_batches_under_way(batcher, selection, plan),
            batcher.make_batches(iterate_items(selection, plan.due)),
            progress,
        )


# -- what came of it -------------------------------------------------------------------------------


def _say_result(
    run: SendRun, secrets: Secrets, selection: Selection, plan: Plan, result: Result
) -> int:
    """Say what was sent and what was not; return the exit status."""
    name = run.wanted.platform.name
    warn(secrets.redact(line) for line in _describe_refused(run, result))
    rest = plan.due_count - result.sent - result.refused - result.expired
    if not run.output.is_quiet:
        say(_describe_sent(run, selection, plan, result))
    if result.failure is not None:
        remain = f"{count_items(run, rest)} {'remains' if rest == 1 else 'remain'} due"
        pronoun = "it goes" if rest == 1 else "they go"
        say(secrets.redact(f"{name}: {remain}: {result.failure}; {pronoun} with the next run"))
    return 1 if rest or result.failure is not None else 0


def _describe_refused(run: SendRun, result: Result) -> Iterable[str]:
    name = run.wanted.platform.name
    for reason, count in result.reasons.most_common(_MAX_SHOWN_REASONS):
        yield f"{name}: {count_items(run, count)} refused for good: {reason}"
    if result.rows_refused:
        yield f"{name}: it has dropped {format_count(result.rows_refused, 'row')} of what it took"


def _describe_sent(run: SendRun, selection: Selection, plan: Plan, result: Result) -> str:
    """Return how much was sent, and how much was not and why."""
    wanted = run.wanted
    if wanted.mode == "out":
        line = f"{count_items(run, result.sent)} written to {wanted.out}"
    else:
        line = f"{count_items(run, result.sent)} sent to {wanted.platform.title}"
        if result.requests:
            line = f"{line} in {format_count(result.requests, 'request')}"
    age_ms = wanted.platform.limits.age_ms or 0
    notes = {
        f"older than {age_ms // 3_600_000} h": plan.too_old + result.expired,
        "without a time": selection.untimed,
        "not final yet": selection.not_final,
        "sent before": plan.sent,
        "refused before": plan.refused,
        "changed since they were sent": plan.changed,
    }
    parts = [f"{count:,} {note}" for note, count in notes.items() if count]
    return "; ".join([line, *([", ".join(parts)] if parts else [])])
