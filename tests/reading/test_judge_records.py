"""Golden records: each clause of the definitions, with what it says and what it does not."""

import json
import tomllib
from typing import Any

import judging
import pytest
from judging import CONTEXT, MONDAY, judge

from dcevents.reading.json_value import decode
from dcevents.reading.judge import Event, judge_value, write_path

CASES = tomllib.loads((judging.GOLDEN / "judge_records.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_a_record_says_what_the_definitions_say(case: dict[str, Any]) -> None:
    assert case["gives"] == judge(case["value"], case.get("prefix", ""))


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_a_record_says_the_same_among_others(case: dict[str, Any]) -> None:
    if case["gives"] == ["rejected not_an_object"] or "prefix" in case:
        pytest.skip("no record of its own, or a line")
    other = '{"event":"CONVERSATION_TRIGGERED","sid":"other","timestamp":"2025-01-01T00:00:00Z"}'
    said = "triggered sid=other at=2025-01-01T00:00:00.000Z"

    assert [said, *case["gives"], said] == judge(f"[{other},{case['value']},{other}]")


@pytest.mark.parametrize("length", [511, 512, 513, 5000])
def test_long_texts_are_cut(length: int) -> None:
    payload = {"sid": "s", "id": "i" * length, "agentName": "ä" * length}
    [found] = judge({"event": "CONVERSATION_ENGAGED", "data": {"payload": payload}})

    cut = length > 512
    ident = "i" * 511 + "…" if cut else "i" * length
    agent = "ä" * 511 + "…" if cut else "ä" * length
    assert f"engaged sid=s id={ident} agent_name={agent}" == found


def test_a_page_is_cut_after_its_query() -> None:
    page = "https://x.example/" + "p" * 3000
    event = {"event": "CONVERSATION_ENGAGED", "sid": "s", "page": page + "?q"}

    assert [f"engaged sid=s page={page[:2047]}…"] == judge(event)


def test_a_query_is_kept_where_asked_for() -> None:
    event = {"event": "CONVERSATION_ENGAGED", "sid": "s", "page": "/p?q=1#f"}

    assert ["engaged sid=s page=/p?q=1#f"] == judge(event, "", CONTEXT._replace(keep_query=True))


def test_a_name_of_an_unknown_event_is_cut() -> None:
    assert ["unknown_event " + "x" * 127 + "…"] == judge({"event": "x" * 129})
    assert ["unknown_event " + "x" * 128] == judge({"event": "x" * 128})


@pytest.mark.parametrize(
    ("sid", "is_kept"), [("s" * 512, True), ("s" * 513, False), ("ä" * 257, False)]
)
def test_a_sid_of_over_512_bytes_is_rejected(sid: str, is_kept: bool) -> None:
    event = {"event": "CONVERSATION_ENGAGED", "data": {"payload": {"sid": sid}}}

    assert [f"engaged sid={sid}" if is_kept else "rejected too_long"] == judge(event)


def test_a_long_sid_of_an_unknown_event_matters_not() -> None:
    assert ["unknown_event x"] == judge({"event": "x", "data": {"payload": {"sid": "s" * 600}}})


def test_512_objects_are_entered_in_document_order() -> None:
    event = {"event": "CONVERSATION_ENGAGED", "sid": "s"}
    few, many = ({f"k{n}": {"a": 1} for n in range(count)} for count in (511, 512))

    assert ["engaged sid=s"] == judge({**few, "x": event})
    assert ["rejected no_event"] == judge({**many, "x": event})


def test_a_canonical_payload_is_found_behind_any_number_of_objects() -> None:
    many = {f"k{n}": {"a": 1} for n in range(600)}
    event = {"event": "CONVERSATION_ENGAGED", "data": {"payload": {"sid": "s"}}}

    assert ["engaged sid=s"] == judge({**many, **event})


def test_lists_may_be_of_any_length() -> None:
    batch = [{"event": "CONVERSATION_ENGAGED", "sid": f"s{n}"} for n in range(2000)]

    assert [f"engaged sid=s{n}" for n in range(2000)] == judge({"events": batch})


@pytest.mark.parametrize("depth", range(1, 8))
def test_texts_are_entered_five_deep(depth: int) -> None:
    value: object = {"event": "CONVERSATION_ENGAGED", "sid": "s"}
    for _ in range(depth):
        value = {"body": json.dumps(value)}

    assert ["engaged sid=s" if depth <= 5 else "rejected no_event"] == judge(value)


def test_each_record_of_a_list_has_its_index() -> None:
    value = decode('{"events":[{"event":"engaged","sid":"a"},{},{"event":"closed","sid":"b"}]}')

    assert [0, 1, 2] == [finding.index for finding in judge_value(value, CONTEXT)]


def test_a_record_alone_has_no_index() -> None:
    for text in (
        '{"event":"engaged","sid":"a"}',
        '{"log":"{\\"event\\":\\"engaged\\",\\"sid\\":\\"a\\"}"}',
    ):
        assert [None] == [finding.index for finding in judge_value(decode(text), CONTEXT)]


def test_an_event_says_where_its_parts_were_found() -> None:
    inner = {"event_name": "CONVERSATION_ENGAGED", "dc.sid": "s", "at": [MONDAY]}
    value = {"logs": [{"message": [json.dumps(inner)]}], "page": "/p", "time": 7}
    [finding] = judge_value(decode(json.dumps(value)), CONTEXT)

    assert isinstance(finding.outcome, Event)
    found = finding.outcome.structure
    assert found.time
    assert found.page
    assert [
        "logs[].message[]|json.event_name",
        [("sid", "logs[].message[]|json.dc.sid")],
        "logs[].message[]|json.at[]",
        "page",
        False,
        ["logs[].message[]|json.at[]", "time"],
    ] == [
        write_path(found.event),
        [(part, write_path(path)) for part, path in found.fields],
        write_path(found.time),
        write_path(found.page),
        found.is_canonical,
        [write_path(path) for path in found.times],
    ]


def test_a_time_without_a_year_goes_by_the_clock_of_the_first_reading() -> None:
    first = CONTEXT.clock_ms - 400 * 86_400_000
    context = CONTEXT._replace(first_clock_ms=first)

    [found] = judge({"event": "CONVERSATION_ENGAGED", "sid": "s"}, "Nov  3 09:00:00 x: ", context)

    assert "engaged sid=s at=2024-11-03T09:00:00.000Z" == found
