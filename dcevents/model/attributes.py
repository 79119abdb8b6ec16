"""Attributes of events: what an event says apart from its session and time, interned."""

import threading
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from dcevents.model.sessions import Numbering


class Attributes(NamedTuple):
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

    def __init__(self, attributes: Iterable[Attributes] = ()) -> None:
        self.numbering = Numbering()
        self._attributes = list(attributes)
        self._codes = {each: code for code, each in enumerate(self._attributes)}
        self._lock = threading.Lock()

    def assign_code(self, attributes: Attributes) -> int:
        """The number of what an event says."""
        with self._lock:
            code = self._codes.setdefault(attributes, len(self._attributes))
            if code == len(self._attributes):
                self._attributes.append(attributes)
            return code

    def __len__(self) -> int:
        """How many codes there are."""
        with self._lock:
            return len(self._attributes)

    def list_attributes(self) -> list[Attributes]:
        """All that was said, by number."""
        with self._lock:
            return list(self._attributes)

    def number_identities(self) -> pl.Series:
        """UInt32: code of what was said → number of its (kind, id, agent), by which events are told apart."""
        numbers: dict[tuple[int, str | None, str | None], int] = {}
        said = [
            numbers.setdefault((each.kind, each.id, each.agent), len(numbers))
            for each in self.list_attributes()
        ]
        return pl.Series(said, dtype=pl.UInt32)

    def count_id_bits(self) -> int:
        """How many bits a number for each conversation id, and for none, takes."""
        return len({each.id for each in self.list_attributes()}).bit_length()
