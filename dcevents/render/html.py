"""One page that loads nothing: headline figures, charts with their tables, the account, words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dcevents.render._format import Format, RenderContext

if TYPE_CHECKING:
    from dcevents.tables import Document, Table


def _write_tables(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    from dcevents.render.page.write import write_page  # noqa: PLC0415 - an extra

    return write_page(tables, context)


def _write_document(document: Document, context: RenderContext) -> Iterator[str]:
    from dcevents.render.page.write import write_document_page  # noqa: PLC0415 - an extra

    return write_document_page(document, context)


FORMAT = Format(
    "html",
    (".html", ".htm"),
    _write_tables,
    62,
    _write_document,
    writes_grids=True,
    is_page=True,
    extra="charts",
    modules=("jinja2",),
)
