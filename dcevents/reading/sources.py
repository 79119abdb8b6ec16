"""Operands → named streams of bytes → blocks of whole lines. The only module that opens inputs.

Compression is told by content; memory is bounded whatever comes: long lines are cut off beyond what is ever read,
compressed data are unpacked bit by bit.
"""

import contextlib
import json
import os
import stat
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from dcevents.errors import InputError
from dcevents.reading.foreign import describe_foreign_format
from dcevents.reading.parsing.record import MAX_LINE, NOTHING, Known
from dcevents.reading.parsing.records import HEAD, Stream, Style, style_of
from dcevents.reading.parsing.regions import cut
from dcevents.reading.parsing.streams import parts

BLOCK_BYTES = 16 << 20
"""Bytes of a block: large enough to make calls cheap. The first of an input is smaller: it is parsed alone."""
_FIRST_BLOCK_BYTES = 1 << 20
_MIN_EVENT_LINE_BYTES = 64
"""Bytes of a line that could be an event; shorter ones cost as much: a block of them is made smaller."""
_DENSE_BLOCK_BYTES = 1 << 18
_MAX_REPORT_HEAD_BYTES = 1 << 20
TAIL_BYTES: Final = 1 << 16
_TAIL_BYTES = TAIL_BYTES
_SAMPLE_BYTES = 1 << 13
_UNPACK_STEP_BYTES = 1 << 16
_GZIP_FEED_BYTES = 1 << 13
_GZIP_CHECKSUM_BYTES = 8
_BOM = b"\xef\xbb\xbf"
_LOG_SUFFIXES = (".ndjson", ".jsonl", ".json", ".log")
_KEPT_LINE_BYTES = MAX_LINE + 2
"""Bytes kept of a line that is too long to be read: enough to see that it is."""

_STORE_MANIFEST_START = b'{"schema":"dcevents.store"'
"""A store's manifest begins so."""
_REPORT_KEYS = (
    {"sessions", "triggered", "engagement_rate"},
    {"abandoned", "abandonment_rate"},
    {"requests", "acceptance_rate"},
    {"sid", "started_at", "outcome"},
    {"sid", "requested_at", "outcome"},
    {"kind", "sid", "file", "line"},
    {"report", "metric", "value"},
    {"file", "line", "reason", "raw"},
    {"file", "line", "reason", "raw_base64"},
)
"""Keys of rows that dcevents itself writes as NDJSON."""


@dataclass(slots=True)
class Followed:
    """How far an input was read that will be read on another time, and what tells that it is the same then."""

    begin: int = 0
    """Bytes, unpacked, that are passed over: they were read before."""
    ask: Collection[int] = ()
    """Sizes, for which `tails` is to be known."""
    end: int = 0
    """Where the last whole line that was read ends. What stands behind it is left out.

    Of records that are no lines, what closes the whole is taken for that.
    """
    head: bytes = b""
    """The first TAIL bytes, if it was read from its beginning in order."""
    rest: bytes = b""
    """And stands here, cut short where it is long."""
    tail: bytes = b""
    """The last TAIL bytes before `end`, or as many as there are."""
    tails: dict[int, bytes] = field(default_factory=dict)
    """Size → the last TAIL bytes before it."""
    by_line: bool = True
    """Whether it can be read on from `end`."""


@dataclass(slots=True)
class Input:
    """A file, or standard input (`path` is None). `problem` says why it could be read only in part."""

    name: str
    path: Path | None
    size: int | None = None
    problem: str | None = None
    framing_name: str | None = None
    """How records lie in it, in words, where they are not its lines."""
    framing: Style | None = None
    followed: Followed | None = None
    foreign_format: str | None = None
    """What it is, and what to do, if it is no text: then nothing of it is read."""

    @property
    def unread_reason(self) -> str | None:
        """Why not all of it was read."""
        return f"it is {self.foreign_format}" if self.foreign_format else self.problem


class LineRun(NamedTuple):
    """A run of lines of one input. `lines` is known where a block has several pieces."""

    input_number: int
    lines: int | None


class BlockLines(NamedTuple):
    """Whole lines, each with its LF, of one input or of several small ones."""

    data: bytes
    runs: Sequence[LineRun]
    unterminated: Collection[int] = ()
    """Rows whose LF was missing at the end of an input."""
    framing: Style | None = None
    """How records lie in these lines, where they are not the lines: then they are of one input."""


BlockLoader = Callable[[], BlockLines]
"""Gives lines, in whatever thread wants them. Raises InputError where they cannot be read."""


class FoundInputs(NamedTuple):
    """What operands stand for: inputs in order, and how many files of directories were passed over."""

    inputs: list[Input]
    skipped_files: int
    identities: Collection[tuple[int, int]]
    """(device, inode) of each input."""

    def is_nonempty_input(self, name: str) -> bool:
        """Whether a file is one of the inputs, and would lose what is in it if it were written."""
        try:
            status = os.stat(name)
        except (OSError, ValueError):
            return False
        return (
            stat.S_ISREG(status.st_mode)
            and status.st_size > 0
            and _identify_file(status) in self.identities
        )


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


# -- operands ------------------------------------------------------------------------------------------------


def find_inputs(operands: Sequence[str]) -> FoundInputs:
    """The inputs that operands stand for, each file once.

    Raises InputError for the first that is missing or may not be read.
    """
    inputs: list[Input] = []
    seen: set[tuple[int, int]] = set()
    passed_over = 0
    for operand in operands:
        if not operand:
            raise InputError("'' is no file name; is a variable empty?")
        path = Path(operand)
        files: Iterable[Path | None] = [path]
        if operand == "-":
            files = [None]
        elif _stat_path(path).st_mode & 0o170000 == stat.S_IFDIR:
            if _is_store(operand):
                raise InputError(f"{path}: a store, not logs; read it with --store {path}")
            files, others = _list_logs(path)
            passed_over += others
        for file in files:
            status = os.fstat(0) if file is None else _stat_path(file)
            if _identify_file(status) not in seen:
                seen.add(_identify_file(status))
                inputs.append(_make_input(file, status))
    return FoundInputs(inputs, passed_over, seen)


def _identify_file(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _make_input(file: Path | None, status: os.stat_result) -> Input:
    size = status.st_size if stat.S_ISREG(status.st_mode) else None
    if file is None:
        return Input("standard input", None, size)
    if size is not None and not os.access(file, os.R_OK):
        raise InputError(f"{file}: permission denied")
    # A name that is not UTF-8 can be opened, but not written into a report.
    return Input(os.fsencode(file).decode("utf-8", "backslashreplace"), file, size)


def _stat_path(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {describe_error(error)}") from error


def describe_error(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    return (text or str(error)).lower() if not isinstance(error, ValueError) else "not a file name"


def _list_logs(folder: Path) -> tuple[list[Path], int]:
    """A directory's logs in name order, and how many other files are in it."""
    logs, others = [], 0
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(f"{folder}: {describe_error(error)}") from error
    for entry in entries:
        if entry.name.startswith("."):
            others += not entry.is_dir()
        elif entry.is_dir():
            if not entry.is_symlink() and not _is_store(entry.path):
                inner, more = _list_logs(Path(entry.path))
                logs += inner
                others += more
        elif (
            not entry.is_file()
            or not any(suffix in entry.name for suffix in _LOG_SUFFIXES)
            or _is_report(entry.path)
        ):
            others += 1
        else:
            logs.append(Path(entry.path))
    return logs, others


def _is_store(folder: str) -> bool:
    """Whether a folder is one of dcevents' own stores."""
    try:
        with open(os.path.join(folder, "manifest.json"), "rb") as file:
            return file.read(len(_STORE_MANIFEST_START)) == _STORE_MANIFEST_START
    except OSError:
        return False


def _is_report(path: str) -> bool:
    """Whether a file was written by dcevents: a JSON report, or rows of one."""
    source = Input(path, Path(path))
    file = OpenInput(source)
    try:
        begin = os.pread(file.fd, _TAIL_BYTES, 0)
        # A line of rejected lines can be long.
        begin = begin if b"\n" in begin else os.pread(file.fd, _MAX_REPORT_HEAD_BYTES, 0)
    except OSError as error:
        raise InputError(f"{source.name}: {describe_error(error)}") from error
    head = bytes(next(_unpack_chunks(source, iter([memoryview(begin)])), b""))[
        :_MAX_REPORT_HEAD_BYTES
    ]
    if head.lstrip().startswith((b'{"schema":"dcevents.', b'{"schema": "dcevents.')):
        return True
    try:
        first = json.loads(head.split(b"\n", 1)[0])
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(first, dict)
        and "event" not in first
        and any(keys <= first.keys() for keys in _REPORT_KEYS)
    )


def is_standard_input_given() -> bool:
    """Whether standard input is a pipe or a file, not a terminal or nothing (as under cron)."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


# -- bytes ---------------------------------------------------------------------------------------------------


class OpenInput:
    """An open input, closed when nobody needs it any more: the last of its blocks may be read late."""

    def __init__(self, source: Input) -> None:
        self._own = source.path is not None
        try:
            self.fd = 0 if source.path is None else os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            self._own = False
            raise InputError(f"{source.name}: {describe_error(error)}") from error

    def __del__(self) -> None:
        if self._own:
            os.close(self.fd)


def read_blocks(
    inputs: Sequence[Input], progress: Callable[[int], None], known: Known = NOTHING
) -> Iterator[BlockLoader]:
    """All lines of all inputs, in order. `progress` is told the bytes read, as they lie on disk.

    Small inputs share a block. Raises InputError for an input that cannot be opened or read.
    """
    bundle: list[_InputLines] = []
    size, wanted = 0, _FIRST_BLOCK_BYTES
    for number, source in enumerate(inputs):
        file = OpenInput(source)
        is_long = _is_long_and_plain(file, source)
        head, chunks = _peek_head(file, source, progress, is_long=is_long)
        source.foreign_format = describe_foreign_format(head)
        if source.foreign_format:
            # Read as lines, a part of it might look like a log.
            continue
        style = style_of(head.removeprefix(_BOM), known)
        if is_long or style:
            if bundle:
                yield _make_block(bundle)
                bundle, size = [], 0
            source.framing_name, source.framing = (style.name, style) if style else (None, None)
            ranges = is_long and not isinstance(style, Stream)
            yield from (
                _read_ranges(file, number, source, progress, style)
                if ranges
                else _read_framed(number, source, chunks, style)
            )
            continue
        for part in _divide_lines(number, _cut_whole_lines(source, chunks)):
            bundle.append(part)
            size += BLOCK_BYTES if part.is_dense else len(part.data)
            if size >= wanted:
                yield _make_block(bundle)
                bundle, size, wanted = [], 0, BLOCK_BYTES // 2
    if bundle:
        yield _make_block(bundle)


def make_last_line_block(data: bytes, style: Style | None) -> BlockLoader:
    """The block of a line without its LF that ends an input."""
    return partial(BlockLines, data + b"\n", [LineRun(0, None)], {0}, style)


def _peek_head(
    file: OpenInput, source: Input, progress: Callable[[int], None], *, is_long: bool
) -> tuple[bytes, Iterator[bytes | memoryview]]:
    """The first bytes of an input, unpacked, and all of it."""
    raw = _read_chunks(file, source, progress)
    if is_long:
        return os.pread(file.fd, HEAD, 0), iter(raw)
    chunks = _unpack_chunks(source, raw)
    first = bytes(next(chunks, b""))
    return first[:HEAD], chain([first], chunks)


def _read_framed(
    number: int, source: Input, chunks: Iterator[bytes | memoryview], style: Style | None
) -> Iterator[BlockLoader]:
    """The blocks of an input that has a style."""
    if isinstance(style, Stream):
        if source.followed:
            source.followed.by_line = False
            chunks = _track_chunks(source.followed, chunks)
        for data, terminated, own in parts(style, _strip_bom(chunks)):
            yield partial(BlockLines, data, [LineRun(number, None)], () if terminated else {0}, own)
        return
    for part in _divide_lines(number, _cut_whole_lines(source, chunks)):
        yield _make_block([part], style)


class _InputLines(NamedTuple):
    """Whole lines of an input; not `terminated` if the last LF was added; `dense` if they are very short."""

    input_number: int
    data: bytes
    is_terminated: bool
    is_dense: bool


def _make_block(parts: Sequence[_InputLines], style: Style | None = None) -> BlockLoader:
    return partial(_join_parts, parts, style)


def _join_parts(parts: Sequence[_InputLines], style: Style | None) -> BlockLines:
    if len(parts) == 1:
        (part,) = parts
        unterminated = () if part.is_terminated else {part.data.count(b"\n") - 1}
        return BlockLines(part.data, [LineRun(part.input_number, None)], unterminated, style)
    # Counting lines takes long enough to leave it to the thread that wants them.
    heights = [part.data.count(b"\n") for part in parts]
    ends = accumulate(heights)
    unterminated = {
        end - 1 for part, end in zip(parts, ends, strict=True) if not part.is_terminated
    }
    pieces = [
        LineRun(part.input_number, height) for part, height in zip(parts, heights, strict=True)
    ]
    return BlockLines(b"".join(part.data for part in parts), pieces, unterminated, style)


# Long plain files: only the ends of blocks are looked for here; each block is read where it is parsed.


def _is_long_and_plain(file: OpenInput, source: Input) -> bool:
    if source.path is None or source.size is None or source.size < 2 * _FIRST_BLOCK_BYTES:
        return False
    head = os.pread(file.fd, 8, 0)
    return not is_compressed(head)


def _read_ranges(
    file: OpenInput,
    number: int,
    source: Input,
    progress: Callable[[int], None],
    style: Style | None,
) -> Iterator[BlockLoader]:
    fd = file.fd
    size = os.fstat(fd).st_size
    at = len(_BOM) if os.pread(fd, len(_BOM), 0) == _BOM else 0
    if source.followed:
        at = max(at, source.followed.begin)
        size = _find_followed_end(fd, source.followed, at, size)
    wanted = _FIRST_BLOCK_BYTES
    while at < size:
        end = _find_line_end(fd, at, min(at + wanted, size), size)
        if end is None:
            # A line longer than any that is read: on in order, from here.
            os.lseek(fd, at, os.SEEK_SET)
            chunks = take_bytes(_read_chunks(file, source, progress), size - at)
            for part in _divide_lines(number, _cut_at_lines(chunks)):
                yield _make_block([part], style)
            return
        load = partial(
            _read_range, file, source, LineRun(number, None), (at, end), last=end == size
        )
        yield partial(_load_framed, load, style) if style else load
        progress(end - at)
        at, wanted = end, _DENSE_BLOCK_BYTES if _has_dense_end(fd, at, end) else BLOCK_BYTES


def _has_dense_end(fd: int, at: int, end: int) -> bool:
    data = os.pread(fd, _TAIL_BYTES, max(at, end - _TAIL_BYTES))
    return _is_dense(len(data), data.count(b"\n"))


def _find_line_end(fd: int, at: int, end: int, size: int) -> int | None:
    """The last end of a line up to `end`, or the end of the file; None where there is none for long."""
    if end == size:
        return size
    for window in (_TAIL_BYTES, 2 * _KEPT_LINE_BYTES):
        begin = max(at, end - window)
        lines = os.pread(fd, end - begin, begin)
        found = lines.rfind(b"\n") + 1
        if found:
            return begin + cut(lines[:found])
    return None


def _read_range(
    file: OpenInput, source: Input, piece: LineRun, place: tuple[int, int], *, last: bool
) -> BlockLines:
    parts, (at, end) = [], place
    while at < end:
        try:
            part = os.pread(file.fd, end - at, at)
        except OSError as error:
            raise InputError(f"{source.name}: {describe_error(error)}") from error
        if not part:
            source.problem = "it was cut short while it was read"
            break
        parts.append(part)
        at += len(part)
    data = parts[0] if len(parts) == 1 else b"".join(parts)
    if at == end and (not last or data.endswith(b"\n")):
        return BlockLines(data, [piece])
    if data and not data.endswith(b"\n"):
        return BlockLines(data + b"\n", [piece], {data.count(b"\n")})
    return BlockLines(data, [piece])


def _load_framed(load: BlockLoader, style: Style) -> BlockLines:
    return load()._replace(framing=style)


def _cut_whole_lines(
    source: Input, chunks: Iterator[bytes | memoryview]
) -> Iterator[tuple[bytes, bool]]:
    """Chunks of an input, cut at line ends; what is behind the last one with LF added, and False.

    If the input is followed, that is left out.
    """
    if source.followed is None:
        yield from _cut_at_lines(_strip_bom(chunks))
        return
    chunks = _track_chunks(source.followed, chunks)
    for data, terminated in _cut_at_lines(chunks if source.followed.begin else _strip_bom(chunks)):
        if terminated:
            yield data, terminated
        else:
            source.followed.rest = data[:-1]


def _cut_at_lines(chunks: Iterator[bytes | memoryview]) -> Iterator[tuple[bytes, bool]]:
    """Whole lines, too long ones cut short, and what is behind the last LF with one added (False beside it).

    A line of many records is too long from BLOCK bytes on only.
    """
    held = rest = b""
    too_long = False
    for chunk in chunks:
        begin = 0
        if too_long:
            begin = bytes(chunk).find(b"\n") + 1
            rest = _shorten_line(rest, bytes(chunk[: begin - 1] if begin else chunk))
            if not begin:
                continue
            held, rest, too_long = held + rest + b"\n", b"", False
        if held:
            yield held, True
            held = b""
        end = _find_chunk_line_end(chunk)
        if end > begin:
            near = max(begin, end - _TAIL_BYTES)
            end = near + cut(bytes(chunk[near:end]))
            held = b"".join((rest, memoryview(chunk)[begin:end]))
            rest, begin = b"", end
        rest += bytes(chunk[begin:])
        if len(rest) > _KEPT_LINE_BYTES:
            lines, end_of_line, rest = rest.rpartition(b"\n")
            held += lines + end_of_line
        if len(rest) > _KEPT_LINE_BYTES and (
            len(rest) > BLOCK_BYTES or not isinstance(style_of(rest[:HEAD]), Stream)
        ):
            rest, too_long = _shorten_line(rest[:_KEPT_LINE_BYTES], rest[_KEPT_LINE_BYTES:]), True
    # What was to begin the next part belongs to this one: there is no next.
    lines, end_of_line, rest = rest.rpartition(b"\n")
    if held or lines or end_of_line:
        yield held + lines + end_of_line, True
    if rest:
        yield rest + b"\n", False


def _track_chunks(
    followed: Followed, chunks: Iterator[bytes | memoryview]
) -> Iterator[bytes | memoryview]:
    """Chunks of an input, of which those that were read before are passed over; `followed` is told what passes."""
    before, at = b"", 0
    waiting = sorted(size for size in followed.ask if size > 0)
    followed.end = followed.begin
    followed.tails = dict.fromkeys((size for size in followed.ask if size == 0), b"")
    for chunk in chunks:
        end = at + len(chunk)
        followed.head = followed.head or bytes(chunk[:TAIL_BYTES])
        line_end = at + (
            _find_chunk_line_end(chunk) if followed.by_line else _measure_unclosed(chunk)
        )
        while waiting and waiting[0] <= end:
            size = waiting.pop(0)
            followed.tails[size] = (
                before + bytes(chunk[max(0, size - at - TAIL_BYTES) : size - at])
            )[-TAIL_BYTES:]
        if line_end > max(at, followed.begin):
            followed.end = line_end
            followed.tail = (
                before + bytes(chunk[max(0, line_end - at - TAIL_BYTES) : line_end - at])
            )[-TAIL_BYTES:]
        elif at < followed.begin <= end:
            followed.tail = (
                before
                + bytes(chunk[max(0, followed.begin - at - TAIL_BYTES) : followed.begin - at])
            )[-TAIL_BYTES:]
        before = (before + bytes(chunk[-TAIL_BYTES:]))[-TAIL_BYTES:]
        if end > followed.begin:
            yield chunk[max(0, followed.begin - at) :]
        at = end


def _measure_unclosed(chunk: bytes | memoryview) -> int:
    """The size of a chunk without what closes a JSON text: where it is written anew with more in it, that moves on."""
    tail = bytes(chunk[-TAIL_BYTES:])
    return len(chunk) - len(tail) + len(tail.rstrip(b"]} \t\r\n"))


def _find_followed_end(fd: int, followed: Followed, at: int, size: int) -> int:
    """Where the last whole line of a plain file ends."""
    end = _find_last_line_end(fd, at, size)
    followed.end, followed.rest = end, os.pread(fd, max(0, min(_KEPT_LINE_BYTES, size - end)), end)
    followed.tail = os.pread(fd, min(TAIL_BYTES, end), max(0, end - TAIL_BYTES))
    return end


def _find_last_line_end(fd: int, at: int, size: int) -> int:
    """Where the last line end between two places is behind; the first of them where there is none."""
    while size > at:
        begin = max(at, size - _TAIL_BYTES)
        found = os.pread(fd, size - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        size = begin
    return at


def _is_dense(size: int, lines: int) -> bool:
    """Whether lines are too short for events: blank ones, the remains of a crash. Each takes the room of a long one."""
    return lines * _MIN_EVENT_LINE_BYTES > size


def _is_dense_block(data: bytes) -> bool:
    """The same of a block's lines, from what is at its ends and in its middle."""
    places = (
        (0, len(data) // 2, len(data) - _SAMPLE_BYTES) if len(data) > 3 * _SAMPLE_BYTES else (0,)
    )
    size = _SAMPLE_BYTES if len(places) > 1 else len(data)
    return any(_is_dense(size, data.count(b"\n", at, at + size)) for at in places)


def _divide_lines(file: int, pieces: Iterable[tuple[bytes, bool]]) -> Iterator[_InputLines]:
    """Whole lines as they come, in smaller parts where there are very many."""
    for data, terminated in pieces:
        at, dense = 0, _is_dense_block(data)
        while dense and len(data) - at > _DENSE_BLOCK_BYTES:
            end = data.rfind(b"\n", at, at + _DENSE_BLOCK_BYTES) + 1 or data.index(b"\n", at) + 1
            end = at + cut(data[at:end])
            yield _InputLines(file, data[at:end], True, dense)
            at = end
        if at < len(data):
            yield _InputLines(file, data[at:] if at else data, terminated, dense)


def _find_chunk_line_end(chunk: bytes | memoryview) -> int:
    """Where the last whole line ends; looked for near the end first, as a memoryview cannot be searched."""
    for tail in (bytes(chunk[-_TAIL_BYTES:]), bytes(chunk)):
        found = tail.rfind(b"\n")
        if found >= 0:
            return len(chunk) - len(tail) + found + 1
    return 0


def _shorten_line(kept: bytes, more: bytes) -> bytes:
    """A too long line's beginning; of one that begins with nothing but spaces, and is not blank, the end is marked."""
    blank = b" \t\r"
    if not kept.strip(blank) and more.strip(blank):
        return kept[:-1] + b"#"
    return kept


def _strip_bom(chunks: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    yield bytes(next(chunks, b"")).removeprefix(_BOM)
    yield from chunks


def _read_chunks(
    file: OpenInput, source: Input, progress: Callable[[int], None]
) -> Iterator[memoryview]:
    """Full chunks of a descriptor, also of a pipe that gives them by spoonfuls. A chunk is lost with the next one."""
    # A small file needs no large buffer, nor two calls.
    largest = BLOCK_BYTES if source.size is None else min(BLOCK_BYTES, source.size + 1)
    _widen_pipe(file)
    buffer = memoryview(bytearray(largest))
    wanted = min(_FIRST_BLOCK_BYTES, largest)
    while True:
        size = 0
        while size < wanted:
            try:
                part = os.readv(file.fd, [buffer[size:wanted]])
            except OSError as error:
                raise InputError(f"{source.name}: {describe_error(error)}") from error
            if not part:
                break
            size += part
        if size:
            yield buffer[:size]
            # Only now: of what is compressed, a chunk is much work.
            progress(size)
        if size < wanted:
            return
        wanted = largest


def _widen_pipe(file: OpenInput) -> None:
    """Let a pipe hold as much as it may: so its writer and this process wait less for each other."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - not on Windows

        if stat.S_ISFIFO(os.fstat(file.fd).st_mode):
            fcntl.fcntl(file.fd, fcntl.F_SETPIPE_SZ, _FIRST_BLOCK_BYTES)


# -- what tells a log from others --------------------------------------------------------------------------------


def read_head(source: Input) -> tuple[bytes, bytes]:
    """The first TAIL bytes of an input, unpacked; and what a file is that has not changed: its size, when it was
    written, and its ends as they lie on disk. Raises InputError.
    """
    file = OpenInput(source)
    status = os.fstat(file.fd)
    try:
        ends = (
            os.pread(file.fd, TAIL_BYTES, 0),
            os.pread(file.fd, TAIL_BYTES, max(0, status.st_size - TAIL_BYTES)),
        )
    except OSError as error:
        raise InputError(f"{source.name}: {describe_error(error)}") from error
    same = b"%d %d " % (status.st_size, status.st_mtime_ns) + b"".join(ends)
    if is_compressed(ends[0]):
        return b"".join(
            take_bytes(
                _unpack_chunks(replace(source), _read_chunks(file, source, lambda _: None)),
                TAIL_BYTES,
            )
        ), same
    return ends[0], same


class TailBefore(NamedTuple):
    """The last TAIL bytes before a place in an input, unpacked, and whether there is something behind it."""

    tail: bytes
    has_more: bool


def read_tail_before(source: Input, size: int) -> TailBefore | None:
    """What is before a place in an input; None where it is not so long. Raises InputError."""
    file = OpenInput(source)
    begin = max(0, size - TAIL_BYTES)
    try:
        if not is_compressed(os.pread(file.fd, 8, 0)):
            tail = os.pread(file.fd, size - begin, begin)
            return (
                TailBefore(tail, bool(os.pread(file.fd, 1, size)))
                if len(tail) == size - begin
                else None
            )
    except OSError as error:
        raise InputError(f"{source.name}: {describe_error(error)}") from error
    followed = Followed(begin=size, ask=(size,))
    chunks = _track_chunks(
        followed, _unpack_chunks(replace(source), _read_chunks(file, source, lambda _: None))
    )
    goes_on = any(len(chunk) > 0 for chunk in chunks)
    return TailBefore(followed.tails[size], goes_on) if size in followed.tails else None


def is_compressed(head: bytes) -> bool:
    return any(head.startswith(magic) for magic, _, _ in _COMPRESSIONS)


def take_bytes(chunks: Iterator[bytes | memoryview], size: int) -> Iterator[bytes | memoryview]:
    """The first bytes of chunks."""
    for chunk in chunks:
        yield chunk[:size]
        size -= len(chunk)
        if size <= 0:
            return


# -- compression ---------------------------------------------------------------------------------------------


class _GzipDecompressor:
    """A gzip member, by zlib's interface but with the others' names. It is fed in small steps: what zlib did not
    take is copied each time, and what a damaged step held is lost.
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
            # The checksum, mostly the last of the data, goes alone: where it is wrong, all before it is kept.
            size = min(_GZIP_FEED_BYTES, max(len(self._data) - _GZIP_CHECKSUM_BYTES, 0)) or len(
                self._data
            )
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


def _is_damage_error(error: Exception) -> bool:
    """Whether an error is one of the decompressors', each of which has a class of its own."""
    return not isinstance(error, InputError) and type(error).__name__ in (
        "error", "LZMAError", "ZstdError", "IsalError", "OSError", "EOFError", "ValueError"
    )  # fmt: skip


_COMPRESSIONS: tuple[tuple[bytes, str, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b", "gzip", _GzipDecompressor),
    (b"\x28\xb5\x2f\xfd", "zstd", _make_zstd),
    (b"BZh", "bzip2", _make_bzip2),
    (b"\xfd7zXZ\x00", "xz", _make_xz),
)


def _unpack_chunks(source: Input, raw: Iterator[memoryview]) -> Iterator[bytes | memoryview]:
    first = bytes(next(raw, b""))
    for magic, name, make in _COMPRESSIONS:
        if first.startswith(magic):
            yield from _gather_chunks(_unpack_members(source, name, make, first, raw))
            return
    yield first
    yield from raw


def _gather_chunks(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Chunks of BLOCK bytes of small parts, the first a smaller one."""
    gathered, size, wanted = [], 0, min(_FIRST_BLOCK_BYTES, BLOCK_BYTES)
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size >= wanted:
            yield b"".join(gathered)
            gathered, size, wanted = [], 0, BLOCK_BYTES
    yield b"".join(gathered)


def _unpack_members(
    source: Input,
    name: str,
    make: Callable[[], _Decompressor],
    data: bytes,
    raw: Iterator[memoryview],
) -> Iterator[bytes]:
    """Members one after the other, as far as they go; `source.problem` says where that is not the end."""
    unpack = make()
    while True:
        try:
            yield unpack.decompress(data, _UNPACK_STEP_BYTES)
            data = b""
            if unpack.eof:
                data = unpack.unused_data.lstrip(b"\0") or bytes(next(raw, b"")).lstrip(b"\0")
                if not data:
                    return
                unpack = make()
            elif unpack.needs_input:
                data = bytes(next(raw, b""))
                if not data:
                    source.problem = f"its {name} data are cut off"
                    return
        except Exception as error:
            if not _is_damage_error(error):
                raise
            source.problem = f"its {name} data are damaged"
            return
