"""Delivery of one batch: tries, waits, halves.

A batch that is refused is halved until the items at fault stand alone.
"""

import random
import threading
import time
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

from dcevents.sending._platform import (
    Answer,
    Destination,
    Encoded,
    Fate,
    Platform,
    Request,
    SendBatch,
    TransportError,
    Verdict,
    describe_foreign_answer,
    is_page,
)

_FIRST_WAIT_SECONDS: Final = 0.5
_MAX_WAIT_SECONDS: Final = 60.0


class Network(Protocol):
    """Makes requests: `Transport`, and in tests what is like it."""

    def send(self, request: Request) -> Answer:
        """Return the answer. Raises TransportError."""


class Refusal(NamedTuple):
    """An item that the platform does not take, and why."""

    encoded: Encoded
    reason: str


class Delivery(NamedTuple):
    """Says what became of a batch."""

    batch: SendBatch
    accepted: Sequence[Encoded] = ()
    refused: Sequence[Refusal] = ()
    expired: Sequence[Encoded] = ()
    """Items that had become too old when their turn came."""
    rows_refused: int = 0
    """Items that the platform has dropped from what it has accepted."""
    requests: int = 0
    failure: str | None = None
    """Why the rest of the batch, and of the run, is left."""
    failed_part: SendBatch | None = None
    """What the last request carried; it may have arrived."""


class _Tries(NamedTuple):
    """Says what became of one request and its repetitions."""

    batch: SendBatch
    """What was left of it in the end."""
    verdict: Verdict
    """Never RETRY."""
    requests: int
    expired: Sequence[Encoded] = ()


class Pace:
    """Turns that requests take, and pauses that a platform asks for; shared by threads."""

    def __init__(self, requests_per_second: float | None) -> None:
        self.stopped = threading.Event()
        self._interval = 1 / requests_per_second if requests_per_second else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def take_turn(self) -> bool:
        """Wait for a turn; return whether there is one: False once all is to stop."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        return self.wait(turn - now)

    def pause(self, seconds: float) -> None:
        """Give nobody a turn for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def wait(self, seconds: float) -> bool:
        """Wait; return False where all is to stop."""
        return not self.stopped.wait(seconds) if seconds > 0 else not self.stopped.is_set()


class Courier:
    """Delivers batches to a platform."""

    def __init__(
        self,
        platform: Platform,
        destination: Destination,
        network: Network,
        pace: Pace,
        give_up_seconds: float,
    ) -> None:
        self._platform = platform
        self._destination = destination
        self._network = network
        self._pace = pace
        self._give_up_seconds = give_up_seconds
        self._draw = random.uniform

    def deliver(self, batch: SendBatch, *, may_have_arrived: bool = False) -> Delivery:
        """Deliver a batch; where it is refused, halves of it.

        `may_have_arrived`: an earlier run was ended while it was under way.
        """
        waiting = [batch]
        accepted: list[Encoded] = []
        refused: list[Refusal] = []
        expired: list[Encoded] = []
        rows_refused = requests = refusals = 0
        failure = failed_part = None
        while waiting and failure is None:
            # Halves have keys of their own, by which they are asked for like the whole.
            tries = self._request_with_retries(waiting.pop(), may_have_arrived=may_have_arrived)
            part, verdict = tries.batch, tries.verdict
            requests += tries.requests
            expired += tries.expired
            if verdict.fate is Fate.ACCEPTED:
                accepted += part.encoded
                rows_refused += verdict.rows_refused
            elif verdict.fate is Fate.FAILED:
                failure, failed_part = verdict.reason, part
            else:
                refusals += 1
                if len(part.encoded) == 1:
                    refused.append(Refusal(part.encoded[0], verdict.reason))
                else:
                    waiting += reversed(_halve_batch(part))
                if not accepted and refusals > _count_probes(batch):
                    failure = f"it takes none of them: {verdict.reason}"
        return Delivery(
            batch, accepted, refused, expired, rows_refused, requests, failure, failed_part
        )

    def ask_for(self, key: str) -> tuple[bool, str | None]:
        """Return whether a batch has arrived, and why that is not to be known."""
        asked = SendBatch("", (), key)
        verdict = self._request_with_retries(asked, may_have_arrived=True).verdict
        failure = verdict.reason if verdict.fate is Fate.FAILED else None
        return verdict.fate is Fate.ACCEPTED, failure

    def _request_with_retries(self, batch: SendBatch, *, may_have_arrived: bool) -> _Tries:
        """Make requests until one settles what becomes of a batch; return what that is.

        Of a batch without items REFUSED, where it has not arrived.
        """
        failing_since: float | None = None
        longest = _FIRST_WAIT_SECONDS
        requests = 0
        expired: list[Encoded] = []
        stopped = Verdict(Fate.FAILED, "stopped")
        while True:
            if not self._pace.take_turn():
                return _Tries(batch, stopped, requests, expired)
            # Now and not before: turns and waits may take hours.
            batch, too_old = self._split_by_age(batch)
            expired += too_old
            if too_old and not batch.encoded:
                return _Tries(batch, Verdict(Fate.ACCEPTED), requests, expired)
            requests += 1
            is_lookup = may_have_arrived and self._platform.build_lookup is not None
            verdict, retry_after, has_arrived = self._try_once(batch, is_lookup=is_lookup)
            if verdict is None:
                if not batch.encoded:
                    return _Tries(batch, Verdict(Fate.REFUSED), requests)
                may_have_arrived = False
                continue
            if verdict.fate is not Fate.RETRY:
                return _Tries(batch, verdict, requests, expired)
            may_have_arrived |= has_arrived
            now = time.monotonic()
            failing_since = now if failing_since is None else failing_since
            rest = self._give_up_seconds - (now - failing_since)
            wait = max(retry_after or 0.0, self._draw(0, longest))
            if rest <= 0 or wait > rest:
                return _Tries(batch, Verdict(Fate.FAILED, verdict.reason), requests, expired)
            if retry_after is not None:
                self._pace.pause(retry_after)
            longest = min(2 * longest, _MAX_WAIT_SECONDS)
            if not self._pace.wait(wait):
                return _Tries(batch, stopped, requests, expired)

    def _split_by_age(self, batch: SendBatch) -> tuple[SendBatch, Sequence[Encoded]]:
        """Return what of a batch the platform still takes, and what is too old for it."""
        age_ms = self._platform.limits.age_ms
        if age_ms is None:
            return batch, ()
        oldest = int(time.time() * 1000) - age_ms
        too_old = [each for each in batch.encoded if each.item.ts < oldest]
        if not too_old:
            return batch, ()
        young = [each for each in batch.encoded if each.item.ts >= oldest]
        return batch._replace(encoded=young), too_old

    def _try_once(
        self, batch: SendBatch, *, is_lookup: bool
    ) -> tuple[Verdict | None, float | None, bool]:
        """Make a request, or ask whether an earlier one has arrived.

        Return the verdict (None: it has not arrived), how many seconds to wait, and whether the
        batch may have arrived.
        """
        build_lookup = self._platform.build_lookup
        if is_lookup and build_lookup is not None:
            request = build_lookup(batch, self._destination)
        else:
            request = self._platform.build_request(batch, self._destination)
        try:
            answer = self._network.send(request)
        except TransportError as error:
            fate = Fate.FAILED if error.is_final else Fate.RETRY
            return Verdict(fate, error.reason), None, not is_lookup
        retry_after = None if answer.retry_after_ms is None else answer.retry_after_ms / 1000
        is_own = self._platform.is_own_answer(answer)
        if is_lookup and answer.status == 404 and is_own:
            return None, None, False
        verdict = self._platform.judge_answer(answer)
        is_about_batch = verdict.fate in (Fate.ACCEPTED, Fate.REFUSED)
        if (is_about_batch and not is_own) or (verdict.fate is Fate.FAILED and is_page(answer)):
            verdict = Verdict(Fate.FAILED, describe_foreign_answer(self._platform, answer))
        if is_lookup and verdict.fate is Fate.REFUSED and answer.status >= 300:
            # It is the question that is refused; where a file was, the answer to that is 200.
            verdict = verdict._replace(fate=Fate.FAILED)
        # An error of the server's own says nothing of whether it has kept the batch; nor does an
        # answer that breaks off.
        may_have_it = answer.status >= 500 or 200 <= answer.status < 300
        return verdict, retry_after, not is_lookup and may_have_it


def _halve_batch(batch: SendBatch) -> list[SendBatch]:
    middle = len(batch.encoded) // 2
    parts = batch.encoded[:middle], batch.encoded[middle:]
    keys = [
        blake2b(f"{batch.key}-{number}".encode(), digest_size=16).hexdigest() for number in range(2)
    ]
    return [SendBatch(batch.group, part, key) for part, key in zip(parts, keys, strict=True)]


def _count_probes(batch: SendBatch) -> int:
    """Count the refusals after which not the items are at fault, if none was accepted.

    To find one item takes one for each halving.
    """
    return 2 * len(batch.encoded).bit_length() + 8
