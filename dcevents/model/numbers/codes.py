"""Codes of attributes, and numbers of sids, as reading gives them. They know no polars."""

import threading
from array import array
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Final

from dcevents.model.attributes import ROW_NUMBERS, AttributeColumns, Attributes
from dcevents.model.numbers.tables import TextTable, make_row_table, make_text_table

_MAX_REMEMBERED_COLUMNS: Final = 32
"""Columns of attributes whose codes are remembered: more than there are threads."""


class SidNumbers:
    """The numbers of sids, in the order in which these come; safe for threads.

    Numbers follow the order of calls, so that only one thread at a time is to number sids, in the
    order of the log.
    """

    def __init__(self) -> None:
        self._table: TextTable | None = make_text_table()
        self.lock = threading.Lock()

    def __len__(self) -> int:
        with self.lock:
            return len(self.require_table())

    def number_packed(
        self, texts: bytes | bytearray | memoryview, offsets: bytes | bytearray | memoryview
    ) -> "array[int]":
        """Return the numbers of sids that lie one after the other.

        `offsets` (UInt32, native) has one more than there are sids. Texts are UTF-8.
        """
        packed = memoryview(texts).cast("B"), memoryview(offsets).cast("B").cast("I")
        with self.lock:
            return self.require_table().number_packed(*packed)

    def find_number(self, text: str) -> int | None:
        """Return the number of a sid; None if it has none."""
        with self.lock:
            return self.require_table().find_number(text)

    def forget_texts(self) -> None:
        """Drop the sids, which some reports never show; no sid can be numbered any more."""
        with self.lock:
            self._table = None

    def require_table(self) -> TextTable:
        """Return the table, for whoever holds the lock. Raises ValueError once it is dropped."""
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


class Codes:
    """Codes of attributes, and the sids that have numbers; safe for threads.

    They grow with what is distinct in a log only, not with its events. Attributes are kept as a row
    of numbers each, their texts once.
    """

    def __init__(self) -> None:
        self.sids = SidNumbers()
        self._texts = [_Interned(values) for values in AttributeColumns().texts]
        self._rows = make_row_table(ROW_NUMBERS)
        self._lock = threading.Lock()
        self._columns: dict[int, _ColumnCodes] = {}
        """Codes of attributes that scanners have numbered, by the identity of their columns."""

    def __len__(self) -> int:
        """Count the codes."""
        with self._lock:
            return len(self._rows)

    def assign_codes(self, attributes: Iterable[Attributes]) -> "array[int]":
        """Return the codes of several attributes; new ones get the next."""
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

    def list_codes(self, combinations: AttributeColumns) -> "array[int]":
        """Return the codes of the rows of columns that grow, or of other ones."""
        known = self._columns.pop(id(combinations), None)
        found = _ColumnCodes(self, combinations) if known is None else known
        self._columns[id(combinations)] = found
        if len(self._columns) > _MAX_REMEMBERED_COLUMNS:
            del self._columns[next(iter(self._columns))]
        return found.list_codes()

    def forget_columns(self) -> None:
        """Let go of columns whose codes were listed: no more of them follow."""
        self._columns.clear()

    def renew_sids(self) -> None:
        """Begin new numbers of sids."""
        self.sids = SidNumbers()

    def count_conversation_ids(self) -> int:
        """Count the ids of conversations, none as one of them."""
        with self._lock:
            return len({dialogue[0] for dialogue in self._texts[0].values})

    def copy_columns(self) -> AttributeColumns:
        """Return all attributes, in the order of their codes."""
        columns = AttributeColumns()
        with self._lock:
            columns.rows = self._rows.list_rows()
            known = [each.values for each in self._texts]
        columns.dialogues, columns.pages, columns.agents, columns.meetings = known
        return columns


class _ColumnCodes:
    """Codes of attributes in columns that grow."""

    def __init__(self, known: Codes, columns: AttributeColumns) -> None:
        self.columns = columns
        self._known = known
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
                known.extend(self._known.number_texts(place, texts[len(known) :]))
            self._codes.extend(self._known.number_rows(rows, self._texts))
        return self._codes
