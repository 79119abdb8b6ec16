"""The headline figures of a page, with their change and whether chance alone makes such ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dcevents.render._cells import format_cell
from dcevents.show import format_number, format_points, format_relative_change

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Column, Table

_LEAST_PRIORITY: Final = 2
_MAX_TILES: Final = 12
_KINDS: Final = ("count", "rate", "seconds")
_VERDICT_WORDS: Final = {
    "better": "better, by more than chance",
    "worse": "worse, by more than chance",
    "same": "the same",
    "unclear": "may be chance",
}


@dataclass(frozen=True)
class Tile:
    """A figure of all rows."""

    title: str
    value: str
    base: str = ""
    """What a rate is of."""
    change: str = ""
    verdict: str = ""
    """`better`, `worse`, or another word of a comparison."""
    verdict_words: str = ""


def list_tiles(tables: Sequence[Table], context: RenderContext) -> list[Tile]:
    """Return a tile for each main figure of the totals, each once."""
    found: dict[str, Tile] = {}
    # Of a report's tables by several keys the totals are the same.
    names = [table.name for table in tables]
    for table in [each for i, each in enumerate(tables) if each.name not in names[:i]]:
        if table.grid_of:
            continue
        for name, tile in _list_table_tiles(table, context):
            found.setdefault(name, tile)
    return [*found.values()][:_MAX_TILES]


def _list_table_tiles(table: Table, context: RenderContext) -> Iterator[tuple[str, Tile]]:
    total = table.total or {}
    for column in table.columns:
        is_figure = column.kind in _KINDS and not (column.is_change or column.bounded_rate)
        if column.name in total and is_figure and column.priority >= _LEAST_PRIORITY:
            yield column.name, _make_tile(column, total, context)


def _make_tile(column: Column, total: Mapping[str, Any], context: RenderContext) -> Tile:
    base = total.get(column.base_column) if column.base_column else None
    verdict = (total.get("verdict") or "") if column.is_main else ""
    return Tile(
        column.title,
        format_cell(total[column.name], column, context),
        "" if base is None else f"of {format_number(base)}",
        _describe_change(column, total, context),
        verdict,
        _VERDICT_WORDS.get(verdict, verdict),
    )


def _describe_change(column: Column, total: Mapping[str, Any], context: RenderContext) -> str:
    before = f"{column.name}_before"
    if before not in total:
        return ""
    now, former = total[column.name], total[before]
    was = f"before {format_cell(former, column, context)}"
    if now is None or former is None:
        return was
    if column.kind == "rate":
        return f"{format_points(now - former)} points, {was}"
    if column.kind == "count":
        return f"{format_relative_change(now, former)}, {was}"
    return was
