"""Bytes to records, framing and judge together: against the model, and by their properties."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import generate_records as generate
import joined
import model
import pytest
import reading_cases
from generate_records import CLOCK_MS, SEVERAL, WRAPPINGS, Facts, dump
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from joined import read_as_model, read_records
from reading_cases import Case

from dcevents.reading.judge import Context
from dcevents.reading.records import ReadRecord, RecordReader

pytestmark = pytest.mark.records

CASES = [
    case
    for file in ("lines.toml", "wrappings.toml", "fields.toml", "joined.toml", "settled.toml")
    for case in reading_cases.load_cases(file)
]
FOLDER = Path(__file__).parent / "cases"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
MODEST = settings(
    derandomize=True,
    max_examples=50,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)
FEW = settings(MODEST, max_examples=5)
SAME = settings(MODEST, max_examples=100)
"""The same logs each time: on junk of which the definitions say nothing, the two may differ."""


# --- Against the model -----------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=[f"{n}: {case.why}" for n, case in enumerate(CASES)])
def test_case(case: Case) -> None:
    found = read_as_model(case.data)

    described = [
        reading_cases.describe(record, expected)
        for record, expected in zip(found, case.expected, strict=False)
    ]
    assert [reading_cases.plain(expected) for expected in case.expected] == described
    assert len(case.expected) == len(found)


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_shared_case_is_read_as_by_the_model(path: Path) -> None:
    data = joined.unpack(path.read_bytes())
    clock_ms = CLOCK_MS + 365 * 86_400_000

    assert model.read_log(data, clock_ms).records == read_as_model(data, clock_ms)


COMPRESSED = [path for path in FILES if path.suffix in {".gz", ".bin"}]


@pytest.mark.parametrize("path", COMPRESSED, ids=[path.name for path in COMPRESSED])
def test_compressed_and_plain_in_one_stream_hold_twelve_events(path: Path) -> None:
    found = read_as_model(joined.unpack(path.read_bytes()))

    assert ["events"] * 12 == [record.bucket for record in found]


def without_scalars(records: list[model.Record]) -> list[model.Record]:
    """Return records without scalars, of which a broken array may make records or none."""
    return [
        model.Record(**{**vars(record), "index": None})
        for record in records
        if record.reason != "not_an_object"
    ]


@SAME
@given(log=generate.logs())
def test_log_is_read_as_by_the_model(log: bytes) -> None:
    expected = without_scalars(model.read_log(log, CLOCK_MS).records)
    assert expected == without_scalars(read_as_model(log, CLOCK_MS))


@SAME
@given(record=generate.hostile_records())
def test_record_is_read_as_by_the_model(record: str) -> None:
    data = record.encode()

    assert model.read_log(data, CLOCK_MS).records == read_as_model(data, CLOCK_MS)


# --- Properties ------------------------------------------------------------------------------


def say(data: str | bytes) -> list[Any]:
    """Return what the records of a log say, wherever they stand."""
    raw = data if isinstance(data, bytes) else data.encode()
    return [(each.bucket, each.reason, say_of(each)) for each in read_records(raw)[0]]


def say_of(record: ReadRecord) -> Any:
    """Return what a record says, but for where in its value that was found."""
    if record.event is None:
        return record.outcome
    return {**record.event._asdict(), "structure": None}


def say_events(data: str | bytes) -> list[Any]:
    """Return what the events of a log say."""
    return [said for bucket, _, said in say(data) if bucket == "events"]


LINES = st.one_of(
    generate.facts().map(lambda event: dump(event.canonical)),
    generate.hostile_records(),
    st.builds(
        lambda name, event: generate.wrapped(name, event)[0],
        st.sampled_from(sorted(set(WRAPPINGS) - {"pretty"})),
        generate.facts(),
    ),
)


@MODEST
@given(record=generate.hostile_records(), before=LINES, behind=LINES)
def test_record_says_the_same_alone_and_among_others(record: str, before: str, behind: str) -> None:
    alone = say(record + "\n")

    among = say(f"{before}\n{record}\n{behind}\n")

    assert [*say(before), *alone, *say(behind)] == among
    if json.loads(record) and len(alone) == 1:
        assert alone == say(f"[{record}]")


@pytest.mark.parametrize("name", sorted(WRAPPINGS))
@FEW
@given(event=generate.facts(), beside=generate.unrelated_members(), is_before=st.booleans())
def test_unrelated_members_beside_and_around_change_nothing(
    name: str, event: Facts, beside: dict[str, Any], *, is_before: bool
) -> None:
    line, _ = generate.wrapped(name, event)
    if not line.startswith("{"):
        return
    value = json.loads(line)
    free = {key: each for key, each in beside.items() if key not in value}
    wider = {**free, **value} if is_before else {**value, **free}

    assert say_events(line) == say_events(dump(wider))
    if name == "canonical":
        assert say_events(line) == say_events(dump({**free, "msg": value}))


@MODEST
@given(
    texts=st.lists(generate.hostile_texts(), min_size=6, max_size=6),
    facts=generate.facts(),
    is_unknown=st.booleans(),
)
def test_texts_of_visitors_make_no_event(
    texts: list[str], facts: Facts, *, is_unknown: bool
) -> None:
    keys = ["page", "user_agent", "referrer", "answer", "comment", "cookies"]
    written = dict(zip(keys, texts, strict=True))
    payload = {**facts.payload, "answers": texts, "message": texts[0], "answer": {"a": texts[1]}}

    assert [] == say_events(dump({**written, "status": 200}))
    event = {**facts.canonical, "event": "CONVERSATION_RATED"} if is_unknown else facts.canonical
    found = say_events(dump({**event, "data": {"payload": payload}}))
    assert ([] if is_unknown else say_events(dump(facts.canonical))) == found


BAD_LINES = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", '{"a":', '{"a":[', "[1,", '{"a":"', "x {", "\\", '"', '"{', "\0",
         '{"a":1,', '"a":{', "},", "INFO [", "{}garbage", "[[[[", "{{{{", "\udcff", "NaN",
         '{"event":"CONVERSATION_EN', 'ing","sid":"x"}}}', '{"sid":"evil","id":"evil",',
         '"event":"CONVERSATION_CLOSED"'],
    ),
    max_size=5,
)  # fmt: skip


@MODEST
@given(
    good=st.lists(generate.facts(), max_size=4),
    bad=st.lists(BAD_LINES, min_size=5, max_size=5),
)
def test_bad_lines_never_change_good_ones(good: list[Facts], bad: list[list[str]]) -> None:
    lines = [line for event, before in zip(good, bad, strict=False) for line in
             [*before, dump(event.canonical)]]  # fmt: skip
    lines += bad[-1]
    alone = [said for event in good for said in say_events(dump(event.canonical))]

    assert alone == say_events("\n".join(lines).encode(errors="surrogateescape") + b"\n")


@MODEST
@given(log=generate.logs(), cuts=st.lists(st.integers(0, 4000), max_size=5))
def test_pieces_do_not_matter(log: bytes, cuts: list[int]) -> None:
    assert read_records(log)[0] == read_records(log, cuts=cuts)[0]


@MODEST
@given(log=generate.logs(), places=st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_reading_on_from_any_cut_is_one_reading(log: bytes, places: list[float]) -> None:
    found: list[ReadRecord] = []
    resume = None
    for end in sorted(int(place * len(log)) for place in places):
        begin = resume.offset if resume else 0
        records, resume = read_records(log[begin : max(begin, end)], begin=resume)
        found += [record for record in records if record.start < resume.offset]
    rest, _ = read_records(log[resume.offset if resume else 0 :], begin=resume)

    assert read_records(log)[0] == found + rest


def pass_lines(log: bytes, is_passed: Iterable[bool]) -> tuple[list[ReadRecord], Any, list[int]]:
    """Return the records of a log of which some canonical lines are read elsewhere.

    Return also where a later run reads on, and where these lines begin.
    """
    reader = RecordReader(Context(CLOCK_MS))
    choices = iter(is_passed)
    found: list[ReadRecord] = []
    places: list[int] = []
    at = 0
    for line in log.splitlines(keepends=True) if b"\r" not in log else [log]:
        if is_canonical(line) and next(choices, False):
            places.append(at)
            found += reader.pass_event_lines(line)
        else:
            found += reader.feed(line)
        at += len(line)
    return found + reader.finish(), reader.resume, places


def is_canonical(line: bytes) -> bool:
    """Return whether a line is one that a fast reader takes."""
    body = line.removesuffix(b"\n").rstrip(b", ")
    if not line.endswith(b"\n") or not body.startswith(b'{"event":') or not body.endswith(b"}"):
        return False
    try:
        json.loads(body)
    except ValueError:
        return False
    return len(say_events(body)) == 1 == len(say(body))


CANONICAL_LINES = st.builds(
    lambda event, end: dump(event.canonical) + end, generate.facts(), st.sampled_from(["", "", ","])
)
MIXED_LINES = st.lists(
    st.one_of(
        CANONICAL_LINES,
        CANONICAL_LINES,
        BAD_LINES.map(lambda lines: "\n".join(line for line in lines if line.isascii())),
        st.sampled_from(
            [
                "[", "]", "{", "1,", '{"a":1},', '{"key":"a","value":1},', "", "x {", '[{"a":2}',
                "2026-01-02T00:00:00Z stdout P x", "2026-01-02T00:00:00Z stdout F y",
                '{"log":"{\\"event\\":","stream":"stdout"}',
                '{"log":"\\"CONVERSATION_X\\"}\\n","stream":"stdout"}',
            ]
        ),
        generate.lines(),
    ),
    max_size=9,
)  # fmt: skip


@settings(MODEST, max_examples=150)
@given(lines=MIXED_LINES, is_passed=st.lists(st.booleans(), min_size=12, max_size=12))
def test_canonical_lines_that_are_passed_change_nothing(
    lines: list[str], is_passed: list[bool]
) -> None:
    log = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
    records, resume = read_records(log)

    others, later, places = pass_lines(log, is_passed)

    assert [record for record in records if record.start not in places] == others
    assert resume == later


@pytest.mark.parametrize("name", sorted(SEVERAL))
@FEW
@given(events=st.lists(generate.facts(), min_size=2, max_size=3))
def test_records_of_a_line_are_numbered(name: str, events: list[Facts]) -> None:
    records, _ = read_records(SEVERAL[name](events).encode() + b"\n")

    for line in {record.line for record in records}:
        numbers = [record.index for record in records if record.line == line]
        assert numbers == ([None] if len(numbers) == 1 else [*range(1, len(numbers) + 1)])


def test_lines_cannot_be_passed_within_a_line() -> None:
    reader = RecordReader(Context(CLOCK_MS))
    reader.feed(b'{"a":')

    with pytest.raises(ValueError, match="no line ends"):
        reader.pass_event_lines(b"{}\n")


def test_many_lines_are_passed_at_once() -> None:
    line = reading_cases.canonical("a").encode() + b"\n"
    reader = RecordReader(Context(CLOCK_MS))

    found = [*reader.feed(b"{\n"), *reader.pass_event_lines(line * 3), *reader.feed(b"x\n")]

    assert [(1, "rejected"), (5, "rejected")] == [(each.line, each.bucket) for each in found]
    assert reader.resume.offset == 4 + 3 * len(line)


MEMBER = b' {"x":\n{"y":"' + b"w" * 300_000 + b'"}},\n'


@pytest.mark.parametrize("before", [b"", b'{"x":\n'], ids=["between members", "in a member"])
def test_long_object_takes_in_no_line_that_is_an_event(before: bytes) -> None:
    event = reading_cases.canonical("a").encode()
    log = b'{"r":[\n' + MEMBER * 5 + before + event + b",\n" + MEMBER + b"{}]}\n" + event + b"\n"

    records, _ = read_records(log)
    passing = RecordReader(Context(CLOCK_MS))
    at = log.index(event)
    others = passing.feed(log[:at]) + passing.pass_event_lines(event + b",\n")
    others += passing.feed(log[at + len(event) + 2 :]) + passing.finish()

    assert ["a", "a"] == [record.event.sid for record in records if record.event]
    assert [record for record in records if record.start != at] == others


def test_members_cost_no_more_than_their_object() -> None:
    """What is around a list is read for each member: a stranger's 400 kB around a million `{}`."""
    log = b'{"a":"' + b"x" * 400_000 + b'","l":[' + b"{}," * 400_000 + b"{}]}\n"

    records, _ = read_records(log)

    assert 200 > len(records)
    assert "too_long" == records[-1].reason
