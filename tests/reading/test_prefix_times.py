"""Times in the text before a record: the scanner in C finds those that the judge finds."""

import json
import os
from collections import Counter
from datetime import UTC, datetime

import alike_lines
import prefix_lines
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st
from scanned import check_block

from dcevents.native import load_library
from dcevents.reading.judge import Context
from dcevents.reading.scanner import LineStatus
from samples import envelopes, generate

pytestmark = pytest.mark.skipif(load_library() is None, reason="the library in C is not built")

SEEDS = int(os.environ.get("DCEVENTS_EXAMPLES", "5"))
RECORD = '{"event":"CONVERSATION_ENGAGED","data":{"payload":{"sid":"s"}}}'
TEXT_SHAPES = envelopes.KINDS["Loggers and consoles, as text"]
NOT_TAKEN = {"fluent-bit-stdout"}
"""Shapes with more records on a line, of which one is rejected."""


def make_block(*prefixes: str) -> bytes:
    return "".join(f"{prefix}{RECORD}\n" for prefix in prefixes).encode()


def make_clock(text: str) -> Context:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return Context(clock_ms=int(moment.timestamp() * 1000))


@pytest.mark.parametrize("name", sorted({*TEXT_SHAPES} - NOT_TAKEN))
def test_lines_of_loggers_and_consoles_are_taken(name: str) -> None:
    made = [
        generate.line_of("CONVERSATION_ENGAGED", "/pricing", dialogue, generate.AGENTS[0])
        for dialogue in generate.DIALOGUES * 3
    ]
    events = envelopes.read(
        line.filled(b"2026-02-02T09:15:04.120Z", b"a-%d" % n) for n, line in enumerate(made)
    )
    found = check_block(TEXT_SHAPES[name].write(events))

    assert found == {LineStatus.EVENT_ALONE: len(made)}


def test_prefixes_with_times_more_or_less() -> None:
    blocks = (prefix_lines.make_prefixes(seed, 150) for seed in range(SEEDS))
    found = sum(map(check_block, blocks), Counter[LineStatus]())

    # Lines that are set aside try nothing.
    assert found[LineStatus.ASIDE] < found.total() / 2


@pytest.mark.records
@pytest.mark.parametrize("first", range(SEEDS, SEEDS * 21, SEEDS * 5))
def test_more_prefixes_with_times(first: int) -> None:
    for seed in range(first, first + SEEDS * 5):
        check_block(prefix_lines.make_prefixes(seed, 150))


@pytest.mark.records
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("prefix", [b"x ", b"2025-11-03 09:15:04 body="])
def test_lines_alike_behind_text(prefix: bytes, seed: int) -> None:
    lines = alike_lines.make_alike(seed, 300).splitlines(keepends=True)
    check_block(b"".join(prefix + line for line in lines))


SIGNS = st.text(st.sampled_from(" []().,:;=-+/|_xZTé"), max_size=3)
DIGITS = st.text(st.sampled_from("0123456789"), min_size=1, max_size=20)
WORDS = st.sampled_from(["Nov", "nov", "Mon", "GMT", "UTC", "EST", "ts=", "time=", "Europe/Rome"])
PREFIXES = st.lists(
    st.one_of(st.sampled_from(prefix_lines.TIMES), SIGNS, DIGITS, WORDS), max_size=5
).map("".join)


@try_examples(20)
@given(prefixes=st.lists(PREFIXES, min_size=1, max_size=8))
def test_any_text_before_a_record(prefixes: list[str]) -> None:
    check_block(make_block(*prefixes))


@pytest.mark.parametrize(
    "now",
    [
        "2025-12-31T23:59:59",
        "2026-01-01T00:00:00",
        "2024-02-29T12:00:00",
        "9999-12-31",
        "1970-01-01",
    ],
)
def test_times_without_a_year_go_by_the_clock(now: str) -> None:
    days = ("Jan  1", "Jan  2", "Jan 3", "Feb 28", "Feb 29", "Mar  1", "Dec 31", "Dec 32", "Nov 00")
    clock = make_clock(now)
    first = Context(clock_ms=make_clock("2026-03-01").clock_ms, first_clock_ms=clock.clock_ms)
    data = make_block(*(f"{day} {hour}:00:00 " for day in days for hour in ("00", "12", "23")))

    check_block(data, context=clock)
    check_block(data, context=first)


def test_a_time_of_the_record_goes_before_that_of_its_prefix() -> None:
    records = [
        {"timestamp": time} for time in ("2025-11-04T00:00:00Z", "1999-01-01T00:00:00Z", "soon", 5)
    ]
    line = {"event": "CONVERSATION_ENGAGED", "data": {"payload": {"sid": "s"}}}
    lines = "".join(
        prefix + json.dumps(line | record) + "\n"
        for record in records
        for prefix in ("2025-11-03T00:00:00Z ", "x ", "")
    )

    assert set(check_block(lines.encode())) == {LineStatus.EVENT, LineStatus.EVENT_ALONE}


def test_a_record_with_text_behind_it_is_like_none_without_a_prefix() -> None:
    prefixed = [f"x {RECORD} dc.js:12:13", f"x {RECORD},", f"x {RECORD}", f"[x {RECORD}]"]
    alone = [f"{RECORD} dc.js:12:13", f"{RECORD},", RECORD, f"{RECORD}]"]
    for lines in (prefixed + alone, alone + prefixed):
        check_block("".join(f"{line}\n" * 4 for line in lines).encode())


def test_empty_values_behind_a_record_are_text_of_a_line_with_text_before_it() -> None:
    heads = ["x ", "[x] ", "12 ", '"x" ', "null ", "1 2,", "[ 12 ", "x 12 ", "12: "]
    ends = [" []", "{}", ", [] ,{}", " [] x", " [1]", " {}]", "[[]]", " []]"]
    lines = [f"{head}{RECORD}{end}\n" for head in heads for end in ends]
    check_block("".join(lines).encode())


def test_an_array_behind_text_is_its_only_member() -> None:
    pair = '{"key":"event","value":"CONVERSATION_ENGAGED"}'
    members = [RECORD, "{}", '{"level":"info"}', '{"event":"adobedx.conversations.ready"}', pair]
    arrays = [
        "[%s]",
        "[ %s\t] ,",
        "[%s,%s]",
        "[%s",
        "[[%s]]",
        "[%s,1]",
        "[1,%s]",
        "[%s] x",
        "[%s]]",
    ]
    lines = [
        f"{prefix}{array.replace('%s', member)}\n"
        for prefix in ("(0) ", "[x] ", "[x ", "12 ", "2025-11-03 09:15:04 ", "x 1,")
        for array in arrays
        for member in members
    ]
    check_block("".join(lines).encode())
    found = check_block("".join(f"(0) [{each}]\n" for each in (RECORD, members[3])).encode())

    assert found == {LineStatus.EVENT_ALONE: 1, LineStatus.OTHER: 1}


BEFORE_QUOTED = [
    *("x ", "x body=", "2025-11-03 09:15:04 ", 'a="b" ', 'a="b" body=', 'a="b" x=', 'a="b" body ='),
    *('a="b" REQUEST-body:\t', 'a="b" body= ', 'a="b" body=  ', 'a="b" ébody=', 'a="b" x.body='),
    *('msg="{\\"a\\":1}" body=', 'a="\\"" msg:', '" body=', "stdout P body=", '"a" msg=', "body="),
]
QUOTED = [RECORD, f" {RECORD}", f"{RECORD} ", f"{RECORD},", RECORD * 2, f"[{RECORD}]", "{}", "{"]
BEHIND_QUOTED = [
    *("", ' x="y"', " {", '"', " [1]", " []", ' y="[1]"', ' y="\\u007b}"', ' y=" {}"', ' y="{}"'),
    *(' y="\\\\"', " {}", " \\"),
]


def test_a_quoted_text_is_a_record_by_its_key_or_alone() -> None:
    lines = (
        f"{before}{json.dumps(text)}{behind}\n"
        for before in BEFORE_QUOTED
        for text in QUOTED
        for behind in BEHIND_QUOTED
    )
    found = check_block("".join(lines).encode())

    assert found[LineStatus.EVENT_ALONE] >= 30


def test_what_is_not_certain_is_set_aside() -> None:
    unsure = [
        "2025-11-03T09:00:00Zé ",
        "\\ud800 ",
        "\u017fun, 03 Nov 2025 09:00:00 GMT ",
        "é1762160400 ",
    ]
    sure = ["é 2025-11-03T09:00:00Z ", "\\u0041 ", "c:\\users ", "ß1 "]

    assert check_block(make_block(*unsure)) == {LineStatus.ASIDE: len(unsure)}
    assert check_block(make_block(*sure)) == {LineStatus.EVENT_ALONE: len(sure)}
