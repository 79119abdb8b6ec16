"""The run of `send`: what is due, batches of it, and the ledger after each answer."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

import polars as pl

from dcevents.errors import DcError
from dcevents.folders import OwnFolder, report_write_failures
from dcevents.sending._delivery import Delivery, Pace, Refusal
from dcevents.sending._items import Selection, list_records
from dcevents.sending._ledger import FORGOTTEN, REFUSED, SENT, UNDER_WAY, Entry, SendLedger
from dcevents.sending._platform import Destination, Encoded, Platform, SendBatch, SendItem

_ENVELOPE_BYTES: Final = 1024
"""Room in a body for what is around its items."""
_BATCHES_AHEAD: Final = 4
"""Batches for each connection that are ready or being sent."""
_MAX_REFUSED_BATCHES: Final = 4
"""Batches that may be refused whole, one after the other, before the run is given up."""
_LAST_ANSWERS_SECONDS: Final = 3.0
"""A run that is told to end waits so long for answers under way."""
_AGAIN_RECORDS: Final = 1 << 16
_PLANNED_ROWS: Final = 1 << 19
"""Rows whose states are looked up at once; the ledger is read as often."""


class BatchUnderWay(NamedTuple):
    """Rows that an earlier run has sent, perhaps, and the key that they had."""

    rows: pl.DataFrame
    key: str


class Plan(NamedTuple):
    """Says what is to be sent, and what is not."""

    due: pl.DataFrame
    """Rows of the selection, in the order in which they are sent."""
    under_way: Sequence[BatchUnderWay]
    """Batches that an earlier run was ended with; they may have arrived."""
    sent: int
    refused: int
    changed: int
    """Sent, and different since."""
    too_old: int
    reasons: Mapping[str, int]
    """Of the refused, how many for which reason."""
    partial_keys: Sequence[str] = ()
    """Of batches under way of which only a part is selected."""

    @property
    def due_count(self) -> int:
        """Return how many items remain to be sent."""
        return self.due.height + sum(each.rows.height for each in self.under_way)


_OF_BATCHES: Final = ("block", "records", "note")
"""Columns of a ledger's state that are about its block."""
LookUp = Callable[[pl.DataFrame], pl.DataFrame]
"""Returns what a ledger knows of identities: see `_ledger.look_up`."""


def make_plan(selection: Selection, look_up: LookUp, platform: Platform, clock_ms: int) -> Plan:
    """Return what is due by what the ledger knows."""
    due: list[pl.DataFrame] = []
    under_way: list[pl.DataFrame] = []
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    # In parts: what the ledger knows of all takes more memory than they do.
    for part in selection.rows.iter_slices(_PLANNED_ROWS):
        rows = _describe_states(part, look_up(part), platform, clock_ms)
        is_known = pl.col("is_under_way")
        is_due = pl.col("is_open") & ~pl.col("is_old")
        due.append(rows.filter(is_due & ~is_known).select(part.columns))
        under_way.append(rows.filter(is_due & is_known).select(*part.columns, *_OF_BATCHES))
        for name in ("is_sent", "is_refused", "has_changed"):
            counts[name] += int(rows[name].sum())
        reasons.update(rows.filter("is_refused")["note"].fill_null("").to_list())
        counts["too_old"] += rows.filter(pl.col("is_open") & pl.col("is_old")).height
    batches, rest, partial_keys = _gather_batches(under_way, selection.rows.columns)
    return Plan(
        _order_rows(pl.concat([selection.rows.clear(), *due, *rest]), platform),
        [each._replace(rows=_order_rows(each.rows, platform)) for each in batches],
        counts["is_sent"],
        counts["is_refused"],
        counts["has_changed"],
        counts["too_old"],
        reasons,
        partial_keys,
    )


def _describe_states(
    rows: pl.DataFrame, states: pl.DataFrame, platform: Platform, clock_ms: int
) -> pl.DataFrame:
    """Add to rows what the ledger knows of them, as true and false."""
    known = states.rename({"content": "known_content"})
    kind, limit = pl.col("kind"), platform.limits.age_ms
    has_changed = pl.lit(value=False)
    if "content" in rows.columns:
        has_changed = (pl.col("content") != pl.col("known_content")).fill_null(value=False)
    is_old = pl.lit(value=False) if limit is None else pl.col("ts") < clock_ms - limit
    return (
        rows.join(known, on=["high", "low"], how="left")
        .with_columns(
            (kind == SENT[0]).fill_null(value=False).alias("is_sent"),
            (kind == REFUSED[0]).fill_null(value=False).alias("is_refused"),
            (kind == UNDER_WAY[0]).fill_null(value=False).alias("is_under_way"),
            is_old.alias("is_old"),
        )
        .with_columns(
            (~pl.col("is_sent") & ~pl.col("is_refused")).alias("is_open"),
            (pl.col("is_sent") & has_changed).alias("has_changed"),
        )
    )


def _gather_batches(
    under_way: Sequence[pl.DataFrame], columns: Sequence[str]
) -> tuple[list[BatchUnderWay], list[pl.DataFrame], list[str]]:
    """Return batches that are selected whole, and rows and keys of those that are not."""
    if not under_way:
        return [], [], []
    rows = pl.concat(under_way)
    is_whole = pl.len().over("block") == pl.col("records")
    batches = rows.filter(is_whole).partition_by("block", maintain_order=True)
    rest = rows.filter(~is_whole)
    return (
        [BatchUnderWay(each.select(columns), each["note"][0]) for each in batches],
        [rest.select(columns)],
        rest["note"].unique(maintain_order=True).to_list(),
    )


def _order_rows(rows: pl.DataFrame, platform: Platform) -> pl.DataFrame:
    """Return rows by time; where requests are about one session, session by session."""
    if platform.choose_group is None:
        return rows.sort("ts", "order", "high", "low")
    started = pl.col("ts").min().over("session").alias("session_started")
    return rows.with_columns(started).sort("session_started", "session", "ts", "order", "high")


# -- batches ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Batcher:
    """Makes batches that a platform takes."""

    platform: Platform
    destination: Destination
    salt: bytes = b""
    """Goes into the keys: of what is sent again the platform has seen a former one."""

    def make_batches(self, items: Iterable[SendItem]) -> Iterator[SendBatch]:
        """Yield batches, in the order of the items."""
        limits = self.platform.limits
        room = limits.body_bytes - _ENVELOPE_BYTES
        pending: list[Encoded] = []
        group, size = "", 0
        for item in items:
            text = self.platform.encode_item(item, self.destination)
            item_size = len(text.encode()) + 1
            item_group = self._choose_group(item)
            is_full = len(pending) >= limits.items or size + item_size > room
            if pending and (is_full or item_group != group):
                yield self.make_batch(group, pending)
                pending, size = [], 0
            group, size = item_group, size + item_size
            pending.append(Encoded(item, text))
        if pending:
            yield self.make_batch(group, pending)

    def make_batch(self, group: str, encoded: Sequence[Encoded]) -> SendBatch:
        """Return a batch, with a key that is that of the same items alone."""
        digest = blake2b(
            self.destination.id.encode(), digest_size=16, person=b"dcevents-batch", salt=self.salt
        )
        for each in encoded:
            digest.update(each.item.identity)
        return SendBatch(group, encoded, digest.hexdigest())

    def encode_batch(self, items: Iterable[SendItem], key: str) -> SendBatch:
        """Return a batch of just these items, as an earlier run had made it."""
        encoded = [
            Encoded(item, self.platform.encode_item(item, self.destination)) for item in items
        ]
        return SendBatch(self._choose_group(encoded[0].item), encoded, key)

    def _choose_group(self, item: SendItem) -> str:
        choose = self.platform.choose_group
        return "" if choose is None else choose(item, self.destination)


# -- sending ---------------------------------------------------------------------------------------


class Deliverer(Protocol):
    """Delivers batches: `Courier` to a platform, `FileWriter` to a folder."""

    def deliver(self, batch: SendBatch, *, may_have_arrived: bool = False) -> Delivery:
        """Return what became of a batch."""


@dataclass(frozen=True)
class FileWriter:
    """Writes batches as files that somebody else uploads: `--out`."""

    folder: OwnFolder
    build_file: Callable[[SendBatch, Destination], tuple[str, bytes]]
    destination: Destination

    def deliver(
        self,
        batch: SendBatch,
        *,
        may_have_arrived: bool = False,  # noqa: ARG002 - as a courier
    ) -> Delivery:
        """Write a batch; the same one gets the same name. Raises OutputError."""
        name, content = self.build_file(batch, self.destination)
        with report_write_failures(self.folder.locate(name)):
            self.folder.replace_file(name, content)
        return Delivery(batch, batch.encoded)


@dataclass
class Result:
    """Says what became of a run."""

    sent: int = 0
    refused: int = 0
    rows_refused: int = 0
    requests: int = 0
    expired: int = 0
    failure: str | None = None
    """Why some remain."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Refused items by reason."""


class Sender:
    """Delivers batches in threads, and writes the ledger in this one."""

    def __init__(
        self, platform: Platform, deliverer: Deliverer, ledger: SendLedger, pace: Pace
    ) -> None:
        self.result = Result()
        self._platform = platform
        self._deliverer = deliverer
        self._ledger = ledger
        self._pace = pace
        self._pending: set[Future[Delivery]] = set()
        self._held: list[Refusal] = []
        """Refused since anything was last accepted: a setting may be at fault, not they."""
        self._held_batches = 0
        self._turns = threading.Semaphore(platform.limits.parallel_requests)

    def send(
        self,
        under_way: Iterable[SendBatch],
        batches: Iterable[SendBatch],
        progress: Callable[[int], None],
    ) -> Result:
        """Send all batches, unless one fails. Raises OutputError where the ledger cannot be kept.

        However it ends, what was acknowledged until then is in the ledger.
        """
        workers = self._platform.limits.parallel_requests
        # Where requests are in order, the next one begins with a note in the ledger.
        most = workers if workers == 1 else workers * _BATCHES_AHEAD
        pool = ThreadPoolExecutor(workers)
        try:
            for batch, is_known in self._list_batches(under_way, batches):
                while len(self._pending) >= most and self.result.failure is None:
                    self._record_finished(progress)
                if self.result.failure is not None:
                    break
                if self._platform.build_lookup is not None and not is_known:
                    self._ledger.append([_make_entry(UNDER_WAY, batch.encoded, batch.key)])
                self._pending.add(pool.submit(self._deliver, batch, is_known))
            while self._pending:
                self._record_finished(progress)
            if self._held and self.result.failure is None:
                self._judge_held()
        except BaseException:
            self._pace.stopped.set()
            self._turns.release(len(self._pending) or 1)
            with contextlib.suppress(OSError, DcError):
                wait(self._pending, _LAST_ANSWERS_SECONDS)
                self._record(filter(_has_result, self._pending), progress)
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return self.result

    @staticmethod
    def _list_batches(
        under_way: Iterable[SendBatch], batches: Iterable[SendBatch]
    ) -> Iterator[tuple[SendBatch, bool]]:
        for batch in under_way:
            yield batch, True
        for batch in batches:
            yield batch, False

    def _deliver(self, batch: SendBatch, is_known: bool) -> Delivery:  # noqa: FBT001 - of a pool
        """Deliver a batch, in a thread.

        No connection begins one before its last one is in the ledger: a kill can repeat one batch
        for each connection.
        """
        self._turns.acquire()
        return self._deliverer.deliver(batch, may_have_arrived=is_known)

    def _record_finished(self, progress: Callable[[int], None]) -> None:
        done, rest = wait(self._pending, return_when=FIRST_COMPLETED)
        self._record(done, progress)
        self._pending = rest

    def _record(self, done: Iterable[Future[Delivery]], progress: Callable[[int], None]) -> None:
        """Write what was acknowledged, at once for all that has come."""
        entries: list[Entry] = []
        finished = list(done)
        for future in finished:
            delivery = future.result()
            entries += self._count(delivery)
            progress(len(delivery.accepted) + len(delivery.refused) + len(delivery.expired))
        self._ledger.append(entries)
        if finished:
            self._turns.release(len(finished))

    def _count(self, delivery: Delivery) -> list[Entry]:
        """Count a delivery; return the entries that it makes."""
        result = self.result
        result.sent += len(delivery.accepted)
        result.rows_refused += delivery.rows_refused
        result.requests += delivery.requests
        result.expired += len(delivery.expired)
        entries = [_make_entry(SENT, delivery.accepted)]
        if delivery.failure is not None:
            # Its refusals stay due: what has failed may be what has refused them.
            entries += self._note_failed_part(delivery)
            if not self._pace.stopped.is_set():
                self._give_up(delivery.failure)
        elif delivery.refused:
            self._held += delivery.refused
            self._held_batches += 1
        if delivery.accepted:
            entries += self._take_held()
        elif self._held_batches >= _MAX_REFUSED_BATCHES and result.failure is None:
            self._give_up(f"it takes none of them: {self._held[-1].reason}")
        return entries

    def _note_failed_part(self, delivery: Delivery) -> list[Entry]:
        """Return a note of half a batch that may have arrived, by whose key it can be asked for."""
        part = delivery.failed_part
        if self._platform.build_lookup is None or part is None or part.key == delivery.batch.key:
            return []
        return [_make_entry(UNDER_WAY, part.encoded, part.key)]

    def _take_held(self) -> list[Entry]:
        """Count what is refused for good: the platform takes others."""
        held, self._held, self._held_batches = self._held, [], 0
        reasons = Counter(each.reason for each in held)
        self.result.refused += len(held)
        self.result.reasons.update(reasons)
        return [
            _make_entry(REFUSED, [each.encoded for each in held if each.reason == reason], reason)
            for reason in reasons
        ]

    def _judge_held(self) -> None:
        """Take what was refused last, or end the run where nothing was accepted."""
        if self.result.sent:
            self._ledger.append(self._take_held())
        else:
            self._give_up(f"it takes none of them: {self._held[0].reason}")

    def _give_up(self, reason: str) -> None:
        self.result.failure = reason
        self._pace.stopped.set()


def _has_result(future: Future[Delivery]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _make_entry(kind: bytes, encoded: Iterable[Encoded], note: str = "") -> Entry:
    return Entry(kind, [each.item.identity for each in encoded], note)


def forget_sent(rows: pl.DataFrame, ledger: SendLedger) -> None:
    """Note that rows of a selection are to be sent again; a killed run goes on with that."""
    for part in rows.iter_slices(_AGAIN_RECORDS):
        ledger.append([Entry(FORGOTTEN, list_records(part))])
