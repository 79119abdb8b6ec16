"""What the package reads of a log, as the model of reading has it."""

from collections.abc import Iterable
from itertools import pairwise

import model

from dcevents.reading.framing import ResumePoint
from dcevents.reading.judge import Context, Event, UnknownEvent
from dcevents.reading.records import ReadRecord, RecordReader
from dcevents.reading.sources.members import Members

CLOCK_MS = 1772366400000
"""2026-03-01T12:00:00Z, the clock of the golden cases."""


def read_records(
    data: bytes,
    clock_ms: int = CLOCK_MS,
    *,
    cuts: Iterable[int] = (),
    begin: ResumePoint | None = None,
) -> tuple[list[ReadRecord], ResumePoint]:
    """Return the records of a log that is fed in pieces, and where a later run reads on."""
    reader = RecordReader(Context(clock_ms), begin=begin)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found = [each for a, b in pairwise(places) for each in reader.feed(data[a:b])]
    return found + reader.finish(), reader.resume


def read_as_model(data: bytes, clock_ms: int = CLOCK_MS) -> list[model.Record]:
    """Return the records of a log as the model's; duplicates are told."""
    read = model.Model([to_model(record) for record in read_records(data, clock_ms)[0]])
    model.mark_duplicates(read)
    return read.records


def to_model(record: ReadRecord) -> model.Record:
    """Return a record as the model has it."""
    outcome = record.outcome
    found = model.Record(record.line, record.index, record.bucket, record.reason)
    if isinstance(outcome, UnknownEvent):
        return model.Record(**{**vars(found), "unknown": outcome.name})
    if not isinstance(outcome, Event):
        return found
    return model.Record(
        record.line,
        record.index,
        "events",
        kind=outcome.kind,
        ts_ms=outcome.time.ms,
        future=outcome.time.status == "future",
        ancient=outcome.time.status == "ancient",
        sid=outcome.sid,
        id=outcome.id,
        name=outcome.name,
        type=outcome.type,
        ui_type=outcome.ui_type,
        page=outcome.page,
        agent_id=outcome.agent_id,
        agent_name=outcome.agent_name,
    )


def unpack(raw: bytes) -> bytes:
    """Return the text of an input, compressed members and plain text in any order."""
    members = Members()
    return b"".join([*members.feed(raw), *members.finish()])
