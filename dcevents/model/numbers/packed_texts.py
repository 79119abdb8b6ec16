"""Values of one text or of some, packed, as the scanner gives them and tables number them.

A text is its UTF-8, and one of several in a value lies behind its length + 1 in two bytes. An empty
text is none.
"""

from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

_LENGTH_BYTES: Final = 2
NO_TEXT: Final = bytes(_LENGTH_BYTES)
"""Stands for a text that is none, among several."""

Value = str | None | tuple[str | None, ...]
"""A text, or some of them: as many in each value of a kind."""


class TextPiece(NamedTuple):
    """Packed values, one behind the other."""

    texts: bytes
    offsets: bytes
    """UInt32: where each begins, and where the last one ends; the first may be any."""

    def __len__(self) -> int:
        return len(self.offsets) // 4 - 1


class PackedTexts:
    """Packed values of `width` texts each, in pieces. They only grow."""

    def __init__(self, width: int, values: Sequence[Value] = ()) -> None:
        self.width = width
        self.pieces: list[TextPiece] = []
        self._count = 0
        if values:
            self.add_piece(pack_values(values))

    def __len__(self) -> int:
        return self._count

    def append(self, value: Value) -> None:
        """Add a value."""
        self.add_piece(pack_values([value]))

    def add_piece(self, piece: TextPiece) -> None:
        """Add packed values."""
        self.pieces.append(piece)
        self._count += len(piece)


def pack_values(values: Sequence[Value]) -> TextPiece:
    """Return values, packed."""
    packed = [*map(_pack_value, values)]
    return TextPiece(
        b"".join(packed), array("I", accumulate(map(len, packed), initial=0)).tobytes()
    )


def _pack_value(value: Value) -> bytes:
    if isinstance(value, tuple):
        return b"".join(map(_pack_text, value))
    return value.encode() if value else b""


def _pack_text(text: str | None) -> bytes:
    if not text:
        return NO_TEXT
    data = text.encode()
    return (len(data) + 1).to_bytes(_LENGTH_BYTES, "little") + data


def unpack_value(data: bytes, width: int) -> Value:
    """Return a value of `width` texts."""
    if width == 1:
        return data.decode() or None
    texts: list[str | None] = []
    at = 0
    for _ in range(width):
        length = int.from_bytes(data[at : at + _LENGTH_BYTES], "little")
        at += _LENGTH_BYTES
        end = at + max(length - 1, 0)
        texts.append(data[at:end].decode() or None)
        at = end
    return tuple(texts)
