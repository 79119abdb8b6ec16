"""Accounts of records (definitions 1): of a log, a run, a store; and counts of stored events."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import polars as pl

from dcevents.model.moments import ANCIENT, UNTIMED
from dcevents.reading.account import MAX_UNRECOGNISED_INPUTS, Account
from dcevents.store.disk import segment
from dcevents.store.disk.ledger import MAX_STORED_REJECTS, Ledger, RecordCounts
from dcevents.store.disk.manifest import StoredAccount


def summarise_records(account: Account) -> RecordCounts:
    """Return the counts of a log's records for the ledger."""
    rejects = account.first_rejects[:MAX_STORED_REJECTS]
    return RecordCounts(
        account.records,
        {name: n for name, n in account.tally.items() if n},
        dict(account.unknown_events),
        tuple((each.line, each.reason, each.record_number) for each in rejects),
    )


def add_counts(one: RecordCounts, other: RecordCounts) -> RecordCounts:
    """Add up the counts of two pieces of a log."""
    return RecordCounts(
        one.records + other.records,
        dict(Counter(one.tally) + Counter(other.tally)),
        _add_names([one.unknown, other.unknown]),
        (*one.rejects, *other.rejects)[:MAX_STORED_REJECTS],
    )


def sum_ledger(ledger: Ledger) -> StoredAccount:
    """Sum up the account of a store's logs."""
    pieces = [
        (log.file_name, counts) for log in ledger.logs.values() for counts in (log.sure, log.rest)
    ]
    rejects = ((name, *place) for name, counts in pieces for place in counts.rejects)
    total = sum_counts([ledger.dropped, *(counts for _, counts in pieces)])
    return StoredAccount(
        files=len(ledger.logs) + ledger.dropped_count,
        records=total.records,
        tally=total.tally,
        unknown=total.unknown,
        rejects=tuple(islice(rejects, MAX_STORED_REJECTS)),
    )


def sum_counts(pieces: Sequence[RecordCounts]) -> RecordCounts:
    """Sum up counts, without rejected records."""
    tally: Counter[str] = Counter()
    for counts in pieces:
        tally.update(counts.tally)
    records = sum(counts.records for counts in pieces)
    return RecordCounts(records, dict(tally), _add_names(counts.unknown for counts in pieces))


def join_accounts(accounts: Sequence[tuple[int, Account]], files: int) -> Account:
    """Join the accounts of logs, each with the number of its first input."""
    joined = Account(files=files)
    for number, each in accounts:
        joined.records += each.records
        joined.tally.update(each.tally)
        joined.long_sids += each.long_sids
        joined.first_rejects += each.first_rejects[:MAX_STORED_REJECTS]
        for place, lines in each.unrecognised_inputs.items():
            if len(joined.unrecognised_inputs) < MAX_UNRECOGNISED_INPUTS:
                joined.unrecognised_inputs[number + place] = lines
    joined.unknown_events = Counter(_add_names(each.unknown_events for _, each in accounts))
    joined.first_rejects = joined.first_rejects[:MAX_STORED_REJECTS]
    return joined


def add_removed(removed: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Add up removed events by reason."""
    return dict(Counter(removed) + Counter(more))


def _add_names(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up counts by name.

    Names beyond the first thousand are counted as `other`.
    """
    account = Account()
    for part in parts:
        for name, records in part.items():
            account.count_unknown_event(name, records)
    return dict(account.unknown_events)


# -- events --------------------------------------------------------------------------------------


class EventCounts(NamedTuple):
    """Different events, of them those without a usable timestamp, and of these the ancient."""

    events: int
    untimed: int
    ancient: int

    def __sub__(self, other: "EventCounts") -> "EventCounts":
        return EventCounts(
            self.events - other.events,
            self.untimed - other.untimed,
            self.ancient - other.ancient,
        )

    def __add__(self, other: tuple[int, ...]) -> "EventCounts":  # type: ignore[override]
        return EventCounts(*map(int.__add__, self, other))


def count_events(facts: pl.DataFrame, identities: pl.Series, clock: int) -> EventCounts:
    """Count the different events of facts (definitions 1)."""
    read = segment.restore_times(facts, clock)
    identity = identities.gather(facts["attributes"]).alias("identity")
    written = read.select("sid", identity, "ts")
    different = _drop_duplicates(written.with_columns(pl.min_horizontal("ts", UNTIMED)))
    ancient = _drop_duplicates(written.filter(pl.col("ts") == ANCIENT))
    untimed = different.filter(pl.col("ts") >= UNTIMED)
    return EventCounts(different.height, untimed.height, ancient.height)


def _drop_duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    """Return each row once.

    Streaming takes a third of the time.
    """
    return rows.lazy().unique().collect(engine="streaming")
