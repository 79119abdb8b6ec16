"""Codes of attributes, and numbers of sessions, in columns of polars: see `codes`."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from dcevents.model.attributes import ROW_NUMBERS, Attributes
from dcevents.model.numbers.codes import Codes, SidNumbers
from dcevents.model.numbers.packed_texts import pack_values
from dcevents.model.numbers.tables import make_text_table
from dcevents.model.texts import (
    NUMBER_TYPE,
    list_members,
    list_texts,
    look_up_texts,
    number_texts,
)
from dcevents.native import arrow

_TEXT_COLUMNS: Final = (
    ("id", "name", "type", "ui_type"),
    ("page",),
    ("agent_id", "agent_name"),
    ("meeting_info",),
)
"""Members of `Attributes` that each of `AttributeColumns.texts` has."""
_TEXTS: Final = tuple(enumerate(_TEXT_COLUMNS))
_DIALOGUES: Final = 0
_AGENTS: Final = 2
_KIND_COUNT: Final = 16
"""More than there are kinds."""


class Sessions:
    """Sids and their numbers, in columns: see `SidNumbers`."""

    def __init__(self, numbers: SidNumbers | None = None) -> None:
        self.numbers = SidNumbers() if numbers is None else numbers

    def number_sids(self, texts: pl.Series | Sequence[str]) -> pl.Series:
        """Return the number of each sid, which may repeat; none is null."""
        with self.numbers.lock:
            return number_texts(self.numbers.require_table(), texts)

    def find_number(self, text: str) -> int | None:
        """Return the number of a sid; None if it has none."""
        return self.numbers.find_number(text)

    def look_up(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of numbers."""
        with self.numbers.lock:
            return look_up_texts(self.numbers.require_table(), numbers.cast(NUMBER_TYPE))

    def list_sids(self) -> pl.Series:
        """Return all sids, in the order of their numbers."""
        with self.numbers.lock:
            return list_texts(self.numbers.require_table())

    def forget_texts(self) -> None:
        """Drop the sids, which some reports never show; no sid can be numbered any more."""
        self.numbers.forget_texts()


class Vocabulary:
    """Codes of attributes, and the sessions that have numbers, in columns: see `Codes`."""

    def __init__(self, attributes: Iterable[Attributes] = (), codes: Codes | None = None) -> None:
        self.codes = Codes() if codes is None else codes
        self.sessions = Sessions(self.codes.sids)
        self.assign_codes(attributes)

    def __len__(self) -> int:
        """Count the codes."""
        return len(self.codes)

    def assign_code(self, attributes: Attributes) -> int:
        """Return the code of attributes; new attributes get the next one."""
        return self.assign_codes([attributes])[0]

    def assign_codes(self, attributes: Iterable[Attributes]) -> "array[int]":
        """Return the codes of several attributes, as `assign_code` would."""
        return self.codes.assign_codes(attributes)

    def assign_rows(self, table: pl.DataFrame) -> None:
        """Assign codes to the rows of a table with the members of `Attributes` as columns."""
        rows = array("I", bytes(4 * ROW_NUMBERS * table.height))
        rows[::ROW_NUMBERS] = array("I", table["kind"].to_list())
        numbers = [self._number_column(place, table.select(names)) for place, names in _TEXTS]
        for place, column in enumerate(numbers, 1):
            rows[place::ROW_NUMBERS] = array("I", column.to_list())
        self.codes.number_rows(rows, [None] * len(numbers))

    def _number_column(self, place: int, table: pl.DataFrame) -> pl.Series:
        """Return the number of each row of texts."""
        names = table.columns
        if len(names) == 1:
            with self.codes.lock:
                return number_texts(self.codes.get_table(place), table.to_series().fill_null(""))
        distinct = table.unique(maintain_order=True)
        numbers = self.codes.number_texts(place, pack_values(distinct.rows()))
        numbered = distinct.with_columns(pl.Series("number", numbers, dtype=NUMBER_TYPE))
        found = table.join(numbered, on=names, how="left", nulls_equal=True, maintain_order="left")
        return found["number"]

    def list_rows(self) -> pl.DataFrame:
        """Return a row for each code, with the members of `Attributes` as columns."""
        rows = self._split_rows()
        columns = [rows[0].cast(pl.UInt8).alias("kind")]
        for place, names in _TEXTS:
            for at, name in enumerate(names):
                texts = self._list_texts(place, at).gather(rows[1 + place])
                columns.append(texts.alias(name))
        return pl.DataFrame(columns)

    def _list_texts(self, place: int, member: int) -> pl.Series:
        """Return one of the texts of each dialogue, page, …, in the order of their numbers."""
        with self.codes.lock:
            width = len(_TEXT_COLUMNS[place])
            return list_members(self.codes.get_table(place), width, member)

    def _split_rows(self) -> list[pl.Series]:
        """Return the numbers of all rows, column by column."""
        rows = arrow.copy_numbers(self.codes.list_rows(), pl.UInt32)
        return [rows.gather_every(ROW_NUMBERS, offset=at) for at in range(ROW_NUMBERS)]

    def list_attributes(self) -> list[Attributes]:
        """Return all attributes, in the order of their codes."""
        return [Attributes(*row) for row in self.list_rows().iter_rows()]

    def tabulate_attributes(self) -> pl.DataFrame:
        """Return a row for each code.

        Columns: kind, conversation_id, conversation, type, ui_type, page, agent_name, and agent_id:
        the agent's identity, a name without an id.
        """
        return self.list_rows().select(
            "kind",
            pl.col("id").alias("conversation_id"),
            pl.col("name").alias("conversation"),
            *("type", "ui_type", "page"),
            pl.coalesce("agent_id", "agent_name").alias("agent_id"),
            "agent_name",
        )

    def number_identities(self) -> pl.Series:
        """Return by code the number of (kind, id, agent), as UInt32.

        Events of one session and time are equal if these numbers are (definitions 1).
        """
        kinds, dialogues, _, agents, _ = self._split_rows()
        ids = _number_values(self._list_texts(_DIALOGUES, 0))
        agent_ids, agent_names = (self._list_texts(_AGENTS, member) for member in range(2))
        identities = _number_values(pl.select(pl.coalesce(agent_ids, agent_names)).to_series())
        spread = identities.gather(agents) * (ids.len() + 1) + ids.gather(dialogues)
        return (spread * _KIND_COUNT + kinds).rank("dense").cast(pl.UInt32)

    def renew_sessions(self) -> None:
        """Begin new numbers of sessions, once no facts have the old ones."""
        self.codes.renew_sids()
        self.sessions = Sessions(self.codes.sids)

    def tabulate_identities(self) -> pl.DataFrame:
        """Return by code all that `grouping.count_part` is to know of events."""
        numbers = self.number_identities()
        # One conversation for each kind, id and agent: these count in no other way.
        nothing = pl.repeat(0, numbers.len(), dtype=pl.UInt8, eager=True)
        return pl.DataFrame({"id_rank": numbers, "kind": nothing, "agent": nothing})

    def count_id_bits(self) -> int:
        """Count the bits of a conversation id's rank (0 without an id)."""
        return self.codes.count_dialogues().bit_length()


def _number_values(values: pl.Series) -> pl.Series:
    """Return numbers that are equal where the texts are, none of which is empty."""
    return number_texts(make_text_table(), values.fill_null("")).cast(pl.UInt64)
