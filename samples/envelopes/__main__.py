"""Write a log in one shape."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from samples import envelopes


def main() -> None:
    """Write a log in one shape."""
    parser = argparse.ArgumentParser(
        description=envelopes.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "source", nargs="?", type=Path, help="canonical lines; default: a day of the sample logs"
    )
    parser.add_argument("--shape", choices=envelopes.SHAPES, default="canonical", metavar="SHAPE")
    options = parser.parse_args()
    default = Path(__file__).parents[2] / "sample_logs" / "site" / "dc.log"
    with open(options.source or default, "rb") as source:
        events = envelopes.read(source)
    sys.stdout.buffer.write(envelopes.SHAPES[options.shape].write(events))


if __name__ == "__main__":
    main()
