"""Blocks of inputs, scanned in threads.

It knows no polars: long files are scanned while that is imported.
"""

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, NamedTuple

from dcevents.model.events import REJECT_REASONS
from dcevents.model.numbers.codes import Codes
from dcevents.model.numbers.packed_events import PackedEvents
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.rows.table_search import NO_TABLE, TableSearch
from dcevents.reading.scanner import (
    OTHER_BUCKETS,
    SEVERAL,
    LineStatus,
    PureScanner,
    Runs,
    ScannedBlock,
    Scanner,
    TakenEvents,
    make_scanner,
)
from dcevents.reading.scanner.beginnings import may_begin_long_object
from dcevents.reading.scanner.packing import number_events, pack_numbered
from dcevents.reading.sources import sizes
from dcevents.reading.sources.blocks import BlockLoader, InputBlock, RestOfInput, read_blocks
from dcevents.reading.sources.buffers import BlockBuffers, BlockBytes, cut_bytes
from dcevents.reading.sources.inputs import Input, InputResult, ProgressCallback
from dcevents.reading.sources.members import find_first_member

_MAX_THREADS: Final = 8
_AHEAD_BLOCKS: Final = 2
"""Blocks that are read ahead, beside one for each thread."""
_EARLY_BYTES: Final = 16 * sizes.BLOCK_BYTES
"""Bytes that wait before anybody asks for a block, while polars is imported.

Of blocks that are let go only the columns wait. More need more memory at once, which costs more
than is won.
"""
_RESULT_BYTES: Final = 1 << 12
"""Bytes that anything takes which waits."""
_MIN_THREAD_BYTES: Final = 1 << 16
"""Bytes of a block that are worth a thread."""
_SETTLED_STATUSES: Final = bytes({*LineStatus} - {LineStatus.ASIDE, *SEVERAL})
"""Of lines whose bytes say nothing more: an array may be written anew, with more members."""
_SETTLED_BUCKETS: Final = bytes(
    OTHER_BUCKETS.index(name) for name in OTHER_BUCKETS if name not in REJECT_REASONS
)
"""Of lines that are no event, and not rejected: rejected ones may be shown."""
_MIN_PACKED_EVENTS: Final = 1 << 9
"""Events of a block that are worth to be made facts by themselves."""
_ODD_BUCKETS: Final = [OTHER_BUCKETS.index(name) for name in ("invalid_json", "invalid_utf8")]


class ScannedInput(NamedTuple):
    """A block of an input, scanned."""

    begin: BlockBytes
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
    passed_bytes: int = 0
    """Size of whole lines that were let go, in the place of `data`: nothing is open before them,
    and nobody is to look at them again."""
    packed: PackedEvents | None = None
    """The facts of the events, whose columns are let go then."""
    first_line: int | None = None
    """Where a line begins in `data`, if nothing of it is scanned: it may lie in a long list."""

    @property
    def is_settled(self) -> bool:
        """Return whether all lines were taken for good, if nothing is open before them."""
        statuses, others = self.scanned.runs.statuses, self.scanned.others
        return (
            not (self.begin or self.problem or self.rest)
            and self.first_line is None
            and self.framing == NO_TABLE
            and self.data.endswith(b"\n")
            and not statuses.translate(None, _SETTLED_STATUSES)
            and not bytes(others.buckets).translate(None, _SETTLED_BUCKETS)
        )

    def let_go(self, packed: PackedEvents | None) -> "ScannedInput":
        """Return the block without its bytes, and without columns of which facts were made."""
        scanned = self.scanned.let_go() if packed else self.scanned
        size = len(self.data)
        return self._replace(data=b"", scanned=scanned, passed_bytes=size, packed=packed)

    @property
    def size(self) -> int:
        """Return how many bytes wait with the block, once it is let go."""
        return self.scanned.size + (self.packed.size if self.packed else 0)


def scan_block(
    block: InputBlock | BlockLoader, scanner: Scanner, *, is_in_list: bool = False
) -> ScannedInput:
    """Scan the lines of a block, which may have to be loaded first; none within a long list."""
    block = block if isinstance(block, InputBlock) else block()
    if block.framing != NO_TABLE:
        return _take_rows(block)
    size = 0 if block.is_line_start else block.data.find(b"\n") + 1 or len(block.data)
    if is_in_list:
        return _leave_lines(block, size)
    begin, data = _split_bytes(block.data, size)
    scanned, rest = scanner.scan(data), None
    if block.source and _has_odd_lines(scanned):
        place = find_first_member(data)
        if place is not None:
            rest = block.source.read_on(block.data, len(begin) + place)
            data = bytes(data[:place])
            scanned = scanner.scan(data)
    return ScannedInput(begin, data, scanned, block.problem, rest)


def _split_bytes(data: BlockBytes, size: int) -> tuple[BlockBytes, BlockBytes]:
    """Return the first bytes and the others, copied only where there are both."""
    if not 0 < size < len(data):
        return (data, b"") if size else (b"", data)
    return cut_bytes(data, 0, size), cut_bytes(data, size, len(data))


def _leave_lines(block: InputBlock, size: int) -> ScannedInput:
    """Return a block that is not scanned, without compressed data; a line begins at `size`."""
    data, rest = block.data, None
    place = find_first_member(data, size) if block.source else None
    if block.source and place is not None:
        rest = block.source.read_on(data, place)
        data = cut_bytes(data, 0, place)
    unscanned = ScannedBlock(Runs(), 0)
    return ScannedInput(b"", data, unscanned, block.problem, rest, first_line=size)


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
    """The blocks of inputs and the findings about each, in order, to be taken once.

    A thread reads ahead, others scan: whoever takes blocks waits for neither.
    """

    def __init__(
        self, inputs: Sequence[Input], settings: ReadSettings, progress: ProgressCallback
    ) -> None:
        self.inputs = inputs
        self.settings = settings
        self.context = settings.make_context()
        self.scanner = make_scanner(self.context, in_full=settings.in_full)
        workers = min(_MAX_THREADS, (os.cpu_count() or 1) + 1)
        self.is_in_list = False
        """Whether whoever takes blocks is within a long list: its members are no lines to scan."""
        self._pool = ThreadPoolExecutor(workers)
        self._buffers = BlockBuffers()
        self._items = read_blocks(inputs, progress, self.context, self._buffers)
        self._reader: threading.Thread | None = None
        self._changed = threading.Condition()
        # What follows changes only under it.
        self._waiting: deque[_WaitingItem] = deque()
        self._waiting_bytes = 0
        self._max_bytes = _EARLY_BYTES
        self._settling = _Settling(inputs)
        self.codes: Codes | None = None
        self._later_max_bytes = (workers + _AHEAD_BLOCKS) * sizes.BLOCK_BYTES
        self._is_looking = False
        """Whether the first block of an input is not loaded yet, by which the next are scanned."""
        self._is_over = False
        self._error: BaseException | None = None

    def begin(self, codes: Codes | None = None) -> None:
        """Have the first blocks read and scanned meanwhile.

        Where there are `codes`, facts are made by these as far as that is certain: whoever reads
        the log is to use them, too.
        """
        self.codes = codes
        self._reader = threading.Thread(target=self._read_ahead, daemon=True)
        self._reader.start()

    def __iter__(self) -> Iterator[ScannedInput | InputResult]:
        if self._reader is None:
            self.begin()
        try:
            while taken := self._take_waiting():
                while taken:
                    yield _take_result(taken.popleft().item)
            if self._error:
                raise self._error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()
            self._pool.shutdown(cancel_futures=True)

    def _read_ahead(self) -> None:
        """Read blocks and have them scanned, as long as there is room, up to the end."""
        is_first = True
        try:
            for item in self._items:
                is_last, is_loaded = isinstance(item, InputResult), isinstance(item, InputBlock)
                if not is_first and not is_last:
                    with self._changed:
                        self._changed.wait_for(lambda: not self._is_looking or self._is_over)
                self._is_looking = is_first and not is_last and not is_loaded
                waiting = self._scan_item(item)
                is_first = is_last
                with self._changed:
                    self._waiting.append(waiting)
                    self._waiting_bytes += waiting.size
                    self._changed.notify_all()
                if isinstance(waiting.item, Future):
                    waiting.item.add_done_callback(self._let_go_settled)
                with self._changed:
                    self._changed.wait_for(self._has_room)
                    if self._is_over:
                        return
        except BaseException as error:  # noqa: BLE001 - raised where the blocks are taken
            self._error = error
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _let_go_settled(self, _scanned: Future[ScannedInput]) -> None:
        """Let go of the bytes of blocks that wait, as far as nobody is to look at them again."""
        # A thread would write an error of its own; a block that keeps its bytes is read as well.
        with self._settling.lock, suppress(MemoryError):
            with self._changed:
                found = list(self._settling.find_settled(self._waiting))
            for place, block in found:
                self._let_go(place, block)

    def _let_go(self, place: int, block: ScannedInput) -> None:
        """Let go of the bytes of a block that waits at a place."""
        settled = block.let_go(self._pack(block.scanned.events))
        waiting = _WaitingItem(settled, _RESULT_BYTES + settled.size)
        with self._changed:
            self._waiting_bytes += waiting.size - self._waiting[place].size
            self._waiting[place] = waiting
            self._changed.notify_all()
        self.give_back(block)

    def _pack(self, events: TakenEvents) -> PackedEvents | None:
        """Return the facts of a block's events; None where whoever takes it is to make them."""
        if self.codes is None or self.settings.in_full or events.count < _MIN_PACKED_EVENTS:
            return None
        try:
            return pack_numbered(number_events(events, self.codes), self.settings)
        except (MemoryError, OverflowError):
            # Whoever takes the block meets it again, and can say so.
            return None

    def _has_room(self) -> bool:
        return self._is_over or self._waiting_bytes < self._max_bytes

    def _take_waiting(self) -> deque["_WaitingItem"]:
        """Return all that waits, at least one block; none at the end."""
        with self._settling.lock:
            # From now on blocks are taken as soon as they are scanned.
            self._settling.is_over = True
        with self._changed:
            self._max_bytes = self._later_max_bytes
            self._changed.wait_for(lambda: self._waiting or self._is_over)
            taken, self._waiting, self._waiting_bytes = self._waiting, deque(), 0
            self._changed.notify_all()
        return taken

    def _scan_item(self, item: BlockLoader | InputBlock | InputResult) -> "_WaitingItem":
        """Have a block scanned: a small one at once, since a thread would cost more."""
        if isinstance(item, InputResult):
            return _WaitingItem(item, _RESULT_BYTES)
        if isinstance(item, InputBlock) and len(item.data) < _MIN_THREAD_BYTES:
            return _WaitingItem(self.scan(item), _RESULT_BYTES + len(item.data))
        return _WaitingItem(self._pool.submit(self.scan, item), sizes.BLOCK_BYTES)

    def scan(self, block: InputBlock | BlockLoader) -> ScannedInput:
        """Scan a block."""
        if self._is_looking and not isinstance(block, InputBlock):
            block = block()
            self._look_at_first(block)
            return scan_block(block, self.scanner, is_in_list=False)
        return scan_block(block, self.scanner, is_in_list=self.is_in_list)

    def _look_at_first(self, block: InputBlock) -> None:
        """Say whether a long list may be open behind an input's first block, until it is taken."""
        if may_begin_long_object(block.data):
            self.is_in_list = True
        with self._changed:
            self._is_looking = False
            self._changed.notify_all()

    def give_back(self, block: ScannedInput) -> None:
        """Give back the memory of a block that was read, to be used again."""
        self._buffers.give_back(block.begin)
        self._buffers.give_back(block.data)


class _WaitingItem(NamedTuple):
    """A block that waits to be taken, or a finding, and about how much memory it takes."""

    item: Future[ScannedInput] | ScannedInput | InputResult
    size: int


class _Settling:
    """Finds the first blocks of inputs at which, as at those before, nobody is to look again."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self.is_over = False
        self.lock = threading.Lock()
        """Held by whoever lets go of blocks: in their order."""
        self._inputs = deque(inputs)
        """From the present one on."""
        self._place = 0
        """Of the first item that is not decided."""
        self._is_settled = self._begins_anew()
        """Whether all blocks of the present input are, so far."""

    def _begins_anew(self) -> bool:
        """Return whether nothing is open before the input, and its bytes are not to be known."""
        return bool(self._inputs) and self._inputs[0].resume is None

    def find_settled(self, waiting: Sequence["_WaitingItem"]) -> Iterator[tuple[int, ScannedInput]]:
        """Yield the places of blocks that are settled by now, and these blocks."""
        while not self.is_over and self._place < len(waiting):
            place, item = self._place, waiting[self._place].item
            if isinstance(item, Future):
                if not item.done() or item.cancelled() or item.exception():
                    return
                item = item.result()
            self._place += 1
            if isinstance(item, InputResult):
                self._inputs.popleft()
                self._is_settled = self._begins_anew()
            else:
                self._is_settled &= item.is_settled
                if self._is_settled:
                    yield place, item


def _take_result(
    item: Future[ScannedInput] | ScannedInput | InputResult,
) -> ScannedInput | InputResult:
    return item.result() if isinstance(item, Future) else item
