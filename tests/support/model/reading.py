"""A slow, obvious model of reading: definitions 1, sentence by sentence.

It imports nothing of the package.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from model import framing, rows
from model.record import Judge, Outcome, Settings

MAX_UNKNOWN_NAMES = 1000


@dataclass(frozen=True)
class Record:
    """Hold a record: where it is, its bucket, and for an event what it says."""

    line: int
    #: The place, from 1, among the records that begin on the line; None for the only one.
    index: int | None
    #: "blank", "incomplete", "rejected", "ignored", "later", "duplicates" or "events".
    bucket: str
    #: The reason of a rejected record; `widget_ready` or `unknown_event` of an ignored one.
    reason: str | None = None
    #: The name of an unknown event, as it is spelled.
    unknown: str | None = None
    kind: str | None = None
    ts_ms: int | None = None
    future: bool = False
    ancient: bool = False
    sid: str | None = None
    id: str | None = None
    name: str | None = None
    type: str | None = None
    ui_type: str | None = None
    page: str | None = None
    agent_id: str | None = None
    agent_name: str | None = None

    @property
    def agent(self) -> str | None:
        """Return "the agentID or, where there is none, the agentName"."""
        return self.agent_id if self.agent_id is not None else self.agent_name

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what duplicates have in common: "(kind, timestamp, sid, id, agent)"."""
        return self.kind, self.ts_ms, self.sid, self.id, self.agent


@dataclass
class Model:
    """Hold all records in order, and the account of them."""

    records: list[Record] = field(default_factory=list)
    #: Records by bucket, rejected ones by reason.
    buckets: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    unknown_events: Counter[str] = field(default_factory=Counter)
    untimed: int = 0
    future: int = 0
    ancient: int = 0

    @property
    def events(self) -> list[Record]:
        """Return the events, duplicates aside."""
        return [record for record in self.records if record.bucket == "events"]


def read_log(
    data: bytes, clock_ms: int, *, keep_query: bool = False, as_of_ms: int | None = None
) -> Model:
    """Return what a log says to a run at `clock_ms`, milliseconds since 1970 in UTC."""
    judge = Judge(Settings(clock_ms, keep_query))
    model = Model()
    table = rows.frame_rows(data, judge)
    for piece in framing.frame(data, judge) if table is None else table:
        model.records += read_piece(piece, judge)
    _number(model)
    _mark_later(model, as_of_ms)
    mark_duplicates(model)
    _count(model)
    return model


def read_piece(piece: framing.Piece, judge: Judge) -> list[Record]:
    """Return the records of a value, or of a line without one."""
    if piece.what != "value":
        return [Record(piece.line, None, piece.what, piece.reason or None)]
    return [to_record(piece.line, outcome) for outcome, _ in judge.read(piece.value, piece.prefix)]


def to_record(line: int, outcome: Outcome) -> Record:
    """Return the record of what was found."""
    if outcome.what == "ready":
        return Record(line, None, "ignored", "widget_ready")
    if outcome.what == "unknown":
        return Record(line, None, "ignored", "unknown_event", unknown=outcome.name)
    if outcome.what != "event":
        return Record(line, None, "rejected", outcome.what)
    return Record(
        line,
        None,
        "events",
        kind=outcome.name,
        ts_ms=outcome.ts_ms,
        future=outcome.future,
        ancient=outcome.ancient,
        sid=outcome.sid,
        id=outcome.id,
        name=outcome.conversation,
        type=outcome.type,
        ui_type=outcome.ui_type,
        page=outcome.page,
        agent_id=outcome.agent_id,
        agent_name=outcome.agent_name,
    )


def _number(model: Model) -> None:
    """Number the records of each line that has several: each has its own "index (`line[3]`)"."""
    lines = Counter(record.line for record in model.records)
    seen: Counter[int] = Counter()
    for place, record in enumerate(model.records):
        if lines[record.line] > 1:
            seen[record.line] += 1
            model.records[place] = Record(**{**vars(record), "index": seen[record.line]})


def _mark_later(model: Model, as_of_ms: int | None) -> None:
    """Put accepted records "stamped after `--as-of`" into their bucket."""
    for place, record in enumerate(model.records):
        if record.ts_ms is not None and as_of_ms is not None and record.ts_ms > as_of_ms:
            model.records[place] = _in_bucket(record, "later")


def mark_duplicates(model: Model) -> None:
    """Put "all but one of the accepted lines with the same" identity into their bucket."""
    seen: set[tuple[object, ...]] = set()
    for place, record in enumerate(model.records):
        if record.bucket != "events":
            continue
        if record.identity in seen:
            model.records[place] = _in_bucket(record, "duplicates")
        seen.add(record.identity)


def _in_bucket(record: Record, bucket: str) -> Record:
    """Return a record in another bucket."""
    return Record(**{**vars(record), "bucket": bucket})


def _count(model: Model) -> None:
    """Count the records: "every record lands in exactly one bucket"."""
    for record in model.records:
        model.buckets[record.bucket] += 1
        if record.bucket == "rejected":
            model.rejected[record.reason or ""] += 1
        if record.bucket == "ignored":
            model.ignored[record.reason or ""] += 1
        if record.unknown is not None:
            # "The first 1,000 names, the rest as `other`".
            is_room = len(model.unknown_events) < MAX_UNKNOWN_NAMES
            known = record.unknown in model.unknown_events
            model.unknown_events[record.unknown if known or is_room else "other"] += 1
    accepted = [record for record in model.records if record.bucket in {"events", "duplicates"}]
    model.untimed = sum(record.ts_ms is None for record in model.events)
    # Of several with one identity, whichever came first, the reason of any counts.
    model.future = len({record.identity for record in accepted if record.future})
    model.ancient = len(
        {record.identity for record in accepted if record.ancient}
        - {record.identity for record in accepted if record.future}
    )
