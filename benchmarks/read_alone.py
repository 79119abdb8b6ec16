"""Reading alone, without imports and reports: seconds and seconds of CPU for a log.

python benchmarks/read_alone.py FILE
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dcevents.model.vocabulary import Vocabulary
from dcevents.reading.log import read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources.operands import find_inputs

ROUNDS = 5
LEAST_EVENTS = 0.25
"""The share of records that must be events: beside each may stand two headings."""


def main() -> None:
    """Read a log some times; print the least time to standard output."""
    settings = ReadSettings(clock_ms=time.time_ns() // 1_000_000)
    walls, cpus = [], []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        inputs = find_inputs(sys.argv[1:2]).inputs
        log = read_log(Scanning(inputs, settings, lambda _: None), Vocabulary())
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    records, events = log.account.records, sum(count.events for count in log.input_counts.values())
    if events < LEAST_EVENTS * records:
        sys.exit(f"{events} of {records} records are events: the time says nothing")
    print(f"{min(walls):.4f} {min(cpus):.4f}")


if __name__ == "__main__":
    main()
