"""A store as reports see it, with extra logs or without."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from dcevents import show
from dcevents.errors import OutputError, StoreError, UsageError
from dcevents.model.conversations import FactFold
from dcevents.model.facts import Facts
from dcevents.model.fold import Fold
from dcevents.model.moments import DAY_MS, FIRST_BELIEVED_MS, UNTIMED
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.account import Account, RejectedLine
from dcevents.reading.log import LOCATED_COLUMNS, Log
from dcevents.reading.read_settings import READING_RULES
from dcevents.reading.sources.inputs import Input, InputResult
from dcevents.settings import NO_WINDOW, Settings
from dcevents.store import merge
from dcevents.store.disk import files, lock, segment
from dcevents.store.disk.folder import StoreFolder, open_folder
from dcevents.store.disk.manifest import Manifest
from dcevents.store.disk.state import StoreState
from dcevents.store.ingestion import read_ledger
from dcevents.store.merge import MergeResult, MergeSettings, merge_facts
from dcevents.store.stored_fold import StoredFold

_MAX_SHOWN_LOGS = 3
EVENT_PLACEHOLDER = "event"
"""Shown in place of a file where lines are not stored: `event:3` is the session's third."""


class ReportInput(NamedTuple):
    """The log and the fold of a report."""

    log: Log
    fold: Fold


def open_store(name: str) -> StoreState:
    """Return the store in a folder. Raises StoreError."""
    return load_state(open_folder(Path(name)))


@contextlib.contextmanager
def hold_store(name: str) -> Iterator[StoreState]:
    """Yield the store in a folder; none of its files goes meanwhile.

    Files that were to go before, and were read by this block alone, go at its end. Raises
    StoreError.
    """
    folder = open_folder(Path(name))
    with lock.hold_for_reading(folder), files.report_damage(folder):
        yield load_state(folder)
    with contextlib.suppress(StoreError, OutputError):
        files.remove_late_leftovers(folder)


def load_state(folder: StoreFolder) -> StoreState:
    """Return the store in a folder that is open.

    Raises StoreError where nothing was taken in yet: no report is of an empty store.
    """
    manifest = files.load_manifest(folder)
    if not manifest.generation:
        raise StoreError(
            f"{folder}: nothing was taken in yet; see whether the first dcevents ingest still runs"
        )
    return StoreState(folder, manifest)


def require_facts(state: StoreState) -> None:
    """Raise StoreError where facts are missing since a repair."""
    if names := state.manifest.lost_logs:
        shown = ", ".join(names[:_MAX_SHOWN_LOGS]) + (", …" if names[_MAX_SHOWN_LOGS:] else "")
        raise StoreError(
            f"{state.folder}: facts are missing since store repair; read again {shown}: dcevents "
            f"ingest LOGS --store {state.folder}; add --again to go on without what is gone"
        )


def is_based_on_events(state: StoreState, settings: Settings, *, needs_locations: bool) -> bool:
    """Return whether a report is made of single events."""
    return needs_locations or (state.manifest.keeps_events and _is_past_moment(state, settings))


def require_events(state: StoreState, settings: Settings, *, listing: bool) -> None:
    """Raise UsageError where the store lacks the events needed."""
    # After the last run only events of clocks that are ahead are later: these few do not count.
    last_clock = state.manifest.last_clock or 0
    is_past = _is_past_moment(state, settings) and (settings.as_of_ms or 0) < last_clock
    if (listing or is_past) and not state.manifest.keeps_events:
        wish = "a listing of events" if listing else "--as-of before its latest event"
        raise UsageError(
            f"{state.folder}: {wish} needs the events, and this store keeps none; "
            "name the logs, or ingest them into a new store with --keep-events"
        )


def describe_missing_days(state: StoreState, settings: Settings) -> str | None:
    """Describe what a window before the cut-off lacks.

    Raises UsageError where the whole window is before it.
    """
    cut_off, window = state.manifest.cut_off, settings.window
    if cut_off is None or not window:
        return None
    removed = (
        f"{state.folder}: nothing is kept of what ended before {show.format_timestamp(cut_off)}"
    )
    if window.until is not None and window.until <= cut_off:
        raise UsageError(f"{removed}; ask for a later time, or read the logs")
    if (window.since or 0) >= cut_off:
        return None
    return f"{removed}: of earlier days the report has only what went on"


def describe_staleness(state: StoreState, settings: Settings) -> list[str]:
    """Return an alert if the store has taken in nothing new for too long."""
    limit, last = settings.stale_ms, state.manifest.new_events_at
    if last is not None and last - settings.clock_ms > DAY_MS:
        # That run's clock was ahead: the newest event that this one believes says more.
        times = [each.latest for each in state.segments if each.latest is not None]
        last = max((each for each in times if each <= settings.clock_ms + DAY_MS), default=None)
    if limit is None or (last is not None and settings.clock_ms - last <= limit):
        return []
    since = "ever" if last is None else f"since {show.format_timestamp(last)}"
    looked_at = state.manifest.looked_at
    looked = f"; last looked for some at {show.format_timestamp(looked_at)}" if looked_at else ""
    return [f"stale: {state.folder} took in no new event {since}{looked}"]


def describe_old_rules(state: StoreState) -> str | None:
    """Return that logs of a store were read by older rules, if so."""
    if state.manifest.reading_rules == READING_RULES:
        return None
    again = f"dcevents ingest LOGS --store {state.folder} --again"
    return f"{state.folder}: its logs were read by older rules; {again} reads them by today's"


def _is_past_moment(state: StoreState, settings: Settings) -> bool:
    """Return whether a report's moment is before the latest event."""
    if settings.as_of_ms is None:
        return False
    # This run's clock may believe what that of the last run did not.
    facts = state.read_facts(state.find_rows(state.pending))
    believed = facts.filter(~segment.is_future(settings.clock_ms))["ts"].to_physical()
    is_earlier = settings.as_of_ms < (state.manifest.find_latest() or settings.as_of_ms)
    return is_earlier or bool((believed > settings.as_of_ms).any())


def find_earliest(manifest: Manifest) -> int | None:
    """Return the earliest timestamp, milliseconds."""
    return _find_least([each.earliest for each in manifest.segments])


def _find_least(times: Sequence[int | None]) -> int | None:
    return min((each for each in times if each is not None), default=None)


def _find_greatest(times: Sequence[int | None]) -> int | None:
    return max((each for each in times if each is not None), default=None)


# -- conversations -------------------------------------------------------------------------------


def read_conversations(state: StoreState, extra_log: Log | None, settings: Settings) -> ReportInput:
    """Read stored conversations and attempts, with extra logs'."""
    manifest, merged = state.manifest, None
    has_extra_facts = extra_log is not None and extra_log.facts.row_count > 0
    has_uncounted = merge.has_uncounted(state, settings.clock_ms)
    if has_uncounted or has_extra_facts or _is_past_moment(state, settings):
        added = extra_log.facts if extra_log else Facts(state.make_vocabulary())
        merge_settings = MergeSettings(settings.clock_ms, settings.as_of_ms, is_permanent=False)
        merged = merge_facts(state, added, state.make_numbering(), merge_settings)
        state = replace(
            state,
            extra_segment=merged.segment,
            extra_superseded=merged.superseded,
            extra_attributes=segment.tabulate_attributes(added.vocabulary),
        )
    facts = Facts()
    facts.earliest_ms = _find_least([find_earliest(manifest), merged.earliest if merged else None])
    facts.latest_ms = _find_greatest([manifest.find_latest(), merged.latest if merged else None])
    log = _combine_logs_without_facts(state, extra_log)
    account = _count_events(log.account, manifest, merged)
    # Which values a pattern matches may depend on all values that there are.
    state = replace(state, window=NO_WINDOW if settings.filters else settings.window)
    return ReportInput(
        replace(log, account=account, facts=facts, is_counted=True),
        StoredFold(state, _choose_as_of(state, settings), settings.idle_ms),
    )


def _choose_as_of(state: StoreState, settings: Settings) -> int:
    """Return the moment that reports look from (definitions 2)."""
    if settings.as_of_ms is not None:
        return settings.as_of_ms
    ts = pl.col("ts").to_physical()
    is_known = ts.is_between(FIRST_BELIEVED_MS, settings.clock_ms)
    found: list[int | None] = []
    for info in state.segments:
        latest = info.latest_of_all
        if latest is not None and latest > settings.clock_ms:
            # Clocks of browsers may be ahead, for some minutes or by a forged event.
            latest = (
                state.read_table(info, "facts", ["ts"]).select(ts.filter(is_known).max()).item()
            )
        found.append(latest)
    if state.extra_segment is not None:
        found.append(state.extra_segment.facts.select(ts.filter(is_known).max()).item())
    latest = _find_greatest(found)
    return settings.clock_ms if latest is None or latest < FIRST_BELIEVED_MS else latest


# -- accounts ------------------------------------------------------------------------------------


def _combine_logs_without_facts(state: StoreState, extra_log: Log | None) -> Log:
    """Return a log of store and extra logs: inputs and accounts, but no facts."""
    stored = _restore_account(state.manifest)
    if extra_log is None:
        return Log([], Facts(), stored)
    extra = extra_log.account
    account = Account(
        stored.files + extra.files,
        stored.records + extra.records,
        stored.tally + extra.tally,
        stored.unknown_events + extra.unknown_events,
        stored.first_rejects + extra.first_rejects,
        extra.unrecognised_inputs,
    )
    return Log(list(extra_log.inputs), Facts(), account, envelopes=extra_log.envelopes)


def _restore_account(manifest: Manifest) -> Account:
    stored = manifest.account
    tally = Counter(stored.tally)
    tally.update(manifest.removed_events)
    tally["event"] -= sum(manifest.removed_events.values())
    rejects = [RejectedLine(*place) for place in stored.rejects]
    return Account(stored.files, stored.records, tally, Counter(stored.unknown), rejects)


def _count_events(account: Account, manifest: Manifest, merged: MergeResult | None) -> Account:
    """Return an account with the numbers of different events."""
    counted = replace(
        account,
        events=manifest.event_count,
        untimed=manifest.untimed_count,
        ancient=manifest.ancient_count,
    )
    if merged is None:
        return _balance_account(counted)
    counted = _move_events(
        replace(
            counted,
            events=counted.events + merged.count_change.events + merged.pending_counts.events,
            untimed=counted.untimed + merged.count_change.untimed + merged.pending_counts.untimed,
            ancient=counted.ancient + merged.count_change.ancient + merged.pending_counts.ancient,
            future=merged.future_events,
        ),
        {**merged.removed_events, "later": merged.later_events},
    )
    return _balance_account(counted)


def _move_events(account: Account, counts: dict[str, int]) -> Account:
    """Move events of an account to other buckets, by their `counts`."""
    tally = Counter(account.tally)
    tally.update(counts)
    tally["event"] -= sum(counts.values())
    return replace(account, tally=tally)


def _balance_account(account: Account) -> Account:
    """Return an account that counts no present event as removed.

    A removed conversation is back when its log was read again and had gone on.
    """
    for name in ("expired", "forgotten"):
        back = min(account.events - account.tally["event"], account.tally[name])
        account = _move_events(account, {name: -max(0, back)})
    return account


# -- events --------------------------------------------------------------------------------------


def read_events(
    state: StoreState, extra_log: Log | None, vocabulary: Vocabulary, settings: Settings
) -> ReportInput:
    """Read a store's events, with extra logs', as from its logs.

    They have no lines where the store does not keep them. `vocabulary` has the store's codes, and
    those of the extra logs.
    """
    manifest = state.manifest
    log = _combine_logs_without_facts(state, extra_log)
    rows = _number_rows(state, vocabulary, settings.clock_ms)
    later = 0
    if settings.as_of_ms is not None:
        is_later = (pl.col("ts") > settings.as_of_ms) & (pl.col("ts") < UNTIMED)
        rows, later = rows.filter(~is_later), rows.filter(is_later).height
    facts = Facts(vocabulary)
    facts.add_rows(rows)
    located, forgotten = [rows], 0
    names = _name_logs(state)
    if extra_log is not None:
        extra_log, forgotten = _drop_forgotten(state, extra_log)
        facts.add_rows(extra_log.facts.to_frame())
        if extra_log.located is not None:
            located.append(extra_log.located.with_columns(pl.col("file") + len(names)))
    as_of = facts.choose_as_of(settings.as_of_ms, settings.clock_ms)
    read = replace(
        log,
        inputs=[*(InputResult(Input(name, None)) for name in names), *log.inputs],
        account=_move_events(log.account, {"later": later, "forgotten": forgotten}),
        facts=facts,
        located=pl.concat(part.select(*LOCATED_COLUMNS) for part in located),
        has_lines=manifest.keeps_events,
    )
    read.count_events()
    counted = replace(read, account=_balance_account(read.account))
    return ReportInput(counted, FactFold(facts, as_of, settings.idle_ms))


def _number_rows(state: StoreState, vocabulary: Vocabulary, clock: int) -> pl.DataFrame:
    """Read the store's events with a vocabulary's numbers of sessions."""
    texts = state.read_all_sids()
    numbers = vocabulary.sessions.number_sids(texts["text"])
    numbered = pl.DataFrame({"sid": texts["sid"], "number": numbers})
    rows = _read_event_rows(state).join(numbered, on="sid", how="inner", maintain_order="left")
    rows = rows.drop("sid").rename({"number": "sid"})
    return segment.restore_times(rows, clock)


def _name_logs(state: StoreState) -> list[str]:
    """Return the names shown as files of stored events."""
    if not state.manifest.keeps_events:
        return [EVENT_PLACEHOLDER]
    logs = read_ledger(state.folder, state.manifest).logs
    return [logs[n].file_name if n in logs else "" for n in range(max(logs, default=-1) + 1)]


def _drop_forgotten(state: StoreState, extra_log: Log) -> tuple[Log, int]:
    """Return extra logs without forgotten sessions, and the number of lines dropped."""
    sessions = extra_log.facts.list_sessions()
    numbers = state.make_numbering().number_sids(sessions["text"])
    theirs = numbers.is_in(list(state.manifest.forgotten_sids))
    if extra_log.located is None or not theirs.any():
        return extra_log, 0
    is_forgotten = pl.col("sid").is_in(sessions["sid"].filter(theirs).implode())
    facts = Facts(extra_log.facts.vocabulary)
    facts.add_rows(extra_log.facts.to_frame().filter(~is_forgotten))
    lines = extra_log.located.filter(is_forgotten).height
    located = extra_log.located.filter(~is_forgotten)
    return replace(extra_log, facts=facts, located=located), lines


def _read_event_rows(state: StoreState) -> pl.DataFrame:
    """Read the store's events in order of logs and lines.

    Where lines are not stored, `line` is the event's number in its session.
    """
    if state.manifest.keeps_events:
        logs = read_ledger(state.folder, state.manifest).logs
        last = pl.DataFrame(
            {"file": [*logs], "reading": [each.rereads for each in logs.values()]}
        ).cast(pl.UInt32)
        rows = pl.concat([segment.make_empty_table("events"), *state.read_tables("events")])
        current = rows.join(last, on=["file", "reading"], how="semi")
        return current.unique().sort("file", "line", "member")
    rows = pl.concat([segment.make_empty_table("facts"), *state.read_tables("facts")])
    rows = rows.sort("ts", "sid", "attributes")
    line = pl.int_range(1, pl.len() + 1, dtype=pl.UInt64).over("sid").alias("line")
    nothing = (pl.lit(None, LOCATED_COLUMNS[name]).alias(name) for name in ("form", "member"))
    return rows.with_columns(pl.lit(0, pl.UInt32).alias("file"), line, *nothing)
