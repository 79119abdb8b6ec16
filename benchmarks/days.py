"""Days of made-up traffic, one log a night: 10^6 lines each, conversations across midnight,
late lines, repeated ones.

python benchmarks/days.py --days 91 FOLDER    day-001.ndjson.zst … of some 22 MB

The same seed gives the same bytes.

Of each day's lines a thousandth arrives 1 to 7 nights late, and another one a second time.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from itertools import chain
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from samples.generate import minutes_of_log

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = 1_000_000
LATEST = 7
"""Nights after which a late line has arrived."""


def zstd() -> Any:  # noqa: ANN401 - of the standard library or a dependency of dcevents
    """Return the module that packs."""
    return importlib.import_module(
        "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    )


def days(seed: int, lines: int = LINES, per_conversation: float = 2.2) -> Iterator[list[bytes]]:
    """Yield the lines of each night's log, without end."""
    rng = Random(seed)
    waiting: list[list[bytes]] = [[] for _ in range(LATEST + 1)]
    for log in cut(minutes_of_log(rng, 28 * lines, per_conversation), lines):
        late, again = (rng.sample(range(len(log)), len(log) // 1000) for _ in range(2))
        for place in chain(late, again):
            waiting[rng.randint(1, LATEST)].append(log[place])
        held = set(late)
        waiting.append([])
        yield [*(line for place, line in enumerate(log) if place not in held), *waiting.pop(0)]


def cut(minutes: Iterator[list[bytes]], lines: int) -> Iterator[list[bytes]]:
    """Yield that many lines at a time."""
    some: list[bytes] = []
    for minute in minutes:
        some += minute
        while len(some) >= lines:
            yield some[:lines]
            del some[:lines]


def name(number: int) -> str:
    """Return the name of a day's file."""
    return f"day-{number:03}.ndjson.zst"


def write(folder: Path, number: int, seed: int, lines: int = LINES) -> None:
    """Write the first days, those that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / name(number)).exists():
        return
    for day, log in zip(range(1, number + 1), days(seed, lines), strict=False):
        path = folder / name(day)
        if not path.exists():
            beside = path.with_suffix(".part")
            with zstd().open(beside, "wb", level=1) as out:
                out.write(b"".join(log))
            os.replace(beside, path)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--days", type=int, default=91)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(options.folder, options.days, options.seed)


if __name__ == "__main__":
    main()
