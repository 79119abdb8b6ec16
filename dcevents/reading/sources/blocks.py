"""Inputs to blocks of bytes, cut behind a line's end where a line ends.

Memory is bounded: a line may be longer than a block.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from dcevents.reading.judge import Context
from dcevents.reading.rows.table_search import NO_TABLE, TableSearch, look_for_table
from dcevents.reading.sources import sizes
from dcevents.reading.sources.buffers import BlockBuffers, BlockBytes
from dcevents.reading.sources.decompression import (
    UnpackedChunks,
    is_compressed,
)
from dcevents.reading.sources.foreign_formats import describe_foreign_format
from dcevents.reading.sources.growing import TrackedChunks, find_line_end
from dcevents.reading.sources.inputs import (
    REPLACED,
    Extent,
    Input,
    InputResult,
    OpenInput,
    ProgressCallback,
    SeenBytes,
    join_tail,
)
from dcevents.reading.sources.ranges import FileRange, LongFile, RangeFinder, load_range

if TYPE_CHECKING:
    from dcevents.reading.sources.frames import FrameChunks

Chunks = Iterator[bytes | memoryview]


class InputBlock(NamedTuple):
    """Bytes of an input that follow those of the block before."""

    data: BlockBytes
    """Of a long file a buffer, to be given back where it is not looked at any more."""
    is_line_start: bool = True
    """Whether a line begins with the block; else one goes on."""
    problem: str | None = None
    """Reason why bytes are missing here; later blocks of the input do not count."""
    source: "RangeSource | None" = None
    """Where the bytes of a long file lie that is taken for plain text."""
    framing: TableSearch = NO_TABLE
    """Whether the input is a CSV."""


class RangeSource(NamedTuple):
    """A file of which a block is a range, and the bytes before that."""

    file: OpenInput
    begin: SeenBytes
    framing: TableSearch

    def read_on(self, data: BlockBytes, size: int) -> "RestOfInput":
        """Return what the file holds behind the first bytes of the block, unpacked."""
        tail = join_tail(self.begin.data, bytes(data), size)
        return RestOfInput(self.file, SeenBytes(self.begin.end + size, tail), self.framing)


class RestOfInput:
    """The blocks of a long file from the place on where compressed members begin."""

    def __init__(self, file: OpenInput, after: SeenBytes, framing: TableSearch) -> None:
        self._file = file
        self._framing = framing
        self._unpacked = UnpackedChunks(file.read_chunks(after=after))

    @property
    def problem(self) -> str | None:
        """Reason why not all was read; known once the last block is taken."""
        return self._file.problem or self._unpacked.problem

    def __iter__(self) -> Iterator[InputBlock]:
        return _cut_at_lines(iter(self._unpacked), self._framing, is_line_start=True)


BlockLoader = Callable[[], InputBlock]
"""Loads a block's bytes, in any thread. Raises InputError where they cannot be read."""
InputItem = InputBlock | BlockLoader | InputResult
"""A block of an input, or what was found out about it behind its last block."""


class _PeekedInput(NamedTuple):
    """An open input, with what its first bytes say."""

    file: OpenInput
    head: bytes
    """The first bytes, unpacked."""
    chunks: Chunks = iter(())
    """The whole input, unpacked."""
    unpacked: UnpackedChunks | None = None
    """What unpacks it; None for a file that is read in ranges."""
    framing: TableSearch = NO_TABLE


def read_blocks(
    inputs: Sequence[Input], progress: ProgressCallback, context: Context, buffers: BlockBuffers
) -> Iterator[InputItem]:
    """Yield the blocks of each input, and behind them what was found out about it.

    Those of long files lie in buffers. Raises InputError where an input cannot be read.
    """
    for source in inputs:
        peeked = _peek_input(source, progress)
        foreign_format = describe_foreign_format(peeked.head)
        frames = _open_frames(peeked, context) if foreign_format else None
        if frames:
            yield from _read_frames(source, frames, context)
        elif foreign_format:
            # Read as lines, a part of a foreign file might look like a log.
            yield InputResult(source, foreign_format)
        else:
            is_whole = source.resume is None and len(peeked.head) < sizes.TAIL_BYTES
            framing = look_for_table(peeked.head, context, is_whole=is_whole)
            yield from _read_input(peeked._replace(framing=framing), progress, buffers)


def _open_frames(peeked: _PeekedInput, context: Context) -> "FrameChunks | None":
    """Return the text of a Parquet file or a workbook that is a file, and is not ingested."""
    source = peeked.file.source
    if source.path is None or source.size is None or source.resume is not None:
        return None
    # It needs polars, which is imported while long logs are scanned.
    from dcevents.reading.sources.frames import open_frames  # noqa: PLC0415

    return open_frames(source.path, peeked.file.read_at(sizes.TAIL_BYTES, 0), context)


def _read_frames(
    source: Input, frames: "FrameChunks", context: Context
) -> Iterator[InputBlock | InputResult]:
    """Yield the blocks of a Parquet file or a workbook, and the findings."""
    chunks = iter(frames)
    first = _take_head(chunks)
    if frames.problem and not first:
        yield InputResult(source, frames.problem)
        return
    head = b"".join(first)[: sizes.TAIL_BYTES]
    framing = look_for_table(head, context, is_whole=len(head) < sizes.TAIL_BYTES)
    yield from _cut_at_lines(chain(first, chunks), framing, is_line_start=True)
    yield InputResult(source, problem=frames.problem and f"it is {frames.problem}")


def _read_input(
    peeked: _PeekedInput, progress: ProgressCallback, buffers: BlockBuffers
) -> Iterator[InputItem]:
    """Yield the blocks of an input, and the findings."""
    file = peeked.file
    if file.source.resume and file.problem:
        # It was recognised as a log that it is not any more.
        yield InputResult(file.source, problem=file.problem)
        return
    # Bytes by which a later run knows the input, and rows, are looked at for longer.
    is_kept = file.source.resume is not None or peeked.framing != NO_TABLE
    shared = None if is_kept else buffers
    if peeked.unpacked is None:
        extent = yield from _read_ranges(peeked, progress, shared)
        yield InputResult(file.source, None, file.problem, extent)
    else:
        extent = yield from _read_in_order(peeked, shared)
        yield InputResult(file.source, None, file.problem or peeked.unpacked.problem, extent)


def _peek_input(source: Input, progress: ProgressCallback) -> _PeekedInput:
    """Open an input and look at its first bytes."""
    file = OpenInput(source)
    if file.problem and source.resume is None:
        # Another one than was found: it is read as it is now.
        file.describe_again()
    if file.source.is_long_file:
        head = file.read_at(sizes.TAIL_BYTES, 0)
        if not is_compressed(head):
            return _PeekedInput(file, head)
    unpacked = UnpackedChunks(file.read_chunks(progress))
    chunks = iter(unpacked)
    first = _take_head(chunks)
    head = b"".join(first)[: sizes.TAIL_BYTES]
    return _PeekedInput(file, head, chain(first, chunks), unpacked)


def _take_head(chunks: Chunks) -> list[bytes]:
    """Return the first chunks, with TAIL_BYTES or more if there are as many."""
    taken, size = list[bytes](), 0
    for chunk in chunks:
        taken.append(bytes(chunk))
        size += len(chunk)
        if size >= sizes.TAIL_BYTES:
            break
    return taken


# -- pipes, compressed and small files: one chunk after the other --------------------------------


def _read_in_order(
    peeked: _PeekedInput, buffers: BlockBuffers | None
) -> Generator[InputBlock, None, Extent]:
    """Yield the blocks of an input; return its extent if it grows."""
    resume, chunks = peeked.file.source.resume, peeked.chunks
    tracked = TrackedChunks(chunks, resume) if resume else None
    is_line_start = resume is None or resume.point.is_line_start
    new = iter(tracked) if tracked else chunks
    yield from _cut_at_lines(new, peeked.framing, buffers, is_line_start=is_line_start)
    if tracked is None:
        return Extent()
    if not tracked.is_recognised:
        peeked.file.problem = peeked.file.problem or REPLACED
    return tracked.make_extent()


def _cut_at_lines(
    chunks: Chunks,
    framing: TableSearch,
    buffers: BlockBuffers | None = None,
    *,
    is_line_start: bool,
) -> Iterator[InputBlock]:
    """Yield the bytes of chunks, up to the last line's end of each.

    Where no line ends for long they are cut anywhere.
    """
    rest = b""
    for chunk in chunks:
        end = find_line_end(chunk)
        if not end and len(rest) + len(chunk) < sizes.BLOCK_BYTES:
            rest += chunk
            continue
        size = end or len(chunk)
        with memoryview(chunk) as view:
            data = _join_bytes(rest, view[:size], buffers)
        yield InputBlock(data, is_line_start, framing=framing)
        rest, is_line_start = bytes(chunk[size:]), bool(end)
    if rest:
        yield InputBlock(rest, is_line_start, framing=framing)


def _join_bytes(begin: bytes, end: memoryview, buffers: BlockBuffers | None) -> BlockBytes:
    """Return bytes one behind the other, in a buffer where there are some."""
    if buffers is None:
        return b"".join((begin, end))
    data = buffers.take(len(begin) + len(end))
    data[: len(begin)] = begin
    data[len(begin) :] = end
    return data


# -- long plain files: only ends of blocks are searched here; threads read the blocks ------------


def _read_ranges(
    peeked: _PeekedInput, progress: ProgressCallback, buffers: BlockBuffers | None
) -> Generator[BlockLoader, None, Extent]:
    """Yield the blocks of a long plain file; return its extent."""
    file, resume = peeked.file, peeked.file.source.resume
    long_file = LongFile(file, peeked.head)
    begin = SeenBytes(resume.begin, resume.tail) if resume else SeenBytes(0, b"")
    finder = RangeFinder(long_file, begin)
    is_line_start = resume is None or resume.point.is_line_start
    wanted = sizes.FIRST_BLOCK_BYTES
    while found := finder.find_next(wanted):
        load = partial(_load_block, long_file, found, peeked.framing, buffers)
        yield partial(load, is_line_start=is_line_start)
        progress(found.size)
        is_line_start, wanted = found.end.data.endswith(b"\n"), sizes.BLOCK_BYTES
    return Extent(head=peeked.head) if resume else Extent()


def _load_block(
    long_file: LongFile,
    found: FileRange,
    framing: TableSearch,
    buffers: BlockBuffers | None,
    *,
    is_line_start: bool,
) -> InputBlock:
    loaded, problem = load_range(long_file, found, buffers or BlockBuffers())
    data = bytes(loaded) if buffers is None else loaded
    source = RangeSource(long_file.file, found.begin, framing)
    return InputBlock(data, is_line_start, problem, source, framing)
