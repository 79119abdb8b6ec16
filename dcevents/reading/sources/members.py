"""Unpack an input of compressed members and plain text in any order.

`cat a.log b.log.gz` is text and then gzip; rotated logs are gzip and then text. Each member is
told by its first bytes, plain text only at the beginning of the input, of a member's end, or of a
line. Pure: bytes in, bytes out; memory is bounded whatever comes.
"""

import re
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

UNPACKED_BYTES: Final = 1 << 16
"""Bytes that a member gives at a time, however well they were compressed."""
FED_BYTES: Final = 1 << 13
"""Bytes that gzip is fed at a time: what zlib does not take is copied each time."""
_CHECKSUM_BYTES: Final = 8
MAX_MAGIC_BYTES: Final = 10
"""Bytes by which a member is told from text, of whatever format."""
_LOOK_BYTES: Final = 1 << 12
"""Bytes behind a member by which text is told from what is none."""
_NULS = re.compile(rb"\0*+")
_NO_TEXT = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1a\x1c\x1d\x1f\x7f]")


class Trouble(StrEnum):
    """Why an input was not read to its end, or not all of it."""

    CUT_OFF = "cut off"
    DAMAGED = "damaged"
    TRAILING = "trailing bytes ignored"


class Problem(NamedTuple):
    """A problem of compressed data: kind, format and place."""

    trouble: Trouble
    format: str
    offset: int


class Decompressor(Protocol):
    """One member of a compressed file, as bz2, lzma and zstd have it."""

    @property
    def eof(self) -> bool:
        """Return whether the member has ended."""

    @property
    def needs_input(self) -> bool:
        """Return whether more bytes are needed before more come out."""

    @property
    def unused_data(self) -> bytes:
        """Return the bytes behind the member's end."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return what some bytes unpack to, at most so much."""


class _Gzip:
    """A gzip member by the others' names.

    What a damaged step held is lost: steps are small.
    """

    def __init__(self) -> None:
        self._inner = _load_zlib().decompressobj(wbits=31)
        self._data = b""

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return not self._data and not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data) + self._data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self._data = self._data + data if data else self._data
        step = self._inner.unconsumed_tail
        if not step:
            # The checksum, mostly the last of the data, goes alone: what is before it is kept.
            size = min(FED_BYTES, max(len(self._data) - _CHECKSUM_BYTES, 0)) or len(self._data)
            step, self._data = self._data[:size], self._data[size:]
        unpacked: bytes = self._inner.decompress(step, max_length)
        return unpacked


def _load_zlib() -> Any:  # noqa: ANN401 - two modules of one interface
    try:
        from isal import isal_zlib  # noqa: PLC0415 - not installed everywhere
    except ImportError:
        return zlib
    return isal_zlib


def _open_zstd() -> Decompressor:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - few logs need it
    else:
        from backports import zstd  # noqa: PLC0415 - few logs need it
    decompressor: Decompressor = zstd.ZstdDecompressor()
    return decompressor


def _open_bzip2() -> Decompressor:
    from bz2 import BZ2Decompressor  # noqa: PLC0415 - few logs need it

    return BZ2Decompressor()


def _open_xz() -> Decompressor:
    from lzma import FORMAT_XZ, LZMADecompressor  # noqa: PLC0415 - few logs need it

    return LZMADecompressor(FORMAT_XZ)


class CompressionFormat(NamedTuple):
    """A format of compressed data, and the bytes with which its members begin."""

    name: str
    magic: re.Pattern[bytes]
    open: Callable[[], Decompressor]


FORMATS: Final = (
    CompressionFormat("gzip", re.compile(rb"\x1f\x8b\x08"), _Gzip),
    CompressionFormat("zstd", re.compile(rb"\x28\xb5\x2f\xfd"), _open_zstd),
    # Four letters may begin a line of text; the next six are those of a block, or of none.
    CompressionFormat("bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), _open_bzip2),
    CompressionFormat("xz", re.compile(rb"\xfd7zXZ\x00"), _open_xz),
)
_DAMAGE: Final = {
    "error", "LZMAError", "ZstdError", "IsalError", "OSError", "EOFError", "ValueError"
}  # fmt: skip
"""Names of the errors of decompressors, each of which has a class of its own."""
_AT_LINE_START: Final = re.compile(
    rb"\n(?=" + b"|".join(each.magic.pattern for each in FORMATS) + rb")"
)
_STARTS: Final = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f": "zstd",
    b"\xfd7zXZ": "xz",
}
"""All but the last byte of members' first bytes that are no text."""
_FIRST_BYTES: Final = b"\x1f\x28B\xfd"
"""First bytes of members of all formats."""
_FIRST_BYTE_TEXTS: Final = tuple(bytes([byte]) for byte in _FIRST_BYTES)
_RARE_BYTES: Final = (b"\x1f", b"\xfd", b"\xfe", b"\xff", b"\0")
"""Bytes of compressed data that logs in UTF-8 lack: all but bzip2 begins with the first two."""


def find_format(head: bytes | bytearray, at: int = 0) -> CompressionFormat | None:
    """Return the format of which a member begins at a place of some bytes.

    None for text.
    """
    if not head.startswith(_FIRST_BYTE_TEXTS, at):
        return None
    return next((each for each in FORMATS if each.magic.match(head, at)), None)


def find_begun_format(rest: bytes) -> str | None:
    """Return the format of which an input's last bytes are the first of a member.

    None for text.
    """
    is_begun = (name for start, name in _STARTS.items() if start[: len(rest)] == rest)
    return next(is_begun, None) if len(rest) > 1 else None


def may_hold_members(data: bytes | bytearray) -> bool:
    """Return whether plain bytes may hold members; for little time.

    A bzip2 member of a few hundred bytes may, by chance, go unseen.
    """
    return any(byte in data for byte in _RARE_BYTES)


def find_first_member(lines: bytes | bytearray, begin: int = 0) -> int | None:
    """Return the place of the first member that begins a line, of whole lines from a place on.

    None without one.
    """
    if find_format(lines, begin):
        return begin
    if not may_hold_members(lines):
        return None
    found = _AT_LINE_START.search(lines, begin)
    return found.end() if found else None


def find_member(data: bytes | bytearray | memoryview) -> int | None:
    """Return the place of the first member that begins a line.

    None without one.
    """
    found = _AT_LINE_START.search(data)
    return found.end() if found else None


def is_text(head: bytes) -> bool:
    """Return whether bytes behind a member are text, and not what a copy has left there."""
    return not _NO_TEXT.search(head) and (b"\n" in head or b"{" in head)


@dataclass(slots=True)
class _Member:
    format: CompressionFormat
    inner: Decompressor
    begin: int


class Members:
    """The text of one input: feed raw bytes, and take what they unpack to.

    `feed` yields text as it is unpacked; `finish` yields the rest, and returns by `problem`
    what is wrong with the input.
    """

    def __init__(self) -> None:
        self._raw = b""
        self._at = 0
        self._passed = 0
        """Bytes of the input before `_raw`."""
        self._member: _Member | None = None
        self._may_begin = True
        """Whether a member may begin here: nothing, a member or a line end lies before."""
        self._after: str | None = None
        """The format of the member that has just ended."""
        self._is_over = False
        self._problem: Problem | None = None

    @property
    def problem(self) -> Problem | None:
        """Return what is wrong with the input, as far as it was read."""
        return self._problem

    def feed(self, chunk: bytes | memoryview) -> Iterator[bytes | memoryview]:
        """Yield the text of the next bytes, in pieces.

        A chunk of nothing but text as it is.
        """
        self._passed += self._at
        if self._is_plain(chunk):
            self._passed += len(chunk)
            self._raw, self._at = b"", 0
            self._may_begin = chunk[-1:] == b"\n"
            yield chunk
            return
        self._raw, self._at = self._raw[self._at :] + chunk, 0
        yield from self._read(is_final=False)

    def finish(self) -> Iterator[bytes]:
        """Yield what is left at the end of the input."""
        begun = find_begun_format(self._raw[self._at :]) if self._may_begin else None
        if begun and not self._member and not self._after and not self._is_over:
            self._stop(Trouble.CUT_OFF, begun, self._passed + self._at)
        yield from self._read(is_final=True)
        if self._member:
            self._stop(Trouble.CUT_OFF, self._member.format.name, self._member.begin)

    def _is_plain(self, chunk: bytes | memoryview) -> bool:
        """Return whether a chunk is text to its end, and may be passed on without a copy."""
        if self._member or self._after or self._left or self._is_over or not len(chunk):
            return False
        head, tail = bytes(chunk[:MAX_MAGIC_BYTES]), bytes(chunk[-MAX_MAGIC_BYTES:])
        if self._may_begin and (head[0] in _FIRST_BYTES or len(head) < MAX_MAGIC_BYTES):
            return False
        begun = tail[tail.rfind(b"\n") + 1 :] if b"\n" in tail else b""
        return not begun.startswith(_FIRST_BYTE_TEXTS) and find_member(chunk) is None

    @property
    def _left(self) -> int:
        return len(self._raw) - self._at

    def _read(self, *, is_final: bool) -> Iterator[bytes]:
        while self._left and not self._is_over:
            if self._member:
                yield from self._read_member(self._member)
            elif self._after:
                if not self._read_behind_member(self._after, is_final=is_final):
                    return
            elif self._may_begin and not is_final and self._left < MAX_MAGIC_BYTES:
                return
            elif self._may_begin and self._open_member():
                continue
            elif text := self._read_text(is_final=is_final):
                yield text
            else:
                return

    def _open_member(self) -> bool:
        """Open the member that begins here; return whether one does."""
        found = find_format(self._raw, self._at)
        if found:
            self._member = _Member(found, found.open(), self._passed + self._at)
        return found is not None

    def _read_behind_member(self, name: str, *, is_final: bool) -> bool:
        """Pass over NULs behind a member, and over what is no text.

        False if more is needed.
        """
        zeros = _NULS.match(self._raw, self._at)
        self._at = zeros.end() if zeros else self._at
        if not is_final and self._left < _LOOK_BYTES + MAX_MAGIC_BYTES:
            return False
        if not self._left:
            return True
        head = self._raw[self._at : self._at + _LOOK_BYTES + MAX_MAGIC_BYTES]
        following = _AT_LINE_START.search(head)
        head = head[: min(following.end() if following else _LOOK_BYTES, _LOOK_BYTES)]
        self._after = None
        if not self._open_member() and not is_text(head):
            self._stop(Trouble.TRAILING, name, self._passed + self._at)
        return True

    def _read_text(self, *, is_final: bool) -> bytes:
        """Return text up to a line that begins like a member.

        Hold back what may be one.
        """
        found = _AT_LINE_START.search(self._raw, self._at)
        end = found.end() if found else len(self._raw)
        if not found and not is_final:
            end = max(self._at, self._find_held_back())
        begin, self._at = self._at, end
        self._may_begin = end > begin and self._raw[end - 1 : end] == b"\n"
        return self._raw[begin:end]

    def _find_held_back(self) -> int:
        """Return the place behind the last line end, if a member may begin there."""
        end = self._raw.rfind(b"\n", max(self._at, len(self._raw) - MAX_MAGIC_BYTES)) + 1
        return end or len(self._raw)

    def _read_member(self, member: _Member) -> Iterator[bytes]:
        """Yield what the member gives for some of the bytes that there are."""
        # Small steps: what lies behind a member is copied, and there may be very many of them.
        data = self._raw[self._at : self._at + FED_BYTES]
        self._at += len(data)
        try:
            while True:
                if unpacked := member.inner.decompress(data, UNPACKED_BYTES):
                    yield unpacked
                if member.inner.eof:
                    self._at -= len(member.inner.unused_data)
                    self._member, self._may_begin, self._after = None, True, member.format.name
                    return
                if member.inner.needs_input:
                    return
                data = b""
        except Exception as error:
            if type(error).__name__ not in _DAMAGE:
                raise
            self._stop(Trouble.DAMAGED, member.format.name, member.begin)

    def _stop(self, trouble: Trouble, name: str, offset: int) -> None:
        """Read no further: what follows is no text, or cannot be unpacked."""
        self._problem = Problem(trouble, name, offset)
        self._is_over, self._member = True, None
