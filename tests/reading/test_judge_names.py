"""Names of events, timestamps, numbers and keys: tables of the definitions' clauses."""

import tomllib

import judging
import pytest

from dcevents.model.events import match_full_name, match_name
from dcevents.reading.json_value import JsonNumber, decode, plain_decimal, write_json
from dcevents.reading.judge.prefix_times import find_prefix_time
from dcevents.reading.judge.timestamps import parse_timestamp

NAMES = tomllib.loads((judging.GOLDEN / "judge_names.toml").read_text())["names"]
TIMES = tomllib.loads((judging.GOLDEN / "judge_times.toml").read_text())


@pytest.mark.parametrize(("text", "kind", "is_full"), NAMES, ids=[row[0] for row in NAMES])
def test_a_name_is_matched_loosely(text: str, kind: str, is_full: bool) -> None:
    assert (kind or None, (kind or None) if is_full else None) == (
        match_name(text),
        match_full_name(text),
    )


@pytest.mark.parametrize(("text", "expected", "form"), TIMES["texts"])
def test_a_text_is_a_timestamp(text: str, expected: str, form: str) -> None:
    time = parse_timestamp(text)

    assert (expected, form) == (judging.iso(time.ms) if time else "", time.form if time else "")


@pytest.mark.parametrize(("text", "expected", "form"), TIMES["numbers"])
def test_a_number_is_a_timestamp(text: str, expected: int, form: str) -> None:
    time = parse_timestamp(text, number=True)

    assert time
    assert (expected, form) == (time.ms, time.form)


@pytest.mark.parametrize("text", ["1e300", "1e999999999999999", "9" * 5000, "9" * 5000 + "e-2"])
def test_a_number_of_any_size_is_far_away(text: str) -> None:
    time = parse_timestamp(text, number=True)

    assert time
    assert time.is_future(judging.CLOCK_MS)


@pytest.mark.parametrize(("prefix", "expected"), TIMES["prefixes"])
def test_a_prefix_has_a_time(prefix: str, expected: str) -> None:
    found = find_prefix_time(prefix, judging.CLOCK_MS)

    assert expected == (judging.iso(found[0].ms) if found else "")


@pytest.mark.parametrize(
    ("spelled", "plain"),
    [
        ("7.0", "7"),
        ("7.00", "7"),
        ("1e2", "100"),
        ("100.0", "100"),
        ("-0.0", "0"),
        ("0e5", "0"),
        ("-0", "-0"),
        ("12", "12"),
        ("1.50", "1.5"),
        ("-1.50E1", "-15"),
        ("1.5e-3", "0.0015"),
        ("-1.5e-3", "-0.0015"),
        ("120e-1", "12"),
        ("0.10", "0.1"),
        ("1e39", "1" + "0" * 39),
        ("1e40", "1e40"),
        ("1E400", "1E400"),
        ("1e-39", "0." + "0" * 38 + "1"),
        ("1e-40", "1e-40"),
        ("1e99999999999", "1e99999999999"),
        ("9" * 50, "9" * 50),
        ("9" * 41 + ".0", "9" * 41 + ".0"),
        ("9" * 40 + ".0", "9" * 40),
    ],
)
def test_a_number_stands_for_its_plain_decimal(spelled: str, plain: str) -> None:
    assert plain == plain_decimal(spelled)


def test_a_value_is_decoded_strictly() -> None:
    value = decode(r'{"a":1.50,"b":"\ud800x","a":2,"c":["\ud83d\ude00"],"\udc00":null}')

    assert {"a": JsonNumber("1.50"), "b": "�x", "c": ["😀"], "�": None} == value
    assert '{"a":1.50,"b":"�x","c":["😀"],"�":null}' == write_json(value)


@pytest.mark.parametrize("text", ["NaN", "[1,]", "{'a':1}", "1 2", '"\t"', "[" * 513 + "]" * 513])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|value|nested|delim|Expect|Inval|Illegal"):
        decode(text)
