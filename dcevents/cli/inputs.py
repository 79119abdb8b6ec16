"""Reading of inputs, as reports and `ingest` share it."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.cli.progress import Progress
from dcevents.cli.rejects import open_rejects_file
from dcevents.reading.sources.operands import is_standard_input_given

if TYPE_CHECKING:
    from dcevents.reading.account import RejectedLine
    from dcevents.reading.sources.operands import FoundInputs

KeepReject = Callable[["RejectedLine", bytes], None]


def _collect_garbage_again() -> None:
    """Turn garbage collection on again, which `__main__` turned off for imports."""
    gc.freeze()
    gc.enable()


def settle_imports() -> None:
    """Undo what the start and its imports have changed for the process.

    Each door calls it, behind its imports.
    """
    _collect_garbage_again()
    let_interrupts_end_waits()


def let_interrupts_end_waits() -> None:
    """Have Ctrl-C end what waits for input, which polars' handler would let go on waiting."""
    signal.siginterrupt(signal.SIGINT, True)


def has_waiting_input() -> bool:
    """Return whether standard input is a file or a pipe that somebody writes to, or has."""
    if not is_standard_input_given():
        return False
    poll = select.poll()
    poll.register(0, select.POLLIN)
    states = [state for _, state in poll.poll(0)]
    # Under some crons it is a pipe that was closed without a byte.
    return not states or bool(states[0] & select.POLLIN)


@contextlib.contextmanager
def open_reading(
    found: FoundInputs, rejects_file: str | None, *, is_quiet: bool
) -> Iterator[tuple[Progress, KeepReject | None]]:
    """Yield callbacks for read bytes and for rejected lines."""
    with (
        _show_reading(found, is_quiet=is_quiet) as progress,
        open_rejects_file(rejects_file) as keep_reject,
    ):
        yield progress, keep_reject


@contextlib.contextmanager
def _show_reading(found: FoundInputs, *, is_quiet: bool) -> Iterator[Progress]:
    sizes = [source.size for source in found.inputs]
    with show_progress(sizes, "Reading", is_quiet=is_quiet) as progress:
        yield progress


@contextlib.contextmanager
def show_progress(sizes: Sequence[int | None], verb: str, *, is_quiet: bool) -> Iterator[Progress]:
    """Yield a bar for work of these sizes; nobody sees it but on a terminal."""
    is_shown = (
        not is_quiet
        and sys.stderr is not None
        and sys.stderr.isatty()
        and os.environ.get("TERM", "dumb") != "dumb"
    )
    progress = Progress(sizes, is_shown=is_shown, verb=verb)
    try:
        yield progress
    finally:
        progress.close()
