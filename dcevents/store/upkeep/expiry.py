"""Conversations that `--keep` would remove, and whether the clock is to be trusted with it."""

from dataclasses import dataclass
from typing import Final

from dcevents import show
from dcevents.store import remove
from dcevents.store.disk.state import StoreState

_AHEAD_MS: Final = 26 * 3_600_000
"""A nightly run is a day later than the one before; an hour more where summer time ends."""
_MAX_REMOVED_PARTS: Final = 10
"""More than one part in so many is not removed unasked."""


@dataclass(frozen=True)
class Expiry:
    """The conversations that ended before a moment, of all of a store."""

    cut_off: int
    removed: int
    conversations: int
    doubts: tuple[str, ...] = ()
    """Reasons not to remove them unless the user says so."""

    def describe(self) -> str:
        """Return in words what would go."""
        removed = show.format_count(self.removed, "conversation")
        ended = f"that ended before {show.format_timestamp(self.cut_off)}"
        return f"{removed} of {self.conversations:,} {ended}"


def plan_expiry(state: StoreState, cut_off: int, clock: int, *, is_new: bool = False) -> Expiry:
    """Return what would go, by this clock.

    A store that is new has nothing yet that could be missed. Raises StoreError.
    """
    removed, conversations = remove.count_older(state, cut_off, clock), state.conversation_count
    doubts = []
    if not is_new and removed * _MAX_REMOVED_PARTS > conversations:
        doubts.append("that is more than a tenth")
    if state.manifest.is_clock_ahead(clock, _AHEAD_MS):
        known = [state.manifest.find_latest(), state.manifest.trusted_clock]
        latest = max((each for each in known if each is not None), default=None)
        than = "" if latest is None else f" of anything in the store ({_format(latest)})"
        doubts.append(f"the clock, {_format(clock)}, is more than a day ahead{than}")
    return Expiry(cut_off, removed, conversations, tuple(doubts))


def _format(ms: int) -> str:
    return str(show.format_timestamp(ms))
