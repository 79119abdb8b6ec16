"""Codes of attributes, and numbers of sids, as reading gives them. They know no polars."""

import threading
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from dcevents.model.attributes import ROW_NUMBERS, AttributeColumns, Attributes
from dcevents.model.numbers.packed_texts import TextPiece, Value, pack_values
from dcevents.model.numbers.tables import TextTable, make_row_table, make_text_table

_MAX_REMEMBERED_COLUMNS: Final = 32
"""Columns of attributes whose codes are remembered: more than there are threads."""
_MAX_REMEMBERED_VALUES: Final = 1 << 12
"""Texts that came one by one whose numbers are remembered."""


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


class Codes:
    """Codes of attributes, and the sids that have numbers; safe for threads.

    They grow with what is distinct in a log only, not with its events. Attributes are kept as a row
    of numbers each, their texts once.
    """

    def __init__(self) -> None:
        self.sids = SidNumbers()
        self._tables = [make_text_table() for _ in AttributeColumns().texts]
        """Packed texts: see `AttributeColumns`."""
        self._numbers: list[dict[Value, int]] = [{} for _ in self._tables]
        """Numbers of some values that came one by one."""
        self._rows = make_row_table(ROW_NUMBERS)
        self.lock = threading.Lock()
        self._columns: dict[int, _ColumnCodes] = {}
        """Codes of attributes that scanners have numbered, by the identity of their columns."""

    def __len__(self) -> int:
        """Count the codes."""
        with self.lock:
            return len(self._rows)

    def assign_codes(self, attributes: Iterable[Attributes]) -> "array[int]":
        """Return the codes of several attributes; new ones get the next."""
        rows = array("I")
        with self.lock:
            for kind, *dialogue, page, agent_id, agent_name, meeting in attributes:
                values = tuple(dialogue), page, (agent_id, agent_name), meeting
                rows.append(kind)
                rows.extend(map(self._number_value, range(len(values)), values))
            return self._rows.number_rows(rows, [None] * ROW_NUMBERS)

    def _number_value(self, place: int, value: Value) -> int:
        """Return the number of a dialogue, page, …, for whoever holds the lock."""
        known = self._numbers[place]
        number = known.get(value)
        if number is None:
            if len(known) >= _MAX_REMEMBERED_VALUES:
                known.clear()
            number = known[value] = self._number_piece(place, pack_values([value]))[0]
        return number

    def _number_piece(self, place: int, piece: TextPiece) -> "array[int]":
        texts, offsets = memoryview(piece.texts), memoryview(piece.offsets).cast("I")
        return self._tables[place].number_packed(texts, offsets)

    def number_texts(self, place: int, piece: TextPiece) -> "array[int]":
        """Return the numbers of dialogues, pages, … : of one of `AttributeColumns.texts`."""
        with self.lock:
            return self._number_piece(place, piece)

    def number_rows(self, rows: "array[int]", texts: "Sequence[array[int] | None]") -> "array[int]":
        """Return the codes of rows, with the number here of each of their texts; None for these."""
        with self.lock:
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

    def count_dialogues(self) -> int:
        """Count the dialogues, at least as many as ids of conversations."""
        with self.lock:
            return len(self._tables[0])

    def list_rows(self) -> "array[int]":
        """Return the rows of all codes."""
        with self.lock:
            return self._rows.list_rows()

    def get_table(self, place: int) -> TextTable:
        """Return a table of `AttributeColumns.texts`, for whoever holds the lock."""
        return self._tables[place]


class _ColumnCodes:
    """Codes of attributes in columns that grow."""

    def __init__(self, known: Codes, columns: AttributeColumns) -> None:
        self.columns = columns
        self._known = known
        self._codes = array("I")
        self._texts = [array("I") for _ in columns.texts]
        """The number of each text in the vocabulary."""
        self._pieces = [0 for _ in columns.texts]
        """How many pieces of texts are numbered."""

    def list_codes(self) -> "array[int]":
        """Return the codes of all rows so far."""
        rows = self.columns.rows[len(self._codes) * ROW_NUMBERS :]
        if rows:
            for place, texts in enumerate(self.columns.texts):
                for piece in texts.pieces[self._pieces[place] :]:
                    self._texts[place].extend(self._known.number_texts(place, piece))
                    self._pieces[place] += 1
            self._codes.extend(self._known.number_rows(rows, self._texts))
        return self._codes
