"""Cells and headings as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dcevents.render._base import Circumstances, rows
from dcevents.show import NONE, duration, local_time, number, percent, visible

if TYPE_CHECKING:
    from dcevents.reports._base import Column, Table


def cell(value: Any, column: Column, about: Circumstances) -> str:  # noqa: ANN401 - any cell
    """A value in people's words."""
    if value is None:
        return NONE
    if column.kind == "rate":
        return percent(value)
    if column.kind == "seconds":
        return duration(value)
    if column.kind == "count":
        return number(value)
    if column.kind == "time":
        return local_time(value, about.tz) or NONE
    if column.kind == "flag":
        return "yes" if value else "no"
    return visible(str(value))


def lines(table: Table, about: Circumstances) -> Iterator[list[str]]:
    """The rows of a table, in words."""
    for part in rows(table):
        for row in part:
            yield [cell(value, column, about) for value, column in zip(row, table.columns, strict=True)]


def total_line(table: Table, about: Circumstances) -> list[str] | None:
    """The total in words, named in the first column; None where there is none or it would stand alone."""
    if table.total is None or not table.by or tuple(table.by) == ("all",):
        return None
    figures = [
        cell(table.total[column.name], column, about) if column.name in table.total else "" for column in table.columns
    ]
    return ["Total", *figures[1:]]


def is_left(column: Column) -> bool:
    """Whether a column reads from the left."""
    return column.kind in ("text", "day", "time", "flag")


def captions(table: Table, about: Circumstances) -> str:
    """What a table shows, in one line."""
    title = {"live-chat": "Live chat"}.get(table.name, table.name.capitalize())
    by = " by " + ", ".join(table.by) if table.by and tuple(table.by) != ("all",) else ""
    # The summary's headline says it once for all its tables.
    return f"{title}{by}" + (when(about) if about.name == table.name else "")


def when(about: Circumstances) -> str:
    """`, 2026-11-02 to 2026-11-08 (Europe/Berlin)`: what a table's times are and are of."""
    return f", {about.period} ({about.tz.key})" if about.period else ""
