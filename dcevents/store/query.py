"""A store to a report: its rows as they were kept, or all that its events say, with logs beside it or without."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from dcevents import show
from dcevents.errors import UsageError
from dcevents.model.conversations import Fold
from dcevents.model.facts import Facts
from dcevents.model.moments import UNTIMED
from dcevents.model.sessions import NUMBER_TYPE, hash_sids, renumber_rows
from dcevents.reading import log
from dcevents.reading.log import LOCATED_COLUMNS, Log, RejectedLine
from dcevents.reading.parsing.parse import Parser
from dcevents.reading.sources import Input
from dcevents.settings import Settings
from dcevents.store.disk import files, segment
from dcevents.store.disk.manifest import Manifest
from dcevents.store.disk.numbering import StoreNumbering
from dcevents.store.disk.state import NO_WINDOW, StoreState
from dcevents.store.ingest import read_ledger
from dcevents.store.merge import MergeResult, MergeSettings, merge_facts
from dcevents.store.stored_fold import StoredFold

EVENT_PLACEHOLDER = "event"
"""What is shown in place of a file where lines are not kept: `event:3` is the session's third."""


class ReportInput(NamedTuple):
    """What a report is made of."""

    log: Log
    fold: Fold


def open_store(name: str) -> StoreState:
    """The store in a folder. Raises StoreError."""
    folder = Path(name)
    return StoreState(folder, files.load_manifest(folder))


def is_based_on_events(state: StoreState, settings: Settings, *, placed: bool) -> bool:
    """Whether a report needs single events, not only what came of them: it shows them, or is of a past moment."""
    return placed or (state.manifest.keeps_events and _is_past_moment(state, settings))


def require_events(state: StoreState, settings: Settings, *, listing: bool) -> None:
    """Raises UsageError where a report needs events that the store does not keep."""
    # Later than the last run: what is later still is of clocks that are ahead, and few.
    past = _is_past_moment(state, settings) and (settings.as_of_ms or 0) < (
        state.manifest.last_clock or 0
    )
    if (listing or past) and not state.manifest.keeps_events:
        what = "a listing of events" if listing else "--as-of before its latest event"
        raise UsageError(
            f"{state.folder}: {what} needs the events, and this store keeps none; "
            "name the logs, or ingest them into a new store with --keep-events"
        )


def describe_missing_days(state: StoreState, settings: Settings) -> str | None:
    """What a report lacks whose window reaches back before what is kept. Raises UsageError where all of it does."""
    cut_off, window = state.manifest.cut_off, settings.window
    if cut_off is None or not window:
        return None
    kept = f"{state.folder}: nothing is kept of what ended before {show.format_timestamp(cut_off)}"
    if window.until is not None and window.until <= cut_off:
        raise UsageError(f"{kept}; ask for a later time, or read the logs")
    return (
        f"{kept}: of earlier days the report has only what went on"
        if (window.since or 0) < cut_off
        else None
    )


def _is_past_moment(state: StoreState, settings: Settings) -> bool:
    """Whether a report is to be as of a moment before the store's latest event."""
    if settings.as_of_ms is None:
        return False
    rows = state.find_rows(pl.Series("sid", state.manifest.unsettled, dtype=NUMBER_TYPE))
    # What a run did not believe yet may be believed now.
    ts = state.read_facts(rows).filter(~segment.is_future(settings.clock_ms))["ts"].to_physical()
    last = [find_latest(state.manifest), *([] if ts.is_empty() else [ts.max()])]
    return any(each is not None and settings.as_of_ms < each for each in last)  # type: ignore[operator]


def find_latest(manifest: Manifest) -> int | None:
    """The latest timestamp that was believed, milliseconds."""
    return max((part.latest for part in manifest.segments if part.latest is not None), default=None)


def find_earliest(manifest: Manifest) -> int | None:
    """The earliest timestamp, milliseconds."""
    return min(
        (part.earliest for part in manifest.segments if part.earliest is not None), default=None
    )


def describe_staleness(state: StoreState, settings: Settings) -> list[str]:
    """What there is to alert of a store that has taken in nothing for too long."""
    limit, last = settings.stale_ms, state.manifest.new_events_at
    if limit is None or (last is not None and settings.clock_ms - last <= limit):
        return []
    since = "ever" if last is None else f"since {show.format_timestamp(last)}"
    last = state.manifest.looked_at
    looked = f"; last looked for some at {show.format_timestamp(last)}" if last else ""
    return [f"stale: {state.folder} took in no new event {since}{looked}"]


# -- what came of the events -------------------------------------------------------------------------------------


def read_conversations(state: StoreState, extra_log: Log | None, settings: Settings) -> ReportInput:
    """Conversations and attempts as they were kept, and what logs beside the store add."""
    manifest = state.manifest
    brought = None
    if (
        manifest.unsettled
        or _is_past_moment(state, settings)
        or (extra_log is not None and extra_log.facts.row_count)
    ):
        facts = extra_log.facts if extra_log is not None else Facts(state.make_vocabulary())
        moment = MergeSettings(settings.clock_ms, settings.as_of_ms, is_permanent=False)
        brought = merge_facts(state, facts, StoreNumbering(manifest.secret, manifest.salts), moment)
        state = replace(
            state,
            extra_segment=brought.segment,
            extra_superseded=brought.superseded,
            extra_attributes=segment.tabulate_attributes(facts.vocabulary.list_attributes()),
        )
    facts = Facts()
    edges = [
        (find_earliest(manifest), find_latest(manifest)),
        *([(brought.earliest, brought.latest)] if brought else []),
    ]
    facts.earliest_ms = min((first for first, _ in edges if first is not None), default=None)
    facts.latest_ms = max((last for _, last in edges if last is not None), default=None)
    found = _combine_logs(state, extra_log)
    _count_events(found.account, manifest, brought)
    as_of = facts.latest_ms if settings.as_of_ms is None else settings.as_of_ms
    # What a pattern fits may hang on all values that there are.
    state = replace(state, window=NO_WINDOW if settings.filters else settings.window)
    return ReportInput(
        replace(found, facts=facts, is_counted=True),
        StoredFold(facts, as_of, settings.idle_ms, state=state),
    )


def _combine_logs(state: StoreState, extra_log: Log | None) -> Log:
    """A log with the accounts of both."""
    account = _restore_account(state.manifest)
    if extra_log is None:
        return Log([], Facts(), account)
    account.files += extra_log.account.files
    account.records += extra_log.account.records
    account.tally += extra_log.account.tally
    account.unknown_events += extra_log.account.unknown_events
    account.first_rejects += extra_log.account.first_rejects
    account.unrecognised_inputs = extra_log.account.unrecognised_inputs
    return Log(list(extra_log.inputs), Facts(), account, envelopes=extra_log.envelopes)


def _restore_account(manifest: Manifest) -> log.Account:
    of = manifest.account
    tally = Counter(of.tally)
    tally.update(manifest.removed_events)
    tally["event"] -= sum(manifest.removed_events.values())
    rejects = [RejectedLine(*place) for place in of.rejects]
    return log.Account(of.files, of.records, tally, Counter(of.unknown), rejects)


def _count_events(account: log.Account, manifest: Manifest, merged: MergeResult | None) -> None:
    account.events, account.untimed, account.future = (
        manifest.event_count,
        manifest.untimed_count,
        0,
    )
    if merged is not None:
        account.events += merged.count_change.events + merged.pending_counts.events
        account.untimed += merged.count_change.untimed + merged.pending_counts.untimed
        account.future = merged.future_events
        account.tally.update(merged.removed_events)
        account.tally["later"] += merged.later_events
        account.tally["event"] -= sum(merged.removed_events.values()) + merged.later_events
    _balance_account(account)


def _balance_account(account: log.Account) -> None:
    """Let nothing be removed that is there: what was, and was read again with more behind it, has come back."""
    for name in ("expired", "forgotten"):
        back = max(0, min(account.events - account.tally["event"], account.tally[name]))
        account.tally[name] -= back
        account.tally["event"] += back


# -- the events themselves ---------------------------------------------------------------------------------------


def read_events(
    state: StoreState, extra_log: Log | None, parser: Parser, settings: Settings
) -> ReportInput:
    """All events of a store, as if its logs were read now; without their lines, where the store does not keep them.

    `parser` has the store's contents, and has read the logs beside it.
    """
    manifest = state.manifest
    found = _combine_logs(state, extra_log)
    texts = pl.concat([segment.make_empty_table("sids"), *state.read_tables("sids")])
    numbers, sids = parser.vocabulary.numbering.number_distinct(
        hash_sids(texts["text"]), texts["text"]
    )
    numbered = pl.DataFrame({"sid": texts["sid"], "number": numbers})
    rows = (
        _read_event_rows(state)
        .join(numbered, on="sid", how="inner", maintain_order="left")
        .drop("sid")
    )
    rows = segment.restore_times(rows.rename({"number": "sid"}), settings.clock_ms)
    if settings.as_of_ms is not None:
        later = (pl.col("ts") > settings.as_of_ms) & (pl.col("ts") < UNTIMED)
        gone = rows.filter(later).height
        found.account.tally["later"] += gone
        found.account.tally["event"] -= gone
        rows = rows.filter(~later)
    facts = Facts(parser.vocabulary)
    facts.add_rows(rows.select("sid", "said", "ts"), sids)
    parts = [(rows, sids)]
    extra_log = extra_log and _drop_forgotten(manifest, extra_log, found.account)
    names = (
        [each.file_name for each in read_ledger(state.folder, manifest).logs]
        if manifest.keeps_events
        else [EVENT_PLACEHOLDER]
    )
    if extra_log is not None:
        facts.add_rows(extra_log.facts.to_frame(), extra_log.facts.list_sessions())
    if extra_log is not None and extra_log.located is not None:
        parts.append(
            (
                extra_log.located.with_columns(pl.col("file") + len(names)),
                extra_log.facts.list_sessions(),
            )
        )
    facts.resolve_collisions()
    placed = pl.concat(
        renumber_rows(part, of, parser.vocabulary.numbering).select(*LOCATED_COLUMNS)
        for part, of in parts
    )
    inputs = [*(Input(name, None) for name in names), *found.inputs]
    as_of = facts.latest_ms if settings.as_of_ms is None else settings.as_of_ms
    read = replace(
        found, inputs=inputs, facts=facts, located=placed, has_lines=manifest.keeps_events
    )
    read.count_events()
    _balance_account(read.account)
    return ReportInput(read, Fold(facts, as_of, settings.idle_ms))


def _drop_forgotten(manifest: Manifest, extra_log: Log, account: log.Account) -> Log:
    """Logs beside a store without the sessions that it was to forget; their lines are accounted for as such."""
    sessions = extra_log.facts.list_sessions()
    theirs = (
        StoreNumbering(manifest.secret, manifest.salts)
        .number_sids(sessions.list_sids())
        .is_in(list(manifest.forgotten))
    )
    if extra_log.located is None or not theirs.any():
        return extra_log
    forgotten = pl.col("sid").is_in(sessions.numbers.filter(theirs).implode())
    facts = Facts(extra_log.facts.vocabulary)
    facts.add_rows(extra_log.facts.to_frame().filter(~forgotten), sessions)
    facts.resolve_collisions()
    lines = extra_log.located.filter(forgotten).height
    account.tally["forgotten"] += lines
    account.tally["event"] -= lines
    return replace(extra_log, facts=facts, located=extra_log.located.filter(~forgotten))


def _read_event_rows(state: StoreState) -> pl.DataFrame:
    """The store's events, in the order of logs and lines; without lines, where it does not keep them."""
    if state.manifest.keeps_events:
        logs = read_ledger(state.folder, state.manifest).logs
        last = pl.DataFrame(
            {"file": range(len(logs)), "reading": [each.rereads for each in logs]}
        ).cast(pl.UInt32)
        rows = pl.concat([segment.make_empty_table("events"), *state.read_tables("events")])
        return (
            rows.join(last, on=["file", "reading"], how="semi")
            .unique()
            .sort("file", "line", "member")
        )
    rows = pl.concat([segment.make_empty_table("facts"), *state.read_tables("facts")]).sort(
        "ts", "sid", "said"
    )
    line = pl.int_range(1, pl.len() + 1, dtype=pl.UInt64).over("sid").alias("line")
    nothing = (pl.lit(None, LOCATED_COLUMNS[name]).alias(name) for name in ("form", "member"))
    return rows.with_columns(pl.lit(0, pl.UInt32).alias("file"), line, *nothing)
