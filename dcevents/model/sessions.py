"""Sessions: sids, and their numbers in the order in which the sids come."""

import threading
from collections.abc import Sequence

import polars as pl

from dcevents.model.texts import NUMBER_TYPE, TextTable, make_text_table


class Sessions:
    """Sids and their numbers; safe for threads.

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
    ) -> pl.Series:
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
