"""The scanner alone, in one thread: seconds and seconds of CPU for all blocks of a file.

python benchmarks/scan_alone.py FILE
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dcevents.reading.judge import Context
from dcevents.reading.scanner import LineStatus, make_scanner
from dcevents.reading.sources.buffers import BlockBuffers

BLOCK_BYTES = 1 << 21
MOST_ASIDE = 0.05
"""The share of lines that may be set aside: whoever takes nothing is fast."""


def read_blocks(path: str) -> Iterator[bytearray]:
    """Yield a file's bytes, cut behind line ends, in memory that is used again."""
    buffers, rest, is_over = BlockBuffers(), b"", False
    with open(path, "rb", buffering=0) as source:
        while not is_over:
            block = buffers.take(len(rest) + BLOCK_BYTES)
            block[: len(rest)] = rest
            with memoryview(block) as view:
                read = source.readinto(view[len(rest) :])
            size, is_over = len(rest) + (read or 0), not read
            end = size if is_over else block.rfind(b"\n", 0, size) + 1
            rest = bytes(block[end:size])
            del block[end:]
            if block:
                yield block
            buffers.give_back(block)


def main() -> None:
    """Scan a file; print the time to standard output, what was taken to standard error."""
    scanner = make_scanner(Context(clock_ms=time.time_ns() // 1_000_000), in_full=False)
    wall, cpu = time.perf_counter(), time.process_time()
    lines = aside = events = 0
    for block in read_blocks(sys.argv[1]):
        scanned = scanner.scan(block)
        lines += scanned.lines
        events += scanned.events.count
        aside += sum(run.lines for run in scanned.runs.list_of(LineStatus.ASIDE))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = f"{lines} lines: {events} events, {aside} set aside"
    if aside > MOST_ASIDE * lines:
        sys.exit(f"{found}: the time says nothing")
    print(f"{wall:.4f} {cpu:.4f}")
    print(found, file=sys.stderr)


if __name__ == "__main__":
    main()
