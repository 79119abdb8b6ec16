"""Times as options take them: windows, periods, durations.
What they select is in golden/times.toml.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import harness
import pytest

TZ, LA = "Europe/Berlin", "America/Los_Angeles"
LOG = harness.log("09:00 a engaged")
FAR = [
    pytest.param("9999999w", id="before year 1"),
    pytest.param("999999999w", id="before any year"),
    pytest.param("99999999999999999999d", id="more than an integer holds"),
]


def window(*options: str) -> tuple[str | None, str | None]:
    """The window of a report as its JSON has it. The clock stands at 2026-12-01 00:00 UTC,
    a Tuesday.
    """
    found = harness.report(LOG, "completion", *options)["window"]
    assert list(found) == ["since", "until"]
    return found["since"], found["until"]


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        pytest.param("today", "2026-12-01T00", "2026-12-02T00", id="today"),
        pytest.param(
            "yesterday", "2026-11-30T00", "2026-12-01T00", id="yesterday, in another month"
        ),
        pytest.param(
            "last-week", "2026-11-23T00", "2026-11-30T00", id="the last whole week, from Monday"
        ),
        pytest.param("last-month", "2026-11-01T00", "2026-12-01T00", id="the last whole month"),
        pytest.param("2026-11-02", "2026-11-02T00", "2026-11-03T00", id="a day"),
        pytest.param("2024-02-29", "2024-02-29T00", "2024-03-01T00", id="a leap day"),
        pytest.param("2026-12-31", "2026-12-31T00", "2027-01-01T00", id="the last day of a year"),
        pytest.param("2026-W45", "2026-11-02T00", "2026-11-09T00", id="a week"),
        pytest.param(
            "2026-W01", "2025-12-29T00", "2026-01-05T00", id="a week that begins in the year before"
        ),
        pytest.param("2026-W53", "2026-12-28T00", "2027-01-04T00", id="a 53rd week"),
        pytest.param("2026-10", "2026-10-01T00", "2026-11-01T00", id="a month"),
        pytest.param("2024-02", "2024-02-01T00", "2024-03-01T00", id="a short month"),
        pytest.param("2026-12", "2026-12-01T00", "2027-01-01T00", id="the last month of a year"),
        pytest.param("this-week", "2026-11-30T00", "2026-12-07T00", id="the week so far"),
        pytest.param("this-month", "2026-12-01T00", "2027-01-01T00", id="the month so far"),
        pytest.param("this-quarter", "2026-10-01T00", "2027-01-01T00", id="the quarter so far"),
        pytest.param("last-quarter", "2026-07-01T00", "2026-10-01T00", id="the last quarter"),
        pytest.param("this-year", "2026-01-01T00", "2027-01-01T00", id="the year so far"),
        pytest.param("last-year", "2025-01-01T00", "2026-01-01T00", id="the last whole year"),
        pytest.param("2026-Q1", "2026-01-01T00", "2026-04-01T00", id="a quarter"),
        pytest.param("2026-Q4", "2026-10-01T00", "2027-01-01T00", id="the last of a year"),
        pytest.param("2026", "2026-01-01T00", "2027-01-01T00", id="a year"),
    ],
)
def test_a_period_is_whole_days(text: str, since: str, until: str) -> None:
    assert (f"{since}:00:00.000Z", f"{until}:00:00.000Z") == window("--period", text)


@pytest.mark.parametrize(
    ("text", "zone", "since", "until"),
    [
        pytest.param(
            "2026-03-29", "Europe/Berlin", "2026-03-28T23", "2026-03-29T22", id="a day of 23 hours"
        ),
        pytest.param(
            "2026-10-25", "Europe/Berlin", "2026-10-24T22", "2026-10-25T23", id="a day of 25 hours"
        ),
        pytest.param(
            "2026-10",
            "Europe/Berlin",
            "2026-09-30T22",
            "2026-10-31T23",
            id="a month from summer to winter",
        ),
        pytest.param(
            "2026-W13",
            "Europe/Berlin",
            "2026-03-22T23",
            "2026-03-29T22",
            id="a week with a short Sunday",
        ),
        pytest.param(
            "today",
            "America/New_York",
            "2026-11-30T05",
            "2026-12-01T05",
            id="where it is still yesterday",
        ),
        pytest.param(
            "last-month",
            "America/New_York",
            "2026-10-01T04",
            "2026-11-01T04",
            id="… and last month",
        ),
        pytest.param(
            "2026-09-06",
            "America/Santiago",
            "2026-09-06T04",
            "2026-09-07T03",
            id="a day without midnight",
        ),
    ],
)
def test_a_period_is_of_the_zone(text: str, zone: str, since: str, until: str) -> None:
    assert (f"{since}:00:00.000Z", f"{until}:00:00.000Z") == window("--period", text, "--tz", zone)


@pytest.mark.parametrize("of", ["logs", "store"])
@pytest.mark.parametrize(
    ("clock", "zone", "since", "until", "day"),
    [
        pytest.param(
            "2026-11-19T00:05",
            "UTC",
            "2026-11-18T00",
            "2026-11-19T00",
            "2026-11-18",
            id="five past midnight",
        ),
        pytest.param(
            "2026-11-18T23:55",
            "UTC",
            "2026-11-17T00",
            "2026-11-18T00",
            "2026-11-17",
            id="five to midnight",
        ),
        pytest.param(
            "2026-11-18T23:05",
            TZ,
            "2026-11-17T23",
            "2026-11-18T23",
            "2026-11-18",
            id="east of Greenwich",
        ),
        pytest.param(
            "2026-11-19T00:05",
            TZ,
            "2026-11-17T23",
            "2026-11-18T23",
            "2026-11-18",
            id="… on a clock of UTC",
        ),
        pytest.param(
            "2026-11-19T08:05",
            LA,
            "2026-11-18T08",
            "2026-11-19T08",
            "2026-11-18",
            id="west of Greenwich",
        ),
        pytest.param(
            "2026-11-19T00:05",
            LA,
            "2026-11-17T08",
            "2026-11-18T08",
            "2026-11-17",
            id="… on a clock of UTC, …",
        ),
        pytest.param(
            "2026-03-29T22:05",
            TZ,
            "2026-03-28T23",
            "2026-03-29T22",
            "2026-03-29",
            id="a day of 23 hours",
        ),
        pytest.param(
            "2026-10-25T23:05",
            TZ,
            "2026-10-24T22",
            "2026-10-25T23",
            "2026-10-25",
            id="a day of 25 hours",
        ),
        pytest.param(
            "2026-11-02T08:05",
            LA,
            "2026-11-01T07",
            "2026-11-02T08",
            "2026-11-01",
            id="… and in the west",
        ),
        pytest.param(
            "2026-03-09T04:05",
            "America/Havana",
            "2026-03-08T05",
            "2026-03-09T04",
            "2026-03-08",
            id="a day without midnight",
        ),
    ],
)
def test_yesterday_is_the_day_that_has_just_ended_whatever_the_last_event(
    clock: str, zone: str, since: str, until: str, day: str, of: str, tmp_path: Path
) -> None:
    now = datetime.fromisoformat(clock).replace(tzinfo=UTC)
    log = tmp_path / "dc.log"
    log.write_bytes(harness.log("2026-01-05T09:00:00Z a engaged"))
    source: list[str | Path] = [log]
    if of == "store":
        source = ["--store", tmp_path / "store"]
        assert harness.run("ingest", log, *source, "-q", clock=now).status == 0

    options = ["--period", "yesterday", "--tz", zone, "-q", "-o", f"{tmp_path}/{{date}}.json"]
    assert harness.run("completion", *source, *options, clock=now).status == 0

    report = json.loads((tmp_path / f"{day}.json").read_bytes())
    assert {"since": f"{since}:00:00.000Z", "until": f"{until}:00:00.000Z"} == report["window"]
    assert report["rows"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "2026-11-02", "2026-11-01T23:00:00.000Z", id="a bare date is midnight in the zone"
        ),
        pytest.param(
            "2026-11-02T10:00",
            "2026-11-02T09:00:00.000Z",
            id="a time without offset is in the zone",
        ),
        pytest.param("2026-11-02 10:00:01", "2026-11-02T09:00:01.000Z", id="a space for the T"),
        pytest.param("2026-11-02T10:00Z", "2026-11-02T10:00:00.000Z", id="UTC"),
        pytest.param(
            "2026-11-02T10:00:00.123456-05:00", "2026-11-02T15:00:00.123Z", id="an offset; floored"
        ),
        pytest.param("2026-07-01T00:00", "2026-06-30T22:00:00.000Z", id="summer"),
        pytest.param("today", "2026-11-30T23:00:00.000Z", id="today"),
        pytest.param("yesterday", "2026-11-29T23:00:00.000Z", id="yesterday"),
        pytest.param(
            "7d",
            "2026-11-24T00:00:00.000Z",
            id="days before now, by the clock and not by midnights",
        ),
        pytest.param("24h", "2026-11-30T00:00:00.000Z", id="hours"),
        pytest.param("4w", "2026-11-03T00:00:00.000Z", id="weeks"),
        pytest.param("90m", "2026-11-30T22:30:00.000Z", id="minutes"),
        pytest.param(" 7d ", "2026-11-24T00:00:00.000Z", id="spaces around"),
    ],
)
def test_since(text: str, expected: str) -> None:
    assert (expected, None) == window("--since", text, "--tz", "Europe/Berlin")


def test_windows_look_from_as_of_where_it_is_given() -> None:
    assert ("2026-10-26T12:00:00.000Z", "2026-11-02T00:00:00.000Z") == window(
        "--since", "7d", "--until", "today", "--as-of", "2026-11-02T12:00"
    )


@pytest.mark.parametrize("option", ["--since", "--until", "--as-of"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-11-31",
        "2026-13-01",
        "2026-11",
        "09:00",
        "7",
        "7 d",
        "-7d",
        "7y",
        "1e3s",
        "\u0667d",
        "\x1b[31m",
    ],
)
def test_what_is_no_time_is_bad_usage(option: str, text: str) -> None:
    result = harness.run("completion", f"{option}={text}", stdin=LOG)

    assert (2, b"") == (result.status, result.out)
    assert f"dcevents: {option}: " in result.err
    assert result.err.count("\n") == 1
    assert "\x1b" not in result.err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "week",
        "this-day",
        "previous",
        "0000",
        "2026-Q5",
        "2026-Q0",
        "2026-13",
        "2026-00",
        "2026-W54",
        "2025-W53",
        "2026-W00",
        "2026-11-31",
        "7d",
    ],
)
def test_what_is_no_period_is_bad_usage(text: str) -> None:
    result = harness.run("completion", "--period", text, stdin=LOG)

    assert (2, b"") == (result.status, result.out)
    assert "dcevents: --period: " in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "text", "reason"),
    [
        ("--since", "2026-11-31", "is not in the calendar; write a date"),
        ("--since", "11/09/2026", "is no time; write a date"),
        ("--period", "2026-11-31", "is not in the calendar; write today"),
        ("--period", "2025-W53", "is not in the calendar; write today"),
        ("--period", "2026-Q5", "is not in the calendar; write today"),
        ("--period", "november", "is no period; write today"),
    ],
)
def test_a_day_that_no_calendar_has_is_told_from_what_is_none(
    option: str, text: str, reason: str
) -> None:
    result = harness.run("completion", option, text, stdin=LOG)

    assert f"dcevents: {option}: '{text}' {reason}" in result.err


@pytest.mark.parametrize("option", ["--since", "--until", "--as-of"])
@pytest.mark.parametrize("text", FAR)
@pytest.mark.parametrize("format_", ["table", "json", "csv"])
def test_a_time_beyond_the_calendar_is_bad_usage(option: str, text: str, format_: str) -> None:
    result = harness.run("completion", option, text, "-f", format_, stdin=LOG)

    assert (2, b"") == (result.status, result.out)
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(
            ["--until", "9999-12-31T23:59:59Z", "--tz", "Asia/Tokyo", "--by", "month"],
            id="local year 10000",
        ),
        pytest.param(
            ["--since", "0001-01-01T00:00:00Z", "--tz", "America/New_York", "--by", "day"],
            id="local year 0",
        ),
        pytest.param(["--period", "9999-12"], id="the month after the last"),
        pytest.param(
            ["--period", "0001-01", "--tz", "Europe/Berlin"], id="a month that begins in year 0"
        ),
    ],
)
@pytest.mark.parametrize("format_", ["table", "json"])
def test_the_ends_of_the_calendar_are_no_crash(options: list[str], format_: str) -> None:
    result = harness.run("completion", *options, "-f", format_, stdin=LOG)

    assert result.status in (0, 2)
    assert bool(result.out) == (result.status == 0)
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            ["--since", "2026-11-02", "--until", "2026-11-02"], "--since", id="nothing between"
        ),
        pytest.param(
            ["--since", "today", "--until", "yesterday"], "--since", id="the wrong way round"
        ),
        pytest.param(["--period", "today", "--since", "7d"], "--period", id="a period and a since"),
        pytest.param(
            ["--period", "today", "--period", "yesterday"], "give it once", id="two periods"
        ),
        pytest.param(
            ["--period", "today", "--until", "7d"], "--period", id="a period and an until"
        ),
        pytest.param(["--idle", "half an hour"], "--idle", id="no duration"),
        pytest.param(["--idle", "30"], "--idle", id="no unit"),
        pytest.param(["--service-level", "-60s"], "--service-level", id="less than nothing"),
        pytest.param(["--tz", "Berlin"], "Europe/Berlin", id="no zone, but near one"),
        pytest.param(["--tz", "CET+1CEST/x"], "--tz", id="no zone"),
        pytest.param(["--tz", "/etc/passwd"], "--tz", id="a path"),
        pytest.param(["--tz", ""], "--tz", id="no text"),
    ],
)
def test_windows_that_are_none_are_bad_usage(options: list[str], message: str) -> None:
    result = harness.run("completion", *options, stdin=LOG)

    assert (2, b"") == (result.status, result.out)
    assert message in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "title"),
    [
        pytest.param(["--period", "2026-W45"], "2026-11-02 to 2026-11-08", id="first and last day"),
        pytest.param(["--period", "2026-11-02"], ", 2026-11-02 (UTC)\n", id="a day"),
        pytest.param(
            ["--since", "2026-11-02", "--tz", "Europe/Berlin"],
            "from 2026-11-02 (Europe/Berlin)\n",
            id="days of the zone",
        ),
    ],
)
@pytest.mark.parametrize("command", ["summary", "completion", "conversations"])
def test_tables_print_the_window_as_first_and_last_day(
    command: str, options: list[str], title: str
) -> None:
    assert title in harness.run(command, *options, stdin=LOG).text
