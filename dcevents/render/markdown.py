"""Tables for issues, wikis and mails that read Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._cells import (
    format_caption,
    format_headline_title,
    format_rows,
    format_total,
    is_left_aligned,
)
from dcevents.render._format import Format, RenderContext
from dcevents.show import format_number

if TYPE_CHECKING:
    from dcevents.tables import Table

# HTML and entities first of all; then what GitHub's Markdown takes for emphasis, code, links,
# tables, or a name.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$@^]|(?<=\w)://|^\s*[-=:]|\bwww\.)")


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    shown = [each.for_people() for each in tables if not each.is_hidden]
    for i, table in enumerate(shown):
        yield "\n" if i else ""
        if table.headline:
            yield f"**{_escape_markup(format_headline_title(context))}**\n\n"
            lines = [f"- **{label}**: {_escape_markup(text)}\n" for label, text in table.headline]
            yield "".join(lines) + "\n"
        yield f"**{_escape_markup(format_caption(table, context))}**\n\n"
        yield _format_line([_escape_markup(column.title) for column in table.columns])
        yield _format_line(
            ["---" if is_left_aligned(column) else "---:" for column in table.columns]
        )
        for row in format_rows(table, context):
            yield _format_line([_escape_markup(cell) for cell in row])
        if table.hidden_rows:
            more = f"… {format_number(table.hidden_rows)} more"
            yield _format_line([more, *("" for _ in table.columns[1:])])
        if (total := format_total(table, context)) and not table.rows.is_empty():
            yield _format_line([f"**{_escape_markup(cell)}**" if cell else "" for cell in total])
        for note in table.notes:
            yield f"\n{_escape_markup(note)}\n"


def _format_line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _escape_markup(text: str) -> str:
    return _MARKUP.sub(lambda match: _escape_match(match[0]), text)


def _escape_match(markup: str) -> str:
    if markup == "<":
        return "&lt;"
    if markup == "&":
        return "&amp;"
    if markup == "www.":
        return "www\\."
    if markup == "://":
        return ":\\//"
    return "".join(f"\\{c}" if not c.isspace() else c for c in markup)


FORMAT = Format("markdown", (".md", ".markdown"), _write_tables, 60, writes_grids=True)
