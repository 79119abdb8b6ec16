"""Sheets of a workbook. Texts are texts: no formula, no link and no number is made of them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from dcevents.errors import OutputError
from dcevents.render._cells import (
    format_cell,
    format_headline_title,
    format_period_suffix,
    is_left_aligned,
)
from dcevents.render._format import list_rows
from dcevents.show import make_visible, measure_width
from dcevents.tables import round_total
from dcevents.times import convert_to_datetime

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format as CellFormat
    from xlsxwriter.worksheet import Worksheet

    from dcevents.render._format import RenderContext
    from dcevents.tables import Column, Table

_MAX_SHEET_ROWS: Final = 1_048_575
"""Rows of a sheet below its heading."""
_MAX_TEXT: Final = 32_767
"""Characters of a cell."""
_FIRST_YEAR: Final = 1900
"""Of dates in a workbook; earlier ones are texts."""
_DAY_SECONDS: Final = 86_400
_DATE_LENGTH: Final = 10
"""Characters of a date; those of a month and of a weekday are fewer."""
_NUMBER_KINDS: Final = ("count", "rate", "seconds", "number")
_WIDTHS: Final = range(7, 45)
"""Characters of a column, however short or long what is in it."""
_HEADING: Final = {
    "bold": True,
    "text_wrap": True,
    "valign": "top",
    "bottom": 1,
    "bg_color": "#EDF1F6",
}
_FORMATS: Final = {
    "count": "#,##0",
    "rate": "0.0%",
    "seconds": "[m]:ss",
    "time": "yyyy-mm-dd hh:mm:ss",
    "day": "yyyy-mm-dd",
    "number": "0",
}
_CHANGES: Final = {"count": "+#,##0;-#,##0;0", "rate": "+0.0%;-0.0%;0.0%"}
"""Differences, with their sign. Those of seconds may be negative, which no time of a day is."""
_HEADING_HEIGHT: Final = 32
"""Points: two lines."""
_MARKS: Final = {
    "better": ("#DDEFE3", "#14532D"),
    "worse": ("#FBE3DC", "#8A1C0B"),
    "new": ("#E3ECF7", "#1B4F8F"),
    "gone": ("#E7E5E1", "#44403A"),
}
"""Background and colour of cells by verdict."""


def write_workbook(tables: Sequence[Table], context: RenderContext) -> Iterator[bytes]:
    """Yield a workbook. Raises OutputError for a table of more rows than a sheet holds."""
    tables = [table for table in tables if not table.is_hidden]
    for table in tables:
        if table.rows.height > _MAX_SHEET_ROWS:
            raise OutputError(
                f"{table.name} has {table.rows.height:,} rows, and a sheet has room for "
                f"{_MAX_SHEET_ROWS:,}: narrow the window, or write -f csv or parquet"
            )
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        moment = datetime.fromtimestamp(context.made_at_ms // 1000, UTC).replace(tzinfo=None)
        title = make_visible(format_headline_title(context))
        book.set_properties({"title": title, "comments": "dcevents", "created": moment})
        styles = _Styles(book)
        for table in tables:
            _write_sheet(book, styles, table, context)
        _write_about(book, styles, tables, context)
    yield buffer.getvalue()


class _Styles:
    """The formats of cells, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], CellFormat] = {}

    def find_style(self, **properties: object) -> CellFormat:
        """Return the format with some properties."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def find_cell_style(self, column: Column, **more: object) -> CellFormat:
        """Return the format of a column's cells."""
        number = _CHANGES.get(column.kind) if column.is_change else None
        number = number or _FORMATS.get(column.kind)
        if column.is_change and column.kind == "seconds":
            number = '+0.0 "s";-0.0 "s";0 "s"'
        return self.find_style(**({"num_format": number} if number else {}), **more)


@dataclass(frozen=True)
class _Sheet:
    """A sheet under way, with the styles of its workbook."""

    sheet: Worksheet
    styles: _Styles
    context: RenderContext

    def write_cell(
        self,
        place: tuple[int, int],
        value: Any,  # noqa: ANN401 - a cell
        column: Column,
        **more: object,
    ) -> int:
        """Write a cell, with `more` properties; return the characters that it takes."""
        style = self.styles.find_cell_style(column, **more)
        if value is None:
            self.sheet.write_blank(*place, None, style)
            return 0
        if column.kind == "flag":
            self.sheet.write_boolean(*place, value, style)
            return 5
        if (moment := _find_moment(value, column, self.context)) is not None:
            self.sheet.write_datetime(*place, moment, style)
            return 19 if column.kind == "time" else 10
        if column.kind in _NUMBER_KINDS and not isinstance(value, str):
            is_time = column.kind == "seconds" and not column.is_change
            self.sheet.write_number(*place, value / _DAY_SECONDS if is_time else value, style)
            return len(f"{value:,.0f}")
        text = format_cell(value, column, self.context)[:_MAX_TEXT]
        _write_text(self.sheet, place, text, style)
        return measure_width(text[: _WIDTHS.stop])

    def write_total(self, table: Table, row: int) -> None:
        """Write the row of totals, named in the first column, behind the filtered rows."""
        total = round_total(table) or {}
        for place, column in enumerate(table.columns):
            if place == 0 and table.keys:
                style = self.styles.find_style(bold=True, top=1)
                _write_text(self.sheet, (row, 0), "Total", style)
            else:
                self.write_cell((row, place), total.get(column.name), column, bold=True, top=1)

    def mark_verdicts(self, table: Table, rows: int) -> None:
        """Colour the cells of verdicts; the word is in them, too."""
        for place, column in enumerate(table.columns):
            if set(_MARKS) <= set(column.words):
                for word, (background, colour) in _MARKS.items():
                    style = self.styles.find_style(bg_color=background, font_color=colour)
                    condition = {"type": "cell", "criteria": "==", "value": f'"{word}"'}
                    options = {**condition, "format": style}
                    self.sheet.conditional_format(1, place, max(rows + 1, 1), place, options)

    def lay_out_print(self, table: Table) -> None:
        """Set how the sheet prints: its columns on one page, the heading on each."""
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)
        self.sheet.repeat_rows(0)
        period = make_visible(format_period_suffix(self.context)).replace("&", "&&")
        self.sheet.set_footer(f"&L{table.name}{period[:150]}&R&P / &N")


def _write_sheet(book: Workbook, styles: _Styles, table: Table, context: RenderContext) -> None:
    sheet = book.add_worksheet(table.name[:31])
    writer = _Sheet(sheet, styles, context)
    titles = [make_visible(column.title) for column in table.columns]
    sheet.set_row(0, _HEADING_HEIGHT)
    for place, (title, column) in enumerate(zip(titles, table.columns, strict=True)):
        side = "left" if is_left_aligned(column) else "right"
        _write_text(sheet, (0, place), title[:_MAX_TEXT], styles.find_style(**_HEADING, align=side))
    widths = [min(len(title), 14) for title in titles]
    row = 0
    for values in chain.from_iterable(list_rows(table)):
        row += 1
        for place, (column, value) in enumerate(zip(table.columns, values, strict=True)):
            width = writer.write_cell((row, place), value, column)
            widths[place] = max(widths[place], width)
    sheet.autofilter(0, 0, max(row, 1), len(titles) - 1)
    sheet.freeze_panes(1, max(1, len(table.keys)) if len(titles) > 1 else 0)
    if table.total is not None and row:
        writer.write_total(table, row + 1)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(max(width + 3, _WIDTHS.start), _WIDTHS.stop))
    writer.mark_verdicts(table, row)
    writer.lay_out_print(table)


def _find_moment(
    value: Any,  # noqa: ANN401 - a cell
    column: Column,
    context: RenderContext,
) -> datetime | None:
    """Return the date of a cell; None of what is none, or is too early for a workbook."""
    moment = None
    if column.kind == "time":
        moment = convert_to_datetime(value, context.tz).replace(tzinfo=None)
    elif column.kind == "day" and len(str(value)) == _DATE_LENGTH:
        moment = datetime.fromisoformat(str(value))
    return moment if moment is not None and moment.year >= _FIRST_YEAR else None


def _write_about(
    book: Workbook, styles: _Styles, tables: Sequence[Table], context: RenderContext
) -> None:
    """Write a sheet of the period, the headline, and what the columns mean."""
    sheet = book.add_worksheet("about")
    bold = styles.find_style(bold=True, valign="top")
    wrapped = styles.find_style(text_wrap=True, valign="top")
    lines = [
        ("Report", format_headline_title(context)),
        ("Times are in", context.tz.key),
        ("As of", str(context.meta.get("as_of") or "")),
        ("Made by", f"dcevents {context.meta.get('version', '')}"),
        *(line for table in tables for line in table.headline),
        *(("Note", note) for table in tables for note in table.for_people().notes),
        *_list_meanings(tables, context),
    ]
    for row, (label, text) in enumerate(lines):
        _write_text(sheet, (row, 0), make_visible(label)[:_MAX_TEXT], bold)
        _write_text(sheet, (row, 1), make_visible(text)[:_MAX_TEXT], wrapped)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)


def _list_meanings(tables: Sequence[Table], context: RenderContext) -> Iterator[tuple[str, str]]:
    """Yield heading and meaning of each column once."""
    columns = {column.title: column.name for table in tables for column in table.columns}
    for title, name in columns.items():
        if name in context.meanings:
            yield title, context.meanings[name]


def _write_text(sheet: Any, place: tuple[int, int], text: str, style: Any) -> None:  # noqa: ANN401
    """Write a text as it is: XlsxWriter takes one from <r> to </r> for markup of its own."""
    is_markup = text.startswith("<r>") and text.endswith("</r>")
    sheet.write_string(*place, f"{text} " if is_markup else text, style)
