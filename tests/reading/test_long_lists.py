"""Members of lists of more than the longest record: the scanner says what is read without it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st
from long_lists import PAD, PADS, read_pieces
from over_lines import describe_in_full
from scanned import CONTEXT

from dcevents.model.vocabulary import Vocabulary
from dcevents.native import load_library
from dcevents.reading import scanning
from dcevents.reading.log import read_log
from dcevents.reading.read_settings import ReadSettings
from dcevents.reading.scanner import PureScanner, make_scanner
from dcevents.reading.scanner.beginnings import may_begin_long_object
from dcevents.reading.scanning import ScannedInput, Scanning
from dcevents.reading.sources import sizes
from dcevents.reading.sources.inputs import Input

pytestmark = pytest.mark.skipif(load_library() is None, reason="the library in C is not here")
GOLDEN = tomllib.loads(Path(__file__).with_name("golden").joinpath("long_lists.toml").read_text())
SCANNER = make_scanner(CONTEXT, in_full=False)
EVENT = (
    '{"event":"CONVERSATION_ENGAGED","timestamp":"2026-02-02T09:15:04.120Z",'
    '"page":"https://e.example/p?q=1","data":{"payload":{"id":"d1","name":"A","sid":"%s"}}}'
)
AROUNDS = (
    ('{"results":[', "]}"),
    ("[", "]"),
    ("", ""),
    ("[[", "]]"),
    ('{"timestamp":"2026-02-01T00:00:00Z","page":"/around","sid":"around","r":[', '],"b":[1]}'),
    ('{"a":[1,"x",null,{"k":1}],"b":{"hits":{"hits":[', "]}}}"),
    ('{"a":[{"k":1},{"k":2}],"b":[', "]}"),
    ('{"a":[[', "]]}"),
    ('{"a":[\n  [\n    ', "\n  ]\n]}"),
    ('{"a":[{"b":[', "]}]}"),
    ('{"event":"CONVERSATION_CLOSED","sid":"around","r":[', "]}"),
    ('{\n  "took": 3,\n  "hits": [\n    ', "\n  ]\n}"),
    ('host {"r":[', "]}"),
)
WHOLE = (
    EVENT % "s1",
    EVENT % "s2",
    json.dumps({"message": EVENT % "s3", "timestamp": 1_770_000_000_000}),
    '{"message":"START of a request"}',
    '{"m":{"list":[' + EVENT % "s4" + "," + EVENT % "s5" + "]}}",
    '{"list":[' + ",".join(json.dumps({"m": EVENT % s}) for s in ("s4", "s5")) + ',{"m":{}}]}',
    '{"event":"SOMETHING_ELSE","sid":"s6"}',
    '{"event":"OTHER","sid":"s6"}',
    '{"event":"adobedx.conversations.ready"}',
    '{"event":"CONVERSATION_ENGAGED","ts":"2026-02-01T00:00:00Z"}',
    '{"event":"CONVERSATION_ENGAGED","event":"CONVERSATION_CLOSED","sid":"s7"}',
    '{"name":"event","value":"CONVERSATION_ENGAGED"}',
    '{"event":"conversation_closed","sid":7.0,"ts":1770000000,"page":"é\\u00e9"}',
    '{"event":"conversation_closed","sid":"s8"}',
    "{}",
    '{"deep":' + "[" * 70 + "]" * 70 + ',"event":"CONVERSATION_CLOSED","sid":"s9"}',
)
BROKEN = (
    *('{"a":}', '{"a":1,}', '{"event":"CONVERSATION_CLOSED" "sid":"x"}', '{"a":[}', '{"a":1}}'),
    *(
        "[1,2]",
        '"text"',
        "null",
        "3",
        '{"a":"\x01"}',
        '{"a":"\n"}',
        '{"x":"\\q"}',
        '{"u":"\udcff"}',
    ),
    *("[]", "[" + EVENT % "b1" + "]", EVENT % "b2" + EVENT % "b3", "{", "}", "]"),
)
SEPARATORS = (
    *(",", ",", ",", ", ", " ,\t", ",\n", "\n,\n  ", ",\r\n    "),
    *("],[", "\n  ],\n  [\n    ", "] ,[ ", "],[[", "", ",,"),
)


def write_list(around: tuple[str, str], members: list[str], separators: list[str]) -> bytes:
    """Return a list between two texts, behind a line and before one."""
    begin, end = around
    pairs = zip(members, [*separators, ""], strict=True)
    text = "".join(member + separator for member, separator in pairs)
    log = f"{EVENT % 'before'}\n{begin}{text}{end}\n{EVENT % 'behind'}\n"
    return log.encode(errors="surrogateescape")


@pytest.mark.parametrize("case", GOLDEN["case"], ids=lambda case: case["why"])
def test_members_of_a_long_list_count_as_they_stand(case: dict[str, Any]) -> None:
    pads = case.get("pads", ["PAD"] * PADS)
    log = case["log"].replace("PADS", case.get("between", ",").join(pads))
    log = log.replace("PAD", PAD.decode()).replace("EVENT", EVENT % "s")
    data = log.encode()
    cuts = [int(part * len(data)) for part in case.get("cuts", ())]

    read, taken = read_pieces(data, cuts, SCANNER)

    assert [[line, number] for line, number, _ in read.events] == case["events"]
    assert dict(read.counts) == case.get("others", {})
    assert taken == case["taken"]
    assert read == read_pieces(data, cuts)[0]


def test_a_path_of_members_is_of_one_list() -> None:
    member = '{"a":[{"x":1},{"x":2}]}'
    along_line = ",".join(["PAD"] * PADS + [member] * 9)
    in_list = '{"a":[' + ",".join(["PAD"] * PADS + ['{"x":1},{"x":2}'] * 9) + "]}"
    for log in (along_line, in_list, along_line):
        check_log(log.encode(), [])


def test_lists_in_objects_along_a_long_line_are_found_by_paths() -> None:
    events = [json.dumps({"id": n, "message": EVENT % f"s{n}"}) for n in range(60)]
    events[7:7] = ['{"id":1,"message":"START"}', '{"id":2,"message":"{\\"event\\":\\"X_Y\\"}"}']
    members = ['{"of":"web","list":[' + ",".join(events[n : n + 4]) + "]}" for n in range(0, 60, 4)]
    check_log("".join(["PAD"] * PADS + members * 2).encode(), [])


@pytest.mark.parametrize(
    ("text", "is_long"),
    [
        ('{\n  "a": [\n    {\n      "b": 1\n', True),
        ('{\n  "a": [\n    {"b": 1},\n', False),
        ('{\n  "a": 1\n}\n', False),
        ('{"a":1}\n{"a":1}\n', False),
        ('{"a":[{"b":1},', False),
        ('[\n  {\n    "b": 1\n', False),
    ],
)
def test_an_object_over_lines_may_be_long(text: str, is_long: bool) -> None:
    assert may_begin_long_object(text.encode()) == is_long


@pytest.mark.parametrize("behind", [" {} {\n", ',"c":[[1],\n["x"]]}\n'])
def test_blocks_within_a_long_list_are_not_scanned(
    behind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [indent(EVENT % f"s{number}") for number in range(40)]
    members[20:20] = [*[PAD.decode()] * (PADS + 2), "{}", '{"event":"chat_closed"}']
    text = '{\n"a":[\n' + ",\n".join(members) + '\n],\n"b":[\n' + ",\n".join(members)
    path = tmp_path / "x.log"
    path.write_text(text + "\n]" + ("}" + behind + EVENT % "behind" + "\n{}\n") * 2)
    for name in ("BLOCK_BYTES", "FIRST_BLOCK_BYTES"):
        monkeypatch.setattr(sizes, name, 1 << 16)
    monkeypatch.setattr(scanning, "_EARLY_BYTES", 1)
    blocks: list[ScannedInput] = []
    scan_block = scanning.scan_block

    def note_block(block: Any, scanner: Any, *, is_in_list: bool) -> ScannedInput:
        blocks.append(scan_block(block, scanner, is_in_list=is_in_list))
        return blocks[-1]

    monkeypatch.setattr(scanning, "scan_block", note_block)
    read = read_whole(path)
    are_left = [block.first_line is not None for block in blocks]
    monkeypatch.setattr(scanning, "make_scanner", lambda *_, **__: PureScanner())

    assert any(are_left)
    assert not all(are_left)
    assert read == read_whole(path)


def read_whole(path: Path) -> Any:
    """Return all that a log says, and its rejects."""
    rejects: list[Any] = []
    log = read_log(
        Scanning(
            [Input("x", path, path.stat().st_size)],
            ReadSettings(clock_ms=CONTEXT.clock_ms, in_full=True),
            lambda _: None,
        ),
        Vocabulary(),
        keep_reject=lambda place, raw: rejects.append((place, raw)),
    )
    return describe_in_full(log), rejects


@st.composite
def logs(draw: st.DrawFn) -> tuple[bytes, list[float]]:
    """Make a log with a long list, in which PAD stands for an object of 400 kB, and at which parts
    of it it is cut into pieces.
    """
    some = st.lists(st.sampled_from(WHOLE), max_size=12)
    broken = draw(st.lists(st.sampled_from(BROKEN), max_size=draw(st.integers(0, 1))))
    alike = draw(st.lists(st.sampled_from(WHOLE), max_size=2)) * draw(st.sampled_from((0, 2, 9)))
    members = [*draw(some), *alike, *broken, *alike, *draw(some)]
    if draw(st.booleans()):
        members = [indent(member) for member in members]
    for _ in range(PADS + draw(st.integers(0, 1))):
        members.insert(draw(st.integers(0, len(members))), "PAD")
    separator = st.sampled_from(SEPARATORS[: draw(st.sampled_from((1, 5, 8, 11, len(SEPARATORS))))])
    separators = [draw(separator) for _ in members[1:]]
    data = write_list(draw(st.sampled_from(AROUNDS)), members, separators)
    return data, draw(st.lists(st.floats(0, 1), max_size=3))


def indent(member: str) -> str:
    """Return a member over lines, if it is JSON."""
    try:
        return json.dumps(json.loads(member), indent=2, ensure_ascii=False)
    except ValueError:
        return member


@try_examples(6)
@given(logs())
def test_a_scanner_changes_nothing_in_long_lists(log: tuple[bytes, list[float]]) -> None:
    check_log(*log)


def check_log(text: bytes, parts: list[float]) -> None:
    """Hold what is read with a scanner to what is read without."""
    data = text.replace(b"PAD", PAD)
    cuts = [int(part * len(data)) for part in parts]

    read, _ = read_pieces(data, cuts, SCANNER)

    assert read == read_pieces(data, cuts)[0]
