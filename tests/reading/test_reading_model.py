"""The model of reading, on golden cases and on the shared cases of damage and wrappings."""

import json
from pathlib import Path

import model
import naive
import pytest
import reading_cases
from model import names, times
from model.values import parse_value
from reading_cases import CLOCK_MS, Case

pytestmark = pytest.mark.records

CASES = Path(__file__).parent / "cases"


def ids(cases: list[Case]) -> list[str]:
    return [f"{number}: {case.why}" for number, case in enumerate(cases)]


ALL = [
    case
    for file in ("lines.toml", "wrappings.toml", "fields.toml", "joined.toml")
    for case in reading_cases.load_cases(file)
]


@pytest.mark.parametrize("case", ALL, ids=ids(ALL))
def test_case(case: Case) -> None:
    read = model.read_log(case.data, CLOCK_MS)

    found = [
        reading_cases.describe(record, expected)
        for record, expected in zip(read.records, case.expected, strict=False)
    ]
    assert [reading_cases.plain(expected) for expected in case.expected] == found
    assert len(case.expected) == len(read.records)
    assert sum(read.buckets.values()) == len(read.records)


@pytest.mark.parametrize(("why", "spelling", "expected"), reading_cases.load_tables("names.toml"))
def test_name(why: str, spelling: str, expected: str) -> None:
    kind = names.full_kind(spelling)
    alone = names.event_kind(spelling, has_sid=True)

    assert (expected == "alone") == (kind is None and alone is not None), why
    if expected != "alone":
        assert expected == (kind or "unknown"), why


@pytest.mark.parametrize(("why", "text", "expected"), reading_cases.load_tables("times.toml"))
def test_time(why: str, text: str, expected: str) -> None:
    event = json.loads(reading_cases.canonical("s1"))
    line = json.dumps(event | {"timestamp": "@"}).replace('"@"', text)
    parse_value(text, 0)

    record = model.read_log(line.encode(), CLOCK_MS).records[0]

    assert expected == time_word(record), why


@pytest.mark.parametrize(("why", "prefix", "expected"), reading_cases.load_tables("prefixes.toml"))
def test_prefix_time(why: str, prefix: str, expected: str) -> None:
    ms = times.prefix_ms(prefix, CLOCK_MS)

    assert expected == reading_cases.to_iso(ms), why


def time_word(record: model.Record) -> str:
    if record.future:
        return "future"
    return "ancient" if record.ancient else reading_cases.to_iso(record.ts_ms)


# --- The shared cases ------------------------------------------------------------------------

#: Files whose wrapping the definitions do not read: for a hint, not for events.
UNREAD = {
    "52-ansi-jq.log", "67-single-quoted.log", "68-json5.log", "69-console-firefox.log",
    "94-html-entities.log", "95-smart-quotes.log",
}  # fmt: skip
#: Files that hold other events than the twelve, with the number of events and of sessions.
OTHERS = {
    "142-decimals.ndjson": (2, 1),
    "143-decimals-id.ndjson": (2, 1),
    "150-epoch0.ndjson": (13, 4),
    "151-year1.ndjson": (13, 4),
    "160-nfd.ndjson": (3, 2),
    "83-latin1.ndjson": (3, 1),
    "csv-other-delimiter.ndjson": (1, 1),
    "lc-1-ended-then-timeout.ndjson": (2, 1),
    "lc-2-left-then-ended.ndjson": (3, 1),
    "lc-3-TETI.ndjson": (4, 1),
}
FILES = sorted(path.name for path in CASES.iterdir() if path.suffix not in {".gz", ".bin", ""})
TWELVE = [name for name in FILES if name not in UNREAD and name not in OTHERS]


def read_case(name: str) -> model.Model:
    return model.read_log((CASES / name).read_bytes(), CLOCK_MS + 365 * times.DAY_MS)


def to_naive(read: model.Model) -> naive.Log:
    """Return what was read as the fold of the older model takes it."""
    log = naive.Log(records=len(read.records))
    for record in read.events:
        assert record.kind is not None
        assert record.sid is not None
        event = naive.Event(
            ts=record.ts_ms,
            future=record.future,
            ancient=record.ancient,
            kind=record.kind,
            sid=record.sid,
            id=record.id,
            name=record.name,
            type=record.type,
            ui_type=record.ui_type,
            page=record.page,
            agent_id=record.agent_id,
            agent_name=record.agent_name,
            meeting_info=None,
            file="",
            line=record.line,
        )
        log.events.append(event)
        log.looks.append(event)
    log.as_of_ms = max((event.ts for event in log.events if event.ts is not None), default=0)
    return log


@pytest.mark.parametrize("name", TWELVE)
def test_twelve_events(name: str) -> None:
    read = read_case(name)

    assert {"events": 12} == dict(read.buckets)
    assert 0 == read.untimed
    log = to_naive(read)
    abandonment = naive.abandonment_total(log)
    completion = naive.completion_total(log)
    live_chat = naive.live_chat_total(log)
    assert (3, 1, 60) == (
        completion["sessions"],
        completion["completed"],
        completion["median_seconds_to_complete"],
    )
    assert (1, 1, 40) == (
        abandonment["served"],
        abandonment["closed"],
        abandonment["median_seconds_to_abandon"],
    )
    assert (1, 1, 30, 300) == (
        live_chat["requests"],
        live_chat["ended"],
        live_chat["median_wait_seconds"],
        live_chat["median_chat_seconds"],
    )
    assert {"d1", "d2"} == {event.id for event in read.events}


@pytest.mark.parametrize("name", sorted(UNREAD))
def test_unread_case(name: str) -> None:
    read = read_case(name)

    assert {"invalid_json": 12} == dict(read.rejected)


@pytest.mark.parametrize(("name", "expected"), OTHERS.items())
def test_other_case(name: str, expected: tuple[int, int]) -> None:
    read = read_case(name)

    assert expected == (len(read.events), len({event.sid for event in read.events}))


@pytest.mark.parametrize("name", sorted(path.name for path in (CASES / "crash").iterdir()))
def test_crash_case(name: str) -> None:
    read = read_case(f"crash/{name}")

    # `window` is none of the words that may stand before a full name.
    expected = {"ignored": 60} if name == "539.log" else {"events": 60}
    assert expected == dict(read.buckets)
    if name != "539.log":
        assert 9 == len({event.sid for event in read.events})
        assert 0 == read.untimed
