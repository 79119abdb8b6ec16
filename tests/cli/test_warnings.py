"""Warnings that `-q` does not hide: where figures are not to be trusted, and what to do."""

import json
from pathlib import Path
from typing import Any

import harness
import pytest

GOOD = harness.log("09:00 a triggered\n09:01 a engaged")
NO_SID = b'{"event":"CONVERSATION_ENGAGED","data":{"payload":{"id":"d1"}}}\n'
BROKEN = b'{"event":"CONVERSATION_ENGAGED","data":{"payload":{"sid":"a","id"\n'
CSV_HINT = (
    "it looks like a CSV with the columns a, b, c; "
    "if they hold events, say where with --map event=COLUMN --map sid=COLUMN"
)
OTHER = b'{"n":1}\n'


def event(number: int, **parts: Any) -> bytes:
    """Return a line with an event, one of many."""
    payload = {"sid": f"s{number}", "id": "d1"}
    record = {"event": "CONVERSATION_ENGAGED", "data": {"payload": payload}, **parts}
    return json.dumps(record).encode() + b"\n"


def timed(number: int) -> bytes:
    """Return a line with an event that has a timestamp."""
    return event(number, timestamp=f"2026-11-02T09:00:{number:02d}Z")


def warn(folder: Path, *, are_taken_in: bool = True, **files: bytes) -> list[str]:
    """Return the warnings of a quiet run on files of a folder; taking them in says the same."""
    for name, data in files.items():
        (folder / f"{name}.log").write_bytes(data)
    quiet = harness.run("completion", folder, "-q")
    assert quiet.status == 0
    if are_taken_in:
        taken = harness.run("ingest", folder, "--store", folder.parent / "store", "-q")
        assert (taken.status, taken.err) == (0, quiet.err)
    start = f"dcevents: warning: {folder}/"
    return [line.removeprefix(start) for line in quiet.err.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder."""
    path = tmp_path / "logs"
    path.mkdir()
    return path


def test_a_good_log_is_not_warned_of(folder: Path) -> None:
    assert warn(folder, a=GOOD, b=b"", c=b"\n\n") == []


def test_an_input_without_any_event_is_named_beside_others(folder: Path) -> None:
    said = warn(folder, a=GOOD, b=b"a,b,c\n1,2,3\n", c=b"Hello\n")

    assert said == [
        f"b.log: no event in 4 records: {CSV_HINT}",
        f"c.log: no event in 1 record: dcevents check {folder}/c.log",
    ]


def test_an_input_of_unknown_events_has_none(folder: Path) -> None:
    said = warn(folder, a=GOOD, b=b'{"event":"clicked"}\n' * 3)

    assert said == [f"b.log: no event in 3 records: dcevents check {folder}/b.log"]


def test_an_input_of_ready_events_is_a_log(folder: Path) -> None:
    assert warn(folder, a=GOOD, b=b'{"event":"adobedx.conversations.ready"}\n{"n":1}\n') == []


def test_of_many_inputs_without_an_event_three_are_named(folder: Path) -> None:
    for number in range(6):
        (folder / f"x{number}.log").write_text(f'{{"n":{number}}}\n')

    said = warn(folder, a=GOOD)

    assert [line[:6] for line in said[:3]] == ["x0.log", "x1.log", "x2.log"]
    assert said[3:] == ["dcevents: warning: 3 more inputs without any event: dcevents check"]


@pytest.mark.parametrize(
    ("rejects", "others", "is_said"),
    [(10, 90, True), (10, 91, False), (9, 1, False), (40, 100, True)],
)
@pytest.mark.parametrize("line", [NO_SID, BROKEN], ids=["no sid", "broken"])
def test_rejected_records_that_name_an_event_are_said_where_they_are_many(
    rejects: int, others: int, line: bytes, folder: Path, *, is_said: bool
) -> None:
    records = others + rejects
    good = b"".join(timed(number % 60) for number in range(others - 1))

    said = warn(folder, a=GOOD, b=good + line * rejects + timed(0))

    sentence = (
        f"b.log: {rejects} of {records} records are rejected, though they name an event, "
        f"first line {others}: dcevents check {folder}/b.log"
    )
    assert said == [sentence] * is_said


def test_rejected_records_without_a_name_are_no_events_lost(folder: Path) -> None:
    others = b'{"page":"conversation-closed"}\n[]\n"CONVERSATION_ENGAGED"\n{"n":\n'

    assert warn(folder, a=GOOD, b=timed(0) + others * 20 + timed(1)) == []


@pytest.mark.parametrize(("untimed", "timed_events", "is_said"), [(1, 1, True), (5, 6, False)])
@pytest.mark.parametrize("time", [None, "soon", "2014-12-31T00:00:00Z", "2036-01-01T00:00:00Z"])
def test_an_input_with_half_of_its_events_untimed_is_named(
    untimed: int, timed_events: int, time: str | None, folder: Path, *, is_said: bool
) -> None:
    data = [event(number, timestamp=time) for number in range(untimed)]
    data += [timed(number) for number in range(timed_events)]

    # A store asks the clock of each report what is in the future.
    said = warn(folder, are_taken_in="2036" not in (time or ""), a=GOOD, b=b"".join(data))

    sentence = (
        f"b.log: {untimed} of {untimed + timed_events} events have no usable timestamp, so no "
        "window and no duration has them; if their time is elsewhere, say where with "
        f"--map timestamp=PATH: dcevents check {folder}/b.log"
    )
    assert said == [sentence] * is_said


def test_the_map_that_is_advised_for_untimed_events_helps(tmp_path: Path) -> None:
    path = tmp_path / "dc.log"
    path.write_bytes(b"".join(event(n, x={"y": f"2026-11-02T09:00:0{n}Z"}) for n in range(4)))

    without = harness.run("completion", path, "-f", "json", "-q")
    mapped = harness.run("completion", path, "-f", "json", "-q", "--map", "timestamp=x.y")

    assert (without.json["input"]["untimed"], mapped.json["input"]["untimed"]) == (4, 0)
    assert "--map timestamp=PATH" in without.err
    assert mapped.err == ""


def test_standard_input_is_named_without_a_file() -> None:
    said = harness.run("completion", "-q", stdin=event(1)).err

    assert said.startswith("dcevents: warning: standard input: 1 of 1 event ")
    assert said.endswith(": dcevents check\n")


def test_a_log_that_is_refused_is_not_warned_of_too(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(NO_SID * 20)
    (tmp_path / "b.log").write_bytes(OTHER * 20)

    result = harness.run("completion", tmp_path, "-q")

    assert (result.status, result.err.count("\n")) == (3, 1)
