"""Comma-separated values: for scripts and spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext
from dcevents.render._separated import write_separated

if TYPE_CHECKING:
    from dcevents.tables import Table


def _write_tables(tables: Sequence[Table], about: RenderContext) -> Iterator[str]:
    return write_separated(tables, about, about.delimiter)


FORMAT = Format("csv", (".csv",), _write_tables, 20)
