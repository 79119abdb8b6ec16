"""Codes of attributes, and numbers of sessions."""

import threading
from array import array
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final

import polars as pl

from dcevents.model.attributes import ROW_NUMBERS, AttributeColumns, Attributes
from dcevents.model.texts import NUMBER_TYPE, TextTable, make_row_table, make_text_table
from dcevents.native import arrow

_DIALOGUES, _PAGES, _AGENTS = range(3)
"""Places in `AttributeColumns.texts`."""
_DIALOGUE_COLUMNS: Final = ("conversation_id", "conversation", "type", "ui_type")
_KIND_COUNT: Final = 16
"""More than there are kinds."""


class Sessions:
    """Sids and their numbers, in the order in which the sids come; safe for threads.

    Numbers follow the order of calls, so that only one thread is to number sids, in the order of
    the log.
    """

    def __init__(self) -> None:
        self._table: TextTable | None = make_text_table()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._require_table())

    def number_sids(self, texts: pl.Series | Sequence[str]) -> pl.Series:
        """Return the number of each sid, which may repeat; none is null."""
        with self._lock:
            return self._require_table().number_texts(pl.Series(texts, dtype=pl.String))

    def number_packed(
        self, texts: bytes | bytearray | memoryview, offsets: bytes | bytearray | memoryview
    ) -> "array[int]":
        """Return the numbers of sids that lie one after the other.

        `offsets` (UInt32, native) has one more than there are sids. Texts are UTF-8.
        """
        packed = memoryview(texts).cast("B"), memoryview(offsets).cast("B").cast("I")
        with self._lock:
            return self._require_table().number_packed(*packed)

    def find_number(self, text: str) -> int | None:
        """Return the number of a sid; None if it has none."""
        with self._lock:
            return self._require_table().find_number(text)

    def look_up(self, numbers: pl.Series) -> pl.Series:
        """Return the sids of numbers."""
        with self._lock:
            return self._require_table().look_up(numbers.cast(NUMBER_TYPE))

    def list_sids(self) -> pl.Series:
        """Return all sids, in the order of their numbers."""
        with self._lock:
            return self._require_table().look_up(None)

    def forget_texts(self) -> None:
        """Drop the sids, which some reports never show; no sid can be numbered any more."""
        with self._lock:
            self._table = None

    def _require_table(self) -> TextTable:
        if self._table is None:
            raise ValueError("the sids were forgotten")
        return self._table


class _Interned:
    """Distinct values, numbered in the order in which they come."""

    def __init__(self, values: Iterable[Any]) -> None:
        self.values = list(values)
        self._numbers = {value: number for number, value in enumerate(self.values)}

    def number(self, value: Hashable) -> int:
        """Return the number of a value; a new one gets the next."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


class Vocabulary:
    """Codes of attributes, and the sessions that have numbers; safe for threads.

    A vocabulary grows with what is distinct in a log only, not with its events. Attributes are
    kept as a row of numbers each, their texts once.
    """

    def __init__(self, attributes: Iterable[Attributes] = ()) -> None:
        self.sessions = Sessions()
        self._texts = [_Interned(values) for values in AttributeColumns().texts]
        self._rows = make_row_table(ROW_NUMBERS)
        self._lock = threading.Lock()
        self.assign_codes(attributes)

    def assign_code(self, attributes: Attributes) -> int:
        """Return the code of attributes; new attributes get the next one."""
        return self.assign_codes([attributes])[0]

    def assign_codes(self, attributes: Iterable[Attributes]) -> "array[int]":
        """Return the codes of several attributes, as `assign_code` would."""
        dialogues, pages, agents, meetings = self._texts
        rows = array("I")
        with self._lock:
            for kind, *dialogue, page, agent_id, agent_name, meeting in attributes:
                rows.append(kind)
                rows.append(dialogues.number(tuple(dialogue)))
                rows.append(pages.number(page))
                rows.append(agents.number((agent_id, agent_name)))
                rows.append(meetings.number(meeting))
            return self._rows.number_rows(rows, [None] * ROW_NUMBERS)

    def number_texts(self, place: int, values: Sequence[Hashable]) -> "array[int]":
        """Return the numbers of dialogues, pages, … : of one of `AttributeColumns.texts`."""
        with self._lock:
            return array("I", map(self._texts[place].number, values))

    def number_rows(self, rows: "array[int]", texts: "Sequence[array[int]]") -> "array[int]":
        """Return the codes of rows, with the number here of each of their texts."""
        with self._lock:
            return self._rows.number_rows(rows, [None, *texts])

    def __len__(self) -> int:
        """Count the codes."""
        with self._lock:
            return len(self._rows)

    def list_attributes(self) -> list[Attributes]:
        """Return all attributes, in the order of their codes."""
        with self._lock:
            columns = AttributeColumns()
            columns.rows = self._rows.list_rows()
            known = [each.values for each in self._texts]
            columns.dialogues, columns.pages, columns.agents, columns.meetings = known
        return [columns.read_row(code) for code in range(len(columns))]

    def tabulate_attributes(self) -> pl.DataFrame:
        """Return a row for each code.

        Columns: kind, conversation_id, conversation, type, ui_type, page, agent_name, and agent_id:
        the agent's identity, a name without an id.
        """
        kinds, dialogues, pages, agents, _ = self._split_rows()
        values = self._texts[_DIALOGUES].values
        columns = {
            name: ([dialogue[place] for dialogue in values], dialogues)
            for place, name in enumerate(_DIALOGUE_COLUMNS)
        }
        columns["page"] = self._texts[_PAGES].values, pages
        columns["agent_id"] = self._list_agent_identities(), agents
        columns["agent_name"] = [name for _, name in self._texts[_AGENTS].values], agents
        texts = (
            pl.Series(name, texts, dtype=pl.String).gather(numbers)
            for name, (texts, numbers) in columns.items()
        )
        return pl.DataFrame([kinds.cast(pl.UInt8).alias("kind"), *texts])

    def number_identities(self) -> pl.Series:
        """Return by code the number of (kind, id, agent), as UInt32.

        Events of one session and time are equal if these numbers are (definitions 1).
        """
        kinds, dialogues, _, agents, _ = self._split_rows()
        ids = _number_values(dialogue[0] for dialogue in self._texts[_DIALOGUES].values)
        identities = _number_values(self._list_agent_identities()).gather(agents)
        spread = identities * (ids.len() + 1) + ids.gather(dialogues)
        return (spread * _KIND_COUNT + kinds).rank("dense").cast(pl.UInt32)

    def _list_agent_identities(self) -> list[str | None]:
        return [agent_id or agent_name for agent_id, agent_name in self._texts[_AGENTS].values]

    def _split_rows(self) -> list[pl.Series]:
        """Return the numbers of all rows, column by column."""
        with self._lock:
            rows = arrow.copy_numbers(self._rows.list_rows(), pl.UInt32)
        return [rows.gather_every(ROW_NUMBERS, offset=at) for at in range(ROW_NUMBERS)]

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
        return len({dialogue[0] for dialogue in self._texts[_DIALOGUES].values}).bit_length()


class ColumnCodes:
    """Codes of attributes in columns that grow."""

    def __init__(self, vocabulary: Vocabulary, columns: AttributeColumns) -> None:
        self.columns = columns
        self._vocabulary = vocabulary
        self._codes = array("I")
        self._texts = [array("I") for _ in columns.texts]
        """The number of each text in the vocabulary."""

    def list_codes(self) -> "array[int]":
        """Return the codes of all rows so far."""
        rows = self.columns.rows[len(self._codes) * ROW_NUMBERS :]
        if rows:
            for place, (known, texts) in enumerate(
                zip(self._texts, self.columns.texts, strict=True)
            ):
                known.extend(self._vocabulary.number_texts(place, texts[len(known) :]))
            self._codes.extend(self._vocabulary.number_rows(rows, self._texts))
        return self._codes


def _number_values(values: Iterable[str | None]) -> pl.Series:
    """Return numbers that are equal where the values are."""
    numbers: dict[str | None, int] = {}
    found = [numbers.setdefault(value, len(numbers)) for value in values]
    return pl.Series(found, dtype=pl.UInt64)
