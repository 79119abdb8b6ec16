"""Inputs to blocks of whole lines.

Memory is bounded: too long lines are cut short.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, chain
from typing import NamedTuple

from dcevents.reading.hints import describe_foreign_format
from dcevents.reading.parsing import streams
from dcevents.reading.parsing.envelopes import NOTHING, Known
from dcevents.reading.parsing.records import HEAD, Stream, Style, style_of
from dcevents.reading.parsing.regions import cut
from dcevents.reading.sources import sizes
from dcevents.reading.sources.block_lines import BlockLines, BlockLoader, LineRun
from dcevents.reading.sources.decompression import (
    HEAD_BYTES,
    UnpackedChunks,
    has_members,
    is_compressed,
)
from dcevents.reading.sources.growing import TrackedChunks, find_line_end
from dcevents.reading.sources.inputs import (
    REPLACED,
    START,
    Extent,
    Input,
    InputResult,
    OpenInput,
    ProgressCallback,
    SeenBytes,
    take_bytes,
)
from dcevents.reading.sources.marks import BYTE_ORDER_MARK, strip_marks
from dcevents.reading.sources.ranges import LongFile, RangeFinder, load_range

_SAMPLE_BYTES = 1 << 13
"""Bytes of a sample by which lines are found to be short."""
_MIN_EVENT_LINE_BYTES = 64
"""Bytes of a line that could be an event."""

_Chunks = Iterator[bytes | memoryview]


class _InputLines(NamedTuple):
    """Some whole lines of an input."""

    input_number: int
    data: bytes
    is_terminated: bool
    """False if the last LF was added."""
    is_dense: bool
    """True if the lines are very short."""


class _PeekedInput(NamedTuple):
    """An open input, with what its first bytes say."""

    number: int
    file: OpenInput
    head: bytes
    """The first bytes, unpacked."""
    chunks: _Chunks
    """The whole input, unpacked."""
    unpacked: UnpackedChunks
    is_long: bool
    """True for a file that can be read in ranges."""


class BlockReader:
    """The blocks of inputs, in order. Small inputs share a block.

    Raises InputError for an input that cannot be opened or read.
    """

    def __init__(
        self, inputs: Sequence[Input], progress: ProgressCallback, known: Known = NOTHING
    ) -> None:
        self._inputs = inputs
        self._progress = progress
        self._known = known
        self.results: list[InputResult] = []
        """Findings about each input; complete once the last block is taken."""

    def __iter__(self) -> Iterator[BlockLoader]:
        bundle = _Bundle()
        for number, source in enumerate(self._inputs):
            peeked = _peek_input(number, source, self._progress)
            result = InputResult(source, describe_foreign_format(peeked.head))
            # Read as lines, a part of a foreign file might look like a log.
            if result.foreign_format is None:
                result = yield from self._read_input(peeked, bundle)
            self.results.append(result)
        yield from bundle.flush_lines()

    def _read_input(
        self, peeked: _PeekedInput, bundle: "_Bundle"
    ) -> Generator[BlockLoader, None, InputResult]:
        """Yield the blocks of an input; return the findings."""
        file = peeked.file
        if file.source.resume and file.problem:
            # It was recognised as a log that it is not any more.
            return InputResult(file.source, problem=file.problem)
        framing = style_of(strip_marks(peeked.head), self._known)
        if isinstance(framing, Stream):
            yield from bundle.flush_lines()
            extent = yield from _read_stream(peeked, framing)
        elif peeked.is_long:
            yield from bundle.flush_lines()
            extent = yield from _read_ranges(peeked, self._progress, framing)
        elif framing:
            yield from bundle.flush_lines()
            extent = yield from _read_framed(peeked, framing)
        else:
            lines = _LineReader(peeked)
            for each in lines:
                yield from bundle.add_lines(each)
            extent = lines.extent
        problem = file.problem or peeked.unpacked.problem
        return InputResult(file.source, None, problem, framing, extent)


class _Bundle:
    """Lines of small inputs that will share a block."""

    def __init__(self) -> None:
        self._parts: list[_InputLines] = []
        self._size = 0
        self._wanted = sizes.FIRST_BLOCK_BYTES

    def add_lines(self, lines: _InputLines) -> Iterator[BlockLoader]:
        """Add lines; yield a block where they fill one."""
        self._parts.append(lines)
        self._size += sizes.BLOCK_BYTES if lines.is_dense else len(lines.data)
        if self._size >= self._wanted:
            self._wanted = sizes.BLOCK_BYTES // 2
            yield from self.flush_lines()

    def flush_lines(self) -> Iterator[BlockLoader]:
        """Yield the remaining lines as a block."""
        if self._parts:
            yield partial(_join_lines, self._parts)
            self._parts, self._size = [], 0


class _LineReader:
    """Whole lines of an input, in parts.

    Its chunks may begin behind bytes that were read before.
    """

    def __init__(self, peeked: _PeekedInput, after: SeenBytes = START) -> None:
        self._peeked = peeked
        self._after = after
        self.extent = Extent()
        """The read part of a growing input; known when the last part was taken."""

    def __iter__(self) -> Iterator[_InputLines]:
        number, chunks = self._peeked.number, self._peeked.chunks
        resume = self._peeked.file.source.resume
        is_begin = not (resume.begin if resume else self._after.end)
        if resume is None:
            new = _strip_mark(chunks) if is_begin else chunks
            yield from _divide_lines(number, _cut_at_lines(new))
            return
        tracked = TrackedChunks(chunks, resume, after=self._after)
        new = _strip_mark(iter(tracked)) if is_begin else iter(tracked)
        rest = b""
        for data, is_terminated in _cut_at_lines(new):
            if is_terminated:
                yield from _divide_lines(number, [(data, is_terminated)])
            else:
                rest = data[:-1]
        self.extent = tracked.make_extent(rest)
        if not tracked.is_recognised:
            self._peeked.file.problem = self._peeked.file.problem or REPLACED


def make_last_line_block(line: bytes, framing: Style | None) -> BlockLoader:
    """Make the block of an unfinished line."""
    return partial(BlockLines, line + b"\n", [LineRun(0, None)], {0}, framing)


def _peek_input(number: int, source: Input, progress: ProgressCallback) -> _PeekedInput:
    """Open an input and look at its first bytes."""
    file = OpenInput(source)
    if file.problem and source.resume is None:
        # Another one than was found: it is read as it is now.
        file.describe_again()
    is_long = _is_long_and_plain(file)
    unpacked = UnpackedChunks(file.read_chunks(progress))
    chunks = iter(unpacked)
    if is_long:
        return _PeekedInput(number, file, file.read_at(HEAD, 0), chunks, unpacked, is_long)
    first = bytes(next(chunks, b""))
    return _PeekedInput(number, file, first[:HEAD], chain([first], chunks), unpacked, is_long)


def _is_long_and_plain(file: OpenInput) -> bool:
    source = file.source
    if source.path is None or source.size is None or source.size < 2 * sizes.FIRST_BLOCK_BYTES:
        return False
    if is_compressed(file.read_at(HEAD_BYTES, 0)):
        return False
    return not has_members(file, source.resume.begin if source.resume else 0)


def _read_stream(peeked: _PeekedInput, framing: Stream) -> Generator[BlockLoader, None, Extent]:
    """Yield the blocks of a stream; return its extent.

    Its records are no lines.
    """
    resume = peeked.file.source.resume
    tracked = TrackedChunks(peeked.chunks, resume, by_line=False) if resume else None
    chunks = iter(tracked) if tracked else peeked.chunks
    for data, is_terminated, part_framing in streams.parts(framing, _strip_mark(chunks)):
        runs, unterminated = [LineRun(peeked.number, None)], () if is_terminated else {0}
        yield partial(BlockLines, data, runs, unterminated, part_framing)
    if tracked and not tracked.is_recognised:
        peeked.file.problem = peeked.file.problem or REPLACED
    return tracked.make_extent() if tracked else Extent()


def _read_framed(peeked: _PeekedInput, framing: Style) -> Generator[BlockLoader, None, Extent]:
    """Yield the blocks of a framed input; return its extent."""
    lines = _LineReader(peeked)
    for each in lines:
        yield partial(_join_lines, [each], framing)
    return lines.extent


def _join_lines(parts: Sequence[_InputLines], framing: Style | None = None) -> BlockLines:
    """Join lines of inputs to a block's lines."""
    if len(parts) == 1:
        (part,) = parts
        unterminated = () if part.is_terminated else {part.data.count(b"\n") - 1}
        return BlockLines(part.data, [LineRun(part.input_number, None)], unterminated, framing)
    # Counting lines takes so long that it is left to the thread that parses them.
    heights = [part.data.count(b"\n") for part in parts]
    ends = zip(parts, accumulate(heights), strict=True)
    unterminated = {end - 1 for part, end in ends if not part.is_terminated}
    runs = [LineRun(part.input_number, height) for part, height in zip(parts, heights, strict=True)]
    return BlockLines(b"".join(part.data for part in parts), runs, unterminated, framing)


# -- long plain files: only ends of blocks are searched here; threads read the blocks -----------


def _read_ranges(
    peeked: _PeekedInput, progress: ProgressCallback, framing: Style | None
) -> Generator[BlockLoader, None, Extent]:
    """Yield the blocks of a long plain file, with their extents.

    Return the extent of what is read in order behind them, if anything is.
    """
    file, resume = peeked.file, peeked.file.source.resume
    long_file = LongFile(file, peeked.number, peeked.head, framing)
    mark = BYTE_ORDER_MARK if peeked.head.startswith(BYTE_ORDER_MARK) else b""
    begin = SeenBytes(len(mark), mark)
    if resume and resume.begin:
        begin = SeenBytes(resume.begin, resume.tail)
    finder = RangeFinder(long_file, begin)
    wanted = sizes.FIRST_BLOCK_BYTES
    while found := finder.find_next(wanted):
        yield partial(load_range, long_file, found)
        progress(found.size)
        is_dense = _is_dense(len(found.end.data), found.end.data.count(b"\n"))
        wanted = sizes.DENSE_BLOCK_BYTES if is_dense else sizes.BLOCK_BYTES
    if not finder.rest_bytes:
        return Extent()
    # The line is longer than any that is read: the rest is read in order.
    chunks = take_bytes(file.read_chunks(progress, after=finder.at), finder.rest_bytes)
    lines = _LineReader(peeked._replace(chunks=chunks), finder.at)
    for part in lines:
        yield partial(_join_lines, [part], framing)
    return replace(lines.extent, head=peeked.head) if resume else Extent()


# -- chunks cut at line ends --------------------------------------------------------------------


def _cut_at_lines(chunks: _Chunks) -> Iterator[tuple[bytes, bool]]:
    """Cut chunks at line ends.

    Yields lines, and False where their last LF was added.
    Too long lines are cut short: a line of many records is too long from BLOCK_BYTES on.
    """
    held = rest = b""
    is_too_long = False
    for chunk in chunks:
        begin = 0
        if is_too_long:
            begin = bytes(chunk).find(b"\n") + 1
            rest = _shorten_line(rest, bytes(chunk[: begin - 1] if begin else chunk))
            if not begin:
                continue
            held, rest, is_too_long = held + rest + b"\n", b"", False
        if held:
            yield held, True
            held = b""
        end = find_line_end(chunk)
        if end > begin:
            near = max(begin, end - sizes.TAIL_BYTES)
            end = near + cut(bytes(chunk[near:end]))
            held = b"".join((rest, memoryview(chunk)[begin:end]))
            rest, begin = b"", end
        rest += bytes(chunk[begin:])
        if len(rest) > sizes.KEPT_LINE_BYTES:
            lines, line_end, rest = rest.rpartition(b"\n")
            held += lines + line_end
            # A copy that was cut to nothing may begin with gigabytes of NULs.
            rest = rest.lstrip(b"\0") or rest[:1]
        if _is_too_long(rest):
            kept = sizes.KEPT_LINE_BYTES
            rest, is_too_long = _shorten_line(rest[:kept], rest[kept:]), True
    # There is no next part: what would begin it belongs to this one.
    lines, line_end, rest = rest.rpartition(b"\n")
    if held or lines or line_end:
        yield held + lines + line_end, True
    if rest:
        yield rest + b"\n", False


def _is_too_long(line: bytes) -> bool:
    """Return whether a line is too long to be read.

    `line` is its beginning.
    """
    if len(line) <= sizes.KEPT_LINE_BYTES:
        return False
    return len(line) > sizes.BLOCK_BYTES or not isinstance(style_of(line[:HEAD]), Stream)


def _shorten_line(kept: bytes, more: bytes) -> bytes:
    """Return the kept beginning of a too long line.

    One of nothing but spaces gets a mark at its end, unless the whole line is blank.
    """
    blank = b" \t\r\0"
    if not kept.strip(blank) and more.strip(blank):
        return kept[:-1] + b"#"
    return kept


def _divide_lines(number: int, pieces: Iterable[tuple[bytes, bool]]) -> Iterator[_InputLines]:
    """Yield whole lines, in smaller parts where they are very short."""
    for data, is_terminated in pieces:
        at, is_dense = 0, _is_dense_block(data)
        while is_dense and len(data) - at > sizes.DENSE_BLOCK_BYTES:
            limit = at + sizes.DENSE_BLOCK_BYTES
            end = data.rfind(b"\n", at, limit) + 1 or data.index(b"\n", at) + 1
            end = at + cut(data[at:end])
            yield _InputLines(number, data[at:end], True, is_dense)
            at = end
        if at < len(data):
            yield _InputLines(number, data[at:] if at else data, is_terminated, is_dense)


def _strip_mark(chunks: _Chunks) -> _Chunks:
    """Yield chunks without a byte order mark at the beginning."""
    yield bytes(next(chunks, b"")).removeprefix(BYTE_ORDER_MARK)
    yield from chunks


def _is_dense(size: int, lines: int) -> bool:
    """Return whether lines are too short for events.

    They are blank, or the remains of a crash.
    """
    return lines * _MIN_EVENT_LINE_BYTES > size


def _is_dense_block(data: bytes) -> bool:
    """Return whether samples of a block's lines are short."""
    is_long = len(data) > 3 * _SAMPLE_BYTES
    places = (0, len(data) // 2, len(data) - _SAMPLE_BYTES) if is_long else (0,)
    size = _SAMPLE_BYTES if is_long else len(data)
    return any(_is_dense(size, data.count(b"\n", at, at + size)) for at in places)
