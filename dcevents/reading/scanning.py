"""Blocks of inputs, scanned in threads.

It knows no polars: long files are scanned while that is imported.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, NamedTuple

from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.rows.headers import NO_TABLE, TableSearch
from dcevents.reading.scanner import (
    OTHER_BUCKETS,
    LineStatus,
    PureScanner,
    ScannedBlock,
    Scanner,
    make_scanner,
)
from dcevents.reading.sources.blocks import BlockLoader, InputBlock, RestOfInput, read_blocks
from dcevents.reading.sources.buffers import BlockBuffers, BlockBytes
from dcevents.reading.sources.inputs import Input, InputResult, ProgressCallback
from dcevents.reading.sources.members import find_first_member

_MAX_THREADS: Final = 8
_AHEAD_BLOCKS: Final = 2
"""Blocks that are read ahead, beside one for each thread."""
_EARLY_BLOCKS: Final = 48
"""Blocks that are scanned before anybody asks for one: as many as polars gives time for."""
_MIN_THREAD_BYTES: Final = 1 << 16
"""Bytes of a block that are worth a thread."""
_ODD_BUCKETS: Final = [OTHER_BUCKETS.index(name) for name in ("invalid_json", "invalid_utf8")]


class ScannedInput(NamedTuple):
    """A block of an input, scanned."""

    begin: bytes
    """The rest of a line that an earlier block has begun."""
    data: BlockBytes
    """The lines behind it: see `Scanning.give_back`."""
    scanned: ScannedBlock
    problem: str | None
    """Reason why bytes are missing here; later blocks of the input do not count."""
    rest: RestOfInput | None = None
    """All that follows in the input, in the place of later blocks."""
    framing: TableSearch = NO_TABLE
    """Whether the input is a CSV, whose rows are read in order: nothing is scanned then."""


def scan_block(block: InputBlock | BlockLoader, scanner: Scanner) -> ScannedInput:
    """Scan the lines of a block, which may have to be loaded first."""
    block = block if isinstance(block, InputBlock) else block()
    if block.framing != NO_TABLE:
        return _take_rows(block)
    data, begin = block.data, b""
    if not block.is_line_start:
        size = data.find(b"\n") + 1 or len(data)
        begin, data = bytes(data[:size]), bytes(data[size:])
    scanned, rest = scanner.scan(data), None
    if block.source and _has_odd_lines(scanned):
        data = bytes(data)
        place = find_first_member(data)
        if place is not None:
            rest = block.source.read_on(block.data, len(begin) + place)
            data = data[:place]
            scanned = scanner.scan(data)
    return ScannedInput(begin, data, scanned, block.problem, rest)


def _take_rows(block: InputBlock) -> ScannedInput:
    """Return a block whose lines may be rows, without compressed data."""
    data, rest = bytes(block.data), None
    if block.source and not _is_utf8(data):
        begin = 0 if block.is_line_start else data.find(b"\n") + 1 or len(data)
        place = find_first_member(data[begin:])
        if place is not None:
            rest = block.source.read_on(data, begin + place)
            data = data[: begin + place]
    scanned = PureScanner().scan(data)
    return ScannedInput(b"", data, scanned, block.problem, rest, block.framing)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_odd_lines(scanned: ScannedBlock) -> bool:
    """Return whether some lines may be compressed data: these are no JSON."""
    if LineStatus.ASIDE in scanned.runs.statuses:
        return True
    buckets = bytes(scanned.others.buckets)
    return any(each in buckets for each in _ODD_BUCKETS)


class Scanning:
    """The blocks of inputs and the findings about each, in order, to be taken once."""

    def __init__(
        self, inputs: Sequence[Input], settings: ReadSettings, progress: ProgressCallback
    ) -> None:
        self.inputs = inputs
        self.settings = settings
        self.context = settings.make_context()
        self.scanner = make_scanner(self.context, in_full=settings.in_full)
        self._workers = min(_MAX_THREADS, (os.cpu_count() or 1) + 1)
        self._pool = ThreadPoolExecutor(self._workers)
        self._buffers = BlockBuffers()
        self._items = read_blocks(inputs, progress, self.context, self._buffers)
        self._waiting: deque[Future[ScannedInput] | ScannedInput | InputResult] = deque()

    def begin(self) -> None:
        """Have threads scan the first blocks of a long file meanwhile.

        All others would have to be waited for.
        """
        if not self.inputs or not self.inputs[0].is_long_file:
            return
        for item in self._items:
            self._add_item(item)
            if len(self._waiting) >= _EARLY_BLOCKS or not callable(item):
                return

    def __iter__(self) -> Iterator[ScannedInput | InputResult]:
        try:
            for item in self._items:
                self._add_item(item)
                while self._waiting and (
                    _is_ready(self._waiting[0])
                    or len(self._waiting) >= self._workers + _AHEAD_BLOCKS
                ):
                    yield _take_result(self._waiting.popleft())
            while self._waiting:
                yield _take_result(self._waiting.popleft())
        finally:
            self._pool.shutdown(cancel_futures=True)

    def _add_item(self, item: BlockLoader | InputBlock | InputResult) -> None:
        """Have a block scanned: a small one at once, since a thread would cost more."""
        if isinstance(item, InputResult):
            self._waiting.append(item)
        elif isinstance(item, InputBlock) and len(item.data) < _MIN_THREAD_BYTES:
            self._waiting.append(self.scan(item))
        else:
            self._waiting.append(self._pool.submit(self.scan, item))

    def scan(self, block: InputBlock | BlockLoader) -> ScannedInput:
        """Scan a block."""
        return scan_block(block, self.scanner)

    def give_back(self, block: ScannedInput) -> None:
        """Give back the memory of a block that was read, to be used again."""
        self._buffers.give_back(block.data)


def _is_ready(item: Future[ScannedInput] | ScannedInput | InputResult) -> bool:
    return not isinstance(item, Future) or item.done()


def _take_result(
    item: Future[ScannedInput] | ScannedInput | InputResult,
) -> ScannedInput | InputResult:
    return item.result() if isinstance(item, Future) else item
