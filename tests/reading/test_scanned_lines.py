"""Whatever a line looks like, alone or among others: the scanner and the judge say the same."""

import json
import random
from collections import Counter

import pytest
from choosing import combine, try_examples
from hypothesis import given
from odd_lines import ODD, canonical, check_lines, logs

pytestmark = pytest.mark.records


class Spelled(str):
    """A number as JSON spells it."""

    __slots__ = ()


@given(lines=logs())
@try_examples(25)
def test_scanned_lines_say_what_the_judge_says(lines: list[bytes]) -> None:
    check_lines(lines)


@combine(("line", "around"), ODD, {"few lines": 40, "many lines": 200}, at_once=1)
def test_an_odd_line_among_others_is_judged_as_by_itself(line: bytes, around: int) -> None:
    dice = random.Random(1)
    others = [
        canonical(f"{dice.randrange(16**8):08x}", f'"2026-11-02T09:15:{n % 60:02d}.000Z"')
        for n in range(around)
    ]
    lines = [*others, line, *others[: around // 2], line]
    expected = check_lines(lines)
    assert expected[0]["event"] in (len(lines), len(lines) - 2, len(lines) + 2)


@combine(
    ("line", "more"),
    ODD,
    {"the session is last": "", "an agent behind it": ',"agentName":"A{}"'},
    at_once=1,
)
def test_an_odd_line_is_judged_as_by_itself_among_values_of_many_lengths(
    line: bytes, more: str
) -> None:
    others = [
        canonical("5d1c9f0e"[: n % 7 + 1] + str(n), more=more.format(n)).replace(
            b"x.example/", b"x.example/" + b"p" * (n % 11) + b"%d" % n
        )
        for n in range(300)
    ]
    lines = [*others, line, *others[:99], *[line] * 30]
    expected = check_lines(lines)
    assert expected[0]["event"] in (len(lines), len(lines) - 31, len(lines) + 31)


@pytest.mark.parametrize(
    "raw", ['5d1"9f0e', "5d1\t9f0e", "5d1\x019f0e"], ids=["quote", "tab", "control character"]
)
@pytest.mark.parametrize("before", ["escaped", "raw"])
def test_a_session_that_is_known_is_checked_all_the_same(raw: str, before: str) -> None:
    """Texts of sessions are looked at when they are new: what was read with escapes, or refused,
    is still odd.
    """
    others = [canonical(f"{n:08x}") for n in range(200)]
    odd = canonical(raw)
    known = canonical(json.dumps(raw)[1:-1]) if before == "escaped" else odd
    lines = [*others, known, *others[:99], *others, odd, *others[:99], *others, odd, *others[:99]]
    expected = check_lines(lines)
    assert expected[0]["invalid_json"] == (2 if before == "escaped" else 3)


def test_a_value_that_is_told_by_the_one_before_it_is_not_lost() -> None:
    """A key that comes twice is known by the member before it, here the session: the same text,
    and a value itself.
    """
    lines = [
        canonical("5d1c9f0e", more=f',"name":"P{n}"').replace(
            b'{"payload":{"name":"P",', b'{"by":{"name":"a"},"payload":{'
        )
        for n in range(300)
    ]
    expected = check_lines(lines)
    assert {f"P{n}" for n in range(300)} == {said.name for *_, said, _, _ in expected[1]}


def test_a_known_session_is_not_a_number() -> None:
    """`1-2` is a session inside quotes, and no JSON without them."""
    quoted = [canonical(f"{n % 10}-{n}") for n in range(200)]
    bare = [canonical().replace(b'"5d1c9f0e"', str(n).encode()) for n in range(200)]
    lines = [*quoted, *bare, canonical().replace(b'"5d1c9f0e"', b"1-21"), *bare, *quoted]
    expected = check_lines(lines)
    assert expected[0] == {"event": 800, "invalid_json": 1}


def test_values_that_change_in_other_places_are_read_too() -> None:
    """A page, an agent and a name that are new in each line: slots whose text is shown."""
    lines = [
        canonical(f"{n:08x}", more=f',"agentID":"a{n}","agentName":"Ann {n}","x":{n}').replace(
            b"x.example/", f"x.example/{n}?utm={n}".encode()
        )
        for n in range(200)
    ]
    tally, events, *_ = check_lines(lines)
    assert tally == {"event": 200}
    assert len({attributes.agent_id for *_, attributes, _, _ in events}) == 200
    assert len({attributes.page for *_, attributes, _, _ in events}) == 200


def test_several_ways_of_writing_in_one_log_are_all_read() -> None:
    lines = [canonical(f"{n:08x}") for n in range(300)]
    spaced = [json.dumps(json.loads(line)).encode() for line in lines[::2]]
    reverse = [json.dumps(dict(reversed(json.loads(line).items()))).encode() for line in lines[::3]]
    mixed = lines + spaced + reverse
    random.Random(3).shuffle(mixed)
    check_lines(mixed)


def unknown(ts: str, n: int = 0) -> bytes:
    """A line of another vendor's event."""
    return (
        f'{{"event":"RATED","timestamp":"{ts}","data":{{"payload":{{"sid":"{n:08x}"}}}}}}'.encode()
    )


@pytest.mark.parametrize(
    "ts", ["2026-11-02T09:15:0\x01.000Z", "2026-11-02T09:15\\q4.000Z", '2026","x":nope,"y":"12345']
)
def test_other_events_with_bad_json_in_their_timestamp_are_rejected(ts: str) -> None:
    good = [canonical(f"{n:08x}") for n in range(300)] + [
        unknown("2026-11-02T09:15:04.000Z", n) for n in range(300)
    ]
    lines = [*good, unknown(ts), *good[::3]]
    expected = check_lines(lines)
    assert expected[0]["invalid_json"] == 1


@pytest.mark.parametrize(
    "space", ["\t", "\u00a0", " ", "\x0b"], ids=["tab", "no-break space", "space", "vertical tab"]
)
@pytest.mark.parametrize("at", [8, 11, 14, 17], ids=["day", "hour", "minute", "second"])
def test_white_space_is_no_digit_of_a_timestamp(space: str, at: int) -> None:
    text = "2026-11-02T09:15:04.120Z"
    odd = (text[:at] + space + text[at + 1 :]).encode()
    good = [canonical(f"{n:08x}") for n in range(100)]
    lines = [
        *good,
        canonical().replace(text.encode(), odd),
        canonical().replace(text.encode(), odd[:23] + odd[24:]),
    ]
    check_lines([*lines, *good])


def test_a_number_that_is_missing_is_not_json() -> None:
    lines = [canonical(f"{n:08x}", more=f',"seq":{n}') for n in range(200)]
    lines.insert(150, canonical(more=',"seq":'))
    expected = check_lines(lines)
    assert expected[0] == {"event": 200, "invalid_json": 1}


def test_what_a_new_combination_shows_is_never_a_placeholder() -> None:
    """Known pieces, met together for the first time,
    whose meaning hangs on a slot that nobody asked for before.
    """

    def line(n: int, event: str, *, inside: bool) -> bytes:
        name = f'"name":"N{n}",'
        outer, inner = ("", name) if inside else (name, "")
        return (
            f'{{"event":"{event}","timestamp":"2026-11-02T09:15:04.{n % 1000:03d}Z",{outer}'
            f'"data":{{"payload":{{{inner}"id":"d","sid":"{n:08x}"}}}}}}'
        ).encode()

    lines = [
        line(n, "CONVERSATION_ENGAGED" if n % 2 else "FOO", inside=n % 2 == 0) for n in range(200)
    ]
    lines += [line(n, "CONVERSATION_ENGAGED", inside=True) for n in range(200, 400)]
    expected = check_lines(lines)
    assert {attributes.name for *_, attributes, _, _ in expected[1]} == {
        None,
        *(f"N{n}" for n in range(200, 400)),
    }


def test_a_line_over_1_mib_is_too_long_however_many_slots_it_has() -> None:
    def line(n: int, size: int) -> bytes:
        return canonical(
            f"{n:08x}", more="".join(f',"k{i}":"{n % 997}{"x" * size}"' for i in range(92))
        )

    lines = [line(n, 3) for n in range(100)] + [line(1, 15_000)]
    assert check_lines(lines)[0] == {"event": 100, "too_long": 1}


def test_unknown_events_are_counted_in_the_order_of_the_lines() -> None:
    """The first 1,000 names are kept: which those are must not hang on threads or hashes."""
    lines = [
        f'{{"event":"E{n}","timestamp":"2026-11-02T09:15:04.120Z"}}'.encode()
        for n in range(1100, 0, -1)
        for _ in range(2)
    ]
    lines += [canonical(f"{n:08x}") for n in range(300)]
    unknown_events = check_lines(lines)[3]
    assert unknown_events.pop("other") == 200
    assert {*unknown_events} == {f"E{n}" for n in range(1100, 100, -1)}
    assert {*unknown_events.values()} == {2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-02T09:15:04.120Z", "iso_utc"),
        ("2026-11-02 09:15Z", "iso_utc"),
        ("2026-11-02T09:15:04+01", "iso_offset"),
        ("2026-11-02T09:15:04-0100", "iso_offset"),
        ("2026-11-02T09:15:04,5", "iso_local"),
        ("1793610904", "epoch_seconds"),
        ("-1.5", "epoch_seconds"),
        ("99999999999.9", "epoch_seconds"),
        (Spelled("1e11"), "epoch_milliseconds"),
        (Spelled("1793610904.120"), "epoch_seconds"),
        ("1e11", "unreadable"),
        ("1793610904120", "epoch_milliseconds"),
        ("1793610904120999", "epoch_microseconds"),
        ("1793610904120999000", "epoch_nanoseconds"),
        ("17936109041209990000000", "epoch_nanoseconds"),
        ("02/Nov/2026:09:15:04 +0000", "access_log"),
        ("Mon, 02 Nov 2026 09:15:04 GMT", "rfc_5322"),
        ("Mon Nov 02 2026 09:15:04 GMT+0000 (UTC)", "javascript"),
        ("2026-02-30T00:00:00Z", "unreadable"),
        ("yesterday", "unreadable"),
        ("true", "unreadable"),
        ("", "absent"),
        (None, "absent"),
    ],
)
def test_how_a_timestamp_is_written_is_told(text: str | int | None, expected: str) -> None:
    ts = text if isinstance(text, Spelled) else json.dumps(text)
    (event,) = check_lines([canonical(ts=ts)])[1]
    assert event[-1] == expected


def test_lines_without_a_timestamp_are_known_for_it() -> None:
    lines = [canonical(f"{n:08x}") for n in range(300)]
    lines = [line.replace(b'"timestamp":"2026-11-02T09:15:04.120Z",', b"") if n % 3 else line
             for n, line in enumerate(lines)]  # fmt: skip
    expected = check_lines(lines)
    assert Counter(form for *_, form in expected[1]) == {"absent": 200, "iso_utc": 100}


@pytest.mark.parametrize("depth", [10, 512, 100_000])
def test_nesting_is_read_or_refused_but_never_fatal(depth: int) -> None:
    line = '{"event":"closed","x":' + "[" * depth + "]" * depth + ',"data":{"payload":{"sid":"1"}}}'
    buckets = ("event",) if depth < 500 else ("event", "invalid_json")
    assert list(check_lines([line.encode()])[0]) in [[bucket] for bucket in buckets]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", "12"),
        ('"0012"', "0012"),
        ("1" * 500, "1" * 500),
        ("1.50", "1.5"),
        ("1e2", "100"),
        ("1e-40", "1e-40"),
        ("true", "true"),
        ('"\\ud83d\\ude00 \\ud800"', "😀 \ufffd"),
    ],
    ids=[
        "number",
        "leading zeros",
        "500 digits",
        "fraction",
        "exponent",
        "over 40 digits",
        "true",
        "surrogates",
    ],
)
def test_scalars_are_their_json_text(value: str, expected: str) -> None:
    line = f'{{"event":"CONVERSATION_CLOSED","data":{{"payload":{{"sid":{value}}}}}}}'
    (event,) = check_lines([line.encode()])[1]
    assert event[2] == expected
