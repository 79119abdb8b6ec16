"""Values over lines: the scanner in C says what is read of them without."""

import json
import random
from pathlib import Path
from typing import Any

import harness
import pytest
from choosing import choose_some, try_examples
from hypothesis import given
from hypothesis import strategies as st
from long_lists import read_pieces
from over_lines import make_event, read, write_aside, write_log, write_value
from scanned import CONTEXT

from dcevents.native import load_library
from dcevents.reading.json_value import _LEVELS, MAX_LEVELS, is_too_deep
from dcevents.reading.scanner import LineStatus, make_scanner
from dcevents.reading.scanner.beginnings import complete_beginning

pytestmark = pytest.mark.skipif(load_library() is None, reason="the library in C is not here")
SCANNER = make_scanner(CONTEXT, in_full=False)
EVENT, OTHER = make_event("s1"), {"message": "START", "level": "info"}
SEEDS = st.integers(0, 1 << 32)
MEBIBYTE = 1 << 20


def check(path: Path, data: bytes, block_bytes: int = MEBIBYTE, *, in_full: bool = True) -> Any:
    """Hold what is read with the scanner to what is read without."""
    path.write_bytes(data)
    expected = read(path, MEBIBYTE, is_pure=True, in_full=in_full)

    assert read(path, block_bytes, is_pure=False, in_full=in_full) == expected
    return expected


@try_examples(12)
@given(SEEDS, st.sampled_from((200, 1000, MEBIBYTE)), st.booleans())
def test_a_scanner_changes_nothing_in_values_over_lines(
    tmp_path_factory: pytest.TempPathFactory, seed: int, block_bytes: int, in_full: bool
) -> None:
    path = tmp_path_factory.mktemp("logs") / "x.log"
    check(path, write_log(random.Random(seed)), block_bytes, in_full=in_full)


@try_examples(12)
@given(SEEDS, st.lists(st.floats(0, 1), max_size=3))
def test_lines_within_values_are_passed_over_as_they_are_read(
    seed: int, parts: list[float]
) -> None:
    data = write_log(random.Random(seed))
    cuts = [int(part * len(data)) for part in parts]

    assert read_pieces(data, cuts, SCANNER)[0] == read_pieces(data, cuts)[0]


DOCUMENT = write_value({"took": 1, "hits": [EVENT, OTHER, {}, make_event("s2")]}, random.Random(2))
CUT = (DOCUMENT + "\n" + write_value([EVENT, OTHER], random.Random(2)) + "\n").encode()


@pytest.mark.parametrize("end", choose_some(range(len(CUT)), 100, "records"))
def test_a_cut_off_document_is_read_alike(tmp_path: Path, end: int) -> None:
    check(tmp_path / "x.log", CUT[:end])


def make_list(*members: object, **around: object) -> bytes:
    """Return a document with a list, over lines."""
    return json.dumps({**around, "hits": list(members)}, indent=1).encode() + b"\n"


CASES = {
    "hits that are no events are rejected by their numbers": (
        make_list(EVENT, OTHER, make_event("s2"), {"message": "END"}),
        {"events": 2, "no_event": 2},
        [(1, 2), (1, 4)],
    ),
    "so are hits without any key that matters": (
        make_list({}, EVENT, {}, {}, make_event("s2"), {}),
        {"events": 2, "no_event": 4},
        [(1, 1), (1, 3), (1, 4), (1, 6)],
    ),
    "an event without a sid too": (
        make_list({"event": "CONVERSATION_CLOSED"}, EVENT),
        {"events": 1, "no_sid": 1},
        [(1, 1)],
    ),
    "but a scalar is no record": (make_list(3, EVENT, "x"), {"events": 1}, []),
    "nor is an array without objects": (make_list([], EVENT, [1]), {"events": 1}, []),
    "of objects of two kinds without keys each is one": (
        make_list({}, {"m": 1}, EVENT, {"k": None}),
        {"events": 1, "no_event": 3},
        [(1, 1), (1, 2), (1, 4)],
    ),
    "a list without events is one record": (make_list({}, OTHER), {"no_event": 1}, [(1, 0)]),
    "values over lines that are no events are rejected where they begin": (
        make_list(OTHER) + json.dumps(EVENT, indent=1).encode() + b"\n" + make_list(OTHER),
        {"events": 1, "no_event": 2},
        [(1, 0), (23, 0)],
    ),
    "in an array too": (
        b"[\n" + b",\n".join(make_list(OTHER).rstrip() for _ in range(3)) + b"\n]\n",
        {"no_event": 3},
        [(2, 0), (10, 0), (18, 0)],
    ),
    "many objects without keys are as few": (
        make_list(*[{}] * 600, EVENT),
        {"events": 1, "no_event": 600},
        [(1, number) for number in range(1, 601)],
    ),
    "a list of nothing else is one record": (make_list(*[{}] * 600), {"no_event": 1}, [(1, 0)]),
    "an event on a line of its own breaks a value off": (
        make_list(EVENT).replace(b"]", json.dumps(EVENT).encode() + b"\n]"),
        None,
        None,
    ),
    "so does a text that is one": (
        make_list(EVENT, "x").replace(b'"x"', json.dumps(json.dumps(EVENT)).encode()),
        None,
        None,
    ),
    "or one in an object, whatever others before it hold": (
        "\n".join(write_aside(each) for each in ("a", "b", json.dumps(EVENT), "c")).encode(),
        None,
        None,
    ),
    "brackets in as many levels as are read": (
        make_list(*[[]]).replace(b"[]", b"[\n" * 500 + b"]\n" * 500),
        {"no_event": 1},
        [(1, 0)],
    ),
    "and in more": (make_list(*[[]]).replace(b"[]", b"[\n" * 600 + b"]\n" * 600), None, None),
    "line ends of Windows": (
        make_list(EVENT, OTHER, make_event("s2")).replace(b"\n", b"\r\n"),
        {"events": 2, "no_event": 1},
        [(1, 2)],
    ),
    "blank lines within": (
        make_list(EVENT, OTHER, make_event("s2")).replace(b"\n", b"\n\n"),
        {"events": 2, "no_event": 1, "blank": 1},
        [(1, 2)],
    ),
}


@pytest.mark.parametrize("why", CASES)
def test_records_of_a_document_have_their_places(tmp_path: Path, why: str) -> None:
    data, counts, places = CASES[why]
    (account, *_), rejects = check(tmp_path / "x.log", data)

    if counts is not None:
        assert account["tally"] == {"event" if k == "events" else k: n for k, n in counts.items()}
        assert [(place.line, place.record_number or 0) for place, _ in rejects] == places


@pytest.mark.parametrize(
    "size", [MEBIBYTE - 1, pytest.param(MEBIBYTE, marks=pytest.mark.records), MEBIBYTE + 1]
)
def test_a_value_over_lines_may_be_as_long_as_a_record(tmp_path: Path, size: int) -> None:
    value = make_event("s1", note="")
    text = json.dumps(value, indent=1)
    value["note"] = "x" * (size - len(text))
    text = json.dumps(value, indent=1)

    (account, *_), _ = check(tmp_path / "x.log", f"{text}\n{text},\n".encode())

    assert account["tally"] == ({"event": 2} if size <= MEBIBYTE else account["tally"])


def test_neighbours_over_lines_are_taken_as_one_run() -> None:
    texts = [json.dumps(value, indent=2) for value in (EVENT, OTHER, {"event": "x.y"}, EVENT)]
    scanned = make_scanner(CONTEXT, in_full=False).scan(",\n".join([*texts, ""]).encode())

    assert [run.status for run in scanned.runs] == [LineStatus.OBJECTS_OVER_LINES]
    assert (scanned.events.count, scanned.others.count) == (2, 2)


def test_rejected_hits_are_named_with_line_and_number(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"\n" + make_list(EVENT, OTHER, make_event("s2")))

    result = harness.run("check", str(log), "--rejects", str(tmp_path / "rejects"))

    assert "x.log:2[2]" in result.text
    (rejected,) = map(json.loads, (tmp_path / "rejects").read_text().splitlines())
    assert (rejected["line"], rejected["reason"]) == (2, "no_event")
    assert rejected["raw"].encode() == log.read_bytes().strip()


@given(st.integers(2, 400))
def test_the_beginning_of_a_value_is_completed_to_json(size: int) -> None:
    value = {"a": [{"b": 'x"\\y', "c": [1, -2, None, True], "é": {}}] * 30, "z": 1}
    text = json.dumps(value, indent=1, ensure_ascii=False).encode()

    completed = complete_beginning(text, size)

    assert completed is not None
    assert list(json.loads(completed)) in ([], ["a"], ["a", "z"])


@given(st.text('[]{}"\\a\x01', max_size=40), st.integers(0, 3))
def test_levels_are_counted_outside_strings(text: str, more: int) -> None:
    text = "[" * (MAX_LEVELS - 2) + "{" * more + text + "]" * MAX_LEVELS
    level = most = 0
    for match in _LEVELS.finditer(text):
        level += bool(match[1]) - bool(match[2])
        most = max(most, level)

    assert is_too_deep(text) == (most > MAX_LEVELS)
