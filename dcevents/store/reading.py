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
from dcevents.model.sessions import NUMBER, hashed, renumbered
from dcevents.reading import log
from dcevents.reading.log import PLACED, Log, Place
from dcevents.reading.parsing.parse import Parser
from dcevents.reading.sources import Input
from dcevents.settings import Settings
from dcevents.store.disk import files, segment
from dcevents.store.disk.keys import Keys
from dcevents.store.disk.manifest import Manifest
from dcevents.store.disk.state import NO_WINDOW, State
from dcevents.store.ingest import read_ledger
from dcevents.store.kept import Kept
from dcevents.store.merge import Brought, Moment, bring

EVENT = "event"
"""What is shown in place of a file where lines are not kept: `event:3` is the session's third."""


class Read(NamedTuple):
    """What a report is made of."""

    log: Log
    fold: Fold


def opened(name: str) -> State:
    """The store in a folder. Raises StoreError."""
    folder = Path(name)
    return State(folder, files.load(folder))


def is_asked_for_events(state: State, settings: Settings, *, placed: bool) -> bool:
    """Whether a report needs single events, not only what came of them: it shows them, or is of a past moment."""
    return placed or (state.manifest.keeps_events and _is_past(state, settings))


def require_events(state: State, settings: Settings, *, listing: bool) -> None:
    """Raises UsageError where a report needs events that the store does not keep."""
    # Later than the last run: what is later still is of clocks that are ahead, and few.
    past = _is_past(state, settings) and (settings.as_of or 0) < (state.manifest.read_at or 0)
    if (listing or past) and not state.manifest.keeps_events:
        what = "a listing of events" if listing else "--as-of before its latest event"
        raise UsageError(
            f"{state.folder}: {what} needs the events, and this store keeps none; "
            "name the logs, or ingest them into a new store with --keep-events"
        )


def left_out(state: State, settings: Settings) -> str | None:
    """What a report lacks whose window reaches back before what is kept. Raises UsageError where all of it does."""
    cut_off, window = state.manifest.cut_off, settings.window
    if cut_off is None or not window:
        return None
    kept = f"{state.folder}: nothing is kept of what ended before {show.timestamp(cut_off)}"
    if window.until is not None and window.until <= cut_off:
        raise UsageError(f"{kept}; ask for a later time, or read the logs")
    return (
        f"{kept}: of earlier days the report has only what went on"
        if (window.since or 0) < cut_off
        else None
    )


def _is_past(state: State, settings: Settings) -> bool:
    """Whether a report is to be as of a moment before the store's latest event."""
    if settings.as_of is None:
        return False
    rows = state.rows_of(pl.Series("sid", state.manifest.unsettled, dtype=NUMBER))
    # What a run did not believe yet may be believed now.
    ts = state.facts_of(rows).filter(~segment.is_future(settings.now))["ts"].to_physical()
    last = [latest(state.manifest), *([] if ts.is_empty() else [ts.max()])]
    return any(each is not None and settings.as_of < each for each in last)  # type: ignore[operator]


def latest(manifest: Manifest) -> int | None:
    """The latest timestamp that was believed, milliseconds."""
    return max((part.latest for part in manifest.segments if part.latest is not None), default=None)


def earliest(manifest: Manifest) -> int | None:
    """The earliest timestamp, milliseconds."""
    return min(
        (part.earliest for part in manifest.segments if part.earliest is not None), default=None
    )


def stale(state: State, settings: Settings) -> list[str]:
    """What there is to alert of a store that has taken in nothing for too long."""
    limit, last = settings.stale_ms, state.manifest.taken_in_at
    if limit is None or (last is not None and settings.now - last <= limit):
        return []
    since = "ever" if last is None else f"since {show.timestamp(last)}"
    last = state.manifest.looked_at
    looked = f"; last looked for some at {show.timestamp(last)}" if last else ""
    return [f"stale: {state.folder} took in no new event {since}{looked}"]


# -- what came of the events -------------------------------------------------------------------------------------


def kept(state: State, beside: Log | None, settings: Settings) -> Read:
    """Conversations and attempts as they were kept, and what logs beside the store add."""
    manifest = state.manifest
    brought = None
    if (
        manifest.unsettled
        or _is_past(state, settings)
        or (beside is not None and beside.facts.height)
    ):
        facts = beside.facts if beside is not None else Facts(state.vocabulary())
        moment = Moment(settings.now, settings.as_of, for_good=False)
        brought = bring(state, facts, Keys(manifest.secret, manifest.moved), moment)
        state = replace(
            state,
            beside=brought.segment,
            beside_dead=brought.dead,
            beside_said=segment.said_table(facts.vocabulary.said()),
        )
    facts = Facts()
    edges = [
        (earliest(manifest), latest(manifest)),
        *([(brought.earliest, brought.latest)] if brought else []),
    ]
    facts.earliest = min((first for first, _ in edges if first is not None), default=None)
    facts.latest = max((last for _, last in edges if last is not None), default=None)
    found = _log(state, beside)
    _count(found.account, manifest, brought)
    as_of = facts.latest if settings.as_of is None else settings.as_of
    # What a pattern fits may hang on all values that there are.
    state = replace(state, window=NO_WINDOW if settings.filters else settings.window)
    return Read(
        replace(found, facts=facts, counted=True), Kept(facts, as_of, settings.idle_ms, state=state)
    )


def _log(state: State, beside: Log | None) -> Log:
    """A log with the accounts of both."""
    account = _account(state.manifest)
    if beside is None:
        return Log([], Facts(), account)
    account.files += beside.account.files
    account.records += beside.account.records
    account.tally += beside.account.tally
    account.unknown += beside.account.unknown
    account.rejects += beside.account.rejects
    account.strangers = beside.account.strangers
    return Log(list(beside.inputs), Facts(), account, shapes=beside.shapes)


def _account(manifest: Manifest) -> log.Account:
    of = manifest.account
    tally = Counter(of.tally)
    tally.update(manifest.removed)
    tally["event"] -= sum(manifest.removed.values())
    rejects = [Place(*place) for place in of.rejects]
    return log.Account(of.files, of.records, tally, Counter(of.unknown), rejects)


def _count(account: log.Account, manifest: Manifest, brought: Brought | None) -> None:
    account.events, account.untimed, account.future = manifest.events, manifest.untimed, 0
    if brought is not None:
        account.events += brought.more.events + brought.of_unsettled.events
        account.untimed += brought.more.untimed + brought.of_unsettled.untimed
        account.future = brought.future
        account.tally.update(brought.removed)
        account.tally["later"] += brought.later
        account.tally["event"] -= sum(brought.removed.values()) + brought.later
    _balance(account)


def _balance(account: log.Account) -> None:
    """Let nothing be removed that is there: what was, and was read again with more behind it, has come back."""
    for name in ("expired", "forgotten"):
        back = max(0, min(account.events - account.tally["event"], account.tally[name]))
        account.tally[name] -= back
        account.tally["event"] += back


# -- the events themselves ---------------------------------------------------------------------------------------


def whole(state: State, beside: Log | None, parser: Parser, settings: Settings) -> Read:
    """All events of a store, as if its logs were read now; without their lines, where the store does not keep them.

    `parser` has the store's contents, and has read the logs beside it.
    """
    manifest = state.manifest
    found = _log(state, beside)
    texts = pl.concat([segment.none("sids"), *state.tables("sids")])
    numbers, sids = parser.vocabulary.sids.different(hashed(texts["text"]), texts["text"])
    numbered = pl.DataFrame({"sid": texts["sid"], "number": numbers})
    rows = _events(state).join(numbered, on="sid", how="inner", maintain_order="left").drop("sid")
    rows = segment.read_back(rows.rename({"number": "sid"}), settings.now)
    if settings.as_of is not None:
        later = (pl.col("ts") > settings.as_of) & (pl.col("ts") < UNTIMED)
        gone = rows.filter(later).height
        found.account.tally["later"] += gone
        found.account.tally["event"] -= gone
        rows = rows.filter(~later)
    facts = Facts(parser.vocabulary)
    facts.add(rows.select("sid", "said", "ts"), sids)
    parts = [(rows, sids)]
    beside = beside and _without_forgotten(manifest, beside, found.account)
    names = (
        [each.name for each in read_ledger(state.folder, manifest).logs]
        if manifest.keeps_events
        else [EVENT]
    )
    if beside is not None:
        facts.add(beside.facts.frame(), beside.facts.sessions())
    if beside is not None and beside.placed is not None:
        parts.append(
            (beside.placed.with_columns(pl.col("file") + len(names)), beside.facts.sessions())
        )
    facts.settle()
    placed = pl.concat(
        renumbered(part, of, parser.vocabulary.sids).select(*PLACED) for part, of in parts
    )
    inputs = [*(Input(name, None) for name in names), *found.inputs]
    as_of = facts.latest if settings.as_of is None else settings.as_of
    read = replace(found, inputs=inputs, facts=facts, placed=placed, lined=manifest.keeps_events)
    read.count()
    _balance(read.account)
    return Read(read, Fold(facts, as_of, settings.idle_ms))


def _without_forgotten(manifest: Manifest, beside: Log, account: log.Account) -> Log:
    """Logs beside a store without the sessions that it was to forget; their lines are accounted for as such."""
    sessions = beside.facts.sessions()
    theirs = (
        Keys(manifest.secret, manifest.moved)
        .numbers(sessions.texts())
        .is_in(list(manifest.forgotten))
    )
    if beside.placed is None or not theirs.any():
        return beside
    forgotten = pl.col("sid").is_in(sessions.numbers.filter(theirs).implode())
    facts = Facts(beside.facts.vocabulary)
    facts.add(beside.facts.frame().filter(~forgotten), sessions)
    facts.settle()
    lines = beside.placed.filter(forgotten).height
    account.tally["forgotten"] += lines
    account.tally["event"] -= lines
    return replace(beside, facts=facts, placed=beside.placed.filter(~forgotten))


def _events(state: State) -> pl.DataFrame:
    """The store's events, in the order of logs and lines; without lines, where it does not keep them."""
    if state.manifest.keeps_events:
        logs = read_ledger(state.folder, state.manifest).logs
        last = pl.DataFrame(
            {"file": range(len(logs)), "reading": [each.reading for each in logs]}
        ).cast(pl.UInt32)
        rows = pl.concat([segment.none("events"), *state.tables("events")])
        return (
            rows.join(last, on=["file", "reading"], how="semi")
            .unique()
            .sort("file", "line", "member")
        )
    rows = pl.concat([segment.none("facts"), *state.tables("facts")]).sort("ts", "sid", "said")
    line = pl.int_range(1, pl.len() + 1, dtype=pl.UInt64).over("sid").alias("line")
    nothing = (pl.lit(None, PLACED[name]).alias(name) for name in ("form", "member"))
    return rows.with_columns(pl.lit(0, pl.UInt32).alias("file"), line, *nothing)
