"""Codes of attributes, and numbers of sessions, in columns of polars: see `codes`."""

from array import array
from collections.abc import Iterable, Sequence
from typing import Any, Final

import polars as pl

from dcevents.model.attributes import ROW_NUMBERS, AttributeColumns, Attributes
from dcevents.model.numbers.codes import Codes, SidNumbers
from dcevents.model.texts import NUMBER_TYPE, list_texts, look_up_texts, number_texts
from dcevents.native import arrow

_TEXT_COLUMNS: Final = (
    ("id", "name", "type", "ui_type"),
    ("page",),
    ("agent_id", "agent_name"),
    ("meeting_info",),
)
"""Members of `Attributes` that each of `AttributeColumns.texts` has."""
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
        texts = []
        for place, names in enumerate(_TEXT_COLUMNS):
            distinct = table.select(names).unique(maintain_order=True)
            values = distinct.rows() if len(names) > 1 else distinct.to_series().to_list()
            texts.append(self.codes.number_texts(place, values))
            numbers = table.select(names).join(
                distinct.with_row_index("number"),
                on=names,
                how="left",
                nulls_equal=True,
                maintain_order="left",
            )
            rows[1 + place :: ROW_NUMBERS] = array("I", numbers["number"].to_list())
        self.codes.number_rows(rows, texts)

    def list_rows(self) -> pl.DataFrame:
        """Return a row for each code, with the members of `Attributes` as columns."""
        known = self.codes.copy_columns()
        kinds, *numbers = _split_rows(known)
        columns = [kinds.cast(pl.UInt8).alias("kind")]
        for place, names in enumerate(_TEXT_COLUMNS):
            values: Sequence[Any] = known.texts[place]
            for at, name in enumerate(names):
                texts = [value[at] for value in values] if len(names) > 1 else values
                column = pl.Series(name, texts, dtype=pl.String)
                columns.append(column.gather(numbers[place]))
        return pl.DataFrame(columns)

    def list_attributes(self) -> list[Attributes]:
        """Return all attributes, in the order of their codes."""
        columns = self.codes.copy_columns()
        return [columns.read_row(code) for code in range(len(columns))]

    def tabulate_attributes(self) -> pl.DataFrame:
        """Return a row for each code.

        Columns: kind, conversation_id, conversation, type, ui_type, page, agent_name, and agent_id:
        the agent's identity, a name without an id.
        """
        has_id = pl.col("agent_id") != ""
        return self.list_rows().select(
            "kind",
            pl.col("id").alias("conversation_id"),
            pl.col("name").alias("conversation"),
            *("type", "ui_type", "page"),
            pl.when(has_id).then("agent_id").otherwise("agent_name").alias("agent_id"),
            "agent_name",
        )

    def number_identities(self) -> pl.Series:
        """Return by code the number of (kind, id, agent), as UInt32.

        Events of one session and time are equal if these numbers are (definitions 1).
        """
        columns = self.codes.copy_columns()
        kinds, dialogues, _, agents, _ = _split_rows(columns)
        ids = _number_values(dialogue[0] for dialogue in columns.dialogues)
        identities = _number_values(_list_agent_identities(columns)).gather(agents)
        spread = identities * (ids.len() + 1) + ids.gather(dialogues)
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
        return self.codes.count_conversation_ids().bit_length()


def _list_agent_identities(columns: AttributeColumns) -> list[str | None]:
    return [agent_id or agent_name for agent_id, agent_name in columns.agents]


def _split_rows(columns: AttributeColumns) -> list[pl.Series]:
    """Return the numbers of all rows, column by column."""
    rows = arrow.copy_numbers(columns.rows, pl.UInt32)
    return [rows.gather_every(ROW_NUMBERS, offset=at) for at in range(ROW_NUMBERS)]


def _number_values(values: Iterable[str | None]) -> pl.Series:
    """Return numbers that are equal where the values are."""
    numbers: dict[str | None, int] = {}
    found = [numbers.setdefault(value, len(numbers)) for value in values]
    return pl.Series(found, dtype=pl.UInt64)
