"""By the column or line by line: whatever a line looks like,
both ways of reading it say the same.
"""

import json
import random
import re
from collections import Counter

import polars as pl
import pytest
from choosing import combine, try_examples
from columns import NOW, ODD, canonical, logs, one_by_one, parsed
from hypothesis import given
from hypothesis import strategies as st

from dcevents.model.attributes import Vocabulary
from dcevents.reading import timestamps
from dcevents.reading.parsing.parse import Limits, Parsed, Parser
from dcevents.reading.parsing.record import Record, read
from dcevents.reading.strict import Number

pytestmark = pytest.mark.records


@given(lines=logs(), sample=st.integers(1, 6))
@try_examples(25)
def test_lines_by_the_column_say_what_they_say_by_themselves(
    lines: list[bytes], sample: int
) -> None:
    assert parsed(lines, sample=sample) == one_by_one(lines)


@combine(("line", "around"), ODD, {"few lines": 40, "many lines": 700}, at_once=1)
def test_an_odd_line_among_others_is_judged_as_by_itself(line: bytes, around: int) -> None:
    dice = random.Random(1)
    others = [
        canonical(f"{dice.randrange(16**8):08x}", f'"2026-11-02T09:15:{n % 60:02d}.000Z"')
        for n in range(around)
    ]
    lines = [*others, line, *others[: around // 2], line]
    expected = one_by_one(lines)
    assert expected[0]["event"] in (len(lines), len(lines) - 2)
    assert parsed(lines, sample=20) == expected


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
    expected = one_by_one(lines)
    assert expected[0]["event"] in (len(lines), len(lines) - 31)
    assert parsed(lines, sample=20) == expected


@pytest.mark.parametrize(
    "raw", ['5d1"9f0e', "5d1\t9f0e", "5d1\x019f0e"], ids=["quote", "tab", "control character"]
)
@pytest.mark.parametrize("before", ["escaped", "raw"])
def test_a_session_that_is_known_is_checked_all_the_same(raw: str, before: str) -> None:
    """Texts of sessions are looked at when they are new: what was read with escapes, or refused,
    is still odd.
    """
    others = [canonical(f"{n:08x}") for n in range(600)]
    odd = canonical(raw)
    known = canonical(json.dumps(raw)[1:-1]) if before == "escaped" else odd
    lines = [*others, known, *others[:99], *others, odd, *others[:99], *others, odd, *others[:99]]
    expected = one_by_one(lines)
    assert expected[0]["invalid_json"] == (2 if before == "escaped" else 3)
    assert parsed(lines, sample=100, parts=3) == expected


def test_a_value_that_is_told_by_the_one_before_it_is_not_lost() -> None:
    """A key that comes twice is known by the member before it, here the session: the same text,
    and a value itself.
    """
    lines = [
        canonical("5d1c9f0e", more=f',"name":"P{n}"').replace(
            b'{"payload":{"name":"P",', b'{"by":{"name":"a"},"payload":{'
        )
        for n in range(900)
    ]
    expected = one_by_one(lines)
    assert {f"P{n}" for n in range(900)} == {said.name for _, _, said, *_ in expected[1]}
    assert parsed(lines, sample=100) == expected


def test_a_known_session_is_not_a_number() -> None:
    """`1-2` is a session inside quotes, and no JSON without them."""
    quoted = [canonical(f"{n % 10}-{n}") for n in range(600)]
    bare = [canonical().replace(b'"5d1c9f0e"', str(n).encode()) for n in range(600)]
    lines = [*quoted, *bare, canonical().replace(b'"5d1c9f0e"', b"1-21"), *bare, *quoted]
    expected = one_by_one(lines)
    assert expected[0] == {"event": 2400, "invalid_json": 1}
    assert parsed(lines, sample=100, parts=4) == expected


def test_values_that_change_in_other_places_are_read_too() -> None:
    """A page, an agent and a name that are new in each line: slots whose text is shown."""
    lines = [
        canonical(f"{n:08x}", more=f',"agentID":"a{n}","agentName":"Ann {n}","x":{n}').replace(
            b"x.example/", f"x.example/{n}?utm={n}".encode()
        )
        for n in range(600)
    ]
    tally, events, _ = parsed(lines, sample=100)
    assert tally == {"event": 600}
    assert (events, tally) == (one_by_one(lines)[1], one_by_one(lines)[0])
    assert (
        len({said.agent_id for _, _, said, *_ in events})
        == len({said.page for _, _, said, *_ in events})
        == 600
    )


def test_several_ways_of_writing_in_one_log_are_all_read() -> None:
    lines = [canonical(f"{n:08x}") for n in range(900)]
    spaced = [json.dumps(json.loads(line)).encode() for line in lines[::2]]
    reverse = [json.dumps(dict(reversed(json.loads(line).items()))).encode() for line in lines[::3]]
    mixed = lines + spaced + reverse
    random.Random(3).shuffle(mixed)
    assert parsed(mixed, sample=50) == one_by_one(mixed)


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
    expected = one_by_one(lines)
    assert expected[0]["invalid_json"] == 1
    assert parsed(lines, sample=100) == expected


@pytest.mark.parametrize(
    "space", ["\t", "\u00a0", " ", "\x0b"], ids=["tab", "no-break space", "space", "vertical tab"]
)
@pytest.mark.parametrize("at", [8, 11, 14, 17], ids=["day", "hour", "minute", "second"])
def test_white_space_is_no_digit_of_a_timestamp(space: str, at: int) -> None:
    text = "2026-11-02T09:15:04.120Z"
    odd = (text[:at] + space + text[at + 1 :]).encode()
    good = [canonical(f"{n:08x}") for n in range(400)]
    lines = [
        *good,
        canonical().replace(text.encode(), odd),
        canonical().replace(text.encode(), odd[:23] + odd[24:]),
    ]
    assert parsed([*lines, *good], sample=100) == one_by_one([*lines, *good])


def test_a_number_that_is_missing_is_not_json() -> None:
    lines = [canonical(f"{n:08x}", more=f',"seq":{n}') for n in range(600)]
    lines.insert(500, canonical(more=',"seq":'))
    expected = one_by_one(lines)
    assert expected[0] == {"event": 600, "invalid_json": 1}
    assert parsed(lines, sample=100) == expected


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
        line(n, "CONVERSATION_ENGAGED" if n % 2 else "FOO", inside=n % 2 == 0) for n in range(700)
    ]
    lines += [line(n, "CONVERSATION_ENGAGED", inside=True) for n in range(700, 1400)]
    expected = one_by_one(lines)
    assert {said.name for _, _, said, *_ in expected[1]} == {
        None,
        *(f"N{n}" for n in range(700, 1400)),
    }
    assert parsed(lines, sample=300) == expected


def test_a_line_over_1_mib_is_too_long_however_many_slots_it_has() -> None:
    def line(n: int, size: int) -> bytes:
        return canonical(
            f"{n:08x}", more="".join(f',"k{i}":"{n % 997}{"x" * size}"' for i in range(92))
        )

    lines = [line(n, 3) for n in range(400)] + [line(1, 15_000)]
    assert one_by_one(lines)[0] == {"event": 400, "too_long": 1}
    assert parsed(lines, sample=100) == one_by_one(lines)


def test_unknown_events_are_counted_in_the_order_of_the_lines() -> None:
    """The first 1,000 names are kept: which those are must not hang on threads or hashes."""
    lines = [
        f'{{"event":"E{n}","timestamp":"2026-11-02T09:15:04.120Z"}}'.encode()
        for n in range(500)
        for _ in range(2)
    ]
    lines += [canonical(f"{n:08x}") for n in range(300)]
    parser = Parser(Limits(None, NOW), Vocabulary(), sample=400)
    result = parser.parse(b"".join(line + b"\n" for line in lines))
    by_row = sorted(result.unknown, key=lambda name: result.unknown[name])
    assert by_row == [f"E{n}" for n in range(500)]
    assert {count for _, count in result.unknown.values()} == {2}


MOMENTS = st.integers(timestamps.FIRST_MS, timestamps.LAST_MS)


@given(
    text=st.one_of(
        st.text("0123456789-T:.Z +,", min_size=20, max_size=26),
        st.builds(
            lambda moment, at, other: (text := moment)[:at] + other + text[at + 1 :],
            MOMENTS.map(
                lambda ms: (
                    str(
                        pl.Series([ms])
                        .cast(pl.Datetime("ms"))[0]
                        .isoformat(timespec="milliseconds")
                    )
                    + "Z"
                )
            ),
            st.integers(0, 24),
            st.sampled_from(["", "0", "6", "9", " ", "+", "-", "٤", "a", ":"]),
        ),
        st.integers(-(10**19), 10**19).map(str),
        st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str),
    )
)
@try_examples(150)
def test_columns_of_timestamps_are_right_or_silent(text: str) -> None:
    assert iso([text]) in ([None], [timestamps.parse_timestamp(text)])
    found = pl.DataFrame({"v": [text]}).select(timestamps.parse_epoch_column(pl.col("v"))).item()
    assert found in (None, timestamps.parse_timestamp(text))


def iso(texts: list[str]) -> list[int | None]:
    """By the column."""
    return (
        pl.DataFrame({"v": texts})
        .select(timestamps.parse_iso_column(pl.col("v")))
        .to_series()
        .to_list()
    )


@given(moments=st.lists(MOMENTS, min_size=1))
@try_examples(25)
def test_iso_timestamps_are_read_by_the_column(moments: list[int]) -> None:
    texts = (
        pl.Series(moments, dtype=pl.Datetime("ms")).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_list()
    )
    assert iso(texts) == moments


@pytest.mark.parametrize("at", range(24))
def test_one_wrong_byte_makes_no_timestamp(at: int) -> None:
    """Whatever stands in a byte's place,
    the column agrees with the reference or leaves it to it.
    """
    text = "2024-02-29T23:59:59.999Z"
    others = [text[:at] + chr(code) + text[at + 1 :] for code in range(256)]
    expected = [
        timestamps.parse_timestamp(other)
        if re.fullmatch(r".{10}T.{6}[^6].\.[0-9]{3}Z", other, re.DOTALL)
        else None
        for other in others
    ]
    assert iso(others) == expected


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
        (Number("1e11"), "epoch_milliseconds"),
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
def test_how_a_timestamp_is_written_is_told(text: str | None, expected: str) -> None:
    assert timestamps.FORMS[timestamps.find_form(text)] == expected


@given(text=st.integers(-(10**18) + 1, 10**18 - 1).map(str))
@try_examples(75)
def test_how_a_number_is_written_is_told_the_same_by_the_column(text: str) -> None:
    frame = pl.DataFrame({"v": [text]})
    if frame.select(timestamps.parse_epoch_column(pl.col("v"))).item() is not None:
        assert frame.select(
            timestamps.find_epoch_forms(pl.col("v"))
        ).item() == timestamps.find_form(text)


def test_the_column_tells_numbers_apart_where_the_reference_does() -> None:
    limits = [
        number for power in (11, 14, 17) for number in (10**power - 1, 10**power, -(10**power))
    ]
    frame = pl.DataFrame({"v": [str(number) for number in limits]})
    column = frame.select(timestamps.find_epoch_forms(pl.col("v"))).to_series().to_list()
    assert column == [timestamps.find_form(str(number)) for number in limits]


def test_lines_without_a_timestamp_are_known_for_it_also_by_the_column() -> None:
    lines = [canonical(f"{n:08x}") for n in range(1200)]
    lines = [line.replace(b'"timestamp":"2026-11-02T09:15:04.120Z",', b"") if n % 3 else line
             for n, line in enumerate(lines)]  # fmt: skip
    expected = one_by_one(lines)
    assert Counter(form for *_, form in expected[1]) == {"absent": 800, "iso_utc": 400}
    assert parsed(lines, sample=100) == expected


def test_common_epoch_numbers_are_read_by_the_column() -> None:
    numbers = pl.DataFrame({"v": ["1793610904120", "1793610904", "-1", "1793610904120999"]})
    expected = [1_793_610_904_120, 1_793_610_904_000, -1000, 1_793_610_904_120]
    assert (
        expected == numbers.select(timestamps.parse_epoch_column(pl.col("v"))).to_series().to_list()
    )


@pytest.mark.parametrize("depth", [10, 512, 100_000])
def test_nesting_is_read_or_refused_but_never_fatal(depth: int) -> None:
    line = '{"event":"closed","x":' + "[" * depth + "]" * depth + ',"data":{"payload":{"sid":"1"}}}'
    assert read(line).bucket in (("event",) if depth < 500 else ("event", "invalid_json"))


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
    assert read(line).sid == expected


def test_the_shapes_of_a_log_are_learnt() -> None:
    """Else every other test of this file would pass by the slow way alone."""
    lines = [canonical(f"{n:08x}") for n in range(2000)]
    parser = Parser(Limits(None, NOW), Vocabulary(), sample=50)
    results: list[Parsed] = [
        parser.parse(b"".join(line + b"\n" for line in lines)) for _ in range(3)
    ]
    assert [result.tally["event"] for result in results] == [2000] * 3
    (layout,) = parser.layouts()
    assert layout.hits == 3 * 2000 - 50
    assert isinstance(layout.templates[0].record, Record)
