"""A progress bar, on a terminal, for long work."""

import contextlib
import os
import time
from collections.abc import Sequence

from dcevents.show import format_duration

_DELAY_SECONDS = 1.0
"""Seconds without a bar: most runs are over by then."""
_REDRAW_SECONDS = 0.1
"""Seconds between one bar and the next, so that a thousand small files draw only a few."""
_MAX_BAR_COLUMNS = 36
_ERASE_LINE = "\r\x1b[K"


class Progress:
    """A bar on standard error: the bytes read, of the sum of `sizes`.

    Where a size is unknown, it shows the bytes read alone. Unlike click's, it hides no cursor,
    which `kill -9` would leave hidden, and leaves no line behind.
    """

    def __init__(
        self, sizes: Sequence[int | None], *, is_shown: bool, verb: str = "Reading"
    ) -> None:
        self._total_bytes = (
            sum(size or 0 for size in sizes) if sizes and None not in sizes else None
        )
        self._is_shown = is_shown
        self._verb = verb
        self._started_at = time.monotonic()
        self._next_at = self._started_at + _DELAY_SECONDS
        self._is_drawn = False
        self._read_bytes = 0

    def __call__(self, size: int) -> None:
        """Count read bytes, and draw the bar if it is time."""
        self._read_bytes += size
        now = time.monotonic()
        if self._is_shown and now >= self._next_at:
            self._next_at = now + _REDRAW_SECONDS
            self._is_drawn = True
            seconds = now - self._started_at
            columns = _measure_terminal()
            bar = format_progress(self._read_bytes, self._total_bytes, seconds, columns, self._verb)
            _write_to_terminal(_ERASE_LINE + bar)

    def close(self) -> None:
        """Erase the bar; it is not drawn any more, whatever is still read."""
        self._is_shown = False
        if self._is_drawn:
            _write_to_terminal(_ERASE_LINE)


def format_progress(
    read: int, total: int | None, seconds: float, columns: int, verb: str = "Reading"
) -> str:
    """Return `Reading  [####----]  50 %, 12s left`; megabytes without a total.

    `read` and `total` are bytes. The text is shorter than the columns of the terminal.
    """
    if not total:
        return f"{verb}  {read / 1e6:,.0f} MB"[: columns - 1]
    # A file may grow while it is read.
    part = min(read / total, 1.0)
    left = max(1, round(seconds * (1 - part) / part)) if part else 0
    rest = f"{left}s" if left < 10 else format_duration(left)
    text = f"{int(part * 100):>3} %" + (f", {rest} left" if left else "")
    room = min(_MAX_BAR_COLUMNS, columns - len(f"{verb}  []  {text}") - 1)
    if room < 1:
        return text[: columns - 1]
    return f"{verb}  [{'#' * int(part * room):-<{room}}]  {text}"


def _measure_terminal() -> int:
    """Return the columns of the terminal; 80 where unknown."""
    with contextlib.suppress(OSError):
        return os.get_terminal_size(2).columns or 80
    return 80


def _write_to_terminal(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, text.encode())
