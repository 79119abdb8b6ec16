"""Compressed inputs to their content.

The format is recognised by the first bytes.
"""

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from dcevents.errors import InputError
from dcevents.reading import sizes

_GZIP_FEED_BYTES = 1 << 13
_GZIP_CHECKSUM_BYTES = 8


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Compression(NamedTuple):
    """A format of compression."""

    magic: bytes
    name: str
    make_decompressor: Callable[[], _Decompressor]


class UnpackedChunks:
    """The chunks of an input, unpacked where they are compressed."""

    def __init__(self, chunks: Iterator[memoryview]) -> None:
        self._chunks = chunks
        self.problem: str | None = None
        """Reason why only a part could be unpacked; known once the last chunk is taken."""

    def __iter__(self) -> Iterator[bytes | memoryview]:
        first = bytes(next(self._chunks, b""))
        compression = _find_compression(first)
        if compression:
            yield from _gather_chunks(self._unpack_members(compression, first))
        else:
            yield first
            yield from self._chunks

    def _unpack_members(self, compression: _Compression, data: bytes) -> Iterator[bytes]:
        """Yield the content of compressed members, one after the other."""
        decompressor = compression.make_decompressor()
        while True:
            try:
                yield decompressor.decompress(data, sizes.UNPACK_STEP_BYTES)
            except Exception as error:
                if not _is_damage_error(error):
                    raise
                self.problem = f"its {compression.name} data are damaged"
                return
            data = b""
            if decompressor.eof:
                data = decompressor.unused_data.lstrip(b"\0") or self._read_more().lstrip(b"\0")
                if not data:
                    return
                decompressor = compression.make_decompressor()
            elif decompressor.needs_input:
                data = self._read_more()
                if not data:
                    self.problem = f"its {compression.name} data are cut off"
                    return

    def _read_more(self) -> bytes:
        return bytes(next(self._chunks, b""))


def is_compressed(head: bytes) -> bool:
    """Return whether an input that begins so is compressed."""
    return _find_compression(head) is not None


def _find_compression(head: bytes) -> _Compression | None:
    return next((each for each in _COMPRESSIONS if head.startswith(each.magic)), None)


def _gather_chunks(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Join small parts to chunks of a block's size."""
    gathered, size = [], 0
    wanted = min(sizes.FIRST_BLOCK_BYTES, sizes.BLOCK_BYTES)
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= wanted:
            yield b"".join(gathered)
            gathered, size, wanted = [], 0, sizes.BLOCK_BYTES
    yield b"".join(gathered)


class _GzipDecompressor:
    """A gzip member, with the methods of the other decompressors.

    It is fed in small steps: what zlib did not take is copied each time, and the content of a
    damaged step is lost.
    """

    def __init__(self) -> None:
        self._inner = _import_zlib().decompressobj(wbits=31)
        self._data = memoryview(b"")

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return not self._data and not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data) + bytes(self._data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self._data = memoryview(bytes(self._data) + data) if data else self._data
        step = self._inner.unconsumed_tail
        if not step:
            # The checksum, mostly the last bytes, goes alone: if it is wrong, all before is kept.
            room = max(len(self._data) - _GZIP_CHECKSUM_BYTES, 0)
            size = min(_GZIP_FEED_BYTES, room) or len(self._data)
            step, self._data = self._data[:size], self._data[size:]
        unpacked: bytes = self._inner.decompress(step, max_length)
        return unpacked


def _import_zlib() -> Any:  # noqa: ANN401 - two modules of one interface
    try:
        from isal import isal_zlib  # noqa: PLC0415
    except ImportError:
        return zlib
    return isal_zlib


def _make_zstd() -> _Decompressor:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    decompressor: _Decompressor = zstd.ZstdDecompressor()
    return decompressor


def _make_bzip2() -> _Decompressor:
    from bz2 import BZ2Decompressor  # noqa: PLC0415 - few logs need it

    return BZ2Decompressor()


def _make_xz() -> _Decompressor:
    from lzma import FORMAT_XZ, LZMADecompressor  # noqa: PLC0415 - few logs need it

    return LZMADecompressor(FORMAT_XZ)


_DAMAGE_ERRORS = (
    "error", "LZMAError", "ZstdError", "IsalError", "OSError", "EOFError", "ValueError"
)  # fmt: skip
"""Names of the decompressors' errors: each has a class of its own."""


def _is_damage_error(error: Exception) -> bool:
    """Return whether an error is one of the decompressors'."""
    return not isinstance(error, InputError) and type(error).__name__ in _DAMAGE_ERRORS


_COMPRESSIONS = (
    _Compression(b"\x1f\x8b", "gzip", _GzipDecompressor),
    _Compression(b"\x28\xb5\x2f\xfd", "zstd", _make_zstd),
    _Compression(b"BZh", "bzip2", _make_bzip2),
    _Compression(b"\xfd7zXZ\x00", "xz", _make_xz),
)
