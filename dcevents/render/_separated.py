"""Separated values: quoted where they must be, guarded against spreadsheets that take text for a formula.

By the column: a listing may have millions of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from dcevents.render._format import RenderContext, list_totals, slice_rows
from dcevents.show import format_local_time, make_visible

if TYPE_CHECKING:
    import polars as pl

    from dcevents.tables import Column, Table

_FORMULA_PATTERN: Final = r"^[=+\-@\t\r\n]"
_QUOTED_CHARACTERS: Final = ',;"\t\r\n'
_PLAIN_FLOATS: Final = 1e-4, 1e15
"""Floats between these are written alike by polars and Python, which writes others with an exponent of its own."""


def write_separated(tables: Sequence[Table], about: RenderContext, delimiter: str) -> Iterator[str]:
    """Header and rows; several tables as report, metric, value."""
    import polars as pl  # noqa: PLC0415 - not for `--help`

    def lines(columns: Sequence[pl.Series]) -> str:
        cells = [_quote_cells(cells.alias(str(i)), delimiter) for i, cells in enumerate(columns)]
        made = pl.DataFrame(cells).select(pl.concat_str(pl.all(), separator=delimiter) + end)
        return "".join(made.to_series())

    end = "\r\n" if about.excel else "\n"
    yield "\ufeff" if about.excel else ""
    if len(tables) != 1:
        yield lines([pl.Series([name]) for name in ("report", "metric", "value")])
        for report, metric, value, column in list_totals(tables):
            yield lines(
                [
                    pl.Series([report]),
                    pl.Series([metric]),
                    _format_cells(pl.Series([value]), column, about),
                ]
            )
        return
    columns = tables[0].columns
    yield lines([pl.Series([column.name]) for column in columns])
    for part in slice_rows(tables[0]):
        yield lines([_format_cells(part[column.name], column, about) for column in columns])


def _quote_cells(cells: pl.Series, delimiter: str) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    must = cells.str.contains_any([*_QUOTED_CHARACTERS, delimiter])
    if not must.any():
        return cells
    text = pl.lit(cells)
    inside = pl.format('"{}"', text.str.replace_all('"', '""', literal=True))
    return pl.select(pl.when(must).then(inside).otherwise(text)).to_series()


def _format_cells(values: pl.Series, column: Column, about: RenderContext) -> pl.Series:
    """A column as text, empty where there is no value."""
    import polars as pl  # noqa: PLC0415

    if column.kind == "time" and about.excel:
        return _map_values(values, lambda value: format_local_time(value, about.tz) or "")
    if column.kind == "time":
        return values.cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").fill_null("")
    if column.is_text:
        return _format_texts(values.cast(pl.String), about)
    return _format_numbers(values).fill_null("")


def _format_texts(values: pl.Series, about: RenderContext) -> pl.Series:
    values = _map_values(values, make_visible) if about.is_terminal else values.fill_null("")
    acts = values.str.contains(_FORMULA_PATTERN) if about.guards_formulas else None
    return values if acts is None or not acts.any() else values.zip_with(~acts, "'" + values)


def _format_numbers(values: pl.Series) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    if not values.dtype.is_float():
        return values.cast(pl.String)
    least, most = _PLAIN_FLOATS
    plain = values.abs().is_between(least, most, closed="left") | (values == 0)
    return values.cast(pl.String) if plain.all() else _map_values(values, str)


def _map_values(values: pl.Series, write: Callable[[Any], str]) -> pl.Series:
    import polars as pl  # noqa: PLC0415

    return pl.Series(["" if value is None else write(value) for value in values], dtype=pl.String)
