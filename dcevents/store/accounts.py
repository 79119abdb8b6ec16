"""Accounts of records (definitions 1): of a log, a run, a store."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from dcevents.reading.account import Account
from dcevents.reading.log import Log
from dcevents.store.disk.ledger import Ledger, RecordCounts
from dcevents.store.disk.manifest import StoredAccount

_MAX_STORED_REJECTS = 20


def summarise_records(log: Log) -> RecordCounts:
    """Count a log's records for the ledger."""
    account = log.account
    rejects = account.first_rejects[:_MAX_STORED_REJECTS]
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
        (*one.rejects, *other.rejects)[:_MAX_STORED_REJECTS],
    )


def sum_ledger(ledger: Ledger) -> StoredAccount:
    """Sum up the account of a store's logs."""
    pieces = [(log, counts) for log in ledger.logs for counts in (log.sure, log.rest)]
    tally: Counter[str] = Counter()
    for _, counts in pieces:
        tally.update(counts.tally)
    rejects = ((log.file_name, *place) for log, counts in pieces for place in counts.rejects)
    return StoredAccount(
        files=len(ledger.logs),
        records=sum(counts.records for _, counts in pieces),
        tally=dict(tally),
        unknown=_add_names(counts.unknown for _, counts in pieces),
        rejects=tuple(islice(rejects, _MAX_STORED_REJECTS)),
    )


def join_accounts(accounts: Sequence[tuple[int, Account]], files: int) -> Account:
    """Join the accounts of logs, each with its input's number."""
    joined = Account(files=files)
    for number, each in accounts:
        joined.records += each.records
        joined.tally += each.tally
        joined.first_rejects += each.first_rejects
        for lines in each.unrecognised_inputs.values():
            joined.unrecognised_inputs[number] = lines
    joined.unknown_events = Counter(_add_names(each.unknown_events for _, each in accounts))
    joined.first_rejects = joined.first_rejects[:_MAX_STORED_REJECTS]
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
