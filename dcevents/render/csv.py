"""Comma-separated values: for scripts and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Circumstances, Format
from dcevents.render._separated import separated

if TYPE_CHECKING:
    from dcevents.tables import Table


def _render(tables: Sequence[Table], about: Circumstances) -> Iterator[str]:
    return separated(tables, about, about.delimiter)


FORMAT = Format("csv", (".csv",), _render, 20)
