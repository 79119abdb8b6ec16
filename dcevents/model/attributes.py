"""Attributes of events: what an event says apart from its session and time, interned."""

import threading
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from dcevents.model.sessions import Numbering


class Said(NamedTuple):
    """What an event says apart from its session and time: the unit that is interned, once for many events."""

    kind: int
    id: str | None
    name: str | None
    type: str | None
    ui_type: str | None
    page: str | None
    agent_id: str | None
    agent_name: str | None
    meeting_info: str | None

    @property
    def agent(self) -> str | None:
        """The agent's identity: the id, or where there is none the name."""
        return self.agent_id or self.agent_name


class Vocabulary:
    """Codes for what events say, and numbers for sids; grows with distinct contents only. Safe for threads."""

    def __init__(self, said: Iterable[Said] = ()) -> None:
        self.sids = Numbering()
        self._said = list(said)
        self._codes = {each: code for code, each in enumerate(self._said)}
        self._lock = threading.Lock()

    def code(self, said: Said) -> int:
        """The number of what an event says."""
        with self._lock:
            code = self._codes.setdefault(said, len(self._said))
            if code == len(self._said):
                self._said.append(said)
            return code

    def __len__(self) -> int:
        """How many codes there are."""
        with self._lock:
            return len(self._said)

    def said(self) -> list[Said]:
        """All that was said, by number."""
        with self._lock:
            return list(self._said)

    def identities(self) -> pl.Series:
        """UInt32: code of what was said → number of its (kind, id, agent), by which events are told apart."""
        numbers: dict[tuple[int, str | None, str | None], int] = {}
        said = [
            numbers.setdefault((each.kind, each.id, each.agent), len(numbers))
            for each in self.said()
        ]
        return pl.Series(said, dtype=pl.UInt32)

    def id_bits(self) -> int:
        """How many bits a number for each conversation id, and for none, takes."""
        return len({each.id for each in self.said()}).bit_length()
