"""Memory for blocks, used again: fresh memory costs as much as reading a file into it."""

from collections import deque

BlockBytes = bytes | bytearray
"""Bytes of a block; slices that are kept are to be made bytes."""

MAX_IDLE = 8
"""Buffers that wait to be used again."""


def cut_bytes(data: BlockBytes, begin: int, end: int) -> bytes:
    """Return some bytes of a block, copied once."""
    with memoryview(data) as view:
        return bytes(view[begin:end])


class BlockBuffers:
    """Buffers of blocks that nobody looks at any more; safe for threads."""

    def __init__(self) -> None:
        self._idle: deque[bytearray] = deque(maxlen=MAX_IDLE)

    def take(self, size: int) -> bytearray:
        """Return a buffer of so many bytes, whatever they are."""
        try:
            buffer = self._idle.pop()
        except IndexError:
            return bytearray(size)
        if len(buffer) >= size:
            del buffer[size:]
        else:
            buffer.extend(bytes(size - len(buffer)))
        return buffer

    def give_back(self, data: BlockBytes) -> None:
        """Take back a buffer; memory of any other kind is let go."""
        if isinstance(data, bytearray):
            self._idle.append(data)
