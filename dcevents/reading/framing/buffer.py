"""The bytes of an input that are still needed, by their offsets in the input."""

from typing import Final

_DROP_BYTES: Final = 1 << 16

Chunk = bytes | bytearray | memoryview
"""Bytes of an input that come in."""


class Buffer:
    """A window of bytes that moves along the input."""

    def __init__(self, begin: int) -> None:
        self._data = bytearray()
        self._begin = begin
        self._searched = (begin, begin)

    @property
    def end(self) -> int:
        """Return the offset behind the last byte that has come in."""
        return self._begin + len(self._data)

    def add(self, chunk: Chunk) -> None:
        """Take the next bytes of the input."""
        self._data += chunk

    @property
    def is_empty(self) -> bool:
        """Return whether all bytes that came in have gone."""
        return not self._data

    def ends_line(self) -> bool:
        """Return whether the last byte is a line's end."""
        return self._data.endswith(b"\n")

    def pass_over(self, count: int) -> None:
        """Take so many bytes for read that come in no more.

        All before must have been read.
        """
        self._begin = self.end + count
        self._data.clear()
        self._searched = (self._begin, self._begin)

    def drop_before(self, offset: int) -> None:
        """Let go what lies before an offset.

        Not each time, as the rest is moved.
        """
        if offset - self._begin >= min(_DROP_BYTES, len(self._data)):
            del self._data[: offset - self._begin]
            self._begin = offset

    @property
    def begin(self) -> int:
        """Return the offset of the first byte that is held."""
        return self._begin

    @property
    def data(self) -> bytearray:
        """Return the bytes that are held, to be looked at before anything else is done."""
        return self._data

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes between two offsets, or up to the last that has come in."""
        with memoryview(self._data) as view:
            return bytes(view[max(begin - self._begin, 0) : max(end - self._begin, 0)])

    def count_lines(self, begin: int) -> int:
        """Count the line ends from an offset on."""
        return self._data.count(b"\n", max(begin - self._begin, 0))

    def find_line_end(self, begin: int) -> int | None:
        """Return the offset of the first LF from an offset on.

        None where none has come in.
        """
        first, last = self._searched
        start = last if first <= begin <= last else begin
        found = self._data.find(b"\n", start - self._begin)
        if found < 0:
            self._searched = (begin if start == begin else first, self.end)
            return None
        return self._begin + found
