"""The scanner in C: each line that it takes says what the judge says of the line alone."""

import base64
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import alike_lines
import generate_records as generate
import hostile_lines
import layered_lines
import pytest
import scanned
import varied
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scanned import check_block

from dcevents.model.events import KINDS, READY_NAME
from dcevents.native import load_library
from dcevents.reading.judge import Context, Mapping
from dcevents.reading.scanner import LineStatus, make_scanner
from dcevents.reading.scanner.native import NativeScanner
from dcevents.reading.scanner.pure import PureScanner

LIBRARY = load_library()
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="the library in C is not built")

SEEDS = int(os.environ.get("DCEVENTS_EXAMPLES", "5"))
LAYERED = SEEDS * 5
"""Blocks of texts and of pairs."""
CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_file())
TAKEN = {
    "cut_short": 50,
    "without_quotes": 50,
    "begun": 33,
    "unknown_events": 10,
    "spellings": 0,
    "pretty": 99,
}
"""Per cent of a shape's lines that are taken as events, where not all are."""
EXAMPLES = settings(
    max_examples=SEEDS * 10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("name", sorted(varied.SHAPES))
def test_shapes_of_real_logs_are_taken(name: str) -> None:
    lines = 60
    found = check_block(varied.make_log(name, lines))

    events = sum(found[status] for status in scanned.TAKEN)
    assert events >= TAKEN.get(name, 100) * lines // 100


@pytest.mark.parametrize("name", sorted(varied.SHAPES))
def test_forms_do_not_multiply(name: str) -> None:
    scanner = NativeScanner(LIBRARY, scanned.CONTEXT, in_full=False) if LIBRARY else None
    assert scanner is not None
    scanner.scan(varied.make_log(name, 300))

    assert len(scanner._rules) <= 8


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_cases(path: Path) -> None:
    check_block(path.read_bytes())


def test_order_matters_where_dots_make_an_object_of_another_key() -> None:
    first = b'{"sid":"s","data.payload.sid":"t","data":"x","event":"Engaged"}\n'
    second = b'{"sid":"s","data":"x","data.payload.sid":"t","event":"Engaged"}\n'

    assert check_block(first + second)[LineStatus.EVENT] == 2
    assert check_block(second + first)[LineStatus.EVENT] == 2


def test_base64_over_lines_is_no_form() -> None:
    record = base64.b64encode(b'{"event":"chat_closed","sid":"session-1"}').decode()
    assert record.endswith("=")
    texts = [f"{'x' * 20}=", f"{record[:20]}\n{record[20:]}", f"{record}\n", "x=1"]
    lines = [f"{json.dumps({'body': text})}\n".encode() for text in texts]

    for number in range(len(lines)):
        check_block(b"".join(lines[number:] + lines[:number]))


LONE = ["null", "true", "12", "-1.5e3", '"x"', '"CONVERSATION_ENGAGED"', '"é"', '""']
AMONG_LONE = [
    *(" null", "null ", "null,", "nullx", "01", "1 2", "null null", "\x00null", "\xa0null", "nul"),
    *(
        '"\\\\"',
        '"{}"',
        '"[1]"',
        '"a=b"',
        '"eyJldmVudCI6MX0="',
        '"x" "y"',
        '"x',
        "[null]",
        "[",
        "1]",
    ),
]


def test_lines_of_one_scalar_are_taken_unless_something_is_around_it() -> None:
    lines = [line for line in (*LONE, *AMONG_LONE) for line in (line, '{"event":"closed"}')]
    check_block("".join(line + "\n" for line in lines).encode())
    found = check_block("".join(line + "\n" for line in LONE).encode())

    assert found == {LineStatus.OTHER: len(LONE)}


def test_lines_that_are_texts_are_taken_where_they_are_no_events_too() -> None:
    texts = [
        *('{"event":"CONVERSATION_CLOSED","sid":"s"}', '{"event":"adobedx.conversations.ready"}'),
        *('{"event":"page_view","sid":"s"}', '[{"event":"page_view"}]', '{"level":"info"}', "{}"),
        *('{"event":"page_view"} {"event":"page_view"}', "event=page_view&sid=s", "x"),
    ]
    lines = [json.dumps(text) + end for text in texts for end in ("", ",", " x", "]")]
    check_block("".join(f"{line}\n" for line in lines).encode())
    found = check_block("".join(f"{json.dumps(text)}\n" for text in texts[:2]).encode())

    assert found == {LineStatus.SEVERAL: 2}


def test_blank_names_of_events_are_none() -> None:
    names = [" ", "\t", "\n \r", "", None, "\u00a0", " x ", "  CONVERSATION_ENGAGED "]
    keys = ["event", "eventName", "event_time", "event_type", "type"]
    lines = [
        {key: name, "timestamp": "2026-02-10T10:00:00.000Z", **more}
        for key in keys
        for name in names
        for more in (
            {"sid": "s"},
            {"data": {"payload": {"sid": "s", "name": name}}},
            {"name": "closed"},
        )
    ]
    check_block("".join(json.dumps(line) + "\n" for line in lines).encode())


MANY_VALUES = [
    "{}\n{}",
    "{}{}{}",
    '{"a":1}\n{"b":2}\n',
    '{"a":1}{"a":{}}{"a":2}',
    '{"a":{}} {"a":{}}',
    '{"a":null}{"a":1}',
    '{"a":[{}]}{"a":[{}]}',
    "{}[]{}",
    "{} 1 {}",
    "{}{} x",
    '{} {} {"event":"CONVERSATION_ENGAGED","sid":"t"} {}',
    '{"event":"CONVERSATION_ENGAGED","sid":"t"}{}{}',
    '{"q":"CONVERSATION_ENGAGED","sid":"t"}{"q":"CONVERSATION_CLOSED","sid":"t"}',
    '{"q":"x"}{"q":"CONVERSATION_ENGAGED"}',
    '{"sid":"a"}{"sid":"b"}',
    '{"timestamp":"2026-11-02T09:15:04Z"}{"page":"p"}',
    '{"event":"x","sid":"a"}{"event":"click","sid":"b"}',
    '{"event":5,"sid":"a"}{"event":6,"sid":"b"}',
    '{"sid":"a","q":"CONVERSATION_CLOSED"}{"sid":"b"}',
    '{"sid":"a","message":"CONVERSATION_CLOSED"}{"sid":"b"}',
    '{"sid":"a","message":"event=CONVERSATION_CLOSED&sid=t"}{"sid":"b"}',
    '{"key":"event","value":"closed"}{"key":"sid","value":"a"}',
    '{"q":"x"}{"q":"{\\"event\\":\\"CONVERSATION_ENGAGED\\",\\"sid\\":\\"t\\"}"}',
]
AROUND = [
    {},
    {"event": "CONVERSATION_ENGAGED", "timestamp": "2026-11-02T09:15:04Z", "sid": "s"},
    {"event": "CONVERSATION_ENGAGED"},
    {"event": "closed"},
    {"event": "conversation_zzz"},
    {"q": "CONVERSATION_ENGAGED"},
    {"sid": "s"},
]


@pytest.mark.parametrize("key", ["body", "message", "data", "other"])
def test_many_values_in_a_text_that_hold_nothing(key: str) -> None:
    """Objects that name nothing say what one says: nobody pays for each of them."""
    records = [around | {key: text} for text in MANY_VALUES for around in AROUND]
    check_block("".join(json.dumps(record) + "\n" for record in records).encode())


@pytest.mark.parametrize("value", ["{}", '{"a":1}', '{"k%d":[1]}', '{"sid":"x%d","page":null}'])
def test_floods_in_a_text_are_taken(value: str) -> None:
    """Read value by value by the judge, 64 kB of them would take a second."""
    lines = [
        json.dumps(
            {
                "received": "x",
                "body": "\n".join(value.replace("%d", str(n + k)) for n in range(300)),
            }
        )
        for k in range(4)
    ]
    found = check_block("".join(line + "\n" for line in lines).encode())

    assert found == {LineStatus.OTHER: 4}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_lines_alike_but_for_their_values(seed: int) -> None:
    check_block(alike_lines.make_alike(seed, 400), read=scanned.judge_alone)


@pytest.mark.parametrize("name", alike_lines.FAMILIES)
def test_values_that_mean_another_rule(name: str) -> None:
    check_block(alike_lines.repeat_family(name))


def test_a_part_of_a_line_of_docker_is_like_no_whole_one() -> None:
    whole, part = (
        b'{"log":"%s","event":"CONVERSATION_CLOSED","sid":"s"}\n' % text for text in (b"x\\n", b"y")
    )
    scanner = make_scanner(scanned.CONTEXT, in_full=False)
    for _ in range(2):
        runs = scanner.scan(whole * 4 + part).runs

    assert [(run.status, run.lines) for run in runs] == [
        (LineStatus.EVENT, 4),
        (LineStatus.ASIDE, 1),
    ]


def test_no_bytes_behind_a_text_are_looked_at() -> None:
    """Of use with sanitizers: a path's bytes are longer than all that is behind a text."""
    line = b'{"event":"CONVERSATION_TRIGGERED","sid":"s","page":"%s","body":"%s"}\n'
    text = b"\\u0000" * 900 + b'{\\"x\\":\\"y\\"}'
    known = b"".join(line % (page, text) * 3 for page in (b"", b"?x", b"p"))
    # Its page is read once for each of these, its text where there is no more room for one.
    long = line % (b"\\/" + b"a" * ((2 << 20) // 3 - 88), b"\\u0000")

    assert check_block(known + long)[LineStatus.EVENT] == 10


@pytest.mark.parametrize("seed", range(SEEDS))
def test_families_of_forms(seed: int) -> None:
    check_block(hostile_lines.make_family(seed, 300), read=scanned.judge_alone)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("keep_query", [False, True])
def test_hostile_lines(seed: int, keep_query: bool) -> None:
    context = Context(clock_ms=scanned.CONTEXT.clock_ms, keep_query=keep_query)
    check_block(hostile_lines.make_block(seed, 150), context=context)


@pytest.mark.parametrize("seed", range(SEEDS * 4))
def test_lists(seed: int) -> None:
    check_block(hostile_lines.make_lists(seed, 50))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_lists_alike_but_for_their_members(seed: int) -> None:
    check_block(alike_lines.make_alike_lists(seed, 120))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_lines_in_turns_with_those_whose_other_texts_matter(seed: int) -> None:
    check_block(alike_lines.make_in_turns(seed, 80))


@pytest.mark.parametrize("make", [layered_lines.make_texts, layered_lines.make_pairs])
def test_texts_and_pairs(make: Callable[[int, int], bytes]) -> None:
    found = sum((check_block(make(seed, 50)) for seed in range(LAYERED)), Counter[LineStatus]())

    # Lines that are set aside try nothing.
    assert sum(found[status] for status in scanned.TAKEN) > found.total() * 2 / 5


@pytest.mark.records
@pytest.mark.parametrize("make", [layered_lines.make_texts, layered_lines.make_pairs])
@pytest.mark.parametrize("first", range(LAYERED, LAYERED * 7, LAYERED))
def test_more_texts_and_pairs(make: Callable[[int, int], bytes], first: int) -> None:
    for seed in range(first, first + LAYERED):
        check_block(make(seed, 50))


@pytest.mark.parametrize("seed", range(SEEDS * 4))
def test_mixtures(seed: int) -> None:
    scanned.check_reading(hostile_lines.make_mixture(seed, 30))


@EXAMPLES
@given(lines=st.lists(generate.lines(), max_size=4))
def test_generated_lines(lines: list[str]) -> None:
    check_block("".join(f"{line}\n" for line in lines).encode())


@EXAMPLES
@given(log=generate.logs())
def test_generated_logs(log: bytes) -> None:
    check_block(log)


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.from_regex(
        r"-?(0|[1-9][0-9]{0,44})(\.[0-9]{1,30})?([eE][+-]?0{0,3}[0-9]{1,2})?", fullmatch=True
    ),
)


@EXAMPLES
@given(spelled=st.lists(NUMBERS, min_size=1, max_size=30))
def test_numbers_are_their_plain_decimals(spelled: list[str]) -> None:
    line = '{{"event":"CONVERSATION_CLOSED","data":{{"payload":{{"id":{0},"sid":{0}}}}}}}\n'
    check_block("".join(line.format(number) for number in spelled).encode())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_times_with_a_sign_more_or_less(seed: int) -> None:
    line = '{{"event":"CONVERSATION_CLOSED","timestamp":{},"data":{{"payload":{{"sid":"s"}}}}}}\n'
    times = (json.dumps(each, ensure_ascii=False) for each in hostile_lines.make_times(seed, 600))
    found = check_block("".join(map(line.format, times)).encode(), read=scanned.judge_alone)

    assert found[LineStatus.EVENT] > 500


@pytest.mark.parametrize("size", range(70))
def test_lines_near_the_end_of_a_block(size: int) -> None:
    line = varied.make_log("plain", 1)
    data = line + b'{"a":"' + b"x" * size
    for at in (len(line), len(line) - 1, len(line) - size, len(data)):
        check_block(data[:at])


def test_other_names_of_kinds_would_be_known() -> None:
    # What scan_walk.c goes by: the last three letters of names.
    ends = {"red", "ged", "ail", "one", "ked", "ted", "out", "ded", "sed", "ady"}

    assert {name[-3:] for name in (*KINDS, READY_NAME)} == ends


def test_meetings_are_set_aside_only_in_full() -> None:
    line = varied.make_log("plain", 1).replace(b'"sid"', b'"meetingInfo":{"at":1},"sid"')
    found = [
        [run.status for run in make_scanner(scanned.CONTEXT, in_full=in_full).scan(line).runs]
        for in_full in (False, True)
    ]

    assert found == [[LineStatus.EVENT], [LineStatus.ASIDE]]


@pytest.mark.parametrize("path", ["a..b", "a.*.b", "meetingInfo.who", "a[][].who", "k" * 251])
def test_where_a_map_leads_to_what_no_form_has_all_is_for_the_judge(path: str) -> None:
    context = Context(clock_ms=0, mapping=Mapping((("sid", path),)))

    assert isinstance(make_scanner(context, in_full=False), PureScanner)


def test_many_forms_end_in_no_more_rules() -> None:
    scanner = make_scanner(scanned.CONTEXT, in_full=False)
    lines = [f'{{"event":"closed","t{number}":1,"sid":"s"}}\n' for number in range(3000)]
    line = varied.make_log("plain", 1)

    assert scanner.scan(line).events.count == 1
    scanner.scan("".join(lines).replace('"t', '"time').encode())
    assert scanner.scan(line).events.count == 1


def test_the_scanner_in_python_takes_nothing() -> None:
    data = varied.make_log("plain", 3) + b"x"
    block = PureScanner().scan(data)

    assert [(run.status, run.lines, run.end) for run in block.runs] == [
        (LineStatus.ASIDE, 4, len(data))
    ]
    assert PureScanner().scan(b"").lines == 0
