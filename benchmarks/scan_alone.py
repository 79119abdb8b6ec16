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

BLOCK_BYTES = 1 << 21
MOST_ASIDE = 0.05
"""The share of lines that may be set aside: whoever takes nothing is fast."""


def read_blocks(path: str) -> Iterator[bytes]:
    """Yield a file's bytes, cut behind line ends."""
    with open(path, "rb") as source:
        rest = b""
        while read := source.read(BLOCK_BYTES):
            end = read.rfind(b"\n") + 1
            if end:
                yield rest + read[:end]
                rest = read[end:]
            else:
                rest += read
    if rest:
        yield rest


def main() -> None:
    """Scan a file; print the time to standard output, what was taken to standard error."""
    scanner = make_scanner(Context(clock_ms=time.time_ns() // 1_000_000), in_full=False)
    wall, cpu = time.perf_counter(), time.process_time()
    lines = aside = events = 0
    for block in read_blocks(sys.argv[1]):
        scanned = scanner.scan(block)
        lines += scanned.lines
        events += scanned.events.count
        aside += sum(run.lines for run in scanned.runs if run.status is LineStatus.ASIDE)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    found = f"{lines} lines: {events} events, {aside} set aside"
    if aside > MOST_ASIDE * lines:
        sys.exit(f"{found}: the time says nothing")
    print(f"{wall:.4f} {cpu:.4f}")
    print(found, file=sys.stderr)


if __name__ == "__main__":
    main()
