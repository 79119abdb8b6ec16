"""Lines of a log, fast: what is certain of each alone. The judge is the authority.

`make_scanner` is the door. A scanner only saves time: each line that it takes says exactly what
`records.RecordReader` says of it, and all others it sets aside.
"""

from dcevents.native import load_library
from dcevents.reading.judge import Context
from dcevents.reading.scanner.block import (
    ALONE,
    NO_NAME,
    OBJECT_BUCKETS,
    OTHER_BUCKETS,
    SEVERAL,
    TOLD_BY_LINES,
    Effect,
    LineStatus,
    Run,
    Runs,
    ScannedBlock,
    Scanner,
    SidTexts,
    StructureCount,
    TakenEvents,
    TakenOthers,
)
from dcevents.reading.scanner.lines_within import make_line_passer
from dcevents.reading.scanner.long_lists import make_member_scanner
from dcevents.reading.scanner.map_words import list_words
from dcevents.reading.scanner.native import NativeScanner
from dcevents.reading.scanner.pure import PureScanner

__all__ = [
    "ALONE",
    "NO_NAME",
    "OBJECT_BUCKETS",
    "OTHER_BUCKETS",
    "SEVERAL",
    "TOLD_BY_LINES",
    "Effect",
    "LineStatus",
    "PureScanner",
    "Run",
    "Runs",
    "ScannedBlock",
    "Scanner",
    "SidTexts",
    "StructureCount",
    "TakenEvents",
    "TakenOthers",
    "make_line_passer",
    "make_member_scanner",
    "make_scanner",
]


def make_scanner(context: Context, *, in_full: bool) -> Scanner:
    """Return a scanner for all blocks of a run; `in_full` sets aside events with a meeting."""
    library = load_library()
    if library is None or list_words(context.mapping) is None:
        return PureScanner()
    return NativeScanner(library, context, in_full=in_full)
