"""One JSON object: rows and total, or a document's members.

Written row by row, so that listings need no room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dcevents.render._format import Format, RenderContext
from dcevents.render._json import encode_json, encode_rows, encode_total

if TYPE_CHECKING:
    from dcevents.tables import Document, Table


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    if len(tables) == 1:
        yield from _write_object(tables[0], context.meta)
    else:
        yield _open_object(context.report_name, context.meta) + ',"reports":['
        for i, table in enumerate(tables):
            yield "," if i else ""
            yield from _write_object(table, context.meta)
        yield "]}"
    yield "\n"


def _open_object(report_name: str, meta: Mapping[str, Any]) -> str:
    return encode_json({"schema": f"dcevents.{report_name}/1", **meta})[:-1]


def _write_object(table: Table, meta: Mapping[str, Any]) -> Iterator[str]:
    before = {key: value for key, value in meta.items() if key != "input"}
    about = {**before, "by": list(table.by), "input": meta["input"]}
    yield _open_object(table.name, about) + ',"rows":['
    for i, row in enumerate(encode_rows(table)):
        yield ("," if i else "") + "\n" + row
    yield f'],"total":{encode_total(table)}}}'


def _write_document(document: Document, context: RenderContext) -> Iterator[str]:
    yield _open_object(context.report_name, context.meta)
    for name, value in document.members.items():
        yield f",\n{encode_json(name)}:{encode_json(value)}"
    yield "}\n"


FORMAT = Format("json", (".json",), _write_tables, 40, _write_document, writes_parts=True)
