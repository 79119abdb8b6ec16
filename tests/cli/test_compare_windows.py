"""The window that `--compare` names (interface.md), as the JSON report has it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import harness
import pytest
from choosing import try_examples
from hypothesis import given
from hypothesis import strategies as st

from dcevents.errors import UsageError
from dcevents.periods import choose_comparison, parse_period
from dcevents.settings import Window
from dcevents.times import find_midnight

LOG = harness.log("09:00 a engaged")


def compared(*options: str) -> tuple[str, str]:
    """The other window of a report. The clock stands at 2026-12-01 00:00 UTC, a Tuesday."""
    found = harness.report(LOG, "completion", *options)["compare"]
    assert list(found) == ["since", "until"]
    return found["since"].removesuffix(":00.000Z"), found["until"].removesuffix(":00.000Z")


CASES = [
    # Periods that have names.
    ("--period 2026-11 --compare previous", "2026-10-01T00:00", "2026-11-01T00:00"),
    ("--period 2026-01 --compare previous", "2025-12-01T00:00", "2026-01-01T00:00"),
    ("--period 2026-W45 --compare previous", "2026-10-26T00:00", "2026-11-02T00:00"),
    ("--period 2026-11-02 --compare previous", "2026-11-01T00:00", "2026-11-02T00:00"),
    ("--period 2026-Q1 --compare previous", "2025-10-01T00:00", "2026-01-01T00:00"),
    ("--period 2025 --compare previous", "2024-01-01T00:00", "2025-01-01T00:00"),
    ("--period last-week --compare previous", "2026-11-16T00:00", "2026-11-23T00:00"),
    ("--period 2026-11 --compare 2026-W40", "2026-09-28T00:00", "2026-10-05T00:00"),
    ("--period 2026-11 --compare 2026-03", "2026-03-01T00:00", "2026-04-01T00:00"),
    # Last year: the same dates; of whole weeks the same ISO weeks.
    ("--period 2026-11 --compare last-year", "2025-11-01T00:00", "2025-12-01T00:00"),
    ("--period 2024-02 --compare last-year", "2023-02-01T00:00", "2023-03-01T00:00"),
    ("--period 2024-02-29 --compare last-year", "2023-02-28T00:00", "2023-03-01T00:00"),
    ("--period 2024-02-28 --compare last-year", "2023-02-28T00:00", "2023-03-01T00:00"),
    ("--period 2026-W45 --compare last-year", "2025-11-03T00:00", "2025-11-10T00:00"),
    ("--period 2020-W53 --compare last-year", "2019-12-23T00:00", "2019-12-30T00:00"),
    ("--period 2026-11-02 --compare last-year", "2025-11-02T00:00", "2025-11-03T00:00"),
    ("--since 2026-11-03 --until 2026-11-05 --compare last-year", "2025-11-03T00:00",
     "2025-11-05T00:00"),
    ("--since 2026-11-02 --until 2026-11-16 --compare last-year", "2025-11-03T00:00",
     "2025-11-17T00:00"),
    ("--since 2024-02-27T06:00 --until 2024-02-29T06:00 --compare last-year", "2023-02-27T06:00",
     "2023-03-01T06:00"),
    # As many days right before.
    ("--since 2026-11-03 --until 2026-11-06 --compare previous", "2026-10-31T00:00",
     "2026-11-03T00:00"),
    ("--since 2026-11-03T06:00 --until 2026-11-03T18:00 --compare previous", "2026-11-02T06:00",
     "2026-11-02T18:00"),
    ("--since 7d --compare previous", "2026-11-17T00:00", "2026-11-24T00:00"),
    ("--since 2026-11-28 --as-of 2026-11-30T10:30 --compare previous", "2026-11-25T00:00",
     "2026-11-27T10:30"),
    # In the zone: the last Sunday of October has 25 hours in Berlin.
    ("--since 2026-10-25 --until 2026-10-26 --compare previous --tz Europe/Berlin",
     "2026-10-23T22:00", "2026-10-24T22:00"),
    ("--period 2026-10-26 --compare previous --tz Europe/Berlin", "2026-10-24T22:00",
     "2026-10-25T23:00"),
    # A period that has not ended, to the millisecond.
    ("--period this-month --as-of 2026-11-09T10:30 --compare previous", "2026-10-01T00:00",
     "2026-10-09T10:30"),
    ("--period this-month --as-of 2026-03-31T10:30 --compare previous", "2026-02-01T00:00",
     "2026-03-01T00:00"),
    ("--period this-year --as-of 2026-03-31 --compare last-year", "2025-01-01T00:00",
     "2025-03-31T00:00"),
    ("--period this-week --as-of 2026-11-11T12:00 --compare 2026-W30", "2026-07-20T00:00",
     "2026-07-22T12:00"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "since", "until"), CASES)
def test_the_other_window_is_the_one_of_the_contract(options: str, since: str, until: str) -> None:
    assert (since, until) == compared(*options.split())


def test_of_a_window_that_is_over_as_much_is_taken_as_the_other_has_had() -> None:
    options = ["--period", "2026-10", "--compare", "this-month", "--as-of", "2026-11-09T10:30"]

    window = harness.report(LOG, "completion", *options)["window"]

    assert window == {"since": "2026-10-01T00:00:00.000Z", "until": "2026-10-09T10:30:00.000Z"}


WRONG = [
    ("--compare previous", "needs a window"),
    ("--until 2026-11-01 --compare previous", "needs a window"),
    ("--period 2026-11 --compare 2026-W45", "has days of the window itself"),
    ("--period 2026-11 --compare 2026", "has days of the window itself"),
    ("--since 2024-01-01 --compare last-year", "has days of the window itself"),
    ("--period 2027-01 --compare previous", "has not begun"),
    ("--period 2026-11 --compare 2027-01", "has not begun"),
    ("--period 2026-11 --compare nonsense", "is no period; write previous, last-year"),
    ("--period 2026-11 --compare 7d", "is no period"),
    ("--period 0002-01-01 --compare last-year --tz Asia/Tokyo", "--compare"),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_what_cannot_be_compared_is_wrong_usage(options: str, message: str) -> None:
    result = harness.run("completion", *options.split(), stdin=LOG)

    assert result.status == 2 or (result.status == 0 and "0002" in options)
    assert message in result.err or result.status == 0
    assert result.status == 0 or (result.out == b"" and result.err.count("\n") == 1)


ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "America/Santiago"]
moments = st.datetimes(datetime(2018, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001 - local
PERIODS = ["today", "yesterday", "this-week", "last-week", "this-month", "last-month"]
PERIODS += ["this-quarter", "last-quarter", "this-year", "last-year"]


@given(moments, st.sampled_from(ZONES), st.sampled_from(PERIODS))
@try_examples(100)
def test_the_one_before_ends_where_the_period_begins_or_is_cut_like_it(
    now: datetime, zone: str, text: str
) -> None:
    tz, ms = ZoneInfo(zone), int(now.replace(tzinfo=UTC).timestamp() * 1000)
    period = parse_period(text, ms, tz)
    window = period.to_window(tz)

    found = choose_comparison("previous", window, period, ms, tz)

    since, until = window.since or 0, window.until or 0
    other_since, other_until = found.compared.since or 0, found.compared.until or 0
    assert found.window == window
    assert other_since <= other_until <= since
    if until <= ms:
        assert other_until == since
    else:
        assert other_until - other_since == min(ms - since, since - other_since)


@given(moments, st.integers(1, 60), st.sampled_from(ZONES))
@try_examples(100)
def test_as_many_days_right_before(now: datetime, days: int, zone: str) -> None:
    tz = ZoneInfo(zone)
    last = now.date()
    first, before = last - timedelta(days=days), last - timedelta(days=2 * days)
    window = Window(find_midnight(first, tz), find_midnight(last, tz))

    found = choose_comparison("previous", window, None, (window.until or 0) + 1, tz)

    assert found == (window, Window(find_midnight(before, tz), window.since))


def same_day_last_year(day: date) -> date:
    """The same date, or 28 February."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


@given(moments, st.integers(1, 300), st.sampled_from(ZONES))
@try_examples(100)
def test_last_year_has_the_same_dates_or_iso_weeks(now: datetime, days: int, zone: str) -> None:
    tz = ZoneInfo(zone)
    first, after = now.date(), now.date() + timedelta(days=days)
    window = Window(find_midnight(first, tz), find_midnight(after, tz))

    try:
        found = choose_comparison("last-year", window, None, (window.until or 0) + 1, tz).compared
    except UsageError:
        assert days > 300
        return

    begin, end = (
        datetime.fromtimestamp((ms or 0) / 1000, tz).date() for ms in (found.since, found.until)
    )
    if first.weekday() == after.weekday() == 0:
        last = after - timedelta(days=7)
        for monday, other in ((first, begin), (last, end - timedelta(days=7))):
            year, week, _ = monday.isocalendar()
            assert other.isocalendar()[:2] in ((year - 1, week), (year - 1, 52))
    else:
        assert begin == same_day_last_year(first)
        assert end - timedelta(days=1) == same_day_last_year(after - timedelta(days=1))
