"""Lines that a scanner has taken count as if they had been read record by record.

The scanner here takes whatever lines chance tells it to, of those that are by themselves one whole
record: the log must be the same whichever these are.
"""

import contextlib
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import harness
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from over_lines import describe_in_full

from dcevents.model.attributes import AttributeColumns, Attributes
from dcevents.model.events import KINDS
from dcevents.model.moments import ANCIENT, UNTIMED
from dcevents.model.vocabulary import Vocabulary
from dcevents.reading import scanning as scanning_module
from dcevents.reading.judge import Context, Event, UnknownEvent
from dcevents.reading.log import read_growing_log, read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.records import ReadRecord, RecordReader
from dcevents.reading.scanner import (
    ALONE,
    NO_NAME,
    OTHER_BUCKETS,
    TOLD_BY_LINES,
    Effect,
    LineStatus,
    Run,
    Runs,
    ScannedBlock,
    SidTexts,
    StructureCount,
    TakenEvents,
    TakenOthers,
)
from dcevents.reading.scanning import Scanning
from dcevents.reading.sources import sizes
from dcevents.reading.sources.buffers import BlockBytes
from dcevents.reading.sources.inputs import Input, Resume
from dcevents.reading.timestamps import FORMS

OVER_LINES = {
    LineStatus.EVENT: LineStatus.OBJECTS_OVER_LINES,
    LineStatus.OTHER: LineStatus.OBJECTS_OVER_LINES,
    LineStatus.SEVERAL: LineStatus.SEVERAL_OVER_LINES,
}
CLOCK_MS = 1_796_083_200_000


class ChanceScanner:
    """Takes some of the lines that are, each by itself, one whole record."""

    def __init__(self, context: Context, choose: Callable[[], bool]) -> None:
        self._context = context
        self._choose = choose
        self._combinations: list[Attributes] = []
        self._columns = AttributeColumns()

    def scan(self, data: BlockBytes) -> ScannedBlock:
        """Return what some lines say."""
        data = bytes(data)
        runs: list[Run] = []
        events: list[tuple[int, int, Event]] = []
        others: list[tuple[int, ReadRecord]] = []
        spans: list[int] = []
        at, number, has_comma = 0, 0, False
        parts = data.split(b"\n")
        rest = [*(part + b"\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else [])]
        while rest:
            line, size = rest[0], 1
            status, records = self._judge(line)
            for more in range(2, min(5, len(rest) + 1) if status is LineStatus.ASIDE else 0):
                over_lines = b"".join(rest[:more])
                found = self._judge(over_lines)
                if found[0] in OVER_LINES and _is_object(over_lines, found[1]):
                    line, size, status, records = over_lines, more, OVER_LINES[found[0]], found[1]
                    break
            del rest[:size]
            first_entry = len(events) if status is not LineStatus.OTHER else len(others)
            first_entry = 0 if status in TOLD_BY_LINES else first_entry
            for record in records:
                if record.event:
                    events.append((number, record.index or 0, record.event))
                else:
                    others.append((number, record))
                    if status is LineStatus.SEVERAL_ALONE and record.raw:
                        spans += _find_span(len(others) - 1, record, line, at)
            effect, has_comma = _find_effect(status, line, records, has_comma=has_comma)
            last = runs[-1] if runs else None
            is_alone = status is LineStatus.SEVERAL_OVER_LINES
            if last and (last.status, last.effect) == (status, effect) and not is_alone:
                runs[-1] = last._replace(lines=last.lines + size, end=at + len(line))
            else:
                runs.append(Run(status, number, size, at, at + len(line), first_entry, effect))
            at, number = at + len(line), number + size
        lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
        behind_text = {
            number
            for run in runs
            if run.status in ALONE
            for number in range(run.first_line, run.first_line + run.lines)
        }
        taken = self._tabulate(events, behind_text)
        columns = replace(_tabulate(others), rejected_spans=_pack("I", spans))
        return ScannedBlock(Runs.pack(runs), lines, taken, columns)

    def _judge(self, line: bytes) -> tuple[LineStatus, list[ReadRecord]]:
        """Return what is made of a line: nothing of one that is not whole by itself."""
        if not line.endswith(b"\n") or line.count(b"\r") or not self._choose():
            return LineStatus.ASIDE, []
        reader = RecordReader(self._context)
        records = reader.feed(line)
        if not records or not reader.is_idle or any(each.line != 1 for each in records):
            return LineStatus.ASIDE, []
        if len(records) > 1 or b"[" in line:
            is_alone = line.strip(b" ,\n")[:1] not in {b"[", b"{"}
            buckets = {each.reason or each.bucket for each in records}
            known = {"events", "widget_ready", "unknown_event"}
            known |= {"no_event", "no_sid"} if is_alone else set()
            if buckets - known or (is_alone and not records[0].prefix):
                return LineStatus.ASIDE, []
            return (LineStatus.SEVERAL_ALONE if is_alone else LineStatus.SEVERAL), records
        if reader.resume.offset != len(line):
            return LineStatus.ASIDE, []
        (record,) = records
        if record.event:
            before, _, _ = line.partition(b"{")
            _, _, behind = line.rpartition(b"}")
            if any(each in before + behind for each in (b"[", b"]")):
                return LineStatus.ASIDE, []
            has_text = bool(before.strip(b" ,"))
            return (LineStatus.EVENT_ALONE if has_text else LineStatus.EVENT), records
        bucket = record.reason or record.bucket
        if bucket not in OTHER_BUCKETS or any(each in line for each in (b"[", b"]")):
            return LineStatus.ASIDE, []
        return LineStatus.OTHER, records

    def _tabulate(
        self, events: Sequence[tuple[int, int, Event]], behind_text: set[int]
    ) -> TakenEvents:
        sids = list(dict.fromkeys(event.sid for *_, event in events))
        structures = list(dict.fromkeys(event.structure for *_, event in events))
        names = ("lines", "members", "sessions", "attributes", "times", "forms", "structures")
        columns: dict[str, list[int]] = {name: [] for name in names}
        for line, member, event in events:
            columns["members"].append(member)
            attributes = _make_attributes(event)
            if attributes not in self._combinations:
                self._combinations.append(attributes)
                _add_row(self._columns, attributes)
            columns["lines"].append(line)
            columns["sessions"].append(sids.index(event.sid))
            columns["attributes"].append(self._combinations.index(attributes))
            columns["times"].append(_find_time(event))
            columns["forms"].append(FORMS.index(event.time.form))
            columns["structures"].append(structures.index(event.structure))
        texts = [sid.encode() for sid in sids]
        ends = [sum(map(len, texts[:n])) for n in range(len(texts) + 1)]
        forms = {"times": "q", "forms": "B", "structures": "H"}
        packed = {name: _pack(forms.get(name, "I"), values) for name, values in columns.items()}
        counts = {
            has_prefix: [
                StructureCount(each, len(places), line, has_prefix, member)
                for each in structures
                for places in [
                    [
                        (line, member)
                        for line, member, event in events
                        if event.structure == each and (line in behind_text) is has_prefix
                    ]
                ]
                for line, member in [min(places, default=(0, 0))]
            ]
            for has_prefix in (False, True)
        }
        return TakenEvents(
            len(events),
            **packed,
            sids=SidTexts(b"".join(texts), _pack("I", ends), len(texts)),
            combinations=self._columns,
            envelopes=counts[False],
            prefixed=counts[True],
        )


def _find_effect(
    status: LineStatus, line: bytes, records: Sequence[ReadRecord], *, has_comma: bool
) -> tuple[Effect, bool]:
    """Return what a line does to open arrays, and whether a member may follow without a comma."""
    reasons = {each.reason or each.bucket for each in records}
    if status is LineStatus.ASIDE:
        return Effect.UNKNOWN, False
    if reasons == {"blank"}:
        return Effect.NONE, has_comma
    if reasons & {"invalid_json", "invalid_utf8"} or status in ALONE:
        return Effect.TEXT, True
    brackets = b"[]" if status is LineStatus.SEVERAL else b""
    around = line.strip(b" ,\n" + brackets)
    if around[:1] != b"{" or around[-1:] != b"}":
        return Effect.UNKNOWN, False
    is_joined = has_comma or b"," in line.partition(b"{")[0] or b"\n" in around
    return (Effect.JOINED if is_joined else Effect.APART), b"," in line.rpartition(b"}")[2]


def _is_object(lines: bytes, records: Sequence[ReadRecord]) -> bool:
    """Return whether a value over lines is an object, and no line of it was rejected by itself."""
    is_json = all(each.reason not in {"invalid_json", "invalid_utf8"} for each in records)
    return is_json and lines.strip(b" ,\n")[:1] in {b"{", b"["}


def _add_row(columns: AttributeColumns, attributes: Attributes) -> None:
    """Add a row with texts of its own."""
    kind, *_, page, agent_id, agent_name, meeting = attributes
    columns.dialogues.append((attributes.id, attributes.name, attributes.type, attributes.ui_type))
    columns.pages.append(page)
    columns.agents.append((agent_id, agent_name))
    columns.meetings.append(meeting)
    number = len(columns.dialogues)
    columns.rows.extend((kind, number - 1, number, number, number))


def _make_attributes(event: Event) -> Attributes:
    return Attributes(
        KINDS.index(event.kind),
        *(event.id, event.name, event.type, event.ui_type, event.page),
        *(event.agent_id, event.agent_name, None),
    )


def _find_time(event: Event) -> int:
    if event.time.ms is not None:
        return event.time.ms
    # A scanner does not know what is in the future.
    return {"ancient": ANCIENT, "future": UNTIMED - 9}.get(event.time.status, UNTIMED)


def _find_span(entry: int, record: ReadRecord, line: bytes, at: int) -> tuple[int, ...]:
    """Return where the bytes of a rejected record lie, behind its number."""
    found = [entry, record.index or 0]
    for part in (record.prefix.encode(), record.raw):
        begin = at + line.index(part)
        found += [begin, begin + len(part)]
    return tuple(found)


def _tabulate(others: Sequence[tuple[int, ReadRecord]]) -> TakenOthers:
    names = [each.outcome.name for _, each in others if isinstance(each.outcome, UnknownEvent)]
    names = list(dict.fromkeys(names))
    buckets = [OTHER_BUCKETS.index(each.reason or each.bucket) for _, each in others]
    numbers = [
        names.index(each.outcome.name) if isinstance(each.outcome, UnknownEvent) else NO_NAME
        for _, each in others
    ]
    lines = [line for line, _ in others]
    return TakenOthers(len(others), _pack("I", lines), bytes(buckets), _pack("I", numbers), names)


def _pack(form: str, values: Sequence[int]) -> bytes:
    return struct.pack(f"={len(values)}{form}", *values)


# -- logs -----------------------------------------------------------------------------------------

EVENT = harness.log("09:00 a engaged name=Pricing page=https://x/")[:-1]
PIECES = [
    *(harness.log(f"09:0{n} s{n % 3} {kind} id=d{n % 2}")[:-1] for n, kind in enumerate(KINDS[:6])),
    *(EVENT, EVENT + b",", b" " + EVENT + b" ,", b"INFO dc: " + EVENT, b"[" + EVENT, EVENT + b"]"),
    *(b'{"event":"CONVERSATION_RATED","sid":"a"}', b'{"event":"acme.opened"}', b"{}", b"x", b""),
    *(b'{"event":"adobedx.conversations.ready"}', b'{"event":"CONVERSATION_CLOSED"}', b"\xff"),
    *(b"[", b"]", b"[1,", b"2]", b"{", b'{"a":', b"}", b'"x"', b"1", b",", b"[1]", b"\xef\xbb\xbf"),
    EVENT.replace(b"2026-11-02", b"1999-11-02"),
    EVENT.replace(b"2026-11-02", b"2999-11-02"),
    EVENT.replace(b'"timestamp"', b'"other"'),
    b'{"a":\n' + EVENT + b"\n}",
    EVENT.replace(b'"event"', b'\n"event"'),
    EVENT.replace(b'"event"', b'\n"event"') + b",",
    b'{"event":\n"acme.opened"},',
    b"{\n}",
    b'{"event":"CONVERSATION_CLOSED"\n},',
    *(EVENT + EVENT, b"[" + EVENT + b"]", b"[" + EVENT + b"," + EVENT + b"] ,"),
    b"[0] dc: [[1762160400, {}], " + EVENT + b"]",
    b'dc: [{"event":"CONVERSATION_CLOSED"}]',
    b'{"events":[' + EVENT + b"," + EVENT + b',{"event":"acme.opened"}]}',
    b'{"events":[' + EVENT + b",\n" + EVENT + b"\n]}",
    b"2026-01-02T00:00:00Z stdout P {",
    b"2026-01-02T00:00:00Z stdout F }",
    b'{"log":"{\\"event\\":","stream":"stdout"}',
    b'{"log":"\\"CONVERSATION_X\\"}\\n","stream":"stdout"}',
]
LINES = st.lists(st.sampled_from(PIECES), max_size=20).map(b"\n".join)
DATA = st.tuples(LINES, st.sampled_from([b"", b"\n"])).map(b"".join)
CHOICES = st.lists(st.booleans(), min_size=1, max_size=30)


def cycle_for_ever(choices: Sequence[bool]) -> Callable[[], bool]:
    """Return a function that gives choices, over and over."""

    def endless() -> Iterator[bool]:
        while True:
            yield from choices

    found = endless()
    return lambda: next(found)


def read(
    path: Path,
    choices: Sequence[bool],
    block_bytes: int,
    as_of: int | None = None,
    *,
    is_ahead: bool = False,
) -> Any:
    """Return all that a log says where a scanner takes some lines of small blocks.

    `is_ahead`: all are scanned before the first is taken.
    """
    reading = ReadSettings(CLOCK_MS, as_of, in_full=True)
    rejects: list[Any] = []
    with scan_by_chance(choices, block_bytes):
        scanning = Scanning([make_input(path)], reading, lambda _: None)
        if is_ahead:
            scan_ahead(scanning)
        log = read_log(
            scanning,
            Vocabulary(),
            keep_reject=lambda place, raw: rejects.append((place, raw)),
        )
    return describe_in_full(log), rejects


def scan_ahead(scanning: Scanning) -> None:
    """Wait until all blocks are scanned, before the first is taken."""
    scanning.begin()
    assert scanning._reader is not None
    scanning._reader.join(timeout=60)
    futures.wait([each.item for each in scanning._waiting if isinstance(each.item, futures.Future)])


def make_input(path: Path, resume: Resume | None = None) -> Input:
    """Return a file as an input."""
    status = path.stat()
    return Input("x", path, status.st_size, (status.st_dev, status.st_ino), resume)


@contextlib.contextmanager
def scan_by_chance(choices: Sequence[bool], block_bytes: int) -> Iterator[None]:
    """Have logs read in small blocks, by a scanner that takes lines by chance."""
    choose = cycle_for_ever(choices)
    with contextlib.ExitStack() as stack:
        for place, name, value in (
            (scanning_module, "make_scanner", lambda context, **_: ChanceScanner(context, choose)),
            # Choices are made in the order of lines.
            (scanning_module, "_MAX_THREADS", 1),
            (scanning_module, "_MIN_THREAD_BYTES", 0),
            (sizes, "BLOCK_BYTES", block_bytes),
            (sizes, "FIRST_BLOCK_BYTES", block_bytes),
        ):
            stack.enter_context(mock.patch.object(place, name, value))
        yield


@pytest.mark.records
@settings(max_examples=150, deadline=None)
@given(
    data=DATA,
    choices=CHOICES,
    block_bytes=st.sampled_from([60, 200, 1000, 1 << 20]),
    as_of=st.sampled_from([None, 1_793_700_000_000]),
    is_ahead=st.booleans(),
)
def test_it_makes_no_difference_which_lines_a_scanner_takes(
    data: bytes,
    choices: list[bool],
    block_bytes: int,
    as_of: int | None,
    is_ahead: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("logs") / "x.log"
    path.write_bytes(data)
    expected = read(path, [False], 1 << 20, as_of)

    assert expected == read(path, choices, block_bytes, as_of, is_ahead=is_ahead)


@pytest.mark.records
@settings(max_examples=150, deadline=None)
@given(
    data=DATA,
    cut=st.floats(0, 1),
    choices=CHOICES,
    block_bytes=st.sampled_from([60, 200, 1 << 20]),
)
def test_a_growing_log_is_read_on_as_if_at_once(
    data: bytes,
    cut: float,
    choices: list[bool],
    block_bytes: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("logs") / "x.log"
    reading = ReadSettings(CLOCK_MS, in_full=True)
    rows, records, resume = [], 0, Resume()
    with scan_by_chance(choices, block_bytes):
        for size in (int(cut * len(data)), len(data)):
            path.write_bytes(data[:size])
            read_on = read_growing_log(
                make_input(path, resume), reading, Vocabulary(), lambda _: None
            )
            rows += describe_in_full(read_on.sure)[1]
            records += read_on.sure.account.records
            extent = read_on.sure.inputs[0].extent
            if extent.head:
                assert extent.tail == data[: extent.end][-sizes.TAIL_BYTES :]
                assert extent.end + extent.rest_bytes == size
                resume = Resume(extent.resume, head=extent.head, tail=extent.tail)
    path.write_bytes(data)
    (account, expected, _), _ = read(path, [False], 1 << 20)

    assert expected == rows + describe_in_full(read_on.rest)[1]
    assert account["records"] == records + read_on.rest.account.records
