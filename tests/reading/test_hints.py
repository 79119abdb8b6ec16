"""What is said of an input that is no log: what it is, and advice that works when followed."""

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import harness
import pytest
import wrappings
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st
from judging import CONTEXT

from dcevents.reading.hints import find_hint
from dcevents.reading.json_value import decode
from dcevents.reading.judge import Mapping, judge_value
from dcevents.reading.judge.findings import Context, Event, Rejection
from dcevents.reading.judge.keys import match_adobe_key
from dcevents.reading.records import RecordReader
from dcevents.reading.sources.foreign_formats import describe_foreign_format

EVENTS = wrappings.make_events()
LINES = [json.dumps(event, separators=(",", ":")) for event in EVENTS]


def hint(data: str | bytes) -> str:
    """Return what is said of the first records of an input; an empty text for nothing."""
    raw = data.encode() if isinstance(data, str) else data
    return find_hint([line[:4096] for line in raw.splitlines()[:5]]) or ""


def count_events(data: bytes) -> int:
    """Return the number of events that are read."""
    reader = RecordReader(CONTEXT)
    return sum(record.event is not None for record in [*reader.feed(data), *reader.finish()])


def follow(advice: str, path: Path) -> bytes:
    """Run the command that a hint gives for a file; return what it prints."""
    found = re.search(r"\b((?:python3|gzip) .*?)(?: \| dcevents …|$)", advice)
    assert found, advice
    command = found[1].replace("FILE", str(path)).replace("python3", sys.executable)
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True).stdout


def flatten(event: dict[str, Any]) -> list[str]:
    """Return an event as the cells of a row: event, timestamp, sid, id."""
    payload = event["data"]["payload"]
    return [event["event"], event["timestamp"], payload["sid"], payload["id"]]


def make_table(mark: str) -> str:
    """Return the events as a table with a header."""
    rows = [["event", "timestamp", "sid", "id"], *map(flatten, EVENTS)]
    return "\n".join(mark.join(row) for row in rows) + "\n"


def test_what_is_compressed_twice_is_undone_once(tmp_path: Path) -> None:
    once = gzip.compress("\n".join(LINES).encode())
    path = tmp_path / "dc.log.gz.gz"
    path.write_bytes(gzip.compress(once))

    advice = describe_foreign_format(once) or ""

    assert "compressed twice" in advice
    assert follow(advice, path) == once


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_columns_of_other_names_are_read_by_the_map_that_is_advised(
    mark: str, tmp_path: Path
) -> None:
    path = tmp_path / "export"
    path.write_text(make_table(mark).replace("event", "what", 1).replace("sid", "who", 1))

    alone = harness.run("summary", path)
    mapped = harness.run("check", path, "--map", "sid=who", "-f", "json", "-q")

    assert "but its events have no sid: its columns are what, timestamp, who, id;" in alone.err
    assert "say which with --map sid=COLUMN" in alone.err
    assert len(EVENTS) == mapped.json["input"]["events"]


@pytest.mark.parametrize("mark", [",", "\t"])
def test_rows_without_a_header_are_read_under_one(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_text(mark.join(flatten(EVENTS[0])[:3]) + "\n" + mark.join(flatten(EVENTS[1])[:3]))

    advice = harness.run("summary", path).err
    found = re.search(r"put the names of its columns before it: (\(.*?\)) \| dcevents", advice)
    assert found, advice
    command = found[1].replace("FILE", str(path))
    data = subprocess.run(["bash", "-c", command], check=True, capture_output=True).stdout

    assert 2 == harness.report(data, "check")["input"]["events"]


def request(body: object) -> str:
    """Return a request that a server logged as JSON."""
    return json.dumps({"time": "x", "request": "POST /dc", "status": 204, "request_body": body})


@pytest.mark.parametrize(
    ("said", "data"),
    [
        ("logfmt", "level=info msg=a,b event=CONVERSATION_ENGAGED\n" * 2),
        ("JavaScript's objects", "{event:'CONVERSATION_ENGAGED',data:{payload:{sid:'s1'}}}\n"),
        ("JavaScript's objects", "{'event': 'CONVERSATION_ENGAGED', 'page': null, 'n': true}\n"),
        ("a browser's console", 'Object { event: "CONVERSATION_ENGAGED", data: {…} }\n'),
        ("all bodies are empty", f"{request('-')}\n{request('')}\n{request(None)}\n"),
        ("cut off after 60 characters", f"{request(LINES[0][:60])}\n{request(LINES[1][:50])}\n"),
        ("an access log without bodies", '{"time":"x","request":"POST /dc","status":204}\n'),
        (
            "its events have no sid: data.payload.sid is empty;",
            '{"event":"CONVERSATION_ENGAGED","data":{"payload":{"sid":"","id":"d"}}}\n',
        ),
        (
            "its events have no sid: data.payload.sid is no text;",
            '{"event":"CONVERSATION_ENGAGED","data":{"payload":{"sid":{"a":1},"id":"d"}}}\n',
        ),
        (
            "its events have no sid: their keys are event, id;",
            '{"event":"CONVERSATION_ENGAGED","id":"d"}\n',
        ),
    ],
)
def test_it_is_said_what_it_is(said: str, data: str) -> None:
    assert said in hint(data)


def test_no_body_is_missed_where_there_is_one() -> None:
    data = request(json.dumps({"kind": "x"}))

    assert "without bodies" not in hint(data)
    assert "its keys are time, request, status, request_body.kind" in hint(data)


@pytest.mark.parametrize(
    "record",
    [
        {"event": "CONVERSATION_ENGAGED", "headers": {"sid": "s1"}, "id": "d"},
        {"event": "CONVERSATION_ENGAGED", "cookies": {"session_id": "s1"}, "id": "d"},
    ],
)
def test_a_sid_where_none_counts_is_found_by_the_map_that_is_advised(
    record: dict[str, Any],
) -> None:
    found = re.search(r"--map sid=(\S+)", hint(json.dumps(record)))
    assert found
    context = Context(CONTEXT.clock_ms, mapping=Mapping((("sid", found[1]),)))

    [finding] = judge_value(decode(json.dumps(record)), context)

    assert isinstance(finding.outcome, Event)
    assert finding.outcome.sid == "s1"


@pytest.mark.parametrize(
    ("record", "helps"),
    [
        ({"kind": "Chat Opened", "n": 1}, True),
        ({"time": "2026-11-02T09:15:04Z", "n": 1, "ok": True}, False),
        ({"n": 1, "text": "x" * 100}, False),
    ],
)
def test_a_map_is_advised_only_where_it_may_help(record: dict[str, Any], *, helps: bool) -> None:
    said = hint(json.dumps(record))

    assert "it is JSON, but no event of Dynamic Chat" in said
    assert helps == ("--map event=KEY" in said)


@pytest.mark.parametrize("data", ["Hello, you", "2026-11-02 09:15:04,120 INFO a", "{", "'", "''"])
def test_of_other_text_nothing_is_said(data: str) -> None:
    assert hint(data) == ""


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which is to be unpacked first"),
        (b"Rar!\x1a\x07", "a rar archive, which is to be unpacked first"),
        (b"\x04\x22\x4d\x18", "compressed by lz4, which is to be unpacked first"),
        (b"\x28\xb5\x2f\xfd", "compressed twice, which is to be undone once first: zstd -dc FILE"),
        (b"Obj\x01", "an Avro file, which is to be exported as JSON lines first"),
        (
            b"LPKSHHRH",
            "a file of journald, which is to be printed first: journalctl -o json --file",
        ),
        (b"PAR1", "a Parquet file, which reports read from a file"),
    ],
)
def test_a_format_that_is_no_text_is_named(head: bytes, said: str) -> None:
    assert (describe_foreign_format(head + b"\0" * 300) or "").startswith(said)


# -- what is said fits the records -----------------------------------------------------------------

PAYLOAD_KEYS = st.sampled_from(
    ["sid", "SID", "chat_sid", "session_id", "id", "uiType", "x", "page"]
)
SAID = st.sampled_from(
    ["", None, "a", 7, True, {}, [], ["a"], ["a", "b"], {"S": "a"}, {"v": "a"}, "s" * 600]
)
PAYLOADS = st.dictionaries(PAYLOAD_KEYS, SAID, max_size=4)
NAMES = st.sampled_from(["CONVERSATION_ENGAGED", "chat_closed", "engaged", "page_view", "", None])


@try_examples(60)
@given(
    name=NAMES,
    key=st.sampled_from(["event", "action", "label"]),
    payload=PAYLOADS,
    where=st.sampled_from(["data", "properties", "answer", "page", ""]),
)
def test_no_hint_contradicts_its_record(
    name: str | None, key: str, payload: dict[str, Any], where: str
) -> None:
    record = {key: name, "n": 1, **(payload if not where else {where: {"payload": payload}})}
    outcomes = [each.outcome for each in judge_value(decode(json.dumps(record)), CONTEXT)]

    said = hint(json.dumps(record))

    reasons = {each.reason for each in outcomes if isinstance(each, Rejection)}
    if any(isinstance(each, Event) for each in outcomes):
        assert said == ""
    assert ("have no sid" in said) == ("no_sid" in reasons)
    assert ("over 512 bytes" in said) == ("too_long" in reasons)
    if "their keys are" in said:
        shown = said.partition("their keys are ")[2].partition(";")[0].split(", ")
        assert not [each for each in shown if match_adobe_key(each.rpartition(".")[2]) == "sid"]
    if "if one of them names the event" in said:
        assert reasons == {"no_event"} or not reasons
