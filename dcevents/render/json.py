"""One object: the rows and the total, or a document's members, and all about the input.

Written row by row, so that listings need no room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.render._format import Circumstances, Format
from dcevents.render._json import row_texts, text
from dcevents.tables import total

if TYPE_CHECKING:
    from dcevents.tables import Document, Table


def _render(tables: Sequence[Table], about: Circumstances) -> Iterator[str]:
    if len(tables) == 1:
        yield from _object(tables[0], tables[0].name, about.meta)
    else:
        yield _head(about.name, about.meta) + ',"reports":['
        for i, table in enumerate(tables):
            yield "," if i else ""
            yield from _object(table, table.name, about.meta)
        yield "]}"
    yield "\n"


def _head(name: str, meta: Mapping[str, Any]) -> str:
    return text({"schema": f"dcevents.{name}/1", **meta})[:-1]


def _object(table: Table, name: str, meta: Mapping[str, Any]) -> Iterator[str]:
    before = {key: value for key, value in meta.items() if key != "input"}
    yield _head(name, {**before, "by": list(table.by), "input": meta["input"]}) + ',"rows":['
    for i, row in enumerate(row_texts(table)):
        yield ("," if i else "") + "\n" + row
    yield f'],"total":{text(total(table))}}}'


def _document(document: Document, about: Circumstances) -> Iterator[str]:
    yield _head(about.name, about.meta)
    for name, value in document.members.items():
        yield f",\n{text(name)}:{text(value)}"
    yield "}\n"


FORMAT = Format("json", (".json",), _render, 40, _document)
