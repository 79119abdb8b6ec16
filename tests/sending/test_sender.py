"""The sender: what is under way at a time, and how it ends."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from dcevents.sending import load_platforms
from dcevents.sending._delivery import Delivery, Pace
from dcevents.sending._ledger import Entry
from dcevents.sending._platform import Encoded, SendBatch, SendItem
from dcevents.sending._run import Sender


class Ledger:
    """Notes in memory what a ledger would have."""

    def __init__(self) -> None:
        self.records = 0

    def append(self, entries: Sequence[Entry]) -> None:
        """Count records."""
        self.records += sum(len(entry.records) for entry in entries)


class Deliverer:
    """Accepts batches of one item, and notes how many are not in the ledger yet."""

    def __init__(self, ledger: Ledger) -> None:
        self.most = 0
        self._begun = 0
        self._ledger = ledger
        self._lock = threading.Lock()

    def deliver(self, batch: SendBatch, *, may_have_arrived: bool = False) -> Delivery:  # noqa: ARG002
        """Accept a batch."""
        with self._lock:
            self._begun += 1
            self.most = max(self.most, self._begun - self._ledger.records)
        return Delivery(batch, batch.encoded, requests=1)


def make_batches(count: int) -> Iterator[SendBatch]:
    for number in range(count):
        identity = number.to_bytes(16, "big")
        item = SendItem("events", identity, "chat_engaged", 10**12, "s", {}, None)
        yield SendBatch("", [Encoded(item, "{}")], identity.hex())


@pytest.fixture
def sender() -> Any:
    ledger = Ledger()
    made: Any = Sender(load_platforms()["ga4"], Deliverer(ledger), ledger, Pace(None))  # type: ignore[arg-type]
    return made


def test_a_connection_waits_until_its_batch_is_in_the_ledger(sender: Any) -> None:
    """A kill can repeat one batch for each connection, whatever is ready to be sent."""
    result = sender.send([], make_batches(500), lambda _: None)

    assert (500, 500, None) == (result.sent, sender._ledger.records, result.failure)
    assert 1 <= sender._deliverer.most <= load_platforms()["ga4"].limits.parallel_requests


def test_an_error_ends_all_threads(sender: Any) -> None:
    """Such as a signal: what was acknowledged until then is in the ledger."""

    def fail(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sender.send([], make_batches(500), fail)
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(10)
            assert not thread.is_alive()
