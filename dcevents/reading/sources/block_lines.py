"""Blocks of whole lines, and the calls that load them."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from dcevents.reading.parsing.records import Style
from dcevents.reading.sources.inputs import Extent


class LineRun(NamedTuple):
    """Lines of one input in a block."""

    input_number: int
    lines: int | None
    """Known where a block has several runs."""


class BlockLines(NamedTuple):
    """Whole lines of one input, or of several small ones."""

    data: bytes
    runs: Sequence[LineRun]
    unterminated: Collection[int] = ()
    """Rows whose LF was missing at the end of an input."""
    framing: Style | None = None
    """How records of the one input lie in these lines; None where they are the lines."""
    problem: str | None = None
    """Reason why lines of the one input are missing here; later blocks of it do not count."""
    extent: Extent | None = None
    """The read part of the one input with these lines, where it grows and is read by ranges."""


BlockLoader = Callable[[], BlockLines]
"""Loads a block's lines, in any thread. Raises InputError where they cannot be read."""
