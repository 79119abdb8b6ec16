"""Tables for issues, wikis and mails that read Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._cells import captions, footnote, is_left, lines, total_line, when
from dcevents.render._format import Circumstances, Format

if TYPE_CHECKING:
    from dcevents.tables import Table

# HTML and entities first of all; then what GitHub's Markdown takes for emphasis, code, links, tables, or a name.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$@^]|(?<=\w)://|^\s*[-=:]|\bwww\.)")


def _render(tables: Sequence[Table], about: Circumstances) -> Iterator[str]:
    for i, table in enumerate(tables):
        yield "\n" if i else ""
        if table.headline:
            yield f"**{_escaped('Summary' + when(about))}**\n\n"
            yield (
                "".join(f"- **{label}**: {_escaped(text)}\n" for label, text in table.headline)
                + "\n"
            )
        yield f"**{_escaped(captions(table, about))}**\n\n"
        yield _line([column.title.replace("\u00ad", "") for column in table.columns])
        yield _line(["---" if is_left(column) else "---:" for column in table.columns])
        for row in lines(table, about):
            yield _line([_escaped(cell) for cell in row])
        if (last := total_line(table, about)) and not table.rows.is_empty():
            yield _line([f"**{_escaped(cell)}**" if cell else "" for cell in last])
        if note := footnote(table, table.columns):
            yield f"\n{_escaped(note)}\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda match: _harmless(match[0]), text)


def _harmless(markup: str) -> str:
    if markup == "<":
        return "&lt;"
    if markup == "&":
        return "&amp;"
    if markup == "www.":
        return "www\\."
    if markup == "://":
        return ":\\//"
    return "".join(f"\\{c}" if not c.isspace() else c for c in markup)


FORMAT = Format("markdown", (".md", ".markdown"), _render, 60)
