"""Pages from reports: a template of Jinja2, which escapes whatever a log says."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup

from dcevents.render._cells import format_headline_title, format_period_suffix
from dcevents.render.page.account import build_account
from dcevents.render.page.parts import (
    Block,
    SectionPart,
    build_sections,
    build_table,
    make_anchor,
)
from dcevents.render.page.tiles import Tile, list_tiles
from dcevents.show import format_local_time, make_visible

if TYPE_CHECKING:
    from dcevents.render._format import RenderContext
    from dcevents.tables import Document, Table

_TEMPLATE: Final = "page.html.jinja"
_STYLE: Final = "page.css"


def write_page(tables: Sequence[Table], context: RenderContext) -> Iterator[str]:
    """Yield the page of a report's tables."""
    tables = [table for table in tables if not table.is_hidden]
    headline = [line for table in tables for line in table.headline]
    sections = build_sections(tables, context)
    meanings = _list_meanings(tables, context)
    title = format_headline_title(context)
    yield _fill_template(title, list_tiles(tables, context), headline, sections, meanings, context)


def write_document_page(document: Document, context: RenderContext) -> Iterator[str]:
    """Yield the page of a document's sections."""
    sections = []
    for i, section in enumerate(document.sections):
        table = section.table
        block = None
        if table is not None:
            block = Block(table=build_table(table.for_people(), context, has_charts=False))
        anchor = f"{make_anchor(section.title)}-{i}"
        blocks = [] if block is None else [block]
        sections.append(
            SectionPart(section.title, anchor, blocks, section.paragraphs, section.figures)
        )
    title = document.title + format_period_suffix(context)
    yield _fill_template(title, [], [], sections, [], context)


def _fill_template(  # noqa: PLR0913, PLR0917 - the parts of a page
    title: str,
    tiles: Sequence[Tile],
    headline: Sequence[tuple[str, str]],
    sections: Sequence[SectionPart],
    meanings: Sequence[tuple[str, str]],
    context: RenderContext,
) -> str:
    style = _read_file(_STYLE)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _load_template().render(
        title=title,
        tiles=tiles,
        headline=headline,
        sections=sections,
        account=build_account(context.meta.get("input") or {}),
        account_command=context.account_command,
        meanings=meanings,
        about=_list_facts(context),
        # The page's own words, from a file of the package.
        style=Markup(style),  # noqa: S704
        style_hash=f"sha256-{digest}",
    )


def _list_facts(context: RenderContext) -> list[tuple[str, str]]:
    as_of = str(context.meta.get("as_of") or "")
    return [
        ("Times are in", context.tz.key),
        ("As of", as_of),
        ("Made", f"{format_local_time(context.made_at_ms, context.tz)}"),
        ("By", f"dcevents {context.meta.get('version', '')}"),
    ]


def _list_meanings(tables: Sequence[Table], context: RenderContext) -> list[tuple[str, str]]:
    """Return heading and meaning of each column on the page, once."""
    titles: dict[str, str] = {}
    for table in tables:
        for column in table.columns:
            if column.name in context.meanings:
                titles.setdefault(column.name, column.title)
    return [(title, context.meanings[name]) for name, title in titles.items()]


def _make_text_visible(value: object) -> object:
    """Return a text without characters that act, before it is escaped; all else as it is."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return make_visible(str(value)) if is_text else value


@cache
def _load_template() -> jinja2.Template:
    environment: Any = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_make_text_visible,
    )
    template: jinja2.Template = environment.from_string(_read_file(_TEMPLATE))
    return template


@cache
def _read_file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
