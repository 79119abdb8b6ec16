"""Parquet files and workbooks as text: rows as lines of JSON, sheets as CSV.

polars reads them; for workbooks it needs fastexcel, an extra.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import polars as pl

from dcevents.reading.judge import Context
from dcevents.reading.rows.headers import search_table

_PARQUET_START: Final = b"PAR1"
_WORKBOOK_NAMES: Final = (b"[Content_Types].xml", b"xl/")
_ROWS_AT_ONCE: Final = 1 << 16

Texts = Iterator[bytes]


class FrameChunks:
    """The text of a Parquet file or a workbook, chunk by chunk."""

    def __init__(self, chunks: Texts, name: str) -> None:
        self._chunks, self._name = chunks, name
        self.problem: str | None = None
        """Reason why not all was read; known once the last chunk is taken."""

    def __iter__(self) -> Texts:
        try:
            yield from self._chunks
        except Exception as error:  # noqa: BLE001 - polars and fastexcel have many kinds
            reason = str(error).split("\n", 1)[0]
            self.problem = f"{self._name} that cannot be read: {reason}"


def open_frames(path: Path, head: bytes, context: Context) -> FrameChunks | None:
    """Return the text of a file that begins so; None for other files, or without the extra."""
    if head.startswith(_PARQUET_START):
        return FrameChunks(_write_parquet(path), "a Parquet file")
    if is_workbook(head) and find_spec("fastexcel") is not None:
        return FrameChunks(_write_workbook(path, context), "an Excel workbook")
    return None


def is_workbook(head: bytes) -> bool:
    """Return whether a file that begins so is a workbook of Excel."""
    return head.startswith(b"PK\x03\x04") and any(name in head[:2048] for name in _WORKBOOK_NAMES)


def _write_parquet(path: Path) -> Texts:
    """Yield the rows of a file as lines of JSON, without bytes in lists or structures."""
    frame = pl.scan_parquet(path, glob=False)
    schema = frame.collect_schema()
    frame = frame.select(
        name for name, dtype in schema.items() if dtype == pl.Binary or not _holds_bytes(dtype)
    )
    begin = 0
    while (rows := frame.slice(begin, _ROWS_AT_ONCE).collect()).height:
        texts = [_decode_column(rows[name]) for name, dtype in schema.items() if dtype == pl.Binary]
        yield rows.with_columns(texts).write_ndjson().encode()
        begin += rows.height


def _decode_column(column: pl.Series) -> pl.Series:
    """Return bytes as texts."""
    texts = [None if each is None else each.decode(errors="replace") for each in column]
    return pl.Series(column.name, texts, dtype=pl.String)


def _holds_bytes(dtype: object) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return _holds_bytes(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return any(_holds_bytes(field.dtype) for field in dtype.fields)
    return dtype in (pl.Binary, pl.Object)


def _write_workbook(path: Path, context: Context) -> Texts:
    """Yield the first sheet that is a table with events as CSV, else the first sheet."""
    sheets = pl.read_excel(
        path,
        sheet_id=0,
        has_header=False,
        infer_schema_length=0,
        drop_empty_rows=False,
        drop_empty_cols=False,
        raise_if_empty=False,
    )
    texts = [sheet.write_csv(include_header=False).encode() for sheet in sheets.values()]
    tables = (text for text in texts if search_table(text, context, is_whole=True).table)
    yield next(tables, texts[0] if texts else b"")
