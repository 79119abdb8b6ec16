"""Rows of CSV as the package reads them, record by record, and as the model does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from unittest import mock

import reading_cases
from hypothesis import strategies as st
from model.values import Obj

from dcevents.reading.framing import BEGINNING
from dcevents.reading.judge import Context, UnknownEvent, judge_value
from dcevents.reading.records import ReadRecord, find_outcome_bucket
from dcevents.reading.rows import table_reading
from dcevents.reading.rows.headers import search_table
from dcevents.reading.scanner import PureScanner
from dcevents.reading.sources import sizes

if TYPE_CHECKING:
    import model
    from model.framing import Piece

Told = tuple[Any, ...]

EVENT = reading_cases.canonical("s1")
HEADERS = (
    *("event,sid", "event,sid,name", "sid;event;message", "event\tsid\tmessage", '"event","sid"'),
    *("time,message", "what|sid", "message", "a,b", "event,sid,event", "Time;Message", "x\ty"),
)
WORDS = (
    *(",", ";", "\t", "|", '"', '""', "\n", "\n", "\r\n", "\r", " ", "\0", "\ufeff", "é"),
    *("CONVERSATION_ENGAGED", "CONVERSATION_CLOSED", "TICKET_OPENED", "s1", "s2", "event,sid"),
    *("CONVERSATION_CLOSED,s1", "CONVERSATION_CLOSED,s1\n", "\nCONVERSATION_CLOSED,s1\n", "x"),
    *(f"\n{EVENT}\n", EVENT.replace('"', '""'), '"' + EVENT.replace('"', '""') + '"', "{", "}"),
    *("NULL", "\\N", "\\", "\\\\", '\\\\"', EVENT.replace("C", "\\\\u0043"), "\\/", "\t{", "\r\n"),
    *('"{""a"":[1,2]}"', "2025-11-03T09:00:05Z", "sep=;\n", "\udcc3", "\udcff"),
)
texts = st.builds(
    lambda before, header, words: before + header + "\n" + "".join(words),
    st.sampled_from(["", "\n", "\ufeff", "sep=;\r\n", " \n\0"]),
    st.sampled_from(HEADERS),
    st.lists(st.sampled_from(WORDS), max_size=24),
)


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def read_rows(
    data: bytes, context: Context, pieces: Sequence[bytes] | None = None
) -> list[ReadRecord] | None:
    """Return the records of a CSV, read in Python; None for what is taken for none."""
    head = data[: sizes.TAIL_BYTES]
    framing = search_table(head, context, is_whole=len(data) < sizes.TAIL_BYTES)
    if framing.table is None:
        return None
    with mock.patch.object(table_reading, "make_native_rows", return_value=None):
        reading = table_reading.TableReading(0, framing, BEGINNING, context, PureScanner())
    records: list[ReadRecord] = []
    for piece in pieces or [data]:
        records += reading.read_block(piece, None).records
    return [*records, *reading.finish().records]


def tell_records(records: Iterable[ReadRecord]) -> list[Told]:
    """Return what records of the package are, to be compared with the model's."""
    found: list[Told] = []
    for record in records:
        event = record.event
        bucket = record.reason or record.bucket
        name = record.outcome.name if isinstance(record.outcome, UnknownEvent) else None
        told: Told = (record.line, record.index, bucket, name)
        if event is not None:
            told += (event.kind, event.sid, event.time.ms, event.id, event.name, event.type)
            told += (event.ui_type, event.page, event.agent_id, event.agent_name)
        found.append(told)
    return found


def tell_model(read: model.Model) -> list[Told]:
    """Return what records of the model are, as above."""
    found: list[Told] = []
    for record in read.records:
        bucket = record.reason or record.bucket
        bucket = "events" if bucket == "duplicates" else bucket
        told: Told = (record.line, record.index, bucket, record.unknown)
        if record.kind is not None:
            told += (record.kind, record.sid, record.ts_ms, record.id, record.name, record.type)
            told += (record.ui_type, record.page, record.agent_id, record.agent_name)
        found.append(told)
    return found


def tell_pieces(pieces: Iterable[Piece], context: Context) -> list[Told]:
    """Return what rows of the model are, if the package judges them."""
    records: list[ReadRecord] = []
    for piece in pieces:
        if piece.what != "value":
            records.append(ReadRecord(piece.line, 0, 0, piece.what, piece.reason or None))
            continue
        assert isinstance(piece.value, Obj)
        found = judge_value(dict(piece.value.pairs), context)
        for index, each in enumerate(found, 1):
            bucket, reason = find_outcome_bucket(each.outcome)
            number = index if len(found) > 1 else None
            records.append(ReadRecord(piece.line, 0, 0, bucket, reason, number, each.outcome))
    return tell_records(records)


def write_rows(rows: Iterable[Sequence[str]], delimiter: str = ",", **form: Any) -> bytes:
    """Return rows as Python's `csv` writes them."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, **form).writerows(rows)
    return written.getvalue().encode()
