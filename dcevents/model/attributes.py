"""Attributes of events, interned."""

import threading
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

import polars as pl

from dcevents.model.sessions import Sessions


class Attributes(NamedTuple):
    """The attributes of events: all but session and time."""

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
        """Return the agent's identity: the id, or without one the name."""
        return self.agent_id or self.agent_name


_ATTRIBUTE_COLUMNS = {
    "kind": pl.UInt8,
    "conversation_id": pl.String,
    "conversation": pl.String,
    "type": pl.String,
    "ui_type": pl.String,
    "page": pl.String,
    "agent_id": pl.String,
    "agent_name": pl.String,
}
"""Columns of `Vocabulary.tabulate_attributes`: the fields of Attributes but the last, in order."""


class Vocabulary:
    """Codes of attributes, and the sessions that have numbers; safe for threads.

    A vocabulary grows with what is distinct in a log only, not with its events.
    """

    def __init__(self, attributes: Iterable[Attributes] = ()) -> None:
        self.sessions = Sessions()
        self._attributes = list(attributes)
        self._codes = {each: code for code, each in enumerate(self._attributes)}
        self._lock = threading.Lock()

    def assign_code(self, attributes: Attributes) -> int:
        """Return the code of attributes; new attributes get the next one."""
        with self._lock:
            code = self._codes.setdefault(attributes, len(self._attributes))
            if code == len(self._attributes):
                self._attributes.append(attributes)
            return code

    def assign_codes(self, attributes: Sequence[Attributes]) -> list[int]:
        """Return the codes of several attributes, as `assign_code` would."""
        codes, known, found = self._codes, self._attributes, []
        with self._lock:
            for each in attributes:
                code = codes.setdefault(each, len(known))
                if code == len(known):
                    known.append(each)
                found.append(code)
        return found

    def __len__(self) -> int:
        """Count the codes."""
        with self._lock:
            return len(self._attributes)

    def list_attributes(self) -> list[Attributes]:
        """Return all attributes, in the order of their codes."""
        with self._lock:
            return list(self._attributes)

    def tabulate_attributes(self) -> pl.DataFrame:
        """Return a row for each code: `agent_id` is the agent's identity, a name without an id."""
        rows = self.list_attributes()
        frame = pl.DataFrame(
            pl.Series(name, list(map(itemgetter(place), rows)), dtype=dtype)
            for place, (name, dtype) in enumerate(_ATTRIBUTE_COLUMNS.items())
        )
        return frame.with_columns(pl.coalesce("agent_id", "agent_name").alias("agent_id"))

    def number_identities(self) -> pl.Series:
        """Return by code the number of (kind, id, agent), as UInt32.

        Events of one session and time are equal if these numbers are (definitions 1).
        """
        numbers: dict[tuple[int, str | None, str | None], int] = {}
        of_codes = [
            numbers.setdefault((each.kind, each.id, each.agent), len(numbers))
            for each in self.list_attributes()
        ]
        return pl.Series(of_codes, dtype=pl.UInt32)

    def renew_sessions(self) -> None:
        """Begin new numbers of sessions, once no facts have the old ones."""
        self.sessions = Sessions()

    def tabulate_identities(self) -> pl.DataFrame:
        """Return by code all that `grouping.count_part` is to know of events."""
        numbers = self.number_identities()
        # One conversation for each kind, id and agent: these count in no other way.
        nothing = pl.repeat(0, numbers.len(), dtype=pl.UInt8, eager=True)
        return pl.DataFrame({"id_rank": numbers, "kind": nothing, "agent": nothing})

    def count_id_bits(self) -> int:
        """Count the bits of a conversation id's rank (0 without an id)."""
        return len({each.id for each in self.list_attributes()}).bit_length()
