"""Rejected records that name an event of Dynamic Chat: a log of others would not."""

import re
from collections.abc import Iterable
from typing import Final

from dcevents.model.events import KINDS
from dcevents.reading.judge.findings import NO_EVENT, NO_SID, NOT_AN_OBJECT
from dcevents.reading.read_block import RejectedRecord

MAX_EXAMINED: Final = 1000
"""Rejected records of an input that are searched for names."""

_KIND = "|".join(kind.replace("_", "[^a-z0-9]{0,3}") for kind in KINDS)
_FULL_NAME: Final = re.compile(f"(?i)conversations?[^a-z0-9]{{0,3}}(?:{_KIND})".encode())
_NAMELESS: Final = (NO_EVENT, NOT_AN_OBJECT)


class NamedRejects:
    """The rejected records of one input that name an event, as far as they are searched."""

    def __init__(self) -> None:
        self.examined = 0
        self.named = 0
        self.first_line: int | None = None

    def add(self, rejects: Iterable[RejectedRecord]) -> None:
        """Search rejected records, in order, until enough are."""
        for each in rejects:
            if self.examined == MAX_EXAMINED:
                return
            self.examined += 1
            is_searched = each.reason not in _NAMELESS
            if each.reason == NO_SID or (is_searched and _FULL_NAME.search(each.raw)):
                self.named += 1
                self.first_line = each.line if self.first_line is None else self.first_line

    def estimate(self, rejects: int) -> int:
        """Return how many of so many rejected records name an event, by those searched."""
        if rejects <= self.examined or not self.examined:
            return self.named
        return rejects * self.named // self.examined
