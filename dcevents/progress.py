"""A progress bar, on a terminal, once the work has turned out to be long."""

import sys
import time
from collections.abc import Sequence
from typing import Any

import click

_AFTER = 1.0
"""Seconds without a bar: most runs are over by then."""


class Progress:
    """Told the bytes read; shows them against `sizes` where all of those are known."""

    def __init__(self, sizes: Sequence[int | None], *, shown: bool) -> None:
        self._total = sum(size or 0 for size in sizes) if sizes and None not in sizes else None
        self._shown = shown
        self._since = time.monotonic()
        self._read = 0
        self._bar: Any = None

    def __call__(self, size: int) -> None:
        """So many more bytes were read."""
        self._read += size
        if not self._shown or time.monotonic() - self._since < _AFTER:
            return
        if self._total is None:
            click.echo(f"\r{self._read / 1e6:,.0f} MB read", nl=False, err=True)
            return
        if self._bar is None:
            self._bar = click.progressbar(length=self._total, label="Reading", file=sys.stderr)
            self._bar.update(self._read)
            return
        self._bar.update(size)

    def close(self) -> None:
        """Leave the line to what comes next."""
        if self._bar is not None:
            self._bar.render_finish()
        if self._shown and time.monotonic() - self._since >= _AFTER:
            click.echo("\r\x1b[K", nl=False, err=True)
