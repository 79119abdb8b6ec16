"""Reports in any format, read as their readers would: rows, and all texts.
What such a reader cannot read fails.
"""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from typing import Any

import html5lib
import openpyxl
import polars as pl

PNG = b"\x89PNG\r\n\x1a\n"
NOTHING_HEIGHT = 374
"""Dots of a picture that says that there is nothing."""
SVG = "{http://www.w3.org/2000/svg}"


# -- rows ------------------------------------------------------------------------------------------


def rows_of(format_: str, data: bytes) -> list[Any]:
    """The rows of a report in a format."""
    read: dict[str, Callable[[bytes], list[Any]]] = {
        "csv": lambda data: _separated(data, ","),
        "tsv": lambda data: _separated(data, "\t"),
        "json": _json,
        "ndjson": lambda data: [json.loads(line) for line in data.splitlines()],
        "markdown": lambda data: _markdown(data.decode()),
        "html": lambda data: page_rows(parse_page(data)),
        "svg": lambda data: [] if "Nothing to report." in texts_of("svg", data) else shapes(data),
        "png": _png,
        "xlsx": lambda data: [row for sheet in sheets(data) for row in sheet],
        "parquet": lambda data: pl.read_parquet(io.BytesIO(data)).rows(),
        "table": _lines,
    }
    return read[format_](data)


def _separated(data: bytes, delimiter: str) -> list[Any]:
    header, *rows = csv.reader(io.StringIO(data.decode()), delimiter=delimiter, strict=True)
    assert header
    assert all(len(row) == len(header) for row in rows)
    return list(rows)


def _json(data: bytes) -> list[Any]:
    report = json.loads(data)
    return [row for each in report.get("reports", [report]) for row in each.get("rows", [])]


def _markdown(text: str) -> list[Any]:
    """The rows of all tables, without their headings."""
    rows: list[Any] = []
    for table in text.split("\n\n"):
        lines = [
            re.split(r"(?<!\\)\|", line)[1:-1]
            for line in table.splitlines()
            if line.startswith("|")
        ]
        assert len({len(cells) for cells in lines}) <= 1, "every row has the cells of the heading"
        assert all(set("".join(cells)) <= set("-: ") for cells in lines[1:2]), (
            "the second line tells the sides"
        )
        rows += lines[2:]
    return rows


def _lines(data: bytes) -> list[Any]:
    text = data.decode()
    assert text.endswith("\n")
    return [] if "Nothing to report." in text else text.splitlines()


def _png(data: bytes) -> list[Any]:
    """Whether a picture is one, and has a chart: what it shows cannot be told."""
    assert data.startswith(PNG)
    assert data[12:16] == b"IHDR"
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
    return [] if height <= NOTHING_HEIGHT else [(width, height)]


def sheets(data: bytes) -> Iterator[list[list[Any]]]:
    """The rows of each sheet with a table, below its heading and without its total."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in book.worksheets:
        if sheet.title != "about":
            rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
            is_blank = all(cell is None for row in rows for cell in row)
            yield [] if is_blank else [row for row in rows if row[0] != "Total"]


# -- pages and drawings ----------------------------------------------------------------------------


def parse_page(data: bytes) -> Any:
    """The elements of a page, without a name space. What HTML forbids fails."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(data.decode())


def page_tables(page: Any) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Caption, headings and rows of the tables of a page; the account of the input aside."""
    for table in page.iter("table"):
        caption = text_of(table.find("caption"))
        if caption != "What was read":
            headings = [text_of(cell) for cell in table.find("thead").iter("th")]
            rows = [[text_of(cell) for cell in row] for row in table.find("tbody")]
            yield caption, headings, rows


def page_rows(page: Any) -> list[list[str]]:
    """The rows of all tables of a page, but those that say that there is nothing."""
    return [row for *_, rows in page_tables(page) for row in rows if row != ["Nothing to report."]]


def text_of(element: Any) -> str:
    """All text in an element."""
    return "".join(element.itertext())


def shapes(data: bytes) -> list[Any]:
    """The shapes of a drawing. What is no XML, or no shape, fails."""
    drawing = ET.fromstring(data)
    found = list(drawing.iter())
    assert {each.tag for each in found} <= {
        f"{SVG}{name}" for name in ("svg", "title", "rect", "path", "circle", "text")
    }
    assert not [each.attrib for each in found if {"style", "href"} & set(each.attrib)]
    return found


# -- texts -----------------------------------------------------------------------------------------


def texts_of(format_: str, data: bytes) -> str:
    """All that a report says, as text; a picture says nothing."""
    if format_ == "html":
        body = parse_page(data).find("body")
        commands = [each for each in body.iter("p") if each.get("class") == "command"]
        for each in commands:
            each.clear()
        return text_of(body)
    if format_ == "svg":
        return "\n".join(each.text or "" for each in shapes(data))
    if format_ == "png":
        return ""
    if format_ == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(data))
        rows = [row for sheet in book.worksheets for row in sheet.iter_rows()]
        return "\n".join(str(cell.value) for row in rows for cell in row)
    if format_ == "parquet":
        frame = pl.read_parquet(io.BytesIO(data))
        return "\n".join([*frame.columns, *(str(row) for row in frame.rows())])
    return data.decode()
