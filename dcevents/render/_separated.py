"""Separated values: quoted where they must be, guarded against spreadsheets that take text for a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.render._base import Circumstances, long_rows, rows
from dcevents.show import local_time, timestamp, visible

if TYPE_CHECKING:
    from dcevents.reports._base import Column, Table

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_QUOTED = frozenset(',;"\t\r\n')


def separated(tables: Sequence[Table], about: Circumstances, delimiter: str) -> Iterator[str]:
    """Header and rows; several tables as report, metric, value."""
    end = "\r\n" if about.excel else "\n"
    special = _QUOTED | {delimiter}

    def line(cells: Sequence[str]) -> str:
        return delimiter.join([_quoted(cell, special) for cell in cells]) + end

    yield "\ufeff" if about.excel else ""
    if len(tables) != 1:
        yield line(["report", "metric", "value"])
        for report, metric, value, column in long_rows(tables):
            yield line([report, metric, _writer(column, about)(value)])
        return
    yield line([column.name for column in tables[0].columns])
    writers = [_writer(column, about) for column in tables[0].columns]
    for part in rows(tables[0]):
        yield "".join([line([write(cell) for write, cell in zip(writers, row, strict=True)]) for row in part])


def _quoted(cell: str, special: frozenset[str]) -> str:
    return '"' + cell.replace('"', '""') + '"' if not special.isdisjoint(cell) else cell


def _writer(column: Column, about: Circumstances) -> Callable[[Any], str]:
    if column.kind == "time":
        return lambda value: (local_time(value, about.tz) if about.excel else timestamp(value)) or ""
    if column.kind == "flag":
        return lambda value: "" if value is None else "true" if value else "false"
    if column.is_text:
        return lambda value: "" if value is None else _text(value, about)
    return lambda value: "" if value is None else str(value)


def _text(value: str, about: Circumstances) -> str:
    if about.terminal:
        value = visible(value)
    return "'" + value if about.guard and value.startswith(_FORMULA) else value
