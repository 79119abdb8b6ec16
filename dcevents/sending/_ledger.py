"""The ledger: what a platform has acknowledged, so that nothing is sent twice.

A file that is only appended to: a line of JSON that says what it is about, then blocks. A block is
a kind (one letter), a count, a CRC-32 of both, so many records, and eight bytes of their BLAKE2b.
A record is an identity, 16 bytes, and for rows that may change eight bytes of their content. Of a
batch under way the first record is its key, of refused ones the first eight say why. Of an
identity the last block that has it counts. Each block is on disk before the next request is made;
the last one may be torn by a crash: it ends early, or in zeros. It is then cut off, since nobody
was told of it. A whole block that is not as it was written is damage, the last one too: nothing is
sent until somebody has looked at it.
"""

import collections
import contextlib
import fcntl
import json
import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

import polars as pl

from dcevents.errors import BusyError, StoreError
from dcevents.folders import OwnFolder, report_write_failures
from dcevents.locks import describe_holder, try_lock, write_holder
from dcevents.native.arrow import copy_numbers
from dcevents.sending._encoding import cut_bytes

SENT: Final = b"S"
REFUSED: Final = b"R"
UNDER_WAY: Final = b"P"
"""A batch that may have arrived, written before it is sent where a platform can be asked."""
FORGOTTEN: Final = b"F"
"""To be sent again: `--again`."""
_KINDS: Final = (SENT, REFUSED, UNDER_WAY, FORGOTTEN)

_NOTE_RECORDS: Final = {UNDER_WAY: 1, REFUSED: 8}
"""Records before those of identities: see `Entry.note`."""

FILE_PREFIX: Final = "sent-"
_FILE_SUFFIX: Final = ".ledger"
IDENTITY_BYTES: Final = 16
CONTENT_BYTES: Final = 8
_VERSION = 1
_MAX_HEADER_BYTES: Final = 4096
_HEAD = struct.Struct("<cII")
_BLOCK_DIGEST_BYTES = 8
_CHUNK_RECORDS: Final = 1 << 18
"""Records that are looked up at once."""
_MAX_BLOCKS: Final = 8192
"""A ledger of more blocks is written anew with few."""
_MERGED_RECORDS: Final = 1 << 16
"""Records of a block when it is."""


class LedgerName(NamedTuple):
    """Says what a ledger is about."""

    platform: str
    destination: str
    what: str

    @property
    def file_name(self) -> str:
        """Return the file's name, in a store's folder or another one."""
        place = self.destination
        if not re.fullmatch("[A-Za-z0-9_-]{1,64}", place):
            place = blake2b(place.encode(), digest_size=8).hexdigest()
        return f"{FILE_PREFIX}{self.platform}-{place}-{self.what}{_FILE_SUFFIX}"

    @property
    def record_bytes(self) -> int:
        """Return the size of a record."""
        return IDENTITY_BYTES + (0 if self.what == "events" else CONTENT_BYTES)


class Entry(NamedTuple):
    """Records of one kind, to be appended."""

    kind: bytes
    records: Sequence[bytes]
    note: str = ""
    """Of a batch under way its key, 32 hexadecimal digits: the next run sends it with the same one.
    Of refused ones why.
    """


class _Block(NamedTuple):
    kind: bytes
    payload: bytes
    note: str
    end: int
    """Its end in the file."""


class SendLedger:
    """A ledger, for one run that appends to it."""

    def __init__(self, path: Path, name: LedgerName, fd: int) -> None:
        self.path = path
        self._record_bytes = name.record_bytes
        self._fd = fd
        self._end = os.fstat(fd).st_size

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: OwnFolder, name: LedgerName) -> Iterator[Self]:
        """Yield the ledger, locked; it is made where there is none.

        Raises BusyError while another run holds it, StoreError where it is damaged or others may
        have written it, OutputError where it cannot be written.
        """
        path = folder.locate(name.file_name)
        with _hold_lock(folder, name):
            with report_write_failures(path):
                _prepare_file(folder, name)
                fd = folder.open_for_writing(name.file_name)
            try:
                yield cls(path, name, fd)
            finally:
                os.close(fd)

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries so that they are on disk. Raises OutputError."""
        blocks = [
            _build_block(entry.kind, b"".join(entry.records), self._record_bytes, entry.note)
            for entry in entries
            if entry.records
        ]
        if not blocks:
            return
        data = b"".join(blocks)
        with report_write_failures(self.path):
            try:
                _write_at(self._fd, data, self._end)
                os.fsync(self._fd)
                self._end += len(data)
            except BaseException:
                # Half a block before a whole one would be damage, as would be the rest of a longer
                # one behind it. A signal may end this anywhere.
                os.ftruncate(self._fd, self._end)
                raise

    def list_batch(self, key: str) -> list[bytes]:
        """Return the records of a batch under way that no later block has."""
        size, found = self._record_bytes, dict[bytes, bytes]()
        with open(os.dup(self._fd), "rb") as file:
            file.seek(0)
            file.readline()
            for block in _read_blocks(file, self.path, size):
                payload = block.payload
                records = [payload[at : at + size] for at in range(0, len(payload), size)]
                if (block.kind, block.note) == (UNDER_WAY, key):
                    found = {record[:IDENTITY_BYTES]: record for record in records}
                elif found:
                    for record in records:
                        found.pop(record[:IDENTITY_BYTES], None)
        return list(found.values())

    def look_up(self, identities: pl.DataFrame) -> pl.DataFrame:
        """Return what is known of identities: see `look_up`."""
        with open(os.dup(self._fd), "rb") as file:
            file.seek(0)
            file.readline()
            return _look_up(file, self.path, self._record_bytes, identities)


def look_up(folder: OwnFolder, name: LedgerName, identities: pl.DataFrame) -> pl.DataFrame:
    """Return what a ledger knows of identities, without a lock; no rows where there is none.

    `identities` has the columns high and low; the result has these, kind (a letter's number),
    block (its number), records (how many that block has), note (see `Entry`), and content, null
    without one. Raises StoreError.
    """
    path = folder.locate(name.file_name)
    try:
        with open(folder.open_file(name.file_name), "rb") as file:
            _check_header(file, path, name)
            return _look_up(file, path, name.record_bytes, identities)
    except FileNotFoundError:
        return NOTHING_KNOWN
    except OSError as error:
        raise StoreError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def find_damaged_ledgers(folder: OwnFolder) -> Iterator[str]:
    """Yield a sentence for each ledger in a folder that is damaged, or not the user's own."""
    for file_name in folder.list_names():
        if file_name.startswith(FILE_PREFIX) and file_name.endswith(_FILE_SUFFIX):
            try:
                _check_ledger(folder, file_name)
            except StoreError as error:
                yield str(error)


def _check_ledger(folder: OwnFolder, file_name: str) -> None:
    """Read a whole ledger. Raises StoreError where it is damaged."""
    path = folder.locate(file_name)
    try:
        with open(folder.open_file(file_name), "rb") as file:
            name = _read_header(file)
            if name is None or name.file_name != file_name:
                raise _describe_damage(path, 0)
            collections.deque(_read_blocks(file, path, name.record_bytes), maxlen=0)
    except OSError as error:
        raise StoreError(f"{path}: {(error.strerror or str(error)).lower()}") from error


NOTHING_KNOWN = pl.DataFrame(
    schema={
        "high": pl.UInt64,
        "low": pl.UInt64,
        "content": pl.UInt64,
        "kind": pl.UInt8,
        "block": pl.UInt32,
        "records": pl.UInt32,
        "note": pl.String,
    }
)
"""Columns of what is known of identities."""


def _look_up(
    file: BinaryIO, path: Path, record_bytes: int, identities: pl.DataFrame
) -> pl.DataFrame:
    wanted = identities.select("high", "low")
    # The ledger is read in parts, and only what is asked for is kept of it.
    found = (
        chunk.join(wanted, on=["high", "low"], how="semi")
        for chunk in _read_chunks(file, path, record_bytes)
    )
    states = pl.concat([NOTHING_KNOWN, *found])
    return states.unique(["high", "low"], keep="last", maintain_order=True)


def _read_chunks(file: BinaryIO, path: Path, record_bytes: int) -> Iterator[pl.DataFrame]:
    pending: list[tuple[int, _Block]] = []
    size = 0
    for number, block in enumerate(_read_blocks(file, path, record_bytes)):
        pending.append((number, block))
        size += len(block.payload) // record_bytes
        if size >= _CHUNK_RECORDS:
            yield _make_chunk(pending, record_bytes)
            pending, size = [], 0
    if pending:
        yield _make_chunk(pending, record_bytes)


def _make_chunk(blocks: Sequence[tuple[int, _Block]], record_bytes: int) -> pl.DataFrame:
    data = copy_numbers(memoryview(b"".join(block.payload for _, block in blocks)), pl.UInt64)
    words = record_bytes // 8
    counts = [len(block.payload) // record_bytes for _, block in blocks]
    heads = pl.DataFrame(
        {
            "kind": [block.kind[0] for _, block in blocks],
            "block": [number for number, _ in blocks],
            "records": counts,
            "note": [block.note or None for _, block in blocks],
        },
        schema={name: NOTHING_KNOWN.schema[name] for name in ("kind", "block", "records", "note")},
    )
    place = heads.select(pl.int_range(pl.len(), dtype=pl.UInt32).repeat_by("records").explode())
    return pl.DataFrame(
        [
            data.gather_every(words).alias("high"),
            data.gather_every(words, 1).alias("low"),
            (
                data.gather_every(words, 2)
                if words > 2
                else pl.repeat(None, sum(counts), dtype=pl.UInt64, eager=True)
            ).alias("content"),
            *(heads[name].gather(place.to_series()) for name in heads.columns),
        ]
    )


def _write_at(fd: int, data: bytes, place: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, place)
        view, place = view[written:], place + written


# -- the file --------------------------------------------------------------------------------------


@contextlib.contextmanager
def _hold_lock(folder: OwnFolder, name: LedgerName) -> Iterator[None]:
    """Hold a ledger's lock while the block runs. Raises BusyError, which names the holder."""
    file_name = f"{name.file_name}.lock"
    with report_write_failures(folder.locate(file_name)):
        fd = folder.open_lock_file(file_name, makes=True)
    try:
        if not try_lock(fd, fcntl.LOCK_EX):
            holder = describe_holder(fd, f"sends to {name.platform} {name.destination}")
            raise BusyError(f"{folder}: {holder}; try again later")
        write_holder(fd)
        yield
    finally:
        os.close(fd)


def _build_block(kind: bytes, payload: bytes, record_bytes: int, note: str = "") -> bytes:
    payload = _encode_note(kind, note, record_bytes) + payload
    count = len(payload) // record_bytes
    head = _HEAD.pack(kind, count, zlib.crc32(_HEAD.pack(kind, count, 0)))
    return head + payload + blake2b(head + payload, digest_size=_BLOCK_DIGEST_BYTES).digest()


def _encode_note(kind: bytes, note: str, record_bytes: int) -> bytes:
    """Return the records of a note: as many as its kind has."""
    size = _NOTE_RECORDS.get(kind, 0) * record_bytes
    data = bytes.fromhex(note) if kind == UNDER_WAY else cut_bytes(note, size).encode()
    return data.ljust(size, b"\0")


def _decode_note(kind: bytes, data: bytes) -> str:
    if kind == UNDER_WAY:
        return data[:IDENTITY_BYTES].hex()
    return data.rstrip(b"\0").decode(errors="replace")


def _read_blocks(file: BinaryIO, path: Path, record_bytes: int) -> Iterator[_Block]:
    """Yield all whole blocks; the header is read already.

    Ends at one that a crash has torn: it is cut off, or its end is zeros, which were never
    written. Raises StoreError for damage of any other kind.
    """
    place = file.tell()
    while head := file.read(_HEAD.size):
        if len(head) < _HEAD.size:
            return
        kind, count, crc = _HEAD.unpack(head)
        if kind not in _KINDS or crc != zlib.crc32(_HEAD.pack(kind, count, 0)):
            if _has_content(file):
                raise _describe_damage(path, place)
            return
        size = count * record_bytes
        rest = file.read(size + _BLOCK_DIGEST_BYTES)
        if len(rest) < size + _BLOCK_DIGEST_BYTES:
            return
        payload, digest = rest[:size], rest[size:]
        if digest != blake2b(head + payload, digest_size=_BLOCK_DIGEST_BYTES).digest():
            if any(digest) or _has_content(file):
                raise _describe_damage(path, place)
            return
        place += _HEAD.size + len(rest)
        note = _NOTE_RECORDS.get(kind, 0) * record_bytes
        yield _Block(kind, payload[note:], _decode_note(kind, payload[:note]), place)


def _has_content(file: BinaryIO) -> bool:
    """Return whether anything but zeros follows: a crash may leave a file too long."""
    return any(any(part) for part in iter(lambda: file.read(1 << 16), b""))


def _describe_damage(path: Path, place: int) -> StoreError:
    return StoreError(
        f"{path}: it remembers what was sent, and is damaged (at byte {place:,}); restore it from "
        "a backup, or move it away and send only what is newer than your last run: --since"
    )


def _build_header(name: LedgerName) -> bytes:
    about = {"dcevents_sent": _VERSION, **name._asdict()}
    return json.dumps(about).encode() + b"\n"


def _read_header(file: BinaryIO) -> LedgerName | None:
    """Return what a ledger says that it is about; None where it says nothing."""
    line = file.readline(_MAX_HEADER_BYTES)
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError, RecursionError):
        found = json.loads(line)
        name = LedgerName(*(found[each] for each in LedgerName._fields))
        if line == _build_header(name) and all(isinstance(each, str) for each in name):
            return name
    return None


def _check_header(file: BinaryIO, path: Path, name: LedgerName) -> None:
    if file.readline(_MAX_HEADER_BYTES) != _build_header(name):
        raise StoreError(
            f"{path}: not what was sent to {name.platform} {name.destination}; "
            "move it away, or name another folder with --state"
        )


def _prepare_file(folder: OwnFolder, name: LedgerName) -> None:
    """Make the file, cut off what a crash has torn, and merge many blocks."""
    path = folder.locate(name.file_name)
    if not folder.has_file(name.file_name):
        _replace_file(folder, name, [_build_header(name)])
        return
    with open(folder.open_for_writing(name.file_name), "r+b") as file:
        _check_header(file, path, name)
        end, count = file.tell(), 0
        for block in _read_blocks(file, path, name.record_bytes):
            end, count = block.end, count + 1
        if end < os.fstat(file.fileno()).st_size:
            os.ftruncate(file.fileno(), end)
            os.fsync(file.fileno())
        if count > _MAX_BLOCKS:
            file.seek(0)
            file.readline()
            _replace_file(folder, name, _merge_blocks(file, path, name))


def _replace_file(folder: OwnFolder, name: LedgerName, pieces: Iterable[bytes]) -> None:
    # Under a name of its own until then: a run on a store removes temporary files of other names.
    folder.replace_file(name.file_name, pieces, f"{name.file_name}.new")


def _merge_blocks(file: BinaryIO, path: Path, name: LedgerName) -> Iterator[bytes]:
    """Yield the header and larger blocks; of a batch under way that has arrived, no trace."""
    yield _build_header(name)
    size = name.record_bytes
    most = _MERGED_RECORDS * size
    kind, note, pending = b"", "", bytearray()
    under_way: _Block | None = None
    for block in _read_blocks(file, path, size):
        has_arrived = (
            under_way is not None
            and under_way.payload == block.payload
            and block.kind in (SENT, REFUSED)
        )
        is_break = (kind, note) != (block.kind, block.note) or len(pending) >= most
        is_open = under_way is not None and not has_arrived
        if pending and (is_open or (is_break and block.kind != UNDER_WAY)):
            yield _build_block(kind, bytes(pending), size, note)
            pending.clear()
        if is_open and under_way is not None:
            yield _build_block(UNDER_WAY, under_way.payload, size, under_way.note)
        under_way = block if block.kind == UNDER_WAY else None
        if block.kind != UNDER_WAY:
            kind, note = block.kind, block.note
            pending += block.payload
    if pending:
        yield _build_block(kind, bytes(pending), size, note)
    if under_way is not None:
        yield _build_block(UNDER_WAY, under_way.payload, size, under_way.note)
