"""A progress bar, on a terminal, once the work has turned out to be long."""

import contextlib
import os
import time
from collections.abc import Sequence

from dcevents.show import format_duration

_DELAY_SECONDS = 1.0
"""Seconds without a bar: most runs are over by then."""
_REDRAW_SECONDS = 0.1
"""Seconds between one bar and the next: a thousand small files are no reason to write a thousand."""
_MAX_BAR_COLUMNS = 36
_ERASE_LINE = "\r\x1b[K"


class Progress:
    """Told the bytes read; shows them on standard error, against `sizes` where all of those are known.

    Unlike click's, it hides no cursor, which `kill -9` would leave hidden, and leaves no line behind.
    """

    def __init__(self, sizes: Sequence[int | None], *, shown: bool) -> None:
        self._total = sum(size or 0 for size in sizes) if sizes and None not in sizes else None
        self._shown = shown
        self._since = time.monotonic()
        self._next = self._since + _DELAY_SECONDS
        self._drawn = False
        self._read = 0

    def __call__(self, size: int) -> None:
        """So many more bytes were read."""
        self._read += size
        now = time.monotonic()
        if self._shown and now >= self._next:
            self._next = now + _REDRAW_SECONDS
            self._drawn = True
            _write_to_terminal(
                _ERASE_LINE
                + format_progress(self._read, self._total, now - self._since, _measure_terminal())
            )

    def close(self) -> None:
        """Leave the line to what comes next."""
        if self._drawn:
            _write_to_terminal(_ERASE_LINE)


def format_progress(read: int, total: int | None, seconds: float, columns: int) -> str:
    """`Reading  [####----]  50 %, 12s left` in less than so many columns; `Reading  219 MB` of what has no size."""
    if not total:
        return f"Reading  {read / 1e6:,.0f} MB"[: columns - 1]
    # A file may grow while it is read.
    part = min(read / total, 1.0)
    left = max(1, round(seconds * (1 - part) / part)) if part else 0
    text = f"{int(part * 100):>3} %" + (
        f", {f'{left}s' if left < 10 else format_duration(left)} left" if left else ""
    )
    room = min(_MAX_BAR_COLUMNS, columns - len(f"Reading  []  {text}") - 1)
    if room < 1:
        return text[: columns - 1]
    return f"Reading  [{'#' * int(part * room):-<{room}}]  {text}"


def _measure_terminal() -> int:
    """Of the terminal; one that does not know has 80."""
    with contextlib.suppress(OSError):
        return os.get_terminal_size(2).columns or 80
    return 80


def _write_to_terminal(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, text.encode())
