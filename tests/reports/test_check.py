"""`check`: the figures of the model whatever the log,
and what it says of logs whose faults are known.
"""

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import compare
import harness
import naive
import naive_check
import pytest
from choosing import try_examples
from histories import GAPS, START, histories, naive_text
from hypothesis import given
from hypothesis import strategies as st

from dcevents import reports
from dcevents.tables import Document

DAY = 86_400_000
CLOCK = START + 60 * DAY


def members(log: bytes, *arguments: str) -> Any:
    """What `check` gives to programs."""
    return harness.report(log, "check", *arguments)


def compact(*lines: str) -> bytes:
    """A log of compact lines."""
    return harness.log("\n".join(lines))


# -- against the model -----------------------------------------------------------------------------


def differences(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Where two documents differ; quantiles may by their last digit."""
    if isinstance(expected, dict) and isinstance(actual, dict) and list(expected) == list(actual):
        return [
            each
            for key in expected
            for each in differences(expected[key], actual[key], f"{path}.{key}")
        ]
    if path.endswith(("p10_seconds", "median_seconds", "p90_seconds")) and None not in (
        expected,
        actual,
    ):
        return (
            []
            if abs(expected - actual) < 0.0011
            else [f"{path}: {expected!r} expected, {actual!r} found"]
        )
    same = json.dumps(expected) == json.dumps(actual)
    return [] if same else [f"{path}: {expected!r} expected, {actual!r} found"]


NOT_OF_THE_MODEL = {"envelopes", "passed_over", "cut_off", "scanner"}
VALUE_FORMS = [form for form in naive_check.FORMS if form != "prefix"]


def check(inputs: compare.Inputs, *, tz: str = "UTC", as_of: int | None = None) -> None:
    """The document of the program and of the model, compared."""
    with TemporaryDirectory() as folder, mock.patch("compare.NOW", CLOCK):
        named = [(str(Path(folder) / name), data) for name, data in inputs]
        model = naive.read(named, now_ms=CLOCK, as_of_ms=as_of)
        clock = CLOCK if as_of is None else as_of
        expected = naive_check.check(model, [name for name, _ in named], clock_ms=clock, tz=tz)
        view = compare.analyse(inputs, Path(folder), as_of=as_of, tz=tz)
        made = reports.load_reports()["check"].make(view, ())
        assert isinstance(made, Document)
        actual = {key: value for key, value in made.members.items() if key not in NOT_OF_THE_MODEL}
        assert [] == differences(expected, actual)


def written(ms: int, form: str) -> Any:
    """A timestamp in one of the forms."""
    iso, day = naive_text(ms), datetime.fromtimestamp(ms / 1000, UTC)
    return {
        "iso_utc": iso,
        "iso_offset": f"{iso[:-1]}+00:00",
        "iso_local": iso[:-1].replace("T", " "),
        "epoch_seconds": ms / 1000,
        "epoch_milliseconds": ms,
        "epoch_microseconds": str(ms * 1000),
        "epoch_nanoseconds": ms * 10**6,
        "access_log": f"{day:%d/%b/%Y:%H:%M:%S} +0000",
        "rfc_5322": f"{day:%a, %d %b %Y %H:%M:%S} GMT",
        "javascript": f"{day:%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
        "unreadable": "noon",
        "absent": None,
    }[form]


@st.composite
def odd_logs(draw: st.DrawFn) -> bytes:
    """Histories with long silences, timestamps of all forms, and other lines between them."""
    main = draw(st.sampled_from(VALUE_FORMS[:-2]))
    lines = []
    for event in draw(histories(live=draw(st.booleans()))):
        ms = event["ts"]
        if ms is not None:
            ms += draw(st.sampled_from([0, 0, 0, DAY, 3 * DAY, 29 * DAY, 100 * DAY]))
            form = draw(st.sampled_from([main, main, main, *VALUE_FORMS]))
        payload = {key: value for key, value in event.items() if key not in ("kind", "ts", "page")}
        payload["sid"] += draw(st.sampled_from(["", "", "b", "c", "d"]))
        body = {
            "event": f"CONVERSATION_{event['kind'].upper()}",
            "timestamp": None if ms is None else written(ms, form),
            "data": {"payload": payload},
        }
        lines.append(json.dumps(body).encode())
        lines += draw(
            st.sampled_from([[], [], [lines[-1]], [b"{x"], [b""], [b'{"event":"OTHER"}'], [b"[]"]])
        )
    return b"".join(line + b"\n" for line in lines)


@given(data=st.data())
@try_examples(10)
def test_any_log_has_the_model_s_quality(data: st.DataObject) -> None:
    inputs = [
        (name, data.draw(odd_logs())) for name in ("a.log", "b.log")[: data.draw(st.integers(1, 2))]
    ]
    tz = data.draw(
        st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"])
    )
    as_of = data.draw(st.sampled_from([None, None, START, START + DAY, START + 3 * DAY + 7]))
    check(inputs, tz=tz, as_of=as_of)


@st.composite
def chats(draw: st.DrawFn) -> bytes:
    """Live chats of many visitors that time out, near and far from the times of Dynamic Chat."""
    waits = [
        94_999,
        95_000,
        100_000,
        110_000,
        110_001,
        200_000,
        285_000,
        330_000,
        331_000,
        600_000,
        *GAPS,
    ]
    lines = []
    for n in range(draw(st.integers(5, 15))):
        ms = START
        for kind in draw(
            st.lists(st.sampled_from(["live_chat_request_timeout", *naive.LIVE_CHAT]), max_size=5)
        ):
            ms += draw(st.sampled_from(waits))
            lines.append(f"{naive_text(ms)} s{n} {kind}")
        ms += draw(st.sampled_from([100_000, 205_000]))
        lines += [
            f"{naive_text(START)} t{n} live_chat_requested",
            f"{naive_text(ms)} t{n} live_chat_request_timeout",
        ]
    return compact(*lines)


@given(log=chats())
@try_examples(5)
def test_any_chats_have_the_model_s_reading_of_timeout(log: bytes) -> None:
    check([("a.log", log)])


def test_the_sample_logs_have_the_model_s_quality() -> None:
    site = harness.ROOT / "sample_logs" / "site"
    logs = [(path.name, path.read_bytes()) for path in sorted(site.glob("dc.log*[!z]"))]
    check([(name, _drop_wrapped(data)) for name, data in logs], tz="Europe/Berlin")


def _drop_wrapped(data: bytes) -> bytes:
    """Return a log without events in other wrappings, of which the model knows none."""
    lines = data.splitlines(keepends=True)
    return b"".join(line for line in lines if not re.match(rb'\[|.*"data":"', line))


# -- by hand ---------------------------------------------------------------------------------------


def test_a_good_log_has_nothing_that_stands_out() -> None:
    log = compact(
        "09:00:00 a triggered",
        "09:00:10 a engaged",
        "09:01:00 a completed",
        "2026-11-03T09:00:00Z b triggered",
    )

    found = members(log, "--as-of", "2026-11-03T10:00:00Z")

    assert found["findings"] == []
    assert found["conversations"] == {
        "conversations": 2,
        "start_not_seen": 0,
        "engaged": 1,
        "engagement_implied": 0,
    }
    assert found["days"]["silences"][0] == {
        "from": "2026-11-02T09:01:00.000Z",
        "to": "2026-11-03T09:00:00.000Z",
        "duration_seconds": 86340.0,
    }
    text = harness.run("check", "--as-of", "2026-11-03T10:00:00Z", "-q", stdin=log).text
    assert "\nNothing stands out.\n" in text
    assert "\nTimestamps  all ISO 8601 with Z\n" in text
    assert text.count("\n\n") == 2, "the heading, the headline, one block of lines"


ODD = [
    pytest.param(["09:00 a triggered", "| }"], "rejected", id="a rejected line"),
    pytest.param(
        ["09:00 a triggered", "09:00 a Some.Thing"], "unknown_events", id="an unknown event"
    ),
    pytest.param(
        ["09:00 a triggered", "noon b triggered"], "untimed", id="a timestamp that cannot be read"
    ),
    pytest.param(
        ["09:00 a triggered", "2027-01-01T00:00Z b triggered"], "future", id="a clock ahead"
    ),
    pytest.param(["2026-11-02T09:00 a triggered"], "no_zone", id="no zone"),
    pytest.param(["09:00 a engaged"], "start_not_seen", id="a lost start"),
    pytest.param(
        ["09:00 a triggered", "09:01 a completed"], "engagement_implied", id="a lost engagement"
    ),
    pytest.param(
        ["09:00 a triggered", "2026-11-03T09:01Z a triggered"],
        "sessions_over_24_hours",
        id="a long session",
    ),
    pytest.param(
        ["2026-11-04T09:00Z a triggered", "09:00 b triggered"],
        "days_without_events",
        id="a day without",
    ),
    pytest.param(
        ["09:00 a triggered", "09:01 b triggered"], "feed_stopped", id="a feed that stopped"
    ),
]


@pytest.mark.parametrize(("lines", "finding"), ODD)
def test_what_stands_out_is_named_alone(lines: list[str], finding: str) -> None:
    as_of = "2026-11-02T13:00:00Z" if finding == "feed_stopped" else "2026-11-04T09:30:00Z"
    # A silence of a day and a half, which makes any that follows a usual one.
    before = [] if "days" in finding or "feed" in finding else ["2026-11-01T00:00Z z triggered"]

    assert members(compact(*before, *lines), "--as-of", as_of)["findings"] == [finding]


@pytest.mark.parametrize(
    ("whole", "stands_out"), [(20, False), (19, True)], ids=["5 %", "more than 5 %"]
)
def test_some_beginnings_are_lost_without_a_word(whole: int, stands_out: bool) -> None:
    lines = [f"09:00 s{n} {kind}" for n in range(1, whole) for kind in ("triggered", "engaged")]
    one = {
        "start_not_seen": ["09:00 s0 engaged"],
        "engagement_implied": ["09:00 s0 triggered", "09:00 s0 completed"],
    }

    for finding, more in one.items():
        assert (finding in members(compact(*lines, *more))["findings"]) == stands_out


@pytest.mark.parametrize(
    ("clock", "stopped"),
    [
        ("2026-11-02T15:00:00Z", False),
        ("2026-11-02T15:00:00.001Z", True),
        ("2026-11-02T11:30:00Z", False),
    ],
    ids=["twice the longest silence", "more than twice", "within an hour of it"],
)
def test_a_feed_has_stopped_after_twice_the_longest_silence(clock: str, stopped: bool) -> None:
    log = compact("09:00 a triggered", "11:00 b triggered", "11:00 c triggered")

    feed = members(log, "--as-of", clock)["feed"]

    assert (feed["usual_seconds"], feed["stopped"]) == (7200, stopped)


def test_a_silence_of_long_ago_is_not_usual() -> None:
    log = compact(
        "2026-09-01T00:00Z a triggered",
        "2026-10-01T00:00Z b triggered",
        "2026-10-30T00:00Z c triggered",
        "2026-10-30T01:00Z d triggered",
    )

    assert members(log)["feed"]["usual_seconds"] == 29 * 86_400


def test_a_log_without_two_times_says_nothing_of_its_feed() -> None:
    assert members(compact("09:00 a triggered"))["feed"]["stopped"] is None


def test_order_is_within_an_input(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(
        compact("09:00:09 a triggered", "09:00:07 b triggered", "09:00:09.5 c triggered")
    )
    (tmp_path / "b.log").write_bytes(
        compact("08:00 d triggered", "09:00:09 a triggered", "08:30 e triggered")
    )

    order = harness.run("check", tmp_path / "a.log", tmp_path / "b.log", "-f", "json").json["order"]

    assert (order["out_of_order"], order["step_back_seconds"]) == (1, 2.0)
    assert [each["file"] for each in order["inputs"]] == [str(tmp_path / "a.log")]


def test_people_read_all_that_is_odd() -> None:
    log = compact(
        "2026-11-02T09:00Z a triggered name=Old",
        "2026-11-02T09:01Z a triggered name=New",
        "2026-11-03T09:00Z b live_chat_requested agent=ag1 agent_name=Ann name=New",
        "2026-11-06T09:00Z b live_chat_requested agent=ag1 agent_name=Anna name=New",
        "2026-11-05T09:00Z c triggered name=New",
        "2030-01-01T00:00Z c engaged name=New",
    )

    text = harness.run("check", "-q", "--as-of", "2026-12-01", stdin=log).text

    joined = _joined(text)
    for words in (
        "1 timestamp in the future; ",
        (
            "Timestamps all ISO 8601 with Z; 1 (16.7 %) more than a day after the clock, so not "
            "believed"
        ),
        "Order 1 (16.7 %) earlier than one on a line before, by 1d 0h at most",
        "Starts 1 of 3 conversations (33.3 %) without TRIGGERED: inferred from what followed",
        "Sessions 1 of 3 (33.3 %) longer than 24 hours",
        "Names several for 1 conversation id and 1 agent",
        "Days 1 of 5 (20.0 %) without events",
        "Silences the longest 2d 0h from 2026-11-03 09:00; 1d 0h from 2026-11-05 09:00; ",
        (
            "Since then nothing for 24d 15h, the longest silence of four weeks being 2d 0h: "
            "if the log is still written,"
        ),
        "still written, its feed has stopped",
        "Ids with several names d1: New, Old",
        "Agents with several names ag1: Ann, Anna",
        "Days without events 2026-11-04",
    ):
        assert words in joined


READINGS = [
    pytest.param({100: 2}, {}, "Too few TIMEOUTs to tell what they mean here.", id="too few"),
    pytest.param(
        {100: 10},
        {},
        "Here TIMEOUT means that the request timed out: no agent took it",
        id="request",
    ),
    pytest.param(
        {},
        {600: 10},
        "Here TIMEOUT means that the visitor stopped answering or dropped",
        id="visitor",
    ),
    pytest.param(
        {100: 5}, {600: 5}, "Here TIMEOUT means either: that no agent took the request", id="both"
    ),
]


@pytest.mark.parametrize(("requests", "accepts", "sentence"), READINGS)
def test_people_read_what_timeout_means(
    requests: dict[int, int], accepts: dict[int, int], sentence: str
) -> None:
    text = harness.run("check", "-q", stdin=timing_out(requests, accepts)).text

    assert f"What TIMEOUT means here {sentence}" in _joined(text)
    rows = {line.rstrip()[:20].strip(): line.split()[-5:] for line in text.splitlines()[-2:]}
    near = [
        str(counts.get(peak, 0)) for counts in (requests, accepts) for peak in (100, 200, 300, 600)
    ]
    assert [*rows["the request"][:4], *rows["an agent accepted"][:4]] == near


def timeouts(requests: dict[int, int], accepts: dict[int, int]) -> Any:
    """What `check` says of TIMEOUT in such a log."""
    return members(timing_out(requests, accepts))["timeouts"]


def timing_out(requests: dict[int, int], accepts: dict[int, int]) -> bytes:
    """A log with so many TIMEOUTs (seconds → number) after requests, and after accepts."""
    lines, n = [], 0
    for kind, counts in (("requested", requests), ("initiated", accepts)):
        for seconds, number in counts.items():
            for _ in range(number):
                n += 1
                end = naive_text(START + seconds * 1000)
                lines += [
                    f"{naive_text(START)} s{n} live_chat_{kind}",
                    f"{end} s{n} live_chat_request_timeout",
                ]
    return compact(*lines)


@pytest.mark.parametrize(
    ("requests", "accepts", "reading"),
    [
        pytest.param({100: 9}, {}, "too_few", id="nine"),
        pytest.param({}, {}, "too_few", id="none"),
        pytest.param(
            {95: 3, 110: 3, 200: 1, 300: 1},
            {600: 2},
            "request",
            id="eight of ten at the times of requests",
        ),
        pytest.param({100: 79}, {600: 21}, "both", id="a little less"),
        pytest.param({100: 1, 200: 1, 50: 4}, {600: 2, 900: 2}, "visitor", id="two of ten"),
        pytest.param({600: 10}, {}, "visitor", id="not at the times of requests"),
        pytest.param(
            {}, {100: 10}, "visitor", id="those of a chat are no request's, whenever they come"
        ),
    ],
)
def test_the_log_shows_what_timeout_means(
    requests: dict[int, int], accepts: dict[int, int], reading: str
) -> None:
    assert timeouts(requests, accepts)["reading"] == reading


def test_timeouts_are_counted_at_the_times_of_dynamic_chat() -> None:
    found = timeouts({94: 1, 95: 1, 110: 1, 111: 1, 190: 1, 285: 1, 570: 1}, {660: 2, 661: 1})

    assert found["after_request"] == {
        "timeouts": 7,
        "known": 7,
        "p10_seconds": 94.6,
        "median_seconds": 111.0,
        "p90_seconds": 399.0,
        "near_100": 2,
        "near_200": 1,
        "near_300": 1,
        "near_600": 1,
        "elsewhere": 2,
    }
    assert (found["after_accept"]["near_600"], found["after_accept"]["elsewhere"]) == (2, 1)


def test_a_timeout_before_a_late_accept_is_the_request_s() -> None:
    log = compact(
        "09:00:00 a live_chat_requested",
        "09:01:40 a live_chat_request_timeout",
        "09:02:00 a live_chat_initiated",
    )

    found = members(log)["timeouts"]

    assert (found["after_request"]["near_100"], found["after_accept"]["timeouts"]) == (1, 0)


# -- the document ----------------------------------------------------------------------------------


def test_an_empty_log_has_a_document_without_figures() -> None:
    result = harness.run("check", stdin=b"")

    assert (result.status, result.text) == (0, "Check\n\nThe input is empty.\n")
    assert members(b"")["days"] == {
        "first_event": None,
        "last_event": None,
        "days": 0,
        "without_events": 0,
        "gaps": [],
        "silences": [],
    }


def _joined(text: str) -> str:
    return " ".join(text.split())


def test_a_log_of_other_events_is_described_and_refused() -> None:
    result = harness.run("check", stdin=b'{"event":"a"}\n{"event":"a"}\nx\n')

    assert result.status == 3
    assert (
        "no line is an event of Dynamic Chat; 1 line rejected; 2 lines of unknown events."
        in _joined(result.text)
    )
    assert "\n  standard input:3: not JSON\n" in result.text
    assert "no event of Dynamic Chat in 3 lines" in result.err


def test_the_first_twenty_rejected_lines_are_named_ten_of_them_to_people() -> None:
    log = compact("09:00 a triggered", *["| }"] * 30)

    found = members(log)["rejected_lines"]
    text = harness.run("check", stdin=log).text

    assert [each["line"] for each in found] == list(range(2, 22))
    assert text.count(": not JSON\n") == 10
    assert "  … and 20 more\n" in text


def test_an_input_that_is_cut_off_stands_out(tmp_path: Path) -> None:
    whole = gzip.compress(compact(*(f"09:00:{n:02d} s{n} triggered" for n in range(60))))
    (tmp_path / "a.log.gz").write_bytes(whole[:-20])

    result = harness.run("check", tmp_path / "a.log.gz", "-f", "json")

    assert result.status == 0
    assert result.json["findings"][0] == "cut_off"
    assert result.json["cut_off"][0]["file"] == str(tmp_path / "a.log.gz")


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_it_fits_its_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of files are never cut, so it is told where the logs are in few letters."""
    monkeypatch.chdir(harness.ROOT / "sample_logs")
    with mock.patch("os.isatty", return_value=True):
        text = harness.run("check", "site", "-q", env={"COLUMNS": columns}).text

    assert max(map(len, text.splitlines())) <= int(columns)
