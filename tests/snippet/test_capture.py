"""From the page to the report: what visitors do in a real browser reaches a real server,
and dcevents counts it.
"""

import gzip
import json
import os
import re
import shutil
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import harness
import pytest
from capture import browser, collector, scenarios
from capture.scenarios import Scenario
from capture.stage import HERE, Stage, write_page, write_pages

from dcevents.model.events import EVENT_KINDS, READY_EVENT, name_forwarded_event
from dcevents.snippet import FORWARDS, SnippetSettings, make_script

MISSING = [
    program for program in ("chromium", "chromedriver", "nginx") if not shutil.which(program)
]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        bool(MISSING),
        reason=f"not installed: {', '.join(MISSING)}; on Debian: apt-get install chromium-driver "
        f"nginx",
    ),
]
RECORD = os.environ.get("DCEVENTS_RECORD")
CAPTURE = (harness.ROOT / "docs" / "capture.md").read_text(encoding="utf-8")
WIDGET = ['<script src="/widget.js"></script>', "<script>startWidget()</script>"]
TIMES = re.compile("seconds|_at$|as_of$|^input$")
"""Keys of a report whose values hang on when things were, and the account of its input."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[collector.Collector]:
    with collector.collector(tmp_path_factory.mktemp("nginx")) as running:
        write_pages(running.pages)
        yield running


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    with browser.browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def stage(chromium: browser.Browser, server: collector.Collector) -> Iterator[Stage]:
    stage = Stage(chromium, server)
    yield stage
    stage.leave()


def without_times(value: Any) -> Any:
    """A report without what depends on when things were, and without the account of its input."""
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if not TIMES.search(key)}
    # Rows stand in the order of their times.
    return sorted(map(without_times, value), key=json.dumps) if isinstance(value, list) else value


@pytest.mark.parametrize("scenario", [pytest.param(each, id=each.name) for each in scenarios.EVERY])
def test_what_was_played_is_what_is_counted(
    scenario: Scenario, stage: Stage, tmp_path: Path
) -> None:
    scenario.play(stage)
    stage.wait_for(scenario.played - scenario.lost)

    lost = stage.lost()
    assert (scenario.played, scenario.lost) == (len(stage.played), len(lost))
    ideal = tmp_path / "ideal.log"
    ideal.write_text(
        "".join(json.dumps(event) + "\n" for event in stage.played if event not in lost)
    )
    real = tmp_path / "real.log"
    real.write_bytes(stage.collector.log.read_bytes()[stage.since :])
    assert counted(ideal) == counted(real)
    arrived = {json.dumps(event) for event in stage.arrived()}
    report = harness.run(
        "completion", real, "--by", "all", "-f", "json", clock=datetime.now(UTC)
    ).json
    assert (
        row(scenario, len(arrived), report["input"]["events"], report["total"]["triggered"])
        in CAPTURE
    )
    assert bool(report["input"]["duplicates"]) == (scenario.play is scenarios.a_thousand)
    # The refused one is the browser's own word: nobody answered.
    assert [] == [
        error for error in stage.leave() if not error.endswith("net::ERR_CONNECTION_REFUSED")
    ]
    keep(real, scenario)


def row(scenario: Scenario, arrived: int, events: int, conversations: int) -> str:
    """A scenario's line in docs/capture.md: events played, logged and counted,
    and the conversations.
    """
    lost = f"{scenario.lost}: {scenario.why}" if scenario.lost else "none"
    counts = (scenario.played, arrived, events, conversations)
    return f"| {scenario.name} | {' | '.join(f'{n:,}' for n in counts)} | {lost} |\n"


def keep(log: Path, scenario: Scenario) -> None:
    """Add what was logged to the folder that `DCEVENTS_RECORD` names,
    as sample_logs/captured/ was made.
    """
    if not RECORD:
        return
    if scenario.play is scenarios.a_thousand:
        # Without a name and a time in it, so that it is the same as others of its content.
        Path(RECORD, "dc-events.log-thousand.gz").write_bytes(
            gzip.compress(log.read_bytes(), mtime=0)
        )
    else:
        with Path(RECORD, "dc-events.log").open("ab") as file:
            file.write(log.read_bytes())


def counted(log: Path) -> dict[str, Any]:
    """The figures of all reports, but for times and durations."""
    clock = datetime.now(UTC) + timedelta(days=1)
    figures = {}
    for report in (
        "summary",
        "completion",
        "abandonment",
        "live-chat",
        "sessions",
        "conversations",
        "chats",
    ):
        result = harness.run(
            report, log, "-q", "-f", "json", "--as-of", "now", "--strict", clock=clock
        )
        assert (result.status, result.err) == (0, "")
        figures[report] = without_times(result.json)
    return figures


# -- what the page sees ----------------------------------------------------------------------------


def test_the_ready_event_is_logged_once(stage: Stage) -> None:
    for page in ("after.html", "before.html", "twice.html"):
        stage.since = stage.collector.log.stat().st_size
        stage.open(page)
        stage.play("ready", "engaged")
        stage.wait_for(1)
        assert 1 == sum(
            event["event"] == READY_EVENT for event in stage.collector.events(stage.since)
        ), page


def test_what_an_older_widget_lacks_is_noted(stage: Stage) -> None:
    missing = "CONVERSATION_LIVE_CHAT_REQUEST_TIMEOUT"
    stage.open(f"after.html?without={missing}")

    (entry,) = stage.browser.console()
    assert "INFO" == entry["level"]
    assert f"dcevents: this widget has no {missing}" in entry["message"]


@pytest.mark.parametrize("consent", [None, "window.nothing.there"])
def test_a_page_never_sees_a_fault(stage: Stage, consent: str | None) -> None:
    """Neither where the widget is not what it should be,
    nor where there is no platform to forward to.
    """
    pasted = make_script(SnippetSettings("/dc-events", consent=consent, forward=tuple(FORWARDS)))
    write_page(stage.collector.pages / "broken.html", [pasted, WIDGET[0]])
    stage.open("broken.html")

    for widget in (
        "undefined",
        "{}",
        "{addListener: 1, Enum: {}}",
        "{addListener() { throw 1 }, Enum: {Events: {}}}",
    ):
        stage.browser.run(
            f"window.AdobeDX = {widget}; dispatchEvent(new Event('adobedx.conversations.ready'))"
        )
    stage.browser.run("startWidget()")
    stage.browser.run(
        "play('CONVERSATION_TRIGGERED', {sid: {}, id: []}); play('CONVERSATION_ENGAGED', null)"
    )
    stage.browser.run(
        "navigator.sendBeacon = () => { throw new Error('no') }; dispatchEvent(new "
        "Event('pagehide'))"
    )

    assert stage.leave() == []


# -- what travels ----------------------------------------------------------------------------------


def test_only_documented_attributes_travel(stage: Stage) -> None:
    write_page(
        stage.collector.pages / "private.html",
        [make_script(SnippetSettings("/dc-events")), *WIDGET],
    )
    stage.open("private.html?email=visitor@example.com#a-secret")
    stage.play(
        "private",
        "triggered",
        "input_email",
        "meeting_booked",
        meetingInfo={"for": "visitor@example.com"},
    )
    stage.wait_for(3)

    sent = stage.collector.log.read_bytes()[stage.since :].decode()
    assert not [
        secret for secret in ("example.com", "1234567", "wrote this", "a-secret") if secret in sent
    ]
    keys = {key for event in stage.arrived() for key in event["data"]["payload"]}
    assert {"name", "id", "type", "uiType", "sid"} == keys
    assert {f"{stage.collector.url}/private.html"} == {event["page"] for event in stage.arrived()}


def test_more_travels_where_it_is_asked_for(stage: Stage) -> None:
    pasted = make_script(SnippetSettings("/dc-events", keep_query=True, with_meeting_info=True))
    write_page(stage.collector.pages / "more.html", [pasted, *WIDGET])
    stage.open("more.html?campaign=7#there")
    stage.play("more", "meeting_booked", meetingInfo={"slot": "ten"}, agentName="Anna", agentID=11)
    stage.wait_for(1)

    (event,) = stage.arrived()
    assert f"{stage.collector.url}/more.html?campaign=7#there" == event["page"]
    assert {"slot": "ten"} == event["data"]["payload"]["meetingInfo"]
    assert 11 == event["data"]["payload"]["agentID"]


def test_what_is_too_long_holds_up_nothing(stage: Stage) -> None:
    write_page(
        stage.collector.pages / "long.html",
        [make_script(SnippetSettings("/dc-events", with_meeting_info=True)), *WIDGET],
    )
    stage.open("long.html")
    stage.play("long", "meeting_booked", meetingInfo="x" * 100_000)
    stage.browser.run(
        "play('CONVERSATION_INPUT_EMAIL', {sid: 'long', id: 'dlg-101', name: 'x'.repeat(1e5)})"
    )
    stage.play("long", "completed")
    stage.wait_for(2)

    booked, completed = stage.arrived()
    assert ("CONVERSATION_MEETING_BOOKED", "long") == (
        booked["event"],
        booked["data"]["payload"]["sid"],
    )
    assert "meetingInfo" not in booked["data"]["payload"]
    assert "CONVERSATION_COMPLETED" == completed["event"]


NAMES = {
    "plain": "Pricing",
    "long": "x" * 300,
    "Japanese": "料金のご案内" * 60,
    "emoji": "x" + "🙂" * 200,
    "half a pair": "\ud83d broken",
    "markup": "<img src=x onerror=alert(1)>&?#%",
    "empty": "",
}


@pytest.mark.parametrize("name", [pytest.param(value, id=key) for key, value in NAMES.items()])
def test_platforms_get_what_they_allow(stage: Stage, name: str) -> None:
    pasted = make_script(SnippetSettings("/dc-events", forward=tuple(FORWARDS)))
    shutil.copy(HERE / "platforms.js", stage.collector.pages)
    write_page(
        stage.collector.pages / "forward.html",
        ['<script src="/platforms.js"></script>', pasted, *WIDGET],
    )
    stage.open("forward.html")
    payload = {
        "sid": "5d1c9f0e",
        "id": "dlg-101",
        "name": name,
        "type": name,
        "agentID": name,
        "agentName": name,
    }
    for event in EVENT_KINDS:
        # As JSON: ChromeDriver takes no half of a surrogate pair.
        stage.browser.run(
            "play(arguments[0], JSON.parse(arguments[1]))", event.key, json.dumps(payload)
        )

    calls = stage.browser.run("return calls")
    assert [] == stage.browser.run("return faults")
    assert "untouched" == stage.browser.run("return s.contextData.theirs")
    for platform in FORWARDS:
        assert [name_forwarded_event(event.kind) for event in EVENT_KINDS] == [
            call[0] for call in calls[platform]
        ]
        for _, values in calls[platform]:
            assert "5d1c9f0e" == values["chat_sid"]
            assert values.get("chat_name", "") == name or len(name) > 20 or "\ud83d" in name
            assert "chat_agent_name" not in values
    assert stage.leave() == []


def test_one_platform_is_called_where_one_is_asked_for(stage: Stage) -> None:
    shutil.copy(HERE / "platforms.js", stage.collector.pages)
    pasted = make_script(SnippetSettings("/dc-events", forward=("ga4",), consent="window.consent"))
    write_page(
        stage.collector.pages / "forward.html",
        ['<script src="/platforms.js"></script>', pasted, *WIDGET],
    )
    stage.open("forward.html")

    stage.browser.run("play('CONVERSATION_TRIGGERED', {sid: 'one'}); consent = true")
    stage.browser.run("play('CONVERSATION_ENGAGED', {sid: 'one'})")

    assert {"ga4": [["chat_engaged", {"chat_sid": "one"}]]} == {
        platform: calls for platform, calls in stage.browser.run("return calls").items() if calls
    }


# -- nginx -----------------------------------------------------------------------------------------


def posted(
    server: collector.Collector, body: bytes, method: str = "POST", **headers: str
) -> tuple[int, Any]:
    """Status and headers of an answer."""
    request = urllib.request.Request(
        f"{server.url}/dc-events", body or None, headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


@pytest.mark.parametrize(
    ("body", "records"),
    [
        pytest.param(b"", 1, id="nothing"),
        pytest.param(
            b'{"event":"CONVERSATION_ENGAGED","data":{"payload":{"sid":"a"}}}', 1, id="an event"
        ),
        pytest.param(
            b'{"received":"2000-01-01"}\n"}\n{"x', 1, id="line ends, quotes: no line is forged"
        ),
        pytest.param(bytes(range(256)), 1, id="no UTF-8: one record, whatever is in it"),
        pytest.param("größe 🙂 \\u0000 \\".encode(), 1, id="escapes"),
        pytest.param(b'{"received":"x","body":"{}"}', 1, id="a line of a log: unwrapped once only"),
        pytest.param(b"x" * 65_536, 1, id="as much as a browser sends"),
    ],
)
def test_whatever_is_posted_is_one_line_of_json(
    server: collector.Collector, body: bytes, records: int
) -> None:
    since = server.log.stat().st_size
    assert 204 == posted(server, body)[0]
    harness.until(lambda: server.log.stat().st_size > since)

    line = server.log.read_bytes()[since:]
    assert 1 == line.count(b"\n")
    assert {"received", "body"} == set(json.loads(line.decode("utf-8", "replace")))
    account = harness.run("check", "-f", "json", stdin=line).json["input"]
    assert records == account["records"]


def test_only_what_was_accepted_is_logged(server: collector.Collector) -> None:
    since = server.log.stat().st_size

    assert 413 == posted(server, b"x" * 65_537)[0]
    assert 403 == posted(server, b"", "GET")[0]
    assert 403 == posted(server, b"x", "PUT")[0]
    status, headers = posted(server, b"", "OPTIONS", Origin="https://www.example.com")
    assert (204, "https://www.example.com") == (status, headers["Access-Control-Allow-Origin"])
    assert (
        posted(server, b"", "OPTIONS", Origin="https://elsewhere.example")[1][
            "Access-Control-Allow-Origin"
        ]
        is None
    )
    assert since == server.log.stat().st_size


def test_who_posts_too_much_is_held_off(tmp_path: Path) -> None:
    with collector.collector(tmp_path) as server:
        statuses = Counter(posted(server, b"x")[0] for _ in range(200))

        assert {204, 429} == set(statuses)
        assert statuses[204] >= 100
        harness.until(lambda: len(server.requests()) == statuses[204])
