"""Cells and headings as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.render._format import SLICE_ROWS
from dcevents.render._texts import find_common_origin, strip_origin
from dcevents.show import (
    NO_FIGURE,
    format_duration,
    format_local_time,
    format_number,
    format_percent,
    format_small_rate,
    make_visible,
)

if TYPE_CHECKING:
    import polars as pl

    from dcevents.render._format import RenderContext
    from dcevents.tables import Column, Table


_SMALL_BASE = 30
"""Rates of fewer conversations or requests are shown with their number."""
_MAX_REMEMBERED_CELLS = 1 << 16


def format_cell(
    value: Any,  # noqa: ANN401 - any cell
    column: Column,
    context: RenderContext,
    base: int | None = None,
) -> str:
    """Return a value in people's words.

    A rate of a small `base` is shown with it: `36 % of 25`.
    """
    if value is None:
        return NO_FIGURE
    if column.kind == "rate":
        if base is not None and base < _SMALL_BASE:
            return format_small_rate(value, base)
        return format_percent(value)
    if column.kind == "seconds":
        return format_duration(value)
    if column.kind == "count":
        return format_number(value)
    if column.kind == "time":
        return format_local_time(value, context.tz) or NO_FIGURE
    if column.kind == "flag":
        return "yes" if value else "no"
    return make_visible(str(value))


def format_rows(
    table: Table, context: RenderContext, origins: Mapping[str, str] | None = None
) -> Iterator[list[str]]:
    """Yield the rows of a table in people's words: see `format_columns`."""
    for columns in format_columns(table, context, SLICE_ROWS, origins):
        yield from map(list, zip(*columns, strict=True))


def format_columns(
    table: Table,
    context: RenderContext,
    slice_rows: int,
    origins: Mapping[str, str] | None = None,
) -> Iterator[list[list[str]]]:
    """Yield the cells of each column in people's words, so many rows at once.

    `origins`: by column, the scheme and host that addresses are shown without.
    """
    words = [_Words(column, context) for column in table.columns]
    # Not as the other formats round them: 100 % stands only where it is exactly true.
    for part in table.rows.iter_slices(slice_rows):
        found = []
        for column, known in zip(table.columns, words, strict=True):
            values = part[column.name].to_list()
            if origins and (origin := origins.get(column.name)):
                values = [value and strip_origin(value, origin) for value in values]
            bases = _list_bases(part[column.base_column]) if column.base_column else None
            found.append(known.format_values(values, bases))
        yield found


class _Words(dict[Any, str]):
    """The cells of a column by their values, or by these and their bases: most come again."""

    def __init__(self, column: Column, context: RenderContext) -> None:
        super().__init__()
        self._column, self._context = column, context

    def format_values(self, values: Sequence[Any], bases: Sequence[int | None] | None) -> list[str]:
        """Return the cells of values."""
        if self._column.is_text and _are_plain(values):
            return [NO_FIGURE if value is None else value for value in values]
        if len(self) > _MAX_REMEMBERED_CELLS:
            self.clear()
        pairs = values if bases is None else zip(values, bases, strict=True)
        return list(map(self.__getitem__, pairs))

    def __missing__(self, key: Any) -> str:  # noqa: ANN401 - a value, or one and its base
        value, base = key if isinstance(key, tuple) else (key, None)
        # 0.0 and -0.0 are one key.
        value = value + 0.0 if isinstance(value, float) else value
        self[key] = found = format_cell(value, self._column, self._context, base)
        return found


def _list_bases(bases: pl.Series) -> list[int | None]:
    """Return the bases of rates, none for those that are not shown with their rate."""
    return bases.set(bases >= _SMALL_BASE, None).to_list()


def _are_plain(values: Sequence[Any]) -> bool:
    """Return whether all values are texts that can be shown as they are, or none."""
    try:
        text = "".join([value for value in values if value is not None])
    except TypeError:
        return False
    return text.isascii() and text.isprintable()


def format_total(table: Table, context: RenderContext) -> list[str] | None:
    """Return the total in words, named in the first column.

    None where there is no total, or no row beside it.
    """
    if table.total is None or not table.by or tuple(table.by) == ("all",):
        return None
    total = table.total
    figures = [
        format_cell(
            total[column.name],
            column,
            context,
            total[column.base_column] if column.base_column else None,
        )
        if column.name in total
        else ""
        for column in table.columns
    ]
    return ["Total", *figures[1:]]


def is_left_aligned(column: Column) -> bool:
    """Return whether a column reads from the left."""
    return column.kind in ("text", "word", "day", "time", "flag")


def format_headline_title(context: RenderContext) -> str:
    """Return the title above a headline, with the period."""
    return _format_name(context.report_name) + format_period_suffix(context)


def format_caption(table: Table, context: RenderContext) -> str:
    """Return the title of a table: report, keys and period."""
    by = " by " + ", ".join(table.by) if table.by and tuple(table.by) != ("all",) else ""
    # A report of several tables has the period once, above its headline.
    period = format_period_suffix(context) if context.report_name == table.name else ""
    figure = f": {table.grid_of.lower()}" if table.grid_of else ""
    return f"{_format_name(table.name)}{figure}{by}{period}"


def _format_name(report_name: str) -> str:
    return report_name.replace("-", " ").capitalize()


def format_period_suffix(context: RenderContext) -> str:
    """Return `, 2026-11-02 to 2026-11-08 (Europe/Berlin)`; nothing without a period."""
    compared = f", before: {context.compared_period}" if context.compared_period else ""
    return f", {context.period} ({context.tz.key}){compared}" if context.period else ""


def find_origins(table: Table) -> tuple[dict[str, str], dict[str, str]]:
    """Return the common host of each column of addresses, and a line that says so."""
    origins, remarks = {}, {}
    for column in table.columns:
        found = find_common_origin(table.rows[column.name]) if column.is_address else None
        if found is not None:
            origins[column.name] = found[0]
            remarks[column.name] = f"{column.title}: {describe_origin(found)}"
    return origins, remarks


def describe_origin(found: tuple[str, bool]) -> str:
    """Return which host addresses are shown without, from `find_common_origin`."""
    origin, has_all = found
    return f"{'all' if has_all else 'where no site is named,'} on {make_visible(origin)}"
