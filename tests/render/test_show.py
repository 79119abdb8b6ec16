"""How people's tables write figures, and how strangers' text is made safe to show."""

import json
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dcevents import show

BERLIN = ZoneInfo("Europe/Berlin")


def millis(text: str) -> int:
    """Milliseconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def moment(text: str | None) -> int | None:
    """The same, of what may be open."""
    return None if text is None else millis(text)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        pytest.param(None, "–", id="no base"),
        pytest.param(0.0, "0 %", id="exactly 0"),
        pytest.param(1.0, "100 %", id="exactly 100"),
        pytest.param(0.412, "41.2 %", id="one decimal"),
        pytest.param(0.5, "50.0 %", id="always one decimal between"),
        pytest.param(0.000001, "0.1 %", id="not 0, so not shown as 0"),
        pytest.param(0.0004, "0.1 %", id="would round to 0.0"),
        pytest.param(0.9996, "99.9 %", id="would round to 100.0"),
        pytest.param(0.999999, "99.9 %", id="not 100, so not shown as 100"),
        pytest.param(0.9994, "99.9 %", id="rounds to 99.9 anyway"),
    ],
)
def test_percent(rate: float | None, expected: str) -> None:
    assert expected == show.format_percent(rate)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(None, "–", id="none"),
        pytest.param(0.0, "0.0s", id="nothing"),
        pytest.param(7.54, "7.5s", id="tenths below ten"),
        pytest.param(9.949, "9.9s", id="just below ten"),
        pytest.param(9.95, "10s", id="would round to 10.0"),
        pytest.param(45.4, "45s", id="whole seconds"),
        pytest.param(59.5, "1m 00s", id="never 60 seconds"),
        pytest.param(80.0, "1m 20s", id="minutes"),
        pytest.param(3599.6, "1h 00m", id="never 60 minutes"),
        pytest.param(7500.0, "2h 05m", id="hours"),
        pytest.param(86399.7, "1d 0h", id="never 24 hours"),
        pytest.param(273_600.0, "3d 4h", id="days"),
    ],
)
def test_duration(seconds: float | None, expected: str) -> None:
    assert expected == show.format_duration(seconds)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, "–", id="none"),
        pytest.param(0, "0", id="zero"),
        pytest.param(999, "999", id="no separator yet"),
        pytest.param(1204, "1,204", id="thousands"),
        pytest.param(12_345_678, "12,345,678", id="millions"),
    ],
)
def test_number(value: int | None, expected: str) -> None:
    assert expected == show.format_number(value)


UNSAFE = [
    *(chr(code) for code in range(0x20)),
    *(chr(code) for code in range(0x7F, 0xA0)),
    *"\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
]
"""Controls of terminals (C0, DEL, C1), line separators, and Unicode's bidirectional controls."""


UNSEEN = "\u00ad\u034f\u200b\u200c\u200d\u2060\u2064\ufeff\u3164"
"""Characters without width, among letters of ours: two names that look alike differ in them."""


@pytest.mark.parametrize("character", [*UNSAFE, *UNSEEN], ids=ascii)
def test_what_acts_on_a_terminal_is_made_visible(character: str) -> None:
    text = show.make_visible(f"a{character}b")

    assert re.fullmatch(r"a\\(n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4})b", text)


@pytest.mark.parametrize(
    "text",
    [
        "Köln",
        "naïve – “quoted”",
        "日本語",
        "😀",
        "a b",
        "e\u0301",
        "שלום",
        "\u0645\u06cc\u200c\u062e\u0648",
        "\u0915\u094d\u200d\u0937",
        "👩\u200d💻",
        "❤️\u200d🔥",
        "🏳️\u200d🌈",
    ],
    ids=ascii,
)
def test_what_is_only_foreign_is_shown_as_it_is(text: str) -> None:
    assert text == show.make_visible(text)
    assert text == show.escape_json(text)


@pytest.mark.parametrize("character", UNSAFE, ids=ascii)
def test_json_escapes_what_acts_on_a_terminal_and_decodes_to_it(character: str) -> None:
    encoded = show.escape_json(json.dumps(f"a{character}b", ensure_ascii=False))

    assert not set(UNSAFE) & set(encoded)
    assert f"a{character}b" == json.loads(encoded)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("abc", 3, id="one column a letter"),
        pytest.param("日本", 4, id="two columns a wide one"),
        pytest.param("e\u0301", 1, id="none for a combining one"),
        pytest.param("\uff46", 2, id="a full-width letter"),
    ],
)
def test_width(text: str, expected: int) -> None:
    assert expected == show.measure_width(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(0, "1970-01-01T00:00:00.000Z", id="the epoch"),
        pytest.param(-1, "1969-12-31T23:59:59.999Z", id="before it"),
        pytest.param(
            1_793_610_904_120, "2026-11-02T09:15:04.120Z", id="milliseconds, always three"
        ),
        pytest.param(-62_135_596_800_000, "0001-01-01T00:00:00.000Z", id="four digits of year"),
        pytest.param(253_402_300_799_999, "9999-12-31T23:59:59.999Z", id="the last one"),
    ],
)
def test_timestamp(value: int | None, expected: str | None) -> None:
    assert expected == show.format_timestamp(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(
            millis("2026-11-02T09:15:04.999"), "2026-11-02 10:15:04", id="winter, seconds cut"
        ),
        pytest.param(millis("2026-07-01T22:30"), "2026-07-02 00:30:00", id="summer, the next day"),
        pytest.param(
            millis("2026-03-29T00:59:59"),
            "2026-03-29 01:59:59",
            id="before the hour that is left out",
        ),
        pytest.param(millis("2026-03-29T01:00"), "2026-03-29 03:00:00", id="after it"),
        pytest.param(
            millis("2026-10-25T01:30"), "2026-10-25 02:30:00", id="the second half past two"
        ),
    ],
)
def test_local_time(value: int | None, expected: str | None) -> None:
    assert expected == show.format_local_time(value, BERLIN)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        pytest.param(None, None, None, id="no window"),
        pytest.param(
            "2026-11-01T23:00",
            "2026-11-08T23:00",
            "2026-11-02 to 2026-11-08",
            id="first and last day",
        ),
        pytest.param("2026-11-01T23:00", "2026-11-02T23:00", "2026-11-02", id="one day"),
        pytest.param(
            "2026-03-28T23:00", "2026-03-29T22:00", "2026-03-29", id="one day of 23 hours"
        ),
        pytest.param("2026-11-01T23:00", None, "from 2026-11-02", id="open at the end"),
        pytest.param(None, "2026-11-01T23:00", "until 2026-11-01", id="open at the start"),
        pytest.param(
            "2026-11-02T08:00",
            "2026-11-02T09:30",
            "2026-11-02 09:00:00 to 2026-11-02 10:30:00",
            id="parts of days",
        ),
    ],
)
def test_a_window_is_shown_as_its_first_and_last_day(
    since: str | None, until: str | None, expected: str | None
) -> None:
    assert expected == show.format_period(moment(since), moment(until), BERLIN)
