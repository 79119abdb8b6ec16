"""Looking before sending: the status, a dry run, a check. Imports polars."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import urlencode

import polars as pl

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
from dcevents.cli.wording.messages import say
from dcevents.errors import UsageError
from dcevents.folders import OwnFolder
from dcevents.output import write_to_stdout
from dcevents.sending._delivery import Pace
from dcevents.sending._items import Selection, iterate_items
from dcevents.sending._ledger import NOTHING_KNOWN, look_up
from dcevents.sending._platform import Request, SendBatch, TransportError
from dcevents.sending._run import Batcher, Plan, make_plan
from dcevents.show import escape_json, make_visible

_MAX_CHECKED_REQUESTS: Final = 10
_MAX_SHOWN_FAULTS: Final = 10


def _read_plan(run: SendRun, selection: Selection, folder: OwnFolder | None) -> Plan:
    """Return what is due, without the ledger's lock."""

    def look_up_rows(rows: pl.DataFrame) -> pl.DataFrame:
        return NOTHING_KNOWN if folder is None else look_up(folder, run.ledger_name, rows)

    return make_plan(selection, look_up_rows, run.wanted.platform, run.settings.clock_ms)


def inspect_selection(run: SendRun) -> int:
    """Print what would be sent, or was; return the exit status."""
    with open_selection(run) as selection:
        return _inspect(run, selection)


def _inspect(run: SendRun, selection: Selection) -> int:
    folder = find_folder(run, makes=False)
    plan = _read_plan(run, selection, folder)
    if run.wanted.mode == "status":
        _say_missing_ledger(run, folder)
        write_to_stdout(_format_status(run, selection, plan))
        return 1 if plan.due_count else 0
    say_unknown_visitors(run, plan)
    batcher = Batcher(run.wanted.platform, run.wanted.destination)
    batches = _make_batches(batcher, selection, plan)
    if run.wanted.mode == "check":
        return _check(run, batches, plan.due_count)
    build = run.wanted.platform.build_request
    write_to_stdout(_show_request(build(each, run.wanted.destination)) for each in batches)
    return 0


def _make_batches(batcher: Batcher, selection: Selection, plan: Plan) -> Iterator[SendBatch]:
    yield from make_batches_under_way(batcher, selection, plan)
    yield from batcher.make_batches(iterate_items(selection, plan.due))


def _show_request(request: Request) -> str:
    """Return a request as a line of JSON, without its secrets."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    shown = {
        "method": request.method,
        "url": request.url + query,
        "headers": dict(request.headers),
        "body": request.shown_body,
    }
    return escape_json(json.dumps(shown, ensure_ascii=False)) + "\n"


def _count_states(selection: Selection, plan: Plan) -> dict[str, int]:
    return {
        "sent": plan.sent,
        "due": plan.due_count,
        "refused": plan.refused,
        "too_old": plan.too_old,
        "untimed": selection.untimed,
        "not_final": selection.not_final,
        "changed": plan.changed,
    }


def _say_missing_ledger(run: SendRun, folder: OwnFolder | None) -> None:
    """Say why all is due where nothing is remembered: the folder may be another one."""
    name = run.ledger_name
    if run.output.is_quiet or (folder is not None and folder.has_file(name.file_name)):
        return
    if run.wanted.state is None:
        say("what was sent is not known: name its folder with --state, or the store")
    else:
        say(
            f"{run.wanted.state}: no {name.what} sent to {name.platform} {name.destination} "
            "are remembered there"
        )


def _format_status(run: SendRun, selection: Selection, plan: Plan) -> Iterator[str]:
    counts = _count_states(selection, plan)
    if run.wanted.status_format == "json":
        about = {"schema": "dcevents.send_status/1", **run.ledger_name._asdict()}
        status = {**about, **counts, "refused_reasons": dict(plan.reasons)}
        yield escape_json(json.dumps(status, indent=2, ensure_ascii=False)) + "\n"
        return
    notes = {
        "too_old": _describe_age(run),
        "untimed": "they have no time to be sent with",
        "not_final": "they may still change",
        "changed": "of those sent",
    }
    for name, count in counts.items():
        note = notes.get(name)
        yield f"{name.replace('_', ' '):<10}{count:>12,}{f'  {note}' if note and count else ''}\n"
        if name == "refused":
            for reason, of_those in sorted(plan.reasons.items(), key=lambda each: -each[1]):
                yield f"{'':10}{of_those:>12,}  {make_visible(reason)}\n"


def _describe_age(run: SendRun) -> str:
    age_ms = run.wanted.platform.limits.age_ms
    return "" if age_ms is None else f"over {age_ms // 3_600_000} h: it takes none that old"


def _check(run: SendRun, batches: Iterator[SendBatch], due_count: int) -> int:
    """Let the platform check some requests; return the exit status."""
    platform, destination = run.wanted.platform, run.wanted.destination
    if platform.build_check is None or platform.list_faults is None:
        raise UsageError(f"{platform.name}: it has nothing that checks; try --dry-run")
    network, secrets = open_network(run)
    faults: list[str] = []
    checked = 0
    pace = Pace(run.wanted.requests_per_second)
    for batch in islice(batches, _MAX_CHECKED_REQUESTS):
        pace.take_turn()
        try:
            answer = network.send(platform.build_check(batch, destination))
        except TransportError as error:
            raise explain_failure(run, secrets, error.reason) from None
        if not 200 <= answer.status < 300 and answer.status != 400:
            raise explain_failure(run, secrets, platform.judge_answer(answer).reason)
        faults += platform.list_faults(answer)
        checked += len(batch.encoded)
    for fault in dict.fromkeys(faults[:_MAX_SHOWN_FAULTS]):
        say(secrets.redact(f"{platform.name}: {fault}"))
    if not faults and not run.output.is_quiet:
        part = f"{checked:,} of " if checked < due_count else ""
        found = f"{platform.title} finds no fault in {part}{count_items(run, due_count)}"
        say(found if checked else f"{platform.name}: nothing is due, so nothing was checked")
    return 1 if faults else 0
